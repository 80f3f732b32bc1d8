/* test_auth_header.c
 * Challenges and credentials as RFC 3261 section 25.1 and 7616 have them, and as stacks send them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "auth_header.h"
#include "support.h"

/* What one value is expected to hold, as "Scheme|name=text|name=text"; parameters in the order of enum
 * auth_param. A quoted one is "name='text'", a repeated one ends in "+", and "|unterminated" comes last. */
static void
describe(const struct auth_value *value, GString *to)
{
    g_string_append_len(to, value->scheme.p, (gssize)value->scheme.len);
    for (int i = 0; i < AUTH_PARAM_COUNT; i++) {
        struct slice name = auth_param_name((enum auth_param)i), text = value->param[i];
        const char *quote = value->quoted >> i & 1 ? "'" : "";
        if (!text.p)
            continue;
        g_string_append_printf(to, "|%.*s=%s%.*s%s%s", (int)name.len, name.p, quote, (int)text.len, text.p,
                               quote, value->repeated >> i & 1 ? "+" : "");
    }
    if (value->unterminated)
        g_string_append(to, "|unterminated");
}

struct header {
    const char *name, *text;
    const char *expected; /* values joined by " // " */
};

/* clang-format off */
static const struct header headers[] = {
    {"rfc3261-22.4-challenge", "Digest realm=\"biloxi.com\", qop=\"auth,auth-int\", nonce=\"dcd98b\", opaque=\"5ccc\"", "Digest|realm='biloxi.com'|nonce='dcd98b'|qop='auth,auth-int'|opaque='5ccc'"},
    {"all-parameters-of-a-challenge", "Digest realm=\"r\", domain=\"sip:a sip:b\", nonce=\"n\", opaque=\"o\", stale=FALSE, algorithm=SHA-256, qop=\"auth\", charset=UTF-8, userhash=true", "Digest|realm='r'|nonce='n'|algorithm=SHA-256|qop='auth'|opaque='o'|domain='sip:a sip:b'|stale=FALSE|userhash=true|charset=UTF-8"},
    {"all-parameters-of-credentials", "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"00\", algorithm=MD5, cnonce=\"c\", opaque=\"o\", qop=auth, nc=00000001, auts=\"YQ==\"", "Digest|username='u'|realm='r'|nonce='n'|uri='sip:a'|response='00'|algorithm=MD5|qop=auth|nc=00000001|cnonce='c'|opaque='o'|auts='YQ=='"},
    {"rfc7616-extended-username", "Digest username*=UTF-8''J%C3%A4s, realm=\"r\"", "Digest|username*=UTF-8''J%C3%A4s|realm='r'"},

    /* case: Q28, Q29, Q33 */
    {"scheme-in-capitals", "DIGEST realm=\"r\"", "DIGEST|realm='r'"},
    {"scheme-lower-case", "digest realm=\"r\"", "digest|realm='r'"},
    {"names-in-any-case", "Digest REALM=\"r\", Cnonce=\"c\", NC=1", "Digest|realm='r'|nc=1|cnonce='c'"},
    {"algorithm-kept-as-written", "Digest algorithm=md5", "Digest|algorithm=md5"},

    /* quotes where none belong, and none where they do: Q3, Q30 */
    {"qop-quoted-in-credentials", "Digest qop=\"auth\", nc=\"00000001\"", "Digest|qop='auth'|nc='00000001'"},
    {"algorithm-quoted", "Digest algorithm=\"MD5\"", "Digest|algorithm='MD5'"},
    {"stale-quoted", "Digest stale=\"true\"", "Digest|stale='true'"},
    {"realm-bare", "Digest realm=biloxi.com, nonce=abc", "Digest|realm=biloxi.com|nonce=abc"},
    {"nonce-bare-with-equals", "Digest nonce=abc==, realm=\"r\"", "Digest|realm='r'|nonce=abc=="},
    {"uri-bare", "Digest uri=sip:a@b:5060;transport=tcp, realm=\"r\"", "Digest|realm='r'|uri=sip:a@b:5060;transport=tcp"},
    {"bare-value-ends-at-blank", "Digest realm=r nonce=n", "Digest|realm=r|nonce=n"},
    {"bare-realm-of-two-words", "Digest realm=My Realm, nonce=\"n\"", "Digest|realm=My|nonce='n'"},
    {"bare-realm-of-three-words", "Digest realm=My Big Realm, nonce=\"n\"", "Digest|realm=My|nonce='n'"},

    /* blanks and folds: RFC 3261 section 25.1 SWS, Q38 */
    {"blanks-around-equals", "Digest realm = \"r\" , nonce\t=\t\"n\"", "Digest|realm='r'|nonce='n'"},
    {"two-blanks-after-scheme", "Digest  realm=\"r\"", "Digest|realm='r'"},
    {"tab-after-scheme", "Digest\trealm=\"r\"", "Digest|realm='r'"},
    {"no-blank-after-comma", "Digest realm=\"r\",nonce=\"n\",qop=\"auth\"", "Digest|realm='r'|nonce='n'|qop='auth'"},
    {"folded", "Digest realm=\"r\",\r\n nonce=\"n\",\r\n\tqop=\"auth\"", "Digest|realm='r'|nonce='n'|qop='auth'"},
    {"folded-around-equals", "Digest realm=\r\n \"r\", nonce\r\n =\"n\"", "Digest|realm='r'|nonce='n'"},
    {"folded-after-scheme", "Digest\r\n realm=\"r\"", "Digest|realm='r'"},
    {"blank-in-qop-list", "Digest qop=\"auth, auth-int\", realm=\"r\"", "Digest|realm='r'|qop='auth, auth-int'"},
    {"qop-list-bare", "Digest qop=auth,auth-int, nc=00000001", "Digest|qop=auth|nc=00000001"},
    {"qop-list-bare-with-blank", "Digest qop=auth, auth-int, nc=00000001", "Digest|qop=auth|nc=00000001"},

    /* commas: empty elements, missing ones */
    {"empty-elements", "Digest realm=\"r\", , ,nonce=\"n\"", "Digest|realm='r'|nonce='n'"},
    {"comma-first", ", Digest realm=\"r\"", "Digest|realm='r'"},
    {"comma-after-scheme", "Digest, realm=\"r\"", "Digest|realm='r'"},
    {"comma-last", "Digest realm=\"r\",", "Digest|realm='r'"},
    {"rfc3665-2.1-comma-missing", "Digest username=\"bob\", realm=\"atlanta.example.com\"\r\n nonce=\"ea9c\", opaque=\"\"", "Digest|username='bob'|realm='atlanta.example.com'|nonce='ea9c'|opaque=''"},
    {"comma-missing-after-quote", "Digest stale=\"true\" algorithm=MD5", "Digest|algorithm=MD5|stale='true'"},
    {"comma-and-blank-missing", "Digest realm=\"r\"nonce=\"n\"", "Digest|realm='r'|nonce='n'"},

    /* what stands in quotes is data: Q25, Q34 */
    {"comma-in-quotes", "Digest realm=\"a, nonce=\\\"x\\\"\", nonce=\"n\"", "Digest|realm='a, nonce=\\\"x\\\"'|nonce='n'"},
    {"scheme-in-quotes", "Digest realm=\"a, Digest realm=b\", nonce=\"n\"", "Digest|realm='a, Digest realm=b'|nonce='n'"},
    {"qop-in-quotes", "Digest realm=\"qop=auth;nc=1\", nonce=\"n\"", "Digest|realm='qop=auth;nc=1'|nonce='n'"},
    {"escaped-quote", "Digest realm=\"foo\\\"bar\", nonce=\"n\"", "Digest|realm='foo\\\"bar'|nonce='n'"},
    {"escaped-backslash-before-end", "Digest realm=\"foo\\\\\", nonce=\"n\"", "Digest|realm='foo\\\\'|nonce='n'"},
    {"escaped-backslash-and-quote", "Digest realm=\"foo\\\\\\\"bar\", nonce=\"n\"", "Digest|realm='foo\\\\\\\"bar'|nonce='n'"},
    {"username-with-colons", "Digest username=\"sip:100@kelowna.gloo.net:5060\"", "Digest|username='sip:100@kelowna.gloo.net:5060'"},
    {"utf-8", "Digest username=\"J\303\244s\", realm=\"r\"", "Digest|username='J\303\244s'|realm='r'"},
    {"uri-in-angle-brackets", "Digest uri=\"<sip:a@b>\"", "Digest|uri='<sip:a@b>'"},

    /* empty and absent differ: Q24, Q26, Q32 */
    {"empty-strings", "Digest username=\"\", realm=\"\", opaque=\"\"", "Digest|username=''|realm=''|opaque=''"},
    {"empty-bare", "Digest opaque=, realm=\"r\"", "Digest|realm='r'|opaque="},
    {"empty-bare-last", "Digest opaque=", "Digest|opaque="},
    {"name-without-value", "Digest realm, nonce=\"n\"", "Digest|nonce='n'"},
    {"quoted-twice", "Digest opaque=\"\"00000188\"\", realm=\"r\"", "Digest|realm='r'|opaque=''"},

    /* repeated, unknown */
    {"repeated-takes-the-first", "Digest realm=\"a\", realm=\"b\", nonce=\"n\"", "Digest|realm='a'+|nonce='n'"},
    {"repeated-empty-first", "Digest realm=\"\", realm=\"b\"", "Digest|realm=''+"},
    {"unknown-parameters", "Digest foo=\"bar, baz\", realm=\"r\", x=1", "Digest|realm='r'"},
    {"ims-keys-unknown", "Digest realm=\"r\", ik=\"00\", ck=\"11\", nonce=\"n\"", "Digest|realm='r'|nonce='n'"},
    {"name-that-only-begins-so", "Digest realms=\"x\", real=\"y\", realm=\"r\"", "Digest|realm='r'"},

    /* no end */
    {"unterminated", "Digest realm=\"r\", nonce=\"n, qop=auth", "Digest|realm='r'|nonce='n, qop=auth'|unterminated"},
    {"unterminated-empty", "Digest realm=\"", "Digest|realm=''|unterminated"},
    {"unterminated-backslash", "Digest realm=\"a\\", "Digest|realm='a\\'|unterminated"},
    {"unterminated-escaped-quote", "Digest realm=\"a\\\"", "Digest|realm='a\\\"'|unterminated"},

    /* several in one line, against RFC 3261 section 7.3.1: Q35 */
    {"two-challenges", "Digest realm=\"a\", nonce=\"b\", Digest realm=\"c\", nonce=\"d\"", "Digest|realm='a'|nonce='b' // Digest|realm='c'|nonce='d'"},
    {"two-challenges-no-blank", "Digest realm=\"a\",Digest realm=\"c\"", "Digest|realm='a' // Digest|realm='c'"},
    {"two-challenges-folded", "Digest realm=\"a\",\r\n Digest\r\n realm=\"c\"", "Digest|realm='a' // Digest|realm='c'"},
    {"two-challenges-no-comma", "Digest realm=\"a\" Digest realm=\"c\"", "Digest|realm='a' // Digest|realm='c'"},
    {"three-challenges", "Digest realm=\"a\", algorithm=SHA-256, Digest realm=\"a\", algorithm=SHA-512-256, Digest realm=\"a\"", "Digest|realm='a'|algorithm=SHA-256 // Digest|realm='a'|algorithm=SHA-512-256 // Digest|realm='a'"},
    {"two-credentials", "Digest username=\"u\", realm=\"a\", response=\"0\", Digest username=\"v\", realm=\"b\", response=\"1\"", "Digest|username='u'|realm='a'|response='0' // Digest|username='v'|realm='b'|response='1'"},
    {"basic-then-digest", "Basic realm=\"a\", Digest realm=\"b\"", "Basic|realm='a' // Digest|realm='b'"},
    {"ntlm-then-digest", "NTLM, Digest realm=\"b\"", "NTLM // Digest|realm='b'"},
    {"negotiate-token-then-digest", "Negotiate YII/abc+d==, Digest realm=\"b\"", "Negotiate // Digest|realm='b'"},
    {"digest-then-negotiate-token", "Digest realm=\"b\", Negotiate YII/abc+d==", "Digest|realm='b' // Negotiate"},
    {"basic-token", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic"},
    {"rfc8898-bearer", "Bearer authz_server=\"https://a/b\", scope=\"openid\", realm=\"r\"", "Bearer|realm='r'"},
    {"bearer-token-then-digest", "Bearer a.b-c_d, Digest realm=\"b\"", "Bearer // Digest|realm='b'"},
    {"quoted-scheme-word-after-comma", "Digest realm=\"a\", nonce=\"Digest realm=\", opaque=\"o\"", "Digest|realm='a'|nonce='Digest realm='|opaque='o'"},

    /* little, nothing, garbage */
    {"scheme-alone", "Digest", "Digest"},
    {"scheme-and-blank", "Digest ", "Digest"},
    {"no-scheme", "realm=\"a\", nonce=\"b\"", "realm|nonce='b'"},
    {"empty", "", ""},
    {"commas-only", " , ,\r\n ,", ""},
    {"garbage-between", "Digest realm=\"a\", ???, @=x, nonce=\"n\"", "Digest|realm='a'|nonce='n'"},
};
/* clang-format on */

static void
test_header(gconstpointer data)
{
    const struct header *header = data;
    struct slice text = exact_copy(text_slice_of(header->text)), rest = text;
    struct auth_value value;
    GString *got = g_string_new(NULL);
    for (int n = 0; auth_header_next(&rest, &value); n++) {
        if (n > 0)
            g_string_append(got, " // ");
        describe(&value, got);
    }
    g_assert_cmpstr(got->str, ==, header->expected);
    g_assert_cmpuint(rest.len, ==, 0);
    g_string_free(got, TRUE);
    free((char *)(uintptr_t)text.p);
}

static void
test_every_cut(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
        for (size_t len = 0; len < strlen(headers[i].text); len++) {
            struct slice text = exact_copy((struct slice){headers[i].text, len}), rest = text;
            struct auth_value value;
            size_t before = len + 1;
            while (auth_header_next(&rest, &value)) {
                g_assert_true(rest.len < before);
                before = rest.len;
                for (int p = 0; p < AUTH_PARAM_COUNT; p++)
                    g_assert_true(slice_inside(value.param[p], text));
            }
            free((char *)(uintptr_t)text.p);
        }
    }
}

