/* tracker.h
 * The only state: transactions, challenges, nonces, accounts and subscriptions of one capture.
 *
 * Messages go in once each, in the order of the capture. For each comes back a record that says what is known
 * of it. Back links (response to request, credentials to challenge) are complete at once; forward links
 * (request to response, challenge to retry to outcome) fill while later messages go in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_TRACKER_H
#define SIPTRAIL_TRACKER_H

#include "digest.h"
#include "sip_message.h"

/** 64*T1: when RFC 3261 section 17.1 gives up waiting. In nanoseconds, as all times here. */
#define SIP_TIMEOUT_NS (INT64_C(32) * 1000000000)

/** Where a packet came from or went to. The tracker compares it and hands it back; it does not look inside.
 */
struct endpoint {
    uint16_t port;
    uint8_t type; /**< the caller's own code of the address family */
    uint8_t len;  /**< octets of `address` in use, at most 16 */
    uint8_t address[16];
};

/** The port aside. */
bool endpoint_same_address(const struct endpoint *a, const struct endpoint *b);

/** A number that few addresses share, the port aside. */
uint32_t endpoint_mark(const struct endpoint *endpoint);

/** What is known of a message from outside of it. */
struct arrival {
    uint32_t frame;
    int64_t time; /**< ns */
    struct endpoint from, to;
    uint16_t datagram; /**< Identification of its IP header (RFC 6864); 0: none, or not known */
    bool in_stream;    /**< of a TCP connection, and it is known: */
    uint32_t expected; /**< the sequence number of what the other side sends next in it */
};

/** Of two times that are not negative, ns. It stops at half of what fits, so that one more may be added. */
static inline int64_t
time_sum(int64_t a, int64_t b)
{
    return a > INT64_MAX / 2 - b ? INT64_MAX / 2 : a + b;
}

/** A set of findings, by number (enum finding). */
struct finding_set {
    uint64_t bits[4];
};

static inline void
finding_set_add(struct finding_set *set, unsigned finding)
{
    set->bits[finding / 64] |= UINT64_C(1) << finding % 64;
}

static inline void
finding_set_drop(struct finding_set *set, unsigned finding)
{
    set->bits[finding / 64] &= ~(UINT64_C(1) << finding % 64);
}

static inline bool
finding_set_has(const struct finding_set *set, unsigned finding)
{
    return set->bits[finding / 64] >> finding % 64 & 1;
}

/** Methods are case-sensitive (RFC 3261 section 7.1). The first letter tells most of them apart. */
static inline bool
method_is(const char *method, const char *name)
{
    return *method == *name && strcmp(method, name) == 0;
}

/** How an exchange ended. */
enum outcome {
    OUTCOME_NONE, /**< still open */
    OUTCOME_ACCEPTED,
    OUTCOME_REJECTED,           /**< challenged again: same realm, not stale */
    OUTCOME_STALE,              /**< challenged again: nonce too old, said or evident */
    OUTCOME_OTHER_REALM,        /**< challenged again, for another realm */
    OUTCOME_FORBIDDEN,          /**< 403 */
    OUTCOME_INTERVAL_TOO_BRIEF, /**< 423 */
    OUTCOME_FAILED,             /**< any other final answer from 300 on */
    OUTCOME_NO_RETRY,  /**< the challenge was never answered, and the capture goes on past the time-out */
    OUTCOME_NO_ANSWER, /**< the retry was never answered, likewise */
    OUTCOME_UNKNOWN    /**< the capture ends first */
};

/** Who is counted among those of its address that were accepted, and that failed. */
struct counted_once {
    bool accepted : 1, failed : 1;
};

/** An address-of-record as one server knows it. */
struct account {
    const char *name;            /**< `user@host` of From or To, UTF-8 not assured */
    const char *user;            /**< `user@realm` of its latest credentials, likewise; NULL: none yet */
    struct registration *latest; /**< of them, the one that was named last; NULL: none yet */
    uint32_t attempt;            /**< challenges since the last success */
    uint32_t refused;            /**< of them, to credentials that were not stale */
    int64_t bare_clock;          /**< of the first of those in `bare` */
    uint32_t bare;               /**< challenges in a row to requests without credentials */
    uint32_t accepted_frame;     /**< first 2xx to credentials of it; 0: none */
    uint32_t latest_accepted;    /**< latest of these; 0: none */
    uint32_t emptied_frame;      /**< latest 2xx to a REGISTER that removed all its contacts; 0: none */
    uint32_t user_from;          /**< `endpoint_mark` of the client that sent `user` */
    uint32_t references;         /**< by registrations, exchanges and credentials: the tracker's own */
    bool emptying : 1;           /**< such a REGISTER has no answer yet */
    bool accepted : 1;           /**< credentials of it were */
    struct counted_once counted; /**< where credentials name nobody; else their user is counted */
};

