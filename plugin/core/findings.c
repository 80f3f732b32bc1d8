/* findings.c
 * The predicates behind findings.def, and the texts with their placeholders filled.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "findings.h"

#include "audit.h"
#include "auth_private.h"

/* --- credentials ----------------------------------------------------------------- */

static struct slice
sent(const struct finding_context *c, enum auth_param param)
{
    return c->credentials->param[param];
}

static struct slice
asked(const struct finding_context *c, enum auth_param param)
{
    return c->challenge ? c->challenge->param[param] : (struct slice){NULL, 0};
}

static bool
is_digest_answer(const struct finding_context *c)
{
    return c->challenge && c->use->evidence == EVIDENCE_NONCE && auth_is_digest(c->credentials) &&
           auth_is_digest(c->challenge);
}

static bool
answers_in_wrong_header(const struct finding_context *c)
{
    return c->use->header_differs;
}

static bool
nonce_differs(const struct finding_context *c)
{
    return c->use->evidence == EVIDENCE_DIALOG && sent(c, AUTH_NONCE).len > 0;
}

static bool
nonce_of_other_call(const struct finding_context *c)
{
    return c->use->evidence == EVIDENCE_OTHER_CALL;
}

static bool
nonce_resent(const struct finding_context *c)
{
    const struct exchange *exchange = c->use->exchange;
    return exchange && !c->use->is_retry && exchange->outcome == OUTCOME_REJECTED && c->use->nonce_use > 1;
}

/* Where something on the way put another realm into credentials or challenge. */
static bool
realm_rewritten(const struct finding_context *c)
{
    return c->realm_in != 0 && c->use->realm_differs && c->use->evidence == EVIDENCE_NONCE;
}

static bool
realm_differs(const struct finding_context *c)
{
    return !c->realm_in && c->use->realm_differs && c->use->evidence == EVIDENCE_NONCE;
}

static struct slice
algorithm_or_md5(struct slice algorithm)
{
    return algorithm.p ? slice_trim(algorithm) : SLICE("MD5");
}

/* The next challenge of the realm that the credentials are for. */
static const struct auth_value *
next_of_realm(const struct finding_context *c, const struct auth_line **line)
{
    while (*line) {
        const struct auth_value *value = line_value(c->tracker, *line);
        *line = (*line)->next;
        if (value && slice_equal(value->param[AUTH_REALM], sent(c, AUTH_REALM)))
            return value;
    }
    return NULL;
}

/* True when some challenge of this realm offers the algorithm of the credentials. */
static bool
is_offered(const struct finding_context *c, struct slice algorithm)
{
    const struct auth_value *value;
    for (const struct auth_line *line = c->lines; (value = next_of_realm(c, &line));) {
        if (slice_equal_nocase(algorithm, algorithm_or_md5(value->param[AUTH_ALGORITHM])))
            return true;
    }
    return false;
}

static bool
asks_realm(const struct finding_context *c)
{
    const struct auth_line *line = c->lines;
    return next_of_realm(c, &line) != NULL;
}

/* Without the parameter the length of the response tells: 32 digits are none of the SHA kind. */
static bool
algorithm_differs(const struct finding_context *c)
{
    struct slice algorithm = sent(c, AUTH_ALGORITHM);
    if (!is_digest_answer(c))
        return false;
    if (!algorithm.p && sent(c, AUTH_RESPONSE).len != 32)
        return false;
    return asks_realm(c) && !is_offered(c, algorithm_or_md5(algorithm));
}

static bool
parameter_missing(const struct finding_context *c)
{
    return c->use->verdict.reason == DIGEST_PARAMETER_MISSING;
}

/* As the grammar has hex digits (RFC 3261 section 25.1). */
static bool
is_lower_hex(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (g_ascii_isupper(text.p[i]))
            return false;
    }
    return slice_is_hex(text);
}

static bool
nonce_empty(const struct finding_context *c)
{
    return c->use->evidence == EVIDENCE_DIALOG && sent(c, AUTH_NONCE).p && sent(c, AUTH_NONCE).len == 0;
}

/* That is what a SIM says that finds the network's code in the challenge wrong (3GPP TS 24.229 section
 * 5.1.1.5.3). */
static bool
aka_mac_failed(const struct finding_context *c)
{
    return is_digest_answer(c) && c->use->aka && !c->use->resynchronises && sent(c, AUTH_RESPONSE).p &&
           sent(c, AUTH_RESPONSE).len == 0;
}

/* Where it answers a challenge: without a nonce it may be empty, and names the user only; so it may with
 * auts.
 */
static bool
response_malformed(const struct finding_context *c)
{
    struct slice response = sent(c, AUTH_RESPONSE);
    const struct slice algorithm = sent(c, AUTH_ALGORITHM);
    const bool short_one = response.len == 32 && !slice_starts_nocase(algorithm, SLICE("SHA-"));
    const bool long_one = response.len == 64 && !slice_starts_nocase(algorithm, SLICE("MD5"));
    bool by_sim = c->use->aka && response.len == 0;
    if (!is_digest_answer(c) || !response.p || by_sim)
        return false;
    return !slice_is_hex(response) || (!short_one && !long_one);
}

static bool
response_upper_case(const struct finding_context *c)
{
    return is_digest_answer(c) && !response_malformed(c) && !is_lower_hex(sent(c, AUTH_RESPONSE));
}

/* A nonce count alone is left over, and no part of the digest. */
static bool
qop_unasked(const struct finding_context *c)
{
    return is_digest_answer(c) && !asked(c, AUTH_QOP).p && (sent(c, AUTH_QOP).p || sent(c, AUTH_CNONCE).p);
}

static bool
qop_unanswered(const struct finding_context *c)
{
    return is_digest_answer(c) && asked(c, AUTH_QOP).len > 0 && !sent(c, AUTH_QOP).p;
}

/* Without quotes the second token stands behind the value, and belongs to nothing. */
static bool
has_token_behind(struct slice value, struct slice line)
{
    if (!value.p)
        return false;
    const char *end = slice_end(value), *last = slice_end(line);
    if (end >= last || *end != ',')
        return false;
    struct slice rest = {end + 1, (size_t)(last - end - 1)};
    struct slice token = slice_trim(slice_until(rest, ',', NULL));
    return slice_equal_nocase(token, SLICE("auth")) || slice_equal_nocase(token, SLICE("auth-int"));
}

static bool
is_list(struct slice qop)
{
    return slice_has(qop, ',');
}

static bool
qop_list_returned(const struct finding_context *c)
{
    struct auth_value value;
    if (!is_digest_answer(c) || !is_list(asked(c, AUTH_QOP)) || !auth_line_read(&c->use->line, &value))
        return false;
    return is_list(value.param[AUTH_QOP]) ||
           has_token_behind(value.param[AUTH_QOP], auth_line_text(&c->use->line));
}

static bool
qop_not_offered(const struct finding_context *c)
{
    return is_digest_answer(c) && asked(c, AUTH_QOP).len > 0 && sent(c, AUTH_QOP).p &&
           !auth_list_has(asked(c, AUTH_QOP), sent(c, AUTH_QOP)) && !qop_list_returned(c);
}

static bool
nc_replayed(const struct finding_context *c)
{
    return c->nc > 0 && c->nc <= c->last_nc;
}

