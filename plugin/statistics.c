/* statistics.c
 * Tables for `tshark -z` and Wireshark's Telephony menu.
 *
 * A table is a list of columns, what its rows stand for, their order, and a function that makes the text of
 * each cell. The command line and the window are filled from the same rows; the window has the columns in an
 * order of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "compat.h"

#include <stdio.h>

#include <epan/address.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>
#include <epan/to_str.h>

#include "core/audit.h"
#include "statistics.h"

enum { COLUMNS_MAX = 20 };

/* A text, or where there is none a number. */
struct cell {
    char *text; /* free with g_free */
    guint number;
    char *sortable; /* what a window shows instead of a text that would not sort; free with g_free */
};

struct table;

/* What one run of a table has seen. */
struct listing {
    const struct table *table;
    GHashTable
        *objects; /* exchanges or registrations that the filter let through; of accounts: struct counted */
    GHashTable *rows;    /* of a window: row to its number + 1 */
    GHashTable *groups;  /* of accounts: key to struct account_row */
    GHashTable *clients; /* of these: key to struct account_client */
    bool printed;        /* as it is now */
};

typedef void visitor(void *object, struct listing *listing);

/* What a row stands by in the first place, the least first: found out once for each row, as that may take
 * long. */
struct weight {
    gint64 first, second, third;
};

struct table {
    const char *command, *title;
    enum tracker_keeps keeps; /* what it is made of */
    stat_tap_table_item *columns;
    int count;
    void (*each)(const struct record *record, visitor *visit, struct listing *listing);
    void *(*row_of)(struct listing *listing, void *object);
    struct weight (*weigh)(const void *row); /* NULL: all the same */
    int (*compare)(gconstpointer a, gconstpointer b);
    struct cell (*cell)(const void *row, int column);
    const int *window; /* the columns of the window, in its order */
    int window_count;
};

static const struct tracker *(*file_tracker)(void);
static enum tracker_keeps listings_keep;
static GSList *listings; /* of the command line */

#define NUMBER(title)                                                                                        \
    {                                                                                                        \
        TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, (title), "%u"                                                      \
    }
#define RIGHT(title)                                                                                         \
    {                                                                                                        \
        TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, (title), "%s"                                                    \
    }
#define LEFT(title)                                                                                          \
    {                                                                                                        \
        TABLE_ITEM_STRING, TAP_ALIGN_LEFT, (title), "%s"                                                     \
    }

/* A window sorts by its first column when it opens. Where the worst is to come first, that is one of its own:
 * who is in trouble, in words that sort so. */
enum { NOW = COLUMNS_MAX };

static const stat_tap_table_item now_column = LEFT("Now");

/* --- cells ---------------------------------------------------------------------- */

static struct cell
number(guint32 value)
{
    return (struct cell){NULL, value, NULL};
}

static struct cell
words(const char *text)
{
    return (struct cell){g_strdup(text && *text ? text : "-"), 0, NULL};
}

static struct cell
frame_cell(guint32 frame)
{
    return (struct cell){frame ? g_strdup_printf("%u", frame) : g_strdup("-"), 0, NULL};
}

/* Two blanks tell columns apart, so a cell has none beside another: it is shown as its code. */
static struct cell
wire_cell(const char *text)
{
    const char *shown = compat_shown(NULL, text);
    GString *cell = g_string_new(NULL);
    for (const char *p = shown; *p; p++) {
        if (*p == ' ' && p > shown && p[-1] == ' ')
            g_string_append(cell, "\\040");
        else
            g_string_append_c(cell, *p);
    }
    wmem_free(NULL, (void *)(uintptr_t)shown);
    if (cell->len == 0)
        g_string_append_c(cell, '-');
    return (struct cell){g_string_free(cell, FALSE), 0, NULL};
}

/* A message that is not from a network, as an exported PDU, may have no address. */
static struct cell
address_cell(const struct endpoint *endpoint)
{
    address peer;
    if (endpoint->len == 0)
        return words("-");
    set_address(&peer, endpoint->type, endpoint->len, endpoint->address);
    char *text = address_to_str(NULL, &peer);
    struct cell cell = words(text);
    wmem_free(NULL, text);
    return cell;
}

/* A server: its port, too, if that tells it apart from others at the address. */
static struct cell
server_cell(const struct endpoint *server)
{
    struct cell host = address_cell(server);
    guint port = endpoint_own_port(server);
    if (port == 0 || server->len == 0)
        return host;
    struct cell cell = {g_strdup_printf(server->len == 16 ? "[%s]:%u" : "%s:%u", host.text, port), 0, NULL};
    g_free(host.text);
    return cell;
}

/* A time with its unit: "0.7 ms", "12.3 s", "5 min 7 s", "2 h 5 min". */
static char *
time_text(int64_t nanoseconds)
{
    double ms = (double)nanoseconds / 1e6;
    guint minutes = (guint)(ms / 60e3);
    if (ms < 1000)
        return g_strdup_printf("%.1f ms", ms);
    if (ms < 100e3)
        return g_strdup_printf("%.1f s", ms / 1e3);
    if (minutes < 100)
        return g_strdup_printf("%u min %u s", minutes, (guint)(ms / 1e3) % 60);
    return g_strdup_printf("%u h %u min", minutes / 60, minutes % 60);
}

/* In a window all times of a column have one unit. */
static struct cell
time_cell(int64_t nanoseconds, int64_t unit, const char *name)
{
    if (nanoseconds <= 0)
        return words("-");
    char *sortable = g_strdup_printf("%.1f %s", (double)nanoseconds / (double)unit, name);
    return (struct cell){time_text(nanoseconds), 0, sortable};
}

static struct cell
latency_cell(int64_t nanoseconds)
{
    return time_cell(nanoseconds, 1000000, "ms");
}

static struct cell
cause_cell(enum finding cause)
{
    return words(cause == FINDING_NONE ? "-" : finding_rule(cause)->name);
}

