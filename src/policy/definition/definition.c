/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a policy's table, key by key, then checks it as a whole. */
#include "policy/definition/definition.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/definition/definition_parts.h"
#include "policy/definition/lua_conditions.h"
#include "policy/definition/lua_match.h"
#include "policy/values/lua_changes.h"
#include "policy/values/lua_keys.h"

#define ABOUT_MAX 65536
#define KEYS_MAX 1000 /* of a policy */

static void match_finding(void *data, const char *key, const char *message)
{
    definition_found(data, key, "%s", message);
}

static void read_name(struct defining *d, int index)
{
    const char *name = definition_string(d, "name", index, "a string");
    if (!name)
        return;
    size_t n = strlen(name);
    bool good = n >= 1 && n <= 63 && name[0] != '-' && name[n - 1] != '-';
    for (size_t i = 0; good && i < n; i++)
        good = islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]) || name[i] == '-';
    if (good)
        snprintf(d->p->name, sizeof d->p->name, "%s", name);
    else
        definition_found(
            d, "name",
            "\"%.80s\" is not allowed: lower-case letters, digits and dashes, at most 63, no dash at the ends", name);
    d->named = true;
}

/* Keeps what plugins are asked, for people. */
static bool keep_asked(struct policy *p, const struct lua_condition *c)
{
    struct policy_asked *asked = realloc(p->asked, (p->asked_count + 1) * sizeof *asked);
    if (!asked)
        return false;
    p->asked = asked;
    asked += p->asked_count++;
    *asked = (struct policy_asked){str_dup(str_of(c->name)), str_dup(str_of(c->wanted)), str_dup(str_of(c->plugin))};
    return asked->name && asked->wanted && asked->plugin;
}

static void read_match(struct defining *d, int index)
{
    struct policy *p = d->p;
    int before = d->findings;
    struct lua_condition c;
    bool kept = lua_match_read(d->L, index, p->match, &p->where, match_finding, d) >= 0;
    for (int i = 1; kept && lua_conditions_at(d->L, p->where, i, &c); i++)
        kept = keep_asked(p, &c);
    p->own_where = lua_conditions_own(d->L, p->where);
    p->kueue_states = lua_conditions_kueue(d->L, p->where);
    if (!kept)
        definition_found(d, "match", "cannot be read: out of memory");
    d->event_keys |= d->findings == before ? 0 : EVENT_MATCH_BAD;
}

static void change_finding(void *data, const char *field, const char *key, const char *message)
{
    char path[160];
    const struct defining *d = data;
    char of[1200];
    snprintf(path, sizeof path, "replace%s%.120s", *field ? "." : "", field);
    snprintf(of, sizeof of, "%.1100s (of %ss)", message, d->changes_of ? d->changes_of->name : "");
    definition_found_in(data, path, key, d->changes_of ? of : message);
}

/* For each of its kinds, until one has told what is wrong. */
static void read_changes(struct defining *d, int index)
{
    struct error err;
    struct policy_kinds *kinds = &d->p->kinds;
    int before = d->findings, rc = 0;
    for (size_t i = 0; i < kinds->count && !rc; i++) {
        d->changes_of = kinds->count > 1 ? kinds->of[i].kind : NULL;
        rc = lua_changes_read_all(d->L, index, &kinds->of[i].changes, change_finding, d, &err);
    }
    if (rc && d->findings == before)
        definition_found(d, "replace", "%s", err.message);
    else if (!rc && kinds->of[0].changes.count == 0 && !kinds->of[0].changes.exactly[0] &&
             !kinds->of[0].changes.exactly[1])
        definition_found(d, "replace", "changes nothing: name a field, as in { cleanPodPolicy = \"All\" }");
}

static void read_replace(struct defining *d, int index)
{
    d->actions++;
    if (lua_isfunction(d->L, index)) {
        d->p->action = ACTION_FUNCTION;
        lua_pushvalue(d->L, index);
        d->p->function = luaL_ref(d->L, LUA_REGISTRYINDEX);
        return;
    }
    d->p->action = ACTION_TABLE;
    if (d->kind_bad) /* it is not known which fields there are */
        return;
    if (lua_type(d->L, index) != LUA_TTABLE)
        definition_type_error(d, "replace", index, "a table of changes, or a function of the job that returns one");
    else if (definition_kinds_have(d, index))
        read_changes(d, index);
}

static void read_run(struct defining *d, int index)
{
    d->actions++;
    if (!lua_isfunction(d->L, index)) {
        definition_type_error(d, "run", index, "a function");
        return;
    }
    d->p->action = ACTION_RUN;
    lua_pushvalue(d->L, index);
    d->p->function = luaL_ref(d->L, LUA_REGISTRYINDEX);
}

