/* attack.c
 * Input that is made to be slow: work and memory for each octet must not grow with the amount of it.
 *
 *     attack                     checks every attack at two sizes; exit code 1 when one grows
 *     attack KIND|all COUNT...   prints a table, with times
 *
 * Work is counted, not timed: the core is compiled with a call at every branch
 * (-fsanitize-coverage=trace-pc), each octet that is hashed counts as one, and the host counts what it
 * allocates.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <gcrypt.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "../unit/support.h"

/* The sizes of the check. Four times the input may take four times the work, and a little for what is only
 * there once. */
enum { CHECK_SMALL = 1000, CHECK_LARGE = 4000 };
#define GROWTH_MAX 1.3
/* Octets kept for each octet that came in, in the worst case that is known: short credentials. */
#define KEPT_MAX 40

void __sanitizer_cov_trace_pc(void);

static uint64_t branches;

void
__sanitizer_cov_trace_pc(void)
{
    branches++;
}

gcry_error_t __real_gcry_md_hash_buffers(int algorithm, unsigned flags, void *digest,
                                         const gcry_buffer_t *parts, int count);
gcry_error_t __wrap_gcry_md_hash_buffers(int algorithm, unsigned flags, void *digest,
                                         const gcry_buffer_t *parts, int count);

gcry_error_t
__wrap_gcry_md_hash_buffers(int algorithm, unsigned flags, void *digest, const gcry_buffer_t *parts,
                            int count)
{
    for (int i = 0; i < count; i++)
        branches += parts[i].len;
    return __real_gcry_md_hash_buffers(algorithm, flags, digest, parts, count);
}

/* --- counting host
 * ------------------------------------------------------------------------------------------ */

static uint64_t allocated;

static void *
count_allocation(size_t size)
{
    void *block = test_host.allocate(size);
    allocated += malloc_usable_size(block);
    return block;
}

static void
count_release(void *block)
{
    allocated -= malloc_usable_size(block);
    test_host.release(block);
}

/* --- messages
 * ------------------------------------------------------------------------------------------------ */

struct attack {
    struct tracker *tracker;
    GString *text;
    struct arrival arrival;
    uint64_t octets, messages;
};

static void
begin(struct attack *attack, const char *start, const char *call, unsigned cseq, const char *method)
{
    g_string_printf(attack->text,
                    "%s\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-%s-%u\r\nCall-ID: %s\r\n"
                    "From: <sip:alice@example.com>;tag=f\r\nTo: <sip:alice@example.com>\r\nCSeq: %u %s\r\n",
                    start, call, cseq, call, cseq, method);
}

static void
request(struct attack *attack, const char *method, const char *call, unsigned cseq)
{
    char *start = g_strdup_printf("%s sip:example.com SIP/2.0", method);
    begin(attack, start, call, cseq, method);
    g_free(start);
}

static void
response(struct attack *attack, unsigned status, const char *call, unsigned cseq, const char *method)
{
    char *start = g_strdup_printf("SIP/2.0 %u Whatever", status);
    begin(attack, start, call, cseq, method);
    g_free(start);
}

