#!/usr/bin/env python3
"""A cable with delay and loss between two interfaces: bad-line.py IF1 IF2 DELAY LOSS SEED.

Not every kernel has netem.  Only UDP is lost, so that address resolution and TCP keep working.
"""
import heapq
import random
import select
import socket
import sys
import time

UDP = 17


def open_interface(name):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.bind((name, 0))
    return sock


def is_udp(frame):
    return frame[12:14] == b"\x08\x00" and frame[23] == UDP


def receive(sock, lost):
    frame, address = sock.recvfrom(65535)
    if address[2] == socket.PACKET_OUTGOING or (is_udp(frame) and lost()):
        return None
    return frame


def run(one, two, delay, loss, seed):
    chance = random.Random(seed)
    other = {one: two, two: one}
    waiting, count = [], 0
    while True:
        rest = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for sock in select.select([one, two], [], [], rest)[0]:
            frame = receive(sock, lambda: chance.random() < loss)
            if frame:
                count += 1
                heapq.heappush(waiting, (time.monotonic() + delay, count, frame, other[sock]))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, frame, target = heapq.heappop(waiting)
            target.send(frame)


run(*map(open_interface, sys.argv[1:3]), float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
