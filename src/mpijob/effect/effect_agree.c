/* SPDX-License-Identifier: Apache-2.0 */
/* Which controllers come into question for a job, and what their verdicts agree on. */
#include "mpijob/effect/effect_parts.h"
#include "mpijob/shown.h"

int effect_families(const struct mpijob_dialect *dialect, const struct mpijob_dialect *families[2])
{
    families[0] = dialect;
    for (int i = 0; i < dialect->judged_count; i++)
        families[i] = mpijob_dialect_of(dialect->kind, dialect->version, dialect->judged_like[i]);
    return dialect->judged_count ? dialect->judged_count : 1;
}

/* The verdicts of the controllers that come into question. */
struct opinions {
    const struct mpijob_dialect *dialect, *families[2];
    struct mpijob_verdict each[2];
    int count;
    const char *untried; /* set: the controller was not tried; the verdict is told as another's */
};

static void begin(struct opinions *o, const struct mpijob_view *view)
{
    *o = (struct opinions){.dialect = mpijob_dialect(view->target)};
    o->count = effect_families(o->dialect, o->families);
    o->untried = o->dialect->untried;
}

static void agree_on(const struct opinions *o, struct mpijob_verdict *v)
{
    const struct mpijob_verdict *each = o->each;
    bool may_destroy = false;
    for (int i = 0; i < o->count; i++)
        may_destroy = may_destroy || each[i].may_destroy || each[i].effect == EFFECT_DESTRUCTIVE;
    *v = each[0];
    if (o->untried && each[0].effect != EFFECT_STORED) {
        *v = (struct mpijob_verdict){.effect = EFFECT_UNKNOWN};
        effect_say(v, "%s; %s is %s", o->untried, o->dialect->instead, mpijob_effect_name(each[0].effect));
        if (o->dialect->instead_why)
            effect_say(v, ": %s", each[0].why);
    } else if (o->count == 2 && (each[0].effect != each[1].effect || strcmp(each[0].why, each[1].why) != 0)) {
        *v = (struct mpijob_verdict){.effect = each[0].effect == each[1].effect ? each[0].effect : EFFECT_UNKNOWN};
        if (v->effect == EFFECT_UNKNOWN)
            effect_say(v, "it depends on the controller, which is not known here; ");
        for (int i = 0; i < 2; i++)
            effect_say(v, "%sunder %s: %s%s%.*s", i ? "; " : "", mpijob_controller_name(o->families[i]->controller),
                       mpijob_effect_name(each[i].effect), *each[i].why ? ", " : "", shown(str_of(each[i].why), 200),
                       each[i].why);
    }
    v->may_destroy = may_destroy;
}

bool effect_agree(int subject, const struct mpijob_view *view, const struct mpijob_diff *diff, int64_t now,
                  struct mpijob_verdict *v)
{
    struct opinions o;
    bool arises = false;
    begin(&o, view);
    for (int i = 0; i < o.count; i++)
        arises = effect_judge_subject(subject, view, diff, o.families[i], now, &o.each[i]) || arises;
    if (o.dialect->untried_cleanup && subject == FIELD_CLEAN_POD_POLICY && mpijob_phase_finished(view->phase))
        o.untried = o.dialect->untried_cleanup;
    if (arises)
        agree_on(&o, v);
    return arises;
}

void effect_judge_launcher(const struct mpijob_view *view, const struct effect_query *q, struct mpijob_verdict *v)
{
    struct opinions o;
    const char *manager;
    int len;
    begin(&o, view);
    for (int i = 0; i < o.count; i++) {
        struct mpijob_view as = *view;
        as.target.controller = o.families[i]->controller;
        o.each[i].effect = EFFECT_STORED;
        if (effect_left_to_another(&as, &manager, &len)) {
            o.each[i].effect = EFFECT_UNKNOWN;
            effect_say(&o.each[i], "the job is managed by %.*s: %s does not act on it", len, manager,
                       mpijob_controller_name(as.target.controller));
        } else {
            effect_judge_query(&as, q, o.families[i]->releases, &o.each[i]);
        }
    }
    agree_on(&o, v);
}
