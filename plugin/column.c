/* column.c
 * What the plugin adds to the Info column, if it is told to.
 *
 * Only names of outcomes and findings and numbers of frames go there, nothing from the wire: it stays one
 * line of valid UTF-8.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "compat.h"

#include <epan/column-utils.h>

#include "core/audit.h"
#include "column.h"

enum { INFO_OFF, INFO_OUTCOME, INFO_LINK };

static int info_column = INFO_OFF;

void
column_register(module_t *module)
{
    static const enum_val_t choices[] = {
        {"off", "Nothing", INFO_OFF},
        {"outcome", "Outcome and cause", INFO_OUTCOME},
        {"link", "The frame that it belongs to", INFO_LINK},
        {NULL, NULL, 0},
    };
    prefs_register_enum_preference(module, "info_column", "Append to the Info column",
                                   "What to append to the Info column of SIP messages", &info_column, choices,
                                   FALSE);
}

/* Wireshark's own text may end with a blank. */
static void
append(packet_info *pinfo, const char *text)
{
    const char *so_far = col_get_text(pinfo->cinfo, COL_INFO);
    bool apart = !so_far || !*so_far || so_far[strlen(so_far) - 1] == ' ';
    col_append_fstr(pinfo->cinfo, COL_INFO, "%s[%s]", apart ? "" : " ", text);
}

static void
append_outcome(packet_info *pinfo, enum outcome outcome, enum finding cause)
{
    const char *name = outcome_text(outcome);
    if (outcome == OUTCOME_NONE)
        return;
    append(pinfo, cause == FINDING_NONE
                      ? name
                      : wmem_strdup_printf(pinfo->pool, "%s: %s", name, finding_rule(cause)->name));
}

/* A challenge that refuses credentials shows their outcome. Its own shows where it ends, if a message ends
 * it. */
static void
append_outcomes(packet_info *pinfo, const struct tracker *tracker, const struct record_detail *detail)
{
    const struct exchange *opens = detail->opens;
    for (const struct closing *closing = detail->closings; closing; closing = closing->next)
        append_outcome(pinfo, closing->use->outcome, (enum finding)closing->use->cause);
    if (!opens || !PINFO_FD_VISITED(pinfo) || (detail->closings && exchange_closed_frame(opens)))
        return;
    enum outcome outcome = exchange_outcome(tracker, opens);
    if (!detail->closings || outcome != OUTCOME_UNKNOWN)
        append_outcome(pinfo, outcome, audit_exchange_cause(tracker, opens));
}

static bool
append_frame(packet_info *pinfo, const char *what, guint32 frame)
{
    if (frame)
        append(pinfo, wmem_strdup_printf(pinfo->pool, "%s %u", what, frame));
    return frame != 0;
}

/* The one link that tells most. */
static void
append_link(packet_info *pinfo, const struct record *record)
{
    const struct record_detail *detail = record->detail;
    if (record->first)
        append_frame(pinfo, record->is_copy ? "copy of" : "retransmission of", record->first->frame);
    else if (detail && detail->opens && append_frame(pinfo, "retry in", detail->opens->retry_frame))
        return;
    else if (detail && detail->uses && append_frame(pinfo, "challenge in", detail->uses->challenge_frame))
        return;
    else if (detail && detail->closings &&
             append_frame(pinfo, "closes", detail->closings->use->challenge_frame))
        return;
    else if (record->status)
        append_frame(pinfo, "request in", record->request ? record->request->frame : 0);
    else
        append_frame(pinfo, "response in", record->response_frame);
}

bool
column_is_wanted(const packet_info *pinfo)
{
    return info_column != INFO_OFF && pinfo->cinfo;
}

void
column_append(packet_info *pinfo, const struct tracker *tracker, const struct record *record)
{
    if (info_column == INFO_OUTCOME && record->detail)
        append_outcomes(pinfo, tracker, record->detail);
    if (info_column == INFO_LINK)
        append_link(pinfo, record);
}
