/* digest_compute.c
 * One computation of a digest: from the texts of an attempt and a credential to the response.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <gcrypt.h>
#include <glib.h>

#include "aka.h"
#include "digest_private.h"
#include "wipe.h"

enum { RAW_MAX = 64, AKA_PASSWORD_MAX = 64 };

/* RFC 7616 section 6.1, 8760, 3310, 4169. A misspelt name that stacks send is a row of its own. */
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

const struct algorithm *
algorithm_find(struct slice name)
{
    name = slice_trim(name);
    for (size_t i = 0; i < G_N_ELEMENTS(algorithms); i++) {
        if (slice_equal_nocase(name, algorithms[i].name))
            return &algorithms[i];
    }
    return NULL;
}

static void
to_hex(const uint8_t *octets, size_t digits, char *hex)
{
    for (size_t i = 0; i < digits; i++)
        hex[i] = "0123456789abcdef"[i % 2 ? octets[i / 2] & 15 : octets[i / 2] >> 4];
}

/* Kept open: to open one costs more than to hash a short text. */
static const int hashes[] = {GCRY_MD_MD5, GCRY_MD_SHA256, GCRY_MD_SHA512_256, GCRY_MD_SHA512};
static gcry_md_hd_t handles[G_N_ELEMENTS(hashes)];

/* NULL: not to be had. */
static gcry_md_hd_t
hash_handle(int hash)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++) {
        if (hashes[i] == hash)
            return handles[i] || gcry_md_open(&handles[i], hash, 0) == 0 ? handles[i] : NULL;
    }
    return NULL;
}

void
digest_release(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++) {
        gcry_md_close(handles[i]);
        handles[i] = NULL;
    }
}

bool
digest_hash_join(const struct attempt *attempt, const struct slice *parts, size_t count, uint8_t *raw,
                 char *hex)
{
    gcry_md_hd_t handle = hash_handle(attempt->hash);
    if (!handle)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            gcry_md_write(handle, ":", 1);
        if (parts[i].len > 0)
            gcry_md_write(handle, parts[i].p, parts[i].len);
    }
    const uint8_t *digest = gcry_md_read(handle, attempt->hash);
    if (raw)
        memcpy(raw, digest, attempt->algorithm->hex_len / 2);
    if (hex)
        to_hex(digest, attempt->algorithm->hex_len, hex);
    gcry_md_reset(handle); /* wipes what it had read, too */
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

static void
forget(struct slice password)
{
    if (password.p)
        wipe((char *)(uintptr_t)password.p, password.len);
    g_free((char *)(uintptr_t)password.p);
}

/* A password as a client may have taken it; `p` is NULL when that cannot be. Free it with forget. Nothing of
 * it may stay behind in memory, so no block may grow, and no library may convert it. */
static struct slice
to_latin1(struct slice utf8)
{
    struct slice text = {g_malloc(utf8.len + 1), 0};
    for (const char *p = utf8.p; p < slice_end(utf8); p = g_utf8_next_char(p)) {
        gunichar letter = g_utf8_get_char_validated(p, slice_end(utf8) - p);
        if (letter > 0xff) { /* or invalid, which is larger still */
            forget(text);
            return (struct slice){NULL, 0};
        }
        ((char *)(uintptr_t)text.p)[text.len++] = (char)letter;
    }
    return text;
}

static struct slice
from_latin1(struct slice latin1)
{
    struct slice text = {g_malloc(2 * latin1.len + 1), 0};
    for (size_t i = 0; i < latin1.len; i++)
        text.len +=
            (size_t)g_unichar_to_utf8((unsigned char)latin1.p[i], (char *)(uintptr_t)text.p + text.len);
    return text;
}

static struct slice
with_suffix(struct slice password, struct slice suffix)
{
    char *text = g_malloc(password.len + suffix.len + 1);
    if (password.len)
        memcpy(text, password.p, password.len);
    if (suffix.len)
        memcpy(text + password.len, suffix.p, suffix.len);
    return (struct slice){text, password.len + suffix.len};
}