/** Who was challenged, and by whom. */
struct peers {
    struct endpoint client, server;
};

/** What only few exchanges have. */
struct exchange_detail {
    struct finding_set suspects; /**< what in the challenge may have kept the client from answering */
    uint32_t settled_frame; /**< a 2xx to another copy of the refused request: no retry is needed; 0: none */
    uint32_t removed_frame; /**< a request one hop earlier with the credentials asked for; 0: none */
    uint32_t removed_in;    /**< the same request on this hop, which lacks them */
    uint32_t asked_below;   /**< this response has no challenge, and that has one, one hop further; 0: none */
    uint32_t cancelled_in;  /**< CANCEL of the refused request, or of the retry; 0: none */
    uint32_t idle_stale_frame; /**< a challenge of this server that says stale=true where no nonce was sent;
                                  0: none */
    uint32_t disconnected; /**< where the server's side ended the connection of the retry, without an answer;
                              0: it did not */
    uint32_t kept_in; /**< other answer that the client got from the element that was challenged; 0: none */
    uint16_t settled_status;
    struct exchange *nearer;  /**< the same challenge, passed on to the hop before; NULL: not seen */
    struct account *asked_of; /**< who was asked on the hop that this was passed on from; NULL: it was not */
};

/** One challenging response and all that follows from it. Filled until the capture ends. Millions of them may
 * be kept: the fields stand so that they leave no gaps. */
struct exchange {
    struct exchange *next; /**< in the order of the challenges; `tracker_exchanges` is the head */
    const char *method;
    int64_t challenge_time;
    uint32_t challenge_frame;
    uint32_t request_frame;                            /**< 0: not in the capture */
    uint32_t cseq;                                     /**< of the refused request */
    uint32_t call_id_hash, from_tag_hash, branch_hash; /**< likewise */
    uint32_t uri_hash, to_hash;                        /**< of its Request-URI and To; 0: not known */
    const struct peers *peers;
    const struct use *refused; /**< credentials of the refused request; NULL: none */
    struct account *account;
    const char *user_at_realm; /**< of the credentials that answered; NULL before there are any */

    struct use *retry; /**< the credentials that answered */
    int64_t retry_time;
    int64_t waits_since; /**< of the challenge, or if there is a retry of that: by the tracker's clock */
    int64_t closed_time;
    uint32_t retry_frame;  /**< first authenticated retry; 0: none yet */
    uint32_t closed_frame; /**< the message that closed it; 0: none */
    uint32_t later_frame;  /**< latest answer to further credentials with its nonce; 0: none */
    uint32_t attempt;

    uint32_t status : 10; /**< 401 or 407 */
    uint32_t closed_status : 10;
    uint32_t cause : 10;         /**< enum finding; 0 while there is none */
    uint32_t refused_cause : 10; /**< likewise; of `refused`, once that is forgotten */
    uint32_t later_cause : 10;   /**< likewise, with `later_frame` */
    uint32_t later_outcome : 4;  /**< enum outcome, likewise */
    uint32_t outcome : 4;        /**< enum outcome */
    uint32_t digest : 2;         /**< enum digest_status; of `retry`, once that is forgotten */
    bool in_dialog : 1;          /**< the refused request had a To tag */
    bool refused_repeated : 1;   /**< it came again after the challenge: more challenges are due */
    bool unheard : 1;            /**< … or the challenge: so late that the client seems not to have it */
    bool refused_for_good : 1;   /**< of `refused`, once that is forgotten: it was not for another realm */
    bool by_datagram : 1;        /**< it was asked over UDP or the like */
    bool offers_ipsec : 1;       /**< it came with a security association for the answer (RFC 3329) */
    bool retry_datagram : 1;     /**< sent over UDP or the like, where an unanswered request is sent again */
    bool retry_repeated : 1;     /**< and it was */
    bool retry_pending : 1;      /**< a provisional response came: the server is at work */
    bool retry_rang : 1;         /**< and it was more than 100 (Trying): the call went on behind the server */
    bool retry_passed_on : 1;    /**< it was seen one hop further */
    bool retry_elsewhere : 1;    /**< it went to another server than that which asked */
    bool lost : 1; /**< there are signs that its retry, or the answer to that, is not in the capture */

