"""SUBSCRIBE, 204 (No Notification) and NOTIFY (RFC 5839)."""
from sip import Account, Message

NOTIFIER = ("198.51.100.20", 5060)  # behind the proxy, where there is one

OPEN, CLOSED = (f'<?xml version="1.0"?>\n<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:bob@pbx.example.com">'
                f'<tuple id="t1"><status><basic>{state}</basic></status></tuple></presence>\n' for state in ("open", "closed"))


def subscribed(phone, etag="e1", body=OPEN):
    """SUBSCRIBE, 200, NOTIFY, 200: frames 1 to 4. Half a minute passes."""
    phone.subscribe()
    phone.granted()
    phone.notify(etag, body)
    phone.scene.wait(30)


def renewed(phone, condition="e1"):
    """A subscription and its refresh by 204: frames 1 to 6."""
    subscribed(phone)
    phone.subscribe(condition=condition)
    phone.granted(204)
    phone.scene.wait(30)


def no_notify_not_subscribe(phone):
    phone.send("PUBLISH", [("Event", "presence"), ("Expires", 3600), ("SIP-If-Match", "dx200xyz")], uri="sip:100@pbx.example.com")
    phone.reply(204, [("Expires", 3600), ("SIP-ETag", "kwj449x")])


def no_notify_superseded(phone):
    subscribed(phone)
    phone.notify("e2", CLOSED)
    phone.scene.wait(30)
    phone.subscribe(condition="e1")
    phone.granted(204)


def no_notify_after_end(phone):
    subscribed(phone)
    phone.notify("e2", CLOSED, state="terminated;reason=deactivated")
    phone.scene.wait(30)
    phone.subscribe(condition="e2")
    phone.granted(204)


def no_notify_with_body(phone):
    subscribed(phone)
    phone.subscribe(condition="e1")
    phone.granted(204, headers=[("Content-Type", "application/pidf+xml")], body=OPEN)


def expires_missing(phone):
    subscribed(phone)
    phone.subscribe(condition="e1")
    phone.granted(204, expires=None)


def expires_missing_at_end(phone):
    subscribed(phone)
    phone.subscribe(0, condition="e1")
    phone.granted(204, expires=None)


def expires_raised(phone):
    subscribed(phone)
    phone.subscribe(600, condition="e1")
    phone.granted(204, expires=3600)


def condition_ignored(phone):
    subscribed(phone)
    phone.subscribe(condition="e1")
    phone.granted()
    phone.notify("e1", OPEN)


def notify_withheld(phone):
    """A notifier that keeps silent as it should, and does not know 204."""
    subscribed(phone)
    phone.subscribe(condition="e1")
    phone.granted()
    phone.scene.wait(1800)
    phone.subscribe(condition="e1")
    phone.granted()
    phone.scene.wait(10)
    phone.subscribe(condition="e1")
    phone.granted(204)


def condition_unsupported(phone):
    """A watcher that wants to hear of changes only, at a notifier that does as without RFC 5839."""
    phone.subscribe()
    phone.granted()
    phone.notify(None, OPEN)
    phone.scene.wait(1800)
    phone.subscribe(condition="*")
    phone.granted()
    phone.notify(None, OPEN)
    phone.scene.wait(60)
    phone.notify(None, CLOSED)


def star_ignored(phone):
    subscribed(phone)
    phone.subscribe(condition="*")
    phone.granted()
    phone.notify("e1", OPEN)


def accepted_202(phone):
    phone.subscribe()
    phone.granted(202)
    phone.notify(None, OPEN)


def condition_malformed(phone):
    subscribed(phone)
    phone.subscribe(condition='"e1"')
    phone.granted()
    phone.notify("e1", OPEN)


def condition_unknown(phone):
    subscribed(phone)
    phone.subscribe(condition="E1")
    phone.granted()
    phone.notify("e1", OPEN)


