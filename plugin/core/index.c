/* index.c
 * Finds by keys of several parts what the tracker remembers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "index.h"

#include <glib.h>

#define XXH_INLINE_ALL
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

void
index_init(struct index *index, uint64_t seed, void *(*allocate)(size_t), void (*release)(void *))
{
    *index = (struct index){.seed = seed, .allocate = allocate, .release = release};
    XXH3_generateSecret_fromSeed(index->secret, seed);
    table_init(&index->entries);
}

void
index_clear(struct index *index)
{
    table_clear(&index->entries);
    *index = (struct index){0};
}

static uint64_t
hash_bytes(const struct index *index, const void *bytes, size_t len)
{
    return XXH3_64bits_withSecretandSeed(bytes, len, index->secret, sizeof index->secret, index->seed);
}

uint64_t
index_hash(const struct index *index, struct slice text)
{
    return hash_bytes(index, text.len ? text.p : "", text.len);
}

/* --- keys ------------------------------------------------------------------------- */

void
index_key(struct index *index, char kind, uint64_t number)
{
    index->key[0] = kind;
    memcpy(index->key + 1, &number, sizeof number);
    index->key_len = 1 + sizeof number;
    index->hashed = index->sought = false;
}

/* Room for that much more; where there is none by a fault of ours, the key is not the one that was meant, and
 * nothing worse. */
static char *
grow_key(struct index *index, size_t len)
{
    static char scratch[sizeof index->key];
    g_return_val_if_fail(index->key_len + len <= INDEX_KEY_MAX, scratch);
    char *at = index->key + index->key_len;
    index->key_len += len;
    index->hashed = index->sought = false;
    return at;
}

void
index_key_add_hash(struct index *index, uint64_t part)
{
    memcpy(grow_key(index, sizeof part), &part, sizeof part);
}

/* A part is told from its neighbours by its length in front. What is too long for that has none. */
enum { LONG_PART = 0xff };

static void
add_long(struct index *index, struct slice part)
{
    *grow_key(index, 1) = (char)LONG_PART;
    index_key_add_hash(index, index_hash(index, part));
}

void
index_key_add(struct index *index, struct slice part)
{
    if (part.len > INDEX_PART_MAX) {
        add_long(index, part);
        return;
    }
    char *at = grow_key(index, 1 + part.len);
    *at = (char)part.len;
    if (part.len > 0)
        memcpy(at + 1, part.p, part.len);
}

/* A to Z in eight octets at once: what an addition carries into the highest bit of each tells. */
static uint64_t
lower8(uint64_t octets)
{
    const uint64_t each = UINT64_C(0x0101010101010101), high = 0x80 * each, seven = octets & ~high;
    const uint64_t from_a = seven + (0x80 - 'A') * each, behind_z = seven + (0x7f - 'Z') * each;
    return octets | ((from_a & ~behind_z & ~octets & high) >> 2);
}

/* `to` has room for 7 octets more than the text. */
static void
copy_lower(char *to, struct slice text)
{
    uint64_t octets;
    if (text.len > 0)
        memcpy(to, text.p, text.len);
    for (size_t i = 0; i < text.len; i += sizeof octets) {
        memcpy(&octets, to + i, sizeof octets);
        octets = lower8(octets);
        memcpy(to + i, &octets, sizeof octets);
    }
}

void
index_key_add_nocase(struct index *index, struct slice part)
{
    if (part.len > INDEX_PART_MAX) {
        char *lower = g_malloc0(part.len + 7);
        copy_lower(lower, part);
        add_long(index, (struct slice){lower, part.len});
        g_free(lower);
        return;
    }
    char *at = grow_key(index, 1 + part.len);
    *at = (char)part.len;
    copy_lower(at + 1, part);
}

uint64_t
index_key_hash(struct index *index)
{
    if (!index->hashed)
        index->hash = hash_bytes(index, index->key, index->key_len);
    index->hashed = true;
    return index->hash;
}

/* --- entries ---------------------------------------------------------------------- */

/* The entry of the key in the making, or NULL. To ask again costs nothing. */
static struct index_entry *
seek(struct index *index)
{
    const uint64_t hash = index_key_hash(index);
    if (!index->sought)
        index->found = table_find(&index->entries, hash);
    index->sought = true;
    return index->found;
}

static void
put(struct index *index, struct index_entry *entry, void *value)
{
    *entry = (struct index_entry){index_key_hash(index), value};
    table_add(&index->entries, entry);
    index->found = entry;
    index->sought = true;
}

void *
index_find(struct index *index)
{
    const struct index_entry *entry = seek(index);
    return entry ? entry->value : NULL;
}

void *
index_find_hash(const struct index *index, char kind, uint64_t number, uint64_t part)
{
    char key[1 + sizeof number + sizeof part] = {kind}; /* as index_key and index_key_add_hash write it */
    memcpy(key + 1, &number, sizeof number);
    memcpy(key + 1 + sizeof number, &part, sizeof part);
    const struct index_entry *entry = table_find(&index->entries, hash_bytes(index, key, sizeof key));
    return entry ? entry->value : NULL;
}

struct index_entry *
index_entry(struct index *index)
{
    struct index_entry *entry = seek(index);
    if (!entry) {
        entry = index->allocate(sizeof *entry);
        put(index, entry, NULL);
    }
    return entry;
}

void
index_put_own(struct index *index, struct index_entry *entry, void *value)
{
    put(index, entry, value);
}

void
index_drop_own(struct index *index, struct index_entry *entry)
{
    index->sought = false;
    table_remove(&index->entries, entry);
}

/* The entry of a key goes with the one that it is a member of: another takes its place. */
static void
replace_entry(struct index *index, struct index_entry *entry, struct index_link *first)
{
    const uint64_t hash = entry->hash;
    index_drop_own(index, entry);
    if (!first)
        return;
    first->own = (struct index_entry){hash, first};
    table_add(&index->entries, &first->own);
    for (struct index_link *link = first; link; link = link->next)
        link->entry = &first->own;
}

void
index_share(struct index *index, struct index_link *link)
{
    struct index_entry *entry = seek(index);
    if (entry && entry->value == link)
        return;
    index_unshare(index, link);
    entry = seek(index);
    if (!entry) {
        entry = &link->own;
        put(index, entry, NULL);
    }
    link->next = entry->value;
    link->entry = entry;
    entry->value = link;
    for (int n = 1; (link = link->next); n++) {
        if (n == INDEX_SHARERS_MAX) {
            index_unshare(index, link);
            return;
        }
    }
}

void
index_unshare(struct index *index, struct index_link *link)
{
    struct index_entry *entry = link->entry;
    if (!entry)
        return;
    struct index_link *first = entry->value, **at = &first;
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    entry->value = first;
    link->entry = NULL;
    if (entry == &link->own)
        replace_entry(index, entry, first);
}

void
index_drop(struct index *index, struct index_entry *entry, const void *value)
{
    if (!entry || entry->value != value)
        return;
    index->sought = false;
    table_remove(&index->entries, entry);
    index->release(entry);
}
