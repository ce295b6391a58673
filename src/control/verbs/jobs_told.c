/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs of the clusters as a list, in pages. */
#include <stdlib.h>

#include "control/verbs/parts.h"
#include "inventory/jobs_list.h"
#include "inventory/walk.h"
#include "mpijob/kind.h"

#define PAGE_DEFAULT 100
#define UNDER_WAY 2 /* more are refused: each looks at every job */

struct listed {
    struct verbs *verbs;
    struct control_request *request;
    struct walk *walk;
    struct mpijob_match *match;
    struct jobs_list list;
    struct left_out left;
};

static void listed_free(struct listed *l)
{
    struct verbs *v = l->verbs;
    v->walks--;
    mpijob_match_free(l->match);
    jobs_list_free(&l->list);
    left_out_free(&l->left);
    free(l);
    verbs_release(v);
}

static void gone(void *data, struct control_request *request)
{
    struct listed *l = data;
    (void)request;
    walk_cancel(l->walk);
    listed_free(l);
}

/* ---- what the walk tells ---- */

static int job(void *data, const char *cluster, const struct mpijob_view *view, struct error *err)
{
    return jobs_list_add(&((struct listed *)data)->list, cluster, view, err);
}

static void left(void *data, const char *cluster, const struct error *why)
{
    left_out_add(&((struct listed *)data)->left, cluster, why);
}

static void answer(struct listed *l, int64_t as_of)
{
    struct buf out = BUF_INIT, next = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_object(&w);
    json_write_key(&w, "items");
    json_write_array(&w);
    for (size_t i = 0; i < l->list.count; i++)
        json_write_raw(&w, (struct json){jobs_list_at(&l->list, i)});
    json_write_end(&w);
    write_text(&w, "next", jobs_list_next(&l->list, &next) ? next.ptr : NULL);
    write_number(&w, "total", l->list.total);
    write_time(&w, "as_of", as_of);
    left_out_write(&l->left, &w);
    out.failed = out.failed ? out.failed : next.failed;
    answer_with(l->request, &w);
    buf_free(&next);
}

static void done(void *data, int64_t as_of, const struct error *err)
{
    struct listed *l = data;
    jobs_list_close(&l->list);
    if (err)
        control_fail(l->request, err);
    else
        answer(l, as_of);
    listed_free(l);
}

/* ---- what is asked ---- */

static int read_match(struct listed *l, struct json args, struct error *err)
{
    static const struct {
        const char *name;
        int (*add)(struct mpijob_match *m, const char *text, struct error *err);
    } conditions[] = {{"namespace", mpijob_match_namespace},
                      {"name", mpijob_match_name},
                      {"phase", mpijob_match_phase},
                      {"labels", mpijob_match_labels}};
    char text[1024];
    int rc = 0;
    l->match = mpijob_match_new();
    if (!l->match)
        return error_nomem(err);
    mpijob_match_deleting(l->match, DELETING_TOO);
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions && !rc; i++) {
        const char *value = args_text(args, conditions[i].name, text, sizeof text);
        rc = value ? conditions[i].add(l->match, value, err) : 0;
    }
    return rc;
}

static int read_page(struct listed *l, struct json args, struct error *err)
{
    char sort[64], cursor[JOBS_PLACE_MAX + 1];
    int64_t limit = PAGE_DEFAULT;
    struct json value = json_get(args, "limit");
    if (json_exists(value) && (!json_int64(value, &limit) || limit < 1 || limit > JOBS_LIST_MOST))
        return error_set(err, ERR_INVALID, "limit has to be a number from 1 to %d", JOBS_LIST_MOST);
    l->list.limit = (size_t)limit;
    l->list.reverse = json_is_true(json_get(args, "reverse"));
    l->list.holding = json_is_true(json_get(args, "holding"));
    int rc = jobs_order_parse(args_text(args, "sort", sort, sizeof sort), &l->list.order, err);
    const char *place = args_text(args, "cursor", cursor, sizeof cursor);
    return rc || !place ? rc : jobs_list_after(&l->list, place, err);
}

static int begin(struct listed *l, struct json args, struct error *err)
{
    char cluster[320], name[64];
    const char *kind_name = args_text(args, "kind", name, sizeof name);
    struct walk_call call = {.engine = l->verbs->o.engine,
                             .cluster = args_text(args, "cluster", cluster, sizeof cluster),
                             .kind = KIND_MPIJOB,
                             .job = job,
                             .left = left,
                             .done = done,
                             .data = l};
    if (kind_name && !mpijob_kind_find(str_of(kind_name), &call.kind))
        return mpijob_kind_unknown(kind_name, err);
    int rc = read_match(l, args, err);
    if (!rc)
        rc = read_page(l, args, err);
    call.match = l->match;
    return rc ? rc : walk_start(&call, &l->walk, err);
}

static void take_jobs(void *data, struct control_request *r, struct json args)
{
    struct verbs *v = data;
    struct error err;
    struct listed *l = v->walks < UNDER_WAY ? calloc(1, sizeof *l) : NULL;
    if (!l) {
        error_nomem(&err);
        if (v->walks >= UNDER_WAY)
            error_set(&err, ERR_LIMIT, "%d lists of jobs are being made; ask again when one has ended", UNDER_WAY);
        control_fail(r, &err);
        return;
    }
    l->verbs = v;
    l->request = r;
    v->walks++;
    verbs_hold(v);
    if (begin(l, args, &err)) {
        control_fail(r, &err);
        listed_free(l);
        return;
    }
    control_wait(r, gone, l);
}

const struct control_verb jobs_verbs[] = {{"jobs", CONTROL_READS, take_jobs}, {NULL, CONTROL_READS, NULL}};
