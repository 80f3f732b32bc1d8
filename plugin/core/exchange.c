/* exchange.c
 * Challenges, the credentials that answer them, and how it ended.
 *
 * A nonce is made by the server and echoed by the client, so it is the strongest tie between credentials and
 * challenge; Call-ID and CSeq are the evidence where no nonce fits.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"
#include "tracker_private.h"

/* Challenges or credentials of one message that are kept; more is no honest message. */
enum { LINES_MAX = 32 };

/* One response that issued nonces. */
struct issue {
    struct exchange *exchange; /* NULL: issued as nextnonce */
    struct auth_line *lines;
    uint32_t frame;
    int64_t time;
};

/* One nonce on one hop. */
struct nonce {
    struct issue *issue; /* the latest */
};

/* One nonce in the hands of one user: a server may give the same nonce to all that ask in the same second. */
struct nonce_user {
    uint32_t uses;
    uint32_t accepted_in; /* 2xx to a request with it */
    struct slice first_cnonce;
};

/* --- header lines
 * ---------------------------------------------------------------------------------------------- */

static bool
is_challenge_header(enum sip_header id)
{
    return id == SIP_WWW_AUTHENTICATE || id == SIP_PROXY_AUTHENTICATE;
}

static bool
is_credentials_header(enum sip_header id)
{
    return id == SIP_AUTHORIZATION || id == SIP_PROXY_AUTHORIZATION;
}

static bool
has_any(const struct sip_message *message, bool (*wanted)(enum sip_header))
{
    for (int id = 0; id < SIP_HEADER_COUNT; id++) {
        if (message->header_lines[id] > 0 && wanted((enum sip_header)id))
            return true;
    }
    return false;
}

uint32_t
credentials_fingerprint(struct tracker *tracker, const struct sip_message *message)
{
    struct slice rest = message->headers, value;
    enum sip_header id;
    uint32_t fingerprint = 0;
    if (!has_any(message, is_credentials_header))
        return 0;
    while (sip_message_next_header(&rest, &id, &value)) {
        if (is_credentials_header(id))
            fingerprint = fingerprint * 31 + tracker->host.hash((const uint8_t *)value.p, value.len);
    }
    return fingerprint;
}

/* Walks the challenges or credentials of a message, one value at a time. */
struct line_walk {
    struct slice headers, values;
    enum sip_header id;
    bool (*wanted)(enum sip_header);
};

static bool
line_next(struct line_walk *walk, struct slice *text, struct auth_value *value)
{
    for (;;) {
        const char *begin = walk->values.p;
        if (begin && auth_header_next(&walk->values, value)) {
            *text = slice_trim(slice_between(begin, walk->values.p));
            return true;
        }
        walk->values = (struct slice){NULL, 0};
        do {
            if (!sip_message_next_header(&walk->headers, &walk->id, &walk->values))
                return false;
        } while (!walk->wanted(walk->id));
    }
}

static struct line_walk
line_walk(const struct sip_message *message, bool (*wanted)(enum sip_header))
{
    return (struct line_walk){.headers = message->headers, .wanted = wanted};
}

/* Copies the challenges of a response into its detail. */
static void
keep_challenges(struct tracker *tracker, const struct sip_message *message, struct record_detail *detail)
{
    struct line_walk walk = line_walk(message, is_challenge_header);
    struct auth_line **tail = &detail->lines;
    struct auth_value value;
    struct slice text;
    for (int n = 0; line_next(&walk, &text, &value); n++) {
        if (n >= LINES_MAX) {
            detail->lines_left_out++;
            continue;
        }
        *tail = host_new(tracker, struct auth_line);
        (*tail)->header = walk.id;
        (*tail)->text = host_slice(tracker, text);
        tail = &(*tail)->next;
    }
}

static bool
line_parse(const struct auth_line *line, struct auth_value *value)
{
    struct slice rest = line->text;
    return auth_header_next(&rest, value);
}

/* --- accounts
 * -------------------------------------------------------------------------------------------------- */

static char *
join_at(struct tracker *tracker, struct slice user, struct slice realm)
{
    char *name = tracker->host.allocate(user.len + realm.len + 2);
    size_t at = user.len > 0 && realm.len > 0 ? 1 : 0;
    if (user.len > 0)
        memcpy(name, user.p, user.len);
    if (at)
        name[user.len] = '@';
    if (realm.len > 0)
        memcpy(name + user.len + at, realm.p, realm.len);
    return name;
}