/* --- exchanges ------------------------------------------------------------------- */

enum { CHALLENGE, RETRY, CLOSED, ACCOUNT, PEER, DIGEST, OUTCOME, CAUSE };

static stat_tap_table_item exchange_columns[] = {
    [CHALLENGE] = NUMBER("Challenge"), [RETRY] = RIGHT("Retry"), [CLOSED] = RIGHT("Closed"),
    [ACCOUNT] = LEFT("Account"),       [PEER] = LEFT("Peer"),    [DIGEST] = LEFT("Digest"),
    [OUTCOME] = LEFT("Outcome"),       [CAUSE] = LEFT("Cause"),
};

/* How it ended and why stand beside the account: a window opens narrower than a terminal. */
static const int exchange_window[] = {CHALLENGE, ACCOUNT, OUTCOME, CAUSE, RETRY, CLOSED, PEER, DIGEST};

static struct cell
exchange_cell(const void *row, int column)
{
    const struct exchange *exchange = row;
    enum digest_status digest = exchange_digest(exchange);
    switch (column) {
    case CHALLENGE:
        return number(exchange->challenge_frame);
    case RETRY:
        return frame_cell(exchange->retry_frame);
    case CLOSED:
        return frame_cell(exchange_closed_frame(exchange));
    case ACCOUNT:
        return wire_cell(exchange_account(exchange));
    case PEER:
        return server_cell(&exchange->peers->server);
    case DIGEST:
        return words(digest == DIGEST_NONE ? "-" : digest_status_text(digest));
    case OUTCOME:
        return words(outcome_text(exchange_outcome(file_tracker(), exchange)));
    default:
        return cause_cell(audit_exchange_cause(file_tracker(), exchange));
    }
}

/* The exchanges that a message takes part in: a row is shown when a filter lets any of its messages through.
 */
static void
each_exchange(const struct record *record, visitor *visit, struct listing *listing)
{
    if (record->exchange)
        visit(record->exchange, listing);
    if (!record->detail)
        return;
    if (record->detail->opens && record->detail->opens != record->exchange)
        visit(record->detail->opens, listing);
    for (const struct closing *closing = record->detail->closings; closing; closing = closing->next) {
        if (closing->use->exchange && closing->use->is_retry)
            visit(closing->use->exchange, listing);
    }
}

static void *
object_itself(struct listing *listing _U_, void *object)
{
    return object;
}

static int
ascending(guint64 a, guint64 b)
{
    return (a > b) - (a < b);
}

static int
by_challenge(gconstpointer a, gconstpointer b)
{
    const struct exchange *x = *(const struct exchange *const *)a, *y = *(const struct exchange *const *)b;
    if (x->challenge_frame != y->challenge_frame)
        return ascending(x->challenge_frame, y->challenge_frame);
    return strcmp(exchange_account(x), exchange_account(y)); /* of one TCP segment */
}

/* --- accounts -------------------------------------------------------------------- */

/* One account at one peer, and for an address-of-record of another name. */
struct account_row {
    const struct exchange *first;
    const char *address_of_record; /* NULL: of the same name */
    GSequence *clients;            /* struct account_client, worst first */
    guint32 failing;               /* of them */
    guint32 challenges;
    guint32 outcomes[OUTCOME_UNKNOWN + 1];
    guint32 answers; /* to retries */
    int64_t fastest, slowest, sum;
};

/* Several devices may use one account: each is as its own last exchange tells. */
struct account_client {
    const struct exchange *last;
    enum { CLIENT_FAILS, CLIENT_WORKS, CLIENT_OPEN } now; /* worst first; what is open tells nothing */
    guint32 frame;                                        /* latest of that exchange */
    GSequenceIter *place;
};

/* Who, how and why stand first: a terminal of 80 columns, or a window, shows no more of a line. */
enum {
    A_ACCOUNT,
    A_OUTCOME,
    A_CAUSE,
    A_ADDRESS,
    A_CLIENTS,
    A_FAILING,
    A_CHALLENGES,
    A_ACCEPTED,
    A_REJECTED,
    A_STALE,
    A_FORBIDDEN,
    A_FAILED,
    A_NO_RETRY,
    A_NO_ANSWER,
    A_FASTEST,
    A_MEAN,
    A_SLOWEST,
    A_PEER
};

static stat_tap_table_item account_columns[] = {
    [A_ACCOUNT] = LEFT("Account"),         [A_OUTCOME] = LEFT("Last outcome"),
    [A_CAUSE] = LEFT("Last cause"),        [A_ADDRESS] = LEFT("Address-of-record"),
    [A_CLIENTS] = NUMBER("Clients"),       [A_FAILING] = NUMBER("Failing"),
    [A_CHALLENGES] = NUMBER("Challenges"), [A_ACCEPTED] = NUMBER("Accepted"),
    [A_REJECTED] = NUMBER("Rejected"),     [A_STALE] = NUMBER("Stale"),
    [A_FORBIDDEN] = NUMBER("Forbidden"),   [A_FAILED] = NUMBER("Failed"),
    [A_NO_RETRY] = NUMBER("No retry"),     [A_NO_ANSWER] = NUMBER("No answer"),
    [A_FASTEST] = RIGHT("Fastest"),        [A_MEAN] = RIGHT("Mean"),
    [A_SLOWEST] = RIGHT("Slowest"),        [A_PEER] = LEFT("Peer"),
};

static const int account_window[] = {
    NOW,          A_ACCOUNT,  A_OUTCOME,  A_CAUSE,   A_ADDRESS,   A_CLIENTS, A_FAILING,
    A_CHALLENGES, A_ACCEPTED, A_REJECTED, A_STALE,   A_FORBIDDEN, A_FAILED,  A_NO_RETRY,
    A_NO_ANSWER,  A_FASTEST,  A_MEAN,     A_SLOWEST, A_PEER,
};

