/* forkserver.c
 * Preloaded into tshark or sharkd: its start, most of what reading a small capture costs, is made once. When
 * all dissectors are registered, and before any setting is read, it waits for command lines on the socket
 * that SIPTRAIL_FORKSERVER numbers, and runs main() with each of them in a child: nothing that one of them
 * leaves behind reaches the next. A packet of the socket holds the arguments, each with its NUL, and beside
 * them the child's standard input, output and error. Two answers: "PID started", and "PID CODE" when it has
 * ended, with its exit code, negative for a signal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STREAMS = 3, ARGUMENTS_MAX = 1024, REQUEST_MAX = 1 << 17 };

typedef int main_function(int, char **, char **);

static main_function *program;
static bool registered;

/* Where Wireshark's option parser stands: main() begins it anew. */
extern int ws_optind __attribute__((weak));
extern int ws_optreset __attribute__((weak));

/* The octets of the next request, and its streams. The process ends when no more will come. */
static size_t
receive(int link, char *request, int *streams)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int[STREAMS]))];
    } control;
    struct iovec into = {request, REQUEST_MAX};
    struct msghdr message = {.msg_iov = &into,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t length = recvmsg(link, &message, MSG_CMSG_CLOEXEC);
    if (length <= 0 || !CMSG_FIRSTHDR(&message))
        _exit(0);
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
        abort(); /* half of a command line would be another one */
    memcpy(streams, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int[STREAMS]));
    return (size_t)length;
}

static void
run(char *request, size_t length, const int *streams)
{
    static char *arguments[ARGUMENTS_MAX + 1];
    int count = 0;
    for (char *at = request; at < request + length; at += strlen(at) + 1) {
        if (count == ARGUMENTS_MAX)
            abort();
        arguments[count++] = at;
    }
    for (int i = 0; i < STREAMS; i++)
        dup2(streams[i], i);
    if (&ws_optind)
        ws_optind = 1;
    if (&ws_optreset)
        ws_optreset = 1;
    int code = program(count, arguments, environ);
    fflush(NULL);
    _exit(code);
}

static void
tell_of_the_ended(int link)
{
    int status;
    for (pid_t child; (child = waitpid(-1, &status, WNOHANG)) > 0;)
        dprintf(link, "%d %d", child, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

static void
on_child(int number)
{
    (void)number; /* It only ends the wait. */
}

static void
serve(int link)
{
    static char request[REQUEST_MAX];
    sigset_t child_signal, before;
    signal(SIGCHLD, on_child); /* sharkd ignores it. */
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_signal, &before);
    for (;;) {
        struct pollfd waited = {link, POLLIN, 0};
        int ready = ppoll(&waited, 1, NULL, &before);
        tell_of_the_ended(link);
        if (ready <= 0)
            continue;
        int streams[STREAMS];
        size_t length = receive(link, request, streams);
        pid_t child = fork();
        if (child == 0) {
            close(link);
            signal(SIGCHLD, SIG_DFL);
            sigprocmask(SIG_SETMASK, &before, NULL);
            run(request, length, streams);
        }
        for (int i = 0; i < STREAMS; i++)
            close(streams[i]);
        dprintf(link, "%d started", child);
    }
}

int
__libc_start_main(main_function *main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                  void (*rtld_fini)(void), void *stack_end)
{
    int (*real)(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *) =
        dlsym(RTLD_NEXT, "__libc_start_main");
    program = main;
    return real(main, argc, argv, init, fini, rtld_fini, stack_end);
}

void *
epan_load_settings(void)
{
    void *(*real)(void) = dlsym(RTLD_NEXT, "epan_load_settings");
    const char *link = getenv("SIPTRAIL_FORKSERVER");
    if (!registered && link) {
        registered = true;
        serve(atoi(link));
    }
    return real();
}

/* main() calls these again, for what is there already. Their parameters fit into registers, and are none of
 * our business. */
#define ONCE(name)                                                                                           \
    uintptr_t name(uintptr_t first, uintptr_t second, uintptr_t third)                                       \
    {                                                                                                        \
        uintptr_t (*real)(uintptr_t, uintptr_t, uintptr_t) = dlsym(RTLD_NEXT, #name);                        \
        return registered ? true : real(first, second, third);                                               \
    }
ONCE(wtap_init)
ONCE(epan_init)
ONCE(codecs_init)
ONCE(register_all_tap_listeners)

/* These free what all children have in common, which would first be copied for each: most of its time. */
void
epan_cleanup(void)
{
}

void
wtap_cleanup(void)
{
}
