/* use.c
 * The credentials of a request: which challenge they answer, whether the digest is right, what is odd about
 * them.
 *
 * A nonce is made by the server and echoed by the client, so it is the strongest tie between credentials and
 * challenge; Call-ID and CSeq are the evidence where no nonce fits.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "auth_private.h"
#include "findings.h"

/* What the message that is being added is made of. */
struct request_view {
    const struct sip_message *message;
    const struct arrival *arrival;
    struct record *record;
    bool follows; /* ACK and CANCEL repeat the credentials of their INVITE: they answer and use up nothing */
};

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
best_challenge(struct tracker *tracker, const struct auth_line *lines, enum sip_header header,
               const struct auth_value *credentials)
{
    const struct auth_line *best = NULL;
    int best_score = -1;
    if (lines && !lines->next && line_value(tracker, lines)) /* nearly always there is one only */
        return lines;
    for (const struct auth_line *line = lines; line; line = line->next) {
        const struct auth_value *value = line_value(tracker, line);
        int score = value ? challenge_score(line, value, header, credentials) : -1;
        if (score > best_score) {
            best_score = score;
            best = line;
        }
    }
    return best;
}

/* Over UDP a request is sent again, and a server without state answers each copy with another nonce: the
 * challenge that is answered may not be in the capture. */
static bool
may_have_been_repeated(struct tracker *tracker, const struct request_view *view,
                       const struct exchange *exchange)
{
    if (sip_via_is_reliable(&view->message->via))
        return false;
    const struct transaction *asked =
        transaction_on_hop(tracker, view->message->method, exchange->cseq, &view->arrival->from);
    return !asked || view->record->time - asked->request->time >= SIP_T1_NS;
}

/* The call goes on from this unanswered challenge. */
static struct exchange *
exchange_before(struct tracker *tracker, const struct request_view *view)
{
    key_dialog(tracker, view->record->method);
    struct exchange *exchange = key_find(tracker);
    if (!exchange || exchange->retry_frame || exchange->outcome != OUTCOME_NONE ||
        exchange->refused_repeated || exchange->request_frame == 0)
        return NULL;
    return view->message->cseq - exchange->cseq == 1 ? exchange : NULL;
}

/* The evidence that a nonce of which nothing is known is to answer it. */
static struct exchange *
dialog_exchange(struct tracker *tracker, const struct request_view *view)
{
    struct exchange *exchange = exchange_before(tracker, view);
    return exchange && !may_have_been_repeated(tracker, view, exchange) ? exchange : NULL;
}

/* What went to another server was a branch of a fork, or the request before a balancer found the right one.
 */
static void
forget_retry(struct exchange *exchange)
{
    exchange->retry = NULL;
    exchange->retry_frame = exchange->closed_frame = 0;
    exchange->closed_status = exchange->cause = 0;
    exchange->outcome = OUTCOME_NONE;
    exchange->retry_repeated = exchange->retry_pending = false;
    exchange->retry_passed_on = exchange->retry_elsewhere = false;
}

static void
note_retry(struct exchange *exchange, struct use *use, const struct request_view *view, int64_t clock)
{
    if (exchange->retry_elsewhere && !use->elsewhere && !use->relayed && !view->follows)
        forget_retry(exchange);
    bool first = exchange->retry_frame == 0;
    if (use->late)
        exchange->lost = true;
    if (use->late || view->follows || use->relayed ||
        (!first && exchange->retry_frame != view->record->frame))
        return;
    use->is_retry = true;
    view->record->exchange = exchange;
    if (!first)
        return;
    exchange->retry_frame = view->record->frame;
    exchange->retry_time = view->record->time;
    exchange->waits_since = clock;
    exchange->retry = use;
    exchange->retry_elsewhere = use->elsewhere;
    exchange->retry_datagram = !sip_via_is_reliable(&view->message->via);
    exchange->user_at_realm = use->user_at_realm;
    struct exchange *nearer = exchange_detail(exchange)->nearer;
    if (nearer && nearer->retry_frame == 0)
        nearer->lost = true; /* on its way here it passed there, and the capture missed it */
    struct account *asked_of = exchange_detail(exchange)->asked_of;
    if (asked_of)
        asked_of->bare = 0; /* it does send credentials, wherever they go from here */
}

/* The client goes on by IPv4 instead of IPv6, or over another path of SCTP: nobody has passed it on. */
static bool
has_changed_path(struct tracker *tracker, const struct request_view *view, const struct exchange *exchange)
{
    const struct sip_message *message = view->message;
    bool other_path = exchange->peers->client.type != view->arrival->from.type ||
                      slice_equal_nocase(message->via.transport, SLICE("SCTP"));
    return other_path && sip_message_is_first_hop(message) &&
           exchange->call_id_hash == hash_short(tracker->here.call_id) &&
           exchange->from_tag_hash == hash_short(tracker->here.from_tag) &&
           !transaction_from(tracker, message, &exchange->peers->client);
}