/* The address-of-record that is registered or that calls: To of a REGISTER, From of all else. */
static struct account *
account_of(struct tracker *tracker, const struct sip_message *message, const struct endpoint *server)
{
    struct slice user, host;
    bool registers = slice_equal(message->method, SLICE("REGISTER"));
    sip_uri_split(registers ? message->to_uri : message->from_uri, &user, &host);
    key_begin(tracker, INDEX_ACCOUNT);
    key_add(tracker, user);
    key_add_nocase(tracker, host);
    key_add_address(tracker, server);
    struct account *account = key_find(tracker);
    if (!account) {
        account = host_new(tracker, struct account);
        account->name = join_at(tracker, user, host);
        key_put(tracker, account);
    }
    return account;
}

static const char *
user_at_realm(struct tracker *tracker, const struct auth_value *value)
{
    struct slice user =
        value->param[AUTH_USERNAME].p ? value->param[AUTH_USERNAME] : value->param[AUTH_USERNAME_EXT];
    struct slice realm = value->param[AUTH_REALM];
    char *scratch = g_malloc(user.len + realm.len + 1);
    char *name;
    key_begin(tracker, INDEX_USER);
    key_add(tracker, user);
    key_add(tracker, realm);
    name = key_find(tracker);
    if (!name) {
        struct slice clear = auth_unescape(user, scratch);
        if (!value->param[AUTH_USERNAME].p && user.p)
            clear = auth_decode_extended(user, scratch);
        name = join_at(tracker, clear, auth_unescape(realm, scratch + user.len));
        key_put(tracker, name);
    }
    g_free(scratch);
    return name;
}

const char *
exchange_account(const struct exchange *exchange)
{
    return exchange->user_at_realm ? exchange->user_at_realm : exchange->account->name;
}

/* --- nonces
 * ---------------------------------------------------------------------------------------------------- */

static void
key_nonce(struct tracker *tracker, struct slice text, const struct arrival *arrival)
{
    key_begin(tracker, INDEX_NONCE);
    key_add(tracker, text);
    key_add_hop(tracker, arrival);
}

static void
key_nonce_any(struct tracker *tracker, struct slice text)
{
    key_begin(tracker, INDEX_NONCE_ANY);
    key_add(tracker, text);
}

static void
key_exchange(struct tracker *tracker, struct slice text, struct slice call_id, const struct arrival *arrival)
{
    key_begin(tracker, INDEX_EXCHANGE);
    key_add(tracker, text);
    key_add(tracker, call_id);
    key_add_hop(tracker, arrival);
}

static void
key_dialog(struct tracker *tracker, struct slice call_id, const struct arrival *arrival)
{
    key_begin(tracker, INDEX_DIALOG);
    key_add(tracker, call_id);
    key_add_hop(tracker, arrival);
}

static void
nonce_issue(struct tracker *tracker, struct slice text, const struct sip_message *message,
            const struct arrival *arrival, struct issue *issue)
{
    key_nonce(tracker, text, arrival);
    struct nonce *nonce = key_find(tracker);
    if (!nonce) {
        nonce = host_new(tracker, struct nonce);
        key_put(tracker, nonce);
    }
    nonce->issue = issue;
    key_nonce_any(tracker, text);
    key_put(tracker, nonce);
    key_exchange(tracker, text, message->header[SIP_CALL_ID], arrival);
    key_put(tracker, issue);
}

static struct nonce *
nonce_find(struct tracker *tracker, struct slice text, const struct arrival *arrival)
{
    key_nonce(tracker, text, arrival);
    struct nonce *nonce = key_find(tracker);
    if (nonce)
        return nonce;
    key_nonce_any(tracker, text);
    return key_find(tracker);
}

static struct nonce_user *
nonce_user_find(struct tracker *tracker, struct slice nonce, const char *user_at_realm,
                const struct arrival *arrival)
{
    key_begin(tracker, INDEX_NONCE_USER);
    key_add(tracker, nonce);
    key_add(tracker, (struct slice){user_at_realm, strlen(user_at_realm)});
    key_add_hop(tracker, arrival);
    struct nonce_user *user = key_find(tracker);
    if (!user) {
        user = host_new(tracker, struct nonce_user);
        key_put(tracker, user);
    }
    return user;
}

