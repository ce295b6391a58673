/* SPDX-License-Identifier: Apache-2.0 */
/* What finished jobs hold, by namespace, owner or label, and what was given back. The journal is read first, on another
 * thread, then the jobs are gone over. */
#include <stdlib.h>
#include <string.h>

#include "control/verbs/parts.h"
#include "inventory/released.h"
#include "inventory/report_group.h"
#include "inventory/walk.h"
#include "mpijob/kind.h"
#include "store/store.h"

#define WEEK (7 * 24 * 3600 * CLOCK_SECOND)
#define UNDER_WAY 2 /* more are refused: each reads a week of the journal */

struct reported {
    struct work work;
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    struct walk *walk;
    char by[400], cluster[320]; /* "": by namespace; all of them */
    struct report_key key;
    struct report_groups groups;
    struct report_seen seen;
    struct released *released;
    struct mpijob_match *match;
    struct left_out left;
    int64_t now;
    const struct error *error; /* of the reading (error_keep) */
};

static void reported_free(struct reported *r)
{
    struct verbs *v = r->verbs;
    v->reports--;
    report_groups_free(&r->groups);
    released_free(r->released);
    mpijob_match_free(r->match);
    left_out_free(&r->left);
    error_keep(&r->error, NULL);
    free(r);
    verbs_release(v);
}

/* While the journal is being read the memory stays. */
static void gone(void *data, struct control_request *request)
{
    struct reported *r = data;
    (void)request;
    r->request = NULL;
    if (!r->walk)
        return;
    walk_cancel(r->walk);
    reported_free(r);
}

/* ---- the answer ---- */

static void write_hours(struct json_writer *w, const char *key, double hours)
{
    json_write_key(w, key);
    json_write_double(w, (double)(int64_t)(hours * 100 + 0.5) / 100);
}

static void write_row(struct json_writer *w, const struct report_row *row)
{
    write_number(w, "finished", row->jobs);
    write_number(w, "holding", row->holding);
    write_number(w, "gpus", row->gpus);
    write_hours(w, "gpu_hours_day", row->day);
    write_hours(w, "gpu_hours_week", row->week);
    write_hours(w, "given_back_day", row->back_day);
    write_hours(w, "given_back_week", row->back_week);
    json_write_end(w);
}

static void answer(struct reported *r)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    report_groups_sort(&r->groups);
    json_writer_init(&w, &out);
    json_write_object(&w);
    write_time(&w, "at", r->now);
    write_text(&w, "by", *r->by ? r->by : "namespace");
    write_text(&w, "counted", "status");
    json_write_key(&w, "groups");
    json_write_array(&w);
    for (size_t i = 0; i < r->groups.count; i++) {
        json_write_object(&w);
        write_text(&w, "group", r->groups.items[i]->named ? r->groups.items[i]->name : NULL);
        write_row(&w, &r->groups.items[i]->row);
    }
    json_write_end(&w);
    json_write_key(&w, "total");
    json_write_object(&w);
    write_row(&w, &r->groups.total);
    write_number(&w, "at_most", r->seen.by_policy);
    write_number(&w, "deleting", r->seen.deleting);
    write_number(&w, "released", r->seen.released);
    left_out_write(&r->left, &w);
    answer_with(r->request, &w);
}

/* ---- the jobs ---- */

static int job(void *data, const char *cluster, const struct mpijob_view *view, struct error *err)
{
    struct reported *r = data;
    struct report_row row;
    struct report_group *group;
    (void)cluster;
    return report_row_of(view, NULL, r->released, r->now, &row, &r->seen)
               ? report_groups_add(&r->groups, &r->key, view, &row, &group, err)
               : 0;
}

static void left(void *data, const char *cluster, const struct error *why)
{
    left_out_add(&((struct reported *)data)->left, cluster, why);
}

static void walked(void *data, int64_t as_of, const struct error *err)
{
    struct reported *r = data;
    (void)as_of;
    if (err)
        control_fail(r->request, err);
    else
        answer(r);
    reported_free(r);
}

static int walk(struct reported *r, struct error *err)
{
    const struct walk_call call = {.engine = r->verbs->o.engine,
                                   .cluster = *r->cluster ? r->cluster : NULL,
                                   .kind = KIND_MPIJOB,
                                   .match = r->match,
                                   .job = job,
                                   .left = left,
                                   .done = walked,
                                   .data = r};
    return walk_start(&call, &r->walk, err);
}

/* ---- the journal, before ---- */

static void read_journal(struct work *work)
{
    struct reported *r = (struct reported *)work;
    struct error err;
    if (released_read(store_journal(r->verbs->o.store), r->now - WEEK, &r->released, &err))
        error_keep(&r->error, &err);
}

static void was_read(struct work *work)
{
    struct reported *r = (struct reported *)work;
    struct error err;
    int rc = 0;
    if (r->request && r->verbs->closed)
        rc = error_set(&err, ERR_CANCELLED, "the daemon is being stopped");
    else if (r->request && r->error)
        err = *r->error;
    if (r->request && !rc && !r->error)
        rc = walk(r, &err);
    if (r->request && !rc && !r->error)
        return;
    if (r->request)
        control_fail(r->request, &err);
    reported_free(r);
}

static int read_args(struct reported *r, struct json args, struct error *err)
{
    args_text(args, "cluster", r->cluster, sizeof r->cluster);
    r->match = mpijob_match_new();
    if (!r->match)
        return error_nomem(err);
    mpijob_match_deleting(r->match, DELETING_TOO);
    int rc = mpijob_match_phase(r->match, "Succeeded", err);
    if (!rc)
        rc = mpijob_match_phase(r->match, "Failed", err);
    if (!rc)
        rc = report_key_parse(args_text(args, "by", r->by, sizeof r->by), &r->key, err);
    return rc;
}

static void take_report(void *data, struct control_request *request, struct json args)
{
    struct verbs *v = data;
    struct error err;
    struct reported *r = v->reports < UNDER_WAY ? calloc(1, sizeof *r) : NULL;
    if (!r) {
        error_nomem(&err);
        if (v->reports >= UNDER_WAY)
            error_set(&err, ERR_LIMIT, "%d reports are being made; ask again when one has ended", UNDER_WAY);
        control_fail(request, &err);
        return;
    }
    r->verbs = v;
    r->request = request;
    r->now = clock_now(v->o.clock);
    v->reports++;
    verbs_hold(v);
    if (read_args(r, args, &err)) {
        control_fail(request, &err);
        reported_free(r);
        return;
    }
    control_wait(request, gone, r);
    work_start(v->o.loop, &r->work, read_journal, was_read);
}

const struct control_verb report_verbs[] = {{"report", CONTROL_READS, take_report}, {NULL, CONTROL_READS, NULL}};
