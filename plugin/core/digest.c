/* digest.c
 * Recomputes a SIP Digest from configured credentials and says whether it fits, and how.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "digest.h"

#include <gcrypt.h>
#include <glib.h>

#include "aka.h"
#include "sip_message.h"
#include "wipe.h"

enum { HEX_MAX = 128, RAW_MAX = 64, PARTS_MAX = 6, AKA_PASSWORD_MAX = 64 };

/* RFC 7616 section 6.1, 8760, 3310, 4169. A misspelt name that stacks send is a row of its own. */
struct algorithm {
    struct slice name;
    int hash;
    size_t hex_len; /* of HA1, HA2 and the response */
    bool session;
    int aka; /* 0 none, 1 AKAv1, 2 AKAv2 */
};

#define ROW(name, hash, len, session, aka)                                                                   \
    {                                                                                                        \
        {(name), sizeof(name) - 1}, (hash), (len), (session), (aka)                                          \
    }
static const struct algorithm algorithms[] = {
    ROW("MD5", GCRY_MD_MD5, 32, false, 0),
    ROW("MD5-sess", GCRY_MD_MD5, 32, true, 0),
    ROW("SHA-256", GCRY_MD_SHA256, 64, false, 0),
    ROW("SHA-256-sess", GCRY_MD_SHA256, 64, true, 0),
    ROW("SHA-512-256", GCRY_MD_SHA512_256, 64, false, 0),
    ROW("SHA-512-256-sess", GCRY_MD_SHA512_256, 64, true, 0),
    ROW("AKAv1-MD5", GCRY_MD_MD5, 32, false, 1),
    ROW("AKAv2-MD5", GCRY_MD_MD5, 32, false, 2),
    ROW("SHA256", GCRY_MD_SHA256, 64, false, 0),
};
#undef ROW

static const struct algorithm *
algorithm_find(struct slice name)
{
    name = slice_trim(name);
    for (size_t i = 0; i < G_N_ELEMENTS(algorithms); i++) {
        if (slice_equal_nocase(name, algorithms[i].name))
            return &algorithms[i];
    }
    return NULL;
}

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
        [DIGEST_UNKNOWN_ALGORITHM] = "unknown algorithm",
        [DIGEST_ALGORITHM_REFUSED] = "this libgcrypt refuses the algorithm (FIPS mode?)",
        [DIGEST_PARAMETER_MISSING] = "a parameter is missing",
        [DIGEST_BODY_CUT] = "the capture does not hold the whole body that auth-int covers",
        [DIGEST_RESPONSE_LENGTH] = "the response has not the length that the algorithm makes",
        [DIGEST_RESPONSE_EMPTY] = "the response is empty: it names the user, and proves nothing yet",
        [DIGEST_MESSAGE_CUT] = "the capture cut the header line",
        [DIGEST_NONCE_MALFORMED] = "the nonce holds no RAND and AUTN",
    };
    return text[reason];
}

/* --- one computation ------------------------------------------------------------ */

/* The texts that one computation hashes. Begins as the RFC has it; a variant changes what it is named for. */
struct attempt {
    const struct algorithm *algorithm;
    int hash;
    bool raw_session; /* the inner hash of -sess enters as octets, not as hex */
    struct slice user, realm, nonce, nc, cnonce, session_cnonce, uri, method;
    struct slice qop; /* absent: the form of RFC 2069 */
    bool body_in_a2;
    struct slice body;
    struct slice password_suffix;
    bool empty_password, upper_ha1, latin1;
};

/* Everything about the input that does not depend on a credential. */
struct reading {
    const struct digest_input *input;
    struct attempt rfc;
    struct slice raw_user, raw_realm, raw_nonce, raw_cnonce, raw_uri;
    char *scratch; /* holds what had to be unescaped */
};

static void
to_hex(const uint8_t *octets, size_t digits, char *hex)
{
    for (size_t i = 0; i < digits; i++)
        hex[i] = "0123456789abcdef"[i % 2 ? octets[i / 2] & 15 : octets[i / 2] >> 4];
}

