/* SPDX-License-Identifier: Apache-2.0 */
/* Whom we trust, who we are, and what happens when files change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certificates.h"
#include "http_fixture.h"

static struct identity authority, other, server, named, stranger, client, other_client;
static SSL_CTX *plain, *by_name, *unknown, *asks;
static char folder[] = "/tmp/mpijobd-tls-XXXXXX";

static int make_certificates(void **state)
{
    (void)state;
    identity_make(&authority, NULL, "authority", NULL);
    identity_make(&other, NULL, "other authority", NULL);
    identity_make(&server, &authority, "server", "IP:127.0.0.1");
    identity_make(&named, &authority, "named server", "DNS:api.cluster.test");
    identity_make(&stranger, &other, "server", "IP:127.0.0.1");
    identity_make(&client, &authority, "client", NULL);
    identity_make(&other_client, &other, "client of another", NULL);
    plain = server_context(&server, NULL);
    by_name = server_context(&named, NULL);
    unknown = server_context(&stranger, NULL);
    asks = server_context(&server, &authority);
    return mkdtemp(folder) == NULL;
}

static int free_certificates(void **state)
{
    (void)state;
    struct identity *const all[] = {&authority, &other, &server, &named, &stranger, &client, &other_client};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        identity_free(all[i]);
    SSL_CTX_free(plain);
    SSL_CTX_free(by_name);
    SSL_CTX_free(unknown);
    SSL_CTX_free(asks);
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

static void the_server_is_verified(void **state)
{
    (void)state;
    struct exchange x;
    const struct str ca = str_of(authority.certificate_pem);
    try(&(struct http_tls){.ca = ca}, plain, &x);
    assert_int_equal(x.status, 200);
    try(&(struct http_tls){.ca = ca}, unknown, &x);
    assert_int_equal(x.code, ERR_UNREACHABLE);
    assert_false(x.err.retryable);
    assert_false(x.sent);
    assert_non_null(strstr(x.err.message, "check the CA"));
    try(&(struct http_tls){.ca = ca}, by_name, &x); /* another's name */
    assert_int_equal(x.code, ERR_UNREACHABLE);
    try(&(struct http_tls){0}, plain, &x); /* the system's store does not know the test's authority */
    assert_int_equal(x.code, ERR_UNREACHABLE);
    try(&(struct http_tls){.insecure = true}, unknown, &x);
    assert_int_equal(x.status, 200);
}

static void a_bundle_of_authorities_is_read_whole(void **state)
{
    (void)state;
    struct exchange x;
    char bundle[9000];
    snprintf(bundle, sizeof bundle, "# first\n%s\n# second\n%s", other.certificate_pem, authority.certificate_pem);
    try(&(struct http_tls){.ca = str_of(bundle)}, plain, &x);
    assert_int_equal(x.status, 200);
    try(&(struct http_tls){.ca = str_of(bundle)}, unknown, &x);
    assert_int_equal(x.status, 200);
}

static void the_servers_name_can_be_another(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    peer_start(&peer, peer_serve_ok, by_name, NULL);
    fixture_open(
        &f, &(struct http_config){.proxy = "",
                                  .tls = {.ca = str_of(authority.certificate_pem), .server_name = "api.cluster.test"}});
    char host[64];
    snprintf(host, sizeof host, "Host: 127.0.0.1:%u", peer.port);
    for (int i = 0; i < 5; i++) {
        struct exchange x = {0};
        get(&f, &x, peer_url(&peer, "https", "/"));
        assert_int_equal(x.status, 200);
        assert_true(peer_header(&peer.conns[0], host));
    }
    assert_int_equal(peer.connections, 1);
    assert_int_equal(peer.handshakes, 1);
    fixture_close(&f);

    struct exchange wrong = {0};
    fixture_open(
        &f, &(struct http_config){
                .proxy = "", .tls = {.ca = str_of(authority.certificate_pem), .server_name = "else.cluster.test"}});
    get(&f, &wrong, peer_url(&peer, "https", "/"));
    assert_int_equal(wrong.code, ERR_UNREACHABLE);
    fixture_close(&f);
    peer_stop(&peer);
}

static void a_client_certificate_works_from_memory_and_files(void **state)
{
    (void)state;
    struct exchange x;
    const struct str ca = str_of(authority.certificate_pem);
    try(&(struct http_tls){.ca = ca, .certificate = str_of(client.certificate_pem), .key = str_of(client.key_pem)},
        asks, &x);
    assert_int_equal(x.status, 200);

    try(&(struct http_tls){.ca = ca}, asks, &x);
    assert_int_equal(x.code, ERR_UNREACHABLE);
    try(&(struct http_tls){.ca = ca,
                           .certificate = str_of(other_client.certificate_pem),
                           .key = str_of(other_client.key_pem)},
        asks, &x);
    assert_int_equal(x.code, ERR_UNREACHABLE);

    char ca_file[256], certificate_file[256], key_file[256];
    put_file("ca.pem", authority.certificate_pem, ca_file);
    put_file("tls.crt", client.certificate_pem, certificate_file);
    put_file("tls.key", client.key_pem, key_file);
    try(&(struct http_tls){.ca_file = ca_file, .certificate_file = certificate_file, .key_file = key_file}, asks, &x);
    assert_int_equal(x.status, 200);
    unlink(ca_file);
    unlink(certificate_file);
    unlink(key_file);
}

