/* core.c
 * Measures the core alone: time and memory of each message, and of a digest check in hashes of libgcrypt.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gcrypt.h>
#include <wireshark.h>

#include "scripts.h"
#include "tracker.h"

enum { BLOCK = 1 << 20, TOGETHER = 100, CHECKS = 20000 };

static int64_t
now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* --- host ----------------------------------------------------------------------- */

static struct {
    size_t taken; /* octets in use */
} arena;

static void *
arena_allocate(size_t size)
{
    void *block = g_malloc0(size);
    arena.taken += malloc_usable_size(block);
    return block;
}

static void
arena_release(void *block)
{
    arena.taken -= malloc_usable_size(block);
    g_free(block);
}

static const struct credential *
no_credentials(size_t *count)
{
    *count = 0;
    return NULL;
}

/* --- messages -------------------------------------------------------------------- */

struct sent {
    size_t begin, len;
    struct arrival arrival;
};

struct traffic {
    GString *text;
    GArray *messages; /* struct sent */
};

static struct endpoint
endpoint_of(struct host host)
{
    struct endpoint endpoint = {.port = host.port, .type = 2, .len = 4};
    memcpy(endpoint.address, &host.address, 4);
    return endpoint;
}

/* Dialogs go side by side, a hundred at a time. */
static void
traffic_make(struct traffic *traffic, const struct script *script, unsigned count)
{
    const struct world world = {.seed = 1, .users = 20000};
    struct dialog dialog = {.script = script};
    *traffic = (struct traffic){g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(struct sent))};
    for (uint64_t first = 0; traffic->messages->len < count; first += TOGETHER) {
        for (dialog.step = 0; dialog.step < script->count; dialog.step++) {
            for (dialog.id = first; dialog.id < first + TOGETHER; dialog.id++) {
                const enum side from = script->steps[dialog.step].from;
                struct sent sent = {.begin = traffic->text->len};
                sip_text_append(traffic->text, &world, &dialog);
                sent.len = traffic->text->len - sent.begin;
                sent.arrival.frame = traffic->messages->len + 1;
                sent.arrival.time = sent.arrival.frame * INT64_C(1000000);
                sent.arrival.from = endpoint_of(dialog_host(&world, &dialog, from));
                sent.arrival.to = endpoint_of(dialog_host(&world, &dialog, from == CLIENT ? SERVER : CLIENT));
                g_array_append_val(traffic->messages, sent);
            }
        }
    }
}

static void
traffic_free(struct traffic *traffic)
{
    g_string_free(traffic->text, TRUE);
    g_array_free(traffic->messages, TRUE);
}

static void
add_message(struct tracker *tracker, const struct traffic *traffic, guint number, int64_t later)
{
    const struct sent *sent = &g_array_index(traffic->messages, struct sent, number);
    struct arrival arrival = sent->arrival;
    struct sip_message message;
    arrival.time += later;
    tracker_tick(tracker, arrival.time);
    if (!sip_message_parse((struct slice){traffic->text->str + sent->begin, sent->len}, false, &message))
        g_error("message %u does not parse", number);
    tracker_add(tracker, &message, &arrival);
}

static struct tracker *
play(const struct traffic *traffic)
{
    const struct tracker_host host = {arena_allocate, arena_release, 1, no_credentials};
    struct tracker *tracker = tracker_new(&host);
    for (guint i = 0; i < traffic->messages->len; i++)
        add_message(tracker, traffic, i, 0);
    return tracker;
}

