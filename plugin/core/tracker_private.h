/* tracker_private.h
 * Shared by the files that make up the tracker; nobody else includes it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_TRACKER_PRIVATE_H
#define SIPTRAIL_TRACKER_PRIVATE_H

#include <glib.h>

#include "arena.h"
#include "index.h"
#include "tracker.h"

struct tracker;

/** Whose member an `aged` is. */
enum aged_kind {
    AGED_NOT, /**< it does not go by age */
    AGED_NONCE,
    AGED_EARLY,
    AGED_ACCOUNT,
    AGED_REGISTRATION,
    AGED_SUBSCRIPTION,
    AGED_AWAITED,
    AGED_TAG,
    AGED_OTHER,
    AGED_UNREAD,
    AGED_KINDS
};

/** What goes when it was not used for a long time. */
struct aged {
    struct aged *newer, *older; /**< in the order of their latest use */
    uint32_t age;               /**< of the tracker then, see lifetime.c */
    uint8_t kind;               /**< enum aged_kind */
};

/** The struct that `pointer` is the member `member` of. */
#define CONTAINER(pointer, type, member) ((type *)(void *)((char *)(pointer)-G_STRUCT_OFFSET(type, member)))

/** An account, its name behind it. */
struct account_block {
    struct account account;
    struct aged aged; /**< while nobody was accepted as it */
    struct index_entry entry;
    char name[];
};

/** A registration. */
struct registration_block {
    struct registration registration;
    struct aged aged; /**< while it was never granted */
    struct index_entry binding;
    struct index_link registrant; /**< the others are at other registrars */
    struct registration **link;   /**< that points to it in the list of all */
};

/** What a SUBSCRIBE asked for; kept until its response. */
struct subscribe_request {
    char *event;     /**< NULL none */
    char *condition; /**< Suppress-If-Match; NULL none */
    bool has_to_tag;
    bool has_expires;
    uint32_t expires;               /**< s */
    bool unsubscribes;              /**< Expires: 0 */
    uint32_t contact;               /**< hash of its URI */
    bool cut;                       /**< it may have more than that: the capture cut its headers */
    struct awaited_notify *awaited; /**< of one that begins a subscription */
};

/** Until when a subscription lasts. */
struct deadline {
    int64_t clock;
    uint32_t frame; /**< that says so; 0: none does */
};

/** What was said of the end of a subscription, and when it is due to be refreshed. */
struct expiry {
    struct deadline latest;      /**< as the latest message said */
    struct deadline without_204; /**< … that is no 204 */
    struct deadline asked;       /**< as the SUBSCRIBE wanted that was granted last */
    int64_t granted_clock;       /**< of the latest 2xx */
    bool by_204;                 /**< it is a 204, and nothing was said since */
    bool gap;                    /**< what was said since may be missing in the capture */
    bool over;                   /**< by request, by refusal, or because the notifier says so */
    bool timed_out;              /**< the notifier said so when it had run out */
    uint32_t
        ended_in;  /**< NOTIFY that said so, 204 to who unsubscribes, or 481, since the latest 2xx; 0: none */
    bool told;     /**< that it had run out */
    bool notified; /**< a NOTIFY came */
    bool open, open_repeated; /**< a SUBSCRIBE is unanswered; it was sent again */
    int64_t open_clock;
    uint32_t open_frame;
    uint32_t subscriber; /**< hash of its tag; 0: not known yet */
    uint32_t cseq;       /**< of its latest SUBSCRIBE */
};

/** The latest 2xx to a SUBSCRIBE of a subscription. */
struct subscribed {
    uint32_t frame, subscriber, cseq;
    uint32_t hop; /**< hash */
    uint16_t status;
};

/** Its latest SUBSCRIBE that had a condition. */
struct conditional {
    uint32_t frame, subscriber, cseq;
    uint32_t hop; /**< hash */
    bool removed; /**< it lost it on the way */
};

