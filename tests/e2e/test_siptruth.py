"""The truth itself, on published values and on small made-up exchanges. Needs neither the plugin nor Wireshark."""
import hashlib

import pytest

import siptruth
from contract import Contract, Item, agree
from sipdigest import Row, aes128_encrypt, aka_rand, milenage, verify
from siptruth import TIMEOUT, analyse, parse_auth, parse_message, split_commas

# ---- Parsing ---------------------------------------------------------------------------------------------------------

AUTH_CASES = [
    # value, [(scheme, {parameter: value})]
    ('Digest realm="a", nonce="b"', [("Digest", {"realm": "a", "nonce": "b"})]),
    ('DIGEST REALM = "a",nonce= b', [("DIGEST", {"realm": "a", "nonce": "b"})]),
    ('  Digest  username="x",realm="a, qop=\\"auth\\" b"', [("Digest", {"username": "x", "realm": 'a, qop="auth" b'})]),
    ('Digest realm="a", nonce="b", Digest realm="c"', [("Digest", {"realm": "a", "nonce": "b"}), ("Digest", {"realm": "c"})]),
    ('Basic realm="a", Digest realm="c",qop="auth, auth-int"',
     [("Basic", {"realm": "a"}), ("Digest", {"realm": "c", "qop": "auth, auth-int"})]),
    ('Digest realm="a" nonce="b" ,, stale=TRUE,', [("Digest", {"realm": "a", "nonce": "b", "stale": "TRUE"})]),
    ('Digest realm="a", nonce="no end', [("Digest", {"realm": "a", "nonce": "no end"})]),
    ('Digest realm="ends in \\\\", nonce="b"', [("Digest", {"realm": "ends in \\", "nonce": "b"})]),
    ('Digest realm="", nonce="b:c=="', [("Digest", {"realm": "", "nonce": "b:c=="})]),
    ('Digest qop=auth,auth-int,nc=00000001', [("Digest", {"qop": "auth", "nc": "00000001"})]),
    ('Digest opaque=""00""', [("Digest", {"opaque": ""})]),
    ('Digest', [("Digest", {})]),
    ('', []),
]


@pytest.mark.parametrize("value, expected", AUTH_CASES)
def test_parse_auth(value, expected):
    found = parse_auth("www-authenticate", value)
    assert [(a.scheme, {n: a.get(n) for n, _, _ in a.items}) for a in found] == expected


def test_whole_qop_list_sent_back():
    assert parse_auth("authorization", "Digest qop=auth,auth-int,nc=1")[0].qop_literal == "auth,auth-int"


def test_extended_username():
    assert parse_auth("authorization", "Digest username*=UTF-8''J%C3%A4s")[0].username.encode("latin-1") == "Jäs".encode()


def test_split_commas():
    assert split_commas('<sip:a,b>, "c, d" <sip:e>;x="f,g" , h') == ["<sip:a,b>", '"c, d" <sip:e>;x="f,g"', "h"]


def test_parse_message_folded_and_compact():
    message = parse_message(1, 0.0, ("a", 1), ("b", 2), "udp", (
        b"REGISTER sip:x SIP/2.0\r\nv: SIP / 2.0 / UDP  Host.example ;rport\r\n ;branch=z9hG4bK1;received=1.2.3.4, SIP/2.0/TCP p\r\n"
        b"f: \"A;tag=no\" <sip:a@x;tag=no>;tag=yes\r\nt:sip:b@x;tag=t\r\ni:  id \r\nCSeq: 7  REGISTER\r\nl: 2\r\n\r\nabcd"))
    assert message.via == ("host.example:5060", "z9hG4bK1")
    assert (message.from_tag, message.to_tag, message.call_id, message.cseq) == ("yes", "t", "id", (7, "REGISTER"))
    assert (message.body, message.complete) == (b"ab", True)


@pytest.mark.parametrize("octets", [b"\r\n\r\n", b"", b"Content-Length: 0\r\n\r\n", b"\x00\x01binary"])
def test_not_a_message(octets):
    assert parse_message(1, 0.0, ("a", 1), ("b", 2), "udp", octets) is None


