/* audit.c
 * Outcomes, their causes, and what they mean.
 *
 * A passive tool sees the wire, not the policy behind it: what it cannot prove is worded "looks like".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"

#define NOTHING "nothing to fix"

/* --- outcome and cause ---------------------------------------------------------- */

enum outcome
audit_outcome(uint16_t status, bool challenged_again, bool stale)
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
    return stale ? OUTCOME_STALE : OUTCOME_REJECTED;
}

/* --- the server's own words ----------------------------------------------------- */

enum { PHRASE_MAX = 64, HEADER_MAX = 96 };

/* In the order of how much they say. The first one is that of Kamailio and OpenSIPS. */
static const char *const telling_headers[] = {"P-Registrar-Error", "Warning", "Reason", "Unsupported",
                                              "Retry-After"};

/* SER and its kin name themselves in such a Warning, for whoever debugs them. */
static bool
is_noise(struct slice name, struct slice value)
{
    return slice_equal_nocase(name, SLICE("Warning")) &&
           slice_starts_nocase(slice_trim_left(value), SLICE("392 "));
}

/* Its place in the table; the number of rows for another line. */
static size_t
rank_of_header(struct slice line)
{
    struct slice value, name = slice_trim_right(slice_until(line, ':', &value));
    size_t rank = 0;
    if (name.len == line.len || is_noise(name, value))
        return G_N_ELEMENTS(telling_headers);
    while (rank < G_N_ELEMENTS(telling_headers) &&
           !slice_equal_nocase(name, (struct slice){telling_headers[rank], strlen(telling_headers[rank])}))
        rank++;
    return rank;
}

static struct slice
telling_header(const struct sip_message *message)
{
    struct slice rest = message->headers, line, best = {NULL, 0};
    size_t least = G_N_ELEMENTS(telling_headers);
    while (least > 0 && sip_message_next_line(&rest, &line)) {
        size_t rank = rank_of_header(line);
        if (rank < least) {
            least = rank;
            best = line;
        }
    }
    best = slice_until(slice_until(best, '\r', NULL), '\n', NULL); /* not its folds */
    return (struct slice){best.p, MIN(best.len, HEADER_MAX)};
}

bool
audit_words_are_header(const char *words)
{
    return rank_of_header((struct slice){words, strlen(words)}) < G_N_ELEMENTS(telling_headers);
}

