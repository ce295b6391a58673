#include "trigger/schedule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/chance.h"
#include "cluster/cluster.h"
#include "loop/timer.h"
#include "run/run.h"
#include "site/counters.h"
#include "store/state.h"
#include "trigger/triggers.h"

#define MISSED_MAX 100 /* missed = "all": at most so many, the newest */
#define COUNT_MAX 100000

struct schedule {
    struct triggers *of;
    struct runs *runs;
    struct site *site;
    struct schedule *next;
    struct policy_entry entry;
    struct alarm alarm;
    int64_t last; /* nominal: handled up to */
    unsigned running;
    int64_t waiting[MISSED_MAX]; /* instants that wait for their turn, oldest first */
    size_t waiting_count;
    int64_t resumes; /* for waiting[0] */
    bool stopped;
};

/* ---- instants ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int policy_next_due(const struct policy *p, int64_t after, int64_t *due, struct error *err)
{
    if (p->every) {
        *due = (floor_div(after, p->every) + 1) * p->every;
        return 0;
    }
    if (!p->has_schedule)
        return error_set(err, ERR_NOT_FOUND, "the policy has no schedule");
    int64_t seconds;
    int rc = cron_next(&p->cron, p->zone, floor_div(after, CLOCK_SECOND), &seconds, err);
    if (!rc)
        *due = seconds * CLOCK_SECOND;
    return rc;
}

size_t policy_due_between(const struct policy *p, int64_t after, int64_t until, int64_t *out, size_t max)
{
    size_t n = 0;
    if (p->every && until > after) { /* arithmetic: a second's period over a year is no loop */
        int64_t last = floor_div(until, p->every), count = last - floor_div(after, p->every);
        n = count > COUNT_MAX ? COUNT_MAX : (size_t)count;
        size_t keep = n < max ? n : max;
        for (size_t i = 0; i < keep; i++)
            out[i] = (last - (int64_t)(keep - 1 - i)) * p->every;
        return n;
    }
    int64_t due = 0;
    while (n < COUNT_MAX && policy_next_due(p, after, &due, NULL) == 0 && due <= until) {
        if (n >= max && max)
            memmove(out, out + 1, (max - 1) * sizeof *out);
        if (max)
            out[n < max ? n : max - 1] = due;
        n++;
        after = due;
    }
    return n;
}

/* ---- runs ---- */

static void run_waiting(struct schedule *t);

static bool busy(const struct schedule *t)
{
    return runs_busy(t->runs, t->entry.policy->name);
}

static void release(struct schedule *t)
{
    if (t->stopped && t->running == 0) {
        policy_set_release(t->entry.file->set);
        free(t);
    }
}

static void run_over(void *data, struct run *run)
{
    (void)run;
    struct schedule *t = data;
    struct schedule *in_force = t->stopped ? triggers_schedule(t->of, t->entry.policy->name) : t;
    t->running--;
    if (in_force)
        run_waiting(in_force);
    release(t);
}

static void start(struct schedule *t, int64_t instant, int64_t resumes)
{
    struct error err;
    struct run *run;
    struct run_call call = {
        .file = t->entry.file,
        .policy = t->entry.policy,
        .trigger = t->entry.policy->every ? "every" : "schedule",
        .scheduled_at = instant,
        .resumes = resumes,
        .done = run_over,
        .data = t,
    };
    t->running++;
    if (run_start(t->runs, &call, &run, &err) == 0)
        return;
    t->running--;
    log_event(t->site->log, LOG_ERROR, err.message, LOG_FIELDS({"policy", t->entry.policy->name}));
}

static void run_waiting(struct schedule *t)
{
    while (t->waiting_count && !t->site->stopping && (!busy(t) || t->entry.policy->overlap == OVERLAP_ALLOW)) {
        int64_t instant = t->waiting[0], resumes = t->resumes;
        t->resumes = 0;
        memmove(t->waiting, t->waiting + 1, --t->waiting_count * sizeof *t->waiting);
        start(t, instant, resumes);
    }
}

static void enqueue(struct schedule *t, int64_t instant)
{
    if (t->waiting_count == MISSED_MAX)
        memmove(t->waiting, t->waiting + 1, --t->waiting_count * sizeof *t->waiting);
    t->waiting[t->waiting_count++] = instant;
}

/* One instant that is due now (not missed). */
static void due_now(struct schedule *t, int64_t instant)
{
    char when[32];
    clock_format(instant, false, when);
    if ((t->waiting_count || busy(t)) && t->entry.policy->overlap == OVERLAP_SKIP) {
        log_event(t->site->log, LOG_WARN, "run skipped: the one before has not ended (overlap = \"skip\")",
                  LOG_FIELDS({"policy", t->entry.policy->name}, {"scheduled_at", when}));
        return;
    }
    enqueue(t, instant);
}

static void tell_missed(struct schedule *t, size_t missed, size_t kept)
{
    char text[160];
    snprintf(text, sizeof text, "%zu run%s missed; %zu %s now", missed, missed == 1 ? " was" : "s were", kept,
             kept == 1 ? "is made up for" : "are made up for");
    log_event(t->site->log, LOG_WARN, text, LOG_FIELDS({"policy", t->entry.policy->name}));
}

