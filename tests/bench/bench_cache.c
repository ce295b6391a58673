/* SPDX-License-Identifier: Apache-2.0 */
/* The cache against a server: how long it takes to know all jobs, what they weigh, and what an event costs. The
 * figures come as lines "name value"; scripts/bench cache runs it beside client-go's informers.
 *
 *     bench_cache KUBECONFIG [SECONDS]    SECONDS: watched after the sync, its CPU measured */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/memory.h"
#include "cache/cache.h"
#include "loop/timer.h"

struct bench {
    uv_loop_t loop;
    struct kube *kube;
    struct cache *cache;
    struct deadline timer;
    uint64_t started, longest, last;
    uv_check_t turn;
    uv_prepare_t before;
    double cpu;
    uint64_t seconds, events, synced;
    bool over, settled;
};

static double cpu_now(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* What this thread has worked, in nanoseconds: a busy machine does not count. */
static uint64_t worked(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static long status_kb(const char *name)
{
    char line[256];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, name, strlen(name)) == 0)
            kb = strtol(line + strlen(name) + 1, NULL, 10);
    }
    if (f)
        fclose(f);
    return kb;
}

static void event(void *data, const struct cache_event *e)
{
    struct bench *b = data;
    (void)e;
    b->events++;
}

static void trouble(void *data, const struct error *err)
{
    (void)data;
    fprintf(stderr, "%s\n", err->message);
}

static void look_every_job(struct bench *b)
{
    struct cache_iter iter;
    struct buf bytes = BUF_INIT;
    struct mpijob_view view;
    uint32_t slot;
    size_t candidates = 0, views = 0;
    struct mpijob_match *match = mpijob_match_new();
    mpijob_match_phase(match, "Failed", NULL);
    mpijob_match_labels(match, "team=vision,debug=true", NULL);
    uint64_t t0 = uv_hrtime();
    for (cache_iter_begin(b->cache, match, &iter); cache_iter_next(&iter, &slot);)
        candidates++;
    cache_iter_end(&iter);
    uint64_t t1 = uv_hrtime();
    for (cache_iter_begin(b->cache, NULL, &iter); cache_iter_next(&iter, &slot);)
        views += cache_view(b->cache, slot, &bytes, &view, NULL) == 0;
    cache_iter_end(&iter);
    uint64_t t2 = uv_hrtime();
    printf("candidates %zu\ncandidates_ms %.2f\nview_us %.2f\n", candidates, (double)(t1 - t0) / 1e6,
           (double)(t2 - t1) / 1e3 / (double)(views ? views : 1));
    buf_free(&bytes);
    mpijob_match_free(match);
}

static void report(struct bench *b)
{
    struct cache_stats s;
    cache_stats(b->cache, &s);
    printf("jobs %zu\nraw_bytes_per_job %.0f\npacked_bytes_per_job %.0f\nbytes_per_job %.0f\ndictionaries %u\n", s.jobs,
           (double)s.raw_bytes / (double)s.jobs, (double)s.packed_bytes / (double)s.jobs,
           (double)s.memory_bytes / (double)s.jobs, s.dictionaries);
    printf("rss_kb %ld\npeak_rss_kb %ld\ncpu_s %.2f\nlongest_turn_cpu_ms %.1f\n", status_kb("VmRSS"),
           status_kb("VmHWM"), cpu_now(), (double)b->longest / 1e6);
}

static void ring(struct deadline *timer)
{
    struct bench *b = timer->data;
    if (!b->settled) {
        b->settled = true;
        report(b);
        look_every_job(b);
        fflush(stdout);
        b->cpu = cpu_now();
        b->events = 0;
        if (b->seconds) {
            deadline_set(&b->timer, b->seconds * 1000);
            return;
        }
    } else {
        struct cache_stats s;
        cache_stats(b->cache, &s);
        for (int i = 0; i < KUBE_WATCH_ENDS; i++) {
            if (s.restarts[i])
                printf("restarts_%s %" PRIu64 "\n", kube_watch_end_name((enum kube_watch_end)i), s.restarts[i]);
        }
        printf("silence_ms %" PRId64 "\nlists %" PRIu64 "\n", cache_scope(b->cache, 0).silence_us / 1000, s.lists);
        printf("watched_events %" PRIu64 "\nwatched_cpu_percent %.3f\nwatched_rss_kb %ld\n", b->events,
               (cpu_now() - b->cpu) * 100 / (double)b->seconds, status_kb("VmRSS"));
    }
    b->over = true;
    uv_stop(&b->loop);
}

static void synced(void *data)
{
    struct bench *b = data;
    if (b->synced++)
        return;
    printf("sync_ms %.0f\n", (double)(uv_hrtime() - b->started) / 1e6);
    printf("sync_rss_kb %ld\n", status_kb("VmRSS"));
    deadline_set(&b->timer, 8000); /* the last dictionary, and packing again */
}

/* What lies between two polls is one turn's work. */
static void turn_begins(uv_check_t *check)
{
    struct bench *b = check->data;
    b->last = worked();
}

static void turn_ends(uv_prepare_t *prepare)
{
    struct bench *b = prepare->data;
    uint64_t spent = b->last ? worked() - b->last : 0;
    if (spent > b->longest && !b->settled)
        b->longest = spent;
}

int main(int argc, char **argv)
{
    struct bench b = {.seconds = argc > 2 ? strtoull(argv[2], NULL, 10) : 0};
    struct error err;
    struct kube_config config;
    struct log log;
    struct kube_config_source source = {.kubeconfig = argc > 1 ? argv[1] : NULL};
    memory_give_back();
    log_init(&log, 2, NULL);
    uv_loop_init(&b.loop);
    if (kube_config_load(&source, &config, &err) || kube_open(&b.loop, &config, NULL, &b.kube, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    struct cache_options options = {
        .loop = &b.loop,
        .kube = b.kube,
        .resource = {"kubeflow.org", "v2beta1", "mpijobs"},
        .target = {MPIJOB_V2BETA1, CONTROLLER_MPI_OPERATOR, KIND_MPIJOB},
        .by_pages = getenv("BY_PAGES") != NULL,
        .log = &log,
        .event = event,
        .synced = synced,
        .trouble = trouble,
        .data = &b,
    };
    deadline_init(&b.loop, &b.timer, ring, &b);
    uv_check_init(&b.loop, &b.turn);
    uv_prepare_init(&b.loop, &b.before);
    b.turn.data = b.before.data = &b;
    uv_check_start(&b.turn, turn_begins);
    uv_prepare_start(&b.before, turn_ends);
    printf("start_rss_kb %ld\n", status_kb("VmRSS"));
    b.started = uv_hrtime();
    if (cache_new(&options, &b.cache, &err) || cache_start(b.cache, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    while (!b.over)
        uv_run(&b.loop, UV_RUN_DEFAULT);
    deadline_close(&b.timer, NULL);
    uv_close((uv_handle_t *)&b.turn, NULL);
    uv_close((uv_handle_t *)&b.before, NULL);
    cache_close(b.cache, NULL, NULL);
    kube_close(b.kube, NULL, NULL);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    kube_config_free(&config);
    return uv_loop_close(&b.loop) ? 1 : 0;
}
