/* window.c
 * A plugin that does with a table what Wireshark's window does (ui/qt/simple_statistics_dialog.cpp), and
 * prints it: `tshark -2 -z window,siptrail,registrations[,filter]`.
 *
 * One line for each row, cells apart by tabs, a number after a `#`, in the order in which the window opens:
 * by the first column. Headings are the first line. The last line tells how many rows there are when a second
 * run begins.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "compat.h"

#include <stdio.h>

#include <epan/proto.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>

WS_DLL_PUBLIC_DEF const gchar plugin_version[] = "0";
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);

static const char *const tables[] = {"siptrail,accounts", "siptrail,exchanges", "siptrail,registrations"};
static char *commands[G_N_ELEMENTS(tables)];

/* A window sorts texts by their octets, and takes the other cell for what the first one is. */
static int
by_first_column(gconstpointer a, gconstpointer b)
{
    const stat_tap_table_item_type *x = a, *y = b;
    if (x->type == TABLE_ITEM_STRING)
        return g_strcmp0(x->value.string_value, y->value.string_value);
    return (x->value.uint_value > y->value.uint_value) - (x->value.uint_value < y->value.uint_value);
}

static void
print_row(const stat_tap_table_item_type *cells, guint count)
{
    for (guint i = 0; i < count; i++) {
        if (cells[i].type == TABLE_ITEM_STRING)
            printf("%s", cells[i].value.string_value);
        else
            printf("#%u", cells[i].value.uint_value);
        printf(i + 1 < count ? "\t" : "\n");
    }
}

static void
draw(void *data)
{
    stat_tap_table_ui *ui = ((stat_data_t *)data)->stat_tap_data;
    stat_tap_table *rows = stat_tap_find_table(ui, ui->title);
    GList *sorted = NULL;
    for (size_t i = 0; i < ui->nfields; i++)
        printf("%s%s", ui->fields[i].column_name, i + 1 < ui->nfields ? "\t" : "\n");
    /* The old rows are shown until the second run has rows of its own. */
    ui->stat_tap_init_cb(ui);
    for (guint i = rows->num_elements; i > 0; i--)
        sorted = g_list_prepend(sorted, rows->elements[i - 1]);
    sorted = g_list_sort(sorted, by_first_column);
    for (const GList *row = sorted; row; row = row->next)
        print_row(row->data, rows->num_fields);
    g_list_free(sorted);
    printf("%u\n", stat_tap_find_table(ui, ui->title)->num_elements);
}

static stat_init_result
window_begin(const char *argument, void *data)
{
    stat_tap_table_ui *ui = stat_tap_by_name((const char *)data);
    const char *filter = argument + strlen("window,") + strlen((const char *)data);
    stat_data_t *window = g_new0(stat_data_t, 1);
    window->stat_tap_data = ui;
    ui->refcount++;
    ui->stat_tap_init_cb(ui);
    GString *error = register_tap_listener(ui->tap_name, window, *filter == ',' ? filter + 1 : NULL, 0, NULL,
                                           ui->packet_func, draw, NULL);
    if (!error)
        return STAT_INIT_DONE;
    fprintf(stderr, "window: %s\n", error->str);
    exit(1);
}

static void
register_nothing(void)
{
}

static void
register_commands(void)
{
    static stat_tap_ui entries[G_N_ELEMENTS(tables)];
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        commands[i] = g_strconcat("window,", tables[i], NULL);
        entries[i].title = commands[i];
        entries[i].cli_string = commands[i];
        entries[i].tap_init_cb = window_begin;
        register_stat_tap_ui(&entries[i], (void *)(uintptr_t)tables[i]);
    }
}

void
plugin_register(void)
{
    static proto_plugin plugin;
    plugin.register_protoinfo = register_nothing;
    plugin.register_handoff = register_commands;
    proto_register_plugin(&plugin);
}
