/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a script: its lua_State, and the protected calls in which all of its code runs. */
#include <stdio.h>
#include <stdlib.h>

#include "script/parts.h"

#define DEFAULT_CPU_US INT64_C(1000000)
#define DEFAULT_MEMORY ((size_t)64 * 1024 * 1024)
#define GC_PAUSE 150 /* a cycle begins when memory has grown by half: near the cap a full collection costs more */
#define GC_STEPMUL 200

static void on_closed(uv_handle_t *handle)
{
    struct script *s = handle->data;
    s->open--;
    script_settle(s);
}

static void close_state(struct script *s)
{
    s->busy++;
    s->closing = true;
    while (s->runs) {
        struct error err;
        error_set(&err, ERR_CANCELLED, "%s: cancelled, the script is being unloaded", s->name);
        run_finish(s->runs, &err);
    }
    s->closed = true;
    if (s->observer && s->observer->gone)
        s->observer->gone(s->observer->data, s);
    lua_close(s->main);
    s->main = NULL;
    turns_leave(s);
    uv_close((uv_handle_t *)&s->idle, on_closed);
    uv_close((uv_handle_t *)&s->prepare, on_closed);
    s->busy--;
}

void script_settle(struct script *script)
{
    if (script->doomed && !script->closing && script->depth == 0)
        close_state(script);
    if (script->closed && script->open == 0 && script->busy == 0) {
        script_free_globals(script);
        free(script->name);
        free(script);
    }
}

int script_protected(struct script *script, lua_CFunction fn, void *argument, struct script_run *run,
                     struct meter *meter, struct error *err)
{
    struct script *s = script;
    struct script_run *running = s->running;
    struct meter *outer = s->meter;
    lua_State *current = s->current;
    unsigned blocked = s->blocked, closes = s->closes;
    bool host_yield = s->host_yield;

    if (s->depth++ == 0)
        s->cap_hit = s->string_hit = s->table_hit = s->exhausted = false;
    s->running = run;
    s->meter = meter;
    s->current = s->main;
    s->blocked = s->closes = 0;
    meter->started_us = script_cpu_now();
    struct script *ticked = script_tick(s);
    lua_pushcfunction(s->main, fn);
    lua_pushlightuserdata(s->main, argument);
    int status = lua_pcall(s->main, 1, 0, 0);
    script_tick(ticked);
    int code = 0;
    if (status == LUA_ERRMEM) {
        code = script_memory_error(s, NULL, err);
    } else if (status != LUA_OK) {
        if (meter->verdict != VERDICT_NONE)
            code = script_limit_error(s, meter, err);
        else
            code = error_set(err, ERR_SCRIPT, "%s",
                             lua_type(s->main, -1) == LUA_TSTRING ? lua_tostring(s->main, -1) : "the error is no text");
    }
    if (status != LUA_OK)
        lua_pop(s->main, 1);
    meter->used_us += script_cpu_now() - meter->started_us;
    meter->started_us = -1;
    s->running = running;
    s->meter = outer;
    s->current = current;
    s->blocked = blocked;
    s->closes = closes;
    if (running)
        s->host_yield = host_yield;
    s->depth--;
    return code;
}

/* For the host's own work. */
static struct meter host_meter(const struct script *s)
{
    int64_t us = s->limits.cpu_us;
    return (struct meter){.budget_us = us, .stretch_us = us, .slice_us = us, .started_us = -1};
}

static int open_state(lua_State *L)
{
    script_open_budget(L);
    script_open_libraries(L);
    return 0;
}

/* Not reached as long as the host calls Lua in protected calls only. */
static int on_panic(lua_State *L)
{
    const char *what = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error without text";
    fprintf(stderr, "mpijobd: bug: %s: a Lua error outside any protected call: %s\n", script_name(script_of(L)), what);
    return 0; /* Lua aborts */
}

static int new_state(struct script *s, struct error *err)
{
    s->main = lua_newstate(script_allocate, s);
    if (!s->main)
        return s->cap_hit ? script_memory_error(s, NULL, err) : error_nomem(err);
    *(void **)lua_getextraspace(s->main) = s;
    lua_atpanic(s->main, on_panic);
    script_hook_arm(s->main, HOOK_INTERVAL); /* every coroutine inherits it */
    lua_gc(s->main, LUA_GCINC, GC_PAUSE, GC_STEPMUL, 0);
    struct meter meter = host_meter(s);
    int code = script_protected(s, open_state, NULL, NULL, &meter, err);
    if (code)
        lua_close(s->main);
    return code;
}

int script_new(uv_loop_t *loop, const char *name, const struct script_limits *limits, void *host,
               struct script **script, struct error *err)
{
    struct script *s = calloc(1, sizeof *s);
    if (!s)
        return error_nomem(err);
    s->loop = loop;
    s->host = host;
    if (limits)
        s->limits = *limits;
    if (!s->limits.cpu_us)
        s->limits.cpu_us = DEFAULT_CPU_US;
    if (!s->limits.memory)
        s->limits.memory = DEFAULT_MEMORY;
    s->name = str_dup(str_of(name));
    int code = s->name ? new_state(s, err) : error_nomem(err);
    if (code) {
        free(s->name);
        free(s);
        return code;
    }
    uv_idle_init(loop, &s->idle);
    uv_prepare_init(loop, &s->prepare);
    s->idle.data = s->prepare.data = s;
    s->open = 2;
    *script = s;
    return 0;
}

void script_free(struct script *script)
{
    if (!script || script->doomed)
        return;
    script->busy++;
    script->doomed = true;
    if (script->depth) { /* called from within: what runs ends at its next instruction, the rest now */
        struct script_run *next;
        for (struct script_run *r = script->runs; r; r = next) {
            next = r->next;
            script_cancel(r, "the script is being unloaded");
        }
    }
    script->busy--;
    script_settle(script);
}

int script_protect(struct script *script, lua_CFunction fn, void *argument, struct error *err)
{
    struct meter meter = host_meter(script);
    script->busy++;
    int code = script_protected(script, fn, argument, NULL, &meter, err);
    script->busy--;
    if (script->doomed)
        script_settle(script);
    return code;
}

const char *script_name(const struct script *script)
{
    return script->name;
}

void *script_host(lua_State *L)
{
    return script_of(L)->host;
}

const char *script_hash(const struct script *script)
{
    return script->hash;
}

void script_hash_add(struct script *script, struct str text)
{
    char both[2 * GUARD_HASH_SIZE], added[GUARD_HASH_SIZE];
    guard_hash(text, added);
    snprintf(both, sizeof both, "%s%s", script->hash, added);
    guard_hash(str_of(both), script->hash);
}

size_t script_memory(const struct script *script)
{
    return script->memory;
}
