/* test_subscription.c
 * 204 (No Notification) and what may follow it (RFC 5839, RFC 6665).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "findings.h"
#include "script.h"

#define PRESENCE      "Event: presence\r\n"
#define ACTIVE        "Subscription-State: active;expires=3600\r\n"
#define ETAG(tag)     "SIP-ETag: " tag "\r\n"
#define CONTACT       "Contact: <sip:alice@192.0.2.1>\r\n"
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

/* N20: nor of a fetch (section 5.4). */
static void
test_n20_fetch(struct script *s)
{
    SEND(s, .method = "SUBSCRIBE", .headers = PRESENCE IF_MATCH("e1") "Expires: 0\r\n");
    assert_due(s, SEND(s, .method = "SUBSCRIBE", .status = 204), "no_notify_out_of_dialog");
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

/* N4, section 5.2: one header line with one bare token, or the asterisk. */
struct condition {
    const char *name, *headers;
    bool malformed;
};

static const struct condition conditions[] = {
    {"token", IF_MATCH("e1"), false},
    {"token-of-marks", IF_MATCH("-.!%*_+`'~"), false},
    {"star", IF_MATCH("*"), false},
    {"none", "", false},
    {"quoted", IF_MATCH("\"e1\""), true},
    {"list", IF_MATCH("e1, e2"), true},
    {"repeated", IF_MATCH("e1") IF_MATCH("e2"), true},
    {"empty", IF_MATCH(""), true},
    {"parameter", IF_MATCH("e1;x=y"), true},
};

static void
test_condition(gconstpointer data)
{
    const struct condition *c = data;
    struct script *s = script_begin();
    const struct record *record =
        SEND(s, .method = "SUBSCRIBE", .headers = script_join(s, PRESENCE, c->headers));
    g_assert_cmpstr(script_notes(s, record), ==, c->malformed ? "condition_malformed" : "");
    script_end(s);
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
    {"terminated-untagged", "e1", PRESENCE "Subscription-State: terminated;reason=noresource\r\n", "", NULL},
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
    bool blamed = follow->expected && strcmp(follow->expected, "notify_without_etag") != 0;
    g_assert_cmpuint(no_notify_of(answer)->notify_frame, ==, blamed ? 6 : 0);
    g_assert_true((no_notify_of(answer)->notify_finding != 0) == blamed);
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

/* Once the state has changed it is news, too, that it is the old one again. */
static void
test_changes_back(struct script *s)
{
    subscribe(s);
    suppress(s, PRESENCE IF_MATCH("e1"));
    assert_due(s, notify(s, 2, PRESENCE ACTIVE ETAG("e2"), "news"), NULL);
    assert_due(s, notify(s, 3, PRESENCE ACTIVE ETAG("e1"), "state"), NULL);
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

/* Tags of two more NOTIFYs, by the notifier's count the one with the higher CSeq is the current one; then a
 * 204 to a SUBSCRIBE that names one. */
struct told {
    const char *name;
    struct {
        unsigned cseq;
        const char *tag; /* NULL: only its answer is in the capture */
    } notifies[2];
    const char *condition, *notes;
};

static const struct told told_tags[] = {
    {"current-came-first", {{3, ETAG("e3")}, {2, ETAG("e2")}}, IF_MATCH("e3"), ""},
    {"superseded", {{2, ETAG("e2")}}, IF_MATCH("e1"), "no_notify_superseded"},
    {"told-again", {{2, ETAG("e2")}, {3, ETAG("e1")}}, IF_MATCH("e1"), ""},
    {"told-again-unseen", {{2, ETAG("e2")}, {3, NULL}}, IF_MATCH("e1"), ""},
};

static void
test_told(gconstpointer data)
{
    const struct told *c = data;
    struct script *s = script_begin();
    subscribe(s);
    for (unsigned i = 0; i < G_N_ELEMENTS(c->notifies) && c->notifies[i].cseq; i++) {
        const char *tag = c->notifies[i].tag;
        if (tag)
            notify(s, c->notifies[i].cseq, script_join(s, PRESENCE ACTIVE, tag), tag);
        else
            SEND(s, .method = "NOTIFY", .cseq = c->notifies[i].cseq, .status = 200, .from = 1, .to = 2,
                 .from_tag = "t1", .to_tag = "f1");
    }
    const struct record *answer = suppress(s, script_join(s, PRESENCE "Expires: 3600\r\n", c->condition));
    g_assert_cmpstr(script_notes(s, answer), ==, c->notes);
    script_end(s);
}

/* By the NOTIFY before the SUBSCRIBE, whatever comes between that and its answer; and a tag that none has
 * told is not known. */
static void
test_tag_told_between(struct script *s)
{
    subscribe(s);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .to_tag = "t1", .headers = PRESENCE IF_MATCH("e1"));
    const struct record *repeated = notify(s, 2, PRESENCE ACTIVE ETAG("e1"), "state");
    const struct record *answer = SEND(s, .method = "SUBSCRIBE", .cseq = 2, .status = 204);
    g_assert_cmpuint(no_notify_of(answer)->etag_frame, ==, 3);
    g_assert_cmpuint(no_notify_of(answer)->notify_frame, ==, repeated->frame);
    g_assert_false(no_notify_of(answer)->tag_unseen);
    SEND(s, .method = "SUBSCRIBE", .cseq = 3, .to_tag = "t1", .headers = PRESENCE IF_MATCH("E1"));
    answer = SEND(s, .method = "SUBSCRIBE", .cseq = 3, .status = 204);
    g_assert_cmpuint(no_notify_of(answer)->etag_frame, ==, 0);
    g_assert_cmpuint(no_notify_of(answer)->notify_frame, ==, 0);
    g_assert_true(no_notify_of(answer)->tag_unseen);
}

/* In the dialog before; in this one another came since. */
static void
test_tag_of_dialog_before(struct script *s)
{
    const char *headers = PRESENCE IF_MATCH("e1") "Expires: 3600\r\n";
    subscribe(s);
    SEND(s, .method = "SUBSCRIBE", .call_id = "second", .headers = PRESENCE);
    SEND(s, .method = "SUBSCRIBE", .call_id = "second", .status = 200, .headers = "Expires: 3600\r\n");
    SEND(s, .method = "NOTIFY", .call_id = "second", .from = 2, .to = 1, .from_tag = "t1", .to_tag = "f1",
         .headers = PRESENCE ACTIVE ETAG("e2"), .body = "second");
    SEND(s, .method = "SUBSCRIBE", .call_id = "second", .cseq = 2, .to_tag = "t1", .headers = headers);
    const struct record *answer = SEND(s, .method = "SUBSCRIBE", .call_id = "second", .cseq = 2,
                                       .status = 204, .headers = "Expires: 3600\r\n");
    g_assert_cmpstr(script_notes(s, answer), ==, "no_notify_superseded");
}

/* What ends a subscription besides a NOTIFY; it leaves nothing that a later SUBSCRIBE could refresh. */
struct end {
    const char *name, *expires;
    unsigned status;
    bool notified; /* before that answer */
    const char *notes;
};

static const struct end ends[] = {
    {"204", "Expires: 0\r\n", 204, false, "no_notify_after_end"},
    {"notify-before-200", "Expires: 0\r\n", 200, true, "no_notify_after_end"},
    {"481", "Expires: 3600\r\n", 481, false, "no_notify_after_end"},
    {"503", "Expires: 3600\r\n", 503, false, ""},
};

static void
test_ended(gconstpointer data)
{
    const struct end *end = data;
    struct script *s = script_begin();
    const char *condition = PRESENCE IF_MATCH("e1");
    subscribe(s);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .to_tag = "t1",
         .headers = script_join(s, condition, end->expires));
    if (end->notified)
        notify(s, 2, PRESENCE "Subscription-State: terminated\r\n" ETAG("e1"), "");
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .status = end->status, .headers = "Expires: 0\r\n");
    SEND(s, .method = "SUBSCRIBE", .cseq = 3, .to_tag = "t1",
         .headers = script_join(s, condition, "Expires: 3600\r\n"));
    const struct record *answer =
        SEND(s, .method = "SUBSCRIBE", .cseq = 3, .status = 204, .headers = "Expires: 3600\r\n");
    g_assert_cmpstr(script_notes(s, answer), ==, end->notes);
    script_end(s);
}

