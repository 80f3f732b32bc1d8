"""Registrations and calls whose credentials are refused, and credentials that are odd."""
from sip import Account, Message, PHONE, SERVER, digest, parameters

NONCE = "4a17c09be2d85f6301b7d29e84cf60a3"  # of some other day
MD5, SHA = {"algorithm": "MD5"}, {"algorithm": "SHA-256"}
SDP = "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
OTHER_BRANCH = "z9hG4bK5be1c07a92f4"

# name: (challenge, answer, end). The phone registers, is challenged, answers; the end is a status, 401 with a new challenge.
ANSWERS = {
    "wrong_header": ({"status": 407}, {"header": "Authorization"}, 407),
    "nonce_differs": ({}, {"nonce": NONCE}, 401),
    "nonce_empty": ({}, {"nonce": ""}, 401),
    "realm_differs": ({}, {"realm": "asterisk"}, 401),
    "algorithm_differs": (SHA, MD5, 401),
    "parameter_missing": ({}, {"cnonce": None, "nc": None, "response": "0b1f6d2c8f7e4a5d9c3e21a07b64d8f5"}, 400),
    "qop_unasked": ({"qop": None}, {"qop": "auth"}, 401),
    "qop_unanswered": ({}, {"qop": None, "nc": None, "cnonce": None}, 401),
    "qop_not_offered": ({"qop": "auth-int"}, {"qop": "auth"}, 401),
    "qop_list_returned": ({"qop": "auth,auth-int"}, {"qop": "auth,auth-int", "quote": ("qop",)}, 401),
    "branch_reused": ({}, {"request": {"branch": OTHER_BRANCH}}, 401),
    "cseq_unchanged": ({}, {"request": {"cseq": 1}}, 400),
    "uri_differs": ({}, {"uri": "sip:pbx.example.com", "request": {"uri": "sip:pbx.example.com:5060;transport=udp"}}, 401),
    "opaque_differs": ({"opaque": "5ccc069c403ebaf9f0171e9517f40e41"}, {"opaque": None}, 401),
    "nc_not_reset": ({}, {"nc": "00000009"}, 401),
    "call_id_changed": ({}, {"request": {"call_id": "9d20b7e4c61f8a35"}}, 401),
    "from_tag_changed": ({}, {"request": {"tag": "71d3ce02"}}, 401),
    "username_empty": ({}, {"username": ""}, 401),
    "weaker_algorithm": ({**SHA, "also": [MD5]}, {"algorithm": "MD5"}, 401),
    "bare_value_quoted": (MD5, {"quote": ("algorithm", "qop", "nc")}, 400),
    "nc_form": ({}, {"nc": "1"}, 400),
    "username_is_uri": ({}, {"username": "sip:100@pbx.example.com"}, 403),
    "bad_request": ({}, {"extra": [("P-Preferred-Identity", "sip:100@")]}, 400),
    "server_error": ({}, {}, 500),
    "aor_unknown": ({}, {}, 404),
    "wrong_password_403": ({}, {"password": "brass-Kettle-8"}, 403),
    "anonymous": ({}, {"username": "anonymous", "password": ""}, 401),
    "algorithm_not_echoed": (MD5, {"algorithm": None}, 401),
    "cseq_skipped": ({}, {"request": {"cseq": 5}}, 401),
    "username_twice": ({}, {"more": ", username*=UTF-8''100"}, 401),
    "parameter_repeated": ({}, {"more": ', realm="asterisk"'}, 401),
    "value_unquoted": ({}, {"bare": ("username", "cnonce")}, 400),
    "variant_refused": ({}, {"password": "brass-Kettle-9\n"}, 401),
    "password_empty": ({}, {"password": ""}, 401),
    "aor_changed": ({}, {"request": {"to": "sip:100@sbc.example.net"}}, 403),
    "username_not_aor": ({}, {"username": "200"}, 403),
    "aor_changed_404": ({}, {"request": {"to": "sip:101@pbx.example.com"}}, 404),
    "response_malformed": ({}, {"response": "0b1f6d2c8f7e4a5d9c3e21a07b64d8z5"}, 401),
    "response_upper_case": ({}, {"sign": lambda *text: digest(*text).upper()}, 401),
}
REASONS = {"cseq_unchanged": "Invalid CSeq", "bare_value_quoted": "Bad header field: authorization",
           "bad_request": "Bad P-Preferred-Identity header", "server_error": "Server Internal Error",
           "wrong_password_403": "Forbidden (Bad auth)", "aor_unknown": "Not Found", "aor_changed_404": "Not Found"}