/* Nothing says that nc belongs to a call: a server may count for the nonce alone. */
static bool
nc_of_each_call(const struct finding_context *c)
{
    bool given_here = c->use->call && c->use->call->issue; /* the client may count anew */
    return c->nc == 1 && c->last_nc == 0 && c->nc <= c->highest_nc && !given_here;
}

static bool
nextnonce_ignored(const struct finding_context *c)
{
    return c->use->nonce_replaced;
}

static bool
nc_skipped(const struct finding_context *c)
{
    return c->last_nc > 0 && c->nc > c->last_nc + 1;
}

/* The refused request had the same nonce, which the server gives again. */
static bool
is_nonce_given_again(const struct finding_context *c)
{
    for (const struct use *use = c->exchange->refused; use; use = use->next) {
        const struct auth_value *refused = line_value(c->tracker, &use->line);
        if (refused && slice_equal(refused->param[AUTH_NONCE], sent(c, AUTH_NONCE)))
            return true;
    }
    return false;
}

static bool
nc_not_reset(const struct finding_context *c)
{
    return c->use->evidence == EVIDENCE_NONCE && c->use->nonce_use == 1 && c->nc > 1 && !c->use->late &&
           c->exchange->request_frame && c->exchange->call_id_hash == c->call_id_hash &&
           !is_nonce_given_again(c);
}

static bool
branch_reused(const struct finding_context *c)
{
    return c->use->is_retry && c->use->evidence == EVIDENCE_NONCE &&
           c->exchange->branch_hash == c->branch_hash && c->message->via.branch.len > 0 &&
           c->exchange->call_id_hash == c->call_id_hash;
}

/* A server takes one request for another if the From tag is the same, too (RFC 3261 section 8.2.2.2). */
static bool
cseq_unchanged(const struct finding_context *c)
{
    return c->use->is_retry && c->exchange->call_id_hash == c->call_id_hash &&
           c->exchange->from_tag_hash == c->from_tag_hash && c->message->cseq == c->exchange->cseq;
}

static bool
cseq_decreased(const struct finding_context *c)
{
    return c->use->is_retry && c->exchange->call_id_hash == c->call_id_hash &&
           c->message->cseq < c->exchange->cseq;
}

static bool
cseq_skipped(const struct finding_context *c)
{
    return c->use->is_retry && c->exchange->call_id_hash == c->call_id_hash &&
           c->message->cseq > c->exchange->cseq + 1 &&
           !transaction_on_hop(c->tracker, c->message->method, c->message->cseq - 1, &c->arrival->from);
}

/* A user of that name with a password of his own is no anonymous one. */
static bool
anonymous(const struct finding_context *c)
{
    return slice_equal(sent(c, AUTH_USERNAME), SLICE("anonymous")) && c->use->verdict.status == DIGEST_GOOD &&
           c->use->verdict.credential == 0;
}

static bool
auth_int_chosen(const struct finding_context *c)
{
    return is_digest_answer(c) && slice_equal_nocase(sent(c, AUTH_QOP), SLICE("auth-int")) &&
           auth_list_has(asked(c, AUTH_QOP), SLICE("auth"));
}

static bool
algorithm_not_echoed(const struct finding_context *c)
{
    return is_digest_answer(c) && asked(c, AUTH_ALGORITHM).p && !sent(c, AUTH_ALGORITHM).p;
}

static bool
comes_from_other_port(const struct finding_context *c, bool over_datagrams)
{
    const struct peers *peers = c->exchange ? c->exchange->peers : NULL;
    bool datagrams = slice_equal_nocase(c->message->via.transport, SLICE("UDP"));
    return peers && datagrams == over_datagrams && peers->client.port != c->arrival->from.port &&
           peers->server.port == c->arrival->to.port; /* else both are others, as by RFC 3329 */
}

static bool
source_port_changed(const struct finding_context *c)
{
    return c->use->moved || comes_from_other_port(c, true);
}

/* Each has a port of its own, by rights: told only of a nonce that is refused and not called stale. */
static bool
connection_changed(const struct finding_context *c)
{
    return !c->use->moved && comes_from_other_port(c, false);
}

bool
same_offer(const struct auth_value *a, const struct auth_value *b)
{
    return auth_is_digest(a) && auth_is_digest(b) &&
           slice_equal(a->param[AUTH_REALM], b->param[AUTH_REALM]) &&
           slice_equal_nocase(algorithm_or_md5(a->param[AUTH_ALGORITHM]),
                              algorithm_or_md5(b->param[AUTH_ALGORITHM]));
}

/* Of another server than the one that made the nonce of these credentials. */
static bool
is_twin(const struct finding_context *c, const struct auth_line *line)
{
    const struct auth_value *value = line_value(c->tracker, line);
    return value && !slice_equal(value->param[AUTH_NONCE], sent(c, AUTH_NONCE)) &&
           same_offer(value, c->credentials);
}

/* A fork led to them: all of them ask in one response, or are answered in one request. */
static bool
scheme_differs(const struct finding_context *c)
{
    const struct auth_line *lines = c->exchange ? exchange_challenges(c->exchange) : NULL;
    for (const struct auth_line *line = lines; line; line = line->next) {
        const struct auth_value *value = line_value(c->tracker, line);
        if (!value || slice_equal_nocase(value->scheme, c->credentials->scheme))
            return false;
    }
    return lines != NULL;
}

/* The nonce was given for another algorithm: it is the client that mixes two challenges of one server. */
static bool
is_nonce_of_other_offer(const struct finding_context *c)
{
    for (const struct auth_line *line = c->lines; line; line = line->next) {
        const struct auth_value *value = line_value(c->tracker, line);
        if (value && slice_equal(value->param[AUTH_NONCE], sent(c, AUTH_NONCE)))
            return !same_offer(value, c->credentials);
    }
    return false;
}

static bool
realm_shared(const struct finding_context *c)
{
    if (c->use->evidence == EVIDENCE_OTHER_CALL) /* each challenge has its own, of whichever server */
        return false;
    const bool mixed = is_nonce_of_other_offer(c);
    for (const struct auth_line *line = c->lines; line && !mixed; line = line->next) {
        if (answering_header(line->header) == c->use->line.header && is_twin(c, line))
            return true;
    }
    if (c->use->of_twin)
        return true;
    for (const struct use *other = c->record->detail->uses; other; other = other->next) {
        if (other->line.header == c->use->line.header && is_twin(c, &other->line))
            return true;
    }
    return false;
}

static bool
uri_rewritten(const struct finding_context *c)
{
    return c->signed_in != 0 && !c->use->aka; /* in IMS the I-CSCF has to */
}

static bool
changed_on_path(const struct finding_context *c)
{
    return c->good_in != 0;
}

static bool
uri_differs(const struct finding_context *c)
{
    return sent(c, AUTH_URI).p && !c->signed_in && !slice_equal(sent(c, AUTH_URI), c->message->request_uri);
}

static bool
opaque_differs(const struct finding_context *c)
{
    return is_digest_answer(c) && asked(c, AUTH_OPAQUE).p &&
           !slice_equal(asked(c, AUTH_OPAQUE), sent(c, AUTH_OPAQUE));
}

static bool
call_id_changed(const struct finding_context *c)
{
    return c->use->is_retry && c->exchange->call_id_hash != c->call_id_hash;
}