    uint32_t references;            /**< the tracker's own, like `issues`, `leg` and `dialog` */
    struct exchange_detail *detail; /**< NULL: none; see `exchange_detail` */
    struct issue *issues;           /**< its challenging responses, the first one first */
    struct index_entry
        *leg; /**< where the index holds it as the latest hop of its message; NULL: no longer */
    struct index_entry *dialog; /**< … and as the latest of its call; NULL: no longer */
};

/** The challenges of its first response; NULL: there is none in it, or no exchange. */
const struct auth_line *exchange_challenges(const struct exchange *exchange);

/** What only few exchanges have, or nothing but zeros. Never NULL. */
const struct exchange_detail *exchange_detail(const struct exchange *exchange);

/** A copy of one challenge, one set of credentials or one Authentication-Info. */
struct auth_line {
    struct auth_line *next;
    const char *text;
    uint32_t len;
    uint8_t header;  /**< enum sip_header */
    uint16_t parsed; /**< the tracker's own: where its value is, if it was read for the message at hand */
};

static inline struct slice
auth_line_text(const struct auth_line *line)
{
    return (struct slice){line->text, line->len};
}

/** What it says; for Authentication-Info there is auth_info_parse.
 *  @return false when there is nothing in it */
static inline bool
auth_line_read(const struct auth_line *line, struct auth_value *value)
{
    struct slice rest = auth_line_text(line);
    return auth_header_next(&rest, value);
}

/** What tied credentials to a challenge, strongest first. */
enum evidence {
    EVIDENCE_NONE,      /**< pre-loaded: the challenge is not in the capture */
    EVIDENCE_NONCE,     /**< the nonce is one that this capture shows being issued */
    EVIDENCE_NEXTNONCE, /**< … issued as nextnonce by a 2xx */
    EVIDENCE_DIALOG, /**< the nonce is another, but Call-ID, method and CSeq follow an unanswered challenge */
    EVIDENCE_OTHER_CALL /**< likewise, and the nonce is one that this capture shows being issued to another
                           call */
};

/** One set of credentials in one request. */
struct use {
    struct use *next;
    struct auth_line line;
    struct exchange *exchange;    /**< the challenge that it answers; NULL when none, or a nextnonce */
    uint32_t challenge_frame;     /**< frame that issued the nonce; 0: not in the capture */
    uint32_t nonce_borrowed_from; /**< that issued it, but to another call of this user; 0: none, or known */
    enum evidence evidence;
    bool header_differs; /**< answered in the other header than the challenge asks for */
    bool realm_differs;
    bool is_retry;  /**< the first answer to its challenge */
    bool relayed;   /**< the challenge was made to another client by another server: not for this hop */
    bool elsewhere; /**< the challenge was made to this client by another server: taken to the wrong one? */
    bool of_twin;   /**< its nonce is that of another server of the same realm, to which a fork led, too */
    bool late;      /**< earlier uses of the nonce are missing in the capture */
    bool aka;       /**< the password is that of a SIM (RFC 3310) */
    bool resynchronises; /**< AKA: carries auts */
    uint16_t source_port;
    const char *method; /**< of the request */
    bool moved;         /**< from another address than the challenge went to */
    bool joined;        /**< stands behind other credentials in the same header line */
    bool identity_only; /**< `nonce=""` unasked, or without a response: names a user, answers nothing */
    bool answered;      /**< an answer came, be it a provisional one: the tracker's own */
    uint32_t nc; /**< 0: none, or no hex number of at most 8 digits; 1: to the client the nonce is new */
    uint32_t
        nonce_use; /**< how many requests of this user have used this nonce, this one counted; 0: unknown */
    int64_t nonce_age;          /**< since it was issued; -1: unknown */
    struct nonce *nonce;        /**< the tracker's own; NULL: unknown */
    struct nonce_user *holder;  /**< likewise */
    struct nonce_call *call;    /**< likewise */
    struct issue *issue;        /**< likewise */
    uint32_t nonce_accepted_in; /**< an earlier 2xx to a request with this nonce, or what rang; 0: none */
    bool nonce_replaced;        /**< and it, or one before, gave a nextnonce */
    uint32_t compared; /**< what it should go on from: the nonce count before; of a 423 its Min-Expires */
    struct digest_verdict verdict;
    bool configured; /**< some credential is configured for this user */

