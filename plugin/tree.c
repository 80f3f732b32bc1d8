/* tree.c
 * Fields, expert infos and the rendering of a record.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "compat.h"

#include <epan/charsets.h>
#include <epan/column-info.h>
#include <epan/expert.h>
#include <epan/tap.h>
#include <epan/unit_strings.h>

#include "core/audit.h"
#include "tree.h"

/* --- fields --------------------------------------------------------------------- */

static int hf_request_in = -1;
static int hf_response_in = -1;
static int hf_response_time = -1;
static int hf_retransmission_of = -1;
static int hf_copy_of = -1;
static int hf_ack_of = -1;
static int hf_cancels = -1;
static int hf_account = -1;
static int hf_attempt = -1;
static int hf_challenge = -1;
static int hf_challenge_scheme = -1;
static int hf_challenge_header = -1;
static int hf_challenge_param[AUTH_PARAM_COUNT];
static int hf_challenge_in = -1;
static int hf_retry_in = -1;
static int hf_retry_time = -1;
static int hf_outcome = -1;
static int hf_outcome_in = -1;
static int hf_closes = -1;
static int hf_outcome_code = -1;
static int hf_cause = -1;
static int hf_credentials = -1;
static int hf_credentials_scheme = -1;
static int hf_credentials_header = -1;
static int hf_credentials_param[AUTH_PARAM_COUNT];
static int hf_info = -1;
static int hf_info_header = -1;
static int hf_info_param[AUTH_PARAM_COUNT];
static int hf_info_status = -1;
static int hf_info_reason = -1;
static int hf_digest_status = -1;
static int hf_digest_reason = -1;
static int hf_digest_variant = -1;
static int hf_nonce_use = -1;
static int hf_nonce_age = -1;
static int hf_subscribe_in = -1;
static int hf_event = -1;
static int hf_etag = -1;
static int hf_etag_in = -1;
static int hf_expires = -1;
static int hf_notify_in = -1;
static int hf_registration_contact = -1;
static int hf_registration_state = -1;
static int hf_registration_requested = -1;
static int hf_registration_expires = -1;
static int hf_registration_min_expires = -1;
static int hf_registration_refresh = -1;
static int hf_registration_previous_in = -1;
static int hf_registration_lapsed_for = -1;
static int hf_registration_bulk = -1;
static int hf_registration = -1;
static int hf_meaning = -1;
static int hf_when = -1;
static int hf_fix = -1;

static int ett_siptrail = -1;
static int ett_challenge = -1;
static int ett_credentials = -1;
static int ett_info = -1;
static int ett_registration = -1;

