/* registration.c
 * Registrations over time: what was asked and granted, when it was refreshed, and when it had run out.
 *
 * A binding is known by its contact, at one registrar (RFC 3261 section 10.3); by instance and flow where the
 * client names them (RFC 5626 section 6). A client that moves keeps its Call-ID, and so its registration.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "audit.h"
#include "auth_private.h"

/* Clocks of client and registrar differ, and answers take their time. */
#define LAPSE_SLACK_NS (INT64_C(2) * 1000000000)
#define SECOND_NS      INT64_C(1000000000)

/* What a registrar told a client to route by. */
struct service_route {
    uint32_t hash; /* of its first URI */
    uint32_t frame;
};

/* --- finding them ---------------------------------------------------------------- */

static void
key_binding(struct tracker *tracker, const struct account *account, const struct sip_contact *contact)
{
    bool flow = contact->instance.len > 0 && contact->reg_id.len > 0;
    key_begin_number(tracker, INDEX_BINDING, (uintptr_t)account);
    key_add(tracker, flow ? contact->instance : contact->user);
    key_add_nocase(tracker, flow ? contact->reg_id : contact->host_port);
}

static void
key_registrant(struct tracker *tracker, const struct account *account)
{
    key_begin_number(tracker, INDEX_REGISTRANT, (uintptr_t)account);
    key_add_hash(tracker, tracker->here.call_id);
}

static void
key_service_route(struct tracker *tracker, const struct endpoint *client, struct slice address_of_record)
{
    struct slice user, host;
    sip_uri_split(address_of_record, &user, &host);
    key_begin(tracker, INDEX_SERVICE_ROUTE);
    key_add(tracker, user);
    key_add_nocase(tracker, host);
    key_add_address(tracker, client);
}

static struct registration *
registration_new(struct tracker *tracker, struct account *account, const struct arrival *arrival)
{
    struct registration *registration = host_new(tracker, struct registration);
    registration->account = account;
    registration->registrar = arrival->to;
    registration->first_frame = arrival->frame;
    *tracker->registrations_tail = registration;
    tracker->registrations_tail = &registration->next;
    return registration;
}

/* The same client with a new contact, which is its only one: it moved, or a NAT moved it. */
static struct registration *
moved_registration(struct tracker *tracker, const struct account *account, const struct sip_contact *contact,
                   bool only)
{
    if (!only || contact->reg_id.p)
        return NULL;
    key_registrant(tracker, account);
    return key_find(tracker);
}

static void
set_contact(struct tracker *tracker, struct registration *registration, struct slice uri)
{
    struct slice before = {registration->contact, registration->contact ? strlen(registration->contact) : 0};
    if (before.p && slice_equal(before, uri))
        return;
    tracker->host.release((char *)(uintptr_t)registration->contact);
    registration->contact = host_strdup(tracker, uri);
}

static struct registration *
registration_of(struct tracker *tracker, struct account *account, const struct sip_contact *contact,
                bool only, const struct arrival *arrival, struct record *record)
{
    key_binding(tracker, account, contact);
    struct registration *registration = key_find(tracker);
    if (!registration) {
        registration = moved_registration(tracker, account, contact, only);
        if (registration)
            record_note(tracker, record, FINDING_CONTACT_CHANGED, registration->granted_frame, 0);
        else
            registration = registration_new(tracker, account, arrival);
        key_binding(tracker, account, contact);
        key_put(tracker, registration);
    }
    key_registrant(tracker, account);
    key_put(tracker, registration);
    set_contact(tracker, registration, contact->uri);
    registration->client = arrival->from;
    registration->bulk = contact->bulk;
    return registration;
}

/* --- REGISTER -------------------------------------------------------------------- */

static struct registration_step *
step_new(struct tracker *tracker, struct record *record, struct registration *registration)
{
    struct record_detail *detail = record_detail(tracker, record);
    struct registration_step *step = host_new(tracker, struct registration_step);
    step->registration = registration;
    step->granted_frame = registration->granted_frame;
    step->next = detail->registrations;
    detail->registrations = step;
    return step;
}

/* Each REGISTER of a client counts CSeq up by one (RFC 3261 section 10.2): a step of more, or another
 * Call-ID, says that the capture, or the client, does not remember what was in between. */
