/* The workers that a run's jobs still have, where their status does not tell: counted once a run and kind of job, when
 * the script first asks. */
#ifndef MPIJOBD_RUN_RUN_PODS_H
#define MPIJOBD_RUN_RUN_PODS_H

#include "mpijob/pods.h"

struct run;
struct run_pods;

/* Who waits until they are counted; linked in while it does. */
struct run_pods_wait {
    void (*ready)(struct run_pods_wait *wait); /* once, later; run_pods_get tells then */
    struct run_pods *on;
    struct run_pods_wait *prev, *next;
};

enum run_pods_state { RUN_PODS_WAIT, RUN_PODS_READY, RUN_PODS_FAILED /* it was logged why */ };
/* READY: *pods is set, the run's. WAIT: they are being counted, and wait will be called. */
enum run_pods_state run_pods_get(struct run *run, enum mpijob_kind kind, struct run_pods_wait *wait,
                                 const struct mpijob_pods **pods);
void run_pods_leave(struct run_pods_wait *wait); /* ready is not called any more */

/* For the run: nobody waits any more. */
void run_pods_free(struct run *run);

#endif
