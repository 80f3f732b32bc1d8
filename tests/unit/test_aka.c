/* test_aka.c
 * Milenage against the test sets of 3GPP TS 35.207 and 35.208, and RAND out of nonces.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "aka.h"
#include "support.h"

struct milenage_set {
    const char *name, *k, *rand, *op, *opc, *res, *ck, *ik;
};

static const struct milenage_set sets[] = {
    {"set-1", "465b5ce8b199b49faa5f0a2ee238a6bc", "23553cbe9637a89d218ae64dae47bf35",
     "cdc202d5123e20f62b6d676ac72cb318", "cd63cb71954a9f4e48a5994e37a02baf", "a54211d5e3ba50bf",
     "b40ba9a3c58b2a05bbf0d987b21bf8cb", "f769bcd751044604127672711c6d3441"},
    {"set-2", "0396eb317b6d1c36f19c1c84cd6ffd16", "c00d603103dcee52c4478119494202e8",
     "ff53bade17df5d4e793073ce9d7579fa", "53c15671c60a4b731c55b4a441c0bde2", "d3a628ed988620f0",
     "58c433ff7a7082acd424220f2b67c556", "21a8c1f929702adb3e738488b9f5c5da"},
    {"set-3", "fec86ba6eb707ed08905757b1bb44b8f", "9f7c8d021accf4db213ccff0c7f71a6a",
     "dbc59adcb6f9a0ef735477b7fadf8374", "1006020f0a478bf6b699f15c062e42b3", "8011c48c0c214ed2",
     "5dbdbb2954e8f3cde665b046179a5098", "59a92d3b476a0443487055cf88b2307b"},
};

struct octets {
    uint8_t o[64];
    size_t len;
};

static struct octets
from_hex(const char *hex)
{
    struct octets octets = {.len = strlen(hex) / 2};
    g_assert(octets.len <= sizeof octets.o);
    for (size_t i = 0; i < octets.len; i++)
        octets.o[i] = (uint8_t)(g_ascii_xdigit_value(hex[2 * i]) * 16 + g_ascii_xdigit_value(hex[2 * i + 1]));
    return octets;
}

static void
assert_vector(const struct milenage_set *set, const char *op, bool is_opc)
{
    struct aka_vector vector;
    struct octets k = from_hex(set->k), operator_variant = from_hex(op), rand = from_hex(set->rand);
    struct octets res = from_hex(set->res), ck = from_hex(set->ck), ik = from_hex(set->ik);
    g_assert_true(aka_milenage(k.o, operator_variant.o, is_opc, rand.o, &vector));
    g_assert_cmpmem(vector.res, sizeof vector.res, res.o, res.len);
    g_assert_cmpmem(vector.ck, sizeof vector.ck, ck.o, ck.len);
    g_assert_cmpmem(vector.ik, sizeof vector.ik, ik.o, ik.len);
}

static void
test_op(gconstpointer data)
{
    const struct milenage_set *set = data;
    assert_vector(set, set->op, false);
}

static void
test_opc(gconstpointer data)
{
    const struct milenage_set *set = data;
    assert_vector(set, set->opc, true);
}

/* OP taken for OPc, and another K: neither may give the RES of the set. */
static void
test_wrong_key(gconstpointer data)
{
    const struct milenage_set *set = data;
    struct aka_vector vector;
    struct octets k = from_hex(set->k), op = from_hex(set->op), rand = from_hex(set->rand),
                  res = from_hex(set->res);
    g_assert_true(aka_milenage(k.o, op.o, true, rand.o, &vector));
    g_assert_true(memcmp(vector.res, res.o, res.len) != 0);
    k.o[0] ^= 1;
    g_assert_true(aka_milenage(k.o, op.o, false, rand.o, &vector));
    g_assert_true(memcmp(vector.res, res.o, res.len) != 0);
}

struct nonce_case {
    const char *name, *nonce, *rand; /* NULL: refused */
};

static const struct nonce_case nonces[] = {
    {"rand-autn", "I1U8vpY3qJ0hiuZNrke/NVXzKLQ1d7m5Sp/6w1Tfr7M=", "23553cbe9637a89d218ae64dae47bf35"},
    {"no-padding", "I1U8vpY3qJ0hiuZNrke/NVXzKLQ1d7m5Sp/6w1Tfr7M", NULL},
    {"server-data",
     "I1U8vpY3qJ0hiuZNrke/NVXzKLQ1d7m5Sp/6w1Tfr7MBAgMEBQY=", "23553cbe9637a89d218ae64dae47bf35"},
    {"rfc3310-4-surplus-padding",
     "CjPk9mRqNuT25eRkajM09uTl9nM09uTl9nMz5OX25PZz==", "0a33e4f6646a36e4f6e5e4646a3334f6"},
    {"nul-octets", "AAAAAAAAAAAAAAAAAAAAAAMEBQYHCAAAAAECAwQFBgc=", "00000000000000000000000000000000"},
    {"empty", "", NULL},
    {"one-octet-short", "I1U8vpY3qJ0hiuZNrke/NVXzKLQ1d7m5Sp/6w1Tfrw==", NULL},
    {"hex-nonce", "dcd98b7102dd2f0e8b11d0f600bfb0c093", NULL},
    {"no-base64", "*******************************************************", NULL},
};

static void
test_nonce(gconstpointer data)
{
    const struct nonce_case *c = data;
    uint8_t rand[AKA_RAND_LEN];
    struct slice nonce = exact_copy(text_slice_of(c->nonce));
    bool taken = aka_rand_of_nonce(nonce, rand);
    g_assert_true(taken == (c->rand != NULL));
    if (taken && c->rand) {
        struct octets expected = from_hex(c->rand);
        g_assert_cmpmem(rand, sizeof rand, expected.o, expected.len);
    }
    free((char *)(uintptr_t)nonce.p);
}

/* The length comes from the wire: it must not decide how much stack is used. */
static void
test_nonce_huge(void)
{
    uint8_t rand[AKA_RAND_LEN];
    char *text = g_strnfill(1 << 20, 'A');
    aka_rand_of_nonce((struct slice){text, 1 << 20}, rand);
    aka_rand_of_nonce((struct slice){text, 4096}, rand);
    aka_rand_of_nonce((struct slice){text, 4097}, rand);
    g_free(text);
}

static void
add_set(const struct milenage_set *set, const char *group, GTestDataFunc test)
{
    char *path = test_path(group, set->name);
    g_test_add_data_func(path, set, test);
    g_free(path);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(sets); i++) {
        add_set(&sets[i], "/aka/milenage-op", test_op);
        add_set(&sets[i], "/aka/milenage-opc", test_opc);
        add_set(&sets[i], "/aka/milenage-wrong-key", test_wrong_key);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(nonces); i++) {
        char *path = test_path("/aka/nonce", nonces[i].name);
        g_test_add_data_func(path, &nonces[i], test_nonce);
        g_free(path);
    }
    g_test_add_func("/aka/nonce/huge", test_nonce_huge);
    return test_run_all();
}
