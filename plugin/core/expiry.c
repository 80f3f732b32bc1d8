/* expiry.c
 * Until when a subscription lasts, and which side lost count of it (RFC 6665 section 4.1.2.2, 4.2.1.4).
 *
 * The latest 2xx to a SUBSCRIBE says so in Expires, a 204 as well as a 200 (RFC 5839 section 5.6), and each
 * NOTIFY may in Subscription-State. What a 204 says has no NOTIFY to repeat it, so it is the one that gets
 * missed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "findings.h"
#include "tracker_private.h"

#define SECOND_NS INT64_C(1000000000)
/* Notifier and subscriber agree to the second when a subscription ends; this much may get lost in between. */
#define SLACK_NS (2 * SECOND_NS)

static bool
has_run_out(const struct tracker *tracker, const struct expiry *expiry)
{
    return expiry->latest.frame && tracker->clock > expiry->latest.clock + SLACK_NS;
}

/* Sent once, and no answer: the client was content, so it is the capture that lacks it. */
static bool
misses_answer(const struct tracker *tracker, const struct expiry *expiry)
{
    return expiry->open && !expiry->open_repeated && tracker->clock - expiry->open_clock > SIP_T2_NS;
}

/* --- the subscriber --------------------------------------------------------------- */

/* A subscriber counts CSeq up by one for each request of the dialog: a step of more says that the capture
 * does not hold what was in between, or that the dialog serves something else, too. */
static void
note_gap(const struct tracker *tracker, struct expiry *expiry, const struct sip_message *message)
{
    if (expiry->subscriber != hash_short(tracker->here.from_tag) || message->cseq - expiry->cseq > 1 ||
        misses_answer(tracker, expiry))
        expiry->gap = true;
    expiry->cseq = message->cseq;
}

/* A SUBSCRIBE before the end, whatever became of it: the subscriber did count. */
static bool
came_in_time(const struct expiry *expiry)
{
    return expiry->open_clock > expiry->granted_clock && expiry->open_clock <= expiry->latest.clock;
}

/* What a subscriber may have gone by that does not know the end which a 204 said; NULL: nothing. */
static const struct deadline *
believed_instead(const struct tracker *tracker, const struct expiry *expiry)
{
    const struct deadline *const others[] = {&expiry->without_204, &expiry->asked};
    if (!expiry->by_204 || came_in_time(expiry))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (others[i]->frame && tracker->clock <= others[i]->clock + SLACK_NS)
            return others[i];
    }
    return NULL;
}

/* Told once, by the first SUBSCRIBE after it. */
static uint16_t
note_lapse(struct tracker *tracker, struct expiry *expiry, struct record *record)
{
    if (!has_run_out(tracker, expiry) || expiry->gap || expiry->over || expiry->told)
        return FINDING_NONE;
    const struct deadline *believed = believed_instead(tracker, expiry);
    record_note(tracker, record, believed ? FINDING_EXPIRY_MISSED : FINDING_SUBSCRIPTION_LAPSED,
                expiry->latest.frame, believed ? believed->frame : 0)
        ->number = (uint32_t)((tracker->clock - expiry->latest.clock) / SECOND_NS);
    expiry->told = true;
    return believed ? FINDING_EXPIRY_MISSED : FINDING_NONE;
}

uint16_t
expiry_asked(struct tracker *tracker, struct expiry *expiry, const struct sip_message *message,
             const struct subscribe_request *request, struct record *record)
{
    note_gap(tracker, expiry, message);
    uint16_t finding = request->unsubscribes ? FINDING_NONE : note_lapse(tracker, expiry, record);
    expiry->open = true;
    expiry->open_repeated = false;
    expiry->open_clock = tracker->clock;
    expiry->open_frame = record->frame;
    return finding;
}

bool
expiry_is_ahead(const struct tracker *tracker, const struct expiry *expiry)
{
    return expiry->latest.frame && tracker->clock < expiry->latest.clock && !expiry->gap && !expiry->over &&
           !expiry->open;
}

/* Who comes back only later may have been away. */
const struct deadline *
expiry_missed(const struct tracker *tracker, const struct expiry *expiry)
{
    bool just_now = expiry->timed_out && tracker->clock - expiry->latest.clock < SIP_TIMEOUT_NS;
    return just_now && !expiry->told ? believed_instead(tracker, expiry) : NULL;
}

/* --- the answer ------------------------------------------------------------------- */

/* Any other refusal leaves the subscription as it was (RFC 6665 section 4.1.2.2). */
static bool
ends_subscription(uint16_t status)
{
    static const uint16_t codes[] = {404, 405, 410, 416, 489, 501, 604};
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (status == codes[i])
            return true;
    }
    return status >= 480 && status <= 485;
}

static void
grant(const struct tracker *tracker, struct expiry *expiry, uint32_t seconds,
      const struct transaction *transaction, const struct record *record)
{
    const struct subscribe_request *request = transaction->subscribe;
    expiry->latest = (struct deadline){tracker->clock + (int64_t)seconds * SECOND_NS, record->frame};
    expiry->by_204 = record->status == 204;
    if (!expiry->by_204)
        expiry->without_204 = expiry->latest;
    expiry->asked = (struct deadline){0};
    if (request->has_expires)
        expiry->asked = (struct deadline){transaction->clock + (int64_t)request->expires * SECOND_NS,
                                          transaction->request->frame};
}

