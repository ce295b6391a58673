/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the journal for changes that people make by hand: `mpijobd replace` and `inspect --fix` send what they are
 * about to do, and what became of it, since the daemon has the journal to itself. Who it is, and when, the daemon says
 * itself; only the row of the same user's own intent can be ended. A row whose command dies in between stays in flight,
 * and the next start looks it up, as with a change of the daemon's own. */
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "control/verbs/parts.h"
#include "engine/engine.h"
#include "store/journal.h"
#include "store/state.h"
#include "json/write.h"

/* ---- reading what is sent ---- */

struct taken { /* a text of the args */
    const char *key;
    const char **to; /* stays NULL where the key is missing */
};

/* The texts live in one block each; free_taken frees them. ERR_INVALID: one is no text. */
static int take(struct json args, const struct taken *fields, size_t count, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < count && !rc; i++) {
        struct json value = json_get(args, fields[i].key);
        struct buf text = BUF_INIT;
        if (!json_exists(value) || json_type(value) == JSON_NULL)
            continue;
        if (json_type(value) != JSON_STRING)
            rc = error_set(err, ERR_INVALID, "%s is %s; it has to be a text", fields[i].key,
                           json_type_name(json_type(value)));
        else if (json_decode(value, &text))
            *fields[i].to = buf_take(&text, NULL);
        if (!rc && !*fields[i].to)
            rc = error_nomem(err);
        buf_free(&text);
    }
    return rc;
}

static void free_taken(const struct taken *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)*fields[i].to);
}

static int one_of(const char *key, const char *value, const char *const *names, struct error *err)
{
    for (size_t i = 0; value && names[i]; i++) {
        if (strcmp(value, names[i]) == 0)
            return 0;
    }
    return error_set(err, ERR_INVALID, "%s has to be one of %s, %s...", key, names[0], names[1]);
}

/* ---- intents ---- */

struct intent {
    struct person person;
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    struct buf args;
    bool counts; /* the ceiling of an hour counts the change */
};

static void intent_gone(void *data, struct control_request *request)
{
    (void)request;
    ((struct intent *)data)->request = NULL;
}

static void intent_free(struct intent *i)
{
    struct verbs *v = i->verbs;
    buf_free(&i->args);
    free(i);
    verbs_release(v);
}

/* The command has gone before it was told that it may go on: it has sent nothing. */
static void close_unsent(const struct verbs *v, int64_t row)
{
    struct store_outcome end = {.id = row,
                                .outcome = "not-done",
                                .message = "the command ended before it sent anything",
                                .ended_at = clock_now(v->o.clock)};
    state_outcome(v->state, &end, NULL, NULL, NULL);
}

static void answer_row(struct control_request *r, int64_t row)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_object(&w);
    json_write_key(&w, "row");
    json_write_int(&w, row);
    json_write_end(&w);
    control_answer(r, (struct json){buf_str(&out)});
    buf_free(&out);
}

static void count_change(const struct intent *i)
{
    struct json args;
    char name_space[256], uid[64];
    if (json_parse(buf_str(&i->args), "the args", &args, NULL))
        return; /* they were parsed before */
    json_string_at(args, "/namespace", name_space, sizeof name_space);
    json_string_at(args, "/uid", uid, sizeof uid);
    engine_count_change(i->verbs->o.engine, name_space, uid);
}

