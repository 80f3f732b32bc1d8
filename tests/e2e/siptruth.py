#!/usr/bin/python3
"""What a capture says about SIP authentication and 204 (No Notification), worked out without the plugin.

Wireshark is asked only for the octets of each SIP message, its frame, time and addresses. Everything else (parsing,
transactions, challenges, outcomes, digests, subscriptions) is computed here, by the RFCs, simply and slowly: this is the
reference that the plugin is tested against, so read it as a specification.

    siptruth.py CAPTURE [USER REALM TYPE SECRET]...     prints what it finds
"""
import collections
import json
import re
import struct
import subprocess
import sys
from dataclasses import dataclass, field

import sipdigest
from sipdigest import Row
from wireshark import epoch

# Definitions where the RFCs leave room.
TIMEOUT = 32.0          # seconds, 64*T1: no answer after that is an answer
SHORTEST_ANSWER = 100   # octets
TIMEOUT_DOUBT = 1.0     # this close to TIMEOUT both words are right
COPY_WINDOW = 0.020     # the same octets again sooner than this: the packet was captured twice, not sent twice

COMPACT = {"a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
           "e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
           "l": "content-length", "m": "contact", "n": "identity-info", "o": "event", "r": "refer-to", "s": "subject",
           "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity"}


# ---- Header values -------------------------------------------------------------------------------------------------

def split_commas(value):
    """Split a header value at commas outside quotes and angle brackets."""
    parts, start, quoted, angle, i = [], 0, False, False, 0
    while i < len(value):
        c = value[i]
        if quoted:
            if c == "\\":
                i += 1
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c == "<":
            angle = True
        elif c == ">":
            angle = False
        elif c == "," and not angle:
            parts.append(value[start:i].strip())
            start = i + 1
        i += 1
    parts.append(value[start:].strip())
    return [p for p in parts if p]


def parameters(text):
    """The ;name=value parameters at the end of a From, To, Via or Event value. Names in lower case."""
    result = {}
    for part in re.findall(r';\s*([^;=\s,]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^;\s,]*))?', text):
        result.setdefault(part[0].lower(), part[1].strip('"'))
    return result


def address_parameters(value):
    """Those of the header field, not those of the URI inside <...>."""
    value = re.sub(r'"(?:[^"\\]|\\.)*"', "", value, count=1)
    return parameters(value[value.rindex(">"):] if ">" in value else value)


def address_uri(value):
    value = re.sub(r'"(?:[^"\\]|\\.)*"', "", value, count=1)
    found = re.search(r"<([^>]*)>", value)
    uri = found.group(1) if found else value
    return uri.split(";")[0].strip()


@dataclass
class Auth:
    """One challenge or one set of credentials."""
    header: str                                 # www-authenticate, proxy-authorization, ...
    scheme: str
    items: list = field(default_factory=list)   # (name in lower case, text between the quotes, was it quoted)
    strays: list = field(default_factory=list)  # words that belong to no parameter

    def raw(self, name):
        return next((v for n, v, _ in self.items if n == name), None)

    def get(self, name, default=None):
        """The value without quotes and, if it was quoted, without quoting backslashes."""
        for n, v, quoted in self.items:
            if n == name:
                return re.sub(r"\\(.)", r"\1", v, flags=re.S) if quoted else v
        return default

    @property
    def kind(self):
        return "proxy" if self.header.startswith("proxy") else "www"

    @property
    def raw_username(self):
        return self.raw("username") or self.username

    @property
    def username(self):
        extended = self.get("username*")
        if extended is not None and self.get("username") is None:
            octets = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m.group(1).decode()),
                            extended.split("'", 2)[-1].encode("latin-1"))
            return octets.decode("latin-1")
        return self.get("username", "")

    @property
    def qop_literal(self):
        """An unquoted list sent back whole (`qop=auth,auth-int`) leaves words behind."""
        return ",".join([self.get("qop", "")] + [s for s in self.strays if s.lower() in ("auth", "auth-int")])


def parse_auth(header, value):
    """All challenges or credentials in one header line; several may stand in one line, joined by commas."""
    found, i = [], 0
    while True:
        i = re.compile(r"[\s,]*").match(value, i).end()
        if i >= len(value):
            return found
        token = re.compile(r'[^\s,="]*').match(value, i)
        name, i = token.group(), token.end()
        equals = re.compile(r"\s*=\s*").match(value, i)
        if name and equals and found:
            i = equals.end()
            if value[i:i + 1] == '"':
                text = re.compile(r'"((?:[^"\\]|\\.)*)', re.S).match(value, i)
                found[-1].items.append((name.lower(), text.group(1), True))
                i = min(text.end() + 1, len(value))
            else:
                text = re.compile(r"[^\s,]*").match(value, i)
                found[-1].items.append((name.lower(), text.group(), False))
                i = text.end()
        elif name and (not found or re.compile(r"\s+[^\s,=\"]+\s*=").match(value, i)):
            found.append(Auth(header, name))
        elif name and found:
            found[-1].strays.append(name)
        else:
            i += 1                              # a stray quote or equals sign