/** Keys that lead to the latest of several subscriptions. */
enum lead { LEAD_WATCHER, LEAD_DIALOG, LEADS };

/** One subscription of a dialog. */
struct subscription {
    struct aged aged;
    struct index_entry *entry;
    struct index_entry *leads[LEADS]; /**< that lead to it; NULL: none, or to a later one by now */
    struct no_notify *suppressed;     /**< the 204 that is in force, NULL when none is */
    uint32_t suppressed_frame;
    bool ended;                     /**< … and that ended the subscription */
    uint32_t notified_in;           /**< latest NOTIFY */
    bool repeated;                  /**< it said what the one before it had said */
    uint32_t contact;               /**< hash of the URI in the SUBSCRIBE that it answers */
    uint32_t state_hash;            /**< of the latest NOTIFY's Subscription-State, without its seconds */
    uint32_t state_before;          /**< of the one before it that was delivered */
    uint32_t notify_cseq;           /**< of the latest NOTIFY */
    struct expiry expiry;           /**< expiry.c */
    struct subscribed answer;       /**< frame 0: none yet */
    struct conditional conditional; /**< frame 0: none yet */
    const char *etag;               /**< of the latest NOTIFY that had one; NULL none yet */
    uint32_t etag_frame, etag_cseq;
    uint32_t body_hash;   /**< of its body; 0: it had none */
    uint32_t new_hash;    /**< of the latest NOTIFY's body, likewise */
    uint32_t ignored_in;  /**< a SUBSCRIBE that named the current tag, *, or any before one was told, and got
                             200; or 0 */
    bool ignored_star;    /**< it was * */
    bool condition_known; /**< the condition that is looked at was issued in this capture */
};

enum { DATAGRAMS = 8, UNREAD_MAX = 64 };

/** Contacts of one REGISTER that are followed; a client has a few, an attacker many. */
enum { CONTACTS_MAX = 32 };

/** What may hold SIP that nobody can read. */
enum unread_kind { UNREAD_FRAGMENT, UNREAD_CONNECTION, UNREAD_KINDS };

/** One request and its responses, while responses may still come. */
struct transaction {
    struct index_link link;   /**< those with the same Call-ID, CSeq and method */
    struct arena arena;       /**< its own memory; that of its records, too, if they are forgotten with it */
    struct transaction *next; /**< in its queue */
    uint64_t branch, from_tag, hop; /**< as in `message_hashes` */
    uint32_t sent_by;               /**< as in `message_hashes` */
    uint32_t above;                 /**< `hash_via` of the hop before, by the second Via; 0: not known */
    struct record *request;
    int64_t clock;     /**< when it began */
    uint64_t age;      /**< of the tracker when it began, or when it was last seen to ring */
    uint64_t heard;    /**< of the tracker when the latest response came */
    int64_t last_seen; /**< time of the last copy of the request */
    struct endpoint client, server;
    uint32_t fingerprint; /**< hash of the request's credentials: tells a retry from a retransmission */
    uint32_t uri, to;     /**< as in `message_hashes` */
    uint32_t cseq;
    uint16_t status; /**< of its final response; 0: none. A 2xx replaces any other. */
    struct seen_response *responses;
    uint16_t responses_seen;       /**< how many there are */
    uint32_t datagrams[DATAGRAMS]; /**< of its latest messages, as in `arrival`; of responses with bit 16 */
    uint8_t datagrams_seen;        /**< modulo DATAGRAMS: where the next one goes */
    uint8_t repeated;              /**< how often it was sent again without an answer, up to what matters */
    bool request_cut;              /**< the capture holds its beginning only */
    bool reliable;                 /**< it goes over TCP or the like */
    bool in_dialog;                /**< the request had a To tag */
    bool answer_lost;              /**< told that the client looks not to receive the answer */
    bool acknowledged;             /**< an ACK came */
    bool ack_told;                 /**< told that the server looks not to take `bare_ack` */
    uint32_t cancelled_in;         /**< CANCEL; 0: none */
    uint32_t bare_ack;             /**< ACK to a 2xx, without the credentials that the INVITE has; 0: none */
    int64_t bare_ack_time;
    struct exchange *opened; /**< the exchange that a 401 or 407 to it began */
    struct subscribe_request *subscribe;
    struct stream_request *stream; /**< NULL: its connection does not matter (any more), or it has none */
};

