/* SPDX-License-Identifier: Apache-2.0 */
/* Reading everything when the state is taken over: the ConfigMaps listed, unpacked and carried out, one a turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "kube/verbs.h"
#include "shared/shared_take_parts.h"

#define PAGE 4 /* ConfigMaps in an answer: each may have a megabyte */

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
    for (size_t i = 0; i < t->count; i++) {
        /* Nothing of a later replica's, which may have taken it over since. */
        if (!t->parts[i].wanted && strtoll(t->parts[i].name, NULL, 10) < s->head.epoch)
            object_names_add(&s->trash, t->parts[i].name, NULL);
    }
    journal_runs_from(store_journal(s->o.store), s->head.runs);
    t->adopting = true;
    shared_adopt(s, adopted);
}

static const char *name_at(const struct take *t, size_t i)
{
    return i < t->head.base.count ? t->head.base.names[i] : t->head.log.names[i - t->head.base.count];
}

static struct take_part *part_named(struct take *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->parts[i].name, name) == 0)
            return &t->parts[i];
    }
    return NULL;
}

/* Carries out the whole lines that are there. */
static int carry_out(struct take *t, struct error *err)
{
    const char *last = t->lines.len ? memrchr(t->lines.ptr, '\n', t->lines.len) : NULL;
    size_t n = last ? (size_t)(last + 1 - t->lines.ptr) : 0;
    int rc = rows_apply_all(&t->of->rows, str_n(t->lines.ptr, n), err);
    t->lines.len -= n;
    if (n)
        memmove(t->lines.ptr, t->lines.ptr + n, t->lines.len);
    return rc;
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
        buf_add_str(&t->lines, buf_str(&t->log));
        int rc = buf_result(&t->lines, "the state", &err);
        if (!rc)
            rc = carry_out(t, &err);
        if (!rc && t->lines.len)
            rc = error_set(&err, ERR_INVALID, "a row is cut off");
        if (rc)
            shared_take_damaged(t, s->o.name, &err);
        else
            take_over(t);
        return;
    }
    struct take_part *part = part_named(t, name_at(t, t->next));
    snprintf(full, sizeof full, "%s-%s", s->o.name, name_at(t, t->next));
    if (!part) {
        shared_take_missing(t, full);
        return;
    }
    size_t before = t->lines.len;
    int rc = part->packed ? object_unpack(str_of(part->packed), &t->lines, &err)
                          : error_set(&err, ERR_INVALID, "it has no rows");
    size_t bytes = t->lines.len - before;
    *(t->next < t->head.base.count ? &t->base_bytes : &t->log_bytes) += bytes;
    free(part->packed);
    part->packed = NULL;
    part->wanted = true;
    if (!rc)
        rc = carry_out(t, &err);
    if (rc) {
        shared_take_damaged(t, full, &err);
        return;
    }
    t->next++;
    defer_call(s->o.soon, &t->turn);
}

static bool item(void *data, struct json item)
{
    struct take *t = data;
    struct shared *s = t->of;
    char name[256];
    size_t n = strlen(s->o.name);
    if (json_string_at(item, "/metadata/name", name, sizeof name) || strncmp(name, s->o.name, n) != 0 ||
        name[n] != '-' || strlen(name + n + 1) >= sizeof t->parts->name)
        return true; /* the head itself, or not a part of it */
    struct take_part *parts = grown(t->parts, t->count, &t->cap, sizeof *parts, 16);
    if (!parts)
        return !(t->nomem = true);
    t->parts = parts;
    struct take_part *part = &t->parts[t->count++];
    *part = (struct take_part){0};
    snprintf(part->name, sizeof part->name, "%s", name + n + 1);
    if (!object_names_have(&t->head.base, part->name) && !object_names_have(&t->head.log, part->name))
        return true;
    struct buf packed = BUF_INIT;
    if (json_decode(object_packed(item), &packed))
        part->packed = buf_take(&packed, NULL);
    t->nomem = packed.failed != 0;
    buf_free(&packed);
    return !t->nomem;
}

void shared_take_forget(void *data)
{
    struct take *t = data;
    for (size_t i = 0; i < t->count; i++)
        free(t->parts[i].packed);
    t->count = 0;
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
    } else if (t->fresh && t->count) {
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
    struct kube_query query = {.label_selector = selector, .limit = PAGE};
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