# ---- Messages ------------------------------------------------------------------------------------------------------

@dataclass(eq=False)
class Message:
    frame: int
    time: float
    source: tuple           # (address, port)
    target: tuple
    transport: str
    raw: bytes

    # The start line
    method: str = ""        # of a request
    uri: str = ""
    code: int = 0           # of a response
    phrase: str = ""

    headers: list = field(default_factory=list)     # (full name in lower case, value)
    body: bytes = b""
    complete: bool = True   # the body is all there

    # Links
    transaction: object = None
    retransmission_of: object = None    # the first sending of this message
    copy_of: object = None              # the same packet, captured before
    unreachable: float = None           # when ICMP said of this request that it did not arrive
    acknowledges: int = None            # over TCP: the number of what the other side sends next
    disconnected: float = None          # when the other side ended the connection of this request, having sent no answer in it
    fragments: bool = False             # its receiver sent some to its sender soon after, and not all of them are there
    alike: bool = False                 # retransmission_of is a judgement: some octets differ
    exchange: object = None             # of a 401 or 407
    credentials: list = field(default_factory=list)

    def get(self, name, default=""):
        return next((v for n, v in self.headers if n == name), default)

    def all(self, name):
        return [v for n, v in self.headers if n == name]

    @property
    def is_request(self):
        return bool(self.method)

    @property
    def first(self):
        """Neither sent again nor captured again."""
        return not self.retransmission_of and not self.copy_of

    @property
    def original(self):
        return self.copy_of.original if self.copy_of else self.retransmission_of or self

    @property
    def call_id(self):
        return self.get("call-id").strip()

    @property
    def cseq(self):
        parts = self.get("cseq").split()
        return (int(parts[0]) if parts and parts[0].isdigit() else -1, parts[1] if len(parts) > 1 else "")

    @property
    def from_tag(self):
        return address_parameters(self.get("from")).get("tag", "")

    @property
    def to_tag(self):
        return address_parameters(self.get("to")).get("tag", "")

    @property
    def via(self):
        """Sent-by and branch of the top Via."""
        top = split_commas(self.get("via"))
        match = re.match(r"SIP\s*/\s*2\.0\s*/\s*(\S+)\s+(\[[^\]]*\]|[^\s:;,]+)\s*(?::\s*(\d+))?", top[0] if top else "", re.I)
        if not match:
            return "", ""
        default = {"TLS": 5061, "WS": 80, "WSS": 443}.get(match.group(1).upper(), 5060)
        port = int(match.group(3)) if match.group(3) else default
        return f"{match.group(2).lower()}:{port}", parameters(top[0]).get("branch", "")

    @property
    def challenges(self):
        names = ("www-authenticate", "proxy-authenticate")
        return [a for n, v in self.headers if n in names for a in parse_auth(n, v)]

    def __str__(self):
        what = f"{self.method} {self.uri}" if self.is_request else f"{self.code} for {self.cseq[1]}"
        return f"frame {self.frame}: {what}"


def parse_message(frame, time, source, target, transport, raw):
    """A Message, or None when the octets are not one (keep-alive, the middle of a cut message)."""
    raw = raw.lstrip(b"\r\n")
    head, separator, rest = raw.partition(b"\r\n\r\n")
    lines = re.sub(r"\r?\n[ \t]+", " ", head.decode("latin-1")).split("\n")
    lines = [line.rstrip("\r") for line in lines]
    message = Message(frame, time, source, target, transport, raw)
    request = re.match(r"([A-Za-z0-9\-.!%*_+`'~]+) (\S+) SIP/2\.0\s*$", lines[0])
    response = re.match(r"SIP/2\.0 (\d{3})(?: (.*)|$)", lines[0])
    if request:
        message.method, message.uri = request.group(1), request.group(2)
    elif response:
        message.code, message.phrase = int(response.group(1)), response.group(2) or ""
    else:
        return None
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            message.headers.append((COMPACT.get(name, name), value.strip()))
    length = message.get("content-length").strip()
    message.body = rest[:int(length)] if length.isdigit() else rest
    message.complete = bool(separator) and (not length.isdigit() or len(rest) >= int(length))
    if message.is_request:
        names = ("authorization", "proxy-authorization")
        message.credentials = [Use(a, message) for n, v in message.headers if n in names for a in parse_auth(n, v)]
    return message


class _Pairs(list):
    """A JSON object as a list: one frame may hold the key `sip` several times."""


# All but code 4 of ICMP, which asks for smaller packets
UNREACHABLE = {("icmp", "3", str(code)) for code in range(16) if code != 4} | {("icmpv6", "1", str(code)) for code in range(8)}


def mark_unreachable(messages, quoted, time):
    """The request that an ICMP error quotes, and all copies of it before."""
    for message in messages:
        if quoted and quoted.is_request and message.is_request and (message.call_id, message.cseq, message.via) == (quoted.call_id, quoted.cseq, quoted.via):
            message.unreachable = message.unreachable or time


