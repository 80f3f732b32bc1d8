/* flow.c
 * The way to a client that registered over UDP: its address and port as the registrar sees them, when
 * something came from there last, and what is sent there in vain.
 *
 * A NAT forgets a client that is silent for some time. Then what the registrar sends to the registered
 * address is dropped, and the client comes back from another one. Nor does it let in what a registrar sends
 * to the address in Contact, instead of where the REGISTER came from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "findings.h"
#include "tracker_private.h"

/* Many NATs forget a client that is silent for 30 s (RFC 5626 section 4.4.2), few forget it before. */
#define QUIET_NS  (INT64_C(30) * 1000000000)
#define SECOND_NS INT64_C(1000000000)

/* A request that was sent again so often is not on its way to an answer which the capture lacks: one that was
 * sent again once may be. */
enum { REPEATED_IN_VAIN = 2 };

/* One address and port of clients. */
struct flow {
    struct index_entry entry;
    uint32_t references;               /* by registrations */
    struct registration *registration; /* the latest that was granted to it; the others follow */
    struct endpoint client;
    uint32_t sent_by;        /* of the client's Via */
    uint32_t frame;          /* latest packet from there */
    int64_t clock;           /* of that */
    struct silence *silence; /* since then; NULL: nobody minded */
};

static bool
is_datagram(const struct sip_message *message)
{
    return slice_equal_nocase(message->via.transport, SLICE("UDP"));
}

static void
key_flow(struct tracker *tracker, const struct endpoint *client)
{
    key_begin_number(tracker, INDEX_FLOW, client->port);
    key_add_address(tracker, client);
}

static struct flow *
flow_find(struct tracker *tracker, const struct endpoint *client)
{
    if (tracker->flows == 0)
        return NULL;
    key_flow(tracker, client);
    return key_find(tracker);
}

/* --- silence --------------------------------------------------------------------- */

static void
silence_release(struct tracker *tracker, struct silence *silence)
{
    if (silence && --silence->references == 0)
        tracker->host.release(silence);
}

void
unheard_forget(struct tracker *tracker, const struct unheard *unheard)
{
    if (unheard)
        silence_release(tracker, unheard->silence);
}

static void
silence_end(const struct tracker *tracker, struct silence *silence)
{
    if (silence->over)
        return;
    silence->over = true;
    silence->ended = tracker->clock;
}

/* Half of all messages come from a server, which need not be looked for each time. */
static struct flow *
flow_heard(struct tracker *tracker, const struct endpoint *from)
{
    if (endpoint_same(&tracker->no_flow, from))
        return NULL;
    struct flow *flow = flow_find(tracker, from);
    if (!flow)
        tracker->no_flow = *from;
    return flow;
}

void
tracker_hear(struct tracker *tracker, uint32_t frame, const struct endpoint *from)
{
    struct flow *flow = flow_heard(tracker, from);
    if (!flow)
        return;
    flow->frame = frame;
    flow->clock = tracker->clock;
    if (!flow->silence)
        return;
    silence_end(tracker, flow->silence);
    silence_release(tracker, flow->silence);
    flow->silence = NULL;
}

bool
tracker_listens(const struct tracker *tracker)
{
    return tracker->flows > 0;
}

/* That of now, made when there is none. */
static struct silence *
silence_of(struct tracker *tracker, struct flow *flow, int64_t asked)
{
    if (flow->silence && !flow->silence->over)
        return flow->silence;
    silence_release(tracker, flow->silence);
    struct silence *silence = host_new(tracker, struct silence);
    *silence = (struct silence){.references = 1,
                                .client = flow->client,
                                .account = flow->references == 1 ? flow->registration->account->name : NULL,
                                .granted_frame = flow->registration->granted_frame,
                                .last_frame = flow->frame,
                                .since = flow->clock,
                                .asked = asked};
    flow->silence = silence;
    return silence;
}

static bool
is_registered_at(const struct tracker *tracker, const struct flow *flow, const struct endpoint *registrar)
{
    return endpoint_same_address(&flow->registration->registrar, registrar) &&
           registration_state(tracker, flow->registration) == REGISTRATION_REGISTERED;
}

bool
flow_is_registered_at(struct tracker *tracker, const struct endpoint *client,
                      const struct endpoint *registrar)
{
    const struct flow *flow = flow_find(tracker, client);
    return flow && is_registered_at(tracker, flow, registrar);
}

/* With the first copy of the request, in its memory. */
static void
note_unheard(struct tracker *tracker, struct transaction *transaction, struct silence *silence)
{
    struct arena *here = tracker->arena;
    tracker->arena = tracker->forgets ? &transaction->arena : &tracker->passing_arena;
    struct record_detail *detail = record_detail(tracker, transaction->request);
    detail->unheard = record_new(tracker, struct unheard);
    *detail->unheard = (struct unheard){silence, transaction->clock};
    silence->references++;
    tracker->arena = here;
}

