/* standing.c
 * How exchanges stand as of now: what is recorded of them, and what the time passed since then says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"
#include "tracker_private.h"

const struct exchange *
tracker_exchanges(const struct tracker *tracker)
{
    return tracker->exchanges;
}

const char *
exchange_account(const struct exchange *exchange)
{
    return exchange->user_at_realm ? exchange->user_at_realm : exchange->account->name;
}

enum outcome
exchange_outcome(const struct tracker *tracker, const struct exchange *exchange)
{
    if (exchange->outcome != OUTCOME_NONE)
        return exchange->outcome;
    if (exchange->retry_frame == 0 && exchange->settled_frame)
        return OUTCOME_ACCEPTED;
    if (exchange->lost)
        return OUTCOME_UNKNOWN;
    if (exchange->retry_frame == 0)
        return tracker->clock - exchange->challenge_clock > SIP_TIMEOUT_NS ? OUTCOME_NO_RETRY
                                                                           : OUTCOME_UNKNOWN;
    /* A client that never sends a datagram again has got an answer that is not in the capture. */
    bool waits = !exchange->retry_datagram || exchange->retry_repeated;
    if (waits && !exchange->retry_pending && tracker->clock - exchange->retry_clock > SIP_TIMEOUT_NS)
        return OUTCOME_NO_ANSWER;
    return OUTCOME_UNKNOWN;
}

uint32_t
exchange_closed_frame(const struct exchange *exchange)
{
    return exchange->closed_frame || exchange->retry_frame ? exchange->closed_frame : exchange->settled_frame;
}

uint16_t
exchange_closed_status(const struct exchange *exchange)
{
    return exchange->closed_frame || exchange->retry_frame ? exchange->closed_status
                                                           : exchange->settled_status;
}

/* More hops than any capture has. */
enum { HOPS_MAX = 8 };

uint32_t
exchange_answered_elsewhere(const struct exchange *exchange)
{
    for (int i = 0; i < HOPS_MAX && exchange->nearer && !exchange->retry_frame; i++)
        exchange = exchange->nearer;
    return exchange->retry_frame;
}
