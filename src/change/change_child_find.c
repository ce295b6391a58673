/* SPDX-License-Identifier: Apache-2.0 */
/* The child of a TrainJob or a JobSet: the JobSet is read, which says what becomes of the set when one of its Jobs
 * fails; then its Jobs are listed, and the first of those that may be changed is taken (mpijob_child_rank). */
#include <stdio.h>
#include <stdlib.h>

#include "change/change_parts.h"

struct change_finding {
    struct buf set, best; /* the bytes of the JobSet, and of the Job that is the first by now */
    int64_t rank;         /* of that; -1: none came */
    struct json of;       /* the JobSet: in `set`, or the job itself */
};

void change_child_found_free(struct change *c)
{
    if (!c->child.finding)
        return;
    buf_free(&c->child.finding->set);
    buf_free(&c->child.finding->best);
    free(c->child.finding);
    c->child.finding = NULL;
}

static void none(struct change *c, bool has_set)
{
    struct error err;
    c->child.name[0] = '\0';
    mpijob_child_none(&c->view, has_set, &err);
    change_child_failed(c, &err, false);
}

/* ---- its Jobs ---- */

static bool item(void *data, struct json job)
{
    struct change *c = data;
    struct change_finding *f = c->child.finding;
    int64_t rank = mpijob_child_rank(&c->view, f->of, job);
    if (rank >= 0 && (f->rank < 0 || rank < f->rank)) {
        buf_reset(&f->best);
        buf_add_str(&f->best, job.text);
        f->rank = rank;
    }
    return true;
}

static void restarted(void *data)
{
    ((struct change *)data)->child.finding->rank = -1;
}

static void listed(void *data, const char *resource_version, const struct error *err)
{
    (void)resource_version;
    struct change *c = data;
    struct change_finding *f = c->child.finding;
    struct error own;
    struct json job;
    c->child.list = NULL;
    if (err)
        change_child_unread(c, err);
    else if (f->rank < 0)
        none(c, true);
    else if (buf_result(&f->best, "the Job", &own) || json_parse(buf_str(&f->best), "the Job", &job, &own))
        change_child_failed(c, &own, false);
    else {
        json_string_at(job, "/metadata/name", c->child.name, sizeof c->child.name);
        change_child_came(c, job, f->of);
    }
}

static int list(struct change *c, struct error *err)
{
    struct buf selector = BUF_INIT;
    struct kube_resource resource = change_child_resource(c);
    mpijob_child_selector(&c->view, &selector);
    int rc = buf_result(&selector, "the labels of its Jobs", err);
    struct kube_query query = {.label_selector = selector.ptr};
    struct kube_list_call call = {.resource = &resource,
                                  .name_space = c->name_space,
                                  .query = &query,
                                  .seat = change_seat(c),
                                  .item_kind = mpijob_child_of(c->view.target)->kind,
                                  .item = item,
                                  .restarted = restarted,
                                  .done = listed,
                                  .data = c};
    if (!rc)
        rc = kube_list(cluster_kube(c->site->cluster), &call, &c->child.list, err);
    buf_free(&selector);
    return rc;
}

/* ---- its JobSet ---- */

static void got_set(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                    bool lost)
{
    (void)request;
    (void)lost;
    struct change *c = data;
    struct change_finding *f = c->child.finding;
    struct error own;
    c->request = NULL;
    if (err && err->code == ERR_NOT_FOUND) {
        none(c, false);
        return;
    }
    if (err) {
        change_child_unread(c, err);
        return;
    }
    buf_add_str(&f->set, answer->body.text);
    int rc = buf_result(&f->set, "the JobSet", &own);
    if (!rc)
        rc = json_parse(buf_str(&f->set), "the JobSet", &f->of, &own);
    if (!rc && !mpijob_controls(&c->view, f->of))
        none(c, false); /* another's, of the same name */
    else if (rc || list(c, &own))
        change_child_failed(c, &own, false);
}

int change_child_find(struct change *c, struct error *err)
{
    const struct mpijob_kind *set = mpijob_child_of(c->view.target)->set;
    change_child_found_free(c);
    c->child.finding = calloc(1, sizeof *c->child.finding);
    if (!c->child.finding)
        return error_nomem(err);
    c->child.finding->rank = -1;
    if (!set) {
        c->child.finding->of = c->view.object;
        return list(c, err);
    }
    struct kube_resource resource = {set->group, mpijob_kind_version_name(set, set->likely), set->plural};
    struct kube_call call = {.resource = &resource,
                             .name_space = c->name_space,
                             .name = c->name,
                             .seat = change_seat(c),
                             .done = got_set,
                             .data = c};
    return kube_get(cluster_kube(c->site->cluster), &call, &c->request, err);
}
