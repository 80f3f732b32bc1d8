/* memory.h
 * Memory for as long as a file is open, in the manner of Wireshark's file scope.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_MEMORY_H
#define SIPTRAIL_MEMORY_H

#include <stddef.h>

/** Zeroed, aligned for any type, until it is released or `memory_forget` is called. Never NULL. */
void *memory_allocate(size_t size);

/** What `memory_allocate` has returned; NULL is nothing. */
void memory_release(void *memory);

/** Releases all that is left. To be called when the file is closed, while its scope is still there. */
void memory_forget(void);

#endif
