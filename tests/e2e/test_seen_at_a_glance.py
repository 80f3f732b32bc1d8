"""The profile's files mean something to Wireshark, it comes and goes on request only; and what is added to the Info column."""
import csv
import os
import re
import shutil
import subprocess

import pytest

from test_filters import NAMES, names_capture  # noqa: F401
from wireshark import ROOT, captures

PROFILE = ROOT / "plugin/profile"
INFO = ["-o", 'gui.column.format:"Info","%i"']
SHOWN = ["trunk-registration", "wrong-password", "wrong-password-loop", "multi-trunk", "tcp-pipelined", "two-realms", "any-duplicates",
         "message-sip-body", "subscribe-204", "icmp-unreachable", "snaplen-cut"]

named = {capture.name: capture for capture in captures()}


# --- the profile

def lines(name):
    return [line for line in (PROFILE / name).read_text().splitlines() if line and not line.startswith("#")]


def colour_filters():
    return {parts[1]: parts[2] for parts in (line.split("@") for line in lines("colorfilters"))}


def button_filters():
    def unescape(text):
        return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), text)
    return {row[1]: unescape(row[2]) for row in csv.reader(lines("dfilter_buttons"))}


def columns():
    return re.findall(r"%Cus:([\w.]+):0:R", (PROFILE / "preferences").read_text())


FILTERS = [pytest.param(text, id=name) for name, text in {**colour_filters(), **button_filters()}.items()]


@pytest.mark.parametrize("text", FILTERS)
def test_filter_compiles(text, wireshark):
    assert wireshark.tshark(named["trunk-registration"], "-Y", f"({text}) && !frame") == ""


@pytest.fixture(scope="module")
def fields(wireshark):
    rows = (line.split("\t") for line in wireshark.run(["tshark", "-G", "fields"]).decode().splitlines())
    return {row[2] for row in rows if row[0] in "FP"}


def test_fields_exist(fields):
    texts = [*colour_filters().values(), *button_filters().values()]
    used = {name for text in texts for name in re.findall(r"siptrail[\w.]*", text)} | set(columns())
    assert len(used) > 8 and used <= fields, used - fields


def test_recent_knows_the_columns():
    assert re.findall(r"%Cus:([\w.]+)", (PROFILE / "recent").read_text()) == columns()


def test_account_outcome_and_cause_fit_a_narrow_window():
    """750 pixels, less the scroll bar and the map of colours beside it."""
    widths = [(name, int(width)) for name, width in re.findall(r'^\t"?([^",]+)"?, (\d+)', (PROFILE / "recent").read_text(), re.M)]
    names = [name.removeprefix("%Cus:siptrail.") for name, _ in widths]
    assert names[:5] == ["%m", "%t", "account", "outcome", "cause"]
    assert sum(width for _, width in widths[:5]) <= 698


# rule or button: capture, frames that it is for
MEANT = {
    "SIP Trail: Failed": ("multi-trunk", {8, 10, 16, 24, 26}),
    "SIP Trail: Accepted": ("trunk-registration", {2, 4}),
    "SIP Trail: Bad digest": ("wrong-password", {3}),
    "SIP Trail: Wrong 204": ("notify-after-204", {8}),
    "SIP Trail: Stale nonce": ("stale-nonce", {8}),
    "Failed registrations": ("multi-trunk", {8, 10, 16, 24, 26}),
    "Unanswered": ("multi-trunk", {16, 24}),
    "Stale": ("trunk-registration", set()),
    "Bad digest": ("wrong-password", {3}),
    "Wrong 204": ("wrong-204-initial", {4}),
}


@pytest.mark.parametrize("name", MEANT)
def test_filter_finds(name, wireshark):
    capture, frames = MEANT[name]
    text = {**colour_filters(), **button_filters()}[name]
    found = wireshark.tshark(named[capture], "-2", "-Y", text, "-T", "fields", "-e", "frame.number")
    assert {int(line) for line in found.split()} == frames


def test_a_busy_callee_is_not_coloured(wireshark):
    assert "\tfailed\tfailed" in wireshark.tshark(named["websocket-registration"], "-2", "-T", "fields", "-e", "frame.number", "-e",
                                                  "siptrail.outcome", "-e", "siptrail.cause")
    assert wireshark.tshark(named["websocket-registration"], "-2", "-Y", colour_filters()["SIP Trail: Failed"]) == ""


def test_columns_and_colours_are_taken(wireshark):
    folder = wireshark.folder / "config/profiles/SIP Trail"
    shutil.copytree(PROFILE, folder)
    wireshark.make_readable()
    shown = wireshark.tshark(named["wrong-password"], "-C", "SIP Trail", "-2").splitlines()
    assert re.search(r"\brejected\b.*\bdigest_mismatch\b", shown[1]), shown
    rules = wireshark.tshark(named["wrong-password"], "-C", "SIP Trail", "-2", "--color", "-T", "fields", "-e",
                             "frame.coloring_rule.name").splitlines()
    assert rules == ["", "SIP Trail: Failed", "SIP Trail: Bad digest", "SIP Trail: Failed"]


