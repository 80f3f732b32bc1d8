"""What happens between client and server: a NAT that forgets the client, an element that rewrites what it passes on."""
from pcapng import Unreachable
from refused import Hop, ack, acknowledge
from sip import Account, PHONE, SERVER, parameters

NAT, NAT_LATER = ("203.0.113.5", 40001), ("203.0.113.5", 40017)
STUN = bytes.fromhex("00010000 2112a442") + b"example-call"  # a binding request, RFC 5389
KEEP_ALIVES = (b"\r\n\r\n", STUN, b"\0\0\0\0", b"\r\n\r\n")
RETRANSMISSIONS = (0.5, 1, 2, 4, 8, 16)  # of an INVITE, RFC 3261 section 17.1.1.2
BORDER, INNER_BORDER = ("203.0.113.5", 5060), ("198.51.100.5", 5060)
BETTER = {"algorithm": "SHA-256", "also": [{"algorithm": "MD5"}]}
GATEWAYS = ("198.51.100.11", 5060), ("198.51.100.12", 5060)
OTHER_AOR = "sip:100@sbc.example.net"


# --- a NAT in front of the phone

def behind_nat(phone, expires=600):
    """Registered by way of a NAT: Via and Contact name the address inside."""
    phone.inside, phone.phone, phone.expires = ("192.0.2.20", 5060), NAT, expires
    phone.register(expires)
    phone.challenge()
    phone.answer()
    listed(phone)


def listed(phone):
    phone.ok(listed=[f"<sip:100@{phone.phone[0]}:{phone.phone[1]}>;expires={phone.expires}"])


def refresh(phone):
    phone.answer()
    listed(phone)


def keep_alives(phone, count):
    for n in range(count):
        phone.scene.wait(25)
        phone.keep_alive(KEEP_ALIVES[n % len(KEEP_ALIVES)])


def answered(phone, waits=()):
    """A call that the phone declines."""
    request = phone.request(waits=waits)
    phone.respond(request, 100)
    phone.respond(request, 486)
    phone.scene.send(SERVER, phone.phone, ack(request, phone.scene.latest))


def client_unheard(phone):
    """The phone stops its keep-alives; 95 s later a call does not reach it. At its refresh the NAT has another port for it."""
    behind_nat(phone)
    keep_alives(phone, 2)
    phone.scene.wait(95)
    phone.request(waits=RETRANSMISSIONS)
    phone.scene.wait(170)
    phone.phone = NAT_LATER
    refresh(phone)
    phone.scene.wait(5)
    answered(phone)


def client_unheard_icmp(phone):
    """The NAT says so; and OPTIONS fares no better than INVITE."""
    behind_nat(phone)
    phone.scene.wait(120)
    for method in ("OPTIONS", "INVITE"):
        request = phone.request(method)
        for wait in RETRANSMISSIONS:
            phone.scene.packets.append((phone.scene.time, (NAT[0], 0), SERVER, Unreachable(SERVER, NAT, request.octets())))
            phone.scene.wait(wait)
            phone.scene.send(SERVER, NAT, request)
    phone.ping()


def none_keep_alives(phone):
    """Keep-alives every 25 s, calls in between: answered, answered late, answered after one more INVITE; a refresh; switched off."""
    behind_nat(phone)
    keep_alives(phone, 8)
    answered(phone)
    phone.scene.wait(24)
    answered(phone, (0.5, 1, 2))
    keep_alives(phone, 4)
    phone.scene.wait(20)
    refresh(phone)
    keep_alives(phone, 2)
    phone.scene.wait(10)
    phone.request("OPTIONS", RETRANSMISSIONS)  # the phone has lost its power 10 s after a keep-alive: no NAT forgets so soon
    phone.ping()


def none_no_keep_alives(phone):
    """Without keep-alives, and no NAT forgets it: calls are answered at any time, the refresh comes from the same port."""
    behind_nat(phone)
    for _ in range(3):
        phone.scene.wait(90)
        answered(phone)
        phone.scene.wait(90)
        answered(phone, (0.5, 1, 2))
        phone.scene.wait(90)
        refresh(phone)


