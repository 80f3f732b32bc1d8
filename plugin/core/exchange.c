/* exchange.c
 * Challenging responses, and how the exchanges that they begin end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "auth_private.h"
#include "audit.h"

/* Challenges in a row that make a loop; a wrong password and a second try are none. */
enum { LOOP = 5 };
/* Failing accounts of one address that make it worth a word. */
enum { MANY_ACCOUNTS = 5 };
#define AT_ONCE_NS (INT64_C(1) * 1000000000)

/* The accounts behind one source address. */
struct source {
    uint32_t failed_accounts, accepted_accounts;
};

/* What a server has accepted: forms of credentials. REGISTER is one matter, all else another. */
struct tolerant {
    struct finding_set forms[2];
};

/* What note_challenge needs. */
struct note_target {
    struct tracker *tracker;
    struct record *record;
    struct exchange *exchange;
};

/* With its text behind it, and the exchange before it that it begins. */
static struct auth_line *
line_new(struct tracker *tracker, enum sip_header header, struct slice text, bool begins)
{
    const size_t before = begins ? G_STRUCT_OFFSET(struct exchange_block, line) : 0;
    char *block = tracker->host.allocate(before + sizeof(struct auth_line) + text.len + 1);
    struct auth_line *line = (struct auth_line *)(void *)(block + before);
    char *copy = (char *)(line + 1);
    memcpy(copy, text.p, text.len);
    line_set(line, header, (struct slice){copy, text.len});
    return line;
}

/* Copies the challenges of a response into its detail.
 *
 * begins: an exchange, for which there is room with the first of them */
static void
keep_challenges(struct tracker *tracker, const struct sip_message *message, struct record_detail *detail,
                bool begins)
{
    struct line_walk walk = line_walk(message, is_challenge_header);
    struct auth_line **tail = &detail->lines;
    struct auth_value value;
    struct slice text;
    size_t octets = 0;
    for (int n = 0; line_next(&walk, &text, &value); n++) {
        octets += text.len;
        if (n >= LINES_MAX || octets > LINES_OCTETS_MAX) {
            detail->lines_left_out++;
            continue;
        }
        *tail = line_new(tracker, walk.id, text, begins && tail == &detail->lines);
        detail->lines_joined |= walk.joined;
        line_remember(tracker, *tail, &value);
        tail = &(*tail)->next;
    }
}

/* What challenges say of the credentials that they refuse. */
struct refusal {
    bool again;      /* they ask again for what the credentials were to answer */
    bool stale;      /* … and say stale=true */
    bool same_nonce; /* … with the same nonce, which then cannot be too old */
};

bool
says_stale(const struct auth_value *challenge)
{
    return slice_equal_nocase(slice_trim(challenge->param[AUTH_STALE]), SLICE("true"));
}

static struct refusal
read_refusal(struct tracker *tracker, const struct auth_line *lines, const struct use *use,
             const struct auth_value *credentials)
{
    struct refusal refusal = {.again = false};
    enum sip_header header = use->line.header;
    if (use->header_differs) /* told by the challenge then, not by the header that was wrong */
        header = header == SIP_AUTHORIZATION ? SIP_PROXY_AUTHORIZATION : SIP_AUTHORIZATION;
    for (const struct auth_line *line = lines; line; line = line->next) {
        const struct auth_value *challenge = line_value(tracker, line);
        if (!challenge || answering_header(line->header) != header)
            continue;
        bool same_realm = slice_equal(challenge->param[AUTH_REALM], credentials->param[AUTH_REALM]);
        if (!same_realm && !use->realm_differs && auth_is_digest(credentials)) /* others may name no realm */
            continue;
        refusal.again = true;
        refusal.stale |= says_stale(challenge);
        refusal.same_nonce |= slice_equal(challenge->param[AUTH_NONCE], credentials->param[AUTH_NONCE]);
    }
    return refusal;
}

static void
exchange_close(struct exchange *exchange, const struct use *use, const struct record *record)
{
    exchange->outcome = use->outcome;
    exchange->cause = use->cause;
    exchange->closed_frame = record->frame;
    exchange->closed_time = record->time;
    exchange->closed_status = record->status;
    if (use->outcome == OUTCOME_REJECTED) /* of several credentials these */
        exchange->user_at_realm = use->user_at_realm;
}

/* Of this call, or of another one of this user. */
static struct exchange *
exchange_of_nonce(const struct use *use)
{
    const struct issue *other = use->nonce_borrowed_from && use->holder ? use->holder->issue : NULL;
    return use->exchange ? use->exchange : other ? other->exchange : NULL;
}

/* Credentials with the nonce of a challenge that was answered before: how it is now. NULL: no such challenge.
 */
static void
exchange_go_on(struct exchange *exchange, const struct use *use, const struct arrival *arrival,
               const struct record *record)
{
    bool let_in = audit_lets_in(use->method, record->status, false);
    if (!exchange || use->outcome == OUTCOME_OTHER_REALM || use->outcome == OUTCOME_UNKNOWN ||
        !endpoint_same_address(&exchange->peers->server, &arrival->from) ||
        method_is(use->method, "CANCEL")) /* is answered by whoever has the call */
        return;
    exchange->later_frame = record->frame;
    exchange->later_outcome = let_in ? OUTCOME_ACCEPTED : use->outcome;
    exchange->later_cause = let_in ? FINDING_NONE : use->cause;
}

static void
add_closing(struct tracker *tracker, struct use *use, struct record *record)
{
    struct closing *closing = record_new(tracker, struct closing);
    struct record_detail *detail = record_detail(tracker, record);
    *closing = (struct closing){detail->closings, use};
    detail->closings = closing;
}

/* Refused, and nothing but the refusal says that it is about user and password. */
static bool
is_unverified(const struct use *use)
{
    return use->cause == FINDING_REFUSED_UNVERIFIED || use->cause == FINDING_STALE_IDLE ||
           use->cause == FINDING_NO_LONGER_ACCEPTED;
}

/* … or it is known to be right, and refused all the same. */
static bool
is_unexplained(const struct use *use)
{
    return is_unverified(use) || use->cause == FINDING_DIGEST_GOOD_REFUSED;
}

