/* fragments.c
 * Packets that no SIP is seen in, and that may hold what somebody waits for: parts of IP datagrams that were
 * never put together, as some were lost on their way, or the capture holds first fragments only; and TCP
 * connections that were not made, or are encrypted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "tracker_private.h"

/* That of the same datagram; or else NULL. */
static struct fragment_seen *
fragment_find(struct tracker *tracker, const struct endpoint *from, const struct endpoint *to, uint32_t id)
{
    for (unsigned i = 0; i < FRAGMENTS_MAX; i++) {
        struct fragment_seen *seen = &tracker->fragments[i];
        if (seen->frame && seen->id == id && endpoint_same_address(&seen->from, from) &&
            endpoint_same_address(&seen->to, to))
            return seen;
    }
    return NULL;
}

/* Where none is, or the one that came first. */
static struct fragment_seen *
fragment_room(struct tracker *tracker)
{
    struct fragment_seen *room = tracker->fragments;
    for (unsigned i = 1; i < FRAGMENTS_MAX; i++) {
        if (tracker->fragments[i].frame < room->frame)
            room = &tracker->fragments[i];
    }
    return room;
}

void
tracker_fragment(struct tracker *tracker, uint32_t frame, const struct endpoint *from,
                 const struct endpoint *to, uint32_t id, bool whole)
{
    struct fragment_seen *seen = fragment_find(tracker, from, to, id);
    if (!seen && whole)
        return;
    if (!seen) {
        seen = fragment_room(tracker);
        *seen = (struct fragment_seen){.from = *from, .to = *to, .id = id};
    }
    if (from->port || to->port) { /* it is the first part */
        seen->from.port = from->port;
        seen->to.port = to->port;
    }
    seen->frame = whole ? 0 : frame;
    seen->clock = tracker->clock;
}

/* A client may send from another port than before, not from another to another. */
static bool
may_be_between(const struct fragment_seen *seen, const struct endpoint *from, const struct endpoint *to)
{
    bool ports_known = seen->from.port || seen->to.port;
    bool port_fits = seen->from.port == from->port || seen->to.port == to->port;
    return endpoint_same_address(&seen->from, from) && endpoint_same_address(&seen->to, to) &&
           (port_fits || !ports_known);
}

enum { SIP_PORT = 5060, SIPS_PORT = 5061 };

/* Others open many connections, and would drive out those of clients. */
void
tracker_connect(struct tracker *tracker, uint32_t frame, const struct endpoint *from,
                const struct endpoint *to)
{
    if (to->port != SIP_PORT && to->port != SIPS_PORT)
        return;
    struct connection_seen *seen = &tracker->connections[tracker->connections_next++ % CONNECTIONS_MAX];
    *seen = (struct connection_seen){*from, *to, frame, tracker->clock};
}

/* Within what a client waits. */
static bool
is_in_time(int64_t clock, int64_t since)
{
    return clock >= since && clock - since <= SIP_TIMEOUT_NS;
}

uint32_t
fragments_between(const struct tracker *tracker, const struct endpoint *from, const struct endpoint *to,
                  int64_t since)
{
    uint32_t latest = 0;
    for (unsigned i = 0; i < FRAGMENTS_MAX; i++) {
        const struct fragment_seen *seen = &tracker->fragments[i];
        if (seen->frame > latest && is_in_time(seen->clock, since) && may_be_between(seen, from, to))
            latest = seen->frame;
    }
    return latest;
}

uint32_t
connections_between(const struct tracker *tracker, const struct endpoint *from, const struct endpoint *to,
                    int64_t since)
{
    uint32_t first = 0;
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        const struct connection_seen *seen = &tracker->connections[i];
        if (seen->frame && (!first || seen->frame < first) && is_in_time(seen->clock, since) &&
            endpoint_same_address(&seen->from, from) && endpoint_same_address(&seen->to, to))
            first = seen->frame;
    }
    return first;
}
