/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of jobs: dictionaries trained, replaced and given up while the objects stay as they were; gaps closed; many
 * deletions that were missed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cache/cache.h"
#include "kube_server.h"

#define JOBS 3000

struct many {
    struct kube_world kube;
    struct cache *cache;
    unsigned version[JOBS]; /* of each job as the server has it, 0: it is not there */
    int kind[JOBS];
    unsigned added, changed, deleted, synced, longest; /* longest: events told in one turn of the loop */
    bool closed;
};

/* Two kinds of object that have little in common, each a kilobyte. */
static void write_job(struct buf *out, const struct many *m, int i)
{
    buf_printf(out,
               "{\"apiVersion\":\"kubeflow.org/v2beta1\",\"kind\":\"MPIJob\","
               "\"metadata\":{\"name\":\"job-%d\",\"namespace\":\"n%d\",\"uid\":\"%d-1\","
               "\"resourceVersion\":\"%u\"},\"spec\":{",
               i, i / 700, i, m->version[i]);
    for (uint32_t k = 0; k < 60; k++)
        buf_printf(out, "\"%s%08x\":%u,", m->kind[i] ? "another-" : "", (k + 1000 * (uint32_t)m->kind[i]) * 2654435761u,
                   ((uint32_t)i * 31 + k) * 2246822519u >> 26);
    buf_puts(out, "\"end\":1.0}}");
}

static void event(void *data, const struct cache_event *e)
{
    struct many *m = data;
    m->added += e->change == CACHE_ADDED;
    m->changed += e->change == CACHE_CHANGED;
    m->deleted += e->change == CACHE_DELETED;
}

static void synced(void *data)
{
    struct many *m = data;
    m->synced++;
}

static int setup(void **state)
{
    static struct many m;
    m = (struct many){0};
    kube_world_open(&m.kube);
    kube_world_connect(&m.kube);
    struct cache_options options = {
        .loop = &m.kube.loop,
        .kube = m.kube.kube,
        .resource = {"kubeflow.org", "v2beta1", "mpijobs"},
        .target = {MPIJOB_V2BETA1, CONTROLLER_MPI_OPERATOR, KIND_MPIJOB},
        .by_pages = true,
        .timing = {.backoff_ms = 1, .backoff_most_ms = 2},
        .retrain_ms = 1,
        .event = event,
        .synced = synced,
        .data = &m,
    };
    assert_int_equal(cache_new(&options, &m.cache, NULL), 0);
    *state = &m;
    return 0;
}

static void was_closed(void *data)
{
    ((struct many *)data)->closed = true;
}

static int teardown(void **state)
{
    struct many *m = *state;
    cache_close(m->cache, was_closed, m);
    while (!m->closed)
        uv_run(&m->kube.loop, UV_RUN_ONCE);
    kube_world_close(&m->kube);
    return 0;
}

static void turn(struct many *m)
{
    unsigned before = m->added + m->changed + m->deleted;
    uv_run(&m->kube.loop, UV_RUN_ONCE);
    unsigned told = m->added + m->changed + m->deleted - before;
    if (told > m->longest)
        m->longest = told;
}

static void list_all(struct many *m, const char *version)
{
    struct buf page = BUF_INIT;
    for (int from = 0; from < JOBS; from += 500) {
        const char *comma = "";
        buf_reset(&page);
        buf_printf(&page, "{\"metadata\":{\"resourceVersion\":\"%s\",\"continue\":\"", version);
        if (from + 500 < JOBS)
            buf_printf(&page, "from-%d", from + 500);
        buf_puts(&page, "\"},\"items\":[");
        for (int i = from; i < from + 500 && i < JOBS; i++) {
            if (!m->version[i])
                continue;
            buf_puts(&page, comma);
            write_job(&page, m, i);
            comma = ",";
        }
        buf_puts(&page, "]}");
        scripted_reply(m->kube.server, 200, "", page.ptr);
    }
    buf_free(&page);
    scripted_stream(m->kube.server);
}

static void push(struct many *m, const char *type, int from, int to)
{
    struct buf text = BUF_INIT;
    for (int i = from; i < to; i++) {
        buf_printf(&text, "{\"type\":\"%s\",\"object\":", type);
        write_job(&text, m, i);
        buf_puts(&text, "}\n");
    }
    while (!scripted_streaming(m->kube.server))
        turn(m);
    scripted_push(m->kube.server, text.ptr, text.len);
    buf_free(&text);
}

static struct cache_stats stats(struct many *m)
{
    struct cache_stats s;
    cache_stats(m->cache, &s);
    return s;
}

static size_t count(const struct cache *cache)
{
    struct cache_stats stats;
    cache_stats(cache, &stats);
    return stats.jobs;
}

/* The loop until nothing is left to do. */
static void settle(struct many *m)
{
    while (uv_run(&m->kube.loop, UV_RUN_NOWAIT) && uv_backend_timeout(&m->kube.loop) == 0)
        ;
}

