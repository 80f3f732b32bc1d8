/* offered_filters.c
 * Preloaded into tshark, which offers no conversation filters: prints those that the plugin offers for each
 * SIP message on standard error, as "frame TAB title TAB filter". The last line for a frame is what Wireshark
 * would offer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracker.h"

/* In Wireshark 4.0 they take the first argument only, which is harmless in C's calling conventions. */
typedef int is_valid(void *pinfo, void *data);
typedef char *build(void *pinfo, void *data);

static struct {
    const char *title;
    is_valid *is_valid;
    build *build;
} offers[8];
static int offer_count;

int find_tap_id(const char *name);
#pragma weak find_tap_id

void
register_conversation_filter(const char *proto, const char *title, is_valid *valid, build *text, void *data)
{
    void (*real)(const char *, const char *, is_valid *, build *, void *) =
        (void (*)(const char *, const char *, is_valid *, build *, void *))dlsym(RTLD_NEXT, __func__);
    real(proto, title, valid, text, data);
    if (strcmp(proto, "siptrail") != 0 || offer_count == 8)
        return;
    offers[offer_count].title = title;
    offers[offer_count].is_valid = valid;
    offers[offer_count++].build = text;
}

void
tap_queue_packet(int tap, void *pinfo, const void *data)
{
    void (*real)(int, void *, const void *) = (void (*)(int, void *, const void *))dlsym(RTLD_NEXT, __func__);
    real(tap, pinfo, data);
    if (!find_tap_id || tap != find_tap_id("siptrail"))
        return;
    for (int i = 0; i < offer_count; i++) {
        char *text = offers[i].build(pinfo, NULL);
        const char *said = offers[i].is_valid(pinfo, NULL) & 1 ? text : text ? "not valid" : "";
        fprintf(stderr, "offer\t%u\t%s\t%s\n", ((const struct record *)data)->frame, offers[i].title,
                said ? said : "valid, and nothing there");
    }
}