/* hash( parts joined by ":" ), cut to the algorithm's length; `raw` and `hex` may be NULL. */
static bool
hash_join(const struct attempt *attempt, const struct slice *parts, size_t count, uint8_t *raw, char *hex)
{
    gcry_buffer_t iov[2 * PARTS_MAX] = {{0}};
    uint8_t digest[RAW_MAX];
    int n = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            iov[n++] = (gcry_buffer_t){.data = (void *)(uintptr_t) ":", .len = 1};
        iov[n++] = (gcry_buffer_t){.data = (void *)(uintptr_t)parts[i].p, .len = parts[i].len};
    }
    if (gcry_md_hash_buffers(attempt->hash, 0, digest, iov, n))
        return false;
    if (raw)
        memcpy(raw, digest, attempt->algorithm->hex_len / 2);
    if (hex)
        to_hex(digest, attempt->algorithm->hex_len, hex);
    wipe(digest, sizeof digest);
    return true;
}

/* password = base64( HMAC-MD5( RES||IK||CK, "http-digest-akav2-password" ) )   (RFC 4169 section 3.1) */
static bool
akav2_password(const struct attempt *attempt, const uint8_t *keys, size_t len, char *password,
               size_t *password_len)
{
    struct slice label = SLICE("http-digest-akav2-password");
    gcry_buffer_t iov[2] = {{.data = (void *)(uintptr_t)keys, .len = len},
                            {.data = (void *)(uintptr_t)label.p, .len = label.len}};
    uint8_t mac[RAW_MAX];
    gint state = 0, save = 0;
    if (gcry_md_hash_buffers(attempt->hash, GCRY_MD_FLAG_HMAC, mac, iov, 2))
        return false;
    size_t n = g_base64_encode_step(mac, attempt->algorithm->hex_len / 2, FALSE, password, &state, &save);
    *password_len = n + g_base64_encode_close(FALSE, password + n, &state, &save);
    wipe(mac, sizeof mac);
    return true;
}

enum try_result { TRY_FITS, TRY_MISFIT, TRY_UNSUITABLE, TRY_REFUSED, TRY_NONCE_MALFORMED };

/* What the user would have typed as password, from AKA keys. */
static enum try_result
aka_password(const struct attempt *attempt, const struct credential *row, char *password, size_t *len)
{
    struct aka_vector vector;
    uint8_t rand[AKA_RAND_LEN], keys[AKA_RES_LEN + 2 * AKA_KEY_LEN];
    const uint8_t *secret = (const uint8_t *)row->secret.p;
    struct slice all = row->secret;
    size_t res_len = row->res_len;
    if (row->type != SECRET_AKA_RES) {
        if (!aka_rand_of_nonce(attempt->nonce, rand))
            return TRY_NONCE_MALFORMED;
        if (!aka_milenage(secret, secret + AKA_KEY_LEN, row->type == SECRET_AKA_K_OPC, rand, &vector))
            return TRY_REFUSED;
        memcpy(keys, vector.res, AKA_RES_LEN);
        memcpy(keys + AKA_RES_LEN, vector.ik, AKA_KEY_LEN);
        memcpy(keys + AKA_RES_LEN + AKA_KEY_LEN, vector.ck, AKA_KEY_LEN);
        wipe(&vector, sizeof vector);
        all = (struct slice){(const char *)keys, sizeof keys};
        res_len = AKA_RES_LEN;
    }
    enum try_result result = TRY_UNSUITABLE;
    if (attempt->algorithm->aka == 1 && res_len <= AKA_PASSWORD_MAX) {
        memcpy(password, all.p, res_len);
        *len = res_len;
        result = TRY_FITS;
    } else if (attempt->algorithm->aka == 2 && all.len == res_len + 2 * AKA_KEY_LEN) {
        result =
            akav2_password(attempt, (const uint8_t *)all.p, all.len, password, len) ? TRY_FITS : TRY_REFUSED;
    }
    wipe(keys, sizeof keys);
    return result;
}

