/* auth_private.h
 * Challenges, nonces and accounts: shared by exchange.c, use.c and nonce.c; nobody else includes it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_AUTH_PRIVATE_H
#define SIPTRAIL_AUTH_PRIVATE_H

#include "tracker_private.h"

/** Challenges or credentials of one message that are kept, and octets of them; more is no honest message, and
 * would be read again with each answer to it. */
enum { LINES_MAX = 32, LINES_OCTETS_MAX = 1 << 14 };

/** One response that issued nonces. */
struct issue {
    struct exchange *exchange; /**< that it belongs to; NULL: issued as nextnonce */
    struct auth_line *lines;
    struct issue *next; /**< of the same exchange: behind its first one the latest */
    int64_t time;
    uint32_t frame;
    uint32_t references; /**< counted here only without an exchange */
};

/** An exchange, its first response, which is nearly always the only one, and the first challenge of that. */
struct exchange_block {
    struct exchange exchange;
    struct issue first;
    struct auth_line line;
    char text[]; /**< of `line` */
};

/** Peers that exchanges share. */
struct peers_block {
    struct peers peers;
    uint32_t references;
    struct index_entry entry;
};

/** One nonce in the hands of one user: a server may give the same nonce to all that ask in the same second.
 */
struct nonce_user {
    const char *name;    /**< user@realm, the one text for each user; NULL nobody yet */
    struct issue *issue; /**< that this user answered first; NULL none yet */
    uint32_t uses;
    uint32_t answered;         /**< of these, or it is on its way */
    uint32_t nc, nc_frame;     /**< highest, in whatever call; 0: none */
    uint32_t accepted_in : 30; /**< 2xx to a request with it, or what rang */
    uint32_t replaced : 1;     /**< such a 2xx gave a nextnonce */
    uint32_t is_other : 1;     /**< it is part of a `nonce_other` */
    uint32_t first_cnonce_len;
    const char *first_cnonce; /**< NULL: none, or nobody to verify a digest with it */
};

/** One nonce in one call: many clients count nc for each call by itself. */
struct nonce_call {
    uint64_t call_id;       /**< its hash; 0: of no call yet */
    struct issue *issue;    /**< in this call; NULL: issued in another one */
    int64_t used_clock;     /**< of the latest request with it */
    uint32_t used_cseq;     /**< likewise */
    uint32_t nc;            /**< latest; 0: none */
    uint32_t nc_cseq;       /**< of that request */
    uint32_t nc_frame : 30; /**< likewise */
    uint32_t lost : 1;      /**< issued in this call by a response that is not in the capture */
    uint32_t is_other : 1;  /**< it is part of a `nonce_other` */
};

/** A further user or call of the same nonce. A trunk may use one for all its calls, for as long as it lives:
 * so they go by their own age, once no credentials that are remembered point to them. */
struct nonce_other {
    struct aged aged;
    struct nonce_other *next, **link; /**< what points to it */
    struct index_entry entry;
    int references; /**< by credentials */
    bool is_call;
    bool dropped; /**< not found any more, and still pointed to */
    union {
        struct nonce_user user;
        struct nonce_call call;
    };
};

/** One nonce on one hop. */
struct nonce {
    struct index_link link; /**< the same on other hops */
    struct aged aged;
    struct issue *issue;        /**< the latest */
    struct nonce_user user;     /**< nearly always the only one */
    struct nonce_call call;     /**< likewise */
    struct nonce_other *others; /**< NULL: none */
    uint32_t hop;               /**< hash */
    uint32_t references : 29;   /**< by credentials */
    uint32_t shared : 1;        /**< issued to more than one account */
    uint32_t repeated : 1;      /**< issued in more than one call */
    uint32_t dropped : 1;       /**< the index does not know it any more */
};

/** Credentials as seen on their first hop, if there may be another one, and on those after it that change
 * nothing. */
