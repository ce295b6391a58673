/* SPDX-License-Identifier: Apache-2.0 */
/* The instants of schedules and periods, and the runs that begin at them. */
#include "trigger/schedule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/chance.h"
#include "cluster/cluster.h"
#include "loop/timer.h"
#include "policy/definition/opening.h"
#include "run/run.h"
#include "site/counters.h"
#include "store/state.h"
#include "trigger/instants.h"
#include "trigger/triggers.h"

#define DAY_US (INT64_C(86400) * CLOCK_SECOND)
#define MISSED_MAX 100 /* missed = "all": at most so many, the newest */

struct schedule {
    struct triggers *of;
    struct runs *runs;
    struct site *site;
    struct schedule *next;
    struct policy_entry entry;
    struct alarm alarm;
    int64_t last_us; /* instants up to this one are seen to; what waits for an opening counts as due at that */
    unsigned running;
    int64_t waiting_us[MISSED_MAX]; /* instants that wait for their turn, the oldest first */
    size_t waiting_count;
    int64_t resumes; /* id of the interrupted run that waiting_us[0] finishes; 0: none */
    bool held;       /* what waits does so for the next opening */
    bool stopped;
};

/* ---- runs ---- */

static void run_waiting(struct schedule *s);
static void arm(struct schedule *s);

static bool busy(const struct schedule *s)
{
    return runs_busy(s->runs, s->entry.policy->name);
}

static void release(struct schedule *s)
{
    if (s->stopped && s->running == 0) {
        policy_set_release(s->entry.file->set);
        free(s);
    }
}

static void run_over(void *data, struct run *run)
{
    (void)run;
    struct schedule *s = data;
    s->running--;
    triggers_go_on(s->of, s->entry.policy->name);
    release(s);
}

static void start(struct schedule *s, int64_t instant_us, int64_t resumes)
{
    struct error err;
    struct run *run;
    struct run_call call = {
        .file = s->entry.file,
        .policy = s->entry.policy,
        .trigger = s->entry.policy->every ? "every" : "schedule",
        .scheduled_at = instant_us,
        .resumes = resumes,
        .done = run_over,
        .data = s,
    };
    s->running++;
    if (run_start(s->runs, &call, &run, &err) == 0)
        return;
    s->running--;
    log_event(s->site->log, LOG_ERROR, err.message,
              LOG_FIELDS({"policy", s->entry.policy->name}, SITE_LOG_CLUSTER(s->site)));
}

/* Runs that wait for the same opening are one: the newest stands for all. */
static void hold(struct schedule *s, int64_t now_us)
{
    char text[POLICY_CLOSED_TEXT];
    if (s->waiting_count > 1) {
        s->waiting_us[0] = s->waiting_us[s->waiting_count - 1];
        s->waiting_count = 1;
        s->resumes = 0; /* the run looks at all jobs, those of the interrupted one too */
    }
    if (s->held)
        return;
    s->held = true;
    log_event(s->site->log, LOG_INFO, "a run that is due waits for its policy to be open",
              LOG_FIELDS({"policy", s->entry.policy->name}, SITE_LOG_CLUSTER(s->site),
                         {"reason", policy_closed_text(s->entry.policy, now_us, text)}));
    arm(s);
}

static void run_waiting(struct schedule *s)
{
    int64_t now_us = clock_now(s->site->clock);
    if (s->waiting_count && !policy_open(s->entry.policy, now_us)) {
        hold(s, now_us);
        return;
    }
    s->held = false;
    while (s->waiting_count && !s->site->stopping && (!busy(s) || s->entry.policy->overlap == OVERLAP_ALLOW)) {
        int64_t instant_us = s->waiting_us[0], resumes = s->resumes;
        s->resumes = 0;
        memmove(s->waiting_us, s->waiting_us + 1, --s->waiting_count * sizeof *s->waiting_us);
        start(s, instant_us, resumes);
    }
}

static void enqueue(struct schedule *s, int64_t instant_us)
{
    if (s->waiting_count == MISSED_MAX)
        memmove(s->waiting_us, s->waiting_us + 1, --s->waiting_count * sizeof *s->waiting_us);
    s->waiting_us[s->waiting_count++] = instant_us;
}