/* --- credentials to challenge
 * ---------------------------------------------------------------------------------- */

/* What the message that is being added is made of. */
struct request_view {
    const struct sip_message *message;
    const struct arrival *arrival;
    struct record *record;
    bool follows; /* ACK and CANCEL repeat the credentials of their INVITE: they answer and use up nothing */
};

/* The header that answers a challenge in `header` (RFC 3261 section 22.2, 22.3). */
static enum sip_header
answering_header(enum sip_header header)
{
    return header == SIP_PROXY_AUTHENTICATE ? SIP_PROXY_AUTHORIZATION : SIP_AUTHORIZATION;
}

/* How well a challenge fits credentials: realm weighs most, then the header, then the algorithm. */
static int
challenge_score(const struct auth_line *line, const struct auth_value *challenge, enum sip_header header,
                const struct auth_value *credentials)
{
    const struct slice *asked = challenge->param, *sent = credentials->param;
    return (slice_equal(asked[AUTH_REALM], sent[AUTH_REALM]) ? 8 : 0) +
           (slice_equal(asked[AUTH_NONCE], sent[AUTH_NONCE]) ? 4 : 0) +
           (answering_header(line->header) == header ? 2 : 0) +
           (slice_equal_nocase(asked[AUTH_ALGORITHM], sent[AUTH_ALGORITHM]) ? 1 : 0);
}

static const struct auth_line *
best_challenge(const struct auth_line *lines, enum sip_header header, const struct auth_value *credentials,
               struct auth_value *challenge)
{
    const struct auth_line *best = NULL;
    int best_score = -1;
    for (const struct auth_line *line = lines; line; line = line->next) {
        struct auth_value value;
        if (!line_parse(line, &value))
            continue;
        int score = challenge_score(line, &value, header, credentials);
        if (score > best_score) {
            best_score = score;
            best = line;
            *challenge = value;
        }
    }
    return best;
}

/* The evidence without a nonce: the same call goes on from an unanswered challenge. */
static struct exchange *
dialog_exchange(struct tracker *tracker, const struct request_view *view)
{
    key_dialog(tracker, view->message->header[SIP_CALL_ID], view->arrival);
    struct exchange *exchange = key_find(tracker);
    if (!exchange || exchange->retry_frame || exchange->outcome != OUTCOME_NONE ||
        strcmp(exchange->method, view->record->method) != 0)
        return NULL;
    uint32_t step = view->message->cseq - exchange->cseq;
    return step <= 1 && exchange->request_frame != view->record->frame ? exchange : NULL;
}

static void
note_retry(struct exchange *exchange, struct use *use, const struct request_view *view, int64_t clock)
{
    bool first = exchange->retry_frame == 0 && exchange->outcome == OUTCOME_NONE;
    if (view->follows || use->relayed || (!first && exchange->retry_frame != view->record->frame))
        return;
    use->is_retry = true;
    view->record->exchange = exchange;
    if (!first)
        return;
    exchange->retry_frame = view->record->frame;
    exchange->retry_time = view->record->time;
    exchange->retry_clock = clock;
    exchange->retry = use;
    exchange->user_at_realm = use->user_at_realm;
}

/* Another client sends the nonce to another server than the challenge was between: a proxy passes on what was
 * meant for itself, or for another branch of a fork. If one of the two is the same, it is the client that
 * moved, or a server with several addresses. */
static bool
is_relayed(const struct exchange *exchange, const struct arrival *arrival)
{
    return exchange && !endpoint_same_address(&exchange->client, &arrival->from) &&
           !endpoint_same_address(&exchange->server, &arrival->to);
}

/* Ties the use to the issue of its nonce and compares it with the challenge. */
static void
use_answers(struct use *use, const struct issue *issue, const struct auth_value *credentials,
            struct auth_value *challenge, bool *has_challenge)
{
    use->exchange = issue->exchange;
    use->challenge_frame = issue->frame;
    const struct auth_line *line = best_challenge(issue->lines, use->line.header, credentials, challenge);
    *has_challenge = line != NULL;
    if (!line)
        return;
    use->header_differs = answering_header(line->header) != use->line.header;
    use->realm_differs = !slice_equal(challenge->param[AUTH_REALM], credentials->param[AUTH_REALM]);
}

