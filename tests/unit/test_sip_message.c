/* test_sip_message.c
 * Messages as they come off the wire, RFC 4475 torture among them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "sip_message.h"
#include "support.h"

#define START "REGISTER sip:example.com SIP/2.0\r\n"
#define END   "\r\n"

/* Parses out of a heap block of the message's own size. */
struct parsed {
    struct slice bytes;
    struct sip_message message;
    bool is_sip;
};

static struct parsed
parse_octets(struct slice text, bool snapped)
{
    struct parsed parsed = {.bytes = exact_copy(text)};
    parsed.is_sip = sip_message_parse(parsed.bytes, snapped, &parsed.message);
    return parsed;
}

static struct parsed
parse(const char *text)
{
    return parse_octets(text_slice_of(text), false);
}

static void
parsed_clear(struct parsed *parsed)
{
    free((char *)(uintptr_t)parsed->bytes.p);
}

static void
add(const char *group, const char *name, gconstpointer data, GTestDataFunc test)
{
    char *path = test_path(group, name);
    g_test_add_data_func(path, data, test);
    g_free(path);
}

/* --- start lines
 * --------------------------------------------------------------------------------------------------- */

struct start {
    const char *name, *line;
    const char *method, *uri; /* of a request */
    unsigned status;          /* of a response; neither: no SIP */
};

