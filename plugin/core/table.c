/* table.c
 * A set of index entries, which finds one by its hash with one look into memory besides the one at the entry.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "table.h"

#include <glib.h>

#include "index.h"

enum { CACHE_LINE = 64, SIZE_MIN = 16 };

static uint32_t
tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

/* Tags in their order have places in the same order, so that to move all to a larger table walks through
 * memory once. */
static uint32_t
place_of(const struct table *table, uint32_t tag)
{
    return (uint32_t)((uint64_t)tag * table->size >> 32);
}

static uint32_t
next_place(const struct table *table, uint32_t place)
{
    return place + 1 < table->size ? place + 1 : 0;
}

static void
make_room(struct table *table, uint32_t size)
{
    table->memory = g_malloc0((size_t)size * sizeof *table->buckets + CACHE_LINE);
    const uintptr_t line = ((uintptr_t)table->memory + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1);
    table->buckets = (struct table_bucket *)line;
    table->size = size;
}

void
table_init(struct table *table)
{
    *table = (struct table){0};
    make_room(table, SIZE_MIN);
}

void
table_clear(struct table *table)
{
    g_free(table->memory);
    *table = (struct table){0};
}

/* A bit for each slot with that tag. All at once: to stop at the first is to guess wrong where that is. */
static unsigned
slots_of(const struct table_bucket *bucket, uint32_t tag)
{
    unsigned slots = 0;
    for (unsigned i = 0; i < TABLE_SLOTS; i++)
        slots |= (unsigned)(bucket->tag[i] == tag) << i;
    return slots;
}

/* A bit for the slot of an entry; entry: NULL for each that is free. */
static unsigned
slots_with(const struct table_bucket *bucket, const struct index_entry *entry)
{
    unsigned slots = 0;
    for (unsigned i = 0; i < TABLE_SLOTS; i++)
        slots |= (unsigned)(bucket->entry[i] == entry) << i;
    return slots;
}

static unsigned
lowest(unsigned slots)
{
    return (unsigned)__builtin_ctz(slots);
}

struct index_entry *
table_find(const struct table *table, uint64_t hash)
{
    const uint32_t tag = tag_of(hash);
    uint32_t place = place_of(table, tag);
    for (uint32_t tried = 0; tried < table->size; tried++, place = next_place(table, place)) {
        const struct table_bucket *bucket = &table->buckets[place];
        for (unsigned slots = slots_of(bucket, tag); slots; slots &= slots - 1) {
            struct index_entry *entry = bucket->entry[lowest(slots)];
            if (entry && entry->hash == hash)
                return entry;
        }
        if (bucket->passed == 0)
            return NULL;
    }
    return NULL;
}

static void
put(struct table *table, uint32_t tag, struct index_entry *entry)
{
    uint32_t place = place_of(table, tag);
    unsigned slots;
    while (!(slots = slots_with(&table->buckets[place], NULL))) {
        table->buckets[place].passed++;
        place = next_place(table, place);
    }
    table->buckets[place].tag[lowest(slots)] = tag;
    table->buckets[place].entry[lowest(slots)] = entry;
}

static void
resize(struct table *table, uint32_t size)
{
    const struct table old = *table;
    make_room(table, size);
    for (uint32_t place = 0; place < old.size; place++) {
        const struct table_bucket *bucket = &old.buckets[place];
        for (unsigned i = 0; i < TABLE_SLOTS; i++) {
            if (bucket->entry[i])
                put(table, bucket->tag[i], bucket->entry[i]);
        }
    }
    g_free(old.memory);
}

/* Four of five slots are taken at most, and two at least. */
void
table_add(struct table *table, struct index_entry *entry)
{
    if (++table->count > (size_t)table->size * 4)
        resize(table, table->size + table->size / 2);
    put(table, tag_of(entry->hash), entry);
}

void
table_remove(struct table *table, const struct index_entry *entry)
{
    uint32_t place = place_of(table, tag_of(entry->hash));
    unsigned slots;
    while (!(slots = slots_with(&table->buckets[place], entry))) {
        g_return_if_fail(table->buckets[place].passed > 0);
        table->buckets[place].passed--;
        place = next_place(table, place);
    }
    table->buckets[place].entry[lowest(slots)] = NULL;
    if (--table->count < (size_t)table->size * 2 && table->size > SIZE_MIN)
        resize(table, MAX(table->size / 3 * 2, (uint32_t)SIZE_MIN));
}
