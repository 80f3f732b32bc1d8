/* sip_message.c
 * Reads the bytes of one SIP message into views of what linking and digest need.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "sip_message.h"

#include <limits.h>

/* RFC 3261 section 7.3.3 for the compact forms; 5839, 6665, 3903 for the event headers. The second letter, in
 * lower case, stands apart for the table of places. */
#define HEADERS(X)                                                                                           \
    X(SIP_VIA, "Via", 'v', 'i')                                                                              \
    X(SIP_CALL_ID, "Call-ID", 'i', 'a')                                                                      \
    X(SIP_FROM, "From", 'f', 'r')                                                                            \
    X(SIP_TO, "To", 't', 'o')                                                                                \
    X(SIP_CSEQ, "CSeq", 0, 's')                                                                              \
    X(SIP_CONTENT_LENGTH, "Content-Length", 'l', 'o')                                                        \
    X(SIP_CONTENT_TYPE, "Content-Type", 'c', 'o')                                                            \
    X(SIP_CONTACT, "Contact", 'm', 'o')                                                                      \
    X(SIP_EVENT, "Event", 'o', 'v')                                                                          \
    X(SIP_EXPIRES, "Expires", 0, 'x')                                                                        \
    X(SIP_MIN_EXPIRES, "Min-Expires", 0, 'i')                                                                \
    X(SIP_SUBSCRIPTION_STATE, "Subscription-State", 0, 'u')                                                  \
    X(SIP_ETAG, "SIP-ETag", 0, 'i')                                                                          \
    X(SIP_ROUTE, "Route", 0, 'o')                                                                            \
    X(SIP_REQUIRE, "Require", 0, 'e')                                                                        \
    X(SIP_PROXY_REQUIRE, "Proxy-Require", 0, 'r')                                                            \
    X(SIP_SECURITY_SERVER, "Security-Server", 0, 'e')                                                        \
    X(SIP_SERVICE_ROUTE, "Service-Route", 0, 'e')                                                            \
    X(SIP_SUPPRESS_IF_MATCH, "Suppress-If-Match", 0, 'u')                                                    \
    X(SIP_WWW_AUTHENTICATE, "WWW-Authenticate", 0, 'w')                                                      \
    X(SIP_PROXY_AUTHENTICATE, "Proxy-Authenticate", 0, 'r')                                                  \
    X(SIP_AUTHORIZATION, "Authorization", 0, 'u')                                                            \
    X(SIP_PROXY_AUTHORIZATION, "Proxy-Authorization", 0, 'r')                                                \
    X(SIP_AUTHENTICATION_INFO, "Authentication-Info", 0, 'u')                                                \
    X(SIP_PROXY_AUTHENTICATION_INFO, "Proxy-Authentication-Info", 0, 'r')

#define NAME(id, literal, compact, second) [id] = {(literal), sizeof(literal) - 1},
static const struct slice header_names[SIP_HEADER_COUNT] = {HEADERS(NAME)};
#undef NAME

#define COMPACT(id, literal, compact, second) [id] = (compact),
static const char header_compact[SIP_HEADER_COUNT] = {HEADERS(COMPACT)};
#undef COMPACT

/* Length and second letter tell these names apart: a name that would take another one's place does not
 * compile.
 */
#define PLACE(length, second)             (((length)*35 + (second)) % 64)
#define PUT(id, literal, compact, second) [PLACE(sizeof(literal) - 1, (second))] = (id) + 1,
static const unsigned char header_places[64] = {HEADERS(PUT)};
#undef PUT

struct slice
sip_header_name(enum sip_header id)
{
    return header_names[id];
}

static enum sip_header
compact_id(struct slice name)
{
    const char *compact = name.len ? memchr(header_compact, *name.p | 0x20, SIP_HEADER_COUNT) : NULL;
    return compact ? (enum sip_header)(compact - header_compact) : SIP_HEADER_COUNT;
}

