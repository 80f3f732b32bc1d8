/* test_loss.c
 * Captures that lack messages: what a link or a finding would stand on may be missing, and then there is
 * none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "findings.h"
#include "script.h"

static void
assert_not_linked(const struct record *request)
{
    g_assert_cmpint(script_use(request)->evidence, ==, EVIDENCE_NONE);
    g_assert_cmpuint(script_use(request)->challenge_frame, ==, 0);
    g_assert_null(request->exchange);
}

/* A registration of another call, challenged with n1, accepted in frame 4. */
static void
registered_with_n1(struct script *s)
{
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .status = 200, .cseq = 2);
}

#define INVITE                  .method = "INVITE", .call_id = "call-2"
#define INVITE_ANSWER(s, count) .headers = ANSWER((s), .method = "INVITE", .nc = (count))

/* --- a server that gives the same nonce in many calls
 * --------------------------------------------------------
 */

/* Credentials sent ahead: nothing is missing. */
static void
test_sent_ahead(struct script *s)
{
    registered_with_n1(s);
    const struct record *invite = SEND(s, INVITE, .cseq = 1, INVITE_ANSWER(s, "00000002"));
    g_assert_cmpuint(script_use(invite)->challenge_frame, ==, 2);
}

static void
test_challenge_of_the_call_lost(struct script *s)
{
    registered_with_n1(s);
    SEND(s, INVITE, .cseq = 1);
    struct record *retry = SEND(s, INVITE, .cseq = 2, INVITE_ANSWER(s, "00000002"));
    SEND(s, INVITE, .cseq = 2, .status = 200);
    assert_not_linked(retry);
    assert_not_linked(SEND(s, INVITE, .cseq = 3, INVITE_ANSWER(s, "00000003")));
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 3);
}

/* Nothing of the refused INVITE is there, but its nonce is counted from 1 again. */
static void
test_counted_anew(struct script *s)
{
    registered_with_n1(s);
    assert_not_linked(SEND(s, INVITE, .cseq = 2, INVITE_ANSWER(s, "00000001")));
}

/* Of the refused INVITE there is only the ACK. */
static void
test_invite_and_challenge_lost(struct script *s)
{
    registered_with_n1(s);
    SEND(s, .method = "ACK", .call_id = "call-2", .cseq = 1);
    assert_not_linked(SEND(s, INVITE, .cseq = 2, INVITE_ANSWER(s, "00000002")));
}

static void
test_challenge_and_retry_lost(struct script *s)
{
    registered_with_n1(s);
    SEND(s, INVITE, .cseq = 1);
    assert_not_linked(SEND(s, INVITE, .cseq = 3, INVITE_ANSWER(s, "00000002")));
}

/* The nonce before had run out, and the answer that says so is missing. */
static void
test_second_challenge_lost(struct script *s)
{
    registered_with_n1(s);
    SEND(s, INVITE, .cseq = 7, .headers = ANSWER(s, .method = "INVITE", .nonce = "old"));
    assert_not_linked(SEND(s, INVITE, .cseq = 8, INVITE_ANSWER(s, "00000002")));
}

/* It was given in two calls: in the third one, too, it seems. */
static void
test_nonce_of_many_calls(struct script *s)
{
    registered_with_n1(s);
    SEND(s, .cseq = 1, .call_id = "call-3");
    SEND(s, .cseq = 1, .call_id = "call-3", .status = 401, .headers = CHALLENGE("n1"));
    assert_not_linked(SEND(s, INVITE, .cseq = 2, INVITE_ANSWER(s, "00000002")));
}

/* The call used the nonce before any response gave it. */
static void
test_nonce_used_before(struct script *s)
{
    SEND(s, INVITE, .cseq = 2, INVITE_ANSWER(s, "00000001"));
    SEND(s, INVITE, .cseq = 2, .status = 200);
    registered_with_n1(s);
    assert_not_linked(SEND(s, INVITE, .cseq = 3, INVITE_ANSWER(s, "00000002")));
}

