"""SIP Digest (RFC 2617, 7616, 8760) and AKA (RFC 3310, 4169), computed the slow and obvious way.

The reference against which the plugin's verdicts are tested, so it shares nothing with it. Text that came from the wire is
held as latin-1 strings (one character per octet) and turned back into the same octets before it is hashed.
"""
import base64
import hashlib
import hmac
import itertools
import re
from dataclasses import dataclass

METHODS = ["REGISTER", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE", "REFER",
           "UPDATE", "INFO", "PRACK"]


# ---- Hashes --------------------------------------------------------------------------------------------------------

def _sha512_256(data):
    return hashlib.new("sha512_256", data).digest()


def _sha512_cut(data):
    """Not an algorithm of any RFC, but what RFC 7616's own example (and some stacks) computed."""
    return hashlib.sha512(data).digest()[:32]


# token in lower case: (hash, number of hexadecimal digits, is it a -sess algorithm, is the secret an AKA one)
ALGORITHMS = {
    "md5": (hashlib.md5, 32, False, None),
    "md5-sess": (hashlib.md5, 32, True, None),
    "sha-256": (hashlib.sha256, 64, False, None),
    "sha-256-sess": (hashlib.sha256, 64, True, None),
    "sha-512-256": ("sha512_256", 64, False, None),
    "sha-512-256-sess": ("sha512_256", 64, True, None),
    "akav1-md5": (hashlib.md5, 32, False, 1),
    "akav2-md5": (hashlib.md5, 32, False, 2),
    "akav1-sha-256": (hashlib.sha256, 64, False, 1),
    "akav2-sha-256": (hashlib.sha256, 64, False, 2),
}


def digest_octets(function, data):
    if function == "sha512_256":
        return _sha512_256(data)
    if function == "sha512_cut":
        return _sha512_cut(data)
    return function(data).digest()


def digest_hex(function, data):
    return digest_octets(function, data).hex().encode()


# ---- AES-128 and Milenage (3GPP TS 35.206) -------------------------------------------------------------------------

def _gf_double(a):
    return ((a << 1) ^ 0x11b) & 0xff if a & 0x80 else a << 1


def _sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= _gf_double(p)                          # p times 3
        for shift in (1, 2, 4):                     # q divided by 3
            q ^= (q << shift) & 0xff
        if q & 0x80:
            q ^= 0x09
        x = q
        for turn in (1, 2, 3, 4):
            x ^= ((q << turn) | (q >> (8 - turn))) & 0xff
        box[p] = x ^ 0x63
        if p == 1:
            box[0] = 0x63
            return box


SBOX = _sbox()


def aes128_encrypt(key, block):
    words, factor = [list(key[i:i + 4]) for i in range(0, 16, 4)], 1
    for i in range(4, 44):
        word = list(words[i - 1])
        if i % 4 == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= factor
            factor = _gf_double(factor)
        words.append([a ^ b for a, b in zip(words[i - 4], word)])
    round_keys = [sum(words[i:i + 4], []) for i in range(0, 44, 4)]
    state = [a ^ b for a, b in zip(block, round_keys[0])]
    for number in range(1, 11):
        state = [SBOX[b] for b in state]
        state = [state[(i + 4 * (i % 4)) % 16] for i in range(16)]
        if number < 10:
            mixed = []
            for c in range(0, 16, 4):
                a = state[c:c + 4]
                every = a[0] ^ a[1] ^ a[2] ^ a[3]
                mixed += [a[i] ^ every ^ _gf_double(a[i] ^ a[(i + 1) % 4]) for i in range(4)]
            state = mixed
        state = [a ^ b for a, b in zip(state, round_keys[number])]
    return bytes(state)


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def milenage(k, opc, rand):
    """RES, CK and IK (f2, f3, f4)."""
    temp = _xor(aes128_encrypt(k, _xor(rand, opc)), opc)

    def out(rotation, constant):
        turned = temp[rotation:] + temp[:rotation]
        return _xor(aes128_encrypt(k, _xor(turned, bytes(15) + bytes([constant]))), opc)
    return out(0, 1)[8:], out(4, 2), out(8, 4)


def aka_rand(nonce):
    """RAND is the first 16 octets of the nonce; its 22 first characters hold them, whatever padding follows."""
    text = re.sub(r"[^A-Za-z0-9+/]", "", nonce)[:24]
    return base64.b64decode(text)[:16] if len(text) == 24 else None


def aka_password(version, function, row, nonce):
    """The octets that stand for the password, or None when this row cannot give them."""
    if row.type == "AKA-RES":
        res, *keys = [bytes.fromhex(part) for part in row.secret.split(":")]
        ik, ck = keys if len(keys) == 2 else (None, None)
    else:
        k, op = [bytes.fromhex(part) for part in row.secret.split(":")]
        rand = aka_rand(nonce)
        if rand is None:
            return None
        opc = op if row.type == "AKA-K-OPc" else _xor(aes128_encrypt(k, op), op)
        res, ck, ik = milenage(k, opc, rand)
    if version == 1:
        return res
    if ik is None:
        return None
    # RFC 4169 section 3: PRF(RES || IK || CK, "http-digest-akav2-password"), in base64
    return base64.b64encode(hmac.new(res + ik + ck, b"http-digest-akav2-password", function).digest())


