/* fuzz.h
 * What all fuzz targets share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_FUZZ_H
#define SIPTRAIL_FUZZ_H

#include <stdlib.h>

#include "../unit/support.h"

/** One input; always 0. Called by libFuzzer, or by replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A broken promise of the code under test is a find, like a crash. */
#define must(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            abort();                                                                                         \
    } while (0)

/** The octets of one input, without a terminator behind them. */
static inline struct slice
fuzz_text(const uint8_t *data, size_t size)
{
    return (struct slice){(const char *)data, size};
}

#endif