class Fragments:
    """Those of IPv4 datagrams, not all of which may be there."""

    def __init__(self):
        self.begun, self.ended = {}, set()      # source, target and identification, with the time of the first one

    def hear(self, time, header):
        datagram = header["ip.src"], header["ip.dst"], header["ip.id"]
        if int(header["ip.flags"], 16) & 1:
            self.begun.setdefault(datagram, time)
        elif int(header["ip.frag_offset"], 0):
            self.ended.add(datagram)

    def mark(self, messages):
        for datagram in self.begun.keys() - self.ended:
            for message in messages:
                after = self.begun[datagram] - message.time
                message.fragments |= 0 <= after <= TIMEOUT and datagram[:2] == (message.target[0], message.source[0])


class Connections:
    """Ends of TCP connections; whoever ends one first does not wait for an answer any more."""

    def __init__(self):
        self.acknowledges = None    # by the latest segment
        self.ends = []

    def hear(self, time, source, target, header):
        number, self.acknowledges = struct.unpack("!2I", header[4:12])
        if header[13] & 0b101:      # FIN, RST
            self.ends.append((time, source, target, number))

    def mark(self, messages):
        """Requests only: whether an answer came is for the reader."""
        left, ways = set(), collections.defaultdict(list)
        for message in messages:
            ways[message.source, message.target].append(message)
        for time, source, target, number in self.ends:
            asked = [m for m in ways.get((target, source), ()) if m.is_request and m.time <= time]
            for message in asked:
                sent = (number - message.acknowledges) % 2 ** 32 if message.acknowledges is not None else SHORTEST_ANSWER
                if sent < SHORTEST_ANSWER and message.frame not in left and not is_answered(message, messages, time):
                    message.disconnected = message.disconnected or time
            left |= {m.frame for m in asked + ways.get((source, target), []) if m.time <= time}


def is_answered(request, messages, time):
    return any(m.code >= 200 and m.time <= time and m.cseq == request.cseq and m.call_id == request.call_id for m in messages)


def read_messages(capture, options=(), run=subprocess.check_output):
    """(messages in order, time of the last frame). SIP quoted in an ICMP error or in a body is not a message of this hop."""
    layers_wanted = "frame ip ipv6 udp tcp sctp sip icmp icmpv6"
    output = run(["tshark", "-n", "-r", str(capture), *options, "-T", "json", "-x", "-j", layers_wanted])
    messages, last, fragments, connections = [], 0.0, Fragments(), Connections()
    for packet in json.loads(output.decode("utf-8", "replace"), object_pairs_hook=_Pairs):
        layers = dict(dict(packet)["_source"])["layers"]
        frame = time = None
        addresses, ports, transport, unreachable = (None, None), (None, None), "", False
        for name, value in layers:
            if name in ("icmp", "icmpv6"):
                unreachable = (name, dict(value).get(f"{name}.type"), dict(value).get(f"{name}.code")) in UNREACHABLE
                if not unreachable:
                    break
            elif unreachable:
                if name == "sip_raw":
                    mark_unreachable(messages, parse_message(frame, time, *[(None, None)] * 2, "", bytes.fromhex(value[0])), time)
            elif name == "frame":
                frame, time = int(dict(value)["frame.number"]), epoch(dict(value)["frame.time_epoch"])
            elif name in ("ip", "ipv6"):
                addresses = dict(value)[f"{name}.src"], dict(value)[f"{name}.dst"]
                if name == "ip":
                    fragments.hear(time, dict(value))
            elif name in ("udp", "tcp", "sctp"):
                transport = name
                ports = int(dict(value)[f"{name}.srcport"]), int(dict(value)[f"{name}.dstport"])
            elif name == "tcp_raw":
                header = bytes.fromhex(value[0])
                connections.hear(time, (addresses[0], int.from_bytes(header[:2], "big")), (addresses[1], int.from_bytes(header[2:4], "big")), header)
            elif name == "sip_raw":
                message = parse_message(frame, time, (addresses[0], ports[0]), (addresses[1], ports[1]), transport,
                                        bytes.fromhex(value[0]))
                if message:
                    message.acknowledges = connections.acknowledges if transport == "tcp" else None
                    messages.append(message)
        last = max(last, time)
    fragments.mark(messages)
    connections.mark(messages)
    return messages, last


# ---- Transactions (RFC 3261 sections 17.1.3 and 17.2.3) --------------------------------------------------------------

@dataclass(eq=False)
class Transaction:
    key: tuple
    request: Message                                # its first copy
    responses: list = field(default_factory=list)   # all, in order

    @property
    def final(self):
        return next((r for r in self.responses if r.code >= 200), None)

    @property
    def provisional(self):
        return next((r for r in self.responses if r.code < 200), None)


def transaction_key(message):
    """Equal for a request and its responses. Branches are compared octet by octet, the cookie in any case."""
    sent_by, branch = message.via
    number, method = message.cseq
    if message.is_request:
        method = message.method
    if branch.lower().startswith("z9hg4bk"):
        return branch, sent_by, method, number
    return message.call_id, message.from_tag, number, method, sent_by, branch


