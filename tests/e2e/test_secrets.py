"""Canaries: secrets that are configured for every user of every capture stand in no output, and in no memory that was freed.

Looked for are password, keys and HA1 as configured; each HA1 that a password makes with a user and realm of the captures; and
each response that one of these secrets would have made where the captures hold another one. What tshark itself repeats of a
refused `-o` is excepted (and documented); so is the table's own file in the profile.
"""
import base64
import hashlib
import os
import re
import subprocess

import pytest

import sipdigest
import siptruth
from test_no_harm import REFUSED
from wireshark import ROOT, Capture, captures, uat_record

# The last cannot be written in ISO-8859-1, but for its beginning.
PASSWORD, UMLAUT, EURO = "Canary-7h1s-15-s3cr3t", "Kan\u00e4ri-7h1s-15-s3cr3t", "Kan\u00e4rchen-7h1s-\u20ac"
HA1, HA1_LONG = hashlib.md5(b"canary").hexdigest(), hashlib.sha256(b"canary").hexdigest()
K, OP, OPC, RES, IK, CK = (hashlib.md5(name.encode()).hexdigest() for name in ("k", "op", "opc", "res", "ik", "ck"))
CANARIES = [("*", "*", "password", PASSWORD), ("*", "*", "password", UMLAUT), ("*", "*", "password", EURO), ("*", "*", "HA1", HA1), ("*", "*", "HA1", HA1_LONG),
            ("*", "*", "AKA-K-OP", f"{K}:{OP}"), ("*", "*", "AKA-K-OPc", f"{K}:{OPC}"), ("*", "*", "AKA-RES", f"{RES[:16]}:{IK}:{CK}")]
KEYS = [HA1, HA1_LONG, K, OP, OPC, RES[:16], IK, CK]
EVERY = captures()
RIGHT = tuple(dict.fromkeys(row for capture in EVERY for row in capture.rows))
ROWS = (*CANARIES, *RIGHT)
LONG_ENOUGH = 10        # octets: a shorter secret may stand somewhere by chance


@pytest.fixture(scope="module")
def joined(wireshark):
    """All captures in one file; what other tests wrote beside them is none."""
    capture = Capture("joined", "joined.pcapng", (), ROWS, "")
    files = sorted((ROOT / "captures").glob("*.pcapng"))
    subprocess.run(["mergecap", "-a", "-w", wireshark.path(capture), *files], check=True)
    wireshark.path(capture).chmod(0o644)
    return capture


@pytest.fixture(scope="module")
def messages(joined, wireshark):
    return siptruth.read_messages(wireshark.path(joined), (), wireshark.run_without_plugin)[0]


def spellings(secret):
    """As text, in hex and in base64, as octets of either encoding."""
    for encoding in ("utf-8", "latin-1"):
        octets = secret.encode(encoding)
        yield from (octets, octets.hex().encode(), octets.hex().upper().encode(), octets.hex(":").encode(), base64.b64encode(octets)[:-4])


def key_spellings(key):
    yield from (key.encode(), key.upper().encode(), bytes.fromhex(key), bytes.fromhex(key).hex(":").encode(),
                base64.b64encode(bytes.fromhex(key))[:-4])


def ha1s(messages):
    """With every user and realm of the captures, in every hash."""
    for user, realm in {(use.auth.username, use.auth.get("realm", "")) for m in messages for use in m.credentials}:
        for password in (PASSWORD, UMLAUT, EURO):
            for function in (hashlib.md5, hashlib.sha256, "sha512_256"):
                yield sipdigest.digest_hex(function, f"{user}:{realm}:".encode("latin-1", "replace") + password.encode())


def responses(messages):
    """What the canaries would have made in place of each response that is in the captures."""
    rows = [siptruth.Row(*row) for row in CANARIES]
    for message in messages:
        for use in message.credentials:
            yield from sipdigest.candidates(use.auth, message.method, message.body, rows)


