/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of job that have this API's PUT, as data: what each is called, where its roles and its fields stand. MPIJob
 * is the one that was tried most; TFJob, PyTorchJob and MXJob are kubeflow.org/v1 under training-operator or CCI;
 * TrainJob, JobSet and Kubernetes' own Job have fields of their own (kinds_described.c). Rows of the same form are
 * added at run time: kinds_added.h. */
#ifndef MPIJOBD_MPIJOB_KIND_H
#define MPIJOBD_MPIJOB_KIND_H

#include <stdint.h>

#include "base/error.h"
#include "mpijob/version.h"
#include "json/value.h"

/* What a kind of job has of children through which changes can go; rows by it stand where children are asked for. */
enum mpijob_children {
    CHILD_NONE,
    CHILD_LAUNCHER, /* a Job or a Pod, by version: it starts the processes */
    CHILD_OF_SET,   /* a Job of its JobSet, or of the JobSet itself */
};
#define MPIJOB_CHILDREN 3
const char *mpijob_child_called(enum mpijob_children child); /* "launcher": as people call it */

struct mpijob_role {
    const char *name;
    int64_t replicas; /* where the object does not say */
};

/* A field that this kind has by its own row. */
struct mpijob_field_row;
struct mpijob_dialect;

/* Where the row says that a job is in a phase. */
struct mpijob_phase_row {
    int phase; /* enum mpijob_phase */
    const char
        *where; /* the type of a condition that is True; or, beginning with a slash, a place whose value is neither
                          absent, false, 0 nor "" */
    /* Not NULL: `where` holds counts, and as many as are wanted have to be ready or to have succeeded: an object of
     * them, and this is the place of the number (absent: 1); or a list of them, and this is the place of a list whose
     * items of the same name have `replicas`, or "": one of each. */
    const char *wanted;
};

/* Where a kind has the templates of its pods. */
struct mpijob_template_place {
    const char *each;      /* a list, and what follows stands in its items; NULL: in the object */
    const char *counts[2]; /* how many pods: their product; absent counts as 1 */
    const char *pod;       /* its spec; NULL: only the next is known */
    const char *resources; /* limits and requests of a pod */
};

struct mpijob_kind {
    size_t index;                /* its place in tables by kind: no other kind in use has it */
    const char *name;            /* "PyTorchJob" */
    const char *article;         /* of the name: "a" */
    const char *group;           /* of the API: "kubeflow.org" */
    const char *plural;          /* "pytorchjobs", as in paths */
    const char *singular;        /* "pytorchjob": the Lua module too */
    const char *definition;      /* "pytorchjobs.kubeflow.org" */
    const char *short_name;      /* as the definition has it, or NULL */
    enum mpijob_version likely;  /* until a server has said which versions it serves */
    const char *by;              /* who says all this: "the plugin batch"; NULL: it is built in */
    bool inspected;              /* what does harm in such jobs was tried */
    enum mpijob_children child;  /* what changes can go through */
    const char *specs;           /* of the spec: "pytorchReplicaSpecs" */
    struct mpijob_role roles[7]; /* ends at a NULL name */
    /* Of a kind that has more than names of its own; what is NULL is as with MPIJobs. */
    const char *const *versions;           /* NULL-terminated, the best first; enum mpijob_version counts them */
    const struct mpijob_dialect *dialect;  /* of all its versions; NULL: rows of the table */
    const struct mpijob_field_row *fields; /* instead of those of field.h */
    size_t field_count;
    const struct mpijob_phase_row *phases; /* from the one that is looked at first; ends at a NULL place */
    bool phased;  /* its phase is known: by `phases`, or by the conditions that have their names */
    bool undated; /* its status has no times: it starts when it is made or resumed, and ends by its condition */
    const struct mpijob_template_place *templates; /* ends at one without counts; NULL: not known, or as `specs` says */
};

#define MPIJOB_GROUP "kubeflow.org"

