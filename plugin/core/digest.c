/* digest.c
 * Recomputes a SIP Digest from configured credentials and says whether it fits, and how.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "digest.h"

#include <gcrypt.h>
#include <glib.h>

#include "digest_private.h"
#include "sip_message.h"
#include "wipe.h"

/* Rows of one user for which the known mistakes are looked for, too, and octets that each would hash. No
 * honest message needs more. */
enum { FORENSIC_ROWS = 16, FORENSIC_OCTETS = 8192 };

bool
digest_algorithm_known(struct slice name)
{
    return algorithm_find(name) != NULL;
}

const char *
digest_status_text(enum digest_status status)
{
    static const char *const text[] = {"none", "good", "bad", "unverified"};
    return text[status];
}

const char *
digest_reason_text(enum digest_reason reason)
{
    static const char *const text[] = {
        [DIGEST_REASON_NONE] = "",
        [DIGEST_MISMATCH] = "no configured credential fits",
        [DIGEST_NONCONFORMING] = "a configured credential fits, but not by the computation of the RFC",
        [DIGEST_NO_CREDENTIAL] = "no credential is configured for this user and realm",
        [DIGEST_CREDENTIAL_UNSUITABLE] = "the configured credential cannot make a digest of this algorithm",
        [DIGEST_CREDENTIAL_DOUBTFUL] =
            "what is configured does not fit, and may be meant for another user, algorithm or challenge",
        [DIGEST_SESSION_UNSEEN] =
            "the client nonce with which this session began (-sess) is not in the capture",
        [DIGEST_UNKNOWN_ALGORITHM] = "unknown algorithm",
        [DIGEST_ALGORITHM_REFUSED] = "this libgcrypt refuses the algorithm (FIPS mode?)",
        [DIGEST_PARAMETER_MISSING] = "a parameter is missing",
        [DIGEST_BODY_CUT] = "the body that auth-int covers is not there as a whole",
        [DIGEST_RESPONSE_LENGTH] = "the response is not as many hex digits as the algorithm makes",
        [DIGEST_RESPONSE_EMPTY] = "the response is empty, and proves nothing",
        [DIGEST_MESSAGE_CUT] = "the capture cut the header line",
        [DIGEST_NONCE_MALFORMED] = "the nonce holds no RAND and AUTN",
    };
    return text[reason];
}

char *
digest_verdict_text(const struct digest_verdict *verdict)
{
    GString *text = g_string_new(NULL);
    if (verdict->missing) {
        bool several = verdict->missing & (verdict->missing - 1);
        char *names = auth_param_names(verdict->missing);
        g_string_append_printf(text, several ? "parameters %s are missing" : "parameter %s is missing",
                               names);
        g_free(names);
        return g_string_free(text, FALSE);
    }
    g_string_append(text, digest_reason_text(verdict->reason));
    if (verdict->reason == DIGEST_NONCONFORMING)
        g_string_append_printf(text, ": the client %s (%s)", digest_variant_mistake(verdict->variant),
                               verdict->variant);
    if (verdict->reason == DIGEST_MISMATCH)
        g_string_append_printf(text, " (%u tried, %u computations)", verdict->tried, verdict->computations);
    if (verdict->status == DIGEST_GOOD && strcmp(verdict->variant, "rfc") != 0)
        g_string_append(text, verdict->variant);
    return g_string_free(text, FALSE);
}

/* --- reading the input ---------------------------------------------------------- */

static const struct algorithm *
effective_algorithm(const struct digest_input *input)
{
    struct slice own = input->credentials->param[AUTH_ALGORITHM];
    if (own.p)
        return algorithm_find(own);
    /* RFC 7616 section 3.4: the challenge's; without one MD5. What has 32 digits cannot be SHA-256. */
    if (input->challenge && input->challenge->param[AUTH_ALGORITHM].p) {
        const struct algorithm *offered = algorithm_find(input->challenge->param[AUTH_ALGORITHM]);
        if (offered && offered->hex_len == input->response.len)
            return offered;
    }
    return algorithm_find(SLICE("MD5"));
}

/* Unescapes into the next part of the scratch space. */
static struct slice
unescape_next(struct slice raw, char **scratch)
{
    struct slice text = auth_unescape(raw, *scratch);
    *scratch += raw.len;
    return text;
}