/* First by the nonce: in this call on this hop, on this hop, anywhere. */
static struct nonce *
link_by_nonce(struct tracker *tracker, const struct request_view *view, struct use *use,
              const struct auth_value *credentials)
{
    struct slice text = credentials->param[AUTH_NONCE];
    struct auth_value challenge;
    bool has_challenge;
    struct nonce *nonce = text.len ? nonce_find(tracker, text, view->arrival) : NULL;
    if (!nonce)
        return NULL;
    key_exchange(tracker, text, view->message->header[SIP_CALL_ID], view->arrival);
    const struct issue *issue = key_find(tracker);
    if (!issue)
        issue = nonce->issue;
    use->evidence = issue->exchange ? EVIDENCE_NONCE : EVIDENCE_NEXTNONCE;
    use->nonce_age = view->record->time - issue->time;
    use->holder = nonce_user_find(tracker, text, use->user_at_realm, view->arrival);
    use->nonce_accepted_in = use->holder->accepted_in;
    use->holder->uses += view->follows ? 0 : 1;
    use->nonce_use = use->holder->uses;
    use->relayed = is_relayed(issue->exchange, view->arrival);
    use_answers(use, issue, credentials, &challenge, &has_challenge);
    return nonce;
}

/* Without a fitting nonce the call must go on from the challenge, and the realm be one that was asked for:
 * other credentials may ride along, cached for a proxy whose challenge came before the capture. */
static void
link_by_dialog(struct tracker *tracker, const struct request_view *view, struct use *use,
               const struct auth_value *credentials, struct auth_value *challenge, bool *has_challenge)
{
    struct use trial = *use;
    struct exchange *exchange = view->follows || use->identity_only ? NULL : dialog_exchange(tracker, view);
    if (!exchange)
        return;
    struct issue issue = {exchange, exchange->challenges, exchange->challenge_frame,
                          exchange->challenge_time};
    trial.evidence = EVIDENCE_DIALOG;
    use_answers(&trial, &issue, credentials, challenge, has_challenge);
    bool alone = view->record->detail->uses == use && !use->next;
    if (!trial.realm_differs || alone)
        *use = trial;
    else
        *has_challenge = false;
}

/* ACK to a 2xx carries the credentials of the INVITE (RFC 3261 section 13.2.2.4); CANCEL has no rule. */
static void
choose_methods(const struct sip_message *message, struct digest_input *input)
{
    input->method = message->method;
    if (slice_equal(message->method, SLICE("ACK"))) {
        input->method = SLICE("INVITE");
        input->method_second = message->method;
    } else if (slice_equal(message->method, SLICE("CANCEL"))) {
        input->method_second = SLICE("INVITE");
    }
}

static void
use_verify(struct tracker *tracker, const struct request_view *view, struct use *use,
           const struct auth_value *credentials, const struct auth_value *challenge)
{
    const struct sip_message *message = view->message;
    size_t count = 0;
    struct digest_input input = {
        .credentials = credentials,
        .challenge = challenge,
        .response = credentials->param[AUTH_RESPONSE],
        .request_uri = message->request_uri,
        .body = message->body,
        .body_cut = message->body_cut,
        .first_cnonce = use->holder ? use->holder->first_cnonce : (struct slice){NULL, 0},
    };
    if (!auth_is_digest(credentials))
        return;
    choose_methods(message, &input);
    const struct credential *rows = tracker->host.credentials(&count);
    use->configured = digest_user_configured(credentials, rows, count);
    use->verdict = digest_verify(&input, rows, count);
}

/* The snap length may have cut the very line. */
static void
mark_cut(const struct sip_message *message, struct slice text, struct use *use)
{
    if (message->headers_cut && slice_end(text) >= slice_end(slice_trim(message->headers)))
        use->verdict = (struct digest_verdict){.status = DIGEST_UNVERIFIED, .reason = DIGEST_MESSAGE_CUT};
}

static void
use_begin(struct tracker *tracker, const struct request_view *view, struct use *use,
          const struct auth_value *credentials)
{
    use->request_frame = view->record->frame;
    use->nonce_age = -1;
    use->identity_only = credentials->param[AUTH_NONCE].p && credentials->param[AUTH_NONCE].len == 0;
    use->user_at_realm = user_at_realm(tracker, credentials);
    use->nonce = link_by_nonce(tracker, view, use, credentials);
    if (use->exchange)
        note_retry(use->exchange, use, view, tracker->clock);
}