static guint32
account_failures(const struct account_row *row)
{
    return row->outcomes[OUTCOME_REJECTED] + row->outcomes[OUTCOME_FORBIDDEN] +
           row->outcomes[OUTCOME_FAILED] + row->outcomes[OUTCOME_INTERVAL_TOO_BRIEF] +
           row->outcomes[OUTCOME_NO_RETRY] + row->outcomes[OUTCOME_NO_ANSWER];
}

/* A challenge that nobody had to answer says nothing of the account. */
static bool
is_idle(const struct exchange *exchange)
{
    enum finding cause = audit_exchange_cause(file_tracker(), exchange);
    return cause == FINDING_OPTIONS_CHALLENGED || cause == FINDING_CANCELLED;
}

/* A call that was let in and found nobody is a success to its account. */
static enum outcome
account_outcome(const struct exchange *exchange)
{
    enum outcome outcome = exchange_outcome(file_tracker(), exchange);
    if (outcome == OUTCOME_NO_RETRY && is_idle(exchange))
        return OUTCOME_UNKNOWN;
    bool let_in = outcome == OUTCOME_FAILED &&
                  audit_lets_in(exchange->method, exchange->closed_status, exchange->retry_rang);
    return let_in ? OUTCOME_ACCEPTED : outcome;
}

static bool
has_gone_on(const struct exchange *exchange)
{
    return exchange->later_frame > exchange_closed_frame(exchange);
}

/* How things were with the account after it: by the latest credentials with its nonce. */
static enum outcome
latest_outcome(const struct exchange *exchange)
{
    return has_gone_on(exchange) ? (enum outcome)exchange->later_outcome : account_outcome(exchange);
}

/* Why a client gives up is said by what it was told before. */
static enum finding
open_cause(const struct exchange *exchange)
{
    enum finding cause = audit_exchange_cause(file_tracker(), exchange);
    enum finding before = cause == FINDING_GAVE_UP ? exchange_refused_cause(exchange) : FINDING_NONE;
    return before == FINDING_NONE ? cause : before;
}

static enum finding
latest_cause(const struct exchange *exchange)
{
    if (has_gone_on(exchange))
        return (enum finding)exchange->later_cause;
    if (account_outcome(exchange) == OUTCOME_ACCEPTED)
        return FINDING_NONE;
    return open_cause(exchange);
}

static guint32
latest_frame(const struct exchange *exchange)
{
    return MAX(MAX(exchange->later_frame, exchange_closed_frame(exchange)), exchange->challenge_frame);
}

static const struct account_client *
worst_client(const struct account_row *row)
{
    return g_sequence_get(g_sequence_get_begin_iter(row->clients));
}

static int
client_now(const struct exchange *last)
{
    switch (latest_outcome(last)) {
    case OUTCOME_ACCEPTED:
        return CLIENT_WORKS;
    case OUTCOME_STALE:
    case OUTCOME_OTHER_REALM:
    case OUTCOME_UNKNOWN:
        return CLIENT_OPEN;
    default:
        return CLIENT_FAILS;
    }
}

/* In the order of the alphabet the worst comes first. */
static const char *
account_now(const struct account_row *row)
{
    static const char *const words[] =
        {[CLIENT_FAILS] = "fails", [CLIENT_OPEN] = "open", [CLIENT_WORKS] = "works"};
    return words[worst_client(row)->now];
}

/* Who was challenged and did not answer signs as the address-of-record does otherwise. */
static const char *
account_name(const struct exchange *exchange)
{
    const char *user = exchange->account->user;
    return exchange->user_at_realm || !user ? exchange_account(exchange) : user;
}

/* The address-of-record that is registered, if its user is another one than the account's. A call may be from
 * anybody. */
static const char *
other_address(const struct exchange *exchange)
{
    const char *aor = exchange->account->name, *host = strrchr(aor, '@');
    gsize user = host ? (gsize)(host - aor) : strlen(aor);
    const char *name = account_name(exchange);
    bool same = strncmp(name, aor, user) == 0 && (name[user] == '@' || name[user] == '\0');
    return method_is(exchange->method, "REGISTER") && !same ? aor : NULL;
}

static struct cell
account_cell(const void *data, int column)
{
    const struct account_row *row = data;
    const struct exchange *last = worst_client(row)->last;
    switch (column) {
    case NOW:
        return words(account_now(row));
    case A_ACCOUNT:
        return wire_cell(account_name(last));
    case A_ADDRESS:
        return wire_cell(row->address_of_record ? row->address_of_record : "");
    case A_CLIENTS:
        return number((guint32)g_sequence_get_length(row->clients));
    case A_FAILING:
        return number(row->failing);
    case A_CHALLENGES:
        return number(row->challenges);
    case A_ACCEPTED:
        return number(row->outcomes[OUTCOME_ACCEPTED]);
    case A_REJECTED:
        return number(row->outcomes[OUTCOME_REJECTED]);
    case A_STALE:
        return number(row->outcomes[OUTCOME_STALE]);
    case A_FORBIDDEN:
        return number(row->outcomes[OUTCOME_FORBIDDEN]);
    case A_FAILED:
        return number(row->outcomes[OUTCOME_FAILED] + row->outcomes[OUTCOME_INTERVAL_TOO_BRIEF]);
    case A_NO_RETRY:
        return number(row->outcomes[OUTCOME_NO_RETRY]);
    case A_NO_ANSWER:
        return number(row->outcomes[OUTCOME_NO_ANSWER]);
    case A_FASTEST:
        return latency_cell(row->fastest);
    case A_MEAN:
        return latency_cell(row->answers ? row->sum / row->answers : 0);
    case A_SLOWEST:
        return latency_cell(row->slowest);
    case A_OUTCOME:
        return words(outcome_text(latest_outcome(last)));
    case A_CAUSE:
        return cause_cell(latest_cause(last));
    default:
        return server_cell(&last->peers->server);
    }
}

