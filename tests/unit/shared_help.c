/* SPDX-License-Identifier: Apache-2.0 */
/* A simulator and replicas, for the tests of the shared state. */
#include "shared_help.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the simulator ---- */

static void start_sim(struct shared_world *w)
{
    static unsigned n;
    char line[512];
    int out[2];
    snprintf(w->kubeconfig, sizeof w->kubeconfig, "/tmp/mpijobd-shared-%d-%u", (int)getpid(), n++);
    assert_int_equal(pipe(out), 0);
    w->pid = fork();
    if (w->pid == 0) {
        dup2(out[1], 1);
        close(out[0]);
        execl(TEST_SIM, TEST_SIM, "--listen", "127.0.0.1:0", "--kubeconfig", w->kubeconfig, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
}

void shared_world_open(struct shared_world *w, uv_loop_t *loop)
{
    struct error err;
    *w = (struct shared_world){.loop = loop};
    start_sim(w);
    struct kube_config_source source = {.kubeconfig = w->kubeconfig};
    struct kube_options options = {.timeout_ms = 2000, .backoff_base_ms = 1};
    if (kube_config_load(&source, &w->config, &err) || kube_open(loop, &w->config, &options, &w->kube, &err))
        fail_msg("%s", err.message);
    defer_queue_open(loop, &w->soon);
    log_init(&w->log, 2, NULL);
    w->log.level = LOG_ERROR + 1;
    free(shared_ask(w, "POST", "/api/v1/namespaces",
                    "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"" SHARED_SPACE "\"}}")
             .body);
}

void shared_world_close(struct shared_world *w)
{
    kube_close(w->kube, NULL, NULL);
    defer_queue_close(&w->soon, NULL, NULL);
    uv_run(w->loop, UV_RUN_DEFAULT);
    kube_config_free(&w->config);
    kill(w->pid, SIGKILL);
    waitpid(w->pid, NULL, 0);
    unlink(w->kubeconfig);
}

static void answered(void *data, struct kube_request *request, const struct kube_answer *answer,
                     const struct error *err, bool lost)
{
    struct shared_answer *a = data;
    (void)lost;
    a->over = true;
    a->status = answer ? answer->status : err->status;
    if (answer)
        a->body = kube_answer_take(request, NULL);
}

struct shared_answer shared_ask(struct shared_world *w, const char *method, const char *path, const char *body)
{
    struct shared_answer a = {0};
    struct error err;
    struct kube_call call = {.method = method, .path = path, .body = str_of(body), .done = answered, .data = &a};
    if (kube_send(w->kube, &call, NULL, &err))
        fail_msg("%s", err.message);
    while (!a.over)
        uv_run(w->loop, UV_RUN_ONCE);
    return a;
}

size_t shared_count(struct shared_world *w)
{
    struct shared_answer a = shared_ask(w, "GET", "/api/v1/namespaces/" SHARED_SPACE "/configmaps", "");
    struct json root;
    assert_int_equal(json_parse(str_of(a.body), "the list", &root, NULL), 0);
    size_t n = json_count(json_get(root, "items"));
    free(a.body);
    return n;
}

/* ---- replicas ---- */

static void lost(void *data, const struct error *err)
{
    struct replica *r = data;
    r->lost++;
    r->why = *err;
}

void replica_open(struct replica *r, struct shared_world *world, struct place *place, const char *path)
{
    struct error err;
    *r = (struct replica){.world = world, .place = place};
    if (store_open(world->loop, path, NULL, &r->store, &err))
        fail_msg("%s", err.message);
    struct shared_options options = {.loop = world->loop,
                                     .soon = &world->soon,
                                     .kube = world->kube,
                                     .name_space = SHARED_SPACE,
                                     .holder = strrchr(path, '/') + 1,
                                     .store = r->store,
                                     .log = &world->log,
                                     .lost = lost,
                                     .data = r};
    if (shared_open(&options, &r->shared, &err))
        fail_msg("%s", err.message);
}

struct taking {
    bool over;
    struct error *err;
};

static void taken(void *data, const struct error *err)
{
    struct taking *t = data;
    t->over = true;
    error_clear(t->err);
    if (err)
        *t->err = *err;
}

int replica_take(struct replica *r)
{
    struct taking t = {.err = &r->why};
    shared_take(r->shared, 0, taken, &t);
    assert_false(t.over);
    while (!t.over)
        uv_run(r->world->loop, UV_RUN_ONCE);
    return r->why.code;
}

static void closed(void *data)
{
    *(bool *)data = true;
}

void replica_close(struct replica *r)
{
    bool over = false;
    shared_close(r->shared, closed, &over);
    while (!over)
        uv_run(r->world->loop, UV_RUN_ONCE);
    over = false;
    store_close(r->store, closed, &over);
    while (!over)
        uv_run(r->world->loop, UV_RUN_ONCE);
}

void replica_kill(struct replica *r)
{
    shared_leave(r->shared);
    replica_close(r);
}
