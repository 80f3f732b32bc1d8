/* findings.h
 * What can be said of a message: one row per rule, in findings.def.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_FINDINGS_H
#define SIPTRAIL_FINDINGS_H

#include <glib.h>

#include "tracker.h"

/** One name for each finding, in the order of findings.def. */
enum finding {
    FINDING_NONE,
#define FINDING(id, ...) FINDING_##id,
#include "findings.def"
#undef FINDING
    FINDING_COUNT
};

/* A set of findings must hold them all. */
G_STATIC_ASSERT(FINDING_COUNT <= 8 * sizeof(struct finding_set));

enum severity { SEVERITY_CHAT, SEVERITY_NOTE, SEVERITY_WARN, SEVERITY_ERROR };
enum finding_group { GROUP_SECURITY, GROUP_PROTOCOL, GROUP_SEQUENCE, GROUP_RESPONSE };

/** When the predicate of a rule is asked. */
enum finding_stage {
    STAGE_NO_STAGE,    /**< never: the finding is decided elsewhere */
    STAGE_CREDENTIALS, /**< suspects: told if these credentials are refused */
    STAGE_CHALLENGE,   /**< a 401 or 407 */
    STAGE_OFFER,       /**< suspects: told if this challenge is never answered */
    STAGE_REQUEST,     /**< any request but SUBSCRIBE */
    STAGE_SUBSCRIBE,
    STAGE_SUBSCRIBED, /**< a 2xx to a SUBSCRIBE */
    STAGE_NOTIFY,
    STAGE_COUNT
};

/** How far a suspect explains a refusal. */
enum finding_weight { WEIGHT_HINT, WEIGHT_CAUSE_IF_GOOD, WEIGHT_CAUSE_UNLESS_BAD, WEIGHT_CAUSE };

/** What a predicate may look at; what a stage does not have is NULL or 0. */
struct finding_context {
    struct tracker *tracker;
    const struct sip_message *message;
    const struct arrival *arrival;
    const struct record *record;
    const struct exchange *exchange; /**< that is answered, or opened */
    const struct auth_line *lines;   /**< the challenges of it */
    bool lines_joined;               /**< two of them, or two credentials, in one header line */
    const struct use *use;
    const struct auth_value *credentials;
    const struct auth_value *challenge;                /**< the one that fits the credentials best */
    uint32_t branch_hash, call_id_hash, from_tag_hash; /**< of the message */
    uint32_t uri_hash, to_hash;                        /**< likewise: of its Request-URI and To */
    uint32_t nc, last_nc; /**< of these credentials, and of those before in this call; 0: none */
    uint32_t highest_nc;  /**< of this user with this nonce, in whatever call */
    uint32_t signed_in;   /**< the same credentials, one hop earlier, for another Request-URI */
    uint32_t good_in;     /**< the same credentials, one hop earlier, whose digest was right there */
    uint32_t named_in;    /**< the same credentials, one hop earlier, for another address-of-record */
    uint32_t realm_in; /**< the same credentials, or their challenge, one hop earlier, with another realm */
    const struct subscription *subscription;
    const struct subscribe_request *request; /**< the SUBSCRIBE that is answered */
    bool state_changed;   /**< a NOTIFY: its Subscription-State is another than the one before */
    bool condition_holds; /**< the first NOTIFY has the tag that its SUBSCRIBE named as known */
};

/** One rule. Texts hold placeholders in braces, see finding_expand. */
struct finding_rule {
    const char *name; /**< last part of `siptrail.finding.NAME`; also the value of `siptrail.cause` */
    enum severity severity;
    enum finding_group group;
    const char *actor; /**< who is likely to act: "client", "server", "path", "nobody" */
    enum finding_stage stage;
    enum finding_weight weight;
    bool (*applies)(const struct finding_context *);
    const char *brief, *sentence, *fix, *rfc;
};

/** What a challenge has lost on the way to the client: the number of its note. */
enum weakened { WEAKENED_NOT, WEAKENED_ALGORITHM, WEAKENED_QOP, WEAKENED_ORDER, WEAKENED_AUTH_INT };

/** The row of a finding; that of FINDING_NONE is empty. */
const struct finding_rule *finding_rule(enum finding finding);

/** Asks all rules of a stage and calls `found` for each that applies, in the order of the table. */
void findings_each(enum finding_stage stage, const struct finding_context *context,
                   void (*found)(enum finding, const struct finding_context *, void *), void *data);

/** What placeholders stand for; what is absent or 0 leaves "?" behind. */
struct finding_values {
    const struct exchange *exchange;
    const struct use *use;
    const char *method;
    uint16_t status;    /**< of the message that the finding is about */
    const char *phrase; /**< its own words; NULL */
    const char *place;  /**< where a REGISTER came from; NULL */
    uint32_t frame_a, frame_b, number;
    const struct no_notify *no_notify;
    const struct silence *silence;
};

/** What is odd about credentials of which nobody knows whether they are right, and may be why they are
 * refused.
 *  @return its row; NULL: nothing is, or the digest is verified, or there are none */
const struct finding_rule *finding_odd_form(const struct use *use);

/** Replaces the placeholders of a text.
 *
 *  Of the credentials: {account} {address} {username} {realm} {uri} {request_uri} {algorithm} {qop} {nc}
 * {nc_text} {header} {source} {asked_expires}. Of the challenge: {asked_realm} {asked_algorithm} {asked_qop}
 *  {asked_header} {due_header} {offered} {client} {asker} {cseq} {hints} {or_address} {form_fix}.
 * Of the verdict: {reason} {why} {by} {age} {known} {repeated} {unquoted} {quoted} {variant} {mistake}
 * {remedy} {by_code} {credential} {tried} {variants}. Of a 204: {event} {granted} {subscribe} {notify}
 * {missed}. Of a silence: {reached} {registered}. Of what changes between two hops: {relay} {lost}
 * {refused_aor} {signed_aor}. Frames: {challenge} {retry} {closed} {elsewhere} {accepted} {accepted_account}
 * {accepted_user} {cancelled} {idle_stale} {a} {b}. Others: {method} {code} {answer} {attempts} {last_nc}
 * {min_expires} {between} {place} {n}.
 *  @return free with g_free; as valid as UTF-8 as the wire's text is */
char *finding_expand(const char *text, const struct finding_values *values);

#endif
