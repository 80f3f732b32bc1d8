/* registration.c
 * Registrations over time: what was asked and granted, when it was refreshed, and when it had run out.
 *
 * A binding is known by its contact, at one registrar (RFC 3261 section 10.3); by instance and flow where the
 * client names them (RFC 5626 section 6). A client that moves keeps its Call-ID, and so its registration. One
 * that begins anew, with another Call-ID and contact, is known by its instance or its address: it takes up a
 * registration that had run out, and replaces one that runs out later. Where its registrar is down or sends
 * it away, it goes on in the same Call-ID at another one (RFC 3263 section 4.3, RFC 3261 section 8.1.3.4).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"
#include "auth_private.h"

#define SECOND_NS INT64_C(1000000000)

/* Where neither says how long: it is the registrar's own time, which nobody else knows. */
enum { UNSAID_SECONDS = 3600 };

/* --- finding them ---------------------------------------------------------------- */

/* RFC 5626 section 4.1 */
static struct slice
instance_of(const struct sip_contact *contact)
{
    return sip_parameter(contact->parameters, SLICE("+sip.instance"));
}

static struct slice
reg_id_of(const struct sip_contact *contact)
{
    return sip_parameter(contact->parameters, SLICE("reg-id"));
}

/* An instance has one binding for each flow. The port that goes without saying may be said, too, and so may
 * UDP. */
static void
key_binding(struct tracker *tracker, const struct account *account, const struct sip_contact *contact)
{
    struct slice user, host_port, instance = instance_of(contact), reg_id = reg_id_of(contact);
    key_begin_number(tracker, INDEX_BINDING, (uintptr_t)account);
    if (instance.len > 0 && reg_id.len > 0) {
        key_add(tracker, instance);
        key_add_nocase(tracker, reg_id);
        return;
    }
    sip_uri_split_place(contact->uri, &user, &host_port);
    struct slice transport = sip_uri_transport(contact->uri);
    key_add_user(tracker, user);
    key_add_place(tracker, host_port);
    key_add_nocase(tracker, transport.len > 0 ? transport : SLICE("UDP"));
}

static uint32_t
hash_flow(const struct tracker *tracker, const struct sip_contact *contact)
{
    struct slice instance = instance_of(contact);
    return instance.len ? hash_slice(tracker, instance) * 31 + hash_slice(tracker, reg_id_of(contact)) : 0;
}

static bool
has_uri(const struct registration *registration, struct slice uri)
{
    const struct contact_name *name = registration->contact;
    return slice_equal((struct slice){name->uri, name->len}, uri);
}

/* Nearly always it is the same one again. */
static struct registration *
find_binding(struct tracker *tracker, const struct account *account, const struct sip_contact *contact)
{
    struct registration *latest = account->latest;
    if (latest && has_uri(latest, contact->uri) && latest->flow_hash == hash_flow(tracker, contact))
        return latest;
    key_binding(tracker, account, contact);
    return key_find(tracker);
}

/* One client of the account: behind a proxy the hop before tells several apart.
 *
 * message: the REGISTER, or its answer */
static void
key_client(struct tracker *tracker, const struct account *account, uint32_t instance,
           const struct endpoint *address, const struct sip_message *message)
{
    struct sip_via before;
    key_begin_number(tracker, INDEX_REGISTERED_CLIENT, (uintptr_t)account);
    key_add_hash(tracker, instance);
    if (instance != 0)
        return;
    if (sip_message_second_via(message, &before))
        key_add_nocase(tracker, before.host);
    else
        key_add_address(tracker, address);
}

/* What a client registers in one Call-ID, at whatever registrar. */
static void
key_registrant(struct tracker *tracker)
{
    key_begin_number(tracker, INDEX_REGISTRANT, tracker->here.to);
    key_add_hash(tracker, tracker->here.call_id);
}

static struct registration_block *
block_of(struct registration *registration)
{
    return CONTAINER(registration, struct registration_block, registration);
}

static void
append(struct tracker *tracker, struct registration *registration)
{
    block_of(registration)->link = tracker->registrations_tail;
    *tracker->registrations_tail = registration;
    tracker->registrations_tail = &registration->next;
}

static void
take_out(struct tracker *tracker, struct registration *registration)
{
    struct registration *next = registration->next, **link = block_of(registration)->link;
    *link = next;
    if (next)
        block_of(next)->link = link;
    else
        tracker->registrations_tail = link;
}

static struct registration *
registrant(const struct index_link *link)
{
    return link ? &CONTAINER(link, struct registration_block, registrant)->registration : NULL;
}

static struct registration *
next_registrant(struct registration *registration)
{
    return registrant(block_of(registration)->registrant.next);
}

/* The latest one of the account in this call. */
static struct registration *
find_registrant(struct tracker *tracker, const struct account *account)
{
    key_registrant(tracker);
    struct registration *found = registrant(key_find(tracker));
    while (found && found->account != account)
        found = next_registrant(found);
    return found;
}

/* By another way, too, if it changes between IPv4 and IPv6. Between a proxy and its registrar it is another
 * client. */
