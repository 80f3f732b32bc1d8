/* packet-siptrail.h
 * The two entry points that Wireshark calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_PACKET_SIPTRAIL_H
#define SIPTRAIL_PACKET_SIPTRAIL_H

void proto_register_siptrail(void);
void proto_reg_handoff_siptrail(void);

#endif
