/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the object that is to be changed, through the version that is served now. */
#include <stdlib.h>

#include "change/change_parts.h"

void change_use(struct change *c, struct mpijob_target target)
{
    c->target = target;
    c->resource = *cluster_resource(c->site->cluster, target.kind);
    c->resource.version = mpijob_target_version(target);
}

void change_forget(struct change *c)
{
    free(c->before);
    c->before = NULL;
    c->before_len = 0;
    c->viewed = false; /* the view pointed into it */
}

/* ---- when another version is served ---- */

static void looked(struct cluster_wait *wait, bool moved)
{
    struct change *c = wait->data;
    struct error err;
    if (moved) {
        change_forget(c);
        change_read(c);
        return;
    }
    if (cluster_serves(c->site->cluster, c->target.kind, &err) == 0)
        err = *c->lost;
    change_fail(c, &err);
}

/* Only FIELDS can go through any version: a patch and a whole object are written in one. */
bool change_follow(struct change *c, const struct error *err)
{
    if (!err->no_path || c->verb != CHANGE_FIELDS || c->cancelled || ++c->tries >= CHANGE_TRIES)
        return false;
    error_keep(&c->lost, err);
    c->wait = (struct cluster_wait){.found = looked, .data = c};
    cluster_lost(c->site->cluster, c->target.kind, c->target.version, &c->wait);
    return true;
}

/* ---- the read ---- */

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    (void)lost;
    struct change *c = data;
    struct error own;
    c->request = NULL;
    if (err) {
        if (!change_follow(c, err))
            change_fail(c, err);
        return;
    }
    if (c->cancelled) {
        change_give_up(c);
        return;
    }
    (void)answer;
    change_forget(c);
    c->before = kube_answer_take(request, &c->before_len);
    c->was_read = true;
    if (!c->before) {
        error_nomem(&own);
        change_fail(c, &own);
        return;
    }
    change_consider(c);
}

struct seat_for change_seat(const struct change *c)
{
    return (struct seat_for){c->policy, c->awaited ? SEAT_PERSON : SEAT_ORDINARY};
}

void change_read(struct change *c)
{
    struct error err;
    struct json whole;
    /* A whole object is written through its own version, and compared in that one too. */
    if (c->ours && c->verb == CHANGE_REPLACE && json_parse(buf_str(&c->body), "the object", &whole, NULL) == 0)
        change_use(c, cluster_target_of(c->site->cluster, c->target.kind, whole));
    else if (c->verb == CHANGE_FIELDS)
        change_use(c, cluster_target(c->site->cluster, c->target.kind));
    struct kube_call call = {.resource = &c->resource,
                             .name_space = c->name_space,
                             .name = c->name,
                             .seat = change_seat(c),
                             .done = got,
                             .data = c};
    if (kube_get(cluster_kube(c->site->cluster), &call, &c->request, &err))
        change_fail(c, &err);
}
