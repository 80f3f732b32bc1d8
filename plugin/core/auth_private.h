/* auth_private.h
 * Challenges, nonces and accounts: shared by exchange.c, use.c and nonce.c; nobody else includes it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_AUTH_PRIVATE_H
#define SIPTRAIL_AUTH_PRIVATE_H

#include "tracker_private.h"

/** Challenges or credentials of one message that are kept; more is no honest message. */
enum { LINES_MAX = 32 };

/** One response that issued nonces. */
struct issue {
    struct exchange *exchange; /**< NULL: issued as nextnonce */
    struct auth_line *lines;
    uint32_t frame;
    int64_t time;
};

/** One nonce on one hop. */
struct nonce {
    struct issue *issue; /**< the latest */
    bool shared;         /**< issued to more than one account */
};

/** One nonce in the hands of one user: a server may give the same nonce to all that ask in the same second.
 */
struct nonce_user {
    const struct issue *issue; /**< that this user answered first; NULL none yet */
    uint32_t uses;
    uint32_t accepted_in; /**< 2xx to a request with it */
    struct slice first_cnonce;
};

/** One nonce in one call: many clients count nc for each call by itself. */
struct nonce_call {
    struct issue *issue;   /**< in this call; NULL: issued in another one */
    uint32_t nc, nc_frame; /**< latest; 0: none */
};

/** Credentials as seen on their first hop. */
struct signed_request {
    uint32_t frame;
    uint32_t uri_hash; /**< of the Request-URI */
    struct endpoint to;
    uint32_t refused_in : 31; /**< a refusal of them whose cause is known, on whatever hop; 0: none */
    uint32_t good : 1;        /**< the digest was right there */
};

/* --- header lines: nonce.c --- */

bool is_challenge_header(enum sip_header id);
bool is_credentials_header(enum sip_header id);
bool message_has_any(const struct sip_message *message, bool (*wanted)(enum sip_header));

/** Walks the challenges or credentials of a message, one value at a time. */
struct line_walk {
    struct slice headers, values;
    enum sip_header id;
    bool (*wanted)(enum sip_header);
    unsigned taken; /**< values of this header line so far */
    bool joined;    /**< this value stands behind another one in the same header line */
};
struct line_walk line_walk(const struct sip_message *message, bool (*wanted)(enum sip_header));
bool line_next(struct line_walk *walk, struct slice *text, struct auth_value *value);

/** Reads a kept line again. */
bool line_parse(const struct auth_line *line, struct auth_value *value);

/** The header that answers a challenge in `header` (RFC 3261 section 22.2, 22.3). */
enum sip_header answering_header(enum sip_header header);

uint32_t hash_slice(const struct tracker *tracker, struct slice text);

/* --- accounts: nonce.c --- */

/** The address-of-record that is registered or that calls: To of a REGISTER, From of all else. */
struct account *account_of(struct tracker *tracker, const struct sip_message *message,
                           const struct endpoint *server);

/** `user@realm` of credentials; the user alone when it ends in the realm already. */
const char *user_at_realm(struct tracker *tracker, const struct auth_value *value);

/* --- nonces: nonce.c --- */

/** Makes a nonce known on this hop and in this call. */
void nonce_issue(struct tracker *tracker, struct slice text, const struct sip_message *message,
                 const struct arrival *arrival, struct issue *issue);
/** On this hop, or else the latest on any; NULL unknown. */
struct nonce *nonce_find(struct tracker *tracker, struct slice text, const struct arrival *arrival);
/** Never NULL. */
struct nonce_user *nonce_user_find(struct tracker *tracker, const struct nonce *nonce,
                                   const char *user_at_realm);
struct nonce_call *nonce_call_find(struct tracker *tracker, const struct nonce *nonce, struct slice call_id);
void key_dialog(struct tracker *tracker, struct slice call_id, const struct arrival *arrival);

#endif