/** A request in a connection; in the memory of its transaction. */
struct stream_request {
    struct index_link link; /**< those of the same client and server, addresses and ports */
    struct transaction *transaction;
    uint32_t expected; /**< as in `arrival` */
};

/** One response of a transaction. */
struct seen_response {
    struct seen_response *next;
    uint32_t hash;
    uint16_t status;
    int64_t last_seen;
    struct endpoint from;
    struct record *record;
};

/** T1: a request over UDP is sent again after this (RFC 3261 section 17.1.1.2), */
#define SIP_T1_NS (INT64_C(500) * 1000000)
/** T2: and then at least this often, until an answer comes (section 17.1.2.1). */
#define SIP_T2_NS (INT64_C(4) * 1000000000)
/** Two links that are merged, or several queues of a network card, disturb the order of a capture by so much
 * at the most. */
#define DISORDER_NS (INT64_C(1000) * 1000000)

/** Tags of the index, the first octet of each key. */
enum index_kind {
    INDEX_TRANSACTION = 'T', /**< Call-ID, CSeq, method: those transactions */
    INDEX_NONCE = 'N',       /**< nonce: those of all hops */
    INDEX_EARLY = 'Q',       /**< nonce, Call-ID: credentials with a nonce that nobody had issued so far */
    INDEX_NONCE_USER = 'u',  /**< nonce of a hop, user@realm, but for the first */
    INDEX_CALL = 'X',        /**< nonce of a hop, Call-ID, but for the first */
    INDEX_SIGNED = 'G',      /**< nonce, response digits: the first request with them */
    INDEX_SOURCE = 'P',      /**< client address */
    INDEX_TOLERANT = 'p',    /**< server address */
    INDEX_DIALOG = 'D',      /**< Call-ID, hop, method: the latest exchange */
    INDEX_PEERS = 'H',       /**< hop, ports: client and server of an exchange */
    INDEX_ACCOUNT = 'A',     /**< address-of-record, server */
    INDEX_USER = 'U',        /**< user@realm */
    INDEX_METHOD = 'M',      /**< method that is none of the known */
    INDEX_BINDING = 'B',     /**< account, contact */
    INDEX_REGISTRANT = 'b',  /**< To of a REGISTER, Call-ID: the registrations that it refreshes */
    INDEX_REGISTERED_CLIENT = 'c', /**< account, instance or client address: the latest registration */
    INDEX_SERVICE_ROUTE = 'V',     /**< address-of-record, client */
    INDEX_FLOW = 'f',              /**< address and port that a client registered from over UDP */
    INDEX_MISPLACED = 'm',    /**< registrar, contact that names another place than its REGISTER came from */
    INDEX_LEG = 'L',          /**< Call-ID, From tag, CSeq: the challenge on its latest hop */
    INDEX_SUBSCRIPTION = 'S', /**< Call-ID, tags, event */
    INDEX_AWAITED = 'W',      /**< Call-ID, subscriber's tag: the NOTIFY that a SUBSCRIBE waits for */
    INDEX_WATCHER = 'w',      /**< subscriber, resource, event, client address: latest refreshed by 204 */
    INDEX_USAGE = 's',        /**< Call-ID, tags: the latest subscription */
    INDEX_ETAG = 'E',         /**< Call-ID, tags, event, entity-tag: NOTIFY */
    INDEX_CONNECTION = 'C',   /**< ports and addresses of client and server: requests in it */
    INDEX_UNREAD = 'n',       /**< hosts, piece of time: what may hold SIP there */
    INDEX_ETAG_ANY = 'e'      /**< resource, event, entity-tag: NOTIFY */
};