static const struct start starts[] = {
    {"register", "REGISTER sip:example.com SIP/2.0", "REGISTER", "sip:example.com", 0},
    {"extension-method", "FOO.bar-1 sip:a SIP/2.0", "FOO.bar-1", "sip:a", 0},
    {"rfc4475-3.1.1.2-method-of-token-characters",
     "!interesting-Method0123456789_*+`.%indeed'~ sip:1 SIP/2.0",
     "!interesting-Method0123456789_*+`.%indeed'~", "sip:1", 0},
    {"lower-case-method-is-another", "register sip:a SIP/2.0", "register", "sip:a", 0},
    {"version-lower-case", "INVITE sip:a sip/2.0", "INVITE", "sip:a", 0},
    {"rfc4475-3.1.2.10-uri-in-angle-brackets", "INVITE <sip:user@example.com> SIP/2.0", "INVITE",
     "<sip:user@example.com>", 0},
    {"rfc4475-3.1.2.8-blanks-within-uri", "INVITE sip:user@example.com; lr SIP/2.0", "INVITE",
     "sip:user@example.com; lr", 0},
    {"rfc4475-3.1.2.9-blanks-after-version", "OPTIONS sip:remote@example.com SIP/2.0  ", "OPTIONS",
     "sip:remote@example.com", 0},
    {"blanks-between", "OPTIONS   sip:a   SIP/2.0", "OPTIONS", "sip:a", 0},
    {"tel-uri", "INVITE tel:+12015550123 SIP/2.0", "INVITE", "tel:+12015550123", 0},
    {"ok", "SIP/2.0 200 OK", NULL, NULL, 200},
    {"no-notification", "SIP/2.0 204 No Notification", NULL, NULL, 204},
    {"rfc4475-3.1.1.12-unusual-reason", "SIP/2.0 200 = 2**3 * 5**2 \320\275\320\276", NULL, NULL, 200},
    {"rfc4475-3.1.1.13-empty-reason", "SIP/2.0 100 ", NULL, NULL, 100},
    {"no-reason-no-blank", "SIP/2.0 401", NULL, NULL, 401},
    {"response-lower-case", "sip/2.0 407 Proxy", NULL, NULL, 407},
    {"highest-status", "SIP/2.0 699 x", NULL, NULL, 699},

    {"empty", "", NULL, NULL, 0},
    {"keep-alive", "\r\n\r\n", NULL, NULL, 0},
    {"http-request", "GET / HTTP/1.1", NULL, NULL, 0},
    {"http-response", "HTTP/1.1 401 Unauthorized", NULL, NULL, 0},
    {"rtsp", "OPTIONS rtsp://a RTSP/1.0", NULL, NULL, 0},
    {"rfc4475-3.1.2.16-unknown-version", "OPTIONS sip:t.watson@example.org SIP/7.0", NULL, NULL, 0},
    {"no-uri", "REGISTER SIP/2.0", NULL, NULL, 0},
    {"no-version", "REGISTER sip:example.com", NULL, NULL, 0},
    {"no-method", " sip:example.com SIP/2.0", NULL, NULL, 0},
    {"version-glued", "REGISTER sip:exampleSIP/2.0", NULL, NULL, 0},
    {"version-alone", "SIP/2.0", NULL, NULL, 0},
    {"status-too-low", "SIP/2.0 099 x", NULL, NULL, 0},
    {"rfc4475-3.1.2.19-status-too-large", "SIP/2.0 4294967301 better not break the receiver", NULL, NULL, 0},
    {"status-700", "SIP/2.0 700 x", NULL, NULL, 0},
    {"status-four-digits", "SIP/2.0 2000 OK", NULL, NULL, 0},
    {"status-two-digits", "SIP/2.0 20", NULL, NULL, 0},
    {"status-no-number", "SIP/2.0 OK", NULL, NULL, 0},
    {"middle-of-a-message", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", NULL, NULL, 0},
    {"header-that-ends-like-a-request", "User-Agent: softphone SIP/2.0", NULL, NULL, 0},
    {"sdp", "v=0", NULL, NULL, 0},
    {"binary", "\001\002\003 \004 SIP/2.0", NULL, NULL, 0},
};

static void
test_start(gconstpointer data)
{
    const struct start *start = data;
    char *text = g_strconcat(start->line, "\r\nCSeq: 1 FROMCSEQ\r\n\r\n", NULL);
    struct parsed parsed = parse(text);
    bool expected = start->method || start->status;
    g_assert_true(parsed.is_sip == expected);
    if (parsed.is_sip && expected) {
        g_assert_true(parsed.message.is_request == (start->method != NULL));
        g_assert_cmpuint(parsed.message.status, ==, start->status);
        assert_slice(parsed.message.method, start->method ? start->method : "FROMCSEQ");
        assert_slice(parsed.message.request_uri, start->uri);
    }
    parsed_clear(&parsed);
    g_free(text);
}

static void
test_phrase(void)
{
    static const struct {
        const char *line, *phrase;
    } lines[] = {
        {"SIP/2.0 403 Wrong password", "Wrong password"},
        {"SIP/2.0 401   Unauthorized ", "Unauthorized"},
        {"SIP/2.0 100 ", ""},
        {"SIP/2.0 401", ""},
        {"OPTIONS sip:a SIP/2.0", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        char *text = g_strconcat(lines[i].line, "\r\n\r\n", NULL);
        struct parsed parsed = parse(text);
        assert_slice(parsed.message.phrase, lines[i].phrase);
        parsed_clear(&parsed);
        g_free(text);
    }
}

/* --- one header, one view
 * ------------------------------------------------------------------------------------------ */

enum view {
    HEADER,
    TRANSPORT,
    HOST,
    PORT,
    BRANCH,
    FROM_URI,
    FROM_TAG,
    TO_URI,
    TO_TAG,
    CSEQ,
    CSEQ_METHOD,
    LINES
};

struct header {
    const char *name, *lines;
    enum view view;
    enum sip_header id;   /* of HEADER and LINES */
    const char *expected; /* NULL: absent */
};

/* clang-format off */
static const struct header headers[] = {
    /* spellings: RFC 3261 section 7.3.1 and 7.3.3 */
    {"compact-via", "v: SIP/2.0/UDP a;branch=1\r\n", HEADER, SIP_VIA, "SIP/2.0/UDP a;branch=1"},
    {"compact-call-id", "i: 1@a\r\n", HEADER, SIP_CALL_ID, "1@a"},
    {"compact-from", "f: <sip:a@b>;tag=1\r\n", FROM_TAG, 0, "1"},
    {"compact-to", "t: <sip:a@b>;tag=1\r\n", TO_TAG, 0, "1"},
    {"compact-content-length", "l: 0\r\n", HEADER, SIP_CONTENT_LENGTH, "0"},
    {"compact-content-type", "c: application/sdp\r\n", HEADER, SIP_CONTENT_TYPE, "application/sdp"},
    {"compact-contact", "m: *\r\n", HEADER, SIP_CONTACT, "*"},
    {"compact-event", "o: presence\r\n", HEADER, SIP_EVENT, "presence"},
    {"compact-upper-case", "V: SIP/2.0/UDP a;branch=1\r\n", BRANCH, 0, "1"},
    {"compact-of-another-header", "s: subject\r\n", LINES, SIP_HEADER_COUNT, "1"},
    {"name-in-any-case", "wWw-aUTHENTICATE: Digest realm=\"a\"\r\n", HEADER, SIP_WWW_AUTHENTICATE, "Digest realm=\"a\""},
    {"blanks-before-colon", "Call-ID \t : 1\r\n", HEADER, SIP_CALL_ID, "1"},
    {"no-blank-after-colon", "Call-ID:1\r\n", HEADER, SIP_CALL_ID, "1"},
    {"blanks-around-value", "Call-ID:  1 \t\r\n", HEADER, SIP_CALL_ID, "1"},
    {"colons-in-value", "Call-ID: a:b:c\r\n", HEADER, SIP_CALL_ID, "a:b:c"},
    {"empty-value", "Call-ID:\r\n", HEADER, SIP_CALL_ID, ""},
    {"absent", "Subject: x\r\n", HEADER, SIP_CALL_ID, NULL},
    {"longer-name-is-another", "Call-IDs: 1\r\n", HEADER, SIP_CALL_ID, NULL},
    {"shorter-name-is-another", "Call-I: 1\r\n", HEADER, SIP_CALL_ID, NULL},
    {"no-colon-is-no-header", "Call-ID 1\r\n", HEADER, SIP_CALL_ID, NULL},
    {"name-without-colon-is-no-header", "Call-ID\r\n", HEADER, SIP_CALL_ID, NULL},
    {"line-before-without-colon", "garbage\r\nCall-ID: 1\r\n", HEADER, SIP_CALL_ID, "1"},
    {"nameless", ": x\r\nCall-ID: 1\r\n", HEADER, SIP_CALL_ID, "1"},
    {"first-of-several", "WWW-Authenticate: a\r\nX: y\r\nwww-authenticate: b\r\n", HEADER, SIP_WWW_AUTHENTICATE, "a"},
    {"several-are-counted", "WWW-Authenticate: a\r\nX: y\r\nwww-authenticate: b\r\n", LINES, SIP_WWW_AUTHENTICATE, "2"},
    {"proxy-authentication-info", "Proxy-Authentication-Info: a\r\n", HEADER, SIP_PROXY_AUTHENTICATION_INFO, "a"},
    {"suppress-if-match", "Suppress-If-Match: *\r\n", HEADER, SIP_SUPPRESS_IF_MATCH, "*"},
    {"sip-etag", "SIP-ETag: ab12\r\n", HEADER, SIP_ETAG, "ab12"},

    /* folding: RFC 3261 section 7.3.1 */
    {"fold", "Call-ID: a\r\n b\r\n", HEADER, SIP_CALL_ID, "a\r\n b"},
    {"fold-by-tab", "Call-ID: a\r\n\tb\r\n", HEADER, SIP_CALL_ID, "a\r\n\tb"},
    {"fold-before-value", "Call-ID:\r\n  a\r\n", HEADER, SIP_CALL_ID, "a"},
    {"fold-with-colon-is-no-header", "Subject: a\r\n Call-ID: 1\r\n", HEADER, SIP_CALL_ID, NULL},
    {"fold-of-blanks-only", "Call-ID: 1\r\n   \r\nCSeq: 5 A\r\n", CSEQ, 0, "5"},
    {"fold-many", "Authorization: Digest\r\n a=1,\r\n b=2,\r\n c=3\r\n", HEADER, SIP_AUTHORIZATION, "Digest\r\n a=1,\r\n b=2,\r\n c=3"},
    {"line-feed-alone", "Call-ID: 1\nCSeq: 5 A\n", CSEQ, 0, "5"},
    {"line-feed-fold", "Call-ID: 1\n 2\nCSeq: 5 A\n", HEADER, SIP_CALL_ID, "1\n 2"},

    /* Via: RFC 3261 section 20.42, 25.1 */
    {"via-branch", "Via: SIP/2.0/UDP a:5060;branch=z9hG4bK1\r\n", BRANCH, 0, "z9hG4bK1"},
    {"via-transport", "Via: SIP/2.0/TLS a;branch=z9hG4bK1\r\n", TRANSPORT, 0, "TLS"},
    {"via-host", "Via: SIP/2.0/UDP pc33.example.com:5066;branch=1\r\n", HOST, 0, "pc33.example.com"},
    {"via-port", "Via: SIP/2.0/UDP a:5066;branch=1\r\n", PORT, 0, "5066"},
    {"via-default-port-udp", "Via: SIP/2.0/UDP a;branch=1\r\n", PORT, 0, "5060"},
    {"via-default-port-tls", "Via: SIP/2.0/TLS a;branch=1\r\n", PORT, 0, "5061"},
    {"via-default-port-tls-sctp", "Via: SIP/2.0/TLS-SCTP a;branch=1\r\n", PORT, 0, "5061"},
    {"via-port-too-large", "Via: SIP/2.0/UDP a:65536;branch=1\r\n", PORT, 0, "5060"},
    {"via-ipv6", "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=1\r\n", HOST, 0, "[2001:db8::9:1]"},
    {"via-ipv6-port", "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=1\r\n", PORT, 0, "6050"},
    {"via-ipv6-no-port", "Via: SIP/2.0/UDP [2001:db8::9:1];branch=1\r\n", PORT, 0, "5060"},
    {"via-ipv6-blanks-before-port", "Via: SIP/2.0/UDP [2001:db8::1] : 6050 ;branch=1\r\n", PORT, 0, "6050"},
    {"rfc5118-4.5-received-ipv6", "Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111\r\n", BRANCH, 0, "z9hG4bKas3-111"},
    {"via-blanks-everywhere", "Via: SIP / 2.0 / UDP  a : 5066 ; branch = z9hG4bK1 ; rport\r\n", BRANCH, 0, "z9hG4bK1"},
    {"via-blanks-everywhere-host", "Via: SIP / 2.0 / UDP  a : 5066 ; branch = z9hG4bK1 ; rport\r\n", HOST, 0, "a"},
    {"via-blanks-everywhere-port", "Via: SIP / 2.0 / UDP  a : 5066 ; branch = z9hG4bK1 ; rport\r\n", PORT, 0, "5066"},
    {"rfc4475-3.1.1.1-via", "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n", BRANCH, 0, "z9hG4bK9ikj8"},
    {"rfc4475-3.1.1.1-via-host", "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n", HOST, 0, "spindle.example.com"},
    {"rfc4475-3.1.1.1-via-transport", "v:  SIP  / 2.0\r\n /TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8\r\n", TRANSPORT, 0, "TCP"},
    {"via-several-in-one-line", "Via: SIP/2.0/UDP a;branch=first,SIP/2.0/UDP b;branch=second\r\n", BRANCH, 0, "first"},
    {"via-several-first-without-branch", "Via: SIP/2.0/UDP a,SIP/2.0/UDP b;branch=second\r\n", BRANCH, 0, NULL},
    {"via-several-lines", "Via: SIP/2.0/UDP a;branch=first\r\nVia: SIP/2.0/UDP b;branch=second\r\n", BRANCH, 0, "first"},
    {"via-rfc2543-no-branch", "Via: SIP/2.0/UDP a:5060\r\n", BRANCH, 0, NULL},
    {"via-branch-empty", "Via: SIP/2.0/UDP a;branch=\r\n", BRANCH, 0, ""},
    {"via-branch-name-in-any-case", "Via: SIP/2.0/UDP a;BRANCH=x\r\n", BRANCH, 0, "x"},
    {"via-branch-after-others", "Via: SIP/2.0/UDP a;rport=5060;received=192.0.2.1;branch=x\r\n", BRANCH, 0, "x"},
    {"via-branch-not-in-quotes", "Via: SIP/2.0/UDP a;x=\";branch=y\";branch=x\r\n", BRANCH, 0, "x"},
    {"via-hidden-comma", "Via: SIP/2.0/UDP a;x=\",\";branch=x\r\n", BRANCH, 0, "x"},
    {"via-empty", "Via:\r\n", BRANCH, 0, NULL},

    /* From and To: RFC 3261 section 20.10, 20.20 */
    {"from-name-addr", "From: Bob <sip:bob@a;x=y>;tag=1\r\n", FROM_URI, 0, "sip:bob@a;x=y"},
    {"from-addr-spec", "From: sip:bob@a;tag=1\r\n", FROM_URI, 0, "sip:bob@a"},
    {"from-addr-spec-tag", "From: sip:bob@a;tag=1\r\n", FROM_TAG, 0, "1"},
    {"from-tag-within-uri-is-none", "From: <sip:bob@a;tag=no>\r\n", FROM_TAG, 0, NULL},
    {"from-quoted-name-with-all", "From: \"a <sip:x@y>;tag=no \\\" \\\\\" <sip:bob@a>;tag=1\r\n", FROM_URI, 0, "sip:bob@a"},
    {"from-quoted-name-with-all-tag", "From: \"a <sip:x@y>;tag=no \\\" \\\\\" <sip:bob@a>;tag=1\r\n", FROM_TAG, 0, "1"},
    {"from-blanks", "From: Bob < sip:bob@a > ; tag = 1 ; x=y\r\n", FROM_TAG, 0, "1"},
    {"from-blanks-uri", "From: Bob < sip:bob@a > ; tag = 1\r\n", FROM_URI, 0, "sip:bob@a"},
    {"from-tag-in-any-case", "From: <sip:bob@a>;TAG=Ab\r\n", FROM_TAG, 0, "Ab"},
    {"from-other-tag-like-names", "From: <sip:bob@a>;xtag=no;tagx=no;tag=1\r\n", FROM_TAG, 0, "1"},
    {"from-tag-in-quoted-parameter", "From: <sip:bob@a>;x=\"a;tag=no\";tag=1\r\n", FROM_TAG, 0, "1"},
    {"from-no-brackets-closed", "From: <sip:bob@a;tag=1\r\n", FROM_TAG, 0, NULL},
    {"from-folded", "From:\r\n \"Bob\"\r\n <sip:bob@a>\r\n ;tag=1\r\n", FROM_TAG, 0, "1"},
    {"from-name-without-uri", "From: \"Bob\"\r\n", FROM_TAG, 0, NULL},
    {"to-no-tag", "To: <sip:bob@a>\r\n", TO_TAG, 0, NULL},
    {"to-uri", "To: <sip:bob@a>\r\n", TO_URI, 0, "sip:bob@a"},
    {"to-absent", "From: <sip:bob@a>\r\n", TO_URI, 0, NULL},
    {"rfc4475-3.1.1.1-to", "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n", TO_TAG, 0, "1918181833n"},
    {"rfc4475-3.1.1.1-from", "From   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n", FROM_TAG, 0, "98asjd8"},
    {"rfc4475-3.1.1.6-no-blank-before-bracket", "From: caller<sip:caller@example.com>;tag=323\r\n", FROM_URI, 0, "sip:caller@example.com"},
    {"rfc4475-3.1.2.6-unterminated-name", "To: \"Mr. J. User <sip:j.user@example.com>\r\n", TO_TAG, 0, NULL},

    /* CSeq: RFC 3261 section 20.16 */
    {"cseq", "CSeq: 4711 INVITE\r\n", CSEQ, 0, "4711"},
    {"cseq-method", "CSeq: 4711 INVITE\r\n", CSEQ_METHOD, 0, "INVITE"},
    {"cseq-folded", "CSeq:\r\n 4711\r\n INVITE\r\n", CSEQ_METHOD, 0, "INVITE"},
    {"rfc4475-3.1.1.1-cseq-leading-zeros", "cseq: 0009\r\n  INVITE\r\n", CSEQ, 0, "9"},
    {"cseq-largest", "CSeq: 4294967295 A\r\n", CSEQ, 0, "4294967295"},
    {"rfc4475-3.1.2.4-cseq-too-large", "CSeq: 36893488147419103232 REGISTER\r\n", CSEQ, 0, "0"},
    {"cseq-no-number", "CSeq: INVITE\r\n", CSEQ, 0, "0"},
    {"cseq-no-method", "CSeq: 5\r\n", CSEQ_METHOD, 0, ""},
    {"cseq-absent", "X: y\r\n", CSEQ_METHOD, 0, NULL},
};
/* clang-format on */

static char *
lines_text(const struct sip_message *message, enum sip_header id)
{
    unsigned count = 0;
    struct slice rest = message->headers, value;
    enum sip_header found;
    if (id < SIP_HEADER_COUNT)
        return g_strdup_printf("%u", message->header_lines[id]);
    while (sip_message_next_header(&rest, &found, &value))
        count += found == SIP_HEADER_COUNT;
    return g_strdup_printf("%u", count);
}

static char *
view_text(const struct sip_message *message, const struct header *header)
{
    const struct slice views[] = {
        [TRANSPORT] = message->via.transport, [HOST] = message->via.host,
        [BRANCH] = message->via.branch,       [FROM_URI] = message->from_uri,
        [FROM_TAG] = message->from_tag,       [TO_URI] = message->to_uri,
        [TO_TAG] = message->to_tag,           [CSEQ_METHOD] = message->cseq_method,
    };
    switch (header->view) {
    case HEADER:
        return slice_string(message->header[header->id]);
    case LINES:
        return lines_text(message, header->id);
    case PORT:
        return g_strdup_printf("%u", message->via.port);
    case CSEQ:
        return g_strdup_printf("%u", message->cseq);
    default:
        return slice_string(views[header->view]);
    }
}

/* The line alone between a start line and the empty line. */
static void
test_header(gconstpointer data)
{
    const struct header *header = data;
    char *text = g_strconcat(START, header->lines, END, NULL);
    struct parsed parsed = parse(text);
    g_assert(parsed.is_sip);
    g_assert_false(parsed.message.headers_cut);
    char *got = view_text(&parsed.message, header);
    g_assert_cmpstr(got, ==, header->expected);
    g_free(got);
    parsed_clear(&parsed);
    g_free(text);
}

/* --- framing
 * -------------------------------------------------------------------------------------------------------- */

struct framing {
    const char *name, *text;
    bool snapped;
    const char *body;
    bool headers_cut, body_cut;
};

static const struct framing framings[] = {
    {"exact", START "Content-Length: 4\r\n\r\nbody", false, "body", false, false},
    {"smaller", START "Content-Length: 2\r\n\r\nbody", false, "bo", false, false},
    {"larger", START "Content-Length: 5\r\n\r\nbody", false, "body", false, true},
    {"zero", START "Content-Length: 0\r\n\r\nSIP/2.0 200 OK\r\n", false, "", false, false},
    {"leading-zeros", START "l: 0002\r\n\r\nbody", false, "bo", false, false},
    {"none", START "\r\nbody", false, "body", false, false},
    {"none-and-snapped", START "\r\nbody", true, "body", false, true},
    {"exact-and-snapped", START "Content-Length: 4\r\n\r\nbody", true, "body", false, false},
    {"garbage", START "Content-Length: many\r\n\r\nbody", false, "body", false, false},
    {"garbage-and-snapped", START "Content-Length: 4x\r\n\r\nbody", true, "body", false, true},
    {"rfc4475-3.1.2.3-negative", START "Content-Length: -999\r\n\r\nbody", false, "body", false, false},
    {"beyond-32-bits", START "Content-Length: 99999999999999999999\r\n\r\nbody", false, "body", false, false},
    {"empty-value", START "Content-Length:\r\n\r\nbody", false, "body", false, false},
    {"line-feeds", "REGISTER sip:a SIP/2.0\nl: 2\n\nbody", false, "bo", false, false},
    {"body-with-empty-lines", START "l: 6\r\n\r\n\r\n\r\nab", false, "\r\n\r\nab", false, false},
    {"no-headers", START "\r\n", false, "", false, false},
    {"start-line-only", "REGISTER sip:a SIP/2.0", false, "", true, true},
    {"start-line-and-end", START, false, "", true, true},
    {"cut-after-header-line", START "Content-Length: 0\r\n", false, "", true, true},
    {"cut-in-header-line", START "Content-Length: 0\r\nAuthorization: Dig", true, "", true, true},
    {"cut-in-fold", START "Authorization: Digest\r\n user", true, "", true, true},
    {"cut-in-body", START "Content-Length: 9\r\n\r\nbody", true, "body", false, true},
    {"headers-after-empty-line-are-body", START "\r\nCall-ID: 1\r\n", false, "Call-ID: 1\r\n", false, false},
};

static void
test_framing(gconstpointer data)
{
    const struct framing *framing = data;
    struct parsed parsed = parse_octets(text_slice_of(framing->text), framing->snapped);
    g_assert(parsed.is_sip);
    assert_slice(parsed.message.body, framing->body);
    g_assert_true(parsed.message.headers_cut == framing->headers_cut);
    g_assert_true(parsed.message.body_cut == framing->body_cut);
    g_assert_true(parsed.message.text.p == parsed.bytes.p);
    g_assert_true(slice_end(parsed.message.text) == slice_end(parsed.message.body));
    parsed_clear(&parsed);
}

/* Whatever the snap length cuts off, no view leaves the bytes and the flags tell. */
static void
test_every_cut(void)
{
    static const char whole[] =
        "SUBSCRIBE sip:b@a SIP/2.0\r\nVia: SIP / 2.0 / UDP [2001:db8::1]:5060;branch=z9hG4bK1\r\n"
        "From: \"x\\\"y\" <sip:a@b>;tag=1\r\nTo: sip:c@d ; tag = 2\r\nCSeq: 1\r\n SUBSCRIBE\r\n"
        "Authorization: Digest username=\"a\", realm=\"b\"\r\nl: 4\r\n\r\nbody";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        struct parsed parsed = parse_octets((struct slice){whole, len}, true);
        g_assert_true(parsed.is_sip == (len >= strlen("SUBSCRIBE sip:b@a SIP/2.0")));
        if (parsed.is_sip) {
            g_assert_true(parsed.message.body_cut);
            g_assert_true(slice_inside(parsed.message.via.branch, parsed.bytes));
            g_assert_true(slice_inside(parsed.message.to_tag, parsed.bytes));
            g_assert_true(parsed.message.cseq_method.len == 0 ||
                          slice_equal(parsed.message.cseq_method, SLICE("SUBSCRIBE")));
        }
        parsed_clear(&parsed);
    }
}

static void
test_nul_octets(void)
{
    struct parsed parsed = parse_octets(SLICE(START "Call-ID: a\0b\r\nFrom: <sip:a\0@b>;tag=1\0"
                                                    "2\r\nl: 3\r\n\r\n\0x\0"),
                                        false);
    g_assert(parsed.is_sip);
    g_assert_true(slice_equal(parsed.message.header[SIP_CALL_ID], SLICE("a\0b")));
    g_assert_true(slice_equal(parsed.message.from_tag, SLICE("1\0"
                                                             "2")));
    g_assert_true(slice_equal(parsed.message.body, SLICE("\0x\0")));
    parsed_clear(&parsed);
}

/* RFC 4475 section 3.1.1.7: headers of 64 KiB, and more of one name than its counter holds. */
static void
test_long(void)
{
    GString *text = g_string_new(START);
    char *filler = g_strnfill(65536, 'x');
    g_string_append_printf(text, "Call-ID: %s\r\nVia: SIP/2.0/UDP %s;branch=%s\r\n", filler, filler, filler);
    for (int i = 0; i < 65540; i++)
        g_string_append(text, "m:*\n");
    g_string_append(text, "CSeq: 7 REGISTER\r\n\r\n");
    struct parsed parsed = parse_octets((struct slice){text->str, text->len}, false);
    g_assert(parsed.is_sip);
    g_assert_cmpuint(parsed.message.header[SIP_CALL_ID].len, ==, 65536);
    g_assert_cmpuint(parsed.message.via.branch.len, ==, 65536);
    g_assert_cmpuint(parsed.message.header_lines[SIP_CONTACT], ==, 65535);
    g_assert_cmpuint(parsed.message.cseq, ==, 7);
    parsed_clear(&parsed);
    g_string_free(text, TRUE);
    g_free(filler);
}

/* A failed parse leaves what the caller had. */
static void
test_untouched(void)
{
    struct sip_message message = {.cseq = 42};
    g_assert_false(sip_message_parse(SLICE("GET / HTTP/1.1\r\n\r\n"), false, &message));
    g_assert_cmpuint(message.cseq, ==, 42);
}

static void
test_walk(void)
{
    static const struct {
        enum sip_header id;
        const char *value;
    } expected[] = {{SIP_VIA, "1"},
                    {SIP_HEADER_COUNT, "2"},
                    {SIP_VIA, "3\r\n 4"},
                    {SIP_CSEQ, ""},
                    {SIP_TO, "5"}};
    struct parsed parsed = parse(START "Via: 1\r\nX:2\r\nv :3\r\n 4\r\nCSeq:\r\nt:5\r\n\r\nFrom: 6\r\n");
    struct slice rest = parsed.message.headers, value;
    enum sip_header id;
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_assert_true(sip_message_next_header(&rest, &id, &value));
        g_assert_cmpint(id, ==, expected[i].id);
        assert_slice(value, expected[i].value);
    }
    g_assert_false(sip_message_next_header(&rest, &id, &value));
    parsed_clear(&parsed);
}