# ---- The formulae --------------------------------------------------------------------------------------------------

def response_value(function, ha1, nonce, nc, cnonce, qop, ha2):
    """RFC 7616 section 3.4.1; without qop the form of RFC 2069."""
    parts = [ha1, nonce, nc, cnonce, qop, ha2] if qop is not None else [ha1, nonce, ha2]
    return digest_hex(function, b":".join(parts)).decode()


@dataclass(frozen=True)
class Row:
    """One line of the credentials table; user and realm may be `*`."""
    user: str
    realm: str
    type: str
    secret: str


@dataclass
class Verdict:
    status: frozenset       # the acceptable words, nearly always just one
    variant: str = ""
    reason: str = ""

    def __str__(self):
        return "/".join(sorted(self.status)) + (f" ({self.variant or self.reason})" if self.variant or self.reason else "")


def _verdict(status, variant="", reason=""):
    return Verdict(frozenset(status.split("/")), variant, reason)


def _wire(text):
    return (text or "").encode("latin-1")


def _user_forms(raw, unescaped):
    """(octets, deviation): the user name that was hashed, the RFC's first."""
    yield _wire(unescaped), None
    if raw != unescaped:
        yield _wire(raw), "escaped-username"
    bare = re.sub(r"^sips?:", "", unescaped)
    if bare != unescaped:
        yield _wire(bare), "username-without-scheme"
    if "@" in bare:
        yield _wire(bare.split("@")[0]), "username-without-domain"


def _realm_forms(raw, unescaped):
    yield _wire(unescaped), None
    if raw != unescaped:
        yield _wire(raw), "escaped-realm"


def _password_forms(password):
    yield password.encode("utf-8"), None
    try:
        latin = password.encode("latin-1")
    except UnicodeEncodeError:
        return
    if latin != password.encode("utf-8"):
        yield latin, "latin-1-password"


def _matching_rows(credentials, function, rows):
    """(row, clear user name octets or None) for the rows meant for these credentials."""
    realm = _wire(credentials.get("realm"))
    username = _wire(credentials.username)
    for row in rows:
        if row.realm != "*" and row.realm.encode() != realm:
            continue
        if credentials.get("userhash", "").lower() == "true":
            if digest_hex(function, row.user.encode() + b":" + realm) == username.lower():
                yield row, row.user.encode()
        elif row.user == "*" or row.user.encode() == username:
            yield row, None


def _inner_ha1(function, credentials, row, clear_user, aka_version):
    """(HA1 octets in hex, deviation) before any -sess step, for each way to read the secret of a row."""
    nonce = credentials.get("nonce", "")
    if row.type == "HA1":
        if not aka_version and len(row.secret) == 2 * len(digest_octets(function, b"")):
            yield row.secret.lower().encode(), None
        return
    if aka_version:
        if row.type == "password":
            return
        password = aka_password(aka_version, function, row, nonce)
        passwords = [] if password is None else [(password, None)]
    elif row.type == "password":
        passwords = list(_password_forms(row.secret))
    else:
        return
    users = [(clear_user, None)] if clear_user is not None else list(_user_forms(credentials.raw_username, credentials.username))
    realms = list(_realm_forms(credentials.raw("realm"), credentials.get("realm", "")))
    for (user, d1), (realm, d2), (secret, d3) in itertools.product(users, realms, passwords):
        yield digest_hex(function, user + b":" + realm + b":" + secret), "+".join(filter(None, (d1, d2, d3))) or None


def _session_forms(function, session, ha1, credentials, first_cnonce):
    if not session:
        yield ha1, None
        return
    tail = b":" + _wire(credentials.get("nonce")) + b":"
    cnonce = _wire(credentials.get("cnonce"))
    yield digest_hex(function, ha1 + tail + cnonce), None
    yield digest_hex(function, bytes.fromhex(ha1.decode()) + tail + cnonce), "sess-binary-ha1"
    if first_cnonce is not None and _wire(first_cnonce) != cnonce:
        # the key of a session is made from its first cnonce (RFC 7616 section 3.4.2): no deviation
        yield digest_hex(function, ha1 + tail + _wire(first_cnonce)), None


def _method_forms(method):
    """The ACK of a 2xx repeats the INVITE's credentials (RFC 3261 section 13.2.2.4)."""
    proper = {"ACK": ["INVITE", "ACK"], "CANCEL": ["CANCEL", "INVITE"]}.get(method, [method])
    for m in proper:
        yield m.encode(), None
    for m in METHODS:
        if m not in proper:
            yield m.encode(), "method-" + m


