/* packet-siptrail.c
 * SIP Trail: a post-dissector that explains SIP authentication and 204 (No Notification).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "compat.h"

#include <epan/ipproto.h>
#include <epan/proto_data.h>
#include <epan/tap.h>
#include <wsutil/wslog.h>

#include "core/digest.h"
#include "core/tracker.h"
#include "column.h"
#include "credentials.h"
#include "datagram.h"
#include "filters.h"
#include "memory.h"
#include "packet-siptrail.h"
#include "statistics.h"
#include "tree.h"

static int proto_siptrail = -1;
static int proto_sip = -1, proto_icmp = -1, proto_icmpv6 = -1;
static int proto_ip = -1, proto_ipv6 = -1, proto_udp = -1;
static int siptrail_tap = -1, pass_tap = -1;
static dissector_handle_t siptrail_handle;
static struct tracker *tracker; /* of the file that is open */

/* How that file is read, known with its first frame. */
static struct {
    bool known;
    bool in_passing; /* no frame is looked at again */
    bool for_nobody; /* and what the plugin finds would be seen nowhere */
} reading;

#define PASS_TAP "siptrail_pass" /* nobody listens to it but this file */

/* Asks epan to keep the SIP items of each frame on its first pass, or nothing. */
static void
want_sip(bool wanted)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int));
    if (wanted && proto_sip > 0)
        g_array_append_val(ids, proto_sip);
    set_postdissector_wanted_hfids(siptrail_handle, ids);
}

static void
siptrail_init(void)
{
    const struct tracker_host host = {
        .allocate = memory_allocate,
        .release = memory_release,
        .seed = (uint64_t)g_random_int() << 32 | g_random_int(),
        .credentials = credentials_rows,
    };
    tracker = tracker_new(&host);
    memset(&reading, 0, sizeof reading);
    want_sip(!WANTS_WHILE_DISABLED || proto_is_protocol_enabled(find_protocol_by_id(proto_siptrail)));
}

/* Where nobody asks, the protocol is switched off as by --disable-protocol, until the file is closed: then
 * epan does not so much as call the plugin, which alone is more than 1 % of a small packet's dissection. */
static void
rest(bool resting)
{
    proto_set_decoding(proto_siptrail, !resting);
}

static void
siptrail_cleanup(void)
{
    if (reading.for_nobody)
        rest(false);
    statistics_session_ends();
    tracker_free(tracker);
    tracker = NULL;
    memory_forget();
    digest_release();
}

static const struct tracker *
current_tracker(void)
{
    return tracker;
}

/* A broken capture may name any year. Within these bounds neither sums nor differences overflow. */
static int64_t
nanoseconds(const nstime_t *stamp)
{
    const int64_t last_second = INT64_C(4000000000); /* in 2096 */
    return CLAMP((int64_t)stamp->secs, 0, last_second) * 1000000000 + stamp->nsecs;
}

/* The packet's time; of one without any, that of those before. */
static gint64
arrival_time(const packet_info *pinfo)
{
    return pinfo->presence_flags & PINFO_HAS_TS ? nanoseconds(&pinfo->abs_ts) : tracker_clock(tracker);
}

/* A text is no address: cut to fit it would have no end. */
static struct endpoint
endpoint_of(const address *host, guint32 port)
{
    struct endpoint endpoint = {.port = (uint16_t)port, .type = (uint8_t)host->type};
    if (host->type == AT_STRINGZ)
        return (struct endpoint){.port = (uint16_t)port, .type = AT_NONE};
    endpoint.len = (uint8_t)MIN((size_t)MAX(host->len, 0), sizeof endpoint.address);
    if (endpoint.len > 0)
        memcpy(endpoint.address, host->data, endpoint.len);
    return endpoint;
}

/* An ICMP error quotes the packet that failed: that SIP message did not arrive in this frame. */
static bool
is_quoted_in_icmp(const packet_info *pinfo)
{
    for (wmem_list_frame_t *i = wmem_list_head(pinfo->layers); i; i = wmem_list_frame_next(i)) {
        int proto = GPOINTER_TO_INT(wmem_list_frame_data(i));
        if (proto == proto_icmp || proto == proto_icmpv6)
            return true;
    }
    return false;
}

