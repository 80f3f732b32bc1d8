/* forget.c
 * Releases what nobody will ask for again: in one pass over a long capture, or a live one.
 *
 * A record goes with its transaction. An exchange goes when no credentials, no nonce and no transaction point
 * to it any more; a nonce, when it was not used for a long time. All this happens between two frames, so that
 * whoever shows a frame finds its records whole.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"
#include "auth_private.h"

#define MINUTE_NS (INT64_C(60) * 1000000000)
/* Longer than registrations and subscriptions usually last, whose refresh may use a nonce or tag of the time
 * before. */
#define AGE_NS   (240 * MINUTE_NS)
#define YOUNG_NS (11 * MINUTE_NS)

static void
lines_release(struct tracker *tracker, struct auth_line *line)
{
    while (line) {
        struct auth_line *next = line->next;
        tracker->host.release(line);
        line = next;
    }
}

/* --- by age ---------------------------------------------------------------------- */

static void
aged_unlink(struct tracker *tracker, struct aged *aged)
{
    *(aged->older ? &aged->older->newer : &tracker->oldest) = aged->newer;
    *(aged->newer ? &aged->newer->older : &tracker->newest) = aged->older;
    tracker->aged--;
}

static void
aged_link(struct tracker *tracker, struct aged *aged)
{
    aged->older = tracker->newest;
    aged->newer = NULL;
    *(tracker->newest ? &tracker->newest->newer : &tracker->oldest) = aged;
    tracker->newest = aged;
    tracker->aged++;
}

void
aged_touch(struct tracker *tracker, struct aged *aged, void (*drop)(struct tracker *, struct aged *))
{
    bool is_new = aged->drop == NULL;
    aged->clock = tracker->clock;
    aged->drop = drop;
    if (tracker->newest == aged)
        return;
    if (!is_new)
        aged_unlink(tracker, aged);
    aged_link(tracker, aged);
}

void
aged_stay(struct tracker *tracker, struct aged *aged)
{
    if (aged->drop)
        aged_unlink(tracker, aged);
    aged->drop = NULL;
}

bool
strangers_go(const struct tracker *tracker)
{
    return tracker->forgets && tracker->keeps == KEEPS_NOTHING;
}

static bool
may_go(struct tracker *tracker, const struct aged *aged)
{
    int64_t age = tracker->clock - aged->clock;
    if (age > AGE_NS)
        return true;
    /* A live transaction may point to what is young, but not to a nonce. */
    bool too_many =
        tracker->aged > tracker->host.remembered_max && (age > YOUNG_NS || aged->drop == nonce_drop);
    tracker->dropped |= too_many;
    return too_many;
}

static void
drop_aged(struct tracker *tracker)
{
    struct aged *oldest;
    while ((oldest = tracker->oldest) && may_go(tracker, oldest)) {
        void (*drop)(struct tracker *, struct aged *) = oldest->drop;
        aged_unlink(tracker, oldest);
        oldest->drop = NULL;
        drop(tracker, oldest);
    }
}

/* --- exchanges and issues -------------------------------------------------------- */

static void
exchange_free(struct tracker *tracker, struct exchange *exchange)
{
    while (exchange->issues) {
        struct issue *issue = exchange->issues;
        exchange->issues = issue->next;
        lines_release(tracker, issue->lines);
        if (issue != &((struct exchange_block *)exchange)->first)
            tracker->host.release(issue);
    }
    index_drop(&tracker->index, exchange->dialog, exchange);
    index_drop(&tracker->index, exchange->leg, exchange);
    exchange->account->references--;
    if (exchange->asked_of)
        exchange->asked_of->references--;
    tracker->host.release(exchange);
}

void
exchange_hold(struct exchange *exchange)
{
    exchange->references++;
}

/* One hop after the other, for who writes a capture may nest them as deep as he likes. */
void
exchange_release(struct tracker *tracker, struct exchange *exchange)
{
    while (exchange && --exchange->references == 0) {
        struct exchange *nearer = exchange->nearer;
        exchange_free(tracker, exchange);
        exchange = nearer;
    }
}

static void
issue_release(struct tracker *tracker, struct issue *issue)
{
    if (issue->exchange)
        exchange_release(tracker, issue->exchange);
    else if (--issue->references == 0)
        tracker->host.release(issue);
}

void
issue_hold(struct tracker *tracker, struct issue **holder, struct issue *issue)
{
    struct issue *before = *holder;
    if (issue && issue->exchange)
        issue->exchange->references++;
    else if (issue)
        issue->references++;
    *holder = issue;
    if (before)
        issue_release(tracker, before);
}

