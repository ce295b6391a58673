/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the state that replicas share. */
#include "shared/shared_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/texts.h"
#include "shared/shared_parts.h"

void shared_set_phase(struct shared *s, enum shared_phase phase)
{
    uv_mutex_lock(&s->rows.lock);
    s->phase = phase;
    uv_mutex_unlock(&s->rows.lock);
}

int shared_readable(struct shared *s, struct error *err)
{
    uv_mutex_lock(&s->rows.lock);
    bool readable = s->phase == SHARED_HERE || s->phase == SHARED_LOST;
    uv_mutex_unlock(&s->rows.lock);
    if (readable)
        return 0;
    error_set(err, ERR_IO, "the state that the replicas share is not read yet");
    error_set_retryable(err, true);
    return ERR_IO;
}

bool shared_is_here(const struct shared *s)
{
    return s->phase == SHARED_HERE;
}

struct state *shared_state(struct shared *s)
{
    return s ? &s->base : NULL;
}

struct shared_size shared_size(const struct shared *s)
{
    return (struct shared_size){s->rows.count, s->rows.bytes, 1 + s->head.base.count + s->head.log.count};
}

/* ---- what is counted ---- */

/* Of several states their sum is told. */
static void tell_size(struct shared *s, struct shared_size size)
{
    metric_add(s->rows_count, (double)size.rows - (double)s->told.rows, NULL);
    metric_add(s->rows_bytes, (double)size.bytes - (double)s->told.bytes, NULL);
    metric_add(s->objects, (double)size.objects - (double)s->told.objects, NULL);
    s->told = size;
}

static void collect(void *data)
{
    struct shared *s = data;
    tell_size(s, shared_is_here(s) ? shared_size(s) : (struct shared_size){0});
}

static int count(struct shared *s, struct error *err)
{
    struct metrics *m = s->o.metrics;
    s->rows_count = metrics_gauge(m, "shared_state_rows", NULL, "Rows of the state that the replicas share.", NULL);
    s->rows_bytes = metrics_gauge(m, "shared_state_bytes", "bytes", "Their texts, before they are packed.", NULL);
    s->objects = metrics_gauge(m, "shared_state_objects", NULL, "ConfigMaps that have them.", NULL);
    s->writes = metrics_counter(m, "shared_state_writes", NULL, "Writes of the head of the shared state.", NULL);
    s->failed = metrics_counter(m, "shared_state_write_failures", NULL, "Those that failed.", NULL);
    s->conflicts = metrics_counter(m, "shared_state_conflicts", NULL,
                                   "Those that were refused, because another had written it.", NULL);
    metric_add(s->writes, 0, NULL);
    metric_add(s->failed, 0, NULL);
    metric_add(s->conflicts, 0, NULL);
    return m ? metrics_collector(m, collect, s, err) : 0;
}

/* ---- this replica ---- */

/* Of several states each has a number of its own. */
static const char *number_key(const struct shared *s)
{
    return s->o.rows_alone ? s->o.name : "number";
}

static bool take_replica(void *data, const struct store_kept *row)
{
    struct shared *s = data;
    if (strcmp(row->key, number_key(s)) == 0)
        snprintf(s->replica, sizeof s->replica, "%s", row->value);
    return true;
}

/* The number stays with the file of the journal: who has another one is another replica. */
static int know_replica(struct shared *s, struct error *err)
{
    int rc = store_read_kept(s->o.store, SHARED_OWN_SPACE, take_replica, s, err);
    if (rc || *s->replica)
        return rc;
    shared_random(s->replica);
    store_keep(s->o.store, &(struct store_kept){SHARED_OWN_SPACE, number_key(s), s->replica, 0}, NULL, NULL);
    return 0;
}

/* ---- opening ---- */