static void add(struct attack *attack, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
add(struct attack *attack, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_string_append_vprintf(attack->text, format, values);
    va_end(values);
}

static void
add_times(struct attack *attack, const char *text, unsigned count)
{
    while (count-- > 0)
        g_string_append(attack->text, text);
}

/* From one address to another, by their last octet. */
static void
send_between(struct attack *attack, uint8_t from, uint8_t to)
{
    struct sip_message message;
    g_string_append(attack->text, "\r\n");
    attack->arrival.frame++;
    attack->arrival.time += 1000000;
    attack->arrival.from = (struct endpoint){5060, 1, 4, {192, 0, 2, from}};
    attack->arrival.to = (struct endpoint){5060, 1, 4, {192, 0, 2, to}};
    attack->octets += attack->text->len;
    attack->messages++;
    g_assert(sip_message_parse((struct slice){attack->text->str, attack->text->len}, false, &message));
    tracker_add(attack->tracker, &message, &attack->arrival);
}

static void
send(struct attack *attack)
{
    bool back = g_str_has_prefix(attack->text->str, "SIP/");
    send_between(attack, back ? 2 : 1, back ? 1 : 2);
}

static void
challenge(struct attack *attack, const char *nonce)
{
    add(attack, "WWW-Authenticate: Digest realm=\"r\", nonce=\"%s\", qop=\"auth\"\r\n", nonce);
}

static void
credentials(struct attack *attack, const char *user, const char *nonce, unsigned nc)
{
    add(attack,
        "Authorization: Digest username=\"%s\", realm=\"r\", nonce=\"%s\", uri=\"sip:example.com\", "
        "response=\"0123456789abcdef0123456789abcdef\", qop=auth, cnonce=\"c\", nc=%08x\r\n",
        user, nonce, nc);
}

static void
asked(struct attack *attack, const char *call, unsigned cseq, const char *nonce)
{
    request(attack, "REGISTER", call, cseq);
    send(attack);
    response(attack, 401, call, cseq, "REGISTER");
    challenge(attack, nonce);
    send(attack);
}

/* --- attacks with many messages
 * ------------------------------------------------------------------------------ */

static void
one_call(struct attack *attack, unsigned count)
{
    for (unsigned i = 1; i <= count; i++)
        asked(attack, "one", i, "n");
}

static void
one_nonce(struct attack *attack, unsigned count)
{
    asked(attack, "one", 1, "n");
    for (unsigned i = 2; i <= count; i++) {
        request(attack, "REGISTER", "one", i);
        credentials(attack, "alice", "n", i);
        send(attack);
    }
}

static void
one_nonce_many_users(struct attack *attack, unsigned count)
{
    char user[20];
    asked(attack, "one", 1, "n");
    for (unsigned i = 2; i <= count; i++) {
        g_snprintf(user, sizeof user, "user%u", i);
        request(attack, "REGISTER", user, i);
        credentials(attack, user, "n", 1);
        send(attack);
    }
}

static void
many_nonces(struct attack *attack, unsigned count)
{
    char nonce[20];
    for (unsigned i = 1; i <= count; i++) {
        g_snprintf(nonce, sizeof nonce, "n%u", i);
        asked(attack, "one", 2 * i, nonce);
        request(attack, "REGISTER", "one", 2 * i + 1);
        credentials(attack, "alice", nonce, 1);
        send(attack);
    }
}

static void
one_branch(struct attack *attack, unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        g_string_printf(attack->text,
                        "OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\r\n"
                        "Call-ID: %u\r\nCSeq: 1 OPTIONS\r\n",
                        i);
        send(attack);
    }
}

/* A fork: distinct transactions of one Call-ID, number and method. */
static void
many_branches(struct attack *attack, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_string_printf(attack->text,
                        "INVITE sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%u\r\n"
                        "Call-ID: one\r\nCSeq: 1 INVITE\r\n",
                        i);
        send_between(attack, 1, (uint8_t)(2 + i % 200));
    }
}

/* One nonce on as many hops as there are addresses, and credentials with it on hops of their own. */
static void
many_hops(struct attack *attack, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t client = (uint8_t)(i % 101), server = (uint8_t)(102 + i / 101 % 101);
        request(attack, "REGISTER", "one", i + 1);
        send_between(attack, client, server);
        response(attack, 401, "one", i + 1, "REGISTER");
        challenge(attack, "n");
        send_between(attack, server, client);
        request(attack, "REGISTER", "two", i + 1);
        credentials(attack, "alice", "n", 1);
        send_between(attack, server, (uint8_t)(210 + i % 40));
    }
}

static void
unknown_nonces(struct attack *attack, unsigned count)
{
    char nonce[20];
    for (unsigned i = 1; i <= count; i++) {
        g_snprintf(nonce, sizeof nonce, "n%u", i);
        request(attack, "REGISTER", "one", i);
        credentials(attack, "alice", nonce, i);
        send(attack);
        response(attack, 401, "one", i, "REGISTER");
        challenge(attack, "another");
        send(attack);
    }
}

static void
retransmissions(struct attack *attack, unsigned count)
{
    asked(attack, "one", 1, "n");
    for (unsigned i = 0; i < count; i++) {
        request(attack, "REGISTER", "one", 2);
        credentials(attack, "alice", "n", 1);
        send(attack);
    }
}

static void
same_response(struct attack *attack, unsigned count)
{
    request(attack, "REGISTER", "one", 1);
    send(attack);
    for (unsigned i = 0; i < count; i++) {
        response(attack, 401, "one", 1, "REGISTER");
        challenge(attack, "n");
        send(attack);
    }
}

