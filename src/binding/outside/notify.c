/* SPDX-License-Identifier: Apache-2.0 */
/* notify: what is told to people (lua/types/notify.lua). A call returns when the state file has it; it is delivered
 * while the run goes on, or after it (outside/outbox.h). */
#include <lauxlib.h>
#include <string.h>

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/outside/outside_modules.h"
#include "binding/outside/secret.h"
#include "loop/defer.h"
#include "outside/outbox.h"
#include "policy/values/lua_json.h"
#include "run/lua_run.h"

#define COST_US 200 /* of CPU time, which the daemon spends on a notification */

struct telling {
    struct pending pending;
    struct notice notice;
    struct error err; /* code 0: none */
    struct outside *outside;
    struct defer_queue *queue;
    struct defer soon;
};

static void kept(void *data, const struct error *err);

static void left(struct defer *soon)
{
    struct telling *t = soon->data;
    struct error err;
    error_set(&err, ERR_CANCELLED, "the run is being stopped");
    kept(t, &err);
}

/* A write ends soon; a delivery may take longer, and goes on. */
static void give_up(struct pending *p)
{
    struct telling *t = (struct telling *)p;
    if (!outbox_leave(t->outside, t))
        return;
    t->soon = (struct defer){.call = left, .data = t};
    defer_call(t->queue, &t->soon);
}

static void release(struct pending *p)
{
    notice_free(&((struct telling *)p)->notice);
}

static void kept(void *data, const struct error *err)
{
    struct telling *t = data;
    if (err)
        t->err = *err;
    pending_finish(&t->pending);
}

static int kept_k(lua_State *L, int status, lua_KContext ctx)
{
    struct telling *t = (struct telling *)ctx; // NOLINT(performance-no-int-to-ptr)
    int n = 1;
    (void)status;
    if (t->err.code)
        n = push_failure(L, &t->err);
    else
        lua_pushboolean(L, 1);
    pending_over(&t->pending);
    return n;
}

/* ---- templates ---- */

/* Pushes the value of "labels.team" in the table, or job, at index `with`. */
static void push_named(lua_State *L, int with, const char *name, size_t len)
{
    lua_pushvalue(L, with);
    while (len) {
        const char *dot = memchr(name, '.', len);
        size_t n = dot ? (size_t)(dot - name) : len;
        if (!lua_istable(L, -1) && !lua_isuserdata(L, -1)) {
            lua_pop(L, 1);
            lua_pushnil(L);
            return;
        }
        lua_pushlstring(L, name, n);
        lua_gettable(L, -2);
        lua_remove(L, -2);
        name += n + (dot != NULL);
        len -= n + (dot != NULL);
    }
}

static void add_piece(lua_State *L, int pieces)
{
    lua_rawseti(L, pieces, (lua_Integer)lua_rawlen(L, pieces) + 1);
}

/* The text at the top, with what `with` has in the place of ${name}; nil is "-". */
static void expand(lua_State *L, int with)
{
    int at = lua_gettop(L), pieces = at + 1;
    size_t len;
    const char *text = lua_tolstring(L, at, &len), *end = text + len;
    luaL_Buffer b;
    lua_newtable(L);
    while (text < end) {
        const char *open = memmem(text, (size_t)(end - text), "${", 2);
        const char *close = open ? memchr(open, '}', (size_t)(end - open)) : NULL;
        lua_pushlstring(L, text, (size_t)((close ? open : end) - text));
        add_piece(L, pieces);
        if (!close)
            break;
        push_named(L, with, open + 2, (size_t)(close - open - 2));
        if (lua_isnil(L, -1))
            lua_pushliteral(L, "-");
        else
            luaL_tolstring(L, -1, NULL);
        add_piece(L, pieces);
        lua_settop(L, pieces);
        script_work(L, 100);
        text = close + 1;
    }
    luaL_buffinit(L, &b);
    for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, pieces); i <= n; i++) {
        lua_rawgeti(L, pieces, i);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    lua_replace(L, at);
    lua_settop(L, at);
}

/* ---- arguments ---- */

static const char *const options[] = {"url",      "token",   "chat", "room", "server", "from", "to", "user",
                                      "password", "subject", "text", "body", "sink",   "with", NULL};

static bool one_line(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\r' || text.ptr[i] == '\n')
            return false;
    }
    return true;
}

