/* test_flow.c
 * A registered client that does not answer after a silence, and one that is seen from elsewhere after one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "script.h"

/* The phone names 192.0.2.1 in Via and Contact, and is seen from NAT. */
enum { SERVER = 2, NAT = 5, OTHER_SERVER = 9 };

#define CONTACT "Contact: <sip:alice@192.0.2.1>\r\n"

/* A REGISTER of the phone, and its 200. */
struct binding {
    unsigned cseq;
    int from;
    unsigned expires;
    const char *user, *call_id, *host, *transport, *more;
    const char *contact; /* CONTACT */
};

static struct record *
play_binding(struct script *s, const struct binding *b)
{
    char *branch = g_strdup_printf("z9hG4bKr-%s-%u", b->user ? b->user : "", b->cseq);
    char *headers = g_strdup_printf("%s%sExpires: %u\r\n", b->contact ? b->contact : CONTACT,
                                    b->more ? b->more : "", b->expires);
    struct sip ask = {.cseq = b->cseq,
                      .branch = branch,
                      .from = b->from,
                      .to = SERVER,
                      .user = b->user,
                      .call_id = b->call_id,
                      .host = b->host,
                      .transport = b->transport,
                      .headers = headers};
    struct sip ok = ask;
    ok.status = 200;
    ok.from = SERVER;
    ok.to = b->from;
    struct record *record = script_send(s, &ask);
    script_send(s, &ok);
    g_free(branch);
    g_free(headers);
    return record;
}
#define BIND(s, ...) play_binding((s), &(struct binding){__VA_ARGS__})

/* A request to the phone, `copies` times in all, half a second apart. */
struct request {
    const char *method, *call_id;
    int from, to;
    unsigned copies;
};

static struct record *
play_request(struct script *s, const struct request *r)
{
    struct record *first = NULL;
    for (unsigned n = 0; n < r->copies; n++) {
        struct record *record = SEND(s, .method = r->method, .call_id = r->call_id, .branch = "z9hG4bKi",
                                     .host = "192.0.2.2", .from = r->from, .to = r->to, .ms = n ? 500 : 1);
        first = first ? first : record;
    }
    return first;
}
#define REQUEST(s, ...) play_request((s), &(struct request){__VA_ARGS__})

static struct record *
respond(struct script *s, unsigned status, const char *method, int from)
{
    return SEND(s, .status = status, .method = method, .call_id = "call-2", .branch = "z9hG4bKi",
                .host = "192.0.2.2", .from = from, .to = SERVER);
}

static const struct registration *
nth(const struct script *s, unsigned n)
{
    const struct registration *registration = tracker_registrations(s->tracker);
    while (n-- > 0)
        registration = registration->next;
    return registration;
}

/* --- no answer ------------------------------------------------------------------- */

/* What is not said: registered for 600 s, silent for 95 s, INVITE five times, then 40 s without a packet. */
struct unheard_case {
    const char *name;
    bool told;
    double silence;
    unsigned copies, expires;
    const char *method, *transport, *more;
    int from, to;
    unsigned status; /* of a response; 0: none */
    int responder;   /* NAT */
    double after; /* it comes so many seconds after the request; or a keep-alive, or an answer to the phone */
    bool keep_alive, answered_itself;
    double then;
};

