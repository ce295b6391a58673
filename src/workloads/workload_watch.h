/* SPDX-License-Identifier: Apache-2.0 */
/* Kueue's Workloads of one cluster, listed once and kept up to date by a watch. It tells which job's Workload has
 * changed, and what is known of it. Where the server has no Kueue, it looks again from time to time. */
#ifndef MPIJOBD_WORKLOADS_WORKLOAD_WATCH_H
#define MPIJOBD_WORKLOADS_WORKLOAD_WATCH_H

#include "site/site.h"
#include "workloads/workload_table.h"

struct workload_watch;

struct workload_watch_call {
    struct site *site;             /* its cluster is connected; outlives the watch */
    const char *const *namespaces; /* NULL-terminated, each once, copied; NULL: all */
    /* The Workload of a job is there, has another state or reason, or is gone. The job's texts are valid during the
     * call; its name may be empty. */
    void (*changed)(void *data, const struct workload_job *job);
    /* A list is done, the first or one after a gap: what it did not have is gone, and was not told. Also when the
     * watch works again. */
    void (*synced)(void *data);
    void *data;
};

/* 0 or ERR_NOMEM. The site counts it as open until it has closed. */
int workload_watch_open(const struct workload_watch_call *call, struct workload_watch **watch, struct error *err);
void workload_watch_close(struct workload_watch *watch); /* nothing is told any more; NULL is ignored */
/* Is it of these namespaces, and of no others? */
bool workload_watch_is_of(const struct workload_watch *watch, const char *const *namespaces);

/* What is known of the Workload of a job in that namespace; *out is set where it is found, and valid in this turn of
 * the loop. watch NULL: WORKLOAD_UNSEEN. */
enum workload_seen workload_watch_find(const struct workload_watch *watch, struct str name_space, struct str uid,
                                       struct listed_workload *out);

struct workload_scope {
    const char *name_space;      /* NULL: all */
    bool synced;                 /* it was listed */
    const struct error *trouble; /* why it cannot be listed or watched now; ERR_NOT_FOUND: the server has no Kueue */
    int64_t silence_us;          /* since the server was last heard for it; -1: never */
};
size_t workload_watch_scopes(const struct workload_watch *watch); /* from 1 */
struct workload_scope workload_watch_scope(const struct workload_watch *watch, size_t scope);

struct workload_watch_stats {
    size_t workloads, bytes; /* that are kept, and their memory, about */
};
void workload_watch_stats(const struct workload_watch *watch, struct workload_watch_stats *stats);

#endif
