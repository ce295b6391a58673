/* SPDX-License-Identifier: Apache-2.0 */
/* Counters, gauges and histograms with labels, written as OpenMetrics text (version 1.0.0). A registry belongs to its
 * daemon; floors get it as a pointer, and NULL everywhere means that nothing is counted. Counting never fails for the
 * caller: a sample that finds no memory is dropped, and so is one past METRIC_SERIES_MAX label sets of a metric (a
 * policy that makes up names must not eat the memory). All calls are on one thread. */
#ifndef MPIJOBD_BASE_METRICS_H
#define MPIJOBD_BASE_METRICS_H

#include <stdint.h>

#include "base/buf.h"

#define METRIC_SERIES_MAX 10000
#define METRIC_LABELS_MAX 4

struct metrics;
struct metric;

/* prefix: "mpijobd_", before every name. NULL: out of memory. */
struct metrics *metrics_new(const char *prefix);
void metrics_free(struct metrics *metrics); /* NULL is ignored */

/* The metric of that name: made, or the one that is there (several owners may count the same thing). name without
 * prefix, and of a counter without "_total". labels: names, NULL-terminated, at most METRIC_LABELS_MAX, or NULL for
 * none. help: a sentence. unit: "seconds", "bytes", which the name has to end in, or NULL. Strings have to outlive the
 * registry. NULL: metrics is NULL, or out of memory. */
struct metric *metrics_counter(struct metrics *metrics, const char *name, const char *unit, const char *help,
                               const char *const *labels);
struct metric *metrics_gauge(struct metrics *metrics, const char *name, const char *unit, const char *help,
                             const char *const *labels);
/* bounds: upper bounds, rising, without infinity. */
struct metric *metrics_histogram(struct metrics *metrics, const char *name, const char *unit, const char *help,
                                 const char *const *labels, const double *bounds, size_t count);

/* For durations of calls and runs: 1 ms to 60 s, about three a decade. */
extern const double metric_seconds[];
extern const size_t metric_seconds_count;

/* values: one a label, in their order; NULL for a metric without labels. metric may be NULL. */
void metric_add(struct metric *metric, double value, const char *const *values); /* counters: never negative */
void metric_set(struct metric *metric, double value, const char *const *values); /* gauges */
void metric_observe(struct metric *metric, double value, const char *const *values);
/* The same of something that a run did: the exposition names the newest run behind its bucket, as an exemplar. at: now,
 * microseconds since 1970. run 0: of none, and the exemplar stays as it was. */
void metric_observe_run(struct metric *metric, double value, const char *const *values, int64_t run, int64_t at);
/* Forgets all its series: before a gauge is filled again. */
void metric_clear(struct metric *metric);

#define METRIC_VALUES(...) ((const char *const[]){__VA_ARGS__})

/* Called before each metrics_write, to set what is read rather than counted. 0 or ERR_NOMEM. */
typedef void (*metrics_collect)(void *data);
int metrics_collector(struct metrics *metrics, metrics_collect collect, void *data, struct error *err);
void metrics_collector_remove(struct metrics *metrics, void *data);

/* Appends the exposition, ending in "# EOF\n". Metrics without a sample are left out. */
#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
void metrics_write(struct metrics *metrics, struct buf *out);

#endif
