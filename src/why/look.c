/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy's functions make of the job, and what its change would do: a run of its own kind, which only looks,
 * on a site of its own, which writes nothing. */
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "cluster/cluster.h"
#include "run/run_workloads.h"
#include "site/site.h"
#include "why/gather_parts.h"

#define PATIENCE_MS 30000

static struct why_request *of_listing(const struct listing *listing)
{
    return (struct why_request *)((char *)(uintptr_t)listing - offsetof(struct why_request, look.listing));
}

/* ---- the job, as a listing of one ---- */

static enum listing_state one_next(struct listing *listing, struct str *object)
{
    struct why_request *r = of_listing(listing);
    if (r->look.given)
        return LISTING_END;
    r->look.given = true;
    *object = str_n(r->object, r->len);
    return LISTING_JOB;
}

static const struct error *one_error(const struct listing *listing)
{
    (void)listing;
    return NULL;
}

static int64_t one_scope(const struct listing *listing)
{
    (void)listing;
    return 1;
}

static int64_t one_as_of(const struct listing *listing)
{
    return of_listing(listing)->why->now;
}

static void one_free(struct listing *listing)
{
    (void)listing; /* the request's own */
}

/* ---- what is told ---- */

static const char *first_line(struct why *why, const char *text)
{
    return why_keep_str(why, str_n(text, strcspn(text, "\n")));
}

/* What match.kueue has found; NULL: nothing that is known. */
static const char *kueue_of(struct why_request *r)
{
    struct listed_workload w;
    enum kueue_state state;
    bool ended = mpijob_phase_finished(r->view.phase);
    if (!kueue_manages(r->view.object))
        return "Kueue does not manage it";
    enum workload_seen seen =
        r->look.run ? run_workloads_known(r->look.run, r->view.name_space, r->view.uid, &w) : WORKLOAD_UNSEEN;
    if (!workload_state(seen, &w, ended, &state))
        return seen == WORKLOAD_NO_KUEUE ? "the server has no Kueue" : NULL;
    if (seen != WORKLOAD_FOUND)
        return ended ? "finished, and its Workload is gone" : "waiting: it has no Workload yet";
    return why_printf(r->why, "%s, by its Workload %s%s%s%s%s", kueue_state_name(state), w.name, *w.reason ? ": " : "",
                      w.reason, *w.message ? ", " : "", w.message);
}

static void where(void *data, const struct run_where *said)
{
    struct why_request *r = data;
    if (!said->asked) {
        r->look.told = true;
        return;
    }
    bool of_kueue = said->name && strcmp(said->name, "kueue") == 0 && r->entry.policy->kueue_states && !said->error;
    const char *found = of_kueue ? kueue_of(r) : NULL;
    why_add(r->why, &(struct why_condition){.key = said->name ? said->name : "where",
                                            .wanted = said->name ? said->value : said->place,
                                            .value = found          ? found
                                                     : said->error  ? first_line(r->why, said->error)
                                                     : said->wanted ? "true"
                                                                    : "false",
                                            .holds = said->wanted,
                                            .asked = true,
                                            .failed = said->error != NULL,
                                            .due = WHY_NEVER});
}

static void settled(void *data, const char *key, enum job_end end, struct str seen, const struct change_result *result,
                    const struct error *err)
{
    struct why_request *r = data;
    (void)key;
    (void)seen;
    (void)result;
    (void)err;
    if (end == JOB_LEFT)
        r->why->change = WHY_LEFT;
}

static const char *diff_of(struct why *why, const struct mpijob_diff *diff)
{
    struct buf json = BUF_INIT;
    if (diff->count)
        mpijob_diff_json(diff, &json);
    return why_take(why, &json);
}

