/* SPDX-License-Identifier: Apache-2.0 */
/* A batch: jobs that were queued, given to one run, and what became of them. Of runs that come before the one that acts
 * more is in event_early.c. */
#include "trigger/event_parts.h"

#include <stdlib.h>

#include "base/backoff.h"
#include "change/loops.h"
#include "trigger/triggers.h"

#define BATCH_MAX 500

/* ---- a job and the run ---- */

/* The version that was looked at, or made, is handled; where that is not known, the one in the cache. */
static void keep_version(struct event_trigger *t, uint32_t slot, struct str version)
{
    struct buf bytes = BUF_INIT;
    struct mpijob_view view;
    if (!t->version)
        return;
    if (!version.len && cache_view(t->held->cache, slot, &bytes, &view, NULL) == 0)
        version = view.resource_version;
    if (version.len)
        t->version[slot] = kube_version(version);
    buf_free(&bytes);
}

/* ---- giving ---- */

static enum event_look how_of(struct job_step step)
{
    return step.look == LOOK_AS_CHANGED ? EVENT_CHANGED : EVENT_AGAIN;
}

/* Is the job still one for the run? It may have gone, have changed or be in a loop since it was queued. */
static bool still(struct event_batch *b, uint32_t slot, const struct mpijob_view *view)
{
    struct event_trigger *t = b->t;
    int64_t now_us = clock_now(t->site->clock);
    const struct policy *p = t->entry.policy;
    bool stopped = loops_stopped(&t->runs->loops, view->uid, p->name, now_us);
    if (!stopped && mpijob_match_eval(p->match, view, now_us, NULL))
        return true;
    struct job_step step = event_step(t, slot, stopped ? JOB_SETTLED_BROKE : JOB_TAKEN_BACK, INT64_MAX);
    if (stopped)
        keep_version(t, slot, view->resource_version);
    if (step.row == ROW_WRITTEN)
        event_row_write(t, slot, view->uid);
    event_look(t, slot, view, how_of(step), MPIJOB_NO_TIME);
    return false;
}

static enum listing_state batch_next(struct listing *listing, struct str *object)
{
    struct event_batch *b = (struct event_batch *)listing;
    struct event_trigger *t = b->t;
    struct mpijob_view view;
    struct error err;
    while (b->at < b->count && !t->stopped) {
        uint32_t slot = b->slots[b->at++];
        if (!job_on_run(&t->jobs[slot])) /* it was deleted */
            continue;
        if (cache_view(t->held->cache, slot, &b->bytes, &view, &err)) {
            b->at--;
            error_keep(&b->error, &err);
            return LISTING_ERROR;
        }
        if (!still(b, slot, &view))
            continue;
        if (b->stage == STAGE_WARNS)
            event_wait_tell(t, slot, wait_look(&view));
        snprintf(b->key, sizeof b->key, "%.*s/%.*s", (int)view.name_space.len, view.name_space.ptr, (int)view.name.len,
                 view.name.ptr);
        *object = buf_str(&b->bytes);
        return LISTING_JOB;
    }
    b->cut = b->cut || b->at < b->count;
    return LISTING_END;
}

static const struct error *batch_error(const struct listing *l)
{
    return ((const struct event_batch *)l)->error;
}

static int64_t batch_scope(const struct listing *listing)
{
    const struct event_batch *b = (const struct event_batch *)listing;
    return watches_scope(b->held, b->t->entry.policy->match, NULL);
}

static int64_t batch_as_of(const struct listing *l)
{
    return ((const struct event_batch *)l)->as_of_us;
}

static void batch_free(struct listing *listing)
{
    struct event_batch *b = (struct event_batch *)listing;
    if (--b->holders)
        return;
    watches_release(b->held);
    buf_free(&b->bytes);
    error_keep(&b->error, NULL);
    free(b->slots);
    free(b);
}

static const struct listing_ops batch_ops = {batch_next, batch_error, batch_scope, batch_as_of, batch_free};

/* ---- what became of a job ---- */

bool event_batch_find(const struct event_trigger *t, const char *key, uint32_t *slot)
{
    const char *slash = strchr(key, '/');
    if (!slash)
        return false;
    return cache_find(t->held->cache, str_n(key, (size_t)(slash - key)), str_of(slash + 1), slot) && *slot < t->slots &&
           job_on_run(&t->jobs[*slot]);
}

static bool mark(void *data, const char *key, struct buf *value)
{
    struct event_batch *b = data;
    uint32_t slot;
    if (!event_batch_find(b->t, key, &slot))
        return false;
    event_row_value(b->t, slot, value);
    return !value->failed && value->len;
}

