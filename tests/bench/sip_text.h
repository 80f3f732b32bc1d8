/* sip_text.h
 * Scripts of SIP dialogs, and the octets of each of their messages.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_BENCH_SIP_TEXT_H
#define SIPTRAIL_BENCH_SIP_TEXT_H

#include "frames.h"

enum side { CLIENT, SERVER };

/** What a message carries beyond the headers that all have. */
enum content {
    CHALLENGE = 1,     /**< 401 or 407 */
    CREDENTIALS = 2,   /**< for the last challenge */
    SDP = 4,           /**< body of an INVITE, or of its answer */
    TO_TAG = 8,        /**< both tags are known */
    CONTACT = 16,      /**< where to reach the sender */
    EXPIRES = 32,      /**< of a registration or subscription */
    SUBSCRIPTION = 64, /**< Event; of a NOTIFY also its state, entity-tag and body */
    CONDITION = 128    /**< Suppress-If-Match */
};

/** One message of a dialog. */
struct step {
    enum side from;
    uint16_t status; /**< 0 for a request */
    const char *method;
    uint8_t cseq;        /**< from 1, and on from there each round */
    uint8_t transaction; /**< requests and responses of one share a branch */
    unsigned content;    /**< set of enum content */
    uint32_t delay;      /**< ms after the message before it */
    uint8_t rtp;         /**< packets of RTP before it */
};

/** The messages of a dialog, in their order. */
struct script {
    const struct step *steps;
    uint8_t count;
    bool goes_round; /**< after the last step comes the step `first_again` */
    uint8_t first_again;
    uint8_t cseq_each_round;
    bool one_nonce;    /**< the nonce of the first challenge serves for ever */
    bool shared_nonce; /**< all dialogs get the same nonce */
    bool one_call_id;  /**< a user keeps Call-ID and counts CSeq on, as RFC 3261 section 10.2.4 says */
    bool scanner;      /**< a user name that was never seen before, from one host */
};

/** One dialog as it runs. All else of it follows from `id`. */
struct dialog {
    int64_t due; /**< ns */
    uint64_t id;
    uint32_t round;
    const struct script *script;
    uint8_t step;
    uint8_t rtp; /**< packets of RTP sent before the present step */
};

/** What all dialogs have in common. */
struct world {
    uint64_t seed;
    uint32_t users;
    bool compact; /**< short header names and few headers */
};

/** A number that looks random and follows from two others. */
uint64_t mix(uint64_t a, uint64_t b);

/** The client of a dialog and the server. */
struct host dialog_host(const struct world *world, const struct dialog *dialog, enum side side);

/** Appends the message of the dialog's present step. */
void sip_text_append(GString *text, const struct world *world, const struct dialog *dialog);

/** The password of all users in all digests. */
#define BENCH_PASSWORD "brass-Kettle-9"

#endif
