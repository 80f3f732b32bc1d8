/* test_path.c
 * What is changed between two hops: challenges that are passed on, and addresses-of-record.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "findings.h"
#include "script.h"

/* The element between has two addresses. */
enum { CLIENT = 1, SERVER = 2, OUTER = 3, INNER = 4, SECOND_SERVER = 6 };

#define DIGEST(realm, rest) "WWW-Authenticate: Digest realm=\"" realm "\", nonce=\"n1\"" rest "\r\n"
#define SHA                 DIGEST("example.com", ", algorithm=SHA-256, qop=\"auth\"")
#define MD5                 DIGEST("example.com", ", algorithm=MD5, qop=\"auth\"")
#define BARE_MD5            DIGEST("example.com", ", qop=\"auth\"")
#define MD5_NO_QOP          DIGEST("example.com", ", algorithm=MD5")
#define MD5_BOTH            DIGEST("example.com", ", algorithm=MD5, qop=\"auth,auth-int\"")
#define OTHER               DIGEST("other.example.net", ", algorithm=MD5, qop=\"auth\"")
#define SHA_512             DIGEST("example.com", ", algorithm=\"sha-512-256\", qop=\"auth\"")
#define BASIC               "WWW-Authenticate: Basic realm=\"example.com\"\r\n"

/* One message on the outer or on the inner hop. */
static struct record *
outer(struct script *s, struct sip sip)
{
    sip.from = sip.status ? OUTER : CLIENT;
    sip.to = sip.status ? CLIENT : OUTER;
    sip.branch = sip.cseq == 2 ? "z9hG4bKo2" : "z9hG4bKo";
    return script_send(s, &sip);
}

static struct record *
inner(struct script *s, struct sip sip)
{
    sip.from = sip.status ? SERVER : INNER;
    sip.to = sip.status ? INNER : SERVER;
    sip.host = "192.0.2.4";
    sip.branch = sip.cseq == 2 ? "z9hG4bKi2" : "z9hG4bKi";
    return script_send(s, &sip);
}

struct passed_on {
    const char *name, *before, *after;
    const char *notes; /* "": nothing but chats */
    enum weakened how;
};

static const struct passed_on passed_on[] = {
    {"unchanged", SHA MD5, SHA MD5, "", WEAKENED_NOT},
    {"md5-unchanged", MD5, BARE_MD5, "", WEAKENED_NOT},
    {"sha-gone", SHA MD5, MD5, "challenge_weakened", WEAKENED_ALGORITHM},
    {"sha-512-gone", SHA_512, BARE_MD5, "challenge_weakened", WEAKENED_ALGORITHM},
    {"one-sha-gone", SHA_512 SHA, SHA, "", WEAKENED_NOT},
    {"md5-gone", SHA MD5, SHA, "", WEAKENED_NOT},
    {"stronger", MD5, SHA MD5, "", WEAKENED_NOT},
    {"qop-gone", MD5, MD5_NO_QOP, "challenge_weakened", WEAKENED_QOP},
    {"never-a-qop", MD5_NO_QOP, MD5_NO_QOP, "", WEAKENED_NOT},
    {"turned", SHA MD5, MD5 SHA, "challenge_weakened", WEAKENED_ORDER},
    {"joined", SHA MD5, MD5 SHA MD5, "", WEAKENED_NOT},
    {"turned-before", MD5 SHA, MD5 SHA, "", WEAKENED_NOT},
    {"auth-int-gone", MD5_BOTH, MD5, "auth_int_removed", WEAKENED_AUTH_INT},
    {"another-realm", SHA MD5, OTHER, "", WEAKENED_NOT},
    {"another-realm-before", SHA, OTHER MD5, "", WEAKENED_NOT},
    {"basic", SHA, BASIC, "basic_offered", WEAKENED_NOT},
    {"none", SHA, "", "no_challenge", WEAKENED_NOT},
    {"none-before", "", MD5, "", WEAKENED_NOT},
};

static void
assert_notes(const struct record *record, const char *expected)
{
    GString *notes = g_string_new(NULL);
    for (const struct note *note = record->detail ? record->detail->notes : NULL; note; note = note->next) {
        const struct finding_rule *rule = finding_rule((enum finding)note->finding);
        if (rule->severity != SEVERITY_CHAT)
            g_string_append_printf(notes, "%s%s", notes->len ? " " : "", rule->name);
    }
    g_assert_cmpstr(notes->str, ==, expected);
    g_string_free(notes, TRUE);
}

