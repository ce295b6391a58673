/* SPDX-License-Identifier: Apache-2.0 */
/* The dialects of the jobs' API, as one table: what differs by a job's kind, the version that it is read in and the
 * controller that acts on it. A new kind or version is a row there (dialect_rows.c), its rows of effects
 * (effect/effect_table.c), and nothing else: code that has to know asks for a property of the row, and compares neither
 * versions nor controllers. A property that a row leaves out is 0, and 0 means "not known", so that nothing is told of
 * one version that was seen in another. */
#ifndef MPIJOBD_MPIJOB_DIALECT_H
#define MPIJOBD_MPIJOB_DIALECT_H

#include "mpijob/field.h"

/* The releases that were tried (tests/fixtures/effects.tsv), a bit each. An object does not tell which release serves
 * it, so a verdict is what all releases that come into question agree on. */
enum mpijob_release {
    V1ALPHA2_023 = 1 << 0,
    V1ALPHA2_030 = 1 << 1,
    V1_023 = 1 << 2,
    V1_030 = 1 << 3,
    V2BETA1_030 = 1 << 4,
    V2BETA1_040 = 1 << 5,
    V2BETA1_060 = 1 << 6,
    V2BETA1_080 = 1 << 7,
    TRAINING_190 = 1 << 8,
};
#define RELEASES 9
#define V1ALPHA2_ALL (V1ALPHA2_023 | V1ALPHA2_030)
#define V1_MPI_ALL (V1_023 | V1_030)
#define V2BETA1_ALL (V2BETA1_030 | V2BETA1_SUSPEND)
#define V2BETA1_SUSPEND (V2BETA1_040 | V2BETA1_060 | V2BETA1_080) /* those that have suspend and schedulingPolicy */
#define V2BETA1_MANAGED (V2BETA1_060 | V2BETA1_080)               /* those that have managedBy, and a late launcher */

/* ---- what reads a job ---- */

/* An object that a controller makes for a job, and through which fields act that do not act in the job itself. */
struct mpijob_child {
    enum mpijob_children is; /* as its job's kind says */
    const char *kind;        /* "Job" */
    const char *words;       /* "launcher Job": for messages, before its name */
    const char *group, *version, *plural;
    const char *suffix; /* its name is the job's, and this; NULL: it is looked for among the Jobs of a JobSet */
    const struct mpijob_kind *set; /* the JobSet between job and child, which has the job's name; NULL: the job is it */
    const char *label, *value;     /* that it has besides the name of its JobSet; NULL: any Job of it */
    const char *const *fields;     /* that it has, in its spec; NULL-terminated */
    bool instead;                  /* it is changed instead of the job, whose own field does something else */
    bool takes_values;             /* it gets the job's when it is created */
    bool only_lowers;              /* its deadline can be set or lowered, and not raised or removed */
};

/* When the job's deadline is looked at. */
enum mpijob_deadline_read {
    DEADLINE_UNKNOWN,
    DEADLINE_NEVER,
    DEADLINE_AT_LAUNCH, /* once, when the launcher Job is created */
    DEADLINE_ON_EVENTS, /* with every event of the job, an edit of a label too */
    DEADLINE_ON_EVENTS_OR_NEVER,
};
/* What comes of a value of the wrong type. */
enum mpijob_wrong_type {
    WRONG_TYPE_UNKNOWN,
    WRONG_TYPE_STOPS,            /* the controller can decode its list of jobs no more */
    WRONG_TYPE_STOPS_UPSTREAM,   /* upstream's does; the one in use could not be tried */
    WRONG_TYPE_STOPS_OR_REFUSED, /* one of the two controllers does, the other's definition refuses it */
    WRONG_TYPE_REFUSED,          /* the definition refuses it (422) */
};
/* What comes of a cleanPodPolicy other than None, Running and All. */
enum mpijob_bad_policy {
    BAD_POLICY_UNKNOWN,
    BAD_POLICY_IS_NONE,
    BAD_POLICY_IS_NONE_UPSTREAM, /* upstream's controller acts so; the one in use could not be tried */
    BAD_POLICY_IS_ALL,
    BAD_POLICY_IS_NONE_OR_ALL, /* by the one controller or by the other */
    BAD_POLICY_STOPS_JOB,      /* the controller looks at this job no more */
};
enum mpijob_negative_deadline {
    NEGATIVE_DEADLINE_UNKNOWN,
    NEGATIVE_DEADLINE_IGNORED,
    NEGATIVE_DEADLINE_FAILS_JOB,
    NEGATIVE_DEADLINE_FAILS_OR_IGNORED, /* by the one controller or by the other */
    NEGATIVE_DEADLINE_STOPS_JOB,
};
/* What becomes of the pods of an evicted job. */
enum mpijob_evicted_pods {
    EVICTED_PODS_UNKNOWN,
    EVICTED_PODS_CLEANED,      /* as of any job that has ended */
    EVICTED_PODS_STAY,         /* whatever the policy */
    EVICTED_PODS_STAY_PERHAPS, /* under one of the two controllers */
    EVICTED_PODS_WAIT,         /* until the launcher Job has ended for good, or the job is suspended */
};