/* The bytes from the beginning of one item on. While the tree is invisible the item's length reaches to the
 * end of what the SIP dissector was given, behind which there may be a trailer; where the message ends, its
 * Content-Length says. */
static struct slice
item_bytes(const field_info *item, bool *snapped)
{
    int captured = tvb_captured_length_remaining(item->ds_tvb, item->start);
    *snapped = captured < tvb_reported_length_remaining(item->ds_tvb, item->start);
    if (item->length > 0 && item->length < captured)
        captured = item->length;
    if (captured <= 0)
        return (struct slice){NULL, 0};
    return (struct slice){(const char *)tvb_get_ptr(item->ds_tvb, item->start, captured), (size_t)captured};
}

/* What ICMP says of a packet that it quotes. */
enum reach { REACHES, NO_PORT, NO_WAY };

/* RFC 792; code 4 asks for smaller packets. */
static enum reach
reach_of_4(guint8 type, guint8 code)
{
    return type != 3 || code == 4 ? REACHES : code == 3 ? NO_PORT : NO_WAY;
}

/* RFC 4443 section 3.1. */
static enum reach
reach_of_6(guint8 type, guint8 code)
{
    return type != 1 ? REACHES : code == 4 ? NO_PORT : NO_WAY;
}

/* Before a quoted message stand the headers of UDP, IP and ICMP, all in one piece. Fills in where the message
 * went. */
static enum reach
reach_of(const field_info *item, struct arrival *arrival)
{
    const int udp = 8, icmp = 8;
    const int ip = arrival->from.len == 16 ? 40 : 20, begin = item->start - udp - ip - icmp;
    if (begin < 0 || !tvb_bytes_exist(item->ds_tvb, begin, icmp + ip + udp))
        return REACHES;
    const guint8 *error = tvb_get_ptr(item->ds_tvb, begin, icmp + ip + udp);
    const guint8 *quoted = error + icmp, *addresses = quoted + ip - 2 * arrival->from.len;
    arrival->from.port = tvb_get_ntohs(item->ds_tvb, begin + icmp + ip);
    arrival->to.port = tvb_get_ntohs(item->ds_tvb, begin + icmp + ip + 2);
    memcpy(arrival->from.address, addresses, arrival->from.len);
    memcpy(arrival->to.address, addresses + arrival->from.len, arrival->from.len);
    const bool whole = ip == 20 ? quoted[0] == 0x45 && quoted[9] == IP_PROTO_UDP
                                : quoted[0] >> 4 == 6 && quoted[6] == IP_PROTO_UDP;
    if (!whole)
        return REACHES;
    return ip == 20 ? reach_of_4(error[0], error[1]) : reach_of_6(error[0], error[1]);
}

static void
read_quoted(packet_info *pinfo, const field_info *item)
{
    struct arrival arrival =
        {pinfo->num, arrival_time(pinfo), endpoint_of(&pinfo->src, 0), endpoint_of(&pinfo->dst, 0), 0, false,
         0};
    struct sip_message message;
    bool snapped, is_ip = arrival.from.len == 4 || arrival.from.len == 16;
    if (!is_ip || arrival.from.len != arrival.to.len)
        return;
    const enum reach reach = reach_of(item, &arrival);
    if (reach == REACHES)
        return;
    struct slice bytes = item_bytes(item, &snapped);
    if (sip_message_parse(bytes, true, &message) && slice_equal(message.method, SLICE("REGISTER")))
        tracker_unreachable(tracker, &message, &arrival, reach == NO_PORT);
}

/* Reads the SIP messages of a frame, first pass only. What stands inside the body of the message before it (a
 * message/sip part) is no message of this hop; what has no start line is the rest of one, or a keep-alive. */
