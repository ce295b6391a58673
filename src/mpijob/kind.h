/* The kinds of job that have this API's PUT, as data: what each is called, the versions it is known in, where its roles
 * stand. MPIJob is the one that was tried; the others are kubeflow.org/v1 under training-operator or CCI. */
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
    const char *plural;          /* "pytorchjobs", as in paths */
    const char *singular;        /* "pytorchjob": the Lua module too */
    const char *definition;      /* "pytorchjobs.kubeflow.org" */
    const char *short_name;      /* as the definition has it, or NULL */
    const char *versions;        /* for messages: "v1alpha2, v1 and v2beta1" */
    unsigned version_bits;       /* 1 << enum mpijob_version */
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
bool mpijob_kind_has(enum mpijob_kind kind, enum mpijob_version version);
/* The one that a kind with a single version has; of MPIJob the newest. */
enum mpijob_version mpijob_kind_version(enum mpijob_kind kind);

#endif
