/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of Kueue's Workloads, by the uid of the job that each manages: its state, its name, and why it is in
 * that state. Texts that many have in common are kept once. */
#ifndef MPIJOBD_WORKLOADS_WORKLOAD_TABLE_H
#define MPIJOBD_WORKLOADS_WORKLOAD_TABLE_H

#include "mpijob/kueue.h"

struct listed_workload { /* texts are the table's, until it changes; "" where the Workload does not tell it */
    enum kueue_state state;
    const char *name, *reason, *message; /* message: shortened */
};

/* What is known of a job's Workload. */
enum workload_seen {
    WORKLOAD_FOUND,
    WORKLOAD_NONE,     /* it has none, or not yet */
    WORKLOAD_NO_KUEUE, /* the server has no Kueue */
    WORKLOAD_UNSEEN,   /* nothing: of a watch that does not see its namespace now */
};

/* The state of a job that Kueue manages. ended: the job has: then its Workload, which may be gone, was over too. False:
 * it is not known, or the server has no Kueue. */
bool workload_state(enum workload_seen seen, const struct listed_workload *workload, bool ended,
                    enum kueue_state *state);

/* The job of a Workload: views into the Workload. Empty where it does not tell them. */
struct workload_job {
    struct str name_space, kind, name; /* raw */
    char uid[64];
};
/* False: it has no label of its job's uid, as it is a group of pods, or is no Workload. */
bool workload_job_of(struct json workload, struct workload_job *job);

struct workload_kept;
struct workload_text;
struct workload_table { /* begins as zeros */
    struct workload_kept *by_uid;
    struct workload_text *texts;
    size_t count, bytes; /* of memory, about */
    unsigned round;
};

enum workload_put {
    WORKLOAD_SAME, /* its state, its name and the reason are as they were */
    WORKLOAD_NEWS,
    WORKLOAD_NOMEM, /* the table is as it was, or has none of the job */
};
/* Of a job whose Workload was deleted there may be two for a moment: the one that stays counts. */
enum workload_put workload_table_put(struct workload_table *table, const struct workload_job *job,
                                     struct json workload);
/* The Workload was deleted. False: another one of the job's is kept, or none. */
bool workload_table_drop(struct workload_table *table, const struct workload_job *job, struct json workload);
/* A list begins; it is done: what it has not put goes, and how many these were. */
void workload_table_relist(struct workload_table *table);
size_t workload_table_listed(struct workload_table *table);
bool workload_table_find(const struct workload_table *table, struct str uid, struct listed_workload *out);
void workload_table_free(struct workload_table *table); /* empties it */

#endif