static void handshakes_are_not_repeated(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    peer_start(&peer, peer_serve_ok, plain, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .tls = {.ca = str_of(authority.certificate_pem)}});
    for (int i = 0; i < 20; i++) {
        struct exchange x = {0};
        get(&f, &x, peer_url(&peer, "https", "/"));
        assert_int_equal(x.status, 200);
    }
    assert_int_equal(peer.handshakes, 1);
    fixture_close(&f);
    peer_stop(&peer);
}

/* Each request on a connection of its own. */
static void serve_once(struct peer_conn *conn)
{
    if (peer_request(conn))
        peer_answer(conn, "200 OK", "Connection: close\r\n", "ok");
}

/* Tries until the answer comes; a failure has the files looked at, and says that another try may do. Bounded by the
 * tests' time limit. */
static unsigned retry(struct fixture *f, const struct peer *peer)
{
    for (unsigned tries = 1;; tries++) {
        assert_true(tries < 50);
        struct exchange x = {0};
        get(f, &x, peer_url(peer, "https", "/"));
        if (x.status == 200)
            return tries;
        assert_int_equal(x.code, ERR_UNREACHABLE);
        assert_true(x.err.retryable);
    }
}

static void a_rotated_ca_is_noticed(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    char ca_file[256];
    put_file("ca.pem", authority.certificate_pem, ca_file);
    peer_start(&peer, serve_once, plain, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .tls = {.ca_file = ca_file}});
    assert_int_equal(retry(&f, &peer), 1);
    peer.tls = unknown;
    put_file("ca.pem", other.certificate_pem, ca_file);
    assert_true(retry(&f, &peer) >= 1);

    /* a broken file leaves the old material in place */
    put_file("ca.pem", "half a certif", ca_file);
    for (int i = 0; i < 3; i++)
        assert_int_equal(retry(&f, &peer), 1);
    fixture_close(&f);
    peer_stop(&peer);
    unlink(ca_file);
}

static void a_rotated_client_certificate_is_noticed(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    char certificate_file[256], key_file[256];
    put_file("tls.crt", other_client.certificate_pem, certificate_file);
    put_file("tls.key", other_client.key_pem, key_file);
    peer_start(&peer, serve_once, asks, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "",
                                           .tls = {.ca = str_of(authority.certificate_pem),
                                                   .certificate_file = certificate_file,
                                                   .key_file = key_file}});
    struct exchange x = {0};
    get(&f, &x, peer_url(&peer, "https", "/"));
    assert_int_equal(x.code, ERR_UNREACHABLE);
    put_file("tls.crt", client.certificate_pem, certificate_file); /* for a moment they do not belong together */
    struct exchange y = {0};
    get(&f, &y, peer_url(&peer, "https", "/"));
    put_file("tls.key", client.key_pem, key_file);
    assert_true(retry(&f, &peer) >= 1);
    fixture_close(&f);
    peer_stop(&peer);
    unlink(certificate_file);
    unlink(key_file);
}

static void an_identity_that_is_given_later(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct error err;
    const struct str certificate = str_of(client.certificate_pem), key = str_of(client.key_pem);
    peer_start(&peer, peer_serve_ok, asks, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .tls = {.ca = str_of(authority.certificate_pem)}});
    struct exchange none = {0}, first = {0}, again = {0}, changed = {0};
    get(&f, &none, peer_url(&peer, "https", "/"));
    assert_int_equal(none.code, ERR_UNREACHABLE);
    assert_int_equal(http_client_identify(f.client, certificate, key, &err), 0);
    get(&f, &first, peer_url(&peer, "https", "/"));
    assert_int_equal(first.status, 200);
    /* What is no certificate leaves all as it was. */
    assert_int_equal(http_client_identify(f.client, certificate, str_of(other_client.key_pem), &err), ERR_INVALID);
    get(&f, &again, peer_url(&peer, "https", "/"));
    assert_int_equal(again.status, 200);
    /* The connection of before would still be taken for the one it was made for. */
    assert_int_equal(
        http_client_identify(f.client, str_of(other_client.certificate_pem), str_of(other_client.key_pem), &err), 0);
    get(&f, &changed, peer_url(&peer, "https", "/"));
    assert_int_equal(changed.code, ERR_UNREACHABLE);
    fixture_close(&f);
    peer_stop(&peer);
}

static void count_up(void *data)
{
    ++*(int *)data;
}