/* Another client sends the nonce to another server than the challenge was between: a proxy passes on what was
 * meant for itself, or for another branch of a fork. If one of the two is the same, it is the client that
 * moved, or a server with several addresses. */
static bool
is_relayed(struct tracker *tracker, const struct request_view *view, const struct exchange *exchange)
{
    const struct arrival *arrival = view->arrival;
    return exchange && !endpoint_same_address(&exchange->peers->client, &arrival->from) &&
           !endpoint_same_address(&exchange->peers->server, &arrival->to) &&
           !has_changed_path(tracker, view, exchange);
}

/* Ties the use to the issue of its nonce and compares it with the challenge, which it returns; NULL none. */
static const struct auth_value *
use_answers(struct tracker *tracker, struct use *use, const struct issue *issue,
            const struct auth_value *credentials)
{
    use->exchange = issue->exchange;
    use->challenge_frame = issue->frame;
    const struct auth_line *line = best_challenge(tracker, issue->lines, use->line.header, credentials);
    if (!line)
        return NULL;
    const struct auth_value *challenge = line_value(tracker, line);
    use->header_differs = answering_header(line->header) != use->line.header;
    use->realm_differs = !slice_equal(challenge->param[AUTH_REALM], credentials->param[AUTH_REALM]);
    return challenge;
}

/* Most sign with the user of their address-of-record. */
static bool
is_user_of(const struct account *account, const char *user_at_realm)
{
    const size_t len = strcspn(user_at_realm, "@");
    return strcspn(account->name, "@") == len && g_ascii_strncasecmp(account->name, user_at_realm, len) == 0;
}

/* Which of the responses that issued the nonce: that of this call, or the one that this user answered before,
 * or the latest. If several accounts were given the nonce, the latest must have been to this one. */
static struct issue *
choose_issue(const struct tracker *tracker, const struct nonce *nonce, const struct use *use,
             const struct request_view *view)
{
    if (use->call->issue || use->call->lost)
        return use->call->issue;
    if (use->holder->issue)
        return use->holder->issue;
    const struct exchange *exchange = nonce->issue->exchange;
    const struct account *account = view->record->detail->account;
    if (nonce->shared && exchange && exchange->account != account)
        return NULL;
    /* Whoever asked in the same second may have got the same one, and the answer to this account be missing.
     */
    bool others = exchange && !account_same_name(exchange->account, account) &&
                  !(nonce_is_here(tracker, nonce) && is_user_of(exchange->account, use->user_at_realm));
    return others ? NULL : nonce->issue;
}

/* An earlier request of this call has no answer in the capture, and did not use this nonce: that answer
 * issued it, whatever other one did so in another call. */
static bool
is_challenge_lost(struct tracker *tracker, const struct request_view *view, const struct nonce *nonce)
{
    const struct slice method = view->message->method;
    uint32_t cseq = view->message->cseq;
    for (uint32_t n = 1; n <= 2; n++) {
        const struct transaction *before =
            transaction_on_hop(tracker, method, cseq - n, &view->arrival->from);
        const struct use *uses = before && before->request->detail ? before->request->detail->uses : NULL;
        if (before)
            return before->status == 0 && (!uses || uses->nonce != nonce);
    }
    return slice_equal(method, SLICE("INVITE")) &&
           transaction_on_hop(tracker, SLICE("ACK"), cseq - 1, &view->arrival->from) != NULL;
}

/* nc as a number; 0 when there is none, or when it is no hex number of at most 8 digits. */
static uint32_t
parse_nc(struct slice text)
{
    uint32_t nc = 0;
    if (text.len > 8 || !slice_is_hex(text))
        return 0;
    for (size_t i = 0; i < text.len; i++)
        nc = nc << 4 | (uint32_t)g_ascii_xdigit_value(text.p[i]);
    return nc;
}

/* A challenge to this very request, which the capture holds behind it, or to a copy of it that a fork sent
 * elsewhere. */
static bool
is_own_answer(const struct tracker *tracker, const struct issue *issue, const struct request_view *view)
{
    const struct exchange *exchange = issue ? issue->exchange : NULL;
    if (!exchange || exchange->cseq != view->message->cseq ||
        exchange->call_id_hash != hash_short(tracker->here.call_id))
        return false;
    return exchange->request_frame == 0
               ? exchange->branch_hash == hash_via(tracker->here.branch, tracker->here.sent_by)
               : !endpoint_same_address(&exchange->peers->server, &view->arrival->to);
}

/* Where the first answer to the challenge is missing, CSeq has gone on by more than one, and nc too, if there
 * is one and the client counts. One that leaves out a number of CSeq answers at once all the same. */