/* Once, when it is known. */
static bool
count_latency(struct account_row *row, const struct exchange *exchange)
{
    int64_t latency = exchange->closed_time - exchange->retry_time;
    if (!exchange->retry_frame || !exchange->closed_frame || latency < 0)
        return false;
    row->fastest = row->answers ? MIN(row->fastest, latency) : latency;
    row->slowest = MAX(row->slowest, latency);
    row->sum = time_sum(row->sum, latency);
    row->answers++;
    return true;
}

/* Whether `exchange` tells more of how things are than `last`: the one that ended later does, unless the
 * capture ends before it: after a refusal the last challenge is open as a rule. */
static bool
tells_more(const struct exchange *exchange, const struct exchange *last)
{
    bool open = latest_outcome(exchange) == OUTCOME_UNKNOWN;
    bool last_open = latest_outcome(last) == OUTCOME_UNKNOWN;
    guint32 frame = latest_frame(exchange), last_frame = latest_frame(last);
    if (open != last_open)
        return last_open;
    return frame == last_frame ? exchange->challenge_frame > last->challenge_frame : frame > last_frame;
}

static int
by_client_now(gconstpointer a, gconstpointer b, gpointer data _U_)
{
    const struct account_client *x = a, *y = b;
    return x->now != y->now ? (int)x->now - (int)y->now : ascending(y->frame, x->frame);
}

/* The client has its place among those of the row, which this exchange may change. */
static void
settle_client(struct account_row *row, struct account_client *client, const struct exchange *exchange)
{
    bool failed = client->place && client->now == CLIENT_FAILS;
    if (!client->place || tells_more(exchange, client->last))
        client->last = exchange;
    client->now = client_now(client->last);
    client->frame = latest_frame(client->last);
    row->failing += (client->now == CLIENT_FAILS) - failed;
    if (client->place)
        g_sequence_sort_changed(client->place, by_client_now, NULL);
    else
        client->place = g_sequence_insert_sorted(row->clients, client, by_client_now, NULL);
}

static void
account_row_free(void *data)
{
    struct account_row *row = data;
    g_sequence_free(row->clients);
    g_free(row);
}

/* What stands under this key; where nothing does, `size` octets of zeros. `key` is taken. */
static void *
find_or_make(GHashTable *table, char *key, gsize size)
{
    void *found = g_hash_table_lookup(table, key);
    if (found) {
        g_free(key);
        return found;
    }
    found = g_malloc0(size);
    g_hash_table_insert(table, key, found);
    return found;
}

/* Where an exchange was counted, and as what. */
struct counted {
    struct account_row *row;
    struct account_client *client;
    bool timed; /* its latency is counted */
    enum outcome outcome;
};

static struct counted *
find_account_row(struct listing *listing, const struct exchange *exchange)
{
    struct counted *counted = g_new0(struct counted, 1);
    const char *aor = other_address(exchange);
    struct cell peer = server_cell(&exchange->peers->server), client = address_cell(&exchange->peers->client);
    char *key = g_strdup_printf("%s\n%s\n%s", account_name(exchange), aor ? aor : "", peer.text);
    char *client_key = g_strdup_printf("%s\n%s", key, client.text);
    counted->row = find_or_make(listing->groups, key, sizeof *counted->row);
    counted->client = find_or_make(listing->clients, client_key, sizeof *counted->client);
    if (!counted->row->clients) {
        counted->row->clients = g_sequence_new(NULL);
        counted->row->first = exchange;
        counted->row->address_of_record = aor;
    }
    g_free(peer.text);
    g_free(client.text);
    return counted;
}

/* Counts an exchange; while a capture goes on its outcome may change, and is counted anew, in the same row.
 */
static void *
account_row_of(struct listing *listing, void *object)
{
    const struct exchange *exchange = object;
    struct counted *counted = g_hash_table_lookup(listing->objects, object);
    bool is_new = !counted;
    if (is_new) {
        counted = find_account_row(listing, exchange);
        g_hash_table_insert(listing->objects, object, counted);
    }
    struct account_row *row = counted->row;
    enum outcome before = counted->outcome;
    counted->outcome = account_outcome(exchange);
    row->challenges += is_new;
    row->outcomes[before]--;
    row->outcomes[counted->outcome]++;
    counted->timed = counted->timed || count_latency(row, exchange);
    if (exchange->challenge_frame < row->first->challenge_frame)
        row->first = exchange;
    settle_client(row, counted->client, exchange);
    return row;
}

/* Worst first: what fails now, and then what failed most often. */
static int
by_failures(gconstpointer a, gconstpointer b)
{
    const struct account_row *x = *(const struct account_row *const *)a;
    const struct account_row *y = *(const struct account_row *const *)b;
    int now = strcmp(account_now(x), account_now(y));
    if (now != 0)
        return now;
    if (account_failures(x) != account_failures(y))
        return ascending(account_failures(y), account_failures(x));
    return by_challenge(&x->first, &y->first);
}

/* --- registrations --------------------------------------------------------------- */

enum {
    R_ACCOUNT,
    R_STATE,
    R_CAUSE,
    R_ANSWER,
    R_FAILURES,
    R_LAPSES,
    R_LAPSED,
    R_EXPIRES,
    R_REFRESHES,
    R_GRANTED,
    R_LAST,
    R_REGISTRAR,
    R_CONTACT
};

static stat_tap_table_item registration_columns[] = {
    [R_ACCOUNT] = LEFT("Address-of-record"),
    [R_STATE] = LEFT("State"),
    [R_CAUSE] = LEFT("Cause"),
    [R_ANSWER] = RIGHT("Code"),
    [R_FAILURES] = NUMBER("Failures"),
    [R_LAPSES] = NUMBER("Lapses"),
    [R_LAPSED] = RIGHT("Lapsed for"),
    [R_EXPIRES] = RIGHT("Expires"),
    [R_REFRESHES] = NUMBER("Refreshes"),
    [R_GRANTED] = RIGHT("Granted"),
    [R_LAST] = RIGHT("Last"),
    [R_REGISTRAR] = LEFT("Registrar"),
    [R_CONTACT] = LEFT("Contact"),
};

