/* auth_header.h
 * Reads challenges, credentials and authentication info out of a header value.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_AUTH_HEADER_H
#define SIPTRAIL_AUTH_HEADER_H

#include <stdint.h>

#include "slice.h"

/** Parameters of RFC 7616 section 3.3 to 3.5, RFC 3310 section 3.4 (auts). Named as there. */
enum auth_param {
    AUTH_USERNAME,
    AUTH_USERNAME_EXT, /**< `username*`, RFC 5987 encoded */
    AUTH_REALM,
    AUTH_NONCE,
    AUTH_URI,
    AUTH_RESPONSE,
    AUTH_ALGORITHM,
    AUTH_QOP,
    AUTH_NC,
    AUTH_CNONCE,
    AUTH_OPAQUE,
    AUTH_DOMAIN,
    AUTH_STALE,
    AUTH_USERHASH,
    AUTH_CHARSET,
    AUTH_AUTS,
    AUTH_NEXTNONCE,
    AUTH_RSPAUTH,
    AUTH_PARAM_COUNT
};

/** One challenge, one set of credentials, or one Authentication-Info: views into the header value. */
struct auth_value {
    struct slice scheme; /**< as written; absent in Authentication-Info, which has none */
    /** Without the surrounding quotes, quoting backslashes still in; absent when not there. Of a repeated
     *  parameter the first. */
    struct slice param[AUTH_PARAM_COUNT];
    uint32_t quoted;   /**< bit (1 << parameter): stood in quotes */
    uint32_t repeated; /**< bit (1 << parameter): came more than once */
    bool unterminated; /**< a quoted string has no end */
};

/** The spelling of a parameter name. */
struct slice auth_param_name(enum auth_param param);

/** "cnonce and nc": the names of a set of parameters, a bit (1 << parameter) each. Free with g_free. */
char *auth_param_names(uint32_t set);

/** Takes the next challenge or credentials out of a header value. One value may hold several, comma-joined
 *  against RFC 3261 section 7.3.1; empty list elements and missing commas are stepped over.
 *
 *  @param rest  at first the whole header value; what is still to be read afterwards
 *  @param value  filled on success
 *  @return false when nothing is left */
bool auth_header_next(struct slice *rest, struct auth_value *value);

/** Reads Authentication-Info (RFC 7615), which is a list of parameters without a scheme. */
void auth_info_parse(struct slice text, struct auth_value *value);

/** True for the Digest scheme in any case. */
bool auth_is_digest(const struct auth_value *value);

/** True where a SIM has the password, be it AKAv1 or AKAv2 (RFC 3310, 4169). */
bool auth_is_aka(const struct auth_value *value);

/** The parameter's text as its sender meant it: quoting backslashes removed (RFC 7616 section 3.3, unq()).
 *
 *  @param raw  a parameter as stored in auth_value
 *  @param buffer  at least raw.len octets; used only when there is a backslash
 *  @return `raw` itself, or a view into `buffer` */
struct slice auth_unescape(struct slice raw, char *buffer);

/** Decodes `charset'language'percent-encoded` of `username*` (RFC 5987 section 3.2).
 *
 *  @param buffer  at least raw.len octets; the result is a view into it
 *  @return absent when the value is not of that form */
struct slice auth_decode_extended(struct slice raw, char *buffer);

/** Whether `token` is one of a comma or blank separated list such as `auth, auth-int`; case is ignored. */
bool auth_list_has(struct slice list, struct slice token);

#endif
