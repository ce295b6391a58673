/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this floor share; other floors see script.h only.
 *
 * There is one lua_State a script. Its main thread runs no Lua of a policy: the host makes its protected calls on it,
 * lua_resume among them, so that an error outside any coroutine, mostly of memory, ends in a pcall and never in a
 * panic. Each lua_State's extra space holds the script's address and, in the low bits, what the host knows about that
 * thread. */
#ifndef MPIJOBD_SCRIPT_PARTS_H
#define MPIJOBD_SCRIPT_PARTS_H

#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "guard/who.h"
#include "loop/timer.h"
#include "script/observe.h"
#include "script/script.h"

#define HOOK_INTERVAL 1000 /* instructions between two looks at the clock */

enum verdict {
    VERDICT_NONE,
    VERDICT_CPU,     /* the budget is used up */
    VERDICT_STRETCH, /* the run has computed too long where it cannot be interrupted */
    VERDICT_CANCEL,  /* the run has cancelled itself, or its script was freed from within it */
};

/* The CPU time of a run, or of the host's own short work in the state. */
struct meter {
    int64_t budget_us;
    int64_t used_us;    /* up to started_us */
    int64_t started_us; /* thread CPU time when the present slice began; -1: none is running */
    int64_t slice_us;
    int64_t stretch_us; /* the longest that a slice may take where nothing can interrupt it */
    enum verdict verdict;
    char where[LUA_IDSIZE + 16]; /* "file:line" at which the verdict fell; "": it has not */
};

struct script_run {
    struct script *script;
    struct script_run *prev, *next;   /* script->runs */
    struct script_run *qprev, *qnext; /* script->queue */
    struct script_call call;
    struct meter meter;
    struct guard_who who;
    lua_State *co;
    int n_args;       /* of the first resume */
    lua_State **subs; /* the script's own coroutines that this run is in, the outermost first */
    size_t n_subs, cap_subs;
    struct script_wait *wait;
    bool queued;
    bool ended;  /* its end is under way or past */
    bool active; /* being resumed: it is on the C stack */
    struct deadline timeout;
    bool has_timeout;
    int64_t more_us; /* once the timeout is over: script_allow_time */
    char why[160];   /* of a cancellation from within */
};

struct script {
    uv_loop_t *loop;
    char *name;
    char hash[GUARD_HASH_SIZE]; /* of the text that was loaded; "": none was */
    void *host;
    const struct script_observer *observer; /* NULL: nobody looks on */
    struct script_globals *globals;         /* that its files name; NULL: none were noted */
    bool globals_told;                      /* ... and no more are noted */
    lua_State *main;
    struct script_limits limits;
    size_t memory;
    size_t reserve;        /* bytes on top of limits.memory while the host cleans up or words an error */
    size_t fresh;          /* bytes allocated since the last look at the clock */
    unsigned big[64];      /* live blocks by the binary logarithm of their size */
    unsigned string_class; /* the same logarithm of the longest string that may be alive */
    bool string_hit;       /* a string was refused for its length */
    bool table_hit;        /* a table was refused for its keys */
    bool cap_hit;          /* an allocation was refused by the cap... */
    bool exhausted;        /* ... or by the system, since the slice began */
    bool loading;          /* its file's own code is running, before any policy's limits are known */
    struct script_run *runs, *queue;
    uv_idle_t idle;
    uv_prepare_t prepare;
    struct script *tprev, *tnext; /* in the list of turns.c, while there is something in the queue */
    unsigned served;              /* the turn in which it had a slice */
    bool in_turns, sated;         /* sated: it had a full slice, and used it */
    bool prompt;                  /* its last slice was about as long as it was given */
    unsigned open;                /* handles of libuv that are not closed */
    unsigned busy;                /* C functions of this floor that are under way and use this struct */
    unsigned depth;               /* protected calls among them: Lua is on the C stack */
    bool doomed;                  /* to be closed as soon as no Lua runs */
    bool closing;                 /* ... and its runs are being cancelled */
    bool closed;                  /* the state is gone, the handles are closing */

    /* what is running now */
    struct script_run *running;
    struct meter *meter;
    lua_State *current;
    unsigned closes;              /* ends of coroutines that are under way within one another */
    unsigned blocked;             /* coroutines resumed from where their resumer cannot yield */
    bool host_yield;              /* the yield under way is the host's, not the script's */
    bool slice_over;              /* a C loop noticed it: Lua, or the loop itself, yields as soon as it can */
    size_t work;                  /* done by C loops since the last look at the clock */
    volatile sig_atomic_t ticked; /* the timer rang since the last look at the clock */
};