int shared_open(const struct shared_options *options, struct shared **out, struct error *err)
{
    const char *name = options->name ? options->name : SHARED_NAME;
    if (strlen(name) > SHARED_NAME_MAX)
        return error_set(err, ERR_INVALID, "the name of the state, %.60s..., is too long: at most %d bytes", name,
                         SHARED_NAME_MAX);
    struct shared *s = calloc(1, sizeof *s);
    if (!s)
        return error_nomem(err);
    s->o = *options;
    s->base.ops = &shared_state_ops;
    s->texts = TEXTS_COPY({&s->o.name_space, options->name_space}, {&s->o.name, name},
                          {&s->o.holder, or_empty(options->holder)});
    rows_open(&s->rows);
    int rc = s->texts ? know_replica(s, err) : error_nomem(err);
    if (!rc)
        rc = count(s, err);
    if (rc) {
        rows_close(&s->rows);
        free(s->texts);
        free(s);
        return rc;
    }
    s->turn = (struct defer){.call = shared_deliver, .data = s};
    deadline_init(s->o.loop, &s->soon, shared_soon, s);
    deadline_init(s->o.loop, &s->again, shared_again, s);
    deadline_init(s->o.loop, &s->guard, shared_guard_rang, s);
    if (!s->o.rows_alone)
        shared_kept_hook(s);
    *out = s;
    return 0;
}

/* ---- the end ---- */

void shared_leave(struct shared *s)
{
    struct shared_op *op;
    struct error err;
    error_set(&err, ERR_CANCELLED, "this replica has given up the state that the replicas share");
    shared_take_stop(s);
    if (s->phase == SHARED_HERE || s->phase == SHARED_LOST) {
        shared_set_phase(s, SHARED_AWAY);
        shared_fold_stop(s);
        if (s->request)
            kube_cancel(s->request);
        deadline_stop(&s->soon);
        deadline_stop(&s->again);
        shared_guard_stop(s);
        s->busy = false;
        buf_free(&s->lines);
        s->cut = 0;
        s->fresh.count = 0;
        DL_FOREACH(s->ops, op)
        {
            if (op->stage == OP_READY || op->stage == OP_WRITING) {
                shared_op_failed(op, &err);
                shared_op_end(op, &err);
            }
        }
        rows_clear(&s->rows);
        shared_taken_clear(&s->taken);
    }
}

static void over(struct deadline *d)
{
    struct shared *s = d->data;
    if (--s->handles)
        return;
    void (*closed)(void *) = s->on_closed;
    void *data = s->on_closed_data;
    rows_close(&s->rows);
    shared_taken_clear(&s->taken);
    shared_taken_clear(&s->alone);
    head_free(&s->head);
    object_names_free(&s->fresh);
    object_names_free(&s->trash);
    buf_free(&s->log);
    buf_free(&s->lines);
    error_keep(&s->trouble, NULL);
    free(s->texts);
    free(s);
    if (closed)
        closed(data);
}

void shared_check_closed(struct shared *s)
{
    if (!s->closing || s->closed || s->ops || s->take || s->request || s->looking || s->deleting ||
        defer_waits(&s->turn))
        return;
    if (s->fold) {
        shared_fold_stop(s);
        if (s->fold)
            return;
    }
    s->closed = true;
    s->handles = 3;
    deadline_close(&s->soon, over);
    deadline_close(&s->again, over);
    deadline_close(&s->guard, over);
}

void shared_close(struct shared *s, void (*closed)(void *data), void *data)
{
    if (!s) {
        if (closed)
            closed(data);
        return;
    }
    s->closing = true;
    s->on_closed = closed;
    s->on_closed_data = data;
    if (!s->o.rows_alone)
        store_keep_in(s->o.store, NULL, NULL);
    tell_size(s, (struct shared_size){0});
    if (s->o.metrics)
        metrics_collector_remove(s->o.metrics, s);
    shared_take_stop(s);
    s->failures = 0;
    shared_guard_stop(s);
    s->look = s->must = s->phase == SHARED_HERE; /* what the next daemon will read is there */
    defer_call(s->o.soon, &s->turn);
}
