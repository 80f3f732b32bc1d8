"""A phone and its server: the messages that they exchange, well made unless a story wants them otherwise."""
import hashlib

from pcapng import pcapng

START = 1768467600_000000  # 2026-01-15 09:00:00 UTC, in microseconds
PHONE, SERVER = ("192.0.2.20", 5060), ("198.51.100.10", 5060)
QUOTED = ("username", "realm", "nonce", "uri", "response", "cnonce", "opaque", "domain")
REASONS = {100: "Trying", 180: "Ringing", 200: "OK", 202: "Accepted", 204: "No Notification", 302: "Moved Temporarily", 400: "Bad Request",
           401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 407: "Proxy Authentication Required", 481: "Call/Transaction Does Not Exist",
           423: "Interval Too Brief", 420: "Bad Extension", 421: "Extension Required", 486: "Busy Here", 487: "Request Terminated", 603: "Decline"}
HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512"}  # the last one is wrong: half of SHA-512
HEX_DIGITS = {"MD5": 32, "SHA-256": 64, "SHA-512-256": 64}


class Scene:
    """The packets of one capture and their clock. Tokens come from the name, so that each build makes the same."""

    def __init__(self, name):
        self.name, self.time, self.packets, self.tokens, self.latest = name, START, [], 0, None

    def token(self, length=16):
        self.tokens += 1
        return hashlib.sha256(f"{self.name} {self.tokens}".encode()).hexdigest()[:length]

    def wait(self, seconds):
        self.time += int(seconds * 1_000_000)

    def send(self, source, target, message):
        self.latest = message
        self.packets.append((self.time, source, target, message.octets()))
        self.wait(0.02)

    def file(self):
        return pcapng(self.packets)


class Message:
    """Headers are pairs, in the order of the wire."""

    def __init__(self, start, headers, body=""):
        self.start, self.headers, self.body = start, headers, body

    def octets(self):
        body = self.body.encode()
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers), f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode() + body

    def first(self, name):
        return next(value for key, value in self.headers if key == name)

    def response(self, status, headers=(), body="", tag="", reason=None):
        """Copies what RFC 3261 section 8.2.6 says."""
        to = self.first("To")
        if tag and "tag=" not in to:
            to += f";tag={tag}"
        copied = [(k, to if k == "To" else v) for k, v in self.headers if k in ("Via", "From", "To", "Call-ID", "CSeq")]
        return Message(f"SIP/2.0 {status} {reason or REASONS[status]}", [*copied, *headers], body)


def parameters(values, quoted=QUOTED):
    """`name="value", name=value`; those that are None are left out."""
    return ", ".join(f'{k}="{v}"' if k in quoted else f"{k}={v}" for k, v in values.items() if v is not None)


def digest(values, method, password, body=""):
    """RFC 7616 section 3.4.1: the response to what the parameters say."""
    algorithm = values.get("algorithm") or "MD5"
    make = lambda *parts: hashlib.new(HASHES[algorithm], ":".join(parts).encode()).hexdigest()[:HEX_DIGITS[algorithm]]
    qop = values.get("qop")
    a2 = (method, values["uri"], make(body)) if qop == "auth-int" else (method, values["uri"])
    ha1 = make(values["username"], values["realm"], password)
    if qop is None:
        return make(ha1, values["nonce"], make(*a2))
    return make(ha1, values["nonce"], values["nc"] or "", values["cnonce"] or "", qop, make(*a2))


