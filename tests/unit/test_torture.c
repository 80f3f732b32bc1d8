/* test_torture.c
 * The messages of RFC 4475, out of torture.py: what the reader finds in each, and that an exchange which one
 * of them interrupts is linked all the same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "script.h"

struct torture {
    const char *name, *kind;
    struct slice octets;
    struct slice method, uri, cseq_method, call_id, from_uri, from_tag, to_uri, to_tag, transport, host,
        branch, body;
    unsigned status, port;
    uint32_t cseq;
    bool cut, refused;
};

static const struct torture tortures[] = {
#include "torture.inc"
};

static void
assert_same(const char *what, struct slice found, struct slice expected)
{
    if (slice_equal(found, expected) && (found.p == NULL) == (expected.p == NULL))
        return;
    char *got = slice_string(found), *wanted = slice_string(expected);
    g_test_message("%s is %s, should be %s", what, got, wanted);
    g_test_fail();
    g_free(got);
    g_free(wanted);
}

static void
compare(const struct sip_message *message, const struct torture *torture)
{
    assert_same("Request-URI", message->request_uri, torture->uri);
    assert_same("CSeq method", message->cseq_method, torture->cseq_method);
    assert_same("Call-ID", message->header[SIP_CALL_ID], torture->call_id);
    assert_same("From URI", message->from_uri, torture->from_uri);
    assert_same("From tag", message->from_tag, torture->from_tag);
    assert_same("To URI", message->to_uri, torture->to_uri);
    assert_same("To tag", message->to_tag, torture->to_tag);
    assert_same("transport", message->via.transport, torture->transport);
    assert_same("sent-by", message->via.host, torture->host);
    assert_same("branch", message->via.branch, torture->branch);
    assert_same("body", message->body, torture->body);
    g_assert_cmpuint(message->status, ==, torture->status);
    g_assert_cmpuint(message->cseq, ==, torture->cseq);
    g_assert_cmpuint(message->via.port, ==, torture->port);
    g_assert_cmpint(message->body_cut, ==, torture->cut);
    g_assert_false(message->headers_cut);
}

static void
test_read(gconstpointer data)
{
    const struct torture *torture = data;
    struct slice octets = exact_copy(torture->octets);
    struct sip_message message;
    bool is_sip = sip_message_parse(octets, false, &message);
    g_assert_cmpint(is_sip, ==, !torture->refused);
    if (is_sip) {
        compare(&message, torture);
        if (torture->status == 0)
            assert_same("method", message.method, torture->method);
    }
    free((char *)(uintptr_t)octets.p);
}

static void
send_octets(struct script *script, struct slice text, bool back)
{
    struct slice octets = exact_copy(text);
    struct endpoint client = {5060, 1, 4, {192, 0, 2, 1}}, server = {5060, 1, 4, {192, 0, 2, 2}};
    struct arrival arrival = {++script->frame, script->time += 10000000, client, server};
    struct sip_message message;
    if (back)
        arrival = (struct arrival){arrival.frame, arrival.time, server, client};
    if (sip_message_parse(octets, false, &message))
        tracker_add(script->tracker, &message, &arrival);
    free((char *)(uintptr_t)octets.p);
}

/* Once in each direction, twice in all, between any two messages of a registration on the same hop. */
static void
test_neighbours(gconstpointer data)
{
    const struct torture *torture = data;
    struct script *script = script_begin();
    send_octets(script, torture->octets, false);
    const struct record *first = SEND(script, .cseq = 1);
    send_octets(script, torture->octets, true);
    const struct record *refusal = SEND(script, .status = 401, .cseq = 1, .headers = CHALLENGE("n1"));
    send_octets(script, torture->octets, false);
    const struct record *retry = SEND(script, .cseq = 2, .headers = ANSWER(script));
    send_octets(script, torture->octets, true);
    const struct record *success = SEND(script, .status = 200, .cseq = 2);
    g_assert_true(refusal->request == first);
    g_assert_cmpuint(first->response_frame, ==, refusal->frame);
    g_assert_cmpuint(script_use(retry)->challenge_frame, ==, refusal->frame);
    g_assert_cmpint(script_use(retry)->verdict.status, ==, DIGEST_GOOD);
    g_assert_true(success->request == retry);
    g_assert_cmpuint(script_exchanges(script), ==, 1);
    g_assert_cmpstr(script_outcome(script, script_exchange(script, 0)), ==, "accepted");
    script_end(script);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tortures); i++) {
        char *group = g_strconcat("/torture/", tortures[i].kind, NULL);
        char *path = test_path(group, tortures[i].name);
        g_test_add_data_func(path, &tortures[i], test_read);
        g_free(path);
        path = test_path("/torture/neighbours-of", tortures[i].name);
        g_test_add_data_func(path, &tortures[i], test_neighbours);
        g_free(path);
        g_free(group);
    }
    return test_run_all();
}
