/* test_disorder.c
 * Captures that are not in order: packets swapped and doubled, clocks that step, numbers that wrap, ports and
 * Call-IDs that others use, too. What is linked is linked rightly, and nothing is claimed that is not so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "script.h"

/* --- a registration in any order ---------------------------------------------------------------------------
 */

enum { REQUEST, REFUSAL, RETRY, SUCCESS, MESSAGES };

static struct record *
send_part(struct script *s, int part, double ms)
{
    switch (part) {
    case REQUEST:
        return SEND(s, .cseq = 1, .ms = ms);
    case REFUSAL:
        return SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"), .ms = ms);
    case RETRY:
        return SEND(s, .cseq = 2, .headers = ANSWER(s), .ms = ms);
    default:
        return SEND(s, .status = 200, .cseq = 2, .ms = ms);
    }
}

/* A link may be absent; a link that is there leads to the right message. */
static void
assert_no_wrong_link(struct record *const *records)
{
    const struct record *refusal = records[REFUSAL], *retry = records[RETRY], *success = records[SUCCESS];
    g_assert_true(!refusal->request || refusal->request == records[REQUEST]);
    g_assert_true(!success->request || success->request == retry);
    g_assert_true(!records[REQUEST]->response_frame || records[REQUEST]->response_frame == refusal->frame);
    g_assert_true(!retry->response_frame || retry->response_frame == success->frame);
    g_assert_true(!script_use(retry)->challenge_frame ||
                  script_use(retry)->challenge_frame == refusal->frame);
    for (int i = 0; i < MESSAGES; i++)
        g_assert_null(records[i]->first);
}

/* What a capture in this order can be said to show. */
static void
assert_no_wrong_outcome(struct script *s)
{
    const char *outcome = script_outcome(s, script_exchange(s, 0));
    if (strcmp(outcome, "accepted") != 0 && strcmp(outcome, "unknown") != 0) {
        g_test_message("the outcome is %s", outcome);
        g_test_fail();
    }
}

static void
test_order(gconstpointer data)
{
    const int *order = data;
    struct script *s = script_begin();
    struct record *records[MESSAGES];
    for (int i = 0; i < MESSAGES; i++)
        records[order[i]] = send_part(s, order[i], 10);
    assert_no_wrong_link(records);
    script_end(s);
}

/* Neighbours change places, as they do where several links are captured: the clock steps back by as much. */
static void
test_swapped(gconstpointer data)
{
    int at = GPOINTER_TO_INT(data), order[MESSAGES] = {REQUEST, REFUSAL, RETRY, SUCCESS};
    struct script *s = script_begin();
    struct record *records[MESSAGES];
    order[at] = at + 1;
    order[at + 1] = at;
    for (int i = 0; i < MESSAGES; i++)
        records[order[i]] = send_part(s, order[i], i == at ? 20 : i == at + 1 ? -10 : i == at + 2 ? 20 : 10);
    assert_no_wrong_link(records);
    script_wait(s, 100);
    assert_no_wrong_outcome(s);
    script_end(s);
}

static void
test_all_doubled(struct script *s)
{
    for (int part = 0; part < MESSAGES; part++) {
        const struct record *first = send_part(s, part, 10), *second = send_part(s, part, 1);
        g_assert_true(second->first == first);
        g_assert_true(second->is_copy);
    }
    g_assert_cmpuint(script_exchanges(s), ==, 1);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

/* The same capture file once more behind itself, as mergecap -a does. */
static void
test_whole_capture_doubled(struct script *s)
{
    int64_t begin = s->time;
    for (int part = 0; part < MESSAGES; part++)
        send_part(s, part, 10);
    s->time = begin;
    for (int part = 0; part < MESSAGES; part++)
        send_part(s, part, 10);
    g_assert_cmpuint(script_exchanges(s), ==, 1);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

/* --- clocks
 * -------------------------------------------------------------------------------------------------- */

/* Before each message the clock steps by so many seconds. */
static const double clock_steps[] = {0, -0.001, -10, -3599, -3601, -86400, -1e9, 3601, 1e9};

static void
test_clock(gconstpointer data)
{
    double step = *(const double *)data;
    for (int at = 0; at < MESSAGES; at++) {
        struct script *s = script_begin();
        struct record *records[MESSAGES];
        for (int part = 0; part < MESSAGES; part++) {
            if (part == at)
                s->time += (int64_t)(step * 1e9);
            records[part] = send_part(s, part, 10);
        }
        assert_no_wrong_link(records);
        g_assert_cmpuint(script_use(records[RETRY])->challenge_frame, ==, records[REFUSAL]->frame);
        g_assert_cmpint(script_use(records[RETRY])->verdict.status, ==, DIGEST_GOOD);
        script_end(s);
    }
}

/* Sent again, not captured twice. */
static void
test_clock_steps_back_before_a_copy(struct script *s)
{
    SEND(s, .cseq = 1);
    const struct record *again = SEND(s, .cseq = 1, .ms = -3000);
    g_assert_true(again->first && !again->is_copy);
    g_assert_true(SEND(s, .cseq = 1, .ms = -3)->is_copy);
}

/* A time that ran back is no time that passed: nobody is said to be silent. */
static void
test_clock_runs_back_for_good(struct script *s)
{
    send_part(s, REQUEST, 10);
    send_part(s, REFUSAL, 10);
    script_wait(s, -1800);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
    script_wait(s, -7200);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
}

/* --- numbers that wrap
 * --------------------------------------------------------------------------------------- */

/* RFC 3261 section 8.1.1.5 ends CSeq at 2^31-1; stacks that do not heed it go on to 2^32-1. */
static void
registration_at(struct script *s, unsigned cseq)
{
    unsigned exchanges = script_exchanges(s);
    const struct record *request = SEND(s, .cseq = cseq);
    const struct record *refusal = SEND(s, .status = 401, .cseq = cseq, .headers = CHALLENGE("n1"));
    const struct record *retry = SEND(s, .cseq = cseq + 1, .headers = ANSWER(s));
    const struct record *success = SEND(s, .status = 200, .cseq = cseq + 1);
    g_assert_true(refusal->request == request && success->request == retry);
    g_assert_cmpuint(script_use(retry)->challenge_frame, ==, refusal->frame);
    g_assert_cmpuint(script_exchanges(s), ==, exchanges + 1);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, exchanges)), ==, "accepted");
}