static struct slice
password_of(const struct attempt *attempt, struct slice secret)
{
    switch (attempt->password) {
    case PASSWORD_EMPTY:
        return with_suffix((struct slice){NULL, 0}, attempt->password_suffix);
    case PASSWORD_TRIMMED:
        return with_suffix(slice_trim(secret), attempt->password_suffix);
    case PASSWORD_LATIN1:
        return to_latin1(secret);
    case PASSWORD_UTF8_TWICE:
        return from_latin1(secret);
    default:
        return with_suffix(secret, attempt->password_suffix);
    }
}

static enum try_result
hash_a1(const struct attempt *attempt, struct slice password, char *ha1)
{
    struct slice parts[] = {attempt->user, attempt->realm, password};
    return digest_hash_join(attempt, parts, G_N_ELEMENTS(parts), NULL, ha1) ? TRY_FITS : TRY_REFUSED;
}

static enum try_result
password_ha1(const struct attempt *attempt, struct slice secret, char *ha1)
{
    struct slice password = password_of(attempt, secret);
    bool changes = attempt->password != PASSWORD_AS_IT_IS || attempt->password_suffix.len > 0;
    bool same = !password.p || (changes && slice_equal(password, secret));
    enum try_result result = same ? TRY_UNCHANGED : hash_a1(attempt, password, ha1);
    forget(password);
    return result;
}

static enum try_result
aka_ha1(const struct attempt *attempt, const struct credential *row, char *ha1)
{
    char password[AKA_PASSWORD_MAX];
    size_t len = 0;
    if (!attempt->algorithm->aka)
        return TRY_UNSUITABLE;
    enum try_result result = aka_password(attempt, row, password, &len);
    if (result == TRY_FITS)
        result = hash_a1(attempt, (struct slice){password, len}, ha1);
    wipe(password, sizeof password);
    return result;
}

/* H( user ":" realm ":" password ), as hex. */
static enum try_result
plain_ha1(const struct attempt *attempt, const struct credential *row, char *ha1)
{
    switch (row->type) {
    case SECRET_HA1:
        return configured_ha1(attempt, row->secret, ha1);
    case SECRET_PASSWORD:
        return password_ha1(attempt, row->secret, ha1);
    default:
        return aka_ha1(attempt, row, ha1);
    }
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
    return digest_hash_join(attempt, parts, G_N_ELEMENTS(parts), NULL, ha1);
}

/* A2 = method ":" uri [ ":" H(body) ] */
static bool
make_ha2(const struct attempt *attempt, char *ha2)
{
    char body[HEX_MAX];
    struct slice parts[] = {attempt->method, attempt->uri, {body, attempt->algorithm->hex_len}};
    if (attempt->body_in_a2 && !digest_hash_join(attempt, &attempt->body, 1, NULL, body))
        return false;
    return digest_hash_join(attempt, parts, attempt->body_in_a2 ? 3 : 2, NULL, ha2);
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
        return digest_hash_join(attempt, parts, G_N_ELEMENTS(parts), NULL, response);
    }
    struct slice parts[] = {h1, attempt->nonce, h2};
    return digest_hash_join(attempt, parts, G_N_ELEMENTS(parts), NULL, response);
}

static void
upper(char *hex, size_t digits)
{
    for (size_t i = 0; i < digits; i++)
        hex[i] = g_ascii_toupper(hex[i]);
}

enum try_result
digest_make_ha1(const struct attempt *attempt, const struct credential *row, char *ha1)
{
    enum try_result result = plain_ha1(attempt, row, ha1);
    if (result != TRY_FITS)
        return result;
    if (attempt->upper_ha1)
        upper(ha1, attempt->algorithm->hex_len);
    bool session = attempt->algorithm->session && !attempt->no_session;
    return session && !session_ha1(attempt, ha1) ? TRY_REFUSED : TRY_FITS;
}

enum try_result
digest_response_fits(const struct attempt *attempt, const char *ha1, struct slice wanted)
{
    char ha2[HEX_MAX], response[HEX_MAX];
    enum try_result result = TRY_REFUSED;
    if (make_ha2(attempt, ha2) && make_response(attempt, ha1, ha2, response))
        result = slice_equal_nocase((struct slice){response, attempt->algorithm->hex_len}, wanted)
                     ? TRY_FITS
                     : TRY_MISFIT;
    wipe(response, sizeof response);
    return result;
}
