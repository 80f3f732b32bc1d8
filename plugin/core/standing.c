/* standing.c
 * How exchanges, registrations and requests stand as of now: what is recorded of them, and what the time
 * passed since then says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"
#include "tracker_private.h"

/* Clocks of client and registrar differ, and answers take their time. */
#define LAPSE_SLACK_NS (INT64_C(2) * 1000000000)

/* --- exchanges -------------------------------------------------------------------- */

const struct exchange *
tracker_exchanges(const struct tracker *tracker)
{
    return tracker->exchanges;
}

const char *
exchange_account(const struct exchange *exchange)
{
    const char *user = exchange->user_at_realm; /* empty where the credentials name nobody, as Basic */
    return user && *user ? user : exchange->account->name;
}

const struct exchange_detail *
exchange_detail(const struct exchange *exchange)
{
    static const struct exchange_detail none;
    return exchange->detail ? exchange->detail : &none;
}

/* More hops than any capture has. */
enum { HOPS_MAX = 8 };

const struct exchange *
exchange_nearest(const struct exchange *exchange)
{
    for (int i = 0; i < HOPS_MAX && exchange_detail(exchange)->nearer; i++) {
        if (exchange->retry_frame || exchange->lost)
            break;
        exchange = exchange_detail(exchange)->nearer;
    }
    return exchange;
}

/* The answer to it may have come, and not be in the capture. It did not come if the element in front of the
 * server is seen to send it elsewhere, or asks for credentials of its own. */
static bool
may_miss_retry(const struct exchange *exchange)
{
    const struct exchange *near = exchange_nearest(exchange);
    bool kept = near->retry_passed_on || near->outcome == OUTCOME_OTHER_REALM;
    return near->lost || (near->retry_frame && !kept);
}

/* What the client sent after the challenge. */
static uint32_t
retry_fragments(const struct tracker *tracker, const struct exchange *exchange)
{
    const struct exchange *near = exchange_nearest(exchange);
    return unread_between(tracker, UNREAD_FRAGMENT, &near->peers->client, &near->peers->server,
                          near->waits_since);
}

/* What is too large for UDP goes by TCP (RFC 3261 section 18.1.1). */
static uint32_t
retry_connection(const struct tracker *tracker, const struct exchange *exchange)
{
    const struct exchange *near = exchange_nearest(exchange);
    return near->by_datagram ? unread_between(tracker, UNREAD_CONNECTION, &near->peers->client,
                                              &near->peers->server, near->waits_since)
                             : 0;
}

/* It may have been sent, and nobody can see it. */
static bool
may_be_hidden(const struct tracker *tracker, const struct exchange *exchange)
{
    return exchange_nearest(exchange)->offers_ipsec || retry_fragments(tracker, exchange) ||
           retry_connection(tracker, exchange);
}

static bool
answer_in_fragments(const struct tracker *tracker, const struct exchange *exchange)
{
    const struct peers *peers = exchange->peers;
    return unread_between(tracker, UNREAD_FRAGMENT, &peers->server, &peers->client, exchange->waits_since);
}

static bool
waits_in_vain(const struct tracker *tracker, const struct exchange *exchange)
{
    return tracker->clock - exchange->waits_since > SIP_TIMEOUT_NS;
}

static bool
waits_for_retry(const struct tracker *tracker, const struct exchange *exchange)
{
    return exchange->outcome == OUTCOME_NONE && exchange->retry_frame == 0 &&
           exchange_detail(exchange)->settled_frame == 0 && waits_in_vain(tracker, exchange);
}

/* Nothing is seen to follow, and it is not for want of packets in the capture. */
static bool
lacks_retry(const struct tracker *tracker, const struct exchange *exchange)
{
    return waits_for_retry(tracker, exchange) && !exchange->lost && !may_miss_retry(exchange);
}

enum outcome
exchange_outcome(const struct tracker *tracker, const struct exchange *exchange)
{
    if (exchange->outcome != OUTCOME_NONE)
        return (enum outcome)exchange->outcome;
    if (exchange->retry_frame == 0 && exchange_detail(exchange)->settled_frame)
        return OUTCOME_ACCEPTED;
    if (exchange->lost)
        return OUTCOME_UNKNOWN;
    if (exchange->retry_frame == 0)
        return lacks_retry(tracker, exchange) && !may_be_hidden(tracker, exchange) ? OUTCOME_NO_RETRY
                                                                                   : OUTCOME_UNKNOWN;
    /* A client that never sends a datagram again has got an answer that is not in the capture; over TCP or
     * the like that is shown by a server that goes on to accept it. */
    bool waits = exchange->retry_datagram ? exchange->retry_repeated
                                          : exchange->account->latest_accepted < exchange->retry_frame;
    bool in_vain = waits && waits_in_vain(tracker, exchange) && !exchange->retry_pending;
    if (exchange_detail(exchange)->disconnected)
        return OUTCOME_NO_ANSWER;
    return in_vain && !answer_in_fragments(tracker, exchange) ? OUTCOME_NO_ANSWER : OUTCOME_UNKNOWN;
}

