/* SPDX-License-Identifier: Apache-2.0 */
/* One request: its line read, its verb found, its answer written. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/texts.h"
#include "control/parts.h"

struct control_request {
    struct control_connection *connection; /* NULL: it comes from within */
    struct control *control;
    struct control_call call; /* where it comes from within; verb and args are not looked at */
    int64_t id;
    bool has_id, heard_only;
    void (*gone)(void *data, struct control_request *request);
    void *data;
    struct control_request *prev, *next; /* of the connection, or of control->calls */
};

static void begin_line(struct json_writer *w, struct buf *out, const int64_t *id)
{
    json_writer_init(w, out);
    json_write_object(w);
    if (id) {
        json_write_key(w, "id");
        json_write_int(w, *id);
    }
}

static void write_error(struct json_writer *w, const struct error *err)
{
    json_write_key(w, "error");
    json_write_object(w);
    json_write_key(w, "reason");
    json_write_string(w, err->reason);
    json_write_key(w, "message");
    json_write_string(w, err->message);
    json_write_end(w);
}

void control_say(struct control_connection *k, const struct error *err)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    begin_line(&w, &out, NULL);
    write_error(&w, err);
    json_write_end(&w);
    control_connection_write(k, &out);
    buf_free(&out);
}

/* ---- answers ---- */

static const int64_t *id_of(const struct control_request *r)
{
    return r->has_id ? &r->id : NULL;
}

static void release(struct control_request *r)
{
    struct control_connection *k = r->connection;
    if (k) {
        DL_DELETE(k->requests, r);
        k->request_count--;
    } else {
        DL_DELETE(r->control->calls, r);
    }
    free(r);
}

static void say(const struct control_request *r, const char *key, struct json value, const struct error *err)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    begin_line(&w, &out, id_of(r));
    if (err) {
        write_error(&w, err);
    } else {
        json_write_key(&w, key);
        if (json_exists(value))
            json_write_raw(&w, value);
        else
            json_write_null(&w);
    }
    json_write_end(&w);
    control_connection_write(r->connection, &out);
    buf_free(&out);
}

void control_tell(struct control_request *r, struct json line)
{
    if (r->connection)
        say(r, "line", line, NULL);
    else if (r->call.told)
        r->call.told(r->call.data, line);
}

static void end(struct control_request *r, const char *key, struct json result, const struct error *err)
{
    struct control_connection *k = r->connection;
    struct control_call call = r->call;
    if (k)
        say(r, key, result, err);
    release(r);
    if (k)
        control_connection_go_on(k);
    else
        call.done(call.data, result, err);
}

void control_answer(struct control_request *r, struct json result)
{
    end(r, "result", result, NULL);
}

void control_fail(struct control_request *r, const struct error *err)
{
    end(r, "error", (struct json){0}, err);
}

void control_wait(struct control_request *r, void (*gone)(void *data, struct control_request *request), void *data)
{
    r->gone = gone;
    r->data = data;
}

void control_wait_heard(struct control_request *r)
{
    r->heard_only = true;
}

void control_requests_unheard(struct control_connection *k)
{
    struct control_request *r, *next;
    DL_FOREACH_SAFE(k->requests, r, next)
    {
        if (r->heard_only)
            control_request_give_up(r);
    }
}

void control_request_give_up(struct control_request *r)
{
    if (r->gone)
        r->gone(r->data, r);
    release(r);
}

bool control_request_heard(const struct control_request *r)
{
    return !r->connection || control_connection_heard(r->connection);
}

struct control_peer control_request_peer(const struct control_request *r)
{
    return r->connection ? r->connection->peer : r->call.peer;
}

bool control_request_together(const struct control_request *a, const struct control_request *b)
{
    return a->connection && a->connection == b->connection;
}

size_t control_request_unread(const struct control_request *r)
{
    return r->connection ? r->connection->unread : 0;
}

/* ---- verbs ---- */

static void tell_verbs(const struct control *c, struct control_request *r)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_array(&w);
    for (size_t i = 0; i < c->table_count; i++) {
        for (const struct control_verb *v = c->tables[i].verbs; v->name; v++) {
            json_write_object(&w);
            json_write_key(&w, "verb");
            json_write_string(&w, v->name);
            json_write_key(&w, "access");
            json_write_string(&w, control_access_name(v->access));
            json_write_end(&w);
        }
    }
    json_write_end(&w);
    control_answer(r, (struct json){buf_str(&out)});
    buf_free(&out);
}

