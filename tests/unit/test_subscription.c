/* test_subscription.c
 * 204 (No Notification) and what may follow it (RFC 5839, RFC 6665).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "script.h"

#define PRESENCE      "Event: presence\r\n"
#define ACTIVE        "Subscription-State: active;expires=3600\r\n"
#define ETAG(tag)     "SIP-ETag: " tag "\r\n"
#define IF_MATCH(tag) "Suppress-If-Match: " tag "\r\n"

/* Several findings may be told of a message; these are about whether a 204 or a NOTIFY was due. */
static const char *const not_due[] = {"no_notify_not_subscribe", "no_notify_out_of_dialog",
                                      "no_notify_unconditional", "notify_body_not_due",
                                      "notify_without_etag",     "notify_not_due",
                                      "notify_after_end",        "state_change_with_body",
                                      "known_body_sent",         "empty_with_type"};

/* NULL: none of them. */
static void
assert_due(struct script *s, const struct record *record, const char *expected)
{
    char **names = g_strsplit(script_notes(s, record), " ", -1);
    for (size_t i = 0; i < G_N_ELEMENTS(not_due); i++) {
        bool told = g_strv_contains((const char *const *)names, not_due[i]);
        if (told != (g_strcmp0(not_due[i], expected) == 0))
            g_test_message("%s %s", not_due[i], told ? "is told" : "is missing");
        g_assert_true(told == (g_strcmp0(not_due[i], expected) == 0));
    }
    g_strfreev(names);
}

static const struct no_notify *
no_notify_of(const struct record *record)
{
    g_assert(record->detail && record->detail->no_notify);
    return record->detail->no_notify;
}

/* Frames 1 to 3: subscribed, and notified with entity-tag e1. */
static void
subscribe(struct script *s)
{
    SEND(s, .method = "SUBSCRIBE", .headers = PRESENCE "Expires: 3600\r\n");
    SEND(s, .method = "SUBSCRIBE", .status = 200, .headers = "Expires: 3600\r\n");
    SEND(s, .method = "NOTIFY", .branch = "z9hG4bKn1", .from = 2, .to = 1, .from_tag = "t1", .to_tag = "f1",
         .headers = PRESENCE ACTIVE ETAG("e1"), .body = "state");
}

/* Frames 4 and 5: refreshed by a condition, and answered with 204. */
static struct record *
suppress(struct script *s, const char *headers)
{
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .to_tag = "t1", .headers = headers);
    return SEND(s, .method = "SUBSCRIBE", .cseq = 2, .status = 204, .headers = "Expires: 3600\r\n");
}

static struct record *
notify(struct script *s, unsigned cseq, const char *headers, const char *body)
{
    return SEND(s, .method = "NOTIFY", .cseq = cseq, .from = 2, .to = 1, .from_tag = "t1", .to_tag = "f1",
                .headers = headers, .body = body);
}

/* --- the 204 itself
 * ------------------------------------------------------------------------------------------------- */

static void
test_right(struct script *s)
{
    subscribe(s);
    struct record *answer = suppress(s, PRESENCE IF_MATCH("e1") "Expires: 3600\r\n");
    const struct no_notify *no_notify = no_notify_of(answer);
    assert_due(s, answer, NULL);
    g_assert_true(no_notify->is_subscribe && no_notify->in_dialog && !no_notify->etag_resumed);
    g_assert_cmpuint(no_notify->subscribe_frame, ==, 4);
    g_assert_cmpstr(no_notify->event, ==, "presence");
    g_assert_cmpstr(no_notify->etag, ==, "e1");
    g_assert_cmpuint(no_notify->etag_frame, ==, 3);
    g_assert_true(no_notify->has_expires);
    g_assert_cmpuint(no_notify->expires, ==, 3600);
    g_assert_cmpuint(no_notify->notify_frame, ==, 0);
    g_assert_cmpuint(answer->request->frame, ==, 4);
}

