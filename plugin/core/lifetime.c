/* lifetime.c
 * How long things live that several others point to: until nobody does any more, or until they were not used
 * for a long time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "auth_private.h"

/* Of what age is counted in here: 2^AGE_SHIFT ns, some 1.07 s. So 32 bits go on from 0 where the tracker's 64
 * do. */
enum { AGE_SHIFT = 30 };
#define AGES(seconds) ((uint32_t)((seconds)*UINT64_C(1000000000) >> AGE_SHIFT))
#define HOUR          (60 * 60)
/* Longer than registrations and subscriptions last, whose refresh may use a nonce or tag of the time before:
 * a day at the most, as a rule. */
#define OVER_AGE AGES(25 * HOUR)
/* Most last for an hour, so what is older than this may go without a word when there is too much; */
#define OLD AGES(4 * HOUR)
/* and to what is younger a live transaction may point, unless it is a nonce. */
#define YOUNG AGES(11 * 60)

/* --- by age ---------------------------------------------------------------------- */

static uint32_t
age_now(const struct tracker *tracker)
{
    return (uint32_t)(tracker->age >> AGE_SHIFT);
}

static void
aged_unlink(struct tracker *tracker, struct aged *aged)
{
    struct aged_list *list = &tracker->aged_of[aged->kind];
    *(aged->older ? &aged->older->newer : &list->oldest) = aged->newer;
    *(aged->newer ? &aged->newer->older : &list->newest) = aged->older;
    list->count--;
}

static void
aged_link(struct tracker *tracker, struct aged *aged)
{
    struct aged_list *list = &tracker->aged_of[aged->kind];
    aged->older = list->newest;
    aged->newer = NULL;
    *(list->newest ? &list->newest->newer : &list->oldest) = aged;
    list->newest = aged;
    if (++list->count > tracker->host.remembered_max)
        tracker->aged_checked = 0;
}

void
aged_touch(struct tracker *tracker, struct aged *aged, enum aged_kind kind)
{
    bool is_new = aged->kind == AGED_NOT;
    aged->age = age_now(tracker);
    aged->kind = (uint8_t)kind;
    if (tracker->aged_of[kind].newest == aged)
        return;
    if (!is_new)
        aged_unlink(tracker, aged);
    aged_link(tracker, aged);
}

void
aged_stay(struct tracker *tracker, struct aged *aged)
{
    if (aged->kind != AGED_NOT)
        aged_unlink(tracker, aged);
    aged->kind = AGED_NOT;
}

bool
strangers_go(const struct tracker *tracker)
{
    return tracker->forgets && tracker->keeps == KEEPS_NOTHING;
}

static bool
may_go(struct tracker *tracker, const struct aged *aged)
{
    uint32_t age = age_now(tracker) - aged->age;
    /* an exchange of before may be looked at for as long as it is kept */
    if (age > OVER_AGE && (aged->kind != AGED_UNREAD || strangers_go(tracker)))
        return true;
    bool too_many = tracker->forgets && tracker->aged_of[aged->kind].count > tracker->host.remembered_max &&
                    (age > YOUNG || aged->kind == AGED_NONCE || aged->kind == AGED_UNREAD);
    tracker->dropped |= too_many && age <= OLD;
    return too_many;
}

void
aged_forget_kind(struct tracker *tracker, enum aged_kind kind)
{
    static aged_drop *const drops[AGED_KINDS] = {
        [AGED_NONCE] = nonce_drop,
        [AGED_EARLY] = early_drop,
        [AGED_ACCOUNT] = account_drop,
        [AGED_REGISTRATION] = registration_drop,
        [AGED_SUBSCRIPTION] = subscription_drop,
        [AGED_AWAITED] = awaited_drop,
        [AGED_TAG] = tag_drop,
        [AGED_OTHER] = other_drop,
        [AGED_UNREAD] = unread_drop,
    };
    struct aged *oldest;
    while ((oldest = tracker->aged_of[kind].oldest) && may_go(tracker, oldest)) {
        aged_stay(tracker, oldest);
        drops[kind](tracker, oldest);
    }
}

void
aged_forget(struct tracker *tracker)
{
    if (tracker->aged_checked == age_now(tracker) + UINT64_C(1))
        return;
    tracker->aged_checked = age_now(tracker) + UINT64_C(1);
    for (enum aged_kind kind = AGED_NOT + 1; kind < AGED_KINDS; kind++)
        aged_forget_kind(tracker, kind);
}

/* --- exchanges and issues --------------------------------------------------------- */