static bool
is_same_client(const struct registration *a, const struct registration *b)
{
    return endpoint_same_address(&a->client, &b->client) ||
           (a->direct && b->direct && a->client.type != b->client.type);
}

/* What the same client last registered in the same call at another registrar; NULL: nothing. */
static struct registration *
elsewhere(struct registration *registration)
{
    const struct index_entry *entry = block_of(registration)->registrant.entry;
    struct registration *latest = NULL, *other = entry ? registrant(entry->value) : NULL;
    for (; other; other = next_registrant(other)) {
        if (other->account != registration->account && other->flow_hash == registration->flow_hash &&
            is_same_client(other, registration) && (!latest || other->asked_frame > latest->asked_frame))
            latest = other;
    }
    return latest;
}

/* One that was never granted: nothing else leads to it. */
void
registration_drop(struct tracker *tracker, struct aged *aged)
{
    struct registration_block *block = CONTAINER(aged, struct registration_block, aged);
    struct registration *registration = &block->registration;
    struct account *account = registration->account;
    if (account->latest == registration)
        account->latest = NULL;
    account->references--;
    index_drop_own(&tracker->index, &block->binding);
    index_unshare(&tracker->index, &block->registrant);
    take_out(tracker, registration);
    contact_release(tracker, registration->contact);
    if (registration->challenge)
        exchange_release(tracker, registration->challenge);
    if (registration->left)
        exchange_release(tracker, registration->left);
    tracker->host.release(block);
}

static struct registration *
registration_new(struct tracker *tracker, struct account *account, const struct arrival *arrival)
{
    struct registration *registration = &host_new(tracker, struct registration_block)->registration;
    registration->account = account;
    registration->registrar = arrival->to;
    registration->first_frame = arrival->frame;
    account->references++;
    append(tracker, registration);
    return registration;
}

/* The same client with a new contact, which is its only one: it moved, or a NAT moved it, or it comes back.
 */
static struct registration *
moved_registration(struct tracker *tracker, const struct sip_message *message, const struct account *account,
                   const struct sip_contact *contact, const struct arrival *arrival)
{
    struct registration *registration = find_registrant(tracker, account);
    if (registration)
        return registration;
    key_client(tracker, account, hash_slice(tracker, instance_of(contact)), &arrival->from, message);
    registration = key_find(tracker);
    return registration && registration_has_run_out(tracker, registration) &&
                   !registration_is_removed(registration)
               ? registration
               : NULL;
}

/* Each message shows the contact that it names, however often the client moves. */
static struct contact_name *
contact_new(struct tracker *tracker, const struct sip_contact *contact)
{
    struct contact_name *name = tracker->host.allocate(sizeof *name + contact->uri.len + 1);
    memcpy(name->uri, contact->uri.p, contact->uri.len);
    name->len = (uint32_t)contact->uri.len;
    name->bulk = sip_uri_is_bulk(contact->uri);
    name->references = 1;
    return name;
}

void
contact_release(struct tracker *tracker, struct contact_name *contact)
{
    if (contact && --contact->references == 0)
        tracker->host.release(contact);
}

static void
set_contact(struct tracker *tracker, struct registration *registration, const struct sip_contact *contact)
{
    struct contact_name *before = registration->contact;
    registration->flow_hash = hash_flow(tracker, contact);
    registration->instance_hash = hash_slice(tracker, instance_of(contact));
    if (before && has_uri(registration, contact->uri))
        return;
    registration->contact = contact_new(tracker, contact);
    contact_release(tracker, before);
}

static struct registration *
unknown_registration(struct tracker *tracker, const struct sip_message *message, struct account *account,
                     const struct sip_contact *contact, bool moves, const struct arrival *arrival,
                     struct record *record)
{
    struct registration *registration =
        moves ? moved_registration(tracker, message, account, contact, arrival) : NULL;
    if (registration) {
        if (registration->granted_frame && !registration_is_removed(registration))
            record_note(tracker, record, FINDING_CONTACT_CHANGED, registration->granted_frame, 0);
        index_drop_own(&tracker->index, &block_of(registration)->binding);
    } else {
        registration = registration_new(tracker, account, arrival);
    }
    key_binding(tracker, account, contact);
    key_put_own(tracker, &block_of(registration)->binding, registration);
    return registration;
}

/* It is granted, and so the latest of its client. The one before it may run out now, and nobody misses it,
 * unless this answer grants both. */
static void
put_client(struct tracker *tracker, const struct sip_message *message, struct registration *registration,
           uint32_t frame)
{
    if (registration->granted_frame && !registration->client_changed)
        return;
    key_client(tracker, registration->account, registration->instance_hash, &registration->client, message);
    struct registration *before = key_find(tracker);
    if (before && before != registration && registration->granted_frame == 0 &&
        before->granted_frame != frame)
        before->successor = registration;
    key_put(tracker, registration);
    registration->client_changed = false;
}

/* A client may take another Call-ID each time: only the latest one leads to it. */
static void
put_registrant(struct tracker *tracker, struct registration *registration)
{
    struct registration *before = find_registrant(tracker, registration->account);
    if (before == registration)
        return;
    if (before)
        index_unshare(&tracker->index, &block_of(before)->registrant);
    index_share(&tracker->index, &block_of(registration)->registrant);
}

