"""What a capture says about registrations and about the accounts behind its challenges, worked out without the plugin.

Definitions, for one contact of one address-of-record at one registrar (its address; and its port, unless it is 80, 443,
5060, 5061, or from 32768 on):

attempt    a REGISTER that names the contact, its retransmissions left out
success    a 2xx that lists the contact, or lists nothing, with an expiry above 0, or none. Of several that fit, the
           same URI counts, else the same place, else the address that the request came from; the longest of these.
           What lists the very contact that was to be removed lets it live on
failure    a 2xx that lists the contact with an expiry of 0, which was not asked for: it is registered no more; a final
           answer from 300 on, but for a challenge that refuses no credentials or calls them stale; or no answer within
           32 s to an attempt that was sent again, or at all to one of which ICMP says so, or whose connection
           the other side ends. A refusal to a copy of an attempt that succeeded is none
refresh    an attempt that succeeds while a success before it was not removed
lapse      the granted time ran out, by 2 s at least, before the next attempt: until the next success, or the end. Where
           messages are missing it is counted from when an unseen success would have run out: CSeq skips, an attempt that
           was not sent again has no answer, or a client that takes another Call-ID each time was silent for that long.
           None while it is not seen whether a removal that was asked for took place
challenged never granted, and the first of the challenges since which none was answered is 32 s old
unanswered never granted, no answer within 32 s to an attempt that was sent again, none to one that met a closed port, or to one that answers a challenge over TCP, and none since
replaced   ran out too, but the same client (instance, or else address) had registered another contact for the first time since; or
           it was, or was not, granted, and the same client was granted it at another registrar in the same Call-ID, and does not ask
           here since. A lapse in between is told of the registrar where the client was before
"""
import collections
import re
from dataclasses import dataclass, field

from siptruth import TIMEOUT, address_parameters, address_uri, judge_answer, parameters, split_commas

SLACK = 2.0
UNSAID = 3600.0        # a registrar's own time, which nobody knows


@dataclass
class Contact:
    uri: str            # with its parameters
    key: tuple
    user: str
    host: str
    instance: str
    flow: str
    expires: int = None


def contact_of(value):
    text = re.sub(r'"(?:[^"\\]|\\.)*"\s*(?=<)', "", value).strip()
    inside = re.search(r"<([^>]*)>", text)
    uri = inside.group(1) if inside else text.split(";")[0]
    rest = text[inside.end():] if inside else text[len(uri):]
    found = parameters(rest)
    user, at, place = re.sub(r"^\w+:", "", uri).rpartition("@")
    place = place.split(";")[0].lower() if at else re.sub(r"^\w+:", "", uri).split(";")[0].lower()
    instance, flow = found.get("+sip.instance", ""), found.get("reg-id", "")
    key = ("flow", instance, flow) if instance and flow else (user, re.sub(":5060$", "", place))
    host = re.sub(r":\d+$", "", place) if not place.endswith("]") else place
    return Contact(uri, key, user, host, instance, flow, number(found.get("expires")))


def number(text):
    return int(text) if text and text.strip().isdigit() else None


def contacts_of(message):
    header = number(message.get("expires"))
    found = [contact_of(v) for line in message.all("contact") for v in split_commas(line) if v != "*"]
    for contact in found:
        contact.expires = header if contact.expires is None else contact.expires
    return found


def address_of_record(message):
    uri = address_uri(message.get("to" if message.cseq[1] == "REGISTER" else "from"))
    return re.sub(r":\d+$", "", re.sub(r"^\w+:", "", uri))


def server_name(endpoint):
    """Servers on other ports than the usual ones are servers of their own."""
    host, port = endpoint[:2]
    usual = port in (80, 443, 5060, 5061) or port >= 32768
    return host if usual else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(eq=False)