static void set_part(lua_State *L, struct telling *t, enum notice_part part, struct str text)
{
    struct buf *to = &t->notice.parts[part];
    if (text.len > NOTICE_TEXT_MAX)
        luaL_error(L, "notify: %s is longer than %d bytes", notice_part_name(part), NOTICE_TEXT_MAX);
    if (part < PART_TEXT && !one_line(text))
        luaL_error(L, "notify: %s holds a line's end", notice_part_name(part));
    buf_add_str(to, text);
    if (to->failed)
        luaL_error(L, "not enough memory");
}

/* A list of addresses as one text. */
static void join_list(lua_State *L)
{
    luaL_Buffer b;
    int at = lua_gettop(L);
    lua_Integer n = (lua_Integer)lua_rawlen(L, at);
    luaL_buffinit(L, &b);
    for (lua_Integer i = 1; i <= n; i++) {
        if (lua_rawgeti(L, at, i) != LUA_TSTRING)
            luaL_error(L, "notify: to has to be a text or a list of texts");
        luaL_addvalue(&b);
        luaL_addstring(&b, i < n ? ", " : "");
    }
    luaL_pushresult(&b);
    lua_replace(L, at);
    lua_settop(L, at);
}

/* Cut between characters, with "...". */
static struct str cut(struct str text, size_t most, char *end)
{
    if (text.len <= most)
        return text;
    size_t n = most - 3;
    while (n && ((unsigned char)text.ptr[n] & 0xC0) == 0x80)
        n--;
    memcpy(end, "...", 4);
    return str_n(text.ptr, n);
}

/* The value at the top as that part. */
static void read_part(lua_State *L, struct telling *t, enum notice_part part)
{
    struct str text;
    if (part == PART_BODY) {
        struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
        lua_insert(L, -2);
        if (binding_json_push(L, -1, NOTICE_TEXT_MAX, err))
            luaL_error(L, "notify: body: %s", err->message);
        text.ptr = lua_tolstring(L, -1, &text.len);
        set_part(L, t, part, text);
        return;
    }
    if (part == PART_TO && lua_istable(L, -1))
        join_list(L);
    if (part <= PART_PASSWORD) {
        set_part(L, t, part, check_veiled(L, -1, notice_part_name(part)));
        return;
    }
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "notify: %s has to be a text", notice_part_name(part));
    lua_getfield(L, 1, "with");
    bool with = !lua_isnil(L, -1);
    lua_insert(L, -2);
    if (with && part != PART_SINK)
        expand(L, lua_gettop(L) - 1);
    char end[4] = "";
    text.ptr = lua_tolstring(L, -1, &text.len);
    if (memchr(text.ptr, '\0', text.len))
        luaL_error(L, "notify: %s holds a NUL byte", notice_part_name(part));
    script_work(L, text.len);
    set_part(L, t, part, part == PART_TEXT ? cut(text, notice_text_max(t->notice.type), end) : text);
    if (*end)
        set_part(L, t, part, str_of(end));
}

/* ---- when a file is loaded: as a means of a policy's warnings ---- */

static int tell(lua_State *L, const char *call, enum notice_type type, bool by_name, bool warns);

/* The copy at the top gets what the warning (index 1) says. */
static void add_warning(lua_State *L, enum notice_type type)
{
    int to = lua_gettop(L);
    lua_getfield(L, 1, "text");
    lua_setfield(L, to, "text");
    if (type == NOTICE_EMAIL && lua_getfield(L, to, "subject") == LUA_TNIL) {
        lua_getfield(L, 1, "policy");
        lua_getfield(L, 1, "job");
        lua_pushfstring(L, "policy %s will change %s", lua_tostring(L, -2), lua_tostring(L, -1));
        lua_setfield(L, to, "subject");
    }
    lua_settop(L, to);
    if (type == NOTICE_WEBHOOK) {
        lua_pushnil(L);
        lua_setfield(L, to, "text");
        lua_pushvalue(L, 1);
        lua_setfield(L, to, "body");
    }
}

/* The function that stands for the call: upvalues are its options, its name, its type and by_name. It is given a
 * warning (mpijobd.Warning), and answers as the call does. */
