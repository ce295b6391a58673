/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox: one lua_State a policy file, one coroutine a run. The only place that calls lua_resume.
 *
 * What a script can do to its neighbours is bounded:
 *
 * Its globals are an allowlist (sandbox.c): no bytecode, no debug, no os.execute, no io, no __gc, no collectgarbage;
 * the metatable of strings is locked.
 *
 * Its memory is bounded by a counting allocator, and no string is longer than SCRIPT_STRING_MAX.
 *
 * Its CPU time is bounded by a hook that yields to the loop after a slice (SCRIPT_SLICE_US). A run whose budget is used
 * up is not resumed, and the host resets its coroutine; pcall cannot catch that. Long C functions of the string and
 * table libraries are bounded as well. A run that waits (mpijob.get, sleep) costs no CPU time; a call may wait in the
 * script's own coroutines too.
 *
 * All calls are on the loop's thread. */
#ifndef MPIJOBD_SCRIPT_SCRIPT_H
#define MPIJOBD_SCRIPT_SCRIPT_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"

#define SCRIPT_SLICE_US 2000      /* a script computes at most so long before the loop has its turn */
#define SCRIPT_SOURCE_MAX 1048576 /* 1 MiB: bytes of a file or of a text for `load` */

/* Keys of one table that are not 1, 2, 3...: keys may be chosen so that they collide, and then Lua goes over all of
 * them for each, without an end that the hook could see. */
#define SCRIPT_KEYS_MAX 8192
#define SCRIPT_STRING_MAX 8388608 /* 8 MiB, of one string: some of Lua's instructions take time by its length */

struct script_limits {
    int64_t cpu_us;     /* of one run; 0: 1 s */
    size_t memory;      /* bytes of the whole state; 0: 64 MiB */
    int64_t timeout_us; /* of one run, waiting included; 0: none */
};

struct guard_who;
struct script;
struct script_run;

/* A fresh sandboxed state without any module of the bindings. host: what script_host gives back to the bindings. name:
 * for messages ("policies/free.lua"). limits NULL: the defaults. 0, ERR_NOMEM, ERR_LIMIT (the cap on memory is too
 * small) or ERR_SCRIPT. */
int script_new(uv_loop_t *loop, const char *name, const struct script_limits *limits, void *host,
               struct script **script, struct error *err);
/* Cancels its runs (their `done` is called with ERR_CANCELLED before this returns) and closes the state; the loop
 * closes the handles of libuv at its next turn. From within a function that this script called, the run under way ends
 * as soon as the function has returned, and the state is closed then. NULL is ignored. */
void script_free(struct script *script);

const char *script_name(const struct script *script);
void *script_host(lua_State *L); /* of any coroutine of a script */
struct script *script_of(lua_State *L);
bool script_computing(const struct script *script); /* a run of it does not wait for anything but its turn */
size_t script_memory(const struct script *script);  /* bytes in use */
/* A new cap. Where more is in use already, the next allocation fails. */
void script_set_memory(struct script *script, size_t bytes);
const char *script_hash(const struct script *script); /* of the text that was loaded, by guard_hash; "": none was */
void script_hash_add(struct script *script, struct str text); /* what it has required belongs to it */

/* Runs fn(L) with `argument` as a light userdata in protected mode, outside any run, to register modules or build
 * tables: short work in C only. 0, ERR_NOMEM, ERR_LIMIT or ERR_SCRIPT. What fn leaves on the stack is dropped. */
int script_protect(struct script *script, lua_CFunction fn, void *argument, struct error *err);

/* Tells of each line of its files that reads a global which is not there now and which none of its files sets or asks
 * for (`NAME or "p"`), by name; and so of members of a module that is read for its members alone (name: "mpijob.lsit",
 * nearest: "list"). Once in a script's life, after its loading run. Where Lua's code does not tell for certain, nothing
 * is said. ended_well: the loading run had no error. nearest: a global with a similar name, or NULL.
 * told must not call Lua. */
typedef void (*script_global_told)(void *data, const char *file, int line, const char *name, const char *nearest);
void script_unknown_globals(struct script *script, bool ended_well, script_global_told told, void *data);

/* ---- runs ---- */

/* How a run starts: pushes the function and its arguments on L and returns the number of arguments. May raise Lua
 * errors: it is called in protected mode, within the run. */
typedef int (*script_entry)(lua_State *L, void *data);

/* How a run ended. err NULL: it returned; its results are on `L` from index 1 on, valid during the call. Otherwise
 * ERR_SCRIPT with "file:line: message" and the traceback on the following lines, ERR_LIMIT (the message says whether
 * CPU time or memory, how much, and the cure), ERR_NOMEM, ERR_TIMEOUT or ERR_CANCELLED. Called outside Lua: what may
 * raise an error or allocate in the state (lua_pushstring, lua_tolstring of a number) belongs into script_protect. The
 * script may be freed here; runs may be started and cancelled. */
typedef void (*script_done)(void *data, struct script_run *run, lua_State *L, const struct error *err);

