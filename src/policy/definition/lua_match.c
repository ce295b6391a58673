/* SPDX-License-Identifier: Apache-2.0 */
/* From a Lua table of conditions to mpijob_match. */
#include "policy/definition/lua_match.h"

#include <lauxlib.h>
#include <stdio.h>

#include "policy/definition/lua_conditions.h"
#include "policy/values/lua_json.h"
#include "policy/values/lua_keys.h"
#include "time/duration.h"

#define LIST_MAX 4096 /* names in a list, keys in a table */
#define CONDITIONS_MAX 1000
#define TEXT_MAX 262144   /* 256 KiB: bytes of all texts of a match together */
#define FINDINGS_MAX 1000 /* more mistakes than these are counted and not told */

static const char *const keys[] = {"namespace",  "name",        "labels",      "annotations",  "phase",
                                   "older_than", "pending_for", "running_for", "finished_for", "cleanPodPolicy",
                                   "gpus",       "problem",     "deleting",    "where",        NULL};

struct reading {
    lua_State *L;
    struct mpijob_match *match;
    lua_finding report;
    void *data;
    int findings;
    size_t text; /* bytes of the texts so far */
    int asked;   /* the list of conditions of plugins: its index; 0: they are not allowed here */
};

static void found(struct reading *r, const char *key, const char *message)
{
    char path[160];
    if (r->findings++ >= FINDINGS_MAX)
        return;
    snprintf(path, sizeof path, "match%s%s", *key ? "." : "", key);
    r->report(r->data, path, message);
}

static void type_error(struct reading *r, const char *key, int index, const char *expected)
{
    char is[96], message[256];
    snprintf(message, sizeof message, "is %s; it has to be %s", lua_describe(r->L, index, is, sizeof is), expected);
    found(r, key, message);
}

/* The text at index, which becomes part of the conditions; NULL: they have become too large, which is told once. */
static const char *take_text(struct reading *r, const char *key, int index, size_t *len)
{
    const char *text = lua_tolstring(r->L, index, len);
    bool told = r->text > TEXT_MAX;
    r->text += *len;
    if (r->text > TEXT_MAX && !told)
        found(r, key, "makes the conditions larger than 256 KiB of text; use globs, labels, or `where`");
    return r->text > TEXT_MAX ? NULL : text;
}

/* A string, or a list of strings. */
static void each_string(struct reading *r, const char *key, int index,
                        int (*add)(struct mpijob_match *, const char *, struct error *))
{
    struct error err;
    const char *text;
    size_t len;
    if (lua_type(r->L, index) == LUA_TSTRING) {
        text = take_text(r, key, index, &len);
        if (text && add(r->match, text, &err))
            found(r, key, err.message);
        return;
    }
    if (lua_type(r->L, index) != LUA_TTABLE) {
        type_error(r, key, index, "a string or a list of strings");
        return;
    }
    size_t n = lua_rawlen(r->L, index);
    if (n == 0)
        found(r, key, "is an empty list, which no job can match; leave it out to match all");
    if (n > LIST_MAX) {
        found(r, key, "has more than 4096 entries; use a glob, or labels");
        return;
    }
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(r->L, index, (lua_Integer)i);
        int rc = 0;
        if (lua_type(r->L, -1) != LUA_TSTRING)
            type_error(r, key, -1, "a list of strings");
        else if ((text = take_text(r, key, -1, &len)) && (rc = add(r->match, text, &err)))
            found(r, key, err.message);
        lua_pop(r->L, 1);
        if (rc == ERR_LIMIT || r->text > TEXT_MAX)
            return; /* so it would be told of all that follow */
    }
}

