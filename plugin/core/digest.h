/* digest.h
 * Recomputes a SIP Digest from configured credentials and says whether it fits, and how.
 *
 * Formulae: RFC 7616 section 3.4 and 3.5, RFC 2617 section 3.2.2 (the form without qop), RFC 8760, RFC 3310
 * and 4169 (AKA). No password, HA1, key or expected response leaves this module.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_DIGEST_H
#define SIPTRAIL_DIGEST_H

#include "auth_header.h"

/** What the `secret` of a credential is. */
enum secret_type {
    SECRET_PASSWORD, /**< the octets of the password */
    SECRET_HA1,      /**< hex of H(user:realm:password); 32 digits for MD5, 64 for SHA-256 or SHA-512-256 */
    SECRET_AKA_RES,  /**< RES, or RES, IK and CK one after the other (AKAv2), octets */
    SECRET_AKA_K_OP, /**< K and OP, 16 octets each */
    SECRET_AKA_K_OPC /**< K and OPc, 16 octets each */
};

/** One configured credential. The bytes belong to the caller and outlive the call. */
struct credential {
    struct slice user;  /**< "*" for any */
    struct slice realm; /**< "*" for any */
    enum secret_type type;
    struct slice secret;
    size_t res_len; /**< SECRET_AKA_RES: how much of `secret` is RES; the rest is IK and CK, or nothing */
};

enum digest_status {
    DIGEST_NONE, /**< nothing to judge: another scheme, or no credentials */
    DIGEST_GOOD,
    DIGEST_BAD,
    DIGEST_UNVERIFIED
};

/** Why a digest is bad or could not be verified. */
enum digest_reason {
    DIGEST_REASON_NONE,
    DIGEST_MISMATCH,              /**< bad: no configured credential fits */
    DIGEST_NONCONFORMING,         /**< bad: a credential fits, but only by the variant that is named */
    DIGEST_NO_CREDENTIAL,         /**< nothing is configured for this user and realm */
    DIGEST_CREDENTIAL_UNSUITABLE, /**< what is configured cannot make this digest: HA1 of another algorithm, …
                                   */
    DIGEST_CREDENTIAL_DOUBTFUL,   /**< it does not fit, and need not: an HA1 that may be of another user or
                                     hash,   a RES that may be of another challenge */
    DIGEST_SESSION_UNSEEN,        /**< -sess, and the client nonce that it began with is not in the capture */
    DIGEST_UNKNOWN_ALGORITHM,
    DIGEST_ALGORITHM_REFUSED, /**< libgcrypt will not, for instance MD5 under FIPS */
    DIGEST_PARAMETER_MISSING,
    DIGEST_BODY_CUT,        /**< auth-int, and the capture does not hold the whole body */
    DIGEST_RESPONSE_LENGTH, /**< not as many hex digits as the algorithm makes */
    DIGEST_RESPONSE_EMPTY,  /**< `response=""`: names an identity, proves nothing (RFC 8760 section 2.7) */
    DIGEST_MESSAGE_CUT,     /**< the snap length cut the header line */
    DIGEST_NONCE_MALFORMED  /**< AKA: no RAND in it */
};

/** One digest to judge. */
struct digest_input {
    const struct auth_value *credentials; /**< scheme Digest */
    const struct auth_value *challenge; /**< the one it answers, or NULL when the capture does not hold it */
    struct slice response; /**< the hex digits to judge: `response`, or `rspauth` of Authentication-Info */
    struct slice method;   /**< what A2 begins with; empty for rspauth (RFC 7616 section 3.5) */
    struct slice method_second; /**< a second choice for ACK and CANCEL; absent otherwise */
    struct slice request_uri;   /**< tried when `uri` does not fit; may be absent */
    struct slice body;
    bool body_cut;
    struct slice
        first_cnonce; /**< -sess: cnonce of the nonce's first use (RFC 7616 section 3.4.2); may be absent */
    bool first_use_unseen; /**< there was one, and the capture does not hold it */
    bool conforming_only;  /**< known mistakes are not tried */
};

struct digest_verdict {
    enum digest_status status;
    enum digest_reason reason;
    const char *variant; /**< "rfc" or the name of the computation that fits; NULL when none does. Static. */
    unsigned missing;    /**< DIGEST_PARAMETER_MISSING: which, bits (1 << AUTH_…) */
    unsigned credential; /**< number of the row that fits, from 1; 0 when none, or when none was needed */
    unsigned tried;      /**< credentials of this user and realm that were tried */
    unsigned computations; /**< digests computed in all, at most as many for each as there are variants */
};

/** Judges one digest.
 *
 *  @param rows  the configured credentials; every one that may stand for this user and realm is tried
 *  @return a verdict; its status is never DIGEST_NONE */
struct digest_verdict digest_verify(const struct digest_input *input, const struct credential *rows,
                                    size_t count);

/** Gives back what digest_verify keeps for the next time, which may come. */
void digest_release(void);

/** Whether a credential is configured for this user, in whatever realm. */
bool digest_user_configured(const struct auth_value *credentials, const struct credential *rows,
                            size_t count);

/** Whether a name is an algorithm that digest_verify knows. Case is ignored. */
bool digest_algorithm_known(struct slice name);

/** One sentence part for a reason, such as "no credential is configured for this user and realm". Static. */
const char *digest_reason_text(enum digest_reason reason);

/** "no configured credential fits (1 tried, 47 computations)": the reason with what is known of it; "" for
 * none.
 *  @return free with g_free */
char *digest_verdict_text(const struct digest_verdict *verdict);

/** What a client does that computes by this variant, such as "hashes qop with its quotes", and what to do
 * about it. Empty for one that conforms. Static. */
const char *digest_variant_mistake(const char *variant);
const char *digest_variant_remedy(const char *variant);

/** No credential fits, or only with another password: accepted all the same, it is the configured one that is
 *  wrong. */
bool digest_is_of_other_password(const struct digest_verdict *verdict);

/** "good", "bad", "unverified". Static. */
const char *digest_status_text(enum digest_status status);

#endif
