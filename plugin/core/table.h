/* table.h
 * A set of index entries, which finds one by its hash with one look into memory besides the one at the entry.
 *
 * GLib's takes two, and each is one that waits: between two messages others fill the caches.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_TABLE_H
#define SIPTRAIL_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct index_entry;

/** Five entries, and what tells them apart, fill one line of the processor's cache. */
enum { TABLE_SLOTS = 5 };
struct table_bucket {
    uint32_t tag[TABLE_SLOTS]; /**< upper half of the hash */
    uint32_t passed; /**< as many entries found no slot here, and stand in one of the next buckets */
    struct index_entry *entry[TABLE_SLOTS]; /**< NULL: the slot is free */
};

struct table {
    void *memory;
    struct table_bucket *buckets; /**< in it, each in a line of its own */
    uint32_t size;                /**< buckets */
    size_t count;                 /**< entries */
};

void table_init(struct table *table);
/** The entries are their owners'. */
void table_clear(struct table *table);

/** @param hash  all of its bits have to be random: its upper half is the place
 *  @return NULL when there is none */
struct index_entry *table_find(const struct table *table, uint64_t hash);
/** Adds an entry that is not there. It must not move, nor may its hash change, until it is removed. */
void table_add(struct table *table, struct index_entry *entry);
/** Removes an entry that is there. */
void table_remove(struct table *table, const struct index_entry *entry);

#endif
