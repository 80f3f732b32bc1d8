"""Each finding is seen where captures/findings.json says, and nowhere else.

The file describes one capture or more for each finding. For the whole capture `expect` has every finding of note, warning or
error by frame; `chat` has chats that must be there, while others may be. `late` has those of `expect` that only a second pass
tells in that frame, though it tells the same elsewhere at once.
"""
import collections
import json
import re
import subprocess
import sys
import xml.etree.ElementTree

import pytest

import siptruth
from test_tables import exchange_rows
from wireshark import ROOT, Capture

STORIES = json.loads((ROOT / "captures/findings.json").read_text(encoding="utf-8"))
DEFINITIONS = (ROOT / "plugin/core/findings.def").read_text(encoding="utf-8")
ROW = re.compile(r'^FINDING\((?P<id>\w+), "(?P<name>\w+)", (?P<severity>\w+), \w+, "\w+", (?P<stage>\w+), (?P<weight>\w+),', re.M)
ROWS = [match.groupdict() for match in ROW.finditer(DEFINITIONS)]
# Only the time that passes without an answer tells these, so only a second pass does.
LATE = {"never_answered", "challenge_lost", "notify_unanswered", "in_dialog_unanswered", "method_unanswered", "challenge_skipped", "gave_up",
        "retry_unanswered", "answered_elsewhere", "notify_missing", "client_unheard", "register_unanswered", "register_blocked", "registration_not_refreshed", "port_unreachable", "unreachable", "disconnected", "answer_not_seen", "provisional_only", "cancelled",
        "challenge_kept_back", "retry_fragmented", "retry_over_tcp", "retry_in_ipsec", "aka_unanswered"} | {
            row["name"] for row in ROWS if row["stage"] == "OFFER"}
# But for the one that compares two verdicts.
BY_ITSELF = {row["name"] for row in ROWS if row["weight"] in ("CAUSE", "CAUSE_UNLESS_BAD")} - {"changed_on_path"}
OUTCOMES = {"accepted", "rejected", "stale", "other-realm", "forbidden", "interval-too-brief", "failed", "no-retry", "no-answer", "unknown"}

FIELDS = TITLE, OUTCOME, CAUSE, *ADVICE = ["siptrail", "siptrail.outcome", "siptrail.cause", "siptrail.meaning", "siptrail.when",
                                           "siptrail.fix"]

Finding = collections.namedtuple("Finding", "name severity text")


def as_capture(name):
    entry = STORIES[name]
    rows = tuple(tuple(row) for row in entry["credentials"])
    return Capture(name, entry["file"], tuple(entry.get("tshark_options", ())), rows, entry["story"])


def read_packet(packet):
    """Frame number, findings, and the values of fields."""
    number, findings, values = None, [], {name: [] for name in FIELDS}
    for item in packet.iter():
        name, shown = item.get("name"), item.get("show")
        if name == "num":
            number = int(shown)
        elif name in values:
            values[name].append(item.get("showname") if name == "siptrail" else shown)
        elif name == "_ws.expert":
            parts = {i.get("name"): i for i in item.iter("field")}
            mine = [n for n in parts if n and n.startswith("siptrail.finding.")]
            severity = parts["_ws.expert.severity"].get("showname").split()[-1].strip("()").lower() if mine else ""
            findings += [Finding(n.rpartition(".")[2], severity, parts["_ws.expert.message"].get("show")) for n in mine]
    return number, findings, values


@pytest.fixture(scope="module")
def look(wireshark):
    """{frame: (findings, values)} of a capture, read once for each way to read it."""
    cache = {}

    def run(capture, two_pass=True, rows=None):
        key = capture.file, two_pass, capture.rows if rows is None else rows
        if key not in cache:
            text = wireshark.tshark(capture, *(["-2"] if two_pass else []), "-T", "pdml", "-J", "siptrail", rows=rows)
            packets = map(read_packet, xml.etree.ElementTree.fromstring(text).iter("packet"))
            cache[key] = {number: (findings, values) for number, findings, values in packets}
        return cache[key]
    return run


def of_note(found):
    """{frame: {names}} without chats."""
    names = {frame: {f.name for f in findings if f.severity != "chat"} for frame, (findings, _) in found.items()}
    return {frame: n for frame, n in names.items() if n}


def expected(name, key="expect"):
    return {int(frame): set(names) for frame, names in STORIES[name].get(key, {}).items()}


def assert_findings(capture, expect, found):
    lines = [f"{capture.name}, frame {frame}: missing {sorted(expect.get(frame, set()) - found.get(frame, set()))}, "
             f"not expected {sorted(found.get(frame, set()) - expect.get(frame, set()))}"
             for frame in sorted(set(expect) | set(found)) if expect.get(frame, set()) != found.get(frame, set())]
    assert not lines, f"{capture.story}\n" + "\n".join(lines)


story = pytest.mark.parametrize("name", STORIES)


# --- the table

def test_names_are_unique():
    names = [row["name"] for row in ROWS]
    assert len(names) == DEFINITIONS.count("\nFINDING(")
    assert len(names) == len(set(names))


