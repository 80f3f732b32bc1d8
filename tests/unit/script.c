/* script.c
 * Plays a capture to the tracker, message by message.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "script.h"

#include "audit.h"

#define OR(text, usual) ((text) ? (text) : (usual))

static const char *
keep(struct script *script, char *text)
{
    g_ptr_array_add(script->texts, text);
    return text;
}

struct script *
script_begin(void)
{
    static const struct credential alice = {SLICE("alice"), SLICE("*"), SECRET_PASSWORD, SLICE("secret"), 0};
    struct script *script = g_new0(struct script, 1);
    test_host_credentials(&alice, 1);
    script->tracker = tracker_new(&test_host);
    script->time = INT64_C(1700000000) * 1000000000;
    script->texts = g_ptr_array_new_with_free_func(g_free);
    return script;
}

void
script_end(struct script *script)
{
    tracker_free(script->tracker);
    g_ptr_array_unref(script->texts);
    g_free(script);
    test_host_reset();
}

static struct endpoint
endpoint_of(int number)
{
    const uint16_t port = (uint16_t)(5060 + number % BY_IPV6 / NEXT_PORT);
    const uint8_t host = (uint8_t)(number % NEXT_PORT);
    if (number >= BY_IPV6)
        return (struct endpoint){port, 2, 16, {0x20, 1, 0xd, 0xb8, [15] = host}};
    return (struct endpoint){port, 1, 4, {192, 0, 2, host}};
}

static void
append_top(GString *text, const struct sip *sip, unsigned cseq, const char *method)
{
    char *branch = sip->branch ? g_strdup(sip->branch) : g_strdup_printf("z9hG4bK-%u", cseq);
    if (sip->status)
        g_string_append_printf(text, "SIP/2.0 %u %s\r\n", sip->status, OR(sip->phrase, "Whatever"));
    else
        g_string_append_printf(text, "%s %s SIP/2.0\r\n", method, OR(sip->uri, "sip:example.com"));
    g_string_append_printf(text, "Via: SIP/2.0/%s %s%s%s\r\n", OR(sip->transport, "UDP"),
                           OR(sip->host, "192.0.2.1"), *branch ? ";branch=" : "", branch);
    g_free(branch);
}

/* The message in a block of its own size, so that the sanitiser sees what the tracker must not keep. */
static struct slice
message_text(const struct sip *sip)
{
    unsigned cseq = sip->cseq ? sip->cseq : 1;
    const char *method = OR(sip->method, "REGISTER"), *user = OR(sip->user, "alice"),
               *body = OR(sip->body, "");
    const char *to_tag = sip->to_tag ? sip->to_tag : sip->status ? "t1" : NULL;
    GString *text = g_string_new(NULL);
    append_top(text, sip, cseq, method);
    g_string_append_printf(text, "Call-ID: %s\r\nFrom: <sip:%s@example.com>;tag=%s\r\n",
                           OR(sip->call_id, "call-1"), user, OR(sip->from_tag, "f1"));
    g_string_append_printf(text,
                           "To: <sip:%s@example.com>%s%s\r\nCSeq: %u %s\r\n%sContent-Length: %zu\r\n\r\n%s",
                           user, to_tag ? ";tag=" : "", OR(to_tag, ""), cseq, method, OR(sip->headers, ""),
                           strlen(body), body);
    struct slice copy = exact_copy((struct slice){text->str, text->len});
    g_string_free(text, TRUE);
    return copy;
}

/* Gives it to the tracker; or, if it is unreachable, what ICMP quotes of it. */
static struct record *
arrive(struct script *script, const struct sip *sip, bool unreachable)
{
    struct slice text = message_text(sip);
    struct sip_message message;
    struct record *record = NULL;
    script->frame++;
    script->time += (int64_t)((sip->at_once ? 0 : sip->ms != 0 ? sip->ms : 10) * 1e6);
    struct arrival arrival = {.frame = script->frame,
                              .time = script->time,
                              .from = endpoint_of(sip->from     ? sip->from
                                                  : sip->status ? 2
                                                                : 1),
                              .to = endpoint_of(sip->to       ? sip->to
                                                : sip->status ? 1
                                                              : 2),
                              .datagram = (uint16_t)sip->datagram,
                              .in_stream = sip->expected != 0,
                              .expected = sip->expected};
    if (sip->cut)
        text.len = (size_t)(g_strstr_len(text.p, (gssize)text.len, "Content-Length") - text.p);
    g_assert(sip_message_parse(text, sip->cut, &message));
    if (unreachable)
        tracker_unreachable(script->tracker, &message, &arrival, !sip->no_way);
    else
        record = tracker_add(script->tracker, &message, &arrival);
    g_assert(unreachable || record->frame == script->frame);
    free((char *)(uintptr_t)text.p);
    return record;
}