def link_transactions(messages):
    transactions = []
    for index, message in enumerate(messages):
        link_same_packet(messages[:index], message)
        if message.copy_of:
            message.transaction = message.copy_of.transaction
            if message.transaction and not message.is_request:
                message.transaction.responses.append(message)
            continue
        key = transaction_key(message)
        alike = [t for t in transactions if t.key == key]
        if message.is_request:
            message.transaction = same_request(alike, message)
            if message.transaction:
                message.retransmission_of = message.transaction.request
                message.alike = message.raw != message.retransmission_of.raw
            else:
                message.transaction = Transaction(key, message)
                transactions.append(message.transaction)
        elif alike:
            # The same message may have been seen on several hops (NAT, two interfaces): the reversed one is right.
            message.transaction = max(alike, key=lambda t: (hop_evidence(message, t.request), t.request.frame))
            link_same_response(message)
            message.transaction.responses.append(message)
    return transactions


def link_same_packet(earlier, message):
    for other in reversed(earlier):
        if message.time - other.time > COPY_WINDOW:
            return
        if other.raw == message.raw and other.frame != message.frame and not other.copy_of:
            message.copy_of = other
            return


def same_request(transactions, request):
    """The transaction of which this request is a retransmission: same sender and receiver, same credentials."""
    for transaction in transactions:
        first = transaction.request
        if (first.source, first.target) == (request.source, request.target) \
                and [u.auth.items for u in first.credentials] == [u.auth.items for u in request.credentials]:
            return transaction
    return None


def link_same_response(response):
    """A second 401 with another nonce is another challenge, though it answers the same request."""
    for other in response.transaction.responses:
        if other.first and other.code == response.code and other.to_tag == response.to_tag \
                and [c.items for c in other.challenges] == [c.items for c in response.challenges]:
            response.retransmission_of = other
            response.alike = other.raw != response.raw
            return


def hop_evidence(later, earlier):
    """How surely `later` went the way back of `earlier`: 3 same addresses and ports, 2 same addresses, 1 one of them."""
    if (later.source, later.target) == (earlier.target, earlier.source):
        return 3
    same = (later.source[0] == earlier.target[0]) + (later.target[0] == earlier.source[0])
    return same


# ---- Challenges and credentials --------------------------------------------------------------------------------------

@dataclass(eq=False)
class Exchange:
    """A 401 or 407, the first request that answers it, and the final response to that."""
    challenge: Message
    retry: Message = None
    uses: list = field(default_factory=list)    # every Use that answers it, in order
    outcome: frozenset = frozenset()            # acceptable words
    closing: Message = None
    idle: bool = False                          # its stale=true tells nothing
    superseded: bool = False                    # the client took another answer to the same request
    sibling: object = None                      # the exchange with that answer


@dataclass(eq=False)
class Use:
    """One set of credentials in one request."""
    auth: Auth
    request: Message
    exchange: Exchange = None
    evidence: str = ""          # nonce, or why another challenge was taken
    earlier: list = field(default_factory=list)     # uses of this nonce by this user before
    possible: list = field(default_factory=list)    # all exchanges that it may answer
    nonce_from: Message = None                      # no challenge: a 2xx told this nonce beforehand (nextnonce)
    verdict: sipdigest.Verdict = None

    @property
    def identity(self):
        return self.auth.kind, self.auth.get("realm"), self.auth.get("nonce"), self.auth.username

    @property
    def challenge(self):
        """The challenge that was answered: of several with this nonce and realm, the one with this algorithm."""
        if not self.exchange:
            return None
        mine = [c for c in self.exchange.challenge.challenges if same_challenge(self.auth, c)]
        algorithm = self.auth.get("algorithm", "md5").lower()
        return next((c for c in mine if c.get("algorithm", "md5").lower() == algorithm), mine[0] if mine else None)


def same_challenge(auth, challenge):
    return (auth.kind, auth.get("realm"), auth.get("nonce")) == (challenge.kind, challenge.get("realm"), challenge.get("nonce"))


def link_exchanges(messages):
    exchanges, nextnonces, uses = [], {}, []
    for message in messages:
        if not message.is_request:
            for value in message.all("authentication-info") + message.all("proxy-authentication-info"):
                for info in parse_auth("info", "Digest " + value):
                    nextnonces.setdefault(info.get("nextnonce"), message)
            if message.code in (401, 407) and message.first:
                message.exchange = Exchange(message)
                exchanges.append(message.exchange)
            elif message.code in (401, 407):
                message.exchange = message.original.exchange
            continue
        for use in message.credentials:
            link_use(exchanges, nextnonces, use)
        if message.first and message.method not in ("ACK", "CANCEL"):
            for use in message.credentials:
                use.earlier = [u for u in uses if u.identity == use.identity]
            uses += message.credentials
            for use in message.credentials:
                if use.exchange and hop_evidence(message, use.exchange.challenge):
                    use.exchange.uses.append(use)
                    use.exchange.retry = use.exchange.retry or message
    for exchange in exchanges:
        # the credentials that a fork sends to each of its branches answer the branch that asked
        there = [use for use in exchange.uses if hop_evidence(use.request, exchange.challenge) >= 2]
        exchange.retry = there[0].request if there else exchange.retry
    return exchanges