/* Every name reads back as its own header. */
static void
test_names(void)
{
    for (int id = 0; id < SIP_HEADER_COUNT; id++) {
        struct slice name = sip_header_name((enum sip_header)id);
        char *text = g_strdup_printf(START "%.*s: x\r\n\r\n", (int)name.len, name.p);
        struct parsed parsed = parse(text);
        g_assert_cmpuint(parsed.message.header_lines[id], ==, 1);
        parsed_clear(&parsed);
        g_free(text);
    }
}

/* --- parts of values
 * ------------------------------------------------------------------------------------------------ */

struct uri {
    const char *uri, *user, *host;
};

static const struct uri uris[] = {
    {"sip:bob@biloxi.com", "bob", "biloxi.com"},
    {"sips:bob@biloxi.com", "bob", "biloxi.com"},
    {"SIP:bob@biloxi.com", "bob", "biloxi.com"},
    {"sip:biloxi.com", NULL, "biloxi.com"},
    {"sip:biloxi.com:5060", NULL, "biloxi.com"},
    {"sip:bob:secret@biloxi.com:5060;transport=tcp?x=y", "bob", "biloxi.com"},
    {"sip:bob@biloxi.com;maddr=239.255.255.1", "bob", "biloxi.com"},
    {"sip:bob@biloxi.com?subject=a", "bob", "biloxi.com"},
    {"sip:bob@[2001:db8::10]", "bob", "[2001:db8::10]"},
    {"sip:bob@[2001:db8::10]:5070;x", "bob", "[2001:db8::10]"},
    {"sip:[2001:db8::10]:5070", NULL, "[2001:db8::10]"},
    {"sip:[2001:db8::10", NULL, "[2001:db8::10"},
    {"sip:+12125551212@gateway.com;user=phone", "+12125551212", "gateway.com"},
    {"sip:alice;day=tuesday@atlanta.com", "alice;day=tuesday", "atlanta.com"},
    {"sip:%61lice@atlanta.com", "%61lice", "atlanta.com"},
    {"tel:+1-201-555-0123", "+1-201-555-0123", NULL},
    {"tel:7042;phone-context=example.com", "7042", NULL},
    {"TEL:1", "1", NULL},
    {"sip:@a", "", "a"},
    {"sip:bob@", "bob", ""},
    {"bob@biloxi.com", "bob", "biloxi.com"},
    {"bob", NULL, "bob"},
    {"", NULL, ""},
};

