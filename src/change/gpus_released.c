/* SPDX-License-Identifier: Apache-2.0 */
/* How many GPUs a change gives back, and what the journal keeps of that. */
#include "change/frees.h"

#include "change/change_parts.h"
#include "mpijob/dialect.h"
#include "mpijob/field.h"
#include "mpijob/held_gpus.h"
#include "json/member.h"

static int64_t gpus_of(const struct mpijob_view *before, const struct mpijob_diff *diff, enum mpijob_effect effect)
{
    struct mpijob_held_gpus held;
    bool policy = false;
    if (!mpijob_phase_finished(before->phase) || effect != EFFECT_EFFECTIVE)
        return 0;
    for (size_t i = 0; i < diff->count; i++)
        policy = policy || diff->items[i].field == FIELD_CLEAN_POD_POLICY;
    return policy && mpijob_holds_gpus(before, NULL, &held) ? held.gpus : 0;
}

int64_t change_gpus_released(const struct change_result *result)
{
    return result->before ? gpus_of(result->before, result->diff, result->effect) : 0;
}

/* When the controller would have deleted the job by itself; 0: never. */
static int64_t ends_by_itself(const struct mpijob_view *view)
{
    int64_t seconds;
    struct json ttl = mpijob_field_value(view->object, FIELD_TTL_SECONDS_AFTER_FINISHED, view->target);
    if (mpijob_dialect(view->target)->reader->ttl_ends_launcher || view->finished == MPIJOB_NO_TIME ||
        !json_int64(ttl, &seconds) || seconds < 0 || seconds > INT32_MAX)
        return 0;
    return view->finished + seconds * CLOCK_SECOND;
}

/* Those that are texts, as they stand in the object. */
static void add_labels(struct json labels, struct buf *out)
{
    size_t most = out->len + FREES_LABELS_MAX;
    bool any = false;
    buf_putc(out, '{');
    for (struct json_iter it = json_iter(labels); json_next(&it);) {
        if (json_type(it.value) != JSON_STRING || out->len + it.key.text.len + it.value.text.len > most)
            continue;
        buf_puts(out, any ? "," : "");
        buf_add_str(out, it.key.text);
        buf_putc(out, ':');
        buf_add_str(out, it.value.text);
        any = true;
    }
    buf_putc(out, '}');
}

void change_frees(const struct change *c, struct buf *out)
{
    int64_t gpus = c->viewed ? gpus_of(&c->view, &c->diff, c->verdict.effect) : 0;
    struct buf labels = BUF_INIT;
    struct json_writer w;
    if (gpus <= 0)
        return;
    add_labels(c->view.labels, &labels);
    json_writer_init(&w, out);
    json_write_object(&w);
    json_member_int(&w, "gpus", gpus);
    json_member_int_if(&w, "ends_by_itself", ends_by_itself(&c->view));
    json_write_key(&w, "labels");
    json_write_raw(&w, (struct json){buf_str(&labels)});
    json_write_end(&w);
    out->failed = out->failed || labels.failed;
    buf_free(&labels);
}