static const struct header infos[] = {
    {"rfc7615", "nextnonce=\"n2\", qop=auth, rspauth=\"00\", cnonce=\"c\", nc=00000001",
     "|qop=auth|nc=00000001|cnonce='c'|nextnonce='n2'|rspauth='00'"},
    {"nextnonce-bare", "nextnonce=n2", "|nextnonce=n2"},
    {"folded", "\r\n nextnonce = \"n2\" ,\r\n rspauth=\"00\"", "|nextnonce='n2'|rspauth='00'"},
    {"empty", "", ""},
    {"garbage-first", "???, nextnonce=\"n2\"", "|nextnonce='n2'"},
};

static void
test_info(gconstpointer data)
{
    const struct header *info = data;
    struct slice text = exact_copy(text_slice_of(info->text));
    struct auth_value value;
    GString *got = g_string_new(NULL);
    auth_info_parse(text, &value);
    assert_slice(value.scheme, NULL);
    describe(&value, got);
    g_assert_cmpstr(got->str, ==, info->expected);
    g_string_free(got, TRUE);
    free((char *)(uintptr_t)text.p);
}

/* --- texts
 * ----------------------------------------------------------------------------------------------------------
 */

struct text {
    const char *name, *raw, *expected; /* NULL: absent */
};

static const struct text escapes[] = {
    {"plain", "biloxi.com", "biloxi.com"},
    {"quote", "foo\\\"bar", "foo\"bar"},
    {"backslash", "a\\\\b", "a\\b"},
    {"needless", "\\b\\o\\b", "bob"},
    {"at-the-end", "a\\", "a\\"},
    {"only", "\\", "\\"},
    {"empty", "", ""},
    {"twice", "\\\\\\\"", "\\\""},
};

