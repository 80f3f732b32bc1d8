/* transaction.c
 * Requests and what tells them apart.
 *
 * Requests and responses are matched as RFC 3261 section 17.1.3 and 17.2.3 say, for every transport: topmost
 * Via branch, sent-by and CSeq method. CSeq number and Call-ID are part of the key too: a retry that reuses
 * its branch is another request all the same. Addresses are not: a response may come from elsewhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "tracker_private.h"

/* --- what a message is known by ------------------------------------------------- */

static uint32_t
number_of(const struct endpoint *endpoint)
{
    const uint8_t *p = endpoint->address;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* To multiply by it maps no two numbers to one, and spreads them over all bits. */
static const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);

/* They stand for themselves. */
static uint64_t
hash_hop_of_four(const struct endpoint *a, const struct endpoint *b)
{
    const uint64_t x = number_of(a), y = number_of(b);
    return (x < y ? x << 32 | y : y << 32 | x) * odd ^ a->type;
}

static uint64_t
hash_addresses(const struct tracker *tracker, const struct arrival *arrival)
{
    if (arrival->from.len == 4 && arrival->to.len == 4 && arrival->from.type == arrival->to.type)
        return hash_hop_of_four(&arrival->from, &arrival->to);
    bool ordered = endpoint_compare(&arrival->from, &arrival->to) <= 0;
    const struct endpoint *a = ordered ? &arrival->from : &arrival->to;
    const struct endpoint *b = ordered ? &arrival->to : &arrival->from;
    char both[2 * (2 + sizeof a->address)] = {(char)a->type, (char)a->len, (char)b->type, (char)b->len};
    memcpy(both + 4, a->address, a->len);
    memcpy(both + 4 + sizeof a->address, b->address, b->len);
    return index_hash(&tracker->index, (struct slice){both, sizeof both});
}

/* Within one host all hops have the same addresses, or none: there the Vias tell them apart. */
static uint64_t
hash_hop(const struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival)
{
    const uint64_t hash = hash_addresses(tracker, arrival);
    return endpoint_same_address(&arrival->from, &arrival->to) ? hash + sip_message_vias(message) * odd
                                                               : hash;
}

/* RFC 3261 section 8.1.1.7; the cookie is a token, so its case does not matter. */
static bool
has_magic_cookie(struct slice branch)
{
    return slice_starts_nocase(branch, SLICE("z9hG4bK"));
}

static uint64_t
hash_branch(const struct tracker *tracker, const struct sip_via *via)
{
    return index_hash(&tracker->index, via->branch);
}

/* No key of the index, so that it need not be one that nobody can foresee. */
static uint32_t
hash_sent_by(const struct sip_via *via)
{
    const uint64_t lower = UINT64_C(0x2020202020202020); /* a host's case does not matter */
    uint64_t hash = via->port * odd, octets;
    struct slice rest = via->host;
    for (; rest.len >= sizeof octets; rest = slice_from(rest, sizeof octets)) {
        memcpy(&octets, rest.p, sizeof octets);
        hash = (hash ^ (octets | lower)) * odd;
    }
    for (; rest.len > 0; rest = slice_from(rest, 1))
        hash = (hash ^ (unsigned char)(*rest.p | 0x20)) * odd;
    return hash_short(hash);
}

/* That of the hop before: only who passes a request on adds a Via. */
static bool
via_above(const struct sip_message *message, struct sip_via *above)
{
    return sip_message_second_via(message, above) && has_magic_cookie(above->branch);
}

static uint32_t
hash_above(const struct tracker *tracker, const struct sip_message *message)
{
    struct sip_via above;
    return via_above(message, &above) ? hash_via(hash_branch(tracker, &above), hash_sent_by(&above)) : 0;
}

void
hash_message(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival)
{
    tracker->here = (struct message_hashes){
        .call_id = index_hash(&tracker->index, message->header[SIP_CALL_ID]),
        .branch = hash_branch(tracker, &message->via),
        .sent_by = hash_sent_by(&message->via),
        .from_tag = index_hash(&tracker->index, message->from_tag),
        .hop = hash_hop(tracker, message, arrival),
    };
}

/* --- finding -------------------------------------------------------------------- */

/* The latest of those with this Call-ID, method and CSeq number. A fork makes a few. */
static struct transaction *
transactions_of(struct tracker *tracker, struct slice method, uint32_t cseq)
{
    key_begin_number(tracker, INDEX_TRANSACTION, cseq);
    key_add_hash(tracker, tracker->here.call_id);
    key_add(tracker, method);
    return key_find(tracker);
}

/* The rule for clients of RFC 2543: without a unique branch the tags must help; and between other hosts, too,
 * as some clients all take the same branch. */
static bool
is_same_transaction(const struct transaction *transaction, const struct message_hashes *here,
                    const struct sip_message *message)
{
    bool same_tag = transaction->from_tag == here->from_tag;
    if (transaction->branch != here->branch || transaction->sent_by != here->sent_by)
        return false;
    return transaction->hop == here->hop ? same_tag || has_magic_cookie(message->via.branch)
                                         : same_tag && message->from_tag.len > 0;
}

