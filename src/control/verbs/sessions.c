/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of Lua that a person holds open (mpijobd attach): each is a request that lasts as long as the session, on
 * whose connection the calls are asked. */
#include <stdlib.h>
#include <utlist.h>

#include "control/verbs/parts.h"
#include "loop/timer.h"
#include "prompt/prompt.h"

#define IDLE_S 1800                           /* without a call; an asker may want less */
#define UNREAD_MOST ((size_t)2 * 1024 * 1024) /* bytes of answers: who does not read them has no further call */

struct sitting {
    struct person person;
    struct verbs *verbs;
    struct control_request *request; /* that the session is; NULL: it has ended */
    struct control_request *call;    /* under way; NULL: none is */
    struct prompt *prompt;           /* NULL: it is not open yet, or has ended */
    struct deadline idle;
    int64_t id, idle_s;
    char cluster[320]; /* "": the only one */
    bool write;
    bool overrides; /* a freeze */
    struct sitting *prev, *next;
};

/* ---- the end ---- */

static void freed(struct deadline *d)
{
    struct sitting *s = d->data;
    struct verbs *v = s->verbs;
    free(s);
    verbs_release(v);
}

/* The prompt is closed, and whoever asked knows. */
static void leave(struct sitting *s)
{
    s->prompt = NULL;
    s->request = NULL;
    DL_DELETE(s->verbs->sittings, s);
    deadline_close(&s->idle, freed);
}

/* Before it is known who asks, `known` ends it. */
static void gone(void *data, struct control_request *request)
{
    struct sitting *s = data;
    (void)request;
    s->request = NULL;
    if (!s->prompt)
        return;
    log_event(s->verbs->o.log, LOG_INFO, "a session of Lua ends", LOG_FIELDS({"by", s->person.name}));
    prompt_close(s->prompt, NULL, NULL, NULL);
    leave(s);
}

static void fail(struct sitting *s, const struct error *err)
{
    if (s->request)
        control_fail(s->request, err);
    leave(s);
}

static void ended(void *data, const struct error *why)
{
    fail(data, why);
}

static void idle(struct deadline *d)
{
    struct sitting *s = d->data;
    struct error err;
    if (!s->prompt || s->call)
        return;
    error_set(&err, ERR_TIMEOUT, "the session was ended, as it had no call for %lld s", (long long)s->idle_s);
    prompt_close(s->prompt, NULL, NULL, NULL);
    fail(s, &err);
}

/* ---- calls ---- */

static void call_gone(void *data, struct control_request *request)
{
    (void)request;
    ((struct sitting *)data)->call = NULL;
}

static void printed(void *data, struct str text)
{
    const struct sitting *s = data;
    if (s->call)
        eval_printed(s->call, text);
}

static void answered(void *data, const struct prompt_answer *answer, const struct error *err)
{
    struct sitting *s = data;
    struct control_request *call = s->call;
    struct buf out = BUF_INIT;
    struct error memory;
    s->call = NULL;
    deadline_set(&s->idle, (uint64_t)s->idle_s * 1000);
    if (!call)
        return;
    if (!err)
        eval_write(&out, answer);
    if (out.failed) {
        error_nomem(&memory);
        err = &memory;
    }
    if (err)
        control_fail(call, err);
    else
        control_answer(call, (struct json){buf_str(&out)});
    buf_free(&out);
}

static struct sitting *find(const struct verbs *v, const struct control_request *r, struct json args, struct error *err)
{
    int64_t id = 0;
    struct sitting *s = NULL;
    if (json_int64(json_get(args, "session"), &id)) {
        DL_SEARCH_SCALAR(v->sittings, s, id, id);
    }
    if (s && s->prompt && control_request_together(r, s->request))
        return s;
    error_set(err, ERR_NOT_FOUND, "this connection has no such session");
    return NULL;
}

