/* SPDX-License-Identifier: Apache-2.0 */
/* What a spec's failure tells of the policies for one job: each condition, its value, whether it holds, and when it
 * will. */
#include <lauxlib.h>

#include "cli/test/spec_parts.h"
#include "mpijob/kind.h"
#include "mpijob/match/match_tell.h"
#include "time/duration.h"

struct why {
    struct buf out, conditions; /* conditions: of the policy that is being told */
    int64_t now;
};

static void told(void *data, const struct mpijob_told *c)
{
    struct why *w = data;
    char due[32], wait[32];
    buf_printf(&w->conditions, "    %s %s: %s; it is %s", c->holds ? "holds" : "FAILS", c->key, c->wanted, c->value);
    if (!c->holds && c->due != INT64_MAX) {
        clock_format(c->due, false, due);
        duration_format(c->due - w->now, true, wait);
        buf_printf(&w->conditions, ", and holds in %s, at %s", wait, due);
    }
    buf_putc(&w->conditions, '\n');
}

/* The conditions of one policy for the object. */
static void tell_policy(struct why *w, const struct policy *p, const struct mpijob_view *view)
{
    buf_reset(&w->conditions);
    bool all = mpijob_match_tell(p->match, view, w->now, told, w);
    buf_printf(&w->out, "  %s (%s:%d) %s:\n%s", p->name, p->file, p->line, all ? "matches" : "does not match",
               w->conditions.ptr ? w->conditions.ptr : "");
    for (size_t i = 0; i < p->asked_count; i++)
        buf_printf(&w->out, "    and   %s: %s, which the plugin %s is asked when all of these hold\n", p->asked[i].name,
                   p->asked[i].wanted, p->asked[i].plugin);
    if (p->own_where)
        buf_puts(&w->out, "    and   where: a function, asked when all of these hold\n");
}

static void tell_policies(struct why *w, struct spec *s, struct str object)
{
    const struct policy_set *set = engine_policies(world_engine(s->world));
    struct cluster *cluster = world_cluster(s->world);
    struct json root;
    struct mpijob_view view;
    if (!set || json_parse(object, "the job", &root, NULL))
        return;
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        if (!mpijob_view(root, cluster_target_of(cluster, p->kind, root), &view, NULL))
            tell_policy(w, p, &view);
    }
}

static int l_free_why(lua_State *L)
{
    struct why *w = lua_touserdata(L, 1);
    buf_free(&w->out);
    buf_free(&w->conditions);
    return 0;
}

/* why(path): what each policy makes of the job behind that path of the cluster; "": there is nothing to tell. */
static int l_why(lua_State *L)
{
    struct spec *s = spec_of(L);
    const char *path = luaL_checkstring(L, 1);
    if (!s->world || !world_engine(s->world))
        return 0;
    struct why *w = lua_newuserdatauv(L, sizeof *w, 0);
    *w = (struct why){.now = s->clock.manual_us};
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, l_free_why);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    struct sim_response response;
    world_ask(s->world, "GET", path, str_of(""), &response);
    if (response.status == 200)
        tell_policies(w, s, buf_str(&response.body));
    bool gone = response.status == 404;
    sim_response_free(&response);
    if (gone)
        lua_pushliteral(L, "  there is no such job in the cluster\n");
    else
        lua_pushlstring(L, w->out.ptr ? w->out.ptr : "", w->out.len);
    return 1;
}

void native_open_why(lua_State *L)
{
    lua_pushcfunction(L, l_why);
    lua_setfield(L, -2, "why");
}
