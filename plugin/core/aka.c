/* aka.c
 * Milenage: what an AKA digest needs of it (3GPP TS 35.206).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "aka.h"
#include "wipe.h"

#include <gcrypt.h>
#include <glib.h>

enum { BLOCK = 16, AUTN_LEN = 16, NONCE_TEXT_MAX = 4096 };

static void
xor_block(uint8_t *to, const uint8_t *with)
{
    for (int i = 0; i < BLOCK; i++)
        to[i] ^= with[i];
}

/* out = E[ rot(temp ^ OPc, r) ^ c ]K ^ OPc, where r is in octets and c is 128 bits of which the last octet
 * counts. */
static bool
milenage_output(gcry_cipher_hd_t aes, const uint8_t *temp, const uint8_t *opc, int r, uint8_t c, uint8_t *out)
{
    uint8_t block[BLOCK];
    for (int i = 0; i < BLOCK; i++)
        block[i] = temp[(i + r) % BLOCK] ^ opc[(i + r) % BLOCK];
    block[BLOCK - 1] ^= c;
    bool done = !gcry_cipher_encrypt(aes, out, BLOCK, block, BLOCK);
    xor_block(out, opc);
    return done;
}

static bool
milenage_with(gcry_cipher_hd_t aes, const uint8_t *op, bool is_opc, const uint8_t *rand,
              struct aka_vector *vector)
{
    uint8_t opc[BLOCK], temp[BLOCK], out2[BLOCK];
    memcpy(opc, op, BLOCK);
    /* OPc = E[OP]K ^ OP */
    if (!is_opc && gcry_cipher_encrypt(aes, opc, BLOCK, op, BLOCK))
        return false;
    if (!is_opc)
        xor_block(opc, op);
    /* TEMP = E[RAND ^ OPc]K */
    memcpy(temp, rand, BLOCK);
    xor_block(temp, opc);
    bool done = !gcry_cipher_encrypt(aes, temp, BLOCK, NULL, 0) &&
                milenage_output(aes, temp, opc, 0, 1, out2) &&       /* f2: r2 = 0, c2 = 1 */
                milenage_output(aes, temp, opc, 4, 2, vector->ck) && /* f3: r3 = 32, c3 = 2 */
                milenage_output(aes, temp, opc, 8, 4, vector->ik);   /* f4: r4 = 64, c4 = 4 */
    memcpy(vector->res, out2 + BLOCK - AKA_RES_LEN, AKA_RES_LEN);
    wipe(opc, sizeof opc);
    wipe(temp, sizeof temp);
    wipe(out2, sizeof out2);
    return done;
}

bool
aka_milenage(const uint8_t *k, const uint8_t *op, bool is_opc, const uint8_t *rand, struct aka_vector *vector)
{
    gcry_cipher_hd_t aes;
    if (gcry_cipher_open(&aes, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_ECB, 0))
        return false;
    bool done = !gcry_cipher_setkey(aes, k, AKA_KEY_LEN) && milenage_with(aes, op, is_opc, rand, vector);
    gcry_cipher_close(aes);
    return done;
}

bool
aka_rand_of_nonce(struct slice nonce, uint8_t rand[AKA_RAND_LEN])
{
    gint state = 0;
    guint save = 0;
    guchar octets[NONCE_TEXT_MAX];
    if (nonce.len > NONCE_TEXT_MAX)
        return false;
    gsize n = g_base64_decode_step(nonce.p, nonce.len, octets, &state, &save);
    if (n < AKA_RAND_LEN + AUTN_LEN)
        return false;
    memcpy(rand, octets, AKA_RAND_LEN);
    return true;
}