static bool read_bool(struct defining *d, const char *key, int index)
{
    if (!lua_isboolean(d->L, index))
        definition_type_error(d, key, index, "true or false");
    return lua_toboolean(d->L, index);
}

/* ---- the whole table ---- */

static const char *const keys[] = {
    "name",          "about",       "kind",        "match",     "schedule", "every",
    "timezone",      "jitter",      "missed",      "overlap",   "replace",  "run",
    "limits",        "dry_run",     "destructive", "on",        "approval", "through_launcher",
    "through_child", "wait_effect", "clusters",    "again",     "recheck",  "events",
    "window",        "except",      "breaker",     "hold",      "canary",   "approval_expires",
    "warn",          "holds_for",   "slo",         "per_shard", NULL};

static void read_key(struct defining *d, const char *key, int index)
{
    struct policy *p = d->p;
    if (strcmp(key, "name") == 0) {
        return; /* read first, so that the other findings carry it */
    } else if (strcmp(key, "kind") == 0) {
        return; /* read second: it says which fields there are */
    } else if (strcmp(key, "about") == 0) {
        const char *text = definition_string(d, key, index, "a string");
        if (text && strlen(text) > ABOUT_MAX)
            definition_found(d, key, "has more than %d bytes", ABOUT_MAX);
        else if (text && !(p->about = str_dup(str_of(text))))
            definition_found(d, key, "cannot be kept: out of memory");
    } else if (strcmp(key, "match") == 0) {
        read_match(d, index);
    } else if (strcmp(key, "replace") == 0) {
        read_replace(d, index);
    } else if (strcmp(key, "run") == 0) {
        read_run(d, index);
    } else if (strcmp(key, "limits") == 0) {
        definition_limits(d, index);
    } else if (strcmp(key, "dry_run") == 0) {
        p->dry_run = read_bool(d, key, index);
    } else if (strcmp(key, "destructive") == 0) {
        p->destructive = read_bool(d, key, index);
    } else if (strcmp(key, "again") == 0) {
        p->again = read_bool(d, key, index);
        d->event_keys |= EVENT_KEY_AGAIN;
    } else if (strcmp(key, "recheck") == 0) {
        definition_recheck(d, index);
    } else if (strcmp(key, "holds_for") == 0) {
        definition_holds_for(d, index);
    } else if (strcmp(key, "warn") == 0) {
        definition_warn(d, index);
    } else if (strcmp(key, "wait_effect") == 0) {
        definition_duration(d, key, index, &p->wait_effect);
    } else if (strcmp(key, "through_launcher") == 0 || strcmp(key, "through_child") == 0) {
        return; /* read third: they say where the fields are */
    } else if (strcmp(key, "events") == 0) {
        p->quiet = !read_bool(d, key, index);
    } else if (strcmp(key, "canary") == 0) {
        definition_canary(d, index);
    } else if (strcmp(key, "breaker") == 0) {
        p->breaker = read_bool(d, key, index);
    } else if (strcmp(key, "per_shard") == 0) {
        p->per_shard = read_bool(d, key, index);
    } else if (strcmp(key, "hold") == 0) {
        definition_hold(d, index);
    } else if (strcmp(key, "approval") == 0) {
        definition_approval(d, index);
    } else if (strcmp(key, "approval_expires") == 0) {
        definition_approval_expires(d, index);
    } else if (strcmp(key, "slo") == 0) {
        definition_slo(d, index);
    } else if (strcmp(key, "clusters") == 0) {
        definition_clusters(d, index);
    } else if (!definition_trigger(d, key, index)) {
        const char *near = str_nearest(key, keys);
        definition_found(d, key, "is not a key of a policy%s%s%s", near ? "; did you mean \"" : "", near ? near : "",
                         near ? "\"?" : "");
    }
}

static void check_triggers(struct defining *d)
{
    static const char *const names[] = {"schedule", "every", "on"};
    const char *one = NULL;
    if (!d->triggers)
        definition_found(d, NULL,
                         "has no trigger; give it on = \"match\", schedule = \"0 9 * * mon-fri\" or every = \"10m\"");
    for (int i = 0; i < 3; i++) {
        if (!(d->triggers & (1U << i)))
            continue;
        if (one)
            definition_found(d, names[i],
                             "stands beside another trigger; a policy has one (the other is %s; write two policies)",
                             one);
        else
            one = names[i];
    }
}

