/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of the protocol are runs: of the spec, and of the policies. A thread's frames are the calls in Lua of the
 * run's coroutines, the innermost first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/debug/parts.h"

/* ---- threads ---- */

int thread_of(struct debugger *d, struct script *script, struct script_run *run)
{
    for (size_t i = 0; i < d->thread_count; i++) {
        if (d->threads[i].run == run && d->threads[i].script == script)
            return d->threads[i].id;
    }
    if (d->thread_count == d->thread_cap) {
        size_t cap = d->thread_cap ? 2 * d->thread_cap : 16;
        struct thread *threads = realloc(d->threads, cap * sizeof *threads);
        if (!threads)
            return 0;
        d->threads = threads;
        d->thread_cap = cap;
    }
    d->threads[d->thread_count++] = (struct thread){.run = run, .script = script, .id = ++d->thread_ids};
    return d->thread_ids;
}

static bool lives(const struct debugger *d, const struct thread *t)
{
    for (size_t i = 0; i < d->script_count; i++) {
        if (d->scripts[i] != t->script)
            continue;
        struct script_run *run = NULL;
        while ((run = script_run_next(t->script, run)) && run != t->run) {
        }
        return run || (d->stopped && d->stop.script == t->script && d->stop.run == t->run);
    }
    return false;
}

static void forget_ended(struct debugger *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->thread_count; i++) {
        if (lives(d, &d->threads[i]))
            d->threads[kept++] = d->threads[i];
    }
    d->thread_count = kept;
}

static void write_thread(struct debugger *d, struct script *script, struct script_run *run)
{
    const char *name = script_name(script), *slash = strrchr(name, '/');
    json_write_object(&d->w);
    json_write_key(&d->w, "id");
    json_write_int(&d->w, thread_of(d, script, run));
    json_write_key(&d->w, "name");
    json_write_string(&d->w, slash ? slash + 1 : name);
    json_write_end(&d->w);
}

void handle_threads(struct debugger *d, const struct request *r)
{
    forget_ended(d);
    answer_begin(d, r);
    json_write_key(&d->w, "threads");
    json_write_array(&d->w);
    for (size_t i = 0; i < d->script_count; i++) {
        for (struct script_run *run = NULL; (run = script_run_next(d->scripts[i], run));)
            write_thread(d, d->scripts[i], run);
    }
    if (d->stopped && !d->stop.run)
        write_thread(d, d->stop.script, NULL);
    json_write_end(&d->w);
    message_end(d);
}

/* ---- frames ---- */

static size_t add_frame(struct debugger *d, struct script *script, lua_State *L, const lua_Debug *ar)
{
    for (size_t i = 0; i < d->frame_count; i++) {
        if (d->frames[i].L == L && d->frames[i].ar.i_ci == ar->i_ci)
            return i;
    }
    if (d->frame_count == d->frame_cap) {
        size_t cap = d->frame_cap ? 2 * d->frame_cap : 32;
        struct frame *frames = realloc(d->frames, cap * sizeof *frames);
        if (!frames)
            return SIZE_MAX;
        d->frames = frames;
        d->frame_cap = cap;
    }
    d->frames[d->frame_count] = (struct frame){.script = script, .L = L, .ar = *ar};
    return d->frame_count++;
}

struct frame *frame_at(struct debugger *d, int64_t id, size_t *index)
{
    if (id < 1 || (uint64_t)id > d->frame_count)
        return NULL;
    *index = (size_t)id - 1;
    return &d->frames[*index];
}

size_t frame_at_stop(struct debugger *d)
{
    lua_Debug ar;
    if (!d->stopped)
        return SIZE_MAX;
    for (int level = 0; level < FRAMES_MAX && lua_getstack(d->stop.L, level, &ar); level++) {
        lua_getinfo(d->stop.L, "Sl", &ar);
        struct debug_source *source = ar.currentline > 0 ? source_of(d, ar.source) : NULL;
        if (source && source->path)
            return add_frame(d, d->stop.script, d->stop.L, &ar);
    }
    return SIZE_MAX;
}

static void write_name(struct debugger *d, const lua_Debug *ar)
{
    char name[128];
    if (*ar->what == 'm')
        snprintf(name, sizeof name, "the file's own code");
    else if (ar->name)
        snprintf(name, sizeof name, "%s", ar->name);
    else
        snprintf(name, sizeof name, "the function at line %d", ar->linedefined);
    json_write_string(&d->w, name);
}

