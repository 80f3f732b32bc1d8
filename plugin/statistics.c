/* statistics.c
 * Tables for `tshark -z` and Wireshark's Telephony menu.
 *
 * A table is a list of columns, and a function that makes the text of each cell. The command line and the
 * window are filled from the same rows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "compat.h"

#include <stdio.h>

#include <epan/address.h>
#include <epan/charsets.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>
#include <epan/to_str.h>

#include "core/audit.h"
#include "statistics.h"

static const struct tracker *(*file_tracker)(void);

/* --- rows ----------------------------------------------------------------------- */

enum column { CHALLENGE, RETRY, CLOSED, ACCOUNT, PEER, DIGEST, OUTCOME, CAUSE, COLUMNS };

static stat_tap_table_item columns[COLUMNS] = {
    [CHALLENGE] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Challenge", "%u"},
    [RETRY] = {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Retry", "%s"},
    [CLOSED] = {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Closed", "%s"},
    [ACCOUNT] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Account", "%s"},
    [PEER] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Peer", "%s"},
    [DIGEST] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Digest", "%s"},
    [OUTCOME] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Outcome", "%s"},
    [CAUSE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Cause", "%s"},
};

static char *
frame_text(guint32 frame)
{
    return frame ? g_strdup_printf("%u", frame) : g_strdup("-");
}

/* What stands in a cell is one line of valid UTF-8, whatever the wire says. */
static char *
wire_text(const char *text)
{
    guint8 *valid = get_utf_8_string(NULL, (const guint8 *)text, (int)strlen(text));
    for (guint8 *p = valid; *p; p++) {
        if (*p < ' ' || *p == 0x7f)
            *p = '?';
    }
    char *copy = g_strdup(*valid ? (const char *)valid : "-");
    wmem_free(NULL, valid);
    return copy;
}

static char *
peer_text(const struct endpoint *endpoint)
{
    address peer;
    set_address(&peer, endpoint->type, endpoint->len, endpoint->address);
    char *text = address_to_str(NULL, &peer);
    char *copy = g_strdup(text && *text ? text : "-");
    wmem_free(NULL, text);
    return copy;
}

/* One cell; free with g_free. */
static char *
cell_text(const struct exchange *exchange, enum column column)
{
    enum digest_status digest = exchange_digest(exchange);
    enum finding cause = audit_exchange_cause(file_tracker(), exchange);
    switch (column) {
    case CHALLENGE:
        return frame_text(exchange->challenge_frame);
    case RETRY:
        return frame_text(exchange->retry_frame);
    case CLOSED:
        return frame_text(exchange_closed_frame(exchange));
    case ACCOUNT:
        return wire_text(exchange_account(exchange));
    case PEER:
        return peer_text(&exchange->server);
    case DIGEST:
        return g_strdup(digest == DIGEST_NONE ? "-" : digest_status_text(digest));
    case OUTCOME:
        return g_strdup(outcome_text(exchange_outcome(file_tracker(), exchange)));
    default:
        return g_strdup(cause == FINDING_NONE ? "-" : finding_rule(cause)->name);
    }
}

/* The exchanges that a message takes part in: a row is shown when a filter lets any of its messages through.
 */
static void
each_exchange(const struct record *record, void (*visit)(struct exchange *, void *), void *data)
{
    if (record->exchange)
        visit(record->exchange, data);
    if (!record->detail)
        return;
    if (record->detail->opens && record->detail->opens != record->exchange)
        visit(record->detail->opens, data);
    for (const struct closing *closing = record->detail->closings; closing; closing = closing->next) {
        if (closing->use->exchange && closing->use->is_retry)
            visit(closing->use->exchange, data);
    }
}

static gint
by_challenge(gconstpointer a, gconstpointer b)
{
    const struct exchange *x = *(const struct exchange *const *)a, *y = *(const struct exchange *const *)b;
    return (x->challenge_frame > y->challenge_frame) - (x->challenge_frame < y->challenge_frame);
}

/* --- command line --------------------------------------------------------------- */

static bool listing_wanted;

struct listing {
    GHashTable *seen; /* exchanges to show */
};

static void
listing_add(struct exchange *exchange, void *data)
{
    g_hash_table_add(((struct listing *)data)->seen, exchange);
}

static tap_packet_status
listing_packet(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *record,
               tap_flags_t flags _U_)
{
    each_exchange((const struct record *)record, listing_add, data);
    return TAP_PACKET_REDRAW;
}

static void
listing_reset(void *data)
{
    g_hash_table_remove_all(((struct listing *)data)->seen);
}

static void
listing_finish(void *data)
{
    g_hash_table_destroy(((struct listing *)data)->seen);
    g_free(data);
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

static void
print_rows(char *(*rows)[COLUMNS], guint count)
{
    glong width[COLUMNS] = {0};
    for (guint i = 0; i < count; i++) {
        for (int column = 0; column < COLUMNS; column++)
            width[column] = MAX(width[column], g_utf8_strlen(rows[i][column], -1));
    }
    for (guint i = 0; i < count; i++) {
        for (int column = 0; column < COLUMNS; column++)
            print_cell(rows[i][column], width[column], columns[column].align == TAP_ALIGN_RIGHT,
                       column == COLUMNS - 1);
    }
}

static void
listing_draw(void *data)
{
    GHashTable *seen = ((struct listing *)data)->seen;
    guint count = g_hash_table_size(seen), row = 1;
    GPtrArray *sorted = g_ptr_array_sized_new(count);
    GHashTableIter i;
    gpointer exchange;
    g_hash_table_iter_init(&i, seen);
    while (g_hash_table_iter_next(&i, &exchange, NULL))
        g_ptr_array_add(sorted, exchange);
    g_ptr_array_sort(sorted, by_challenge);
    char *(*rows)[COLUMNS] = g_malloc_n(count + 1, sizeof *rows);
    for (int column = 0; column < COLUMNS; column++)
        rows[0][column] = g_strdup(columns[column].column_name);
    for (; row <= count; row++) {
        for (int column = 0; column < COLUMNS; column++)
            rows[row][column] = cell_text(sorted->pdata[row - 1], (enum column)column);
    }
    print_rows(rows, row);
    while (row-- > 0) {
        for (int column = 0; column < COLUMNS; column++)
            g_free(rows[row][column]);
    }
    g_free(rows);
    g_ptr_array_free(sorted, TRUE);
}

bool
statistics_wanted(void)
{
    return listing_wanted;
}

/* `-z siptrail,exchanges[,filter]` */
static stat_init_result
listing_begin(const char *argument, void *name)
{
    const char *filter = argument + strlen(name);
    struct listing *listing = g_new0(struct listing, 1);
    listing->seen = g_hash_table_new(NULL, NULL);
    listing_wanted = true;
    GString *error =
        register_tap_listener(SIPTRAIL_TAP, listing, *filter == ',' ? filter + 1 : NULL, TL_REQUIRES_NOTHING,
                              listing_reset, listing_packet, listing_draw, listing_finish);
    if (!error)
        return STAT_INIT_DONE;
    fprintf(stderr, "siptrail: -z %s: %s\n", (const char *)name, error->str);
    g_string_free(error, TRUE);
    exit(1);
}

/* --- window --------------------------------------------------------------------- */

static GHashTable *window_rows; /* exchange to row number + 1 */

static void
window_init(stat_tap_table_ui *ui)
{
    stat_tap_table *table = stat_tap_find_table(ui, ui->title);
    if (!window_rows)
        window_rows = g_hash_table_new(NULL, NULL);
    g_hash_table_remove_all(window_rows);
    if (!table)
        stat_tap_add_table(ui, stat_tap_init_table(ui->title, COLUMNS, 0, NULL));
}

/* The first column is a number, so that the window sorts it as one. */
static stat_tap_table_item_type
window_item(const struct exchange *exchange, enum column column)
{
    stat_tap_table_item_type item = {0};
    item.type = column == CHALLENGE ? TABLE_ITEM_UINT : TABLE_ITEM_STRING;
    if (column == CHALLENGE)
        item.value.uint_value = exchange->challenge_frame;
    else
        item.value.string_value = cell_text(exchange, column);
    return item;
}

static void
window_free_item(stat_tap_table *table _U_, guint row _U_, guint column _U_, stat_tap_table_item_type *item)
{
    if (item->type != TABLE_ITEM_STRING)
        return;
    g_free((char *)(uintptr_t)item->value.string_value);
    item->value.string_value = NULL;
}

static void
window_fill(stat_tap_table *table, guint row, const struct exchange *exchange, bool is_new)
{
    stat_tap_table_item_type items[COLUMNS] = {{0}};
    for (int column = 0; column < COLUMNS; column++) {
        items[column] = window_item(exchange, (enum column)column);
        if (is_new)
            continue;
        window_free_item(table, row, column, stat_tap_get_field_data(table, row, column));
        stat_tap_set_field_data(table, row, column, &items[column]);
    }
    if (is_new)
        stat_tap_init_table_row(table, row, COLUMNS, items);
}

static void
window_add(struct exchange *exchange, void *data)
{
    stat_tap_table *table = (stat_tap_table *)data;
    guint row = GPOINTER_TO_UINT(g_hash_table_lookup(window_rows, exchange));
    bool is_new = row == 0;
    if (is_new) {
        row = table->num_elements + 1;
        g_hash_table_insert(window_rows, exchange, GUINT_TO_POINTER(row));
    }
    window_fill(table, row - 1, exchange, is_new);
}

static tap_packet_status
window_packet(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *record,
              tap_flags_t flags _U_)
{
    stat_data_t *ui = (stat_data_t *)data;
    stat_tap_table *table = stat_tap_find_table(ui->stat_tap_data, ui->stat_tap_data->title);
    each_exchange((const struct record *)record, window_add, table);
    return TAP_PACKET_REDRAW;
}

void
statistics_register(const struct tracker *(*tracker)(void))
{
    static tap_param parameters[] = {{PARAM_FILTER, "filter", "Filter", NULL, TRUE}};
    static stat_tap_table_ui window = {
        .group = STAT_GROUP_TELEPHONY,
        .title = "SIP Trail: authentication exchanges",
        .tap_name = SIPTRAIL_TAP,
        .cli_string = "siptrail,exchanges",
        .stat_tap_init_cb = window_init,
        .packet_func = window_packet,
        .stat_tap_free_table_item_cb = window_free_item,
        .nfields = COLUMNS,
        .fields = columns,
        .nparams = 1,
        .params = parameters,
    };
    static stat_tap_ui command_line = {
        .title = "SIP Trail: authentication exchanges",
        .cli_string = "siptrail,exchanges",
        .tap_init_cb = listing_begin,
        .nparams = 1,
        .params = parameters,
    };
    file_tracker = tracker;
    /* The first to take a name on the command line keeps it: there we print a table that reads and parses
     * well. */
    register_stat_tap_ui(&command_line, (void *)(uintptr_t)command_line.cli_string);
    register_stat_tap_table_ui(&window);
}
