/* digest_variants.c
 * The ways to compute a digest that stacks are known for, right and wrong.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <gcrypt.h>
#include <glib.h>

#include "digest_private.h"
#include "sip_message.h"

#define VARIANT(name)                                                                                        \
    static bool name(struct attempt *attempt, const struct reading *reading, const char *text)
#define NOT_USED                                                                                             \
    (void)attempt;                                                                                           \
    (void)reading;                                                                                           \
    (void)text

static struct slice
text_slice(const char *text)
{
    return (struct slice){text, strlen(text)};
}

/* --- conforming ------------------------------------------------------------------ */

/* A session goes on with the client nonce that it began with, where that is known (RFC 7616 section 3.4.2).
 */
static bool
goes_on(const struct attempt *attempt, const struct reading *reading)
{
    struct slice first = reading->input->first_cnonce;
    return attempt->algorithm->session && first.p && !slice_equal(first, attempt->cnonce);
}

VARIANT(as_rfc)
{
    (void)text;
    return !goes_on(attempt, reading);
}

/* As most do it; so a server that takes it does, too. */
VARIANT(with_session_of_each_use)
{
    (void)text;
    return goes_on(attempt, reading);
}

VARIANT(with_backslashes)
{
    NOT_USED;
    bool differs = attempt->user.p != reading->raw_user.p || attempt->realm.p != reading->raw_realm.p ||
                   attempt->nonce.p != reading->raw_nonce.p || attempt->cnonce.p != reading->raw_cnonce.p ||
                   attempt->uri.p != reading->raw_uri.p;
    if (attempt->user.p == reading->rfc.user.p) /* else it was hashed, and the row revealed it */
        attempt->user = reading->raw_user;
    attempt->realm = reading->raw_realm;
    attempt->nonce = reading->raw_nonce;
    attempt->cnonce = attempt->session_cnonce = reading->raw_cnonce;
    attempt->uri = reading->raw_uri;
    return differs;
}

VARIANT(with_second_method)
{
    NOT_USED;
    attempt->method = reading->input->method_second;
    return attempt->method.p != NULL;
}

VARIANT(with_session_of_first_use)
{
    NOT_USED;
    attempt->session_cnonce = reading->input->first_cnonce;
    return goes_on(attempt, reading);
}

VARIANT(with_md5)
{
    NOT_USED;
    const struct algorithm *md5 = algorithm_find(SLICE("MD5"));
    if (reading->input->credentials->param[AUTH_ALGORITHM].p || attempt->algorithm == md5)
        return false;
    attempt->algorithm = md5;
    attempt->hash = md5->hash;
    return true;
}

/* --- algorithm ------------------------------------------------------------------- */

VARIANT(with_algorithm_of_challenge)
{
    NOT_USED;
    const struct auth_value *challenge = reading->input->challenge;
    const struct algorithm *asked = NULL;
    if (challenge)
        asked = algorithm_find(challenge->param[AUTH_ALGORITHM].p ? challenge->param[AUTH_ALGORITHM]
                                                                  : SLICE("MD5"));
    if (!asked || asked == attempt->algorithm || asked->aka != attempt->algorithm->aka)
        return false;
    attempt->algorithm = asked;
    attempt->hash = asked->hash;
    return true;
}

VARIANT(without_session)
{
    NOT_USED;
    attempt->no_session = true;
    return attempt->algorithm->session;
}

VARIANT(with_raw_session)
{
    NOT_USED;
    attempt->raw_session = true;
    return attempt->algorithm->session;
}

VARIANT(with_cut_sha512)
{
    NOT_USED;
    bool differs = attempt->hash == GCRY_MD_SHA512_256;
    attempt->hash = GCRY_MD_SHA512;
    return differs;
}

/* --- quality of protection, nonce count and client nonce ------------------------- */

VARIANT(without_body_part)
{
    NOT_USED;
    bool differs = attempt->body_in_a2;
    attempt->body_in_a2 = false;
    return differs;
}