def refused(name):
    challenge, answer, end = ANSWERS[name]

    def story(phone):
        phone.register(branch=OTHER_BRANCH if name == "branch_reused" else None, uri=answer.get("request", {}).get("uri"))
        phone.challenge(**challenge)
        phone.answer(**answer)
        if end in (401, 407):
            phone.challenge(**challenge)
        else:
            phone.reply(end, reason=REASONS.get(name))
    return story


def registered(phone, **challenge):
    phone.register()
    phone.challenge(**challenge)
    phone.answer()
    phone.ok()


def scheme_differs(phone):
    """As a phone that is set up for HTTP; the password in it is not the account's."""
    for _ in range(2):
        phone.register()
        phone.challenge()
        phone.register(extra=[("Authorization", "Basic MTAwOm5vdC10aGlzLW9uZQ==")])
        phone.challenge()
        phone.scene.wait(30)


def cseq_decreased(phone):
    phone.cseq = 6
    phone.register()
    phone.challenge()
    phone.answer(request={"cseq": 6})
    phone.challenge()


def auth_int_chosen(phone):
    """The phone signs its SDP too, and a border controller changes the address in it."""
    phone.send("INVITE", body=SDP.format(address="192.0.2.20"))
    phone.challenge(407, qop="auth,auth-int")
    acknowledge(phone)
    line = phone.credentials("INVITE", phone.target("INVITE"), body=SDP.format(address="192.0.2.20"), qop="auth-int")
    phone.send("INVITE", [("Proxy-Authorization", line)], body=SDP.format(address="203.0.113.5"))
    phone.challenge(407, qop="auth,auth-int")
    acknowledge(phone)


def cancel_cseq(phone):
    """The call was begun anew with credentials, and the phone cancels the first one."""
    phone.send("INVITE")
    refused = phone.message
    phone.challenge(407)
    acknowledge(phone)
    phone.answer("INVITE")
    phone.reply(100)
    tag = phone.scene.token(10)
    phone.reply(180, tag=tag)
    phone.scene.wait(6)
    phone.send("CANCEL", cseq=int(refused.first("CSeq").split()[0]), branch=branch_of(phone.message))
    phone.reply(481)


def ack_cseq(phone):
    """A trunk registers its calls through a proxy that answers the challenge itself, and forgets that this took a CSeq number."""
    phone.send("INVITE")
    refused = phone.message
    phone.challenge(407)
    acknowledge(phone)
    phone.answer("INVITE")
    tag = phone.scene.token(10)
    phone.scene.wait(3)
    answer = phone.reply(200, [("Contact", "<sip:600@198.51.100.10>")], tag=tag)
    inside = {"uri": "sip:600@198.51.100.10", "to": phone.target("INVITE"), "to_tag": tag}
    phone.send("ACK", cseq=int(refused.first("CSeq").split()[0]), **inside)
    phone.scene.wait(0.5)
    phone.scene.send(phone.server, phone.phone, answer)


def acknowledged_bare(phone, waits):
    """A call whose ACK has no credentials; the 200 comes again after each of the times that the server waits."""
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    phone.answer("INVITE")
    phone.to_tag = phone.scene.token(10)
    answer = phone.reply(200, [("Contact", "<sip:600@198.51.100.10>")], tag=phone.to_tag)
    phone.send("ACK", uri="sip:600@198.51.100.10", to=phone.target("INVITE"), cseq=phone.cseq)
    confirmed = phone.message
    for wait in waits:
        phone.scene.wait(wait)
        phone.scene.send(phone.server, phone.phone, answer)
        phone.scene.send(phone.phone, phone.server, confirmed)