def none_run_out(phone):
    """Called after its registration had run out, or had been removed, and once more as the capture ends."""
    behind_nat(phone, 60)
    phone.scene.wait(90)
    phone.request(waits=RETRANSMISSIONS)
    phone.ping()
    other = Account(phone.scene, "101")
    other.inside, other.phone = ("192.0.2.21", 5060), ("203.0.113.5", 40002)
    for expires in (600, 0):
        other.expires = expires
        other.register(expires)
        other.challenge()
        other.answer()
        other.ok(listed=[f"<sip:101@203.0.113.5:40002>;expires={expires}"] if expires else [])
    phone.scene.wait(60)
    other.request(waits=RETRANSMISSIONS)
    third = Account(phone.scene, "102")
    third.inside, third.phone, third.expires = ("192.0.2.22", 5060), ("203.0.113.5", 40003), 600
    third.register(600)
    third.challenge()
    third.answer()
    third.ok(listed=["<sip:102@203.0.113.5:40003>;expires=600"])
    phone.scene.wait(60)
    third.request(waits=RETRANSMISSIONS[:4])


def none_moved(phone):
    """Seen from another port: after 20 s, within which no NAT forgets; after an hour, but the phone itself has another port, too."""
    behind_nat(phone, 3600)
    phone.scene.wait(20)
    phone.phone = NAT_LATER
    refresh(phone)
    phone.scene.wait(3000)
    phone.inside, phone.phone = ("192.0.2.20", 5062), ("203.0.113.5", 40018)
    refresh(phone)


# --- a challenge that is passed on

def pass_on(hop, status, change, **challenge):
    """The server's challenge, and what the element makes of it."""
    hop.back(hop.phone.challenge, status, change=change, **challenge)


def without(*unwanted):
    """Takes out challenges that hold one of these texts."""
    return lambda headers: [(k, v) for k, v in headers if not (k.endswith("-Authenticate") and any(text in v for text in unwanted))]


def replaced(old, new):
    return lambda headers: [(k, v.replace(old, new) if k.endswith("-Authenticate") else v) for k, v in headers]


def reversed_offer(headers):
    offers = [h for h in headers if h[0].endswith("-Authenticate")]
    return [h for h in headers if h not in offers] + offers[::-1]


def call_through(phone, change, answer, **challenge):
    """A call by way of a border controller; the phone answers what it sees of the challenge, and is let in."""
    hop = Hop(phone, BORDER, INNER_BORDER)
    phone.send("INVITE")
    hop.forward()
    pass_on(hop, 407, change, **challenge)
    acknowledge(phone)
    phone.answer("INVITE", **answer)
    hop.forward()
    hop.back(phone.reply, 486)
    acknowledge(phone)


def challenge_weakened(phone):
    """SHA-256 is taken out, and the phone answers with MD5."""
    call_through(phone, without("SHA-256"), {"algorithm": "MD5"}, **BETTER)


def challenge_reordered(phone):
    """MD5 comes on top, and the phone takes it."""
    call_through(phone, reversed_offer, {"algorithm": "MD5"}, **BETTER)


def qop_removed(phone):
    call_through(phone, replaced(', qop="auth"', ""), {"qop": None, "nc": None, "cnonce": None}, algorithm="MD5")


def auth_int_removed(phone):
    call_through(phone, replaced("auth,auth-int", "auth"), {}, qop="auth,auth-int")


def none_same_challenge(phone):
    """Passed on as they are; a proxy that asks itself, with MD5 only; a fork, whose two registrars do not ask alike."""
    call_through(phone, lambda headers: headers, {}, **BETTER)
    phone.server = BORDER
    phone.new_call()
    phone.send("INVITE")
    phone.challenge(407, realm="edge.example.net")
    acknowledge(phone)
    phone.answer("INVITE")
    hop = Hop(phone, BORDER, INNER_BORDER)
    hop.forward()
    pass_on(hop, 407, lambda headers: headers, **BETTER)
    acknowledge(phone)
    phone.new_call()
    phone.register()
    fork(phone)