static int l_warns(lua_State *L)
{
    enum notice_type type = (enum notice_type)lua_tointeger(L, lua_upvalueindex(3));
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, lua_upvalueindex(1));) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 2);
    }
    add_warning(L, type);
    lua_remove(L, 1);
    return tell(L, lua_tostring(L, lua_upvalueindex(2)), type, lua_toboolean(L, lua_upvalueindex(4)), true);
}

static int push_warns(lua_State *L, const char *call, enum notice_type type, bool by_name)
{
    static const char *const own[] = {"text", "body", "with"};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    check_options(L, 1, options);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (lua_getfield(L, 1, own[i]) != LUA_TNIL)
            luaL_error(L,
                       "%s: no policy runs while the file is being loaded; as a means of warn.by it has no %s: that is "
                       "the warning's",
                       call, own[i]);
        lua_settop(L, 1);
    }
    lua_pushstring(L, call);
    lua_pushinteger(L, type);
    lua_pushboolean(L, by_name);
    lua_pushcclosure(L, l_warns, 4);
    return 1;
}

/* warns: it counts as given only when it has arrived, or is as good as that. */
static int tell(lua_State *L, const char *call, enum notice_type type, bool by_name, bool warns)
{
    if (lua_run_loading(L))
        return push_warns(L, call, type, by_name);
    struct run *run = check_may_write(L, call);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    check_options(L, 1, options);
    if (!env_of(L)->outside)
        return luaL_error(L, "%s is not available here", call);
    struct telling *t = pending_new(L, sizeof *t, give_up, release);
    t->notice.type = type;
    t->notice.run = run->id;
    t->notice.surely = warns;
    t->outside = env_of(L)->outside;
    t->queue = run->site->soon;
    t->notice.created = clock_now(env_of(L)->clock);
    int top = lua_gettop(L);
    for (int i = 0; i < PART_POLICY; i++) {
        if (lua_getfield(L, 1, notice_part_name((enum notice_part)i)) != LUA_TNIL)
            read_part(L, t, (enum notice_part)i);
        lua_settop(L, top);
    }
    if (by_name && !t->notice.parts[PART_SINK].len)
        return luaL_error(L, "%s needs sink, a name under `notify` in the configuration", call);
    buf_puts(&t->notice.parts[PART_POLICY], run->policy->name);
    buf_puts(&t->notice.parts[PART_CLUSTER], run->site->told   ? run->site->told
                                             : run->site->name ? run->site->name
                                                               : "");
    script_charge(L, COST_US);
    if (run->dry_run) {
        run_event(run, LOG_INFO, "a notification was not sent, because this is a dry run",
                  LOG_FIELDS({"type", call + 7}, {"text", t->notice.parts[PART_TEXT].ptr}));
        lua_pushboolean(L, 1);
        return 1;
    }
    if (outbox_add(env_of(L)->outside, &t->notice, kept, t, &t->err)) {
        if (t->err.code == ERR_INVALID)
            return luaL_error(L, "%s: %s", call, t->err.message);
        return push_failure(L, &t->err);
    }
    return pending_wait(L, &t->pending, kept_k);
}

/* ---- the functions ---- */

#define TELLS(name, type)                                                                                              \
    static int l_##name(lua_State *L)                                                                                  \
    {                                                                                                                  \
        return tell(L, "notify." #name, type, false, false);                                                           \
    }
TELLS(webhook, NOTICE_WEBHOOK)
TELLS(slack, NOTICE_SLACK)
TELLS(teams, NOTICE_TEAMS)
TELLS(discord, NOTICE_DISCORD)
TELLS(telegram, NOTICE_TELEGRAM)
TELLS(webex, NOTICE_WEBEX)
TELLS(email, NOTICE_EMAIL)

static int l_send(lua_State *L)
{
    return tell(L, "notify.send", NOTICE_SLACK, true, false); /* the sink has the type */
}

static const struct binding_function functions[] = {
    {"webhook", l_webhook, MAY_NOTHING}, {"slack", l_slack, MAY_NOTHING},       {"teams", l_teams, MAY_NOTHING},
    {"discord", l_discord, MAY_NOTHING}, {"telegram", l_telegram, MAY_NOTHING}, {"webex", l_webex, MAY_NOTHING},
    {"email", l_email, MAY_NOTHING},     {"send", l_send, MAY_NOTHING},         {NULL, NULL, 0}};
const struct binding_module module_notify = {.name = "notify", .annotations = "notify.lua", .functions = functions};
