/* SPDX-License-Identifier: Apache-2.0 */
/* The system's CAs: where they are looked for, what is no file of them, and what becomes of requests meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certificates.h"
#include "http_fixture.h"

static struct identity authority, other, server, stranger;
static SSL_CTX *plain, *unknown;
static char folder[] = "/tmp/mpijobd-roots-XXXXXX";

static int make_certificates(void **state)
{
    (void)state;
    identity_make(&authority, NULL, "authority", NULL);
    identity_make(&other, NULL, "other authority", NULL);
    identity_make(&server, &authority, "server", "IP:127.0.0.1");
    identity_make(&stranger, &other, "server", "IP:127.0.0.1");
    plain = server_context(&server, NULL);
    unknown = server_context(&stranger, NULL);
    return mkdtemp(folder) == NULL;
}

static int free_certificates(void **state)
{
    (void)state;
    identity_free(&authority);
    identity_free(&other);
    identity_free(&server);
    identity_free(&stranger);
    SSL_CTX_free(plain);
    SSL_CTX_free(unknown);
    return rmdir(folder);
}

/* As kubelet and cert-manager do it: a new file takes the old one's name. */
static void put_file(const char *name, const char *text, char path[256])
{
    char fresh[256];
    snprintf(path, 256, "%s/%s", folder, name);
    snprintf(fresh, sizeof fresh, "%s/.new", folder);
    FILE *file = fopen(fresh, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(fresh, path), 0);
}

/* One GET of a client with this configuration. */
static void try(const struct http_tls *tls, SSL_CTX *context, struct exchange *x)
{
    struct peer peer;
    struct fixture f;
    memset(x, 0, sizeof *x);
    peer_start(&peer, peer_serve_ok, context, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .tls = *tls});
    get(&f, x, peer_url(&peer, "https", "/"));
    fixture_close(&f);
    peer_stop(&peer);
}

/* Each request on a connection of its own. */
static void serve_once(struct peer_conn *conn)
{
    if (peer_request(conn))
        peer_answer(conn, "200 OK", "Connection: close\r\n", "ok");
}

static void trust_in(const char *file, const char *directory)
{
    setenv("SSL_CERT_FILE", file, 1);
    setenv("SSL_CERT_DIR", directory, 1);
}

static void trust_the_system_again(void)
{
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
}

/* The file's name is that of a link that "openssl rehash" makes. */
static void put_hashed(const struct identity *of, char path[256])
{
    char name[32];
    snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(of->certificate));
    put_file(name, of->certificate_pem, path);
}

static void the_systems_authorities_are_read(void **state)
{
    (void)state;
    struct exchange x;
    char file[256], hashed[256];
    put_file("bundle.pem", authority.certificate_pem, file);
    trust_in(file, "/nonexistent");
    try(&(struct http_tls){0}, plain, &x);
    assert_int_equal(x.status, 200);
    try(&(struct http_tls){0}, unknown, &x);
    assert_int_equal(x.code, ERR_UNREACHABLE);
    assert_non_null(strstr(x.err.message, "check the CA"));
    trust_in("/nonexistent", folder); /* a folder has files by their hash; others in it are not read */
    try(&(struct http_tls){0}, plain, &x);
    assert_non_null(strstr(x.err.message, "no CA certificate of this system"));
    put_hashed(&authority, hashed);
    char both[300];
    snprintf(both, sizeof both, "/nonexistent:%s", folder);
    trust_in("/nonexistent", both);
    try(&(struct http_tls){0}, plain, &x);
    assert_int_equal(x.status, 200);
    trust_in("/dev/null", folder);
    try(&(struct http_tls){0}, plain, &x);
    assert_int_equal(x.status, 200);
    trust_the_system_again();
    unlink(file);
    unlink(hashed);
}

static void refuse_the_system(const char *file, const char *words)
{
    struct exchange x;
    trust_in(file, "/nonexistent");
    try(&(struct http_tls){0}, plain, &x);
    assert_int_equal(x.code, ERR_UNREACHABLE);
    assert_false(x.err.retryable);
    assert_false(x.sent);
    if (!strstr(x.err.message, words))
        fail_msg("\"%s\" does not say \"%s\"", x.err.message, words);
    try(&(struct http_tls){.insecure = true}, plain, &x); /* who trusts everybody needs none */
    assert_int_equal(x.status, 200);
    try(&(struct http_tls){.ca = str_of(authority.certificate_pem)}, plain, &x);
    assert_int_equal(x.status, 200);
    trust_the_system_again();
}

