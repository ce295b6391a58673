/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions that need no function, and what the policy is triggered by. */
#include <stdio.h>

#include "mpijob/match/match_tell.h"
#include "time/duration.h"
#include "why/why_parts.h"

static void told(void *data, const struct mpijob_told *c)
{
    struct why *why = data;
    why_add(why, &(struct why_condition){.key = c->key,
                                         .wanted = c->wanted,
                                         .value = c->value,
                                         .unless = c->holds ? c->unless : NULL,
                                         .holds = c->holds,
                                         .due = c->holds ? WHY_NEVER : c->due});
}

/* `on` with nothing but "finished" is a condition too: the job has to have ended. Whether it was added or changed is
 * told by what was handled. */
static void tell_event(struct why *why, const struct policy *policy, const struct mpijob_view *view)
{
    if (policy->on != ON_FINISHED || mpijob_phase_finished(view->phase))
        return;
    why_add(why, &(struct why_condition){
                     .key = "on", .wanted = "finished", .value = mpijob_phase_name(view->phase), .due = WHY_NEVER});
}

static const char *trigger_of(struct why *why, const struct policy *p)
{
    struct buf text = BUF_INIT;
    char every[32];
    if (p->has_schedule) {
        buf_printf(&text, "%s (%s)", p->schedule, zone_name(p->zone));
    } else if (p->on) {
        for (unsigned event = 1; event < 1U << ON_EVENTS; event <<= 1) {
            if (p->on & event)
                buf_printf(&text, "%s%s", text.len ? ", " : "on ", policy_on_name(event));
        }
    } else {
        duration_format(p->every, false, every);
        buf_printf(&text, "every %s", every);
    }
    return why_take(why, &text);
}

void why_tell_conditions(struct why *why, const struct policy *policy, const struct mpijob_view *view)
{
    why->trigger = trigger_of(why, policy);
    why->by_event = policy->on != 0;
    why->jitter = policy->jitter;
    why->recheck = policy->recheck;
    why->asked_again = WHY_NEVER;
    why->zone = policy->zone;
    tell_event(why, policy, view);
    mpijob_match_tell(policy->match, view, why->now, told, why);
}
