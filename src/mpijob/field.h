/* SPDX-License-Identifier: Apache-2.0 */
/* The replaceable fields: their names, where each stands in an object's dialect, which place counts, what it may hold.
 * The places are rows of dialect_readers.c, from kubeflow/mpi-operator v0.1 to v0.8.0, kubeflow/training-operator
 * v1.9.0 and the CCI API reference. */
#ifndef MPIJOBD_MPIJOB_FIELD_H
#define MPIJOBD_MPIJOB_FIELD_H

#include "base/error.h"
#include "mpijob/version.h"
#include "json/value.h"

enum mpijob_field_id {
    FIELD_CLEAN_POD_POLICY,
    FIELD_ACTIVE_DEADLINE_SECONDS,
    FIELD_BACKOFF_LIMIT,
    FIELD_TTL_SECONDS_AFTER_FINISHED,
    FIELD_SUSPEND,
    FIELD_MANAGED_BY,
    FIELD_SCHEDULING_POLICY, /* an object: minAvailable, queue, minResources, priorityClass, scheduleTimeoutSeconds */
    FIELD_COUNT
};

/* What a field is in one dialect. */
struct mpijob_place {
    bool has;              /* the version knows the field */
    bool replaceable;      /* the API lets it be replaced */
    const char *pointer;   /* where to write it, "/spec/runPolicy/cleanPodPolicy" */
    const char *also;      /* a second place that has to be kept equal where it exists already, or NULL
                              (v1 training-operator: /spec/cleanPodPolicy) */
    const char *overrides; /* a place that wins over `pointer` where it exists, or NULL (v1alpha2:
                              runPolicy.activeDeadlineSeconds); it is changed along where it exists */
};

const char *mpijob_field_name(enum mpijob_field_id field); /* "cleanPodPolicy" */
/* False: no field of that name. */
bool mpijob_field_find(struct str name, enum mpijob_field_id *field);
const char *const *
mpijob_field_names(void); /* all, NULL-terminated; "labels" and "annotations" too: for "did you mean" */
/* Never NULL; without `has` in a dialect that is not known (dialect.h). */
const struct mpijob_place *mpijob_field_place(enum mpijob_field_id field, struct mpijob_target target);

/* The value in force in an object: where it is read from by the controller (overrides first); absent where unset.
 * JSON null counts as absent. */
struct json mpijob_field_value(struct json object, enum mpijob_field_id field, struct mpijob_target target);
/* What stands at one place; null counts as absent. pointer NULL: absent. */
struct json mpijob_value_at(struct json object, const char *pointer);

/* Is the value allowed? cleanPodPolicy exactly None, Running or All; activeDeadlineSeconds an integer from 1 to 2^31-1;
 * says what was given, what is allowed, and the nearest right value. `null` (remove) is always allowed. ERR_INVALID. */
int mpijob_field_check(enum mpijob_field_id field, struct json value, struct error *err);
/* The members of schedulingPolicy, NULL-terminated; index: which one a name is, or -1. */
extern const char *const mpijob_scheduling_members[];
int mpijob_scheduling_member(struct str name);
/* One member's value; null (remove) is allowed. ERR_INVALID, ERR_NOMEM. */
int mpijob_scheduling_check(struct str member, struct json value, struct error *err);

/* Label and annotation syntax as the API server checks it: key = [prefix/]name, label values at most 63 characters.
 * ERR_INVALID. */
int mpijob_label_check(struct str key, struct str value, struct error *err);
int mpijob_annotation_check(struct str key, struct error *err);

#endif