/** A header line that the message at hand asks for, as read. */
struct parsed_line {
    const struct auth_line *line;
    bool readable;
    struct auth_value value;
};

/** Of the message at hand, what is hashed once. */
struct message_hashes {
    uint64_t call_id, from_tag, branch;
    uint64_t hop;     /**< the two addresses in a fixed order, without the ports: a NAT may change those */
    uint32_t sent_by; /**< with the branch it names a transaction (RFC 3261 section 17.2.3) */
    uint32_t uri, to; /**< of its Request-URI and of the URI in To; of a new request only */
};

/** Transactions, oldest first. */
struct transaction_queue {
    struct transaction *head, *tail;
    guint count;
};

/** More contacts of one address-of-record are not looked at. */
enum { LISTED_MAX = 256 };

struct tracker {
    struct tracker_host host;
    struct index index;
    struct message_hashes here;
    GPtrArray *parsed;     /**< struct parsed_line, for the message at hand and for use again */
    unsigned parsed_count; /**< of them hold one of this message */
    struct transaction_queue invites, others; /**< live */
    struct transaction_queue waiting;         /**< of the others those that wait longer */
    bool forgets;                             /**< see tracker_forget */
    enum tracker_keeps keeps;                 /**< likewise */
    uint32_t frame;                           /**< at hand */
    struct sip_contact listed[LISTED_MAX];    /**< contacts of the answer to a REGISTER at hand */
    unsigned listed_count;
    bool listed_more;           /**< it lists others, too */
    GPtrArray *passing;         /**< records of it whose parts no transaction owns */
    struct arena passing_arena; /**< their memory; of all records, if none is forgotten */
    struct arena *arena;        /**< that the record at hand is part of */
    struct aged_list {
        struct aged *newest, *oldest;
        uint32_t count;
    } aged_of[AGED_KINDS]; /**< each by itself: some have to stay for longer than others */
    uint64_t aged_checked; /**< their age in lifetime.c when it was last looked whether some may go, and 1; 0:
                              look */
    bool dropped;          /**< some went because there were too many, and nobody was told yet */
    bool dropped_told;
    bool branches_kept; /**< some response had the branch of its request */
    struct unread_packet {
        struct endpoint from, to;
        uint32_t id;    /**< of its datagram */
        uint32_t frame; /**< 0: none */
        int64_t clock;
    } unread[UNREAD_KINDS][UNREAD_MAX]; /**< first fragments of the latest datagrams that are not whole (yet),
                                         * the latest TCP connections in which no SIP was seen (yet) */
    uint8_t unread_open[UNREAD_KINDS];  /**< how many there are now */
    int64_t unread_since[UNREAD_KINDS],
        unread_until[UNREAD_KINDS]; /**< when the first and the latest came; -1: none did */
    bool has_early;                 /**< some nonce was used before it was issued */
    int64_t copy_lag[2]; /**< of requests, of responses: how much later the latest one that is known for a
                          * copy was seen again, ns; 0: none was */
    int64_t clock;       /**< latest time seen; steps back only when the capture does, by more than an hour */
    uint64_t age; /**< ns, for what is released: grows as the clock does, but never steps back, nor forward by
                   * more than an hour at a time, as that may be a clock that was set; goes on from 0 */
    struct exchange *exchanges, **exchanges_tail;
    bool watches;            /**< some subscription was refreshed by a 204 */
    uint32_t service_routes; /**< how many clients were given one */
    uint32_t flows;          /**< how many there are */
    uint32_t unreached;      /**< how many registrations are */
    struct endpoint no_flow; /**< latest that was found to be none of them */
    struct registration *registrations, **registrations_tail;
};