static bool
is_late(const struct tracker *tracker, const struct use *use, const struct request_view *view)
{
    const struct exchange *exchange = use->issue->exchange;
    if (!exchange || exchange->retry_frame || use->nonce_use > 1 ||
        exchange->call_id_hash != hash_short(tracker->here.call_id) ||
        view->message->cseq <= exchange->cseq + 1)
        return false;
    return use->nc != 1 || view->arrival->time - exchange->challenge_time > SIP_T1_NS;
}

/* This user has used the nonce in another call, and begins to count again: it was given anew, or he counts
 * for each call. */
static bool
counts_anew(const struct use *use)
{
    return use->holder->uses > 0 && use->nc == 1;
}

/* Another server made the nonce, and the one on this hop has asked in this call, too. */
static bool
is_of_twin(struct tracker *tracker, const struct request_view *view, const struct nonce *nonce,
           const struct use *use)
{
    const struct exchange *exchange = use->issue->exchange;
    return exchange && !nonce_is_here(tracker, nonce) &&
           !endpoint_same_address(&exchange->peers->server, &view->arrival->to) &&
           dialog_exchange(tracker, view);
}

/* A balancer passed on the challenge of one server, and takes the answer to another one. With several
 * credentials it is a fork, where each server gets those for all of them. */
static struct nonce *
taken_elsewhere(struct tracker *tracker, const struct request_view *view, const struct nonce *nonce)
{
    const struct sip_message *message = view->message;
    unsigned lines =
        message->header_lines[SIP_AUTHORIZATION] + message->header_lines[SIP_PROXY_AUTHORIZATION];
    struct nonce *own = lines == 1 && !view->follows ? nonce_given_to(nonce, &view->arrival->from) : NULL;
    const struct issue *issue = own ? nonce_call_find(tracker, own)->issue : NULL;
    const struct exchange *exchange = issue ? issue->exchange : NULL;
    return exchange && exchange->retry_frame == 0 &&
                   exchange->call_id_hash == hash_short(tracker->here.call_id)
               ? own
               : NULL;
}

static bool
issues_nonce(struct tracker *tracker, const struct issue *issue, struct slice nonce)
{
    for (const struct auth_line *line = issue->lines; line; line = line->next) {
        const struct auth_value *value = line_value(tracker, line);
        if (value && slice_equal(value->param[AUTH_NONCE], nonce))
            return true;
    }
    return false;
}

/* A request is not sent more often (RFC 3261 section 17.1.2.2); an attacker has it challenged as he likes. */
enum { ISSUES_MAX = 16 };

/* The challenge is to a later request of the call than this one: where the request before this one got the
 * same nonce, too, it is that challenge, and the packets are out of order. So they are where this one was
 * sent before the challenge came. */
static struct issue *
issue_in_order(struct tracker *tracker, const struct request_view *view, struct issue *issue,
               struct slice nonce)
{
    const struct sip_message *message = view->message;
    const struct exchange *exchange = issue ? issue->exchange : NULL;
    if (!exchange || exchange->cseq <= message->cseq ||
        exchange->call_id_hash != hash_short(tracker->here.call_id))
        return issue;
    const struct transaction *before =
        transaction_on_hop(tracker, message->method, message->cseq - 1, &view->arrival->from);
    struct issue *i = before && before->opened ? before->opened->issues : NULL;
    for (int n = 0; i && n < ISSUES_MAX; i = i->next, n++) {
        if (issues_nonce(tracker, i, nonce))
            return i;
    }
    return view->arrival->time < exchange->challenge_time ? NULL : issue;
}

static void
take_nonce(struct tracker *tracker, const struct request_view *view, struct use *use, struct nonce *nonce,
           const struct auth_value *credentials)
{
    use->call = nonce_call_find(tracker, nonce);
    use->holder = nonce_user_find(tracker, nonce, use->user_at_realm);
    if (!use->call->issue && !use->call->lost && !view->follows)
        use->call->lost = nonce->repeated || nonce_was_early(tracker, credentials->param[AUTH_NONCE], 0, 0) ||
                          counts_anew(use) || is_challenge_lost(tracker, view, nonce);
    use->issue = issue_in_order(tracker, view, choose_issue(tracker, nonce, use, view),
                                credentials->param[AUTH_NONCE]);
    if (is_own_answer(tracker, use->issue, view))
        use->issue = NULL;
}

/* Of this hop, or else of the hop where this client was asked, or of any. */
static struct nonce *
choose_nonce(struct tracker *tracker, const struct request_view *view, struct use *use, struct nonce *nonce,
             const struct auth_value *credentials)
{
    take_nonce(tracker, view, use, nonce, credentials);
    bool of_twin = use->issue && is_of_twin(tracker, view, nonce, use);
    bool ambiguous = nonce_is_ambiguous(tracker, nonce, view->arrival);
    use->relayed = ambiguous || of_twin || (use->issue && is_relayed(tracker, view, use->issue->exchange));
    struct nonce *own = use->relayed && !of_twin ? taken_elsewhere(tracker, view, nonce) : NULL;
    if (!own) {
        if (ambiguous)
            use->issue = NULL;
        return nonce;
    }
    take_nonce(tracker, view, use, own, credentials);
    use->relayed = false;
    use->elsewhere = true;
    return own;
}