static void
test_passed_on(gconstpointer data)
{
    const struct passed_on *c = data;
    struct script *s = script_begin();
    outer(s, (struct sip){0});
    inner(s, (struct sip){0});
    inner(s, (struct sip){.status = 401, .headers = c->before});
    struct record *passed = outer(s, (struct sip){.status = 401, .headers = c->after});
    assert_notes(passed, c->notes);
    for (const struct note *note = passed->detail->notes; note; note = note->next) {
        if (note->finding != FINDING_CHALLENGE_WEAKENED && note->finding != FINDING_AUTH_INT_REMOVED)
            continue;
        g_assert_cmpuint(note->number, ==, c->how);
        g_assert_cmpuint(note->frame_a, ==, 3);
    }
    script_end(s);
}

/* Two legs of one fork, each with an address of its own: the requests lie side by side. */
static void
test_fork(struct script *s)
{
    outer(s, (struct sip){0});
    inner(s, (struct sip){0});
    SEND(s, .branch = "z9hG4bKj", .host = "192.0.2.7", .from = 7, .to = SECOND_SERVER);
    inner(s, (struct sip){.status = 401, .headers = SHA});
    assert_notes(SEND(s, .branch = "z9hG4bKj", .host = "192.0.2.7", .status = 401, .from = SECOND_SERVER,
                      .to = 7, .headers = MD5),
                 "");
    assert_notes(outer(s, (struct sip){.status = 401, .headers = MD5 SHA}), "");
}

/* Other calls have nothing to do with each other, whatever realm and nonce they have in common. */
static void
test_other_calls(struct script *s)
{
    static const struct sip others[] = {{.call_id = "another"},
                                        {.from_tag = "another"},
                                        {.cseq = 2},
                                        {.method = "OPTIONS"}};
    outer(s, (struct sip){0});
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        struct sip refusal = others[i];
        refusal.status = 401;
        refusal.headers = SHA;
        inner(s, others[i]);
        inner(s, refusal);
    }
    assert_notes(outer(s, (struct sip){.status = 401, .headers = MD5}), "");
}

/* The capture lacks a request, or the other refusal is another code: nothing is compared. */
static void
test_doubtful(struct script *s)
{
    inner(s, (struct sip){0});
    inner(s, (struct sip){.status = 401, .headers = SHA});
    assert_notes(outer(s, (struct sip){.status = 401, .headers = MD5}), "");
    outer(s, (struct sip){.cseq = 2});
    inner(s, (struct sip){.cseq = 2});
    inner(s, (struct sip){.cseq = 2, .status = 407, .headers = SHA});
    assert_notes(outer(s, (struct sip){.cseq = 2, .status = 401, .headers = MD5}), "");
}

/* Three hops: told where it is changed, and only there. */
static void
test_three_hops(struct script *s)
{
    outer(s, (struct sip){0});
    SEND(s, .branch = "z9hG4bKm", .host = "192.0.2.3", .from = 13, .to = 14);
    inner(s, (struct sip){0});
    inner(s, (struct sip){.status = 401, .headers = SHA MD5});
    struct record *middle = SEND(s, .branch = "z9hG4bKm", .host = "192.0.2.3", .status = 401, .from = 14,
                                 .to = 13, .headers = MD5);
    assert_notes(middle, "challenge_weakened");
    assert_notes(outer(s, (struct sip){.status = 401, .headers = MD5}), "");
}

/* Another challenge comes in between, whose request is missing: who passes that on has not weakened the first
 * one. */
static void
pass_on_another(struct script *s, struct sip another)
{
    outer(s, (struct sip){0});
    inner(s, (struct sip){0});
    inner(s, (struct sip){.status = 401, .headers = SHA MD5});
    another.status = 401;
    script_send(s, &another);
    assert_notes(outer(s, (struct sip){.status = 401, .headers = another.headers}), "");
}

static void
test_middle_request_missing(struct script *s)
{
    pass_on_another(
        s, (struct sip){.branch = "z9hG4bKm", .host = "192.0.2.3", .from = 14, .to = 13, .headers = MD5});
}

static void
test_branch_request_missing(struct script *s)
{
    pass_on_another(s, (struct sip){.branch = "z9hG4bKj",
                                    .host = "192.0.2.4",
                                    .from = SECOND_SERVER,
                                    .to = INNER,
                                    .headers = CHALLENGE("n2")});
}