def ack_without_credentials(phone):
    """The server wants them in the ACK, too, and drops it; it must not challenge an ACK."""
    acknowledged_bare(phone, (0.5, 1, 2, 4, 4))


def digest_bad_accepted(phone):
    """The password was changed on both sides, and not in the preferences."""
    phone.password = "copper-Kettle-3"
    registered(phone)


def request_uri_changed(phone):
    """The phone adds a parameter when it answers, and signs it."""
    phone.register()
    phone.challenge()
    phone.answer(request={"uri": "sip:pbx.example.com;transport=udp"})
    phone.challenge()


def qop_list_bare(phone):
    """Without quotes the second word belongs to nothing; the phone has hashed both."""
    phone.register()
    phone.challenge(qop="auth,auth-int")
    phone.answer(qop="auth,auth-int")
    phone.challenge(qop="auth,auth-int")


def to_changed(phone):
    """The phone thinks of a prefix only when it is challenged."""
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    phone.answer("INVITE", {"to": "sip:0600@pbx.example.com"})
    phone.challenge(407)
    acknowledge(phone)


def to_tag_kept(phone):
    phone.register()
    refusal = phone.challenge()
    phone.answer(request={"to_tag": refusal.first("To").partition(";tag=")[2]})
    phone.challenge()


def nonce_resent(phone):
    """The second 401 has a new nonce, and the phone goes on with the first one."""
    phone.register()
    phone.challenge()
    first = phone.offer
    phone.answer()
    phone.challenge()
    phone.answer(answers=first, nc="00000002")
    phone.challenge()


def nc_replayed(phone):
    registered(phone)
    phone.scene.wait(5)
    phone.answer(nc="00000001")
    phone.challenge()
    phone.answer()
    phone.ok()


def nc_of_each_call(phone):
    """Each call begins with nc 1, and the server counts for the nonce alone."""
    registered(phone)
    phone.scene.wait(5)
    phone.new_call()
    phone.answer("MESSAGE", nc="00000001")
    phone.challenge()
    phone.answer("MESSAGE")
    phone.reply(200)


def nc_decreased(phone):
    """A request that was answered before, sent by somebody who has recorded it."""
    registered(phone)
    for _ in range(2):
        phone.scene.wait(5)
        phone.answer()
        phone.ok()
    phone.scene.wait(5)
    phone.answer(nc="00000002")
    phone.challenge()


def nc_skipped(phone):
    registered(phone)
    phone.scene.wait(5)
    phone.answer(nc="00000007")
    phone.challenge()
    phone.answer()
    phone.ok()


def source_port_changed(phone):
    """The NAT gives the phone another port before the refresh."""
    phone.phone = ("192.0.2.1", 40001)
    registered(phone)
    phone.scene.wait(300)
    phone.phone = ("192.0.2.1", 52347)
    phone.answer()
    phone.challenge()
    phone.answer()
    phone.ok()


def preloaded_refused(phone):
    """The capture begins after the challenge. The refusal is of an expired nonce, as the next answer shows."""
    phone.offer = {"realm": phone.realm, "nonce": NONCE, "qop": "auth"}
    phone.nc, phone.cseq = 41, 61
    phone.answer()
    phone.challenge()
    phone.answer()
    phone.ok()


def credentials_joined(phone):
    """Two proxies in a row; both answers in one line, of which the second proxy reads the first only."""
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    own = dict(phone.offer)
    phone.answer("INVITE")
    phone.challenge(407, realm="gateway.example.net")
    acknowledge(phone)
    far = dict(phone.offer)
    uri = phone.target("INVITE")
    lines = [phone.credentials("INVITE", uri, answers=own, nc="00000002"), phone.credentials("INVITE", uri, answers=far, nc="00000001")]
    phone.send("INVITE", [("Proxy-Authorization", ", ".join(lines))])
    phone.challenge(407, realm="gateway.example.net")
    acknowledge(phone)


