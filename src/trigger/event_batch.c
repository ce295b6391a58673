/* A batch: what was queued, as the jobs of one run. */
#include "trigger/event_parts.h"

#include <stdlib.h>

#include "base/backoff.h"
#include "change/loops.h"

#define BATCH_MAX 500

struct event_batch {
    struct listing listing;
    struct event_trigger *t;
    struct job_cache *held;
    struct run_feed feed;
    uint32_t *slots;
    int holders;      /* the run, its listing */
    size_t count, at; /* those before `at` were given to the run, or are over */
    unsigned event;
    bool moved;       /* one of them at least was handled */
    bool unreachable; /* it is no use to go on */
    int64_t as_of;
    struct buf bytes;
    struct error error;
};

/* ---- a job and the run ---- */

/* Not handled: it stays pending, and the run has it no more. */
static struct event_job *take_back(struct event_trigger *t, uint32_t slot)
{
    struct event_job *j = &t->jobs[slot];
    j->given = 0;
    j->state = ON_IDLE;
    return j;
}

/* Handled: for good, or in memory only. */
static struct event_job *hand_in(struct event_trigger *t, uint32_t slot, bool passing, bool dry)
{
    struct event_job *j = &t->jobs[slot];
    uint8_t given = j->given;
    take_back(t, slot);
    j->pending &= (uint8_t)~given;
    j->passing = (uint8_t)(passing ? j->passing | given : j->passing & ~given);
    if (j->flags & ON_LEFT) /* that time is over; a row that says "handled" must not outlive it */
        event_forget_event(j, ON_MATCH);
    j->flags &= (uint8_t) ~(ON_DRY);
    j->flags |= dry ? ON_DRY : 0;
    j->tries = 0;
    return j;
}

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

/* Some may have gone, have changed or be in a loop since they were queued. */
static bool still(struct event_batch *b, uint32_t slot, const struct mpijob_view *view)
{
    struct event_trigger *t = b->t;
    int64_t now = clock_now(t->site->clock);
    const struct policy *p = t->entry.policy;
    bool stopped = loops_stopped(&t->runs->loops, view->uid, p->name, now);
    if (!stopped && !view->deleting && mpijob_match_eval(p->match, view, now, NULL))
        return true;
    if (stopped) {
        hand_in(t, slot, true, false);
        keep_version(t, slot, view->resource_version);
    } else {
        take_back(t, slot);
    }
    event_look(t, slot, view, LOOK_AGAIN, MPIJOB_NO_TIME);
    return false;
}

static enum listing_state batch_next(struct listing *listing, struct str *object)
{
    struct event_batch *b = (struct event_batch *)listing;
    struct event_trigger *t = b->t;
    struct mpijob_view view;
    while (b->at < b->count && !t->stopped) {
        uint32_t slot = b->slots[b->at++];
        if (t->jobs[slot].state != ON_RUNNING) /* deleted meanwhile */
            continue;
        if (cache_view(t->held->cache, slot, &b->bytes, &view, &b->error)) {
            b->at--;
            return LISTING_ERROR;
        }
        if (!still(b, slot, &view))
            continue;
        *object = buf_str(&b->bytes);
        return LISTING_JOB;
    }
    return LISTING_END;
}

static const struct error *batch_error(const struct listing *l)
{
    return &((const struct event_batch *)l)->error;
}

static int64_t batch_scope(const struct listing *listing)
{
    const struct event_batch *b = (const struct event_batch *)listing;
    return watches_scope(b->held, b->t->entry.policy->match, NULL);
}

static int64_t batch_as_of(const struct listing *l)
{
    return ((const struct event_batch *)l)->as_of;
}

static void batch_free(struct listing *listing)
{
    struct event_batch *b = (struct event_batch *)listing;
    if (--b->holders)
        return;
    watches_release(b->held);
    buf_free(&b->bytes);
    free(b->slots);
    free(b);
}

static const struct listing_ops batch_ops = {batch_next, batch_error, batch_scope, batch_as_of, batch_free};

/* ---- what became of a job ---- */

/* False: it is no longer the job that the run was given. */
static bool find_job(const struct event_trigger *t, const char *key, uint32_t *slot)
{
    const char *slash = strchr(key, '/');
    if (t->stopped || !slash)
        return false;
    return cache_find(t->held->cache, str_n(key, (size_t)(slash - key)), str_of(slash + 1), slot) && *slot < t->slots &&
           t->jobs[*slot].state == ON_RUNNING;
}

