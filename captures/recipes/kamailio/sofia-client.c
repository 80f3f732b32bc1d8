/* A scripted Sofia-SIP user agent.
 *
 * sofia-client LOCAL-URL AOR OUTBOUND-PROXY "REALM USER PASSWORD" STEP...
 *
 * One realm per credential, further credentials as further steps `auth "REALM USER PASSWORD"`.
 * Steps: register SECONDS | unregister | options URL | message URL TEXT | subscribe URL EVENT
 *        refresh HEADER-LINE | unsubscribe HEADER-LINE | invite URL | bye | sleep SECONDS
 */
#include <sofia-sip/nua.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CREDENTIALS 8

typedef struct { char realm[100], user[100], password[100]; } credential_t;

typedef struct {
  su_root_t *root;
  nua_t *nua;
  char const *aor;
  nua_handle_t *registration, *subscription, *call;
  credential_t credentials[MAX_CREDENTIALS];
  int count;
} agent_t;

static char const sdp[] =
  "v=0\r\no=- 1 1 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n"
  "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n";

static void add_credential(agent_t *agent, char const *text)
{
  credential_t *c = &agent->credentials[agent->count];

  if (agent->count < MAX_CREDENTIALS &&
      sscanf(text, "%99s %99s %99[^\n]", c->realm, c->user, c->password) == 3)
    agent->count++;
}

static void answer(agent_t *agent, msg_auth_t const *challenge, char *text, size_t size)
{
  char const *realm = msg_header_find_param(challenge->au_common, "realm=");
  int i;

  for (i = 0; realm && i < agent->count; i++) {
    credential_t const *c = &agent->credentials[i];
    if (strlen(realm) == strlen(c->realm) + 2 && !strncmp(realm + 1, c->realm, strlen(c->realm)))
      snprintf(text, size, "%s:%s:%s:%s", challenge->au_scheme, realm, c->user, c->password);
  }
}

/* A response may carry challenges of several realms; all are answered at once. */
static void authenticate(agent_t *agent, nua_handle_t *nh, sip_t const *sip)
{
  char texts[4][400] = { "", "", "", "" };
  msg_auth_t const *lists[2] = { sip->sip_www_authenticate, sip->sip_proxy_authenticate };
  int i, n = 0;

  for (i = 0; i < 2; i++) {
    msg_auth_t const *a;
    for (a = lists[i]; a && n < 4; a = a->au_next) {
      answer(agent, a, texts[n], sizeof texts[n]);
      if (texts[n][0])
        n++;
    }
  }
  if (n == 0)
    return;
  nua_authenticate(nh, NUTAG_AUTH(texts[0]), TAG_IF(n > 1, NUTAG_AUTH(texts[1])),
                   TAG_IF(n > 2, NUTAG_AUTH(texts[2])), TAG_END());
}

static void on_event(nua_event_t event, int status, char const *phrase, nua_t *nua, nua_magic_t *magic,
                     nua_handle_t *nh, nua_hmagic_t *hmagic, sip_t const *sip, tagi_t tags[])
{
  agent_t *agent = (agent_t *)magic;

  (void)nua; (void)hmagic; (void)tags;
  printf("%s %d %s\n", nua_event_name(event), status, phrase);
  if (sip && (status == 401 || status == 407))
    authenticate(agent, nh, sip);
}

static nua_handle_t *handle(agent_t *agent, char const *to)
{
  return nua_handle(agent->nua, NULL, NUTAG_URL(to), SIPTAG_TO_STR(to), SIPTAG_FROM_STR(agent->aor), TAG_END());
}

static void spend(agent_t *agent, double seconds)
{
  su_time_t end = su_time_add(su_now(), (su_duration_t)(seconds * 1000));

  while (su_time_cmp(su_now(), end) < 0)
    su_root_step(agent->root, 50);
}

static void do_register(agent_t *agent, char const *seconds)
{
  if (!agent->registration)
    agent->registration = handle(agent, agent->aor);
  nua_register(agent->registration, SIPTAG_EXPIRES_STR(seconds), TAG_END());
}

/* Runs one step, returns how many words it took. */
static int run_step(agent_t *agent, char **word, int left)
{
  char const *name = word[0], *one = left > 1 ? word[1] : "", *two = left > 2 ? word[2] : "";

  if (!strcmp(name, "register"))
    return do_register(agent, one), 2;
  if (!strcmp(name, "unregister"))
    return nua_unregister(agent->registration, TAG_END()), 1;
  if (!strcmp(name, "options"))
    return nua_options(handle(agent, one), TAG_END()), 2;
  if (!strcmp(name, "message"))
    return nua_message(handle(agent, one), SIPTAG_CONTENT_TYPE_STR("text/plain"), SIPTAG_PAYLOAD_STR(two), TAG_END()), 3;
  if (!strcmp(name, "subscribe"))
    return nua_subscribe(agent->subscription = handle(agent, one), SIPTAG_EVENT_STR(two), TAG_END()), 3;
  if (!strcmp(name, "refresh"))
    return nua_subscribe(agent->subscription, SIPTAG_HEADER_STR(one), TAG_END()), 2;
  if (!strcmp(name, "unsubscribe"))
    return nua_unsubscribe(agent->subscription, SIPTAG_HEADER_STR(one), TAG_END()), 2;
  if (!strcmp(name, "invite"))
    return nua_invite(agent->call = handle(agent, one), SIPTAG_CONTENT_TYPE_STR("application/sdp"),
                      SIPTAG_PAYLOAD_STR(sdp), TAG_END()), 2;
  if (!strcmp(name, "bye"))
    return nua_bye(agent->call, TAG_END()), 1;
  if (!strcmp(name, "auth"))
    return add_credential(agent, one), 2;
  if (!strcmp(name, "sleep"))
    return spend(agent, atof(one)), 2;
  fprintf(stderr, "unknown step %s\n", name);
  exit(1);
}

int main(int argc, char **argv)
{
  agent_t agent = { 0 };
  int i = 5;

  if (argc < 6)
    return 1;
  setvbuf(stdout, NULL, _IOLBF, 0);
  su_init();
  agent.root = su_root_create(NULL);
  agent.aor = argv[2];
  add_credential(&agent, argv[4]);
  agent.nua = nua_create(agent.root, on_event, (nua_magic_t *)&agent, NUTAG_URL(argv[1]), NUTAG_PROXY(argv[3]),
                         NUTAG_OUTBOUND("no-options-keepalive no-validate no-natify"), NUTAG_MEDIA_ENABLE(0),
                         NUTAG_AUTOACK(1), SIPTAG_USER_AGENT_STR("sofia-client"), TAG_END());
  if (!agent.nua)
    return 1;
  while (i < argc)
    i += run_step(&agent, argv + i, argc - i);
  return 0;
}