/* There may be other signs of it, too, as a CSeq number that is left out. */
uint32_t
exchange_fragments(const struct tracker *tracker, const struct exchange *exchange)
{
    bool open = waits_for_retry(tracker, exchange) && exchange_nearest(exchange)->retry_frame == 0;
    return open ? retry_fragments(tracker, exchange) : 0;
}

uint32_t
exchange_connection(const struct tracker *tracker, const struct exchange *exchange)
{
    return lacks_retry(tracker, exchange) ? retry_connection(tracker, exchange) : 0;
}

bool
exchange_in_ipsec(const struct tracker *tracker, const struct exchange *exchange)
{
    return lacks_retry(tracker, exchange) && exchange_nearest(exchange)->offers_ipsec;
}

uint32_t
exchange_closed_frame(const struct exchange *exchange)
{
    return exchange->closed_frame || exchange->retry_frame ? exchange->closed_frame
                                                           : exchange_detail(exchange)->settled_frame;
}

uint16_t
exchange_closed_status(const struct exchange *exchange)
{
    return exchange->closed_frame || exchange->retry_frame ? exchange->closed_status
                                                           : exchange_detail(exchange)->settled_status;
}

uint32_t
exchange_answered_elsewhere(const struct exchange *exchange)
{
    return exchange_nearest(exchange)->retry_frame;
}

/* --- registrations ---------------------------------------------------------------- */

bool
registration_is_removed(const struct registration *registration)
{
    uint32_t since = registration->granted_frame ? registration->granted_frame : registration->asked_frame;
    return registration->removed || registration->account->emptied_frame > since;
}

bool
registration_has_run_out(const struct tracker *tracker, const struct registration *registration)
{
    return registration->granted_frame && tracker->clock > registration->deadline + LAPSE_SLACK_NS;
}

/* What the registrar sent since the time of a REGISTER. */
static bool
may_be_in_fragments(const struct tracker *tracker, const struct registration *registration, int64_t since)
{
    return unread_between(tracker, UNREAD_FRAGMENT, &registration->registrar, &registration->client, since);
}

bool
registration_waits_in_vain(const struct tracker *tracker, const struct registration *registration)
{
    bool timed_out = registration->open_repeated &&
                     tracker->clock - registration->open_clock > SIP_TIMEOUT_NS &&
                     !may_be_in_fragments(tracker, registration, registration->open_clock);
    return registration->open && (timed_out || registration->none_why);
}

bool
registration_misses_answer(const struct tracker *tracker, const struct registration *registration)
{
    if (!registration->open || registration->none_why ||
        tracker->clock - registration->open_clock <= SIP_T2_NS)
        return false;
    return !registration->open_repeated ||
           may_be_in_fragments(tracker, registration, registration->open_clock);
}

int64_t
registration_latest_deadline(const struct tracker *tracker, const struct registration *registration)
{
    int64_t deadline = registration->deadline, granted = (int64_t)registration->granted * INT64_C(1000000000);
    if (registration->gap)
        deadline = MAX(deadline, registration->gap_deadline);
    if (registration_misses_answer(tracker, registration))
        deadline = MAX(deadline, registration->open_clock + granted);
    return deadline;
}

/* A client that asks anew before the time is over, and answers no challenge either, leaves the first one
 * unanswered all the same. */
static bool
is_left(const struct tracker *tracker, const struct registration *registration)
{
    return registration->left && registration->challenge->retry_frame == 0 &&
           exchange_outcome(tracker, registration->left) == OUTCOME_NO_RETRY;
}

/* Whether it was answered cannot be seen. */
static bool
is_hidden(const struct tracker *tracker, const struct registration *registration)
{
    const struct exchange *left = registration->left;
    return left && registration->challenge->retry_frame == 0 &&
           (exchange_fragments(tracker, left) || exchange_connection(tracker, left) ||
            exchange_in_ipsec(tracker, left));
}

/* The answer to the latest challenge was met by silence. Over a stream nothing is sent again. */
static bool
met_silence(const struct tracker *tracker, const struct registration *registration)
{
    const struct exchange *latest = registration->challenge;
    return latest && latest->challenge_frame > registration->granted_frame &&
           exchange_outcome(tracker, latest) == OUTCOME_NO_ANSWER;
}

