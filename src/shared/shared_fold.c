/* SPDX-License-Identifier: Apache-2.0 */
/* A new base: all rows, written into ConfigMaps of their own, a part of them at a time, while the log goes on. The rows
 * may change meanwhile; what is read later is the new base and then the log from where it was when this began, and a
 * line that is carried out twice does no harm. So when the base is named in the head, the log before it can go. */
#include <stdlib.h>

#include "shared/shared_parts.h"

#define FOLD_MIN ((size_t)1024 * 1024)  /* bytes of lines in the log */
#define TURN_BYTES ((size_t)256 * 1024) /* of lines that are gathered in a turn of the loop */

struct fold {
    struct shared *of;
    struct buf lines; /* not written yet */
    size_t bytes;
    unsigned part;    /* the next */
    size_t log_count; /* so many of the log's ConfigMaps are in the base */
    size_t log_bytes;
    struct object_names names;
    struct kube_request *request;
    struct defer turn;
    bool whole, stopped;
};

static void fold_free(struct fold *f)
{
    defer_cancel(&f->turn);
    buf_free(&f->lines);
    object_names_free(&f->names);
    free(f);
}

void shared_fold_stop(struct shared *s)
{
    struct fold *f = s->fold;
    if (!f)
        return;
    if (f->request) { /* its answer frees it */
        f->stopped = true;
        kube_cancel(f->request);
        return;
    }
    s->fold = NULL;
    fold_free(f);
}

/* What is there of it is not needed. The log goes on growing, and the next try comes when it is longer. */
static void give_up(struct fold *f, const struct error *err)
{
    struct shared *s = f->of;
    struct error told = *err;
    if (s->phase == SHARED_HERE && !f->stopped) {
        shared_explain(s, "made shorter", &told);
        log_event(s->o.log, LOG_WARN, "the log of the state grows on", LOG_FIELDS({"reason", told.message}));
        for (size_t i = 0; i < f->names.count; i++)
            object_names_add(&s->trash, f->names.names[i], NULL);
        s->base_bytes += s->log_bytes;
    }
    s->fold = NULL;
    fold_free(f);
    shared_check_closed(s);
}

static void created(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                    bool lost)
{
    struct fold *f = data;
    struct error stopped;
    (void)request;
    (void)lost;
    f->request = NULL;
    error_set(&stopped, ERR_CANCELLED, "stopped");
    if (f->stopped || !answer) {
        give_up(f, answer ? &stopped : err);
        return;
    }
    size_t n = f->lines.len < OBJECT_LINES_MAX ? f->lines.len : OBJECT_LINES_MAX;
    f->lines.len -= n;
    memmove(f->lines.ptr, f->lines.ptr + n, f->lines.len);
    defer_call(f->of->o.soon, &f->turn);
}

static void create(struct fold *f)
{
    struct shared *s = f->of;
    char name[24];
    struct error err;
    size_t n = f->lines.len < OBJECT_LINES_MAX ? f->lines.len : OBJECT_LINES_MAX;
    shared_name_next(s, name);
    int rc = object_names_add(&f->names, name, &err);
    if (!rc)
        rc = shared_create_lines(s, name, str_n(f->lines.ptr, n), created, f, &f->request, &err);
    if (rc)
        give_up(f, &err);
}

/* Some parts of the rows in a turn of the loop. */
static void turn(struct defer *d)
{
    struct fold *f = d->data;
    struct shared *s = f->of;
    struct error err;
    if (f->part < ROWS_PARTS && f->lines.len < OBJECT_LINES_MAX) {
        size_t before = f->lines.len;
        while (f->part < ROWS_PARTS && f->lines.len - before < TURN_BYTES && !f->lines.failed)
            rows_write(&s->rows, f->part++, &f->lines);
        f->bytes += f->lines.len - before;
        if (buf_result(&f->lines, "the state", &err))
            give_up(f, &err);
        else
            defer_call(s->o.soon, &f->turn);
    } else if (f->lines.len) {
        create(f);
    } else {
        f->whole = true;
        s->must = true; /* the head has to name it */
        shared_pump(s);
    }
}

void shared_fold_if_long(struct shared *s)
{
    size_t most = s->base_bytes > FOLD_MIN ? s->base_bytes : FOLD_MIN;
    if (s->fold || s->closing || s->phase != SHARED_HERE || s->log_bytes <= most)
        return;
    struct fold *f = calloc(1, sizeof *f);
    if (!f)
        return; /* after the next write */
    f->of = s;
    f->log_count = s->head.log.count;
    f->log_bytes = s->log_bytes;
    f->turn = (struct defer){.call = turn, .data = f};
    s->fold = f;
    defer_call(s->o.soon, &f->turn);
}

bool shared_fold_into(struct shared *s, struct object_head *head, struct error *err)
{
    struct fold *f = s->fold;
    if (!f || !f->whole)
        return false;
    (void)err;
    for (size_t i = 0; i < f->names.count; i++) {
        if (object_names_add(&head->base, f->names.names[i], NULL)) {
            head->base.count = 0;
            return false; /* the next write */
        }
    }
    object_names_drop(&head->log, f->log_count);
    return true;
}

void shared_fold_written(struct shared *s)
{
    struct fold *f = s->fold;
    for (size_t i = 0; i < s->head.base.count; i++)
        object_names_add(&s->trash, s->head.base.names[i], NULL);
    for (size_t i = 0; i < f->log_count; i++)
        object_names_add(&s->trash, s->head.log.names[i], NULL);
    object_names_drop(&s->head.log, f->log_count);
    object_names_free(&s->head.base);
    s->head.base = f->names;
    f->names = (struct object_names){0};
    s->base_bytes = f->bytes;
    s->log_bytes -= f->log_bytes;
    s->fold = NULL;
    fold_free(f);
}