static void
test_compact_and_id(struct script *s)
{
    SEND(s, .method = "NOTIFY", .branch = "z9hG4bKn1", .from = 2, .to = 1, .from_tag = "t1", .to_tag = "f1",
         .headers = "o: dialog ; id = 7\r\nsip-etag:e1\r\n" ACTIVE);
    struct record *answer = suppress(s, "o:dialog;id=7\r\nsuppress-if-match : e1\r\n");
    g_assert_cmpstr(no_notify_of(answer)->event, ==, "dialog;id=7");
    g_assert_cmpuint(no_notify_of(answer)->etag_frame, ==, 1);
    assert_due(s, answer, NULL);
}

/* RFC 5839 section 7.1: of no other method. */
static void
test_n1_other_method(struct script *s)
{
    SEND(s, .method = "OPTIONS");
    struct record *answer = SEND(s, .method = "OPTIONS", .status = 204);
    assert_due(s, answer, "no_notify_not_subscribe");
    g_assert_false(no_notify_of(answer)->is_subscribe);
    g_assert_cmpuint(no_notify_of(answer)->subscribe_frame, ==, 1);
}

static void
test_n1_other_method_unseen(struct script *s)
{
    assert_due(s, SEND(s, .method = "PUBLISH", .status = 204), "no_notify_not_subscribe");
}

/* Section 6.3: never of the SUBSCRIBE that begins the dialog, whatever its condition. */
static void
test_n2_out_of_dialog(struct script *s)
{
    SEND(s, .method = "SUBSCRIBE", .headers = PRESENCE IF_MATCH("e1"));
    struct record *answer = SEND(s, .method = "SUBSCRIBE", .status = 204);
    assert_due(s, answer, "no_notify_out_of_dialog");
    g_assert_false(no_notify_of(answer)->in_dialog);
}

static void
test_n3_unconditional(struct script *s)
{
    subscribe(s);
    struct record *answer = suppress(s, PRESENCE "Expires: 3600\r\n");
    assert_due(s, answer, "no_notify_unconditional");
    g_assert_null(no_notify_of(answer)->etag);
}

/* Without the SUBSCRIBE neither rule can be checked: the 204 itself always has a To tag. */
static void
test_request_unseen(struct script *s)
{
    struct record *answer = SEND(s, .method = "SUBSCRIBE", .status = 204);
    assert_due(s, answer, NULL);
    g_assert_true(no_notify_of(answer)->is_subscribe);
    g_assert_cmpuint(no_notify_of(answer)->subscribe_frame, ==, 0);
}

static void
test_copy_of_204(struct script *s)
{
    subscribe(s);
    struct record *answer = suppress(s, PRESENCE IF_MATCH("e1"));
    struct record *copy =
        SEND(s, .method = "SUBSCRIBE", .cseq = 2, .status = 204, .headers = "Expires: 3600\r\n", .ms = 1);
    g_assert_true(copy->first == answer && copy->is_copy);
    assert_due(s, copy, NULL);
}

/* --- where the entity-tag comes from
 * -------------------------------------------------------------------------------- */

static void
test_star(struct script *s)
{
    subscribe(s);
    struct record *answer = suppress(s, PRESENCE IF_MATCH("*"));
    assert_due(s, answer, NULL);
    g_assert_cmpstr(no_notify_of(answer)->etag, ==, "*");
    g_assert_cmpuint(no_notify_of(answer)->etag_frame, ==, 0);
}

/* Older than the capture: nothing is wrong with that. */
static void
test_etag_unknown(struct script *s)
{
    subscribe(s);
    struct record *answer = suppress(s, PRESENCE IF_MATCH("older"));
    assert_due(s, answer, NULL);
    g_assert_cmpuint(no_notify_of(answer)->etag_frame, ==, 0);
    g_assert_false(no_notify_of(answer)->etag_resumed);
}

/* RFC 5839 section 6.2: byte-wise identical. */
static void
test_etag_case(struct script *s)
{
    subscribe(s);
    g_assert_cmpuint(no_notify_of(suppress(s, PRESENCE IF_MATCH("E1")))->etag_frame, ==, 0);
}

