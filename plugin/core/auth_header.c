/* auth_header.c
 * Reads challenges, credentials and authentication info out of a header value.
 *
 * Grammar: RFC 3261 section 25.1, read as leniently as real stacks need it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "auth_header.h"

#include <glib.h>

static const struct slice param_names[AUTH_PARAM_COUNT] = {
#define NAME(literal)                                                                                        \
    {                                                                                                        \
        (literal), sizeof(literal) - 1                                                                       \
    }
    [AUTH_USERNAME] = NAME("username"),
    [AUTH_USERNAME_EXT] = NAME("username*"),
    [AUTH_REALM] = NAME("realm"),
    [AUTH_NONCE] = NAME("nonce"),
    [AUTH_URI] = NAME("uri"),
    [AUTH_RESPONSE] = NAME("response"),
    [AUTH_ALGORITHM] = NAME("algorithm"),
    [AUTH_QOP] = NAME("qop"),
    [AUTH_NC] = NAME("nc"),
    [AUTH_CNONCE] = NAME("cnonce"),
    [AUTH_OPAQUE] = NAME("opaque"),
    [AUTH_DOMAIN] = NAME("domain"),
    [AUTH_STALE] = NAME("stale"),
    [AUTH_USERHASH] = NAME("userhash"),
    [AUTH_CHARSET] = NAME("charset"),
    [AUTH_AUTS] = NAME("auts"),
    [AUTH_NEXTNONCE] = NAME("nextnonce"),
    [AUTH_RSPAUTH] = NAME("rspauth"),
#undef NAME
};

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

static bool
is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-.!%*_+`'~", c));
}

static struct slice
take_token(struct slice *rest)
{
    size_t n = 0;
    while (n < rest->len && is_token(rest->p[n]))
        n++;
    struct slice token = {rest->p, n};
    *rest = slice_from(*rest, n);
    return token;
}

/* True when there was a comma. */
static bool
skip_separators(struct slice *rest)
{
    bool comma = false;
    while (rest->len > 0 && (slice_is_lws(*rest->p) || *rest->p == ',')) {
        comma |= *rest->p == ',';
        *rest = slice_from(*rest, 1);
    }
    return comma;
}

/* The string after the opening quote; a backslash escapes whatever follows it. */
static struct slice
take_quoted(struct slice *rest, struct auth_value *value)
{
    size_t n = 1;
    while (n < rest->len && rest->p[n] != '"')
        n += rest->p[n] == '\\' && n + 1 < rest->len ? 2 : 1;
    struct slice text = {rest->p + 1, n - 1};
    if (n >= rest->len)
        value->unterminated = true;
    *rest = slice_from(*rest, n + 1);
    return text;
}

/* A bare value ends at a comma or blank, whatever its sender should have quoted. */
static struct slice
take_bare(struct slice *rest)
{
    size_t n = 0;
    while (n < rest->len && rest->p[n] != ',' && !slice_is_lws(rest->p[n]))
        n++;
    struct slice text = {rest->p, n};
    *rest = slice_from(*rest, n);
    return text;
}

static void
store_param(struct auth_value *value, struct slice name, struct slice text, bool quoted)
{
    for (int i = 0; i < AUTH_PARAM_COUNT; i++) {
        if (!slice_equal_nocase(name, param_names[i]))
            continue;
        if (value->param[i].p) {
            value->repeated |= 1u << i;
            return;
        }
        value->param[i] = text;
        value->quoted |= quoted ? 1u << i : 0;
        return;
    }
}

/* Reads `name = value` when that stands next; otherwise leaves `rest` alone. */
static bool
take_param(struct slice *rest, struct auth_value *value)
{
    struct slice ahead = *rest;
    struct slice name = take_token(&ahead);
    ahead = slice_trim_left(ahead);
    if (name.len == 0 || ahead.len == 0 || *ahead.p != '=')
        return false;
    ahead = slice_trim_left(slice_from(ahead, 1));
    bool quoted = ahead.len > 0 && *ahead.p == '"';
    struct slice text = quoted ? take_quoted(&ahead, value) : take_bare(&ahead);
    store_param(value, name, text, quoted);
    *rest = ahead;
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

/* Parameters up to the end or to the next scheme. What fits no grammar is stepped over to the next comma. */
static void
take_params(struct slice *rest, struct auth_value *value)
{
    bool comma = skip_separators(rest);
    while (rest->len > 0) {
        bool skipped = !take_param(rest, value);
        if (skipped && at_scheme(*rest, comma))
            return;
        if (skipped)
            slice_until(*rest, ',', rest);
        comma = skip_separators(rest) || skipped;
    }
}

bool
auth_header_next(struct slice *rest, struct auth_value *value)
{
    struct auth_value found = {0};
    skip_separators(rest);
    if (rest->len == 0)
        return false;
    found.scheme = take_token(rest);
    take_params(rest, &found);
    *value = found;
    return true;
}

void
auth_info_parse(struct slice text, struct auth_value *value)
{
    *value = (struct auth_value){0};
    take_params(&text, value);
}

bool
auth_is_digest(const struct auth_value *value)
{
    return slice_equal_nocase(value->scheme, SLICE("Digest"));
}

struct slice
auth_unescape(struct slice raw, char *buffer)
{
    size_t n = 0;
    if (raw.len == 0 || !memchr(raw.p, '\\', raw.len))
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
