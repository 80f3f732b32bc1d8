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
    char clear[INDEX_PART_MAX];
    size_t n = 0;
    if (!user.len || user.len > sizeof clear || !memchr(user.p, '%', user.len)) {
        key_add(tracker, user);
        return;
    }
    for (size_t i = 0; i < user.len; i++) {
        bool escaped = user.p[i] == '%' && i + 2 < user.len && g_ascii_isxdigit(user.p[i + 1]) &&
                       g_ascii_isxdigit(user.p[i + 2]);
        clear[n++] =
            escaped ? (char)(g_ascii_xdigit_value(user.p[i + 1]) * 16 + g_ascii_xdigit_value(user.p[i + 2]))
                    : user.p[i];
        i += escaped ? 2 : 0;
    }
    key_add(tracker, (struct slice){clear, n});
}

void
key_add_place(struct tracker *tracker, struct slice place)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t address[16];
    struct slice port, inside = slice_until(slice_from(place, 1), ']', &port);
    if (place.len > 5 && memcmp(slice_end(place) - 5, ":5060", 5) == 0)
        place.len -= 5;
    bool reference = place.len > 2 && *place.p == '[' && inside.len < sizeof text;
    if (reference) {
        memcpy(text, inside.p, inside.len);
        text[inside.len] = '\0';
        reference = inet_pton(AF_INET6, text, address) == 1;
    }
    if (!reference) {
        key_add_nocase(tracker, place);
        return;
    }
    key_add(tracker, (struct slice){(const char *)address, sizeof address});
    key_add(tracker, slice_between(MIN(port.p, slice_end(place)), slice_end(place)));
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
host_slice(struct tracker *tracker, struct slice text)
{
    return (struct slice){host_strdup(tracker, text), text.len};
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
