/* core.c
 * Measures the core alone: time and memory of each message, and of a digest check in hashes of libgcrypt.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gcrypt.h>
#include <wireshark.h>

#include "scripts.h"
#include "tracker.h"

/* Users: of MANY nearly each registers once, of FEW each again and again. */
enum { TOGETHER = 100, CHECKS = 20000, MANY = 20000, FEW = 200 };

struct measured {
    const char *name;
    struct share shares[SHARES_MAX];
    unsigned users;
};

static int64_t
now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* --- host ----------------------------------------------------------------------- */

enum { BLOCK = 1 << 20, GRAIN = 16, CLASSES = 4096 / GRAIN };

/* What is free knows its successor, what is handed out its size. */
union piece {
    size_t grains;
    union piece *next;
    char room[GRAIN];
};

/* Memory as Wireshark's file scope lends it: cut out of large blocks, used again when it is given back, freed
 * all at once. */
static struct {
    GSList *blocks;
    char *next;
    size_t left, reserved;
    size_t taken; /* octets in use, with what each piece knows of itself */
    union piece *freed[CLASSES];
} arena;

static union piece *
arena_cut(size_t grains)
{
    const size_t size = (grains + 1) * GRAIN;
    if (size > arena.left) {
        arena.left = MAX((size_t)BLOCK, size);
        arena.reserved += arena.left;
        arena.next = g_malloc(arena.left);
        arena.blocks = g_slist_prepend(arena.blocks, arena.next);
    }
    union piece *piece = (union piece *)(void *)arena.next;
    arena.next += size;
    arena.left -= size;
    return piece;
}

static void *
arena_allocate(size_t size)
{
    const size_t grains = (size + GRAIN - 1) / GRAIN;
    union piece *piece = grains < CLASSES ? arena.freed[grains] : NULL;
    if (piece)
        arena.freed[grains] = piece->next;
    else
        piece = arena_cut(grains);
    piece->grains = grains;
    arena.taken += (grains + 1) * GRAIN;
    return memset(piece + 1, 0, grains * GRAIN);
}

static void
arena_release(void *memory)
{
    if (!memory)
        return;
    union piece *piece = (union piece *)memory - 1;
    const size_t grains = piece->grains;
    arena.taken -= (grains + 1) * GRAIN;
    if (grains >= CLASSES)
        return;
    piece->next = arena.freed[grains];
    arena.freed[grains] = piece;
}

static void
arena_reset(void)
{
    g_slist_free_full(arena.blocks, g_free);
    memset(&arena, 0, sizeof arena);
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
    uint64_t dialogs;
};

static struct endpoint
endpoint_of(struct host host)
{
    struct endpoint endpoint = {.port = host.port, .type = 2, .len = 4};
    memcpy(endpoint.address, &host.address, 4);
    return endpoint;
}

static void
traffic_add(struct traffic *traffic, const struct world *world, const struct dialog *dialog)
{
    const enum side from = dialog->script->steps[dialog->step].from;
    struct sent sent = {.begin = traffic->text->len};
    sip_text_append(traffic->text, world, dialog);
    sent.len = traffic->text->len - sent.begin;
    sent.arrival.frame = traffic->messages->len + 1;
    sent.arrival.time = sent.arrival.frame * INT64_C(1000000);
    sent.arrival.from = endpoint_of(dialog_host(world, dialog, from));
    sent.arrival.to = endpoint_of(dialog_host(world, dialog, from == CLIENT ? SERVER : CLIENT));
    g_array_append_val(traffic->messages, sent);
}

/* One step of a hundred dialogs; false when all of them are at their end. */
static bool
traffic_step(struct traffic *traffic, const struct world *world, const struct share *shares, uint8_t step)
{
    bool more = false;
    for (unsigned i = 0; i < TOGETHER; i++) {
        const uint64_t id = traffic->dialogs + i;
        const struct dialog dialog = {.id = id, .step = step, .script = script_of(shares, world, id)};
        if (step >= dialog.script->count)
            continue;
        traffic_add(traffic, world, &dialog);
        more = true;
    }
    return more;
}

