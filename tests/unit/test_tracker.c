/* test_tracker.c
 * Whole captures: what belongs to what, and how it ended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"
#include "findings.h"
#include "script.h"

#define STALE(nonce) "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"" nonce "\", stale=true\r\n"

/* --- transactions: RFC 3261 section 17.1.3, 17.2.3
 * ------------------------------------------------------------------ */

static void
test_response(struct script *s)
{
    struct record *request = SEND(s);
    struct record *trying = SEND(s, .status = 100);
    struct record *refusal = SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    g_assert_true(trying->request == request);
    g_assert_true(refusal->request == request);
    g_assert_cmpuint(request->response_frame, ==, 3);
    g_assert_cmpint(request->response_time, ==, refusal->time);
    g_assert_cmpstr(request->method, ==, "REGISTER");
    g_assert_cmpuint(request->status, ==, 0);
    g_assert_cmpuint(refusal->status, ==, 401);
    g_assert_null(request->first);
}

static void
test_overlap(struct script *s)
{
    struct record *one = SEND(s, .branch = "z9hG4bKa");
    struct record *two = SEND(s, .branch = "z9hG4bKb", .call_id = "call-2", .from_tag = "f2", .user = "bob");
    struct record *of_two =
        SEND(s, .status = 200, .branch = "z9hG4bKb", .call_id = "call-2", .from_tag = "f2");
    struct record *of_one = SEND(s, .status = 401, .branch = "z9hG4bKa", .headers = CHALLENGE("n1"));
    g_assert_true(of_one->request == one);
    g_assert_true(of_two->request == two);
}

/* Two calls whose ids differ in nothing but the branch. */
static void
test_overlap_by_branch_alone(struct script *s)
{
    struct record *one = SEND(s, .branch = "z9hG4bKa");
    struct record *two = SEND(s, .branch = "z9hG4bKb");
    g_assert_null(two->first);
    g_assert_true(SEND(s, .status = 200, .branch = "z9hG4bKa")->request == one);
    g_assert_true(SEND(s, .status = 401, .branch = "z9hG4bKb")->request == two);
}

static void
test_retry_reuses_branch(struct script *s)
{
    SEND(s, .branch = "z9hG4bKa");
    SEND(s, .branch = "z9hG4bKa", .status = 401, .headers = CHALLENGE("n1"));
    struct record *retry = SEND(s, .branch = "z9hG4bKa", .cseq = 2, .headers = ANSWER(s));
    struct record *ok = SEND(s, .branch = "z9hG4bKa", .cseq = 2, .status = 200);
    g_assert_null(retry->first);
    g_assert_true(ok->request == retry);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

/* Nothing but the credentials tells the retry from a retransmission. */
static void
test_retry_reuses_branch_and_cseq(struct script *s)
{
    SEND(s, .branch = "z9hG4bKa");
    SEND(s, .branch = "z9hG4bKa", .status = 401, .headers = CHALLENGE("n1"));
    struct record *retry = SEND(s, .branch = "z9hG4bKa", .headers = ANSWER(s));
    struct record *ok = SEND(s, .branch = "z9hG4bKa", .status = 200);
    g_assert_null(retry->first);
    g_assert_true(ok->request == retry);
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 3);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

static void
test_rfc2543(struct script *s)
{
    struct record *one = SEND(s, .branch = "", .call_id = "a");
    struct record *two = SEND(s, .branch = "", .call_id = "b");
    struct record *three = SEND(s, .branch = "", .call_id = "b", .from_tag = "f9");
    struct record *four = SEND(s, .branch = "", .call_id = "b", .cseq = 2);
    g_assert_true(!two->first && !three->first && !four->first);
    g_assert_true(SEND(s, .branch = "", .call_id = "a", .status = 200)->request == one);
    g_assert_true(SEND(s, .branch = "", .call_id = "b", .status = 200)->request == two);
    g_assert_true(SEND(s, .branch = "", .call_id = "b", .from_tag = "f9", .status = 200)->request == three);
    g_assert_true(SEND(s, .branch = "", .call_id = "b", .cseq = 2, .status = 200)->request == four);
}

/* A branch that was rewritten on the way back: Call-ID, CSeq and From tag on the same hop, and on no other.
 */
static void
test_fallback(struct script *s)
{
    struct record *request = SEND(s, .branch = "z9hG4bKa");
    g_assert_null(SEND(s, .branch = "z9hG4bKx", .status = 401, .from = 5, .to = 6)->request);
    g_assert_null(SEND(s, .branch = "z9hG4bKx", .status = 401, .from_tag = "f2")->request);
    g_assert_null(SEND(s, .branch = "z9hG4bKx", .status = 401, .method = "INVITE")->request);
    g_assert_true(SEND(s, .branch = "z9hG4bKx", .status = 401)->request == request);
}

/* Where branches come back as they were, another one is that of a request that is missing. */
static void
test_branch_missing(struct script *s)
{
    struct record *one = SEND(s, .branch = "z9hG4bKa");
    g_assert_null(SEND(s, .branch = "z9hG4bKb", .status = 401, .from = 6, .to = 5)->request);
    g_assert_true(SEND(s, .branch = "z9hG4bKa", .status = 100)->request == one);
    g_assert_null(SEND(s, .branch = "z9hG4bKb", .status = 403)->request);
    g_assert_true(SEND(s, .branch = "z9hG4bKa", .status = 486)->request == one);
    g_assert_cmpuint(one->response_frame, ==, 5);
    struct record *two = SEND(s, .cseq = 2, .branch = "z9hG4bKc");
    g_assert_true(SEND(s, .cseq = 2, .branch = "z9hG4bKc", .host = "203.0.113.9", .status = 200)->request ==
                  two);
}

/* Clients at home that all take the same Call-ID and branch. */
static void
test_same_branch_elsewhere(struct script *s)
{
    struct record *one = SEND(s, .branch = "z9hG4bKa", .from = 1);
    struct record *other = SEND(s, .branch = "z9hG4bKa", .from = 7, .from_tag = "f7");
    g_assert_null(other->first);
    g_assert_true(SEND(s, .branch = "z9hG4bKa", .status = 401, .to = 7, .from_tag = "f7")->request == other);
    g_assert_true(SEND(s, .branch = "z9hG4bKa", .status = 200)->request == one);
}

/* Whoever hangs up has no challenge to answer, whether it comes before or after. */
static void
test_cancelled(struct script *s)
{
    SEND(s, .method = "INVITE", .branch = "z9hG4bKa");
    SEND(s, .method = "CANCEL", .branch = "z9hG4bKa");
    SEND(s, .method = "INVITE", .branch = "z9hG4bKa", .status = 407,
         .headers = CHALLENGE_OF("Proxy-Authenticate", "example.com", "n1"));
    SEND(s, .method = "INVITE", .cseq = 2, .call_id = "b");
    SEND(s, .method = "INVITE", .cseq = 2, .call_id = "b", .status = 407,
         .headers = CHALLENGE_OF("Proxy-Authenticate", "example.com", "n2"));
    SEND(s, .method = "CANCEL", .cseq = 2, .call_id = "b");
    script_wait(s, 40);
    for (unsigned n = 0; n < 2; n++) {
        g_assert_cmpstr(script_outcome(s, script_exchange(s, n)), ==, "no-retry");
        g_assert_cmpstr(script_cause(s, script_exchange(s, n)), ==, "cancelled");
    }
}

/* A caller that waits in a queue hears of it each minute. */
static void
test_rings_for_long(struct script *s)
{
    struct record *invite = SEND(s, .method = "INVITE");
    for (unsigned minute = 0; minute < 25; minute++)
        SEND(s, .method = "INVITE", .status = 182, .ms = 60000);
    g_assert_true(SEND(s, .method = "INVITE", .status = 200)->request == invite);
    SEND(s, .method = "INVITE", .cseq = 2);
    SEND(s, .method = "INVITE", .cseq = 2, .status = 180);
    script_wait(s, 1000);
    SEND(s, .method = "OPTIONS", .cseq = 3);
    g_assert_null(SEND(s, .method = "INVITE", .cseq = 2, .status = 200)->request);
}

/* Another server has not counted what the first one did. */
static void
test_count_at_another_server(struct script *s)
{
    const char *credentials = ANSWER(s, .method = "INVITE");
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .method = "INVITE", .cseq = 2, .headers = credentials);
    SEND(s, .method = "INVITE", .cseq = 2, .status = 503);
    SEND(s, .method = "INVITE", .cseq = 2, .branch = "z9hG4bKo", .to = 5, .headers = credentials);
    struct record *refusal = SEND(s, .method = "INVITE", .cseq = 2, .branch = "z9hG4bKo", .from = 5,
                                  .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(finding_rule((enum finding)refusal->detail->closings->use->cause)->name, ==,
                    "nonce_of_other_server");
    g_assert_null(strstr(script_notes(s, refusal), "nc_replayed"));
}

static void
test_cancel_and_ack(struct script *s)
{
    struct record *invite = SEND(s, .method = "INVITE", .branch = "z9hG4bKa");
    SEND(s, .method = "INVITE", .branch = "z9hG4bKa", .status = 180);
    struct record *cancel = SEND(s, .method = "CANCEL", .branch = "z9hG4bKa");
    struct record *of_cancel = SEND(s, .method = "CANCEL", .branch = "z9hG4bKa", .status = 200);
    struct record *of_invite = SEND(s, .method = "INVITE", .branch = "z9hG4bKa", .status = 487);
    struct record *ack = SEND(s, .method = "ACK", .branch = "z9hG4bKa", .to_tag = "t1");
    g_assert_true(!cancel->first && !ack->first);
    g_assert_true(of_cancel->request == cancel);
    g_assert_true(of_invite->request == invite);
    g_assert_cmpuint(invite->response_frame, ==, 5);
    g_assert_cmpuint(cancel->response_frame, ==, 4);
    g_assert_cmpuint(ack->response_frame, ==, 0);
}

/* A proxy forwards: another topmost Via on the second leg. */
static void
test_two_hops(struct script *s)
{
    struct record *first = SEND(s, .branch = "z9hG4bKa");
    struct record *second = SEND(s, .branch = "z9hG4bKp", .host = "proxy.example.com", .from = 2, .to = 3);
    struct record *back = SEND(s, .branch = "z9hG4bKp", .host = "proxy.example.com", .status = 401, .from = 3,
                               .to = 2, .headers = CHALLENGE("n1"));
    struct record *forwarded = SEND(s, .branch = "z9hG4bKa", .status = 401, .headers = CHALLENGE("n1"));
    g_assert_null(second->first);
    g_assert_true(back->request == second);
    g_assert_true(forwarded->request == first);
}

/* The challenge on either leg is answered on its own leg. */
static void
test_two_hops_exchanges(struct script *s)
{
    test_two_hops(s);
    struct record *retry = SEND(s, .branch = "z9hG4bKb", .cseq = 2, .headers = ANSWER(s));
    struct record *leg = SEND(s, .branch = "z9hG4bKq", .cseq = 2, .host = "proxy.example.com", .from = 2,
                              .to = 3, .headers = ANSWER(s));
    g_assert_cmpuint(script_use(retry)->challenge_frame, ==, 4);
    g_assert_cmpuint(script_use(leg)->challenge_frame, ==, 3);
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 6);
    g_assert_cmpuint(script_exchange(s, 1)->retry_frame, ==, 5);
}

static void
test_copy(struct script *s)
{
    struct record *request = SEND(s);
    struct record *copy = SEND(s, .ms = 1);
    struct record *again = SEND(s, .ms = 500);
    struct record *copy_of_again = SEND(s, .at_once = true);
    g_assert_true(copy->first == request && copy->is_copy);
    g_assert_true(again->first == request && !again->is_copy);
    g_assert_true(copy_of_again->first == request && copy_of_again->is_copy);
}

static void
test_copy_of_response(struct script *s)
{
    struct record *request = SEND(s);
    struct record *refusal = SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    struct record *copy = SEND(s, .status = 401, .headers = CHALLENGE("n1"), .ms = 1);
    struct record *again = SEND(s, .status = 401, .headers = CHALLENGE("n1"), .ms = 500);
    g_assert_true(copy->first == refusal && copy->is_copy && copy->request == request);
    g_assert_true(again->first == refusal && !again->is_copy && again->request == request);
    g_assert_cmpuint(script_exchanges(s), ==, 1);
    g_assert_true(again->exchange == script_exchange(s, 0));
    g_assert_cmpuint(script_exchange(s, 0)->attempt, ==, 1);
}

/* The same packet on another link, before and behind a NAT. */
static void
test_copy_on_other_link(struct script *s)
{
    struct record *request = SEND(s);
    struct record *behind = SEND(s, .from = 7, .ms = 80);
    g_assert_true(behind->first == request && behind->is_copy);
}

static void
test_other_address(struct script *s)
{
    struct record *request = SEND(s);
    g_assert_true(SEND(s, .status = 200, .from = 9)->request == request);
}

static void
test_fork(struct script *s)
{
    struct record *invite = SEND(s, .method = "INVITE");
    struct record *ringing = SEND(s, .method = "INVITE", .status = 180, .to_tag = "a");
    struct record *other = SEND(s, .method = "INVITE", .status = 180, .to_tag = "b");
    struct record *ok = SEND(s, .method = "INVITE", .status = 200, .to_tag = "a");
    struct record *second = SEND(s, .method = "INVITE", .status = 200, .to_tag = "b");
    g_assert_true(ringing->request == invite && other->request == invite);
    g_assert_true(ok->request == invite && second->request == invite);
    g_assert_true(!other->first && !second->first);
    g_assert_cmpuint(invite->response_frame, ==, 4);
}

/* A server without state: each copy of the request gets a nonce of its own, and either may be used. */
static void
test_second_challenge(struct script *s, const char *used, unsigned challenge_frame)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .ms = 500);
    struct record *second = SEND(s, .status = 401, .headers = CHALLENGE("n2"), .to_tag = "t2");
    struct record *retry = SEND(s, .cseq = 2, .headers = ANSWER(s, .nonce = used));
    SEND(s, .cseq = 2, .status = 200);
    g_assert_null(second->first);
    g_assert_cmpuint(script_exchanges(s), ==, 1);
    g_assert_true(second->exchange == script_exchange(s, 0));
    g_assert_cmpuint(script_use(retry)->challenge_frame, ==, challenge_frame);
    g_assert_true(script_use(retry)->exchange == script_exchange(s, 0));
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

static void
test_second_challenge_first_used(struct script *s)
{
    test_second_challenge(s, "n1", 2);
}

static void
test_second_challenge_second_used(struct script *s)
{
    test_second_challenge(s, "n2", 4);
}

/* Under loss, one copy of the request may be refused and another accepted. */
static void
test_accepted_after_refusal(struct script *s)
{
    struct record *request = SEND(s, .headers = ANSWER(s, .nonce = "old"));
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .status = 200);
    g_assert_cmpuint(request->response_frame, ==, 3);
    g_assert_cmpint(script_use(request)->outcome, ==, OUTCOME_ACCEPTED);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
    script_wait(s, 60);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

