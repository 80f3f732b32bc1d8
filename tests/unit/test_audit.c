/* test_audit.c
 * The table of findings is complete, and its texts can be filled.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"
#include "script.h"

static const struct finding_rule *
rule_of(gconstpointer data)
{
    return finding_rule((enum finding)GPOINTER_TO_INT(data));
}

static void
test_row(gconstpointer data)
{
    static const char *const actors[] = {"client", "server", "path", "nobody", NULL};
    const struct finding_rule *rule = rule_of(data);
    g_assert_true(rule->name && *rule->name);
    g_assert_cmpuint(strspn(rule->name, "abcdefghijklmnopqrstuvwxyz0123456789_"), ==, strlen(rule->name));
    g_assert_true(rule->sentence && *rule->sentence);
    g_assert_true(rule->fix && *rule->fix);
    g_assert_true(rule->actor && g_strv_contains(actors, rule->actor));
    g_assert_true(rule->rfc && g_str_has_prefix(rule->rfc, "RFC "));
    g_assert_cmpint(rule->severity, <=, SEVERITY_ERROR);
    g_assert_cmpint(rule->group, <=, GROUP_RESPONSE);
    for (int i = 1; i < GPOINTER_TO_INT(data); i++)
        g_assert_cmpstr(rule->name, !=, finding_rule((enum finding)i)->name);
}

/* Sentences stand alone: no full stop, no line end, and not longer than anybody reads. */
static void
assert_sentence(const char *text)
{
    size_t len = strlen(text);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_null(strchr(text, '\n'));
    g_assert_null(strstr(text, "  "));
    g_assert_cmpuint(len, <, 400);
    g_assert_true(len == 0 || !strchr(". ", text[len - 1]));
}

static void
test_style(gconstpointer data)
{
    const struct finding_rule *rule = rule_of(data);
    assert_sentence(rule->sentence);
    assert_sentence(rule->fix);
}

/* Credentials of which everything is known: accepted before, refused now, and what counts from 1 is above it.
 */
struct full {
    struct exchange exchange;
    struct exchange_detail detail;
    struct use use;
    struct finding_values values;
};

static void
full_begin(struct full *full, struct script *s)
{
    static const struct silence silence = {.client = {40001, 1, 4, {203, 0, 113, 5}},
                                           .account = "alice@example.com"};
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s));
    SEND(s, .cseq = 2, .status = 200);
    SEND(s, .cseq = 3, .headers = ANSWER(s, .nc = "00000002"));
    SEND(s, .cseq = 3, .status = 401, .headers = CHALLENGE("n2"));
    SEND(s, .call_id = "next", .from = 3, .to = 4); /* another hop with this nonce */
    SEND(s, .call_id = "next", .from = 4, .to = 3, .status = 401, .headers = CHALLENGE("n1"));
    const struct record *again = SEND(s, .cseq = 4, .headers = ANSWER(s, .nc = "00000003"));
    SEND(s, .cseq = 4, .status = 401, .headers = CHALLENGE("n3"));
    full->exchange = *script_exchange(s, 0);
    full->exchange.attempt = 3;
    full->detail = (struct exchange_detail){.cancelled_in = 13, .idle_stale_frame = 2};
    full->exchange.detail = &full->detail;
    full->use = *script_use(again);
    full->use.exchange = &full->exchange;
    full->use.verdict.tried = 1;
    full->use.verdict.variant = "qop-list";
    full->values = (struct finding_values){.exchange = &full->exchange,
                                           .use = &full->use,
                                           .method = "REGISTER",
                                           .silence = &silence,
                                           .number = 1,
                                           .place = "203.0.113.5 port 40001",
                                           .frame_a = 11,
                                           .frame_b = 12};
}

/* When everything is known, every placeholder has a value: none is left, none is unknown. */
static void
test_expand_full(gconstpointer data)
{
    struct script *s = script_begin();
    const struct finding_rule *rule = rule_of(data);
    struct full full;
    full_begin(&full, s);
    const char *const texts[] = {rule->sentence, rule->fix};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        char *text = finding_expand(texts[i], &full.values);
        g_test_message("%s", text);
        g_assert_null(strpbrk(text, "{}?"));
        g_assert_true(*text != '\0');
        g_assert_cmpuint(strlen(text), <=, 190); /* Wireshark cuts an item at 240, its label included */
        g_free(text);
    }
    script_end(s);
}