static inline enum sip_header
header_id(struct slice name)
{
    if (name.len < 2)
        return compact_id(name);
    unsigned place = header_places[PLACE(name.len, (unsigned char)(name.p[1] | 0x20))];
    if (place == 0 || !slice_equal_nocase(name, header_names[place - 1]))
        return SIP_HEADER_COUNT;
    return (enum sip_header)(place - 1);
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* As many always fit into 64 bits. */
enum { MAX_DIGITS = 19 };

bool
sip_number(struct slice text, uint32_t *number)
{
    uint64_t n = 0;
    text = slice_trim(text);
    while (text.len > MAX_DIGITS && *text.p == '0')
        text = slice_from(text, 1);
    if (text.len == 0 || text.len > MAX_DIGITS)
        return false;
    for (const char *p = text.p, *end = slice_end(text); p < end; p++) {
        const unsigned digit = (unsigned)(unsigned char)*p - '0';
        if (digit > 9)
            return false;
        n = n * 10 + digit;
    }
    if (n > UINT32_MAX)
        return false;
    *number = (uint32_t)n;
    return true;
}

/* One physical line, its end removed. False when nothing is left. */
static bool
next_line(struct slice *rest, struct slice *line)
{
    if (rest->len == 0)
        return false;
    *line = slice_until(*rest, '\n', rest);
    if (line->len > 0 && line->p[line->len - 1] == '\r')
        line->len--;
    return true;
}

/* One header line, its folds included; `end` is that of all lines, and `*p` is left where the next one
 * begins. Empty at the empty line, and at the end. */
static inline struct slice
take_line(const char **p, const char *end)
{
    const char *line = *p, *next = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
    const char *line_end = next ? next : end;
    *p = next ? next + 1 : end;
    if (line_end > line && line_end[-1] == '\r')
        line_end--;
    while (line_end > line && *p < end && (**p == ' ' || **p == '\t')) {
        next = memchr(*p, '\n', (size_t)(end - *p));
        line_end = next ? next : end;
        *p = next ? next + 1 : end;
    }
    return slice_between(line, line_end);
}

/* `value` is what is behind the colon. */
static inline enum sip_header
split_line(struct slice line, struct slice *value)
{
    struct slice name = slice_until(line, ':', value);
    return name.len < line.len ? header_id(slice_trim_right(name)) : SIP_HEADER_COUNT;
}

bool
sip_message_next_line(struct slice *rest, struct slice *line)
{
    if (rest->len == 0)
        return false;
    const char *p = rest->p, *end = slice_end(*rest);
    *line = take_line(&p, end);
    *rest = slice_between(p, end);
    return line->len > 0;
}

bool
sip_message_next_header(struct slice *rest, enum sip_header *id, struct slice *value)
{
    struct slice line;
    if (!sip_message_next_line(rest, &line))
        return false;
    *id = split_line(line, value);
    *value = slice_trim(*value);
    return true;
}

/* Steps over a quoted string that begins at `p`: its closing quote is the first that no backslash escapes. */
static const char *
skip_quoted(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++) {
        if (*p == '\\' && p + 1 < end)
            p++;
    }
    return p < end ? p + 1 : end;
}

static struct slice
until_behind_quotes(struct slice s, char stop, struct slice *rest)
{
    const char *p = s.p, *end = slice_end(s);
    while (p < end && *p != stop)
        p = *p == '"' ? skip_quoted(p, end) : p + 1;
    if (rest)
        *rest = p < end ? slice_between(p + 1, end) : slice_between(end, end);
    return slice_between(s.p, p);
}

/* Up to the first `stop` outside of quoted strings. */
static inline struct slice
unquoted_until(struct slice s, char stop, struct slice *rest)
{
    struct slice behind, head = slice_until(s, stop, &behind);
    if (slice_has(head, '"'))
        return until_behind_quotes(s, stop, rest);
    if (rest)
        *rest = behind;
    return head;
}