/* An instant that is due now, and was not missed. */
static void due_now(struct schedule *s, int64_t instant_us)
{
    char when[32];
    clock_format(instant_us, false, when);
    if ((s->waiting_count || busy(s)) && s->entry.policy->overlap == OVERLAP_SKIP) {
        log_event(s->site->log, LOG_WARN, "run skipped: the one before has not ended (overlap = \"skip\")",
                  LOG_FIELDS({"policy", s->entry.policy->name}, SITE_LOG_CLUSTER(s->site), {"scheduled_at", when}));
        return;
    }
    enqueue(s, instant_us);
}

static void tell_missed(struct schedule *s, size_t missed, size_t kept)
{
    char text[160];
    if (missed == 1)
        snprintf(text, sizeof text, "1 run was missed; %s", kept ? "running it now" : "it is left out");
    else if (kept)
        snprintf(text, sizeof text, "%zu runs were missed; running %zu of them now", missed, kept);
    else
        snprintf(text, sizeof text, "%zu runs were missed; they are left out", missed);
    log_event(s->site->log, LOG_WARN, text, LOG_FIELDS({"policy", s->entry.policy->name}, SITE_LOG_CLUSTER(s->site)));
}

/* The run at an opening is for all instants that came while the policy was closed. */
static void tell_gathered(const struct schedule *s, int64_t after_us, int64_t due_us)
{
    char text[120];
    size_t n = policy_has_opening(s->entry.policy) ? policy_instants_between(s->entry.policy, after_us, due_us) : 0;
    if (n < 2)
        return;
    snprintf(text, sizeof text, "%s%zu runs fell due while the policy was closed; this one is for all of them",
             n == INSTANTS_COUNTED ? "at least " : "", n);
    log_event(s->site->log, LOG_INFO, text, LOG_FIELDS({"policy", s->entry.policy->name}, SITE_LOG_CLUSTER(s->site)));
}

/* All instants in (s->last_us, now_us]: the newest is due now if it is after fresh_after_us, the others were missed. */
static void catch_up(struct schedule *s, int64_t now_us, int64_t fresh_after_us)
{
    int64_t due_us[MISSED_MAX];
    size_t all = policy_due_between(s->entry.policy, s->last_us, now_us, due_us, MISSED_MAX);
    size_t have = all < MISSED_MAX ? all : MISSED_MAX;
    if (!all)
        return;
    bool fresh = due_us[have - 1] > fresh_after_us;
    if (fresh)
        tell_gathered(s, have > 1 ? due_us[have - 2] : s->last_us, due_us[have - 1]);
    if (fresh && s->held) { /* what waited for the opening is in the run that falls due at it */
        s->waiting_count = 0;
        s->resumes = 0;
    }
    s->last_us = due_us[have - 1];
    bool idle = !s->waiting_count && !busy(s);
    size_t missed = all - fresh, missed_have = have - fresh, keep = 0;
    if (s->entry.policy->missed == MISSED_ALL)
        keep = missed_have;
    else if (s->entry.policy->missed == MISSED_ONCE)
        keep = missed_have && !fresh; /* the fresh one is the newest: it makes up for those before it */
    if (missed)
        tell_missed(s, missed, keep + (fresh && s->entry.policy->missed == MISSED_ONCE));
    for (size_t i = missed_have - keep; i < missed_have; i++)
        enqueue(s, due_us[i]);
    if (fresh && idle) /* behind the missed ones: these are no overlap */
        enqueue(s, due_us[have - 1]);
    else if (fresh)
        due_now(s, due_us[have - 1]);
}

/* Where there is no memory for the alarm the log says so, and the policy rests until it is loaded again. */
static void arm_at(struct schedule *s, int64_t when_us)
{
    if (alarm_set(s->site->alarms, &s->alarm, when_us))
        log_event(s->site->log, LOG_ERROR, "no further run is planned: out of memory",
                  LOG_FIELDS({"policy", s->entry.policy->name}, SITE_LOG_CLUSTER(s->site)));
}

/* Jitter does not take a run out of the policy's window, as far as can be seen a day ahead; one that it does take out
 * waits for the next opening. */
static int64_t spread(const struct schedule *s, int64_t due_us)
{
    const struct policy *p = s->entry.policy;
    int64_t jitter = p->jitter, look = jitter < DAY_US ? jitter : DAY_US;
    int64_t closing = jitter && policy_has_opening(p) ? policy_closing(p, due_us, look) : INT64_MAX;
    if (closing != INT64_MAX && closing - due_us < jitter)
        jitter = closing - due_us;
    return due_us + (int64_t)chance_below(NULL, (uint64_t)jitter); /* microseconds */
}