static void
test_refusal_after_accepted(struct script *s)
{
    struct record *request = SEND(s, .headers = ANSWER(s, .nonce = "old"));
    SEND(s, .status = 200);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    script_wait(s, 60);
    g_assert_cmpuint(request->response_frame, ==, 2);
    g_assert_cmpint(script_use(request)->outcome, ==, OUTCOME_ACCEPTED);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

static void
test_sent_by_spelling(struct script *s)
{
    struct record *request = SEND(s, .host = "Phone.Example.com");
    g_assert_true(SEND(s, .host = "phone.example.com:5060", .status = 200)->request == request);
}

/* Of the cookie the case does not matter, of the branch it does (RFC 3261 section 7.3.1, 17.1.3). */
static void
test_branch_case(struct script *s)
{
    struct record *request = SEND(s, .branch = "Z9HG4BKa");
    struct record *other = SEND(s, .branch = "z9hG4bKA");
    g_assert_null(other->first);
    g_assert_true(SEND(s, .branch = "Z9HG4BKa", .status = 200)->request == request);
}

static void
test_no_request(struct script *s)
{
    struct record *refusal = SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    g_assert_null(refusal->request);
    g_assert_cmpuint(script_exchange(s, 0)->request_frame, ==, 0);
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

static void
test_expiry(struct script *s)
{
    struct record *invite = SEND(s, .method = "INVITE");
    SEND(s);
    g_assert_null(SEND(s, .status = 200, .ms = 65000)->request);
    g_assert_true(SEND(s, .method = "INVITE", .status = 200)->request == invite);
    SEND(s, .cseq = 2);
    script_wait(s, 601);
    SEND(s, .cseq = 3);
    g_assert_null(SEND(s, .method = "INVITE", .status = 200, .to_tag = "late")->request);
}

/* The same identifiers come again after the first transaction is forgotten: a new one, not a retransmission.
 */
static void
test_expiry_then_same_again(struct script *s)
{
    SEND(s);
    SEND(s, .headers = ANSWER(s));
    struct record *again = SEND(s, .ms = 70000);
    g_assert_null(again->first);
    g_assert_true(SEND(s, .status = 200)->request == again);
    SEND(s, .ms = 70000);
    SEND(s, .ms = 70000);
}

static void
test_unknown_method(struct script *s)
{
    struct record *request = SEND(s, .method = "FOO");
    g_assert_cmpstr(request->method, ==, "FOO");
    g_assert_cmpstr(SEND(s, .method = "FOO", .status = 200)->method, ==, "FOO");
}

/* --- credentials and challenges
 * -------------------------------------------------------------------------------------- */

/* Frames 1 and 2. */
static struct record *
challenge(struct script *s, const char *headers)
{
    SEND(s);
    return SEND(s, .status = 401, .headers = headers);
}

static void
test_nonce(struct script *s)
{
    struct record *refusal = challenge(s, CHALLENGE("n1"));
    struct record *retry = SEND(s, .cseq = 2, .headers = ANSWER(s));
    const struct use *use = script_use(retry);
    const struct exchange *exchange = script_exchange(s, 0);
    g_assert_true(use->exchange == exchange && refusal->detail->opens == exchange &&
                  retry->exchange == exchange);
    g_assert_cmpint(use->evidence, ==, EVIDENCE_NONCE);
    g_assert_cmpuint(use->challenge_frame, ==, 2);
    g_assert_true(use->is_retry && !use->header_differs && !use->realm_differs && !use->identity_only);
    g_assert_cmpuint(use->nonce_use, ==, 1);
    g_assert_cmpint(use->nonce_age, ==, 10000000);
    g_assert_cmpint(use->verdict.status, ==, DIGEST_GOOD);
    g_assert_true(exchange->retry == use);
    g_assert_cmpuint(exchange->retry_frame, ==, 3);
    g_assert_cmpuint(exchange->request_frame, ==, 1);
    g_assert_cmpuint(exchange->challenge_frame, ==, 2);
    g_assert_cmpstr(exchange_account(exchange), ==, "alice@example.com");
}

static void
test_wrong_password(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    const struct use *use = script_use(SEND(s, .cseq = 2, .headers = ANSWER(s, .password = "wrong")));
    g_assert_cmpint(use->verdict.status, ==, DIGEST_BAD);
    g_assert_cmpint(use->verdict.reason, ==, DIGEST_MISMATCH);
    g_assert_true(use->configured);
}

static void
test_not_configured(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    const struct use *use = script_use(SEND(s, .cseq = 2, .headers = ANSWER(s, .user = "bob")));
    g_assert_cmpint(use->verdict.reason, ==, DIGEST_NO_CREDENTIAL);
    g_assert_false(use->configured);
}

static void
test_other_call_id(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    struct record *retry = SEND(s, .call_id = "call-2", .cseq = 7, .headers = ANSWER(s));
    g_assert_cmpint(script_use(retry)->evidence, ==, EVIDENCE_NONCE);
    g_assert_true(script_use(retry)->exchange == script_exchange(s, 0));
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 3);
}

/* RFC 3665 section 2.1: the From tag of the retry is another. */
static void
test_other_from_tag(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    struct record *retry = SEND(s, .from_tag = "f2", .cseq = 2, .headers = ANSWER(s));
    g_assert_true(script_use(retry)->is_retry);
    g_assert_true(script_use(retry)->exchange == script_exchange(s, 0));
}

/* RFC 3665 section 3.2, F2 and F4: Call-ID, method and CSeq go on, the nonce is another. */
static void
test_nonce_differs(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    struct record *retry = SEND(s, .cseq = 2, .headers = ANSWER(s, .nonce = "nX"));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    const struct use *use = script_use(retry);
    g_assert_cmpint(use->evidence, ==, EVIDENCE_DIALOG);
    g_assert_true(use->exchange == script_exchange(s, 0) && use->is_retry);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "rejected");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "nonce_differs");
}

/* Without a fitting nonce another method, Call-ID or a CSeq far away is no answer. */
static void
test_nonce_differs_elsewhere(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    struct record *other_method =
        SEND(s, .method = "SUBSCRIBE", .cseq = 2, .headers = ANSWER(s, .nonce = "nX"));
    struct record *other_call = SEND(s, .call_id = "call-2", .cseq = 2, .headers = ANSWER(s, .nonce = "nX"));
    struct record *far_cseq = SEND(s, .cseq = 9, .headers = ANSWER(s, .nonce = "nX"));
    struct record *other_hop = SEND(s, .cseq = 2, .from = 5, .to = 6, .headers = ANSWER(s, .nonce = "nX"));
    g_assert_cmpint(script_use(other_method)->evidence, ==, EVIDENCE_NONE);
    g_assert_cmpint(script_use(other_call)->evidence, ==, EVIDENCE_NONE);
    g_assert_cmpint(script_use(far_cseq)->evidence, ==, EVIDENCE_NONE);
    g_assert_cmpint(script_use(other_hop)->evidence, ==, EVIDENCE_NONE);
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 0);
}

/* A server whose nonce is the time gives everybody the same one: that of this user is not in the capture. */
static void
test_nonce_of_another_user(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    struct record *bob =
        SEND(s, .call_id = "call-2", .user = "bob", .headers = ANSWER(s, .nonce = "n1", .user = "bob"));
    g_assert_cmpuint(script_use(bob)->challenge_frame, ==, 0);
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 0);
}

/* A trunk calls in the name of whoever calls it, with its own user and the nonce of its registration. */
static void
test_nonce_of_the_same_user(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    struct record *call = SEND(s, .method = "INVITE", .call_id = "call-2", .user = "bob",
                               .headers = ANSWER(s, .method = "INVITE", .nonce = "n1", .user = "alice"));
    g_assert_cmpuint(script_use(call)->challenge_frame, ==, script_exchange(s, 0)->challenge_frame);
}

/* The header is chosen by that of the challenge, not by the status code (RFC 3261 section 22.2, 22.3). */
static void
test_wrong_header(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    struct record *retry = SEND(s, .cseq = 2, .headers = ANSWER(s, .header = "Proxy-Authorization"));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_true(script_use(retry)->header_differs);
    g_assert_true(script_use(retry)->exchange == script_exchange(s, 0));
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "rejected");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "wrong_header");
}

static void
test_407_with_www_authenticate(struct script *s)
{
    SEND(s);
    SEND(s, .status = 407, .headers = CHALLENGE("n1"));
    g_assert_false(script_use(SEND(s, .cseq = 2, .headers = ANSWER(s)))->header_differs);
}

static void
test_realm_differs(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    struct record *retry = SEND(s, .cseq = 2, .headers = ANSWER(s, .realm = "elsewhere"));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_true(script_use(retry)->realm_differs);
    g_assert_true(script_use(retry)->exchange == script_exchange(s, 0));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "realm_differs");
}

#define PROXY(nonce)          CHALLENGE_OF("Proxy-Authenticate", "proxy", nonce)
#define PROXY_ANSWER(s, text) ANSWER((s), .header = "Proxy-Authorization", .realm = "proxy", .nonce = (text))

/* A forking proxy hands two challenges on, and the client answers both. */
static void
test_two_realms_at_once(struct script *s)
{
    SEND(s);
    SEND(s, .status = 407, .headers = PROXY("p1") CHALLENGE("n1"));
    struct record *retry = SEND(s, .cseq = 2, .headers = script_join(s, PROXY_ANSWER(s, "p1"), ANSWER(s)));
    SEND(s, .cseq = 2, .status = 200);
    const struct use *proxy = script_use(retry);
    g_assert(proxy->next != NULL);
    g_assert_true(proxy->exchange == script_exchange(s, 0) && proxy->next->exchange == script_exchange(s, 0));
    g_assert_true(!proxy->header_differs && !proxy->next->header_differs && !proxy->next->realm_differs);
    g_assert_cmpint(proxy->outcome, ==, OUTCOME_ACCEPTED);
    g_assert_cmpint(proxy->next->outcome, ==, OUTCOME_ACCEPTED);
    g_assert_cmpuint(script_exchanges(s), ==, 1);
}

/* One after the other: the first answer was not refused, the second realm is asked for (RFC 3261
 * section 22.3). */
static void
test_two_realms_in_turn(struct script *s)
{
    SEND(s);
    SEND(s, .status = 407, .headers = PROXY("p1"));
    SEND(s, .cseq = 2, .headers = PROXY_ANSWER(s, "p1"));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n1"));
    struct record *both = SEND(s, .cseq = 3, .headers = script_join(s, PROXY_ANSWER(s, "p1"), ANSWER(s)));
    SEND(s, .cseq = 3, .status = 200);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "other-realm");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "accepted");
    g_assert_cmpuint(script_exchange(s, 1)->retry_frame, ==, 5);
    g_assert_cmpuint(script_use(both)->challenge_frame, ==, 2);
    g_assert_cmpuint(script_use(both)->next->challenge_frame, ==, 4);
    g_assert_cmpuint(script_use(both)->nonce_use, ==, 2);
}

/* One nonce, several algorithms: which challenge was answered is told by the algorithm (RFC 8760
 * section 2.3). */
static void
test_same_nonce_several_algorithms(struct script *s)
{
    challenge(
        s, "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256\r\n"
           "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\", "
           "algorithm=SHA-512-256\r\n" CHALLENGE("n1"));
    struct record *retry = SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    g_assert_cmpint(script_use(retry)->verdict.status, ==, DIGEST_GOOD);
    g_assert_false(script_use(retry)->header_differs || script_use(retry)->realm_differs);
    g_assert_cmpuint(script_exchanges(s), ==, 1);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

static void
test_challenges_joined_by_comma(struct script *s)
{
    challenge(
        s,
        "WWW-Authenticate: Digest realm=\"a\", nonce=\"na\", Digest realm=\"example.com\", nonce=\"n1\"\r\n");
    struct record *retry = SEND(s, .cseq = 2, .headers = ANSWER(s));
    g_assert_true(script_use(retry)->exchange == script_exchange(s, 0));
    g_assert_false(script_use(retry)->realm_differs);
}

/* A nonce that changes once a second is given to two calls: each answer belongs to its own. */
static void
test_same_nonce_two_calls(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .call_id = "call-2", .user = "bob");
    SEND(s, .call_id = "call-2", .user = "bob", .status = 401, .headers = CHALLENGE("n1"));
    struct record *one = SEND(s, .cseq = 2, .headers = ANSWER(s));
    struct record *two =
        SEND(s, .call_id = "call-2", .user = "bob", .cseq = 2, .headers = ANSWER(s, .user = "bob"));
    SEND(s, .call_id = "call-2", .user = "bob", .cseq = 2, .status = 403);
    SEND(s, .cseq = 2, .status = 200);
    g_assert_true(script_use(one)->exchange == script_exchange(s, 0));
    g_assert_true(script_use(two)->exchange == script_exchange(s, 1));
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "forbidden");
    g_assert_cmpstr(exchange_account(script_exchange(s, 1)), ==, "bob@example.com");
}

static void
test_nextnonce(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200, .headers = "Authentication-Info: nextnonce=\"n2\"\r\n");
    struct record *refresh = SEND(s, .cseq = 3, .headers = ANSWER(s, .nonce = "n2"));
    SEND(s, .cseq = 3, .status = 200);
    const struct use *use = script_use(refresh);
    g_assert_cmpint(use->evidence, ==, EVIDENCE_NEXTNONCE);
    g_assert_null(use->exchange);
    g_assert_cmpuint(use->challenge_frame, ==, 4);
    g_assert_cmpuint(use->nonce_use, ==, 1);
    g_assert_cmpint(use->outcome, ==, OUTCOME_ACCEPTED);
}

static void
test_reuse(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    struct record *refresh = SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"), .ms = 60000);
    SEND(s, .cseq = 3, .status = 200);
    const struct use *use = script_use(refresh);
    g_assert_cmpint(use->evidence, ==, EVIDENCE_NONCE);
    g_assert_cmpuint(use->nonce_use, ==, 2);
    g_assert_cmpuint(use->nonce_accepted_in, ==, 4);
    g_assert_cmpuint(use->challenge_frame, ==, 2);
    g_assert_cmpint(use->nonce_age, ==, INT64_C(60020000000));
    g_assert_false(use->is_retry);
    g_assert_cmpint(use->verdict.status, ==, DIGEST_GOOD);
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 3);
}

/* A retransmission uses a nonce no second time. */
static void
test_reuse_not_by_retransmission(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .headers = ANSWER(s), .ms = 500);
    struct record *refresh = SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"));
    g_assert_cmpuint(script_use(refresh)->nonce_use, ==, 2);
}

static void
test_preloaded(struct script *s)
{
    struct record *request = SEND(s, .headers = ANSWER(s, .nonce = "before-the-capture", .nc = "00000005"));
    SEND(s, .status = 200);
    const struct use *use = script_use(request);
    g_assert_cmpint(use->evidence, ==, EVIDENCE_NONE);
    g_assert_null(use->exchange);
    g_assert_cmpuint(use->challenge_frame, ==, 0);
    g_assert_cmpuint(use->nonce_use, ==, 0);
    g_assert_cmpint(use->nonce_age, ==, -1);
    g_assert_cmpint(use->verdict.status, ==, DIGEST_GOOD);
    g_assert_cmpint(use->outcome, ==, OUTCOME_ACCEPTED);
}

/* IMS: the first REGISTER names a user and proves nothing (RFC 8760 section 2.7). */
static void
test_identity_only(struct script *s)
{
    struct record *request =
        SEND(s, .headers = "Authorization: Digest username=\"alice\", realm=\"example.com\", "
                           "nonce=\"\", uri=\"sip:example.com\", response=\"\"\r\n");
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    const struct use *use = script_use(request);
    g_assert_true(use->identity_only);
    g_assert_cmpint(use->outcome, ==, OUTCOME_NONE);
    g_assert_cmpint(use->verdict.reason, ==, DIGEST_RESPONSE_EMPTY);
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    g_assert_cmpuint(script_exchanges(s), ==, 1);
    g_assert_cmpuint(script_exchange(s, 0)->attempt, ==, 1);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

/* Nothing was refused, so nobody gave up. */
static void
test_identity_only_unanswered(struct script *s)
{
    SEND(s, .headers = "Authorization: Digest username=\"alice\", realm=\"example.com\", "
                       "nonce=\"\", uri=\"sip:example.com\", response=\"\"\r\n");
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "never_answered");
}

/* An empty nonce answers a challenge, badly; before one it names the user. */
static void
test_nonce_empty(struct script *s)
{
    struct record *first = SEND(s, .headers = ANSWER(s, .nonce = ""));
    g_assert_true(script_use(first)->identity_only);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    struct record *retry = SEND(s, .cseq = 2, .headers = ANSWER(s, .nonce = ""));
    g_assert_false(script_use(retry)->identity_only);
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "rejected");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "nonce_empty");
}

/* Who has answered for the realm has credentials for it; somebody else at the same account need not. */
static void
test_has_tried(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 403);
    SEND(s, .call_id = "b");
    SEND(s, .call_id = "b", .status = 401, .headers = CHALLENGE("n2"));
    SEND(s, .call_id = "c", .from = 3);
    SEND(s, .call_id = "c", .to = 3, .status = 401, .headers = CHALLENGE("n3"));
    SEND(s, .call_id = "d");
    SEND(s, .call_id = "d", .status = 401, .headers = CHALLENGE_OF("WWW-Authenticate", "elsewhere", "n4"));
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "gave_up");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 2)), ==, "never_answered");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 3)), ==, "never_answered");
}

/* A client that sends its answer again and again has not heard that it is refused. */
static void
test_refusal_unheard(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    const char *answer = ANSWER(s, .user = "bob");
    SEND(s, .cseq = 2, .headers = answer);
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    for (double ms = 500; ms < 5000; ms *= 2)
        SEND(s, .cseq = 2, .headers = answer, .ms = ms);
    script_wait(s, 33);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "no-retry");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "challenge_lost");
}