struct slice
audit_own_words(const struct sip_message *message)
{
    static const struct {
        uint16_t status;
        const char *phrase;
    } usual[] = {
        {302, "Moved Temporarily"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {420, "Bad Extension"},
        {421, "Extension Required"},
        {423, "Interval Too Brief"},
        {480, "Temporarily Unavailable"},
        {481, "Call/Transaction Does Not Exist"},
        {482, "Loop Detected"},
        {483, "Too Many Hops"},
        {484, "Address Incomplete"},
        {486, "Busy Here"},
        {487, "Request Terminated"},
        {488, "Not Acceptable Here"},
        {489, "Bad Event"},
        {500, "Server Internal Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Server Time-out"},
        {513, "Message Too Large"},
        {600, "Busy Everywhere"},
        {603, "Decline"},
    };
    struct slice phrase = message->phrase;
    bool said = phrase.len == 0;
    if (message->status < 300)
        return (struct slice){NULL, 0};
    for (size_t i = 0; !said && i < G_N_ELEMENTS(usual); i++) {
        struct slice words = {usual[i].phrase, strlen(usual[i].phrase)};
        said = usual[i].status == message->status && slice_equal_nocase(phrase, words);
    }
    return said ? telling_header(message) : (struct slice){phrase.p, MIN(phrase.len, PHRASE_MAX)};
}

/* What a header tells is not the server's verdict: it may name a host, or deny what it names. */
static bool
phrase_has(const char *phrase, const char *const *words)
{
    if (phrase && audit_words_are_header(phrase))
        return false;
    for (; phrase && *phrase; phrase++) {
        for (const char *const *word = words; *word; word++) {
            if (g_ascii_strncasecmp(phrase, *word, strlen(*word)) == 0)
                return true;
        }
    }
    return false;
}

bool
audit_refuses_nonce(const char *phrase)
{
    static const char *const words[] = {"nonce", "stale", NULL};
    return phrase_has(phrase, words);
}

/* "Forbidden (Bad auth)" is what Asterisk says to a wrong password. */
static bool
refuses_password(const char *phrase)
{
    static const char *const words[] = {"passw", "credential", "bad auth", "authentication fail", NULL};
    return phrase_has(phrase, words);
}

static bool
explains(enum finding_weight weight, enum digest_status digest)
{
    return weight == WEIGHT_CAUSE || (weight == WEIGHT_CAUSE_UNLESS_BAD && digest != DIGEST_BAD) ||
           (weight == WEIGHT_CAUSE_IF_GOOD && digest == DIGEST_GOOD);
}

bool
audit_is_form(enum finding finding)
{
    switch (finding) {
    case FINDING_WRONG_HEADER:
    case FINDING_ALGORITHM_DIFFERS:
    case FINDING_QOP_UNASKED:
    case FINDING_QOP_UNANSWERED:
    case FINDING_QOP_LIST_RETURNED:
    case FINDING_QOP_NOT_OFFERED:
    case FINDING_URI_DIFFERS:
    case FINDING_OPAQUE_DIFFERS:
    case FINDING_ALGORITHM_NOT_ECHOED:
    case FINDING_NC_OF_EACH_CALL:
    case FINDING_NEXTNONCE_IGNORED:
    case FINDING_CALL_ID_CHANGED:
    case FINDING_FROM_TAG_CHANGED:
    case FINDING_TO_CHANGED:
    case FINDING_REQUEST_URI_CHANGED:
    case FINDING_TO_TAG_KEPT:
    case FINDING_CSEQ_SKIPPED:
    case FINDING_WEAKER_ALGORITHM:
    case FINDING_BARE_VALUE_QUOTED:
    case FINDING_PARAMETER_REPEATED:
    case FINDING_VALUE_UNQUOTED:
    case FINDING_NC_FORM:
    case FINDING_USERNAME_IS_URI:
    case FINDING_CREDENTIALS_JOINED:
    case FINDING_NONCE_OF_OTHER_SERVER: /* they share their nonces */
    case FINDING_SOURCE_PORT_CHANGED:   /* the nonce is not bound to it */
        return true;
    default:
        return false;
    }
}

/* The first suspect in the order of the table that explains a refusal. */
static enum finding
suspect_cause(const struct use *use)
{
    for (unsigned i = 1; i < FINDING_COUNT; i++) {
        if (finding_set_has(&use->suspects, i) &&
            explains(finding_rule((enum finding)i)->weight, use->verdict.status))
            return (enum finding)i;
    }
    return FINDING_NONE;
}

/* What the message itself shows comes before what a configured credential says. */
static enum finding
digest_cause(const struct use *use)
{
    if (use->verdict.status != DIGEST_BAD)
        return FINDING_NONE;
    return use->verdict.variant ? FINDING_VARIANT_REFUSED : FINDING_DIGEST_MISMATCH;
}

/* The same user has been let in, so that it is about what is asked for. A registrar that asks again asks for
 * the password. */
static bool
is_accepted_before(const struct use *use)
{
    return use->user_accepted_in && !method_is(use->method, "REGISTER");
}

static enum finding
refusal_cause(const struct use *use)
{
    enum finding known = use->of_twin ? FINDING_REALM_SHARED : suspect_cause(use);
    if (known == FINDING_NONE)
        known = digest_cause(use);
    if (known != FINDING_NONE)
        return known;
    if (use->verdict.status != DIGEST_GOOD && refuses_password(use->phrase))
        return FINDING_PASSWORD_IN_PHRASE;
    if (use->evidence == EVIDENCE_NONE)
        return FINDING_PRELOADED_REFUSED;
    if (is_accepted_before(use))
        return FINDING_ACCEPTED_BEFORE;
    if (use->verdict.status == DIGEST_GOOD)
        return FINDING_DIGEST_GOOD_REFUSED;
    if (use->user_accepted_in)
        return FINDING_NO_LONGER_ACCEPTED;
    return use->stale_idle ? FINDING_STALE_IDLE : FINDING_REFUSED_UNVERIFIED;
}

/* No server makes nonces that live shorter than this, once and for one use. */
#define FRESH_NS (INT64_C(2) * 1000000000)

bool
audit_nonce_is_fresh(const struct use *use)
{
    return use->is_retry && use->nonce_use == 1 && use->nonce_age >= 0 && use->nonce_age < FRESH_NS &&
           !finding_set_has(&use->suspects, FINDING_SOURCE_PORT_CHANGED);
}

/* What is refused sooner had no time to expire; its user may have mistyped the password. */
#define YOUNG_NS (INT64_C(20) * 1000000000)

bool
audit_nonce_is_young(const struct use *use)
{
    return use->nonce_age < 0 ? use->nc == 1 : use->nonce_age < YOUNG_NS;
}

/* A wrong count is stale to some servers, too. */
static enum finding
stale_said_cause(const struct use *use)
{
    if (audit_nonce_is_fresh(use))
        return FINDING_STALE_AT_ONCE;
    bool replayed = finding_set_has(&use->suspects, FINDING_NC_REPLAYED);
    return replayed && audit_nonce_is_young(use) ? FINDING_NC_REPLAYED : FINDING_NONCE_STALE;
}

static enum finding
stale_cause(const struct use *use)
{
    if (use->resynchronises)
        return FINDING_AKA_RESYNC;
    if (use->stale_said)
        return stale_said_cause(use);
    if (finding_set_has(&use->suspects, FINDING_NONCE_OF_OTHER_SERVER))
        return FINDING_NONCE_OF_OTHER_SERVER;
    if (finding_set_has(&use->suspects, FINDING_NONCE_OF_OTHER_CALL))
        return FINDING_NONCE_OF_OTHER_CALL;
    if (finding_set_has(&use->suspects, FINDING_NC_REPLAYED))
        return FINDING_NC_REPLAYED;
    if (finding_set_has(&use->suspects, FINDING_NC_OF_EACH_CALL))
        return FINDING_NC_OF_EACH_CALL;
    if (finding_set_has(&use->suspects, FINDING_NEXTNONCE_IGNORED))
        return FINDING_NEXTNONCE_IGNORED;
    if (audit_refuses_nonce(use->phrase))
        return FINDING_STALE_IN_PHRASE;
    if (use->aka)
        return FINDING_AKA_ASKED_ANEW;
    return finding_set_has(&use->suspects, FINDING_SOURCE_PORT_CHANGED) ? FINDING_SOURCE_PORT_CHANGED
                                                                        : FINDING_STALE_UNSAID;
}

bool
audit_is_suspect(const struct use *use, enum finding finding)
{
    bool of_identity = use->verdict.status == DIGEST_GOOD || use->outcome == OUTCOME_FORBIDDEN ||
                       method_is(use->method, "REGISTER");
    return finding_set_has(&use->suspects, (unsigned)finding) &&
           (finding != FINDING_USERNAME_NOT_AOR || of_identity);
}

static enum finding
any_suspect(const struct use *use)
{
    for (unsigned i = 1; i < FINDING_COUNT; i++) {
        if (audit_is_suspect(use, (enum finding)i))
            return (enum finding)i;
    }
    return FINDING_NONE;
}

static enum finding
bad_request_cause(const struct use *use)
{
    enum finding suspect = suspect_cause(use);
    if (suspect == FINDING_NONE)
        suspect = any_suspect(use);
    if (suspect != FINDING_NONE)
        return suspect;
    /* sent ahead, or after others that were accepted, credentials are nothing new */
    return use->is_retry && !use->user_accepted_in ? FINDING_BAD_REQUEST : FINDING_FAILED;
}

/* The server looks for the account by the address-of-record, which is not what the client had named. */
static enum finding
aor_suspect(const struct use *use)
{
    if (finding_set_has(&use->suspects, FINDING_AOR_REWRITTEN))
        return FINDING_AOR_REWRITTEN;
    return finding_set_has(&use->suspects, FINDING_AOR_CHANGED) ? FINDING_AOR_CHANGED : FINDING_NONE;
}

/* The password is right: so it is about who may register what. */
static enum finding
identity_suspect(const struct use *use)
{
    enum finding suspect = aor_suspect(use);
    bool other_user =
        method_is(use->method, "REGISTER") && finding_set_has(&use->suspects, FINDING_USERNAME_NOT_AOR);
    return suspect == FINDING_NONE && other_user ? FINDING_USERNAME_NOT_AOR : suspect;
}

/* Many servers say 403 to a wrong password. */
static enum finding
forbidden_cause(const struct use *use)
{
    enum finding suspect = suspect_cause(use);
    if (suspect != FINDING_NONE && finding_rule(suspect)->weight >= WEIGHT_CAUSE_UNLESS_BAD)
        return suspect;
    suspect = digest_cause(use);
    if (use->verdict.status == DIGEST_GOOD)
        suspect = identity_suspect(use);
    if (suspect != FINDING_NONE)
        return suspect;
    if (use->verdict.status != DIGEST_GOOD && refuses_password(use->phrase))
        return FINDING_PASSWORD_IN_PHRASE;
    if (finding_set_has(&use->suspects, FINDING_NC_OF_EACH_CALL))
        return FINDING_NC_OF_EACH_CALL;
    return is_accepted_before(use) ? FINDING_ACCEPTED_BEFORE : FINDING_FORBIDDEN;
}

enum finding
audit_interval(uint32_t asked, uint32_t wanted)
{
    return wanted && asked >= wanted ? FINDING_INTERVAL_LONG_ENOUGH : FINDING_INTERVAL_TOO_BRIEF;
}

bool
audit_server_failed(uint16_t status)
{
    return status / 100 == 5 && status != 501 && status != 505 && status != 513 && status != 580;
}

/* 481 to what opens a dialog: the server takes it for a part of another one. */
static bool
is_of_no_dialog(const struct exchange *exchange, uint16_t status)
{
    return status == 481 && exchange->retry_frame && exchange->request_frame && !exchange->in_dialog;
}

static enum finding
failure_cause(const struct use *use)
{
    if (use->closed_status == 400)
        return bad_request_cause(use);
    if (use->closed_status == 487 && use->exchange && exchange_detail(use->exchange)->cancelled_in)
        return FINDING_CANCELLED;
    if (audit_server_failed(use->closed_status))
        return FINDING_SERVER_ERROR;
    if (use->closed_status == 481 &&
        finding_set_has(&use->suspects, FINDING_TO_TAG_KEPT)) /* no such dialog */
        return FINDING_TO_TAG_KEPT;
    if (use->is_retry && is_of_no_dialog(use->exchange, use->closed_status)) {
        enum finding suspect = suspect_cause(use);
        return suspect != FINDING_NONE ? suspect : FINDING_FAILED;
    }
    bool registration = method_is(use->method, "REGISTER") && use->closed_status >= 400; /* a 3xx leads on */
    if (registration && use->closed_status == 404 && aor_suspect(use) != FINDING_NONE)
        return aor_suspect(use);
    return registration ? FINDING_REGISTRATION_FAILED : FINDING_FAILED;
}

enum finding
audit_cause(const struct use *use, enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_REJECTED:
        return refusal_cause(use);
    case OUTCOME_STALE:
        return stale_cause(use);
    case OUTCOME_OTHER_REALM: /* who asked before never saw the answer */
        return finding_set_has(&use->suspects, FINDING_NONCE_OF_OTHER_SERVER) ? FINDING_NONCE_OF_OTHER_SERVER
                                                                              : FINDING_OTHER_REALM;
    case OUTCOME_FORBIDDEN:
        return forbidden_cause(use);
    case OUTCOME_INTERVAL_TOO_BRIEF:
        return audit_interval(use->asked_expires, use->compared);
    case OUTCOME_FAILED:
        return failure_cause(use);
    default:
        return FINDING_NONE;
    }
}