/* The same NOTIFY on the next hop is as due as on the first. */
static void
test_notify_passed_on(struct script *s)
{
    subscribe(s);
    suppress(s, PRESENCE IF_MATCH("e1") "Expires: 3600\r\n");
    for (int hop = 2; hop <= 3; hop++) {
        char *branch = g_strdup_printf("z9hG4bKhop%d", hop);
        assert_due(s,
                   SEND(s, .method = "NOTIFY", .cseq = 2, .from = hop, .to = hop == 2 ? 3 : 1,
                        .from_tag = "t1", .to_tag = "f1", .branch = branch,
                        .headers = PRESENCE "Subscription-State: pending\r\n" ETAG("e1")),
                   NULL);
        g_free(branch);
    }
}

/* Nobody has got the one that was refused. */
static void
test_notify_refused(struct script *s)
{
    static const unsigned refusals[] = {401, 503};
    subscribe(s);
    suppress(s, PRESENCE IF_MATCH("e1") "Expires: 3600\r\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(refusals); i++) {
        assert_due(s, notify(s, 2 + i, PRESENCE "Subscription-State: pending\r\n" ETAG("e1"), ""), NULL);
        SEND(s, .method = "NOTIFY", .cseq = 2 + i, .status = refusals[i], .from = 1, .to = 2,
             .from_tag = "t1", .to_tag = "f1");
    }
    assert_due(s, notify(s, 4, PRESENCE "Subscription-State: pending\r\n" ETAG("e1"), ""), NULL);
    assert_due(s, notify(s, 5, PRESENCE "Subscription-State: pending\r\n" ETAG("e1"), ""), "notify_not_due");
}

/* A 200 to a refresh whose condition holds, and the NOTIFY after it: right, if the state of the subscription
 * has changed, and then without a body. */
struct after_200 {
    const char *name, *condition, *headers, *body, *notes;
};

