/* audit.h
 * What is said of a message: the table of findings, causes, and the sentences around them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_AUDIT_H
#define SIPTRAIL_AUDIT_H

#include <glib.h>

#include "tracker.h"

/** One name for each finding. Order: as in docs/reference.md. */
enum finding {
    FINDING_NONE,
    FINDING_DIGEST_GOOD,
    FINDING_DIGEST_BAD,
    FINDING_DIGEST_VARIANT,
    FINDING_DIGEST_UNVERIFIED,
    FINDING_SERVER_PROVED,
    FINDING_SERVER_UNPROVED,
    FINDING_DIGEST_MISMATCH,
    FINDING_DIGEST_GOOD_REFUSED,
    FINDING_REFUSED_UNVERIFIED,
    FINDING_NONCE_STALE,
    FINDING_STALE_UNSAID,
    FINDING_NONCE_DIFFERS,
    FINDING_WRONG_HEADER,
    FINDING_REALM_DIFFERS,
    FINDING_OTHER_REALM,
    FINDING_FORBIDDEN,
    FINDING_INTERVAL_TOO_BRIEF,
    FINDING_FAILED,
    FINDING_NEVER_ANSWERED,
    FINDING_GAVE_UP,
    FINDING_RETRY_UNANSWERED,
    FINDING_NO_CHALLENGE,
    FINDING_CHALLENGES_LEFT_OUT,
    FINDING_204_NOT_SUBSCRIBE,
    FINDING_204_OUT_OF_DIALOG,
    FINDING_204_UNCONDITIONAL,
    FINDING_204_NOTIFY_BODY,
    FINDING_204_NOTIFY_UNTAGGED,
    FINDING_204_NOTIFY_SUPERFLUOUS,
    FINDING_204_NOTIFY_AFTER_END,
    FINDING_COUNT
};

enum severity { SEVERITY_CHAT, SEVERITY_NOTE, SEVERITY_WARN, SEVERITY_ERROR };
enum finding_group { GROUP_SECURITY, GROUP_PROTOCOL, GROUP_SEQUENCE, GROUP_RESPONSE };

/** One rule. Texts hold placeholders in braces, see finding_expand. */
struct finding_rule {
    const char *name; /**< last part of `siptrail.finding.NAME`; also the value of `siptrail.cause` */
    enum severity severity;
    enum finding_group group;
    const char *brief; /**< the sentence in a few words, for a first line */
    const char *sentence;
    const char *fix;
    const char *actor; /**< who is likely to act: "client", "server", "path", "nobody" */
    const char *rfc;
};

/** The row of a finding. */
const struct finding_rule *finding_rule(enum finding finding);

/** What placeholders stand for; what is absent or 0 leaves "?" behind. */
struct finding_values {
    const struct exchange *exchange;
    const struct use *use;
    const char *method;
    uint32_t frame_a, frame_b;
};

/** Replaces {account} {realm} {challenge} {retry} {closed} {code} {attempt} {reason} {variant} {credential}
 * {tried} {variants} {method} {a} {b} in a text.
 *  @return free with g_free; as valid as UTF-8 as the wire's text is */
char *finding_expand(const char *text, const struct finding_values *values);

/** Outcome of a request with credentials that was answered.
 *  @param challenged_again  same realm and kind of header as the credentials
 *  @param stale  that challenge says stale=true */
enum outcome audit_outcome(const struct use *use, uint16_t status, bool challenged_again, bool stale);

/** The main finding behind an outcome; FINDING_NONE when it is `accepted` or open. */
enum finding audit_cause(const struct use *use, enum outcome outcome);

/** The same for an exchange as of now. */
enum finding audit_exchange_cause(const struct tracker *tracker, const struct exchange *exchange);

/** The finding that tells a digest verdict; FINDING_NONE when it is not worth one. */
enum finding audit_digest(const struct digest_verdict *verdict, bool configured, bool server);

/** Digest status of all credentials that answered the exchange: the worst. DIGEST_NONE without a retry. */
enum digest_status exchange_digest(const struct exchange *exchange);

/** "accepted", "rejected", … as `siptrail.outcome` has it; "" for OUTCOME_NONE. */
const char *outcome_text(enum outcome outcome);

/** What a status code or outcome means here, when one sees it, and what to do: one sentence each. Static
 * texts with placeholders. */
struct advice {
    const char *meaning, *when, *fix;
};
struct advice audit_advice(const struct exchange *exchange, enum outcome outcome, enum finding cause);
struct advice audit_advice_204(const struct no_notify *no_notify, bool right);

#endif