static bool
is_refused_for_good(const struct use *use)
{
    if (use->identity_only || use->relayed) /* names a user, or is meant for another hop */
        return false;
    return use->cause != FINDING_OTHER_REALM;
}

bool
exchange_refused_for_good(const struct exchange *exchange)
{
    const struct use *use = exchange->refused;
    if (!use)
        return exchange->refused_for_good;
    while (use && !is_refused_for_good(use))
        use = use->next;
    return use != NULL;
}

enum finding
exchange_refused_cause(const struct exchange *exchange)
{
    const struct use *use = exchange->refused;
    if (!use)
        return (enum finding)exchange->refused_cause;
    while (use && (use->cause == FINDING_NONE || !is_refused_for_good(use)))
        use = use->next;
    return use ? (enum finding)use->cause : FINDING_NONE;
}

/* Servers ask who calls before they look for the callee (RFC 3261 section 16.3, 22.3). A registrar that
 * answers so has not registered anybody. */
bool
audit_lets_in(const char *method, uint16_t status, bool rang)
{
    if (method_is(method, "REGISTER") || status < 300 || status == 401 || status == 403 || status == 407)
        return false;
    switch (status) {
    case 404:
    case 405:
    case 406:
    case 408: /* the callee had its time */
    case 410:
    case 412:
    case 413:
    case 414:
    case 415:
    case 416:
    case 422:
    case 433:
    case 477: /* some proxies: no way to the callee */
    case 480:
    case 481:
    case 484:
    case 485:
    case 486:
    case 487:
    case 488:
    case 489:
    case 491:
    case 493:
    case 580:
        return true;
    default:
        return rang || status < 400 || status >= 600;
    }
}

static bool
is_of_realm(const char *user_at_realm, struct slice realm)
{
    const size_t len = strlen(user_at_realm);
    if (len <= realm.len)
        return false;
    const char *end = user_at_realm + len - realm.len;
    return end[-1] == '@' && slice_equal(realm, (struct slice){end, realm.len});
}

static bool
read_first(const struct exchange *exchange, struct auth_value *asked)
{
    const struct auth_line *line = exchange_challenges(exchange);
    return line && auth_line_read(line, asked);
}

/* The latest credentials of the account are for this realm. */
static bool
has_user(const struct exchange *exchange)
{
    const char *user = exchange->account->user;
    struct auth_value asked;
    return user && read_first(exchange, &asked) && is_of_realm(user, asked.param[AUTH_REALM]);
}

/* Credentials of the account were accepted, and those of last are for this realm. */
static bool
has_credentials(const struct exchange *exchange)
{
    return exchange->account->accepted_frame && has_user(exchange);
}

/* Its client has answered for this realm before, and was not let in. */
static bool
has_tried(const struct exchange *exchange)
{
    const struct account *account = exchange->account;
    return !account->accepted_frame && account->user_from == endpoint_mark(&exchange->peers->client) &&
           has_user(exchange);
}

/* Whoever was challenged has registered. Phones may share an account: the contact that was named last tells
 * whose it is. */
static bool
has_registered(const struct exchange *exchange)
{
    const struct registration *latest = exchange->account->latest;
    return latest && latest->granted_frame &&
           endpoint_same_address(&latest->client, &exchange->peers->client);
}

/* Its answer takes a SIM, and no password (RFC 3310). */
static bool
asks_a_sim(const struct exchange *exchange)
{
    struct auth_value asked;
    return read_first(exchange, &asked) && auth_is_aka(&asked);
}

/* The client got the challenge. What it did elsewhere tells whether it could have answered. */
static enum finding
unwilling_cause(const struct exchange *exchange)
{
    if (method_is(exchange->method, "NOTIFY"))
        return FINDING_NOTIFY_UNANSWERED;
    if (exchange->in_dialog)
        return FINDING_IN_DIALOG_UNANSWERED;
    if (asks_a_sim(exchange))
        return FINDING_AKA_UNANSWERED;
    if (has_tried(exchange))
        return FINDING_GAVE_UP;
    bool other_realm = exchange->user_at_realm != NULL; /* it sent what it has, and that is asked no more */
    if (other_realm || !has_credentials(exchange))
        return FINDING_NEVER_ANSWERED;
    if (!method_is(exchange->method, "REGISTER"))
        return FINDING_METHOD_UNANSWERED;
    return has_registered(exchange) ? FINDING_CHALLENGE_SKIPPED : FINDING_NEVER_ANSWERED;
}

bool
audit_silence_suspect(const struct exchange *exchange, enum finding finding)
{
    bool of_form = finding_rule(finding)->stage == STAGE_OFFER && finding != FINDING_CHALLENGE_LATE;
    if (of_form && exchange_refused_for_good(exchange))
        return false; /* it has answered such an offer before */
    if (finding == FINDING_PROVIDER_CHALLENGED && has_credentials(exchange))
        return false;
    return finding_set_has(&exchange_detail(exchange)->suspects, (unsigned)finding);
}

