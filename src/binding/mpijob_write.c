/* SPDX-License-Identifier: Apache-2.0 */
/* mpijob.patch (a merge patch, or a JSON patch), mpijob.create, and mpijob.delete: of the very object that was looked
 * at, not of another that has its name. */
#include <lauxlib.h>
#include <stdio.h>

#include "binding/lua_write.h"
#include "binding/mpijob.h"
#include "json/edit.h"

int l_mpijob_patch(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    const struct mpijob_kind *kind = module_kind(L);
    lua_settop(L, 3);
    struct lua_write *v = lua_write_of_job(L, module_call(kind, "patch", call), CHANGE_PATCH, kind);
    lua_write_options(L, v, 3, lua_write_patch_options);
    lua_write_body(L, v, 2, call);
    return lua_write_go(L, v);
}

static void fill_in(lua_State *L, struct lua_write *v, const char *call)
{
    struct json root;
    struct json_edits edits = {0};
    struct buf whole = BUF_INIT;
    char version[64];
    snprintf(version, sizeof version, "%s/%s", mpijob_kind_info(v->kind)->group,
             mpijob_target_version(cluster_target(v->run->site->cluster, v->kind)));
    int rc = json_parse(buf_str(&v->body), "the body", &root, &v->err);
    if (!rc && !json_exists(json_get(root, "apiVersion")))
        json_edit_set_string(&edits, "/apiVersion", str_of(version));
    if (!rc && !json_exists(json_get(root, "kind")))
        json_edit_set_string(&edits, "/kind", str_of(mpijob_kind_info(v->kind)->name));
    if (!rc)
        rc = json_edit_apply(&edits, root, &whole, &v->err);
    json_edits_free(&edits);
    if (!rc) {
        buf_free(&v->body);
        v->body = whole;
    } else {
        buf_free(&whole);
        luaL_error(L, "%s: %s", call, v->err.message);
    }
}

int l_mpijob_create(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    const struct mpijob_kind *kind = module_kind(L);
    lua_settop(L, 2);
    module_call(kind, "create", call);
    struct lua_write *v = lua_write_new(L, call, CHANGE_CREATE);
    v->ours = true;
    v->kind = kind;
    lua_write_options(L, v, 2, lua_write_create_options);
    lua_write_body(L, v, 1, call);
    lua_write_named_by_body(L, v, call, true);
    fill_in(L, v, call);
    return lua_write_go(L, v);
}

int l_mpijob_delete(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    const struct mpijob_kind *kind = module_kind(L);
    lua_settop(L, 2);
    struct lua_write *v = lua_write_of_job(L, module_call(kind, "delete", call), CHANGE_DELETE, kind);
    lua_write_options(L, v, 2, lua_write_delete_options);
    return lua_write_go(L, v);
}
