/* test_digest.c
 * The verifier against published vectors, and against digests made here by the letter of the formulae, with
 * GLib's hashes instead of libgcrypt's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "digest_private.h"
#include "support.h"

/* --- vectors of vectors.json
 * ------------------------------------------------------------------------------------ */

struct vector {
    const char *id, *why; /* why a published value is wrong; NULL */
    struct slice authorization, rspauth, method, body, user, realm;
    enum secret_type type;
    struct slice secret, ha1; /* absent: unknown */
    struct slice aka_res, aka_op, aka_opc;
    enum digest_status status;
    enum digest_reason reason;
    const char *variant;
};

static const struct vector vectors[] = {
#include "vectors.inc"
};

static struct credential
credential(const struct vector *vector, enum secret_type type, struct slice secret)
{
    return (struct credential){.user = vector->user,
                               .realm = vector->realm,
                               .type = type,
                               .secret = secret,
                               .res_len = type == SECRET_AKA_RES ? MIN(secret.len, 16) : 0};
}

/* From the header line to the verdict, as the tracker does it; the line has no octet to spare behind it. */
static struct digest_verdict
verify(const struct vector *vector, const struct credential *rows, size_t count)
{
    struct auth_value credentials;
    struct slice line = exact_copy(vector->authorization), rest = line;
    g_assert(auth_header_next(&rest, &credentials));
    g_assert_true(auth_is_digest(&credentials));
    struct digest_input input = {
        .credentials = &credentials,
        .response = vector->rspauth.p ? vector->rspauth : credentials.param[AUTH_RESPONSE],
        .method = vector->method,
        .body = vector->body,
    };
    struct digest_verdict verdict = digest_verify(&input, rows, count);
    free((char *)(uintptr_t)line.p);
    return verdict;
}

static void
assert_expected(const struct vector *vector, const struct digest_verdict *verdict)
{
    if (vector->why)
        g_test_message("known: %s", vector->why);
    g_assert_cmpint(verdict->status, ==, vector->status);
    g_assert_cmpint(verdict->reason, ==, vector->reason);
    g_assert_cmpstr(verdict->variant, ==, vector->variant);
}

static void
test_vector(gconstpointer data)
{
    const struct vector *vector = data;
    struct credential row = credential(vector, vector->type, vector->secret);
    struct digest_verdict verdict = verify(vector, &row, vector->secret.p ? 1 : 0);
    assert_expected(vector, &verdict);
    g_assert_cmpuint(verdict.credential, ==, vector->secret.p && verdict.variant ? 1 : 0);
}

static void
test_ha1(gconstpointer data)
{
    const struct vector *vector = data;
    struct credential row = credential(vector, SECRET_HA1, vector->ha1);
    struct digest_verdict verdict = verify(vector, &row, 1);
    assert_expected(vector, &verdict);
}

static void
test_aka_res(gconstpointer data)
{
    const struct vector *vector = data;
    struct credential row = credential(vector, SECRET_AKA_RES, vector->aka_res);
    row.res_len = 8;
    struct digest_verdict verdict = verify(vector, &row, 1);
    assert_expected(vector, &verdict);
}

static void
test_aka_op(gconstpointer data)
{
    const struct vector *vector = data;
    struct credential row = credential(vector, SECRET_AKA_K_OP, vector->aka_op);
    struct digest_verdict verdict = verify(vector, &row, 1);
    assert_expected(vector, &verdict);
}

static void
test_aka_opc(gconstpointer data)
{
    const struct vector *vector = data;
    struct credential row = credential(vector, SECRET_AKA_K_OPC, vector->aka_opc);
    struct digest_verdict verdict = verify(vector, &row, 1);
    assert_expected(vector, &verdict);
}

static void
test_aka_wrong_key(gconstpointer data)
{
    const struct vector *vector = data;
    struct credential row = credential(vector, SECRET_AKA_K_OPC, vector->aka_op);
    struct digest_verdict verdict = verify(vector, &row, 1);
    g_assert_cmpint(verdict.status, ==, DIGEST_BAD);
    g_assert_cmpint(verdict.reason, ==, DIGEST_MISMATCH);
}

/* Resynchronisation and the anonymous user need no credential; a response of the wrong length is not even
 * looked at. */
static bool
needs_no_credential(const struct vector *vector)
{
    struct auth_value credentials;
    struct slice rest = vector->authorization;
    g_assert(auth_header_next(&rest, &credentials));
    return credentials.param[AUTH_AUTS].p || vector->reason == DIGEST_RESPONSE_LENGTH ||
           slice_equal(credentials.param[AUTH_USERNAME], SLICE("anonymous"));
}

static void
test_wrong_password(gconstpointer data)
{
    const struct vector *vector = data;
    struct slice wrong = SLICE("not the password");
    struct credential row = credential(vector, SECRET_PASSWORD, wrong);
    struct digest_verdict verdict = verify(vector, &row, 1);
    if (needs_no_credential(vector)) {
        assert_expected(vector, &verdict);
        return;
    }
    /* An empty password is looked for behind every other: a client without its password sends that. */
    bool empty = vector->secret.p && vector->secret.len == 0;
    g_assert_cmpint(verdict.status, ==, DIGEST_BAD);
    g_assert_cmpint(verdict.reason, ==, empty ? DIGEST_NONCONFORMING : DIGEST_MISMATCH);
    g_assert_cmpuint(verdict.credential, ==, empty ? 1 : 0);
    g_assert_cmpuint(verdict.tried, ==, 1);
    g_assert_cmpstr(verdict.variant, ==, empty ? "empty-password" : NULL);
}

static void
test_no_credential(gconstpointer data)
{
    const struct vector *vector = data;
    struct credential row = {SLICE("somebody-else"), SLICE("*"), SECRET_PASSWORD, SLICE("x"), 0};
    for (size_t count = 0; count < 2; count++) {
        struct digest_verdict verdict = verify(vector, &row, count);
        if (needs_no_credential(vector)) {
            assert_expected(vector, &verdict);
            continue;
        }
        g_assert_cmpint(verdict.status, ==, DIGEST_UNVERIFIED);
        g_assert_cmpint(verdict.reason, ==, DIGEST_NO_CREDENTIAL);
    }
}

static void
add(const char *group, const char *name, gconstpointer data, GTestDataFunc test)
{
    char *path = test_path(group, name);
    g_test_add_data_func(path, data, test);
    g_free(path);
}

static void
add_vectors(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        const struct vector *vector = &vectors[i];
        add("/digest/vector", vector->id, vector, test_vector);
        add("/digest/wrong-password", vector->id, vector, test_wrong_password);
        add("/digest/no-credential", vector->id, vector, test_no_credential);
        if (vector->ha1.p)
            add("/digest/ha1", vector->id, vector, test_ha1);
        if (!vector->aka_op.p)
            continue;
        add("/digest/aka-res", vector->id, vector, test_aka_res);
        add("/digest/aka-op", vector->id, vector, test_aka_op);
        add("/digest/aka-opc", vector->id, vector, test_aka_opc);
        add("/digest/aka-wrong-key", vector->id, vector, test_aka_wrong_key);
    }
}