/* After all credentials of the message had their chance to fit by the nonce. */
static void
use_finish(struct tracker *tracker, const struct request_view *view, struct use *use)
{
    struct auth_value credentials, challenge;
    bool has_challenge = false;
    if (!line_parse(&use->line, &credentials))
        return;
    if (use->nonce)
        has_challenge = best_challenge(use->nonce->issue->lines, use->line.header, &credentials, &challenge);
    else
        link_by_dialog(tracker, view, use, &credentials, &challenge, &has_challenge);
    if (use->exchange && !use->nonce)
        note_retry(use->exchange, use, view, tracker->clock);
    if (use->verdict.status == DIGEST_NONE)
        use_verify(tracker, view, use, &credentials, has_challenge ? &challenge : NULL);
    if (use->holder && !use->holder->first_cnonce.p && credentials.param[AUTH_CNONCE].p)
        use->holder->first_cnonce = host_slice(tracker, credentials.param[AUTH_CNONCE]);
}

/* Copies the credentials of the message into a list of uses. False when there are none. */
static bool
keep_uses(struct tracker *tracker, const struct request_view *view)
{
    struct line_walk walk = line_walk(view->message, is_credentials_header);
    struct record_detail *detail = view->record->detail;
    struct use **tail = &detail->uses;
    struct auth_value credentials;
    struct slice text;
    for (int n = 0; line_next(&walk, &text, &credentials); n++) {
        if (n >= LINES_MAX) {
            detail->lines_left_out++;
            continue;
        }
        *tail = host_new(tracker, struct use);
        (*tail)->line = (struct auth_line){.header = walk.id, .text = host_slice(tracker, text)};
        use_begin(tracker, view, *tail, &credentials);
        mark_cut(view->message, text, *tail);
        tail = &(*tail)->next;
    }
    return detail->uses != NULL;
}

void
exchange_request(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
                 struct record *record)
{
    struct request_view view = {message, arrival, record, false};
    bool has_credentials = has_any(message, is_credentials_header);
    view.follows = strcmp(record->method, "ACK") == 0 || strcmp(record->method, "CANCEL") == 0;
    if (strcmp(record->method, "REGISTER") == 0 || has_credentials)
        record_detail(tracker, record)->account = account_of(tracker, message, &arrival->to);
    if (!has_credentials || !keep_uses(tracker, &view))
        return;
    for (struct use *use = record->detail->uses; use; use = use->next)
        use_finish(tracker, &view, use);
    if (record->detail->lines_left_out)
        record_note(tracker, record, FINDING_CHALLENGES_LEFT_OUT, record->frame, 0);
}

/* --- responses
 * ------------------------------------------------------------------------------------------------- */

/* Whether these challenges ask again for what the credentials were to answer. */
static bool
asks_again(const struct auth_line *lines, const struct use *use, const struct auth_value *credentials,
           bool *stale)
{
    enum sip_header header = use->line.header;
    if (use->header_differs) /* told by the challenge then, not by the header that was wrong */
        header = header == SIP_AUTHORIZATION ? SIP_PROXY_AUTHORIZATION : SIP_AUTHORIZATION;
    bool again = false;
    for (const struct auth_line *line = lines; line; line = line->next) {
        struct auth_value challenge;
        if (!line_parse(line, &challenge) || answering_header(line->header) != header)
            continue;
        if (!slice_equal(challenge.param[AUTH_REALM], credentials->param[AUTH_REALM]) && !use->realm_differs)
            continue;
        again = true;
        if (slice_equal_nocase(slice_trim(challenge.param[AUTH_STALE]), SLICE("true")))
            *stale = true;
    }
    return again;
}

static void
exchange_close(struct exchange *exchange, const struct use *use, const struct record *record)
{
    exchange->outcome = use->outcome;
    exchange->cause = use->cause;
    exchange->closed_frame = record->frame;
    exchange->closed_time = record->time;
    exchange->closed_status = record->status;
}