/* Its challenge may come later in the capture: it was passed on before, or two links are out of step. */
static void
note_used(struct tracker *tracker, const struct sip_message *message, struct use *use,
          const struct nonce *nonce, struct slice text)
{
    use->call->used_cseq = message->cseq;
    use->call->used_clock = tracker->clock;
    if (use->relayed || use->call->lost || !use->issue || !nonce_is_here(tracker, nonce))
        nonce_note_early(tracker, text, message->cseq, true);
}

/* The frame that issued the nonce to another call of this user; 0: none. */
static uint32_t
answered_before(const struct tracker *tracker, const struct nonce_user *holder)
{
    const struct exchange *exchange = holder->issue ? holder->issue->exchange : NULL;
    bool other_call = exchange && exchange->call_id_hash != hash_short(tracker->here.call_id);
    return other_call ? holder->issue->frame : 0;
}

/* First by the nonce: in this call on this hop, on this hop, anywhere. */
static struct nonce *
link_by_nonce(struct tracker *tracker, const struct request_view *view, struct use *use,
              const struct auth_value *credentials)
{
    struct slice text = credentials->param[AUTH_NONCE];
    struct nonce *nonce = text.len ? nonce_find(tracker, text, view->arrival) : NULL;
    if (!nonce) {
        if (text.len && !view->follows)
            nonce_note_early(tracker, text, view->message->cseq, false);
        return NULL;
    }
    nonce = choose_nonce(tracker, view, use, nonce, credentials);
    if (!view->follows)
        note_used(tracker, view->message, use, nonce, text);
    use->nonce_accepted_in = use->holder->accepted_in;
    use->nonce_replaced = use->holder->replaced;
    use->holder->uses += view->follows || use->relayed || use->elsewhere ? 0 : 1;
    use->nonce_use = use->holder->uses;
    if (!use->issue) {
        use->nonce_borrowed_from = use->relayed ? 0 : answered_before(tracker, use->holder);
        return nonce;
    }
    if (!use->relayed && !use->elsewhere)
        issue_hold(tracker, &use->holder->issue, use->issue);
    use->evidence = use->issue->exchange ? EVIDENCE_NONCE : EVIDENCE_NEXTNONCE;
    use->nonce_age = view->record->time - use->issue->time;
    use->late = is_late(tracker, use, view);
    use_answers(tracker, use, use->issue, credentials);
    if (!use->issue->exchange) /* nextnonce has no challenge to look at, nor anything that keeps it for us */
        use->issue = NULL;
    return nonce;
}

/* Without a fitting nonce the call must go on from the challenge, and the realm be one that was asked for:
 * other credentials may ride along, cached for a proxy whose challenge came before the capture. */
static const struct auth_value *
link_by_dialog(struct tracker *tracker, const struct request_view *view, struct use *use,
               const struct auth_value *credentials)
{
    struct use trial = *use;
    if (view->follows || use->identity_only)
        return NULL;
    struct exchange *exchange =
        credentials->param[AUTH_NONCE].len ? dialog_exchange(tracker, view) : exchange_before(tracker, view);
    if (!exchange)
        return NULL;
    trial.evidence = EVIDENCE_DIALOG;
    const struct auth_value *challenge = use_answers(tracker, &trial, exchange->issues, credentials);
    bool alone = view->record->detail->uses == use && !use->next;
    if (trial.realm_differs && !alone)
        return NULL;
    const struct transaction *asked =
        transaction_on_hop(tracker, view->message->method, exchange->cseq, &view->arrival->from);
    if (asked && exchange_misses_branch(asked)) {
        exchange->lost = true; /* the nonce may be that of the other branch */
        return NULL;
    }
    *use = trial;
    return challenge;
}

/* A fork led to several servers of one realm, and the client answered another one of them: to the server on
 * this hop, whose challenge is open, that is the answer. */
