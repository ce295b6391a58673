/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the debugger share. */
#ifndef MPIJOBD_CLI_DEBUG_PARTS_H
#define MPIJOBD_CLI_DEBUG_PARTS_H

#include <lua.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/debug/debug.h"
#include "cli/debug/stream.h"
#include "script/observe.h"
#include "json/write.h"

#define LINE_BITS 1024
#define LINES_BETWEEN_LOOKS 64 /* lines that run between two looks at the client */
#define FRAMES_MAX 1000        /* calls of one thread that are looked at, from the innermost one on */

struct request {
    struct json root, arguments;
    int64_t seq;
    char command[48];
};

struct debug_source {
    char *chunk;     /* as Lua has it: "@policies/free.lua", "=sweep", or a text that was loaded */
    char *path;      /* of a file that is there; NULL: none */
    char *shown;     /* the same as the client calls it; NULL: as path */
    struct str text; /* of our own files */
    struct debug_source *next;
    int id;
};

struct breakpoint {
    int id;
    char *path; /* as debug_source.path */
    int line;
    char *condition, *log; /* NULL: none */
    char hit_test;         /* '\0': none; '=', '>' (at least), '<' (at most), '%' */
    int64_t hit_value, hits;
    struct breakpoint *next;
};

struct frame {
    struct script *script;
    lua_State *L;
    lua_Debug ar; /* the call itself; lua_getinfo fills the rest */
};

enum ref_kind { REF_LOCALS, REF_UPVALUES, REF_GLOBALS, REF_VALUE };
struct ref { /* what the client knows as variablesReference - 1 */
    enum ref_kind kind;
    size_t frame; /* index in frames; SIZE_MAX: none */
    struct script *script;
    char *expression; /* that gives the value; NULL: not known */
};

struct thread {
    struct script_run *run; /* NULL: code outside of any run */
    struct script *script;
    int id;
};

enum step { STEP_NONE, STEP_IN, STEP_OVER, STEP_OUT };

struct debugger {
    uv_loop_t *loop;
    uv_thread_t thread; /* the loop's */
    struct stream stream;
    uv_poll_t poll;
    bool polling;
    FILE *printed, *shown; /* printed: what the program prints, to the client; shown: where it went before, or NULL */

    struct buf out;
    struct json_writer w;
    int64_t seq;
    struct debug_launch launch;
    int64_t line_base, column_base;
    bool initialized, launched, configured, attached, over, left; /* left: the client has gone or has said so */

    struct script_observer observer;
    struct script **scripts;
    size_t script_count, script_cap;
    lua_CFunction xpcall;

    struct debug_source *sources, *last_source;
    int source_ids;
    struct breakpoint *breakpoints;
    int breakpoint_ids;
    unsigned char at_line[LINE_BITS]; /* a breakpoint stands at a line that is this one modulo LINE_BITS */
    bool stop_uncaught, stop_raised, pausing, entry;
    unsigned lines;  /* since the last look at the client */
    uint64_t looked; /* uv_hrtime */

    struct { /* how far to go without being asked */
        enum step mode;
        struct script_run *run;
        struct script *script;
        lua_State *L;
        int depth; /* calls of L then */
    } step;

    unsigned busy; /* the client is served, or an expression is worked out: no line of that counts */
    bool stopped, resume;
    struct {
        struct script *script;
        struct script_run *run;
        lua_State *L;
        const char *reason;
        const char *text;
        int breakpoint; /* its id; 0: none */
    } stop;
    uint64_t serial; /* of the stop: expressions' functions that outlive it lose its variables */
    struct frame *frames;
    size_t frame_count, frame_cap;
    struct ref *refs;
    size_t ref_count, ref_cap;
    struct thread *threads;
    size_t thread_count, thread_cap;
    int thread_ids;
};

