"""Neighbours of the findings: odd, and yet accepted or allowed. Nothing is to be said of them."""
from base64 import b64encode

from refused import ANSWERS, SDP, acknowledge, acknowledged_bare, cancel, registered
from sip import Account, digest, parameters
from subscriptions import CLOSED, OPEN, lasting, notified_through, prolonged, renewed, subscribed, subscribed_through

PARTIAL = '<?xml version="1.0"?>\n<pidf-diff xmlns="urn:ietf:params:xml:ns:pidf-diff" version="2"/>\n'
# Without a good digest nobody would accept these.
BEYOND_PARDON = {"parameter_missing", "response_malformed", "variant_refused", "password_empty", "nonce_differs", "nonce_empty", "wrong_password_403"}
NO_ODDITY = {"bad_request", "server_error", "aor_unknown", "aor_changed_404"}


def none_accepted_oddities(phone):
    """Whatever a server may refuse, this one accepts: for each an account of its own."""
    for number, (name, (challenge, answer, _)) in enumerate(ANSWERS.items(), 200):
        if name in BEYOND_PARDON | NO_ODDITY:
            continue
        odd = Account(phone.scene, str(number), phone=("192.0.2.20", 5000 + number))
        odd.register(branch=answer.get("request", {}).get("branch"), uri=answer.get("request", {}).get("uri"))
        odd.challenge(**challenge)
        odd.answer(**answer)
        odd.ok()
        phone.scene.wait(3)


def none_refreshes(phone):
    """A nonce used on and on, one that the server calls stale, and retransmissions with nonces of their own."""
    registered(phone)
    for _ in range(3):
        phone.scene.wait(50)
        phone.answer()
        phone.ok()
    phone.scene.wait(50)
    phone.register()
    phone.scene.wait(0.5)
    phone.scene.send(phone.phone, phone.server, phone.message)
    phone.challenge()
    first = phone.offer
    phone.challenge()
    phone.nc = 0
    phone.answer(answers=first)
    phone.scene.wait(0.5)
    phone.scene.send(phone.phone, phone.server, phone.message)
    accepted = phone.reply(200, [("Contact", f"{phone.message.first('Contact')};expires=3600")])
    phone.scene.send(phone.server, phone.phone, accepted)


def none_call(phone):
    """A call with credentials in INVITE, ACK, re-INVITE and BYE."""
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    phone.answer("INVITE")
    phone.reply(100)
    invite = phone.message
    phone.to_tag = phone.scene.token(10)
    phone.reply(180, tag=phone.to_tag)
    phone.scene.wait(45)
    phone.reply(200, [("Contact", "<sip:600@198.51.100.10>")], tag=phone.to_tag)
    line = invite.first("Proxy-Authorization")
    phone.send("ACK", [("Proxy-Authorization", line)], uri="sip:600@198.51.100.10", to=phone.target("INVITE"), cseq=phone.cseq)
    phone.scene.wait(20)
    inside = {"uri": "sip:600@198.51.100.10", "to": phone.target("INVITE")}
    phone.answer("INVITE", inside)
    phone.reply(200, [("Contact", "<sip:600@198.51.100.10>")])
    phone.send("ACK", [("Proxy-Authorization", phone.message.first("Proxy-Authorization"))], **inside, cseq=phone.cseq)
    phone.answer("BYE", inside)
    phone.reply(200)


def none_bare_ack(phone):
    """The ACK has no credentials, and the server takes it: one 200 is on its way by then, and one ACK gets lost."""
    acknowledged_bare(phone, (0.5, 1))
    phone.scene.wait(20)
    phone.answer("BYE", {"uri": "sip:600@198.51.100.10", "to": phone.target("INVITE")})
    phone.reply(200)


def none_readdressed(phone):
    """Another To and Request-URI than in the refused INVITE, and nc 1 in each call: the server is content."""
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    target = {"uri": "sip:0600@pbx.example.com", "to": "sip:0600@pbx.example.com"}
    phone.answer("INVITE", target)
    phone.reply(486)
    acknowledge(phone)
    for _ in range(2):
        phone.new_call()
        phone.answer("MESSAGE", nc="00000001")
        phone.reply(200)


def none_subscriptions(phone):
    """204 and silence; then news, a change of the subscription's state, and a refresh without condition."""
    renewed(phone)
    phone.notify("e2", CLOSED)
    phone.notify("e2", state="active;reason=probation;expires=3000")
    phone.subscribe()
    phone.granted()
    phone.notify("e2", CLOSED)
    phone.subscribe(condition="e2")
    phone.granted(204)
    phone.subscribe(0, condition="e2")
    phone.granted(204, expires=0)


