/* SPDX-License-Identifier: Apache-2.0 */
/* What a script is told of a change that it asked for. */
#include <lauxlib.h>
#include <stdio.h>

#include "binding/lua_write.h"
#include "policy/values/lua_json.h"
#include "json/write.h"

static void keep_warnings(struct lua_write *v, const char *const *warnings)
{
    struct json_writer w;
    json_writer_init(&w, &v->warnings);
    json_write_array(&w);
    for (; *warnings; warnings++)
        json_write_string(&w, *warnings);
    json_write_end(&w);
}

void lua_result_keep(struct lua_write *v, const struct change_result *result, const struct error *err)
{
    if (err)
        v->err = *err;
    v->changed = result->changed;
    v->was_dry = result->dry_run;
    v->effect = result->effect;
    v->seen = result->seen;
    v->after_ms = result->after_ms;
    snprintf(v->note, sizeof v->note, "%s", result->seen_note ? result->seen_note : "");
    snprintf(v->why, sizeof v->why, "%s", result->why ? result->why : "");
    snprintf(v->resource_version, sizeof v->resource_version, "%s",
             result->resource_version ? result->resource_version : "");
    mpijob_diff_json(result->diff, &v->diff);
    if (result->child->count)
        mpijob_diff_json(result->child, &v->child);
    v->child_called = result->child_called;
    keep_warnings(v, result->warnings);
    v->again = result->again;
    v->tries = result->tries;
    if (v->again || (!err && v->verb != CHANGE_FIELDS))
        buf_add_str(&v->object, result->object);
    if (v->diff.failed || v->child.failed || v->warnings.failed || v->object.failed)
        error_nomem(&v->err);
}

static void push_json(lua_State *L, const struct buf *text)
{
    struct json root;
    if (text->len && json_parse(buf_str(text), "the result", &root, NULL) == 0)
        lua_json_push(L, root);
    else
        lua_newtable(L);
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static int push_result(lua_State *L, const struct lua_write *v)
{
    lua_createtable(L, 0, 8);
    lua_pushboolean(L, v->changed);
    lua_setfield(L, -2, "changed");
    lua_pushboolean(L, v->was_dry);
    lua_setfield(L, -2, "dry_run");
    set_text(L, "effect", mpijob_effect_name(v->effect));
    set_text(L, "message", v->why);
    if (*v->resource_version)
        set_text(L, "resourceVersion", v->resource_version);
    push_json(L, &v->diff);
    lua_setfield(L, -2, "diff");
    if (v->seen == EFFECT_SEEN || v->seen == EFFECT_NOT_SEEN) {
        lua_pushboolean(L, v->seen == EFFECT_SEEN);
        lua_setfield(L, -2, "effect_seen");
        lua_pushnumber(L, (lua_Number)v->after_ms / 1000);
        lua_setfield(L, -2, "effect_after");
    }
    if (*v->note)
        set_text(L, "effect_message", v->note);
    if (v->child.len) {
        push_json(L, &v->child);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, "child");
        lua_setfield(L, -2, v->child_called);
    }
    push_json(L, &v->warnings);
    lua_setfield(L, -2, "warnings");
    if (v->object.len) {
        lua_pushlstring(L, v->object.ptr, v->object.len);
        lua_setfield(L, -2, "object");
    }
    return 1;
}

int lua_result_push(lua_State *L, struct lua_write *v)
{
    if (!v->err.code)
        return push_result(L, v);
    int n = push_failure(L, &v->err);
    if (v->object.len && v->again) {
        if (v->splices)
            push_json(L, &v->object);
        else
            lua_job_push(L, buf_str(&v->object), v->run->site->cluster, v->kind, v->run->site->clock);
        lua_pushinteger(L, v->tries);
        n += 2;
    }
    return n;
}
