/* forkserver.c
 * Preloaded into tshark: where it opens its capture, a child for each file that standard input names reads
 * that one instead. So many files cost one start, and nothing that one of them leaves behind reaches the
 * next. What a child prints ends with a line of END and its exit code, negative for a signal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define END "\036end of file"

enum { PATH_LENGTH_MAX = 4096 };

static int
exit_code(pid_t child)
{
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* The parent does not come back from here. */
static void
await_files(char *path)
{
    const rlim_t seconds = (rlim_t)atoi(getenv("SIPTRAIL_CPU_SECONDS"));
    const struct rlimit limit = {seconds, seconds};
    while (fgets(path, PATH_LENGTH_MAX, stdin)) {
        path[strcspn(path, "\n")] = '\0';
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            setrlimit(RLIMIT_CPU, &limit);
            return;
        }
        printf("\n" END " %d\n", exit_code(child));
        fflush(stdout);
    }
    _exit(0);
}

/* As libwiretap has it; its structures are none of our business. */
void *
wtap_open_offline(const char *name, unsigned type, int *error, char **error_info, int random_access)
{
    static char path[PATH_LENGTH_MAX];
    void *(*real)(const char *, unsigned, int *, char **, int) = dlsym(RTLD_NEXT, "wtap_open_offline");
    if (!path[0])
        await_files(path);
    (void)name;
    return real(path, type, error, error_info, random_access);
}

/* Frees what all files have in common, which would first be copied for the child: most of its time. */
void
epan_cleanup(void)
{
}