/* ar is filled ("Slnt"). */
static void write_frame(struct debugger *d, struct script *script, lua_State *L, const lua_Debug *ar)
{
    struct json_writer *w = &d->w;
    size_t index = add_frame(d, script, L, ar);
    const struct debug_source *source = source_of(d, ar->source);
    json_write_object(w);
    json_write_key(w, "id");
    json_write_int(w, index == SIZE_MAX ? 0 : (int64_t)index + 1);
    json_write_key(w, "name");
    write_name(d, ar);
    json_write_key(w, "line");
    json_write_int(w, ar->currentline - 1 + d->line_base);
    json_write_key(w, "column");
    json_write_int(w, d->column_base);
    if (source) {
        json_write_key(w, "source");
        write_source(d, source);
        if (!source->path) {
            json_write_key(w, "presentationHint");
            json_write_string(w, "subtle");
        }
    }
    json_write_end(w);
}

struct listing {
    int64_t first, end, at; /* frames to write: from, up to; which comes next */
};

static void list_frames(struct debugger *d, struct script *script, lua_State *L, struct listing *list)
{
    lua_Debug ar;
    for (int level = 0; level < FRAMES_MAX && lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Slnt", &ar);
        if (ar.currentline <= 0)
            continue; /* a function in C */
        if (list->at >= list->first && list->at < list->end)
            write_frame(d, script, L, &ar);
        list->at++;
    }
}

void handle_stack(struct debugger *d, const struct request *r)
{
    int64_t id = number_of(json_get(r->arguments, "threadId"), 0),
            levels = number_of(json_get(r->arguments, "levels"), 0);
    const struct thread *t = NULL;
    if (!d->stopped) {
        answer_refuse(d, r, "stackTrace: the tests are running; pause them first");
        return;
    }
    forget_ended(d);
    for (size_t i = 0; i < d->thread_count; i++)
        t = d->threads[i].id == id ? &d->threads[i] : t;
    if (!t) {
        answer_refuse(d, r, "stackTrace: there is no thread %lld", (long long)id);
        return;
    }
    struct listing list = {.first = number_of(json_get(r->arguments, "startFrame"), 0)};
    list.end = levels > 0 && levels < FRAMES_MAX ? list.first + levels : list.first + FRAMES_MAX;
    answer_begin(d, r);
    json_write_key(&d->w, "stackFrames");
    json_write_array(&d->w);
    size_t n = 0;
    while (t->run && script_run_thread(t->run, n))
        n++;
    if (!t->run || (t->run == d->stop.run && script_run_thread(t->run, n - 1) != d->stop.L))
        list_frames(d, t->script, d->stop.L, &list);
    while (n > 0)
        list_frames(d, t->script, script_run_thread(t->run, --n), &list);
    json_write_end(&d->w);
    json_write_key(&d->w, "totalFrames");
    json_write_int(&d->w, list.at);
    message_end(d);
}

/* ---- scopes ---- */

static void write_scope(struct debugger *d, const char *name, const char *hint, enum ref_kind kind, size_t frame)
{
    struct json_writer *w = &d->w;
    json_write_object(w);
    json_write_key(w, "name");
    json_write_string(w, name);
    if (hint) {
        json_write_key(w, "presentationHint");
        json_write_string(w, hint);
    }
    json_write_key(w, "variablesReference");
    json_write_int(w, ref_new(d, kind, d->frames[frame].script, frame, NULL));
    json_write_key(w, "expensive");
    json_write_bool(w, kind == REF_GLOBALS);
    json_write_end(w);
}

void handle_scopes(struct debugger *d, const struct request *r)
{
    size_t index;
    if (!d->stopped || !frame_at(d, number_of(json_get(r->arguments, "frameId"), 0), &index)) {
        answer_refuse(d, r, "scopes: there is no such frame now");
        return;
    }
    answer_begin(d, r);
    json_write_key(&d->w, "scopes");
    json_write_array(&d->w);
    write_scope(d, "Locals", "locals", REF_LOCALS, index);
    write_scope(d, "Upvalues", NULL, REF_UPVALUES, index);
    write_scope(d, "Globals", NULL, REF_GLOBALS, index);
    json_write_end(&d->w);
    message_end(d);
}