def link_use(exchanges, nextnonces, use):
    """By (kind, realm, nonce). Of several such challenges the one on this hop, of this call, and the latest."""
    request = use.request

    def best(candidates):
        return max(candidates, default=None, key=lambda e: (
            hop_evidence(request, e.challenge), e.challenge.call_id == request.call_id,
            e.challenge.cseq[1] == request.method, e.challenge.frame))

    if not use.auth.get("nonce"):
        return
    use.possible = [e for e in exchanges if any(same_challenge(use.auth, c) for c in e.challenge.challenges)]
    use.exchange = best(use.possible)
    if use.exchange:
        # credentials that a proxy passed on answer a challenge of an earlier hop
        here = hop_evidence(request, use.exchange.challenge)
        fork = here == 1 and len(use.possible) > 1 and use.exchange.challenge.call_id == request.call_id
        use.evidence = "nonce" if here and not fork else "nonce, on another hop"
        return
    same_nonce = [e for e in exchanges if any(c.get("nonce") == use.auth.get("nonce") for c in e.challenge.challenges)]
    if same_nonce:
        use.possible = same_nonce
        use.exchange, use.evidence = best(same_nonce), "nonce, but another header or realm"
    elif use.auth.get("nonce") in nextnonces:
        use.nonce_from = nextnonces[use.auth.get("nonce")]
    else:
        number, _ = request.cseq
        use.possible = [e for e in exchanges if e.retry is None and e.challenge.call_id == request.call_id
                        and e.challenge.cseq == (number - 1, request.method)]
        use.exchange = best(use.possible)
        use.evidence = "call and CSeq, but another nonce" if use.exchange else ""


def timed_out(since, end, word):
    if end - since > TIMEOUT + TIMEOUT_DOUBT:
        return frozenset([word])
    if end - since < TIMEOUT - TIMEOUT_DOUBT:
        return frozenset(["unknown"])
    return frozenset([word, "unknown"])


def says_stale(challenge):
    return challenge.get("stale", "").lower() == "true"


def says_stale_idly(exchange):
    """stale=true of a server that says so where no nonce was sent, or has said so when this began, tells nothing."""
    transaction = exchange.challenge.transaction
    if not transaction or not any(says_stale(c) for c in exchange.challenge.challenges):
        return False
    sent = transaction.request.credentials
    return not sent or any(u.exchange and u.exchange.idle and not may_be_stale(u) for u in sent)


def may_be_stale(use):
    return use.verdict.status == {"good"} or accepted_before(use)


def judge_exchanges(exchanges, end):
    for exchange in exchanges:
        exchange.idle = says_stale_idly(exchange)
        transaction = exchange.retry.transaction if exchange.retry else None
        exchange.closing = transaction.final if transaction else None
    for exchange in exchanges:
        exchange.outcome = judge(exchange, exchanges, end)


def judge(exchange, exchanges, end):
    challenge, retry, closing = exchange.challenge, exchange.retry, exchange.closing
    if not retry:
        words = timed_out(challenge.time, end, "unknown" if challenge.fragments else "no-retry")
        if challenge.transaction:
            words |= judge_superseded(exchange, exchanges)
        return words
    if not closing and retry.disconnected:
        return frozenset(["no-answer"])
    if not closing:
        words = timed_out(retry.time, end, "no-answer")
        if retry.method == "INVITE" and retry.transaction.provisional:
            # no time-out of the protocol runs once it rings
            return words | {"unknown"}
        return words
    return judge_answer([u for u in exchange.uses if u.request is retry], closing)


def judge_superseded(exchange, exchanges):
    """One request may get several final answers, when its copies are judged one by one; the client takes one of them."""
    transaction = exchange.challenge.transaction
    exchange.sibling = next((e for e in exchanges if e.retry and e.challenge.transaction is transaction), None)
    exchange.superseded = bool(exchange.sibling) or transaction.final is not exchange.challenge
    if not exchange.superseded:
        return frozenset()
    return frozenset(["unknown", "no-retry"]) | (judge(exchange.sibling, exchanges, 0) if exchange.sibling else frozenset()) \
        | (frozenset(["accepted"]) if transaction.final.code < 300 else frozenset())


def judge_answer(answered, closing):
    """The word for a final response to a request with these credentials."""
    if closing.code < 300:
        return frozenset(["accepted"])
    if closing.code == 403:
        return frozenset(["forbidden"])
    if closing.code == 423:
        return frozenset(["interval-too-brief"])
    if closing.code in (401, 407):
        return judge_next_challenge(answered, closing)
    return frozenset(["failed"])