struct record *
script_send(struct script *script, const struct sip *sip)
{
    return arrive(script, sip, false);
}

void
script_unreachable(struct script *script, const struct sip *sip)
{
    arrive(script, sip, true);
}

static char *
md5_of(const char *format, const char *a, const char *b, const char *c)
{
    char *text = g_strdup_printf(format, a, b, c);
    char *hash = g_compute_checksum_for_string(G_CHECKSUM_MD5, text, -1);
    g_free(text);
    return hash;
}

const char *
script_answer(struct script *script, const struct answer *answer)
{
    const char *user = OR(answer->user, "alice"), *realm = OR(answer->realm, "example.com");
    const char *uri = OR(answer->uri, "sip:example.com"), *cnonce = OR(answer->cnonce, "0a4f113b");
    const char *nc = OR(answer->nc, "00000001"), *nonce = OR(answer->nonce, "n1");
    char *ha1 = md5_of("%s:%s:%s", user, realm, OR(answer->password, "secret"));
    char *ha2 = md5_of("%s:%s%s", OR(answer->method, "REGISTER"), uri, "");
    char *middle = g_strdup_printf("%s:%s:%s:auth", nonce, nc, cnonce);
    char *response = md5_of("%s:%s:%s", ha1, middle, ha2);
    char *line = g_strdup_printf(
        "%s: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\", "
        "algorithm=MD5, qop=auth, nc=%s, cnonce=\"%s\"%s\r\n",
        OR(answer->header, "Authorization"), user, realm, nonce, uri, response, nc, cnonce,
        OR(answer->more, ""));
    g_free(ha1);
    g_free(ha2);
    g_free(middle);
    g_free(response);
    return keep(script, line);
}

const char *
script_join(struct script *script, const char *first, const char *second)
{
    return keep(script, g_strconcat(first, second, NULL));
}

void
script_connect(struct script *script, int from, int to)
{
    const struct endpoint client = endpoint_of(from), server = endpoint_of(to);
    tracker_connect(script->tracker, ++script->frame, &client, &server);
}

void
script_disconnect(struct script *script, int from, int to, uint32_t sequence)
{
    const struct endpoint here = endpoint_of(from), there = endpoint_of(to);
    tracker_disconnect(script->tracker, ++script->frame, &here, &there, sequence);
}

void
script_keep_alive(struct script *script, int from)
{
    const struct endpoint endpoint = endpoint_of(from);
    tracker_hear(script->tracker, ++script->frame, &endpoint);
}

void
script_wait(struct script *script, double seconds)
{
    script->time += (int64_t)(seconds * 1e9);
    tracker_tick(script->tracker, script->time);
}

void
script_idle(struct script *script, unsigned hours)
{
    while (hours-- > 0)
        script_wait(script, 3600);
}

const struct exchange *
script_exchange(const struct script *script, unsigned n)
{
    const struct exchange *exchange = tracker_exchanges(script->tracker);
    while (exchange && n-- > 0)
        exchange = exchange->next;
    g_assert(exchange != NULL);
    return exchange;
}

unsigned
script_exchanges(const struct script *script)
{
    unsigned n = 0;
    for (const struct exchange *exchange = tracker_exchanges(script->tracker); exchange;
         exchange = exchange->next)
        n++;
    return n;
}

const struct use *
script_use(const struct record *record)
{
    g_assert(record->detail && record->detail->uses);
    return record->detail->uses;
}

const char *
script_outcome(const struct script *script, const struct exchange *exchange)
{
    return outcome_text(exchange_outcome(script->tracker, exchange));
}

const char *
script_cause(const struct script *script, const struct exchange *exchange)
{
    return finding_rule(audit_exchange_cause(script->tracker, exchange))->name;
}

const char *
script_notes(struct script *script, const struct record *record)
{
    GString *names = g_string_new(NULL);
    for (const struct note *note = record->detail ? record->detail->notes : NULL; note; note = note->next)
        g_string_append_printf(names, "%s%s", names->len ? " " : "",
                               finding_rule((enum finding)note->finding)->name);
    return keep(script, g_string_free(names, FALSE));
}

static void
play(gconstpointer data)
{
    struct script *script = script_begin();
    ((const struct play *)data)->test(script);
    script_end(script);
}

void
script_add_plays(const char *group, const struct play *plays, size_t count)
{
    test_add_cases(group, plays, sizeof *plays, count, play);
}
