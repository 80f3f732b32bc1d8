/* test_table.c
 * The set of index entries against GLib's hash table, and with hashes that are no good.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "index.h"
#include "support.h"

enum { ENTRIES = 3000 };

static struct index_entry entries[ENTRIES];

static void
fill(struct table *table, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        table_add(table, &entries[i]);
}

static void
assert_holds(const struct table *table, unsigned from, unsigned to)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        g_assert_true(table_find(table, entries[i].hash) == (i >= from && i < to ? &entries[i] : NULL));
}

static void
random_hashes(void)
{
    GRand *random = g_rand_new_with_seed(1);
    for (unsigned i = 0; i < ENTRIES; i++)
        entries[i].hash = (uint64_t)g_rand_int(random) << 32 | g_rand_int(random);
    g_rand_free(random);
}

/* It grows and shrinks. */
static void
test_grows(void)
{
    struct table table;
    random_hashes();
    table_init(&table);
    const uint32_t least = table.size;
    assert_holds(&table, 0, 0);
    fill(&table, ENTRIES);
    g_assert_cmpuint(table.size, >, least);
    g_assert_cmpuint(table.size * 5, <, 2 * ENTRIES);
    assert_holds(&table, 0, ENTRIES);
    for (unsigned i = 0; i < ENTRIES; i++) {
        table_remove(&table, &entries[i]);
        if (i % 500 == 0)
            assert_holds(&table, i + 1, ENTRIES);
    }
    g_assert_cmpuint(table.size, ==, least);
    g_assert_cmpuint(table.count, ==, 0);
    table_clear(&table);
}

/* What is added and removed at random is what GLib's table holds. */
static void
test_like_glib(void)
{
    struct table table;
    GHashTable *known = g_hash_table_new(g_int64_hash, g_int64_equal);
    GRand *random = g_rand_new_with_seed(2);
    random_hashes();
    table_init(&table);
    for (unsigned n = 0; n < 100 * ENTRIES; n++) {
        struct index_entry *entry = &entries[g_rand_int_range(random, 0, ENTRIES)];
        const bool there = g_hash_table_contains(known, entry);
        g_assert_true(table_find(&table, entry->hash) == (there ? entry : NULL));
        if (there) {
            g_hash_table_remove(known, entry);
            table_remove(&table, entry);
        } else {
            g_hash_table_add(known, entry);
            table_add(&table, entry);
        }
        g_assert_cmpuint(table.count, ==, g_hash_table_size(known));
    }
    g_rand_free(random);
    g_hash_table_destroy(known);
    table_clear(&table);
}

/* All in one place, the last one, so that they go on in the first: slow, and right. */
static void
test_one_place(void)
{
    const unsigned count = 300;
    struct table table;
    random_hashes();
    for (unsigned i = 0; i < count; i++)
        entries[i].hash = UINT64_C(0xffffffff00000000) + i;
    table_init(&table);
    fill(&table, count);
    assert_holds(&table, 0, count);
    for (unsigned i = 0; i < count / 2; i++)
        table_remove(&table, &entries[i]);
    assert_holds(&table, count / 2, count);
    table_clear(&table);
}

/* A small one in which no bucket is without entries that passed it: a search ends all the same. */
static void
test_all_passed(void)
{
    struct table table;
    random_hashes();
    table_init(&table);
    for (uint32_t i = 0; i < table.size; i++)
        table.buckets[i].passed = 1;
    g_assert_null(table_find(&table, entries[0].hash));
    table_clear(&table);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/grows", test_grows);
    g_test_add_func("/table/like-glib", test_like_glib);
    g_test_add_func("/table/one-place", test_one_place);
    g_test_add_func("/table/all-passed", test_all_passed);
    return test_run_all();
}