/* The challenge stands behind its answer, and much later by the clock of another packet. */
static void
test_challenge_behind_its_answer(struct script *s)
{
    registered_with_n1(s);
    SEND(s, INVITE, .cseq = 1);
    assert_not_linked(SEND(s, INVITE, .cseq = 2, INVITE_ANSWER(s, "00000002")));
    script_wait(s, 5);
    SEND(s, INVITE, .cseq = 1, .status = 401, .headers = CHALLENGE("n1"));
    script_wait(s, 100);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "unknown");
}

/* Of two branches of a fork one is challenged once more, before the other one is seen to get the same
 * credentials. */
static void
test_other_branch_challenged(struct script *s)
{
    struct record *branch = NULL;
    SEND(s, .cseq = 1, .from = 1, .to = 2);
    SEND(s, .cseq = 1, .status = 401, .from = 2, .to = 1, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .from = 1, .to = 2, .branch = "z9hG4bK-b1", .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 401, .from = 2, .to = 1, .branch = "z9hG4bK-b1", .headers = CHALLENGE("n1"));
    branch = SEND(s, .cseq = 2, .from = 1, .to = 4, .branch = "z9hG4bK-b2", .headers = ANSWER(s));
    g_assert_cmpuint(script_use(branch)->challenge_frame, !=, 4);
}

/* --- another nonce than that of the challenge
 * ------------------------------------------------------------------ */

/* By then the request was sent again, and another copy may have been challenged. */
static void
test_other_nonce_after_T1(struct script *s)
{
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    assert_not_linked(SEND(s, .cseq = 2, .headers = ANSWER(s, .nonce = "n2"), .ms = 600));
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 0);
}

/* Nobody sends again over TCP: it is the user who took so long. */
static void
test_other_nonce_after_T1_over_tcp(struct script *s)
{
    SEND(s, .cseq = 1, .transport = "TCP");
    SEND(s, .status = 401, .cseq = 1, .transport = "TCP", .headers = CHALLENGE("n1"));
    const struct record *retry =
        SEND(s, .cseq = 2, .transport = "TCP", .headers = ANSWER(s, .nonce = "n2"), .ms = 600);
    g_assert_cmpint(script_use(retry)->evidence, ==, EVIDENCE_DIALOG);
}

/* Two requests of one number, and a challenge of the second one may be missing. */
static void
test_other_nonce_with_the_same_cseq(struct script *s)
{
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    assert_not_linked(SEND(s, .cseq = 1, .branch = "z9hG4bK-b2", .headers = ANSWER(s, .nonce = "n2")));
}

/* --- what a refusal stands on
 * --------------------------------------------------------------------------------- */

/* The acceptance of the nonce is missing: it may be too old by now. */
static void
test_acceptance_lost(struct script *s)
{
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    const struct record *refresh = SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"), .ms = 60000);
    SEND(s, .status = 401, .cseq = 3, .headers = CHALLENGE("n2"));
    g_assert_cmpint(script_use(refresh)->outcome, ==, OUTCOME_UNKNOWN);
}

/* The first use of a nonce is missing: by the count, or by CSeq where a client does not count. */
static void
first_use_lost(struct script *s, const char *credentials)
{
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    const struct record *later = SEND(s, .cseq = 3, .headers = credentials, .ms = 60000);
    const struct record *refusal = SEND(s, .status = 401, .cseq = 3, .headers = CHALLENGE("n2"));
    g_assert_true(script_use(later)->late && !script_use(later)->is_retry);
    g_assert_cmpstr(script_notes(s, refusal), ==, "md5_only");
    g_assert_cmpint(script_use(later)->outcome, ==, OUTCOME_UNKNOWN);
}

static void
test_first_use_lost(struct script *s)
{
    first_use_lost(s, ANSWER(s, .nc = "00000002"));
}

static void
test_first_use_lost_without_count(struct script *s)
{
    first_use_lost(s, "Authorization: Digest username=\"alice\", realm=\"example.com\", nonce=\"n1\", "
                      "uri=\"sip:example.com\", response=\"0123456789abcdef0123456789abcdef\"\r\n");
}

