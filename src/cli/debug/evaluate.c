/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions in a frame: its locals and upvalues are read and set through the expression's own _ENV. An expression
 * runs as the host's work does (script_protect), with a budget of its own, and cannot wait. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "cli/debug/parts.h"

#define EXPRESSION_BYTES 65536
#define LOOK_UNITS 8192 /* enough for a look at the clock */

/* ---- names ---- */

struct scope {
    struct debugger *d;
    uint64_t serial; /* of the stop */
    bool framed;
    struct frame frame;
};

int find_local(struct frame *f, const char *name)
{
    const char *local;
    int found = 0;
    for (int n = 1; lua_checkstack(f->L, 2) && (local = lua_getlocal(f->L, &f->ar, n)); n++) {
        lua_pop(f->L, 1);
        found = strcmp(local, name) == 0 ? n : found;
    }
    return found;
}

void push_local(lua_State *L, struct frame *f, int n)
{
    luaL_checkstack(L, 4, NULL);
    if (!lua_checkstack(f->L, 2) || !lua_getlocal(f->L, &f->ar, n))
        lua_pushnil(L);
    else if (f->L != L)
        lua_xmove(f->L, L, 1);
}

/* Pushes the frame's function and returns which upvalue has that name; 0: none. */
static int push_upvalue_owner(lua_State *L, struct frame *f, const char *name)
{
    const char *upvalue;
    luaL_checkstack(L, 4, NULL);
    if (!lua_checkstack(f->L, 2))
        luaL_error(L, "no room");
    lua_getinfo(f->L, "f", &f->ar);
    if (f->L != L)
        lua_xmove(f->L, L, 1);
    for (int n = 1; (upvalue = lua_getupvalue(L, -1, n)); n++) {
        lua_pop(L, 1);
        if (strcmp(upvalue, name) == 0)
            return n;
    }
    return 0;
}

/* The frame that the functions of an expression speak of; NULL: that stop is over, or it had none. */
static struct frame *frame_of(lua_State *L)
{
    struct scope *s = lua_touserdata(L, lua_upvalueindex(1));
    return s->framed && s->serial == s->d->serial ? &s->frame : NULL;
}

/* Pushes the local or upvalue of that name; false: nothing has it. */
static bool push_named(lua_State *L, struct frame *f, const char *name)
{
    int n = find_local(f, name);
    if (n) {
        push_local(L, f, n);
        return true;
    }
    n = push_upvalue_owner(L, f, name);
    if (n)
        lua_getupvalue(L, -1, n);
    lua_remove(L, n ? -2 : -1);
    return n != 0;
}

static void push_globals(lua_State *L, struct frame *f)
{
    if (!f || !push_named(L, f, "_ENV"))
        lua_pushglobaltable(L);
}

/* (environment, name) */
static int l_get(lua_State *L)
{
    struct frame *f = frame_of(L);
    if (f && lua_type(L, 2) == LUA_TSTRING && push_named(L, f, lua_tostring(L, 2)))
        return 1;
    push_globals(L, f);
    lua_pushvalue(L, 2);
    lua_gettable(L, -2);
    return 1;
}

/* (environment, name, value) */
static int l_set(lua_State *L)
{
    struct frame *f = frame_of(L);
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
    int n = f && name ? find_local(f, name) : 0;
    if (n) {
        lua_pushvalue(L, 3);
        if (f->L != L)
            lua_xmove(L, f->L, 1);
        lua_setlocal(f->L, &f->ar, n);
        return 0;
    }
    n = f && name ? push_upvalue_owner(L, f, name) : 0;
    if (n) {
        lua_pushvalue(L, 3);
        lua_setupvalue(L, -2, n);
        return 0;
    }
    push_globals(L, f);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_settable(L, -3);
    return 0;
}

