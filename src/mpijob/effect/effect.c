/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on a whole diff, from its subjects: each field, the labels and annotations, what else differs, and the
 * mere fact of an edit. */
#include "mpijob/effect/effect_parts.h"

#include "base/clock.h"
#include "mpijob/kind.h"
#include "mpijob/shown.h"

static const char *const names[] = {"unchanged", "stored",  "inert",    "at-finish",  "late",
                                    "effective", "unknown", "reverted", "destructive"};

const char *mpijob_effect_name(enum mpijob_effect effect)
{
    return names[effect];
}

bool mpijob_effect_find(const char *name, enum mpijob_effect *effect)
{
    for (int e = EFFECT_STORED; e <= EFFECT_DESTRUCTIVE; e++) {
        if (strcmp(names[e], name) == 0) {
            *effect = (enum mpijob_effect)e;
            return true;
        }
    }
    return false;
}

/* ---- subjects ---- */

static bool in_maps(const char *pointer)
{
    return str_starts(str_of(pointer), "/metadata/labels/") || str_starts(str_of(pointer), "/metadata/annotations/");
}

static bool judge_maps(const struct mpijob_view *view, const struct mpijob_diff *diff, struct mpijob_verdict *v)
{
    bool any = false, kueue = false;
    for (size_t i = 0; i < diff->count; i++) {
        any = any || in_maps(diff->items[i].pointer);
        kueue = kueue || str_is(str_of(diff->items[i].pointer), "/metadata/labels/kueue.x-k8s.io~1queue-name");
    }
    v->effect = EFFECT_STORED;
    effect_say(v, "labels and annotations are stored on the %s%s%s", mpijob_kind_info(view->target.kind)->name,
               mpijob_dialect(view->target)->reader->keeps_labels ? "; they are not copied to its pods" : "",
               kueue ? "; Kueue may refuse another queue while the job is not suspended" : "");
    return any;
}

static bool judge_other(const struct mpijob_view *view, const struct mpijob_diff *diff, struct mpijob_verdict *v)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct mpijob_difference *d = &diff->items[i];
        if (d->field != FIELD_COUNT || in_maps(d->pointer) || effect_kueue_replicas(view, d))
            continue;
        v->effect = EFFECT_UNKNOWN;
        effect_say(v, "no experiment covers a change of %.*s", shown(str_of(d->pointer), 100), d->pointer);
        return true;
    }
    return false;
}

/* Where the deadline is looked at with every event (training-operator), an edit of a label is one. */
static bool judge_touch(const struct mpijob_view *view, const struct mpijob_diff *diff, int64_t now,
                        struct mpijob_verdict *v)
{
    const char *manager;
    int len;
    char text[32];
    struct effect_query q;
    unsigned state = effect_state(view);
    if (mpijob_dialect(view->target)->reader->deadline != DEADLINE_ON_EVENTS ||
        !(state & (STATE_RUNNING | STATE_BEFORE)) || effect_query(view, diff, FIELD_ACTIVE_DEADLINE_SECONDS, now, &q) ||
        effect_left_to_another(view, &manager, &len))
        return false;
    struct json value = mpijob_field_value(view->object, FIELD_ACTIVE_DEADLINE_SECONDS, view->target);
    int64_t at = effect_deadline(view, value);
    if (at == MPIJOB_NO_TIME || at > now)
        return false;
    clock_format(at, false, text);
    v->effect = EFFECT_DESTRUCTIVE;
    effect_say(
        v,
        "the job's deadline passed at %s unnoticed, and any edit makes training-operator look at it: the job fails now "
        "and "
        "loses all its pods",
        text);
    return true;
}

