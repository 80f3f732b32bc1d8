"""`-z siptrail,registrations` and `-z siptrail,accounts` against the independent reading, over all captures."""
import collections
import re

import pytest

from sipregister import address_of_record, duration, registration_rows, server_name
from siptruth import judge_answer
from wireshark import Capture, captures

RIGHT = {"Expires", "Granted", "Refreshes", "Failures", "Lapses", "Lapsed for", "Last", "Code", "Clients", "Failing", "Challenges",
         "Accepted", "Rejected", "Stale", "Forbidden", "Failed", "No retry", "No answer", "Fastest", "Mean", "Slowest"}
DURATION = re.compile(r"-|\d+\.\d (ms|s)|\d+ min \d+ s|\d+ h \d+ min")
RANKS = ["lapsed", "refused", "unanswered", "challenged", "unknown", "registered", "replaced", "removed"]
CUT_OFF = ["client_unheard", "contact_misplaced", "answer_lost", "answer_late"]
OUTCOMES = {"Accepted": ["accepted"], "Rejected": ["rejected"], "Stale": ["stale"], "Forbidden": ["forbidden"],
            "Failed": ["failed", "interval-too-brief"], "No retry": ["no-retry"], "No answer": ["no-answer"]}
FIELDS = ["siptrail.registration." + name for name in ("contact", "state", "requested", "expires", "min_expires", "refresh",
                                                       "previous_in", "lapsed_for", "bulk")]


def rows_of(lines):
    """The rows as dictionaries; between two columns are two blanks at least."""
    titles = re.split(" {2,}", lines[0].strip())
    rows = [re.split(" {2,}", line.strip()) for line in lines[1:]]
    assert all(len(row) == len(titles) for row in rows), rows
    return [dict(zip(titles, row)) for row in rows]


def by_key(rows, *titles):
    keyed = {tuple(row[t] for t in titles): row for row in rows}
    assert len(keyed) == len(rows)
    return keyed


def agrees(shown, expected):
    return shown in expected if isinstance(expected, set) else shown == expected


@pytest.fixture(scope="module")
def table(wireshark):
    cache = {}

    def run(capture, name):
        if (capture.name, name) not in cache:
            cache[capture.name, name] = wireshark.tables(capture, f"siptrail,{name}")
        return cache[capture.name, name]
    return run


def test_registrations(capture, table, read):
    shown = by_key(rows_of(table(capture, "registrations")), "Address-of-record", "Contact", "Registrar")
    right = by_key(registration_rows(read(capture, capture.rows)), "Address-of-record", "Contact", "Registrar")
    assert set(shown) == set(right)
    differences = [f"{capture.name}, {key[1]}: {title} is {shown[key][title]}, should be {expected}"
                   for key, row in right.items() for title, expected in row.items() if not agrees(shown[key][title], expected)]
    assert not differences, "\n".join(differences)


# --- accounts

def credentials_name(use):
    user, realm = use.auth.raw_username, use.auth.raw("realm")
    return user if user.endswith("@" + realm) else f"{user}@{realm}"


def signatures(truth):
    """{(address-of-record, server): name of the latest credentials}."""
    return {(address_of_record(m), server_name(m.target)): credentials_name(use) for m in truth.messages if m.is_request and not m.copy_of
            for use in m.credentials[:1]}


def account_of(exchange, signed):
    """(name, address-of-record, peer). The name is that of the credentials that answered, or that were refused, or that the
    address-of-record has otherwise; the address-of-record counts when it registers under the name of another user."""
    transaction, peer = exchange.challenge.transaction, server_name(exchange.challenge.source)
    uses = exchange.uses or (transaction and transaction.request.credentials) or ()
    address = address_of_record(transaction.request if transaction else exchange.challenge)
    name = credentials_name(uses[0]) if uses else signed.get((address, peer), address)
    same = name.startswith(address.rpartition("@")[0] + "@") or exchange.challenge.cseq[1] != "REGISTER"
    return name, "-" if same else address, peer


LET_IN = {404, 405, 406, 408, 410, *range(412, 417), 422, 477, 480, 481, *range(484, 490), 491, 493, *range(300, 400), *range(600, 700)}


def account_words(words, method, final):
    """A call that was let in and found nobody is a success to its account."""
    rang = final and any(r.code > 100 for r in final.transaction.responses if r.code < 200)
    return {"accepted"} if words == {"failed"} and method != "REGISTER" and (rang or final.code in LET_IN) else set(words)