static void
note_gap(const struct tracker *tracker, struct registration *registration, const struct sip_message *message)
{
    uint32_t call_id = hash_short(tracker->here.call_id);
    bool follows = registration->call_id_hash == call_id && message->cseq - registration->cseq <= 1;
    if (registration->cseq && !follows)
        registration->gap = true;
    registration->call_id_hash = call_id;
    registration->cseq = message->cseq;
}

/* Told once for each lapse, by the first REGISTER after it. */
static void
note_lapse(struct tracker *tracker, struct registration *registration, struct registration_step *step,
           struct record *record)
{
    int64_t late = record->time - registration->deadline;
    if (step->state != REGISTRATION_LAPSED)
        return;
    step->lapsed = late;
    if (!registration->lapse_told)
        record_note(tracker, record, FINDING_REGISTRATION_LAPSED, registration->granted_frame, 0)->number =
            (uint32_t)(late / SECOND_NS);
    registration->lapse_told = true;
}

static void
ask(struct tracker *tracker, const struct sip_message *message, const struct sip_contact *contact, bool only,
    const struct arrival *arrival, struct record *record)
{
    struct registration *registration =
        registration_of(tracker, record->detail->account, contact, only, arrival, record);
    note_gap(tracker, registration, message);
    struct registration_step *step = step_new(tracker, record, registration);
    step->state = registration_state(tracker, registration);
    step->has_asked = sip_contact_expires(message, contact, &step->asked);
    note_lapse(tracker, registration, step, record);
    registration->has_asked = step->has_asked;
    registration->asked = step->asked;
    if (!registration->open)
        registration->open_clock = tracker->clock;
    registration->open = true;
    registration->open_repeated = false;
}

/* `*` removes all that this client registered; what others registered is gone, too, but not known here. */
static void
ask_for_none(struct tracker *tracker, struct record *record)
{
    key_registrant(tracker, record->detail->account);
    struct registration *registration = key_find(tracker);
    if (!registration)
        return;
    struct registration_step *step = step_new(tracker, record, registration);
    step->state = registration_state(tracker, registration);
    step->has_asked = true;
}

void
registration_request(struct tracker *tracker, const struct sip_message *message,
                     const struct arrival *arrival, struct record *record)
{
    struct sip_contacts walk = sip_contacts(message);
    struct sip_contact contact;
    if (!message->header[SIP_CONTACT].p) /* asks what is registered, and registers nothing */
        return;
    bool only = message->header_lines[SIP_CONTACT] == 1 &&
                !memchr(message->header[SIP_CONTACT].p, ',', message->header[SIP_CONTACT].len);
    while (sip_contact_next(&walk, &contact)) {
        if (contact.star)
            ask_for_none(tracker, record);
        else
            ask(tracker, message, &contact, only, arrival, record);
    }
}

void
registration_repeated(const struct record *request)
{
    const struct record_detail *detail = request->detail;
    for (struct registration_step *step = detail ? detail->registrations : NULL; step; step = step->next)
        step->registration->open_repeated = true;
}

/* --- Service-Route --------------------------------------------------------------- */

/* The URI of the first Route or Service-Route; absent when there is none. */
static struct slice
first_route(const struct sip_message *message, enum sip_header id)
{
    struct slice rest, value = message->header[id];
    if (!value.p)
        return value;
    slice_until(value, '<', &rest);
    return slice_until(slice_until(rest, '>', NULL), ';', NULL);
}

/* RFC 3608 section 6.1: requests of a registered client go the way that its registrar named. */
void
registration_note_route(struct tracker *tracker, const struct sip_message *message,
                        const struct arrival *arrival, struct record *record)
{
    if (message->to_tag.len > 0 || tracker->service_routes == 0)
        return;
    key_service_route(tracker, &arrival->from, message->from_uri);
    const struct service_route *route = key_find(tracker);
    if (!route || hash_slice(tracker, first_route(message, SIP_ROUTE)) == route->hash)
        return;
    record_note(tracker, record, FINDING_SERVICE_ROUTE_IGNORED, route->frame, 0);
}

