/* frames.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "frames.h"

#include <string.h>

enum { ETHERNET = 14, IPV4 = 20, UDP = 8, TCP = 20, PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

static const uint8_t addresses[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

static uint8_t *
put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *
put32(uint8_t *at, uint32_t value)
{
    return put16(put16(at, (uint16_t)(value >> 16)), (uint16_t)value);
}

void
frames_begin(FILE *out)
{
    const uint32_t nanoseconds = 0xa1b23c4d, version = 4 << 16 | 2, snap = 262144, link_ethernet = 1;
    const uint32_t header[6] = {nanoseconds, version, 0, 0, snap, link_ethernet};
    fwrite(header, sizeof header, 1, out);
}

static void
write_packet(FILE *out, int64_t time, const void *front, size_t front_len, const void *data, size_t len)
{
    const uint32_t size = (uint32_t)(front_len + len);
    const uint32_t header[4] = {(uint32_t)(time / 1000000000), (uint32_t)(time % 1000000000), size, size};
    fwrite(header, sizeof header, 1, out);
    fwrite(front, front_len, 1, out);
    fwrite(data, 1, len, out);
}

void
frame_ethernet(FILE *out, int64_t time, uint16_t type, const void *data, size_t len)
{
    uint8_t front[ETHERNET];
    memcpy(front, addresses, sizeof addresses);
    put16(front + sizeof addresses, type);
    write_packet(out, time, front, sizeof front, data, len);
}

static uint16_t
ip_checksum(const uint8_t *header)
{
    uint32_t sum = 0;
    for (int i = 0; i < IPV4; i += 2)
        sum += (uint32_t)header[i] << 8 | header[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

/* Ethernet and IPv4 before `len` octets; returns what is behind them. */
static uint8_t *
put_ipv4(uint8_t *front, uint8_t protocol, struct host from, struct host to, size_t len)
{
    uint8_t *ip = front + ETHERNET, *at = ip;
    memcpy(front, addresses, sizeof addresses);
    put16(front + sizeof addresses, 0x0800);
    at = put16(at, 0x4500);
    at = put16(at, (uint16_t)(IPV4 + len));
    at = put32(at, 0x4000);
    at = put16(at, (uint16_t)(64 << 8 | protocol));
    at = put16(at, 0);
    at = put32(at, from.address);
    at = put32(at, to.address);
    put16(ip + 10, ip_checksum(ip));
    return at;
}

/* A checksum of 0 says that there is none (RFC 768). */
void
frame_udp(FILE *out, int64_t time, struct host from, struct host to, const void *data, size_t len)
{
    uint8_t front[ETHERNET + IPV4 + UDP];
    uint8_t *at = put_ipv4(front, PROTOCOL_UDP, from, to, UDP + len);
    at = put16(at, from.port);
    at = put16(at, to.port);
    at = put16(at, (uint16_t)(UDP + len));
    put16(at, 0);
    write_packet(out, time, front, sizeof front, data, len);
}

void
frame_icmp(FILE *out, int64_t time, struct host from, struct host to, const void *data, size_t len)
{
    uint8_t front[ETHERNET + IPV4];
    put_ipv4(front, PROTOCOL_ICMP, from, to, len);
    write_packet(out, time, front, sizeof front, data, len);
}

void
frame_tcp(FILE *out, int64_t time, struct host from, struct host to, struct stream *stream, uint8_t flags,
          const void *data, size_t len)
{
    uint8_t front[ETHERNET + IPV4 + TCP];
    uint8_t *at = put_ipv4(front, PROTOCOL_TCP, from, to, TCP + len);
    at = put16(at, from.port);
    at = put16(at, to.port);
    at = put32(at, stream->sent);
    at = put32(at, stream->received);
    at = put16(at, (uint16_t)(TCP / 4 << 12 | flags));
    at = put16(at, 65535);
    put32(at, 0);
    stream->sent += (uint32_t)len;
    write_packet(out, time, front, sizeof front, data, len);
}