/* Named last of its account, in the same call, by the same client: all keys lead to it already. */
static bool
is_named_again(const struct tracker *tracker, const struct registration *registration,
               const struct sip_contact *contact, const struct arrival *arrival)
{
    return registration == registration->account->latest && has_uri(registration, contact->uri) &&
           registration->call_id_hash == hash_short(tracker->here.call_id) &&
           endpoint_same(&registration->client, &arrival->from);
}

static struct registration *
registration_of(struct tracker *tracker, const struct sip_message *message, const struct sip_contact *contact,
                bool moves, const struct arrival *arrival, struct record *record)
{
    struct account *account = record->detail->account;
    struct registration *registration = find_binding(tracker, account, contact);
    if (registration && is_named_again(tracker, registration, contact, arrival))
        return registration;
    if (registration)
        flow_note_move(tracker, message, arrival, registration, record);
    else
        registration = unknown_registration(tracker, message, account, contact, moves, arrival, record);
    put_registrant(tracker, registration);
    set_contact(tracker, registration, contact);
    registration->client = arrival->from;
    registration->direct = sip_message_is_first_hop(message);
    registration->client_changed = true;
    return account->latest = registration;
}

/* --- REGISTER -------------------------------------------------------------------- */

static struct registration_step *
step_new(struct tracker *tracker, struct record *record, struct registration *registration)
{
    struct registration_step **tail = &record_detail(tracker, record)->registrations;
    while (*tail)
        tail = &(*tail)->next;
    *tail = record_new(tracker, struct registration_step);
    (*tail)->registration = registration;
    (*tail)->granted_frame = registration->granted_frame;
    (*tail)->contact = registration->contact;
    registration->contact->references++;
    return *tail;
}

/* A REGISTER that names one contact twice. */
static bool
has_step(const struct record *record, const struct registration *registration)
{
    const struct registration_step *step = record->detail->registrations;
    while (step && step->registration != registration)
        step = step->next;
    return step != NULL;
}

/* A client that takes another Call-ID each time says nothing of what was in between: a refresh, if it was
 * silent for long enough. */
static bool
may_lack_refresh(const struct tracker *tracker, const struct registration *registration)
{
    return registration->calls_vary &&
           tracker->clock - registration->asked_clock > (int64_t)registration->granted * SECOND_NS;
}

/* It may have been granted for as long, where the capture does not show it. */
static void
mark_gap(struct registration *registration, int64_t deadline)
{
    registration->gap_deadline = registration->gap ? MAX(registration->gap_deadline, deadline) : deadline;
    registration->gap = true;
}

static bool
skips(uint32_t before, uint32_t cseq)
{
    return cseq > before && cseq - before > 1;
}

/* Of the REGISTER before this one in its call. */
static uint32_t
cseq_before(struct registration *registration)
{
    const struct registration *other = elsewhere(registration);
    return other && other->asked_frame > registration->asked_frame ? other->cseq : registration->cseq;
}

/* What was skipped may have answered the challenge, unless it was seen how that was passed on: then the
 * answer would have been seen there. */
static void
miss_retry(const struct registration *registration)
{
    struct exchange *challenge = registration->challenge;
    if (challenge && challenge->retry_frame == 0 && !exchange_detail(challenge)->nearer)
        challenge->lost = true;
}

/* Its time was over before this REGISTER even if each one that its CSeq numbers leave room for was granted.
 */
static bool
is_over_anyhow(const struct tracker *tracker, struct registration *registration,
               const struct sip_message *message)
{
    uint64_t missing = message->cseq - cseq_before(registration);
    int64_t over = tracker->clock - registration_latest_deadline(tracker, registration);
    return registration->granted && !registration->granted_unsure && over > 0 &&
           registration->call_id_hash == hash_short(tracker->here.call_id) &&
           (uint64_t)(over / SECOND_NS) > missing * registration->granted;
}

/* Each REGISTER of a client counts CSeq up by one (RFC 3261 section 10.2): a step of more says that the
 * capture does not hold what was in between, and an answer that never came may have been lost to it. A new
 * Call-ID is a client that began anew, but for those that take another one each time. */
static void
note_gap(const struct tracker *tracker, struct registration *registration, const struct sip_message *message)
{
    uint32_t call_id = hash_short(tracker->here.call_id);
    bool other_call = registration->call_id_hash != call_id;
    bool gap = registration_misses_answer(tracker, registration);
    if (registration->asked_frame == 0) {
        other_call = false;
    } else if (other_call) {
        gap |= may_lack_refresh(tracker, registration);
    } else if (skips(cseq_before(registration), message->cseq)) {
        gap = true;
        miss_retry(registration);
    }
    if (gap && !is_over_anyhow(tracker, registration, message))
        mark_gap(registration, tracker->clock + registration->granted * SECOND_NS);
    if (other_call && registration_state(tracker, registration) == REGISTRATION_REGISTERED)
        registration->calls_vary = true;
    else if (!other_call && registration->asked_frame == registration->granted_request)
        registration->calls_vary = false; /* a refresh in the same call */
    if (other_call)
        registration->granted_cseq = 0;
    registration->call_id_hash = call_id;
    registration->cseq = message->cseq;
}

