/* SPDX-License-Identifier: Apache-2.0 */
/* A job as policies see it: what was read from one object's raw bytes. Views into those bytes, no copies; valid as long
 * as they are. Names and other identifiers hold no escapes (the API server forbids the characters that would need
 * them). */
#ifndef MPIJOBD_MPIJOB_VIEW_H
#define MPIJOBD_MPIJOB_VIEW_H

#include <stdint.h>

#include "mpijob/field.h"

enum mpijob_phase {
    PHASE_PENDING, /* no condition yet, or Created only */
    PHASE_RUNNING,
    PHASE_RESTARTING,
    PHASE_SUSPENDED,
    PHASE_SUCCEEDED, /* looked at before Running: see the facts */
    PHASE_FAILED,
};
#define MPIJOB_PHASES 6
const char *mpijob_phase_name(enum mpijob_phase phase); /* "Pending" */
bool mpijob_phase_parse(struct str text, enum mpijob_phase *phase);
static inline bool mpijob_phase_finished(enum mpijob_phase p)
{
    return p == PHASE_SUCCEEDED || p == PHASE_FAILED;
}

#define MPIJOB_NO_TIME INT64_MIN

struct mpijob_view {
    struct json object;
    struct mpijob_target target;
    struct str name_space, name, uid, resource_version, api_version;
    enum mpijob_phase phase;
    struct str reason, message; /* of the condition that decides the phase; raw: escapes are not decoded */
    /* Microseconds since 1970, MPIJOB_NO_TIME where unset. finished: completionTime, else (evicted jobs) the finishing
     * condition's lastTransitionTime. */
    int64_t created, started, finished;
    int64_t running_since; /* the Running condition's lastTransitionTime, else started */
    int64_t pending_since; /* created; of a job that was suspended once, the time at which it was resumed */
    int64_t suspended_since, generation;
    bool evicted;                    /* Failed with reason MPIJobEvicted */
    bool deleting;                   /* deletionTimestamp is set */
    struct json labels, annotations; /* objects, or absent */
    int64_t workers;                 /* spec replicas of Worker; 0 where it has no Worker */
    int64_t workers_active;          /* status.replicaStatuses.Worker.active; -1 where the status does not tell: unset,
                                        or finished, as v1 and v2beta1 clear it then (mpijob/pods.h counts them) */
};

/* Resources that count as GPUs, NULL-terminated globs ("nvidia.com/gpu", "amd.com/gpu", "huawei.com/ascend-*"); the
 * default list. */
extern const char *const mpijob_gpu_resources[];

/* GPUs that the object's pod templates ask for: replicas times the containers' limits, or, without limits, their
 * requests. A role without replicas has what its kind's controller takes (kind.h). resources: as in mpijob_target.
 * Saturates. *unread: an amount among them is no quantity; it is not counted. */
int64_t mpijob_gpus(struct json object, const struct mpijob_kind *kind, const char *const *resources, bool *unread);
/* The same of a job; counted at each call, because few who view a job ask for it. */
int64_t mpijob_view_gpus(const struct mpijob_view *view, bool *unread);

#define MPIJOB_NAME_MAX 253     /* bytes */
#define MPIJOB_NAMESPACE_MAX 63 /* bytes */

/* object: a parsed job of the target's kind. ERR_INVALID where it is not: another kind, no metadata.name, a name or a
 * namespace that no API server lets through, another version than the target's. Items of a list may lack kind and
 * apiVersion. What has the wrong type elsewhere counts as unset: such objects exist, and policies have to mend them. */
int mpijob_view(struct json object, struct mpijob_target target, struct mpijob_view *view, struct error *err);

/* Durations at `now`, microseconds; -1 where they have no meaning (running_for of a pending job). */
int64_t mpijob_age(const struct mpijob_view *view, int64_t now);
int64_t mpijob_pending_for(const struct mpijob_view *view, int64_t now);
int64_t mpijob_running_for(const struct mpijob_view *view, int64_t now);
int64_t mpijob_finished_for(const struct mpijob_view *view, int64_t now);

/* Decoded label value into out (appended). False: no such label. */
bool mpijob_label(const struct mpijob_view *view, const char *key, struct buf *out);

#endif