def judge_next_challenge(answered, closing):
    offered = closing.challenges
    if not offered:
        return frozenset(["rejected", "failed"])        # refused again without a challenge
    again = [c for c in offered if any((u.auth.kind, u.auth.get("realm")) == (c.kind, c.get("realm")) for u in answered)]
    if any(says_stale(c) for c in again):
        if any(u.exchange and u.exchange.idle and not may_be_stale(u) for u in answered):
            return frozenset(["rejected"])
        wrong = any(u.verdict.status == {"bad"} and not u.earlier for u in answered)
        return frozenset(["stale", "rejected"] if wrong else ["stale"])
    if not again:
        if any(c.get("realm") in {u.auth.get("realm") for u in answered} for c in offered):
            return frozenset(["other-realm", "rejected"])   # the same name, but a proxy asked and then a server, or so
        return frozenset(["other-realm"])
    if all(c.get("nonce") in {u.auth.get("nonce") for u in answered} for c in again):
        return frozenset(["rejected"])
    if any(accepted_before(u) for u in answered) or re.search("nonce|stale", closing.phrase, re.I):
        return frozenset(["stale"])             # evident: this very nonce was good for this user; or said in words
    following = closing.exchange
    if any(u.verdict.status == {"good"} for u in answered) and following.closing and following.closing.code < 300:
        return frozenset(["rejected", "stale"])     # the right digest was refused, the next one was not
    return frozenset(["rejected"])


def accepted_before(use):
    finals = [u.request.transaction.final for u in use.earlier]
    return any(final and final.code < 300 for final in finals)


def judge_digests(messages, rows):
    first_cnonces = {}
    for message in messages:
        for use in message.credentials:
            auth = use.auth
            first = first_cnonces.setdefault((auth.get("realm"), auth.get("nonce"), auth.username), auth.get("cnonce"))
            body = message.body if message.complete else None
            use.verdict = sipdigest.verify(auth, message.method, body, rows, use.challenge, first)


# ---- 204 (No Notification), RFC 5839 ---------------------------------------------------------------------------------

@dataclass(eq=False)
class NoNotify:
    response: Message
    subscribe: Message = None
    event: str = ""
    etag: str = ""
    etag_in: list = field(default_factory=list)     # acceptable NOTIFYs: the first that bore the tag, and the last
    expires: str = ""
    notify: Message = None                          # one that came though none was due
    notify_sure: bool = True


def event_of(message):
    """`presence` or `presence;id=5`."""
    value = message.get("event")
    package = value.split(";")[0].strip()
    number = parameters(value).get("id")
    return f"{package};id={number}" if number else package


def dialog(message):
    return message.call_id, frozenset([message.from_tag, message.to_tag])


def link_no_notify(messages):
    found = []
    for message in messages:
        if message.code != 204 or not message.first:
            continue
        result = NoNotify(message, expires=message.get("expires").split(";")[0].strip())
        found.append(result)
        request = message.transaction.request if message.transaction else None
        if not request or request.method != "SUBSCRIBE":
            continue
        result.subscribe = request
        result.event = event_of(request)
        result.etag = request.get("suppress-if-match").strip()
        notifies = [m for m in messages if m.method == "NOTIFY" and m.first and event_of(m) == result.event
                    and {m.source[0], m.target[0]} == {request.source[0], request.target[0]}]
        mine = [m for m in notifies if dialog(m) == dialog(message)]
        result.etag_in = etag_sources(result.etag, request, mine, notifies)
        result.notify, result.notify_sure = superfluous_notify(messages, result, mine)
    return found


def etag_sources(etag, request, mine, notifies):
    if not etag or etag == "*":
        return []
    resource = {address_uri(request.get("from")), address_uri(request.get("to"))}
    for group in (mine, [m for m in notifies if {address_uri(m.get("from")), address_uri(m.get("to"))} == resource]):
        bearing = [m for m in group if m.frame < request.frame and m.get("sip-etag").strip() == etag]
        if bearing:
            return [bearing[0], bearing[-1]]
    return []


def superfluous_notify(messages, no_notify, notifies):
    """(NOTIFY, sure) that the 204 should have suppressed; see RFC 5839 sections 5.2, 6.2 and 6.3."""
    response, etag = no_notify.response, no_notify.etag
    for later in notifies:
        if later.frame <= response.frame:
            continue
        if any(m.method == "SUBSCRIBE" and m.first and m is not no_notify.subscribe and dialog(m) == dialog(response)
               and event_of(m) == no_notify.event and response.frame < m.frame < later.frame for m in messages):
            return None, True                   # that SUBSCRIBE has its own rules
        tag = later.get("sip-etag").strip()
        if etag != "*" and tag and tag != etag:
            continue                            # the state changed
        if later.body:
            return later, bool(tag) or etag == "*"
        before = [m for m in notifies if m.frame < later.frame]
        if before and state(before[-1]) == state(later):
            return later, True
        if not before:
            return later, False
    return None, True


def state(notify):
    value = notify.get("subscription-state")
    return value.split(";")[0].strip().lower(), parameters(value).get("reason")


# ---- Between client and server ---------------------------------------------------------------------------------------

def branches(message):
    """Those of all Vias, the topmost first."""
    return [parameters(via).get("branch", "") for value in message.all("via") for via in split_commas(value)]