/* Dialogs go side by side, a hundred at a time. */
static void
traffic_make(struct traffic *traffic, const struct measured *measured, unsigned count)
{
    const struct world world = {.seed = 1, .users = measured->users};
    *traffic = (struct traffic){g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(struct sent)), 0};
    for (; traffic->messages->len < count; traffic->dialogs += TOGETHER) {
        uint8_t step = 0;
        while (traffic_step(traffic, &world, measured->shares, step))
            step++;
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

/* What will be asked for: nothing once a message is read, tables of exchanges, or each message again. */
enum memory { ONE_PASS, TABLES, ALL, MEMORIES };

static struct tracker *
play(const struct traffic *traffic, enum memory memory)
{
    const struct tracker_host host = {arena_allocate, arena_release, 1, no_credentials, 0};
    struct tracker *tracker = tracker_new(&host);
    if (memory != ALL)
        tracker_forget(tracker, memory == TABLES ? KEEPS_EXCHANGES : KEEPS_NOTHING);
    for (guint i = 0; i < traffic->messages->len; i++)
        add_message(tracker, traffic, i, 0);
    return tracker;
}

/* Octets on the heap besides the arena: the hash tables. */
static size_t
other_heap(void)
{
    const struct mallinfo2 heap = mallinfo2();
    return heap.uordblks + heap.hblkhd - arena.reserved;
}

/* What disturbs a round only ever adds to it. */
static double
least(const double *values, unsigned count)
{
    double found = values[0];
    for (unsigned i = 1; i < count; i++)
        found = MIN(found, values[i]);
    return found;
}

/* --- what is measured ------------------------------------------------------------ */

/* An hour after the last message comes one more: all transactions before it are done, what is there now
 * stays. */
static double
kept_octets(const struct traffic *traffic, enum memory memory)
{
    const int64_t later = traffic->messages->len * INT64_C(1000000) + INT64_C(3600) * 1000000000;
    const size_t before = other_heap();
    struct tracker *tracker = play(traffic, memory);
    add_message(tracker, traffic, 0, later);
    const double kept = (double)arena.taken + (double)other_heap() - (double)before;
    tracker_free(tracker);
    arena_reset();
    return MAX(kept, 0);
}

static void
measure_messages(const struct measured *measured, unsigned count, unsigned rounds)
{
    struct traffic traffic;
    double *ns = g_new(double, rounds);
    traffic_make(&traffic, measured, count);
    for (unsigned round = 0; round < rounds; round++) {
        const int64_t begin = now_ns();
        struct tracker *tracker = play(&traffic, ONE_PASS);
        ns[round] = (double)(now_ns() - begin) / traffic.messages->len;
        tracker_free(tracker);
        arena_reset();
    }
    printf("%-20s%12.0f", measured->name, least(ns, rounds));
    for (enum memory memory = ONE_PASS; memory < MEMORIES; memory++)
        printf("%12.0f", kept_octets(&traffic, memory) / (double)traffic.dialogs);
    printf("\n");
    g_free(ns);
    traffic_free(&traffic);
}

/* A request with credentials as the generator signs them. */
struct signed_request {
    struct traffic traffic;
    struct sip_message message;
    struct auth_value credentials;
};

static void
signed_request_make(struct signed_request *request)
{
    const struct measured one_batch = {"digests", {{&script_registration, 100}}, TOGETHER};
    traffic_make(&request->traffic, &one_batch, 4 * TOGETHER);
    const struct sent *sent = &g_array_index(request->traffic.messages, struct sent, 2 * TOGETHER);
    const struct slice text = {request->traffic.text->str + sent->begin, sent->len};
    if (!sip_message_parse(text, false, &request->message))
        g_error("the request does not parse");
    struct slice rest = request->message.header[SIP_AUTHORIZATION];
    if (!auth_header_next(&rest, &request->credentials))
        g_error("the request has no credentials");
}

/* What is hashed at least to check it: A1, A2, and what the response is made of (RFC 7616 section 3.4.1). */
static void
texts_to_hash(const struct signed_request *request, GString *texts[3])
{
    const struct slice *params = request->credentials.param;
    const char *half = "0123456789abcdef0123456789abcdef";
    for (int i = 0; i < 3; i++)
        texts[i] = g_string_new(NULL);
#define TEXT(name) (int)params[name].len, params[name].p
    g_string_printf(texts[0], "%.*s:%.*s:%s", TEXT(AUTH_USERNAME), TEXT(AUTH_REALM), BENCH_PASSWORD);
    g_string_printf(texts[1], "%.*s:%.*s", (int)request->message.method.len, request->message.method.p,
                    TEXT(AUTH_URI));
    g_string_printf(texts[2], "%s:%.*s:%.*s:%.*s:%.*s:%s", half, TEXT(AUTH_NONCE), TEXT(AUTH_NC),
                    TEXT(AUTH_CNONCE), TEXT(AUTH_QOP), half);
#undef TEXT
}

static double
hashes_ns(void)
{
    struct signed_request request;
    GString *texts[3];
    char digest[16];
    signed_request_make(&request);
    texts_to_hash(&request, texts);
    const int64_t begin = now_ns();
    for (int i = 0; i < 3 * CHECKS; i++) {
        GString *text = texts[i % 3];
        gcry_md_hash_buffer(GCRY_MD_MD5, digest, text->str, text->len);
        text->str[0] ^= digest[0];
    }
    const double ns = (double)(now_ns() - begin) / CHECKS;
    for (int i = 0; i < 3; i++)
        g_string_free(texts[i], TRUE);
    traffic_free(&request.traffic);
    return ns;
}

/* Checked against one configured password. */
static double
check_ns(const char *password, enum digest_status expected)
{
    struct signed_request request;
    signed_request_make(&request);
    const struct credential row = {SLICE("*"), SLICE("*"), SECRET_PASSWORD, {password, strlen(password)}, 0};
    const struct digest_input input = {.credentials = &request.credentials,
                                       .response = request.credentials.param[AUTH_RESPONSE],
                                       .method = request.message.method,
                                       .request_uri = request.message.request_uri};
    const int64_t begin = now_ns();
    for (int i = 0; i < CHECKS; i++) {
        if (digest_verify(&input, &row, 1).status != expected)
            g_error("a digest of another status than expected");
    }
    const double ns = (double)(now_ns() - begin) / CHECKS;
    traffic_free(&request.traffic);
    return ns;
}

static void
measure_digests(unsigned rounds)
{
    double *hash = g_new(double, rounds), *right = g_new(double, rounds), *wrong = g_new(double, rounds);
    for (unsigned i = 0; i < rounds; i++) {
        hash[i] = hashes_ns();
        right[i] = check_ns(BENCH_PASSWORD, DIGEST_GOOD);
        wrong[i] = check_ns("another password", DIGEST_BAD);
    }
    const double three = least(hash, rounds), one = three / 3;
    printf("\nits three hashes by libgcrypt alone: %.0f ns\n", three);
    printf("digest that fits: %.0f ns, %.1f hashes\n", least(right, rounds), least(right, rounds) / one);
    printf("digest that fits nothing, all variants tried: %.0f ns, %.1f hashes\n", least(wrong, rounds),
           least(wrong, rounds) / one);
    g_free(hash);
    g_free(right);
    g_free(wrong);
}

int
main(int argc, char **argv)
{
    static const struct measured cases[] = {
        {"mixed", MIXED_SHARES, MANY},
        {"mixed, unchallenged", UNCHALLENGED_SHARES, MANY},
        {"pings", {{&script_ping, 100}}, MANY},
        {"calls", {{&script_call, 100}}, MANY},
        {"calls again", {{&script_call, 100}}, FEW},
        {"subscriptions", {{&script_subscription, 100}}, MANY},
        {"registrations", {{&script_registration, 100}}, MANY},
        {"registrations again", {{&script_registration, 100}}, FEW},
        {"scan", {{&script_unanswered, 100}}, MANY},
        {"refused scan", {{&script_refused, 100}}, MANY},
        {"shared nonce", {{&script_shared_nonce, 100}}, MANY},
    };
    const char *only = argc > 1 ? argv[1] : "all";
    const unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 100000;
    const unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 25;
    if (rounds < 1) {
        fprintf(stderr, "usage: bench_core [all|digests|CASE [MESSAGES [ROUNDS]]]\n");
        return 2;
    }
    /* What malloc gives back to the system after a round, and gets again in the next one, is not our time. */
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    mallopt(M_MMAP_THRESHOLD, INT_MAX);
    gcry_check_version(NULL);
    printf("%-20s%12s%12s%12s%12s\n", "traffic", "ns", "one-pass", "tables", "all");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (strcmp(only, "all") == 0 || strcmp(only, cases[i].name) == 0)
            measure_messages(&cases[i], count, rounds);
    }
    if (strcmp(only, "all") == 0 || strcmp(only, "digests") == 0)
        measure_digests(rounds);
    return 0;
}