/* What is odd about refused credentials is named beside the password, as long as those are not verified. */
static void
test_odd_form(gconstpointer data)
{
    struct script *s = script_begin();
    const struct finding_rule *rule = rule_of(data);
    struct full full;
    full_begin(&full, s);
    full.use.suspects = (struct finding_set){{0}};
    finding_set_add(&full.use.suspects, GPOINTER_TO_UINT(data));
    full.use.outcome = OUTCOME_REJECTED;
    full.use.cause = FINDING_REFUSED_UNVERIFIED;
    bool odd = rule->weight == WEIGHT_CAUSE_IF_GOOD;
    full.use.verdict.status = DIGEST_UNVERIFIED;
    g_assert_true((finding_odd_form(&full.use) == rule) == odd);
    char *fix = finding_expand(audit_advice_closing(&full.use).fix, &full.values);
    char *own = finding_expand(rule->fix, &full.values);
    g_test_message("%s", fix);
    g_assert_true(g_str_has_suffix(fix, own) == odd);
    g_assert_null(strpbrk(fix, "{}?"));
    g_assert_cmpuint(strlen(fix), <=, 230);
    full.use.verdict.status = DIGEST_BAD;
    g_assert_null(finding_odd_form(&full.use));
    g_free(fix);
    g_free(own);
    script_end(s);
}

/* Behind a NAT a server knows the client by another address. */
static void
test_or_address(void)
{
    static const struct {
        uint8_t client[4], server[4];
        const char *text;
    } rows[] = {
        {{192, 0, 2, 1}, {198, 51, 100, 1}, ", or let the server know it by its address, 192.0.2.1"},
        {{10, 0, 2, 16}, {198, 51, 100, 1}, ", or let the server know it by its public address"},
        {{172, 31, 0, 1}, {198, 51, 100, 1}, ", or let the server know it by its public address"},
        {{100, 64, 0, 1}, {198, 51, 100, 1}, ", or let the server know it by its public address"},
        {{172, 32, 0, 1}, {198, 51, 100, 1}, ", or let the server know it by its address, 172.32.0.1"},
        {{192, 168, 0, 9}, {10, 0, 0, 1}, ", or let the server know it by its address, 192.168.0.9"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct peers peers = {{5060, 1, 4, {0}}, {5060, 1, 4, {0}}};
        memcpy(peers.client.address, rows[i].client, 4);
        memcpy(peers.server.address, rows[i].server, 4);
        struct exchange exchange = {.method = "INVITE", .peers = &peers};
        char *text = finding_expand("{or_address}", &(struct finding_values){.exchange = &exchange});
        g_assert_cmpstr(text, ==, rows[i].text);
        g_free(text);
    }
}

/* When nothing is known, it still does not fail. */
static void
test_expand_empty(gconstpointer data)
{
    const struct finding_rule *rule = rule_of(data);
    struct finding_values values = {0};
    const char *const texts[] = {rule->sentence, rule->fix};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        char *text = finding_expand(texts[i], &values);
        g_assert_null(strpbrk(text, "{}"));
        g_free(text);
    }
}

struct expand {
    const char *text, *expected;
};

static const struct expand expands[] = {
    {"", ""},
    {"plain", "plain"},
    {"{a} and {b}", "11 and 12"},
    {"{a}{b}", "1112"},
    {"{account}", "alice@example.com"},
    {"{realm}", "example.com"},
    {"{method}", "REGISTER"},
    {"{retry}", "9"},
    {"{challenge}", "2"},
    {"{closed}", "10"},
    {"{code}", "401"},
    {"{answer}", "401 \"Whatever\""},
    {"{variant}", "qop-list"},
    {"{mistake}", "hashes the whole list of qop values on offer instead of the one that it chose"},
    {"{remedy}", "update the client's software, user and password are right"},
    {"{nc} after {last_nc}", "3 after 2"},
    {"{header}, {asked_header}, {due_header}", "Authorization, WWW-Authenticate, Authorization"},
    {"{asked_realm} {asked_qop}", "example.com auth"},
    {"{source}, {client}", "port 5060, 192.0.2.1 port 5060"},
    {"{cseq}", "1"},
    {"{asker}", "the registrar"},
    {"{asked_expires} {min_expires}", "the default 2 s"},
    {"{accepted_account}", "4"},
    {"{between}", "192.0.2.1"},
    {"{request_uri}", "the same"},
    {"{reached}, {registered}", "203.0.113.5 port 40001, alice@example.com"},
    {"{relay}, {lost}", "192.0.2.2, SHA-256 or better is gone"},
    {"{refused_aor}, {signed_aor}", "alice@example.com, alice@example.com"},
    {"{hints}", ""},
    {"{credential}", "1"},
    {"{tried}", "1"},
    {"{attempts}", "3"},
    {"{accepted}", "4"},
    {"{uri}", "sip:example.com"},
    {"{algorithm}", "MD5"},
    {"{offered}", "MD5"},
    {"open {a", "open {a"},
    {"} {", "} {"},
};