struct script_call {
    script_entry entry;
    script_done done; /* called exactly once, never from within script_start */
    void *data;
    struct script_limits limits; /* a member that is 0: the script's own; memory is always the script's */
    bool loading;                /* the file's own chunk: calls that wait raise an error */
    const char *policy;          /* whose run it is, for the watchdog; NULL: the file's own code. Outlives the run */
};

/* Starts at the loop's next turn. 0, ERR_NOMEM, ERR_LIMIT, or ERR_CANCELLED: the script is being freed. */
int script_start(struct script *script, const struct script_call *call, struct script_run **run, struct error *err);
/* Compiles the text and starts it as a loading run. Errors as script_start, and ERR_SYNTAX with "file:line: ...";
 * ERR_LIMIT too where the text is longer than SCRIPT_SOURCE_MAX. */
int script_load(struct script *script, struct str source, const struct script_call *call, struct script_run **run,
                struct error *err);
/* Ends the run: done is called with ERR_CANCELLED before this returns. Where the run itself has called the C function
 * that cancels it: as soon as that function has returned, and no pcall of the script can catch it. why: for the
 * message; NULL: "on request". */
void script_cancel(struct script_run *run, const char *why);
/* The run may take so many microseconds longer than its timeout: it waits for what is not its own doing. */
void script_allow_time(struct script_run *run, int64_t us);
int64_t script_run_cpu(const struct script_run *run); /* microseconds used */
void *script_run_data(const struct script_run *run);  /* call.data */
/* The run that is being resumed now; NULL: none is. */
struct script_run *script_run_of(lua_State *L);

/* ---- for bindings: a call that waits ----
 *
 *     struct get_op { struct script_wait wait; ... };
 *     static int get_done(lua_State *L, int status, lua_KContext ctx) { ... push results ...; return n; }
 *     static int l_get(lua_State *L) { ... start ...; return script_wait(L, &op->wait, get_done, (lua_KContext)op); }
 *     on completion: script_wake(&op->wait);
 *
 * `cancel` is called when the run ends first: it was cancelled or timed out, or its script was freed. The operation
 * then ends what it began and never wakes; it may have woken already without having gone on. After `cancel`, or in
 * get_done, the binding frees the operation's memory. The struct begins as zeros but for `cancel` and `while_loading`.
 */
struct script_wait {
    void (*cancel)(struct script_wait *wait);
    bool while_loading; /* it may wait while the file is being loaded, too */
    /* The script floor's own: */
    struct script_run *run;
    lua_KFunction k;
    lua_KContext ctx;
    bool woken;
};
/* Returns what the C function has to return. Where the call cannot wait, calls wait->cancel and raises a Lua error:
 * while the file is being loaded, in a metamethod that C code calls (__tostring, or __len in a library function), in a
 * __close handler of a run that is given up. A call can wait in a coroutine, in a comparison of table.sort, in a
 * callback of gsub, in pcall and xpcall, in an iterator, in other metamethods and in __close. */
int script_wait(lua_State *L, struct script_wait *wait, lua_KFunction k, lua_KContext ctx);
/* The run goes on at the loop's next turn. May be called before script_wait. */
void script_wake(struct script_wait *wait);

/* ---- for bindings: more source ----
 * Compiles a file's text (no bytecode) and pushes it as a function. name: for messages ("policies/lib/teams.lua").
 * Raises a Lua error with "file:line: ..." where it cannot be read, or is longer than SCRIPT_SOURCE_MAX. */
void script_compile(lua_State *L, struct str source, const char *name);

/* After LUA_ERRMEM of a protected call: says in *err which bound was reached, and the cure; returns its code. where:
 * "file:line", or NULL. */
int script_memory_told(lua_State *L, const char *where, struct error *err);
/* "file:line" of the author's code that is running, without the host's own Lua; else the script's name. */
void script_where(lua_State *L, char *out, size_t size);

/* A message handler for what is called protected: an error names the author's line, and none of the host's own Lua. */
int script_blame_handler(lua_State *L);
/* As Lua's pcall, with a message handler that sees the calls before they are given up: all of a C function. */
int script_pcall(lua_State *L, lua_CFunction handler);

/* ---- for bindings: C loops over what a script gave ----
 * Counts units of about 10 ns of work that was done; to be called in every round of a loop. Where the run is over its
 * budget, or has computed too long without an interruption, this does not return, as lua_error does not. */
void script_work(lua_State *L, size_t units);
/* Counts CPU time to the run's budget that the daemon spends on what the script asked for, outside of it. */
void script_charge(lua_State *L, int64_t us);
/* Counts memory that the script holds outside Lua to its cap: `before` bytes are `now` bytes. What was counted is given
 * back by the finaliser of its owner. Raises nothing: where more is in use than the cap, Lua's next allocation fails.
 */
void script_native(lua_State *L, size_t before, size_t now);
/* The same where no Lua of the script runs. */
void script_native_of(struct script *script, size_t before, size_t now);

#endif
