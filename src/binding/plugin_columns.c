/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of plugins, asked in the states in which the plugins were tried. */
#include "binding/plugin_columns.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/visible.h"
#include "binding/require_parts.h"
#include "policy/values/lua_job.h"
#include "script/embedded.h"
#include "script/script.h"
#include "json/value.h"

struct asking {
    const struct plugin_columns_call *call;
    struct policy_file *file;
    size_t first, count; /* its columns, among all */
    size_t job, row;     /* the next ones */
    size_t column;       /* of the next sum, from the first one on */
    bool over;           /* the script has ended */
};

/* ---- which there are ---- */

static struct json said_columns(const struct policy_file *f)
{
    struct json root;
    if (!f->tries || !f->tries->good || !f->tries->said || !f->script ||
        json_parse(str_of(f->tries->said), "", &root, NULL))
        return (struct json){{0}};
    return json_get(root, "columns");
}

void plugin_columns_find(const struct policy_set *set, struct plugin_columns *columns)
{
    *columns = (struct plugin_columns){0};
    for (size_t i = 0; i < set->file_count; i++) {
        for (struct json_iter it = json_iter(said_columns(set->files[i])); json_next(&it);) {
            if (columns->count == PLUGIN_COLUMNS_MAX) {
                columns->more = true;
                return;
            }
            struct plugin_column *c = &columns->items[columns->count++];
            snprintf(c->plugin, sizeof c->plugin, "%s", set->files[i]->tries->name);
            json_string_at(it.value, "/name", c->name, sizeof c->name);
        }
    }
}

/* ---- what the script calls ---- */

static struct asking *asking_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* jobs(): the next job, and { gpus, day, week }. */
static int l_jobs(lua_State *L)
{
    struct asking *a = asking_of(L);
    if (a->job == a->call->job_count)
        return 0;
    const struct plugin_columns_job *j = &a->call->jobs[a->job++];
    lua_job_push(L, j->object, a->call->cluster, a->call->kind, a->file->env->clock);
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, j->gpus);
    lua_setfield(L, -2, "gpus");
    lua_pushnumber(L, j->day);
    lua_setfield(L, -2, "day");
    lua_pushnumber(L, j->week);
    lua_setfield(L, -2, "week");
    return 2;
}

__attribute__((format(printf, 2, 3))) static void failed(struct plugin_column *c, const char *format, ...)
{
    char text[sizeof c->problem];
    struct buf shown = BUF_INIT;
    va_list args;
    if (c->failed++)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text[strcspn(text, "\n")] = '\0'; /* without the traceback */
    visible_add(&shown, str_of(text));
    snprintf(c->problem, sizeof c->problem, "%s", shown.ptr ? shown.ptr : text);
    buf_free(&shown);
}

/* value(column, good, value or message) */
static int l_value(lua_State *L)
{
    struct asking *a = asking_of(L);
    lua_Integer number_of = luaL_checkinteger(L, 1);
    if (number_of < 1 || number_of > (lua_Integer)a->count) /* a plugin may have its own ipairs */
        return 0;
    size_t column = a->first + (size_t)number_of - 1;
    struct plugin_column *c = &a->call->columns->items[column];
    double number = lua_tonumber(L, 3);
    if (!lua_toboolean(L, 2))
        failed(c, "%s", lua_type(L, 3) == LUA_TSTRING ? lua_tostring(L, 3) : "it raised an error that is no text");
    else if (lua_isnoneornil(L, 3))
        ; /* nothing to add */
    else if (lua_type(L, 3) != LUA_TNUMBER || !isfinite(number))
        failed(c, "it gave %s; it has to give a finite number, or nil", luaL_typename(L, 3));
    else
        a->call->value(a->call->data, a->job - 1, column, number);
    return 0;
}

/* sums(): the next sum, and the number of its column. */
static int l_sums(lua_State *L)
{
    struct asking *a = asking_of(L);
    if (a->row == a->call->row_count)
        return 0;
    lua_pushnumber(L, a->call->sums[a->row * a->call->columns->count + a->first + a->column]);
    lua_pushinteger(L, (lua_Integer)a->column + 1);
    return 2;
}