/* Why nobody answered: after a refusal the client gave up; else the challenge itself may tell. */
static enum finding
silence_cause(const struct exchange *exchange)
{
    const struct exchange_detail *detail = exchange_detail(exchange);
    if (detail->kept_in && exchange_challenges(exchange))
        return FINDING_CHALLENGE_KEPT;
    if (exchange_answered_elsewhere(exchange) && !detail->removed_frame)
        return FINDING_ANSWERED_ELSEWHERE;
    if (detail->cancelled_in)
        return FINDING_CANCELLED;
    const bool gave_up = exchange_refused_for_good(exchange);
    for (int i = 1; i < FINDING_COUNT; i++) {
        if (finding_rule((enum finding)i)->weight == WEIGHT_CAUSE &&
            audit_silence_suspect(exchange, (enum finding)i))
            return (enum finding)i;
    }
    if (exchange->unheard && !method_is(exchange->method, "OPTIONS"))
        return FINDING_CHALLENGE_LOST;
    if (gave_up) /* a nonce that is too old is a matter of the client, which is to go on by itself */
        return exchange->in_dialog && exchange_refused_cause(exchange) == FINDING_NONCE_STALE
                   ? FINDING_IN_DIALOG_UNANSWERED
                   : FINDING_GAVE_UP;
    if (method_is(exchange->method, "OPTIONS"))
        return FINDING_OPTIONS_CHALLENGED;
    const struct exchange *nearest = exchange_nearest(exchange); /* it is the client's, who knows why */
    return exchange_refused_for_good(nearest) ? FINDING_GAVE_UP : unwilling_cause(nearest);
}

/* Of an answer that may be there, and cannot be read. */
static enum finding
hidden_cause(const struct tracker *tracker, const struct exchange *exchange)
{
    if (exchange_fragments(tracker, exchange))
        return FINDING_RETRY_FRAGMENTED;
    if (exchange_connection(tracker, exchange))
        return FINDING_RETRY_OVER_TCP;
    return exchange_in_ipsec(tracker, exchange) ? FINDING_RETRY_IN_IPSEC : (enum finding)exchange->cause;
}

