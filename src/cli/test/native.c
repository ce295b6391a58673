/* SPDX-License-Identifier: Apache-2.0 */
/* What our own files of a spec's state (lua/mpijobd/test) are given: places in the source, files, times, kinds. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/texts.h"
#include "cli/test/spec_parts.h"
#include "mpijob/field.h"
#include "mpijob/kind.h"
#include "policy/values/lua_json.h"
#include "time/civil_text.h"
#include "time/zone.h"
#include "yaml/convert.h"

#define FILE_MAX_BYTES 8388608

/* ---- the source ---- */

/* line(level): the line that the function at that level has come to; 0: not known. */
static int l_line(lua_State *L)
{
    lua_Debug ar;
    int line = 0;
    if (lua_getstack(L, (int)luaL_checkinteger(L, 1), &ar) && lua_getinfo(L, "l", &ar))
        line = ar.currentline;
    lua_pushinteger(L, line > 0 ? line : 0);
    return 1;
}

/* debug.getinfo, as far as luassert needs it. */
static int l_getinfo(lua_State *L)
{
    lua_Debug ar;
    const char *what = "Sl";
    if (lua_type(L, 1) == LUA_TFUNCTION) {
        what = ">Sl";
        lua_settop(L, 1);
    } else if (!lua_getstack(L, (int)luaL_checkinteger(L, 1), &ar)) {
        return 0;
    }
    lua_getinfo(L, what, &ar);
    lua_createtable(L, 0, 4);
    lua_pushstring(L, ar.source);
    lua_setfield(L, -2, "source");
    lua_pushstring(L, ar.short_src);
    lua_setfield(L, -2, "short_src");
    lua_pushinteger(L, ar.currentline);
    lua_setfield(L, -2, "currentline");
    lua_pushinteger(L, ar.linedefined);
    lua_setfield(L, -2, "linedefined");
    return 1;
}

static int l_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    if (!lua_getmetatable(L, 1))
        lua_pushnil(L);
    return 1;
}

/* The message handler of tests. What is no text stays what it is. */
static int l_explain(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TTABLE && !luaL_getmetafield(L, 1, "__tostring")) {
        lua_settop(L, 1);
        return 1;
    }
    luaL_tolstring(L, 1, NULL);
    return 1;
}

/* module(name, env): a file of luassert as a function. */
static int l_module(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    for (const struct embedded_module *m = embedded_test; m->name; m++) {
        if (strcmp(m->name, name) != 0)
            continue;
        lua_pushfstring(L, "=%s", name);
        if (luaL_loadbufferx(L, m->bytes, m->len, lua_tostring(L, -1), "t"))
            return lua_error(L);
        lua_pushvalue(L, 2);
        if (!lua_setupvalue(L, -2, 1))
            lua_pop(L, 1);
        return 1;
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* nearest(name, set): "; did you mean "x"?", or "". */
static int l_nearest(lua_State *L)
{
    const char *names[65] = {NULL};
    size_t n = 0;
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        if (n < 64 && lua_type(L, -2) == LUA_TSTRING)
            names[n++] = lua_tostring(L, -2);
        lua_pop(L, 1);
    }
    qsort(names, n, sizeof *names, by_name); /* Lua's order differs from run to run */
    const char *near = str_nearest(luaL_checkstring(L, 1), names);
    if (near)
        lua_pushfstring(L, "; did you mean \"%s\"?", near);
    else
        lua_pushliteral(L, "");
    return 1;
}

/* ---- files ---- */

const char *native_path(lua_State *L, int index)
{
    const char *path = luaL_checkstring(L, index);
    if (*path == '/' || strncmp(path, "../", 3) == 0 || strstr(path, "/../") || strcmp(path, "..") == 0)
        luaL_error(L, "\"%s\": a spec reads only files in its own folder, by their path from there on", path);
    return lua_pushfstring(L, "%s%s", spec_of(L)->folder, path);
}

/* Memory of C that an error must not leak: freed by Lua. */
struct guarded {
    struct buf buf;
};

static int l_free_buf(lua_State *L)
{
    buf_free(&((struct guarded *)lua_touserdata(L, 1))->buf);
    return 0;
}

static struct buf *push_buf(lua_State *L)
{
    struct guarded *g = lua_newuserdatauv(L, sizeof *g, 0);
    buf_init(&g->buf, FILE_MAX_BYTES);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, l_free_buf);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    return &g->buf;
}

/* read(path): all documents of a YAML or JSON file, as a list. */
static int l_read(lua_State *L)
{
    const char *path = native_path(L, 1);
    struct buf *text = push_buf(L), *documents = push_buf(L);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    struct json root;
    if (buf_read_file(text, path, FILE_MAX_BYTES, err) || yaml_documents_to_json(buf_str(text), path, documents, err) ||
        json_parse(buf_str(documents), path, &root, err))
        return luaL_error(L, "%s", err->message);
    script_work(L, text->len * 10);
    lua_json_push(L, root);
    return 1;
}

/* policies(path...): what the world loads instead of the policy beside the spec. */
static int l_policies(lua_State *L)
{
    struct spec *s = spec_of(L);
    const char *paths[65] = {NULL};
    int n = lua_gettop(L);
    luaL_argcheck(L, n > 0 && n <= 64, 1, "files or folders of policies expected, from the spec's folder on");
    luaL_checkstack(L, n + 4, NULL);
    if (s->world && world_engine(s->world))
        return luaL_error(L, "policy.load comes before the test's first assertion and before the clock moves");
    for (int i = 0; i < n; i++) {
        const char *path = luaL_checkstring(L, i + 1);
        paths[i] = *path == '/' ? path : lua_pushfstring(L, "%s%s", s->folder, path);
    }
    char **list = texts_copy_list(paths, (size_t)n);
    if (!list)
        return luaL_error(L, "out of memory");
    char ***place = s->running ? &s->test_policies : &s->policies;
    free(*place);
    *place = list;
    return 0;
}

