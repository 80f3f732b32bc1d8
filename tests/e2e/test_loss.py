"""Captures of which packets are missing, doubled or swapped: what is said of the rest is what the whole capture says.

A link may be absent, but where there is one it leads to the same message; and no challenge is said to be refused, unanswered or
given up that the whole capture shows to have ended otherwise. Some of it cannot be had, as what would tell is really gone:

- The first use of a nonce is missing: the next request with that nonce is taken for the retry, if neither its count nor CSeq tells.
- The 401 to a request is missing, or comes after the answer to it; another one with the same nonce, of that call or to that phone,
  is there: that one is taken for the challenge.
- The challenge is missing whose nonce a refresh uses: that this nonce had been accepted before cannot be known, and a refusal
  that does not say stale is one.
- The first final response is missing, another one to a retransmission is not: a server that judges each copy by itself may
  have accepted the first and refused the second.
- The whole retry is missing with all its answers, or all the answers are: that looks like a client or a server that fell
  silent, if the capture goes on for long enough.
"""
import collections
import concurrent.futures
import os
import random

import pytest

from packets import Pcapng
from sharkd import Sharkd
from wireshark import captures

RATES, SEEDS = (0.01, 0.05, 0.20), range(3)
FRAGMENTED = {"udp-fragments", "fragments-dropped", "edge-with-path", "one-box"}
LINKS = ["siptrail.request_in", "siptrail.response_in", "siptrail.retransmission_of", "siptrail.ack_of", "siptrail.cancels",
         "siptrail.challenge_in", "siptrail.retry_in", "siptrail.outcome_in", "siptrail.no_notify.subscribe_in"]
OUTCOME, CLAIMS = "siptrail.outcome", {"rejected", "no-answer", "no-retry"}
# That compare messages with each other: where one of these is missing they are silent.
FINDINGS, COMPARING = "findings", {"nonce_differs", "realm_differs", "nc_replayed", "nc_skipped", "nc_not_reset", "cseq_decreased",
                                   "registration_lapsed", "refresh_unanswered", "subscription_lapsed", "refresh_without_credentials", "late_stale",
                                   "notify_missing", "notify_body_not_due", "notify_not_due", "notify_without_etag", "notify_after_end",
                                   "state_change_with_body", "known_body_sent", "condition_ignored", "condition_removed",
                                   "no_notify_expiry_missed", "no_notify_not_counted", "no_notify_not_understood"}

# All of them rest on one fixture, which takes minutes.
pytestmark = pytest.mark.xdist_group(__name__)

Variant = collections.namedtuple("Variant", "name capture frames")      # frames: number in the whole capture of each packet


def lossy(count, rate, seed):
    chance = random.Random(f"{rate} {seed}")
    kept = [frame for frame in range(1, count + 1) if chance.random() >= rate]
    return kept if len(kept) < count else [frame for frame in kept if frame != chance.randint(1, count)]


def doubled(count, seed):
    chance = random.Random(seed)
    return [frame for frame in range(1, count + 1) for _ in range(chance.choice((1, 1, 2)))]


def swapped(seconds, seed):
    """Neighbours within a second: two links that are merged disturb the order by no more."""
    chance, frames = random.Random(seed), list(range(1, len(seconds) + 1))
    for i in range(0, len(seconds) - 1):
        if chance.random() < 0.2 and seconds[i + 1] - seconds[i] <= 1:
            frames[i], frames[i + 1] = frames[i + 1], frames[i]
    return frames


def orders(seconds):
    """{name: frames}, each order once."""
    count = len(seconds)
    found = {"whole": list(range(1, count + 1))}
    found |= {f"{rate:.0%} lost, seed {seed}": lossy(count, rate, seed) for rate in RATES for seed in SEEDS}
    found |= {f"doubled, seed {seed}": doubled(count, seed) for seed in SEEDS}
    found |= {f"swapped, seed {seed}": swapped(seconds, seed) for seed in SEEDS}
    distinct = {}
    for name, frames in found.items():
        distinct.setdefault(tuple(frames), name)
    return {name: frames for frames, name in distinct.items() if frames}


