/* findings.c
 * The predicates behind findings.def, and the texts with their placeholders filled.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "findings.h"

#include "tracker_private.h"

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
nonce_resent(const struct finding_context *c)
{
    const struct exchange *exchange = c->use->exchange;
    return exchange && !c->use->is_retry && exchange->outcome == OUTCOME_REJECTED && c->use->nonce_use > 1;
}

static bool
realm_differs(const struct finding_context *c)
{
    return c->use->realm_differs && c->use->evidence == EVIDENCE_NONCE;
}

static struct slice
algorithm_or_md5(struct slice algorithm)
{
    return algorithm.p ? slice_trim(algorithm) : SLICE("MD5");
}

/* True when some challenge of this realm offers the algorithm of the credentials. */
static bool
is_offered(const struct finding_context *c, struct slice algorithm)
{
    for (const struct auth_line *line = c->lines; line; line = line->next) {
        struct slice rest = line->text;
        struct auth_value value;
        if (auth_header_next(&rest, &value) &&
            slice_equal_nocase(algorithm, algorithm_or_md5(value.param[AUTH_ALGORITHM])))
            return true;
    }
    return false;
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
    return !is_offered(c, algorithm_or_md5(algorithm));
}

static bool
parameter_missing(const struct finding_context *c)
{
    return c->use->verdict.reason == DIGEST_PARAMETER_MISSING;
}

static bool
qop_unasked(const struct finding_context *c)
{
    return is_digest_answer(c) && !asked(c, AUTH_QOP).p &&
           (sent(c, AUTH_QOP).p || sent(c, AUTH_CNONCE).p || sent(c, AUTH_NC).p);
}

static bool
qop_unanswered(const struct finding_context *c)
{
    return is_digest_answer(c) && asked(c, AUTH_QOP).len > 0 && !sent(c, AUTH_QOP).p;
}

static bool
qop_not_offered(const struct finding_context *c)
{
    return is_digest_answer(c) && asked(c, AUTH_QOP).len > 0 && sent(c, AUTH_QOP).p &&
           !auth_list_has(asked(c, AUTH_QOP), sent(c, AUTH_QOP));
}

static bool
nc_replayed(const struct finding_context *c)
{
    return c->nc > 0 && c->nc == c->last_nc;
}

static bool
nc_skipped(const struct finding_context *c)
{
    return c->last_nc > 0 && c->nc > c->last_nc + 1;
}

static bool
nc_not_reset(const struct finding_context *c)
{
    return c->use->evidence == EVIDENCE_NONCE && c->use->nonce_use == 1 && c->nc > 1;
}

static bool
branch_reused(const struct finding_context *c)
{
    return c->use->is_retry && c->use->evidence == EVIDENCE_NONCE &&
           c->exchange->branch_hash == c->branch_hash && c->message->via.branch.len > 0 &&
           c->exchange->call_id_hash == c->call_id_hash;
}

static bool
cseq_unchanged(const struct finding_context *c)
{
    return c->use->is_retry && c->exchange->call_id_hash == c->call_id_hash &&
           c->message->cseq == c->exchange->cseq;
}

/* Over a connection the port changes with each one, by rights. */
static bool
source_port_changed(const struct finding_context *c)
{
    const struct endpoint *to = c->exchange ? &c->exchange->client : NULL;
    bool datagrams = slice_equal_nocase(c->message->via.transport, SLICE("UDP"));
    return to && ((datagrams && to->port != c->arrival->from.port) || c->use->moved);
}