static const int registration_window[] = {
    NOW,      R_ACCOUNT, R_STATE,     R_CAUSE,   R_ANSWER, R_FAILURES,  R_LAPSES,
    R_LAPSED, R_EXPIRES, R_REFRESHES, R_GRANTED, R_LAST,   R_REGISTRAR, R_CONTACT,
};

static struct cell
seconds_cell(bool known, guint32 seconds)
{
    return known ? (struct cell){g_strdup_printf("%u s", seconds), 0, NULL} : words("-");
}

/* Where no challenge says why: the last refusal does, or that no answer comes, or no further REGISTER. */
static enum finding
registration_silence(const struct registration *registration)
{
    enum registration_state state = registration_state(file_tracker(), registration);
    bool wanted = state != REGISTRATION_REPLACED && state != REGISTRATION_REMOVED;
    if (wanted && registration->none_why)
        return (enum finding)registration->none_why;
    bool ignored = registration->open && registration->open_repeated;
    if (wanted && (registration_is_unanswered(file_tracker(), registration) ||
                   (state == REGISTRATION_LAPSED && ignored)))
        return registration->pending                  ? FINDING_PROVISIONAL_ONLY
               : registration_may_block(registration) ? FINDING_REGISTER_BLOCKED
                                                      : FINDING_REGISTER_UNANSWERED;
    if (wanted && registration_answer_not_seen(file_tracker(), registration))
        return registration->pending ? FINDING_PROVISIONAL_ONLY : FINDING_ANSWER_NOT_SEEN;
    if (state == REGISTRATION_LAPSED && registration->last_cause == FINDING_NONE)
        return FINDING_REGISTRATION_LAPSED;
    return (enum finding)registration->last_cause;
}

/* The cause of the last refusal; of a challenge that nobody answered, or whose answer was met by silence,
 * what that says; of silence without a challenge, that; of a client that does not answer any more, that. */
static enum finding
registration_cause(const struct registration *registration)
{
    const struct tracker *tracker = file_tracker();
    const struct exchange *challenge = registration_challenge(tracker, registration);
    bool registered = registration_state(tracker, registration) == REGISTRATION_REGISTERED;
    if (registered && registration_unheard(tracker, registration))
        return FINDING_CLIENT_UNHEARD;
    if (registered && registration->unreached)
        return FINDING_CONTACT_MISPLACED;
    enum finding cause = challenge ? open_cause(challenge) : FINDING_NONE;
    if (cause != FINDING_NONE)
        return cause;
    return registration_silence(registration);
}

/* Registered, and yet one of the two does not hear the other. */
static bool
is_cut_off(const struct registration *registration)
{
    const uint16_t cause = registration->last_cause;
    return cause == FINDING_ANSWER_LOST || cause == FINDING_ANSWER_LATE || registration->unreached ||
           registration_unheard(file_tracker(), registration);
}

/* Worst first: those without service now, which they had or never had, then those that were without it for
 * the longest time. */
static int
service_rank(const struct registration *registration)
{
    static const int rank[] = {
        [REGISTRATION_LAPSED] = 0,     [REGISTRATION_REFUSED] = 1, [REGISTRATION_UNANSWERED] = 2,
        [REGISTRATION_CHALLENGED] = 3, [REGISTRATION_UNKNOWN] = 4, [REGISTRATION_REGISTERED] = 5,
        [REGISTRATION_REPLACED] = 6,   [REGISTRATION_REMOVED] = 7,
    };
    enum registration_state state = registration_state(file_tracker(), registration);
    bool cut_off = state == REGISTRATION_REGISTERED && is_cut_off(registration);
    return 2 * rank[state] - (cut_off ? 1 : 0);
}

static int64_t
lapsed_in_all(const struct registration *registration)
{
    return registration->lapsed + registration_lapsed_for(file_tracker(), registration);
}

/* In the order of the alphabet the worst comes first. */
static const char *
registration_now(const struct registration *registration)
{
    switch (registration_state(file_tracker(), registration)) {
    case REGISTRATION_REGISTERED:
        return "up";
    case REGISTRATION_REPLACED:
    case REGISTRATION_REMOVED:
        return "withdrawn";
    case REGISTRATION_UNKNOWN:
        return "unknown";
    default:
        return "down";
    }
}

static struct cell
registration_cell(const void *row, int column)
{
    const struct registration *registration = row;
    int64_t going_on = registration_lapsed_for(file_tracker(), registration);
    switch (column) {
    case NOW:
        return words(registration_now(registration));
    case R_ACCOUNT:
        return wire_cell(registration->account->name);
    case R_REGISTRAR:
        return server_cell(&registration->registrar);
    case R_STATE:
        return words(registration_state_text(registration_state(file_tracker(), registration)));
    case R_EXPIRES:
        return seconds_cell(registration->granted_frame && registration->granted, registration->granted);
    case R_GRANTED:
        return frame_cell(registration->granted_frame);
    case R_REFRESHES:
        return number(registration->refreshes);
    case R_FAILURES:
        return number(registration_failures(file_tracker(), registration));
    case R_LAPSES:
        return number(registration->lapses + (going_on ? 1 : 0));
    case R_LAPSED:
        return time_cell(registration->lapsed + going_on, 1000000000, "s");
    case R_LAST:
        return frame_cell(registration->last_frame);
    case R_ANSWER:
        return frame_cell(registration->last_status);
    case R_CAUSE:
        return cause_cell(registration_cause(registration));
    default:
        return wire_cell(registration->contact->uri);
    }
}

static void
each_registration(const struct record *record, visitor *visit, struct listing *listing)
{
    const struct record_detail *detail = record->detail;
    for (struct registration_step *step = detail ? detail->registrations : NULL; step; step = step->next)
        visit(step->registration, listing);
}

