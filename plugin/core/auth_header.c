/* auth_header.c
 * Reads challenges, credentials and authentication info out of a header value.
 *
 * Grammar: RFC 3261 section 25.1, read as leniently as real stacks need it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "auth_header.h"

#include <glib.h>

/* First and last letter stand apart for the table of places. */
#define PARAMS(X)                                                                                            \
    X(AUTH_USERNAME, "username", 'u', 'e')                                                                   \
    X(AUTH_USERNAME_EXT, "username*", 'u', '*')                                                              \
    X(AUTH_REALM, "realm", 'r', 'm')                                                                         \
    X(AUTH_NONCE, "nonce", 'n', 'e')                                                                         \
    X(AUTH_URI, "uri", 'u', 'i')                                                                             \
    X(AUTH_RESPONSE, "response", 'r', 'e')                                                                   \
    X(AUTH_ALGORITHM, "algorithm", 'a', 'm')                                                                 \
    X(AUTH_QOP, "qop", 'q', 'p')                                                                             \
    X(AUTH_NC, "nc", 'n', 'c')                                                                               \
    X(AUTH_CNONCE, "cnonce", 'c', 'e')                                                                       \
    X(AUTH_OPAQUE, "opaque", 'o', 'e')                                                                       \
    X(AUTH_DOMAIN, "domain", 'd', 'n')                                                                       \
    X(AUTH_STALE, "stale", 's', 'e')                                                                         \
    X(AUTH_USERHASH, "userhash", 'u', 'h')                                                                   \
    X(AUTH_CHARSET, "charset", 'c', 't')                                                                     \
    X(AUTH_AUTS, "auts", 'a', 's')                                                                           \
    X(AUTH_NEXTNONCE, "nextnonce", 'n', 'e')                                                                 \
    X(AUTH_RSPAUTH, "rspauth", 'r', 'h')

#define NAME(param, literal, first, last) [param] = {(literal), sizeof(literal) - 1},
static const struct slice param_names[AUTH_PARAM_COUNT] = {PARAMS(NAME)};
#undef NAME

/* Length, first and last letter tell these names apart: one that would take another one's place does not
 * compile.
 */
#define PLACE(length, first, last)       (((length)*8 + (first) + (last)) % 64)
#define PUT(param, literal, first, last) [PLACE(sizeof(literal) - 1, (first), (last))] = (param) + 1,
static const unsigned char param_places[64] = {PARAMS(PUT)};
#undef PUT

struct slice
auth_param_name(enum auth_param param)
{
    return param_names[param];
}

char *
auth_param_names(uint32_t set)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < AUTH_PARAM_COUNT; i++) {
        if (!(set >> i & 1))
            continue;
        struct slice name = auth_param_name((enum auth_param)i);
        const char *join = text->len == 0 ? "" : set >> i == 1 ? " and " : ", ";
        g_string_append_printf(text, "%s%.*s", join, (int)name.len, name.p);
    }
    return g_string_free(text, FALSE);
}

/* The first `n` octets, which leave `rest`. */
static struct slice
take(struct slice *rest, size_t n)
{
    struct slice taken = {rest->p, n};
    rest->p += n;
    rest->len -= n;
    return taken;
}

static inline struct slice
take_token(struct slice *rest)
{
    size_t n = 0;
    while (n < rest->len && slice_is_token_char(rest->p[n]))
        n++;
    return take(rest, n);
}

/* True when there was a comma. */
static inline bool
skip_separators(struct slice *rest)
{
    bool comma = false;
    size_t n = 0;
    for (; n < rest->len && (slice_is_lws(rest->p[n]) || rest->p[n] == ','); n++)
        comma |= rest->p[n] == ',';
    take(rest, n);
    return comma;
}

/* The offset of the quote that closes the one at 0; the length when there is none. */
static size_t
quoted_end(struct slice s)
{
    struct slice head = slice_until(slice_from(s, 1), '"', NULL);
    size_t n = 1;
    if (head.len == 0 || slice_end(head)[-1] != '\\') /* the first one is not escaped */
        return head.len + 1;
    while (n < s.len && s.p[n] != '"')
        n += s.p[n] == '\\' && n + 1 < s.len ? 2 : 1;
    return n;
}

/* The string after the opening quote; a backslash escapes whatever follows it. */
static inline struct slice
take_quoted(struct slice *rest, struct auth_value *value)
{
    size_t n = quoted_end(*rest);
    struct slice text = {rest->p + 1, n - 1};
    if (n >= rest->len)
        value->unterminated = true;
    *rest = slice_from(*rest, n + 1);
    return text;
}

/* A bare value ends at a comma or blank, whatever its sender should have quoted. */
static inline struct slice
take_bare(struct slice *rest)
{
    size_t n = 0;
    while (n < rest->len && rest->p[n] != ',' && !slice_is_lws(rest->p[n]))
        n++;
    return take(rest, n);
}