/* beside(path): from the spec's folder on. */
static int l_beside(lua_State *L)
{
    native_path(L, 1);
    return 1;
}

/* plugin(path, options as JSON) */
static int l_plugin(lua_State *L)
{
    struct spec *s = spec_of(L);
    const char *path = luaL_checkstring(L, 1), *options = luaL_checkstring(L, 2);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    if (s->world && world_engine(s->world))
        return luaL_error(L, "policy.plugin comes before the test's first assertion and before the clock moves");
    if (*path != '/')
        path = lua_pushfstring(L, "%s%s", s->folder, path);
    if (spec_plugins_add(&s->plugins, path, options, s->running, err))
        return luaL_error(L, "%s", err->message);
    return 0;
}

/* ---- times ---- */

static int64_t civil_instant(lua_State *L, const char *text, const char *zone_name, struct error *err)
{
    struct civil c;
    bool date;
    if (!civil_parse(text, &c, &date) || date)
        return luaL_error(L, "\"%s\" is neither 2026-03-29T00:59:00Z nor, with a zone, 2026-03-29 01:59", text);
    struct zone *zone;
    int64_t first, second;
    if (zone_load(zone_name, NULL, &zone, err))
        return luaL_error(L, "%s", err->message);
    enum zone_local kind = zone_instants(zone, &c, &first, &second);
    zone_free(zone);
    if (kind == ZONE_GAP)
        return luaL_error(L, "\"%s\" does not exist in %s: the clocks jump over it", text, zone_name);
    return first; /* of a time that comes twice, the earlier one */
}

/* instant(text or seconds [, zone]): seconds since 1970. */
static int l_instant(lua_State *L)
{
    int64_t us;
    if (lua_type(L, 1) == LUA_TNUMBER) {
        lua_settop(L, 1);
        return 1;
    }
    const char *text = luaL_checkstring(L, 1), *zone = luaL_optstring(L, 2, NULL);
    if (!zone && clock_parse(text, &us)) {
        lua_pushinteger(L, us / CLOCK_SECOND);
        return 1;
    }
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    lua_pushinteger(L, civil_instant(L, text, zone ? zone : "UTC", err));
    return 1;
}

/* ---- kinds ---- */

static const struct mpijob_kind *check_kind(lua_State *L, int index)
{
    const struct mpijob_kind *kind;
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    const char *name = luaL_checkstring(L, index);
    if (!mpijob_kind_parse(str_of(name), &kind)) {
        mpijob_kind_unknown(name, err);
        luaL_error(L, "%s", err->message);
    }
    if (mpijob_kind_described(kind))
        luaL_error(L, "cluster.job makes no %ss; write the object in a file, and cluster.load it", kind->name);
    return kind;
}

/* place_of(field, version, kind): the pointer at which a client writes it; nil: there is no such field. */
static int l_place_of(lua_State *L)
{
    struct spec *s = spec_of(L);
    enum mpijob_field_id field;
    struct mpijob_target target = {.kind = check_kind(L, 3)};
    if (!mpijob_field_find(NULL, str_of(luaL_checkstring(L, 1)), &field) ||
        !mpijob_version_parse(str_of(luaL_checkstring(L, 2)), &target.version))
        return 0;
    bool training = s->training || target.kind != KIND_MPIJOB;
    mpijob_controller_parse(str_of(training ? "training-operator" : "mpi-operator"), &target.controller);
    const struct mpijob_place *place = mpijob_field_place(field, target);
    if (!place->has)
        return 0;
    lua_pushstring(L, place->pointer);
    return 1;
}

static int l_specs(lua_State *L)
{
    lua_pushstring(L, mpijob_kind_info(check_kind(L, 1))->specs);
    return 1;
}

/* version_of("jobsets.jobset.x-k8s.io"): "v1alpha2"; of any other resource "v1". */
static int l_version_of(lua_State *L)
{
    const struct mpijob_kind *kind;
    bool known = mpijob_kind_find(str_of(luaL_checkstring(L, 1)), &kind) && mpijob_kind_described(kind);
    lua_pushstring(L, known ? mpijob_kind_version_name(kind, mpijob_kind_version(kind)) : "v1");
    return 1;
}

/* resource("trainjob"): "trainjobs.trainer.kubeflow.org"; nil: there is no such kind. */
static int l_resource(lua_State *L)
{
    const struct mpijob_kind *kind;
    if (!mpijob_kind_find(str_of(luaL_checkstring(L, 1)), &kind))
        return 0;
    lua_pushstring(L, mpijob_kind_info(kind)->definition);
    return 1;
}

static int l_first_role(lua_State *L)
{
    lua_pushstring(L, mpijob_kind_info(check_kind(L, 1))->roles[0].name);
    return 1;
}

/* outside("setup"): no cluster may be made now; outside(nil): it may again. */
static int l_outside(lua_State *L)
{
    const char *what = luaL_optstring(L, 1, NULL);
    spec_of(L)->outside = !what ? NULL : strcmp(what, "setup") == 0 ? "setup" : "teardown";
    return 0;
}

void native_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"line", l_line},         {"getinfo", l_getinfo},       {"getmetatable", l_getmetatable},
        {"explain", l_explain},   {"module", l_module},         {"nearest", l_nearest},
        {"read", l_read},         {"policies", l_policies},     {"beside", l_beside},
        {"plugin", l_plugin},     {"instant", l_instant},       {"place_of", l_place_of},
        {"specs", l_specs},       {"first_role", l_first_role}, {"version_of", l_version_of},
        {"resource", l_resource}, {"outside", l_outside},       {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