/* A refusal that was seen on the next hop has its cause there. Some causes say no more than that it was
 * refused.
 */
static void
note_passed_on(struct use *use, const struct record *record)
{
    struct signed_request *request = use->signed_request;
    bool bare = use->cause == FINDING_FORBIDDEN || use->cause == FINDING_REGISTRATION_FAILED ||
                use->cause == FINDING_ACCEPTED_BEFORE || use->cause == FINDING_OTHER_REALM;
    bool says_little = is_unexplained(use) || bare;
    if (!request || (use->outcome != OUTCOME_REJECTED && use->outcome != OUTCOME_FORBIDDEN &&
                     use->outcome != OUTCOME_FAILED && use->outcome != OUTCOME_OTHER_REALM))
        return;
    if (!request->refused_in && !says_little && use->cause != FINDING_FAILED)
        request->refused_in = record->frame;
    else if (request->refused_in && says_little) {
        use->cause = FINDING_REFUSED_FURTHER_ON;
        use->suspect_frame = request->refused_in;
    }
}

/* A balancer took credentials to another server than the one that had asked for them, and that asks, too: it
 * does not know the nonce. By the address of who asks: a server may well have several, but it answers from
 * the one that was asked. */
static void
suspect_other_server(struct use *use, const struct arrival *arrival, bool asks)
{
    const struct exchange *exchange = use->exchange;
    if (!asks || !exchange || use->evidence != EVIDENCE_NONCE ||
        endpoint_same_address(&exchange->peers->server, &arrival->from))
        return;
    finding_set_add(&use->suspects, FINDING_NONCE_OF_OTHER_SERVER);
    finding_set_drop(&use->suspects, FINDING_NC_REPLAYED); /* it has not counted with the other */
    finding_set_drop(&use->suspects, FINDING_NC_SKIPPED);
}

const struct auth_value *
challenge_for(struct tracker *tracker, const struct auth_line *lines, enum sip_header header,
              struct slice realm)
{
    for (; lines; lines = lines->next) {
        const struct auth_value *challenge =
            answering_header(lines->header) == header ? line_value(tracker, lines) : NULL;
        if (challenge && slice_equal(challenge->param[AUTH_REALM], realm))
            return challenge;
    }
    return NULL;
}

/* Among the credentials of one request. */
static bool
has_realm(struct tracker *tracker, const struct use *uses, enum sip_header header, struct slice realm)
{
    for (; uses; uses = uses->next) {
        const struct auth_value *credentials =
            uses->line.header == header ? line_value(tracker, &uses->line) : NULL;
        if (credentials && slice_equal(credentials->param[AUTH_REALM], realm))
            return true;
    }
    return false;
}

/* The request before had credentials for who asks now, and this one has none. */
static void
note_dropped(struct tracker *tracker, struct use *use, const struct record *request,
             const struct record *record)
{
    const struct use *before = use->exchange ? use->exchange->refused : NULL;
    for (; before && use->cause == FINDING_OTHER_REALM; before = before->next) {
        const enum sip_header header = before->line.header;
        const struct auth_value *credentials = line_value(tracker, &before->line);
        const struct slice realm = credentials ? credentials->param[AUTH_REALM] : (struct slice){NULL, 0};
        if (!credentials || !challenge_for(tracker, record->detail->lines, header, realm) ||
            has_realm(tracker, request->detail->uses, header, realm))
            continue;
        use->cause = FINDING_CREDENTIALS_DROPPED;
        use->suspect_frame = before->request_frame;
    }
}

static struct tolerant *
tolerant_server(struct tracker *tracker, const struct endpoint *server, bool make)
{
    key_begin(tracker, INDEX_TOLERANT);
    key_add_address(tracker, server);
    struct tolerant *tolerant = key_find(tracker);
    if (!tolerant && make) {
        tolerant = host_new(tracker, struct tolerant);
        key_put(tracker, tolerant);
    }
    return tolerant;
}

static bool
is_registration(const struct use *use)
{
    return method_is(use->method, "REGISTER");
}

static bool
has_suspects(const struct use *use)
{
    uint64_t any = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(use->suspects.bits); i++)
        any |= use->suspects.bits[i];
    return any != 0;
}

/* What this server has accepted elsewhere is no reason to refuse. Registrar and proxy may be two at one
 * address, unless they share the nonce. */
static void
clear_suspects(struct tracker *tracker, struct use *use, const struct endpoint *server)
{
    const struct tolerant *tolerant = has_suspects(use) ? tolerant_server(tracker, server, false) : NULL;
    for (int i = 0; tolerant && i < 2; i++) {
        const struct finding_set *forms = &tolerant->forms[i];
        if (i != is_registration(use) && !use->nonce_accepted_in)
            continue;
        for (unsigned n = 0; n < G_N_ELEMENTS(forms->bits); n++)
            use->suspects.bits[n] &= ~forms->bits[n];
    }
}

static void
note_tolerated(struct tracker *tracker, const struct use *use, const struct endpoint *server)
{
    struct finding_set *forms = NULL;
    for (unsigned i = 1; has_suspects(use) && i < FINDING_COUNT; i++) {
        if (!finding_set_has(&use->suspects, i) || !audit_is_form((enum finding)i))
            continue;
        if (!forms)
            forms = &tolerant_server(tracker, server, true)->forms[is_registration(use)];
        finding_set_add(forms, i);
    }
}

/* What a refusal says beyond its status code. */
static void
keep_words(struct tracker *tracker, struct use *use, struct slice words)
{
    tracker->host.release((char *)(uintptr_t)use->phrase);
    use->phrase = words.p ? host_strdup(tracker, words) : NULL;
}

/* The challenge that refuses the nonce says so, or does not need to. A nonce that several calls were given
 * may be that of another phone of the same user; and a digest that is known to be wrong is reason enough. */
