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
    return (guint)((const struct index_entry *)entry)->hash.low;
}

static gboolean
entry_equal(gconstpointer a, gconstpointer b)
{
    const struct hash128 *x = &((const struct index_entry *)a)->hash;
    const struct hash128 *y = &((const struct index_entry *)b)->hash;
    return x->low == y->low && x->high == y->high;
}

void
index_init(struct index *index, uint64_t seed, void *(*allocate)(size_t), void (*release)(void *))
{
    *index = (struct index){.seed = seed, .allocate = allocate, .release = release};
    index->entries = g_hash_table_new(entry_hash, entry_equal);
}

void
index_clear(struct index *index)
{
    g_hash_table_destroy(index->entries);
    *index = (struct index){0};
}

static struct hash128
hash_bytes(const struct index *index, const void *bytes, size_t len)
{
    XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, len, index->seed);
    return (struct hash128){hash.low64, hash.high64};
}

struct hash128
index_hash(const struct index *index, struct slice text)
{
    return hash_bytes(index, text.len ? text.p : "", text.len);
}

struct hash128
index_hash_nocase(const struct index *index, struct slice text)
{
    char stack[128];
    stack[0] = '\0'; /* gcc 14 worries about an empty text */
    char *lower = text.len <= sizeof stack ? stack : g_malloc(text.len);
    for (size_t i = 0; i < text.len; i++)
        lower[i] = (char)(text.p[i] | (text.p[i] >= 'A' && text.p[i] <= 'Z' ? 0x20 : 0));
    struct hash128 hash = hash_bytes(index, lower, text.len);
    if (lower != stack)
        g_free(lower);
    return hash;
}

static struct index_entry
probe(const struct index *index)
{
    return (struct index_entry){hash_bytes(index, index->key, index->parts * sizeof index->key[0]), NULL};
}

void *
index_find(const struct index *index)
{
    const struct index_entry key = probe(index);
    const struct index_entry *entry = g_hash_table_lookup(index->entries, &key);
    return entry ? entry->value : NULL;
}

struct index_entry *
index_entry(struct index *index)
{
    const struct index_entry key = probe(index);
    struct index_entry *entry = g_hash_table_lookup(index->entries, &key);
    if (!entry) {
        entry = index->allocate(sizeof *entry);
        *entry = key;
        g_hash_table_add(index->entries, entry);
    }
    return entry;
}

/* Takes `link` out of its list and leaves the entry, be it empty. */
static void
unlink_sharer(struct index_link *link)
{
    struct index_link *first = link->entry->value, **at = &first;
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    link->entry->value = first;
    link->entry = NULL;
}

void
index_share(struct index *index, struct index_link *link)
{
    struct index_entry *entry = index_entry(index);
    if (link->entry)
        unlink_sharer(link);
    link->next = entry->value;
    link->entry = entry;
    entry->value = link;
    for (int n = 1; (link = link->next); n++) {
        if (n == INDEX_SHARERS_MAX) {
            unlink_sharer(link);
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
    unlink_sharer(link);
    index_drop(index, entry, NULL);
}

void
index_drop(struct index *index, struct index_entry *entry, const void *value)
{
    if (!entry || entry->value != value)
        return;
    g_hash_table_remove(index->entries, entry);
    index->release(entry);
}
