/* SPDX-License-Identifier: Apache-2.0 */
/* When a policy with `on` acts again: instants of the wall clock; retries and pauses on the loop's clock. */
#include "base/backoff.h"
#include "policy/definition/opening.h"
#include "site/counters.h"
#include "trigger/event_parts.h"

static const struct backoff retry_pause = {.first_ms = RETRY_FIRST_MS, .most_ms = 300000, .jitter = BACKOFF_QUARTER};

static uint64_t loop_now_ms(const struct event_trigger *t)
{
    return t->site->one_clock ? (uint64_t)clock_now(t->site->clock) / 1000 : uv_now(t->site->loop);
}

int event_retry(struct event_trigger *t, uint32_t slot, unsigned tries)
{
    int rc = due_set(&t->retry, slot, (int64_t)(loop_now_ms(t) + backoff_ms(&retry_pause, tries, NULL)));
    event_arm(t);
    return rc;
}

/* The first instant stays until the job waits no more, whatever else has it asked about meanwhile. */
void event_recheck(struct event_trigger *t, uint32_t slot)
{
    const struct job_state *j = &t->jobs[slot];
    int64_t span = t->entry.policy->recheck;
    if (!span || t->stopped)
        return;
    if (job_handling(j, ON_MATCH) != HANDLING_PENDING) {
        due_remove(&t->recheck, slot);
    } else if (j->place == PLACE_DECLINED && !due_has(&t->recheck, slot)) {
        if (due_set(&t->recheck, slot, clock_now(t->site->clock) + span))
            log_event(t->site->log, LOG_ERROR, "out of memory: `where` is asked again for a job when it changes only",
                      LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site)));
        event_arm(t);
    }
}

int64_t event_opening(const struct event_trigger *t)
{
    int64_t now_us = clock_now(t->site->clock);
    bool waits = t->depth && !t->waits && !policy_open(t->entry.policy, now_us);
    return waits ? policy_opening(t->entry.policy, now_us) : INT64_MAX;
}

static void arm_alarm(struct event_trigger *t, uint64_t next_ms)
{
    if (!next_ms)
        alarm_stop(t->site->alarms, &t->later_alarm);
    else if (alarm_set(t->site->alarms, &t->later_alarm, (int64_t)next_ms * 1000))
        log_event(t->site->log, LOG_ERROR, "out of memory: the policy does not try again",
                  LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site)));
}

void event_arm(struct event_trigger *t)
{
    int64_t at = event_trigger_due(t);
    if (t->stopped)
        return;
    if (at == INT64_MAX)
        alarm_stop(t->site->alarms, &t->alarm);
    else if ((!t->alarm.slot || t->alarm.due != at) && alarm_set(t->site->alarms, &t->alarm, at))
        log_event(t->site->log, LOG_ERROR, "out of memory: the policy may miss what falls due",
                  LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site)));
    uint64_t now_ms = loop_now_ms(t), next_ms = t->pause_until_ms;
    if (due_first(&t->retry, NULL, &at) && (!next_ms || (uint64_t)at < next_ms))
        next_ms = (uint64_t)at;
    if (t->site->one_clock)
        arm_alarm(t, next_ms);
    else if (next_ms)
        deadline_set(&t->later, next_ms > now_ms ? next_ms - now_ms : 0);
    else
        deadline_stop(&t->later);
}

void event_pause(struct event_trigger *t, uint64_t ms)
{
    t->pause_until_ms = loop_now_ms(t) + ms;
    event_arm(t);
}

void event_hold(struct event_trigger *t, int64_t until_us)
{
    t->hold_until_us = until_us;
    event_arm(t);
}

/* `where` is asked again: once for all times that have come since. */
static void ask_again(struct event_trigger *t, uint32_t slot, int64_t at_us, int64_t now_us)
{
    int64_t span = t->entry.policy->recheck;
    due_set(&t->recheck, slot, at_us + span * ((now_us - at_us) / span + 1)); /* it is in the heap, so there is room */
    if (t->jobs[slot].place == PLACE_DECLINED)
        event_look_cached(t, slot, EVENT_CHANGED, at_us);
}

/* Some instants have come. After a slice of them, others on the loop have their turn. */
void event_rang(struct alarm *alarm, int64_t now_us)
{
    struct event_trigger *t = alarm->data;
    uint32_t slot;
    int64_t at_us;
    int n = 0;
    counters_lateness(t->site->counters, t->entry.policy->name, now_us - alarm->due);
    for (; n < SCAN_SLICE && due_first(&t->due, &slot, &at_us) && at_us <= now_us; n++) {
        due_remove(&t->due, slot);
        counters_lateness(t->site->counters, t->entry.policy->name, now_us - at_us);
        event_look_cached(t, slot, EVENT_AGAIN, at_us);
    }
    for (; n < SCAN_SLICE && due_first(&t->recheck, &slot, &at_us) && at_us <= now_us; n++)
        ask_again(t, slot, at_us, now_us);
    for (; n < SCAN_SLICE && due_first(&t->ripe, &slot, &at_us) && at_us <= now_us; n++) {
        due_remove(&t->ripe, slot);
        counters_lateness(t->site->counters, t->entry.policy->name, now_us - at_us);
        event_look_cached(t, slot, EVENT_CHANGED, at_us);
    }
    if (t->hold_until_us && t->hold_until_us <= now_us) {
        t->hold_until_us = 0;
        event_wake(t);
    }
    event_arm(t);
    event_wake(t); /* the window may be open by now */
}

static void try_again(struct event_trigger *t)
{
    uint32_t slot;
    int64_t at;
    if (t->pause_until_ms && loop_now_ms(t) >= t->pause_until_ms)
        t->pause_until_ms = 0;
    while (due_first(&t->retry, &slot, &at) && (uint64_t)at <= loop_now_ms(t)) {
        due_remove(&t->retry, slot);
        event_step(t, slot, JOB_TRY_DUE, INT64_MAX);
    }
    event_arm(t);
    event_wake(t);
}

void event_later(struct deadline *d)
{
    try_again(d->data);
}

void event_later_alarm(struct alarm *alarm, int64_t now_us)
{
    (void)now_us;
    try_again(alarm->data);
}
