/* SPDX-License-Identifier: Apache-2.0 */
/* Reads `warn`: when the owner of a job is told of what the policy will do, and by what. */
#include <lauxlib.h>

#include "policy/definition/definition_parts.h"
#include "policy/values/lua_json.h"
#include "policy/values/lua_keys.h"

#define AT_LEAST (60 * CLOCK_SECOND)
#define AT_MOST (INT64_C(90) * 86400 * CLOCK_SECOND)
#define MEANS_MOST 16
#define MEANS "\"annotation\", \"event\", or a function such as notify.slack { sink = \"ops\" }"

/* The longest first; each once. */
static void add_at(struct defining *d, int index)
{
    struct policy_warn *w = &d->p->warn;
    int64_t at = -1;
    definition_duration(d, "warn.at", index, &at);
    if (at < 0)
        return;
    if (at < AT_LEAST || at > AT_MOST) {
        definition_found(d, "warn.at", "has to be from 1m to 90d before the policy acts");
        return;
    }
    unsigned i = w->count++;
    for (; i > 0 && w->at[i - 1] < at; i--)
        w->at[i] = w->at[i - 1];
    w->at[i] = at;
    if (i > 0 && w->at[i - 1] == at)
        definition_found(d, "warn.at", "names the same time twice");
}

static void read_at(struct defining *d, int index)
{
    if (lua_type(d->L, index) != LUA_TTABLE) {
        add_at(d, index);
        return;
    }
    size_t n = lua_rawlen(d->L, index);
    if (n == 0 || n > POLICY_WARNINGS_MOST)
        definition_found(d, "warn.at",
                         "has %zu entries; name one to %d times before the policy acts, as in { \"24h\", \"1h\" }", n,
                         POLICY_WARNINGS_MOST);
    for (size_t i = 1; i <= n && n <= POLICY_WARNINGS_MOST; i++) {
        lua_rawgeti(d->L, index, (lua_Integer)i);
        add_at(d, lua_gettop(d->L));
        lua_pop(d->L, 1);
    }
}

/* What is at the top; sinks: the index of the list of functions. */
static void add_means(struct defining *d, int sinks)
{
    struct policy_warn *w = &d->p->warn;
    const char *text = lua_type(d->L, -1) == LUA_TSTRING ? lua_tostring(d->L, -1) : NULL;
    char is[96];
    if (text && strcmp(text, "annotation") == 0) {
        w->annotation = true;
    } else if (text && strcmp(text, "event") == 0) {
        w->event = true;
    } else if (lua_isfunction(d->L, -1)) {
        lua_pushvalue(d->L, -1);
        lua_rawseti(d->L, sinks, ++w->sink_count);
    } else {
        definition_found(d, "warn.by", "has %s; it takes " MEANS, lua_describe(d->L, -1, is, sizeof is));
    }
}

static void read_by(struct defining *d, int index)
{
    struct policy_warn *w = &d->p->warn;
    bool list = lua_type(d->L, index) == LUA_TTABLE;
    size_t n = list ? lua_rawlen(d->L, index) : 1;
    if (n == 0 || n > MEANS_MOST)
        definition_found(d, "warn.by", "has %zu entries; name one to %d: " MEANS, n, MEANS_MOST);
    lua_newtable(d->L);
    int sinks = lua_gettop(d->L);
    for (size_t i = 1; i <= n && n <= MEANS_MOST; i++) {
        if (list)
            lua_rawgeti(d->L, index, (lua_Integer)i);
        else
            lua_pushvalue(d->L, index);
        add_means(d, sinks);
        lua_settop(d->L, sinks);
    }
    if (w->sink_count)
        w->sinks = luaL_ref(d->L, LUA_REGISTRYINDEX);
    lua_settop(d->L, sinks - 1);
}

void definition_warn(struct defining *d, int index)
{
    struct policy_warn *w = &d->p->warn;
    d->event_keys |= EVENT_KEY_WARN;
    w->annotation = true; /* where `by` does not say otherwise */
    if (lua_type(d->L, index) != LUA_TTABLE) {
        definition_type_error(d, "warn", index, "a table such as { at = { \"24h\", \"1h\" }, by = \"annotation\" }");
        return;
    }
    int top = lua_gettop(d->L), before = d->findings, n = lua_keys_push(d->L, index, 100);
    if (n < 0)
        definition_found(d, "warn", "has more than 100 keys");
    for (int i = 1; i <= n; i++) {
        lua_keys_get(d->L, index, top + 1, i);
        const char *key = lua_type(d->L, -2) == LUA_TSTRING ? lua_tostring(d->L, -2) : "";
        if (strcmp(key, "at") == 0) {
            read_at(d, lua_gettop(d->L));
        } else if (strcmp(key, "by") == 0) {
            w->annotation = false;
            read_by(d, lua_gettop(d->L));
        } else {
            definition_found(d, "warn", "has \"%.80s\"; there are at and by", key);
        }
        lua_settop(d->L, top + 1);
    }
    lua_settop(d->L, top);
    if (!w->count && d->findings == before)
        definition_found(d, "warn", "does not say when; give it at = { \"24h\", \"1h\" }, the times before it acts");
}

/* Who is told of a change has to be able to keep it off, so `warn` brings `hold` with it. */
void definition_check_warn(struct defining *d)
{
    unsigned other = d->p->on & ~(unsigned)ON_MATCH;
    if (!(d->event_keys & EVENT_KEY_WARN) || !d->triggers)
        return;
    if (!(d->triggers & TRIGGER_ON))
        definition_found(d, "warn",
                         "goes with on = \"match\": between the runs of a schedule or period nobody sees whether a job "
                         "goes on matching. Write on = \"match\", and a window where it may act at some hours only, as "
                         "in window = \"22:00-23:00\"");
    else if (other)
        definition_found(d, "warn",
                         "goes with on = \"match\" alone: that a job is %s is a moment, and is over when its owner has "
                         "been told; leave it out, or wait for \"match\" alone",
                         policy_on_name(other));
    if (d->p->action == ACTION_RUN && d->actions == 1)
        definition_found(
            d, "warn",
            "goes with replace: what a run function will do is not known before; write replace, or warn in "
            "another policy");
    if (!(d->event_keys & EVENT_KEY_HOLD))
        definition_hold_default(d);
}