/* What follows an offer of IPsec may be in ESP. */
static void
test_in_ipsec(struct script *s)
{
    static const char *const offers[] = {"Security-Server: ipsec-3gpp; q=0.1; spi-c=1; spi-s=2\r\n",
                                         "Security-Server: tls; q=0.1\r\n"};
    static const char *const outcomes[] = {"unknown", "no-retry"}, *const causes[] = {"retry_in_ipsec",
                                                                                      "never_answered"};
    for (unsigned i = 0; i < G_N_ELEMENTS(offers); i++) {
        SEND(s, .cseq = 1 + 10 * i, .call_id = i ? "b" : "a");
        SEND(s, .cseq = 1 + 10 * i, .call_id = i ? "b" : "a", .status = 401,
             .headers = script_join(s, CHALLENGE("n1"), offers[i]));
    }
    script_wait(s, 33);
    for (unsigned i = 0; i < G_N_ELEMENTS(offers); i++) {
        g_assert_cmpstr(script_outcome(s, script_exchange(s, i)), ==, outcomes[i]);
        g_assert_cmpstr(script_cause(s, script_exchange(s, i)), ==, causes[i]);
    }
}

/* 481 to what opens a dialog is about its form, if it is about anything that can be seen. */
static void
test_no_such_dialog(struct script *s)
{
    static const char *const branches[] = {"z9hG4bKsame", "z9hG4bKother"}, *const causes[] = {"branch_reused",
                                                                                              "failed"};
    for (unsigned i = 0; i < G_N_ELEMENTS(branches); i++) {
        const char *call = i ? "b" : "a", *nonce = i ? "n2" : "n1";
        SEND(s, .method = "INVITE", .call_id = call, .branch = "z9hG4bKsame");
        SEND(s, .method = "INVITE", .call_id = call, .branch = "z9hG4bKsame", .status = 401,
             .headers = i ? CHALLENGE("n2") : CHALLENGE("n1"));
        SEND(s, .method = "INVITE", .call_id = call, .cseq = 2, .branch = branches[i],
             .headers = ANSWER(s, .method = "INVITE", .nonce = nonce));
        SEND(s, .method = "INVITE", .call_id = call, .cseq = 2, .branch = branches[i], .status = 481);
        const struct exchange *exchange = script_exchange(s, i);
        g_assert_cmpstr(script_outcome(s, exchange), ==, "failed");
        g_assert_cmpstr(script_cause(s, exchange), ==, causes[i]);
        struct advice advice =
            audit_advice_challenge(exchange, OUTCOME_FAILED, (enum finding)exchange->cause);
        g_assert_nonnull(strstr(advice.meaning, "part of a call"));
    }
}

/* The form that this very nonce was accepted with, be it in another method. */
static void
test_form_accepted_with_nonce(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .user = "bob", .uri = "sip:elsewhere"));
    SEND(s, .cseq = 2, .status = 200);
    SEND(s, .method = "OPTIONS", .cseq = 3,
         .headers = ANSWER(s, .method = "OPTIONS", .user = "bob", .uri = "sip:elsewhere"));
    struct record *refusal = SEND(s, .method = "OPTIONS", .cseq = 3, .status = 403);
    g_assert_null(strstr(script_notes(s, refusal), "uri_differs"));
    SEND(s, .method = "OPTIONS", .cseq = 4, .call_id = "b");
    SEND(s, .method = "OPTIONS", .cseq = 4, .call_id = "b", .status = 401, .headers = CHALLENGE("n2"));
    SEND(s, .method = "OPTIONS", .cseq = 5, .call_id = "b",
         .headers = ANSWER(s, .method = "OPTIONS", .nonce = "n2", .user = "bob", .uri = "sip:elsewhere"));
    refusal = SEND(s, .method = "OPTIONS", .cseq = 5, .call_id = "b", .status = 403);
    g_assert_nonnull(strstr(script_notes(s, refusal), "uri_differs"));
}

/* In a call another user than that of From is worth a word where it is forbidden. */
static void
test_other_user_calls(struct script *s)
{
    static const unsigned ends[] = {403, 401};
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        const char *call = i ? "b" : "a";
        SEND(s, .method = "INVITE", .call_id = call);
        SEND(s, .method = "INVITE", .call_id = call, .status = 401, .headers = CHALLENGE("n1"));
        SEND(s, .method = "INVITE", .call_id = call, .cseq = 2,
             .headers = ANSWER(s, .method = "INVITE", .user = "trunk", .nc = i ? "00000002" : NULL));
        struct record *end = SEND(s, .method = "INVITE", .call_id = call, .cseq = 2, .status = ends[i],
                                  .headers = ends[i] == 401 ? CHALLENGE("n2") : NULL);
        g_assert_true((strstr(script_notes(s, end), "username_not_aor") != NULL) == (ends[i] == 403));
    }
}

/* A nonce of another call of the user, counted from 1 again: its refusal is how it is now with that account.
 */
static void
test_later_in_other_call(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .user = "bob", .nc = "00000001"));
    SEND(s, .cseq = 2, .status = 200);
    SEND(s, .method = "INVITE", .call_id = "b",
         .headers = ANSWER(s, .method = "INVITE", .user = "bob", .nc = "00000001"));
    SEND(s, .method = "INVITE", .call_id = "b", .status = 403);
    const struct exchange *exchange = script_exchange(s, 0);
    g_assert_cmpstr(script_outcome(s, exchange), ==, "accepted");
    g_assert_cmpuint(exchange->later_frame, ==, 6);
    g_assert_cmpint(exchange->later_outcome, ==, OUTCOME_FORBIDDEN);
    g_assert_cmpint(exchange->later_cause, ==, FINDING_NC_OF_EACH_CALL);
}

static void
test_no_challenge(struct script *s)
{
    SEND(s);
    struct record *refusal = SEND(s, .status = 401);
    g_assert_cmpstr(script_notes(s, refusal), ==, "no_challenge");
}

/* --- outcomes
 * ----------------------------------------------------------------------------------------------------------
 */

struct ending {
    const char *name;
    const char *password, *user; /* of the retry */
    unsigned status;
    const char *headers;
    const char *outcome, *cause;
    const char *phrase;
};

static const struct ending endings[] = {
    {"ok", NULL, NULL, 200, NULL, "accepted", ""},
    {"accepted-202", NULL, NULL, 202, NULL, "accepted", ""},
    {"digest-bad-but-accepted", "wrong", NULL, 200, NULL, "accepted", ""},
    {"again-digest-good", NULL, NULL, 401, CHALLENGE("n2"), "rejected", "digest_good_refused"},
    {"again-digest-bad", "wrong", NULL, 401, CHALLENGE("n2"), "rejected", "digest_mismatch"},
    {"again-digest-variant", "secret\n", NULL, 401, CHALLENGE("n2"), "rejected", "variant_refused"},
    {"again-not-configured", NULL, "bob", 401, CHALLENGE("n2"), "rejected", "refused_unverified"},
    {"again-empty-password", "", "bob", 401, CHALLENGE("n2"), "rejected", "password_empty"},
    {"forbidden-empty-password", "", "bob", 403, NULL, "forbidden", "password_empty", "Wrong password"},
    {"empty-password-but-accepted", "", "bob", 200, NULL, "accepted", ""},
    {"empty-password-where-one-is-configured", "", NULL, 401, CHALLENGE("n2"), "rejected", "variant_refused"},
    {"again-stale-false", "wrong", NULL, 401,
     "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n2\", stale=false\r\n", "rejected",
     "digest_mismatch"},
    {"stale", NULL, NULL, 401, STALE("n2"), "stale", "stale_at_once"},
    {"stale-quoted-upper-case", NULL, NULL, 401,
     "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n2\", stale=\"TRUE\"\r\n", "stale",
     "stale_at_once"},
    {"other-realm", NULL, NULL, 401, CHALLENGE_OF("WWW-Authenticate", "elsewhere", "n2"), "other-realm",
     "other_realm"},
    {"other-header", NULL, NULL, 407, CHALLENGE_OF("Proxy-Authenticate", "proxy", "p1"), "other-realm",
     "other_realm"},
    {"same-realm-among-others", "wrong", NULL, 401,
     CHALLENGE_OF("WWW-Authenticate", "elsewhere", "n2") CHALLENGE("n3"), "rejected", "digest_mismatch"},
    {"again-without-challenge", "wrong", NULL, 401, NULL, "rejected", "digest_mismatch"},
    {"again-without-challenge-unverified", NULL, "bob", 401, NULL, "rejected", "no_challenge"},
    {"forbidden", NULL, NULL, 403, NULL, "forbidden", "forbidden"},
    {"interval-too-brief", NULL, NULL, 423, "Min-Expires: 60\r\n", "interval-too-brief",
     "interval_too_brief"},
    {"not-found", NULL, NULL, 404, NULL, "failed", "registration_failed"},
    {"redirected", NULL, NULL, 302, NULL, "failed", "failed"},
    {"server-error", NULL, NULL, 503, NULL, "failed", "server_error"},
    {"declined", NULL, NULL, 603, NULL, "failed", "registration_failed"},
    {"nonce-in-phrase", NULL, "bob", 401, CHALLENGE("n2"), "stale", "stale_in_phrase", "Nonce has changed"},
    {"stale-in-phrase", "wrong", NULL, 401, CHALLENGE("n2"), "stale", "stale_in_phrase", "STALE"},
    {"nonce-in-phrase-but-the-same-again", NULL, "bob", 401, CHALLENGE("n1"), "rejected",
     "refused_unverified", "Nonce has changed"},
    {"stale-said-twice", NULL, NULL, 401, STALE("n2"), "stale", "stale_at_once", "Stale nonce"},
    {"nonce-in-phrase-of-403", NULL, "bob", 403, NULL, "forbidden", "forbidden", "Nonce has changed"},
    {"password-in-phrase", NULL, "bob", 403, NULL, "forbidden", "password_in_phrase", "Wrong Password"},
    {"password-in-phrase-asterisk", NULL, "bob", 403, NULL, "forbidden", "password_in_phrase",
     "Forbidden (Bad auth)"},
    {"password-in-phrase-ims", NULL, "bob", 403, NULL, "forbidden", "password_in_phrase",
     "Authentication Failed"},
    {"password-in-header", NULL, "bob", 403,
     "Warning: 399 a \"Credentials ok, but calls abroad are barred\"\r\n", "forbidden", "forbidden",
     "Forbidden"},
    {"nonce-in-header", NULL, "bob", 401, "Warning: 399 nonce-cache \"Once more\"\r\n" CHALLENGE("n2"),
     "rejected", "refused_unverified", "Unauthorized"},
    {"password-in-phrase-of-401", NULL, "bob", 401, CHALLENGE("n2"), "rejected", "password_in_phrase",
     "Invalid credentials"},
    {"password-in-phrase-digest-good", NULL, NULL, 403, NULL, "forbidden", "forbidden", "Wrong password"},
    {"password-in-phrase-digest-bad", "wrong", NULL, 403, NULL, "forbidden", "digest_mismatch",
     "Wrong password"},
    {"other-words", NULL, "bob", 403, NULL, "forbidden", "forbidden", "Forbidden auth ID"},
};

static void
test_ending(gconstpointer data)
{
    const struct ending *ending = data;
    struct script *s = script_begin();
    challenge(s, CHALLENGE("n1"));
    struct record *retry =
        SEND(s, .cseq = 2, .headers = ANSWER(s, .password = ending->password, .user = ending->user));
    struct record *answer =
        SEND(s, .cseq = 2, .status = ending->status, .headers = ending->headers, .phrase = ending->phrase);
    const struct exchange *exchange = script_exchange(s, 0);
    script_wait(s, 100);
    g_assert_cmpstr(script_outcome(s, exchange), ==, ending->outcome);
    g_assert_cmpstr(script_cause(s, exchange), ==, ending->cause);
    g_assert_cmpuint(exchange->closed_frame, ==, 4);
    g_assert_cmpuint(exchange->closed_status, ==, ending->status);
    g_assert_cmpint(exchange->closed_time, ==, answer->time);
    g_assert_true(answer->detail && answer->detail->closings &&
                  answer->detail->closings->use == script_use(retry));
    g_assert_cmpuint(script_use(retry)->closed_frame, ==, 4);
    script_end(s);
}

/* A form of credentials that the server has accepted is not why it refuses others: that server, and that
 * form. */
static void
answer_oddly(struct script *s, unsigned cseq, const char *nonce, unsigned status, int server)
{
    char *challenge =
        g_strdup_printf("WWW-Authenticate: Digest realm=\"example.com\", nonce=\"%s\"\r\n", nonce);
    SEND(s, .cseq = cseq, .to = server);
    SEND(s, .cseq = cseq, .status = 401, .headers = challenge, .from = server);
    SEND(s, .cseq = cseq + 1, .to = server,
         .headers = ANSWER(s, .nonce = nonce, .user = "bob", .password = "x", .uri = "sip:elsewhere"));
    SEND(s, .cseq = cseq + 1, .status = status, .headers = status == 401 ? CHALLENGE("z") : NULL,
         .from = server);
    g_free(challenge);
}

static void
test_form_accepted(struct script *s)
{
    answer_oddly(s, 1, "n1", 401, 2);
    answer_oddly(s, 3, "n2", 200, 2);
    answer_oddly(s, 5, "n3", 401, 2);
    answer_oddly(s, 7, "n4", 401, 3);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "qop_unasked");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 2)), ==, "accepted");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 3)), ==, "no_longer_accepted");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 5)), ==, "qop_unasked");
}

/* What may be why it forbids, and what the server itself says. */
static void
test_forbidden_in_words(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .realm = "elsewhere", .user = "bob"));
    struct record *answer = SEND(s, .cseq = 2, .status = 403, .phrase = "Screening Failure");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "realm_differs");
    g_assert_cmpstr(script_notes(s, answer), ==, "username_not_aor forbidden");
    SEND(s, .cseq = 3, .call_id = "b");
    SEND(s, .cseq = 3, .call_id = "b", .status = 401, .headers = CHALLENGE("n2"));
    SEND(s, .cseq = 4, .call_id = "b",
         .headers = ANSWER(s, .realm = "elsewhere", .user = "bob", .nonce = "n2"));
    answer = SEND(s, .cseq = 4, .call_id = "b", .status = 403, .phrase = "Forbidden");
    g_assert_cmpstr(script_notes(s, answer), ==, "username_not_aor");
}

#define STALE_AGAIN(nonce)                                                                                   \
    "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"" nonce "\", qop=\"auth\", stale=true\r\n"

/* A server that says stale=true to a request without a nonce: that tells nothing of what it says so later,
 * but for a right digest, or a nonce that was good before. */
static void
answer_to_stale(struct script *s, const char *call_id, const char *nonce, const char *user, bool asked)
{
    char *first = g_strdup_printf("WWW-Authenticate: Digest realm=\"example.com\", nonce=\"%s\", "
                                  "qop=\"auth\", stale=true\r\n",
                                  nonce);
    SEND(s, .call_id = call_id);
    SEND(s, .call_id = call_id, .status = 401, .headers = asked ? CHALLENGE("s0") : first);
    SEND(s, .call_id = call_id, .cseq = 2,
         .headers = ANSWER(s, .nonce = asked ? "s0" : nonce, .user = user, .cnonce = call_id));
    SEND(s, .call_id = call_id, .cseq = 2, .status = 401, .headers = STALE_AGAIN("s9"));
    g_free(first);
}

static void
test_stale_idle(struct script *s)
{
    answer_to_stale(s, "a", "s1", "bob", false);
    answer_to_stale(s, "b", "s2", NULL, false); /* its digest is right */
    answer_to_stale(s, "c", "s0", "bob", true);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "rejected");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "stale_idle");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 2)), ==, "stale");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 4)), ==, "stale");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 4)), ==, "stale_at_once");
}

/* What began with such a challenge goes on so; a nonce that was accepted may be old. */
static void
test_stale_idle_later(struct script *s)
{
    answer_to_stale(s, "a", "s1", "bob", false);
    SEND(s, .call_id = "a", .cseq = 3, .headers = ANSWER(s, .nonce = "s9", .user = "bob"));
    SEND(s, .call_id = "a", .cseq = 3, .status = 401, .headers = STALE_AGAIN("s10"));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "stale_idle");
    SEND(s, .call_id = "a", .cseq = 4, .headers = ANSWER(s, .nonce = "s10", .user = "bob"));
    SEND(s, .call_id = "a", .cseq = 4, .status = 200);
    SEND(s, .call_id = "a", .cseq = 5, .headers = ANSWER(s, .nonce = "s10", .user = "bob", .nc = "00000002"),
         .ms = 1e6);
    struct record *again = SEND(s, .call_id = "a", .cseq = 5, .status = 401, .headers = STALE_AGAIN("s11"));
    g_assert_cmpint(again->detail->closings->use->outcome, ==, OUTCOME_STALE);
}