static int
by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double
median(double *values, unsigned count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

/* --- what is measured ------------------------------------------------------------ */

static void
measure_messages(const char *name, const struct script *script, unsigned count, unsigned rounds)
{
    struct traffic traffic;
    double *ns = g_new(double, rounds), kept = 0, index = 0;
    traffic_make(&traffic, script, count);
    for (unsigned round = 0; round < rounds; round++) {
        const size_t heap = mallinfo2().uordblks;
        const int64_t begin = now_ns();
        struct tracker *tracker = play(&traffic);
        ns[round] = (double)(now_ns() - begin) / traffic.messages->len;
        /* An hour later comes one more message: all transactions before it are done, what is there now stays.
         */
        add_message(tracker, &traffic, 0,
                    traffic.messages->len * INT64_C(1000000) + INT64_C(3600) * 1000000000);
        kept = (double)arena.taken / traffic.messages->len;
        index = ((double)mallinfo2().uordblks - (double)heap) / traffic.messages->len;
        tracker_free(tracker);
        arena.taken =
            0; /* the records of this round stay, as they do in Wireshark until it closes the file */
    }
    printf("%-14s%10.0f%14.0f%14.0f%14.0f\n", name, median(ns, rounds), kept, index,
           (kept + index) * script->count);
    g_free(ns);
    traffic_free(&traffic);
}

static double
hash_ns(void)
{
    char text[64], digest[16];
    memset(text, 'a', sizeof text);
    const int64_t begin = now_ns();
    for (int i = 0; i < CHECKS; i++) {
        gcry_md_hash_buffer(GCRY_MD_MD5, digest, text, sizeof text - 10);
        text[0] ^= digest[0];
    }
    return (double)(now_ns() - begin) / CHECKS;
}

/* Credentials as the generator signs them, checked against one configured password. */
static double
check_ns(const char *password, enum digest_status expected)
{
    struct traffic traffic;
    struct sip_message message;
    struct auth_value credentials;
    traffic_make(&traffic, &script_registration, 4 * TOGETHER);
    const struct sent *sent = &g_array_index(traffic.messages, struct sent, 2 * TOGETHER);
    if (!sip_message_parse((struct slice){traffic.text->str + sent->begin, sent->len}, false, &message))
        g_error("the request does not parse");
    struct slice rest = message.header[SIP_AUTHORIZATION];
    if (!auth_header_next(&rest, &credentials))
        g_error("the request has no credentials");
    const struct credential row = {SLICE("*"), SLICE("*"), SECRET_PASSWORD, {password, strlen(password)}, 0};
    const struct digest_input input = {.credentials = &credentials,
                                       .response = credentials.param[AUTH_RESPONSE],
                                       .method = message.method,
                                       .request_uri = message.request_uri};
    const int64_t begin = now_ns();
    for (int i = 0; i < CHECKS; i++) {
        if (digest_verify(&input, &row, 1).status != expected)
            g_error("a digest of another status than expected");
    }
    const double ns = (double)(now_ns() - begin) / CHECKS;
    traffic_free(&traffic);
    return ns;
}

static void
measure_digests(unsigned rounds)
{
    double *hash = g_new(double, rounds), *right = g_new(double, rounds), *wrong = g_new(double, rounds);
    for (unsigned i = 0; i < rounds; i++) {
        hash[i] = hash_ns();
        right[i] = check_ns(BENCH_PASSWORD, DIGEST_GOOD);
        wrong[i] = check_ns("another password", DIGEST_BAD);
    }
    const double one = median(hash, rounds);
    printf("\nMD5 of 54 octets by libgcrypt: %.0f ns\n", one);
    printf("digest that fits: %.0f ns, %.1f hashes\n", median(right, rounds), median(right, rounds) / one);
    printf("digest that fits nothing, all variants tried: %.0f ns, %.1f hashes\n", median(wrong, rounds),
           median(wrong, rounds) / one);
    g_free(hash);
    g_free(right);
    g_free(wrong);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        const struct script *script;
    } cases[] = {
        {"pings", &script_ping},
        {"calls", &script_call},
        {"subscriptions", &script_subscription},
        {"registrations", &script_registration},
        {"scan", &script_unanswered},
        {"refused scan", &script_refused},
        {"shared nonce", &script_shared_nonce},
    };
    const char *only = argc > 1 ? argv[1] : "all";
    const unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 100000;
    const unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 7;
    if (rounds < 1) {
        fprintf(stderr, "usage: bench_core [all|digests|CASE [MESSAGES [ROUNDS]]]\n");
        return 2;
    }
    gcry_check_version(NULL);
    printf("%-14s%10s%14s%14s%14s\n", "traffic", "ns", "octets kept", "in its index", "a dialog");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (strcmp(only, "all") == 0 || strcmp(only, cases[i].name) == 0)
            measure_messages(cases[i].name, cases[i].script, count, rounds);
    }
    if (strcmp(only, "all") == 0 || strcmp(only, "digests") == 0)
        measure_digests(rounds);
    return 0;
}