/* An earlier REGISTER whose CSeq number this one does not exceed (RFC 3261 section 10.3, step 7), or 0. Where
 * it answers a challenge, the refused request is none: it is compared with what was granted. */
static uint32_t
stays_behind(const struct tracker *tracker, const struct registration *registration,
             const struct sip_message *message, const struct record *record)
{
    const struct use *use = record->detail->uses;
    if (registration->call_id_hash != hash_short(tracker->here.call_id))
        return 0;
    if (!(use && use->is_retry))
        return message->cseq <= registration->cseq ? registration->asked_frame : 0;
    return message->cseq <= registration->granted_cseq ? registration->granted_request : 0;
}

/* What ended without another in its place: this one, which is in that state, or that of the client at the
 * registrar where it was before; NULL: nothing. */
static struct registration *
lapsed_before(const struct tracker *tracker, struct registration *registration, enum registration_state state)
{
    switch (state) {
    case REGISTRATION_LAPSED:
        return registration;
    case REGISTRATION_REGISTERED:
        return NULL;
    default:
        registration = elsewhere(registration);
        return registration && registration_state(tracker, registration) == REGISTRATION_LAPSED ? registration
                                                                                                : NULL;
    }
}

/* Refused, or asked in time and not answered in time. */
static enum finding
lapse_finding(const struct registration *lapsed)
{
    if (lapsed->refused_frame)
        return FINDING_REFRESH_REFUSED;
    bool in_time = lapsed->asked_frame > lapsed->granted_frame && lapsed->asked_clock <= lapsed->deadline &&
                   !lapsed->leaves;
    bool in_vain =
        lapsed->open && (lapsed->open_repeated || lapsed->none_why); /* else its answer may be lost */
    return in_time && (in_vain || lapsed->answer_late) ? FINDING_REFRESH_UNANSWERED
                                                       : FINDING_REGISTRATION_LAPSED;
}

/* Told once for each lapse, by the first REGISTER after it. */
static void
note_lapse(struct tracker *tracker, struct registration_step *step, struct record *record)
{
    struct registration *lapsed = lapsed_before(tracker, step->registration, step->state);
    if (!lapsed)
        return;
    step->lapsed = tracker->clock - registration_latest_deadline(tracker, lapsed);
    if (!lapsed->lapse_told && !lapsed->gap)
        record_note(tracker, record, lapse_finding(lapsed), lapsed->granted_frame,
                    lapsed->refused_frame ? lapsed->refused_frame : lapsed->asked_frame)
            ->number = (uint32_t)(step->lapsed / SECOND_NS);
    lapsed->lapse_told = true;
}

static void
ask(struct tracker *tracker, const struct sip_message *message, const struct sip_contact *contact, bool only,
    const struct arrival *arrival, struct record *record)
{
    uint32_t seconds = 0;
    bool has_asked = sip_contact_expires(message, contact, &seconds);
    bool moves = only && reg_id_of(contact).len == 0 && !(has_asked && seconds == 0);
    struct registration *registration = registration_of(tracker, message, contact, moves, arrival, record);
    if (registration->granted_request == 0 && strangers_go(tracker))
        aged_touch(tracker, &block_of(registration)->aged, AGED_REGISTRATION);
    if (has_step(record, registration))
        return;
    uint32_t behind = stays_behind(tracker, registration, message, record);
    note_gap(tracker, registration, message);
    struct registration_step *step = step_new(tracker, record, registration);
    step->behind = behind;
    step->state = registration_state(tracker, registration);
    step->has_asked = has_asked;
    step->asked = seconds;
    step->clock = tracker->clock;
    step->once = sip_via_is_reliable(&message->via);
    step->cut = message->headers_cut;
    step->refused = registration_may_block(registration);
    step->asks_more = message->header[SIP_REQUIRE].p || message->header[SIP_PROXY_REQUIRE].p;
    note_lapse(tracker, step, record);
    if (step->state == REGISTRATION_REPLACED && registration->successor) /* it was served there */
        mark_gap(registration, registration->successor->deadline);
    if (registration_is_removed(registration) && !(has_asked && seconds == 0)) { /* begins anew */
        registration->granted_frame = 0;
        registration->removed = false;
    }
    registration->asked_frame = record->frame;
    registration->asked_clock = tracker->clock;
    registration->open_once = step->once;
    if (!registration->open)
        registration->quiet_clock = tracker->clock;
    registration->leaves = has_asked && seconds == 0;
    if (registration->leaves) /* whatever the answer */
        flow_leave(tracker, registration);
    if (registration_waits_in_vain(tracker, registration)) {
        registration->failures++;
        registration->unanswered = true;
    } else if (registration->open && !registration_misses_answer(tracker, registration))
        return;
    registration->open_clock = tracker->clock;
    registration->open = true;
    registration->open_repeated = registration->pending = false;
    registration->none_why = FINDING_NONE;
}

/* `*`: removes all contacts of the account. */
static void
ask_to_empty(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
             struct record *record)
{
    record_detail(tracker, record)->removes_all = true;
    account_of(tracker, message, &arrival->to)->emptying = true;
}

