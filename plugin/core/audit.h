/* audit.h
 * Outcomes, their causes, and what they mean.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_AUDIT_H
#define SIPTRAIL_AUDIT_H

#include "findings.h"

/** Outcome of a request with credentials that was answered.
 *  @param challenged_again  same realm and kind of header as the credentials
 *  @param stale  … says stale=true, or it is evident: the nonce had been accepted before */
enum outcome audit_outcome(uint16_t status, bool challenged_again, bool stale);

/** Words of the server's own about a refusal: its reason phrase, when it is another than RFC 3261 section 21
 * has; else a header that says more (Warning, section 20.43; Reason, RFC 3326), name and value.
 *  @return absent, or at most the 64 octets that begin the phrase, the 96 that begin the header */
struct slice audit_own_words(const struct sip_message *message);

/** Whether such words are a header. */
bool audit_words_are_header(const char *words);

/** So soon after its challenge, and for the first time, no server can have called the nonce too old. */
bool audit_nonce_is_fresh(const struct use *use);

/** The words say that the nonce was refused, be it with or without stale=true.
 *  @param phrase  NULL: no */
bool audit_refuses_nonce(const char *phrase);

/** Whether this is odd about credentials that were answered, and worth a word. That they name another user is
 * where it may matter: whoever registers names himself; in a call, if they are right, or forbidden. */
bool audit_is_suspect(const struct use *use, enum finding finding);

/** A form of credentials that a server takes always or never: one that it has accepted is why it refuses
 * none. */
bool audit_is_form(enum finding finding);

/** The main finding behind an outcome; FINDING_NONE when it is `accepted` or open. */
enum finding audit_cause(const struct use *use, enum outcome outcome);

/** The same for an exchange as of now. */
enum finding audit_exchange_cause(const struct tracker *tracker, const struct exchange *exchange);

/** The finding that tells a digest verdict; FINDING_NONE when it is not worth one. */
enum finding audit_digest(const struct digest_verdict *verdict, bool configured, bool server);

/** Digest status of all credentials that answered the exchange: the worst. DIGEST_NONE without a retry. */
enum digest_status exchange_digest(const struct exchange *exchange);

/** The refused request had credentials, and not for another realm: a second challenge, not a further one. */
bool exchange_refused_for_good(const struct exchange *exchange);

/** That is a suspect of a challenge that nobody answered, and nothing speaks against it. */
bool audit_silence_suspect(const struct exchange *exchange, enum finding finding);

/** Why they were refused; FINDING_NONE when it had none. */
enum finding exchange_refused_cause(const struct exchange *exchange);

/** A final answer that is no success, and says nothing against who asked: the request was let in, and found
 *  the callee busy, absent, or not willing, or something to correct in itself.
 *  @param rang  a provisional response above 100 came before */
bool audit_lets_in(const char *method, uint16_t status, bool rang);

/** It had no time to expire when it was used: refused, it was for another reason. An age that is not known is
 * no young one, unless the client has just begun to count. */
bool audit_nonce_is_young(const struct use *use);

/** Why a REGISTER got 423.
 *  @param asked, wanted  by the request, and by Min-Expires, in s; 0: not said */
enum finding audit_interval(uint32_t asked, uint32_t wanted);

/** Tells by itself why a REGISTER led to no registration, where nobody has asked for a password. */
bool audit_is_registration_cause(enum finding finding);

/** A 5xx, unless it is about the request: its method, version, length or preconditions (RFC 3312). */
bool audit_server_failed(uint16_t status);

/** Where the challenge was passed on to, so that the answer has to come from there: the last hop that is
 * seen, or the one on which it was answered, or may have been.
 *  @return the exchange itself, if it was not passed on */
const struct exchange *exchange_nearest(const struct exchange *exchange);

/** The frame in which this challenge was answered on a hop nearer to the client; 0: nowhere, or here. */
uint32_t exchange_answered_elsewhere(const struct exchange *exchange);

/** Of a challenge without an answer 32 s later: a frame in which its client sent its server the first
 * fragment of a datagram since, that was never put together; 0: none. */
uint32_t exchange_fragments(const struct tracker *tracker, const struct exchange *exchange);

/** Likewise, asked over UDP: the frame in which its client opened a TCP connection to its server since. */
uint32_t exchange_connection(const struct tracker *tracker, const struct exchange *exchange);

/** Likewise: whether the answer may have gone by the IPsec that came with the challenge (RFC 3329
 * section 2.2).
 */
bool exchange_in_ipsec(const struct tracker *tracker, const struct exchange *exchange);

/** "accepted", "rejected", … as `siptrail.outcome` has it; "" for OUTCOME_NONE. */
const char *outcome_text(enum outcome outcome);

/** What a status code or outcome means here, when one sees it, and what to do: one sentence each. Static
 * texts with placeholders. */
struct advice {
    const char *meaning, *when, *fix;
};
struct advice audit_advice(enum outcome outcome, enum finding cause);
/** The same for a 401 or 407 that begins an exchange. */
struct advice audit_advice_challenge(const struct exchange *exchange, enum outcome outcome,
                                     enum finding cause);
/** The same for a response that closes the request of these credentials. */
struct advice audit_advice_closing(const struct use *use);
struct advice audit_advice_204(const struct no_notify *no_notify, bool right);

#endif