/* The places whose types the program decodes. */
enum {
    DECODES_SPEC_POLICY = 1 << 0,  /* spec.cleanPodPolicy */
    DECODES_SPEC_NUMBERS = 1 << 1, /* spec.activeDeadlineSeconds, spec.backoffLimit */
    DECODES_RUN_POLICY = 1 << 2,   /* spec.runPolicy, but for the next two */
    DECODES_RUN_OWNER = 1 << 3,    /* spec.runPolicy.suspend, spec.runPolicy.managedBy */
};
/* The misplaced fields that its definition throws away. */
enum { DROPS_SPEC_POLICY = 1 << 0, DROPS_SPEC_NUMBERS = 1 << 1 };

/* The program that reads the jobs (or the two of which one does): where it looks,
 * and what it makes of what it finds. */
struct mpijob_reader {
    const char *name; /* for messages: "v1alpha2's mpi-operator" */
    struct mpijob_place places[FIELD_COUNT];
    const char *const *pod_labels; /* those that hold the job's name, see mpijob_pod_labels */
    const char *manager;           /* what managedBy says of its own jobs; NULL: the field has no place, or not known */
    const struct mpijob_child *child; /* NULL: none that changes go through */
    unsigned decodes, drops;          /* DECODES_, DROPS_ */
    unsigned never_reads;             /* fields, 1 << enum mpijob_field_id, wherever they stand */
    bool two;                         /* one of two programs that read different places */
    bool documented_only;             /* it could not be tried; what is known of it is its documentation */
    bool status_keeps_workers;        /* replicaStatuses tells the active workers after the job's end, too */
    bool keeps_labels;                /* labels and annotations of the job do not go to its pods */
    bool ttl_ends_launcher;           /* ttlSecondsAfterFinished deletes the launcher, never the job */
    enum mpijob_deadline_read deadline;
    enum mpijob_wrong_type wrong_type;
    enum mpijob_bad_policy bad_policy;
    enum mpijob_negative_deadline negative_deadline;
    enum mpijob_evicted_pods evicted;
};

/* ---- what stands around it ---- */

/* The API server in front of it. */
struct mpijob_server {
    const char *name;        /* for messages: "CCI"; NULL: a Kubernetes like any other */
    bool strict;             /* takes fieldValidation=Strict */
    bool namespaced_only;    /* lists and watches within a namespace only */
    const char *const *only; /* the members of spec that may be replaced, NULL-terminated; NULL: all */
};

/* The definition (CRD) that comes with the controller. */
struct mpijob_definition {
    bool keeps_unknown;             /* fields that it does not name: if one is dropped, another definition did it */
    const char *program;            /* for messages: "mpi-operator" */
    const char *since[FIELD_COUNT]; /* the program's first release that has the field, "v0.4"; NULL: nothing to say */
};

/* What the controller removes of a job that has ended. */
struct mpijob_cleanup {
    bool suspended;  /* all pods of one that is suspended */
    bool evicted;    /* what the policy says, of an evicted one too */
    bool by_default; /* without a policy it acts as with Running; else as with None */
    bool by_mistake; /* with a policy that is not one of the three it acts as with All; else as with None */
};

struct mpijob_dialect {
    const struct mpijob_kind *kind;
    enum mpijob_version version;
    enum mpijob_controller controller;
    bool usual;                         /* the controller that follows from kind and version */
    bool open;                          /* which of two controllers acts is to be found out (evidence.h) */
    const struct mpijob_reader *reader; /* never NULL, as the next two */
    const struct mpijob_server *server;
    const struct mpijob_definition *definition;
    const struct mpijob_cleanup *cleanup; /* NULL: not known */
    bool through_child;                   /* fields that the child has too work there, and not in the job */
    bool pods_seen;                       /* its pods' labels were seen; else the lack of such pods proves nothing */
    /* Verdicts: by the releases that were tried, or by those of other controllers of the same kind and version. */
    unsigned releases;
    enum mpijob_controller judged_like[2];
    int judged_count;
    const char *untried;         /* why the verdict can only be told as another's; NULL: it is the dialect's own */
    const char *untried_cleanup; /* the same of cleanPodPolicy in a job that has ended; NULL: as untried */
    const char *instead;         /* whose verdict is told: "under upstream's mpi-operator it" */
    bool instead_why;            /* with its sentence */
};

/* The row. Where the table has none, one in which nothing is known: no field has a place, nothing was tried. */
const struct mpijob_dialect *mpijob_dialect(struct mpijob_target target);
const struct mpijob_dialect *mpijob_dialect_of(const struct mpijob_kind *kind, enum mpijob_version version,
                                               enum mpijob_controller controller);
/* Does a field of that name act in a child of such a job, in whose place it is changed? */
bool mpijob_child_takes(const struct mpijob_kind *kind, const char *field);
/* Of a kind whose own row tells its fields, and of which nothing else is known. */
extern const struct mpijob_dialect mpijob_dialect_plain;
/* Has the table such a row? */
bool mpijob_dialect_known(const struct mpijob_dialect *dialect);

/* Does a value of managedBy name the dialect's own controller? */
bool mpijob_manager_is_own(struct json value, struct mpijob_target target);

/* The controller as far as kind and version alone tell: MPIJobs of v1alpha2 and v2beta1 are mpi-operator's, of v1:
 * unknown; the other kinds are training-operator's. */
enum mpijob_controller mpijob_controller_of(const struct mpijob_kind *kind, enum mpijob_version version);

#endif
