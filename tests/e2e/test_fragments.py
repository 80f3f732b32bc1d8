"""Behind a capture filter for a port, or a firewall that drops the further ones, only the first fragments of a large request are left."""
import pytest

from wireshark import Capture, captures

NAMED = {capture.name: capture for capture in captures()}


@pytest.mark.parametrize("name", ["fragments-dropped", "udp-fragments"])
def test_first_fragments_only(name, wireshark):
    """Nobody can read the credentials in them: the client is not said to have none."""
    whole = NAMED[name]
    firsts = Capture(f"{name}-firsts", f"{name}-firsts.pcapng", whole.options, whole.rows, "")
    path = wireshark.path(firsts)
    path.touch(mode=0o666)
    path.chmod(0o666)
    wireshark.run(["tshark", "-r", wireshark.path(whole), "-o", "ip.defragment:FALSE", "-Y", "!(ip.frag_offset > 0)", "-w", path])
    outcomes = {value for cells in wireshark.fields(firsts, "siptrail.outcome", two_pass=True).values() for value in cells.get("siptrail.outcome", ())}
    assert "unknown" in outcomes and "no-retry" not in outcomes