static void
test_unescape(gconstpointer data)
{
    const struct text *text = data;
    struct slice raw = exact_copy(text_slice_of(text->raw));
    char *buffer = malloc(raw.len ? raw.len : 1);
    struct slice clear = auth_unescape(raw, buffer);
    assert_slice(clear, text->expected);
    g_assert_true(strchr(text->raw, '\\') || clear.p == raw.p);
    free(buffer);
    free((char *)(uintptr_t)raw.p);
}

/* RFC 5987 section 3.2. */
static const struct text extended[] = {
    {"rfc7616-3.9.2", "UTF-8''J%C3%A4s%C3%B8n%20Doe", "J\303\244s\303\270n Doe"},
    {"language", "UTF-8'en'%41%c2%a3", "A\302\243"},
    {"charset-lower-case", "utf-8''a", "a"},
    {"iso-8859-1", "iso-8859-1'en'a", "a"},
    {"empty-value", "UTF-8''", ""},
    {"apostrophe-in-value", "UTF-8''a'b", "a'b"},
    {"no-apostrophe", "bob", NULL},
    {"one-apostrophe", "UTF-8'bob", NULL},
    {"cut-in-percent", "UTF-8''a%4", NULL},
    {"percent-at-the-end", "UTF-8''a%", NULL},
    {"percent-no-hex", "UTF-8''%4g", NULL},
    {"empty", "", NULL},
};