def none_resumed(phone):
    """A tag of an earlier dialog: a new subscription gets 200 and an empty NOTIFY; a fetch the same; then partial states."""
    subscribed(phone)
    phone.new_call()
    phone.subscribe(condition="e1")
    phone.granted()
    phone.notify("e1")
    phone.subscribe(condition="e1")
    phone.granted(204)
    phone.notify("e2", OPEN)
    phone.notify("e2", PARTIAL, kind="application/pidf-diff+xml")
    phone.new_call()
    phone.subscribe(0, condition="e2")
    phone.granted(expires=0)
    phone.notify("e2", state="terminated;reason=timeout")


def none_late_change(phone):
    """The state changes while the refresh is on its way: the tag was current when the client wrote it, and no more when read."""
    subscribed(phone)
    phone.subscribe(condition="e1")
    phone.granted()
    phone.notify("e2", CLOSED)


def none_options(phone):
    """A server that challenges OPTIONS is there all the same, and the client wants to know no more."""
    for _ in range(8):
        phone.send("OPTIONS", uri="sip:pbx.example.com")
        phone.challenge()
        phone.scene.wait(30)


def none_shortened(phone):
    """The notifier shortens the subscription, and says so without a body."""
    renewed(phone)
    phone.notify("e1", state="active;expires=60")


def none_late_start(phone):
    """The capture begins after the request; later it begins after a SUBSCRIBE."""
    phone.register()
    phone.scene.packets.clear()
    phone.challenge()
    phone.answer()
    phone.ok()
    phone.new_call()
    phone.subscribe(condition="e1", to_tag="9a0c37be51")
    phone.scene.packets.pop()
    phone.granted(204)
    phone.subscribe(condition="e1")
    phone.granted(204)


def none_one_direction(phone):
    """What the phone sends is not in the capture: nothing tells that it does not answer."""
    for _ in range(3):
        phone.register()
        phone.scene.packets.pop()
        phone.challenge()
        phone.scene.wait(40)


def none_aka_resync(phone):
    """The card finds the sequence number out of step and says so with auts, signed with an empty password (RFC 3310)."""
    def signed_with_nothing(values, method, password, body):
        return digest({**values, "algorithm": "MD5"}, method, "")
    nonces = [b64encode(bytes(range(n, n + 32))).decode() for n in (1, 101)]
    auts = '"' + b64encode(bytes(range(14))).decode() + '"'
    phone.register()
    phone.challenge(algorithm="AKAv1-MD5", nonce=nonces[0])
    phone.answer(sign=signed_with_nothing, auts=auts)
    phone.challenge(algorithm="AKAv1-MD5", nonce=nonces[1])
    phone.answer(response=phone.scene.token(32))
    phone.ok()


def accepted_call(phone, lines):
    """INVITE with these credentials, 200 and ACK."""
    phone.send("INVITE", [("Proxy-Authorization", line) for line in lines])
    phone.reply(100)
    phone.scene.wait(2)
    phone.to_tag = phone.scene.token(10)
    phone.reply(200, [("Contact", "<sip:600@198.51.100.10>")], tag=phone.to_tag)
    phone.send("ACK", [("Proxy-Authorization", line) for line in lines], uri="sip:600@198.51.100.10",
               to=phone.target("INVITE"), cseq=phone.cseq)


def none_forked_invite(phone):
    """A forking proxy joins what two proxies of one domain ask: the same realm and algorithm twice, each with its nonce."""
    phone.send("INVITE")
    phone.challenge(407, also=[{"nonce": phone.scene.token(32)}])
    acknowledge(phone)
    uri = phone.target("INVITE")
    accepted_call(phone, [phone.credentials("INVITE", uri, answers=offer, nc="00000001") for offer in phone.offers])


def none_two_proxies(phone):
    """Two proxies in a row, each with its realm, and the phone answers both."""
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    own, uri = dict(phone.offer), phone.target("INVITE")
    phone.answer("INVITE")
    phone.challenge(407, realm="gateway.example.net")
    acknowledge(phone)
    accepted_call(phone, [phone.credentials("INVITE", uri, answers=own, nc="00000002"),
                          phone.credentials("INVITE", uri, nc="00000001")])


def none_stale_refresh(phone):
    """The nonce has expired at the refresh, and the server says so."""
    registered(phone)
    for _ in range(2):
        phone.scene.wait(300)
        phone.answer()
        phone.challenge(stale="true")
        phone.answer()
        phone.ok()