/* What one hop kept is gone with its transaction. */
static void
test_forgotten(struct script *s)
{
    tracker_forget(s->tracker, KEEPS_NOTHING);
    size_t before = 0;
    for (unsigned n = 0; n < 60; n++) {
        char *call = g_strdup_printf("call-%u", n % 2 ? n : 0);
        outer(s, (struct sip){.call_id = call});
        inner(s, (struct sip){.call_id = call});
        inner(s, (struct sip){.call_id = call, .status = 401, .headers = SHA MD5});
        const char *notes =
            script_notes(s, outer(s, (struct sip){.call_id = call, .status = 401, .headers = MD5}));
        g_assert_nonnull(strstr(notes, "challenge_weakened"));
        g_free(call);
        script_wait(s, 70);
        script_idle(s, n % 4 ? 0 : 26);
        if (n == 40)
            before = test_host_blocks();
    }
    g_assert_cmpuint(test_host_blocks(), <=, before + 60);
}

/* --- forks ------------------------------------------------------------------------ */

#define ABOVE  "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKo\r\n"
#define ABOVE2 "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKo2\r\n"

/* One message on a branch to one of two servers, with the client's Via below its own. */
static struct record *
branch(struct script *s, int server, bool hides, struct sip sip)
{
    static const char *const names[2][2] = {{"z9hG4bKi", "z9hG4bKi2"}, {"z9hG4bKj", "z9hG4bKj2"}};
    sip.from = sip.status ? server : INNER;
    sip.to = sip.status ? INNER : server;
    sip.host = "192.0.2.4";
    sip.branch = names[server == SECOND_SERVER][sip.cseq == 2];
    if (!hides)
        sip.headers = script_join(s, sip.cseq == 2 ? ABOVE2 : ABOVE, sip.headers ? sip.headers : "");
    return script_send(s, &sip);
}

struct forked {
    const char *name;
    bool hides, first;           /* the client's Via; the second branch is answered first */
    unsigned second, end;        /* status of the second branch, 0: there is none; that the client gets */
    const char *outcome, *cause; /* of the challenge on the first branch */
};

static const struct forked forked[] = {
    {"accepted", false, false, 200, 200, "accepted", ""},
    {"accepted-before", false, true, 200, 200, "accepted", ""},
    {"accepted-hidden", true, false, 200, 200, "no-retry", "never_answered"},
    {"declined", false, false, 603, 603, "unknown", ""},
    {"busy", false, false, 486, 401, "no-retry", "never_answered"},
    {"alone-accepted", false, false, 0, 200, "accepted", ""},
    {"alone-asked", false, false, 0, 401, "no-retry", "never_answered"},
    {"alone-kept", false, false, 0, 403, "no-retry", "challenge_kept_back"},
    {"alone-cancelled", false, false, 0, 487, "unknown", ""},
    {"alone-kept-hidden", true, false, 0, 403, "no-retry", "never_answered"},
};

static void
test_forked(gconstpointer data)
{
    const struct forked *c = data;
    struct script *s = script_begin();
    outer(s, (struct sip){0});
    branch(s, SERVER, c->hides, (struct sip){0});
    if (c->second)
        branch(s, SECOND_SERVER, c->hides, (struct sip){0});
    if (c->first)
        branch(s, SECOND_SERVER, c->hides, (struct sip){.status = c->second});
    branch(s, SERVER, c->hides, (struct sip){.status = 401, .headers = MD5});
    if (c->second && !c->first)
        branch(s, SECOND_SERVER, c->hides, (struct sip){.status = c->second});
    outer(s, (struct sip){.status = c->end, .headers = c->end == 401 ? MD5 : NULL});
    script_wait(s, 40);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, c->outcome);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, c->cause);
    script_end(s);
}

struct shared {
    const char *name, *second; /* the challenge on the second branch */
    unsigned end;              /* of the second branch, to the answer of the first one's challenge */
    const char *outcome, *cause;
};

static const struct shared shared[] = {
    {"refused", CHALLENGE("n2"), 401, "rejected", "realm_shared"},
    {"taken", CHALLENGE("n2"), 200, "accepted", ""},
    {"forbidden", CHALLENGE("n2"), 403, "forbidden", "forbidden"},
    {"another-realm", CHALLENGE_OF("WWW-Authenticate", "other.example.net", "n2"), 401, "unknown", ""},
    {"another-header", CHALLENGE_OF("Proxy-Authenticate", "example.com", "n2"), 401, "unknown", ""},
};