void
registration_request(struct tracker *tracker, const struct sip_message *message,
                     const struct arrival *arrival, struct record *record)
{
    struct sip_contacts walk = sip_contacts(message);
    struct sip_contact contact;
    if (!message->header[SIP_CONTACT].p) /* asks what is registered, and registers nothing */
        return;
    bool only = message->header_lines[SIP_CONTACT] == 1 && !slice_has(message->header[SIP_CONTACT], ',');
    for (unsigned n = 0; n < CONTACTS_MAX && sip_contact_next(&walk, &contact); n++) {
        if (contact.star)
            ask_to_empty(tracker, message, arrival, record);
        else if (contact.uri.len > 0)
            ask(tracker, message, &contact, only, arrival, record);
    }
}

void
registration_repeated(const struct record *request)
{
    const struct record_detail *detail = request->detail;
    for (struct registration_step *step = detail ? detail->registrations : NULL; step; step = step->next) {
        step->registration->open_repeated = true;
        step->repeats++;
    }
}

void
registration_gets_none(const struct record *request, uint16_t why, uint32_t frame)
{
    const struct record_detail *detail = request->detail;
    for (struct registration_step *step = detail ? detail->registrations : NULL; step; step = step->next) {
        if (step->none_in == 0) {
            step->none_in = frame;
            step->none_why = why;
        }
        if (step->registration->open)
            step->registration->none_why = why;
    }
}

void
registration_pending(const struct record *request, uint32_t frame)
{
    const struct record_detail *detail = request->detail;
    for (struct registration_step *step = detail ? detail->registrations : NULL; step; step = step->next) {
        step->pending_frame = frame;
        step->registration->pending = step->registration->open;
    }
}

void
registration_not_heard(const struct record *request, uint16_t finding)
{
    const struct record_detail *detail = request->detail;
    for (struct registration_step *step = detail ? detail->registrations : NULL; step; step = step->next) {
        if (step->registration->granted_request == request->frame)
            step->registration->last_cause = finding;
    }
}

/* --- the answer ------------------------------------------------------------------ */

/* How well a contact in a 2xx fits the one that was asked for: a NAT is between and the registrar, or a
 * gateway, where it is listed under another address; where that is the one from which the registrar saw the
 * request come (RFC 3581), it knows what it does. */
enum fit { FIT_NONE, FIT_USER, FIT_HOST, FIT_SOURCE, FIT_BINDING, FIT_URI };

/* What a 2xx says of one contact that was asked for. */
struct listing {
    enum fit fit; /* of the best of them */
    bool said;    /* for how long, or that was asked for */
    uint32_t seconds;
};

static enum fit
fit_of_address(const struct sip_message *message, const struct registration *registration,
               const struct sip_contact *listed)
{
    struct slice user, host, place, parameters;
    uint32_t seen = registration->client.port, port = 5060;
    char *client = endpoint_text(&registration->client);
    sip_uri_split(listed->uri, &user, &host);
    sip_uri_split_place(listed->uri, &user, &place);
    sip_number(slice_from(place, host.len + 1), &port);
    slice_until(slice_until(message->header[SIP_VIA], ',', NULL), ';', &parameters);
    struct slice received = sip_parameter(parameters, SLICE("received"));
    sip_number(sip_parameter(parameters, SLICE("rport")), &seen);
    bool same = slice_equal(host, received.len ? received : (struct slice){client, strlen(client)});
    g_free(client);
    return !same ? FIT_USER : port == seen ? FIT_SOURCE : FIT_HOST;
}

/* A registrar may list old contacts of the client, too, which differ in port or parameters only, and leave
 * out reg-id if it knows nothing of flows. */
static enum fit
fit_of(struct tracker *tracker, const struct sip_message *message, const struct registration_step *asked,
       bool alone, const struct sip_contact *listed)
{
    const struct registration *registration = asked->registration;
    const struct contact_name *contact = asked->contact;
    const struct slice uri = {contact->uri, contact->len};
    struct slice asked_user, listed_user, host;
    bool other_flow = reg_id_of(listed).len > 0 && hash_flow(tracker, listed) != registration->flow_hash;
    if (!other_flow && slice_equal(listed->uri, uri))
        return FIT_URI;
    const struct registration *known = find_binding(tracker, registration->account, listed);
    if (known || !alone)
        return known == registration ? FIT_BINDING : FIT_NONE;
    sip_uri_split(uri, &asked_user, &host);
    sip_uri_split(listed->uri, &listed_user, &host);
    return slice_equal(listed_user, asked_user) ? fit_of_address(message, registration, listed) : FIT_NONE;
}

/* Read once for each message, for a REGISTER may ask for many. */
static void
list_contacts(struct tracker *tracker, const struct sip_message *message)
{
    struct sip_contacts walk = sip_contacts(message);
    struct sip_contact contact;
    tracker->listed_count = 0;
    tracker->listed_more = false;
    while (message->header[SIP_CONTACT].p && sip_contact_next(&walk, &contact)) {
        if (contact.uri.len == 0)
            continue;
        if (tracker->listed_count == LISTED_MAX) {
            tracker->listed_more = true;
            return;
        }
        tracker->listed[tracker->listed_count++] = contact;
    }
}

