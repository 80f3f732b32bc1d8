#!/usr/bin/python3
"""A SIP server over UDP that challenges every request and checks the digest really.

It does what the packaged servers do not: Authentication-Info with rspauth and nextnonce,
-sess algorithms, auth-int and AKA. One user, no state but the nonces it gave out."""
import argparse
import base64
import hashlib
import re
import secrets
import socket

SDP = b"v=0\r\no=- 7 7 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
LONG = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "c": "content-type", "l": "content-length"}


def md5(*parts):
    return hashlib.md5(b":".join(p if isinstance(p, bytes) else p.encode() for p in parts)).hexdigest()


class Request:
    def __init__(self, data):
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head.decode()).split("\r\n")
        self.method = lines[0].split()[0]
        self.lines = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        self.body = rest[:int(self.get("content-length") or len(rest))]

    def all(self, name):
        return [(n, v) for n, v in self.lines if LONG.get(n.lower(), n.lower()) == name]

    def get(self, name):
        return next((v for _, v in self.all(name)), None)


class Server:
    def __init__(self, options):
        self.options = options
        self.nonces = {}                    # nonce: highest nc seen
        self.password = options.password.encode()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((options.address, 5060))

    def new_nonce(self):
        if self.options.aka:
            from milenage import Milenage
            key, op, rand, sqn, amf = (bytes.fromhex(v) for v in self.options.aka.split(","))
            usim = Milenage(key, op)
            self.password = usim.res_and_ak(rand)[0]
            nonce = base64.b64encode(usim.challenge(rand, sqn, amf)).decode()
        else:
            nonce = secrets.token_hex(12)
        self.nonces[nonce] = 0
        return nonce

    def ha1(self, digest):
        plain = md5(self.options.user, self.options.realm, self.password)
        return md5(plain, digest["nonce"], digest["cnonce"]) if self.options.algorithm.endswith("-sess") else plain

    def response(self, digest, method, body):
        a2 = (method, digest["uri"]) + ((md5(body),) if digest.get("qop") == "auth-int" else ())
        return md5(self.ha1(digest), digest["nonce"], digest["nc"], digest["cnonce"], digest["qop"], md5(*a2))

    def accepted(self, request):
        """The credentials of the request if they are right, else None."""
        header = request.get("authorization")
        if header is None:
            return None
        digest = {k.lower(): q or u for k, q, u in re.findall(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))', header)}
        nonce, count = digest.get("nonce"), int(digest.get("nc") or "0", 16)
        if digest.get("username") != self.options.user or count <= self.nonces.get(nonce, 1 << 32):
            return None
        if digest["response"] != self.response(digest, request.method, request.body):
            return None
        self.nonces[nonce] = count
        return digest

    def challenge(self):
        o = self.options
        parts = [f'realm="{o.realm}"', f'nonce="{self.new_nonce()}"', f"algorithm={o.algorithm}", f'qop="{o.qop}"']
        separator = ",\r\n\t" if o.folded else ", "
        return ("WWW-Authenticate", "Digest " + separator.join(parts))

    def info(self, digest, body):
        values = {**digest}
        mine = f'nextnonce="{self.new_nonce()}", ' if self.options.nextnonce else ""
        return ("Authentication-Info", f'{mine}qop={digest["qop"]}, rspauth="{self.response(values, "", body)}", '
                                       f'cnonce="{digest["cnonce"]}", nc={digest["nc"]}')

    def answer(self, request):
        digest = self.accepted(request)
        body = SDP if digest and request.method == "INVITE" else b""
        first = "SIP/2.0 200 OK" if digest else "SIP/2.0 401 Unauthorized"
        headers = [h for name in ("via", "from", "to", "call-id", "cseq") for h in request.all(name)]
        headers = [(n, v + ";tag=reg-" + secrets.token_hex(4)) if LONG.get(n.lower(), n.lower()) == "to" and "tag=" not in v
                   else (n, v) for n, v in headers]
        if not digest:
            headers.append(self.challenge())
        elif self.options.info:
            headers.append(self.info(digest, body))
        if digest and request.method == "REGISTER":
            headers += [("Contact", v + ";expires=60") for _, v in request.all("contact")]
        if body:
            headers += [("Contact", f"<sip:{self.options.address}>"), ("Content-Type", "application/sdp")]
        headers.append(("Content-Length", str(len(body))))
        return "\r\n".join([first] + [f"{n}: {v}" for n, v in headers] + ["", ""]).encode() + body

    def run(self):
        while True:
            data, source = self.socket.recvfrom(65535)
            if data.strip() and not data.startswith((b"ACK", b"SIP/2.0")):
                self.socket.sendto(self.answer(Request(data)), source)


parser = argparse.ArgumentParser()
for name, default in (("address", "192.0.2.10"), ("realm", "lab.example.com"), ("user", "eve"), ("password", "open sesame"),
                      ("algorithm", "MD5"), ("qop", "auth"), ("aka", "")):
    parser.add_argument("--" + name, default=default)
for name in ("info", "nextnonce", "folded"):
    parser.add_argument("--" + name, action="store_true")
Server(parser.parse_args()).run()
