/* SPDX-License-Identifier: Apache-2.0 */
/* Writing: all that is ready becomes lines at the end of the log, and the head is put with them. Where the log in the
 * head gets long, its lines go into ConfigMaps of their own first. One write is under way at a time, so what comes
 * meanwhile goes together. */
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "shared/shared_parts.h"

#define BATCH_MAX OBJECT_LINES_MAX
#define CONFLICTS_MAX 5 /* in a row, with a person who edits the head */

static const struct backoff retry_pause = {.first_ms = 500, .most_ms = 30000};

static void put(struct shared *s);
static void step(struct shared *s);

/* ---- the end of a write ---- */

static void end_batch(struct shared *s)
{
    s->busy = false;
    s->tries = 0;
    buf_free(&s->lines);
    s->cut = 0;
    s->fresh.count = 0;
    s->with_base = false;
}

void shared_lose(struct shared *s, const struct error *err)
{
    struct shared_op *op;
    if (s->phase != SHARED_HERE)
        return;
    shared_set_phase(s, SHARED_LOST);
    error_keep(&s->trouble, err);
    log_event(s->o.log, LOG_ERROR, "the state of the replicas is lost to another",
              LOG_FIELDS({"reason", err->message}));
    deadline_stop(&s->soon);
    deadline_stop(&s->again);
    shared_guard_stop(s);
    shared_fold_stop(s);
    end_batch(s);
    DL_FOREACH(s->ops, op)
    {
        if (op->stage == OP_READY || op->stage == OP_WRITING) {
            shared_op_failed(op, err);
            shared_op_end(op, err);
        }
    }
    if (s->o.lost)
        s->o.lost(s->o.data, err);
}

static void fail(struct shared *s, const struct error *why)
{
    struct error err = *why;
    struct shared_op *op;
    if (s->phase != SHARED_HERE)
        return;
    shared_explain(s, "written", &err);
    if (err.code != ERR_UNREACHABLE && err.code != ERR_NOMEM)
        err.code = ERR_IO; /* as of a journal that cannot be written: no policy is to blame */
    if (!s->failing)
        log_event(s->o.log, LOG_ERROR, "the state that the replicas share cannot be written; it is tried again",
                  LOG_FIELDS({"reason", err.message}));
    s->failing = true;
    s->look = s->must = true; /* what was written all the same must not stay */
    metric_add(s->failed, 1, NULL);
    for (size_t i = 0; i < s->fresh.count; i++)
        object_names_add(&s->trash, s->fresh.names[i], NULL);
    end_batch(s);
    DL_FOREACH(s->ops, op)
    {
        if (op->stage == OP_WRITING) {
            op->stage = OP_READY;
            if (shared_op_failed(op, &err) || s->closing)
                shared_op_end(op, &err);
        }
    }
    if (s->closing)
        s->must = false;
    else
        deadline_set(&s->again, backoff_ms(&retry_pause, ++s->failures, NULL));
    shared_check_closed(s);
}

/* What was written to the head is the end of the log. Takes no memory, which might be missing. */
static void keep_log(struct shared *s)
{
    struct buf spare = s->log;
    s->lines.len -= s->cut;
    if (s->cut)
        memmove(s->lines.ptr, s->lines.ptr + s->cut, s->lines.len);
    s->log = s->lines;
    s->lines = spare;
}

static void written(struct shared *s, struct json object)
{
    struct shared_op *op, *next;
    struct error err;
    json_string_at(object, "/metadata/resourceVersion", s->version, sizeof s->version);
    metric_add(s->writes, 1, NULL);
    if (s->failing)
        log_event(s->o.log, LOG_INFO, "the state that the replicas share is written again", NULL);
    s->failing = s->must = false;
    s->failures = 0;
    for (size_t i = 0; i < s->fresh.count; i++)
        object_names_add(&s->head.log, s->fresh.names[i], NULL); /* there is room: see cut() */
    s->log_bytes += s->cut;
    keep_log(s);
    if (s->with_base)
        shared_fold_written(s);
    end_batch(s);
    DL_FOREACH_SAFE(s->ops, op, next)
    {
        if (op->stage != OP_WRITING)
            continue;
        if (rows_apply_all(&s->rows, buf_str(&op->lines), &err)) { /* the rows here are not those in the cluster now */
            shared_lose(s, &err);
            return;
        }
        shared_op_written(op);
    }
    shared_empty_trash(s);
    shared_fold_if_long(s);
    defer_call(s->o.soon, &s->turn);
}