static void
test_cseq_wraps(struct script *s)
{
    registration_at(s, 0x7fffffff);
    registration_at(s, 0xfffffffe);
    registration_at(s, 1);
}

/* Without a nonce that fits, the call is the evidence; it goes on past the largest number. */
static void
test_cseq_wraps_without_nonce(struct script *s)
{
    SEND(s, .cseq = 0x7fffffff);
    SEND(s, .status = 401, .cseq = 0x7fffffff, .headers = CHALLENGE("n1"));
    const struct record *retry = SEND(s, .cseq = 0x80000000, .headers = ANSWER(s, .nonce = "another"));
    g_assert_cmpint(script_use(retry)->evidence, ==, EVIDENCE_DIALOG);
    g_assert_cmpuint(script_use(retry)->challenge_frame, ==, 2);
}

static void
test_nc_wraps(struct script *s)
{
    static const char *const counts[] = {"fffffffe", "ffffffff", "00000000", "00000001"};
    send_part(s, REQUEST, 10);
    send_part(s, REFUSAL, 10);
    for (unsigned i = 0; i < G_N_ELEMENTS(counts); i++) {
        const struct record *request = SEND(s, .cseq = 2 + i, .headers = ANSWER(s, .nc = counts[i]));
        g_assert_cmpuint(script_use(request)->challenge_frame, ==, 2);
        g_assert_cmpuint(script_use(request)->nonce_use, ==, i + 1);
        g_assert_cmpint(script_use(request)->verdict.status, ==, DIGEST_GOOD);
        SEND(s, .status = 200, .cseq = 2 + i);
    }
}

/* --- what others use, too
 * ------------------------------------------------------------------------------------ */

/* A NAT gives alice's address and port to bob, while her challenge is still open. */
static void
test_address_used_again(struct script *s)
{
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    const struct record *request =
        SEND(s, .cseq = 1, .user = "bob", .call_id = "call-2", .branch = "z9hG4bK-b1");
    const struct record *refusal = SEND(s, .status = 401, .cseq = 1, .user = "bob", .call_id = "call-2",
                                        .branch = "z9hG4bK-b1", .headers = CHALLENGE("n2"));
    const struct record *retry =
        SEND(s, .cseq = 2, .user = "bob", .call_id = "call-2", .branch = "z9hG4bK-b2",
             .headers = ANSWER(s, .user = "bob", .nonce = "n2"));
    SEND(s, .status = 200, .cseq = 2, .user = "bob", .call_id = "call-2", .branch = "z9hG4bK-b2");
    script_wait(s, 100);
    g_assert_true(refusal->request == request);
    g_assert_cmpuint(script_use(retry)->challenge_frame, ==, refusal->frame);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "no-retry");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "accepted");
    g_assert_cmpuint(script_exchange(s, 0)->attempt, ==, 1);
    g_assert_cmpuint(script_exchange(s, 1)->attempt, ==, 1);
}

/* Two hosts with the same Call-ID, CSeq, tags and even branch, at the same time: sent-by and address tell
 * them apart. */
