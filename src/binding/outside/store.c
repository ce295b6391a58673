/* SPDX-License-Identifier: Apache-2.0 */
/* store: what a policy keeps from run to run (lua/types/store.lua). */
#include <lauxlib.h>
#include <stdio.h>

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/outside/outside_modules.h"
#include "outside/shelf.h"
#include "policy/values/lua_json.h"
#include "record/record.h"
#include "run/lua_run.h"

#define WRITE_US 100 /* of CPU time, which the daemon spends on a write */

enum verb { GET, KEYS, SET, CAS };

struct keeping {
    struct pending pending;
    struct shelf_wait wait;
    struct shelf *shelf;
    enum verb verb;
};
/* On the stack: at 1 the key or the prefix, at 2 the value's JSON or nil, at 3 what is expected as JSON or nil, at 4
 * when it expires. */
enum { KEY = 1, VALUE, EXPECTED, EXPIRES };

static void give_up(struct pending *p)
{
    (void)p; /* what is under way ends soon */
}

static void release(struct pending *p)
{
    (void)p;
}

static void was_done(struct shelf_wait *wait)
{
    pending_finish(wait->data);
}

static struct keeping *keeping_new(lua_State *L, struct shelf *shelf, enum verb verb)
{
    struct keeping *k = pending_new(L, sizeof *k, give_up, release);
    k->shelf = shelf;
    k->verb = verb;
    k->wait.done = was_done;
    k->wait.data = &k->pending;
    return k;
}

static void push_json(lua_State *L, struct str text)
{
    struct json root;
    script_work(L, text.len / 8);
    if (text.ptr && json_parse(text, "a kept value", &root, NULL) == 0)
        lua_json_push(L, root);
    else
        lua_pushnil(L);
}

static bool add_key(void *data, const char *key)
{
    lua_State *L = data;
    lua_pushstring(L, key);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    return true;
}

static bool as_expected(lua_State *L, struct str now)
{
    struct json have, want;
    struct str text;
    if (lua_isnil(L, EXPECTED) || !now.ptr)
        return lua_isnil(L, EXPECTED) && !now.ptr;
    text.ptr = lua_tolstring(L, EXPECTED, &text.len);
    script_work(L, now.len + text.len);
    return json_parse(now, "a kept value", &have, NULL) == 0 && json_parse(text, "a value", &want, NULL) == 0 &&
           json_equal(have, want);
}

static int written_k(lua_State *L, int status, lua_KContext ctx)
{
    struct keeping *k = (struct keeping *)ctx; // NOLINT(performance-no-int-to-ptr)
    int n = 1;
    (void)status;
    if (k->wait.err.code)
        n = push_failure(L, &k->wait.err);
    else
        lua_pushboolean(L, 1);
    pending_over(&k->pending);
    return n;
}

static int put(lua_State *L, struct shelf *shelf, enum verb verb)
{
    struct str value = {0};
    struct keeping *k = keeping_new(L, shelf, verb);
    script_charge(L, WRITE_US);
    if (!lua_isnil(L, VALUE))
        value.ptr = lua_tolstring(L, VALUE, &value.len);
    if (shelf_put(shelf, lua_tostring(L, KEY), value, lua_tointeger(L, EXPIRES), &k->wait, &k->wait.err))
        return push_failure(L, &k->wait.err);
    return pending_wait(L, &k->pending, written_k);
}

/* The shelf is in memory. */
static int go_on(lua_State *L, struct shelf *shelf, enum verb verb)
{
    const char *key = lua_tostring(L, KEY);
    switch (verb) {
    case GET:
        push_json(L, shelf_get(shelf, key));
        return 1;
    case KEYS:
        lua_newtable(L);
        lua_json_mark_array(L, -1);
        shelf_keys(shelf, key, add_key, L);
        return 1;
    case CAS:
        if (!as_expected(L, shelf_get(shelf, key))) {
            lua_pushboolean(L, 0);
            push_json(L, shelf_get(shelf, key));
            return 2;
        }
        break;
    case SET:
        break;
    }
    if (lua_run_of(L)->dry_run) {
        lua_pushboolean(L, 1);
        return 1;
    }
    return put(L, shelf, verb);
}

static int ready_k(lua_State *L, int status, lua_KContext ctx)
{
    struct keeping *k = (struct keeping *)ctx; // NOLINT(performance-no-int-to-ptr)
    struct shelf *shelf = k->shelf;
    enum verb verb = k->verb;
    (void)status;
    if (k->wait.err.code) {
        int n = push_failure(L, &k->wait.err);
        pending_over(&k->pending);
        return n;
    }
    pending_over(&k->pending);
    return go_on(L, shelf, verb);
}