/* Looks at the job as the run left it, and then as it is now: the change may have been undone already. */
static void look_on(struct event_trigger *t, uint32_t slot, struct job_step step, const struct change_result *result)
{
    struct json root;
    struct mpijob_view view;
    if (t->stopped) /* the trigger that takes over looks at it, and finds the row */
        return;
    if (result && result->changed && !result->dry_run && result->object.len &&
        json_parse(result->object, "", &root, NULL) == 0 &&
        mpijob_view(root, cluster_target_of(t->site->cluster, t->held->kind, root), &view, NULL) == 0)
        event_look(t, slot, &view, EVENT_AGAIN, MPIJOB_NO_TIME);
    event_look_cached(t, slot, how_of(step), MPIJOB_NO_TIME);
}

static void write_row(struct event_trigger *t, uint32_t slot)
{
    struct buf bytes = BUF_INIT;
    struct mpijob_view view;
    if (cache_view(t->held->cache, slot, &bytes, &view, NULL) == 0)
        event_row_write(t, slot, view.uid);
    buf_free(&bytes);
}

void event_settle(struct event_trigger *t, uint32_t slot, enum job_event event, struct str version,
                  const struct change_result *result)
{
    struct job_step step = event_step(t, slot, event, INT64_MAX);
    if (event != JOB_SETTLED_RETRY && event != JOB_TAKEN_BACK) {
        keep_version(t, slot, version);
        t->jobs[slot].flags &= (uint8_t)~JOB_IS_RESUMED;
    }
    if (step.row == ROW_WRITTEN)
        write_row(t, slot);
    look_on(t, slot, step, result);
}

static enum job_event event_of(enum job_end end, bool dry, const struct error *err)
{
    switch (end) {
    case JOB_DONE:
        return dry ? JOB_SETTLED_DRY : JOB_SETTLED_DONE;
    case JOB_DECLINED:
        return JOB_SETTLED_DECLINED;
    case JOB_FAILED:
        return err && err->retryable ? JOB_SETTLED_RETRY : JOB_SETTLED_FAILED;
    case JOB_UNCHANGED:
    case JOB_LEFT:
    case JOB_WARNED: /* settled as such before */
        break;
    }
    return JOB_SETTLED_HANDLED;
}

static void settled(void *data, const char *key, enum job_end end, struct str seen, const struct change_result *result,
                    const struct error *err)
{
    struct event_batch *b = data;
    uint32_t slot;
    if (!event_batch_find(b->t, key, &slot))
        return;
    enum job_event event = event_of(end, result && result->dry_run, err);
    if (b->stage == STAGE_WARNS && (result || end == JOB_WARNED)) {
        event_warned(b, key, slot, end, err);
        return;
    }
    if (b->t->waits)
        b->t->waits[slot].tells = false;
    if (event == JOB_SETTLED_DECLINED)
        event_wait_ends(b->t, slot);
    b->moved = b->moved || event != JOB_SETTLED_RETRY;
    b->unreachable = b->unreachable || (err && (err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT));
    struct str version = event == JOB_SETTLED_DONE && result ? str_of(result->resource_version) : seen;
    event_settle(b->t, slot, event, version, end == JOB_FAILED ? NULL : result);
}

/* ---- the end of the run ---- */

/* A job that the run has not settled shares its outcome. */
static enum job_event event_of_run(const struct event_batch *b, const struct run *run, size_t i)
{
    bool function = run->policy->action == ACTION_RUN && b->stage != STAGE_ASKS, given = i < b->at;
    bool all = (run->outcome == RUN_DONE || run->outcome == RUN_WAITING) && (given || !b->cut);
    bool broke = (run->outcome == RUN_LIMITED && !run->limited_until) || (run->outcome == RUN_FAILED && function);
    if (function && (all || (given && i + 1 < b->at))) /* the loop has gone on to the next */
        return run->dry_run ? JOB_SETTLED_DRY : JOB_SETTLED_HANDLED;
    if (broke && (given || (function && b->at == 0))) /* the log says so, and it would break again */
        return JOB_SETTLED_BROKE;
    return JOB_TAKEN_BACK;
}

static void pause_a_while(struct event_trigger *t)
{
    static const struct backoff pause = {.first_ms = 1000, .most_ms = 60000};
    event_pause(t, backoff_ms(&pause, ++t->fails, NULL));
}