/* A nonce that was just made is not too old: whose digest is known to be wrong is refused for that. */
static void
test_stale_of_wrong_digest(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .password = "wrong"));
    SEND(s, .cseq = 2, .status = 401, .headers = STALE("n2"));
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "rejected");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "digest_mismatch");
}

/* The capture has the answer to one attempt behind that to the next, all with one nonce: the latest one is
 * answered. */
static void
test_overtaken_challenge(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    for (unsigned cseq = 2; cseq <= 3; cseq++)
        SEND(s, .cseq = cseq, .headers = ANSWER(s, .user = "bob", .cnonce = cseq == 2 ? "a" : "b"));
    const struct record *latest = SEND(s, .cseq = 3, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n1"));
    const struct record *retry = SEND(s, .cseq = 4, .headers = ANSWER(s, .user = "bob", .cnonce = "c"));
    g_assert_cmpuint(script_use(retry)->challenge_frame, ==, latest->frame);
    script_wait(s, 40);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 2)), ==, "unknown");
}

/* Who has answered such an offer knows its form. */
static void
test_gave_up_on_auth_int(struct script *s)
{
    static const char offer[] =
        "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth-int\"\r\n";
    SEND(s);
    SEND(s, .status = 401, .headers = offer);
    script_wait(s, 40);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "auth_int_unanswered");
    SEND(s, .cseq = 2, .headers = ANSWER(s, .user = "bob"));
    SEND(s, .cseq = 2, .status = 401,
         .headers = "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n2\", qop=\"auth-int\"\r\n");
    script_wait(s, 40);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "gave_up");
}

/* It covers the body of the INVITE, which is not here. */
static void
test_ack_with_auth_int(struct script *s)
{
    const struct record *ack = SEND(
        s, .method = "ACK",
        .headers =
            "Authorization: Digest username=\"alice\", realm=\"example.com\", nonce=\"n1\", uri=\"sip:x\", "
            "qop=auth-int, nc=00000001, cnonce=\"c\", response=\"0123456789abcdef0123456789abcdef\"\r\n");
    g_assert_cmpint(script_use(ack)->verdict.status, ==, DIGEST_UNVERIFIED);
    g_assert_cmpint(script_use(ack)->verdict.reason, ==, DIGEST_BODY_CUT);
}

/* Another request of the same form was accepted: the 400 is about something else. */
static void
test_bad_request_of_known_form(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    SEND(s, .method = "PUBLISH", .call_id = "p");
    SEND(s, .method = "PUBLISH", .call_id = "p", .status = 401, .headers = CHALLENGE("n2"));
    SEND(s, .method = "PUBLISH", .call_id = "p", .cseq = 2,
         .headers = ANSWER(s, .nonce = "n2", .method = "PUBLISH"));
    SEND(s, .method = "PUBLISH", .call_id = "p", .cseq = 2, .status = 400);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "failed");
}

/* Refused again and again by one who had not let in before, a user's name may be as long as it likes. */
static void
test_long_names(struct script *s)
{
    char *user = g_strnfill(3000, 'u'), *method = g_strnfill(3000, 'M');
    const struct record *record = SEND(s, .method = method, .headers = ANSWER(s, .user = user));
    g_assert_cmpuint(strlen(record->method), ==, 64);
    g_assert_cmpuint(strlen(script_use(record)->user_at_realm), <, 600);
    g_free(user);
    g_free(method);
}

/* The nonce count is no part of the digest then. */
static void
test_count_without_qop(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\"\r\n");
    SEND(s, .cseq = 2,
         .headers = "Authorization: Digest username=\"bob\", realm=\"example.com\", nonce=\"n1\", "
                    "uri=\"sip:example.com\", nc=\"00000001\", "
                    "response=\"8258d3744c08b75f7af46cd0f1762510\"\r\n");
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "refused_unverified");
}

static void
test_no_retry(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
    script_wait(s, 32);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
    script_wait(s, 0.001);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "no-retry");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "never_answered");
}

/* The client answers after all, though late. */
static void
test_late_retry(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    script_wait(s, 50);
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

static void
test_gave_up(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .password = "wrong"));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    script_wait(s, 33);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "rejected");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "no-retry");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "gave_up");
}

static void
test_no_answer(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    script_wait(s, 0.5);
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    script_wait(s, 31.4);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
    script_wait(s, 0.2);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "no-answer");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "retry_unanswered");
}

/* Over UDP whoever gets no answer asks again: where nobody does, the answer is missing in the capture only.
 */
static void
test_answer_not_captured(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    script_wait(s, 40);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
}

/* A phone that rings for a minute is no silence. */
static void
test_provisional(struct script *s)
{
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .method = "INVITE", .cseq = 2, .headers = ANSWER(s, .method = "INVITE"));
    SEND(s, .method = "INVITE", .cseq = 2, .status = 180);
    script_wait(s, 60);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
    SEND(s, .method = "INVITE", .cseq = 2, .status = 200);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

/* The nonce worked before and is refused now: too old, and the server does not say so. */
static void
test_stale_unsaid(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    struct record *refresh = SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"), .ms = 600000);
    SEND(s, .cseq = 3, .status = 401, .headers = CHALLENGE("n2"));
    SEND(s, .cseq = 4, .headers = ANSWER(s, .nonce = "n2"));
    SEND(s, .cseq = 4, .status = 200);
    g_assert_cmpint(script_use(refresh)->outcome, ==, OUTCOME_STALE);
    g_assert_false(script_use(refresh)->stale_said);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "accepted");
}

/* The password was changed on one side: what is known to be wrong is not too old. */
static void
test_bad_is_not_stale(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    struct record *refresh =
        SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002", .password = "x"), .ms = 600000);
    SEND(s, .cseq = 3, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpint(script_use(refresh)->outcome, ==, OUTCOME_REJECTED);
}

/* Without a nonce it answers whichever copy of the challenge the client got, however late. */
static void
test_basic_late(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = "Authorization: Basic eDp5\r\n", .ms = 1500);
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "scheme_differs");
}

/* Who is given another nonce with the answer, and goes on with the old one, has it to blame; unless this
 * server takes such ones. */
static const struct use *
nextnonce_left_unused(struct script *s, unsigned last)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200, .headers = "Authentication-Info: nextnonce=\"n2\"\r\n");
    for (unsigned cseq = 3; cseq < last; cseq++) {
        SEND(s, .cseq = cseq, .headers = ANSWER(s, .nc = cseq == 3 ? "00000002" : "00000003"));
        SEND(s, .cseq = cseq, .status = 200);
    }
    const struct record *refresh = SEND(s, .cseq = last, .headers = ANSWER(s, .nc = "00000009"));
    SEND(s, .cseq = last, .status = 401, .headers = CHALLENGE("n3"));
    return script_use(refresh);
}

static void
test_nextnonce_ignored(struct script *s)
{
    const struct use *use = nextnonce_left_unused(s, 3);
    g_assert_cmpint(use->outcome, ==, OUTCOME_STALE);
    g_assert_cmpint(use->cause, ==, FINDING_NEXTNONCE_IGNORED);
    g_assert_cmpuint(use->nonce_accepted_in, ==, 4);
}

static void
test_nextnonce_optional(struct script *s)
{
    g_assert_cmpint(nextnonce_left_unused(s, 5)->cause, ==, FINDING_STALE_UNSAID);
}

/* The same nonce once more is no other one. */
static void
test_nextnonce_same(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200, .headers = "Authentication-Info: nextnonce=\"n1\"\r\n");
    const struct record *refresh = SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"));
    SEND(s, .cseq = 3, .status = 401, .headers = CHALLENGE("n3"));
    g_assert_cmpint(script_use(refresh)->cause, ==, FINDING_STALE_UNSAID);
}

/* Refused, and accepted with the next nonce: it was the nonce if the password is known to be the same. */
struct second_try {
    const char *name;
    const char *user, *password; /* alice is configured; the first password */
    const char *uri;             /* the first one's, if it is another than the second one's */
    double ms;                   /* from the second challenge to its answer */
    const char *note;
};

static const struct second_try second_tries[] = {
    {"right", "alice", NULL, NULL, 5000, "nonce_unknown"},
    {"wrong", "alice", "x", NULL, 10, NULL},
    {"unverified-at-once", "bob", NULL, NULL, 10, "nonce_unknown"},
    {"unverified-by-hand", "bob", NULL, NULL, 5000, NULL},
    {"other-uri", "bob", NULL, "sip:192.0.2.2", 10, NULL},
};

static void
test_second_try(gconstpointer data)
{
    const struct second_try *c = data;
    struct script *s = script_begin();
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .user = c->user, .password = c->password, .uri = c->uri));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    SEND(s, .cseq = 3, .headers = ANSWER(s, .user = c->user, .nonce = "n2"), .ms = c->ms);
    const struct record *accepted = SEND(s, .cseq = 3, .status = 200);
    const char *notes = script_notes(s, accepted);
    g_assert_null(strstr(notes, "late_stale"));
    if (c->note)
        g_assert_nonnull(strstr(notes, c->note));
    else
        g_assert_null(strstr(notes, "nonce_unknown"));
    script_end(s);
}

/* Another phone of the same user got the same nonce, and was accepted. */
static void
test_accepted_elsewhere_is_not_stale(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .call_id = "call-2");
    SEND(s, .call_id = "call-2", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    struct record *retry = SEND(s, .call_id = "call-2", .cseq = 2, .headers = ANSWER(s, .user = "alice"));
    SEND(s, .call_id = "call-2", .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpint(script_use(retry)->outcome, ==, OUTCOME_REJECTED);
}

/* What ended stays ended: a later message of the same transaction changes nothing. */
static void
test_closed_once(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    SEND(s, .cseq = 2, .status = 500, .to_tag = "t9");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
    g_assert_cmpuint(script_exchange(s, 0)->closed_frame, ==, 4);
}

/* --- attempts
 * ------------------------------------------------------------------------------------------------------------
 */

static void
fail_once(struct script *s, unsigned cseq, const char *user, int server)
{
    SEND(s, .cseq = cseq, .user = user, .to = server);
    SEND(s, .cseq = cseq, .user = user, .from = server, .status = 401, .headers = CHALLENGE("n"));
}

static void
test_attempts(struct script *s)
{
    for (unsigned i = 1; i <= 3; i++) {
        fail_once(s, i, "alice", 2);
        g_assert_cmpuint(script_exchange(s, i - 1)->attempt, ==, i);
    }
    SEND(s, .cseq = 9, .headers = ANSWER(s, .nonce = "n"));
    SEND(s, .cseq = 9, .status = 200);
    fail_once(s, 10, "alice", 2);
    g_assert_cmpuint(script_exchange(s, 3)->attempt, ==, 1);
}

static void
test_attempts_by_account(struct script *s)
{
    fail_once(s, 1, "alice", 2);
    fail_once(s, 2, "bob", 2);
    fail_once(s, 3, "alice", 3);
    fail_once(s, 4, "alice", 2);
    g_assert_cmpuint(script_exchange(s, 0)->attempt, ==, 1);
    g_assert_cmpuint(script_exchange(s, 1)->attempt, ==, 1);
    g_assert_cmpuint(script_exchange(s, 2)->attempt, ==, 1);
    g_assert_cmpuint(script_exchange(s, 3)->attempt, ==, 2);
    g_assert_cmpstr(exchange_account(script_exchange(s, 1)), ==, "bob@example.com");
}

/* --- ACK and CANCEL: RFC 3261 section 9.1, 13.2.2.4, 17.1.1.3, 22.1
 * -------------------------------------------------------- */

static void
test_ack(struct script *s)
{
    const char *credentials = ANSWER(s, .method = "INVITE");
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .method = "ACK", .to_tag = "t1");
    struct record *retry = SEND(s, .method = "INVITE", .cseq = 2, .headers = credentials);
    SEND(s, .method = "INVITE", .cseq = 2, .status = 200);
    struct record *ack =
        SEND(s, .method = "ACK", .cseq = 2, .branch = "z9hG4bKack", .to_tag = "t1", .headers = credentials);
    struct record *next = SEND(s, .method = "BYE", .cseq = 3, .to_tag = "t1",
                               .headers = ANSWER(s, .method = "BYE", .nc = "00000002"));
    g_assert_true(script_use(retry)->is_retry && !script_use(ack)->is_retry);
    g_assert_cmpint(script_use(ack)->verdict.status, ==, DIGEST_GOOD);
    g_assert_cmpuint(script_use(next)->nonce_use, ==, 2);
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 4);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

static void
test_cancel(struct script *s)
{
    const char *credentials = ANSWER(s, .method = "INVITE");
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .method = "ACK", .to_tag = "t1");
    SEND(s, .method = "INVITE", .cseq = 2, .headers = credentials);
    struct record *cancel = SEND(s, .method = "CANCEL", .cseq = 2, .headers = credentials);
    SEND(s, .method = "CANCEL", .cseq = 2, .status = 200);
    SEND(s, .method = "INVITE", .cseq = 2, .status = 487);
    g_assert_false(script_use(cancel)->is_retry);
    g_assert_cmpint(script_use(cancel)->verdict.status, ==, DIGEST_GOOD);
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 4);
    g_assert_cmpuint(script_exchange(s, 0)->closed_status, ==, 487);
}

/* --- clocks
 * ----------------------------------------------------------------------------------------------------------------
 */

static void
test_clock_steps_back(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    struct record *retry = SEND(s, .cseq = 2, .headers = ANSWER(s), .ms = -5000);
    SEND(s, .cseq = 2, .status = 200);
    g_assert_true(script_use(retry)->exchange == script_exchange(s, 0));
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

/* Merged captures: by more than an hour, it is another clock, and nothing times out for that. */
static void
test_clock_steps_far_back(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    script_wait(s, -7200);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
    struct record *request = SEND(s, .call_id = "call-2");
    g_assert_true(SEND(s, .call_id = "call-2", .status = 401, .headers = CHALLENGE("n2"))->request ==
                  request);
    script_wait(s, 33);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "no-retry");
}

/* --- rspauth: RFC 7616 section 3.5
 * ------------------------------------------------------------------------------------------- */

struct proof {
    const char *name;
    const char *user, *password; /* of the server's computation; NULL: alice, secret */
    const char *qop;             /* of the server's line; NULL: auth */
    const char *header;          /* of the request beside Authorization, for the nonce n2; NULL: none */
    bool proxy;                  /* that header's credentials are those that the server speaks of */
    const char *signs;           /* with this password the client does; NULL: secret */
    enum digest_status status;
};

static const struct proof proofs[] = {
    {"good", NULL, NULL, NULL, NULL, false, NULL, DIGEST_GOOD},
    {"bad", NULL, "other", NULL, NULL, false, NULL, DIGEST_BAD},
    {"other-qop", NULL, NULL, "auth-int", NULL, false, NULL, DIGEST_GOOD},
    {"two-headers", NULL, NULL, NULL, "Proxy-Authorization", false, NULL, DIGEST_GOOD},
    {"two-headers-of-the-proxy", NULL, NULL, NULL, "Proxy-Authorization", true, NULL, DIGEST_GOOD},
    {"both-without-domain", "alice", NULL, NULL, NULL, false, NULL, DIGEST_GOOD},
    {"server-without-domain", "alice", "other", NULL, NULL, false, NULL, DIGEST_BAD},
    {"both-with-an-empty-password", NULL, "", NULL, NULL, false, "", DIGEST_BAD},
};

/* HA1 and A2 as the server has them; the rest is the request's. */
static char *
rspauth_of(const struct proof *c)
{
    const char *qop = c->qop ? c->qop : "auth";
    char *a1 = g_strdup_printf("alice:example.com:%s", c->password ? c->password : "secret");
    char *ha1 = g_compute_checksum_for_string(G_CHECKSUM_MD5, a1, -1);
    char *ha2 = g_compute_checksum_for_string(G_CHECKSUM_MD5,
                                              c->qop ? ":sip:example.com:d41d8cd98f00b204e9800998ecf8427e"
                                                     : ":sip:example.com",
                                              -1);
    char *text = g_strdup_printf("%s:%s:00000001:0a4f113b:%s:%s", ha1, c->proxy ? "n2" : "n1", qop, ha2);
    char *rspauth = g_compute_checksum_for_string(G_CHECKSUM_MD5, text, -1);
    g_free(a1);
    g_free(ha1);
    g_free(ha2);
    g_free(text);
    return rspauth;
}

