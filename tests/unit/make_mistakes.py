#!/usr/bin/env python3
"""Signs one request by each known mistake, with hashlib, as rows of a C table for test_digest.c to include."""
import hashlib
import sys

from make_vectors import c_slice, c_string

USER, REALM, NONCE, CNONCE, FIRST = "bob", "biloxi.com", "dcd98b7102dd2f0e", "0a4f113b", "77f2a9c0"
URI, PASSWORD = "sip:biloxi.com", "zanzibar"
NAMES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
OFFER = f'Digest realm="{REALM}", nonce="{NONCE}", qop="auth,auth-int"'


def octets(text):
    return text if isinstance(text, bytes) else text.encode()


def sign(algorithm="MD5", user=USER, password=PASSWORD, method="REGISTER", uri=URI, qop="auth", nc="00000001", cnonce=CNONCE,
         signed_body=None, session=None, raw=False, upper=False, cut=False):
    """The response; each argument is what really goes into the hash. `session` is the cnonce of -sess."""
    function = "sha512" if cut else NAMES[algorithm]
    digest = lambda *parts: hashlib.new(function, b":".join(map(octets, parts))).digest()[:32 if cut else None]
    ha1 = digest(user, REALM, password)
    inner = ha1 if raw else ha1.hex().upper() if upper else ha1.hex()
    key = digest(inner, NONCE, session).hex() if session else inner
    a2 = [method, uri] + ([digest(signed_body).hex()] if signed_body is not None else [])
    middle = [nc, cnonce, qop] if qop else []
    return digest(key, NONCE, *middle, digest(*a2).hex()).hex()


def mistake(variant, said=None, asked=OFFER, configured=PASSWORD, request="REGISTER", request_uri=None, body="", **hashed):
    """One request. `said` is what its credentials say otherwise, `hashed` what goes into the hash otherwise."""
    values = {"username": USER, "realm": REALM, "nonce": NONCE, "uri": URI, "algorithm": None, "qop": "auth", "nc": "00000001",
              "cnonce": CNONCE, **(said or {})}
    text = ", ".join(f"{k}={v}" if k in ("algorithm", "qop", "nc") else f'{k}="{v}"' for k, v in values.items() if v is not None)
    header = f'Digest {text}, response="{sign(**{"password": configured, "method": request, **hashed})}"'
    return variant, header, asked, request, request_uri or values["uri"], body, values["username"], configured


PORT, PLAIN, FULL = "sip:biloxi.com:5070", "sip:biloxi.com", "sip:biloxi.com:5070;transport=tcp"
WITH_PORT, BOTH, WITH_USER = {"uri": PORT}, {"uri": FULL}, {"uri": "sip:bob@biloxi.com"}
INT = {"qop": "auth-int"}
METHODS = ("REGISTER", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH", "REFER", "INFO",
           "PRACK", "UPDATE")

