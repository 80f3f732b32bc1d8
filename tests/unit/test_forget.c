/* test_forget.c
 * What tracker_forget releases is never asked for again, and what it keeps says the same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"
#include "script.h"

#define CONTACT "Contact: <sip:alice@192.0.2.1>;expires=3600\r\n"

/* One exchange of one user, and how it ends. */
enum ending { ACCEPTED, REJECTED, FORBIDDEN, SILENT, LEFT, REPEATED, ENDINGS };

struct diary {
    struct script *script;
    GString *text;
};

static void
write_down(const struct diary *diary, const struct record *record)
{
    g_string_append_printf(diary->text, "%u %s", record->frame, script_notes(diary->script, record));
    if (record->request)
        g_string_append_printf(diary->text, " to %u", record->request->frame);
    for (const struct closing *closing = record->detail ? record->detail->closings : NULL; closing;
         closing = closing->next)
        g_string_append_printf(diary->text, " %s %s of %u", outcome_text(closing->use->outcome),
                               finding_rule((enum finding)closing->use->cause)->name,
                               closing->use->request_frame);
    for (const struct registration_step *step = record->detail ? record->detail->registrations : NULL; step;
         step = step->next)
        g_string_append_printf(diary->text, " %s %s %u", step->contact->uri,
                               registration_state_text(step->state), step->refresh);
    g_string_append_c(diary->text, '\n');
}

static struct record *
say(const struct diary *diary, struct sip sip)
{
    struct record *record = script_send(diary->script, &sip);
    write_down(diary, record);
    return record;
}

static void
play_exchange(const struct diary *diary, unsigned user, unsigned cseq, enum ending ending)
{
    struct script *s = diary->script;
    char *name = g_strdup_printf("u%u", user), *nonce = g_strdup_printf("n%u-%u", user, cseq);
    char *first = g_strdup_printf("z9hG4bK%u-%u", user, cseq), *second = g_strconcat(first, "b", NULL);
    char *challenge =
        g_strdup_printf("WWW-Authenticate: Digest realm=\"example.com\", nonce=\"%s\", qop=\"auth\"\r\n",
                        nonce);
    const char *signs = script_join(s, CONTACT, ANSWER(s, .user = name, .nonce = nonce));
    struct sip bare = {.user = name, .call_id = name, .cseq = cseq, .branch = first, .headers = CONTACT};
    struct sip refusal =
        {.user = name, .call_id = name, .cseq = cseq, .branch = first, .status = 401, .headers = challenge};
    struct sip retry = {.user = name, .call_id = name, .cseq = cseq + 1, .branch = second, .headers = signs};
    struct sip end = {.user = name,
                      .call_id = name,
                      .cseq = cseq + 1,
                      .branch = second,
                      .status = 200,
                      .headers = CONTACT};
    say(diary, bare);
    say(diary, refusal);
    if (ending != LEFT)
        say(diary, retry);
    retry.ms = 600;
    if (ending == REPEATED || ending == SILENT)
        say(diary, retry);
    if (ending == FORBIDDEN)
        end.status = 403;
    if (ending == REJECTED) {
        end.status = 401;
        end.headers = CHALLENGE("again");
    }
    if (ending != LEFT && ending != SILENT)
        say(diary, end);
    g_free(name);
    g_free(nonce);
    g_free(first);
    g_free(second);
    g_free(challenge);
}

static void
write_exchanges(const struct diary *diary)
{
    const struct tracker *tracker = diary->script->tracker;
    for (const struct exchange *e = tracker_exchanges(tracker); e; e = e->next)
        g_string_append_printf(diary->text, "%u %u %u %s %s %s\n", e->challenge_frame, e->retry_frame,
                               exchange_closed_frame(e), exchange_account(e),
                               outcome_text(exchange_outcome(tracker, e)),
                               finding_rule(audit_exchange_cause(tracker, e))->name);
}

static void
write_registrations(const struct diary *diary)
{
    const struct tracker *tracker = diary->script->tracker;
    for (const struct registration *r = tracker_registrations(tracker); r; r = r->next)
        g_string_append_printf(diary->text, "%s %s %s %u %u %u\n", r->account->name, r->contact->uri,
                               registration_state_text(registration_state(tracker, r)), r->refreshes,
                               registration_failures(tracker, r), r->lapses);
}