static void
test_call_id_of_two_hosts(struct script *s)
{
    const struct record *requests[2], *refusals[2], *retries[2], *successes[2];
    static const char *const hosts[] = {"192.0.2.1", "192.0.2.3"}, *const nonces[] = {"n1", "n3"};
    for (int i = 0; i < 2; i++)
        requests[i] = SEND(s, .cseq = 1, .host = hosts[i], .from = 1 + 2 * i, .to = 2);
    for (int i = 0; i < 2; i++)
        refusals[i] = SEND(s, .status = 401, .cseq = 1, .host = hosts[i], .from = 2, .to = 1 + 2 * i,
                           .headers = i ? CHALLENGE("n3") : CHALLENGE("n1"));
    for (int i = 0; i < 2; i++)
        retries[i] = SEND(s, .cseq = 2, .host = hosts[i], .from = 1 + 2 * i, .to = 2,
                          .headers = ANSWER(s, .nonce = nonces[i]));
    for (int i = 0; i < 2; i++)
        successes[i] = SEND(s, .status = 200, .cseq = 2, .host = hosts[i], .from = 2, .to = 1 + 2 * i);
    for (int i = 0; i < 2; i++) {
        g_assert_true(refusals[i]->request == requests[i] && successes[i]->request == retries[i]);
        g_assert_cmpuint(script_use(retries[i])->challenge_frame, ==, refusals[i]->frame);
        g_assert_cmpstr(script_outcome(s, script_exchange(s, (unsigned)i)), ==, "accepted");
    }
}

/* Scanners all call themselves 127.0.0.1, and some begin with the same numbers. */
static void
test_branch_of_two_hosts(struct script *s)
{
    const struct record *requests[2], *answers[2];
    for (int i = 0; i < 2; i++)
        requests[i] = SEND(s, .cseq = 2, .host = "127.0.0.1", .from = 1 + 2 * i, .to = 2 + 2 * i,
                           .headers = i ? ANSWER(s, .nonce = "n3") : ANSWER(s));
    for (int i = 0; i < 2; i++)
        answers[i] =
            SEND(s, .status = 200, .cseq = 2, .host = "127.0.0.1", .from = 2 + 2 * i, .to = 1 + 2 * i);
    g_assert_true(answers[0]->request == requests[0] && answers[1]->request == requests[1]);
}

/* A proxy passes on credentials that were for itself; the same nonce is in use between others, too. */
static void
test_nonce_of_two_hops(struct script *s)
{
    for (int i = 0; i < 2; i++) {
        SEND(s, .cseq = 1, .from = 1 + 10 * i, .to = 2 + 10 * i, .branch = i ? "z9hG4bK-o" : "z9hG4bK-m");
        SEND(s, .cseq = 1, .from = 2 + 10 * i, .to = 1 + 10 * i, .branch = i ? "z9hG4bK-o" : "z9hG4bK-m",
             .status = 401, .headers = CHALLENGE("n1"));
    }
    const struct use *passed_on = script_use(SEND(s, .cseq = 2, .from = 2, .to = 5, .headers = ANSWER(s)));
    g_assert_true(passed_on->relayed && passed_on->challenge_frame == 2);
    const struct use *unknown = script_use(
        SEND(s, .cseq = 2, .from = 6, .to = 5, .branch = "z9hG4bK-u", .headers = ANSWER(s, .cnonce = "c")));
    g_assert_true(unknown->relayed && unknown->challenge_frame == 0);
}

/* One host asks and falls silent; another one with the same Call-ID does not answer for it. */
static void
test_call_id_of_a_silent_host(struct script *s)
{
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    const struct record *other =
        SEND(s, .cseq = 2, .host = "192.0.2.3", .from = 3, .to = 4, .headers = ANSWER(s, .nonce = "n4"));
    script_wait(s, 100);
    g_assert_cmpuint(script_use(other)->challenge_frame, ==, 0);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "no-retry");
}

/* The challenge stands behind the retry that was accepted: by then it was no refresh. */
static void
test_challenge_behind_acceptance(struct script *s)
{
    const char *contact = "Contact: <sip:alice@192.0.2.1>;expires=600\r\n";
    SEND(s, .cseq = 1, .headers = contact);
    SEND(s, .cseq = 2, .headers = script_join(s, ANSWER(s), contact));
    SEND(s, .cseq = 2, .status = 200, .headers = contact);
    const struct record *challenge = SEND(s, .cseq = 1, .status = 401, .headers = CHALLENGE("n1"));
    g_assert_null(strstr(script_notes(s, challenge), "refresh_without_credentials"));
}

