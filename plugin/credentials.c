/* credentials.c
 * The table of users, realms and secrets that a user of Wireshark configures.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "compat.h"

#include <epan/uat.h>

#include "core/aka.h"
#include "core/wipe.h"
#include "credentials.h"

/* One row as typed. The texts have a length and may hold any octet; Wireshark's macros take them for char in
 * one version and for unsigned char in another. */
struct row {
    void *user;
    guint user_len;
    void *realm;
    guint realm_len;
    guint type; /* enum secret_type */
    void *secret;
    guint secret_len;
    GByteArray *octets; /* what the secret stands for; made when the row is accepted */
    guint res_len;
};

static struct row *rows;
static guint row_count;
static struct credential *credentials;
static guint credential_count;

static const value_string secret_types[] = {{SECRET_PASSWORD, "password"},   {SECRET_HA1, "HA1"},
                                            {SECRET_AKA_RES, "AKA-RES"},     {SECRET_AKA_K_OP, "AKA-K-OP"},
                                            {SECRET_AKA_K_OPC, "AKA-K-OPc"}, {0, NULL}};

UAT_BUFFER_CB_DEF(rows, user, struct row, user, user_len)
UAT_BUFFER_CB_DEF(rows, realm, struct row, realm, realm_len)
UAT_BUFFER_CB_DEF(rows, secret, struct row, secret, secret_len)
UAT_VS_DEF(rows, type, struct row, guint, SECRET_PASSWORD, "password")

/* What stood there before is a secret, too. */
static void
secret_set(void *record, const char *text, guint len, const void *unused_a, const void *unused_b)
{
    const struct row *row = (const struct row *)record;
    if (row->secret)
        wipe(row->secret, row->secret_len);
    rows_secret_set_cb(record, text, len, unused_a, unused_b);
}

/* --- one row
 * --------------------------------------------------------------------------------------------------- */

static uat_bool
type_check(void *record _U_, const char *text, guint len, const void *types _U_, const void *unused _U_,
           char **err)
{
    *err = NULL;
    for (const value_string *type = secret_types; type->strptr; type++) {
        if (strlen(type->strptr) == len && strncmp(type->strptr, text, len) == 0)
            return TRUE;
    }
    *err = g_strdup("Type: must be password, HA1, AKA-RES, AKA-K-OP or AKA-K-OPc");
    return FALSE;
}

/* Hex digits, perhaps with colons between; false at anything else or an odd number. */
static bool
append_hex(GByteArray *octets, const char *text, guint len)
{
    int high = -1;
    for (guint i = 0; i < len; i++) {
        int digit = g_ascii_xdigit_value(text[i]);
        if (text[i] == ':' && high < 0)
            continue;
        if (digit < 0)
            return false;
        guint8 octet = (guint8)((high < 0 ? 0 : high) * 16 + digit);
        if (high >= 0)
            g_byte_array_append(octets, &octet, 1);
        high = high < 0 ? digit : -1;
    }
    return high < 0;
}

static const char *
check_ha1(const struct row *row)
{
    const char *digits = row->secret;
    if (row->secret_len != 32 && row->secret_len != 64)
        return "Secret: an HA1 has 32 hex digits (MD5) or 64 (SHA-256, SHA-512-256)";
    for (guint i = 0; i < row->secret_len; i++) {
        if (!g_ascii_isxdigit(digits[i]))
            return "Secret: an HA1 is made of hex digits";
    }
    g_byte_array_append(row->octets, (const guint8 *)row->secret, row->secret_len);
    return NULL;
}

static const char *
check_aka(struct row *row)
{
    const char *digits = row->secret;
    const char *colon = digits ? memchr(digits, ':', row->secret_len) : NULL;
    guint first_len = colon ? (guint)(colon - digits) : row->secret_len;
    if (!append_hex(row->octets, digits, row->secret_len))
        return "Secret: AKA keys are written as hex digits, with a colon between two of them";
    if (row->type != SECRET_AKA_RES)
        return row->octets->len == 2 * AKA_KEY_LEN
                   ? NULL
                   : "Secret: K and OP (or OPc) have 32 hex digits each, K:OP";
    row->res_len = first_len / 2;
    if (row->res_len < 4 || row->res_len > 16)
        return "Secret: RES has 8 to 32 hex digits (RFC 3310 section 3.3)";
    if (colon && row->octets->len != row->res_len + 2 * AKA_KEY_LEN)
        return "Secret: behind RES stand IK and CK with 32 hex digits each, RES:IK:CK";
    return NULL;
}

static const char *
check_secret(struct row *row)
{
    switch (row->type) {
    case SECRET_PASSWORD:
        g_byte_array_append(row->octets, (const guint8 *)row->secret, row->secret_len);
        return NULL;
    case SECRET_HA1:
        return check_ha1(row);
    default:
        return check_aka(row);
    }
}