/* One use of the answered request: how it ended. A 2xx replaces a refusal of another copy of the request. */
static void
close_use(struct tracker *tracker, struct use *use, struct record *record)
{
    struct auth_value credentials;
    bool stale = false, success = record->status < 300;
    if (use->identity_only || use->relayed ||
        (use->outcome != OUTCOME_NONE && (!success || use->outcome == OUTCOME_ACCEPTED)) ||
        !line_parse(&use->line, &credentials))
        return;
    const struct auth_line *lines = record->detail ? record->detail->lines : NULL;
    bool again = !lines || asks_again(lines, use, &credentials, &stale);
    use->stale_said = again && stale;
    use->outcome = audit_outcome(use, record->status, again, stale);
    use->cause = audit_cause(use, use->outcome);
    use->closed_frame = record->frame;
    use->closed_status = record->status;
    struct closing *closing = host_new(tracker, struct closing);
    struct record_detail *detail = record_detail(tracker, record);
    *closing = (struct closing){detail->closings, use};
    detail->closings = closing;
    if (use->is_retry && use->exchange && use->exchange->retry_frame == use->request_frame &&
        (use->exchange->retry == use || use->outcome != OUTCOME_OTHER_REALM))
        exchange_close(use->exchange, use, record);
}

static void
close_uses(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
           const struct record *request, struct record *record)
{
    struct use *uses = request->detail ? request->detail->uses : NULL;
    for (struct use *use = uses; use; use = use->next) {
        close_use(tracker, use, record);
        if (record->status < 300 && use->holder)
            use->holder->accepted_in = record->frame;
    }
    if (uses && record->status < 300)
        account_of(tracker, message, &arrival->from)->attempt = 0;
}

static struct exchange *
exchange_new(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
             const struct transaction *transaction, struct record *record)
{
    struct exchange *exchange = host_new(tracker, struct exchange);
    struct account *account = account_of(tracker, message, &arrival->from);
    exchange->status = record->status;
    exchange->method = record->method;
    exchange->challenge_frame = record->frame;
    exchange->challenge_time = record->time;
    exchange->challenge_clock = tracker->clock;
    exchange->request_frame = transaction ? transaction->request->frame : 0;
    exchange->cseq = message->cseq;
    exchange->client = arrival->to;
    exchange->server = arrival->from;
    exchange->account = account;
    exchange->attempt = ++account->attempt;
    exchange->challenges = record->detail->lines;
    if (transaction && transaction->request->detail && transaction->request->detail->uses)
        exchange->user_at_realm = transaction->request->detail->uses->user_at_realm;
    *tracker->exchanges_tail = exchange;
    tracker->exchanges_tail = &exchange->next;
    return exchange;
}

/* Makes the nonces of a challenging response known. */
static void
issue_nonces(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
             struct exchange *exchange, struct auth_line *lines)
{
    struct issue *issue = host_new(tracker, struct issue);
    *issue = (struct issue){exchange, lines, arrival->frame, arrival->time};
    for (const struct auth_line *line = lines; line; line = line->next) {
        struct auth_value challenge;
        if (line_parse(line, &challenge) && challenge.param[AUTH_NONCE].len > 0)
            nonce_issue(tracker, challenge.param[AUTH_NONCE], message, arrival, issue);
    }
    key_dialog(tracker, message->header[SIP_CALL_ID], arrival);
    key_put(tracker, exchange);
}

/* A server without state answers each copy of a request with a new nonce: still one exchange. If another copy
 * was accepted already, nobody has to answer this. */
static void
open_exchange(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
              struct transaction *transaction, struct record *record)
{
    struct record_detail *detail = record->detail;
    struct exchange *exchange = transaction ? transaction->opened : NULL;
    if (!exchange) {
        exchange = exchange_new(tracker, message, arrival, transaction, record);
        if (transaction)
            transaction->opened = exchange;
    }
    detail->opens = exchange;
    detail->account = exchange->account;
    record->exchange = exchange;
    issue_nonces(tracker, message, arrival, exchange, detail->lines);
    if (!transaction)
        return;
    if (!transaction->request->exchange)
        transaction->request->exchange = exchange;
    if (transaction->status >= 200 && transaction->status < 300 && exchange->outcome == OUTCOME_NONE) {
        exchange->outcome = OUTCOME_ACCEPTED;
        exchange->closed_frame = transaction->request->response_frame;
        exchange->closed_time = transaction->request->response_time;
        exchange->closed_status = transaction->status;
    }
}

static void
note_nextnonce(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
               const struct auth_value *info)
{
    struct slice text = info->param[AUTH_NEXTNONCE];
    if (text.len == 0)
        return;
    struct issue *issue = host_new(tracker, struct issue);
    *issue = (struct issue){NULL, NULL, arrival->frame, arrival->time};
    nonce_issue(tracker, text, message, arrival, issue);
}

