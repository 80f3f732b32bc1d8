/* nonce.c
 * What challenges and credentials are made of: header lines, accounts, nonces.
 *
 * A nonce alone is no key. Servers give the same one to all that ask in the same second, whatever the user,
 * call or header; so a nonce is known by its hop, in each call, and in the hands of each user.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "auth_private.h"

/* --- header lines --------------------------------------------------------------- */

bool
is_challenge_header(enum sip_header id)
{
    return id == SIP_WWW_AUTHENTICATE || id == SIP_PROXY_AUTHENTICATE;
}

bool
is_credentials_header(enum sip_header id)
{
    return id == SIP_AUTHORIZATION || id == SIP_PROXY_AUTHORIZATION;
}

bool
message_has_any(const struct sip_message *message, bool (*wanted)(enum sip_header))
{
    for (enum sip_header id = SIP_WWW_AUTHENTICATE; id <= SIP_PROXY_AUTHORIZATION; id++) {
        if (message->header_lines[id] > 0 && wanted(id))
            return true;
    }
    return false;
}

/* The only header line that is wanted needs no search; SIP_HEADER_COUNT when there are none or several. */
static enum sip_header
only_line(const struct sip_message *message, bool (*wanted)(enum sip_header))
{
    enum sip_header only = SIP_HEADER_COUNT;
    unsigned lines = 0;
    for (enum sip_header id = SIP_WWW_AUTHENTICATE; id <= SIP_PROXY_AUTHORIZATION; id++) {
        if (message->header_lines[id] > 0 && wanted(id)) {
            lines += message->header_lines[id];
            only = id;
        }
    }
    return lines == 1 ? only : SIP_HEADER_COUNT;
}

uint32_t
credentials_fingerprint(struct tracker *tracker, const struct sip_message *message)
{
    struct slice rest = message->headers, value;
    enum sip_header id = only_line(message, is_credentials_header);
    uint32_t fingerprint = 0;
    if (id != SIP_HEADER_COUNT)
        return hash_slice(tracker, message->header[id]);
    if (!message_has_any(message, is_credentials_header))
        return 0;
    while (sip_message_next_header(&rest, &id, &value)) {
        if (is_credentials_header(id))
            fingerprint = fingerprint * 31 + hash_slice(tracker, value);
    }
    return fingerprint;
}

bool
line_next(struct line_walk *walk, struct slice *text, struct auth_value *value)
{
    for (;;) {
        const char *begin = walk->values.p;
        if (begin && auth_header_next(&walk->values, value)) {
            walk->joined = walk->taken++ > 0;
            *text = slice_trim(slice_between(begin, walk->values.p));
            return true;
        }
        walk->values = (struct slice){NULL, 0};
        walk->taken = 0;
        do {
            if (!sip_message_next_header(&walk->headers, &walk->id, &walk->values))
                return false;
        } while (!walk->wanted(walk->id));
    }
}

void
line_set(struct auth_line *line, enum sip_header header, struct slice text)
{
    line->text = text.p;
    line->len = (uint32_t)text.len;
    line->header = (uint8_t)header;
    line->parsed = 0;
}

struct line_walk
line_walk(const struct sip_message *message, bool (*wanted)(enum sip_header))
{
    struct line_walk walk = {.headers = message->headers, .wanted = wanted};
    walk.id = only_line(message, wanted);
    if (walk.id != SIP_HEADER_COUNT) {
        walk.values = message->header[walk.id];
        walk.headers.len = 0;
    }
    return walk;
}

static struct parsed_line *
parsed_add(struct tracker *tracker, const struct auth_line *line)
{
    if (tracker->parsed_count == tracker->parsed->len)
        g_ptr_array_add(tracker->parsed, g_new(struct parsed_line, 1));
    ((struct auth_line *)(uintptr_t)line)->parsed = (uint16_t)tracker->parsed_count;
    struct parsed_line *parsed = tracker->parsed->pdata[tracker->parsed_count++];
    parsed->line = line;
    return parsed;
}

static const struct auth_value *
line_read(struct tracker *tracker, const struct auth_line *line)
{
    struct parsed_line *parsed = parsed_add(tracker, line);
    parsed->readable = auth_line_read(line, &parsed->value);
    return parsed->readable ? &parsed->value : NULL;
}

const struct auth_value *
line_value(struct tracker *tracker, const struct auth_line *line)
{
    const struct parsed_line *parsed =
        line->parsed < tracker->parsed_count ? tracker->parsed->pdata[line->parsed] : NULL;
    if (!parsed || parsed->line != line)
        return line_read(tracker, line);
    return parsed->readable ? &parsed->value : NULL;
}

