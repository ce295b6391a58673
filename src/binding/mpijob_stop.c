/* SPDX-License-Identifier: Apache-2.0 */
/* mpijob.stop(job [, options]) and mpijob.resume(job [, options]): halt/halt.h, with the run as its writer. */
#include <lauxlib.h>
#include <stdio.h>

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/mpijob.h"
#include "halt/halt.h"
#include "policy/values/lua_json.h"
#include "run/propose.h"
#include "run/run_change.h"

struct stopping {
    struct pending pending;
    struct run *run;
    struct halt *halt;
    /* The result: */
    struct error err; /* code 0: none */
    bool changed, dry_run;
    enum mpijob_effect effect;
    enum halt_lever lever;
    enum effect_seen gone;
    uint64_t after_ms;
    char workload[MPIJOB_NAME_MAX + 1], note[512];
    struct buf message, steps;
};

/* ---- life ---- */

static void release(struct pending *p)
{
    struct stopping *s = (struct stopping *)p;
    buf_free(&s->message);
    buf_free(&s->steps);
}

static void give_up(struct pending *p)
{
    struct stopping *s = (struct stopping *)p;
    halt_cancel(s->halt);
    pending_finish(p);
}

static int start_change(void *data, struct change_call *call, void **change, struct error *err)
{
    struct stopping *s = data;
    struct run_change *started = NULL;
    int rc = run_change_start(s->run, call, &started, err);
    *change = started;
    return rc;
}

static void leave_change(void *data, void *change)
{
    (void)data;
    run_change_detach(change);
}

static void over(void *data, const struct halt_result *result, const struct error *err)
{
    struct stopping *s = data;
    if (err)
        s->err = *err;
    s->changed = result->changed;
    s->dry_run = result->dry_run;
    s->effect = result->effect;
    s->lever = result->lever;
    s->gone = result->gone;
    s->after_ms = result->after_ms;
    snprintf(s->workload, sizeof s->workload, "%.*s", (int)result->workload.len, result->workload.ptr);
    snprintf(s->note, sizeof s->note, "%s", result->gone_note);
    buf_puts(&s->message, result->message);
    buf_add_str(&s->steps, buf_str(result->steps));
    if (s->message.failed || s->steps.failed)
        error_nomem(&s->err);
    pending_finish(&s->pending);
}

/* ---- the result ---- */

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void push_result(lua_State *L, const struct stopping *s)
{
    struct json steps;
    lua_createtable(L, 0, 8);
    lua_pushboolean(L, s->changed);
    lua_setfield(L, -2, "changed");
    lua_pushboolean(L, s->dry_run);
    lua_setfield(L, -2, "dry_run");
    set_text(L, "effect", mpijob_effect_name(s->effect));
    set_text(L, "message", s->message.ptr ? s->message.ptr : "");
    set_text(L, "lever", halt_lever_name(s->lever));
    if (*s->workload)
        set_text(L, "workload", s->workload);
    if (s->gone == EFFECT_SEEN || s->gone == EFFECT_NOT_SEEN) {
        lua_pushboolean(L, s->gone == EFFECT_SEEN);
        lua_setfield(L, -2, "pods_gone");
        lua_pushnumber(L, (lua_Number)s->after_ms / 1000);
        lua_setfield(L, -2, "pods_gone_after");
    } else if (*s->note) {
        set_text(L, "pods_message", s->note);
    }
    if (json_parse(buf_str(&s->steps), "the steps", &steps, NULL) == 0)
        lua_json_push(L, steps);
    else
        lua_newtable(L);
    lua_setfield(L, -2, "steps");
}

static int result_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct stopping *s = (struct stopping *)ctx;
    int n = 1;
    if (s->err.code)
        n = push_failure(L, &s->err);
    else
        push_result(L, s);
    pending_over(&s->pending);
    return n;
}

/* ---- the call ---- */

static int halt(lua_State *L, const char *function, bool resumes)
{
    static const char *const stop_options[] = {"dry_run", "wait", NULL};
    static const char *const resume_options[] = {"dry_run", NULL};
    char call_name[MODULE_CALL_MAX], uid[64] = "";
    struct target target;
    const struct mpijob_kind *kind = module_kind(L);
    lua_settop(L, 2);
    struct run *run = check_may_write(L, module_call(kind, function, call_name));
    check_target(L, 1, kind, &target);
    check_options(L, 2, resumes ? resume_options : stop_options);
    bool dry_run = option_bool(L, 2, "dry_run");
    int64_t wait = resumes ? (int64_t)HALT_WAIT_MS * 1000 : option_duration(L, 2, "wait", (int64_t)HALT_WAIT_MS * 1000);
    if (target.job)
        snprintf(uid, sizeof uid, "%.*s", (int)target.job->view.uid.len, target.job->view.uid.ptr);
    struct stopping *s = pending_new(L, sizeof *s, give_up, release);
    s->run = run;
    const struct halt_call call = {.site = run->site,
                                   .kind = kind,
                                   .name_space = target.name_space,
                                   .name = target.name,
                                   .uid = uid,
                                   .resumes = resumes,
                                   .dry_run = dry_run,
                                   .wait_ms = (uint64_t)(wait / 1000),
                                   .writer = {.start = start_change,
                                              .leave = leave_change,
                                              .data = s,
                                              .seat = run_seat(run),
                                              .plans = run->dry_run || run_proposes(run)},
                                   .done = over,
                                   .data = s};
    if (halt_start(&call, &s->halt, &s->err))
        return push_failure(L, &s->err);
    return pending_wait(L, &s->pending, result_k);
}

int l_mpijob_stop(lua_State *L)
{
    return halt(L, "stop", false);
}

int l_mpijob_resume(lua_State *L)
{
    return halt(L, "resume", true);
}