def offers(challenge, realm):
    """(algorithm, qop values) of what is on offer for a realm, in order."""
    return [(c.get("algorithm", "MD5").upper(), [q.strip().lower() for q in c.get("qop", "").split(",") if q.strip()])
            for c in challenge.challenges if c.scheme.lower() == "digest" and c.get("realm") == realm]


def weakened(truth):
    """{frame: finding}. Who passes a response on takes its own Via off and leaves the challenges alone (RFC 3261 section 16.7);
    a fork joins several."""
    found = {}
    for outer in truth.exchanges:
        inner = [e.challenge for e in truth.exchanges if e.challenge.frame < outer.challenge.frame
                 and e.challenge.code == outer.challenge.code and branches(e.challenge)[1:] == branches(outer.challenge)]
        if len(inner) != 1:
            continue
        for realm in {c.get("realm") for c in inner[0].challenges}:
            before, after = offers(inner[0], realm), offers(outer.challenge, realm)
            sha = lambda lines: [algorithm.startswith("SHA-") for algorithm, _ in lines]
            qop = lambda lines: {value for _, values in lines for value in values}
            if not before or not after:
                continue
            if any(sha(before)) > any(sha(after)) or bool(qop(before)) > bool(qop(after)) \
                    or (len(before) == len(after) and sha(before)[0] > sha(after)[0]):
                found[outer.challenge.frame] = "challenge_weakened"
            elif "auth-int" in qop(before) - qop(after):
                found[outer.challenge.frame] = "auth_int_removed"
    return found


def address_of_record(message):
    """Who registers, or calls: `user@host`."""
    uri = address_uri(message.get("to" if message.cseq[1] == "REGISTER" else "from"))
    return re.sub(r"^sips?:|:\d+$", "", uri, flags=re.I).lower()


def refusals(request, use):
    """{frame: sure} of the response that refuses these credentials; sure if nothing but who they are for can be the reason."""
    final = request.transaction.final if request.transaction else None
    if not final or final.code < 300:
        return {}
    identity = final.code in (401, 403, 407) or (final.code == 404 and request.method == "REGISTER")
    fresh = final.code not in (401, 407) or judge_answer([use], final) == {"rejected"}
    return {final.frame: identity and fresh and use.verdict.status == {"good"}}


def renamed(truth):
    """({frame: sure}, {frame: sure}): refusals of an answer whose address-of-record is another one than in the refused request of
    the same call (RFC 3261 section 8.1.3.5), and of credentials that went to another server for another one before."""
    changed, rewritten, sent = {}, {}, []
    for message in truth.messages:
        for use in message.credentials if message.first and message.method not in ("ACK", "CANCEL") else []:
            asked = use.exchange.challenge.transaction if use.exchange and use.exchange.retry is message else None
            if asked and asked.request.call_id == message.call_id \
                    and address_of_record(asked.request) != address_of_record(message):
                changed.update(refusals(message, use))
            same = next((m for m, u in sent if (u.auth.get("nonce"), u.auth.get("response")) ==
                         (use.auth.get("nonce"), use.auth.get("response"))), message)
            if same.target[0] != message.target[0] and address_of_record(same) != address_of_record(message):
                rewritten.update(refusals(message, use))
            sent.append((message, use))
    return changed, rewritten


KEEP_ALIVE = 29.0       # seconds, RFC 5626 section 4.4.2: no NAT that a client has to mind forgets sooner


def granted_flows(messages):
    """(address and port, from, until) for each REGISTER over UDP that was accepted."""
    for message in messages:
        final = message.transaction.final if message.is_request and message.transaction else None
        if message.method != "REGISTER" or message.transport != "udp" or not message.first or len(branches(message)) != 1 \
                or not final or final.code >= 300:
            continue
        listed = [int(s) for value in final.all("contact") for s in re.findall(r";\s*expires=(\d+)", value, re.I)]
        yield message.source, final.time, final.time + max([*listed, int(final.get("expires") or 0)])


def is_registered(flows, flow, time):
    """The latest answer counts: it may have removed the contact."""
    ends = [until for source, since, until in flows if source == flow and since < time]
    return bool(ends) and ends[-1] > time


def unheard(truth, datagrams):
    """{frame}: requests to a client that is registered over UDP, sent again and again; for longer than a NAT needs to forget it nothing
    had come from there, and nothing comes for 64*T1.

    datagrams() gives (time, address, port) of whatever was sent over UDP, keep-alives too."""
    flows, found, heard = list(granted_flows(truth.messages)), set(), None
    for message in truth.messages:
        if not message.is_request or not message.first or message.method in ("ACK", "CANCEL") or message.transaction.responses \
                or truth.end - message.time <= TIMEOUT or not any(m.retransmission_of is message for m in truth.messages) \
                or not is_registered(flows, message.target, message.time):
            continue
        heard = datagrams() if heard is None else heard
        times = [time for time, *source in heard if tuple(source) == message.target]
        before = [time for time in times if time < message.time]
        if message.time - max(before, default=0) > KEEP_ALIVE and not any(0 <= t - message.time <= TIMEOUT for t in times):
            found.add(message.frame)
    return found