static const struct unheard_case unheard_cases[] = {
    {.name = "invite", .told = true},
    {.name = "options", .told = true, .method = "OPTIONS"},
    {.name = "notify", .told = true, .method = "NOTIFY"},
    {.name = "message", .told = true, .method = "MESSAGE"},
    {.name = "bye", .told = true, .method = "BYE"},
    {.name = "of-its-own-kind", .told = true, .method = "PING"},
    {.name = "three-copies", .told = true, .copies = 3},
    {.name = "two-copies", .copies = 2},
    {.name = "one-copy", .copies = 1},
    {.name = "ack", .method = "ACK"},
    {.name = "cancel", .method = "CANCEL"},
    {.name = "just-heard", .silence = 29},
    {.name = "heard-31-s-before", .told = true, .silence = 31},
    {.name = "capture-ends", .then = 29},
    {.name = "run-out", .expires = 60},
    {.name = "nearly-run-out", .told = true, .expires = 96},
    {.name = "removed", .expires = 1},
    {.name = "another-server", .from = OTHER_SERVER},
    {.name = "another-port", .to = NAT + NEXT_PORT},
    {.name = "inside", .to = 1},
    {.name = "registered-over-tcp", .transport = "TCP"},
    {.name = "registered-by-a-proxy", .more = "Via: SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKo\r\n"},
    {.name = "answered", .status = 486, .after = 10},
    {.name = "rings", .status = 180, .after = 10},
    {.name = "answered-from-elsewhere", .status = 486, .responder = 7, .after = 10},
    {.name = "answered-too-late", .told = true, .status = 486, .after = 40},
    {.name = "keep-alive", .keep_alive = true, .after = 10},
    {.name = "answered-itself", .answered_itself = true, .after = 10},
    {.name = "keep-alive-too-late", .told = true, .keep_alive = true, .after = 40},
};

static void
test_unheard(gconstpointer data)
{
    const struct unheard_case *c = data;
    const char *method = c->method ? c->method : "INVITE";
    struct script *s = script_begin();
    BIND(s, .cseq = 1, .from = NAT, .expires = c->expires ? c->expires : 600, .transport = c->transport,
         .more = c->more);
    if (strcmp(c->name, "removed") == 0)
        BIND(s, .cseq = 2, .from = NAT, .expires = 0);
    script_wait(s, c->silence > 0 ? c->silence : 95);
    int64_t asked = s->time;
    struct record *request =
        REQUEST(s, .method = method, .call_id = "call-2", .from = c->from ? c->from : SERVER,
                .to = c->to ? c->to : NAT, .copies = c->copies ? c->copies : 5);
    if (c->after > 0)
        script_wait(s, c->after - (double)(s->time - asked) / 1e9);
    if (c->status)
        respond(s, c->status, method, c->responder ? c->responder : NAT);
    if (c->keep_alive)
        script_keep_alive(s, NAT);
    if (c->answered_itself) /* who is answered has asked, though that be missing */
        SEND(s, .cseq = 9, .status = 200, .call_id = "lost", .from = SERVER, .to = NAT);
    script_wait(s, c->then > 0 ? c->then : 40);
    g_assert_true((record_unheard(s->tracker, request) != NULL) == c->told);
    if (!c->status && !c->keep_alive && c->told)
        g_assert_true(registration_unheard(s->tracker, nth(s, 0)));
    if (!c->told)
        g_assert_false(registration_unheard(s->tracker, nth(s, 0)));
    script_end(s);
}

/* Frames, time and names that the sentence needs. */
static void
test_says(struct script *s)
{
    BIND(s, .cseq = 1, .from = NAT, .expires = 600);
    script_wait(s, 25);
    script_keep_alive(s, NAT);
    int64_t heard = s->time;
    script_wait(s, 95);
    struct record *request =
        REQUEST(s, .method = "INVITE", .call_id = "call-2", .from = SERVER, .to = NAT, .copies = 6);
    g_assert_null(record_unheard(s->tracker, request));
    script_wait(s, 31);
    const struct silence *silence = record_unheard(s->tracker, request);
    g_assert_nonnull(silence);
    g_assert_cmpuint(silence->last_frame, ==, 3);
    g_assert_cmpuint(silence->granted_frame, ==, 2);
    g_assert_cmpint(silence->since, ==, heard);
    g_assert_cmpstr(silence->account, ==, "alice@example.com");
    g_assert_cmpuint(silence->client.address[3], ==, NAT);
}

