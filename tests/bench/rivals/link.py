"""Reads `tshark -T json` from standard input and links each request with credentials to the challenge that issued its nonce."""
import json
import sys


def first(packet, name):
    """From `-e` fields, or from the whole tree of a SIP message."""
    layers = packet["_source"]["layers"]
    if name in layers:
        return layers[name][0]
    found = []
    search(layers, name, found)
    return found[0] if found else None


def search(node, name, found):
    for key, value in node.items():
        if key == name:
            found.append(value)
        elif isinstance(value, dict):
            search(value, name, found)


challenges, links = {}, 0
for packet in json.load(sys.stdin):
    nonce = first(packet, "sip.auth.nonce")
    if not nonce:
        continue
    if first(packet, "sip.Status-Code"):
        challenges[nonce] = first(packet, "frame.number")
    elif nonce in challenges:
        links += 1
print(links, "links")
