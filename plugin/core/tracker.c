/* tracker.c
 * Takes in one message after the other, and hands each to those who are concerned.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "findings.h"
#include "tracker_private.h"

/* The same packet captured twice arrives within this; no stack retransmits so soon. */
#define COPY_NS       (INT64_C(50) * 1000000)
#define CLOCK_STEP_NS (INT64_C(3600) * 1000000000)
/* Of what may go by its age; some hundred octets each. */
enum { REMEMBERED_MAX = 1 << 19 };
/* Distinct responses of one transaction that are told apart; a fork makes a few, an attacker many. */
enum { RESPONSES_MAX = 32 };

enum { METHOD_MAX = 64 };

/* Methods are few and come again and again: one constant each, and one for each that is none of them. */
static const char *
method_name(struct tracker *tracker, struct slice method)
{
    static const struct slice known[] = {SLICE_INIT("REGISTER"),  SLICE_INIT("OPTIONS"),
                                         SLICE_INIT("INVITE"),    SLICE_INIT("ACK"),
                                         SLICE_INIT("BYE"),       SLICE_INIT("CANCEL"),
                                         SLICE_INIT("SUBSCRIBE"), SLICE_INIT("NOTIFY"),
                                         SLICE_INIT("MESSAGE"),   SLICE_INIT("PUBLISH"),
                                         SLICE_INIT("REFER"),     SLICE_INIT("INFO"),
                                         SLICE_INIT("PRACK"),     SLICE_INIT("UPDATE")};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (slice_equal(method, known[i]))
            return known[i].p;
    }
    key_begin(tracker, INDEX_METHOD);
    key_add(tracker, method);
    struct index_entry *entry = index_entry(&tracker->index);
    if (!entry->value) { /* kept until the file is closed: what is long is no method */
        method.len = MIN(method.len, METHOD_MAX);
        entry->value = host_strdup(tracker, method);
    }
    return entry->value;
}

/* --- records --------------------------------------------------------------------- */

/* Of a response nothing is asked for later but that it was there, so that its parts go with the frame. */
static struct record *
record_begin(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
             struct transaction *owner)
{
    struct arena *passing = &tracker->passing_arena;
    struct arena *arena = owner && tracker->forgets ? &owner->arena : passing;
    struct record *record = arena_allocate(arena, &tracker->host, sizeof *record);
    tracker->arena = message->is_request ? arena : passing;
    record->frame = arrival->frame;
    record->time = arrival->time;
    record->status = message->status;
    record->method = method_name(tracker, message->method);
    if (tracker->forgets && tracker->arena == passing)
        g_ptr_array_add(tracker->passing, record);
    if (tracker->dropped && !tracker->dropped_told) {
        record_note(tracker, record, FINDING_STATE_DROPPED, 0, 0)->number = tracker->host.remembered_max;
        tracker->dropped_told = true;
    }
    return record;
}

/* An ACK that belongs to no answered INVITE, while the next one was accepted: who authenticates on behalf of
 * the client forgot to count. */
static void
note_ack_cseq(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
              struct record *record)
{
    const struct transaction *next =
        transaction_on_hop(tracker, SLICE("INVITE"), message->cseq + 1, &arrival->from);
    if (next && next->status >= 200 && next->status < 300)
        record_note(tracker, record, FINDING_ACK_CSEQ, next->request->response_frame, 0)->number =
            message->cseq;
}

/* A refused INVITE has nothing to cancel once another one has answered its challenge. */
static void
note_cancel_cseq(struct tracker *tracker, const struct transaction *invite, struct record *record)
{
    const struct exchange *opened = invite->opened;
    if (opened && opened->retry_frame && opened->closed_frame == 0)
        record_note(tracker, record, FINDING_CANCEL_CSEQ, opened->retry_frame, opened->challenge_frame);
}

/* It has to repeat the credentials of its INVITE, for nobody may challenge it (RFC 3261 section 22.1). */
static void
keep_bare_ack(struct tracker *tracker, const struct sip_message *message, struct transaction *invite,
              const struct record *record)
{
    bool bare = invite->fingerprint && !credentials_fingerprint(tracker, message);
    if (bare && invite->bare_ack)
        return;
    invite->bare_ack = bare ? record->frame : 0;
    invite->bare_ack_time = record->time;
}

/* A server that goes on with its 2xx does not take the ACK. Told once. */
static void
note_bare_ack(struct tracker *tracker, struct transaction *invite, struct record *record)
{
    if (!invite->bare_ack || invite->ack_told || record->time - invite->bare_ack_time <= SIP_T2_NS)
        return;
    invite->ack_told = true;
    record_note(tracker, record, FINDING_ACK_BARE, invite->bare_ack, invite->request->frame);
}

