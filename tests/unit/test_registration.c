/* test_registration.c
 * Registrations over time: what was granted, refreshed, refused, and had run out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "findings.h"
#include "script.h"

#define PHONE    "<sip:alice@192.0.2.1:5060>"
#define MOVED    "<sip:alice@192.0.2.1:40001>"
#define FLOW(id) ";+sip.instance=\"<urn:uuid:1>\";reg-id=" #id

/* A REGISTER, or its answer, as a row of a story. */
struct turn {
    unsigned status; /* 0: a request */
    unsigned cseq;
    const char *contact;
    double after; /* seconds since the message before */
    const char *call_id, *more, *user;
    const char *transport; /* UDP */
    int from;              /* 1 */
    int registrar;         /* 2 */
    uint32_t expected;     /* as in struct sip */
};

static struct record *
play_turn(struct script *s, const struct turn *turn)
{
    char *headers =
        g_strdup_printf("%s%s%s%s", turn->contact ? "Contact: " : "", turn->contact ? turn->contact : "",
                        turn->contact ? "\r\n" : "", turn->more ? turn->more : "");
    char *branch =
        g_strdup_printf("z9hG4bK-%u-%s-%d", turn->cseq, turn->call_id ? turn->call_id : "", turn->from);
    int phone = turn->from ? turn->from : 1, registrar = turn->registrar ? turn->registrar : 2;
    struct record *record =
        SEND(s, .status = turn->status, .cseq = turn->cseq, .branch = branch, .headers = headers,
             .call_id = turn->call_id, .user = turn->user, .transport = turn->transport,
             .ms = turn->after * 1000 + 1, .from = turn->status ? registrar : phone,
             .to = turn->status ? phone : registrar, .expected = turn->expected);
    g_free(headers);
    g_free(branch);
    return record;
}
#define TURN(s, ...) play_turn((s), &(struct turn){__VA_ARGS__})

/* A REGISTER and its 200, which lists the contact. */
static struct record *
registered(struct script *s, unsigned cseq, const char *contact, unsigned expires, double after)
{
    char *asks = g_strdup_printf("%s;expires=%u", contact, expires);
    TURN(s, .cseq = cseq, .contact = asks, .after = after);
    struct record *ok = TURN(s, .status = 200, .cseq = cseq, .contact = expires ? asks : NULL);
    g_free(asks);
    return ok;
}

static const struct registration *
nth(const struct script *s, unsigned n)
{
    const struct registration *registration = tracker_registrations(s->tracker);
    while (registration && n-- > 0)
        registration = registration->next;
    return registration;
}

static const char *
state(const struct script *s, unsigned n)
{
    const struct registration *registration = nth(s, n);
    return registration ? registration_state_text(registration_state(s->tracker, registration)) : "none";
}

/* The frame that says of a REGISTER that no answer comes, for this reason; 0: none. */
static uint32_t
none_in(const struct record *record, enum finding why)
{
    uint32_t frame = 0;
    uint16_t found = record_gets_none(record, &frame);
    g_assert_true(found == FINDING_NONE || found == why);
    return frame;
}

static const struct registration_step *
step_of(const struct record *record)
{
    g_assert_nonnull(record->detail);
    g_assert_nonnull(record->detail->registrations);
    return record->detail->registrations;
}

#define CONTACT_LINE "Contact: <sip:alice@192.0.2.1>\r\n"

static struct record *
send_often(struct script *s, unsigned cseq, unsigned copies)
{
    struct record *first = SEND(s, .cseq = cseq, .headers = CONTACT_LINE);
    for (unsigned i = 1; i < copies; i++)
        SEND(s, .cseq = cseq, .headers = CONTACT_LINE, .ms = 500);
    return first;
}

/* A single copy may have been lost; nor is a request unanswered whose answer may still come, or is on its
 * way. */
static void
test_lacks_answer(struct script *s)
{
    struct record *twice = send_often(s, 1, 3), *often = send_often(s, 2, 4), *pending = send_often(s, 3, 3);
    SEND(s, .cseq = 3, .status = 100);
    for (unsigned i = 0; i < 3; i++)
        SEND(s, .cseq = 3, .headers = CONTACT_LINE, .ms = 4000);
    g_assert_cmpuint(record_lacks_answer(s->tracker, often), ==, 0);
    script_wait(s, 33);
    g_assert_cmpuint(record_lacks_answer(s->tracker, twice), ==, 0);
    g_assert_cmpuint(record_lacks_answer(s->tracker, pending), ==, 0);
    g_assert_cmpuint(record_stays_pending(s->tracker, pending), ==, 11);
    g_assert_cmpuint(record_stays_pending(s->tracker, often), ==, 0);
    g_assert_cmpuint(record_lacks_answer(s->tracker, often), ==, 4);
    SEND(s, .cseq = 2, .status = 200, .headers = "Contact: <sip:alice@192.0.2.1>;expires=60\r\n");
    g_assert_cmpuint(record_lacks_answer(s->tracker, often), ==, 0);
}

/* A client that does not ask again has got its answer; over TCP it is the next answer that tells. */
static void
test_stays_pending(struct script *s)
{
    struct record *once = TURN(s, .cseq = 1, .contact = PHONE);
    TURN(s, .status = 100, .cseq = 1);
    struct record *stream = TURN(s, .cseq = 2, .contact = PHONE, .transport = "TCP");
    TURN(s, .status = 100, .cseq = 2, .transport = "TCP");
    g_assert_cmpuint(record_stays_pending(s->tracker, stream), ==, 0);
    script_wait(s, 33);
    g_assert_cmpuint(record_stays_pending(s->tracker, once), ==, 0);
    g_assert_cmpuint(record_stays_pending(s->tracker, stream), ==, 4);
    g_assert_true(nth(s, 0)->pending);
    TURN(s, .cseq = 3, .contact = PHONE, .transport = "TCP");
    TURN(s, .status = 200, .cseq = 3, .contact = PHONE, .transport = "TCP");
    g_assert_cmpuint(record_stays_pending(s->tracker, stream), ==, 0);
    g_assert_false(nth(s, 0)->pending);
}

/* --- granted -------------------------------------------------------------------- */

static void
test_refreshes(struct script *s)
{
    g_assert_cmpuint(step_of(registered(s, 1, PHONE, 60, 0))->refresh, ==, 0);
    for (unsigned n = 1; n <= 3; n++) {
        struct record *ok = registered(s, 1 + n, PHONE, 60, 30);
        g_assert_cmpuint(step_of(ok)->refresh, ==, n);
        g_assert_cmpuint(step_of(ok)->granted, ==, 60);
        g_assert_cmpuint(step_of(ok)->granted_frame, ==, 2 * n);
    }
    g_assert_cmpuint(nth(s, 0)->refreshes, ==, 3);
    g_assert_cmpuint(nth(s, 0)->failures, ==, 0);
    g_assert_cmpstr(state(s, 0), ==, "registered");
    g_assert_null(nth(s, 1));
}

/* For how long: the parameter, the header, what was asked. */
static void
test_granted_for(struct script *s)
{
    static const struct {
        const char *contact, *more, *listed, *answered;
        unsigned granted; /* 0: not at all, or for a time that is not said */
        bool unsaid;
    } rows[] = {
        {PHONE ";expires=600", NULL, PHONE ";expires=60", "Expires: 90\r\n", 60},
        {PHONE, "Expires: 600\r\n", PHONE, "Expires: 90\r\n", 90},
        {PHONE ";expires=500", "Expires: 600\r\n", PHONE, NULL, 500},
        {PHONE, "Expires: 600\r\n", NULL, NULL, 600},
        {PHONE, "Expires: 600\r\n", NULL, "Expires: 90\r\n", 90},
        {PHONE, "Expires: 600\r\n", PHONE ";expires=4294967297", NULL, 600},
        {PHONE, "Expires: 600\r\n", NULL, "Expires: 4294967297\r\n", 600},
        {PHONE, NULL, NULL, NULL, 0, .unsaid = true},
        {PHONE, NULL, PHONE, NULL, 0, .unsaid = true},
        {"<sip:alice@192.0.2.1;line=b>", "Expires: 600\r\n",
         "<sip:alice@192.0.2.1;line=a>;expires=1, <sip:alice@192.0.2.1;line=b>;expires=64, "
         "<sip:alice@192.0.2.1;line=c>;expires=99",
         NULL, 64},
        {"<sip:alice@192.0.2.1;line=b>", "Expires: 600\r\n",
         "<sip:alice@192.0.2.1>;expires=1, <sip:alice@192.0.2.1:5060>;expires=65, "
         "<sip:alice@192.0.2.1>;expires=2",
         NULL, 65},
        {PHONE FLOW(1), "Expires: 600\r\n", "<sip:alice@192.0.2.1:1024>;expires=1, " PHONE ";expires=66",
         NULL, 66},
        {PHONE FLOW(1), "Expires: 600\r\n", PHONE ";expires=1" FLOW(2) ", " PHONE ";expires=67" FLOW(1), NULL,
         67},
        {"<sip:alice@10.0.0.1:5062>", "Expires: 600\r\n",
         "<sip:alice@192.0.2.1:40001>;expires=99, <sip:alice@192.0.2.1>;expires=68, "
         "<sip:alice@192.0.2.1:40002>;expires=1",
         NULL, 68},
        {PHONE, NULL, PHONE ";expires=70", NULL, 70},
        {PHONE, "Expires: 600\r\n", PHONE ";expires=0", NULL, 0},
        {PHONE, "Expires: 600\r\n", "<sip:alice@192.0.2.1>;expires=60", NULL, 60},
        {"<sip:alice@192.0.2.1>", "Expires: 600\r\n", PHONE ";expires=60", NULL, 60},
        {PHONE, "Expires: 600\r\n", "<sip:alice@192.0.2.1:5061>;expires=60, " PHONE ";expires=61", NULL, 61},
        {PHONE, "Expires: 600\r\n", "\"A, B\" <sip:ALICE@192.0.2.1>;expires=1, " PHONE ";expires=62", NULL,
         62},
        {PHONE FLOW(1), "Expires: 600\r\n", "<sip:alice@[::1]>;expires=63" FLOW(1), NULL, 63},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *call = g_strdup_printf("call-%u", i);
        TURN(s, .cseq = 1, .contact = rows[i].contact, .more = rows[i].more, .call_id = call, .user = call);
        struct record *ok = TURN(s, .status = 200, .cseq = 1, .contact = rows[i].listed,
                                 .more = rows[i].answered, .call_id = call, .user = call);
        g_test_message("row %u", i);
        g_assert_cmpuint(step_of(ok)->granted, ==, rows[i].granted);
        g_assert_true(step_of(ok)->has_granted == (rows[i].granted > 0 || rows[i].unsaid));
        g_assert_cmpstr(script_notes(s, ok), ==,
                        rows[i].granted == 0 && !rows[i].unsaid ? "granted_nothing" : "");
        g_free(call);
    }
}