/* A week of many users; between them time for each to be forgotten. In the end what is to be `kept`. */
static char *
long_story(bool forgets, enum tracker_keeps kept)
{
    struct diary diary = {script_begin(), g_string_new(NULL)};
    if (forgets)
        tracker_forget(diary.script->tracker, kept);
    for (unsigned round = 0; round < 60; round++) {
        for (unsigned user = 0; user < 20; user++)
            play_exchange(&diary, user, 1 + 2 * round, (enum ending)((round * 7 + user) % ENDINGS));
        script_wait(diary.script, 200);
        script_idle(diary.script, round % 9 == 8 ? 26 : 0);
    }
    if (kept == KEEPS_EXCHANGES)
        write_exchanges(&diary);
    write_registrations(&diary);
    script_end(diary.script);
    return g_string_free(diary.text, FALSE);
}

static void
test_says_the_same(gconstpointer data)
{
    enum tracker_keeps kept = (enum tracker_keeps)GPOINTER_TO_INT(data);
    char *all = long_story(false, kept), *part = long_story(true, kept);
    g_assert_true(kept != KEEPS_EXCHANGES || (strstr(all, "no-retry") && strstr(all, "no-answer")));
    g_assert_nonnull(strstr(all, "registration_lapsed"));
    g_assert_cmpstr(all, ==, part);
    g_free(all);
    g_free(part);
}

/* The same few users on and on: what is held does not grow. */
static void
test_does_not_grow(gconstpointer keeps)
{
    struct diary diary = {script_begin(), g_string_new(NULL)};
    size_t before = 0;
    tracker_forget(diary.script->tracker, (enum tracker_keeps)GPOINTER_TO_INT(keeps));
    for (unsigned round = 0; round < 400; round++) {
        for (unsigned user = 0; user < 3; user++)
            play_exchange(&diary, user, 1 + 2 * round, (enum ending)((round + user) % ENDINGS));
        script_wait(diary.script, 600);
        if (round == 199)
            before = test_host_blocks();
    }
    g_assert_cmpuint(before, >, 0);
    g_assert_cmpuint(test_host_blocks(), <=, before + 20);
    g_assert_null(tracker_exchanges(diary.script->tracker));
    script_end(diary.script);
    g_string_free(diary.text, TRUE);
}

/* Without the call all is kept: what the test above sees is not so by itself. */
static void
test_keeps_all_otherwise(void)
{
    struct diary diary = {script_begin(), g_string_new(NULL)};
    size_t before = 0;
    for (unsigned round = 0; round < 40; round++) {
        play_exchange(&diary, 0, 1 + 2 * round, ACCEPTED);
        script_wait(diary.script, 120);
        if (round == 19)
            before = test_host_blocks();
    }
    g_assert_cmpuint(test_host_blocks(), >, before + 20 * 8);
    script_end(diary.script);
    g_string_free(diary.text, TRUE);
}

/* Plays all rounds; the second half leaves behind no more than the first. */
static void
assert_no_growth(void (*play)(struct script *, unsigned), unsigned rounds, unsigned slack)
{
    struct script *s = script_begin();
    size_t before = 0;
    tracker_forget(s->tracker, KEEPS_NOTHING);
    for (unsigned n = 0; n < rounds; n++) {
        play(s, n);
        if (n == rounds / 2 - 1)
            before = test_host_blocks();
    }
    g_assert_cmpuint(test_host_blocks(), <=, before + slack);
    script_end(s);
}

/* One more call with the one nonce. */
static void
call_with_nonce(struct script *s, unsigned n, const char *user)
{
    char *call = g_strdup_printf("c%u", n), *nc = g_strdup_printf("%08x", n + 1);
    if (n == 0) {
        SEND(s);
        SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    }
    SEND(s, .method = "MESSAGE", .call_id = call, .user = user, .ms = 1e6,
         .headers = ANSWER(s, .nonce = "n1", .method = "MESSAGE", .user = user, .nc = nc));
    SEND(s, .method = "MESSAGE", .call_id = call, .user = user, .status = 200);
    g_free(call);
    g_free(nc);
}