/* --- digests made here
 * ------------------------------------------------------------------------------------------- */

#define NONCE      "dcd98b7102dd2f0e8b11d0f600bfb0c093"
#define BOB        "username=\"bob\", realm=\"biloxi.com\", nonce=\"" NONCE "\", uri=\"sip:biloxi.com\", "
#define AUTH       "qop=auth, nc=00000001, cnonce=\"0a4f113b\", "
#define INT        "qop=auth-int, nc=00000001, cnonce=\"0a4f113b\", "
#define RESPONSE   "response=\"%s\""
#define A1         "bob:biloxi.com:zanzibar"
#define A2         "REGISTER:sip:biloxi.com"
#define MIDDLE     NONCE ":00000001:0a4f113b:auth"
#define MIDDLE_INT NONCE ":00000001:0a4f113b:auth-int"

/* response = H( H(a1) ":" middle ":" H(a2) ), where for -sess H(a1) is H( H(a1) ":" session ) */
struct made {
    const char *name;
    const char *header; /* after "Digest "; %s is the response */
    const char *a1, *middle, *a2;
    const char *session, *challenge, *body;
    const char *request_uri, *method, *second, *first_cnonce;
    struct credential row; /* bob, biloxi.com, zanzibar when it has no user */
    const char *variant;   /* NULL: nothing fits */
    enum digest_status status;
    bool sha256, upper_response, upper_ha1, body_cut;
};

static char *
hash(const struct made *c, const char *text)
{
    return g_compute_checksum_for_string(c->sha256 ? G_CHECKSUM_SHA256 : G_CHECKSUM_MD5, text, -1);
}

static char *
hash_pair(const struct made *c, char *first, const char *second)
{
    char *text = g_strdup_printf("%s:%s", first, second);
    char *hashed = hash(c, text);
    g_free(first);
    g_free(text);
    return hashed;
}

static char *
make_response(const struct made *c)
{
    char *ha1 = hash(c, c->a1), *ha2 = hash(c, c->a2);
    for (char *p = ha1; c->upper_ha1 && *p; p++)
        *p = g_ascii_toupper(*p);
    if (c->session)
        ha1 = hash_pair(c, ha1, c->session);
    char *tail = g_strdup_printf("%s:%s", c->middle, ha2);
    char *response = hash_pair(c, ha1, tail);
    for (char *p = response; c->upper_response && *p; p++)
        *p = g_ascii_toupper(*p);
    g_free(ha2);
    g_free(tail);
    return response;
}

/* "Digest " and the header text, the response put in for %s. */
static struct slice
make_header(const struct made *c)
{
    char *response = c->a1 ? make_response(c) : g_strdup("");
    GString *text = g_string_new("Digest ");
    g_string_append(text, c->header);
    const char *hole = strstr(text->str, "%s");
    if (hole) {
        gssize at = hole - text->str;
        g_string_erase(text, at, 2);
        g_string_insert(text, at, response);
    }
    struct slice header = exact_copy((struct slice){text->str, text->len});
    g_string_free(text, TRUE);
    g_free(response);
    return header;
}

static const struct credential bob = {SLICE("bob"), SLICE("biloxi.com"), SECRET_PASSWORD, SLICE("zanzibar"),
                                      0};

static struct digest_verdict
verify_made(const struct made *c)
{
    struct slice header = make_header(c), rest = header, asked = text_slice_of(c->challenge);
    struct auth_value credentials, challenge;
    struct credential row = c->row.user.p ? c->row : bob;
    g_assert(auth_header_next(&rest, &credentials));
    struct digest_input input = {
        .credentials = &credentials,
        .challenge = asked.p && auth_header_next(&asked, &challenge) ? &challenge : NULL,
        .response = credentials.param[AUTH_RESPONSE],
        .method = text_slice_of(c->method ? c->method : "REGISTER"),
        .method_second = text_slice_of(c->second),
        .request_uri = text_slice_of(c->request_uri),
        .body = text_slice_of(c->body ? c->body : ""),
        .body_cut = c->body_cut,
        .first_cnonce = text_slice_of(c->first_cnonce),
    };
    struct digest_verdict verdict = digest_verify(&input, &row, 1);
    free((char *)(uintptr_t)header.p);
    return verdict;
}