/* What the 2xx lists as gone was refused, even where it was registered. */
static void
test_granted_nothing(struct script *s)
{
    TURN(s, .cseq = 1, .contact = PHONE ";expires=60");
    TURN(s, .status = 200, .cseq = 1, .contact = PHONE ";expires=60");
    TURN(s, .cseq = 2, .contact = PHONE ";expires=60");
    struct record *ok = TURN(s, .status = 200, .cseq = 2, .contact = PHONE ";expires=0");
    g_assert_cmpstr(script_notes(s, ok), ==, "granted_nothing");
    g_assert_cmpstr(state(s, 0), ==, "refused");
    g_assert_cmpuint(nth(s, 0)->failures, ==, 1);
    TURN(s, .cseq = 3, .contact = PHONE ";expires=60");
    TURN(s, .status = 200, .cseq = 3, .contact = PHONE ";expires=60");
    g_assert_cmpstr(state(s, 0), ==, "registered");
    g_assert_cmpuint(nth(s, 0)->refreshes, ==, 0);
}

/* A removal takes place unless the 2xx lists the very contact, and that for some time. */
static void
test_removal_ignored(struct script *s)
{
    static const struct {
        const char *listed, *state, *notes;
    } rows[] = {
        {PHONE ";expires=40", "registered", "removal_ignored"},
        {"<sip:alice@192.0.2.1>;expires=40", "registered", "removal_ignored"},
        {PHONE ";expires=0", "removed", ""},
        {PHONE, "removed", ""},
        {"<sip:alice@192.0.2.1:5061>;expires=40", "removed", ""},
        {"<sip:bob@192.0.2.1:5060>;expires=40", "removed", ""},
        {NULL, "removed", ""},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *call = g_strdup_printf("call-%u", i);
        TURN(s, .cseq = 1, .contact = PHONE ";expires=60", .call_id = call, .user = call);
        TURN(s, .status = 200, .cseq = 1, .contact = PHONE ";expires=60", .call_id = call, .user = call);
        TURN(s, .cseq = 2, .contact = PHONE ";expires=0", .call_id = call, .user = call);
        struct record *ok =
            TURN(s, .status = 200, .cseq = 2, .contact = rows[i].listed, .call_id = call, .user = call);
        g_test_message("row %u", i);
        g_assert_cmpstr(script_notes(s, ok), ==, rows[i].notes);
        g_assert_cmpstr(state(s, i), ==, rows[i].state);
        g_assert_cmpuint(nth(s, i)->refreshes, ==, 0);
        g_free(call);
    }
    script_wait(s, 38);
    g_assert_cmpstr(state(s, 0), ==, "registered");
}

/* Listed under the address that the registrar saw: nothing to say. Under any other: a note. As somebody else:
 * not granted. */
static void
test_listed_otherwise(struct script *s)
{
    static const struct {
        const char *listed, *notes;
        unsigned granted;
    } rows[] = {
        {"<sip:alice@192.0.2.1:40001>;expires=50", "", 50},
        {"<sip:alice@203.0.113.9:40001>;expires=50", "contact_not_listed", 50},
        {"<sip:bob@192.0.2.1:5060>;expires=50", "contact_not_listed", 0},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        TURN(s, .cseq = i + 1, .contact = PHONE ";expires=60");
        struct record *ok = TURN(s, .status = 200, .cseq = i + 1, .contact = rows[i].listed);
        g_assert_cmpuint(step_of(ok)->granted, ==, rows[i].granted);
        g_assert_cmpstr(script_notes(s, ok), ==, rows[i].notes);
    }
    g_assert_null(nth(s, 1));
}

/* How long it lasts is not known, so nor is whether it has run out. */
static void
test_granted_unsaid(struct script *s)
{
    TURN(s, .cseq = 1, .contact = PHONE);
    TURN(s, .status = 200, .cseq = 1);
    g_assert_cmpstr(state(s, 0), ==, "registered");
    TURN(s, .cseq = 2, .contact = PHONE, .after = 1800);
    TURN(s, .status = 200, .cseq = 2);
    g_assert_cmpuint(nth(s, 0)->refreshes, ==, 1);
    script_wait(s, 4000);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
}

/* Of two contacts of one REGISTER somebody else's is neither. */
static void
test_listed_other_of_two(struct script *s)
{
    TURN(s, .cseq = 1, .contact = PHONE ";expires=60, " MOVED ";expires=60");
    TURN(s, .status = 200, .cseq = 1, .contact = PHONE ";expires=60, <sip:alice@192.0.2.9>;expires=20");
    g_assert_cmpstr(state(s, 0), ==, "registered");
    g_assert_cmpstr(state(s, 1), ==, "unknown");
}

/* Each copy of a REGISTER may be answered: that is one refresh. */
static void
test_answered_twice(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 2, .contact = PHONE ";expires=60", .after = 20);
    TURN(s, .cseq = 2, .contact = PHONE ";expires=60", .after = 0.5);
    TURN(s, .status = 200, .cseq = 2, .contact = PHONE ";expires=60");
    TURN(s, .status = 200, .cseq = 2, .contact = PHONE ";expires=59");
    g_assert_cmpuint(nth(s, 0)->refreshes, ==, 1);
    g_assert_cmpuint(nth(s, 0)->granted, ==, 59);
}

/* A copy that comes late finds its nonce used: the registration stands. */
static void
test_copy_refused(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .status = 401, .cseq = 1, .more = CHALLENGE("n1"));
    TURN(s, .status = 500, .cseq = 1);
    g_assert_cmpuint(nth(s, 0)->last_status, ==, 200);
    g_assert_cmpuint(nth(s, 0)->failures, ==, 0);
    g_assert_cmpstr(state(s, 0), ==, "registered");
}

static void
test_shrinks(struct script *s)
{
    registered(s, 1, PHONE, 600, 0);
    TURN(s, .cseq = 2, .contact = PHONE ";expires=600", .after = 20);
    struct record *less = TURN(s, .status = 200, .cseq = 2, .contact = PHONE ";expires=120");
    g_assert_cmpstr(script_notes(s, less), ==, "expiry_shrinks");
    g_assert_cmpstr(script_notes(s, registered(s, 3, PHONE, 60, 20)), ==, "");
}

/* A proxy passes it on: another registrar, as far as this hop is concerned. */
static void
test_two_hops(struct script *s)
{
    for (unsigned n = 1; n <= 2; n++) {
        const char *contact = "Contact: " PHONE ";expires=60\r\n";
        SEND(s, .cseq = n, .headers = contact, .ms = 30000);
        SEND(s, .cseq = n, .headers = contact, .branch = n == 1 ? "z9hG4bKp1" : "z9hG4bKp2",
             .host = "192.0.2.2", .from = 2, .to = 3);
        SEND(s, .cseq = n, .headers = contact, .branch = n == 1 ? "z9hG4bKp1" : "z9hG4bKp2",
             .host = "192.0.2.2", .status = 200, .from = 3, .to = 2);
        SEND(s, .cseq = n, .headers = contact, .status = 200);
    }
    g_assert_cmpuint(nth(s, 0)->refreshes, ==, 1);
    g_assert_cmpuint(nth(s, 1)->refreshes, ==, 1);
    g_assert_cmpuint(nth(s, 0)->registrar.address[3], ==, 2);
    g_assert_cmpuint(nth(s, 1)->registrar.address[3], ==, 3);
    g_assert_null(nth(s, 2));
}

/* --- refused -------------------------------------------------------------------- */

static void
test_interval_too_brief(struct script *s)
{
    TURN(s, .cseq = 1, .contact = PHONE ";expires=60");
    struct record *brief = TURN(s, .status = 423, .cseq = 1, .more = "Min-Expires: 300\r\n");
    g_assert_cmpuint(step_of(brief)->min, ==, 300);
    g_assert_cmpuint(step_of(brief)->asked, ==, 60);
    g_assert_cmpstr(state(s, 0), ==, "refused");
    registered(s, 2, PHONE, 300, 0);
    g_assert_cmpstr(state(s, 0), ==, "registered");
    g_assert_cmpuint(nth(s, 0)->failures, ==, 1);
    g_assert_cmpuint(nth(s, 0)->refreshes, ==, 0);
}

/* A first challenge is no failure, and neither is a stale one; refused credentials are. */
static void
test_failures(struct script *s)
{
    const char *contact = "Contact: " PHONE ";expires=60\r\n";
    SEND(s, .headers = contact);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    g_assert_cmpuint(nth(s, 0)->failures, ==, 0);
    SEND(s, .cseq = 2, .headers = script_join(s, contact, ANSWER(s)));
    SEND(s, .cseq = 2, .status = 401,
         .headers =
             "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n2\", qop=\"auth\", stale=true\r\n");
    g_assert_cmpuint(nth(s, 0)->failures, ==, 0);
    SEND(s, .cseq = 3, .headers = script_join(s, contact, ANSWER(s, .nonce = "n2", .password = "wrong")));
    SEND(s, .cseq = 3, .status = 401, .headers = CHALLENGE("n3"));
    g_assert_cmpuint(nth(s, 0)->failures, ==, 1);
    g_assert_cmpstr(state(s, 0), ==, "refused");
    SEND(s, .cseq = 4, .headers = contact);
    SEND(s, .cseq = 4, .status = 401, .headers = CHALLENGE("n4"));
    g_assert_cmpuint(nth(s, 0)->failures, ==, 1);
    g_assert_cmpstr(state(s, 0), ==, "refused");
}

static void
test_challenged(struct script *s)
{
    TURN(s, .cseq = 1, .contact = PHONE);
    TURN(s, .status = 401, .cseq = 1, .more = CHALLENGE("n1"));
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    script_wait(s, 40);
    g_assert_cmpstr(state(s, 0), ==, "challenged");
}