#define PENDING "Subscription-State: pending\r\n"

static const struct after_200 after_200[] = {
    {"state-changed", IF_MATCH("e1"), PENDING ETAG("e1"), "", ""},
    {"state-kept", IF_MATCH("e1"), ACTIVE ETAG("e1"), "", "condition_ignored"},
    {"star/state-changed", IF_MATCH("*"), PENDING ETAG("e1"), "", ""},
    {"star/state-changed-with-body", IF_MATCH("*"), PENDING ETAG("e1"), "state", "star_ignored"},
    {"star/state-kept", IF_MATCH("*"), ACTIVE ETAG("e1"), "", "star_ignored"},
    {"star/news", IF_MATCH("*"), ACTIVE ETAG("e2"), "news", "star_ignored"},
};

static void
refresh(struct script *s, unsigned cseq, const char *condition)
{
    SEND(s, .method = "SUBSCRIBE", .cseq = cseq, .to_tag = "t1",
         .headers = script_join(s, PRESENCE "Expires: 3600\r\n", condition));
}

static struct record *
granted(struct script *s, unsigned cseq)
{
    return SEND(s, .method = "SUBSCRIBE", .cseq = cseq, .status = 200, .headers = "Expires: 3600\r\n");
}

static void
test_after_200(gconstpointer data)
{
    const struct after_200 *c = data;
    struct script *s = script_begin();
    subscribe(s);
    refresh(s, 2, c->condition);
    g_assert_cmpstr(script_notes(s, granted(s, 2)), ==, "");
    g_assert_cmpstr(script_notes(s, notify(s, 2, script_join(s, PRESENCE, c->headers), c->body)), ==,
                    c->notes);
    script_end(s);
}

/* A 200 to a known tag, and then silence; not, if the NOTIFY came in front of the 200, may still come, or a
 * SUBSCRIBE in between is missing. */
struct withheld {
    const char *name;
    bool early;
    int wait;
    unsigned cseq; /* of the next SUBSCRIBE */
    const char *notes;
};

static const struct withheld withheld[] = {
    {"silence", false, 100, 3, "notify_withheld"},
    {"came-first", true, 100, 3, ""},
    {"may-still-come", false, 30, 3, ""},
    {"gap", false, 100, 4, ""},
};

static void
test_withheld(gconstpointer data)
{
    const struct withheld *c = data;
    struct script *s = script_begin();
    subscribe(s);
    refresh(s, 2, IF_MATCH("e1"));
    if (c->early)
        notify(s, 2, PRESENCE PENDING ETAG("e1"), "");
    granted(s, 2);
    script_wait(s, c->wait);
    struct record *next = SEND(s, .method = "SUBSCRIBE", .cseq = c->cseq, .to_tag = "t1",
                               .headers = PRESENCE IF_MATCH("e1") "Expires: 3600\r\n");
    g_assert_cmpstr(script_notes(s, next), ==, c->notes);
    script_end(s);
}

/* Sent again without it, after a refusal. */
static void
test_condition_withdrawn(struct script *s)
{
    SEND(s, .method = "SUBSCRIBE", .headers = PRESENCE IF_MATCH("e1"));
    SEND(s, .method = "SUBSCRIBE", .status = 400);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .headers = PRESENCE);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .status = 200, .headers = "Expires: 3600\r\n");
    g_assert_cmpstr(script_notes(s, notify(s, 1, PRESENCE ACTIVE ETAG("e1"), "state")), ==, "");
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
    {"goes-another-way-by-ipv6", NULL, PRESENCE, "Contact: <sip:bob@[2001:db8::77]:5070>\r\n", 0, 33, false},
    {"missing-contact-is-no-address", NULL, PRESENCE, "Contact: <sip:[2001:db8::7::7]>\r\n", 0, 33, true},
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

/* A notifier that does not know entity-tags, as far as can be seen: told of the NOTIFY that the condition was
 * for, and of no other; not where a tag came before, where one comes now, and of silence. */
struct unsupported {
    const char *name, *first, *condition, *second, *notes;
};

static const struct unsupported unsupported[] = {
    {"any", "", IF_MATCH("*"), "", "condition_unsupported"},
    {"tag", "", IF_MATCH("e1"), "", "condition_unsupported"},
    {"unconditional", "", "", "", ""},
    {"tag-now", "", IF_MATCH("*"), ETAG("e1"), ""},
    {"tag-before", ETAG("e1"), IF_MATCH("e1"), "", "etag_missing"},
};

static void
test_unsupported(gconstpointer data)
{
    const struct unsupported *c = data;
    struct script *s = script_begin();
    SEND(s, .method = "SUBSCRIBE", .headers = PRESENCE "Expires: 3600\r\n");
    SEND(s, .method = "SUBSCRIBE", .status = 200, .headers = "Expires: 3600\r\n");
    notify(s, 1, script_join(s, PRESENCE ACTIVE, c->first), "state");
    refresh(s, 2, c->condition);
    granted(s, 2);
    g_assert_cmpstr(script_notes(s, notify(s, 2, script_join(s, PRESENCE ACTIVE, c->second), "state")), ==,
                    c->notes);
    const struct record *later = notify(s, 3, script_join(s, PRESENCE ACTIVE, c->second), "news");
    g_assert_null(strstr(script_notes(s, later), "condition"));
    refresh(s, 3, IF_MATCH("*"));
    granted(s, 3);
    script_wait(s, 100);
    const struct record *next = SEND(s, .method = "SUBSCRIBE", .cseq = 4, .to_tag = "t1",
                                     .headers = PRESENCE IF_MATCH("*") "Expires: 3600\r\n");
    bool tagged = *c->first || *c->second;
    g_assert_cmpstr(script_notes(s, next), ==, tagged ? "notify_withheld" : "");
    script_end(s);
}