/* Two servers ask, and the client answers the first one, in front of both. */
static void
test_shared(gconstpointer data)
{
    const struct shared *c = data;
    struct script *s = script_begin();
    outer(s, (struct sip){0});
    branch(s, SERVER, false, (struct sip){0});
    branch(s, SECOND_SERVER, false, (struct sip){0});
    branch(s, SERVER, false, (struct sip){.status = 401, .headers = CHALLENGE("n1")});
    branch(s, SECOND_SERVER, false, (struct sip){.status = 401, .headers = c->second});
    outer(s, (struct sip){.status = 401, .headers = script_join(s, CHALLENGE("n1"), c->second)});
    const char *answer = ANSWER(s);
    outer(s, (struct sip){.cseq = 2, .headers = answer});
    branch(s, SECOND_SERVER, false, (struct sip){.cseq = 2, .headers = answer});
    branch(s, SERVER, false, (struct sip){.cseq = 2, .headers = answer});
    branch(s, SECOND_SERVER, false,
           (struct sip){.cseq = 2, .status = c->end, .headers = c->end == 401 ? CHALLENGE("n3") : NULL});
    branch(s, SERVER, false, (struct sip){.cseq = 2, .status = 486});
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 9);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "failed");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, c->outcome);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, c->cause);
    script_end(s);
}

/* The challenge as the client gets it is missing. A fork sends one request to both servers: that is no
 * replay. */
static void
test_count_forked(struct script *s)
{
    outer(s, (struct sip){0});
    branch(s, SERVER, false, (struct sip){0});
    branch(s, SECOND_SERVER, false, (struct sip){0});
    branch(s, SERVER, false, (struct sip){.status = 401, .headers = CHALLENGE("n1")});
    branch(s, SECOND_SERVER, false, (struct sip){.status = 401, .headers = CHALLENGE("n2")});
    const char *both = script_join(s, ANSWER(s), ANSWER(s, .nonce = "n2"));
    outer(s, (struct sip){.cseq = 2, .headers = both});
    branch(s, SERVER, false, (struct sip){.cseq = 2, .headers = both});
    branch(s, SECOND_SERVER, false, (struct sip){.cseq = 2, .headers = both});
    branch(s, SERVER, false, (struct sip){.cseq = 2, .status = 486});
    struct sip again = {.cseq = 2, .status = 401, .headers = CHALLENGE("n3")};
    const struct record *refusal = branch(s, SECOND_SERVER, false, again);
    g_assert_nonnull(refusal->detail->closings);
    g_assert_null(strstr(script_notes(s, refusal), "nc_replayed"));
    for (const struct closing *i = refusal->detail->closings; i; i = i->next)
        g_assert_cmpint(i->use->cause, !=, FINDING_NC_REPLAYED);
}

/* The challenge of the other branch is missing, and it may be that which is answered. */
static void
test_other_branch_unanswered(struct script *s)
{
    branch(s, SERVER, false, (struct sip){0});
    branch(s, SECOND_SERVER, false, (struct sip){0});
    branch(s, SECOND_SERVER, false, (struct sip){.status = 401, .headers = CHALLENGE("n2")});
    const char *answer = ANSWER(s);
    branch(s, SERVER, false, (struct sip){.cseq = 2, .headers = answer});
    branch(s, SECOND_SERVER, false, (struct sip){.cseq = 2, .headers = answer});
    branch(s, SECOND_SERVER, false, (struct sip){.cseq = 2, .status = 401, .headers = CHALLENGE("n3")});
    script_wait(s, 40);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "");
}

/* The nonce is of another call: the copy on the other branch is no other call. */
static void
test_count_forked_in_next_call(struct script *s)
{
    struct sip call = {.method = "INVITE", .call_id = "a"};
    script_send(s, &call);
    SEND(s, .method = "INVITE", .call_id = "a", .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .method = "INVITE", .call_id = "a", .cseq = 2, .headers = ANSWER(s, .method = "INVITE"));
    SEND(s, .method = "INVITE", .call_id = "a", .cseq = 2, .status = 200);
    call = (struct sip){.method = "INVITE", .call_id = "b", .branch = "z9hG4bKp"};
    call.headers = ANSWER(s, .method = "INVITE", .nc = "00000002");
    script_send(s, &call);
    call.branch = "z9hG4bKq";
    call.to = SECOND_SERVER;
    const struct use *use = script_use(script_send(s, &call));
    g_assert_false(finding_set_has(&use->suspects, FINDING_NC_REPLAYED));
    g_assert_false(finding_set_has(&use->suspects, FINDING_NC_OF_EACH_CALL));
}