/* ACK to a refusal and CANCEL share the branch of their INVITE (RFC 3261 section 9.1, 17.1.1.3); ACK to a 2xx
 * has its CSeq number (section 13.2.2.4). */
static void
link_to_invite(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
               struct record *record)
{
    struct transaction *invite = transaction_find(tracker, message, SLICE("INVITE"));
    bool by_number = !invite;
    if (by_number)
        invite = transaction_on_hop(tracker, SLICE("INVITE"), message->cseq, &arrival->from);
    bool acknowledges = method_is(record->method, "ACK");
    if (invite && acknowledges) {
        flow_answered(tracker, invite->request);
        invite->acknowledged = true;
        if (invite->opened)
            invite->opened->unheard = false;
    }
    if (invite)
        record->belongs_to = acknowledges ? invite->request->response_frame : invite->request->frame;
    if (acknowledges && by_number && (!invite || invite->status >= 300))
        note_ack_cseq(tracker, message, arrival, record);
    if (acknowledges && by_number && invite && invite->status < 300 && !message->headers_cut)
        keep_bare_ack(tracker, message, invite, record);
    if (!acknowledges && invite) {
        note_cancel_cseq(tracker, invite, record);
        exchange_cancelled(tracker, invite, record->frame);
    }
}

static bool
is_within(int64_t passed, int64_t expected)
{
    return passed <= expected + COPY_NS && passed >= expected - COPY_NS;
}

/* Whether a message of the transaction came in this very datagram before: what is sent again has another
 * identification, or 0. Client and server count by themselves. */
static bool
datagram_seen(struct transaction *transaction, const struct arrival *arrival, bool is_response)
{
    if (arrival->datagram == 0)
        return false;
    const uint32_t datagram = arrival->datagram | (uint32_t)is_response << 16;
    for (unsigned i = 0; i < DATAGRAMS; i++) {
        if (transaction->datagrams[i] == datagram)
            return true;
    }
    transaction->datagrams[transaction->datagrams_seen++ % DATAGRAMS] = datagram;
    return false;
}

/* A client that has answered the challenge, or acknowledged the refusal, sends that request no more. */
static bool
has_gone_on(const struct transaction *transaction)
{
    return transaction->acknowledged || (transaction->opened && transaction->opened->retry_frame);
}

/* As far behind as what is sent again (RFC 3261 section 17.1.1.2). */
static bool
fits_timer(int64_t passed)
{
    int64_t timer = SIP_T1_NS;
    while (timer < SIP_T2_NS && !is_within(passed, timer))
        timer *= 2;
    return is_within(passed, timer);
}

/* Seen again: by the wire's rules a retransmission; so soon, or on another link, the same packet captured
 * twice, unless its identification is new: a server that stood still answers each copy of a request at once.
 * Later, too, where the capture holds the view of two hosts, far apart or with other clocks: then copies lag
 * behind all alike. */
static void
mark_again(struct tracker *tracker, struct transaction *transaction, const struct arrival *arrival,
           struct record *record, struct record *first, int64_t last_seen, bool is_due)
{
    int64_t passed = record->time - last_seen; /* less than nothing where the clock was set */
    bool is_response = record->status > 0;
    bool is_known =
        datagram_seen(transaction, arrival, is_response) || (!is_response && has_gone_on(transaction));
    int64_t *lag = &tracker->copy_lag[is_response];
    record->first = first;
    record->exchange = first->exchange;
    bool is_another = is_response && arrival->datagram && !is_known;
    record->is_copy =
        (is_within(passed, 0) && !is_due && !is_another) || is_known || (*lag && is_within(passed, *lag));
    if (is_known && last_seen == first->time && !is_within(passed, 0) && !fits_timer(passed))
        *lag = passed;
}

/* Told once. A lost challenge is another finding. What comes sooner may have been sent before the answer was
 * there. */
static void
note_answer_lost(struct tracker *tracker, struct transaction *transaction, struct record *record)
{
    const struct record *request = transaction->request;
    bool lost = transaction->status >= 200 && !transaction->opened && !transaction->answer_lost &&
                record->time - request->response_time > SIP_T2_NS;
    if (!lost)
        return;
    transaction->answer_lost = true;
    registration_not_heard(request, FINDING_ANSWER_LOST);
    record_note(tracker, record, FINDING_ANSWER_LOST, request->response_frame, request->frame);
}

/* A challenge may be on its way for as long, by satellite and an overloaded link. Who never hears of it goes
 * on for much longer. */
#define LONGEST_WAY_NS (INT64_C(3) * 1000000000)

