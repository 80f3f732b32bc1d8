/* audit.c
 * What is said of a message: the table of findings, causes, and the sentences around them.
 *
 * A passive tool sees the wire, not the policy behind it: what it cannot prove is worded "looks like".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"

#define NOTHING "nothing to fix"

static const struct finding_rule rules[FINDING_COUNT] = {
    [FINDING_NONE] = {"", SEVERITY_CHAT, GROUP_RESPONSE, "", "", "", "nobody", ""},

    /* the digest of one set of credentials */
    [FINDING_DIGEST_GOOD] = {"digest_good", SEVERITY_CHAT, GROUP_SECURITY, "digest good",
                             "Digest verified with configured credential {credential}", NOTHING, "nobody",
                             "RFC 7616 section 3.4.1"},
    [FINDING_DIGEST_BAD] =
        {"digest_bad", SEVERITY_WARN, GROUP_SECURITY, "digest bad",
         "Digest does not match any configured credential for this user and realm ({tried} tried)",
         "compare the password configured here with the one on the client", "client",
         "RFC 7616 section 3.4.1"},
    [FINDING_DIGEST_VARIANT] = {"digest_variant", SEVERITY_WARN, GROUP_SECURITY,
                                "digest right only by the computation {variant}",
                                "Digest fits configured credential {credential}, but only by the computation "
                                "{variant}, not by the RFC",
                                "the password is right; make client and server compute the digest alike",
                                "client", "RFC 7616 section 3.4.1"},
    [FINDING_DIGEST_UNVERIFIED] = {"digest_unverified", SEVERITY_NOTE, GROUP_SECURITY, "digest not verified",
                                   "Digest not verified: {reason}",
                                   "configure a credential that fits, or capture with a larger snap length",
                                   "nobody", "RFC 7616 section 3.4.1"},
    [FINDING_SERVER_PROVED] = {"server_proved", SEVERITY_CHAT, GROUP_SECURITY,
                               "the server knows the password",
                               "The server proved that it knows the credential (rspauth is good)", NOTHING,
                               "nobody", "RFC 7616 section 3.5"},
    [FINDING_SERVER_UNPROVED] = {"server_unproved", SEVERITY_WARN, GROUP_SECURITY,
                                 "the server does not prove the password",
                                 "rspauth does not match any configured credential: the server does not look "
                                 "like it knows the password",
                                 "check that the request reached the right server", "server",
                                 "RFC 7616 section 3.5"},

    /* causes: why an exchange did not end with a 2xx */
    [FINDING_DIGEST_MISMATCH] =
        {"digest_mismatch", SEVERITY_WARN, GROUP_SECURITY, "digest fits no configured credential",
         "Frame {retry} answers the challenge in frame {challenge}, but its digest fits none of the {tried} "
         "configured credentials of this user: the client looks to use another password, or something on the "
         "path changed the request",
         "compare the password on the client and on the server; the challenge was answered in form", "client",
         "RFC 3261 section 22.1"},
    [FINDING_DIGEST_GOOD_REFUSED] =
        {"digest_good_refused", SEVERITY_WARN, GROUP_SECURITY,
         "though the digest is right by configured credential {credential}",
         "The digest in frame {retry} is right by configured credential {credential}, and the server refused "
         "it in "
         "frame {closed}: its copy of the credential, or its handling of realm or nonce, looks to differ",
         "compare user, realm and password in the server's database; look at its log for frame {retry}",
         "server", "RFC 3261 section 22.1"},
    [FINDING_REFUSED_UNVERIFIED] =
        {"refused_unverified", SEVERITY_WARN, GROUP_SECURITY, "user or password wrong, as it looks",
         "The credentials in frame {retry} were refused in frame {closed} by a new challenge for the same "
         "realm that "
         "does not say stale: user or password look wrong to the server ({reason})",
         "compare user and password on both sides; configure them here to see whether the digest is right",
         "client", "RFC 3261 section 22.1"},
    [FINDING_NONCE_STALE] =
        {"nonce_stale", SEVERITY_NOTE, GROUP_SEQUENCE, "nonce too old, says the server",
         "The server says stale=true in frame {closed}: the nonce in frame {retry} was too old, "
         "user and password are not in doubt",
         NOTHING ": the client shall answer the new challenge without asking its user", "client",
         "RFC 7616 section 3.3"},
    [FINDING_STALE_UNSAID] = {"stale_unsaid", SEVERITY_WARN, GROUP_SEQUENCE,
                              "nonce expired, as it looks, but the server does not say so",
                              "The nonce in frame {retry} had been accepted in frame {a}, and is refused in "
                              "frame {closed} without "
                              "stale=true: it looks to have expired, and the server forgot to say so",
                              "let the server say stale=true for an expired nonce: a client may take this "
                              "for a wrong password and stop",
                              "server", "RFC 7616 section 3.3"},
    [FINDING_NONCE_DIFFERS] =
        {"nonce_differs", SEVERITY_WARN, GROUP_PROTOCOL, "another nonce than that of the challenge",
         "Frame {retry} follows the challenge in frame {challenge}, but carries another nonce",
         "let the client use the nonce of the challenge that it answers", "client", "RFC 7616 section 3.4"},
    [FINDING_WRONG_HEADER] =
        {"wrong_header", SEVERITY_WARN, GROUP_PROTOCOL, "answered in the wrong header",
         "Frame {retry} answers in the wrong header: WWW-Authenticate wants Authorization, "
         "Proxy-Authenticate wants "
         "Proxy-Authorization",
         "let the client choose the header by the header of the challenge in frame {challenge}", "client",
         "RFC 3261 section 22.2, 22.3"},
    [FINDING_REALM_DIFFERS] =
        {"realm_differs", SEVERITY_WARN, GROUP_PROTOCOL, "answered for another realm",
         "Frame {retry} uses the nonce of frame {challenge} with another realm, {realm}",
         "let the client echo the realm of the challenge unchanged", "client", "RFC 7616 section 3.4"},
    [FINDING_OTHER_REALM] =
        {"other_realm", SEVERITY_CHAT, GROUP_SEQUENCE, "next challenge is for another realm",
         "The next challenge, in frame {closed}, is for another realm: these credentials were not refused",
         "configure a credential for that realm on the client too, if it does not answer it", "client",
         "RFC 3261 section 22.3"},
    [FINDING_FORBIDDEN] =
        {"forbidden", SEVERITY_WARN, GROUP_RESPONSE, "403",
         "The server forbids the request of {account} with 403 in frame {closed} ({reason})",
         "check that the account exists, is enabled, and may use this address-of-record and source address",
         "server", "RFC 3261 section 10.3, 21.4.4"},
    [FINDING_INTERVAL_TOO_BRIEF] =
        {"interval_too_brief", SEVERITY_NOTE, GROUP_RESPONSE, "423, a longer expiry is wanted",
         "The server wants a longer expiry than frame {retry} asks for (423 in frame "
         "{closed})",
         "raise the client's registration interval to Min-Expires or more", "client",
         "RFC 3261 section 10.3, 20.23"},
    [FINDING_FAILED] =
        {"failed", SEVERITY_NOTE, GROUP_RESPONSE, "{code}",
         "The request was answered with {code} in frame {closed}: not a matter of authentication",
         "look up what {code} means in the server's log", "server", "RFC 3261 section 21"},
    [FINDING_NEVER_ANSWERED] =
        {"never_answered", SEVERITY_WARN, GROUP_SEQUENCE, "never answered",
         "The challenge in frame {challenge} was never answered: the client looks to have no credentials for "
         "realm "
         "{realm}, or not to know the algorithm, or did not receive the challenge",
         "configure user, password and realm on the client; compare the algorithm offered with what it can",
         "client", "RFC 3261 section 22.2"},
    [FINDING_GAVE_UP] =
        {"gave_up", SEVERITY_WARN, GROUP_SEQUENCE, "the client gave up",
         "The client gave up after attempt {attempt}: the challenge in frame {challenge} was not "
         "answered",
         "see why the attempt before was refused", "client", "RFC 3261 section 22.2"},
    [FINDING_RETRY_UNANSWERED] =
        {"retry_unanswered", SEVERITY_WARN, GROUP_SEQUENCE, "no answer within 32 s",
         "The authenticated request in frame {retry} got no final answer within 32 s",
         "look whether it reached the server: a larger packet may be lost where a smaller one passes", "path",
         "RFC 3261 section 17.1.2.2"},

    /* challenges */
    [FINDING_NO_CHALLENGE] = {"no_challenge", SEVERITY_WARN, GROUP_PROTOCOL, "no challenge in it",
                              "{code} without a challenge: the client has nothing to answer",
                              "let the server add WWW-Authenticate to a 401, Proxy-Authenticate to a 407",
                              "server", "RFC 3261 section 22.2, 22.3"},
    [FINDING_CHALLENGES_LEFT_OUT] = {"too_many_challenges", SEVERITY_WARN, GROUP_PROTOCOL,
                                     "too many to look at",
                                     "More challenges or credentials than the 32 that are looked at",
                                     "look at the message itself", "nobody", "RFC 3261 section 20.44"},

    /* 204 (No Notification) */
    [FINDING_204_NOT_SUBSCRIBE] = {"no_notify_not_subscribe", SEVERITY_ERROR, GROUP_PROTOCOL,
                                   "not the answer to a SUBSCRIBE",
                                   "204 is defined for SUBSCRIBE only, and looks to answer {method}",
                                   "let the server answer with 200", "server", "RFC 5839 section 7.1"},
    [FINDING_204_OUT_OF_DIALOG] =
        {"no_notify_out_of_dialog", SEVERITY_ERROR, GROUP_PROTOCOL, "the SUBSCRIBE is not in a dialog",
         "204 looks to answer the SUBSCRIBE in frame {a}, which is not in a dialog: it wants 200 and a "
         "NOTIFY",
         "let the server answer an initial SUBSCRIBE with 200, and send a NOTIFY without a body", "server",
         "RFC 5839 section 6.2, 7.1"},
    [FINDING_204_UNCONDITIONAL] =
        {"no_notify_unconditional", SEVERITY_ERROR, GROUP_PROTOCOL, "the SUBSCRIBE has no Suppress-If-Match",
         "204 looks to answer the SUBSCRIBE in frame {a}, which has no Suppress-If-Match: a NOTIFY is due",
         "let the server answer with 200 and send a NOTIFY", "server", "RFC 5839 section 6.3, 7.1"},
    [FINDING_204_NOTIFY_BODY] =
        {"notify_body_not_due", SEVERITY_ERROR, GROUP_PROTOCOL, "NOTIFY with a known body",
         "NOTIFY with a body, though the 204 in frame {a} says that this state is known to the subscriber",
         "let the notifier stay silent while the condition holds", "server", "RFC 5839 section 5.2, 6.3"},
    [FINDING_204_NOTIFY_UNTAGGED] =
        {"notify_without_etag", SEVERITY_WARN, GROUP_PROTOCOL, "NOTIFY without entity-tag",
         "NOTIFY without SIP-ETag after the 204 in frame {a}: whether it was due cannot be told",
         "let the notifier tag each NOTIFY", "server", "RFC 5839 section 6.1"},
    [FINDING_204_NOTIFY_SUPERFLUOUS] =
        {"notify_not_due", SEVERITY_WARN, GROUP_PROTOCOL, "NOTIFY without news",
         "NOTIFY without news after the 204 in frame {a}: same entity-tag, no body, same subscription state",
         "let the notifier stay silent while the condition holds", "server", "RFC 5839 section 6.3"},
    [FINDING_204_NOTIFY_AFTER_END] =
        {"notify_after_end", SEVERITY_WARN, GROUP_PROTOCOL, "NOTIFY after the end",
         "NOTIFY after the 204 in frame {a} had ended the subscription",
         NOTHING " on the subscriber, which shall answer it; RFC 6665 alone would expect it", "server",
         "RFC 5839 section 5.7"},
};

