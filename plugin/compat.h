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
#include <epan/stat_groups.h>

/* UAT callbacks return gboolean, four octets, before 4.2; bool since. */
#if WIRESHARK_VERSION_MAJOR == 4 && WIRESHARK_VERSION_MINOR < 2
typedef gboolean uat_bool;
#else
typedef bool uat_bool;
#endif

#if WIRESHARK_VERSION_MAJOR == 4 && WIRESHARK_VERSION_MINOR < 4
#define STAT_GROUP_TELEPHONY REGISTER_STAT_GROUP_TELEPHONY
#else
#define STAT_GROUP_TELEPHONY REGISTER_TELEPHONY_GROUP_UNSORTED
#endif

/* stat_tap_ui.tap_init_cb tells of success since 4.6. */
#if WIRESHARK_VERSION_MAJOR == 4 && WIRESHARK_VERSION_MINOR < 6
typedef void stat_init_result;
#define STAT_INIT_DONE
#else
typedef bool stat_init_result;
#define STAT_INIT_DONE true
#endif

static inline void
compat_depend_on_frame(packet_info *pinfo, guint32 frame)
{
#if WIRESHARK_VERSION_MAJOR == 4 && WIRESHARK_VERSION_MINOR < 2
    mark_frame_as_depended_upon(pinfo, frame);
#else
    mark_frame_as_depended_upon(pinfo->fd, frame);
#endif
}

#endif