/* clang-format off */
static const struct made made[] = {
    /* spelling that changes nothing: RFC 3261 section 25.1, 7616 section 3.4 */
    {"plain", BOB AUTH RESPONSE, A1, MIDDLE, A2, .variant = "rfc", .status = DIGEST_GOOD},
    {"response-upper-case", BOB AUTH RESPONSE, A1, MIDDLE, A2, .upper_response = true, .variant = "rfc", .status = DIGEST_GOOD},
    {"algorithm-lower-case", BOB AUTH "algorithm=md5, " RESPONSE, A1, MIDDLE, A2, .variant = "rfc", .status = DIGEST_GOOD},
    {"algorithm-quoted", BOB AUTH "algorithm=\"MD5\", " RESPONSE, A1, MIDDLE, A2, .variant = "rfc", .status = DIGEST_GOOD},
    {"algorithm-misspelt-sha256", BOB AUTH "algorithm=SHA256, " RESPONSE, A1, MIDDLE, A2, .sha256 = true, .variant = "rfc", .status = DIGEST_GOOD},
    {"qop-quoted", BOB "qop=\"auth\", nc=00000001, cnonce=\"0a4f113b\", " RESPONSE, A1, MIDDLE, A2, .variant = "rfc", .status = DIGEST_GOOD},
    {"nc-quoted", BOB "qop=auth, nc=\"00000001\", cnonce=\"0a4f113b\", " RESPONSE, A1, MIDDLE, A2, .variant = "rfc", .status = DIGEST_GOOD},
    {"nc-short", BOB "qop=auth, nc=1, cnonce=\"0a4f113b\", " RESPONSE, A1, NONCE ":1:0a4f113b:auth", A2, .variant = "rfc", .status = DIGEST_GOOD},
    {"cnonce-empty", BOB "qop=auth, nc=00000001, cnonce=\"\", " RESPONSE, A1, NONCE ":00000001::auth", A2, .variant = "rfc", .status = DIGEST_GOOD},
    {"cnonce-unquoted", BOB "qop=auth, nc=00000001, cnonce=0a4f113b, " RESPONSE, A1, MIDDLE, A2, .variant = "rfc", .status = DIGEST_GOOD},
    {"uri-not-request-uri", BOB AUTH RESPONSE, A1, MIDDLE, A2, .request_uri = "sip:elsewhere:5080;transport=tcp", .variant = "rfc", .status = DIGEST_GOOD},
    {"uri-name-addr", "username=\"bob\", realm=\"biloxi.com\", nonce=\"" NONCE "\", uri=\"<sip:biloxi.com>\", " AUTH RESPONSE, A1, MIDDLE, "REGISTER:<sip:biloxi.com>", .variant = "rfc", .status = DIGEST_GOOD},
    {"username-empty", "username=\"\", realm=\"biloxi.com\", nonce=\"" NONCE "\", uri=\"sip:biloxi.com\", " AUTH RESPONSE, ":biloxi.com:zanzibar", MIDDLE, A2, .row = {SLICE("*"), SLICE("*"), SECRET_PASSWORD, SLICE("zanzibar"), 0}, .variant = "rfc", .status = DIGEST_GOOD},
    {"username-sip-uri", "username=\"sip:100@kelowna.gloo.net:5060\", realm=\"biloxi.com\", nonce=\"" NONCE "\", uri=\"sip:biloxi.com\", " AUTH RESPONSE, "sip:100@kelowna.gloo.net:5060:biloxi.com:zanzibar", MIDDLE, A2, .row = {SLICE("sip:100@kelowna.gloo.net:5060"), SLICE("*"), SECRET_PASSWORD, SLICE("zanzibar"), 0}, .variant = "rfc", .status = DIGEST_GOOD},
    {"nonce-with-colons", "username=\"bob\", realm=\"biloxi.com\", nonce=\"a:b:c\", uri=\"sip:biloxi.com\", " AUTH RESPONSE, A1, "a:b:c:00000001:0a4f113b:auth", A2, .variant = "rfc", .status = DIGEST_GOOD},
    {"password-utf8", BOB AUTH RESPONSE, "bob:biloxi.com:p\303\244ss", MIDDLE, A2, .row = {SLICE("bob"), SLICE("*"), SECRET_PASSWORD, SLICE("p\303\244ss"), 0}, .variant = "rfc", .status = DIGEST_GOOD},
    {"any-realm", BOB AUTH RESPONSE, A1, MIDDLE, A2, .row = {SLICE("bob"), SLICE("*"), SECRET_PASSWORD, SLICE("zanzibar"), 0}, .variant = "rfc", .status = DIGEST_GOOD},
    {"any-user", BOB AUTH RESPONSE, A1, MIDDLE, A2, .row = {SLICE("*"), SLICE("biloxi.com"), SECRET_PASSWORD, SLICE("zanzibar"), 0}, .variant = "rfc", .status = DIGEST_GOOD},
    {"ha1-upper-case", BOB AUTH RESPONSE, A1, MIDDLE, A2, .row = {SLICE("bob"), SLICE("*"), SECRET_HA1, SLICE("12AF60467A33E8518DA5C68BBFF12B11"), 0}, .variant = "rfc", .status = DIGEST_GOOD},
    {"no-qop-with-cnonce", BOB "nc=00000001, cnonce=\"0a4f113b\", " RESPONSE, A1, NONCE, A2, .variant = "rfc", .status = DIGEST_GOOD},
    {"body-cut-without-auth-int", BOB AUTH RESPONSE, A1, MIDDLE, A2, .body_cut = true, .variant = "rfc", .status = DIGEST_GOOD},

    /* which algorithm: RFC 7616 section 3.4, its own, the challenge's, MD5 */
    {"algorithm-of-challenge", BOB AUTH RESPONSE, A1, MIDDLE, A2, .challenge = "Digest realm=\"biloxi.com\", algorithm=SHA-256", .sha256 = true, .variant = "rfc", .status = DIGEST_GOOD},
    {"algorithm-own-before-challenge", BOB AUTH "algorithm=MD5, " RESPONSE, A1, MIDDLE, A2, .challenge = "Digest realm=\"biloxi.com\", algorithm=SHA-256", .variant = "rfc", .status = DIGEST_GOOD},
    {"md5-though-challenge-sha256", BOB AUTH RESPONSE, A1, MIDDLE, A2, .challenge = "Digest realm=\"biloxi.com\", algorithm=SHA-256", .variant = "rfc", .status = DIGEST_GOOD},
    {"md5-though-challenge-sess", BOB AUTH RESPONSE, A1, MIDDLE, A2, .challenge = "Digest realm=\"biloxi.com\", algorithm=MD5-sess", .variant = "md5-by-default", .status = DIGEST_GOOD},
    {"sess-of-challenge", BOB AUTH RESPONSE, A1, MIDDLE, A2, .session = NONCE ":0a4f113b", .challenge = "Digest realm=\"biloxi.com\", algorithm=MD5-sess", .variant = "rfc", .status = DIGEST_GOOD},

    /* what the RFCs leave open */
    {"ack-as-invite", BOB AUTH RESPONSE, A1, MIDDLE, "INVITE:sip:biloxi.com", .method = "INVITE", .second = "ACK", .variant = "rfc", .status = DIGEST_GOOD},
    {"ack-as-ack", BOB AUTH RESPONSE, A1, MIDDLE, "ACK:sip:biloxi.com", .method = "INVITE", .second = "ACK", .variant = "second-method", .status = DIGEST_GOOD},
    {"sess-first-cnonce", BOB "algorithm=MD5-sess, " AUTH RESPONSE, A1, MIDDLE, A2, .session = NONCE ":first", .first_cnonce = "first", .variant = "first-cnonce", .status = DIGEST_GOOD},
    {"sess-current-cnonce", BOB "algorithm=MD5-sess, " AUTH RESPONSE, A1, MIDDLE, A2, .session = NONCE ":0a4f113b", .first_cnonce = "first", .variant = "new-cnonce", .status = DIGEST_GOOD},
    {"escaped-user", "username=\"b\\ob\", realm=\"biloxi.com\", nonce=\"" NONCE "\", uri=\"sip:biloxi.com\", " AUTH RESPONSE, A1, MIDDLE, A2, .variant = "rfc", .status = DIGEST_GOOD},

    /* wrong, but of a known kind */
    {"body-left-out", BOB INT RESPONSE, A1, MIDDLE_INT, A2, .body = "v=0\r\n", .variant = "auth-int-without-body", .status = DIGEST_BAD},
    {"body-taken-as-empty", BOB INT RESPONSE, A1, MIDDLE_INT, A2 ":d41d8cd98f00b204e9800998ecf8427e", .body = "v=0\r\n", .variant = "auth-int-empty-body", .status = DIGEST_BAD},
    {"auth-int-in-response-only", BOB AUTH RESPONSE, A1, MIDDLE_INT, A2, .variant = "qop-auth-int-in-response", .status = DIGEST_BAD},
    {"qop-list-hashed", BOB "qop=auth,auth-int, nc=00000001, cnonce=\"0a4f113b\", " RESPONSE, A1, MIDDLE ",auth-int", A2, .challenge = "Digest realm=\"biloxi.com\", qop=\"auth,auth-int\"", .variant = "qop-list", .status = DIGEST_BAD},
    {"qop-quotes-hashed", BOB "qop=\"auth\", nc=00000001, cnonce=\"0a4f113b\", " RESPONSE, A1, NONCE ":00000001:0a4f113b:\"auth\"", A2, .variant = "qop-quotes", .status = DIGEST_BAD},
    {"qop-sent-not-hashed", BOB AUTH RESPONSE, A1, NONCE, A2, .variant = "rfc2069-form", .status = DIGEST_BAD},
    {"qop-hashed-not-sent", BOB "nc=00000001, cnonce=\"0a4f113b\", " RESPONSE, A1, MIDDLE, A2, .variant = "qop-auth-form", .status = DIGEST_BAD},
    {"request-uri-hashed", BOB AUTH RESPONSE, A1, MIDDLE, "REGISTER:sip:biloxi.com;transport=tcp", .request_uri = "sip:biloxi.com;transport=tcp", .variant = "request-uri", .status = DIGEST_BAD},
    {"domain-not-hashed", "username=\"bob@biloxi.com\", realm=\"biloxi.com\", nonce=\"" NONCE "\", uri=\"sip:biloxi.com\", " AUTH RESPONSE, A1, MIDDLE, A2, .variant = "user-without-domain", .status = DIGEST_BAD},
    {"password-empty", BOB AUTH RESPONSE, "bob:biloxi.com:", MIDDLE, A2, .variant = "empty-password", .status = DIGEST_BAD},
    {"password-with-newline", BOB AUTH RESPONSE, A1 "\n", MIDDLE, A2, .variant = "password-newline", .status = DIGEST_BAD},
    {"password-with-cr", BOB AUTH RESPONSE, A1 "\r", MIDDLE, A2, .variant = "password-carriage-return", .status = DIGEST_BAD},
    {"password-with-blank", BOB AUTH RESPONSE, A1 " ", MIDDLE, A2, .variant = "password-blank", .status = DIGEST_BAD},
    {"password-latin1", BOB AUTH RESPONSE, "bob:biloxi.com:p\344ss", MIDDLE, A2, .row = {SLICE("bob"), SLICE("*"), SECRET_PASSWORD, SLICE("p\303\244ss"), 0}, .variant = "password-latin1", .status = DIGEST_BAD},
    {"ha1-hashed-in-upper-case", BOB AUTH RESPONSE, A1, MIDDLE, A2, .upper_ha1 = true, .variant = "upper-case-ha1", .status = DIGEST_BAD},

    /* wrong */
    {"other-password", BOB AUTH RESPONSE, "bob:biloxi.com:zanzibaR", MIDDLE, A2, .status = DIGEST_BAD},
    {"other-realm-hashed", BOB AUTH RESPONSE, "bob:atlanta.com:zanzibar", MIDDLE, A2, .status = DIGEST_BAD},
    {"other-nonce-hashed", BOB AUTH RESPONSE, A1, "x:00000001:0a4f113b:auth", A2, .status = DIGEST_BAD},
    {"other-method-hashed", BOB AUTH RESPONSE, A1, MIDDLE, "register:sip:biloxi.com", .status = DIGEST_BAD},
    {"other-body", BOB INT RESPONSE, A1, MIDDLE_INT, A2 ":00000000000000000000000000000000", .body = "v=0\r\n", .status = DIGEST_BAD},
    {"ha1-of-another", BOB AUTH RESPONSE, A1, MIDDLE, A2, .row = {SLICE("bob"), SLICE("biloxi.com"), SECRET_HA1, SLICE("12af60467a33e8518da5c68bbff12b12"), 0}, .status = DIGEST_BAD},
    {"password-variants-not-for-ha1", BOB AUTH RESPONSE, "bob:biloxi.com:", MIDDLE, A2, .row = {SLICE("bob"), SLICE("biloxi.com"), SECRET_HA1, SLICE("12af60467a33e8518da5c68bbff12b11"), 0}, .status = DIGEST_BAD},
    {"unterminated-qop-at-the-end", BOB "nc=00000001, cnonce=\"0a4f113b\", response=\"00000000000000000000000000000000\", qop=\"auth", .status = DIGEST_BAD},
    {"unterminated-nonce-at-the-end", "username=\"bob\", realm=\"biloxi.com\", uri=\"u\", response=\"00000000000000000000000000000000\", nonce=\"\\", .status = DIGEST_BAD},
};
/* clang-format on */

