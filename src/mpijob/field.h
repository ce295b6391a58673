/* SPDX-License-Identifier: Apache-2.0 */
/* The replaceable fields: their names, where each stands in an object's dialect, which place counts, what it may hold.
 * The places are rows of dialect_readers.c, from kubeflow/mpi-operator v0.1 to v0.8.0, kubeflow/training-operator
 * v1.9.0 and the CCI API reference. */
#ifndef MPIJOBD_MPIJOB_FIELD_H
#define MPIJOBD_MPIJOB_FIELD_H

#include "base/error.h"
#include "mpijob/kind.h"
#include "json/value.h"

enum mpijob_field_id {
    FIELD_CLEAN_POD_POLICY,
    FIELD_ACTIVE_DEADLINE_SECONDS,
    FIELD_BACKOFF_LIMIT,
    FIELD_TTL_SECONDS_AFTER_FINISHED,
    FIELD_SUSPEND,
    FIELD_MANAGED_BY,
    FIELD_SCHEDULING_POLICY, /* an object: minAvailable, queue, minResources, priorityClass, scheduleTimeoutSeconds */
    FIELD_COUNT,             /* and "none of them" */
    FIELD_OWN,               /* from here on: the kind's own, in the order of its row */
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

/* What a value of a kind's own field may be. */
enum mpijob_type {
    TYPE_STRING,
    TYPE_NUMBER,
    TYPE_INTEGER,
    TYPE_BOOLEAN,
    TYPE_DURATION, /* whole seconds in the object, and "2h" in a policy */
    TYPE_LIST,     /* of strings */
    TYPE_TABLE,    /* an object or a list */
};
#define MPIJOB_TYPES 7
const char *mpijob_type_name(enum mpijob_type type); /* "integer" */
/* When a field may be written. */
enum mpijob_when {
    WHEN_ALWAYS,
    WHEN_ONCE,      /* while it has no value */
    WHEN_SUSPENDED, /* while the job is suspended */
    WHEN_NEVER,
};
#define MPIJOB_WHENS 4
const char *mpijob_when_name(enum mpijob_when when); /* "suspended" */
/* What a change to a value does. */
struct mpijob_field_effect {
    const char *value;  /* raw JSON, "null" for a removal; NULL: any that no entry before names */
    const char *effect; /* a name of effect/effect.h */
};
/* A field of a kind that has its own ones (kind.h). */
struct mpijob_field_row {
    const char *name;
    const struct mpijob_place *places; /* by the kind's versions */
    enum mpijob_type type;
    const char *const *values; /* raw JSON, NULL-terminated: those that are allowed; NULL: any of the type */
    bool has_least, has_most;  /* of a number */
    double least, most;
    enum mpijob_when when;
    bool required; /* it cannot be removed */
    /* Its definition has none: the row is there to tell what becomes of a change of it. */
    bool absent;
    const struct mpijob_field_effect *effects; /* end at a NULL effect; NULL: not known */
    const char *why;                           /* a sentence about the effect, or NULL */
    const char *asks; /* the key of the row that is a function, "when": a change cannot be judged here. NULL: none */
};
/* NULL: the field is no own one of the kind. */
const struct mpijob_field_row *mpijob_field_row(const struct mpijob_kind *kind, enum mpijob_field_id field);

const char *mpijob_field_name(enum mpijob_field_id field); /* "cleanPodPolicy" */
/* The same, of a kind's own field too. */
const char *mpijob_kind_field_name(const struct mpijob_kind *kind, enum mpijob_field_id field);
/* False: the kind has no field of that name. kind NULL: MPIJob. */
bool mpijob_field_find(const struct mpijob_kind *kind, struct str name, enum mpijob_field_id *field);
/* Those that can be replaced, "labels" and "annotations" too, into names[], NULL-terminated; as many as find room. */
#define MPIJOB_FIELDS_MOST 72
void mpijob_kind_field_names(const struct mpijob_kind *kind, const char *names[MPIJOB_FIELDS_MOST]);
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
/* The same, of a kind's own field too. ERR_INVALID. */
int mpijob_kind_field_check(const struct mpijob_kind *kind, enum mpijob_field_id field, struct json value,
                            struct error *err);
/* May the field be written in a job as it is, value (absent: none) and suspended? NULL: it may; else why not. */
const char *mpijob_field_held(const struct mpijob_field_row *row, struct json value, bool suspended);
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
