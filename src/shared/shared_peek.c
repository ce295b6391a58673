/* SPDX-License-Identifier: Apache-2.0 */
/* The list shows the state as it was at one instant: what its head names is in it. A head that has lost its label is
 * looked for by its name, as the replicas do. */
#include "shared/shared_peek.h"

#include <stdio.h>
#include <stdlib.h>

#include "kube/verbs.h"
#include "shared/pieces.h"
#include "shared/shared_parts.h"

struct peek {
    struct shared_peek o;
    struct kube_list *list;
    struct object_head head;
    struct buf log; /* the lines in it */
    struct pieces pieces;
    struct shared_rows rows;
    bool found;       /* the head */
    struct error err; /* of what was listed; code 0: none */
};

static void forget(void *data)
{
    struct peek *p = data;
    head_free(&p->head);
    p->head = (struct object_head){0};
    buf_reset(&p->log);
    pieces_forget(&p->pieces);
    p->found = false;
}

static bool item(void *data, struct json item)
{
    struct peek *p = data;
    if (json_string_is(json_at(item, "/metadata/name"), str_of(p->o.name))) {
        p->found = true;
        object_read_head_lines(item, &p->head, &p->log, &p->err);
    } else {
        pieces_add(&p->pieces, p->o.name, NULL, item, &p->err);
    }
    return !p->err.code;
}

static int carry_out(struct peek *p, struct error *err)
{
    size_t all = p->head.base.count + p->head.log.count, bytes = 0;
    int rc = 0;
    for (size_t i = 0; i < all && !rc; i++) {
        const char *name = pieces_name(&p->head, i);
        struct piece *piece = pieces_find(&p->pieces, name);
        rc = piece ? pieces_apply(&p->pieces, piece, &p->rows, &bytes, err)
                   : error_set(err, ERR_INVALID, "ConfigMap %s-%s, which belongs to it, is missing", p->o.name, name);
    }
    if (!rc)
        rc = pieces_apply_last(&p->pieces, buf_str(&p->log), &p->rows, err);
    return rc ? rc : shared_kept_each(&p->rows, p->o.space, p->o.row, p->o.data, err);
}

static void end(struct peek *p, const struct error *err)
{
    struct shared_peek o = p->o;
    struct error why = err ? *err : p->err;
    int rc = why.code;
    if (!rc && p->found)
        rc = carry_out(p, &why);
    if (rc)
        shared_explain_at(o.name_space, o.name, "read", &why);
    forget(p);
    buf_free(&p->log);
    pieces_free(&p->pieces);
    rows_close(&p->rows);
    free(p);
    o.done(o.data, rc ? &why : NULL);
}

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    struct peek *p = data;
    (void)request, (void)lost;
    if (answer)
        item(p, answer->body);
    end(p, err && err->code != ERR_NOT_FOUND ? err : NULL);
}

static void listed(void *data, const char *resource_version, const struct error *err)
{
    struct peek *p = data;
    struct kube_request *request;
    struct error why;
    struct kube_call call = {.resource = &shared_configmaps,
                             .name_space = p->o.name_space,
                             .name = p->o.name,
                             .timeout_ms = p->o.timeout_ms,
                             .done = got,
                             .data = p};
    (void)resource_version;
    if (err || p->err.code || p->found)
        end(p, err);
    else if (kube_get(p->o.kube, &call, &request, &why))
        end(p, &why);
}

int shared_peek_start(const struct shared_peek *peek, struct error *err)
{
    struct peek *p = calloc(1, sizeof *p);
    char selector[300];
    if (!p)
        return error_nomem(err);
    p->o = *peek;
    rows_open(&p->rows);
    snprintf(selector, sizeof selector, OBJECT_LABEL "=%s", p->o.name);
    struct kube_query query = {.label_selector = selector, .limit = SHARED_PAGE};
    struct kube_list_call call = {.resource = &shared_configmaps,
                                  .name_space = p->o.name_space,
                                  .query = &query,
                                  .timeout_ms = p->o.timeout_ms,
                                  .item = item,
                                  .restarted = forget,
                                  .done = listed,
                                  .data = p};
    int rc = kube_list(p->o.kube, &call, &p->list, err);
    if (rc) {
        shared_explain_at(p->o.name_space, p->o.name, "read", err);
        rows_close(&p->rows);
        free(p);
    }
    return rc;
}