/* --- keys: index.c, store.c --- */

/** Begins a key; then come the parts; then find or put. One key at a time. See index.h. */
static inline void
key_begin(struct tracker *tracker, enum index_kind kind)
{
    index_key(&tracker->index, (char)kind, 0);
}

/** The same with a number in it. */
static inline void
key_begin_number(struct tracker *tracker, enum index_kind kind, uint64_t number)
{
    index_key(&tracker->index, (char)kind, number);
}

static inline void
key_add(struct tracker *tracker, struct slice part)
{
    index_key_add(&tracker->index, part);
}

static inline void
key_add_hash(struct tracker *tracker, uint64_t part)
{
    index_key_add_hash(&tracker->index, part);
}

static inline void
key_add_nocase(struct tracker *tracker, struct slice part)
{
    index_key_add_nocase(&tracker->index, part);
}

void key_add_address(struct tracker *tracker, const struct endpoint *endpoint);
/** The user of a URI: escaped or not, it is the same one (RFC 3261 section 19.1.4). */
void key_add_user(struct tracker *tracker, struct slice user);
/** Host and port of a URI: the same with and without the default port, and however an IPv6 address is written
 * (RFC 5954 section 4.2). */
void key_add_place(struct tracker *tracker, struct slice place);

static inline void *
key_find(struct tracker *tracker)
{
    return index_find(&tracker->index);
}

static inline struct index_entry *
key_put(struct tracker *tracker, void *value)
{
    struct index_entry *entry = index_entry(&tracker->index);
    entry->value = value;
    return entry;
}

/** The same address-of-record, be it at two servers. */
static inline bool
account_same_name(const struct account *a, const struct account *b)
{
    return a == b || g_ascii_strcasecmp(a->name, b->name) == 0;
}

/** For what was just not found, and takes its entry with it. */
static inline void
key_put_own(struct tracker *tracker, struct index_entry *entry, void *value)
{
    index_put_own(&tracker->index, entry, value);
}

/** 32 bits are enough to tell what is unlikely to differ. */
static inline uint32_t
hash_short(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

/** Of branch and sent-by; never 0. Some proxies give all requests one branch. */
static inline uint32_t
hash_via(uint64_t branch, uint32_t sent_by)
{
    return (hash_short(branch) ^ sent_by) | 1;
}

/** 32 bits of a text; 0 for an absent or empty one. */
static inline uint32_t
hash_slice(const struct tracker *tracker, struct slice text)
{
    return text.len ? hash_short(index_hash(&tracker->index, text)) | 1 : 0;
}

/* --- memory: store.c --- */

/** Zeroed memory that goes with the record at hand. */
#define record_new(tracker, type) ((type *)arena_allocate((tracker)->arena, &(tracker)->host, sizeof(type)))
/** A copy that goes with it, too; terminated. */
struct slice record_slice(struct tracker *tracker, struct slice text);
/** Zeroed memory that lasts until it is released. */
#define host_new(tracker, type) ((type *)(tracker)->host.allocate(sizeof(type)))
/** A terminated copy that lasts as long. */
char *host_strdup(struct tracker *tracker, struct slice text);
/** Address and port. */
static inline bool
endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && endpoint_same_address(a, b);
}
/** Releases what a record may point to; where the records stay, so does it. */
static inline void
record_release(const struct tracker *tracker, void *memory)
{
    if (tracker->forgets)
        tracker->host.release(memory);
}
/** The record's detail, made when there is none yet. */
struct record_detail *record_detail(struct tracker *tracker, struct record *record);
/** Likewise the exchange's. */
struct exchange_detail *exchange_detail_make(struct tracker *tracker, struct exchange *exchange);
/** Adds a finding to a record.
 *  @return the note, for what else it is to hold */
struct note *record_note(struct tracker *tracker, struct record *record, uint16_t finding, uint32_t frame_a,
                         uint32_t frame_b);