static void
distinct_responses(struct attack *attack, unsigned count)
{
    request(attack, "INVITE", "one", 1);
    send(attack);
    for (unsigned i = 0; i < count; i++) {
        response(attack, 407, "one", 1, "INVITE");
        add(attack, "X: %u\r\n", i);
        challenge(attack, "n");
        send(attack);
    }
}

static void
refused_credentials(struct attack *attack, unsigned count)
{
    request(attack, "REGISTER", "one", 1);
    for (unsigned i = 0; i < 40; i++)
        credentials(attack, "alice", "n", i);
    send(attack);
    for (unsigned i = 0; i < count; i++) {
        response(attack, 401, "one", 1, "REGISTER");
        add(attack, "X: %u\r\n", i);
        challenge(attack, "n");
        send(attack);
    }
}

static void
acks(struct attack *attack, unsigned count)
{
    request(attack, "INVITE", "one", 1);
    send(attack);
    for (unsigned i = 0; i < count; i++) {
        request(attack, i % 2 ? "ACK" : "CANCEL", "one", 1 + i % 3);
        add(attack, "X: %u\r\n", i);
        send(attack);
    }
}

static void
failing_accounts(struct attack *attack, unsigned count)
{
    char user[20];
    for (unsigned i = 1; i <= count; i++) {
        g_snprintf(user, sizeof user, "u%u", i);
        request(attack, "REGISTER", user, 1);
        credentials(attack, user, user, 1);
        send(attack);
        response(attack, 401, user, 1, "REGISTER");
        challenge(attack, user);
        send(attack);
    }
}

static void
clock_runs_back(struct attack *attack, unsigned count)
{
    char call[20];
    for (unsigned i = 0; i < count; i++) {
        g_snprintf(call, sizeof call, "c%u", i);
        request(attack, "OPTIONS", call, 1);
        send(attack);
        attack->arrival.time -= INT64_C(4000) * 1000000000;
    }
}

static void
notifies(struct attack *attack, unsigned count)
{
    request(attack, "SUBSCRIBE", "one", 1);
    add(attack, "Event: presence\r\nSuppress-If-Match: \"t\"\r\nExpires: 600\r\n");
    send(attack);
    response(attack, 204, "one", 1, "SUBSCRIBE");
    add(attack, "Expires: 600\r\n");
    send(attack);
    for (unsigned i = 2; i <= count; i++) {
        request(attack, "NOTIFY", "one", i);
        add(attack, "Event: presence\r\nSubscription-State: active\r\nSIP-ETag: t%u\r\n", i);
        send(attack);
    }
}

/* The large part is sent once, what refers to it often and small. */
static void
long_challenge(struct attack *attack, unsigned count)
{
    request(attack, "REGISTER", "one", 1);
    send(attack);
    response(attack, 401, "one", 1, "REGISTER");
    add(attack, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"");
    add_times(attack, ", x=y", count);
    add(attack, "\r\n");
    send(attack);
    for (unsigned i = 2; i <= count; i++) {
        request(attack, "REGISTER", "one", i);
        credentials(attack, "alice", "n", i);
        send(attack);
    }
}

static void
long_credentials(struct attack *attack, unsigned count)
{
    request(attack, "REGISTER", "one", 1);
    credentials(attack, "alice", "n", 1);
    g_string_truncate(attack->text, attack->text->len - 2);
    add_times(attack, ", x=y", count);
    add(attack, "\r\n");
    send(attack);
    for (unsigned i = 0; i < count; i++) {
        response(attack, 401, "one", 1, "REGISTER");
        add(attack, "X: %u\r\n", i);
        send(attack);
    }
}

/* One request is challenged again and again, and another one after it; the answers are to the first. */
static void
challenges_to_one_request(struct attack *attack, unsigned count)
{
    request(attack, "REGISTER", "one", 1);
    send(attack);
    for (unsigned i = 0; i < count; i++) {
        char nonce[16];
        g_snprintf(nonce, sizeof nonce, "m%u", i);
        response(attack, 401, "one", 1, "REGISTER");
        challenge(attack, nonce);
        send(attack);
    }
    asked(attack, "one", 9, "n");
    for (unsigned i = 0; i < count; i++) {
        request(attack, "REGISTER", "one", 2);
        credentials(attack, "alice", "n", i);
        send(attack);
    }
}

