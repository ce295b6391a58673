/* SPDX-License-Identifier: Apache-2.0 */
/* The way of an operation: from the loop to the thread, and its answer back. Two lists keep the order. What fails
 * before it can be queued goes the same way, so that its answer comes in its turn. */
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "store/parts.h"

#define BATCH_MAX 256 /* operations a transaction: a bound on how long the first of them waits for the others */

/* ---- the thread ---- */

static void finish(struct store *s, struct op_list *list)
{
    const struct chain *chain = &s->writer.chain;
    uv_mutex_lock(&s->mutex);
    chain_head_text(chain->committed, chain->committed_sum, s->head);
    for (struct op *op; (op = op_shift(list));)
        op_append(&s->finished, op);
    uv_async_send(&s->async);
    uv_mutex_unlock(&s->mutex);
}

#define SOON_NS (STORE_SOON_MS * UINT64_C(1000000))

/* Until an operation comes that is not soon, or the first of those that are has waited long enough. */
static void wait_for_work(struct store *s)
{
    while (!s->pressing && !s->stopping) {
        uint64_t waited = uv_hrtime() - s->since;
        if (!s->waiting.first)
            uv_cond_wait(&s->wake, &s->mutex);
        else if (waited >= SOON_NS || uv_cond_timedwait(&s->wake, &s->mutex, SOON_NS - waited) == UV_ETIMEDOUT)
            return;
    }
}

/* Waits for work; false: stop, and nothing is waiting any more. */
static bool take(struct store *s, struct op_list *batch, struct op_list *prunes)
{
    uv_mutex_lock(&s->mutex);
    if (!prunes->first)
        wait_for_work(s);
    struct op *op;
    for (int n = 0; n < BATCH_MAX && (op = op_shift(&s->waiting)); n++)
        op_append(op->kind == OP_PRUNE && !op->failure.code ? prunes : batch, op);
    s->pressing = s->waiting.first != NULL; /* what a full transaction left behind has waited already */
    bool more = !s->stopping || batch->first;
    uv_mutex_unlock(&s->mutex);
    return more;
}

static void step_prune(struct store *s, struct op_list *prunes)
{
    uv_mutex_lock(&s->db);
    bool done = writer_prune(&s->writer, prunes->first);
    uv_mutex_unlock(&s->db);
    if (!done)
        return;
    struct op_list one = {0};
    op_append(&one, op_shift(prunes));
    finish(s, &one);
}

static void work(void *data)
{
    struct store *s = data;
    struct op_list batch = {0}, prunes = {0};
    while (take(s, &batch, &prunes)) {
        if (batch.first) {
            uv_mutex_lock(&s->db);
            writer_run(&s->writer, batch.first);
            uv_mutex_unlock(&s->db);
            finish(s, &batch);
        }
        if (prunes.first)
            step_prune(s, &prunes);
    }
    for (struct op *op = prunes.first; op; op = op->next)
        op->failure.code = ERR_CANCELLED;
    writer_close(&s->writer);
    OPENSSL_thread_stop(); /* what it keeps for this thread */
    uv_mutex_lock(&s->mutex);
    for (struct op *op; (op = op_shift(&prunes));)
        op_append(&s->finished, op);
    /* Handed over since the last look: refused already, as the closing came before. */
    for (struct op *op; (op = op_shift(&s->waiting));)
        op_append(&s->finished, op);
    s->stopped = true;
    if (!s->silent)
        uv_async_send(&s->async);
    uv_mutex_unlock(&s->mutex);
}

/* ---- the loop ---- */

static void answer(struct store *s, struct op *op)
{
    struct error err;
    error_clear(&err);
    if (op->failure.code)
        op_explain(op, s->path, &err);
    else
        store_tell_written(s, op);
    s->failures += err.code && err.code != ERR_CANCELLED;
    store_done done = op->done;
    void *data = op->data;
    int64_t id = op->failure.code && op->kind != OP_PRUNE ? 0 : op->id;
    if (op->spare)
        op_append(&s->spares, op);
    else
        free(op);
    s->outstanding--;
    if (done)
        done(data, id, err.code ? &err : NULL);
    else if (err.code && err.code != ERR_CANCELLED)
        log_line(s->log, LOG_ERROR, "not written to the journal: %s", err.message); /* the caller does not hear of it */
}