static void what_is_no_file_of_authorities_holds_nothing(void **state)
{
    (void)state;
    char pipe[256], huge[256], words[400];
    snprintf(pipe, sizeof pipe, "%s/pipe", folder);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    snprintf(words, sizeof words, "SSL_CERT_FILE: cannot read %s: it is a pipe; name a regular file", pipe);
    refuse_the_system(pipe, words);
    refuse_the_system("/dev/zero", "SSL_CERT_FILE: cannot read /dev/zero: it is a device");
    refuse_the_system(folder, "it is a directory");
    put_file("huge.pem", "", huge);
    assert_int_equal(truncate(huge, (off_t)1 << 40), 0);
    refuse_the_system(huge, "is larger than the limit");
    refuse_the_system("/nonexistent", "install the package ca-certificates");
    assert_int_equal(truncate(huge, 1 << 20), 0); /* zeroes */
    refuse_the_system(huge, "there is no CA certificate of this system");
    unlink(huge);

    /* A pipe among a folder's files is left out. */
    char hashed[256], link[256];
    struct exchange x;
    put_hashed(&authority, hashed);
    snprintf(link, sizeof link, "%s/01234567.0", folder);
    assert_int_equal(rename(pipe, link), 0);
    trust_in("/nonexistent", folder);
    try(&(struct http_tls){0}, plain, &x);
    assert_int_equal(x.status, 200);
    trust_the_system_again();
    unlink(hashed);
    unlink(link);
}

static void the_systems_authorities_are_followed(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    char file[256];
    put_file("bundle.pem", "", file);
    trust_in(file, "/nonexistent");
    peer_start(&peer, serve_once, plain, NULL);
    fixture_open(&f, &(struct http_config){.proxy = ""});
    struct exchange none = {0}, some = {0};
    get(&f, &none, peer_url(&peer, "https", "/"));
    assert_non_null(strstr(none.err.message, "it is not known whom to trust"));
    put_file("bundle.pem", authority.certificate_pem, file); /* the file is mended: the next request finds it */
    get(&f, &some, peer_url(&peer, "https", "/"));
    assert_int_equal(some.status, 200);

    peer.tls = unknown;
    put_file("bundle.pem", other.certificate_pem, file);
    for (unsigned tries = 1;; tries++) {
        struct exchange x = {0};
        assert_true(tries < 50);
        get(&f, &x, peer_url(&peer, "https", "/"));
        if (x.status == 200)
            break;
        assert_int_equal(x.code, ERR_UNREACHABLE);
    }
    fixture_close(&f);
    peer_stop(&peer);
    trust_the_system_again();
    unlink(file);
}

/* While they are being read: a request that is given up, one without TLS that needs none, and the client's end. */
static void a_wait_for_the_systems_authorities_can_be_left(void **state)
{
    (void)state;
    struct peer peer, bare;
    struct fixture f;
    struct exchange cancelled = {0}, waits = {0}, without = {0};
    peer_start(&peer, peer_serve_ok, plain, NULL);
    peer_start(&bare, peer_serve_ok, NULL, NULL);
    fixture_open(&f, &(struct http_config){.proxy = ""});
    exchange_send(&f, &cancelled, &(struct http_call){.method = "GET", .url = peer_url(&peer, "https", "/")});
    exchange_send(&f, &waits, &(struct http_call){.method = "GET", .url = peer_url(&peer, "https", "/")});
    http_cancel(cancelled.request);
    exchange_wait(&cancelled);
    assert_int_equal(cancelled.code, ERR_CANCELLED);
    get(&f, &without, peer_url(&bare, "http", "/"));
    assert_int_equal(without.status, 200);
    fixture_close(&f);
    assert_int_equal(waits.calls, 1);
    peer_stop(&peer);
    peer_stop(&bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_systems_authorities_are_read),
        cmocka_unit_test(what_is_no_file_of_authorities_holds_nothing),
        cmocka_unit_test(the_systems_authorities_are_followed),
        cmocka_unit_test(a_wait_for_the_systems_authorities_can_be_left),
    };
    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
