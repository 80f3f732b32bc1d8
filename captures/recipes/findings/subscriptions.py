"""SUBSCRIBE, 204 (No Notification) and NOTIFY (RFC 5839)."""

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


STORIES = {f.__name__: f for f in (
    no_notify_not_subscribe, no_notify_with_body, expires_missing, expires_missing_at_end, expires_raised, condition_ignored,
    star_ignored, accepted_202, condition_malformed, condition_unknown, condition_misplaced, etag_star, etag_missing, etag_kept,
    empty_with_type, notify_without_etag, notify_not_due, notify_after_end, notify_missing, known_body_sent,
    state_change_with_body)}
