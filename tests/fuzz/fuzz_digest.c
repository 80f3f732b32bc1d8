/* fuzz_digest.c
 * One digest to judge. Lines of the input: options, credentials, challenge, method, Request-URI, user, realm,
 * secret; what follows is the body. Of the options, one character each, see read_options.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fuzz.h"

struct script {
    struct slice options, credentials, challenge, method, request_uri, user, realm, secret, body;
};

static struct script
read_script(struct slice text)
{
    struct script script;
    struct slice *const lines[] = {&script.options, &script.credentials, &script.challenge,
                                   &script.method,  &script.request_uri, &script.user,
                                   &script.realm,   &script.secret};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        *lines[i] = slice_until(text, '\n', &text);
    script.body = text;
    return script;
}

static bool
has_option(const struct script *script, char option)
{
    return script->options.len > 0 && memchr(script->options.p, option, script->options.len);
}

/* p password, h HA1, r RES, o K and OP, c K and OPc; a secret of the wrong length is the caller's fault, not
 * a case. */
static struct credential
read_row(const struct script *script)
{
    struct credential row = {.user = script->user, .realm = script->realm, .secret = script->secret};
    if (has_option(script, 'h'))
        row.type = SECRET_HA1;
    else if (has_option(script, 'r'))
        row = (struct credential){row.user, row.realm, SECRET_AKA_RES, row.secret, MIN(row.secret.len, 8)};
    else if (has_option(script, 'o') && row.secret.len == 32)
        row.type = SECRET_AKA_K_OP;
    else if (has_option(script, 'c') && row.secret.len == 32)
        row.type = SECRET_AKA_K_OPC;
    return row;
}

static void
check_verdict(const struct digest_verdict *verdict, size_t count)
{
    must(verdict->status == DIGEST_GOOD || verdict->status == DIGEST_BAD ||
         verdict->status == DIGEST_UNVERIFIED);
    must((verdict->status == DIGEST_GOOD) == (verdict->reason == DIGEST_REASON_NONE));
    must((verdict->reason == DIGEST_PARAMETER_MISSING) == (verdict->missing != 0));
    must(verdict->status != DIGEST_GOOD || verdict->variant);
    must(verdict->status != DIGEST_UNVERIFIED || !verdict->variant);
    must(verdict->credential <= count);
    must(digest_reason_text(verdict->reason) && digest_status_text(verdict->status));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script = read_script(fuzz_text(data, size));
    struct auth_value credentials, challenge;
    struct credential row = read_row(&script);
    bool challenged = auth_header_next(&script.challenge, &challenge);
    struct slice line = exact_copy(script.credentials), rest = line;
    if (!auth_header_next(&rest, &credentials)) {
        free((char *)(uintptr_t)line.p);
        return 0;
    }
    struct digest_input input = {
        .credentials = &credentials,
        .challenge = challenged ? &challenge : NULL,
        .response = credentials.param[AUTH_RESPONSE],
        .method = script.method,
        .method_second = has_option(&script, '2') ? SLICE("INVITE") : (struct slice){NULL, 0},
        .request_uri = script.request_uri,
        .body = script.body,
        .body_cut = has_option(&script, 'b'),
        .first_cnonce = has_option(&script, '1') ? SLICE("0a4f113b") : (struct slice){NULL, 0},
    };
    struct digest_verdict verdict = digest_verify(&input, &row, 1);
    check_verdict(&verdict, 1);
    verdict = digest_verify(&input, NULL, 0);
    check_verdict(&verdict, 0);
    must(verdict.credential == 0);
    digest_user_configured(&credentials, &row, 1);
    free((char *)(uintptr_t)line.p);
    return 0;
}