/* HA1 as configured. Its length must be the algorithm's: an MD5 HA1 says nothing about SHA-256. */
static enum try_result
configured_ha1(const struct attempt *attempt, struct slice secret, char *ha1)
{
    if (secret.len != attempt->algorithm->hex_len || attempt->algorithm->aka)
        return TRY_UNSUITABLE;
    for (size_t i = 0; i < secret.len; i++)
        ha1[i] = (char)(secret.p[i] >= 'A' && secret.p[i] <= 'F' ? secret.p[i] | 0x20 : secret.p[i]);
    return TRY_FITS;
}

/* UTF-8 to ISO-8859-1; absent when it has no such form. Wipe and free the result's text. */
static struct slice
to_latin1(struct slice utf8)
{
    char *text = g_malloc(utf8.len + 1);
    size_t n = 0;
    for (const char *p = utf8.p; p < slice_end(utf8); p = g_utf8_next_char(p)) {
        gunichar letter = g_utf8_get_char_validated(p, slice_end(utf8) - p);
        if (letter > 0xff) { /* or invalid, which is larger still */
            wipe(text, n);
            g_free(text);
            return (struct slice){NULL, 0};
        }
        text[n++] = (char)letter;
    }
    return (struct slice){text, n};
}

/* In a block of just its size: one that grows leaves its old self behind. */
static struct slice
password_of(const struct attempt *attempt, struct slice secret)
{
    struct slice suffix = attempt->password_suffix;
    size_t len = attempt->empty_password ? 0 : secret.len;
    struct slice password = {g_malloc(len + suffix.len + 1), len + suffix.len};
    char *text = (char *)(uintptr_t)password.p;
    if (len > 0)
        memcpy(text, secret.p, len);
    if (suffix.len > 0)
        memcpy(text + len, suffix.p, suffix.len);
    if (!attempt->latin1)
        return password;
    struct slice latin1 = to_latin1(password);
    wipe(text, password.len);
    g_free(text);
    return latin1;
}

/* H( user ":" realm ":" password ), as hex. */
static enum try_result
plain_ha1(const struct attempt *attempt, const struct credential *row, char *ha1)
{
    char aka[AKA_PASSWORD_MAX];
    size_t aka_len = 0;
    enum try_result result = TRY_FITS;
    struct slice password;
    if (row->type == SECRET_HA1)
        return configured_ha1(attempt, row->secret, ha1);
    bool is_aka = row->type != SECRET_PASSWORD;
    if (is_aka && !attempt->algorithm->aka)
        return TRY_UNSUITABLE;
    if (is_aka)
        result = aka_password(attempt, row, aka, &aka_len);
    if (result != TRY_FITS)
        return result;
    password = is_aka ? (struct slice){aka, aka_len} : password_of(attempt, row->secret);
    struct slice parts[] = {attempt->user, attempt->realm, password};
    if (!hash_join(attempt, parts, G_N_ELEMENTS(parts), NULL, ha1))
        result = TRY_REFUSED;
    if (!is_aka && password.p) {
        wipe((char *)(uintptr_t)password.p, password.len);
        g_free((char *)(uintptr_t)password.p);
    }
    wipe(aka, sizeof aka);
    return result;
}

/* A1 = H( … ) ":" nonce ":" cnonce, the inner hash as hex text (RFC 7616 section 3.4.2) or as octets (erratum
 * 1649). */
static bool
session_ha1(const struct attempt *attempt, char *ha1)
{
    size_t digits = attempt->algorithm->hex_len;
    uint8_t raw[RAW_MAX];
    struct slice inner = {ha1, digits};
    if (attempt->raw_session) {
        for (size_t i = 0; i < digits / 2; i++)
            raw[i] = (uint8_t)(g_ascii_xdigit_value(ha1[2 * i]) * 16 + g_ascii_xdigit_value(ha1[2 * i + 1]));
        inner = (struct slice){(const char *)raw, digits / 2};
    }
    struct slice parts[] = {inner, attempt->nonce, attempt->session_cnonce};
    return hash_join(attempt, parts, G_N_ELEMENTS(parts), NULL, ha1);
}