static bool
uri_rewritten(const struct finding_context *c)
{
    return c->signed_in != 0;
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

/* The topmost challenge of the realm that we know how to compute is the one to take (RFC 8760 section 2.4).
 */
static bool
weaker_algorithm(const struct finding_context *c)
{
    struct slice rest = c->lines ? c->lines->text : (struct slice){NULL, 0};
    struct auth_value top;
    if (!is_digest_answer(c) || !auth_header_next(&rest, &top))
        return false;
    return slice_starts_nocase(top.param[AUTH_ALGORITHM], SLICE("SHA-")) &&
           slice_equal(top.param[AUTH_REALM], sent(c, AUTH_REALM)) &&
           slice_starts_nocase(algorithm_or_md5(sent(c, AUTH_ALGORITHM)), SLICE("MD5")) &&
           is_offered(c, algorithm_or_md5(sent(c, AUTH_ALGORITHM)));
}

static bool
bare_value_quoted(const struct finding_context *c)
{
    return (c->credentials->quoted & (1u << AUTH_ALGORITHM | 1u << AUTH_QOP | 1u << AUTH_NC)) != 0;
}

static bool
nc_form(const struct finding_context *c)
{
    struct slice nc = sent(c, AUTH_NC);
    if (!nc.p)
        return false;
    for (size_t i = 0; i < nc.len; i++) {
        if (!g_ascii_isxdigit(nc.p[i]) || g_ascii_isupper(nc.p[i]))
            return true;
    }
    return nc.len != 8;
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
    return !c->lines;
}

static bool
cancel_challenged(const struct finding_context *c)
{
    return slice_equal(c->message->method, SLICE("CANCEL"));
}

/* Whether any, or else whether every challenge is as the test says. */
static bool
lines_are(const struct auth_line *lines, bool every, bool (*test)(const struct auth_value *))
{
    for (const struct auth_line *line = lines; line; line = line->next) {
        struct slice rest = line->text;
        struct auth_value value;
        if (auth_header_next(&rest, &value) && test(&value) != every)
            return !every;
    }
    return every && lines;
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

static bool
basic_offered(const struct finding_context *c)
{
    return lines_are(c->lines, false, is_basic);
}

static bool
md5_only(const struct finding_context *c)
{
    return lines_are(c->lines, true, is_md5);
}

static bool
no_qop(const struct finding_context *c)
{
    return lines_are(c->lines, false, is_without_qop);
}

static bool
sha_offered(const struct finding_context *c)
{
    return lines_are(c->lines, false, is_sha);
}

static bool
unknown_algorithm_offered(const struct finding_context *c)
{
    return lines_are(c->lines, true, is_unknown_algorithm);
}

static bool
scheme_spelling(const struct finding_context *c)
{
    return lines_are(c->lines, false, is_oddly_spelt);
}

static bool
algorithm_quoted(const struct finding_context *c)
{
    return lines_are(c->lines, false, is_quoted_bare);
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

/* Of the 204 and of what answers a condition; an ordinary 200 is not our matter. */
static bool
expires_missing(const struct finding_context *c)
{
    return c->message->status == 204 && !header(c, SIP_EXPIRES).p && !c->request->unsubscribes;
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
condition_is(const struct finding_context *c, const char *value)
{
    return c->request->condition && strcmp(c->request->condition, value) == 0;
}

static bool
star_ignored(const struct finding_context *c)
{
    return c->message->status != 204 && c->request->has_to_tag && c->subscription && c->subscription->etag &&
           condition_is(c, "*");
}

static bool
accepted_202(const struct finding_context *c)
{
    return c->message->status == 202;
}

static bool
condition_malformed(const struct finding_context *c)
{
    struct slice condition = header(c, SIP_SUPPRESS_IF_MATCH);
    if (!condition.p)
        return false;
    if (c->message->header_lines[SIP_SUPPRESS_IF_MATCH] > 1 || condition.len == 0)
        return true;
    for (size_t i = 0; i < condition.len; i++) {
        if (!g_ascii_isalnum(condition.p[i]) && !(condition.p[i] && strchr("-.!%*_+`'~", condition.p[i])))
            return true;
    }
    return false;
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

/* A 200 to a condition that seemed to hold proves nothing, the state may just have changed: the NOTIFY after
 * it tells. */
static bool
condition_ignored(const struct finding_context *c)
{
    return c->subscription->ignored_in && c->subscription->etag &&
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
    return c->subscription->suppressed && c->message->body.len == 0 && header(c, SIP_CONTENT_TYPE).p;
}

/* --- the table ------------------------------------------------------------------- */

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

void
findings_each(enum finding_stage stage, const struct finding_context *context,
              void (*found)(enum finding, const struct finding_context *, void *), void *data)
{
    for (int i = 1; i < FINDING_COUNT; i++) {
        if (rules[i].stage == stage && rules[i].applies(context))
            found((enum finding)i, context, data);
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

/* A parameter of the credentials, or of the challenge where there are no credentials. */
static void
append_param(GString *text, const struct finding_values *values, enum auth_param param)
{
    struct auth_value value = {0};
    const struct use *use = values_use(values);
    struct slice rest = {NULL, 0};
    if (use)
        rest = use->line.text;
    else if (values->exchange && values->exchange->challenges)
        rest = values->exchange->challenges->text;
    if (rest.p)
        auth_header_next(&rest, &value);
    append_slice(text, param == AUTH_ALGORITHM ? algorithm_or_md5(value.param[param]) : value.param[param]);
}

/* "SHA-256, MD5" */
static void
append_offered(GString *text, const struct finding_values *values)
{
    const struct auth_line *lines = values->exchange ? values->exchange->challenges : NULL;
    for (const struct auth_line *line = lines; line; line = line->next) {
        struct slice rest = line->text;
        struct auth_value value;
        if (!auth_header_next(&rest, &value))
            continue;
        g_string_append(text, line == lines ? "" : ", ");
        append_slice(text,
                     auth_is_digest(&value) ? algorithm_or_md5(value.param[AUTH_ALGORITHM]) : value.scheme);
    }
}

static void
append_why(GString *text, const struct use *use)
{
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
        g_string_append(text, "the empty password, as AKA resynchronisation wants it");
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
    g_string_append_printf(text, "the digest is %s: ", digest_status_text(use->verdict.status));
    append_why(text, use);
}

static uint32_t
exchange_number(const struct exchange *exchange, const char *name)
{
    if (!exchange)
        return 0;
    if (strcmp(name, "challenge") == 0)
        return exchange->challenge_frame;
    if (strcmp(name, "retry") == 0)
        return exchange->retry_frame;
    if (strcmp(name, "closed") == 0)
        return exchange->closed_frame;
    if (strcmp(name, "attempts") == 0)
        return exchange->attempt;
    if (strcmp(name, "code") == 0)
        return exchange->closed_status ? exchange->closed_status : exchange->status;
    return 0;
}

static uint32_t
use_number(const struct use *use, const char *name)
{
    if (!use)
        return 0;
    if (strcmp(name, "challenge") == 0)
        return use->challenge_frame;
    if (strcmp(name, "retry") == 0)
        return use->request_frame;
    if (strcmp(name, "closed") == 0)
        return use->closed_frame;
    if (strcmp(name, "accepted") == 0)
        return use->nonce_accepted_in;
    if (strcmp(name, "code") == 0)
        return use->closed_status;
    if (strcmp(name, "credential") == 0)
        return use->verdict.credential;
    if (strcmp(name, "tried") == 0)
        return use->verdict.tried;
    if (strcmp(name, "variants") == 0)
        return use->verdict.computations;
    return 0;
}

static void
append_number(GString *text, const struct finding_values *values, const char *name)
{
    const struct use *use = values_use(values);
    uint32_t number = use_number(use, name);
    if (strcmp(name, "a") == 0)
        number = values->frame_a || !use ? values->frame_a : use->suspect_frame;
    else if (strcmp(name, "b") == 0)
        number = values->frame_b;
    if (!number && strcmp(name, "code") == 0)
        number = values->status;
    if (!number)
        number = exchange_number(values->exchange, name);
    bool counts = strcmp(name, "tried") == 0 || strcmp(name, "variants") == 0;
    if (number || counts)
        g_string_append_printf(text, "%u", number);
    else
        g_string_append_c(text, '?');
}

static void
append_value(GString *text, const struct finding_values *values, const char *name)
{
    const struct use *use = values_use(values);
    if (strcmp(name, "realm") == 0)
        append_param(text, values, AUTH_REALM);
    else if (strcmp(name, "uri") == 0)
        append_param(text, values, AUTH_URI);
    else if (strcmp(name, "algorithm") == 0)
        append_param(text, values, AUTH_ALGORITHM);
    else if (strcmp(name, "offered") == 0)
        append_offered(text, values);
    else if (strcmp(name, "reason") == 0)
        append_reason(text, values);
    else if (strcmp(name, "why") == 0)
        append_why(text, use);
    else if (strcmp(name, "by") == 0)
        append_by(text, use);
    else if (strcmp(name, "variant") == 0)
        g_string_append(text, use && use->verdict.variant ? use->verdict.variant : "?");
    else if (strcmp(name, "account") == 0)
        g_string_append(text, use                ? use->user_at_realm
                              : values->exchange ? exchange_account(values->exchange)
                                                 : "?");
    else if (strcmp(name, "method") == 0)
        g_string_append(text, values->method ? values->method : "another method");
    else
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
