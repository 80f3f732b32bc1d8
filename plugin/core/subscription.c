/* subscription.c
 * 204 (No Notification): the SUBSCRIBE behind it, the entity-tag, and whether silence followed (RFC 5839).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "auth_private.h"
#include "findings.h"

/* A NOTIFY that issued an entity-tag. */
struct tag_issue {
    struct aged aged;
    struct index_entry *entry,
        *any_entry; /* the second: NULL when another subscription gave the same tag since */
    uint32_t frame;
};

/* The NOTIFY that a new subscription waits for, and its age. */
struct awaited {
    struct awaited_notify notify;
    struct aged aged;
};

/* Package and id parameter, which together name a subscription of a dialog (RFC 6665 section 4.5.2, 8.2.1).
 */
static char *
event_name(struct slice header)
{
    struct slice parameters;
    if (!header.p)
        return NULL;
    struct slice package = slice_trim(slice_until(header, ';', &parameters));
    struct slice id = sip_parameter(parameters, SLICE("id"));
    if (!id.p)
        return g_ascii_strdown(package.p, (gssize)package.len);
    char *lower = g_ascii_strdown(package.p, (gssize)package.len);
    char *name = g_strdup_printf("%s;id=%.*s", lower, (int)id.len, id.p);
    g_free(lower);
    return name;
}

static struct slice
text_slice(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}

static char *
keep_text(struct tracker *tracker, const char *text)
{
    return text ? host_strdup(tracker, text_slice(text)) : NULL;
}

void
subscribe_request_free(struct tracker *tracker, struct subscribe_request *request)
{
    tracker->host.release(request->event);
    tracker->host.release(request->condition);
    tracker->host.release(request);
}

/* --- keys ----------------------------------------------------------------------- */

