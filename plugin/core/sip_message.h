/* sip_message.h
 * Reads the bytes of one SIP message into views of what linking and digest need.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_SIP_MESSAGE_H
#define SIPTRAIL_SIP_MESSAGE_H

#include <stdint.h>

#include "slice.h"

/** The header fields that anything here asks for, in any of their spellings. */
enum sip_header {
    SIP_VIA,
    SIP_CALL_ID,
    SIP_FROM,
    SIP_TO,
    SIP_CSEQ,
    SIP_CONTENT_LENGTH,
    SIP_CONTENT_TYPE,
    SIP_CONTACT,
    SIP_EVENT,
    SIP_EXPIRES,
    SIP_MIN_EXPIRES,
    SIP_SUBSCRIPTION_STATE,
    SIP_ETAG,
    SIP_SUPPRESS_IF_MATCH,
    SIP_ROUTE,
    SIP_REQUIRE,
    SIP_PROXY_REQUIRE,
    SIP_SECURITY_SERVER,
    SIP_SERVICE_ROUTE,
    SIP_WWW_AUTHENTICATE,
    SIP_PROXY_AUTHENTICATE,
    SIP_AUTHORIZATION,
    SIP_PROXY_AUTHORIZATION,
    SIP_AUTHENTICATION_INFO,
    SIP_PROXY_AUTHENTICATION_INFO,
    SIP_HEADER_COUNT
};

/** The topmost Via of a message (RFC 3261 section 20.42). */
struct sip_via {
    struct slice transport; /**< as written, "UDP", "TCP", … */
    struct slice host;      /**< of sent-by */
    uint16_t port;          /**< of sent-by; the transport's default when none is written */
    struct slice branch;    /**< absent in a message of RFC 2543 */
    bool more;              /**< another one stands behind it in the same header line */
};

/** A message as views into the bytes that were parsed; lives as long as they do.
 *  An absent item is an absent slice. */
struct sip_message {
    struct slice text; /**< start line to the end of the body, as far as captured */
    bool is_request;
    uint16_t status;     /**< of a response, 100 to 699 */
    struct slice phrase; /**< reason phrase of a response, trimmed */
    struct slice method; /**< of a request the start line's, of a response the CSeq's */
    struct slice request_uri;
    struct slice headers; /**< all header lines */
    struct slice body;    /**< as far as captured; by Content-Length where there is one */
    bool headers_cut;     /**< the bytes end before the empty line */
    bool body_cut;        /**< Content-Length promises more than the bytes hold */

    struct slice header[SIP_HEADER_COUNT];   /**< the value of the first of that name, folds still in it */
    struct slice second_via;                 /**< the second Via line; absent: there is none */
    uint16_t header_lines[SIP_HEADER_COUNT]; /**< how many lines of that name there are, at most 65535 */
    struct sip_via via;
    struct slice from_uri, from_tag, to_uri, to_tag;
    uint32_t cseq; /**< 0 when absent or no number */
    struct slice cseq_method;
};

/** Names a header field in the spelling of its RFC. */
struct slice sip_header_name(enum sip_header id);

/** Parses one message.
 *
 *  @param bytes  from the start line on, to the end of what was captured of it or of the segment;
 *                what follows the body by Content-Length is left alone (RFC 3261 section 18.3)
 *  @param snapped  the capture holds less than was sent, so that a body without Content-Length is cut
 *  @param message  filled on success only
 *  @return false when the bytes do not begin with a SIP start line (RFC 3261 section 7.1, 7.2): a keep-alive,
 *          the middle of a message, another protocol */
bool sip_message_parse(struct slice bytes, bool snapped, struct sip_message *message);

/** Whether it comes from the client itself: no proxy has added a Via. */
bool sip_message_is_first_hop(const struct sip_message *message);

/** Whether a request that goes that way is sent once only (RFC 3261 section 17.1.2.2): TCP, TLS, WebSocket,
 * SCTP. A transport that nobody knows is none of them. */
bool sip_via_is_reliable(const struct sip_via *via);

/** How many hops it has behind it: the values of Via, however many stand in a line. */
unsigned sip_message_vias(const struct sip_message *message);

/** The Via below the topmost one: that of the hop before, which a proxy keeps (RFC 3261 section 16.6).
 *  @return false when there is none */
bool sip_message_second_via(const struct sip_message *message, struct sip_via *via);

/** Walks the header lines in their order.
 *
 *  @param rest  at first `message->headers`; what is still to be walked afterwards
 *  @param id  which header; SIP_HEADER_COUNT for one that is not in the list
 *  @param value  trimmed, folds still in it
 *  @return false when there are no more */
bool sip_message_next_header(struct slice *rest, enum sip_header *id, struct slice *value);

/** The same for whole lines, name and folds with them. */
bool sip_message_next_line(struct slice *rest, struct slice *line);

/** One contact of a REGISTER or its answer (RFC 3261 section 20.10): views into the message. */
struct sip_contact {
    bool star; /**< `*`: all of them */
    struct slice uri;
    struct slice parameters; /**< for `sip_parameter` */
    struct slice expires;    /**< of them; absent when not there */
};

/** Walks the contacts of a message. */
struct sip_contacts {
    struct slice headers, values;
};
struct sip_contacts sip_contacts(const struct sip_message *message);
/** @return false when there are no more */
bool sip_contact_next(struct sip_contacts *walk, struct sip_contact *contact);

/** Whether a text of its headers may go on where the capture ends. */
bool sip_message_may_cut(const struct sip_message *message, struct slice text);

/** The header of that name (RFC 3261 section 20.19), in s.
 *  @return false when it does not say, or the capture may have cut digits off */
bool sip_expires(const struct sip_message *message, uint32_t *seconds);

/** Of the request or of the one contact (RFC 3261 section 10.2.1.1), in s.
 *  @return false when neither says, or as above */
bool sip_contact_expires(const struct sip_message *message, const struct sip_contact *contact,
                         uint32_t *seconds);

/** What a 423 wants at least (RFC 3261 section 20.23), in s.
 *  @return false when it does not say */
bool sip_min_expires(const struct sip_message *message, uint32_t *seconds);

/** `user@host` of a SIP, SIPS or tel URI: without scheme, password, port and parameters.
 *
 *  @param uri  what stands between the angle brackets
 *  @param user  absent when the URI has none; a tel URI's number
 *  @param host  absent in a tel URI */
void sip_uri_split(struct slice uri, struct slice *user, struct slice *host);

/** The same with the port, as written. */
void sip_uri_split_place(struct slice uri, struct slice *user, struct slice *host_port);

/** What a SIP URI says of the transport: the parameter, or for `sips` TLS; absent when it says nothing (RFC
 * 3261 section 19.1.1). */
struct slice sip_uri_transport(struct slice uri);

/** `bnc` in the URI of a contact: it stands for many numbers (RFC 6140 section 5.2). */
bool sip_uri_is_bulk(struct slice uri);

/** The value of parameter `name` in a list of `;name=value`; absent when it is not there, empty without a
 * value. A quoted value keeps its quotes. */
struct slice sip_parameter(struct slice parameters, struct slice name);

/** A decimal number, surrounding blanks allowed.
 *  @param number  filled on success only
 *  @return false when it is no number, or above 4294967295 */
bool sip_number(struct slice text, uint32_t *number);

#endif