static void
test_uri(gconstpointer data)
{
    const struct uri *uri = data;
    struct slice user, host, text = exact_copy(text_slice_of(uri->uri));
    sip_uri_split(text, &user, &host);
    assert_slice(user, uri->user);
    assert_slice(host, uri->host);
    free((char *)(uintptr_t)text.p);
}

static void
test_uri_absent(void)
{
    struct slice user, host;
    sip_uri_split((struct slice){NULL, 0}, &user, &host);
    g_assert_cmpuint(user.len, ==, 0);
    g_assert_cmpuint(host.len, ==, 0);
}

/* --- contacts ------------------------------------------------------------------- */

/* Header lines, and what they hold: user@place of each contact, then what else it has. */
struct contacts {
    const char *name, *lines, *found;
};

static const struct contacts contacts[] = {
    {"one", "Contact: <sip:a@h:5061>\r\n", "a@h:5061"},
    {"no-brackets", "Contact: sip:a@h;expires=5\r\n", "a@h expires=5"},
    {"compact", "m: <sip:a@h>;expires=60\r\n", "a@h expires=60"},
    {"star", "Contact: *\r\n", "*"},
    {"star-with-blanks", "Contact:  * \r\n", "*"},
    {"comma", "Contact: <sip:a@h>;expires=1, <sip:b@h>;expires=2,<sip:c@h>\r\n",
     "a@h expires=1|b@h expires=2|c@h"},
    {"lines", "Contact: <sip:a@h>\r\nX: <sip:x@h>\r\nm: <sip:b@h>, <sip:c@h>\r\n", "a@h|b@h|c@h"},
    {"empty-between", "Contact: , <sip:a@h>,, <sip:b@h>,\r\n", "@|a@h|@|b@h"},
    {"comma-in-quotes", "Contact: \"Doe, <sip:x@y>, \\\", J\" <sip:a@h>;q=1, <sip:b@h>\r\n", "a@h|b@h"},
    {"comma-in-brackets", "Contact: <sip:a,b@h;x=1,2>;expires=3, <sip:c@h>\r\n", "a,b@h expires=3|c@h"},
    {"display-name", "Contact: Alice <sip:a@h>\r\n", "a@h"},
    {"folded", "Contact: <sip:a@h>\r\n ;expires=7,\r\n\t<sip:b@h>\r\n", "a@h expires=7|b@h"},
    {"ipv6", "Contact: <sip:a@[2001:db8::1]:5070;transport=tcp>\r\n", "a@[2001:db8::1]:5070"},
    {"ipv6-bare", "Contact: <sip:[2001:db8::1]>\r\n", "@[2001:db8::1]"},
    {"no-user", "Contact: <sip:192.0.2.1;transport=udp>\r\n", "@192.0.2.1"},
    {"semicolon-in-user", "Contact: <sip:a;phone-context=b@h:5070;ob>;expires=9\r\n",
     "a;phone-context=b@h:5070 expires=9"},
    {"password", "Contact: <sip:a:pw@h>\r\n", "a@h"},
    {"sips", "Contact: <sips:a@h:5061;transport=tls>\r\n", "a@h:5061"},
    {"bulk", "Contact: <sip:h:5060;bnc>\r\n", "@h:5060 bnc"},
    {"bulk-in-between", "Contact: <sip:h;transport=udp;BNC;x>;expires=2\r\n", "@h bnc expires=2"},
    {"bulk-elsewhere", "Contact: <sip:bnc@h;x=bnc>;bnc\r\n", "bnc@h"},
    {"flow", "Contact: <sip:a@h>;reg-id=2;+sip.instance=\"<urn:uuid:0,1;2>\";expires=60\r\n",
     "a@h expires=60 reg-id=2 instance=\"<urn:uuid:0,1;2>\""},
    {"expires-in-uri", "Contact: <sip:a@h;expires=5>\r\n", "a@h"},
    {"expires-in-any-case", "Contact: <sip:a@h>;Expires = 5\r\n", "a@h expires=5"},
    {"no-value", "Contact: <sip:a@h>;expires\r\n", "a@h expires="},
    {"unclosed-bracket", "Contact: <sip:a@h, <sip:b@h\r\n", "a@h, <sip:b@h"},
    {"unclosed-quote", "Contact: \"a, <sip:b@h>\r\n", "b@h>"},
    {"only-commas", "Contact: ,,\r\n", "@|@"},
    {"empty", "Contact: \r\n", ""},
    {"none", "X: y\r\n", ""},
    {"other-scheme", "Contact: <mailto:a@h>, <tel:+123;x>\r\n", "a@h|+123@"},
};