/* ---- allocator.c ---- */
void *script_allocate(void *script, void *ptr, size_t osize, size_t nsize); /* a lua_Alloc */
/* A size near `size`, not below, that the allocator does not take for a table's: for buffers and lists made at once. */
size_t script_plain_size(size_t size);
/* Instructions between two looks at the clock: fewer while there are large blocks, which one instruction may copy. */
int script_hook_interval(struct script *script);

/* ---- budget.c ---- */
enum thread_flag {
    THREAD_BUSY = 1, /* it runs, or waits in a run that is under way: no other run resumes or closes it */
    THREAD_DEAD = 2, /* the hook has ended it: its hooks are off for good, so it is never reset */
};
unsigned thread_flags(lua_State *L);
void thread_set(lua_State *L, unsigned flags);

int64_t script_cpu_now(void);                  /* microseconds of CPU time of this thread */
void script_hook_arm(lua_State *L, int count); /* called every so many instructions */
void script_hurry(struct script *script);      /* has the hook called at the running thread's next instruction */
bool script_can_yield(lua_State *L);           /* up to the host */
/* Ends the run that has its verdict: yields for ever, or raises an error. To be returned, as lua_yield is. */
int script_die(lua_State *L);
int64_t meter_total(const struct meter *m); /* microseconds */

int script_open_budget(lua_State *L); /* a lua_CFunction without results */

/* For a loop in C that can be left: where the slice is over, yields to the event loop, and k goes on afterwards with
 * ctx. */
void script_pause(lua_State *L, lua_KFunction k, lua_KContext ctx);

/* ---- ticker.c ---- */
/* From now on the timer has this script looked at; NULL: none. The script before it. */
struct script *script_tick(struct script *script);

/* ---- script.c ---- */
/* A protected call on the main thread with `meter` counting; saves and restores what was running. 0, or a negative code
 * with the error rendered: ERR_NOMEM, ERR_LIMIT, ERR_SCRIPT. */
int script_protected(struct script *script, lua_CFunction fn, void *argument, struct script_run *run,
                     struct meter *meter, struct error *err);
/* After busy or depth went down: closes a doomed script, frees a closed one. */
void script_settle(struct script *script);

/* ---- script_run.c ---- */
/* Ends the run: calls its `done` and gives back what it had. err NULL: it returned. */
void run_finish(struct script_run *run, const struct error *err);

/* ---- slice.c ---- */
void run_enqueue(struct script_run *run); /* to be resumed at the loop's next turn */
void run_dequeue(struct script_run *run);

/* Resumes the queued runs, each once at most, for about so many microseconds of CPU time. How many it took. */
int64_t script_slice(struct script *script, int64_t us);

/* ---- turns.c ---- */
void turns_join(struct script *script);  /* it has something in its queue */
void turns_leave(struct script *script); /* it has nothing any more, or ends */

/* ---- traceback.c ---- */
/* The line that runs in this run, from within a signal handler: a guard_who.line. */
int script_line_now(const void *run);
/* The text of the value on L's top (runs __tostring): in a protected call only. Pops it. */
void script_render_value(lua_State *L, char *out, size_t size);
/* Fill *err and return its code: ERR_LIMIT, or ERR_NOMEM where the system refused the memory. where: "file:line", or
 * NULL. */
int script_limit_error(const struct script *script, const struct meter *m, struct error *err);
int script_memory_error(const struct script *script, const char *where, struct error *err);
/* Adds the frames of the run's threads, as the error left them, to the message. Allocates nothing. */
void script_add_trace(const struct script_run *run, struct error *err);

/* ---- blame.c ---- */
/* The error on L's top was raised by the calls of `from`, which are still there: where it names a line of the host's
 * own Lua, it names the author's instead. */
void script_blame(lua_State *L, lua_State *from);

/* ---- globals.c ---- */
/* Notes the globals of the function on the top, a file that was just compiled. Raises nothing. */
void script_note_globals(lua_State *L, const char *file);
void script_free_globals(struct script *script);

/* ---- the libraries ---- */
int script_open_libraries(lua_State *L); /* sandbox.c: a lua_CFunction */
int script_open_coroutine(lua_State *L); /* each leaves its table on the stack */
int script_open_string(lua_State *L);
int script_open_table(lua_State *L);
int script_table_sort(lua_State *L); /* sort.c */
/* Has the work of that function of the table on the top counted by the bytes of its arguments. */
void script_count_field(lua_State *L, const char *name);
struct str script_source_body(struct str file); /* without a byte order mark and a #! line */
/* lua_load of text in small pieces, with the clock looked at between them. Lua's status; pushes the function or the
 * message. */
int script_load_text(lua_State *L, struct str source, const char *chunk);

#endif
