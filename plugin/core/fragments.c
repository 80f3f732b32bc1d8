/* fragments.c
 * Parts of IP datagrams that were never put together: some were lost on their way, or the capture holds first
 * fragments only. What somebody waits for may have been in them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "tracker_private.h"

static bool
are_between(const struct fragments *fragments, const struct endpoint *from, const struct endpoint *to)
{
    return endpoint_same_address(&fragments->from, from) && endpoint_same_address(&fragments->to, to);
}

/* Those to which one that comes now belongs. */
static struct fragments *
fragments_now(struct tracker *tracker, const struct endpoint *from, const struct endpoint *to)
{
    for (unsigned i = 0; i < FRAGMENTS_MAX; i++) {
        struct fragments *fragments = &tracker->fragments[i];
        bool goes_on = fragments->clock == 0 || tracker->clock - fragments->clock <= SIP_TIMEOUT_NS;
        if (goes_on && are_between(fragments, from, to))
            return fragments;
    }
    return NULL;
}

void
tracker_fragment(struct tracker *tracker, uint32_t frame, const struct endpoint *from,
                 const struct endpoint *to, bool whole)
{
    struct fragments *fragments = fragments_now(tracker, from, to);
    if (!fragments && whole)
        return;
    if (!fragments) {
        fragments = &tracker->fragments[tracker->fragments_next++ % FRAGMENTS_MAX];
        *fragments = (struct fragments){.from = *from, .to = *to};
    }
    if (fragments->clock == 0)
        fragments->begun = tracker->clock;
    fragments->clock = whole ? 0 : tracker->clock;
    fragments->frame = frame;
}

uint32_t
fragments_between(const struct tracker *tracker, const struct endpoint *from, const struct endpoint *to,
                  int64_t since)
{
    for (unsigned i = 0; i < FRAGMENTS_MAX; i++) {
        const struct fragments *fragments = &tracker->fragments[i];
        if (fragments->clock && fragments->clock >= since && fragments->begun - since <= SIP_TIMEOUT_NS &&
            are_between(fragments, from, to))
            return fragments->frame;
    }
    return 0;
}
