"""Registration with a SIM (AKA, RFC 3310), as in IMS: what a P-CSCF, and a phone without a password, do and do not."""
from base64 import b64encode

from sip import digest

NAMED = {"username": "100", "realm": "pbx.example.com", "nonce": "", "uri": "sip:pbx.example.com", "response": ""}
ASSOCIATION = "ipsec-3gpp; q=0.1; alg=hmac-sha-1-96; ealg=null; spi-c={spi}; spi-s={spi}; port-c=5062; port-s=5064"
SECURITY = [("Security-Client", ASSOCIATION.format(spi=4096)), ("Require", "sec-agree"), ("Proxy-Require", "sec-agree")]


def named():
    """The credentials of a first REGISTER: whose it is, and nothing signed."""
    return ("Authorization", "Digest " + ", ".join(f'{name}="{value}"' for name, value in NAMED.items()))


def nonce(first):
    return b64encode(bytes(range(first, first + 32))).decode()


def asked(phone, first=1, headers=(), extra=()):
    """A REGISTER without credentials, and the challenge to the SIM: frames 1 and 2."""
    phone.register(extra=[named(), *extra])
    phone.challenge(algorithm="AKAv1-MD5", nonce=nonce(first), headers=headers)


def sim(values, method, password, body):
    return digest({**values, "algorithm": "MD5"}, method, password)


def retry_in_ipsec(phone):
    """The second REGISTER goes through the association that was offered: ESP, here in UDP because of a NAT (RFC 3948)."""
    asked(phone, headers=[("Security-Server", ASSOCIATION.format(spi=8192))], extra=SECURITY)
    for n in range(1, 3):
        phone.scene.wait(0.2)
        phone.scene.packets.append((phone.scene.time, (phone.phone[0], 4500), (phone.server[0], 4500),
                                    (8192).to_bytes(4, "big") + n.to_bytes(4, "big") + bytes(range(64, 160))))
    phone.ping()


def aka_unanswered(phone):
    asked(phone)
    phone.ping()


def aka_mac_failed(phone):
    """The card finds the network's code wrong: no response, and no auts (3GPP TS 24.229 section 5.1.1.5.3)."""
    asked(phone)
    phone.answer(sign=lambda *_: "")
    phone.reply(403)


def register_refused_named(phone):
    """The registrar does not know whom the REGISTER names, and does not ask."""
    phone.register(extra=[named()])
    phone.reply(403, reason="Forbidden - HSS User Unknown")


def none_aka_asked_anew(phone):
    """At a refresh the network asks the SIM anew, and does not say stale=true."""
    asked(phone)
    phone.answer(sign=sim)
    phone.ok()
    phone.scene.wait(1800)
    phone.answer(sign=sim)
    phone.challenge(algorithm="AKAv1-MD5", nonce=nonce(101))
    phone.answer(sign=sim)
    phone.ok()


STORIES = {f.__name__: f for f in (retry_in_ipsec, aka_unanswered, aka_mac_failed, register_refused_named, none_aka_asked_anew)}
