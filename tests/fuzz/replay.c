/* replay.c
 * Runs a fuzz target once over each file that is named, or that a named directory holds: what libFuzzer found
 * stays found, with any compiler.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>

#include "fuzz.h"

static bool
replay_file(const char *path)
{
    char *contents;
    gsize len;
    if (!g_file_get_contents(path, &contents, &len, NULL)) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return false;
    }
    /* GLib terminates what it reads; the copy has no octet to spare. */
    struct slice exact = exact_copy((struct slice){contents, len});
    g_free(contents);
    LLVMFuzzerTestOneInput((const uint8_t *)exact.p, exact.len);
    free((void *)(uintptr_t)exact.p);
    return true;
}

static unsigned
replay_directory(const char *path)
{
    unsigned done = 0;
    const char *name;
    GDir *directory = g_dir_open(path, 0, NULL);
    if (!directory)
        return replay_file(path);
    while ((name = g_dir_read_name(directory))) {
        char *file = g_build_filename(path, name, NULL);
        done += replay_file(file);
        g_free(file);
    }
    g_dir_close(directory);
    return done;
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        unsigned done = replay_directory(argv[i]);
        printf("%s: %u inputs\n", argv[i], done);
        if (done == 0)
            return EXIT_FAILURE;
    }
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