def condition_misplaced(phone):
    phone.send("PUBLISH", [("Event", "presence"), ("Expires", 3600), ("Suppress-If-Match", "e1")], uri="sip:100@pbx.example.com")
    phone.reply(200, [("Expires", 3600), ("SIP-ETag", "kwj449x")])


def etag_star(phone):
    subscribed(phone, "*")


def etag_malformed(phone):
    """A notifier that quotes its tags, as HTTP does, and a subscriber that copies them."""
    subscribed(phone, '"e1"')
    phone.subscribe(condition='"e1"')
    phone.granted(204)


def etag_missing(phone):
    subscribed(phone)
    phone.notify(None, CLOSED)


def etag_kept(phone):
    subscribed(phone)
    phone.notify("e1", CLOSED)


def empty_with_type(phone):
    """The subscription is about to end: a NOTIFY is due for the new state of it, without body and so without type."""
    renewed(phone)
    phone.notify("e1", state="terminated;reason=deactivated", kind="!application/pidf+xml")


def notify_without_etag(phone):
    renewed(phone)
    phone.notify(None, OPEN)


def notify_not_due(phone):
    renewed(phone)
    phone.notify("e1", state="active;expires=3570")


def notify_after_end(phone):
    subscribed(phone)
    phone.subscribe(0, condition="e1")
    phone.granted(204, expires=0)
    phone.notify("e1", state="terminated;reason=timeout")


def notify_missing(phone):
    """The subscription is accepted, and then silence; another device shows that the capture goes on."""
    phone.subscribe(condition="e1")
    phone.granted()
    phone.ping()


def known_body_sent(phone):
    """A new subscription that names the tag of the one before: the NOTIFY is due, its body is not."""
    subscribed(phone)
    phone.new_call()
    phone.subscribe(condition="e1")
    phone.granted()
    phone.notify("e1", OPEN)


def state_change_with_body(phone):
    """The watcher is authorised right after the 204: news, but not of the presence."""
    phone.subscribe()
    phone.granted()
    phone.notify("e1", OPEN, state="pending;expires=3600")
    phone.scene.wait(30)
    phone.subscribe(condition="e1")
    phone.granted(204)
    phone.notify("e1", OPEN, state="active;expires=3600")


# --- over time

def lasting(phone, seconds=600):
    """SUBSCRIBE, 200, NOTIFY, 200: frames 1 to 4. Half of the time passes."""
    phone.subscribe(seconds)
    phone.granted(expires=seconds)
    phone.notify("e1", OPEN, state=f"active;expires={seconds}")
    phone.scene.wait(seconds / 2)


def prolonged(phone, seconds=600, condition="e1"):
    """SUBSCRIBE and 204."""
    phone.subscribe(seconds, condition=condition)
    phone.granted(204, expires=seconds)


def subscription_lapsed(phone):
    """Refreshed once in time, once too late; the notifier does not know the subscription any more."""
    lasting(phone)
    phone.subscribe(600)
    phone.granted(expires=600)
    phone.notify("e1", OPEN, state="active;expires=600")
    phone.scene.wait(660)
    phone.subscribe(600)
    phone.reply(481)


def subscription_timed_out(phone):
    """The phone is gone, and does not answer the NOTIFY either."""
    lasting(phone)
    phone.scene.wait(305)
    phone.notify("e1", state="terminated;reason=timeout", answered=False)


def no_notify_expiry_missed(phone):
    """The 204 leaves 300 s of the hour that was asked for, and the phone refreshes after half an hour."""
    subscribed(phone)
    phone.subscribe(condition="e1")
    phone.granted(204, expires=300)
    phone.scene.wait(1800)
    phone.subscribe(condition="e1")
    phone.reply(481)


def no_notify_expiry_timed_out(phone):
    """The same, but the notifier says when it is over, and the phone begins anew at once."""
    subscribed(phone)
    phone.subscribe(condition="e1")
    phone.granted(204, expires=300)
    phone.scene.wait(300)
    phone.notify("e1", state="terminated;reason=timeout")
    phone.new_call()
    phone.subscribe()
    phone.granted()
    phone.notify("e1", OPEN)