/* The NOTIFY stands before the SUBSCRIBE that it answers. */
static void
test_notify_before_subscribe(struct script *s)
{
    SEND(s, .method = "NOTIFY", .branch = "z9hG4bKn1", .from = 2, .to = 1, .from_tag = "t1", .to_tag = "f1",
         .headers = "Event: presence\r\nSubscription-State: active;expires=3600\r\n");
    SEND(s, .method = "SUBSCRIBE", .headers = "Event: presence\r\nExpires: 3600\r\n");
    const struct record *answer =
        SEND(s, .method = "SUBSCRIBE", .status = 200, .headers = "Expires: 3600\r\n");
    script_wait(s, 100);
    g_assert_false(record_misses_notify(s->tracker, answer));
}

/* One nonce for all, and a request that comes three packets late: its challenge is that of its own turn. */
static void
test_late_in_a_loop(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 3, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 4, .headers = ANSWER(s));
    SEND(s, .cseq = 4, .status = 401, .headers = CHALLENGE("n1"));
    struct record *late = SEND(s, .cseq = 3, .headers = ANSWER(s));
    g_assert_cmpuint(script_use(late)->challenge_frame, ==, 4);
}

/* The same nonce was given to another client before; here the challenge comes behind its answer. */
static void
test_answer_before_challenge_elsewhere(struct script *s)
{
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s);
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    SEND(s, .from = 3, .call_id = "other", .branch = "z9hG4bK-o1");
    SEND(s, .from = 3, .call_id = "other", .branch = "z9hG4bK-o2", .cseq = 2, .from_tag = "f9",
         .headers = ANSWER(s, .user = "bob"));
    SEND(s, .from = 2, .to = 3, .call_id = "other", .branch = "z9hG4bK-o1", .status = 401,
         .headers = CHALLENGE("n1"));
    script_wait(s, 60);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "unknown");
}

static const struct play plays[] = {
    {"challenge-behind-acceptance", test_challenge_behind_acceptance},
    {"notify-before-subscribe", test_notify_before_subscribe},
    {"doubled/each", test_all_doubled},
    {"doubled/whole-capture", test_whole_capture_doubled},
    {"clock/runs-back-for-good", test_clock_runs_back_for_good},
    {"clock/steps-back-before-a-copy", test_clock_steps_back_before_a_copy},
    {"wrap/cseq", test_cseq_wraps},
    {"wrap/cseq-without-nonce", test_cseq_wraps_without_nonce},
    {"wrap/nc", test_nc_wraps},
    {"late/in-a-loop", test_late_in_a_loop},
    {"late/answer-before-challenge-elsewhere", test_answer_before_challenge_elsewhere},
    {"shared/address-and-port", test_address_used_again},
    {"shared/call-id", test_call_id_of_two_hosts},
    {"shared/branch", test_branch_of_two_hosts},
    {"shared/nonce", test_nonce_of_two_hops},
    {"shared/call-id-of-a-silent-host", test_call_id_of_a_silent_host},
};

/* --- all orders
 * ---------------------------------------------------------------------------------------------- */

enum { ORDERS = 24 };

static void
permute(int orders[ORDERS][MESSAGES], int *count, int *order, int begin)
{
    if (begin == MESSAGES) {
        memcpy(orders[(*count)++], order, MESSAGES * sizeof *order);
        return;
    }
    for (int i = begin; i < MESSAGES; i++) {
        int kept = order[begin];
        order[begin] = order[i];
        order[i] = kept;
        permute(orders, count, order, begin + 1);
        order[i] = order[begin];
        order[begin] = kept;
    }
}

static void
add(const char *group, const char *name, gconstpointer data, GTestDataFunc test)
{
    char *path = test_path(group, name);
    g_test_add_data_func(path, data, test);
    g_free(path);
}

int
main(int argc, char **argv)
{
    static int orders[ORDERS][MESSAGES];
    int order[MESSAGES] = {REQUEST, REFUSAL, RETRY, SUCCESS}, count = 0;
    char name[40];
    g_test_init(&argc, &argv, NULL);
    permute(orders, &count, order, 0);
    for (int i = 0; i < count; i++) {
        g_snprintf(name, sizeof name, "%d%d%d%d", orders[i][0], orders[i][1], orders[i][2], orders[i][3]);
        add("/disorder/order", name, orders[i], test_order);
    }
    for (int i = 0; i + 1 < MESSAGES; i++) {
        g_snprintf(name, sizeof name, "%d-and-%d", i, i + 1);
        add("/disorder/swapped", name, GINT_TO_POINTER(i), test_swapped);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(clock_steps); i++) {
        g_snprintf(name, sizeof name, "by-%g-seconds", clock_steps[i]);
        add("/disorder/clock-steps", name, &clock_steps[i], test_clock);
    }
    script_add_plays("/disorder", plays, G_N_ELEMENTS(plays));
    return test_run_all();
}
