/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of a connection: requests by verb and code, how long they took, connections that were lost, and the
 * tries in a row that had no answer. */
#include <stdio.h>

#include "kube/kube_parts.h"

#define AWAY_TRIES 3
#define AWAY_AFTER (10 * CLOCK_SECOND) /* microseconds */

static const char *const call_labels[] = {"cluster", "verb", "code", NULL};
static const char *const seconds_labels[] = {"cluster", "verb", NULL};
static const char *const lost_labels[] = {"cluster", NULL};

/* A rate over a counter that appears with its first failure does not show that failure, so the usual ones are there at
 * zero from the start. */
static void begin_at_zero(struct kube *kube)
{
    static const char *const verbs[] = {"GET", "LIST", "WATCH", "PUT", "PATCH", "POST", "DELETE"};
    static const char *const codes[] = {"200", "0", "401", "403", "404", "409", "410", "422", "429", "500", "503"};
    for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
        for (size_t c = 0; c < sizeof codes / sizeof *codes; c++)
            metric_add(kube->calls, 0, METRIC_VALUES(kube->cluster, verbs[v], codes[c]));
    }
    metric_add(kube->lost, 0, METRIC_VALUES(kube->cluster));
}

void kube_meters(struct kube *kube, struct metrics *metrics)
{
    kube->calls =
        metrics_counter(metrics, "api_requests", NULL,
                        "Requests to API servers, lists and watches too; code 0 where no answer came.", call_labels);
    kube->call_seconds = metrics_histogram(metrics, "api_request_seconds", "seconds",
                                           "How long requests to API servers took, retries and watches apart.",
                                           seconds_labels, metric_seconds, metric_seconds_count);
    kube->lost =
        metrics_counter(metrics, "api_connections_lost", NULL,
                        "Connections to API servers that were lost, fell silent, or could not be had.", lost_labels);
    if (metrics)
        begin_at_zero(kube);
}

/* ---- a server that does not answer ---- */

static void set_away(struct kube *kube, bool on)
{
    bool changed = kube->away.on != on;
    kube->away.on = on;
    if (changed && kube->away.listener && !kube->closing)
        kube->away.listener->changed(kube->away.listener);
}

static void answered(struct kube *kube)
{
    error_keep(&kube->away.why, NULL);
    kube->away.tries = 0;
    set_away(kube, false);
}

void kube_unanswered(struct kube *kube, const struct error *err)
{
    int64_t now = clock_now(kube->log ? kube->log->clock : NULL);
    if (!kube->away.tries++)
        kube->away.since = now;
    error_keep(&kube->away.why, err);
    set_away(kube, kube->away.on || (kube->away.tries >= AWAY_TRIES && now - kube->away.since >= AWAY_AFTER));
}

const struct error *kube_away(const struct kube *kube, int64_t *since)
{
    *since = kube->away.since;
    return kube->away.on ? kube->away.why : NULL;
}

void kube_on_away(struct kube *kube, struct kube_away *away)
{
    kube->away.listener = away;
}

/* ---- what is counted ---- */

void kube_count(struct kube *kube, const char *verb, int status)
{
    char code[16];
    if (status)
        answered(kube);
    snprintf(code, sizeof code, "%d", status);
    metric_add(kube->calls, 1, METRIC_VALUES(kube->cluster, verb, code));
}

void kube_count_lost(struct kube *kube)
{
    metric_add(kube->lost, 1, METRIC_VALUES(kube->cluster));
}