static void
test_made(gconstpointer data)
{
    const struct made *c = data;
    struct digest_verdict verdict = verify_made(c);
    g_assert_cmpint(verdict.status, ==, c->status);
    g_assert_cmpstr(verdict.variant, ==, c->variant);
    g_assert_cmpint(verdict.reason, ==,
                    c->status == DIGEST_GOOD ? DIGEST_REASON_NONE
                    : c->variant             ? DIGEST_NONCONFORMING
                                             : DIGEST_MISMATCH);
    g_assert_cmpuint(verdict.credential, ==, c->variant ? 1 : 0);
}

/* --- what does not fit, and need not ------------------------------------------ */

#define CONFIGURED(user, realm, type, secret)                                                                \
    {                                                                                                        \
        SLICE_INIT(user), SLICE_INIT(realm), (type), SLICE_INIT(secret), 0                                   \
    }
#define DIGITS_32 "12af60467a33e8518da5c68bbff12b12"
#define DIGITS_64 DIGITS_32 DIGITS_32
#define SAYS(user, more)                                                                                     \
    "username=\"" user "\", realm=\"biloxi.com\", nonce=\"n\", uri=\"sip:biloxi.com\", " more

struct excused {
    const char *name, *says;
    struct credential row;
    enum digest_status status;
    enum digest_reason reason;
    bool unseen;
};

