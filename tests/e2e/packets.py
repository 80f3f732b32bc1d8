"""Writes captures of SIP over UDP and TCP, octet by octet: IPv4 without a link layer, in pcapng."""
import socket
import struct

SECTION, INTERFACE, SIMPLE, ENHANCED = 0x0A0D0D0A, 1, 3, 6
LINKTYPE_RAW = 101
NANOSECONDS = struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)       # if_tsresol
SEGMENT = 60000                                             # octets of TCP in one packet, at most
START = 1_700_000_000_000_000_000
MILLISECOND = 1_000_000


def block(kind, body):
    padded = body + bytes(-len(body) % 4)
    length = struct.pack("<I", len(padded) + 12)
    return struct.pack("<I", kind) + length + padded + length


def checksum(octets):
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def ipv4(protocol, source, target, payload, flags=0x4000):
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    front = struct.pack(">BBHHHBB", 0x45, 0, 20 + len(payload), 0, flags, 64, protocol)
    return front + struct.pack(">H", checksum(front + b"\0\0" + addresses)) + addresses + payload


def first_fragment(source, target, payload):
    """The first of several IP packets with a datagram; a host is (address, port)."""
    part = struct.pack(">HHHH", source[1], target[1], 3000, 0) + payload[:len(payload) // 8 * 8]
    if ":" not in source[0]:
        return ipv4(17, source[0], target[0], part, flags=0x2000)
    addresses = socket.inet_pton(socket.AF_INET6, source[0]) + socket.inet_pton(socket.AF_INET6, target[0])
    return struct.pack(">IHBB", 6 << 28, 8 + len(part), 44, 64) + addresses + struct.pack(">BBHI", 17, 0, 1, 4711) + part


class Trace:
    """Packets with numbers from 1 on. A host is (address, port); a time is in nanoseconds, None for none."""

    def __init__(self):
        self.blocks = [block(SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
                       block(INTERFACE, struct.pack("<HHI", LINKTYPE_RAW, 0, 0) + NANOSECONDS)]
        self.frames = 0
        self.clock = START
        self.step = MILLISECOND
        self.sequence = {}

    def udp(self, source, target, data):
        """Number of the packet that holds the data."""
        return self._packet(17, source, target, struct.pack(">HHHH", source[1], target[1], 8 + len(data), 0) + data)

    def tcp(self, source, target, data):
        """Number of the last packet that holds a part of the data."""
        for begin in range(0, len(data), SEGMENT):
            self._segment(source, target, data[begin:begin + SEGMENT])
        return self.frames

    def _segment(self, source, target, part):
        sent, received = self.sequence.get((source, target), 1), self.sequence.get((target, source), 1)
        header = struct.pack(">HHIIBBHHH", source[1], target[1], sent, received, 5 << 4, 0x18, 65535, 0, 0)
        self.sequence[source, target] = sent + len(part)
        return self._packet(6, source, target, header + part)

    def _packet(self, protocol, source, target, payload):
        return self.ip(ipv4(protocol, source[0], target[0], payload))

    def ip(self, packet):
        """A packet that is made already."""
        if self.clock is None:
            self.blocks.append(block(SIMPLE, struct.pack("<I", len(packet)) + packet))
        else:
            stamp = struct.pack("<IIIII", 0, self.clock >> 32, self.clock & 0xffffffff, len(packet), len(packet))
            self.blocks.append(block(ENHANCED, stamp + packet))
            self.clock += self.step
        self.frames += 1
        return self.frames

    def write(self, path):
        path.write_bytes(b"".join(self.blocks))
        path.chmod(0o644)


class Pcapng:
    """The blocks of a little-endian pcapng file, its packets apart from all else, to be left out, doubled and swapped."""

    def __init__(self, path):
        octets, offset = path.read_bytes(), 0
        self.head, self.packets = [], []
        while offset < len(octets):
            kind, length = struct.unpack_from("<II", octets, offset)
            (self.packets if kind in (SIMPLE, ENHANCED) else self.head).append(octets[offset:offset + length])
            offset += length

    def seconds(self):
        """When each packet came. Stamps of today in microseconds have 16 digits, in nanoseconds 19."""
        stamps = [high << 32 | low for high, low in (struct.unpack_from("<II", packet, 12) for packet in self.packets)]
        return [stamp / (1e9 if stamp > 1e17 else 1e6) for stamp in stamps]

    def write(self, path, packets):
        path.write_bytes(b"".join(self.head + packets))
        path.chmod(0o644)
