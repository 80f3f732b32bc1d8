/* script.h
 * Plays a capture to the tracker, message by message: what is not said of a message is as usual.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_TEST_SCRIPT_H
#define SIPTRAIL_TEST_SCRIPT_H

#include "support.h"

struct script {
    struct tracker *tracker;
    uint32_t frame; /**< of the message that was sent last, from 1 */
    int64_t time;   /**< ns */
    GPtrArray *texts;
};

/** Added to the number of an endpoint: the next port of its address; the same host by IPv6. */
enum { NEXT_PORT = 256, BY_IPV6 = 1 << 16 };

/** One message. Endpoint 1 is the client, 2 the server, others are whoever else. */
struct sip {
    const char *method;    /**< REGISTER */
    unsigned status;       /**< 0: a request */
    const char *phrase;    /**< Whatever */
    unsigned cseq;         /**< 1 */
    const char *branch;    /**< z9hG4bK-CSEQ; "" for a Via without */
    const char *host;      /**< sent-by, 192.0.2.1 */
    const char *transport; /**< UDP */
    const char *call_id, *from_tag, *to_tag;
    const char *user;    /**< of From and To, alice */
    const char *uri;     /**< Request-URI, sip:example.com */
    const char *headers; /**< more lines, each with its line end */
    const char *body;
    int from, to;      /**< endpoints; 1 to 2, and back for a response */
    double ms;         /**< since the message before, 10; negative steps back */
    bool at_once;      /**< no time passed */
    unsigned datagram; /**< identification of the IP packet */
    bool no_way;       /**< what ICMP says of it is of the host, not of the port */
    uint32_t expected; /**< of a TCP connection: the sequence number that comes next; 0: not known */
    bool cut;          /**< the capture ends behind `headers` */
};

/** What the digest of a request is made from. */
struct answer {
    const char *header; /**< Authorization */
    const char *user, *realm, *nonce, *password, *method, *uri, *nc, *cnonce;
    const char *more; /**< further parameters, beginning with a comma */
};

struct script *script_begin(void);
void script_end(struct script *script);

struct record *script_send(struct script *script, const struct sip *sip);
#define SEND(script, ...) script_send((script), &(struct sip){__VA_ARGS__})

/** The one opens a TCP connection to the other. */
void script_connect(struct script *script, int from, int to);
/** The one ends it, or breaks it. */
void script_disconnect(struct script *script, int from, int to, uint32_t sequence);

/** ICMP says that nothing listens where that message went to. */
void script_unreachable(struct script *script, const struct sip *sip);

/** A header line with credentials whose MD5 digest is right for that password. Freed with the script. */
const char *script_answer(struct script *script, const struct answer *answer);
#define ANSWER(script, ...) script_answer((script), &(struct answer){__VA_ARGS__})

/** Several header lines in one text. Freed with the script. */
const char *script_join(struct script *script, const char *first, const char *second);

/** A header line with a challenge of MD5 and qop=auth. */
#define CHALLENGE_OF(header, realm, nonce)                                                                   \
    header ": Digest realm=\"" realm "\", nonce=\"" nonce "\", qop=\"auth\", algorithm=MD5\r\n"
#define CHALLENGE(nonce) CHALLENGE_OF("WWW-Authenticate", "example.com", nonce)

/** A datagram from there that is no message. */
void script_keep_alive(struct script *script, int from);

/** Time goes by without SIP. */
void script_wait(struct script *script, double seconds);
/** So many hours in which other packets come, so that it is time that passes, and no step of a clock. */
void script_idle(struct script *script, unsigned hours);

/** The n-th exchange, from 0. Ends the test program when there are fewer. */
const struct exchange *script_exchange(const struct script *script, unsigned n);
unsigned script_exchanges(const struct script *script);

/** The credentials of a request; ends the test program when there are none. */
const struct use *script_use(const struct record *record);

/** Name of the outcome as of now, and of its cause; "" for none. */
const char *script_outcome(const struct script *script, const struct exchange *exchange);
const char *script_cause(const struct script *script, const struct exchange *exchange);

/** Names of the findings of a message, joined by blanks. Freed with the script. */
const char *script_notes(struct script *script, const struct record *record);

/** A test that is played with a script of its own. */
struct play {
    const char *name;
    void (*test)(struct script *);
};

/** Adds all of them; they must last. */
void script_add_plays(const char *group, const struct play *plays, size_t count);

#endif