static void
test_extended(gconstpointer data)
{
    const struct text *text = data;
    struct slice raw = exact_copy(text_slice_of(text->raw));
    char *buffer = malloc(raw.len ? raw.len : 1);
    assert_slice(auth_decode_extended(raw, buffer), text->expected);
    free(buffer);
    free((char *)(uintptr_t)raw.p);
}

static void
test_list(void)
{
    g_assert_true(auth_list_has(SLICE("auth"), SLICE("auth")));
    g_assert_true(auth_list_has(SLICE("auth,auth-int"), SLICE("auth-int")));
    g_assert_true(auth_list_has(SLICE("auth, AUTH-INT"), SLICE("auth-int")));
    g_assert_true(auth_list_has(SLICE(" auth-int auth ,"), SLICE("auth")));
    g_assert_false(auth_list_has(SLICE("auth-int"), SLICE("auth")));
    g_assert_false(auth_list_has(SLICE("auth"), SLICE("auth-int")));
    g_assert_false(auth_list_has(SLICE(""), SLICE("auth")));
    g_assert_false(auth_list_has(SLICE(",,"), SLICE("auth")));
    g_assert_false(auth_list_has((struct slice){NULL, 0}, SLICE("auth")));
}

static void
test_is_digest(void)
{
    g_assert_true(auth_is_digest(&(struct auth_value){.scheme = SLICE("dIGEST")}));
    g_assert_false(auth_is_digest(&(struct auth_value){.scheme = SLICE("Digests")}));
    g_assert_false(auth_is_digest(&(struct auth_value){.scheme = SLICE("Basic")}));
    g_assert_false(auth_is_digest(&(struct auth_value){.scheme = {NULL, 0}}));
}

static void
add(const char *group, const char *name, gconstpointer data, GTestDataFunc test)
{
    char *path = test_path(group, name);
    g_test_add_data_func(path, data, test);
    g_free(path);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++)
        add("/auth-header/values", headers[i].name, &headers[i], test_header);
    for (size_t i = 0; i < G_N_ELEMENTS(infos); i++)
        add("/auth-header/info", infos[i].name, &infos[i], test_info);
    for (size_t i = 0; i < G_N_ELEMENTS(escapes); i++)
        add("/auth-header/unescape", escapes[i].name, &escapes[i], test_unescape);
    for (size_t i = 0; i < G_N_ELEMENTS(extended); i++)
        add("/auth-header/extended", extended[i].name, &extended[i], test_extended);
    g_test_add_func("/auth-header/every-cut", test_every_cut);
    g_test_add_func("/auth-header/list", test_list);
    g_test_add_func("/auth-header/is-digest", test_is_digest);
    return test_run_all();
}