def fork(phone):
    """Two registrars of one domain; the one with SHA-256 answers first, both before the phone hears of it."""
    hop = Hop(phone, BORDER, INNER_BORDER)
    first = hop.relay(("198.51.100.11", 5060))
    second = hop.relay(("198.51.100.12", 5060))
    phone.nc = 0
    better = f'Digest realm="{phone.realm}", nonce="{phone.scene.token(32)}", algorithm=SHA-256, qop="auth"'
    worse = f'Digest realm="{phone.realm}", nonce="{phone.scene.token(32)}", algorithm=MD5, qop="auth"'
    for (target, request), line in ((first, better), (second, worse)):
        phone.scene.send(target, INNER_BORDER, request.response(401, [("WWW-Authenticate", line)], tag=phone.scene.token(8)))
    joined = phone.message.response(401, [("WWW-Authenticate", worse), ("WWW-Authenticate", better)], tag=phone.scene.token(8))
    phone.scene.send(BORDER, PHONE, joined)


def asks(phone, realm=None):
    """A challenge of some server."""
    return {"realm": realm or phone.realm, "nonce": phone.scene.token(32), "algorithm": "MD5", "qop": "auth"}


def written(*offers):
    return [("WWW-Authenticate", "Digest " + parameters({**offer, "qop": f'"{offer["qop"]}"'})) for offer in offers]


def forked(phone):
    """Passed on to two gateways: (target, request) of each."""
    hop = Hop(phone, BORDER, INNER_BORDER)
    return [hop.relay(gateway) for gateway in GATEWAYS]


def answer_fork(phone, leg, status, headers=()):
    target, request = leg
    response = request.response(status, headers, tag=phone.scene.token(8))
    phone.scene.send(target, INNER_BORDER, response)
    if request.start.startswith("INVITE") and status >= 300:
        phone.scene.send(INNER_BORDER, target, ack(request, response))


def answer_client(phone, status, headers=()):
    phone.scene.send(BORDER, PHONE, phone.message.response(status, headers, tag=phone.scene.token(8)))
    if phone.message.start.startswith("INVITE") and status >= 300:
        acknowledge(phone)


def both_ask(phone, realm=None):
    """A call to two gateways: both challenges, as the phone gets them together, in one 401."""
    phone.server = BORDER
    phone.send("INVITE")
    first, second = asks(phone), asks(phone, realm)
    for leg, offer in zip(forked(phone), (first, second)):
        answer_fork(phone, leg, 401, written(offer))
    answer_client(phone, 401, written(first, second))
    phone.nc = 0
    return first


def realm_shared(phone):
    """Two gateways of one realm; the phone answers the first challenge only. One gateway is busy, the other one asks again."""
    phone.answer("INVITE", answers=both_ask(phone))
    busy, other = forked(phone)
    again = asks(phone)
    answer_fork(phone, other, 401, written(again))
    answer_fork(phone, busy, 486)
    answer_client(phone, 401, written(again))
    phone.ping()


def none_fork_accepted(phone):
    """A REGISTER that one registrar challenges and the other accepts; a call that one of two gateways accepts, while the phone has
    no password for the other one; a call that one challenges and the other declines everywhere, which weighs more."""
    phone.server = BORDER
    phone.register()
    first, second = forked(phone)
    answer_fork(phone, first, 401, written(asks(phone)))
    listed = [("Contact", phone.message.first("Contact") + ";expires=3600")]
    answer_fork(phone, second, 200, listed)
    answer_client(phone, 200, listed)
    phone.new_call()
    phone.answer("INVITE", answers=both_ask(phone, "gateway.example.net"))
    first, second = forked(phone)
    answer_fork(phone, second, 401, written(asks(phone, "gateway.example.net")))
    answer_fork(phone, first, 200)
    answer_client(phone, 200)
    phone.new_call()
    phone.send("INVITE")
    first, second = forked(phone)
    answer_fork(phone, first, 401, written(asks(phone)))
    answer_fork(phone, second, 603)
    answer_client(phone, 603)
    phone.ping()


