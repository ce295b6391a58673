/* mpijob.patch(target, patch [, options]): a merge patch (a table of members), or a JSON patch (a list of steps). */
#include <lauxlib.h>
#include <stdio.h>

#include "binding/mpijob.h"
#include "binding/verbing.h"

int l_mpijob_patch(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    struct target target;
    enum mpijob_kind kind = module_kind(L);
    lua_settop(L, 3);
    module_call(kind, "patch", call);
    check_run(L, call);
    check_target(L, 1, kind, &target);
    struct verbing *v = verbing_new(L, call, WRITE_PATCH);
    v->ours = true;
    v->kind = kind;
    snprintf(v->name_space, sizeof v->name_space, "%s", target.name_space);
    snprintf(v->name, sizeof v->name, "%s", target.name);
    if (target.job)
        buf_add(&v->at_hand, target.job->bytes, target.job->len);
    verbing_options(L, v, 3, verbing_patch_options);
    verbing_body(L, v, 2, call);
    return verbing_go(L, v);
}
