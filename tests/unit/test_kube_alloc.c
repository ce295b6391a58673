/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of a whole conversation fails in turn: each call still ends exactly once, with what it has or with
 * "out of memory", and nothing stays behind. The server has a thread of its own, because only this thread's allocations
 * fail. */
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
#include "kube/discovery.h"
#include "kube/verbs.h"

struct tiny_server {
    pthread_t thread;
    int socket, port;
    bool busy; /* the next PUT is told to come again */
};

static const char *reply_to(struct tiny_server *s, const char *request)
{
    if (strstr(request, "GET /apis/kubeflow.org HTTP"))
        return "{\"versions\":[{\"version\":\"v1\"}]}";
    if (strstr(request, "GET /apis/kubeflow.org/v1 HTTP"))
        return "{\"resources\":[{\"name\":\"mpijobs\"}]}";
    if (strstr(request, "continue="))
        return "{\"items\":[{}],\"metadata\":{\"resourceVersion\":\"2\"}}";
    if (strstr(request, "limit="))
        return "{\"items\":[{},{}],\"metadata\":{\"continue\":\"c\",\"resourceVersion\":\"2\"}}";
    if (strncmp(request, "PUT", 3) == 0 && (s->busy = !s->busy))
        return NULL;
    return "{\"kind\":\"MPIJob\"}";
}

static const char *status_of(const char *request, const char *body)
{
    if (strncmp(request, "POST", 4) == 0) /* to the IAM */
        return "201 Created\r\nX-Subject-Token: t";
    return body ? "200 OK" : "503 Busy\r\nRetry-After: 0";
}

static size_t length_of(const char *request)
{
    const char *length = strstr(request, "Content-Length: ");
    return length ? strtoul(length + 16, NULL, 10) : 0;
}

static void serve(struct tiny_server *s, int fd)
{
    char in[4096], out[4096];
    size_t n = 0;
    for (;;) {
        ssize_t got = read(fd, in + n, sizeof in - 1 - n);
        if (got <= 0)
            return;
        n += (size_t)got;
        in[n] = '\0';
        const char *end = strstr(in, "\r\n\r\n");
        if (!end || n < (size_t)(end - in) + 4 + length_of(in))
            continue;
        const char *body = reply_to(s, in);
        int len = snprintf(out, sizeof out, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status_of(in, body),
                           strlen(body ? body : ""), body ? body : "");
        if (write(fd, out, (size_t)len) != len)
            return;
        n = 0;
    }
}

static void *run_server(void *data)
{
    struct tiny_server *s = data;
    for (int fd; (fd = accept(s->socket, NULL, NULL)) >= 0;) {
        serve(s, fd);
        close(fd);
    }
    return NULL;
}

static void start_server(struct tiny_server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *s = (struct tiny_server){.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(bind(s->socket, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(s->socket, 8), 0);
    getsockname(s->socket, (struct sockaddr *)&address, &size);
    s->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, run_server, s), 0);
}

static void stop_server(struct tiny_server *s)
{
    shutdown(s->socket, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->socket);
}

/* What came of one call. */
struct outcome {
    int ends;
    struct error error;
};

static void end(struct outcome *o, const struct error *err)
{
    o->ends++;
    if (err)
        o->error = *err;
}

static void request_done(void *data, struct kube_request *request, const struct kube_answer *answer,
                         const struct error *err, bool lost)
{
    (void)lost;
    if (answer)
        free(kube_answer_take(request, NULL));
    end(data, err);
}

static void discovery_done(void *data, const struct kube_served *served, const struct error *err)
{
    (void)served;
    end(data, err);
}

static bool list_item(void *data, struct json item)
{
    (void)data;
    (void)item;
    return true;
}

static void list_done(void *data, const char *version, const struct error *err)
{
    (void)version;
    end(data, err);
}