    bool stale_said : 1;         /**< the challenge that refused it says stale=true, and may be believed */
    bool stale_idle : 1;         /**< it says so, and that tells nothing */
    uint32_t asked_expires;      /**< of the request, s; 0: not said */
    struct finding_set suspects; /**< what is odd about them; told if they are refused */
    struct signed_request
        *signed_request;     /**< the tracker's own: the same credentials, wherever they were seen */
    const char *request_uri; /**< when it is another than the digest's uri; else NULL */
    uint32_t suspect_frame;  /**< an earlier request that a suspect compares with; 0: none */
    enum outcome outcome;    /**< of the request that carries it, as far as it concerns this realm */
    uint16_t cause;
    uint32_t closed_frame;
    uint16_t closed_status;
    uint32_t user_accepted_in; /**< of one that is refused: latest 2xx to credentials of its user from the
                                  same client; 0: none */
    const char *phrase;        /**< of the refusal, when it has words of its own; NULL */
    uint32_t request_frame;
    const char *user_at_realm;
};

/** Closed by one response: its uses, in a list. */
struct closing {
    struct closing *next;
    struct use *use;
};

/** What a 204 stands on (RFC 5839). */
struct no_notify {
    uint32_t references; /**< the tracker's own */
    uint32_t subscribe_frame;
    const char *event;   /**< package, with `;id=` if any; NULL unknown */
    const char *etag;    /**< the Suppress-If-Match value; NULL none */
    uint32_t etag_frame; /**< NOTIFY that issued it; 0: not in the capture */
    bool etag_resumed;   /**< … in an earlier dialog of the same resource */
    uint32_t
        ended_in; /**< what had ended the subscription before the SUBSCRIBE: NOTIFY, 204 or 481; 0: none */
    uint32_t superseded_in; /**< NOTIFY with another tag, after that and before the SUBSCRIBE; 0: none */
    bool tag_unseen; /**< no NOTIFY in the capture told that tag, though others came in this subscription */
    bool has_expires;
    uint32_t expires; /**< s */
    bool in_dialog;   /**< the SUBSCRIBE had a To tag */
    bool is_subscribe;
    bool unsubscribed;       /**< the SUBSCRIBE had Expires: 0 */
    uint32_t notify_frame;   /**< a NOTIFY that came though none was due */
    uint16_t notify_finding; /**< enum finding that says why */
    uint32_t missed_frame; /**< where one side looks not to know of this 204, or of its Expires; 0: nowhere */
    uint16_t missed_finding; /**< likewise */
};

/** Authentication-Info, judged. */
struct server_proof {
    bool has_rspauth;
    struct digest_verdict verdict;
    bool configured;
};

/** Where a registration stands. */
enum registration_state {
    REGISTRATION_UNKNOWN,    /**< the capture does not tell */
    REGISTRATION_REGISTERED, /**< granted, and the time not over */
    REGISTRATION_LAPSED,     /**< the time ran out without a refresh */
    REGISTRATION_REMOVED,    /**< by request */
    REGISTRATION_REFUSED,    /**< never granted, and the last answer was a refusal */
    REGISTRATION_CHALLENGED, /**< never granted, and a challenge was left unanswered */
    REGISTRATION_UNANSWERED, /**< never granted, and no answer came */
    REGISTRATION_REPLACED    /**< the time ran out; the same client had registered another contact before */
};

/** A contact as a REGISTER names it; shared by the messages about it. */
struct contact_name {
    uint32_t references; /**< the tracker's own */
    bool bulk;           /**< RFC 6140 */
    uint32_t len;        /**< octets of `uri` */
    char uri[];          /**< terminated; UTF-8 not assured */
};