/* A request sent again: its answer is still out, or another one on its way, where the two have crossed. */
static void
note_repeated(const struct transaction *transaction, const struct record *record)
{
    struct exchange *answered = transaction->request->exchange, *opened = transaction->opened;
    if (opened) {
        opened->refused_repeated = true;
        opened->unheard |= record->time - opened->challenge_time > LONGEST_WAY_NS;
    }
    if (answered && answered->retry_frame == transaction->request->frame)
        answered->retry_repeated = true;
}

static struct record *
add_request_again(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
                  struct transaction *transaction)
{
    struct record *record = record_begin(tracker, message, arrival, NULL);
    mark_again(tracker, transaction, arrival, record, transaction->request, transaction->last_seen, false);
    record->is_copy |= !endpoint_same_address(&transaction->client, &arrival->from);
    transaction->last_seen = arrival->time;
    if (!record->is_copy) {
        note_repeated(transaction, record);
        note_answer_lost(tracker, transaction, record);
        registration_repeated(transaction->request);
        flow_repeated(tracker, message, arrival, transaction, record);
        subscription_repeated(tracker, message, transaction);
    }
    return record;
}

static struct record *
add_request(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival)
{
    uint32_t fingerprint = credentials_fingerprint(tracker, message);
    struct transaction *transaction = transaction_find(tracker, message, message->method);
    if (transaction && transaction->fingerprint == fingerprint)
        return add_request_again(tracker, message, arrival, transaction);
    transaction = transaction_new(tracker, message, arrival);
    struct record *record = record_begin(tracker, message, arrival, transaction);
    transaction->request = record;
    transaction->fingerprint = fingerprint;
    datagram_seen(transaction, arrival, false);
    if (method_is(record->method, "ACK") || method_is(record->method, "CANCEL"))
        link_to_invite(tracker, message, arrival, record);
    exchange_request(tracker, message, arrival, record);
    if (method_is(record->method, "REGISTER"))
        registration_request(tracker, message, arrival, record);
    else if (method_is(record->method, "INVITE"))
        service_route_note(tracker, message, arrival, record);
    subscription_request(tracker, message, transaction, record);
    connection_asks(tracker, transaction, arrival);
    return record;
}

static struct seen_response *
response_seen(struct transaction *transaction, uint32_t hash, uint16_t status)
{
    for (struct seen_response *seen = transaction->responses; seen; seen = seen->next) {
        if (seen->hash == hash && seen->status == status)
            return seen;
    }
    return NULL;
}

static void
response_remember(struct tracker *tracker, struct transaction *transaction, uint32_t hash,
                  const struct arrival *arrival, struct record *record)
{
    struct seen_response *seen = arena_allocate(&transaction->arena, &tracker->host, sizeof *seen);
    *seen = (struct seen_response){transaction->responses, hash,          record->status,
                                   arrival->time,          arrival->from, record};
    transaction->responses = seen;
    transaction->responses_seen++;
    datagram_seen(transaction, arrival, true);
    transaction->heard = tracker->age;
}

/* The first final response answers the request; a 2xx that comes later is the better answer (each copy of a
 * request may have been judged by itself). */
static void
note_final(struct transaction *transaction, const struct arrival *arrival, uint16_t status)
{
    bool first = transaction->status == 0;
    bool success = status < 300 && transaction->status >= 300;
    if (status < 200 || (!first && !success))
        return;
    transaction->status = status;
    transaction->request->response_frame = arrival->frame;
    transaction->request->response_time = arrival->time;
}

/* Each client acknowledges what refuses its INVITE, whether it can answer it or not (RFC 3261 section
 * 17.1.1.3). */
static void
note_unacknowledged(const struct transaction *transaction, const struct record *record)
{
    if (transaction->opened && !transaction->acknowledged && method_is(record->method, "INVITE"))
        transaction->opened->unheard |= record->time - transaction->opened->challenge_time > SIP_T2_NS;
}

/* A refusal that comes again after the retry was sent again for it, however soon. */
static struct record *
add_response_again(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
                   struct transaction *transaction, struct seen_response *seen)
{
    const struct exchange *opened = transaction->opened;
    struct record *record = record_begin(tracker, message, arrival, NULL);
    record->request = transaction->request;
    bool is_due = opened && opened->retry_frame && seen->last_seen < opened->retry_time;
    mark_again(tracker, transaction, arrival, record, seen->record, seen->last_seen, is_due);
    record->is_copy |= !is_due && !endpoint_same_address(&seen->from, &arrival->from);
    seen->last_seen = arrival->time;
    transaction->heard = tracker->age;
    if (record->is_copy)
        return record;
    note_unacknowledged(transaction, record);
    exchange_refused_again(tracker, transaction, record);
    if (record->status >= 200)
        note_bare_ack(tracker, transaction, record);
    return record;
}