/* --- nonces ---------------------------------------------------------------------- */

static void
user_release(struct tracker *tracker, struct nonce_user *user)
{
    issue_hold(tracker, &user->issue, NULL);
    tracker->host.release((char *)(uintptr_t)user->first_cnonce.p);
}

static void
nonce_free(struct tracker *tracker, struct nonce *nonce)
{
    struct other_user *user;
    struct other_call *call;
    while ((user = nonce->other_users)) {
        nonce->other_users = user->next;
        index_drop_own(&tracker->index, &user->entry);
        user_release(tracker, &user->user);
        tracker->host.release(user);
    }
    while ((call = nonce->other_calls)) {
        nonce->other_calls = call->next;
        index_drop_own(&tracker->index, &call->entry);
        issue_hold(tracker, &call->call.issue, NULL);
        tracker->host.release(call);
    }
    user_release(tracker, &nonce->user);
    issue_hold(tracker, &nonce->call.issue, NULL);
    issue_hold(tracker, &nonce->issue, NULL);
    tracker->host.release(nonce);
}

/* Its memory stays for as long as credentials point to it. */
void
nonce_drop(struct tracker *tracker, struct aged *aged)
{
    struct nonce *nonce = CONTAINER(aged, struct nonce, aged);
    index_unshare(&tracker->index, &nonce->link);
    nonce->dropped = true;
    if (nonce->references == 0)
        nonce_free(tracker, nonce);
}

/* --- records --------------------------------------------------------------------- */

void
use_hold(struct use *use)
{
    if (use->exchange)
        exchange_hold(use->exchange);
    if (use->nonce)
        use->nonce->references++;
    if (use->signed_request)
        use->signed_request->references++;
}

static void
use_release(struct tracker *tracker, struct use *use)
{
    if (use->exchange)
        exchange_release(tracker, use->exchange);
    if (use->nonce && --use->nonce->references == 0 && use->nonce->dropped)
        nonce_free(tracker, use->nonce);
    struct signed_request *request = use->signed_request;
    if (request && --request->references == 0) {
        index_drop_own(&tracker->index, &request->entry);
        request->account->references--;
        tracker->host.release(request);
    }
    tracker->host.release((char *)(uintptr_t)use->phrase);
}

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

void
no_notify_release(struct tracker *tracker, struct no_notify *no_notify)
{
    if (!no_notify || --no_notify->references > 0)
        return;
    tracker->host.release((char *)(uintptr_t)no_notify->event);
    tracker->host.release((char *)(uintptr_t)no_notify->etag);
    tracker->host.release(no_notify);
}

/* What a record points to, and is not part of it. */
static void
record_forget(struct tracker *tracker, struct record *record)
{
    struct record_detail *detail = record->detail;
    if (!detail)
        return;
    uses_forget(tracker, detail->uses);
    for (struct registration_step *step = detail->registrations; step; step = step->next)
        contact_release(tracker, step->contact);
    if (detail->opens) /* has the lines, too */
        exchange_release(tracker, detail->opens);
    no_notify_release(tracker, detail->no_notify);
    unheard_forget(tracker, detail->unheard);
    record->detail = NULL;
}

void
transaction_forget(struct tracker *tracker, struct transaction *transaction)
{
    struct exchange *opened = transaction->opened;
    if (opened && tracker->forgets) {
        opened->refused_for_good = exchange_refused_for_good(opened);
        opened->refused_cause = (uint16_t)exchange_refused_cause(opened);
        opened->refused = NULL;
    }
    if (opened) {
        index_drop(&tracker->index, opened->leg, opened);
        opened->leg = NULL;
        exchange_release(tracker, opened);
    }
    if (!tracker->forgets)
        return;
    record_forget(tracker, transaction->request);
}

void
forget_frame(struct tracker *tracker)
{
    for (guint i = 0; i < tracker->passing->len; i++)
        record_forget(tracker, tracker->passing->pdata[i]);
    g_ptr_array_set_size(tracker->passing, 0);
    if (!tracker->forgets)
        return;
    arena_release(&tracker->passing_arena, &tracker->host);
    drop_aged(tracker);
}

void
tracker_forget(struct tracker *tracker, enum tracker_keeps keeps)
{
    tracker->passing_arena = (struct arena){NULL}; /* the records so far stay */
    tracker->forgets = true;
    tracker->keeps = keeps;
}
