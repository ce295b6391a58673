/* SPDX-License-Identifier: Apache-2.0 */
/* Reading everything when the state is taken over: the ConfigMaps listed, unpacked and carried out, one a turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube/verbs.h"
#include "shared/shared_take_parts.h"

static void adopted(struct shared *s, const struct error *err)
{
    s->take->adopting = false;
    shared_take_end(s->take, err);
}

static void take_over(struct take *t)
{
    struct shared *s = t->of;
    s->base_bytes = t->base_bytes;
    s->log_bytes = t->log_bytes;
    s->first_change = 0;
    s->failures = 0;
    s->look = s->must = s->hurry = s->failing = false;
    s->next = 1;
    buf_free(&s->log);
    s->log = t->log;
    t->log = BUF_INIT;
    head_free(&s->head);
    s->head = t->head;
    t->head = (struct object_head){0};
    memcpy(s->version, t->version, sizeof s->version);
    s->base.epoch = s->head.epoch;
    s->trash.count = 0;
    for (size_t i = 0; i < t->pieces.count; i++) {
        const struct piece *piece = &t->pieces.of[i];
        /* Nothing of a later replica's, which may have taken it over since. */
        if (!piece->wanted && strtoll(piece->name, NULL, 10) < s->head.epoch)
            object_names_add(&s->trash, piece->name, NULL);
    }
    journal_runs_from(store_journal(s->o.store), s->head.runs);
    t->adopting = true;
    shared_adopt(s, adopted);
}

/* One ConfigMap a turn. */
void shared_take_unpack(struct defer *turn)
{
    struct take *t = turn->data;
    struct shared *s = t->of;
    struct error err;
    char full[256];
    size_t all = t->head.base.count + t->head.log.count;
    if (t->cancelled) {
        shared_take_end(t, NULL);
        return;
    }
    if (t->next == all) { /* the last of the log is in the head */
        if (pieces_apply_last(&t->pieces, buf_str(&t->log), &s->rows, &err))
            shared_take_damaged(t, s->o.name, &err);
        else
            take_over(t);
        return;
    }
    const char *name = pieces_name(&t->head, t->next);
    struct piece *piece = pieces_find(&t->pieces, name);
    snprintf(full, sizeof full, "%s-%s", s->o.name, name);
    if (!piece) {
        shared_take_missing(t, full);
        return;
    }
    size_t *bytes = t->next < t->head.base.count ? &t->base_bytes : &t->log_bytes;
    if (pieces_apply(&t->pieces, piece, &s->rows, bytes, &err)) {
        shared_take_damaged(t, full, &err);
        return;
    }
    t->next++;
    defer_call(s->o.soon, &t->turn);
}

static bool item(void *data, struct json item)
{
    struct take *t = data;
    t->nomem = pieces_add(&t->pieces, t->of->o.name, &t->head, item, NULL) != 0;
    return !t->nomem;
}

void shared_take_forget(void *data)
{
    pieces_forget(&((struct take *)data)->pieces);
}

static void listed(void *data, const char *resource_version, const struct error *err)
{
    struct take *t = data;
    struct error nomem;
    (void)resource_version;
    t->list = NULL;
    if (t->nomem) {
        error_nomem(&nomem);
        shared_take_end(t, &nomem);
    } else if (t->cancelled) {
        shared_take_end(t, NULL);
    } else if (err) {
        shared_take_fail(t, err, "read");
    } else if (t->fresh && t->pieces.count) {
        shared_take_missing(t, t->of->o.name);
    } else if (t->fresh && !t->created) {
        shared_take_create_head(t);
    } else {
        defer_call(t->of->o.soon, &t->turn);
    }
}

void shared_take_list(struct take *t)
{
    struct error err;
    char selector[300];
    snprintf(selector, sizeof selector, OBJECT_LABEL "=%s", t->of->o.name);
    struct kube_query query = {.label_selector = selector, .limit = SHARED_PAGE};
    struct kube_list_call call = {.resource = &shared_configmaps,
                                  .name_space = t->of->o.name_space,
                                  .query = &query,
                                  .item = item,
                                  .restarted = shared_take_forget,
                                  .done = listed,
                                  .data = t};
    if (kube_list(t->of->o.kube, &call, &t->list, &err))
        shared_take_fail(t, &err, "read");
}