static void observe(void *data, const struct run *run, const char *job, const struct change_result *result,
                    const struct error *err)
{
    struct why *why = ((struct why_request *)data)->why;
    (void)run;
    (void)job;
    why->diff = diff_of(why, result->diff);
    why->child = diff_of(why, result->child);
    why->child_called = result->child_called;
    why->child_told = why_keep(why, result->child_told);
    if (err) {
        why->change = WHY_CHANGE_FAILS;
        why->change_error = first_line(why, err->message);
        return;
    }
    why->change = result->changed ? WHY_CHANGES : WHY_UNCHANGED;
    why->effect = why_keep(why, mpijob_effect_name(result->effect));
    why->effect_why = why_keep(why, result->why);
    why->gpus_released = result->changed ? change_gpus_released(result) : 0;
}

/* ---- its end ---- */

static void where_failed(struct why *why, const char *message)
{
    why_add(
        why,
        &(struct why_condition){
            .key = "where", .wanted = "a function", .value = message, .asked = true, .failed = true, .due = WHY_NEVER});
}

/* The run as a whole has failed: its computing time was over, say. */
static void broke(struct why_request *r, const struct run *run)
{
    const struct policy *p = r->entry.policy;
    struct why *why = r->why;
    const char *message =
        r->look.late ? why_printf(why, "it took longer than %g s, and was given up", (double)r->call.patience_ms / 1000)
        : run->error ? first_line(why, run->error->message)
                     : "its run has ended before it was asked";
    if (p->where != LUA_NOREF && !r->look.told)
        where_failed(why, message);
    if (p->action != ACTION_RUN && why->change == WHY_CHANGE_UNKNOWN) {
        why->change = WHY_CHANGE_FAILS;
        why->change_error = message;
    }
}

static void ended(void *data, const struct run *run)
{
    struct why_request *r = data;
    deadline_stop(&r->patience);
    r->why->cpu = run->cpu;
    if (run->outcome != RUN_DONE || !r->look.told)
        broke(r, run);
    r->look.run = NULL;
    why_finish(r); /* goes on when the run is gone */
}

static void done(void *data, struct run *run)
{
    (void)data;
    (void)run; /* its end comes to `ended` */
}

void why_look_late(struct deadline *patience)
{
    struct why_request *r = patience->data;
    r->look.late = true;
    why_look_stop(r);
}

void why_look_stop(struct why_request *r)
{
    if (r->look.run)
        run_stop(r->look.run, "nobody asks why any more", false);
}

/* ---- its start ---- */

static void start(struct why_request *r)
{
    static const struct listing_ops ops = {one_next, one_error, one_scope, one_as_of, one_free};
    runs_init(&r->look.runs, runs_look(r->call.runs), r->call.runs->watches);
    r->look.runs.observe = observe;
    r->look.runs.ended = ended;
    r->look.runs.data = r;
    r->look.listing.ops = &ops;
    r->look.feed =
        (struct run_feed){.jobs = &r->look.listing, .settled = settled, .key = "", .where = where, .data = r};
    struct run_call call = {
        .file = r->entry.file,
        .policy = r->entry.policy,
        .trigger = "why",
        .scheduled_at = r->why->now,
        .feed = &r->look.feed,
        .done = done,
        .data = r,
    };
    if (!r->call.patience_ms)
        r->call.patience_ms = PATIENCE_MS;
    if (run_start(&r->look.runs, &call, &r->look.run, &r->err))
        why_finish(r);
    else
        deadline_set(&r->patience, r->call.patience_ms);
}

void why_look(struct why_request *r)
{
    const struct policy *p = r->entry.policy;
    bool asks = p->where != LUA_NOREF || p->action != ACTION_RUN;
    if (r->entry.quarantined) { /* its code is not to be run */
        if (p->where != LUA_NOREF)
            where_failed(r->why, "not asked: the policy is in quarantine");
        r->why->change_error = "not worked out, as the policy is in quarantine";
    }
    if (!asks || r->entry.quarantined || r->cancelled)
        why_finish(r);
    else
        start(r);
}
