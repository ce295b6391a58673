/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs that are set up wrongly without a sign of it: what a server stored with a 200 and a controller ignores, takes
 * for something else, or cannot read. Only what the facts support (docs/reference/inspect.md) is a finding; TFJobs,
 * PyTorchJobs and MXJobs have none.
 *
 *     mpijob_inspect(&view, pods, now, found, data, &err)    each finding is handed to `found`
 *     mpijob_problems(&view, now, wanted, &bits, &due, &err)    the same as bits, for matching */
#ifndef MPIJOBD_MPIJOB_INSPECT_INSPECT_H
#define MPIJOBD_MPIJOB_INSPECT_INSPECT_H

#include "mpijob/pods.h"

enum mpijob_problem {
    PROBLEM_WRONG_TYPE,
    PROBLEM_OBJECT_FOR_LIST,
    PROBLEM_BAD_POLICY,
    PROBLEM_NEGATIVE_DEADLINE,
    PROBLEM_WRONG_PLACE,
    PROBLEM_PATHS_DIFFER,
    PROBLEM_MISSPELT_FIELD,
    PROBLEM_DROPPED_FIELD,
    PROBLEM_IGNORED_FIELD,
    PROBLEM_DEAD_DEADLINE,
    PROBLEM_DEAD_TTL,
    PROBLEM_HOLDS_GPUS,
    PROBLEM_EVICTED,
    PROBLEM_OTHER_MANAGER,
    PROBLEM_NO_SUCCESS_POLICY, /* this and the next ones: of TrainJobs, JobSets and Jobs */
    PROBLEM_RUNS_AGAIN,
    PROBLEM_SUSPENDED_AFTER_END,
    PROBLEM_COUNT
};
#define PROBLEM_ANY ((1U << PROBLEM_COUNT) - 1)

enum mpijob_severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

const char *mpijob_problem_name(enum mpijob_problem problem);  /* "wrong-type" */
const char *mpijob_problem_about(enum mpijob_problem problem); /* half a sentence for a summary */
const char *mpijob_severity_name(enum mpijob_severity severity);
/* All names, NULL-terminated. */
const char *const *mpijob_problem_names(void);
/* A name, or "any"; as bits. False: no such problem. */
bool mpijob_problem_parse(struct str text, unsigned *bits);

#define FINDING_EDITS 2
#define FINDING_POINTER 256

/* One place that the cure changes. */
struct mpijob_cure_edit {
    char pointer[FINDING_POINTER];
    char raw[80]; /* the new value as JSON; "": the place is removed */
};

struct mpijob_finding {
    enum mpijob_problem problem;
    enum mpijob_severity severity;
    char pointer[FINDING_POINTER]; /* where; "/spec/activeDeadlineSeconds" */
    char value[80];                /* what stands there, raw, cut where it is long; "": nothing */
    char means[640];               /* a sentence: what comes of it */
    char cure[400];                /* a sentence: the change that heals it, or what to do where none does */
    struct mpijob_cure_edit edits[FINDING_EDITS];
    size_t edit_count; /* 0: people have to decide what would heal it */
    bool safe;         /* the edits may be made unasked: they guess nothing, and nothing ends or is lost by them */
};

/* A finding's pointer as people write it, "spec.cleanPodPolicy". Returns out. */
const char *mpijob_finding_path(const char *pointer, char out[FINDING_POINTER]);

/* The finding is valid during the call. */
typedef void (*mpijob_found)(void *data, const struct mpijob_finding *finding);
/* pods: of all jobs, or NULL, where they cannot be listed. now: microseconds. ERR_NOMEM only; findings may have been
 * handed over before it. */
int mpijob_inspect(const struct mpijob_view *view, const struct mpijob_pods *pods, int64_t now, mpijob_found found,
                   void *data, struct error *err);

/* The problems that the job has now, as bits. due (may be NULL): the first instant after now at which time alone gives
 * it one of `wanted` that it does not have, INT64_MAX: never. 0 or ERR_NOMEM. */
int mpijob_problems(const struct mpijob_view *view, int64_t now, unsigned wanted, unsigned *problems, int64_t *due,
                    struct error *err);

#endif