/** The host of a URI or of a Via, where it is an address: an IPv6 one in brackets. Fills in the address
 * alone.
 *  @return false when it is a name */
bool endpoint_read(struct slice host, struct endpoint *endpoint);
/** The address without the port, as text. Free with g_free. */
char *endpoint_text(const struct endpoint *endpoint);
/** An order of addresses of one family, ports aside. */
int endpoint_compare(const struct endpoint *a, const struct endpoint *b);

/* --- transaction.c --- */

/** Fills `here` with what the message is known by. */
void hash_message(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival);
/** That of a message (RFC 3261 section 17.2.3).
 *  @param method  of the request
 *  @return NULL: none */
struct transaction *transaction_find(struct tracker *tracker, const struct sip_message *message,
                                     struct slice method);
/** Of those with the same Call-ID, method and CSeq number the one before; NULL: it is the first. */
static inline struct transaction *
transaction_before(const struct transaction *transaction)
{
    return (struct transaction *)transaction->link.next;
}
/** The transaction of this client and server, whatever its branch: by this only what came on the same hop, as
 * a proxy's other leg has the same Call-ID and CSeq. NULL: none. */
struct transaction *transaction_on_hop(struct tracker *tracker, struct slice method, uint32_t cseq,
                                       const struct endpoint *client);
/** A request of this call, method and CSeq number that came from a client, on whatever hop; NULL: none. */
const struct transaction *transaction_from(struct tracker *tracker, const struct sip_message *message,
                                           const struct endpoint *client);
/** That of a response whose Via something on the path has changed, sent-by as a rule: by the transaction's
 * hop. A branch is taken for changed only where no response of the capture has brought one back as it was:
 * else its request is missing. NULL: none. */
struct transaction *transaction_of_changed_via(struct tracker *tracker, const struct sip_message *message,
                                               const struct arrival *arrival);
/** The same request on the hop before, as the second Via of a response to it says; NULL: not known. */
const struct transaction *transaction_hop_before(struct tracker *tracker, const struct sip_message *message);
/** Of a request for which `transaction_find` was just asked: it takes that key. */
struct transaction *transaction_new(struct tracker *tracker, const struct sip_message *message,
                                    const struct arrival *arrival);
void transactions_append(struct transaction_queue *queue, struct transaction *transaction);

/* --- exchange.c --- */

/** The same request was seen one hop further. */
bool exchange_passed_on(const struct transaction *transaction);
/** A fork: on another branch its answer is not in the capture so far. */
bool exchange_misses_branch(const struct transaction *transaction);

/** Links and judges the credentials of a new request. */
void exchange_request(struct tracker *tracker, const struct sip_message *message,
                      const struct arrival *arrival, struct record *record);
/** A first copy of a response to `transaction`, which is NULL when the capture does not hold the request. */
void exchange_response(struct tracker *tracker, const struct sip_message *message,
                       const struct arrival *arrival, struct transaction *transaction, struct record *record);
/** An INVITE was cancelled, before it is challenged or after. */
void exchange_cancelled(struct tracker *tracker, struct transaction *invite, uint32_t frame);
/** A retransmission of a 401 or 407. */
void exchange_refused_again(struct tracker *tracker, const struct transaction *transaction,
                            struct record *record);
/** Hash of all that is in the credentials headers; 0 without. */
uint32_t credentials_fingerprint(struct tracker *tracker, const struct sip_message *message);

/* --- lifetime.c --- */

/** It was just made or used. */
void aged_touch(struct tracker *tracker, struct aged *aged, enum aged_kind kind);
/** It is not to be released by its age any more. */
void aged_stay(struct tracker *tracker, struct aged *aged);
/** Drops what is too old, or, if there is too much, the oldest. */
void aged_forget(struct tracker *tracker);
/** … of one kind, at once. */
void aged_forget_kind(struct tracker *tracker, enum aged_kind kind);
/** Whether strangers are released: accounts and registrations that no server ever accepted. They are not when
 * a table is to list them. */