/* Of several that fit alike the one that was granted for longest is the latest.
 *
 * alone: the REGISTER names no other contact */
static struct listing
read_listing(struct tracker *tracker, const struct sip_message *message,
             const struct registration_step *asked, bool alone)
{
    struct listing best = {0};
    for (unsigned n = 0; n < tracker->listed_count; n++) {
        const struct sip_contact *contact = &tracker->listed[n];
        uint32_t seconds = asked->asked;
        bool said =
            sip_contact_expires(message, contact, &seconds) || (asked->has_asked && !message->headers_cut);
        enum fit fit = fit_of(tracker, message, asked, alone, contact);
        if (fit > best.fit || (fit == best.fit && fit != FIT_NONE && seconds > best.seconds))
            best = (struct listing){fit, said, seconds};
    }
    return best;
}

/* Some answers come twice: each copy of a REGISTER may be granted by itself. */
static void
count_grant(const struct tracker *tracker, struct registration *registration, struct registration_step *step,
            const struct record *record)
{
    if (registration->granted_request == record->request->frame)
        return;
    registration->granted_request = record->request->frame;
    struct registration *lapsed =
        lapsed_before(tracker, registration, registration_state(tracker, registration));
    if (lapsed) {
        step->lapsed = tracker->clock - registration_latest_deadline(tracker, lapsed);
        lapsed->lapsed = time_sum(lapsed->lapsed, step->lapsed);
        lapsed->lapses++;
    }
    if (registration->granted_frame && !registration_is_removed(registration))
        step->refresh = ++registration->refreshes;
}

/* The client goes on here: where it was before its time may run out. */
static void
leave_elsewhere(struct registration *registration)
{
    struct registration *other = elsewhere(registration);
    if (other)
        other->successor = registration;
}

/* seconds: 0: not said */
static void
set_term(const struct tracker *tracker, struct registration *registration, uint32_t seconds,
         const struct record *record)
{
    registration->granted = seconds;
    registration->granted_frame = record->frame;
    registration->deadline = tracker->clock + (int64_t)(seconds ? seconds : UNSAID_SECONDS) * SECOND_NS;
}

static void
grant(struct tracker *tracker, const struct sip_message *message, struct registration *registration,
      struct registration_step *step, const struct record *record)
{
    count_grant(tracker, registration, step, record);
    registration->granted_cseq =
        registration->call_id_hash == hash_short(tracker->here.call_id) ? message->cseq : 0;
    put_client(tracker, message, registration, record->frame);
    aged_stay(tracker, &block_of(registration)->aged);
    step->has_granted = true;
    set_term(tracker, registration, step->granted, record);
    registration->removed = registration->gap = registration->lapse_told = registration->answer_late = false;
    registration->refused_frame = 0;
    registration->account->emptying = false;
    registration->successor = NULL;
    leave_elsewhere(registration);
}

/* For how long the 2xx grants one contact: its parameter says, or the header, or what was asked (RFC 3261
 * section 10.3); else `said` is false. False: it does not list it, or says that it is gone. */
static bool
is_granted(struct tracker *tracker, const struct sip_message *message, const struct registration_step *asked,
           bool alone, struct listing *listing, struct record *record)
{
    *listing = read_listing(tracker, message, asked, alone);
    bool cut = (message->headers_cut || tracker->listed_more) &&
               listing->fit < FIT_BINDING; /* it may be further down */
    if (tracker->listed_count == 0 || cut) {
        listing->seconds = asked->asked;
        bool header = tracker->listed_count == 0 && sip_expires(message, &listing->seconds);
        listing->said = header || (asked->has_asked && !message->headers_cut);
    } else if (listing->fit < FIT_HOST) {
        record_note(tracker, record, FINDING_CONTACT_NOT_LISTED, record->request->frame, 0);
        asked->registration->last_cause = FINDING_CONTACT_NOT_LISTED;
        if (listing->fit == FIT_NONE)
            return false;
    }
    return !listing->said || listing->seconds > 0;
}

/* The binding lives on, and its time goes on as the 2xx says: nothing new is granted. */
static bool
stays_listed(struct tracker *tracker, const struct sip_message *message,
             const struct registration_step *asked, bool alone, struct record *record)
{
    struct registration *registration = asked->registration;
    struct listing listing = read_listing(tracker, message, asked, alone);
    if (listing.fit < FIT_BINDING || listing.seconds == 0)
        return false;
    record_note(tracker, record, FINDING_REMOVAL_IGNORED, record->request->frame, 0)->number =
        listing.seconds;
    registration->last_cause = FINDING_REMOVAL_IGNORED;
    set_term(tracker, registration, listing.seconds, record);
    return true;
}

/* The registrar lists the contact as one that is gone. */
static void
drop(struct tracker *tracker, const struct registration_step *asked, struct record *record)
{
    struct registration *registration = asked->registration;
    record_note(tracker, record, FINDING_GRANTED_NOTHING, record->request->frame, 0);
    registration->last_cause = FINDING_GRANTED_NOTHING;
    registration->failures++;
    registration->refused_frame = record->frame;
    registration->granted_frame = 0;
}