static bool
from_tag_changed(const struct finding_context *c)
{
    return c->use->is_retry && c->exchange->call_id_hash == c->call_id_hash &&
           c->exchange->from_tag_hash != c->from_tag_hash;
}

/* Its address-of-record: To of a REGISTER, From of all else (RFC 3261 section 8.1.3.5 wants both kept). */
static bool
aor_changed(const struct finding_context *c)
{
    const struct record_detail *detail = c->record->detail;
    return c->use->is_retry && c->exchange->call_id_hash == c->call_id_hash && c->exchange->request_frame &&
           !account_same_name(c->exchange->account, detail->account);
}

/* To of a REGISTER is its address-of-record. */
static bool
to_changed(const struct finding_context *c)
{
    return c->use->is_retry && c->exchange->call_id_hash == c->call_id_hash && c->exchange->to_hash &&
           c->exchange->to_hash != c->to_hash && !slice_equal(c->message->method, SLICE("REGISTER"));
}

/* What goes to another server may well be addressed in another way. */
static bool
request_uri_changed(const struct finding_context *c)
{
    return c->use->is_retry && c->exchange->call_id_hash == c->call_id_hash && c->exchange->uri_hash &&
           c->exchange->uri_hash != c->uri_hash &&
           endpoint_same_address(&c->exchange->peers->server, &c->arrival->to);
}

static bool
aor_rewritten(const struct finding_context *c)
{
    return c->named_in != 0;
}

static bool
to_tag_kept(const struct finding_context *c)
{
    return c->use->is_retry && c->exchange->request_frame && !c->exchange->in_dialog &&
           c->message->to_tag.len > 0;
}

static bool
username_empty(const struct finding_context *c)
{
    return sent(c, AUTH_USERNAME).p && sent(c, AUTH_USERNAME).len == 0;
}

static bool
username_is_uri(const struct finding_context *c)
{
    return slice_starts_nocase(sent(c, AUTH_USERNAME), SLICE("sip:")) ||
           slice_starts_nocase(sent(c, AUTH_USERNAME), SLICE("sips:"));
}

/* The user of `user@host`, with or without a scheme. */
static struct slice
user_part(struct slice name)
{
    if (slice_starts_nocase(name, SLICE("sip:")))
        name = slice_from(name, 4);
    return slice_until(name, '@', NULL);
}

/* Worth a word where it may matter, see audit_is_suspect. The private identity of IMS always differs,
 * and a hashed name tells nothing. */
static bool
username_not_aor(const struct finding_context *c)
{
    const char *name = c->record->detail->account->name;
    struct slice user = user_part((struct slice){name, strlen(name)});
    return !c->use->aka && user.len > 0 && strchr(name, '@') && sent(c, AUTH_USERNAME).len > 0 &&
           !slice_equal_nocase(sent(c, AUTH_USERHASH), SLICE("true")) && !anonymous(c) &&
           !slice_equal(user_part(sent(c, AUTH_USERNAME)), user);
}

/* The topmost challenge of the realm that we know how to compute is the one to take (RFC 8760 section 2.4).
 */
static bool
weaker_algorithm(const struct finding_context *c)
{
    const struct auth_line *line = c->lines;
    const struct auth_value *top = next_of_realm(c, &line);
    if (!top || !is_digest_answer(c))
        return false;
    return slice_starts_nocase(top->param[AUTH_ALGORITHM], SLICE("SHA-")) &&
           slice_starts_nocase(algorithm_or_md5(sent(c, AUTH_ALGORITHM)), SLICE("MD5")) &&
           is_offered(c, algorithm_or_md5(sent(c, AUTH_ALGORITHM)));
}

/* What RFC 7616 section 3.4 wants without quotes. */
static uint32_t
bare_quoted(const struct auth_value *credentials)
{
    return credentials->quoted & (1u << AUTH_ALGORITHM | 1u << AUTH_QOP | 1u << AUTH_NC);
}

static bool
bare_value_quoted(const struct finding_context *c)
{
    return bare_quoted(c->credentials) != 0;
}

static bool
parameter_repeated(const struct finding_context *c)
{
    return c->credentials->repeated != 0;
}

static bool
username_twice(const struct finding_context *c)
{
    return sent(c, AUTH_USERNAME).p && sent(c, AUTH_USERNAME_EXT).p;
}

/* Those that RFC 7616 section 3.4 wants in quotes, and that have none. */
static uint32_t
unquoted(const struct auth_value *credentials)
{
    static const enum auth_param texts[] = {AUTH_USERNAME, AUTH_REALM,  AUTH_NONCE, AUTH_URI,
                                            AUTH_RESPONSE, AUTH_CNONCE, AUTH_OPAQUE};
    uint32_t bare = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (credentials->param[texts[i]].p)
            bare |= 1u << texts[i];
    }
    return bare & ~credentials->quoted;
}

static bool
value_unquoted(const struct finding_context *c)
{
    return unquoted(c->credentials) != 0;
}

static bool
nc_form(const struct finding_context *c)
{
    struct slice nc = sent(c, AUTH_NC);
    return nc.p && (nc.len != 8 || !is_lower_hex(nc));
}

static bool
credentials_joined(const struct finding_context *c)
{
    return c->lines_joined;
}

/* --- challenges ------------------------------------------------------------------ */

static bool
no_challenge(const struct finding_context *c)
{
    return !c->lines && !exchange_detail(c->exchange)->asked_below;
}

static bool
challenge_removed(const struct finding_context *c)
{
    return exchange_detail(c->exchange)->asked_below != 0;
}

static bool
cancel_challenged(const struct finding_context *c)
{
    return slice_equal(c->message->method, SLICE("CANCEL"));
}

/* Whether any, or else whether every challenge is as the test says. */
static bool
lines_are(const struct finding_context *c, bool every, bool (*test)(const struct auth_value *))
{
    for (const struct auth_line *line = c->lines; line; line = line->next) {
        const struct auth_value *value = line_value(c->tracker, line);
        if (value && test(value) != every)
            return !every;
    }
    return every && c->lines;
}

static bool
is_basic(const struct auth_value *value)
{
    return slice_equal_nocase(value->scheme, SLICE("Basic"));
}

static bool
is_md5(const struct auth_value *value)
{
    return auth_is_digest(value) &&
           slice_starts_nocase(algorithm_or_md5(value->param[AUTH_ALGORITHM]), SLICE("MD5"));
}

static bool
is_without_qop(const struct auth_value *value)
{
    return auth_is_digest(value) && !value->param[AUTH_QOP].p;
}

static bool
is_sha(const struct auth_value *value)
{
    return slice_starts_nocase(value->param[AUTH_ALGORITHM], SLICE("SHA-"));
}

static bool
is_unknown_algorithm(const struct auth_value *value)
{
    return auth_is_digest(value) && value->param[AUTH_ALGORITHM].p &&
           !digest_algorithm_known(value->param[AUTH_ALGORITHM]);
}

static bool
is_oddly_spelt(const struct auth_value *value)
{
    struct slice algorithm = slice_trim(value->param[AUTH_ALGORITHM]);
    return (auth_is_digest(value) && !slice_equal(value->scheme, SLICE("Digest"))) ||
           (slice_equal_nocase(algorithm, SLICE("MD5")) && !slice_equal(algorithm, SLICE("MD5")));
}

static bool
is_quoted_bare(const struct auth_value *value)
{
    return (value->quoted & (1u << AUTH_ALGORITHM | 1u << AUTH_STALE)) != 0;
}

