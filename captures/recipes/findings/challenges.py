"""Challenges: what is wrong with them, and what keeps a client from answering."""

from pcapng import Connect
from refused import acknowledge, branch_of, cancel, registered
from subscriptions import OPEN, subscribed

UNANSWERED = {
    "algorithm_unanswered": {"algorithm": "SHA-256"},
    "unknown_algorithm_offered": {"algorithm": "SHA3-256"},
    "scheme_spelling": {"scheme": "DIGEST", "algorithm": "md5"},
    "algorithm_quoted": {"algorithm": "MD5", "quote": ("algorithm",)},
    "realm_unrelated": {"realm": "asterisk"},
    "auth_int_unanswered": {"qop": "auth-int"},
    "realm_empty": {"realm": ""},
    "challenges_joined": {"algorithm": "MD5", "also": [{"realm": "gateway.example.net"}], "joined": True},
}


def unanswered(challenge):
    def story(phone):
        phone.register()
        phone.challenge(**challenge)
        phone.ping()
    return story


def no_challenge(phone):
    phone.register()
    phone.reply(401)
    phone.ping()


def cancel_challenged(phone):
    """The call was accepted with credentials; its CANCEL has none, and cannot get any."""
    phone.send("INVITE")
    phone.reply(100)
    tag = phone.scene.token(10)
    phone.reply(180, tag=tag)
    invite, branch = phone.message, branch_of(phone.message)
    phone.scene.wait(6)
    phone.send("CANCEL", cseq=phone.cseq, branch=branch)
    phone.challenge(407)
    phone.message = invite
    phone.scene.wait(9)
    phone.reply(486, tag=tag)
    acknowledge(phone)
    phone.ping()


def basic_offered(phone):
    phone.register()
    phone.reply(401, [("WWW-Authenticate", 'Basic realm="pbx.example.com"')])
    phone.ping()


def no_digest_offered(phone):
    """A server of Windows networks."""
    phone.register()
    phone.reply(401, [("WWW-Authenticate", 'NTLM realm="SIP Communications Service", targetname="pbx.example.com", version=4'),
                      ("WWW-Authenticate", 'Kerberos realm="SIP Communications Service", targetname="sip/pbx.example.com", version=4')])
    phone.ping()


def too_many_challenges(phone):
    phone.register()
    phone.challenge(also=[{"realm": f"tenant{n}.example.com"} for n in range(39)])
    phone.ping()


def challenge_repeated(phone):
    """Two challenges, the second one with a nonce of its own, and nothing that tells them apart."""
    phone.register()
    phone.challenge(also=[{"nonce": phone.scene.token(32)}])
    phone.answer()
    phone.ok()


def subscribe_407(phone):
    phone.subscribe()
    phone.challenge(407)
    phone.answer("SUBSCRIBE", extra=[("Event", "presence"), ("Expires", "3600")])
    phone.granted()
    phone.notify("e1", OPEN)


def refresh_without_credentials(phone):
    registered(phone)
    phone.scene.wait(50)
    registered(phone)


def challenge_in_other_header(phone):
    phone.register()
    phone.reply(401, [("Proxy-Authenticate", f'Digest realm="pbx.example.com", nonce="{phone.scene.token(32)}", qop="auth"')])
    phone.ping()


def challenge_lost(phone):
    """The phone does not see the 401: it repeats its request for as long as it may."""
    phone.register()
    refusal = phone.challenge()
    for wait in (0.5, 1, 2, 4, 4, 4, 4, 4, 4, 4):
        phone.scene.wait(wait)
        phone.scene.send(phone.phone, phone.server, phone.message)
        phone.scene.send(phone.server, phone.phone, refusal)
    phone.ping()


def retry_over_tcp(phone):
    """The INVITE with credentials is too large for UDP, and something drops TCP."""
    registered(phone)
    phone.new_call()
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    for wait in (1, 2, 4, 8, 16):
        phone.scene.packets.append((phone.scene.time, (phone.phone[0], 40004), phone.server, Connect()))
        phone.scene.wait(wait)
    phone.ping()


def notify_unanswered(phone):
    """The phone asks its notifier for a password, which it does not have."""
    subscribed(phone)
    request = phone.notify("e2", OPEN, answered=False)
    challenge = f'Digest realm="phone.example.com", nonce="{phone.scene.token(32)}", qop="auth"'
    phone.scene.send(phone.phone, phone.server, request.response(401, [("WWW-Authenticate", challenge)]))
    phone.ping()


def in_dialog_unanswered(phone):
    """The INVITE was answered with credentials, and the BYE is not."""
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    phone.answer("INVITE")
    phone.to_tag = phone.scene.token(10)
    phone.reply(200, [("Contact", "<sip:600@198.51.100.10>")])
    inside = {"uri": "sip:600@198.51.100.10", "to": phone.target("INVITE")}
    phone.send("ACK", [("Proxy-Authorization", phone.message.first("Proxy-Authorization"))], cseq=phone.cseq, **inside)
    phone.scene.wait(60)
    phone.send("BYE", **inside)
    phone.challenge(407)
    phone.ping()


def method_unanswered(phone):
    """The phone registers with its password, and does not think of it when it subscribes."""
    registered(phone)
    phone.new_call()
    phone.subscribe()
    phone.challenge()
    phone.ping()


def challenge_skipped(phone):
    """The phone restarts while it is challenged, and begins anew."""
    phone.register()
    phone.challenge()
    phone.scene.wait(3)
    phone.new_call()
    registered(phone)
    phone.ping()


def cancelled(phone):
    """A registered phone calls, and its user hangs up before the proxy has asked who is calling."""
    registered(phone)
    phone.new_call()
    phone.send("INVITE")
    cancel(phone, phone.message)
    phone.challenge(407)
    acknowledge(phone)
    phone.ping()


STORIES = {name: unanswered(challenge) for name, challenge in UNANSWERED.items()}
STORIES.update((f.__name__, f) for f in (
    no_challenge, cancel_challenged, basic_offered, no_digest_offered, too_many_challenges, challenge_repeated, subscribe_407,
    refresh_without_credentials, challenge_in_other_header, challenge_lost, retry_over_tcp, notify_unanswered, in_dialog_unanswered,
    method_unanswered, challenge_skipped, cancelled))