def no_notify_not_counted(phone):
    """The notifier ends a subscription when it would have ended without the 204; another one it calls as short as before."""
    lasting(phone)
    prolonged(phone)
    phone.scene.wait(301)
    phone.notify("e1", state="terminated;reason=timeout")
    phone.new_call()
    lasting(phone)
    prolonged(phone)
    phone.scene.wait(100)
    phone.notify("e2", CLOSED, state="active;expires=199")


def no_notify_not_understood(phone):
    """The phone waits for a NOTIFY, gives up after 64*T1, and begins anew."""
    renewed(phone)
    phone.scene.wait(2)
    phone.new_call()
    phone.subscribe()
    phone.granted()
    phone.notify("e1", OPEN)


# --- through a proxy

def relayed(phone, message, target):
    """The proxy passes a request on."""
    host, port = phone.server
    via = ("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK{phone.scene.token(12)}")
    further = Message(message.start, [via, *message.headers], message.body)
    phone.scene.send(phone.server, target, further)
    return further


def subscribed_through(phone, statuses, seconds=3600, condition=None, without=None):
    """SUBSCRIBE on both hops, on the second one without a header, and its answers: the notifier's first, then the proxy's."""
    phone.subscribe(seconds, condition=condition)
    passed = Message(phone.message.start, [line for line in phone.message.headers if line[0] != without])
    further = relayed(phone, passed, NOTIFIER)
    phone.to_tag = phone.to_tag or phone.scene.token(10)
    contact = ("Contact", f"<sip:{NOTIFIER[0]}:{NOTIFIER[1]}>")
    route = ("Record-Route", f"<sip:{phone.server[0]};lr>")
    lines = [("Expires", seconds), contact, route]
    phone.scene.send(NOTIFIER, phone.server, further.response(statuses[0], lines, tag=phone.to_tag))
    phone.reply(statuses[1], lines, tag=phone.to_tag)


def notified_through(phone, etag, body=""):
    """NOTIFY on both hops, and its answers."""
    far = Account(phone.scene, server=NOTIFIER)
    far.call_id, far.tag, far.to_tag = phone.call_id, phone.tag, phone.to_tag
    far.notifier_cseq, phone.notifier_cseq = phone.notifier_cseq, phone.notifier_cseq + 1
    request = far.notify(etag, body, answered=False, target=phone.server)
    further = relayed(phone, request, phone.phone)
    phone.scene.send(phone.phone, phone.server, further.response(200))
    phone.scene.send(phone.server, NOTIFIER, request.response(200))


def no_notify_answer_changed(phone):
    """A proxy that does not know 204 says 200 instead."""
    subscribed_through(phone, (200, 200))
    notified_through(phone, "e1", OPEN)
    phone.scene.wait(1800)
    subscribed_through(phone, (204, 200), condition="e1")
    phone.ping()


def condition_removed(phone):
    """A border controller that takes out what it does not know: the notifier never learns of the condition."""
    subscribed_through(phone, (200, 200))
    notified_through(phone, "e1", OPEN)
    phone.scene.wait(1800)
    subscribed_through(phone, (200, 200), condition="e1", without="Suppress-If-Match")
    notified_through(phone, "e1", OPEN)
    phone.ping()


STORIES = {f.__name__: f for f in (
    no_notify_not_subscribe, no_notify_after_end, no_notify_superseded, no_notify_with_body, expires_missing, expires_missing_at_end, expires_raised, condition_ignored,
    star_ignored, accepted_202, condition_malformed, condition_unknown, condition_misplaced, etag_star, etag_missing, etag_kept,
    empty_with_type, notify_without_etag, notify_not_due, notify_after_end, notify_missing, known_body_sent,
    state_change_with_body, subscription_lapsed, subscription_timed_out, no_notify_expiry_missed, no_notify_expiry_timed_out,
    no_notify_not_counted, no_notify_not_understood, no_notify_answer_changed, condition_removed, notify_withheld, etag_malformed, condition_unsupported)}