static void
play_call(struct script *s, unsigned n)
{
    call_with_nonce(s, n, "alice");
}

static void
play_user(struct script *s, unsigned n)
{
    char *user = g_strdup_printf("u%u", n % 100);
    call_with_nonce(s, n, user);
    g_free(user);
}

/* A trunk that counts nc from call to call, and other users of a nonce that all are given: nothing is kept of
 * them for as long as the nonce is in use. */
static void
test_one_nonce(void)
{
    assert_no_growth(play_call, 400, 5);
    assert_no_growth(play_user, 400, 5);
}

/* A lost fragment, and a connection that is not made. */
static void
play_unread(struct script *s, unsigned n)
{
    const struct endpoint client = {5060, 1, 4, {192, 0, 2, 1}}, server = {5060, 1, 4, {192, 0, 2, 2}};
    SEND(s, .method = "OPTIONS", .cseq = n + 1, .ms = 1e6);
    tracker_fragment(s->tracker, ++s->frame, &client, &server, n, false);
    tracker_connect(s->tracker, ++s->frame, &client, &server);
}

/* Requests in connections that end. */
static void
play_disconnected(struct script *s, unsigned n)
{
    SEND(s, .method = "OPTIONS", .cseq = n + 1, .ms = 1e6, .expected = 1);
    if (n % 2)
        script_disconnect(s, 2, 1, 1);
}

static void
test_disconnected(void)
{
    assert_no_growth(play_disconnected, 400, 5);
}

static void
test_unread(void)
{
    assert_no_growth(play_unread, 400, 5);
}

/* After a day the call of a nonce that others go on with is unknown, whether the records stay or not: what it
 * counted is told neither way. */
static void
test_one_nonce_left(gconstpointer forgets)
{
    struct script *s = script_begin();
    if (forgets)
        tracker_forget(s->tracker, KEEPS_NOTHING);
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .nonce = "n1"));
    SEND(s, .method = "MESSAGE", .call_id = "c1", .user = "u1",
         .headers = ANSWER(s, .nonce = "n1", .method = "MESSAGE", .user = "u1", .nc = "00000009"));
    for (unsigned hour = 1; hour <= 30; hour++) {
        char *call = g_strdup_printf("d%u", hour);
        script_idle(s, 1);
        SEND(s, .method = "MESSAGE", .call_id = call,
             .headers = ANSWER(s, .nonce = "n1", .method = "MESSAGE"));
        g_free(call);
    }
    const struct record *late =
        SEND(s, .method = "MESSAGE", .call_id = "c1", .user = "u1", .cseq = 2,
             .headers = ANSWER(s, .nonce = "n1", .method = "MESSAGE", .user = "u1", .nc = "00000009"));
    g_assert_cmpuint(script_use(late)->nonce_use, ==, 1);
    script_end(s);
}

/* The same nextnonce given again, while a request with the first one is still out. */
static void
test_nextnonce_again(gconstpointer forgets)
{
    const char *next = "Authentication-Info: nextnonce=\"n2\"\r\n";
    struct script *s = script_begin();
    if (forgets)
        tracker_forget(s->tracker, KEEPS_NOTHING);
    SEND(s, .cseq = 1);
    SEND(s, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .nonce = "n1"));
    SEND(s, .status = 200, .cseq = 2, .headers = next);
    SEND(s, .cseq = 3, .headers = ANSWER(s, .nonce = "n2"));
    SEND(s, .cseq = 4, .headers = ANSWER(s, .nonce = "n1", .nc = "00000002"));
    SEND(s, .status = 200, .cseq = 4, .headers = next);
    SEND(s, .cseq = 5, .headers = ANSWER(s, .nonce = "n2", .nc = "00000002"));
    const struct record *proved =
        SEND(s, .status = 200, .cseq = 3, .headers = "Authentication-Info: rspauth=\"00\"\r\n");
    g_assert_true(proved->detail->proof->has_rspauth);
    script_end(s);
}

