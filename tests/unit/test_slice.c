/* test_slice.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "support.h"

static void
test_equal(void)
{
    struct slice absent = {NULL, 0};
    g_assert_true(slice_equal(SLICE("ab"), SLICE("ab")));
    g_assert_false(slice_equal(SLICE("ab"), SLICE("aB")));
    g_assert_false(slice_equal(SLICE("ab"), SLICE("abc")));
    g_assert_true(slice_equal(SLICE("a\0b"), SLICE("a\0b")));
    g_assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
    g_assert_true(slice_equal(absent, SLICE("")));
}

/* RFC 3261 section 7.3.1: tokens ignore case. What only looks like a case pair does not: "@" and "`", "[" and
 * "{". */
static void
test_equal_nocase(void)
{
    g_assert_true(slice_equal_nocase(SLICE("Via"), SLICE("vIA")));
    g_assert_true(slice_equal_nocase(SLICE("AZaz09-"), SLICE("azAZ09-")));
    g_assert_false(slice_equal_nocase(SLICE("@"), SLICE("`")));
    g_assert_false(slice_equal_nocase(SLICE("["), SLICE("{")));
    g_assert_false(slice_equal_nocase(SLICE("\0"), SLICE(" ")));
    g_assert_false(slice_equal_nocase(SLICE("0"), SLICE("\x10")));
    g_assert_false(slice_equal_nocase(SLICE("\xc4"), SLICE("\xe4")));
    g_assert_false(slice_equal_nocase(SLICE("Via"), SLICE("Vi")));
}

static void
test_trim(void)
{
    assert_slice(slice_trim(SLICE(" \t\r\n a b \r\n")), "a b");
    assert_slice(slice_trim(SLICE(" \t ")), "");
    assert_slice(slice_trim(SLICE("")), "");
    assert_slice(slice_trim_left(SLICE("  a ")), "a ");
    assert_slice(slice_trim((struct slice){NULL, 0}), NULL);
}

static void
test_from(void)
{
    struct slice s = SLICE("abc");
    assert_slice(slice_from(s, 0), "abc");
    assert_slice(slice_from(s, 2), "c");
    assert_slice(slice_from(s, 3), "");
    assert_slice(slice_from(s, 99), "");
    g_assert_true(slice_from(s, 99).p == slice_end(s));
}

/* Absent stays absent, and no arithmetic is done on NULL. */
static void
test_absent(void)
{
    struct slice absent = {NULL, 0}, rest = SLICE("x");
    assert_slice(slice_from(absent, 0), NULL);
    assert_slice(slice_from(absent, 5), NULL);
    assert_slice(slice_until(absent, ',', &rest), NULL);
    assert_slice(rest, NULL);
    g_assert_false(slice_starts_nocase(absent, SLICE("a")));
}

static void
test_until(void)
{
    struct slice rest;
    assert_slice(slice_until(SLICE("a,b,c"), ',', &rest), "a");
    assert_slice(rest, "b,c");
    assert_slice(slice_until(SLICE("abc"), ',', &rest), "abc");
    assert_slice(rest, "");
    assert_slice(slice_until(SLICE(",x"), ',', &rest), "");
    assert_slice(rest, "x");
    assert_slice(slice_until(SLICE("x,"), ',', &rest), "x");
    assert_slice(rest, "");
    assert_slice(slice_until(SLICE("a,b"), ',', NULL), "a");
    assert_slice(slice_until(SLICE("a\0b"), '\0', &rest), "a");
    assert_slice(rest, "b");
}

static void
test_starts(void)
{
    g_assert_true(slice_starts_nocase(SLICE("Z9HG4bKx"), SLICE("z9hG4bK")));
    g_assert_true(slice_starts_nocase(SLICE("z9hG4bK"), SLICE("z9hG4bK")));
    g_assert_false(slice_starts_nocase(SLICE("z9hG4b"), SLICE("z9hG4bK")));
    g_assert_true(slice_starts_nocase(SLICE("x"), SLICE("")));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/slice/equal", test_equal);
    g_test_add_func("/slice/equal-nocase", test_equal_nocase);
    g_test_add_func("/slice/trim", test_trim);
    g_test_add_func("/slice/from", test_from);
    g_test_add_func("/slice/absent", test_absent);
    g_test_add_func("/slice/until", test_until);
    g_test_add_func("/slice/starts", test_starts);
    return test_run_all();
}