static void
test_etag_latest(struct script *s)
{
    subscribe(s);
    notify(s, 2, PRESENCE ACTIVE ETAG("e2"), "other");
    g_assert_cmpuint(no_notify_of(suppress(s, PRESENCE IF_MATCH("e2")))->etag_frame, ==, 4);
}

static struct record *
resume(struct script *s, const char *user, const char *event)
{
    const char *headers = script_join(s, event, IF_MATCH("e1"));
    SEND(s, .method = "SUBSCRIBE", .user = user, .call_id = "call-2", .from_tag = "f2", .to_tag = "t2",
         .cseq = 5, .headers = headers);
    return SEND(s, .method = "SUBSCRIBE", .user = user, .call_id = "call-2", .from_tag = "f2", .to_tag = "t2",
                .cseq = 5, .status = 204);
}

/* Section 5.5: an entity-tag outlives its dialog. */
static void
test_etag_resumed(struct script *s)
{
    subscribe(s);
    const struct no_notify *no_notify = no_notify_of(resume(s, "alice", PRESENCE));
    g_assert_true(no_notify->etag_resumed);
    g_assert_cmpuint(no_notify->etag_frame, ==, 3);
}

/* Section 4, 5.3: the same text means nothing for another resource, or another package. */
static void
test_etag_of_other_resource(struct script *s)
{
    subscribe(s);
    const struct no_notify *no_notify = no_notify_of(resume(s, "bob", PRESENCE));
    g_assert_false(no_notify->etag_resumed);
    g_assert_cmpuint(no_notify->etag_frame, ==, 0);
}

static void
test_etag_of_other_package(struct script *s)
{
    subscribe(s);
    g_assert_cmpuint(no_notify_of(resume(s, "alice", "Event: dialog\r\n"))->etag_frame, ==, 0);
}

/* Section 4: tags of PUBLISH are a space of their own. */
static void
test_etag_of_publish(struct script *s)
{
    SEND(s, .method = "PUBLISH", .headers = PRESENCE);
    SEND(s, .method = "PUBLISH", .status = 200, .headers = ETAG("e1"));
    g_assert_cmpuint(no_notify_of(suppress(s, PRESENCE IF_MATCH("e1")))->etag_frame, ==, 0);
}

/* --- what follows it
 * ------------------------------------------------------------------------------------------------ */

struct follow {
    const char *name, *condition, *notify, *body;
    const char *expected; /* NULL: it was due, or cannot be blamed */
};

static const struct follow follows[] = {
    {"state-changed", "e1", PRESENCE ACTIVE ETAG("e2"), "news", NULL},
    {"state-changed-without-body", "e1", PRESENCE ACTIVE ETAG("e2"), "", NULL},
    {"known-body", "e1", PRESENCE ACTIVE ETAG("e1"), "state", "notify_body_not_due"},
    {"no-news", "e1", PRESENCE ACTIVE ETAG("e1"), "", "notify_not_due"},
    {"seconds-count-down", "e1", PRESENCE "Subscription-State: active;expires=3599\r\n" ETAG("e1"), "",
     "notify_not_due"},
    {"terminated", "e1", PRESENCE "Subscription-State: terminated;reason=deactivated\r\n" ETAG("e1"), "",
     NULL},
    {"pending", "e1", PRESENCE "Subscription-State: pending;expires=3600\r\n" ETAG("e1"), "", NULL},
    {"reason-changed", "e1", PRESENCE "Subscription-State: active;reason=x;expires=3600\r\n" ETAG("e1"), "",
     NULL},
    {"shortened", "e1", PRESENCE "Subscription-State: active;expires=60\r\n" ETAG("e1"), "", NULL},
    {"terminated-with-known-body", "e1",
     PRESENCE "Subscription-State: terminated;reason=noresource\r\n" ETAG("e1"), "state",
     "state_change_with_body"},
    {"terminated-untagged", "e1", PRESENCE "Subscription-State: terminated;reason=noresource\r\n", "",
     "notify_without_etag"},
    {"untagged", "e1", PRESENCE ACTIVE, "state", "notify_without_etag"},
    {"quenched-body", "*", PRESENCE ACTIVE ETAG("e2"), "news", "notify_body_not_due"},
    {"quenched-no-news", "*", PRESENCE ACTIVE ETAG("e2"), "", "notify_not_due"},
    {"quenched-terminated", "*", PRESENCE "Subscription-State: terminated\r\n" ETAG("e2"), "", NULL},
    {"other-package", "e1", "Event: dialog\r\n" ACTIVE ETAG("e1"), "state", NULL},
    {"other-id", "e1", "Event: presence;id=2\r\n" ACTIVE ETAG("e1"), "state", NULL},
};