static void converse(uv_loop_t *loop, struct kube *kube, struct outcome outcomes[3])
{
    static const struct kube_resource jobs = {"kubeflow.org", "v1", "mpijobs"};
    struct kube_query query = {.label_selector = "a", .limit = 2};
    struct kube_list_call call = {
        .resource = &jobs, .query = &query, .item = list_item, .done = list_done, .data = &outcomes[1]};
    struct kube_call put = {.resource = &jobs,
                            .name_space = "ns",
                            .name = "a",
                            .body = str_of("{}"),
                            .query = &query,
                            .done = request_done,
                            .data = &outcomes[2]};
    const char *const plurals[] = {"mpijobs", NULL};
    struct kube_discovery *discovery;
    struct kube_list *list;
    struct error err;
    if (kube_discover(kube, "kubeflow.org", plurals, discovery_done, &outcomes[0], &discovery, &err))
        end(&outcomes[0], &err);
    while (!outcomes[0].ends)
        uv_run(loop, UV_RUN_ONCE);
    if (kube_list(kube, &call, &list, &err))
        end(&outcomes[1], &err);
    while (!outcomes[1].ends)
        uv_run(loop, UV_RUN_ONCE);
    if (kube_replace(kube, &put, NULL, &err))
        end(&outcomes[2], &err);
    while (!outcomes[2].ends)
        uv_run(loop, UV_RUN_ONCE);
}

/* One whole life with the nth allocation failing; false: there was no nth. */
static bool live(const struct kube_config *config, long n)
{
    struct kube_options options = {.backoff_base_ms = 1, .seed = 1};
    struct outcome outcomes[3] = {0};
    struct kube *kube = NULL;
    struct error err;
    uv_loop_t loop;
    uv_loop_init(&loop);
    alloc_fail_at(n);
    int rc = kube_open(&loop, config, &options, &kube, &err);
    if (rc) {
        assert_int_equal(rc, ERR_NOMEM);
    } else {
        converse(&loop, kube, outcomes);
        kube_close(kube, NULL, NULL);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    bool failed = alloc_failed();
    alloc_fail_at(0);
    assert_int_equal(uv_loop_close(&loop), 0);
    for (int i = 0; !rc && i < 3; i++) {
        assert_int_equal(outcomes[i].ends, 1);
        if (outcomes[i].error.code && (outcomes[i].error.code != ERR_NOMEM || !failed))
            fail_msg("allocation %ld, call %d: %s", n, i, outcomes[i].error.message);
    }
    return failed;
}

static void each_allocation_fails(void **state)
{
    (void)state;
    char url[64], token[] = "abc";
    struct tiny_server server;
    start_server(&server);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", server.port);
    char *groups[] = {url, NULL};
    struct kube_config config = {
        .server = url, .origin = url, .as_user = url, .as_groups = groups, .token = {.ptr = token, .len = 3}};
    long n = 1;
    while (live(&config, n))
        n++;
    print_message("%ld allocations\n", n - 1);
    assert_true(n > 40);
    stop_server(&server);
}

static void each_allocation_fails_with_an_iam(void **state)
{
    (void)state;
    char url[64], endpoint[64], path[] = TEST_BINARY_DIR "/iam-XXXXXX";
    struct tiny_server server, second; /* each serves one connection at a time */
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "password", 8), 8);
    close(fd);
    start_server(&server);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", server.port);
    start_server(&second);
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", second.port);
    struct kube_iam iam = {.endpoint = endpoint, .domain = url, .user = url, .project = url, .password_file = path};
    struct kube_config config = {.server = url, .origin = url, .iam = &iam};
    long n = 1;
    while (live(&config, n))
        n++;
    print_message("%ld allocations\n", n - 1);
    assert_true(n > 60);
    stop_server(&server);
    stop_server(&second);
    unlink(path);
}

int main(void)
{
    /* libcurl 7.88 does not survive that its own allocations fail (it divides by the size of a table it could not
     * make). Initialised here first, it keeps to the C library's functions, which are not made to fail. */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_fails),
                                       cmocka_unit_test(each_allocation_fails_with_an_iam)};
    int rc = cmocka_run_group_tests_name("kube_alloc", tests, NULL, NULL);
    curl_global_cleanup();
    return rc;
}