def second_realm_unanswered(phone):
    """The phone knows a password for the first proxy only."""
    phone.send("INVITE")
    phone.challenge(407)
    acknowledge(phone)
    phone.answer("INVITE")
    phone.challenge(407, realm="gateway.example.net")
    acknowledge(phone)
    phone.ping()


def stale_at_once(phone):
    """Two servers behind one address, each with nonces of its own."""
    phone.register()
    phone.challenge()
    for _ in range(2):
        phone.answer()
        phone.challenge(stale="true")
    phone.answer()
    phone.ok()


OLD_PHONE = {"nc": "00000001", "quote": ("nc",), "algorithm": None, "uri": "sip:192.0.2.20"}
def nonce_unknown(phone):
    """Behind one address are two servers, and neither knows the nonces of the other."""
    phone.register()
    phone.challenge()
    phone.answer()
    phone.challenge()
    phone.answer()
    phone.ok()


def accepted_before(phone):
    """A registered phone calls with a number that it may not show, is asked again and again, and told at last."""
    registered(phone)
    phone.scene.wait(5)
    phone.new_call()
    number = {"sender": "sip:+498912345@pbx.example.com"}
    phone.send("INVITE", **number)
    for _ in range(2):
        phone.challenge(407)
        acknowledge(phone)
        phone.answer("INVITE", request=number)
    phone.reply(403)
    acknowledge(phone)


def no_longer_accepted(phone):
    """The password is changed on the server while the phone is registered."""
    registered(phone)
    phone.scene.wait(50)
    phone.answer()
    for _ in range(2):
        phone.challenge()
        phone.answer()
    phone.challenge()


def nonce_of_other_call(phone):
    """A phone keeps one nonce for a realm, whatever it is asked; the proxy lets it, and once it does not."""
    registered(phone)
    first = dict(phone.offer)
    for used, end in (1, phone.reply), (2, phone.challenge):
        phone.scene.wait(5)
        phone.new_call()
        phone.send("MESSAGE")
        phone.challenge(407)
        phone.offer, phone.nc = {**first, "proxy": True}, used
        phone.answer("MESSAGE")
        end(200 if used == 1 else 407)
    phone.answer("MESSAGE")
    phone.reply(200)


def nextnonce_ignored(phone):
    phone.register()
    phone.challenge()
    phone.answer()
    phone.ok([("Authentication-Info", f'nextnonce="{phone.scene.token(32)}"')])
    phone.scene.wait(60)
    phone.answer()
    phone.challenge()
    phone.answer()
    phone.ok()


OLD_SERVER = {"algorithm": "MD5", "qop": None, "opaque": "1701a1351f70795", "stale": "false"}


def stale_in_phrase(phone):
    """A slow phone, and a server that keeps its nonces for less than 17 s and tells so in the reason phrase; what else is odd
    about the phone is accepted."""
    for _ in range(2):
        phone.register()
        phone.challenge(**OLD_SERVER)
        phone.scene.wait(17)
        phone.answer(request={"tag": phone.scene.token(8)}, **OLD_PHONE)
        phone.challenge(reason="nonce has changed", **OLD_SERVER)
        phone.scene.wait(5)
        phone.answer(request={"tag": phone.scene.token(8)}, **OLD_PHONE)
        phone.ok()
        phone.scene.wait(600)


def form_accepted_before(phone):
    """What is odd about the phone has been accepted by the same server: it is not why another password is refused."""
    phone.register()
    phone.challenge(**OLD_SERVER)
    phone.answer(**OLD_PHONE)
    phone.ok()
    phone.scene.wait(600)
    phone.register()
    phone.challenge(**OLD_SERVER)
    phone.answer(password="brass-Kettle-8", **OLD_PHONE)
    phone.challenge(**OLD_SERVER)


def credentials_dropped(phone):
    """The phone remembers one realm only, and two ask in turn."""
    phone.send("INVITE")
    phone.challenge(407)
    for realm in ("gateway.example.net", phone.realm, "gateway.example.net"):
        acknowledge(phone)
        phone.answer("INVITE")
        phone.challenge(407, realm=realm)
    acknowledge(phone)


