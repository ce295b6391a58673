/* SPDX-License-Identifier: Apache-2.0 */
/* A lost answer: the object shows what became of the write, now or, where it cannot be read, at the next start; and the
 * second of two writes, which is made by what the object shows. */
#include "change/late.h"
#include "change/write_parts.h"

#define LOOK_AGAIN_MS 1000
#define REST_DOUBLES 5 /* up to 32 s */

static void pause_over(struct deadline *pause);

/* The object could not be looked up: the row stays in flight, so that the next start does it. */
static void leave_open(struct write *w, const struct error *why)
{
    struct error told = *why;
    w->unknown = true;
    error_prefix(&told,
                 "the answer to a %s was lost, and its outcome could not be looked up; its row in the journal stays in "
                 "flight, and the next start looks it up",
                 write_verb_name(w->verb));
    write_finish(w, NULL, &told);
}

/* Out of memory: once there is some, it can be looked up. */
static void look_later(struct write *w)
{
    if (!w->pause.data)
        deadline_init(w->site->loop, &w->pause, pause_over, w);
    deadline_set(&w->pause, LOOK_AGAIN_MS);
}

void write_rest_later(struct write *w, const struct error *why)
{
    const struct error kept = *why;
    unsigned doubles = w->rests < REST_DOUBLES ? w->rests : REST_DOUBLES;
    w->rests++;
    error_keep(&w->lost, &kept);
    if (!w->pause.data)
        deadline_init(w->site->loop, &w->pause, pause_over, w);
    deadline_set(&w->pause, w->abandoned ? 0 : (uint64_t)LOOK_AGAIN_MS << doubles);
}

static void not_looked_up(struct write *w, const struct error *why)
{
    if (w->begun && !w->first.len)
        write_rest_later(w, why);
    else
        leave_open(w, why);
}

/* True: the first of two writes was made, and the second is on its way. */
static bool send_rest(struct write *w, const struct write_row *row, struct json object)
{
    struct buf body = BUF_INIT;
    struct error err;
    int rc = write_rest(row, object, &body, &err);
    if (!rc && !body.len)
        return false;
    if (!rc) {
        buf_free(&w->first);
        buf_free(&w->body);
        w->body = body;
        w->begun = true;
        rc = write_send(w, &err);
    } else {
        buf_free(&body);
    }
    if (rc)
        write_rest_later(w, &err);
    return true;
}

static void looked(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                   bool lost)
{
    (void)request, (void)lost;
    struct write *w = data;
    w->request = NULL;
    if (w->abandoned) {
        write_given_up(w);
        return;
    }
    if (err && err->code == ERR_NOMEM) {
        look_later(w);
        return;
    }
    if (err && (err->code != ERR_NOT_FOUND || err->no_path)) {
        not_looked_up(w, err);
        return;
    }
    struct json object = answer ? answer->body : (struct json){{0}};
    struct error told = *w->lost;
    char resource[WRITE_RESOURCE_MAX];
    const char *removed = w->second ? write_in_steps(write_resource_name(&w->resource, resource)) : NULL;
    struct write_row row = {w->uid, w->resource_version, w->diff.len ? w->diff.ptr : "", w->intended_at, removed};
    if (send_rest(w, &row, object))
        return;
    enum write_trace trace = write_trace(w->verb, &row, object);
    if (trace == WRITE_UNKNOWN &&
        (w->first.len || w->begun)) /* half of it shows nothing; what is there is begun again */
        trace = WRITE_WAS_NOT_DONE;
    switch (trace) {
    case WRITE_WAS_DONE:
        write_row_end(w, "done", 0, "the answer was lost; reading the object showed that it was done", object);
        write_finish(w, answer, NULL);
        break;
    case WRITE_WAS_NOT_DONE:
    case WRITE_WAS_BEGUN:
        told.retryable = true;
        w->not_done = true;
        late_note(w->site->late, w->handled_key, w->verb, &row, w->row);
        write_fail(w, "not-done", &told);
        break;
    case WRITE_UNKNOWN:
        told.retryable = false;
        w->unknown = true;
        write_fail(w, "lost", &told);
        break;
    case WRITE_NO_MEMORY:
        look_later(w);
        break;
    }
}

static void ask(struct write *w)
{
    struct kube_call call = {
        .resource = &w->resource, .name_space = w->name_space, .name = w->name, .done = looked, .data = w};
    call.seat = (struct seat_for){w->policy, w->rank};
    int rc = kube_get(cluster_kube(w->site->cluster), &call, &w->request, NULL);
    if (rc == ERR_NOMEM)
        look_later(w);
    else if (rc)
        not_looked_up(w, w->lost);
}

static void pause_over(struct deadline *pause)
{
    struct write *w = pause->data;
    if (w->abandoned)
        write_given_up(w);
    else
        ask(w);
}

void write_look(struct write *w, const struct error *why)
{
    error_keep(&w->lost, why);
    if (!*w->name) { /* the server was to choose the name, so the object cannot be looked up */
        struct error told = *why;
        told.retryable = false; /* another try might make a second object */
        w->unknown = true;
        write_fail(w, "lost", &told);
        return;
    }
    ask(w);
}