/* A client that moves with each REGISTER leaves no contacts behind. */
static void
test_moving_client(void)
{
    struct script *s = script_begin();
    size_t before = 0;
    tracker_forget(s->tracker, KEEPS_NOTHING);
    for (unsigned n = 1; n <= 200; n++) {
        char *contact = g_strdup_printf("Contact: <sip:alice@192.0.2.1:%u>;expires=60\r\n", 10000 + n);
        char *branch = g_strdup_printf("z9hG4bKm%u", n);
        SEND(s, .cseq = n, .branch = branch, .headers = contact, .ms = 30000);
        SEND(s, .cseq = n, .branch = branch, .headers = contact, .status = 200);
        g_free(contact);
        g_free(branch);
        if (n == 100)
            before = test_host_blocks();
    }
    g_assert_cmpuint(test_host_blocks(), <=, before + 5);
    g_assert_cmpuint(tracker_registrations(s->tracker)->refreshes, ==, 199);
    script_end(s);
}

/* A subscription of one of a few users, refreshed by 204 and then left, or begun anew after half a minute. */
static void
play_subscription(struct script *s, unsigned round)
{
    char *call = g_strdup_printf("s%u", round), *user = g_strdup_printf("u%u", round % 3);
    struct sip ask = {.method = "SUBSCRIBE",
                      .call_id = call,
                      .user = user,
                      .branch = call,
                      .headers = "Event: presence\r\nExpires: 3600\r\n" CONTACT};
    struct sip answer = {.method = "SUBSCRIBE",
                         .call_id = call,
                         .user = user,
                         .branch = call,
                         .status = 200,
                         .headers = "Expires: 3600\r\n"};
    script_send(s, &ask);
    script_send(s, &answer);
    ask.cseq = answer.cseq = 2;
    ask.to_tag = "t1";
    ask.headers = "Event: presence\r\nExpires: 3600\r\nSuppress-If-Match: e1\r\n" CONTACT;
    answer.status = 204;
    script_send(s, &ask);
    script_send(s, &answer);
    g_free(call);
    g_free(user);
}

/* News for one that was taken over: it outlives the one that did so. */
static void
play_late_notify(struct script *s, unsigned round)
{
    char *call = g_strdup_printf("s%u", round);
    SEND(s, .method = "NOTIFY", .call_id = call, .branch = call, .from = 2, .to = 1, .from_tag = "t1",
         .to_tag = "f1", .headers = "Event: presence\r\nSubscription-State: active\r\nSIP-ETag: e2\r\n");
    g_free(call);
}

/* Each subscription goes after a day, and takes along what leads to it; the next one of the user had
 * taken that over before. */
static void
test_subscriptions(void)
{
    struct script *s = script_begin();
    size_t before = 0;
    tracker_forget(s->tracker, KEEPS_NOTHING);
    for (unsigned round = 0; round < 900; round++) {
        play_subscription(s, round);
        if (round >= 3)
            play_late_notify(s, round - 3);
        script_wait(s, 33);
        script_idle(s, round % 200 == 199 ? 26 : 0);
        if (round == 499)
            before = test_host_blocks();
    }
    script_idle(s, 26);
    SEND(s, .method = "OPTIONS", .call_id = "o");
    SEND(s, .method = "OPTIONS", .call_id = "p");
    g_assert_cmpuint(before, >, 100);
    g_assert_cmpuint(test_host_blocks(), <, 20);
    script_end(s);
}

/* A nonce is known as long as it is used once a day, whether the records stay or not. */
static void
test_nonce(gconstpointer data)
{
    bool forgets = GPOINTER_TO_INT(data);
    struct script *s = script_begin();
    if (forgets)
        tracker_forget(s->tracker, KEEPS_NOTHING);
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    script_idle(s, 24);
    struct record *in_time = SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"));
    g_assert_cmpuint(script_use(in_time)->challenge_frame, ==, 2);
    script_idle(s, 24);
    in_time = SEND(s, .cseq = 4, .headers = ANSWER(s, .nc = "00000003"));
    g_assert_cmpuint(script_use(in_time)->challenge_frame, ==, 2);
    script_idle(s, 26);
    SEND(s, .method = "OPTIONS", .cseq = 1, .call_id = "o", .from = 7);
    struct record *late = SEND(s, .cseq = 5, .headers = ANSWER(s, .nc = "00000004"));
    g_assert_cmpuint(script_use(late)->challenge_frame, ==, 0);
    g_assert_cmpint(script_use(late)->verdict.status, ==, DIGEST_GOOD);
    script_end(s);
}

