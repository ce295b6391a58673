/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of object that one policy is about (`kind = "MPIJob"`, or a list of them), and the changes of its `replace`
 * table as each of them has these fields. */
#ifndef MPIJOBD_POLICY_KINDS_POLICY_KINDS_H
#define MPIJOBD_POLICY_KINDS_POLICY_KINDS_H

#include "mpijob/change/job_changes.h"
#include "json/value.h"

struct policy_kind {
    const struct mpijob_kind *kind; /* never NULL; held where it is a plugin's */
    struct mpijob_changes changes;  /* of a `replace` table; checked already */
};

/* In the order of the list; never empty once a policy is read. */
struct policy_kinds {
    struct policy_kind *of;
    size_t count;
};

/* Takes the kind, and holds it from now on; the caller's own hold is the caller's still. ERR_INVALID: it is there
 * already; ERR_NOMEM. */
int policy_kinds_add(struct policy_kinds *kinds, const struct mpijob_kind *kind, struct error *err);
void policy_kinds_free(struct policy_kinds *kinds);

/* NULL: the policy is not about it. */
const struct policy_kind *policy_kinds_find(const struct policy_kinds *kinds, const struct mpijob_kind *kind);
static inline bool policy_kinds_have(const struct policy_kinds *kinds, const struct mpijob_kind *kind)
{
    return policy_kinds_find(kinds, kind) != NULL;
}
/* As bits by their index. */
uint64_t policy_kinds_bits(const struct policy_kinds *kinds);
/* The kind of an object that the policy was given, by its own `kind` and `apiVersion`; the first of the list where the
 * object does not say. */
const struct mpijob_kind *policy_kinds_of(const struct policy_kinds *kinds, struct json object);
/* The same of an object's bytes. */
const struct mpijob_kind *policy_kinds_of_text(const struct policy_kinds *kinds, struct str object);
/* "MPIJobs, TrainJobs and JobSets": those that `which` takes, of all kinds where it is NULL. Appended; a field that it
 * is asked about is its data. */
void policy_kinds_names(const struct policy_kinds *kinds,
                        bool (*which)(const struct mpijob_kind *kind, const void *data), const void *data,
                        struct buf *out);
/* A job as people name it: "train/bert" as it is, and of several kinds "trainjob/train/bert". Returns job or out. */
#define POLICY_KINDS_JOB 700
const char *policy_kinds_job(const struct policy_kinds *kinds, const struct mpijob_kind *kind, const char *job,
                             char out[POLICY_KINDS_JOB]);
/* Does the kind have a field of that name which can be replaced? "labels" and "annotations" every kind has. */
bool policy_kinds_field(const struct mpijob_kind *kind, const char *field);

#endif