/* Each request of one silence is told; the next silence is another one. */
static void
test_one_after_the_other(struct script *s)
{
    BIND(s, .cseq = 1, .from = NAT, .expires = 3600);
    script_wait(s, 60);
    struct record *first =
        REQUEST(s, .method = "OPTIONS", .call_id = "a", .from = SERVER, .to = NAT, .copies = 4);
    script_wait(s, 60);
    struct record *second =
        REQUEST(s, .method = "OPTIONS", .call_id = "b", .from = SERVER, .to = NAT, .copies = 4);
    script_wait(s, 60);
    g_assert_true(record_unheard(s->tracker, first) == record_unheard(s->tracker, second));
    script_keep_alive(s, NAT);
    g_assert_false(registration_unheard(s->tracker, nth(s, 0)));
    script_wait(s, 60);
    struct record *third =
        REQUEST(s, .method = "OPTIONS", .call_id = "c", .from = SERVER, .to = NAT, .copies = 4);
    script_wait(s, 10);
    script_keep_alive(s, NAT);
    script_wait(s, 60);
    g_assert_nonnull(record_unheard(s->tracker, first));
    g_assert_nonnull(record_unheard(s->tracker, second));
    g_assert_null(record_unheard(s->tracker, third));
}

/* The account that a call in vain to the port of alice and bob names. */
static const char *
account_unheard(struct script *s, bool bob_leaves)
{
    BIND(s, .cseq = 1, .from = NAT, .expires = 600, .user = "alice", .call_id = "a");
    BIND(s, .cseq = 1, .from = NAT, .expires = 600, .user = "bob", .call_id = "b");
    if (bob_leaves)
        BIND(s, .cseq = 2, .from = NAT, .expires = 0, .user = "bob", .call_id = "b");
    script_wait(s, 60);
    struct record *request =
        REQUEST(s, .method = "INVITE", .call_id = "c", .from = SERVER, .to = NAT, .copies = 4);
    script_wait(s, 40);
    const struct silence *silence = record_unheard(s->tracker, request);
    g_assert_nonnull(silence);
    return silence->account;
}

/* Several accounts of one port: none of them is named. */
static void
test_shared(struct script *s)
{
    g_assert_null(account_unheard(s, false));
}

/* Whoever leaves, the others are still to be reached there. */
static void
test_shared_by_one_left(struct script *s)
{
    g_assert_cmpstr(account_unheard(s, true), ==, "alice@example.com");
}

/* The client has registered from another port: the old one is nobody's. */
static void
test_moved_away(struct script *s)
{
    BIND(s, .cseq = 1, .from = NAT, .expires = 600);
    script_wait(s, 60);
    BIND(s, .cseq = 2, .from = NAT + NEXT_PORT, .expires = 600);
    script_wait(s, 60);
    struct record *old =
        REQUEST(s, .method = "INVITE", .call_id = "c", .from = SERVER, .to = NAT, .copies = 4);
    script_wait(s, 40);
    g_assert_null(record_unheard(s->tracker, old));
    struct record *new =
        REQUEST(s, .method = "INVITE", .call_id = "d", .from = SERVER, .to = NAT + NEXT_PORT, .copies = 4);
    script_wait(s, 40);
    g_assert_nonnull(record_unheard(s->tracker, new));
}

/* It moves while it is called: nobody heard the call all the same. */
static void
test_moves_meanwhile(struct script *s)
{
    BIND(s, .cseq = 1, .from = NAT, .expires = 600);
    script_wait(s, 60);
    struct record *request =
        REQUEST(s, .method = "INVITE", .call_id = "c", .from = SERVER, .to = NAT, .copies = 4);
    script_wait(s, 5);
    BIND(s, .cseq = 2, .from = NAT + NEXT_PORT, .expires = 600);
    script_wait(s, 40);
    g_assert_nonnull(record_unheard(s->tracker, request));
    g_assert_false(registration_unheard(s->tracker, nth(s, 0)));
}