static struct weight
weigh_service(const void *row)
{
    const struct registration *registration = row;
    return (struct weight){service_rank(registration), -lapsed_in_all(registration),
                           -(gint64)registration_failures(file_tracker(), registration)};
}

static int
by_first_register(gconstpointer a, gconstpointer b)
{
    const struct registration *x = *(const struct registration *const *)a;
    const struct registration *y = *(const struct registration *const *)b;
    if (x->first_frame != y->first_frame)
        return ascending(x->first_frame, y->first_frame);
    return strcmp(x->contact->uri, y->contact->uri); /* of one REGISTER */
}

/* --- the tables ------------------------------------------------------------------- */

static const struct table tables[] = {
    {"siptrail,accounts", "SIP Trail: accounts", KEEPS_EXCHANGES, account_columns,
     G_N_ELEMENTS(account_columns), each_exchange, account_row_of, NULL, by_failures, account_cell,
     account_window, G_N_ELEMENTS(account_window)},
    {"siptrail,exchanges", "SIP Trail: authentication exchanges", KEEPS_EXCHANGES, exchange_columns,
     G_N_ELEMENTS(exchange_columns), each_exchange, object_itself, NULL, by_challenge, exchange_cell,
     exchange_window, G_N_ELEMENTS(exchange_window)},
    {"siptrail,registrations", "SIP Trail: registrations", KEEPS_REGISTRATIONS, registration_columns,
     G_N_ELEMENTS(registration_columns), each_registration, object_itself, weigh_service, by_first_register,
     registration_cell, registration_window, G_N_ELEMENTS(registration_window)},
};

static struct listing *
listing_new(const struct table *table)
{
    struct listing *listing = g_new0(struct listing, 1);
    listing->table = table;
    listing->objects = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    listing->rows = g_hash_table_new(NULL, NULL);
    listing->groups = g_hash_table_new_full(wmem_str_hash, g_str_equal, g_free, account_row_free);
    listing->clients = g_hash_table_new_full(wmem_str_hash, g_str_equal, g_free, g_free);
    return listing;
}

static void
listing_reset(void *data)
{
    struct listing *listing = data;
    g_hash_table_remove_all(listing->objects);
    g_hash_table_remove_all(listing->rows);
    g_hash_table_remove_all(listing->groups);
    g_hash_table_remove_all(listing->clients);
}

static void
listing_free(void *data)
{
    struct listing *listing = data;
    listings = g_slist_remove(listings, listing);
    g_hash_table_destroy(listing->objects);
    g_hash_table_destroy(listing->rows);
    g_hash_table_destroy(listing->groups);
    g_hash_table_destroy(listing->clients);
    g_free(listing);
}

/* --- command line --------------------------------------------------------------- */

static void
remember(void *object, struct listing *listing)
{
    if (!g_hash_table_contains(listing->objects, object))
        g_hash_table_insert(listing->objects, object, NULL);
}

static tap_packet_status
listing_packet(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *record,
               tap_flags_t flags _U_)
{
    struct listing *listing = data;
    listing->table->each((const struct record *)record, remember, listing);
    listing->printed = false;
    return TAP_PACKET_REDRAW;
}

static void
print_cell(const char *text, glong width, bool right, bool last)
{
    int padding = (int)(width - g_utf8_strlen(text, -1));
    if (right)
        printf("%*s%s", padding, "", text);
    else if (last)
        printf("%s", text);
    else
        printf("%s%*s", text, padding, "");
    printf(last ? "\n" : "  ");
}

/* A row, and what it stands by. */
struct weighed {
    struct weight weight;
    gpointer row;
};

static struct weighed
weighed(const struct table *table, gpointer row)
{
    return (struct weighed){table->weigh ? table->weigh(row) : (struct weight){0, 0, 0}, row};
}

static int
by_weight(gconstpointer a, gconstpointer b, gpointer table)
{
    const struct weighed *x = a, *y = b;
    if (x->weight.first != y->weight.first)
        return x->weight.first < y->weight.first ? -1 : 1;
    if (x->weight.second != y->weight.second)
        return x->weight.second < y->weight.second ? -1 : 1;
    if (x->weight.third != y->weight.third)
        return x->weight.third < y->weight.third ? -1 : 1;
    return ((const struct table *)table)->compare(&x->row, &y->row);
}

/* Of two rows. */
static int
by_place(const struct table *table, gpointer a, gpointer b)
{
    const struct weighed x = weighed(table, a), y = weighed(table, b);
    return by_weight(&x, &y, (gpointer)(uintptr_t)table);
}

static GPtrArray *
sorted_rows(struct listing *listing)
{
    GHashTable *rows = g_hash_table_new(NULL, NULL);
    GList *objects = g_hash_table_get_keys(listing->objects);
    for (GList *i = objects; i; i = i->next)
        g_hash_table_add(rows, listing->table->row_of(listing, i->data));
    GArray *all = g_array_sized_new(FALSE, FALSE, sizeof(struct weighed), g_hash_table_size(rows));
    GPtrArray *sorted = g_ptr_array_sized_new(g_hash_table_size(rows));
    GHashTableIter i;
    gpointer row;
    g_hash_table_iter_init(&i, rows);
    while (g_hash_table_iter_next(&i, &row, NULL)) {
        struct weighed one = weighed(listing->table, row);
        g_array_append_val(all, one);
    }
    g_array_sort_with_data(all, by_weight, (gpointer)(uintptr_t)listing->table);
    for (guint n = 0; n < all->len; n++)
        g_ptr_array_add(sorted, g_array_index(all, struct weighed, n).row);
    g_array_unref(all);
    g_list_free(objects);
    g_hash_table_destroy(rows);
    return sorted;
}

static char *
cell_text(struct cell cell)
{
    g_free(cell.sortable);
    return cell.text ? cell.text : g_strdup_printf("%u", cell.number);
}