bool strangers_go(const struct tracker *tracker);
/** Its call does not lead to it any more; its nonces do. */
void exchange_withdraw(struct tracker *tracker, struct exchange *exchange);
void exchange_hold(struct exchange *exchange);
void exchange_release(struct tracker *tracker, struct exchange *exchange);
/** Each releases what this is a member of, and takes it out of the index. */
typedef void aged_drop(struct tracker *tracker, struct aged *aged);
aged_drop nonce_drop, other_drop, early_drop, account_drop; /* lifetime.c, nonce.c */
aged_drop registration_drop;                                /* registration.c */
aged_drop subscription_drop, awaited_drop, tag_drop;        /* subscription.c */
/** NULL is none. */
void no_notify_release(struct tracker *tracker, struct no_notify *no_notify);

/* --- forget.c --- */

/** Releases transactions to which no answer can come any more. */
void transactions_expire(struct tracker *tracker);
/** Before the first message of another frame: releases what was needed for the one before, and what is too
 * old. */
void forget_frame(struct tracker *tracker);

/* --- standing.c --- */

bool registration_is_removed(const struct registration *registration);
/** By what the capture shows of it. */
bool registration_has_run_out(const struct tracker *tracker, const struct registration *registration);
/** Its latest REGISTER was sent again and again, and no answer came for as long as a client waits; or it
 * could not be delivered, which a client takes for an answer at once (RFC 3261 section 17.1.4). */
bool registration_waits_in_vain(const struct tracker *tracker, const struct registration *registration);
/** Its latest REGISTER was sent once, and no answer came: the client was content, so it is the capture that
 * lacks it. */
bool registration_misses_answer(const struct tracker *tracker, const struct registration *registration);
/** When its time is over at the latest: what the capture lacks may have granted it once more, for as long. */
int64_t registration_latest_deadline(const struct tracker *tracker, const struct registration *registration);

/* --- service_route.c --- */

/** A 2xx to a REGISTER: the way that it names, if any; each one replaces what was said before (RFC 3608
 * section 6.1). */
void service_route_remember(struct tracker *tracker, const struct sip_message *message,
                            const struct transaction *transaction, const struct record *record);
/** An INVITE of a registered client: a note where it does not take that way. */
void service_route_note(struct tracker *tracker, const struct sip_message *message,
                        const struct arrival *arrival, struct record *record);

/* --- registration.c --- */

void registration_request(struct tracker *tracker, const struct sip_message *message,
                          const struct arrival *arrival, struct record *record);
/** A REGISTER was sent again: it looks unanswered. */
void registration_repeated(const struct record *request);
/** A packet says that no answer comes: ICMP, or the end of its connection.
 *  @param why  enum finding */
void registration_gets_none(const struct record *request, uint16_t why, uint32_t frame);
/** A provisional response came, in that frame: the registrar is there. */
void registration_pending(const struct record *request, uint32_t frame);
/** Of a request that was granted: its client seems not to have got the answer, for that reason (enum
 * finding). */
void registration_not_heard(const struct record *request, uint16_t finding);
/** A message that named it is forgotten. */
void contact_release(struct tracker *tracker, struct contact_name *contact);
/** A final response, after the exchange that it closes or opens. */
void registration_response(struct tracker *tracker, const struct sip_message *message,
                           const struct transaction *transaction, struct record *record);
/** A final response whose request is not in the capture: so much of the registration is missing. */
void registration_orphan(struct tracker *tracker, const struct sip_message *message,
                         const struct arrival *arrival);

/* --- flow.c --- */

/** A registration was granted: to the address and port that its REGISTER came from. */
void flow_join(struct tracker *tracker, const struct sip_message *message, struct registration *registration,
               const struct record *record);
