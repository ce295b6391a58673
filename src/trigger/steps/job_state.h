/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy with `on` knows of one job, and how that goes on: two tables, from a state and from what happens to the
 * next state and to what is to be done. Pure: the jobs, the queue, the clock and the store are for those who drive it
 * (event_*.c). It may be zeroed for a job of which nothing is known.
 *
 * One kind of event of a job (ON_MATCH, ON_ADDED...) is in one of four states, by what looks at the job have found. A
 * job as a whole is at one of seven places on its way to a run and back. The two hang together: a job of which nothing
 * is pending is idle, and one of which something is pending is not, but for the moment between a run's end and the next
 * look. A run has all that is pending of a job. */
#ifndef MPIJOBD_TRIGGER_STEPS_JOB_STATE_H
#define MPIJOBD_TRIGGER_STEPS_JOB_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* Of one kind of event. Two bits each in struct job_state. */
enum handling {
    HANDLING_NONE,    /* it has not come, or is over */
    HANDLING_PENDING, /* it has come and is to be handled */
    HANDLING_DONE,    /* it is handled, or was let pass; the job's row says so */
    HANDLING_PASSED, /* the same until the policy is loaded again, without a row: the run was dry, or failed for good */
    HANDLING_STATES
};

/* Of a job. */
enum job_place {
    PLACE_IDLE,    /* nothing is to be done */
    PLACE_QUEUED,  /* it waits for a run */
    PLACE_RUNNING, /* a run has it */
    PLACE_CHANGED, /* a run has it, and it has changed since */
    PLACE_LEFT,    /* a run has it, and it has not matched at some time since: if it does now, it came to match again */
    PLACE_DECLINED, /* `where` said no: it is asked again when the job changes */
    PLACE_WAITING,  /* a run failed at it, and it is tried again later */
    JOB_PLACES
};

enum {
    JOB_IS_SEEN = 1, /* it was looked at since the start */
    JOB_HAS_ROW = 2, /* there may be a row of it in the store */
    JOB_WAS_DRY = 4, /* its last run was dry */
    /* 8 to 32: job_since_start */
    JOB_IS_RESUMED = 64, /* it was to be handled at the start: a run that was interrupted may have begun with it */
};
/* A flag for each kind of event but ON_MATCH: it has come since the policy's first start with such events. What came
 * before is not for the policy, whatever its text is. */
static inline uint8_t job_since_start(unsigned kind)
{
    return (uint8_t)(kind << 2);
}

#define JOB_TRIES_MOST 20

/* One a job: 100,000 jobs have 100,000 of it. */
struct job_state {
    uint8_t place;    /* enum job_place */
    uint8_t handling; /* enum handling, two bits a kind of event */
    uint8_t flags;    /* JOB_IS_SEEN... */
    uint8_t tries;    /* runs in a row that failed at what is pending, JOB_TRIES_MOST at most */
};

/* ---- one kind of event ---- */

/* What is found of it. */
enum job_found {
    FOUND_NOT,        /* it is not so: the job does not match, has not finished, is being deleted */
    FOUND_LATER,      /* match: it will be so at an instant that is known */
    FOUND_LATER_SAME, /* match: the same, and that instant is the one noted last time: the clock was put back */
    FOUND_WANTED,     /* it is so, and the job matches */
    FOUND_UNWANTED,   /* added, finished: it is so, and the job does not match */
    FOUND_EARLIER,    /* added, finished: it is so, and was before the policy began with such events */
    FOUND_AGAIN,      /* match: it is so since another instant than the last time; changed: another version matches */
    FOUND_AGAIN_UNWANTED, /* changed: another version does not match, or is the one that the policy begins with */
    FOUND_SAME,           /* changed: the version is the one that was handled, or older */
    FOUND_ROW,            /* the job's row, read at the start, says that it was handled */
    JOB_FOUNDS
};

/* kind: ON_MATCH... True: the job's row is to be written. */
bool job_find(struct job_state *job, unsigned kind, enum job_found found);

enum handling job_handling(const struct job_state *job, unsigned kind);
unsigned job_kinds(const struct job_state *job, enum handling handling); /* those that are so, by bit */
/* Those that the job's row has to say are handled. What a run has counts, as the row is written with its intent. */
unsigned job_kinds_of_row(const struct job_state *job);

/* ---- a job ---- */

enum job_event {
    JOB_LOOKED_AT,        /* job_find was asked for all kinds: nothing new is pending */
    JOB_NEWS,             /* the same, and something new is pending, or the job has changed */
    JOB_NOT_QUEUED,       /* there is no memory for its place in the queue; it is looked at again when it changes */
    JOB_TAKEN,            /* a run takes it */
    JOB_NOT_STARTED,      /* that run cannot be started */
    JOB_SEEN_MATCHING,    /* it was seen while a run may have it, and matches */
    JOB_SEEN_LEAVING,     /* it was seen while a run may have it, and does not match */
    JOB_SETTLED_DONE,     /* the run has changed it; the row was written with the intent */
    JOB_SETTLED_HANDLED,  /* the run had nothing to change, or is a function that has gone on to the next job */
    JOB_SETTLED_DRY,      /* the same, or a change, by a dry run */
    JOB_SETTLED_DECLINED, /* `where` said no */
    JOB_SETTLED_FAILED,   /* the run failed at it for good */
    JOB_SETTLED_RETRY,    /* the run failed at it, and another may not */
    JOB_SETTLED_BROKE,    /* the run ended by it, or a loop of policies: it is not tried again */
    JOB_TAKEN_BACK,       /* the run has ended, or does not get it, and nothing became of it */
    JOB_TRY_DUE,          /* it is time to try again */
    JOB_RELOADED,         /* the policy was loaded again, or the job's loop is over */
    JOB_GONE,             /* it was deleted */
    JOB_EVENTS
};

/* What is to be done of the job's row. */
enum job_row {
    ROW_STAYS,   /* as it is; after JOB_SETTLED_DONE the intent has written it */
    ROW_WRITTEN, /* it says what is handled; where nothing is, and it has one, it is removed */
    ROW_REMOVED, /* if it has one */
};

/* Whether the job is to be looked at now. */
enum job_look {
    LOOK_NOT,
    LOOK_AS_BEFORE,  /* yes */
    LOOK_AS_CHANGED, /* yes, and it has changed while the run had it */
};

struct job_step {
    enum job_row row;
    enum job_look look;
};

/* The job has its next state; what is left to be done is told. A job that has entered or left PLACE_QUEUED or
 * PLACE_WAITING is to be moved. What cannot happen at a place does nothing. */
struct job_step job_step(struct job_state *job, enum job_event event);

bool job_on_run(const struct job_state *job); /* a run has it */

#endif