/* A forking proxy may join what several servers of one domain ask (RFC 3261 section 22.3), each with a nonce
 * of its own; what belongs to a dialog does not fork, and REGISTER does where it is seen to. */
static bool
comes_from_one(const struct finding_context *c)
{
    return c->exchange->in_dialog ||
           (slice_equal(c->message->method, SLICE("REGISTER")) && !exchange_detail(c->exchange)->nearer);
}

/* One answer would not do for both. */
static bool
wants_two_answers(const struct auth_value *a, const struct auth_value *b)
{
    return same_offer(a, b) && !slice_equal(a->param[AUTH_NONCE], b->param[AUTH_NONCE]);
}

/* Each line is compared with those before it. */
static bool
challenge_repeated(const struct finding_context *c)
{
    for (const struct auth_line *line = c->lines; line; line = line->next) {
        const struct auth_value *offer = line_value(c->tracker, line);
        for (const struct auth_line *before = c->lines; offer && before != line; before = before->next) {
            const struct auth_value *other = line_value(c->tracker, before);
            if (other && before->header == line->header && wants_two_answers(other, offer) &&
                comes_from_one(c))
                return true;
        }
    }
    return false;
}

static bool
subscribe_407(const struct finding_context *c)
{
    return c->message->status == 407 && slice_equal(c->message->method, SLICE("SUBSCRIBE"));
}

/* Whether a REGISTER comes from who is registered. */
static bool
is_refresh(const struct record *request)
{
    const struct registration_step *step = request && request->detail ? request->detail->registrations : NULL;
    while (step && (step->state != REGISTRATION_REGISTERED || (step->has_asked && step->asked == 0)))
        step = step->next;
    return step != NULL;
}

static bool
refresh_bare(const struct finding_context *c)
{
    return !c->exchange->refused && is_refresh(c->record->request);
}

/* For what was meant for another server, which passed it on, with a nonce of its own. */
static bool
asks_again(const struct finding_context *c, const struct use *use)
{
    const struct auth_value *passed_on = line_value(c->tracker, &use->line);
    const struct auth_value *challenge =
        passed_on ? challenge_for(c->tracker, c->lines, use->line.header, passed_on->param[AUTH_REALM])
                  : NULL;
    return challenge && !says_stale(challenge) &&
           !slice_equal(challenge->param[AUTH_NONCE], passed_on->param[AUTH_NONCE]);
}

/* A fork that joins what its branches ask for gives each of them all answers. */
static bool
realm_asked_twice(const struct finding_context *c)
{
    bool again = false;
    for (const struct use *use = c->exchange->refused; use; use = use->next) {
        if (!use->relayed)
            return false;
        again |= asks_again(c, use);
    }
    return again;
}

/* A 401 with nothing but Proxy-Authenticate, a 407 with nothing but WWW-Authenticate. */
static bool
challenge_header(const struct finding_context *c)
{
    enum sip_header due = c->message->status == 407 ? SIP_PROXY_AUTHENTICATE : SIP_WWW_AUTHENTICATE;
    for (const struct auth_line *line = c->lines; line; line = line->next) {
        if (line->header == due)
            return false;
    }
    return c->lines != NULL;
}

static bool
challenge_late(const struct finding_context *c)
{
    return record_is_late(c->record);
}

static bool
ends_with_label(struct slice name, struct slice end)
{
    return name.len >= end.len && slice_equal_nocase(slice_from(name, name.len - end.len), end) &&
           (name.len == end.len || name.p[name.len - end.len - 1] == '.');
}

/* Without its first label; itself, if what is left looks like a suffix that strangers share, as "ms" or
 * "co.uk". */
static struct slice
parent_domain(struct slice name)
{
    struct slice parent, top;
    slice_until(name, '.', &parent);
    size_t label = slice_until(parent, '.', &top).len;
    return top.len > 0 && (label > 3 || top.len > 2) ? parent : name;
}

static bool
provider_challenged(const struct finding_context *c)
{
    const struct peers *peers = c->exchange->peers;
    bool calls =
        slice_equal(c->message->method, SLICE("INVITE")) || slice_equal(c->message->method, SLICE("MESSAGE"));
    return calls && !c->exchange->in_dialog &&
           flow_is_registered_at(c->tracker, &peers->server, &peers->client);
}

/* A realm is some text, by habit a domain; an address in To says nothing of domains. */
static bool
realm_unrelated(const struct finding_context *c)
{
    struct slice user, host;
    const struct auth_value *first = c->lines ? line_value(c->tracker, c->lines) : NULL;
    if (c->exchange->in_dialog || c->exchange->refused || !first || first->param[AUTH_REALM].len == 0)
        return false;
    if (ends_in_realm(c->message->to_uri, first->param[AUTH_REALM])) /* as a rule */
        return false;
    sip_uri_split(c->message->to_uri, &user, &host);
    if (host.len == 0 || g_ascii_isdigit(host.p[host.len - 1]) || *host.p == '[')
        return false;
    struct slice realm = first->param[AUTH_REALM];
    return !ends_with_label(realm, host) && !ends_with_label(host, realm) &&
           !ends_with_label(realm, parent_domain(host));
}

static bool
is_without_realm(const struct auth_value *value)
{
    return auth_is_digest(value) && value->param[AUTH_REALM].len == 0;
}

static bool
realm_empty(const struct finding_context *c)
{
    return lines_are(c, false, is_without_realm);
}

static bool
basic_offered(const struct finding_context *c)
{
    return lines_are(c, false, is_basic);
}

static bool
md5_only(const struct finding_context *c)
{
    return lines_are(c, true, is_md5);
}

static bool
no_qop(const struct finding_context *c)
{
    return lines_are(c, false, is_without_qop);
}

static bool
sha_offered(const struct finding_context *c)
{
    return lines_are(c, false, is_sha);
}

static bool
unknown_algorithm_offered(const struct finding_context *c)
{
    return lines_are(c, true, is_unknown_algorithm);
}

static bool
is_no_digest(const struct auth_value *value)
{
    return !auth_is_digest(value);
}

static bool
no_digest_offered(const struct finding_context *c)
{
    return lines_are(c, true, is_no_digest);
}

static bool
is_auth_int_only(const struct auth_value *value)
{
    return auth_is_digest(value) && auth_list_has(value->param[AUTH_QOP], SLICE("auth-int")) &&
           !auth_list_has(value->param[AUTH_QOP], SLICE("auth"));
}

static bool
auth_int_only(const struct finding_context *c)
{
    return lines_are(c, true, is_auth_int_only);
}

static bool
scheme_spelling(const struct finding_context *c)
{
    return lines_are(c, false, is_oddly_spelt);
}

static bool
algorithm_quoted(const struct finding_context *c)
{
    return lines_are(c, false, is_quoted_bare);
}

static bool
challenges_joined(const struct finding_context *c)
{
    return c->lines_joined;
}

/* --- subscriptions --------------------------------------------------------------- */

static struct slice
header(const struct finding_context *c, enum sip_header id)
{
    return c->message->header[id];
}

static bool
no_notify_with_body(const struct finding_context *c)
{
    return c->message->status == 204 && c->message->body.len > 0;
}

static bool
expires_missing(const struct finding_context *c)
{
    return !header(c, SIP_EXPIRES).p && !c->request->unsubscribes;
}

