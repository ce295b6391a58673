/* SPDX-License-Identifier: Apache-2.0 */
/* Taking the state over: the head is written first, so that nobody else writes any more; then everything is read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube/verbs.h"
#include "shared/shared_take_parts.h"

#define TRIES 5

static void get(struct take *t);

/* ---- the end ---- */

void shared_take_end(struct take *t, const struct error *err)
{
    struct shared *s = t->of;
    void (*done)(void *, const struct error *) = t->done;
    void *data = t->data;
    struct error told;
    s->take = NULL;
    if (t->cancelled) {
        error_set(&told, ERR_CANCELLED, "the state that the replicas share was given up before it was read");
        err = &told;
    }
    shared_set_phase(s, err ? SHARED_AWAY : SHARED_HERE);
    if (err)
        rows_clear(&s->rows);
    pieces_free(&t->pieces);
    defer_cancel(&t->turn);
    head_free(&t->head);
    buf_free(&t->log);
    free(t);
    done(data, err);
    if (s->phase == SHARED_HERE) {
        shared_guard_start(s);
        shared_empty_trash(s);
        shared_fold_if_long(s);
    }
    shared_check_closed(s);
}

void shared_take_fail(struct take *t, const struct error *why, const char *doing)
{
    struct error err = *why;
    shared_explain(t->of, doing, &err);
    shared_take_end(t, &err);
}

#define RESTORE                                                                                                        \
    "; put it back from a copy, or begin again without it: kubectl delete configmap -n %s -l " OBJECT_LABEL "=%s "     \
    "(pauses, waiting approvals and what policies keep are lost with it, and policies with on = \"match\" act "        \
    "again on all jobs that match)"

void shared_take_damaged(struct take *t, const char *name, const struct error *why)
{
    const struct shared *s = t->of;
    struct error err;
    error_set(&err, ERR_INVALID, "the state cannot be read: ConfigMap %s/%s is not as mpijobd wrote it: %s" RESTORE,
              s->o.name_space, name, why->message, s->o.name_space, s->o.name);
    if (why->code == ERR_NOMEM)
        error_nomem(&err);
    shared_take_end(t, &err);
}

void shared_take_missing(struct take *t, const char *name)
{
    const struct shared *s = t->of;
    struct error err;
    error_set(&err, ERR_INVALID, "the state cannot be read: ConfigMap %s/%s, which belongs to it, is missing" RESTORE,
              s->o.name_space, name, s->o.name_space, s->o.name);
    shared_take_end(t, &err);
}

/* ---- the head ---- */

static void new_head(struct take *t)
{
    struct shared *s = t->of;
    t->head.epoch++;
    if (t->head.epoch < t->epoch)
        t->head.epoch = t->epoch;
    t->head.written_at = clock_now(s->o.clock);
    shared_random(t->head.writer);
    snprintf(t->head.holder, sizeof t->head.holder, "%s", s->o.holder ? s->o.holder : "");
}

static void head_put(void *data, struct kube_request *request, const struct kube_answer *answer,
                     const struct error *err, bool lost)
{
    struct take *t = data;
    struct error busy;
    (void)request;
    (void)lost;
    t->request = NULL;
    if (t->cancelled) {
        shared_take_end(t, NULL);
    } else if (answer) {
        json_string_at(answer->body, "/metadata/resourceVersion", t->version, sizeof t->version);
        t->created = true;
        if (t->fresh)
            defer_call(t->of->o.soon, &t->turn); /* there is nothing else */
        else
            shared_take_list(t);
    } else if (err->code == ERR_CONFLICT && ++t->tries < TRIES) {
        get(t);
    } else if (err->code == ERR_CONFLICT) {
        error_set(&busy, ERR_CONFLICT, "another replica takes it over at the same time (%s)", err->message);
        error_set_retryable(&busy, true);
        shared_take_fail(t, &busy, "taken over");
    } else {
        shared_take_fail(t, err, "taken over");
    }
}

void shared_take_create_head(struct take *t)
{
    struct error err;
    new_head(t);
    if (shared_put_head(t->of, &t->head, NULL, buf_str(&t->log), head_put, t, &t->request, &err))
        shared_take_fail(t, &err, "made");
}

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    struct take *t = data;
    struct error why;
    (void)request;
    (void)lost;
    t->request = NULL;
    head_free(&t->head);
    buf_free(&t->log);
    shared_take_forget(t);
    t->fresh = false;
    if (t->cancelled) {
        shared_take_end(t, NULL);
        return;
    }
    if (!answer && err->code == ERR_NOT_FOUND && !err->no_path) {
        t->head = (struct object_head){0};
        t->fresh = true;
        shared_take_list(t); /* others of its ConfigMaps may be there: then the head was deleted */
        return;
    }
    if (!answer) {
        shared_take_fail(t, err, "read");
        return;
    }
    if (object_read_head_lines(answer->body, &t->head, &t->log, &why)) {
        shared_take_damaged(t, t->of->o.name, &why);
        return;
    }
    json_string_at(answer->body, "/metadata/resourceVersion", t->version, sizeof t->version);
    new_head(t);
    if (shared_put_head(t->of, &t->head, t->version, buf_str(&t->log), head_put, t, &t->request, &why))
        shared_take_fail(t, &why, "taken over");
}

static void get(struct take *t)
{
    struct error err;
    if (shared_get_head(t->of, got, t, &t->request, &err))
        shared_take_fail(t, &err, "read");
}

/* ---- life ---- */

static void begin(struct defer *turn)
{
    struct take *t = turn->data;
    struct shared *s = t->of;
    if (s->request || s->fold) { /* what was given up before has not ended yet */
        defer_call(s->o.soon, &t->turn);
        return;
    }
    t->turn.call = shared_take_unpack;
    if (t->cancelled)
        shared_take_end(t, NULL);
    else
        get(t);
}

void shared_take(struct shared *s, int64_t epoch, void (*done)(void *data, const struct error *err), void *data)
{
    struct take *t = calloc(1, sizeof *t);
    if (!t) {
        struct error err;
        error_nomem(&err);
        done(data, &err);
        return;
    }
    t->of = s;
    t->epoch = epoch;
    t->done = done;
    t->data = data;
    t->turn = (struct defer){.call = begin, .data = t};
    rows_clear(&s->rows);
    error_keep(&s->trouble, NULL);
    shared_set_phase(s, SHARED_TAKING);
    s->take = t;
    defer_call(s->o.soon, &t->turn);
}

void shared_take_stop(struct shared *s)
{
    struct take *t = s->take;
    if (!t || t->cancelled)
        return;
    t->cancelled = true;
    if (t->adopting)
        return;
    if (t->request) {
        kube_cancel(t->request);
        return;
    }
    if (t->list)
        kube_list_cancel(t->list);
    t->list = NULL;
    defer_call(s->o.soon, &t->turn);
}
