/* index.h
 * Finds by keys of several parts what the tracker remembers.
 *
 * A key is kept as a hash of 128 bits under a secret seed. Keys come from the wire, so neither their length
 * nor their choice may cost more than that; and two keys that are not the same do not meet by chance.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_INDEX_H
#define SIPTRAIL_INDEX_H

#include <stdint.h>

#include <glib.h>

#include "slice.h"

/** One key and what it leads to. Lives until it is dropped, or the index is freed. */
struct index_entry {
    uint64_t low, high;
    void *value;
};

struct index {
    GHashTable *entries;
    uint64_t seed;
    char *key; /**< in the making */
    size_t len, room;
};

/** @param seed  secret, and another one for each index */
void index_init(struct index *index, uint64_t seed);
void index_clear(struct index *index);

/** Begins a key; then come the parts; then find or put. One key at a time. */
void index_key(struct index *index, char kind);
void index_key_bytes(struct index *index, const void *bytes, size_t len);
/** The length goes in first: two parts cannot be read as one. */
void index_key_slice(struct index *index, struct slice part);
/** Case is folded. */
void index_key_nocase(struct index *index, struct slice part);

/** NULL when the key is not there. */
void *index_find(struct index *index);
/** Enters or replaces the value. */
struct index_entry *index_put(struct index *index, void *value);
/** Removes an entry, unless it leads elsewhere by now. NULL is no entry. */
void index_drop(struct index *index, struct index_entry *entry, const void *value);

/** A hash of 32 bits under the seed; 0 for an empty text, and for no other. */
uint32_t index_hash(const struct index *index, struct slice text);

#endif