static void push_environment(struct debugger *d, lua_State *L, struct frame *frame)
{
    lua_newtable(L);
    lua_createtable(L, 0, 3);
    struct scope *s = lua_newuserdatauv(L, sizeof *s, 0);
    *s = (struct scope){.d = d, .serial = d->serial, .framed = frame != NULL};
    if (frame)
        s->frame = *frame;
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, l_get, 1);
    lua_setfield(L, -3, "__index");
    lua_pushcclosure(L, l_set, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

/* ---- an expression ---- */

static bool compile(lua_State *L, struct str text, bool statements)
{
    lua_pushliteral(L, "return ");
    lua_pushlstring(L, text.len ? text.ptr : "", text.len);
    lua_concat(L, 2);
    size_t n;
    const char *expression = lua_tolstring(L, -1, &n);
    if (luaL_loadbufferx(L, expression, n, "=expression", "t") == LUA_OK)
        return true;
    return statements && luaL_loadbufferx(L, text.ptr, text.len, "=expression", "t") == LUA_OK;
}

int evaluate(struct debugger *d, lua_State *L, struct frame *frame, struct str text, bool statements)
{
    int top = lua_gettop(L), varargs = 0;
    if (text.len > EXPRESSION_BYTES)
        return luaL_error(L, "an expression of more than %d bytes", EXPRESSION_BYTES);
    luaL_checkstack(L, 20, NULL);
    script_work(L, text.len * 4);
    if (!compile(L, text, statements))
        return lua_error(L);
    push_environment(d, L, frame);
    if (!lua_setupvalue(L, -2, 1))
        lua_pop(L, 1);
    lua_insert(L, top + 1);
    lua_settop(L, top + 1);
    while (frame && varargs < 200 && lua_checkstack(frame->L, 2) &&
           lua_getlocal(frame->L, &frame->ar, -(varargs + 1))) {
        luaL_checkstack(L, 4, NULL);
        if (frame->L != L)
            lua_xmove(frame->L, L, 1);
        varargs++;
    }
    lua_call(L, varargs, LUA_MULTRET);
    script_work(L, LOOK_UNITS); /* where a pcall at the very end has caught it: the budget is used up all the same */
    return lua_gettop(L) - top;
}

struct evaluation {
    struct debugger *d;
    struct script *script;
    struct frame *frame;
    size_t frame_index;
    struct str text;
    bool statements;
    bool truth;
    struct buf *out; /* the values as text; NULL: they are written as the answer */
};

/* Several values: their texts with commas between; what is inside can be looked at for one alone. */
static void write_results(struct evaluation *e, lua_State *L, int n)
{
    struct buf text = BUF_INIT;
    if (n == 1) {
        write_value(e->d, L, e->script, e->frame_index, "result", str_dup(e->text));
        return;
    }
    for (int i = n; i > 0; i--) {
        render_value(L, -i, &text, EXPRESSION_BYTES);
        buf_puts(&text, i > 1 ? ", " : "");
    }
    json_write_key(&e->d->w, "result");
    json_write_str(&e->d->w, buf_str(&text));
    json_write_key(&e->d->w, "variablesReference");
    json_write_int(&e->d->w, 0);
    buf_free(&text);
}

static int l_evaluate(lua_State *L)
{
    struct evaluation *e = lua_touserdata(L, 1);
    int n = evaluate(e->d, L, e->frame, e->text, e->statements);
    luaL_checkstack(L, 20, NULL);
    e->truth = n > 0 && lua_toboolean(L, -n);
    if (!e->out) {
        write_results(e, L, n);
    } else if (n > 0) {
        struct str s = {0};
        if (lua_type(L, -n) == LUA_TSTRING) {
            s.ptr = lua_tolstring(L, -n, &s.len);
            buf_add_str(e->out, s);
        } else {
            render_value(L, -n, e->out, EXPRESSION_BYTES);
        }
    }
    return 0;
}

void handle_evaluate(struct debugger *d, const struct request *r)
{
    struct error err;
    struct evaluation e = {.d = d, .frame_index = SIZE_MAX, .script = d->stop.script};
    int64_t id = number_of(json_get(r->arguments, "frameId"), 0);
    if (!d->stopped) {
        answer_refuse(d, r, "evaluate: the tests are running; pause them first");
        return;
    }
    if (id && !(e.frame = frame_at(d, id, &e.frame_index))) {
        answer_refuse(d, r, "evaluate: there is no such frame now");
        return;
    }
    if (!id && (e.frame_index = frame_at_stop(d)) != SIZE_MAX)
        e.frame = &d->frames[e.frame_index];
    if (e.frame)
        e.script = e.frame->script;
    char *text = text_of(json_get(r->arguments, "expression"));
    e.text = str_of(text);
    e.statements = json_string_is(json_get(r->arguments, "context"), str_of("repl"));
    answer_begin(d, r);
    if (script_protect(e.script, l_evaluate, &e, &err))
        answer_refuse(d, r, "%s", err.message);
    else
        message_end(d);
    free(text);
}

/* ---- for breakpoints ---- */

static int work_out(struct debugger *d, struct frame *frame, struct str text, struct buf *out, bool *truth,
                    struct error *err)
{
    struct buf ignored = BUF_INIT;
    struct evaluation e = {.d = d,
                           .script = frame->script,
                           .frame = frame,
                           .frame_index = SIZE_MAX,
                           .text = text,
                           .out = out ? out : &ignored};
    d->serial++;
    int rc = script_protect(frame->script, l_evaluate, &e, err);
    d->serial++;
    *truth = !rc && e.truth;
    buf_free(&ignored);
    return rc;
}

bool condition_holds(struct debugger *d, struct frame *frame, const char *condition)
{
    struct error err;
    bool truth;
    if (!work_out(d, frame, str_of(condition), NULL, &truth, &err))
        return truth;
    struct buf text = BUF_INIT;
    buf_printf(&text, "the breakpoint's condition \"%s\" cannot be told: %s\n", condition, err.message);
    tell_output(d, "console", buf_str(&text));
    buf_free(&text);
    return true; /* who set it sees then what is wrong */
}

void log_point(struct debugger *d, struct frame *frame, const char *message)
{
    struct buf text = BUF_INIT;
    struct error err;
    bool truth;
    while (*message) {
        const char *close = *message == '{' ? strchr(message, '}') : NULL;
        if (!close) {
            buf_putc(&text, *message++);
            continue;
        }
        if (work_out(d, frame, str_n(message + 1, (size_t)(close - message - 1)), &text, &truth, &err))
            buf_printf(&text, "{%s}", err.message);
        message = close + 1;
    }
    buf_putc(&text, '\n');
    tell_output(d, "console", buf_str(&text));
    buf_free(&text);
}