static void
append_parameter(GString *text, const char *name, struct slice value)
{
    if (value.p)
        g_string_append_printf(text, " %s=%.*s", name, (int)value.len, value.p);
}

static void
test_contacts(gconstpointer data)
{
    const struct contacts *row = data;
    char *whole = g_strconcat(START, row->lines, END, NULL);
    struct parsed parsed = parse(whole);
    struct sip_contacts walk = sip_contacts(&parsed.message);
    struct sip_contact contact;
    struct slice user, host_port;
    GString *found = g_string_new(NULL);
    while (sip_contact_next(&walk, &contact)) {
        sip_uri_split_place(contact.uri, &user, &host_port);
        g_string_append(found, found->len ? "|" : "");
        if (contact.star)
            g_string_append(found, "*");
        else
            g_string_append_printf(found, "%.*s@%.*s", (int)user.len, user.p, (int)host_port.len,
                                   host_port.p);
        g_string_append(found, sip_uri_is_bulk(contact.uri) ? " bnc" : "");
        append_parameter(found, "expires", contact.expires);
        append_parameter(found, "reg-id", sip_parameter(contact.parameters, SLICE("reg-id")));
        append_parameter(found, "instance", sip_parameter(contact.parameters, SLICE("+sip.instance")));
        g_assert_true(slice_inside(contact.uri, parsed.bytes));
    }
    g_assert_cmpstr(found->str, ==, row->found);
    g_string_free(found, TRUE);
    parsed_clear(&parsed);
    g_free(whole);
}