/** One binding of a contact to an address-of-record at one registrar (RFC 3261 section 10.3). */
struct registration {
    struct registration
        *next;               /**< in the order of their first REGISTER; `tracker_registrations` is the head */
    struct account *account; /**< the address-of-record, at this registrar */
    struct contact_name *contact;      /**< as last seen */
    uint32_t flow_hash, instance_hash; /**< of instance and reg-id as last seen, the first 0 without an
                                          instance: the tracker's own */
    struct endpoint registrar, client;
    uint32_t first_frame;   /**< REGISTER */
    uint32_t granted_frame; /**< latest 2xx that granted it; 0: none */
    int64_t deadline;       /**< when that runs out */
    uint32_t granted;       /**< s, latest; 0: not said */
    uint32_t refreshes;     /**< further REGISTERs granted, be it after a lapse */
    uint32_t failures;      /**< see `registration_failures`, but for the REGISTER that is open */
    uint32_t lapses;        /**< times that it ran out before the next REGISTER */
    int64_t lapsed;         /**< for how long in all; a lapse that goes on is not in it */
    uint32_t last_frame;    /**< latest final answer; 0: none */
    uint16_t last_status;
    uint16_t last_cause;      /**< enum finding */
    int64_t open_clock;       /**< of the REGISTER that is `open` */
    int64_t quiet_clock;      /**< of the first REGISTER since the latest final answer */
    int64_t gap_deadline;     /**< when it runs out at the latest, for all that a `gap` may have granted */
    int64_t asked_clock;      /**< of the latest REGISTER */
    uint32_t asked_frame;     /**< likewise */
    uint32_t cseq;            /**< likewise */
    uint32_t call_id_hash;    /**< likewise */
    uint32_t granted_request; /**< latest REGISTER that was granted */
    uint32_t granted_cseq;    /**< its CSeq number, if the latest one is of the same call; else 0 */
    uint32_t refused_frame;   /**< latest refusal since it was granted or removed; 0: none */
    bool removed : 1;
    bool open : 1, open_repeated : 1; /**< a REGISTER is unanswered; it was sent again */
    bool unanswered : 1;              /**< so was the one before that, for 32 s */
    bool open_once : 1;   /**< the latest went over TCP or the like, where nothing is sent again */
    bool pending : 1;     /**< a provisional response came to it */
    bool leaves : 1;      /**< it asks to remove it */
    bool answer_late : 1; /**< it was sent in time to refresh it, and its answer came too late for that */
    bool lapse_told : 1;
    bool calls_vary : 1;     /**< the client takes another Call-ID for a refresh */
    bool direct : 1;         /**< no proxy is between client and registrar: the tracker's own */
    bool client_changed : 1; /**< since it was granted: the tracker's own */
    bool gap : 1;            /**< messages are missing in the capture since `granted_frame` */
    bool unreached : 1; /**< a request to its contact stayed without an answer, and went elsewhere than its
                           REGISTER comes from */
    bool granted_unsure : 1;        /**< for how long it was granted is not said, or may be cut off */
    uint16_t none_why;              /**< of the REGISTER that is `open`: as in `registration_step` */
    struct registration *successor; /**< a later contact of the same client, which was granted; NULL: none */
    struct exchange *challenge;     /**< latest; NULL: none */
    struct exchange *left;          /**< the first since which none was answered; NULL: none */
    struct flow *flow;              /**< the tracker's own: that it was granted to over UDP; NULL: none */
    struct registration *flow_earlier, *flow_later; /**< of the same flow, by when they were granted */
    struct misplaced *misplaced; /**< the tracker's own: its contact is another place; NULL: it is not */
};

/** Nothing comes from a client that registered over UDP, and it answers nothing. Shared by the requests that
 * it left unanswered. */
struct silence {
    uint32_t references;    /**< the tracker's own */
    struct endpoint client; /**< its address and port, as the registrar sees them */
    const char *account;    /**< that is registered there; NULL: several */
    uint32_t granted_frame; /**< 2xx that says so */
    uint32_t last_frame;    /**< latest packet from there */
    int64_t since;          /**< when that came */
    int64_t asked;          /**< the first request that was left unanswered */
    bool over;              /**< something came again, or an answer from elsewhere */
    int64_t ended;          /**< then */
};

/** A request to a client that is silent. */
struct unheard {
    struct silence *silence;
    int64_t clock; /**< when it was sent first */
};

