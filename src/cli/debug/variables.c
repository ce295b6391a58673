/* SPDX-License-Identifier: Apache-2.0 */
/* What the client looks into: locals, upvalues, globals, tables, jobs. Values that have something inside are kept in
 * the registry of their state until the tests go on. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/debug/parts.h"
#include "policy/values/lua_job.h"

#define PAGE_MAX 1000    /* children in one answer */
#define INDEXED_FROM 100 /* a longer list is told by its length, and asked for in pieces */
#define STRING_BYTES 8192

static char values_mark; /* its address is the key in the registry */

int ref_new(struct debugger *d, enum ref_kind kind, struct script *script, size_t frame, char *expression)
{
    if (d->ref_count == d->ref_cap) {
        size_t cap = d->ref_cap ? 2 * d->ref_cap : 64;
        struct ref *refs = realloc(d->refs, cap * sizeof *refs);
        if (!refs) {
            free(expression);
            return 0;
        }
        d->refs = refs;
        d->ref_cap = cap;
    }
    d->refs[d->ref_count++] = (struct ref){.kind = kind, .frame = frame, .script = script, .expression = expression};
    return (int)d->ref_count;
}

static int forget_values(lua_State *L)
{
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &values_mark);
    return 0;
}

void forget_stop(struct debugger *d)
{
    struct error ignored;
    for (size_t i = 0; i < d->script_count; i++)
        script_protect(d->scripts[i], forget_values, NULL, &ignored);
    for (size_t i = 0; i < d->ref_count; i++)
        free(d->refs[i].expression);
    d->ref_count = d->frame_count = 0;
    d->serial++;
}

/* Keeps the value on the top for the reference. */
static void keep(lua_State *L, int ref)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &values_mark) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &values_mark);
    }
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, ref);
    lua_pop(L, 1);
}

static bool push_kept(lua_State *L, int ref)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &values_mark) != LUA_TTABLE)
        return false;
    lua_rawgeti(L, -1, ref);
    lua_remove(L, -2);
    return true;
}

/* ---- a value, written ---- */

static bool has_inside(lua_State *L)
{
    if (lua_job_at(L, lua_gettop(L)))
        return true;
    if (lua_type(L, -1) != LUA_TTABLE)
        return false;
    lua_pushnil(L);
    if (!lua_next(L, -2))
        return false;
    lua_pop(L, 2);
    return true;
}

void write_value(struct debugger *d, lua_State *L, struct script *script, size_t frame, const char *value_key,
                 char *expression)
{
    struct json_writer *w = &d->w;
    struct buf text = BUF_INIT;
    render_value(L, -1, &text, STRING_BYTES);
    json_write_key(w, value_key);
    json_write_str(w, buf_str(&text));
    buf_free(&text);
    json_write_key(w, "type");
    json_write_string(w, luaL_typename(L, -1));
    if (expression) {
        json_write_key(w, "evaluateName");
        json_write_string(w, expression);
    }
    int ref = 0;
    if (has_inside(L) && (ref = ref_new(d, REF_VALUE, script, frame, expression)))
        keep(L, ref);
    else
        free(expression);
    json_write_key(w, "variablesReference");
    json_write_int(w, ref);
    if (lua_type(L, -1) == LUA_TTABLE && lua_rawlen(L, -1) >= INDEXED_FROM) {
        json_write_key(w, "indexedVariables");
        json_write_int(w, (int64_t)lua_rawlen(L, -1));
        json_write_key(w, "namedVariables");
        json_write_int(w, 1); /* at least: asked for as a whole */
    }
    lua_pop(L, 1);
}

/* ---- children ---- */

struct children {
    struct debugger *d;
    struct ref ref; /* a copy: references are added meanwhile */
    int id;
    int64_t start, count; /* of those of the filter */
    bool indexed, named;  /* which ones */
    /* to set one: */
    const char *name;
    struct str value;
    bool found;
    /* the answer under way */
    int64_t at;
    bool full;
};

/* "job.labels" and "x": job.labels.x */
static char *joined(const struct ref *ref, struct str key)
{
    struct buf out = BUF_INIT;
    if (!ref->expression)
        return NULL;
    buf_printf(&out, key.len && *key.ptr == '[' ? "%s%.*s" : "%s.%.*s", ref->expression, (int)key.len, key.ptr);
    return buf_take(&out, NULL);
}