static bool
is_stale(const struct use *use, const struct refusal *refusal)
{
    bool accepted = use->nonce_accepted_in && use->verdict.status != DIGEST_BAD &&
                    !(use->nonce && use->nonce->repeated && use->is_retry);
    bool evident = accepted || audit_refuses_nonce(use->phrase);
    return refusal->stale || use->resynchronises || (evident && !refusal->same_nonce);
}

/* stale=true tells nothing where the server says so to requests without a nonce, too; nor of a nonce that it
 * has just made, where the digest is known to be wrong. */
static bool
is_stale_idle(const struct use *use)
{
    if (use->nonce_accepted_in || use->verdict.status == DIGEST_GOOD)
        return false;
    return (use->exchange && exchange_detail(use->exchange)->idle_stale_frame) ||
           (use->verdict.status == DIGEST_BAD && audit_nonce_is_fresh(use));
}

/* Each request once, and a call as soon as it rings. */
static void
count_answered(struct use *use)
{
    if (use->holder && !use->answered)
        use->holder->answered++;
    use->answered = true;
}

/* An earlier use of the nonce has no answer in the capture: it may have been accepted, and the nonce be too
 * old now. */
static bool
misses_acceptance(const struct use *use)
{
    const struct nonce_user *holder = use->holder;
    return holder && !holder->accepted_in && holder->answered + 1 < use->nonce_use;
}

/* The frame in which the same user was let in, from the same client: another one may have another password;
 * and another registrar another account by that name. */
static uint32_t
accepted_before(const struct use *use, const struct arrival *answer)
{
    const struct known_user *user = user_known(use->user_at_realm);
    bool same = *use->user_at_realm && endpoint_same_address(&user->accepted_from, &answer->to) &&
                (!method_is(use->method, "REGISTER") || user->accepted_by == endpoint_mark(&answer->from));
    return same ? user->accepted_in : 0;
}

/* What is known of the password of a request that is no success. An empty one may be right. */
static void
suspect_password(struct tracker *tracker, struct use *use, const struct arrival *answer)
{
    bool refused = use->outcome == OUTCOME_REJECTED || use->outcome == OUTCOME_FORBIDDEN;
    use->user_accepted_in = accepted_before(use, answer);
    if (refused && !use->user_accepted_in && use_has_empty_password(tracker, use))
        finding_set_add(&use->suspects, FINDING_PASSWORD_EMPTY);
}

/* The challenge that refuses them was passed on from a server that had asked for the first time. */
static void
note_asked_further_on(struct tracker *tracker, struct use *use, const struct auth_line *lines,
                      const struct arrival *arrival)
{
    for (; lines && is_unexplained(use); lines = lines->next) {
        const struct auth_value *challenge = line_value(tracker, lines);
        const struct nonce *nonce =
            challenge ? nonce_find(tracker, challenge->param[AUTH_NONCE], arrival) : NULL;
        const struct exchange *further = nonce && nonce->issue ? nonce->issue->exchange : NULL;
        if (!further || !finding_set_has(&exchange_detail(further)->suspects, FINDING_REALM_ASKED_TWICE))
            continue;
        use->cause = FINDING_REALM_ASKED_TWICE;
        use->suspect_frame = further->challenge_frame;
    }
}

/* One use of the answered request: how it ended. A 2xx replaces a refusal of another copy of the request. */
static bool
close_use(struct tracker *tracker, struct use *use, const struct sip_message *message, struct slice words,
          const struct arrival *arrival, const struct record *request, struct record *record)
{
    struct refusal refusal = {.again = true};
    const struct auth_line *lines = record->detail ? record->detail->lines : NULL;
    bool success = record->status < 300;
    if (use->identity_only || use->relayed ||
        (use->outcome != OUTCOME_NONE && (!success || use->outcome == OUTCOME_ACCEPTED)))
        return false;
    if (lines) {
        const struct auth_value *credentials = line_value(tracker, &use->line);
        if (!credentials)
            return false;
        refusal = read_refusal(tracker, lines, use, credentials);
    }
    keep_words(tracker, use, words);
    suspect_other_server(use, arrival, lines != NULL);
    if (!success)
        clear_suspects(tracker, use, &arrival->from);
    if (use->nonce_accepted_in == 0 && use->holder) /* the answer to it came out of order */
        use->nonce_accepted_in = use->holder->accepted_in;
    use->stale_idle = refusal.again && refusal.stale && is_stale_idle(use);
    refusal.stale &= !use->stale_idle;
    use->stale_said = refusal.again && refusal.stale;
    use->outcome = audit_outcome(record->status, refusal.again, is_stale(use, &refusal));
    /* An answer of this call to a request that is not in the capture says that it may have been accepted;
     * stale=true may stand where the capture was cut. */
    bool unsure = use->late || message->headers_cut || misses_acceptance(use) ||
                  (use->is_retry && use->exchange && use->exchange->lost);
    count_answered(use);
    if (unsure && use->outcome == OUTCOME_REJECTED)
        use->outcome = OUTCOME_UNKNOWN;
    use->closed_status = record->status;
    if (use->outcome == OUTCOME_INTERVAL_TOO_BRIEF && !sip_min_expires(message, &use->compared))
        use->compared = 0;
    if (!success)
        suspect_password(tracker, use, arrival);
    use->cause = audit_cause(use, use->outcome);
    if (!lines && (is_unverified(use) || use->cause == FINDING_PRELOADED_REFUSED)) /* nobody asks for more */
        use->cause = FINDING_NO_CHALLENGE;
    note_passed_on(use, record);
    note_asked_further_on(tracker, use, lines, arrival);
    note_dropped(tracker, use, request, record);
    use->closed_frame = record->frame;
    if (use->outcome == OUTCOME_ACCEPTED && digest_is_of_other_password(&use->verdict))
        record_note(tracker, record, FINDING_DIGEST_BAD_ACCEPTED, 0, 0)->use = use;
    add_closing(tracker, use, record);
    if (use->is_retry && use->exchange && use->exchange->retry_frame == use->request_frame &&
        (use->exchange->retry == use || use->outcome != OUTCOME_OTHER_REALM))
        exchange_close(use->exchange, use, record);
    else if (!use->is_retry)
        exchange_go_on(exchange_of_nonce(use), use, arrival, record);
    return true;
}

