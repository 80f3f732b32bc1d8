/* digest_private.h
 * Shared by the files that verify digests; nobody else includes it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_DIGEST_PRIVATE_H
#define SIPTRAIL_DIGEST_PRIVATE_H

#include "digest.h"

/** Hex digits of the longest hash. */
enum { HEX_MAX = 128 };

struct algorithm {
    struct slice name;
    int hash;
    size_t hex_len; /**< of HA1, HA2 and the response */
    bool session;
    int aka; /**< 0 none, 1 AKAv1, 2 AKAv2 */
};

enum password_change {
    PASSWORD_AS_IT_IS,
    PASSWORD_EMPTY,
    PASSWORD_TRIMMED,
    PASSWORD_LATIN1,
    PASSWORD_UTF8_TWICE
};

/** The texts that one computation hashes. Begins as the RFC has it; a variant changes what it is named for.
 */
struct attempt {
    const struct algorithm *algorithm;
    int hash;
    bool raw_session; /**< the inner hash of -sess enters as octets, not as hex */
    bool no_session;  /**< -sess is ignored */
    struct slice user, realm, nonce, nc, cnonce, session_cnonce, uri, method;
    struct slice qop; /**< absent: the form of RFC 2069 */
    bool body_in_a2;
    struct slice body;
    enum password_change password;
    struct slice password_suffix;
    bool upper_ha1;
    char *made; /**< text that a variant had to make; NULL: none. Free with g_free. */
};

/** Everything about the input that does not depend on a credential. */
struct reading {
    const struct digest_input *input;
    struct attempt rfc;
    struct slice raw_user, raw_realm, raw_nonce, raw_cnonce, raw_uri;
    char *scratch; /**< holds what had to be unescaped */
};

enum variant_kind {
    VARIANT_CONFORMING,  /**< as good as the first: the RFCs leave the choice, or stacks agree */
    VARIANT_RESPONSE,    /**< HA1 stays as it is */
    VARIANT_HA1,         /**< HA1 changes, too */
    VARIANT_OF_PASSWORD, /**< … by the password: an HA1 or a key cannot be tried so */
};

/** One way to compute the digest. */
struct variant {
    const char *name;
    enum variant_kind kind;
    /** Changes what the variant is named for; false when that changes nothing for this message. `text` is the
     * row's. */
    bool (*apply)(struct attempt *attempt, const struct reading *reading, const char *text);
    const char *text;
    const char *mistake; /**< what the client does: "hashes …" */
    const char *remedy;
};

/** All of them in the order of trying, the conforming ones first. */
extern const struct variant digest_variants[];
extern const size_t digest_variants_count;

/** NULL for what is not known. */
const struct algorithm *algorithm_find(struct slice name);

/** hash( parts joined by ":" ), cut to the algorithm's length; `raw` and `hex` may be NULL. */
bool digest_hash_join(const struct attempt *attempt, const struct slice *parts, size_t count, uint8_t *raw,
                      char *hex);

enum try_result {
    TRY_FITS,
    TRY_MISFIT,
    TRY_UNSUITABLE,
    TRY_REFUSED,
    TRY_NONCE_MALFORMED,
    TRY_UNCHANGED /**< the variant changes nothing of this password */
};

/** H(A1) of a credential, HEX_MAX characters of room. The caller wipes it. */
enum try_result digest_make_ha1(const struct attempt *attempt, const struct credential *row, char *ha1);

/** Whether the response that follows from an HA1 is the wanted one. */
enum try_result digest_response_fits(const struct attempt *attempt, const char *ha1, struct slice wanted);

#endif
