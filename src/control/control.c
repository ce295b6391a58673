/* SPDX-License-Identifier: Apache-2.0 */
/* The server's life: its socket on the loop, its tables of verbs, and the look at those whose time is over. */
#include "control/control.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "control/parts.h"

#define LOOK_MS 1000

static void control_free(struct control *c)
{
    free(c->tables);
    free(c);
}

void control_handle_closed(struct control *c)
{
    if (--c->handles)
        return;
    void (*closed)(void *) = c->closed;
    void *data = c->data;
    control_free(c);
    if (closed)
        closed(data);
}

static void pipe_closed(uv_handle_t *handle)
{
    control_handle_closed(handle->data);
}

static void timer_closed(struct deadline *timer)
{
    control_handle_closed(timer->data);
}

static void connecting(uv_stream_t *stream, int status)
{
    struct control *c = stream->data;
    if (status == 0 && !c->closing)
        control_connection_take(c);
}

static void look(struct deadline *timer)
{
    struct control *c = timer->data;
    struct control_connection *k, *next;
    uint64_t now = uv_now(c->loop);
    if (c->late)
        control_connection_take(c);
    DL_FOREACH_SAFE(c->connections, k, next)
    {
        control_connection_look(k, now);
    }
    deadline_set(timer, c->o.request_ms && c->o.request_ms < LOOK_MS ? c->o.request_ms : LOOK_MS);
}

static int listen_on(struct control *c, struct error *err)
{
    int rc = uv_pipe_open(&c->pipe, c->socket.fd);
    if (rc)
        close(c->socket.fd);
    else
        rc = uv_listen((uv_stream_t *)&c->pipe, CONTROL_BACKLOG, connecting);
    return rc ? error_set(err, ERR_IO, "cannot listen on %s: %s", c->o.path, uv_strerror(rc)) : 0;
}

int control_open(uv_loop_t *loop, const struct control_options *options, struct control **out, struct error *err)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return error_nomem(err);
    c->o = *options;
    c->loop = loop;
    int rc = options->path ? control_socket_listen(options->path, options->admits != NULL, &c->socket, err) : 0;
    if (rc) {
        control_free(c);
        return rc;
    }
    uv_pipe_init(loop, &c->pipe, 0);
    c->pipe.data = c;
    c->handles = 1;
    c->listens = options->path != NULL;
    rc = c->listens ? listen_on(c, err) : 0;
    if (rc) {
        control_socket_leave(&c->socket);
        uv_close((uv_handle_t *)&c->pipe, pipe_closed); /* frees it */
        return rc;
    }
    c->o.path = NULL;
    deadline_init(loop, &c->looks, look, c);
    c->handles++;
    uv_unref((uv_handle_t *)&c->pipe);
    uv_unref((uv_handle_t *)&c->looks.timer);
    deadline_set(&c->looks, LOOK_MS);
    *out = c;
    return 0;
}

void control_close(struct control *c, void (*closed)(void *data), void *data)
{
    struct control_connection *k, *next;
    c->closed = closed;
    c->data = data;
    c->closing = true;
    control_calls_end(c);
    if (c->listens)
        control_socket_leave(&c->socket);
    DL_FOREACH_SAFE(c->connections, k, next)
    {
        control_connection_close(k);
    }
    uv_close((uv_handle_t *)&c->pipe, pipe_closed);
    deadline_close(&c->looks, timer_closed);
}

/* ---- verbs ---- */

const char *control_access_name(enum control_access access)
{
    static const char *const names[] = {"reads", "acts", "decides"};
    return names[access];
}

static bool has(const struct control *c, const char *name)
{
    for (size_t i = 0; i < c->table_count; i++) {
        for (const struct control_verb *v = c->tables[i].verbs; v->name; v++) {
            if (strcmp(v->name, name) == 0)
                return true;
        }
    }
    return false;
}

int control_add(struct control *c, const struct control_verb *verbs, void *data, struct error *err)
{
    for (const struct control_verb *v = verbs; v->name; v++) {
        if (has(c, v->name))
            return error_set(err, ERR_INVALID, "there are two verbs \"%s\"", v->name);
    }
    struct control_table *tables = realloc(c->tables, (c->table_count + 1) * sizeof *tables);
    if (!tables)
        return error_nomem(err);
    tables[c->table_count++] = (struct control_table){verbs, data};
    c->tables = tables;
    return 0;
}
