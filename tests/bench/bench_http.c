/* SPDX-License-Identifier: Apache-2.0 */
/* How many requests a second the http floor does in sequence on one kept connection, on loopback: what a policy that
 * changes one job after the other can reach at most.
 *
 *     ninja bench_http && tests/unit/bench_http [requests]  */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "certificates.h"
#include "http/http.h"
#include "http_peer.h"

struct run {
    struct http_client *client;
    struct http_call call;
    long left;
    bool failed;
};

static void send_next(struct run *run)
{
    struct error err;
    if (run->left-- > 0 && http_send(run->client, &run->call, NULL, &err)) {
        fprintf(stderr, "%s\n", err.message);
        run->failed = true;
    }
}

static void on_done(void *data, const struct http_answer *answer, const struct error *err)
{
    struct run *run = data;
    if (err || answer->status != 200) {
        fprintf(stderr, "%s\n", err ? err->message : "not a 200");
        run->failed = true;
        return;
    }
    send_next(run);
}

static int measure(const char *name, SSL_CTX *tls, const struct http_tls *trust, const char *method, size_t body,
                   long count)
{
    static struct peer peer;
    uv_loop_t loop;
    struct error err;
    struct run run = {.left = count};
    char url[64];
    char *bytes = calloc(1, body + 1);
    if (!bytes || uv_loop_init(&loop))
        return 1;
    peer_start(&peer, peer_serve_ok, tls, NULL);
    snprintf(url, sizeof url, "%s://127.0.0.1:%u/", tls ? "https" : "http", peer.port);
    if (http_client_new(&loop, &(struct http_config){.proxy = "", .tls = *trust}, &run.client, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    run.call =
        (struct http_call){.method = method, .url = url, .body = str_n(bytes, body), .done = on_done, .data = &run};
    uint64_t begin = uv_hrtime();
    send_next(&run);
    uv_run(&loop, UV_RUN_DEFAULT);
    double seconds = (double)(uv_hrtime() - begin) / 1e9;
    printf("%-22s %8.0f requests/s  %5.1f us each  connections %u\n", name, (double)count / seconds,
           seconds * 1e6 / (double)count, peer.connections);
    http_client_close(run.client, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    peer_stop(&peer);
    free(bytes);
    return uv_loop_close(&loop) || run.failed;
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 20000;
    struct identity authority, server;
    identity_make(&authority, NULL, "authority", NULL);
    identity_make(&server, &authority, "server", "IP:127.0.0.1");
    SSL_CTX *tls = server_context(&server, NULL);
    const struct http_tls none = {0}, trust = {.ca = str_of(authority.certificate_pem)};
    int rc = measure("GET, http", NULL, &none, "GET", 0, count) | measure("GET, https", tls, &trust, "GET", 0, count) |
             measure("PUT 3 KB, https", tls, &trust, "PUT", 3000, count);
    SSL_CTX_free(tls);
    identity_free(&authority);
    identity_free(&server);
    return rc;
}