static void start(struct many *m)
{
    for (int i = 0; i < JOBS; i++)
        m->version[i] = (unsigned)i + 1;
    list_all(m, "9000");
    assert_int_equal(cache_start(m->cache, NULL), 0);
    while (!m->synced)
        turn(m);
    while (stats(m).dictionaries == 0)
        turn(m);
    settle(m);
}

static void all_are_right(struct many *m)
{
    struct buf want = BUF_INIT, got = BUF_INIT;
    size_t held = 0;
    for (int i = 0; i < JOBS; i++) {
        char space[16], name[16];
        uint32_t slot;
        struct mpijob_view view;
        snprintf(space, sizeof space, "n%d", i / 700);
        snprintf(name, sizeof name, "job-%d", i);
        bool there = cache_find(m->cache, str_of(space), str_of(name), &slot);
        assert_int_equal(there, m->version[i] != 0);
        if (!there)
            continue;
        held++;
        buf_reset(&want);
        write_job(&want, m, i);
        assert_int_equal(cache_view(m->cache, slot, &got, &view, NULL), 0);
        assert_string_equal(got.ptr, want.ptr);
    }
    assert_int_equal(count(m->cache), held);
    buf_free(&want);
    buf_free(&got);
}

static void they_are_small(void **state)
{
    struct many *m = *state;
    start(m);
    assert_int_equal(m->added, JOBS);
    all_are_right(m);
    struct cache_stats s = stats(m);
    assert_int_equal(s.jobs, JOBS);
    assert_true(s.packed_bytes / JOBS < 300);
    assert_true(s.raw_bytes / JOBS > 900);
    assert_in_range(s.memory_bytes, s.packed_bytes, s.packed_bytes + 150 * JOBS + (2 << 20));
    assert_true(m->longest <= 500);
}

static void new_kinds_of_objects_get_a_dictionary(void **state)
{
    struct many *m = *state;
    start(m);
    unsigned dictionaries = stats(m).dictionaries;
    for (int i = 0; i < JOBS; i++) {
        m->version[i] += 20000;
        m->kind[i] = 1;
    }
    for (int i = 0; i < JOBS; i += 100) {
        push(m, "MODIFIED", i, i + 100);
        while (m->changed < (unsigned)i + 100)
            turn(m);
    }
    for (int round = 0; stats(m).dictionaries == dictionaries; round++) {
        assert_in_range(round, 0, 30);
        for (int i = 0; i < JOBS; i++)
            m->version[i]++;
        unsigned before = m->changed;
        push(m, "MODIFIED", 0, JOBS);
        while (m->changed < before + JOBS)
            turn(m);
        settle(m);
    }
    settle(m);
    all_are_right(m);
    assert_true(stats(m).packed_bytes / JOBS < 350);
}

static void gaps_are_closed(void **state)
{
    struct many *m = *state;
    start(m);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < JOBS; i++)
            m->version[i] += 20000;
        unsigned before = m->changed;
        push(m, "MODIFIED", 0, JOBS);
        while (m->changed < before + JOBS)
            turn(m);
    }
    settle(m);
    all_are_right(m);
    struct cache_stats s = stats(m);
    assert_true(s.memory_bytes < s.packed_bytes + 150 * JOBS + (3 << 20));
}

static void many_missed_deletions(void **state)
{
    struct many *m = *state;
    start(m);
    for (int i = 0; i < JOBS; i++)
        m->version[i] = i % 10 ? 0 : m->version[i];
    list_all(m, "50000");
    m->longest = 0;
    while (!scripted_streaming(m->kube.server))
        turn(m);
    static const char gone[] = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}\n";
    scripted_push(m->kube.server, gone, sizeof gone - 1);
    while (m->synced < 2)
        turn(m);
    assert_int_equal(m->deleted, JOBS - JOBS / 10);
    assert_true(m->longest <= 500); /* by and by */
    all_are_right(m);
    push(m, "DELETED", 0, 1);
    m->version[0] = 0;
    while (m->deleted < JOBS - JOBS / 10 + 1)
        turn(m);
    all_are_right(m);
}

/* What the watch tells while the gap's deletions are still being told. */
static void changes_amid_the_sweep(void **state)
{
    struct many *m = *state;
    start(m);
    for (int i = 0; i < JOBS; i++)
        m->version[i] = i % 10 ? 0 : m->version[i];
    list_all(m, "50000");
    while (!scripted_streaming(m->kube.server))
        turn(m);
    static const char gone[] = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}\n";
    scripted_push(m->kube.server, gone, sizeof gone - 1);
    while (m->deleted == 0)
        turn(m);
    assert_true(m->synced == 1);
    for (int i = 2900; i < 2950; i++) /* made again before the sweep came to them */
        m->version[i] = 60000 + (unsigned)i;
    push(m, "ADDED", 2900, 2950);
    while (m->synced < 2)
        turn(m);
    settle(m);
    while (count(m->cache) < JOBS / 10 + 45)
        turn(m);
    all_are_right(m);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(they_are_small),         TEST(new_kinds_of_objects_get_a_dictionary),
        TEST(gaps_are_closed),        TEST(many_missed_deletions),
        TEST(changes_amid_the_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
