/* support.c
 * What the unit tests and the fuzz targets share: slices of literals, and a host for the tracker.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "support.h"

#include <gcrypt.h>

/* libgcrypt wants its first call to be this one; in Wireshark the application has made it. */
__attribute__((constructor)) static void
begin_libgcrypt(void)
{
    gcry_check_version(NULL);
}

struct slice
text_slice_of(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}

struct slice
exact_copy(struct slice text)
{
    /* malloc(0) may answer NULL, which would be an absent slice. */
    char *copy = malloc(text.len ? text.len : 1);
    if (text.len > 0)
        memcpy(copy, text.p, text.len);
    return (struct slice){copy, text.len};
}

bool
slice_inside(struct slice part, struct slice whole)
{
    if (!part.p)
        return part.len == 0;
    return part.p >= whole.p && part.len <= whole.len && slice_end(part) <= slice_end(whole);
}

char *
slice_string(struct slice s)
{
    return s.p ? g_strndup(s.p, s.len) : NULL;
}

char *
test_path(const char *group, const char *name)
{
    char *path = g_strdup_printf("%s/%s", group, name);
    for (char *p = path; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr("/-._", *p))
            *p = '-';
    }
    return path;
}

void
test_add_cases(const char *group, const void *cases, size_t size, size_t count, GTestDataFunc test)
{
    for (size_t i = 0; i < count; i++) {
        const char *const *name = (const void *)((const char *)cases + i * size);
        char *path = test_path(group, *name);
        g_test_add_data_func(path, name, test);
        g_free(path);
    }
}

int
test_run_all(void)
{
    g_test_set_nonfatal_assertions();
    return g_test_run();
}

/* --- host of a tracker
 * ------------------------------------------------------------------------------------------ */

static GHashTable *blocks;
static const struct credential *configured;
static size_t configured_count;

static void *
host_allocate(size_t size)
{
    void *block = g_malloc0(size);
    if (!blocks)
        blocks = g_hash_table_new_full(NULL, NULL, g_free, NULL);
    g_hash_table_add(blocks, block);
    return block;
}

static void
host_release(void *block)
{
    if (block && !g_hash_table_remove(blocks, block))
        g_error("what was not allocated is released");
}

static const struct credential *
host_credentials(size_t *count)
{
    *count = configured_count;
    return configured;
}

const struct tracker_host test_host = {host_allocate, host_release, 1, host_credentials, 0};

void
test_host_credentials(const struct credential *rows, size_t count)
{
    configured = rows;
    configured_count = count;
}

size_t
test_host_blocks(void)
{
    return blocks ? g_hash_table_size(blocks) : 0;
}

void
test_host_reset(void)
{
    if (blocks)
        g_hash_table_destroy(blocks);
    blocks = NULL;
    test_host_credentials(NULL, 0);
}
