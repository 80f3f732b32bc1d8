/* arena.h
 * Memory for things that go together: given in small pieces out of a few chunks, and given back all at once.
 *
 * What belongs to one transaction lies side by side, and to forget it touches little memory that was not used
 * for a minute, and is in no cache any more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_ARENA_H
#define SIPTRAIL_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct tracker_host;

struct arena_chunk;

/** Nothing but zeros is an empty one. It may be copied, but then only one of the copies be used on. */
struct arena {
    struct arena_chunk *chunk; /**< the latest */
};

/** Makes room for so much in one chunk of an arena that is empty. More may be asked for all the same. */
void arena_begin(struct arena *arena, const struct tracker_host *host, size_t size);

/** Zeroed memory, aligned for any type, until the arena is released. Never NULL. */
void *arena_allocate(struct arena *arena, const struct tracker_host *host, size_t size);

/** Gives back all of it. */
void arena_release(struct arena *arena, const struct tracker_host *host);

#endif