static void
test_first_notify_unsupported(struct script *s)
{
    SEND(s, .method = "SUBSCRIBE", .headers = PRESENCE IF_MATCH("e1"));
    SEND(s, .method = "SUBSCRIBE", .status = 200);
    g_assert_cmpstr(script_notes(s, notify(s, 1, PRESENCE ACTIVE, "state")), ==, "condition_unsupported");
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

/* --- time: RFC 6665 section 4.1.2.2, 4.2.1.4, RFC 5839 section 5.6
 * --------------------------------------------------------------------------------- */

/* The first NOTIFY has the last word, however short after the 200 it comes. */
static void
test_first_notify_is_shorter(struct script *s)
{
    SEND(s, .method = "SUBSCRIBE", .headers = PRESENCE "Expires: 3600\r\n");
    SEND(s, .method = "SUBSCRIBE", .status = 200, .headers = "Expires: 3600\r\n");
    notify(s, 1, PRESENCE "Subscription-State: active;expires=600\r\n", "state");
    script_wait(s, 600);
    const struct record *end = notify(s, 2, PRESENCE "Subscription-State: terminated;reason=timeout\r\n", "");
    g_assert_cmpstr(script_notes(s, end), ==, "subscription_timed_out");
}

/* Steps after frames 1 to 3, which subscribe until second 3600. `S:60` is a SUBSCRIBE for 60 s with the
 * condition e1, `P:60` one without, `again` the same once more, `lost` one that is not in the capture.
 * `204:60` answers and grants 60 s, `204` does not say for how long. `N:active` is a NOTIFY of another state,
 * `K:active` of the known one, `seen` the answer to one that is not in the capture. `new:60` is a SUBSCRIBE
 * that begins another subscription, `fork:60` from another address, `other:60` of another contact. `wait:60`
 * lets seconds go by.
 */
struct time_story {
    const char *name, *steps;
    const char *expected; /* what is told: finding, frames that it names, number */
};

static const struct time_story time_stories[] = {
    {"refreshed", "wait:1800 S:3600 200:3600 wait:1800 S:3600", ""},
    {"refreshed-by-204", "wait:1800 S:3600 204:3600 wait:3000 S:3600", ""},
    {"at-the-last-moment", "wait:3601 S:3600", ""},
    {"lapsed", "wait:3660 S:3600", "subscription_lapsed 3 0 60"},
    {"lapsed-after-200", "S:3600 200:60 wait:100 S:3600", "subscription_lapsed 5 0 40"},
    {"lapsed-after-202", "S:3600 202:60 wait:100 P:3600", "subscription_lapsed 5 0 40"},
    {"lapsed-after-notify", "wait:1 N:active;expires=60 wait:100 S:3600", "subscription_lapsed 4 0 40"},
    {"lapsed-after-204-in-full", "S:60 204:60 wait:4000 S:60", "subscription_lapsed 5 0 3940"},
    {"missed-time-before", "S:60 204:60 wait:100 S:60", "no_notify_expiry_missed 5 3 40"},
    {"missed-shortened", "wait:3590 S:3600 204:60 wait:100 S:60", "no_notify_expiry_missed 5 4 40"},
    {"missed-told-once", "S:60 204:60 wait:100 S:60 401 S:60", "no_notify_expiry_missed 5 3 40"},
    {"lapsed-again", "S:60 200:60 wait:100 S:60 200:60 wait:100 S:60",
     "subscription_lapsed 5 0 40, subscription_lapsed 7 0 40"},
    {"notify-without-seconds", "S:60 200:60 N:active wait:100 S:60", "subscription_lapsed 5 0 40"},
    {"notify-of-no-seconds", "S:3600 200:3600 wait:1 N:active;expires=0 wait:100 S:60", ""},
    {"crossing-notify", "wait:1800 S:3600 204:3600 N:active;expires=1800 wait:3000 S:3600", ""},
    {"quoted-at-once", "wait:1800 S:3600 204:3600 wait:5 N:active;expires=1795", ""},
    {"lapsed-after-204-and-notify", "S:3600 204:3600 wait:50 N:active;expires=100 wait:200 S:3600",
     "subscription_lapsed 6 0 100"},
    {"late-unsubscription", "wait:3660 S:0", ""},
    {"ended-before", "S:0 204:0 wait:60 S:3600", ""},
    {"ended-by-notifier", "N:terminated;reason=noresource wait:4000 S:3600", ""},
    {"ended-by-481", "S:3600 481 wait:4000 S:3600", ""},
    {"goes-on-after-its-time", "wait:3610 N:active wait:20 S:3600", ""},
    {"counted-and-refused", "S:60 204:60 wait:50 S:60 503 wait:50 S:60", "subscription_lapsed 5 0 40"},
    {"refused-for-now", "wait:1800 S:3600 503 wait:1860 S:3600", "subscription_lapsed 3 0 60"},
    {"one-is-lost", "wait:1800 lost wait:1860 S:3600", ""},
    {"answer-is-lost", "wait:1800 S:3600 wait:1860 S:3600", ""},
    {"never-answered", "wait:1800 S:3600 again wait:1860 S:3600", "subscription_lapsed 3 0 60"},
    {"expires-unsaid", "S:3600 204 wait:4000 S:3600", ""},
    {"time-goes-back", "S:60 200:60 wait:-50 wait:100 S:60", ""},
    {"timed-out", "wait:3600 N:terminated;reason=timeout", "subscription_timed_out 3 0 0"},
    {"timed-out-later", "wait:3630 N:terminated;reason=timeout", "subscription_timed_out 3 0 30"},
    {"fetched", "S:0 200:0 N:terminated;reason=timeout", ""},
    {"ended-early", "wait:60 N:terminated;reason=timeout", ""},
    {"ended-early-after-200", "wait:1800 P:3600 200:3600 wait:1800 N:terminated;reason=timeout", ""},
    {"ended-while-asked", "wait:3600 S:0 N:terminated;reason=timeout", ""},
    {"not-counted", "wait:1800 S:3600 204:3600 wait:1820 N:terminated;reason=timeout",
     "no_notify_not_counted 5 3 1780"},
    {"not-counted-of-two",
     "wait:1200 S:3600 204:3600 wait:1200 S:3600 204:3600 wait:1200 N:terminated;reason=timeout",
     "no_notify_not_counted 7 3 2400"},
    {"not-counted-in-notify", "wait:1800 S:3600 204:3600 wait:800 N:active;expires=1000",
     "no_notify_not_counted 5 3 1800"},
    {"counted-in-notify", "wait:1800 S:3600 204:3600 wait:800 N:active;expires=2800", ""},
    {"shortened-in-notify", "wait:1800 S:3600 204:3600 wait:800 N:active;expires=300", ""},
    {"ended-at-any-time", "wait:1800 S:3600 204:3600 wait:1900 N:terminated;reason=timeout", ""},
    {"end-asked-unseen", "wait:1800 S:3600 204:3600 wait:1800 lost 200:0 N:terminated;reason=timeout", ""},
    {"answer-alone", "wait:1800 lost 200:3600 wait:1860 S:3600", ""},
    {"news-answered-alone", "wait:600 S:3600 204:3600 wait:20 seen wait:12 new:3600", ""},
    {"ended-for-another-reason", "wait:1800 S:3600 204:3600 wait:1800 N:terminated;reason=giveup", ""},
    {"ended-before-any-time", "wait:1800 S:3600 204:3600 wait:800 N:terminated;reason=timeout", ""},
    {"begun-anew-after-204", "wait:600 S:3600 204:3600 wait:32 new:3600", "no_notify_not_understood 5 0 32"},
    {"begun-anew-told-once", "wait:600 S:3600 204:3600 wait:33 new:3600 wait:1 new:3600",
     "no_notify_not_understood 5 0 33"},
    {"begun-anew-at-once", "wait:600 S:3600 204:3600 wait:5 new:3600", ""},
    {"begun-anew-much-later", "wait:600 S:3600 204:3600 wait:50 new:3600", ""},
    {"begun-anew-after-200", "wait:600 P:3600 200:3600 wait:32 new:3600", ""},
    {"begun-anew-after-news", "wait:600 S:3600 204:3600 wait:20 N:active;expires=3580 wait:12 new:3600", ""},
    {"begun-anew-after-no-news", "wait:600 S:3600 204:3600 wait:20 K:pending;expires=3580 wait:12 new:3600",
     ""},
    {"begun-anew-after-204-and-200", "S:3600 204:3600 wait:600 P:3600 200:3600 wait:32 new:3600", ""},
    {"begun-anew-after-end", "wait:600 S:0 204:0 wait:32 new:3600", ""},
    {"begun-anew-after-481", "wait:600 S:3600 204:3600 wait:20 S:3600 481 wait:12 new:3600", ""},
    {"begun-anew-after-its-time", "wait:600 S:3600 204:30 wait:32 new:3600", ""},
    {"begun-anew-elsewhere", "wait:600 S:3600 204:3600 wait:32 fork:3600", ""},
    {"begun-anew-by-another", "wait:600 S:3600 204:3600 wait:32 other:3600", ""},
    {"begun-anew-wrong-204", "wait:600 P:3600 204:3600 wait:32 new:3600", ""},
    {"begun-anew-unsaid", "wait:600 S:3600 204 wait:32 new:3600", ""},
    {"fetched-anew", "wait:600 S:3600 204:3600 wait:32 new:0", ""},
    {"missed-and-away", "wait:600 S:3600 204:60 wait:60 N:terminated;reason=timeout wait:50 new:3600",
     "subscription_timed_out 5 0 0"},
    {"timed-out-and-back", "wait:3600 N:terminated;reason=timeout wait:5 new:3600",
     "subscription_timed_out 3 0 0"},
    {"timed-out-twice", "wait:3600 N:terminated;reason=timeout N:terminated;reason=timeout",
     "subscription_timed_out 3 0 0"},
    {"missed-and-timed-out", "wait:600 S:3600 204:60 wait:60 N:terminated;reason=timeout new:3600",
     "subscription_timed_out 5 0 0, no_notify_expiry_missed 5 3 0"},
};

/* How the findings about time are told, each with its frames and number; "" for none. Freed with the script.
 */
static const char *
time_notes(struct script *s, const struct record *record)
{
    static const char *const names[] = {"no_notify_expiry_missed",  "no_notify_not_counted",
                                        "no_notify_not_understood", "subscription_lapsed",
                                        "subscription_timed_out",   NULL};
    const char *text = "";
    for (const struct note *note = record->detail ? record->detail->notes : NULL; note; note = note->next) {
        const char *name = finding_rule((enum finding)note->finding)->name;
        if (!g_strv_contains(names, name))
            continue;
        char *one = g_strdup_printf("%s %u %u %u", name, note->frame_a, note->frame_b, note->number);
        text = script_join(s, text, one);
        g_free(one);
    }
    return text;
}

struct clockwork {
    struct script *script;
    unsigned cseq, notifies, calls;
    const char *headers; /* of the latest SUBSCRIBE */
};

static struct record *
begin_anew(struct clockwork *c, const char *word, const char *expires)
{
    const char *contact = *word == 'o' ? "Contact: <sip:alice@192.0.2.1:5062>\r\n" : CONTACT;
    char *call = g_strdup_printf("new-%u", ++c->calls), *branch = g_strconcat("z9hG4bK", call, NULL);
    const char *headers = script_join(c->script, script_join(c->script, PRESENCE, contact), expires);
    struct record *record = SEND(c->script, .method = "SUBSCRIBE", .call_id = call, .branch = branch,
                                 .from_tag = call, .from = *word == 'f' ? 7 : 1, .headers = headers);
    g_free(call);
    g_free(branch);
    return record;
}

static struct record *
ask_again(struct clockwork *c, const char *word, const char *expires)
{
    if (strcmp(word, "again") == 0)
        return SEND(c->script, .method = "SUBSCRIBE", .cseq = c->cseq, .to_tag = "t1", .headers = c->headers,
                    .ms = 500);
    c->cseq++;
    c->headers =
        script_join(c->script, *word == 'S' ? PRESENCE CONTACT IF_MATCH("e1") : PRESENCE CONTACT, expires);
    return SEND(c->script, .method = "SUBSCRIBE", .cseq = c->cseq, .to_tag = "t1", .headers = c->headers);
}

/* NULL: no message. */
static struct record *
time_step(struct clockwork *c, const char *word, const char *value)
{
    struct script *s = c->script;
    const char *expires = value ? script_join(s, script_join(s, "Expires: ", value), "\r\n") : "";
    if (strcmp(word, "wait") == 0)
        script_wait(s, g_ascii_strtod(value, NULL));
    else if (strcmp(word, "lost") == 0)
        c->cseq++;
    else if (strcmp(word, "seen") == 0)
        SEND(s, .method = "NOTIFY", .cseq = 99, .status = 200, .from_tag = "t1", .to_tag = "f1", .from = 1,
             .to = 2);
    else if (g_ascii_isdigit(*word))
        return SEND(s, .method = "SUBSCRIBE", .cseq = c->cseq, .status = (unsigned)atoi(word),
                    .headers = expires);
    else if (*word == 'N')
        return notify(s, 2 + c->notifies++,
                      script_join(s, script_join(s, PRESENCE ETAG("e9") "Subscription-State: ", value),
                                  "\r\n"),
                      "other");
    else if (*word == 'K')
        return notify(s, 2 + c->notifies++,
                      script_join(s, script_join(s, PRESENCE ETAG("e1") "Subscription-State: ", value),
                                  "\r\n"),
                      "");
    else if (*word == 'n' || *word == 'f' || *word == 'o')
        return begin_anew(c, word, expires);
    else
        return ask_again(c, word, expires);
    return NULL;
}

static void
test_time(gconstpointer data)
{
    const struct time_story *story = data;
    struct clockwork clockwork = {script_begin(), 1, 0, 0, ""};
    char **steps = g_strsplit(story->steps, " ", -1);
    const char *told = "";
    subscribe(clockwork.script);
    for (char **step = steps; *step; step++) {
        char *value = strchr(*step, ':');
        if (value)
            *value++ = '\0';
        struct record *record = time_step(&clockwork, *step, value);
        if (!record)
            continue;
        const char *notes = time_notes(clockwork.script, record);
        told = script_join(clockwork.script, script_join(clockwork.script, told, *told && *notes ? ", " : ""),
                           notes);
    }
    g_assert_cmpstr(told, ==, story->expected);
    g_strfreev(steps);
    script_end(clockwork.script);
}

/* --- two hops
 * ----------------------------------------------------------------------------------------------------- */

struct hops {
    const char *name;
    unsigned further, here; /* how the SUBSCRIBE is answered behind the proxy, and by it */
    bool begins;            /* a subscription, instead of refreshing one */
    const char *expected;   /* of the answer here */
};

static const struct hops hops[] = {
    {"passed-on", 204, 204, false, ""},
    {"both-200", 200, 200, false, ""},
    {"202-for-200", 200, 202, false, "accepted_202"},
    {"200-for-204", 204, 200, false, "no_notify_answer_changed"},
    {"202-for-204", 204, 202, false, "no_notify_answer_changed accepted_202"},
    {"204-for-200", 200, 204, false, "no_notify_answer_changed"},
    {"481-for-204", 204, 481, false, ""},
    {"begins", 204, 200, true, "no_notify_answer_changed"},
};

static void
test_hops(gconstpointer data)
{
    const struct hops *h = data;
    struct script *s = script_begin();
    const char *tag = h->begins ? NULL : "t1", *asked = PRESENCE IF_MATCH("e1") "Expires: 3600\r\n",
               *granted = "Expires: 3600\r\n";
    subscribe(s);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKa", .to_tag = tag, .headers = asked);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKb", .host = "192.0.2.2", .to_tag = tag,
         .from = 2, .to = 3, .headers = asked);
    const struct record *behind =
        SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKb", .host = "192.0.2.2",
             .status = h->further, .from = 3, .to = 2, .headers = granted);
    const struct record *here = SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKa",
                                     .status = h->here, .headers = granted);
    g_assert_cmpstr(script_notes(s, here), ==, h->expected);
    const struct no_notify *no_notify = here->status == 204 ? no_notify_of(here) : NULL;
    g_assert_cmpuint(no_notify ? no_notify->missed_frame : 0, ==,
                     h->further == 200 && h->here == 204 ? 6 : 0);
    const struct note *note = here->detail ? here->detail->notes : NULL;
    if (g_str_has_prefix(h->expected, "no_notify")) {
        g_assert_cmpuint(note->frame_a, ==, 6);
        g_assert_cmpuint(note->frame_b, ==, 4);
        g_assert_cmpuint(note->number, ==, h->further);
        if (h->further == 204 && !h->begins)
            g_assert_cmpuint(no_notify_of(behind)->missed_frame, ==, 7);
    }
    script_end(s);
}