static void
link_to_twin(struct tracker *tracker, const struct request_view *view, struct use *use,
             const struct auth_value *credentials)
{
    struct exchange *exchange = dialog_exchange(tracker, view);
    const struct auth_line *line =
        best_challenge(tracker, exchange_challenges(exchange), use->line.header, credentials);
    if (!line)
        return;
    if (answering_header(line->header) != use->line.header ||
        !same_offer(line_value(tracker, line), credentials)) {
        exchange->lost = true; /* the call goes on with another challenge than this one */
        return;
    }
    use->relayed = false;
    use->of_twin = true;
    use->exchange = exchange;
    use->issue = exchange->issues;
    use->challenge_frame = exchange->challenge_frame;
    use->holder = NULL;
    use->call = NULL;
    use->nonce_use = use->nonce_accepted_in = 0;
    use->nonce_age = -1;
    use->late = false;
    note_retry(exchange, use, view, tracker->clock);
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

/* … and so they cover its body. */
static bool
covers_other_body(const struct sip_message *message, const struct auth_value *credentials)
{
    return slice_equal(message->method, SLICE("ACK")) &&
           slice_equal_nocase(credentials->param[AUTH_QOP], SLICE("auth-int"));
}

const struct auth_value *
use_challenge(struct tracker *tracker, const struct use *use, const struct auth_value *credentials)
{
    const struct auth_line *line =
        use->issue ? best_challenge(tracker, use->issue->lines, use->line.header, credentials) : NULL;
    return line ? line_value(tracker, line) : NULL;
}

void
use_session(const struct use *use, struct digest_input *input)
{
    if (use->holder)
        input->first_cnonce = (struct slice){use->holder->first_cnonce, use->holder->first_cnonce_len};
    input->first_use_unseen = use->nc > 1 && !input->first_cnonce.p;
}

bool
use_has_empty_password(struct tracker *tracker, const struct use *use)
{
    const struct credential nobody = {SLICE("*"), SLICE("*"), SECRET_PASSWORD, SLICE(""), 0};
    const struct auth_value *sent =
        use->verdict.reason == DIGEST_NO_CREDENTIAL && !use->aka ? line_value(tracker, &use->line) : NULL;
    if (!sent)
        return false;
    struct digest_input input = {
        .credentials = sent,
        .challenge = use_challenge(tracker, use, sent),
        .response = sent->param[AUTH_RESPONSE],
        .method = {use->method, strlen(use->method)},
        .body_cut = true,
        .conforming_only = true,
    };
    use_session(use, &input);
    return digest_verify(&input, &nobody, 1).status == DIGEST_GOOD;
}

/* Only a digest that is verified needs it. */
static void
keep_first_cnonce(struct tracker *tracker, const struct use *use, struct slice cnonce)
{
    struct nonce_user *holder = use->holder;
    size_t configured = 0;
    tracker->host.credentials(&configured);
    if (!holder || holder->first_cnonce || !cnonce.p || use->nc > 1 || configured == 0)
        return;
    char *scratch = g_malloc(cnonce.len + 1);
    cnonce = auth_unescape(cnonce, scratch);
    holder->first_cnonce = host_strdup(tracker, cnonce);
    holder->first_cnonce_len = (uint32_t)cnonce.len;
    g_free(scratch);
}

/* More credentials than anybody sends, of whom each is tried with all known mistakes, would take long. */
static bool
is_beyond_forensics(const struct request_view *view, const struct use *use)
{
    enum { FORENSIC_USES = 4 };
    unsigned before = 0;
    const struct use *i = view->record->detail->uses;
    for (; i && i != use && before < FORENSIC_USES; i = i->next)
        before++;
    return before == FORENSIC_USES;
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
        .conforming_only = is_beyond_forensics(view, use),
    };
    use_session(use, &input);
    if (!auth_is_digest(credentials))
        return;
    choose_methods(message, &input);
    const struct credential *rows = tracker->host.credentials(&count);
    use->configured = digest_user_configured(credentials, rows, count);
    use->verdict = digest_verify(&input, rows, count);
    if (use->verdict.reason == DIGEST_MISMATCH && covers_other_body(message, credentials))
        use->verdict = (struct digest_verdict){.status = DIGEST_UNVERIFIED, .reason = DIGEST_BODY_CUT};
}

/* The snap length may have cut the very line. */
static void
mark_cut(const struct sip_message *message, struct slice text, struct use *use)
{
    if (sip_message_may_cut(message, text))
        use->verdict = (struct digest_verdict){.status = DIGEST_UNVERIFIED, .reason = DIGEST_MESSAGE_CUT};
}

/* For the contact that asks for least, and is not to be removed, or without one what the header says, in s;
 * 0: not said. */
static uint32_t
asked_expires(const struct sip_message *message)
{
    struct sip_contacts walk = sip_contacts(message);
    struct sip_contact contact = {.star = false};
    uint32_t least = 0, seconds;
    for (unsigned n = 0; n < CONTACTS_MAX && (sip_contact_next(&walk, &contact) || n == 0); n++) {
        if (sip_contact_expires(message, &contact, &seconds) && seconds > 0 && (!least || seconds < least))
            least = seconds;
    }
    return least;
}

/* A client may keep one nonce for a realm, whatever the call, and answer the challenge of this one with it.
 */
static void
prefer_own_call(struct tracker *tracker, const struct request_view *view, struct use *use,
                const struct auth_value *credentials)
{
    if (!use->exchange || use->exchange->call_id_hash == hash_short(tracker->here.call_id) || use->relayed ||
        use->elsewhere || view->follows)
        return;
    struct exchange *own = exchange_before(tracker, view);
    struct use trial = *use;
    if (!own || !use_answers(tracker, &trial, own->issues, credentials) || trial.realm_differs)
        return;
    trial.evidence = EVIDENCE_OTHER_CALL;
    trial.issue = own->issues;
    trial.late = false;
    *use = trial;
}