/* The client asks anew every ten seconds. */
static void
test_challenged_again_and_again(struct script *s)
{
    for (unsigned cseq = 1; cseq < 5; cseq++) {
        TURN(s, .cseq = cseq, .contact = PHONE, .after = 10);
        TURN(s, .status = 401, .cseq = cseq, .more = CHALLENGE("n1"));
        g_assert_cmpstr(state(s, 0), ==, "unknown");
    }
    TURN(s, .cseq = 5, .contact = PHONE, .after = 10);
    g_assert_cmpstr(state(s, 0), ==, "challenged");
    const struct exchange *challenge = registration_challenge(s->tracker, nth(s, 0));
    g_assert_true(challenge == script_exchange(s, 0));
    TURN(s, .status = 401, .cseq = 5, .more = CHALLENGE("n2"));
    TURN(s, .cseq = 6, .contact = PHONE, .more = ANSWER(s, .nonce = "n2"));
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    TURN(s, .status = 200, .cseq = 6, .contact = PHONE ";expires=60");
    g_assert_cmpstr(state(s, 0), ==, "registered");
}

/* The credentials of an attempt were met by silence; the next attempt waits for its answer. */
static void
test_unanswered_again(struct script *s)
{
    TURN(s, .cseq = 1, .contact = PHONE);
    TURN(s, .status = 401, .cseq = 1, .more = CHALLENGE("n1"));
    for (unsigned copy = 0; copy < 3; copy++)
        TURN(s, .cseq = 2, .contact = PHONE, .more = ANSWER(s), .after = copy);
    TURN(s, .cseq = 3, .contact = PHONE, .more = ANSWER(s, .nc = "00000002"), .after = 33);
    g_assert_cmpstr(state(s, 0), ==, "unanswered");
    const struct exchange *challenge = registration_challenge(s->tracker, nth(s, 0));
    g_assert_cmpstr(script_cause(s, challenge), ==, "retry_unanswered");
    TURN(s, .status = 401, .cseq = 3, .more = CHALLENGE("n2"));
    g_assert_cmpstr(state(s, 0), !=, "unanswered");
}

/* Over TCP nothing is sent again: where the server was heard, silence is silence. */
static void
test_unanswered_tcp(struct script *s)
{
    TURN(s, .cseq = 1, .contact = PHONE, .transport = "TCP");
    script_wait(s, 40);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    TURN(s, .status = 401, .cseq = 1, .more = CHALLENGE("n1"), .transport = "TCP");
    TURN(s, .cseq = 2, .contact = PHONE, .more = ANSWER(s), .transport = "TCP");
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    script_wait(s, 40);
    g_assert_cmpstr(state(s, 0), ==, "unanswered");
    g_assert_cmpstr(script_cause(s, registration_challenge(s->tracker, nth(s, 0))), ==, "retry_unanswered");
}

/* The registrar's side ends the connection, and what it sent since the REGISTER is no answer. */
static void
test_disconnected(struct script *s)
{
    static const struct {
        int from, to;      /* who ends it */
        uint32_t sequence; /* of that; the REGISTER expects 2 to the power of 32 - 6 */
        uint32_t told;     /* the frame of that, of the two that each row begins with; 0: not told */
        bool after_client; /* which ended it before */
        bool answered;
    } rows[] = {
        {2, 1, 4294967290, 2, false, false},
        {2, 1, 25, 2, false, false}, /* TLS says farewell */
        {2, 1, 94, 0, false, false}, /* an answer may be missing in the capture */
        {2, 1, 4294967290 - 1, 0, false, false},
        {2, 1, 4294967290, 0, true, false},
        {2, 1, 4294967290, 0, false, true},
        {1, 2, 4294967290, 0, false, false},
        {2, 1 + NEXT_PORT, 4294967290, 0, false, false}, /* another connection */
        {2 + NEXT_PORT, 1, 4294967290, 0, false, false},
        {3, 1, 4294967290, 0, false, false},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *user = g_strdup_printf("user-%u", i);
        const struct record *ask =
            TURN(s, .user = user, .call_id = user, .contact = PHONE, .expected = 4294967290);
        if (rows[i].answered)
            TURN(s, .user = user, .call_id = user, .status = 403);
        if (rows[i].after_client)
            script_disconnect(s, 1, 2, 1);
        script_disconnect(s, rows[i].from, rows[i].to, rows[i].sequence);
        script_disconnect(s, rows[i].from, rows[i].to, rows[i].sequence);
        g_test_message("row %u", i);
        g_assert_cmpuint(none_in(ask, FINDING_DISCONNECTED), ==, rows[i].told ? ask->frame + 1 : 0);
        g_assert_cmpstr(state(s, i), ==,
                        rows[i].told       ? "unanswered"
                        : rows[i].answered ? "refused"
                                           : "unknown");
        g_free(user);
    }
}

/* Each attempt in a connection of its own: counted, and over with an answer. */
static void
test_disconnected_again(struct script *s)
{
    const struct record *first = TURN(s, .cseq = 1, .contact = PHONE, .expected = 1);
    script_disconnect(s, 2, 1, 1);
    const struct record *second =
        TURN(s, .cseq = 2, .contact = PHONE, .from = 1 + NEXT_PORT, .expected = 500, .after = 5);
    script_disconnect(s, 2, 1 + NEXT_PORT, 501);
    g_assert_cmpuint(none_in(first, FINDING_DISCONNECTED), ==, 2);
    g_assert_cmpuint(none_in(second, FINDING_DISCONNECTED), ==, 4);
    g_assert_cmpuint(registration_failures(s->tracker, nth(s, 0)), ==, 2);
    g_assert_cmpint(nth(s, 0)->none_why, ==, FINDING_DISCONNECTED);
    TURN(s, .cseq = 3, .contact = PHONE, .expected = 900, .after = 5);
    TURN(s, .status = 200, .cseq = 3, .contact = PHONE ";expires=60");
    script_disconnect(s, 2, 1, 900);
    g_assert_cmpstr(state(s, 0), ==, "registered");
    g_assert_cmpint(nth(s, 0)->none_why, ==, FINDING_NONE);
}

/* Silence after a refusal of the user looks like a list; after a grant, or a server's failure, it does not.
 */
static void
test_silent_after_refusal(struct script *s)
{
    static const struct {
        unsigned status;
        bool blocks;
    } rows[] = {{403, true}, {404, true}, {503, false}, {423, false}, {200, false}};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        unsigned cseq = 10 * i + 1;
        TURN(s, .cseq = cseq, .contact = PHONE);
        const struct record *end = TURN(s, .status = rows[i].status, .cseq = cseq,
                                        .contact = rows[i].status == 200 ? PHONE ";expires=60" : NULL);
        const struct record *ask = TURN(s, .cseq = cseq + 1, .contact = PHONE, .after = 30);
        for (unsigned n = 0; n < 4; n++)
            TURN(s, .cseq = cseq + 1, .contact = PHONE, .after = 4);
        script_wait(s, 33);
        g_assert_cmpuint(record_lacks_answer(s->tracker, ask), ==, 5);
        g_assert_cmpuint(record_refused_before(ask), ==, rows[i].blocks ? end->frame : 0);
        g_assert_cmpuint(registration_may_block(nth(s, 0)), ==, rows[i].blocks ? end->frame : 0);
    }
}

/* Credentials that are answered so: at once, and whatever they are for. */
static void
test_disconnected_credentials(struct script *s)
{
    static const char *const methods[] = {"REGISTER", "INVITE", "SUBSCRIBE"};
    for (unsigned i = 0; i < G_N_ELEMENTS(methods); i++) {
        SEND(s, .method = methods[i], .call_id = methods[i], .cseq = 1, .expected = 1);
        SEND(s, .method = methods[i], .call_id = methods[i], .cseq = 1, .status = 401,
             .headers = CHALLENGE("n"));
        SEND(s, .method = methods[i], .call_id = methods[i], .cseq = 2, .branch = "z9hG4bK-2",
             .expected = 400, .headers = ANSWER(s, .nonce = "n", .method = methods[i]));
        const struct exchange *exchange = script_exchange(s, i);
        g_assert_cmpint(exchange_outcome(s->tracker, exchange), ==, OUTCOME_UNKNOWN);
        script_disconnect(s, 2, 1, 400);
        g_assert_cmpint(exchange_outcome(s->tracker, exchange), ==, OUTCOME_NO_ANSWER);
        g_assert_cmpstr(script_cause(s, exchange), ==, "disconnected");
        g_assert_cmpuint(exchange_detail(exchange)->disconnected, ==, s->frame);
    }
}

/* What a 2xx grants whose REGISTER is missing. */
static void
test_orphan_lists(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .status = 200, .cseq = 2, .contact = PHONE ";expires=600", .after = 50);
    script_wait(s, 300);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    script_wait(s, 310);
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
    g_assert_cmpint(registration_lapsed_for(s->tracker, nth(s, 0)) / 1000000000, ==, 10);
}

/* A client that asked to be removed has not forgotten to refresh; that the answer is missing is another
 * thing. */
static void
test_leaves(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 2, .contact = PHONE ";expires=0", .after = 30);
    TURN(s, .cseq = 1, .contact = MOVED ";expires=60", .call_id = "b", .user = "bob");
    TURN(s, .status = 200, .cseq = 1, .contact = MOVED ";expires=60", .call_id = "b", .user = "bob");
    script_wait(s, 200);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    g_assert_cmpstr(state(s, 1), ==, "lapsed");
    TURN(s, .cseq = 9, .contact = "*", .more = "Expires: 0\r\n", .call_id = "star", .user = "bob");
    script_wait(s, 200);
    g_assert_cmpstr(state(s, 1), ==, "unknown");
    TURN(s, .cseq = 10, .contact = "*", .more = "Expires: 0\r\n", .call_id = "star", .user = "bob");
    TURN(s, .status = 403, .cseq = 10, .call_id = "star", .user = "bob");
    g_assert_cmpstr(state(s, 1), ==, "lapsed");
}

/* RFC 3261 section 19.1.4, 5954 section 4.2. */
static void
test_alike(struct script *s)
{
    static const struct {
        const char *asked, *listed;
        bool alike;
    } rows[] = {
        {"<sip:a@[2001:db8::10]:5060>", "<sip:a@[2001:DB8:0:0:0:0:0:10]>;expires=60", true},
        {"<sip:b@[2001:db8::10]:5070>", "<sip:b@[2001:db8:0::10]:5070>;expires=60", true},
        {"<sip:c@[2001:db8::10]>", "<sip:c@[2001:db8::11]>;expires=60", false},
        {"<sip:d@[2001:db8::10]:5070>", "<sip:d@[2001:db8::10]:5071>;expires=60", false},
        {"<sip:e(1@192.0.2.1>", "<sip:e%281@192.0.2.1:5060>;expires=60", true},
        {"<sip:f%281@192.0.2.1>", "<sip:f%291@192.0.2.1>;expires=60", false},
        {"<sip:g%2@192.0.2.1>", "<sip:g%2@192.0.2.1:5060>;expires=60", true},
        {"<sip:h@[192.0.2.1>", "<sip:h@[192.0.2.1>;expires=60", true},
        {"<sip:i@PHONE.example.com>", "<sip:i@phone.example.com:5060>;expires=60", true},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %u", i);
        char *user = g_strdup_printf("user%u", i);
        TURN(s, .cseq = 1, .contact = rows[i].asked, .call_id = user, .user = user);
        struct record *ok =
            TURN(s, .status = 200, .cseq = 1, .contact = rows[i].listed, .call_id = user, .user = user);
        bool not_listed = strstr(script_notes(s, ok), "contact_not_listed") != NULL;
        g_assert_cmpint(not_listed, ==, !rows[i].alike);
        g_free(user);
    }
}