static void
forget(GByteArray **octets)
{
    if (!*octets)
        return;
    wipe((*octets)->data, (*octets)->len);
    g_byte_array_free(*octets, TRUE);
    *octets = NULL;
}

static uat_bool
row_update(void *record, char **err)
{
    struct row *row = (struct row *)record;
    forget(&row->octets);
    /* As large as it will be: a block that grows leaves its old self behind. */
    row->octets = g_byte_array_sized_new(row->secret_len + 1);
    const char *fault = check_secret(row);
    *err = g_strdup(fault);
    return fault == NULL;
}

/* As a field, a bad secret leaves out its row and names its line; a bad row would end the reading of the
 * file. */
static uat_bool
secret_check(void *record, const char *text, guint len, const void *unused_a _U_, const void *unused_b _U_,
             char **err)
{
    struct row typed = {.type = ((const struct row *)record)->type,
                        .secret = (void *)text,
                        .secret_len = len};
    uat_bool is_right = row_update(&typed, err);
    forget(&typed.octets);
    return is_right;
}

static void *
row_copy(void *to, const void *from, size_t len _U_)
{
    struct row *copy = (struct row *)to;
    const struct row *row = (const struct row *)from;
    *copy = *row;
    copy->user = g_memdup2(row->user, row->user_len);
    copy->realm = g_memdup2(row->realm, row->realm_len);
    copy->secret = g_memdup2(row->secret, row->secret_len);
    copy->octets = NULL;
    if (row->octets) {
        copy->octets = g_byte_array_sized_new(row->octets->len + 1);
        g_byte_array_append(copy->octets, row->octets->data, row->octets->len);
    }
    return to;
}

static void
row_free(void *record)
{
    struct row *row = (struct row *)record;
    if (row->secret)
        wipe(row->secret, row->secret_len);
    g_free(row->user);
    g_free(row->realm);
    g_free(row->secret);
    forget(&row->octets);
}

/* --- all rows
 * -------------------------------------------------------------------------------------------------- */

static struct slice
text_of(const char *text, guint len)
{
    return (struct slice){text ? text : "", len};
}

/* After every change, and after each row that the command line gives: begins anew each time. */
static void
rows_changed(void)
{
    g_free(credentials);
    credentials = g_new0(struct credential, row_count ? row_count : 1);
    credential_count = row_count;
    for (guint i = 0; i < row_count; i++) {
        credentials[i] = (struct credential){
            .user = text_of(rows[i].user, rows[i].user_len),
            .realm = text_of(rows[i].realm, rows[i].realm_len),
            .type = (enum secret_type)rows[i].type,
            .res_len = rows[i].res_len,
        };
        if (rows[i].octets)
            credentials[i].secret = text_of((const char *)rows[i].octets->data, rows[i].octets->len);
    }
}

static void
rows_reset(void)
{
    g_free(credentials);
    credentials = NULL;
    credential_count = 0;
}

/* A file with a bad row has its good ones read, and no change told. */
const struct credential *
credentials_rows(size_t *count)
{
    if (credential_count != row_count)
        rows_changed();
    *count = credential_count;
    return credentials;
}

#define TEXT_FIELD(name, check, set, title, description)                                                     \
    {                                                                                                        \
#name, title, PT_TXTMOD_STRING,                                                                      \
            {check, set, rows_##name##_tostr_cb }, {0, 0, 0 }, 0, description, FLDFILL                       \
    }

void
credentials_register(module_t *module)
{
    static uat_field_t fields[] = {TEXT_FIELD(user, uat_fld_chk_str, rows_user_set_cb, "User",
                                              "User name as in the Digest, or * for any"),
                                   TEXT_FIELD(realm, uat_fld_chk_str, rows_realm_set_cb, "Realm",
                                              "Realm of the challenge, or * for any"),
                                   {"type",
                                    "Type",
                                    PT_TXTMOD_ENUM,
                                    {type_check, rows_type_set_cb, rows_type_tostr_cb},
                                    {secret_types, secret_types, secret_types},
                                    secret_types,
                                    "What the secret is",
                                    FLDFILL},
                                   TEXT_FIELD(secret, secret_check, secret_set, "Secret",
                                              "Password; or hex digits of HA1, RES[:IK:CK], K:OP or K:OPc"),
                                   UAT_END_FIELDS};
    uat_t *uat = uat_new("SIP Trail credentials", sizeof(struct row), "siptrail_credentials", TRUE, &rows,
                         &row_count, UAT_AFFECTS_DISSECTION, NULL, row_copy, row_update, row_free,
                         rows_changed, rows_reset, fields);
    prefs_register_uat_preference(
        module, "credentials", "Credentials",
        "Users and secrets to verify the Digest with. Stored as plain text in the profile: "
        "prefer HA1 to a password.",
        uat);
}