/* ---- message.c ---- */
/* The body's object is open: write its members with d->w, then message_end. */
void answer_begin(struct debugger *d, const struct request *r);
void event_begin(struct debugger *d, const char *event);
void message_end(struct debugger *d);
void answer_empty(struct debugger *d, const struct request *r);
void answer_refuse(struct debugger *d, const struct request *r, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* category: "stdout", "stderr", "console". */
void tell_output(struct debugger *d, const char *category, struct str text);
char *text_of(struct json value); /* a copy; NULL: no string, or out of memory */
int64_t number_of(struct json value, int64_t otherwise);

/* ---- requests.c ---- */
/* Reads and answers one message. wait: until one has come. False: nothing has come, or the client has gone. */
bool serve_one(struct debugger *d, bool wait);

/* ---- stop.c ---- */
void on_line(void *debugger, lua_State *L, lua_Debug *ar);
void on_failed(void *debugger, struct script_run *run, const struct error *err);
void on_raised(void *debugger, lua_State *L);
void on_gone(void *debugger, struct script *script);             /* debugger.c */
int on_protected_call(lua_State *L);                             /* pcall, with an eye on the error */
void handle_resume(struct debugger *d, const struct request *r); /* continue, next, stepIn, stepOut */

/* ---- timers.c ---- */
struct held_timers;
struct held_timers *timers_hold(uv_loop_t *loop);             /* the loop's timers as they are now */
void timers_go_on(uv_loop_t *loop, struct held_timers *held); /* they ring as if no time had passed since; frees held */

/* ---- breakpoints.c ---- */
void handle_breakpoints(struct debugger *d, const struct request *r);
void handle_exception_filters(struct debugger *d, const struct request *r);
/* The line of L has come to a breakpoint at which to stop; NULL: it has not. */
struct breakpoint *breakpoint_at(struct debugger *d, lua_State *L, lua_Debug *ar);
void breakpoints_free(struct debugger *d);

/* ---- chunks.c ---- */
struct debug_source *source_of(struct debugger *d, const char *chunk); /* NULL: out of memory */
/* The client calls the file at `path` so. Returns the real path, to be freed; NULL: there is no such file. */
char *source_named(struct debugger *d, const char *path);
void write_source(struct debugger *d, const struct debug_source *source); /* an object, as a value */
void handle_source(struct debugger *d, const struct request *r);
void sources_free(struct debugger *d);

/* ---- frames.c ---- */
int thread_of(struct debugger *d, struct script *script, struct script_run *run); /* its id */
void handle_threads(struct debugger *d, const struct request *r);
void handle_stack(struct debugger *d, const struct request *r);
void handle_scopes(struct debugger *d, const struct request *r);
/* The frame of that id; NULL: no such frame. index: its place. */
struct frame *frame_at(struct debugger *d, int64_t id, size_t *index);
/* The innermost frame of the author's at the stop; SIZE_MAX: none. */
size_t frame_at_stop(struct debugger *d);

/* ---- variables.c ---- */
/* A new reference; 0: out of memory. expression is taken, and freed. */
int ref_new(struct debugger *d, enum ref_kind kind, struct script *script, size_t frame, char *expression);
/* Writes value, type and what else belongs to the value on L's top, into the object that is open; value_key: "value" or
 * "result". Pops it. In a protected call. expression is taken. */
void write_value(struct debugger *d, lua_State *L, struct script *script, size_t frame, const char *value_key,
                 char *expression);
void handle_variables(struct debugger *d, const struct request *r);
void handle_set_variable(struct debugger *d, const struct request *r);
void forget_stop(struct debugger *d); /* frames and references */

/* ---- render.c ---- */
/* Appends the text of the value at index, without any metamethod. max: bytes of a string that are shown. */
void render_value(lua_State *L, int index, struct buf *out, size_t max);
/* Appends the name of a key as children show it: x, [1], ["a b"]. */
void render_key(lua_State *L, int index, struct buf *out);

/* ---- evaluate.c ---- */
/* Pushes what the text gives in that frame (NULL: among the globals); in a protected call. Returns how many values.
 * statements: the text may be those instead of an expression. Raises an error where it cannot be read. */
int evaluate(struct debugger *d, lua_State *L, struct frame *frame, struct str text, bool statements);
void handle_evaluate(struct debugger *d, const struct request *r);
/* Is the condition true in that frame? Or it cannot be told: says why to the client. */
bool condition_holds(struct debugger *d, struct frame *frame, const char *condition);
/* The message of a logpoint, "{expression}" worked out. */
void log_point(struct debugger *d, struct frame *frame, const char *message);

/* Locals of a call: the last one of that name; 0: none. */
int find_local(struct frame *frame, const char *name);
void push_local(lua_State *L, struct frame *frame, int n);

#endif
