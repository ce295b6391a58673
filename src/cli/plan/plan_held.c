/* SPDX-License-Identifier: Apache-2.0 */
/* What holds up the changes of a plan. */
#include "cli/plan/plan_held.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/engine.h"
#include "policy/definition/opening.h"
#include "policy/load.h"

void plan_held_ended(struct plan_held *held, const struct run *run, bool paused)
{
    if (run->outcome == RUN_DONE && !paused && !run->policy->dry_run)
        held->changes += run->changed;
}

void plan_held_tell_closed(const struct session *s)
{
    char text[POLICY_CLOSED_TEXT > FREEZE_TEXT ? POLICY_CLOSED_TEXT : FREEZE_TEXT];
    const struct policy_set *set = engine_policies(s->engine);
    int64_t now = clock_now(&s->clock);
    if (engine_frozen(s->engine, text)) {
        fprintf(stderr, "mpijobd plan: changes are %s; policies do what is shown after that\n", text);
        return;
    }
    for (size_t i = 0; set && i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        if (!policy_entry_rests(&set->entries[i]) && !policy_open(p, now))
            fprintf(stderr, "mpijobd plan: policy \"%s\" is %s; it does what is shown after that\n", p->name,
                    policy_closed_text(p, now, text));
    }
}

bool plan_held_over(const struct plan_held *held, const struct session *s)
{
    struct engine_snapshot look = engine_look(s->engine);
    return look.hour_most && held->changes > look.hour_left;
}

void plan_held_tell_over(const struct plan_held *held, const struct session *s)
{
    struct engine_snapshot look = engine_look(s->engine);
    if (plan_held_over(held, s))
        fprintf(stderr,
                "mpijobd plan: %" PRId64 " changes of all policies together, and limits.changes_per_hour of the "
                "configuration leaves %" PRId64 " of %" PRId64 ": not all of them are made within an hour. Plan fewer "
                "policies at once, or raise the ceiling\n",
                held->changes, look.hour_left, look.hour_most);
}
