/* SPDX-License-Identifier: Apache-2.0 */
/* The own fields of a kind: what their row says of a change, which nobody has tried here. */
#include "mpijob/effect/effect_parts.h"
#include "mpijob/kind.h"

static const char *effect_of(const struct mpijob_field_row *row, const char *after)
{
    struct json to = {str_of(after ? after : "null")};
    for (const struct mpijob_field_effect *e = row->effects; e && e->effect; e++) {
        if (!e->value || json_equal((struct json){str_of(e->value)}, to))
            return e->effect;
    }
    return NULL;
}

static void judge_row(const struct mpijob_kind *kind, const struct mpijob_field_row *row, const char *after,
                      struct mpijob_verdict *v)
{
    const char *name = effect_of(row, after), *by = kind->by ? kind->by : "its row";
    *v = (struct mpijob_verdict){.effect = EFFECT_UNKNOWN};
    if (!name || !mpijob_effect_find(name, &v->effect)) {
        effect_say(v, "%s does not say what this change of %s does", by, row->name);
        return;
    }
    v->may_destroy = v->effect == EFFECT_DESTRUCTIVE;
    if (row->why)
        effect_say(v, "%s (says %s)", row->why, by);
    else
        effect_say(v, "by %s, the effect of %s is %s", by, row->name, name);
}

bool effect_judge_own(const struct mpijob_view *view, const struct mpijob_diff *diff, struct mpijob_verdict *v)
{
    const struct mpijob_kind *kind = mpijob_kind_info(view->target.kind);
    struct mpijob_verdict one;
    bool any = false;
    for (size_t i = 0; i < diff->count; i++) {
        const struct mpijob_field_row *row = mpijob_field_row(kind, diff->items[i].field);
        if (!row)
            continue;
        judge_row(kind, row, diff->items[i].after, &one);
        if (any)
            effect_join(v, &one);
        else
            *v = one;
        any = true;
    }
    return any;
}
