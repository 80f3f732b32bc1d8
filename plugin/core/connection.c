/* connection.c
 * Connections that end while somebody waits for an answer in them.
 *
 * A response may take another connection (RFC 3261 section 18.2.2), and hardly ever does: a client behind a
 * NAT cannot be called, and one that had its request refused in this way asks again by itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "findings.h"
#include "tracker_private.h"

static struct stream_request *
stream_request_of(struct index_link *link)
{
    return link ? CONTAINER(link, struct stream_request, link) : NULL;
}

static void
key_connection(struct tracker *tracker, const struct endpoint *client, const struct endpoint *server)
{
    key_begin_number(tracker, INDEX_CONNECTION, (uint64_t)client->port << 16 | server->port);
    key_add_address(tracker, client);
    key_add_address(tracker, server);
}

void
connection_asks(struct tracker *tracker, struct transaction *transaction, const struct arrival *arrival)
{
    const struct record_detail *detail = transaction->request->detail;
    if (!arrival->in_stream || !detail ||
        !(detail->registrations || detail->uses)) /* nobody asks for others */
        return;
    struct stream_request *stream =
        (struct stream_request *)arena_allocate(&transaction->arena, &tracker->host, sizeof *stream);
    stream->transaction = transaction;
    stream->expected = arrival->expected;
    transaction->stream = stream;
    key_connection(tracker, &transaction->client, &transaction->server);
    key_find(tracker);
    index_share(&tracker->index, &stream->link);
}

void
connection_forget(struct tracker *tracker, struct transaction *transaction)
{
    if (transaction->stream)
        index_unshare(&tracker->index, &transaction->stream->link);
    transaction->stream = NULL;
}

static struct stream_request *
requests_in(struct tracker *tracker, const struct endpoint *client, const struct endpoint *server)
{
    key_connection(tracker, client, server);
    return stream_request_of(key_find(tracker));
}

/* That less was sent in between than the shortest answer has shows that none is missing in the capture. What
 * is less is a keep-alive, or what TLS says last. */
static bool
has_no_answer(const struct stream_request *stream, uint32_t sequence)
{
    const uint32_t answer_min = 100;
    return stream->transaction->status == 0 && sequence - stream->expected < answer_min;
}

/* Credentials that are not answered, too, whatever the request is. */
static void
note_disconnected(struct tracker *tracker, const struct record *request, uint32_t frame)
{
    registration_gets_none(request, FINDING_DISCONNECTED, frame);
    if (request->exchange && request->exchange->retry_frame == request->frame)
        exchange_detail_make(tracker, request->exchange)->disconnected = frame;
}

/* Who ends it first does not mind what the other side does then. */
static void
leave(struct tracker *tracker, struct stream_request *stream)
{
    while (stream) {
        struct stream_request *next = stream_request_of(stream->link.next);
        connection_forget(tracker, stream->transaction);
        stream = next;
    }
}

void
tracker_disconnect(struct tracker *tracker, uint32_t frame, const struct endpoint *from,
                   const struct endpoint *to, uint32_t sequence)
{
    leave(tracker, requests_in(tracker, from, to));
    for (struct stream_request *i = requests_in(tracker, to, from); i; i = stream_request_of(i->link.next)) {
        if (has_no_answer(i, sequence))
            note_disconnected(tracker, i->transaction->request, frame);
    }
    leave(tracker, requests_in(tracker, to, from));
}
