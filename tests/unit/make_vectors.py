#!/usr/bin/env python3
"""Turns vectors.json into the rows of a C table, for test_digest.c to include."""
import json
import sys

TYPES = {"password": "SECRET_PASSWORD", "password_hex": "SECRET_PASSWORD", "ha1": "SECRET_HA1"}


def c_slice(octets):
    """A slice initialiser; None is the absent slice."""
    if octets is None:
        return "{NULL, 0}"
    text = "".join(chr(b) if 0x20 <= b < 0x7f and b not in b'"\\?' else f"\\{b:03o}" for b in octets)
    return f'{{"{text}", {len(octets)}}}'


def c_string(text):
    return "NULL" if text is None else json.dumps(text, ensure_ascii=True).replace("?", "\\?")


def octets(text):
    return None if text is None else text.encode()


def secret_of(vector):
    for key, kind in TYPES.items():
        if key in vector:
            value = vector[key]
            is_aka = "algorithm=AKAv1" in vector["authorization"]
            if key == "password_hex":
                return ("SECRET_AKA_RES" if is_aka else kind), bytes.fromhex(value)
            return kind, value.encode()
    return None, None


def aka_secrets(vector):
    """RES, IK and CK; K and OP; K and OPc."""
    aka = vector.get("aka")
    if aka is None:
        return [None] * 3
    return [bytes.fromhex("".join(aka[name] for name in names))
            for names in (("RES", "IK", "CK"), ("K", "OP"), ("K", "OPc"))]


def row(vector):
    expect = vector["expect"]
    kind, secret = secret_of(vector)
    good = expect["status"] == "good"
    fields = {
        "id": c_string(vector["id"]),
        "why": c_string(vector.get("known_bad")),
        "authorization": c_slice(octets(vector["authorization"])),
        "rspauth": c_slice(octets(vector.get("rspauth"))),
        "method": c_slice(octets(vector.get("method", ""))),
        "body": c_slice(octets(vector.get("body", ""))),
        "user": c_slice(octets(vector["user"])),
        "realm": c_slice(octets(vector["realm"])),
        "type": kind or "SECRET_PASSWORD",
        "secret": c_slice(secret),
        "ha1": c_slice(octets(vector.get("ha1_of_password"))),
        "status": "DIGEST_" + expect["status"].upper(),
        "reason": "DIGEST_" + expect["reason"].upper() if "reason" in expect else "DIGEST_REASON_NONE",
        "variant": c_string(expect.get("variant", "rfc" if good else None)),
    }
    for name, value in zip(("aka_res", "aka_op", "aka_opc"), aka_secrets(vector)):
        fields[name] = c_slice(value)
    return "{" + ", ".join(f".{name} = {value}" for name, value in fields.items()) + "},"


def main():
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        vectors = json.load(file)["vectors"]
    with open(target, "w", encoding="ascii") as file:
        file.write("/* Made from vectors.json by make_vectors.py. */\n")
        file.writelines(row(vector) + "\n" for vector in vectors)


if __name__ == "__main__":
    main()