const struct peers *
peers_hold(struct tracker *tracker, const struct endpoint *client, const struct endpoint *server)
{
    const uint64_t ports = (uint64_t)client->port << 16 | server->port; /* the hop has none, */
    const uint64_t order = endpoint_compare(client, server) > 0;        /* and no direction */
    key_begin_number(tracker, INDEX_PEERS, order << 32 | ports);
    key_add_hash(tracker, tracker->here.hop);
    struct peers_block *block = key_find(tracker);
    if (!block) {
        block = host_new(tracker, struct peers_block);
        block->peers = (struct peers){*client, *server};
        key_put_own(tracker, &block->entry, block);
    }
    block->references++;
    return &block->peers;
}

void
peers_release(struct tracker *tracker, const struct peers *peers)
{
    struct peers_block *block = CONTAINER(peers, struct peers_block, peers);
    if (--block->references > 0)
        return;
    index_drop_own(&tracker->index, &block->entry);
    tracker->host.release(block);
}

const struct auth_line *
exchange_challenges(const struct exchange *exchange)
{
    return exchange && exchange->issues ? exchange->issues->lines : NULL;
}

static void
issue_free(struct tracker *tracker, const struct exchange_block *block, struct issue *issue)
{
    while (issue->lines) {
        struct auth_line *line = issue->lines;
        issue->lines = line->next;
        if (line != &block->line)
            tracker->host.release(line);
    }
    if (issue != &block->first)
        tracker->host.release(issue);
}

void
exchange_withdraw(struct tracker *tracker, struct exchange *exchange)
{
    index_drop(&tracker->index, exchange->dialog, exchange);
    index_drop(&tracker->index, exchange->leg, exchange);
    exchange->dialog = exchange->leg = NULL;
}

static void
exchange_free(struct tracker *tracker, struct exchange *exchange)
{
    const struct exchange_block *block = (struct exchange_block *)exchange;
    while (exchange->issues) {
        struct issue *issue = exchange->issues;
        exchange->issues = issue->next;
        issue_free(tracker, block, issue);
    }
    exchange_withdraw(tracker, exchange);
    exchange->account->references--;
    if (exchange_detail(exchange)->asked_of)
        exchange_detail(exchange)->asked_of->references--;
    tracker->host.release(exchange->detail);
    peers_release(tracker, exchange->peers);
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
        struct exchange *nearer = exchange_detail(exchange)->nearer;
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

/* --- nonces ----------------------------------------------------------------------- */

static void
user_release(struct tracker *tracker, struct nonce_user *user)
{
    issue_hold(tracker, &user->issue, NULL);
    tracker->host.release((char *)(uintptr_t)user->first_cnonce);
}

static void
other_free(struct tracker *tracker, struct nonce_other *other)
{
    aged_stay(tracker, &other->aged);
    *other->link = other->next;
    if (other->next)
        other->next->link = other->link;
    if (!other->dropped)
        index_drop_own(&tracker->index, &other->entry);
    if (other->is_call)
        issue_hold(tracker, &other->call.issue, NULL);
    else
        user_release(tracker, &other->user);
    tracker->host.release(other);
}

/* Where records stay it has to be as unknown as where they go. */
void
other_drop(struct tracker *tracker, struct aged *aged)
{
    struct nonce_other *other = CONTAINER(aged, struct nonce_other, aged);
    if (other->references == 0) {
        other_free(tracker, other);
    } else if (tracker->forgets) {
        aged_touch(tracker, aged, AGED_OTHER);
    } else {
        index_drop_own(&tracker->index, &other->entry);
        other->dropped = true;
    }
}

static void
nonce_free(struct tracker *tracker, struct nonce *nonce)
{
    while (nonce->others)
        other_free(tracker, nonce->others);
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
    if (nonce->issue && nonce->issue->exchange)
        exchange_withdraw(tracker, nonce->issue->exchange);
    nonce->dropped = true;
    if (nonce->references == 0)
        nonce_free(tracker, nonce);
}

/* --- what records point to --------------------------------------------------------- */

static void
others_count(const struct use *use, int more)
{
    if (use->call && use->call->is_other)
        CONTAINER(use->call, struct nonce_other, call)->references += more;
    if (use->holder && use->holder->is_other)
        CONTAINER(use->holder, struct nonce_other, user)->references += more;
}

void
use_hold(struct use *use)
{
    others_count(use, 1);
    if (use->exchange)
        exchange_hold(use->exchange);
    if (use->nonce)
        use->nonce->references++;
    if (use->signed_request)
        use->signed_request->references++;
}

void
signed_request_release(struct tracker *tracker, struct signed_request *request)
{
    if (!request || --request->references > 0)
        return;
    index_drop_own(&tracker->index, &request->entry);
    request->account->references--;
    record_release(tracker, request);
}

void
use_release(struct tracker *tracker, struct use *use)
{
    others_count(use, -1);
    if (use->exchange)
        exchange_release(tracker, use->exchange);
    if (use->nonce && --use->nonce->references == 0 && use->nonce->dropped)
        nonce_free(tracker, use->nonce);
    signed_request_release(tracker, use->signed_request);
    tracker->host.release((char *)(uintptr_t)use->phrase);
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
