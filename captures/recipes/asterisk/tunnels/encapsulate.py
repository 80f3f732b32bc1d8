#!/usr/bin/python3
"""encapsulate.py KIND IN.pcap OUT.pcap: put recorded SIP over UDP into another transport.

KIND is gre, ipip or gtp (the packet as it was, in an outer packet), or sctp (its SIP messages
as DATA chunks of an association of their own)."""
import sys

from scapy.all import Ether, IP, Raw, SCTP, UDP, rdpcap, wrpcap
from scapy.contrib.gtp import GTP_U_Header
from scapy.layers.l2 import GRE
from scapy.layers.sctp import (SCTPChunkCookieAck, SCTPChunkCookieEcho, SCTPChunkData, SCTPChunkInit,
                               SCTPChunkInitAck, SCTPChunkParamStateCookie, SCTPChunkSACK)

NEAR, FAR = "203.0.113.1", "203.0.113.2"
CLIENT = "192.0.2.20"
SPLIT_AT = 400          # where the one message goes that has to fit two chunks


def tunnelled(kind, packet):
    outward = packet[IP].src == CLIENT
    outer = IP(src=NEAR if outward else FAR, dst=FAR if outward else NEAR)
    inner = IP(bytes(packet[IP]))
    if kind == "gre":
        return outer / GRE() / inner
    if kind == "ipip":
        return outer / inner
    return outer / UDP(sport=2152, dport=2152) / GTP_U_Header(teid=0x1001 if outward else 0x2001) / inner


class Association:
    """One SCTP association between the two ends of the recorded packets."""

    def __init__(self, first):
        self.ends = {first[IP].src: first[IP].dst, first[IP].dst: first[IP].src}
        self.tag = {first[IP].src: 0x0a0a0a0a, first[IP].dst: 0x0b0b0b0b}     # what each end wants to see
        self.tsn = {first[IP].src: 1000, first[IP].dst: 5000}
        self.ssn = {first[IP].src: 0, first[IP].dst: 0}

    def packet(self, source, *chunks, tag=None):
        target = self.ends[source]
        packet = IP(src=source, dst=target) / SCTP(sport=5060, dport=5060, tag=self.tag[target] if tag is None else tag)
        for chunk in chunks:
            packet /= chunk
        return packet

    def handshake(self, source):
        target = self.ends[source]
        cookie = b"a-cookie-of-16-b"
        yield self.packet(source, SCTPChunkInit(init_tag=self.tag[source], init_tsn=self.tsn[source], a_rwnd=106496,
                                                n_out_streams=10, n_in_streams=10), tag=0)
        yield self.packet(target, SCTPChunkInitAck(init_tag=self.tag[target], init_tsn=self.tsn[target], a_rwnd=106496,
                                                   n_out_streams=10, n_in_streams=10,
                                                   params=[SCTPChunkParamStateCookie(cookie=cookie)]))
        yield self.packet(source, SCTPChunkCookieEcho(cookie=cookie))
        yield self.packet(target, SCTPChunkCookieAck())

    def data(self, source, part, beginning, ending):
        chunk = SCTPChunkData(tsn=self.tsn[source], stream_id=0, stream_seq=self.ssn[source], proto_id=0,
                              beginning=beginning, ending=ending, data=part)
        self.tsn[source] += 1
        return self.packet(source, chunk)

    def message(self, source, message, split):
        if split:
            yield self.data(source, message[:SPLIT_AT], 1, 0)
            yield self.data(source, message[SPLIT_AT:], 0, 1)
        else:
            yield self.data(source, message, 1, 1)
        self.ssn[source] += 1
        yield self.packet(self.ends[source], SCTPChunkSACK(cumul_tsn_ack=self.tsn[source] - 1, a_rwnd=106496))


def over_sctp(packets):
    association = Association(packets[0])
    for packet in association.handshake(packets[0][IP].src):
        yield packet, packets[0].time - 1
    for number, packet in enumerate(packets, 1):
        message = bytes(packet[UDP].payload).replace(b"SIP/2.0/UDP", b"SIP/2.0/SCTP")
        for new in association.message(packet[IP].src, message, number == 3):
            yield new, packet.time


def main(kind, source, target):
    packets = rdpcap(source)
    pairs = over_sctp(packets) if kind == "sctp" else ((tunnelled(kind, p), p.time) for p in packets)
    out = []
    for packet, time in pairs:
        frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x800) / packet
        frame = Ether(bytes(frame))
        frame.time = time
        out.append(frame)
    wrpcap(target, out)


main(*sys.argv[1:])