/* Everything in (t->last, now]: the newest is due now if it is fresh, the others were missed. */
static void catch_up(struct schedule *t, int64_t now, int64_t fresh_after)
{
    int64_t due[MISSED_MAX];
    size_t all = policy_due_between(t->entry.policy, t->last, now, due, MISSED_MAX);
    size_t have = all < MISSED_MAX ? all : MISSED_MAX;
    if (!all)
        return;
    t->last = due[have - 1];
    bool fresh = due[have - 1] > fresh_after, idle = !t->waiting_count && !busy(t);
    size_t missed = all - fresh, missed_have = have - fresh, keep = 0;
    if (t->entry.policy->missed == MISSED_ALL)
        keep = missed_have;
    else if (t->entry.policy->missed == MISSED_ONCE)
        keep = missed_have && !fresh; /* the fresh one is the newest: it makes up for those before it */
    if (missed)
        tell_missed(t, missed, keep + (fresh && t->entry.policy->missed == MISSED_ONCE));
    for (size_t i = missed_have - keep; i < missed_have; i++)
        enqueue(t, due[i]);
    if (fresh && idle) /* behind those that it has missed itself */
        enqueue(t, due[have - 1]);
    else if (fresh)
        due_now(t, due[have - 1]);
}

/* Without memory for an alarm, or without a further instant, that is all there is to say. */
static void arm_at(struct schedule *t, int64_t when)
{
    if (alarm_set(t->site->alarms, &t->alarm, when))
        log_event(t->site->log, LOG_ERROR, "no further run is planned: out of memory",
                  LOG_FIELDS({"policy", t->entry.policy->name}));
}

static void arm(struct schedule *t)
{
    struct error err;
    int64_t next;
    if (policy_next_due(t->entry.policy, t->last, &next, &err) == 0)
        arm_at(t, next + (int64_t)chance_below(NULL, (uint64_t)t->entry.policy->jitter)); /* microseconds */
    else
        log_event(t->site->log, LOG_ERROR, "no further run is planned",
                  LOG_FIELDS({"policy", t->entry.policy->name}, {"reason", err.message}));
}

static void rang(struct alarm *alarm, int64_t now)
{
    struct schedule *t = alarm->data;
    counters_lateness(t->site->counters, t->entry.policy->name, now - alarm->due);
    /* What is older than a minute (and its jitter) when it rings was slept through. */
    catch_up(t, now, now - 60 * CLOCK_SECOND - t->entry.policy->jitter);
    run_waiting(t);
    arm(t);
}

/* ---- life ---- */

static bool same_plan(const struct policy *a, const struct policy *b)
{
    return a->every == b->every && a->jitter == b->jitter && a->has_schedule == b->has_schedule &&
           (!a->has_schedule ||
            (strcmp(a->schedule, b->schedule) == 0 && strcmp(zone_name(a->zone), zone_name(b->zone)) == 0));
}

static void set_mark(const struct schedule *t, int64_t now)
{
    char key[STATE_KEY_MAX];
    state_key(t->entry.policy->name, cluster_name(t->site->cluster), key);
    if (t->site->state)
        state_set_mark(t->site->state, key, now, NULL, NULL);
}

/* A reload: nothing was missed, and nothing that is due already is lost. */
static void carry_on(struct schedule *t, struct schedule *before, int64_t now)
{
    memcpy(t->waiting, before->waiting, sizeof t->waiting);
    t->waiting_count = before->waiting_count;
    t->resumes = before->resumes;
    before->waiting_count = 0;
    if (same_plan(t->entry.policy, before->entry.policy) && before->alarm.slot) {
        t->last = before->last;
        arm_at(t, before->alarm.due);
    } else {
        t->last = now;
        set_mark(t, now);
        arm(t);
    }
}

static void catch_up_at_start(struct schedule *t, const struct schedule_past *past, int64_t now)
{
    t->last = past->seen && past->mark < now ? past->mark : now;
    if (!past->seen) /* from now on a missed run is one */
        set_mark(t, now);
    if (past->interrupted && t->entry.policy->missed != MISSED_SKIP) {
        enqueue(t, past->scheduled_at);
        t->resumes = past->interrupted;
    }
    catch_up(t, now, INT64_MAX);
    t->last = now;
    arm(t);
}

struct schedule *schedule_start(struct triggers *triggers, const struct policy_entry *entry,
                                const struct schedule_past *past)
{
    struct schedule *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->of = triggers;
    t->runs = triggers->runs;
    t->site = triggers->runs->site;
    t->entry = *entry;
    t->alarm.ring = rang;
    t->alarm.data = t;
    int64_t now = clock_now(triggers->runs->site->clock);
    policy_set_hold(entry->file->set);
    if (past->before)
        carry_on(t, past->before, now);
    else
        catch_up_at_start(t, past, now);
    run_waiting(t);
    return t;
}

const char *schedule_policy(const struct schedule *t)
{
    return t->entry.policy->name;
}

struct schedule *schedule_next(const struct schedule *t)
{
    return t->next;
}

void schedule_set_next(struct schedule *t, struct schedule *next)
{
    t->next = next;
}

void schedule_stop(struct schedule *t)
{
    alarm_stop(t->site->alarms, &t->alarm);
    t->waiting_count = 0;
    t->stopped = true;
    release(t);
}