/* --- contacts that name another place than the REGISTER came from ------------------ */

/* The registrations of such a contact, found by the first line of what is sent there. Tenants of one server
 * may have phones of one private address: nobody knows which of them is meant. */
struct misplaced {
    struct index_entry entry;
    uint32_t references;
    struct registration *registration; /* NULL: there is, or was, more than one */
};

static void
key_misplaced(struct tracker *tracker, const struct endpoint *registrar, struct slice uri)
{
    struct slice user, place;
    sip_uri_split_place(uri, &user, &place);
    key_begin(tracker, INDEX_MISPLACED);
    key_add_address(tracker, registrar);
    key_add_user(tracker, user);
    key_add_place(tracker, place);
}

/* By number, and of IPv4: there the NATs are. */
static bool
read_place(struct slice uri, struct endpoint *there)
{
    struct slice user, place, port;
    uint32_t number = 5060;
    sip_uri_split_place(uri, &user, &place);
    struct slice host = slice_until(place, ':', &port);
    if (!endpoint_read(host, there) || there->len != 4 || (port.len && !sip_number(port, &number)))
        return false;
    there->port = (uint16_t)number;
    return number <= UINT16_MAX;
}

/* The client names another address than it is seen from. */
static bool
is_behind_nat(const struct sip_message *message, const struct endpoint *from, bool by_port)
{
    struct endpoint there = {.type = from->type};
    bool numeric = endpoint_read(message->via.host, &there) && there.len == 4 && from->len == 4;
    return numeric && (!endpoint_same_address(&there, from) || (by_port && message->via.port != from->port));
}

static void
set_unreached(struct tracker *tracker, struct registration *registration, bool unreached)
{
    if (registration->unreached == unreached)
        return;
    registration->unreached = unreached;
    if (unreached)
        tracker->unreached++;
    else
        tracker->unreached--;
}

static void
misplaced_leave(struct tracker *tracker, struct registration *registration)
{
    struct misplaced *misplaced = registration->misplaced;
    if (!misplaced)
        return;
    registration->misplaced = NULL;
    misplaced->registration = NULL;
    if (--misplaced->references > 0)
        return;
    index_drop_own(&tracker->index, &misplaced->entry);
    tracker->host.release(misplaced);
}

static void
misplaced_join(struct tracker *tracker, const struct sip_message *message, struct registration *registration)
{
    const struct endpoint *client = &registration->flow->client;
    const struct slice uri = {registration->contact->uri, registration->contact->len};
    struct endpoint there = {.type = client->type};
    if (!is_behind_nat(message, client, false) || !read_place(uri, &there) || endpoint_same(&there, client))
        return;
    key_misplaced(tracker, &registration->registrar, uri);
    struct misplaced *misplaced = key_find(tracker);
    if (!misplaced) {
        misplaced = host_new(tracker, struct misplaced);
        key_put_own(tracker, &misplaced->entry, misplaced);
    }
    misplaced->registration = misplaced->references++ == 0 ? registration : NULL;
    registration->misplaced = misplaced;
}

static struct registration *
misplaced_find(struct tracker *tracker, const struct endpoint *registrar, struct slice uri)
{
    key_misplaced(tracker, registrar, uri);
    const struct misplaced *misplaced = key_find(tracker);
    return misplaced ? misplaced->registration : NULL;
}

static void
note_misplaced(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
               struct record *record)
{
    struct endpoint there = {.type = arrival->to.type};
    bool goes_there = read_place(message->request_uri, &there) && endpoint_same(&there, &arrival->to);
    struct registration *registration =
        goes_there ? misplaced_find(tracker, &arrival->from, message->request_uri) : NULL;
    if (!registration || registration_state(tracker, registration) != REGISTRATION_REGISTERED)
        return;
    const struct endpoint *client = &registration->flow->client;
    char *address = endpoint_text(client);
    char *place = g_strdup_printf("%s port %u", address, client->port);
    struct note *note =
        record_note(tracker, record, FINDING_CONTACT_MISPLACED, registration->granted_frame, 0);
    note->phrase = record_slice(tracker, (struct slice){place, strlen(place)}).p;
    set_unreached(tracker, registration, true);
    g_free(place);
    g_free(address);
}

/* More accounts than a phone has. */
enum { ACCOUNTS_MAX = 8 };

