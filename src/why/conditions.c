/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions that need no function, and what the policy is triggered by. */
#include "mpijob/match/match_tell.h"
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

void why_tell_conditions(struct why *why, const struct policy *policy, const struct mpijob_view *view)
{
    char trigger[POLICY_TRIGGER_TEXT];
    why->trigger = why_keep(why, policy_trigger_text(policy, trigger));
    why->by_event = policy->on != 0;
    why->by_workload = policy->kueue_states != 0;
    why->jitter = policy->jitter;
    why->recheck = policy->recheck;
    why->asked_again = WHY_NEVER;
    why->zone = policy->zone;
    tell_event(why, policy, view);
    mpijob_match_tell(policy->match, view, why->now, told, why);
}
