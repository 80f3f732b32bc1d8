"""Neighbours of the findings: odd, and yet accepted or allowed. Nothing is to be said of them."""
from base64 import b64encode

from refused import ANSWERS, acknowledge, registered
from sip import Account, digest
from subscriptions import CLOSED, OPEN, renewed, subscribed

PARTIAL = '<?xml version="1.0"?>\n<pidf-diff xmlns="urn:ietf:params:xml:ns:pidf-diff" version="2"/>\n'
# Without a good digest nobody would accept these.
BEYOND_PARDON = {"parameter_missing", "variant_refused", "nonce_differs", "wrong_password_403"}
NO_ODDITY = {"bad_request", "server_error", "aor_unknown"}


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


STORIES = {f.__name__: f for f in (none_accepted_oddities, none_refreshes, none_call, none_subscriptions, none_resumed,
                                   none_late_change, none_shortened, none_late_start, none_options,
                                   none_aka_resync)}