/* An ACK says that there was an answer, even where the capture lacks it. */
static void
test_acknowledged(struct script *s)
{
    BIND(s, .cseq = 1, .from = NAT, .expires = 600);
    script_wait(s, 60);
    struct record *request =
        REQUEST(s, .method = "INVITE", .call_id = "c", .from = SERVER, .to = NAT, .copies = 4);
    SEND(s, .method = "ACK", .call_id = "c", .branch = "z9hG4bKi", .host = "192.0.2.2", .from = SERVER,
         .to = NAT);
    script_wait(s, 40);
    g_assert_null(record_unheard(s->tracker, request));
}

/* The same packet captured twice was not sent again. */
static void
test_captured_twice(struct script *s)
{
    BIND(s, .cseq = 1, .from = NAT, .expires = 600);
    script_wait(s, 60);
    struct record *first = NULL;
    for (unsigned n = 0; n < 4; n++) {
        struct record *record =
            SEND(s, .method = "INVITE", .branch = "z9hG4bKi", .from = SERVER, .to = NAT, .ms = 1);
        first = first ? first : record;
    }
    script_wait(s, 40);
    g_assert_null(record_unheard(s->tracker, first));
}

/* --- seen from elsewhere --------------------------------------------------------- */

/* What is not said: another port of the NAT after 95 s, all else as before. */
struct move_case {
    const char *name;
    bool told;
    double silence;
    int to;
    const char *host, *call_id, *contact, *transport;
    bool keep_alive; /* just before */
};

static const struct move_case move_cases[] = {
    {.name = "another-port", .told = true},
    {.name = "another-address", .told = true, .to = 6},
    {.name = "same-port", .to = NAT},
    {.name = "too-soon", .silence = 29},
    {.name = "keep-alive", .keep_alive = true},
    {.name = "of-its-own-accord", .host = "192.0.2.1:5062"},
    {.name = "begins-anew", .call_id = "call-9"},
    {.name = "new-contact", .contact = "Contact: <sip:alice@192.0.2.5:5061>\r\n"},
    {.name = "over-tcp", .transport = "TCP"},
};

static void
test_move(gconstpointer data)
{
    const struct move_case *c = data;
    struct script *s = script_begin();
    int to = c->to ? c->to : NAT + NEXT_PORT;
    BIND(s, .cseq = 1, .from = NAT, .expires = 600);
    script_wait(s, c->silence > 0 ? c->silence : 95);
    if (c->keep_alive)
        script_keep_alive(s, NAT);
    struct record *refresh = BIND(s, .cseq = 2, .from = to, .expires = 600, .host = c->host,
                                  .call_id = c->call_id, .contact = c->contact, .transport = c->transport);
    const char *notes = script_notes(s, refresh);
    g_assert_true((strstr(notes, "nat_rebound") != NULL) == c->told);
    if (c->told) {
        g_assert_cmpuint(refresh->detail->notes->frame_a, ==, 1);
        g_assert_cmpuint(refresh->detail->notes->number, ==, 95);
    }
    g_assert_null(strstr(script_notes(s, BIND(s, .cseq = 3, .from = to, .expires = 600)), "nat_rebound"));
    script_end(s);
}

/* Without a NAT: the client names where it is seen, or a name that may be anything. */
static void
test_no_nat(struct script *s)
{
    static const char *const hosts[] = {"192.0.2.6:5060", "phone.example.com"};
    for (unsigned i = 0; i < G_N_ELEMENTS(hosts); i++) {
        BIND(s, .cseq = 1 + 2 * i, .from = NAT, .expires = 600, .host = hosts[i]);
        script_wait(s, 95);
        g_assert_cmpstr(script_notes(s,
                                     BIND(s, .cseq = 2 + 2 * i, .from = 6, .expires = 600, .host = hosts[i])),
                        ==, "");
        script_wait(s, 1);
    }
}