static void
test_expand(gconstpointer data)
{
    const struct expand *expand = data;
    struct script *s = script_begin();
    struct full full;
    full_begin(&full, s);
    char *text = finding_expand(expand->text, &full.values);
    g_assert_cmpstr(text, ==, expand->expected);
    g_free(text);
    script_end(s);
}

/* Text of the wire is put in as it is: its braces are no placeholders, its octets no format. */
static void
test_expand_wire(void)
{
    struct script *s = script_begin();
    SEND(s);
    SEND(s, .status = 401, .headers = CHALLENGE_OF("WWW-Authenticate", "{a} %s {b", "n1"));
    SEND(s, .cseq = 2, .headers = ANSWER(s, .user = "%n{retry}", .realm = "{a} %s {b"));
    struct finding_values values = {.exchange = script_exchange(s, 0), .frame_a = 5};
    char *realm = finding_expand("{realm}|{a}", &values), *account = finding_expand("{account}", &values);
    g_assert_cmpstr(realm, ==, "{a} %s {b|5");
    g_assert_cmpstr(account, ==, "%n{retry}@{a} %s {b");
    g_free(realm);
    g_free(account);
    script_end(s);
}

/* Pre-loaded credentials are refused, and then silence: the first challenge of the capture, yet not the first
 * try. */
static void
test_gave_up_at_once(void)
{
    struct script *s = script_begin();
    SEND(s, .headers = ANSWER(s, .nonce = "before-the-capture"));
    SEND(s, .status = 401, .headers = CHALLENGE("n1"));
    script_wait(s, 40);
    struct finding_values values = {.exchange = script_exchange(s, 0)};
    enum finding cause = audit_exchange_cause(s->tracker, values.exchange);
    char *text = finding_expand(finding_rule(cause)->sentence, &values);
    g_test_message("%s", text);
    g_assert_null(strchr(text, '?'));
    g_free(text);
    script_end(s);
}

/* It tells what has to stand in the row that is missing. */
static void
test_row_of_another_realm(void)
{
    struct script *s = script_begin();
    const struct use *use = script_use(SEND(s, .headers = ANSWER(s, .realm = "office.example.com")));
    struct use unverified = *use;
    unverified.verdict = (struct digest_verdict){DIGEST_UNVERIFIED, DIGEST_NO_CREDENTIAL};
    const struct finding_values values = {.use = &unverified};
    char *text = finding_expand(finding_rule(FINDING_DIGEST_UNVERIFIED)->sentence, &values);
    g_assert_cmpstr(
        text, ==,
        "Digest not verified: what is configured for user alice is not for realm office.example.com");
    g_free(text);
    script_end(s);
}

static void
test_no_row(void)
{
    g_assert_cmpstr(finding_rule(FINDING_NONE)->name, ==, "");
    g_assert_true(finding_rule(FINDING_COUNT) == finding_rule(FINDING_NONE));
    g_assert_true(finding_rule((enum finding)99999) == finding_rule(FINDING_NONE));
}

/* The set of findings of one message is a bit each. */
static void
test_set_holds_all(void)
{
    struct finding_set set = {0};
    g_assert_cmpuint(FINDING_COUNT, <=, 8 * sizeof set);
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        g_assert_false(finding_set_has(&set, i));
        finding_set_add(&set, i);
        g_assert_true(finding_set_has(&set, i));
    }
}

static void
test_outcome_texts(void)
{
    g_assert_cmpstr(outcome_text(OUTCOME_NONE), ==, "");
    for (int i = OUTCOME_ACCEPTED; i <= OUTCOME_UNKNOWN; i++) {
        const char *text = outcome_text((enum outcome)i);
        g_assert_true(*text && strspn(text, "abcdefghijklmnopqrstuvwxyz-") == strlen(text));
        for (int j = OUTCOME_NONE; j < i; j++)
            g_assert_cmpstr(text, !=, outcome_text((enum outcome)j));
    }
}