static bool mark(void *data, const char *key, struct buf *value)
{
    struct event_batch *b = data;
    uint32_t slot;
    if (!find_job(b->t, key, &slot))
        return false;
    event_row_value(b->t, slot, value);
    return !value->failed && value->len;
}

/* The job as the run left it, and then as it is now: somebody may have undone it already. */
static void look_on(struct event_trigger *t, uint32_t slot, const struct change_result *result)
{
    struct json root;
    struct mpijob_view view;
    if (result && result->changed && !result->dry_run && result->object.len &&
        json_parse(result->object, "", &root, NULL) == 0 &&
        mpijob_view(root, cluster_target_of(t->site->cluster, t->entry.policy->kind, root), &view, NULL) == 0)
        event_look(t, slot, &view, LOOK_AGAIN, MPIJOB_NO_TIME);
    bool changed = t->jobs[slot].flags & ON_AGAIN; /* while the run had it */
    t->jobs[slot].flags &= (uint8_t) ~(ON_AGAIN | ON_LEFT);
    event_look_cached(t, slot, changed ? LOOK_CHANGED : LOOK_AGAIN, MPIJOB_NO_TIME);
}

/* anew: whatever row it has, it must not stay. */
static void write_row(struct event_trigger *t, uint32_t slot, bool anew)
{
    struct buf bytes = BUF_INIT;
    struct mpijob_view view;
    if (cache_view(t->held->cache, slot, &bytes, &view, NULL) == 0) {
        t->jobs[slot].flags |= anew ? ON_ROW : 0;
        event_row_write(t, slot, view.uid);
    }
    buf_free(&bytes);
}

static void failed(struct event_batch *b, uint32_t slot, struct str seen, const struct error *err)
{
    struct event_trigger *t = b->t;
    if (err && err->retryable) {
        struct event_job *j = take_back(t, slot);
        if (j->tries < 20)
            j->tries++;
        event_retry(t, slot, j->tries);
    } else {
        hand_in(t, slot, true, false);
        keep_version(t, slot, seen);
    }
    write_row(t, slot, true); /* without what was to be handled */
}

static void settled(void *data, const char *key, enum job_end end, struct str seen, const struct change_result *result,
                    const struct error *err)
{
    struct event_batch *b = data;
    struct event_trigger *t = b->t;
    uint32_t slot;
    if (!find_job(t, key, &slot))
        return;
    bool dry = result && result->dry_run && end == JOB_DONE;
    b->moved = b->moved || end != JOB_FAILED || !err || !err->retryable;
    b->unreachable = b->unreachable || (err && (err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT));
    if (end == JOB_FAILED) {
        failed(b, slot, seen, err);
        look_on(t, slot, NULL);
        return;
    }
    if (end == JOB_DECLINED) {
        struct event_job *j = take_back(t, slot);
        j->pending &= ON_MATCH; /* an event has passed; what matches may yet be wanted */
        j->state = j->pending ? ON_DECLINED : ON_IDLE;
    } else {
        hand_in(t, slot, dry, dry);
    }
    keep_version(t, slot, end == JOB_DONE && result && !dry ? str_of(result->resource_version) : seen);
    if (end == JOB_DONE && !dry && !(t->jobs[slot].flags & ON_LEFT))
        t->jobs[slot].flags |= ON_ROW; /* with its intent */
    else if (!dry)
        write_row(t, slot, end == JOB_DONE);
    look_on(t, slot, result);
}

/* ---- the end of the run ---- */

