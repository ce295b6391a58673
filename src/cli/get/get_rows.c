/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of the table: what each says of a job. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/get/get_parts.h"
#include "mpijob/held_gpus.h"
#include "time/duration.h"

static bool span(int64_t us, struct buf *out, int64_t *number)
{
    char text[32];
    if (us < 0)
        return false;
    duration_format(us - us % CLOCK_SECOND, true, text);
    buf_puts(out, us < CLOCK_SECOND ? "0s" : text);
    *number = us;
    return true;
}

static bool name_space(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    (void)g, (void)number;
    buf_add_str(out, v->name_space);
    return false;
}

static bool name(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    (void)g, (void)number;
    buf_add_str(out, v->name);
    return false;
}

static bool kind(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    (void)g, (void)number;
    buf_puts(out, mpijob_kind_info(v->target.kind)->name);
    return false;
}

static bool phase(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    (void)g, (void)number;
    buf_printf(out, "%s%s", mpijob_phase_name(v->phase), v->deleting ? ",deleting" : "");
    return false;
}

/* As the object has it: text without its quotes, everything else as in the object. */
static bool policy(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    (void)g, (void)number;
    jsonpath_add_value(out, mpijob_field_value(v->object, FIELD_CLEAN_POD_POLICY, v->target));
    return false;
}

static bool deadline(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    (void)g;
    struct json value = mpijob_kind_described(v->target.kind)
                            ? mpijob_value_at(v->object, "/spec/activeDeadlineSeconds")
                            : mpijob_field_value(v->object, FIELD_ACTIVE_DEADLINE_SECONDS, v->target);
    int64_t seconds;
    if (json_int64(value, &seconds) && seconds >= 0 && seconds < INT64_C(3155760000))
        return span(seconds * CLOCK_SECOND, out, number);
    jsonpath_add_value(out, value);
    return false;
}

static bool gpus(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    (void)g;
    bool unread;
    *number = mpijob_view_gpus(v, &unread);
    if (unread && !*number)
        buf_putc(out, '?');
    else
        buf_printf(out, "%" PRId64 "%s", *number, unread ? "+?" : "");
    return true;
}

static bool held(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    struct mpijob_held_gpus hold;
    const struct mpijob_pods *pods = g->pods[mpijob_kind_index(v->target.kind)];
    if (!pods || !mpijob_holds_gpus(v, pods, &hold))
        return false;
    *number = hold.gpus;
    buf_printf(out, "%" PRId64, hold.gpus);
    return true;
}

static bool age(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    return span(mpijob_age(v, clock_now(&g->s.clock)), out, number);
}

static bool workers(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    (void)g;
    if (!mpijob_kind_info(v->target.kind)->specs)
        return false; /* it has no roles */
    *number = v->workers;
    buf_printf(out, "%" PRId64, v->workers);
    return true;
}

static bool ended(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    return span(mpijob_finished_for(v, clock_now(&g->s.clock)), out, number);
}

static bool reason(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    (void)g, (void)number;
    buf_add_str(out, v->reason);
    return false;
}

enum shown { ALWAYS, WIDE, UNWATCHED }; /* what is counted from pods is not known of a job as it changes */

static const struct column {
    const char *head;
    enum shown shown;
    bool (*text)(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number);
} columns[] = {
    {"NAMESPACE", ALWAYS, name_space},
    {"KIND", ALWAYS, kind},
    {"NAME", ALWAYS, name},
    {"PHASE", ALWAYS, phase},
    {"POLICY", ALWAYS, policy},
    {"DEADLINE", ALWAYS, deadline},
    {"GPUS", ALWAYS, gpus},
    {"HELD", UNWATCHED, held},
    {"AGE", ALWAYS, age},
    {"WORKERS", WIDE, workers},
    {"ENDED", WIDE, ended},
    {"REASON", WIDE, reason},
    {"QUEUE", WIDE, get_queue},
    {"KUEUE", WIDE, get_kueue},
};
#define COLUMNS ((int)(sizeof columns / sizeof *columns))

const char *const *get_column_names(void)
{
    static const char *names[COLUMNS + 1];
    for (int i = 0; i < COLUMNS; i++)
        names[i] = columns[i].head;
    return names;
}

bool get_column(struct get *g, int column, const struct mpijob_view *view, struct buf *out, int64_t *number)
{
    return columns[column].text(g, view, out, number);
}

static bool is_shown(const struct get *g, const struct column *c)
{
    if (c->text == name_space)
        return !g->namespaced;
    if (c->text == kind)
        return get_several(g);
    if (c->text == get_queue || c->text == get_kueue)
        return g->kueue;
    return c->shown == ALWAYS || (c->shown == WIDE ? g->s.options.output == OUTPUT_WIDE : !g->s.options.watch);
}

void get_count_pods(struct get *g)
{
    struct error why;
    bool table = g->s.options.output == OUTPUT_TABLE || g->s.options.output == OUTPUT_WIDE;
    if (!table && !(g->sorting.column >= 0 && columns[g->sorting.column].text == held))
        return;
    for (size_t i = 0; i < g->s.options.several.count; i++) {
        const struct mpijob_kind *of = g->s.options.job_kind = g->s.options.several.of[i];
        g->pods[mpijob_kind_index(of)] = pods_count(&g->s, &why);
        if (g->pods[mpijob_kind_index(of)])
            continue;
        fprintf(stderr, "mpijobd get: HELD stays empty, because the pods cannot be listed: %s\n", why.message);
        return;
    }
}

void get_free_pods(struct get *g)
{
    for (size_t i = 0; i < MPIJOB_KINDS_BUILT_IN; i++)
        mpijob_pods_free(g->pods[i]);
}

void get_rows_begin(struct get *g)
{
    const char *heads[COLUMNS];
    size_t n = 0;
    for (int i = 0; i < COLUMNS; i++) {
        if (is_shown(g, &columns[i]))
            heads[n++] = columns[i].head;
    }
    static const char *const drop[] = {"KUEUE", "QUEUE", "WORKERS", "DEADLINE", "ENDED", "GPUS", "REASON", "AGE", NULL};
    table_begin(&g->table, n, heads);
    table_narrow(&g->table, NULL, drop);
}

static enum tint tint_of(const struct mpijob_view *v, const struct column *c, int64_t number)
{
    if (c->text == held) /* GPUs that nobody uses */
        return mpijob_phase_finished(v->phase) && number > 0 ? TINT_HEED : TINT_PLAIN;
    if (c->text != phase || v->phase == PHASE_SUCCEEDED)
        return TINT_PLAIN;
    return v->phase == PHASE_FAILED ? TINT_BAD : v->phase == PHASE_RUNNING ? TINT_GOOD : TINT_HEED;
}

void get_row(struct get *g, const struct mpijob_view *view, const char *mark)
{
    struct buf text = BUF_INIT;
    for (int i = 0; i < COLUMNS; i++) {
        int64_t number = 0;
        if (!is_shown(g, &columns[i]))
            continue;
        buf_reset(&text);
        buf_puts(&text, "");
        columns[i].text(g, view, &text, &number);
        if (columns[i].text == phase)
            buf_puts(&text, mark);
        table_cell(&g->table, text.failed ? "?" : text.ptr);
        table_tint(&g->table, tint_of(view, &columns[i], number));
    }
    buf_free(&text);
}