static bool
reading_begin(const struct digest_input *input, const struct algorithm *algorithm, struct reading *reading)
{
    const struct slice *p = input->credentials->param;
    struct slice user = p[AUTH_USERNAME].p ? p[AUTH_USERNAME] : p[AUTH_USERNAME_EXT];
    size_t room = user.len + p[AUTH_REALM].len + p[AUTH_NONCE].len + p[AUTH_CNONCE].len + p[AUTH_URI].len + 1;
    char *scratch = reading->scratch = g_malloc(room);
    struct attempt *rfc = &reading->rfc;
    reading->input = input;
    rfc->algorithm = algorithm;
    rfc->hash = algorithm->hash;
    rfc->user = unescape_next(user, &scratch);
    if (!p[AUTH_USERNAME].p)
        rfc->user = auth_decode_extended(user, scratch - user.len);
    rfc->realm = unescape_next(p[AUTH_REALM], &scratch);
    rfc->nonce = unescape_next(p[AUTH_NONCE], &scratch);
    rfc->cnonce = rfc->session_cnonce = unescape_next(p[AUTH_CNONCE], &scratch);
    rfc->uri = unescape_next(p[AUTH_URI], &scratch);
    rfc->nc = p[AUTH_NC];
    rfc->qop = p[AUTH_QOP].len ? p[AUTH_QOP] : (struct slice){NULL, 0};
    rfc->method = input->method;
    rfc->body = input->body;
    rfc->body_in_a2 = slice_equal_nocase(rfc->qop, SLICE("auth-int"));
    reading->raw_user = p[AUTH_USERNAME].p ? user : rfc->user;
    reading->raw_realm = p[AUTH_REALM];
    reading->raw_nonce = p[AUTH_NONCE];
    reading->raw_cnonce = p[AUTH_CNONCE];
    reading->raw_uri = p[AUTH_URI];
    return rfc->user.p != NULL;
}

/* What the formula needs and the message does not have, a bit each. */
static unsigned
missing_parameters(const struct digest_input *input, const struct algorithm *algorithm)
{
    const struct slice *p = input->credentials->param;
    bool qop = p[AUTH_QOP].len > 0;
    return (p[AUTH_USERNAME].p || p[AUTH_USERNAME_EXT].p ? 0 : 1u << AUTH_USERNAME) |
           (p[AUTH_REALM].p ? 0 : 1u << AUTH_REALM) | (p[AUTH_NONCE].p ? 0 : 1u << AUTH_NONCE) |
           (p[AUTH_URI].p ? 0 : 1u << AUTH_URI) | (input->response.p ? 0 : 1u << AUTH_RESPONSE) |
           (!qop || p[AUTH_NC].p ? 0 : 1u << AUTH_NC) |
           ((!qop && !algorithm->session) || p[AUTH_CNONCE].p ? 0 : 1u << AUTH_CNONCE);
}

/* A response of this length is what the challenge's algorithm makes, if not its own. */
static bool
fits_length(const struct digest_input *input, const struct algorithm *algorithm)
{
    const struct algorithm *asked =
        input->challenge ? algorithm_find(input->challenge->param[AUTH_ALGORITHM]) : NULL;
    return input->response.len == algorithm->hex_len || (asked && input->response.len == asked->hex_len);
}

/* Whatever forbids to compute at all, before any credential is looked at. */
static enum digest_reason
obstacle(const struct digest_input *input, const struct algorithm *algorithm, unsigned *missing)
{
    if (input->response.p && input->response.len == 0)
        return DIGEST_RESPONSE_EMPTY;
    if (!algorithm)
        return DIGEST_UNKNOWN_ALGORITHM;
    *missing = missing_parameters(input, algorithm);
    if (*missing)
        return DIGEST_PARAMETER_MISSING;
    if (!fits_length(input, algorithm) || !slice_is_hex(input->response))
        return DIGEST_RESPONSE_LENGTH;
    if (gcry_md_test_algo(algorithm->hash))
        return DIGEST_ALGORITHM_REFUSED;
    if (input->body_cut && slice_equal_nocase(input->credentials->param[AUTH_QOP], SLICE("auth-int")))
        return DIGEST_BODY_CUT;
    return DIGEST_REASON_NONE;
}

/* --- credentials ---------------------------------------------------------------- */

static bool
is_any(struct slice s)
{
    return s.len == 1 && *s.p == '*';
}