/* In characters: of the heading or the longest text. */
static glong
column_width(const struct table *table, int column, const GPtrArray *rows)
{
    glong width = g_utf8_strlen(table->columns[column].column_name, -1);
    for (guint row = 0; row < rows->len; row++) {
        char *text = cell_text(table->cell(rows->pdata[row], column));
        width = MAX(width, g_utf8_strlen(text, -1));
        g_free(text);
    }
    return width;
}

static void
print_row(const struct table *table, const glong *width, const void *row)
{
    for (int column = 0; column < table->count; column++) {
        const stat_tap_table_item *item = &table->columns[column];
        char *text = row ? cell_text(table->cell(row, column)) : g_strdup(item->column_name);
        print_cell(text, width[column], item->align == TAP_ALIGN_RIGHT, column == table->count - 1);
        g_free(text);
    }
}

/* The texts are made twice, to measure and to print: those of a million rows would take half a gigabyte. */
static void
listing_draw(void *data)
{
    struct listing *listing = data;
    const struct table *table = listing->table;
    GPtrArray *rows = sorted_rows(listing);
    glong width[COLUMNS_MAX] = {0};
    for (int column = 0; column < table->count - 1; column++) /* the last one is not filled up */
        width[column] = column_width(table, column, rows);
    print_row(table, width, NULL);
    for (guint row = 0; row < rows->len; row++)
        print_row(table, width, rows->pdata[row]);
    g_ptr_array_unref(rows);
    listing->printed = true;
}

/* tshark begins a new session for each file of a ring buffer, and by -M, and prints its tables only once, at
 * its end: what they are made of is gone by then. */
void
statistics_session_ends(void)
{
    for (GSList *i = listings; i; i = i->next) {
        struct listing *listing = i->data;
        if (!listing->printed && g_hash_table_size(listing->objects) > 0)
            listing_draw(listing);
        listing_reset(listing);
    }
}

enum tracker_keeps
statistics_keep(void)
{
    return listings_keep;
}

static void
refuse(const char *table, const char *why)
{
    fprintf(stderr, "siptrail: -z %s: %s\n", table, why);
    exit(1);
}

/* `-z siptrail,exchanges[,filter]` */
static stat_init_result
listing_begin(const char *argument, void *data)
{
    const struct table *table = data;
    const char *behind = argument + strlen(table->command);
    if (*behind != ',' && *behind != '\0')
        refuse(argument, "a filter follows behind a comma: -z TABLE,FILTER");
    struct listing *listing = listing_new(table);
    listings_keep = MAX(listings_keep, table->keeps);
    listings = g_slist_prepend(listings, listing);
    GString *error =
        register_tap_listener(SIPTRAIL_TAP, listing, *behind ? behind + 1 : NULL, TL_REQUIRES_NOTHING,
                              listing_reset, listing_packet, listing_draw, listing_free);
    if (error)
        refuse(table->command, error->str);
    return STAT_INIT_DONE;
}

/* --- window --------------------------------------------------------------------- */

/* What one window after the other shows of a table. */
struct window {
    struct listing *listing;
    GPtrArray *order; /* the rows as they stand */
    stat_tap_table_item headings[COLUMNS_MAX];
    int widths[COLUMNS_MAX]; /* of the longest text of each column, in octets */
    stat_tap_table_ui retired;
};

static struct window windows[G_N_ELEMENTS(tables)];

static struct window *
window_of(const char *title)
{
    gsize i = 0;
    while (i + 1 < G_N_ELEMENTS(tables) && strcmp(tables[i].title, title) != 0)
        i++;
    if (!windows[i].listing) {
        windows[i].listing = listing_new(&tables[i]);
        windows[i].order = g_ptr_array_new();
    }
    return &windows[i];
}

static void
window_free_item(stat_tap_table *table _U_, guint row _U_, guint column _U_, stat_tap_table_item_type *item)
{
    if (item->type != TABLE_ITEM_STRING)
        return;
    g_free((char *)(uintptr_t)item->value.string_value);
    item->value.string_value = NULL;
}

/* Each run fills rows of its own. Those of the last run are still shown, by this window until the run begins,
 * and by another one for longer: they stay until there is no other. */
static void
window_init(stat_tap_table_ui *ui)
{
    struct window *window = window_of(ui->title);
    stat_tap_table *shown = stat_tap_find_table(ui, ui->title);
    listing_reset(window->listing);
    g_ptr_array_set_size(window->order, 0);
    memset(window->widths, 0, sizeof window->widths);
    window->retired.stat_tap_free_table_item_cb = window_free_item;
    if (ui->refcount <= 1 && window->retired.tables)
        free_stat_tables(&window->retired);
    if (shown) {
        stat_tap_add_table(&window->retired, shown);
        g_array_set_size(ui->tables, 0);
    }
    stat_tap_add_table(ui, stat_tap_init_table(ui->title, (int)ui->nfields, 0, NULL));
}

static stat_tap_table_item_type
window_item(struct cell cell)
{
    stat_tap_table_item_type item = {0};
    item.type = cell.text ? TABLE_ITEM_STRING : TABLE_ITEM_UINT;
    if (!cell.text)
        item.value.uint_value = cell.number;
    else if (!cell.sortable)
        item.value.string_value = cell.text;
    else {
        item.value.string_value = cell.sortable;
        g_free(cell.text);
    }
    return item;
}

/* A window sorts texts by their octets: numbers that are text, for there may be none, are made equally long.
 * A column grows no more often than a number has digits. */
static void
window_align(struct window *window, stat_tap_table *rows, guint index, guint column)
{
    stat_tap_table_item_type *item = stat_tap_get_field_data(rows, index, column);
    int length = (int)strlen(item->value.string_value);
    bool grows = length > window->widths[column];
    if (grows)
        window->widths[column] = length;
    for (guint i = grows ? 0 : index; i < (grows ? rows->num_elements : index + 1); i++) {
        item = stat_tap_get_field_data(rows, i, column);
        char *text = g_strdup_printf("%*s", window->widths[column], item->value.string_value);
        window_free_item(rows, i, column, item);
        item->value.string_value = text;
    }
}

