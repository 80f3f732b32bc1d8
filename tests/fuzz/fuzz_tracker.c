/* fuzz_tracker.c
 * A whole capture. Before each message stands a line "~TFS": how much time passed, from and to which
 * endpoint.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"
#include "fuzz.h"

#define MS INT64_C(1000000)

/* More frames than this only repeat what fewer can show. */
enum { FRAMES_MAX = 400 };

#define HOUR (3600000 * MS)

/* T: '0' on. Two step back, one of them past what counts as a new clock, as does the last one; IDLE goes on
 * for longer than a nonce is remembered; '=' is for another message in the same frame, 'i' for an ICMP error
 * that quotes it. */
static const int64_t steps[] = {0,          1 * MS,     20 * MS,    60 * MS,    500 * MS,
                                1000 * MS,  10000 * MS, 33000 * MS, 65000 * MS, 700000 * MS,
                                -5000 * MS, -2 * HOUR,  26 * HOUR,  0,          9000 * HOUR};
#define IDLE       (26 * HOUR)
#define SAME_FRAME '='
#define QUOTED     'i'

/* The second one is tried on all credentials, with every known mistake, which takes most of the time: only
 * where what is said is compared. */
static const struct credential rows[] = {
    {SLICE("alice"), SLICE("example.com"), SECRET_PASSWORD, SLICE("secret"), 0},
    {SLICE("*"), SLICE("*"), SECRET_PASSWORD, SLICE("zanzibar"), 0},
};

static struct endpoint
endpoint_of(char letter)
{
    return (struct endpoint){5060, 1, 4, {192, 0, 2, (uint8_t)(letter & 7)}};
}

/* Takes "~TFS\n" and what follows it, up to the next such line. */
static bool
next_frame(struct slice *rest, struct arrival *arrival, struct slice *bytes, bool *quoted)
{
    if (rest->len < 5 || *rest->p != '~')
        return false;
    const char *line = rest->p;
    *quoted = line[1] == QUOTED;
    *bytes = *rest = slice_from(*rest, 5);
    for (size_t i = 0; i + 1 < rest->len; i++) {
        if (rest->p[i] == '\n' && rest->p[i + 1] == '~') {
            bytes->len = i + 1;
            break;
        }
    }
    *rest = slice_from(*rest, bytes->len);
    arrival->frame += line[1] != SAME_FRAME || arrival->frame == 0;
    arrival->time += steps[((uint8_t)line[1] - '0') % G_N_ELEMENTS(steps)];
    arrival->from = endpoint_of(line[2]);
    arrival->to = endpoint_of(line[3]);
    return true;
}

static void
say(enum finding finding, const struct finding_values *values)
{
    const struct finding_rule *rule = finding_rule(finding);
    g_free(finding_expand(rule->sentence, values));
    g_free(finding_expand(rule->fix, values));
}

static void
check_use(const struct use *use)
{
    must(use->user_at_realm && (use->exchange == NULL || use->challenge_frame > 0));
    must(use->closed_frame == 0 || use->closed_frame >= use->request_frame);
    struct finding_values values = {.exchange = use->exchange, .use = use};
    say(audit_digest(&use->verdict, use->configured, false), &values);
    say(audit_cause(use, use->outcome), &values);
}

static void
check_record(const struct record *record)
{
    must(record->method && (!record->first || record->first->frame <= record->frame));
    must(!record->request || (record->status && record->request->frame <= record->frame));
    must(record->response_frame == 0 || record->response_frame >= record->frame);
    if (!record->detail)
        return;
    for (const struct use *use = record->detail->uses; use; use = use->next)
        check_use(use);
    for (const struct closing *closing = record->detail->closings; closing; closing = closing->next)
        must(closing->use->request_frame <= record->frame && audit_advice_closing(closing->use).meaning);
    for (const struct note *note = record->detail->notes; note; note = note->next) {
        must(note->finding > FINDING_NONE && note->finding < FINDING_COUNT);
        say((enum finding)note->finding,
            &(struct finding_values){.method = record->method, .frame_a = note->frame_a});
    }
    for (const struct registration_step *step = record->detail->registrations; step; step = step->next) {
        must(step->registration && step->contact && step->granted_frame <= record->frame);
        must(step->lapsed >= 0 && (step->has_granted || step->granted == 0));
        must(*registration_state_text(step->state));
    }
    if (record->detail->no_notify)
        must(audit_advice_204(record->detail->no_notify, record->detail->notes == NULL).meaning);
}

