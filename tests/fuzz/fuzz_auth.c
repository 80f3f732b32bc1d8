/* fuzz_auth.c
 * Any octets as a header value: challenges and credentials, Authentication-Info, and the decoders of their
 * texts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fuzz.h"

static void
check_text(struct slice raw)
{
    char *buffer = malloc(raw.len + 1);
    struct slice room = {buffer, raw.len};
    struct slice clear = auth_unescape(raw, buffer);
    must(clear.len <= raw.len && (clear.p == raw.p || slice_inside(clear, room)));
    struct slice decoded = auth_decode_extended(raw, buffer);
    must(slice_inside(decoded, room));
    auth_list_has(raw, SLICE("auth-int"));
    free(buffer);
}

static void
check_value(const struct auth_value *value, struct slice text)
{
    must(slice_inside(value->scheme, text));
    for (int i = 0; i < AUTH_PARAM_COUNT; i++) {
        struct slice param = value->param[i];
        must(slice_inside(param, text));
        must(param.p || !((value->quoted | value->repeated) >> i & 1));
        if (!param.p)
            continue;
        /* A quoted text has its quote before it. */
        must(!(value->quoted >> i & 1) || (param.p > text.p && param.p[-1] == '"'));
        check_text(param);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = fuzz_text(data, size), rest = text;
    struct auth_value value;
    size_t before = rest.len + 1;
    while (auth_header_next(&rest, &value)) {
        must(rest.len < before && slice_inside(rest, text));
        before = rest.len;
        check_value(&value, text);
    }
    must(rest.len == 0);
    auth_info_parse(text, &value);
    must(value.scheme.p == NULL);
    check_value(&value, text);
    check_text(text);
    return 0;
}
