/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that wait to be written, and their answers in the order of the calls. */
#include <stdlib.h>
#include <utlist.h>

#include "shared/shared_parts.h"

struct shared_op *shared_op_new(struct shared *s, enum op_kind kind, store_done done, void *data)
{
    struct shared_op *op = calloc(1, sizeof *op);
    if (!op) { /* it comes before its turn, as there is nothing to remember it by */
        struct error err;
        error_nomem(&err);
        if (done)
            done(data, 0, &err);
        else
            log_line(s->o.log, LOG_ERROR, "not written to the state: out of memory");
        return NULL;
    }
    op->of = s;
    op->kind = kind;
    op->stage = OP_READY;
    op->done = done;
    op->data = data;
    return op;
}

void shared_op_free(struct shared_op *op)
{
    error_keep(&op->error, NULL);
    buf_free(&op->lines);
    buf_free(&op->value);
    free(op->texts);
    free(op);
}

void shared_op_end(struct shared_op *op, const struct error *err)
{
    op->stage = OP_OVER;
    if (err)
        error_keep(&op->error, err);
    defer_call(op->of->o.soon, &op->of->turn);
}

static void answer(struct shared_op *op)
{
    struct shared *s = op->of;
    const struct error *err = op->error;
    if (op->done)
        op->done(op->data, err ? 0 : op->id, err);
    else if (err && err->code != ERR_CANCELLED)
        log_line(s->o.log, LOG_ERROR, "not written to the state: %s", err->message);
    shared_op_free(op);
}

/* What nobody waits for may stay behind, and be tried again. */
void shared_deliver(struct defer *turn)
{
    struct shared *s = turn->data;
    struct shared_op *op = s->ops, *next, *over = NULL;
    for (; op && (op->stage == OP_OVER || !op->done); op = next) {
        next = op->next;
        if (op->stage != OP_OVER)
            continue;
        DL_DELETE(s->ops, op);
        DL_APPEND(over, op);
    }
    while ((op = over)) {
        DL_DELETE(over, op);
        answer(op);
    }
    shared_pump(s);
    shared_check_closed(s);
}

void shared_submit(struct shared *s, struct shared_op *op)
{
    struct error err;
    if (!op)
        return;
    DL_APPEND(s->ops, op);
    if (op->stage == OP_OVER)
        return;
    if (op->lines.failed || op->value.failed) {
        error_nomem(&err);
        shared_op_end(op, &err);
    } else if (op->alone && !s->closing) {
        op->stage = OP_JOURNAL; /* the caller writes it */
    } else if (s->closing || s->phase == SHARED_AWAY || s->phase == SHARED_TAKING) {
        error_set(&err, ERR_CANCELLED, "this replica does not have the state that the replicas share%s",
                  s->phase == SHARED_TAKING ? " yet" : "");
        shared_op_end(op, &err);
    } else if (s->phase == SHARED_LOST) {
        shared_op_end(op, s->trouble);
    } else {
        defer_call(s->o.soon, &s->turn); /* with what else this turn of the loop brings */
    }
}