/* ---- looking at the head ---- */

static void fenced(struct shared *s, const struct object_head *there)
{
    struct error err;
    error_set(&err, ERR_CONFLICT,
              "another replica (%s, epoch %lld) has taken over the state in ConfigMap %s/%s; this one, of epoch %lld, "
              "writes nothing any more",
              *there->holder ? there->holder : "unnamed", (long long)there->epoch, s->o.name_space, s->o.name,
              (long long)s->head.epoch);
    shared_lose(s, &err);
}

static void looked(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                   bool lost)
{
    struct shared *s = data;
    struct object_head there;
    struct error why;
    (void)request;
    (void)lost;
    s->request = NULL;
    if (s->phase != SHARED_HERE) {
        shared_check_closed(s);
        return;
    }
    if (!answer && err->code == ERR_NOT_FOUND && !err->no_path) {
        log_event(s->o.log, LOG_WARN, "the head of the state was deleted; it is made again",
                  LOG_FIELDS({"name", s->o.name}));
        *s->version = '\0';
    } else if (!answer) {
        fail(s, err);
        return;
    } else {
        int rc = object_read_head(answer->body, &there, &why);
        bool ours = !rc && strcmp(there.writer, s->head.writer) == 0;
        json_string_at(answer->body, "/metadata/resourceVersion", s->version, sizeof s->version);
        if (!rc && !ours)
            fenced(s, &there);
        else if (rc)
            log_event(s->o.log, LOG_WARN, "the head of the state was edited; it is put right",
                      LOG_FIELDS({"name", s->o.name}, {"reason", why.message}));
        head_free(&there);
        if (s->phase != SHARED_HERE) {
            shared_check_closed(s);
            return;
        }
    }
    s->look = false;
    step(s);
}

static void look(struct shared *s)
{
    struct error err;
    if (shared_get_head(s, looked, s, &s->request, &err))
        fail(s, &err);
}

/* ---- writing ---- */

static void head_put(void *data, struct kube_request *request, const struct kube_answer *answer,
                     const struct error *err, bool lost)
{
    struct shared *s = data;
    (void)request;
    s->request = NULL;
    if (s->phase != SHARED_HERE) {
        shared_check_closed(s);
    } else if (answer) {
        written(s, answer->body);
    } else if (err->code == ERR_CONFLICT && ++s->tries <= CONFLICTS_MAX) {
        metric_add(s->conflicts, 1, NULL);
        look(s);
    } else if (err->code == ERR_NOT_FOUND && !err->no_path && *s->version && ++s->tries <= CONFLICTS_MAX) {
        look(s);
    } else if (lost && ++s->tries <= CONFLICTS_MAX) {
        look(s); /* it may have been made; made once more, it is the same */
    } else {
        fail(s, err);
    }
}

static int copy_names(const struct object_names *from, struct object_names *to, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < from->count && !rc; i++)
        rc = object_names_add(to, from->names[i], err);
    return rc;
}

static void put(struct shared *s)
{
    struct error err;
    struct object_head head = s->head;
    head.base = head.log = (struct object_names){0};
    head.written_at = clock_now(s->o.clock);
    s->head.runs = head.runs = journal_last_run(store_journal(s->o.store));
    s->with_base = false;
    int rc = copy_names(&s->head.log, &head.log, &err);
    if (!rc)
        rc = copy_names(&s->fresh, &head.log, &err);
    if (!rc && shared_fold_into(s, &head, &err))
        s->with_base = true;
    else if (!rc)
        rc = copy_names(&s->head.base, &head.base, &err);
    if (!rc)
        rc = shared_put_head(s, &head, *s->version ? s->version : NULL,
                             str_n(s->lines.ptr + s->cut, s->lines.len - s->cut), head_put, s, &s->request, &err);
    head_free(&head);
    if (rc)
        fail(s, &err);
}

