"""The rows of `-z siptrail,exchanges` against the truth. Tables are complete in one pass: they are printed at the end."""

from wireshark import captures

SAMPLE = """\
Challenge  Retry  Closed  Account                Peer            Digest  Outcome   Cause
        2      3       4  trunk@pbx.example.com  198.51.100.20   bad     rejected  digest_mismatch
        4      -       -  a b@pbx.example.com    198.51.100.20   -       no-retry  gave_up
"""


def exchange_rows(lines):
    """{challenge: (retry, closed, words of the row)}; an account may hold spaces, so no column is counted after it."""
    rows = {}
    for words in map(str.split, lines):
        if len(words) > 3 and words[0].isdigit():
            rows[int(words[0])] = words[1], words[2], words[3:]
    return rows


def test_exchange_rows():
    rows = exchange_rows(SAMPLE.splitlines())
    assert rows[2] == ("3", "4", ["trunk@pbx.example.com", "198.51.100.20", "bad", "rejected", "digest_mismatch"])
    assert rows[4][:2] == ("-", "-")


def test_exchanges(capture, wireshark, read):
    rows = exchange_rows(wireshark.tables(capture, "siptrail,exchanges"))
    differences = []
    exchanges = [e for e in read(capture, capture.rows).exchanges if e.challenge.challenges]
    challenges = {e.challenge.frame for e in exchanges}
    for exchange in exchanges:
        if exchange.superseded:
            continue
        # several answers to one request may share a row
        transaction = exchange.challenge.transaction
        siblings = [e for e in exchanges if e is exchange or transaction and e.challenge.transaction is transaction]
        candidates = [rows[e.challenge.frame] for e in siblings if e.challenge.frame in rows]
        expected = tuple(str(m.frame) if m else "-" for m in (exchange.retry, exchange.closing))
        if not any((retry, closed) == expected and exchange.outcome & set(words) for retry, closed, words in candidates):
            shown = "; ".join(" ".join([retry, closed, *words]) for retry, closed, words in candidates) or "missing"
            differences.append(f"{capture.name}, challenge {exchange.challenge.frame}: row is {shown}, "
                               f"should have {' '.join(expected)} {'|'.join(sorted(exchange.outcome))}")
    if exchanges:
        differences += [f"{capture.name}: row for frame {f}, which is no challenge" for f in rows if f not in challenges]
    assert not differences, f"{len(differences)} differences\n" + "\n".join(differences)


def test_filter_by_what_only_silence_tells(wireshark):
    """As docs/reference.md says: -2 there, too."""
    capture = next(capture for capture in captures() if capture.name == "multi-trunk")
    table = 'siptrail,exchanges,siptrail.outcome == "no-retry"'
    rows = exchange_rows(wireshark.tables(capture, "siptrail,exchanges"))
    silent = {frame for frame, (*_, words) in rows.items() if "no-retry" in words}
    at_once, later = (exchange_rows(wireshark.tshark(capture, *passes, "-q", "-z", table).splitlines()).keys() for passes in ((), ("-2",)))
    assert silent and silent <= later < rows.keys() and not silent & at_once
