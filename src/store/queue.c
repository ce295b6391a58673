/* The way of an operation: from the loop to the thread, and its answer back. Order is kept by two lists; whatever
 * fails, also before it could be queued, goes the same way. */
#include <signal.h>
#include <stdlib.h>

#include "store/parts.h"

#define BATCH_MAX 256 /* operations a transaction: a bound on how long the first of them waits for the others */

/* ---- the thread ---- */

static void finish(struct store *s, struct op_list *list)
{
    uv_mutex_lock(&s->mutex);
    for (struct op *op; (op = op_shift(list));)
        op_append(&s->finished, op);
    uv_async_send(&s->async);
    uv_mutex_unlock(&s->mutex);
}

#define SOON_NS (STORE_SOON_MS * UINT64_C(1000000))

/* Until somebody waits for an answer, or the first that nobody waits for has waited long enough. */
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
        log_line(s->log, LOG_ERROR, "not written to the journal: %s", err.message); /* nobody else would tell */
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

static void submit(struct store *s, struct op *op, int refused, bool pressing, store_done done, void *data)
{
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

static int64_t run_begin(struct store *store, const struct store_run *run, bool pressing, store_done done, void *data)
{
    struct store_run numbered = *run;
    numbered.id = ++store->last_run;
    submit(store, op_of_run(OP_RUN_BEGIN, &numbered), 0, pressing, done, data);
    return numbered.id;
}

void store_run_begin(struct store *store, const struct store_run *run, store_done done, void *data)
{
    run_begin(store, run, true, done, data);
}

int64_t store_run_begin_soon(struct store *store, const struct store_run *run, store_done done, void *data)
{
    return run_begin(store, run, false, done, data);
}

void store_run_end(struct store *store, const struct store_run *run, store_done done, void *data)
{
    submit(store, op_of_run(OP_RUN_END, run), run->outcome ? 0 : ERR_INVALID, true, done, data);
}

void store_run_end_soon(struct store *store, const struct store_run *run, store_done done, void *data)
{
    submit(store, op_of_run(OP_RUN_END, run), run->outcome ? 0 : ERR_INVALID, false, done, data);
}

void store_intent(struct store *store, const struct store_change *change, store_done done, void *data)
{
    submit(store, op_of_change(OP_INTENT, change), 0, true, done, data);
}

void store_outcome(struct store *store, const struct store_change *change, store_done done, void *data)
{
    submit(store, op_of_change(OP_OUTCOME, change), change->outcome ? 0 : ERR_INVALID, true, done, data);
}

void store_observed(struct store *store, const struct store_change *change, store_done done, void *data)
{
    submit(store, op_of_change(OP_OBSERVED, change), 0, false, done, data);
}

void store_set_mark(struct store *store, const char *policy, int64_t scheduled_at, store_done done, void *data)
{
    submit(store, op_of_mark(OP_MARK, policy, scheduled_at), 0, true, done, data);
}

void store_remove_mark(struct store *store, const char *policy, store_done done, void *data)
{
    submit(store, op_of_mark(OP_UNMARK, policy, 0), 0, true, done, data);
}

void store_set_handled(struct store *store, const struct store_handled *row, store_done done, void *data)
{
    submit(store, op_of_handled(row), 0, false, done, data);
}

void store_sync(struct store *store, store_done done, void *data)
{
    submit(store, op_of_nothing(), 0, true, done, data);
}

void store_prune(struct store *store, int64_t before_us, store_done done, void *data)
{
    submit(store, op_of_prune(before_us), 0, true, done, data);
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
