/* support.h
 * What the unit tests and the fuzz targets share: slices of literals, and a host for the tracker.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SIPTRAIL_TEST_SUPPORT_H
#define SIPTRAIL_TEST_SUPPORT_H

#include <glib.h>

#include "tracker.h"

/** The slice of a terminated string; absent for NULL. */
struct slice text_slice_of(const char *text);

/** A copy in a heap block of just that size, so that AddressSanitizer sees a read past its end. Free `p`. */
struct slice exact_copy(struct slice text);

/** Whether `part` lies within `whole`; an absent slice lies in anything. */
bool slice_inside(struct slice part, struct slice whole);

/** Terminated copy for messages and comparisons, NULL when absent. Free with g_free. */
char *slice_string(struct slice s);

/** Compares with a terminated string; NULL wants an absent slice. */
#define assert_slice(slice, expected)                                                                        \
    G_STMT_START                                                                                             \
    {                                                                                                        \
        char *got_ = slice_string(slice);                                                                    \
        g_assert_cmpstr(got_, ==, (expected));                                                               \
        g_free(got_);                                                                                        \
    }                                                                                                        \
    G_STMT_END

/** One text per combination of sanitised name parts: "/group/name with blanks" becomes a legal test path. */
char *test_path(const char *group, const char *name);

/** Adds a test for each of `count` cases of that size, which begin with their name and are handed to it. */
void test_add_cases(const char *group, const void *cases, size_t size, size_t count, GTestDataFunc test);
#define ADD_CASES(group, cases, test)                                                                        \
    test_add_cases((group), (cases), sizeof *(cases), G_N_ELEMENTS(cases), (test))

/** Runs all tests that were added: every case reports by itself, none stops the others. */
int test_run_all(void);

/** Hands out zeroed blocks, each of its own, until test_host_reset. */
extern const struct tracker_host test_host;
void test_host_reset(void);
/** How many of them there are. */
size_t test_host_blocks(void);

/** What test_host.credentials answers from now on; the rows belong to the caller. */
void test_host_credentials(const struct credential *rows, size_t count);

#endif