/* Challenged, it registers twice from there: told once. */
static void
test_told_once(struct script *s)
{
    BIND(s, .cseq = 1, .from = NAT, .expires = 600);
    script_wait(s, 95);
    struct record *bare = SEND(s, .cseq = 2, .from = 6, .headers = CONTACT);
    SEND(s, .cseq = 2, .status = 401, .to = 6, .headers = CHALLENGE("n1"));
    struct record *retry = SEND(s, .cseq = 3, .from = 6, .headers = script_join(s, CONTACT, ANSWER(s)));
    g_assert_cmpstr(script_notes(s, bare), ==, "nat_rebound");
    g_assert_cmpstr(script_notes(s, retry), ==, "");
}

/* --- memory ---------------------------------------------------------------------- */

/* On and on from one port to the next, called in vain: what is held does not grow, with and without records.
 */
static void
test_does_not_grow(gconstpointer data)
{
    struct script *s = script_begin();
    size_t before = 0;
    if (data)
        tracker_forget(s->tracker, KEEPS_NOTHING);
    for (unsigned n = 0; n < 200; n++) {
        BIND(s, .cseq = n + 1, .from = NAT + (int)(n % 200) * NEXT_PORT, .expires = 600);
        script_wait(s, 60);
        REQUEST(s, .method = "OPTIONS", .call_id = "c", .from = SERVER,
                .to = NAT + (int)(n % 200) * NEXT_PORT, .copies = 4);
        script_wait(s, 700);
        if (n == 100)
            before = test_host_blocks();
    }
    if (data)
        g_assert_cmpuint(test_host_blocks(), <=, before + 20);
    BIND(s, .cseq = 201, .from = NAT, .expires = 0);
    script_wait(s, 700);
    g_assert_null(nth(s, 0)->flow);
    g_assert_false(registration_unheard(s->tracker, nth(s, 0)));
    script_end(s);
}

/* --- sent to the address in Contact ------------------------------------------------ */

/* What is not said: the phone names 192.0.2.1 in Contact, registers from NAT for 600 s, and 5 s later INVITE
 * goes to 192.0.2.1 three times. */
struct misplaced_case {
    const char *name;
    bool told;
    unsigned copies, expires, again; /* again: another REGISTER of that lifetime */
    const char *method, *transport, *more, *contact, *uri;
    int client, from, to, responder;
    const char *contact_again;
};

static const struct misplaced_case misplaced_cases[] = {
    {.name = "invite", .told = true},
    {.name = "options", .told = true, .method = "OPTIONS"},
    {.name = "two-copies", .copies = 2},
    {.name = "ack", .method = "ACK"},
    {.name = "answered", .responder = 1},
    {.name = "another-server", .from = OTHER_SERVER},
    {.name = "to-where-it-came-from", .to = NAT},
    {.name = "to-another-user", .uri = "sip:bob@192.0.2.1"},
    {.name = "to-another-place", .uri = "sip:alice@192.0.2.1:5070"},
    {.name = "port-5060-is-none", .told = true, .uri = "sip:alice@192.0.2.1:5060;transport=udp"},
    {.name = "no-nat", .client = 1},
    {.name = "listens-at-another-port", .client = 1 + NEXT_PORT},
    {.name = "to-an-older-port-of-the-nat", .to = NAT + NEXT_PORT},
    {.name = "contact-is-a-name",
     .contact = "Contact: <sip:alice@phone.example.com>\r\n",
     .uri = "sip:alice@phone.example.com"},
    {.name = "contact-has-no-port",
     .contact = "Contact: <sip:alice@192.0.2.1:x>\r\n",
     .uri = "sip:alice@192.0.2.1:x"},
    {.name = "registered-over-tcp", .transport = "TCP"},
    {.name = "registered-by-a-proxy", .more = "Via: SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKo\r\n"},
    {.name = "run-out", .expires = 2},
    {.name = "refreshed", .told = true, .again = 600},
    {.name = "refreshed-from-elsewhere", .contact_again = "Contact: <sip:alice@192.0.2.5>\r\n", .again = 600},
};