static const struct excused excused[] = {
    {"ha1", SAYS("bob", "response=\"" DIGITS_32 "\""), CONFIGURED("bob", "biloxi.com", SECRET_HA1, DIGITS_32),
     DIGEST_BAD, DIGEST_MISMATCH, false},
    {"ha1-of-any-user", SAYS("bob", "response=\"" DIGITS_32 "\""),
     CONFIGURED("*", "biloxi.com", SECRET_HA1, DIGITS_32), DIGEST_UNVERIFIED, DIGEST_CREDENTIAL_DOUBTFUL,
     false},
    {"ha1-of-any-realm", SAYS("bob", "response=\"" DIGITS_32 "\""),
     CONFIGURED("bob", "*", SECRET_HA1, DIGITS_32), DIGEST_UNVERIFIED, DIGEST_CREDENTIAL_DOUBTFUL, false},
    {"ha1-of-a-longer-name", SAYS("bob@biloxi.com", "response=\"" DIGITS_32 "\""),
     CONFIGURED("bob", "biloxi.com", SECRET_HA1, DIGITS_32), DIGEST_UNVERIFIED, DIGEST_NO_CREDENTIAL, false},
    {"ha1-of-sha-256", SAYS("bob", "algorithm=SHA-256, response=\"" DIGITS_64 "\""),
     CONFIGURED("bob", "biloxi.com", SECRET_HA1, DIGITS_64), DIGEST_BAD, DIGEST_MISMATCH, false},
    {"ha1-perhaps-of-sha-256", SAYS("bob", "algorithm=SHA-512-256, response=\"" DIGITS_64 "\""),
     CONFIGURED("bob", "biloxi.com", SECRET_HA1, DIGITS_64), DIGEST_UNVERIFIED, DIGEST_CREDENTIAL_DOUBTFUL,
     false},
    {"name-and-domain", SAYS("bob@biloxi.com", "response=\"" DIGITS_32 "\""),
     CONFIGURED("bob", "biloxi.com", SECRET_PASSWORD, "x"), DIGEST_BAD, DIGEST_MISMATCH, false},
    {"name-of-another-tenant", SAYS("bob@tenant.example", "response=\"" DIGITS_32 "\""),
     CONFIGURED("bob", "biloxi.com", SECRET_PASSWORD, "x"), DIGEST_UNVERIFIED, DIGEST_NO_CREDENTIAL, false},
    {"no-name", SAYS("bob", "response=\"" DIGITS_32 "\""), CONFIGURED("", "biloxi.com", SECRET_PASSWORD, "x"),
     DIGEST_UNVERIFIED, DIGEST_NO_CREDENTIAL, false},
    {"session", SAYS("bob", "algorithm=MD5-sess, " AUTH "response=\"" DIGITS_32 "\""),
     CONFIGURED("bob", "biloxi.com", SECRET_PASSWORD, "x"), DIGEST_BAD, DIGEST_MISMATCH, false},
    {"session-begun-before", SAYS("bob", "algorithm=MD5-sess, " AUTH "response=\"" DIGITS_32 "\""),
     CONFIGURED("bob", "biloxi.com", SECRET_PASSWORD, "x"), DIGEST_UNVERIFIED, DIGEST_SESSION_UNSEEN, true},
    {"no-hex", SAYS("bob", "response=\"zzaf60467a33e8518da5c68bbff12b12\""),
     CONFIGURED("bob", "biloxi.com", SECRET_PASSWORD, "x"), DIGEST_UNVERIFIED, DIGEST_RESPONSE_LENGTH, false},
};

static struct digest_verdict
verify_said(const char *says, bool unseen, const struct credential *rows, size_t count)
{
    char *line = g_strconcat("Digest ", says, NULL);
    struct slice rest = {line, strlen(line)};
    struct auth_value credentials;
    g_assert_true(auth_header_next(&rest, &credentials));
    const struct digest_input input = {.credentials = &credentials,
                                       .response = credentials.param[AUTH_RESPONSE],
                                       .method = SLICE("REGISTER"),
                                       .first_use_unseen = unseen};
    const struct digest_verdict verdict = digest_verify(&input, rows, count);
    g_free(line);
    return verdict;
}

static void
test_excused(gconstpointer data)
{
    const struct excused *c = data;
    const struct digest_verdict verdict = verify_said(c->says, c->unseen, &c->row, 1);
    g_assert_cmpint(verdict.status, ==, c->status);
    g_assert_cmpint(verdict.reason, ==, c->reason);
}

/* That a row of somebody else does not fit takes no better reason away. */
static void
test_row_of_another_tenant(void)
{
    static const struct credential rows[] = {CONFIGURED("bob@tenant.example", "biloxi.com", SECRET_HA1,
                                                        DIGITS_32),
                                             CONFIGURED("bob", "biloxi.com", SECRET_PASSWORD, "x")};
    const struct digest_verdict verdict =
        verify_said(SAYS("bob@tenant.example", "algorithm=SHA-256, response=\"" DIGITS_64 "\""), false, rows,
                    2);
    g_assert_cmpint(verdict.status, ==, DIGEST_UNVERIFIED);
    g_assert_cmpint(verdict.reason, ==, DIGEST_CREDENTIAL_UNSUITABLE);
}

/* A row for any user is none that stands before the user's own. */
static void
test_rows_of_both_kinds(void)
{
    static const struct credential rows[] = {CONFIGURED("*", "*", SECRET_PASSWORD, "other"),
                                             CONFIGURED("bob", "biloxi.com", SECRET_PASSWORD, "pw")};
    char *h1 = g_compute_checksum_for_string(G_CHECKSUM_MD5, "bob@biloxi.com:biloxi.com:pw", -1);
    char *h2 = g_compute_checksum_for_string(G_CHECKSUM_MD5, "REGISTER:sip:biloxi.com", -1);
    char *text = g_strdup_printf("%s:n:%s", h1, h2);
    char *response = g_compute_checksum_for_string(G_CHECKSUM_MD5, text, -1);
    char *says = g_strdup_printf(SAYS("bob@biloxi.com", "response=\"%s\""), response);
    const struct digest_verdict verdict = verify_said(says, false, rows, 2);
    g_assert_cmpint(verdict.status, ==, DIGEST_GOOD);
    g_assert_cmpuint(verdict.credential, ==, 2);
    g_free(says);
    g_free(response);
    g_free(text);
    g_free(h2);
    g_free(h1);
}

/* --- each known mistake, signed by hashlib
 * --------------------------------------------------------------------- */

struct mistake {
    const char *variant;
    struct slice authorization, challenge, method, request_uri, body, first_cnonce, user, password;
    bool of_password;
};

static const struct mistake mistakes[] = {
#include "mistakes.inc"
};

static struct digest_verdict
verify_mistake(const struct mistake *mistake, const struct credential *row)
{
    struct slice line = exact_copy(mistake->authorization), rest = line, asked = mistake->challenge;
    struct auth_value credentials, challenge;
    g_assert(auth_header_next(&rest, &credentials));
    g_assert(auth_header_next(&asked, &challenge));
    struct digest_input input = {.credentials = &credentials,
                                 .challenge = &challenge,
                                 .response = credentials.param[AUTH_RESPONSE],
                                 .method = mistake->method,
                                 .request_uri = mistake->request_uri,
                                 .body = mistake->body,
                                 .first_cnonce = mistake->first_cnonce};
    struct digest_verdict verdict = digest_verify(&input, row, 1);
    free((char *)(uintptr_t)line.p);
    return verdict;
}

static void
test_mistake(gconstpointer data)
{
    const struct mistake *mistake = data;
    const struct credential row = {mistake->user, SLICE("*"), SECRET_PASSWORD, mistake->password, 0};
    struct digest_verdict verdict = verify_mistake(mistake, &row);
    g_assert_cmpstr(verdict.variant, ==, mistake->variant);
    g_assert_cmpint(verdict.status, ==, DIGEST_BAD);
    g_assert_cmpint(verdict.reason, ==, DIGEST_NONCONFORMING);
    g_assert_cmpuint(verdict.credential, ==, 1);
    g_assert_cmpuint(verdict.tried, ==, 1);
    g_assert_cmpuint(verdict.computations, <=, digest_variants_count);
    g_assert_true(*digest_variant_mistake(verdict.variant) && *digest_variant_remedy(verdict.variant));
}