/* Of a line that was cut: whether it ends in its names, or before them. */
static bool
is_name_cut(const struct sip_message *message, const struct use *use, const struct auth_value *credentials)
{
    const char *end = slice_end(slice_trim(message->headers));
    static const enum auth_param names[] = {AUTH_USERNAME, AUTH_REALM};
    bool cut = false;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const struct slice name = credentials->param[names[i]];
        cut |= !name.p || slice_end(name) >= end;
    }
    return cut && use->verdict.reason == DIGEST_MESSAGE_CUT;
}

/* As the first REGISTER in IMS does. */
static bool
names_user_only(struct tracker *tracker, const struct request_view *view,
                const struct auth_value *credentials)
{
    const struct slice nonce = credentials->param[AUTH_NONCE];
    return nonce.p && nonce.len == 0 &&
           (credentials->param[AUTH_RESPONSE].len == 0 || !exchange_before(tracker, view));
}

static void
use_begin(struct tracker *tracker, const struct request_view *view, struct use *use,
          const struct auth_value *credentials)
{
    use->request_frame = view->record->frame;
    use->method = view->record->method;
    use->source_port = view->arrival->from.port;
    use->asked_expires = asked_expires(view->message);
    use->aka = auth_is_aka(credentials);
    use->resynchronises = credentials->param[AUTH_AUTS].p != NULL;
    use->nonce_age = -1;
    use->identity_only = names_user_only(tracker, view, credentials);
    use->nc = parse_nc(credentials->param[AUTH_NC]);
    use->user_at_realm = is_name_cut(view->message, use, credentials)
                             ? user_at_realm(tracker, &(struct auth_value){.scheme = credentials->scheme})
                             : user_of_account(tracker, view->record->detail->account, credentials);
    if (!use->identity_only)
        view->record->detail->account->user_from = endpoint_mark(&view->arrival->from);
    use->nonce = link_by_nonce(tracker, view, use, credentials);
    prefer_own_call(tracker, view, use, credentials);
    if (use->exchange)
        note_retry(use->exchange, use, view, tracker->clock);
}

/* --- what is odd about them ------------------------------------------------------ */

/* Who passes on a request with credentials passed on their challenge before, so that the nonce is known on
 * both hops, or on none if that was before the capture. */
static bool
may_be_passed_on(const struct nonce *nonce)
{
    return !nonce || nonce_has_other_hops(nonce);
}

static struct signed_request *
signed_request_known(struct tracker *tracker, const struct auth_value *credentials)
{
    key_begin(tracker, INDEX_SIGNED);
    key_add(tracker, credentials->param[AUTH_NONCE]);
    key_add(tracker, credentials->param[AUTH_RESPONSE]);
    return key_find(tracker);
}

/* As it was signed on this hop, too. */
static bool
is_as_signed(const struct request_view *view, const struct signed_request *request, uint32_t uri_hash,
             uint32_t realm_hash, bool good)
{
    return request->uri_hash == uri_hash && request->realm_hash == realm_hash && request->good == good &&
           account_same_name(request->account, view->record->detail->account);
}

static struct signed_request *
signed_request_find(struct tracker *tracker, const struct request_view *view,
                    const struct auth_value *credentials, bool good)
{
    struct signed_request *request = signed_request_known(tracker, credentials);
    const uint32_t uri_hash = tracker->here.uri,
                   realm_hash = hash_slice(tracker, credentials->param[AUTH_REALM]);
    if (!request) {
        request = host_new(tracker, struct signed_request);
        *request = (struct signed_request){.uri_hash = uri_hash,
                                           .realm_hash = realm_hash,
                                           .account = view->record->detail->account,
                                           .good = good};
        request->account->references++;
        key_put_own(tracker, &request->entry, request);
    }
    if (is_as_signed(view, request, uri_hash, realm_hash, good)) {
        request->frame = view->record->frame;
        request->to = view->arrival->to;
    }
    return request;
}

/* The same credentials went to another server before, with the Request-URI that they sign, and now have
 * another one: the frame of then, or 0. */
static uint32_t
signed_elsewhere(struct tracker *tracker, const struct request_view *view, const struct use *use,
                 const struct auth_value *credentials)
{
    const struct signed_request *first = use->signed_request;
    if (!first)
        return 0;
    bool rewritten = !endpoint_same_address(&first->to, &view->arrival->to) &&
                     first->uri_hash != tracker->here.uri &&
                     first->uri_hash == hash_slice(tracker, credentials->param[AUTH_URI]);
    return rewritten ? first->frame : 0;
}

/* The digest was right on its way to another server, and is not any more: that frame, or 0. */
static uint32_t
good_elsewhere(const struct request_view *view, const struct use *use)
{
    const struct signed_request *first = use->signed_request;
    bool spoilt = first && use->verdict.status == DIGEST_BAD && first->good &&
                  !endpoint_same_address(&first->to, &view->arrival->to);
    return spoilt ? first->frame : 0;
}

