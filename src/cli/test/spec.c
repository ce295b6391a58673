/* SPDX-License-Identifier: Apache-2.0 */
/* A spec file's life: read, its tests collected, run one by one, each in a world of its own. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "binding/modules.h"
#include "cli/debug/debug.h"
#include "cli/test/spec_parts.h"
#include "policy/sources.h"
#include "policy/values/lua_json.h"
#include "yaml/convert.h"

struct spec *spec_of(lua_State *L)
{
    return script_host(L); /* its first member is what the modules take the host for */
}

const char *const *spec_policies(const struct spec *s)
{
    if (s->test_policies)
        return (const char *const *)s->test_policies;
    return s->policies ? (const char *const *)s->policies : s->one_policy;
}

/* ---- the state ---- */

/* One of our own files, as a function. */
static void push_own(lua_State *L, const char *name)
{
    for (const struct embedded_module *m = embedded_test; m->name; m++) {
        if (strcmp(m->name, name) != 0)
            continue;
        if (luaL_loadbufferx(L, m->bytes, m->len, lua_pushfstring(L, "=%s", name), "t"))
            lua_error(L);
        lua_remove(L, -2);
        return;
    }
    luaL_error(L, "%s is missing in the program", name);
}

/* Runs it with the natives, which are at index 1. */
static void run_own(lua_State *L, const char *name, int results)
{
    push_own(L, name);
    lua_pushvalue(L, 1);
    lua_call(L, 1, results);
}

static int l_open(lua_State *L)
{
    struct spec *s = spec_of(L);
    lua_settop(L, 0);
    binding_open(L);
    debugger_observe(s->onlookers.debugger, L);
    lua_newtable(L);
    native_open(L);
    native_open_world(L);
    native_open_why(L);
    native_open_approval(L);
    lua_pushstring(L, s->path);
    lua_setfield(L, -2, "file");
    lua_pushvalue(L, 1);
    s->natives = luaL_ref(L, LUA_REGISTRYINDEX);
    run_own(L, "test.luassert", 0);
    run_own(L, "test.runner", 1);
    s->runner = luaL_ref(L, LUA_REGISTRYINDEX);
    static const char *const rest[] = {"test.job", "test.cluster", "test.assertions", "test.outside"};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        run_own(L, rest[i], 0);
    return 0;
}

/* ---- collecting ---- */

static void take_tags(lua_State *L, struct buf *out)
{
    lua_getfield(L, -1, "tags");
    buf_putc(out, ' ');
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TSTRING; i++) {
        buf_printf(out, "%s ", lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
}

static int l_collect(lua_State *L)
{
    struct spec *s = spec_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->runner);
    lua_getfield(L, -1, "tests");
    size_t n = lua_rawlen(L, -1);
    s->tests = calloc(n + 1, sizeof *s->tests);
    for (size_t i = 0; s->tests && i < n; i++) {
        struct buf tags = BUF_INIT;
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        take_tags(L, &tags);
        lua_getfield(L, -1, "name");
        lua_getfield(L, -2, "line");
        s->tests[i] = (struct spec_test){.name = str_dup(str_of(lua_tostring(L, -2))),
                                         .tags = buf_take(&tags, NULL),
                                         .line = (int)lua_tointeger(L, -1),
                                         .chosen = true};
        s->count++;
        lua_pop(L, 3);
        if (!s->tests[i].name || !s->tests[i].tags)
            return luaL_error(L, "out of memory");
    }
    return s->tests ? 0 : luaL_error(L, "out of memory");
}

/* ---- the table form ---- */

static bool is_table(const char *path)
{
    return str_ends(str_of(path), ".yaml") || str_ends(str_of(path), ".yml") || str_ends(str_of(path), ".json");
}

/* lines(pointer): the line of that place of the file. */
static int l_lines(lua_State *L)
{
    struct spec *s = spec_of(L);
    lua_pushinteger(L, yaml_pointer_line(buf_str(&s->file.text), luaL_checkstring(L, 1)));
    return 1;
}

