/* SPDX-License-Identifier: Apache-2.0 */
/* Reads `clusters`: where a policy is for. */
#include <stdlib.h>
#include <string.h>

#include "policy/definition/definition_parts.h"

#define CLUSTERS_MAX 256

static bool cluster_known(struct defining *d, const char *name)
{
    const char *const *all = d->source->clusters;
    struct buf names = BUF_INIT;
    for (size_t i = 0; all && all[i]; i++) {
        if (strcmp(all[i], name) == 0) {
            buf_free(&names);
            return true;
        }
        buf_printf(&names, "%s%s", i ? ", " : "", all[i]);
    }
    const char *near = all ? str_nearest(name, all) : NULL;
    if (all)
        definition_found(d, "clusters", "names \"%.80s\", which the configuration does not have%s%s%s; it has %s", name,
                         near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "",
                         names.ptr ? names.ptr : "none");
    buf_free(&names);
    return !all;
}

/* A name, or a list of them. */
void definition_clusters(struct defining *d, int index)
{
    size_t n = lua_type(d->L, index) == LUA_TTABLE ? lua_rawlen(d->L, index) : 0;
    if (lua_type(d->L, index) == LUA_TSTRING) { /* made a list of one */
        lua_createtable(d->L, 1, 0);
        lua_pushvalue(d->L, index);
        lua_rawseti(d->L, -2, 1);
        index = lua_gettop(d->L);
        n = 1;
    }
    if (n == 0 || n > CLUSTERS_MAX) {
        definition_type_error(d, "clusters", index, "the name of a cluster, or a list of names; leave it out for all");
        return;
    }
    d->p->clusters = calloc(n + 1, sizeof *d->p->clusters);
    for (size_t i = 0; d->p->clusters && i < n; i++) {
        lua_rawgeti(d->L, index, (lua_Integer)i + 1);
        const char *name = definition_string(d, "clusters", lua_gettop(d->L), "a list of names");
        if (!name || !cluster_known(d, name))
            return;
        d->p->clusters[i] = str_dup(str_of(name));
        if (!d->p->clusters[i])
            break;
        lua_pop(d->L, 1);
    }
    if (!d->p->clusters || !d->p->clusters[n - 1])
        definition_found(d, "clusters", "cannot be kept: out of memory");
}

bool policy_on_cluster(const struct policy *p, const char *cluster)
{
    for (char **name = p->clusters; name && *name; name++) {
        if (strcmp(*name, cluster) == 0)
            return true;
    }
    return !p->clusters;
}
