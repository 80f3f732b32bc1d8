#!/usr/bin/python3
"""Makes inputs for the fuzz targets from the captures and the digest vectors.

    tests/fuzz/seeds.py FOLDER      writes FOLDER/message, FOLDER/auth, FOLDER/digest and FOLDER/tracker

tests/fuzz/corpus holds what is left of them, and of what fuzzing added, once libFuzzer has merged it.
"""
import hashlib
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

import siptruth                                     # noqa: E402
from wireshark import ROOT, Capture, Wireshark, captures     # noqa: E402

# How fuzz_tracker writes the time since the frame before: the largest of these that is not longer, in seconds.
STEPS = [(0, "0"), (0.001, "1"), (0.02, "2"), (0.06, "3"), (0.5, "4"), (1, "5"), (10, "6"), (33, "7"), (65, "8"), (700, "9")]
FRAMES = 12             # of one input: more make it slow
CHALLENGES = "www-authenticate", "proxy-authenticate"
CREDENTIALS = "authorization", "proxy-authorization"
INFO = "authentication-info", "proxy-authentication-info"
OPTIONS = {"HA1": "h", "AKA-RES": "r", "AKA-K-OP": "o", "AKA-K-OPc": "c", "password": "p"}


def octets(text):
    return text.encode("latin-1", "replace")


def write(folder, seeds):
    """Each under the name of its own hash, so that the same one is there once."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)


def message_seeds(messages):
    for message in messages:
        yield b"0" + message.raw
        yield b"1" + message.raw[:len(message.raw) * 2 // 3]


def auth_seeds(messages):
    for message in messages:
        for name, value in message.headers:
            if name in CHALLENGES + CREDENTIALS + INFO:
                yield octets(value)


def step(seconds):
    if seconds < 0:
        return ":" if seconds > -3600 else ";"
    return [letter for least, letter in STEPS if seconds >= least][-1]


def tracker_seeds(messages):
    """The whole story; the same twice, with hours in between; and with two messages in each frame."""
    for seed in stories(messages):
        yield from (seed, seed + b"~<" + seed[2:], re.sub(rb"^(~.*?^)~.", rb"\1~=", seed, flags=re.M | re.S))


def stories(messages):
    """A letter for each address."""
    for begin in range(0, len(messages), FRAMES):
        letters, text, clock = {}, b"", messages[begin].time
        for message in messages[begin:begin + FRAMES]:
            ends = [letters.setdefault(address, chr(ord("A") + len(letters) % 8)) for address, _ in (message.source, message.target)]
            text += octets("~" + step(message.time - clock) + "".join(ends) + "\n") + message.raw.rstrip(b"\n") + b"\n"
            clock = message.time
        yield text


def digest_seed(options, credentials, challenge, method, uri, user, realm, secret, body):
    lines = [octets(options), octets(credentials), octets(challenge), octets(method), octets(uri), octets(user), octets(realm), secret]
    return b"\n".join(line.replace(b"\r", b" ").replace(b"\n", b" ") for line in lines) + b"\n" + body


def secret_octets(kind, secret):
    return bytes.fromhex(secret.replace(":", "")) if kind.startswith("AKA") else secret.encode()


def digest_seeds(messages, rows):
    challenge = ""
    for message in messages:
        challenge = next((v for n, v in message.headers if n in CHALLENGES), challenge)
        for value in (v for n, v in message.headers if n in CREDENTIALS):
            for user, realm, kind, secret in rows or [("*", "*", "password", "secret")]:
                yield digest_seed(OPTIONS[kind], value, challenge, message.method, message.uri, user, realm,
                                  secret_octets(kind, secret), message.body)


def vector_seeds():
    for vector in json.loads((ROOT / "tests/unit/vectors.json").read_text(encoding="utf-8"))["vectors"]:
        for key, option in (("password", "p"), ("ha1", "h")):
            if vector.get(key):
                yield digest_seed(option, vector["authorization"], "", vector.get("method", ""), "", vector["user"],
                                  vector["realm"], vector[key].encode(), vector.get("body", "").encode())


def finding_captures():
    """One for each finding; another index names them."""
    return [Capture(path.stem, path.name, (), (), "") for path in sorted((ROOT / "captures").glob("finding-*.pcapng"))]


def main():
    folder, wireshark = Path(sys.argv[1]), Wireshark("/nonexistent")
    try:
        write(folder / "digest", vector_seeds())
        for capture in [*captures(), *finding_captures()]:
            messages, _ = siptruth.read_messages(wireshark.path(capture), capture.options, wireshark.run_without_plugin)
            for name, seeds in (("message", message_seeds(messages)), ("auth", auth_seeds(messages)),
                                ("tracker", tracker_seeds(messages)), ("digest", digest_seeds(messages, capture.rows))):
                write(folder / name, seeds)
    finally:
        wireshark.close()


if __name__ == "__main__":
    main()