struct digest_row {
    const char *name;
    struct digest_verdict verdict;
    bool configured, server;
    const char *expected;
};

static const struct digest_row digests[] = {
    {"good", {DIGEST_GOOD, DIGEST_REASON_NONE, .variant = "rfc"}, true, false, "digest_good"},
    {"bad", {DIGEST_BAD, DIGEST_MISMATCH}, true, false, "digest_bad"},
    {"variant", {DIGEST_BAD, DIGEST_NONCONFORMING, .variant = "qop-list"}, true, false, "digest_variant"},
    {"unverified", {DIGEST_UNVERIFIED, DIGEST_BODY_CUT}, true, false, "digest_unverified"},
    {"not-configured", {DIGEST_UNVERIFIED, DIGEST_NO_CREDENTIAL}, false, false, ""},
    {"identity-only", {DIGEST_UNVERIFIED, DIGEST_RESPONSE_EMPTY}, true, false, ""},
    {"none", {DIGEST_NONE, DIGEST_REASON_NONE}, true, false, ""},
    {"server-good", {DIGEST_GOOD, DIGEST_REASON_NONE, .variant = "rfc"}, true, true, "server_proved"},
    {"server-bad", {DIGEST_BAD, DIGEST_MISMATCH}, true, true, "server_unproved"},
};

static void
test_digest(gconstpointer data)
{
    const struct digest_row *row = data;
    enum finding finding = audit_digest(&row->verdict, row->configured, row->server);
    g_assert_cmpstr(finding_rule(finding)->name, ==, row->expected);
}

/* Of each way to end: what it means, when one sees it, what to do. */
static void
test_advice(gconstpointer data)
{
    enum outcome outcome = (enum outcome)GPOINTER_TO_INT(data);
    struct advice advice = audit_advice(outcome, FINDING_DIGEST_MISMATCH);
    g_assert_true(advice.meaning && advice.when && advice.fix);
    assert_sentence(advice.meaning);
    assert_sentence(advice.when);
    assert_sentence(advice.fix);
    g_assert_true(*advice.meaning && *advice.when && *advice.fix);
}

/* Of each kind of 204 something else. */
static void
test_advice_204(void)
{
    const struct no_notify kinds[] = {
        {.is_subscribe = true, .etag = "e1", .in_dialog = true},
        {.is_subscribe = true, .etag = "*", .in_dialog = true},
        {.is_subscribe = true, .etag = "e1", .in_dialog = true, .unsubscribed = true},
        {.is_subscribe = true, .notify_frame = 7, .notify_finding = FINDING_NOTIFY_BODY},
        {.is_subscribe = true,
         .unsubscribed = true,
         .notify_frame = 7,
         .notify_finding = FINDING_NOTIFY_AFTER_END},
        {.is_subscribe = true, .missed_frame = 7, .missed_finding = FINDING_NOT_UNDERSTOOD},
        {.is_subscribe = true}, /* the SUBSCRIBE is not in the capture */
        {.is_subscribe = true, .in_dialog = true},
        {.is_subscribe = true, .in_dialog = true, .etag = "e1", .superseded_in = 5},
        {.is_subscribe = true, .in_dialog = true, .etag = "e1", .ended_in = 5},
        {.is_subscribe = true},
        {0},
    };
    const char *meanings[G_N_ELEMENTS(kinds) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct advice advice = audit_advice_204(&kinds[i], i < 7);
        assert_sentence(advice.meaning);
        assert_sentence(advice.when);
        assert_sentence(advice.fix);
        g_assert_false(g_strv_contains(meanings, advice.meaning));
        meanings[i] = advice.meaning;
    }
}

/* A 204 whose SUBSCRIBE is not in the capture can say by itself that it ends the subscription. */
static void
test_advice_204_ends(void)
{
    const struct no_notify alone = {.is_subscribe = true, .has_expires = true},
                           asked = {.is_subscribe = true, .unsubscribed = true},
                           unasked = {.is_subscribe = true, .has_expires = true, .subscribe_frame = 1};
    g_assert_cmpstr(audit_advice_204(&alone, true).meaning, ==, audit_advice_204(&asked, true).meaning);
    g_assert_cmpstr(audit_advice_204(&unasked, true).meaning, !=, audit_advice_204(&asked, true).meaning);
}

