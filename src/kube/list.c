/* SPDX-License-Identifier: Apache-2.0 */
/* A list by pages: one request at a time, its items handed out, the next page when there is room for it. */
#include <stdlib.h>
#include <utlist.h>

#include "kube/kube_parts.h"
#include "kube/list_item.h"
#include "kube/verbs.h"

#define PAGE 500
#define ITEMS_MAX 10000000 /* of one list */
#define EMPTY_MAX 16       /* pages in a row: the last of a list may be empty, and no other */

/* Sees that a value of each page comes again, sooner or later: each is compared with one that is kept, and after 1, 2,
 * 4, 8... pages the kept one is a newer one (Brent). */
struct cycle {
    uint64_t kept; /* hash; 0: none */
    size_t since, until;
};

struct kube_list {
    struct kube_list *prev, *next;
    struct kube *kube;
    struct kube_list_call call; /* resource, name_space and query are not used: see below */
    char *path, *labels, *fields, *from_version;
    char *group, *api_version; /* of the resource */
    struct buf whole;          /* an item that lacked something */
    int64_t limit;
    struct cycle tokens, objects; /* of the first object of each page */
    size_t items, empty;          /* empty: pages in a row */
    struct buf continue_token, version;
    struct kube_request *request;
    struct defer turn; /* what must not happen within the caller's call */
    bool paused, waiting, restarted, ended, busy;
    const struct error *error; /* at kube_close; NULL: none */
};

static void list_free(struct kube_list *l)
{
    defer_cancel(&l->turn);
    free(l->path);
    free(l->labels);
    free(l->fields);
    free(l->from_version);
    free(l->group);
    free(l->api_version);
    buf_free(&l->whole);
    buf_free(&l->continue_token);
    buf_free(&l->version);
    error_keep(&l->error, NULL);
    free(l);
}

/* The memory goes when none of its callbacks is running any more and its request has ended. */
static void release_if_over(struct kube_list *l)
{
    struct kube *kube = l->kube;
    if (!l->ended || l->busy || l->request)
        return;
    list_free(l);
    kube_released(kube);
}

static void end(struct kube_list *l, const struct error *err)
{
    DL_DELETE(l->kube->lists, l);
    l->ended = true;
    l->call.done(l->call.data, err ? "" : l->version.ptr, err);
}

static void page_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                      const struct error *err, bool lost);

static int ask(struct kube_list *l, struct error *err)
{
    bool first = !l->continue_token.len;
    struct kube_query query = {
        .label_selector = l->labels,
        .field_selector = l->fields,
        .limit = l->limit,
        .continue_token = l->continue_token.ptr,
        .resource_version = first ? l->from_version : NULL, /* the token carries it */
    };
    struct kube_call call = {.method = "GET",
                             .verb = "LIST",
                             .path = l->path,
                             .query = &query,
                             .seat = l->call.seat,
                             .timeout_ms = l->call.timeout_ms,
                             .done = page_came,
                             .data = l};
    l->waiting = false;
    return kube_send(l->kube, &call, &l->request, err);
}

static void next_page(struct kube_list *l)
{
    if (l->paused) {
        l->waiting = true;
        return;
    }
    struct error err;
    if (ask(l, &err))
        end(l, &err);
}

static void on_turn(struct defer *turn)
{
    struct kube_list *l = turn->data;
    if (l->ended)
        return;
    if (l->error)
        end(l, l->error);
    else if (l->waiting)
        next_page(l);
    release_if_over(l);
}

/* Hands out the items; false: the list is over (stopped or cancelled). */
static bool give_items(struct kube_list *l, struct json items)
{
    const struct kube_resource resource = {.group = l->group, .version = l->api_version};
    for (struct json_iter it = json_iter(items); json_next(&it);) {
        struct json item = it.value;
        struct error err;
        l->items++;
        if (list_item_complete(&item, &resource, l->call.item_kind, &l->whole)) {
            error_nomem(&err);
            end(l, &err);
            return false;
        }
        bool on = l->call.item(l->call.data, item);
        if (l->ended)
            return false;
        if (!on) {
            end(l, NULL);
            return false;
        }
    }
    return true;
}

/* ---- lists without end ---- */

static uint64_t hash(struct str text)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < text.len; i++)
        h = (h ^ (unsigned char)text.ptr[i]) * 1099511628211u;
    return h ? h : 1;
}

static bool comes_again(struct cycle *c, struct str text)
{
    uint64_t h = hash(text);
    if (!text.len)
        return false;
    if (c->kept == h)
        return true;
    if (c->since++ >= c->until) {
        c->kept = h;
        c->since = 0;
        c->until = c->until ? 2 * c->until : 1;
    }
    return false;
}

/* After a page that is not the last. */
static int check_goes_on(struct kube_list *l, struct json items, struct error *err)
{
    struct json_iter it = json_iter(items);
    bool any = json_next(&it);
    const char *why = NULL;
    l->empty = any ? 0 : l->empty + 1;
    if (comes_again(&l->tokens, buf_str(&l->continue_token)))
        why = "a continue token comes again";
    else if (any && comes_again(&l->objects, json_at(it.value, "/metadata/uid").text))
        why = "objects come again";
    else if (l->empty > EMPTY_MAX)
        why = "page after page is empty";
    else if (l->items > ITEMS_MAX)
        why = "it has more than 10000000 objects";
    if (!why)
        return 0;
    return error_set(
        err, ERR_PROTOCOL,
        "GET %s%s: the list does not end: %s; is this a Kubernetes API server, or a proxy that answers from "
        "memory?",
        l->kube->server, l->path, why);
}