/** What one message is for one registration. */
struct registration_step {
    struct registration_step *next;
    struct registration *registration;
    struct contact_name *contact;
    enum registration_state state; /**< a REGISTER: that it meets; its answer: that it leaves behind */
    bool has_asked, has_granted, has_min;
    uint32_t asked, granted, min; /**< s */
    uint32_t refresh;             /**< number of the refresh that this 2xx is; 0: none */
    uint32_t granted_frame;       /**< 2xx before; 0: none */
    int64_t lapsed;               /**< for how long it had lapsed; 0: it had not */
    uint32_t behind;              /**< an earlier REGISTER of the call, with as high a CSeq number; 0: none */
    int64_t clock;                /**< of a REGISTER */
    uint32_t repeats;             /**< of a REGISTER: how often it was sent again */
    bool once;                    /**< of a REGISTER: over TCP or the like, where nothing is sent again */
    uint32_t pending_frame;       /**< of a REGISTER: its provisional response; 0: none came */
    uint32_t none_in;  /**< of a REGISTER: the packet that says at once that no answer comes; 0: none */
    uint16_t none_why; /**< enum finding: what that packet is */
    uint32_t refused;  /**< of a REGISTER: refusal of the one before; 0: it was granted, or there is none */
    bool cut;          /**< of a REGISTER: the capture may have cut credentials off */
    bool asks_more;    /**< of a REGISTER: it asks for extensions (Require, Proxy-Require) */
};

/** One finding about one message. The frames are those that its sentence names; 0: not used. */
struct note {
    struct note *next;
    uint16_t finding; /**< enum finding */
    uint32_t number;  /**< that its sentence names */
    uint32_t frame_a, frame_b;
    const struct use *use; /**< that it is about; NULL: none */
    const char *phrase; /**< of the answer, when it has words of its own; of FINDING_CONTACT_MISPLACED, where
                           the REGISTER came from; NULL */
};

/** What only some messages have. */
struct record_detail {
    struct auth_line *lines;  /**< challenges of a response, Authentication-Info */
    bool lines_joined;        /**< two of them in one header line */
    unsigned lines_left_out;  /**< beyond the number that is kept */
    struct exchange *opens;   /**< this 401 or 407 is a challenge of it */
    struct use *uses;         /**< credentials in this request */
    struct closing *closings; /**< what this response closes */
    struct no_notify *no_notify;
    struct server_proof *proof;
    struct note *notes;
    struct registration_step *registrations; /**< of a REGISTER and its final answer */
    bool removes_all;                        /**< a REGISTER with the Contact `*` */
    struct account *account;
    const struct awaited_notify *awaited; /**< of a 2xx that begins a subscription */
    struct unheard *unheard; /**< of a request that was sent again and again to a silent client */
};

/** The NOTIFY that every new subscription begins with (RFC 6665 section 4.2.1.2). */
struct awaited_notify {
    struct index_entry *entry; /**< the tracker's own */
    int64_t clock;             /**< of the latest 2xx to the SUBSCRIBE */
    uint32_t seen;             /**< the NOTIFY, or an answer to it; 0: none */
    uint32_t subscribe_frame;
    const char *condition;     /**< its Suppress-If-Match; NULL: none */
    bool elsewhere;            /**< it takes another way than the one that is captured */
    const struct peers *peers; /**< who was granted it, and who granted it; NULL: not granted yet */
};

/** What is known of one message. Lives as long as the tracker's host keeps its memory. */
struct record {
    struct record *next; /**< for the caller: the next message of the same frame */
    uint32_t frame;
    uint16_t status; /**< 0 for a request */
    bool is_copy;    /**< `first` is the same packet, captured twice */
    int64_t time;
    const char *method;
    struct record *first;    /**< first copy of the same message, NULL when this is it */
    struct record *request;  /**< of a response: the request; NULL: not in the capture */
    uint32_t response_frame; /**< of a request: first final response, 0: none yet */
    uint32_t belongs_to; /**< of an ACK: the response it acknowledges; of a CANCEL: the request; 0: none */
    int64_t response_time;
    struct exchange *exchange; /**< refused by its challenge, or answered to it; NULL: none */
    struct record_detail *detail;
};

