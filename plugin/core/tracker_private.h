/* tracker_private.h
 * Shared by the files that make up the tracker; nobody else includes it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_TRACKER_PRIVATE_H
#define SIPTRAIL_TRACKER_PRIVATE_H

#include <glib.h>

#include "tracker.h"

/** What a SUBSCRIBE asked for; kept until its response. */
struct subscribe_request {
    char *event;     /**< NULL none */
    char *condition; /**< Suppress-If-Match; NULL none */
    bool has_to_tag;
    bool has_expires;
    uint32_t expires;               /**< s */
    bool unsubscribes;              /**< Expires: 0 */
    struct awaited_notify *awaited; /**< of one that begins a subscription */
};

/** One subscription of a dialog. */
struct subscription {
    struct no_notify *suppressed; /**< the 204 that is in force, NULL when none is */
    uint32_t suppressed_frame;
    bool ended;          /**< … and that ended the subscription */
    uint32_t state_hash; /**< of the latest NOTIFY's Subscription-State, without its seconds */
    int64_t deadline;    /**< when it ends, as the latest message said; 0: unknown */
    const char *etag;    /**< of the latest NOTIFY that had one; NULL none yet */
    uint32_t etag_frame;
    uint32_t body_hash;   /**< of its body; 0: it had none */
    uint32_t new_hash;    /**< of the body that is looked at */
    uint32_t ignored_in;  /**< a SUBSCRIBE that named the current tag and was answered 200; 0: none */
    bool condition_known; /**< the condition that is looked at was issued in this capture */
};

/** One request and its responses, while responses may still come. */
struct transaction {
    struct index_entry *key, *fallback_key; /**< where the index holds it */
    struct record *request;
    int64_t clock;     /**< when it began */
    int64_t last_seen; /**< time of the last copy of the request */
    struct endpoint client, server;
    uint32_t fingerprint; /**< hash of the request's credentials: tells a retry from a retransmission */
    uint32_t cseq;
    uint16_t status;         /**< of its final response; 0: none. A 2xx replaces any other. */
    GSList *responses;       /**< struct seen_response */
    bool in_dialog;          /**< the request had a To tag */
    struct exchange *opened; /**< the exchange that a 401 or 407 to it began */
    struct subscribe_request *subscribe;
};

/** Tags of the index, the first octet of each key. */
enum index_kind {
    INDEX_TRANSACTION = 'T',  /**< branch, sent-by, method, CSeq, Call-ID */
    INDEX_FALLBACK = 'F',     /**< Call-ID, CSeq, method, From tag, hop: the latest transaction */
    INDEX_NONCE = 'N',        /**< nonce, hop */
    INDEX_NONCE_ANY = 'n',    /**< nonce on whatever hop: the latest */
    INDEX_NONCE_USER = 'u',   /**< nonce of a hop, user@realm */
    INDEX_CALL = 'X',         /**< nonce of a hop, Call-ID */
    INDEX_SIGNED = 'G',       /**< nonce, response digits: the first request with them */
    INDEX_SOURCE = 'P',       /**< client address */
    INDEX_DIALOG = 'D',       /**< Call-ID, hop: the latest exchange */
    INDEX_ACCOUNT = 'A',      /**< address-of-record, server */
    INDEX_USER = 'U',         /**< user@realm */
    INDEX_SUBSCRIPTION = 'S', /**< Call-ID, tags, event */
    INDEX_AWAITED = 'W',      /**< Call-ID, subscriber's tag: the NOTIFY that a SUBSCRIBE waits for */
    INDEX_URI = 'R',          /**< Request-URI: its one copy */
    INDEX_ETAG = 'E',         /**< Call-ID, tags, event, entity-tag: NOTIFY */
    INDEX_ETAG_ANY = 'e'      /**< resource, event, entity-tag: NOTIFY */
};

/** One key and what it leads to. */
struct index_entry {
    uint32_t hash, len;
    void *value;
    char key[];
};

struct tracker {
    struct tracker_host host;
    GHashTable *index;
    GByteArray *probe;      /**< the key in the making, behind room for an index_entry */
    GQueue invites, others; /**< live transactions, oldest first */
    int64_t clock; /**< latest time seen; steps back only when the capture does, by more than an hour */
    struct exchange *exchanges, **exchanges_tail;
};

/* --- index: tracker.c --- */

/** Begins a key; then come the parts; then find or put. One key at a time. */
void key_begin(struct tracker *tracker, enum index_kind kind);
void key_add(struct tracker *tracker, struct slice part);
void key_add_number(struct tracker *tracker, uint32_t number);
/** Case is folded. */
void key_add_nocase(struct tracker *tracker, struct slice part);
/** The two addresses in a fixed order, without the ports: a NAT may change those. */
void key_add_hop(struct tracker *tracker, const struct arrival *arrival);
void key_add_address(struct tracker *tracker, const struct endpoint *endpoint);
/** NULL when the key is not there. */
void *key_find(struct tracker *tracker);
/** Enters or replaces the value. */
struct index_entry *key_put(struct tracker *tracker, void *value);

/** Zeroed memory that lasts as long as the records. */
#define host_new(tracker, type) ((type *)(tracker)->host.allocate(sizeof(type)))
/** A terminated copy that lasts as long as the records. */
char *host_strdup(struct tracker *tracker, struct slice text);
struct slice host_slice(struct tracker *tracker, struct slice text);
/** The record's detail, made when there is none yet. */
struct record_detail *record_detail(struct tracker *tracker, struct record *record);
/** Adds a finding to a record.
 *  @return the note, for what else it is to hold */
struct note *record_note(struct tracker *tracker, struct record *record, uint16_t finding, uint32_t frame_a,
                         uint32_t frame_b);

/** The address without the port, as text. Free with g_free. */
char *endpoint_text(const struct endpoint *endpoint);
/** The port aside. */
bool endpoint_same_address(const struct endpoint *a, const struct endpoint *b);

/* --- exchange.c --- */

/** Links and judges the credentials of a new request. */
void exchange_request(struct tracker *tracker, const struct sip_message *message,
                      const struct arrival *arrival, struct record *record);
/** A first copy of a response to `transaction`, which is NULL when the capture does not hold the request. */
void exchange_response(struct tracker *tracker, const struct sip_message *message,
                       const struct arrival *arrival, struct transaction *transaction, struct record *record);
/** A retransmission of a 401 or 407. */
void exchange_refused_again(struct tracker *tracker, const struct transaction *transaction,
                            struct record *record);
/** Hash of all that is in the credentials headers; 0 without. */
uint32_t credentials_fingerprint(struct tracker *tracker, const struct sip_message *message);

/* --- subscription.c --- */

void subscription_request(struct tracker *tracker, const struct sip_message *message,
                          struct transaction *transaction, struct record *record);
void subscription_response(struct tracker *tracker, const struct sip_message *message,
                           const struct arrival *arrival, struct transaction *transaction,
                           struct record *record);
void subscribe_request_free(struct subscribe_request *request);

#endif