/* Whichever address is the greater one, two hops of one proxy are two. */
static void
test_removed_at_high_address(struct script *s)
{
    subscribe(s);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKa", .to_tag = "t1", .to = 9,
         .headers = PRESENCE IF_MATCH("e1"));
    const struct record *further = SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKb",
                                        .to_tag = "t1", .from = 9, .to = 3, .headers = PRESENCE);
    g_assert_cmpstr(script_notes(s, further), ==, "condition_removed");
}

/* The condition is on one hop only: removed on the way if it is missing further on. */
static void
test_removed(struct script *s)
{
    subscribe(s);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKa", .to_tag = "t1",
         .headers = PRESENCE IF_MATCH("e1"));
    const struct record *further = SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKb",
                                        .to_tag = "t1", .from = 2, .to = 3, .headers = PRESENCE);
    g_assert_cmpstr(script_notes(s, further), ==, "condition_removed");
    g_assert_cmpuint(further->detail->notes->frame_a, ==, 4);
    const struct record *next = SEND(s, .method = "SUBSCRIBE", .cseq = 3, .branch = "z9hG4bKc",
                                     .to_tag = "t1", .from = 2, .to = 3, .headers = PRESENCE);
    g_assert_cmpstr(script_notes(s, next), ==, "");
}

