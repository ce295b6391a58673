/* SPDX-License-Identifier: Apache-2.0 */
/* The limits that hold for an undo: those of the policy whose changes it takes back, and the ceiling of an hour. */
#ifndef MPIJOBD_CONTROL_VERBS_UNDO_LIMITS_H
#define MPIJOBD_CONTROL_VERBS_UNDO_LIMITS_H

#include "policy/load.h"
#include "run/runs.h"
#include "json/write.h"

struct undo_much {
    const struct runs *runs;          /* of the cluster; NULL: it is not reached */
    const struct policy_entry *entry; /* the policy; NULL: it is not known, or not in force */
    int64_t objects;                  /* that would be changed */
    int64_t jobs;                     /* in the policy's scope; -1: they were not counted */
};

/* More than the policy may change? Time does not help, approval does. */
bool undo_is_over(const struct undo_much *much);
const char *undo_over_which(const struct undo_much *much); /* "it exceeds limits.percent"; static */
/* 0; ERR_LIMIT: more than the policy may change (waits: that is for others to allow), or than the ceiling leaves. */
int undo_check(const struct undo_much *much, bool waits, struct error *err);
/* Members of an object, for who makes the undo: `limits_changes`, `limits_percent`, `percent_floor`, `jobs`,
 * `per_second`, `concurrency`, `changes_per_hour`, `left_in_hour`; null: there is no such limit. */
void undo_write_limits(const struct undo_much *much, struct json_writer *w);

#endif