void
expiry_answered(struct tracker *tracker, struct expiry *expiry, const struct sip_message *message,
                const struct transaction *transaction, const struct record *record)
{
    uint32_t seconds;
    expiry->open = false;
    if (record->status >= 300) {
        expiry->over |= ends_subscription(record->status);
        if (record->status == 481)
            expiry->ended_in = record->frame;
        return;
    }
    if (expiry->subscriber == 0) {
        expiry->subscriber = hash_short(tracker->here.from_tag);
        expiry->cseq = message->cseq;
    }
    bool said = message->header[SIP_EXPIRES].p && sip_number(message->header[SIP_EXPIRES], &seconds);
    expiry->over = transaction->subscribe->unsubscribes;
    expiry->gap = !said;
    expiry->told = expiry->timed_out = false;
    if (!transaction->subscribe->unsubscribes)
        expiry->ended_in = 0;
    else if (record->status == 204) /* no NOTIFY says so, too */
        expiry->ended_in = record->frame;
    expiry->granted_clock = tracker->clock;
    if (said)
        grant(tracker, expiry, seconds, transaction, record);
}

/* --- the notifier ----------------------------------------------------------------- */

int64_t
expiry_of_notify(const struct tracker *tracker, const struct sip_message *message)
{
    struct slice parameters;
    uint32_t seconds;
    slice_until(message->header[SIP_SUBSCRIPTION_STATE], ';', &parameters);
    if (!message->header[SIP_SUBSCRIPTION_STATE].p ||
        !sip_number(sip_parameter(parameters, SLICE("expires")), &seconds))
        return 0;
    return tracker->clock + (int64_t)seconds * SECOND_NS;
}

bool
expiry_is_shorter(const struct expiry *expiry, int64_t clock)
{
    return clock && expiry->latest.frame && clock + SLACK_NS < expiry->latest.clock;
}

/* The notifier goes by what was said before the latest 204. */
static uint16_t
note_not_counted(struct tracker *tracker, const struct expiry *expiry, int64_t clock, struct record *record)
{
    record_note(tracker, record, FINDING_NOT_COUNTED, expiry->latest.frame, expiry->without_204.frame)
        ->number = (uint32_t)((expiry->latest.clock - clock + SECOND_NS / 2) / SECOND_NS);
    return FINDING_NOT_COUNTED;
}

/* The end of a subscription whose time is over, or is not. */
static uint16_t
note_time_out(struct tracker *tracker, struct expiry *expiry, struct record *record)
{
    int64_t now = tracker->clock, late = now - expiry->latest.clock;
    expiry->timed_out = late >= -SLACK_NS;
    if (expiry->timed_out)
        record_note(tracker, record, FINDING_SUBSCRIPTION_TIMED_OUT, expiry->latest.frame, 0)->number =
            late > 0 ? (uint32_t)(late / SECOND_NS) : 0;
    else if (expiry->by_204 && expiry->without_204.frame && now >= expiry->without_204.clock - SLACK_NS &&
             now <= expiry->without_204.clock + SIP_TIMEOUT_NS)
        return note_not_counted(tracker, expiry, now, record);
    return FINDING_NONE;
}

static uint16_t
terminated(struct tracker *tracker, struct expiry *expiry, struct slice reason, struct record *record)
{
    bool unclear = expiry->over || expiry->timed_out || expiry->open || expiry->gap || !expiry->latest.frame;
    uint16_t finding = FINDING_NONE;
    if (slice_equal_nocase(reason, SLICE("timeout")) && !unclear)
        finding = note_time_out(tracker, expiry, record);
    expiry->over = !expiry->timed_out;
    expiry->ended_in = record->frame;
    return finding;
}

/* It had time to learn of the 204, and names the end that was said before to the second. */
static bool
repeats_old_end(const struct tracker *tracker, const struct expiry *expiry, int64_t clock)
{
    return expiry->by_204 && expiry->without_204.frame && !expiry->open &&
           tracker->clock - expiry->granted_clock > SIP_TIMEOUT_NS &&
           ABS(clock - expiry->without_204.clock) <= SLACK_NS;
}

uint16_t
expiry_notified(struct tracker *tracker, struct expiry *expiry, const struct sip_message *message,
                struct record *record)
{
    struct slice parameters;
    struct slice state = slice_trim(slice_until(message->header[SIP_SUBSCRIPTION_STATE], ';', &parameters));
    uint16_t finding = FINDING_NONE;
    if (slice_equal_nocase(state, SLICE("terminated")))
        return terminated(tracker, expiry, sip_parameter(parameters, SLICE("reason")), record);
    if (has_run_out(tracker, expiry)) /* it goes on, by something that was not seen */
        expiry->gap = true;
    int64_t clock = expiry_of_notify(tracker, message);
    bool shorter = expiry_is_shorter(expiry, clock);
    /* It may have been sent before the 2xx; the first one goes with it. */
    bool crossing = expiry->notified && tracker->clock - expiry->granted_clock < SIP_T1_NS;
    expiry->notified = true;
    if (clock <= tracker->clock || (shorter && crossing))
        return FINDING_NONE;
    if (shorter && repeats_old_end(tracker, expiry, clock))
        finding = note_not_counted(tracker, expiry, clock, record);
    expiry->latest = expiry->without_204 = (struct deadline){clock, record->frame};
    expiry->by_204 = false;
    return finding;
}
