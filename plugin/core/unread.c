/* unread.c
 * Packets in which no SIP is seen, and which may hold what somebody waits for: parts of IP datagrams that
 * were never put together, as some were lost on their way, or the capture holds first fragments only; and TCP
 * connections that were not made, or are encrypted.
 *
 * Whoever looks asks for 32 s that may be long over. So time is cut into pieces of that length, and it is
 * remembered of each when there was one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "tracker_private.h"

/* Between two hosts and two ports, in one piece of time. */
struct unread {
    struct index_link link; /* by hosts and time */
    struct aged aged;
    uint16_t from_port, to_port;
    uint32_t first_frame, frame;
    int64_t first_clock, clock;
};

static struct unread *
unread_of(struct index_link *link)
{
    return link ? CONTAINER(link, struct unread, link) : NULL;
}

static uint64_t
piece_of(int64_t clock)
{
    return (uint64_t)clock / (uint64_t)SIP_TIMEOUT_NS;
}

static uint64_t
hash_way(const struct tracker *tracker, enum unread_kind kind, const struct endpoint *from,
         const struct endpoint *to)
{
    char both[1 + 2 * (2 + sizeof from->address)] = {(char)kind, (char)from->type, (char)from->len,
                                                     (char)to->type, (char)to->len};
    memcpy(both + 5, from->address, from->len);
    memcpy(both + 5 + sizeof from->address, to->address, to->len);
    return index_hash(&tracker->index, (struct slice){both, sizeof both});
}

/* A client may send from another port than before, not from another to another; a connection it makes from a
 * port of its own, and perhaps to that of TLS. */
static bool
fits_ports(enum unread_kind kind, uint16_t from_port, uint16_t to_port, const struct endpoint *from,
           const struct endpoint *to)
{
    return kind == UNREAD_CONNECTION || from_port == from->port || to_port == to->port;
}

void
unread_drop(struct tracker *tracker, struct aged *aged)
{
    struct unread *unread = CONTAINER(aged, struct unread, aged);
    index_unshare(&tracker->index, &unread->link);
    tracker->host.release(unread);
}

/* Nothing can make it readable any more. */
static void
remember(struct tracker *tracker, enum unread_kind kind, const struct unread_packet *packet)
{
    const uint64_t way = hash_way(tracker, kind, &packet->from, &packet->to);
    const uint16_t from_port =
        kind == UNREAD_CONNECTION ? 0 : packet->from.port; /* one of its own each time */
    key_begin_number(tracker, INDEX_UNREAD, piece_of(packet->clock));
    key_add_hash(tracker, way);
    struct unread *unread = unread_of(key_find(tracker));
    while (unread && (unread->from_port != from_port || unread->to_port != packet->to.port))
        unread = unread_of(unread->link.next);
    if (!unread) {
        unread = host_new(tracker, struct unread);
        unread->from_port = from_port;
        unread->to_port = packet->to.port;
        unread->first_frame = packet->frame;
        unread->first_clock = packet->clock;
        index_share(&tracker->index, &unread->link);
    }
    unread->frame = packet->frame;
    unread->clock = packet->clock;
    aged_touch(tracker, &unread->aged, AGED_UNREAD);
    aged_forget_kind(tracker, AGED_UNREAD); /* now: a frame with SIP may never come */
}

/* Where none is, or the one that came first, for which it is too late then. */
static void
put_packet(struct tracker *tracker, enum unread_kind kind, const struct unread_packet *packet)
{
    struct unread_packet *room = tracker->unread[kind];
    for (unsigned i = 1; i < UNREAD_MAX; i++) {
        if (tracker->unread[kind][i].frame < room->frame)
            room = &tracker->unread[kind][i];
    }
    if (room->frame)
        remember(tracker, kind, room);
    else
        tracker->unread_open[kind]++;
    *room = *packet;
    if (tracker->unread_since[kind] < 0)
        tracker->unread_since[kind] = packet->clock;
    tracker->unread_until[kind] = packet->clock;
}

/* It can be read after all, or is remembered. */
static void
close_packet(struct tracker *tracker, enum unread_kind kind, struct unread_packet *packet)
{
    packet->frame = 0;
    tracker->unread_open[kind]--;
}

/* --- fragments --------------------------------------------------------------------- */

