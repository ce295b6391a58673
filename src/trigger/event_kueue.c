/* SPDX-License-Identifier: Apache-2.0 */
/* match.kueue of a policy with `on`: the Workload by which Kueue manages a job decides whether the job matches, as far
 * as the watch of Workloads knows it; where that does not, `where` finds out in a run, as it asks for the rest. */
#include "trigger/event_parts.h"

bool event_kueue_rules_out(const struct event_trigger *t, const struct mpijob_view *v)
{
    unsigned wanted = t->entry.policy->kueue_states;
    const struct workload_watch *watch = t->runs->watches->workloads;
    struct listed_workload workload;
    enum kueue_state state;
    if (!wanted)
        return false;
    if (!kueue_manages(v->object))
        return true;
    enum workload_seen seen = workload_watch_find(watch, v->name_space, v->uid, &workload);
    return workload_state(seen, &workload, mpijob_phase_finished(v->phase), &state) && !(wanted & 1U << state);
}

void event_trigger_workload(struct event_trigger *t, const struct workload_job *job)
{
    uint32_t slot;
    if (t->stopped || !t->entry.policy->kueue_states)
        return;
    if (!job) {
        if (t->scanning || t->scanned)
            event_scan_news(t);
    } else if (str_is(job->kind, mpijob_kind_info(t->held->kind)->name) &&
               cache_find(t->held->cache, job->name_space, job->name, &slot) && event_scope_begun(t, slot) &&
               slot < t->slots && (t->jobs[slot].flags & JOB_IS_SEEN)) {
        event_look_cached(t, slot, EVENT_CHANGED, MPIJOB_NO_TIME);
        event_arm(t);
    }
}
