/* SPDX-License-Identifier: Apache-2.0 */
/* A list in one answer, read as it arrives. */
#include <stdlib.h>

#include "kube/kube_parts.h"
#include "kube/list_body.h"
#include "kube/list_item.h"
#include "kube/verbs.h"

#define ITEM_MAX ((size_t)16 << 20)

struct kube_whole {
    struct kube *kube;
    struct kube_list_call call; /* name_space and query are used at the start only; resource outlives the list */
    struct kube_request *request;
    struct list_body body;
    struct buf whole;          /* an item that lacked something */
    const struct error *error; /* of the answer's form; NULL: none yet */
    bool cancelled, stopped;   /* stopped: `item` wants no more */
};

static void whole_free(struct kube_whole *l)
{
    list_body_free(&l->body);
    buf_free(&l->whole);
    error_keep(&l->error, NULL);
    free(l);
}

static bool item_came(void *data, struct json item)
{
    struct kube_whole *l = data;
    struct error err;
    if (list_item_complete(&item, l->call.resource, l->call.item_kind, &l->whole)) {
        error_nomem(&err);
        error_keep(&l->error, &err);
        return false;
    }
    if (!l->call.item(l->call.data, item))
        l->stopped = true;
    return !l->stopped && !l->cancelled;
}

static bool piece_came(void *data, const char *bytes, size_t n)
{
    struct kube_whole *l = data;
    struct error err;
    bool more;
    if (list_body_feed(&l->body, bytes, n, item_came, l, &more, &err)) {
        error_keep(&l->error, &err);
        return false;
    }
    return more;
}

static void sent_again(void *data)
{
    struct kube_whole *l = data;
    list_body_reset(&l->body);
    if (l->call.restarted && !l->cancelled)
        l->call.restarted(l->call.data);
}

/* 0: the list is complete. */
static int check(const struct kube_whole *l, struct error *err)
{
    int rc = l->error ? (*err = *l->error, err->code) : list_body_end(&l->body, err);
    if (!rc && l->body.continue_token.len)
        rc = error_set(err, ERR_PROTOCOL, "the answer is only a page of the list, though no limit was asked for");
    return rc ? error_prefix(err, "GET %s", l->kube->server) : 0;
}

static void done(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    struct kube_whole *l = data;
    struct error why;
    (void)request;
    (void)lost;
    if (!l->cancelled) {
        l->cancelled = true;
        if (l->stopped) {
            l->call.done(l->call.data, "", NULL);
        } else if (!answer && !l->error) {
            l->call.done(l->call.data, "", err);
        } else {
            int rc = check(l, &why);
            l->call.done(l->call.data, rc || !l->body.version.ptr ? "" : l->body.version.ptr, rc ? &why : NULL);
        }
    }
    whole_free(l);
}

int kube_list_whole(struct kube *kube, const struct kube_list_call *call, struct kube_whole **list, struct error *err)
{
    struct kube_query query = {
        .label_selector = call->query->label_selector,
        .field_selector = call->query->field_selector,
        .resource_version = call->query->resource_version,
        .version_match = call->query->version_match,
    };
    struct kube_whole *l = calloc(1, sizeof *l);
    struct buf path = BUF_INIT;
    if (!l)
        return error_nomem(err);
    l->kube = kube;
    l->call = *call;
    list_body_init(&l->body, ITEM_MAX);
    kube_path(&path, call->resource, call->name_space, NULL, NULL);
    struct kube_call send = {.method = "GET",
                             .verb = "LIST",
                             .path = path.ptr,
                             .query = &query,
                             .timeout_ms = call->timeout_ms,
                             .seat = call->seat,
                             .piece = piece_came,
                             .again = sent_again,
                             .done = done,
                             .data = l};
    int rc = path.failed ? error_nomem(err) : kube_send(kube, &send, &l->request, err);
    buf_free(&path);
    if (rc)
        whole_free(l);
    else
        *list = l;
    return rc;
}

void kube_whole_cancel(struct kube_whole *l)
{
    if (l->cancelled)
        return;
    l->cancelled = true;
    kube_cancel(l->request);
}