def none_auth_int(phone):
    """auth-int is all that is on offer, and the SDP arrives as it was signed."""
    body = SDP.format(address="192.0.2.20")
    phone.send("INVITE", body=body)
    phone.challenge(407, qop="auth-int")
    acknowledge(phone)
    phone.answer("INVITE", {"body": body})
    phone.to_tag = phone.scene.token(10)
    phone.reply(200, [("Contact", "<sip:600@198.51.100.10>")], tag=phone.to_tag)
    line = phone.message.first("Proxy-Authorization")
    phone.send("ACK", [("Proxy-Authorization", line)], body=body, uri="sip:600@198.51.100.10", to=phone.target("INVITE"), cseq=phone.cseq)


def none_nextnonce(phone):
    """Each 200 proves that the server knows the password, and gives the next nonce."""
    phone.register()
    phone.challenge()
    for _ in range(3):
        phone.nc = 0
        phone.answer()
        sent = dict(part.split("=", 1) for part in phone.message.first("Authorization")[7:].split(", "))
        values = {name: value.strip('"') for name, value in sent.items()}
        following = phone.scene.token(32)
        proof = {"nextnonce": following, "qop": "auth", "rspauth": digest(values, "", phone.password), "cnonce": values["cnonce"],
                 "nc": values["nc"]}
        phone.ok([("Authentication-Info", parameters(proof, ("nextnonce", "rspauth", "cnonce")))])
        phone.offer = {**phone.offer, "nonce": following}
        phone.scene.wait(50)


def none_tcp_reuse(phone):
    """Registration, refresh and call over one connection, then over another one."""
    phone.phone, phone.transport = ("192.0.2.20", 40001), "TCP"
    registered(phone)
    phone.scene.wait(60)
    phone.answer()
    phone.ok()
    phone.phone = ("192.0.2.20", 52347)
    phone.scene.wait(60)
    phone.answer()
    phone.ok()
    phone.new_call()
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    accepted_call(phone, [phone.credentials("INVITE", phone.target("INVITE"))])


def none_gruu(phone):
    """Outbound and GRUU: instance, reg-id and Path in the registration, and a call to a GRUU."""
    extra = [("Supported", "path, outbound, gruu"), ("Path", "<sip:edge.example.com;lr;ob>")]
    phone.register(extra=extra)
    phone.challenge()
    phone.answer(extra=extra)
    gruu = "sip:100@pbx.example.com;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
    phone.ok([("Require", "outbound"), ("Service-Route", "<sip:edge.example.com;lr>"), ("P-Associated-URI", f"<{gruu}>")])
    phone.new_call()
    target = {"uri": "sip:600@pbx.example.com;gr=kjh29x97us97d"}
    route = [("Route", "<sip:edge.example.com;lr>")]
    phone.send("INVITE", route, **target)
    phone.challenge(407)
    acknowledge(phone)
    phone.answer("INVITE", target, extra=route)
    phone.reply(486)
    acknowledge(phone)


def none_two_algorithms(phone):
    """SHA-256 above MD5 (RFC 8760): one phone takes the better one, an older one the other."""
    for user, algorithm in (("100", "SHA-256"), ("101", "MD5")):
        one = Account(phone.scene, user, phone=("192.0.2.20", 5060 + int(user) % 10))
        one.register()
        one.challenge(algorithm="SHA-256", also=[{"algorithm": "MD5"}])
        one.answer(algorithm=algorithm)
        one.ok()


def none_challenged_subscription(phone):
    """SUBSCRIBE challenged, refreshed by 204 with the same nonce, and ended by 204."""
    event = [("Event", "presence"), ("Expires", 3600)]
    phone.subscribe()
    phone.challenge()
    phone.answer("SUBSCRIBE", extra=event)
    phone.granted()
    phone.notify("e1", OPEN)
    inside = {"uri": "sip:bob@pbx.example.com"}
    for expires in (3600, 0):
        phone.scene.wait(30)
        phone.answer("SUBSCRIBE", inside, extra=[("Event", "presence"), ("Expires", expires), ("Suppress-If-Match", "e1")])
        phone.granted(204, expires=expires)
    phone.ping()


def none_early_notify(phone):
    """The NOTIFY overtakes the 200, and a second SUBSCRIBE forks: its NOTIFY comes from another branch than its 200."""
    phone.subscribe()
    subscribe, phone.to_tag = phone.message, phone.scene.token(10)
    phone.notify("e1", OPEN)
    phone.message = subscribe
    phone.granted()
    phone.new_call()
    phone.subscribe()
    phone.granted()
    answered, phone.to_tag = phone.to_tag, phone.scene.token(10)
    phone.notify("e9", CLOSED)
    phone.to_tag = answered
    phone.ping()


def none_cancelled(phone):
    """Challenged, called, cancelled in time."""
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    phone.answer("INVITE")
    invite = phone.message
    phone.reply(180, tag=phone.scene.token(10))
    phone.scene.wait(4)
    cancel(phone, invite)
    phone.reply(487)
    acknowledge(phone)
    phone.ping()