/* They went to another server before, for another address-of-record: that frame, or 0. */
static uint32_t
named_elsewhere(const struct request_view *view, const struct use *use)
{
    const struct signed_request *first = use->signed_request;
    bool renamed = first && !endpoint_same_address(&first->to, &view->arrival->to) &&
                   !account_same_name(first->account, view->record->detail->account);
    return renamed ? first->frame : 0;
}

/* They, or the challenge that they answer, had another realm on the hop before: that frame, or 0. */
static uint32_t
realm_elsewhere(struct tracker *tracker, const struct request_view *view, const struct use *use,
                const struct auth_value *credentials)
{
    const struct signed_request *first = use->signed_request;
    const struct exchange *nearer = use->exchange ? exchange_detail(use->exchange)->nearer : NULL;
    if (!use->realm_differs)
        return 0;
    if (first && !endpoint_same_address(&first->to, &view->arrival->to) &&
        first->realm_hash != hash_slice(tracker, credentials->param[AUTH_REALM]))
        return first->frame;
    for (const struct auth_line *line = exchange_challenges(nearer); line; line = line->next) {
        const struct auth_value *asked = line_value(tracker, line);
        if (asked && slice_equal(asked->param[AUTH_REALM], credentials->param[AUTH_REALM]))
            return nearer->challenge_frame;
    }
    return 0;
}

static void
note_suspect(enum finding finding, const struct finding_context *context, void *data)
{
    (void)context;
    finding_set_add(&((struct use *)data)->suspects, finding);
}

/* The nonce count that this one should go on from; 0: none, or an answer that may have issued the nonce anew
 * is missing.
 */
static uint32_t
last_nc(struct tracker *tracker, const struct request_view *view, const struct use *use, uint32_t nc)
{
    const struct slice method = view->message->method;
    uint32_t last = use->call->nc;
    if (last == 0 || nc == last + 1)
        return last;
    const struct transaction *before =
        transaction_on_hop(tracker, method, view->message->cseq - 1, &view->arrival->from);
    bool whole = before ? before->status != 0 : !slice_equal(method, SLICE("REGISTER"));
    return whole ? last : 0;
}

/* The count that this one has was that of the same request, which a fork sent elsewhere, or the client by
 * another transport, when nothing came back (RFC 3263 section 4.3). */
static bool
is_count_of_same_request(struct tracker *tracker, const struct request_view *view, const struct use *use)
{
    if (use->nc != use->call->nc || use->call->nc_cseq != view->message->cseq)
        return false;
    const struct transaction *own =
        transaction_on_hop(tracker, view->message->method, view->message->cseq, &view->arrival->from);
    for (const struct transaction *i = own ? transaction_before(own) : NULL; i; i = transaction_before(i)) {
        bool by_other_transport = i->reliable != own->reliable && i->responses_seen == 0;
        if (i->hop == tracker->here.hop && !by_other_transport)
            return false;
    }
    return true;
}

static void
compare_counts(struct tracker *tracker, const struct request_view *view, struct use *use,
               struct finding_context *context)
{
    if (!use->call || is_count_of_same_request(tracker, view, use))
        return;
    context->last_nc = last_nc(tracker, view, use, use->nc);
    context->highest_nc = use->holder->nc;
    use->suspect_frame = context->last_nc == 0 ? use->holder->nc_frame : use->call->nc_frame;
    use->compared = context->last_nc;
}

static void
find_suspects(struct tracker *tracker, const struct request_view *view, struct use *use,
              const struct auth_value *credentials, const struct auth_value *challenge)
{
    const struct sip_message *message = view->message;
    struct finding_context context = {
        .tracker = tracker,
        .message = message,
        .arrival = view->arrival,
        .record = view->record,
        .exchange = use->exchange,
        .lines = use->issue ? use->issue->lines : NULL,
        .lines_joined = use->joined,
        .use = use,
        .credentials = credentials,
        .challenge = challenge,
        .branch_hash = hash_via(tracker->here.branch, tracker->here.sent_by),
        .call_id_hash = hash_short(tracker->here.call_id),
        .from_tag_hash = hash_short(tracker->here.from_tag),
        .uri_hash = tracker->here.uri,
        .to_hash = tracker->here.to,
        .nc = use->nc,
    };
    compare_counts(tracker, view, use, &context);
    if (credentials->param[AUTH_URI].p && !slice_equal(credentials->param[AUTH_URI], message->request_uri))
        use->request_uri = record_slice(tracker, message->request_uri).p;
    use->moved = use->exchange && !endpoint_same_address(&use->exchange->peers->client, &view->arrival->from);
    if (may_be_passed_on(use->nonce))
        use->signed_request =
            signed_request_find(tracker, view, credentials, use->verdict.status == DIGEST_GOOD);
    context.signed_in = signed_elsewhere(tracker, view, use, credentials);
    context.good_in = good_elsewhere(view, use);
    context.named_in = named_elsewhere(view, use);
    context.realm_in = realm_elsewhere(tracker, view, use, credentials);
    if (context.signed_in || context.good_in || context.named_in)
        use->suspect_frame = use->signed_request->frame;
    if (context.realm_in)
        use->suspect_frame = context.realm_in;
    findings_each(STAGE_CREDENTIALS, &context, note_suspect, use);
}