/* A2 = method ":" uri [ ":" H(body) ] */
static bool
make_ha2(const struct attempt *attempt, char *ha2)
{
    char body[HEX_MAX];
    struct slice parts[] = {attempt->method, attempt->uri, {body, attempt->algorithm->hex_len}};
    if (attempt->body_in_a2 && !hash_join(attempt, &attempt->body, 1, NULL, body))
        return false;
    return hash_join(attempt, parts, attempt->body_in_a2 ? 3 : 2, NULL, ha2);
}

/* response = H( HA1 ":" nonce ":" nc ":" cnonce ":" qop ":" HA2 ), or without qop H( HA1 ":" nonce ":" HA2 )
 */
static bool
make_response(const struct attempt *attempt, const char *ha1, const char *ha2, char *response)
{
    size_t digits = attempt->algorithm->hex_len;
    struct slice h1 = {ha1, digits}, h2 = {ha2, digits};
    if (attempt->qop.p) {
        struct slice parts[] = {h1, attempt->nonce, attempt->nc, attempt->cnonce, attempt->qop, h2};
        return hash_join(attempt, parts, G_N_ELEMENTS(parts), NULL, response);
    }
    struct slice parts[] = {h1, attempt->nonce, h2};
    return hash_join(attempt, parts, G_N_ELEMENTS(parts), NULL, response);
}

static void
upper(char *hex, size_t digits)
{
    for (size_t i = 0; i < digits; i++)
        hex[i] = g_ascii_toupper(hex[i]);
}

static enum try_result
attempt_fits(const struct attempt *attempt, const struct credential *row, struct slice wanted)
{
    char ha1[HEX_MAX], ha2[HEX_MAX], response[HEX_MAX];
    size_t digits = attempt->algorithm->hex_len;
    enum try_result result = plain_ha1(attempt, row, ha1);
    if (result == TRY_FITS) {
        if (attempt->upper_ha1)
            upper(ha1, digits);
        if ((attempt->algorithm->session && !session_ha1(attempt, ha1)) || !make_ha2(attempt, ha2) ||
            !make_response(attempt, ha1, ha2, response))
            result = TRY_REFUSED;
        else if (!slice_equal_nocase((struct slice){response, digits}, wanted))
            result = TRY_MISFIT;
    }
    wipe(ha1, sizeof ha1);
    wipe(response, sizeof response);
    return result;
}

/* --- the ways to compute it ----------------------------------------------------- */

/* Each changes what it is named for, and answers false when that changes nothing for this message. */

static bool
as_rfc(struct attempt *attempt, const struct reading *reading)
{
    (void)attempt;
    (void)reading;
    return true;
}

static bool
with_backslashes(struct attempt *attempt, const struct reading *reading)
{
    bool differs = attempt->user.p != reading->raw_user.p || attempt->realm.p != reading->raw_realm.p ||
                   attempt->nonce.p != reading->raw_nonce.p || attempt->cnonce.p != reading->raw_cnonce.p ||
                   attempt->uri.p != reading->raw_uri.p;
    attempt->user = reading->raw_user;
    attempt->realm = reading->raw_realm;
    attempt->nonce = reading->raw_nonce;
    attempt->cnonce = attempt->session_cnonce = reading->raw_cnonce;
    attempt->uri = reading->raw_uri;
    return differs;
}

static bool
with_second_method(struct attempt *attempt, const struct reading *reading)
{
    attempt->method = reading->input->method_second;
    return attempt->method.p != NULL;
}

static bool
with_first_cnonce(struct attempt *attempt, const struct reading *reading)
{
    attempt->session_cnonce = reading->input->first_cnonce;
    return attempt->algorithm->session && attempt->session_cnonce.p &&
           !slice_equal(attempt->session_cnonce, attempt->cnonce);
}