/* The same request on another branch to the same server is no fork. */
static void
test_count_replayed(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    struct record *again =
        SEND(s, .cseq = 2, .branch = "z9hG4bKnew", .headers = ANSWER(s, .more = ",opaque=\"x\""), .ms = 5000);
    g_assert_true(finding_set_has(&script_use(again)->suspects, FINDING_NC_REPLAYED));
}

/* One server asks, and the element before it passes that on. */
static void
challenge_passed_on(struct script *s)
{
    outer(s, (struct sip){0});
    branch(s, SERVER, false, (struct sip){0});
    branch(s, SERVER, false, (struct sip){.status = 401, .headers = CHALLENGE("n1")});
    outer(s, (struct sip){.status = 401, .headers = CHALLENGE("n1")});
}

struct asked_twice {
    const char *name, *inside; /* the credentials on the inner hop; NULL: those of the outer one */
    const char *end;           /* of the inner hop: a challenge; NULL: 200 */
    const char *notes, *cause;
};

static const struct asked_twice asked_twice[] = {
    {"same-realm", NULL, CHALLENGE("n2"), "realm_asked_twice md5_only", "realm_asked_twice"},
    {"accepted", NULL, NULL, "", ""},
    {"other-realm", NULL, CHALLENGE_OF("WWW-Authenticate", "inner", "n2"), "md5_only", "other_realm"},
    {"other-header", NULL, CHALLENGE_OF("Proxy-Authenticate", "example.com", "n2"), "md5_only",
     "other_realm"},
    {"too-old", NULL,
     "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n2\", qop=\"auth\", algorithm=MD5, "
     "stale=true\r\n",
     "md5_only", "stale_at_once"},
    {"nonce-shared", NULL, CHALLENGE("n1"), "md5_only", "digest_good_refused"},
    {"taken-out", "", CHALLENGE("n2"), "md5_only", ""},
};

/* An edge that asks itself passes the answer on to a server that asks, too. */
static void
test_asked_twice(gconstpointer data)
{
    const struct asked_twice *c = data;
    struct script *s = script_begin();
    const unsigned status = c->end ? 401 : 200;
    outer(s, (struct sip){0});
    outer(s, (struct sip){.status = 401, .headers = CHALLENGE("n1")});
    const char *answer = ANSWER(s);
    struct record *retry = outer(s, (struct sip){.cseq = 2, .headers = answer});
    inner(s, (struct sip){.cseq = 2, .headers = c->inside ? c->inside : answer});
    struct record *end = inner(s, (struct sip){.cseq = 2, .status = status, .headers = c->end});
    g_assert_cmpstr(script_notes(s, end), ==, c->notes);
    outer(s, (struct sip){.cseq = 2, .status = status, .headers = c->end});
    if (!c->inside)
        g_assert_cmpstr(finding_rule((enum finding)script_use(retry)->cause)->name, ==, c->cause);
    script_end(s);
}

struct balanced {
    const char *name;
    unsigned end;   /* of the other server; 0: none */
    unsigned again; /* of the first one, which gets the same request then; 0: it does not */
    const char *outcome, *cause;
};

static const struct balanced balanced[] = {
    {"refused", 401, 0, "rejected", "nonce_of_other_server"}, {"nonces-shared", 200, 0, "accepted", ""},
    {"forbidden", 403, 0, "forbidden", "forbidden"},          {"fails-over", 0, 200, "accepted", ""},
    {"fails-over-after-503", 503, 200, "accepted", ""},
};

/* A balancer passes on the challenge of one server, and takes the answer to another one. */
static void
test_balanced(gconstpointer data)
{
    const struct balanced *c = data;
    struct script *s = script_begin();
    challenge_passed_on(s);
    const char *answer = ANSWER(s);
    outer(s, (struct sip){.cseq = 2, .headers = answer});
    branch(s, SECOND_SERVER, false, (struct sip){.cseq = 2, .headers = answer});
    if (c->end)
        branch(s, SECOND_SERVER, false,
               (struct sip){.cseq = 2, .status = c->end, .headers = c->end == 401 ? CHALLENGE("n2") : NULL});
    if (c->again) {
        branch(s, SERVER, false, (struct sip){.cseq = 2, .headers = answer});
        branch(s, SERVER, false, (struct sip){.cseq = 2, .status = c->again});
    }
    unsigned retry = c->again ? (c->end ? 8 : 7) : 6;
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, retry);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, c->outcome);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, c->cause);
    script_end(s);
}