/* ACK and BYE are counted too where a client counts them. */
static void
count_nc(const struct request_view *view, struct use *use)
{
    uint32_t nc = use->nc;
    if (!use->call || use->relayed || use->elsewhere || nc == 0 || (view->follows && nc <= use->call->nc))
        return;
    if (nc < use->call->nc && view->message->cseq < use->call->nc_cseq)
        return; /* out of order */
    use->call->nc = nc;
    use->call->nc_cseq = view->message->cseq;
    use->call->nc_frame = view->record->frame;
    if (nc <= use->holder->nc)
        return;
    use->holder->nc = nc;
    use->holder->nc_frame = view->record->frame;
}

/* After all credentials of the message had their chance to fit by the nonce. */
static void
use_finish(struct tracker *tracker, const struct request_view *view, struct use *use)
{
    const struct auth_value *challenge = NULL, *credentials = line_value(tracker, &use->line);
    if (!credentials)
        return;
    if (use->relayed && !view->follows)
        link_to_twin(tracker, view, use, credentials);
    if (use->issue)
        challenge = use_challenge(tracker, use, credentials);
    else if (!use->nonce)
        challenge = link_by_dialog(tracker, view, use, credentials);
    use->aka |= challenge && auth_is_aka(challenge);
    if (use->exchange && !use->nonce)
        note_retry(use->exchange, use, view, tracker->clock);
    if (use->verdict.status == DIGEST_NONE)
        use_verify(tracker, view, use, credentials, challenge);
    keep_first_cnonce(tracker, use, credentials->param[AUTH_CNONCE]);
    bool whole = use->verdict.reason != DIGEST_MESSAGE_CUT;
    bool passed_on = use->relayed || use->elsewhere;
    if (whole && !view->follows && !use->identity_only && !passed_on)
        find_suspects(tracker, view, use, credentials, challenge);
    if (passed_on && !view->follows)
        use->signed_request = signed_request_known(tracker, credentials);
    count_nc(view, use);
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
        *tail = record_new(tracker, struct use);
        line_set(&(*tail)->line, walk.id, record_slice(tracker, text));
        (*tail)->joined = walk.joined;
        line_remember(tracker, &(*tail)->line, &credentials);
        mark_cut(view->message, text, *tail);
        use_begin(tracker, view, *tail, &credentials);
        tail = &(*tail)->next;
    }
    return detail->uses != NULL;
}

/* Credentials may stand where the capture was cut: the challenge may be answered, and who sends them is not
 * bare. */
static void
note_cut_request(struct tracker *tracker, const struct request_view *view)
{
    key_dialog(tracker, view->record->method);
    struct exchange *exchange = key_find(tracker);
    uint32_t cseq = view->message->cseq;
    if (exchange && (cseq == 0 || cseq > exchange->cseq))
        exchange->lost = true;
    account_of(tracker, view->message, &view->arrival->to)->bare = 0;
}

/* What answered a challenge on the hop before is on its way to whoever asked, or elsewhere. */
static void
note_forwarded(struct tracker *tracker, const struct sip_message *message, const struct record *record)
{
    const struct transaction *before = transaction_hop_before(tracker, message);
    struct exchange *answered = before ? before->request->exchange : NULL;
    if (answered && answered->retry_frame == before->request->frame && before->request != record)
        answered->retry_passed_on = true;
}

void
exchange_request(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
                 struct record *record)
{
    struct request_view view = {message, arrival, record, false};
    bool has_credentials = message_has_any(message, is_credentials_header);
    view.follows = method_is(record->method, "ACK") || method_is(record->method, "CANCEL");
    if (method_is(record->method, "REGISTER") || has_credentials) {
        record_detail(tracker, record)->account = account_of(tracker, message, &arrival->to);
        record->detail->account->references++; /* until the record is forgotten */
    }
    if (message->headers_cut && !has_credentials)
        note_cut_request(tracker, &view);
    if (!has_credentials || !keep_uses(tracker, &view))
        return;
    for (struct use *use = record->detail->uses; use; use = use->next)
        use_finish(tracker, &view, use);
    for (struct use *use = record->detail->uses; use; use = use->next)
        use_hold(use);
    note_forwarded(tracker, message, record);
    record->detail->account->bare = 0;
    if (record->detail->lines_left_out)
        record_note(tracker, record, FINDING_CHALLENGES_LEFT_OUT, record->frame, 0);
}