def test_cut_body_is_incomplete():
    message = parse_message(1, 0.0, ("a", 1), ("b", 2), "udp", b"INFO sip:x SIP/2.0\r\nContent-Length: 9\r\n\r\nabc")
    assert not message.complete


# ---- Digest ----------------------------------------------------------------------------------------------------------

RFC2617 = ('username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", '
           'qop=auth, nc=00000001, cnonce="0a4f113b", response="{}"')
RFC7616 = ('username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm={}, '
           'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
           'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="{}"')
RFC7616_USERHASH = ('username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b", realm="api@example.org", '
                    'uri="/doe.json", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", nc=00000001, '
                    'cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", qop=auth, userhash=true, response="{}"')
SMITH = ('username="bob", realm="biloxi.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="sip:bob@biloxi.com", {}'
         'response="{}"')
SMITH_QOP = 'qop=auth, nc=00000001, cnonce="0a4f113b", '
IMS = ('username="001010123456789@ims.mnc001.mcc001.3gppnetwork.org", realm="ims.mnc001.mcc001.3gppnetwork.org", '
       'nonce="I1U8vpY3qJ0hiuZNrke/NVXzKLQ1d7m5Sp/6w1Tfr7M=", uri="sip:ims.mnc001.mcc001.3gppnetwork.org", '
       'algorithm={}, qop=auth, nc=00000001, cnonce="0a4f113b", response="{}"')
K, OP, OPC = "465b5ce8b199b49faa5f0a2ee238a6bc", "cdc202d5123e20f62b6d676ac72cb318", "cd63cb71954a9f4e48a5994e37a02baf"
RES, IK, CK = "a54211d5e3ba50bf", "f769bcd751044604127672711c6d3441", "b40ba9a3c58b2a05bbf0d987b21bf8cb"
AKA_V1 = IMS.format("AKAv1-MD5", "cbefdcc54c81aa658d67da2fba29638c")
AKA_V2 = IMS.format("AKAv2-MD5", "8bcf53b701e7803582f4167efb760cd0")

DIGEST_CASES = [
    # name, method, credentials, user, type, secret, variant
    ("RFC 2617 3.5", "GET", RFC2617.format("6629fae49393a05397450978507c4ef1"), "Mufasa", "password", "Circle Of Life", "rfc"),
    ("upper case", "GET", RFC2617.format("6629FAE49393A05397450978507C4EF1"), "Mufasa", "password", "Circle Of Life", "rfc"),
    ("HA1", "GET", RFC2617.format("6629fae49393a05397450978507c4ef1"), "*", "HA1", "939e7578ed9e3c518a452acee763bce9", "rfc"),
    ("RFC 7616 3.9.1 MD5", "GET", RFC7616.format("MD5", "8ca523f5e9506fed4657c9700eebdbec"), "Mufasa", "password", "Circle of Life", "rfc"),
    ("RFC 7616 3.9.1 SHA-256", "GET",
     RFC7616.format("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"), "*", "password", "Circle of Life", "rfc"),
    ("RFC 7616 3.9.2, erratum 4897", "GET",
     RFC7616_USERHASH.format("3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"), "Jäsøn Doe", "password", "Secret, or not?", "rfc"),
    ("RFC 2069 form", "INVITE", SMITH.format("", "bf57e4e0d0bffc0fbaedce64d59add5e"), "bob", "password", "zanzibar", "rfc"),
    ("qop=auth", "INVITE", SMITH.format(SMITH_QOP, "89eb0059246c02b2f6ee02c7961d5ea3"), "bob", "password", "zanzibar", "rfc"),
    ("ACK of a 2xx", "ACK", SMITH.format(SMITH_QOP, "89eb0059246c02b2f6ee02c7961d5ea3"), "bob", "password", "zanzibar", "rfc"),
    ("CANCEL", "CANCEL", SMITH.format(SMITH_QOP, "89eb0059246c02b2f6ee02c7961d5ea3"), "bob", "password", "zanzibar", "rfc"),
    ("other method", "BYE", SMITH.format(SMITH_QOP, "89eb0059246c02b2f6ee02c7961d5ea3"), "bob", "password", "zanzibar", "method-INVITE"),
    ("MD5-sess", "INVITE", SMITH.format("algorithm=MD5-sess, " + SMITH_QOP, "e4e4ea61d186d07a92c9e1f6919902e9"), "bob", "password", "zanzibar", "rfc"),
    ("AKAv1, RES", "REGISTER", AKA_V1, "*", "AKA-RES", RES, "rfc"),
    ("AKAv1, OP", "REGISTER", AKA_V1, "*", "AKA-K-OP", f"{K}:{OP}", "rfc"),
    ("AKAv2, OPc", "REGISTER", AKA_V2, "*", "AKA-K-OPc", f"{K}:{OPC}", "rfc"),
    ("AKAv2, RES", "REGISTER", AKA_V2, "*", "AKA-RES", f"{RES}:{IK}:{CK}", "rfc"),
]