/* By its address at the NAT, or by its contact, which it names in its answer. */
void
flow_responds(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival)
{
    if (tracker->unreached == 0 || slice_equal(message->method, SLICE("REGISTER")))
        return;
    struct sip_contacts walk = sip_contacts(message);
    struct sip_contact contact;
    const struct flow *flow = flow_find(tracker, &arrival->from);
    struct registration *registration = flow ? flow->registration : NULL;
    if (!registration && sip_contact_next(&walk, &contact))
        registration = misplaced_find(tracker, &arrival->to, contact.uri);
    for (unsigned n = 0; registration && n < ACCOUNTS_MAX; n++, registration = registration->flow_earlier)
        set_unreached(tracker, registration, false);
}

void
flow_repeated(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
              struct transaction *transaction, struct record *record)
{
    struct record *request = transaction->request;
    if (transaction->responses_seen > 0 || transaction->repeated >= REPEATED_IN_VAIN ||
        ++transaction->repeated < REPEATED_IN_VAIN || !is_datagram(message) ||
        method_is(request->method, "ACK") || method_is(request->method, "CANCEL"))
        return;
    struct flow *flow = flow_find(tracker, &arrival->to);
    if (!flow)
        note_misplaced(tracker, message, arrival, record);
    else if (transaction->clock - flow->clock >= QUIET_NS && is_registered_at(tracker, flow, &arrival->from))
        note_unheard(tracker, transaction, silence_of(tracker, flow, transaction->clock));
}

void
flow_answered(struct tracker *tracker, const struct record *request)
{
    if (request->detail && request->detail->unheard)
        silence_end(tracker, request->detail->unheard->silence);
}

/* --- registrations --------------------------------------------------------------- */

void
flow_leave(struct tracker *tracker, struct registration *registration)
{
    struct flow *flow = registration->flow;
    struct registration *earlier = registration->flow_earlier, *later = registration->flow_later;
    misplaced_leave(tracker, registration);
    set_unreached(tracker, registration, false);
    if (!flow)
        return;
    *(later ? &later->flow_earlier : &flow->registration) = earlier;
    if (earlier)
        earlier->flow_later = later;
    registration->flow = NULL;
    registration->flow_earlier = registration->flow_later = NULL;
    if (--flow->references > 0)
        return;
    index_drop_own(&tracker->index, &flow->entry);
    silence_release(tracker, flow->silence);
    tracker->host.release(flow);
    tracker->flows--;
}

static struct flow *
flow_make(struct tracker *tracker, const struct endpoint *client)
{
    struct flow *flow = flow_find(tracker, client);
    if (flow)
        return flow;
    flow = host_new(tracker, struct flow);
    flow->client = *client;
    flow->clock = tracker->clock;
    key_flow(tracker, client);
    key_put_own(tracker, &flow->entry, flow);
    tracker->flows++;
    if (endpoint_same(&tracker->no_flow, client))
        tracker->no_flow = (struct endpoint){.len = UINT8_MAX}; /* like no address */
    return flow;
}

void
flow_join(struct tracker *tracker, const struct sip_message *message, struct registration *registration,
          const struct record *record)
{
    const bool direct = is_datagram(message) && sip_message_is_first_hop(message);
    const bool unreached = registration->unreached;
    struct flow *flow = direct ? flow_make(tracker, &registration->client) : NULL;
    if (flow)
        flow->references++;
    flow_leave(tracker, registration);
    registration->flow = flow;
    if (!flow)
        return;
    misplaced_join(tracker, message, registration);
    set_unreached(tracker, registration, unreached && registration->misplaced);
    registration->flow_earlier = flow->registration;
    if (flow->registration)
        flow->registration->flow_later = registration;
    flow->registration = registration;
    flow->sent_by = tracker->here.sent_by;
    if (flow->frame == 0)
        flow->frame = record->request->frame;
}

void
flow_note_move(struct tracker *tracker, const struct sip_message *message, const struct arrival *arrival,
               const struct registration *registration, struct record *record)
{
    const struct flow *flow = registration->flow;
    if (!flow || endpoint_same(&flow->client, &arrival->from) ||
        !endpoint_same(&flow->client, &registration->client) || tracker->clock - flow->clock <= QUIET_NS)
        return;
    if (registration->call_id_hash != hash_short(tracker->here.call_id) || !is_datagram(message) ||
        flow->sent_by != tracker->here.sent_by || !is_behind_nat(message, &arrival->from, true))
        return;
    record_note(tracker, record, FINDING_NAT_REBOUND, flow->frame, 0)->number =
        (uint32_t)((tracker->clock - flow->clock) / SECOND_NS);
}

bool
registration_unheard(const struct tracker *tracker, const struct registration *registration)
{
    const struct silence *silence = registration->flow ? registration->flow->silence : NULL;
    return silence && !silence->over && tracker->clock - silence->asked > SIP_TIMEOUT_NS;
}