/* Nothing looks alike: with another key no variant fits, but the one that needs no key. */
static void
test_mistake_wrong_key(gconstpointer data)
{
    const struct mistake *mistake = data;
    const struct credential row = {mistake->user, SLICE("*"), SECRET_PASSWORD, SLICE("other"), 0};
    struct digest_verdict verdict = verify_mistake(mistake, &row);
    bool empty = strcmp(mistake->variant, "empty-password") == 0;
    g_assert_cmpstr(verdict.variant, ==, empty ? "empty-password" : NULL);
    g_assert_cmpint(verdict.reason, ==,
                    empty                                          ? DIGEST_NONCONFORMING
                    : mistake->variant[0] == 'a' && !verdict.tried ? DIGEST_RESPONSE_LENGTH
                                                                   : DIGEST_MISMATCH);
    g_assert_cmpuint(verdict.computations, <=, digest_variants_count);
}

/* A password that nobody has written down cannot be varied: of an HA1 only the computation is. */
static void
test_mistake_of_password(gconstpointer data)
{
    const struct mistake *mistake = data;
    struct slice ha1 = SLICE("12af60467a33e8518da5c68bbff12b11");
    const struct credential row = {mistake->user, SLICE("*"), SECRET_HA1, ha1, 0};
    struct digest_verdict verdict = verify_mistake(mistake, &row);
    g_assert_true(!verdict.variant || strcmp(verdict.variant, "rfc") == 0);
}

static bool
is_made(const char *variant)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        if (strcmp(mistakes[i].variant, variant) == 0)
            return true;
    }
    return false;
}

static void
test_every_mistake_is_made(void)
{
    g_assert_cmpuint(digest_variants_count, <=, 64); /* the search is bounded */
    for (size_t i = 0; i < digest_variants_count; i++) {
        const struct variant *variant = &digest_variants[i];
        bool conforms = variant->kind == VARIANT_CONFORMING;
        g_test_message("%s", variant->name);
        g_assert_true(conforms != is_made(variant->name));
        g_assert_true(conforms != (*variant->mistake && *variant->remedy));
    }
}

/* What no honest client sends is not worth the search. */
static void
test_large(void)
{
    GString *text = g_string_new("Digest " BOB "qop=auth, nc=00000001, cnonce=\"");
    for (int i = 0; i < 10000; i++)
        g_string_append_c(text, 'c');
    g_string_append(text, "\", response=\"00000000000000000000000000000000\"");
    struct slice rest = {text->str, text->len};
    struct auth_value credentials;
    g_assert(auth_header_next(&rest, &credentials));
    struct digest_input input = {.credentials = &credentials,
                                 .response = credentials.param[AUTH_RESPONSE],
                                 .method = SLICE("REGISTER")};
    struct digest_verdict verdict = digest_verify(&input, &bob, 1);
    g_assert_cmpint(verdict.reason, ==, DIGEST_MISMATCH);
    g_assert_cmpuint(verdict.computations, ==, 1);
    g_string_free(text, TRUE);
}

/* Of many rows for one user only some are searched for mistakes, and all by the RFC. */
static void
test_bounded(void)
{
    struct credential rows[100];
    const struct mistake *mistake = &mistakes[0];
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        rows[i] = (struct credential){SLICE("*"), SLICE("*"), SECRET_PASSWORD, SLICE("other"), 0};
    struct made c = {"", BOB AUTH RESPONSE, "bob:biloxi.com:neither", MIDDLE, A2};
    struct slice header = make_header(&c), rest = header;
    struct auth_value credentials;
    g_assert(auth_header_next(&rest, &credentials));
    struct digest_input input = {.credentials = &credentials,
                                 .response = credentials.param[AUTH_RESPONSE],
                                 .method = mistake->method};
    struct digest_verdict verdict = digest_verify(&input, rows, G_N_ELEMENTS(rows));
    g_assert_cmpuint(verdict.tried, ==, 100);
    g_assert_cmpuint(verdict.computations, <=, 100 * 5 + 16 * digest_variants_count);
    free((char *)(uintptr_t)header.p);
}

/* --- what cannot be judged
 * ---------------------------------------------------------------------------------------- */

#define MD5_DIGITS "response=\"00000000000000000000000000000000\""
#define SHA_DIGITS "response=\"0000000000000000000000000000000000000000000000000000000000000000\""

struct unjudged {
    struct made made;
    enum digest_reason reason;
    unsigned missing; /* bits (1 << AUTH_…) */
};

#define ROW(type, secret)                                                                                    \
    {                                                                                                        \
        SLICE("*"), SLICE("*"), (type), SLICE(secret), 0                                                     \
    }
#define HA1_MD5 "12af60467a33e8518da5c68bbff12b11"
#define KEYS    "0123456789abcdef0123456789abcdef"

