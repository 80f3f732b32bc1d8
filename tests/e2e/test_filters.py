"""What a right-click on a packet offers as conversation filter, and what that lets through."""
import os
import subprocess

import pytest

from packets import Trace
from test_hostile import CLIENT, SERVER, challenge, credentials, register, response
from wireshark import ROOT, Capture, captures

EXCHANGE, REGISTRATION, ACCOUNT = (f"SIP Trail: this {what}" for what in ("exchange", "registration", "account"))

# capture, frame clicked on: frames let through by exchange, registration, account
CLICKS = {
    ("wrong-password", 1): ({1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}),
    ("wrong-password", 4): ({1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}),
    ("trunk-registration", 3): ({1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}),
    ("multi-trunk", 16): ({15, 16}, {15, 16}, {15, 16}),
    ("multi-trunk", 24): ({4, 8, 23, 24}, {4, 8, 23, 24}, {4, 8, 23, 24}),
    ("stale-nonce", 6): ({1, 2, 3, 4, 5, 6}, set(range(1, 11)), set(range(1, 11))),
    ("stale-nonce", 8): ({1, 2, 3, 4, 7, 8, 9, 10}, set(range(1, 11)), set(range(1, 11))),
    ("subscribe-204", 8): ({1, 2, 3, 4, 7, 8}, set(), {1, 2, 3, 4, 7, 8, 11, 12, 15, 16, 17, 18}),
    ("subscribe-204", 9): ({9, 10}, set(), set()),
}

# What somebody may write into From and Contact. Nothing of it may end the string in the filter.
NAMES = ['a"b', "a\\b", "a\\", '"', 'x" || frame.number > 0 || siptrail.account == "x', "\\x41", "%41", "ü", b"\xff\xfe", "a\x01b",
         "a\x7fb", "{}", "a'b", "#", "$x", "ends with two\\\\"]


@pytest.fixture(scope="module")
def preload(wireshark):
    library = wireshark.folder / "offered_filters.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-I", ROOT / "plugin/core", "-o", library,
                    ROOT / "tests/e2e/offered_filters.c"], check=True)
    library.chmod(0o755)
    return library


@pytest.fixture(scope="module")
def offers(wireshark, preload):
    """{(frame, title): filter} of a capture."""
    def of(capture):
        command = wireshark.command(["tshark", "-n", "-2", "-r", wireshark.path(capture), *wireshark.options(capture)])
        command[command.index("-i") + 1:command.index("-i") + 1] = [f"LD_PRELOAD={preload}"]
        result = subprocess.run(command, cwd=wireshark.folder, capture_output=True, timeout=120)
        assert result.returncode == 0, result.stderr.decode(errors="replace")
        lines = (line.split("\t", 3) for line in result.stderr.decode().split("\n") if line.startswith("offer\t"))
        return {(int(frame), title): text for _, frame, title, text in lines}
    return of


def let_through(wireshark, capture, text):
    return {int(line) for line in wireshark.tshark(capture, "-2", "-Y", text, "-T", "fields", "-e", "frame.number").split()}


named = {capture.name: capture for capture in captures()}


@pytest.mark.parametrize("name, frame", CLICKS)
def test_offers(name, frame, wireshark, offers):
    offered = offers(named[name])
    for title, expected in zip((EXCHANGE, REGISTRATION, ACCOUNT), CLICKS[name, frame]):
        text = offered[frame, title]
        if expected is not None:
            assert (let_through(wireshark, named[name], text) if text else set()) == expected, text


@pytest.mark.parametrize("name", ["multi-trunk", "tcp-pipelined", "two-realms", "forked-challenges", "any-duplicates", "full-session"])
def test_each_lets_its_own_packet_through(name, wireshark, offers):
    offered = offers(named[name])
    assert {title for (_, title), text in offered.items() if text} >= {EXCHANGE, ACCOUNT}
    for text in sorted(set(offered.values()) - {""}):
        found = let_through(wireshark, named[name], text)
        assert {frame for (frame, _), other in offered.items() if other == text} <= found, text


def called(name):
    """Who is called like that registers, and is refused."""
    octets = name if isinstance(name, bytes) else name.encode()
    headers = {"From": b"<sip:" + octets + b"@example.com>;tag=from", "To": b"<sip:" + octets + b"@example.com>",
               "Contact": b"<sip:" + octets + b"@192.0.2.10>"}
    tag = octets.hex()
    first, second = ({**headers, "Call_ID": tag, "Via": f"SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK{tag}{n}", "CSeq": f"{n} REGISTER"}
                     for n in (1, 2))
    quoted = octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return [register(**first), response("401 Unauthorized", WWW_Authenticate=challenge(nonce=tag), **first),
            register(Authorization=credentials(user=quoted, nonce=tag), **second), response("403 Forbidden", **second)]


@pytest.fixture(scope="module")
def names_capture(wireshark):
    trace = Trace()
    for name in NAMES:
        for message in called(name):
            answer = message.startswith(b"SIP/2.0")
            trace.udp(*((SERVER, CLIENT) if answer else (CLIENT, SERVER)), message)
    capture = Capture("odd-names", "odd-names.pcapng", (), (), "")
    trace.write(wireshark.path(capture))
    return capture


@pytest.mark.parametrize("number", range(len(NAMES)), ids=map(repr, NAMES))
def test_names_from_the_wire(number, wireshark, offers, names_capture):
    own = set(range(4 * number + 1, 4 * number + 5))
    offered = offers(names_capture)
    for title in (EXCHANGE, REGISTRATION, ACCOUNT):
        texts = {offered[frame, title] for frame in own}
        for text in texts - {""}:
            assert let_through(wireshark, names_capture, text) <= own, text
    assert let_through(wireshark, names_capture, offered[min(own), EXCHANGE]) == own
    assert let_through(wireshark, names_capture, offered[min(own), ACCOUNT]) == own