static void
remove_binding(struct tracker *tracker, struct registration *registration)
{
    registration->removed = true;
    registration->refused_frame = 0;
    flow_leave(tracker, registration);
}

static void
keep_exchange(struct tracker *tracker, struct exchange **kept, struct exchange *exchange)
{
    if (exchange)
        exchange_hold(exchange);
    if (*kept)
        exchange_release(tracker, *kept);
    *kept = exchange;
}

/* That it is to be removed may have stood where the capture cut the REGISTER. Refused it is not. */
static void
end_unsure(struct tracker *tracker, struct registration *registration)
{
    registration->deadline = MIN(registration->deadline, tracker->clock);
    registration->granted_unsure = true;
    registration->refused_frame = 0;
    keep_exchange(tracker, &registration->left, NULL);
}

static void
accept(struct tracker *tracker, const struct sip_message *message, const struct registration_step *asked,
       bool alone, struct registration_step *step, struct record *record)
{
    struct registration *registration = step->registration;
    uint32_t before = registration->granted;
    struct listing listing;
    if (asked->has_asked && asked->asked == 0) {
        if (!stays_listed(tracker, message, asked, alone, record))
            remove_binding(tracker, registration);
        return;
    }
    bool granted = is_granted(tracker, message, asked, alone, &listing, record);
    if (asked->cut && !asked->has_asked && listing.fit < FIT_HOST && !listing.said) {
        end_unsure(tracker, registration);
        return;
    }
    if (!granted) {
        if (listing.fit >= FIT_SOURCE && listing.seconds == 0)
            drop(tracker, asked, record);
        return;
    }
    step->granted = listing.said ? listing.seconds : 0;
    grant(tracker, message, registration, step, record);
    flow_join(tracker, message, registration, record);
    registration->granted_unsure = message->headers_cut || !listing.said;
    if (listing.said && before > step->granted && step->refresh && asked->asked >= before)
        record_note(tracker, record, FINDING_EXPIRY_SHRINKS, step->granted_frame, 0)->number = step->granted;
}

/* A challenge is a failure only of the credentials that it refuses, and not when it calls them too old, or
 * that can be why. */
static bool
is_failure(const struct record *record)
{
    const struct record_detail *detail = record->detail;
    if (record->status != 401 && record->status != 407)
        return true;
    for (const struct closing *closing = detail ? detail->closings : NULL; closing; closing = closing->next) {
        if (closing->use->outcome == OUTCOME_REJECTED && closing->use->cause != FINDING_PRELOADED_REFUSED)
            return true;
    }
    return false;
}

static void
refuse(struct tracker *tracker, const struct registration_step *step, struct record *record)
{
    struct registration *registration = step->registration;
    struct exchange *opened = record->detail ? record->detail->opens : NULL;
    if (is_failure(record)) {
        registration->failures++;
        registration->refused_frame = record->frame;
    }
    bool answered = registration->challenge && registration->challenge->retry_frame;
    if (!opened || !registration->left || answered)
        keep_exchange(tracker, &registration->left, opened);
    keep_exchange(tracker, &registration->challenge, opened);
}

/* In IMS the first REGISTER names its user in credentials. */
static bool
has_signed(const struct record_detail *request)
{
    const struct use *use = request->uses;
    while (use && use->identity_only)
        use = use->next;
    return use != NULL;
}

/* By a registrar that wants no password: it is about the address, the domain, or where the client is. Where
 * the request was passed on, its answer is seen further on, which may have been another one. */
static enum finding
refused_unasked(const struct transaction *transaction, const struct record *record)
{
    const struct record_detail *request = transaction->request->detail;
    const struct registration_step *asked = request->registrations;
    const uint16_t status = record->status;
    if (status < 300 || status == 401 || status == 407 || !asked || asked->cut || has_signed(request) ||
        asked->registration->granted_request == transaction->request->frame ||
        exchange_passed_on(transaction))
        return FINDING_NONE;
    return status == 403 || status == 404 ? FINDING_REGISTER_REFUSED : FINDING_REGISTER_FAILED;
}

/* Of a REGISTER without credentials. */
static uint16_t
bare_cause(const struct registration_step *step, uint16_t status)
{
    switch (status) {
    case 401:
    case 407:
        return FINDING_NONE;
    case 403:
        return FINDING_FORBIDDEN;
    case 423:
        return (uint16_t)audit_interval(step->asked, step->min);
    default:
        return audit_server_failed(status) ? FINDING_SERVER_ERROR : FINDING_REGISTRATION_FAILED;
    }
}

/* Its CSeq number is what a registrar may refuse it for. */
static bool
is_behind(const struct registration_step *asked, const struct record *record)
{
    return asked->behind && (record->status == 400 || record->status == 500);
}

/* What says more than credentials could. A registrar that is told of Path by a proxy, and by the client that
 * it does not know it, answers 420, too (RFC 3327 section 5.3). */
