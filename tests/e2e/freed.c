/* freed.c
 * Preloaded into tshark: looks into every block of memory that is freed for the secrets that SIPTRAIL_SECRETS
 * lists in hex, comma-separated. At the end stderr says how many blocks siptrail.so has freed, and which
 * secrets were in them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECRETS_MAX = 64, LENGTH_MAX = 128, FRAMES_MAX = 16 };

static unsigned char secrets[SECRETS_MAX][LENGTH_MAX];
static size_t lengths[SECRETS_MAX], secret_count;
static unsigned found[SECRETS_MAX];
static __thread int busy;
static void (*real_free)(void *);

static int
hex_digit(int c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

__attribute__((constructor)) static void
read_secrets(void)
{
    const char *p = getenv("SIPTRAIL_SECRETS");
    void *first_frame;
    busy = 1;
    backtrace(&first_frame, 1); /* loads libgcc now, which allocates */
    real_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
    for (; p && *p && secret_count < SECRETS_MAX; secret_count++) {
        while (p[0] && p[0] != ',' && lengths[secret_count] < LENGTH_MAX) {
            secrets[secret_count][lengths[secret_count]++] =
                (unsigned char)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
            p += 2;
        }
        p += *p == ',';
    }
    busy = 0;
}

/* The first caller that is neither this library, nor libc, nor GLib. */
static int
called_by_siptrail(void)
{
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);
    for (int i = 0; i < count; i++) {
        Dl_info info;
        if (!dladdr(frames[i], &info) || !info.dli_fname)
            continue;
        if (strstr(info.dli_fname, "siptrail.so"))
            return 1;
        if (!strstr(info.dli_fname, "freed.so") && !strstr(info.dli_fname, "libglib") &&
            !strstr(info.dli_fname, "libc.so"))
            return 0;
    }
    return 0;
}

/* What others leave behind is wiped, so that it is not found again in a block that siptrail.so got and did
 * not fill. */
static void
look_into(void *block)
{
    size_t size = malloc_usable_size(block);
    for (size_t i = 0; i < secret_count; i++) {
        void *hit = lengths[i] ? memmem(block, size, secrets[i], lengths[i]) : NULL;
        if (!hit)
            continue;
        found[i] += (unsigned)called_by_siptrail();
        memset(block, 0, size);
    }
}

void
free(void *block)
{
    if (!real_free)
        return; /* before the constructor ran: the loader's own, a few octets */
    if (block && !busy) {
        busy = 1;
        look_into(block);
        busy = 0;
    }
    real_free(block);
}

void *
realloc(void *block, size_t size)
{
    void *moved = malloc(size);
    if (block && moved) {
        size_t before = malloc_usable_size(block);
        memcpy(moved, block, before < size ? before : size);
        free(block);
    }
    return moved;
}

__attribute__((destructor)) static void
report(void)
{
    busy = 1;
    for (size_t i = 0; i < secret_count; i++) {
        if (found[i])
            fprintf(stderr, "freed.so: secret %zu stood in %u blocks that siptrail.so freed\n", i, found[i]);
    }
    fprintf(stderr, "freed.so: watched %zu secrets\n", secret_count);
}