/* --- attacks with one large message
 * -------------------------------------------------------------------------- */

static void
challenge_lines(struct attack *attack, unsigned count)
{
    request(attack, "REGISTER", "one", 1);
    send(attack);
    response(attack, 401, "one", 1, "REGISTER");
    for (unsigned i = 0; i < count; i++)
        challenge(attack, "n");
    send(attack);
}

/* The same message one hop nearer to the server. */
static void
on_inner_hop(struct attack *attack)
{
    g_string_replace(attack->text, "192.0.2.1;branch=", "192.0.2.3;branch=", 1);
}

/* Each challenge passed on, with as many lines as are looked at. */
static void
challenge_hops(struct attack *attack, unsigned count)
{
    enum { LINES = 32 };
    for (unsigned n = 1; n <= count / LINES; n++) {
        request(attack, "INVITE", "one", n);
        send_between(attack, 1, 2);
        request(attack, "INVITE", "one", n);
        on_inner_hop(attack);
        send_between(attack, 3, 4);
        for (int inner = 1; inner >= 0; inner--) {
            response(attack, 401, "one", n, "INVITE");
            if (inner)
                on_inner_hop(attack);
            for (unsigned i = 0; i < LINES; i++)
                challenge(attack, inner ? "n" : "m");
            send_between(attack, inner ? 4 : 2, inner ? 3 : 1);
        }
    }
}

/* A registered client that is called in vain, again and again. */
static void
unheard_calls(struct attack *attack, unsigned count)
{
    request(attack, "REGISTER", "reg", 1);
    add(attack, "Contact: <sip:alice@192.0.2.1>;expires=1000000\r\n");
    send(attack);
    response(attack, 200, "reg", 1, "REGISTER");
    add(attack, "Contact: <sip:alice@192.0.2.1>;expires=1000000\r\n");
    send(attack);
    attack->arrival.time += INT64_C(60) * 1000000000;
    for (unsigned n = 0; n < count; n++) {
        for (unsigned copy = 0; copy < 3; copy++) {
            request(attack, "OPTIONS", "call", n + 1);
            attack->arrival.time += INT64_C(100) * 1000000;
            send_between(attack, 2, 1);
        }
    }
}

static void
challenges_in_a_line(struct attack *attack, unsigned count)
{
    request(attack, "REGISTER", "one", 1);
    send(attack);
    response(attack, 401, "one", 1, "REGISTER");
    add(attack, "WWW-Authenticate: ");
    add_times(attack, "Digest realm=\"r\", nonce=\"n\", ", count);
    add(attack, "\r\n");
    send(attack);
}

static void
add_contacts(struct attack *attack, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        add(attack, "Contact: <sip:alice@192.0.2.1:%u>;expires=60\r\n", i);
}

/* All registered, and all listed in the answer. */
static void
contacts(struct attack *attack, unsigned count)
{
    request(attack, "REGISTER", "one", 1);
    add_contacts(attack, count);
    send(attack);
    response(attack, 200, "one", 1, "REGISTER");
    add_contacts(attack, count);
    send(attack);
}

static void
registrations(struct attack *attack, unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        request(attack, "REGISTER", "one", i);
        add(attack, "Contact: <sip:alice@192.0.2.1:%u>;expires=60\r\n", i);
        send(attack);
        response(attack, 200, "one", i, "REGISTER");
        add(attack, "Contact: <sip:alice@192.0.2.1:%u>;expires=60\r\n", i);
        send(attack);
    }
}

static void
subscriptions(struct attack *attack, unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        request(attack, "SUBSCRIBE", "one", i);
        add(attack, "Event: presence;id=%u\r\nExpires: 600\r\n", i);
        send(attack);
        response(attack, 200, "one", i, "SUBSCRIBE");
        add(attack, "Expires: 600\r\n");
        send(attack);
    }
}

static void
credentials_lines(struct attack *attack, unsigned count)
{
    asked(attack, "one", 1, "n");
    request(attack, "REGISTER", "one", 2);
    for (unsigned i = 0; i < count; i++)
        credentials(attack, "alice", "n", i);
    send(attack);
}

/* --- attacks on the search for what went wrong with a digest
 * ---------------------------------------------------------------------- */

static void
configure(void)
{
    static const struct credential anybody = {SLICE("*"), SLICE("*"), SECRET_PASSWORD, SLICE("secret"), 0};
    test_host_credentials(&anybody, 1);
}