static void
window_fill(struct window *window, stat_tap_table *rows, guint index, const void *row)
{
    const struct table *table = window->listing->table;
    stat_tap_table_item_type items[COLUMNS_MAX] = {{0}};
    bool is_new = index == rows->num_elements;
    for (int i = 0; i < table->window_count; i++) {
        items[i] = window_item(table->cell(row, table->window[i]));
        if (!is_new)
            window_free_item(rows, index, (guint)i, stat_tap_get_field_data(rows, index, (guint)i));
    }
    stat_tap_init_table_row(rows, index, (guint)table->window_count, items);
    for (int i = 0; i < table->window_count; i++) {
        if (items[i].type == TABLE_ITEM_STRING && window->headings[i].align == TAP_ALIGN_RIGHT)
            window_align(window, rows, index, (guint)i);
    }
}

/* More rows than these stand as they came: each goes up past all that are better. */
enum { ROWS_SORTED_MAX = 8192 };

/* What stands in two rows; the window keeps the rows themselves. */
static void
window_swap(struct window *window, stat_tap_table *rows, guint a, guint b)
{
    stat_tap_table_item_type kept[COLUMNS_MAX];
    gsize octets = rows->num_fields * sizeof *kept;
    gpointer row = window->order->pdata[a];
    memcpy(kept, rows->elements[a], octets);
    memcpy(rows->elements[a], rows->elements[b], octets);
    memcpy(rows->elements[b], kept, octets);
    window->order->pdata[a] = window->order->pdata[b];
    window->order->pdata[b] = row;
    g_hash_table_insert(window->listing->rows, window->order->pdata[a], GUINT_TO_POINTER(a + 1));
    g_hash_table_insert(window->listing->rows, row, GUINT_TO_POINTER(b + 1));
}

/* The window sorts by its first column, and leaves rows that have the same there in the order in which they
 * stand. */
static void
window_settle(struct window *window, stat_tap_table *rows, guint index)
{
    gpointer *order = window->order->pdata;
    guint count = MIN(window->order->len, ROWS_SORTED_MAX);
    if (index >= count)
        return;
    const struct table *table = window->listing->table;
    for (; index > 0 && by_place(table, order[index], order[index - 1]) < 0; index--)
        window_swap(window, rows, index, index - 1);
    for (; index + 1 < count && by_place(table, order[index], order[index + 1]) > 0; index++)
        window_swap(window, rows, index, index + 1);
}

static struct window *filled_window;
static stat_tap_table *filled_rows;

static void
window_add(void *object, struct listing *listing)
{
    remember(object, listing);
    void *row = listing->table->row_of(listing, object);
    guint index = GPOINTER_TO_UINT(g_hash_table_lookup(listing->rows, row));
    if (index == 0) {
        index = filled_rows->num_elements + 1;
        g_hash_table_insert(listing->rows, row, GUINT_TO_POINTER(index));
        g_ptr_array_add(filled_window->order, row);
    }
    window_fill(filled_window, filled_rows, index - 1, row);
    window_settle(filled_window, filled_rows, index - 1);
}

static tap_packet_status
window_packet(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *record,
              tap_flags_t flags _U_)
{
    stat_data_t *ui = (stat_data_t *)data;
    filled_window = window_of(ui->stat_tap_data->title);
    filled_rows = stat_tap_find_table(ui->stat_tap_data, ui->stat_tap_data->title);
    filled_window->listing->table->each((const struct record *)record, window_add, filled_window->listing);
    return TAP_PACKET_REDRAW;
}

/* The arrow at the first heading takes room from it when the columns have their widths already: a heading
 * that ended there would lose its first letters, so it begins there. */
static stat_tap_table_item *
window_headings(gsize index)
{
    const struct table *table = &tables[index];
    stat_tap_table_item *headings = windows[index].headings;
    for (int i = 0; i < table->window_count; i++)
        headings[i] = table->window[i] == NOW ? now_column : table->columns[table->window[i]];
    headings->align = TAP_ALIGN_LEFT;
    return headings;
}

/* Wireshark draws what it listens to again and again, and ends with what a table refuses. */
static bool
has_windows(void)
{
    const char *program = g_get_prgname();
    return program && g_ascii_strcasecmp(program, "wireshark") == 0;
}

void
statistics_register(const struct tracker *(*tracker)(void))
{
    static tap_param parameters[] = {{PARAM_FILTER, "filter", "Filter", NULL, TRUE}};
    static stat_tap_table_ui table_windows[G_N_ELEMENTS(tables)];
    static stat_tap_ui commands[G_N_ELEMENTS(tables)];
    file_tracker = tracker;
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        const struct table *table = &tables[i];
        table_windows[i] = (stat_tap_table_ui){
            .group = STAT_GROUP_TELEPHONY,
            .title = table->title,
            .tap_name = SIPTRAIL_TAP,
            .cli_string = table->command,
            .stat_tap_init_cb = window_init,
            .packet_func = window_packet,
            .stat_tap_free_table_item_cb = window_free_item,
            .nfields = (gsize)table->window_count,
            .fields = window_headings(i),
            .nparams = 1,
            .params = parameters,
        };
        commands[i] = (stat_tap_ui){
            .title = table->title,
            .cli_string = table->command,
            .tap_init_cb = listing_begin,
            .nparams = 1,
            .params = parameters,
        };
        /* The first to take a name on the command line keeps it: where there is no window, we print a table
         * that reads and parses well. */
        if (!has_windows())
            register_stat_tap_ui(&commands[i], (void *)(uintptr_t)table);
        register_stat_tap_table_ui(&table_windows[i]);
    }
}
