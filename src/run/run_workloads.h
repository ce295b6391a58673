/* SPDX-License-Identifier: Apache-2.0 */
/* Kueue's Workloads in the run's namespaces, by the jobs that they manage: those of the watch, where there is one, else
 * listed once, when the run's script asks for the first time. */
#ifndef MPIJOBD_RUN_RUN_WORKLOADS_H
#define MPIJOBD_RUN_RUN_WORKLOADS_H

#include "workloads/workload_list.h"

struct run;
struct run_workloads;

/* A wait until they are listed. It is the caller's, and stays in place until ready or run_workloads_leave. */
struct run_workloads_wait {
    void (*ready)(struct run_workloads_wait *wait); /* called once, later; then run_workloads_get has the result */
    struct run_workloads *on;
    struct run_workloads_wait *prev, *next;
};

enum run_workloads_state { RUN_WORKLOADS_WAIT, RUN_WORKLOADS_READY, RUN_WORKLOADS_FAILED };
/* READY: *seen says what is known of the Workload of that job, and *out is set where it is found. FAILED: they could
 * not be listed, and *err says why. WAIT: wait->ready will be called. */
enum run_workloads_state run_workloads_get(struct run *run, struct str name_space, struct str uid,
                                           struct run_workloads_wait *wait, enum workload_seen *seen,
                                           struct listed_workload *out, struct error *err);
/* What is known of it without asking the server; WORKLOAD_UNSEEN: nothing. */
enum workload_seen run_workloads_known(const struct run *run, struct str name_space, struct str uid,
                                       struct listed_workload *out);
void run_workloads_leave(struct run_workloads_wait *wait); /* ready is not called any more */

/* Why they could not be listed: what fails for want of them may be tried again. NULL: they were, or nobody asked. */
const struct error *run_workloads_error(const struct run *run);

/* For the run alone: at its end, when no wait is left. */
void run_workloads_free(struct run *run);

#endif