/* A 2xx whose NOTIFY never came says so for as long as its record stays. */
static void
test_awaited_notify(void)
{
    struct script *s = script_begin();
    SEND(s, .method = "SUBSCRIBE", .headers = "Event: presence\r\n");
    const struct record *ok = SEND(s, .method = "SUBSCRIBE", .status = 200, .to_tag = "n");
    script_idle(s, 26);
    SEND(s, .method = "OPTIONS", .call_id = "o");
    g_assert_true(record_misses_notify(s->tracker, ok));
    g_assert_cmpuint(ok->detail->awaited->subscribe_frame, ==, 1);
    script_end(s);
}

/* @return whether one of the messages tells that something was forgotten */
static bool
stranger(struct script *s, unsigned n, bool challenged)
{
    char *name = g_strdup_printf("u%u", n), *branch = g_strdup_printf("z9hG4bKs%u", n);
    char *challenge =
        g_strdup_printf("WWW-Authenticate: Digest realm=\"example.com\", nonce=\"s%u\", qop=\"auth\"\r\n", n);
    const char *notes =
        script_notes(s, SEND(s, .user = name, .call_id = name, .branch = branch, .headers = CONTACT));
    bool told = strstr(notes, "state_dropped") != NULL;
    if (challenged)
        SEND(s, .user = name, .call_id = name, .branch = branch, .status = 401, .headers = challenge);
    g_free(name);
    g_free(branch);
    g_free(challenge);
    return told;
}

/* The clock is set back, or one frame is from another time: what goes by age goes no earlier than the
 * transactions that point to it. */
static void
test_clock_set(gconstpointer data)
{
    static const double steps[] = {-3700, -26 * 3600, 3e8};
    enum tracker_keeps keeps = (enum tracker_keeps)GPOINTER_TO_INT(data);
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        struct script *s = script_begin();
        tracker_forget(s->tracker, keeps);
        SEND(s, .method = "SUBSCRIBE", .headers = "Event: presence\r\n");
        SEND(s, .call_id = "r", .headers = CONTACT);
        SEND(s, .method = "OPTIONS", .call_id = "w", .ms = steps[i] * 1000);
        if (steps[i] > 0)
            script_wait(s, -steps[i]);
        script_idle(s, 26);
        SEND(s, .method = "OPTIONS", .call_id = "o", .user = "bob", .ms = -1000);
        g_assert_null(SEND(s, .method = "SUBSCRIBE", .status = 200, .to_tag = "n")->request);
        g_assert_null(SEND(s, .call_id = "r", .status = 200, .headers = CONTACT)->request);
        script_end(s);
    }
}

/* A clock that is set again and again: what counts the age goes on from 0 when it is full, and nobody is
 * older or younger for that. */
static void
test_age_is_full(void)
{
    const unsigned hours = (unsigned)(UINT64_MAX / (UINT64_C(3600) * 1000000000));
    struct script *s = script_begin();
    tracker_forget(s->tracker, KEEPS_NOTHING);
    for (unsigned hour = 2; hour < hours; hour++) {
        script_wait(s, -7200);
        script_wait(s, 7200);
    }
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    script_idle(s, 2);
    g_assert_cmpuint(script_use(SEND(s, .cseq = 2, .headers = ANSWER(s)))->challenge_frame, ==, 2);
    script_idle(s, 26);
    SEND(s, .method = "OPTIONS", .call_id = "o", .user = "bob");
    g_assert_cmpuint(script_use(SEND(s, .cseq = 3, .headers = ANSWER(s)))->challenge_frame, ==, 0);
    script_end(s);
}

/* From here on so much is remembered. */
static void
remember_few(struct script *s, uint32_t most, enum tracker_keeps keeps)
{
    struct tracker_host host = test_host;
    host.remembered_max = most;
    tracker_free(s->tracker);
    s->tracker = tracker_new(&host);
    tracker_forget(s->tracker, keeps);
}

