/* When a policy with `on` acts again: instants on the wall clock, retries and pauses on the loop's. */
#include "base/backoff.h"
#include "site/counters.h"
#include "trigger/event_parts.h"

static const struct backoff retry_pause = {.first_ms = RETRY_FIRST_MS, .most_ms = 300000, .jitter = BACKOFF_QUARTER};

static uint64_t loop_now(const struct event_trigger *t)
{
    return uv_now(t->site->loop);
}

void event_retry(struct event_trigger *t, uint32_t slot, unsigned tries)
{
    if (due_set(&t->retry, slot, (int64_t)(loop_now(t) + backoff_ms(&retry_pause, tries, NULL))))
        event_enqueue(t, slot, INT64_MAX); /* no memory: at once, which the next failure pauses */
    else
        t->jobs[slot].state = ON_WAITING;
    event_arm(t);
}

void event_arm(struct event_trigger *t)
{
    int64_t at;
    if (t->stopped)
        return;
    if (!due_first(&t->due, NULL, &at))
        alarm_stop(t->site->alarms, &t->alarm);
    else if ((!t->alarm.slot || t->alarm.due != at) && alarm_set(t->site->alarms, &t->alarm, at))
        log_event(t->site->log, LOG_ERROR, "out of memory: what falls due is not seen",
                  LOG_FIELDS({"policy", t->entry.policy->name}));
    uint64_t now = loop_now(t), next = t->pause_until;
    if (due_first(&t->retry, NULL, &at) && (!next || (uint64_t)at < next))
        next = (uint64_t)at;
    if (next)
        deadline_set(&t->later, next > now ? next - now : 0);
    else
        deadline_stop(&t->later);
}

void event_pause(struct event_trigger *t, uint64_t ms)
{
    t->pause_until = loop_now(t) + ms;
    event_arm(t);
}

/* Some instants have come. Others have their turn after a slice. */
void event_rang(struct alarm *alarm, int64_t now)
{
    struct event_trigger *t = alarm->data;
    uint32_t slot;
    int64_t at;
    counters_lateness(t->site->counters, t->entry.policy->name, now - alarm->due);
    for (int n = 0; n < SCAN_SLICE && due_first(&t->due, &slot, &at) && at <= now; n++) {
        due_remove(&t->due, slot);
        counters_lateness(t->site->counters, t->entry.policy->name, now - at);
        event_look_cached(t, slot, LOOK_AGAIN, at);
    }
    event_arm(t);
}

void event_later(struct deadline *d)
{
    struct event_trigger *t = d->data;
    uint32_t slot;
    int64_t at;
    if (t->pause_until && loop_now(t) >= t->pause_until)
        t->pause_until = 0;
    while (due_first(&t->retry, &slot, &at) && (uint64_t)at <= loop_now(t)) {
        due_remove(&t->retry, slot);
        t->jobs[slot].state = ON_IDLE;
        event_enqueue(t, slot, INT64_MAX);
    }
    event_arm(t);
    event_wake(t);
}
