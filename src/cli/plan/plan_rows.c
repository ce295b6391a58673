/* SPDX-License-Identifier: Apache-2.0 */
/* A plan's changes and sums, brought into an order that is the same each time. */
#include "cli/plan/plan_rows.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/terminal/table.h"

struct place { /* where something stands among the others; texts are owned */
    char *policy, *cluster, *job;
    size_t policy_at, came;
    bool last;
};

struct plan_row {
    struct place place;
    char *text;
    int64_t gpus;
};

struct plan_sum {
    struct place place; /* its job is "" */
    bool told;          /* of several clusters: in messages */
    char *error;        /* NULL: none */
    int64_t changed, unchanged, failed;
};

static bool place_set(struct place *place, const struct run *run, const char *job, size_t came)
{
    *place = (struct place){.policy = str_dup(str_of(run->policy->name)),
                            .cluster = str_dup(str_of(run->site->told ? run->site->told : run->site->name)),
                            .job = str_dup(str_of(job)),
                            .came = came};
    return place->policy && place->cluster && place->job;
}

static void place_free(struct place *place)
{
    free(place->policy);
    free(place->cluster);
    free(place->job);
}

void plan_rows_add(struct plan_rows *p, const struct run *run, const char *job, struct str text, bool last,
                   int64_t gpus)
{
    if (p->row_count == p->row_cap) {
        size_t cap = p->row_cap ? 2 * p->row_cap : 64;
        struct plan_row *rows = realloc(p->rows, cap * sizeof *rows);
        p->full = p->full || !rows;
        if (!rows)
            return;
        p->rows = rows;
        p->row_cap = cap;
    }
    struct plan_row row = {.text = str_dup(text), .gpus = gpus};
    if (place_set(&row.place, run, job, p->row_count) && row.text) {
        row.place.last = last;
        p->rows[p->row_count++] = row;
        p->gpus += gpus;
        return;
    }
    p->full = true;
    place_free(&row.place);
    free(row.text);
}

void plan_rows_ended(struct plan_rows *p, const struct run *run)
{
    p->changed += run->changed;
    p->unchanged += run->unchanged;
    p->failed += run->failed;
    if (p->sum_count == p->sum_cap) {
        size_t cap = p->sum_cap ? 2 * p->sum_cap : 16;
        struct plan_sum *sums = realloc(p->sums, cap * sizeof *sums);
        p->full = p->full || !sums;
        if (!sums)
            return;
        p->sums = sums;
        p->sum_cap = cap;
    }
    struct plan_sum sum = {.told = run->site->told != NULL,
                           .error = run->error ? str_dup(str_of(run->error->message)) : NULL,
                           .changed = run->changed,
                           .unchanged = run->unchanged,
                           .failed = run->failed};
    if (place_set(&sum.place, run, "", p->sum_count) && (sum.error || !run->error)) {
        p->sums[p->sum_count++] = sum;
        return;
    }
    p->full = true;
    place_free(&sum.place);
    free(sum.error);
}

/* ---- the order ---- */

static int compare(const struct place *a, const struct place *b)
{
    if (a->policy_at != b->policy_at)
        return a->policy_at < b->policy_at ? -1 : 1;
    int order = strcmp(a->cluster, b->cluster);
    order = order ? order : a->last - b->last;
    if (!order)
        order = strcmp(a->job, b->job);
    return order ? order : (a->came > b->came) - (a->came < b->came);
}

static int by_row(const void *a, const void *b)
{
    return compare(&((const struct plan_row *)a)->place, &((const struct plan_row *)b)->place);
}

static int by_sum(const void *a, const void *b)
{
    return compare(&((const struct plan_sum *)a)->place, &((const struct plan_sum *)b)->place);
}

static void find(struct place *place, const struct policy_set *set)
{
    for (place->policy_at = 0; place->policy_at < set->count; place->policy_at++) {
        if (strcmp(set->entries[place->policy_at].policy->name, place->policy) == 0)
            return;
    }
}

void plan_rows_sort(struct plan_rows *p, const struct policy_set *set)
{
    for (size_t i = 0; i < p->row_count; i++)
        find(&p->rows[i].place, set);
    for (size_t i = 0; i < p->sum_count; i++)
        find(&p->sums[i].place, set);
    if (p->row_count)
        qsort(p->rows, p->row_count, sizeof *p->rows, by_row);
    if (p->sum_count)
        qsort(p->sums, p->sum_count, sizeof *p->sums, by_sum);
}

/* ---- told ---- */

void plan_rows_write(const struct plan_rows *p, const char *between, FILE *out)
{
    for (size_t i = 0; i < p->row_count; i++)
        fprintf(out, "%s%s", i ? between : "", p->rows[i].text);
}

void plan_rows_write_errors(const struct plan_rows *p, FILE *out)
{
    for (size_t i = 0; i < p->sum_count; i++) {
        const struct plan_sum *s = &p->sums[i];
        if (s->error)
            fprintf(out, "mpijobd plan: policy \"%s\"%s%s: %s\n", s->place.policy, s->told ? ", cluster " : "",
                    s->told ? s->place.cluster : "", s->error);
    }
    if (p->full)
        fputs("mpijobd plan: out of memory: a part of the plan is missing\n", out);
}

static int64_t gpus_of(const struct plan_rows *p, const struct place *place)
{
    int64_t gpus = 0;
    for (size_t i = 0; i < p->row_count; i++) {
        const struct place *row = &p->rows[i].place;
        if (row->policy_at == place->policy_at && strcmp(row->cluster, place->cluster) == 0)
            gpus += p->rows[i].gpus;
    }
    return gpus;
}

static void number(struct table *t, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, n);
    table_cell(t, text);
}

void plan_rows_write_sums(const struct plan_rows *p, bool clusters, FILE *out)
{
    static const char *const heads[] = {"POLICY", "TO CHANGE", "AS IT SHOULD BE", "NOT POSSIBLE", "GPUS GIVEN BACK"};
    static const char *const heads_of_several[] = {"POLICY",          "CLUSTER",      "TO CHANGE",
                                                   "AS IT SHOULD BE", "NOT POSSIBLE", "GPUS GIVEN BACK"};
    struct table t;
    table_begin(&t, clusters ? 6 : 5, clusters ? heads_of_several : heads);
    for (size_t i = 0; i < p->sum_count; i++) {
        const struct plan_sum *s = &p->sums[i];
        table_cell(&t, s->place.policy);
        if (clusters)
            table_cell(&t, s->place.cluster);
        number(&t, s->changed);
        number(&t, s->unchanged);
        number(&t, s->failed);
        number(&t, gpus_of(p, &s->place));
    }
    table_print(&t, out);
}

void plan_rows_free(struct plan_rows *p)
{
    for (size_t i = 0; i < p->row_count; i++) {
        place_free(&p->rows[i].place);
        free(p->rows[i].text);
    }
    for (size_t i = 0; i < p->sum_count; i++) {
        place_free(&p->sums[i].place);
        free(p->sums[i].error);
    }
    free(p->rows);
    free(p->sums);
    *p = (struct plan_rows){0};
}