static void
remember_route(struct tracker *tracker, const struct sip_message *message,
               const struct transaction *transaction, const struct record *record)
{
    struct slice uri = first_route(message, SIP_SERVICE_ROUTE);
    if (!uri.p)
        return;
    key_service_route(tracker, &transaction->client, message->to_uri);
    struct service_route *route = key_find(tracker);
    if (!route) {
        route = host_new(tracker, struct service_route);
        key_put(tracker, route);
        tracker->service_routes++;
    }
    route->hash = hash_slice(tracker, uri);
    route->frame = record->frame;
}

/* --- the answer ------------------------------------------------------------------ */

/* Marks the registrations that a 2xx lists, and for how long.
 * @return how many contacts it lists */
static uint32_t
read_listing(struct tracker *tracker, const struct sip_message *message, const struct account *account,
             const struct record *record)
{
    struct sip_contacts walk = sip_contacts(message);
    struct sip_contact contact;
    uint32_t count = 0;
    if (!message->header[SIP_CONTACT].p)
        return 0;
    for (; sip_contact_next(&walk, &contact); count++) {
        uint32_t seconds;
        key_binding(tracker, account, &contact);
        struct registration *registration = key_find(tracker);
        if (!registration)
            continue;
        registration->listed_frame = record->frame;
        registration->listed_expires = sip_contact_expires(message, &contact, &seconds) ? seconds : 0;
    }
    return count;
}

static void
grant(const struct tracker *tracker, struct registration *registration, struct registration_step *step,
      const struct record *record)
{
    enum registration_state before = registration_state(tracker, registration);
    if (before == REGISTRATION_LAPSED) {
        step->lapsed = record->time - registration->deadline;
        registration->lapsed += step->lapsed;
        registration->lapses++;
    }
    if (registration->granted_frame && !registration->removed)
        step->refresh = ++registration->refreshes;
    step->has_granted = true;
    registration->granted = step->granted;
    registration->granted_frame = record->frame;
    registration->granted_time = record->time;
    registration->deadline = record->time + (int64_t)step->granted * SECOND_NS;
    registration->removed = registration->gap = registration->lapse_told = false;
}

/* What the 2xx says of one registration: its parameter, or the header, or what was asked (RFC 3261 section
 * 10.3). */
static void
accept(struct tracker *tracker, const struct sip_message *message, const struct registration_step *asked,
       uint32_t listed, struct registration_step *step, struct record *record)
{
    struct registration *registration = step->registration;
    bool is_listed = registration->listed_frame == record->frame;
    bool removes = asked->has_asked && asked->asked == 0;
    uint32_t before = registration->granted;
    if (removes) {
        registration->removed = true;
        return;
    }
    step->granted = is_listed && registration->listed_expires ? registration->listed_expires : asked->asked;
    if (!is_listed && message->header[SIP_EXPIRES].p)
        sip_number(message->header[SIP_EXPIRES], &step->granted);
    if (!is_listed && listed > 0) {
        record_note(tracker, record, FINDING_CONTACT_NOT_LISTED, record->request->frame, 0);
        return;
    }
    if (step->granted == 0)
        return;
    grant(tracker, registration, step, record);
    if (before > step->granted && step->refresh && asked->asked >= before)
        record_note(tracker, record, FINDING_EXPIRY_SHRINKS, step->granted_frame, 0)->number = step->granted;
}

/* A challenge is a failure only of the credentials that it refuses, and not when it calls them too old. */
static bool
is_failure(const struct record *record)
{
    const struct record_detail *detail = record->detail;
    if (record->status != 401 && record->status != 407)
        return true;
    for (const struct closing *closing = detail ? detail->closings : NULL; closing; closing = closing->next) {
        if (closing->use->outcome == OUTCOME_REJECTED)
            return true;
    }
    return false;
}

static void
refuse(struct tracker *tracker, const struct sip_message *message, struct registration_step *step,
       struct record *record)
{
    struct registration *registration = step->registration;
    struct exchange *opened = record->detail ? record->detail->opens : NULL;
    registration->failures += is_failure(record) ? 1 : 0;
    if (record->status == 420 || record->status == 421)
        record_note(tracker, record,
                    record->status == 420 ? FINDING_EXTENSION_REFUSED : FINDING_EXTENSION_REQUIRED,
                    record->request->frame, 0);
    step->has_min = record->status == 423 && message->header[SIP_MIN_EXPIRES].p &&
                    sip_number(message->header[SIP_MIN_EXPIRES], &step->min);
    if (opened)
        exchange_hold(opened);
    if (registration->challenge)
        exchange_release(tracker, registration->challenge);
    registration->challenge = opened;
}