enum part { RETRY = 1, RETRY_FURTHER = 2, ANSWER_FURTHER = 4, END = 8 };

struct incomplete {
    const char *name;
    unsigned missing;            /* enum part */
    unsigned end;                /* what the other server answers */
    const char *outcome, *cause; /* of the challenge of the first one */
};

static const struct incomplete incomplete[] = {
    {"whole", 0, 200, "no-retry", "answered_elsewhere"},
    {"answer-missing", ANSWER_FURTHER, 200, "no-retry", "answered_elsewhere"},
    {"further-hop-missing", RETRY_FURTHER, 200, "unknown", ""},
    {"further-hop-not-captured", RETRY_FURTHER | ANSWER_FURTHER, 200, "unknown", ""},
    {"retry-missing", RETRY | RETRY_FURTHER, 200, "unknown", ""},
    {"answer-further-alone", RETRY | RETRY_FURTHER | END, 200, "unknown", ""},
    {"nothing-more", RETRY | RETRY_FURTHER | ANSWER_FURTHER | END, 200, "no-retry", "never_answered"},
    {"asks-for-itself", RETRY_FURTHER | ANSWER_FURTHER, 407, "no-retry", "answered_elsewhere"},
};

/* … which asks for another realm: neither was satisfied. */
static void
test_balanced_realms(void)
{
    static const char other[] = CHALLENGE_OF("WWW-Authenticate", "other.example.net", "n2");
    struct script *s = script_begin();
    challenge_passed_on(s);
    const char *answer = ANSWER(s);
    outer(s, (struct sip){.cseq = 2, .headers = answer});
    branch(s, SECOND_SERVER, false, (struct sip){.cseq = 2, .headers = answer});
    branch(s, SECOND_SERVER, false, (struct sip){.cseq = 2, .status = 401, .headers = other});
    struct record *end = outer(s, (struct sip){.cseq = 2, .status = 401, .headers = other});
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "other-realm");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "nonce_of_other_server");
    g_assert_cmpint(end->detail->closings->use->cause, ==, FINDING_REFUSED_FURTHER_ON);
    script_end(s);
}

/* The challenge is lost on its way, or the realm changed in it. */
static void
test_challenge_rewritten(void)
{
    static const char other[] = CHALLENGE_OF("WWW-Authenticate", "192.0.2.9", "n1");
    struct script *s = script_begin();
    outer(s, (struct sip){0});
    branch(s, SERVER, false, (struct sip){0});
    branch(s, SERVER, false, (struct sip){.status = 401, .headers = CHALLENGE("n1")});
    assert_notes(outer(s, (struct sip){.status = 401}), "challenge_removed");
    script_wait(s, 40);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "challenge_kept_back");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 1)), ==, "challenge_removed");
    script_end(s);

    for (unsigned in_answer = 0; in_answer <= 1; in_answer++) {
        s = script_begin();
        outer(s, (struct sip){0});
        branch(s, SERVER, false, (struct sip){0});
        branch(s, SERVER, false, (struct sip){.status = 401, .headers = CHALLENGE("n1")});
        outer(s, (struct sip){.status = 401, .headers = in_answer ? CHALLENGE("n1") : other});
        const char *signed_for = in_answer ? ANSWER(s) : ANSWER(s, .realm = "192.0.2.9");
        GString *rewritten = g_string_new(signed_for); /* with the same response */
        g_string_replace(rewritten, "realm=\"example.com\"", "realm=\"192.0.2.9\"", 1);
        outer(s, (struct sip){.cseq = 2, .headers = signed_for});
        branch(s, SERVER, false, (struct sip){.cseq = 2, .headers = rewritten->str});
        g_string_free(rewritten, TRUE);
        branch(s, SERVER, false, (struct sip){.cseq = 2, .status = 401, .headers = CHALLENGE("n2")});
        g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "realm_rewritten");
        script_end(s);
    }
}

/* The balancer signs anew for the other server, so that the first one has no answer: what may be missing in
 * the capture is not claimed. */
