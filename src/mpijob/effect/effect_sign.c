/* SPDX-License-Identifier: Apache-2.0 */
/* By which sign an effect is seen to have come, and whether a job or a pod shows it. */
#include "mpijob/effect/effect_sign.h"

#include "mpijob/effect/effect_parts.h"
#include "mpijob/kind.h"
#include "mpijob/pods.h"

static const struct sign_row {
    unsigned releases, states;
    enum mpijob_field_id field;
    unsigned meanings;
    enum mpijob_sign sign;
} rows[] = {
    {V1ALPHA2_ALL, STATE_FINISHED, FIELD_CLEAN_POD_POLICY, MEANS_RUNNING | MEANS_ALL | MEANS_HEALED, SIGN_NO_WORKERS},
    {V1_MPI_ALL | V2BETA1_ALL, STATE_FINISHED, FIELD_CLEAN_POD_POLICY, MEANS_ALL, SIGN_NO_WORKERS},
    {V1_MPI_ALL | V2BETA1_ALL | TRAINING_190, STATE_FINISHED, FIELD_CLEAN_POD_POLICY, MEANS_RUNNING | MEANS_HEALED,
     SIGN_NO_LIVE_WORKERS},
    {TRAINING_190, STATE_FINISHED | STATE_EVICTED, FIELD_CLEAN_POD_POLICY, MEANS_ALL, SIGN_NO_PODS},
    {TRAINING_190, STATE_RUNNING | STATE_BEFORE, FIELD_ACTIVE_DEADLINE_SECONDS, MEANS_ELAPSED, SIGN_FAILED},
    {TRAINING_190, STATE_FINISHED | STATE_EVICTED, FIELD_TTL_SECONDS_AFTER_FINISHED, MEANS_ELAPSED, SIGN_DELETED},
    {V2BETA1_ALL | TRAINING_190, STATE_RUNNING | STATE_BEFORE, FIELD_SUSPEND, MEANS_SUSPENDS, SIGN_SUSPENDED},
    {V2BETA1_ALL, STATE_EVICTED, FIELD_SUSPEND, MEANS_SUSPEND, SIGN_NO_PODS},
    {V2BETA1_ALL | TRAINING_190, STATE_SUSPENDED, FIELD_SUSPEND, MEANS_RESUME | MEANS_RESUME_RUNNING, SIGN_RESUMED},
};

const char *mpijob_sign_text(enum mpijob_sign sign)
{
    static const char *const texts[] = {"nothing is to be seen",
                                        "its workers are gone",
                                        "its workers that had not ended are gone",
                                        "its pods are gone",
                                        "its pods that had not ended are gone",
                                        "it has failed",
                                        "it is suspended",
                                        "it is resumed",
                                        "it is deleted"};
    return texts[sign];
}

/* Where two controllers come into question, the last. */
static unsigned releases_of(struct mpijob_target target)
{
    const struct mpijob_dialect *families[2];
    int count = effect_families(mpijob_dialect(target), families);
    return families[count - 1]->releases;
}

static enum mpijob_sign look_up(const struct mpijob_view *view, const struct effect_query *q)
{
    unsigned releases = releases_of(view->target);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct sign_row *row = &rows[i];
        if ((row->releases & releases) && (row->states & q->state) && row->field == q->field &&
            (row->meanings & q->meaning))
            return row->sign;
    }
    return SIGN_NONE;
}

/* Taken from its controller: nothing is to be seen. */
static bool lets_go(const struct mpijob_diff *diff)
{
    for (size_t i = 0; i < diff->count; i++) {
        if (diff->items[i].field == FIELD_MANAGED_BY)
            return true;
    }
    return false;
}

enum mpijob_sign mpijob_effect_sign(const struct mpijob_view *before, const struct mpijob_diff *diff,
                                    const struct mpijob_child_plan *plan, const struct mpijob_verdict *verdict,
                                    int64_t now, int64_t horizon)
{
    enum mpijob_sign sign = SIGN_NONE;
    if (verdict->effect != EFFECT_EFFECTIVE && verdict->effect != EFFECT_DESTRUCTIVE)
        return SIGN_NONE;
    for (int f = 0; f < FIELD_COUNT; f++) {
        struct effect_query q;
        if (!effect_query(before, diff, (enum mpijob_field_id)f, now, &q))
            continue;
        /* soon enough to be waited for; when a deadline is looked at, nobody knows */
        if (f == FIELD_TTL_SECONDS_AFTER_FINISHED && (q.meaning & MEANS_DUE) && q.at - now <= horizon)
            q.meaning = MEANS_ELAPSED;
        enum mpijob_sign one = look_up(before, &q);
        sign = one > sign ? one : sign;
    }
    bool launcher_ends = plan && plan->ends_at != MPIJOB_NO_TIME && plan->ends_at - now <= horizon;
    bool edit_ends = verdict->effect == EFFECT_DESTRUCTIVE &&
                     mpijob_dialect(before->target)->reader->deadline == DEADLINE_ON_EVENTS && !lets_go(diff);
    /* a deadline that has passed: the launcher's, or one that any edit makes known */
    if (sign == SIGN_NONE && (launcher_ends || edit_ends) && !mpijob_phase_finished(before->phase))
        sign = SIGN_FAILED;
    return sign;
}

bool mpijob_sign_in_job(enum mpijob_sign sign, enum mpijob_phase phase, bool deleted)
{
    switch (sign) {
    case SIGN_FAILED:
        return deleted || phase == PHASE_FAILED;
    case SIGN_SUSPENDED:
        return !deleted && phase == PHASE_SUSPENDED;
    case SIGN_RESUMED:
        return !deleted && phase != PHASE_SUSPENDED;
    case SIGN_DELETED:
        return deleted;
    default:
        return deleted; /* its pods go with it */
    }
}

bool mpijob_pod_read(struct json pod, struct str uid, struct mpijob_pod *out)
{
    for (struct json_iter it = json_iter(json_at(pod, "/metadata/ownerReferences")); json_next(&it);) {
        struct json version = json_get(it.value, "apiVersion");
        bool group =
            str_starts(version.text, "\"" MPIJOB_GROUP "/") || str_starts(version.text, "\"" MPIJOB_GROUP "\\/");
        if (group && uid.len && !json_string_is(json_get(it.value, "uid"), uid))
            return false;
    }
    out->worker = mpijob_pod_is_worker(json_at(pod, "/metadata/labels"));
    out->over = mpijob_pod_ended(pod);
    return true;
}

bool mpijob_sign_hindered(enum mpijob_sign sign, const struct mpijob_pod *pod)
{
    switch (sign) {
    case SIGN_NO_WORKERS:
        return pod->worker;
    case SIGN_NO_LIVE_WORKERS:
        return pod->worker && !pod->over;
    case SIGN_NO_PODS:
        return true;
    case SIGN_NO_LIVE_PODS:
        return !pod->over;
    default:
        return false;
    }
}