/* quotes: there are some among the parameters */
static struct slice
find_parameter(struct slice parameters, struct slice name, bool quotes)
{
    while (parameters.len > 0) {
        if (*parameters.p == ';') { /* in front of the first one */
            parameters = slice_from(parameters, 1);
            continue;
        }
        struct slice one = quotes ? until_behind_quotes(parameters, ';', &parameters)
                                  : slice_until(parameters, ';', &parameters);
        one = slice_trim_left(one);
        if (!slice_starts_nocase(one, name))
            continue;
        struct slice behind = slice_trim_left(slice_from(one, name.len));
        bool flag = behind.len == 0 && !slice_has(one, '=');
        if (flag || (behind.len > 0 && *behind.p == '=')) /* else it is another name that begins alike */
            return slice_trim(slice_from(behind, 1));
    }
    return (struct slice){NULL, 0};
}

struct slice
sip_parameter(struct slice parameters, struct slice name)
{
    return find_parameter(parameters, name, slice_has(parameters, '"'));
}

/* From and To: name-addr or addr-spec, then parameters (RFC 3261 section 20.10, 20.20). */
static void
parse_address(struct slice value, struct slice *uri, struct slice *tag)
{
    struct slice bracketed, parameters;
    if (value.p == NULL)
        return;
    struct slice before = unquoted_until(value, '<', &bracketed);
    if (before.len < value.len)
        *uri = slice_trim(slice_until(bracketed, '>', &parameters));
    else
        *uri = slice_trim(slice_until(value, ';', &parameters));
    *tag = sip_parameter(parameters, SLICE("tag"));
}

static uint16_t
default_port(struct slice transport)
{
    /* RFC 3261 section 19.1.2; 7118 for WebSocket, whose sent-by is a made-up name anyhow. */
    return slice_starts_nocase(transport, SLICE("TLS")) ? 5061 : 5060;
}

/* host [ ":" port ], the host perhaps an IPv6 reference in brackets. */
static void
parse_sent_by(struct slice sent_by, struct sip_via *via)
{
    struct slice port = {NULL, 0};
    uint32_t number;
    if (sent_by.len > 0 && *sent_by.p == '[') {
        struct slice inside = slice_until(sent_by, ']', &port);
        via->host = (struct slice){sent_by.p, inside.len < sent_by.len ? inside.len + 1 : inside.len};
        port = slice_from(slice_trim(port), 1);
    } else {
        via->host = slice_trim(slice_until(sent_by, ':', &port));
    }
    via->port =
        sip_number(port, &number) && number <= UINT16_MAX ? (uint16_t)number : default_port(via->transport);
}

/* sent-protocol LWS sent-by *( ";" parameter ); blanks may stand around each "/" (RFC 3261 section 25.1). */
static void
parse_via(struct slice value, struct sip_via *via)
{
    const struct slice protocol = SLICE("SIP/2.0/");
    struct slice rest, parameters;
    const bool quotes = slice_has(value, '"');
    struct slice one = quotes ? until_behind_quotes(value, ',', NULL) : slice_until(value, ',', NULL);
    via->more = one.len < value.len;
    struct slice head = slice_until(one, ';', &parameters); /* in front of it nothing is quoted */
    if (slice_starts_nocase(head, protocol)) {              /* nearly always there are no blanks */
        rest = slice_from(head, protocol.len);
    } else {
        slice_until(head, '/', &rest);
        slice_until(rest, '/', &rest);
    }
    rest = slice_trim(rest);
    size_t n = 0;
    while (n < rest.len && !slice_is_lws(rest.p[n]))
        n++;
    via->transport = (struct slice){rest.p, n};
    parse_sent_by(slice_trim(slice_from(rest, n)), via);
    via->branch = find_parameter(parameters, SLICE("branch"), quotes);
}