MISTAKES = [
    mistake("algorithm-of-challenge", {"algorithm": "MD5"}, OFFER + ", algorithm=SHA-256", algorithm="SHA-256"),
    mistake("algorithm-of-challenge", {"algorithm": "MD5"}, OFFER + ", algorithm=MD5-sess", session=CNONCE),
    mistake("algorithm-of-challenge", {"algorithm": "SHA-256"}, OFFER + ", algorithm=SHA-512-256", algorithm="SHA-512-256"),
    mistake("session-ignored", {"algorithm": "MD5-sess"}, OFFER + ", algorithm=MD5-sess"),
    mistake("raw-inner-hash", {"algorithm": "MD5-sess"}, session=CNONCE, raw=True),
    mistake("raw-inner-hash", {"algorithm": "SHA-256-sess"}, algorithm="SHA-256", session=CNONCE, raw=True),
    mistake("truncated-sha-512", {"algorithm": "SHA-512-256"}, algorithm="SHA-512-256", cut=True),
    mistake("auth-int-without-body", INT, body="v=0", qop="auth-int"),
    mistake("auth-int-empty-body", INT, body="v=0", qop="auth-int", signed_body=""),
    mistake("auth-with-body", body="v=0", signed_body="v=0"),
    mistake("qop-auth-int-in-response", qop="auth-int"),
    mistake("qop-list", qop="auth,auth-int"),
    mistake("qop-list-sent", {"qop": '"auth,auth-int"'}),
    mistake("qop-quotes", {"qop": '"auth"'}, qop='"auth"'),
    mistake("rfc2069-form", qop=None),
    mistake("qop-auth-form", {"qop": None}),
    mistake("nc-of-first-use", {"nc": "00000007"}, nc="00000001"),
    mistake("nc-of-previous-use", {"nc": "0000000a"}, nc="00000009"),
    mistake("cnonce-of-first-use", cnonce=FIRST),
    mistake("nc-and-cnonce-of-first-use", {"nc": "00000002"}, nc="00000001", cnonce=FIRST),
    *(mistake(f"method-{m}", request="INVITE" if m == "REGISTER" else "REGISTER", method=m) for m in METHODS),
    mistake("request-uri", request_uri=FULL, uri=FULL),
    mistake("request-uri-without-port", {"uri": "sip:x.example"}, request_uri=FULL, uri="sip:biloxi.com;transport=tcp"),
    mistake("request-uri-without-parameters", {"uri": "sip:x.example"}, request_uri=FULL, uri=PORT),
    mistake("request-uri-without-port-and-parameters", {"uri": "sip:x.example"}, request_uri=FULL, uri=PLAIN),
    mistake("uri-without-port", WITH_PORT, uri=PLAIN),
    mistake("uri-without-port", {"uri": "sip:[2001:db8::1]:5070"}, uri="sip:[2001:db8::1]"),
    mistake("uri-without-parameters", BOTH, uri=PORT),
    mistake("uri-without-port-and-parameters", BOTH, uri=PLAIN),
    mistake("uri-without-user", WITH_USER, uri=PLAIN),
    mistake("uri-with-default-port", uri="sip:biloxi.com:5060"),
    mistake("uri-with-default-port", {"uri": "sips:bob@biloxi.com;lr"}, uri="sips:bob@biloxi.com:5061;lr"),
    mistake("uri-in-brackets", uri="<sip:biloxi.com>"),
    mistake("uri-without-brackets", {"uri": "<sip:biloxi.com>"}, request_uri=FULL, uri=PLAIN),
    mistake("uri-with-double-scheme", uri="sip:sip:biloxi.com"),
    mistake("uri-with-single-scheme", {"uri": "sip:sip:biloxi.com"}, request_uri=FULL, uri=PLAIN),
    mistake("user-without-domain", {"username": "bob@biloxi.com"}, user="bob"),
    mistake("user-without-domain", {"username": "sip:bob@biloxi.com"}, user="bob"),
    mistake("user-without-scheme", {"username": "sip:bob@biloxi.com"}, user="bob@biloxi.com"),
    mistake("user-with-realm", user="bob@biloxi.com"),
    mistake("user-with-host", {"uri": "sip:chicago.com:5070"}, uri="sip:chicago.com:5070", user="bob@chicago.com"),
    mistake("user-as-uri", user="sip:bob@biloxi.com"),
    mistake("user-as-uri", {"username": "bob@chicago.com"}, user="sip:bob@chicago.com"),
    mistake("empty-password", password=""),
    mistake("password-newline", password="zanzibar\n"),
    mistake("password-carriage-return", password="zanzibar\r"),
    mistake("password-crlf", password="zanzibar\r\n"),
    mistake("password-blank", password="zanzibar "),
    mistake("password-trimmed", configured=" zanzibar\t", password="zanzibar"),
    mistake("password-latin1", configured="zänzibar", password="zänzibar".encode("latin-1")),
    mistake("password-utf8-twice", configured="zänzibar", password="zänzibar".encode().decode("latin-1")),
    mistake("upper-case-ha1", upper=True),
]


def row(variant, header, asked, method, request_uri, body, user, password):
    fields = {"variant": c_string(variant), "authorization": c_slice(octets(header)), "challenge": c_slice(octets(asked)),
              "method": c_slice(octets(method)), "request_uri": c_slice(octets(request_uri)), "body": c_slice(octets(body)),
              "first_cnonce": c_slice(octets(FIRST)), "user": c_slice(octets(user)), "password": c_slice(octets(password)),
              "of_password": "true" if "password" in variant else "false"}
    return "{" + ", ".join(f".{name} = {value}" for name, value in fields.items()) + "},"


def main():
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.write("/* Made by make_mistakes.py. */\n")
        file.writelines(row(*m) + "\n" for m in MISTAKES)


if __name__ == "__main__":
    main()