static struct record *
read_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const GPtrArray *items = proto_get_finfo_ptr_array(tree, proto_sip);
    struct record *first = NULL, **tail = &first;
    const tvbuff_t *source = NULL;
    int end = 0;
    if (!items)
        return NULL;
    if (is_quoted_in_icmp(pinfo)) {
        if (items->len > 0)
            read_quoted(pinfo, (const field_info *)items->pdata[0]);
        return NULL;
    }
    struct segment segment = {0, 0, 0};
    const bool in_stream = is_segment(pinfo, tvb, &segment);
    const struct arrival arrival = {pinfo->num,
                                    arrival_time(pinfo),
                                    endpoint_of(&pinfo->src, pinfo->srcport),
                                    endpoint_of(&pinfo->dst, pinfo->destport),
                                    datagram_of(pinfo, tvb),
                                    in_stream,
                                    segment.acknowledgment};
    for (guint i = 0; i < items->len; i++) {
        const field_info *item = (const field_info *)items->pdata[i];
        struct sip_message message;
        bool snapped;
        if (item->ds_tvb == source && item->start < end)
            continue;
        struct slice bytes = item_bytes(item, &snapped);
        if (!sip_message_parse(bytes, snapped, &message))
            continue;
        source = item->ds_tvb;
        end = item->start + (int)message.text.len;
        *tail = tracker_add(tracker, &message, &arrival);
        tail = &(*tail)->next;
    }
    return first;
}

/* tshark runs taps while it reads a file only if it reads it once: then no frame is looked at again, and what
 * it left behind may go. Wireshark and sharkd come back to any frame, and so does `tshark -2`. */
static bool
reads_once(packet_info *pinfo)
{
    const char *program = g_get_prgname();
    tap_queue_packet(pass_tap, pinfo, &pass_tap);
    return program && strcmp(program, "tshark") == 0 && fetch_tapped_data(pass_tap, 0);
}

/* What tshark prints is settled before it reads the first frame, and stays: when it asks for nothing of ours
 * there, and reads once, then all that follows could be known by nobody. */
static void
learn_reading(packet_info *pinfo, proto_tree *tree)
{
    reading.known = true;
    reading.in_passing = reads_once(pinfo);
    if (!reading.in_passing)
        return;
    reading.for_nobody = !tree_is_wanted(proto_siptrail, pinfo, tree) && !column_is_wanted(pinfo) &&
                         !have_tap_listener(siptrail_tap);
    if (reading.for_nobody) {
        ws_log("siptrail", LOG_LEVEL_INFO, "nothing of SIP Trail is asked for: it is not at work");
        want_sip(false);
        rest(true);
    }
    tracker_forget(tracker, statistics_keep());
}

/* A keep-alive is no SIP to Wireshark, be it CR LF CR LF or STUN; all that counts is where it comes from.
 * Larger datagrams, media as a rule, are not worth a look. */
static void
hear_datagram(packet_info *pinfo, const tvbuff_t *tvb)
{
    const guint keep_alive_max = 160; /* octets of the frame */
    if (pinfo->ptype != PT_UDP || tvb_reported_length(tvb) > keep_alive_max || !tracker_listens(tracker) ||
        is_quoted_in_icmp(pinfo))
        return;
    const struct endpoint from = endpoint_of(&pinfo->src, pinfo->srcport);
    tracker_hear(tracker, pinfo->num, &from);
}

/* The innermost IP header has UDP behind it: were it a fragment that is not put together, it would not. */
static bool
is_put_together(const packet_info *pinfo)
{
    for (wmem_list_frame_t *i = wmem_list_tail(pinfo->layers); i; i = wmem_list_frame_prev(i)) {
        const int proto = GPOINTER_TO_INT(wmem_list_frame_data(i));
        if (proto == proto_ip || proto == proto_ipv6)
            return false;
        if (proto == proto_udp)
            return true;
    }
    return false;
}

/* SIP is in those of UDP. Of fragments that were not put together only the first tells ports, and Wireshark
 * does not read them. */
