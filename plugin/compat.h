/* compat.h
 * What differs between the versions of Wireshark that this plugin builds with (4.0 to 4.6). Nothing else in
 * it asks for the version.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_COMPAT_H
#define SIPTRAIL_COMPAT_H

#include <wireshark.h>
#include <epan/packet.h>
#include <epan/conversation_filter.h> /* takes it for granted that packet_info is known */
#include <epan/stat_groups.h>
#include <epan/strutil.h>
#include <epan/uat.h>
#include <wsutil/str_util.h>

/* What UAT callbacks return: gboolean, four octets, in 4.0; bool in 4.4. */
typedef __typeof__(((uat_update_cb_t)NULL)(NULL, NULL)) uat_bool;

/* Telephony's own group has one name in 4.0 and another in 4.4, but its neighbour has not. */
#define STAT_GROUP_TELEPHONY ((register_stat_group_t)(REGISTER_STAT_GROUP_RSERPOOL + 1))

/* stat_tap_ui.tap_init_cb tells of success since 4.6. */
#if WIRESHARK_VERSION_MAJOR == 4 && WIRESHARK_VERSION_MINOR < 6
typedef void stat_init_result;
#define STAT_INIT_DONE
#else
typedef bool stat_init_result;
#define STAT_INIT_DONE true
#endif

/* Before 4.4 epan builds a tree for what a post-dissector wants even while its protocol is disabled. */
#define WANTS_WHILE_DISABLED (WIRESHARK_VERSION_MAJOR == 4 && WIRESHARK_VERSION_MINOR < 4)

/* The functions of a conversation filter take a pointer of ours since 4.2. */
#if WIRESHARK_VERSION_MAJOR == 4 && WIRESHARK_VERSION_MINOR < 2
#define FILTER_ARGUMENTS                           packet_info *pinfo
#define REGISTER_FILTER(proto, title, valid, text) register_conversation_filter(proto, title, valid, text)
typedef __typeof__(((is_filter_valid_func)NULL)(NULL)) filter_bool;
#else
#define FILTER_ARGUMENTS packet_info *pinfo, void *data _U_
#define REGISTER_FILTER(proto, title, valid, text)                                                           \
    register_conversation_filter(proto, title, valid, text, NULL)
typedef __typeof__(((is_filter_valid_func)NULL)(NULL, NULL)) filter_bool;
#endif

/* Takes the packet in 4.0, its frame in 4.4. */
static inline void
compat_depend_on_frame(packet_info *pinfo, guint32 frame)
{
    mark_frame_as_depended_upon(_Generic(mark_frame_as_depended_upon, void (*)(frame_data *, guint32)
                                         : pinfo->fd, default
                                         : pinfo),
                                frame);
}

/* Text of the wire as it is shown: one line of valid UTF-8, and nothing that a terminal takes for a command.
 * Two characters that end lines, U+2028 and U+2029, are printable to format_text. Its octets are unsigned
 * in 4.0. */
static inline const char *
compat_shown(wmem_allocator_t *pool, const char *text)
{
    char *shown = format_text(pool, (const void *)text, strlen(text));
    for (char *p = shown; (p = strstr(p, "\xe2\x80")); p++) {
        if (p[2] == '\xa8' || p[2] == '\xa9')
            memset(p, '?', 3);
    }
    return shown;
}

/* A field's unit is given through a macro since 4.2. */
#ifndef UNS
#define UNS(units) (units)
#endif

#endif