static void
test_misplaced(gconstpointer data)
{
    const struct misplaced_case *c = data;
    const int client = c->client ? c->client : NAT;
    const unsigned copies = c->copies ? c->copies : 3;
    struct record *last = NULL;
    struct script *s = script_begin();
    BIND(s, .cseq = 1, .from = client, .expires = c->expires ? c->expires : 600, .transport = c->transport,
         .more = c->more, .contact = c->contact);
    if (c->again)
        BIND(s, .cseq = 2, .from = client, .expires = c->again, .contact = c->contact_again);
    script_wait(s, 5);
    for (unsigned n = 0; n < copies; n++) {
        last = SEND(s, .method = c->method ? c->method : "INVITE", .call_id = "call-2", .branch = "z9hG4bKi",
                    .host = "192.0.2.2", .from = c->from ? c->from : SERVER, .to = c->to ? c->to : 1,
                    .uri = c->uri ? c->uri : "sip:alice@192.0.2.1", .ms = n ? 500 : 1);
        if (c->responder && n == 0)
            respond(s, 180, "INVITE", c->responder);
    }
    g_assert_cmpstr(script_notes(s, last), ==, c->told ? "contact_misplaced" : "");
    g_assert_true(nth(s, 0)->unreached == c->told);
    if (c->told)
        g_assert_cmpuint(last->detail->notes->frame_a, ==, c->again ? 4 : 2);
    script_end(s);
}

/* Three times to the address in Contact. */
static void
call_in_vain(struct script *s, const char *call_id)
{
    for (unsigned n = 0; n < 3; n++)
        SEND(s, .method = "INVITE", .call_id = call_id, .from = SERVER, .to = 1, .uri = "sip:alice@192.0.2.1",
             .ms = 500);
}

/* Two phones name one address: nobody knows which is meant, until there is one again, and it refreshes. */
static void
test_misplaced_twice(struct script *s)
{
    BIND(s, .cseq = 1, .from = NAT, .expires = 600, .call_id = "a");
    BIND(s, .cseq = 1, .from = NAT + 1, .expires = 600, .call_id = "b", .user = "bob");
    call_in_vain(s, "c");
    g_assert_false(nth(s, 0)->unreached || nth(s, 1)->unreached);
    BIND(s, .cseq = 2, .from = NAT, .expires = 0, .call_id = "a");
    call_in_vain(s, "d");
    g_assert_false(nth(s, 1)->unreached);
    BIND(s, .cseq = 2, .from = NAT + 1, .expires = 600, .call_id = "b", .user = "bob");
    call_in_vain(s, "e");
    g_assert_true(nth(s, 1)->unreached);
    BIND(s, .cseq = 3, .from = NAT + 1, .expires = 0, .call_id = "b", .user = "bob");
    g_assert_null(nth(s, 1)->misplaced);
}

/* It is over when the client names where it comes from, or answers after all. */
static void
test_misplaced_ends(struct script *s)
{
    BIND(s, .cseq = 1, .from = NAT, .expires = 600);
    call_in_vain(s, "call-2");
    g_assert_true(nth(s, 0)->unreached);
    BIND(s, .cseq = 2, .from = NAT, .expires = 600);
    g_assert_true(nth(s, 0)->unreached);
    BIND(s, .cseq = 3, .from = 1, .expires = 600);
    g_assert_false(nth(s, 0)->unreached);
}

static void
test_misplaced_answers(struct script *s)
{
    BIND(s, .cseq = 1, .from = NAT, .expires = 600);
    call_in_vain(s, "call-2");
    SEND(s, .method = "INVITE", .call_id = "call-2", .status = 180, .from = 1, .to = SERVER,
         .headers = CONTACT);
    g_assert_false(nth(s, 0)->unreached);
    call_in_vain(s, "call-3");
    g_assert_true(nth(s, 0)->unreached);
    SEND(s, .method = "OPTIONS", .call_id = "call-4", .from = SERVER, .to = NAT);
    SEND(s, .method = "OPTIONS", .call_id = "call-4", .status = 200, .from = NAT, .to = SERVER);
    g_assert_false(nth(s, 0)->unreached);
}