static void each_pair(struct reading *r, const char *key, int index,
                      int (*add)(struct mpijob_match *, struct str, struct str, struct error *))
{
    struct error err;
    size_t klen, vlen;
    int top = lua_gettop(r->L), n = lua_keys_push(r->L, index, LIST_MAX);
    if (n < 0)
        found(r, key, "has more than 4096 keys");
    for (int i = 1; i <= n; i++) {
        lua_keys_get(r->L, index, top + 1, i);
        if (lua_type(r->L, -2) != LUA_TSTRING) {
            type_error(r, key, -2, "a table of names and values, or a selector such as \"team in (a, b), !keep\"");
        } else if (lua_type(r->L, -1) != LUA_TSTRING) {
            type_error(r, key, -1, "a table whose values are strings (quote them)");
        } else {
            const char *name = take_text(r, key, -2, &klen), *value = take_text(r, key, -1, &vlen);
            int rc = name && value ? add(r->match, str_n(name, klen), str_n(value, vlen), &err) : ERR_LIMIT;
            if (rc && name && value)
                found(r, key, err.message);
            if (rc == ERR_LIMIT)
                break; /* so it would be told of all that follow */
        }
        lua_settop(r->L, top + 1);
    }
    lua_settop(r->L, top);
}

static void span(struct reading *r, const char *key, int index, enum mpijob_span which)
{
    struct error err;
    int64_t us;
    if (lua_whole(r->L, index, &us) && us > 0 && us < INT64_C(3155760000))
        us *= 1000000;
    else if (lua_type(r->L, index) != LUA_TSTRING) {
        type_error(r, key, index, "a duration such as \"2h\" or \"1d12h\", or a whole number of seconds");
        return;
    } else if (duration_parse(lua_tostring(r->L, index), &us, &err)) {
        found(r, key, err.message);
        return;
    }
    if (mpijob_match_span(r->match, which, us, &err))
        found(r, key, err.message);
}

static void labels(struct reading *r, int index)
{
    struct error err;
    size_t len;
    if (lua_type(r->L, index) == LUA_TSTRING) {
        const char *text = take_text(r, "labels", index, &len);
        if (text && mpijob_match_labels(r->match, text, &err))
            found(r, "labels", err.message);
    } else if (lua_type(r->L, index) == LUA_TTABLE) {
        each_pair(r, "labels", index, mpijob_match_label);
    } else {
        type_error(r, "labels", index, "a table of names and values, or a selector such as \"team in (a, b), !keep\"");
    }
}

static void gpus(struct reading *r, int index)
{
    struct error err;
    char text[32];
    int64_t whole;
    if (lua_whole(r->L, index, &whole))
        snprintf(text, sizeof text, "==%lld", (long long)whole);
    else if (lua_type(r->L, index) == LUA_TSTRING)
        snprintf(text, sizeof text, "%s", lua_tostring(r->L, index));
    else {
        type_error(r, "gpus", index, "a comparison such as \">0\", or a whole number");
        return;
    }
    if (mpijob_match_gpus(r->match, text, &err))
        found(r, "gpus", err.message);
}

bool lua_match_has(const char *key)
{
    for (int i = 0; keys[i]; i++) {
        if (strcmp(keys[i], key) == 0)
            return true;
    }
    return false;
}

#define NEAR_MAX 128 /* names to look for a near one in */

