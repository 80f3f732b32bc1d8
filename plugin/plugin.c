/* plugin.c
 * What the loader looks for, and nothing else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <wireshark.h>
#include <epan/packet.h>
#include <epan/proto.h>

#include "packet-siptrail.h"

WS_DLL_PUBLIC_DEF const gchar plugin_version[] = SIPTRAIL_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);

void
plugin_register(void)
{
    static proto_plugin plugin;
    plugin.register_protoinfo = proto_register_siptrail;
    plugin.register_handoff = proto_reg_handoff_siptrail;
    proto_register_plugin(&plugin);
}