static void
test_incomplete(gconstpointer data)
{
    static const char own[] = CHALLENGE_OF("Proxy-Authenticate", "edge.example.net", "n2");
    const struct incomplete *c = data;
    struct script *s = script_begin();
    challenge_passed_on(s);
    if (!(c->missing & RETRY))
        outer(s, (struct sip){.cseq = 2, .headers = ANSWER(s)});
    if (!(c->missing & RETRY_FURTHER))
        branch(s, SECOND_SERVER, false, (struct sip){.cseq = 2, .headers = ANSWER(s, .nonce = "other")});
    if (!(c->missing & ANSWER_FURTHER))
        branch(s, SECOND_SERVER, false, (struct sip){.cseq = 2, .status = c->end});
    if (!(c->missing & END))
        outer(s, (struct sip){.cseq = 2, .status = c->end, .headers = c->end == 407 ? own : NULL});
    script_wait(s, 40);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, c->outcome);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, c->cause);
    script_end(s);
}

/* The element answers by itself, and the challenge comes afterwards. */
static void
test_too_late(struct script *s)
{
    outer(s, (struct sip){0});
    branch(s, SERVER, false, (struct sip){0});
    outer(s, (struct sip){.status = 408});
    branch(s, SERVER, false, (struct sip){.status = 401, .headers = CHALLENGE("n1"), .ms = 2000});
    script_wait(s, 40);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
}

struct fork_ends {
    const char *name;
    unsigned other, end; /* what the other branch answers, and the fork then */
    const char *outcome, *cause;
};

static const struct fork_ends fork_ends[] = {
    {"busy", 486, 486, "no-retry", "challenge_kept_back"},
    {"unavailable", 503, 500, "no-retry", "challenge_kept_back"},
    {"declined-everywhere", 603, 603, "unknown", ""},
    {"cancelled", 487, 487, "unknown", ""},
    {"challenged", 486, 401, "no-retry", "never_answered"},
    {"accepted", 200, 200, "accepted", ""},
};

/* A fork is to prefer a challenge to all answers but those that speak for all places. */
static void
test_fork_ends(gconstpointer data)
{
    const struct fork_ends *c = data;
    struct script *s = script_begin();
    outer(s, (struct sip){.method = "INVITE"});
    branch(s, SERVER, false, (struct sip){.method = "INVITE"});
    branch(s, SECOND_SERVER, false, (struct sip){.method = "INVITE"});
    branch(s, SERVER, false, (struct sip){.method = "INVITE", .status = 401, .headers = CHALLENGE("n1")});
    branch(s, SECOND_SERVER, false, (struct sip){.method = "INVITE", .status = c->other});
    outer(s, (struct sip){.method = "INVITE",
                          .status = c->end,
                          .headers = c->end == 401 ? CHALLENGE("n1") : NULL});
    script_wait(s, 40);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, c->outcome);
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, c->cause);
    script_end(s);
}

/* A client that moves is no fork: its credentials answer the one server. */
static void
test_moved(struct script *s)
{
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .from = 7, .to = SERVER);
    SEND(s, .cseq = 2, .status = 401, .from = SERVER, .to = 7, .headers = CHALLENGE("n2"));
    const char *answer = ANSWER(s);
    SEND(s, .cseq = 3, .from = 7, .to = SERVER, .headers = answer);
    SEND(s, .cseq = 3, .status = 401, .from = SERVER, .to = 7, .headers = CHALLENGE("n3"));
    g_assert_cmpuint(script_exchange(s, 0)->retry_frame, ==, 5);
    g_assert_cmpuint(script_exchange(s, 1)->retry_frame, ==, 0);
}

/* --- address-of-record ------------------------------------------------------------ */

struct renamed {
    const char *name;
    const char *inside; /* the user on the inner hop; NULL: as outside */
    const char *retry;  /* the user of the retry; NULL: as before */
    unsigned status;
    const char *cause; /* of the inner hop's refusal; "": none */
    const char *password;
};

static const struct renamed renamed[] = {
    {"same-404", NULL, NULL, 404, "registration_failed", NULL},
    {"same-403", NULL, NULL, 403, "forbidden", NULL},
    {"rewritten-404", "bob", "bob", 404, "aor_rewritten", NULL},
    {"rewritten-403", "bob", "bob", 403, "aor_rewritten", NULL},
    {"rewritten-401", "bob", "bob", 401, "aor_rewritten", NULL},
    {"rewritten-accepted", "bob", "bob", 200, "", NULL},
    {"rewritten-503", "bob", "bob", 503, "server_error", NULL},
    {"rewritten-bad-403", "bob", "bob", 403, "digest_mismatch", "wrong"},
    {"rewritten-unverified-404", "bob", "bob", 404, "aor_rewritten", "unknown"},
    {"spelt-otherwise", "ALICE", "ALICE", 404, "registration_failed", NULL},
};

