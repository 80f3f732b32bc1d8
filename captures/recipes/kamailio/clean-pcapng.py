#!/usr/bin/env python3
"""Copy a pcapng file, keeping packets, link types, interface names and time resolution only."""
import struct
import sys

SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
IF_NAME, IF_TSRESOL, SHB_USERAPPL = 2, 9, 4


def blocks(data):
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, data[at + 8:at + length - 4]
        at += length


def options(data):
    at = 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from("<HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def pack_options(pairs):
    out = b"".join(struct.pack("<HH", code, len(value)) + padded(value) for code, value in pairs)
    return out + struct.pack("<HH", 0, 0) if out else b""


def block(kind, body):
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def clean(kind, body):
    if kind == SECTION:
        head = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
        return block(kind, head + pack_options([(SHB_USERAPPL, b"Dumpcap 4.0.17")]))
    if kind == INTERFACE:
        kept = [(c, v) for c, v in options(body[8:]) if c in (IF_NAME, IF_TSRESOL)]
        return block(kind, body[:8] + pack_options(kept))
    if kind == PACKET:
        captured = struct.unpack_from("<I", body, 12)[0]
        return block(kind, padded(body[:20 + captured]))
    return b""


def main(source, target):
    data = open(source, "rb").read()
    with open(target, "wb") as out:
        for kind, body in blocks(data):
            out.write(clean(kind, body))


main(*sys.argv[1:])