static void
wrong_digests(struct attack *attack, unsigned count)
{
    configure();
    one_nonce_many_users(attack, count);
}

static void
wrong_digests_in_a_message(struct attack *attack, unsigned count)
{
    configure();
    credentials_lines(attack, count);
}

static void
wrong_digest(struct attack *attack, unsigned count, const char *header, const char *unit)
{
    configure();
    request(attack, "REGISTER", "one", 1);
    add(attack,
        "Authorization: Digest username=\"alice\", realm=\"r\", response=\"%032d\", qop=auth-int, "
        "cnonce=\"c\", nc=1, "
        "nonce=\"n\", %s=\"",
        0, header);
    add_times(attack, unit, count);
    add(attack, "\"\r\n");
    send(attack);
}

static void
wrong_digest_long_uri(struct attack *attack, unsigned count)
{
    wrong_digest(attack, count, "uri", "sip:a;b&c");
}

static void
wrong_digest_long_value(struct attack *attack, unsigned count)
{
    wrong_digest(attack, count, "x", "a%%41\\\\\\\"");
}

static void
wrong_digest_long_body(struct attack *attack, unsigned count)
{
    configure();
    request(attack, "REGISTER", "one", 1);
    add(attack,
        "Authorization: Digest username=\"alice\", realm=\"r\", response=\"%032d\", qop=auth-int, "
        "cnonce=\"c\", nc=1, "
        "nonce=\"n\", uri=\"sip:example.com\"\r\nContent-Length: %u\r\n\r\n",
        0, 8 * count);
    add_times(attack, "a=b:c\r\n\n", count);
    send(attack);
}

static void
long_header(struct attack *attack, const char *name, const char *front, const char *part, unsigned count)
{
    request(attack, "REGISTER", "one", 1);
    add(attack, "%s: %s", name, front);
    add_times(attack, part, count);
    add(attack, "\r\n");
    send(attack);
}

#define HEADER_ATTACK(function, name, front, part)                                                           \
    static void function(struct attack *attack, unsigned count)                                              \
    {                                                                                                        \
        long_header(attack, name, front, part, count);                                                       \
    }

HEADER_ATTACK(commas, "Authorization", "Digest ", ",,,,,,,,")
HEADER_ATTACK(quotes, "Authorization", "Digest ", "\"\"\"\"\"\"\"\"")
HEADER_ATTACK(backslashes, "Authorization", "Digest a=\"", "\\\\\\\\\\\\\\\\")
HEADER_ATTACK(equals, "Authorization", "Digest ", "========")
HEADER_ATTACK(blanks, "Authorization", "Digest a", "        ")
HEADER_ATTACK(words, "Authorization", "Digest ", "word ")
HEADER_ATTACK(schemes, "Authorization", "", "Digest, ")
HEADER_ATTACK(open_quotes, "Authorization", "Digest ", "a=\"b, ")
HEADER_ATTACK(parameters, "Authorization", "Digest ", "realm=\"r\", ")
HEADER_ATTACK(long_nonce, "Authorization", "Digest username=\"a\", nonce=\"", "nonce,\\\"")
HEADER_ATTACK(folds, "Subject", "s", "\r\n f")
HEADER_ATTACK(folded_via, "Via", "SIP/2.0/UDP h", "\r\n ;p")
HEADER_ATTACK(via_parameters, "v", "SIP/2.0/UDP h", ";p=\"v\"")
HEADER_ATTACK(via_values, "v", "SIP/2.0/UDP h", ", SIP/2.0/UDP h")
HEADER_ATTACK(via_lines, "v", "SIP/2.0/UDP h", "\r\nVia: SIP/2.0/UDP h")
HEADER_ATTACK(tag_parameters, "f", "<sip:a@b>", ";tag")
HEADER_ATTACK(brackets, "t", "", "<<<<\"")
HEADER_ATTACK(call_id, "i", "", "call-id-")
HEADER_ATTACK(empty_names, "X", "", "\r\n:")

struct kind {
    const char *name;
    void (*run)(struct attack *, unsigned);
};