/* Writes one child, whose value is on the top, and pops it. */
static void child(struct children *c, lua_State *L, struct str name, char *expression)
{
    struct json_writer *w = &c->d->w;
    if (c->at++ < c->start || c->full) {
        lua_pop(L, 1);
        free(expression);
        return;
    }
    json_write_object(w);
    json_write_key(w, "name");
    json_write_str(w, name);
    write_value(c->d, L, c->ref.script, c->ref.frame, "value", expression);
    json_write_end(w);
    c->full = c->at - c->start >= c->count;
}

static void list_locals(struct children *c, lua_State *L, struct frame *f)
{
    const char *name;
    char text[32];
    for (int n = 1; lua_checkstack(f->L, 2) && (name = lua_getlocal(f->L, &f->ar, n)); n++) {
        lua_pop(f->L, 1);
        if (*name == '(' || find_local(f, name) != n)
            continue; /* the program's own, or hidden by another one of that name */
        push_local(L, f, n);
        child(c, L, str_of(name), str_dup(str_of(name)));
    }
    for (int n = 1; lua_checkstack(f->L, 2) && lua_getlocal(f->L, &f->ar, -n); n++) {
        lua_pop(f->L, 1);
        snprintf(text, sizeof text, "...[%d]", n);
        push_local(L, f, -n);
        child(c, L, str_of(text), NULL);
    }
}

static void push_function(lua_State *L, struct frame *f)
{
    luaL_checkstack(L, 4, NULL);
    if (!lua_checkstack(f->L, 2))
        luaL_error(L, "no room");
    lua_getinfo(f->L, "f", &f->ar);
    if (f->L != L)
        lua_xmove(f->L, L, 1);
}

static void list_upvalues(struct children *c, lua_State *L, struct frame *f)
{
    const char *name;
    push_function(L, f);
    int function = lua_gettop(L);
    for (int n = 1; (name = lua_getupvalue(L, function, n)); n++) {
        if (strcmp(name, "_ENV") == 0)
            lua_pop(L, 1);
        else
            child(c, L, str_of(name), str_dup(str_of(name)));
    }
    lua_pop(L, 1);
}

static void list_members(struct children *c, lua_State *L)
{
    int table = lua_gettop(L);
    lua_Integer length = (lua_Integer)lua_rawlen(L, table), first = 1;
    if (c->indexed && length >= INDEXED_FROM) { /* no need to go over those before */
        c->at = c->start < length ? c->start : length;
        first = c->at + 1;
    }
    for (lua_Integer i = first; c->indexed && i <= length && !c->full; i++) {
        char name[32];
        snprintf(name, sizeof name, "[%lld]", (long long)i);
        lua_rawgeti(L, table, i);
        child(c, L, str_of(name), joined(&c->ref, str_of(name)));
    }
    lua_pushnil(L);
    while (c->named && !c->full && lua_next(L, table)) {
        bool listed = lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= length;
        script_work(L, 4);
        if (listed) {
            lua_pop(L, 1);
            continue;
        }
        struct buf name = BUF_INIT;
        render_key(L, lua_gettop(L) - 1, &name);
        child(c, L, buf_str(&name), joined(&c->ref, buf_str(&name)));
        buf_free(&name);
    }
}

static void list_job(struct children *c, lua_State *L)
{
    for (size_t i = 0; lua_job_names[i]; i++) {
        const char *name = lua_job_names[i];
        lua_getfield(L, -1, name); /* a function of our own, that no policy can replace */
        if (lua_type(L, -1) == LUA_TFUNCTION)
            lua_pop(L, 1);
        else
            child(c, L, str_of(name), joined(&c->ref, str_of(name)));
    }
}

static int l_children(lua_State *L)
{
    struct children *c = lua_touserdata(L, 1);
    struct frame *f = c->ref.frame < c->d->frame_count ? &c->d->frames[c->ref.frame] : NULL;
    luaL_checkstack(L, 20, NULL);
    if (c->ref.kind == REF_LOCALS && f && c->named) {
        list_locals(c, L, f);
    } else if (c->ref.kind == REF_UPVALUES && f && c->named) {
        list_upvalues(c, L, f);
    } else if (c->ref.kind == REF_GLOBALS) {
        lua_pushglobaltable(L);
        list_members(c, L);
    } else if (c->ref.kind == REF_VALUE && push_kept(L, c->id)) {
        if (lua_type(L, -1) == LUA_TTABLE)
            list_members(c, L);
        else if (lua_job_at(L, lua_gettop(L)) && c->named)
            list_job(c, L);
    }
    return 0;
}

