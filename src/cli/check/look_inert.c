/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that no controller would ever act on, under a version that is known: each phase in which a job can match is
 * tried on a job that is made up, with each policy of cleanup that it may have. */
#include "cli/check/looks.h"
#include "mpijob/effect/effect.h"
#include "mpijob/match/match_example.h"
#include "mpijob/match/match_never.h"

#define JUDGED_AT (MATCH_EXAMPLE_CREATED + INT64_C(3600) * 1000000) /* an hour after the job was made */

struct trying {
    const struct policy *p;
    const struct mpijob_changes *changes; /* its own, of the target's kind */
    struct mpijob_target target;
    struct mpijob_verdict verdict; /* of the last one that was inert */
    size_t inert;
};

/* False: not inert, or not known. A job that has the values already says nothing. */
static bool try_job(struct trying *t, struct json object)
{
    struct mpijob_view view;
    struct mpijob_verdict verdict;
    struct mpijob_diff diff = {0};
    struct buf after = BUF_INIT;
    bool good = mpijob_view(object, t->target, &view, NULL) == 0;
    if (good && !mpijob_match_eval(t->p->match, &view, MATCH_EXAMPLE_NOW, NULL))
        return true; /* another cleanPodPolicy than the conditions ask for */
    good = good && mpijob_changes_apply(t->changes, &view, &after, &diff, NULL) == 0;
    if (good && diff.count) {
        mpijob_judge(&view, &diff, JUDGED_AT, &verdict);
        good = verdict.effect == EFFECT_INERT;
        t->inert += good;
        if (good)
            t->verdict = verdict;
    }
    mpijob_diff_free(&diff);
    buf_free(&after);
    return good;
}

static bool try_policies(struct trying *t, struct json object)
{
    static const char *const values[] = {"\"None\"", "\"Running\"", "\"All\""};
    struct mpijob_view view;
    bool good = try_job(t, object) && mpijob_view(object, t->target, &view, NULL) == 0;
    for (size_t i = 0; i < sizeof values / sizeof *values && good; i++) {
        struct mpijob_changes set = {0};
        struct mpijob_diff diff = {0};
        struct buf text = BUF_INIT;
        struct json with;
        good = mpijob_changes_set(&set, "cleanPodPolicy", str_of(values[i]), NULL) == 0 &&
               mpijob_changes_apply(&set, &view, &text, &diff, NULL) == 0;
        if (good && diff.count)
            good = json_parse(buf_str(&text), "an example", &with, NULL) == 0 && try_job(t, with);
        mpijob_changes_free(&set);
        mpijob_diff_free(&diff);
        buf_free(&text);
    }
    return good;
}

static bool try_phase(struct trying *t, enum mpijob_phase phase)
{
    struct buf text = BUF_INIT;
    struct json object;
    const struct mpijob_match *match = t->p->match;
    bool good = mpijob_match_example(&match, 1, 1, t->target, phase, &text) &&
                json_parse(buf_str(&text), "an example", &object, NULL) == 0 && try_policies(t, object);
    buf_free(&text);
    return good;
}

void look_inert(struct found *f, const struct policy_entry *entry, const char *cluster, struct mpijob_target target)
{
    const struct policy *p = entry->policy;
    const struct policy_kind *of = policy_kinds_find(&p->kinds, target.kind);
    struct trying t = {.p = p, .changes = of ? &of->changes : NULL, .target = target};
    unsigned phases = mpijob_match_reached(p->match);
    bool good = p->action == ACTION_TABLE && !p->through_child && !(phases & 1U << PHASE_PENDING) && of &&
                policy_on_cluster(p, cluster) && mpijob_changes_possible(&of->changes, target, NULL) == 0;
    for (unsigned i = 0; i < MPIJOB_PHASES && good; i++)
        good = !(phases & 1U << i) || try_phase(&t, (enum mpijob_phase)i);
    if (good && t.inert)
        found_add(f, RULE_INERT, (struct found_place){entry, "replace", NULL},
                  "replace is stored and nothing acts on it, on cluster %s (%s): %s", cluster,
                  mpijob_target_version(target), t.verdict.why);
}
