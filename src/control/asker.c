/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a daemon over one connection, and which line answers which. */
#include "control/asker.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "base/buf.h"
#include "control/control.h"
#include "control/socket_file.h"
#include "loop/timer.h"
#include "json/write.h"

#define LOOK_MS 500
#define ANSWER_MAX (CONTROL_UNREAD_MAX + 65536)

struct question {
    int64_t id;
    uint64_t until; /* in ms of the loop; 0: for ever */
    void (*told)(void *data, struct json line);
    void (*done)(void *data, struct json result, const struct error *err);
    void *data;
    struct question *prev, *next;
};

struct control_asker {
    uv_loop_t *loop;
    uv_pipe_t pipe;
    struct deadline looks;
    struct buf in;
    size_t looked; /* bytes of `in` that hold no line's end */
    int64_t last_id;
    struct question *questions;
    const struct error *broken; /* why nothing comes any more (error_keep); NULL: it may */
    bool closing;
    int handles;
    void (*closed)(void *data);
    void *data;
};

struct sent {
    uv_write_t write;
    char *text;
};

/* ---- the end of questions ---- */

static void end_question(struct control_asker *c, struct question *q, struct json result, const struct error *err)
{
    DL_DELETE(c->questions, q);
    q->done(q->data, result, err);
    free(q);
}

static void end_all(struct control_asker *c, const struct error *err)
{
    while (c->questions)
        end_question(c, c->questions, (struct json){0}, err);
}

static void fail_all(struct control_asker *c, int code, const char *what)
{
    struct error err;
    if (c->broken)
        return;
    error_set(&err, code, "%s", what);
    error_keep(&c->broken, &err);
    uv_read_stop((uv_stream_t *)&c->pipe);
    end_all(c, &err);
}

static void look(struct deadline *timer)
{
    struct control_asker *c = timer->data;
    struct question *q, *next;
    struct error err;
    uint64_t now = uv_now(c->loop);
    if (c->broken) /* asked after the connection was lost */
        end_all(c, c->broken);
    DL_FOREACH_SAFE(c->questions, q, next)
    {
        if (!q->until || now < q->until)
            continue;
        error_set(&err, ERR_TIMEOUT, "the daemon has not answered in time");
        end_question(c, q, (struct json){0}, &err);
    }
    if (c->questions)
        deadline_set(timer, LOOK_MS);
}

/* ---- lines that come ---- */

static void read_error(struct json json, struct error *err)
{
    struct buf message = BUF_INIT;
    char reason[ERROR_REASON_MAX];
    int code = ERR_NOMEM;
    json_string_at(json, "/reason", reason, sizeof reason);
    while (code > ERR_SCRIPT && strcmp(error_reason(code), reason) != 0)
        code--;
    json_decode(json_get(json, "message"), &message);
    error_set(err, code, "%s", message.ptr ? message.ptr : "the daemon said no");
    buf_free(&message);
}

static void line_came(struct control_asker *c, struct str line)
{
    struct json root, value;
    struct error err;
    struct question *q;
    int64_t id = 0;
    if (json_parse(line, "the daemon's answer", &root, &err) || json_type(root) != JSON_OBJECT) {
        fail_all(c, ERR_PROTOCOL, "what answers there is no mpijobd");
        return;
    }
    bool named = json_int64(json_get(root, "id"), &id);
    bool failed = json_exists(json_get(root, "error"));
    if (failed)
        read_error(json_get(root, "error"), &err);
    if (!named && failed) { /* it belongs to the connection */
        fail_all(c, err.code, err.message);
        return;
    }
    DL_FOREACH(c->questions, q)
    {
        if (q->id == id)
            break;
    }
    if (!q) /* its time was over */
        return;
    value = json_get(root, "line");
    if (failed)
        end_question(c, q, (struct json){0}, &err);
    else if (!json_exists(value))
        end_question(c, q, json_get(root, "result"), NULL);
    else if (q->told)
        q->told(q->data, value);
}

static void take_lines(struct control_asker *c)
{
    size_t at = 0;
    while (!c->broken && !c->closing) {
        size_t skip = at ? 0 : c->looked;
        const char *from = c->in.ptr + at;
        const char *eol = memchr(from + skip, '\n', c->in.len - at - skip);
        if (!eol)
            break;
        size_t len = (size_t)(eol - from);
        at += len + 1;
        line_came(c, str_n(from, len));
    }
    memmove(c->in.ptr, c->in.ptr + at, c->in.len - at);
    c->in.len -= at;
    c->looked = c->in.len;
}

static void room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct control_asker *c = handle->data;
    *buf = uv_buf_init(NULL, 0);
    if (buf_reserve(&c->in, suggested) == 0)
        *buf = uv_buf_init(c->in.ptr + c->in.len, (unsigned)suggested);
}

