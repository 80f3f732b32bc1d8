/* store.c
 * Parts of keys, and memory: what every part of the tracker is built on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "tracker_private.h"

#include <arpa/inet.h>

/* --- addresses ------------------------------------------------------------------ */

int
endpoint_compare(const struct endpoint *a, const struct endpoint *b)
{
    return a->len != b->len ? a->len - b->len : memcmp(a->address, b->address, a->len);
}

bool
endpoint_same_address(const struct endpoint *a, const struct endpoint *b)
{
    return a->type == b->type && endpoint_compare(a, b) == 0;
}

uint32_t
endpoint_mark(const struct endpoint *endpoint)
{
    uint32_t mark = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < endpoint->len; i++)
        mark = (mark ^ endpoint->address[i]) * 16777619u;
    return mark;
}

uint16_t
endpoint_own_port(const struct endpoint *server)
{
    static const uint16_t usual[] = {80, 443, 5060, 5061};
    const uint16_t any_from = 32768; /* what systems give a connection that asks for none */
    for (size_t i = 0; i < G_N_ELEMENTS(usual); i++) {
        if (server->port == usual[i])
            return 0;
    }
    return server->port < any_from ? server->port : 0;
}

void
key_add_address(struct tracker *tracker, const struct endpoint *endpoint)
{
    char text[1 + sizeof endpoint->address] = {(char)endpoint->type};
    memcpy(text + 1, endpoint->address, endpoint->len);
    key_add(tracker, (struct slice){text, 1u + endpoint->len});
}

void
key_add_user(struct tracker *tracker, struct slice user)
{
    bool escaped = slice_has(user, '%');
    char *clear = escaped ? g_uri_unescape_segment(user.p, slice_end(user), NULL) : NULL;
    key_add(tracker, clear ? (struct slice){clear, strlen(clear)} : user);
    g_free(clear);
}

static bool
read_numeric(int family, struct slice host, uint8_t address[16])
{
    char text[INET6_ADDRSTRLEN] = "";
    if (host.len == 0 || host.len >= sizeof text)
        return false;
    memcpy(text, host.p, host.len);
    return inet_pton(family, text, address) == 1;
}

/* "[IPv6 address]" and what follows it. */
static bool
read_reference(struct slice place, uint8_t address[16], struct slice *rest)
{
    return place.len > 0 && *place.p == '[' &&
           read_numeric(AF_INET6, slice_until(slice_from(place, 1), ']', rest), address);
}

bool
endpoint_read(struct slice host, struct endpoint *endpoint)
{
    struct slice rest;
    bool reference = read_reference(host, endpoint->address, &rest);
    endpoint->len = reference ? 16 : 4;
    return reference || read_numeric(AF_INET, host, endpoint->address);
}

void
key_add_place(struct tracker *tracker, struct slice place)
{
    const struct slice usual = SLICE(":5060");
    uint8_t address[16];
    struct slice port;
    if (place.len > usual.len && slice_equal(slice_from(place, place.len - usual.len), usual))
        place.len -= usual.len;
    if (!read_reference(place, address, &port)) {
        key_add_nocase(tracker, place);
        return;
    }
    key_add(tracker, (struct slice){(const char *)address, sizeof address});
    key_add(tracker, port);
}

char *
endpoint_text(const struct endpoint *endpoint)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (endpoint->len == 4)
        inet_ntop(AF_INET, endpoint->address, text, sizeof text);
    else if (endpoint->len == 16)
        inet_ntop(AF_INET6, endpoint->address, text, sizeof text);
    return g_strdup(*text ? text : "another address");
}

/* --- memory that lasts ---------------------------------------------------------- */

char *
host_strdup(struct tracker *tracker, struct slice text)
{
    char *copy = tracker->host.allocate(text.len + 1);
    if (text.len > 0)
        memcpy(copy, text.p, text.len);
    return copy;
}

struct slice
record_slice(struct tracker *tracker, struct slice text)
{
    char *copy = arena_allocate(tracker->arena, &tracker->host, text.len + 1);
    if (text.len > 0)
        memcpy(copy, text.p, text.len);
    return (struct slice){copy, text.len};
}

struct record_detail *
record_detail(struct tracker *tracker, struct record *record)
{
    if (!record->detail)
        record->detail = record_new(tracker, struct record_detail);
    return record->detail;
}

struct exchange_detail *
exchange_detail_make(struct tracker *tracker, struct exchange *exchange)
{
    if (!exchange->detail)
        exchange->detail = host_new(tracker, struct exchange_detail);
    return exchange->detail;
}

struct note *
record_note(struct tracker *tracker, struct record *record, uint16_t finding, uint32_t frame_a,
            uint32_t frame_b)
{
    struct record_detail *detail = record_detail(tracker, record);
    struct note **tail = &detail->notes;
    while (*tail)
        tail = &(*tail)->next;
    *tail = record_new(tracker, struct note);
    **tail = (struct note){.finding = finding, .frame_a = frame_a, .frame_b = frame_b};
    return *tail;
}
