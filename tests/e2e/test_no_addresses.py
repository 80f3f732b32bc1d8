"""SIP that was exported from another tool, as PDUs without any address, or with addresses and no IP header."""
import re
import socket
import struct

import pytest

import siptruth
from packets import block, ENHANCED, INTERFACE, SECTION
from wireshark import Capture, captures

LINKTYPE_UPPER_PDU, NAME_OF_DISSECTOR, IPV4_SOURCE, IPV4_TARGET, END = 252, 12, 20, 21, 0
NAMED = {capture.name: capture for capture in captures()}
TABLES = "exchanges", "accounts", "registrations"


def tag(number, value):
    return struct.pack(">HH", number, len(value)) + value


def exported(message, addresses=False):
    tags = tag(NAME_OF_DISSECTOR, b"sip\0")
    if addresses:
        tags += tag(IPV4_SOURCE, socket.inet_aton(message.source[0])) + tag(IPV4_TARGET, socket.inet_aton(message.target[0]))
    pdu = tags + tag(END, b"") + message.raw
    time = int(message.time * 1e6)
    return block(ENHANCED, struct.pack("<IIIII", 0, time >> 32, time & 0xffffffff, len(pdu), len(pdu)) + pdu)


def export(wireshark, capture, addresses=False):
    messages, _ = siptruth.read_messages(wireshark.path(capture), capture.options, wireshark.run_without_plugin)
    made = Capture(f"{capture.name}-exported", f"{capture.name}-exported-{addresses}.pcapng", capture.options, capture.rows, "")
    blocks = [block(SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), block(INTERFACE, struct.pack("<HHI", LINKTYPE_UPPER_PDU, 0, 0))]
    wireshark.path(made).write_bytes(b"".join(blocks + [exported(message, addresses) for message in messages]))
    wireshark.make_readable()
    return made


ONE_HOP = "trunk-registration", "multi-trunk", "two-realms", "subscribe-204"
SEVERAL_HOPS = "one-box", "balanced-cluster", "contact-rewritten", "credentials-removed"


@pytest.fixture(scope="module")
def both(request, wireshark):
    """A capture, and the same without addresses."""
    capture = NAMED[request.param]
    return capture, export(wireshark, capture)


def cells(lines):
    """By heading, of each row."""
    heading, *rows = (re.split("  +", line.strip()) for line in lines if line.strip())
    return [dict(zip(heading, row)) for row in rows]


@pytest.mark.parametrize("both", ONE_HOP, indirect=True)
@pytest.mark.parametrize("name", TABLES)
def test_tables(name, both, wireshark):
    """The same rows, but for the address of the server."""
    known, unknown = (cells(wireshark.tables(capture, f"siptrail,{name}")) for capture in both)
    server = "Registrar" if name == "registrations" else "Peer"
    assert all(row[server] != "-" for row in known)
    assert [{**row, server: "-"} for row in known] == unknown


@pytest.mark.parametrize("both", [*ONE_HOP, *SEVERAL_HOPS], indirect=True)
def test_outcomes(both, wireshark):
    known, unknown = ([cells.get("siptrail.outcome") for cells in wireshark.fields(capture, "siptrail.outcome", extra=["-Y", "sip"]).values()]
                      for capture in both)
    assert any(known) and known == unknown


def test_what_is_sent_again(wireshark):
    """Nothing tells that it came in one datagram: it is no copy."""
    capture = export(wireshark, NAMED["no-answer"], addresses=True)
    titles = [cells["siptrail"][0] for cells in wireshark.fields(capture, "siptrail", extra=["-Y", "siptrail"]).values()]
    assert sum("retransmission" in title for title in titles) == 10 and not any("copy" in title for title in titles)