bool effect_judge_subject(int subject, const struct mpijob_view *view, const struct mpijob_diff *diff,
                          const struct mpijob_dialect *family, int64_t now, struct mpijob_verdict *v)
{
    struct mpijob_view as = *view;
    if (mpijob_dialect_known(family))
        as.target.controller = family->controller;
    *v = (struct mpijob_verdict){.effect = EFFECT_STORED};
    switch (subject) {
    case SUBJECT_MAPS:
        return judge_maps(view, diff, v);
    case SUBJECT_OTHER:
        return judge_other(&as, diff, v);
    case SUBJECT_TOUCH:
        return judge_touch(&as, diff, now, v);
    case SUBJECT_KUEUE:
        return effect_judge_kueue(&as, diff, v);
    case SUBJECT_OWN:
        return effect_judge_own(view, diff, v);
    default:
        return effect_judge_field(&as, diff, (enum mpijob_field_id)subject, family->releases, now, v);
    }
}

/* ---- all of them ---- */

void effect_join(struct mpijob_verdict *v, const struct mpijob_verdict *other)
{
    struct mpijob_verdict first = v->effect >= other->effect ? *v : *other;
    const struct mpijob_verdict *second = v->effect >= other->effect ? other : v;
    first.may_destroy = v->may_destroy || other->may_destroy;
    first.answer = v->answer ? v->answer : other->answer;
    first.remove_first = v->remove_first ? v->remove_first : other->remove_first;
    if (*first.why && *second->why)
        effect_say(&first, "; ");
    effect_say(&first, "%s", second->why);
    *v = first;
}

static const char *subject_name(int subject)
{
    return subject < FIELD_COUNT     ? mpijob_field_name((enum mpijob_field_id)subject)
           : subject == SUBJECT_MAPS ? "labels"
                                     : "the job";
}

/* Its controllers return at once. Labels are stored all the same, and finalizers are what it waits for. */
static bool judge_deleting(const struct mpijob_view *before, const struct mpijob_diff *diff, struct mpijob_verdict *v)
{
    bool stored = true;
    for (size_t i = 0; i < diff->count; i++) {
        stored = stored && in_maps(diff->items[i].pointer);
        if (str_starts(str_of(diff->items[i].pointer), "/metadata/finalizers"))
            return false;
    }
    if (!before->deleting || stored)
        return false;
    v->effect = EFFECT_INERT;
    effect_say(v, "the job is being deleted, and no controller looks at it any more");
    return true;
}

void effect_judge_but(const bool skipped[FIELD_COUNT], const struct mpijob_view *before, const struct mpijob_diff *diff,
                      int64_t now, struct mpijob_verdict *verdict)
{
    struct mpijob_verdict each[SUBJECTS];
    bool arises[SUBJECTS];
    int main = -1, told = 0;
    *verdict = (struct mpijob_verdict){.effect = EFFECT_UNCHANGED};
    if (judge_deleting(before, diff, verdict))
        return;
    for (int i = 0; i < SUBJECTS; i++) {
        bool left_out = skipped && i < FIELD_COUNT && skipped[i];
        arises[i] = diff->count && !left_out && effect_agree(i, before, diff, now, &each[i]);
        if (arises[i] && (main < 0 || each[i].effect > each[main].effect))
            main = i;
        told += arises[i] && each[i].effect != EFFECT_STORED;
    }
    if (main < 0) {
        if (!skipped)
            effect_say(verdict, "every value is as asked for already; nothing is sent");
        return;
    }
    verdict->effect = each[main].effect;
    for (int i = 0; i < SUBJECTS; i++) {
        verdict->may_destroy = verdict->may_destroy || (arises[i] && each[i].may_destroy);
        if (arises[i] && !verdict->answer)
            verdict->answer = each[i].answer;
    }
    if (told > 1)
        effect_say(verdict, "%s: ", subject_name(main));
    effect_say(verdict, "%s", each[main].why);
    for (int i = 0; i < SUBJECTS; i++) {
        if (arises[i] && i != main && each[i].effect != EFFECT_STORED)
            effect_say(verdict, "; %s is %s: %s", subject_name(i), names[each[i].effect], each[i].why);
    }
}

void mpijob_judge(const struct mpijob_view *before, const struct mpijob_diff *diff, int64_t now,
                  struct mpijob_verdict *verdict)
{
    effect_judge_but(NULL, before, diff, now, verdict);
}