def test_every_finding_has_a_capture():
    shown = set()
    for name in STORIES:
        shown.update(*expected(name).values(), *expected(name, "chat").values())
    names = {row["name"] for row in ROWS}
    # state_dropped takes half a million nonces: tests/unit/test_forget.c has it.
    assert names - shown == {"state_dropped"}, "no capture shows these"
    assert not shown - names, "these are no findings"


def test_placeholders_are_known():
    comment = (ROOT / "plugin/core/findings.h").read_text(encoding="utf-8")
    known = set(re.findall(r"\{(\w+)\}", comment))
    used = set(re.findall(r"\{(\w+)\}", DEFINITIONS))
    assert used <= known


def test_built_captures_are_what_the_builder_builds():
    builder = ROOT / "captures/recipes/findings/build.py"
    result = subprocess.run([sys.executable, "-B", builder, "--check"], capture_output=True, text=True)
    assert not result.returncode, result.stdout + result.stderr


# --- the captures

@story
def test_two_passes(name, look):
    capture = as_capture(name)
    found = look(capture)
    assert_findings(capture, expected(name), of_note(found))
    chats = {frame: {f.name for f in found[frame][0]} & names for frame, names in expected(name, "chat").items()}
    assert chats == expected(name, "chat"), "chats"


@story
def test_one_pass(name, look):
    """What the time tells comes later, and all else at once."""
    capture = as_capture(name)
    late = expected(name, "late")
    at_once = {frame: names - LATE - late.get(frame, set()) for frame, names in expected(name).items()}
    assert_findings(capture, {frame: names for frame, names in at_once.items() if names}, of_note(look(capture, two_pass=False)))


@story
def test_outcome_and_cause(name, look):
    found = look(as_capture(name))
    for key, field in (("outcome", OUTCOME), ("cause", CAUSE)):
        for frame, value in STORIES[name].get(key, {}).items():
            assert value in found[int(frame)][1][field], f"frame {frame}: {field}"


@story
def test_cause_that_explains_by_itself(name, look):
    """It is told without any credential configured, too."""
    found = look(as_capture(name), rows=())
    for frame, cause in STORIES[name].get("cause", {}).items():
        if cause in BY_ITSELF:
            assert cause in found[int(frame)][1][CAUSE], f"frame {frame}"


@story
def test_texts_are_complete(name, look):
    """A placeholder without a value would be a question mark."""
    for frame, (findings, values) in look(as_capture(name)).items():
        for text in [f.text for f in findings] + [text for field in (TITLE, *ADVICE) for text in values[field]]:
            assert not re.search("[{}?]", text), f"frame {frame}: {text}"


# --- what happens between client and server, by the independent reading

def assert_at_one(name, truth, datagrams, told):
    """told(finding): its frames. Where the reading is not sure, the plugin may be silent."""
    weaker, (changed, rewritten) = siptruth.weakened(truth), siptruth.renamed(truth)
    for finding in ("challenge_weakened", "auth_int_removed"):
        assert told(finding) == {frame for frame, word in weaker.items() if word == finding}, f"{name}: {finding}"
    for finding, frames in (("aor_changed", changed), ("aor_rewritten", rewritten)):
        assert {frame for frame, sure in frames.items() if sure} <= told(finding) <= set(frames), f"{name}: {finding}"
    assert told("client_unheard") == siptruth.unheard(truth, datagrams), f"{name}: client_unheard"
    assert told("contact_misplaced") == siptruth.misplaced(truth), f"{name}: contact_misplaced"


def datagrams_of(wireshark, capture):
    return lambda: siptruth.read_datagrams(wireshark.path(capture), capture.options, wireshark.run_without_plugin)


@story
def test_stories_by_the_independent_reading(name, plain_wireshark, read):
    capture, expect = as_capture(name), expected(name)
    assert_at_one(name, read(capture, capture.rows), datagrams_of(plain_wireshark, capture),
                  lambda finding: {frame for frame, names in expect.items() if finding in names})


def test_recordings_by_the_independent_reading(capture, wireshark, look, read):
    found = of_note(look(capture))
    assert_at_one(capture.name, read(capture, capture.rows), datagrams_of(wireshark, capture),
                  lambda finding: {frame for frame, names in found.items() if finding in names})


# --- restraint

def all_accepted(rows):
    return rows and all("accepted" in words and not OUTCOMES - {"accepted"} & set(words) for _, _, words in rows.values())


def allowed(capture):
    """What some story expects of the same file."""
    names = collections.defaultdict(set)
    for name, entry in STORIES.items():
        if entry["file"] == capture.file:
            for frame, findings in expected(name).items():
                names[frame] |= findings
    return names


@pytest.mark.parametrize("configured", [True, False], ids=["with-credentials", "without"])
def test_success_is_no_reason_to_warn(capture, configured, wireshark, look):
    if not all_accepted(exchange_rows(wireshark.tables(capture, "siptrail,exchanges"))):
        return
    found = look(capture, rows=None if configured else ())
    beyond = {frame: names - allowed(capture)[frame] for frame, names in of_note(found).items()}
    assert_findings(capture, {}, {frame: names for frame, names in beyond.items() if names})
