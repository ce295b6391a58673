/* mpijob.launcher(job): its launcher Job or Pod as a table, or nil and an error. */
#include <lauxlib.h>
#include <stdio.h>

#include "binding/lua_read.h"
#include "binding/mpijob.h"
#include "mpijob/effect/launcher.h"

int l_mpijob_launcher(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    struct target target;
    enum mpijob_kind kind = module_kind(L);
    lua_settop(L, 1);
    module_call(kind, "launcher", call);
    struct run *run = check_run(L, call);
    check_target(L, 1, kind, &target);
    if (kind != KIND_MPIJOB)
        return luaL_error(L, "%s: only MPIJobs have a launcher", call);
    struct lua_read *g = lua_read_new(L, call);
    bool pod = mpijob_launcher_of(cluster_target(run->site->cluster, kind)) == LAUNCHER_POD;
    g->resource = pod ? (struct kube_resource){"", "v1", "pods"} : (struct kube_resource){"batch", "v1", "jobs"};
    snprintf(g->name_space, sizeof g->name_space, "%s", target.name_space);
    snprintf(g->name, sizeof g->name, "%.200s-launcher", target.name);
    return lua_read_go(L, g);
}
