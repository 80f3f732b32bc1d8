"""Captures that hold only the first octets of each packet: what was cut off is not said to be missing.

Healthy traffic stays healthy at every snap length. What is found in the whole capture may be found in the cut one, or not.
"""
import subprocess
import xml.etree.ElementTree

import pytest

from test_findings import STORIES, as_capture, of_note, read_packet
from wireshark import Capture

SNAPS = (200, 280, 360, 440, 520)
HEALTHY = [name for name in STORIES if name.startswith("finding-none-")]
# AKA: that the refused credentials ask for resynchronisation stands in the part of their header line that was cut.
UNTOLD = {("finding-none-aka-resync", 520): {4: {"refused_unverified"}}}


def findings(wireshark, capture):
    text = wireshark.tshark(capture, "-2", "-T", "pdml", "-J", "siptrail")
    packets = map(read_packet, xml.etree.ElementTree.fromstring(text).iter("packet"))
    return of_note({number: (found, values) for number, found, values in packets})


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_missing_that_was_cut(name, wireshark):
    whole = as_capture(name)
    expected = findings(wireshark, whole)
    for snap in SNAPS:
        cut = Capture(name, f"cut-{name}-{snap}.pcapng", whole.options, whole.rows, whole.story)
        subprocess.run(["editcap", "-s", str(snap), wireshark.path(whole), wireshark.path(cut)], check=True)
        wireshark.path(cut).chmod(0o644)
        allowed = UNTOLD.get((name, snap), {})
        found = {frame: names - expected.get(frame, set()) - allowed.get(frame, set())
                 for frame, names in findings(wireshark, cut).items()}
        assert not {frame: names for frame, names in found.items() if names}, f"{snap} octets of each packet"
        wireshark.path(cut).unlink()
