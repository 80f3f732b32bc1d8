"""Behind a capture filter for a port, or a firewall that drops the further ones, only the first fragments of a large message are left."""
import json
import struct
import subprocess

import pytest

from packets import Trace, first_fragment, ipv4
from wireshark import Capture, ROOT, captures, epoch

STORIES = json.loads((ROOT / "captures/findings.json").read_text(encoding="utf-8"))
NAMED = {capture.name: capture for capture in captures()} | {
    name: Capture(name, entry["file"], (), (), entry["story"]) for name, entry in STORIES.items() if name.startswith("finding-")}
LATER = 60      # seconds

# A message, and what is told as nothing follows it: from its receiver, or (last) from its sender.
WAITING = [("registration-lapse", 13, "register_unanswered", True), ("no-answer", 3, "retry_unanswered", True),
           ("finding-provisional-only", 1, "provisional_only", True), ("nat-forgets", 30, "client_unheard", True),
           ("never-answers", 2, "never_answered", True), ("finding-notify-missing", 2, "notify_missing", False)]


def derived(wireshark, capture, name, run):
    """A capture that `run`, given its path, makes from another."""
    made = Capture(f"{capture.name}-{name}", f"{capture.name}-{name}.pcapng", capture.options, capture.rows, "")
    path = wireshark.path(made)
    path.touch()
    path.chmod(0o666)
    run(path)
    wireshark.make_readable()
    return made


@pytest.mark.parametrize("name", ["fragments-dropped", "udp-fragments"])
def test_first_fragments_only(name, wireshark):
    """Nobody can read the credentials in them: the client is not said to have none."""
    whole = NAMED[name]
    firsts = derived(wireshark, whole, "firsts", lambda path: wireshark.run(
        ["tshark", "-r", wireshark.path(whole), "-o", "ip.defragment:FALSE", "-Y", "!(ip.frag_offset > 0)", "-w", path]))
    outcomes = {value for cells in wireshark.fields(firsts, "siptrail.outcome", two_pass=True).values() for value in cells.get("siptrail.outcome", ())}
    assert "unknown" in outcomes and "no-retry" not in outcomes


def hosts(wireshark, capture, frame):
    """(time in ns, source, target) of a message."""
    wanted = ["frame.time_epoch", "ip.src", "udp.srcport", "ip.dst", "udp.dstport"]
    cells = wireshark.fields(capture, *wanted, "ipv6.src", "ipv6.dst")[frame]
    one = {name: values[0] for name, values in cells.items()}
    source, target = ((one.get(f"ip.{side}") or one[f"ipv6.{side}"], int(one[f"udp.{side}port"])) for side in ("src", "dst"))
    return int(epoch(one["frame.time_epoch"]) * 1e9), source, target


def in_vxlan(packet):
    """RFC 7348."""
    ethernet = bytes(12) + b"\x08\x00"
    datagram = bytes.fromhex("0800000000000100") + ethernet + packet
    return ipv4(17, "198.51.100.201", "198.51.100.202", struct.pack(">HHHH", 40000, 4789, 8 + len(datagram), 0) + datagram)


def with_fragment(wireshark, capture, frame, back, ports=0, wrap=lambda packet: packet):
    """A fragment that follows a message, the way that its answer goes, or its own; between other ports, if these are that far from its own."""
    time, source, target = hosts(wireshark, capture, frame)
    source, target = ((address, port + ports) for address, port in (source, target))
    trace = Trace()
    trace.clock = time + 20_000_000
    trace.ip(wrap(first_fragment(*((target, source) if back else (source, target)), b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP unreadable ")))
    extra = wireshark.path(capture).with_name("fragment.pcapng")
    trace.write(extra)
    return derived(wireshark, capture, f"back-{back}-{ports}", lambda path: subprocess.run(
        ["mergecap", "-w", path, wireshark.path(capture), extra], check=True))


@pytest.mark.parametrize("name, frame, finding, back", WAITING, ids=[row[2] for row in WAITING])
def test_what_is_waited_for_may_be_in_them(name, frame, finding, back, wireshark):
    """Not so in those of the other direction, or of other ports."""
    capture = NAMED[name]
    missing = f"siptrail.finding.{finding}"
    for way, there in (((back,), False), ((not back,), True), ((back, 2000), True)):
        assert (missing in wireshark.tshark(with_fragment(wireshark, capture, frame, *way), "-2", "-T", "pdml")) == there, way


def test_ipv6(wireshark):
    """The same, as the headers are others."""
    whole, other = NAMED["ipv6-registration"], NAMED["trunk-registration"]
    begin, *_ = hosts(wireshark, whole, 2)
    later = wireshark.path(other).with_name("later.pcapng")
    time, *_ = hosts(wireshark, other, 1)
    subprocess.run(["editcap", "-t", str((begin - time) / 1e9 + LATER), wireshark.path(other), later], check=True)
    asked = derived(wireshark, whole, "asked", lambda path: subprocess.run(["editcap", "-r", wireshark.path(whole), path, "1-2"], check=True))
    silent = derived(wireshark, asked, "silent", lambda path: subprocess.run(["mergecap", "-w", path, wireshark.path(asked), later], check=True))
    for capture, cause in ((silent, "never_answered"), (with_fragment(wireshark, silent, 2, True), "retry_fragmented")):
        assert wireshark.fields(capture, "siptrail.cause", two_pass=True)[2]["siptrail.cause"] == [cause]


def test_in_a_tunnel(wireshark):
    """What carries it is whole."""
    capture = with_fragment(wireshark, NAMED["never-answers"], 2, True, wrap=in_vxlan)
    assert wireshark.fields(capture, "siptrail.cause", two_pass=True)[2]["siptrail.cause"] == ["retry_fragmented"]