void
line_remember(struct tracker *tracker, const struct auth_line *line, const struct auth_value *value)
{
    struct parsed_line *parsed = parsed_add(tracker, line);
    parsed->value = *value;
    parsed->readable = true;
}

/* --- accounts ------------------------------------------------------------------- */

/* `to` has room for both and two octets more. */
static void
join_at(char *to, struct slice user, struct slice realm)
{
    size_t at = user.len > 0 && realm.len > 0 ? 1 : 0;
    if (user.len > 0)
        memcpy(to, user.p, user.len);
    if (at)
        to[user.len] = '@';
    if (realm.len > 0)
        memcpy(to + user.len + at, realm.p, realm.len);
    to[user.len + at + realm.len] = '\0';
}

static struct account_block *
block_of(struct account *account)
{
    return CONTAINER(account, struct account_block, account);
}

void
account_drop(struct tracker *tracker, struct aged *aged)
{
    struct account_block *block = CONTAINER(aged, struct account_block, aged);
    if (block->account.references > 0) {
        aged_touch(tracker, aged, AGED_ACCOUNT);
        return;
    }
    index_drop_own(&tracker->index, &block->entry);
    tracker->host.release(block);
}

void
account_accepted(struct tracker *tracker, struct account *account)
{
    account->accepted = true;
    aged_stay(tracker, &block_of(account)->aged);
}

static struct account *
account_new(struct tracker *tracker, struct slice user, struct slice host)
{
    struct account_block *block = tracker->host.allocate(sizeof *block + user.len + host.len + 2);
    join_at(block->name, user, host);
    block->account.name = block->name;
    key_put_own(tracker, &block->entry, &block->account);
    return &block->account;
}

/* The address-of-record that is registered or that calls: To of a REGISTER, From of all else. */
struct account *
account_of(struct tracker *tracker, const struct sip_message *message, const struct endpoint *server)
{
    struct slice user, host;
    bool registers = slice_equal(message->method, SLICE("REGISTER"));
    sip_uri_split(registers ? message->to_uri : message->from_uri, &user, &host);
    key_begin_number(tracker, INDEX_ACCOUNT, endpoint_own_port(server));
    key_add_user(tracker, user);
    key_add_nocase(tracker, host);
    key_add_address(tracker, server);
    struct account *account = key_find(tracker);
    if (!account)
        account = account_new(tracker, user, host);
    if (!account->accepted && strangers_go(tracker))
        aged_touch(tracker, &block_of(account)->aged, AGED_ACCOUNT);
    return account;
}

/* The text that `user_at_realm` makes of them, if nothing is escaped in them. */
static bool
is_user_at_realm(const char *name, struct slice user, struct slice realm)
{
    size_t len = strlen(name);
    return len == user.len + 1 + realm.len && name[user.len] == '@' && user.len > 0 && realm.len > 0 &&
           memcmp(name, user.p, user.len) == 0 && memcmp(name + user.len + 1, realm.p, realm.len) == 0 &&
           !memchr(name, '\\', len);
}

const char *
user_of_account(struct tracker *tracker, struct account *account, const struct auth_value *value)
{
    if (!account->user || !value->param[AUTH_USERNAME].p ||
        !is_user_at_realm(account->user, value->param[AUTH_USERNAME], value->param[AUTH_REALM]))
        account->user = user_at_realm(tracker, value);
    return account->user;
}

/* Who only has the name has the rest, too. */
struct user {
    struct index_entry entry;
    struct known_user known;
    char name[];
};

struct known_user *
user_known(const char *user_at_realm)
{
    return &CONTAINER((uintptr_t)user_at_realm, struct user, name)->known;
}

/* It is kept until the file is closed, and its length comes from the wire: longer names are told apart by
 * their key, but shown cut. */
enum { USER_OCTETS_MAX = 256 };

/* Under a key that was just not found. */
static const char *
user_new(struct tracker *tracker, struct slice user, struct slice realm)
{
    user.len = MIN(user.len, USER_OCTETS_MAX);
    realm.len = MIN(realm.len, USER_OCTETS_MAX);
    struct user *block = tracker->host.allocate(sizeof *block + user.len + realm.len + 2);
    join_at(block->name, user, realm);
    key_put_own(tracker, &block->entry, block->name);
    return block->name;
}