/* Whatever octets come: it ends, and what it finds lies in the message. */
static void
test_contacts_hostile(void)
{
    static const char alphabet[] = "<>\",;:@*= \\[]a\r\n\tbnc";
    for (unsigned round = 0; round < 20000; round++) {
        char noise[40] = "";
        for (gsize i = 0; i < sizeof noise - 1; i++)
            noise[i] = alphabet[g_test_rand_int_range(0, sizeof alphabet - 1)];
        char *whole = g_strconcat(START "Contact: ", noise, "\r\nm: ", noise + 20, END END, NULL);
        struct parsed parsed = parse(whole);
        struct sip_contacts walk = sip_contacts(&parsed.message);
        struct sip_contact contact;
        struct slice user, host_port;
        unsigned count = 0;
        while (sip_contact_next(&walk, &contact) && count <= strlen(whole)) {
            sip_uri_split_place(contact.uri, &user, &host_port);
            sip_uri_is_bulk(contact.uri);
            count++;
            g_assert_true(slice_inside(contact.uri, parsed.bytes) && slice_inside(user, parsed.bytes) &&
                          slice_inside(host_port, parsed.bytes) &&
                          slice_inside(contact.expires, parsed.bytes));
        }
        g_assert_cmpuint(count, <=, strlen(whole));
        parsed_clear(&parsed);
        g_free(whole);
    }
}

