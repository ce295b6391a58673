/* SPDX-License-Identifier: Apache-2.0 */
/* What the state costs that replicas share, beside the one in SQLite: bench_shared KUBECONFIG [FOLDER]. Changes a
 * second, each with its intent and its outcome, so many in flight; then what a row takes. The server decides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "kube/verbs.h"
#include "loop/defer.h"
#include "shared/object.h"
#include "shared/shared_form.h"
#include "store/journal.h"
#include "store/state.h"
#include "store/store.h"

#define ROWS 100000

static uv_loop_t loop;
static struct defer_queue soon;
static struct store *store;
static struct shared *shared;
static struct state *state;
static struct metrics *metrics;

static const struct store_intent change = {.run = 1,
                                           .policy = "keep-pods",
                                           .server = "https://127.0.0.1:6443",
                                           .version = "kubeflow.org/v2beta1",
                                           .name_space = "train",
                                           .name = "tensorflow-mnist",
                                           .uid = "5a2ce64c-865e-4e60-8463-21c6f3d5a77b",
                                           .resource_version = "4711",
                                           .verb = "replace",
                                           .diff = "[{\"path\":\"/spec/runPolicy/cleanPodPolicy\",\"from\":"
                                                   "\"Running\",\"to\":\"All\"}]",
                                           .effect = "effective",
                                           .intended_at = 1000};

static void die(const char *what, const struct error *err)
{
    fprintf(stderr, "bench_shared: %s: %s\n", what, err ? err->message : "failed");
    exit(1);
}

static void taken(void *data, const struct error *err)
{
    if (err)
        die("taking the state over", err);
    *(bool *)data = true;
}

static void answered(void *data, struct kube_request *request, const struct kube_answer *answer,
                     const struct error *err, bool lost)
{
    (void)request, (void)answer, (void)err, (void)lost;
    *(bool *)data = true;
}

static void wait_for(const bool *over)
{
    while (!*over)
        uv_run(&loop, UV_RUN_ONCE);
}

struct lane {
    int64_t since, *left, change;
};

static int64_t waits[200000];
static int waited;

static void intended(void *data, int64_t id, const struct error *err);

static void next(struct lane *lane)
{
    char uid[48];
    if (--*lane->left < 0)
        return;
    snprintf(uid, sizeof uid, "5a2ce64c-865e-4e60-8463-%012llx", (unsigned long long)*lane->left);
    struct store_intent one = change;
    one.uid = uid;
    lane->since = clock_monotonic();
    state_intent(state, &one, &(struct store_handled){"keep-pods", uid, "m1790000000000000", "4711", 1000}, intended,
                 lane);
}

static void intended(void *data, int64_t id, const struct error *err)
{
    struct lane *lane = data;
    if (err)
        die("an intent", err);
    waits[waited++] = clock_monotonic() - lane->since;
    struct store_outcome end = {.id = id, .outcome = "done", .status = 200, .ended_at = 2000};
    state_outcome(state, &end, NULL, NULL, NULL);
    next(lane);
}

static void synced(void *data, int64_t id, const struct error *err)
{
    (void)id;
    if (err)
        die("writing", err);
    *(bool *)data = true;
}

static void sync_it(void)
{
    bool over = false;
    state_sync(state, synced, &over);
    wait_for(&over);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static double writes(void)
{
    struct buf text = BUF_INIT;
    metrics_write(metrics, &text);
    const char *at = strstr(text.ptr, "\nmpijobd_shared_state_writes_total ");
    double n = at ? strtod(at + 35, NULL) : 0;
    buf_free(&text);
    return n;
}

static void changes(const char *form, int in_flight, int64_t count)
{
    struct lane lanes[256] = {0};
    int64_t left = count;
    double before = writes();
    waited = 0;
    int64_t start = clock_monotonic();
    for (int i = 0; i < in_flight; i++) {
        lanes[i].left = &left;
        next(&lanes[i]);
    }
    while (waited < count)
        uv_run(&loop, UV_RUN_ONCE);
    sync_it();
    double seconds = (double)(clock_monotonic() - start) / 1e6;
    qsort(waits, (size_t)waited, sizeof *waits, by_size);
    printf(
        "%-7s %3d in flight: %7.0f changes/s, an intent p50 %lld us, p99 %lld us, %.2f writes of the head a change\n",
        form, in_flight, (double)count / seconds, (long long)waits[waited / 2], (long long)waits[waited * 99 / 100],
        (writes() - before) / (double)count);
}

/* What so many rows take, packed as they are. */
static void sizes(void)
{
    struct buf lines = BUF_INIT, object = BUF_INIT;
    unsigned seed = 7;
    size_t raw = 0, packed = 0, objects = 0;
    for (int i = 0; i < ROWS; i++) {
        unsigned r[4];
        for (int k = 0; k < 4; k++) {
            seed = seed * 1103515245U + 12345U;
            r[k] = seed >> 4;
        }
        buf_printf(&lines, "[\"h\",\"keep-pods\",\"%07x0-%04x-4%03x-8%03x-%06x%06x\",\"m17%014d\",\"%d\",17%014d]\n",
                   r[0] & 0xfffffff, r[1] & 0xffff, r[1] >> 16 & 0xfff, r[2] & 0xfff, r[2] >> 4 & 0xffffff,
                   r[3] & 0xffffff, i * 977, 100000 + i * 3, i * 983);
        if (lines.len < OBJECT_LINES_MAX - 256 && i + 1 < ROWS)
            continue;
        object_write_lines(&object, "mpijobd-state", "1-1", "mpijobd", buf_str(&lines));
        struct json root;
        json_parse(buf_str(&object), "an object", &root, NULL);
        packed += object_packed(root).text.len / 4 * 3;
        raw += lines.len;
        objects++;
        buf_reset(&lines);
        buf_reset(&object);
    }
    printf("%d rows: %zu ConfigMaps, %.1f bytes a row packed, %.1f as lines\n", ROWS, objects, (double)packed / ROWS,
           (double)raw / ROWS);
    buf_free(&lines);
    buf_free(&object);
}