/** What the tracker needs from outside. */
struct tracker_host {
    /** Zeroed memory that lives as long as the records are wanted. Never NULL. */
    void *(*allocate)(size_t size);
    /** Gives back what `allocate` gave. What is not given back is the host's own to free, after the tracker.
     */
    void (*release)(void *memory);
    /** Of the hash tables: secret and never the same, for the keys come from the wire. */
    uint64_t seed;
    /** The configured credentials as of now, for the time of one call. */
    const struct credential *(*credentials)(size_t *count);
    /** How many nonces, entity-tags, subscriptions, and callers that nobody let in, are remembered at a time
     * after `tracker_forget`; 0: half a million. */
    uint32_t remembered_max;
};

struct tracker;

/** What will be asked for when all frames are read. */
enum tracker_keeps {
    KEEPS_NOTHING,
    KEEPS_REGISTRATIONS, /**< all of them, and the exchange that each hangs on */
    KEEPS_EXCHANGES      /**< all of them, and all registrations */
};

/** @param host  copied */
struct tracker *tracker_new(const struct tracker_host *host);
void tracker_free(struct tracker *tracker);

/** From now on nobody asks for a record once the next frame is read: the tracker may release what it no
 * longer needs itself. Until then, and if this is never called, records and exchanges are kept for as long as
 * the host keeps its memory. What is said of a message does not depend on it: what is too old is not found.
 *
 *  @param keeps  what not: without it, exchanges, and registrations that were never granted, may go */
void tracker_forget(struct tracker *tracker, enum tracker_keeps keeps);

/** Takes in the next message of the capture.
 *
 *  Nothing of `message` is kept but copies. Must be called once for each message, in the order of the
 * capture.
 *  @return its record, from host->allocate; after `tracker_forget` it lives until a message of another frame
 * is added */
struct record *tracker_add(struct tracker *tracker, const struct sip_message *message,
                           const struct arrival *arrival);

/** Tells that the capture goes on: the time of any frame, SIP or not. Cheap. */
void tracker_tick(struct tracker *tracker, int64_t time);

/** The latest time that it was told, ns; 0 at the beginning. */
int64_t tracker_clock(const struct tracker *tracker);

/** Tells that a part of an IP datagram with UDP came, at the time of the latest tick.
 *
 *  @param from, to  with ports where it is the first part, else with 0
 *  @param id  identification of the datagram
 *  @param whole  the last one, so that the datagram was put together; else what it carried may never be seen
 */
void tracker_fragment(struct tracker *tracker, uint32_t frame, const struct endpoint *from,
                      const struct endpoint *to, uint32_t id, bool whole);

/** Tells that somebody opens a TCP connection, at the time of the latest tick. What is not to port 5060 or
 * 5061 (RFC 3261 section 19.1.2) is left alone. */
void tracker_connect(struct tracker *tracker, uint32_t frame, const struct endpoint *from,
                     const struct endpoint *to);

/** Tells that one side ends a TCP connection (FIN), or breaks it (RST): the requests of the other side to
 * which nothing was sent by then get no answer in it (RFC 3261 section 8.1.3.1, 18.4).
 *
 *  @param sequence  sequence number of that packet */
void tracker_disconnect(struct tracker *tracker, uint32_t frame, const struct endpoint *from,
                        const struct endpoint *to, uint32_t sequence);

/** Tells that ICMP says of a request that it did not arrive.
 *
 *  @param quoted   the beginning of the request, as far as ICMP quotes it
 *  @param arrival  of the ICMP error; from where and to where the request went
 *  @param port     that the port is unreachable that it was sent to; else the host, or a firewall forbids it
 */
void tracker_unreachable(struct tracker *tracker, const struct sip_message *quoted,
                         const struct arrival *arrival, bool port);

/** Tells that a datagram came that is no SIP message: a keep-alive, perhaps (CR LF CR LF, STUN). The time is
 * that of the latest tick. */
void tracker_hear(struct tracker *tracker, uint32_t frame, const struct endpoint *from);

/** Whether that matters so far: somebody has registered over UDP. */
bool tracker_listens(const struct tracker *tracker);

/** All exchanges that are kept, in the order of their challenges; NULL when there are none. */
const struct exchange *tracker_exchanges(const struct tracker *tracker);

/** All registrations in the order of their first REGISTER; NULL when there are none. */
const struct registration *tracker_registrations(const struct tracker *tracker);

/** The challenge that keeps the registration from being granted, or let it lapse, as it was left unanswered,
 * or as the answer to it was; NULL: there is none. */