/* userhash=true: the username parameter is H( user ":" realm ) (RFC 7616 section 3.4.4). */
static bool
userhash_matches(const struct reading *reading, const struct credential *row)
{
    char hex[HEX_MAX];
    struct slice parts[] = {row->user, reading->rfc.realm};
    return digest_hash_join(&reading->rfc, parts, G_N_ELEMENTS(parts), NULL, hex) &&
           slice_equal_nocase((struct slice){hex, reading->rfc.algorithm->hex_len}, reading->rfc.user);
}

/* How well a row stands for this user and realm: 2 by its full name, 1 by the part before the "@", 0 not at
 * all. */
static int
row_rank(const struct reading *reading, const struct credential *row)
{
    struct slice user, host;
    bool hashed = slice_equal_nocase(reading->input->credentials->param[AUTH_USERHASH], SLICE("true"));
    if (!is_any(row->realm) && !slice_equal(row->realm, reading->rfc.realm) &&
        !slice_equal(row->realm, reading->raw_realm))
        return 0;
    if (hashed)
        return !is_any(row->user) && userhash_matches(reading, row) ? 2 : 0;
    if (is_any(row->user) || slice_equal(row->user, reading->rfc.user) ||
        slice_equal(row->user, reading->raw_user))
        return 2;
    sip_uri_split(reading->rfc.user, &user, &host); /* an HA1 is of one name only */
    return user.p && row->type != SECRET_HA1 && slice_equal(row->user, user) ? 1 : 0;
}

/* The user part of a name is that of the row, and its domain is not the realm. */
static bool
may_be_another(const struct reading *reading, int rank)
{
    struct slice user, host;
    sip_uri_split(reading->rfc.user, &user, &host);
    return rank == 1 && !slice_equal_nocase(host, reading->rfc.realm);
}

/* Why it is no wonder that this row, which can make such a digest, does not fit. */
static enum digest_reason
excuse(const struct reading *reading, const struct credential *row)
{
    const struct attempt *rfc = &reading->rfc;
    const size_t ambiguous = 64; /* digits of two algorithms */
    if (row->type == SECRET_HA1 && (is_any(row->user) || is_any(row->realm) ||
                                    (rfc->hash != GCRY_MD_SHA256 && row->secret.len == ambiguous)))
        return DIGEST_CREDENTIAL_DOUBTFUL;
    if (row->type == SECRET_AKA_RES)
        return DIGEST_CREDENTIAL_DOUBTFUL;
    return rfc->algorithm->session && reading->input->first_use_unseen ? DIGEST_SESSION_UNSEEN
                                                                       : DIGEST_REASON_NONE;
}

/* A hashed name enters A1 in the clear (RFC 7616 section 3.4.4), and only the row knows it. */
static void
reveal_user(const struct reading *reading, const struct credential *row, struct attempt *attempt)
{
    if (slice_equal_nocase(reading->input->credentials->param[AUTH_USERHASH], SLICE("true")))
        attempt->user = row->user;
}

/* One row and what is known of it: HA1 by the RFC, made once for all variants that leave it as it is. */
struct trial {
    const struct reading *reading;
    const struct credential *row;
    struct digest_verdict *verdict;
    char ha1[HEX_MAX];
    enum try_result ha1_result;
};

static enum try_result
try_attempt(struct trial *trial, const struct attempt *attempt, enum variant_kind kind)
{
    char own[HEX_MAX];
    const char *ha1 = trial->ha1;
    enum try_result result = trial->ha1_result;
    if (kind != VARIANT_RESPONSE) {
        result = digest_make_ha1(attempt, trial->row, own);
        ha1 = own;
    }
    if (result == TRY_FITS) {
        result = digest_response_fits(attempt, ha1, trial->reading->input->response);
        trial->verdict->computations++;
    }
    wipe(own, sizeof own);
    return result;
}

static enum try_result
try_variant(struct trial *trial, const struct variant *variant)
{
    struct attempt attempt = trial->reading->rfc;
    enum try_result result = TRY_UNCHANGED;
    reveal_user(trial->reading, trial->row, &attempt);
    bool typed = trial->row->type == SECRET_PASSWORD && !attempt.algorithm->aka; /* by a user */
    bool possible = variant->kind != VARIANT_OF_PASSWORD || typed;
    if (possible && variant->apply(&attempt, trial->reading, variant->text) &&
        attempt.algorithm->hex_len == trial->reading->input->response.len)
        result = try_attempt(trial, &attempt, variant->kind);
    g_free(attempt.made);
    return result;
}