static void check_whole(struct defining *d, int index)
{
    struct policy *p = d->p;
    if (!d->named)
        definition_found(d, NULL, "has no name; give it one, as in name = \"free-gpus\"");
    check_triggers(d);
    definition_check_kind(d, index);
    if (d->actions == 0)
        definition_found(d, NULL, "has no action; give it replace = { ... } or run = function(run) ... end");
    if (d->actions > 1)
        definition_found(d, "run", "stands beside replace; a policy has one action");
    if (p->every && p->jitter >= p->every)
        definition_found(d, "jitter", "has to be shorter than the period, or runs are lost");
    if ((d->timing & TIMING_ZONE) && d->triggers == TRIGGER_EVERY && !(d->timing & TIMING_WINDOW))
        definition_found(d, "timezone",
                         "goes with schedule or window, not with every: a period is the same in every zone");
    if (p->action == ACTION_RUN && p->canary)
        definition_found(d, "canary",
                         "goes with replace; a run function chooses its jobs itself, bound it with limits.changes");
    if (p->action == ACTION_RUN && p->percent_max >= 0)
        definition_found(d, "limits.percent",
                         "goes with replace; a run function chooses its jobs itself, bound it with limits.changes");
    definition_check_on(d);
    definition_check_warn(d);
    definition_check_slo(d);
    definition_check_approval(d);
    definition_check_shards(d);
}

static struct policy *policy_new(const struct policy_source *source, int line)
{
    struct policy *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->file = source->file;
    p->line = line;
    p->missed = MISSED_ONCE;
    p->where = p->function = p->table = p->warn.sinks = LUA_NOREF;
    p->changes_max = -1;
    p->percent_max = -1;
    p->percent_floor = PERCENT_FLOOR;
    p->breaker = true;
    p->concurrency = 8;
    p->approval_expires = 24 * 3600 * CLOCK_SECOND;
    p->match = mpijob_match_new();
    if (!p->match || policy_kinds_add(&p->kinds, KIND_MPIJOB, NULL)) {
        policy_free(p);
        return NULL;
    }
    return p;
}

static void default_zone(struct defining *d)
{
    struct error err;
    if (!d->p->zone && zone_load("UTC", NULL, &d->p->zone, &err))
        definition_found(d, "timezone", "%s", err.message);
    definition_window_settle(d);
}

struct policy *policy_read(lua_State *L, int index, int line, const struct policy_source *source)
{
    struct defining d = {.L = L, .p = policy_new(source, line), .source = source, .line = line};
    *source->held = d.p; /* from here on Lua may raise a memory error */
    if (!d.p) {
        source->report(source->data, source->file, line, 0, "out of memory");
        return NULL;
    }
    index = lua_absindex(L, index);
    luaL_checkstack(L, 16, NULL);
    int top = lua_gettop(L);
    lua_pushstring(L, "name");
    if (lua_rawget(L, index) != LUA_TNIL)
        read_name(&d, lua_gettop(L));
    lua_settop(L, top);
    lua_pushstring(L, "kind");
    if (lua_rawget(L, index) != LUA_TNIL)
        definition_kind(&d, lua_gettop(L));
    lua_settop(L, top);
    definition_child(&d, index);
    int n = lua_keys_push(L, index, KEYS_MAX);
    if (n < 0)
        definition_found(&d, NULL, "has more than %d keys", KEYS_MAX);
    for (int i = 1; i <= n; i++) {
        lua_keys_get(L, index, top + 1, i);
        if (lua_type(L, -2) == LUA_TSTRING)
            read_key(&d, lua_tostring(L, -2), lua_gettop(L));
        else
            definition_found(&d, NULL, "has an entry without a name; write key = value");
        lua_settop(L, top + 1);
    }
    lua_settop(L, top);
    check_whole(&d, index);
    default_zone(&d);
    definition_cap(&d.p->limits, &source->ceilings);
    if (!d.findings) {
        lua_pushvalue(L, index);
        d.p->table = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    *source->held = NULL;
    if (d.findings) {
        policy_free(d.p);
        return NULL;
    }
    return d.p;
}

bool policy_asks_where(const struct policy *policy)
{
    return policy->where != LUA_NOREF;
}

void policy_free(struct policy *p)
{
    if (!p)
        return;
    for (char **name = p->clusters; name && *name; name++)
        free(*name);
    for (size_t i = 0; i < p->asked_count; i++) {
        free(p->asked[i].name);
        free(p->asked[i].wanted);
        free(p->asked[i].plugin);
    }
    free(p->asked);
    free(p->clusters);
    free(p->canary);
    free(p->about);
    free(p->moving);
    free(p->schedule);
    free(p->window.list);
    free(p->window_text);
    free(p->except_text);
    days_free(&p->days_off);
    zone_free(p->zone);
    mpijob_match_free(p->match);
    policy_kinds_free(&p->kinds);
    free(p);
}
