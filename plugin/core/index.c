/* index.c
 * Finds by keys of several parts what the tracker remembers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "index.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static guint
entry_hash(gconstpointer entry)
{
    return (guint)((const struct index_entry *)entry)->low;
}

static gboolean
entry_equal(gconstpointer a, gconstpointer b)
{
    const struct index_entry *x = a, *y = b;
    return x->low == y->low && x->high == y->high;
}

void
index_init(struct index *index, uint64_t seed)
{
    *index = (struct index){.seed = seed};
    index->entries = g_hash_table_new_full(entry_hash, entry_equal, g_free, NULL);
}

void
index_clear(struct index *index)
{
    g_hash_table_destroy(index->entries);
    g_free(index->key);
    *index = (struct index){0};
}

static char *
key_room(struct index *index, size_t more)
{
    if (index->room - index->len < more) {
        index->room = 2 * (index->room + more);
        index->key = g_realloc(index->key, index->room);
    }
    char *at = index->key + index->len;
    index->len += more;
    return at;
}

void
index_key(struct index *index, char kind)
{
    index->len = 0;
    *key_room(index, 1) = kind;
}

void
index_key_bytes(struct index *index, const void *bytes, size_t len)
{
    if (len > 0)
        memcpy(key_room(index, len), bytes, len);
}

void
index_key_slice(struct index *index, struct slice part)
{
    index_key_bytes(index, &part.len, sizeof part.len);
    index_key_bytes(index, part.p, part.len);
}

void
index_key_nocase(struct index *index, struct slice part)
{
    index_key_slice(index, part);
    for (char *p = index->key + index->len - part.len; p < index->key + index->len; p++)
        *p = g_ascii_tolower(*p);
}

static struct index_entry
key_entry(const struct index *index)
{
    XXH128_hash_t hash = XXH3_128bits_withSeed(index->key, index->len, index->seed);
    return (struct index_entry){hash.low64, hash.high64, NULL};
}

void *
index_find(struct index *index)
{
    const struct index_entry key = key_entry(index);
    const struct index_entry *entry = g_hash_table_lookup(index->entries, &key);
    return entry ? entry->value : NULL;
}

struct index_entry *
index_put(struct index *index, void *value)
{
    const struct index_entry key = key_entry(index);
    struct index_entry *entry = g_hash_table_lookup(index->entries, &key);
    if (!entry) {
        entry = g_memdup2(&key, sizeof key);
        g_hash_table_add(index->entries, entry);
    }
    entry->value = value;
    return entry;
}

void
index_drop(struct index *index, struct index_entry *entry, const void *value)
{
    if (entry && entry->value == value)
        g_hash_table_remove(index->entries, entry);
}

uint32_t
index_hash(const struct index *index, struct slice text)
{
    uint32_t hash = text.len ? (uint32_t)XXH3_64bits_withSeed(text.p, text.len, index->seed) : 0;
    return text.len && !hash ? 1 : hash;
}
