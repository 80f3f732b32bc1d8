/* tree.h
 * Fields, expert infos and the rendering of a record.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_TREE_H
#define SIPTRAIL_TREE_H

#include <epan/packet.h>

#include "core/tracker.h"

/** Registers fields, subtrees and expert infos of the protocol. */
void tree_register(int proto);

/** Somebody sees items or expert infos of ours: in the packet details, through a filter, a column or a tap.
 *  @param tree  of any frame of this pass */
bool tree_is_wanted(int proto, packet_info *pinfo, proto_tree *tree);

/** Shows one message. Reads the record and decides nothing.
 *
 *  @param tree  may be NULL: expert infos are told all the same
 *  @param tracker  for what the time passed since says of an open exchange
 *  @param in_passing  no frame is looked at again, so that it need not be kept which frames it points back to
 */
void tree_show(int proto, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct tracker *tracker,
               const struct record *record, bool in_passing);

/** Whose message it is, as the field `siptrail.account` has it; NULL when nobody's. */
const char *tree_account(wmem_allocator_t *pool, const struct record *record);

/** A contact, as the field `siptrail.registration.contact` has it. */
const char *tree_contact(wmem_allocator_t *pool, const struct contact_name *contact);

#endif
