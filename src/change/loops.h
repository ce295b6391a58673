/* SPDX-License-Identifier: Apache-2.0 */
/* Finds policies with `on` that undo each other's changes of a job, and so would go on for ever; and stops them.
 *
 * Two things are a loop, and a write that would go on with one is refused:
 * - back and forth: such policies have given a field of the job the same value LOOP_TIMES times within LOOP_WINDOW. The
 *   other side is another policy, or a writer that is no policy (a controller, a person).
 * - a chain: the write answers a policy's write, which answered a policy's write, and so on, LOOP_DEPTH of them, and no
 *   other writer came between. Two policies that each count the other's changes never write the same value twice.
 *
 * A loop of policies is stopped until they are loaded again, or until another writer changes the job. A loop of one
 * policy and a writer that is no policy (a quarrel, below) is stopped until LOOP_WINDOW has passed. One struct loops
 * for each cluster. */
#ifndef MPIJOBD_CHANGE_LOOPS_H
#define MPIJOBD_CHANGE_LOOPS_H

#include "base/clock.h"
#include "mpijob/change/job_changes.h"

#define LOOP_TIMES 4
#define LOOP_WINDOW (600 * CLOCK_SECOND) /* microseconds */
#define LOOP_DEPTH 16

struct loop_job;
struct loops {             /* begins as zeros */
    struct loop_job *jobs; /* a hash by uid */
    struct loop_job *list; /* the same, by their last write */
    size_t count;          /* of them */
    size_t stopped;        /* those on which a policy is stopped */
};

struct loop_write {
    const char *policy;
    struct str uid;
    const char *job; /* its key, for the message */
    const struct mpijob_diff *diff;
    struct str seen; /* the resourceVersion that the policy has read */
    int64_t now;     /* microseconds since 1970 */
};

/* Before a write of a policy with `on`: 0, or ERR_REFUSED with the reason Loop, whose message names the policies, the
 * job and the field. *told: an earlier call has said so already. */
int loops_check(struct loops *loops, const struct loop_write *write, bool *told, struct error *err);
/* A policy has written, by an event or not. version: the resourceVersion that the write has made. */
void loops_wrote(struct loops *loops, const struct loop_write *write, bool by_event, struct str version);

/* A policy's write leaves; a policy's write has ended (called after loops_wrote). Between the two the watch may show
 * the write before its answer has come, so an unknown version does not prove another writer. */
void loops_begin(struct loops *loops, struct str uid);
void loops_end(struct loops *loops, struct str uid);

/* Is the policy stopped on this job? now, and instants below: microseconds since 1970. */
bool loops_stopped(const struct loops *loops, struct str uid, const char *policy, int64_t now);
/* The same in a sentence, valid until something is written; NULL: it is not. *until: the instant from which it may go
 * on, INT64_MAX where that is no matter of time. */
const char *loops_why(const struct loops *loops, struct str uid, const char *policy, int64_t now, int64_t *until);
/* Did a policy write to the job lately? Cheap. */
bool loops_know(const struct loops *loops, struct str uid);
/* The job's metadata or spec has changed, and is at this version now. Where no policy made that version, policies that
 * are stopped on the job may go on. True: there were some. */
bool loops_changed(struct loops *loops, struct str uid, struct str version);
/* The policies were loaded again, or it is the end: forgets everything, and frees the memory. */
void loops_forget(struct loops *loops);

#endif