@pytest.mark.parametrize("name, method, text, user, kind, secret, variant", DIGEST_CASES, ids=[c[0] for c in DIGEST_CASES])
def test_published_digest(name, method, text, user, kind, secret, variant):
    credentials = parse_auth("authorization", "Digest " + text)[0]
    verdict = verify(credentials, method, b"", [Row(user, "*", kind, secret)])
    assert (verdict.status, verdict.variant) == ({"good"}, variant)
    other = secret + "x" if kind == "password" else "".join(c if c == ":" else f"{15 - int(c, 16):x}" for c in secret)
    assert verify(credentials, method, b"", [Row(user, "*", kind, other)]).status == {"bad"}
    assert verify(credentials, method, b"", [Row(user, "nowhere", kind, secret)]).status == {"unverified"}
    assert verify(credentials, method, b"", []).status == {"unverified"}
    several = [Row("*", "*", kind, other), Row(user, "*", kind, secret)]
    assert verify(credentials, method, b"", several).status == {"good"}


def test_auth_int():
    text = 'Digest username="u", realm="r", nonce="n", uri="sip:x", qop=auth-int, nc=00000001, cnonce="c", response="{}"'
    md5 = lambda s: hashlib.md5(s.encode()).hexdigest()
    value = md5(f"{md5('u:r:p')}:n:00000001:c:auth-int:{md5('MESSAGE:sip:x:' + md5('hello'))}")
    credentials, rows = parse_auth("authorization", text.format(value))[0], [Row("u", "r", "password", "p")]
    assert verify(credentials, "MESSAGE", b"hello", rows).status == {"good"}
    assert verify(credentials, "MESSAGE", b"hallo", rows).status == {"bad"}
    assert verify(credentials, "MESSAGE", None, rows).status == {"unverified"}


def test_binary_sess_is_a_variant():
    md5 = hashlib.md5
    ha1 = md5(md5(b"u:r:p").digest() + b":n:c").hexdigest()
    value = md5(f"{ha1}:n:00000001:c:auth:{md5(b'REGISTER:sip:x').hexdigest()}".encode()).hexdigest()
    text = f'Digest username="u", realm="r", nonce="n", uri="sip:x", algorithm=MD5-sess, qop=auth, nc=00000001, cnonce="c", response="{value}"'
    verdict = verify(parse_auth("authorization", text)[0], "REGISTER", b"", [Row("u", "r", "password", "p")])
    assert (verdict.status, verdict.variant) == ({"good"}, "sess-binary-ha1")


def test_resynchronisation_is_signed_with_the_empty_password():
    text = IMS.format("AKAv1-MD5", "3414b268edd18acb8f4a8901537ea4df") + ', auts="uoU/PBI8z0TpNZbjVcY="'
    assert verify(parse_auth("authorization", "Digest " + text)[0], "REGISTER", b"", []).status == {"good"}