/* The client asks at another registrar, and was granted it there. */
static bool
went_elsewhere(const struct registration *registration)
{
    const struct registration *successor = registration->successor;
    return successor && successor->account != registration->account &&
           successor->granted_frame > registration->asked_frame;
}

static enum registration_state
never_granted(const struct tracker *tracker, const struct registration *registration)
{
    if (went_elsewhere(registration))
        return REGISTRATION_REPLACED;
    if (registration_is_unanswered(tracker, registration) || met_silence(tracker, registration))
        return REGISTRATION_UNANSWERED;
    if (registration->refused_frame)
        return REGISTRATION_REFUSED;
    return is_left(tracker, registration) ? REGISTRATION_CHALLENGED : REGISTRATION_UNKNOWN;
}

/* The refreshes since it was granted met a challenge, and no further. */
static const struct exchange *
refresh_challenge(const struct tracker *tracker, const struct registration *registration)
{
    const struct exchange *left = registration->left;
    if ((is_left(tracker, registration) || is_hidden(tracker, registration)) &&
        left->challenge_frame > registration->granted_frame)
        return left;
    return met_silence(tracker, registration) ? registration->challenge : NULL;
}

const struct exchange *
registration_challenge(const struct tracker *tracker, const struct registration *registration)
{
    switch (registration_state(tracker, registration)) {
    case REGISTRATION_CHALLENGED:
        return registration->left;
    case REGISTRATION_UNANSWERED:
        return registration->challenge && registration->challenge->retry_frame ? registration->challenge
                                                                               : NULL;
    case REGISTRATION_LAPSED:
        return refresh_challenge(tracker, registration);
    case REGISTRATION_UNKNOWN:
        return is_hidden(tracker, registration) ? registration->left : NULL;
    default:
        return NULL;
    }
}

/* A client that asked to be removed, and is content, or does not care for a challenge any more, is no client
 * that forgot to refresh. */
static bool
may_be_removed(const struct registration *registration)
{
    const uint16_t status = registration->last_status;
    bool content = registration->open ? !registration->open_repeated : status == 401 || status == 407;
    return (registration->leaves && content) || registration->account->emptying;
}

enum registration_state
registration_state(const struct tracker *tracker, const struct registration *registration)
{
    const struct registration *successor = registration->successor;
    bool same = successor && successor->granted_frame && successor->account == registration->account;
    if (registration_is_removed(registration))
        return REGISTRATION_REMOVED;
    if (!registration->granted_frame)
        return never_granted(tracker, registration);
    if (!registration_has_run_out(tracker, registration))
        return REGISTRATION_REGISTERED;
    if (same || went_elsewhere(registration))
        return REGISTRATION_REPLACED;
    bool over = tracker->clock > registration_latest_deadline(tracker, registration) + LAPSE_SLACK_NS;
    bool unclear = registration->granted_unsure || !over || may_be_removed(registration);
    return unclear ? REGISTRATION_UNKNOWN : REGISTRATION_LAPSED;
}

int64_t
registration_lapsed_for(const struct tracker *tracker, const struct registration *registration)
{
    return registration_state(tracker, registration) == REGISTRATION_LAPSED
               ? tracker->clock - registration_latest_deadline(tracker, registration)
               : 0;
}

bool
registration_is_unanswered(const struct tracker *tracker, const struct registration *registration)
{
    return registration->unanswered || registration_waits_in_vain(tracker, registration);
}

bool
registration_answer_not_seen(const struct tracker *tracker, const struct registration *registration)
{
    return registration->open && registration->open_once &&
           !registration_is_unanswered(tracker, registration) &&
           tracker->clock - registration->quiet_clock > SIP_TIMEOUT_NS;
}

uint32_t
registration_failures(const struct tracker *tracker, const struct registration *registration)
{
    return registration->failures + (registration_waits_in_vain(tracker, registration) ? 1 : 0);
}

const char *
registration_state_text(enum registration_state state)
{
    static const char *const texts[] = {
        [REGISTRATION_UNKNOWN] = "unknown",       [REGISTRATION_REGISTERED] = "registered",
        [REGISTRATION_LAPSED] = "lapsed",         [REGISTRATION_REMOVED] = "removed",
        [REGISTRATION_REFUSED] = "refused",       [REGISTRATION_CHALLENGED] = "challenged",
        [REGISTRATION_UNANSWERED] = "unanswered", [REGISTRATION_REPLACED] = "replaced",
    };
    return texts[state];
}

