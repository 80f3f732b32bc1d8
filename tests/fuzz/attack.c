/* attack.c
 * Input that is made to be slow: work and memory for each octet must not grow with the amount of it.
 *
 *     attack                     checks every attack at two sizes; exit code 1 when one grows
 *     attack KIND|all COUNT...   prints a table, with times
 *
 * Work is counted, not timed: the core is compiled with a call at every branch
 * (-fsanitize-coverage=trace-pc), and the host counts what it allocates.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

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

static void
send(struct attack *attack)
{
    static const struct endpoint client = {5060, 1, 4, {192, 0, 2, 1}}, server = {5060, 1, 4, {192, 0, 2, 2}};
    struct sip_message message;
    g_string_append(attack->text, "\r\n");
    bool back = g_str_has_prefix(attack->text->str, "SIP/");
    attack->arrival.frame++;
    attack->arrival.time += 1000000;
    attack->arrival.from = back ? server : client;
    attack->arrival.to = back ? client : server;
    attack->octets += attack->text->len;
    attack->messages++;
    g_assert(sip_message_parse((struct slice){attack->text->str, attack->text->len}, false, &message));
    tracker_add(attack->tracker, &message, &attack->arrival);
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
credentials_lines(struct attack *attack, unsigned count)
{
    asked(attack, "one", 1, "n");
    request(attack, "REGISTER", "one", 2);
    for (unsigned i = 0; i < count; i++)
        credentials(attack, "alice", "n", i);
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
    {"challenge-lines", challenge_lines},
    {"challenges-in-a-line", challenges_in_a_line},
    {"credentials-lines", credentials_lines},
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