/* It rings for longer than strangers are remembered when there are many, and is answered where nobody asked
 * for credentials. */
static void
test_rings_among_strangers(void)
{
    struct script *s = script_begin();
    remember_few(s, 10, KEEPS_NOTHING);
    SEND(s, .method = "INVITE");
    SEND(s, .method = "INVITE", .status = 401, .headers = CHALLENGE("n1"));
    struct record *retry =
        SEND(s, .method = "INVITE", .cseq = 2, .to = 3, .headers = ANSWER(s, .method = "INVITE"));
    for (unsigned n = 0; n < 280; n++) {
        stranger(s, n, false);
        script_wait(s, 3);
        if (n % 20 == 0)
            SEND(s, .method = "INVITE", .cseq = 2, .status = 183, .from = 3, .body = n % 40 ? "a" : "b");
    }
    g_assert_true(SEND(s, .method = "INVITE", .cseq = 2, .status = 200, .from = 3)->request == retry);
    script_end(s);
}

/* Without a nonce to go by, the call leads to its challenge for as long as the request is remembered. */
static void
test_weak_evidence(gconstpointer data)
{
    static const double seconds[] = {10, 100};
    for (size_t i = 0; i < G_N_ELEMENTS(seconds); i++) {
        struct script *s = script_begin();
        if (GPOINTER_TO_INT(data))
            tracker_forget(s->tracker, KEEPS_EXCHANGES);
        SEND(s, .transport = "TCP");
        SEND(s, .transport = "TCP", .status = 401, .headers = CHALLENGE("n1"));
        script_wait(s, seconds[i]);
        SEND(s, .method = "OPTIONS", .call_id = "o", .user = "bob");
        const struct record *late =
            SEND(s, .transport = "TCP", .cseq = 2, .headers = ANSWER(s, .nonce = "n9"));
        g_assert_cmpuint(script_use(late)->challenge_frame, ==, seconds[i] < 64 ? 2 : 0);
        script_end(s);
    }
}

/* Several messages of one frame, long after the transaction of the first: all whole until the next frame. */
static void
test_one_frame(void)
{
    struct script *s = script_begin();
    tracker_forget(s->tracker, KEEPS_NOTHING);
    SEND(s, .headers = CONTACT);
    struct record *again = SEND(s, .headers = CONTACT, .ms = 600);
    struct record *answer = NULL;
    for (unsigned n = 0; n < 3; n++) {
        s->frame--;
        answer = SEND(s, .status = 401, .headers = CHALLENGE("n1"), .ms = 200000);
    }
    g_assert_cmpuint(again->frame, ==, 2);
    g_assert_cmpstr(again->first->method, ==, "REGISTER");
    g_assert_cmpstr(again->first->detail->registrations->contact->uri, ==, "sip:alice@192.0.2.1");
    g_assert_true(answer->request == again->first);
    SEND(s, .cseq = 9, .ms = 200000);
    g_assert_cmpuint(script_exchanges(s), ==, 0);
    script_end(s);
}

/* Two answers to one request, from two addresses: neither leads to the challenge once that is forgotten. */
static void
test_answered_from_two(void)
{
    struct script *s = script_begin();
    tracker_forget(s->tracker, KEEPS_NOTHING);
    SEND(s, .headers = CONTACT);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .status = 401, .headers = CHALLENGE("n2"), .to_tag = "t2", .from = 5);
    for (int from = 2; from <= 5; from += 3) {
        script_idle(s, 26);
        SEND(s, .call_id = "other");
        struct record *late = SEND(s, .cseq = 2, .to = from, .headers = ANSWER(s, .nonce = "n3"));
        g_assert_null(script_use(late)->exchange);
    }
    script_end(s);
}

static void
play_stranger(struct script *s, unsigned n)
{
    stranger(s, n, n % 2 == 0);
    script_wait(s, 300);
}

/* A scan of ever new users, day and night: whom nobody let in is forgotten after a day. */
static void
test_strangers(void)
{
    assert_no_growth(play_stranger, 1200, 20);
}