class Registration:
    account: str
    registrar: str
    contact: str
    first: int                  # frame
    keys: list = field(default_factory=list)
    granted: int = None
    granted_in: object = None   # the 2xx
    granted_to: object = None   # the REGISTER
    deadline: float = 0.0
    refreshes: int = 0
    failures: int = 0
    doubtful: int = 0           # failures that may be none
    lapses: int = 0
    lapsed: float = 0.0
    last: object = None
    removed: bool = False
    refused: bool = False
    gap: float = None           # messages are missing before
    calls_vary: bool = False
    asked: object = None        # the latest attempt
    open: object = None         # the attempt since which there is no answer
    repeated: bool = False
    leaves: bool = False        # the latest attempt asks to remove it
    emptying: bool = False      # a REGISTER that removes all has no answer yet
    unanswered: bool = False    # the attempt before `open` got no answer
    left: object = None         # the first challenge since which none was answered
    replaced_by: object = None
    way: tuple = ()             # of the latest attempt: what it shares with one of the same client at another registrar
    moved_to: object = None     # the one at another registrar that succeeded since
    served: float = 0.0         # until then there

    def silent(self, now):
        return self.closed(now) or bool(self.open) and self.repeated and now - self.open.time > TIMEOUT

    def closed(self, now):
        said = [t for t in (self.open.unreachable, self.open.disconnected) if t] if self.open else []
        return any(time <= now for time in said)

    def lacks_answer(self, now):
        return bool(self.open) and not self.repeated and not self.closed(now) and now - self.open.time > TIMEOUT

    def latest_deadline(self, now):
        """When an unseen success would have run out."""
        unseen = [self.gap] if self.gap is not None else []
        unseen += [self.open.time] if self.lacks_answer(now) else []
        return max(self.deadline, self.served, *(since + (self.granted or 0) for since in unseen))

    def over(self, now):
        return bool(self.granted_in) and now > self.deadline + SLACK

    def went_elsewhere(self):
        there = self.moved_to and self.moved_to.granted_in
        return bool(there) and there.frame > self.asked.frame

    def state(self, now):
        if self.removed:
            return "removed"
        if self.granted_in:
            if not self.over(now):
                return "registered"
            if self.went_elsewhere() or self.replaced_by and self.replaced_by.granted_in:
                return "replaced"
            content = not self.repeated if self.open else self.last.code in (401, 407)
            leaves = self.leaves and content
            known = self.granted and now > self.latest_deadline(now) + SLACK
            return "lapsed" if known and not leaves and not self.emptying else "unknown"
        if self.went_elsewhere():
            return "replaced"
        asked = self.last.exchange if self.last else None
        if self.unanswered or self.silent(now) or (asked and asked.retry and asked.outcome == {"no-answer"}):
            return "unanswered"
        if self.refused:
            return "refused"
        if self.left and self.left.outcome == {"no-retry"} and not self.last.exchange.retry:
            return "challenged"
        return "unknown"