/* What nobody has said anything about. */
static void end_one(struct event_batch *b, const struct run *run, size_t i)
{
    struct event_trigger *t = b->t;
    uint32_t slot = b->slots[i];
    struct event_job *j = &t->jobs[slot];
    if (j->state != ON_RUNNING)
        return;
    bool function = run->policy->action == ACTION_RUN, given = i < b->at;
    bool broke = run->outcome == RUN_LIMITED || (run->outcome == RUN_FAILED && function);
    bool changed = j->flags & ON_AGAIN;
    if (function && (run->outcome == RUN_DONE || (given && i + 1 < b->at))) { /* the loop has gone on to the next */
        hand_in(t, slot, run->dry_run, run->dry_run);
        keep_version(t, slot, (struct str){0});
        if (!run->dry_run)
            write_row(t, slot, false);
    } else if (broke && (given || (function && b->at == 0))) { /* it was told, and would break again */
        hand_in(t, slot, true, false);
        keep_version(t, slot, (struct str){0});
    } else {
        take_back(t, slot);
    }
    j->flags &= (uint8_t) ~(ON_AGAIN | ON_LEFT);
    event_look_cached(t, slot, changed ? LOOK_CHANGED : LOOK_AGAIN, MPIJOB_NO_TIME);
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
    for (size_t i = 0; i < b->count && !t->stopped; i++)
        end_one(b, run, i);
    bool moved = b->moved || run->outcome == RUN_DONE || (run->outcome == RUN_LIMITED && b->at > 0);
    bool left = run->outcome == RUN_FAILED || run->outcome == RUN_CANCELLED || b->unreachable;
    if (t->stopped) {
        event_release(t);
    } else {
        if (left && (!moved || b->unreachable))
            pause_a_while(t);
        else
            t->fails = 0;
        event_wake(t);
    }
    batch_free(&b->listing);
}

/* ---- the beginning ---- */

static unsigned first_event(unsigned pending)
{
    return pending & (~pending + 1);
}

/* All that a limit is to be compared with, else so much that others have their turn. */
static size_t most(const struct event_trigger *t)
{
    const struct policy *p = t->entry.policy;
    bool limited = p->action != ACTION_RUN && (p->changes_max >= 0 || p->percent_max >= 0);
    return limited || t->depth < BATCH_MAX ? t->depth : BATCH_MAX;
}

static void fill(struct event_batch *b, size_t room)
{
    struct event_trigger *t = b->t;
    uint32_t slot;
    size_t tries = t->queued;
    for (; tries > 0 && b->count < room && event_dequeue(t, &slot); tries--) {
        struct event_job *j = &t->jobs[slot];
        unsigned event = first_event(j->pending);
        if (b->event && event != b->event) { /* a run is about one kind of event */
            event_enqueue(t, slot, INT64_MAX);
            continue;
        }
        b->event = event;
        j->state = ON_RUNNING;
        j->flags &= (uint8_t) ~(ON_AGAIN | ON_LEFT);
        j->given = j->pending;
        b->slots[b->count++] = slot;
    }
}

static void give_up(struct event_batch *b, const struct error *err)
{
    struct event_trigger *t = b->t;
    log_event(t->site->log, LOG_ERROR, err->message, LOG_FIELDS({"policy", t->entry.policy->name}));
    for (size_t i = 0; i < b->count; i++) {
        take_back(t, b->slots[i]);
        event_enqueue(t, b->slots[i], INT64_MAX);
    }
    t->batch = NULL;
    b->holders = 1;
    batch_free(&b->listing);
    pause_a_while(t);
}

void event_batch_start(struct event_trigger *t)
{
    struct error err;
    struct run *run;
    size_t room = most(t);
    struct event_batch *b = calloc(1, sizeof *b);
    if (b)
        b->slots = malloc(room * sizeof *b->slots);
    if (!b || !b->slots) {
        free(b);
        log_event(t->site->log, LOG_ERROR, "out of memory: tried again later",
                  LOG_FIELDS({"policy", t->entry.policy->name}));
        pause_a_while(t);
        return;
    }
    b->listing.ops = &batch_ops;
    b->holders = 2;
    b->t = t;
    b->held = t->held;
    watches_hold(b->held);
    b->as_of = cache_as_of(t->held->cache);
    b->feed = (struct run_feed){.jobs = &b->listing, .settled = settled, .mark = mark, .key = t->key, .data = b};
    int64_t first = t->first;
    fill(b, room);
    t->first = t->depth ? clock_now(t->site->clock) : INT64_MAX;
    t->batch = b;
    struct run_call call = {
        .file = t->entry.file,
        .policy = t->entry.policy,
        .trigger = policy_on_name(b->event),
        .scheduled_at = first,
        .feed = &b->feed,
        .done = run_over,
        .data = b,
    };
    if (!b->count) {
        t->batch = NULL;
        b->holders = 1;
        batch_free(&b->listing);
    } else if (run_start(t->runs, &call, &run, &err)) {
        give_up(b, &err);
    }
}
