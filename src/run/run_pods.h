/* SPDX-License-Identifier: Apache-2.0 */
/* The workers that the jobs of a run still have, where their status does not tell it: counted once for each kind of
 * job, when the run's script asks for the first time. */
#ifndef MPIJOBD_RUN_RUN_PODS_H
#define MPIJOBD_RUN_RUN_PODS_H

#include "mpijob/pods.h"

struct run;
struct run_pods;

/* A wait until they are counted. It is the caller's, and stays in place until ready or run_pods_leave. */
struct run_pods_wait {
    void (*ready)(struct run_pods_wait *wait); /* called once, later; then run_pods_get has the result */
    struct run_pods *on;
    struct run_pods_wait *prev, *next;
};

enum run_pods_state { RUN_PODS_WAIT, RUN_PODS_READY, RUN_PODS_FAILED /* it was logged why */ };
/* READY: *pods is set, and is the run's. WAIT: they are being counted, and wait->ready will be called. */
enum run_pods_state run_pods_get(struct run *run, const struct mpijob_kind *kind, struct run_pods_wait *wait,
                                 const struct mpijob_pods **pods);
void run_pods_leave(struct run_pods_wait *wait); /* ready is not called any more */

/* For the run alone: at its end, when no wait is left. */
void run_pods_free(struct run *run);

#endif