static void
test_follow(gconstpointer data)
{
    const struct follow *follow = data;
    struct script *s = script_begin();
    subscribe(s);
    struct record *answer =
        suppress(s, script_join(s, PRESENCE, *follow->condition == '*' ? IF_MATCH("*") : IF_MATCH("e1")));
    struct record *notified = notify(s, 2, follow->notify, follow->body);
    assert_due(s, answer, NULL);
    assert_due(s, notified, follow->expected);
    g_assert_cmpuint(no_notify_of(answer)->notify_frame, ==, follow->expected ? 6 : 0);
    g_assert_true((no_notify_of(answer)->notify_finding != 0) == (follow->expected != NULL));
    script_end(s);
}

/* Section 5.7: the 204 to an unsubscribing request ends it all. */
static void
test_after_end(struct script *s)
{
    subscribe(s);
    suppress(s, PRESENCE IF_MATCH("e1") "Expires: 0\r\n");
    assert_due(s, notify(s, 2, PRESENCE "Subscription-State: terminated\r\n" ETAG("e1"), ""),
               "notify_after_end");
}

static void
test_before_204(struct script *s)
{
    subscribe(s);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .to_tag = "t1", .headers = PRESENCE IF_MATCH("e1"));
    struct record *crossing = notify(s, 2, PRESENCE ACTIVE ETAG("e1"), "state");
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .status = 204);
    assert_due(s, crossing, NULL);
}

/* The NOTIFY before it comes once more, because its 200 was lost. */
static void
test_retransmission(struct script *s)
{
    subscribe(s);
    struct record *answer = suppress(s, PRESENCE IF_MATCH("e1"));
    struct record *again =
        SEND(s, .method = "NOTIFY", .branch = "z9hG4bKn1", .from = 2, .to = 1, .from_tag = "t1",
             .to_tag = "f1", .headers = PRESENCE ACTIVE ETAG("e1"), .body = "state", .ms = 500);
    g_assert_cmpuint(again->first ? again->first->frame : 0, ==, 3);
    assert_due(s, again, NULL);
    g_assert_cmpuint(no_notify_of(answer)->notify_frame, ==, 0);
}

/* The next SUBSCRIBE sets the condition anew: 200 means that a NOTIFY is due. */
static void
test_next_200(struct script *s)
{
    subscribe(s);
    suppress(s, PRESENCE IF_MATCH("e1"));
    SEND(s, .method = "SUBSCRIBE", .cseq = 3, .to_tag = "t1", .headers = PRESENCE);
    SEND(s, .method = "SUBSCRIBE", .cseq = 3, .status = 200);
    assert_due(s, notify(s, 2, PRESENCE ACTIVE ETAG("e1"), "state"), NULL);
}

/* What refuses the next SUBSCRIBE leaves the condition as it was. */
static void
test_next_refused(struct script *s)
{
    subscribe(s);
    suppress(s, PRESENCE IF_MATCH("e1"));
    SEND(s, .method = "SUBSCRIBE", .cseq = 3, .to_tag = "t1", .headers = PRESENCE);
    SEND(s, .method = "SUBSCRIBE", .cseq = 3, .status = 401, .headers = CHALLENGE("n1"));
    assert_due(s, notify(s, 2, PRESENCE ACTIVE ETAG("e1"), "state"), "notify_body_not_due");
}

