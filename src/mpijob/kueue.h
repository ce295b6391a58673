/* SPDX-License-Identifier: Apache-2.0 */
/* Kueue over jobs of any kind: whether it manages one, and what its Workload tells of it. Pure. For users:
 * docs/reference/stop.md. */
#ifndef MPIJOBD_MPIJOB_KUEUE_H
#define MPIJOBD_MPIJOB_KUEUE_H

#include "json/value.h"

#define KUEUE_GROUP "kueue.x-k8s.io"
#define KUEUE_WORKLOADS "workloads"
/* Its versions, the newest first; NULL-terminated. */
extern const char *const kueue_versions[];
#define KUEUE_JOB_UID KUEUE_GROUP "/job-uid" /* the label of a Workload that has its job's uid */

/* By the label of its queue; or, where Kueue manages jobs without it, by the mark that it leaves in the templates of
 * those that run, unless it is a part of another job: a launcher's Job has the mark of its MPIJob. False says nothing
 * of a job that waits without the label: only its Workload does. */
bool kueue_manages(struct json job);

enum kueue_state {
    KUEUE_WAITING,  /* for its queue, or to be started again after it was evicted */
    KUEUE_ADMITTED, /* it may run */
    KUEUE_STOPPED,  /* spec.active is false: it waits for no queue, until that is true again */
    KUEUE_OVER,     /* its job has ended */
};

const char *kueue_state_name(enum kueue_state state); /* "waiting", "admitted", "stopped", "finished" */

struct kueue_workload { /* views into the object; empty where the object does not tell it */
    struct str name, resource_version, queue;
    enum kueue_state state;
    bool time_ran_out; /* it was stopped as the job's max-exec-time-seconds ran out: active does not start it again */
    bool deleting;     /* it is being deleted; another one may be there already */
    struct str reason, message; /* why it is in that state; raw: escapes are not decoded */
};
/* False: it has no name, and is no Workload. */
bool kueue_workload_read(struct json object, struct kueue_workload *out);
/* Appends its message as people read it, at most so many bytes of it. Out of memory fails out. */
void kueue_message(const struct kueue_workload *workload, size_t most, struct buf *out);

#endif
