/* memory.c
 * Memory for as long as a file is open: many small pieces, cut out of larger blocks.
 *
 * Pieces that are given back are kept by their size and handed out again, the latest first. Wireshark's file
 * scope would do, but each call of it touches some free chunk somewhere in memory, cold, or the first octets
 * of what it has not lent yet, which the system then has to give.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "compat.h"

#include "memory.h"

#ifdef SIPTRAIL_SANITIZE
/* Each piece by itself and no larger than asked for: a sanitizer sees what goes beyond it, or comes too
 * late. */
void *
memory_allocate(size_t size)
{
    return wmem_alloc0(wmem_file_scope(), size);
}

void
memory_release(void *memory)
{
    wmem_free(wmem_file_scope(), memory);
}

void
memory_forget(void)
{
}
#else
enum { GRAIN = 16, GRAINS_MAX = 256, BLOCK = 1 << 16 };

union piece {
    union piece *next; /* while it is kept here */
    size_t grains;     /* its size, this head included, while it is in use */
    char room[GRAIN];
};

static struct {
    union piece *given_back[GRAINS_MAX];
    union piece *block; /* what is left of the latest one */
    size_t left;        /* grains */
} memory;

static union piece *
lend(size_t grains)
{
    return (union piece *)wmem_alloc(wmem_file_scope(), grains * GRAIN);
}

static union piece *
cut(size_t grains)
{
    if (memory.left < grains) {
        memory.block = lend(BLOCK / GRAIN);
        memory.left = BLOCK / GRAIN;
    }
    union piece *piece = memory.block;
    memory.block += grains;
    memory.left -= grains;
    return piece;
}

void *
memory_allocate(size_t size)
{
    const size_t grains = (size + GRAIN - 1) / GRAIN + 1;
    union piece *piece = grains < GRAINS_MAX ? memory.given_back[grains] : NULL;
    if (piece)
        memory.given_back[grains] = piece->next;
    else
        piece = grains < GRAINS_MAX ? cut(grains) : lend(grains);
    piece->grains = grains;
    return memset(piece + 1, 0, (grains - 1) * GRAIN);
}

void
memory_release(void *released)
{
    if (!released)
        return;
    union piece *piece = (union piece *)released - 1;
    const size_t grains = piece->grains;
    if (grains >= GRAINS_MAX) {
        wmem_free(wmem_file_scope(), piece);
        return;
    }
    piece->next = memory.given_back[grains];
    memory.given_back[grains] = piece;
}

void
memory_forget(void)
{
    memset(&memory, 0, sizeof memory);
}
#endif
