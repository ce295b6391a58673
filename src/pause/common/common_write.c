/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be paused or resumed: put into the ConfigMap as it was just read, so that nothing of others is lost. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/texts.h"
#include "kube/verbs.h"
#include "pause/common/common_parts.h"
#include "pause/pauses.h"
#include "json/write.h"

/* ---- rows ---- */

static bool has(void *data, const char *space)
{
    const struct common_pauses *c = data;
    return !c->own_file && strcmp(space, PAUSES_SPACE) == 0;
}

static bool is_by_breaker(const struct store_kept *row)
{
    struct paused_mark mark;
    pauses_mark_read(row->key, row->value, &mark);
    return strcmp(mark.who, PAUSED_BY_BREAKER) == 0;
}

static void keep(void *data, const struct store_kept *row, store_done done, void *done_data)
{
    struct common_pauses *c = data;
    struct common_op *op = calloc(1, sizeof *op);
    struct error err;
    if (op) {
        *op = (struct common_op){
            .row = {.space = PAUSES_SPACE}, .done = done, .data = done_data, .since = uv_now(c->o.loop)};
        op->texts = TEXTS_COPY({&op->row.key, row->key}, {&op->row.value, row->value});
        op->lasting = row->value && is_by_breaker(row);
    }
    if (!op || !op->texts) {
        free(op);
        error_nomem(&err);
        if (done)
            done(done_data, 0, &err);
        return;
    }
    c->tries = 0;
    DL_APPEND(c->ops, op);
    common_look(c, false);
}

/* On the loop's thread alone: nobody else asks for these rows. */
static int read_rows(void *data, const char *space, bool (*row)(void *data, const struct store_kept *row),
                     void *row_data, struct error *err)
{
    const struct common_pauses *c = data;
    bool more = true;
    for (size_t i = 0; i < c->known.count && more; i++) {
        struct buf text = BUF_INIT;
        pauses_mark_write(&c->known.marks[i], &text);
        int rc = buf_result(&text, "a pause", err);
        if (!rc)
            more = row(row_data, &(struct store_kept){space, c->known.marks[i].policy, text.ptr, 0});
        buf_free(&text);
        if (rc)
            return rc;
    }
    return 0;
}

void common_hook(struct common_pauses *c)
{
    static const struct kept_form form = {has, keep, read_rows};
    store_keep_in(c->o.store, &form, c);
}

void common_ops_done(struct common_pauses *c, enum common_which which, const struct error *err)
{
    struct common_op *op, *next, *over = NULL;
    uint64_t now = uv_now(c->o.loop);
    DL_FOREACH_SAFE(c->ops, op, next)
    {
        if ((which == COMMON_SENT && !op->sent) || (which == COMMON_OLD && now - op->since < COMMON_PATIENCE) ||
            (err && op->lasting && !c->closing))
            continue;
        DL_DELETE(c->ops, op);
        DL_APPEND(over, op);
    }
    DL_FOREACH_SAFE(over, op, next)
    {
        if (op->done)
            op->done(op->data, 0, err);
        free(op->texts);
        free(op);
    }
}

/* ---- the pauses of this daemon's file ---- */

/* From now on they are the others' too, and end where any of them says resume. */
static void moved(void *data, int64_t id, const struct error *err)
{
    struct common_pauses *c = data;
    (void)id;
    if (err || c->closing) /* it ends before the server has taken them: the next start does it */
        return;
    c->own_file = true;
    for (size_t i = 0; i < c->known.count; i++) /* also of those that were resumed meanwhile there is no row then */
        pauses_forget(c->o.store, c->known.marks[i].policy, NULL, NULL);
    c->own_file = false;
}

void common_move_own(struct common_pauses *c)
{
    for (size_t i = 0; c->o.own && i < c->o.own->count; i++) {
        struct buf text = BUF_INIT;
        bool last = i + 1 == c->o.own->count;
        pauses_mark_write(&c->o.own->marks[i], &text);
        struct store_kept row = {PAUSES_SPACE, c->o.own->marks[i].policy, text.failed ? "{}" : text.ptr, 0};
        keep(c, &row, last ? moved : NULL, c);
        if (c->ops && strcmp(c->ops->prev->row.key, row.key) == 0)
            c->ops->prev->lasting = true;
        buf_free(&text);
    }
}