static void
add(const char *group, const char *name, gconstpointer data, GTestDataFunc test)
{
    char *path = test_path(group, name);
    g_test_add_data_func(path, data, test);
    g_free(path);
}

/* A busy callee is reached by a call that was let in. */
static void
test_lets_in(void)
{
    static const struct {
        const char *method;
        uint16_t status;
        bool rang, let_in;
    } rows[] = {
        {"INVITE", 486, false, true},    {"INVITE", 487, false, true},    {"INVITE", 603, false, true},
        {"INVITE", 302, false, true},    {"INVITE", 404, false, true},    {"INVITE", 408, false, true},
        {"BYE", 477, false, true},       {"INVITE", 503, false, false},   {"INVITE", 400, false, false},
        {"INVITE", 403, true, false},    {"INVITE", 407, true, false},    {"INVITE", 200, true, false},
        {"PUBLISH", 412, false, true},   {"SUBSCRIBE", 489, false, true}, {"INVITE", 482, false, false},
        {"MESSAGE", 480, false, true},   {"INVITE", 405, false, true},    {"MESSAGE", 413, false, true},
        {"REGISTER", 404, false, false}, {"REGISTER", 480, false, false}, {"INVITE", 433, false, true},
        {"INVITE", 580, false, true},    {"INVITE", 513, false, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(audit_lets_in(rows[i].method, rows[i].status, rows[i].rang), ==, rows[i].let_in);
}

/* Words of the server's own: what is in the reason phrase, else in the header that says most. */
struct own_words {
    const char *name, *answer, *words;
    bool are_header;
};

#define REFUSED(phrase, headers) "SIP/2.0 403 " phrase "\r\n" headers "CSeq: 1 REGISTER\r\n\r\n"

static const struct own_words own_words[] = {
    {"usual-phrase", REFUSED("Forbidden", ""), NULL, false},
    {"no-phrase", REFUSED("", ""), NULL, false},
    {"phrase-of-another-code", REFUSED("Not Found", ""), "Not Found", false},
    {"phrase-before-header", REFUSED("No", "Warning: 399 a \"b\"\r\n"), "No", false},
    {"warning", REFUSED("Forbidden", "warning : 399 a \"b\"\r\n"), "warning : 399 a \"b\"", true},
    {"no-phrase-but-reason", REFUSED("", "Reason: Q.850;cause=21\r\n"), "Reason: Q.850;cause=21", true},
    {"what-says-most", REFUSED("Forbidden", "Retry-After: 9\r\nP-Registrar-Error: Full\r\n"),
     "P-Registrar-Error: Full", true},
    {"noise-of-ser", REFUSED("Forbidden", "Warning: 392 a \"Noisy feedback\"\r\nRetry-After: 9\r\n"),
     "Retry-After: 9", true},
    {"noise-and-a-second-one", REFUSED("Forbidden", "Warning: 392 a \"pid=1\"\r\nWarning: 399 a \"b\"\r\n"),
     "Warning: 399 a \"b\"", true},
    {"phrase-like-a-header", REFUSED("Unsupported scheme", ""), "Unsupported scheme", false},
    {"up-to-a-fold", REFUSED("Forbidden", "Warning: 399 a\r\n \"b\"\r\n"), "Warning: 399 a", true},
    {"longer-name", REFUSED("Forbidden", "Reasons: none\r\n"), NULL, false},
    {"at-most-96",
     REFUSED("Forbidden", "Reason: "
                          "0123456789012345678901234567890123456789012345678901234567890123456789"
                          "0123456789012345678901234567890123456789\r\n"),
     "Reason: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567",
     true},
    {"granted", "SIP/2.0 200 Welcome\r\nWarning: 399 a \"b\"\r\nCSeq: 1 REGISTER\r\n\r\n", NULL, false},
};

static void
test_own_words(gconstpointer data)
{
    const struct own_words *c = data;
    struct sip_message message;
    g_assert_true(sip_message_parse((struct slice){c->answer, strlen(c->answer)}, false, &message));
    struct slice found = audit_own_words(&message);
    char *words = found.p ? g_strndup(found.p, found.len) : NULL;
    g_assert_cmpstr(words, ==, c->words);
    g_assert_true(!words || audit_words_are_header(words) == c->are_header);
    g_free(words);
}

/* What a status code says, where it says more than to read the answer; that of a server that fails keeps the
 * fix of its cause. */
struct answered {
    const char *name, *method;
    unsigned status;
    const char *when, *fix;
};

static const struct answered answered[] = {
    {"watched", "SUBSCRIBE", 404, "there is nothing at that address", "voice mail"},
    {"called", "INVITE", 404, "the number or address is not known", "number and domain"},
    {"event", "SUBSCRIBE", 489, "event package", "Event of frame"},
    {"gone", "SUBSCRIBE", 481, "does not know that subscription", "subscribe anew"},
    {"busy", "INVITE", 486, "busy", "nothing to fix"},
    {"call-elsewhere", "INVITE", 302, "the callee", "Contact of frame"},
    {"registrar-elsewhere", "REGISTER", 302, "the registrar", "Contact of frame"},
    {"not-a-callee", "REGISTER", 480, "unknown address-of-record", "{by_code}"},
    {"other", "INVITE", 499, "whenever something else", "read the reason phrase"},
    {"down", "INVITE", 503, "no room", "server's log"},
};

static void
test_answered(gconstpointer data)
{
    const struct answered *c = data;
    struct use use = {.outcome = OUTCOME_FAILED, .method = c->method, .closed_status = (uint16_t)c->status};
    use.cause = audit_cause(&use, OUTCOME_FAILED);
    struct advice advice = audit_advice_closing(&use);
    g_assert_nonnull(strstr(advice.when, c->when));
    g_assert_nonnull(strstr(advice.fix, c->fix));
}

/* What is about the request is no failure of the server. */
static void
test_server_failed(void)
{
    static const struct {
        uint16_t status;
        bool failed;
    } rows[] = {{500, true},  {502, true},  {503, true},  {504, true},  {501, false},
                {505, false}, {513, false}, {580, false}, {404, false}, {603, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(audit_server_failed(rows[i].status), ==, rows[i].failed);
}

static void
add_rows(void)
{
    for (int i = 1; i < FINDING_COUNT; i++) {
        char *number = g_strdup_printf("%d", i);
        const char *name = finding_rule((enum finding)i)->name;
        name = name && *name ? name : number;
        add("/audit/row", name, GINT_TO_POINTER(i), test_row);
        add("/audit/style", name, GINT_TO_POINTER(i), test_style);
        add("/audit/expand-full", name, GINT_TO_POINTER(i), test_expand_full);
        if (finding_rule((enum finding)i)->stage == STAGE_CREDENTIALS)
            add("/audit/odd-form", name, GINT_TO_POINTER(i), test_odd_form);
        add("/audit/expand-empty", name, GINT_TO_POINTER(i), test_expand_empty);
        g_free(number);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows();
    for (size_t i = 0; i < G_N_ELEMENTS(expands); i++) {
        char *name = g_strdup_printf("%02zu", i);
        add("/audit/expand", name, &expands[i], test_expand);
        g_free(name);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(digests); i++)
        add("/audit/digest", digests[i].name, &digests[i], test_digest);
    for (int i = OUTCOME_NONE; i <= OUTCOME_UNKNOWN; i++) {
        const char *name = i ? outcome_text((enum outcome)i) : "open";
        add("/audit/advice", name, GINT_TO_POINTER(i), test_advice);
    }
    ADD_CASES("/audit/own-words", own_words, test_own_words);
    ADD_CASES("/audit/answered", answered, test_answered);
    g_test_add_func("/audit/advice-204", test_advice_204);
    g_test_add_func("/audit/advice-204-ends", test_advice_204_ends);
    g_test_add_func("/audit/expand/wire", test_expand_wire);
    g_test_add_func("/audit/expand/or-address", test_or_address);
    g_test_add_func("/audit/expand/gave-up-at-once", test_gave_up_at_once);
    g_test_add_func("/audit/row-of-another-realm", test_row_of_another_realm);
    g_test_add_func("/audit/server-failed", test_server_failed);
    g_test_add_func("/audit/lets-in", test_lets_in);
    g_test_add_func("/audit/no-row", test_no_row);
    g_test_add_func("/audit/set-holds-all", test_set_holds_all);
    g_test_add_func("/audit/outcome-texts", test_outcome_texts);
    return test_run_all();
}
