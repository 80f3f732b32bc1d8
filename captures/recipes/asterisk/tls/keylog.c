/* LD_PRELOAD shim: appends the TLS session secrets of any OpenSSL program to $SSLKEYLOGFILE.
 * Build: cc -shared -fPIC -o keylog.so keylog.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

static void log_line(const SSL *ssl, const char *line)
{
    FILE *log = fopen(getenv("SSLKEYLOGFILE"), "a");

    (void)ssl;
    if (log) {
        fprintf(log, "%s\n", line);
        fclose(log);
    }
}

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method)
{
    SSL_CTX *(*real)(const SSL_METHOD *) = dlsym(RTLD_NEXT, "SSL_CTX_new");
    SSL_CTX *ctx = real(method);

    if (ctx && getenv("SSLKEYLOGFILE"))
        SSL_CTX_set_keylog_callback(ctx, log_line);
    return ctx;
}
