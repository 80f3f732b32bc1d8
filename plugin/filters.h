/* filters.h
 * Conversation filters: what a right-click on a packet offers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_FILTERS_H
#define SIPTRAIL_FILTERS_H

/** Registers the filters for "this exchange", "this registration" and "this account".
 *
 *  @param proto  under whose id a frame's records are kept */
void filters_register(int proto);

#endif
