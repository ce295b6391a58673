/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of plugins in a report. */
#include "cli/report/report_columns.h"

#include <ctype.h>
#include <stdlib.h>

#include "cli/session/policies.h"

static void loaded(void *data, const struct policy_set *set)
{
    struct report_columns *c = data;
    if (set->error_count) {
        const struct policy_error *e = &set->errors[0];
        snprintf(c->problem, sizeof c->problem, "%s:%d: %s", e->file, e->line, e->message);
    }
    c->s->flag = true;
}

int report_columns_open(struct report_columns *c, struct session *s, struct report_groups *groups, struct error *err)
{
    static const char *const none[] = {NULL};
    struct engine_options e = {.once = true, .trials = true};
    c->s = s;
    c->all = groups;
    if (!s->config.plugin_count)
        return 0;
    policies_basics(s, &e);
    int rc = engine_new(&e, &s->engine, err);
    if (!rc)
        rc = engine_load(s->engine, none, loaded, c, err);
    if (rc)
        return rc;
    session_wait(s);
    s->flag = false;
    uv_run(&s->loop, UV_RUN_NOWAIT); /* the engine takes the set over when `loaded` has returned */
    if (*c->problem)
        return 0;
    c->set = engine_policies(s->engine);
    plugin_columns_find(c->set, &c->columns);
    c->totals = calloc(c->columns.count + 1, sizeof *c->totals);
    return c->totals ? 0 : error_nomem(err);
}

/* ---- the jobs ---- */

static void add_value(void *data, size_t job, size_t column, double value)
{
    struct report_columns *c = data;
    c->groups[job]->columns[column] += value;
    c->totals[column] += value;
}

static void turn(void *data)
{
    uv_run(&((struct report_columns *)data)->s->loop, UV_RUN_ONCE);
}

static void ask_lot(struct report_columns *c)
{
    struct plugin_columns_call call = {.set = c->set,
                                       .columns = &c->columns,
                                       .cluster = c->s->cluster,
                                       .kind = KIND_MPIJOB,
                                       .jobs = c->jobs,
                                       .job_count = c->count,
                                       .value = add_value,
                                       .turn = turn,
                                       .data = c};
    plugin_columns_ask(&call);
    while (c->count)
        free((char *)c->jobs[--c->count].object.ptr);
}

int report_columns_add(struct report_columns *c, struct report_group *group, struct str object,
                       const struct report_row *row, struct error *err)
{
    if (!c->columns.count)
        return 0;
    char *bytes = str_dup(object);
    if (!group->columns)
        group->columns = calloc(c->columns.count, sizeof *group->columns);
    if (!bytes || !group->columns) {
        free(bytes);
        return error_nomem(err);
    }
    c->groups[c->count] = group;
    c->jobs[c->count++] = (struct plugin_columns_job){
        .object = str_n(bytes, object.len), .gpus = row->gpus, .day = row->day, .week = row->week};
    if (c->count == REPORT_LOT)
        ask_lot(c);
    return 0;
}

/* ---- the sums ---- */

static void keep_text(void *data, size_t row, size_t column, const char *text)
{
    struct report_columns *c = data;
    char **at = &c->texts[row * c->columns.count + column];
    free(*at);
    *at = str_dup(str_of(text));
}

int report_columns_end(struct report_columns *c, struct error *err)
{
    size_t n = c->columns.count, rows = c->all->count + 1;
    if (!n)
        return 0;
    ask_lot(c);
    double *sums = calloc(rows * n, sizeof *sums);
    c->texts = calloc(rows * n, sizeof *c->texts);
    if (!sums || !c->texts) {
        free(sums);
        return error_nomem(err);
    }
    for (size_t row = 0; row < rows; row++) {
        const double *from = row < c->all->count ? c->all->items[row]->columns : c->totals;
        if (from)
            memcpy(sums + row * n, from, n * sizeof *sums);
    }
    struct plugin_columns_call call = {.set = c->set,
                                       .columns = &c->columns,
                                       .cluster = c->s->cluster,
                                       .sums = sums,
                                       .row_count = rows,
                                       .text = keep_text,
                                       .turn = turn,
                                       .data = c};
    plugin_columns_ask(&call);
    free(sums);
    return 0;
}

const char *report_columns_text(const struct report_columns *c, size_t row, size_t column)
{
    const char *text = c->texts ? c->texts[row * c->columns.count + column] : NULL;
    return text && !c->columns.items[column].over ? text : "-";
}

const char *report_columns_head(const struct report_columns *c, size_t column, char out[64])
{
    size_t i = 0;
    for (const char *name = c->columns.items[column].name; name[i]; i++)
        out[i] = (char)(name[i] == '_' ? '-' : toupper((unsigned char)name[i]));
    out[i] = '\0';
    return out;
}

void report_columns_free(struct report_columns *c)
{
    for (size_t i = 0; i < c->count; i++)
        free((char *)c->jobs[i].object.ptr);
    for (size_t i = 0; c->texts && i < (c->all->count + 1) * c->columns.count; i++)
        free(c->texts[i]);
    free(c->texts);
    free(c->totals);
}
