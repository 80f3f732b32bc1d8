/* index.h
 * Finds by keys of several parts what the tracker remembers.
 *
 * A key is kept as a hash of 64 bits under a secret seed. Keys come from the wire, so neither their length
 * nor their choice may cost more than that; and that two of ten million keys meet by chance happens in one of
 * 300,000 captures that have so many.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_INDEX_H
#define SIPTRAIL_INDEX_H

#include <stdint.h>

#include "slice.h"
#include "table.h"

/** One key and what it leads to. Lives until it is dropped, or the index is cleared. */
struct index_entry {
    uint64_t hash;
    void *value;
};

/** A key in the making may be as long; of a longer part only the hash goes in. */
enum { INDEX_KEY_MAX = 360, INDEX_PART_MAX = 40 };

/** What shares a key with others: the first member of such a struct. */
struct index_link {
    struct index_link *next;
    struct index_entry
        *entry; /**< of the key, a member of one of those that share it; NULL: not in the index */
    struct index_entry own;
};

/** As many may share a key; of more the oldest are not found any more. Real ones are a handful, and an
 * attacker makes no long lists to walk. */
enum { INDEX_SHARERS_MAX = 64 };

struct index {
    struct table entries;
    uint64_t seed;
    unsigned char secret[192]; /**< made of the seed, for long texts */
    void *(*allocate)(size_t);
    void (*release)(void *);
    char key[INDEX_KEY_MAX + 8]; /**< in the making; eight octets at a time are made lower case */
    size_t key_len;
    bool hashed; /**< `hash` is that of `key` */
    uint64_t hash;
    bool sought;               /**< `found` is what the key leads to; NULL: nothing */
    struct index_entry *found; /**< only until the next key begins, or an entry is dropped */
};

/** @param seed  secret, and another one for each index
 *  @param allocate  for entries; zeroed, never NULL. What `index_clear` leaves behind is its owner's to free.
 */
void index_init(struct index *index, uint64_t seed, void *(*allocate)(size_t), void (*release)(void *));
void index_clear(struct index *index);

/** What stands for a text: as good as the text itself, to compare by. */
uint64_t index_hash(const struct index *index, struct slice text);

/** Begins a key; then come its parts, at most 8, always in the same order for a kind; then find or put. One
 * key at a time.
 *  @param kind, number  what tells keys of different kinds apart, and any number */
void index_key(struct index *index, char kind, uint64_t number);
void index_key_add(struct index *index, struct slice part);
/** ASCII case does not matter. */
void index_key_add_nocase(struct index *index, struct slice part);
/** What is as good as its text. */
void index_key_add_hash(struct index *index, uint64_t part);
/** Of all its parts, in place of a search. */
uint64_t index_key_hash(struct index *index);

/** NULL when the key is not there; the newest of those that share it. */
void *index_find(struct index *index);
/** The same of a key whose only part is a hash, and without one in the making. */
void *index_find_hash(const struct index *index, char kind, uint64_t number, uint64_t part);
/** The entry of the key, made with the value NULL when there is none. Never NULL. */
struct index_entry *index_entry(struct index *index);
/** Puts `entry`, which is in one piece of memory with `value`, under a key that was just not found. */
void index_put_own(struct index *index, struct index_entry *entry, void *value);
/** Puts `link` in front of those that share the key, or moves it there. */
void index_share(struct index *index, struct index_link *link);
/** Takes `link` out, and the key with the last one. */
void index_unshare(struct index *index, struct index_link *link);

/** Removes an entry, unless it leads elsewhere by now. NULL is no entry. */
void index_drop(struct index *index, struct index_entry *entry, const void *value);
/** Removes an entry that `index_put_own` has put. */
void index_drop_own(struct index *index, struct index_entry *entry);

#endif