static void
test_renamed(gconstpointer data)
{
    const struct renamed *c = data;
    struct script *s = script_begin();
    if (c->password && strcmp(c->password, "unknown") == 0)
        test_host_credentials(NULL, 0);
    outer(s, (struct sip){0});
    inner(s, (struct sip){.user = c->inside});
    inner(s, (struct sip){.user = c->inside, .status = 401, .headers = CHALLENGE("n1")});
    outer(s, (struct sip){.status = 401, .headers = CHALLENGE("n1")});
    const char *answer = ANSWER(s, .password = c->password);
    outer(s, (struct sip){.cseq = 2, .headers = answer});
    inner(s, (struct sip){.cseq = 2, .user = c->retry, .headers = answer});
    struct record *end = inner(s, (struct sip){.cseq = 2,
                                               .user = c->retry,
                                               .status = c->status,
                                               .headers = c->status == 401 ? CHALLENGE("n2") : NULL});
    const struct use *use = end->detail->closings->use;
    g_assert_cmpstr(finding_rule((enum finding)use->cause)->name, ==, c->cause);
    if (strcmp(c->cause, "aor_rewritten") == 0)
        g_assert_cmpuint(use->suspect_frame, ==, 5);
    script_end(s);
}

struct answered_as {
    const char *name, *user, *cause, *password;
    unsigned status;
};

static const struct answered_as answered_as[] = {
    {"404", "bob", "aor_changed", NULL, 404}, {"403", "bob", "aor_changed", NULL, 403},
    {"401", "bob", "aor_changed", NULL, 401}, {"bad-403", "bob", "digest_mismatch", "wrong", 403},
    {"accepted", "bob", "", NULL, 200},       {"same-404", "alice", "registration_failed", NULL, 404},
};

/* On one hop: the client itself takes another name when it answers. */
static void
test_answered_as(gconstpointer data)
{
    const struct answered_as *c = data;
    struct script *s = script_begin();
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .user = c->user, .headers = ANSWER(s, .password = c->password));
    struct record *end = SEND(s, .cseq = 2, .user = c->user, .status = c->status,
                              .headers = c->status == 401 ? CHALLENGE("n2") : NULL);
    g_assert_cmpstr(finding_rule((enum finding)end->detail->closings->use->cause)->name, ==, c->cause);
    script_end(s);
}

/* It is seen one hop further: the client sent it, and the capture missed it in front of the element. */
static void
test_retry_seen_behind(struct script *s)
{
    outer(s, (struct sip){0});
    branch(s, SERVER, false, (struct sip){0});
    branch(s, SERVER, false, (struct sip){.status = 401, .headers = MD5});
    outer(s, (struct sip){.status = 401, .headers = MD5});
    branch(s, SERVER, false, (struct sip){.cseq = 2, .headers = ANSWER(s)});
    branch(s, SERVER, false, (struct sip){.cseq = 2, .status = 200});
    script_wait(s, 60);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "accepted");
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 1)), ==, "unknown");
}

static const struct play plays[] = {
    {"passed-on/retry-seen-behind", test_retry_seen_behind},
    {"fork", test_fork},
    {"other-calls", test_other_calls},
    {"doubtful", test_doubtful},
    {"three-hops", test_three_hops},
    {"middle-request-missing", test_middle_request_missing},
    {"branch-request-missing", test_branch_request_missing},
    {"count-forked", test_count_forked},
    {"count-forked-in-next-call", test_count_forked_in_next_call},
    {"count-replayed", test_count_replayed},
    {"other-branch-unanswered", test_other_branch_unanswered},
    {"forgotten", test_forgotten},
    {"moved", test_moved},
    {"too-late", test_too_late},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("/path/passed-on", passed_on, test_passed_on);
    ADD_CASES("/path/asked-twice", asked_twice, test_asked_twice);
    ADD_CASES("/path/forked", forked, test_forked);
    ADD_CASES("/path/shared", shared, test_shared);
    ADD_CASES("/path/balanced", balanced, test_balanced);
    ADD_CASES("/path/incomplete", incomplete, test_incomplete);
    ADD_CASES("/path/fork-ends", fork_ends, test_fork_ends);
    ADD_CASES("/path/renamed", renamed, test_renamed);
    ADD_CASES("/path/answered-as", answered_as, test_answered_as);
    g_test_add_func("/path/balanced-realms", test_balanced_realms);
    g_test_add_func("/path/challenge-rewritten", test_challenge_rewritten);
    script_add_plays("/path", plays, G_N_ELEMENTS(plays));
    return test_run_all();
}