def ending(exchange):
    """A challenged keep-alive says nothing."""
    if exchange.challenge.cseq[1] == "OPTIONS" and "no-retry" in exchange.outcome:
        return {"unknown", "no-retry"}
    return account_words(exchange.outcome, exchange.challenge.cseq[1], exchange.closing)


def account_bounds(exchanges, signed):
    """{(account, address-of-record, peer): {column: [least, most]}}; another answer to the same request may share a row with
    the first."""
    bounds = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for e in exchanges:
        row = bounds[account_of(e, signed)]
        row["Challenges"][0] += not e.superseded
        row["Challenges"][1] += 1
        for title, words in OUTCOMES.items():
            row[title][0] += not e.superseded and ending(e) <= set(words)
            row[title][1] += bool(ending(e) & set(words))
    return bounds


def endings(exchange):
    """[(frame, words)]: of the exchange, and of each further request with its nonce."""
    found = [((exchange.closing or exchange.challenge).frame, ending(exchange))]
    for use in exchange.uses:
        here = use.request is not exchange.retry and use.request.target[0] == exchange.challenge.source[0]
        final = use.request.transaction.final if here else None
        if final and final.frame > found[0][0]:
            words = account_words(judge_answer([use], final), use.request.method, final)
            found += [(final.frame, words)] if words != {"other-realm"} else []
    return found


def latest_words(ended):
    """Acceptable words, of [(frame, words)]: of the latest ending that the capture shows."""
    words = set()
    for frame in sorted({frame for frame, _ in ended}, reverse=True):
        words |= set().union(*(w for f, w in ended if f == frame))
        if "unknown" not in words:
            break
        words = words if words != {"unknown"} else set()
    return words or {"unknown"}


def rank(word):
    """A client that fails before one that works; of what is open nothing is known."""
    return {"accepted": 1, "stale": 2, "other-realm": 2, "unknown": 2}.get(word, 0)


def last_words(exchanges, signed):
    """{row: {client: acceptable words}}"""
    rows = collections.defaultdict(lambda: collections.defaultdict(list))
    for e in exchanges:
        rows[account_of(e, signed)][e.challenge.target[0]] += endings(e)
    return {key: {client: latest_words(ended) for client, ended in clients.items()} for key, clients in rows.items()}


def worst_words(clients):
    certain = min(max(map(rank, words)) for words in clients.values())
    return {word for words in clients.values() for word in words if rank(word) <= certain}


def latencies(exchanges, signed):
    """{row: {column: acceptable cells}}, for those with one answer to each request."""
    seconds, unsure = collections.defaultdict(list), set()
    for e in exchanges:
        key = account_of(e, signed)
        unsure |= {key} if e.superseded else set()
        if e.retry and e.closing and key not in unsure:
            seconds[key].append(e.closing.time - e.retry.time)
    times = {key: {"Fastest": min(s), "Mean": sum(s) / len(s), "Slowest": max(s)} for key, s in seconds.items() if key not in unsure}
    return {key: {title: {duration(t + d) for d in (-5e-5, -1e-6, 0, 1e-6, 5e-5)} for title, t in row.items()} for key, row in times.items()}


def account_differences(shown, truth):
    exchanges, signed = truth.exchanges, signatures(truth)
    bounds = account_bounds(exchanges, signed)
    required = {key for key, row in bounds.items() if row["Challenges"][0]}
    assert required <= set(shown) <= set(bounds)
    for key, clients in last_words(exchanges, signed).items():
        ranks = [set(map(rank, words)) for words in clients.values()]
        bounds[key]["Clients"] = [1 if any(e.superseded for e in exchanges) else len(clients), len(clients)]
        bounds[key]["Failing"] = [sum(r == {0} for r in ranks), sum(0 in r for r in ranks)]
        if key in shown and shown[key]["Last outcome"] not in worst_words(clients):
            yield f"{key}: last outcome is {shown[key]['Last outcome']}, should be {'/'.join(sorted(worst_words(clients)))}"
    for key, cells in shown.items():
        for title, (least, most) in bounds[key].items():
            if not least <= int(cells[title]) <= most:
                yield f"{key}: {title} is {cells[title]}, should be {least} to {most}"
    for key, row in latencies(exchanges, signed).items():
        for title, cells in row.items():
            if shown[key][title] not in cells:
                yield f"{key}: {title} is {shown[key][title]}, should be one of {sorted(cells)}"


def test_accounts(capture, table, read):
    shown = by_key(rows_of(table(capture, "accounts")), "Account", "Address-of-record", "Peer")
    differences = [f"{capture.name}, {d}" for d in account_differences(shown, read(capture, capture.rows))]
    assert not differences, "\n".join(differences)