/* What a server calls stale it refuses for the age of the nonce, for its count, or for where it comes from
 * now. */
static bool
explains_stale(const struct use *use, enum finding finding)
{
    return finding_rule(finding)->group == GROUP_SEQUENCE && finding != FINDING_CONNECTION_CHANGED &&
           (finding != FINDING_SOURCE_PORT_CHANGED || use->moved);
}

/* Tells the suspects of refused credentials, but for the one that is the cause and told with the outcome. */
static void
tell_suspects(struct tracker *tracker, const struct use *use, struct record *record)
{
    bool refused = use->outcome == OUTCOME_REJECTED || use->outcome == OUTCOME_STALE ||
                   use->outcome == OUTCOME_FORBIDDEN || use->closed_status == 400;
    for (unsigned i = 1; refused && i < FINDING_COUNT; i++) {
        if (!audit_is_suspect(use, (enum finding)i) || i == use->cause)
            continue;
        bool stale = use->stale_said || use->cause == FINDING_STALE_IN_PHRASE;
        if (stale && use->cause != FINDING_STALE_AT_ONCE && !explains_stale(use, (enum finding)i))
            continue;
        record_note(tracker, record, (uint16_t)i, use->suspect_frame, 0)->use = use;
    }
    /* It may forbid for a reason of its own, "Screening failure". */
    if (use->outcome == OUTCOME_FORBIDDEN && use->phrase && finding_set_has(&use->suspects, use->cause))
        record_note(tracker, record, FINDING_FORBIDDEN, 0, 0)->use = use;
}

void
exchange_cancelled(struct tracker *tracker, struct transaction *invite, uint32_t frame)
{
    invite->cancelled_in = frame;
    if (invite->opened)
        exchange_detail_make(tracker, invite->opened)->cancelled_in = frame;
    if (invite->request->exchange)
        exchange_detail_make(tracker, invite->request->exchange)->cancelled_in = frame;
}

/* To a server the retry with the old branch is a retransmission of the refused request, and it sends its
 * refusal again (RFC 3261 section 17.2.2): that is how such a retry is refused. */
void
exchange_refused_again(struct tracker *tracker, const struct transaction *transaction, struct record *record)
{
    struct exchange *opened = transaction->opened;
    if (!opened || opened->outcome != OUTCOME_NONE || !opened->retry ||
        !finding_set_has(&opened->retry->suspects, FINDING_BRANCH_REUSED))
        return;
    struct use *use = opened->retry;
    use->outcome = OUTCOME_REJECTED;
    use->closed_status = record->status;
    use->closed_frame = record->frame;
    use->cause = FINDING_BRANCH_REUSED;
    add_closing(tracker, use, record);
    exchange_close(use->exchange, use, record);
}

static struct source *
source_of(struct tracker *tracker, const struct endpoint *client)
{
    key_begin(tracker, INDEX_SOURCE);
    key_add_address(tracker, client);
    struct source *source = key_find(tracker);
    if (!source) {
        source = host_new(tracker, struct source);
        key_put(tracker, source);
    }
    return source;
}

static void
note_accepted(struct tracker *tracker, struct account *account, const struct use *use,
              const struct arrival *answer)
{
    struct known_user *user = user_known(use->user_at_realm);
    user->accepted_in = answer->frame;
    user->accepted_from = answer->to;
    user->accepted_by = endpoint_mark(&answer->from);
    if (!account->accepted)
        account_accepted(tracker, account);
}

/* Each counts once, by the user of its credentials: a trunk calls from many numbers. Where more are accepted
 * than refused there is a crowd behind one address, not a scan. */
static void
count_account(struct tracker *tracker, struct account *account, const struct use *use,
              const struct endpoint *client, struct record *record)
{
    bool failed = use->outcome == OUTCOME_REJECTED || use->outcome == OUTCOME_FORBIDDEN;
    struct counted_once *counted =
        *use->user_at_realm ? &user_known(use->user_at_realm)->counted : &account->counted;
    if (failed ? counted->failed : (use->outcome != OUTCOME_ACCEPTED || counted->accepted))
        return;
    struct source *source = source_of(tracker, client);
    if (!failed) {
        counted->accepted = true;
        source->accepted_accounts++;
        return;
    }
    counted->failed = true;
    if (++source->failed_accounts >= MANY_ACCOUNTS && source->failed_accounts > source->accepted_accounts)
        record_note(tracker, record, FINDING_MANY_ACCOUNTS, 0, source->failed_accounts)->use = use;
}

/* Nobody types a password as fast; and one that was found to be right need not be typed again. What was cut
 * off of the credentials may have asked for another nonce, as auts does. */
static bool
is_same_password(const struct use *before, const struct use *use)
{
    return before->cause == FINDING_DIGEST_GOOD_REFUSED || before->cause == FINDING_ACCEPTED_BEFORE ||
           (is_unverified(before) && use->nonce_age >= 0 && use->nonce_age < AT_ONCE_NS);
}

/* Nothing but the nonce, and what is made of it, is another than before: neither in the credentials nor in
 * who asks, and nothing that was odd before is put right. What was cut off may have been anything. */
static bool
is_same_but_nonce(struct tracker *tracker, const struct account *account, const struct use *before,
                  const struct use *use)
{
    static const enum auth_param same[] = {AUTH_USERNAME, AUTH_USERNAME_EXT, AUTH_URI, AUTH_ALGORITHM,
                                           AUTH_QOP};
    const struct auth_value *old = line_value(tracker, &before->line), *new = line_value(tracker, &use->line);
    if (!old || !new || before->verdict.reason == DIGEST_MESSAGE_CUT || use->exchange->account != account)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        if (!slice_equal(old->param[same[i]], new->param[same[i]]))
            return false;
    }
    for (unsigned i = 1; i < FINDING_COUNT; i++) {
        if (finding_set_has(&before->suspects, i) && !finding_set_has(&use->suspects, i))
            return false;
    }
    return true;
}

/* The refusal before, of the same user with an older nonce, is seen in another light once the new nonce is
 * accepted. */