VARIANT(with_empty_body)
{
    NOT_USED;
    bool differs = attempt->body_in_a2 && attempt->body.len > 0;
    attempt->body.len = 0;
    return differs;
}

VARIANT(with_body_part)
{
    NOT_USED;
    bool differs = attempt->qop.p && !attempt->body_in_a2 && !reading->input->body_cut;
    attempt->body_in_a2 = true;
    return differs;
}

VARIANT(with_final_auth_int)
{
    NOT_USED;
    bool differs = slice_equal_nocase(attempt->qop, SLICE("auth"));
    attempt->qop = SLICE("auth-int");
    return differs;
}

VARIANT(with_qop_list)
{
    NOT_USED;
    const struct auth_value *challenge = reading->input->challenge;
    if (!challenge || !challenge->param[AUTH_QOP].p || !attempt->qop.p)
        return false;
    bool chose = slice_has(challenge->param[AUTH_QOP], ',') && !slice_has(attempt->qop, ',');
    attempt->qop = challenge->param[AUTH_QOP];
    return chose;
}

VARIANT(with_one_qop)
{
    (void)reading;
    bool several = attempt->qop.p && slice_has(attempt->qop, ',');
    attempt->qop = text_slice(text);
    attempt->body_in_a2 = false;
    return several;
}

VARIANT(with_qop_quotes)
{
    NOT_USED;
    const struct auth_value *credentials = reading->input->credentials;
    if (!(credentials->quoted & 1u << AUTH_QOP) || credentials->unterminated || !attempt->qop.p)
        return false;
    attempt->qop = (struct slice){attempt->qop.p - 1, attempt->qop.len + 2};
    return true;
}

VARIANT(without_qop)
{
    NOT_USED;
    bool differs = attempt->qop.p != NULL;
    attempt->qop = (struct slice){NULL, 0};
    attempt->body_in_a2 = false;
    return differs;
}

VARIANT(with_qop_auth)
{
    NOT_USED;
    bool differs = !attempt->qop.p && attempt->nc.p && attempt->cnonce.p;
    attempt->qop = SLICE("auth");
    return differs;
}

VARIANT(with_first_nc)
{
    NOT_USED;
    bool differs = attempt->qop.p && !slice_equal(attempt->nc, SLICE("00000001"));
    attempt->nc = SLICE("00000001");
    return differs;
}

VARIANT(with_previous_nc)
{
    NOT_USED;
    char *end = NULL;
    char *digits = attempt->nc.p ? g_strndup(attempt->nc.p, attempt->nc.len) : NULL;
    guint64 nc = digits ? g_ascii_strtoull(digits, &end, 16) : 0;
    g_free(digits);
    if (!attempt->qop.p || nc < 3 || nc > G_MAXUINT32) /* 1 before 2: that is the first one */
        return false;
    attempt->made = g_strdup_printf("%08x", (guint32)nc - 1);
    attempt->nc = text_slice(attempt->made);
    return true;
}

VARIANT(with_first_cnonce)
{
    NOT_USED;
    struct slice first = reading->input->first_cnonce;
    bool differs = attempt->qop.p && first.p && !slice_equal(first, attempt->cnonce);
    attempt->cnonce = first;
    return differs;
}

VARIANT(with_first_nc_and_cnonce)
{
    return with_first_nc(attempt, reading, text) && with_first_cnonce(attempt, reading, text);
}

/* --- method ---------------------------------------------------------------------- */

VARIANT(with_method)
{
    (void)reading;
    bool differs = attempt->method.len > 0 && !slice_equal(attempt->method, text_slice(text)) &&
                   !slice_equal(reading->input->method_second, text_slice(text));
    attempt->method = text_slice(text);
    return differs;
}

/* --- uri ------------------------------------------------------------------------- */

/* scheme ":" [ user "@" ] host [ ":" port ] [ parameters ] */
struct uri_parts {
    struct slice scheme, user, host, port, parameters; /* each with the mark that belongs to it */
};

