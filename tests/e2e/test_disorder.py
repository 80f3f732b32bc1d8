"""Captures whose clock steps back, and captures in which other hosts use the same Call-IDs, branches, tags, nonces and ports at the
same time or before: of each packet is said what is said of it in the capture as it was recorded."""
import collections
import ipaddress
import random
import re
import struct

from packets import ENHANCED, Pcapng
from sharkd import Sharkd
from test_loss import LINKS, OUTCOME, said_in_order

SEEDS = range(2)
STEPS = (0.001, 3, 100, 7200)                   # seconds
SILENCE = {"no-retry", "no-answer"}             # that needs time to pass
INTERFACE, TSRESOL = 1, 9
PAYLOAD = 28                                    # of a packet block

Variant = collections.namedtuple("Variant", "name capture frames")      # frames: number in the whole capture of each packet; 0: of none


# --- packets

def units(head):
    """Units of time for each second: those of the first interface."""
    for part in head:
        if struct.unpack_from("<I", part)[0] != INTERFACE:
            continue
        at = 16
        while at + 4 < len(part) - 4:
            code, size = struct.unpack_from("<HH", part, at)
            if code == TSRESOL:
                return 10 ** part[at + 4]
            at += 4 + size + -size % 4
        return 10 ** 6
    return 10 ** 6


def later(packet, shift):
    """The same block, by so many units of time."""
    kind, = struct.unpack_from("<I", packet)
    if kind != ENHANCED:
        return packet
    high, low = struct.unpack_from("<II", packet, 12)
    clock = (high << 32 | low) + shift
    return packet[:12] + struct.pack("<II", clock >> 32, clock & 0xffffffff) + packet[20:]


def steps_back(whole, seed):
    """From some packet on the clock is behind."""
    chance = random.Random(f"clock {seed}")
    at, shift = chance.randrange(1, len(whole.packets)), -int(chance.choice(STEPS) * units(whole.head))
    return [packet if number < at else later(packet, shift) for number, packet in enumerate(whole.packets)]


NETS = {net: bytes(map(int, net.split("."))) for net in ("192.0.2", "198.51.100", "203.0.113")}


def addresses(packets):
    """Of hosts, as the messages name them, or the packets."""
    text = rb"(?<![\d.])((?:" + b"|".join(re.escape(net.encode()) for net in NETS) + rb")\.\d{1,3})(?![\d.])"
    octets = b"|".join(packet[PAYLOAD:] for packet in packets)
    found = {match.decode() for match in re.findall(text, octets)}
    for net, packed in NETS.items():
        found |= {f"{net}.{last[0]}" for last in re.findall(re.escape(packed) + b"(.)", octets, re.S)}
    return sorted(found)


def others(mine):
    """{address: one of the same length that is nobody's}"""
    found = {}
    for address in mine:
        front, last = address[:-1], int(address[-1])
        for step in range(1, 10):
            other = f"{front}{(last + step) % 10}"
            if other not in mine and other not in found.values() and 0 < int(other.rpartition(".")[2]) < 255:
                found[address] = other
                break
    return found


def moved(packet, to):
    """The same packet between other hosts, which say so, too. Its checksums are wrong, and nobody looks at them."""
    table = {old.encode(): new.encode() for old, new in to.items()}
    packed = {ipaddress.ip_address(old).packed: ipaddress.ip_address(new).packed for old, new in to.items()}
    pattern = rb"(?<![\d.])(?:" + b"|".join(map(re.escape, table)) + rb")(?![\d.])|" + b"|".join(map(re.escape, packed))
    return packet[:PAYLOAD] + re.sub(pattern, lambda match: (table | packed)[match[0]], packet[PAYLOAD:])


def beside_others(whole, seed):
    """Each packet a second time, between other hosts, a bit later; and which packets are which."""
    chance, to = random.Random(f"others {seed}"), others(addresses(whole.packets))
    if not to:
        return None, None
    packets, frames, waiting = [], [], []
    for number, packet in enumerate(whole.packets, 1):
        packets.append(packet)
        frames.append(number)
        waiting.append(moved(packet, to))
        while waiting and chance.random() < 0.6:
            packets.append(waiting.pop(0))
            frames.append(0)
    return packets + waiting, frames + [0] * len(waiting)


def variants(wireshark, capture):
    whole = Pcapng(wireshark.path(capture))
    count = len(whole.packets)
    for seed in SEEDS:
        found = {f"clock back, seed {seed}": (steps_back(whole, seed), list(range(1, count + 1))) if count > 1 else (None, None),
                 f"beside others, seed {seed}": beside_others(whole, seed)}
        for name, (packets, frames) in found.items():
            if packets:
                file = f"{capture.name}-{name.replace(' ', '-')}.pcapng"
                whole.write(wireshark.folder / "captures" / file, packets)
                yield Variant(name, capture._replace(name=file, file=file), frames)


# --- what is said

def said_of(client, frames):
    """{frame of the whole capture: {field: values}}"""
    said = said_in_order(client, frames)
    said.pop(0, None)
    return said


def is_right(name, found, expected, alike):
    """Time that runs back does not pass, so nobody is silent for it. Of two hops that know a nonce, and this one does not, which one it
    is from may be unknown. A packet captured twice, with the clock set in between, looks sent twice."""
    if name == OUTCOME and (alike or expected <= SILENCE | {"unknown"}):
        return found <= expected | {"unknown"}
    return found == expected or (name == "siptrail.challenge_in" and found < expected) \
        or (name == "siptrail.retransmission_of" and not expected and 0 not in found)


def differences(variant, said, whole, alike):
    """alike: the hosts do not name themselves, so that the packets of the others look like copies on another link."""
    for frame in sorted(set(whole) | set(said)):
        for name in [OUTCOME, *LINKS]:
            found, expected = said[frame][name], whole[frame][name]
            if not is_right(name, found, expected, alike):
                yield f"{variant.name}, frame {frame}: {name} is {sorted(found)}, else {sorted(expected)}"


def test_same_as_recorded(capture, wireshark):
    with Sharkd(wireshark, capture) as client:
        whole = said_of(client, range(1, client.frames + 1))
        assert whole, "something is said of the whole capture"
        lines, alike = [], b" 127.0.0.1" in wireshark.path(capture).read_bytes()
        for variant in variants(wireshark, capture):
            client.call("load", file=str(wireshark.path(variant.capture)))
            lines += differences(variant, said_of(client, variant.frames), whole, alike)
    assert not lines, f"{len(lines)} differences\n" + "\n".join(lines)