/* --- who asks its registrar for credentials ---------------------------------------- */

/* What is not said: the PBX registers from NAT, and 5 s later asks who sends an INVITE, which is not
 * answered. */
struct asking_case {
    const char *name, *cause, *method, *to_tag;
    unsigned expires;
    int from, to;
    bool again;
};

static const struct asking_case asking_cases[] = {
    {.name = "its-registrar", .cause = "provider_challenged"},
    {.name = "another-server", .cause = "never_answered", .from = OTHER_SERVER},
    {.name = "not-registered-any-more", .cause = "never_answered", .expires = 2},
    {.name = "another-client", .cause = "never_answered", .to = NAT + 1},
    {.name = "by-message", .cause = "provider_challenged", .method = "MESSAGE"},
    {.name = "by-options", .cause = "options_challenged", .method = "OPTIONS"},
    {.name = "by-notify", .cause = "notify_unanswered", .method = "NOTIFY"},
    {.name = "within-a-call", .cause = "in_dialog_unanswered", .to_tag = "t"},
    {.name = "that-has-credentials", .cause = "gave_up", .again = true},
};

static void
test_asking(gconstpointer data)
{
    const struct asking_case *c = data;
    const int from = c->from ? c->from : SERVER, to = c->to ? c->to : NAT;
    const char *method = c->method ? c->method : "INVITE";
    struct script *s = script_begin();
    BIND(s, .cseq = 1, .from = NAT, .expires = c->expires ? c->expires : 600);
    script_wait(s, 5);
    for (unsigned n = 0; n <= c->again; n++) {
        const char *credentials = n ? ANSWER(s, .user = "bob", .nonce = "n0") : NULL;
        char *challenge = g_strdup_printf(
            "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n%u\", algorithm=MD5, qop=\"auth\"\r\n",
            n);
        SEND(s, .method = method, .call_id = "call-2", .cseq = 1 + n, .from = from, .to = to,
             .to_tag = c->to_tag, .headers = credentials);
        SEND(s, .method = method, .call_id = "call-2", .cseq = 1 + n, .status = 401, .from = to, .to = from,
             .to_tag = c->to_tag, .headers = challenge);
        g_free(challenge);
    }
    script_wait(s, 33);
    g_assert_cmpstr(script_cause(s, script_exchange(s, c->again)), ==, c->cause);
    script_end(s);
}

static const struct play plays[] = {
    {"unheard/says", test_says},
    {"unheard/one-after-the-other", test_one_after_the_other},
    {"unheard/shared", test_shared},
    {"unheard/shared-by-one-left", test_shared_by_one_left},
    {"unheard/moved-away", test_moved_away},
    {"unheard/moves-meanwhile", test_moves_meanwhile},
    {"unheard/acknowledged", test_acknowledged},
    {"unheard/captured-twice", test_captured_twice},
    {"misplaced-twice", test_misplaced_twice},
    {"misplaced-ends", test_misplaced_ends},
    {"misplaced-answers", test_misplaced_answers},
    {"move/no-nat", test_no_nat},
    {"move/told-once", test_told_once},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_CASES("/flow/unheard", unheard_cases, test_unheard);
    ADD_CASES("/flow/move", move_cases, test_move);
    ADD_CASES("/flow/misplaced", misplaced_cases, test_misplaced);
    ADD_CASES("/flow/asking", asking_cases, test_asking);
    script_add_plays("/flow", plays, G_N_ELEMENTS(plays));
    g_test_add_data_func("/flow/does-not-grow/kept", NULL, test_does_not_grow);
    g_test_add_data_func("/flow/does-not-grow/forgotten", "", test_does_not_grow);
    return test_run_all();
}
