/* traffic.c
 * Writes a capture of SIP traffic of any length to standard output: seeded, and streamed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "other_traffic.h"
#include "scripts.h"

static const int64_t start_time = INT64_C(1700000000) * 1000000000;

enum special { NOTHING_SPECIAL, NO_SIP, SEGMENTS_OF_100 };

static const struct kind {
    const char *name;
    struct share shares[SHARES_MAX];
    enum special special;
    const char *text;
} kinds[] = {
    {"registrations", {{&script_registration, 100}}, 0, "REGISTER 401 REGISTER 200"},
    {"calls", {{&script_call, 100}}, 0, "INVITE 407 ACK INVITE 100 180 200 ACK BYE 200"},
    {"subscriptions", {{&script_subscription, 100}}, 0, "SUBSCRIBE 200 NOTIFY 200 SUBSCRIBE 204"},
    {"pings", {{&script_ping, 100}}, 0, "OPTIONS 200"},
    {"scan", {{&script_unanswered, 100}}, 0, "REGISTER of ever new users, unanswered"},
    {"scan-challenged", {{&script_refused, 100}}, 0, "REGISTER 401 of ever new users"},
    {"one-call-id", {{&script_one_call_id, 100}}, 0, "REGISTER 401 REGISTER 200 and so on, in one Call-ID"},
    {"one-nonce", {{&script_one_nonce, 100}}, 0, "REGISTER 200 and so on, nc counting on"},
    {"shared-nonce",
     {{&script_shared_nonce, 100}},
     0,
     "registrations, the server gives everybody the same nonce"},
    {"mixed", MIXED_SHARES, 0,
     "a trunk's signalling: 40 % pings, 30 % registrations, 20 % calls, 7 % subscriptions, 3 % scan"},
    {"media", {{&script_call_with_media, 100}}, 0, "calls with 200 packets of RTP each"},
    {"segments",
     {{&script_registration, 100}},
     SEGMENTS_OF_100,
     "registrations over TCP, 100 messages in each segment"},
    {"no-sip", {{NULL, 0}}, NO_SIP, "RTP without signalling, HTTP, other TCP, DNS, NTP, ICMP, ARP"},
};

/* --- dialogs by time ---------------------------------------------------------- */

/* A binary heap: the dialog that is due first is dialogs[0]. */
struct schedule {
    struct dialog *dialogs;
    size_t count, room;
};

static void
schedule_swap(struct schedule *schedule, size_t a, size_t b)
{
    struct dialog kept = schedule->dialogs[a];
    schedule->dialogs[a] = schedule->dialogs[b];
    schedule->dialogs[b] = kept;
}

static void
schedule_add(struct schedule *schedule, struct dialog dialog)
{
    size_t i = schedule->count++;
    if (i == schedule->room) {
        schedule->room = MAX(1024, 2 * schedule->room);
        schedule->dialogs = g_renew(struct dialog, schedule->dialogs, schedule->room);
    }
    schedule->dialogs[i] = dialog;
    for (; i > 0 && schedule->dialogs[i].due < schedule->dialogs[(i - 1) / 2].due; i = (i - 1) / 2)
        schedule_swap(schedule, i, (i - 1) / 2);
}

/* After dialogs[0] was changed. */
static void
schedule_sink(struct schedule *schedule)
{
    for (size_t i = 0, child; (child = 2 * i + 1) < schedule->count; i = child) {
        if (child + 1 < schedule->count && schedule->dialogs[child + 1].due < schedule->dialogs[child].due)
            child++;
        if (schedule->dialogs[i].due <= schedule->dialogs[child].due)
            return;
        schedule_swap(schedule, i, child);
    }
}

static void
schedule_drop(struct schedule *schedule)
{
    schedule->dialogs[0] = schedule->dialogs[--schedule->count];
    schedule_sink(schedule);
}

/* --- writing ------------------------------------------------------------------ */

struct writer {
    FILE *out;
    struct world world;
    const struct kind *kind;
    uint64_t count, written; /* messages; 0: for ever */
    double rate;             /* messages a second */
    GString *text;
};

static bool
is_full(const struct writer *writer)
{
    return (writer->count && writer->written >= writer->count) || ferror(writer->out);
}

static void
write_message(struct writer *writer, const struct dialog *dialog)
{
    enum side from = dialog->script->steps[dialog->step].from;
    g_string_truncate(writer->text, 0);
    sip_text_append(writer->text, &writer->world, dialog);
    frame_udp(writer->out, dialog->due, dialog_host(&writer->world, dialog, from),
              dialog_host(&writer->world, dialog, from == CLIENT ? SERVER : CLIENT), writer->text->str,
              writer->text->len);
}

static void
write_media(struct writer *writer, const struct dialog *dialog)
{
    struct host client = dialog_host(&writer->world, dialog, CLIENT),
                server = dialog_host(&writer->world, dialog, SERVER);
    const bool up = dialog->rtp % 2 == 0;
    client.port = server.port = (uint16_t)(10000 + dialog->id % 20000 * 2);
    write_rtp(writer->out, dialog->due, up ? client : server, up ? server : client,
              (uint32_t)mix(dialog->id, up), dialog->rtp / 2);
}

/* Answers come after the time that the script says, half of it more or less. */
static int64_t
delay_of(const struct writer *writer, const struct dialog *dialog, uint32_t milliseconds)
{
    const uint64_t spread = mix(mix(writer->world.seed, dialog->id), dialog->step + 1000u) % 1000;
    if (dialog->script->goes_round)
        return (int64_t)(1e9 / writer->rate);
    return (int64_t)milliseconds * (int64_t)(500 + spread) * 1000;
}