static int l_collect_table(lua_State *L)
{
    struct spec *s = spec_of(L);
    struct json root;
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    if (yaml_to_json(buf_str(&s->file.text), s->path, &s->table, err) ||
        json_parse(buf_str(&s->table), s->path, &root, err))
        return luaL_error(L, "%s", err->message);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->natives);
    lua_replace(L, 1);
    push_own(L, "test.table");
    lua_pushvalue(L, 1);
    lua_json_push(L, root);
    lua_pushcfunction(L, l_lines);
    lua_call(L, 3, 0);
    return 0;
}

static void file_loaded(void *data, struct script_run *run, lua_State *L, const struct error *err)
{
    struct error *result = data;
    (void)run;
    (void)L;
    if (err)
        *result = *err;
    else
        result->code = 1; /* the loop's: it has been read */
}

static int collect(struct spec *s, struct error *err)
{
    if (is_table(s->path)) {
        int failed = script_protect(s->script, l_collect_table, NULL, err);
        return failed ? failed : script_protect(s->script, l_collect, NULL, err);
    }
    struct script_call call = {.done = file_loaded, .data = err, .loading = true};
    struct script_run *run;
    int rc = script_load(s->script, buf_str(&s->file.text), &call, &run, err);
    if (rc)
        return rc;
    err->code = 0;
    s->file.loading = run;
    while (!err->code && uv_run(s->loop, UV_RUN_ONCE)) {
    }
    if (err->code != 1)
        return err->code;
    *err = (struct error){0};
    return script_protect(s->script, l_collect, NULL, err);
}

static int find_beside(struct spec *s)
{
    struct stat st;
    static const char suffix[] = "_spec";
    size_t n = strlen(s->path), folder = n;
    while (n && s->path[n - 1] != '.' && s->path[n - 1] != '/')
        n--; /* without what its name ends in */
    n -= n && s->path[n - 1] == '.';
    while (folder && s->path[folder - 1] != '/')
        folder--;
    s->folder = str_dup(str_n(s->path, folder));
    struct buf beside = BUF_INIT;
    if (n > sizeof suffix - 1)
        buf_printf(&beside, "%.*s.lua", (int)(n - (sizeof suffix - 1)), s->path);
    s->beside = buf_take(&beside, NULL);
    const char *name = s->beside ? s->beside + folder : "";
    if (s->beside && (strcmp(name, PLUGIN_FILE) == 0 || stat(s->beside, &st) != 0)) {
        free(s->beside);
        s->beside = NULL;
    }
    s->one_policy[0] = s->beside;
    return s->folder ? 0 : ERR_NOMEM;
}

