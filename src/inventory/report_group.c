/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a report: found by the name that jobs are put together by, summed, sorted. */
#include "inventory/report_group.h"

#include <stdlib.h>

#include "base/clock.h"
#include "inventory/released.h"
#include "mpijob/gpu.h"

#define NONE "(none)"
#define DAY (24 * 3600 * CLOCK_SECOND)

int report_key_parse(const char *text, struct report_key *key, struct error *err)
{
    static const char *const names[] = {"namespace", "kind", "owner", "label:KEY", NULL};
    *key = (struct report_key){0};
    if (!text || strcmp(text, "namespace") == 0)
        return 0;
    if (strcmp(text, "owner") == 0 || strcmp(text, "kind") == 0) {
        key->by = *text == 'o' ? BY_OWNER : BY_KIND;
        return 0;
    }
    if (strncmp(text, "label:", 6) == 0 && text[6]) {
        *key = (struct report_key){BY_LABEL, text + 6};
        return 0;
    }
    const char *near = str_nearest(text, names);
    return error_set(err, ERR_INVALID, "by takes namespace, kind, owner or label:KEY, not \"%s\"%s%s%s", text,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

const char *report_key_head(const struct report_key *key)
{
    static const char *const heads[] = {[BY_NAMESPACE] = "NAMESPACE", [BY_KIND] = "KIND", [BY_OWNER] = "OWNER"};
    return key->by == BY_LABEL ? key->label : heads[key->by];
}

/* "Workflow/bert-pipeline": the owner that controls the job; where none does, the first. */
static bool add_owner(const struct mpijob_view *v, struct buf *out)
{
    struct json owner = {0};
    for (struct json_iter it = json_iter(json_at(v->object, "/metadata/ownerReferences")); json_next(&it);) {
        if (!json_exists(owner) || json_is_true(json_get(it.value, "controller")))
            owner = it.value;
    }
    if (!json_decode(json_get(owner, "kind"), out))
        return false;
    buf_putc(out, '/');
    return json_decode(json_get(owner, "name"), out);
}

static bool add_name(const struct report_key *key, const struct mpijob_view *v, struct buf *out)
{
    switch (key->by) {
    case BY_OWNER:
        return add_owner(v, out);
    case BY_KIND:
        buf_puts(out, mpijob_kind_info(v->target.kind)->name);
        return true;
    case BY_LABEL:
        return mpijob_label(v, key->label, out);
    case BY_NAMESPACE:
        break;
    }
    buf_add_str(out, v->name_space);
    return true;
}

bool report_row_of(const struct mpijob_view *v, const struct mpijob_pods *pods, const struct released *released,
                   int64_t now, struct report_row *row, struct report_seen *seen)
{
    struct mpijob_held_gpus hold;
    int64_t until = now, gone;
    if (!mpijob_holds_gpus(v, pods, &hold))
        return false;
    *row = (struct report_row){.jobs = 1, .holding = hold.gpus > 0, .gpus = hold.gpus};
    int64_t held = hold.gpus;
    seen->deleting += v->deleting && hold.gpus > 0;
    seen->by_policy += hold.source == HELD_BY_POLICY;
    if (!held && released_at(released, v->uid, &gone) && v->finished != MPIJOB_NO_TIME && gone > v->finished) {
        held = gpus_of_workers(json_at(v->object, "/spec/mpiReplicaSpecs"), KIND_MPIJOB, v->target.gpus);
        until = gone;
        seen->released += held > 0;
        row->back_day = mpijob_gpu_hours(held, gone, now, now, DAY);
        row->back_week = mpijob_gpu_hours(held, gone, now, now, 7 * DAY);
    }
    row->day = mpijob_gpu_hours(held, v->finished, until, now, DAY);
    row->week = mpijob_gpu_hours(held, v->finished, until, now, 7 * DAY);
    return true;
}

static void add_row(struct report_row *sum, const struct report_row *row)
{
    sum->jobs += row->jobs;
    sum->holding += row->holding;
    if (__builtin_add_overflow(sum->gpus, row->gpus, &sum->gpus))
        sum->gpus = INT64_MAX;
    sum->day += row->day;
    sum->week += row->week;
    sum->back_day += row->back_day;
    sum->back_week += row->back_week;
}

/* The value of a label may happen to be "(none)": hence named. */
static struct report_group *find(const struct report_groups *g, struct str name, bool named)
{
    struct report_group *group;
    HASH_FIND(hh, g->index, name.ptr, name.len, group);
    return group && group->named == named ? group : NULL;
}

static struct report_group *make(struct report_groups *g, struct str name, bool named)
{
    struct report_group **items = realloc(g->items, (g->count + 1) * sizeof *items);
    if (!items)
        return NULL;
    g->items = items;
    struct report_group *group = calloc(1, sizeof *group + name.len + 1);
    if (!group)
        return NULL;
    group->named = named;
    memcpy(group->name, name.ptr, name.len);
    HASH_ADD(hh, g->index, name, name.len, group);
    if (!group->hh.tbl) {
        free(group);
        return NULL;
    }
    g->items[g->count++] = group;
    return group;
}

int report_groups_add(struct report_groups *g, const struct report_key *key, const struct mpijob_view *view,
                      const struct report_row *row, struct report_group **to, struct error *err)
{
    buf_reset(&g->name);
    bool named = add_name(key, view, &g->name);
    if (!named)
        buf_reset(&g->name);
    if (!named)
        buf_puts(&g->name, NONE);
    buf_puts(&g->name, ""); /* a label may be empty */
    if (g->name.failed)
        return error_nomem(err);
    struct report_group *group = find(g, buf_str(&g->name), named);
    if (!group)
        group = make(g, buf_str(&g->name), named);
    if (!group)
        return error_nomem(err);
    add_row(&group->row, row);
    add_row(&g->total, row);
    *to = group;
    return 0;
}

static int by_weight(const void *a, const void *b)
{
    const struct report_group *x = *(struct report_group *const *)a, *y = *(struct report_group *const *)b;
    if (x->row.gpus != y->row.gpus)
        return x->row.gpus < y->row.gpus ? 1 : -1;
    if (x->row.week < y->row.week || x->row.week > y->row.week)
        return x->row.week < y->row.week ? 1 : -1;
    return strcmp(x->name, y->name);
}

void report_groups_sort(struct report_groups *g)
{
    if (g->count)
        qsort(g->items, g->count, sizeof(struct report_group *), by_weight);
}

void report_groups_free(struct report_groups *g)
{
    HASH_CLEAR(hh, g->index);
    for (size_t i = 0; i < g->count; i++) {
        free(g->items[i]->columns);
        free(g->items[i]);
    }
    free(g->items);
    buf_free(&g->name);
    *g = (struct report_groups){0};
}
