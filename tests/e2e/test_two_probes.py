"""A capture at the client and one at the server, merged: the same messages twice, far apart or by other clocks."""
import collections
import subprocess

import pytest

from wireshark import Capture, captures

NAMED = {capture.name: capture for capture in captures()}
OFFSETS = (0.08, 0.4, 5)        # seconds; a copy that comes after the transaction is forgotten is another request
NAMES = ("office", "call-held", "presence", "full-session", "twinkle", "subscribe-204", "trunk-registration", "never-answers")


def twice(wireshark, capture, offset):
    source = wireshark.path(capture)
    later = source.with_name(f"{capture.name}-later-{offset}.pcapng")
    both = source.with_name(f"{capture.name}-twice-{offset}.pcapng")
    subprocess.run(["editcap", "-t", str(offset), source, later], check=True)
    subprocess.run(["mergecap", "-w", both, source, later], check=True)
    wireshark.make_readable()
    return Capture(both.stem, both.name, capture.options, capture.rows, "")


def told(wireshark, capture):
    """What is found wrong, and how often."""
    found = wireshark.fields(capture, "siptrail.cause", extra=["-Y", 'siptrail && _ws.expert.severity >= "Warning"'])
    return collections.Counter(cause for cells in found.values() for cause in cells.get("siptrail.cause", ["-"]))


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_else_is_found(name, offset, wireshark):
    capture = NAMED[name]
    assert not told(wireshark, twice(wireshark, capture, offset)) - told(wireshark, capture)