static const struct kind kinds[] = {
    {"one-call", one_call},
    {"one-nonce", one_nonce},
    {"one-nonce-many-users", one_nonce_many_users},
    {"many-nonces", many_nonces},
    {"one-branch", one_branch},
    {"many-branches", many_branches},
    {"many-hops", many_hops},
    {"unknown-nonces", unknown_nonces},
    {"retransmissions", retransmissions},
    {"same-response", same_response},
    {"distinct-responses", distinct_responses},
    {"refused-credentials", refused_credentials},
    {"acks", acks},
    {"failing-accounts", failing_accounts},
    {"clock-runs-back", clock_runs_back},
    {"notifies", notifies},
    {"long-challenge", long_challenge},
    {"long-credentials", long_credentials},
    {"challenges-to-one-request", challenges_to_one_request},
    {"challenge-lines", challenge_lines},
    {"challenge-hops", challenge_hops},
    {"unheard-calls", unheard_calls},
    {"challenges-in-a-line", challenges_in_a_line},
    {"credentials-lines", credentials_lines},
    {"contacts", contacts},
    {"registrations", registrations},
    {"subscriptions", subscriptions},
    {"wrong-digests", wrong_digests},
    {"wrong-digests-in-a-message", wrong_digests_in_a_message},
    {"wrong-digest-long-uri", wrong_digest_long_uri},
    {"wrong-digest-long-value", wrong_digest_long_value},
    {"wrong-digest-long-body", wrong_digest_long_body},
    {"commas", commas},
    {"quotes", quotes},
    {"backslashes", backslashes},
    {"equals", equals},
    {"blanks", blanks},
    {"words", words},
    {"schemes", schemes},
    {"open-quotes", open_quotes},
    {"parameters", parameters},
    {"long-nonce", long_nonce},
    {"folds", folds},
    {"folded-via", folded_via},
    {"via-parameters", via_parameters},
    {"via-values", via_values},
    {"via-lines", via_lines},
    {"tag-parameters", tag_parameters},
    {"brackets", brackets},
    {"call-id", call_id},
    {"empty-names", empty_names},
};

/* --- measuring
 * ----------------------------------------------------------------------------------------------- */

/* All but messages and octets for each octet. */
struct cost {
    uint64_t messages, octets;
    double work, kept, ns;
};

static struct cost
measure(const struct kind *kind, unsigned count)
{
    const struct tracker_host host = {count_allocation, count_release, 1, test_host.credentials, 0};
    struct attack attack = {.tracker = tracker_new(&host), .text = g_string_new(NULL)};
    struct timespec from, to;
    attack.arrival.time = INT64_C(1700000000) * 1000000000;
    branches = allocated = 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    kind->run(&attack, count);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    tracker_free(attack.tracker);
    g_string_free(attack.text, TRUE);
    test_host_reset();
    double octets = (double)attack.octets;
    return (struct cost){attack.messages, attack.octets, (double)branches / octets,
                         (double)allocated / octets,
                         ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
                             octets};
}

static bool
is_bounded(const struct kind *kind)
{
    struct cost small = measure(kind, CHECK_SMALL), large = measure(kind, CHECK_LARGE);
    bool grows = large.work > small.work * GROWTH_MAX, keeps = large.kept > KEPT_MAX;
    if (grows)
        printf("%s: work per octet grows from %.2f to %.2f when there is four times as much\n", kind->name,
               small.work, large.work);
    if (keeps)
        printf("%s: %.1f octets are kept for each octet\n", kind->name, large.kept);
    return !grows && !keeps;
}

static int
check(void)
{
    int failed = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        failed += !is_bounded(&kinds[i]);
    printf("%zu attacks, %d of them work\n", G_N_ELEMENTS(kinds), failed);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void
print_row(const struct kind *kind, unsigned count)
{
    struct cost cost = measure(kind, count);
    printf("%-22s %8u %9" PRIu64 " %11" PRIu64 " %11.2f %11.2f %9.2f\n", kind->name, count, cost.messages,
           cost.octets, cost.work, cost.kept, cost.ns);
}

int
main(int argc, char **argv)
{
    if (argc == 1)
        return check();
    printf("%-22s %8s %9s %11s %11s %11s %9s\n", "attack", "count", "messages", "octets", "work/octet",
           "kept/octet", "ns/octet");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(argv[1], "all") != 0 && strcmp(argv[1], kinds[i].name) != 0)
            continue;
        for (int n = 2; n < argc; n++)
            print_row(&kinds[i], (unsigned)strtoul(argv[n], NULL, 10));
    }
    return EXIT_SUCCESS;
}