static void
test_other_dialog(struct script *s)
{
    subscribe(s);
    suppress(s, PRESENCE IF_MATCH("e1"));
    struct record *other = SEND(s, .method = "NOTIFY", .cseq = 2, .from = 2, .to = 1, .from_tag = "t9",
                                .to_tag = "f1", .headers = PRESENCE ACTIVE ETAG("e1"), .body = "state");
    assert_due(s, other, NULL);
}

/* A 204 that was wrong itself promises nothing. */
static void
test_after_wrong_204(struct script *s)
{
    subscribe(s);
    suppress(s, PRESENCE);
    assert_due(s, notify(s, 2, PRESENCE ACTIVE ETAG("e1"), "state"), NULL);
}

static void
test_only_the_first_is_linked(struct script *s)
{
    subscribe(s);
    struct record *answer = suppress(s, PRESENCE IF_MATCH("e1"));
    notify(s, 2, PRESENCE ACTIVE ETAG("e1"), "state");
    assert_due(s, notify(s, 3, PRESENCE ACTIVE ETAG("e1"), "state"), "notify_body_not_due");
    g_assert_cmpuint(no_notify_of(answer)->notify_frame, ==, 6);
}

/* --- the NOTIFY that begins a subscription: RFC 6665 section 4.2.1.2
 * ------------------------------------------- */

struct awaited {
    const char *name;
    const char *to_tag, *headers, *answer; /* of the SUBSCRIBE, of its 2xx */
    unsigned notify;                       /* 0: none, 1: it comes, 200: only its answer is in the capture */
    double seconds;                        /* that the capture goes on */
    bool misses;
};

#define VIA_PROXY "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK-further\r\n"

static const struct awaited awaited[] = {
    {"missing", NULL, PRESENCE, "Contact: <sip:192.0.2.2>\r\n", 0, 33, true},
    {"missing-contact-is-a-name", NULL, PRESENCE, "Contact: <sip:bob@pbx.example.com>\r\n", 0, 33, true},
    {"missing-without-contact", NULL, PRESENCE, "", 0, 33, true},
    {"missing-of-a-fetch", NULL, PRESENCE "Expires: 0\r\n", "", 0, 33, true},
    {"comes", NULL, PRESENCE, "", 1, 33, false},
    {"only-its-answer-captured", NULL, PRESENCE, "", 200, 33, false},
    {"capture-ends-before", NULL, PRESENCE, "", 0, 31, false},
    {"refresh", "t1", PRESENCE, "", 0, 33, false},
    {"captured-behind-a-proxy", NULL, VIA_PROXY PRESENCE, "", 0, 33, false},
    {"goes-another-way", NULL, PRESENCE, "Contact: \"x\" <sip:bob@192.0.2.77:5070;ob>\r\n", 0, 33, false},
    {"record-route", NULL, PRESENCE, "Record-Route: <sip:192.0.2.2;lr>\r\nContact: <sip:192.0.2.77>\r\n", 0,
     33, true},
};

static void
test_awaited(gconstpointer data)
{
    const struct awaited *c = data;
    struct script *s = script_begin();
    SEND(s, .method = "SUBSCRIBE", .to_tag = c->to_tag, .headers = c->headers);
    const struct record *answer = SEND(s, .method = "SUBSCRIBE", .status = 200, .headers = c->answer);
    if (c->notify == 1)
        SEND(s, .method = "NOTIFY", .branch = "z9hG4bKn1", .from = 2, .to = 1, .from_tag = "fork",
             .to_tag = "f1", .headers = PRESENCE ACTIVE);
    else if (c->notify)
        SEND(s, .method = "NOTIFY", .branch = "z9hG4bKn1", .status = c->notify, .from = 1, .to = 2,
             .from_tag = "t1", .to_tag = "f1");
    script_wait(s, c->seconds);
    g_assert_true(record_misses_notify(s->tracker, answer) == c->misses);
    script_end(s);
}

/* A new subscription whose condition holds begins with an empty NOTIFY (RFC 5839 section 6.2). */
static void
test_first_notify(struct script *s)
{
    SEND(s, .method = "SUBSCRIBE", .headers = PRESENCE IF_MATCH("e1"));
    SEND(s, .method = "SUBSCRIBE", .status = 200);
    assert_due(s, notify(s, 1, PRESENCE ACTIVE ETAG("e1"), "state"), "known_body_sent");
    assert_due(s, notify(s, 2, PRESENCE ACTIVE ETAG("e1"), "state"), NULL);
}