def variants(wireshark, capture):
    whole = Pcapng(wireshark.path(capture))
    for name, frames in orders(whole.seconds()).items():
        if name.startswith("swapped") and capture.name in FRAGMENTED:
            continue        # the message stands in the last fragment, another frame now
        file = f"{capture.name}-{name.replace(' ', '-').replace('%', '')}.pcapng"
        whole.write(wireshark.folder / "captures" / file, [whole.packets[frame - 1] for frame in frames])
        yield Variant(name, capture._replace(name=file, file=file), frames)


def said_of(capture, wireshark):
    """[(variant, {frame of the whole capture: {field: [values]}})], with values that are frames of the whole capture, too."""
    found = []
    with Sharkd(wireshark, capture) as client:
        for variant in variants(wireshark, capture):
            client.call("load", file=str(wireshark.path(variant.capture)))
            found.append((variant, said_in_order(client, variant.frames)))
    return found


def said_in_order(client, frames):
    said = collections.defaultdict(lambda: collections.defaultdict(set))
    for number, origin in enumerate(frames, 1):
        nodes = client.nodes(number)
        for name, values in client.fields_of(nodes, OUTCOME, *LINKS).items():
            said[origin][name] |= {frames[int(v) - 1] for v in values} if name in LINKS else set(values)
        said[origin][FINDINGS] |= client.findings_of(nodes) & COMPARING
    return said


@pytest.fixture(scope="module")
def damaged(wireshark):
    """{capture: what said_of says}; all at once, as that is faster."""
    every = captures()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda capture: said_of(capture, wireshark), every)
        return {capture.name: said for capture, said in zip(every, found)}


class Rightful:
    """Where the links of each message may lead, by the whole capture: {frame: {field: frames}}."""

    def __init__(self, truth):
        self.links = collections.defaultdict(lambda: collections.defaultdict(set))
        self.copies = collections.defaultdict(set)
        for exchange in truth.exchanges:
            if exchange.sibling:
                self._add(exchange.challenge, "siptrail.outcome_in", *finals(exchange.sibling.retry))
        for message in truth.messages:
            self.copies[message.original.frame].add(message.frame)
            self._transaction(message)
            if message.method == "ACK":
                self._add(message, "siptrail.ack_of", *acknowledged(truth, message))
            for use in message.credentials:
                self._credentials(message, use)
        for no_notify in truth.no_notify:
            if no_notify.subscribe:
                self._add(no_notify.response, "siptrail.no_notify.subscribe_in", no_notify.subscribe)

    def _add(self, message, name, *targets):
        self.links[message.original.frame][name] |= {target.original.frame for target in targets}

    def _transaction(self, message):
        if message.transaction:
            self._add(message, "siptrail.request_in", message.transaction.request)
            self._add(message, "siptrail.response_in", *finals(message))
            if message.exchange:
                self._add(message, "siptrail.outcome_in", *(f for f in finals(message) if f.code < 300))

    def _credentials(self, message, use):
        """A later request with the same nonce is the retry of a capture that lacks the first one."""
        same_call = [e.challenge for e in use.possible if e is use.exchange or e.challenge.call_id == message.call_id
                     or (e.challenge.source[0], e.challenge.target[0]) == (message.target[0], message.source[0])]
        self._add(message, "siptrail.challenge_in", *same_call, *filter(None, [use.nonce_from]))
        self._add(message, "siptrail.outcome_in", *finals(message))
        for challenge in same_call:
            self._add(challenge, "siptrail.retry_in", message)
            self._add(challenge, "siptrail.outcome_in", *finals(message))
            self._add(message, "siptrail.outcome_in", *(f for e in use.possible if e.retry for f in finals(e.retry)))

    def wrong(self, said, whole):
        first = {copy: frame for frame, copies in self.copies.items() for copy in copies}
        for frame, cells in said.items():
            mine = first.get(frame, frame)
            for name in cells.keys() & set(LINKS):
                right = self.links[mine][name] | {first.get(v, v) for copy in self.copies[mine] | {frame} for v in whole[copy][name]}
                right |= {mine} if name == "siptrail.retransmission_of" else set()
                for value in cells[name]:
                    if first.get(value, value) not in right:
                        yield f"frame {frame}: {name} is {value}, should be {sorted(right)}"


