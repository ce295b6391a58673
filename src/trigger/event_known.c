/* SPDX-License-Identifier: Apache-2.0 */
/* What a running trigger knows of one job. */
#include "trigger/event_known.h"

#include <string.h>

#include "trigger/event_parts.h"
#include "trigger/triggers.h"

/* Tries are on the loop's clock. */
static int64_t instant_of(const struct event_trigger *t, int64_t loop_ms)
{
    int64_t now_ms =
        (int64_t)(t->site->one_clock ? (uint64_t)(clock_now(t->site->clock) / 1000) : uv_now(t->site->loop));
    return clock_now(t->site->clock) + (loop_ms > now_ms ? loop_ms - now_ms : 0) * 1000;
}

struct event_known event_trigger_known(const struct event_trigger *t, struct str name_space, struct str name)
{
    struct event_known k = {.retry = INT64_MAX, .recheck = INT64_MAX};
    uint32_t slot;
    int64_t at;
    if (t->stopped || !t->held || !cache_find(t->held->cache, name_space, name, &slot) || slot >= t->slots)
        return k;
    const struct job_state *j = &t->jobs[slot];
    k.seen = (j->flags & JOB_IS_SEEN) != 0;
    k.queued = j->place == PLACE_QUEUED;
    k.running = job_on_run(j);
    k.passed = !job_kinds(j, HANDLING_PENDING) && (job_kinds(j, HANDLING_PASSED) & t->entry.policy->on);
    k.tries = j->tries;
    if (j->place == PLACE_WAITING && due_when(&t->retry, slot, &at))
        k.retry = instant_of(t, at);
    if (due_when(&t->recheck, slot, &at))
        k.recheck = at;
    return k;
}

bool triggers_known(void *data, const char *policy, const struct mpijob_view *job, struct event_known *known)
{
    const struct triggers *triggers = data;
    const struct event_trigger *t = triggers->events;
    while (t && (strcmp(event_trigger_policy(t), policy) != 0 || event_trigger_kind(t) != job->target.kind))
        t = event_trigger_next(t);
    if (t)
        *known = event_trigger_known(t, job->name_space, job->name);
    return t != NULL;
}