/* Its client may have been at another registrar. */
static bool
is_alone(const struct tracker *tracker, const struct registration *registration)
{
    for (const struct registration *r = tracker_registrations(tracker); r; r = r->next) {
        if (r->account != registration->account)
            return false;
    }
    return true;
}

static void
check_registrations(const struct tracker *tracker)
{
    for (const struct registration *r = tracker_registrations(tracker); r; r = r->next) {
        enum registration_state state = registration_state(tracker, r);
        must(*registration_state_text(state) && r->account && r->contact);
        must(r->lapsed >= 0 && registration_lapsed_for(tracker, r) >= 0);
        /* One that ran out may have been followed by a grant elsewhere. */
        must(r->lapses <= r->refreshes || !is_alone(tracker, r));
        must(registration_failures(tracker, r) >= r->failures);
        must(r->granted_frame == 0 || r->granted_frame >= r->first_frame);
        must(r->asked_frame >= r->first_frame);
        must(!registration_unheard(tracker, r) || r->flow);
        must(!registration_answer_not_seen(tracker, r) || r->asked_frame > r->last_frame);
    }
}

static void
check_exchanges(const struct tracker *tracker, bool whole)
{
    uint32_t previous = 0;
    for (const struct exchange *exchange = tracker_exchanges(tracker); exchange; exchange = exchange->next) {
        enum outcome outcome = exchange_outcome(tracker, exchange);
        enum finding cause = audit_exchange_cause(tracker, exchange);
        must(exchange->challenge_frame >= previous && (exchange->status == 401 || exchange->status == 407));
        must(outcome > OUTCOME_NONE && outcome <= OUTCOME_UNKNOWN && *outcome_text(outcome));
        must(!whole || (exchange->retry_frame == 0) == (exchange->retry == NULL));
        must(exchange->retry_frame == 0 || exchange->retry_frame >= exchange->challenge_frame);
        must(exchange->attempt > 0 && exchange_account(exchange));
        must((exchange_closed_frame(exchange) == 0) == (exchange_closed_status(exchange) == 0));
        say(cause, &(struct finding_values){.exchange = exchange});
        exchange_digest(exchange);
        previous = exchange->challenge_frame;
    }
}

/* A request without an answer, as of the end. */
static void
check_unanswered(const struct tracker *tracker, const struct record *record)
{
    const struct silence *silence = record_unheard(tracker, record);
    must(!record_misses_notify(tracker, record) || record->detail->awaited->subscribe_frame > 0);
    uint32_t frame;
    bool lacks = record_lacks_answer(tracker, record) || record_answer_not_seen(tracker, record) ||
                 record_gets_none(record, &frame);
    must(!lacks || (record->status == 0 && record->response_frame == 0));
    if (!silence)
        return;
    must(silence->since <= record->detail->unheard->clock && silence->last_frame && silence->granted_frame);
    say(FINDING_CLIENT_UNHEARD, &(struct finding_values){.silence = silence});
}

/* No message, but a keep-alive, or the end of a connection. */
static void
hear(struct tracker *tracker, const struct arrival *arrival)
{
    tracker_tick(tracker, arrival->time);
    tracker_hear(tracker, arrival->frame, &arrival->from);
    if (arrival->frame % 2)
        tracker_disconnect(tracker, arrival->frame, &arrival->from, &arrival->to, 0);
}

/* Other packets come each hour meanwhile. */
static void
idle(struct tracker *tracker, int64_t from, int64_t to)
{
    for (int64_t time = from; to - from == IDLE && time < to; time += HOUR)
        tracker_tick(tracker, time);
}