/* All variants that conform, or all that do not: the one that fits, or NULL. `result` says how the first one
 * went that could be tried. */
static const struct variant *
try_row(const struct reading *reading, const struct credential *row, bool conforming,
        struct digest_verdict *verdict, enum try_result *result)
{
    struct trial trial = {.reading = reading, .row = row, .verdict = verdict, .ha1_result = TRY_UNSUITABLE};
    const struct variant *fits = NULL;
    struct attempt rfc = reading->rfc;
    reveal_user(reading, row, &rfc);
    if (!conforming)
        trial.ha1_result = digest_make_ha1(&rfc, row, trial.ha1);
    *result = TRY_UNCHANGED;
    for (size_t i = 0; i < digest_variants_count && !fits; i++) {
        const struct variant *variant = &digest_variants[i];
        if ((variant->kind == VARIANT_CONFORMING) != conforming)
            continue;
        enum try_result tried = try_variant(&trial, variant);
        if (tried == TRY_FITS)
            fits = variant;
        if (*result == TRY_UNCHANGED)
            *result = tried;
    }
    wipe(trial.ha1, sizeof trial.ha1);
    return fits;
}

static void
note_fit(struct digest_verdict *verdict, const struct variant *fits, size_t row)
{
    bool conforming = fits->kind == VARIANT_CONFORMING;
    verdict->status = conforming ? DIGEST_GOOD : DIGEST_BAD;
    verdict->reason = conforming ? DIGEST_REASON_NONE : DIGEST_NONCONFORMING;
    verdict->variant = fits->name;
    verdict->credential = (unsigned)row;
}

static enum digest_reason
reason_of(enum try_result result)
{
    switch (result) {
    case TRY_UNSUITABLE:
        return DIGEST_CREDENTIAL_UNSUITABLE;
    case TRY_REFUSED:
        return DIGEST_ALGORITHM_REFUSED;
    case TRY_NONCE_MALFORMED:
        return DIGEST_NONCE_MALFORMED;
    default:
        return DIGEST_MISMATCH;
    }
}

/* Whether this row could be tried at all, and how that leaves the verdict. */
static void
note_misfit(struct digest_verdict *verdict, enum try_result result, enum digest_reason excused)
{
    if (result == TRY_MISFIT && excused != DIGEST_REASON_NONE) {
        if (verdict->status != DIGEST_BAD)
            verdict->reason = excused;
    } else if (result == TRY_MISFIT) {
        verdict->tried++;
        verdict->status = DIGEST_BAD;
        verdict->reason = DIGEST_MISMATCH;
    } else if (verdict->status != DIGEST_BAD) {
        verdict->reason = result == TRY_UNCHANGED ? DIGEST_RESPONSE_LENGTH : reason_of(result);
    }
}

/* All rows of one rank by the RFC. True when one fits. */
static bool
try_conforming(const struct reading *reading, const struct credential *rows, size_t count, int rank,
               struct digest_verdict *verdict)
{
    for (size_t i = 0; i < count; i++) {
        enum try_result result;
        if (row_rank(reading, &rows[i]) != rank)
            continue;
        const struct variant *fits = try_row(reading, &rows[i], true, verdict, &result);
        if (fits) {
            verdict->tried++;
            note_fit(verdict, fits, i + 1);
            return true;
        }
        if (!may_be_another(reading, rank)) /* else that it does not fit says nothing */
            note_misfit(verdict, result, excuse(reading, &rows[i]));
    }
    return false;
}

/* The same by the known mistakes, once nothing fits by the RFC. */
static void
try_mistakes(const struct reading *reading, const struct credential *rows, size_t count, int rank,
             size_t left, struct digest_verdict *verdict)
{
    for (size_t i = 0; i < count && left > 0 && !verdict->variant; i++) {
        enum try_result result;
        if (row_rank(reading, &rows[i]) != rank)
            continue;
        const struct variant *fits = try_row(reading, &rows[i], false, verdict, &result);
        left--;
        if (fits) {
            verdict->tried += verdict->tried ? 0 : 1;
            note_fit(verdict, fits, i + 1);
        }
    }
}