static uint16_t
cause_of(const struct record *record)
{
    const struct record_detail *detail = record->detail;
    const struct closing *closing = detail ? detail->closings : NULL;
    if (record->status < 300)
        return FINDING_NONE;
    if (closing)
        return closing->use->cause;
    return record->status == 401 || record->status == 407 ? FINDING_NONE : FINDING_REGISTRATION_FAILED;
}

void
registration_response(struct tracker *tracker, const struct sip_message *message,
                      const struct transaction *transaction, struct record *record)
{
    const struct record_detail *request = transaction->request->detail;
    uint32_t listed = 0;
    if (!request || !request->registrations)
        return;
    if (record->status < 300) {
        listed = read_listing(tracker, message, request->account, record);
        remember_route(tracker, message, transaction, record);
    }
    for (const struct registration_step *asked = request->registrations; asked; asked = asked->next) {
        struct registration *registration = asked->registration;
        struct registration_step *step = step_new(tracker, record, registration);
        step->has_asked = asked->has_asked;
        step->asked = asked->asked;
        if (record->status < 300)
            accept(tracker, message, asked, listed, step, record);
        else
            refuse(tracker, message, step, record);
        registration->open = registration->open_repeated = false;
        registration->last_frame = record->frame;
        registration->last_status = record->status;
        registration->last_cause = cause_of(record);
        step->state = registration_state(tracker, registration);
    }
}

/* --- as of now ------------------------------------------------------------------- */

static bool
is_over(const struct tracker *tracker, const struct registration *registration)
{
    return tracker->clock > registration->deadline + LAPSE_SLACK_NS;
}

/* Sent again and again, or over a connection, and no answer for as long as a client waits. */
static bool
is_unanswered(const struct tracker *tracker, const struct registration *registration)
{
    return registration->open && registration->open_repeated &&
           tracker->clock - registration->open_clock > SIP_TIMEOUT_NS;
}

static enum registration_state
never_granted(const struct tracker *tracker, const struct registration *registration)
{
    const struct exchange *challenge = registration->challenge;
    if (is_unanswered(tracker, registration))
        return REGISTRATION_UNANSWERED;
    if (registration->open || registration->last_frame == 0 || registration->last_status < 300)
        return REGISTRATION_UNKNOWN;
    if (registration->failures > 0)
        return REGISTRATION_REFUSED;
    return challenge && exchange_outcome(tracker, challenge) == OUTCOME_NO_RETRY ? REGISTRATION_CHALLENGED
                                                                                 : REGISTRATION_UNKNOWN;
}

enum registration_state
registration_state(const struct tracker *tracker, const struct registration *registration)
{
    if (registration->removed)
        return REGISTRATION_REMOVED;
    if (!registration->granted_frame)
        return never_granted(tracker, registration);
    if (!is_over(tracker, registration))
        return REGISTRATION_REGISTERED;
    /* A refresh whose answer is not in the capture may have been granted. */
    bool unsure = registration->gap || (registration->open && !registration->open_repeated &&
                                        tracker->clock - registration->open_clock > SIP_TIMEOUT_NS);
    return unsure ? REGISTRATION_UNKNOWN : REGISTRATION_LAPSED;
}

int64_t
registration_lapsed_for(const struct tracker *tracker, const struct registration *registration)
{
    return registration_state(tracker, registration) == REGISTRATION_LAPSED
               ? tracker->clock - registration->deadline
               : 0;
}

const char *
registration_state_text(enum registration_state state)
{
    static const char *const texts[] = {
        [REGISTRATION_UNKNOWN] = "unknown",       [REGISTRATION_REGISTERED] = "registered",
        [REGISTRATION_LAPSED] = "lapsed",         [REGISTRATION_REMOVED] = "removed",
        [REGISTRATION_REFUSED] = "refused",       [REGISTRATION_CHALLENGED] = "challenged",
        [REGISTRATION_UNANSWERED] = "unanswered",
    };
    return texts[state];
}

const struct registration *
tracker_registrations(const struct tracker *tracker)
{
    return tracker->registrations;
}