@pytest.fixture(scope="module")
def forbidden(messages, joined, wireshark):
    """({text: what it is}, the same for digests in hex, of which there are many)."""
    plain = wireshark.path(joined).read_bytes()
    few = {spelling: "the password" for secret in (PASSWORD, UMLAUT, EURO[:-1]) for spelling in spellings(secret)}
    few |= {spelling: "a key" for key in KEYS for spelling in key_spellings(key)}
    many = dict.fromkeys(ha1s(messages), "an HA1") | dict.fromkeys(responses(messages), "an expected response")
    assert list(many.values()).count("an expected response") > 1000
    seen = set(hex_digests(plain))
    return ({text: what for text, what in few.items() if len(text) >= LONG_ENOUGH and text not in plain},
            {text: what for text, what in many.items() if text not in seen})


def hex_digests(output):
    """Everything in it that may be one: each 32 and each 64 hex digits in a row."""
    for run_of_digits in re.findall(rb"[0-9A-Fa-f]{32,}", output):
        digits = run_of_digits.lower()
        for length in (32, 64):
            yield from (digits[i:i + length] for i in range(len(digits) - length + 1))


def secrets_in(output, forbidden):
    few, many = forbidden
    return sorted({what for text, what in few.items() if text in output} | {many[d] for d in hex_digests(output) if d in many})


def run(wireshark, *command, succeeds=True, **changes):
    """All that it says, on either stream."""
    result = subprocess.run(wireshark.command(command, **changes), cwd=wireshark.folder, capture_output=True, timeout=300)
    assert (result.returncode == 0) == succeeds, result.stderr.decode("utf-8", "replace")
    return result.stdout + result.stderr


OUTPUTS = {
    "details": ["-V"], "octets": ["-V", "-x"], "columns": [], "hidden": ["-O", "siptrail", "-S", "----"],
    "json": ["-T", "json"], "jsonraw": ["-T", "jsonraw"], "ek": ["-T", "ek"], "pdml": ["-T", "pdml"], "psml": ["-T", "psml"],
    "postscript": ["-T", "ps", "-V"], "tabs": ["-T", "tabs"], "two passes": ["-2", "-V"],
    "fields": ["-T", "fields", "-e", "siptrail", "-e", "_ws.expert.message", "-e", "siptrail.account", "-e", "siptrail.digest.reason"],
    "column": ["-o", 'gui.column.format:"A","%Cus:siptrail.account","B","%Cus:siptrail.digest.reason","C","%Cus:siptrail.fix"'],
    "exchanges": ["-q", "-z", "siptrail,exchanges"], "expert": ["-q", "-z", "expert"], "hierarchy": ["-q", "-z", "io,phs"],
    "statistics": ["-q", "-z", "sip,stat"], "noisy": ["-V", "--log-level", "noisy"], "debug": ["-q", "--log-level", "debug"],
    "statistics of all": ["-q", "-z", "siptrail,exchanges,siptrail", "--log-level", "noisy"],
}
REFUSED_OPTIONS = {"filter": ["-Y", "siptrail.no-such-field"], "preference": ["-o", "siptrail.no-such:x"], "table": ["-z", "siptrail,x"],
                   "filter of a table": ["-z", "siptrail,exchanges,siptrail.no-such-field"]}


@pytest.mark.parametrize("name", OUTPUTS)
def test_no_output_holds_a_secret(name, wireshark, joined, forbidden):
    output = run(wireshark, "tshark", "-n", "-r", wireshark.path(joined), *wireshark.options(joined), *OUTPUTS[name])
    assert output
    assert not secrets_in(output, forbidden)


@pytest.mark.parametrize("name", REFUSED_OPTIONS)
def test_no_complaint_of_another_option_holds_a_secret(name, wireshark, joined, forbidden):
    output = run(wireshark, "tshark", "-n", "-r", wireshark.path(joined), *wireshark.options(joined), *REFUSED_OPTIONS[name],
                 succeeds=False)
    assert output
    assert not secrets_in(output, forbidden)


@pytest.mark.parametrize("report", ["column-formats", "currentprefs", "decodes", "defaultprefs", "dissector-tables", "elastic-mapping", "fieldcount",
                                    "fields", "folders", "ftypes", "heuristic-decodes", "plugins", "protocols", "values"])
