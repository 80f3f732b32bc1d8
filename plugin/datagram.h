/* datagram.h
 * What IP headers tell that Wireshark does not pass on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_DATAGRAM_H
#define SIPTRAIL_DATAGRAM_H

#include <stdbool.h>

#include <epan/packet_info.h>
#include <epan/tvbuff.h>

/** A part of a datagram. */
struct fragment {
    bool is_first;
    guint8 protocol; /**< of what the datagram carries */
    guint32 id;      /**< identification of the datagram */
    gint payload;    /**< where in the frame that begins, in the first one; may be behind its end */
};

/** The identification of the IPv4 datagram that carries a message in UDP (RFC 791 section 3.1).
 *  @return 0 for none: IPv6, another transport, or nothing that stands in this frame */
guint16 datagram_of(const packet_info *pinfo, tvbuff_t *frame);

/** Whether the packet of the innermost IP header is a fragment (RFC 791 section 3.1, RFC 8200 section 4.5),
 * also the last one, with which a datagram was put together.
 *  @param fragment  filled on success only */
bool is_fragment(const packet_info *pinfo, tvbuff_t *frame, struct fragment *fragment);

/** RFC 9293 section 3.1. */
enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };

/** What stands in front of the data of a TCP connection. */
struct segment {
    guint16 flags;
    guint32 sequence, acknowledgment;
};

/** Whether the packet is of a TCP connection, with its header in this frame.
 *  @param segment  filled on success only */
bool is_segment(const packet_info *pinfo, tvbuff_t *frame, struct segment *segment);

#endif