/* Then the notifier, who did not see it, is not to blame. */
static void
test_removed_and_ignored(struct script *s)
{
    subscribe(s);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKa", .to_tag = "t1",
         .headers = PRESENCE IF_MATCH("*"));
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKb", .to_tag = "t1", .from = 2, .to = 3,
         .headers = PRESENCE);
    const struct record *answer = SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKa",
                                       .status = 200, .headers = "Expires: 3600\r\n");
    g_assert_cmpstr(script_notes(s, answer), ==, "");
}

/* The 204 itself leads to where it was missed. */
static void
test_missed(struct script *s)
{
    subscribe(s);
    const struct record *answer = suppress(s, PRESENCE IF_MATCH("e1"));
    const struct no_notify *no_notify = no_notify_of(answer);
    script_wait(s, 3700);
    SEND(s, .method = "SUBSCRIBE", .cseq = 3, .to_tag = "t1", .headers = PRESENCE);
    g_assert_cmpuint(no_notify->missed_frame, ==, 0);
    SEND(s, .method = "SUBSCRIBE", .cseq = 3, .status = 200, .headers = "Expires: 3600\r\n");
    SEND(s, .method = "SUBSCRIBE", .cseq = 4, .to_tag = "t1", .headers = PRESENCE IF_MATCH("e1"));
    answer = SEND(s, .method = "SUBSCRIBE", .cseq = 4, .status = 204, .headers = "Expires: 60\r\n");
    script_wait(s, 100);
    SEND(s, .method = "SUBSCRIBE", .cseq = 5, .to_tag = "t1", .headers = PRESENCE IF_MATCH("e1"));
    g_assert_cmpuint(no_notify_of(answer)->missed_frame, ==, 10);
    g_assert_cmpuint(no_notify_of(answer)->missed_finding, ==, FINDING_EXPIRY_MISSED);
}