/* Whether it is silence cannot be told; that no answer is there, can. */
static void
test_answer_not_seen(struct script *s)
{
    struct record *first = SEND(s, .cseq = 1, .headers = CONTACT_LINE, .transport = "TCP", .at_once = true);
    struct record *udp = SEND(s, .headers = CONTACT_LINE, .call_id = "udp", .from = 7, .at_once = true);
    struct record *none =
        SEND(s, .headers = CONTACT_LINE, .transport = "UPD", .call_id = "none", .from = 8, .at_once = true);
    script_wait(s, 31);
    g_assert_cmpuint(record_answer_not_seen(s->tracker, first), ==, 0);
    g_assert_false(registration_answer_not_seen(s->tracker, nth(s, 0)));
    script_wait(s, 9);
    g_assert_cmpuint(record_answer_not_seen(s->tracker, first), ==, 40);
    g_assert_cmpuint(record_answer_not_seen(s->tracker, udp), ==, 0);
    g_assert_cmpuint(record_answer_not_seen(s->tracker, none), ==, 0);
    struct record *second = SEND(s, .cseq = 2, .headers = CONTACT_LINE, .transport = "TLS");
    g_assert_true(registration_answer_not_seen(s->tracker, nth(s, 0)));
    script_wait(s, 50);
    g_assert_cmpuint(record_answer_not_seen(s->tracker, first), ==, 90);
    g_assert_cmpuint(record_answer_not_seen(s->tracker, second), ==, 50);
    g_assert_true(registration_answer_not_seen(s->tracker, nth(s, 0)));
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    SEND(s, .cseq = 2, .status = 403, .transport = "TLS");
    script_wait(s, 50);
    g_assert_cmpuint(record_answer_not_seen(s->tracker, second), ==, 0);
    g_assert_false(registration_answer_not_seen(s->tracker, nth(s, 0)));
}

/* A client takes that for an answer at once; it may try again all the same. */
static void
test_unreachable(struct script *s)
{
    const struct sip ask = {.cseq = 1, .headers = CONTACT_LINE},
                     again = {.cseq = 2, .headers = CONTACT_LINE, .no_way = true};
    struct record *first = script_send(s, &ask);
    g_assert_cmpuint(none_in(first, FINDING_NONE), ==, 0);
    script_unreachable(s, &ask);
    g_assert_cmpuint(none_in(first, FINDING_PORT_UNREACHABLE), ==, 2);
    g_assert_cmpint(nth(s, 0)->none_why, ==, FINDING_PORT_UNREACHABLE);
    g_assert_cmpstr(state(s, 0), ==, "unanswered");
    g_assert_cmpuint(registration_failures(s->tracker, nth(s, 0)), ==, 1);
    struct record *second = script_send(s, &again);
    g_assert_cmpstr(state(s, 0), ==, "unanswered");
    g_assert_cmpuint(registration_failures(s->tracker, nth(s, 0)), ==, 1);
    script_unreachable(s, &again);
    g_assert_cmpuint(none_in(second, FINDING_UNREACHABLE), ==, 4);
    g_assert_cmpint(nth(s, 0)->none_why, ==, FINDING_UNREACHABLE);
    g_assert_cmpuint(registration_failures(s->tracker, nth(s, 0)), ==, 2);
    SEND(s, .cseq = 2, .status = 200, .headers = "Contact: <sip:alice@192.0.2.1>;expires=60\r\n");
    g_assert_cmpuint(none_in(second, FINDING_NONE), ==, 0);
    g_assert_cmpstr(state(s, 0), ==, "registered");
    g_assert_cmpuint(registration_failures(s->tracker, nth(s, 0)), ==, 1);
}

/* Nor does a refresh that meets a closed port leave any doubt of the lapse that follows. */
static void
test_unreachable_refresh(struct script *s)
{
    const struct sip ask = {.cseq = 2, .headers = CONTACT_LINE};
    registered(s, 1, "<sip:alice@192.0.2.1>", 60, 0);
    script_wait(s, 30);
    script_send(s, &ask);
    script_unreachable(s, &ask);
    script_wait(s, 40);
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
    g_assert_cmpint(registration_lapsed_for(s->tracker, nth(s, 0)) / 1000000000, ==, 10);
}

/* By then the client has given up; an INVITE it lets ring. */
static void
test_late(struct script *s)
{
    SEND(s, .method = "OPTIONS");
    const char *notes = script_notes(s, SEND(s, .method = "OPTIONS", .status = 200, .ms = 32100));
    g_assert_cmpstr(notes, ==, "answer_late");
    SEND(s, .method = "OPTIONS", .cseq = 2);
    notes = script_notes(s, SEND(s, .method = "OPTIONS", .cseq = 2, .status = 200, .ms = 31900));
    g_assert_cmpstr(notes, ==, "");
    SEND(s, .method = "BYE", .cseq = 2);
    notes = script_notes(s, SEND(s, .method = "BYE", .cseq = 2, .status = 408, .ms = 32100));
    g_assert_cmpstr(notes, ==, "");
    SEND(s, .method = "INVITE", .cseq = 3);
    notes = script_notes(s, SEND(s, .method = "INVITE", .cseq = 3, .status = 200, .ms = 33000));
    g_assert_cmpstr(notes, ==, "");
    SEND(s, .cseq = 4, .headers = CONTACT_LINE);
    SEND(s, .cseq = 4, .status = 401, .headers = CHALLENGE("n1"), .ms = 33000);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "unknown");
    script_wait(s, 33);
    g_assert_cmpstr(script_outcome(s, script_exchange(s, 0)), ==, "no-retry");
    g_assert_cmpstr(script_cause(s, script_exchange(s, 0)), ==, "challenge_late");
}

/* Silence is told by retransmissions; one REGISTER without any had its answer, which the capture lacks. */
static void
test_unanswered(struct script *s)
{
    TURN(s, .cseq = 1, .contact = PHONE);
    script_wait(s, 40);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    TURN(s, .cseq = 1, .contact = PHONE, .call_id = "other", .from = 7);
    TURN(s, .cseq = 1, .contact = PHONE, .call_id = "other", .from = 7, .after = 0.5);
    script_wait(s, 40);
    g_assert_cmpstr(state(s, 0), ==, "unanswered");
    g_assert_cmpuint(registration_failures(s->tracker, nth(s, 0)), ==, 1);
}

static void
test_refused_after_removal(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    registered(s, 2, PHONE, 0, 5);
    g_assert_cmpstr(state(s, 0), ==, "removed");
    TURN(s, .cseq = 3, .contact = PHONE, .more = "Expires: 60\r\n", .after = 5);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    TURN(s, .status = 403, .cseq = 3);
    g_assert_cmpstr(state(s, 0), ==, "refused");
}

/* A refusal takes nothing away from what was granted before, until that runs out. */
static void
test_refused_refresh(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 2, .contact = PHONE, .after = 30);
    TURN(s, .status = 503, .cseq = 2);
    g_assert_cmpstr(state(s, 0), ==, "registered");
    g_assert_cmpuint(nth(s, 0)->failures, ==, 1);
    script_wait(s, 40);
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
}

/* Why it lapsed is not that no REGISTER came; and the next challenge changes nothing about it. */
static void
test_lapsed_refused(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 2, .contact = PHONE, .after = 30);
    TURN(s, .status = 403, .cseq = 2);
    struct record *next = TURN(s, .cseq = 3, .contact = PHONE, .after = 40);
    g_assert_cmpstr(script_notes(s, next), ==, "refresh_refused");
    g_assert_cmpuint(next->detail->notes->frame_b, ==, 4);
    TURN(s, .status = 401, .cseq = 3, .more = CHALLENGE("n1"));
    g_assert_cmpint(nth(s, 0)->last_cause, ==, FINDING_REGISTER_REFUSED);
}

/* The registrar says yes, and the client does not hear it. */
static void
test_not_heard(struct script *s)
{
    TURN(s, .cseq = 1, .contact = PHONE);
    TURN(s, .status = 200, .cseq = 1, .contact = PHONE ";expires=600");
    TURN(s, .cseq = 1, .contact = PHONE, .after = 5);
    g_assert_cmpint(nth(s, 0)->last_cause, ==, FINDING_ANSWER_LOST);
    registered(s, 2, PHONE, 600, 60);
    g_assert_cmpint(nth(s, 0)->last_cause, ==, FINDING_NONE);
    TURN(s, .cseq = 3, .contact = PHONE, .after = 60);
    TURN(s, .status = 200, .cseq = 3, .contact = PHONE ";expires=600", .after = 36);
    g_assert_cmpint(nth(s, 0)->last_cause, ==, FINDING_ANSWER_LATE);
}

/* What comes too late answers an earlier REGISTER, and not the one that is open. */
static void
test_late_answer_crosses(struct script *s)
{
    TURN(s, .cseq = 1, .contact = PHONE);
    TURN(s, .cseq = 1, .contact = PHONE, .after = 15);
    TURN(s, .cseq = 2, .contact = PHONE, .after = 18);
    TURN(s, .status = 200, .cseq = 1, .contact = PHONE ";expires=60", .after = 1);
    TURN(s, .cseq = 2, .contact = PHONE, .after = 15);
    script_wait(s, 20);
    g_assert_true(registration_is_unanswered(s->tracker, nth(s, 0)));
}

static void
test_extensions(struct script *s)
{
    static const struct {
        unsigned status;
        const char *notes, *more;
    } rows[] = {{420, "extension_refused", "Require: path\r\n"},
                {420, "extension_refused", "Proxy-Require: privacy\r\n"},
                {420, "extension_unannounced", "Path: <sip:edge.example.com;lr>\r\n"},
                {421, "extension_required", NULL},
                {404, "register_refused", NULL},
                {405, "register_failed", NULL},
                {423, "register_failed", NULL},
                {302, "register_failed", NULL},
                {503, "register_failed", NULL},
                {200, "", NULL}};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        TURN(s, .cseq = i + 1, .contact = PHONE, .more = rows[i].more);
        g_assert_cmpstr(script_notes(s, TURN(s, .status = rows[i].status, .cseq = i + 1)), ==, rows[i].notes);
    }
}