static int
slice_compare(struct slice a, struct slice b)
{
    size_t n = MIN(a.len, b.len);
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* The dialog seen from either side: NOTIFY and SUBSCRIBE run in opposite directions. */
static void
key_subscription(struct tracker *tracker, enum index_kind kind, const struct sip_message *message,
                 const char *event)
{
    bool ordered = slice_compare(message->from_tag, message->to_tag) <= 0;
    key_begin(tracker, kind);
    key_add_hash(tracker, tracker->here.call_id);
    key_add(tracker, ordered ? message->from_tag : message->to_tag);
    key_add(tracker, ordered ? message->to_tag : message->from_tag);
    key_add(tracker, text_slice(event));
}

static void
key_etag(struct tracker *tracker, const struct sip_message *message, const char *event, struct slice etag)
{
    key_subscription(tracker, INDEX_ETAG, message, event);
    key_add(tracker, etag);
}

/* Entity-tags outlive their dialog (RFC 5839 section 5.5), but mean something for one resource only (section
 * 4). */
static void
key_etag_any(struct tracker *tracker, struct slice resource, const char *event, struct slice etag)
{
    struct slice user, host;
    sip_uri_split(resource, &user, &host);
    key_begin(tracker, INDEX_ETAG_ANY);
    key_add(tracker, user);
    key_add_nocase(tracker, host);
    key_add(tracker, text_slice(event));
    key_add(tracker, etag);
}

static void
set_suppressed(struct tracker *tracker, struct subscription *subscription, struct no_notify *no_notify)
{
    struct no_notify *before = subscription->suppressed;
    if (no_notify)
        no_notify->references++;
    subscription->suppressed = no_notify;
    no_notify_release(tracker, before);
}

static void
subscription_drop(struct tracker *tracker, struct aged *aged)
{
    struct subscription *subscription = CONTAINER(aged, struct subscription, aged);
    index_drop(&tracker->index, subscription->entry, subscription);
    set_suppressed(tracker, subscription, NULL);
    tracker->host.release((char *)(uintptr_t)subscription->etag);
    tracker->host.release(subscription);
}

static struct subscription *
subscription_find(struct tracker *tracker, const struct sip_message *message, const char *event, bool make)
{
    key_subscription(tracker, INDEX_SUBSCRIPTION, message, event);
    struct subscription *subscription = key_find(tracker);
    if (!subscription && make) {
        subscription = host_new(tracker, struct subscription);
        subscription->entry = key_put(tracker, subscription);
    }
    if (subscription)
        aged_touch(tracker, &subscription->aged, subscription_drop);
    return subscription;
}

/* --- the NOTIFY that begins a subscription ---------------------------------------- */

/* Any of the dialogs that a SUBSCRIBE may have forked to. */
static void
key_awaited(struct tracker *tracker, struct slice subscriber_tag)
{
    key_begin(tracker, INDEX_AWAITED);
    key_add_hash(tracker, tracker->here.call_id);
    key_add(tracker, subscriber_tag);
}

static void
awaited_drop(struct tracker *tracker, struct aged *aged)
{
    struct awaited *awaited = CONTAINER(aged, struct awaited, aged);
    index_drop(&tracker->index, awaited->notify.entry, &awaited->notify);
    tracker->host.release((char *)(uintptr_t)awaited->notify.condition);
    tracker->host.release(awaited);
}

static struct awaited_notify *
await_notify(struct tracker *tracker, const struct sip_message *message, const struct record *record)
{
    key_awaited(tracker, message->from_tag);
    struct awaited_notify *awaited = key_find(tracker);
    if (!awaited) {
        awaited = &host_new(tracker, struct awaited)->notify;
        awaited->entry = key_put(tracker, awaited);
    }
    aged_touch(tracker, &CONTAINER(awaited, struct awaited, notify)->aged, awaited_drop);
    awaited->subscribe_frame = record->frame;
    awaited->elsewhere |= message->header_lines[SIP_VIA] > 1;
    if (message->header[SIP_SUPPRESS_IF_MATCH].p) {
        tracker->host.release((char *)(uintptr_t)awaited->condition);
        awaited->condition = host_strdup(tracker, message->header[SIP_SUPPRESS_IF_MATCH]);
    }
    return awaited;
}

/* It came, or at least an answer to it.
 * @return the SUBSCRIBE whose condition it meets, if it is the first; else 0 */
static uint32_t
awaited_arrives(struct tracker *tracker, const struct sip_message *message, const struct record *record)
{
    struct slice etag = message->header[SIP_ETAG];
    key_awaited(tracker, message->to_tag);
    struct awaited_notify *awaited = key_find(tracker);
    if (!awaited || awaited->seen)
        return 0;
    awaited->seen = record->frame;
    bool holds = awaited->condition && etag.p && !awaited->elsewhere &&
                 (strcmp(awaited->condition, "*") == 0 || slice_equal(etag, text_slice(awaited->condition)));
    return holds ? awaited->subscribe_frame : 0;
}

static bool
has_record_route(const struct sip_message *message)
{
    struct slice rest = message->headers;
    while (rest.len > 0) {
        if (slice_starts_nocase(slice_until(rest, '\n', &rest), SLICE("Record-Route")))
            return true;
    }
    return false;
}

/* Without Record-Route a proxy does not see the NOTIFY, nor who captures there. Then Contact names another
 * address than the answer comes from. */
static bool
goes_elsewhere(const struct sip_message *message, const struct arrival *arrival)
{
    struct slice user, host, contact = message->header[SIP_CONTACT], uri;
    slice_until(contact, '<', &uri);
    sip_uri_split(slice_until(uri.len ? uri : contact, '>', NULL), &user, &host);
    if (host.len == 0 || has_record_route(message))
        return false;
    char *there = g_strndup(host.p, host.len), *here = endpoint_text(&arrival->from);
    bool elsewhere = g_hostname_is_ip_address(there) && strcmp(there, here) != 0;
    g_free(there);
    g_free(here);
    return elsewhere;
}

static void
begin_waiting(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
              struct awaited_notify *awaited, struct record *record)
{
    awaited->clock = tracker->clock;
    awaited->elsewhere |= goes_elsewhere(message, arrival);
    record_detail(tracker, record)->awaited = awaited;
}

bool
record_misses_notify(const struct tracker *tracker, const struct record *record)
{
    const struct awaited_notify *awaited = record->detail ? record->detail->awaited : NULL;
    return awaited && !awaited->seen && !awaited->elsewhere &&
           tracker->clock - awaited->clock > SIP_TIMEOUT_NS;
}

/* --- NOTIFY --------------------------------------------------------------------- */

/* The state and its reason; the seconds left count down by themselves. */
static uint32_t
state_hash(struct tracker *tracker, struct slice header)
{
    struct slice parameters;
    struct slice state = slice_trim(slice_until(header, ';', &parameters));
    struct slice reason = sip_parameter(parameters, SLICE("reason"));
    return hash_slice(tracker, state) * 31 + hash_slice(tracker, reason);
}

/* Notifier and subscriber agree to the second when a subscription ends; this much may get lost in between. */
#define EXPIRY_SLACK_NS (INT64_C(2) * 1000000000)

/* When the NOTIFY says that the subscription ends; 0 when it does not say. */
static int64_t
notify_deadline(const struct sip_message *message, const struct record *record)
{
    struct slice parameters;
    uint32_t seconds;
    slice_until(message->header[SIP_SUBSCRIPTION_STATE], ';', &parameters);
    if (!message->header[SIP_SUBSCRIPTION_STATE].p ||
        !sip_number(sip_parameter(parameters, SLICE("expires")), &seconds))
        return 0;
    return record->time + (int64_t)seconds * 1000000000;
}

/* What is wrong with a NOTIFY while a 204 is in force (RFC 5839 section 5.2, 6.2, 6.3). */
static enum finding
judge_notify(const struct subscription *subscription, const struct sip_message *message, bool state_changed,
             bool shortened)
{
    struct slice condition = text_slice(subscription->suppressed->etag), etag = message->header[SIP_ETAG];
    bool any = slice_equal(condition, SLICE("*"));
    if (subscription->ended)
        return FINDING_NOTIFY_AFTER_END;
    if (etag.p && !any && !slice_equal(etag, condition))
        return FINDING_NONE; /* the state changed */
    if (!etag.p && !any && (message->body.len > 0 || state_changed))
        return FINDING_NOTIFY_UNTAGGED;
    if (message->body.len == 0)
        return state_changed || shortened ? FINDING_NONE : FINDING_NOTIFY_SUPERFLUOUS;
    return state_changed ? FINDING_STATE_WITH_BODY : FINDING_NOTIFY_BODY;
}

static void
tag_drop(struct tracker *tracker, struct aged *aged)
{
    struct tag_issue *issue = CONTAINER(aged, struct tag_issue, aged);
    index_drop(&tracker->index, issue->entry, issue);
    index_drop(&tracker->index, issue->any_entry, issue);
    tracker->host.release(issue);
}

/* The tag of a resource, whoever was told it last. */
static void
make_latest(struct tracker *tracker, const struct sip_message *message, const char *event, struct slice etag,
            struct tag_issue *issue)
{
    key_etag_any(tracker, message->from_uri, event, etag);
    struct index_entry *entry = index_entry(&tracker->index);
    struct tag_issue *before = entry->value;
    if (before && before != issue)
        before->any_entry = NULL;
    if (issue->any_entry && issue->any_entry != entry)
        index_drop(&tracker->index, issue->any_entry, issue);
    entry->value = issue;
    issue->any_entry = entry;
}

static void
remember_etag(struct tracker *tracker, const struct sip_message *message, const char *event,
              struct subscription *subscription, uint32_t frame)
{
    struct slice etag = message->header[SIP_ETAG];
    if (!etag.p)
        return;
    key_etag(tracker, message, event, etag);
    struct tag_issue *issue = key_find(tracker);
    if (!issue) {
        issue = host_new(tracker, struct tag_issue);
        issue->entry = key_put(tracker, issue);
    }
    issue->frame = frame;
    aged_touch(tracker, &issue->aged, tag_drop);
    make_latest(tracker, message, event, etag, issue);
    if (!subscription->etag || !slice_equal(text_slice(subscription->etag), etag)) {
        tracker->host.release((char *)(uintptr_t)subscription->etag);
        subscription->etag = host_strdup(tracker, etag);
        subscription->body_hash = 0;
    }
    subscription->etag_frame = frame;
    if (subscription->new_hash)
        subscription->body_hash = subscription->new_hash;
}

/* A rule of the table applies: it becomes a note of the message, with the frame that it compares with. */
struct note_target {
    struct tracker *tracker;
    struct record *record;
    uint32_t frame_a, frame_b, number;
};

static void
note_found(enum finding finding, const struct finding_context *context, void *data)
{
    struct note_target *target = data;
    (void)context;
    record_note(target->tracker, target->record, (uint16_t)finding, target->frame_a, target->frame_b)
        ->number = target->number;
}

static void
ask_rules(struct tracker *tracker, enum finding_stage stage, const struct finding_context *context,
          struct record *record, uint32_t frame_a, uint32_t frame_b)
{
    struct note_target target = {tracker, record, frame_a, frame_b, 0};
    findings_each(stage, context, note_found, &target);
}

/* Whether this NOTIFY was due while a 204 is in force. */
static void
audit_notify(struct tracker *tracker, const struct sip_message *message,
             const struct subscription *subscription, uint32_t state, struct record *record)
{
    struct no_notify *suppressed = subscription->suppressed;
    if (!suppressed)
        return;
    int64_t deadline = notify_deadline(message, record);
    bool shortened =
        deadline && subscription->deadline && deadline + EXPIRY_SLACK_NS < subscription->deadline;
    enum finding finding = judge_notify(subscription, message, state != subscription->state_hash, shortened);
    if (finding == FINDING_NONE)
        return;
    record_note(tracker, record, (uint16_t)finding, subscription->suppressed_frame, suppressed->etag_frame);
    if (!suppressed->notify_frame) {
        suppressed->notify_frame = record->frame;
        suppressed->notify_finding = (uint16_t)finding;
    }
}

/* Of the body and its type, which together are the state that a tag stands for; 0 without a body. */
static uint32_t
content_hash(struct tracker *tracker, const struct sip_message *message)
{
    struct slice body = message->body, type = message->header[SIP_CONTENT_TYPE];
    if (body.len == 0)
        return 0;
    return (hash_slice(tracker, body) * 31 + hash_slice(tracker, type)) | 1;
}

static void
add_notify(struct tracker *tracker, const struct sip_message *message, struct record *record)
{
    char *event = event_name(message->header[SIP_EVENT]);
    struct subscription *subscription = subscription_find(tracker, message, event, true);
    uint32_t state = state_hash(tracker, message->header[SIP_SUBSCRIPTION_STATE]);
    subscription->new_hash = content_hash(tracker, message);
    uint32_t conditional = awaited_arrives(tracker, message, record);
    const struct finding_context context = {.message = message,
                                            .record = record,
                                            .subscription = subscription,
                                            .condition_holds = conditional != 0};
    audit_notify(tracker, message, subscription, state, record);
    ask_rules(tracker, STAGE_NOTIFY, &context, record, subscription->etag_frame,
              conditional ? conditional : subscription->ignored_in);
    subscription->ignored_in = 0;
    subscription->state_hash = state;
    if (notify_deadline(message, record))
        subscription->deadline = notify_deadline(message, record);
    remember_etag(tracker, message, event, subscription, record->frame);
    g_free(event);
}

/* --- SUBSCRIBE and its response ------------------------------------------------- */

static struct subscribe_request *
read_subscribe(struct tracker *tracker, const struct sip_message *message)
{
    struct subscribe_request *request = host_new(tracker, struct subscribe_request);
    char *event = event_name(message->header[SIP_EVENT]);
    request->event = keep_text(tracker, event);
    g_free(event);
    if (message->header[SIP_SUPPRESS_IF_MATCH].p)
        request->condition = host_strdup(tracker, message->header[SIP_SUPPRESS_IF_MATCH]);
    request->has_expires =
        message->header[SIP_EXPIRES].p && sip_number(message->header[SIP_EXPIRES], &request->expires);
    request->unsubscribes = request->has_expires && request->expires == 0;
    request->has_to_tag = message->to_tag.len > 0;
    request->cut = message->headers_cut;
    return request;
}

static const struct tag_issue *
find_tag(struct tracker *tracker, const struct sip_message *message, const char *event, struct slice etag,
         bool *resumed)
{
    key_etag(tracker, message, event, etag);
    struct tag_issue *issue = key_find(tracker);
    *resumed = !issue;
    if (!issue) {
        key_etag_any(tracker, message->to_uri, event, etag);
        issue = key_find(tracker);
    }
    if (issue)
        aged_touch(tracker, &issue->aged, tag_drop);
    *resumed &= issue != NULL;
    return issue;
}

void
subscription_request(struct tracker *tracker, const struct sip_message *message,
                     struct transaction *transaction, struct record *record)
{
    struct finding_context context = {.message = message, .record = record};
    bool resumed;
    if (strcmp(record->method, "NOTIFY") == 0) {
        add_notify(tracker, message, record);
        return;
    }
    if (strcmp(record->method, "SUBSCRIBE") != 0) {
        ask_rules(tracker, STAGE_REQUEST, &context, record, 0, 0);
        return;
    }
    struct subscribe_request *request = transaction->subscribe = read_subscribe(tracker, message);
    if (!request->has_to_tag)
        request->awaited = await_notify(tracker, message, record);
    struct subscription *subscription = subscription_find(tracker, message, request->event, false);
    if (subscription && request->condition)
        subscription->condition_known =
            find_tag(tracker, message, request->event, text_slice(request->condition), &resumed) != NULL;
    context.subscription = subscription;
    ask_rules(tracker, STAGE_SUBSCRIBE, &context, record, 0, 0);
}

static void
find_etag(struct tracker *tracker, const struct sip_message *message, struct no_notify *no_notify)
{
    if (!no_notify->etag || strcmp(no_notify->etag, "*") == 0)
        return;
    const struct tag_issue *issue =
        find_tag(tracker, message, no_notify->event, text_slice(no_notify->etag), &no_notify->etag_resumed);
    no_notify->etag_frame = issue ? issue->frame : 0;
}

static void
note_wrong_204(struct tracker *tracker, struct record *record, const struct no_notify *no_notify)
{
    if (!no_notify->is_subscribe)
        record_note(tracker, record, FINDING_NOT_SUBSCRIBE, no_notify->subscribe_frame, 0);
    else if (no_notify->subscribe_frame && !no_notify->in_dialog)
        record_note(tracker, record, FINDING_OUT_OF_DIALOG, no_notify->subscribe_frame, 0);
    else if (no_notify->subscribe_frame && !no_notify->etag)
        record_note(tracker, record, FINDING_UNCONDITIONAL, no_notify->subscribe_frame, 0);
}

static struct no_notify *
add_no_notify(struct tracker *tracker, const struct sip_message *message,
              const struct transaction *transaction, struct record *record)
{
    struct no_notify *no_notify = host_new(tracker, struct no_notify);
    const struct subscribe_request *request = transaction ? transaction->subscribe : NULL;
    bool cut = *record->method == '\0' || (request && request->cut);
    no_notify->is_subscribe = *record->method == '\0' || strcmp(record->method, "SUBSCRIBE") == 0;
    no_notify->subscribe_frame = transaction ? transaction->request->frame : 0;
    no_notify->has_expires =
        message->header[SIP_EXPIRES].p && sip_number(message->header[SIP_EXPIRES], &no_notify->expires);
    if (request) {
        no_notify->event = keep_text(tracker, request->event);
        no_notify->etag = keep_text(tracker, request->condition);
        no_notify->in_dialog = request->has_to_tag;
        no_notify->unsubscribed = request->unsubscribes;
        find_etag(tracker, message, no_notify);
    }
    no_notify->references = 1;
    record_detail(tracker, record)->no_notify = no_notify;
    if (!cut)
        note_wrong_204(tracker, record, no_notify);
    return no_notify;
}

static bool
names_current_tag(const struct subscription *subscription, const struct subscribe_request *request)
{
    return request->has_to_tag && request->condition && subscription->etag &&
           strcmp(request->condition, subscription->etag) == 0;
}

/* A refresh refused is the end of the subscription, or at least of what is known of its condition; but not
 * when it is challenged (RFC 6665 section 4.1.2.2). */
static void
forget_condition(struct tracker *tracker, const struct sip_message *message,
                 const struct subscribe_request *request)
{
    struct subscription *subscription = subscription_find(tracker, message, request->event, false);
    if (subscription && message->status != 401 && message->status != 407)
        set_suppressed(tracker, subscription, NULL);
}

void
subscription_response(struct tracker *tracker, const struct sip_message *message,
                      const struct arrival *arrival, struct transaction *transaction, struct record *record)
{
    struct no_notify *no_notify = NULL;
    if (record->status == 204)
        no_notify = add_no_notify(tracker, message, transaction, record);
    if (!transaction && strcmp(record->method, "NOTIFY") == 0)
        awaited_arrives(tracker, message, record);
    if (!transaction || !transaction->subscribe || record->status < 200)
        return;
    if (record->status >= 300) {
        forget_condition(tracker, message, transaction->subscribe);
        return;
    }
    struct subscription *subscription =
        subscription_find(tracker, message, transaction->subscribe->event, record->status == 204);
    const struct finding_context context = {.message = message,
                                            .record = record,
                                            .subscription = subscription,
                                            .request = transaction->subscribe};
    uint32_t granted = 0;
    bool said = message->header[SIP_EXPIRES].p && sip_number(message->header[SIP_EXPIRES], &granted);
    struct note_target target = {tracker, record, transaction->request->frame,
                                 transaction->subscribe->expires, granted};
    findings_each(STAGE_SUBSCRIBED, &context, note_found, &target);
    if (transaction->subscribe->awaited)
        begin_waiting(tracker, message, arrival, transaction->subscribe->awaited, record);
    if (!subscription)
        return;
    /* Every accepted SUBSCRIBE sets the condition anew: by a 204 it is in force, by a 200 a NOTIFY is due. */
    bool right = no_notify && no_notify->etag && no_notify->in_dialog;
    set_suppressed(tracker, subscription, right ? no_notify : NULL);
    subscription->suppressed_frame = record->frame;
    subscription->ignored_in = names_current_tag(subscription, transaction->subscribe) && !no_notify
                                   ? transaction->request->frame
                                   : 0;
    subscription->ended = transaction->subscribe->unsubscribes;
    if (said)
        subscription->deadline = record->time + (int64_t)granted * 1000000000;
}
