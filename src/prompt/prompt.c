/* SPDX-License-Identifier: Apache-2.0 */
/* A session's life. To everything below it is a policy file that was loaded: one policy with a run function, whose run
 * lasts as long as the session. */
#include "prompt/prompt.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "prompt/parts.h"
#include "run/run.h"
#include "store/journal.h"

struct script *prompt_script(const struct prompt *p)
{
    return p->set->files[0]->script;
}

/* ---- the end ---- */

/* Whoever counts may be gone before the run's end is written. */
static void uncount(struct prompt *p)
{
    if (p->o.count)
        --*p->o.count;
    p->o.count = NULL;
}

static void release(struct prompt *p)
{
    struct site *site = p->at.runs->site;
    p->released = p->held;
    if (p->held)
        return;
    runs_part(p->at.runs, &p->guest);
    defer_cancel(&p->failing);
    defer_cancel(&p->telling);
    uncount(p);
    policy_set_release(p->set);
    buf_free(&p->text);
    buf_free(&p->out);
    void (*closed)(void *) = p->closed;
    void *data = p->closed_data;
    free(p);
    if (closed)
        closed(data);
    site_closed(site);
}

static void close_now(struct prompt *p, const struct error *why)
{
    struct error err;
    p->closing = true;
    uncount(p);
    error_set(&err, ERR_CANCELLED, "the session was closed");
    prompt_call_fail(p, why ? why : &err);
    if (p->run && why)
        run_fail(p->run,
                 why->code == ERR_CANCELLED ? RUN_CANCELLED
                 : why->code == ERR_LIMIT   ? RUN_LIMITED
                                            : RUN_FAILED,
                 why);
    if (p->run && p->begun)
        run_host_end(p->run); /* run_over frees it, now or later */
    else if (!p->run)
        release(p);
}

void prompt_close(struct prompt *p, const struct error *why, void (*closed)(void *data), void *data)
{
    p->closed = closed;
    p->closed_data = data;
    close_now(p, why);
}

static void run_over(void *data, struct run *run)
{
    struct prompt *p = data;
    p->run = NULL;
    if (p->closing) {
        release(p);
        return;
    }
    if (run->error)
        p->failed = *run->error;
    else
        error_set(&p->failed, ERR_CANCELLED, "the run of this session was ended");
    defer_call(p->at.runs->site->soon, &p->failing);
}

/* Tells the call that is under way. False: the session was closed by whom it told. */
static bool tell_end(struct prompt *p, const struct error *why)
{
    p->held = true;
    prompt_call_fail(p, why);
    p->held = false;
    bool closed = p->closing;
    if (p->released)
        release(p);
    return !closed;
}

static void fail(struct defer *d)
{
    struct prompt *p = d->data;
    void (*ended)(void *, const struct error *) = p->o.ended;
    void *data = p->o.data;
    struct error why = p->failed;
    if (!tell_end(p, &why))
        return;
    p->closing = true;
    release(p);
    ended(data, &why);
}

/* The engine stops. */
static void stop(struct runs_guest *guest)
{
    struct prompt *p = (struct prompt *)((char *)guest - offsetof(struct prompt, guest));
    void (*ended)(void *, const struct error *) = p->o.ended;
    void *data = p->o.data;
    struct error why;
    error_set(&why, ERR_CANCELLED, "the daemon is being stopped");
    if (p->closing || !tell_end(p, &why))
        return;
    close_now(p, &why);
    ended(data, &why);
}

/* ---- the beginning ---- */

static void begun(void *data, struct run *run)
{
    struct prompt *p = data;
    struct error err;
    p->run = run;
    p->begun = true;
    if (p->closing)
        run_host_end(run);
    else if (p->call.done && prompt_call_start(p, &err))
        prompt_call_fail(p, &err);
}

static struct policy *make_policy(const struct policy_file *file)
{
    struct policy *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    snprintf(p->name, sizeof p->name, "%s", STORE_BY_HAND);
    p->file = file->path;
    p->where = p->function = p->table = LUA_NOREF;
    p->action = ACTION_RUN;
    p->changes_max = -1;
    p->percent_max = -1;
    p->concurrency = 8;
    p->match = mpijob_match_new();
    if (p->match)
        return p;
    policy_free(p);
    return NULL;
}

