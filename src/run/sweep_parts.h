/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep's insides, shared by the files sweep*.c only. */
#ifndef MPIJOBD_RUN_SWEEP_PARTS_H
#define MPIJOBD_RUN_SWEEP_PARTS_H

#include "loop/work.h"
#include "run/sweep.h"

#define RESUMED_MAX 64 /* so many earlier runs of one instant are looked at */

struct lua_job;
struct warned_event; /* one that the run waits for */
struct done_before;  /* a hash of the uids that the interrupted run has changed */

struct again { /* a job that another writer has changed between the run's read and its write */
    struct again *next;
    char *object;
    size_t len;
    int tries; /* that were made to change it */
};

struct sweep {
    struct work work;         /* reads in the journal what an interrupted run has changed; first member */
    int64_t ids[RESUMED_MAX]; /* of the runs of this instant before this one */
    size_t id_count;
    bool reading;
    const struct error *read_error; /* why the journal could not be read (error_keep); NULL: it could */
    struct run *run;
    struct listing *listing;
    struct done_before *before;
    struct again *again;        /* jobs to look at again */
    struct again *given;        /* the one of them that Lua has now */
    struct warned_event *event; /* Lua waits for it; NULL: it does not */
    bool event_written;         /* what became of the last one */
    char unwarned[160];         /* why a function of the policy's has not warned of the last job; "": all have */
    struct script_wait wait;
    bool waiting; /* Lua waits for the sweep */
    bool stopped; /* it takes no further jobs */
    /* a job's changes are read into these, which are kept here so that a Lua error leaks nothing */
    struct mpijob_changes changes;
    struct buf edited;
    struct mpijob_diff diff;
};

/* sweep.c: the sweep to which a function belongs that sweep_enter gave to Lua. */
struct sweep *sweep_of(lua_State *L);
/* Lua waits for the sweep, and goes on in k once it is woken. */
int sweep_wait(lua_State *L, struct sweep *s, lua_KFunction k);
void sweep_wake(struct sweep *s);

/* sweep_before.c: reads in the journal what the interrupted run has changed; `reading` is true meanwhile. */
void sweep_read_before(struct sweep *s);
/* Has the interrupted run changed this job? */
bool sweep_changed_before(struct sweep *s, struct str object);
void sweep_free_before(struct sweep *s);

/* sweep_change.c: what Lua calls, see lua/mpijobd/sweep.lua. */
int sweep_submit(lua_State *L);
int sweep_would(lua_State *L);
int sweep_allow(lua_State *L);
int sweep_declined(lua_State *L);
int sweep_left(lua_State *L);
int sweep_where(lua_State *L);
int sweep_counted(lua_State *L);
/* Fills s->changes from the policy's table, or from its function's result at index 2. False: the job has failed, and
 * that was told. */
bool sweep_read_changes(lua_State *L, struct sweep *s, const struct lua_job *job);

/* sweep_warn.c: likewise, in a run that warns. */
int sweep_warning(lua_State *L);
int sweep_by_sink(lua_State *L);
int sweep_warn(lua_State *L);
void sweep_warn_free(struct sweep *s);
void sweep_push_sinks(lua_State *L, const struct run *run); /* the policy's functions that warn, as a list */

#endif