/* text(good, text or message): of the sum that came last. */
static int l_text(lua_State *L)
{
    struct asking *a = asking_of(L);
    size_t column = a->first + a->column;
    struct plugin_column *c = &a->call->columns->items[column];
    struct buf shown = BUF_INIT;
    size_t len = 0;
    const char *text = lua_type(L, 2) == LUA_TSTRING ? lua_tolstring(L, 2, &len) : NULL;
    if (!lua_toboolean(L, 1))
        failed(c, "its text: %s", text ? text : "it raised an error that is no text");
    else if (!text || len > PLUGIN_COLUMNS_TEXT)
        failed(c, "its text is %s; it has to be a text of at most %d bytes", text ? "longer" : luaL_typename(L, 2),
               PLUGIN_COLUMNS_TEXT);
    else
        visible_add(&shown, str_n(text, len));
    a->call->text(a->call->data, a->row, column, shown.ptr && !shown.failed ? shown.ptr : "-");
    buf_free(&shown);
    if (++a->column == a->count) {
        a->column = 0;
        a->row++;
    }
    return 0;
}

/* ---- one plugin ---- */

static int start(lua_State *L, void *data)
{
    static const luaL_Reg natives[] = {
        {"jobs", l_jobs}, {"value", l_value}, {"sums", l_sums}, {"text", l_text}, {NULL, NULL}};
    if (luaL_loadbufferx(L, embedded_plugin_columns, embedded_plugin_columns_len, "=plugin", "t"))
        lua_error(L);
    lua_newtable(L);
    lua_pushlightuserdata(L, data);
    luaL_setfuncs(L, natives, 1);
    lua_getglobal(L, "pcall");
    lua_setfield(L, -2, "protect");
    lua_getfield(L, LUA_REGISTRYINDEX, PLUGIN_COLUMNS);
    return 2;
}

/* Their sums are worth nothing when jobs are missing in them. */
static void ended(void *data, struct script_run *run, lua_State *L, const struct error *err)
{
    (void)L;
    struct asking *a = data;
    struct plugin_column *columns = &a->call->columns->items[a->first];
    a->over = true;
    columns->used_us += run ? script_run_cpu(run) : 0;
    a->file->loading = NULL;
    for (size_t i = 0; err && i < a->count; i++) {
        columns[i].over = true;
        columns[i].failed = 0;
        if (columns->used_us + 1000 >= PLUGIN_COLUMNS_CPU + columns->may_us)
            failed(&columns[i],
                   "the plugin has used up its CPU time, which is 1 s for a report and 0.2 ms for each job "
                   "(a loop that does not end?)");
        else
            failed(&columns[i], "%s", err->message);
    }
}

/* While it is asked, the file counts as one that is being loaded: nothing in it can wait, or change anything. */
static void ask(struct asking *a)
{
    struct error err;
    struct plugin_column *columns = &a->call->columns->items[a->first];
    if (columns->over)
        return;
    columns->may_us += (int64_t)a->call->job_count * PLUGIN_COLUMNS_CPU_JOB;
    int64_t left = PLUGIN_COLUMNS_CPU + columns->may_us - columns->used_us;
    struct script_call call = {
        .entry = start, .done = ended, .data = a, .limits = {.cpu_us = left > 1000 ? left : 1000}, .loading = true};
    if (script_start(a->file->script, &call, &a->file->loading, &err)) {
        ended(a, NULL, NULL, &err);
        return;
    }
    while (!a->over)
        a->call->turn(a->call->data);
}

void plugin_columns_ask(const struct plugin_columns_call *call)
{
    const struct plugin_columns *columns = call->columns;
    size_t at = 0;
    for (size_t i = 0; i < call->set->file_count && at < columns->count; i++) {
        struct policy_file *f = call->set->files[i];
        struct asking a = {.call = call, .file = f, .first = at};
        while (f->tries && at < columns->count && strcmp(columns->items[at].plugin, f->tries->name) == 0) {
            at++;
            a.count++;
        }
        if (a.count)
            ask(&a);
    }
}