/* A client that sends its domain and hashes its name without signs so. */
static const char *
signed_by_client(struct script *s, const struct proof *c)
{
    const char *line = ANSWER(s, .password = c->signs);
    char **parts = g_strsplit(line, "username=\"alice\"", 2);
    char *domain = g_strjoinv("username=\"alice@example.com\"", parts);
    if (c->user)
        line = script_join(s, domain, "");
    g_strfreev(parts);
    g_free(domain);
    return c->header ? script_join(s, line, ANSWER(s, .header = c->header, .nonce = "n2")) : line;
}

static void
test_rspauth(gconstpointer data)
{
    const struct proof *c = data;
    struct script *s = script_begin();
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = signed_by_client(s, c));
    char *rspauth = rspauth_of(c);
    char *line = g_strdup_printf("%s: rspauth=\"%s\", qop=%s, cnonce=\"0a4f113b\", nc=00000001\r\n",
                                 c->proxy ? "Proxy-Authentication-Info" : "Authentication-Info", rspauth,
                                 c->qop ? c->qop : "auth");
    struct record *ok = SEND(s, .cseq = 2, .status = 200, .headers = line);
    g_assert(ok->detail && ok->detail->proof);
    g_assert_true(ok->detail->proof->has_rspauth);
    g_assert_cmpint(ok->detail->proof->verdict.status, ==, c->status);
    g_free(rspauth);
    g_free(line);
    script_end(s);
}

/* --- limits
 * --------------------------------------------------------------------------------------------------------------------
 */

static void
test_many_challenges(struct script *s)
{
    GString *headers = g_string_new(NULL);
    for (int i = 0; i < 100; i++)
        g_string_append_printf(headers, "WWW-Authenticate: Digest realm=\"r%d\", nonce=\"n%d\"\r\n", i, i);
    SEND(s);
    struct record *refusal = SEND(s, .status = 401, .headers = headers->str);
    g_assert_cmpuint(refusal->detail->lines_left_out, ==, 68);
    g_assert_nonnull(strstr(script_notes(s, refusal), "too_many_challenges"));
    g_string_free(headers, TRUE);
}

/* More distinct responses than are told apart: none is lost, none makes memory grow without end. */
static void
test_many_responses(struct script *s)
{
    struct record *request = SEND(s, .method = "INVITE");
    for (int i = 0; i < 200; i++) {
        char tag[16];
        g_snprintf(tag, sizeof tag, "t%d", i);
        g_assert_true(SEND(s, .method = "INVITE", .status = 180, .to_tag = tag)->request == request);
    }
}

static void
test_free_nothing(struct script *s)
{
    g_assert_null(tracker_exchanges(s->tracker));
    tracker_free(NULL);
}

/* ----------------------------------------------------------------------------------------------------------------------------------
 */

/* --- what else there is to say
 * -------------------------------------------------------------------------------- */

static bool
is_told(struct script *s, const struct record *record, const char *name)
{
    char **names = g_strsplit(script_notes(s, record), " ", -1);
    bool told = g_strv_contains((const char *const *)names, name);
    g_strfreev(names);
    return told;
}

/* Frames 1 to 4: INVITE, challenge, ACK, INVITE with credentials. */
static void
invite(struct script *s)
{
    SEND(s, .method = "INVITE", .branch = "z9hG4bKa");
    SEND(s, .method = "INVITE", .branch = "z9hG4bKa", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .method = "ACK", .branch = "z9hG4bKa", .to_tag = "t1");
    SEND(s, .method = "INVITE", .branch = "z9hG4bKb", .cseq = 2, .headers = ANSWER(s, .method = "INVITE"));
}

static void
test_cancel_of_refused(struct script *s)
{
    invite(s);
    SEND(s, .method = "INVITE", .branch = "z9hG4bKb", .cseq = 2, .status = 180);
    g_assert_true(is_told(s, SEND(s, .method = "CANCEL", .branch = "z9hG4bKb"), "cancel_cseq"));
    g_assert_false(is_told(s, SEND(s, .method = "CANCEL", .branch = "z9hG4bKb", .cseq = 2), "cancel_cseq"));
}

/* Nothing has answered the challenge yet. */
static void
test_cancel_crosses_challenge(struct script *s)
{
    SEND(s, .method = "INVITE", .branch = "z9hG4bKa");
    SEND(s, .method = "INVITE", .branch = "z9hG4bKa", .status = 401, .headers = CHALLENGE("n1"));
    g_assert_false(is_told(s, SEND(s, .method = "CANCEL", .branch = "z9hG4bKa"), "cancel_cseq"));
}

static void
test_ack_of_refused(struct script *s)
{
    invite(s);
    SEND(s, .method = "INVITE", .branch = "z9hG4bKb", .cseq = 2, .status = 200);
    struct record *wrong = SEND(s, .method = "ACK", .branch = "z9hG4bKc", .to_tag = "t1");
    g_assert_true(is_told(s, wrong, "ack_cseq"));
    g_assert_cmpuint(wrong->detail->notes->frame_a, ==, 5);
    g_assert_cmpuint(wrong->detail->notes->number, ==, 1);
    g_assert_false(
        is_told(s, SEND(s, .method = "ACK", .branch = "z9hG4bKd", .cseq = 2, .to_tag = "t1"), "ack_cseq"));
}

/* Who has answered such an offer before did not stop at an algorithm. */
static void
test_gave_up_on_an_offer_of_two(struct script *s)
{
    const char *offer =
        "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"s1\", algorithm=SHA-256, qop=\"auth\"\r\n";
    SEND(s);
    SEND(s, .status = 401, .headers = script_join(s, offer, CHALLENGE("n1")));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .password = "x"));
    SEND(s, .cseq = 2, .status = 401, .headers = script_join(s, offer, CHALLENGE("n2")));
    g_assert_true(audit_silence_suspect(script_exchange(s, 0), FINDING_ALGORITHM_UNANSWERED));
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "gave_up");
    g_assert_false(audit_silence_suspect(script_exchange(s, 1), FINDING_ALGORITHM_UNANSWERED));
}

/* The copy was on its way already; so it was where an ACK follows. */
static void
test_challenge_crossed(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"), .ms = 499);
    SEND(s, .ms = 3);
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "never_answered");
}

static void
test_challenge_acknowledged(struct script *s)
{
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"), .ms = 100);
    SEND(s, .method = "INVITE", .ms = 400);
    SEND(s, .method = "ACK");
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "never_answered");
}

static void
test_challenge_lost(struct script *s)
{
    for (unsigned copies = 0; copies <= 3; copies++) {
        SEND(s, .cseq = copies + 1);
        SEND(s, .cseq = copies + 1, .status = 401, .headers = CHALLENGE("n1"));
        double ms = 500;
        for (unsigned i = 0; i < copies; i++, ms *= 2)
            SEND(s, .cseq = copies + 1, .ms = ms);
        script_wait(s, 33);
        /* by a long way the first ones are sent before it arrives, and no more */
        const char *cause = copies < 3 ? "never_answered" : "challenge_lost";
        g_assert_cmpstr(script_cause(s, script_exchange(s, copies)), ==, cause);
    }
}

/* It comes again and again. */
static void
challenged_for_long(struct script *s, bool acknowledged)
{
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"));
    if (acknowledged)
        SEND(s, .method = "ACK");
    for (double ms = 500; ms < 5000; ms *= 2)
        SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"), .ms = ms);
    script_wait(s, 33);
}

static void
test_challenge_repeated(struct script *s)
{
    challenged_for_long(s, true);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "never_answered");
}

/* Each client acknowledges it, and this one did not. */
static void
test_challenge_not_acknowledged(struct script *s)
{
    challenged_for_long(s, false);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "challenge_lost");
}

static void
test_in_dialog_unanswered(struct script *s)
{
    SEND(s, .method = "BYE", .to_tag = "t1");
    SEND(s, .method = "BYE", .status = 407,
         .headers = CHALLENGE_OF("Proxy-Authenticate", "example.com", "n1"));
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "in_dialog_unanswered");
}

/* … nor is a new nonce answered, though nothing is wrong with the credentials but their age. */
static void
test_in_dialog_stale(struct script *s)
{
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .method = "INVITE", .cseq = 2, .headers = ANSWER(s, .method = "INVITE"));
    SEND(s, .method = "INVITE", .cseq = 2, .status = 200);
    SEND(s, .method = "BYE", .cseq = 3, .to_tag = "t1",
         .headers = ANSWER(s, .method = "BYE", .nc = "00000002"));
    SEND(s, .method = "BYE", .cseq = 3, .status = 401, .headers = STALE("n2"));
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "in_dialog_unanswered");
}

static void
test_notify_unanswered(struct script *s)
{
    SEND(s, .method = "NOTIFY", .to_tag = "t1");
    SEND(s, .method = "NOTIFY", .status = 401, .headers = CHALLENGE("n1"));
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "notify_unanswered");
}

/* Registered, so the client has a password. */
static void
registered(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
}

static void
test_method_unanswered(struct script *s)
{
    registered(s);
    SEND(s, .method = "SUBSCRIBE", .call_id = "call-2");
    SEND(s, .method = "SUBSCRIBE", .call_id = "call-2", .status = 401, .headers = CHALLENGE("n2"));
    script_wait(s, 33);
    const struct exchange *exchange = script_exchange(s, 1);
    g_assert_cmpstr(script_cause(s, exchange), ==, "method_unanswered");
    g_assert_cmpuint(exchange->account->accepted_frame, ==, 4);
}

/* Its password is for another realm. */
static void
test_other_realm_unanswered(struct script *s)
{
    registered(s);
    SEND(s, .method = "SUBSCRIBE", .call_id = "call-2");
    SEND(s, .method = "SUBSCRIBE", .call_id = "call-2", .status = 407,
         .headers = CHALLENGE_OF("Proxy-Authenticate", "example.net", "n2"));
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "never_answered");
}

static void
test_register_again_unanswered(struct script *s)
{
    registered(s);
    SEND(s, .cseq = 3);
    SEND(s, .cseq = 3, .status = 401, .headers = CHALLENGE("n2"));
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "never_answered");
}

/* Who has registered has a password: for that realm, and at that address. */
struct skipped {
    const char *name;
    int from;
    const char *contact, *challenge, *cause;
};

#define CONTACT "Contact: <sip:alice@192.0.2.1>\r\n"

static const struct skipped skips[] = {
    {"same", 1, CONTACT, CHALLENGE("n2"), "challenge_skipped"},
    {"other-phone", 5, "Contact: <sip:alice@192.0.2.5>\r\n", CHALLENGE("n2"), "never_answered"},
    {"other-realm", 1, CONTACT, CHALLENGE_OF("WWW-Authenticate", "example.net", "n2"), "never_answered"},
    {"realm-alike", 1, CONTACT, CHALLENGE_OF("WWW-Authenticate", "le.com", "n2"), "never_answered"},
};

static void
test_skipped(gconstpointer data)
{
    const struct skipped *c = data;
    struct script *s = script_begin();
    SEND(s, .headers = CONTACT);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = script_join(s, ANSWER(s), CONTACT));
    SEND(s, .cseq = 2, .status = 200, .headers = CONTACT "Expires: 600\r\n");
    SEND(s, .call_id = "call-2", .from = c->from, .headers = c->contact);
    SEND(s, .call_id = "call-2", .to = c->from, .status = 401, .headers = c->challenge);
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, c->cause);
    script_end(s);
}

static void
test_cseq_decreased(struct script *s)
{
    SEND(s, .cseq = 7);
    SEND(s, .cseq = 7, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 6, .headers = ANSWER(s));
    SEND(s, .cseq = 6, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "cseq_decreased");
}

static void
refused_as_anonymous(struct script *s, const char *password)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .user = "anonymous", .password = password));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
}

/* RFC 3261 section 22.1: the last try of a client that has no account. */
static void
test_anonymous(struct script *s)
{
    refused_as_anonymous(s, "");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "anonymous");
}

static void
test_anonymous_with_password(struct script *s)
{
    refused_as_anonymous(s, "hunter2");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "refused_unverified");
}

static void
test_interval_too_brief(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    struct record *retry =
        SEND(s, .cseq = 2, .headers = script_join(s, ANSWER(s), "Contact: <sip:a@b>;expires=60\r\n"));
    SEND(s, .cseq = 2, .status = 423, .headers = "Min-Expires: 300\r\n");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "interval_too_brief");
    g_assert_cmpuint(script_use(retry)->asked_expires, ==, 60);
    g_assert_cmpuint(script_use(retry)->compared, ==, 300);
}

/* The nonce serves for the next request, too, and that tells how things are. */
static void
test_goes_on(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 423, .headers = "Min-Expires: 300\r\n");
    g_assert_cmpuint(script_exchange(s, 0)->later_frame, ==, 0);
    SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"));
    struct record *ok = SEND(s, .cseq = 3, .status = 200);
    const struct exchange *exchange = script_exchange(s, 0);
    g_assert_cmpint(exchange->outcome, ==, OUTCOME_INTERVAL_TOO_BRIEF);
    g_assert_cmpint(exchange->later_outcome, ==, OUTCOME_ACCEPTED);
    g_assert_cmpuint(exchange->later_frame, ==, ok->frame);
    SEND(s, .cseq = 4, .headers = ANSWER(s, .nc = "00000003"));
    SEND(s, .cseq = 4, .status = 403);
    g_assert_cmpint(exchange->later_outcome, ==, OUTCOME_FORBIDDEN);
    g_assert_cmpint(exchange->later_cause, ==, FINDING_FORBIDDEN);
}

/* … but not how they are at another server. */
static void
test_goes_on_elsewhere(struct script *s)
{
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .method = "INVITE", .cseq = 2, .headers = ANSWER(s, .method = "INVITE"));
    SEND(s, .method = "INVITE", .cseq = 2, .status = 503);
    SEND(s, .method = "INVITE", .cseq = 3, .headers = ANSWER(s, .method = "INVITE", .nc = "00000002"),
         .to = 3);
    SEND(s, .method = "INVITE", .cseq = 3, .status = 200, .from = 3, .to = 1);
    g_assert_cmpint(script_exchange(s, 0)->outcome, ==, OUTCOME_FAILED);
    g_assert_cmpuint(script_exchange(s, 0)->later_frame, ==, 0);
}

/* A challenge in a call of its own, the answer, and the end. */
struct call {
    const char *call_id, *method, *nonce;
    unsigned status;
    struct answer answer;
    int from;
};

static const struct use *
answered_call(struct script *s, const struct call *call)
{
    const int to = call->from ? 2 : 0;
    struct answer answer = call->answer;
    answer.method = call->method;
    char *challenge = g_strdup_printf("WWW-Authenticate: Digest realm=\"example.com\", nonce=\"%s\", "
                                      "qop=\"auth\", algorithm=MD5\r\n",
                                      call->nonce);
    struct sip sip = {.method = call->method,
                      .call_id = call->call_id,
                      .user = "4711",
                      .from = call->from,
                      .to = to};
    struct sip back = {.method = call->method,
                       .call_id = call->call_id,
                       .user = "4711",
                       .from = to,
                       .to = call->from,
                       .status = 401,
                       .headers = challenge};
    script_send(s, &sip);
    script_send(s, &back);
    sip.cseq = back.cseq = 2;
    sip.headers = script_answer(s, &answer);
    const struct use *use = script_use(script_send(s, &sip));
    back.status = call->status;
    back.headers = call->status == 401 ? CHALLENGE("again") : NULL;
    script_send(s, &back);
    g_free(challenge);
    return use;
}
#define CALL(s, ...) answered_call((s), &(struct call){__VA_ARGS__})

/* Refused, where the same user was let in before, from the same client: it is not the password, but for a
 * registrar. */
struct accepted_before {
    const char *name, *method, *user;
    unsigned status;
    int from;
    const char *cause;
};

static const struct accepted_before accepted_before[] = {
    {"asked-again", "INVITE", "alice", 401, 0, "accepted_before"},
    {"forbidden", "INVITE", "alice", 403, 0, "accepted_before"},
    {"another-user", "INVITE", "bob", 403, 0, "forbidden"},
    {"another-client", "INVITE", "alice", 403, 9, "forbidden"},
    {"aor-at-registrar", "REGISTER", "alice", 403, 0, "username_not_aor"},
};

static void
test_accepted_before(gconstpointer data)
{
    const struct accepted_before *c = data;
    struct script *s = script_begin();
    registered(s);
    const struct use *use =
        CALL(s, "call-2", c->method, "n2", c->status, {.user = c->user, .nonce = "n2"}, c->from);
    g_assert_cmpstr(finding_rule((enum finding)use->cause)->name, ==, c->cause);
    bool same = strcmp(c->user, "alice") == 0 && c->from == 0;
    g_assert_cmpuint(use->user_accepted_in, ==, same ? 4 : 0);
    script_end(s);
}

