/* fuzz_message.c
 * Any octets through sip_message_parse and what reads its views. The first octet says whether the capture was
 * cut.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fuzz.h"

static void
check_uri(struct slice uri)
{
    struct slice user, host;
    if (!uri.p)
        return;
    sip_uri_split(uri, &user, &host);
    must(slice_inside(user, uri) && slice_inside(host, uri));
}

static void
check_views(const struct sip_message *message, struct slice bytes)
{
    const struct slice views[] = {message->text,        message->method,        message->request_uri,
                                  message->headers,     message->body,          message->from_uri,
                                  message->from_tag,    message->to_uri,        message->to_tag,
                                  message->cseq_method, message->via.transport, message->via.host,
                                  message->via.branch};
    for (size_t i = 0; i < G_N_ELEMENTS(views); i++)
        must(slice_inside(views[i], bytes));
    for (int id = 0; id < SIP_HEADER_COUNT; id++) {
        must(slice_inside(message->header[id], message->headers));
        must((message->header[id].p != NULL) == (message->header_lines[id] > 0));
    }
    must(message->text.p == bytes.p && slice_end(message->body) == slice_end(message->text));
    must(message->is_request ? message->status == 0 : message->status >= 100 && message->status <= 699);
    must(!message->headers_cut || message->body.len == 0);
}

/* The walk finds the same lines that the parser counted, and never stands still. */
static void
check_walk(const struct sip_message *message)
{
    unsigned lines[SIP_HEADER_COUNT + 1] = {0};
    struct slice rest = message->headers, value;
    enum sip_header id;
    size_t before = rest.len;
    while (sip_message_next_header(&rest, &id, &value)) {
        must(id <= SIP_HEADER_COUNT && rest.len < before && slice_inside(value, message->headers));
        before = rest.len;
        lines[id]++;
        struct slice parameter = sip_parameter(value, SLICE("tag"));
        must(slice_inside(parameter, value));
    }
    for (int i = 0; i < SIP_HEADER_COUNT; i++)
        must(message->header_lines[i] == MIN(lines[i], UINT16_MAX));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sip_message message;
    if (size == 0)
        return 0;
    struct slice bytes = fuzz_text(data + 1, size - 1);
    if (!sip_message_parse(bytes, data[0] & 1, &message))
        return 0;
    check_views(&message, bytes);
    check_walk(&message);
    check_uri(message.from_uri);
    check_uri(message.to_uri);
    check_uri(message.request_uri);
    return 0;
}
