/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of prompt share. */
#ifndef MPIJOBD_PROMPT_PARTS_H
#define MPIJOBD_PROMPT_PARTS_H

#include <lua.h>

#include "base/buf.h"
#include "engine/guest.h"
#include "loop/defer.h"
#include "prompt/prompt.h"
#include "run/runs.h"

struct prompt {
    struct prompt_options o;
    char who[64];
    struct engine_guest at;
    struct runs looks;       /* of a session that only reads: its run is not one of the engine's */
    struct runs_guest guest; /* of at.runs */
    struct policy_set *set;  /* a reference: one file in memory, which is the session's script, and one policy */
    struct run *run;         /* NULL: it has ended, or could not be begun */
    size_t memory;           /* bytes that the script may hold */
    int evaluate;            /* in the registry: the function that a call is */
    bool begun;              /* the run is in the journal, and takes scripts */
    bool closing;            /* nothing is told any more */
    bool held, released;     /* its memory is still needed; it was to be freed */
    void (*closed)(void *data);
    void *closed_data;
    struct defer failing; /* tells that the run could not be begun, or was ended */
    struct error failed;

    /* The call; done NULL: none is under way. */
    struct prompt_call call;
    struct buf text;
    struct script_run *script; /* NULL: it waits for the run's beginning */
    struct buf out;            /* printed, and not told yet */
    struct defer telling;
    size_t printed; /* bytes that count to PROMPT_OUTPUT */
};

/* The session's script. */
struct script *prompt_script(const struct prompt *prompt);

/* ---- prompt_call.c ---- */
/* 0; errors as of script_start. */
int prompt_call_start(struct prompt *prompt, struct error *err);
/* The call ends with this error, if there is one. */
void prompt_call_fail(struct prompt *prompt, const struct error *err);
void prompt_call_init(struct prompt *prompt);

/* ---- prompt_lua.c ---- */
/* A lua_CFunction for script_protect: opens all that a session sees; leaves nothing. */
int prompt_lua_open(lua_State *L);
/* Of a native that is running. */
struct prompt *prompt_of(lua_State *L);

/* ---- prompt_why.c ---- */
int prompt_why(lua_State *L); /* a native: (policy, job) -> why, or nil, err */

#endif