def test_last_outcome_is_one_that_the_capture_shows(table):
    """The last challenge of a capture that ends with a refusal is open."""
    last, = rows_of(table(named("wrong-password"), "accounts"))
    assert (last["Last outcome"], last["Last cause"]) == ("rejected", "digest_mismatch")


MANY_TRUNKS = {
    "trunk1": "no-retry digest_mismatch refused digest_mismatch", "trunk2": "no-retry digest_mismatch refused digest_mismatch",
    "trunk3": "no-retry digest_good_refused refused digest_good_refused", "trunk4": "no-retry never_answered challenged never_answered",
    "trunk5": "forbidden username_not_aor refused username_not_aor", "trunk6": "forbidden forbidden refused forbidden",
    "trunk7": "failed registration_failed refused registration_failed",
    "trunk8": "interval-too-brief interval_long_enough refused interval_long_enough",
    "trunk9": "- - refused register_failed", "trunk10": "- - unanswered register_unanswered",
    **{f"trunk{n}": "accepted - registered -" for n in range(11, 17)}}


def test_each_trunk_has_its_cause(table):
    """captures/README.md says what is wrong with each of the sixteen."""
    capture = named("many-trunks")
    rows = rows_of(table(capture, "accounts"))
    accounts = {(row["Account"] if row["Address-of-record"] == "-" else row["Address-of-record"]).split("@")[0]: row for row in rows}
    assert [row["Account"] for row in rows if row["Address-of-record"] == "trunk5@pbx.example.com"] == ["trunk11@pbx.example.com"]
    nothing = {"Last outcome": "-", "Last cause": "-"}
    shown = {}
    for row in rows_of(table(capture, "registrations")):
        name = row["Address-of-record"].split("@")[0]
        account = accounts.get(name, nothing)
        shown[name] = " ".join([account["Last outcome"], account["Last cause"], row["State"], row["Cause"]])
    assert shown == MANY_TRUNKS


# The last challenge that a client gives up at is no cause; 423 is none, once the interval is long enough; a callee that is busy.
ACCOUNTS = {"multi-trunk": "carol@pbx.example.com no-retry digest_mismatch", "interval-too-brief": "trunk@pbx.example.com accepted -",
            "credentials-removed": "alice@pbx.example.com no-retry credentials_removed",
            "two-proxies-in-turn": "alice@inner.example.net no-retry credentials_dropped",
            "forked-challenges": "alice@first.example.net accepted -"}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_last_cause(name, table):
    rows = [" ".join(row[t] for t in ("Account", "Last outcome", "Last cause")) for row in rows_of(table(named(name), "accounts"))]
    assert ACCOUNTS[name] in rows


REGISTRATIONS = {"answers-lost": "bob@198.51.100.20 lapsed challenge_lost", "two-phones": "trunk@pbx.example.com lapsed registration_lapsed",
                 "contact-rewritten": "alice@pbx.example.com registered contact_not_listed",
                 "nat-address-change-403": "branch@provider.example.net registered forbidden",
                 "no-challenge": "alice@pbx.example.com challenged no_challenge"}


def test_keep_alives_are_no_failure(wireshark):
    capture = Capture("options", "finding-none-options.pcapng", (), (), "")
    rows = rows_of(wireshark.tables(capture, "siptrail,accounts"))
    assert rows and all((row["No retry"], row["Last outcome"]) == ("0", "unknown") for row in rows), rows


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_cause_of_a_registration(name, table):
    rows = [" ".join(row[t] for t in ("Address-of-record", "State", "Cause")) for row in rows_of(table(named(name), "registrations"))]
    assert REGISTRATIONS[name] in rows


# --- how they look

@pytest.mark.parametrize("name", ["registrations", "accounts"])
def test_form(name, capture, table):
    lines = table(capture, name)
    titles = [(m.group(), m.start(), m.end()) for m in re.finditer(r"\S+(?: \S+)*", lines[0])]
    for row in rows_of(lines):
        line = next(l for l in lines[1:] if re.split(" {2,}", l.strip()) == list(row.values()))
        for title, start, end in titles:
            if title in RIGHT:
                assert line[:end].endswith(row[title]) and line[end:end + 1] in ("", " "), f"{title} in {line}"
            else:
                assert line[start:].startswith(row[title]), f"{title} in {line}"
        for title in {"Lapsed for", "Fastest", "Mean", "Slowest"} & set(row):
            assert DURATION.fullmatch(row[title]), row[title]
        assert re.fullmatch(r"-|\d+ s", row.get("Expires", "-"))