static void
hear_fragment(packet_info *pinfo, tvbuff_t *tvb)
{
    struct fragment fragment;
    if (!is_fragment(pinfo, tvb, &fragment) || fragment.protocol != IP_PROTO_UDP || is_quoted_in_icmp(pinfo))
        return;
    const bool whole = is_put_together(pinfo);
    const bool has_ports = !whole && fragment.is_first && tvb_bytes_exist(tvb, fragment.payload, 4);
    struct endpoint from = endpoint_of(&pinfo->net_src, 0), to = endpoint_of(&pinfo->net_dst, 0);
    if (has_ports) {
        from.port = tvb_get_ntohs(tvb, fragment.payload);
        to.port = tvb_get_ntohs(tvb, fragment.payload + 2);
    }
    tracker_fragment(tracker, pinfo->num, &from, &to, fragment.id, whole);
    if (has_ports && tracker_listens(tracker))
        tracker_hear(tracker, pinfo->num, &from);
}

static void
hear_connection(packet_info *pinfo, tvbuff_t *tvb)
{
    struct segment segment;
    if (!is_segment(pinfo, tvb, &segment))
        return;
    const bool opens = (segment.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    const bool ends = segment.flags & (TCP_FIN | TCP_RST);
    if ((!opens && !ends) || is_quoted_in_icmp(pinfo))
        return;
    const struct endpoint from = endpoint_of(&pinfo->src, pinfo->srcport);
    const struct endpoint to = endpoint_of(&pinfo->dst, pinfo->destport);
    if (ends)
        tracker_disconnect(tracker, pinfo->num, &from, &to, segment.sequence);
    else
        tracker_connect(tracker, pinfo->num, &from, &to);
}

static struct record *
frame_records(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    struct record *records;
    if (PINFO_FD_VISITED(pinfo))
        return (struct record *)p_get_proto_data(wmem_file_scope(), pinfo, proto_siptrail, 0);
    tracker_tick(tracker, arrival_time(pinfo));
    records = read_frame(tvb, pinfo, tree);
    if (!records) {
        hear_datagram(pinfo, tvb);
        hear_connection(pinfo, tvb);
    }
    hear_fragment(pinfo, tvb);
    if (records && !reading.in_passing)
        p_add_proto_data(wmem_file_scope(), pinfo, proto_siptrail, 0, records);
    return records;
}

static int
dissect_siptrail(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    if (!reading.known)
        learn_reading(pinfo, tree);
    if (reading.for_nobody)
        return 0;
    struct record *records = frame_records(tvb, pinfo, tree);
    for (struct record *record = records; record; record = record->next) {
        tree_show(proto_siptrail, tvb, pinfo, tree, tracker, record, reading.in_passing);
        column_append(pinfo, tracker, record);
        tap_queue_packet(siptrail_tap, pinfo, record);
    }
    return tvb_reported_length(tvb);
}

void
proto_register_siptrail(void)
{
    proto_siptrail = proto_register_protocol("SIP Trail", "SIP Trail", "siptrail");
    tree_register(proto_siptrail);
    filters_register(proto_siptrail);
    module_t *preferences = prefs_register_protocol(proto_siptrail, NULL);
    credentials_register(preferences);
    column_register(preferences);
    siptrail_tap = register_tap(SIPTRAIL_TAP);
    pass_tap = register_tap(PASS_TAP);
    register_init_routine(siptrail_init);
    register_cleanup_routine(siptrail_cleanup);
    siptrail_handle = create_dissector_handle(dissect_siptrail, proto_siptrail);
    register_postdissector(siptrail_handle);
    statistics_register(current_tracker);
}

void
proto_reg_handoff_siptrail(void)
{
    proto_sip = proto_registrar_get_id_byname("sip");
    proto_ip = proto_registrar_get_id_byname("ip");
    proto_ipv6 = proto_registrar_get_id_byname("ipv6");
    proto_udp = proto_registrar_get_id_byname("udp");
    proto_icmp = proto_registrar_get_id_byname("icmp");
    proto_icmpv6 = proto_registrar_get_id_byname("icmpv6");
    want_sip(true);
    /* Without callbacks: it makes taps run, see reads_once. */
    g_assert_null(
        register_tap_listener(PASS_TAP, NULL, NULL, TL_IS_DISSECTOR_HELPER, NULL, NULL, NULL, NULL));
}