static bool
expires_missing_at_end(const struct finding_context *c)
{
    return c->message->status == 204 && !header(c, SIP_EXPIRES).p && c->request->unsubscribes;
}

static bool
expires_raised(const struct finding_context *c)
{
    uint32_t granted;
    return c->request->has_expires && header(c, SIP_EXPIRES).p &&
           sip_number(header(c, SIP_EXPIRES), &granted) && granted > c->request->expires;
}

static bool
accepted_202(const struct finding_context *c)
{
    return c->message->status == 202;
}

/* What is copied as a NOTIFY told it is the notifier's mistake. */
static bool
condition_malformed(const struct finding_context *c)
{
    struct slice condition = header(c, SIP_SUPPRESS_IF_MATCH);
    bool copied = c->subscription && c->subscription->condition_known;
    return condition.p &&
           (c->message->header_lines[SIP_SUPPRESS_IF_MATCH] > 1 || !(copied || slice_is_token(condition)));
}

static bool
etag_malformed(const struct finding_context *c)
{
    struct slice tag = header(c, SIP_ETAG);
    return tag.p && (c->message->header_lines[SIP_ETAG] > 1 || !slice_is_token(tag));
}

static bool
condition_unknown(const struct finding_context *c)
{
    struct slice condition = header(c, SIP_SUPPRESS_IF_MATCH);
    return condition.p && !condition_malformed(c) && !slice_equal(condition, SLICE("*")) &&
           c->message->to_tag.len > 0 && c->subscription && c->subscription->etag &&
           !c->subscription->condition_known;
}

static bool
condition_misplaced(const struct finding_context *c)
{
    return header(c, SIP_SUPPRESS_IF_MATCH).p != NULL;
}

static bool
etag_star(const struct finding_context *c)
{
    return slice_equal(header(c, SIP_ETAG), SLICE("*"));
}

static bool
etag_missing(const struct finding_context *c)
{
    return !header(c, SIP_ETAG).p && c->subscription->etag && !c->subscription->suppressed;
}

static bool
condition_unsupported(const struct finding_context *c)
{
    return c->subscription->ignored_in && !c->subscription->etag && !header(c, SIP_ETAG).p;
}

/* A 200 to a condition that seemed to hold proves nothing, the state may just have changed: the NOTIFY after
 * it tells. */
static bool
condition_ignored(const struct finding_context *c)
{
    return c->subscription->ignored_in && c->subscription->etag && !c->subscription->ignored_star &&
           !c->state_changed &&
           slice_equal(header(c, SIP_ETAG),
                       (struct slice){c->subscription->etag, strlen(c->subscription->etag)});
}

/* A partial notification carries the tag of the full state (RFC 5839 section 6.4), and so may a list (RFC
 * 4662). */
static bool
may_be_partial(struct slice type)
{
    for (size_t i = 0; i + 4 <= type.len; i++) {
        if (slice_equal_nocase((struct slice){type.p + i, 4}, SLICE("diff")) ||
            slice_equal_nocase((struct slice){type.p + i, 4}, SLICE("mult")) ||
            slice_equal_nocase((struct slice){type.p + i, 4}, SLICE("rlmi")) ||
            slice_equal_nocase((struct slice){type.p + i, 4}, SLICE("info")))
            return true;
    }
    return false;
}

/* A change of the subscription's own state is told even then, without a body (RFC 5839 section 6.2). */
static bool
star_ignored(const struct finding_context *c)
{
    return c->subscription->ignored_in && c->subscription->ignored_star &&
           (c->message->body.len > 0 || !c->state_changed);
}

static bool
etag_kept(const struct finding_context *c)
{
    struct slice etag = header(c, SIP_ETAG);
    const char *last = c->subscription->etag;
    return etag.p && last && slice_equal(etag, (struct slice){last, strlen(last)}) &&
           c->message->body.len > 0 && !c->message->body_cut && c->subscription->body_hash &&
           c->subscription->body_hash != c->subscription->new_hash &&
           !may_be_partial(header(c, SIP_CONTENT_TYPE));
}

static bool
empty_with_type(const struct finding_context *c)
{
    return (c->subscription->suppressed || c->condition_holds) && c->message->body.len == 0 &&
           !c->message->body_cut && header(c, SIP_CONTENT_TYPE).p;
}

static bool
known_body_sent(const struct finding_context *c)
{
    return c->condition_holds && c->message->body.len > 0;
}

/* --- the table ------------------------------------------------------------------- */

G_STATIC_ASSERT(FINDING_COUNT <= 8 * sizeof(struct finding_set));

static const struct finding_rule rules[FINDING_COUNT] = {
    [FINDING_NONE] = {"", SEVERITY_CHAT, GROUP_RESPONSE, "nobody", STAGE_NO_STAGE, WEIGHT_HINT, NULL, "", "",
                      "", ""},
#define FINDING(id, name, severity, group, actor, stage, weight, predicate, brief, sentence, fix, rfc)       \
    [FINDING_##id] = {name,                                                                                  \
                      SEVERITY_##severity,                                                                   \
                      GROUP_##group,                                                                         \
                      actor,                                                                                 \
                      STAGE_##stage,                                                                         \
                      WEIGHT_##weight,                                                                       \
                      predicate,                                                                             \
                      brief,                                                                                 \
                      sentence,                                                                              \
                      fix,                                                                                   \
                      rfc},
#include "findings.def"
#undef FINDING
};

const struct finding_rule *
finding_rule(enum finding finding)
{
    return &rules[finding < FINDING_COUNT ? finding : FINDING_NONE];
}

struct check {
    bool (*applies)(const struct finding_context *); /* NULL: behind the last */
    enum finding finding;
};

/* What is evaluated in one stage; close together, as the rules with all their texts are not. */
static const struct check *
checks_of(enum finding_stage stage)
{
    static struct check of_stage[STAGE_COUNT][FINDING_COUNT];
    static bool sorted;
    if (!sorted) {
        struct check *tail[STAGE_COUNT];
        for (int i = 0; i < STAGE_COUNT; i++)
            tail[i] = of_stage[i];
        for (int i = 1; i < FINDING_COUNT; i++)
            *tail[rules[i].stage]++ = (struct check){rules[i].applies, (enum finding)i};
        sorted = true;
    }
    return of_stage[stage];
}

void
findings_each(enum finding_stage stage, const struct finding_context *context,
              void (*found)(enum finding, const struct finding_context *, void *), void *data)
{
    /* What seems to be missing may stand where the capture was cut. Credentials know by themselves whether
     * they were. */
    if (stage != STAGE_CREDENTIALS && context->message->headers_cut)
        return;
    for (const struct check *check = checks_of(stage); check->applies; check++) {
        if (check->applies(context))
            found(check->finding, context, data);
    }
}

/* --- placeholders ---------------------------------------------------------------- */

static const struct use *
values_use(const struct finding_values *values)
{
    return values->use ? values->use : values->exchange ? values->exchange->retry : NULL;
}

static void
append_slice(GString *text, struct slice slice)
{
    if (slice.p)
        g_string_append_len(text, slice.p, (gssize)slice.len);
    else
        g_string_append_c(text, '?');
}

static bool
first_challenge(const struct finding_values *values, struct auth_value *value)
{
    const struct auth_line *line = exchange_challenges(values->exchange);
    return line && auth_line_read(line, value);
}