/* RFC 3261 section 17.2.3. Scanners all call themselves 127.0.0.1, and some take the same branch: of several
 * the one on this hop. */
struct transaction *
transaction_find(struct tracker *tracker, const struct sip_message *message, struct slice method)
{
    struct transaction *latest = NULL;
    for (struct transaction *i = transactions_of(tracker, method, message->cseq); i;
         i = transaction_before(i)) {
        if (!is_same_transaction(i, &tracker->here, message))
            continue;
        if (i->hop == tracker->here.hop)
            return i;
        if (!latest)
            latest = i;
    }
    return latest;
}

struct transaction *
transaction_on_hop(struct tracker *tracker, struct slice method, uint32_t cseq, const struct endpoint *client)
{
    const struct message_hashes *here = &tracker->here;
    struct transaction *i = transactions_of(tracker, method, cseq);
    while (i && !(i->from_tag == here->from_tag && i->hop == here->hop &&
                  endpoint_same_address(&i->client, client)))
        i = transaction_before(i);
    return i;
}

const struct transaction *
transaction_from(struct tracker *tracker, const struct sip_message *message, const struct endpoint *client)
{
    const struct transaction *i = transactions_of(tracker, message->method, message->cseq);
    while (i && !endpoint_same_address(&i->client, client))
        i = transaction_before(i);
    return i;
}

struct transaction *
transaction_of_changed_via(struct tracker *tracker, const struct sip_message *message,
                           const struct arrival *arrival)
{
    struct transaction *transaction =
        transaction_on_hop(tracker, message->method, message->cseq, &arrival->to);
    bool same_branch = transaction && transaction->branch == tracker->here.branch;
    bool may_differ = !tracker->branches_kept || !has_magic_cookie(message->via.branch);
    return same_branch || may_differ ? transaction : NULL;
}

const struct transaction *
transaction_hop_before(struct tracker *tracker, const struct sip_message *message)
{
    struct sip_via above;
    struct message_hashes *here = &tracker->here;
    const struct message_hashes of_message = *here;
    if (!via_above(message, &above))
        return NULL;
    struct sip_message before = *message;
    before.via = above;
    here->branch = hash_branch(tracker, &above);
    here->sent_by = hash_sent_by(&above);
    const struct transaction *transaction = transaction_find(tracker, &before, message->method);
    *here = of_message;
    return transaction;
}

/* --- making --------------------------------------------------------------------- */

/* What a request and its answer nearly always take. */
static size_t
transaction_size(const struct sip_message *message, bool in_stream, bool keeps_records)
{
    size_t size = sizeof(struct transaction) + sizeof(struct seen_response);
    const bool registers = slice_equal(message->method, SLICE("REGISTER"));
    if (in_stream &&
        (registers || message->header[SIP_AUTHORIZATION].p || message->header[SIP_PROXY_AUTHORIZATION].p))
        size += sizeof(struct stream_request);
    if (!keeps_records)
        return size;
    size += 2 * sizeof(struct record);
    if (registers)
        size += sizeof(struct record_detail) + sizeof(struct registration_step);
    for (enum sip_header id = SIP_AUTHORIZATION; id <= SIP_PROXY_AUTHORIZATION; id++)
        if (message->header[id].p)
            size += sizeof(struct use) + message->header[id].len + 8;
    return size;
}

void
transactions_append(struct transaction_queue *queue, struct transaction *transaction)
{
    if (queue->head)
        queue->tail->next = transaction;
    else
        queue->head = transaction;
    queue->tail = transaction;
    queue->count++;
}

/* After `transaction_find`, whose key it takes. */
struct transaction *
transaction_new(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival)
{
    struct arena arena = {NULL};
    arena_begin(&arena, &tracker->host, transaction_size(message, arrival->in_stream, tracker->forgets));
    struct transaction *transaction = arena_allocate(&arena, &tracker->host, sizeof *transaction);
    transaction->arena = arena;
    transaction->clock = tracker->clock;
    transaction->age = tracker->age;
    transaction->last_seen = arrival->time;
    transaction->client = arrival->from;
    transaction->server = arrival->to;
    transaction->uri = tracker->here.uri = hash_slice(tracker, message->request_uri);
    transaction->to = tracker->here.to = hash_slice(tracker, message->to_uri);
    transaction->cseq = message->cseq;
    transaction->in_dialog = message->to_tag.len > 0;
    transaction->request_cut = message->headers_cut;
    transaction->reliable = sip_via_is_reliable(&message->via);
    transaction->branch = tracker->here.branch;
    transaction->sent_by = tracker->here.sent_by;
    transaction->from_tag = tracker->here.from_tag;
    transaction->hop = tracker->here.hop;
    index_share(&tracker->index, &transaction->link);
    transactions_append(slice_equal(message->method, SLICE("INVITE")) ? &tracker->invites : &tracker->others,
                        transaction);
    transaction->above = hash_above(tracker, message);
    return transaction;
}
