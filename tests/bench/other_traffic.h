/* other_traffic.h
 * Packets that are no SIP, of the kinds that stand in a capture beside it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_BENCH_OTHER_TRAFFIC_H
#define SIPTRAIL_BENCH_OTHER_TRAFFIC_H

#include "frames.h"

/** 20 ms of G.711 in RTP. @param number  of the packet in its stream */
void write_rtp(FILE *out, int64_t time, struct host from, struct host to, uint32_t ssrc, uint16_t number);

/** The next packet of a mixture: RTP without signalling 50 %, HTTP 15 %, TCP in no known protocol 10 %, DNS
 * 15 %, NTP 4 %, ICMP echo 3 %, ARP 3 %.
 *  @param random  the only thing that it depends on, besides the TCP connections that go on */
void write_other(FILE *out, int64_t time, uint64_t random);

#endif
