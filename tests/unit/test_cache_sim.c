/* SPDX-License-Identifier: Apache-2.0 */
/* The cache against mpijob-sim, through every way in which a watch dies while the jobs change: no change is lost and
 * none is told twice. With a kubeconfig as its argument: against that server, without the faults. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cache/cache.h"

#define JOBS 60
#define SPACE "cache-test"

static const char *server_kubeconfig; /* NULL: the simulator's */

struct sim {
    pid_t pid;
    int port;
    bool cci; /* Huawei's, which takes signed requests only */
    char kubeconfig[64];
};

struct world {
    struct sim sim;
    uv_loop_t loop;
    struct kube_config config;
    struct kube *kube;
    struct cache *cache;
    struct error trouble;
    unsigned synced;

    /* The test's own jobs: what the server has, and what the cache has told. */
    char version[JOBS][24], told[JOBS][24]; /* "": it is not there */
    unsigned repeats;
    bool closed;
};

/* ---- the simulator ---- */

static void start_sim(struct sim *sim, const char *seed)
{
    char listen[32], line[512];
    int out[2];
    snprintf(listen, sizeof listen, "127.0.0.1:%d", sim->port);
    snprintf(sim->kubeconfig, sizeof sim->kubeconfig, "/tmp/mpijobd-cache-%d", (int)getpid());
    assert_int_equal(pipe(out), 0);
    sim->pid = fork();
    if (sim->pid == 0) {
        dup2(out[1], 1);
        close(out[0]);
        if (sim->cci)
            execl(TEST_SIM, TEST_SIM, "--listen", listen, "--jobs", "700", "--profile", "cci", "--access-key", "AK:SK",
                  (char *)NULL);
        else
            execl(TEST_SIM, TEST_SIM, "--listen", listen, "--kubeconfig", sim->kubeconfig, "--jobs", "700", "--seed",
                  seed, "--version", "v2beta1", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    const char *port = strstr(line, "127.0.0.1:");
    assert_non_null(port);
    sim->port = (int)strtol(port + 10, NULL, 10);
}

static void stop_sim(struct sim *sim)
{
    if (!sim->pid)
        return;
    kill(sim->pid, SIGKILL);
    waitpid(sim->pid, NULL, 0);
    sim->pid = 0;
}

/* ---- the cache ---- */

static int number_of(const struct cache_event *e)
{
    if (!str_is(e->name_space, SPACE) || e->name.len < 5 || memcmp(e->name.ptr, "test-", 5) != 0)
        return -1;
    return atoi(e->name.ptr + 5);
}

static void event(void *data, const struct cache_event *e)
{
    struct world *w = data;
    int i = number_of(e);
    if (i < 0)
        return;
    if (e->change == CACHE_DELETED) {
        assert_true(*w->told[i] != '\0');
        *w->told[i] = '\0';
        return;
    }
    assert_int_equal(e->change == CACHE_ADDED, *w->told[i] == '\0');
    char version[24];
    snprintf(version, sizeof version, "%.*s", (int)e->after->resource_version.len, e->after->resource_version.ptr);
    w->repeats += strcmp(version, w->told[i]) == 0;
    memcpy(w->told[i], version, sizeof version);
}

static void synced(void *data)
{
    struct world *w = data;
    w->synced++;
}

static void trouble(void *data, const struct error *err)
{
    struct world *w = data;
    w->trouble = *err;
}

static void start_cache(struct world *w, struct kube_reflect_timing timing)
{
    static const char *const spaces[] = {SPACE, NULL};
    struct cache_options options = {
        .loop = &w->loop,
        .kube = w->kube,
        .resource = {"kubeflow.org", "v2beta1", "mpijobs"},
        .target = {MPIJOB_V2BETA1, CONTROLLER_MPI_OPERATOR, KIND_MPIJOB},
        .namespaces = server_kubeconfig ? spaces : NULL,
        .timing = timing,
        .event = event,
        .synced = synced,
        .trouble = trouble,
        .data = w,
    };
    timing.backoff_ms = 5;
    timing.backoff_most_ms = 50;
    options.timing = timing;
    assert_int_equal(cache_new(&options, &w->cache, NULL), 0);
    assert_int_equal(cache_start(w->cache, NULL), 0);
    while (!w->synced)
        uv_run(&w->loop, UV_RUN_ONCE);
}

/* ---- the server ---- */

struct call {
    bool over;
    int status;
    char version[24];
};

static void answered(void *data, struct kube_request *request, const struct kube_answer *answer,
                     const struct error *err, bool lost)
{
    struct call *call = data;
    (void)request, (void)lost;
    call->over = true;
    call->status = answer ? answer->status : err->status;
    struct buf b = BUF_INIT;
    if (answer && json_decode(json_at(answer->body, "/metadata/resourceVersion"), &b))
        snprintf(call->version, sizeof call->version, "%s", b.ptr);
    buf_free(&b);
}

static struct call ask(struct world *w, const char *method, const char *path, const char *body)
{
    struct call call = {0};
    struct kube_call k = {.method = method, .path = path, .body = str_of(body), .done = answered, .data = &call};
    struct error err;
    if (kube_send(w->kube, &k, NULL, &err))
        fail_msg("%s", err.message);
    while (!call.over)
        uv_run(&w->loop, UV_RUN_ONCE);
    return call;
}

#define COLLECTION "/apis/kubeflow.org/v2beta1/namespaces/" SPACE "/mpijobs"

static void create(struct world *w, int i)
{
    char body[512];
    snprintf(
        body, sizeof body,
        "{\"apiVersion\":\"kubeflow.org/v2beta1\",\"kind\":\"MPIJob\",\"metadata\":{\"name\":\"test-%d\"},\"spec\":{"
        "\"slotsPerWorker\":1,\"mpiReplicaSpecs\":{\"Launcher\":{\"replicas\":1,\"template\":{\"spec\":{"
        "\"containers\":[{\"name\":\"l\",\"image\":\"i\"}]}}}}}}",
        i);
    struct call call = ask(w, "POST", COLLECTION, body);
    assert_int_equal(call.status, 201);
    memcpy(w->version[i], call.version, sizeof call.version);
}

static void change(struct world *w, int i)
{
    static unsigned n;
    char path[128], body[128];
    snprintf(path, sizeof path, COLLECTION "/test-%d", i);
    snprintf(body, sizeof body, "{\"metadata\":{\"labels\":{\"n\":\"%u\"}}}", ++n);
    struct call call = ask(w, "PATCH", path, body);
    assert_int_equal(call.status, 200);
    memcpy(w->version[i], call.version, sizeof call.version);
}

static void delete (struct world *w, int i)
{
    char path[128];
    snprintf(path, sizeof path, COLLECTION "/test-%d", i);
    assert_int_equal(ask(w, "DELETE", path, "").status, 200);
    *w->version[i] = '\0';
}

/* A third of the jobs is changed, some go, some come, some are made again. */
static void stir(struct world *w, int round)
{
    for (int i = 0; i < JOBS; i++) {
        int dice = (i * 7 + round * 13) % 12;
        if (!*w->version[i]) {
            create(w, i);
        } else if (dice < 4) {
            change(w, i);
        } else if (dice < 6) {
            delete (w, i);
            if (dice == 5)
                create(w, i);
        }
    }
}

static bool agrees(struct world *w)
{
    return memcmp(w->version, w->told, sizeof w->version) == 0;
}

static void wait_until_it_agrees(struct world *w, const char *what)
{
    uint64_t from = uv_hrtime();
    for (int i = 0; i < JOBS; i++) { /* behind the text's end nothing counts */
        size_t n = strlen(w->version[i]);
        memset(w->version[i] + n, 0, sizeof w->version[i] - n);
    }
    for (;;) {
        for (int i = 0; i < JOBS; i++) {
            size_t n = strlen(w->told[i]);
            memset(w->told[i] + n, 0, sizeof w->told[i] - n);
        }
        if (agrees(w))
            break;
        uv_run(&w->loop, UV_RUN_ONCE);
        if (uv_hrtime() - from > UINT64_C(20000000000))
            fail_msg("after %s the cache is not what the server is; last trouble: %s", what, w->trouble.message);
    }
    for (int i = 0; i < JOBS; i++) {
        char name[16];
        uint32_t slot;
        snprintf(name, sizeof name, "test-%d", i);
        assert_int_equal(cache_find(w->cache, str_of(SPACE), str_of(name), &slot), *w->version[i] != '\0');
    }
    assert_int_equal(w->repeats, 0);
}

/* ---- a world ---- */

static void open_kube(struct world *w)
{
    struct error err;
    struct kube_config_source source = {.kubeconfig = server_kubeconfig ? server_kubeconfig : w->sim.kubeconfig};
    struct kube_options options = {.timeout_ms = 10000};
    if (kube_config_load(&source, &w->config, &err) || kube_open(&w->loop, &w->config, &options, &w->kube, &err))
        fail_msg("%s", err.message);
    ask(w, "POST", "/api/v1/namespaces",
        "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"" SPACE "\"}}");
    if (server_kubeconfig)
        ask(w, "DELETE", COLLECTION, "");
}

static int setup(void **state)
{
    static struct world w;
    w = (struct world){0};
    uv_loop_init(&w.loop);
    if (!server_kubeconfig)
        start_sim(&w.sim, "1");
    open_kube(&w);
    *state = &w;
    return 0;
}

static void was_closed(void *data)
{
    ((struct world *)data)->closed = true;
}

static int teardown(void **state)
{
    struct world *w = *state;
    cache_close(w->cache, was_closed, w);
    while (!w->closed)
        uv_run(&w->loop, UV_RUN_ONCE);
    kube_close(w->kube, NULL, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    kube_config_free(&w->config);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    stop_sim(&w->sim);
    unlink(w->sim.kubeconfig);
    return 0;
}

static struct cache_stats stats(struct world *w)
{
    struct cache_stats s;
    cache_stats(w->cache, &s);
    return s;
}

/* Stirs while the watch dies of it, and looks whether all arrives. */
static void through(struct world *w, const char *fault, enum kube_watch_end why, bool lists)
{
    struct cache_stats before = stats(w);
    assert_int_equal(ask(w, "POST", "/_sim/faults", fault).status / 100, 2);
    for (int round = 0; round < 3; round++)
        stir(w, round);
    wait_until_it_agrees(w, fault);
    stir(w, 5);
    wait_until_it_agrees(w, fault);
    struct cache_stats after = stats(w);
    if (after.restarts[why] == before.restarts[why])
        fail_msg("%s: no watch was \"%s\"", fault, kube_watch_end_name(why));
    if (lists != (after.lists > before.lists))
        fail_msg("%s: %d lists", fault, (int)(after.lists - before.lists));
}

static void every_way_to_die(void **state)
{
    struct world *w = *state;
    start_cache(w, (struct kube_reflect_timing){0});
    assert_int_equal(stats(w).jobs, 700);
    stir(w, 0);
    wait_until_it_agrees(w, "the start");
    through(w, "watch-end", KUBE_WATCH_ENDED, false);
    through(w, "watch-cut", KUBE_WATCH_CUT, false);
    through(w, "watch-error", KUBE_WATCH_ERROR, false);
    through(w, "watch-gone", KUBE_WATCH_EXPIRED, true);
    through(w, "restart", KUBE_WATCH_CUT, false); /* it forgets the past, but we have missed nothing of it yet */
    through(w, "too-many:watch=1,count=1; watch-end", KUBE_WATCH_HTTP, false);
    through(w, "reset-before:watch=1,count=2; watch-end", KUBE_WATCH_REFUSED, false);
    through(w, "html:watch=1,count=1; watch-end", KUBE_WATCH_GARBLED, true);
    through(w, "status:watch=1,code=404,count=1; watch-end", KUBE_WATCH_HTTP, true);
}

/* What is deleted while no watch is open, and forgotten before one is. */
static void the_past_is_forgotten(void **state)
{
    struct world *w = *state;
    start_cache(w, (struct kube_reflect_timing){0});
    stir(w, 0);
    wait_until_it_agrees(w, "the start");
    assert_int_equal(ask(w, "POST", "/_sim/faults", "reset-before:watch=1,count=1000; watch-end").status / 100, 2);
    for (int round = 0; round < 3; round++)
        stir(w, round);
    for (int i = 0; i < JOBS / 2; i++) {
        if (*w->version[i])
            delete (w, i);
    }
    assert_int_equal(ask(w, "POST", "/_sim/faults", "compact").status / 100, 2);
    assert_false(agrees(w));
    assert_int_equal(ask(w, "DELETE", "/_sim/faults", "").status / 100, 2);
    wait_until_it_agrees(w, "compaction");
    assert_int_equal(stats(w).restarts[KUBE_WATCH_EXPIRED], 1);
    assert_int_equal(stats(w).lists, 2);
}

static void a_watch_that_falls_silent(void **state)
{
    struct world *w = *state;
    start_cache(w, (struct kube_reflect_timing){.silence_ms = 400});
    stir(w, 0);
    wait_until_it_agrees(w, "the start");
    through(w, "watch-silent", KUBE_WATCH_SILENT, stats(w).lists > 100);
}

static void ten_thousand_at_once(void **state)
{
    struct world *w = *state;
    start_cache(w, (struct kube_reflect_timing){0});
    for (int i = 0; i < JOBS; i++)
        create(w, i);
    /* The watch hangs while ten thousand changes are made, and brings them all at once. */
    for (int n = 0; n < 10000; n++)
        change(w, n % JOBS);
    wait_until_it_agrees(w, "ten thousand changes");
    struct cache_stats s = stats(w);
    assert_true(s.events >= 700 + JOBS);
}

/* Another server at the same address: nothing of before is true. */
static void another_server(void **state)
{
    struct world *w = *state;
    /* It has never heard of our version and says so by saying nothing. */
    start_cache(w, (struct kube_reflect_timing){.silence_ms = 200});
    stir(w, 0);
    wait_until_it_agrees(w, "the start");
    stop_sim(&w->sim);
    start_sim(&w->sim, "2");
    memset(w->version, 0, sizeof w->version);
    wait_until_it_agrees(w, "another server");
    unsigned before = w->synced;
    while (w->synced == before && stats(w).jobs != 700)
        uv_run(&w->loop, UV_RUN_ONCE);
    ask(w, "POST", "/api/v1/namespaces",
        "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"" SPACE "\"}}");
    stir(w, 1);
    wait_until_it_agrees(w, "changes at another server");
}

/* Watches that the server ends every second or two, by its own clock, while the jobs change. */
static void short_watches(void **state)
{
    struct world *w = *state;
    start_cache(w, (struct kube_reflect_timing){.least_s = 1, .most_s = 1, .settled_ms = 500});
    uint64_t from = uv_hrtime();
    for (int round = 0; stats(w).restarts[KUBE_WATCH_ENDED] < 3; round++) {
        stir(w, round);
        wait_until_it_agrees(w, "short watches");
        assert_true(uv_hrtime() - from < UINT64_C(30000000000));
    }
    assert_int_equal(stats(w).lists, 1);
}

/* ---- signed requests ---- */

static void write_file(char path[64], const char *name, const char *text)
{
    snprintf(path, 64, "/tmp/mpijobd-cache-%s-%d", name, (int)getpid());
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int setup_cci(void **state)
{
    static struct world w;
    char access[64], secret[64], server[64];
    struct error err;
    w = (struct world){.sim.cci = true};
    uv_loop_init(&w.loop);
    start_sim(&w.sim, "1");
    write_file(access, "ak", "AK");
    write_file(secret, "sk", "SK");
    snprintf(server, sizeof server, "http://127.0.0.1:%d", w.sim.port);
    struct kube_config_source source = {.server = server, .access_key_file = access, .secret_key_file = secret};
    if (kube_config_load(&source, &w.config, &err) || kube_open(&w.loop, &w.config, NULL, &w.kube, &err))
        fail_msg("%s", err.message);
    unlink(access);
    unlink(secret);
    *state = &w;
    return 0;
}

/* Each watch is signed for itself, its query included. */
static void watches_are_signed(void **state)
{
    struct world *w = *state;
    static const char *const spaces[] = {"team-vision", "research", NULL};
    struct cache_options options = {
        .loop = &w->loop,
        .kube = w->kube,
        .resource = {"kubeflow.org", "v1alpha2", "mpijobs"},
        .target = {MPIJOB_V1ALPHA2, CONTROLLER_CCI, KIND_MPIJOB},
        .namespaces = spaces,
        .label_selector = "team in (vision, research)",
        .timing = {.backoff_ms = 5, .backoff_most_ms = 50},
        .synced = synced,
        .trouble = trouble,
        .data = w,
    };
    assert_int_equal(cache_new(&options, &w->cache, NULL), 0);
    assert_int_equal(cache_start(w->cache, NULL), 0);
    while (!w->synced)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_true(stats(w).jobs > 50);
    while (stats(w).restarts[KUBE_WATCH_ENDED] < 5) /* two at a time, and each begins again */
        assert_int_equal(ask(w, "POST", "/_sim/faults", "watch-end").status / 100, 2);
    if (w->trouble.code)
        fail_msg("%s", w->trouble.message);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(short_watches),
        TEST(every_way_to_die),
        TEST(a_watch_that_falls_silent),
        TEST(ten_thousand_at_once),
        TEST(another_server),
        TEST(the_past_is_forgotten),
        cmocka_unit_test_setup_teardown(watches_are_signed, setup_cci, teardown),
    };
    const struct CMUnitTest anywhere[] = {TEST(short_watches)};
    server_kubeconfig = argc > 1 ? argv[1] : NULL;
    if (server_kubeconfig)
        return cmocka_run_group_tests(anywhere, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