/* rspauth is the same digest without a method (RFC 7616 section 3.5), from the parameters of the request. */
static void
judge_server(struct tracker *tracker, const struct sip_message *message, const struct use *use,
             const struct auth_value *info, struct server_proof *proof)
{
    struct auth_value credentials;
    size_t count = 0;
    if (!info->param[AUTH_RSPAUTH].p || !use || !line_parse(&use->line, &credentials) ||
        !auth_is_digest(&credentials))
        return;
    struct digest_input input = {
        .credentials = &credentials,
        .response = info->param[AUTH_RSPAUTH],
        .method = SLICE(""),
        .body = message->body,
        .body_cut = message->body_cut,
    };
    const struct credential *rows = tracker->host.credentials(&count);
    proof->has_rspauth = true;
    proof->configured = digest_user_configured(&credentials, rows, count);
    proof->verdict = digest_verify(&input, rows, count);
}

static void
add_info(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
         const struct record *request, struct record *record)
{
    struct slice text = message->header[SIP_AUTHENTICATION_INFO];
    enum sip_header header = SIP_AUTHENTICATION_INFO;
    struct auth_value info;
    if (!text.p) {
        text = message->header[SIP_PROXY_AUTHENTICATION_INFO];
        header = SIP_PROXY_AUTHENTICATION_INFO;
    }
    if (!text.p || record->status >= 300)
        return;
    struct record_detail *detail = record_detail(tracker, record);
    detail->proof = host_new(tracker, struct server_proof);
    detail->lines = host_new(tracker, struct auth_line);
    detail->lines->header = header;
    detail->lines->text = host_slice(tracker, text);
    auth_info_parse(text, &info);
    note_nextnonce(tracker, message, arrival, &info);
    judge_server(tracker, message, request && request->detail ? request->detail->uses : NULL, &info,
                 detail->proof);
}

/* The answer to the retry is on its way: not yet silence. */
static void
note_provisional(const struct transaction *transaction)
{
    struct exchange *exchange = transaction->request->exchange;
    if (exchange && exchange->retry_frame == transaction->request->frame)
        exchange->retry_pending = true;
}

/* The request was refused to one copy of it, and accepted to another: the challenge needs no answer. */
static void
settle_opened(const struct transaction *transaction, const struct record *record)
{
    struct exchange *opened = transaction->opened;
    if (!opened || record->status >= 300 || opened->retry_frame || opened->outcome != OUTCOME_NONE)
        return;
    opened->outcome = OUTCOME_ACCEPTED;
    opened->closed_frame = record->frame;
    opened->closed_time = record->time;
    opened->closed_status = record->status;
}

void
exchange_response(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
                  struct transaction *transaction, struct record *record)
{
    bool challenges = record->status == 401 || record->status == 407;
    if (record->status < 200) {
        if (transaction)
            note_provisional(transaction);
        return;
    }
    if (challenges) {
        keep_challenges(tracker, message, record_detail(tracker, record));
        if (!record->detail->lines)
            record_note(tracker, record, FINDING_NO_CHALLENGE, record->frame, 0);
        if (record->detail->lines_left_out)
            record_note(tracker, record, FINDING_CHALLENGES_LEFT_OUT, record->frame, 0);
    }
    if (transaction) {
        close_uses(tracker, message, arrival, transaction->request, record);
        settle_opened(transaction, record);
    }
    if (challenges)
        open_exchange(tracker, message, arrival, transaction, record);
    else
        add_info(tracker, message, arrival, transaction ? transaction->request : NULL, record);
}

enum outcome
exchange_outcome(const struct tracker *tracker, const struct exchange *exchange)
{
    if (exchange->outcome != OUTCOME_NONE)
        return exchange->outcome;
    if (exchange->retry_frame == 0)
        return tracker->clock - exchange->challenge_clock > SIP_TIMEOUT_NS ? OUTCOME_NO_RETRY
                                                                           : OUTCOME_UNKNOWN;
    if (!exchange->retry_pending && tracker->clock - exchange->retry_clock > SIP_TIMEOUT_NS)
        return OUTCOME_NO_ANSWER;
    return OUTCOME_UNKNOWN;
}