static void
parse_cseq(struct slice value, struct sip_message *message)
{
    size_t n = 0;
    while (n < value.len && is_digit(value.p[n]))
        n++;
    if (!sip_number((struct slice){value.p, n}, &message->cseq))
        message->cseq = 0;
    message->cseq_method = slice_trim(slice_from(value, n));
}

struct start_line {
    uint16_t status; /* 0: a request */
    struct slice method, request_uri, phrase;
};

static bool
parse_status_line(struct slice rest, struct start_line *start)
{
    struct slice phrase, code = slice_until(slice_trim_left(rest), ' ', &phrase);
    uint32_t status;
    if (code.len != 3 || !sip_number(code, &status) || status < 100 || status > 699)
        return false;
    start->status = (uint16_t)status;
    start->phrase = slice_trim(phrase);
    return true;
}

/* "SIP/2.0 SP 3DIGIT SP reason" or "METHOD SP Request-URI SP SIP/2.0". */
static bool
parse_start_line(struct slice line, struct start_line *start)
{
    struct slice rest, version = SLICE("SIP/2.0");
    struct slice first = slice_until(line, ' ', &rest);
    if (slice_equal_nocase(first, version))
        return parse_status_line(rest, start);
    rest = slice_trim(rest);
    if (!slice_is_token(first) || rest.len <= version.len)
        return false;
    struct slice tail = slice_from(rest, rest.len - version.len);
    if (!slice_equal_nocase(tail, version) || !slice_is_lws(tail.p[-1]))
        return false;
    start->method = first;
    start->request_uri = slice_trim(slice_between(rest.p, tail.p));
    return true;
}

/* Reads every header line once and leaves `rest` at the body. */
static void
parse_headers(struct slice *rest, struct sip_message *message)
{
    const char *p = rest->p, *headers_end = p, *end = slice_end(*rest); /* it follows a start line */
    struct slice line, value;
    while ((line = take_line(&p, end)).len > 0) {
        enum sip_header id = split_line(line, &value);
        headers_end = p;
        if (id == SIP_HEADER_COUNT)
            continue;
        if (message->header_lines[id] == 0)
            message->header[id] = slice_trim(value);
        else if (id == SIP_VIA && message->header_lines[id] == 1)
            message->second_via = slice_trim(value);
        if (message->header_lines[id] < UINT16_MAX)
            message->header_lines[id]++;
    }
    message->headers = slice_between(rest->p, headers_end);
    /* Nothing was behind the last header line, not even the empty line. */
    message->headers_cut = p == headers_end;
    *rest = slice_between(p, end);
}

static void
frame_body(struct slice rest, bool snapped, struct sip_message *message)
{
    uint32_t length;
    struct slice declared = message->header[SIP_CONTENT_LENGTH];
    if (declared.p && sip_number(declared, &length)) {
        message->body_cut = message->headers_cut || length > rest.len;
        if (length < rest.len)
            rest.len = length;
    } else {
        message->body_cut = message->headers_cut || snapped;
    }
    message->body = rest;
    message->text.len = (size_t)(slice_end(rest) - message->text.p);
}

/* Behind a proxy the Route is taken off, too. */
bool
sip_message_is_first_hop(const struct sip_message *message)
{
    return message->header_lines[SIP_VIA] == 1 && !message->via.more;
}

bool
sip_via_is_reliable(const struct sip_via *via)
{
    /* RFC 3261 section 18, 4168, 7118 */
    static const struct slice reliable[] = {SLICE_INIT("TCP"), SLICE_INIT("TLS"),  SLICE_INIT("WS"),
                                            SLICE_INIT("WSS"), SLICE_INIT("SCTP"), SLICE_INIT("TLS-SCTP")};
    if (slice_equal_nocase(via->transport, SLICE("UDP"))) /* nearly all */
        return false;
    for (size_t i = 0; i < sizeof reliable / sizeof *reliable; i++) {
        if (slice_equal_nocase(via->transport, reliable[i]))
            return true;
    }
    return false;
}