struct signed_request {
    struct index_entry entry;
    uint32_t references; /**< by credentials of live transactions */
    uint32_t frame;
    uint32_t uri_hash;   /**< of the Request-URI */
    uint32_t realm_hash; /**< of the realm */
    struct account *account;
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

/** What a kept line says. It is read once for each message that asks.
 *  @return valid until the next message is added; NULL when there is nothing in it */
const struct auth_value *line_value(struct tracker *tracker, const struct auth_line *line);
/** The same for a line that was just made of `value`. */
void line_remember(struct tracker *tracker, const struct auth_line *line, const struct auth_value *value);

/** Of the challenges that issued its nonce the one that fits the credentials best. Valid like line_value;
 * NULL: none. */
const struct auth_value *use_challenge(struct tracker *tracker, const struct use *use,
                                       const struct auth_value *credentials);
/** What is known of the first use of its nonce by this user, for -sess. */
void use_session(const struct use *use, struct digest_input *input);

/** Nothing is configured for these credentials, and an empty password, which needs no configuration, fits
 * them. Not asked of auth-int, whose body is gone. */
bool use_has_empty_password(struct tracker *tracker, const struct use *use);

/** The header that answers a challenge in `header` (RFC 3261 section 22.2, 22.3). */
enum sip_header answering_header(enum sip_header header);

/** Among the challenges of one response that which credentials in `header` for that realm would answer: a
 * proxy and a registrar may well have one realm.
 *  @return valid like line_value; NULL: none */
const struct auth_value *challenge_for(struct tracker *tracker, const struct auth_line *lines,
                                       enum sip_header header, struct slice realm);
/** Whether it says stale=true (RFC 7616 section 3.3). */
bool says_stale(const struct auth_value *challenge);

/** @param text  lives as long as the line */
void line_set(struct auth_line *line, enum sip_header header, struct slice text);

/** Of the same realm and algorithm: findings.c. */
bool same_offer(const struct auth_value *a, const struct auth_value *b);

/* --- accounts: nonce.c --- */

/** The address-of-record that is registered or that calls: To of a REGISTER, From of all else. */
struct account *account_of(struct tracker *tracker, const struct sip_message *message,
                           const struct endpoint *server);

/** A server believed its credentials. */
void account_accepted(struct tracker *tracker, struct account *account);

/** `user@realm`, or a URI with the realm for its host; whatever the case of the realm. */
static inline bool
ends_in_realm(struct slice name, struct slice realm)
{
    return name.len > realm.len && name.p[name.len - realm.len - 1] == '@' &&
           slice_equal_nocase(slice_from(name, name.len - realm.len), realm);
}

/** `user@realm` of credentials; the user alone when it ends in the realm already. */
const char *user_at_realm(struct tracker *tracker, const struct auth_value *value);
/** What is known of a user. */
struct known_user {
    struct counted_once counted;
    uint32_t accepted_in; /**< latest 2xx to its credentials; 0: none */
    struct endpoint accepted_from;
    uint32_t accepted_by; /**< `endpoint_mark` of the server */
};
/** @param user_at_realm  of `user_at_realm`, or of a use
 *  @return never NULL; shared by all who name nobody ("") */
struct known_user *user_known(const char *user_at_realm);
/** The same for credentials of this account, whose user is nearly always the same. */
const char *user_of_account(struct tracker *tracker, struct account *account, const struct auth_value *value);

/* --- nonces: nonce.c --- */

/** Makes a nonce known on this hop and in this call.
 *  @return whether this call was just seen to use it, in a request after the one with `cseq` */
bool nonce_issue(struct tracker *tracker, struct slice text, uint32_t cseq, struct issue *issue);
/** On this hop, or else on another one; NULL unknown. */
struct nonce *nonce_find(struct tracker *tracker, struct slice text, const struct arrival *arrival);
/** Whether it was issued on the hop of the message at hand. */
bool nonce_is_here(const struct tracker *tracker, const struct nonce *nonce);
/** It is from another hop than the message at hand, and it could as well be from a third one. */
bool nonce_is_ambiguous(const struct tracker *tracker, const struct nonce *nonce,
                        const struct arrival *arrival);
/** Whether it was issued on more than this one, as far as is known now. */
bool nonce_has_other_hops(const struct nonce *nonce);
/** The same nonce on the hop on which this client got it; NULL: it did not. */
struct nonce *nonce_given_to(const struct nonce *nonce, const struct endpoint *client);
/** Credentials with a nonce that this capture does not show being issued; it may be out of order.
 *  @param issued  elsewhere it was */
void nonce_note_early(struct tracker *tracker, struct slice text, uint32_t cseq, bool issued);
/** Whether the call that is at hand was seen to answer this nonce, which is issued only now, to a request
 * with this CSeq number in that frame; 0: not in the capture. */
bool nonce_was_early(struct tracker *tracker, struct slice text, uint32_t cseq, uint32_t request_frame);
/** Never NULL. */
struct nonce_user *nonce_user_find(struct tracker *tracker, struct nonce *nonce, const char *user_at_realm);
struct nonce_call *nonce_call_find(struct tracker *tracker, struct nonce *nonce);
void key_dialog(struct tracker *tracker, const char *method);
/** For the challenge to that message of the call at hand, on whatever hop it came last. */
void key_leg(struct tracker *tracker, struct slice method, uint32_t cseq);

/* --- lifetimes: lifetime.c --- */

/** Sets a pointer to an issue, which lives for as long as there is one. */
void issue_hold(struct tracker *tracker, struct issue **holder, struct issue *issue);
/** Those of the message at hand, once for each two, for as long as an exchange holds them. */
const struct peers *peers_hold(struct tracker *tracker, const struct endpoint *client,
                               const struct endpoint *server);
void peers_release(struct tracker *tracker, const struct peers *peers);
/** The credentials of a request are linked: what they point to stays until `use_release`. */
void use_hold(struct use *use);
void use_release(struct tracker *tracker, struct use *use);
/** Credentials of a request that is over. NULL is none. */
void signed_request_release(struct tracker *tracker, struct signed_request *request);

#endif