static void intent_written(void *data, int64_t row, const struct error *err)
{
    struct intent *i = data;
    struct verbs *v = i->verbs;
    struct error told;
    bool heard = i->request && control_request_heard(i->request);
    bool known = !err && heard && given_out_add(&v->rows, row, i->person.uid) == 0;
    if (!err && !known)
        close_unsent(v, row);
    if (known && i->counts && !v->closed)
        count_change(i);
    if (!err && !known)
        error_nomem(&told); /* or nobody hears it */
    if (i->request && known)
        answer_row(i->request, row);
    else if (i->request)
        control_fail(i->request, err ? err : &told);
    intent_free(i);
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* The run that the change belongs to: one that the asker has begun, and not ended. */
static int find_run(struct intent *i, struct json args, int64_t *run, struct error *err)
{
    struct json given = json_get(args, "run");
    const struct given *own = NULL;
    if (json_int64(given, run))
        own = given_out_find(&i->verbs->runs, *run, i->person.uid, false);
    i->counts = own && own->counts;
    if (!json_exists(given) || own)
        return 0;
    return error_set(err, ERR_NOT_FOUND, "there is no run %.*s of yours that goes on", (int)given.text.len,
                     given.text.ptr);
}

static int submit_intent(struct intent *i, struct error *err)
{
    static const char *const verbs[] = {"replace", "patch", "create", "delete", NULL};
    struct verbs *v = i->verbs;
    struct json args;
    bool frozen;
    struct store_intent row = {
        .who = i->person.name, .who_uid = i->person.number, .intended_at = clock_now(v->o.clock)};
    const char *policy = NULL;
    const struct taken fields[] = {{"policy", &policy},
                                   {"cluster", &row.cluster},
                                   {"server", &row.server},
                                   {"version", &row.version},
                                   {"resource", &row.resource},
                                   {"namespace", &row.name_space},
                                   {"name", &row.name},
                                   {"uid", &row.uid},
                                   {"resourceVersion", &row.resource_version},
                                   {"verb", &row.verb},
                                   {"diff", &row.diff},
                                   {"effect", &row.effect},
                                   {"why", &row.why},
                                   {"traceparent", &row.traceparent},
                                   {"frees", &row.frees}};
    int rc = json_parse(buf_str(&i->args), "the args", &args, err);
    if (!rc)
        rc = take(args, fields, COUNT(fields), err);
    if (!rc)
        rc = one_of("verb", row.verb, verbs, err);
    if (!rc && (!row.server || !row.name))
        rc = error_set(err, ERR_INVALID, "an intent names its server and its object");
    if (!rc)
        rc = find_run(i, args, &row.run, err);
    row.policy = policy && row.run ? policy : STORE_BY_HAND; /* an apply makes the changes of policies */
    if (!rc && !row.run)                                     /* a run that has begun may finish */
        rc = verbs_check_freeze(v, json_is_true(json_get(args, "override")), &frozen, err);
    if (!rc)
        state_intent(v->state, &row, NULL, intent_written, i);
    free_taken(fields, COUNT(fields));
    return rc;
}

static void intent_known(struct person *person)
{
    struct intent *i = (struct intent *)person;
    struct error err;
    if (!i->request || submit_intent(i, &err)) {
        if (i->request)
            control_fail(i->request, &err);
        intent_free(i);
    }
}

static void no_journal(struct control_request *r)
{
    struct error err;
    error_set(&err, ERR_IO, "this daemon has no journal");
    control_fail(r, &err);
}

static void take_intent(void *data, struct control_request *r, struct json args)
{
    struct verbs *v = data;
    struct error err;
    struct intent *i = calloc(1, sizeof *i);
    if (!v->state) {
        free(i);
        no_journal(r);
        return;
    }
    if (i)
        buf_add_str(&i->args, args.text);
    if (!i || i->args.failed || !json_exists(args)) {
        error_nomem(&err);
        if (i && !json_exists(args))
            error_set(&err, ERR_INVALID, "an intent has args");
        control_fail(r, &err);
        if (i)
            buf_free(&i->args);
        free(i);
        return;
    }
    i->verbs = v;
    i->request = r;
    verbs_hold(v);
    control_wait(r, intent_gone, i);
    person_look_up(v->o.loop, &i->person, r, intent_known);
}

/* ---- what became of them ---- */

struct ending {
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
};

static void ending_gone(void *data, struct control_request *request)
{
    (void)request;
    ((struct ending *)data)->request = NULL;
}

static void is_written(void *data, int64_t row, const struct error *err)
{
    struct ending *e = data;
    struct verbs *v = e->verbs;
    (void)row;
    if (e->request && err)
        control_fail(e->request, err);
    else if (e->request)
        control_answer(e->request, (struct json){0});
    free(e);
    verbs_release(v);
}

static struct ending *begin_ending(struct verbs *v, struct control_request *r)
{
    struct ending *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    *e = (struct ending){v, r};
    verbs_hold(v);
    control_wait(r, ending_gone, e);
    return e;
}

/* The row that the args name, of the asker's own. */
static struct given *own_row(const struct verbs *v, const struct control_request *r, struct json args, bool is_ended,
                             struct error *err)
{
    int64_t id = 0;
    struct given *row = NULL;
    if (json_int64(json_get(args, "row"), &id))
        row = given_out_find(&v->rows, id, control_request_peer(r).uid, is_ended);
    if (!row)
        error_set(err, ERR_NOT_FOUND, "there is no row %lld of yours of which this could be said", (long long)id);
    return row;
}

static int submit_outcome(struct verbs *v, struct control_request *r, struct json args, struct error *err)
{
    static const char *const outcomes[] = {"done", "failed", "lost", "not-done", NULL};
    int64_t status = 0;
    struct given *row = own_row(v, r, args, false, err);
    struct store_outcome end = {.ended_at = clock_now(v->o.clock)};
    const struct taken fields[] = {{"outcome", &end.outcome},
                                   {"message", &end.message},
                                   {"effect", &end.effect},
                                   {"why", &end.why},
                                   {"name", &end.name},
                                   {"uid", &end.uid},
                                   {"resourceVersion", &end.resource_version_after}};
    struct json given = json_get(args, "status");
    int rc = row ? 0 : ERR_NOT_FOUND;
    if (!rc && json_exists(given) && (!json_int64(given, &status) || status < 0 || status > 999))
        rc = error_set(err, ERR_INVALID, "status has to be a status of HTTP, or 0");
    if (!rc)
        rc = take(args, fields, COUNT(fields), err);
    if (!rc)
        rc = one_of("outcome", end.outcome, outcomes, err);
    struct ending *e = rc ? NULL : begin_ending(v, r);
    if (!rc && !e)
        rc = error_nomem(err);
    if (!rc) {
        end.id = row->number;
        end.status = (int)status;
        row->ended = true;
        state_outcome(v->state, &end, NULL, is_written, e);
    }
    free_taken(fields, COUNT(fields));
    return rc;
}

static void take_outcome(void *data, struct control_request *r, struct json args)
{
    struct verbs *v = data;
    struct error err;
    if (!v->state)
        no_journal(r);
    else if (submit_outcome(v, r, args, &err))
        control_fail(r, &err);
}

static void take_observed(void *data, struct control_request *r, struct json args)
{
    static const char *const seen[] = {"seen", "not-seen", NULL};
    struct verbs *v = data;
    struct error err;
    struct store_observation o = {.observed_at = clock_now(v->o.clock)};
    const struct taken fields[] = {{"observed", &o.observed}};
    if (!v->state) {
        no_journal(r);
        return;
    }
    struct given *row = own_row(v, r, args, true, &err);
    int rc = row ? take(args, fields, COUNT(fields), &err) : ERR_NOT_FOUND;
    if (!rc)
        rc = one_of("observed", o.observed, seen, &err);
    struct ending *e = rc ? NULL : begin_ending(v, r);
    if (!rc && !e)
        rc = error_nomem(&err);
    if (rc) {
        control_fail(r, &err);
    } else {
        o.id = row->number;
        state_observed(v->state, &o, is_written, e);
        given_out_remove(&v->rows, row);
    }
    free_taken(fields, COUNT(fields));
}

const struct control_verb rows_verbs[] = {
    {"intent", CONTROL_ACTS, take_intent},
    {"outcome", CONTROL_ACTS, take_outcome},
    {"observed", CONTROL_ACTS, take_observed},
    {NULL, CONTROL_READS, NULL},
};