/* To the next message; false at the end. */
static bool
dialog_goes_on(const struct writer *writer, struct dialog *dialog)
{
    const struct script *script = dialog->script;
    dialog->rtp = 0;
    if (++dialog->step == script->count) {
        if (!script->goes_round)
            return false;
        dialog->step = script->first_again;
        dialog->round++;
    }
    dialog->due += delay_of(writer, dialog, script->steps[dialog->step].delay);
    return true;
}

static void
write_first_due(struct writer *writer, struct schedule *schedule)
{
    struct dialog *dialog = &schedule->dialogs[0];
    writer->written++;
    if (dialog->rtp < dialog->script->steps[dialog->step].rtp) {
        write_media(writer, dialog);
        dialog->rtp++;
        dialog->due += 10 * 1000000;
    } else {
        write_message(writer, dialog);
        if (!dialog_goes_on(writer, dialog)) {
            schedule_drop(schedule);
            return;
        }
    }
    schedule_sink(schedule);
}

static double
messages_per_dialog(const struct kind *kind)
{
    double sum = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(kind->shares) && kind->shares[i].script; i++) {
        const struct script *script = kind->shares[i].script;
        unsigned packets = script->count;
        for (unsigned step = 0; step < script->count; step++)
            packets += script->steps[step].rtp;
        sum += packets * (double)kind->shares[i].percent / 100;
    }
    return sum;
}

static void
write_dialogs(struct writer *writer)
{
    struct schedule schedule = {0};
    const int64_t interval = (int64_t)(1e9 * messages_per_dialog(writer->kind) / writer->rate);
    int64_t next = start_time;
    for (uint64_t id = 0; !is_full(writer);) {
        if (schedule.count > 0 && schedule.dialogs[0].due <= next) {
            write_first_due(writer, &schedule);
            continue;
        }
        const struct script *script = script_of(writer->kind->shares, &writer->world, id);
        schedule_add(&schedule, (struct dialog){.due = next, .id = id++, .script = script});
        next = script->goes_round ? INT64_MAX : next + interval;
    }
    g_free(schedule.dialogs);
}

static void
write_no_sip(struct writer *writer)
{
    for (; !is_full(writer); writer->written++)
        write_other(writer->out, start_time + (int64_t)((double)writer->written * 1e9 / writer->rate),
                    mix(writer->world.seed, writer->written));
}

/* A hundred dialogs take each step together, in one segment of one connection. */
static void
write_segments(struct writer *writer)
{
    enum { TOGETHER = 100, PUSH_ACK = 0x18 };
    const struct script *script = writer->kind->shares[0].script;
    struct dialog dialog = {.script = script};
    const struct host ends[] = {{198u << 24 | 18u << 16 | 3, 5060},
                                dialog_host(&writer->world, &dialog, SERVER)};
    struct stream streams[2] = {{0, 0}, {0, 0}};
    writer->world.compact = true;
    for (uint64_t first = 0; !is_full(writer); first += TOGETHER) {
        for (dialog.step = 0; dialog.step < script->count && !is_full(writer); dialog.step++) {
            enum side from = script->steps[dialog.step].from;
            g_string_truncate(writer->text, 0);
            for (dialog.id = first; dialog.id < first + TOGETHER; dialog.id++)
                sip_text_append(writer->text, &writer->world, &dialog);
            g_assert(writer->text->len < 65000);
            streams[from].received = streams[!from].sent;
            frame_tcp(writer->out, start_time + (int64_t)((double)writer->written * 1e9 / writer->rate),
                      ends[from], ends[!from], &streams[from], PUSH_ACK, writer->text->str,
                      writer->text->len);
            writer->written += TOGETHER;
        }
    }
}

/* --- command line ------------------------------------------------------------- */

static int
usage(void)
{
    fprintf(stderr, "usage: traffic [-s SEED] [-r MESSAGES_A_SECOND] [-u USERS] KIND COUNT >CAPTURE\n"
                    "COUNT messages (packets where there is media or no SIP), 0 for ever. KIND is one of\n");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        fprintf(stderr, "  %-16s%s\n", kinds[i].name, kinds[i].text);
    return 2;
}

static const struct kind *
find_kind(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    struct writer writer = {.out = stdout, .world = {.seed = 1, .users = 20000}, .rate = 1000};
    for (int option; (option = getopt(argc, argv, "s:r:u:")) != -1;) {
        if (option == 's')
            writer.world.seed = strtoull(optarg, NULL, 10);
        else if (option == 'r')
            writer.rate = strtod(optarg, NULL);
        else if (option == 'u')
            writer.world.users = (uint32_t)strtoul(optarg, NULL, 10);
        else
            return usage();
    }
    if (argc - optind != 2 || !(writer.kind = find_kind(argv[optind])) || !(writer.rate > 0) ||
        writer.world.users < 1)
        return usage();
    writer.count = strtoull(argv[optind + 1], NULL, 10);
    writer.text = g_string_sized_new(65536);
    frames_begin(stdout);
    if (writer.kind->special == NO_SIP)
        write_no_sip(&writer);
    else if (writer.kind->special == SEGMENTS_OF_100)
        write_segments(&writer);
    else
        write_dialogs(&writer);
    g_string_free(writer.text, TRUE);
    return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