const struct finding_rule *
finding_rule(enum finding finding)
{
    return &rules[finding < FINDING_COUNT ? finding : FINDING_NONE];
}

/* --- placeholders
 * ---------------------------------------------------------------------------------------------- */

static void
append_frame(GString *text, uint32_t frame)
{
    if (frame)
        g_string_append_printf(text, "%u", frame);
    else
        g_string_append_c(text, '?');
}

static const struct use *
values_use(const struct finding_values *values)
{
    return values->use ? values->use : values->exchange ? values->exchange->retry : NULL;
}

static void
append_realm(GString *text, const struct finding_values *values)
{
    struct auth_value value;
    const struct use *use = values_use(values);
    struct slice rest = {NULL, 0};
    if (use)
        rest = use->line.text;
    else if (values->exchange && values->exchange->challenges)
        rest = values->exchange->challenges->text;
    if (rest.p && auth_header_next(&rest, &value) && value.param[AUTH_REALM].p)
        g_string_append_len(text, value.param[AUTH_REALM].p, (gssize)value.param[AUTH_REALM].len);
    else
        g_string_append_c(text, '?');
}

static void
append_reason(GString *text, const struct finding_values *values)
{
    const struct use *use = values_use(values);
    if (!use || use->verdict.status == DIGEST_NONE)
        g_string_append(text, "there is no digest to verify");
    else if (use->verdict.status == DIGEST_GOOD)
        g_string_append(text, "the digest is right");
    else if (use->verdict.missing)
        g_string_append_printf(text, "parameter %s is missing", use->verdict.missing);
    else
        g_string_append(text, digest_reason_text(use->verdict.reason));
}