const struct exchange *registration_challenge(const struct tracker *tracker,
                                              const struct registration *registration);

/** Where it stands as of now. */
enum registration_state registration_state(const struct tracker *tracker,
                                           const struct registration *registration);

/** For how long it has been lapsed as of now, in ns; 0 when it is not. */
int64_t registration_lapsed_for(const struct tracker *tracker, const struct registration *registration);

/** How many of its REGISTERs were refused, or not answered within 32 s though sent again, as of now. A first
 * challenge or a stale one is no refusal. */
uint32_t registration_failures(const struct tracker *tracker, const struct registration *registration);

/** Whether its latest REGISTER was sent again and not answered for 32 s, as of now. */
bool registration_is_unanswered(const struct tracker *tracker, const struct registration *registration);

/** "registered", "lapsed", … as `siptrail.registration.state` has it. */
const char *registration_state_text(enum registration_state state);

/** The outcome as of now: that of a closed exchange, or what the time passed since says of an open one. */
enum outcome exchange_outcome(const struct tracker *tracker, const struct exchange *exchange);

/** The message that closed the exchange, and its status code, as of now; 0 when there is none. */
uint32_t exchange_closed_frame(const struct exchange *exchange);
uint16_t exchange_closed_status(const struct exchange *exchange);

/** Whether this 2xx began a subscription, and the NOTIFY that it wants did not come in time, as of now. */
bool record_misses_notify(const struct tracker *tracker, const struct record *record);

/** The silence of a registered client that left this request unanswered for 32 s, as of now; NULL when it did
 * not.
 */
const struct silence *record_unheard(const struct tracker *tracker, const struct record *record);

/** Whether requests to the registered client are left unanswered for more than 32 s, as of now. */
bool registration_unheard(const struct tracker *tracker, const struct registration *registration);
/** As of now this REGISTER was sent again and again, and nothing came back.
 *  @return how often it was sent; 0: it was answered, or its client may have an answer that is not in the
 * capture */
uint32_t record_lacks_answer(const struct tracker *tracker, const struct record *record);
/** The latest refusal of user or password since the registration was granted, for which a registrar may block
 * a client from then on; 0: none, or what came last is about something else. */
uint32_t registration_may_block(const struct registration *registration);
/** Of such a REGISTER: the same, as of then. */
uint32_t record_refused_before(const struct record *record);
/** As of now a registration that this 2xx granted has run out, and no REGISTER came to refresh it.
 *  @return for how long, ns; 0: it has not, or the capture does not tell */
int64_t record_not_refreshed(const struct tracker *tracker, const struct record *record);
/** A final answer that comes when the client has given up (RFC 3261 section 17.1.2.2); to an INVITE it waits
 * for longer, and a proxy's 408 says that it gave up, too (RFC 4320 section 2). */
bool record_is_late(const struct record *record);
/** A REGISTER without an answer, of which a packet says that none comes: ICMP, or the end of its connection.
 *  @param frame  that packet, on success only
 *  @return enum finding; FINDING_NONE: there is no such packet, or it is told of the credentials already */
uint16_t record_gets_none(const struct record *record, uint32_t *frame);

/** A REGISTER to which a provisional answer came, and, as of now, no final one for as long as a client waits.
 *  @return the frame of that; 0: a final one came, or its client may have one that is not in the capture */
uint32_t record_stays_pending(const struct tracker *tracker, const struct record *record);
/** Over TCP or the like a REGISTER is sent once (RFC 3261 section 17.1.2.2), so it cannot be told whether the
 * answer to it is missing, or in the capture only.
 *  @return for how many s the capture goes on without one, nor one to a later REGISTER of that registration;
 * 0: that is not so, or no longer than a client waits */
uint32_t record_answer_not_seen(const struct tracker *tracker, const struct record *record);
/** The same of the latest REGISTERs of a registration. */
bool registration_answer_not_seen(const struct tracker *tracker, const struct registration *registration);

/** The port that tells servers of one address apart; 0: one of the usual ports, which are all of one server,
 * or one that was made for a connection. */
uint16_t endpoint_own_port(const struct endpoint *server);

/** The name of the account: the credentials' `user@realm`, or From/To before there are any. Never NULL. */
const char *exchange_account(const struct exchange *exchange);

#endif
