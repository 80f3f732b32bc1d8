/* forget.c
 * Forgets what is over or old, so that what is said of a message does not depend on how long things are kept,
 * and, in one pass over a long capture or a live one, releases what nobody will ask for again.
 *
 * A record goes with its transaction then. An exchange goes when no credentials, no nonce and no transaction
 * point to it any more; a nonce, when it was not used for a long time. All this happens between two frames,
 * so that whoever shows a frame finds its records whole.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"
#include "auth_private.h"

/* A transaction is remembered for as long as a response may still come; an INVITE rings. Once it is accepted,
 * only copies of the request may come, and those only until the client would have given up (RFC 3261 section
 * 17.1.2.2). */
#define OTHERS_NS   (2 * (uint64_t)SIP_TIMEOUT_NS)
#define ACCEPTED_NS ((uint64_t)SIP_TIMEOUT_NS + UINT64_C(3) * 1000000000)
#define INVITES_NS  (UINT64_C(600) * 1000000000)
#define RINGS_NS    (UINT64_C(180) * 1000000000)
/* How many of them there may be at a time, in a flood, or where time stamps stand still: so many times what
 * is remembered for longer. */
enum { TRANSACTIONS_OF_REMEMBERED = 2 };

/* --- records ---------------------------------------------------------------------- */

/* What is still asked of credentials that answered a challenge stays with the challenge. */
static void
uses_forget(struct tracker *tracker, struct use *uses)
{
    for (struct use *use = uses; use; use = use->next) {
        struct exchange *exchange = use->exchange;
        if (exchange && exchange->retry == use) {
            exchange->digest = exchange_digest(exchange);
            exchange->retry = NULL;
        }
    }
    for (struct use *use = uses; use; use = use->next)
        use_release(tracker, use);
}

/* What a record points to, and is not part of it. */
static void
record_forget(struct tracker *tracker, struct record *record)
{
    struct record_detail *detail = record->detail;
    if (!detail)
        return;
    uses_forget(tracker, detail->uses);
    if (record->status == 0 && detail->account)
        detail->account->references--;
    for (struct registration_step *step = detail->registrations; step; step = step->next)
        contact_release(tracker, step->contact);
    if (detail->opens) /* has the lines, too */
        exchange_release(tracker, detail->opens);
    no_notify_release(tracker, detail->no_notify);
    unheard_forget(tracker, detail->unheard);
    record->detail = NULL;
}

/* Where the record stays, nothing leads to its credentials any more. */
static void
signed_requests_forget(struct tracker *tracker, const struct record_detail *detail)
{
    for (const struct use *use = detail ? detail->uses : NULL; use; use = use->next)
        signed_request_release(tracker, use->signed_request);
}

/* --- transactions ----------------------------------------------------------------- */

static void
transaction_forget(struct tracker *tracker, struct transaction *transaction)
{
    struct exchange *opened = transaction->opened;
    if (opened) {
        opened->refused_for_good = exchange_refused_for_good(opened);
        opened->refused_cause = exchange_refused_cause(opened);
        opened->refused = NULL;
        exchange_withdraw(tracker, opened);
        exchange_release(tracker, opened);
    }
    if (tracker->forgets)
        record_forget(tracker, transaction->request);
    else
        signed_requests_forget(tracker, transaction->request->detail);
}

static void
transaction_free(struct tracker *tracker, struct transaction *transaction)
{
    struct arena arena = transaction->arena;
    index_unshare(&tracker->index, &transaction->link);
    connection_forget(tracker, transaction);
    transaction_forget(tracker, transaction);
    if (transaction->subscribe)
        subscribe_request_free(tracker, transaction->subscribe);
    arena_release(&arena, &tracker->host);
}

/* The oldest of a queue, taken out of it, if its time is over, or if there are too many; else NULL. */
static struct transaction *
transactions_take(const struct tracker *tracker, struct transaction_queue *queue, uint64_t lifetime)
{
    struct transaction *oldest = queue->head;
    bool too_many =
        tracker->forgets && queue->count > TRANSACTIONS_OF_REMEMBERED * tracker->host.remembered_max;
    if (!oldest || (tracker->age - oldest->age <= lifetime && !too_many))
        return NULL;
    queue->head = oldest->next;
    queue->count--;
    oldest->next = NULL;
    return oldest;
}

/* Whoever lets a call wait says so each minute (RFC 3261 section 13.3.1.1). */
static bool
still_rings(const struct tracker *tracker, const struct transaction *invite)
{
    return invite->status == 0 && invite->responses && tracker->age - invite->heard < RINGS_NS;
}

/* Of what goes before its time a finding tells. */
static void
transaction_end(struct tracker *tracker, struct transaction *transaction, uint64_t lifetime)
{
    tracker->dropped |= tracker->age - transaction->age <= lifetime;
    transaction_free(tracker, transaction);
}

void
transactions_expire(struct tracker *tracker)
{
    struct transaction *oldest;
    while ((oldest = transactions_take(tracker, &tracker->others, ACCEPTED_NS))) {
        if (oldest->status >= 200 && oldest->status < 300 && !oldest->opened)
            transaction_end(tracker, oldest, ACCEPTED_NS);
        else
            transactions_append(&tracker->waiting, oldest);
    }
    while ((oldest = transactions_take(tracker, &tracker->waiting, OTHERS_NS)))
        transaction_end(tracker, oldest, OTHERS_NS);
    while ((oldest = transactions_take(tracker, &tracker->invites, INVITES_NS))) {
        if (tracker->age - oldest->age > INVITES_NS && still_rings(tracker, oldest)) {
            oldest->age = tracker->age;
            transactions_append(&tracker->invites, oldest);
        } else
            transaction_end(tracker, oldest, INVITES_NS);
    }
}

/* --- between frames ---------------------------------------------------------------- */

void
forget_frame(struct tracker *tracker)
{
    for (guint i = 0; i < tracker->passing->len; i++)
        record_forget(tracker, tracker->passing->pdata[i]);
    g_ptr_array_set_size(tracker->passing, 0);
    if (tracker->forgets)
        arena_release(&tracker->passing_arena, &tracker->host);
    aged_forget(tracker); /* even where records stay: what is said of a message must not depend on that */
}

void
tracker_forget(struct tracker *tracker, enum tracker_keeps keeps)
{
    tracker->passing_arena = (struct arena){NULL}; /* the records so far stay */
    tracker->forgets = true;
    tracker->keeps = keeps;
}
