/* SPDX-License-Identifier: Apache-2.0 */
/* Reads `slo`: within which time a job is to be freed, and how many in a hundred. */
#include <lauxlib.h>

#include "policy/definition/definition_parts.h"
#include "policy/values/lua_keys.h"

#define OBJECTIVE_DEFAULT 99.0
#define WITHIN_LEAST CLOCK_SECOND
#define WITHIN_MOST (30 * INT64_C(86400) * CLOCK_SECOND)

static void read_objective(struct defining *d, int index)
{
    double n = lua_type(d->L, index) == LUA_TNUMBER ? lua_tonumber(d->L, index) : 0;
    if (n >= 50 && n <= 99.99)
        d->p->slo.objective = n;
    else
        definition_found(d, "slo.objective", "has to be percent, from 50 to 99.99");
}

void definition_slo(struct defining *d, int index)
{
    struct policy_slo *slo = &d->p->slo;
    if (lua_type(d->L, index) != LUA_TTABLE) {
        definition_type_error(d, "slo", index, "a table such as { freed_within = \"5m\", objective = 99 }");
        return;
    }
    int top = lua_gettop(d->L), n = lua_keys_push(d->L, index, 100), before = d->findings;
    if (n < 0)
        definition_found(d, "slo", "has more than 100 keys");
    slo->objective = OBJECTIVE_DEFAULT;
    for (int i = 1; i <= n; i++) {
        lua_keys_get(d->L, index, top + 1, i);
        const char *key = lua_type(d->L, -2) == LUA_TSTRING ? lua_tostring(d->L, -2) : "";
        if (strcmp(key, "freed_within") == 0)
            definition_duration(d, "slo.freed_within", lua_gettop(d->L), &slo->freed_within);
        else if (strcmp(key, "objective") == 0)
            read_objective(d, lua_gettop(d->L));
        else
            definition_found(d, "slo", "has \"%.80s\"; there are freed_within and objective", key);
        lua_pop(d->L, 2);
    }
    if (d->findings == before && (slo->freed_within < WITHIN_LEAST || slo->freed_within > WITHIN_MOST))
        definition_found(d, "slo", "needs freed_within, from 1s to 30d");
    lua_settop(d->L, top);
}

void definition_check_slo(struct defining *d)
{
    if (!d->p->slo.freed_within)
        return;
    if (!d->p->on)
        definition_found(d, "slo",
                         "goes with on = \"match\" or another `on`: a policy with a schedule or a period does "
                         "not watch jobs");
    if (policy_asks_where(d->p))
        definition_found(d, "slo",
                         "does not go with where or a condition of a plugin: which jobs count has to be known "
                         "without asking it");
}