static void
append_verdict(GString *text, const struct finding_values *values, const char *name)
{
    const struct use *use = values_use(values);
    struct digest_verdict verdict = use ? use->verdict : (struct digest_verdict){0};
    if (strcmp(name, "credential") == 0)
        g_string_append_printf(text, "%u", verdict.credential);
    else if (strcmp(name, "tried") == 0)
        g_string_append_printf(text, "%u", verdict.tried);
    else if (strcmp(name, "variants") == 0)
        g_string_append_printf(text, "%u", verdict.variants);
    else
        g_string_append(text, verdict.variant ? verdict.variant : "?");
}

/* The frames and numbers that both a use and its exchange may know. */
static uint32_t
value_number(const struct finding_values *values, const char *name)
{
    const struct exchange *exchange = values->exchange;
    const struct use *use = values_use(values);
    if (strcmp(name, "challenge") == 0)
        return use && use->challenge_frame ? use->challenge_frame : exchange ? exchange->challenge_frame : 0;
    if (strcmp(name, "retry") == 0)
        return use ? use->request_frame : exchange ? exchange->retry_frame : 0;
    if (strcmp(name, "closed") == 0)
        return use ? use->closed_frame : exchange ? exchange->closed_frame : 0;
    if (strcmp(name, "attempt") == 0)
        return exchange ? exchange->attempt - 1 : 0;
    if (strcmp(name, "code") == 0)
        return use && use->closed_status ? use->closed_status
               : exchange ? (exchange->closed_status ? exchange->closed_status : exchange->status)
                          : 0;
    if (strcmp(name, "a") == 0)
        return values->frame_a ? values->frame_a : use ? use->nonce_accepted_in : 0;
    return values->frame_b;
}