def finals(message):
    return [response for response in message.transaction.responses if response.code >= 200] if message.transaction else []


def acknowledged(truth, ack):
    """The final responses to the INVITE on this hop."""
    return [final for m in truth.messages if m.method == "INVITE" and (m.call_id, m.cseq[0]) == (ack.call_id, ack.cseq[0])
            and (m.source, m.target) == (ack.source, ack.target) for final in finals(m)]


def over_udp(truth):
    return {message.transport for message in truth.messages} == {"udp"}


def whole_and_variants(said):
    """What was said of the whole capture, and of its variants."""
    (_, whole), *variants = said
    return whole, variants


def test_links(capture, damaged, read):
    truth = read(capture, ())
    if not over_udp(truth):
        return
    rightful, (whole, found) = Rightful(truth), whole_and_variants(damaged[capture.name])
    lines = [f"{variant.name}: {line}" for variant, said in found for line in rightful.wrong(said, whole)]
    assert not lines, f"{len(lines)} differences\n" + "\n".join(lines)


def preloaded(exchange, frames):
    """The challenge that the refused credentials answer is missing."""
    request = exchange.challenge.transaction.request if exchange.challenge.transaction else None
    return any(use.possible and not {e.challenge.frame for e in use.possible} & frames for use in (request.credentials if request else ()))


def is_gone(claim, exchange, frames):
    """What would contradict the claim is not among these frames."""
    retry = (exchange.sibling or exchange).retry
    transactions = [m.transaction for m in (retry, exchange.challenge) if m and m.transaction]
    if claim == "rejected" and preloaded(exchange, frames):
        return True
    if claim == "rejected":
        return any(t.final and t.final.frame not in frames and len(t.responses) > 1 for t in transactions)
    answers = {r.frame for r in retry.transaction.responses if r.code >= 200} if retry else set()
    requests = {retry.frame} if retry and claim == "no-retry" else set()
    return not (answers | requests) & frames


def wrong_outcomes(variant, said, whole, truth):
    for exchange in truth.exchanges:
        frame, frames = exchange.challenge.frame, set(variant.frames)
        claimed = CLAIMS & said[frame][OUTCOME] - whole[frame][OUTCOME]
        wrong = sorted(claim for claim in claimed if not is_gone(claim, exchange, frames))
        if wrong and whole[frame][OUTCOME] - {"unknown"}:
            yield f"{variant.name}: frame {frame}: {wrong}, should be {sorted(whole[frame][OUTCOME])}"


def assert_none_wrong(wrong, capture, damaged, read):
    truth = read(capture, ())
    if not over_udp(truth):
        return
    whole, found = whole_and_variants(damaged[capture.name])
    lines = [line for variant, said in found for line in wrong(variant, said, whole, truth)]
    assert not lines, f"{len(lines)} differences\n" + "\n".join(lines)


def test_outcomes(capture, damaged, read):
    assert_none_wrong(wrong_outcomes, capture, damaged, read)


def is_notify_gone(frame, frames, truth):
    """Neither a NOTIFY of this call is among these frames, nor an answer to one."""
    call = next(message.call_id for message in truth.messages if message.frame == frame)
    return not any(m.frame in frames and m.call_id == call and m.cseq[1] == "NOTIFY" for m in truth.messages)


def wrong_findings(variant, said, whole, truth):
    """A message that is sent again may be the first of its kind now."""
    frames = set(variant.frames)
    first = {message.frame: message.original.frame for message in truth.messages}
    right = collections.defaultdict(set)
    for frame, cells in whole.items():
        right[first.get(frame, frame)] |= cells[FINDINGS]
    for frame, cells in said.items():
        for name in sorted(cells[FINDINGS] - right[first.get(frame, frame)]):
            if name == "notify_missing" and is_notify_gone(frame, frames, truth):
                continue
            yield f"{variant.name}: frame {frame}: {name}"


def test_findings(capture, damaged, read):
    assert_none_wrong(wrong_findings, capture, damaged, read)


def test_findings_are_compared(damaged):
    """Some of them are there to be said."""
    every = {name for said in damaged.values() for _, cells in said for frame in cells.values() for name in frame[FINDINGS]}
    assert {"registration_lapsed", "refresh_without_credentials"} <= every