static bool
with_md5(struct attempt *attempt, const struct reading *reading)
{
    if (reading->input->credentials->param[AUTH_ALGORITHM].p || attempt->algorithm == &algorithms[0])
        return false;
    attempt->algorithm = &algorithms[0];
    attempt->hash = GCRY_MD_MD5;
    return reading->input->response.len == algorithms[0].hex_len;
}

static bool
with_raw_session(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    attempt->raw_session = true;
    return attempt->algorithm->session;
}

static bool
with_cut_sha512(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    bool differs = attempt->hash == GCRY_MD_SHA512_256;
    attempt->hash = GCRY_MD_SHA512;
    return differs;
}

static bool
without_body_part(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    bool differs = attempt->body_in_a2;
    attempt->body_in_a2 = false;
    return differs;
}

static bool
with_empty_body(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    bool differs = attempt->body_in_a2 && attempt->body.len > 0;
    attempt->body.len = 0;
    return differs;
}

static bool
with_final_auth_int(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    bool differs = slice_equal_nocase(attempt->qop, SLICE("auth"));
    attempt->qop = SLICE("auth-int");
    return differs;
}

static bool
with_qop_list(struct attempt *attempt, const struct reading *reading)
{
    const struct auth_value *challenge = reading->input->challenge;
    if (!challenge || !challenge->param[AUTH_QOP].p || !attempt->qop.p)
        return false;
    bool differs = !slice_equal(challenge->param[AUTH_QOP], attempt->qop);
    attempt->qop = challenge->param[AUTH_QOP];
    return differs;
}

static bool
with_qop_quotes(struct attempt *attempt, const struct reading *reading)
{
    const struct auth_value *credentials = reading->input->credentials;
    if (!(credentials->quoted & 1u << AUTH_QOP) || credentials->unterminated || !attempt->qop.p)
        return false;
    attempt->qop = (struct slice){attempt->qop.p - 1, attempt->qop.len + 2};
    return true;
}

static bool
without_qop(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    bool differs = attempt->qop.p != NULL;
    attempt->qop = (struct slice){NULL, 0};
    attempt->body_in_a2 = false;
    return differs;
}

static bool
with_qop_auth(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    bool differs = !attempt->qop.p && attempt->nc.p && attempt->cnonce.p;
    attempt->qop = SLICE("auth");
    return differs;
}

static bool
with_request_uri(struct attempt *attempt, const struct reading *reading)
{
    bool differs = reading->input->request_uri.p && !slice_equal(attempt->uri, reading->input->request_uri);
    attempt->uri = reading->input->request_uri;
    return differs;
}

static bool
with_bare_user(struct attempt *attempt, const struct reading *reading)
{
    struct slice user, host, full = attempt->user;
    (void)reading;
    sip_uri_split(full, &user, &host);
    attempt->user = user;
    return user.p && !slice_equal(user, full);
}

static bool
with_empty_password(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    attempt->empty_password = true;
    return true;
}

static bool
with_newline(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    attempt->password_suffix = SLICE("\n");
    return true;
}

static bool
with_carriage_return(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    attempt->password_suffix = SLICE("\r");
    return true;
}

static bool
with_blank(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    attempt->password_suffix = SLICE(" ");
    return true;
}

static bool
with_latin1(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    attempt->latin1 = true;
    return true;
}

static bool
with_upper_ha1(struct attempt *attempt, const struct reading *reading)
{
    (void)reading;
    attempt->upper_ha1 = true;
    return true;
}

/* In the order of trying. A conforming one is as good as the first: the RFCs leave the choice, or stacks
 * agree. */