static void
append_value(GString *text, const struct finding_values *values, const char *name)
{
    static const char *const of_verdict[] = {"credential", "tried", "variants", "variant", NULL};
    const struct use *use = values_use(values);
    if (strcmp(name, "realm") == 0)
        append_realm(text, values);
    else if (strcmp(name, "reason") == 0)
        append_reason(text, values);
    else if (strcmp(name, "account") == 0)
        g_string_append(text, use                ? use->user_at_realm
                              : values->exchange ? exchange_account(values->exchange)
                                                 : "?");
    else if (strcmp(name, "method") == 0)
        g_string_append(text, values->method ? values->method : "another method");
    else if (g_strv_contains(of_verdict, name))
        append_verdict(text, values, name);
    else
        append_frame(text, value_number(values, name));
}

char *
finding_expand(const char *text, const struct finding_values *values)
{
    GString *expanded = g_string_new(NULL);
    for (const char *p = text; *p; p++) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (!end) {
            g_string_append_c(expanded, *p);
            continue;
        }
        char *name = g_strndup(p + 1, (gsize)(end - p - 1));
        append_value(expanded, values, name);
        g_free(name);
        p = end;
    }
    return g_string_free(expanded, FALSE);
}

/* --- outcome and cause
 * ----------------------------------------------------------------------------------------- */

