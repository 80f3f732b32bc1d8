/* frames.h
 * Writes packets to a pcap stream: Ethernet, IPv4, UDP, TCP.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_BENCH_FRAMES_H
#define SIPTRAIL_BENCH_FRAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <glib.h>

/** An IPv4 address and a port, in the byte order of this machine. */
struct host {
    uint32_t address;
    uint16_t port;
};

/** What TCP knows of one direction. */
struct stream {
    uint32_t sent, received;
};

/** The file header. Times are kept in nanoseconds. */
void frames_begin(FILE *out);

/** One packet each. @param time  ns since 1970 */
void frame_udp(FILE *out, int64_t time, struct host from, struct host to, const void *data, size_t len);
void frame_icmp(FILE *out, int64_t time, struct host from, struct host to, const void *data, size_t len);
void frame_ethernet(FILE *out, int64_t time, uint16_t type, const void *data, size_t len);

/** One segment. @param flags  of TCP. `stream` goes on by what is sent. */
void frame_tcp(FILE *out, int64_t time, struct host from, struct host to, struct stream *stream,
               uint8_t flags, const void *data, size_t len);

#endif