static const struct variant {
    const char *name;
    bool conforming;
    bool password_only; /* changes the password, so an HA1 or a key cannot be tried so */
    bool (*apply)(struct attempt *, const struct reading *);
} variants[] = {
    {"rfc", true, false, as_rfc},
    {"escaped-text", true, false, with_backslashes},
    {"second-method", true, false, with_second_method},
    {"first-cnonce", true, false, with_first_cnonce},
    {"md5-by-default", true, false, with_md5},
    {"raw-inner-hash", false, false, with_raw_session},
    {"truncated-sha-512", false, false, with_cut_sha512},
    {"auth-int-without-body", false, false, without_body_part},
    {"auth-int-empty-body", false, false, with_empty_body},
    {"qop-auth-int-in-response", false, false, with_final_auth_int},
    {"qop-list", false, false, with_qop_list},
    {"qop-quotes", false, false, with_qop_quotes},
    {"rfc2069-form", false, false, without_qop},
    {"qop-auth-form", false, false, with_qop_auth},
    {"request-uri", false, false, with_request_uri},
    {"user-without-domain", false, false, with_bare_user},
    {"empty-password", false, true, with_empty_password},
    {"password-newline", false, true, with_newline},
    {"password-carriage-return", false, true, with_carriage_return},
    {"password-blank", false, true, with_blank},
    {"password-latin1", false, true, with_latin1},
    {"upper-case-ha1", false, false, with_upper_ha1},
};

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
    return &algorithms[0];
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

/* The name of what the formula needs and the message does not have; NULL when all is there. */
static const char *
missing_parameter(const struct digest_input *input, const struct algorithm *algorithm)
{
    const struct slice *p = input->credentials->param;
    bool qop = p[AUTH_QOP].len > 0;
    if (!p[AUTH_USERNAME].p && !p[AUTH_USERNAME_EXT].p)
        return "username";
    if (!p[AUTH_REALM].p)
        return "realm";
    if (!p[AUTH_NONCE].p)
        return "nonce";
    if (!p[AUTH_URI].p)
        return "uri";
    if (!input->response.p)
        return "response";
    if (qop && !p[AUTH_NC].p)
        return "nc";
    if ((qop || algorithm->session) && !p[AUTH_CNONCE].p)
        return "cnonce";
    return NULL;
}

/* Whatever forbids to compute at all, before any credential is looked at. */
static enum digest_reason
obstacle(const struct digest_input *input, const struct algorithm *algorithm, const char **missing)
{
    if (input->response.p && input->response.len == 0)
        return DIGEST_RESPONSE_EMPTY;
    if (!algorithm)
        return DIGEST_UNKNOWN_ALGORITHM;
    *missing = missing_parameter(input, algorithm);
    if (*missing)
        return DIGEST_PARAMETER_MISSING;
    if (input->response.len != algorithm->hex_len)
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
    return hash_join(&reading->rfc, parts, G_N_ELEMENTS(parts), NULL, hex) &&
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
    sip_uri_split(reading->rfc.user, &user, &host);
    return host.p && slice_equal(row->user, user) ? 1 : 0;
}

/* A hashed name enters A1 in the clear (RFC 7616 section 3.4.4), and only the row knows it. */
static void
reveal_user(const struct reading *reading, const struct credential *row, struct attempt *attempt)
{
    if (slice_equal_nocase(reading->input->credentials->param[AUTH_USERHASH], SLICE("true")))
        attempt->user = row->user;
}

static enum try_result
try_row(const struct reading *reading, const struct credential *row, const struct variant **fits)
{
    enum try_result worst = TRY_MISFIT;
    for (size_t i = 0; i < G_N_ELEMENTS(variants); i++) {
        struct attempt attempt = reading->rfc;
        if ((variants[i].password_only && row->type != SECRET_PASSWORD) ||
            !variants[i].apply(&attempt, reading))
            continue;
        reveal_user(reading, row, &attempt);
        enum try_result result = attempt_fits(&attempt, row, reading->input->response);
        if (result == TRY_FITS) {
            *fits = &variants[i];
            return result;
        }
        if (i == 0)
            worst = result;
        if (worst != TRY_MISFIT)
            break;
    }
    return worst;
}

