/* statistics.h
 * Tables for `tshark -z` and Wireshark's Telephony menu.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_STATISTICS_H
#define SIPTRAIL_STATISTICS_H

#include "core/tracker.h"

/** Name of the tap that gets one `struct record` per SIP message. */
#define SIPTRAIL_TAP "siptrail"

/** What the tables are made of that are to be printed at the end. */
enum tracker_keeps statistics_keep(void);

/** Before the memory of a file goes: prints what of it is not printed yet. */
void statistics_session_ends(void);

/** Registers the tables.
 *  @param tracker  gives the state of the file that is open */
void statistics_register(const struct tracker *(*tracker)(void));

#endif
