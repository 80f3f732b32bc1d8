/* path.c
 * One challenge on two hops: whether what the server offers reaches the client as it was.
 *
 * An element on the path may pass a challenge on, and has no business in it (RFC 3261 section 16.7). Who
 * takes the better choices out of it makes the client answer with a worse one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "auth_private.h"
#include "findings.h"

/* What a challenging response offers for one realm. */
struct offer {
    unsigned digests;
    bool sha, sha_on_top, qop, auth_int;
};

static struct offer
read_offer(struct tracker *tracker, const struct auth_line *lines, struct slice realm)
{
    struct offer offer = {0};
    for (const struct auth_line *line = lines; line; line = line->next) {
        const struct auth_value *value = line_value(tracker, line);
        if (!value || !auth_is_digest(value) || !slice_equal(value->param[AUTH_REALM], realm))
            continue;
        bool sha = slice_starts_nocase(slice_trim(value->param[AUTH_ALGORITHM]), SLICE("SHA-"));
        offer.sha |= sha;
        offer.sha_on_top |= sha && offer.digests == 0;
        offer.qop |= value->param[AUTH_QOP].len > 0;
        offer.auth_int |= auth_list_has(value->param[AUTH_QOP], SLICE("auth-int"));
        offer.digests++;
    }
    return offer;
}

/* The request went on after it had come, and its refusal back before it was passed on: one lies within the
 * other. The legs of a fork lie side by side, and lead to the same element. */
static bool
lies_within(const struct exchange *inner, const struct exchange *outer)
{
    return inner->status == outer->status && outer->request_frame < inner->request_frame &&
           !endpoint_same_address(&inner->peers->client, &outer->peers->client) &&
           outer->challenge_time - inner->challenge_time < SIP_TIMEOUT_NS;
}

/* Several servers' challenges in one response have no order (RFC 8760 section 2.5). */
static enum weakened
compare(const struct offer *inner, const struct offer *outer)
{
    if (inner->digests == 0 || outer->digests == 0)
        return WEAKENED_NOT;
    if (inner->sha && !outer->sha)
        return WEAKENED_ALGORITHM;
    if (inner->qop && !outer->qop)
        return WEAKENED_QOP;
    if (inner->sha_on_top && !outer->sha_on_top && inner->digests == outer->digests)
        return WEAKENED_ORDER;
    return inner->auth_int && !outer->auth_int ? WEAKENED_AUTH_INT : WEAKENED_NOT;
}

static const struct auth_value *
first_challenge(struct tracker *tracker, const struct exchange *exchange)
{
    const struct auth_line *line = exchange_challenges(exchange);
    return line ? line_value(tracker, line) : NULL;
}

/* An element that asks for itself makes a nonce of its own. */
static bool
is_passed_on(struct tracker *tracker, const struct exchange *inner, const struct exchange *outer)
{
    const struct auth_value *before = first_challenge(tracker, inner);
    const struct auth_value *after = first_challenge(tracker, outer);
    return before && after && after->param[AUTH_NONCE].len > 0 &&
           slice_equal(before->param[AUTH_NONCE], after->param[AUTH_NONCE]);
}

/* By the realm of its first challenge. */
static void
tell_weakened(struct tracker *tracker, const struct exchange *inner, const struct exchange *outer,
              struct record *record)
{
    const struct auth_value *first = first_challenge(tracker, outer);
    if (!first)
        return;
    struct slice realm = first->param[AUTH_REALM];
    struct offer before = read_offer(tracker, exchange_challenges(inner), realm);
    struct offer after = read_offer(tracker, exchange_challenges(outer), realm);
    enum weakened how = compare(&before, &after);
    if (how != WEAKENED_NOT)
        record_note(tracker, record,
                    how == WEAKENED_AUTH_INT ? FINDING_AUTH_INT_REMOVED : FINDING_CHALLENGE_WEAKENED,
                    inner->challenge_frame, 0)
            ->number = how;
}

void
path_compare(struct tracker *tracker, const struct sip_message *message, struct exchange *exchange,
             struct record *record)
{
    key_leg(tracker, message->method, message->cseq);
    struct index_entry *entry = index_entry(&tracker->index);
    struct exchange *inner = entry->value;
    entry->value = exchange;
    exchange->leg = entry;
    if (!inner)
        return;
    inner->leg = NULL;
    if (!lies_within(inner, exchange))
        return;
    if (exchange->request_frame) /* else the capture began in between, and does not show all */
        tell_weakened(tracker, inner, exchange, record);
    if (!exchange_detail(inner)->nearer && is_passed_on(tracker, inner, exchange)) {
        exchange_detail_make(tracker, inner)->nearer = exchange;
        exchange_hold(exchange);
        exchange_detail_make(tracker, exchange)->asked_of = inner->account;
        inner->account->references++;
    }
}