int spec_open(uv_loop_t *loop, struct defer_queue *soon, const struct log *log, struct onlookers onlookers,
              const char *path, struct spec **out, struct error *err)
{
    struct spec *s = calloc(1, sizeof *s);
    if (!s)
        return error_nomem(err);
    *s = (struct spec){.loop = loop, .soon = soon, .path = path, .runner = LUA_NOREF, .natives = LUA_NOREF};
    s->clock = (struct clock){.manual = true, .manual_us = SPEC_START_US};
    s->onlookers = onlookers;
    stand_in_open(&s->stand_in);
    s->env = (struct policy_env){.loop = loop, .soon = soon, .clock = &s->clock, .log = log, .open = binding_open};
    s->env.plugin_cure = SPEC_PLUGIN_CURE;
    s->file = (struct policy_file){.env = &s->env, .path = (char *)(uintptr_t)path};
    struct script_limits limits = {.cpu_us = SPEC_CPU_US, .timeout_us = SPEC_TIMEOUT_US};
    int rc = find_beside(s) ? error_nomem(err) : buf_read_file(&s->file.text, path, SCRIPT_SOURCE_MAX, err);
    s->file.plugins = &s->plugins.read;
    if (!rc)
        rc = spec_plugins_find(&s->plugins, s->folder, err);
    if (!rc)
        rc = script_new(loop, path, &limits, s, &s->script, err);
    if (!rc)
        rc = script_protect(s->script, l_open, NULL, err);
    if (!rc)
        rc = collect(s, err);
    if (rc) {
        spec_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

size_t spec_count(const struct spec *s)
{
    return s->count;
}

struct spec_test *spec_test(struct spec *s, size_t index)
{
    return &s->tests[index];
}

/* ---- running ---- */

static void next_test(struct spec *s);

static void test_closed(void *data)
{
    struct spec *s = data;
    s->world = NULL;
    s->result.took_us = clock_monotonic() - s->began;
    s->result.message = s->message ? s->message : "";
    s->told(s->data, &s->tests[s->at], &s->result);
    free(s->message);
    s->message = NULL;
    free(s->test_policies);
    s->test_policies = NULL;
    spec_plugins_forget(&s->plugins);
    stand_in_clear(&s->stand_in);
    s->at++;
    defer_call(s->soon, &s->turn);
}

static int l_abandoned(lua_State *L)
{
    struct spec *s = spec_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->runner);
    lua_getfield(L, -1, "abandoned");
    lua_call(L, 0, 0);
    return 0;
}

static void keep_error(struct spec *s, const struct error *err)
{
    struct error ignored;
    s->result.verdict = SPEC_ERROR;
    s->message = str_dup(str_of(err->message));
    script_protect(s->script, l_abandoned, NULL, &ignored);
}

static void test_over(void *data, struct script_run *run, lua_State *L, const struct error *err)
{
    static const char *const names[] = {"success", "failure", "error", "pending"};
    struct spec *s = data;
    (void)run;
    s->test = NULL;
    native_forget(s);
    if (err) {
        keep_error(s, err);
    } else {
        const char *verdict = lua_tostring(L, 1), *message = lua_tostring(L, 2);
        for (int i = 0; i < 4; i++) {
            if (verdict && strcmp(verdict, names[i]) == 0)
                s->result.verdict = (enum spec_verdict)i;
        }
        s->message = message ? str_dup(str_of(message)) : NULL;
    }
    if (s->world)
        world_close(s->world, test_closed, s);
    else
        test_closed(s);
}

static int enter(lua_State *L, void *data)
{
    struct spec *s = data;
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->runner);
    lua_getfield(L, -1, "run");
    lua_remove(L, -2);
    lua_pushinteger(L, (lua_Integer)s->at + 1);
    return 1;
}

static void next_test(struct spec *s)
{
    struct error err;
    struct script_call call = {.entry = enter, .done = test_over, .data = s};
    while (s->at < s->count && !s->tests[s->at].chosen)
        s->at++;
    if (s->at == s->count) {
        s->done(s->data);
        return;
    }
    s->clock.manual_us = SPEC_START_US;
    s->names = 0;
    s->outside = NULL;
    s->began = clock_monotonic();
    s->result = (struct spec_result){0};
    if (script_start(s->script, &call, &s->test, &err)) {
        keep_error(s, &err);
        test_closed(s);
    }
    s->file.loading = s->test;
}

static void turn(struct defer *d)
{
    next_test(d->data);
}

static int l_choose(lua_State *L)
{
    struct spec *s = spec_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->runner);
    lua_getfield(L, -1, "choose");
    lua_newtable(L);
    lua_Integer n = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (!s->tests[i].chosen)
            continue;
        lua_pushinteger(L, (lua_Integer)i + 1);
        lua_rawseti(L, -2, ++n);
    }
    lua_call(L, 1, 0);
    return 0;
}

void spec_run(struct spec *s, void (*told)(void *, const struct spec_test *, const struct spec_result *),
              void (*done)(void *), void *data)
{
    struct error ignored;
    s->told = told;
    s->done = done;
    s->data = data;
    s->at = 0;
    s->turn = (struct defer){.call = turn, .data = s};
    script_protect(s->script, l_choose, NULL, &ignored);
    s->running = true;
    defer_call(s->soon, &s->turn);
}

void spec_stop(struct spec *s)
{
    for (size_t i = s->at; i < s->count; i++)
        s->tests[i].chosen = false;
    if (s->test)
        script_cancel(s->test, "the tests are ended");
}

void spec_close(struct spec *s)
{
    script_free(s->script);
    policy_file_free_read(&s->file);
    spec_plugins_free(&s->plugins);
    stand_in_close(&s->stand_in);
    for (size_t i = 0; i < s->count; i++) {
        free(s->tests[i].name);
        free(s->tests[i].tags);
    }
    free(s->tests);
    buf_free(&s->file.text);
    buf_free(&s->table);
    free(s->folder);
    free(s->beside);
    free(s->policies);
    free(s->test_policies);
    free(s);
}