static void
note_nonce_refused(struct tracker *tracker, const struct account *account, const struct use *use,
                   struct record *record)
{
    const struct use *before = use->is_retry && use->exchange ? use->exchange->refused : NULL;
    if (!before || before->outcome != OUTCOME_REJECTED || before->user_at_realm != use->user_at_realm ||
        before->verdict.status == DIGEST_BAD)
        return;
    if (!audit_nonce_is_young(before))
        record_note(tracker, record, FINDING_LATE_STALE, 0, 0)->use = use;
    else if (is_same_password(before, use) && is_same_but_nonce(tracker, account, before, use))
        record_note(tracker, record, FINDING_NONCE_UNKNOWN, 0, 0)->use = use;
}

static void
close_uses(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
           const struct record *request, struct record *record)
{
    struct use *uses = request->detail ? request->detail->uses : NULL;
    struct account *account = uses ? request->detail->account : NULL;
    struct slice words = uses ? audit_own_words(message) : (struct slice){NULL, 0};
    for (struct use *use = uses; use; use = use->next) {
        if (!close_use(tracker, use, message, words, arrival, request, record))
            continue;
        tell_suspects(tracker, use, record);
        count_account(tracker, account, use, &arrival->to, record);
        account->refused += use->outcome == OUTCOME_REJECTED ? 1 : 0;
        if (use->outcome != OUTCOME_ACCEPTED)
            continue;
        note_accepted(tracker, account, use, arrival);
        note_nonce_refused(tracker, account, use, record);
        note_tolerated(tracker, use, &arrival->from);
        account->attempt = account->refused = 0;
        if (!account->accepted_frame)
            account->accepted_frame = record->frame;
        account->latest_accepted = record->frame;
        if (use->holder)
            use->holder->accepted_in = record->frame;
    }
}

/* As the request has it, if it has it. */
static struct account *
account_here(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
             const struct transaction *transaction)
{
    const struct record_detail *detail = transaction ? transaction->request->detail : NULL;
    return detail && detail->account ? detail->account : account_of(tracker, message, &arrival->from);
}

/* Of several credentials those that are asked for again. */
static const struct use *
refused_use(const struct use *uses)
{
    for (const struct use *use = uses; use; use = use->next) {
        if (use->outcome == OUTCOME_REJECTED)
            return use;
    }
    return uses;
}

static struct exchange *
exchange_new(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
             const struct transaction *transaction, struct record *record)
{
    struct auth_line *first = record->detail->lines;
    struct exchange_block *block =
        first ? CONTAINER(first, struct exchange_block, line) : host_new(tracker, struct exchange_block);
    struct exchange *exchange = &block->exchange;
    struct account *account = account_here(tracker, message, arrival, transaction);
    block->first = (struct issue){exchange, first, NULL, record->time, record->frame, 0};
    exchange->issues = &block->first;
    exchange->status = record->status;
    exchange->method = record->method;
    exchange->challenge_frame = record->frame;
    exchange->challenge_time = record->time;
    exchange->waits_since = tracker->clock;
    exchange->request_frame = transaction ? transaction->request->frame : 0;
    exchange->cseq = message->cseq;
    exchange->call_id_hash = hash_short(tracker->here.call_id);
    exchange->from_tag_hash = hash_short(tracker->here.from_tag);
    exchange->branch_hash = hash_via(tracker->here.branch, tracker->here.sent_by);
    exchange->uri_hash = transaction ? transaction->uri : 0;
    exchange->to_hash = transaction ? transaction->to : 0;
    exchange->in_dialog = transaction && transaction->in_dialog;
    exchange->by_datagram = !sip_via_is_reliable(&message->via);
    exchange->offers_ipsec = slice_starts_nocase(message->header[SIP_SECURITY_SERVER], SLICE("ipsec-"));
    if (transaction && transaction->cancelled_in)
        exchange_detail_make(tracker, exchange)->cancelled_in = transaction->cancelled_in;
    /* What would tie an answer to it may be cut, or what the request answered; and where the request is
     * missing, so may its answer be, as in a capture of one direction, or by a filter for a port, which
     * fragments do not have. */
    exchange->lost = message->headers_cut || !transaction || transaction->request_cut;
    /* Some clients send from another port than they listen on: what the server saw is where it came from. */
    bool same_client = transaction && endpoint_same_address(&transaction->client, &arrival->to);
    exchange->peers = peers_hold(tracker, same_client ? &transaction->client : &arrival->to, &arrival->from);
    exchange->account = account;
    account->references++;
    exchange->attempt = ++account->attempt;
    if (transaction && transaction->request->detail)
        exchange->refused = transaction->request->detail->uses;
    if (exchange->refused)
        exchange->user_at_realm = refused_use(exchange->refused)->user_at_realm;
    if (tracker->forgets && tracker->keeps != KEEPS_EXCHANGES)
        return exchange;
    exchange_hold(exchange);
    *tracker->exchanges_tail = exchange;
    tracker->exchanges_tail = &exchange->next;
    return exchange;
}

static bool
any_says_stale(struct tracker *tracker, const struct auth_line *lines)
{
    for (const struct auth_line *line = lines; line; line = line->next) {
        const struct auth_value *challenge = line_value(tracker, line);
        if (challenge && says_stale(challenge))
            return true;
    }
    return false;
}

/* stale=true of a server that says so where there is no nonce: here, or to the request that began it. */
static void
note_idle_stale(struct tracker *tracker, struct exchange *exchange)
{
    const struct use *refused = exchange->refused;
    uint32_t frame = 0;
    if (refused && refused->stale_idle && refused->exchange)
        frame = exchange_detail(refused->exchange)->idle_stale_frame;
    else if (!refused && !exchange->lost && any_says_stale(tracker, exchange_challenges(exchange)))
        frame = exchange->challenge_frame;
    if (frame)
        exchange_detail_make(tracker, exchange)->idle_stale_frame = frame;
}

