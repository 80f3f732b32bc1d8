/* column.h
 * What the plugin adds to the Info column, if it is told to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_COLUMN_H
#define SIPTRAIL_COLUMN_H

#include <epan/packet_info.h>
#include <epan/prefs.h>

#include "core/tracker.h"

/** Registers the preference `siptrail.info_column` in `module`. */
void column_register(module_t *module);

/** There is an Info column, and something is to be appended to it. */
bool column_is_wanted(const packet_info *pinfo);

/** Appends outcome or link of a message to the Info column, as the preference says. */
void column_append(packet_info *pinfo, const struct tracker *tracker, const struct record *record);

#endif