/* The server gave the nonce anew, so that the client counts from 1 again, in an answer that is missing. */
static void
test_nonce_given_anew(struct script *s)
{
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .password = "wrong"));
    const struct record *again = SEND(s, .cseq = 3, .headers = ANSWER(s, .password = "wrong"));
    g_assert_false(finding_set_has(&script_use(again)->suspects, FINDING_NC_REPLAYED));
}

/* The first use comes last: the count goes on from the second one. */
static void
test_count_out_of_order(struct script *s)
{
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .status = 200, .cseq = 3);
    const struct record *third = SEND(s, .cseq = 4, .headers = ANSWER(s, .nc = "00000003"));
    g_assert_false(finding_set_has(&script_use(third)->suspects, FINDING_NC_SKIPPED));
}

/* The request before the challenge is missing: it may have had this nonce, too. */
static void
test_count_of_an_orphan(struct script *s)
{
    SEND(s, .status = 401, .cseq = 2, .headers = CHALLENGE("n1"));
    const struct record *retry = SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"));
    g_assert_cmpuint(script_use(retry)->challenge_frame, ==, 1);
    g_assert_false(finding_set_has(&script_use(retry)->suspects, FINDING_NC_NOT_RESET));
}

/* The first challenge is missing, and the second one gives the same nonce. */
static void
test_count_of_a_nonce_given_again(struct script *s)
{
    SEND(s, .cseq = 2, .headers = ANSWER(s, .password = "wrong"));
    SEND(s, .status = 401, .cseq = 2, .headers = CHALLENGE("n1"));
    const struct record *retry = SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"));
    g_assert_false(finding_set_has(&script_use(retry)->suspects, FINDING_NC_NOT_RESET));
}

/* The number in between is there, only not where it should be. */
static void
test_cseq_out_of_order(struct script *s)
{
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .nonce = "n0"), .ms = 600);
    const struct record *retry = SEND(s, .cseq = 3, .headers = ANSWER(s));
    g_assert_false(finding_set_has(&script_use(retry)->suspects, FINDING_CSEQ_SKIPPED));
}

/* A request that stands behind the challenge to the next one, of a client that takes a new tag for each: its
 * time tells that it cannot answer that. */
static void
test_request_behind_a_later_challenge(struct script *s)
{
    SEND(s, .cseq = 1, .from_tag = "t1");
    SEND(s, .cseq = 1, .from_tag = "t1", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 3, .from_tag = "t3", .headers = ANSWER(s), .ms = 100);
    SEND(s, .cseq = 3, .from_tag = "t3", .status = 401, .headers = CHALLENGE("n1"));
    const struct record *late = SEND(s, .cseq = 2, .from_tag = "t2", .headers = ANSWER(s), .ms = -90);
    g_assert_cmpuint(script_use(late)->challenge_frame, !=, 4);
}

/* The REGISTER that this challenges is missing, and with it perhaps its credentials. */
static void
test_bare_refresh_lost(struct script *s)
{
    registered_with_n1(s);
    const struct record *refusal = SEND(s, .status = 401, .cseq = 3, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_notes(s, refusal), ==, "md5_only");
}

/* The retry of an INVITE is missing, and PRACK is challenged before the answer to it. */
static void
test_retry_lost_other_method_challenged(struct script *s)
{
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .method = "PRACK", .cseq = 3);
    SEND(s, .method = "PRACK", .cseq = 3, .status = 401, .headers = CHALLENGE("n2"));
    SEND(s, .method = "INVITE", .cseq = 2, .status = 200);
    script_wait(s, 40);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "no-retry");
}

/* A client that never counts up: by the time it is not the first answer, though by its count it is. */
static void
test_accepted_retry_of_no_count_lost(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    const struct record *again = SEND(s, .cseq = 3, .headers = ANSWER(s), .ms = 1000);
    SEND(s, .cseq = 3, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
    g_assert_cmpint(script_use(again)->outcome, ==, OUTCOME_UNKNOWN);
}

/* … and one that leaves out a number answers at once. */
static void
test_number_left_out(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 3, .headers = ANSWER(s), .ms = 20);
    SEND(s, .cseq = 3, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "rejected");
}