/* Credentials that this challenge asks for again; NULL: none. */
static struct use *
use_asked_again(struct tracker *tracker, const struct record_detail *request, const struct exchange *exchange)
{
    for (struct use *use = request ? request->uses : NULL; use; use = use->next) {
        const struct auth_value *credentials = line_value(tracker, &use->line);
        if (credentials && read_refusal(tracker, exchange_challenges(exchange), use, credentials).again)
            return use;
    }
    return NULL;
}

static void
mark_removed(struct tracker *tracker, struct exchange *exchange, const struct use *use,
             const struct record *request)
{
    struct exchange_detail *detail = exchange_detail_make(tracker, exchange);
    detail->removed_frame = use->request_frame;
    detail->removed_in = request->frame;
    finding_set_add(&detail->suspects, FINDING_CREDENTIALS_REMOVED);
}

/* One hop earlier the request has the credentials that its challenge asks for, and here it has not: neither
 * this challenge nor the one before, which they answer, was left unanswered by the client. */
static void
note_removed(struct tracker *tracker, const struct sip_message *message, struct exchange *exchange,
             const struct transaction *transaction)
{
    const struct record *request = transaction ? transaction->request : NULL;
    if (!request || use_asked_again(tracker, request->detail, exchange))
        return;
    const struct transaction *before = transaction_hop_before(tracker, message);
    struct use *use =
        before && before != transaction ? use_asked_again(tracker, before->request->detail, exchange) : NULL;
    if (!use)
        return;
    use->suspect_frame = request->frame;
    finding_set_add(&use->suspects, FINDING_CREDENTIALS_REMOVED);
    if (use->exchange)
        use->exchange->retry_passed_on = true;
    mark_removed(tracker, exchange, use, request);
    key_dialog(tracker, exchange->method);
    struct exchange *answered = key_find(tracker);
    if (answered && answered->retry_frame == 0)
        mark_removed(tracker, answered, use, request);
}

static void
note_challenge(enum finding finding, const struct finding_context *context, void *data)
{
    (void)context;
    struct note_target *target = data;
    record_note(target->tracker, target->record, (uint16_t)finding, target->record->frame, 0);
    if (finding_rule(finding)->severity != SEVERITY_CHAT)
        finding_set_add(&exchange_detail_make(target->tracker, target->exchange)->suspects, finding);
}

static void
note_offer(enum finding finding, const struct finding_context *context, void *data)
{
    finding_set_add(&exchange_detail_make(context->tracker, data)->suspects, finding);
}

static bool
is_milestone(uint32_t count)
{
    uint32_t milestone = LOOP;
    while (milestone < count && milestone < UINT32_MAX / 2)
        milestone *= 2;
    return count == milestone;
}

/* A loop is told at its LOOP-th challenge, and whenever it has got twice as long. Without credentials it
 * needs time, too: a phone may well begin several calls at once. */
static void
note_loop(struct tracker *tracker, struct account *account, const struct exchange *exchange,
          struct record *record)
{
    if (method_is(exchange->method, "OPTIONS"))
        return; /* a keep-alive */
    if (!record->detail->lines || exchange_detail(exchange)->removed_frame)
        return; /* the client cannot answer, or its answer does not arrive: told of each */
    if (!exchange->request_frame)
        return; /* whether it had credentials is not in the capture */
    if (exchange->refused)
        account->bare = 0;
    else if (account->bare++ == 0)
        account->bare_clock = tracker->clock;
    if (is_milestone(account->refused))
        record_note(tracker, record, FINDING_CHALLENGE_LOOP, 0, 0);
    else if (is_milestone(account->bare) && tracker->clock - account->bare_clock > SIP_TIMEOUT_NS)
        record_note(tracker, record, FINDING_UNANSWERED_LOOP, 0, 0);
}

static void
audit_challenge(struct tracker *tracker, const struct sip_message *message, struct exchange *exchange,
                struct record *record)
{
    struct note_target target = {tracker, record, exchange};
    const struct finding_context context = {.tracker = tracker,
                                            .message = message,
                                            .record = record,
                                            .exchange = exchange,
                                            .lines = record->detail->lines,
                                            .lines_joined = record->detail->lines_joined};
    findings_each(STAGE_CHALLENGE, &context, note_challenge, &target);
    findings_each(STAGE_OFFER, &context, note_offer, exchange);
}

/* The exchange of its call on this hop that a retry without a nonce may follow. */
static void
make_latest(struct tracker *tracker, struct exchange *exchange)
{
    index_drop(&tracker->index, exchange->dialog, exchange); /* another answer may have come from elsewhere */
    key_dialog(tracker, exchange->method);
    struct index_entry *entry = index_entry(&tracker->index);
    struct exchange *before = entry->value;
    if (before)
        before->dialog = NULL;
    entry->value = exchange;
    exchange->dialog = entry;
}

/* A further challenging response of the exchange. */
static struct issue *
issue_again(struct tracker *tracker, const struct arrival *arrival, struct exchange *exchange,
            struct auth_line *lines)
{
    struct issue *first = exchange->issues, *issue = host_new(tracker, struct issue);
    *issue = (struct issue){exchange, lines, first->next, arrival->time, arrival->frame, 0};
    return first->next = issue;
}

/* Makes the nonces of a challenging response known. False: there are none. */
static bool
issue_nonces(struct tracker *tracker, struct exchange *exchange, struct issue *issue)
{
    bool any = false;
    for (const struct auth_line *line = issue->lines; line; line = line->next) {
        const struct auth_value *challenge = line_value(tracker, line);
        if (!challenge || challenge->param[AUTH_NONCE].len == 0)
            continue;
        exchange->lost |=
            nonce_was_early(tracker, challenge->param[AUTH_NONCE], exchange->cseq, exchange->request_frame);
        exchange->lost |= nonce_issue(tracker, challenge->param[AUTH_NONCE], exchange->cseq, issue);
        any = true;
    }
    make_latest(tracker, exchange);
    return any;
}

/* The request was refused to one copy of it, and accepted to another: the challenge needs no answer. */
static void
exchange_settle(struct tracker *tracker, struct exchange *exchange, uint32_t frame, uint16_t status)
{
    struct exchange_detail *detail = exchange_detail_make(tracker, exchange);
    detail->settled_frame = frame;
    detail->settled_status = status;
}