/* A challenge tells it when nobody answered. */
static void
note_late(struct tracker *tracker, const struct transaction *transaction, struct record *record)
{
    const struct record *request = transaction->request;
    if (transaction->opened || !record_is_late(record))
        return;
    registration_not_heard(request, FINDING_ANSWER_LATE);
    record_note(tracker, record, FINDING_ANSWER_LATE, request->frame, 0)->number =
        (uint32_t)((record->time - request->time) / INT64_C(1000000000));
}

static struct record *
add_first_response(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
                   struct transaction *transaction, uint32_t hash)
{
    bool kept = transaction && transaction->responses_seen < RESPONSES_MAX;
    struct record *record = record_begin(tracker, message, arrival, kept ? transaction : NULL);
    if (transaction) {
        record->request = transaction->request;
        if (kept)
            response_remember(tracker, transaction, hash, arrival, record);
        note_final(transaction, arrival, record->status);
        flow_answered(tracker, transaction->request);
        flow_responds(tracker, message, arrival);
        record->exchange = transaction->request->exchange;
    }
    exchange_response(tracker, message, arrival, transaction, record);
    if (!transaction) /* who is answered has asked */
        tracker_hear(tracker, record->frame, &arrival->to);
    if (transaction && record->status < 200)
        registration_pending(transaction->request, record->frame);
    if (transaction && record->status >= 200)
        registration_response(tracker, message, transaction, record);
    if (!transaction && record->status >= 200)
        registration_orphan(tracker, message, arrival);
    subscription_response(tracker, message, arrival, transaction, record);
    if (transaction)
        note_late(tracker, transaction, record);
    return record;
}

static struct record *
add_response(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival)
{
    struct transaction *transaction = transaction_find(tracker, message, message->cseq_method);
    if (transaction)
        tracker->branches_kept = true;
    else
        transaction = transaction_of_changed_via(tracker, message, arrival);
    uint32_t hash = transaction ? hash_slice(tracker, message->text) : 0;
    struct seen_response *seen = transaction ? response_seen(transaction, hash, message->status) : NULL;
    return seen ? add_response_again(tracker, message, arrival, transaction, seen)
                : add_first_response(tracker, message, arrival, transaction, hash);
}

/* --- public --------------------------------------------------------------------- */

struct tracker *
tracker_new(const struct tracker_host *host)
{
    struct tracker *tracker = g_new0(struct tracker, 1);
    tracker->host = *host;
    if (host->remembered_max == 0)
        tracker->host.remembered_max = REMEMBERED_MAX;
    index_init(&tracker->index, host->seed, host->allocate, host->release);
    tracker->passing = g_ptr_array_new();
    tracker->parsed = g_ptr_array_new_with_free_func(g_free);
    for (int kind = 0; kind < UNREAD_KINDS; kind++)
        tracker->unread_since[kind] = -1;
    tracker->exchanges_tail = &tracker->exchanges;
    tracker->registrations_tail = &tracker->registrations;
    return tracker;
}

void
tracker_free(struct tracker *tracker)
{
    if (!tracker)
        return;
    index_clear(&tracker->index);
    g_ptr_array_unref(tracker->parsed);
    g_ptr_array_unref(tracker->passing);
    g_free(tracker);
}

void
tracker_tick(struct tracker *tracker, int64_t time)
{
    if (time > tracker->clock)
        tracker->age += (uint64_t)MIN(time - tracker->clock, CLOCK_STEP_NS);
    if (time > tracker->clock || tracker->clock - time > CLOCK_STEP_NS)
        tracker->clock = time;
}

int64_t
tracker_clock(const struct tracker *tracker)
{
    return tracker->clock;
}

static void
begin_frame(struct tracker *tracker, const struct arrival *arrival)
{
    tracker_tick(tracker, arrival->time);
    if (arrival->frame == tracker->frame)
        return;
    tracker->frame = arrival->frame;
    forget_frame(tracker);
    transactions_expire(tracker);
}

void
tracker_unreachable(struct tracker *tracker, const struct sip_message *quoted, const struct arrival *arrival,
                    bool port)
{
    hash_message(tracker, quoted, arrival);
    const struct transaction *transaction = transaction_find(tracker, quoted, quoted->method);
    if (transaction)
        registration_gets_none(transaction->request, port ? FINDING_PORT_UNREACHABLE : FINDING_UNREACHABLE,
                               arrival->frame);
}

struct record *
tracker_add(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival)
{
    begin_frame(tracker, arrival);
    tracker->parsed_count = 0;
    hash_message(tracker, message, arrival);
    tracker_hear(tracker, arrival->frame, &arrival->from);
    if (tracker->unread_open[UNREAD_CONNECTION] > 0 && sip_via_is_reliable(&message->via))
        connections_read(tracker, arrival);
    return message->is_request ? add_request(tracker, message, arrival)
                               : add_response(tracker, message, arrival);
}
