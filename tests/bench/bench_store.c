/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the journal is: bench_store [FOLDER]. Intents a second, each awaited, and with so many in flight; then what
 * a long journal costs at the start and in a prune. The disk decides: give the folder of the real one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/journal.h"
#include "store/state.h"
#include "store/store.h"

#define LONG_JOURNAL 100000

static uv_loop_t loop;
static struct store *store;

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
    fprintf(stderr, "bench_store: %s: %s\n", what, err->message);
    exit(1);
}

static void open_it(const char *path)
{
    struct error err;
    if (store_open(&loop, path, NULL, &store, &err))
        die("opening", &err);
}

static void close_it(void)
{
    store_close(store, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
}

struct lane {
    int64_t since;
    int64_t *left;
};

static int64_t waits[200000];
static int waited;

static void next_intent(void *data, int64_t id, const struct error *err)
{
    struct lane *lane = data;
    (void)id;
    if (err)
        die("an intent", err);
    int64_t now = clock_monotonic();
    if (lane->since)
        waits[waited++] = now - lane->since;
    if (--*lane->left < 0)
        return;
    lane->since = now;
    state_intent(store_state(store), &change, NULL, next_intent, lane);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void intents(int in_flight, int64_t count)
{
    struct lane lanes[256] = {0};
    int64_t left = count;
    waited = 0;
    int64_t start = clock_monotonic();
    for (int i = 0; i < in_flight; i++) {
        lanes[i].left = &left;
        next_intent(&lanes[i], 0, NULL);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    double seconds = (double)(clock_monotonic() - start) / 1e6;
    qsort(waits, (size_t)waited, sizeof *waits, by_size);
    printf("%3d in flight: %8.0f intents/s, p50 %lld us, p99 %lld us\n", in_flight, (double)waited / seconds,
           (long long)waits[waited / 2], (long long)waits[waited * 99 / 100]);
}

static void pruned(void *data, int64_t rows, const struct error *err)
{
    (void)data;
    if (err)
        die("pruning", err);
    printf("pruned %lld rows", (long long)rows);
}

static bool count(void *data, const struct store_change *row)
{
    (void)row;
    ++*(int64_t *)data;
    return true;
}

static void long_journal(const char *path)
{
    struct store_filter in_flight = {.in_flight = true};
    struct error err;
    int64_t found = 0, start;
    for (int64_t id = 1; id <= LONG_JOURNAL; id++) {
        struct store_outcome end = {.id = id, .outcome = "done", .status = 200, .ended_at = 2000};
        state_intent(store_state(store), &change, NULL, NULL, NULL);
        state_outcome(store_state(store), &end, NULL, NULL, NULL);
        if (id % 1000 == 0)
            uv_run(&loop, UV_RUN_DEFAULT);
    }
    close_it();
    start = clock_monotonic();
    open_it(path);
    printf("opening with over %d rows: %.1f ms\n", LONG_JOURNAL, (double)(clock_monotonic() - start) / 1e3);
    start = clock_monotonic();
    if (journal_read_changes(store_journal(store), &in_flight, count, &found, &err))
        die("reading", &err);
    printf("finding the %lld in flight among them: %.1f ms\n", (long long)found,
           (double)(clock_monotonic() - start) / 1e3);
    start = clock_monotonic();
    journal_prune(store_journal(store), 5000, 0, pruned, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    printf(": %.1f ms\n", (double)(clock_monotonic() - start) / 1e3);
}

int main(int argc, char **argv)
{
    char path[4096], command[4200];
    snprintf(path, sizeof path, "%s/bench-store-%ld/state.db", argc > 1 ? argv[1] : "/tmp", (long)getpid());
    uv_loop_init(&loop);
    open_it(path);
    intents(1, 2000);
    intents(8, 8000);
    intents(64, 32000);
    long_journal(path);
    close_it();
    if (uv_loop_close(&loop))
        fputs("bench_store: the loop does not close\n", stderr);
    *strrchr(path, '/') = '\0';
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    return system(command);
}