/* ---- writing ---- */

static void put(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    struct common_pauses *c = data;
    (void)request;
    c->request = NULL;
    if (c->closing)
        return;
    if (answer) {
        c->tries = 0;
        common_see(c, answer->body);
        common_ops_done(c, COMMON_SENT, NULL);
        common_look(c, c->ops == NULL);
    } else if ((lost || err->code == ERR_CONFLICT || err->code == ERR_NOT_FOUND) && ++c->tries < COMMON_TRIES) {
        common_look(c, false); /* another was faster; or whether it was done is seen there */
    } else {
        common_failed(c, err);
    }
}

/* As it is to be. False: it is so already, or there was no memory (err). */
static bool wanted(const struct common_pauses *c, struct paused *want, struct error *err)
{
    bool differs = false;
    struct common_op *op;
    error_clear(err);
    for (size_t i = 0; i < c->known.count && !err->code; i++)
        paused_add(want, &c->known.marks[i], err);
    DL_FOREACH(c->ops, op)
    {
        struct paused_mark mark;
        bool there = paused_find(want, op->row.key) != NULL;
        op->sent = true;
        if (there == (op->row.value != NULL) || err->code)
            continue;
        differs = true;
        pauses_mark_read(op->row.key, or_empty(op->row.value), &mark);
        if (there)
            paused_remove(want, op->row.key);
        else
            paused_add(want, &mark, err);
    }
    return differs && !err->code;
}

static void write_object(const struct common_pauses *c, const struct paused *want, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    json_write_key(&w, "apiVersion");
    json_write_string(&w, "v1");
    json_write_key(&w, "kind");
    json_write_string(&w, "ConfigMap");
    json_write_key(&w, "metadata");
    json_write_object(&w);
    json_write_key(&w, "name");
    json_write_string(&w, c->o.name);
    json_write_key(&w, "namespace");
    json_write_string(&w, c->o.name_space);
    if (*c->version) {
        json_write_key(&w, "resourceVersion");
        json_write_string(&w, c->version);
    }
    json_write_end(&w);
    json_write_key(&w, "data");
    json_write_object(&w);
    for (size_t i = 0; i < want->count; i++) {
        struct buf text = BUF_INIT;
        pauses_mark_write(&want->marks[i], &text);
        json_write_key(&w, want->marks[i].policy);
        json_write_str(&w, buf_str(&text));
        out->failed = text.failed ? text.failed : out->failed;
        buf_free(&text);
    }
    json_write_end(&w);
    json_write_end(&w);
}

static int send_wanted(struct common_pauses *c, const struct paused *want, struct error *err)
{
    struct buf body = BUF_INIT;
    struct kube_resource configmaps = {"", "v1", "configmaps"};
    struct kube_query query = {.field_manager = "mpijobd"};
    write_object(c, want, &body);
    int rc = buf_result(&body, "what is paused", err);
    struct kube_call call = {.resource = &configmaps,
                             .name_space = c->o.name_space,
                             .name = c->o.name,
                             .query = &query,
                             .body = buf_str(&body),
                             .timeout_ms = COMMON_TIMEOUT_MS,
                             .done = put,
                             .data = c};
    if (!rc)
        rc = *c->version ? kube_replace(c->kube, &call, &c->request, err)
                         : kube_create(c->kube, &call, &c->request, err);
    buf_free(&body);
    return rc;
}

bool common_write(struct common_pauses *c)
{
    struct paused want = {0};
    struct error err;
    if (!c->ops)
        return false;
    bool differs = wanted(c, &want, &err);
    if (!differs && !err.code)
        common_ops_done(c, COMMON_ALL, NULL);
    bool sends = differs && send_wanted(c, &want, &err) == 0;
    if (!sends && err.code)
        common_failed(c, &err);
    paused_free(&want);
    return sends || c->ops;
}