static hf_register_info fields[] = {
    {&hf_request_in,
     {"Request in frame", "siptrail.request_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST),
      0, "The request that this response answers", HFILL}},
    {&hf_response_in,
     {"Response in frame", "siptrail.response_in", FT_FRAMENUM, BASE_NONE,
      FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0, "The final response to this request", HFILL}},
    {&hf_response_time,
     {"Response time", "siptrail.response_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
      "From the first copy of the request to its final response", HFILL}},
    {&hf_retransmission_of,
     {"Retransmission of frame", "siptrail.retransmission_of", FT_FRAMENUM, BASE_NONE,
      FRAMENUM_TYPE(FT_FRAMENUM_RETRANS_PREV), 0, "The first copy of the same message", HFILL}},
    {&hf_copy_of,
     {"Copy of frame", "siptrail.copy_of", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_DUP_ACK), 0,
      "The same packet, captured twice: not a retransmission", HFILL}},
    {&hf_ack_of,
     {"Acknowledges frame", "siptrail.ack_of", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_ACK), 0,
      "The final response that this ACK is for", HFILL}},
    {&hf_cancels,
     {"Cancels frame", "siptrail.cancels", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0,
      "The INVITE that this CANCEL is for", HFILL}},
    {&hf_account,
     {"Account", "siptrail.account", FT_STRING, BASE_NONE, NULL, 0,
      "user@realm of the credentials; before there are any, the address in From, or in To of a REGISTER",
      HFILL}},
    {&hf_attempt,
     {"Challenges in a row", "siptrail.attempt", FT_UINT32, BASE_DEC, NULL, 0,
      "Running number of challenges by this server to this address-of-record since the last success", HFILL}},
    {&hf_challenge,
     {"Challenge", "siptrail.challenge", FT_NONE, BASE_NONE, NULL, 0, "One challenge of a 401 or 407",
      HFILL}},
    {&hf_challenge_scheme,
     {"Scheme", "siptrail.challenge.scheme", FT_STRING, BASE_NONE, NULL, 0,
      "Authentication scheme as written", HFILL}},
    {&hf_challenge_header,
     {"Header", "siptrail.challenge.header", FT_STRING, BASE_NONE, NULL, 0,
      "WWW-Authenticate or Proxy-Authenticate", HFILL}},
    {&hf_challenge_param[AUTH_REALM],
     {"Realm", "siptrail.challenge.realm", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_challenge_param[AUTH_NONCE],
     {"Nonce", "siptrail.challenge.nonce", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_challenge_param[AUTH_ALGORITHM],
     {"Algorithm", "siptrail.challenge.algorithm", FT_STRING, BASE_NONE, NULL, 0, "MD5 where none is named",
      HFILL}},
    {&hf_challenge_param[AUTH_QOP],
     {"QoP", "siptrail.challenge.qop", FT_STRING, BASE_NONE, NULL, 0, "Qualities of protection on offer",
      HFILL}},
    {&hf_challenge_param[AUTH_OPAQUE],
     {"Opaque", "siptrail.challenge.opaque", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_challenge_param[AUTH_DOMAIN],
     {"Domain", "siptrail.challenge.domain", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_challenge_param[AUTH_STALE],
     {"Stale", "siptrail.challenge.stale", FT_STRING, BASE_NONE, NULL, 0,
      "true: the nonce was refused, user and password may be right", HFILL}},
    {&hf_challenge_param[AUTH_USERHASH],
     {"Userhash", "siptrail.challenge.userhash", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_challenge_param[AUTH_CHARSET],
     {"Charset", "siptrail.challenge.charset", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_challenge_in,
     {"Challenge in frame", "siptrail.challenge_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE),
      0, "The challenge that these credentials answer, or the 2xx that gave their nonce as nextnonce",
      HFILL}},
    {&hf_retry_in,
     {"Retry in frame", "siptrail.retry_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0,
      "The first request with credentials for this challenge", HFILL}},
    {&hf_retry_time,
     {"Retry time", "siptrail.retry_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
      "From the challenge to the retry", HFILL}},
    {&hf_outcome,
     {"Outcome", "siptrail.outcome", FT_STRING, BASE_NONE, NULL, 0,
      "accepted, rejected, stale, other-realm, forbidden, interval-too-brief, failed, no-retry, no-answer "
      "or "
      "unknown",
      HFILL}},
    {&hf_outcome_in,
     {"Outcome in frame", "siptrail.outcome_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE),
      0, "The message that closed the exchange", HFILL}},
    {&hf_outcome_code,
     {"Outcome code", "siptrail.outcome.code", FT_UINT16, BASE_DEC, NULL, 0,
      "Status code of the message that closed the exchange", HFILL}},
    {&hf_closes,
     {"Closes the exchange of frame", "siptrail.closes", FT_FRAMENUM, BASE_NONE,
      FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0, "The challenge whose exchange this response ends", HFILL}},
    {&hf_cause,
     {"Cause", "siptrail.cause", FT_STRING, BASE_NONE, NULL, 0,
      "Name of the main finding when the outcome is not accepted, or when a REGISTER is refused, or left "
      "alone, without a challenge",
      HFILL}},
    {&hf_credentials,
     {"Credentials", "siptrail.credentials", FT_NONE, BASE_NONE, NULL, 0,
      "One set of credentials of a request", HFILL}},
    {&hf_credentials_scheme,
     {"Scheme", "siptrail.credentials.scheme", FT_STRING, BASE_NONE, NULL, 0,
      "Authentication scheme as written", HFILL}},
    {&hf_credentials_header,
     {"Header", "siptrail.credentials.header", FT_STRING, BASE_NONE, NULL, 0,
      "Authorization or Proxy-Authorization", HFILL}},
    {&hf_credentials_param[AUTH_USERNAME],
     {"Username", "siptrail.credentials.username", FT_STRING, BASE_NONE, NULL, 0,
      "username, or username* decoded", HFILL}},
    {&hf_credentials_param[AUTH_REALM],
     {"Realm", "siptrail.credentials.realm", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_credentials_param[AUTH_NONCE],
     {"Nonce", "siptrail.credentials.nonce", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_credentials_param[AUTH_URI],
     {"URI", "siptrail.credentials.uri", FT_STRING, BASE_NONE, NULL, 0, "What the digest covers as uri",
      HFILL}},
    {&hf_credentials_param[AUTH_RESPONSE],
     {"Response", "siptrail.credentials.response", FT_STRING, BASE_NONE, NULL, 0, "The digest as sent",
      HFILL}},
    {&hf_credentials_param[AUTH_ALGORITHM],
     {"Algorithm", "siptrail.credentials.algorithm", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_credentials_param[AUTH_QOP],
     {"QoP", "siptrail.credentials.qop", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_credentials_param[AUTH_NC],
     {"Nonce count", "siptrail.credentials.nc", FT_STRING, BASE_NONE, NULL, 0, "As sent, hexadecimal",
      HFILL}},
    {&hf_credentials_param[AUTH_CNONCE],
     {"Client nonce", "siptrail.credentials.cnonce", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_credentials_param[AUTH_OPAQUE],
     {"Opaque", "siptrail.credentials.opaque", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_credentials_param[AUTH_USERHASH],
     {"Userhash", "siptrail.credentials.userhash", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_credentials_param[AUTH_AUTS],
     {"AUTS", "siptrail.credentials.auts", FT_STRING, BASE_NONE, NULL, 0, "AKA resynchronisation", HFILL}},
    {&hf_digest_status,
     {"Digest", "siptrail.digest.status", FT_STRING, BASE_NONE, NULL, 0, "good, bad or unverified", HFILL}},
    {&hf_digest_reason,
     {"Digest reason", "siptrail.digest.reason", FT_STRING, BASE_NONE, NULL, 0,
      "Why bad or unverified; which variant fits", HFILL}},
    {&hf_digest_variant,
     {"Digest variant", "siptrail.digest.variant", FT_STRING, BASE_NONE, NULL, 0,
      "rfc, or the name of the computation that fits", HFILL}},
    {&hf_nonce_use,
     {"Nonce use", "siptrail.nonce_use", FT_UINT32, BASE_DEC, NULL, 0,
      "How many requests of this user have used this nonce so far", HFILL}},
    {&hf_nonce_age,
     {"Nonce age", "siptrail.nonce_age", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, "Since the nonce was issued",
      HFILL}},
    {&hf_info,
     {"Authentication-Info", "siptrail.authentication_info", FT_NONE, BASE_NONE, NULL, 0,
      "What the server says in its 2xx", HFILL}},
    {&hf_info_header,
     {"Header", "siptrail.authentication_info.header", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_info_param[AUTH_NEXTNONCE],
     {"Next nonce", "siptrail.authentication_info.nextnonce", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_info_param[AUTH_RSPAUTH],
     {"Rspauth", "siptrail.authentication_info.rspauth", FT_STRING, BASE_NONE, NULL, 0,
      "The server's digest as sent", HFILL}},
    {&hf_info_param[AUTH_QOP],
     {"QoP", "siptrail.authentication_info.qop", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_info_param[AUTH_NC],
     {"Nonce count", "siptrail.authentication_info.nc", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_info_param[AUTH_CNONCE],
     {"Client nonce", "siptrail.authentication_info.cnonce", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_info_status,
     {"Server's digest", "siptrail.authentication_info.status", FT_STRING, BASE_NONE, NULL, 0,
      "good, bad or unverified: whether the server knows the credential", HFILL}},
    {&hf_info_reason,
     {"Reason", "siptrail.authentication_info.reason", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_subscribe_in,
     {"SUBSCRIBE in frame", "siptrail.no_notify.subscribe_in", FT_FRAMENUM, BASE_NONE,
      FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "The SUBSCRIBE that asked for this 204", HFILL}},
    {&hf_event,
     {"Event", "siptrail.no_notify.event", FT_STRING, BASE_NONE, NULL, 0, "Event package, with ;id= if any",
      HFILL}},
    {&hf_etag,
     {"Suppress-If-Match", "siptrail.no_notify.etag", FT_STRING, BASE_NONE, NULL, 0,
      "The entity-tag of the SUBSCRIBE's condition", HFILL}},
    {&hf_etag_in,
     {"Entity-tag of frame", "siptrail.no_notify.etag_in", FT_FRAMENUM, BASE_NONE,
      FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0, "The NOTIFY that issued this entity-tag", HFILL}},
    {&hf_expires,
     {"Expires", "siptrail.no_notify.expires", FT_UINT32, BASE_DEC, NULL, 0, "Seconds granted", HFILL}},
    {&hf_notify_in,
     {"NOTIFY not due in frame", "siptrail.no_notify.notify_in", FT_FRAMENUM, BASE_NONE,
      FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0, "A NOTIFY that came though none was due", HFILL}},
    {&hf_registration,
     {"Registration", "siptrail.registration", FT_NONE, BASE_NONE, NULL, 0,
      "One contact of a REGISTER and its answer", HFILL}},
    {&hf_registration_contact,
     {"Contact", "siptrail.registration.contact", FT_STRING, BASE_NONE, NULL, 0, "URI of the contact",
      HFILL}},
    {&hf_registration_state,
     {"State", "siptrail.registration.state", FT_STRING, BASE_NONE, NULL, 0,
      "What a REGISTER meets (unanswered shows at the next one), and its answer leaves behind: registered, "
      "lapsed, replaced, removed, refused, "
      "challenged, unanswered or unknown",
      HFILL}},
    {&hf_registration_requested,
     {"Requested", "siptrail.registration.requested", FT_UINT32, BASE_DEC | BASE_UNIT_STRING,
      UNS(&units_seconds), 0, "Expiry that the client asks for", HFILL}},
    {&hf_registration_expires,
     {"Granted", "siptrail.registration.expires", FT_UINT32, BASE_DEC | BASE_UNIT_STRING, UNS(&units_seconds),
      0, "Expiry that the registrar grants to this contact", HFILL}},
    {&hf_registration_min_expires,
     {"Minimum", "siptrail.registration.min_expires", FT_UINT32, BASE_DEC | BASE_UNIT_STRING,
      UNS(&units_seconds), 0, "Min-Expires of a 423", HFILL}},
    {&hf_registration_refresh,
     {"Refresh", "siptrail.registration.refresh", FT_UINT32, BASE_DEC, NULL, 0,
      "Running number of the refresh that this answer grants", HFILL}},
    {&hf_registration_previous_in,
     {"Granted before in frame", "siptrail.registration.previous_in", FT_FRAMENUM, BASE_NONE,
      FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0, "The latest answer before that granted it", HFILL}},
    {&hf_registration_lapsed_for,
     {"Lapsed for", "siptrail.registration.lapsed_for", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
      "Since the granted time had run out", HFILL}},
    {&hf_registration_bulk,
     {"Bulk", "siptrail.registration.bulk", FT_BOOLEAN, BASE_NONE, NULL, 0,
      "The contact stands for many numbers (bnc, RFC 6140)", HFILL}},
    {&hf_meaning,
     {"Meaning", "siptrail.meaning", FT_STRING, BASE_NONE, NULL, 0, "What the code means here", HFILL}},
    {&hf_when, {"When", "siptrail.when", FT_STRING, BASE_NONE, NULL, 0, "When one sees it", HFILL}},
    {&hf_fix, {"Fix", "siptrail.fix", FT_STRING, BASE_NONE, NULL, 0, "What to do", HFILL}},
};

static int *subtrees[] = {&ett_siptrail, &ett_challenge, &ett_credentials, &ett_info, &ett_registration};

/* One expert info per row of the table of findings. */
static expert_field finding_experts[FINDING_COUNT];

static const int severities[] = {PI_CHAT, PI_NOTE, PI_WARN, PI_ERROR};
static const int groups[] = {PI_SECURITY, PI_PROTOCOL, PI_SEQUENCE, PI_RESPONSE_CODE};

/* The heading of all expert infos of one kind, whatever frames each of them names. */
static char *
finding_heading(const struct finding_rule *rule)
{
    bool is_fixed = g_ascii_isalpha(rule->brief[0]) && !strchr(rule->brief, '{');
    char *heading = wmem_strdup(wmem_epan_scope(), is_fixed ? rule->brief : rule->name);
    heading[0] = g_ascii_toupper(heading[0]);
    return g_strdelimit(heading, "_", ' ');
}

static void
register_findings(expert_module_t *module)
{
    static ei_register_info infos[FINDING_COUNT];
    for (int i = 1; i < FINDING_COUNT; i++) {
        const struct finding_rule *rule = finding_rule((enum finding)i);
        finding_experts[i] = (expert_field)EI_INIT;
        infos[i].ids = &finding_experts[i];
        infos[i].eiinfo.name = wmem_strdup_printf(wmem_epan_scope(), "siptrail.finding.%s", rule->name);
        infos[i].eiinfo.group = groups[rule->group];
        infos[i].eiinfo.severity = severities[rule->severity];
        infos[i].eiinfo.summary = finding_heading(rule);
    }
    expert_register_field_array(module, infos + 1, FINDING_COUNT - 1);
}

void
tree_register(int proto)
{
    proto_register_field_array(proto, fields, (int)G_N_ELEMENTS(fields));
    proto_register_subtree_array(subtrees, (int)G_N_ELEMENTS(subtrees));
    register_findings(expert_register_protocol(proto));
}

/* --- adding items --------------------------------------------------------------- */

/* Where the items of one message go. */
struct view {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    proto_item *item;
    const struct tracker *tracker;
    const struct record *record;
    bool drawn;    /* somebody looks at the whole tree */
    bool told;     /* somebody lists expert infos */
    bool exported; /* somebody may export frames, and those that they point back to */
    bool later;    /* the file was read before: what came afterwards is known, too */
};

/* Somebody looks at the field. A filter or a column needs a few of them, and epan would throw away the rest,
 * after all the work that their texts are. */
static bool
is_asked(const struct view *view, int field)
{
    return view->tree && proto_field_is_referenced(view->tree, field);
}

/* So for a header field of challenges or credentials, and what is in it. */
static bool
is_header_asked(const struct view *view, int whole, int scheme, int name, const int *params)
{
    bool asked = is_asked(view, whole) || is_asked(view, scheme) || is_asked(view, name);
    for (int i = 0; !asked && i < AUTH_PARAM_COUNT; i++)
        asked = params[i] > 0 && is_asked(view, params[i]);
    return asked;
}

static int
id_of_expert(void)
{
    static int id = -1;
    if (id < 0)
        id = proto_get_id_by_filter_name("_ws.expert");
    return id;
}

static proto_item *
generated(proto_item *item)
{
    proto_item_set_generated(item);
    return item;
}

static void
add_valid(const struct view *view, int field, const char *text)
{
    generated(proto_tree_add_string(view->tree, field, view->tvb, 0, 0, text));
}

static void
add_text(const struct view *view, int field, const char *text)
{
    if (text && is_asked(view, field))
        add_valid(view, field,
                  (const char *)get_utf_8_string(view->pinfo->pool, (const guint8 *)text, (int)strlen(text)));
}

static void
add_frame(const struct view *view, int field, guint32 frame)
{
    if (frame && is_asked(view, field))
        generated(proto_tree_add_uint(view->tree, field, view->tvb, 0, 0, frame));
}

/* A frame that came before this one: exporting this one exports that one, too. */
static void
add_back_link(const struct view *view, int field, guint32 frame)
{
    add_frame(view, field, frame);
    if (view->exported && frame && frame != view->record->frame)
        compat_depend_on_frame(view->pinfo, frame);
}

static void
add_number(const struct view *view, int field, guint32 number)
{
    if (is_asked(view, field))
        generated(proto_tree_add_uint(view->tree, field, view->tvb, 0, 0, number));
}

static void
add_time(const struct view *view, int field, int64_t nanoseconds)
{
    nstime_t span = {(time_t)(nanoseconds / 1000000000), (int)(nanoseconds % 1000000000)};
    if (is_asked(view, field))
        generated(proto_tree_add_time(view->tree, field, view->tvb, 0, 0, &span));
}

static struct view
add_subtree(const struct view *view, int field, int ett, const char *text)
{
    struct view inner = *view;
    const char *shown = compat_shown(view->pinfo->pool, text);
    inner.item = generated(proto_tree_add_none_format(view->tree, field, view->tvb, 0, 0, "%s", shown));
    inner.tree = proto_item_add_subtree(inner.item, ett);
    return inner;
}

/* A parameter as its sender meant it, in valid UTF-8. */
static const char *
meant_text(wmem_allocator_t *pool, struct slice raw)
{
    char *buffer = wmem_alloc(pool, raw.len + 1);
    struct slice text = auth_unescape(raw, buffer);
    return (const char *)get_utf_8_string(pool, (const guint8 *)text.p, (int)text.len);
}

static const char *
param_text(const struct view *view, struct slice raw)
{
    return meant_text(view->pinfo->pool, raw);
}

const char *
tree_contact(wmem_allocator_t *pool, const struct contact_name *contact)
{
    return meant_text(pool, (struct slice){contact->uri, strlen(contact->uri)});
}

static void
add_params(const struct view *view, const int *map, const struct auth_value *value)
{
    for (int i = 0; i < AUTH_PARAM_COUNT; i++) {
        if (map[i] > 0 && value->param[i].p && is_asked(view, map[i]))
            add_valid(view, map[i], param_text(view, value->param[i]));
    }
}

static void
add_slice(const struct view *view, int field, struct slice text)
{
    if (is_asked(view, field))
        add_valid(view, field, param_text(view, text));
}

/* What is worse than a chat counts for the light in the status bar, where there is one. */
static bool
is_expert_seen(const struct view *view, enum finding finding)
{
    return view->told || is_asked(view, finding_experts[finding].hf) || is_asked(view, id_of_expert()) ||
           (view->exported && finding_rule(finding)->severity != SEVERITY_CHAT);
}

static void
add_expert(const struct view *view, proto_item *item, enum finding finding,
           const struct finding_values *values)
{
    if (finding == FINDING_NONE || !is_expert_seen(view, finding))
        return;
    char *text = finding_expand(finding_rule(finding)->sentence, values);
    expert_add_info_format(view->pinfo, item, &finding_experts[finding], "%s",
                           compat_shown(view->pinfo->pool, text));
    g_free(text);
}

static void
add_expanded(const struct view *view, int field, const char *text, const struct finding_values *values)
{
    if (!text || !is_asked(view, field))
        return;
    char *expanded = finding_expand(text, values);
    add_valid(view, field, compat_shown(view->pinfo->pool, expanded));
    g_free(expanded);
}

/* NULL: none is as severe. */
static const struct note *
first_note(const struct record_detail *detail, enum severity least)
{
    const struct note *note = detail->notes;
    while (note && finding_rule((enum finding)note->finding)->severity < least)
        note = note->next;
    return note;
}

static void
add_advice(const struct view *view, struct advice advice, const struct finding_values *values)
{
    add_expanded(view, hf_meaning, advice.meaning, values);
    add_expanded(view, hf_when, advice.when, values);
    add_expanded(view, hf_fix, advice.fix, values);
}

/* --- challenges and credentials ------------------------------------------------- */

/* "Digest MD5, qop auth, realm pbx.example.com" */
static const char *
describe(const struct view *view, const struct auth_value *value)
{
    if (!view->drawn)
        return "";
    wmem_strbuf_t *text = wmem_strbuf_new(view->pinfo->pool, param_text(view, value->scheme));
    if (auth_is_digest(value))
        wmem_strbuf_append_printf(text, " %s",
                                  value->param[AUTH_ALGORITHM].p
                                      ? param_text(view, value->param[AUTH_ALGORITHM])
                                      : "MD5");
    if (value->param[AUTH_QOP].p)
        wmem_strbuf_append_printf(text, ", qop %s", param_text(view, value->param[AUTH_QOP]));
    if (value->param[AUTH_REALM].p)
        wmem_strbuf_append_printf(text, ", realm %s", param_text(view, value->param[AUTH_REALM]));
    if (slice_equal_nocase(value->param[AUTH_STALE], SLICE("true")))
        wmem_strbuf_append(text, ", stale");
    return wmem_strbuf_get_str(text);
}

static void
show_challenges(const struct view *view, const struct record_detail *detail)
{
    bool asked =
        is_header_asked(view, hf_challenge, hf_challenge_scheme, hf_challenge_header, hf_challenge_param);
    for (const struct auth_line *line = detail->lines; line && asked; line = line->next) {
        struct auth_value value;
        if (!auth_line_read(line, &value))
            continue;
        struct slice header = sip_header_name(line->header);
        char *title = wmem_strdup_printf(view->pinfo->pool, "Challenge (%.*s): %s", (int)header.len, header.p,
                                         describe(view, &value));
        struct view inner = add_subtree(view, hf_challenge, ett_challenge, title);
        add_slice(&inner, hf_challenge_scheme, value.scheme);
        add_params(&inner, hf_challenge_param, &value);
        add_slice(&inner, hf_challenge_header, header);
    }
}

static void
add_verdict_reason(const struct view *view, int field, const struct digest_verdict *verdict)
{
    char *text = is_asked(view, field) ? digest_verdict_text(verdict) : NULL;
    add_text(view, field, text && *text ? text : NULL);
    g_free(text);
}

static void
show_verdict(const struct view *view, const struct use *use)
{
    const struct finding_values values = {.use = use};
    if (use->verdict.status == DIGEST_NONE)
        return;
    add_text(view, hf_digest_status, digest_status_text(use->verdict.status));
    add_verdict_reason(view, hf_digest_reason, &use->verdict);
    add_text(view, hf_digest_variant, use->verdict.variant);
    add_expert(view, view->item, audit_digest(&use->verdict, use->configured, false), &values);
}

/* username* stands under the same name as username: it says the same. */
static void
show_username(const struct view *view, const struct auth_value *value)
{
    struct slice raw = value->param[AUTH_USERNAME_EXT];
    if (value->param[AUTH_USERNAME].p || !raw.p || !is_asked(view, hf_credentials_param[AUTH_USERNAME]))
        return;
    struct slice name = auth_decode_extended(raw, wmem_alloc(view->pinfo->pool, raw.len + 1));
    if (name.p)
        generated(
            proto_tree_add_string(view->tree, hf_credentials_param[AUTH_USERNAME], view->tvb, 0, 0,
                                  (const char *)get_utf_8_string(view->pinfo->pool, (const guint8 *)name.p,
                                                                 (int)name.len)));
}

static struct view
add_credentials(const struct view *view, const struct use *use, const struct auth_value *value)
{
    struct slice header = sip_header_name(use->line.header);
    return add_subtree(view, hf_credentials, ett_credentials,
                       wmem_strdup_printf(view->pinfo->pool, "Credentials (%.*s): %s", (int)header.len,
                                          header.p, describe(view, value)));
}

static void
show_use(const struct view *view, const struct use *use)
{
    struct auth_value value;
    if (!is_header_asked(view, hf_credentials, hf_credentials_scheme, hf_credentials_header,
                         hf_credentials_param) &&
        !is_asked(view, hf_nonce_use) && !is_asked(view, hf_nonce_age)) {
        show_verdict(view, use);
        add_back_link(view, hf_challenge_in, use->challenge_frame);
        return;
    }
    if (!auth_line_read(&use->line, &value))
        return;
    struct view inner = add_credentials(view, use, &value);
    show_verdict(&inner, use);
    add_back_link(&inner, hf_challenge_in, use->challenge_frame);
    if (use->nonce_use)
        add_number(&inner, hf_nonce_use, use->nonce_use);
    if (use->nonce_age >= 0)
        add_time(&inner, hf_nonce_age, use->nonce_age);
    add_slice(&inner, hf_credentials_scheme, value.scheme);
    show_username(&inner, &value);
    add_params(&inner, hf_credentials_param, &value);
    add_slice(&inner, hf_credentials_header, sip_header_name(use->line.header));
}

static void
show_info(const struct view *view, const struct record_detail *detail)
{
    struct auth_value value;
    const struct server_proof *proof = detail->proof;
    const struct finding_values values = {0};
    auth_info_parse(auth_line_text(detail->lines), &value);
    struct slice header = sip_header_name(detail->lines->header);
    struct view inner = add_subtree(view, hf_info, ett_info, param_text(view, header));
    add_slice(&inner, hf_info_header, header);
    add_params(&inner, hf_info_param, &value);
    if (!proof->has_rspauth)
        return;
    add_text(&inner, hf_info_status, digest_status_text(proof->verdict.status));
    add_verdict_reason(&inner, hf_info_reason, &proof->verdict);
    enum finding finding = audit_digest(&proof->verdict, proof->configured, true);
    if (proof->verdict.status == DIGEST_UNVERIFIED)
        return;
    add_expert(&inner, inner.item, finding, &values);
    if (finding == FINDING_SERVER_UNPROVED)
        add_expanded(&inner, hf_fix, finding_rule(finding)->fix, &values);
}

/* --- exchanges ------------------------------------------------------------------ */

static struct finding_values
values_of_challenge(const struct view *view, const struct exchange *exchange)
{
    struct finding_values values = {.exchange = exchange};
    if (view->later)
        values.frame_a = exchange_fragments(view->tracker, exchange);
    if (view->later && !values.frame_a)
        values.frame_a = exchange_connection(view->tracker, exchange);
    return values;
}

/* What is known of the exchange that this challenge begins. */
static void
show_exchange(const struct view *view, const struct exchange *exchange)
{
    enum outcome outcome = view->later ? exchange_outcome(view->tracker, exchange) : exchange->outcome;
    const struct finding_values values = values_of_challenge(view, exchange);
    add_frame(view, hf_retry_in, exchange->retry_frame);
    if (exchange->retry_frame)
        add_time(view, hf_retry_time, exchange->retry_time - exchange->challenge_time);
    if (outcome == OUTCOME_NONE)
        return;
    generated(proto_tree_add_string_format(view->tree, hf_outcome, view->tvb, 0, 0, outcome_text(outcome),
                                           "Outcome of this challenge: %s", outcome_text(outcome)));
    add_frame(view, hf_outcome_in, exchange_closed_frame(exchange));
    if (exchange_closed_status(exchange))
        add_number(view, hf_outcome_code, exchange_closed_status(exchange));
    enum finding cause = view->later ? audit_exchange_cause(view->tracker, exchange) : exchange->cause;
    if (cause == FINDING_NONE)
        return;
    add_text(view, hf_cause, finding_rule(cause)->name);
    if (exchange->closed_frame == 0 && finding_rule(cause)->stage != STAGE_CHALLENGE)
        add_expert(view, view->item, cause, &values);
    for (unsigned i = 1; outcome == OUTCOME_NO_RETRY && i < FINDING_COUNT; i++) {
        if (i != cause && finding_rule((enum finding)i)->stage == STAGE_OFFER &&
            audit_silence_suspect(exchange, (enum finding)i))
            add_expert(view, view->item, (enum finding)i, &values);
    }
}

/* The response that this is closes the exchanges of the request's credentials. On a further challenge the
 * label tells whose outcome it is. */
static void
show_closing(const struct view *view, const struct use *use)
{
    const struct finding_values values = {.use = use,
                                          .exchange = use->exchange,
                                          .status = use->closed_status,
                                          .frame_a = use->suspect_frame};
    const char *outcome = outcome_text(use->outcome);
    generated(proto_tree_add_string_format(view->tree, hf_outcome, view->tvb, 0, 0, outcome,
                                           "Outcome of the credentials in frame %u: %s", use->request_frame,
                                           outcome));
    add_number(view, hf_outcome_code, use->closed_status);
    add_back_link(view, hf_closes, use->challenge_frame);
    if (use->cause == FINDING_NONE)
        return;
    add_text(view, hf_cause, finding_rule((enum finding)use->cause)->name);
    add_expert(view, view->item, (enum finding)use->cause, &values);
}

/* Two credentials that answered one challenging response and ended alike are one closing. */
static bool
is_repeated(const struct closing *closing)
{
    for (const struct closing *i = closing->next; i; i = i->next) {
        if (i->use->challenge_frame == closing->use->challenge_frame &&
            i->use->outcome == closing->use->outcome)
            return true;
    }
    return false;
}

static void
show_closings(const struct view *view, const struct record_detail *detail)
{
    for (const struct closing *closing = detail->closings; closing; closing = closing->next) {
        if (!is_repeated(closing))
            show_closing(view, closing->use);
    }
}

/* The closing that says most: one that is not `accepted` before one that is, and of these an answer to a
 * challenge before credentials sent ahead. */
static const struct use *
main_closing(const struct record_detail *detail)
{
    const struct use *best = NULL;
    for (const struct closing *i = detail->closings; i; i = i->next) {
        bool accepted = i->use->outcome == OUTCOME_ACCEPTED;
        if (!best || (best->outcome == OUTCOME_ACCEPTED && (!accepted || !best->is_retry)) ||
            (best->outcome == OUTCOME_OTHER_REALM && !accepted))
            best = i->use;
    }
    return best;
}

/* The 204 itself is wrong, whatever else there is to note. */
static bool
is_right_204(const struct record_detail *detail)
{
    for (const struct note *note = detail->notes; note; note = note->next) {
        if (note->finding == FINDING_NOT_SUBSCRIBE || note->finding == FINDING_OUT_OF_DIALOG ||
            note->finding == FINDING_UNCONDITIONAL || note->finding == FINDING_SUPERSEDED ||
            note->finding == FINDING_REFRESHED_AFTER_END)
            return false;
    }
    return true;
}

/* Only time tells. */
static int64_t
not_refreshed_for(const struct view *view)
{
    return view->later ? record_not_refreshed(view->tracker, view->record) : 0;
}

static void
show_advice(const struct view *view, const struct record_detail *detail)
{
    const struct use *closing = main_closing(detail);
    struct finding_values values = {.exchange = detail->opens,
                                    .status = view->record->status,
                                    .method = view->record->method,
                                    .no_notify = detail->no_notify};
    if (detail->no_notify) {
        add_advice(view, audit_advice_204(detail->no_notify, is_right_204(detail)), &values);
    } else if (closing) {
        values.use = closing;
        values.exchange = closing->exchange;
        struct advice advice = audit_advice_closing(closing);
        bool noted = first_note(detail, SEVERITY_NOTE) || not_refreshed_for(view) > 0;
        if (closing->outcome == OUTCOME_ACCEPTED && noted)
            advice.fix = NULL; /* it comes with the note */
        add_advice(view, advice, &values);
    } else if (detail->opens) {
        enum outcome outcome =
            view->later ? exchange_outcome(view->tracker, detail->opens) : detail->opens->outcome;
        enum finding cause = view->later ? audit_exchange_cause(view->tracker, detail->opens) : FINDING_NONE;
        add_advice(view, audit_advice_challenge(detail->opens, outcome, cause), &values);
    }
}

/* --- 204 ------------------------------------------------------------------------ */

static void
show_no_notify(const struct view *view, const struct no_notify *no_notify)
{
    if (no_notify->is_subscribe)
        add_back_link(view, hf_subscribe_in, no_notify->subscribe_frame);
    add_text(view, hf_event, no_notify->event);
    add_text(view, hf_etag, no_notify->etag);
    add_back_link(view, hf_etag_in, no_notify->etag_frame);
    if (no_notify->has_expires)
        add_number(view, hf_expires, no_notify->expires);
    add_frame(view, hf_notify_in, no_notify->notify_frame);
}

/* --- the first line: what an engineer would say --------------------------------- */

/* Of several credentials those that answer a challenge to this client. */
static const struct use *
main_use(const struct record_detail *detail)
{
    const struct use *best = detail ? detail->uses : NULL;
    for (const struct use *use = best; use; use = use->next) {
        if ((use->is_retry && !best->is_retry) || (best->relayed && !use->relayed))
            best = use;
    }
    return best;
}

static const char *
account_of(const struct record *message)
{
    const struct record *record = message->first ? message->first : message;
    const struct record_detail *detail = record->detail;
    const struct use *closing = detail && !detail->opens ? main_closing(detail) : NULL;
    const bool refuses = closing && closing->outcome != OUTCOME_ACCEPTED; /* of several credentials these */
    const struct record *asked = record->request ? record->request : record;
    const struct exchange *exchange = record->exchange ? record->exchange : asked->exchange;
    if (exchange && !refuses)
        return exchange_account(exchange);
    const struct use *use = closing ? closing : detail ? main_use(detail) : NULL;
    if (use && use->user_at_realm && *use->user_at_realm)
        return use->user_at_realm;
    return asked->detail && asked->detail->account ? asked->detail->account->name : NULL;
}

static const char *
account_name(const struct view *view)
{
    return account_of(view->record);
}

const char *
tree_account(wmem_allocator_t *pool, const struct record *record)
{
    const char *name = account_of(record);
    return name ? (const char *)get_utf_8_string(pool, (const guint8 *)name, (int)strlen(name)) : NULL;
}

/* "rejected (digest fits no configured credential)" */
static void
append_outcome(wmem_strbuf_t *title, enum outcome outcome, enum finding cause,
               const struct finding_values *values)
{
    wmem_strbuf_append(title, outcome_text(outcome));
    if (cause == FINDING_NONE)
        return;
    char *brief = finding_expand(finding_rule(cause)->brief, values);
    wmem_strbuf_append_printf(title, " (%s)", brief);
    g_free(brief);
}

/* A message may leave out who it is from. */
static void
append_account(wmem_strbuf_t *title, const char *preposition, const char *name)
{
    if (name && *name)
        wmem_strbuf_append_printf(title, " %s %s", preposition, name);
}

static void
title_challenge(const struct view *view, wmem_strbuf_t *title)
{
    const struct record_detail *detail = view->record->detail;
    const struct exchange *exchange = detail->opens;
    const struct use *closing = main_closing(detail);
    const struct finding_values values = {.exchange = exchange};
    enum outcome outcome = view->later ? exchange_outcome(view->tracker, exchange) : exchange->outcome;
    wmem_strbuf_append_printf(title, "%u", view->record->status);
    append_account(title, "for", account_name(view));
    if (closing) {
        const struct finding_values closed = {.use = closing, .exchange = closing->exchange};
        wmem_strbuf_append_printf(title, " again: credentials of frame %u ", closing->request_frame);
        append_outcome(title, closing->outcome, (enum finding)closing->cause, &closed);
        if (exchange->attempt > 1)
            wmem_strbuf_append_printf(title, ", challenge %u in a row", exchange->attempt);
    }
    if (exchange->retry_frame)
        wmem_strbuf_append_printf(title, "%s answered in frame %u", closing ? ";" : ":",
                                  exchange->retry_frame);
    if (outcome == OUTCOME_NONE && !closing && !exchange->retry_frame)
        wmem_strbuf_append(title, ": asks for credentials");
    if (outcome == OUTCOME_NONE || (closing && outcome == OUTCOME_UNKNOWN))
        return;
    wmem_strbuf_append(title, exchange->retry_frame ? ", " : closing ? "; this challenge: " : ": ");
    enum finding cause = view->later ? audit_exchange_cause(view->tracker, exchange) : exchange->cause;
    if (closing &&
        exchange->retry_frame) /* two reasons are too long for a line: the frame that ends it says why */
        cause = FINDING_NONE;
    append_outcome(title, outcome, cause, &values);
    if (exchange_closed_frame(exchange))
        wmem_strbuf_append_printf(title, " in frame %u", exchange_closed_frame(exchange));
}

static void
title_credentials(const struct use *use, wmem_strbuf_t *title)
{
    wmem_strbuf_append(title, "credentials");
    append_account(title, "of", use->user_at_realm);
    if (use->identity_only)
        wmem_strbuf_append(title, ", who is not challenged yet");
    else if (use->challenge_frame)
        wmem_strbuf_append_printf(title,
                                  use->evidence == EVIDENCE_NEXTNONCE ? " with the nextnonce of frame %u"
                                                                      : " for the challenge in frame %u",
                                  use->challenge_frame);
    else if (use->nonce_borrowed_from)
        wmem_strbuf_append_printf(title, ", with the nonce of frame %u, given to another call",
                                  use->nonce_borrowed_from);
    else
        wmem_strbuf_append(title, ", whose challenge is not in the capture");
    if (use->verdict.status != DIGEST_NONE && !use->identity_only)
        wmem_strbuf_append_printf(title, ", digest %s", digest_status_text(use->verdict.status));
    if (use->closed_frame && use->outcome != OUTCOME_NONE)
        wmem_strbuf_append_printf(title, ", %s in frame %u", outcome_text(use->outcome), use->closed_frame);
}

/* A REGISTER to which nothing came back, which only time tells. */
static enum finding
unanswered_finding(const struct view *view, struct finding_values *values)
{
    const struct record *record = view->record;
    *values = (struct finding_values){.method = record->method};
    if (!view->later)
        return FINDING_NONE;
    enum finding none = (enum finding)record_gets_none(record, &values->frame_a);
    if (none != FINDING_NONE)
        return none;
    if ((values->number = record_lacks_answer(view->tracker, record))) {
        values->frame_b = record_refused_before(record);
        return values->frame_b ? FINDING_REGISTER_BLOCKED : FINDING_REGISTER_UNANSWERED;
    }
    if ((values->frame_a = record_stays_pending(view->tracker, record)))
        return FINDING_PROVISIONAL_ONLY;
    values->number = record_answer_not_seen(view->tracker, record);
    return values->number ? FINDING_ANSWER_NOT_SEEN : FINDING_NONE;
}

static void
title_request(const struct view *view, wmem_strbuf_t *title)
{
    const struct record *record = view->record;
    const struct use *use = main_use(record->detail);
    if (use) {
        title_credentials(use, title);
        return;
    }
    wmem_strbuf_append(title, record->method);
    append_account(title, method_is(record->method, "REGISTER") ? "for" : "from", account_name(view));
    if (record->belongs_to)
        wmem_strbuf_append_printf(title, " of frame %u", record->belongs_to);
    if (record->response_frame)
        wmem_strbuf_append_printf(title, ", answered in frame %u", record->response_frame);
    struct finding_values values;
    enum finding unanswered = unanswered_finding(view, &values);
    if (unanswered != FINDING_NONE)
        wmem_strbuf_append_printf(title, ", %s", finding_rule(unanswered)->brief);
    if (unanswered != FINDING_NONE && record_gets_none(record, &values.frame_a) == unanswered)
        wmem_strbuf_append_printf(title, " in frame %u", values.frame_a);
    if (record->detail && record->detail->notes)
        wmem_strbuf_append_printf(title, ": %s",
                                  finding_rule((enum finding)record->detail->notes->finding)->brief);
    if (view->later && record_unheard(view->tracker, record))
        wmem_strbuf_append_printf(title, ": %s", finding_rule(FINDING_CLIENT_UNHEARD)->brief);
}

static void
title_no_notify(const struct no_notify *no_notify, bool right, wmem_strbuf_t *title)
{
    wmem_strbuf_append(title, "204");
    if (!no_notify->is_subscribe)
        wmem_strbuf_append(title, " to another request than SUBSCRIBE");
    else if (no_notify->subscribe_frame)
        wmem_strbuf_append_printf(title, " for the SUBSCRIBE in frame %u", no_notify->subscribe_frame);
    else
        wmem_strbuf_append(title, " for a SUBSCRIBE that is not in the capture");
    if (!no_notify->is_subscribe)
        wmem_strbuf_append(title, ": looks wrong");
    else if (!right)
        wmem_strbuf_append(title, no_notify->ended_in ? ": looks wrong, the subscription had ended"
                                                      : ": looks wrong, a NOTIFY is due");
    else if (no_notify->notify_frame)
        wmem_strbuf_append_printf(title, ": no NOTIFY was due, yet one came in frame %u",
                                  no_notify->notify_frame);
    else if (no_notify->missed_frame)
        wmem_strbuf_append_printf(title, ": no NOTIFY is due, which looks missed in frame %u",
                                  no_notify->missed_frame);
    else if (!no_notify->subscribe_frame)
        wmem_strbuf_append(title, ": whether it was right is not known");
    else if (no_notify->tag_unseen)
        wmem_strbuf_append_printf(title, ": whether it was right is not known, tag %s was not seen before",
                                  no_notify->etag);
    else if (no_notify->etag_frame)
        wmem_strbuf_append_printf(title, ": no NOTIFY is due, tag %s of frame %u is current", no_notify->etag,
                                  no_notify->etag_frame);
    else
        wmem_strbuf_append(title, ": no NOTIFY is due");
}

static void
title_registration(const struct record_detail *detail, wmem_strbuf_t *title)
{
    const struct registration_step *step = detail->registrations;
    if (!step || (!step->has_granted && step->state != REGISTRATION_REMOVED))
        return;
    wmem_strbuf_append_printf(title, ", %s", registration_state_text(step->state));
    if (step->granted)
        wmem_strbuf_append_printf(title, " for %u s", step->granted);
    if (step->next)
        wmem_strbuf_append(title, " (first of several contacts)");
}

/* A 2xx that is no good news all the same. */
static void
title_but(const struct view *view, wmem_strbuf_t *title)
{
    const struct record *record = view->record;
    const struct note *note =
        record->detail && record->status < 300 ? first_note(record->detail, SEVERITY_WARN) : NULL;
    enum finding finding = note ? (enum finding)note->finding : FINDING_NONE;
    if (!note && not_refreshed_for(view) > 0)
        finding = FINDING_NOT_REFRESHED;
    if (finding != FINDING_NONE)
        wmem_strbuf_append_printf(title, ", but %s", finding_rule(finding)->brief);
}

static void
title_response(const struct view *view, wmem_strbuf_t *title)
{
    const struct record *record = view->record;
    const struct use *closing = record->detail ? main_closing(record->detail) : NULL;
    wmem_strbuf_append_printf(title, "%u", record->status);
    if (closing) {
        const struct finding_values closed = {.use = closing, .exchange = closing->exchange};
        append_account(title, "for", account_name(view));
        wmem_strbuf_append(title, ": ");
        append_outcome(title, closing->outcome, (enum finding)closing->cause, &closed);
        if (closing->challenge_frame)
            wmem_strbuf_append_printf(title,
                                      closing->evidence == EVIDENCE_NEXTNONCE
                                          ? ", the nextnonce of frame %u was used in frame %u"
                                          : ", the challenge in frame %u was answered in frame %u",
                                      closing->challenge_frame, closing->request_frame);
        title_registration(record->detail, title);
        title_but(view, title);
        return;
    }
    if (record->request)
        wmem_strbuf_append_printf(title, " to the %s in frame %u", record->method, record->request->frame);
    else
        wmem_strbuf_append_printf(title, " to %s %s that is not in the capture",
                                  *record->method && strchr("AEIOU", *record->method) ? "an" : "a",
                                  *record->method ? record->method : "request");
    if (record->detail)
        title_registration(record->detail, title);
    title_but(view, title);
}

static void
title_again(const struct record *record, wmem_strbuf_t *title)
{
    const struct use *closing = record->detail ? main_closing(record->detail) : NULL;
    wmem_strbuf_append_printf(title, "%s of frame %u: ",
                              record->is_copy ? "copy (the same packet, captured twice)" : "retransmission",
                              record->first->frame);
    if (record->status)
        wmem_strbuf_append_printf(title, "%u to the ", record->status);
    wmem_strbuf_append(title, record->method);
    if (!closing)
        return;
    const struct finding_values values = {.use = closing, .exchange = closing->exchange};
    wmem_strbuf_append_printf(title, "; credentials of frame %u ", closing->request_frame);
    append_outcome(title, closing->outcome, (enum finding)closing->cause, &values);
}

static const char *
title_of(const struct view *view)
{
    const struct record *record = view->record;
    const struct record_detail *detail = record->detail;
    wmem_strbuf_t *title = wmem_strbuf_new(view->pinfo->pool, "");
    if (record->first)
        title_again(record, title);
    else if (detail && detail->opens)
        title_challenge(view, title);
    else if (detail && detail->no_notify)
        title_no_notify(detail->no_notify, is_right_204(detail), title);
    else if (record->status)
        title_response(view, title);
    else
        title_request(view, title);
    return compat_shown(view->pinfo->pool, wmem_strbuf_get_str(title));
}

/* --- one message ---------------------------------------------------------------- */

static void
show_transaction(const struct view *view)
{
    const struct record *record = view->record;
    const struct record *whole = record->first ? record->first : record;
    if (record->first)
        add_back_link(view, record->is_copy ? hf_copy_of : hf_retransmission_of, record->first->frame);
    if (record->request)
        add_back_link(view, hf_request_in, record->request->frame);
    if (record->request && record->status >= 200)
        add_time(view, hf_response_time, record->time - record->request->time);
    add_back_link(view, method_is(record->method, "ACK") ? hf_ack_of : hf_cancels, record->belongs_to);
    if (!record->status)
        add_frame(view, hf_response_in, whole->response_frame);
}

/* The message says already what to do about it: the finding is the cause of its outcome, or one of several
 * suspects, or about its 204. */
static bool
is_advised(const struct view *view, enum finding finding)
{
    const struct record_detail *detail = view->record->detail;
    if (!detail)
        return false;
    bool cause = detail->opens && audit_exchange_cause(view->tracker, detail->opens) == finding;
    bool suspect = detail->closings && finding_rule(finding)->stage == STAGE_CREDENTIALS;
    return cause || suspect || detail->no_notify;
}

/* Whose outcome has a cause of its own. */
static bool
has_exchange(const struct record_detail *detail)
{
    return detail && (detail->opens || detail->closings);
}

/* What is wrong, and what to do about it. */
static void
add_note(const struct view *view, enum finding finding, const struct finding_values *values)
{
    const struct finding_rule *rule = finding_rule(finding);
    add_expert(view, view->item, finding, values);
    if (audit_is_registration_cause(finding) && !has_exchange(view->record->detail))
        add_text(view, hf_cause, rule->name);
    if (rule->severity != SEVERITY_CHAT && is_asked(view, hf_fix) && !is_advised(view, finding))
        add_expanded(view, hf_fix, rule->fix, values);
}

static void
show_notes(const struct view *view, const struct record_detail *detail)
{
    for (const struct note *note = detail->notes; note; note = note->next) {
        const struct exchange *answered = note->use ? note->use->exchange : NULL;
        const struct finding_values values = {.exchange = answered ? answered : detail->opens,
                                              .use = note->use,
                                              .status = view->record->status,
                                              .method = view->record->method,
                                              .frame_a = note->frame_a,
                                              .frame_b = note->frame_b,
                                              .number = note->number,
                                              .phrase = note->phrase,
                                              .place = note->phrase};
        add_note(view, (enum finding)note->finding, &values);
    }
}

/* "Registration of contact: registered for 3600 s" */
static const char *
registration_text(const struct view *view, const struct registration_step *step)
{
    if (!view->drawn)
        return "";
    const char *state = registration_state_text(step->state);
    wmem_strbuf_t *text = wmem_strbuf_new(view->pinfo->pool, "Registration of ");
    wmem_strbuf_append(text, step->contact->uri);
    if (view->record->status == 0 && step->has_asked && step->asked == 0)
        wmem_strbuf_append_printf(text, ": asks to be removed (%s so far)", state);
    else if (view->record->status == 0 && step->has_asked)
        wmem_strbuf_append_printf(text, ": asks for %u s (%s so far)", step->asked, state);
    else
        wmem_strbuf_append_printf(text, ": %s", state);
    if (step->granted)
        wmem_strbuf_append_printf(text, " for %u s", step->granted);
    return param_text(view, (struct slice){wmem_strbuf_get_str(text), wmem_strbuf_get_len(text)});
}

static bool
is_registration_asked(const struct view *view)
{
    static const int *const asked[] =
        {&hf_registration,           &hf_registration_contact,     &hf_registration_state,
         &hf_registration_requested, &hf_registration_expires,     &hf_registration_min_expires,
         &hf_registration_refresh,   &hf_registration_previous_in, &hf_registration_lapsed_for,
         &hf_registration_bulk};
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        if (is_asked(view, *asked[i]))
            return true;
    }
    return false;
}

static void
show_registration(const struct view *view, const struct registration_step *step)
{
    const struct view inner =
        add_subtree(view, hf_registration, ett_registration, registration_text(view, step));
    if (is_asked(view, hf_registration_contact))
        add_text(&inner, hf_registration_contact, tree_contact(view->pinfo->pool, step->contact));
    add_text(&inner, hf_registration_state, registration_state_text(step->state));
    if (step->has_asked)
        add_number(&inner, hf_registration_requested, step->asked);
    if (step->granted)
        add_number(&inner, hf_registration_expires, step->granted);
    if (step->has_min)
        add_number(&inner, hf_registration_min_expires, step->min);
    if (step->refresh)
        add_number(&inner, hf_registration_refresh, step->refresh);
    add_back_link(&inner, hf_registration_previous_in, step->granted_frame);
    if (step->lapsed)
        add_time(&inner, hf_registration_lapsed_for, step->lapsed);
    if (step->contact->bulk)
        generated(proto_tree_add_boolean(inner.tree, hf_registration_bulk, inner.tvb, 0, 0, TRUE));
}

static void
show_unanswered(const struct view *view)
{
    struct finding_values values;
    enum finding finding = unanswered_finding(view, &values);
    if (finding != FINDING_NONE)
        add_note(view, finding, &values);
}

static void
show_not_refreshed(const struct view *view)
{
    int64_t lapsed = not_refreshed_for(view);
    const struct finding_values values = {.status = view->record->status,
                                          .method = view->record->method,
                                          .number = (uint32_t)(lapsed / 1000000000)};
    if (lapsed > 0)
        add_note(view, FINDING_NOT_REFRESHED, &values);
}

static void
show_awaited(const struct view *view)
{
    const struct record *record = view->record;
    if (!view->later || !record_misses_notify(view->tracker, record))
        return;
    const struct finding_values values = {.status = record->status,
                                          .method = record->method,
                                          .frame_a = record->detail->awaited->subscribe_frame};
    add_note(view, FINDING_NOTIFY_MISSING, &values);
}

/* Only time tells, so no note holds it. */
static void
show_unheard(const struct view *view)
{
    const struct record *record = view->record;
    const struct silence *silence = view->later ? record_unheard(view->tracker, record) : NULL;
    if (!silence)
        return;
    int64_t quiet = record->detail->unheard->clock - silence->since;
    const struct finding_values values = {.method = record->method,
                                          .frame_a = silence->last_frame,
                                          .frame_b = silence->granted_frame,
                                          .number = (uint32_t)(quiet / 1000000000),
                                          .silence = silence};
    add_note(view, FINDING_CLIENT_UNHEARD, &values);
}

/* What it means comes first, then the evidence. */
static void
show_detail(const struct view *view, const struct record_detail *detail)
{
    if (detail->opens) {
        add_number(view, hf_attempt, detail->opens->attempt);
        show_exchange(view, detail->opens);
    }
    show_closings(view, detail);
    if (detail->no_notify)
        show_no_notify(view, detail->no_notify);
    if (view->tree)
        show_advice(view, detail);
    for (const struct registration_step *step = is_registration_asked(view) ? detail->registrations : NULL;
         step; step = step->next)
        show_registration(view, step);
    show_notes(view, detail);
    show_awaited(view);
    show_not_refreshed(view);
    show_unheard(view);
    show_unanswered(view);
    if (detail->opens)
        show_challenges(view, detail);
    for (const struct use *use = detail->uses; use; use = use->next)
        show_use(view, use);
    if (detail->uses)
        add_frame(view, hf_outcome_in, main_use(detail)->closed_frame);
    if (detail->proof)
        show_info(view, detail);
}

/* Of a request that is still waiting for its answer there is nothing to say yet. */
static bool
only_waits(const struct view *view)
{
    const struct record_detail *detail = view->record->detail;
    return detail->unheard && !detail->uses && !detail->notes &&
           !(view->later && record_unheard(view->tracker, view->record));
}

/* A request of which nothing is known, not even its answer, is left alone. */
static bool
has_something_to_say(const struct view *view)
{
    const struct record *record = view->record;
    return record->status || record->first || record->response_frame || record->belongs_to ||
           record->exchange || (record->detail && !only_waits(view));
}

/* Whether anybody looks at our items: building them for nobody costs more than all the rest. */
static bool
is_wanted(proto_tree *tree, int proto)
{
    return proto_field_is_referenced(tree, proto) || proto_field_is_referenced(tree, id_of_expert());
}

/* Since 4.2 `-T fields -e siptrail` prints the title. Who asks for a field of ours asks for its protocol,
 * too, but not itself. */
static bool
is_asked_itself(int proto)
{
    return proto_registrar_get_nth((guint)proto)->ref_type > HF_REF_TYPE_INDIRECT;
}

/* Expert infos are seen without a tree. */
static bool
is_told(const packet_info *pinfo)
{
    static int tap = 0;
    if (tap == 0)
        tap = find_tap_id("expert");
    return (tap > 0 && have_tap_listener(tap)) || (pinfo->cinfo && pinfo->cinfo->col_first[COL_EXPERT] >= 0);
}

bool
tree_is_wanted(int proto, packet_info *pinfo, proto_tree *tree)
{
    return is_wanted(tree, proto) || is_told(pinfo);
}

void
tree_show(int proto, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const struct tracker *tracker,
          const struct record *record, bool in_passing)
{
    struct view view = {.tvb = tvb,
                        .pinfo = pinfo,
                        .tracker = tracker,
                        .record = record,
                        .drawn = tree && PTREE_DATA(tree)->visible,
                        .told = is_told(pinfo),
                        .exported = !in_passing,
                        .later = PINFO_FD_VISITED(pinfo) != 0};
    if (!has_something_to_say(&view))
        return;
    if (is_wanted(tree, proto)) {
        bool titled = view.drawn || is_asked_itself(proto);
        view.item = generated(
            titled ? proto_tree_add_protocol_format(tree, proto, tvb, 0, 0, "SIP Trail: %s", title_of(&view))
                   : proto_tree_add_item(tree, proto, tvb, 0, 0, ENC_NA));
        view.tree = proto_item_add_subtree(view.item, ett_siptrail);
    }
    show_transaction(&view);
    add_text(&view, hf_account, view.tree ? account_name(&view) : NULL);
    if (record->detail)
        show_detail(&view, record->detail);
}