const char *
user_at_realm(struct tracker *tracker, const struct auth_value *value)
{
    struct slice user =
        value->param[AUTH_USERNAME].p ? value->param[AUTH_USERNAME] : value->param[AUTH_USERNAME_EXT];
    struct slice realm = value->param[AUTH_REALM];
    char *scratch = g_malloc(user.len + realm.len + 1);
    key_begin(tracker, INDEX_USER);
    key_add(tracker, user);
    key_add(tracker, realm);
    const char *name = key_find(tracker);
    if (!name) {
        struct slice clear = auth_unescape(user, scratch);
        if (!value->param[AUTH_USERNAME].p && user.p)
            clear = auth_decode_extended(user, scratch);
        realm = auth_unescape(realm, scratch + user.len);
        name = user_new(tracker, clear, ends_in_realm(clear, realm) ? (struct slice){NULL, 0} : realm);
    }
    g_free(scratch);
    return name;
}

/* --- nonces ---------------------------------------------------------------------- */

/* A nonce of one hop, by the object that stands for it: shorter than its text, and the same for a client that
 * moved. */
static void
key_nonce_object(struct tracker *tracker, enum index_kind kind, const struct nonce *nonce)
{
    key_begin_number(tracker, kind, (uintptr_t)nonce);
}

/* Under a key that was just not found. */
static struct nonce_other *
other_new(struct tracker *tracker, struct nonce *nonce)
{
    struct nonce_other *other = host_new(tracker, struct nonce_other);
    key_put_own(tracker, &other->entry, other);
    other->link = &nonce->others;
    other->next = nonce->others;
    if (other->next)
        other->next->link = &other->next;
    nonce->others = other;
    return other;
}

/* The first call is in the nonce itself, the others are in the index. */
struct nonce_call *
nonce_call_find(struct tracker *tracker, struct nonce *nonce)
{
    const uint64_t here = tracker->here.call_id | 1;
    if (nonce->call.call_id == 0)
        nonce->call.call_id = here;
    if (nonce->call.call_id == here)
        return &nonce->call;
    key_nonce_object(tracker, INDEX_CALL, nonce);
    key_add_hash(tracker, tracker->here.call_id);
    struct nonce_other *other = key_find(tracker);
    if (!other) {
        other = other_new(tracker, nonce);
        other->is_call = true;
        other->call.call_id = here;
        other->call.is_other = true;
    }
    aged_touch(tracker, &other->aged, AGED_OTHER);
    return &other->call;
}

/* The first user likewise. */
struct nonce_user *
nonce_user_find(struct tracker *tracker, struct nonce *nonce, const char *name)
{
    if (!nonce->user.name)
        nonce->user.name = name;
    if (nonce->user.name == name)
        return &nonce->user;
    key_nonce_object(tracker, INDEX_NONCE_USER, nonce);
    key_add_hash(tracker, (uintptr_t)name); /* there is one text for each user */
    struct nonce_other *other = key_find(tracker);
    if (!other) {
        other = other_new(tracker, nonce);
        other->user.name = name;
        other->user.is_other = true;
    }
    aged_touch(tracker, &other->aged, AGED_OTHER);
    return &other->user;
}

void
key_dialog(struct tracker *tracker, const char *method)
{
    key_begin(tracker, INDEX_DIALOG);
    key_add_hash(tracker, tracker->here.call_id);
    key_add_hash(tracker, tracker->here.hop);
    key_add(tracker, (struct slice){method, strlen(method)});
}

void
key_leg(struct tracker *tracker, struct slice method, uint32_t cseq)
{
    key_begin_number(tracker, INDEX_LEG, cseq);
    key_add_hash(tracker, tracker->here.call_id);
    key_add_hash(tracker, tracker->here.from_tag);
    key_add(tracker, method);
}

static struct index_link *
nonce_links(struct tracker *tracker, struct slice text)
{
    key_begin(tracker, INDEX_NONCE);
    key_add(tracker, text);
    return key_find(tracker);
}

bool
nonce_is_here(const struct tracker *tracker, const struct nonce *nonce)
{
    return nonce->hop == hash_short(tracker->here.hop);
}

/* On this hop; NULL none. */
static struct nonce *
nonce_here(const struct tracker *tracker, struct index_link *link)
{
    while (link && !nonce_is_here(tracker, (struct nonce *)link))
        link = link->next;
    return (struct nonce *)link;
}

/* Whoever made it gets it back here, or passes it on. */
static bool
has_its_server(const struct nonce *nonce, const struct arrival *arrival)
{
    const struct exchange *exchange = nonce->issue ? nonce->issue->exchange : NULL;
    return exchange && (endpoint_same_address(&exchange->peers->server, &arrival->to) ||
                        endpoint_same_address(&exchange->peers->server, &arrival->from));
}

/* Of several other hops that of the server which gets its nonce back from elsewhere, or passes it on itself.
 */
