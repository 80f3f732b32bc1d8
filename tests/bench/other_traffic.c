/* other_traffic.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "other_traffic.h"

#include <string.h>

enum { CONNECTIONS = 256, RTP_HEADER = 12, G711_20MS = 160, ACK_FLAG = 0x10, PUSH_ACK = 0x18 };

static const struct host resolver = {192u << 24 | 0u << 16 | 2u << 8 | 53, 53};

static struct host
some_host(uint64_t random, uint16_t port)
{
    return (struct host){198u << 24 | 19u << 16 | (uint32_t)(random % 60000 + 1), port};
}

void
write_rtp(FILE *out, int64_t time, struct host from, struct host to, uint32_t ssrc, uint16_t number)
{
    uint8_t packet[RTP_HEADER + G711_20MS] = {0x80, 8, (uint8_t)(number >> 8), (uint8_t)number};
    const uint32_t stamp = number * (uint32_t)G711_20MS;
    for (int i = 0; i < 4; i++) {
        packet[4 + i] = (uint8_t)(stamp >> (24 - 8 * i));
        packet[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    }
    for (int i = 0; i < G711_20MS; i++)
        packet[RTP_HEADER + i] = (uint8_t)(0xd5 ^ (i * 7 + number));
    frame_udp(out, time, from, to, packet, sizeof packet);
}

static void
write_dns(FILE *out, int64_t time, uint64_t random)
{
    uint8_t packet[80] = {(uint8_t)random, (uint8_t)(random >> 8), 1, 0, 0, 1};
    struct host asker = some_host(random >> 16, (uint16_t)(random % 30000 + 20000));
    GString *name = g_string_new(NULL);
    const bool answered = random >> 60 & 1;
    g_string_append_printf(name, "%ch%05u%cexample%cnet%c", 6, (unsigned)(random >> 20 & 0xffff), 7, 3, 0);
    memcpy(packet + 12, name->str, name->len);
    size_t len = 12 + name->len;
    memcpy(packet + len, "\0\1\0\1", 4);
    len += 4;
    if (answered) {
        packet[2] = 0x81;
        packet[3] = 0x80;
        packet[7] = 1;
        memcpy(packet + len, "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc6\x13\0\1", 16);
        len += 16;
    }
    g_string_free(name, TRUE);
    frame_udp(out, time, answered ? resolver : asker, answered ? asker : resolver, packet, len);
}

/* One segment in one of the connections: requests and answers in turn, each acknowledged by the other. */
static void
write_tcp(FILE *out, int64_t time, uint64_t random, bool http)
{
    static struct {
        struct stream client, server;
        unsigned turn;
    } connections[2][CONNECTIONS];
    static const char request[] =
        "GET /status?id=8173 HTTP/1.1\r\nHost: www.example.net\r\nUser-Agent: bench/1.0\r\n"
        "Accept: text/html\r\n\r\n";
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/plain\r\nContent-Length: 26\r\n\r\n"
        "abcdefghijklmnopqrstuvwxyz";
    const unsigned number = (unsigned)(random >> 32) % CONNECTIONS;
    struct host client = some_host(number, (uint16_t)(40000 + number)),
                server = some_host(50000, http ? 80 : 3457);
    const bool asks = connections[http][number].turn++ % 2 == 0;
    struct stream *own = asks ? &connections[http][number].client : &connections[http][number].server;
    struct stream *other = asks ? &connections[http][number].server : &connections[http][number].client;
    const char *text = asks ? request : answer;
    own->received = other->sent;
    frame_tcp(out, time, asks ? client : server, asks ? server : client, own, PUSH_ACK,
              http ? text : text + 16, strlen(http ? text : text + 16));
}

static void
write_ntp(FILE *out, int64_t time, uint64_t random)
{
    uint8_t packet[48] = {0x23, 2, 6, 0xec};
    memcpy(packet + 40, &random, sizeof random);
    frame_udp(out, time, some_host(random, 123), some_host(50001, 123), packet, sizeof packet);
}

static void
write_echo(FILE *out, int64_t time, uint64_t random)
{
    uint8_t packet[64] = {8, 0, 0, 0, (uint8_t)random, 1, 0, 1};
    frame_icmp(out, time, some_host(random >> 8, 0), some_host(50002, 0), packet, sizeof packet);
}

static void
write_arp(FILE *out, int64_t time, uint64_t random)
{
    uint8_t packet[28] = {0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 198, 19, 0, 1};
    packet[24] = 198;
    packet[25] = 19;
    packet[27] = (uint8_t)random;
    frame_ethernet(out, time, 0x0806, packet, sizeof packet);
}

void
write_other(FILE *out, int64_t time, uint64_t random)
{
    const unsigned share = (unsigned)(random >> 8) % 100;
    struct host media = some_host(random >> 24, (uint16_t)(10000 + (random >> 40) % 10000 * 2));
    if (share < 50)
        write_rtp(out, time, media, some_host(50003, 20000), media.address, (uint16_t)(random >> 48));
    else if (share < 65)
        write_tcp(out, time, random, true);
    else if (share < 75)
        write_tcp(out, time, random, false);
    else if (share < 90)
        write_dns(out, time, random);
    else if (share < 94)
        write_ntp(out, time, random);
    else if (share < 97)
        write_echo(out, time, random);
    else
        write_arp(out, time, random);
}