/* … but for those that a table is to list, and for a trunk that was let in. */
static void
test_strangers_listed(gconstpointer keeps)
{
    struct script *s = script_begin();
    unsigned count = 0;
    tracker_forget(s->tracker, (enum tracker_keeps)GPOINTER_TO_INT(keeps));
    for (unsigned n = 0; n < 300; n++) {
        stranger(s, n, n % 2 == 0);
        script_wait(s, 120);
    }
    for (const struct registration *r = tracker_registrations(s->tracker); r; r = r->next)
        count++;
    g_assert_cmpuint(count, ==, 300);
    script_end(s);
}

static void
test_trunk_among_strangers(void)
{
    struct diary diary = {script_begin(), g_string_new(NULL)};
    struct script *s = diary.script;
    tracker_forget(s->tracker, KEEPS_NOTHING);
    stranger(s, 1, true);
    play_exchange(&diary, 2000, 1, ACCEPTED);
    for (unsigned n = 2; n < 300; n++) {
        stranger(s, n, n % 2 == 0);
        script_wait(s, 600);
    }
    unsigned count = 0, granted = 0;
    for (const struct registration *r = tracker_registrations(s->tracker); r; r = r->next, count++)
        granted += r->granted_frame ? 1 : 0;
    g_assert_cmpuint(granted, ==, 1);
    g_assert_cmpuint(count, <=, 25 * 6 + 2);
    play_exchange(&diary, 2000, 3, ACCEPTED);
    g_assert_nonnull(strstr(diary.text->str, "registration_lapsed"));
    script_end(s);
    g_string_free(diary.text, TRUE);
}

/* More at a time than is remembered: told once, if it is not old enough to be of no use; and the latest are
 * known all the same. */
static void
test_limit(gconstpointer seconds_between)
{
    const int seconds = GPOINTER_TO_INT(seconds_between);
    struct script *s = script_begin();
    unsigned told = 0;
    remember_few(s, 100, KEEPS_NOTHING);
    for (unsigned n = 0; n < 400; n++) {
        told += stranger(s, n, true) ? 1 : 0;
        script_wait(s, seconds);
    }
    g_assert_cmpuint(told, ==, seconds < 60 ? 1 : 0);
    struct record *late =
        SEND(s, .cseq = 2, .user = "u399", .call_id = "u399", .headers = ANSWER(s, .nonce = "s399"));
    g_assert_cmpuint(script_use(late)->challenge_frame, !=, 0);
    late = SEND(s, .cseq = 2, .user = "u1", .call_id = "u1", .headers = ANSWER(s, .nonce = "s1"));
    g_assert_cmpuint(script_use(late)->challenge_frame, ==, 0);
    script_end(s);
}

/* Where time stamps stand still nothing gets old: so many transactions are kept, and that others are not is
 * told. */
static void
test_limit_without_time(gconstpointer method)
{
    struct script *s = script_begin();
    bool told = false;
    remember_few(s, 20, KEEPS_NOTHING);
    for (unsigned n = 0; n < 200; n++) {
        char *call = g_strdup_printf("c%u", n);
        told |= strcmp(script_notes(s, SEND(s, .method = method, .call_id = call, .at_once = true)),
                       "state_dropped") == 0;
        g_free(call);
    }
    g_assert_true(told);
    g_assert_nonnull(SEND(s, .method = method, .call_id = "c199", .status = 200, .at_once = true)->request);
    g_assert_null(SEND(s, .method = method, .call_id = "c1", .status = 200, .at_once = true)->request);
    script_end(s);
}

/* Connections that nobody answers cost no more the longer the capture, with a table or without, and with no
 * SIP between them. */