struct number {
    const char *text;
    bool valid;
    uint32_t value;
};

static const struct number numbers[] = {
    {"0", true, 0},           {" 42\t", true, 42},
    {"007", true, 7},         {"4294967295", true, 4294967295u},
    {"4294967296", false, 0}, {"00000000000000000000000001", true, 1},
    {"", false, 0},           {" ", false, 0},
    {"-1", false, 0},         {"+1", false, 0},
    {"1 2", false, 0},        {"0x10", false, 0},
    {"1;x", false, 0},        {"99999999999999999999999999999999999999", false, 0},
};

static void
test_number(gconstpointer data)
{
    const struct number *number = data;
    uint32_t value = 0;
    g_assert_true(sip_number(text_slice_of(number->text), &value) == number->valid);
    if (number->valid)
        g_assert_cmpuint(value, ==, number->value);
}

static void
test_parameter(void)
{
    struct slice list = SLICE("a=1 ; Id = x ;flag; q=\"y;id=no\";empty=;id=second");
    assert_slice(sip_parameter(list, SLICE("a")), "1");
    assert_slice(sip_parameter(list, SLICE("id")), "x");
    assert_slice(sip_parameter(list, SLICE("flag")), "");
    assert_slice(sip_parameter(list, SLICE("q")), "\"y;id=no\"");
    assert_slice(sip_parameter(list, SLICE("empty")), "");
    assert_slice(sip_parameter(list, SLICE("d")), NULL);
    assert_slice(sip_parameter(list, SLICE("a=1")), NULL);
    assert_slice(sip_parameter((struct slice){NULL, 0}, SLICE("a")), NULL);
    assert_slice(sip_parameter(SLICE("x=\"open;id=1"), SLICE("id")), NULL);
}

