/* A sweep's insides, shared by the files sweep*.c only. */
#ifndef MPIJOBD_RUN_SWEEP_PARTS_H
#define MPIJOBD_RUN_SWEEP_PARTS_H

#include "loop/work.h"
#include "run/sweep.h"

#define RESUMED_MAX 64 /* earlier runs of one instant that are looked at */

struct done_before; /* hash of uids that the interrupted run has changed already */

struct again { /* a job that was changed by somebody else between our read and our write */
    struct again *next;
    char *object;
    size_t len;
};

struct sweep {
    struct work work;         /* reading what an interrupted run has changed */
    int64_t ids[RESUMED_MAX]; /* runs of this instant before this one */
    size_t id_count;
    bool reading;
    const struct error *read_error; /* why the journal could not be read (error_keep); NULL: it could */
    struct run *run;
    struct listing *listing;
    struct done_before *before;
    struct again *again, *given; /* given: what Lua is being handed */
    struct script_wait wait;
    bool waiting, stopped;
    /* what a job's changes were read into, kept here so that a Lua error leaks nothing */
    struct mpijob_changes changes;
    struct buf edited;
    struct mpijob_diff diff;
};

/* sweep.c: the sweep of a function that sweep_enter gave to Lua. */
struct sweep *sweep_of(lua_State *L);
/* Lua waits for the sweep, and goes on in k once it is woken. */
int sweep_wait(lua_State *L, struct sweep *s, lua_KFunction k);
void sweep_wake(struct sweep *s);

/* sweep_before.c: asks the journal what the interrupted run has changed; `reading` until it has answered. */
void sweep_read_before(struct sweep *s);
bool sweep_changed_before(struct sweep *s, struct str object);
void sweep_free_before(struct sweep *s);

/* sweep_change.c: what Lua calls, see lua/mpijobd/sweep.lua. */
int sweep_submit(lua_State *L);
int sweep_would(lua_State *L);
int sweep_allow(lua_State *L);
int sweep_declined(lua_State *L);
int sweep_left(lua_State *L);

#endif