enum outcome
audit_outcome(const struct use *use, uint16_t status, bool challenged_again, bool stale)
{
    if (status < 300)
        return OUTCOME_ACCEPTED;
    if (status == 403)
        return OUTCOME_FORBIDDEN;
    if (status == 423)
        return OUTCOME_INTERVAL_TOO_BRIEF;
    if (status != 401 && status != 407)
        return OUTCOME_FAILED;
    if (!challenged_again)
        return OUTCOME_OTHER_REALM;
    return stale || use->nonce_accepted_in ? OUTCOME_STALE : OUTCOME_REJECTED;
}

static bool
names_nonce(const struct use *use)
{
    struct slice rest = use->line.text;
    struct auth_value value;
    return auth_header_next(&rest, &value) && value.param[AUTH_NONCE].len > 0;
}

/* Of a refusal: what the message itself shows comes before what a configured credential says. */
static enum finding
refusal_cause(const struct use *use)
{
    if (use->header_differs)
        return FINDING_WRONG_HEADER;
    if (use->evidence == EVIDENCE_DIALOG && names_nonce(use))
        return FINDING_NONCE_DIFFERS;
    if (use->realm_differs)
        return FINDING_REALM_DIFFERS;
    switch (use->verdict.status) {
    case DIGEST_GOOD:
        return FINDING_DIGEST_GOOD_REFUSED;
    case DIGEST_BAD:
        return use->verdict.variant ? FINDING_DIGEST_VARIANT : FINDING_DIGEST_MISMATCH;
    default:
        return FINDING_REFUSED_UNVERIFIED;
    }
}

enum finding
audit_cause(const struct use *use, enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_REJECTED:
        return refusal_cause(use);
    case OUTCOME_STALE:
        return use->stale_said ? FINDING_NONCE_STALE : FINDING_STALE_UNSAID;
    case OUTCOME_OTHER_REALM:
        return FINDING_OTHER_REALM;
    case OUTCOME_FORBIDDEN:
        return FINDING_FORBIDDEN;
    case OUTCOME_INTERVAL_TOO_BRIEF:
        return FINDING_INTERVAL_TOO_BRIEF;
    case OUTCOME_FAILED:
        return FINDING_FAILED;
    default:
        return FINDING_NONE;
    }
}

enum finding
audit_exchange_cause(const struct tracker *tracker, const struct exchange *exchange)
{
    switch (exchange_outcome(tracker, exchange)) {
    case OUTCOME_NO_RETRY:
        return exchange->attempt > 1 ? FINDING_GAVE_UP : FINDING_NEVER_ANSWERED;
    case OUTCOME_NO_ANSWER:
        return FINDING_RETRY_UNANSWERED;
    default:
        return exchange->cause;
    }
}

enum finding
audit_digest(const struct digest_verdict *verdict, bool configured, bool server)
{
    switch (verdict->status) {
    case DIGEST_GOOD:
        return server ? FINDING_SERVER_PROVED : FINDING_DIGEST_GOOD;
    case DIGEST_BAD:
        if (server)
            return FINDING_SERVER_UNPROVED;
        return verdict->variant ? FINDING_DIGEST_VARIANT : FINDING_DIGEST_BAD;
    case DIGEST_UNVERIFIED:
        return configured && verdict->reason != DIGEST_RESPONSE_EMPTY ? FINDING_DIGEST_UNVERIFIED
                                                                      : FINDING_NONE;
    default:
        return FINDING_NONE;
    }
}

enum digest_status
exchange_digest(const struct exchange *exchange)
{
    /* Worst first: bad, unverified, good. */
    static const int weight[] =
        {[DIGEST_NONE] = 0, [DIGEST_GOOD] = 1, [DIGEST_UNVERIFIED] = 2, [DIGEST_BAD] = 3};
    enum digest_status worst = DIGEST_NONE;
    for (const struct use *use = exchange->retry; use; use = use->next) {
        if (use->exchange == exchange && weight[use->verdict.status] > weight[worst])
            worst = use->verdict.status;
    }
    return worst;
}

