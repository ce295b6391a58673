/* SPDX-License-Identifier: Apache-2.0 */
/* One run of an exec plugin: started, listened to, stopped when it takes too long. */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "kube/auth/exec_parts.h"

#define DRAIN_MS 500 /* after its end: what it has left behind may hold its output open for ever */
#define TAIL_MAX 2048

static void free_list(char **list)
{
    for (size_t i = 0; list && list[i]; i++) {
        secret_wipe(list[i], strlen(list[i]));
        free(list[i]);
    }
    free(list);
}

static void exec_free(struct exec *x)
{
    free(x->name);
    free(x->texts);
    free_list(x->argv); /* people give secrets in arguments, too */
    free_list(x->env);
    buf_free(&x->info);
    buf_free(&x->ca);
    free(x->ca_file);
    buf_free(&x->text);
    buf_free(&x->tail);
    free(x);
}

static void run_is_over(struct exec *x)
{
    struct credential credential = CREDENTIAL_INIT;
    struct error err;
    x->running = false;
    if (x->closed) {
        void (*closed)(void *) = x->closed;
        void *data = x->closed_data;
        exec_free(x);
        closed(data);
        return;
    }
    int rc = exec_describe(x, &credential, &err);
    buf_free(&x->text);
    buf_free(&x->tail);
    x->source.fetched(x->source.data, rc ? NULL : &credential, rc ? &err : NULL);
}

/* ---- a run ---- */

static void handle_is_closed(struct exec *x)
{
    if (--x->open == 0)
        run_is_over(x);
}

static void pipe_is_closed(uv_handle_t *handle)
{
    handle_is_closed(((struct exec_stream *)handle->data)->exec);
}

static void process_is_closed(uv_handle_t *handle)
{
    handle_is_closed(handle->data);
}

static void limit_is_closed(struct deadline *limit)
{
    handle_is_closed(limit->data);
}

static void finish(struct exec *x)
{
    if (uv_is_closing((uv_handle_t *)&x->process))
        return;
    secret_wipe(x->chunk, sizeof x->chunk);
    uv_close((uv_handle_t *)&x->process, process_is_closed);
    uv_close((uv_handle_t *)&x->out.pipe, pipe_is_closed);
    uv_close((uv_handle_t *)&x->err.pipe, pipe_is_closed);
    deadline_close(&x->limit, limit_is_closed);
}

/* With all that it has started: it is the head of its process group. Its end is then told by libuv. */
static void kill_it(struct exec *x, enum exec_end why)
{
    if (x->end == ENDED)
        x->end = why;
    if (!x->exited && x->end != NOT_STARTED && x->process.pid > 1)
        kill(-x->process.pid, SIGKILL);
}

static void limit_rang(struct deadline *limit)
{
    struct exec *x = limit->data;
    if (x->exited)
        finish(x);
    else
        kill_it(x, TIMED_OUT);
}

static void finish_if_done(struct exec *x)
{
    if (!x->exited)
        return;
    if ((x->out.ended && x->err.ended) || x->end != ENDED || x->closed)
        finish(x);
    else
        deadline_set(&x->limit, DRAIN_MS);
}

static void on_exit_of_it(uv_process_t *process, int64_t status, int signum)
{
    struct exec *x = process->data;
    x->exited = true;
    x->status = status;
    x->signal = signum;
    finish_if_done(x);
}

/* One chunk for both streams: libuv reads and hands over at once. */
static void give_chunk(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    (void)size;
    struct exec *x = ((struct exec_stream *)handle->data)->exec;
    *buf = uv_buf_init(x->chunk, sizeof x->chunk);
}

static void keep_output(struct exec *x, const char *bytes, size_t n)
{
    buf_add(&x->text, bytes, n);
    if (x->text.failed)
        kill_it(x, x->text.failed == ERR_LIMIT ? TOO_LONG : NO_MEMORY);
}

static void keep_tail(struct exec *x, const char *bytes, size_t n)
{
    if (n > TAIL_MAX) {
        bytes += n - TAIL_MAX;
        n = TAIL_MAX;
    }
    if (x->tail.len + n > TAIL_MAX) {
        size_t drop = x->tail.len + n - TAIL_MAX;
        memmove(x->tail.ptr, x->tail.ptr + drop, x->tail.len - drop);
        x->tail.len -= drop;
    }
    buf_add(&x->tail, bytes, n); /* without memory its words are missing, no more */
}

static void on_read(uv_stream_t *pipe, ssize_t n, const uv_buf_t *buf)
{
    struct exec_stream *s = pipe->data;
    struct exec *x = s->exec;
    if (n < 0) {
        uv_read_stop(pipe);
        s->ended = true;
        finish_if_done(x);
    } else if (s == &x->out && x->end == ENDED) {
        keep_output(x, buf->base, (size_t)n);
    } else if (s == &x->err) {
        keep_tail(x, buf->base, (size_t)n);
    }
}