def test_headings_have_no_blanks_to_fill(wireshark):
    """What the window of expert infos groups by: the text that all of one kind have."""
    rows = [line.split("\t") for line in wireshark.run(["tshark", "-G", "fields"]).decode().splitlines()]
    headings = {row[2]: row[1] for row in rows if row[0] == "F" and row[2].startswith("siptrail.finding.")}
    assert len(headings) > 100
    assert not [text for text in headings.values() if re.search(r"[{}_]", text) or not text[0].isupper()]


# --- installing it

@pytest.fixture
def profile_script(wireshark, tmp_path_factory):
    """Runs one function of profile.sh on a copy of the profile, as the user that has no profile yet."""
    home = wireshark.folder / "profile-home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    shutil.copytree(PROFILE, home / "source")
    shutil.copy(ROOT / "plugin/package/profile.sh", home)
    config = home / "config"
    config.mkdir()
    for path in (home, *home.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)

    def run(function):
        script = f'set -eu; cd "$1"; . ./profile.sh; {function} source'
        command = wireshark.command(["sh", "-c", script, "sh", home], config=config.relative_to(wireshark.folder))
        return subprocess.run(command, capture_output=True, text=True, timeout=60)
    return run, config / "profiles/SIP Trail"


def test_profile_comes_and_goes(profile_script):
    run, folder = profile_script
    assert run("profile_install").returncode == 0
    assert sorted(os.listdir(folder)) == sorted(os.listdir(PROFILE))
    assert all((folder / name).read_bytes() == (PROFILE / name).read_bytes() for name in os.listdir(PROFILE))
    assert run("profile_uninstall").returncode == 0
    assert not folder.parent.exists()
    assert run("profile_uninstall").returncode == 0


def test_changes_are_kept(profile_script):
    run, folder = profile_script
    assert run("profile_install").returncode == 0
    for name in ("recent", "colorfilters"):
        folder.chmod(0o777)
        (folder / name).write_text("# mine\n")
    again = run("profile_install")
    assert again.returncode == 1 and "colorfilters" in again.stderr and "recent" not in again.stderr
    assert (folder / "colorfilters").read_text() == "# mine\n"
    assert run("profile_uninstall").returncode == 0
    assert os.listdir(folder) == ["colorfilters"]


# --- the Info column

def info(wireshark, capture, mode, two_pass=True):
    passes = ["-2"] if two_pass else []
    octets = wireshark.run(["tshark", "-n", *passes, "-r", wireshark.path(capture), *wireshark.options(capture), *INFO,
                            "-o", f"siptrail.info_column:{mode}"])
    return octets.decode("utf-8").split("\n")


def assert_appended(wireshark, capture, mode):
    """Line by line Wireshark's own text, and perhaps something in brackets. Returns what was appended."""
    before, after = info(wireshark, capture, "off"), info(wireshark, capture, mode)
    assert len(before) == len(after)
    more = [new[len(old.rstrip()):].strip(" |") for old, new in zip(before, after)]
    assert all(new.startswith(old.rstrip()) for old, new in zip(before, after))
    assert all(re.fullmatch(r"(\[[a-z0-9_: -]+\] ?)*", text) for text in more), more
    return more


@pytest.mark.parametrize("mode", ["outcome", "link"])
@pytest.mark.parametrize("name", SHOWN)
def test_info_column(name, mode, wireshark):
    assert any(assert_appended(wireshark, named[name], mode)) or name == "icmp-unreachable"


@pytest.mark.parametrize("mode", ["outcome", "link"])
def test_info_column_of_odd_names(mode, wireshark, names_capture):  # noqa: F811
    assert sum(bool(text) for text in assert_appended(wireshark, names_capture, mode)) >= 2 * len(NAMES)


@pytest.mark.parametrize("two_pass, expected", [(False, ["", "", "", "[rejected: digest_mismatch]", ""]),
                                                (True, ["", "[rejected: digest_mismatch]", "", "[rejected: digest_mismatch]", ""])])
def test_outcome_in_info(two_pass, expected, wireshark):
    shown = info(wireshark, named["wrong-password"], "outcome", two_pass)
    assert [line.rpartition("| ")[2] if "[" in line else "" for line in shown] == expected


def test_link_in_info(wireshark):
    shown = info(wireshark, named["trunk-registration"], "link")
    assert [line.rpartition("| ")[2] for line in shown[:4]] == ["[response in 2]", "[retry in 3]", "[challenge in 2]", "[closes 2]"]


def test_off_by_default(wireshark):
    capture = named["wrong-password"]
    plain = ["tshark", "-n", "-2", "-r", wireshark.path(capture), *INFO]
    assert wireshark.run(plain) == wireshark.run(plain, plugins="no-plugins")
