/* sip_text.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "sip_text.h"

#include <gcrypt.h>
#include <string.h>

#define REALM "trunk.example.net"

/* What the random looking numbers are for: the same purpose gives the same number in each message of a
 * dialog. */
enum purpose { FROM_TAG = 1, TO_TAG_OF, CALL_ID, BRANCH, NONCE, CNONCE, ETAG, JITTER };

/* splitmix64 */
uint64_t
mix(uint64_t a, uint64_t b)
{
    uint64_t x = a + b * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t
token(const struct world *world, uint64_t owner, enum purpose purpose)
{
    return mix(mix(world->seed, owner), purpose);
}

static uint64_t
user_number(const struct world *world, const struct dialog *dialog)
{
    return dialog->script->scanner ? dialog->id : dialog->id % world->users;
}

/* 198.18.0.0/15 is set aside for benchmarks (RFC 2544). */
struct host
dialog_host(const struct world *world, const struct dialog *dialog, enum side side)
{
    const uint32_t network = 198u << 24 | 18u << 16;
    uint64_t user = user_number(world, dialog);
    if (side == SERVER)
        return (struct host){network | 1, 5060};
    if (dialog->script->scanner)
        return (struct host){network | 2, 5061};
    return (struct host){network + 256 + (uint32_t)(user % 100000), 5060};
}

static const char *
header_name(const struct world *world, const char *name, const char *compact)
{
    return world->compact ? compact : name;
}

static void
append_host(GString *text, struct host host)
{
    g_string_append_printf(text, "%u.%u.%u.%u:%u", host.address >> 24, host.address >> 16 & 255,
                           host.address >> 8 & 255, host.address & 255, host.port);
}

static const struct step *
present_step(const struct dialog *dialog)
{
    return &dialog->script->steps[dialog->step];
}

/* The side that sent the request of this transaction. */
static enum side
requester(const struct step *step)
{
    return step->status ? (step->from == CLIENT ? SERVER : CLIENT) : step->from;
}

/* --- digest ------------------------------------------------------------------- */

static uint64_t
nonce_of(const struct world *world, const struct dialog *dialog)
{
    if (dialog->script->shared_nonce)
        return token(world, 0, NONCE);
    return token(world, mix(dialog->id, dialog->script->one_nonce ? 0 : dialog->round), NONCE);
}

static void
md5_hex(char hex[33], const char *text)
{
    uint8_t digest[16];
    gcry_md_hash_buffer(GCRY_MD_MD5, digest, text, strlen(text));
    for (int i = 0; i < 16; i++) {
        hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    hex[32] = '\0';
}

static void
append_credentials(GString *text, const struct world *world, const struct dialog *dialog)
{
    const struct step *step = present_step(dialog);
    const bool proxy = strcmp(step->method, "REGISTER") != 0;
    const uint32_t nc = dialog->script->one_nonce ? dialog->round + 1 : 1;
    uint64_t nonce = nonce_of(world, dialog), cnonce = token(world, mix(dialog->id, dialog->round), CNONCE);
    char a[160], ha1[33], ha2[33], response[33], user[24];
    g_snprintf(user, sizeof user, "t%07" G_GUINT64_FORMAT, user_number(world, dialog));
    g_snprintf(a, sizeof a, "%s:" REALM ":" BENCH_PASSWORD, user);
    md5_hex(ha1, a);
    g_snprintf(a, sizeof a, "%s:sip:" REALM, step->method);
    md5_hex(ha2, a);
    g_snprintf(a, sizeof a, "%s:%016" G_GINT64_MODIFIER "x:%08x:%08x:auth:%s", ha1, nonce, nc,
               (unsigned)cnonce, ha2);
    md5_hex(response, a);
    g_string_append_printf(text,
                           "%s: Digest username=\"%s\",realm=\"" REALM "\",nonce=\"%016" G_GINT64_MODIFIER
                           "x\",uri=\"sip:" REALM
                           "\",response=\"%s\",algorithm=MD5,cnonce=\"%08x\",qop=auth,nc=%08x\r\n",
                           proxy ? "Proxy-Authorization" : "Authorization", user, nonce, response,
                           (unsigned)cnonce, nc);
}

static void
append_challenge(GString *text, const struct world *world, const struct dialog *dialog)
{
    g_string_append_printf(text,
                           "%s: Digest realm=\"" REALM "\", nonce=\"%016" G_GINT64_MODIFIER
                           "x\", algorithm=MD5, qop=\"auth\"\r\n",
                           present_step(dialog)->status == 407 ? "Proxy-Authenticate" : "WWW-Authenticate",
                           nonce_of(world, dialog));
}

/* --- headers ------------------------------------------------------------------ */

static const char *
reason_phrase(unsigned status)
{
    switch (status) {
    case 100:
        return "Trying";
    case 180:
        return "Ringing";
    case 200:
        return "OK";
    case 204:
        return "No Notification";
    case 401:
        return "Unauthorized";
    default:
        return "Proxy Authentication Required";
    }
}

static void
append_start_line(GString *text, const struct world *world, const struct dialog *dialog)
{
    const struct step *step = present_step(dialog);
    if (step->status) {
        g_string_append_printf(text, "SIP/2.0 %u %s\r\n", step->status, reason_phrase(step->status));
        return;
    }
    g_string_append_printf(text, "%s sip:", step->method);
    if (step->from == SERVER)
        append_host(text, dialog_host(world, dialog, CLIENT));
    else
        g_string_append(text, REALM);
    g_string_append(text, " SIP/2.0\r\n");
}

static void
append_via(GString *text, const struct world *world, const struct dialog *dialog)
{
    const struct step *step = present_step(dialog);
    uint64_t branch = token(world, mix(mix(dialog->id, dialog->round), step->transaction), BRANCH);
    g_string_append(text, header_name(world, "Via: SIP/2.0/", "v:SIP/2.0/"));
    g_string_append(text, world->compact ? "TCP " : "UDP ");
    append_host(text, dialog_host(world, dialog, requester(step)));
    g_string_append_printf(text, ";branch=z9hG4bK%016" G_GINT64_MODIFIER "x;rport%s\r\n", branch,
                           step->status ? "=5060" : "");
}

static void
append_party(GString *text, const struct world *world, const struct dialog *dialog, bool is_user, bool tag)
{
    g_string_append_printf(text, "<sip:t%07" G_GUINT64_FORMAT "@" REALM ">",
                           user_number(world, dialog) + (is_user ? 0 : 50000));
    if (tag)
        g_string_append_printf(text, ";tag=%08x",
                               (unsigned)token(world, dialog->id, is_user ? FROM_TAG : TO_TAG_OF));
    g_string_append(text, "\r\n");
}

/* Calls go to another user; all else is about oneself. In a NOTIFY the parties change places. */
static void
append_parties(GString *text, const struct world *world, const struct dialog *dialog)
{
    const struct step *step = present_step(dialog);
    const bool by_client = requester(step) == CLIENT;
    const bool to_tag = (step->content & TO_TAG) != 0 || step->status > 100;
    g_string_append(text, header_name(world, "From: ", "f:"));
    append_party(text, world, dialog, by_client, true);
    g_string_append(text, header_name(world, "To: ", "t:"));
    append_party(text, world, dialog, !by_client || strcmp(step->method, "REGISTER") == 0, to_tag);
}

static void
append_identity(GString *text, const struct world *world, const struct dialog *dialog)
{
    const struct step *step = present_step(dialog);
    uint64_t owner = dialog->id,
             cseq = step->cseq + (uint64_t)dialog->round * dialog->script->cseq_each_round;
    if (dialog->script->one_call_id) {
        owner = user_number(world, dialog);
        cseq += dialog->id / world->users * 2;
    }
    g_string_append_printf(text, "%s%016" G_GINT64_MODIFIER "x%s\r\nCSeq: %u %s\r\n",
                           header_name(world, "Call-ID: ", "i:"), token(world, owner, CALL_ID),
                           world->compact ? "" : "@198.18.1.1", (unsigned)cseq, step->method);
}

static void
append_contact(GString *text, const struct world *world, const struct dialog *dialog)
{
    const struct step *step = present_step(dialog);
    enum side side = strcmp(step->method, "REGISTER") == 0 ? CLIENT : step->from;
    g_string_append(text, header_name(world, "Contact: <sip:line@", "m:<sip:line@"));
    append_host(text, dialog_host(world, dialog, side));
    g_string_append(text, step->status && (step->content & EXPIRES) ? ">;expires=3600\r\n" : ">\r\n");
}

static void
append_subscription(GString *text, const struct world *world, const struct dialog *dialog)
{
    const struct step *step = present_step(dialog);
    uint64_t etag = token(world, dialog->id, ETAG);
    const bool is_notify = strcmp(step->method, "NOTIFY") == 0;
    if (!step->status)
        g_string_append(text, "Event: presence\r\n");
    if (is_notify && !step->status)
        g_string_append_printf(text, "Subscription-State: active;expires=3599\r\nSIP-ETag: %08x\r\n",
                               (unsigned)etag);
    if (step->content & CONDITION)
        g_string_append_printf(text, "Suppress-If-Match: %08x\r\n", (unsigned)etag);
}

static void
append_common(GString *text, const struct world *world, const struct step *step)
{
    if (!step->status)
        g_string_append(text, "Max-Forwards: 70\r\n");
    if (world->compact)
        return;
    if (step->from == CLIENT)
        g_string_append(
            text, "User-Agent: Bench-Trunk/4.2.1 (rev 81733)\r\nAllow: INVITE, ACK, CANCEL, OPTIONS, BYE, "
                  "REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO\r\nSupported: replaces, timer, path\r\n");
    else
        g_string_append(text, "Server: Bench-SBC 7.4.0\r\n");
}

/* --- bodies ------------------------------------------------------------------- */

static void
append_sdp(GString *body, const struct world *world, const struct dialog *dialog)
{
    struct host host = dialog_host(world, dialog, present_step(dialog)->from);
    uint32_t session = (uint32_t)mix(dialog->id, CALL_ID);
    char address[20];
    g_snprintf(address, sizeof address, "%u.%u.%u.%u", host.address >> 24, host.address >> 16 & 255,
               host.address >> 8 & 255, host.address & 255);
    g_string_append_printf(
        body,
        "v=0\r\no=- %u 1 IN IP4 %s\r\ns=call\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u RTP/AVP 8 0 9 101\r\n"
        "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n",
        session, address, address, (unsigned)(10000 + dialog->id % 20000 * 2));
}

static void
append_presence(GString *body, const struct world *world, const struct dialog *dialog)
{
    g_string_append_printf(body,
                           "<?xml version=\"1.0\"?>\r\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
                           "entity=\"sip:t%07" G_GUINT64_FORMAT "@" REALM
                           "\">\r\n<tuple id=\"a\"><status><basic>open</basic></status>"
                           "</tuple></presence>\r\n",
                           user_number(world, dialog));
}

static void
append_body(GString *text, const struct world *world, const struct dialog *dialog)
{
    const struct step *step = present_step(dialog);
    GString *body = g_string_sized_new(512);
    if (step->content & SDP) {
        append_sdp(body, world, dialog);
        g_string_append(text, "Content-Type: application/sdp\r\n");
    } else if ((step->content & SUBSCRIPTION) && !step->status && strcmp(step->method, "NOTIFY") == 0) {
        append_presence(body, world, dialog);
        g_string_append(text, "Content-Type: application/pidf+xml\r\n");
    }
    g_string_append_printf(text, "%s%u\r\n\r\n", header_name(world, "Content-Length: ", "l:"),
                           (unsigned)body->len);
    g_string_append_len(text, body->str, (gssize)body->len);
    g_string_free(body, TRUE);
}

void
sip_text_append(GString *text, const struct world *world, const struct dialog *dialog)
{
    const struct step *step = present_step(dialog);
    append_start_line(text, world, dialog);
    append_via(text, world, dialog);
    append_parties(text, world, dialog);
    append_identity(text, world, dialog);
    append_common(text, world, step);
    if (step->content & CONTACT)
        append_contact(text, world, dialog);
    if ((step->content & EXPIRES) && !(step->status && strcmp(step->method, "REGISTER") == 0))
        g_string_append(text, "Expires: 3600\r\n");
    if (step->content & CHALLENGE)
        append_challenge(text, world, dialog);
    if (step->content & CREDENTIALS)
        append_credentials(text, world, dialog);
    if (step->content & SUBSCRIPTION)
        append_subscription(text, world, dialog);
    append_body(text, world, dialog);
}