static void cut_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                     const struct error *err, bool lost)
{
    struct shared *s = data;
    (void)request;
    (void)lost;
    s->request = NULL;
    if (s->phase != SHARED_HERE) {
        shared_check_closed(s);
        return;
    }
    if (!answer) {
        fail(s, err);
        return;
    }
    size_t left = s->lines.len - s->cut;
    s->cut += left < OBJECT_LINES_MAX ? left : OBJECT_LINES_MAX;
    step(s);
}

/* The next of the lines go into a ConfigMap of their own. */
static void cut(struct shared *s)
{
    char name[24];
    struct error err;
    size_t left = s->lines.len - s->cut;
    struct str lines = {s->lines.ptr + s->cut, left < OBJECT_LINES_MAX ? left : OBJECT_LINES_MAX};
    shared_name_next(s, name);
    int rc = object_names_add(&s->fresh, name, &err);
    if (!rc)
        rc = object_names_reserve(&s->head.log, s->fresh.count, &err);
    if (!rc)
        rc = shared_create_lines(s, name, lines, cut_came, s, &s->request, &err);
    if (rc)
        fail(s, &err);
}

static void step(struct shared *s)
{
    bool cutting = s->lines.len > SHARED_LOG_MAX;
    if (s->look)
        look(s);
    else if (cutting && s->cut < s->lines.len)
        cut(s);
    else
        put(s);
}

/* ---- what is written ---- */

/* Those that may be written together, from the first on. Says whether one of them is in a hurry. */
static size_t gather(struct shared *s, bool *hurry, bool take)
{
    size_t bytes = 0, count = 0;
    struct shared_op *op;
    *hurry = s->hurry || s->closing;
    DL_FOREACH(s->ops, op)
    {
        if ((op->stage == OP_JOURNAL && !op->alone) || bytes > BATCH_MAX)
            break;
        if (op->stage != OP_READY)
            continue;
        count++;
        bytes += op->lines.len;
        *hurry = *hurry || !op->soon;
        if (take) {
            op->stage = OP_WRITING;
            buf_add_str(&s->lines, buf_str(&op->lines));
        }
    }
    return count;
}

/* Nothing of it is for the cluster. */
static void nothing_to_write(struct shared *s)
{
    struct shared_op *op, *next;
    end_batch(s);
    DL_FOREACH_SAFE(s->ops, op, next)
    {
        if (op->stage == OP_WRITING)
            shared_op_written(op);
    }
}

void shared_pump(struct shared *s)
{
    bool hurry;
    struct error err;
    if (s->busy || s->phase != SHARED_HERE || (s->failures && !s->hurry && !s->closing))
        return;
    size_t count = gather(s, &hurry, false);
    if (!count && !s->must)
        return;
    if (!hurry && !s->must) {
        if (!uv_is_active((uv_handle_t *)&s->soon.timer))
            deadline_set(&s->soon, STORE_SOON_MS);
        return;
    }
    s->busy = true;
    s->hurry = false;
    deadline_stop(&s->soon);
    buf_add_str(&s->lines, buf_str(&s->log));
    size_t before = s->lines.len;
    gather(s, &hurry, true);
    if (s->lines.failed) {
        error_nomem(&err);
        fail(s, &err);
    } else if (s->lines.len == before && !s->must) {
        nothing_to_write(s);
    } else {
        step(s);
    }
}

void shared_soon(struct deadline *d)
{
    struct shared *s = d->data;
    s->hurry = true;
    shared_pump(s);
}

void shared_again(struct deadline *d)
{
    struct shared *s = d->data;
    s->hurry = true;
    shared_pump(s);
}