enum finding
audit_exchange_cause(const struct tracker *tracker, const struct exchange *exchange)
{
    switch (exchange_outcome(tracker, exchange)) {
    case OUTCOME_NO_RETRY:
        return silence_cause(exchange);
    case OUTCOME_NO_ANSWER:
        return exchange_detail(exchange)->disconnected ? FINDING_DISCONNECTED : FINDING_RETRY_UNANSWERED;
    case OUTCOME_UNKNOWN:
        return hidden_cause(tracker, exchange);
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
    enum digest_status worst = exchange->digest;
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

/* --- meaning, when, fix --------------------------------------------------------- */

/* One row per outcome; the fix of a bad end is that of its cause. */
static const struct advice advices[] = {
    [OUTCOME_NONE] = {"{asker} wants to know who sends this {method} before it goes on; how that ends is "
                      "told by later packets",
                      "at the first {method} of a trunk or phone, and whenever a nonce has expired",
                      "see how it ends: in Wireshark, with tshark -2, or in the tables of tshark -z"},
    [OUTCOME_ACCEPTED] =
        {"the normal challenge of {asker}: answered in frame {retry}, accepted in frame {closed}",
         "at the first {method} of a trunk or phone, and whenever a nonce has expired",
         NOTHING ": normal challenge, answered and accepted"},
    [OUTCOME_REJECTED] = {"{asker} does not believe the credentials in frame {retry}, and asks again",
                          "wrong password, wrong user, another realm, or a request changed on the path",
                          NULL},
    [OUTCOME_STALE] =
        {"{asker} does not take the nonce in frame {retry} any more; it is not about user and password",
         "at a refresh, when the client goes on with the nonce of an earlier challenge", NULL},
    [OUTCOME_OTHER_REALM] =
        {"one server was satisfied by frame {retry}, the next one on the way asks for itself",
         "where a proxy and a registrar, or several forks, each authenticate", NULL},
    [OUTCOME_FORBIDDEN] = {"the {method} of {account} is refused for good: the account may not do that, or "
                           "is not known; some servers say so to a wrong password, too",
                           "unknown or disabled account, wrong address-of-record, source address not allowed",
                           NULL},
    [OUTCOME_INTERVAL_TOO_BRIEF] =
        {"the server accepts the credentials; asked for was {asked_expires}, and it wants {min_expires}",
         "REGISTER or SUBSCRIBE with a small Expires", NULL},
    [OUTCOME_FAILED] =
        {"the server says nothing against the credentials in frame {retry}; the {method} itself "
         "ends with {answer}",
         "whenever something else than user and password is in the way", NULL},
    [OUTCOME_NO_RETRY] =
        {"{asker} asked who sends this {method}, and the client did nothing more",
         "no credentials for this realm, an algorithm that it does not know, or the challenge was "
         "lost on its way",
         NULL},
    [OUTCOME_NO_ANSWER] = {"the client answered in frame {retry}, and {asker} fell silent",
                           "the larger, authenticated {method} is lost or filtered, or the server fails",
                           NULL},
    [OUTCOME_UNKNOWN] =
        {"{asker} asks who sends this {method}; the capture does not show how it ends",
         "where the capture ends too early, lost packets, or has one direction only",
         "capture for at least 32 s past the challenge; if this is as long, look whether packets are "
         "missing in it, or a call that never ended"},
};

/* When one sees it, where the cause says more than the outcome. */
static const struct {
    enum finding cause;
    const char *when;
} occasions[] = {
    {FINDING_WRONG_HEADER, "with a client that knows one of the two headers only"},
    {FINDING_NONCE_DIFFERS,
     "with a client that keeps an old nonce, or behind an element that answers challenges by itself"},
    {FINDING_REALM_REWRITTEN,
     "behind a SIP ALG or border controller that rewrites addresses wherever it finds them"},
    {FINDING_REALM_DIFFERS, "with a realm or domain that is set by hand on the client"},
    {FINDING_ALGORITHM_DIFFERS,
     "with a client that knows one algorithm only, and a server that wants another"},
    {FINDING_PARAMETER_MISSING, "with a client that knows parts of Digest only"},
    {FINDING_RESPONSE_MALFORMED, "with a client that fails to compute it, or behind an element that cuts it"},
    {FINDING_RESPONSE_UPPER_CASE,
     "with a client that writes digests in its own way, and a server that compares the text"},
    {FINDING_QOP_UNASKED, "with a client that sends qop whatever the challenge says"},
    {FINDING_QOP_LIST_RETURNED, "with a client that copies qop instead of choosing"},
    {FINDING_QOP_UNANSWERED, "with a client from before qop (RFC 2069), or one that is set to be"},
    {FINDING_QOP_NOT_OFFERED, "with a client that knows one qop only, and a server that wants the other"},
    {FINDING_BRANCH_REUSED,
     "with a client that adds credentials to the refused request and changes nothing else"},
    {FINDING_CSEQ_UNCHANGED,
     "with a client that adds credentials to the refused request and changes nothing else"},
    {FINDING_CSEQ_DECREASED, "behind a proxy that authenticates for its clients and counts by itself"},
    {FINDING_CREDENTIALS_REMOVED,
     "behind a proxy or border controller that takes all credentials for its own"},
    {FINDING_REALM_SHARED, "behind a proxy that forks to several servers of one domain"},
    {FINDING_NONCE_OF_OTHER_SERVER,
     "behind a balancer that takes each request to another server, or after a failover or 302"},
    {FINDING_ANSWERED_ELSEWHERE,
     "behind a proxy or balancer that keeps the answer, or takes it to another server"},
    {FINDING_RETRY_FRAGMENTED,
     "with a large request over UDP, behind a firewall or a capture filter that drops further fragments"},
    {FINDING_RETRY_OVER_TCP,
     "with a request near the size of a packet, which credentials make too large for UDP"},
    {FINDING_RETRY_IN_IPSEC,
     "with a phone of IMS (VoLTE, VoNR), whose second REGISTER goes through the security association"},
    {FINDING_DISCONNECTED, "behind a firewall that breaks connections, with a server that is full, or has "
                           "put the client on a list"},
    {FINDING_AKA_RESYNC,
     "after SIM and network have counted apart: a restored subscriber database, a copied SIM"},
    {FINDING_AKA_ASKED_ANEW, "at a refresh in IMS"},
    {FINDING_AKA_MAC_FAILED, "with a SIM whose keys the network has not, or not the same"},
    {FINDING_AKA_UNANSWERED, "with a client without SIM, or one that does not take the challenge as it is"},
    {FINDING_NONCE_EMPTY, "with a client that does not read the challenge"},
    {FINDING_AUTH_INT_UNANSWERED, "with a client that signs no bodies, like most"},
    {FINDING_CHANGED_ON_PATH, "behind a border controller that changes user, realm or SDP"},
    {FINDING_OPAQUE_DIFFERS, "with a client that drops opaque, and a server that needs it"},
    {FINDING_NC_NOT_RESET, "at the first answer to a new challenge, with a client that counts on"},
    {FINDING_NC_OF_EACH_CALL,
     "at the second call with one nonce, and a server that counts for the nonce alone"},
    {FINDING_ALGORITHM_NOT_ECHOED, "with a client that takes MD5 for granted, and a strict server"},
    {FINDING_CALL_ID_CHANGED,
     "with a client that begins anew when it is challenged, and a server that remembers the call"},
    {FINDING_FROM_TAG_CHANGED,
     "with a client that begins anew when it is challenged, and a server that remembers the call"},
    {FINDING_TO_CHANGED, "where client or proxy decide anew whom to call when they are challenged"},
    {FINDING_REQUEST_URI_CHANGED,
     "where client or proxy decide anew where to send the request when they are challenged"},
    {FINDING_TO_TAG_KEPT, "with a client that takes a refusal for the beginning of a dialog"},
    {FINDING_USERNAME_EMPTY, "with a client whose authentication name was left empty"},
    {FINDING_USERNAME_TWICE, "with a client that wants to serve old and new servers at once"},
    {FINDING_PARAMETER_REPEATED,
     "behind an element that adds to credentials, or with a client that has a realm set by hand"},
    {FINDING_CREDENTIALS_JOINED, "with a client that answers two realms at once"},
    {FINDING_USERNAME_NOT_AOR, "with a client whose authentication name is not its number"},
    {FINDING_REFUSED_FURTHER_ON, "behind a proxy, which passes on what the server says"},
    {FINDING_CHALLENGE_KEPT, "behind a proxy or border controller that is to authenticate, and does not"},
    {FINDING_CHALLENGE_LATE, "while the server is overloaded, or waits for its database or a name server"},
    {FINDING_CHALLENGE_LOST, "behind a firewall or NAT that lets requests out and no answers in"},
    {FINDING_PROVIDER_CHALLENGED, "at an inbound call, with a PBX that does not know its provider by "
                                  "address, or a phone that asks at each call"},
    {FINDING_NO_DIGEST_OFFERED, "with a server that is made for web services or Windows domains"},
    {FINDING_UNKNOWN_ALGORITHM_OFFERED,
     "with a server whose algorithm is misspelt, or newer than its clients"},
    {FINDING_CHALLENGE_HEADER, "behind an element that changes 401 into 407, or back, and not the header"},
    {FINDING_CANCEL_CHALLENGED, "with a proxy that authenticates whatever comes"},
    {FINDING_DIGEST_MISMATCH, "after a password was changed on one side only, with a typing error, or behind "
                              "an element that changes what is signed"},
    {FINDING_DIGEST_GOOD_REFUSED,
     "the server's database has another password, or none for this user in this realm"},
    {FINDING_REALM_ASKED_TWICE, "where an edge and the registrar behind it each authenticate, in one realm"},
    {FINDING_PASSWORD_EMPTY, "with an account of which the user was entered only"},
    {FINDING_VARIANT_REFUSED, "with a client that computes in its own way, or a password that was pasted"},
    {FINDING_URI_REWRITTEN, "behind a border controller or B2BUA that rewrites what the client has signed"},
    {FINDING_AOR_REWRITTEN, "behind a border controller that puts another host or number into To and From"},
    {FINDING_AOR_CHANGED, "with a client that has two identities, or one with and one without its domain"},
    {FINDING_URI_DIFFERS,
     "with a client that signs another URI than it sends, at a server that compares them"},
    {FINDING_INTERVAL_LONG_ENOUGH,
     "with a registrar that wants one interval only, or has its limits in the wrong order"},
    {FINDING_CONNECTION_CHANGED,
     "at a refresh over TCP, TLS or WebSocket, after the connection was lost or closed"},
    {FINDING_SOURCE_PORT_CHANGED,
     "at a refresh after a NAT, or another access line, has given the client another address or port"},
    {FINDING_NC_REPLAYED,
     "at the second request of a client that does not count, or of somebody who replays the first"},
    {FINDING_NONCE_RESENT, "with a client that does not read the latest challenge"},
    {FINDING_STALE_AT_ONCE,
     "with several servers behind one address, or one that says stale to whatever it refuses"},
    {FINDING_STALE_IDLE, "with a server that puts stale=true into each of its challenges"},
    {FINDING_CREDENTIALS_DROPPED,
     "with a client that remembers one realm only, behind a proxy that asks too"},
    {FINDING_STALE_IN_PHRASE,
     "with a client that takes longer than the server keeps a nonce, or goes on with an old one"},
    {FINDING_PASSWORD_IN_PHRASE, "after a password was changed on one side only, or with a typing error"},
    {FINDING_NEXTNONCE_IGNORED, "with a client that does not know nextnonce, and a server that wants it"},
    {FINDING_STALE_UNSAID, "at a refresh, with a server that forgets to say stale=true"},
    {FINDING_PRELOADED_REFUSED, "at the first request of a capture that begins in the middle"},
    {FINDING_SCHEME_DIFFERS, "with a client that is set up for a server of another kind"},
    {FINDING_ANONYMOUS, "with a client that has no account, or none for this realm"},
    {FINDING_GAVE_UP, "after refused credentials, when the client does not try again"},
    {FINDING_ACCEPTED_BEFORE,
     "with a number in From that the account may not show, a call that it may not make, or a limit"},
    {FINDING_NO_LONGER_ACCEPTED, "after a password was changed, or with a second phone at the same address "
                                 "that has another password"},
    {FINDING_ALGORITHM_UNANSWERED, "with a client that is older than RFC 8760"},
    {FINDING_METHOD_UNANSWERED, "with a client that authenticates REGISTER only"},
    {FINDING_CHALLENGE_SKIPPED,
     "with a client that begins anew instead of answering, was restarted, or did not get the challenge"},
    {FINDING_IN_DIALOG_UNANSWERED, "with a client that forgets its credentials within a call"},
    {FINDING_NOTIFY_UNANSWERED, "with a subscriber that challenges whatever it receives"},
    {FINDING_CANCELLED, "when a caller hangs up early, or a fork has found the callee elsewhere"},
    {FINDING_CHALLENGE_REMOVED,
     "behind a border controller or proxy that passes on the headers that it knows"},
    {FINDING_NO_CHALLENGE, "with a server or border controller that takes the challenge out"},
    {FINDING_BAD_REQUEST, "with a server that is strict about the form of a request"},
    {FINDING_SERVER_ERROR, "the server, or something behind it, fails"},
    {FINDING_REGISTRATION_FAILED, "unknown address-of-record, or an element on the way that gives up"},
};

/* What it means, likewise. */
static const struct {
    enum finding cause;
    const char *meaning;
} meanings[] = {
    {FINDING_WRONG_HEADER, "{asker} finds no answer to its challenge in frame {retry}, and asks again"},
    {FINDING_SCHEME_DIFFERS, "{asker} finds no answer to its challenge in frame {retry}, and asks again"},
    {FINDING_BRANCH_REUSED,
     "{asker} takes frame {retry} for the refused request come again, and repeats its answer"},
    {FINDING_CANCELLED, "the call was cancelled in frame {cancelled}, and nobody waits for it any more"},
    {FINDING_ACCEPTED_BEFORE, "this {method} is refused, and the same user was let in before: not who "
                              "asks, but what is asked for seems to be wrong"},
    {FINDING_STALE_UNSAID,
     "{asker} does not take the nonce in frame {retry} any more; it is not about user and password, "
     "unless the next answer is refused, too"},
    {FINDING_REALM_ASKED_TWICE,
     "one server on the way was satisfied, and the next one asks for the same realm itself"},
    {FINDING_NO_LONGER_ACCEPTED,
     "the registrar let this user in before, and does not believe the credentials in frame {retry} any more"},
    {FINDING_PROVIDER_CHALLENGED,
     "{asker}, which is itself registered at {client}, asks it who sends this {method}"},
    {FINDING_CREDENTIALS_REMOVED,
     "the client answered in frame {retry}, and its answer did not get as far as the server"},
    {FINDING_REALM_SHARED,
     "one of several servers does not take the credentials in frame {retry}, and asks again"},
    {FINDING_INTERVAL_LONG_ENOUGH,
     "the server accepts the credentials; asked for was {asked_expires}, which is no less than it says that "
     "it wants"},
    {FINDING_CHALLENGE_KEPT, "{asker} asked who sends this {method}, and the client did not hear of it"},
    {FINDING_ANSWERED_ELSEWHERE,
     "{asker} asked who sends this {method}, and the answer did not come back to it"},
    {FINDING_NONCE_OF_OTHER_SERVER,
     "the answer in frame {retry} went to another server than the one that had asked in frame {challenge}"},
    {FINDING_RETRY_FRAGMENTED,
     "{asker} asked who sends this {method}; what the client sent then came in fragments, and not all of "
     "them are there"},
    {FINDING_RETRY_OVER_TCP, "{asker} asked over UDP who sends this {method}; the client seems to go on by "
                             "TCP, and no more is seen of it"},
    {FINDING_STALE_AT_ONCE,
     "{asker} calls the nonce in frame {retry} too old as soon as it is used: it means something else, "
     "or another server had made it"},
    {FINDING_NC_OF_EACH_CALL, "to {asker} the nonce count in frame {retry} was used before, as in a replay"},
    {FINDING_PASSWORD_IN_PHRASE,
     "the server refuses the {method} in frame {retry}, and says itself that it is about user "
     "or password"},
    {FINDING_RETRY_IN_IPSEC, "{asker} asked who sends this {method}, and offered IPsec for the answer: what "
                             "follows between the two cannot be read"},
    {FINDING_DISCONNECTED, "the client answered in frame {retry}, and {asker} ended the connection: nothing "
                           "is said of the password"},
    {FINDING_AKA_RESYNC,
     "the SIM has another sequence number than the network: frame {retry} says which (auts), "
     "and the network asks anew"},
    {FINDING_AKA_ASKED_ANEW,
     "{asker} asks the SIM anew, as it may at each {method}; it is not about the keys"},
    {FINDING_AKA_MAC_FAILED,
     "the SIM does not believe that the challenge in frame {challenge} is of its network, "
     "and says so by an empty response"},
    {FINDING_CHALLENGE_LATE,
     "{asker} asked who sends this {method} when the client had already stopped waiting"},
    {FINDING_CHALLENGE_LOST, "{asker} asked who sends this {method}, and the client seems not to hear it"},
    {FINDING_CREDENTIALS_DROPPED,
     "the server that was satisfied before asks again, as frame {retry} has no credentials for it any more"},
    {FINDING_CHALLENGE_REMOVED,
     "who sends this {method} was asked further on, and the client did not hear of it"},
    {FINDING_NO_CHALLENGE, "{asker} refuses this {method}, and asks for nothing that could be answered"},
    {FINDING_CANCEL_CHALLENGED,
     "{asker} wants to know who sends this CANCEL, which cannot be sent again with credentials"},
    {FINDING_BAD_REQUEST,
     "the server does not understand the {method} in frame {retry}, in which the credentials are new"},
};

enum of_whom { OF_ANY, OF_CALLEE, OF_REGISTER, OF_SUBSCRIBE };

/* What a status code says that ends a request whose credentials were not at fault. The fix is that of
 * FINDING_FAILED, where it says more than to read the answer. */
static const struct {
    uint16_t status;
    enum of_whom of;
    const char *when, *fix;
} answers[] = {
    {302, OF_REGISTER, "the registrar is elsewhere",
     "let the client go to the address in Contact of frame {closed}"},
    {302, OF_CALLEE, "the callee is to be reached elsewhere",
     "let the caller go to the address in Contact of frame {closed}"},
    {404, OF_SUBSCRIBE, "there is nothing at that address that could be watched",
     "compare the address that the client watches (voice mail, busy lamp field) with those of the server"},
    {404, OF_ANY, "the number or address is not known",
     "compare number and domain in the first line of frame {retry} with those that the server knows"},
    {408, OF_ANY, "nobody answered in time",
     "look whether the request was passed on, and whether its callee can be reached"},
    {420, OF_ANY, "the client demands an extension that the server lacks",
     "let the client do without the extension that Unsupported in frame {closed} names"},
    {421, OF_ANY, "the server demands an extension that the client lacks", NULL},
    {433, OF_CALLEE, "the callee takes no anonymous calls", "let the caller show its number"},
    {477, OF_ANY, "the server could not send it on (Kamailio, OpenSIPS)",
     "look whether the next hop can be reached: its port, and its TCP connection if it has one"},
    {480, OF_CALLEE, "the callee is not registered, does not want to be disturbed, or does not answer", NULL},
    {481, OF_SUBSCRIBE, "the server does not know that subscription: it is over, or the server was restarted",
     "let the client subscribe anew, without a To tag"},
    {481, OF_ANY, "the call or subscription is over already", NULL},
    {482, OF_ANY, "the request came back, or by two ways, to where it had been", NULL},
    {483, OF_ANY, "the request went through too many hops, or round in circles",
     "look for a server that takes the domain for somebody else's, and sends the request round"},
    {486, OF_CALLEE, "the callee is busy", NOTHING ": the callee is busy"},
    {487, OF_CALLEE, "the call was ended before it was answered", NULL},
    {488, OF_CALLEE, "no codec or transport in common",
     "compare codecs, and RTP or SRTP, in the SDP of frame {retry} with those of the callee"},
    {489, OF_ANY, "the server does not offer the event package that is subscribed to",
     "let the server offer the package in Event of frame {retry}, or let the client not ask for it"},
    {503, OF_ANY, "the server has no room, or no way on", NULL},
    {504, OF_ANY, "a server further on did not answer", NULL},
    {513, OF_ANY, "the request is larger than the server takes", NULL},
    {580, OF_CALLEE, "caller and callee cannot both have the resources that the call is to have", NULL},
    {600, OF_CALLEE, "the callee is busy everywhere", NOTHING ": the callee is busy"},
    {603, OF_CALLEE, "the callee declines, or the network in its place", NULL},
};

static bool
is_of(enum of_whom of, const char *method)
{
    switch (of) {
    case OF_CALLEE:
        return !method_is(method, "REGISTER");
    case OF_REGISTER:
        return method_is(method, "REGISTER");
    case OF_SUBSCRIBE:
        return method_is(method, "SUBSCRIBE");
    default:
        return true;
    }
}

static void
advise_of_answer(uint16_t status, const char *method, enum finding cause, struct advice *advice)
{
    size_t i = 0;
    while (i < G_N_ELEMENTS(answers) && (answers[i].status != status || !is_of(answers[i].of, method)))
        i++;
    if (i == G_N_ELEMENTS(answers))
        return;
    advice->when = answers[i].when;
    if (cause == FINDING_FAILED && answers[i].fix)
        advice->fix = answers[i].fix;
}

bool
audit_is_registration_cause(enum finding finding)
{
    switch (finding) {
    case FINDING_REGISTER_REFUSED:
    case FINDING_REGISTER_FAILED:
    case FINDING_REGISTER_CSEQ:
    case FINDING_EXTENSION_REFUSED:
    case FINDING_EXTENSION_UNSAID:
    case FINDING_EXTENSION_REQUIRED:
    case FINDING_GRANTED_NOTHING:
    case FINDING_REGISTER_UNANSWERED:
    case FINDING_REGISTER_BLOCKED:
    case FINDING_PORT_UNREACHABLE:
    case FINDING_UNREACHABLE:
    case FINDING_DISCONNECTED:
    case FINDING_PROVISIONAL_ONLY:
    case FINDING_ANSWER_NOT_SEEN:
        return true;
    default:
        return false;
    }
}

/* By a 400. */
static bool
is_refused_for_form(enum finding cause)
{
    return finding_rule(cause)->stage == STAGE_CREDENTIALS && cause != FINDING_AOR_REWRITTEN &&
           cause != FINDING_AOR_CHANGED;
}

struct advice
audit_advice(enum outcome outcome, enum finding cause)
{
    struct advice advice = advices[outcome];
    if (!advice.fix || (outcome == OUTCOME_UNKNOWN && cause != FINDING_NONE))
        advice.fix = finding_rule(cause)->fix;
    for (size_t i = 0; i < G_N_ELEMENTS(occasions); i++) {
        if (occasions[i].cause == cause)
            advice.when = occasions[i].when;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(meanings); i++) {
        if (meanings[i].cause == cause)
            advice.meaning = meanings[i].meaning;
    }
    if (outcome == OUTCOME_OTHER_REALM && cause == FINDING_REFUSED_FURTHER_ON)
        advice.meaning = "the answer in frame {retry} was passed on, and not to the server that had asked";
    if (outcome == OUTCOME_FAILED && is_refused_for_form(cause))
        advice.meaning =
            "the server refuses the {method} in frame {retry} for its form, not for user and password";
    return advice;
}

static void
advise_of_no_dialog(struct advice *advice)
{
    advice->meaning = "the server takes the {method} in frame {retry} for part of a call that it does not "
                      "know ({code}), though it has no To tag; user and password may be right";
    advice->when = "where branch, Call-ID or CSeq are not new, or the refusal before was not acknowledged";
}

/* Where nothing is verified, it may be the password, and it may be that. */
static void
advise_of_form(const struct use *use, enum finding cause, struct advice *advice)
{
    bool unverified = cause == FINDING_REFUSED_UNVERIFIED || cause == FINDING_FORBIDDEN;
    if (unverified && finding_odd_form(use))
        advice->fix = "compare user, password and rights on both sides; if they are right, {form_fix}";
}

struct advice
audit_advice_challenge(const struct exchange *exchange, enum outcome outcome, enum finding cause)
{
    struct advice advice = audit_advice(outcome, cause);
    if (outcome == OUTCOME_ACCEPTED && !exchange->retry_frame)
        advice.meaning = "another copy of the same {method} was accepted: this challenge needs no answer";
    const uint16_t status = exchange_closed_status(exchange);
    advise_of_form(exchange->retry, cause, &advice);
    if (is_of_no_dialog(exchange, status))
        advise_of_no_dialog(&advice);
    else if (outcome == OUTCOME_FAILED)
        advise_of_answer(status, exchange->method, cause, &advice);
    if (outcome == OUTCOME_UNKNOWN && exchange->retry_frame)
        advice.meaning = "the challenge was answered in frame {retry}; the capture does not show how it ends";
    return advice;
}

struct advice
audit_advice_closing(const struct use *use)
{
    if (use->outcome == OUTCOME_ACCEPTED && !use->is_retry)
        return (struct advice){
            "the {method} is accepted with credentials of an earlier challenge, without a new one",
            "at a refresh, or at a later request of the call, while the nonce is valid",
            NOTHING ": credentials sent ahead, and accepted"};
    struct advice advice = audit_advice(use->outcome, (enum finding)use->cause);
    advise_of_form(use, (enum finding)use->cause, &advice);
    if (use->outcome == OUTCOME_ACCEPTED)
        advice = (struct advice){
            "the {method} of {account} is accepted: frame {retry} answered the challenge in frame "
            "{challenge} to the server's satisfaction",
            "at the end of every {method} that was challenged and answered rightly", advice.fix};
    if (use->cause == FINDING_FORBIDDEN && use->verdict.status == DIGEST_GOOD)
        advice.meaning =
            "the {method} of {account} is refused for good, though the digest is right: the account may "
            "not do that, or not from here";
    if (use->is_retry && is_of_no_dialog(use->exchange, use->closed_status))
        advise_of_no_dialog(&advice);
    else if (use->outcome == OUTCOME_FAILED)
        advise_of_answer(use->closed_status, use->method, (enum finding)use->cause, &advice);
    return advice;
}

static struct advice
advice_wrong_204(const struct no_notify *no_notify)
{
    if (!no_notify->is_subscribe)
        return (struct advice){
            "{method} is answered with 204 (No Notification), which is an answer to SUBSCRIBE only",
            "with a server that takes 204 for an ordinary success", "let the server answer with 200"};
    if (!no_notify->in_dialog)
        return (struct advice){"the SUBSCRIBE in frame {subscribe} begins a subscription, so the subscriber "
                               "waits for a first NOTIFY, and the 204 says that there will be none",
                               no_notify->etag
                                   ? "with a server that heeds Suppress-If-Match in the first SUBSCRIBE, too"
                                   : "with a server that takes 204 for an ordinary success",
                               "let the server answer with 200 and send a NOTIFY, without a body if the "
                               "subscriber knows the state"};
    if (no_notify->ended_in)
        return (
            struct advice){"the SUBSCRIBE in frame {subscribe} comes in a subscription that had ended, and "
                           "the 204 says that it goes on: the subscriber waits in vain",
                           "with a server that keeps the dialog longer than the subscription",
                           "let the server answer with 481, so that the subscriber begins anew"};
    if (no_notify->superseded_in)
        return (struct advice){
            "the SUBSCRIBE in frame {subscribe} names a tag that a later NOTIFY has replaced, so "
            "a NOTIFY of the new state is due, and the 204 says that there will be none",
            "with a server that compares the tag with any that it has given, or not at all",
            "let the server answer with 200 and send a NOTIFY"};
    return (
        struct advice){"the SUBSCRIBE in frame {subscribe} does not say that its sender knows the state "
                       "(Suppress-If-Match), so a NOTIFY is due, and the 204 says that there will be none",
                       "with a server that takes 204 for an ordinary success, or behind an element that adds "
                       "Suppress-If-Match",
                       "let the server answer with 200 and send a NOTIFY"};
}

/* Something later contradicts it. */
static struct advice
advice_contradicted_204(const struct no_notify *no_notify, bool over)
{
    struct advice advice = {"the subscription to {event} goes on for {granted}, and no NOTIFY was due as the "
                            "state is known, or none of it is wanted; yet one came in frame {notify}",
                            "with a notifier that forgets what the SUBSCRIBE said (Suppress-If-Match)",
                            finding_rule((enum finding)no_notify->notify_finding)->fix};
    if (!no_notify->notify_frame)
        return (struct advice){"the SUBSCRIBE in frame {subscribe} is accepted, and no NOTIFY tells so; one "
                               "side seems to have missed that: see frame {missed}",
                               "with a subscriber, notifier or proxy that does not quite know 204",
                               finding_rule((enum finding)no_notify->missed_finding)->fix};
    if (!over)
        return advice;
    advice.when = "with a notifier that sends a last NOTIFY in any case, as it is due where no 204 is used";
    advice.meaning =
        "the subscription to {event} is over, and no NOTIFY was due any more; yet one came in frame {notify}";
    return advice;
}

struct advice
audit_advice_204(const struct no_notify *no_notify, bool right)
{
    bool over = no_notify->unsubscribed || (no_notify->has_expires && no_notify->expires == 0);
    if (!no_notify->is_subscribe || !right)
        return advice_wrong_204(no_notify);
    if (no_notify->notify_frame || no_notify->missed_frame)
        return advice_contradicted_204(no_notify, over);
    if (over && !no_notify->unsubscribed && no_notify->subscribe_frame)
        return (struct advice){
            "the subscription to {event} is over by this 204 (Expires: 0), which the SUBSCRIBE did not ask "
            "for",
            "with a server that ends subscriptions by its answer",
            "let the server prolong the subscription by a 204, and end it by a NOTIFY (terminated)"};
    if (over)
        return (struct advice){
            "the subscription to {event} is over, as was asked for; the NOTIFY that usually comes last is "
            "left out, as the subscriber needs none",
            "when a subscriber ends its subscription and says that it knows the state (Suppress-If-Match)",
            NOTHING ": subscription ended, no state change to notify"};
    if (!no_notify->subscribe_frame && !no_notify->etag)
        return (struct advice){"a SUBSCRIBE that is not in the capture was accepted, and no NOTIFY will "
                               "come; whether that is right is "
                               "not known",
                               "where a capture begins too late, or lacks packets",
                               NOTHING " so far as it is seen"};
    if (no_notify->tag_unseen)
        return (struct advice){
            "the subscription to {event} goes on for {granted}; no NOTIFY in the capture told the tag that "
            "its SUBSCRIBE names, so whether the subscriber knows the state is not known",
            "where the capture begins after that NOTIFY, or the subscriber changes SIP-ETag when it copies "
            "it",
            NOTHING
            " if the tag is older than the capture; else let the subscriber copy SIP-ETag as it came, or "
            "the server compare it byte for byte"};
    if (no_notify->etag && strcmp(no_notify->etag, "*") == 0)
        return (struct advice){
            "the subscription to {event} goes on for {granted}; the subscriber wants no NOTIFY of the state "
            "(Suppress-If-Match: *), so none will come of it, whatever changes",
            "when a subscriber wants to keep its subscription, and to hear nothing until its next SUBSCRIBE",
            NOTHING ": subscription accepted, and silence is what was asked for"};
    return (struct advice){"the subscription to {event} goes on for {granted}; the subscriber knows the "
                           "state, so no NOTIFY will come until it changes",
                           "when a subscriber refreshes and says which state it knows: Suppress-If-Match "
                           "repeats SIP-ETag of a NOTIFY",
                           NOTHING ": subscription accepted, no state change to notify"};
}