static void
note_fit(struct digest_verdict *verdict, const struct variant *fits, size_t row)
{
    verdict->status = fits->conforming ? DIGEST_GOOD : DIGEST_BAD;
    verdict->reason = fits->conforming ? DIGEST_REASON_NONE : DIGEST_NONCONFORMING;
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

/* All rows of one rank. True when one fits by the RFC; a fit by another variant is noted, and the search goes
 * on. */
static bool
try_rows(const struct reading *reading, const struct credential *rows, size_t count, int rank,
         struct digest_verdict *verdict)
{
    for (size_t i = 0; i < count; i++) {
        const struct variant *fits = NULL;
        if (row_rank(reading, &rows[i]) != rank)
            continue;
        enum try_result result = try_row(reading, &rows[i], &fits);
        if (result == TRY_MISFIT || fits)
            verdict->tried++;
        if (fits && (fits->conforming || !verdict->variant))
            note_fit(verdict, fits, i + 1);
        if (fits && fits->conforming)
            return true;
        if (result == TRY_MISFIT || fits) {
            verdict->status = DIGEST_BAD;
            verdict->reason = verdict->variant ? DIGEST_NONCONFORMING : DIGEST_MISMATCH;
        } else if (verdict->status != DIGEST_BAD) {
            verdict->reason = reason_of(result);
        }
    }
    return false;
}

/* Resynchronisation is signed with the empty password (RFC 3310 section 3.4): no key is needed to check it.
 */
static void
try_auts(const struct reading *reading, struct digest_verdict *verdict)
{
    const struct credential nobody = {.type = SECRET_PASSWORD, .secret = SLICE("")};
    const struct variant *fits = NULL;
    enum try_result result = try_row(reading, &nobody, &fits);
    verdict->status = DIGEST_BAD;
    verdict->reason = reason_of(result);
    verdict->tried = 1;
    if (fits)
        note_fit(verdict, fits, 0);
}

static void
judge(const struct reading *reading, const struct credential *rows, size_t count,
      struct digest_verdict *verdict)
{
    if (reading->rfc.algorithm->aka && reading->input->credentials->param[AUTH_AUTS].p) {
        try_auts(reading, verdict);
        return;
    }
    verdict->reason = DIGEST_NO_CREDENTIAL;
    if (!try_rows(reading, rows, count, 2, verdict) && verdict->reason == DIGEST_NO_CREDENTIAL)
        try_rows(reading, rows, count, 1, verdict);
}

/* A row that stands for this user in one realm stands for it in the question whether anything is configured.
 */
bool
digest_user_configured(const struct auth_value *credentials, const struct credential *rows, size_t count)
{
    const struct digest_input input = {.credentials = credentials,
                                       .response = credentials->param[AUTH_RESPONSE]};
    const struct algorithm *algorithm = effective_algorithm(&input);
    struct reading reading = {0};
    bool configured = false;
    if (count == 0)
        return false;
    if (reading_begin(&input, algorithm ? algorithm : &algorithms[0], &reading)) {
        for (size_t i = 0; i < count && !configured; i++) {
            struct credential row = rows[i];
            row.realm = reading.rfc.realm;
            configured = row_rank(&reading, &row) > 0;
        }
    }
    g_free(reading.scratch);
    return configured;
}

struct digest_verdict
digest_verify(const struct digest_input *input, const struct credential *rows, size_t count)
{
    struct digest_verdict verdict = {.status = DIGEST_UNVERIFIED, .variants = G_N_ELEMENTS(variants)};
    const struct algorithm *algorithm = effective_algorithm(input);
    verdict.reason = obstacle(input, algorithm, &verdict.missing);
    if (verdict.reason != DIGEST_REASON_NONE)
        return verdict;
    struct reading reading = {0};
    if (reading_begin(input, algorithm, &reading)) {
        judge(&reading, rows, count, &verdict);
    } else {
        verdict.reason = DIGEST_PARAMETER_MISSING;
        verdict.missing = "username";
    }
    g_free(reading.scratch);
    return verdict;
}
