"""The benchmarks run: what they make is sound, what they print is a table. Nothing is timed here."""
import collections
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wireshark import ROOT

PLUGIN = Path(os.environ.get("SIPTRAIL_PLUGIN", ROOT / "build/plugin/siptrail.so")).resolve()
BUILD = PLUGIN.parents[1]
GENERATOR = BUILD / "tests/bench/bench_traffic"
PASSWORD = ["-o", 'uat:siptrail_credentials:"*","*","password","brass-Kettle-9"']
# Kind and, of each hundred or so of its messages, how many there are of some method or status at the least
SIP = {
    "registrations": {"REGISTER": 200, "401": 95, "200": 90},
    "calls": {"INVITE": 70, "407": 30, "ACK": 50, "BYE": 1},
    "subscriptions": {"SUBSCRIBE": 60, "NOTIFY": 60, "204": 1},
    "pings": {"OPTIONS": 190, "200": 190},
    "scan": {"REGISTER": 400},
    "scan-challenged": {"REGISTER": 195, "401": 195},
    "one-call-id": {"REGISTER": 200, "401": 100, "200": 95},
    "one-nonce": {"REGISTER": 195, "401": 1, "200": 195},
    "shared-nonce": {"REGISTER": 200, "401": 95, "200": 90},
    "mixed": {"REGISTER": 30, "OPTIONS": 20, "INVITE": 20, "SUBSCRIBE": 1},
    "segments": {"REGISTER": 200, "401": 100, "200": 100},
}
# Answers of SIP take milliseconds: at this rate 400 messages are 40 s, and a call comes to its end
RATE = ["-r", "10"]


def generate(path, *arguments):
    with path.open("wb") as out:
        subprocess.run([GENERATOR, *arguments], stdout=out, check=True)
    path.chmod(0o644)
    return path


@pytest.fixture
def make(wireshark):
    return lambda *arguments: generate(wireshark.folder / "generated.pcap", *arguments)


def fields(wireshark, path, *names, extra=()):
    arguments = ["-T", "fields", *(part for name in names for part in ("-e", name))]
    text = wireshark.run(["tshark", "-n", "-r", path, *PASSWORD, *extra, *arguments]).decode()
    return [line.split("\t") for line in text.splitlines()]


@pytest.mark.parametrize("kind", SIP)
def test_messages_are_of_their_kind_and_sound(wireshark, make, kind):
    path = make(*RATE, kind, "400")
    counted, malformed = collections.Counter(), []
    for methods, statuses, faults in fields(wireshark, path, "sip.Method", "sip.Status-Code", "_ws.malformed"):
        counted.update(word for cell in (methods, statuses) for word in cell.split(",") if word)
        malformed += [faults] if faults else []
    assert sum(counted.values()) == 400 and not malformed
    assert all(counted[word] >= least for word, least in SIP[kind].items()), counted


@pytest.mark.parametrize("kind", [kind for kind in SIP if kind not in ("scan", "scan-challenged", "pings", "subscriptions")])
def test_digests_fit(wireshark, make, kind):
    rows = fields(wireshark, make(*RATE, kind, "400"), "siptrail.digest.status", extra=["-Y", "siptrail.digest.status"])
    assert {word for row in rows for word in row[0].split(",")} == {"good"}


def test_refresh_is_answered_by_204(wireshark, make):
    rows = fields(wireshark, make(*RATE, "subscriptions", "400"), "siptrail.no_notify.etag_in", extra=["-Y", "sip.Status-Code == 204"])
    assert rows and all(row[0] for row in rows)


def test_media_is_known_by_its_call(wireshark, make):
    rows = fields(wireshark, make("media", "4000"), "rtp.setup-frame", extra=["-Y", "rtp"])
    assert len(rows) > 3000 and all(row[0] for row in rows)


def test_no_sip_is_a_mixture(wireshark, make):
    protocols = collections.Counter(row[0] for row in fields(wireshark, make("no-sip", "2000"), "_ws.col.Protocol"))
    assert "SIP" not in protocols
    assert {"UDP", "TCP", "HTTP", "DNS", "NTP", "ICMP", "ARP"} <= set(protocols)


def test_seed_decides(tmp_path):
    first = generate(tmp_path / "first", "-s", "7", "mixed", "500").read_bytes()
    assert generate(tmp_path / "second", "-s", "7", "mixed", "500").read_bytes() == first
    assert generate(tmp_path / "third", "-s", "8", "mixed", "500").read_bytes() != first


def test_longer_capture_begins_with_the_shorter(tmp_path):
    """It is streamed: what comes later changes nothing of what was written."""
    shorter = generate(tmp_path / "shorter", "mixed", "500").read_bytes()
    assert generate(tmp_path / "longer", "mixed", "5000").read_bytes().startswith(shorter)


@pytest.mark.parametrize("arguments", [[], ["nothing", "1"], ["-r", "0", "pings", "1"], ["-u", "0", "pings", "1"]])
def test_wrong_arguments_print_usage(arguments):
    result = subprocess.run([GENERATOR, *arguments], capture_output=True, text=True)
    assert result.returncode == 2 and "usage:" in result.stderr


@pytest.mark.parametrize("what", ["time", "long", "sizes", "live", "rivals", "core"])
def test_runner_prints_a_table(wireshark, what, tmp_path):
    small = ["-n", "200", "-r", "1", "-c", "Y sip", "--largest", "20000", "--live", "5000", "--live-rate", "10"]
    kinds = {"time": ["pings"], "long": ["one-nonce"], "sizes": ["pings"]}.get(what, [])
    (wireshark.folder / "bench data").mkdir(exist_ok=True)
    command = [sys.executable, ROOT / "tests/bench/run.py", what, *kinds, *small, "--build", BUILD, "--plugin", PLUGIN,
               "--data", wireshark.folder / "bench data"]
    printed = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300)
    assert printed.returncode == 0, printed.stderr
    rows = [line for line in printed.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) > 1 and len({row.count(" | ") for row in rows}) == 1
