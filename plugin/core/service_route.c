/* service_route.c
 * The way that a registrar names to its clients in Service-Route, and whether their calls take it (RFC 3608).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "findings.h"
#include "tracker_private.h"

/* What a registrar told a client to route by. */
struct service_route {
    uint32_t hash; /* of its first URI */
    uint32_t frame;
};

/* server: NULL for the one that named a route last */
static void
key_service_route(struct tracker *tracker, const struct endpoint *client, const struct endpoint *server,
                  struct slice address_of_record)
{
    struct slice user, host;
    sip_uri_split(address_of_record, &user, &host);
    key_begin(tracker, INDEX_SERVICE_ROUTE);
    key_add(tracker, user);
    key_add_nocase(tracker, host);
    key_add_address(tracker, client);
    if (server)
        key_add_address(tracker, server);
}

/* The URI of the first Route or Service-Route in a header line; `rest` gets what follows it. */
static struct slice
next_route(struct slice line, struct slice *rest)
{
    struct slice inside;
    slice_until(line, '<', &inside);
    return slice_until(slice_until(inside, '>', rest), ';', NULL);
}

static uint32_t
hash_route(struct tracker *tracker, struct slice uri)
{
    struct slice user, host_port;
    sip_uri_split_place(uri, &user, &host_port);
    key_begin(tracker, INDEX_SERVICE_ROUTE);
    key_add_user(tracker, user);
    key_add_place(tracker, host_port.p ? host_port : uri);
    return hash_short(index_key_hash(&tracker->index)) | 1;
}

/* Whether a Route leads there: behind an outbound proxy, perhaps. */
static bool
has_route(struct tracker *tracker, const struct sip_message *message, uint32_t hash)
{
    struct slice headers = message->headers, line;
    enum sip_header id;
    while (sip_message_next_header(&headers, &id, &line)) {
        while (id == SIP_ROUTE && line.len > 0) {
            if (hash_route(tracker, next_route(line, &line)) == hash)
                return true;
        }
    }
    return false;
}

void
service_route_note(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
                   struct record *record)
{
    if (message->to_tag.len > 0 || message->headers_cut || tracker->service_routes == 0 ||
        !sip_message_is_first_hop(message))
        return;
    key_service_route(tracker, &arrival->from, &arrival->to, message->from_uri);
    const struct service_route *route = key_find(tracker);
    if (!route) {
        key_service_route(tracker, &arrival->from, NULL, message->from_uri);
        route = key_find(tracker);
    }
    if (!route || route->hash == 0 || has_route(tracker, message, route->hash))
        return;
    record_note(tracker, record, FINDING_SERVICE_ROUTE_IGNORED, route->frame, 0);
}

/* Each 2xx replaces what the one before said (RFC 3608 section 6.1). */
static void
set_route(struct tracker *tracker, uint32_t hash, uint32_t frame)
{
    struct service_route *route = key_find(tracker);
    if (!route && !hash)
        return;
    if (!route) {
        route = host_new(tracker, struct service_route);
        key_put(tracker, route);
        tracker->service_routes++;
    }
    route->hash = hash;
    route->frame = frame;
}

/* A client may have several ways in, each with a registrar or proxy of its own. */
void
service_route_remember(struct tracker *tracker, const struct sip_message *message,
                       const struct transaction *transaction, const struct record *record)
{
    struct slice line = message->header[SIP_SERVICE_ROUTE];
    if ((!line.p && tracker->service_routes == 0) || !sip_message_is_first_hop(message))
        return;
    const uint32_t hash = line.p ? hash_route(tracker, next_route(line, &line)) : 0;
    key_service_route(tracker, &transaction->client, &transaction->server, message->to_uri);
    set_route(tracker, hash, record->frame);
    key_service_route(tracker, &transaction->client, NULL, message->to_uri);
    set_route(tracker, hash, record->frame);
}
