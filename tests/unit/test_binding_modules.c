/* SPDX-License-Identifier: Apache-2.0 */
/* The table of modules (src/binding/modules.h) against what a state really has after opening, the annotations in
 * lua/types/, the reference and luacheck's list of globals. What is compared stands in binding_modules.lua. */
#include "script_fixture.h"

#include <lualib.h>

#include "binding/modules.h"

/* ---- what there is, told to a Lua state that judges ---- */

static void count_globals(lua_State *L, lua_State *judge, const char *known)
{
    lua_getglobal(judge, known);
    lua_pushglobaltable(L);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pushstring(judge, luaL_typename(L, -1));
        lua_setfield(judge, -2, lua_tostring(L, -2));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    lua_pop(judge, 1);
}

static int before(lua_State *L)
{
    count_globals(L, lua_touserdata(L, 1), "before");
    return 0;
}

/* The members of the modules: module.name */
static int after(lua_State *L)
{
    lua_State *judge = lua_touserdata(L, 1);
    struct binding_module m;
    count_globals(L, judge, "globals");
    lua_getglobal(judge, "members");
    for (size_t i = 0; binding_module_at(i, &m); i++) {
        if (!m.name || lua_getglobal(L, m.name) != LUA_TTABLE)
            continue;
        lua_pushnil(L);
        while (lua_next(L, -2)) {
            lua_pushfstring(judge, "%s.%s", m.name, lua_tostring(L, -2));
            lua_pushstring(judge, luaL_typename(L, -1));
            lua_settable(judge, -3);
            lua_pop(L, 1);
        }
    }
    lua_pop(judge, 1);
    return 0;
}

static int open_all(lua_State *L)
{
    int top = lua_gettop(L);
    int rc = binding_open(L);
    return lua_gettop(L) == top ? rc : luaL_error(L, "binding_open left something on the stack");
}

static void protect(struct fixture *f, lua_CFunction fn, void *argument)
{
    struct error err;
    if (script_protect(f->script, fn, argument, &err))
        fail_msg("%s", err.message);
}

static void set_text(lua_State *L, const char *key, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

static void tell_table(lua_State *judge)
{
    struct binding_module m;
    lua_newtable(judge);
    for (size_t i = 0; binding_module_at(i, &m); i++) {
        lua_newtable(judge);
        set_text(judge, "name", m.name);
        set_text(judge, "annotations", m.annotations);
        lua_pushboolean(judge, m.late != NULL);
        lua_setfield(judge, -2, "late");
        lua_pushboolean(judge, m.of_a_kind);
        lua_setfield(judge, -2, "of_a_kind");
        lua_newtable(judge);
        for (const struct binding_function *fn = m.functions; fn && fn->name; fn++) {
            lua_pushinteger(judge, fn->needs);
            lua_setfield(judge, -2, fn->name);
        }
        lua_setfield(judge, -2, "functions");
        lua_rawseti(judge, -2, (lua_Integer)i + 1);
    }
    lua_setglobal(judge, "modules");
}

static void test_table(void **state)
{
    struct fixture *f = *state;
    lua_State *judge = luaL_newstate();
    static const char *const tables[] = {"before", "globals", "members"};
    luaL_openlibs(judge);
    for (size_t i = 0; i < 3; i++) {
        lua_newtable(judge);
        lua_setglobal(judge, tables[i]);
    }
    protect(f, before, judge);
    protect(f, open_all, NULL);
    protect(f, after, judge);
    tell_table(judge);
    if (luaL_loadfile(judge, TEST_SOURCE_DIR "/tests/unit/binding_modules.lua"))
        fail_msg("%s", lua_tostring(judge, -1));
    lua_pushstring(judge, TEST_SOURCE_DIR);
    lua_getglobal(judge, "modules");
    for (size_t i = 0; i < 3; i++)
        lua_getglobal(judge, tables[i]);
    if (lua_pcall(judge, 5, 0, 0))
        fail_msg("%s", lua_tostring(judge, -1));
    lua_close(judge);
}

/* ---- require ---- */

static void test_require(void **state)
{
    struct fixture *f = *state;
    struct binding_module m;
    struct ending e;
    char text[512];
    protect(f, open_all, NULL);
    for (size_t i = 0; binding_module_at(i, &m); i++) {
        if (!m.name)
            continue;
        snprintf(text, sizeof text, "local m = require '%s'; return type(m) == 'table' and m == require '%s' and %s",
                 m.name, m.name, m.late ? "_G[m] == nil" : m.name);
        run_text(f, &e, text);
        assert_string_equal(e.message, "");
        assert_string_equal(e.result, m.late ? "true" : "table");
    }
    run_text(f, &e, "json = nil; return require('json').encode { 1 }");
    assert_string_equal(e.result, "[1]");
    run_text(f, &e, "require 'socket'");
    assert_non_null(strstr(e.message, "there is no module \"socket\" for policies; there are batchjob, cjson, "));
    assert_non_null(strstr(e.message, "; a file of your own is required"));
    for (size_t i = 0; binding_module_at(i, &m); i++)
        assert_true(!m.name || strstr(e.message, m.name));
    run_text(f, &e, "require 'require'");
    assert_non_null(strstr(e.message, "there is no module \"require\" for policies"));
}

/* ---- permissions ---- */

static void test_permissions(void **state)
{
    (void)state;
    struct permission p = permission_of(KIND_PYTORCHJOB, 2);
    assert_string_equal(p.verb, "update");
    assert_string_equal(p.group, "kubeflow.org");
    assert_string_equal(p.resource, "pytorchjobs");
    for (unsigned i = 0; i < PERMISSIONS; i++) {
        p = permission_of(KIND_MPIJOB, i);
        assert_non_null(p.verb);
        assert_non_null(p.group);
        assert_string_equal(p.resource, 1u << i <= MAY_WATCH            ? "mpijobs"
                                        : 1u << i <= MAY_PATCH_JOB      ? "jobs"
                                        : 1u << i <= MAY_PATCH_POD      ? "pods"
                                        : 1u << i <= MAY_PATCH_EVENT    ? "events"
                                        : 1u << i <= MAY_PATCH_WORKLOAD ? "workloads"
                                                                        : "jobsets");
    }
    assert_int_equal(MAY_OTHERS, 1u << PERMISSIONS);
    /* What changes nothing stays allowed in a dry run. */
    for (unsigned i = 0; i < PERMISSIONS; i++) {
        const char *verb = permission_of(KIND_MPIJOB, i).verb;
        bool reads = strcmp(verb, "get") == 0 || strcmp(verb, "list") == 0 || strcmp(verb, "watch") == 0;
        assert_int_equal(!(MAY_WRITE & 1u << i), reads);
    }
}

static void test_functions(void **state)
{
    (void)state;
    struct binding_module m;
    for (size_t i = 0; binding_module_at(i, &m); i++) {
        for (const struct binding_function *f = m.functions; f && f->name; f++) {
            assert_ptr_equal(binding_function_of(&m, str_of(f->name)), f);
            assert_true(m.of_a_kind ? f->needs && f->needs < MAY_OTHERS : f->needs == m.needs);
        }
        assert_null(binding_function_of(&m, str_of("nothing")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_require, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