static int64_t behind_page(const struct kube_list *l, struct json metadata)
{
    int64_t count;
    if (!l->continue_token.len)
        return 0;
    return json_int64(json_get(metadata, "remainingItemCount"), &count) && count > 0 ? count : -1;
}

static void read_page(struct kube_list *l, struct json page)
{
    struct json items = json_get(page, "items"), metadata = json_get(page, "metadata");
    enum json_type type = json_type(items);
    struct error err;
    if (type != JSON_ARRAY && type != JSON_NULL) { /* Go writes a list that was never filled as null */
        error_set(&err, ERR_PROTOCOL, "GET %s%s: the answer is no list: it has no items", l->kube->server, l->path);
        end(l, &err);
        return;
    }
    buf_reset(&l->continue_token);
    buf_reset(&l->version);
    json_decode(json_get(metadata, "continue"), &l->continue_token);
    json_decode(json_get(metadata, "resourceVersion"), &l->version);
    buf_puts(&l->version, "");
    if (l->continue_token.failed || l->version.failed) {
        error_nomem(&err);
        end(l, &err);
        return;
    }
    if (!give_items(l, items))
        return;
    if (l->call.behind)
        l->call.behind(l->call.data, behind_page(l, metadata));
    if (l->ended)
        return;
    if (!l->continue_token.len)
        end(l, NULL);
    else if (check_goes_on(l, items, &err))
        end(l, &err);
    else
        next_page(l);
}

/* The server has forgotten the state that the pages are of: from the beginning, once. */
static bool restart(struct kube_list *l, const struct error *err)
{
    if (err->status != 410 || !l->continue_token.len || l->restarted)
        return false;
    l->restarted = true;
    l->tokens = l->objects = (struct cycle){0};
    l->items = l->empty = 0;
    buf_reset(&l->continue_token);
    if (l->call.restarted)
        l->call.restarted(l->call.data);
    if (!l->ended)
        next_page(l);
    return true;
}

static void page_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                      const struct error *err, bool lost)
{
    (void)request;
    (void)lost;
    struct kube_list *l = data;
    l->request = NULL;
    l->busy = true;
    if (!l->ended) {
        if (answer)
            read_page(l, answer->body);
        else if (!restart(l, err))
            end(l, err);
    }
    l->busy = false;
    release_if_over(l);
}

static bool copy(char **out, const char *text)
{
    if (!text)
        return true;
    *out = str_dup(str_of(text));
    return *out != NULL;
}

static int fill(struct kube_list *l, const struct kube_list_call *call, struct error *err)
{
    static const struct kube_query none = {0};
    const struct kube_query *q = call->query ? call->query : &none;
    struct buf path = BUF_INIT;
    kube_path(&path, call->resource, call->name_space, NULL, NULL);
    l->path = buf_take(&path, NULL);
    l->call = *call;
    l->limit = q->limit > 0 ? q->limit : PAGE;
    bool copied = copy(&l->labels, q->label_selector) && copy(&l->fields, q->field_selector) &&
                  copy(&l->from_version, q->resource_version) && copy(&l->group, call->resource->group) &&
                  copy(&l->api_version, call->resource->version);
    if (q->continue_token)
        buf_puts(&l->continue_token, q->continue_token);
    return !l->path || !copied || l->continue_token.failed ? error_nomem(err) : 0;
}

int kube_list(struct kube *kube, const struct kube_list_call *call, struct kube_list **list, struct error *err)
{
    struct kube_list *l = calloc(1, sizeof *l);
    if (!l)
        return error_nomem(err);
    l->kube = kube;
    int rc = fill(l, call, err);
    if (!rc)
        rc = ask(l, err);
    if (rc) {
        list_free(l);
        return rc;
    }
    l->turn = (struct defer){.call = on_turn, .data = l};
    DL_APPEND(kube->lists, l);
    kube->alive++;
    *list = l;
    return 0;
}

void kube_list_pause(struct kube_list *l, bool pause)
{
    if (l->ended)
        return;
    l->paused = pause;
    if (!pause && l->waiting)
        defer_call(&l->kube->soon, &l->turn);
}

void kube_list_cancel(struct kube_list *l)
{
    if (l->ended)
        return;
    DL_DELETE(l->kube->lists, l);
    l->ended = true;
    if (l->request)
        kube_cancel(l->request);
    release_if_over(l);
}

void kube_lists_cancel(struct kube *kube)
{
    struct kube_list *l;
    struct error err;
    DL_FOREACH(kube->lists, l)
    {
        if (l->request || l->error)
            continue; /* its request ends it */
        error_set(&err, ERR_CANCELLED, "GET %s%s: cancelled", kube->server, l->path);
        error_keep(&l->error, &err);
        defer_call(&l->kube->soon, &l->turn);
    }
}
