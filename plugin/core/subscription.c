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
        *any_entry;              /* the second: NULL when another subscription gave the same tag since */
    uint32_t first, frame, cseq; /* of the first and of the latest such NOTIFY */
};

/* 64*T1, after which a subscriber gives up that does not take a 204 for the end of its wait (RFC 6665 section
 * 4.1.2.2), more or less. */
#define WAITED_MIN_NS (SIP_TIMEOUT_NS - INT64_C(2000000000))
#define WAITED_MAX_NS (SIP_TIMEOUT_NS + INT64_C(8000000000))

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
key_usage(struct tracker *tracker, enum index_kind kind, const struct sip_message *message)
{
    bool ordered = slice_compare(message->from_tag, message->to_tag) <= 0;
    key_begin(tracker, kind);
    key_add_hash(tracker, tracker->here.call_id);
    key_add(tracker, ordered ? message->from_tag : message->to_tag);
    key_add(tracker, ordered ? message->to_tag : message->from_tag);
}

static void
key_subscription(struct tracker *tracker, enum index_kind kind, const struct sip_message *message,
                 const char *event)
{
    key_usage(tracker, kind, message);
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

/* Who subscribes to what, from where: in whatever dialog. */
static void
key_watcher(struct tracker *tracker, const struct sip_message *message, const char *event,
            const struct endpoint *client)
{
    struct slice user, host;
    key_begin(tracker, INDEX_WATCHER);
    sip_uri_split(message->from_uri, &user, &host);
    key_add(tracker, user);
    key_add_nocase(tracker, host);
    sip_uri_split(message->to_uri, &user, &host);
    key_add(tracker, user);
    key_add_nocase(tracker, host);
    key_add(tracker, text_slice(event));
    key_add_address(tracker, client);
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

/* Somebody looks not to know of this 204. NULL is none. */
static void
mark_missed(struct no_notify *no_notify, uint16_t finding, uint32_t frame)
{
    if (finding == FINDING_NONE || !no_notify || no_notify->missed_frame)
        return;
    no_notify->missed_frame = frame;
    no_notify->missed_finding = finding;
}

void
subscription_drop(struct tracker *tracker, struct aged *aged)
{
    struct subscription *subscription = CONTAINER(aged, struct subscription, aged);
    index_drop(&tracker->index, subscription->entry, subscription);
    for (size_t i = 0; i < LEADS; i++)
        index_drop(&tracker->index, subscription->leads[i], subscription);
    set_suppressed(tracker, subscription, NULL);
    tracker->host.release((char *)(uintptr_t)subscription->etag);
    tracker->host.release(subscription);
}

/* From now on the key that was just made leads to this one, and not to the one before. */
static void
lead_to(struct tracker *tracker, struct subscription *subscription, enum lead lead)
{
    struct index_entry *entry = index_entry(&tracker->index);
    struct subscription *before = entry->value;
    if (before == subscription)
        return;
    if (before)
        before->leads[lead] = NULL;
    index_drop(&tracker->index, subscription->leads[lead], subscription);
    entry->value = subscription;
    subscription->leads[lead] = entry;
}

static struct subscription *
subscription_find(struct tracker *tracker, const struct sip_message *message, const char *event, bool make)
{
    key_subscription(tracker, INDEX_SUBSCRIPTION, message, event);
    struct subscription *subscription = key_find(tracker);
    if (!subscription && make) {
        subscription = host_new(tracker, struct subscription);
        subscription->entry = key_put(tracker, subscription);
        key_usage(tracker, INDEX_USAGE, message);
        lead_to(tracker, subscription, LEAD_DIALOG);
    }
    if (subscription)
        aged_touch(tracker, &subscription->aged, AGED_SUBSCRIPTION);
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

void
awaited_drop(struct tracker *tracker, struct aged *aged)
{
    struct awaited *awaited = CONTAINER(aged, struct awaited, aged);
    index_drop(&tracker->index, awaited->notify.entry, &awaited->notify);
    if (awaited->notify.peers && tracker->forgets) /* else records go on to point to it */
        peers_release(tracker, awaited->notify.peers);
    record_release(tracker, (char *)(uintptr_t)awaited->notify.condition);
    record_release(tracker, awaited);
}

static struct awaited_notify *
awaited_find(struct tracker *tracker, struct slice subscriber_tag)
{
    key_awaited(tracker, subscriber_tag);
    struct awaited_notify *awaited = key_find(tracker);
    if (!awaited) {
        awaited = &host_new(tracker, struct awaited)->notify;
        awaited->entry = key_put(tracker, awaited);
    }
    aged_touch(tracker, &CONTAINER(awaited, struct awaited, notify)->aged, AGED_AWAITED);
    return awaited;
}

/* A NOTIFY would come encrypted, where the SUBSCRIBE did not go so. */
static bool
wants_secrecy(const struct sip_message *message)
{
    struct sip_contacts walk = sip_contacts(message);
    struct sip_contact contact = {.star = false};
    struct slice transport = sip_contact_next(&walk, &contact) ? sip_uri_transport(contact.uri) : SLICE("");
    bool secret = slice_equal_nocase(transport, SLICE("TLS")) || slice_equal_nocase(transport, SLICE("WSS"));
    return secret && !slice_equal_nocase(message->via.transport, transport);
}

static struct awaited_notify *
await_notify(struct tracker *tracker, const struct sip_message *message, const struct record *record)
{
    struct awaited_notify *awaited = awaited_find(tracker, message->from_tag);
    awaited->subscribe_frame = record->frame;
    awaited->elsewhere |= message->header_lines[SIP_VIA] > 1 || wants_secrecy(message);
    tracker->host.release((char *)(uintptr_t)awaited->condition);
    awaited->condition = message->header[SIP_SUPPRESS_IF_MATCH].p
                             ? host_strdup(tracker, message->header[SIP_SUPPRESS_IF_MATCH])
                             : NULL;
    return awaited;
}

/* It came, or at least an answer to it; in a capture that is out of order perhaps before its SUBSCRIBE.
 * @return the SUBSCRIBE whose condition it meets, if it is the first; else 0 */
static uint32_t
awaited_arrives(struct tracker *tracker, const struct sip_message *message, const struct record *record)
{
    struct slice etag = message->header[SIP_ETAG];
    struct awaited_notify *awaited = awaited_find(tracker, message->to_tag);
    if (awaited->seen)
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

static struct slice
contact_uri(const struct sip_message *message)
{
    struct slice contact = message->header[SIP_CONTACT], uri;
    slice_until(contact, '<', &uri);
    return slice_until(uri.len ? uri : contact, '>', NULL);
}

/* Without Record-Route a proxy does not see the NOTIFY, nor who captures there. Then Contact names another
 * address than the answer comes from. */
static bool
goes_elsewhere(const struct sip_message *message, const struct arrival *arrival)
{
    struct slice user, host;
    struct endpoint there = {.type = arrival->from.type};
    sip_uri_split(contact_uri(message), &user, &host);
    return endpoint_read(host, &there) && !endpoint_same_address(&there, &arrival->from) &&
           !has_record_route(message);
}

static void
begin_waiting(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
              struct awaited_notify *awaited, struct record *record)
{
    awaited->clock = tracker->clock;
    if (!awaited->peers)
        awaited->peers = peers_hold(tracker, &arrival->to, &arrival->from);
    awaited->elsewhere |= goes_elsewhere(message, arrival);
    record_detail(tracker, record)->awaited = awaited;
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

/* It has another tag than the 204 stands on: the state changed. */
static bool
is_news(const struct subscription *subscription, const struct sip_message *message)
{
    struct slice condition = text_slice(subscription->suppressed->etag), etag = message->header[SIP_ETAG];
    return !subscription->ended && etag.p && !slice_equal(condition, SLICE("*")) &&
           !slice_equal(etag, condition);
}

/* What is wrong with a NOTIFY while a 204 is in force (RFC 5839 section 5.2, 6.2, 6.3). */
static enum finding
judge_notify(const struct subscription *subscription, const struct sip_message *message, bool state_changed,
             bool shortened)
{
    bool any = strcmp(subscription->suppressed->etag, "*") == 0;
    if (subscription->ended)
        return FINDING_NOTIFY_AFTER_END;
    if (!message->header[SIP_ETAG].p && !any && message->body.len > 0)
        return FINDING_NOTIFY_UNTAGGED;
    if (message->body.len == 0)
        return state_changed || shortened ? FINDING_NONE : FINDING_NOTIFY_SUPERFLUOUS;
    /* Without a NOTIFY before it is not known what the state was. */
    return state_changed && subscription->state_before ? FINDING_STATE_WITH_BODY : FINDING_NOTIFY_BODY;
}

void
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
        issue->first = frame;
    }
    issue->frame = frame;
    issue->cseq = message->cseq;
    aged_touch(tracker, &issue->aged, AGED_TAG);
    make_latest(tracker, message, event, etag, issue);
    if (!subscription->etag || !slice_equal(text_slice(subscription->etag), etag)) {
        tracker->host.release((char *)(uintptr_t)subscription->etag);
        subscription->etag = host_strdup(tracker, etag);
        subscription->body_hash = 0;
    }
    subscription->etag_frame = frame;
    subscription->etag_cseq = message->cseq;
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
audit_notify(struct tracker *tracker, const struct sip_message *message, struct subscription *subscription,
             bool state_changed, struct record *record)
{
    struct no_notify *suppressed = subscription->suppressed;
    if (!suppressed || is_news(subscription, message) || subscription->expiry.open)
        return; /* a SUBSCRIBE since may have been answered otherwise */
    bool shortened = expiry_is_shorter(&subscription->expiry, expiry_of_notify(tracker, message));
    enum finding finding = judge_notify(subscription, message, state_changed, shortened);
    if (finding == FINDING_NONE)
        return;
    record_note(tracker, record, (uint16_t)finding, subscription->suppressed_frame, suppressed->etag_frame);
    if (!suppressed->notify_frame && finding != FINDING_NOTIFY_UNTAGGED) { /* that may have been due */
        suppressed->notify_frame = record->frame;
        suppressed->notify_finding = (uint16_t)finding;
    }
}

/* A notifier counts CSeq up by one for each request of the dialog: after a step of more, one that is not in
 * the capture may have changed the state. */
static void
note_notify_gap(struct tracker *tracker, struct subscription *subscription, uint32_t cseq)
{
    if (subscription->notify_cseq && cseq > subscription->notify_cseq + 1) {
        set_suppressed(tracker, subscription, NULL);
        subscription->ignored_in = 0;
    }
    subscription->notify_cseq = cseq;
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

/* On another hop it comes again, and is compared with the one before it all the same. */
static bool
note_state(struct tracker *tracker, struct subscription *subscription, const struct sip_message *message)
{
    uint32_t state = state_hash(tracker, message->header[SIP_SUBSCRIPTION_STATE]);
    if (subscription->notify_cseq != message->cseq)
        subscription->state_before = subscription->state_hash;
    subscription->state_hash = state;
    return state != subscription->state_before;
}

/* What was refused, be it for want of credentials, told nothing: it may come again. */
static void
notify_refused(struct tracker *tracker, const struct sip_message *message)
{
    key_usage(tracker, INDEX_USAGE, message);
    struct subscription *subscription = key_find(tracker);
    if (subscription && subscription->notify_cseq == message->cseq)
        subscription->state_hash = subscription->state_before;
}

static void
add_notify(struct tracker *tracker, const struct sip_message *message, struct record *record)
{
    char *event = event_name(message->header[SIP_EVENT]);
    struct subscription *subscription = subscription_find(tracker, message, event, true);
    subscription->new_hash = content_hash(tracker, message);
    uint32_t conditional = awaited_arrives(tracker, message, record);
    bool state_changed = note_state(tracker, subscription, message);
    const struct finding_context context = {.message = message,
                                            .record = record,
                                            .subscription = subscription,
                                            .state_changed = state_changed,
                                            .condition_holds = conditional != 0};
    /* On another hop something between may have taken the condition out. */
    if (subscription->answer.hop != hash_short(tracker->here.hop))
        subscription->ignored_in = 0;
    note_notify_gap(tracker, subscription, message->cseq);
    audit_notify(tracker, message, subscription, state_changed, record);
    ask_rules(tracker, STAGE_NOTIFY, &context, record, subscription->etag_frame,
              conditional ? conditional : subscription->ignored_in);
    subscription->ignored_in = 0;
    subscription->notified_in = record->frame;
    subscription->repeated = subscription->etag && !state_changed &&
                             slice_equal(message->header[SIP_ETAG], text_slice(subscription->etag));
    mark_missed(subscription->suppressed, expiry_notified(tracker, &subscription->expiry, message, record),
                record->frame);
    if (subscription->suppressed &&
        is_news(subscription, message)) /* false from now on, whatever comes next */
        set_suppressed(tracker, subscription, NULL);
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
    request->contact = hash_slice(tracker, contact_uri(message));
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
        aged_touch(tracker, &issue->aged, AGED_TAG);
    *resumed &= issue != NULL;
    return issue;
}

/* A subscriber that begins anew, though its subscription goes on or should have: it missed what the 204 said.
 * Known by its contact, for a proxy has many subscribers behind one address; and a fetch is nothing begun. */
static void
note_begun_anew(struct tracker *tracker, const struct sip_message *message,
                const struct transaction *transaction, struct record *record)
{
    const struct subscribe_request *request = transaction->subscribe;
    if (!tracker->watches)
        return;
    key_watcher(tracker, message, request->event, &transaction->client);
    struct subscription *before = key_find(tracker);
    if (!before || before->contact != request->contact || request->unsubscribes)
        return;
    const struct expiry *expiry = &before->expiry;
    const struct deadline *believed = expiry_missed(tracker, expiry);
    int64_t since = tracker->clock - (believed ? expiry->latest.clock : expiry->granted_clock);
    bool waited = before->suppressed && before->notified_in < before->suppressed_frame &&
                  expiry_is_ahead(tracker, expiry) && since >= WAITED_MIN_NS && since <= WAITED_MAX_NS;
    if (!believed && !waited)
        return;
    uint16_t finding = believed ? FINDING_EXPIRY_MISSED : FINDING_NOT_UNDERSTOOD;
    record_note(tracker, record, finding, before->suppressed_frame, believed ? believed->frame : 0)->number =
        (uint32_t)(since / 1000000000);
    mark_missed(before->suppressed, finding, record->frame);
    index_drop(&tracker->index, before->leads[LEAD_WATCHER], before);
    before->leads[LEAD_WATCHER] = NULL;
}

/* The same SUBSCRIBE on two hops, and the condition on the first of them only. */
static void
note_removed(struct tracker *tracker, const struct sip_message *message, struct subscription *subscription,
             struct record *record)
{
    const struct conditional before = subscription->conditional;
    const struct conditional now = {record->frame, hash_short(tracker->here.from_tag), message->cseq,
                                    hash_short(tracker->here.hop), false};
    bool same = before.frame && before.subscriber == now.subscriber && before.cseq == now.cseq;
    if (message->header[SIP_SUPPRESS_IF_MATCH].p)
        subscription->conditional = now;
    if (message->header[SIP_SUPPRESS_IF_MATCH].p || message->headers_cut || !same || before.hop == now.hop)
        return;
    record_note(tracker, record, FINDING_CONDITION_REMOVED, before.frame, 0);
    subscription->conditional.removed = true;
}

/* The SUBSCRIBE before this one named the current tag, was accepted without a 204, and nothing followed. */
static void
note_withheld(struct tracker *tracker, struct subscription *subscription, struct record *record)
{
    int64_t since = tracker->clock - subscription->expiry.granted_clock;
    if (!subscription->ignored_in || !subscription->etag ||
        subscription->notified_in > subscription->ignored_in || subscription->expiry.gap ||
        since <= SIP_TIMEOUT_NS)
        return;
    record_note(tracker, record, FINDING_NOTIFY_WITHHELD, subscription->ignored_in,
                subscription->suppressed_frame)
        ->number = (uint32_t)(since / 1000000000);
    subscription->ignored_in = 0;
}

/* In the dialog: what it says of the condition, and whether it comes in time. */
static void
refresh(struct tracker *tracker, const struct sip_message *message, struct subscription *subscription,
        const struct subscribe_request *request, struct record *record)
{
    bool resumed;
    if (request->condition)
        subscription->condition_known =
            find_tag(tracker, message, request->event, text_slice(request->condition), &resumed) != NULL;
    note_removed(tracker, message, subscription, record);
    mark_missed(subscription->suppressed,
                expiry_asked(tracker, &subscription->expiry, message, request, record), record->frame);
    note_withheld(tracker, subscription, record);
}

void
subscription_repeated(struct tracker *tracker, const struct sip_message *message,
                      const struct transaction *transaction)
{
    const struct subscribe_request *request = transaction->subscribe;
    struct subscription *subscription =
        request && request->has_to_tag ? subscription_find(tracker, message, request->event, false) : NULL;
    if (subscription && subscription->expiry.open_frame == transaction->request->frame)
        subscription->expiry.open_repeated = true;
}

void
subscription_request(struct tracker *tracker, const struct sip_message *message,
                     struct transaction *transaction, struct record *record)
{
    struct finding_context context = {.message = message, .record = record};
    if (method_is(record->method, "NOTIFY"))
        add_notify(tracker, message, record);
    if (!method_is(record->method, "SUBSCRIBE")) {
        ask_rules(tracker, STAGE_REQUEST, &context, record, 0, 0);
        return;
    }
    struct subscribe_request *request = transaction->subscribe = read_subscribe(tracker, message);
    if (!request->has_to_tag) {
        request->awaited = await_notify(tracker, message, record);
        note_begun_anew(tracker, message, transaction, record);
    }
    struct subscription *subscription = subscription_find(tracker, message, request->event, false);
    if (subscription)
        refresh(tracker, message, subscription, request, record);
    context.subscription = subscription;
    ask_rules(tracker, STAGE_SUBSCRIBE, &context, record, 0, 0);
}

/* That tag was told, and another one after it: in this subscription by the notifier's count, in one before it
 * by time. What is not in the capture may have told the old one anew. */
static bool
is_superseded(const struct subscription *subscription, const struct tag_issue *issue, bool resumed,
              uint32_t frame)
{
    if (!subscription || subscription->etag_frame >= frame || subscription->expiry.gap)
        return false;
    return resumed ? subscription->etag_frame > issue->frame : subscription->etag_cseq > issue->cseq;
}

/* A NOTIFY that came between the SUBSCRIBE and its answer is not the one that it goes by. */
static uint32_t
told_before(const struct tag_issue *issue, uint32_t subscribe_frame)
{
    if (subscribe_frame == 0 || issue->frame < subscribe_frame)
        return issue->frame;
    return issue->first < subscribe_frame ? issue->first : 0;
}

static void
find_etag(struct tracker *tracker, const struct sip_message *message, const struct subscription *subscription,
          struct no_notify *no_notify)
{
    if (!no_notify->etag || strcmp(no_notify->etag, "*") == 0)
        return;
    const struct tag_issue *issue =
        find_tag(tracker, message, no_notify->event, text_slice(no_notify->etag), &no_notify->etag_resumed);
    no_notify->etag_frame = issue ? told_before(issue, no_notify->subscribe_frame) : 0;
    no_notify->tag_unseen = !issue && subscription && subscription->notify_cseq;
    if (issue && is_superseded(subscription, issue, no_notify->etag_resumed, no_notify->subscribe_frame))
        no_notify->superseded_in = subscription->etag_frame;
}

/* The NOTIFY that had ended the subscription before that frame, unless what came in between may be missing.
 */
static uint32_t
ended_before(const struct subscription *subscription, uint32_t frame)
{
    const struct expiry *expiry = subscription ? &subscription->expiry : NULL;
    return expiry && !expiry->gap && expiry->ended_in < frame ? expiry->ended_in : 0;
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
    else if (no_notify->ended_in)
        record_note(tracker, record, FINDING_REFRESHED_AFTER_END, no_notify->subscribe_frame,
                    no_notify->ended_in);
    else if (no_notify->superseded_in)
        record_note(tracker, record, FINDING_SUPERSEDED, no_notify->subscribe_frame,
                    no_notify->superseded_in);
}

static void
add_no_notify(struct tracker *tracker, const struct sip_message *message,
              const struct transaction *transaction, struct record *record)
{
    struct no_notify *no_notify = host_new(tracker, struct no_notify);
    const struct subscribe_request *request = transaction ? transaction->subscribe : NULL;
    bool cut = *record->method == '\0' || (request && request->cut);
    no_notify->is_subscribe = *record->method == '\0' || method_is(record->method, "SUBSCRIBE");
    no_notify->subscribe_frame = transaction ? transaction->request->frame : 0;
    no_notify->has_expires =
        message->header[SIP_EXPIRES].p && sip_number(message->header[SIP_EXPIRES], &no_notify->expires);
    if (request) {
        no_notify->event = keep_text(tracker, request->event);
        no_notify->etag = keep_text(tracker, request->condition);
        no_notify->in_dialog = request->has_to_tag;
        no_notify->unsubscribed = request->unsubscribes;
        const struct subscription *subscription =
            subscription_find(tracker, message, no_notify->event, false);
        find_etag(tracker, message, subscription, no_notify);
        no_notify->ended_in = ended_before(subscription, no_notify->subscribe_frame);
    }
    no_notify->references = 1;
    record_detail(tracker, record)->no_notify = no_notify;
    if (!cut)
        note_wrong_204(tracker, record, no_notify);
}

/* Of a notifier that knows tags. */
static bool
has_condition(const struct subscription *subscription, const struct subscribe_request *request,
              const char *condition)
{
    return request->has_to_tag && request->condition && subscription->etag &&
           strcmp(request->condition, condition) == 0;
}

/* A refresh refused is the end of the subscription, or at least of what is known of its condition; but not
 * when it is challenged (RFC 6665 section 4.1.2.2). */
static void
refused(struct tracker *tracker, const struct sip_message *message, const struct transaction *transaction,
        const struct record *record)
{
    struct subscription *subscription =
        subscription_find(tracker, message, transaction->subscribe->event, false);
    if (!subscription)
        return;
    expiry_answered(tracker, &subscription->expiry, message, transaction, record);
    if (message->status != 401 && message->status != 407)
        set_suppressed(tracker, subscription, NULL);
}

/* The same SUBSCRIBE on two hops, answered by a 204 on one of them only. */
static bool
note_changed_on_hop(struct tracker *tracker, const struct sip_message *message,
                    const struct transaction *transaction, struct subscription *subscription,
                    struct record *record)
{
    const struct subscribed before = subscription->answer;
    const struct subscribed now = {record->frame, hash_short(tracker->here.from_tag), message->cseq,
                                   hash_short(tracker->here.hop), record->status};
    subscription->answer = now;
    if (!before.frame || before.subscriber != now.subscriber || before.cseq != now.cseq ||
        before.hop == now.hop || (before.status == 204) == (now.status == 204))
        return false;
    record_note(tracker, record, FINDING_ANSWER_CHANGED, before.frame, transaction->request->frame)->number =
        before.status;
    if (now.status == 204)
        mark_missed(record->detail->no_notify, FINDING_ANSWER_CHANGED, before.frame);
    else if (subscription->suppressed_frame == before.frame)
        mark_missed(subscription->suppressed, FINDING_ANSWER_CHANGED, now.frame);
    return true;
}

/* Every accepted SUBSCRIBE sets the condition anew: by a 204 it is in force, by a 200 a NOTIFY is due. */
static void
set_condition(struct tracker *tracker, const struct sip_message *message,
              const struct transaction *transaction, struct subscription *subscription, bool changed,
              struct record *record)
{
    const struct subscribe_request *request = transaction->subscribe;
    struct no_notify *no_notify = record->status == 204 ? record->detail->no_notify : NULL;
    bool right = no_notify && no_notify->etag && no_notify->in_dialog && !no_notify->ended_in &&
                 !no_notify->superseded_in;
    set_suppressed(tracker, subscription, right ? no_notify : NULL);
    bool current = has_condition(subscription, request, subscription->etag);
    bool came = subscription->repeated && subscription->notified_in > transaction->request->frame;
    if (right && current && came) { /* the NOTIFY of a 200, sent in front of the 204 */
        no_notify->notify_frame = subscription->notified_in;
        no_notify->notify_finding = subscription->new_hash ? FINDING_NOTIFY_BODY : FINDING_NOTIFY_SUPERFLUOUS;
    }
    subscription->suppressed_frame = record->frame;
    subscription->ignored_star = has_condition(subscription, request, "*");
    bool untagged = request->condition && !subscription->etag;
    bool ignored = (current || subscription->ignored_star || untagged) && !no_notify && !changed;
    subscription->ignored_in = ignored ? transaction->request->frame : 0;
    subscription->ended = request->unsubscribes;
    subscription->contact = request->contact;
    if (!right || request->unsubscribes)
        return;
    key_watcher(tracker, message, request->event, &transaction->client);
    lead_to(tracker, subscription, LEAD_WATCHER);
    tracker->watches = true;
}

static void
accepted(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
         struct transaction *transaction, struct record *record)
{
    const struct subscribe_request *request = transaction->subscribe;
    struct subscription *subscription = subscription_find(tracker, message, request->event, true);
    bool removed =
        subscription->conditional.removed && subscription->conditional.frame == transaction->request->frame;
    bool changed = note_changed_on_hop(tracker, message, transaction, subscription, record) || removed;
    const struct finding_context context = {.message = message,
                                            .record = record,
                                            .subscription = subscription,
                                            .request = request};
    uint32_t granted = 0;
    if (message->header[SIP_EXPIRES].p)
        sip_number(message->header[SIP_EXPIRES], &granted);
    struct note_target target = {tracker, record, transaction->request->frame, request->expires, granted};
    findings_each(STAGE_SUBSCRIBED, &context, note_found, &target);
    if (request->awaited)
        begin_waiting(tracker, message, arrival, request->awaited, record);
    expiry_answered(tracker, &subscription->expiry, message, transaction, record);
    set_condition(tracker, message, transaction, subscription, changed, record);
}

/* An answer whose request is not in the capture. It does not say what event it was about. */
static void
unseen(struct tracker *tracker, const struct sip_message *message, const struct record *record)
{
    bool notify = method_is(record->method, "NOTIFY");
    if (!notify && !method_is(record->method, "SUBSCRIBE"))
        return;
    if (notify)
        awaited_arrives(tracker, message, record);
    key_usage(tracker, INDEX_USAGE, message);
    struct subscription *subscription = key_find(tracker);
    if (!subscription)
        return;
    subscription->expiry.gap = true;
    if (!notify) /* its condition is not known */
        set_suppressed(tracker, subscription, NULL);
}

void
subscription_response(struct tracker *tracker, const struct sip_message *message,
                      const struct arrival *arrival, struct transaction *transaction, struct record *record)
{
    if (record->status == 204)
        add_no_notify(tracker, message, transaction, record);
    if (!transaction)
        unseen(tracker, message, record);
    else if (record->status >= 300 && method_is(record->method, "NOTIFY"))
        notify_refused(tracker, message);
    if (!transaction || !transaction->subscribe || record->status < 200)
        return;
    if (record->status >= 300)
        refused(tracker, message, transaction, record);
    else
        accepted(tracker, message, arrival, transaction, record);
}