static void arm(struct schedule *s)
{
    struct error err;
    int64_t next_us;
    if (s->held && (next_us = policy_opening(s->entry.policy, clock_now(s->site->clock))) != INT64_MAX)
        arm_at(s, spread(s, next_us));
    else if (policy_next_run(s->entry.policy, s->last_us, &next_us, &err) == 0)
        arm_at(s, spread(s, next_us));
    else
        log_event(s->site->log, LOG_ERROR, "no further run is planned",
                  LOG_FIELDS({"policy", s->entry.policy->name}, SITE_LOG_CLUSTER(s->site), {"reason", err.message}));
}

static void rang(struct alarm *alarm, int64_t now_us)
{
    struct schedule *s = alarm->data;
    counters_lateness(s->site->counters, s->entry.policy->name, now_us - alarm->due);
    /* What is older than a minute and the jitter when the alarm rings was slept through. */
    catch_up(s, now_us, now_us - 60 * CLOCK_SECOND - s->entry.policy->jitter);
    if (s->held && s->waiting_count) /* with what fell due at the opening itself */
        hold(s, now_us);
    run_waiting(s);
    arm(s);
}

/* ---- life ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_plan(const struct policy *a, const struct policy *b)
{
    return a->every == b->every && a->jitter == b->jitter && same_text(a->schedule, b->schedule) &&
           same_text(a->window_text, b->window_text) && days_same(&a->days_off, &b->days_off) &&
           same_text(zone_name(a->zone), zone_name(b->zone));
}

static void set_mark(const struct schedule *s, int64_t now_us)
{
    char key[STATE_KEY_MAX];
    state_key(s->entry.policy->name, cluster_name(s->site->cluster), key);
    if (s->site->state)
        state_set_mark(s->site->state, key, now_us, NULL, NULL);
}

/* After a reload: nothing counts as missed, and nothing that is due already is lost. */
static void carry_on(struct schedule *s, struct schedule *before, int64_t now_us)
{
    memcpy(s->waiting_us, before->waiting_us, sizeof s->waiting_us);
    s->waiting_count = before->waiting_count;
    s->resumes = before->resumes;
    s->held = before->held;
    before->waiting_count = 0;
    if (same_plan(s->entry.policy, before->entry.policy) && before->alarm.slot) {
        s->last_us = before->last_us;
        arm_at(s, before->alarm.due);
    } else {
        int64_t instant_us;
        if (policy_next_run(before->entry.policy, before->last_us, &instant_us, NULL) == 0 && instant_us > now_us &&
            policy_next_instant(before->entry.policy, before->last_us, &instant_us, NULL) == 0 && instant_us <= now_us)
            enqueue(s, instant_us); /* it waits for an opening that may be another one now */
        s->last_us = now_us;
        set_mark(s, now_us);
        arm(s);
    }
}

static void catch_up_at_start(struct schedule *s, const struct schedule_past *past, int64_t now_us)
{
    s->last_us = past->seen && past->mark_us < now_us ? past->mark_us : now_us;
    if (!past->seen) /* a run that is missed from now on counts as missed */
        set_mark(s, now_us);
    if (past->interrupted && s->entry.policy->missed != MISSED_SKIP) {
        enqueue(s, past->scheduled_at);
        s->resumes = past->interrupted;
    }
    catch_up(s, now_us, INT64_MAX);
    arm(s);
}

struct schedule *schedule_start(struct triggers *triggers, const struct policy_entry *entry,
                                const struct schedule_past *past)
{
    struct schedule *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->of = triggers;
    s->runs = triggers->runs;
    s->site = triggers->runs->site;
    s->entry = *entry;
    s->alarm.ring = rang;
    s->alarm.data = s;
    int64_t now_us = clock_now(triggers->runs->site->clock);
    policy_set_hold(entry->file->set);
    if (past->before)
        carry_on(s, past->before, now_us);
    else
        catch_up_at_start(s, past, now_us);
    run_waiting(s);
    return s;
}

const char *schedule_policy(const struct schedule *s)
{
    return s->entry.policy->name;
}

struct schedule *schedule_next(const struct schedule *s)
{
    return s->next;
}

void schedule_set_next(struct schedule *s, struct schedule *next)
{
    s->next = next;
}

int64_t schedule_due(const struct schedule *s)
{
    return s->alarm.slot ? s->alarm.due : INT64_MAX;
}

void schedule_go_on(struct schedule *s)
{
    run_waiting(s);
}

void schedule_stop(struct schedule *s)
{
    alarm_stop(s->site->alarms, &s->alarm);
    s->waiting_count = 0;
    s->stopped = true;
    release(s);
}