static void answer_finished(struct store *s)
{
    struct op_list ready;
    uv_mutex_lock(&s->mutex);
    ready = s->finished;
    s->finished = (struct op_list){0};
    uv_mutex_unlock(&s->mutex);
    for (struct op *op; (op = op_shift(&ready));)
        answer(s, op);
    if (s->outstanding == 0 && !s->closing)
        uv_unref((uv_handle_t *)&s->async);
}

static void on_closed(uv_handle_t *handle)
{
    struct store *s = handle->data;
    while (s->outstanding > 0) /* handed over by the last answers */
        answer_finished(s);
    void (*closed)(void *) = s->closed;
    void *data = s->closed_data;
    store_free(s);
    if (closed)
        closed(data);
}

static void on_async(uv_async_t *async)
{
    struct store *s = async->data;
    answer_finished(s);
    uv_mutex_lock(&s->mutex);
    bool stopped = s->stopped;
    uv_mutex_unlock(&s->mutex);
    if (!stopped || uv_is_closing((uv_handle_t *)async))
        return;
    uv_thread_join(&s->thread);
    uv_close((uv_handle_t *)async, on_closed);
}

void queue_submit(struct store *s, struct op *op, int refused, enum haste haste, store_done done, void *data)
{
    bool pressing = haste == STORE_NOW || s->writer.memory; /* there is no disk to spare */
    int code = s->closing ? ERR_CANCELLED : refused;
    if (!op) {
        op = op_shift(&s->spares);
        code = code ? code : ERR_NOMEM;
    }
    if (!op) {
        struct error err;
        error_nomem(&err);
        if (done)
            done(data, 0, &err);
        return;
    }
    op->done = done;
    op->data = data;
    if (code)
        op->failure = (struct failure){.code = code};
    if (s->outstanding++ == 0 && !uv_is_closing((uv_handle_t *)&s->async))
        uv_ref((uv_handle_t *)&s->async);
    uv_mutex_lock(&s->mutex);
    if (!s->waiting.first)
        s->since = uv_hrtime();
    if (pressing || !s->waiting.first) /* else the thread counts the time already */
        uv_cond_signal(&s->wake);
    s->pressing = s->pressing || pressing;
    op_append(s->stopped ? &s->finished : &s->waiting, op);
    if (s->stopped && !uv_is_closing((uv_handle_t *)&s->async))
        uv_async_send(&s->async);
    uv_mutex_unlock(&s->mutex);
}

/* ---- start and end ---- */

/* Signals are the loop's: on the thread they would only interrupt the disk. */
static int start_thread(struct store *s)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = uv_thread_create(&s->thread, work, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int queue_start(struct store *s, struct error *err)
{
    chain_head_text(s->writer.chain.committed, s->writer.chain.committed_sum, s->head);
    for (int i = 0; i < STORE_SPARES; i++) {
        s->reserve[i] = (struct op){.spare = true};
        op_append(&s->spares, &s->reserve[i]);
    }
    int rc = start_thread(s);
    if (rc)
        return error_set(err, ERR_IO, "cannot start the journal's thread: %s: raise the limit of processes (ulimit -u)",
                         uv_strerror(rc));
    rc = uv_async_init(s->loop, &s->async, on_async);
    if (rc == 0) {
        s->async.data = s;
        uv_unref((uv_handle_t *)&s->async);
        return 0;
    }
    uv_mutex_lock(&s->mutex);
    s->stopping = s->silent = true;
    uv_cond_signal(&s->wake);
    uv_mutex_unlock(&s->mutex);
    uv_thread_join(&s->thread);
    return error_set(err, ERR_IO, "cannot wake the loop from the journal's thread: %s", uv_strerror(rc));
}

bool store_busy(const struct store *store)
{
    return store->outstanding > 0;
}

void store_close(struct store *store, void (*closed)(void *data), void *data)
{
    if (!store || !store->loop) {
        store_free(store);
        if (closed)
            closed(data);
        return;
    }
    store->closing = true;
    store->closed = closed;
    store->closed_data = data;
    /* Before the writer goes, so that it is the last one and puts the WAL back into the file. */
    if (!store->writer.memory)
        sqlite3_close_v2(store->reader);
    store->reader = NULL;
    uv_ref((uv_handle_t *)&store->async);
    uv_mutex_lock(&store->mutex);
    store->stopping = true;
    uv_cond_signal(&store->wake);
    uv_mutex_unlock(&store->mutex);
}