static struct slice
cut(struct slice *rest, size_t n)
{
    struct slice head = {rest->p, MIN(n, rest->len)};
    *rest = slice_from(*rest, n);
    return head;
}

static size_t
until_any(struct slice text, const char *marks)
{
    size_t n = 0;
    while (n < text.len && !(text.p[n] && strchr(marks, text.p[n])))
        n++;
    return n;
}

static struct uri_parts
uri_split(struct slice uri)
{
    struct uri_parts parts = {0};
    size_t scheme = slice_starts_nocase(uri, SLICE("sips:"))  ? 5
                    : slice_starts_nocase(uri, SLICE("sip:")) ? 4
                                                              : 0;
    parts.scheme = cut(&uri, scheme);
    const char *at = uri.len ? memchr(uri.p, '@', uri.len) : NULL;
    parts.user = cut(&uri, at ? (size_t)(at - uri.p) + 1 : 0);
    bool literal = uri.len > 0 && *uri.p == '['; /* IPv6 */
    size_t host = literal ? until_any(uri, "]") + 1 : until_any(uri, ":;?");
    parts.host = cut(&uri, host);
    parts.port = cut(&uri, until_any(uri, ";?"));
    parts.parameters = uri;
    return parts;
}

/* The new uri of an attempt, from pieces; false when it is the one that is sent. */
static bool
make_uri(struct attempt *attempt, const struct slice *pieces, size_t count)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < count; i++)
        g_string_append_len(text, pieces[i].p ? pieces[i].p : "", (gssize)pieces[i].len);
    struct slice made = {text->str, text->len};
    attempt->made = g_string_free(text, FALSE);
    bool differs = !slice_equal(made, attempt->uri);
    attempt->uri = made;
    return differs;
}

/* `keep` names the parts that stay: u user, p port, ; parameters. */
static bool
reduce_uri(struct attempt *attempt, struct slice uri, const char *keep)
{
    struct uri_parts parts = uri_split(uri);
    struct slice none = {NULL, 0};
    const struct slice pieces[] = {parts.scheme, strchr(keep, 'u') ? parts.user : none, parts.host,
                                   strchr(keep, 'p') ? parts.port : none,
                                   strchr(keep, ';') ? parts.parameters : none};
    return make_uri(attempt, pieces, G_N_ELEMENTS(pieces));
}

VARIANT(with_request_uri)
{
    NOT_USED;
    bool differs = reading->input->request_uri.p && !slice_equal(attempt->uri, reading->input->request_uri);
    attempt->uri = reading->input->request_uri;
    return differs;
}

VARIANT(with_reduced_uri)
{
    (void)reading;
    return reduce_uri(attempt, attempt->uri, text);
}

VARIANT(with_reduced_request_uri)
{
    return with_request_uri(attempt, reading, text) &&
           reduce_uri(attempt, reading->input->request_uri, text) &&
           !slice_equal(attempt->uri, reading->input->request_uri) &&
           !slice_equal(attempt->uri, reading->rfc.uri);
}

VARIANT(with_default_port)
{
    NOT_USED;
    struct uri_parts parts = uri_split(attempt->uri);
    bool secure = slice_starts_nocase(parts.scheme, SLICE("sips:"));
    const struct slice pieces[] = {parts.scheme, parts.user, parts.host,
                                   secure ? SLICE(":5061") : SLICE(":5060"), parts.parameters};
    return parts.port.len == 0 && make_uri(attempt, pieces, G_N_ELEMENTS(pieces));
}

VARIANT(with_brackets)
{
    NOT_USED;
    const struct slice pieces[] = {SLICE("<"), attempt->uri, SLICE(">")};
    return make_uri(attempt, pieces, G_N_ELEMENTS(pieces));
}

VARIANT(without_brackets)
{
    NOT_USED;
    struct slice uri = slice_trim(attempt->uri);
    if (uri.len < 2 || *uri.p != '<' || uri.p[uri.len - 1] != '>')
        return false;
    attempt->uri = (struct slice){uri.p + 1, uri.len - 2};
    return true;
}