static unsigned
count_values(struct slice list)
{
    unsigned count = 0;
    for (; list.len > 0; count++)
        unquoted_until(list, ',', &list);
    return count;
}

unsigned
sip_message_vias(const struct sip_message *message)
{
    struct slice value, headers = message->headers;
    enum sip_header id = SIP_HEADER_COUNT;
    unsigned count = 0;
    if (sip_message_is_first_hop(message))
        return 1;
    while (sip_message_next_header(&headers, &id, &value)) {
        if (id == SIP_VIA)
            count += count_values(value);
    }
    return count;
}

bool
sip_message_second_via(const struct sip_message *message, struct sip_via *via)
{
    struct slice second;
    if (!message->header[SIP_VIA].p || sip_message_is_first_hop(message))
        return false;
    unquoted_until(message->header[SIP_VIA], ',', &second);
    if (second.len == 0)
        second = message->second_via;
    if (slice_trim(second).len == 0)
        return false;
    parse_via(second, via);
    return true;
}

bool
sip_message_parse(struct slice bytes, bool snapped, struct sip_message *message)
{
    struct start_line start = {0};
    struct slice line, rest = bytes;
    if (!next_line(&rest, &line) || !parse_start_line(line, &start))
        return false;
    *message = (struct sip_message){.text = bytes,
                                    .is_request = start.status == 0,
                                    .status = start.status,
                                    .phrase = start.phrase,
                                    .method = start.method,
                                    .request_uri = start.request_uri};
    parse_headers(&rest, message);
    frame_body(rest, snapped, message);
    if (message->header[SIP_VIA].p)
        parse_via(message->header[SIP_VIA], &message->via);
    const struct slice cseq = message->header[SIP_CSEQ];
    if (cseq.p)
        parse_cseq(cseq, message);
    if (cseq.p && message->headers_cut && slice_end(cseq) == slice_end(message->headers))
        message->cseq_method.len = 0; /* the capture may hold a part of it only */
    parse_address(message->header[SIP_FROM], &message->from_uri, &message->from_tag);
    parse_address(message->header[SIP_TO], &message->to_uri, &message->to_tag);
    if (!message->is_request)
        message->method = message->cseq_method;
    return true;
}

/* What is in front of port, parameters and headers, and of what follows a URI that stands without brackets.
 * An IPv6 reference keeps its brackets. */
static size_t
host_length(struct slice rest)
{
    enum { ANY = 1, NAME = 2, REFERENCE = 4 };
    static const uint8_t ends[UCHAR_MAX + 1] =
        {[';'] = ANY, ['?'] = ANY, ['>'] = ANY, [','] = ANY, [0] = ANY, [':'] = NAME, [']'] = REFERENCE};
    bool reference = rest.len > 0 && *rest.p == '[';
    const uint8_t wanted = ANY | (reference ? REFERENCE : NAME);
    size_t n = 0;
    while (n < rest.len && !(ends[(unsigned char)rest.p[n]] & wanted))
        n++;
    return reference && n < rest.len && rest.p[n] == ']' ? n + 1 : n;
}

void
sip_uri_split(struct slice uri, struct slice *user, struct slice *host)
{
    struct slice rest, after_at;
    struct slice scheme = slice_until(uri, ':', &rest);
    *user = *host = (struct slice){NULL, 0};
    if (scheme.len == uri.len)
        rest = uri;
    if (slice_equal_nocase(scheme, SLICE("tel"))) {
        *user = slice_until(rest, ';', NULL);
        return;
    }
    struct slice before_at = slice_until(rest, '@', &after_at);
    if (before_at.len < rest.len) {
        *user = slice_until(before_at, ':', NULL);
        rest = after_at;
    }
    *host = (struct slice){rest.p, host_length(rest)};
}