static void
test_first_notify_with_type(struct script *s)
{
    SEND(s, .method = "SUBSCRIBE", .headers = PRESENCE IF_MATCH("e1"));
    SEND(s, .method = "SUBSCRIBE", .status = 200);
    assert_due(s, notify(s, 1, PRESENCE ACTIVE ETAG("e1") "Content-Type: a/b\r\n", ""), "empty_with_type");
}

static void
test_first_notify_of_news(struct script *s)
{
    SEND(s, .method = "SUBSCRIBE", .headers = PRESENCE IF_MATCH("e1"));
    SEND(s, .method = "SUBSCRIBE", .status = 200);
    assert_due(s, notify(s, 1, PRESENCE ACTIVE ETAG("e2"), "state"), NULL);
}

/* --- challenged
 * ---------------------------------------------------------------------------------------------------- */

static void
test_challenged(struct script *s)
{
    subscribe(s);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .to_tag = "t1", .headers = PRESENCE IF_MATCH("e1"));
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .status = 401, .headers = CHALLENGE("n1"));
    const char *headers = script_join(s, PRESENCE IF_MATCH("e1"), ANSWER(s, .method = "SUBSCRIBE"));
    SEND(s, .method = "SUBSCRIBE", .cseq = 3, .to_tag = "t1", .headers = headers);
    struct record *answer = SEND(s, .method = "SUBSCRIBE", .cseq = 3, .status = 204);
    assert_due(s, answer, NULL);
    g_assert_cmpuint(no_notify_of(answer)->subscribe_frame, ==, 6);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
}

struct play {
    const char *path;
    void (*test)(struct script *);
};

static const struct play plays[] = {
    {"204/right", test_right},
    {"204/compact-and-id", test_compact_and_id},
    {"204/n1-other-method", test_n1_other_method},
    {"204/n1-other-method-unseen", test_n1_other_method_unseen},
    {"204/n2-out-of-dialog", test_n2_out_of_dialog},
    {"204/n3-unconditional", test_n3_unconditional},
    {"204/request-unseen", test_request_unseen},
    {"204/copy", test_copy_of_204},
    {"204/challenged", test_challenged},
    {"etag/star", test_star},
    {"etag/unknown", test_etag_unknown},
    {"etag/case", test_etag_case},
    {"etag/latest", test_etag_latest},
    {"etag/resumed", test_etag_resumed},
    {"etag/of-other-resource", test_etag_of_other_resource},
    {"etag/of-other-package", test_etag_of_other_package},
    {"etag/of-publish", test_etag_of_publish},
    {"notify/after-end", test_after_end},
    {"notify/before-204", test_before_204},
    {"notify/retransmission", test_retransmission},
    {"notify/next-200", test_next_200},
    {"notify/next-refused", test_next_refused},
    {"notify/other-dialog", test_other_dialog},
    {"notify/after-wrong-204", test_after_wrong_204},
    {"notify/only-the-first-is-linked", test_only_the_first_is_linked},
    {"notify/first-with-known-body", test_first_notify},
    {"notify/first-with-type", test_first_notify_with_type},
    {"notify/first-with-news", test_first_notify_of_news},
};

static void
test_play(gconstpointer data)
{
    const struct play *play = data;
    struct script *script = script_begin();
    play->test(script);
    script_end(script);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(plays); i++) {
        char *path = test_path("/subscription", plays[i].path);
        g_test_add_data_func(path, &plays[i], test_play);
        g_free(path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(awaited); i++) {
        char *path = test_path("/subscription/awaited", awaited[i].name);
        g_test_add_data_func(path, &awaited[i], test_awaited);
        g_free(path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(follows); i++) {
        char *path = test_path("/subscription/notify", follows[i].name);
        g_test_add_data_func(path, &follows[i], test_follow);
        g_free(path);
    }
    return test_run_all();
}
