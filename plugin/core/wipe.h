/* wipe.h
 * Forgets key material.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_WIPE_H
#define SIPTRAIL_WIPE_H

#include <stddef.h>
#include <string.h>

/** Overwrites `len` octets with zeros. The function is called through a volatile pointer, so that no
 * optimiser knows what it does and drops it. */
static inline void
wipe(void *secret, size_t len)
{
    static void *(*const volatile overwrite)(void *, int, size_t) = memset;
    overwrite(secret, 0, len);
}

#endif
