/* SPDX-License-Identifier: Apache-2.0 */
/* events: Kubernetes Events of a policy's own on a job (lua/types/events.lua). */
#include "events/events.h"

#include <ctype.h>
#include <inttypes.h>
#include <lauxlib.h>

#include "binding/base/values.h"
#include "binding/modules.h"

#define CALL "events.emit"
#define OF_A_RUN 100

/* One word, as machines take it: Reason in an Event. */
static bool is_reason(const char *text)
{
    size_t n = 0;
    for (; text[n]; n++) {
        if (!isalnum((unsigned char)text[n]))
            return false;
    }
    return n > 0 && n <= EVENTS_REASON_MAX && isalpha((unsigned char)text[0]);
}

static const char *check_reason(lua_State *L)
{
    const char *reason = option_string(L, 2, "reason");
    if (!reason || !is_reason(reason))
        luaL_error(L, CALL ": reason has to be one word of letters and digits, at most %d, such as \"Capped\"",
                   EVENTS_REASON_MAX);
    return reason;
}

static bool check_warning(lua_State *L)
{
    const char *type = option_string(L, 2, "type");
    if (type && strcmp(type, "Normal") != 0 && strcmp(type, "Warning") != 0)
        luaL_error(L, CALL ": type has to be \"Normal\" or \"Warning\", not \"%s\"", type);
    return type && strcmp(type, "Warning") == 0;
}

static int emit(lua_State *L, struct run *run, struct event *event, struct str message, struct error *err)
{
    struct buf text = BUF_INIT, same = BUF_INIT;
    buf_printf(&text, "policy %s, run %" PRId64 ": ", run->policy->name, run->id);
    event_text_add(&text, message, EVENTS_TEXT_MAX);
    buf_printf(&same, "%s: ", run->policy->name);
    event_text_add(&same, message, EVENTS_TEXT_MAX);
    event->text = buf_str(&text);
    event->same = buf_str(&same);
    int rc = text.failed || same.failed ? error_nomem(err) : 0;
    if (!rc && !events_add(run->site->events, event))
        rc = error_set(err, ERR_LIMIT,
                       "no Event can be written on %s now: too many of this job or of all jobs wait or were "
                       "written lately, or they are forbidden here",
                       lua_job_at(L, 1)->key);
    buf_free(&text);
    buf_free(&same);
    return rc ? push_failure(L, err) : (lua_pushboolean(L, 1), 1);
}

/* (job, { reason, message [, type] }) */
static int l_emit(lua_State *L)
{
    static const char *const names[] = {"reason", "message", "type", NULL};
    size_t len;
    struct run *run = check_may_write(L, CALL);
    lua_settop(L, 2);
    const struct lua_job *job = lua_job_at(L, 1);
    if (!job)
        return luaL_error(L, CALL ": a job expected, as mpijob.get gives one, not %s", luaL_typename(L, 1));
    luaL_checktype(L, 2, LUA_TTABLE);
    check_options(L, 2, names);
    struct event event = {.job = &job->view, .reason = check_reason(L), .warning = check_warning(L)};
    if (lua_getfield(L, 2, "message") != LUA_TSTRING)
        return luaL_error(L, CALL ": message has to be a string, not %s", luaL_typename(L, -1));
    const char *message = lua_tolstring(L, -1, &len);
    if (!len)
        return luaL_error(L, CALL ": message is empty");
    if (!run->site->events || run->dry_run) {
        lua_pushboolean(L, 0);
        return 1;
    }
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    if (run->events_emitted >= OF_A_RUN) {
        error_set(err, ERR_LIMIT, "a run may have %d Events of its own written", OF_A_RUN);
        return push_failure(L, err);
    }
    run->events_emitted++;
    script_work(L, 200);
    return emit(L, run, &event, str_n(message, len < EVENTS_TEXT_MAX * 2 ? len : EVENTS_TEXT_MAX * 2), err);
}

static const struct binding_function functions[] = {{"emit", l_emit, MAY_TELL}, {NULL, NULL, 0}};
const struct binding_module module_events = {
    .name = "events", .annotations = "events.lua", .functions = functions, .needs = MAY_TELL};