/* With an empty password it was let in: that it is empty is not why. */
static void
test_empty_password_is_right(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .user = "bob", .password = ""));
    SEND(s, .cseq = 2, .status = 200);
    const struct use *use =
        CALL(s, "call-2", "INVITE", "n2", 403, {.user = "bob", .password = "", .nonce = "n2"}, 0);
    g_assert_cmpint(use->cause, ==, FINDING_ACCEPTED_BEFORE);
}

/* The nonce of that time is refused, which may be for its age; and then a fresh one is, too. A digest that is
 * known to be right, another registrar, or a 403 have other reasons. */
struct no_longer_accepted {
    const char *name, *user;
    int server;
    unsigned status;
    const char *cause;
};

static const struct no_longer_accepted no_longer_accepted[] = {
    {"unverified", "bob", 2, 401, "no_longer_accepted"},
    {"verified", NULL, 2, 401, "digest_good_refused"},
    {"another-registrar", "bob", 3, 401, "refused_unverified"},
    {"forbidden", "bob", 2, 403, "forbidden"},
    {"without-a-challenge", "bob", 2, 407, "no_challenge"},
};

static void
test_no_longer_accepted(gconstpointer data)
{
    const struct no_longer_accepted *c = data;
    struct script *s = script_begin();
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .user = c->user));
    SEND(s, .cseq = 2, .status = 200);
    const struct use *refresh =
        script_use(SEND(s, .cseq = 3, .headers = ANSWER(s, .user = c->user, .nc = "00000002")));
    SEND(s, .cseq = 3, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpint(refresh->cause, ==, FINDING_STALE_UNSAID);
    SEND(s, .cseq = 4, .to = c->server);
    SEND(s, .cseq = 4, .status = 401, .headers = CHALLENGE("n3"), .from = c->server, .to = 1);
    SEND(s, .cseq = 5, .headers = ANSWER(s, .user = c->user, .nonce = "n3"), .to = c->server);
    SEND(s, .cseq = 5, .status = c->status, .headers = c->status == 401 ? CHALLENGE("n4") : NULL,
         .from = c->server, .to = 1);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 2)), ==, c->cause);
    script_end(s);
}

/* A refresh is of a contact that is registered; another phone of the account begins. */
struct refresh_bare {
    const char *name, *call_id, *contact;
    bool told;
};

static const struct refresh_bare refresh_bare[] = {
    {"refresh", "call-1", "Contact: <sip:alice@192.0.2.1>;expires=600\r\n", true},
    {"other-phone", "call-2", "Contact: <sip:alice@192.0.2.5>;expires=600\r\n", false},
    {"removal", "call-1", "Contact: <sip:alice@192.0.2.1>;expires=0\r\n", false},
};

static void
test_refresh_bare(gconstpointer data)
{
    const struct refresh_bare *c = data;
    const char *phone = "Contact: <sip:alice@192.0.2.1>;expires=600\r\n";
    struct script *s = script_begin();
    SEND(s, .call_id = "call-1", .headers = phone);
    SEND(s, .call_id = "call-1", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .call_id = "call-1", .cseq = 2, .headers = script_join(s, ANSWER(s), phone));
    SEND(s, .call_id = "call-1", .cseq = 2, .status = 200, .headers = phone);
    SEND(s, .call_id = c->call_id, .cseq = 3, .headers = c->contact);
    const struct record *asked =
        SEND(s, .call_id = c->call_id, .cseq = 3, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_notes(s, asked), ==,
                    c->told ? "md5_only refresh_without_credentials" : "md5_only");
    script_end(s);
}

/* One nonce for all calls: it answers the challenge of this one, right or wrong. */
static void
answered_with_other_nonce(struct script *s, unsigned status, enum outcome outcome, enum finding cause)
{
    registered(s);
    const struct use *use = CALL(s, "call-2", "INVITE", "n2", status, {.nc = "00000002"});
    g_assert_cmpuint(script_exchange(s, 1)->retry_frame, ==, use->request_frame);
    g_assert_cmpint(script_exchange(s, 1)->outcome, ==, outcome);
    g_assert_cmpint(use->cause, ==, cause);
    g_assert_cmpuint(use->nonce_use, ==, 2);
}

static void
test_nonce_of_other_call(struct script *s)
{
    answered_with_other_nonce(s, 200, OUTCOME_ACCEPTED, FINDING_NONE);
}

static void
test_nonce_of_other_call_refused(struct script *s)
{
    answered_with_other_nonce(s, 401, OUTCOME_STALE, FINDING_NONCE_OF_OTHER_CALL);
}

/* To a server the To tag of its refusal names a dialog that there is none of. */
static void
test_to_tag_kept(struct script *s)
{
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .to_tag = "t1", .headers = CHALLENGE("n1"));
    const struct record *retry =
        SEND(s, .method = "INVITE", .cseq = 2, .to_tag = "t1", .headers = ANSWER(s, .method = "INVITE"));
    SEND(s, .method = "INVITE", .cseq = 2, .status = 481);
    g_assert_cmpint(script_use(retry)->cause, ==, FINDING_TO_TAG_KEPT);
}

/* A count that was there before, with a nonce that is still good or may be too old. */
static const struct use *
replayed_after(struct script *s, double seconds)
{
    registered(s);
    script_wait(s, seconds);
    const struct record *again = SEND(s, .cseq = 3, .headers = ANSWER(s, .cnonce = "other"));
    SEND(s, .cseq = 3, .status = 401, .headers = STALE("n2"));
    return script_use(again);
}

static void
test_replay_called_stale(struct script *s)
{
    g_assert_cmpint(replayed_after(s, 3)->cause, ==, FINDING_NC_REPLAYED);
}

static void
test_old_replay_called_stale(struct script *s)
{
    g_assert_cmpint(replayed_after(s, 60)->cause, ==, FINDING_NONCE_STALE);
}

/* A call that rings was let in: what is refused of its nonce then is the nonce. */
static void
test_nonce_of_ringing_call(struct script *s)
{
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .method = "INVITE", .cseq = 2, .headers = ANSWER(s, .method = "INVITE"));
    SEND(s, .method = "INVITE", .cseq = 2, .status = 180);
    const struct record *second = SEND(s, .method = "INVITE", .call_id = "call-2",
                                       .headers = ANSWER(s, .method = "INVITE", .nc = "00000002"));
    SEND(s, .method = "INVITE", .call_id = "call-2", .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpint(script_use(second)->outcome, ==, OUTCOME_STALE);
    g_assert_cmpuint(script_use(second)->nonce_accepted_in, ==, 4);
}

/* Each from a number of its own; `credentials` of each, or a user of each number. */
static bool
is_scan(struct script *s, const char *user, const char *credentials)
{
    const char *notes = NULL;
    for (unsigned i = 0; i < 8; i++) {
        char *number = g_strdup_printf("47%u", i);
        SEND(s, .call_id = number, .user = number);
        SEND(s, .call_id = number, .user = number, .status = 401, .headers = CHALLENGE("n1"));
        SEND(s, .call_id = number, .user = number, .cseq = 2,
             .headers = credentials ? credentials : ANSWER(s, .user = user ? user : number));
        notes = script_notes(s, SEND(s, .call_id = number, .user = number, .cseq = 2, .status = 403));
        g_free(number);
    }
    return strstr(notes, "many_accounts_fail") != NULL;
}

static void
test_many_users(struct script *s)
{
    g_assert_true(is_scan(s, NULL, NULL));
}

static void
test_many_numbers_of_one_user(struct script *s)
{
    g_assert_false(is_scan(s, "trunk", NULL));
}

/* These name nobody, so the number counts. */
static void
test_many_numbers_of_nobody(struct script *s)
{
    g_assert_true(
        is_scan(s, NULL,
                "Authorization: Digest username=\"\", realm=\"\", nonce=\"n1\", response=\"0\"\r\n"));
}

static void
test_stale_after_a_while(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    script_wait(s, 30);
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 401, .headers = STALE("n2"));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "nonce_stale");
}

/* Both realms are answered, and the first one asks for fresh credentials: nothing was left out. */
static void
test_credentials_kept(struct script *s)
{
    const char *first = ANSWER(s, .header = "Proxy-Authorization", .realm = "a", .nonce = "n1");
    const char *second = ANSWER(s, .realm = "b", .nonce = "n2");
    SEND(s);
    SEND(s, .status = 407, .headers = CHALLENGE_OF("Proxy-Authenticate", "a", "n1"));
    SEND(s, .cseq = 2, .headers = first);
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE_OF("WWW-Authenticate", "b", "n2"));
    SEND(s, .cseq = 3, .headers = script_join(s, first, second));
    SEND(s, .cseq = 3, .status = 407, .headers = CHALLENGE_OF("Proxy-Authenticate", "a", "n3"));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "other_realm");
}

static void
test_bad_but_accepted(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .password = "newer"));
    g_assert_true(is_told(s, SEND(s, .cseq = 2, .status = 200), "digest_bad_accepted"));
}

/* The client (1), a proxy (2) and a server (3): the request with credentials, as it comes to the server. */
static struct record *
play_removed(struct script *s, const char *passed_on)
{
    static const char via[] = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-%u\r\n%s";
    struct record *last = NULL;
    for (unsigned cseq = 1; cseq <= 2; cseq++) {
        char *request = g_strdup_printf(via, cseq, cseq == 2 ? passed_on : "");
        char *refusal = g_strdup_printf(via, cseq, cseq == 2 ? CHALLENGE("n2") : CHALLENGE("n1"));
        char *branch = g_strdup_printf("z9hG4bK-p%u", cseq);
        SEND(s, .cseq = cseq, .headers = cseq == 2 ? ANSWER(s) : "");
        SEND(s, .cseq = cseq, .branch = branch, .host = "192.0.2.2", .headers = request, .from = 2, .to = 3);
        SEND(s, .cseq = cseq, .branch = branch, .host = "192.0.2.2", .headers = refusal, .status = 401,
             .from = 3, .to = 2);
        last = SEND(s, .cseq = cseq, .status = 401, .headers = cseq == 2 ? CHALLENGE("n2") : CHALLENGE("n1"));
        g_free(request);
        g_free(refusal);
        g_free(branch);
    }
    script_wait(s, 33);
    return last;
}

static void
test_credentials_removed(struct script *s)
{
    play_removed(s, "");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "credentials_removed"); /* of the server */
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "credentials_removed"); /* of the proxy */
    g_assert_cmpstr(script_cause(s, script_exchange(s, 2)), ==, "credentials_removed");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 3)), ==, "gave_up");
    g_assert_cmpuint(exchange_detail(script_exchange(s, 0))->removed_frame, ==, 5);
    g_assert_cmpuint(exchange_detail(script_exchange(s, 0))->removed_in, ==, 6);
}

static void
test_credentials_passed_on(struct script *s)
{
    play_removed(s, ANSWER(s));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "digest_good_refused");
    g_assert_cmpuint(exchange_detail(script_exchange(s, 0))->removed_frame, ==, 0);
}

/* Those of another realm are the proxy's own: it may take them out. */
static void
test_credentials_consumed(struct script *s)
{
    static const char via[] = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-2\r\n";
    SEND(s);
    SEND(s, .status = 407, .headers = PROXY("p1"));
    SEND(s, .cseq = 2, .headers = PROXY_ANSWER(s, "p1"));
    SEND(s, .cseq = 2, .branch = "z9hG4bK-p", .host = "192.0.2.2", .headers = via, .from = 2, .to = 3);
    SEND(s, .cseq = 2, .branch = "z9hG4bK-p", .host = "192.0.2.2", .status = 401, .from = 3, .to = 2,
         .headers = script_join(s, via, CHALLENGE("n1")));
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "never_answered");
}

/* Some phones send from another port than they listen on. */
static void
test_asymmetric_ports(struct script *s)
{
    SEND(s, .from = 1 + NEXT_PORT);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    struct record *retry = SEND(s, .from = 1 + NEXT_PORT, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_false(finding_set_has(&script_use(retry)->suspects, FINDING_SOURCE_PORT_CHANGED));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "digest_good_refused");
}

/* Both ports are others: the client was told to come back that way (RFC 3329). */
static void
test_protected_ports(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    struct record *retry =
        SEND(s, .from = 1 + NEXT_PORT, .to = 2 + NEXT_PORT, .cseq = 2, .headers = ANSWER(s));
    g_assert_false(finding_set_has(&script_use(retry)->suspects, FINDING_SOURCE_PORT_CHANGED));
}

/* Two calls of one client, and the requests overtook each other: it counts for both together. */
static void
test_counts_overtaken(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    SEND(s, .method = "INVITE", .call_id = "call-3",
         .headers = ANSWER(s, .method = "INVITE", .nc = "00000003"));
    struct record *overtaken = SEND(s, .method = "INVITE", .call_id = "call-2",
                                    .headers = ANSWER(s, .method = "INVITE", .nc = "00000002"));
    g_assert_false(finding_set_has(&script_use(overtaken)->suspects, FINDING_NC_OF_EACH_CALL));
}

/* Who counts from 1 again in another call may have been given the nonce anew, or not: nothing there is
 * answered, but where the nonce comes from is known. Of others it is not said. */
static void
test_nonce_borrowed(struct script *s)
{
    const char *again = ANSWER(s, .method = "MESSAGE");
    challenge(s, CHALLENGE("n1"));
    struct record *own = SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    const struct use *other_call =
        script_use(SEND(s, .method = "MESSAGE", .call_id = "call-2", .headers = again));
    g_assert_cmpuint(other_call->challenge_frame, ==, 0);
    g_assert_cmpuint(other_call->nonce_borrowed_from, ==, 2);
    g_assert_cmpuint(script_use(own)->nonce_borrowed_from, ==, 0);
    const struct use *other_user = script_use(SEND(s, .method = "MESSAGE", .call_id = "call-3", .user = "bob",
                                                   .headers = ANSWER(s, .method = "MESSAGE", .user = "bob")));
    g_assert_cmpuint(other_user->nonce_borrowed_from, ==, 0);
}

/* One server offers two algorithms, and the client takes the nonce of the other one. */
static void
test_nonce_of_other_offer(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401,
         .headers = "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\", algorithm=SHA-256\r\n"
                    "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n2\", algorithm=MD5\r\n");
    struct record *retry = SEND(s, .cseq = 2, .headers = ANSWER(s, .nonce = "n1"));
    g_assert_false(finding_set_has(&script_use(retry)->suspects, FINDING_REALM_SHARED));
}

/* A fork joined what two servers of one realm ask. */
static void
test_realm_shared(struct script *s)
{
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1") CHALLENGE("n2"));
    SEND(s, .method = "INVITE", .cseq = 2, .headers = ANSWER(s, .method = "INVITE"));
    SEND(s, .method = "INVITE", .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "realm_shared");
}

static void
test_realm_shared_both_answered(struct script *s)
{
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n2"));
    SEND(s, .method = "INVITE", .cseq = 2,
         .headers =
             script_join(s, ANSWER(s, .method = "INVITE"), ANSWER(s, .method = "INVITE", .nonce = "n2")));
    SEND(s, .method = "INVITE", .cseq = 2, .status = 401, .headers = CHALLENGE("n3"));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "realm_shared");
}

/* Both algorithms of one server may be answered. */
static void
test_realm_not_shared(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401,
         .headers = "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n2\", qop=\"auth\", "
                    "algorithm=SHA-256\r\n" CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n3"));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "digest_good_refused");
}

/* Of two realms that were answered the second one is asked for again: both exchanges are that user's. */
static void
test_second_realm_refused(struct script *s)
{
    SEND(s);
    SEND(s, .status = 407, .headers = PROXY("p1") CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = script_join(s, PROXY_ANSWER(s, "p1"), ANSWER(s)));
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "rejected");
    g_assert_cmpstr(exchange_account(script_exchange(s, 0)), ==, "alice@example.com");
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "gave_up");
    g_assert_cmpstr(exchange_account(script_exchange(s, 1)), ==, "alice@example.com");
}