def credentials_dropped_by_header(phone):
    """A proxy and a registrar ask for one realm, and the phone sends one header at a time (baresip does)."""
    phone.register()
    phone.challenge(407)
    for status in (401, 407, 401, 407):
        phone.answer()
        phone.challenge(status)
    phone.scene.wait(60)
    phone.send("OPTIONS")
    phone.ok()


def branch_of(message):
    return message.first("Via").partition("branch=")[2].partition(";")[0]


def ack(invite, response):
    """ACK to a refusal (RFC 3261 section 17.1.1.3)."""
    copied = {name: invite.first(name) for name in ("Via", "Max-Forwards", "From", "Call-ID")}
    number = invite.first("CSeq").split()[0]
    headers = [*copied.items(), ("To", response.first("To")), ("CSeq", f"{number} ACK")]
    return Message(invite.start.replace("INVITE", "ACK", 1), headers)


def acknowledge(phone):
    phone.scene.send(phone.phone, phone.server, ack(phone.message, phone.scene.latest))


def cancel(phone, invite):
    """Its answer comes at once; what is said next is about the INVITE again."""
    phone.send("CANCEL", cseq=phone.cseq, branch=branch_of(invite))
    phone.reply(200)
    phone.message = invite


def uri_rewritten(phone):
    """A session border controller passes the credentials on, but with another Request-URI."""
    border = ("203.0.113.5", 5060)
    hop = Hop(phone, border)
    phone.send("INVITE")
    hop.forward(f"sip:600@{SERVER[0]}")
    hop.back(phone.challenge, 407)
    acknowledge(phone)
    phone.answer("INVITE")
    hop.forward(f"sip:600@{SERVER[0]}")
    hop.back(phone.challenge, 407)
    acknowledge(phone)


def changed_on_path(phone):
    """A session border controller puts its own address into SDP that the phone has signed."""
    border = ("203.0.113.5", 5060)
    body, changed = SDP.format(address="192.0.2.20"), SDP.format(address="203.0.113.5")
    hop = Hop(phone, border)
    phone.send("INVITE", body=body)
    hop.forward(body=changed)
    hop.back(lambda: phone.challenge(407, qop="auth-int"))
    acknowledge(phone)
    phone.answer("INVITE", {"body": body})
    hop.forward(body=changed)
    hop.back(lambda: phone.challenge(407, qop="auth-int"))
    acknowledge(phone)


class Hop:
    """A session border controller between phone and server. The phone talks to it; `inner` is its address towards the server."""

    def __init__(self, phone, border, inner=None):
        self.phone, self.border, self.inner = phone, border, inner or border
        phone.server = border

    def forward(self, uri=None, body=None, rewrite=list):
        request = self.phone.message
        start = f"{request.start.split()[0]} {uri} SIP/2.0" if uri else request.start
        self.send_on(SERVER, start, rewrite(request.headers), body or request.body)

    def send_on(self, target, start, headers, body):
        scene = self.phone.scene
        self.via = ("Via", f"SIP/2.0/UDP {self.inner[0]}:5060;branch=z9hG4bK{scene.token(12)}")
        self.sent = Message(start, [self.via, *headers], body)
        scene.send(self.inner, target, self.sent)

    def relay(self, target):
        """(target, request): one leg of a fork."""
        request = self.phone.message
        self.send_on(target, request.start, request.headers, request.body)
        return target, self.sent

    def back(self, make, *arguments, change=list, **keywords):
        """The response comes to the border first, which acknowledges it and passes it on without its own Via, for the request that
        it knows."""
        phone, request = self.phone, self.phone.message
        phone.message, phone.phone, phone.server = self.sent, self.inner, SERVER
        make(*arguments, **keywords)
        response = phone.scene.latest
        if request.start.startswith("INVITE"):
            phone.scene.send(self.inner, SERVER, ack(self.sent, response))
        phone.message, phone.phone, phone.server = request, PHONE, self.border
        known = [h for h in request.headers if h[0] == "From"]
        to = request.first("To") if "tag=" in request.first("To") else request.first("To") + ";" + response.first("To").partition(";")[2]
        headers = [{"From": known[0], "To": ("To", to)}.get(h[0], h) for h in response.headers if h != self.via]
        passed_on = Message(response.start, change(headers), response.body)
        phone.scene.send(self.border, PHONE, passed_on)