/* The latest of those with its Call-ID, method and CSeq number. */
static const struct transaction *
transactions_alike(const struct transaction *transaction)
{
    const struct index_entry *entry = transaction->link.entry;
    return entry ? entry->value : NULL;
}

/* Another branch of the same fork. */
static bool
is_beside(const struct transaction *other, const struct transaction *transaction)
{
    return other != transaction && other->above && other->above == transaction->above;
}

/* The same request one hop further. */
static bool
is_below(const struct transaction *other, const struct transaction *transaction)
{
    return other->above == hash_via(transaction->branch, transaction->sent_by);
}

/* How often the same request was seen one hop further. */
static unsigned
count_below(const struct transaction *transaction)
{
    unsigned branches = 0;
    for (const struct transaction *i = transactions_alike(transaction); i; i = transaction_before(i))
        branches += is_below(i, transaction) ? 1 : 0;
    return branches;
}

/* The challenge to the same request one hop further; 0: none. */
static uint32_t
challenged_below(const struct transaction *transaction)
{
    for (const struct transaction *i = transactions_alike(transaction); i; i = transaction_before(i)) {
        if (is_below(i, transaction) && exchange_challenges(i->opened))
            return i->opened->challenge_frame;
    }
    return 0;
}

bool
exchange_misses_branch(const struct transaction *transaction)
{
    for (const struct transaction *i = transactions_alike(transaction); i; i = transaction_before(i)) {
        if (is_beside(i, transaction) && i->status == 0)
            return true;
    }
    return false;
}

bool
exchange_passed_on(const struct transaction *transaction)
{
    return count_below(transaction) > 0;
}

/* Challenges to the same request, on other branches of a fork or one hop further, that nobody has answered:
 * where the request is accepted, nobody has to; where it is refused for another reason, the client does not
 * hear of them. A fork chooses the best of its answers, and that is a challenge unless one of them speaks for
 * all places, or leads elsewhere (RFC 3261 section 16.7, step 6). */
static void
settle_branches(struct tracker *tracker, const struct transaction *transaction, const struct record *record)
{
    bool accepted = record->status < 300, challenged = record->detail && record->detail->lines;
    bool forked = count_below(transaction) > 1;
    for (const struct transaction *i = transactions_alike(transaction); i; i = transaction_before(i)) {
        struct exchange *exchange = i->opened;
        bool below = is_below(i, transaction);
        if (!exchange || exchange->retry_frame || exchange_detail(exchange)->settled_frame ||
            (!below && !is_beside(i, transaction)))
            continue;
        if (accepted)
            exchange_settle(tracker, exchange, record->frame, record->status);
        else if (below && ((forked && (record->status >= 600 || record->status / 100 == 3)) ||
                           record->status == 487)) /* cancelled */
            exchange->lost = true;
        else if (below && !challenged)
            exchange_detail_make(tracker, exchange)->kept_in = record->frame;
    }
}

/* Another branch was accepted before this one was challenged, or the client had its answer by then: it does
 * not hear of the challenge. */
static void
settle_by_branches(struct tracker *tracker, const struct transaction *transaction, struct exchange *exchange)
{
    for (const struct transaction *i = transactions_alike(transaction); i; i = transaction_before(i)) {
        bool above = is_below(transaction, i);
        if (i->status < 200 || (!above && !is_beside(i, transaction)))
            continue;
        if (i->status < 300)
            exchange_settle(tracker, exchange, i->request->response_frame, i->status);
        else if (above && exchange->challenge_time - i->request->response_time > DISORDER_NS)
            exchange->lost = true;
    }
}

/* A server without state answers each copy of a request with a new nonce: still one exchange. If another copy
 * was accepted already, nobody has to answer this. */
static void
open_exchange(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
              struct transaction *transaction, struct record *record, bool begins)
{
    struct record_detail *detail = record->detail;
    struct exchange *exchange = transaction ? transaction->opened : NULL;
    if (begins) {
        exchange = exchange_new(tracker, message, arrival, transaction, record);
        note_idle_stale(tracker, exchange);
        note_removed(tracker, message, exchange, transaction);
        note_loop(tracker, exchange->account, exchange, record);
        uint32_t below = transaction && !detail->lines ? challenged_below(transaction) : 0;
        if (below)
            exchange_detail_make(tracker, exchange)->asked_below = below;
        if (transaction) {
            transaction->opened = exchange;
            exchange_hold(exchange);
        }
    }
    detail->opens = exchange;
    exchange_hold(exchange);
    detail->account = exchange->account;
    record->exchange = exchange;
    audit_challenge(tracker, message, exchange, record);
    if (begins)
        path_compare(tracker, message, exchange, record);
    bool known =
        issue_nonces(tracker, exchange,
                     begins ? exchange->issues : issue_again(tracker, arrival, exchange, detail->lines));
    if (!transaction && !known)
        exchange_withdraw(tracker, exchange); /* nothing else says when it is over */
    if (!transaction)
        return;
    if (!transaction->request->exchange)
        transaction->request->exchange = exchange;
    if (transaction->status >= 200 && transaction->status < 300)
        exchange_settle(tracker, exchange, transaction->request->response_frame, transaction->status);
    else
        settle_by_branches(tracker, transaction, exchange);
}

static void
note_nextnonce(struct tracker *tracker, const struct arrival *arrival, const struct auth_value *info,
               const struct use *uses)
{
    struct slice text = info->param[AUTH_NEXTNONCE];
    if (text.len == 0)
        return;
    for (const struct use *use = uses; use; use = use->next) {
        const struct auth_value *credentials = use->holder ? line_value(tracker, &use->line) : NULL;
        if (credentials && !slice_equal(credentials->param[AUTH_NONCE], text))
            use->holder->replaced = true;
    }
    struct issue *issue = host_new(tracker, struct issue);
    *issue = (struct issue){.frame = arrival->frame, .time = arrival->time};
    nonce_issue(tracker, text, UINT32_MAX, issue);
}

