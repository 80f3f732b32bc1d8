"""SIP that was exported from another tool, as PDUs without any address."""
import struct

import pytest

import siptruth
from packets import block, ENHANCED, INTERFACE, SECTION
from wireshark import Capture, captures

LINKTYPE_UPPER_PDU, NAME_OF_DISSECTOR, END = 252, 12, 0
NAMED = {capture.name: capture for capture in captures()}
TABLES = "exchanges", "accounts", "registrations"


def exported(message):
    tag = b"sip\0"
    pdu = struct.pack(">HH", NAME_OF_DISSECTOR, len(tag)) + tag + struct.pack(">HH", END, 0) + message.raw
    time = int(message.time * 1e6)
    return block(ENHANCED, struct.pack("<IIIII", 0, time >> 32, time & 0xffffffff, len(pdu), len(pdu)) + pdu)


ONE_HOP = "trunk-registration", "multi-trunk", "two-realms", "subscribe-204"
SEVERAL_HOPS = "one-box", "balanced-cluster", "contact-rewritten", "credentials-removed"


@pytest.fixture(scope="module")
def both(request, wireshark):
    """A capture, and the same without addresses."""
    capture = NAMED[request.param]
    messages, _ = siptruth.read_messages(wireshark.path(capture), capture.options, wireshark.run_without_plugin)
    without = Capture(f"{capture.name}-exported", f"{capture.name}-exported.pcapng", capture.options, capture.rows, "")
    blocks = [block(SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), block(INTERFACE, struct.pack("<HHI", LINKTYPE_UPPER_PDU, 0, 0))]
    wireshark.path(without).write_bytes(b"".join(blocks + [exported(message) for message in messages]))
    wireshark.make_readable()
    return capture, without


@pytest.mark.parametrize("both", ONE_HOP, indirect=True)
@pytest.mark.parametrize("name", TABLES)
def test_tables(name, both, wireshark):
    """The same rows, but for what the addresses tell."""
    known, unknown = (wireshark.tables(capture, f"siptrail,{name}") for capture in both)
    assert len(known) == len(unknown)
    assert all(" - " in row for row in unknown[2:] if row.strip())


@pytest.mark.parametrize("both", [*ONE_HOP, *SEVERAL_HOPS], indirect=True)
def test_outcomes(both, wireshark):
    known, unknown = ([cells.get("siptrail.outcome") for cells in wireshark.fields(capture, "siptrail.outcome", extra=["-Y", "sip"]).values()]
                      for capture in both)
    assert any(known) and known == unknown