/* That of the same datagram; or else NULL. */
static struct unread_packet *
incomplete_find(struct tracker *tracker, const struct endpoint *from, const struct endpoint *to, uint32_t id)
{
    for (unsigned i = 0; i < UNREAD_MAX; i++) {
        struct unread_packet *packet = &tracker->unread[UNREAD_FRAGMENT][i];
        if (packet->frame && packet->id == id && endpoint_same_address(&packet->from, from) &&
            endpoint_same_address(&packet->to, to))
            return packet;
    }
    return NULL;
}

void
tracker_fragment(struct tracker *tracker, uint32_t frame, const struct endpoint *from,
                 const struct endpoint *to, uint32_t id, bool whole)
{
    struct unread_packet *packet = incomplete_find(tracker, from, to, id);
    if (packet && tracker->clock - packet->clock > SIP_TIMEOUT_NS) { /* another datagram has that id by now */
        remember(tracker, UNREAD_FRAGMENT, packet);
        close_packet(tracker, UNREAD_FRAGMENT, packet);
        packet = NULL;
    }
    bool is_first = from->port || to->port;
    if (packet && whole)
        close_packet(tracker, UNREAD_FRAGMENT, packet);
    else if (!packet && !whole && is_first)
        put_packet(tracker, UNREAD_FRAGMENT, &(struct unread_packet){*from, *to, id, frame, tracker->clock});
}

/* --- TCP --------------------------------------------------------------------------- */

enum { SIP_PORT = 5060, SIPS_PORT = 5061 };

/* Others open many connections, of which nobody wants to know. */
void
tracker_connect(struct tracker *tracker, uint32_t frame, const struct endpoint *from,
                const struct endpoint *to)
{
    if (to->port == SIP_PORT || to->port == SIPS_PORT)
        put_packet(tracker, UNREAD_CONNECTION, &(struct unread_packet){*from, *to, 0, frame, tracker->clock});
}

void
connections_read(struct tracker *tracker, const struct arrival *arrival)
{
    for (unsigned i = 0; i < UNREAD_MAX && tracker->unread_open[UNREAD_CONNECTION] > 0; i++) {
        struct unread_packet *packet = &tracker->unread[UNREAD_CONNECTION][i];
        if (packet->frame &&
            (endpoint_same(&packet->from, &arrival->from) || endpoint_same(&packet->from, &arrival->to)))
            close_packet(tracker, UNREAD_CONNECTION, packet);
    }
}

/* --- asked for --------------------------------------------------------------------- */

/* Within what a client waits. */
static bool
is_in_time(int64_t clock, int64_t since)
{
    return clock >= since && clock - since <= SIP_TIMEOUT_NS;
}

static uint32_t
remembered_between(const struct tracker *tracker, enum unread_kind kind, const struct endpoint *from,
                   const struct endpoint *to, int64_t since)
{
    const uint64_t way = hash_way(tracker, kind, from, to);
    for (uint64_t piece = piece_of(since); piece <= piece_of(since) + 1; piece++) {
        struct index_link *link = index_find_hash(&tracker->index, INDEX_UNREAD, piece, way);
        for (const struct unread *i = unread_of(link); i; i = unread_of(i->link.next)) {
            if (!fits_ports(kind, i->from_port, i->to_port, from, to))
                continue;
            if (is_in_time(i->first_clock, since))
                return i->first_frame;
            if (is_in_time(i->clock, since))
                return i->frame;
        }
    }
    return 0;
}

/* The first of those of which it is still open what becomes of them. */
static uint32_t
open_between(const struct tracker *tracker, enum unread_kind kind, const struct endpoint *from,
             const struct endpoint *to, int64_t since)
{
    uint32_t frame = 0;
    for (unsigned i = 0; i < UNREAD_MAX; i++) {
        const struct unread_packet *packet = &tracker->unread[kind][i];
        if (packet->frame && (!frame || packet->frame < frame) && is_in_time(packet->clock, since) &&
            endpoint_same_address(&packet->from, from) && endpoint_same_address(&packet->to, to) &&
            fits_ports(kind, packet->from.port, packet->to.port, from, to))
            frame = packet->frame;
    }
    return frame;
}

uint32_t
unread_between(const struct tracker *tracker, enum unread_kind kind, const struct endpoint *from,
               const struct endpoint *to, int64_t since)
{
    if (tracker->unread_since[kind] < 0 || since > tracker->unread_until[kind] ||
        tracker->unread_since[kind] - since > SIP_TIMEOUT_NS) /* none in time */
        return 0;
    uint32_t frame = remembered_between(tracker, kind, from, to, since);
    return frame ? frame : open_between(tracker, kind, from, to, since);
}
