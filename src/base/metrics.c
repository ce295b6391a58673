/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: metrics by name, their series by label values, and the text of all of them. */
#include "base/metrics.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "base/clock.h"

enum kind { COUNTER, GAUGE, HISTOGRAM };

struct exemplar { /* the newest sample of a bucket of which the run is known; zeros: none */
    int64_t run, at;
    double value;
};

struct series {
    UT_hash_handle hh;
    double value;               /* of a histogram: the sum */
    uint64_t *buckets;          /* of a histogram: one a bound, and one above them; not cumulated */
    struct exemplar *exemplars; /* one a bucket, made with the first; NULL: none */
    size_t key_len;
    char key[]; /* the labels as they are written: a="b",c="d" */
};

struct metric {
    struct metric *next;
    enum kind kind;
    const char *name, *unit, *help;
    const char *const *labels;
    const double *bounds;
    size_t bound_count;
    struct series *series;
};

struct collector {
    struct collector *next;
    metrics_collect collect;
    void *data;
};

struct metrics {
    const char *prefix;
    struct metric *list;
    struct collector *collectors;
};

const double metric_seconds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
const size_t metric_seconds_count = sizeof metric_seconds / sizeof *metric_seconds;

struct metrics *metrics_new(const char *prefix)
{
    struct metrics *m = calloc(1, sizeof *m);
    if (m)
        m->prefix = prefix;
    return m;
}

static void free_series(struct metric *metric, struct series *s)
{
    HASH_DEL(metric->series, s);
    free(s->exemplars);
    free(s->buckets);
    free(s);
}

void metric_clear(struct metric *metric)
{
    struct series *s, *next;
    if (!metric)
        return;
    HASH_ITER(hh, metric->series, s, next)
    {
        free_series(metric, s);
    }
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    while (m->list) {
        struct metric *metric = m->list;
        m->list = metric->next;
        metric_clear(metric);
        free(metric);
    }
    while (m->collectors) {
        struct collector *c = m->collectors;
        m->collectors = c->next;
        free(c);
    }
    free(m);
}

/* ---- metrics ---- */

static struct metric *make(struct metrics *m, const struct metric *model)
{
    struct metric *metric;
    if (!m)
        return NULL;
    LL_FOREACH(m->list, metric)
    {
        if (strcmp(metric->name, model->name) == 0)
            return metric;
    }
    metric = malloc(sizeof *metric);
    if (!metric)
        return NULL;
    *metric = *model;
    LL_APPEND(m->list, metric);
    return metric;
}

struct metric *metrics_counter(struct metrics *m, const char *name, const char *unit, const char *help,
                               const char *const *labels)
{
    return make(m, &(struct metric){.kind = COUNTER, .name = name, .unit = unit, .help = help, .labels = labels});
}

struct metric *metrics_gauge(struct metrics *m, const char *name, const char *unit, const char *help,
                             const char *const *labels)
{
    return make(m, &(struct metric){.kind = GAUGE, .name = name, .unit = unit, .help = help, .labels = labels});
}

struct metric *metrics_histogram(struct metrics *m, const char *name, const char *unit, const char *help,
                                 const char *const *labels, const double *bounds, size_t count)
{
    return make(m, &(struct metric){.kind = HISTOGRAM,
                                    .name = name,
                                    .unit = unit,
                                    .help = help,
                                    .labels = labels,
                                    .bounds = bounds,
                                    .bound_count = count});
}

/* ---- samples ---- */

static void add_value(struct buf *out, const char *text)
{
    for (const char *p = text ? text : ""; *p; p++) {
        if (*p == '\n')
            buf_puts(out, "\\n");
        else if (*p == '"' || *p == '\\')
            buf_printf(out, "\\%c", *p);
        else
            buf_putc(out, *p);
    }
}

static bool add_series(struct metric *metric, struct series *s)
{
    s->hh.tbl = NULL;
    HASH_ADD_KEYPTR(hh, metric->series, s->key, s->key_len, s);
    return s->hh.tbl != NULL;
}

static struct series *new_series(struct metric *metric, struct str key)
{
    struct series *s = HASH_COUNT(metric->series) < METRIC_SERIES_MAX ? calloc(1, sizeof *s + key.len + 1) : NULL;
    if (!s)
        return NULL;
    memcpy(s->key, key.ptr ? key.ptr : "", key.len);
    s->key_len = key.len;
    if (metric->kind == HISTOGRAM)
        s->buckets = calloc(metric->bound_count + 1, sizeof *s->buckets);
    if ((metric->kind != HISTOGRAM || s->buckets) && add_series(metric, s))
        return s;
    free(s->buckets);
    free(s);
    return NULL;
}

/* The series of these label values, made where it is not there yet; NULL: dropped. */
static struct series *series_of(struct metric *metric, const char *const *values)
{
    struct buf key = BUF_INIT;
    struct series *s = NULL;
    for (size_t i = 0; metric->labels && metric->labels[i]; i++) {
        buf_printf(&key, "%s%s=\"", i ? "," : "", metric->labels[i]);
        add_value(&key, values[i]);
        buf_putc(&key, '"');
    }
    if (!key.failed) {
        HASH_FIND(hh, metric->series, key.len ? key.ptr : "", key.len, s);
        s = s ? s : new_series(metric, buf_str(&key));
    }
    buf_free(&key);
    return s;
}