const struct registration *
tracker_registrations(const struct tracker *tracker)
{
    return tracker->registrations;
}

/* --- requests and answers ---------------------------------------------------------- */

/* A client that has got an answer sends no more: fewer copies than these may be lost packets. */
enum { REPEATS_MIN = 3 };

/* Of the first copy of a REGISTER to which no final answer came; else NULL. */
static const struct registration_step *
open_step(const struct record *record)
{
    const struct registration_step *step = record->detail ? record->detail->registrations : NULL;
    return record->status == 0 && !record->first && !record->response_frame ? step : NULL;
}

static bool
step_is_over(const struct tracker *tracker, const struct registration_step *step)
{
    return tracker->clock - step->clock > SIP_TIMEOUT_NS &&
           !may_be_in_fragments(tracker, step->registration, step->clock);
}

/* … nor any other. */
static const struct registration_step *
unanswered_step(const struct record *record)
{
    const struct registration_step *step = open_step(record);
    return step && step->pending_frame == 0 ? step : NULL;
}

uint32_t
record_lacks_answer(const struct tracker *tracker, const struct record *record)
{
    const struct registration_step *step = unanswered_step(record);
    if (!step || record->exchange || step->repeats < REPEATS_MIN)
        return 0;
    return step_is_over(tracker, step) ? step->repeats + 1 : 0;
}

/* What guesses of passwords and users meet is counted by those who block. */
uint32_t
registration_may_block(const struct registration *registration)
{
    switch (registration->last_status) {
    case 401:
    case 403:
    case 404:
    case 407:
        return registration->refused_frame;
    default:
        return 0;
    }
}

uint32_t
record_refused_before(const struct record *record)
{
    const struct registration_step *step = unanswered_step(record);
    return step ? step->refused : 0;
}

int64_t
record_not_refreshed(const struct tracker *tracker, const struct record *record)
{
    const struct registration_step *step = record->detail ? record->detail->registrations : NULL;
    for (; step; step = step->next) {
        const struct registration *registration = step->registration;
        if (step->has_granted && registration->granted_frame == record->frame &&
            registration->asked_frame < record->frame)
            return registration_lapsed_for(tracker, registration);
    }
    return 0;
}

uint32_t
record_stays_pending(const struct tracker *tracker, const struct record *record)
{
    const struct registration_step *step = open_step(record);
    if (!step || record->exchange || !step_is_over(tracker, step))
        return 0;
    bool waits = step->once ? step->registration->last_frame < record->frame : step->repeats >= REPEATS_MIN;
    return waits ? step->pending_frame : 0;
}

bool
record_is_late(const struct record *record)
{
    const struct record *request = record->request;
    return request && record->status >= 200 && record->status != 408 &&
           !method_is(request->method, "INVITE") && record->time - request->time > SIP_TIMEOUT_NS;
}

uint16_t
record_gets_none(const struct record *record, uint32_t *frame)
{
    const struct registration_step *step = unanswered_step(record);
    bool told = step && step->none_why == FINDING_DISCONNECTED && record->exchange;
    if (!step || !step->none_in || told)
        return FINDING_NONE;
    *frame = step->none_in;
    return step->none_why;
}

uint32_t
record_answer_not_seen(const struct tracker *tracker, const struct record *record)
{
    const struct registration_step *step = unanswered_step(record);
    int64_t waited = step ? tracker->clock - step->clock : 0;
    if (!step || !step->once || record->exchange || step->registration->last_frame > record->frame)
        return 0;
    return waited > SIP_TIMEOUT_NS ? (uint32_t)MIN(waited / INT64_C(1000000000), UINT32_MAX) : 0;
}

const struct silence *
record_unheard(const struct tracker *tracker, const struct record *record)
{
    const struct unheard *unheard = record->detail ? record->detail->unheard : NULL;
    if (!unheard)
        return NULL;
    const struct silence *silence = unheard->silence;
    int64_t until = silence->over ? silence->ended : tracker->clock;
    return until - unheard->clock > SIP_TIMEOUT_NS ? silence : NULL;
}

bool
record_misses_notify(const struct tracker *tracker, const struct record *record)
{
    const struct awaited_notify *awaited = record->detail ? record->detail->awaited : NULL;
    if (!awaited || awaited->seen || awaited->elsewhere || tracker->clock - awaited->clock <= SIP_TIMEOUT_NS)
        return false;
    const struct peers *peers = awaited->peers;
    return !unread_between(tracker, UNREAD_FRAGMENT, &peers->server, &peers->client, awaited->clock);
}