/* Two clients of one server: what one identifies with the other uses, and the material stays until both are closed. */
static void an_identity_is_shared_with_the_client_beside(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct error err;
    struct http_client *first = NULL;
    int closed = 0;
    peer_start(&peer, peer_serve_ok, asks, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .tls = {.ca = str_of(authority.certificate_pem)}});
    first = f.client;
    assert_int_equal(http_client_beside(first, 3, &f.client, &err), 0);
    struct exchange none = {0}, shown = {0}, alone = {0};
    get(&f, &none, peer_url(&peer, "https", "/"));
    assert_int_equal(none.code, ERR_UNREACHABLE);
    assert_int_equal(http_client_identify(first, str_of(client.certificate_pem), str_of(client.key_pem), &err), 0);
    get(&f, &shown, peer_url(&peer, "https", "/"));
    assert_int_equal(shown.status, 200);
    http_client_close(first, count_up, &closed);
    fixture_wait(&f, &closed, 1);
    get(&f, &alone, peer_url(&peer, "https", "/"));
    assert_int_equal(alone.status, 200);
    fixture_close(&f);
    peer_stop(&peer);
}

static void assert_refused(const struct http_tls *tls, int code, const char *words)
{
    uv_loop_t loop;
    struct http_client *made = NULL;
    struct error err = {0};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(http_client_new(&loop, &(struct http_config){.tls = *tls}, &made, &err), code);
    assert_null(made);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" does not say \"%s\"", err.message, words);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void bad_material_is_refused_at_the_start(void **state)
{
    (void)state;
    const struct str certificate = str_of(client.certificate_pem), key = str_of(client.key_pem);
    char path[256], words[400], encrypted[4096];
    assert_refused(&(struct http_tls){.ca_file = "/nonexistent/ca.pem"}, ERR_NOT_FOUND,
                   "CA certificate: cannot read /nonexistent/ca.pem");
    put_file("empty.pem", "", path);
    snprintf(words, sizeof words, "CA certificate %s: the file is empty", path);
    assert_refused(&(struct http_tls){.ca_file = path}, ERR_INVALID, words);
    put_file("empty.pem", "<html>", path);
    snprintf(words, sizeof words, "CA certificate %s: there is no PEM certificate in it", path);
    assert_refused(&(struct http_tls){.ca_file = path}, ERR_INVALID, words);
    unlink(path);
    assert_refused(&(struct http_tls){.ca = str_of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")},
                   ERR_INVALID, "CA certificate given as text");
    assert_refused(&(struct http_tls){.certificate = certificate}, ERR_INVALID, "without its key");
    assert_refused(&(struct http_tls){.key = key}, ERR_INVALID, "without its certificate");
    assert_refused(&(struct http_tls){.certificate = str_of(other_client.certificate_pem), .key = key}, ERR_INVALID,
                   "does not belong to");
    assert_refused(&(struct http_tls){.certificate = certificate, .key = certificate}, ERR_INVALID,
                   "no PEM private key");
    assert_refused(&(struct http_tls){.certificate = key, .key = key}, ERR_INVALID, "no PEM certificate");

    BIO *bio = BIO_new(BIO_s_mem());
    char password[] = "secret";
    assert_true(PEM_write_bio_PrivateKey(bio, client.key, EVP_aes_128_cbc(), (unsigned char *)password, 6, NULL, NULL));
    int n = BIO_read(bio, encrypted, sizeof encrypted);
    BIO_free(bio);
    assert_refused(&(struct http_tls){.certificate = certificate, .key = str_n(encrypted, (size_t)n)}, ERR_INVALID,
                   "is encrypted");
}

static void a_key_is_wiped(void **state)
{
    (void)state;
    struct fixture f;
    const char *base64 = strchr(client.key_pem, '\n') + 33; /* past the beginning, which the allocator may write over */
    fixture_open(
        &f, &(struct http_config){
                .proxy = "", .tls = {.certificate = str_of(client.certificate_pem), .key = str_of(client.key_pem)}});
    int before = heap_count(base64, 32);
    fixture_close(&f);
    if (before < 0)
        skip();
    assert_true(before > 0);
    assert_int_equal(heap_count(base64, 32), 0);
}

int main(void)
{
    heap_is_one();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_is_verified),
        cmocka_unit_test(a_bundle_of_authorities_is_read_whole),
        cmocka_unit_test(the_servers_name_can_be_another),
        cmocka_unit_test(a_client_certificate_works_from_memory_and_files),
        cmocka_unit_test(handshakes_are_not_repeated),
        cmocka_unit_test(a_rotated_ca_is_noticed),
        cmocka_unit_test(a_rotated_client_certificate_is_noticed),
        cmocka_unit_test(an_identity_that_is_given_later),
        cmocka_unit_test(an_identity_is_shared_with_the_client_beside),
        cmocka_unit_test(bad_material_is_refused_at_the_start),
        cmocka_unit_test(a_key_is_wiped),
    };
    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
