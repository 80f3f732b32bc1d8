/* arena.c
 * Memory for things that go together.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "arena.h"

#include <stdalign.h>

#include "tracker.h"

#ifdef SIPTRAIL_SANITIZE
/* Each piece has a chunk of its own and ends where that does, for a sanitizer to see what goes beyond it. */
enum { IS_FORESEEN = 0, CHUNK_SIZE = 0, ALIGNMENT = 1 };
#else
/* CHUNK_SIZE: when more is asked for than was foreseen. */
enum { IS_FORESEEN = 1, CHUNK_SIZE = 256, ALIGNMENT = alignof(int64_t) };
#endif

struct arena_chunk {
    struct arena_chunk *before;
    uint32_t used, size; /* this head included */
};

static struct arena_chunk *
add_chunk(struct arena *arena, const struct tracker_host *host, size_t size)
{
    struct arena_chunk *chunk = host->allocate(size);
    *chunk = (struct arena_chunk){arena->chunk, sizeof *chunk, (uint32_t)size};
    arena->chunk = chunk;
    return chunk;
}

void
arena_begin(struct arena *arena, const struct tracker_host *host, size_t size)
{
    if (IS_FORESEEN)
        add_chunk(arena, host, size + sizeof(struct arena_chunk));
}

void *
arena_allocate(struct arena *arena, const struct tracker_host *host, size_t size)
{
    struct arena_chunk *chunk = arena->chunk;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!chunk || chunk->size - chunk->used < size) {
        size_t wanted = size + sizeof *chunk;
        chunk = add_chunk(arena, host, wanted > CHUNK_SIZE ? wanted : (size_t)CHUNK_SIZE);
    }
    char *piece = (char *)chunk + chunk->used;
    chunk->used += (uint32_t)size;
    return piece;
}

void
arena_release(struct arena *arena, const struct tracker_host *host)
{
    while (arena->chunk) {
        struct arena_chunk *chunk = arena->chunk;
        arena->chunk = chunk->before;
        host->release(chunk);
    }
}