static enum finding
known_cause(const struct registration_step *asked, const struct record *record)
{
    if (record->status == 420)
        return asked->asks_more || asked->cut ? FINDING_EXTENSION_REFUSED : FINDING_EXTENSION_UNSAID;
    if (record->status == 421)
        return FINDING_EXTENSION_REQUIRED;
    return is_behind(asked, record) ? FINDING_REGISTER_CSEQ : FINDING_NONE;
}

static uint16_t
cause_of(const struct registration_step *asked, const struct registration_step *step, enum finding unasked,
         const struct record *record)
{
    const struct record_detail *detail = record->detail;
    const struct closing *closing = detail ? detail->closings : NULL;
    if (record->status < 300)
        return FINDING_NONE;
    if (known_cause(asked, record) != FINDING_NONE)
        return (uint16_t)known_cause(asked, record);
    if (closing)
        return closing->use->cause;
    return unasked != FINDING_NONE ? (uint16_t)unasked : bare_cause(step, record->status);
}

/* With credentials it is the cause of what became of those.
 *
 * frame: the REGISTER that shows it */
static void
tell_cause(struct tracker *tracker, enum finding cause, uint32_t frame, struct record *record)
{
    struct closing *closing = record->detail ? record->detail->closings : NULL;
    struct use *use = closing ? closing->use : NULL;
    if (!use) {
        record_note(tracker, record, cause, frame, 0);
        return;
    }
    use->cause = (uint16_t)cause;
    use->suspect_frame = frame;
    if (use->exchange && use->exchange->retry == use)
        use->exchange->cause = (uint16_t)cause;
    else if (use->exchange && use->exchange->later_frame == record->frame)
        use->exchange->later_cause = (uint16_t)cause;
}

/* One contact, and what became of it. */
static void
answer(struct tracker *tracker, const struct sip_message *message, const struct registration_step *asked,
       bool alone, enum finding unasked, struct record *record)
{
    struct registration *registration = asked->registration;
    struct registration_step *step = step_new(tracker, record, registration);
    step->has_asked = asked->has_asked;
    step->asked = asked->asked;
    step->has_min = record->status == 423 && sip_min_expires(message, &step->min);
    if (record->status >= 300 && registration->granted_request == record->request->frame) {
        /* another copy of it was granted */
        step->state = registration_state(tracker, registration);
        return;
    }
    uint16_t cause = cause_of(asked, step, unasked, record);
    if (registration->asked_frame == record->request->frame)
        registration->answer_late = registration->granted_frame &&
                                    registration->asked_clock <= registration->deadline &&
                                    tracker->clock > registration->deadline;
    if (cause != FINDING_NONE || record->status < 300) /* a challenge does not change why it was refused */
        registration->last_cause = cause;
    if (record->status < 300)
        accept(tracker, message, asked, alone, step, record);
    else
        refuse(tracker, step, record);
    enum finding known = known_cause(asked, record);
    if (known != FINDING_NONE)
        tell_cause(tracker, known, known == FINDING_REGISTER_CSEQ ? asked->behind : record->request->frame,
                   record);
    if (registration->asked_frame == record->request->frame || !record_is_late(record)) {
        registration->open = registration->open_repeated = registration->unanswered = registration->pending =
            false;
        registration->none_why = FINDING_NONE;
    }
    registration->last_frame = record->frame;
    registration->last_status = record->status;
    step->state = registration_state(tracker, registration);
}

void
registration_response(struct tracker *tracker, const struct sip_message *message,
                      const struct transaction *transaction, struct record *record)
{
    const struct record_detail *request = transaction->request->detail;
    if (!request || !(request->registrations || request->removes_all))
        return;
    if (request->removes_all)
        request->account->emptying = false;
    if (record->status < 300) {
        list_contacts(tracker, message);
        service_route_remember(tracker, message, transaction, record);
        if (request->removes_all)
            request->account->emptied_frame = record->frame;
    }
    const bool told = record->detail && record->detail->notes;
    const enum finding unasked = told ? FINDING_NONE : refused_unasked(transaction, record);
    for (const struct registration_step *asked = request->registrations; asked; asked = asked->next)
        answer(tracker, message, asked, !request->registrations->next, unasked, record);
    if (unasked != FINDING_NONE && !record->detail->notes) {
        struct slice words = audit_own_words(message);
        record_note(tracker, record, unasked, record->request->frame, 0)->phrase =
            words.p ? record_slice(tracker, words).p : NULL;
    }
}

void
registration_orphan(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival)
{
    if (!tracker->registrations || !slice_equal(message->method, SLICE("REGISTER")))
        return;
    const struct account *account = account_of(tracker, message, &arrival->from);
    struct sip_contacts walk = sip_contacts(message);
    struct sip_contact contact;
    if (account->latest)
        mark_gap(account->latest, tracker->clock + account->latest->granted * SECOND_NS);
    while (message->status < 300 && message->header[SIP_CONTACT].p && sip_contact_next(&walk, &contact)) {
        struct registration *listed = contact.uri.len ? find_binding(tracker, account, &contact) : NULL;
        uint32_t seconds = 0;
        if (listed && sip_contact_expires(message, &contact, &seconds))
            mark_gap(listed, tracker->clock + seconds * SECOND_NS);
    }
}