/* Two stateless proxies in a row that give all requests one branch: sent-by tells their hops apart, and only
 * the last one is the registrar's. */
static void
test_one_branch_for_all(struct script *s)
{
    static const struct {
        const char *host, *headers;
        int from, to;
        const char *notes;
    } hops[] = {
        {"192.0.2.3", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKo\r\nContact: " PHONE "\r\n", 3, 4, ""},
        {"192.0.2.4", "Via: SIP/2.0/UDP 192.0.2.3;branch=z9hG4bK1\r\nContact: " PHONE "\r\n", 4, 2,
         "register_refused"},
    };
    SEND(s, .cseq = 1, .branch = "z9hG4bKo", .headers = "Contact: " PHONE "\r\n", .to = 3);
    for (unsigned i = 0; i < G_N_ELEMENTS(hops); i++)
        SEND(s, .cseq = 1, .branch = "z9hG4bK1", .host = hops[i].host, .headers = hops[i].headers,
             .from = hops[i].from, .to = hops[i].to);
    for (unsigned i = G_N_ELEMENTS(hops); i-- > 0;) {
        struct record *end = SEND(s, .cseq = 1, .branch = "z9hG4bK1", .host = hops[i].host, .status = 403,
                                  .headers = hops[i].headers, .from = hops[i].to, .to = hops[i].from);
        g_assert_cmpstr(script_notes(s, end), ==, hops[i].notes);
    }
}

/* Told when the registrar refuses the request itself, and where the client has not just answered a challenge.
 */
static void
test_cseq_behind(struct script *s)
{
    static const struct {
        unsigned cseq, status;
        const char *call_id, *notes;
    } rows[] = {
        {7, 400, "a", "register_failed"}, {6, 400, "a", "register_cseq"},   {6, 500, "b", "register_failed"},
        {6, 500, "b", "register_cseq"},   {5, 503, "b", "register_failed"}, {5, 200, "b", ""},
        {6, 400, "b", "register_failed"}, {2, 400, "c", "register_failed"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *more = g_strdup_printf("X: %u\r\n", i);
        char *branch = g_strdup_printf("z9hG4bK-row-%u", i);
        char *headers = g_strdup_printf("Contact: " PHONE ";expires=600\r\n%s", more);
        SEND(s, .cseq = rows[i].cseq, .call_id = rows[i].call_id, .branch = branch, .headers = headers);
        struct record *end = SEND(s, .status = rows[i].status, .cseq = rows[i].cseq,
                                  .call_id = rows[i].call_id, .branch = branch, .headers = headers);
        g_test_message("row %u", i);
        g_assert_cmpstr(script_notes(s, end), ==, rows[i].notes);
        g_free(more);
        g_free(branch);
        g_free(headers);
    }
}

/* A registrar that asks first: what it compares with is what it has granted, in this call. */
static void
test_cseq_behind_granted(struct script *s)
{
    static const struct {
        const char *call_id;
        unsigned cseq;
        bool told;
    } rows[] = {{"a", 6, true}, {"a", 8, false}, {"b", 6, false}};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        const unsigned cseq = rows[i].cseq;
        const char *call = rows[i].call_id, *contact = "Contact: " PHONE ";expires=600\r\n";
        if (i == 0) {
            SEND(s, .cseq = 7, .call_id = "a", .headers = contact);
            SEND(s, .cseq = 7, .call_id = "a", .status = 200, .headers = contact);
        }
        char *nonce = g_strdup_printf("n%u", i);
        char *asks =
            g_strdup_printf("WWW-Authenticate: Digest realm=\"example.com\", nonce=\"%s\"\r\n", nonce);
        SEND(s, .cseq = cseq - 1, .call_id = call, .headers = contact);
        SEND(s, .cseq = cseq - 1, .call_id = call, .status = 401, .headers = asks);
        SEND(s, .cseq = cseq, .call_id = call,
             .headers = script_join(s, contact, ANSWER(s, .user = "bob", .nonce = nonce)));
        struct record *end = SEND(s, .cseq = cseq, .call_id = call, .status = 500);
        g_test_message("row %u", i);
        const struct use *use = end->detail->closings->use;
        g_assert_true((use->cause == FINDING_REGISTER_CSEQ) == rows[i].told);
        g_free(nonce);
        g_free(asks);
    }
}

/* --- lapsed --------------------------------------------------------------------- */

/* Told by the first REGISTER after it, and by that alone. */
static void
test_lapse_told_once(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    struct record *late = TURN(s, .cseq = 2, .contact = PHONE ";expires=60", .after = 100);
    g_assert_cmpstr(script_notes(s, late), ==, "registration_lapsed");
    g_assert_cmpuint(late->detail->notes->number, ==, 40);
    g_assert_cmpuint(late->detail->notes->frame_a, ==, 2);
    g_assert_cmpint(step_of(late)->state, ==, REGISTRATION_LAPSED);
    TURN(s, .status = 401, .cseq = 2, .more = CHALLENGE("n1"));
    struct record *retry = TURN(s, .cseq = 3, .contact = PHONE ";expires=60", .more = ANSWER(s));
    g_assert_cmpstr(script_notes(s, retry), ==, "");
    struct record *ok = TURN(s, .status = 200, .cseq = 3, .contact = PHONE ";expires=60");
    g_assert_cmpint(step_of(ok)->state, ==, REGISTRATION_REGISTERED);
    g_assert_cmpint(step_of(ok)->lapsed / 1000000000, ==, 40);
    g_assert_cmpuint(nth(s, 0)->lapses, ==, 1);
    g_assert_cmpuint(nth(s, 0)->refreshes, ==, 1);
    late = TURN(s, .cseq = 4, .contact = PHONE ";expires=60", .after = 70);
    g_assert_cmpstr(script_notes(s, late), ==, "registration_lapsed");
}

static void
test_in_time(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    for (unsigned n = 2; n < 6; n++)
        g_assert_cmpint(step_of(TURN(s, .cseq = n, .contact = PHONE, .after = 15))->state, ==,
                        REGISTRATION_REGISTERED);
    g_assert_cmpstr(script_notes(s, TURN(s, .cseq = 6, .contact = PHONE, .after = 1)), ==, "");
}

/* Many REGISTERs into nothing, then the line is back. */
static void
test_blocked(struct script *s)
{
    unsigned cseq = 1;
    registered(s, cseq, PHONE, 60, 0);
    for (unsigned n = 0; n < 3; n++) {
        cseq++;
        for (unsigned copy = 0; copy < 3; copy++)
            TURN(s, .cseq = cseq, .contact = PHONE, .after = 15);
    }
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
    g_assert_cmpuint(nth(s, 0)->failures, ==, 2);
    registered(s, cseq + 1, PHONE, 60, 15);
    g_assert_cmpuint(registration_failures(s->tracker, nth(s, 0)), ==, 3);
    g_assert_cmpuint(nth(s, 0)->lapses, ==, 1);
    g_assert_cmpint(nth(s, 0)->lapsed / 1000000000, ==, 90);
    g_assert_cmpstr(state(s, 0), ==, "registered");
}

static void
test_lapse_at_end(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    script_wait(s, 61);
    g_assert_cmpstr(state(s, 0), ==, "registered"); /* clocks differ */
    g_assert_cmpint(registration_lapsed_for(s->tracker, nth(s, 0)), ==, 0);
    script_wait(s, 9);
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
    g_assert_cmpint(registration_lapsed_for(s->tracker, nth(s, 0)) / 1000000000, ==, 10);
}

/* The answer to a refresh that the capture does not hold: it may have been granted once more. */
static void
test_orphan(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .status = 200, .cseq = 2, .contact = PHONE ";expires=60", .after = 50);
    script_wait(s, 30);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    script_wait(s, 40);
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
    g_assert_cmpint(registration_lapsed_for(s->tracker, nth(s, 0)) / 1000000000, ==, 10);
}

/* What the capture does not hold may have been a refresh. */
static void
test_gap(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    struct record *late = TURN(s, .cseq = 4, .contact = PHONE, .after = 100);
    g_assert_cmpstr(script_notes(s, late), ==, "");
    g_assert_cmpint(step_of(late)->state, ==, REGISTRATION_UNKNOWN);
    TURN(s, .status = 200, .cseq = 4, .contact = PHONE ";expires=60");
    g_assert_cmpuint(nth(s, 0)->lapses, ==, 0);
    late = TURN(s, .cseq = 5, .contact = PHONE, .after = 100);
    g_assert_cmpstr(script_notes(s, late), ==, "registration_lapsed");
}

/* … but of two CSeq numbers not for longer than two refreshes last. */
static void
test_lapse_beyond_gap(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    struct record *late = TURN(s, .cseq = 3, .contact = PHONE, .after = 200);
    g_assert_cmpstr(script_notes(s, late), ==, "registration_lapsed");
    g_assert_cmpint(step_of(late)->state, ==, REGISTRATION_LAPSED);
}

/* Asked in time, and not answered in time: by silence, or late. */
static void
test_refresh_unanswered(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    for (unsigned n = 0; n < 3; n++)
        TURN(s, .cseq = 2, .contact = PHONE, .after = n ? 4 : 50);
    struct record *late = TURN(s, .cseq = 3, .contact = PHONE, .after = 40);
    g_assert_cmpstr(script_notes(s, late), ==, "refresh_unanswered");
    g_assert_cmpuint(late->detail->notes->frame_b, ==, 3);
    registered(s, 4, PHONE, 60, 0);
    TURN(s, .cseq = 5, .contact = PHONE, .after = 50);
    TURN(s, .cseq = 5, .status = 401, .after = 20);
    g_assert_cmpstr(script_notes(s, TURN(s, .cseq = 6, .contact = PHONE)), ==, "refresh_unanswered");
    registered(s, 12, PHONE, 60, 0);
    TURN(s, .cseq = 13, .contact = PHONE, .after = 50); /* sent once: the capture may lack the answer */
    g_assert_cmpstr(script_notes(s, TURN(s, .cseq = 14, .contact = PHONE, .after = 300)), ==,
                    "registration_lapsed");
    registered(s, 17, PHONE, 60, 0);
    TURN(s, .cseq = 18, .contact = PHONE, .after = 50);
    TURN(s, .cseq = 18, .status = 401);
    g_assert_cmpstr(script_notes(s, TURN(s, .cseq = 19, .contact = PHONE, .after = 30)), ==,
                    "registration_lapsed");
}