static void no_verb(const struct control *c, const char *name, struct control_request *r)
{
    struct error err;
    const char *names[64];
    size_t n = 0;
    for (size_t i = 0; i < c->table_count; i++) {
        for (const struct control_verb *v = c->tables[i].verbs; v->name && n < 62; v++)
            names[n++] = v->name;
    }
    names[n++] = "verbs";
    names[n] = NULL;
    const char *near = str_nearest(name, names);
    error_set(&err, ERR_NOT_FOUND, "this daemon knows no verb \"%s\"%s%s%s", name, near ? "; did you mean \"" : "",
              or_empty(near), near ? "\"?" : "");
    control_fail(r, &err);
}

static void not_for_guests(const char *name, struct control_request *r)
{
    struct error err;
    error_set(
        &err, ERR_REFUSED,
        "an approver may list what waits for approval, look at its plan, approve, reject and extend it; \"%s\" is "
        "for the daemon's own user and root",
        name);
    control_fail(r, &err);
}

static void dispatch(const struct control *c, const char *name, struct control_request *r, struct json args)
{
    for (size_t i = 0; i < c->table_count; i++) {
        for (const struct control_verb *v = c->tables[i].verbs; v->name; v++) {
            if (strcmp(v->name, name) != 0)
                continue;
            if (control_request_peer(r).guest && v->access != CONTROL_DECIDES)
                not_for_guests(name, r);
            else
                v->handle(c->tables[i].data, r, args);
            return;
        }
    }
    if (strcmp(name, "verbs") == 0)
        tell_verbs(c, r);
    else
        no_verb(c, name, r);
}

static int read_line(struct str line, struct json *args, char verb[64], struct control_request *r, struct error *err)
{
    struct json root, id;
    int rc = json_parse(line, "the request", &root, err);
    if (rc)
        return rc;
    if (json_type(root) != JSON_OBJECT)
        return error_set(err, ERR_INVALID, "a request is an object, as {\"verb\": \"status\"}");
    id = json_get(root, "id");
    r->has_id = json_exists(id);
    if (r->has_id && !json_int64(id, &r->id)) {
        r->has_id = false;
        return error_set(err, ERR_INVALID, "the id of a request has to be a whole number");
    }
    if (json_string_at(root, "/verb", verb, 64))
        return error_set(err, ERR_INVALID, "a request names its verb, as {\"verb\": \"status\"}");
    *args = json_get(root, "args");
    if (json_type(*args) == JSON_NULL)
        *args = (struct json){0};
    if (json_exists(*args) && json_type(*args) != JSON_OBJECT)
        return error_set(err, ERR_INVALID, "the args of a request have to be an object");
    return 0;
}

void control_request_begin(struct control_connection *k, struct str line)
{
    struct error err;
    struct json args = {0};
    char verb[64];
    struct control_request *r = calloc(1, sizeof *r);
    if (!r) {
        error_nomem(&err);
        control_say(k, &err);
        return;
    }
    r->connection = k;
    r->control = k->control;
    DL_APPEND(k->requests, r);
    k->request_count++;
    if (read_line(line, &args, verb, r, &err))
        control_fail(r, &err);
    else
        dispatch(k->control, verb, r, args);
}

/* ---- from within ---- */

int control_call(struct control *c, const struct control_call *call, struct control_request **out, struct error *err)
{
    struct control_request *r = calloc(1, sizeof *r), *other;
    *out = NULL;
    if (!r)
        return error_nomem(err);
    r->control = c;
    r->call = *call;
    DL_APPEND(c->calls, r);
    dispatch(c, call->verb, r, call->args);
    DL_FOREACH(c->calls, other)
    {
        if (other == r) /* else it was answered, and is gone */
            *out = r;
    }
    return 0;
}

void control_call_give_up(struct control_request *r)
{
    control_request_give_up(r);
}

void control_calls_end(struct control *c)
{
    struct error err;
    error_set(&err, ERR_CANCELLED, "the daemon is being stopped");
    while (c->calls) {
        struct control_call call = c->calls->call;
        control_request_give_up(c->calls);
        call.done(call.data, (struct json){0}, &err);
    }
}
