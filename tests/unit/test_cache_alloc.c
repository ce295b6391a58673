/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of a cache's life fails in turn: it is told, tried again, and in the end everything is known all the
 * same. The server has threads of its own, because only this thread's allocations fail. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <curl/curl.h>

#include "alloc.h"
#include "cache/cache.h"
#include "cache_synced.h"

#define JOB(name, version)                                                                                             \
    "{\"apiVersion\":\"kubeflow.org/v2beta1\",\"kind\":\"MPIJob\",\"metadata\":{\"name\":\"" name                      \
    "\",\"namespace\":\"ns\",\"uid\":\"" name "\",\"resourceVersion\":\"" version                                      \
    "\",\"labels\":{\"t\\u0065am\":\"" name "\"}}}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define BOOKMARK(version, rest)                                                                                        \
    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"" version "\"" rest "}}}\n"
#define CHANGES EVENT("MODIFIED", JOB("a", "10")) EVENT("DELETED", JOB("b", "11"))

/* The server's only state is in the question. */
static const char *reply_to(const char *request)
{
    if (strstr(request, "sendInitialEvents"))
        return EVENT("ADDED", JOB("a", "1")) EVENT("ADDED", JOB("b", "2")) EVENT("ADDED", JOB("c", "3"))
            BOOKMARK("5", ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}") CHANGES;
    if (strstr(request, "resourceVersion=5&watch"))
        return CHANGES;
    if (strstr(request, "watch=1"))
        return BOOKMARK("12", "");
    if (strstr(request, "continue="))
        return "{\"items\":[" JOB("c", "3") "],\"metadata\":{\"resourceVersion\":\"5\"}}";
    return "{\"items\":[" JOB("a", "1") "," JOB("b",
                                                "2") "],\"metadata\":{\"continue\":\"c\",\"resourceVersion\":\"5\"}}";
}

struct server {
    pthread_t thread;
    int socket, port;
};

static void serve(int fd)
{
    char in[4096], head[128];
    size_t n = 0;
    do {
        ssize_t got = read(fd, in + n, sizeof in - 1 - n);
        if (got <= 0)
            return;
        n += (size_t)got;
        in[n] = '\0';
    } while (!strstr(in, "\r\n\r\n"));
    const char *body = reply_to(in);
    int len = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                       strlen(body));
    if (send(fd, head, (size_t)len, MSG_NOSIGNAL) != len || send(fd, body, strlen(body), MSG_NOSIGNAL) < 0)
        return; /* it has gone */
    while (read(fd, in, sizeof in) > 0)
        ;
}

static void *run_server(void *data)
{
    struct server *s = data;
    for (int fd; (fd = accept(s->socket, NULL, NULL)) >= 0;) {
        serve(fd);
        close(fd);
    }
    return NULL;
}

static void start_server(struct server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *s = (struct server){.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(bind(s->socket, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(s->socket, 64), 0);
    getsockname(s->socket, (struct sockaddr *)&address, &size);
    s->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, run_server, s), 0);
}

static void stop_server(struct server *s)
{
    shutdown(s->socket, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->socket);
}

struct life {
    uv_loop_t loop;
    struct kube *kube;
    struct cache *cache;
    unsigned troubles;
    bool closed;
    struct error error;
};

/* Whatever may be asked for is asked for. */
static void event(void *data, const struct cache_event *e)
{
    struct life *l = data;
    struct cache_iter iter;
    struct buf bytes = BUF_INIT;
    struct mpijob_view view;
    uint32_t slot;
    const struct mpijob_view *before = cache_before(l->cache, e);
    if (before)
        assert_true(str_eq(before->name, e->name));
    struct mpijob_match *match = mpijob_match_new();
    if (match && !mpijob_match_labels(match, "team in (a,b)", NULL)) {
        for (cache_iter_begin(l->cache, match, &iter); cache_iter_next(&iter, &slot);) {
            int rc = cache_view(l->cache, slot, &bytes, &view, NULL);
            assert_true(rc == 0 || rc == ERR_NOMEM);
        }
        cache_iter_end(&iter);
    }
    mpijob_match_free(match);
    buf_free(&bytes);
}