/* Only time tells; and once it asks again, its REGISTER does. */
static void
test_not_refreshed(struct script *s)
{
    const struct record *ok = registered(s, 1, PHONE, 60, 0);
    script_wait(s, 50);
    g_assert_cmpint(record_not_refreshed(s->tracker, ok), ==, 0);
    script_wait(s, 40);
    g_assert_cmpint(record_not_refreshed(s->tracker, ok) / 1000000000, ==, 30);
    TURN(s, .cseq = 2, .contact = PHONE);
    g_assert_cmpint(record_not_refreshed(s->tracker, ok), ==, 0);
}

/* Whoever lists more contacts than are read may list this one behind them. */
static void
test_long_list(struct script *s)
{
    GString *list = g_string_new(NULL);
    for (unsigned n = 0; n < 300; n++)
        g_string_append_printf(list, "%s<sip:c%u@198.51.100.7>;expires=60", n ? ", " : "", n);
    TURN(s, .cseq = 1, .contact = PHONE);
    struct record *ok = TURN(s, .status = 200, .cseq = 1, .contact = list->str);
    g_assert_cmpstr(script_notes(s, ok), ==, "");
    g_assert_cmpstr(state(s, 0), ==, "registered");
    g_string_free(list, TRUE);
}

/* A client that began anew need not take another Call-ID for that; and a number that goes back skips none. */
static void
test_counts_anew(struct script *s)
{
    registered(s, 7, PHONE, 60, 0);
    g_assert_cmpstr(script_notes(s, TURN(s, .cseq = 1, .contact = PHONE, .after = 100)), ==,
                    "registration_lapsed");
}

/* It took another Call-ID once, and goes on with that. */
static void
test_one_new_call(struct script *s)
{
    registered(s, 7, PHONE, 60, 0);
    for (unsigned cseq = 1; cseq <= 2; cseq++) {
        TURN(s, .cseq = cseq, .contact = PHONE, .call_id = "anew", .after = 30);
        TURN(s, .status = 200, .cseq = cseq, .contact = PHONE ";expires=60", .call_id = "anew");
    }
    struct record *third = TURN(s, .cseq = 1, .contact = PHONE, .call_id = "third", .after = 100);
    g_assert_cmpstr(script_notes(s, third), ==, "registration_lapsed");
}

static void
test_answer_missing(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 2, .contact = PHONE, .after = 30);
    script_wait(s, 60);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    struct record *next = TURN(s, .cseq = 3, .contact = PHONE, .after = 10);
    TURN(s, .cseq = 3, .contact = PHONE, .after = 1);
    g_assert_cmpstr(script_notes(s, next), ==, "");
    script_wait(s, 60);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
}

/* A client that began anew had forgotten what was before; one that does so each time tells nothing. */
static void
test_new_call(struct script *s)
{
    registered(s, 7, PHONE, 60, 0);
    struct record *anew = TURN(s, .cseq = 100, .contact = PHONE, .call_id = "anew", .after = 100);
    g_assert_cmpstr(script_notes(s, anew), ==, "registration_lapsed");
    TURN(s, .status = 200, .cseq = 100, .contact = PHONE ";expires=60", .call_id = "anew");
    TURN(s, .cseq = 3, .contact = PHONE, .call_id = "third", .after = 30);
    TURN(s, .status = 200, .cseq = 3, .contact = PHONE ";expires=60", .call_id = "third");
    struct record *again = TURN(s, .cseq = 8, .contact = PHONE, .call_id = "fourth", .after = 100);
    g_assert_cmpstr(script_notes(s, again), ==, "");
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    TURN(s, .status = 403, .cseq = 8, .call_id = "fourth");
    TURN(s, .cseq = 9, .contact = PHONE, .call_id = "fifth", .after = 61);
    TURN(s, .status = 403, .cseq = 9, .call_id = "fifth", .after = 2);
    g_assert_cmpstr(state(s, 0), ==, "unknown"); /* silent for as long again */
    TURN(s, .cseq = 9, .contact = PHONE, .call_id = "sixth", .after = 30);
    TURN(s, .status = 403, .cseq = 9, .call_id = "sixth", .after = 33);
    g_assert_cmpstr(state(s, 0), ==, "lapsed"); /* whatever was granted before the fifth */
}

/* A trunk that takes another Call-ID each time, and whose registrar is away. */
static void
test_new_calls_unanswered(struct script *s)
{
    static const char *const calls[] = {"second", "third", "fourth"};
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 1, .contact = PHONE ";expires=60", .call_id = "first", .after = 30);
    TURN(s, .status = 200, .cseq = 1, .contact = PHONE ";expires=60", .call_id = "first");
    for (unsigned n = 0; n < G_N_ELEMENTS(calls); n++) {
        TURN(s, .cseq = 1, .contact = PHONE, .call_id = calls[n], .after = 39);
        TURN(s, .cseq = 1, .contact = PHONE, .call_id = calls[n], .after = 1);
    }
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
    TURN(s, .cseq = 1, .contact = PHONE ";expires=60", .call_id = "fifth", .after = 40);
    TURN(s, .status = 200, .cseq = 1, .contact = PHONE ";expires=60", .call_id = "fifth");
    g_assert_cmpstr(state(s, 0), ==, "registered");
    g_assert_cmpuint(nth(s, 0)->lapses, ==, 1);
    g_assert_cmpint(nth(s, 0)->lapsed / 1000000000, ==, 100);
    g_assert_cmpuint(nth(s, 0)->refreshes, ==, 2);
    g_assert_null(nth(s, 1));
}

/* --- contacts ------------------------------------------------------------------- */

static void
test_removed(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    struct record *ok = registered(s, 2, PHONE, 0, 10);
    g_assert_cmpint(step_of(ok)->state, ==, REGISTRATION_REMOVED);
    script_wait(s, 100);
    g_assert_cmpstr(state(s, 0), ==, "removed");
    ok = registered(s, 3, PHONE, 60, 10);
    g_assert_cmpuint(step_of(ok)->refresh, ==, 0);
    g_assert_cmpuint(nth(s, 0)->lapses, ==, 0);
    g_assert_cmpstr(state(s, 0), ==, "registered");
}

/* `*` removes what others registered, too, and what it never saw. */
static void
test_star(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    registered(s, 2, "<sip:alice@192.0.2.8>;q=1, <sip:alice@192.0.2.9>", 60, 0);
    TURN(s, .cseq = 1, .contact = "*", .more = "Expires: 0\r\n", .call_id = "reboot", .from = 9);
    g_assert_cmpstr(state(s, 0), ==, "registered");
    TURN(s, .status = 200, .cseq = 1, .call_id = "reboot", .from = 9);
    for (unsigned n = 0; n < 3; n++)
        g_assert_cmpstr(state(s, n), ==, "removed");
    g_assert_null(nth(s, 3));
    TURN(s, .cseq = 3, .contact = PHONE ";expires=60");
    TURN(s, .status = 403, .cseq = 3);
    g_assert_cmpstr(state(s, 0), ==, "refused");
}

static void
test_star_refused(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 2, .contact = "*", .more = "Expires: 0\r\n");
    TURN(s, .status = 400, .cseq = 2);
    g_assert_cmpstr(state(s, 0), ==, "registered");
}

/* Two contacts in one REGISTER are two registrations; in the order of the wire. */
static void
test_two_contacts(struct script *s)
{
    const char *both = PHONE ";expires=60, <sip:alice@192.0.2.8>;expires=90";
    TURN(s, .cseq = 1, .contact = both);
    struct record *ok = TURN(s, .status = 200, .cseq = 1, .contact = both);
    g_assert_cmpuint(step_of(ok)->granted, ==, 60);
    g_assert_cmpuint(step_of(ok)->next->granted, ==, 90);
    g_assert_cmpstr(nth(s, 0)->contact->uri, ==, "sip:alice@192.0.2.1:5060");
    g_assert_cmpstr(nth(s, 1)->contact->uri, ==, "sip:alice@192.0.2.8");
    script_wait(s, 80);
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
    g_assert_cmpstr(state(s, 1), ==, "registered");
}

/* The same contact twice is one. */
static void
test_named_twice(struct script *s)
{
    const char *twice = PHONE ";expires=60, <sip:alice@192.0.2.1>;expires=90";
    TURN(s, .cseq = 1, .contact = twice);
    struct record *ok = TURN(s, .status = 200, .cseq = 1, .contact = PHONE ";expires=60");
    g_assert_null(step_of(ok)->next);
    g_assert_cmpuint(step_of(ok)->refresh, ==, 0);
    g_assert_null(nth(s, 1));
}

static void
test_bulk(struct script *s)
{
    registered(s, 1, "<sip:192.0.2.1;bnc>", 60, 0);
    g_assert_true(nth(s, 0)->contact->bulk);
    registered(s, 2, "<sip:192.0.2.1;x=bnc>", 60, 0);
    g_assert_false(nth(s, 0)->contact->bulk);
}

/* The same Call-ID with another contact: it moved. */
static void
test_moved(struct script *s)
{
    struct record *first = registered(s, 1, PHONE, 60, 0);
    struct record *moved = TURN(s, .cseq = 2, .contact = MOVED ";expires=60", .after = 20);
    g_assert_cmpstr(script_notes(s, moved), ==, "contact_changed");
    struct record *ok = TURN(s, .status = 200, .cseq = 2, .contact = MOVED ";expires=60");
    g_assert_cmpuint(step_of(ok)->refresh, ==, 1);
    g_assert_cmpstr(nth(s, 0)->contact->uri, ==, "sip:alice@192.0.2.1:40001");
    g_assert_cmpstr(step_of(first)->contact->uri, ==, "sip:alice@192.0.2.1:5060");
    g_assert_null(nth(s, 1));
}

/* Then it removes the old one, which is not the new one. */
static void
test_moved_and_removed(struct script *s)
{
    test_moved(s);
    registered(s, 3, PHONE, 0, 0);
    g_assert_cmpstr(state(s, 0), ==, "registered");
    g_assert_cmpstr(state(s, 1), ==, "removed");
}

/* Begins anew while the old registration is still good: that is replaced when it runs out, not lapsed. */
static void
test_replaced(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 1, .contact = MOVED ";expires=600", .call_id = "anew", .after = 20);
    TURN(s, .status = 200, .cseq = 1, .contact = MOVED ";expires=600", .call_id = "anew");
    g_assert_cmpstr(state(s, 0), ==, "registered");
    script_wait(s, 100);
    g_assert_cmpstr(state(s, 0), ==, "replaced");
    g_assert_cmpstr(state(s, 1), ==, "registered");
    g_assert_cmpint(registration_lapsed_for(s->tracker, nth(s, 0)), ==, 0);
}