def _final_forms(function, ha1, method, body, credentials):
    """(response, deviation) for the ways to end the computation."""
    nonce, nc, cnonce = (_wire(credentials.get(name)) for name in ("nonce", "nc", "cnonce"))
    uri, qop = _wire(credentials.get("uri")), credentials.get("qop")
    plain = digest_hex(function, method + b":" + uri)
    whole = digest_hex(function, method + b":" + uri + b":" + digest_hex(function, body)) if body is not None else None

    def value(q, ha2):
        return response_value(function, ha1, nonce, nc, cnonce, q, ha2)
    if qop is None:
        yield value(None, plain), None
        if cnonce:
            yield value(b"auth", plain), "qop-not-sent"
        return
    word = _wire(qop)
    if qop.lower() == "auth-int":
        if whole is not None:
            yield value(word, whole), None
            empty = digest_hex(function, method + b":" + uri + b":" + digest_hex(function, b""))
            yield value(word, empty), "auth-int-empty-body"
        yield value(word, plain), "auth-int-without-body"
    else:
        yield value(word, plain), None
        if whole is not None:
            yield value(word, whole), "body-hashed-with-auth"
            yield value(b"auth-int", whole), "auth-int-computed"
    yield value(b"auth-int", plain), "qop-word-auth-int"
    yield value(b"auth", plain), "qop-word-auth"
    if credentials.qop_literal != qop:
        yield value(_wire(credentials.qop_literal), plain), "qop-list"
    yield value(None, plain), "qop-ignored"


def _algorithms(credentials, challenge):
    """(algorithm token, deviation): the credentials' own, else the challenge's, else MD5."""
    said = credentials.get("algorithm")
    if said is not None:
        return [(said.lower(), None)]
    offered = challenge.get("algorithm") if challenge is not None else None
    if offered is not None and offered.lower() != "md5":
        return [(offered.lower(), None), ("md5", "algorithm-md5")]
    return [("md5", None)]


def verify(credentials, method, body, rows, challenge=None, first_cnonce=None):
    """Judge one Authorization or Proxy-Authorization value.

    credentials and challenge are parsed header values (siptruth.Auth); body is None when the capture does not hold all of
    it; challenge is None when it is not in the capture.
    """
    if credentials.scheme.lower() != "digest":
        return _verdict("unverified", reason="not Digest")
    response = credentials.get("response", "").lower()
    if not response or not credentials.get("nonce"):
        return _verdict("unverified", reason="nothing to verify")
    known = [(ALGORITHMS[a], d) for a, d in _algorithms(credentials, challenge) if a in ALGORITHMS]
    if not known:
        return _verdict("unverified", reason="unknown algorithm")

    tried = False
    fits = []
    for (function, digits, session, aka_version), algorithm_deviation in known:
        if len(response) != digits:
            continue
        functions = [(function, None)] + ([("sha512_cut", "sha-512-cut")] if function == "sha512_256" else [])
        for f, function_deviation in functions:
            starts = []
            if aka_version and credentials.get("auts"):
                # resynchronisation is signed with the empty password (RFC 3310 section 3.4)
                for user, d in _user_forms(credentials.raw_username, credentials.username):
                    starts.append((digest_hex(f, user + b":" + _wire(credentials.get("realm")) + b":"), d))
            for row, clear_user in _matching_rows(credentials, f, rows):
                starts += _inner_ha1(f, credentials, row, clear_user, aka_version)
            for inner, d1 in starts:
                tried = True
                for ha1, d2 in _session_forms(f, session, inner, credentials, first_cnonce):
                    for m, d3 in _method_forms(method):
                        for text, d4 in _final_forms(f, ha1, m, body, credentials):
                            if text == response:
                                fits.append([d for d in (algorithm_deviation, function_deviation, d1, d2, d3, d4) if d])
    if fits:
        deviations = min(fits, key=lambda d: len("+".join(d).split("+")) if d else 0)
        # one known deviation is a named variant; a mixture of several need not be recognised
        return _verdict("good" if len(deviations) < 2 else "good/bad", "+".join(deviations) or "rfc")
    if not any(len(response) == k[1] for k, _ in known):
        return _verdict("bad/unverified", reason="response has a wrong length")
    if not tried:
        return _verdict("unverified", reason="no secret for this user and realm")
    if credentials.get("qop", "").lower() == "auth-int" and body is None:
        return _verdict("unverified", reason="the body is not all there")
    return _verdict("bad", reason="no secret fits")


def candidates(credentials, method, body, rows):
    """Every response that these secrets make, with the algorithm of the credentials: what nobody is to see."""
    algorithm = ALGORITHMS.get(credentials.get("algorithm", "md5").lower())
    if credentials.scheme.lower() != "digest" or not credentials.get("nonce") or not algorithm:
        return
    function, _, session, aka_version = algorithm
    for row, clear_user in _matching_rows(credentials, function, rows):
        for inner, _ in _inner_ha1(function, credentials, row, clear_user, aka_version):
            for ha1, _ in _session_forms(function, session, inner, credentials, None):
                for m, _ in _method_forms(method):
                    yield from (text.encode() if isinstance(text, str) else text
                                for text, _ in _final_forms(function, ha1, m, body, credentials))