/* It requires the plugins of the set in force as it begins, with their options: a reload later changes none of it. */
static struct policy_set *make_set(const struct engine_guest *at, const char *name)
{
    struct policy_set *set = calloc(1, sizeof *set);
    if (!set)
        return NULL;
    set->refs = 1;
    set->files = calloc(1, sizeof(struct policy_file *));
    set->entries = calloc(1, sizeof *set->entries);
    struct policy_file *file = set->files ? calloc(1, sizeof *file) : NULL;
    if (file) {
        set->files[set->file_count++] = file;
        *file = (struct policy_file){.env = at->env, .set = set, .path = str_dup(str_of(name)), .typed = true};
        if (at->set) {
            policy_set_hold(at->set);
            set->lender = at->set;
            file->plugins = &at->set->plugins;
        }
    }
    struct policy *policy = file && file->path && set->entries ? make_policy(file) : NULL;
    if (policy) {
        set->entries[set->count++] = (struct policy_entry){.policy = policy, .file = file};
        return set;
    }
    policy_set_release(set);
    return NULL;
}

static int64_t least(int64_t own, int64_t ceiling)
{
    return ceiling && ceiling < own ? ceiling : own;
}

static int open_script(struct prompt *p, struct error *err)
{
    struct policy_file *file = p->set->files[0];
    const struct script_limits *most = &file->env->ceilings;
    struct script_limits limits = {.cpu_us = least(PROMPT_CPU_US, most->cpu_us),
                                   .memory = (size_t)least((int64_t)PROMPT_MEMORY, (int64_t)most->memory),
                                   .timeout_us = least(PROMPT_TIMEOUT_US, most->timeout_us)};
    p->memory = limits.memory;
    int rc = script_new(file->env->loop, file->path, &limits, file, &file->script, err);
    if (!rc)
        rc = script_protect(file->script, file->env->open, NULL, err);
    if (!rc)
        rc = script_protect(file->script, prompt_lua_open, p, err);
    return rc;
}

static int start_run(struct prompt *p, struct error *err)
{
    static const struct run_host host = {begun};
    struct policy_entry *entry = &p->set->entries[0];
    struct run_call call = {
        .file = entry->file,
        .policy = entry->policy,
        .trigger = p->o.trigger,
        .scheduled_at = clock_now(p->at.runs->site->clock),
        .asked_by = p->who,
        .asked_uid = p->o.uid,
        .host = &host,
        .reads_only = !p->o.write,
        .done = run_over,
        .data = p,
    };
    runs_init(&p->looks, p->o.write ? NULL : runs_look(p->at.runs), p->at.runs->watches);
    return run_start(p->o.write ? p->at.runs : &p->looks, &call, &p->run, err);
}

int prompt_open(const struct prompt_options *options, struct prompt **out, struct error *err)
{
    struct engine_guest at;
    int rc = engine_guest(options->engine, options->cluster, &at, err);
    if (rc)
        return rc;
    if (*options->count >= PROMPT_SESSIONS)
        return error_set(err, ERR_LIMIT,
                         "%d sessions of Lua are open in this daemon already, and it takes no more; end one, or ask "
                         "again later",
                         PROMPT_SESSIONS);
    struct prompt *p = calloc(1, sizeof *p);
    if (!p)
        return error_nomem(err);
    *p = (struct prompt){.o = *options, .at = at, .evaluate = LUA_NOREF};
    p->failing = (struct defer){.call = fail, .data = p};
    p->guest.stop = stop;
    prompt_call_init(p);
    snprintf(p->who, sizeof p->who, "%s", or_empty(options->who));
    ++*p->o.count;
    site_opened(at.runs->site);
    runs_invite(at.runs, &p->guest);
    p->set = make_set(&at, options->trigger);
    rc = p->set ? open_script(p, err) : error_nomem(err);
    if (!rc)
        rc = start_run(p, err);
    if (rc)
        release(p);
    else
        *out = p;
    return rc;
}
