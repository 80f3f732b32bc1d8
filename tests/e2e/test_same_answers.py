"""What is said of a capture does not depend on what the process did before, nor on how the packets came in."""
import os
import random
import signal
import subprocess

import pytest

from contract import AT_ONCE, LATER
from sharkd import Sharkd
from test_passes import only
from wireshark import ROOT, UNIT, captures, chosen, uat_record

NAMES = AT_ONCE + LATER
EVERY = captures()
NAMED = {capture.name: capture for capture in EVERY}
ALL_ROWS = tuple(dict.fromkeys(row for capture in EVERY for row in capture.rows))
WITH_SECRETS = pytest.mark.parametrize("capture", [c for c in chosen() if c.rows], ids=lambda c: c.name)
# One for each transport and each kind of story: live they take long.
SOME = pytest.mark.parametrize("capture", [NAMED[name] for name in ("trunk-registration", "stale-nonce", "tcp-pipelined", "two-realms",
                                                                    "subscribe-204", "udp-fragments", "wss-registration")],
                               ids=lambda c: c.name)


def load(client, capture, wireshark):
    client.call("load", file=str(wireshark.path(capture)))
    client.frames = client.call("status")["frames"]


def said(client):
    return {frame: client.fields(frame, *NAMES) for frame in range(1, client.frames + 1)}


def assert_same(capture, what, found, expected):
    found, expected = only(found, NAMES), only(expected, NAMES)
    assert expected, f"{capture.name}: nothing is said of it"
    lines = [f"{capture.name}, frame {frame}: {name} is {found.get(frame, {}).get(name)} {what}, else {expected.get(frame, {}).get(name)}"
             for frame in sorted(set(found) | set(expected)) for name in NAMES
             if found.get(frame, {}).get(name) != expected.get(frame, {}).get(name)]
    assert not lines, f"{len(lines)} differences\n" + "\n".join(lines)


# --- one file after another

@pytest.fixture(scope="module")
def old_process(wireshark):
    """A sharkd that all tests of this module use, so that it has seen all captures but those that are still to come."""
    with Sharkd(wireshark, EVERY[0]._replace(name="same-process"), rows=ALL_ROWS) as client:
        yield client


# One with settings of its own wants a process of its own: a running sharkd takes no other ports.
@pytest.mark.parametrize("capture", [c for c in EVERY if not c.options], ids=lambda c: c.name)
def test_other_files_leave_nothing(capture, wireshark, old_process):
    """Opened after many others, and once more after half of another one was looked at."""
    expected = wireshark.fields(capture, *NAMES, rows=ALL_ROWS, two_pass=True)
    load(old_process, capture, wireshark)
    assert_same(capture, "after other files", said(old_process), expected)
    other = random.Random(capture.name).choice(EVERY)
    load(old_process, other, wireshark)
    for frame in range(1, old_process.frames // 2 + 1):
        old_process.fields(frame, *NAMES)
    load(old_process, capture, wireshark)
    assert_same(capture, f"after {other.name}", said(old_process), expected)


def test_a_file_that_cannot_be_read(wireshark, old_process):
    """sharkd closes the old one for it all the same."""
    capture = NAMED["trunk-registration"]
    expected = wireshark.fields(capture, *NAMES, rows=ALL_ROWS, two_pass=True)
    with pytest.raises(RuntimeError):
        old_process.call("load", file=str(wireshark.folder / "no-such-file"))
    load(old_process, capture, wireshark)
    assert_same(capture, "after a file that is not there", said(old_process), expected)


# --- another setting

@WITH_SECRETS
def test_credentials_added(capture, wireshark, passes):
    """Nothing changes before the packets are read anew; then it is as if the credentials had been there."""
    without = wireshark.fields(capture, *NAMES, rows=(), two_pass=True)
    _, expected = passes(capture)
    with Sharkd(wireshark, capture, rows=()) as client:
        assert_same(capture, "without credentials", said(client), without)
        for row in capture.rows:
            client.call("setconf", name="uat", value=f"siptrail_credentials:{uat_record(row)}")
        assert_same(capture, "before it is read anew", said(client), without)
        load(client, capture, wireshark)
        assert_same(capture, "once credentials were added", said(client), expected)


def test_setting_changed_and_changed_back(capture, wireshark, passes):
    _, expected = passes(capture)
    with Sharkd(wireshark, capture) as client:
        for value in ("FALSE", "TRUE"):
            for name in ("tcp.desegment_tcp_streams", "ip.defragment", "sip.desegment_headers"):
                client.call("setconf", name=name, value=value)
            load(client, capture, wireshark)
            again = said(client)
        assert_same(capture, "after a setting was changed and changed back", again, expected)


# --- the protocol switched off and on

@pytest.fixture(scope="module")
def toggle(wireshark):
    library = wireshark.folder / "toggle.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", library, ROOT / "tests/e2e/toggle.c"], check=True)
    library.chmod(0o755)
    return library


@pytest.fixture
def toggled(wireshark, toggle, monkeypatch):
    def start(capture):
        with monkeypatch.context() as context:
            context.setenv("LD_PRELOAD", str(toggle))
            return Sharkd(wireshark, capture)
    return start


def switch(client, number):
    os.kill(client.process.pid, number)
    client.call("status")           # the signal is dealt with before the next request


OFF, ON = signal.SIGUSR1, signal.SIGUSR2


def test_switched_off_and_on(capture, wireshark, passes, toggled):
    _, expected = passes(capture)
    with toggled(capture) as client:
        switch(client, OFF)
        assert not only(said(client), NAMES), "it is switched off"
        switch(client, ON)
        assert_same(capture, "after it was off", said(client), expected)
        switch(client, OFF)
        load(client, capture, wireshark)
        assert not only(said(client), NAMES), "it is switched off"
        switch(client, ON)
        assert not only(said(client), NAMES), "the packets were not read anew yet"
        load(client, capture, wireshark)
        assert_same(capture, "read anew after it was off", said(client), expected)


# --- live

def fields_arguments(names):
    return ["-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", f"aggregator={UNIT}", "-l",
            *(a for name in ("frame.number", *names) for a in ("-e", name))]


def fed(wireshark, capture, source):
    """What tshark prints of a capture that trickles in."""
    chance, octets = random.Random(capture.name), wireshark.path(capture).read_bytes()
    command = wireshark.command(["tshark", "-n", *source, *wireshark.options(capture), *fields_arguments(NAMES)])
    process = subprocess.Popen(command, cwd=wireshark.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while octets:
        size = chance.choice((1, 7, 100, 1000))
        process.stdin.write(octets[:size])
        process.stdin.flush()
        octets = octets[size:]
    output, complaint = process.communicate(timeout=120)
    assert process.returncode == 0, complaint.decode(errors="replace")
    return output


def test_from_a_pipe(capture, wireshark):
    """Read from standard input, some octets at a time."""
    of_file = wireshark.run(["tshark", "-n", "-r", wireshark.path(capture), *wireshark.options(capture), *fields_arguments(NAMES)])
    assert fed(wireshark, capture, ["-r", "-"]) == of_file


@SOME
def test_captured_live(capture, wireshark):
    """The same through dumpcap, as from a network interface."""
    if subprocess.run(wireshark.command(["dumpcap", "-v"]), capture_output=True).returncode:
        pytest.skip("this user may not run dumpcap")
    of_file = wireshark.run(["tshark", "-n", "-r", wireshark.path(capture), *wireshark.options(capture), *fields_arguments(NAMES)])
    assert fed(wireshark, capture, ["-i", "-"]) == of_file