/* The challenge that the credentials answer: of several the one of the same nonce and realm, else the first.
 */
static const struct auth_line *
answered_line(const struct finding_values *values, const struct auth_value *credentials,
              struct auth_value *challenge)
{
    const struct auth_line *best = exchange_challenges(values->exchange);
    for (const struct auth_line *line = best; line; line = line->next) {
        if (auth_line_read(line, challenge) &&
            slice_equal(challenge->param[AUTH_NONCE], credentials->param[AUTH_NONCE]) &&
            slice_equal(challenge->param[AUTH_REALM], credentials->param[AUTH_REALM]))
            return line;
    }
    return best && auth_line_read(best, challenge) ? best : NULL;
}

/* A parameter of the credentials, or of the challenge where there are no credentials. */
static void
append_param(GString *text, const struct finding_values *values, enum auth_param param)
{
    struct auth_value value = {0};
    const struct use *use = values_use(values);
    if (!use || !auth_line_read(&use->line, &value))
        first_challenge(values, &value);
    struct slice named = param == AUTH_ALGORITHM ? algorithm_or_md5(value.param[param]) : value.param[param];
    append_slice(text, named.p && named.len == 0 ? SLICE("\"\"") : named);
}

/* The same of the challenge that is answered. */
static void
append_asked(GString *text, const struct finding_values *values, enum auth_param param)
{
    struct auth_value credentials = {0}, challenge = {0};
    const struct use *use = values_use(values);
    if (use)
        auth_line_read(&use->line, &credentials);
    answered_line(values, &credentials, &challenge);
    append_slice(text, challenge.param[param]);
}

static void
append_header(GString *text, const struct finding_values *values, bool due)
{
    struct auth_value credentials = {0}, challenge = {0};
    const struct use *use = values_use(values);
    if (use)
        auth_line_read(&use->line, &credentials);
    const struct auth_line *line = answered_line(values, &credentials, &challenge);
    if (line)
        append_slice(text, sip_header_name(due ? answering_header(line->header) : line->header));
    else
        g_string_append_c(text, '?');
}

/* What in a challenge may have kept a client from answering: a sentence part, or nothing. */
static void
append_hints(GString *text, const struct finding_values *values)
{
    const char *join = "; what in it may keep a client silent: ";
    for (unsigned i = 1; values->exchange && i < FINDING_COUNT; i++) {
        if (!finding_set_has(&exchange_detail(values->exchange)->suspects, i) ||
            rules[i].weight == WEIGHT_CAUSE)
            continue;
        g_string_append_printf(text, "%s%s", join, rules[i].brief);
        join = ", ";
    }
}

/* "port 52347", or another address */
static void
append_source(GString *text, const struct use *use)
{
    g_string_append_printf(text, "port %u%s", use ? use->source_port : 0u,
                           use && use->moved ? " of another address" : "");
}

static void
append_endpoint(GString *text, const struct endpoint *endpoint)
{
    char *address = endpoint ? endpoint_text(endpoint) : g_strdup("?");
    g_string_append_printf(text, "%s port %u", address, endpoint ? endpoint->port : 0u);
    g_free(address);
}

/* Who passed a challenge on. */
static void
append_relay(GString *text, const struct exchange *exchange)
{
    char *address = exchange ? endpoint_text(&exchange->peers->server) : g_strdup("?");
    g_string_append(text, address);
    g_free(address);
}

/* The address-of-record on the hop of the challenge. */
static void
append_address(GString *text, const struct exchange *exchange)
{
    g_string_append(text, exchange ? exchange->account->name : "another address");
}

/* Who asks, as far as the status code tells. */
static void
append_asker(GString *text, const struct finding_values *values)
{
    uint16_t status = values->exchange ? values->exchange->status : values->status;
    const char *method = values->exchange ? values->exchange->method : values->method;
    bool registers = method && method_is(method, "REGISTER");
    g_string_append(text, status == 407 ? "a proxy on the way" : registers ? "the registrar" : "the server");
}

static void
append_seconds(GString *text, uint32_t seconds, const char *unsaid)
{
    if (seconds)
        g_string_append_printf(text, "%u s", seconds);
    else
        g_string_append(text, unsaid);
}

/* nc as a number. */
static void
append_nc(GString *text, const struct use *use)
{
    struct auth_value value = {0};
    if (use)
        auth_line_read(&use->line, &value);
    char *digits = g_strndup(value.param[AUTH_NC].p ? value.param[AUTH_NC].p : "", value.param[AUTH_NC].len);
    g_string_append_printf(text, "%" G_GUINT64_FORMAT, g_ascii_strtoull(digits, NULL, 16));
    g_free(digits);
}

static void
append_names(GString *text, const struct use *use, const char *which)
{
    struct auth_value value = {0};
    if (use)
        auth_line_read(&use->line, &value);
    char *names = auth_param_names(strcmp(which, "repeated") == 0   ? value.repeated
                                   : strcmp(which, "unquoted") == 0 ? unquoted(&value)
                                                                    : bare_quoted(&value));
    g_string_append(text, *names ? names : "a value");
    g_free(names);
}

/* What is wrong on the further hop was done by who sent it there; on the nearer one, by who received it. */
static const struct endpoint *
element_between(const struct finding_values *values)
{
    const struct use *use = values_use(values);
    const struct exchange *exchange = values->exchange;
    const struct endpoint *first = use && use->signed_request ? &use->signed_request->to : NULL;
    if (!exchange || (first && !endpoint_same_address(first, &exchange->peers->server)))
        return first;
    bool nearer =
        exchange_detail(exchange)->asked_below || (use && use->cause == FINDING_CREDENTIALS_REMOVED);
    return nearer ? &exchange->peers->server : &exchange->peers->client;
}

static void
append_between(GString *text, const struct finding_values *values)
{
    const struct endpoint *element = element_between(values);
    char *address = element ? endpoint_text(element) : g_strdup("?");
    g_string_append(text, address);
    g_free(address);
}

/* RFC 1918, RFC 6598. */
static bool
is_private(const struct endpoint *endpoint)
{
    const uint8_t *a = endpoint->address;
    return endpoint->len == 4 && (a[0] == 10 || (a[0] == 172 && a[1] / 16 == 1) ||
                                  (a[0] == 192 && a[1] == 168) || (a[0] == 100 && a[1] / 64 == 1));
}

/* A trunk may go by its address alone; nobody registers so. */
static void
append_or_address(GString *text, const struct exchange *exchange)
{
    if (!exchange || method_is(exchange->method, "REGISTER"))
        return;
    if (is_private(&exchange->peers->client) && !is_private(&exchange->peers->server)) {
        g_string_append(text, ", or let the server know it by its public address"); /* of its NAT */
        return;
    }
    char *address = endpoint_text(&exchange->peers->client);
    g_string_append_printf(text, ", or let the server know it by its address, %s", address);
    g_free(address);
}

/* "SHA-256, MD5": of the realm that the credentials are for, if there are any. */
static void
append_offered(GString *text, const struct finding_values *values)
{
    const struct use *use = values_use(values);
    struct auth_value credentials, value;
    const bool signs = use && auth_line_read(&use->line, &credentials);
    const char *between = "";
    for (const struct auth_line *line = exchange_challenges(values->exchange); line; line = line->next) {
        if (!auth_line_read(line, &value) ||
            (signs && !slice_equal(value.param[AUTH_REALM], credentials.param[AUTH_REALM])))
            continue;
        g_string_append(text, between);
        between = ", ";
        append_slice(text,
                     auth_is_digest(&value) ? algorithm_or_md5(value.param[AUTH_ALGORITHM]) : value.scheme);
    }
}