/** It was removed. */
void flow_leave(struct tracker *tracker, struct registration *registration);
/** A REGISTER for the contact that is registered: whether the client is seen from another port now. */
void flow_note_move(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
                    const struct registration *registration, struct record *record);
/** Who registered over UDP from that address and port, and is still registered, did so at this address. */
bool flow_is_registered_at(struct tracker *tracker, const struct endpoint *client,
                           const struct endpoint *registrar);
/** A request was sent again, in that record. */
void flow_repeated(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
                   struct transaction *transaction, struct record *record);
/** A request was answered, or acknowledged, from wherever. */
void flow_answered(struct tracker *tracker, const struct record *request);
/** The first copy of a response: whoever sends it has been reached. */
void flow_responds(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival);
/** What it points to, and is not part of it. NULL is none. */
void unheard_forget(struct tracker *tracker, const struct unheard *unheard);

/* --- unread.c --- */

aged_drop unread_drop;
/** A message came: in that connection there is SIP. */
void connections_read(struct tracker *tracker, const struct arrival *arrival);
/** A frame in which the one sent the other the first fragment of a datagram that was never put together, or
 * opened a TCP connection for SIP in which none was seen, within 32 s from `since` on (by the tracker's
 * clock); 0: none. */
uint32_t unread_between(const struct tracker *tracker, enum unread_kind kind, const struct endpoint *from,
                        const struct endpoint *to, int64_t since);

/* --- connection.c --- */

/** A new request, with what it registers and signs. */
void connection_asks(struct tracker *tracker, struct transaction *transaction, const struct arrival *arrival);
/** Its connection does not matter any more. */
void connection_forget(struct tracker *tracker, struct transaction *transaction);

/* --- path.c --- */

/** A challenge: compares it with the same one a hop nearer to the server. */
void path_compare(struct tracker *tracker, const struct sip_message *message, struct exchange *exchange,
                  struct record *record);
/* --- expiry.c --- */

/** When the NOTIFY says that the subscription ends; 0 when it does not say. */
int64_t expiry_of_notify(const struct tracker *tracker, const struct sip_message *message);
/** That is before what was said so far, by more than gets lost on the way. */
bool expiry_is_shorter(const struct expiry *expiry, int64_t clock);
/** A SUBSCRIBE in the dialog: whether it comes in time.
 *  @return enum finding, of a 204 whose Expires looks to be missed; FINDING_NONE as a rule */
uint16_t expiry_asked(struct tracker *tracker, struct expiry *expiry, const struct sip_message *message,
                      const struct subscribe_request *request, struct record *record);
/** A final answer to a SUBSCRIBE. */
void expiry_answered(struct tracker *tracker, struct expiry *expiry, const struct sip_message *message,
                     const struct transaction *transaction, const struct record *record);
/** A NOTIFY: whether it is at one with what was granted.
 *  @return likewise */
uint16_t expiry_notified(struct tracker *tracker, struct expiry *expiry, const struct sip_message *message,
                         struct record *record);
/** The subscription goes on, for all that is known. */
bool expiry_is_ahead(const struct tracker *tracker, const struct expiry *expiry);
/** It timed out just now by what a 204 had said, and would go on by what another message had.
 *  @return that one; NULL when it is not so */
const struct deadline *expiry_missed(const struct tracker *tracker, const struct expiry *expiry);

/* --- subscription.c --- */

void subscription_request(struct tracker *tracker, const struct sip_message *message,
                          struct transaction *transaction, struct record *record);
void subscription_response(struct tracker *tracker, const struct sip_message *message,
                           const struct arrival *arrival, struct transaction *transaction,
                           struct record *record);
/** A SUBSCRIBE was sent again: it looks unanswered. */
void subscription_repeated(struct tracker *tracker, const struct sip_message *message,
                           const struct transaction *transaction);
void subscribe_request_free(struct tracker *tracker, struct subscribe_request *request);

#endif