static void
test_added(struct script *s)
{
    subscribe(s);
    SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKa", .to_tag = "t1", .headers = PRESENCE);
    const struct record *further =
        SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKb", .to_tag = "t1", .from = 2, .to = 3,
             .headers = PRESENCE IF_MATCH("e1"));
    g_assert_cmpstr(script_notes(s, further), ==, "");
}

/* N22: in a NOTIFY as in any other request. */
static void
test_misplaced(struct script *s)
{
    subscribe(s);
    g_assert_cmpstr(script_notes(s, notify(s, 2, PRESENCE ACTIVE ETAG("e2") IF_MATCH("e1"), "news")), ==,
                    "condition_misplaced");
}

/* The next refresh may well be answered in another way. */
static void
test_next_hop(struct script *s)
{
    subscribe(s);
    suppress(s, PRESENCE IF_MATCH("e1"));
    SEND(s, .method = "SUBSCRIBE", .cseq = 3, .to_tag = "t1", .from = 2, .to = 3, .headers = PRESENCE);
    const struct record *answer = SEND(s, .method = "SUBSCRIBE", .cseq = 3, .status = 200, .from = 3, .to = 2,
                                       .headers = "Expires: 3600\r\n");
    g_assert_cmpstr(script_notes(s, answer), ==, "");
}