/* A server that goes on to accept the client has answered it. */
static void
test_answer_over_tcp_lost(struct script *s)
{
    SEND(s, .transport = "TCP");
    SEND(s, .transport = "TCP", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .transport = "TCP", .cseq = 2, .headers = ANSWER(s));
    script_wait(s, 40);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "no-answer");
    SEND(s, .transport = "TCP", .cseq = 3, .headers = ANSWER(s, .nc = "00000002"));
    SEND(s, .transport = "TCP", .cseq = 3, .status = 200);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
}

/* Nothing that the client sends is in the capture. */
static void
test_one_direction(struct script *s)
{
    for (unsigned i = 1; i < 40; i += 2) {
        struct record *challenge = SEND(s, .cseq = i, .status = 401, .headers = CHALLENGE("n1"), .ms = 30000);
        g_assert_null(strstr(script_notes(s, challenge), "loop"));
        SEND(s, .cseq = i + 1, .status = 200);
    }
}

/* The challenge is missing, so that the age of the nonce is not known; but the client begins to count. */
static void
test_challenge_of_a_repeated_count_lost(struct script *s)
{
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .status = 200, .cseq = 2);
    SEND(s, .cseq = 3, .headers = ANSWER(s), .ms = 5000);
    SEND(s, .status = 401, .cseq = 3, .headers = CHALLENGE("n2"));
    SEND(s, .cseq = 4, .headers = ANSWER(s, .nonce = "n2"));
    const struct record *accepted = SEND(s, .status = 200, .cseq = 4);
    g_assert_null(strstr(script_notes(s, accepted), "late_stale"));
}

/* The same with a count that goes on: it may well have run out. */
static void
test_challenge_of_an_old_nonce_lost(struct script *s)
{
    SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"));
    SEND(s, .status = 401, .cseq = 3, .headers = CHALLENGE("n2"));
    SEND(s, .cseq = 4, .headers = ANSWER(s, .nonce = "n2"));
    const struct record *accepted = SEND(s, .status = 200, .cseq = 4);
    g_assert_nonnull(strstr(script_notes(s, accepted), "late_stale"));
}

/* --- 204 (No Notification)
 * ------------------------------------------------------------------------------------ */

#define SUBSCRIBE .method = "SUBSCRIBE"
#define EXPIRES   "Event: presence\r\nExpires: 3600\r\n"
#define NOTIFY(cseq_, s)                                                                                     \
    .method = "NOTIFY", .cseq = (cseq_), .from = 2, .to = 1, .from_tag = "t1", .to_tag = "f1", NOTIFIED(s)
#define NOTIFIED(state)                                                                                      \
    .headers = "Event: presence\r\nSIP-ETag: e1\r\nSubscription-State: active;expires=3600\r\n",             \
    .body = (state)

/* A subscription with its NOTIFY, of CSeq 1, and a refresh in frame 4 that the 204 in frame 5 answers. */
static void
quieted(struct script *s)
{
    SEND(s, SUBSCRIBE, .headers = EXPIRES);
    SEND(s, SUBSCRIBE, .status = 200, .headers = EXPIRES);
    SEND(s, NOTIFY(1, "state"));
    SEND(s, SUBSCRIBE, .cseq = 2, .to_tag = "t1", .headers = EXPIRES "Suppress-If-Match: e1\r\n");
    SEND(s, SUBSCRIBE, .cseq = 2, .status = 204, .headers = EXPIRES);
}

static void
assert_body_not_due(struct script *s, const struct record *notify, bool told)
{
    g_assert_true((strstr(script_notes(s, notify), "notify_body_not_due") != NULL) == told);
}

/* Nothing is missing, and this NOTIFY should not be. */
static void
test_known_body(struct script *s)
{
    quieted(s);
    assert_body_not_due(s, SEND(s, NOTIFY(2, "state")), true);
}

/* The state changed in a NOTIFY that is missing, and then changed back. */
static void
test_change_of_state_lost(struct script *s)
{
    quieted(s);
    assert_body_not_due(s, SEND(s, NOTIFY(3, "state")), false);
}