int session_eval(struct verbs *v, struct control_request *r, struct json args, const struct prompt_call *call,
                 struct error *err)
{
    struct sitting *s = find(v, r, args, err);
    struct prompt_call own = *call;
    if (!s)
        return err->code;
    if (control_request_unread(r) > UNREAD_MOST)
        return error_set(err, ERR_LIMIT, "what was answered is to be read first");
    own.done = answered;
    own.data = s;
    int rc = prompt_ask(s->prompt, &own, err);
    if (rc)
        return rc;
    s->call = r;
    deadline_stop(&s->idle);
    control_wait(r, call_gone, s);
    control_wait_heard(r);
    return 0;
}

static void take_interrupt(void *data, struct control_request *r, struct json args)
{
    struct error err;
    struct sitting *s = find(data, r, args, &err);
    if (!s) {
        control_fail(r, &err);
        return;
    }
    prompt_interrupt(s->prompt);
    control_answer(r, (struct json){0});
}

/* ---- the beginning ---- */

static void tell_begun(const struct sitting *s)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_object(&w);
    write_number(&w, "session", s->id);
    json_write_key(&w, "write");
    json_write_bool(&w, s->write);
    write_number(&w, "idle", s->idle_s);
    json_write_end(&w);
    if (!out.failed)
        control_tell(s->request, (struct json){buf_str(&out)});
    buf_free(&out);
}

static void known(struct person *person)
{
    struct sitting *s = (struct sitting *)person;
    struct verbs *v = s->verbs;
    struct error err;
    struct prompt_options options = {
        .engine = v->o.engine,
        .count = &v->sessions,
        .cluster = *s->cluster ? s->cluster : NULL,
        .write = s->write,
        .trigger = s->overrides ? "attach-override" : "attach",
        .who = person->name,
        .uid = person->number,
        .printed = printed,
        .ended = ended,
        .data = s,
    };
    int rc = 0;
    if (!s->request || v->closed)
        rc = error_set(&err, ERR_CANCELLED, "the daemon is being stopped");
    if (!rc)
        rc = prompt_open(&options, &s->prompt, &err);
    if (rc) {
        fail(s, &err);
        return;
    }
    log_event(v->o.log, LOG_INFO, "a session of Lua begins",
              LOG_FIELDS({"by", person->name}, LOG_JSON_FIELD("write", s->write ? "true" : "false")));
    tell_begun(s);
    deadline_set(&s->idle, (uint64_t)s->idle_s * 1000);
}

static void take_attach(void *data, struct control_request *r, struct json args)
{
    struct verbs *v = data;
    struct error err;
    struct json given = json_get(args, "idle");
    int64_t idle_s = IDLE_S;
    if (json_exists(given) && (!json_int64(given, &idle_s) || idle_s < 1 || idle_s > IDLE_S)) {
        error_set(&err, ERR_INVALID, "idle has to be a whole number of seconds from 1 to %d", IDLE_S);
        control_fail(r, &err);
        return;
    }
    bool write = json_is_true(json_get(args, "write")), frozen = false;
    if (write && verbs_check_freeze(v, json_is_true(json_get(args, "override")), &frozen, &err)) {
        control_fail(r, &err);
        return;
    }
    struct sitting *s = calloc(1, sizeof *s);
    if (!s) {
        error_nomem(&err);
        control_fail(r, &err);
        return;
    }
    s->verbs = v;
    s->request = r;
    s->id = ++v->last_session;
    s->idle_s = idle_s;
    s->write = write;
    s->overrides = frozen;
    args_text(args, "cluster", s->cluster, sizeof s->cluster);
    deadline_init(v->o.loop, &s->idle, idle, s);
    DL_APPEND(v->sittings, s);
    verbs_hold(v);
    control_wait(r, gone, s);
    control_wait_heard(r);
    person_look_up(v->o.loop, &s->person, r, known);
}

const struct control_verb session_verbs[] = {
    {"attach", CONTROL_ACTS, take_attach}, {"interrupt", CONTROL_ACTS, take_interrupt}, {NULL, CONTROL_READS, NULL}};