const char *
outcome_text(enum outcome outcome)
{
    static const char *const text[] = {
        [OUTCOME_NONE] = "",
        [OUTCOME_ACCEPTED] = "accepted",
        [OUTCOME_REJECTED] = "rejected",
        [OUTCOME_STALE] = "stale",
        [OUTCOME_OTHER_REALM] = "other-realm",
        [OUTCOME_FORBIDDEN] = "forbidden",
        [OUTCOME_INTERVAL_TOO_BRIEF] = "interval-too-brief",
        [OUTCOME_FAILED] = "failed",
        [OUTCOME_NO_RETRY] = "no-retry",
        [OUTCOME_NO_ANSWER] = "no-answer",
        [OUTCOME_UNKNOWN] = "unknown",
    };
    return text[outcome];
}

/* --- meaning, when, fix
 * ---------------------------------------------------------------------------------------- */

/* One row per outcome; the fix of a bad end is that of its cause. */
static const struct advice advices[] = {
    [OUTCOME_NONE] = {"the server asks who is calling, as it does for a request without valid credentials",
                      "at the first request of a trunk or phone, and whenever a nonce has expired",
                      "nothing to fix so far: the client has to repeat the request with credentials"},
    [OUTCOME_ACCEPTED] = {"the normal challenge, answered and accepted",
                          "at the first request of a trunk or phone, and whenever a nonce has expired",
                          NOTHING ": normal challenge, answered and accepted"},
    [OUTCOME_REJECTED] = {"the server did not believe the credentials and asks again",
                          "wrong password, wrong user, another realm, or a request changed on the path",
                          NULL},
    [OUTCOME_STALE] = {"the nonce was too old; user and password are not in doubt",
                       "at a refresh, when the client still uses the nonce of an earlier challenge", NULL},
    [OUTCOME_OTHER_REALM] = {"one server was satisfied, the next one on the way asks for its own realm",
                             "a proxy and a registrar, or several forks, that each authenticate", NULL},
    [OUTCOME_FORBIDDEN] =
        {"the server knows who calls, or does not want to say that it does not, and refuses",
         "unknown or disabled account, wrong address-of-record, source address not allowed", NULL},
    [OUTCOME_INTERVAL_TOO_BRIEF] = {"authentication passed, the requested expiry is too short for the server",
                                    "REGISTER or SUBSCRIBE with a small Expires", NULL},
    [OUTCOME_FAILED] = {"authentication did not stop the request, something else did",
                        "any final answer from 300 on that is not about authentication", NULL},
    [OUTCOME_NO_RETRY] =
        {"the client got a challenge and did nothing more",
         "no credentials for this realm, an algorithm that it does not know, or the challenge was "
         "lost on its way",
         NULL},
    [OUTCOME_NO_ANSWER] = {"the client answered, and the server fell silent",
                           "the larger, authenticated request was lost or filtered, or the server failed",
                           NULL},
    [OUTCOME_UNKNOWN] = {"the server asks who is calling; the capture does not show how it ended",
                         "the capture ends, or lost packets, before the answer",
                         "capture for longer, at least 32 s past the challenge"},
};

struct advice
audit_advice(const struct exchange *exchange, enum outcome outcome, enum finding cause)
{
    struct advice advice = advices[outcome];
    (void)exchange;
    if (!advice.fix)
        advice.fix = rules[cause].fix;
    return advice;
}

struct advice
audit_advice_204(const struct no_notify *no_notify, bool right)
{
    if (!no_notify->is_subscribe || !right)
        return (struct advice){"a NOTIFY was due, and the server says that there will be none",
                               "a server that takes 204 for an ordinary success",
                               "let the server answer with 200 and, for a SUBSCRIBE, send a NOTIFY"};
    if (no_notify->notify_frame)
        return (struct advice){"subscription accepted, no state change to notify; yet a NOTIFY followed",
                               "a notifier that forgets the condition of the SUBSCRIBE",
                               "let the notifier stay silent while the condition holds"};
    if (no_notify->unsubscribed)
        return (struct advice){
            "subscription ended; the subscriber already knows the state, so no NOTIFY will come",
            "SUBSCRIBE with Expires: 0 whose Suppress-If-Match names the current entity-tag",
            NOTHING ": subscription ended, no state change to notify"};
    return (struct advice){
        "subscription accepted and renewed; the subscriber already knows the state, so no NOTIFY "
        "will come",
        "refreshing SUBSCRIBE whose Suppress-If-Match names the current entity-tag",
        NOTHING ": subscription accepted, no state change to notify"};
}
