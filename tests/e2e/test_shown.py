"""What is printed can be read by a terminal and by a script, whatever the wire says and however tshark is run."""
import json
import re
import shutil
import subprocess

import pytest

from packets import Trace
from test_hostile import challenge, credentials, refused, send
from wireshark import ROOT, Capture, captures

MULTI = next(c for c in captures() if c.name == "multi-trunk")
TABLES = ("siptrail,exchanges", "siptrail,registrations", "siptrail,accounts")
# A colour, CSI as one character, a new line in Unicode, right to left, a line separator, two blanks, a Windows domain
USERS = ["ev\x1b[31mil", "c\u009b31m", "n\u0085el", "r\u202etl", "l\u2028s", "a  b", "CORP\\ulrich"]
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
COMMANDS = re.compile(CONTROLS.pattern + "|[\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def odd(wireshark):
    """A capture of users with such names, each of them refused."""
    trace = Trace()
    for number, user in enumerate(USERS):
        quoted = user.replace("\\", "\\\\")
        for message in refused(f"odd-{number}", challenge(nonce=f"odd {number}"), credentials(quoted, nonce=f"odd {number}")):
            text = message.replace(b"<sip:eve@example.com>", f"<sip:{user}@pbx.example.com>".encode())
            send(trace, text.replace(b"\r\nCall-ID", f"\r\nContact: <sip:{user}@192.0.2.10>\r\nCall-ID".encode()))
    capture = Capture("odd", "odd.pcapng", (), (), "")
    trace.write(wireshark.path(capture))
    return capture


SHOWN = {"details": ["-O", "siptrail"], "expert infos": ["-q", "-z", "expert"], "titles": ["-T", "fields", "-e", "siptrail"],
         "remedies": ["-T", "fields", "-e", "siptrail.fix"], **{name: ["-q", "-z", name] for name in TABLES}}


@pytest.mark.parametrize("way", SHOWN)
def test_nothing_commands_the_terminal(wireshark, odd, way):
    """In details the fields have Wireshark's own labels, which since 4.4 show what goes from right to left."""
    shown = wireshark.tshark(odd, "-2", *SHOWN[way])
    assert not (CONTROLS if way == "details" else COMMANDS).findall(shown)
    shown = shown.replace("\\\\", "\\")      # -T fields doubles backslashes since 4.4
    if way != "remedies" and way != "expert infos":
        assert "ev\\033[31mil@pbx.example.com" in shown and "CORP\\ulrich@" in shown


@pytest.mark.parametrize("name", TABLES)
def test_columns_stay_apart(wireshark, odd, name):
    heading, *rows = wireshark.tables(odd, name)
    columns = len(re.split("  +", heading.strip()))
    assert len(rows) >= len(USERS) and {len(re.split("  +", row.strip())) for row in rows} == {columns}


@pytest.mark.parametrize("name", TABLES)
def test_each_session_has_its_table(wireshark, name):
    """By -M tshark forgets all that it knows, and begins to count anew."""
    printed = wireshark.tables(MULTI, name)
    heading = printed[0].split()
    assert [line.split() for line in printed].count(heading) == 1
    by_session = wireshark.tshark(MULTI, "-M", "10", "-q", "-z", name).splitlines()
    assert [line.split() for line in by_session].count(heading) == 4
    assert sum("erin@pbx.example.com" in line for line in by_session) > 0


@pytest.mark.parametrize("name", TABLES)
def test_each_file_of_a_ring_has_its_table(wireshark, name):
    ring = wireshark.folder / f"ring-{name}"
    ring.mkdir()
    ring.chmod(0o777)
    subprocess.run(["editcap", "-F", "pcap", wireshark.path(MULTI), ring / "all.pcap"], check=True)
    command = f"(cat {ring}/all.pcap; sleep 2) | tshark -q -i - -b packets:10 -w {ring}/part.pcapng -z {name}"
    result = subprocess.run(wireshark.command(["sh", "-c", command]), capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert "trunk@pbx.example.com" in result.stdout and "mallory@pbx.example.com" in result.stdout


@pytest.mark.parametrize("argument", ['siptrail,exchanges siptrail.cause == "forbidden"', "siptrail,exchangesfoo"])
def test_a_filter_is_not_lost(wireshark, argument):
    with pytest.raises(RuntimeError, match="a filter follows behind a comma"):
        wireshark.tables(MULTI, argument)


# --- recipes

def run_recipe(wireshark, *command):
    return subprocess.run(wireshark.command(["sh", *command]), cwd=wireshark.folder, capture_output=True, text=True, timeout=120)


def test_down_with_odd_names(wireshark, recipes, odd):
    result = run_recipe(wireshark, recipes / "trunks-down.sh", wireshark.path(odd))
    assert result.returncode == 1 and "a \\040b@pbx.example.com: refused (refused_unverified) at 192.0.2.20" in result.stdout


def test_down_of_what_was_cut_short(wireshark, recipes):
    cut = wireshark.folder / "cut.pcapng"
    cut.write_bytes(wireshark.path(MULTI).read_bytes()[:-10])
    cut.chmod(0o644)
    result = run_recipe(wireshark, recipes / "trunks-down.sh", cut)
    assert result.returncode == 1 and "mallory@pbx.example.com: refused" in result.stdout and "cut short" in result.stderr


@pytest.mark.parametrize("option", [["--disable-protocol", "siptrail"], ["--disable-protocol", "sip"]])
def test_nothing_known_is_not_well(wireshark, recipes, option):
    result = run_recipe(wireshark, recipes / "trunks-down.sh", wireshark.path(MULTI), *option)
    assert (result.returncode, result.stdout) == (4, "") and "no registration and no account" in result.stderr


def test_who_does_not_hear_is_down(wireshark, recipes):
    whole = wireshark.path(next(c for c in captures() if c.name == "answers-lost"))
    part = wireshark.folder / "answers-lost-so-far.pcapng"
    subprocess.run(["editcap", "-r", whole, part, "1-40"], check=True)
    part.chmod(0o644)
    result = run_recipe(wireshark, recipes / "trunks-down.sh", part)
    assert result.returncode == 1 and "alice@pbx.example.com: registered (answer_lost)" in result.stdout


def test_no_end_is_not_well(wireshark, recipes):
    part = wireshark.folder / "challenges-alone.pcapng"
    subprocess.run(["editcap", "-r", wireshark.path(MULTI), part, "1-10"], check=True)
    part.chmod(0o644)
    result = run_recipe(wireshark, recipes / "trunks-down.sh", part)
    assert (result.returncode, result.stdout) == (4, "") and "show the end" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--help"], [MULTI.file, MULTI.file]])
def test_down_called_wrongly(wireshark, recipes, arguments):
    result = run_recipe(wireshark, recipes / "trunks-down.sh", *arguments)
    assert (result.returncode, result.stdout) == (2, "") and "usage:" in result.stderr


def test_down_without_the_plugin(wireshark, recipes):
    command = wireshark.command(["sh", recipes / "trunks-down.sh", wireshark.path(MULTI)], plugins="no-plugins")
    result = subprocess.run(command, cwd=wireshark.folder, capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout) == (5, "") and "does not load SIP Trail" in result.stderr


def test_one_fix_for_one_message(wireshark):
    """What is accepted, and leaves something to do, does not say "nothing to fix" beside it."""
    ignored = Capture("removal-ignored", "finding-removal-ignored.pcapng", (), (), "")
    fixes = wireshark.tshark(ignored, "-2", "-Y", "frame.number == 6", "-T", "fields", "-e", "siptrail.fix").strip("\n")
    assert fixes == "let the registrar remove a contact whose expiry is 0; until it does, wait for the 570 s"


def test_account_without_a_challenge(wireshark):
    """The answer to a REGISTER names its account, asked for a password or not."""
    many = next(c for c in captures() if c.name == "many-trunks")
    account = wireshark.tshark(many, "-Y", "frame.number == 30", "-T", "fields", "-e", "siptrail.account").strip("\n")
    assert account == "trunk9@pbx.example.com"


def test_cause_without_a_challenge(wireshark):
    """What the table says of a registrar that asks for no password is found on the packet by the same name."""
    many = next(c for c in captures() if c.name == "many-trunks")
    table = wireshark.tshark(many, "-q", "-z", "siptrail,registrations")
    assert [line.split()[2] for line in table.splitlines() if line.startswith("trunk9@")] == ["register_failed"]
    found = wireshark.tshark(many, "-2", "-Y", 'siptrail.cause == "register_failed"', "-T", "fields", "-e", "siptrail.fix")
    assert "as long as Retry-After says" in found


def test_down_of_nothing(wireshark, recipes):
    result = run_recipe(wireshark, recipes / "trunks-down.sh", "no-such-file.pcap")
    assert (result.returncode, result.stdout) == (3, "") and "no-such-file" in result.stderr


def test_odd_names_as_json(wireshark, recipes, odd):
    named = wireshark.folder / "we\\nird \"name\".pcapng"
    shutil.copy(wireshark.path(odd), named)
    named.chmod(0o644)
    result = run_recipe(wireshark, recipes / "exchanges-of-file.sh", "300", named)
    found = [json.loads(line) for line in result.stdout.strip("\n").split("\n")]
    assert {row["file"] for row in found} == {str(named)}
    assert "CORP\\ulrich@pbx.example.com" in {row["account"] for row in found}