def test_worst_first(capture, table):
    rows = rows_of(table(capture, "registrations"))
    ranks = [(RANKS.index(row["State"]), row["State"] == "registered" and row["Cause"] not in CUT_OFF) for row in rows]
    assert ranks == sorted(ranks)
    failing = [row["Last outcome"] != "accepted" for row in rows_of(table(capture, "accounts"))]
    assert failing == sorted(failing, reverse=True)


def named(name):
    return next(c for c in captures() if c.name == name)


def test_worst_account_first(table):
    assert [row["State"] for row in rows_of(table(named("multi-trunk"), "registrations"))][:4] == ["refused", "refused", "challenged", "registered"]


@pytest.mark.parametrize("name", ["registrations", "accounts", "exchanges"])
def test_display_filter(name, wireshark, table):
    capture = named("multi-trunk")
    user = "carol@pbx.example.com"
    whole = table(capture, name)
    filtered = wireshark.tables(capture, f'siptrail,{name},sip.from.user == "carol"')
    assert [line.split() for line in filtered[1:]] == [line.split() for line in whole[1:] if user in line]
    assert len(wireshark.tables(capture, f"siptrail,{name},udp.port == 9")) == 1


@pytest.mark.parametrize("name", ["registration-lapse", "multi-trunk", "two-phones", "loss-retransmissions"])
@pytest.mark.parametrize("statistics", ["registrations", "accounts"])
def test_two_passes_print_the_same(name, statistics, wireshark, table):
    capture = named(name)
    twice = wireshark.tshark(capture, "-2", "-q", "-z", f"siptrail,{statistics}").splitlines()
    assert twice == table(capture, statistics)


def test_both_tables_and_packets_at_once(wireshark, table):
    """One start, nothing left out: what is released while packets are printed is not needed by a table."""
    capture = named("registration-lapse")
    text = wireshark.tshark(capture, "-V", "-z", "siptrail,registrations", "-z", "siptrail,accounts")
    for name in ("registrations", "accounts"):
        assert "\n".join(table(capture, name)) in text


# --- fields

FIELD_CAPTURES = ["registration-lapse", "registration-crash", "two-phones", "interval-too-brief", "nat-address-change",
                  "asterisk-trunk", "loss-retransmissions", "multi-trunk", "no-answer"]


@pytest.mark.parametrize("name", FIELD_CAPTURES)
def test_fields_in_any_order(name, wireshark, sharkd):
    """What a message says of its registration is known when it comes, and stays so."""
    capture = named(name)
    one, two = (wireshark.fields(capture, *FIELDS, two_pass=t) for t in (False, True))
    assert one == two
    assert any(cells.get("siptrail.registration.state") for cells in one.values())
    numbers = [f for f in FIELDS if not f.endswith("lapsed_for")]
    with sharkd(capture) as client:
        for frame in reversed(range(1, client.frames + 1)):
            seen = client.fields(frame, *numbers)
            assert {n: [v.removesuffix(" seconds") for v in values] for n, values in seen.items()} == \
                {n: v for n, v in two[frame].items() if n in numbers}


def test_fields_of_a_lapse(wireshark):
    found = wireshark.fields(named("registration-lapse"), *FIELDS)
    field = lambda frame, name: found[frame].get("siptrail.registration." + name)
    assert field(3, "state") == ["unknown"] and field(4, "state") == ["registered"]
    assert field(4, "expires") == field(4, "requested") == ["20"]
    assert [field(frame, "refresh") for frame in (4, 8, 12)] == [None, ["1"], ["2"]]
    assert field(24, "state") == ["lapsed"] and field(24, "previous_in") == ["12"]
    assert 73 < float(field(24, "lapsed_for")[0]) < 75
    assert field(38, "requested") == ["0"] and field(39, "state") == ["removed"]


def test_another_call_id_each_time(wireshark, read):
    """Still one registration, and its lapse is one."""
    capture = Capture("new-calls", "finding-registration-lapsed-new-calls.pcapng", (), (), "")
    row, = rows_of(wireshark.tables(capture, "siptrail,registrations"))
    right, = registration_rows(read(capture, ()))
    assert all(agrees(row[title], expected) for title, expected in right.items()), right
    assert [row[t] for t in ("State", "Refreshes", "Failures", "Lapses", "Lapsed for")] == ["registered", "3", "2", "1", "59.4 s"]


def test_minimum(wireshark):
    found = wireshark.fields(named("interval-too-brief"), *FIELDS)
    assert found[4]["siptrail.registration.min_expires"] == ["300"]
