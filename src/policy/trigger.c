#include "policy/trigger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "policy/engine.h"

#define MISSED_MAX 100     /* missed = "all": at most so many, the newest */
#define COUNT_MAX 100000

struct trigger {
    struct engine *engine;
    struct policy_entry entry;
    struct alarm alarm;
    int64_t last, next;        /* nominal: handled up to, and due */
    unsigned running;
    int64_t waiting[MISSED_MAX]; /* instants that wait for their turn, oldest first */
    size_t waiting_count;
    int64_t resumes;           /* for waiting[0] */
    bool stopped;
    struct trigger *prev, *nxt;
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
    int64_t due;
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

static void run_waiting(struct trigger *t);

static void release(struct trigger *t)
{
    if (t->stopped && t->running == 0) {
        policy_set_release(t->entry.file->set);
        free(t);
    }
}

static void run_over(void *data, struct run *run)
{
    (void)run;
    struct trigger *t = data;
    t->running--;
    if (!t->stopped)
        run_waiting(t);
    release(t);
}

static void start(struct trigger *t, int64_t instant, int64_t resumes)
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
    if (run_start(t->engine, &call, &run, &err) == 0)
        return;
    t->running--;
    log_event(t->engine->o.log, LOG_ERROR, err.message, LOG_FIELDS({"policy", t->entry.policy->name}));
}

static void run_waiting(struct trigger *t)
{
    while (t->waiting_count && (t->running == 0 || t->entry.policy->overlap == OVERLAP_ALLOW)) {
        int64_t instant = t->waiting[0], resumes = t->resumes;
        t->resumes = 0;
        memmove(t->waiting, t->waiting + 1, --t->waiting_count * sizeof *t->waiting);
        start(t, instant, resumes);
    }
}

static void enqueue(struct trigger *t, int64_t instant)
{
    if (t->waiting_count == MISSED_MAX)
        memmove(t->waiting, t->waiting + 1, --t->waiting_count * sizeof *t->waiting);
    t->waiting[t->waiting_count++] = instant;
}

/* One instant that is due now (not missed). */
static void due_now(struct trigger *t, int64_t instant)
{
    char when[32];
    clock_format(instant, false, when);
    if ((t->running || t->waiting_count) && t->entry.policy->overlap == OVERLAP_SKIP) {
        log_event(t->engine->o.log, LOG_WARN, "run skipped: the one before has not ended (overlap = \"skip\")",
                  LOG_FIELDS({"policy", t->entry.policy->name}, {"scheduled_at", when}));
        return;
    }
    enqueue(t, instant);
}

static void tell_missed(struct trigger *t, size_t missed, size_t kept)
{
    char text[160];
    snprintf(text, sizeof text, "%zu run%s missed; %zu %s now", missed, missed == 1 ? " was" : "s were", kept,
             kept == 1 ? "is made up for" : "are made up for");
    log_event(t->engine->o.log, LOG_WARN, text, LOG_FIELDS({"policy", t->entry.policy->name}));
}

/* Everything in (t->last, now]: the newest is due now if it is fresh, the others were missed. */
static void catch_up(struct trigger *t, int64_t now, int64_t fresh_after)
{
    int64_t due[MISSED_MAX];
    size_t all = policy_due_between(t->entry.policy, t->last, now, due, MISSED_MAX);
    size_t have = all < MISSED_MAX ? all : MISSED_MAX;
    if (!all)
        return;
    t->last = due[have - 1];
    bool fresh = due[have - 1] > fresh_after;
    size_t missed = all - fresh, missed_have = have - fresh, keep = 0;
    if (t->entry.policy->missed == MISSED_ALL)
        keep = missed_have;
    else if (t->entry.policy->missed == MISSED_ONCE)
        keep = missed_have && !fresh; /* the fresh one is the newest: it makes up for those before it */
    if (missed)
        tell_missed(t, missed, keep + (fresh && t->entry.policy->missed == MISSED_ONCE));
    for (size_t i = missed_have - keep; i < missed_have; i++)
        enqueue(t, due[i]);
    if (fresh)
        due_now(t, due[have - 1]);
}

static int64_t random_up_to(int64_t most)
{
    return most > 0 ? (int64_t)((double)rand() / ((double)RAND_MAX + 1) * (double)most) : 0;
}

static void arm(struct trigger *t)
{
    struct error err;
    if (policy_next_due(t->entry.policy, t->last, &t->next, &err) ||
        (alarm_set(t->engine->alarms, &t->alarm, t->next + random_up_to(t->entry.policy->jitter)) && error_nomem(&err)))
        log_event(t->engine->o.log, LOG_ERROR, "no further run is planned",
                  LOG_FIELDS({"policy", t->entry.policy->name}, {"reason", err.message}));
}

static void rang(struct alarm *alarm, int64_t now)
{
    struct trigger *t = alarm->data;
    /* What is older than a minute (and its jitter) when it rings was slept through. */
    catch_up(t, now, now - 60 * CLOCK_SECOND - t->entry.policy->jitter);
    run_waiting(t);
    arm(t);
}

/* ---- life ---- */

struct trigger *trigger_start(struct engine *engine, const struct policy_entry *entry, const struct trigger_past *past)
{
    struct trigger *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->engine = engine;
    t->entry = *entry;
    t->alarm.ring = rang;
    t->alarm.data = t;
    int64_t now = clock_now(engine->o.clock);
    t->last = past->seen && past->mark < now ? past->mark : now;
    if (!past->seen && engine->o.store) /* from now on a missed run is one */
        store_set_mark(engine->o.store, entry->policy->name, now, NULL, NULL);
    policy_set_hold(entry->file->set);
    if (past->interrupted && entry->policy->missed != MISSED_SKIP) {
        enqueue(t, past->scheduled_at);
        t->resumes = past->interrupted;
    }
    catch_up(t, now, INT64_MAX);
    t->last = now;
    run_waiting(t);
    arm(t);
    return t;
}

const char *trigger_policy(const struct trigger *t)
{
    return t->entry.policy->name;
}

void trigger_stop(struct trigger *t)
{
    alarm_stop(t->engine->alarms, &t->alarm);
    t->waiting_count = 0;
    t->stopped = true;
    release(t);
}