/* … but not by one that was never granted, from elsewhere, or there before its latest refresh. */
static void
test_not_replaced(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 1, .contact = MOVED ";expires=600", .call_id = "anew", .after = 20);
    TURN(s, .status = 403, .cseq = 1, .call_id = "anew");
    script_wait(s, 100);
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
}

static void
test_elsewhere(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 1, .contact = "<sip:alice@192.0.2.9>;expires=600", .call_id = "anew", .from = 9);
    TURN(s, .status = 200, .cseq = 1, .contact = "<sip:alice@192.0.2.9>;expires=600", .call_id = "anew",
         .from = 9);
    script_wait(s, 100);
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
    g_assert_cmpstr(state(s, 1), ==, "registered");
}

#define HOUR PHONE ";expires=3600"

static struct record *
registered_at(struct script *s, int registrar, unsigned cseq, double after)
{
    struct record *request = TURN(s, .cseq = cseq, .contact = HOUR, .after = after, .registrar = registrar);
    TURN(s, .status = 200, .cseq = cseq, .contact = HOUR, .registrar = registrar);
    return request;
}

/* It goes on at another registrar in the same call, and comes back: CSeq skips nothing. */
static void
test_other_registrar(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    g_assert_cmpstr(script_notes(s, registered_at(s, 3, 2, 30)), ==, "");
    g_assert_cmpstr(state(s, 0), ==, "registered");
    registered_at(s, 3, 3, 100);
    g_assert_cmpstr(state(s, 0), ==, "replaced");
    struct record *back = TURN(s, .cseq = 4, .contact = PHONE ";expires=60", .after = 100);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    TURN(s, .status = 200, .cseq = 4, .contact = PHONE ";expires=60");
    g_assert_cmpstr(script_notes(s, back), ==, "");
    g_assert_cmpuint(nth(s, 0)->lapses, ==, 0);
    g_assert_cmpstr(state(s, 0), ==, "registered");
    g_assert_cmpstr(state(s, 1), ==, "registered");
    g_assert_cmpstr(script_notes(s, registered_at(s, 2, 5, 90)), ==, "registration_lapsed");
}

/* Sent there, or away from a registrar that fails. One that is asked again counts again. */
static void
test_sent_elsewhere(struct script *s)
{
    TURN(s, .cseq = 1, .contact = HOUR);
    TURN(s, .status = 302, .cseq = 1);
    g_assert_cmpstr(state(s, 0), ==, "refused");
    registered_at(s, 3, 2, 0);
    g_assert_cmpstr(state(s, 0), ==, "replaced");
    TURN(s, .cseq = 3, .contact = HOUR);
    TURN(s, .status = 503, .cseq = 3);
    g_assert_cmpstr(state(s, 0), ==, "refused");
}

/* The time was over before: the lapse is that of the registration at the first one. */
static void
test_lapsed_elsewhere(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    struct record *late = registered_at(s, 3, 2, 100);
    g_assert_cmpstr(script_notes(s, late), ==, "registration_lapsed");
    g_assert_cmpuint(late->detail->notes->frame_a, ==, 2);
    g_assert_cmpuint(late->detail->notes->number, ==, 40);
    g_assert_cmpstr(script_notes(s, registered_at(s, 3, 3, 100)), ==, "");
    g_assert_cmpstr(state(s, 0), ==, "replaced");
    g_assert_cmpuint(nth(s, 0)->lapses, ==, 1);
    g_assert_cmpuint(nth(s, 1)->lapses, ==, 0);
}

/* Half of a number is none, and what was asked for may not be what was granted. */
static void
test_cut_expires(struct script *s)
{
    SEND(s, .headers = "Contact: " PHONE ";expires=600\r\n");
    SEND(s, .status = 200, .headers = "Contact: " PHONE ";expires=6", .cut = true);
    g_assert_cmpuint(nth(s, 0)->granted, ==, 0);
    g_assert_cmpstr(state(s, 0), ==, "registered");
    script_wait(s, 4000);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
}

/* Whether Expires: 0 stood behind it is not known; a 200 that lists the contact says that it did not. */
static void
test_cut_removal(struct script *s)
{
    static const char *const listed[] = {"", "Contact: " PHONE ";expires=600\r\n", "Expires: 600\r\n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(listed); i++) {
        static const char *const users[] = {"alice", "bob", "carol"};
        const char *user = users[i];
        SEND(s, .user = user, .call_id = user, .headers = "Contact: " PHONE ";expires=600\r\n");
        SEND(s, .user = user, .call_id = user, .headers = "Contact: " PHONE ";expires=600\r\n",
             .status = 200);
        SEND(s, .user = user, .call_id = user, .cseq = 2, .headers = "Contact: " PHONE "\r\n", .cut = true);
        SEND(s, .user = user, .call_id = user, .cseq = 2, .headers = listed[i], .status = 200);
        script_wait(s, 100);
        g_assert_cmpstr(state(s, i), ==, i ? "registered" : "unknown");
    }
    script_wait(s, 1000);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
    g_assert_cmpstr(state(s, 1), ==, "lapsed");
}

/* The answer to a cut REGISTER: whatever it asked for, it is not refused, nor challenged in vain. */
static void
test_cut_after_refusal(struct script *s)
{
    static const unsigned refusals[] = {403, 401};
    for (unsigned i = 0; i < G_N_ELEMENTS(refusals); i++) {
        const char *user = i ? "bob" : "alice";
        SEND(s, .user = user, .call_id = user, .headers = "Contact: " PHONE "\r\n");
        SEND(s, .user = user, .call_id = user, .headers = CHALLENGE("n"), .status = refusals[i]);
        SEND(s, .user = user, .call_id = user, .cseq = 2, .headers = "Contact: " PHONE "\r\n", .cut = true);
        SEND(s, .user = user, .call_id = user, .cseq = 2, .status = 200);
        script_wait(s, 100);
        g_assert_cmpstr(state(s, i), ==, "unknown");
    }
}

/* By IPv4 instead of IPv6; not so behind a proxy, which is seen in turn with its client. */
static void
test_other_family(struct script *s)
{
    static const char second_via[] = "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKfirst\r\n";
    for (unsigned proxy = 0; proxy < 2; proxy++) {
        const char *headers = script_join(s, proxy ? second_via : "", "Contact: " PHONE ";expires=60\r\n");
        const char *user = proxy ? "bob" : "alice";
        SEND(s, .headers = headers, .call_id = user, .user = user, .from = 1 + BY_IPV6, .to = 2 + BY_IPV6);
        SEND(s, .headers = headers, .call_id = user, .user = user, .status = 200, .from = 2 + BY_IPV6,
             .to = 1 + BY_IPV6);
        SEND(s, .headers = headers, .call_id = user, .user = user, .cseq = 2);
        SEND(s, .headers = headers, .call_id = user, .user = user, .cseq = 2, .status = 200);
        script_wait(s, 70);
        g_assert_cmpstr(state(s, 2 * proxy), ==, proxy ? "lapsed" : "replaced");
    }
}

/* Another Call-ID, another flow, or the next hop: each is for itself. */
static void
test_not_elsewhere(struct script *s)
{
    const struct turn others[] = {
        {.cseq = 2, .contact = HOUR, .registrar = 3, .call_id = "other"},
        {.cseq = 2, .contact = HOUR FLOW(1), .registrar = 3},
        {.cseq = 1, .contact = HOUR, .registrar = 3, .from = 2},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        struct turn turn = others[i];
        char *user = g_strdup_printf("user-%u", i);
        TURN(s, .cseq = 1, .contact = PHONE ";expires=60", .user = user);
        TURN(s, .status = 200, .cseq = 1, .contact = PHONE ";expires=60", .user = user);
        turn.user = user;
        play_turn(s, &turn);
        turn.status = 200;
        play_turn(s, &turn);
        script_wait(s, 100);
        g_test_message("row %u", i);
        g_assert_cmpstr(state(s, 2 * i), ==, "lapsed");
        g_assert_cmpstr(state(s, 2 * i + 1), ==, "registered");
        g_free(user);
    }
}

static void
test_side_by_side(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 1, .contact = MOVED ";expires=600", .call_id = "second");
    TURN(s, .status = 200, .cseq = 1, .contact = MOVED ";expires=600", .call_id = "second");
    registered(s, 2, PHONE, 60, 30);
    script_wait(s, 100);
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
    g_assert_cmpstr(state(s, 1), ==, "registered");
}

/* Begins anew after it ran out: the same registration, and a lapse. By its instance from another address,
 * too. */
static void
test_comes_back(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    struct record *back = TURN(s, .cseq = 1, .contact = MOVED ";expires=60", .call_id = "anew", .after = 100);
    g_assert_cmpstr(script_notes(s, back), ==, "contact_changed registration_lapsed");
    g_assert_null(nth(s, 1));
}

static void
test_instance_comes_back(struct script *s)
{
    registered(s, 1, PHONE ";+sip.instance=\"<urn:uuid:1>\"", 60, 0);
    struct record *back =
        TURN(s, .cseq = 1, .contact = "<sip:alice@192.0.2.9>;+sip.instance=\"<urn:uuid:1>\"",
             .call_id = "anew", .after = 100, .from = 9);
    g_assert_cmpstr(script_notes(s, back), ==, "contact_changed registration_lapsed");
    TURN(s, .cseq = 1, .contact = "<sip:alice@192.0.2.9:6000>;+sip.instance=\"<urn:uuid:2>\"",
         .call_id = "other", .from = 9);
    g_assert_nonnull(nth(s, 1));
}

/* RFC 5626: the flows of one instance are registrations of their own, whatever their contact. */
static void
test_flows(struct script *s)
{
    registered(s, 1, PHONE FLOW(1), 60, 0);
    registered(s, 2, PHONE FLOW(2), 90, 0);
    registered(s, 3, MOVED FLOW(1), 60, 30);
    g_assert_cmpuint(nth(s, 0)->refreshes, ==, 1);
    g_assert_cmpuint(nth(s, 1)->refreshes, ==, 0);
    g_assert_null(nth(s, 2));
}

/* Asks what is registered. */
static void
test_query(struct script *s)
{
    struct record *request = TURN(s, .cseq = 1);
    struct record *ok = TURN(s, .status = 200, .cseq = 1, .contact = PHONE ";expires=60");
    g_assert_true(!request->detail || !request->detail->registrations);
    g_assert_true(!ok->detail || !ok->detail->registrations);
    g_assert_null(nth(s, 0));
}

