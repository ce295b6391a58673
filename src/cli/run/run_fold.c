/* SPDX-License-Identifier: Apache-2.0 */
/* An alarm for the counts that wait. */
#include "cli/run/run_fold.h"

#include "base/metrics.h"
#include "base/outlet.h"
#include "cli/session/command.h"
#include "time/duration.h"

static void rang(struct alarm *alarm, int64_t now)
{
    struct run_fold *r = alarm->data;
    (void)now;
    int64_t due = log_fold_tick(&r->s->log);
    if (due != INT64_MAX)
        alarm_set(r->alarms, alarm, due); /* without memory they come with the next line */
}

static void waits(uv_async_t *handle)
{
    struct run_fold *r = handle->data;
    rang(&r->alarm, 0);
}

static void wake(void *data)
{
    uv_async_send(&((struct run_fold *)data)->waits);
}

static int read_window(struct session *s, int64_t *window)
{
    *window = s->config.log_fold;
    if (s->options.log_fold &&
        duration_parse_or_off(s->options.log_fold, LOG_FOLD_LEAST, LOG_FOLD_MOST, window, &s->error)) {
        error_prefix(&s->error, "--log-fold");
        session_fail(s, &s->error);
        return EXIT_USAGE;
    }
    return 0;
}

int run_fold_open(struct session *s, struct run_fold *r)
{
    int64_t window;
    int code = read_window(s, &window);
    if (code)
        return code;
    struct log_fold *fold = log_fold_new(window);
    r->alarms = fold ? alarms_new(&s->loop, &s->clock) : NULL;
    if (!r->alarms || uv_async_init(&s->loop, &r->waits, waits)) {
        alarms_free(r->alarms);
        log_fold_free(fold);
        error_nomem(&s->error);
        return session_fail(s, &s->error);
    }
    uv_unref((uv_handle_t *)&r->waits);
    r->waits.data = r;
    r->alarm = (struct alarm){.ring = rang, .data = r};
    r->s = s;
    log_fold_on_wait(fold, wake, r);
    s->log.fold = fold;
    return 0;
}

static void collect(void *data)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    struct run_fold *r = data;
    uint64_t lost = outlet_lost(r->s->log.outlet);
    metric_add(r->lost, (double)(lost - r->lost_told), NULL);
    r->lost_told = lost;
    for (enum log_level level = LOG_INFO; level <= LOG_ERROR; level++) {
        uint64_t n = log_fold_counted(r->s->log.fold, level);
        metric_add(r->folded, (double)(n - r->folded_told[level]), METRIC_VALUES(levels[level]));
        r->folded_told[level] = n;
    }
}

int run_fold_count(struct run_fold *r, struct error *err)
{
    static const char *const labels[] = {"level", NULL};
    r->lost = metrics_counter(r->s->metrics, "log_lines_lost", NULL,
                              "Lines of the log that nobody took, or that could not be written.", NULL);
    r->folded =
        metrics_counter(r->s->metrics, "log_lines_folded", NULL,
                        "Lines of the log that repeated others, and were counted in place of being written.", labels);
    return metrics_collector(r->s->metrics, collect, r, err);
}

void run_fold_close(struct run_fold *r)
{
    if (!r->s)
        return;
    log_fold_on_wait(r->s->log.fold, NULL, NULL);
    uv_close((uv_handle_t *)&r->waits, NULL);
    alarms_free(r->alarms);
    r->alarms = NULL;
}

void run_fold_end(struct session *s)
{
    struct log_fold *fold = s->log.fold;
    log_fold_flush(&s->log);
    s->log.fold = NULL;
    log_fold_free(fold);
}