/* Host, port and parameters. */
static struct slice
uri_tail(struct slice uri, struct slice *user)
{
    struct slice host;
    sip_uri_split(uri, user, &host);
    return host.p ? slice_between(host.p, slice_end(uri)) : host;
}

void
sip_uri_split_place(struct slice uri, struct slice *user, struct slice *host_port)
{
    *host_port = slice_until(uri_tail(uri, user), ';', NULL);
}

static struct slice
uri_parameter(struct slice uri, struct slice name)
{
    struct slice user, parameters;
    slice_until(uri_tail(uri, &user), ';', &parameters);
    return sip_parameter(parameters, name);
}

bool
sip_uri_is_bulk(struct slice uri)
{
    return uri_parameter(uri, SLICE("bnc")).p != NULL;
}

struct slice
sip_uri_transport(struct slice uri)
{
    return slice_starts_nocase(uri, SLICE("sips:")) ? SLICE("TLS") : uri_parameter(uri, SLICE("transport"));
}

/* --- contacts -------------------------------------------------------------------- */

struct sip_contacts
sip_contacts(const struct sip_message *message)
{
    if (message->header_lines[SIP_CONTACT] <= 1)
        return (struct sip_contacts){.values = message->header[SIP_CONTACT]};
    return (struct sip_contacts){.headers = message->headers};
}

/* One value of a list: up to the comma outside of quotes and angle brackets. */
static struct slice
take_contact(struct slice *values)
{
    const char *p = values->p, *end = slice_end(*values);
    bool inside = false;
    if (!slice_has(*values, ',')) /* nearly always there is one only */
        p = end;
    while (p < end && (inside || *p != ',')) {
        if (*p == '"' && !inside) {
            p = skip_quoted(p, end);
            continue;
        }
        inside = *p == '<' || (inside && *p != '>');
        p++;
    }
    struct slice one = slice_between(values->p, p);
    *values = slice_between(p < end ? p + 1 : end, end);
    return slice_trim(one);
}

static void
read_contact(struct slice value, struct sip_contact *contact)
{
    struct slice bracketed;
    *contact = (struct sip_contact){.star = slice_equal(value, SLICE("*"))};
    struct slice before = unquoted_until(value, '<', &bracketed);
    contact->uri = before.len < value.len ? slice_until(bracketed, '>', &contact->parameters)
                                          : slice_until(value, ';', &contact->parameters);
    contact->uri = slice_trim(contact->uri);
    contact->expires = sip_parameter(contact->parameters, SLICE("expires"));
}

bool
sip_contact_next(struct sip_contacts *walk, struct sip_contact *contact)
{
    enum sip_header id = SIP_CONTACT;
    while (slice_trim(walk->values).len == 0) {
        if (!sip_message_next_header(&walk->headers, &id, &walk->values))
            return false;
        if (id != SIP_CONTACT)
            walk->values.len = 0;
    }
    read_contact(take_contact(&walk->values), contact);
    return true;
}

bool
sip_min_expires(const struct sip_message *message, uint32_t *seconds)
{
    return message->header[SIP_MIN_EXPIRES].p && sip_number(message->header[SIP_MIN_EXPIRES], seconds);
}

bool
sip_message_may_cut(const struct sip_message *message, struct slice text)
{
    return message->headers_cut && slice_end(text) >= slice_end(slice_trim_right(message->headers));
}

static bool
whole_number(const struct sip_message *message, struct slice text, uint32_t *number)
{
    return !sip_message_may_cut(message, text) && sip_number(text, number);
}

bool
sip_expires(const struct sip_message *message, uint32_t *seconds)
{
    return message->header[SIP_EXPIRES].p && whole_number(message, message->header[SIP_EXPIRES], seconds);
}

bool
sip_contact_expires(const struct sip_message *message, const struct sip_contact *contact, uint32_t *seconds)
{
    if (contact->expires.p && whole_number(message, contact->expires, seconds))
        return true;
    return sip_expires(message, seconds);
}