static void unknown(struct reading *r, const char *key)
{
    char message[320];
    const char *names[NEAR_MAX], *plugin = lua_conditions_plugin(r->L, key);
    size_t n = 0;
    while (n < NEAR_MAX - 1 && keys[n]) {
        names[n] = keys[n];
        n++;
    }
    names[n + lua_conditions_names(r->L, names + n, NEAR_MAX - 1 - n)] = NULL;
    const char *near = str_nearest(key, names);
    if (plugin)
        snprintf(message, sizeof message, "is a condition of the plugin %s; write require \"%s\" above the policy",
                 plugin, plugin);
    else
        snprintf(message, sizeof message,
                 "is not a condition%s%s%s; there are namespace, name, labels, annotations, phase, "
                 "older_than, pending_for, running_for, finished_for, cleanPodPolicy, gpus, problem, deleting, where, "
                 "and those of plugins that the file requires",
                 near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
    found(r, key, message);
}

static void of_plugin(struct reading *r, const char *key, int index)
{
    struct error *err = lua_newuserdatauv(r->L, sizeof *err, 0);
    if (!lua_conditions_has(r->L, key))
        unknown(r, key);
    else if (!r->asked)
        found(r, key, "is a plugin's, and only for a policy's match; here, test the jobs in the loop");
    else if (lua_conditions_add(r->L, r->asked, key, index, err))
        found(r, key, err->message);
}

static void one(struct reading *r, const char *key, int index, int *where)
{
    if (strcmp(key, "namespace") == 0)
        each_string(r, key, index, mpijob_match_namespace);
    else if (strcmp(key, "name") == 0)
        each_string(r, key, index, mpijob_match_name);
    else if (strcmp(key, "phase") == 0)
        each_string(r, key, index, mpijob_match_phase);
    else if (strcmp(key, "cleanPodPolicy") == 0)
        each_string(r, key, index, mpijob_match_clean_pod_policy);
    else if (strcmp(key, "problem") == 0)
        each_string(r, key, index, mpijob_match_problem);
    else if (strcmp(key, "labels") == 0)
        labels(r, index);
    else if (strcmp(key, "annotations") == 0 && lua_type(r->L, index) == LUA_TTABLE)
        each_pair(r, key, index, mpijob_match_annotation);
    else if (strcmp(key, "annotations") == 0)
        type_error(r, key, index, "a table of names and values");
    else if (strcmp(key, "older_than") == 0)
        span(r, key, index, SPAN_OLDER_THAN);
    else if (strcmp(key, "pending_for") == 0)
        span(r, key, index, SPAN_PENDING_FOR);
    else if (strcmp(key, "running_for") == 0)
        span(r, key, index, SPAN_RUNNING_FOR);
    else if (strcmp(key, "finished_for") == 0)
        span(r, key, index, SPAN_FINISHED_FOR);
    else if (strcmp(key, "gpus") == 0)
        gpus(r, index);
    else if (strcmp(key, "deleting") == 0 && lua_type(r->L, index) == LUA_TBOOLEAN)
        mpijob_match_deleting(r->match, lua_toboolean(r->L, index) ? DELETING_ONLY : DELETING_NO);
    else if (strcmp(key, "deleting") == 0)
        type_error(r, key, index, "true (only jobs that are being deleted) or false (only others, as without it)");
    else if (strcmp(key, "where") == 0 && !where)
        found(r, key, "is only for a policy's match; here, test the jobs in the loop");
    else if (strcmp(key, "where") == 0 && lua_type(r->L, index) != LUA_TFUNCTION)
        type_error(r, key, index, "a function of the job");
    else if (strcmp(key, "where") == 0) {
        lua_pushvalue(r->L, index);
        *where = luaL_ref(r->L, LUA_REGISTRYINDEX);
    } else {
        of_plugin(r, key, index);
    }
}

/* For the policy's `where` and the conditions of plugins: one function that asks them all. */
static void join_where(struct reading *r, int *where)
{
    if (!lua_rawlen(r->L, r->asked))
        return;
    lua_pushvalue(r->L, r->asked);
    lua_rawgeti(r->L, LUA_REGISTRYINDEX, *where); /* LUA_NOREF gives nil */
    luaL_unref(r->L, LUA_REGISTRYINDEX, *where);
    *where = LUA_NOREF;
    lua_conditions_join(r->L);
    *where = luaL_ref(r->L, LUA_REGISTRYINDEX);
}

int lua_match_read(lua_State *L, int index, struct mpijob_match *match, int *where, lua_finding report, void *data)
{
    struct reading r = {L, match, report, data, 0, 0, 0};
    int top = lua_gettop(L);
    index = lua_absindex(L, index);
    if (where)
        *where = LUA_NOREF;
    if (lua_type(L, index) <= LUA_TNIL)
        return 0;
    if (!lua_checkstack(L, 24))
        return ERR_NOMEM;
    if (lua_type(L, index) != LUA_TTABLE) {
        type_error(&r, "", index, "a table of conditions");
        return r.findings;
    }
    lua_newtable(L);
    r.asked = where ? top + 1 : 0;
    int n = lua_keys_push(L, index, CONDITIONS_MAX);
    if (n < 0)
        found(&r, "", "has more than 1000 conditions");
    for (int i = 1; i <= n; i++) {
        lua_keys_get(L, index, top + 2, i);
        if (lua_type(L, -2) == LUA_TSTRING)
            one(&r, lua_tostring(L, -2), lua_gettop(L), where);
        else
            type_error(&r, "", -2, "a table of named conditions");
        lua_settop(L, top + 2);
    }
    if (where)
        join_where(&r, where);
    lua_settop(L, top);
    return r.findings;
}
