/* SPDX-License-Identifier: Apache-2.0 */
/* Twice as many rows as a page has are kept; when they are there, the better half stays. */
#include "inventory/jobs_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/job_row.h"

static const char *const orders[] = {[JOBS_BY_NAME] = "name",
                                     [JOBS_BY_CREATED] = "created",
                                     [JOBS_BY_FINISHED] = "finished",
                                     [JOBS_BY_GPUS] = "gpus",
                                     [JOBS_BY_HELD] = "held",
                                     [JOBS_BY_PHASE] = "phase",
                                     NULL};

int jobs_order_parse(const char *text, enum jobs_order *order, struct error *err)
{
    size_t i = 0;
    while (text && orders[i] && strcmp(orders[i], text) != 0)
        i++;
    if (!orders[i])
        return error_set(err, ERR_INVALID, "sort takes name, created, finished, gpus, held or phase, not \"%.100s\"",
                         text);
    *order = (enum jobs_order)i;
    return 0;
}

/* ---- the place behind which it begins ---- */

/* "-held:KEY/CLUSTER/NAMESPACE/NAME", without the dash where it is not in reverse; a cluster's name may have slashes,
 * the last two have none. The key of another order says nothing about a place in this one. */
int jobs_list_after(struct jobs_list *l, const char *place, struct error *err)
{
    char *end, cluster[JOBS_PLACE_MAX], order[32];
    size_t n = (size_t)snprintf(order, sizeof order, "%s%s:", l->reverse ? "-" : "", orders[l->order]);
    bool good = strncmp(place, order, n) == 0;
    place += good ? n : 0;
    int64_t key = strtoll(place, &end, 10);
    const char *name = strrchr(place, '/');
    const char *space = name ? memrchr(place, '/', (size_t)(name - place)) : NULL;
    if (!good || end == place || *end != '/' || !space || space <= end || strlen(place) >= JOBS_PLACE_MAX)
        return error_set(err, ERR_INVALID,
                         "cursor has to be the `next` of the page before, with the same sort and reverse");
    memcpy(cluster, end + 1, (size_t)(space - end - 1));
    cluster[space - end - 1] = '\0';
    l->after = job_row_place(key, cluster, str_n(space + 1, (size_t)(name - space - 1)), str_of(name + 1));
    return l->after ? 0 : error_nomem(err);
}

bool jobs_list_next(const struct jobs_list *l, struct buf *out)
{
    if (!l->more || !l->count)
        return false;
    const struct job_row *last = l->rows[l->count - 1];
    buf_printf(out, "%s%s:%" PRId64 "/%s/%s/%s", l->reverse ? "-" : "", orders[l->order], last->key, last->cluster,
               last->space, last->name);
    return true;
}

/* ---- the rows ---- */

static int in_order(const void *a, const void *b)
{
    return job_row_compare(*(struct job_row *const *)a, *(struct job_row *const *)b);
}

static int in_reverse(const void *a, const void *b)
{
    return in_order(b, a);
}

static void cut(struct jobs_list *l)
{
    if (l->count)
        qsort(l->rows, l->count, sizeof(struct job_row *), l->reverse ? in_reverse : in_order);
    while (l->count > l->limit) {
        free(l->rows[--l->count]);
        l->more = true;
    }
}

static bool is_behind(const struct jobs_list *l, const struct job_row *row, const struct job_row *other)
{
    int by = job_row_compare(row, other);
    return l->reverse ? by < 0 : by > 0;
}

/* It cannot stand on the page: it is before its beginning, or behind a page that is full by now. */
static bool is_out(struct jobs_list *l, const struct job_row *row)
{
    if (l->after && !is_behind(l, row, l->after))
        return true;
    bool out = l->more && l->count >= l->limit && is_behind(l, row, l->rows[l->limit - 1]);
    l->more = l->more || out;
    return out;
}

static int keep(struct jobs_list *l, struct job_row *row, struct error *err)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        cap = cap > 2 * l->limit ? 2 * l->limit : cap;
        struct job_row **rows = realloc(l->rows, cap * sizeof(struct job_row *));
        if (!rows) {
            free(row);
            return error_nomem(err);
        }
        l->rows = rows;
        l->cap = cap;
    }
    l->rows[l->count++] = row;
    if (l->count == 2 * l->limit)
        cut(l);
    return 0;
}

int jobs_list_add(struct jobs_list *l, const char *cluster, const struct mpijob_view *view, struct error *err)
{
    if (l->holding && job_row_held(view) <= 0)
        return 0;
    l->total++;
    struct job_row *place = job_row_place(job_row_key(l->order, view), cluster, view->name_space, view->name);
    if (!place)
        return error_nomem(err);
    bool out = is_out(l, place);
    int64_t key = place->key;
    free(place);
    if (out)
        return 0;
    struct job_row *row = job_row_new(key, cluster, view);
    return row ? keep(l, row, err) : error_nomem(err);
}

void jobs_list_close(struct jobs_list *l)
{
    cut(l);
}

struct str jobs_list_at(const struct jobs_list *l, size_t i)
{
    return l->rows[i]->told;
}

void jobs_list_free(struct jobs_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->rows[i]);
    free(l->rows);
    free(l->after);
    *l = (struct jobs_list){0};
}