int main(int argc, char **argv)
{
    char path[4096], command[4200];
    struct error err;
    struct kube_config config;
    struct kube_config_source source = {.kubeconfig = argc > 1 ? argv[1] : NULL};
    struct kube_options options = {0};
    struct kube *kube;
    bool over = false;
    snprintf(path, sizeof path, "%s/bench-shared-%ld/state.db", argc > 2 ? argv[2] : "/tmp", (long)getpid());
    uv_loop_init(&loop);
    defer_queue_open(&loop, &soon);
    metrics = metrics_new("mpijobd_");
    if (store_open(&loop, path, NULL, &store, &err) || kube_config_load(&source, &config, &err) ||
        kube_open(&loop, &config, &options, &kube, &err))
        die("opening", &err);
    struct kube_call call = {.method = "POST",
                             .path = "/api/v1/namespaces",
                             .body = str_of("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
                                            "\"mpijobd-bench\"}}"),
                             .done = answered,
                             .data = &over};
    if (kube_send(kube, &call, NULL, &err))
        die("a namespace", &err);
    wait_for(&over);
    struct shared_options o = {.loop = &loop,
                               .soon = &soon,
                               .kube = kube,
                               .name_space = "mpijobd-bench",
                               .holder = "bench",
                               .store = store,
                               .metrics = metrics};
    state = store_state(store);
    for (int n = 1; n <= 64; n *= 8)
        changes("SQLite", n, n * 500);
    if (shared_open(&o, &shared, &err))
        die("opening", &err);
    over = false;
    shared_take(shared, 0, taken, &over);
    wait_for(&over);
    state = shared_state(shared);
    for (int n = 1; n <= 64; n *= 8)
        changes("cluster", n, n * 500);
    sizes();
    shared_close(shared, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    kube_close(kube, NULL, NULL);
    store_close(store, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    kube_config_free(&config);
    metrics_free(metrics);
    defer_queue_close(&soon, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop))
        fputs("bench_shared: the loop does not close\n", stderr);
    *strrchr(path, '/') = '\0';
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    return system(command);
}