VARIANT(with_double_scheme)
{
    NOT_USED;
    const struct slice pieces[] = {SLICE("sip:"), attempt->uri};
    return make_uri(attempt, pieces, G_N_ELEMENTS(pieces));
}

VARIANT(with_single_scheme)
{
    NOT_USED;
    bool differs = slice_starts_nocase(attempt->uri, SLICE("sip:sip"));
    attempt->uri = slice_from(attempt->uri, 4);
    return differs;
}

/* --- user name ------------------------------------------------------------------- */

VARIANT(with_bare_user)
{
    NOT_USED;
    struct slice user, host, full = attempt->user;
    sip_uri_split(full, &user, &host);
    attempt->user = user;
    return user.p && !slice_equal(user, full);
}

VARIANT(without_user_scheme)
{
    NOT_USED;
    size_t scheme = slice_starts_nocase(attempt->user, SLICE("sips:"))  ? 5
                    : slice_starts_nocase(attempt->user, SLICE("sip:")) ? 4
                                                                        : 0;
    attempt->user = slice_from(attempt->user, scheme);
    return scheme > 0;
}

/* `text` is the scheme that goes before the name. */
static bool
make_user(struct attempt *attempt, struct slice domain, const char *text)
{
    bool whole = slice_has(attempt->user, '@');
    if (attempt->user.len == 0 || (whole && !*text) || (!whole && domain.len == 0))
        return false;
    GString *user = g_string_new(text);
    g_string_append_len(user, attempt->user.p, (gssize)attempt->user.len);
    if (!whole) {
        g_string_append_c(user, '@');
        g_string_append_len(user, domain.p, (gssize)domain.len);
    }
    attempt->user = (struct slice){user->str, user->len};
    attempt->made = g_string_free(user, FALSE);
    return true;
}

VARIANT(with_realm_behind_user)
{
    (void)reading;
    return make_user(attempt, attempt->realm, text);
}

VARIANT(with_host_behind_user)
{
    (void)reading;
    struct slice host = uri_split(attempt->uri).host;
    return !slice_equal(host, attempt->realm) && make_user(attempt, host, text);
}

/* --- password -------------------------------------------------------------------- */

VARIANT(with_empty_password)
{
    NOT_USED;
    attempt->password = PASSWORD_EMPTY;
    return true;
}

VARIANT(with_trimmed_password)
{
    NOT_USED;
    attempt->password = PASSWORD_TRIMMED;
    return true;
}

VARIANT(with_password_suffix)
{
    (void)reading;
    attempt->password_suffix = text_slice(text);
    return true;
}

VARIANT(with_latin1)
{
    NOT_USED;
    attempt->password = PASSWORD_LATIN1;
    return true;
}

VARIANT(with_utf8_twice)
{
    NOT_USED;
    attempt->password = PASSWORD_UTF8_TWICE;
    return true;
}

VARIANT(with_upper_ha1)
{
    NOT_USED;
    attempt->upper_ha1 = true;
    return true;
}

/* --- the table ------------------------------------------------------------------- */

#define CONFORMING VARIANT_CONFORMING
#define RESPONSE   VARIANT_RESPONSE
#define HA1        VARIANT_HA1
#define PASSWORD   VARIANT_OF_PASSWORD

#define STACK_FIX "update the client's software, user and password are right"
#define URI_FIX   "let the client hash the very text that it sends as uri: user and password are right"
#define TYPE_FIX  "type the password on the client again by hand, not by copy and paste"
#define USER_FIX                                                                                             \
    "let the client hash the user name as it sends it, or configure it in the form that it hashes"
#define METHOD(method)                                                                                       \
    {                                                                                                        \
        "method-" method, RESPONSE, with_method, method, "signs as if the request were " method, STACK_FIX   \
    }