/* A user for whom nothing at all is configured is nobody that one asks about. */
static void
append_why(GString *text, const struct finding_values *values)
{
    const struct use *use = values_use(values);
    if (use && use->verdict.reason == DIGEST_NO_CREDENTIAL) {
        g_string_append(text, "what is configured for user ");
        append_param(text, values, AUTH_USERNAME);
        g_string_append(text, " is not for realm ");
        append_param(text, values, AUTH_REALM);
        return;
    }
    char *why = use ? digest_verdict_text(&use->verdict) : g_strdup("?");
    g_string_append(text, why);
    g_free(why);
}

/* A resynchronisation is signed with the empty password: no row is needed to verify it. */
static void
append_by(GString *text, const struct use *use)
{
    if (use && use->verdict.credential)
        g_string_append_printf(text, "configured credential %u", use->verdict.credential);
    else
        g_string_append(text, use && use->resynchronises
                                  ? "the empty password, as AKA resynchronisation wants it"
                                  : "the empty password, as of an anonymous user");
}

/* What a digest was compared with. */
static void
append_known(GString *text, const struct use *use)
{
    if (use && use->resynchronises && !use->configured)
        append_by(text, use);
    else
        g_string_append(text, "any configured credential for this user and realm");
}

static void
append_reason(GString *text, const struct finding_values *values)
{
    const struct use *use = values_use(values);
    if (!use || use->verdict.status == DIGEST_NONE) {
        g_string_append(text, "there is no digest to verify");
        return;
    }
    if (use->verdict.status == DIGEST_GOOD) {
        g_string_append(text, "the digest is right");
        return;
    }
    if (use->verdict.reason == DIGEST_NO_CREDENTIAL) {
        g_string_append(text, "digest not verified, as no credential is configured for it");
        return;
    }
    g_string_append_printf(text, "the digest is %s: ", digest_status_text(use->verdict.status));
    append_why(text, values);
}

