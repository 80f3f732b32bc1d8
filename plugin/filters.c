/* filters.c
 * Conversation filters: what a right-click on a packet offers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "compat.h"

#include <epan/proto_data.h>

#include "filters.h"
#include "tree.h"

static int proto_siptrail = -1;

static const struct record *
records_of(packet_info *pinfo)
{
    return (const struct record *)p_get_proto_data(wmem_file_scope(), pinfo, proto_siptrail, 0);
}

/* Appends `field == "text"`, unless it stands there already. What comes from the wire must not end the
 * string. */
static void
append_term(GString *filter, const char *field, const char *text)
{
    GString *term = g_string_new(NULL);
    g_string_append_printf(term, "%s == \"", field);
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_printf(term, "\\%c", *p);
        else if ((guchar)*p < ' ' || *p == 0x7f)
            g_string_append_printf(term, "\\x%02x", (guchar)*p);
        else
            g_string_append_c(term, *p);
    }
    g_string_append_c(term, '"');
    if (!strstr(filter->str, term->str))
        g_string_append_printf(filter, "%s%s", filter->len ? " || " : "", term->str);
    g_string_free(term, TRUE);
}

static char *
filter_text(GString *filter)
{
    return g_string_free(filter, filter->len == 0);
}

/* --- this exchange ---------------------------------------------------------------- */

static void
add_frame(GArray *frames, guint32 frame)
{
    guint at = 0;
    while (at < frames->len && g_array_index(frames, guint32, at) < frame)
        at++;
    if (frame && (at == frames->len || g_array_index(frames, guint32, at) != frame))
        g_array_insert_val(frames, at, frame);
}

static void
add_exchange(GArray *frames, const struct exchange *exchange)
{
    if (!exchange)
        return;
    add_frame(frames, exchange->request_frame);
    add_frame(frames, exchange->challenge_frame);
    add_frame(frames, exchange->retry_frame);
    add_frame(frames, exchange_closed_frame(exchange));
}

/* The transaction, and what it is a part of. A challenge that refuses credentials ends one exchange and
 * begins another: both are meant. */
static void
add_record(GArray *frames, const struct record *record)
{
    const struct record_detail *detail = record->detail;
    add_frame(frames, record->frame);
    add_frame(frames, record->request ? record->request->frame : record->response_frame);
    add_exchange(frames, record->exchange);
    if (!detail)
        return;
    add_exchange(frames, detail->opens);
    for (const struct use *use = detail->uses; use; use = use->next)
        add_exchange(frames, use->exchange);
    for (const struct closing *closing = detail->closings; closing; closing = closing->next)
        add_exchange(frames, closing->use->exchange);
}

static char *
this_exchange(packet_info *pinfo)
{
    GArray *frames = g_array_new(FALSE, FALSE, sizeof(guint32));
    GString *filter = g_string_new(NULL);
    for (const struct record *record = records_of(pinfo); record; record = record->next)
        add_record(frames, record->first ? record->first : record);
    add_frame(frames, records_of(pinfo) ? pinfo->num : 0);
    for (guint i = 0; i < frames->len; i++)
        g_string_append_printf(filter, "%s%u", i ? ", " : "frame.number in {",
                               g_array_index(frames, guint32, i));
    if (frames->len)
        g_string_append_c(filter, '}');
    g_array_free(frames, TRUE);
    return filter_text(filter);
}

/* --- this registration, this account ------------------------------------------------ */

static void
append_contact(GString *filter, wmem_allocator_t *pool, const struct contact_name *contact)
{
    append_term(filter, "siptrail.registration.contact", tree_contact(pool, contact));
}

/* A client that moves names another contact than before: the one of this message, and the latest. */
static char *
this_registration(packet_info *pinfo)
{
    GString *filter = g_string_new(NULL);
    for (const struct record *record = records_of(pinfo); record; record = record->next) {
        const struct record_detail *detail = record->detail;
        for (struct registration_step *step = detail ? detail->registrations : NULL; step;
             step = step->next) {
            append_contact(filter, pinfo->pool, step->contact);
            append_contact(filter, pinfo->pool, step->registration->contact);
        }
    }
    return filter_text(filter);
}

static char *
this_account(packet_info *pinfo)
{
    GString *filter = g_string_new(NULL);
    for (const struct record *record = records_of(pinfo); record; record = record->next) {
        const char *account = tree_account(pinfo->pool, record);
        if (account)
            append_term(filter, "siptrail.account", account);
    }
    return filter_text(filter);
}

#define FILTER(name)                                                                                         \
    static char *name##_build(FILTER_ARGUMENTS)                                                              \
    {                                                                                                        \
        return name(pinfo);                                                                                  \
    }                                                                                                        \
    static filter_bool name##_is_valid(FILTER_ARGUMENTS)                                                     \
    {                                                                                                        \
        char *filter = name(pinfo);                                                                          \
        g_free(filter);                                                                                      \
        return filter != NULL;                                                                               \
    }

FILTER(this_exchange)
FILTER(this_registration)
FILTER(this_account)

void
filters_register(int proto)
{
    proto_siptrail = proto;
    REGISTER_FILTER("siptrail", "SIP Trail: this exchange", this_exchange_is_valid, this_exchange_build);
    REGISTER_FILTER("siptrail", "SIP Trail: this registration", this_registration_is_valid,
                    this_registration_build);
    REGISTER_FILTER("siptrail", "SIP Trail: this account", this_account_is_valid, this_account_build);
}
