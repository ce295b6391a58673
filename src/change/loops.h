/* Policies that undo each other's changes, and so would go on for ever: found from what they write, and stopped.
 *
 * A write is refused where, by writes of policies with `on` and on one job,
 * - a field was given one and the same value LOOP_TIMES times within LOOP_WINDOW already: it goes back and forth
 *   between policies, or between one and somebody who is no policy;
 * - it answers a write of a policy that answered a write of a policy..., LOOP_DEPTH of them, with nobody else between:
 *   two that stamp each other's stamps never write the same value.
 *
 * A loop of policies is stopped for good: until they are loaded again, or somebody else changes the job. One policy's
 * quarrel with somebody who is none is stopped until the window has passed. One a cluster. */
#ifndef MPIJOBD_CHANGE_LOOPS_H
#define MPIJOBD_CHANGE_LOOPS_H

#include "base/clock.h"
#include "mpijob/change/change.h"

#define LOOP_TIMES 4
#define LOOP_WINDOW (600 * CLOCK_SECOND)
#define LOOP_DEPTH 16

struct loop_job;
struct loops { /* begins as zeros */
    struct loop_job *jobs, *list;
    size_t count, stopped;
};

struct loop_write {
    const char *policy;
    struct str uid;
    const char *job; /* its key, for the message */
    const struct mpijob_diff *diff;
    struct str seen; /* the resourceVersion that the policy looked at */
    int64_t now;
};

/* Before a write of a policy with `on`: 0, or ERR_REFUSED with the reason Loop, which names the policies, the job and
 * the field; told: it was said before. */
int loops_check(struct loops *loops, const struct loop_write *write, bool *told, struct error *err);
/* Any policy has written, by an event or not; version: the resourceVersion that came of it. */
void loops_wrote(struct loops *loops, const struct loop_write *write, bool by_event, struct str version);

/* A policy's write leaves, and has ended (after loops_wrote). In between the watch may tell of it before its answer has
 * come, so that a version that nobody knows proves nothing. */
void loops_begin(struct loops *loops, struct str uid);
void loops_end(struct loops *loops, struct str uid);

/* Is the policy stopped on this job? */
bool loops_stopped(const struct loops *loops, struct str uid, const char *policy, int64_t now);
bool loops_know(const struct loops *loops, struct str uid); /* the job was written to lately; cheap */
/* The job's metadata or spec were changed: if by nobody of ours (version), its loop is let go. True: one was. */
bool loops_changed(struct loops *loops, struct str uid, struct str version);
/* The policies were loaded again, or it is the end: all is forgotten, and the memory given back. */
void loops_forget(struct loops *loops);

#endif
