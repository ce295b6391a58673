/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines of TrainJobs and JobSets that every run would refuse, whatever the version is. */
#include "cli/check/looks.h"
#include "mpijob/match/match_never.h"

#define FINISHED (1U << PHASE_SUCCEEDED | 1U << PHASE_FAILED)

static bool has_jobs(const struct mpijob_kind *kind, const void *data)
{
    (void)data;
    return kind->child == CHILD_OF_SET;
}

static bool sets_deadline(const struct policy *p)
{
    struct buf text = BUF_INIT;
    struct json written, value = {0};
    mpijob_changes_write(&p->kinds.of[0].changes, &text); /* the same for all of its kinds */
    if (!text.failed && json_parse(buf_str(&text), "changes", &written, NULL) == 0)
        value = json_get(written, "activeDeadlineSeconds");
    bool sets = json_exists(value) && json_type(value) != JSON_NULL;
    buf_free(&text);
    return sets;
}

void look_child(struct found *f, const struct policy_entry *entry)
{
    const struct policy *p = entry->policy;
    const struct found_place at = {entry, "replace", "activeDeadlineSeconds"};
    struct buf names = BUF_INIT;
    if (p->action != ACTION_TABLE || p->destructive || !(mpijob_match_reached(p->match) & ~FINISHED) ||
        !sets_deadline(p))
        return;
    policy_kinds_names(&p->kinds, has_jobs, NULL, &names);
    if (p->through_child && names.len)
        found_add(f, RULE_REFUSED, at,
                  "every change of %s is refused: at the deadline of its Job the whole set ends, which is destructive; "
                  "destructive = true allows it",
                  names.ptr);
    else if (!p->through_child && policy_kinds_have(&p->kinds, KIND_JOBSET))
        found_add(f, RULE_REFUSED, at,
                  "every change of JobSets is refused: they have no deadline, and the API server throws it away; "
                  "through_child = true, with destructive = true, sets it on one of their Jobs");
    buf_free(&names);
}