/* That the client has credentials for the first realm says nothing of the second. */
static void
test_second_realm_unanswered(struct script *s)
{
    registered(s);
    SEND(s, .method = "INVITE", .call_id = "call-2");
    SEND(s, .method = "INVITE", .call_id = "call-2", .status = 407, .headers = PROXY("p1"));
    SEND(s, .method = "INVITE", .call_id = "call-2", .cseq = 2, .headers = PROXY_ANSWER(s, "p1"));
    SEND(s, .method = "INVITE", .call_id = "call-2", .cseq = 2, .status = 407,
         .headers = CHALLENGE_OF("Proxy-Authenticate", "inner", "p2"));
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 2)), ==, "never_answered");
}

static void
test_credentials_dropped_and_left(struct script *s)
{
    const char *first = ANSWER(s, .header = "Proxy-Authorization", .realm = "a", .nonce = "n1");
    const char *second = ANSWER(s, .header = "Proxy-Authorization", .realm = "b", .nonce = "n2");
    SEND(s);
    SEND(s, .status = 407, .headers = CHALLENGE_OF("Proxy-Authenticate", "a", "n1"));
    SEND(s, .cseq = 2, .headers = first);
    SEND(s, .cseq = 2, .status = 407, .headers = CHALLENGE_OF("Proxy-Authenticate", "b", "n2"));
    SEND(s, .cseq = 3, .headers = second);
    SEND(s, .cseq = 3, .status = 407, .headers = CHALLENGE_OF("Proxy-Authenticate", "a", "n3"));
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "credentials_dropped");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 2)), ==, "gave_up");
}

/* A proxy and a registrar of one realm, answered in turn, or both at once. */
static void
test_credentials_dropped_by_header(struct script *s)
{
    const char *proxy = ANSWER(s, .header = "Proxy-Authorization", .nonce = "p1");
    const char *proxy_challenge = CHALLENGE_OF("Proxy-Authenticate", "example.com", "p1");
    SEND(s);
    SEND(s, .status = 407, .headers = proxy_challenge);
    SEND(s, .cseq = 2, .headers = proxy);
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 3, .headers = ANSWER(s));
    SEND(s, .cseq = 3, .status = 407, .headers = proxy_challenge);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "credentials_dropped");
    SEND(s, .cseq = 4, .headers = script_join(s, ANSWER(s, .nc = "00000002"), proxy));
    SEND(s, .cseq = 4, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 2)), ==, "other_realm");
}

/* One that was on its way when the client sent again is not lost. */
static void
test_answer_lost(struct script *s)
{
    SEND(s);
    SEND(s, .status = 200);
    g_assert_cmpstr(script_notes(s, SEND(s, .ms = 500)), ==, "");
    SEND(s, .status = 200);
    g_assert_cmpstr(script_notes(s, SEND(s, .ms = 3000)), ==, "");
    g_assert_cmpstr(script_notes(s, SEND(s, .ms = 4000)), ==, "answer_lost");
    g_assert_cmpstr(script_notes(s, SEND(s, .ms = 4000)), ==, ""); /* told once */
}

/* Captured at both ends: the same datagram is a copy, however late. */
static void
test_same_datagram(struct script *s)
{
    SEND(s, .datagram = 7);
    SEND(s, .status = 200, .datagram = 9);
    struct record *again = SEND(s, .ms = 5000, .datagram = 7);
    g_assert_true(again->is_copy);
    g_assert_cmpstr(script_notes(s, again), ==, "");
    g_assert_true(SEND(s, .status = 200, .datagram = 9)->is_copy);
    again = SEND(s, .ms = 2000, .datagram = 8);
    g_assert_false(again->is_copy);
    g_assert_cmpstr(script_notes(s, again), ==, "answer_lost");
}

/* A server that stood still answers each copy of a request at once: it has sent them all. */
static void
test_burst_of_answers(struct script *s)
{
    SEND(s, .datagram = 7);
    SEND(s, .datagram = 8, .ms = 500);
    SEND(s, .status = 200, .datagram = 9);
    g_assert_false(SEND(s, .status = 200, .datagram = 10, .ms = 1)->is_copy);
    g_assert_true(SEND(s, .status = 200, .datagram = 10, .ms = 1)->is_copy);
    g_assert_true(SEND(s, .status = 200, .ms = 1)->is_copy); /* nothing tells */
}

/* Each side counts by itself: the client's next datagram has the number of the server's answer. */
static void
test_datagrams_of_both(struct script *s)
{
    SEND(s, .datagram = 7);
    SEND(s, .status = 200, .datagram = 8);
    g_assert_false(SEND(s, .ms = 500, .datagram = 8)->is_copy);
    g_assert_true(SEND(s, .ms = 500, .datagram = 8)->is_copy);
}

/* … and where nothing numbers the datagrams: who has answered the challenge asks as before no more, and the
 * copies of what follows lag behind just as much. */
static void
test_copies_lag(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .status = 200, .cseq = 2);
    struct record *copy = SEND(s, .ms = 6000);
    g_assert_true(copy->is_copy);
    challenge(s, CHALLENGE("n1"));
    copy = SEND(s, .cseq = 2, .ms = 1, .headers = ANSWER(s));
    g_assert_true(copy->is_copy);
    g_assert_cmpstr(script_notes(s, copy), ==, "");
}

/* Whatever the server does afterwards, the challenge was received. */
static void
test_acknowledged_challenge(struct script *s)
{
    SEND(s, .method = "INVITE", .branch = "z9hG4bKa");
    SEND(s, .method = "INVITE", .branch = "z9hG4bKa", .status = 407,
         .headers = CHALLENGE_OF("Proxy-Authenticate", "example.com", "n1"));
    SEND(s, .method = "ACK", .branch = "z9hG4bKa", .to_tag = "t1");
    SEND(s, .method = "INVITE", .branch = "z9hG4bKa", .ms = 400);
    script_wait(s, 60);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "never_answered");
}

/* Nobody acknowledges a provisional answer, however often it comes. */
static void
test_trying_again(struct script *s)
{
    SEND(s, .method = "INVITE", .headers = ANSWER(s, .method = "INVITE"));
    SEND(s, .method = "INVITE", .status = 100);
    SEND(s, .method = "INVITE", .status = 200);
    SEND(s, .method = "ACK", .branch = "z9hG4bKack", .to_tag = "t1");
    g_assert_cmpstr(script_notes(s, SEND(s, .method = "INVITE", .status = 100, .ms = 6000)), ==, "");
    g_assert_cmpstr(script_notes(s, SEND(s, .method = "INVITE", .status = 200)), ==,
                    "ack_without_credentials");
}

/* A capture of any length: its times are summed up, and shown. */
static void
test_time_sum(struct script *s)
{
    (void)s;
    g_assert_cmpint(time_sum(3, 4), ==, 7);
    g_assert_cmpint(time_sum(INT64_MAX / 2 - 1, INT64_MAX / 2), ==, INT64_MAX / 2);
    g_assert_cmpint(time_sum(time_sum(INT64_MAX / 2, 1), INT64_MAX / 2), ==, INT64_MAX / 2);
}

/* Credentials may have stood where the request was cut, so that the challenge refuses them. */
static void
test_request_cut(struct script *s)
{
    SEND(s, .cut = true);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    script_wait(s, 60);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
}

/* Half a name is nobody's. */
static void
test_name_cut(struct script *s)
{
    static const char *const lines[] = {"Authorization: Digest username=\"ali",
                                        "Authorization: Digest username=\"alice\", rea",
                                        "Authorization: Digest username=\"alice\", realm=\"exam"};
    for (unsigned n = 0; n < G_N_ELEMENTS(lines); n++)
        g_assert_cmpstr(script_use(SEND(s, .cseq = n + 1, .headers = lines[n], .cut = true))->user_at_realm,
                        ==, "");
    const char *whole = "Authorization: Digest username=\"alice\", realm=\"example.com\", nonce=\"n";
    g_assert_cmpstr(script_use(SEND(s, .cseq = 4, .headers = whole, .cut = true))->user_at_realm, ==,
                    "alice@example.com");
}

/* A client that goes on by IPv4 has answered; what has another Via was passed on. */
static void
test_retry_by_other_family(struct script *s)
{
    static const char *const vias[] = {"", "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKfirst\r\n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(vias); i++) {
        const char *call_id = i ? "passed-on" : "directly";
        const char *answer = ANSWER(s, .nonce = call_id, .user = call_id);
        const char *challenge = i ? CHALLENGE("passed-on") : CHALLENGE("directly");
        SEND(s, .call_id = call_id, .from = 1 + BY_IPV6, .to = 2 + BY_IPV6);
        SEND(s, .call_id = call_id, .status = 401, .from = 2 + BY_IPV6, .to = 1 + BY_IPV6,
             .headers = challenge);
        SEND(s, .call_id = call_id, .cseq = 2, .headers = script_join(s, vias[i], answer));
        SEND(s, .call_id = call_id, .cseq = 2, .status = 200, .headers = vias[i]);
        script_wait(s, 60);
        g_assert_cmpstr(script_outcome(s, script_exchange(s, i)), ==, i ? "no-retry" : "accepted");
    }
}

/* What it has answered by IPv6 is passed on by IPv4: that is another client, though it adds no Via. */
static void
test_passed_on_by_other_family(struct script *s)
{
    SEND(s, .from = 1 + BY_IPV6, .to = 2 + BY_IPV6);
    SEND(s, .status = 401, .from = 2 + BY_IPV6, .to = 1 + BY_IPV6, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .from = 1 + BY_IPV6, .to = 2 + BY_IPV6, .headers = ANSWER(s));
    struct record *inner = SEND(s, .cseq = 2, .branch = "z9hG4bKinner", .headers = ANSWER(s));
    g_assert_true(script_use(inner)->relayed);
}

/* Client, proxy and registrar on one host: the same challenge comes twice, on the farther hop first. */
static void
test_hops_of_one_host(struct script *s)
{
    const char *second = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKclient\r\n";
    const char *answer = ANSWER(s), *far = script_join(s, second, answer);
    const char *far_challenge = script_join(s, second, CHALLENGE("n1"));
    const int client = 1, proxy = 1 + NEXT_PORT, registrar = 1 + 2 * NEXT_PORT;
    SEND(s, .branch = "z9hG4bKa", .from = client, .to = proxy);
    SEND(s, .branch = "z9hG4bKb", .from = proxy, .to = registrar, .headers = second);
    SEND(s, .branch = "z9hG4bKb", .from = registrar, .to = proxy, .status = 401, .headers = far_challenge);
    SEND(s, .branch = "z9hG4bKa", .from = proxy, .to = client, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .branch = "z9hG4bKc", .from = client, .to = proxy, .cseq = 2, .headers = answer);
    SEND(s, .branch = "z9hG4bKd", .from = proxy, .to = registrar, .cseq = 2, .headers = far);
    SEND(s, .branch = "z9hG4bKd", .from = registrar, .to = proxy, .cseq = 2, .status = 200,
         .headers = second);
    SEND(s, .branch = "z9hG4bKc", .from = proxy, .to = client, .cseq = 2, .status = 200);
    const struct exchange *near = script_exchange(s, 1), *there = script_exchange(s, 0);
    g_assert_cmpuint(near->retry_frame, ==, 5);
    g_assert_cmpuint(there->retry_frame, ==, 6);
    g_assert_cmpuint(near->closed_frame, ==, 8);
    g_assert_cmpuint(there->closed_frame, ==, 7);
}

/* Sent again by TCP, as nothing came back by UDP, not even 100 (RFC 3263 section 4.3): no replay. */
static void
test_again_by_tcp(struct script *s)
{
    static const struct {
        const char *transport;
        bool answered, replays;
    } rows[] = {{"TCP", false, false}, {"TCP", true, true}, {"UDP", false, true}};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *call_id = g_strdup_printf("call-%u", i);
        const char *answer = ANSWER(s, .nonce = call_id, .method = "INVITE", .nc = "00000001");
        char *challenge = g_strdup_printf(CHALLENGE("%s"), call_id);
        SEND(s, .method = "INVITE", .call_id = call_id);
        SEND(s, .method = "INVITE", .call_id = call_id, .status = 401, .headers = challenge);
        SEND(s, .method = "INVITE", .call_id = call_id, .cseq = 2, .headers = answer);
        if (rows[i].answered)
            SEND(s, .method = "INVITE", .call_id = call_id, .cseq = 2, .status = 100);
        SEND(s, .method = "INVITE", .call_id = call_id, .cseq = 2, .headers = answer,
             .transport = rows[i].transport, .branch = "z9hG4bKagain", .ms = 33000);
        struct record *refusal = SEND(s, .method = "INVITE", .call_id = call_id, .cseq = 2, .status = 403,
                                      .branch = "z9hG4bKagain", .transport = rows[i].transport);
        g_test_message("row %u", i);
        g_assert_cmpint(refusal->detail->closings->use->cause == FINDING_NC_REPLAYED, ==, rows[i].replays);
        g_free(challenge);
        g_free(call_id);
    }
}

/* What is too large for UDP goes by TCP, in time, to the server's port or that of TLS. */
static void
test_retry_over_tcp(struct script *s)
{
    static const struct {
        int from, to;
        double after;
        bool by_tcp, spoken; /* the challenge came by TCP; there is SIP in the connection */
        const char *cause;
    } rows[] = {
        {1, 2, 1, false, false, "retry_over_tcp"},
        {1 + NEXT_PORT, 2, 1, false, false, "retry_over_tcp"},
        {1, 2 + NEXT_PORT, 1, false, false, "retry_over_tcp"},
        {1, 2 + 2 * NEXT_PORT, 1, false, false, "never_answered"},
        {2, 1, 1, false, false, "never_answered"},
        {1, 2, 40, false, false, "never_answered"},
        {1, 3, 1, false, false, "never_answered"},
        {1, 2, 1, true, false, "never_answered"},
        {1 + NEXT_PORT, 2, 1, false, true, "never_answered"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *user = g_strdup_printf("user-%u", i);
        const char *transport = rows[i].by_tcp ? "TCP" : "UDP";
        SEND(s, .user = user, .call_id = user, .transport = transport);
        SEND(s, .user = user, .call_id = user, .transport = transport, .status = 401,
             .headers = CHALLENGE("n"));
        script_wait(s, rows[i].after);
        script_connect(s, rows[i].from, rows[i].to);
        if (rows[i].spoken)
            SEND(s, .method = "OPTIONS", .call_id = "another", .transport = "TCP", .from = rows[i].from,
                 .to = rows[i].to);
        script_wait(s, 60);
        g_test_message("row %u", i);
        g_assert_cmpstr(script_cause(s, script_exchange(s, i)), ==, rows[i].cause);
        g_free(user);
    }
}

/* … or in a datagram whose fragments were not put together, if it came in time. */
static void
test_retry_in_fragments(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    const struct peers *peers = script_exchange(s, 0)->peers;
    tracker_fragment(s->tracker, 7, &peers->server, &peers->client, 1, false);
    tracker_fragment(s->tracker, 8, &peers->client, &peers->server, 2, false);
    tracker_fragment(s->tracker, 9, &peers->client, &peers->server, 2, true);
    script_wait(s, 60);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "no-retry");
    tracker_fragment(s->tracker, 10, &peers->client, &peers->server, 3, false);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "no-retry");
    g_assert_cmpuint(exchange_fragments(s->tracker, script_exchange(s, 0)), ==, 0);

    SEND(s, .cseq = 2);
    SEND(s, .cseq = 2, .status = 401, .headers = CHALLENGE("n2"));
    tracker_fragment(s->tracker, 13, &peers->client, &peers->server, 4, false);
    tracker_fragment(s->tracker, 13, &peers->client, &peers->server, 9, true);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "");
    script_wait(s, 20);
    tracker_fragment(s->tracker, 14, &peers->client, &peers->server, 5, false);
    script_wait(s, 20);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "unknown");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "retry_fragmented");
    g_assert_cmpuint(exchange_fragments(s->tracker, script_exchange(s, 1)), ==, 13);
    tracker_fragment(s->tracker, 15, &peers->client, &peers->server, 4, true); /* of a later datagram */
    for (uint32_t i = 0; i < 1000; i++) {                                      /* whatever comes later */
        script_wait(s, 10);
        tracker_fragment(s->tracker, 15 + i, &peers->client, &peers->server, 100 + i, false);
        g_assert_cmpuint(exchange_fragments(s->tracker, script_exchange(s, 0)), ==, 0);
        g_assert_cmpuint(exchange_fragments(s->tracker, script_exchange(s, 1)), ==, 13);
    }
}

