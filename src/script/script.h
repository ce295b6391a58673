/* The sandbox: one lua_State a policy file, one coroutine a run. The only place that calls lua_resume.
 *
 * What a script can do to its neighbours is bounded:
 * - globals are an allowlist (sandbox.c); no bytecode, no debug, no os.execute, no io, no __gc, no collectgarbage,
 * string metatable locked;
 * - memory by a counting allocator, and no string is longer than SCRIPT_STRING_MAX;
 * - CPU by a hook that yields to the loop after a slice (SCRIPT_SLICE_US) and is not resumed once the budget is used
 * up; the host then resets the coroutine. pcall cannot catch that. Long C functions of the string and table libraries
 * are bounded as well. A run that waits (mpijob.get, sleep) costs no CPU; waiting works from within the script's own
 * coroutines too.
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

#define SCRIPT_STRING_MAX 8388608 /* 8 MiB, of one string: some of Lua's instructions take time by its length */

struct script_limits {
    int64_t cpu_us;     /* of one run; 0: 1 s */
    size_t memory;      /* bytes of the whole state; 0: 64 MiB */
    int64_t timeout_us; /* of one run, waiting included; 0: none */
};

struct script;
struct script_run;

/* A fresh sandboxed state without any of our modules. host: what script_host gives back to the bindings. name: for
 * messages ("policies/free.lua"). */
int script_new(uv_loop_t *loop, const char *name, const struct script_limits *limits, void *host,
               struct script **script, struct error *err);
/* Cancels its runs (their `done` is called with ERR_CANCELLED before this returns) and closes the state; what is left
 * are libuv handles, which the loop closes at its next turn. From within a function that this script called, the run
 * under way ends as soon as the function has returned, and the state is closed then. NULL is ignored. */
void script_free(struct script *script);

const char *script_name(const struct script *script);
void *script_host(lua_State *L); /* of any coroutine of a script */
struct script *script_of(lua_State *L);
size_t script_memory(const struct script *script); /* bytes in use */
/* A new cap; what is in use already may lie above it, then the next allocation fails. */
void script_set_memory(struct script *script, size_t bytes);

/* Where `print` goes: its arguments as Lua prints them, with tabs between. NULL (the default): print raises an error
 * that names log.info. */
typedef void (*script_printer)(void *data, lua_State *L, struct str line);
void script_set_print(struct script *script, script_printer print, void *data);

/* Runs fn(L) with `argument` as a light userdata in protected mode, outside any run (registering modules, building
 * tables): short C work only. 0, ERR_NOMEM, ERR_LIMIT or ERR_SCRIPT. fn leaves nothing behind. */
int script_protect(struct script *script, lua_CFunction fn, void *argument, struct error *err);

/* ---- runs ---- */

/* How a run starts: pushes the function and its arguments on L and returns the number of arguments; may raise Lua
 * errors (it is called in protected mode, within the run). */
typedef int (*script_entry)(lua_State *L, void *data);

/* err NULL: it returned; its results are on `L` (index 1...), valid during the call. Else ERR_SCRIPT with "file:line:
 * message" and the traceback on the following lines, ERR_LIMIT (cpu or memory: says which, how much, and the cure),
 * ERR_TIMEOUT, ERR_CANCELLED. Called outside Lua: what may raise or allocate in the state (lua_pushstring,
 * lua_tolstring of a number) belongs into script_protect. The script may be freed here, runs started and cancelled. */
typedef void (*script_done)(void *data, struct script_run *run, lua_State *L, const struct error *err);

struct script_call {
    script_entry entry;
    script_done done; /* called exactly once, never from within script_start */
    void *data;
    struct script_limits limits; /* zero members: the script's own; memory is the script's always */
    bool loading;                /* the file's own chunk: calls that wait raise an error */
};

/* Starts at the loop's next turn. */
int script_start(struct script *script, const struct script_call *call, struct script_run **run, struct error *err);
/* Compiles the text ("=name" chunk names as Lua's; mode "t") and starts it as a loading run. ERR_SYNTAX at once:
 * "file:line: ...". */
int script_load(struct script *script, struct str source, const struct script_call *call, struct script_run **run,
                struct error *err);
/* done comes with ERR_CANCELLED before this returns; where the run itself called us: as soon as the C function has
 * returned, and no pcall of the script can hold on to it. */
void script_cancel(struct script_run *run, const char *why);
int64_t script_run_cpu(const struct script_run *run); /* microseconds used */
void *script_run_data(const struct script_run *run);  /* call.data */
/* The run under way, that L (or the coroutine L was resumed from) belongs to; NULL: none. */
struct script_run *script_run_of(lua_State *L);

/* ---- for bindings: a call that waits ----
 *
 *     struct get_op { struct script_wait wait; ... };
 *     static int get_done(lua_State *L, int status, lua_KContext ctx) { ... push results ...; return n; }
 *     static int l_get(lua_State *L) { ... start ...; return script_wait(L, &op->wait, get_done, (lua_KContext)op); }
 *     on completion: script_wake(&op->wait);
 *
 * `cancel` is called when the run goes away first (cancelled, timed out, its script freed): the op must end what it
 * began and never wake (may be called for one that has woken already and was not continued). After it, or in get_done,
 * the op's memory is the binding's to free. The struct begins as zeros but for `cancel`. */
struct script_wait {
    void (*cancel)(struct script_wait *wait);
    struct script_run *run; /* the script floor's own */
    lua_KFunction k;
    lua_KContext ctx;
    bool woken;
};
/* Returns what the C function has to return. Raises a Lua error (after calling wait->cancel) where the call cannot
 * wait: while loading, in a metamethod called from C (__tostring, __len in a library function), in a __close handler of
 * a run that is given up. It can in a coroutine, a table.sort comparison, a gsub callback, pcall, xpcall, an iterator,
 * other metamethods and __close. */
int script_wait(lua_State *L, struct script_wait *wait, lua_KFunction k, lua_KContext ctx);
/* The run goes on at the loop's next turn. May be called before script_wait. */
void script_wake(struct script_wait *wait);

/* ---- for bindings: C loops over what a script gave ----
 * Units of about 10 ns of work done; call it in every round. Where the run is over its budget, or has computed too long
 * without an interruption, this does not return (as lua_error does not). */
void script_work(lua_State *L, size_t units);

#endif
