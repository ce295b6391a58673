/* SPDX-License-Identifier: Apache-2.0 */
/* For who looks on while a script runs: the coverage and the debugger of `mpijobd test`. Slows the script down. */
#ifndef MPIJOBD_SCRIPT_OBSERVE_H
#define MPIJOBD_SCRIPT_OBSERVE_H

#include "script/script.h"

/* A member may be NULL, but for `line`. */
struct script_observer {
    /* It has come to a new line, ar->currentline. Raises nothing; of Lua it may call what reads. */
    void (*line)(void *data, lua_State *L, lua_Debug *ar);
    /* A run ends with this error: its calls are still there. */
    void (*failed)(void *data, struct script_run *run, const struct error *err);
    /* The error on L's top was raised by the calls of L; a message handler of the host's tells so. */
    void (*raised)(void *data, lua_State *L);
    void (*gone)(void *data, struct script *script); /* it is being closed */
    void *data;
};
/* From now on. observer is not copied. */
void script_observe(struct script *script, const struct script_observer *observer);
/* In a message handler, with the error on the top, which names the author's line then (script_blame_handler). */
void script_raised(lua_State *L);
/* Calls fn, from within Lua or not: what that takes is not counted to the run. Meanwhile the run stands still. */
void script_aside(struct script *script, void (*fn)(void *data), void *data);
/* The run behind `run`; NULL: the first one. NULL: no more. */
struct script_run *script_run_next(const struct script *script, const struct script_run *run);
/* How many calls a thread is in. lua_getstack takes as long as the level is deep: this asks few times. */
int script_depth(lua_State *L);
/* 0: the run's own coroutine; then those of the script that it is in, the outermost first. NULL: no more. */
lua_State *script_run_thread(const struct script_run *run, size_t index);

#endif