/* All credentials of a message are verified, known mistakes looked for in the first few. */
static void
test_mistakes_of_many(struct script *s)
{
    const char *lines = "";
    challenge(s, CHALLENGE("n1"));
    for (unsigned n = 0; n < 6; n++) /* signed for another method */
        lines = script_join(s, lines, ANSWER(s, .method = "INVITE"));
    lines = script_join(s, lines, ANSWER(s));
    unsigned known = 0;
    const struct use *use = script_use(SEND(s, .cseq = 2, .headers = lines));
    for (; use->next; use = use->next) {
        g_assert_cmpint(use->verdict.status, ==, DIGEST_BAD);
        known += use->verdict.variant != NULL;
    }
    g_assert_cmpuint(known, ==, 4);
    g_assert_cmpint(use->verdict.status, ==, DIGEST_GOOD);
}

/* The REGISTER that CSeq skips may have answered the challenge. */
static void
test_retry_skipped(struct script *s)
{
    const char *contact = "Contact: <sip:alice@192.0.2.1>\r\n";
    SEND(s, .cseq = 1, .headers = contact);
    SEND(s, .cseq = 1, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 3, .ms = 60000, .headers = contact);
    SEND(s, .cseq = 3, .status = 200, .headers = contact);
    script_wait(s, 60);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
}

/* The session's client nonce is hashed as it is meant, not as it is written (RFC 7616 section 3.4.2). */
static void
test_session_of_quoted_cnonce(struct script *s)
{
#define IN_SESSION(nc, cnonce, response)                                                                     \
    "Authorization: Digest username=\"alice\", realm=\"example.com\", nonce=\"n1\", "                        \
    "uri=\"sip:example.com\", "                                                                              \
    "algorithm=MD5-sess, qop=auth, nc=" nc ", cnonce=\"" cnonce "\", response=\"" response "\"\r\n"
    challenge(
        s,
        "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\", algorithm=MD5-sess\r\n");
    const struct record *first =
        SEND(s, .cseq = 2, .headers = IN_SESSION("00000001", "a\\\"c", "01ff0dd9b88e194827196ed6450bac06"));
    g_assert_cmpint(script_use(first)->verdict.status, ==, DIGEST_GOOD);
    SEND(s, .cseq = 2, .status = 200);
    const struct record *next =
        SEND(s, .cseq = 3, .headers = IN_SESSION("00000002", "other", "e347465a85a262cbb6e3ce1900b156e7"));
    g_assert_cmpint(script_use(next)->verdict.status, ==, DIGEST_GOOD);
}

/* The registrar's and the proxy's stand in one response. */
static void
test_nextnonce_of_proxy(struct script *s)
{
    challenge(s, CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200,
         .headers =
             "Authentication-Info: nextnonce=\"n2\"\r\nProxy-Authentication-Info: nextnonce=\"n3\"\r\n");
    g_assert_cmpint(script_use(SEND(s, .cseq = 3, .headers = ANSWER(s, .nonce = "n2")))->evidence, ==,
                    EVIDENCE_NEXTNONCE);
    g_assert_cmpint(script_use(SEND(s, .cseq = 4, .headers = ANSWER(s, .nonce = "n3")))->evidence, ==,
                    EVIDENCE_NEXTNONCE);
}

/* It is the server that leaves the client without anything to answer. */
static void
test_no_challenge_loop(struct script *s)
{
    for (unsigned cseq = 1; cseq <= 10; cseq++) {
        SEND(s, .cseq = cseq, .ms = 15000);
        g_assert_cmpstr(script_notes(s, SEND(s, .cseq = cseq, .status = 401)), ==, "no_challenge");
    }
}

static void
test_bad_request_ahead(struct script *s)
{
    registered(s);
    struct record *ahead =
        SEND(s, .method = "PUBLISH", .cseq = 3, .headers = ANSWER(s, .method = "PUBLISH", .nc = "00000002"));
    SEND(s, .method = "PUBLISH", .cseq = 3, .status = 400);
    g_assert_cmpuint(script_use(ahead)->cause, ==, FINDING_FAILED);
}

/* Who guesses passwords does not count: it is the password that is wrong. */
static void
test_cseq_unchanged_and_wrong(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .branch = "z9hG4bK-2", .headers = ANSWER(s, .password = "guess"));
    struct record *refusal = SEND(s, .branch = "z9hG4bK-2", .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "digest_mismatch");
    g_assert_true(is_told(s, refusal, "cseq_unchanged"));
}

/* With the right password it is the cause; else it is told beside it. */
static void
test_user_differs(struct script *s)
{
    SEND(s, .user = "bob");
    SEND(s, .user = "bob", .status = 401, .headers = CHALLENGE("n1"));
    const struct use *use = script_use(SEND(s, .user = "bob", .cseq = 2, .headers = ANSWER(s)));
    SEND(s, .user = "bob", .cseq = 2, .status = 403);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "username_not_aor");
    char *text = finding_expand("{address} {username}", &(struct finding_values){.use = use});
    g_assert_cmpstr(text, ==, "bob@example.com alice");
    g_free(text);
    SEND(s, .user = "bob", .cseq = 3);
    SEND(s, .user = "bob", .cseq = 3, .status = 401, .headers = CHALLENGE("n2"));
    SEND(s, .user = "bob", .cseq = 4, .headers = ANSWER(s, .nonce = "n2", .password = "guess"));
    g_assert_true(is_told(s, SEND(s, .user = "bob", .cseq = 4, .status = 401, .headers = CHALLENGE("n3")),
                          "username_not_aor"));
}

/* A private identity has a domain; the rest is the same. */
static void
test_user_with_domain(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .user = "alice@example.com"));
    g_assert_false(is_told(s, SEND(s, .cseq = 2, .status = 403), "username_not_aor"));
}

static const struct play plays[] = {
    {"transaction/response", test_response},
    {"transaction/overlap", test_overlap},
    {"transaction/overlap-by-branch-alone", test_overlap_by_branch_alone},
    {"transaction/retry-reuses-branch", test_retry_reuses_branch},
    {"transaction/retry-reuses-branch-and-cseq", test_retry_reuses_branch_and_cseq},
    {"transaction/rfc2543", test_rfc2543},
    {"transaction/fallback", test_fallback},
    {"transaction/branch-missing", test_branch_missing},
    {"transaction/same-branch-elsewhere", test_same_branch_elsewhere},
    {"transaction/rings-for-long", test_rings_for_long},
    {"exchange/cancelled", test_cancelled},
    {"exchange/count-at-another-server", test_count_at_another_server},
    {"transaction/cancel-and-ack", test_cancel_and_ack},
    {"transaction/two-hops", test_two_hops},
    {"transaction/two-hops-exchanges", test_two_hops_exchanges},
    {"transaction/copy", test_copy},
    {"transaction/copy-of-response", test_copy_of_response},
    {"transaction/copy-on-other-link", test_copy_on_other_link},
    {"transaction/other-address", test_other_address},
    {"transaction/fork", test_fork},
    {"transaction/second-challenge-first-used", test_second_challenge_first_used},
    {"transaction/second-challenge-second-used", test_second_challenge_second_used},
    {"transaction/accepted-after-refusal", test_accepted_after_refusal},
    {"transaction/refusal-after-accepted", test_refusal_after_accepted},
    {"transaction/sent-by-spelling", test_sent_by_spelling},
    {"transaction/branch-case", test_branch_case},
    {"transaction/no-request", test_no_request},
    {"transaction/expiry", test_expiry},
    {"transaction/expiry-then-same-again", test_expiry_then_same_again},
    {"transaction/unknown-method", test_unknown_method},
    {"link/nonce", test_nonce},
    {"link/wrong-password", test_wrong_password},
    {"link/not-configured", test_not_configured},
    {"link/other-call-id", test_other_call_id},
    {"link/other-from-tag", test_other_from_tag},
    {"link/nonce-differs", test_nonce_differs},
    {"link/nonce-differs-elsewhere", test_nonce_differs_elsewhere},
    {"link/nonce-of-another-user", test_nonce_of_another_user},
    {"link/nonce-of-the-same-user", test_nonce_of_the_same_user},
    {"link/wrong-header", test_wrong_header},
    {"link/407-with-www-authenticate", test_407_with_www_authenticate},
    {"link/realm-differs", test_realm_differs},
    {"link/two-realms-at-once", test_two_realms_at_once},
    {"link/two-realms-in-turn", test_two_realms_in_turn},
    {"link/same-nonce-several-algorithms", test_same_nonce_several_algorithms},
    {"link/challenges-joined-by-comma", test_challenges_joined_by_comma},
    {"link/same-nonce-two-calls", test_same_nonce_two_calls},
    {"link/nextnonce", test_nextnonce},
    {"link/reuse", test_reuse},
    {"link/reuse-not-by-retransmission", test_reuse_not_by_retransmission},
    {"link/preloaded", test_preloaded},
    {"link/identity-only", test_identity_only},
    {"link/identity-only-unanswered", test_identity_only_unanswered},
    {"link/nonce-empty", test_nonce_empty},
    {"silence/has-tried", test_has_tried},
    {"silence/refusal-unheard", test_refusal_unheard},
    {"silence/in-ipsec", test_in_ipsec},
    {"outcome/no-such-dialog", test_no_such_dialog},
    {"outcome/form-accepted-with-nonce", test_form_accepted_with_nonce},
    {"outcome/other-user-calls", test_other_user_calls},
    {"outcome/later-in-other-call", test_later_in_other_call},
    {"link/no-challenge", test_no_challenge},
    {"outcome/no-retry", test_no_retry},
    {"outcome/late-retry", test_late_retry},
    {"outcome/form-accepted-before", test_form_accepted},
    {"outcome/count-without-qop", test_count_without_qop},
    {"outcome/forbidden-in-words", test_forbidden_in_words},
    {"outcome/gave-up", test_gave_up},
    {"outcome/overtaken-challenge", test_overtaken_challenge},
    {"outcome/gave-up-on-auth-int", test_gave_up_on_auth_int},
    {"outcome/stale-idle", test_stale_idle},
    {"outcome/stale-idle-later", test_stale_idle_later},
    {"outcome/stale-of-wrong-digest", test_stale_of_wrong_digest},
    {"outcome/bad-request-of-known-form", test_bad_request_of_known_form},
    {"credentials/ack-with-auth-int", test_ack_with_auth_int},
    {"credentials/long-names", test_long_names},
    {"outcome/no-answer", test_no_answer},
    {"outcome/answer-not-captured", test_answer_not_captured},
    {"outcome/provisional", test_provisional},
    {"outcome/stale-unsaid", test_stale_unsaid},
    {"outcome/basic-late", test_basic_late},
    {"outcome/nextnonce-ignored", test_nextnonce_ignored},
    {"outcome/nextnonce-optional", test_nextnonce_optional},
    {"outcome/nextnonce-same", test_nextnonce_same},
    {"outcome/bad-is-not-stale", test_bad_is_not_stale},
    {"outcome/accepted-elsewhere-is-not-stale", test_accepted_elsewhere_is_not_stale},
    {"outcome/closed-once", test_closed_once},
    {"attempts/count", test_attempts},
    {"attempts/by-account", test_attempts_by_account},
    {"follow/ack", test_ack},
    {"follow/cancel", test_cancel},
    {"follow/cancel-of-refused", test_cancel_of_refused},
    {"follow/cancel-crosses-challenge", test_cancel_crosses_challenge},
    {"follow/ack-of-refused", test_ack_of_refused},
    {"unanswered/challenge-lost", test_challenge_lost},
    {"unanswered/not-acknowledged", test_challenge_not_acknowledged},
    {"unanswered/repeated", test_challenge_repeated},
    {"unanswered/other-realm", test_other_realm_unanswered},
    {"outcome/goes-on-elsewhere", test_goes_on_elsewhere},
    {"cause/nonce-of-other-call", test_nonce_of_other_call},
    {"cause/nonce-of-other-call-refused", test_nonce_of_other_call_refused},
    {"cause/nonce-of-ringing-call", test_nonce_of_ringing_call},
    {"cause/empty-password-is-right", test_empty_password_is_right},
    {"cause/to-tag-kept", test_to_tag_kept},
    {"cause/replay-called-stale", test_replay_called_stale},
    {"cause/old-replay-called-stale", test_old_replay_called_stale},
    {"scan/many-users", test_many_users},
    {"scan/one-user", test_many_numbers_of_one_user},
    {"scan/nobody", test_many_numbers_of_nobody},
    {"unanswered/gave-up-on-an-offer-of-two", test_gave_up_on_an_offer_of_two},
    {"unanswered/challenge-crossed", test_challenge_crossed},
    {"unanswered/challenge-acknowledged", test_challenge_acknowledged},
    {"unanswered/in-dialog", test_in_dialog_unanswered},
    {"unanswered/in-dialog-stale", test_in_dialog_stale},
    {"unanswered/notify", test_notify_unanswered},
    {"unanswered/method", test_method_unanswered},
    {"unanswered/register-again", test_register_again_unanswered},
    {"unanswered/second-realm-refused", test_second_realm_refused},
    {"unanswered/second-realm", test_second_realm_unanswered},
    {"unanswered/credentials-dropped", test_credentials_dropped_and_left},
    {"cause/credentials-dropped-by-header", test_credentials_dropped_by_header},
    {"path/credentials-removed", test_credentials_removed},
    {"path/again-by-tcp", test_again_by_tcp},
    {"path/retry-over-tcp", test_retry_over_tcp},
    {"path/other-family", test_retry_by_other_family},
    {"path/passed-on-by-other-family", test_passed_on_by_other_family},
    {"path/one-host", test_hops_of_one_host},
    {"path/credentials-passed-on", test_credentials_passed_on},
    {"path/credentials-consumed", test_credentials_consumed},
    {"path/answer-lost", test_answer_lost},
    {"path/same-datagram", test_same_datagram},
    {"path/burst-of-answers", test_burst_of_answers},
    {"path/datagrams-of-both", test_datagrams_of_both},
    {"path/trying-again", test_trying_again},
    {"path/time-sum", test_time_sum},
    {"path/copies-lag", test_copies_lag},
    {"path/acknowledged-challenge", test_acknowledged_challenge},
    {"path/request-cut", test_request_cut},
    {"path/name-cut", test_name_cut},
    {"path/retry-in-fragments", test_retry_in_fragments},
    {"path/retry-skipped", test_retry_skipped},
    {"digest/mistakes-of-many", test_mistakes_of_many},
    {"link/nextnonce-of-proxy", test_nextnonce_of_proxy},
    {"digest/session-of-quoted-cnonce", test_session_of_quoted_cnonce},
    {"finding/asymmetric-ports", test_asymmetric_ports},
    {"finding/protected-ports", test_protected_ports},
    {"finding/counts-overtaken", test_counts_overtaken},
    {"link/nonce-borrowed", test_nonce_borrowed},
    {"finding/nonce-of-other-offer", test_nonce_of_other_offer},
    {"finding/realm-shared", test_realm_shared},
    {"finding/realm-shared-both-answered", test_realm_shared_both_answered},
    {"finding/realm-not-shared", test_realm_not_shared},
    {"finding/no-challenge-loop", test_no_challenge_loop},
    {"finding/bad-request-ahead", test_bad_request_ahead},
    {"finding/cseq-unchanged-and-wrong", test_cseq_unchanged_and_wrong},
    {"finding/user-differs", test_user_differs},
    {"finding/user-with-domain", test_user_with_domain},
    {"finding/cseq-decreased", test_cseq_decreased},
    {"finding/anonymous", test_anonymous},
    {"finding/anonymous-with-password", test_anonymous_with_password},
    {"finding/interval-too-brief", test_interval_too_brief},
    {"outcome/goes-on", test_goes_on},
    {"finding/stale-after-a-while", test_stale_after_a_while},
    {"finding/credentials-kept", test_credentials_kept},
    {"finding/bad-but-accepted", test_bad_but_accepted},
    {"clock/steps-back", test_clock_steps_back},
    {"clock/steps-far-back", test_clock_steps_far_back},
    {"limits/many-challenges", test_many_challenges},
    {"limits/many-responses", test_many_responses},
    {"limits/free-nothing", test_free_nothing},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    script_add_plays("/tracker", plays, G_N_ELEMENTS(plays));
    ADD_CASES("/tracker/ending", endings, test_ending);
    ADD_CASES("/tracker/second-try", second_tries, test_second_try);
    ADD_CASES("/tracker/no-longer-accepted", no_longer_accepted, test_no_longer_accepted);
    ADD_CASES("/tracker/refresh-bare", refresh_bare, test_refresh_bare);
    ADD_CASES("/tracker/accepted-before", accepted_before, test_accepted_before);
    ADD_CASES("/tracker/skipped", skips, test_skipped);
    ADD_CASES("/tracker/rspauth", proofs, test_rspauth);
    return test_run_all();
}