class Account:
    """One account on one phone at one server, and the latest message of each."""

    def __init__(self, scene, user="100", password="brass-Kettle-9", realm="pbx.example.com", phone=PHONE, server=SERVER):
        self.scene, self.user, self.password, self.realm = scene, user, password, realm
        self.phone, self.server = phone, server
        self.call_id, self.tag, self.cseq, self.to_tag = scene.token(), scene.token(8), 0, None
        self.nc, self.cnonce = 0, None
        self.offer, self.message, self.transport = {}, None, "UDP"
        self.notifier_cseq, self.expires, self.contact = 0, 3600, None
        self.inside = None  # what the phone takes for its address, if a NAT is in front of it

    # --- the phone

    def new_call(self):
        self.call_id, self.tag, self.to_tag = self.scene.token(), self.scene.token(8), None

    def aor(self):
        return f"sip:{self.user}@{self.realm}"

    def target(self, method):
        return {"REGISTER": f"sip:{self.realm}", "SUBSCRIBE": f"sip:bob@{self.realm}"}.get(method, f"sip:600@{self.realm}")

    def send(self, method, extra=(), body="", uri=None, to=None, call_id=None, tag=None, to_tag=None, cseq=None, branch=None, sender=None):
        """A request of this phone. What is not given is as it should be."""
        self.cseq = cseq or self.cseq + 1
        uri = uri or self.target(method)
        to_tag = to_tag or self.to_tag
        to = to or (self.aor() if method == "REGISTER" else uri)
        host, port = self.inside or self.phone
        headers = [
            ("Via", f"SIP/2.0/{self.transport} {host}:{port};branch={branch or 'z9hG4bK' + self.scene.token(12)};rport"),
            ("Max-Forwards", "70"),
            ("From", f"<{sender or self.aor()}>;tag={tag or self.tag}"),
            ("To", f"<{to}>" + (f";tag={to_tag}" if to_tag else "")),
            ("Call-ID", call_id or self.call_id),
            ("CSeq", f"{self.cseq} {method}"),
            ("Contact", self.contact or f"<sip:{self.user}@{host}:{port}>"),
            *extra,
            ("User-Agent", "ExamplePhone/2.1"),
        ]
        self.message = Message(f"{method} {uri} SIP/2.0", headers, body)
        self.scene.send(self.phone, self.server, self.message)

    def register(self, expires=3600, **changes):
        self.send("REGISTER", [("Expires", expires), *changes.pop("extra", ())], **changes)

    def credentials(self, method, uri, password=None, body="", answers=None, sign=digest, quote=(), bare=(), more="", **changes):
        """The parameters that answer a challenge; a changed one is signed as it is changed."""
        offer = {**(answers or self.offer)}
        self.nc += 1
        values = {"username": self.user, "realm": offer.get("realm"), "nonce": offer.get("nonce"), "uri": uri, "response": "",
                  "algorithm": offer.get("algorithm"), "cnonce": None, "qop": None, "nc": None, "opaque": offer.get("opaque")}
        if changes.get("qop", offer.get("qop")):
            values.update(qop=(offer.get("qop") or "auth").split(",")[0], nc=f"{self.nc:08x}", cnonce=self.scene.token(12))
        values.update(changes)
        values["response"] = changes.get("response") or sign(values, method, self.password if password is None else password, body)
        return "Digest " + parameters(values, [name for name in (*QUOTED, *quote) if name not in bare]) + more

    def answer(self, method="REGISTER", request=None, header=None, extra=(), **changes):
        """The request once more, with credentials for the latest challenge."""
        request = dict(request or {})
        uri = changes.pop("uri", None) or request.get("uri") or self.target(method)
        line = self.credentials(method, uri, body=request.get("body", ""), **changes)
        header = header or ("Proxy-Authorization" if self.offer.get("proxy") else "Authorization")
        expires = [("Expires", self.expires)] if method == "REGISTER" else []
        self.send(method, [*expires, (header, line), *extra], **request)

    # --- the server

    def reply(self, status, headers=(), body="", reason=None, tag=None):
        response = self.message.response(status, [*headers, ("Server", "ExampleServer/5.6")], body, tag or self.scene.token(10), reason)
        self.scene.send(self.server, self.phone, response)
        return response

    def challenge(self, status=401, count=1, scheme="Digest", quote=(), joined=False, reason=None, headers=(), **changes):
        """A 401 or 407. `also` holds what further challenges change in the first."""
        also = changes.pop("also", ())
        self.nc = 0
        offer = {"realm": self.realm, "nonce": self.scene.token(32), "algorithm": None, "qop": "auth", "opaque": None, "stale": None}
        offers = [{**offer, **changes}] + [{**offer, **changes, **more} for more in also]
        write = lambda o: f"{scheme} " + parameters({**o, "qop": o["qop"] and f'"{o["qop"]}"'}, (*QUOTED, *quote))
        texts = [write(o) for o in offers]
        name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
        lines = [(name, ", ".join(texts))] if joined else [(name, text) for text in texts] * count
        self.offers, self.offer = offers, {**offers[0], "proxy": status == 407}
        return self.reply(status, [*lines, *headers], reason=reason)

    def ok(self, headers=(), expires=3600, listed=None):
        """200 to REGISTER; it lists the contact, or what else is given."""
        listed = [f"{self.message.first('Contact')};expires={expires}"] if listed is None else listed
        self.reply(200, [*(("Contact", contact) for contact in listed), *headers])

    def ping(self, seconds=40):
        """Time passes; another device asks whether the server is there, so that the capture goes on."""
        self.scene.wait(seconds)
        other = Account(self.scene, "monitor", realm="example.net", phone=("192.0.2.99", 5060), server=self.server)
        other.send("OPTIONS", uri=f"sip:{self.realm}")
        other.reply(200)

    def keep_alive(self, octets=b"\r\n\r\n"):
        """What is no message."""
        self.scene.packets.append((self.scene.time, self.phone, self.server, octets))

    def request(self, method="INVITE", waits=()):
        """A request to the phone, sent again after each of the times that the server waits."""
        host, port = self.server
        headers = [
            ("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK{self.scene.token(12)}"),
            ("Max-Forwards", "70"),
            ("From", f"<sip:600@{self.realm}>;tag={self.scene.token(8)}"),
            ("To", f"<{self.aor()}>"),
            ("Call-ID", self.scene.token()),
            ("CSeq", f"1 {method}"),
            ("Contact", f"<sip:{host}:{port}>"),
        ]
        request = Message(f"{method} sip:{self.user}@{self.phone[0]}:{self.phone[1]} SIP/2.0", headers)
        self.scene.send(self.server, self.phone, request)
        for wait in waits:
            self.scene.wait(wait)
            self.scene.send(self.server, self.phone, request)
        return request

    def respond(self, request, status):
        """The phone's answer to a request."""
        headers = [("User-Agent", "ExamplePhone/2.1")]
        self.scene.send(self.phone, self.server, request.response(status, headers, tag=self.scene.token(8)))

    # --- subscriptions to bob

    def subscribe(self, expires=3600, condition=None, extra=(), **changes):
        headers = [("Event", "presence"), ("Accept", "application/pidf+xml"), ("Expires", expires)]
        if condition is not None:
            headers.append(("Suppress-If-Match", condition))
        self.send("SUBSCRIBE", [*headers, *extra], **changes)

    def granted(self, status=200, expires=3600, body="", headers=()):
        """A 2xx to SUBSCRIBE; the first one makes the dialog."""
        self.to_tag = self.to_tag or self.scene.token(10)
        host, port = self.server
        lines = [("Expires", expires)] if expires is not None else []
        self.reply(status, [*lines, ("Contact", f"<sip:{host}:{port}>"), *headers], body, tag=self.to_tag)

    def notify(self, etag=None, body="", state="active;expires=3600", kind="application/pidf+xml", answered=True,
               target=None):
        self.notifier_cseq += 1
        host, port = self.server
        headers = [
            ("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK{self.scene.token(12)}"),
            ("Max-Forwards", "70"),
            ("From", f"<sip:bob@{self.realm}>;tag={self.to_tag}"),
            ("To", f"<{self.aor()}>;tag={self.tag}"),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self.notifier_cseq} NOTIFY"),
            ("Contact", f"<sip:{host}:{port}>"),
            ("Event", "presence"),
            ("Subscription-State", state),
            *([("SIP-ETag", etag)] if etag else []),
            *([("Content-Type", kind)] if kind and (body or kind.startswith("!")) else []),
        ]
        headers = [(name, str(value).lstrip("!")) for name, value in headers]
        request = Message(f"NOTIFY sip:{self.user}@{self.phone[0]}:{self.phone[1]} SIP/2.0", headers, body)
        self.scene.send(self.server, target or self.phone, request)
        if answered:
            self.scene.send(self.phone, self.server, request.response(200, [("User-Agent", "ExamplePhone/2.1")]))
        return request