static void
test_limit_of_unread(gconstpointer keeps)
{
    struct script *s = script_begin();
    remember_few(s, 20, (enum tracker_keeps)GPOINTER_TO_INT(keeps));
    size_t before = 0;
    for (unsigned n = 0; n < 4000; n++) {
        const struct endpoint client = {5060, 1, 4, {192, 0, (uint8_t)(n / 256), (uint8_t)n}},
                              server = {5060, 1, 4, {192, 0, 2, 2}};
        tracker_connect(s->tracker, ++s->frame, &client, &server);
        if (n % 100 == 0)
            script_wait(s, 3600);
        if (n == 2000)
            before = test_host_blocks();
    }
    g_assert_cmpuint(test_host_blocks(), <=, before + 5);
    script_end(s);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/forget/says-the-same", GINT_TO_POINTER(KEEPS_EXCHANGES), test_says_the_same);
    g_test_add_data_func("/forget/says-the-same-of-registrations", GINT_TO_POINTER(KEEPS_REGISTRATIONS),
                         test_says_the_same);
    g_test_add_data_func("/forget/does-not-grow", GINT_TO_POINTER(KEEPS_NOTHING), test_does_not_grow);
    g_test_add_data_func("/forget/does-not-grow-for-registrations", GINT_TO_POINTER(KEEPS_REGISTRATIONS),
                         test_does_not_grow);
    g_test_add_func("/forget/keeps-all-otherwise", test_keeps_all_otherwise);
    g_test_add_func("/forget/unread", test_unread);
    g_test_add_func("/forget/disconnected", test_disconnected);
    g_test_add_func("/forget/moving-client", test_moving_client);
    g_test_add_func("/forget/one-nonce", test_one_nonce);
    g_test_add_data_func("/forget/one-nonce/left", GINT_TO_POINTER(true), test_one_nonce_left);
    g_test_add_data_func("/forget/one-nonce/left-kept", GINT_TO_POINTER(false), test_one_nonce_left);
    g_test_add_data_func("/forget/nextnonce-again", GINT_TO_POINTER(true), test_nextnonce_again);
    g_test_add_data_func("/forget/nextnonce-again-kept", GINT_TO_POINTER(false), test_nextnonce_again);
    g_test_add_func("/forget/subscriptions", test_subscriptions);
    g_test_add_data_func("/forget/nonce", GINT_TO_POINTER(true), test_nonce);
    g_test_add_data_func("/forget/nonce-kept", GINT_TO_POINTER(false), test_nonce);
    g_test_add_func("/forget/awaited-notify", test_awaited_notify);
    g_test_add_data_func("/forget/clock-set", GINT_TO_POINTER(KEEPS_NOTHING), test_clock_set);
    g_test_add_data_func("/forget/clock-set-for-exchanges", GINT_TO_POINTER(KEEPS_EXCHANGES), test_clock_set);
    g_test_add_func("/forget/age-is-full", test_age_is_full);
    g_test_add_func("/forget/rings-among-strangers", test_rings_among_strangers);
    g_test_add_data_func("/forget/weak-evidence", GINT_TO_POINTER(true), test_weak_evidence);
    g_test_add_data_func("/forget/weak-evidence-kept", GINT_TO_POINTER(false), test_weak_evidence);
    g_test_add_func("/forget/one-frame", test_one_frame);
    g_test_add_func("/forget/answered-from-two", test_answered_from_two);
    g_test_add_func("/forget/strangers", test_strangers);
    g_test_add_data_func("/forget/strangers-listed", GINT_TO_POINTER(KEEPS_EXCHANGES), test_strangers_listed);
    g_test_add_data_func("/forget/strangers-listed-alone", GINT_TO_POINTER(KEEPS_REGISTRATIONS),
                         test_strangers_listed);
    g_test_add_func("/forget/trunk-among-strangers", test_trunk_among_strangers);
    g_test_add_data_func("/forget/limit", GINT_TO_POINTER(5), test_limit);
    g_test_add_data_func("/forget/limit-without-time", "OPTIONS", test_limit_without_time);
    g_test_add_data_func("/forget/limit-without-time-of-calls", "INVITE", test_limit_without_time);
    g_test_add_data_func("/forget/limit-of-unread", GINT_TO_POINTER(KEEPS_NOTHING), test_limit_of_unread);
    g_test_add_data_func("/forget/limit-of-unread-for-exchanges", GINT_TO_POINTER(KEEPS_EXCHANGES),
                         test_limit_of_unread);
    g_test_add_data_func("/forget/limit-of-old-ones", GINT_TO_POINTER(1200), test_limit);
    return test_run_all();
}