def place_of(uri):
    """(user, host, port) of a SIP URI whose host is an IPv4 address; None of any other."""
    found = re.match(r"sips?:(?:([^@;?]*)@)?(\d+\.\d+\.\d+\.\d+)(?::(\d+))?(?=[;?]|$)", uri, re.I)
    return found and (found[1] or "", found[2], int(found[3] or 5060))


def misplaced(truth):
    """{frame}: the third copy of a request over UDP, still without an answer, to the address of a contact which one account has
    registered with the one who sends it, while its REGISTER had come through a NAT, and nobody is registered from there."""
    flows, found = list(granted_flows(truth.messages)), set()
    grants = [m for m in truth.messages if m.method == "REGISTER" and m.is_request and m.first and m.transport == "udp"
              and len(branches(m)) == 1 and m.transaction and m.transaction.final and m.transaction.final.code < 300]
    for message in truth.messages:
        copies = [m for m in truth.messages if m.retransmission_of is message]
        place = place_of(message.uri) if message.is_request and message.transport == "udp" and message.method not in ("ACK", "CANCEL") else None
        if not place or len(copies) < 2 or any(m.time < copies[1].time for m in message.transaction.responses) \
                or tuple(message.target) in {tuple(source) for source, _, _ in flows}:
            continue
        named = [m for m in grants if m.target[0] == message.source[0] and m.transaction.final.time < message.time
                 and place in {place_of(address_uri(c)) for c in m.all("contact")}]
        sent_by = named and re.search(r"/UDP\s+([^\s;:]+)", named[-1].get("via"), re.I)[1]
        if place[1:] == tuple(message.target) and len({address_of_record(m) for m in named}) == 1 \
                and re.fullmatch(r"[\d.]+", sent_by) and sent_by != named[-1].source[0] and tuple(named[-1].source) != place[1:] \
                and is_registered(flows, named[-1].source, copies[1].time):
            found.add(copies[1].frame)
    return found


def read_datagrams(capture, options=(), run=subprocess.check_output):
    names = "frame.time_epoch ip.src ipv6.src udp.srcport".split()
    output = run(["tshark", "-n", "-r", str(capture), *options, "-Y", "udp && !icmp && !icmpv6", "-T", "fields",
                  *(a for name in names for a in ("-e", name))])
    lines = [line.split("\t") for line in output.decode().splitlines()]
    return [(epoch(time), four or six, int(port)) for time, four, six, port in lines]


# ---- The whole -------------------------------------------------------------------------------------------------------

@dataclass
class Truth:
    messages: list
    end: float
    exchanges: list
    no_notify: list


def analyse(messages, end, rows=()):
    link_transactions(messages)
    exchanges = link_exchanges(messages)
    judge_digests(messages, rows)
    judge_exchanges(exchanges, end)
    return Truth(messages, end, exchanges, link_no_notify(messages))


def truth_of(capture, rows=(), options=(), run=subprocess.check_output):
    messages, end = read_messages(capture, options, run)
    return analyse(messages, end, [Row(*r) for r in rows])


def describe(truth):
    start = truth.messages[0].time if truth.messages else 0
    for m in truth.messages:
        line = [f"{m.frame:5} {m.time - start:9.3f} {m.source[0]}:{m.source[1]} > {m.target[0]}:{m.target[1]} "
                f"{m.method or m.code} {m.cseq[0]} {m.cseq[1] if not m.is_request else ''}"]
        if m.copy_of:
            line.append(f"copy of {m.copy_of.frame}")
        if m.retransmission_of:
            line.append(f"retransmission of {m.retransmission_of.frame}" + (", octets differ" if m.alike else ""))
        if not m.is_request:
            line.append(f"answers {m.transaction.request.frame}" if m.transaction else "request not seen")
        for use in m.credentials:
            origin = "challenge not seen"
            if use.exchange:
                origin = f"challenge in {use.exchange.challenge.frame} ({use.evidence})"
            elif use.nonce_from:
                origin = f"nextnonce of {use.nonce_from.frame}"
            line.append(f"{use.auth.username}@{use.auth.get('realm')} nc {use.auth.get('nc')}: {use.verdict}, {origin}")
        if m.exchange and m.first:
            e = m.exchange
            line.append(f"{', '.join(str(c.get('realm')) for c in m.challenges)}: retry {e.retry and e.retry.frame}, "
                        f"{'/'.join(sorted(e.outcome))} in {e.closing and e.closing.frame}" + ", superseded" * e.superseded)
        for n in truth.no_notify:
            if n.response is m:
                line.append(f"SUBSCRIBE {n.subscribe and n.subscribe.frame}, {n.event}, tag {n.etag} of "
                            f"{[x.frame for x in n.etag_in]}, {n.expires} s, superfluous NOTIFY {n.notify and n.notify.frame}")
        yield "; ".join(line)


if __name__ == "__main__":
    quiet = lambda command: subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    arguments = sys.argv[2:]
    table = [arguments[i:i + 4] for i in range(0, len(arguments), 4)]
    print("\n".join(describe(truth_of(sys.argv[1], table, run=quiet))))
