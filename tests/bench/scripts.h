/* scripts.h
 * The dialogs that benchmarks are made of.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_BENCH_SCRIPTS_H
#define SIPTRAIL_BENCH_SCRIPTS_H

#include "sip_text.h"

/** A mixture of dialogs, by weight: of 100 dialogs that begin, so many are of this kind. */
struct share {
    const struct script *script;
    unsigned percent;
};
enum { SHARES_MAX = 6 };

/** A trunk's signalling. */
#define MIXED_SHARES                                                                                         \
    {                                                                                                        \
        {&script_ping, 40}, {&script_registration, 30}, {&script_call, 20}, {&script_subscription, 7},       \
            {&script_unanswered, 2}, {&script_refused, 1},                                                   \
    }
/** Its pings and subscriptions, which nobody challenges. */
#define UNCHALLENGED_SHARES                                                                                  \
    {                                                                                                        \
        {&script_ping, 85}, {&script_subscription, 15},                                                      \
    }

/** The script of one dialog of the mixture. */
const struct script *script_of(const struct share *shares, const struct world *world, uint64_t id);

/** REGISTER 401 REGISTER 200 */
extern const struct script script_registration;
/** INVITE 407 ACK INVITE 100 180 200 ACK BYE 200 */
extern const struct script script_call;
/** the same, with 200 packets of RTP */
extern const struct script script_call_with_media;
/** SUBSCRIBE 200 NOTIFY 200, and a refresh answered by 204 */
extern const struct script script_subscription;
/** OPTIONS 200 */
extern const struct script script_ping;
/** REGISTER of a scanner */
extern const struct script script_unanswered;
/** REGISTER 401 of a scanner */
extern const struct script script_refused;
/** registrations without end, in one Call-ID */
extern const struct script script_one_call_id;
/** registrations without end, with one nonce */
extern const struct script script_one_nonce;
/** registrations with a nonce that everybody gets */
extern const struct script script_shared_nonce;

#endif