static void trouble(void *data, const struct error *err)
{
    struct life *l = data;
    l->troubles++;
    l->error = *err;
}

static bool holds(struct life *l, const char *name, const char *text)
{
    struct buf bytes = BUF_INIT;
    uint32_t slot;
    struct mpijob_view view;
    bool there = cache_find(l->cache, str_of("ns"), str_of(name), &slot);
    bool right = there == (text != NULL);
    if (there && text)
        right = cache_view(l->cache, slot, &bytes, &view, NULL) == 0 && strcmp(bytes.ptr, text) == 0;
    buf_free(&bytes);
    return right;
}

static bool knows_all(struct life *l)
{
    return all_synced(l->cache) && holds(l, "a", JOB("a", "10")) && holds(l, "b", NULL) && holds(l, "c", JOB("c", "3"));
}

static void was_closed(void *data)
{
    ((struct life *)data)->closed = true;
}

static void follow(struct life *l, long n)
{
    uint64_t from = uv_hrtime();
    if (cache_start(l->cache, &l->error))
        assert_int_equal(l->error.code, ERR_NOMEM);
    else
        while (!knows_all(l)) {
            uv_run(&l->loop, UV_RUN_ONCE);
            if (uv_hrtime() - from > UINT64_C(10000000000))
                fail_msg("allocation %ld: not all is known after 10 s: %s", n, l->error.message);
        }
    cache_close(l->cache, was_closed, l);
    while (!l->closed)
        uv_run(&l->loop, UV_RUN_ONCE);
}

/* One whole life with the nth allocation failing; false: there was no nth. */
static bool live(const struct kube_config *config, bool by_pages, long n)
{
    struct kube_options options = {.backoff_base_ms = 1, .seed = 1};
    struct life l = {0};
    uv_loop_init(&l.loop);
    assert_int_equal(kube_open(&l.loop, config, &options, &l.kube, NULL), 0);
    struct cache_options how = {
        .loop = &l.loop,
        .kube = l.kube,
        .resource = {"kubeflow.org", "v2beta1", "mpijobs"},
        .target = {MPIJOB_V2BETA1, CONTROLLER_MPI_OPERATOR, KIND_MPIJOB},
        .namespaces = (const char *const[]){"ns", NULL},
        .by_pages = by_pages,
        .timing = {.backoff_ms = 1, .backoff_most_ms = 2},
        .event = event,
        .trouble = trouble,
        .data = &l,
    };
    alloc_fail_at(n);
    int rc = cache_new(&how, &l.cache, &l.error);
    if (rc)
        assert_int_equal(rc, ERR_NOMEM);
    else
        follow(&l, n);
    bool failed = alloc_failed();
    alloc_fail_at(0);
    if (l.troubles && (l.error.code != ERR_NOMEM || !failed))
        fail_msg("allocation %ld: %s", n, l.error.message);
    kube_close(l.kube, NULL, NULL);
    uv_run(&l.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&l.loop), 0);
    return failed;
}

static void each_allocation_fails(bool by_pages)
{
    char url[64];
    struct server server;
    start_server(&server);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", server.port);
    struct kube_config config = {.server = url, .origin = url};
    long n = 1;
    while (live(&config, by_pages, n))
        n++;
    print_message("%ld allocations\n", n - 1);
    assert_true(n > 60);
    stop_server(&server);
}

static void by_pages(void **state)
{
    (void)state;
    each_allocation_fails(true);
}

static void streamed(void **state)
{
    (void)state;
    each_allocation_fails(false);
}

int main(void)
{
    setenv("SSL_CERT_FILE", "/dev/null", 1); /* not the system's store for each life */
    curl_global_init(CURL_GLOBAL_DEFAULT);   /* as in test_kube_alloc.c: libcurl's own allocations do not fail here */
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_pages), cmocka_unit_test(streamed)};
    int rc = cmocka_run_group_tests_name("cache_alloc", tests, NULL, NULL);
    curl_global_cleanup();
    return rc;
}