static void came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct control_asker *c = stream->data;
    (void)buf;
    if (n > 0) {
        c->in.len += (size_t)n;
        c->in.ptr[c->in.len] = '\0';
        take_lines(c);
    } else if (n == UV_ENOBUFS) {
        fail_all(c, ERR_LIMIT, "the daemon's answer is too long");
    } else if (n < 0) {
        fail_all(c, ERR_UNREACHABLE, "the daemon has closed the connection before it answered");
    }
}

/* ---- asking ---- */

/* Its questions are answered by the next look. */
static void fail_later(struct control_asker *c)
{
    struct error err;
    if (c->broken)
        return;
    error_set(&err, ERR_UNREACHABLE, "the daemon has closed the connection");
    error_keep(&c->broken, &err);
    uv_read_stop((uv_stream_t *)&c->pipe);
}

static void written(uv_write_t *write, int status)
{
    struct sent *sent = (struct sent *)write;
    (void)status; /* the reading hears of it, too */
    free(sent->text);
    free(sent);
}

static struct sent *line_of(const struct control_question *question, int64_t id, size_t *len)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_object(&w);
    json_write_key(&w, "id");
    json_write_int(&w, id);
    json_write_key(&w, "verb");
    json_write_string(&w, question->verb);
    if (json_exists(question->args)) {
        json_write_key(&w, "args");
        json_write_raw(&w, question->args);
    }
    json_write_end(&w);
    buf_putc(&out, '\n');
    struct sent *sent = calloc(1, sizeof *sent);
    *len = out.len;
    char *text = buf_take(&out, NULL);
    buf_free(&out);
    if (sent && text) {
        sent->text = text;
        return sent;
    }
    free(sent);
    free(text);
    return NULL;
}

int control_ask(struct control_asker *c, const struct control_question *question, struct error *err)
{
    size_t len;
    struct question *q = calloc(1, sizeof *q);
    struct sent *sent = line_of(question, c->last_id + 1, &len);
    if (!q || !sent || len > CONTROL_LINE_MAX) {
        free(q);
        if (sent)
            free(sent->text);
        bool memory = !q || !sent;
        free(sent);
        return memory ? error_nomem(err)
                      : error_set(err, ERR_LIMIT, "what the daemon is to be told is longer than 4 MiB");
    }
    *q = (struct question){.id = ++c->last_id,
                           .until = question->ms ? uv_now(c->loop) + question->ms : 0,
                           .told = question->told,
                           .done = question->done,
                           .data = question->data};
    DL_APPEND(c->questions, q);
    uv_buf_t what = uv_buf_init(sent->text, (unsigned)len);
    if (c->broken || uv_write(&sent->write, (uv_stream_t *)&c->pipe, &what, 1, written)) {
        free(sent->text);
        free(sent);
        fail_later(c);
    }
    deadline_set(&c->looks, c->broken ? 0 : LOOK_MS);
    return 0;
}

size_t control_asker_waiting(const struct control_asker *c)
{
    size_t n = 0;
    struct question *q;
    DL_FOREACH(c->questions, q)
    {
        n++;
    }
    return n;
}

/* ---- life ---- */

static void handle_closed(struct control_asker *c)
{
    if (--c->handles)
        return;
    void (*closed)(void *) = c->closed;
    void *data = c->data;
    buf_free(&c->in);
    error_keep(&c->broken, NULL);
    free(c);
    if (closed)
        closed(data);
}

static void pipe_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void timer_closed(struct deadline *timer)
{
    handle_closed(timer->data);
}

int control_connect(uv_loop_t *loop, const char *path, struct control_asker **out, struct error *err)
{
    int fd;
    int rc = control_socket_connect(path, &fd, err);
    if (rc)
        return rc;
    struct control_asker *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return error_nomem(err);
    }
    c->loop = loop;
    buf_init(&c->in, ANSWER_MAX);
    uv_pipe_init(loop, &c->pipe, 0);
    c->pipe.data = c;
    deadline_init(loop, &c->looks, look, c);
    c->handles = 2;
    rc = uv_pipe_open(&c->pipe, fd);
    if (rc)
        close(fd);
    else
        rc = uv_read_start((uv_stream_t *)&c->pipe, room, came);
    if (rc) {
        control_asker_close(c, NULL, NULL);
        return error_set(err, ERR_IO, "cannot talk to %s: %s", path, uv_strerror(rc));
    }
    *out = c;
    return 0;
}

void control_asker_close(struct control_asker *c, void (*closed)(void *data), void *data)
{
    struct error err;
    c->closing = true;
    c->closed = closed;
    c->data = data;
    error_set(&err, ERR_CANCELLED, "not waited for any more");
    end_all(c, &err);
    uv_close((uv_handle_t *)&c->pipe, pipe_closed);
    deadline_close(&c->looks, timer_closed);
}
