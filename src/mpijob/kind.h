/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of job that have this API's PUT, as data (dialect_rows.c): what each is called, where its roles stand.
 * MPIJob is the one that was tried; the others are kubeflow.org/v1 under training-operator or CCI. */
#ifndef MPIJOBD_MPIJOB_KIND_H
#define MPIJOBD_MPIJOB_KIND_H

#include <stdint.h>

#include "base/error.h"
#include "mpijob/version.h"

struct mpijob_role {
    const char *name;
    int64_t replicas; /* where the object does not say */
};

struct mpijob_kind_info {
    const char *name;            /* "PyTorchJob" */
    const char *article;         /* of the name: "a" */
    const char *group;           /* of the API: "kubeflow.org" */
    const char *plural;          /* "pytorchjobs", as in paths */
    const char *singular;        /* "pytorchjob": the Lua module too */
    const char *definition;      /* "pytorchjobs.kubeflow.org" */
    const char *short_name;      /* as the definition has it, or NULL */
    enum mpijob_version likely;  /* until a server has said which versions it serves */
    bool inspected;              /* what does harm in such jobs was tried */
    bool launched;               /* they have a launcher */
    const char *specs;           /* of the spec: "pytorchReplicaSpecs" */
    struct mpijob_role roles[7]; /* ends at a NULL name */
};

#define MPIJOB_GROUP "kubeflow.org"

const struct mpijob_kind_info *mpijob_kind_info(enum mpijob_kind kind);
/* Its name exactly, "PyTorchJob". */
bool mpijob_kind_parse(struct str text, enum mpijob_kind *kind);
/* As kubectl takes it: name, plural, singular or short name in any case, with ".kubeflow.org" or without. */
bool mpijob_kind_find(struct str text, enum mpijob_kind *kind);
/* ERR_INVALID that lists them, and names the nearest. */
int mpijob_kind_unknown(const char *text, struct error *err);
/* Replicas of a role where the object does not say; 0 for a role that the kind does not have. */
int64_t mpijob_kind_replicas(enum mpijob_kind kind, const char *role);

/* ---- its versions ---- */

/* Is there a dialect of it? */
bool mpijob_kind_has(enum mpijob_kind kind, enum mpijob_version version);
/* An object's apiVersion, "kubeflow.org/v1". False: another group, or a version that the kind does not have here. */
bool mpijob_kind_api_version(enum mpijob_kind kind, struct str text, enum mpijob_version *version);
/* For messages, "v1alpha2, v1 and v2beta1": last is what stands before the last one, " and ". Returns how many. */
#define MPIJOB_VERSIONS_TEXT 80
int mpijob_kind_versions(enum mpijob_kind kind, const char *last, char out[MPIJOB_VERSIONS_TEXT]);
/* The one to reckon with until a server has said which it serves. */
enum mpijob_version mpijob_kind_version(enum mpijob_kind kind);

#endif
