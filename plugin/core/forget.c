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

/* Longer than registrations usually last, whose refresh may use the nonce of the time before. */
#define NONCE_NS (INT64_C(4) * 3600 * 1000000000)
/* Nonces that are remembered however young; with all that belongs to them some 800 octets each. */
enum { NONCES_MAX = 1 << 19 };

static void
lines_release(struct tracker *tracker, struct auth_line *line)
{
    while (line) {
        struct auth_line *next = line->next;
        tracker->host.release((char *)(uintptr_t)line->text.p);
        tracker->host.release(line);
        line = next;
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
        tracker->host.release(issue);
    }
    index_drop(&tracker->index, exchange->dialog, exchange);
    tracker->host.release(exchange);
}

void
exchange_hold(struct exchange *exchange)
{
    exchange->references++;
}

void
exchange_release(struct tracker *tracker, struct exchange *exchange)
{
    if (--exchange->references == 0)
        exchange_free(tracker, exchange);
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
nonce_unlink(struct tracker *tracker, struct nonce *nonce)
{
    *(nonce->older ? &nonce->older->newer : &tracker->oldest) = nonce->newer;
    *(nonce->newer ? &nonce->newer->older : &tracker->newest) = nonce->older;
}

static void
nonce_link(struct tracker *tracker, struct nonce *nonce)
{
    nonce->older = tracker->newest;
    nonce->newer = NULL;
    *(tracker->newest ? &tracker->newest->newer : &tracker->oldest) = nonce;
    tracker->newest = nonce;
}

void
nonce_touch(struct tracker *tracker, struct nonce *nonce)
{
    bool is_new = nonce->clock == 0;
    if (nonce->dropped)
        return;
    nonce->clock = tracker->clock + 1;
    if (tracker->newest == nonce)
        return;
    if (is_new)
        tracker->nonces++;
    else
        nonce_unlink(tracker, nonce);
    nonce_link(tracker, nonce);
}

static void
user_release(struct tracker *tracker, struct nonce_user *user)
{
    issue_hold(tracker, &user->issue, NULL);
    tracker->host.release((char *)(uintptr_t)user->first_cnonce.p);
}

static void
nonce_free(struct tracker *tracker, struct nonce *nonce)
{
    struct nonce_user *user;
    struct nonce_call *call;
    while ((user = nonce->user.next)) {
        nonce->user.next = user->next;
        index_drop(&tracker->index, user->entry, user);
        user_release(tracker, user);
        tracker->host.release(user);
    }
    while ((call = nonce->call.next)) {
        nonce->call.next = call->next;
        index_drop(&tracker->index, call->entry, call);
        issue_hold(tracker, &call->issue, NULL);
        tracker->host.release(call);
    }
    user_release(tracker, &nonce->user);
    issue_hold(tracker, &nonce->call.issue, NULL);
    issue_hold(tracker, &nonce->issue, NULL);
    tracker->host.release(nonce);
}

/* Its memory stays for as long as credentials point to it. */
static void
nonce_drop(struct tracker *tracker, struct nonce *nonce)
{
    nonce_unlink(tracker, nonce);
    tracker->nonces--;
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
        index_drop(&tracker->index, request->entry, request);
        tracker->host.release(request);
    }
    tracker->host.release((char *)(uintptr_t)use->line.text.p);
    tracker->host.release(use);
}

/* What is still asked of credentials that answered a challenge stays with the challenge. */
static void
uses_forget(struct tracker *tracker, struct use *uses)
{
    for (struct use *use = uses; use; use = use->next) {
        if (!use->exchange || use->exchange->retry != use)
            continue;
        use->exchange->digest = exchange_digest(use->exchange);
        use->exchange->retry = NULL;
    }
    while (uses) {
        struct use *use = uses;
        uses = use->next;
        use_release(tracker, use);
    }
}

static void
detail_forget(struct tracker *tracker, struct record_detail *detail)
{
    uses_forget(tracker, detail->uses);
    while (detail->closings) {
        struct closing *closing = detail->closings;
        detail->closings = closing->next;
        tracker->host.release(closing);
    }
    while (detail->notes) {
        struct note *note = detail->notes;
        detail->notes = note->next;
        tracker->host.release(note);
    }
    while (detail->registrations) {
        struct registration_step *step = detail->registrations;
        detail->registrations = step->next;
        contact_release(tracker, step->contact);
        tracker->host.release(step);
    }
    if (detail->opens) /* has the lines, too */
        exchange_release(tracker, detail->opens);
    else
        lines_release(tracker, detail->lines);
    tracker->host.release(detail->proof);
    tracker->host.release(detail);
}

static void
record_forget(struct tracker *tracker, struct record *record)
{
    if (record->detail)
        detail_forget(tracker, record->detail);
    tracker->host.release(record);
}

void
transaction_forget(struct tracker *tracker, struct transaction *transaction)
{
    struct exchange *opened = transaction->opened;
    if (opened && tracker->forgets) {
        opened->refused_for_good = exchange_refused_for_good(opened);
        opened->refused = NULL;
    }
    if (opened)
        exchange_release(tracker, opened);
    if (!tracker->forgets)
        return;
    for (struct seen_response *seen = transaction->responses; seen; seen = seen->next)
        record_forget(tracker, seen->record);
    record_forget(tracker, transaction->request);
}

void
forget_frame(struct tracker *tracker)
{
    for (guint i = 0; i < tracker->passing->len; i++)
        record_forget(tracker, tracker->passing->pdata[i]);
    g_ptr_array_set_size(tracker->passing, 0);
    while (tracker->forgets && tracker->oldest &&
           (tracker->clock - tracker->oldest->clock > NONCE_NS || tracker->nonces > NONCES_MAX))
        nonce_drop(tracker, tracker->oldest);
}

void
tracker_forget(struct tracker *tracker, bool keep_exchanges)
{
    tracker->forgets = true;
    tracker->keeps_exchanges = keep_exchanges;
}
