/* SPDX-License-Identifier: Apache-2.0 */
/* Lua that a person has the daemon evaluate: one call in a session of its own. */
#include <stdlib.h>

#include "control/verbs/parts.h"
#include "prompt/prompt.h"

struct eval {
    struct person person;
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    struct prompt *prompt;           /* NULL: it is not open yet, or is closed */
    struct buf text, answer;
    const struct error *failed; /* what is answered in its place (error_keep); NULL: nothing has */
    char cluster[320];          /* "": the only one */
    enum prompt_form form;
    int (*shape)(struct json value, struct buf *out, struct error *err);
    bool write;
    bool overrides; /* a freeze */
};

static void eval_free(struct eval *e)
{
    struct verbs *v = e->verbs;
    buf_free(&e->text);
    buf_free(&e->answer);
    error_keep(&e->failed, NULL);
    free(e);
    verbs_release(v);
}

static void fail(struct eval *e, const struct error *err)
{
    if (e->request)
        control_fail(e->request, err);
    eval_free(e);
}

/* What it has done is in the journal by now. */
static void closed(void *data)
{
    struct eval *e = data;
    if (e->failed) {
        struct error err = *e->failed;
        fail(e, &err);
        return;
    }
    if (e->request)
        control_answer(e->request, (struct json){buf_str(&e->answer)});
    eval_free(e);
}

/* Before it is known who asks, `known` frees it; later `closed` does. */
static void gone(void *data, struct control_request *request)
{
    struct eval *e = data;
    struct prompt *p = e->prompt;
    struct error err;
    (void)request;
    e->request = NULL;
    if (!p)
        return;
    e->prompt = NULL;
    error_set(&err, ERR_CANCELLED, "whoever asked has gone away");
    prompt_close(p, &err, closed, e);
}

static void ended(void *data, const struct error *why)
{
    (void)data;
    (void)why; /* the call was told before, and has closed the session */
}

void eval_printed(struct control_request *r, struct str text)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_object(&w);
    json_write_key(&w, "printed");
    json_write_str(&w, text);
    json_write_end(&w);
    if (!out.failed)
        control_tell(r, (struct json){buf_str(&out)});
    buf_free(&out);
}

void eval_write(struct buf *out, const struct prompt_answer *answer)
{
    static const char *const keys[] = {"values", "failed", "more"};
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    json_write_key(&w, keys[answer->state]);
    json_write_str(&w, answer->text);
    json_write_end(&w);
}

static void printed(void *data, struct str text)
{
    eval_printed(((struct eval *)data)->request, text);
}

/* The answer of what was returned. */
static int tell(struct eval *e, const struct prompt_answer *answer, struct error *err)
{
    struct json value;
    int rc = 0;
    if (!e->shape || answer->state != PROMPT_VALUES) {
        eval_write(&e->answer, answer);
    } else {
        rc = json_parse(answer->text, "what was returned", &value, err);
        if (!rc)
            rc = e->shape(value, &e->answer, err);
    }
    return rc ? rc : buf_result(&e->answer, "the answer", err);
}

static void answered(void *data, const struct prompt_answer *answer, const struct error *err)
{
    struct eval *e = data;
    struct prompt *p = e->prompt;
    struct error why;
    error_clear(&why);
    if (err)
        why = *err;
    else if (answer->state == PROMPT_MORE)
        error_set(&why, ERR_SYNTAX, "%.*s", (int)answer->text.len, answer->text.ptr);
    else if (answer->state == PROMPT_FAILED)
        error_set(&why, ERR_SCRIPT, "%.*s", (int)answer->text.len, answer->text.ptr);
    if (err || answer->state == PROMPT_MORE || tell(e, answer, &why))
        error_keep(&e->failed, &why);
    e->prompt = NULL;
    prompt_close(p, why.code ? &why : NULL, closed, e);
}

static void known(struct person *person)
{
    struct eval *e = (struct eval *)person;
    struct error err;
    struct prompt_options options = {
        .engine = e->verbs->o.engine,
        .count = &e->verbs->sessions,
        .cluster = *e->cluster ? e->cluster : NULL,
        .write = e->write,
        .trigger = e->overrides ? "eval-override" : "eval",
        .who = person->name,
        .uid = person->number,
        .printed = printed,
        .ended = ended,
        .data = e,
    };
    struct prompt_call call = {.text = buf_str(&e->text), .form = e->form, .done = answered, .data = e};
    if (!e->request || e->verbs->closed) {
        error_set(&err, ERR_CANCELLED, "the daemon is being stopped");
        fail(e, &err);
        return;
    }
    int rc = prompt_open(&options, &e->prompt, &err);
    if (rc) {
        fail(e, &err);
        return;
    }
    if (prompt_ask(e->prompt, &call, &err)) {
        struct prompt *p = e->prompt;
        e->prompt = NULL;
        error_keep(&e->failed, &err);
        prompt_close(p, &err, closed, e);
    }
}

static int begin(struct verbs *v, struct control_request *r, struct json args, const struct eval_verb *verb,
                 enum prompt_form form, struct error *err)
{
    bool frozen = false;
    if (verb->write && verbs_check_freeze(v, json_is_true(json_get(args, "override")), &frozen, err))
        return err->code;
    struct eval *e = calloc(1, sizeof *e);
    if (!e)
        return error_nomem(err);
    e->verbs = v;
    e->request = r;
    e->text = verb->text;
    e->shape = verb->shape;
    e->write = verb->write;
    e->overrides = frozen;
    e->form = form;
    args_text(args, "cluster", e->cluster, sizeof e->cluster);
    verbs_hold(v);
    control_wait(r, gone, e);
    control_wait_heard(r);
    person_look_up(v->o.loop, &e->person, r, known);
    return 0;
}

int eval_begin(struct verbs *v, struct control_request *r, struct json args, const struct eval_verb *verb,
               struct error *err)
{
    return begin(v, r, args, verb, verb->json ? PROMPT_JSON : PROMPT_TEXT, err);
}

static void take_eval(void *data, struct control_request *r, struct json args)
{
    struct verbs *v = data;
    struct error err;
    struct buf text = BUF_INIT;
    bool own = !json_exists(json_get(args, "session"));
    enum prompt_form form = json_is_true(json_get(args, "complete")) ? PROMPT_NAMES
                            : json_is_true(json_get(args, "json"))   ? PROMPT_JSON
                                                                     : PROMPT_TEXT;
    int rc = 0;
    if (json_type(json_get(args, "text")) != JSON_STRING)
        rc = error_set(&err, ERR_INVALID, "the args have a text to evaluate, as {\"text\": \"policies()\"}");
    if (!rc && !json_decode(json_get(args, "text"), &text))
        rc = error_nomem(&err);
    if (!rc && own)
        rc = begin(v, r, args, &(struct eval_verb){.text = text, .write = json_is_true(json_get(args, "write"))}, form,
                   &err);
    else if (!rc)
        rc = session_eval(v, r, args, &(struct prompt_call){.text = buf_str(&text), .form = form}, &err);
    if (rc || !own)
        buf_free(&text);
    if (rc)
        control_fail(r, &err);
}

const struct control_verb eval_verbs[] = {{"eval", CONTROL_ACTS, take_eval}, {NULL, CONTROL_READS, NULL}};