/* What is signed with the empty password needs no row: a resynchronisation (RFC 3310 section 3.4), and the
 * last try of a client without an account (RFC 3261 section 22.1). */
static bool
try_empty_password(const struct reading *reading, struct digest_verdict *verdict)
{
    const struct credential nobody = {.type = SECRET_PASSWORD, .secret = SLICE("")};
    enum try_result result;
    const struct variant *fits = try_row(reading, &nobody, true, verdict, &result);
    if (fits)
        note_fit(verdict, fits, 0);
    return fits != NULL;
}

/* How many credentials are tried by the mistakes, so that a message takes no longer the longer its texts are.
 */
static size_t
forensic_rows(const struct reading *reading)
{
    const struct attempt *rfc = &reading->rfc;
    size_t body = rfc->body_in_a2 ? rfc->body.len : 0;
    size_t octets = rfc->user.len + rfc->realm.len + rfc->nonce.len + rfc->cnonce.len + rfc->uri.len + body +
                    reading->input->request_uri.len;
    return MIN(FORENSIC_ROWS, FORENSIC_OCTETS / MAX(octets, 1));
}

static void
judge(const struct reading *reading, const struct credential *rows, size_t count,
      struct digest_verdict *verdict)
{
    if (reading->rfc.algorithm->aka && reading->input->credentials->param[AUTH_AUTS].p) {
        *verdict = (struct digest_verdict){DIGEST_BAD, DIGEST_MISMATCH, .tried = 1};
        try_empty_password(reading, verdict);
        return;
    }
    verdict->reason = DIGEST_NO_CREDENTIAL;
    bool good =
        try_conforming(reading, rows, count, 2, verdict) || try_conforming(reading, rows, count, 1, verdict);
    if (!good && slice_equal(reading->rfc.user, SLICE("anonymous")))
        good = try_empty_password(reading, verdict);
    bool tries_mistakes = !good && !reading->input->conforming_only;
    for (int rank = 2; tries_mistakes && rank > 0 && !verdict->variant; rank--)
        try_mistakes(reading, rows, count, rank, forensic_rows(reading), verdict);
}

/* A row that stands for this user in one realm stands for it in the question whether anything is configured.
 */
bool
digest_user_configured(const struct auth_value *credentials, const struct credential *rows, size_t count)
{
    const struct digest_input input = {.credentials = credentials,
                                       .response = credentials->param[AUTH_RESPONSE]};
    bool configured = false;
    if (count == 0)
        return false;
    struct reading reading = {0};
    const struct algorithm *algorithm = effective_algorithm(&input);
    if (reading_begin(&input, algorithm ? algorithm : algorithm_find(SLICE("MD5")), &reading)) {
        for (size_t i = 0; i < count && !configured; i++) {
            struct credential row = rows[i];
            row.realm = reading.rfc.realm;
            configured = row_rank(&reading, &row) > 0;
        }
    }
    g_free(reading.scratch);
    return configured;
}

/* Whoever has no password, or needs none, may be right without a row. */
static bool
needs_row(const struct digest_input *input)
{
    const struct slice *p = input->credentials->param;
    return p[AUTH_USERNAME].p && !slice_has(p[AUTH_USERNAME], '\\') &&
           !slice_equal(p[AUTH_USERNAME], SLICE("anonymous")) && !p[AUTH_AUTS].p;
}

struct digest_verdict
digest_verify(const struct digest_input *input, const struct credential *rows, size_t count)
{
    struct digest_verdict verdict = {.status = DIGEST_UNVERIFIED};
    const struct algorithm *algorithm = effective_algorithm(input);
    verdict.reason = obstacle(input, algorithm, &verdict.missing);
    if (verdict.reason == DIGEST_REASON_NONE && count == 0 && needs_row(input)) /* nothing is configured */
        verdict.reason = DIGEST_NO_CREDENTIAL;
    if (verdict.reason != DIGEST_REASON_NONE)
        return verdict;
    struct reading reading = {0};
    if (reading_begin(input, algorithm, &reading)) {
        judge(&reading, rows, count, &verdict);
    } else {
        verdict.reason = DIGEST_PARAMETER_MISSING;
        verdict.missing = 1u << AUTH_USERNAME;
    }
    g_free(reading.scratch);
    return verdict;
}