def challenge_kept_back(phone):
    """A border controller that cannot do anything with a challenge."""
    phone.server = BORDER
    phone.register()
    hop = Hop(phone, BORDER, INNER_BORDER)
    answer_fork(phone, hop.relay(SERVER), 401, written(asks(phone)))
    answer_client(phone, 403)
    phone.ping()


def challenge_removed(phone):
    """A border controller passes the 401 on without its challenge."""
    phone.register()
    hop = Hop(phone, BORDER, INNER_BORDER)
    hop.forward()
    hop.back(phone.challenge, change=lambda headers: [h for h in headers if h[0] != "WWW-Authenticate"])
    phone.ping()


# --- another realm

def other_realm(headers):
    return [(name, str(value).replace('realm="pbx.example.com"', f'realm="{SERVER[0]}"')) for name, value in headers]


def realm_rewritten(phone):
    """An ALG writes the server's address wherever it finds its name: into the credentials."""
    hop = Hop(phone, BORDER, INNER_BORDER)
    phone.register()
    hop.forward()
    hop.back(phone.challenge)
    phone.answer()
    hop.forward(rewrite=other_realm)
    hop.back(phone.challenge)


def realm_rewritten_401(phone):
    """… into the challenge, and the phone answers what it is asked."""
    hop = Hop(phone, BORDER, INNER_BORDER)
    phone.register()
    hop.forward()
    hop.back(phone.challenge, change=other_realm)
    phone.offer = {**phone.offer, "realm": SERVER[0]}
    phone.answer()
    hop.forward()
    hop.back(phone.challenge, change=other_realm)


# --- two servers of one realm, one behind the other

def realm_asked_twice(phone):
    """The edge asks itself, takes the answer, and leaves it in what it passes on; the registrar asks for the same realm."""
    hop = Hop(phone, BORDER, INNER_BORDER)
    phone.register()
    phone.challenge()
    phone.answer()
    hop.forward()
    pass_on(hop, 401, lambda headers: headers)
    phone.ping()


# --- another address-of-record

def register_through(phone, rewrite, end):
    """By way of a border controller that puts its own domain into To and From."""
    hop = Hop(phone, BORDER, INNER_BORDER)
    phone.register()
    hop.forward(rewrite=rewrite)
    pass_on(hop, 401, lambda headers: headers)
    phone.answer()
    hop.forward(rewrite=rewrite)
    hop.back(phone.reply, end)


def own_domain(headers):
    return [(k, v.replace("sip:100@pbx.example.com", OTHER_AOR) if k in ("To", "From") else v) for k, v in headers]


def aor_rewritten(phone):
    register_through(phone, own_domain, 404)


def aor_rewritten_403(phone):
    register_through(phone, own_domain, 403)


def none_aor(phone):
    """The border controller puts in its domain, and the server is content."""
    hop = Hop(phone, BORDER, INNER_BORDER)
    phone.register()
    hop.forward(rewrite=own_domain)
    pass_on(hop, 401, lambda headers: headers)
    phone.answer()
    hop.forward(rewrite=own_domain)
    hop.back(phone.ok)


STORIES = {f.__name__: f for f in (realm_asked_twice, client_unheard, client_unheard_icmp, none_keep_alives, none_no_keep_alives, none_run_out, none_moved,
                                   challenge_weakened, challenge_reordered, qop_removed, auth_int_removed, none_same_challenge,
                                   aor_rewritten, aor_rewritten_403, none_aor, realm_shared, none_fork_accepted, challenge_kept_back,
                                   challenge_removed, realm_rewritten, realm_rewritten_401)}