/* clang-format off */
const struct variant digest_variants[] = {
    {"rfc", CONFORMING, as_rfc, "", "", ""},
    {"escaped-text", CONFORMING, with_backslashes, "", "", ""},
    {"second-method", CONFORMING, with_second_method, "", "", ""},
    {"first-cnonce", CONFORMING, with_session_of_first_use, "", "", ""},
    {"new-cnonce", CONFORMING, with_session_of_each_use, "", "", ""},
    {"md5-by-default", CONFORMING, with_md5, "", "", ""},

    {"algorithm-of-challenge", HA1, with_algorithm_of_challenge, "", "hashes by the algorithm of the challenge, and names another one", "let the client name the algorithm that it uses: user and password are right"},
    {"session-ignored", HA1, without_session, "", "leaves out the second hash that -sess asks for", STACK_FIX},
    {"raw-inner-hash", HA1, with_raw_session, "", "hashes the inner hash of -sess as octets instead of hex digits", STACK_FIX},
    {"truncated-sha-512", HA1, with_cut_sha512, "", "cuts SHA-512 to half its length instead of computing SHA-512/256", STACK_FIX},
    {"auth-int-without-body", RESPONSE, without_body_part, "", "says auth-int and leaves the body out", STACK_FIX},
    {"auth-int-empty-body", RESPONSE, with_empty_body, "", "signs an empty body, although there is one (it may have been added or changed on the path)", "let nothing on the path change the body, or use qop=auth"},
    {"auth-with-body", RESPONSE, with_body_part, "", "says qop=auth and signs the body as for auth-int", STACK_FIX},
    {"qop-auth-int-in-response", RESPONSE, with_final_auth_int, "", "says qop=auth and hashes the word auth-int", STACK_FIX},
    {"qop-list", RESPONSE, with_qop_list, "", "hashes the whole list of qop values on offer instead of the one that it chose", STACK_FIX},
    {"qop-list-sent", RESPONSE, with_one_qop, "auth", "hashes qop=auth and sends a list of qop values", STACK_FIX},
    {"qop-quotes", RESPONSE, with_qop_quotes, "", "hashes qop with its quotes", STACK_FIX},
    {"rfc2069-form", RESPONSE, without_qop, "", "sends qop, and computes the old form without it", STACK_FIX},
    {"qop-auth-form", RESPONSE, with_qop_auth, "", "computes with qop=auth, and does not send qop", STACK_FIX},
    {"nc-of-first-use", RESPONSE, with_first_nc, "", "hashes nonce count 00000001 and sends another one, or another form of it", STACK_FIX},
    {"nc-of-previous-use", RESPONSE, with_previous_nc, "", "hashes the nonce count of the request before and sends the next one", STACK_FIX},
    {"cnonce-of-first-use", RESPONSE, with_first_cnonce, "", "hashes the client nonce of its first answer and sends another one", STACK_FIX},
    {"nc-and-cnonce-of-first-use", RESPONSE, with_first_nc_and_cnonce, "", "hashes nonce count and client nonce of its first answer and sends others", STACK_FIX},

    METHOD("REGISTER"), METHOD("INVITE"), METHOD("ACK"), METHOD("BYE"), METHOD("CANCEL"), METHOD("OPTIONS"),
    METHOD("SUBSCRIBE"), METHOD("NOTIFY"), METHOD("MESSAGE"), METHOD("PUBLISH"), METHOD("REFER"),
    METHOD("INFO"), METHOD("PRACK"), METHOD("UPDATE"),

    {"request-uri", RESPONSE, with_request_uri, "", "hashes the Request-URI and sends another uri", URI_FIX},
    {"uri-without-port", RESPONSE, with_reduced_uri, "u;", "hashes the uri without its port", URI_FIX},
    {"uri-without-parameters", RESPONSE, with_reduced_uri, "up", "hashes the uri without its parameters", URI_FIX},
    {"uri-without-port-and-parameters", RESPONSE, with_reduced_uri, "u", "hashes the uri without port and parameters", URI_FIX},
    {"uri-without-user", RESPONSE, with_reduced_uri, "p;", "hashes the uri without its user part", URI_FIX},
    {"uri-with-default-port", RESPONSE, with_default_port, "", "hashes the uri with the default port behind it", URI_FIX},
    {"uri-in-brackets", RESPONSE, with_brackets, "", "hashes the uri in angle brackets", URI_FIX},
    {"uri-without-brackets", RESPONSE, without_brackets, "", "hashes the uri without the angle brackets that it sends", URI_FIX},
    {"uri-with-double-scheme", RESPONSE, with_double_scheme, "", "hashes the uri with sip: in front of it twice", URI_FIX},
    {"uri-with-single-scheme", RESPONSE, with_single_scheme, "", "sends the uri with sip: twice, and hashes it with one", URI_FIX},
    {"request-uri-without-port", RESPONSE, with_reduced_request_uri, "u;", "hashes the Request-URI without its port", URI_FIX},
    {"request-uri-without-parameters", RESPONSE, with_reduced_request_uri, "up", "hashes the Request-URI without its parameters", URI_FIX},
    {"request-uri-without-port-and-parameters", RESPONSE, with_reduced_request_uri, "u", "hashes the Request-URI without port and parameters", URI_FIX},

    {"user-without-domain", HA1, with_bare_user, "", "hashes the user name without its domain (or sip:)", USER_FIX},
    {"user-without-scheme", HA1, without_user_scheme, "", "hashes the user name without sip:", USER_FIX},
    {"user-with-realm", HA1, with_realm_behind_user, "", "hashes user@realm instead of the user name that it sends", USER_FIX},
    {"user-with-host", HA1, with_host_behind_user, "", "hashes user@host instead of the user name that it sends", USER_FIX},
    {"user-as-uri", HA1, with_realm_behind_user, "sip:", "hashes the user name as a SIP URI", USER_FIX},

    {"empty-password", PASSWORD, with_empty_password, "", "has an empty password instead of it", "enter the password on the client: it has none"},
    {"password-newline", PASSWORD, with_password_suffix, "\n", "has a line end behind its password", TYPE_FIX},
    {"password-carriage-return", PASSWORD, with_password_suffix, "\r", "has a carriage return behind its password", TYPE_FIX},
    {"password-crlf", PASSWORD, with_password_suffix, "\r\n", "has a carriage return and a line end behind its password", TYPE_FIX},
    {"password-blank", PASSWORD, with_password_suffix, " ", "has a blank behind its password", TYPE_FIX},
    {"password-trimmed", PASSWORD, with_trimmed_password, "", "drops the blanks around its password", "choose a password without blanks at either end, on both sides"},
    {"password-latin1", PASSWORD, with_latin1, "", "hashes its password in ISO-8859-1 instead of UTF-8", "choose a password of plain ASCII letters, or set both sides to UTF-8"},
    {"password-utf8-twice", PASSWORD, with_utf8_twice, "", "converts its password to UTF-8 twice", "choose a password of plain ASCII letters, or correct the client"},

    {"upper-case-ha1", HA1, with_upper_ha1, "", "writes HA1 in upper-case hex digits", STACK_FIX},
};
/* clang-format on */
const size_t digest_variants_count = G_N_ELEMENTS(digest_variants);

static const struct variant *
find(const char *name)
{
    for (size_t i = 0; name && i < digest_variants_count; i++) {
        if (strcmp(digest_variants[i].name, name) == 0)
            return &digest_variants[i];
    }
    return &digest_variants[0];
}

const char *
digest_variant_mistake(const char *name)
{
    return find(name)->mistake;
}

bool
digest_is_of_other_password(const struct digest_verdict *verdict)
{
    return verdict->reason == DIGEST_MISMATCH ||
           (verdict->reason == DIGEST_NONCONFORMING && find(verdict->variant)->kind == VARIANT_OF_PASSWORD);
}

const char *
digest_variant_remedy(const char *name)
{
    return find(name)->remedy;
}