static void run_over(void *data, struct run *run)
{
    struct event_batch *b = data;
    struct event_trigger *t = b->t;
    t->batch = NULL;
    for (size_t i = 0; i < b->count; i++) {
        if (t->waits)
            t->waits[b->slots[i]].tells = false;
        if (job_on_run(&t->jobs[b->slots[i]]))
            event_settle(t, b->slots[i], event_of_run(b, run, i), (struct str){0}, NULL);
    }
    bool moved = b->moved || run->outcome == RUN_DONE || run->outcome == RUN_WAITING ||
                 (run->outcome == RUN_LIMITED && b->at > 0);
    bool left = run->outcome == RUN_FAILED || run->outcome == RUN_CANCELLED || b->unreachable;
    if (t->stopped) {
        triggers_go_on(t->of, t->entry.policy->name);
        event_release(t);
    } else {
        if (left && (!moved || b->unreachable))
            pause_a_while(t);
        else
            t->fails = 0;
        if (run->limited_until)
            event_hold(t, run->limited_until);
        event_siblings_wake(t);
        event_wake(t);
    }
    batch_free(&b->listing);
}

/* ---- the beginning ---- */

static unsigned first_kind(unsigned pending)
{
    return pending & (~pending + 1);
}

/* With a limit all jobs, as it is compared with their number; else so few that other policies have their turn. */
static size_t most(const struct event_trigger *t)
{
    const struct policy *p = t->entry.policy;
    bool limited =
        p->action != ACTION_RUN && (p->changes_max >= 0 || p->percent_max >= 0 || t->site->hour || p->canary);
    return limited || t->depth < BATCH_MAX ? t->depth : BATCH_MAX;
}

static void fill(struct event_batch *b, size_t room)
{
    struct event_trigger *t = b->t;
    uint32_t slot;
    size_t tries = t->queued;
    for (; tries > 0 && b->count < room && event_pop(t, &slot); tries--) {
        unsigned kind = first_kind(job_kinds(&t->jobs[slot], HANDLING_PENDING));
        enum event_stage stage = event_wait_stage(t, slot);
        if (stage == STAGE_LATER) {
            event_step(t, slot, JOB_NOT_QUEUED, INT64_MAX);
            event_look_cached(t, slot, EVENT_AGAIN, MPIJOB_NO_TIME);
            continue;
        }
        bool resumes = t->jobs[slot].flags & JOB_IS_RESUMED;
        if (b->count && (kind != b->kind || stage != b->stage || resumes != b->resumes)) {
            event_put_back(t, slot);
            continue;
        }
        b->kind = kind;
        b->stage = stage;
        b->resumes = resumes;
        event_step(t, slot, JOB_TAKEN, INT64_MAX);
        b->slots[b->count++] = slot;
    }
}

static void give_up(struct event_batch *b, const struct error *err)
{
    struct event_trigger *t = b->t;
    log_event(t->site->log, LOG_ERROR, err->message,
              LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site)));
    for (size_t i = 0; i < b->count; i++)
        event_step(t, b->slots[i], JOB_NOT_STARTED, INT64_MAX);
    t->batch = NULL;
    b->holders = 1;
    batch_free(&b->listing);
    pause_a_while(t);
}

void event_batch_start(struct event_trigger *t)
{
    struct error err;
    size_t room = most(t);
    struct event_batch *b = calloc(1, sizeof *b);
    if (b)
        b->slots = malloc(room * sizeof *b->slots);
    if (!b || !b->slots) {
        free(b);
        log_event(t->site->log, LOG_ERROR, "out of memory: the jobs that are queued are handled later",
                  LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site)));
        pause_a_while(t);
        return;
    }
    b->listing.ops = &batch_ops;
    b->holders = 2;
    b->t = t;
    b->held = t->held;
    watches_hold(b->held);
    b->as_of_us = watches_as_of(t->held, t->entry.policy->match);
    b->feed = (struct run_feed){.jobs = &b->listing, .settled = settled, .mark = mark, .key = t->key, .data = b};
    int64_t first_us = t->first_us;
    fill(b, room);
    event_early(b);
    t->first_us = t->depth ? clock_now(t->site->clock) : INT64_MAX;
    t->batch = b;
    struct run_call call = {
        .file = t->entry.file,
        .policy = t->entry.policy,
        .trigger = policy_on_name(b->kind),
        .scheduled_at = b->resumes ? t->resumed_us : first_us,
        .goes_on = b->resumes,
        .feed = &b->feed,
        .reads_only = b->stage == STAGE_ASKS,
        .done = run_over,
        .data = b,
    };
    if (!b->count) {
        t->batch = NULL;
        b->holders = 1;
        batch_free(&b->listing);
    } else if (run_start(t->runs, &call, &b->run, &err)) {
        give_up(b, &err);
    }
}
