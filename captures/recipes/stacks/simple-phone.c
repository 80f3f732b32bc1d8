/* libpurple (Pidgin, Finch) with its protocol SIMPLE as a phone: simple-phone USER@DOMAIN PASSWORD PROXY SECONDS [BUDDY] */
#include <purple.h>
#include <string.h>
typedef struct { PurpleInputFunction f; gpointer d; } Closure;
static gboolean invoke(GIOChannel *s, GIOCondition c, gpointer data) {
    Closure *k = data; PurpleInputCondition p = 0;
    if (c & (G_IO_IN | G_IO_HUP | G_IO_ERR)) p |= PURPLE_INPUT_READ;
    if (c & G_IO_OUT) p |= PURPLE_INPUT_WRITE;
    k->f(k->d, g_io_channel_unix_get_fd(s), p);
    return TRUE;
}
static guint input_add(gint fd, PurpleInputCondition cond, PurpleInputFunction f, gpointer d) {
    Closure *k = g_new0(Closure, 1); GIOCondition c = G_IO_ERR | G_IO_HUP; guint r;
    if (cond & PURPLE_INPUT_READ) c |= G_IO_IN;
    if (cond & PURPLE_INPUT_WRITE) c |= G_IO_OUT;
    k->f = f; k->d = d;
    GIOChannel *ch = g_io_channel_unix_new(fd);
    r = g_io_add_watch_full(ch, G_PRIORITY_DEFAULT, c, invoke, k, g_free);
    g_io_channel_unref(ch);
    return r;
}
static PurpleEventLoopUiOps loop_ops = { g_timeout_add, g_source_remove, input_add, g_source_remove, NULL, g_timeout_add_seconds };
static PurpleCoreUiOps core_ops;
static void signed_on(PurpleConnection *gc) { g_print("signed on\n"); }
static void error(PurpleConnection *gc, PurpleConnectionError e, const gchar *t) { g_print("error: %s\n", t); }
static gboolean quit(gpointer p) { purple_core_quit(); exit(0); }
static PurpleAccount *acc;
static gboolean off(gpointer p) { purple_account_set_enabled(acc, "simple", FALSE); g_timeout_add_seconds(1, quit, NULL); return FALSE; }
static gboolean buddy(gpointer p) {
    PurpleBuddy *b = purple_buddy_new(acc, p, NULL);
    purple_blist_add_buddy(b, NULL, NULL, NULL); purple_account_add_buddy(acc, b);
    return FALSE;
}
int main(int argc, char **argv) {
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    static int h;
    purple_util_set_user_dir(getenv("HOME"));
    purple_debug_set_enabled(getenv("DEBUG") != NULL);
    purple_core_set_ui_ops(&core_ops);
    purple_eventloop_set_ui_ops(&loop_ops);
    if (!purple_core_init("simple")) return 1;
    purple_set_blist(purple_blist_new());
    purple_signal_connect(purple_connections_get_handle(), "signed-on", &h, PURPLE_CALLBACK(signed_on), NULL);
    purple_signal_connect(purple_connections_get_handle(), "connection-error", &h, PURPLE_CALLBACK(error), NULL);
    acc = purple_account_new(argv[1], "prpl-simple");
    purple_account_set_password(acc, argv[2]);
    purple_account_set_bool(acc, "udp", TRUE);
    purple_account_set_bool(acc, "useproxy", TRUE);
    purple_account_set_string(acc, "proxy", argv[3]);
    purple_account_set_int(acc, "port", 5060);
    purple_account_set_bool(acc, "dopublish", getenv("PUBLISH") != NULL);
    purple_account_set_enabled(acc, "simple", TRUE);
    purple_savedstatus_activate(purple_savedstatus_new(NULL, PURPLE_STATUS_AVAILABLE));
    if (argc > 5) g_timeout_add_seconds(3, buddy, argv[5]);
    g_timeout_add_seconds(atoi(argv[4]), off, NULL);
    g_main_loop_run(loop);
    return 0;
}