class Registrations:
    def __init__(self, truth):
        self.all, self.bindings, self.calls, self.clients = [], {}, {}, {}
        self.ways = collections.defaultdict(list)
        self.asks = {}              # request: [(registration, contact)]
        self.end = truth.end
        for message in truth.messages:
            if message.cseq[1] != "REGISTER" or message.copy_of:
                continue
            if message.is_request and message.retransmission_of:
                for registration, _ in self.asks.get(message.original, ()):
                    registration.repeated = True
            elif message.is_request:
                self.request(message)
            elif message.first and message.code >= 200 and message.transaction:
                self.response(message)

    def request(self, message):
        account = address_of_record(message), server_name(message.target)
        contacts = contacts_of(message)
        once = {c.key: c for c in reversed(contacts)}       # named twice, it is one all the same
        if "*" in message.all("contact"):
            self.empty(account, True)
        self.asks[message] = [(self.ask(message, account, c, len(contacts) == 1), c) for c in contacts if once[c.key] is c]

    def empty(self, account, emptying):
        for registration in self.all:
            if (registration.account, registration.registrar) == account:
                registration.emptying = emptying

    def ask(self, message, account, contact, alone):
        registration = self.find(message, account, contact, alone and not contact.flow and contact.expires != 0)
        now = message.time
        way = account[0], message.call_id, message.source[0], contact.instance, contact.instance and contact.flow
        if way != registration.way:
            if registration.way:
                self.ways[registration.way].remove(registration)
            self.ways[way].append(registration)
        registration.way = way
        self.gaps(registration, message)
        if registration.asked and registration.state(now) == "replaced" and registration.went_elsewhere():
            registration.served = registration.moved_to.deadline
        if registration.removed and contact.expires != 0:
            registration.removed, registration.granted_in = False, None
        if registration.silent(now):
            registration.failures += 1
            registration.open = None
            registration.unanswered = True
        if not registration.open or (not registration.repeated and now - registration.open.time > TIMEOUT):
            registration.open, registration.repeated = message, False
        registration.asked = message
        registration.leaves = contact.expires == 0
        registration.contact = contact.uri
        return registration

    def find(self, message, account, contact, alone):
        call, client = (account, message.call_id), (account, contact.instance or self.hop_before(message))
        found = self.bindings.get((account, contact.key))
        if not found and alone:
            back = self.clients.get(client)
            found = self.calls.get(call) or (back if back and back.over(message.time) and not back.removed else None)
            if found:
                self.bindings = {k: r for k, r in self.bindings.items() if r is not found}
        if not found:
            found = Registration(*account, contact.uri, message.frame)
            self.all.append(found)
            if client in self.clients:
                self.clients[client].replaced_by = found
        self.bindings[account, contact.key] = self.calls[call] = self.clients[client] = found
        return found

    @staticmethod
    def hop_before(message):
        """Behind a proxy its own, which tells several clients apart."""
        vias = [via for line in message.all("via") for via in split_commas(line)]
        return re.match(r"\[[^]]*\]|[^;:\s]+", vias[1].split(None, 1)[1])[0].lower() if len(vias) > 1 else message.source[0]

    def elsewhere(self, registration):
        others = [r for r in self.ways[registration.way] if r.registrar != registration.registrar and r.asked]
        return max(others, key=lambda r: r.asked.frame, default=None)

    def lapsed_before(self, registration, now):
        state, other = registration.state(now), self.elsewhere(registration)
        if state in ("lapsed", "registered"):
            return registration if state == "lapsed" else None
        return other if other and other.state(now) == "lapsed" else None

    def gaps(self, registration, message):
        before, other = registration.asked, self.elsewhere(registration)
        missing = registration.lacks_answer(message.time)
        if before and before.call_id == message.call_id:
            missing |= message.cseq[0] - (other.asked if other and other.asked.frame > before.frame else before).cseq[0] > 1
            if registration.granted_to is before:       # a refresh in the same call
                registration.calls_vary = False
        elif before and registration.calls_vary:
            missing |= message.time - before.time > (registration.granted or 0)
        if missing:
            registration.gap = message.time
        if before and before.call_id != message.call_id and registration.state(message.time) == "registered":
            registration.calls_vary = True

    def response(self, message):
        request = message.transaction.request
        if "*" in request.all("contact"):
            self.empty((address_of_record(request), server_name(request.target)), False)
        if message.code < 300 and "*" in request.all("contact"):
            account = address_of_record(request), server_name(request.target)
            for registration in self.all:
                if (registration.account, registration.registrar) == account:
                    registration.removed = True
        for registration, contact in self.asks.get(request, ()):
            if message.code < 300:
                self.success(registration, contact, request, message)
            elif registration.granted_to is request:
                continue
            else:
                self.failure(registration, request, message)
                exchange, before = message.exchange, registration.last and registration.last.exchange
                if not exchange or not registration.left or before and before.retry:
                    registration.left = exchange
            registration.open, registration.repeated, registration.last = None, False, message
            registration.unanswered = False

    def success(self, registration, contact, request, message):
        fit, seconds = self.granted(registration, contact, request, message)
        if contact.expires == 0 and fit >= 4 and seconds:
            registration.granted, registration.granted_in = seconds, message
            registration.deadline = message.time + seconds
            return
        if contact.expires == 0:
            registration.removed, registration.refused = True, False
            return
        if seconds == 0 and fit >= 3:
            registration.refused, registration.granted_in = True, None
            registration.failures += 1
        if seconds == 0:
            return
        if registration.granted_to is not request:
            lapsed = self.lapsed_before(registration, message.time)
            if lapsed:
                lapsed.lapses += 1
                lapsed.lapsed += message.time - lapsed.latest_deadline(message.time)
            registration.refreshes += bool(registration.granted_in) and not registration.removed
        registration.granted, registration.granted_in, registration.granted_to = seconds, message, request
        registration.deadline = message.time + (seconds or UNSAID)
        registration.removed = registration.refused = False
        self.empty((registration.account, registration.registrar), False)
        registration.replaced_by = registration.moved_to = registration.gap = None
        registration.served = 0.0
        other = self.elsewhere(registration)
        if other:
            other.moved_to = registration

    def granted(self, registration, contact, request, message):
        """How well the contact that is meant fits, and for how long; None: for a time that is not said."""
        listed = contacts_of(message)
        if not listed:
            header = number(message.get("expires"))
            return 0, contact.expires if header is None else header
        account = registration.account, registration.registrar
        alone = len(self.asks[request]) == 1
        received = message.get("via").split(",")[0]
        host = re.search(r";received=([^;\s]+)", received)
        rport = re.search(r";rport=(\d+)", received)
        seen = host[1] if host else request.source[0], rport[1] if rport else str(request.source[1])

        def fit(other):
            if other.uri == contact.uri and (not other.flow or other.key == contact.key):
                return 5
            if other.key == contact.key:
                return 4
            if not alone or (account, other.key) in self.bindings or other.user != contact.user:
                return 0
            port = re.search(r":(\d+)$", re.sub(r"^\w+:", "", other.uri).split(";")[0].rpartition("@")[2])
            return 1 + (other.host == seen[0]) + ((other.host, port[1] if port else "5060") == seen)

        expiry = lambda other: contact.expires if other.expires is None else other.expires
        best = max(listed, key=lambda other: (fit(other), expiry(other) or 0))
        return fit(best), expiry(best) if fit(best) else 0

    def failure(self, registration, request, message):
        credentials = [use for use in request.credentials if use.auth.get("nonce")]     # without, they only name a user
        words = judge_answer(credentials, message) if credentials else frozenset(["other-realm"])
        if message.code not in (401, 407) or words == {"rejected"}:
            registration.failures += 1
            registration.refused = True
        elif "rejected" in words:
            registration.doubtful += 1


# --- the columns that the table has --------------------------------------------------------------------------------

def duration(seconds):
    if seconds <= 0:
        return "-"
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes = int(seconds / 60)
    return f"{minutes} min {int(seconds) % 60} s" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def registration_row(r, end):
    """Cells by heading; a set where several are right."""
    going_on = end - r.latest_deadline(end) if r.state(end) == "lapsed" else 0
    failures = r.failures + r.silent(end)
    return {"Address-of-record": r.account, "Contact": r.contact, "Registrar": r.registrar, "State": r.state(end),
            "Expires": f"{r.granted} s" if r.granted_in and r.granted else "-", "Granted": str(r.granted_in.frame) if r.granted_in else "-",
            "Refreshes": str(r.refreshes), "Failures": {str(failures + n) for n in range(r.doubtful + 1)},
            "Lapses": str(r.lapses + bool(going_on)),
            "Lapsed for": {duration(r.lapsed + going_on + d) for d in (-0.001, 0, 0.001)} if r.lapsed + going_on else "-",
            "Last": str(r.last.frame) if r.last else "-", "Code": str(r.last.code) if r.last else "-"}


def registration_rows(truth):
    found = Registrations(truth)
    return [registration_row(r, found.end) for r in found.all]