/* The credentials that the server speaks of: those of the header that belongs to its own. */
static const struct use *
use_of_info(const struct use *uses, enum sip_header info)
{
    const enum sip_header header =
        info == SIP_PROXY_AUTHENTICATION_INFO ? SIP_PROXY_AUTHORIZATION : SIP_AUTHORIZATION;
    for (const struct use *use = uses; use; use = use->next) {
        if (use->line.header == header)
            return use;
    }
    return uses && !uses->next ? uses : NULL;
}

/* What the client computes in its own way, the server may have computed likewise: it knows the password. */
static bool
computes_alike(const struct digest_verdict *server, const struct digest_verdict *client)
{
    return server->reason == DIGEST_NONCONFORMING && !digest_is_of_other_password(server) &&
           client->variant && strcmp(server->variant, client->variant) == 0;
}

/* rspauth is the same digest without a method (RFC 7616 section 3.5), from the parameters of the request; but
 * qop is the server's own. */
static void
judge_server(struct tracker *tracker, const struct sip_message *message, const struct use *use,
             const struct auth_value *info, struct server_proof *proof)
{
    size_t count = 0;
    const struct auth_value *sent =
        info->param[AUTH_RSPAUTH].p && use ? line_value(tracker, &use->line) : NULL;
    if (!sent || !auth_is_digest(sent) || use->verdict.reason == DIGEST_MESSAGE_CUT)
        return;
    struct auth_value credentials = *sent;
    if (info->param[AUTH_QOP].len && sent->param[AUTH_QOP].len)
        credentials.param[AUTH_QOP] = info->param[AUTH_QOP];
    struct digest_input input = {
        .credentials = &credentials,
        .challenge = use_challenge(tracker, use, sent),
        .response = info->param[AUTH_RSPAUTH],
        .method = SLICE(""),
        .body = message->body,
        .body_cut = message->body_cut,
    };
    use_session(use, &input);
    const struct credential *rows = tracker->host.credentials(&count);
    proof->has_rspauth = true;
    proof->configured = digest_user_configured(&credentials, rows, count);
    proof->verdict = digest_verify(&input, rows, count);
    if (computes_alike(&proof->verdict, &use->verdict)) {
        proof->verdict.status = DIGEST_GOOD;
        proof->verdict.reason = DIGEST_REASON_NONE;
    }
}

/* A registrar and a proxy before it may each have one; shown and judged is that of the server itself. */
static void
add_info(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
         const struct record *request, struct record *record)
{
    const struct slice of_proxy = message->header[SIP_PROXY_AUTHENTICATION_INFO];
    struct slice text = message->header[SIP_AUTHENTICATION_INFO];
    enum sip_header header = text.p ? SIP_AUTHENTICATION_INFO : SIP_PROXY_AUTHENTICATION_INFO;
    struct auth_value info;
    if ((!text.p && !of_proxy.p) || record->status >= 300)
        return;
    const struct use *uses = request && request->detail ? request->detail->uses : NULL;
    if (text.p && of_proxy.p) {
        auth_info_parse(of_proxy, &info);
        note_nextnonce(tracker, arrival, &info, uses);
    } else if (!text.p) {
        text = of_proxy;
    }
    struct record_detail *detail = record_detail(tracker, record);
    detail->proof = record_new(tracker, struct server_proof);
    detail->lines = record_new(tracker, struct auth_line);
    line_set(detail->lines, header, record_slice(tracker, text));
    auth_info_parse(text, &info);
    note_nextnonce(tracker, arrival, &info, uses);
    if (sip_message_may_cut(message, text))
        return; /* the snap length may have cut the very line */
    judge_server(tracker, message, use_of_info(uses, header), &info, detail->proof);
}

/* Who rings has let in (RFC 3261 section 16.3, 22.3): its nonce was good. */
static void
note_rang(const struct record_detail *detail, uint32_t frame)
{
    for (struct use *use = detail ? detail->uses : NULL; use; use = use->next) {
        if (use->relayed || !use->holder)
            continue;
        if (!use->holder->accepted_in)
            use->holder->accepted_in = frame;
        count_answered(use);
    }
}

/* The answer to the retry is on its way: not yet silence. */
static void
note_provisional(const struct transaction *transaction, const struct record *record)
{
    struct exchange *exchange = transaction->request->exchange;
    if (record->status > 100)
        note_rang(transaction->request->detail, record->frame);
    if (!exchange || exchange->retry_frame != transaction->request->frame)
        return;
    exchange->retry_pending = true;
    exchange->retry_rang |= record->status > 100;
}

/* An answer to a later request of the call, which is not in the capture itself: it went on. What is seen of
 * it may be its way to another server. */
static void
note_orphan(struct tracker *tracker, const struct sip_message *message, const struct record *record)
{
    key_dialog(tracker, record->method);
    struct exchange *here = key_find(tracker);
    key_leg(tracker, message->method, message->cseq - 1);
    struct exchange *elsewhere = key_find(tracker);
    if (here && message->cseq > here->cseq)
        here->lost = true;
    if (elsewhere)
        elsewhere->lost = true;
}

void
exchange_response(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
                  struct transaction *transaction, struct record *record)
{
    bool challenges = record->status == 401 || record->status == 407;
    bool begins = challenges && !(transaction && transaction->opened);
    if (record->status < 200) {
        if (transaction)
            note_provisional(transaction, record);
        return;
    }
    if (!transaction)
        note_orphan(tracker, message, record);
    if (challenges) {
        keep_challenges(tracker, message, record_detail(tracker, record), begins);
        if (record->detail->lines_left_out)
            record_note(tracker, record, FINDING_CHALLENGES_LEFT_OUT, record->frame, 0);
    }
    if (transaction) {
        close_uses(tracker, message, arrival, transaction->request, record);
        if (transaction->opened && record->status < 300)
            exchange_settle(tracker, transaction->opened, record->frame, record->status);
        settle_branches(tracker, transaction, record);
    }
    if (challenges)
        open_exchange(tracker, message, arrival, transaction, record, begins);
    else
        add_info(tracker, message, arrival, transaction ? transaction->request : NULL, record);
}