/* Those that are built in, by their index; the first ones are kubeflow.org's, and one look at a server finds all of
 * them. */
#define MPIJOB_KINDS 4
#define MPIJOB_KINDS_BUILT_IN 7
extern const struct mpijob_kind mpijob_kinds_built_in[MPIJOB_KINDS_BUILT_IN];
#define KIND_MPIJOB (&mpijob_kinds_built_in[0])
#define KIND_TFJOB (&mpijob_kinds_built_in[1])
#define KIND_PYTORCHJOB (&mpijob_kinds_built_in[2])
#define KIND_MXJOB (&mpijob_kinds_built_in[3])
#define KIND_TRAINJOB (&mpijob_kinds_built_in[4])
#define KIND_JOBSET (&mpijob_kinds_built_in[5])
#define KIND_JOB (&mpijob_kinds_built_in[6])
/* Those with an index below MPIJOB_KINDS_BUILT_IN. */
const struct mpijob_kind *mpijob_kind_at(size_t index);
/* More than any index: the length of a table by kind. */
#define MPIJOB_KINDS_MOST 32
static inline size_t mpijob_kind_index(const struct mpijob_kind *kind)
{
    return kind ? kind->index : 0; /* as everywhere, NULL is MPIJob */
}
/* Does its own row tell its fields? Then those of field.h are not its, and what a change does is told as of any object
 * (effect/others.h). */
static inline bool mpijob_kind_described(const struct mpijob_kind *kind)
{
    return kind && kind->versions;
}
/* Was its row made at run time (kinds_added.h)? */
static inline bool mpijob_kind_added(const struct mpijob_kind *kind)
{
    return kind && kind->by;
}

/* The kind itself; of NULL: MPIJob. */
const struct mpijob_kind *mpijob_kind_info(const struct mpijob_kind *kind);
/* Its name exactly, "PyTorchJob". */
bool mpijob_kind_parse(struct str text, const struct mpijob_kind **kind);
/* As kubectl takes it: name, plural, singular (with an "s" too) or short name in any case, with ".kubeflow.org" or
 * without. */
bool mpijob_kind_find(struct str text, const struct mpijob_kind **kind);
/* ERR_INVALID that lists them, and names the nearest. */
int mpijob_kind_unknown(const char *text, struct error *err);
/* Replicas of a role where the object does not say; 0 for a role that the kind does not have. */
int64_t mpijob_kind_replicas(const struct mpijob_kind *kind, const char *role);

/* ---- its versions ---- */

/* "v1alpha2". */
const char *mpijob_kind_version_name(const struct mpijob_kind *kind, enum mpijob_version version);
/* The same of a target's. */
const char *mpijob_target_version(struct mpijob_target target);
/* The name without its group. False: the kind has no such version here. */
bool mpijob_kind_version_parse(const struct mpijob_kind *kind, struct str text, enum mpijob_version *version);

/* Is there a dialect of it? */
bool mpijob_kind_has(const struct mpijob_kind *kind, enum mpijob_version version);
/* An item of metadata.ownerReferences: the built-in kind of the job that controls the object, and would put back what
 * is done to it; NULL: it is no such owner. */
const struct mpijob_kind *mpijob_keeper(struct json owner);
/* An object's apiVersion, "kubeflow.org/v1". False: another group, or a version that the kind does not have here. */
bool mpijob_kind_api_version(const struct mpijob_kind *kind, struct str text, enum mpijob_version *version);
/* For messages, "v1alpha2, v1 and v2beta1": last is what stands before the last one, " and ". Returns how many. */
#define MPIJOB_VERSIONS_TEXT 80
int mpijob_kind_versions(const struct mpijob_kind *kind, const char *last, char out[MPIJOB_VERSIONS_TEXT]);
/* The one to reckon with until a server has said which it serves. */
enum mpijob_version mpijob_kind_version(const struct mpijob_kind *kind);

#endif