def none_published(phone):
    """PUBLISH has entity-tags of its own (RFC 3903), which have nothing to do with those of SUBSCRIBE."""
    event = [("Event", "presence"), ("Expires", 3600)]
    phone.send("PUBLISH", [*event, ("Content-Type", "application/pidf+xml")], body=OPEN, uri="sip:100@pbx.example.com")
    phone.challenge()
    phone.answer("PUBLISH", {"uri": "sip:100@pbx.example.com", "body": OPEN}, extra=[*event, ("Content-Type", "application/pidf+xml")])
    phone.reply(200, [("Expires", 3600), ("SIP-ETag", "e1")])
    phone.new_call()
    subscribed(phone)
    phone.notify("e2", CLOSED)


def none_prolonged(phone):
    """Each 204 prolongs the subscription, as the notifier's seconds say; one comes at the last moment. The state changes, and
    changes back. It ends with its NOTIFY."""
    lasting(phone)
    prolonged(phone)
    phone.scene.wait(500)
    phone.notify("e2", CLOSED, state="active;expires=99")
    phone.scene.wait(99.9)
    prolonged(phone, condition="e2")
    phone.scene.wait(100)
    phone.notify("e1", OPEN, state="active;expires=500")
    phone.notify("e2", CLOSED, state="active;expires=500")
    phone.scene.wait(490)
    prolonged(phone, 60, "e2")
    phone.scene.wait(50)
    phone.subscribe(0)
    phone.granted(expires=0)
    phone.notify("e1", OPEN, state="terminated;reason=timeout")


def none_begun_anew(phone):
    """32 s after a 204: another phone of the account subscribes, this one asks once (Expires: 0), or begins anew after news, or
    after it had ended the one before."""
    renewed(phone)
    phone.scene.wait(2)
    other = Account(phone.scene, phone=("192.0.2.21", 5060))
    other.subscribe()
    other.granted()
    other.notify("e1", OPEN)
    phone.new_call()
    phone.subscribe(0)
    phone.granted(expires=0)
    phone.notify("e1", OPEN, state="terminated;reason=timeout")
    phone.scene.wait(60)
    phone.new_call()
    renewed(phone)
    phone.notify("e2", CLOSED)
    phone.scene.wait(2)
    phone.new_call()
    subscribed(phone, "e2", CLOSED)
    phone.subscribe(0, condition="e2")
    phone.granted(204, expires=0)
    phone.scene.wait(32)
    phone.new_call()
    subscribed(phone, "e2", CLOSED)


def none_quenched(phone):
    """Suppress-If-Match: * keeps the subscription and asks for silence, until a SUBSCRIBE without it; news of the subscription
    itself comes all the same."""
    subscribed(phone)
    phone.subscribe(condition="*")
    phone.granted(204)
    phone.scene.wait(100)
    phone.notify("e1", state="active;reason=probation;expires=3500")
    phone.scene.wait(1000)
    phone.subscribe()
    phone.granted()
    phone.notify("e2", CLOSED)


def none_passed_on(phone):
    """Through a proxy that passes each answer on as it comes."""
    subscribed_through(phone, (200, 200))
    notified_through(phone, "e1", OPEN)
    phone.scene.wait(1800)
    subscribed_through(phone, (204, 204), condition="e1")
    phone.scene.wait(1800)
    subscribed_through(phone, (204, 204), 0, condition="e1")
    phone.ping()


def none_transferred(phone):
    """REFER inside a call, accepted with 202, and its implicit subscription."""
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    accepted_call(phone, [phone.credentials("INVITE", phone.target("INVITE"))])
    inside = {"uri": "sip:600@198.51.100.10", "to": phone.target("INVITE")}
    phone.answer("REFER", inside, extra=[("Refer-To", "<sip:700@pbx.example.com>")])
    phone.reply(202)
    for state, line in (("active;expires=60", "100 Trying"), ("terminated;reason=noresource", "200 OK")):
        phone.notify(None, f"SIP/2.0 {line}\r\n", state=state, kind="message/sipfrag")
    phone.ping()


STORIES = {f.__name__: f for f in (none_accepted_oddities, none_refreshes, none_call, none_subscriptions, none_resumed,
                                   none_late_change, none_shortened, none_late_start, none_one_direction, none_options,
                                   none_aka_resync, none_forked_invite, none_two_proxies, none_stale_refresh, none_auth_int,
                                   none_nextnonce, none_tcp_reuse, none_gruu, none_two_algorithms,
                                   none_challenged_subscription, none_early_notify, none_cancelled, none_published,
                                   none_prolonged, none_begun_anew, none_passed_on, none_quenched, none_transferred, none_bare_ack, none_readdressed)}
