/* toggle.c
 * Preloaded into sharkd, which has no command for it: SIGUSR1 disables the protocol, SIGUSR2 enables it
 * again. Both come while sharkd waits for its next request.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <signal.h>

int proto_get_id_by_filter_name(const char *name);
void proto_set_decoding(int id, int enabled);

/* Only sharkd has these functions; its helpers are started with the same library. */
#pragma weak proto_get_id_by_filter_name
#pragma weak proto_set_decoding

static void
set_decoding(int signal)
{
    proto_set_decoding(proto_get_id_by_filter_name("siptrail"), signal == SIGUSR2);
}

__attribute__((constructor)) static void
listen_for_signals(void)
{
    struct sigaction action = {.sa_handler = set_decoding, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, 0);
    sigaction(SIGUSR2, &action, 0);
}