static uint32_t
exchange_number(const struct exchange *exchange, const char *name)
{
    if (!exchange)
        return 0;
    const struct exchange_detail *detail = exchange_detail(exchange);
    const struct {
        const char *name;
        uint32_t number;
    } numbers[] = {
        {"challenge", exchange->challenge_frame},
        {"retry", exchange->retry_frame ? exchange->retry_frame : detail->removed_frame},
        {"a", detail->removed_in ? detail->removed_in
              : detail->kept_in  ? detail->kept_in
                                 : detail->disconnected},
        {"b", detail->asked_below},
        {"elsewhere", exchange_answered_elsewhere(exchange)},
        {"cancelled", detail->cancelled_in},
        {"closed", exchange->closed_frame},
        {"attempts", exchange->attempt},
        {"code", exchange->closed_status ? exchange->closed_status : exchange->status},
        {"cseq", exchange->cseq},
        {"accepted_account", exchange->account ? exchange->account->accepted_frame : 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (strcmp(numbers[i].name, name) == 0)
            return numbers[i].number;
    }
    return 0;
}

static uint32_t
use_number(const struct use *use, const char *name)
{
    if (!use)
        return 0;
    const struct {
        const char *name;
        uint32_t number;
    } numbers[] = {
        {"challenge", use->challenge_frame},
        {"retry", use->request_frame},
        {"closed", use->closed_frame},
        {"accepted", use->nonce_accepted_in},
        {"accepted_user", use->user_accepted_in},
        {"idle_stale", use->exchange ? exchange_detail(use->exchange)->idle_stale_frame : 0},
        {"code", use->closed_status},
        {"last_nc", use->compared},
        {"credential", use->verdict.credential},
        {"tried", use->verdict.tried},
        {"variants", use->verdict.computations},
        {"a", use->suspect_frame},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (strcmp(numbers[i].name, name) == 0)
            return numbers[i].number;
    }
    return 0;
}

/* 0: of no answer */
static uint32_t
values_code(const struct finding_values *values)
{
    uint32_t code = use_number(values_use(values), "code");
    if (!code)
        code = values->status;
    return code ? code : exchange_number(values->exchange, "code");
}

static void append_number(GString *text, const struct finding_values *values, const char *name);

/* "403", with what the server adds in its own words */
static void
append_answer(GString *text, const struct finding_values *values)
{
    const struct use *use = values_use(values);
    const char *phrase = use ? use->phrase : values->phrase;
    append_number(text, values, "code");
    if (phrase)
        g_string_append_printf(text, audit_words_are_header(phrase) ? " (%s)" : " \"%s\"", phrase);
}

/* What to do about an answer that says nothing about credentials. */
static void
append_by_code(GString *text, const struct finding_values *values)
{
    static const struct {
        uint16_t first, last;
        const char *remedy;
    } remedies[] = {
        {300, 399, "let the client go to the address in Contact of that answer"},
        {404, 404, "compare the address in To with the server's accounts"},
        {423, 423, "raise the interval to Min-Expires"},
        {483, 483,
         "look for a server that takes the domain for somebody else's, and sends the request round"},
        {439, 439, "look which element on the way does not know outbound, or switch it off in the client"},
        {494, 494, "set the client up for the security agreement that the server wants"},
        {503, 503, "look at the server's log, and wait for as long as Retry-After says"},
        {513, 513, "let the client send less, or look what on the way makes the request larger"},
        {500, 599, "look at the server's log"},
        {0, 699,
         "go by the reason phrase of that answer, and by its Warning or Reason header if there is one"},
    };
    const uint32_t code = values_code(values);
    size_t i = 0;
    while (code < remedies[i].first || code > remedies[i].last)
        i++;
    g_string_append(text, remedies[i].remedy);
}

/* Numbers that may well be 0. */
static bool
counts(const char *name)
{
    static const char *const names[] = {"tried", "variants", "n", "b", NULL};
    return g_strv_contains(names, name);
}

static void
append_number(GString *text, const struct finding_values *values, const char *name)
{
    uint32_t number = strcmp(name, "a") == 0   ? values->frame_a
                      : strcmp(name, "b") == 0 ? values->frame_b
                      : strcmp(name, "n") == 0 ? values->number
                                               : 0;
    if (!number)
        number = use_number(values_use(values), name);
    if (!number && strcmp(name, "code") == 0)
        number = values->status;
    if (!number)
        number = exchange_number(values->exchange, name);
    if (number || counts(name))
        g_string_append_printf(text, "%u", number);
    else
        g_string_append_c(text, '?');
}

/* Placeholders that are parameters, of the credentials or of the challenge. */
static bool
append_parameter(GString *text, const struct finding_values *values, const char *name)
{
    static const struct {
        const char *name;
        enum auth_param param;
    } params[] = {{"realm", AUTH_REALM}, {"uri", AUTH_URI},           {"algorithm", AUTH_ALGORITHM},
                  {"qop", AUTH_QOP},     {"username", AUTH_USERNAME}, {"nc_text", AUTH_NC}};
    bool of_challenge = g_str_has_prefix(name, "asked_");
    const char *bare = of_challenge ? name + strlen("asked_") : name;
    for (size_t i = 0; i < G_N_ELEMENTS(params); i++) {
        if (strcmp(params[i].name, bare) != 0)
            continue;
        if (of_challenge)
            append_asked(text, values, params[i].param);
        else
            append_param(text, values, params[i].param);
        return true;
    }
    return false;
}

const struct finding_rule *
finding_odd_form(const struct use *use)
{
    for (unsigned i = 1; use && use->verdict.status == DIGEST_UNVERIFIED && i < FINDING_COUNT; i++) {
        if (rules[i].weight == WEIGHT_CAUSE_IF_GOOD && finding_set_has(&use->suspects, i))
            return &rules[i];
    }
    return NULL;
}

static bool
append_of_form(GString *text, const struct finding_values *values, const char *name)
{
    if (strcmp(name, "form_fix") != 0)
        return false;
    const struct finding_rule *odd = finding_odd_form(values_use(values));
    char *fix = odd ? finding_expand(odd->fix, values) : g_strdup("?");
    g_string_append(text, fix);
    g_free(fix);
    return true;
}

/* Placeholders that the credentials and their verdict answer. */
static bool
append_of_use(GString *text, const struct finding_values *values, const char *name)
{
    const struct use *use = values_use(values);
    const char *variant = use ? use->verdict.variant : NULL;
    if (strcmp(name, "reason") == 0)
        append_reason(text, values);
    else if (strcmp(name, "answer") == 0)
        append_answer(text, values);
    else if (strcmp(name, "why") == 0)
        append_why(text, values);
    else if (strcmp(name, "by") == 0)
        append_by(text, use);
    else if (strcmp(name, "known") == 0)
        append_known(text, use);
    else if (strcmp(name, "variant") == 0)
        g_string_append(text, variant ? variant : "?");
    else if (strcmp(name, "mistake") == 0)
        g_string_append(text, digest_variant_mistake(variant));
    else if (strcmp(name, "remedy") == 0)
        g_string_append(text, digest_variant_remedy(variant));
    else if (strcmp(name, "nc") == 0)
        append_nc(text, use);
    else if (strcmp(name, "age") == 0)
        g_string_append_printf(text, "%.3f s", use ? (double)use->nonce_age / 1e9 : 0.0);
    else if (strcmp(name, "source") == 0)
        append_source(text, use);
    else if (strcmp(name, "repeated") == 0 || strcmp(name, "unquoted") == 0 || strcmp(name, "quoted") == 0)
        append_names(text, use, name);
    else if (strcmp(name, "between") == 0)
        append_between(text, values);
    else if (strcmp(name, "place") == 0)
        g_string_append(text, values->place ? values->place : "?");
    else if (strcmp(name, "header") == 0)
        append_slice(text, use ? sip_header_name(use->line.header) : (struct slice){NULL, 0});
    else if (strcmp(name, "request_uri") == 0)
        g_string_append(text, use && use->request_uri ? use->request_uri : "the same");
    else if (strcmp(name, "asked_expires") == 0)
        append_seconds(text, use ? use->asked_expires : 0, "the default");
    else if (strcmp(name, "min_expires") == 0)
        append_seconds(text, use ? use->compared : 0, "more");
    else
        return false;
    return true;
}

static bool
append_of_silence(GString *text, const struct silence *silence, const char *name)
{
    if (!silence)
        return false;
    if (strcmp(name, "reached") == 0)
        append_endpoint(text, &silence->client);
    else if (strcmp(name, "registered") == 0)
        g_string_append(text, silence->account ? silence->account : "several accounts");
    else
        return false;
    return true;
}

static bool
append_of_path(GString *text, const struct finding_values *values, const char *name)
{
    static const char *const lost[] = {[WEAKENED_NOT] = "?",
                                       [WEAKENED_ALGORITHM] = "SHA-256 or better is gone",
                                       [WEAKENED_QOP] = "qop is gone",
                                       [WEAKENED_ORDER] = "MD5 stands on top",
                                       [WEAKENED_AUTH_INT] = "auth-int is gone"};
    const struct use *use = values_use(values);
    const struct exchange *exchange = values->exchange;
    if (strcmp(name, "lost") == 0)
        g_string_append(text, lost[values->number < G_N_ELEMENTS(lost) ? values->number : WEAKENED_NOT]);
    else if (strcmp(name, "relay") == 0)
        append_relay(text, exchange);
    else if (strcmp(name, "refused_aor") == 0)
        g_string_append(text, exchange ? exchange->account->name : "?");
    else if (strcmp(name, "signed_aor") == 0)
        g_string_append(text, use && use->signed_request ? use->signed_request->account->name
                              : exchange                 ? exchange->account->name
                                                         : "?");
    else
        return false;
    return true;
}

static bool
append_of_204(GString *text, const struct no_notify *no_notify, const char *name)
{
    if (!no_notify)
        return false;
    if (strcmp(name, "event") == 0)
        g_string_append(text, no_notify->event ? no_notify->event : "what its SUBSCRIBE names");
    else if (strcmp(name, "granted") == 0)
        append_seconds(text, no_notify->expires, "a time that is not said");
    else if (strcmp(name, "subscribe") == 0)
        g_string_append_printf(text, "%u", no_notify->subscribe_frame);
    else if (strcmp(name, "notify") == 0)
        g_string_append_printf(text, "%u", no_notify->notify_frame);
    else if (strcmp(name, "missed") == 0)
        g_string_append_printf(text, "%u", no_notify->missed_frame);
    else
        return false;
    return true;
}

static bool
append_of_exchange(GString *text, const struct finding_values *values, const char *name)
{
    const struct use *use = values_use(values);
    const char *method = use                ? use->method
                         : values->method   ? values->method
                         : values->exchange ? values->exchange->method
                                            : NULL;
    if (strcmp(name, "offered") == 0)
        append_offered(text, values);
    else if (strcmp(name, "asked_header") == 0)
        append_header(text, values, false);
    else if (strcmp(name, "due_header") == 0)
        append_header(text, values, true);
    else if (strcmp(name, "hints") == 0)
        append_hints(text, values);
    else if (strcmp(name, "or_address") == 0)
        append_or_address(text, values->exchange);
    else if (strcmp(name, "client") == 0)
        append_endpoint(text, values->exchange ? &values->exchange->peers->client : NULL);
    else if (strcmp(name, "asker") == 0)
        append_asker(text, values);
    else if (strcmp(name, "by_code") == 0)
        append_by_code(text, values);
    else if (strcmp(name, "address") == 0)
        append_address(text, use ? use->exchange : values->exchange);
    else if (strcmp(name, "account") == 0)
        g_string_append(text, use                ? use->user_at_realm
                              : values->exchange ? exchange_account(values->exchange)
                                                 : "?");
    else if (strcmp(name, "method") == 0)
        g_string_append(text, method ? method : "another method");
    else
        return false;
    return true;
}

static void
append_value(GString *text, const struct finding_values *values, const char *name)
{
    if (!append_of_204(text, values->no_notify, name) && !append_of_silence(text, values->silence, name) &&
        !append_of_path(text, values, name) && !append_of_exchange(text, values, name) &&
        !append_of_use(text, values, name) && !append_of_form(text, values, name) &&
        !append_parameter(text, values, name))
        append_number(text, values, name);
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