def test_no_report_holds_a_secret(report, wireshark, joined, forbidden):
    """With the table in the profile, from where `-G` reads it."""
    config = wireshark.folder / "config-canary"
    config.mkdir(exist_ok=True)
    (config / "siptrail_credentials").write_text("".join(uat_record(row) + "\n" for row in ROWS), encoding="utf-8")
    wireshark.make_readable()
    output = run(wireshark, "tshark", "-G", report, config=config.name)
    assert output
    assert not secrets_in(output, forbidden)


def test_the_search_finds(wireshark, joined, forbidden):
    """With the profile's own file, which holds them."""
    assert secrets_in("".join(map(uat_record, CANARIES)).encode(), forbidden) == ["a key", "the password"]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_no_complaint_holds_a_secret(number, wireshark, joined):
    """Of a row in the profile that is refused. (Of a refused `-o`, tshark repeats the option.)"""
    (user, realm, kind, secret), _ = REFUSED[number]
    config = wireshark.folder / "config-complaint"
    config.mkdir(exist_ok=True)
    (config / "siptrail_credentials").write_text(uat_record((user, realm, kind, secret)) + "\n", encoding="utf-8")
    wireshark.make_readable()
    output = run(wireshark, "tshark", "-n", "-r", wireshark.path(joined), "-c", "1", config=config.name).decode("utf-8", "replace")
    assert "SIP Trail credentials" in output
    assert len(secret) < LONG_ENOUGH or secret not in output


def test_a_bad_row_leaves_out_itself(wireshark):
    """What stands before it and behind it is used, and the line of the last bad one is named."""
    capture = next(c for c in EVERY if c.name == "trunk-registration")
    rows = [("other", "*", "password", "x"), ("trunk", "*", "HA1", "12"), *capture.rows, ("trunk", "*", "no-type", "x")]
    config = wireshark.folder / "config-bad-rows"
    config.mkdir(exist_ok=True)
    (config / "siptrail_credentials").write_text("".join(uat_record(row) + "\n" for row in rows), encoding="utf-8")
    wireshark.make_readable()
    output = run(wireshark, "tshark", "-q", "-r", wireshark.path(capture), "-z", "siptrail,exchanges", config=config.name).decode()
    assert f"siptrail_credentials:{len(rows)}: Type: must be" in output and "  good  " in output


# --- memory

@pytest.fixture(scope="module")
def freed(wireshark):
    library = wireshark.folder / "freed.so"
    subprocess.run([os.environ.get("CC", "cc"), "-O1", "-shared", "-fPIC", "-o", library, ROOT / "tests/e2e/freed.c", "-ldl"], check=True)
    library.chmod(0o755)
    return library


def in_memory():
    """As they stand in memory: as typed, and as octets."""
    yield from (PASSWORD.encode(), UMLAUT.encode(), UMLAUT.encode("latin-1"), EURO[:-1].encode(),
                EURO[:-1].encode("latin-1"), HA1.encode(), HA1_LONG.encode())
    for key in (K, OP, OPC, IK, CK):
        yield from (key.encode(), bytes.fromhex(key))


@pytest.mark.parametrize("two_pass", [[], ["-2"]], ids=["one-pass", "two-passes"])
def test_freed_memory_holds_no_secret(two_pass, wireshark, joined, freed):
    """All that the plugin frees, in use and at the end, when the table is emptied, was wiped before."""
    command = wireshark.command(["env", f"LD_PRELOAD={freed}", "SIPTRAIL_SECRETS=" + ",".join(secret.hex() for secret in in_memory()),
                                 "tshark", "-n", "-r", wireshark.path(joined), *wireshark.options(joined), *two_pass, "-V"])
    result = subprocess.run(command, cwd=wireshark.folder, capture_output=True, timeout=300)
    said = [line for line in result.stderr.decode("utf-8", "replace").splitlines() if line.startswith("freed.so")]
    assert result.returncode == 0
    assert said == [f"freed.so: watched {len(list(in_memory()))} secrets"]