static bool find_ref(struct debugger *d, const struct request *r, struct children *c)
{
    int64_t id = number_of(json_get(r->arguments, "variablesReference"), 0);
    if (!d->stopped || id < 1 || (uint64_t)id > d->ref_count) {
        answer_refuse(d, r, "%s: there is no such variablesReference now", r->command);
        return false;
    }
    *c = (struct children){.d = d, .ref = d->refs[id - 1], .id = (int)id, .indexed = true, .named = true};
    if (c->ref.kind == REF_GLOBALS)
        c->ref.expression = NULL;
    return true;
}

void handle_variables(struct debugger *d, const struct request *r)
{
    struct children c;
    struct error err;
    if (!find_ref(d, r, &c))
        return;
    struct json filter = json_get(r->arguments, "filter");
    c.indexed = !json_string_is(filter, str_of("named"));
    c.named = !json_string_is(filter, str_of("indexed"));
    c.start = number_of(json_get(r->arguments, "start"), 0);
    c.count = number_of(json_get(r->arguments, "count"), 0);
    c.start = c.start < 0 ? 0 : c.start;
    c.count = c.count < 1 || c.count > PAGE_MAX ? PAGE_MAX : c.count;
    answer_begin(d, r);
    json_write_key(&d->w, "variables");
    json_write_array(&d->w);
    if (script_protect(c.ref.script, l_children, &c, &err)) {
        answer_refuse(d, r, "%s", err.message);
        return;
    }
    json_write_end(&d->w);
    message_end(d);
}

/* ---- one is set ---- */

/* The key on the stack that is shown as `name`, of the table at the top; false: nothing is pushed. */
static bool push_key(lua_State *L, const char *name)
{
    int table = lua_gettop(L);
    bool found = false;
    lua_pushnil(L);
    while (!found && lua_next(L, table)) {
        struct buf text = BUF_INIT;
        lua_pop(L, 1);
        render_key(L, lua_gettop(L), &text);
        found = str_is(buf_str(&text), name);
        buf_free(&text);
        script_work(L, 4);
    }
    return found;
}

/* The new value is at the top, and stays there. */
static bool set_child(struct children *c, lua_State *L, struct frame *f)
{
    int value = lua_gettop(L), n;
    const char *name;
    switch (c->ref.kind) {
    case REF_LOCALS:
        if (!f || !(n = find_local(f, c->name)))
            return false;
        lua_pushvalue(L, value);
        if (f->L != L)
            lua_xmove(L, f->L, 1);
        return lua_setlocal(f->L, &f->ar, n) != NULL;
    case REF_UPVALUES:
        if (!f)
            return false;
        push_function(L, f);
        for (n = 1; (name = lua_getupvalue(L, -1, n)) && strcmp(name, c->name) != 0; n++)
            lua_pop(L, 1);
        if (!name)
            return false;
        lua_pop(L, 1);
        lua_pushvalue(L, value);
        return lua_setupvalue(L, -2, n) != NULL;
    case REF_GLOBALS:
        lua_pushglobaltable(L);
        break;
    default:
        if (!push_kept(L, c->id) || lua_type(L, -1) != LUA_TTABLE)
            return false;
    }
    if (!push_key(L, c->name))
        return false;
    lua_pushvalue(L, value);
    lua_rawset(L, -3);
    return true;
}

static int l_set(lua_State *L)
{
    struct children *c = lua_touserdata(L, 1);
    struct frame *f = c->ref.frame < c->d->frame_count ? &c->d->frames[c->ref.frame] : NULL;
    int n = evaluate(c->d, L, f, c->value, false);
    lua_settop(L, lua_gettop(L) - n + (n ? 1 : 0));
    if (!n)
        lua_pushnil(L);
    luaL_checkstack(L, 20, NULL);
    int value = lua_gettop(L);
    c->found = set_child(c, L, f);
    lua_pushvalue(L, value);
    if (c->found)
        write_value(c->d, L, c->ref.script, c->ref.frame, "value", NULL);
    return 0;
}

void handle_set_variable(struct debugger *d, const struct request *r)
{
    struct children c;
    struct error err;
    if (!find_ref(d, r, &c))
        return;
    char *name = text_of(json_get(r->arguments, "name")), *value = text_of(json_get(r->arguments, "value"));
    c.name = name ? name : "";
    c.value = str_of(value);
    answer_begin(d, r);
    if (script_protect(c.ref.script, l_set, &c, &err))
        answer_refuse(d, r, "%s", err.message);
    else if (!c.found)
        answer_refuse(d, r, "setVariable: \"%s\" cannot be set here", c.name);
    else
        message_end(d);
    free(name);
    free(value);
}