static void open_stream(struct exec *x, struct exec_stream *s)
{
    uv_pipe_init(x->loop, &s->pipe, 0);
    s->pipe.data = s;
    s->exec = x;
    s->ended = false;
}

static void spawn(struct exec *x, const char *path)
{
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE), .data.stream = (uv_stream_t *)&x->out.pipe},
        {.flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE), .data.stream = (uv_stream_t *)&x->err.pipe}};
    uv_process_options_t options = {
        .file = path,
        .args = x->argv,
        .env = x->env,
        .flags = UV_PROCESS_DETACHED, /* a session of its own: no terminal to ask at, and a group that can be killed */
        .stdio_count = 3,
        .stdio = stdio,
        .exit_cb = on_exit_of_it,
    };
    x->running = true;
    x->exited = false;
    x->end = ENDED;
    x->open = 4;
    x->text.secret = true;
    x->text.max = EXEC_OUTPUT_MAX;
    x->tail.secret = true;
    open_stream(x, &x->out);
    open_stream(x, &x->err);
    deadline_init(x->loop, &x->limit, limit_rang, x);
    x->not_started = uv_spawn(x->loop, &x->process, &options);
    x->process.data = x;
    if (!x->not_started)
        x->not_started = uv_read_start((uv_stream_t *)&x->out.pipe, give_chunk, on_read);
    if (!x->not_started)
        x->not_started = uv_read_start((uv_stream_t *)&x->err.pipe, give_chunk, on_read);
    if (x->not_started) {
        x->end = NOT_STARTED;
        finish(x);
    } else {
        deadline_set(&x->limit, x->timeout_ms);
    }
}

/* The program is looked for and started. */
static int begin(struct exec *x, struct error *err)
{
    struct buf path = BUF_INIT;
    int rc = 0;
    if (exec_find(x->command, &path)) {
        spawn(x, path.ptr);
    } else if (path.failed) {
        rc = error_nomem(err);
    } else {
        rc = exec_not_found(x, err);
    }
    buf_free(&path);
    return rc;
}

static void read_in_worker(struct work *work)
{
    struct exec *x = (struct exec *)((char *)work - offsetof(struct exec, work));
    x->read = exec_read_ca(x, NULL);
}

/* A CA that cannot be read just now (a rotation half done) leaves the one from before. */
static void ca_was_read(struct work *work)
{
    struct exec *x = (struct exec *)((char *)work - offsetof(struct exec, work));
    struct error err;
    x->reading = false;
    if (x->closed) {
        void (*closed)(void *) = x->closed;
        void *data = x->closed_data;
        exec_free(x);
        closed(data);
        return;
    }
    int rc = x->read ? 0 : exec_tell_ca(x, buf_str(&x->ca), &err);
    if (!rc)
        rc = begin(x, &err);
    if (rc)
        x->source.fetched(x->source.data, NULL, &err);
}

static int fetch(struct auth_source *source, struct error *err)
{
    struct exec *x = (struct exec *)source;
    if (!x->ca_file)
        return begin(x, err);
    x->reading = true;
    work_start(x->loop, &x->work, read_in_worker, ca_was_read);
    return 0;
}

static void close_source(struct auth_source *source, void (*closed)(void *data), void *data)
{
    struct exec *x = (struct exec *)source;
    if (!x->running && !x->reading) {
        exec_free(x);
        closed(data);
        return;
    }
    x->closed = closed;
    x->closed_data = data;
    if (x->reading) {
        uv_cancel((uv_req_t *)&x->work.request);
        return;
    }
    kill_it(x, ENDED);
    finish_if_done(x);
}

/* ---- making it ---- */

int exec_source_new(uv_loop_t *loop, const struct kube_config *config, uint64_t timeout_ms, struct auth_source **source,
                    struct error *err)
{
    const struct kube_exec *exec = config->exec;
    struct exec *x = calloc(1, sizeof *x);
    if (!x)
        return error_nomem(err);
    x->loop = loop;
    x->timeout_ms = timeout_ms ? timeout_ms : EXEC_TIMEOUT_MS;
    x->source = (struct auth_source){.fetch = fetch, .close = close_source};
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s: the exec plugin %s", exec->origin, exec->command);
    x->source.name = x->name = buf_take(&name, NULL);
    x->texts =
        TEXTS_COPY({&x->api_version, exec->api_version}, {&x->command, exec->command}, {&x->hint, exec->install_hint});
    int rc = x->name && x->texts ? 0 : error_nomem(err);
    if (!rc)
        rc = exec_make_argv(x, exec, err);
    if (!rc)
        rc = exec_make_env(x, config, err);
    if (rc) {
        exec_free(x);
        return rc;
    }
    *source = &x->source;
    return 0;
}
