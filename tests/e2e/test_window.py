"""The tables as Wireshark's window shows them: window.c does what the window does, and prints it."""
import re
import shutil

import pytest

from packets import MILLISECOND, Trace
from wireshark import Capture, captures

COLUMNS = {"registrations": "Address-of-record", "accounts": "Account", "exchanges": "Account"}
FIRST_SEEN = {"registrations": ("State", "Cause"), "accounts": ("Last outcome", "Last cause"), "exchanges": ("Outcome", "Cause")}
WORDS = {"registrations": {"refused": "down", "unanswered": "down", "challenged": "down", "lapsed": "down", "unknown": "unknown",
                           "registered": "up", "replaced": "withdrawn", "removed": "withdrawn"},
         "accounts": {"accepted": "works", "stale": "open", "other-realm": "open", "unknown": "open"}}
NAMES = ["trunk-from", "call-held", "multi-trunk", "registration-lapse", "wrong-password", "wrong-password-loop", "nat-address-change", "no-answer",
         "two-phones", "stale-nonce", "loss-retransmissions"]


@pytest.fixture(scope="module")
def window(wireshark):
    """Heading and rows of a table, and with how many rows a second run begins."""
    folder = wireshark.folder / "plugins-window"
    shutil.copytree(wireshark.folder / "plugins", folder)
    shutil.copy(wireshark.plugin.parent.parent / "tests" / "window.so", next(folder.glob("*/epan")))
    wireshark.make_readable()

    def run(capture, name, display_filter=""):
        statistics = f"window,siptrail,{name}{display_filter}"
        lines = wireshark.tshark(capture, "-2", "-q", "-z", statistics, plugins=folder.name).splitlines()
        titles = lines[0].split("\t")
        return titles, [dict(zip(titles, line.split("\t"), strict=True)) for line in lines[1:-1]], int(lines[-1])
    return run


def named(name):
    return next(c for c in captures() if c.name == name)


def plain(cell):
    return cell.lstrip("#").strip()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("table", COLUMNS)
def test_same_cells_as_the_command_line(table, name, window, wireshark):
    titles, rows, _ = window(named(name), table)
    lines = wireshark.tables(named(name), f"siptrail,{table}")
    assert {t.strip() for t in titles} - {"Now"} == set(re.split(" {2,}", lines[0].strip()))
    assert len(rows) == len(lines) - 1
    times = {"Lapsed for", "Fastest", "Mean", "Slowest", "Now"}
    for row in rows:
        cells = [plain(cell) for title, cell in row.items() if title not in times]
        assert any(all(f" {cell} " in f" {line} " for cell in cells) for line in lines[1:]), row


CLIENT, SERVER = ("192.0.2.1", 5060), ("192.0.2.2", 5060)


def register(cseq, nonce, status=0):
    first = f"SIP/2.0 {status} Whatever" if status else "REGISTER sip:example.com SIP/2.0"
    digest = f'Digest username="alice", realm="example.com", nonce="{nonce}"'
    lines = [first, f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{cseq}", "From: <sip:alice@example.com>;tag=f",
             f"To: <sip:alice@example.com>{';tag=t' if status else ''}", "Call-ID: c", f"CSeq: {cseq} REGISTER"]
    if nonce:
        lines.append(f"WWW-Authenticate: {digest}" if status else f'Authorization: {digest}, uri="sip:example.com", response="{"0" * 32}"')
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()


def test_each_latency_counts_once(window, wireshark):
    """However often the window looks at an exchange; here at one whose request is missing, so that its outcome is unknown."""
    trace = Trace()
    trace.udp(SERVER, CLIENT, register(1, "n1", 401))
    for _ in range(4):
        trace.udp(CLIENT, SERVER, register(2, "n1"))
        trace.clock += 300 * MILLISECOND
    trace.udp(SERVER, CLIENT, register(2, "n2", 401))
    trace.udp(CLIENT, SERVER, register(3, "n2"))
    trace.udp(SERVER, CLIENT, register(3, "", 200))
    capture = Capture("latencies", "latencies.pcapng", (), (), "")
    trace.write(wireshark.path(capture))
    heading, line = (re.split(" {2,}", line.strip()) for line in wireshark.tables(capture, "siptrail,accounts"))
    row, = window(capture, "accounts")[1]
    assert plain(row["Mean"]) == line[heading.index("Mean")] == "602.5 ms"


@pytest.mark.parametrize("table", COLUMNS)
def test_outcome_and_cause_beside_the_account(table, window):
    titles = window(named("multi-trunk"), table)[0]
    assert (titles[1], *titles[2:4]) == (COLUMNS[table], *FIRST_SEEN[table])
    assert titles[0].strip() == ("Challenge" if table == "exchanges" else "Now")


@pytest.mark.parametrize("table", WORDS)
def test_worst_first(table, window):
    for name in NAMES:
        rows = window(named(name), table)[1]
        words = [WORDS[table].get(row[FIRST_SEEN[table][0]], "fails") for row in rows]
        assert [row["Now"] for row in rows] == words == sorted(words), name
    rows = window(named("multi-trunk"), table)[1]
    assert [row[COLUMNS[table]].split("@")[0] for row in rows][:3] == ["carol", "mallory", "dave"]


@pytest.mark.parametrize("name", ["many-trunks", "loss-retransmissions", *NAMES])
@pytest.mark.parametrize("table", COLUMNS)
def test_order_of_the_command_line(table, name, window, wireshark):
    """Within a word of the first column, too."""
    rows = window(named(name), table)[1]
    lines = wireshark.tables(named(name), f"siptrail,{table}")
    title = COLUMNS[table]
    assert all(f"  {row[title]}  " in f"  {line}  " for row, line in zip(rows, lines[1:], strict=True)), lines


def amount(text):
    """Of a number with its unit; nothing comes before everything."""
    return -1.0 if text == "-" else float(text.split()[0])


@pytest.mark.parametrize("table", COLUMNS)
def test_numbers_sort_as_numbers(table, window):
    """A click on a heading sorts text by its octets."""
    right = {"Retry", "Closed", "Expires", "Granted", "Lapsed for", "Last", "Code", "Fastest", "Mean", "Slowest"}
    for name in NAMES:
        titles, rows, _ = window(named(name), table)
        for title in right & set(titles):
            cells = [row[title] for row in rows]
            assert [plain(c) for c in sorted(cells)] == sorted(map(plain, cells), key=amount), f"{name}: {title}"
            assert len({len(c) for c in cells}) <= 1


def test_frames_of_one_and_of_two_digits(window):
    assert {row["Retry"] for row in window(named("wrong-password-loop"), "exchanges")[1]} >= {" 3", "31", " -"}


@pytest.mark.parametrize("table", COLUMNS)
def test_a_second_run_begins_without_rows(table, window):
    capture = named("multi-trunk")
    rows, left = window(capture, table)[1:]
    assert rows and left == 0
    filtered = window(capture, table, ',sip.from.user == "carol"')[1]
    assert {row[COLUMNS[table]] for row in filtered} == {"carol@pbx.example.com"}