/* clang-format off */
static const struct unjudged unjudged[] = {
    {{"no-username", "realm=\"biloxi.com\", nonce=\"n\", uri=\"u\", " MD5_DIGITS}, DIGEST_PARAMETER_MISSING, 1u << AUTH_USERNAME},
    {{"no-realm", "username=\"bob\", nonce=\"n\", uri=\"u\", " MD5_DIGITS}, DIGEST_PARAMETER_MISSING, 1u << AUTH_REALM},
    {{"no-nonce", "username=\"bob\", realm=\"r\", uri=\"u\", " MD5_DIGITS}, DIGEST_PARAMETER_MISSING, 1u << AUTH_NONCE},
    {{"no-uri", "username=\"bob\", realm=\"r\", nonce=\"n\", " MD5_DIGITS}, DIGEST_PARAMETER_MISSING, 1u << AUTH_URI},
    {{"no-response", "username=\"bob\", realm=\"r\", nonce=\"n\", uri=\"u\""}, DIGEST_PARAMETER_MISSING, 1u << AUTH_RESPONSE},
    {{"no-nc", BOB "qop=auth, cnonce=\"c\", " MD5_DIGITS}, DIGEST_PARAMETER_MISSING, 1u << AUTH_NC},
    {{"no-cnonce", BOB "qop=auth, nc=00000001, " MD5_DIGITS}, DIGEST_PARAMETER_MISSING, 1u << AUTH_CNONCE},
    {{"no-cnonce-in-sess", BOB "algorithm=MD5-sess, " MD5_DIGITS}, DIGEST_PARAMETER_MISSING, 1u << AUTH_CNONCE},
    {{"username-ext-malformed", "username*=\"bob\", realm=\"biloxi.com\", nonce=\"n\", uri=\"u\", " MD5_DIGITS}, DIGEST_PARAMETER_MISSING, 1u << AUTH_USERNAME},
    {{"rfc8760-2.7-empty-response", "username=\"bob\", realm=\"biloxi.com\", nonce=\"\", uri=\"u\", response=\"\""}, DIGEST_RESPONSE_EMPTY, 0},
    {{"unknown-algorithm", BOB AUTH "algorithm=TOKEN, " MD5_DIGITS}, DIGEST_UNKNOWN_ALGORITHM, 0},
    {{"sha-1", BOB AUTH "algorithm=SHA-1, " MD5_DIGITS}, DIGEST_UNKNOWN_ALGORITHM, 0},
    {{"empty-algorithm", BOB AUTH "algorithm=\"\", " MD5_DIGITS}, DIGEST_UNKNOWN_ALGORITHM, 0},
    {{"md5-with-64-digits", BOB AUTH "algorithm=MD5, " SHA_DIGITS}, DIGEST_RESPONSE_LENGTH, 0},
    {{"sha-256-with-32-digits", BOB AUTH "algorithm=SHA-256, " MD5_DIGITS}, DIGEST_RESPONSE_LENGTH, 0},
    {{"rfc3261-20.7-example", BOB "response=\"7587245234b3434cc3412213e5f113a5432\""}, DIGEST_RESPONSE_LENGTH, 0},
    {{"auth-int-body-cut", BOB INT MD5_DIGITS, .body_cut = true}, DIGEST_BODY_CUT, 0},
    {{"other-user", BOB AUTH MD5_DIGITS, .row = {SLICE("bobby"), SLICE("*"), SECRET_PASSWORD, SLICE("x"), 0}}, DIGEST_NO_CREDENTIAL, 0},
    {{"user-in-other-case", BOB AUTH MD5_DIGITS, .row = {SLICE("Bob"), SLICE("*"), SECRET_PASSWORD, SLICE("x"), 0}}, DIGEST_NO_CREDENTIAL, 0},
    {{"other-realm", BOB AUTH MD5_DIGITS, .row = {SLICE("bob"), SLICE("atlanta.com"), SECRET_PASSWORD, SLICE("x"), 0}}, DIGEST_NO_CREDENTIAL, 0},
    {{"userhash-not-by-wildcard", "username=\"488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62dcea254ec\", userhash=true, realm=\"r\", nonce=\"n\", uri=\"u\", algorithm=SHA-256, " SHA_DIGITS, .row = ROW(SECRET_PASSWORD, "x")}, DIGEST_NO_CREDENTIAL, 0},
    {{"md5-ha1-for-sha-256", BOB AUTH "algorithm=SHA-256, " SHA_DIGITS, .row = ROW(SECRET_HA1, HA1_MD5)}, DIGEST_CREDENTIAL_UNSUITABLE, 0},
    {{"ha1-for-aka", BOB AUTH "algorithm=AKAv1-MD5, " MD5_DIGITS, .row = ROW(SECRET_HA1, HA1_MD5)}, DIGEST_CREDENTIAL_UNSUITABLE, 0},
    {{"aka-key-for-md5", BOB AUTH MD5_DIGITS, .row = ROW(SECRET_AKA_K_OP, KEYS)}, DIGEST_CREDENTIAL_UNSUITABLE, 0},
    {{"res-alone-for-akav2", BOB AUTH "algorithm=AKAv2-MD5, " MD5_DIGITS, .row = {SLICE("*"), SLICE("*"), SECRET_AKA_RES, SLICE("01234567"), 8}}, DIGEST_CREDENTIAL_UNSUITABLE, 0},
    {{"aka-nonce-without-rand", "username=\"bob\", realm=\"r\", nonce=\"abcd\", uri=\"u\", algorithm=AKAv1-MD5, " MD5_DIGITS, .row = ROW(SECRET_AKA_K_OPC, KEYS)}, DIGEST_NONCE_MALFORMED, 0},
};
/* clang-format on */

static void
test_unjudged(gconstpointer data)
{
    const struct unjudged *c = data;
    struct digest_verdict verdict = verify_made(&c->made);
    g_assert_cmpint(verdict.status, ==, DIGEST_UNVERIFIED);
    g_assert_cmpint(verdict.reason, ==, c->reason);
    g_assert_cmphex(verdict.missing, ==, c->missing);
    g_assert_null(verdict.variant);
    g_assert_cmpuint(verdict.credential, ==, 0);
}

/* --- several rows
 * ------------------------------------------------------------------------------------------------- */

static struct digest_verdict
verify_rows(const char *a1, const struct credential *rows, size_t count)
{
    struct made c = {"", BOB AUTH RESPONSE, a1, MIDDLE, A2};
    struct slice header = make_header(&c), rest = header;
    struct auth_value credentials;
    g_assert(auth_header_next(&rest, &credentials));
    struct digest_input input = {.credentials = &credentials,
                                 .response = credentials.param[AUTH_RESPONSE],
                                 .method = SLICE("REGISTER")};
    struct digest_verdict verdict = digest_verify(&input, rows, count);
    free((char *)(uintptr_t)header.p);
    return verdict;
}

static void
test_rows(void)
{
    const struct credential rows[] = {
        {SLICE("alice"), SLICE("*"), SECRET_PASSWORD, SLICE("zanzibar"), 0},
        {SLICE("bob"), SLICE("*"), SECRET_PASSWORD, SLICE("old"), 0},
        {SLICE("bob"), SLICE("biloxi.com"), SECRET_AKA_K_OP, SLICE(KEYS), 0},
        {SLICE("bob"), SLICE("biloxi.com"), SECRET_PASSWORD, SLICE("zanzibar"), 0},
    };
    struct digest_verdict verdict = verify_rows(A1, rows, 4);
    g_assert_cmpint(verdict.status, ==, DIGEST_GOOD);
    g_assert_cmpuint(verdict.credential, ==, 4);
    verdict = verify_rows("bob:biloxi.com:neither", rows, 4);
    g_assert_cmpint(verdict.status, ==, DIGEST_BAD);
    g_assert_cmpint(verdict.reason, ==, DIGEST_MISMATCH);
    g_assert_cmpuint(verdict.tried, ==, 2);
    verdict = verify_rows(A1, rows, 1);
    g_assert_cmpint(verdict.reason, ==, DIGEST_NO_CREDENTIAL);
    verdict = verify_rows(A1, rows + 2, 1);
    g_assert_cmpint(verdict.reason, ==, DIGEST_CREDENTIAL_UNSUITABLE);
}