/* What the tracker keeps. */
enum memory { KEEP, KEEP_EXCHANGES, FORGET };

typedef void look_at(struct record *record, void *data);

static struct tracker *
play(struct slice input, enum memory memory, look_at *look, void *data)
{
    struct slice bytes;
    struct arrival arrival = {.time = INT64_C(1700000000000) * MS, .in_stream = true};
    struct sip_message message;
    bool quoted;
    struct tracker *tracker = tracker_new(&test_host);
    test_host_credentials(rows, memory == FORGET ? 1 : G_N_ELEMENTS(rows));
    if (memory != KEEP)
        tracker_forget(tracker, memory == KEEP_EXCHANGES ? KEEPS_EXCHANGES : KEEPS_NOTHING);
    for (int64_t before = arrival.time;
         arrival.frame < FRAMES_MAX && next_frame(&input, &arrival, &bytes, &quoted); before = arrival.time) {
        idle(tracker, before, arrival.time);
        bool readable = sip_message_parse(bytes, false, &message);
        if (readable && quoted)
            tracker_unreachable(tracker, &message, &arrival, arrival.frame % 2);
        else if (readable)
            look(tracker_add(tracker, &message, &arrival), data);
        else
            hear(tracker, &arrival);
    }
    return tracker;
}

/* What is said of messages, each as of the moment when it was added. */
struct diary {
    GString *text;
    GPtrArray *records; /* NULL: they do not stay */
};

static void
write_use(GString *text, const struct use *use)
{
    g_string_append_printf(text, " use %u %d %d %u %d %d %u", use->challenge_frame, (int)use->evidence,
                           use->is_retry, use->nonce_use, (int)use->outcome, (int)use->verdict.status,
                           use->cause);
}

static void
write_down(GString *text, const struct record *record)
{
    const struct record_detail *detail = record->detail;
    g_string_append_printf(text, "%u to %u, %u\n", record->frame,
                           record->request ? record->request->frame : 0,
                           record->exchange ? record->exchange->challenge_frame : 0);
    for (const struct use *use = detail ? detail->uses : NULL; use; use = use->next)
        write_use(text, use);
    for (const struct closing *closing = detail ? detail->closings : NULL; closing; closing = closing->next)
        write_use(text, closing->use);
    for (const struct note *note = detail ? detail->notes : NULL; note; note = note->next)
        g_string_append_printf(text, " %s %u %u %u", finding_rule((enum finding)note->finding)->name,
                               note->frame_a, note->frame_b, note->number);
    for (const struct registration_step *step = detail ? detail->registrations : NULL; step;
         step = step->next)
        g_string_append_printf(text, " %d %u", (int)step->state, step->granted_frame);
}

static void
look(struct record *record, void *data)
{
    struct diary *diary = data;
    if (diary->records)
        g_ptr_array_add(diary->records, record);
    else
        check_record(record);
    if (diary->text)
        write_down(diary->text, record);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = fuzz_text(data, size);
    GPtrArray *records = g_ptr_array_new();
    struct diary kept = {g_string_new(NULL), records}, passed = {g_string_new(NULL), NULL},
                 none = {NULL, NULL};
    struct tracker *tracker = play(input, KEEP, look, &kept);
    for (guint i = 0; i < records->len; i++) {
        check_record(g_ptr_array_index(records, i));
        check_unanswered(tracker, g_ptr_array_index(records, i));
    }
    check_exchanges(tracker, true);
    check_registrations(tracker);
    tracker_free(tracker);
    tracker = play(input, KEEP_EXCHANGES, look, &passed);
    must(g_string_equal(kept.text, passed.text));
    check_exchanges(tracker, false);
    check_registrations(tracker);
    tracker_free(tracker);
    tracker_free(play(input, FORGET, look, &none));
    g_ptr_array_unref(records);
    g_string_free(kept.text, TRUE);
    g_string_free(passed.text, TRUE);
    test_host_reset();
    return 0;
}