static struct nonce *
nonce_elsewhere(struct index_link *latest, const struct arrival *arrival)
{
    for (struct index_link *link = latest; link && latest->next; link = link->next) {
        if (has_its_server((struct nonce *)link, arrival))
            return (struct nonce *)link;
    }
    return (struct nonce *)latest;
}

bool
nonce_issue(struct tracker *tracker, struct slice text, uint32_t cseq, struct issue *issue)
{
    struct nonce *nonce = nonce_here(tracker, nonce_links(tracker, text));
    if (!nonce) {
        nonce = host_new(tracker, struct nonce);
        nonce->hop = hash_short(tracker->here.hop);
    }
    index_share(&tracker->index, &nonce->link);
    const struct exchange *before = nonce->issue ? nonce->issue->exchange : NULL;
    if (before && issue->exchange) {
        nonce->shared |= before->account != issue->exchange->account;
        nonce->repeated |= before->call_id_hash != issue->exchange->call_id_hash;
    }
    aged_touch(tracker, &nonce->aged, AGED_NONCE);
    struct nonce_call *call = nonce_call_find(tracker, nonce);
    bool late = call->used_cseq > cseq && tracker->clock - call->used_clock <= DISORDER_NS;
    const struct exchange *latest = call->issue ? call->issue->exchange : NULL;
    if (late && latest && latest->cseq > cseq) /* overtaken by the next challenge */
        return true;
    issue_hold(tracker, &nonce->issue, issue);
    issue_hold(tracker, &call->issue, issue);
    call->nc = call->nc_frame = 0; /* given anew: the client may count from 1 again */
    return late;
}

struct nonce *
nonce_find(struct tracker *tracker, struct slice text, const struct arrival *arrival)
{
    struct index_link *links = nonce_links(tracker, text);
    struct nonce *nonce = nonce_here(tracker, links);
    if (!nonce)
        nonce = nonce_elsewhere(links, arrival);
    if (nonce)
        aged_touch(tracker, &nonce->aged, AGED_NONCE);
    return nonce;
}

bool
nonce_is_ambiguous(const struct tracker *tracker, const struct nonce *nonce, const struct arrival *arrival)
{
    return !nonce_is_here(tracker, nonce) && nonce_has_other_hops(nonce) && !has_its_server(nonce, arrival);
}

bool
nonce_has_other_hops(const struct nonce *nonce)
{
    const struct index_entry *entry = nonce->link.entry;
    return !entry || nonce->link.next || entry->value != nonce;
}

struct nonce *
nonce_given_to(const struct nonce *nonce, const struct endpoint *client)
{
    const struct index_entry *entry = nonce->link.entry;
    for (struct index_link *link = entry ? entry->value : NULL; link; link = link->next) {
        const struct issue *issue = ((struct nonce *)link)->issue;
        if (issue && issue->exchange && endpoint_same_address(&issue->exchange->peers->client, client))
            return (struct nonce *)link;
    }
    return NULL;
}

/* --- out of order ----------------------------------------------------------------- */

struct early_use {
    struct aged aged;
    struct index_entry entry;
    uint32_t cseq, frame;
    bool issued; /* though not in this call, or not on this hop */
};

void
early_drop(struct tracker *tracker, struct aged *aged)
{
    struct early_use *early = CONTAINER(aged, struct early_use, aged);
    index_drop_own(&tracker->index, &early->entry);
    tracker->host.release(early);
}

static void
key_early(struct tracker *tracker, struct slice text)
{
    key_begin(tracker, INDEX_EARLY);
    key_add(tracker, text);
    key_add_hash(tracker, tracker->here.call_id);
}

void
nonce_note_early(struct tracker *tracker, struct slice text, uint32_t cseq, bool issued)
{
    key_early(tracker, text);
    struct early_use *early = key_find(tracker);
    if (!early) {
        early = host_new(tracker, struct early_use);
        key_put_own(tracker, &early->entry, early);
    }
    aged_touch(tracker, &early->aged, AGED_EARLY);
    early->cseq = cseq;
    early->frame = tracker->frame;
    early->issued = issued;
    tracker->has_early = true;
}

bool
nonce_was_early(struct tracker *tracker, struct slice text, uint32_t cseq, uint32_t request_frame)
{
    if (!tracker->has_early)
        return false;
    key_early(tracker, text);
    const struct early_use *early = key_find(tracker);
    /* A client may forget to count; a fork sends one request to several servers. */
    bool same = early && early->cseq == cseq && early->frame != request_frame && !early->issued;
    return same || (early && early->cseq > cseq);
}

enum sip_header
answering_header(enum sip_header header)
{
    return header == SIP_PROXY_AUTHENTICATE ? SIP_PROXY_AUTHORIZATION : SIP_AUTHORIZATION;
}