void metric_add(struct metric *metric, double value, const char *const *values)
{
    struct series *s = metric ? series_of(metric, values) : NULL;
    if (s)
        s->value += value;
}

void metric_set(struct metric *metric, double value, const char *const *values)
{
    struct series *s = metric ? series_of(metric, values) : NULL;
    if (s)
        s->value = value;
}

void metric_observe(struct metric *metric, double value, const char *const *values)
{
    metric_observe_run(metric, value, values, 0, 0);
}

void metric_observe_run(struct metric *metric, double value, const char *const *values, int64_t run, int64_t at)
{
    struct series *s = metric ? series_of(metric, values) : NULL;
    size_t i = 0;
    if (!s)
        return;
    while (i < metric->bound_count && value > metric->bounds[i])
        i++;
    s->buckets[i]++;
    s->value += value;
    if (run && !s->exemplars)
        s->exemplars = calloc(metric->bound_count + 1, sizeof *s->exemplars);
    if (run && s->exemplars)
        s->exemplars[i] = (struct exemplar){run, at, value};
}

/* ---- the exposition ---- */

int metrics_collector(struct metrics *m, metrics_collect collect, void *data, struct error *err)
{
    struct collector *c = m ? malloc(sizeof *c) : NULL;
    if (!m)
        return 0;
    if (!c)
        return error_nomem(err);
    *c = (struct collector){.collect = collect, .data = data};
    LL_APPEND(m->collectors, c);
    return 0;
}

void metrics_collector_remove(struct metrics *m, void *data)
{
    struct collector *c, *next;
    LL_FOREACH_SAFE(m ? m->collectors : NULL, c, next)
    {
        if (c->data != data)
            continue;
        LL_DELETE(m->collectors, c);
        free(c);
    }
}

/* Whole numbers as such; others so that they read back to the same. */
static void add_number(struct buf *out, double value)
{
    if (isnan(value) || isinf(value))
        buf_puts(out, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
    else if (fabs(value) < 9e15 && value == (double)(int64_t)value)
        buf_printf(out, "%" PRId64, (int64_t)value);
    else
        buf_printf(out, "%.15g", value);
}

static void add_exemplar(struct buf *out, const struct exemplar *e)
{
    buf_printf(out, " # {run=\"%" PRId64 "\"} ", e->run);
    add_number(out, e->value);
    buf_printf(out, " %" PRId64 ".%06d", e->at / CLOCK_SECOND, (int)(e->at % CLOCK_SECOND));
}

/* e: NULL, or zeros: no exemplar. */
static void sample(const struct metrics *m, const struct metric *metric, const struct series *s, const char *suffix,
                   const char *more, double value, const struct exemplar *e, struct buf *out)
{
    bool labels = s->key_len || *more;
    buf_printf(out, "%s%s%s%s%s%s%s%s ", m->prefix, metric->name, suffix, labels ? "{" : "", s->key,
               s->key_len && *more ? "," : "", more, labels ? "}" : "");
    add_number(out, value);
    if (e && e->run)
        add_exemplar(out, e);
    buf_putc(out, '\n');
}

static void write_histogram(const struct metrics *m, const struct metric *metric, const struct series *s,
                            struct buf *out)
{
    uint64_t so_far = 0;
    for (size_t i = 0; i <= metric->bound_count; i++) {
        char bound[24], le[48];
        so_far += s->buckets[i];
        snprintf(bound, sizeof bound, "%g", i < metric->bound_count ? metric->bounds[i] : 0);
        bool whole = !strpbrk(bound, ".e"); /* a bound is a float, also one without a fraction */
        if (i < metric->bound_count)
            snprintf(le, sizeof le, "le=\"%s%s\"", bound, whole ? ".0" : "");
        else
            snprintf(le, sizeof le, "le=\"+Inf\"");
        sample(m, metric, s, "_bucket", le, (double)so_far, s->exemplars ? &s->exemplars[i] : NULL, out);
    }
    sample(m, metric, s, "_count", "", (double)so_far, NULL, out);
    sample(m, metric, s, "_sum", "", s->value, NULL, out);
}

static void write_metric(const struct metrics *m, const struct metric *metric, struct buf *out)
{
    static const char *const types[] = {[COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};
    const struct series *s;
    if (!metric->series)
        return;
    buf_printf(out, "# TYPE %s%s %s\n", m->prefix, metric->name, types[metric->kind]);
    if (metric->unit)
        buf_printf(out, "# UNIT %s%s %s\n", m->prefix, metric->name, metric->unit);
    buf_printf(out, "# HELP %s%s ", m->prefix, metric->name);
    add_value(out, metric->help);
    buf_putc(out, '\n');
    for (s = metric->series; s; s = s->hh.next) {
        if (metric->kind == HISTOGRAM)
            write_histogram(m, metric, s, out);
        else
            sample(m, metric, s, metric->kind == COUNTER ? "_total" : "", "", s->value, NULL, out);
    }
}

void metrics_write(struct metrics *m, struct buf *out)
{
    struct collector *c, *next;
    const struct metric *metric;
    LL_FOREACH_SAFE(m->collectors, c, next)
    {
        c->collect(c->data);
    }
    LL_FOREACH(m->list, metric)
    {
        write_metric(m, metric, out);
    }
    buf_puts(out, "# EOF\n");
}
