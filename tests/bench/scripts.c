/* scripts.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "scripts.h"

#define STEPS(array) .steps = (array), .count = G_N_ELEMENTS(array)

static const struct step registration_steps[] = {
    {CLIENT, 0, "REGISTER", 1, 1, CONTACT | EXPIRES, 0, 0},
    {SERVER, 401, "REGISTER", 1, 1, CHALLENGE, 8, 0},
    {CLIENT, 0, "REGISTER", 2, 2, CONTACT | EXPIRES | CREDENTIALS, 12, 0},
    {SERVER, 200, "REGISTER", 2, 2, CONTACT | EXPIRES, 10, 0},
};
static const struct step refresh_steps[] = {
    {CLIENT, 0, "REGISTER", 1, 1, CONTACT | EXPIRES, 0, 0},
    {SERVER, 401, "REGISTER", 1, 1, CHALLENGE, 8, 0},
    {CLIENT, 0, "REGISTER", 2, 2, CONTACT | EXPIRES | CREDENTIALS, 20, 0},
    {SERVER, 200, "REGISTER", 2, 2, CONTACT | EXPIRES, 10, 0},
};
static const struct step call_steps[] = {
    {CLIENT, 0, "INVITE", 1, 1, CONTACT | SDP, 0, 0},
    {SERVER, 407, "INVITE", 1, 1, CHALLENGE, 8, 0},
    {CLIENT, 0, "ACK", 1, 1, TO_TAG, 4, 0},
    {CLIENT, 0, "INVITE", 2, 2, CONTACT | SDP | CREDENTIALS, 2, 0},
    {SERVER, 100, "INVITE", 2, 2, 0, 5, 0},
    {SERVER, 180, "INVITE", 2, 2, CONTACT, 900, 0},
    {SERVER, 200, "INVITE", 2, 2, CONTACT | SDP, 4000, 0},
    {CLIENT, 0, "ACK", 2, 3, TO_TAG | CONTACT, 10, 0},
    {CLIENT, 0, "BYE", 3, 4, TO_TAG, 60000, 0},
    {SERVER, 200, "BYE", 3, 4, 0, 10, 0},
};
static const struct step call_with_media_steps[] = {
    {CLIENT, 0, "INVITE", 1, 1, CONTACT | SDP, 0, 0},
    {SERVER, 407, "INVITE", 1, 1, CHALLENGE, 8, 0},
    {CLIENT, 0, "ACK", 1, 1, TO_TAG, 4, 0},
    {CLIENT, 0, "INVITE", 2, 2, CONTACT | SDP | CREDENTIALS, 2, 0},
    {SERVER, 100, "INVITE", 2, 2, 0, 5, 0},
    {SERVER, 180, "INVITE", 2, 2, CONTACT, 900, 0},
    {SERVER, 200, "INVITE", 2, 2, CONTACT | SDP, 4000, 0},
    {CLIENT, 0, "ACK", 2, 3, TO_TAG | CONTACT, 10, 0},
    {CLIENT, 0, "BYE", 3, 4, TO_TAG, 20, 200},
    {SERVER, 200, "BYE", 3, 4, 0, 10, 0},
};
static const struct step subscription_steps[] = {
    {CLIENT, 0, "SUBSCRIBE", 1, 1, CONTACT | EXPIRES | SUBSCRIPTION, 0, 0},
    {SERVER, 200, "SUBSCRIBE", 1, 1, CONTACT | EXPIRES, 8, 0},
    {SERVER, 0, "NOTIFY", 1, 2, CONTACT | TO_TAG | SUBSCRIPTION, 2, 0},
    {CLIENT, 200, "NOTIFY", 1, 2, CONTACT, 8, 0},
    {CLIENT, 0, "SUBSCRIBE", 2, 3, CONTACT | EXPIRES | SUBSCRIPTION | TO_TAG | CONDITION, 30000, 0},
    {SERVER, 204, "SUBSCRIBE", 2, 3, CONTACT | EXPIRES, 8, 0},
};
static const struct step ping_steps[] = {
    {CLIENT, 0, "OPTIONS", 1, 1, CONTACT, 0, 0},
    {SERVER, 200, "OPTIONS", 1, 1, CONTACT, 5, 0},
};
static const struct step unanswered_steps[] = {
    {CLIENT, 0, "REGISTER", 1, 1, CONTACT | EXPIRES, 0, 0},
};
static const struct step refused_steps[] = {
    {CLIENT, 0, "REGISTER", 1, 1, CONTACT | EXPIRES, 0, 0},
    {SERVER, 401, "REGISTER", 1, 1, CHALLENGE, 5, 0},
};

const struct script script_registration = {STEPS(registration_steps), .one_call_id = true};
const struct script script_call = {STEPS(call_steps)};
const struct script script_call_with_media = {STEPS(call_with_media_steps)};
const struct script script_subscription = {STEPS(subscription_steps)};
const struct script script_ping = {STEPS(ping_steps)};
const struct script script_unanswered = {STEPS(unanswered_steps), .scanner = true};
const struct script script_refused = {STEPS(refused_steps), .scanner = true};
const struct script script_one_call_id = {STEPS(refresh_steps), .goes_round = true, .cseq_each_round = 2};
const struct script script_one_nonce = {STEPS(refresh_steps), .goes_round = true, .first_again = 2,
                                        .cseq_each_round = 1, .one_nonce = true};
const struct script script_shared_nonce = {STEPS(registration_steps), .shared_nonce = true};

const struct script *
script_of(const struct share *shares, const struct world *world, uint64_t id)
{
    unsigned percent = (unsigned)(mix(mix(world->seed, id), 1) % 100);
    while (percent >= shares->percent) {
        percent -= shares->percent;
        shares++;
    }
    return shares->script;
}
