/* datagram.c
 * What IP headers tell that Wireshark does not pass on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "compat.h"

#include "datagram.h"

enum { IPV4_SIZE = 20, IPV4_SOURCE = 12, IPV6_SIZE = 40, IPV6_SOURCE = 8, IPV6_ADDRESS = 16 };

/* Where in the frame the IPv4 header begins whose source address Wireshark took from there; -1 if none, as
 * where an exported PDU tells the address. */
static gint
ipv4_header(const packet_info *pinfo, tvbuff_t *frame)
{
    const guint first_octet_min = 0x45, first_octet_max = 0x4f; /* version and length */
    const guint captured = tvb_captured_length(frame);
    const uintptr_t source = (uintptr_t)pinfo->net_src.data;
    if (pinfo->net_src.type != AT_IPv4 || captured < IPV4_SIZE)
        return -1;
    const uintptr_t begin = (uintptr_t)tvb_get_ptr(frame, 0, (gint)captured);
    if (source < begin + IPV4_SOURCE || source > begin + captured - (IPV4_SIZE - IPV4_SOURCE))
        return -1;
    const gint header = (gint)(source - begin - IPV4_SOURCE);
    const guint first_octet = tvb_get_ntohs(frame, header) >> 8;
    return first_octet >= first_octet_min && first_octet <= first_octet_max ? header : -1;
}

/* Of IPv6 addresses Wireshark makes copies, so that theirs is looked for, no further than tunnels reach. */
static gint
ipv6_header(const packet_info *pinfo, tvbuff_t *frame)
{
    const guint beginning_max = 256, captured = MIN(tvb_captured_length(frame), beginning_max);
    if (pinfo->net_src.type != AT_IPv6 || captured < IPV6_SIZE)
        return -1;
    const guint8 *begin = tvb_get_ptr(frame, 0, (gint)captured);
    for (guint at = 0; at + IPV6_SIZE <= captured; at++) {
        if (begin[at] >> 4 == 6 && memcmp(begin + at + IPV6_SOURCE, pinfo->net_src.data, IPV6_ADDRESS) == 0)
            return (gint)at;
    }
    return -1;
}

guint16
datagram_of(const packet_info *pinfo, tvbuff_t *frame)
{
    const gint header = pinfo->ptype == PT_UDP ? ipv4_header(pinfo, frame) : -1;
    return header < 0 ? 0 : tvb_get_ntohs(frame, header + 4);
}

/* What the IPv4 header carries begins there. */
static gint
behind_4(tvbuff_t *frame, gint header)
{
    return header + (tvb_get_ntohs(frame, header) >> 8 & 15) * 4;
}

/* RFC 791 section 3.1. */
static bool
fragment_of_4(tvbuff_t *frame, gint header, struct fragment *fragment)
{
    const guint16 more_or_offset = 0x3fff, offset = 0x1fff, where = tvb_get_ntohs(frame, header + 6);
    fragment->id = tvb_get_ntohs(frame, header + 4);
    fragment->is_first = (where & offset) == 0;
    fragment->protocol = (guint8)tvb_get_ntohs(frame, header + 8);
    fragment->payload = behind_4(frame, header);
    return (where & more_or_offset) != 0;
}

/* RFC 8200 section 4.5: behind hop-by-hop options, routing and destination options. */
static bool
fragment_of_6(tvbuff_t *frame, gint header, struct fragment *fragment)
{
    enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, DESTINATION = 60, HEADERS_MAX = 4 };
    const guint16 more_or_offset = 0xfff9, offset = 0xfff8;
    guint next = tvb_get_ntohs(frame, header + 6) >> 8;
    gint at = header + IPV6_SIZE;
    for (int i = 0; i < HEADERS_MAX && tvb_bytes_exist(frame, at, 8); i++) {
        const guint16 front = tvb_get_ntohs(frame, at), where = tvb_get_ntohs(frame, at + 2);
        if (next == FRAGMENT) {
            *fragment = (struct fragment){(where & offset) == 0, (guint8)(front >> 8),
                                          tvb_get_ntohl(frame, at + 4), at + 8};
            return (where & more_or_offset) != 0;
        }
        if (next != HOP_BY_HOP && next != ROUTING && next != DESTINATION)
            return false;
        next = front >> 8;
        at += 8 * (1 + (front & 0xff));
    }
    return false;
}

bool
is_fragment(const packet_info *pinfo, tvbuff_t *frame, struct fragment *fragment)
{
    const gint header4 = ipv4_header(pinfo, frame), header6 = ipv6_header(pinfo, frame);
    return header4 >= 0 ? fragment_of_4(frame, header4, fragment)
                        : header6 >= 0 && fragment_of_6(frame, header6, fragment);
}

bool
is_segment(const packet_info *pinfo, tvbuff_t *frame, struct segment *segment)
{
    enum { SEQUENCE = 4, ACKNOWLEDGMENT = 8, FLAGS = 12, SIZE = 20 };
    if (pinfo->ptype != PT_TCP)
        return false;
    const gint header4 = ipv4_header(pinfo, frame), header6 = ipv6_header(pinfo, frame);
    const gint at = header4 >= 0 ? behind_4(frame, header4) : header6 >= 0 ? header6 + IPV6_SIZE : -1;
    if (at < 0 || !tvb_bytes_exist(frame, at, SIZE) || tvb_get_ntohs(frame, at) != pinfo->srcport)
        return false;
    *segment = (struct segment){tvb_get_ntohs(frame, at + FLAGS), tvb_get_ntohl(frame, at + SEQUENCE),
                                tvb_get_ntohl(frame, at + ACKNOWLEDGMENT)};
    return true;
}
