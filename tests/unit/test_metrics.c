/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics: what is counted comes out as OpenMetrics text, and counting never fails for the caller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "base/clock.h"
#include "base/metrics.h"

static const char *const policy_label[] = {"policy", "outcome", NULL};

static void contains(const struct buf *out, const char *part)
{
    if (!out->ptr || !strstr(out->ptr, part))
        fail_msg("expected\n%s\nin\n%s", part, out->ptr ? out->ptr : "");
}

static void counters_and_gauges(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct metrics *m = metrics_new("mpijobd_");
    struct metric *runs = metrics_counter(m, "policy_runs", NULL, "Runs that have ended.", policy_label);
    assert_ptr_equal(runs, metrics_counter(m, "policy_runs", NULL, "again", policy_label));
    struct metric *lag = metrics_gauge(m, "loop_lag_seconds", "seconds", "A \"quoted\"\nhelp with \\.", NULL);
    metrics_gauge(m, "unused", NULL, "Never set.", NULL);
    metric_add(runs, 1, METRIC_VALUES("a", "done"));
    metric_add(runs, 2, METRIC_VALUES("a", "done"));
    metric_add(runs, 1, METRIC_VALUES("b\"\\\n", "failed"));
    metric_set(lag, 0.25, NULL);
    metric_add(NULL, 1, NULL);
    metric_set(NULL, 1, NULL);
    metric_observe(NULL, 1, NULL);
    metric_clear(NULL);
    metrics_write(m, &out);
    assert_string_equal(out.ptr, "# TYPE mpijobd_policy_runs counter\n"
                                 "# HELP mpijobd_policy_runs Runs that have ended.\n"
                                 "mpijobd_policy_runs_total{policy=\"a\",outcome=\"done\"} 3\n"
                                 "mpijobd_policy_runs_total{policy=\"b\\\"\\\\\\n\",outcome=\"failed\"} 1\n"
                                 "# TYPE mpijobd_loop_lag_seconds gauge\n"
                                 "# UNIT mpijobd_loop_lag_seconds seconds\n"
                                 "# HELP mpijobd_loop_lag_seconds A \\\"quoted\\\"\\nhelp with \\\\.\n"
                                 "mpijobd_loop_lag_seconds 0.25\n"
                                 "# EOF\n");
    buf_free(&out);
    metric_clear(runs);
    metrics_write(m, &out);
    assert_null(strstr(out.ptr, "policy_runs"));
    buf_free(&out);
    metrics_free(m);
    metrics_free(NULL);
    assert_null(metrics_counter(NULL, "x", NULL, "x", NULL));
}

static void histograms(void **state)
{
    (void)state;
    static const double bounds[] = {0.5, 1, 10};
    struct buf out = BUF_INIT;
    struct metrics *m = metrics_new("t_");
    struct metric *h = metrics_histogram(m, "run_seconds", "seconds", "Of a run.", NULL, bounds, 3);
    metric_observe(h, 0.5, NULL); /* a bound belongs to its bucket */
    metric_observe(h, 0.75, NULL);
    metric_observe(h, 100, NULL);
    metrics_write(m, &out);
    contains(&out, "# TYPE t_run_seconds histogram\n");
    contains(&out, "t_run_seconds_bucket{le=\"0.5\"} 1\nt_run_seconds_bucket{le=\"1.0\"} 2\n"
                   "t_run_seconds_bucket{le=\"10.0\"} 2\nt_run_seconds_bucket{le=\"+Inf\"} 3\n"
                   "t_run_seconds_count 3\nt_run_seconds_sum 101.25\n");
    buf_free(&out);
    metrics_free(m);
}

static void a_bucket_names_its_newest_run(void **state)
{
    (void)state;
    static const double bounds[] = {0.5, 1};
    struct buf out = BUF_INIT;
    struct metrics *m = metrics_new("t_");
    struct metric *h = metrics_histogram(m, "run_seconds", "seconds", "Of a run.", NULL, bounds, 2);
    metric_observe_run(h, 0.25, NULL, 41, 1700000000 * CLOCK_SECOND);
    metric_observe_run(h, 0.125, NULL, 42, 1700000001 * CLOCK_SECOND + 5000);
    metric_observe(h, 0.5, NULL); /* of no run: the exemplar stays */
    metric_observe(h, 0.75, NULL);
    metric_observe_run(h, 7, NULL, 43, 1700000002 * CLOCK_SECOND);
    metrics_write(m, &out);
    contains(&out, "t_run_seconds_bucket{le=\"0.5\"} 3 # {run=\"42\"} 0.125 1700000001.005000\n"
                   "t_run_seconds_bucket{le=\"1.0\"} 4\n"
                   "t_run_seconds_bucket{le=\"+Inf\"} 5 # {run=\"43\"} 7 1700000002.000000\n"
                   "t_run_seconds_count 5\n");
    buf_free(&out);
    metrics_free(m);
}

static void series_are_bounded(void **state)
{
    (void)state;
    static const char *const labels[] = {"n", NULL};
    struct buf out = BUF_INIT;
    struct metrics *m = metrics_new("t_");
    struct metric *c = metrics_counter(m, "many", NULL, "Many.", labels);
    for (int i = 0; i < METRIC_SERIES_MAX + 100; i++) {
        char n[16];
        snprintf(n, sizeof n, "%d", i);
        metric_add(c, 1, METRIC_VALUES(n));
    }
    metric_add(c, 1, METRIC_VALUES("0")); /* those that are there go on */
    metrics_write(m, &out);
    size_t lines = 0;
    for (const char *p = out.ptr; (p = strchr(p, '\n')); p++)
        lines++;
    assert_int_equal(lines, METRIC_SERIES_MAX + 3);
    contains(&out, "t_many_total{n=\"0\"} 2\n");
    buf_free(&out);
    metrics_free(m);
}

static void set_seven(void *data)
{
    metric_set(data, 7, NULL);
}

static void collectors_fill_in(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct error err;
    struct metrics *m = metrics_new("t_");
    struct metric *g = metrics_gauge(m, "depth", NULL, "Depth.", NULL);
    assert_int_equal(metrics_collector(m, set_seven, g, &err), 0);
    metrics_write(m, &out);
    contains(&out, "t_depth 7\n");
    buf_free(&out);
    metrics_collector_remove(m, g);
    metric_clear(g);
    metrics_write(m, &out);
    assert_string_equal(out.ptr, "# EOF\n");
    buf_free(&out);
    metrics_free(m);
}

static void without_memory(void **state)
{
    (void)state;
    static const double bounds[] = {1};
    for (long n = 1;; n++) {
        struct error err;
        alloc_fail_at(n);
        struct metrics *m = metrics_new("t_");
        struct metric *c = metrics_counter(m, "runs", NULL, "Runs.", policy_label);
        struct metric *h = metrics_histogram(m, "h", NULL, "H.", NULL, bounds, 1);
        metric_add(c, 1, METRIC_VALUES("a", "b"));
        metric_observe_run(h, 2, NULL, 1, 1);
        metrics_collector(m, set_seven, metrics_gauge(m, "depth", NULL, "Depth.", NULL), &err);
        struct buf out = BUF_INIT;
        if (m)
            metrics_write(m, &out);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        buf_free(&out);
        metrics_free(m);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_and_gauges),
        cmocka_unit_test(histograms),
        cmocka_unit_test(series_are_bounded),
        cmocka_unit_test(collectors_fill_in),
        cmocka_unit_test(a_bucket_names_its_newest_run),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
