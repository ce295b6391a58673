/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time: the hook that looks at the clock, and what follows.
 *
 * A run that is over its budget gets a verdict, and from then on the verdict counts, never the status that Lua returns.
 * Where the run can yield it yields and is never resumed: no pcall sees that. Where it cannot, as in a metamethod that
 * C code calls, an error is raised instead, again at every instruction, until the stack has come down to a place that
 * can yield. */
#include <stdio.h>
#include <time.h>

#include "script/parts.h"

#define WORK_MAX 4096 /* units between two looks at the clock */
#define WHERE_LEVELS 100

static const char over_message[] = "the run is over its limits";

int64_t script_cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- the extra space of a thread ---- */

static uintptr_t *extra(lua_State *L)
{
    return lua_getextraspace(L);
}

struct script *script_of(lua_State *L)
{
    return (struct script *)(*extra(L) & ~(uintptr_t)3); // NOLINT(performance-no-int-to-ptr)
}

unsigned thread_flags(lua_State *L)
{
    return (unsigned)(*extra(L) & 3);
}

void thread_set(lua_State *L, unsigned flags)
{
    *extra(L) = (*extra(L) & ~(uintptr_t)3) | flags;
}

/* ---- the meter ---- */

static int64_t slice_spent(const struct meter *m)
{
    return m->started_us < 0 ? 0 : script_cpu_now() - m->started_us;
}

int64_t meter_total(const struct meter *m)
{
    return m->used_us + slice_spent(m);
}

bool script_can_yield(lua_State *L)
{
    struct script *s = script_of(L);
    return s->running && s->blocked == 0 && lua_isyieldable(L);
}

/* A file's line, not one of the host's own Lua or of a text that was loaded. Lua walks to each level from the innermost
 * call on, so that of very deep calls only the first are asked. */
void script_where(lua_State *L, char *out, size_t size)
{
    lua_Debug ar;
    for (int level = 0; level < WHERE_LEVELS && lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline > 0 && *ar.source == '@') {
            snprintf(out, size, "%s:%d", ar.short_src, ar.currentline);
            return;
        }
    }
    snprintf(out, size, "%s", script_name(script_of(L)));
}

static void judge(lua_State *L, struct meter *m, int64_t spent, bool interruptible)
{
    if (m->verdict != VERDICT_NONE)
        return;
    if (m->used_us + spent >= m->budget_us)
        m->verdict = VERDICT_CPU;
    else if (!interruptible && spent >= m->stretch_us)
        m->verdict = VERDICT_STRETCH;
    if (m->verdict != VERDICT_NONE)
        script_where(L, m->where, sizeof m->where);
}

int script_die(lua_State *L)
{
    struct script *s = script_of(L);
    script_hook_arm(L, 1);
    if (script_can_yield(L)) {
        s->host_yield = true;
        return lua_yield(L, 0);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, over_message);
    return lua_error(L);
}

/* ---- the hook ---- */

static void on_hook(lua_State *L, lua_Debug *ar)
{
    struct script *s = script_of(L);
    if (ar->event == LUA_HOOKLINE) {
        if (s->observer)
            s->observer->line(s->observer->data, L, ar);
        return;
    }
    struct meter *m = s->meter;
    s->work = 0;
    s->ticked = 0;
    s->fresh = 0;
    if (!m)
        return;
    int64_t spent = slice_spent(m);
    bool can_yield = script_can_yield(L);
    judge(L, m, spent, can_yield);
    if (m->verdict != VERDICT_NONE) {
        script_die(L);
        return;
    }
    int interval = script_hook_interval(s);
    if (lua_gethookcount(L) != interval)
        script_hook_arm(L, interval);
    if (can_yield && spent >= m->slice_us) {
        s->host_yield = true;
        lua_yield(L, 0);
    }
}

void script_hook_arm(lua_State *L, int count)
{
    lua_sethook(L, on_hook, script_of(L)->observer ? LUA_MASKCOUNT | LUA_MASKLINE : LUA_MASKCOUNT, count);
}

void script_observe(struct script *script, const struct script_observer *observer)
{
    script->observer = observer;
    script_hook_arm(script->main, script_hook_interval(script)); /* coroutines that are made later inherit it */
}

void script_raised(lua_State *L)
{
    const struct script_observer *observer = script_of(L)->observer;
    script_blame_handler(L);
    if (observer && observer->raised)
        observer->raised(observer->data, L);
}

void script_aside(struct script *script, void (*fn)(void *data), void *data)
{
    struct script *ticked = script_tick(NULL);
    int64_t began = script_cpu_now();
    fn(data);
    if (script->meter && script->meter->started_us >= 0)
        script->meter->started_us += script_cpu_now() - began;
    script_tick(ticked);
}

void script_hurry(struct script *script)
{
    script->fresh = 0;
    if (script->current) /* lua_sethook may be called at any point, as from a signal handler */
        script_hook_arm(script->current, 1);
}

void script_work(lua_State *L, size_t units)
{
    struct script *s = script_of(L);
    s->work += units;
    if (s->work < WORK_MAX && !s->ticked)
        return;
    s->work = 0;
    s->ticked = 0;
    struct meter *m = s->meter;
    if (!m)
        return;
    int64_t spent = slice_spent(m);
    judge(L, m, spent, false);
    if (m->verdict != VERDICT_NONE)
        script_die(L);
    if (spent >= m->slice_us) {
        s->slice_over = true;
        script_hook_arm(L, 1); /* the slice ends as soon as Lua goes on */
    }
}

void script_charge(lua_State *L, int64_t us)
{
    struct script *s = script_of(L);
    if (s->meter)
        s->meter->used_us += us;
}

void script_pause(lua_State *L, lua_KFunction k, lua_KContext ctx)
{
    struct script *s = script_of(L);
    if (!s->slice_over || !script_can_yield(L))
        return;
    s->host_yield = true;
    lua_yieldk(L, 0, ctx, k);
}

int script_open_budget(lua_State *L)
{
    lua_pushstring(L, over_message);
    lua_rawsetp(L, LUA_REGISTRYINDEX, over_message);
    return 0;
}
