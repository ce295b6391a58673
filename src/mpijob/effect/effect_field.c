/* SPDX-License-Identifier: Apache-2.0 */
/* What one controller makes of one field's change: the rows of its releases, looked up and put into a sentence. */
#include "mpijob/effect/effect_parts.h"

#include <stdio.h>

#include "base/clock.h"
#include "mpijob/kind.h"
#include "mpijob/shown.h"

/* ---- sentences ---- */

void effect_say(struct mpijob_verdict *v, const char *format, ...)
{
    size_t len = strlen(v->why);
    va_list args;
    va_start(args, format);
    vsnprintf(v->why + len, sizeof v->why - len, format, args);
    va_end(args);
    if (strlen(v->why) == sizeof v->why - 1)
        v->why[shown(str_of(v->why), (int)sizeof v->why - 2)] = '\0'; /* full: not within a character */
}

static void say_row(struct mpijob_verdict *v, const struct effect_row *row, const struct mpijob_view *view,
                    const struct effect_query *q)
{
    char at[32] = "its time";
    if (q->at != MPIJOB_NO_TIME)
        clock_format(q->at, false, at);
    for (const char *p = row->why; *p;) {
        size_t plain = strcspn(p, "{");
        effect_say(v, "%.*s", (int)plain, p);
        p += plain;
        if (strncmp(p, "{launcher}", 10) == 0)
            effect_say(v, "%.*s-launcher", (int)view->name.len, view->name.ptr);
        else if (strncmp(p, "{to}", 4) == 0)
            effect_say(v, "%.*s", (int)q->to.text.len, q->to.text.ptr ? q->to.text.ptr : "");
        else if (strncmp(p, "{at}", 4) == 0)
            effect_say(v, "%s", at);
        p += strcspn(p, "}");
        p += *p == '}';
    }
}

/* ---- the releases ---- */

static const struct effect_row *look_up(unsigned release, const struct effect_query *q)
{
    for (size_t i = 0; i < q->rows->count; i++) {
        const struct effect_row *row = &q->rows->items[i];
        if ((row->releases & release) && (row->states & q->state) && row->field == q->field &&
            (row->meanings & q->meaning))
            return row;
    }
    return NULL;
}

static int row_effect(const struct effect_row *row)
{
    return row ? row->effect : EFFECT_UNKNOWN;
}

/* The releases differ: what each would do, those that agree together. */
static void say_differing(struct mpijob_verdict *v, unsigned releases, const struct mpijob_view *view,
                          const struct effect_query *q)
{
    v->effect = EFFECT_UNKNOWN;
    effect_say(v, "it depends on the controller's release: ");
    const char *separator = "";
    for (int i = 0; i < RELEASES; i++) {
        if (!(releases & (1U << i)))
            continue;
        const struct effect_row *row = look_up(1U << i, q);
        if (row_effect(row) == EFFECT_DROPPED)
            continue;
        v->may_destroy = v->may_destroy || row_effect(row) == EFFECT_DESTRUCTIVE;
        effect_say(v, "%s%s %s", separator, release_name(i), mpijob_effect_name((enum mpijob_effect)row_effect(row)));
        if (row && row->effect != EFFECT_AT_FINISH) {
            effect_say(v, " (");
            say_row(v, row, view, q);
            effect_say(v, ")");
        }
        separator = ", ";
    }
}

void effect_judge_query(const struct mpijob_view *view, const struct effect_query *q, unsigned releases,
                        struct mpijob_verdict *v)
{
    const struct effect_row *newest = NULL;
    bool any = false, differ = false;
    for (int i = 0; i < RELEASES; i++) {
        if (!(releases & (1U << i)))
            continue;
        const struct effect_row *row = look_up(1U << i, q);
        if (row_effect(row) == EFFECT_DROPPED) /* the answer will show it: an error of its own */
            continue;
        differ = differ || (any && row_effect(row) != row_effect(newest));
        newest = row;
        any = true;
    }
    if (differ) {
        say_differing(v, releases, view, q);
    } else if (newest) {
        v->effect = (enum mpijob_effect)newest->effect;
        say_row(v, newest, view, q);
    } else {
        v->effect = EFFECT_UNKNOWN;
        effect_say(v, "no experiment covers this change of %s on a job that is %s under %s",
                   mpijob_field_name(q->field), q->state == STATE_EVICTED ? "evicted" : mpijob_phase_name(view->phase),
                   mpijob_controller_name(view->target.controller));
    }
}

bool effect_left_to_another(const struct mpijob_view *view, const char **manager, int *len)
{
    struct json value = mpijob_field_value(view->object, FIELD_MANAGED_BY, view->target);
    *manager = value.text.ptr;
    *len = shown(value.text, 80);
    return json_exists(value) && !mpijob_manager_is_own(value, view->target) && !json_string_is(value, str_of(""));
}

bool effect_judge_field(const struct mpijob_view *view, const struct mpijob_diff *diff, enum mpijob_field_id field,
                        unsigned releases, int64_t now, struct mpijob_verdict *v)
{
    struct effect_query q;
    const char *manager;
    int len;
    if (!effect_query(view, diff, field, now, &q))
        return false;
    if (!mpijob_dialect_known(mpijob_dialect(view->target))) {
        v->effect = EFFECT_UNKNOWN;
        effect_say(v, "nothing is known here of %ss of %s under %s", mpijob_kind_info(view->target.kind)->name,
                   mpijob_target_version(view->target), mpijob_controller_name(view->target.controller));
    } else if (!mpijob_field_place(field, view->target)->has) {
        v->effect = EFFECT_INERT;
        effect_say(v, "%s knows no %s in %s", mpijob_controller_name(view->target.controller), mpijob_field_name(field),
                   mpijob_target_version(view->target));
    } else if (field != FIELD_MANAGED_BY && effect_left_to_another(view, &manager, &len)) {
        v->effect = EFFECT_UNKNOWN;
        effect_say(v, "the job is managed by %.*s: %s does not act on it", len, manager,
                   mpijob_controller_name(view->target.controller));
    } else if (field != FIELD_SCHEDULING_POLICY &&
               (json_exists(q.from) ? json_equal(q.from, q.to) : !json_exists(q.to))) {
        v->effect = EFFECT_INERT;
        effect_say(v, "the value in force was this already; the other place is made equal");
    } else if (field != FIELD_SUSPEND || !effect_kueue_suspend(view, diff, &q, v)) {
        effect_judge_query(view, &q, releases, v);
        v->may_destroy = v->may_destroy || (q.meaning == MEANS_SUSPEND_OPEN && v->effect == EFFECT_UNKNOWN);
    }
    return true;
}
