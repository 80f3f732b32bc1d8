/* aka.h
 * Milenage: what an AKA digest needs of it (3GPP TS 35.206).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_AKA_H
#define SIPTRAIL_AKA_H

#include <stdint.h>

#include "slice.h"

enum { AKA_KEY_LEN = 16, AKA_RAND_LEN = 16, AKA_RES_LEN = 8 };

/** What the USIM derives from K and RAND. Key material: wipe after use. */
struct aka_vector {
    uint8_t res[AKA_RES_LEN];
    uint8_t ck[AKA_KEY_LEN];
    uint8_t ik[AKA_KEY_LEN];
};

/** Milenage f2, f3 and f4 with the constants of TS 35.206 section 4.1.
 *
 *  @param k  subscriber key, AKA_KEY_LEN octets
 *  @param op  operator variant: OP, or OPc when `is_opc`
 *  @param rand  the challenge
 *  @return false when libgcrypt refuses AES */
bool aka_milenage(const uint8_t *k, const uint8_t *op, bool is_opc, const uint8_t *rand,
                  struct aka_vector *vector);

/** RAND out of an AKA nonce, base64( RAND || AUTN || server data ) (RFC 3310 section 3.2). Surplus padding,
 * as in the RFC's own examples, is accepted.
 *
 *  @return false when fewer than 32 octets come out */
bool aka_rand_of_nonce(struct slice nonce, uint8_t rand[AKA_RAND_LEN]);

#endif