def branch_reused_replayed(phone):
    """A server with transactions takes the answer for the first request come again, and repeats its 401."""
    phone.register(branch=OTHER_BRANCH)
    refusal = phone.challenge()
    for wait in (0, 0.5, 1, 2, 4, 4, 4, 4, 4, 4):
        phone.scene.wait(wait)
        if wait:
            phone.scene.send(phone.phone, phone.server, phone.message)
        else:
            phone.answer(request={"branch": OTHER_BRANCH})
        phone.scene.send(phone.server, phone.phone, refusal)
    phone.ping()


def reconnects(phone, seconds, **challenge):
    """A refresh with the same nonce over another TCP connection, challenged again."""
    phone.phone, phone.transport = ("192.0.2.20", 40001), "TCP"
    registered(phone)
    phone.scene.wait(seconds)
    phone.phone = ("192.0.2.20", 52347)
    phone.answer()
    phone.challenge(**challenge)
    phone.answer()
    phone.ok()


def tcp_reconnected(phone):
    """Each connection has a port of its own: nothing that a refusal has to do with."""
    reconnects(phone, 300, stale="true")


def connection_changed(phone):
    """The server knows its nonces by the connection, and does not say so."""
    reconnects(phone, 20)


def mistyped(phone):
    """The phone asks its user for the password, who errs at first: no nonce has expired."""
    phone.register()
    phone.challenge()
    phone.scene.wait(9)
    phone.answer(password="brass-Kettle")
    phone.challenge()
    phone.scene.wait(12)
    phone.answer()
    phone.ok()


# --- accepted, but worth a word

def digest_variant(phone):
    """Phone and server both cut SHA-512 to half instead of computing SHA-512/256: they agree."""
    registered(phone, algorithm="SHA-512-256")


def server_unproved(phone):
    phone.register()
    phone.challenge()
    phone.answer()
    proof = {"qop": "auth", "rspauth": phone.scene.token(32), "cnonce": phone.scene.token(12), "nc": "00000001"}
    phone.ok([("Authentication-Info", parameters(proof, ("rspauth", "cnonce")))])


# --- many in a row

def unanswered_loop(phone):
    for _ in range(6):
        phone.register()
        phone.challenge()
        phone.scene.wait(15)


def many_accounts_fail(phone):
    for user in ("100", "101", "admin", "test", "sales", "1000"):
        guess = Account(phone.scene, user, password=user, phone=("203.0.113.77", 5081))
        guess.register()
        guess.challenge()
        guess.answer()
        guess.reply(403)


def some_accounts_fail(phone):
    """Behind one address are many phones that work, and a few that do not: no scan."""
    for number in range(200, 220):
        office = Account(phone.scene, str(number), phone=("203.0.113.77", 5000 + number))
        office.register()
        office.challenge()
        office.answer()
        if number % 4:
            office.ok()
        else:
            office.reply(403)


STORIES = {name: refused(name) for name in ANSWERS}
STORIES.update((f.__name__, f) for f in (
    to_tag_kept, branch_reused_replayed, tcp_reconnected, connection_changed, mistyped, some_accounts_fail, nonce_resent, nc_replayed, nc_skipped,
    source_port_changed, preloaded_refused, credentials_joined, second_realm_unanswered, uri_rewritten, digest_variant,
    server_unproved, unanswered_loop, many_accounts_fail, scheme_differs, cseq_decreased, auth_int_chosen, cancel_cseq, ack_cseq,
    digest_bad_accepted, changed_on_path, stale_at_once, nonce_unknown, nextnonce_ignored, stale_in_phrase, form_accepted_before,
    accepted_before, no_longer_accepted, nonce_of_other_call,
    credentials_dropped, credentials_dropped_by_header, request_uri_changed, qop_list_bare, to_changed, nc_of_each_call, nc_decreased, ack_without_credentials))