/* The arguments are in their places. */
static int start(lua_State *L, enum verb verb)
{
    struct shelf *shelf = shelf_of(env_of(L)->outside, lua_run_of(L)->policy->name);
    lua_settop(L, EXPIRES);
    if (!shelf)
        return luaL_error(L, "not enough memory");
    struct keeping *k = keeping_new(L, shelf, verb);
    if (!shelf_ready(shelf, &k->wait))
        return pending_wait(L, &k->pending, ready_k);
    return go_on(L, shelf, verb);
}

/* ---- arguments ---- */

static void check_here(lua_State *L, const char *call)
{
    check_run(L, call);
    if (!env_of(L)->outside)
        luaL_error(L, "%s is not available here", call);
    if (lua_run_of(L)->site->shard.of)
        luaL_error(
            L,
            "%s is not available where daemons share the jobs (sharding): another daemon would not have what this "
            "one keeps; keep it on the job, as an annotation, or use leader_election",
            call);
}

static void check_store_key(lua_State *L, int index, bool may_be_empty)
{
    size_t len;
    const char *key = luaL_checklstring(L, index, &len);
    if ((!len && !may_be_empty) || len > SHELF_KEY_MAX)
        luaL_error(L, "a key has 1 to %d bytes", SHELF_KEY_MAX);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)key[i] < ' ' || key[i] == 0x7f)
            luaL_error(L, "a key holds no control characters");
    }
}

/* The value at index becomes its JSON; nil stays. */
static void to_json(lua_State *L, int index)
{
    struct error *err;
    if (lua_isnil(L, index))
        return;
    err = lua_newuserdatauv(L, sizeof *err, 0);
    if (binding_json_push(L, index, SHELF_VALUE_MAX, err))
        luaL_error(L, "%s", err->code == ERR_LIMIT ? "a value has at most 64 KiB as JSON" : err->message);
    lua_replace(L, index);
    lua_pop(L, 1);
}

static const char *const options[] = {"ttl", NULL};

/* The options at index give way to the instant; there is nothing above them. */
static void expiry(lua_State *L, int index)
{
    lua_settop(L, index);
    check_options(L, index, options);
    int64_t ttl = option_duration(L, index, "ttl", 0);
    lua_pushinteger(L, ttl ? clock_now(env_of(L)->clock) + ttl : 0);
    lua_replace(L, index);
}

/* ---- the functions ---- */

static int l_get(lua_State *L)
{
    check_here(L, "store.get");
    recording_call(lua_run_of(L)->recording, "store.get");
    check_store_key(L, 1, false);
    lua_settop(L, 1);
    return start(L, GET);
}

static int l_keys(lua_State *L)
{
    check_here(L, "store.keys");
    recording_call(lua_run_of(L)->recording, "store.keys");
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_pushliteral(L, "");
    }
    check_store_key(L, 1, true);
    lua_settop(L, 1);
    return start(L, KEYS);
}

/* (key, value [, options]) */
static int l_set(lua_State *L)
{
    check_here(L, "store.set");
    check_may_write(L, "store.set");
    check_store_key(L, 1, false);
    luaL_checkany(L, 2);
    expiry(L, 3);
    lua_pushnil(L);
    lua_insert(L, EXPECTED);
    to_json(L, VALUE);
    return start(L, SET);
}

static int l_delete(lua_State *L)
{
    check_here(L, "store.delete");
    check_may_write(L, "store.delete");
    check_store_key(L, 1, false);
    lua_settop(L, 1);
    return start(L, SET);
}

/* (key, expected, value [, options]) */
static int l_cas(lua_State *L)
{
    check_here(L, "store.cas");
    check_may_write(L, "store.cas");
    check_store_key(L, 1, false);
    luaL_checkany(L, 3);
    expiry(L, 4);
    lua_pushvalue(L, 2);
    lua_remove(L, 2);
    lua_insert(L, EXPECTED);
    to_json(L, VALUE);
    to_json(L, EXPECTED);
    return start(L, CAS);
}

static const struct binding_function functions[] = {{"get", l_get, MAY_NOTHING},       {"set", l_set, MAY_NOTHING},
                                                    {"delete", l_delete, MAY_NOTHING}, {"cas", l_cas, MAY_NOTHING},
                                                    {"keys", l_keys, MAY_NOTHING},     {NULL, NULL, 0}};
const struct binding_module module_store = {.name = "store", .annotations = "store.lua", .functions = functions};
