/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of scripts in words: what went wrong, where, the cure, and the way that led there. */
#include <stdio.h>
#include <string.h>

#include "script/observe.h"
#include "script/parts.h"

#define HEAD_FRAMES 12 /* of a deep stack the innermost and the outermost frames are shown */
#define TAIL_FRAMES 6
#define LINE_LEVELS 64 /* C functions above the line that called them */

/* "2s", "250ms", "64MiB": as `limits` takes them. */
static void duration_text(int64_t us, char out[32])
{
    if (us % 1000000 == 0)
        snprintf(out, 32, "%llds", (long long)(us / 1000000));
    else if (us % 1000 == 0)
        snprintf(out, 32, "%lldms", (long long)(us / 1000));
    else
        snprintf(out, 32, "%lldus", (long long)us);
}

static void size_text(size_t bytes, char out[32])
{
    if (bytes % ((size_t)1024 * 1024) == 0)
        snprintf(out, 32, "%zuMiB", bytes / ((size_t)1024 * 1024));
    else if (bytes % 1024 == 0)
        snprintf(out, 32, "%zuKiB", bytes / 1024);
    else
        snprintf(out, 32, "%zu", bytes);
}

int script_limit_error(const struct script *script, const struct meter *m, struct error *err)
{
    char limit[32], twice[32];
    const char *where = m->where[0] ? m->where : script->name;
    if (m->verdict == VERDICT_STRETCH) {
        duration_text(m->stretch_us, limit);
        return error_set(err, ERR_LIMIT,
                         "%s: computed for more than %s where it cannot be interrupted (in a string function, in a "
                         "function that C code calls back, in a __close handler of a run that is given up); do less at "
                         "a time there",
                         where, limit);
    }
    duration_text(m->budget_us, limit);
    duration_text(2 * m->budget_us, twice);
    if (script->loading)
        return error_set(
            err, ERR_LIMIT,
            "%s: the CPU limit of %s is used up while the file is loaded (a loop that does not end?); move "
            "work into run, replace or where",
            where, limit);
    return error_set(err, ERR_LIMIT,
                     "%s: the CPU limit of %s is used up (a loop that does not end?); if it really needs more: limits "
                     "= { cpu = \"%s\" }",
                     where, limit, twice);
}

int script_memory_error(const struct script *script, const char *where, struct error *err)
{
    char limit[32], twice[32];
    if (script->string_hit && !script->cap_hit)
        return error_set(err, ERR_LIMIT, "%s: a string of more than %d MiB; keep such text in pieces, in a table",
                         where ? where : script->name, SCRIPT_STRING_MAX / 1048576);
    if (script->table_hit && !script->cap_hit)
        return error_set(err, ERR_LIMIT,
                         "%s: a table of more than %d keys that are not 1, 2, 3... is too large for a policy; use a "
                         "list, or several tables, such as one a namespace",
                         where ? where : script->name, SCRIPT_KEYS_MAX);
    if (script->exhausted && !script->cap_hit)
        return error_nomem(err);
    size_text(script->limits.memory, limit);
    size_text(2 * script->limits.memory, twice);
    if (script->loading)
        return error_set(err, ERR_LIMIT,
                         "%s: the memory limit of %s is reached while the file is loaded (a table or a string that "
                         "grows?); make large values in run, replace or where",
                         where ? where : script->name, limit);
    return error_set(err, ERR_LIMIT,
                     "%s: the memory limit of %s is reached (a table or a string that grows?); if it really needs "
                     "more: limits = { memory = \"%s\" }",
                     where ? where : script->name, limit, twice);
}

int script_memory_told(lua_State *L, const char *where, struct error *err)
{
    return script_memory_error(script_of(L), where, err);
}

void script_render_value(lua_State *L, char *out, size_t size)
{
    int type = lua_type(L, -1);
    if (type == LUA_TSTRING || type == LUA_TNUMBER || luaL_getmetafield(L, -1, "__tostring") != LUA_TNIL) {
        if (type != LUA_TSTRING && type != LUA_TNUMBER)
            lua_pop(L, 1);
        snprintf(out, size, "%s", luaL_tolstring(L, -1, NULL));
        lua_pop(L, 2);
        return;
    }
    snprintf(out, size, "(the error object is a %s value)", lua_typename(L, type));
    lua_pop(L, 1);
}

/* ---- frames ---- */

struct trace {
    struct error *err;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct trace *t, const char *format, ...)
{
    size_t room = sizeof t->err->message - t->len;
    va_list args;
    va_start(args, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): a known false alarm
    int n = vsnprintf(t->err->message + t->len, room, format, args);
    va_end(args);
    if (n > 0)
        t->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void add_frame(struct trace *t, lua_State *L, lua_Debug *ar)
{
    lua_getinfo(L, "Slnt", ar);
    if (ar->currentline < 0 || *ar->source != '@')
        return; /* a function of the host, in C or in its own Lua */
    add(t, "\n  %s:%d: in ", ar->short_src, ar->currentline);
    if (*ar->what == 'm')
        add(t, "the file's own code");
    else if (ar->name)
        add(t, "%s '%s'", *ar->namewhat ? ar->namewhat : "function", ar->name);
    else
        add(t, "the function at line %d", ar->linedefined);
    if (ar->istailcall)
        add(t, " (after tail calls)");
}

int script_depth(lua_State *L)
{
    int lo = 0, hi = 1;
    lua_Debug ar;
    while (lua_getstack(L, hi, &ar)) {
        lo = hi;
        hi *= 2;
    }
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (lua_getstack(L, mid, &ar))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void add_thread(struct trace *t, lua_State *L)
{
    lua_Debug ar;
    int n = script_depth(L);
    for (int level = 0; level < n; level++) {
        if (level == HEAD_FRAMES && n > HEAD_FRAMES + TAIL_FRAMES) {
            add(t, "\n  ... (%d more)", n - HEAD_FRAMES - TAIL_FRAMES);
            level = n - TAIL_FRAMES;
        }
        if (lua_getstack(L, level, &ar))
            add_frame(t, L, &ar);
    }
}

void script_add_trace(const struct script_run *run, struct error *err)
{
    struct trace t = {.err = err, .len = strlen(err->message)};
    for (size_t i = run->n_subs; i > 0; i--)
        add_thread(&t, run->subs[i - 1]);
    add_thread(&t, run->co);
}

/* Reads what Lua keeps of its calls, and changes nothing. What runs may be in the middle of anything: the caller bears
 * a crash. */
int script_line_now(const void *data)
{
    const struct script_run *run = data;
    lua_State *L = run->script->current;
    lua_Debug ar;
    for (int level = 0; L && level < LINE_LEVELS && lua_getstack(L, level, &ar); level++) {
        if (lua_getinfo(L, "l", &ar) && ar.currentline > 0)
            return ar.currentline;
    }
    return 0;
}