/* On one hop it is two requests with one number, whatever is wrong with them. */
static void
test_same_hop(struct script *s)
{
    subscribe(s);
    suppress(s, PRESENCE IF_MATCH("e1"));
    const struct record *other =
        SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKb", .to_tag = "t1", .headers = PRESENCE);
    g_assert_cmpstr(script_notes(s, other), ==, "");
    const struct record *answer = SEND(s, .method = "SUBSCRIBE", .cseq = 2, .branch = "z9hG4bKb",
                                       .status = 200, .headers = "Expires: 3600\r\n");
    g_assert_cmpstr(script_notes(s, answer), ==, "");
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

static const struct play plays[] = {
    {"204/right", test_right},
    {"204/compact-and-id", test_compact_and_id},
    {"204/n1-other-method", test_n1_other_method},
    {"204/n1-other-method-unseen", test_n1_other_method_unseen},
    {"204/n2-out-of-dialog", test_n2_out_of_dialog},
    {"204/n3-unconditional", test_n3_unconditional},
    {"204/n20-fetch", test_n20_fetch},
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
    {"hops/condition-removed", test_removed},
    {"hops/condition-removed-at-high-address", test_removed_at_high_address},
    {"hops/condition-added", test_added},
    {"hops/condition-removed-and-ignored", test_removed_and_ignored},
    {"204/missed", test_missed},
    {"notify/n22-misplaced", test_misplaced},
    {"hops/next-request", test_next_hop},
    {"hops/same-hop", test_same_hop},
    {"notify/after-end", test_after_end},
    {"notify/before-204", test_before_204},
    {"notify/retransmission", test_retransmission},
    {"notify/changes-back", test_changes_back},
    {"notify/next-200", test_next_200},
    {"notify/next-refused", test_next_refused},
    {"notify/other-dialog", test_other_dialog},
    {"204/tag-told-between", test_tag_told_between},
    {"204/tag-of-dialog-before", test_tag_of_dialog_before},
    {"notify/passed-on", test_notify_passed_on},
    {"notify/refused", test_notify_refused},
    {"notify/condition-withdrawn", test_condition_withdrawn},
    {"notify/after-wrong-204", test_after_wrong_204},
    {"notify/only-the-first-is-linked", test_only_the_first_is_linked},
    {"notify/first-with-known-body", test_first_notify},
    {"notify/first-with-type", test_first_notify_with_type},
    {"notify/first-unsupported", test_first_notify_unsupported},
    {"notify/first-with-news", test_first_notify_of_news},
    {"time/first-notify-is-shorter", test_first_notify_is_shorter},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    script_add_plays("/subscription", plays, G_N_ELEMENTS(plays));
    ADD_CASES("/subscription/told", told_tags, test_told);
    ADD_CASES("/subscription/after-200", after_200, test_after_200);
    ADD_CASES("/subscription/withheld", withheld, test_withheld);
    ADD_CASES("/subscription/unsupported", unsupported, test_unsupported);
    ADD_CASES("/subscription/ended", ends, test_ended);
    ADD_CASES("/subscription/awaited", awaited, test_awaited);
    ADD_CASES("/subscription/condition", conditions, test_condition);
    ADD_CASES("/subscription/hops", hops, test_hops);
    ADD_CASES("/subscription/time", time_stories, test_time);
    ADD_CASES("/subscription/notify", follows, test_follow);
    return test_run_all();
}