def test_nothing_to_verify():
    rows = [Row("*", "*", "password", "p")]
    for text in ('Digest username="u", realm="r", nonce="", uri="sip:x", response=""', 'Basic dTpw',
                 'Digest username="u", realm="r", nonce="n", uri="sip:x", algorithm=TOKEN, response="00"'):
        assert verify(parse_auth("authorization", text)[0], "REGISTER", b"", rows).status == {"unverified"}


def test_aes_and_milenage():
    # FIPS 197 appendix C.1; 3GPP TS 35.207 test set 1
    assert aes128_encrypt(bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")).hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"
    rand = aka_rand("I1U8vpY3qJ0hiuZNrke/NVXzKLQ1d7m5Sp/6w1Tfr7M=")
    assert rand.hex() == "23553cbe9637a89d218ae64dae47bf35"
    assert [x.hex() for x in milenage(bytes.fromhex(K), bytes.fromhex(OPC), rand)] == [RES, CK, IK]


# ---- Exchanges -------------------------------------------------------------------------------------------------------

PHONE, PROXY, SERVER = ("10.0.0.1", 5060), ("10.0.0.2", 5060), ("10.0.0.3", 5060)


class Talk:
    """A capture made of a few lines. Every message is one frame, 0.1 s after the one before unless told."""

    def __init__(self):
        self.messages = []
        self.now = 0.0

    def _add(self, start, via, lines, source, target, after):
        self.now += after
        text = "\r\n".join([start, f"Via: SIP/2.0/UDP {via[0]};branch={via[1]}", *lines, "", ""])
        self.messages.append(parse_message(len(self.messages) + 1, self.now, source, target, "udp", text.encode()))
        return self.messages[-1]

    def request(self, method, cseq, *headers, branch=None, source=PHONE, target=SERVER, after=0.1, call="c", to_tag="", from_tag="f"):
        to = "To: <sip:b@x>" + (f";tag={to_tag}" if to_tag else "")
        lines = [f"From: <sip:a@x>;tag={from_tag}", to, f"Call-ID: {call}", f"CSeq: {cseq} {method}", *headers]
        return self._add(f"{method} sip:x SIP/2.0", (source[0], branch or f"z9hG4bK{call}{cseq}{method}"), lines, source, target, after)

    def answer(self, request, code, *headers, after=0.1, to_tag="t", phrase="X"):
        lines = [f"{n}: {request.get(n)}" + (f";tag={to_tag}" if n == "to" and not request.to_tag else "")
                 for n in ("from", "to", "call-id", "cseq")]
        return self._add(f"SIP/2.0 {code} {phrase}", (request.source[0], request.via[1]), [*lines, *headers], request.target, request.source, after)

    def again(self, message, after):
        self.now += after
        self.messages.append(parse_message(len(self.messages) + 1, self.now, message.source, message.target, "udp", message.raw))
        return self.messages[-1]

    def truth(self, wait=0.0, rows=()):
        return analyse(self.messages, self.now + wait, rows)


def challenge(nonce="n1", realm="r", kind="WWW", more=""):
    return f'{kind}-Authenticate: Digest realm="{realm}", nonce="{nonce}"{more}'


def credentials(nonce="n1", realm="r", header="Authorization", user="u", more=""):
    return f'{header}: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="sip:x", response="{"0" * 32}"{more}'


def exchange_of(code, *headers, wait=0.0):
    talk = Talk()
    first = talk.answer(talk.request("REGISTER", 1), 401, challenge())
    retry = talk.request("REGISTER", 2, credentials())
    talk.answer(retry, code, *headers)
    return talk.truth(wait).exchanges[0], first, retry


@pytest.mark.parametrize("code, headers, outcome", [
    (200, [], "accepted"), (403, [], "forbidden"), (423, [], "interval-too-brief"), (486, [], "failed"), (302, [], "failed"),
    (401, [challenge("n2")], "rejected"), (401, [challenge("n1")], "rejected"),
    (401, [challenge("n2", more=", stale=TRUE")], "stale"), (401, [challenge("n2", more=', stale="false"')], "rejected"),
    (407, [challenge("n2", "other", "Proxy")], "other-realm"),
    (401, [challenge("n2", "other"), challenge("n3")], "rejected"),
])
def test_outcome(code, headers, outcome):
    exchange, first, retry = exchange_of(code, *headers)
    assert exchange.challenge is first and exchange.retry is retry
    assert exchange.outcome == {outcome}
    assert exchange.closing.frame == 4


@pytest.mark.parametrize("phrase, nonce, outcome", [("Nonce has changed", "n2", "stale"), ("Stale", "n2", "stale"),
                                                    ("Nonce has changed", "n1", "rejected"), ("Wrong password", "n2", "rejected")])
def test_nonce_that_is_refused_in_words_is_stale(phrase, nonce, outcome):
    talk = Talk()
    talk.answer(talk.request("REGISTER", 1), 401, challenge())
    talk.answer(talk.request("REGISTER", 2, credentials()), 401, challenge(nonce), phrase=phrase)
    assert talk.truth().exchanges[0].outcome == {outcome}


@pytest.mark.parametrize("wait, outcome", [(1, {"unknown"}), (TIMEOUT, {"unknown", "no-retry"}), (60, {"no-retry"})])
def test_no_retry(wait, outcome):
    talk = Talk()
    talk.answer(talk.request("REGISTER", 1), 401, challenge())
    assert talk.truth(wait).exchanges[0].outcome == outcome


@pytest.mark.parametrize("wait, outcome", [(1, {"unknown"}), (60, {"no-answer"})])
def test_no_answer(wait, outcome):
    talk = Talk()
    talk.answer(talk.request("REGISTER", 1), 401, challenge())
    talk.request("REGISTER", 2, credentials())
    assert talk.truth(wait).exchanges[0].outcome == outcome


def test_nonce_that_was_good_before_is_stale():
    talk = Talk()
    talk.answer(talk.request("REGISTER", 1), 401, challenge())
    talk.answer(talk.request("REGISTER", 2, credentials()), 200)
    talk.answer(talk.request("REGISTER", 3, credentials()), 401, challenge("n2"))
    truth = talk.truth()
    assert [e.outcome for e in truth.exchanges] == [{"accepted"}, {"unknown"}]
    assert Contract(truth, forward=False).frames[6]["siptrail.outcome"][0].values == {"stale"}


def test_retransmission_is_not_a_copy_and_neither_is_a_retry():
    talk = Talk()
    request = talk.request("REGISTER", 1)
    talk.again(request, 0.00001)
    sent_again = talk.again(request, 0.5)
    talk.again(sent_again, 0.00001)
    talk.answer(request, 401, challenge("n1"))
    talk.answer(request, 401, challenge("n2"))
    retry = talk.request("REGISTER", 2, credentials("n2"))
    talk.answer(retry, 200)
    truth = talk.truth(60)
    by_frame = {m.frame: m for m in truth.messages}
    assert [by_frame[f].copy_of and by_frame[f].copy_of.frame for f in (2, 3, 4)] == [1, None, 3]
    assert [by_frame[f].retransmission_of and by_frame[f].retransmission_of.frame for f in (2, 3, 4)] == [None, 1, None]
    assert by_frame[4].original.frame == 1
    assert [m.transaction.request.frame for m in truth.messages if m.code] == [1, 1, 7]
    # two challenges, of which the client took the second
    assert [e.retry and e.retry.frame for e in truth.exchanges] == [None, 7]
    assert [e.superseded for e in truth.exchanges] == [True, False]


def test_branch_used_again_for_the_retry():
    talk = Talk()
    first = talk.request("REGISTER", 1, branch="z9hG4bKsame")
    talk.answer(first, 401, challenge())
    retry = talk.request("REGISTER", 2, credentials(), branch="z9hG4bKsame")
    talk.answer(retry, 200)
    assert [m.transaction.request.frame for m in talk.truth().messages if m.code] == [1, 3]


def test_transactions_without_magic_cookie():
    talk = Talk()
    one, two = talk.request("OPTIONS", 1, branch="1", call="a"), talk.request("OPTIONS", 1, branch="1", call="b")
    talk.answer(two, 200)
    talk.answer(one, 200)
    assert [m.transaction.request.frame for m in talk.truth().messages if m.code] == [2, 1]


def test_cancel_shares_the_branch_of_its_invite():
    talk = Talk()
    invite = talk.request("INVITE", 1, branch="z9hG4bKi")
    cancel = talk.request("CANCEL", 1, branch="z9hG4bKi")
    talk.answer(cancel, 200)
    talk.answer(invite, 487)
    assert [m.transaction.request.frame for m in talk.truth().messages if m.code] == [2, 1]


def test_challenge_relayed_by_a_proxy():
    """The same nonce on two hops: each credentials answer the challenge of their own hop."""
    talk = Talk()
    near = talk.request("INVITE", 1, target=PROXY)
    far = talk.request("INVITE", 1, source=PROXY, branch="z9hG4bKfar1")
    talk.answer(far, 401, challenge())
    talk.answer(near, 401, challenge())
    near = talk.request("INVITE", 2, credentials(), target=PROXY)
    far = talk.request("INVITE", 2, credentials(), source=PROXY, branch="z9hG4bKfar2")
    talk.answer(far, 200)
    talk.answer(near, 200)
    assert [(e.challenge.frame, e.retry.frame, e.closing.frame) for e in talk.truth().exchanges] == [(3, 6, 7), (4, 5, 8)]


def test_two_realms_one_after_the_other():
    talk = Talk()
    talk.answer(talk.request("INVITE", 1), 407, challenge("p1", "proxy", "Proxy"))
    talk.answer(talk.request("INVITE", 2, credentials("p1", "proxy", "Proxy-Authorization")), 401, challenge("u1", "uas"))
    both = [credentials("p1", "proxy", "Proxy-Authorization"), credentials("u1", "uas")]
    talk.answer(talk.request("INVITE", 3, *both), 200)
    truth = talk.truth()
    assert [(e.challenge.frame, e.retry.frame, *e.outcome) for e in truth.exchanges] == [(2, 3, "other-realm"), (4, 5, "accepted")]
    assert [u.exchange.challenge.frame for u in truth.messages[4].credentials] == [2, 4]


def test_same_nonce_in_two_calls_and_twice_in_one():
    """A nonce may be the same for all challenges of a second: call and time tell which one is answered."""
    talk = Talk()
    talk.answer(talk.request("REGISTER", 1), 401, challenge())
    talk.answer(talk.request("SUBSCRIBE", 1, call="d"), 401, challenge())
    talk.answer(talk.request("REGISTER", 2, credentials()), 401, challenge())
    talk.request("REGISTER", 3, credentials())
    talk.request("SUBSCRIBE", 2, credentials(), call="d")
    assert [e.retry.frame for e in talk.truth().exchanges] == [5, 8, 7]


def test_the_challenge_answered_is_chosen_by_algorithm():
    talk = Talk()
    talk.answer(talk.request("REGISTER", 1), 401, challenge(more=", algorithm=SHA-256"), challenge(more=", algorithm=MD5"))
    use = talk.request("REGISTER", 2, credentials(more=", algorithm=MD5")).credentials[0]
    talk.truth()
    assert use.challenge.get("algorithm") == "MD5"


def test_ack_is_no_retry():
    talk = Talk()
    talk.answer(talk.request("INVITE", 1), 401, challenge())
    talk.request("ACK", 1, credentials(), branch="z9hG4bKc1INVITE")
    assert talk.truth().exchanges[0].retry is None


def test_nonce_never_issued_is_linked_by_call_and_cseq():
    talk = Talk()
    talk.answer(talk.request("REGISTER", 1), 401, challenge())
    use = talk.request("REGISTER", 2, credentials("mistyped")).credentials[0]
    talk.truth()
    assert use.exchange.challenge.frame == 2 and use.evidence != "nonce"


def subscription(suppress="tag1", more_notifies=()):
    talk = Talk()
    event = "Event: presence;id=5"
    talk.answer(talk.request("SUBSCRIBE", 1, event, to_tag=""), 200, "Expires: 600")
    notify = lambda cseq, *headers: talk.request("NOTIFY", cseq, event, *headers, source=SERVER, target=PHONE, from_tag="t", to_tag="f")
    talk.answer(notify(1, "SIP-ETag: tag1", "Subscription-State: active;expires=600"), 200)
    request = talk.request("SUBSCRIBE", 2, event, f"Suppress-If-Match: {suppress}", to_tag="t")
    talk.answer(request, 204, "Expires: 300")
    for number, headers in enumerate(more_notifies, 2):
        notify(number, *headers)
    return talk.truth().no_notify[0]


def test_no_notify():
    found = subscription()
    assert (found.response.frame, found.subscribe.frame, found.event, found.etag, found.expires) == (6, 5, "presence;id=5", "tag1", "300")
    assert {m.frame for m in found.etag_in} == {3}
    assert found.notify is None


@pytest.mark.parametrize("headers, superfluous", [
    (["SIP-ETag: tag1", "Subscription-State: active;expires=300"], True),
    (["SIP-ETag: tag2", "Subscription-State: active;expires=300"], False),      # the state changed
    (["SIP-ETag: tag1", "Subscription-State: terminated"], False),              # only the subscription changed
])
def test_superfluous_notify(headers, superfluous):
    assert bool(subscription(more_notifies=[headers]).notify) is superfluous


# ---- Between client and server ---------------------------------------------------------------------------------------

SHA, MD5 = challenge(more=', algorithm=SHA-256, qop="auth"'), challenge(more=', algorithm=MD5, qop="auth"')
BOTH_QOP = challenge(more=', algorithm=MD5, qop="auth,auth-int"')


@pytest.mark.parametrize("before, after, finding", [
    ([SHA, MD5], [SHA, MD5], None), ([SHA, MD5], [MD5], "challenge_weakened"), ([SHA, MD5], [MD5, SHA], "challenge_weakened"),
    ([MD5], [challenge()], "challenge_weakened"), ([MD5], [SHA, MD5], None), ([BOTH_QOP], [MD5], "auth_int_removed"),
    ([SHA], [challenge(realm="other")], None),
])
def test_challenge_on_two_hops(before, after, finding):
    talk = Talk()
    near = talk.request("INVITE", 1, target=PROXY)
    below = f"Via: SIP/2.0/UDP {near.source[0]};branch={near.via[1]}"
    talk.answer(talk.request("INVITE", 1, below, source=PROXY, branch="z9hG4bKfar"), 401, below, *before)
    talk.answer(near, 401, *after)
    assert siptruth.weakened(talk.truth()) == ({4: finding} if finding else {})


@pytest.mark.parametrize("heard, wait, found", [(5, 60, {3}), (90, 60, set()), (110, 60, set()), (5, 20, set())])
def test_registered_client_is_silent(heard, wait, found):
    """Registered at 0.2 s, and called at 100.2 s."""
    talk = Talk()
    talk.answer(talk.request("REGISTER", 1), 200, "Contact: <sip:a@10.0.0.1>;expires=600")
    talk.again(talk.request("INVITE", 1, source=SERVER, target=PHONE, after=100, call="d"), 0.5)
    assert siptruth.unheard(talk.truth(wait), lambda: [(0.1, *PHONE), (heard, *PHONE)]) == found


# ---- The comparison --------------------------------------------------------------------------------------------------

def items(*values):
    return [Item(None, frozenset(v.strip("?").split("|")), not v.startswith("?")) for v in values]


@pytest.mark.parametrize("expected, values, same", [
    ((), [], True), ((), ["1"], False), (("1",), [], False), (("1",), ["1"], True), (("1",), ["1", "1"], False),
    (("?1",), [], True), (("?1", "2"), ["2"], True), (("1|2", "1"), ["1", "2"], True), (("1|2", "1"), ["2", "2"], False),
])
def test_agree(expected, values, same):
    assert agree(items(*expected), values) is same


def test_capture_without_a_message():
    assert siptruth.analyse([], 0.0).exchanges == []