static void
test_reliable(void)
{
    static const struct {
        const char *transport;
        bool reliable;
    } rows[] = {
        {"TCP", true},  {"tcp", true},  {"TLS", true},       {"WS", true},
        {"WSS", true},  {"SCTP", true}, {"TLS-SCTP", true},  {"UDP", false},
        {"udp", false}, {"UPD", false}, {"DTLS-UDP", false}, {"", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct sip_via via = {.transport = text_slice_of(rows[i].transport)};
        g_assert_cmpint(sip_via_is_reliable(&via), ==, rows[i].reliable);
    }
    g_assert_false(sip_via_is_reliable(&(struct sip_via){0}));
}

static void
test_second_via(void)
{
    static const struct {
        const char *headers, *branch; /* NULL: there is none */
    } rows[] = {
        {"Via: SIP/2.0/UDP b;branch=first\r\nVia: SIP/2.0/UDP a:5066;branch=second\r\n", "second"},
        {"Via: SIP/2.0/UDP b;branch=first\r\nTo: <sip:x>\r\nv: SIP/2.0/UDP a;branch=second\r\n", "second"},
        {"Via: SIP/2.0/UDP b;branch=first , SIP/2.0/UDP a;branch=second, SIP/2.0/UDP c;branch=third\r\n",
         "second"},
        {"Via: SIP/2.0/UDP b;branch=first,SIP/2.0/UDP a;branch=second\r\nVia: SIP/2.0/UDP c;branch=third\r\n",
         "second"},
        {"Via: SIP/2.0/UDP b;branch=first\r\nVia: SIP/2.0/UDP a;branch=second\r\nVia: SIP/2.0/UDP "
         "c;branch=third\r\n",
         "second"},
        {"Via: SIP/2.0/UDP b;branch=\"a,b\"\r\n", NULL},
        {"Via: SIP/2.0/UDP b;branch=first\r\n", NULL},
        {"Via: SIP/2.0/UDP b;branch=first,\r\n", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *text = g_strdup_printf("OPTIONS sip:a SIP/2.0\r\n%s\r\n", rows[i].headers);
        struct sip_message message;
        struct sip_via via = {0};
        g_assert_true(sip_message_parse((struct slice){text, strlen(text)}, false, &message));
        g_assert_cmpint(sip_message_second_via(&message, &via), ==, rows[i].branch != NULL);
        assert_slice(via.branch, rows[i].branch);
        g_free(text);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++)
        add("/sip-message/start-line", starts[i].name, &starts[i], test_start);
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++)
        add("/sip-message/header", headers[i].name, &headers[i], test_header);
    for (size_t i = 0; i < G_N_ELEMENTS(framings); i++)
        add("/sip-message/framing", framings[i].name, &framings[i], test_framing);
    for (size_t i = 0; i < G_N_ELEMENTS(uris); i++)
        add("/sip-message/uri", *uris[i].uri ? uris[i].uri : "empty", &uris[i], test_uri);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        char *name = g_strdup_printf("%02zu-%s", i, numbers[i].text);
        add("/sip-message/number", name, &numbers[i], test_number);
        g_free(name);
    }
    g_test_add_func("/sip-message/phrase", test_phrase);
    g_test_add_func("/sip-message/framing/every-cut", test_every_cut);
    g_test_add_func("/sip-message/nul-octets", test_nul_octets);
    g_test_add_func("/sip-message/long", test_long);
    g_test_add_func("/sip-message/untouched", test_untouched);
    g_test_add_func("/sip-message/walk", test_walk);
    g_test_add_func("/sip-message/names", test_names);
    g_test_add_func("/sip-message/uri/absent", test_uri_absent);
    g_test_add_func("/sip-message/parameter", test_parameter);
    g_test_add_func("/sip-message/reliable", test_reliable);
    g_test_add_func("/sip-message/second-via", test_second_via);
    for (size_t i = 0; i < G_N_ELEMENTS(contacts); i++)
        add("/sip-message/contacts", contacts[i].name, &contacts[i], test_contacts);
    g_test_add_func("/sip-message/contacts-hostile", test_contacts_hostile);
    return test_run_all();
}
