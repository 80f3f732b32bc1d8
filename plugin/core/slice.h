/* slice.h
 * A view into bytes that belong to somebody else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_SLICE_H
#define SIPTRAIL_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** `len` octets at `p`; not terminated, may hold any octet. `p` is NULL when the text is absent,
 *  which differs from present and empty. A slice never outlives the bytes that it was cut from. */
struct slice {
    const char *p;
    size_t len;
};

/** The slice of a string literal. */
#define SLICE(literal) ((struct slice)SLICE_INIT(literal))
/** The same, for the initializer of a static table. */
#define SLICE_INIT(literal)                                                                                  \
    {                                                                                                        \
        (literal), sizeof(literal) - 1                                                                       \
    }

static inline struct slice
slice_between(const char *begin, const char *end)
{
    return (struct slice){begin, (size_t)(end - begin)};
}

static inline const char *
slice_end(struct slice s)
{
    return s.p + s.len;
}

static inline bool
slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/** ASCII case is ignored, as RFC 3261 section 7.3.1 wants for tokens. NULs compare as octets. */
static inline bool
slice_equal_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    if (a.len == 0 || memcmp(a.p, b.p, a.len) == 0) /* nearly all spell a name as its RFC does */
        return true;
    for (size_t i = 0; i < a.len; i++) {
        unsigned char x = (unsigned char)a.p[i], y = (unsigned char)b.p[i];
        if (x != y && ((x ^ y) != 0x20 || (x | 0x20) < 'a' || (x | 0x20) > 'z'))
            return false;
    }
    return true;
}

/** Blank, tab, and the line ends inside a folded header (RFC 3261 section 7.3.1). */
static inline bool
slice_is_lws(char c)
{
    const uint64_t blanks = UINT64_C(1) << ' ' | 1 << '\t' | 1 << '\r' | 1 << '\n';
    unsigned char u = (unsigned char)c;
    return u <= ' ' && (blanks >> u & 1); /* nearly all octets are greater */
}

/** Of a token (RFC 3261 section 25.1): letters, digits and -.!%*_+`'~, as sets of 64 characters. */
static inline bool
slice_is_token_char(char c)
{
    const uint64_t tokens[2] = {UINT64_C(0x03ff6ca200000000), UINT64_C(0x47ffffff87fffffe)};
    unsigned char u = (unsigned char)c;
    return u < 128 && tokens[u / 64] >> u % 64 & 1;
}

/** An empty text is no token. */
static inline bool
slice_is_token(struct slice s)
{
    size_t n = 0;
    while (n < s.len && slice_is_token_char(s.p[n]))
        n++;
    return n > 0 && n == s.len;
}

/** Hex digits alone, of either case; so is an empty text. */
static inline bool
slice_is_hex(struct slice s)
{
    size_t n = 0;
    while (n < s.len &&
           ((s.p[n] >= '0' && s.p[n] <= '9') || ((s.p[n] | 0x20) >= 'a' && (s.p[n] | 0x20) <= 'f')))
        n++;
    return n == s.len;
}

static inline struct slice
slice_trim_left(struct slice s)
{
    while (s.len > 0 && slice_is_lws(*s.p)) {
        s.p++;
        s.len--;
    }
    return s;
}

static inline struct slice
slice_trim_right(struct slice s)
{
    while (s.len > 0 && slice_is_lws(s.p[s.len - 1]))
        s.len--;
    return s;
}

static inline struct slice
slice_trim(struct slice s)
{
    if (s.len > 1 && *s.p == ' ') { /* nearly all there is */
        s.p++;
        s.len--;
    }
    if (s.len > 0 && ((unsigned char)*s.p <= ' ' || (unsigned char)s.p[s.len - 1] <= ' '))
        s = slice_trim_right(slice_trim_left(s));
    return s;
}

/** The rest of `s` from offset `n`; empty at its end when it is shorter; absent when `s` is. */
static inline struct slice
slice_from(struct slice s, size_t n)
{
    if (n > s.len)
        n = s.len;
    return (struct slice){s.p ? s.p + n : NULL, s.len - n};
}

static inline bool
slice_has(struct slice s, char c)
{
    return s.len > 0 && memchr(s.p, c, s.len);
}

/** Up to the first `c`, which need not be there; `rest`, if wanted, gets what follows it. */
static inline struct slice
slice_until(struct slice s, char c, struct slice *rest)
{
    const char *hit = s.len ? memchr(s.p, c, s.len) : NULL;
    if (rest)
        *rest = hit ? slice_between(hit + 1, slice_end(s)) : slice_from(s, s.len);
    return hit ? slice_between(s.p, hit) : s;
}

static inline bool
slice_starts_nocase(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_equal_nocase((struct slice){s.p, prefix.len}, prefix);
}

#endif
