"""Which siptrail fields should stand on which frame, derived from the truth.

Where a definition leaves room (copies of a message, a nonce used again) an item is optional, or several values are right.
"""
from dataclasses import dataclass

from siptruth import judge_answer

BACKWARD = ["siptrail.request_in", "siptrail.retransmission_of", "siptrail.challenge_in", "siptrail.digest.status",
            "siptrail.no_notify.subscribe_in", "siptrail.no_notify.event", "siptrail.no_notify.etag",
            "siptrail.no_notify.etag_in", "siptrail.no_notify.expires"]
FORWARD = ["siptrail.response_in", "siptrail.retry_in", "siptrail.outcome_in", "siptrail.no_notify.notify_in"]
OUTCOME = "siptrail.outcome"
FIELDS = BACKWARD + FORWARD + [OUTCOME]

# With fields of which the truth says nothing, but which must not depend on how often a frame is dissected: known when the
# message is seen, or not before later ones.
AT_ONCE = BACKWARD + ["siptrail.attempt", "siptrail.nonce_use", "siptrail.challenge.realm", "siptrail.challenge.nonce",
                      "siptrail.credentials.username", "siptrail.credentials.realm", "siptrail.credentials.nonce",
                      "siptrail.digest.variant", "siptrail.digest.reason", "siptrail.registration.contact",
                      "siptrail.registration.state", "siptrail.registration.requested", "siptrail.registration.expires",
                      "siptrail.registration.min_expires", "siptrail.registration.refresh",
                      "siptrail.registration.previous_in"]
LATER = FORWARD + [OUTCOME, "siptrail.outcome.code", "siptrail.cause", "siptrail.account", "siptrail.meaning",
                   "siptrail.when", "siptrail.fix"]


@dataclass
class Item:
    """One field that stands, or may stand, on a frame."""
    message: object
    values: frozenset       # any of these is right
    required: bool

    def __str__(self):
        return "|".join(sorted(self.values)) + ("" if self.required else " (optional)")


class Contract:
    """{frame: {field: [Item]}} for a capture; forward: links to later frames are known, as in a second pass."""

    def __init__(self, truth, forward):
        self.truth = truth
        self.forward = forward
        self.frames = {}
        for message in truth.messages:
            self._links(message)
            self._credentials(message)
            self._challenge(message)
            self._closing(message)
        for no_notify in truth.no_notify:
            self._no_notify(no_notify)

    def _add(self, message, name, values, required=True):
        """Expect a field. Messages that are sent or captured again need not repeat what the first one says."""
        values = values if isinstance(values, (list, frozenset)) else [values]
        items = self.frames.setdefault(message.frame, {}).setdefault("siptrail." + name, [])
        items.append(Item(message, frozenset(map(str, values)), required and message.first))

    def _add_once(self, message, name, values, required=True):
        """Expect a field; the same value a second time on the same message may be left out."""
        before = self.frames.get(message.frame, {}).get("siptrail." + name, [])
        values = values if isinstance(values, (list, frozenset)) else [values]
        known = any(i.message is message and i.values == frozenset(map(str, values)) for i in before)
        self._add(message, name, values, required and not known)

    def _links(self, m):
        if m.copy_of:
            self._add(m, "retransmission_of", [m.copy_of.frame, m.original.frame], required=False)
        elif m.retransmission_of:
            self._add(m, "retransmission_of", m.retransmission_of.frame)
            self.frames[m.frame]["siptrail.retransmission_of"][-1].required = not m.alike
        if m.transaction and not m.is_request:
            self._add(m, "request_in", m.transaction.request.frame)
        if self.forward and m.transaction and m.is_request and m.transaction.final:
            every = [r.frame for r in m.transaction.responses if r.code >= 200]
            self._add(m, "response_in", m.transaction.final.frame if m.first else every)

    def _credentials(self, m):
        for use in m.credentials:
            self._add(m, "digest.status", use.verdict.status)
            final = m.transaction.final if m.transaction else None
            sure = use.evidence == "nonce"
            answered = [use.exchange] if sure else use.possible
            if use.exchange:
                self._add_once(m, "challenge_in", [e.challenge.frame for e in answered], required=sure)
            elif use.nonce_from:
                # not a challenge, but where the nonce is from
                before = [e.challenge.frame for u in use.nonce_from.transaction.request.credentials for e in u.possible]
                self._add(m, "challenge_in", [use.nonce_from.frame, *before], required=False)
            if not self.forward:
                continue
            if sure and use.exchange.retry is m.original:
                if use.exchange.closing:
                    self._add_once(m, "outcome_in", use.exchange.closing.frame)
            else:
                # the nonce was used before, or was issued elsewhere: another exchange, of which the contract does not speak
                self._add(m, "outcome_in", frames([e.closing for e in answered] + [final]), required=False)

    def _challenge(self, m):
        exchange = m.exchange
        if not exchange or not self.forward:
            return
        required = bool(m.challenges) and not exchange.superseded
        self._add(m, "outcome", exchange.outcome, required)
        answered = exchange.sibling or exchange
        if answered.retry:
            self._add(m, "retry_in", answered.retry.frame, required)
        if answered.closing:
            self._add(m, "outcome_in", answered.closing.frame, required)

    def _closing(self, m):
        """The message that ends an exchange says how, whatever is known of later frames."""
        if m.is_request or m.code < 200 or not m.transaction:
            return
        closed = [e for e in self.truth.exchanges if e.closing is m.original]
        for exchange in closed:
            self._add_once(m, "outcome", exchange.outcome)
        for use in m.transaction.request.credentials:
            if use.exchange in closed:
                continue
            # the answer to a nonce used again, or one answer more
            words = judge_answer([use], m.original)
            if use.exchange and use.exchange.retry is m.transaction.request:
                words |= use.exchange.outcome
                if self.forward and m.exchange:
                    self._add(m, "outcome_in", frames([use.exchange.closing]), required=False)
            self._add(m, "outcome", words, required=False)

    def _no_notify(self, n):
        if n.subscribe:
            self._add(n.response, "no_notify.subscribe_in", n.subscribe.frame)
        if n.event:
            self._add(n.response, "no_notify.event", n.event)
        if n.etag:
            self._add(n.response, "no_notify.etag", n.etag)
        if n.etag_in:
            self._add(n.response, "no_notify.etag_in", [m.frame for m in n.etag_in])
        if n.expires:
            self._add(n.response, "no_notify.expires", n.expires)
        if self.forward and n.notify:
            self._add(n.response, "no_notify.notify_in", n.notify.frame, required=n.notify_sure)

    def differences(self, capture, found, names):
        """One line for each frame and field where the plugin says something else."""
        lines = []
        for frame in sorted(set(self.frames) | set(found)):
            for name in names:
                items = self.frames.get(frame, {}).get(name, [])
                values = found.get(frame, {}).get(name, [])
                if not agree(items, values):
                    lines.append(f"{capture.name}, frame {frame}: {name} is {', '.join(values) or 'missing'}, "
                                 f"should be {', '.join(map(str, items)) or 'missing'}")
        return lines


def frames(messages):
    return [m.frame for m in messages if m]


def agree(items, values):
    """Can each value be given to an item that allows it, so that no required item is left over?"""
    if not values:
        return not any(item.required for item in items)
    return any(values[0] in item.values and agree(items[:i] + items[i + 1:], values[1:]) for i, item in enumerate(items))
