/* SPDX-License-Identifier: Apache-2.0 */
/* --sort-by: what it names, and jobs put in the order of that. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/get/get_parts.h"

int sorting_read(struct sorting *sorting, const char *text, struct error *err)
{
    const char *const *names = get_column_names();
    *sorting = (struct sorting){.column = -1};
    if (!text)
        return 0;
    for (int i = 0; names[i]; i++) {
        if (strcasecmp(text, names[i]) == 0) {
            sorting->column = i;
            return 0;
        }
    }
    if (!strpbrk(text, ".[{$")) {
        const char *near = str_nearest(text, names);
        return error_set(err, ERR_INVALID,
                         "--sort-by: there is no column \"%s\"%s%s%s; a path begins with a dot, as .metadata.name",
                         text, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    int rc = jsonpath_single(text, &sorting->path, err);
    return rc == ERR_SYNTAX ? error_prefix(err, "--sort-by") : rc;
}

void sorting_free(struct sorting *sorting)
{
    jsonpath_free(sorting->path);
    sorting->path = NULL;
}

struct keyed {
    int kind; /* 0: nothing, 1: a number, 2: a text */
    double number;
    struct buf text;
    size_t at; /* as they came */
    struct found_job job;
};

static int compare(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int order = x->kind - y->kind;
    if (!order && x->kind == 1)
        order = (x->number > y->number) - (x->number < y->number);
    else if (!order && x->kind == 2)
        order = str_compare(buf_str(&x->text), buf_str(&y->text));
    return order ? order : x->at < y->at ? -1 : 1;
}

/* The first value of the path counts. */
static void take_key(void *data, struct json value)
{
    struct keyed *k = data;
    if (k->kind || json_type(value) == JSON_NULL)
        return;
    k->kind = json_type(value) == JSON_NUMBER && json_double(value, &k->number) ? 1 : 2;
    if (k->kind == 2)
        jsonpath_add_value(&k->text, value);
}

static int find_key(struct get *g, struct keyed *k, struct error *err)
{
    int64_t number;
    int rc = 0;
    if (g->sorting.path) {
        rc = jsonpath_each(g->sorting.path, k->job.view.object, take_key, k, err);
    } else if (get_column(g, g->sorting.column, &k->job.view, &k->text, &number)) {
        k->kind = 1;
        k->number = (double)number;
    } else {
        k->kind = k->text.len ? 2 : 0;
    }
    return rc ? rc : buf_result(&k->text, "the order of the jobs", err);
}

int sort_jobs(struct get *g, struct error *err)
{
    if (g->sorting.column < 0 && !g->sorting.path)
        return 0;
    struct keyed *list = calloc(g->jobs.count + 1, sizeof *list);
    int rc = list ? 0 : error_nomem(err);
    for (size_t i = 0; !rc && i < g->jobs.count; i++) {
        list[i] = (struct keyed){.at = i, .job = g->jobs.items[i]};
        rc = find_key(g, &list[i], err);
    }
    if (!rc)
        qsort(list, g->jobs.count, sizeof *list, compare);
    for (size_t i = 0; list && i < g->jobs.count; i++) {
        buf_free(&list[i].text);
        if (!rc)
            g->jobs.items[i] = list[i].job;
    }
    free(list);
    return rc;
}