static inline enum auth_param
param_of(struct slice name)
{
    unsigned char first = (unsigned char)(*name.p | 0x20),
                  last = (unsigned char)(name.p[name.len - 1] | 0x20);
    unsigned place = param_places[PLACE(name.len, first, last)];
    if (place == 0 || !slice_equal_nocase(name, param_names[place - 1]))
        return AUTH_PARAM_COUNT;
    return (enum auth_param)(place - 1);
}

static void
store_param(struct auth_value *value, enum auth_param param, struct slice text, bool quoted)
{
    if (param == AUTH_PARAM_COUNT)
        return;
    if (value->param[param].p) {
        value->repeated |= 1u << param;
        return;
    }
    value->param[param] = text;
    value->quoted |= quoted ? 1u << param : 0;
}

enum { NAME_MAX_LEN = sizeof "nextnonce" };

/* What is in front of "=" is a known name, or else any token. False when neither stands next. */
static inline bool
take_name(struct slice *rest, enum auth_param *param)
{
    struct slice ahead = {rest->p, MIN(rest->len, (size_t)NAME_MAX_LEN)};
    struct slice name = slice_until(ahead, '=', NULL);
    *param = name.len > 0 && name.len < ahead.len ? param_of(name) : AUTH_PARAM_COUNT;
    if (*param != AUTH_PARAM_COUNT) {
        *rest = slice_from(*rest, name.len + 1);
        return true;
    }
    ahead = *rest;
    name = take_token(&ahead);
    ahead = slice_trim_left(ahead);
    if (name.len == 0 || ahead.len == 0 || *ahead.p != '=')
        return false;
    *param = param_of(name);
    *rest = slice_from(ahead, 1);
    return true;
}

/* Reads `name = value` when that stands next; otherwise leaves `rest` alone. */
static inline bool
take_param(struct slice *rest, struct auth_value *value)
{
    enum auth_param param;
    if (!take_name(rest, &param))
        return false;
    *rest = slice_trim_left(*rest);
    bool quoted = rest->len > 0 && *rest->p == '"';
    store_param(value, param, quoted ? take_quoted(rest, value) : take_bare(rest), quoted);
    return true;
}

/* A scheme stands next: a token, blanks, and then a parameter. Behind a comma a token68 will do instead. */
static bool
at_scheme(struct slice rest, bool comma)
{
    struct slice scheme = take_token(&rest);
    struct slice ahead = slice_trim_left(rest);
    if (scheme.len == 0 || ahead.len == 0 || ahead.len == rest.len)
        return false;
    struct slice name = take_token(&ahead);
    ahead = slice_trim_left(ahead);
    return name.len > 0 && (comma || (ahead.len > 0 && *ahead.p == '='));
}

/* Parameters up to the end or to the next scheme, which is returned. What fits no grammar is stepped over to
 * the next comma. */
static struct slice
take_params(struct slice rest, struct auth_value *value)
{
    bool comma = skip_separators(&rest);
    while (rest.len > 0) {
        bool skipped = !take_param(&rest, value);
        if (skipped && at_scheme(rest, comma))
            break;
        if (skipped)
            slice_until(rest, ',', &rest);
        comma = skip_separators(&rest) || skipped;
    }
    return rest;
}

bool
auth_header_next(struct slice *rest, struct auth_value *value)
{
    skip_separators(rest);
    if (rest->len == 0)
        return false;
    *value = (struct auth_value){.scheme = take_token(rest)};
    *rest = take_params(*rest, value);
    return true;
}

void
auth_info_parse(struct slice text, struct auth_value *value)
{
    *value = (struct auth_value){0};
    take_params(text, value);
}

bool
auth_is_digest(const struct auth_value *value)
{
    return slice_equal_nocase(value->scheme, SLICE("Digest"));
}

bool
auth_is_aka(const struct auth_value *value)
{
    return slice_starts_nocase(value->param[AUTH_ALGORITHM], SLICE("AKAv"));
}

struct slice
auth_unescape(struct slice raw, char *buffer)
{
    size_t n = 0;
    if (!slice_has(raw, '\\'))
        return raw;
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.p[i] == '\\' && i + 1 < raw.len)
            i++;
        buffer[n++] = raw.p[i];
    }
    return (struct slice){buffer, n};
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct slice
auth_decode_extended(struct slice raw, char *buffer)
{
    struct slice rest, encoded, absent = {NULL, 0};
    size_t n = 0;
    if (slice_until(raw, '\'', &rest).len == raw.len || slice_until(rest, '\'', &encoded).len == rest.len)
        return absent;
    for (size_t i = 0; i < encoded.len; i++) {
        if (encoded.p[i] != '%') {
            buffer[n++] = encoded.p[i];
            continue;
        }
        if (encoded.len - i < 3)
            return absent;
        int high = hex_digit(encoded.p[i + 1]), low = hex_digit(encoded.p[i + 2]);
        if (high < 0 || low < 0)
            return absent;
        buffer[n++] = (char)(high * 16 + low);
        i += 2;
    }
    return (struct slice){buffer, n};
}

bool
auth_list_has(struct slice list, struct slice token)
{
    while (list.len > 0) {
        skip_separators(&list);
        struct slice item = take_bare(&list);
        if (slice_equal_nocase(item, token))
            return true;
    }
    return false;
}
