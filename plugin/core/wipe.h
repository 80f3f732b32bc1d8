/* wipe.h
 * Forgets key material.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_WIPE_H
#define SIPTRAIL_WIPE_H

#include <stddef.h>

/** Overwrites `len` octets with zeros; volatile, so that no optimiser drops it. */
static inline void
wipe(void *secret, size_t len)
{
    volatile unsigned char *p = secret;
    while (len-- > 0)
        *p++ = 0;
}

#endif
