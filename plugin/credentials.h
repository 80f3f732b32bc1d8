/* credentials.h
 * The table of users, realms and secrets that a user of Wireshark configures.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_CREDENTIALS_H
#define SIPTRAIL_CREDENTIALS_H

#include <epan/prefs.h>

#include "core/digest.h"

/** Registers the UAT `siptrail_credentials` as a preference of `module`. */
void credentials_register(module_t *module);

/** The rows as they are now; valid until the table changes, so for one call only. */
const struct credential *credentials_rows(size_t *count);

#endif
