"""Writes SIP messages in UDP or TCP, over IPv4 and Ethernet, to a pcapng file."""
import collections
import ipaddress
import struct

SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
ETHERNET, IPV4, ICMP, TCP, UDP = 1, 0x0800, 1, 6, 17
PUSH_ACK, SYN, FIN_ACK, RST_ACK, WINDOW = 0x5018, 0x5002, 0x5011, 0x5014, 64240

# What ICMP says of a datagram that did not arrive; stands for the payload of a packet.
Unreachable = collections.namedtuple("Unreachable", "source target payload code", defaults=(3,))    # the port
# Opens a TCP connection; likewise.
Connect = collections.namedtuple("Connect", "")
# Ends one, by these flags; likewise.
Disconnect = collections.namedtuple("Disconnect", "flags")


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def checksum(data):
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def with_checksum(header, at, covered):
    return header[:at] + struct.pack("!H", checksum(covered) or 0xFFFF) + header[at + 2:]


def frame(source, target, protocol, header, at, payload):
    """The Ethernet frame of one segment or datagram, whose checksum stands at an offset of its header."""
    addresses = ipaddress.IPv4Address(source[0]).packed + ipaddress.IPv4Address(target[0]).packed
    length = len(header) + len(payload)
    pseudo = b"" if protocol == ICMP else addresses + struct.pack("!2H", protocol, length)
    header = with_checksum(header, at, pseudo + header + payload)
    ip = struct.pack("!2B3H2BH", 0x45, 0, 20 + length, 0, 0x4000, 64, protocol, 0) + addresses
    ip = with_checksum(ip, 10, ip)
    macs = b"\x02\0" + addresses[4:] + b"\x02\0" + addresses[:4]
    return macs + struct.pack("!H", IPV4) + ip + header + payload


def datagram(source, target, payload):
    return frame(source, target, UDP, struct.pack("!4H", source[1], target[1], 8 + len(payload), 0), 6, payload)


def port_unreachable(source, target, lost):
    quoted = datagram(lost.source, lost.target, lost.payload)[14:]
    return frame(source, target, ICMP, struct.pack("!2BHI", 3, lost.code, 0, 0), 2, quoted)


def segment(source, target, payload, sent, flags=PUSH_ACK):
    """`sent` counts the octets of each direction."""
    here, there = sent.setdefault((source, target), 1), sent.setdefault((target, source), 1)
    sent[source, target] += len(payload)
    header = struct.pack("!2H2I4H", source[1], target[1], here, there, flags, WINDOW, 0, 0)
    return frame(source, target, TCP, header, 16, payload)


def connect(source, target):
    return frame(source, target, TCP, struct.pack("!2H2I4H", source[1], target[1], 0, 0, SYN, WINDOW, 0, 0), 16, b"")


def pcapng(packets):
    """A file of packets, each (microseconds since 1970, source, target, payload); source and target are (address, port), the payload
    octets, Unreachable, Connect or Disconnect."""
    sent = {}
    out = block(SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(INTERFACE, struct.pack("<HHI", ETHERNET, 0, 0))
    for time, source, target, payload in packets:
        if isinstance(payload, Unreachable):
            packet = port_unreachable(source, target, payload)
        elif isinstance(payload, Connect):
            packet = connect(source, target)
        elif isinstance(payload, Disconnect):
            packet = segment(source, target, b"", sent, payload.flags)
        elif b"Via: SIP/2.0/TCP" in payload:
            packet = segment(source, target, payload, sent)
        else:
            packet = datagram(source, target, payload)
        out += block(PACKET, struct.pack("<5I", 0, time >> 32, time & 0xFFFFFFFF, len(packet), len(packet)) + packet)
    return out