/* The NOTIFY before is missing: whether this one tells a new state of the subscription is not known. */
static void
test_state_before_lost(struct script *s)
{
    SEND(s, SUBSCRIBE, .headers = EXPIRES);
    SEND(s, SUBSCRIBE, .status = 200, .headers = EXPIRES);
    SEND(s, SUBSCRIBE, .cseq = 2, .to_tag = "t1", .headers = EXPIRES "Suppress-If-Match: e1\r\n");
    SEND(s, SUBSCRIBE, .cseq = 2, .status = 204, .headers = EXPIRES);
    assert_body_not_due(s, SEND(s, NOTIFY(2, "state")), true);
}

/* A SUBSCRIBE without condition asks for the whole state; its answer is missing, or comes later. */
static void
test_answer_to_subscribe_lost(struct script *s)
{
    quieted(s);
    SEND(s, SUBSCRIBE, .cseq = 3, .to_tag = "t1", .headers = EXPIRES);
    assert_body_not_due(s, SEND(s, NOTIFY(2, "state")), false);
}

static void
test_subscribe_lost(struct script *s)
{
    quieted(s);
    SEND(s, SUBSCRIBE, .cseq = 3, .status = 200, .headers = EXPIRES);
    assert_body_not_due(s, SEND(s, NOTIFY(2, "state")), false);
}

static const struct play plays[] = {
    {"same-nonce/sent-ahead", test_sent_ahead},
    {"same-nonce/challenge-lost", test_challenge_of_the_call_lost},
    {"same-nonce/counted-anew", test_counted_anew},
    {"same-nonce/invite-and-challenge-lost", test_invite_and_challenge_lost},
    {"same-nonce/challenge-and-retry-lost", test_challenge_and_retry_lost},
    {"same-nonce/second-challenge-lost", test_second_challenge_lost},
    {"same-nonce/many-calls", test_nonce_of_many_calls},
    {"same-nonce/used-before", test_nonce_used_before},
    {"same-nonce/behind-its-answer", test_challenge_behind_its_answer},
    {"same-nonce/other-branch", test_other_branch_challenged},
    {"other-nonce/after-T1", test_other_nonce_after_T1},
    {"other-nonce/after-T1-over-tcp", test_other_nonce_after_T1_over_tcp},
    {"other-nonce/same-cseq", test_other_nonce_with_the_same_cseq},
    {"refusal/retry-lost-other-method-challenged", test_retry_lost_other_method_challenged},
    {"refusal/answer-over-tcp-lost", test_answer_over_tcp_lost},
    {"refusal/one-direction", test_one_direction},
    {"refusal/acceptance-lost", test_acceptance_lost},
    {"refusal/first-use-lost", test_first_use_lost},
    {"refusal/first-use-lost-without-count", test_first_use_lost_without_count},
    {"refusal/nonce-given-anew", test_nonce_given_anew},
    {"refusal/count-out-of-order", test_count_out_of_order},
    {"refusal/count-of-an-orphan", test_count_of_an_orphan},
    {"refusal/count-of-a-nonce-given-again", test_count_of_a_nonce_given_again},
    {"refusal/cseq-out-of-order", test_cseq_out_of_order},
    {"refusal/request-behind-a-later-challenge", test_request_behind_a_later_challenge},
    {"refusal/bare-refresh-lost", test_bare_refresh_lost},
    {"refusal/challenge-of-a-repeated-count-lost", test_challenge_of_a_repeated_count_lost},
    {"refusal/accepted-retry-of-no-count-lost", test_accepted_retry_of_no_count_lost},
    {"refusal/number-left-out", test_number_left_out},
    {"refusal/challenge-of-an-old-nonce-lost", test_challenge_of_an_old_nonce_lost},
    {"204/known-body", test_known_body},
    {"204/state-before-lost", test_state_before_lost},
    {"204/change-of-state-lost", test_change_of_state_lost},
    {"204/answer-to-subscribe-lost", test_answer_to_subscribe_lost},
    {"204/subscribe-lost", test_subscribe_lost},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    script_add_plays("/loss", plays, G_N_ELEMENTS(plays));
    return test_run_all();
}