static void
test_many_contacts(struct script *s)
{
    GString *contacts = g_string_new(NULL);
    for (unsigned i = 0; i < 100; i++)
        g_string_append_printf(contacts, "%s<sip:%u@192.0.2.1>", i ? "," : "", i);
    TURN(s, .cseq = 1, .contact = contacts->str);
    g_assert_nonnull(nth(s, 31));
    g_assert_null(nth(s, 32));
    g_string_free(contacts, TRUE);
}

static void
test_clock_steps_back(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    script_wait(s, 100);
    struct record *late = TURN(s, .cseq = 2, .contact = PHONE, .after = -90);
    g_assert_cmpstr(script_notes(s, late), ==, "registration_lapsed");
    g_assert_cmpuint(late->detail->notes->number, ==, 40);
}

/* --- Service-Route -------------------------------------------------------------- */

static void
test_service_route(struct script *s)
{
    static const struct {
        const char *headers, *notes;
        int from;
    } rows[] = {
        {"Route: <sip:edge.example.com;lr>\r\n", "", 1},
        {"Route: <SIP:Edge.example.com:5060;lr>\r\n", "", 1},
        {"Route: <sip:edge.example.com:5070;lr>\r\n", "service_route_ignored", 1},
        {"Route: <sip:proxy.example.com;lr>, <sip:edge.example.com;lr>\r\n", "", 1},
        {"Route: <sip:proxy.example.com;lr>\r\nRoute: <sip:edge.example.com>\r\n", "", 1},
        {"Route: <sip:proxy.example.com;lr>\r\n", "service_route_ignored", 1},
        {"", "service_route_ignored", 1},
        {"", "", 7},
        {"Via: SIP/2.0/UDP 192.0.2.55;branch=z9hG4bKold\r\n", "", 1},
    };
    TURN(s, .cseq = 1, .contact = PHONE);
    TURN(s, .status = 200, .cseq = 1, .contact = PHONE ";expires=60",
         .more = "Service-Route: <sip:edge.example.com;lr>\r\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *branch = g_strdup_printf("z9hG4bKi%u", i);
        struct record *invite = SEND(s, .method = "INVITE", .cseq = 10 + i, .branch = branch,
                                     .headers = rows[i].headers, .from = rows[i].from, .to = 2);
        g_test_message("row %u", i);
        g_assert_cmpstr(script_notes(s, invite), ==, rows[i].notes);
        g_free(branch);
    }
    registered(s, 2, PHONE, 60, 10);
    g_assert_cmpstr(script_notes(s, SEND(s, .method = "INVITE", .cseq = 30)), ==, "");
}

/* Two ways in, each with a route of its own. */
static void
test_two_service_routes(struct script *s)
{
    static const struct {
        const char *route, *notes;
        int to;
    } rows[] = {{"Route: <sip:edge2.example.com;lr>\r\n", "", 2},
                {"Route: <sip:edge3.example.com;lr>\r\n", "service_route_ignored", 2},
                {"Route: <sip:edge3.example.com;lr>\r\n", "", 3}};
    for (int registrar = 2; registrar <= 3; registrar++) {
        char *route =
            g_strdup_printf(CONTACT_LINE "Service-Route: <sip:edge%d.example.com;lr>\r\n", registrar);
        SEND(s, .cseq = (unsigned)registrar, .to = registrar, .headers = CONTACT_LINE);
        SEND(s, .cseq = (unsigned)registrar, .status = 200, .from = registrar, .headers = route);
        g_free(route);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *branch = g_strdup_printf("z9hG4bKi%u", i);
        struct record *invite = SEND(s, .method = "INVITE", .cseq = 10 + i, .branch = branch,
                                     .headers = rows[i].route, .to = rows[i].to);
        g_assert_cmpstr(script_notes(s, invite), ==, rows[i].notes);
        g_free(branch);
    }
}

/* The same user, with and without escapes. */
static void
test_user_escaped(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 2, .contact = PHONE, .user = "%61lice", .after = 20);
    TURN(s, .status = 200, .cseq = 2, .contact = PHONE ";expires=60", .user = "%61lice");
    g_assert_cmpuint(nth(s, 0)->refreshes, ==, 1);
    g_assert_null(nth(s, 1));
}

/* Both come from the proxy's address. */
static void
test_two_behind_proxy(struct script *s)
{
    static const char *const vias[] = {"Via: SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKp1\r\n",
                                       "Via: SIP/2.0/UDP 10.2.2.2;branch=z9hG4bKp2\r\n"};
    static const char *const contacts[] = {"<sip:alice@10.1.1.1>;expires=60",
                                           "<sip:alice@10.2.2.2>;expires=60"};
    for (unsigned i = 0; i < G_N_ELEMENTS(vias); i++) {
        const char *call = i ? "second" : "first";
        TURN(s, .cseq = 1, .contact = contacts[i], .more = vias[i], .call_id = call, .after = 100);
        TURN(s, .status = 200, .cseq = 1, .contact = contacts[i], .more = vias[i], .call_id = call);
    }
    g_assert_cmpstr(state(s, 0), ==, "lapsed");
    g_assert_cmpstr(state(s, 1), ==, "registered");
}

/* It takes its leave, and does not care that it is asked who it is. */
static void
test_leaves_challenged(struct script *s)
{
    registered(s, 1, PHONE, 60, 0);
    TURN(s, .cseq = 2, .contact = PHONE ";expires=0", .after = 20);
    TURN(s, .status = 401, .cseq = 2, .more = CHALLENGE("n1"));
    script_wait(s, 100);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
}

/* With a nonce that is older than the capture. */
static void
test_preloaded_is_no_failure(struct script *s)
{
    SEND(s, .headers = script_join(s, ANSWER(s, .nc = "00000002"), CONTACT_LINE));
    SEND(s, .status = 401, .headers = CHALLENGE("n2"));
    g_assert_cmpuint(nth(s, 0)->failures, ==, 0);
    g_assert_cmpstr(state(s, 0), ==, "unknown");
}

/* --- all of it ------------------------------------------------------------------ */

static const struct play plays[] = {
    {"granted/refreshes", test_refreshes},
    {"granted/for", test_granted_for},
    {"granted/nothing", test_granted_nothing},
    {"removed/ignored", test_removal_ignored},
    {"granted/listed-otherwise", test_listed_otherwise},
    {"granted/unsaid", test_granted_unsaid},
    {"granted/listed-other-of-two", test_listed_other_of_two},
    {"granted/not-heard", test_not_heard},
    {"granted/answered-twice", test_answered_twice},
    {"granted/copy-refused", test_copy_refused},
    {"granted/shrinks", test_shrinks},
    {"granted/two-hops", test_two_hops},
    {"refused/interval-too-brief", test_interval_too_brief},
    {"refused/failures", test_failures},
    {"refused/challenged", test_challenged},
    {"refused/challenged-again-and-again", test_challenged_again_and_again},
    {"refused/unanswered", test_unanswered},
    {"refused/unanswered-tcp", test_unanswered_tcp},
    {"gap/orphan-lists", test_orphan_lists},
    {"gap/leaves", test_leaves},
    {"contact/alike", test_alike},
    {"refused/answer-not-seen", test_answer_not_seen},
    {"refused/unreachable", test_unreachable},
    {"refused/disconnected", test_disconnected},
    {"refused/silent", test_silent_after_refusal},
    {"refused/disconnected-again", test_disconnected_again},
    {"refused/disconnected-credentials", test_disconnected_credentials},
    {"refused/unreachable-refresh", test_unreachable_refresh},
    {"refused/late", test_late},
    {"refused/lacks-answer", test_lacks_answer},
    {"refused/stays-pending", test_stays_pending},
    {"refused/unanswered-again", test_unanswered_again},
    {"refused/after-removal", test_refused_after_removal},
    {"refused/refresh", test_refused_refresh},
    {"refused/lapsed", test_lapsed_refused},
    {"refused/late-answer-crosses", test_late_answer_crosses},
    {"refused/extensions", test_extensions},
    {"refused/one-branch-for-all", test_one_branch_for_all},
    {"refused/cseq-behind", test_cseq_behind},
    {"refused/cseq-behind-granted", test_cseq_behind_granted},
    {"lapsed/told-once", test_lapse_told_once},
    {"lapsed/in-time", test_in_time},
    {"lapsed/blocked", test_blocked},
    {"lapsed/at-end", test_lapse_at_end},
    {"lapsed/orphan", test_orphan},
    {"lapsed/gap", test_gap},
    {"lapsed/counts-anew", test_counts_anew},
    {"lapsed/beyond-gap", test_lapse_beyond_gap},
    {"lapsed/refresh-unanswered", test_refresh_unanswered},
    {"lapsed/not-refreshed", test_not_refreshed},
    {"listed/long", test_long_list},
    {"lapsed/one-new-call", test_one_new_call},
    {"lapsed/answer-missing", test_answer_missing},
    {"lapsed/new-call", test_new_call},
    {"lapsed/new-calls-unanswered", test_new_calls_unanswered},
    {"lapsed/clock-steps-back", test_clock_steps_back},
    {"contact/removed", test_removed},
    {"contact/star", test_star},
    {"contact/star-refused", test_star_refused},
    {"contact/two", test_two_contacts},
    {"contact/named-twice", test_named_twice},
    {"contact/bulk", test_bulk},
    {"contact/moved", test_moved},
    {"contact/moved-and-removed", test_moved_and_removed},
    {"contact/replaced", test_replaced},
    {"contact/not-replaced", test_not_replaced},
    {"contact/elsewhere", test_elsewhere},
    {"registrar/other", test_other_registrar},
    {"registrar/sent-elsewhere", test_sent_elsewhere},
    {"registrar/lapsed-elsewhere", test_lapsed_elsewhere},
    {"cut/expires", test_cut_expires},
    {"cut/removal", test_cut_removal},
    {"cut/after-refusal", test_cut_after_refusal},
    {"registrar/other-family", test_other_family},
    {"registrar/not-elsewhere", test_not_elsewhere},
    {"contact/side-by-side", test_side_by_side},
    {"contact/comes-back", test_comes_back},
    {"contact/instance-comes-back", test_instance_comes_back},
    {"contact/flows", test_flows},
    {"contact/query", test_query},
    {"contact/many", test_many_contacts},
    {"contact/user-escaped", test_user_escaped},
    {"contact/two-behind-proxy", test_two_behind_proxy},
    {"gap/leaves-challenged", test_leaves_challenged},
    {"refused/preloaded", test_preloaded_is_no_failure},
    {"service-route", test_service_route},
    {"service-route/two", test_two_service_routes},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    script_add_plays("/registration", plays, G_N_ELEMENTS(plays));
    return test_run_all();
}