/* The longer what is hashed, the fewer credentials are tried by the mistakes. */
static void
test_rows_of_long_texts(void)
{
    struct credential rows[16];
    char *uri = g_strnfill(5000, 'u');
    char *header = g_strdup_printf("Digest " BOB "response=\"%s\", opaque=\"%s\"",
                                   "0123456789abcdef0123456789abcdef", uri);
    unsigned computations[2];
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        rows[i] = (struct credential){SLICE("*"), SLICE("*"), SECRET_PASSWORD, SLICE("x"), 0};
    for (size_t i = 0; i < G_N_ELEMENTS(computations); i++) {
        struct auth_value credentials;
        struct slice rest = {header, strlen(header)};
        g_assert_true(auth_header_next(&rest, &credentials));
        if (i == 1)
            credentials.param[AUTH_URI] = (struct slice){uri, strlen(uri)};
        struct digest_input input = {.credentials = &credentials,
                                     .response = credentials.param[AUTH_RESPONSE],
                                     .method = SLICE("REGISTER")};
        computations[i] = digest_verify(&input, rows, G_N_ELEMENTS(rows)).computations;
    }
    g_assert_cmpuint(computations[1], <, computations[0] / 4);
    g_free(header);
    g_free(uri);
}

/* Whatever is tried counts, the one that fits too. */
static void
test_rows_tried(void)
{
    struct digest_verdict verdict = verify_rows(A1, &bob, 1);
    g_assert_cmpuint(verdict.tried, ==, 1);
}

/* A conforming fit is found behind one that fits by a variant only. */
static void
test_rows_conforming_wins(void)
{
    const struct credential rows[] = {
        {SLICE("bob"), SLICE("*"), SECRET_PASSWORD, SLICE("zanziba"), 0},
        {SLICE("bob"), SLICE("*"), SECRET_PASSWORD, SLICE(""), 0},
    };
    struct digest_verdict verdict = verify_rows("bob:biloxi.com:", rows, 2);
    g_assert_cmpint(verdict.status, ==, DIGEST_GOOD);
    g_assert_cmpuint(verdict.credential, ==, 2);
    g_assert_cmpstr(verdict.variant, ==, "rfc");
}

/* --- small ones
 * ---------------------------------------------------------------------------------------------------- */

struct configured {
    const char *name, *header, *user, *realm;
    bool expected;
};

static const struct configured configured[] = {
    {"same", "username=\"bob\"", "bob", "elsewhere", true},
    {"wildcard", "username=\"bob\"", "*", "*", true},
    {"before-the-at", "username=\"bob@biloxi.com\"", "bob", "*", true},
    {"other", "username=\"bob\"", "alice", "*", false},
    {"domain-only-in-row", "username=\"bob\"", "bob@biloxi.com", "*", false},
    {"no-username", "realm=\"r\"", "bob", "*", false},
    {"rfc5987", "username*=UTF-8''b%6fb", "bob", "*", true},
    {"escaped", "username=\"b\\ob\"", "bob", "*", true},
    {"userhash", "realm=\"biloxi.com\", username=\"5b2c52cb3e2e2cd9e9ea11bce0d0cf93\", userhash=true", "bob",
     "biloxi.com", false},
};

static void
test_configured(gconstpointer data)
{
    const struct configured *c = data;
    char *line = g_strconcat("Digest ", c->header, NULL);
    struct slice rest = text_slice_of(line);
    struct auth_value credentials;
    struct credential row = {text_slice_of(c->user), text_slice_of(c->realm), SECRET_PASSWORD, SLICE("x"), 0};
    g_assert(auth_header_next(&rest, &credentials));
    g_assert_true(digest_user_configured(&credentials, &row, 1) == c->expected);
    g_assert_false(digest_user_configured(&credentials, NULL, 0));
    g_free(line);
}

/* RFC 7616 section 3.4.4: a hashed name is configured when a row hashes to it. */
static void
test_configured_userhash(void)
{
    char *hashed = g_compute_checksum_for_string(G_CHECKSUM_MD5, "bob:biloxi.com", -1);
    char *line = g_strdup_printf("Digest username=\"%s\", realm=\"biloxi.com\", userhash=true", hashed);
    struct slice rest = text_slice_of(line);
    struct auth_value credentials;
    g_assert(auth_header_next(&rest, &credentials));
    g_assert_true(digest_user_configured(&credentials, &bob, 1));
    g_free(line);
    g_free(hashed);
}

static void
test_names(void)
{
    static const char *const known[] = {"MD5",         "md5-SESS",         "SHA-256",   "sha-256-sess",
                                        "SHA-512-256", "SHA-512-256-sess", "AKAv1-MD5", "akav2-md5"};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        g_assert_true(digest_algorithm_known(text_slice_of(known[i])));
    g_assert_false(digest_algorithm_known(SLICE("SHA-1")));
    g_assert_false(digest_algorithm_known(SLICE("")));
    for (int reason = DIGEST_REASON_NONE; reason <= DIGEST_NONCE_MALFORMED; reason++)
        g_assert_true(digest_reason_text((enum digest_reason)reason) != NULL);
    g_assert_cmpstr(digest_status_text(DIGEST_GOOD), ==, "good");
    g_assert_cmpstr(digest_status_text(DIGEST_BAD), ==, "bad");
    g_assert_cmpstr(digest_status_text(DIGEST_UNVERIFIED), ==, "unverified");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_vectors();
    for (size_t i = 0; i < G_N_ELEMENTS(made); i++)
        add("/digest/made", made[i].name, &made[i], test_made);
    for (size_t i = 0; i < G_N_ELEMENTS(excused); i++)
        add("/digest/excused", excused[i].name, &excused[i], test_excused);
    for (size_t i = 0; i < G_N_ELEMENTS(unjudged); i++)
        add("/digest/unjudged", unjudged[i].made.name, &unjudged[i], test_unjudged);
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        char *name = g_strdup_printf("%zu-%s", i + 1, mistakes[i].variant);
        add("/digest/mistake", name, &mistakes[i], test_mistake);
        add("/digest/mistake-wrong-key", name, &mistakes[i], test_mistake_wrong_key);
        if (mistakes[i].of_password)
            add("/digest/mistake-of-password", name, &mistakes[i], test_mistake_of_password);
        g_free(name);
    }
    g_test_add_func("/digest/row-of-another-tenant", test_row_of_another_tenant);
    g_test_add_func("/digest/rows-of-both-kinds", test_rows_of_both_kinds);
    g_test_add_func("/digest/every-mistake-is-made", test_every_mistake_is_made);
    g_test_add_func("/digest/bounded", test_bounded);
    g_test_add_func("/digest/large", test_large);
    for (size_t i = 0; i < G_N_ELEMENTS(configured); i++)
        add("/digest/user-configured", configured[i].name, &configured[i], test_configured);
    g_test_add_func("/digest/user-configured/userhash-of-bob", test_configured_userhash);
    g_test_add_func("/digest/rows/each-is-tried", test_rows);
    g_test_add_func("/digest/rows/tried", test_rows_tried);
    g_test_add_func("/digest/rows/of-long-texts", test_rows_of_long_texts);
    g_test_add_func("/digest/rows/conforming-wins", test_rows_conforming_wins);
    g_test_add_func("/digest/names", test_names);
    return test_run_all();
}
