/* SPDX-License-Identifier: Apache-2.0 */
/* One request at a time: the ConfigMap is read, and written where something is to be. */
#include "pause/common/common_pauses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/texts.h"
#include "kube/verbs.h"
#include "pause/common/common_parts.h"
#include "pause/pauses.h"
#include "store/written.h"

/* ---- what was seen ---- */

static bool is_mine(const struct common_pauses *c, const char *policy)
{
    const struct common_op *op;
    DL_FOREACH(c->ops, op)
    {
        if (op->sent && strcmp(op->row.key, policy) == 0)
            return true;
    }
    return false;
}

static void tell(const struct common_pauses *c, const char *policy, const struct paused_mark *mark)
{
    if (!is_mine(c, policy)) /* else who asked for it puts it in force */
        c->o.changed(c->o.data, policy, mark);
    store_tell_kept(c->o.store, &(struct store_kept){PAUSES_SPACE, policy, mark ? "{}" : NULL, 0});
}

void common_see(struct common_pauses *c, struct json object)
{
    struct paused before = c->known, now = {0};
    if (!common_gather(object, &now)) { /* it is looked at again */
        paused_free(&now);
        return;
    }
    json_string_at(object, "/metadata/resourceVersion", c->version, sizeof c->version);
    c->known = now;
    c->read = true;
    for (size_t i = 0; i < now.count; i++) {
        if (!paused_find(&before, now.marks[i].policy))
            tell(c, now.marks[i].policy, &now.marks[i]);
    }
    for (size_t i = 0; i < before.count; i++) {
        if (!paused_find(&now, before.marks[i].policy))
            tell(c, before.marks[i].policy, NULL);
    }
    paused_free(&before);
}

/* ---- reading ---- */

static void ready(struct common_pauses *c)
{
    struct common_guest *g;
    DL_FOREACH(c->guests, g)
    {
        if (!g->waits || !g->asked)
            continue;
        g->waits = false;
        lead_ready(g->lead, &g->guest);
    }
}

static bool awaited(const struct common_pauses *c)
{
    const struct common_guest *g;
    DL_FOREACH(c->guests, g)
    {
        if (g->waits)
            return true;
    }
    return false;
}

void common_failed(struct common_pauses *c, const struct error *failure)
{
    struct error err = *failure;
    struct common_guest *g;
    common_explain(c->o.name_space, c->o.name, "read or written", &err);
    if (!c->trouble || strcmp(c->trouble->message, err.message) != 0)
        log_event(c->o.log, LOG_WARN, "what is paused may be changed elsewhere, and this daemon does not see it",
                  LOG_FIELDS({"reason", err.message}));
    error_keep(&c->trouble, &err);
    DL_FOREACH(c->guests, g)
    {
        g->asked = false;
        if (g->waits)
            lead_hinder(g->lead, &g->guest, &err);
    }
    bool final = err.status >= 400 && err.status < 500 && err.status != 409 && err.status != 429;
    common_ops_done(c, final || ++c->tries >= COMMON_TRIES ? COMMON_ALL : COMMON_OLD, &err);
    common_look(c, true);
}

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    struct common_pauses *c = data;
    (void)request;
    (void)lost;
    c->request = NULL;
    if (c->closing)
        return;
    if (!answer && err->code != ERR_NOT_FOUND) {
        common_failed(c, err);
        return;
    }
    if (c->trouble)
        log_line(c->o.log, LOG_INFO, "what is paused can be read again");
    error_keep(&c->trouble, NULL);
    common_see(c, answer ? answer->body : (struct json){0});
    ready(c);
    if (!common_write(c))
        common_look(c, true);
}

static void my_turn(struct defer *turn)
{
    struct common_pauses *c = turn->data;
    struct common_guest *g;
    struct error err;
    if (c->request || c->closing || !(c->due || c->ops || awaited(c)))
        return;
    c->due = false;
    deadline_stop(&c->next);
    DL_FOREACH(c->guests, g)
    {
        g->asked = g->waits;
    }
    struct kube_resource configmaps = {"", "v1", "configmaps"};
    struct kube_call call = {.resource = &configmaps,
                             .name_space = c->o.name_space,
                             .name = c->o.name,
                             .timeout_ms = COMMON_TIMEOUT_MS,
                             .done = got,
                             .data = c};
    if (kube_get(c->kube, &call, &c->request, &err))
        common_failed(c, &err);
}

static void rang(struct deadline *next)
{
    struct common_pauses *c = next->data;
    common_look(c, false);
}

void common_look(struct common_pauses *c, bool later)
{
    if (c->closing)
        return;
    c->due = c->due || !later;
    if (later && !c->due)
        deadline_set(&c->next, (uint64_t)(c->o.every + 999) / 1000);
    else
        defer_call(c->o.soon, &c->turn);
}

/* ---- leads that wait ---- */

static void gained(struct lead_guest *guest, int64_t epoch)
{
    struct common_guest *g = guest->data;
    (void)epoch;
    g->waits = true;
    g->asked = false;
    common_look(g->of, false);
}

static void lost(struct lead_guest *guest, const char *why)
{
    struct common_guest *g = guest->data;
    (void)why;
    g->waits = false;
}

void common_pauses_join(struct common_pauses *c, struct lead *lead, struct common_guest *g)
{
    *g = (struct common_guest){.guest = {.gained = gained, .lost = lost, .data = g}, .lead = lead, .of = c};
    DL_APPEND(c->guests, g);
    lead_join(lead, &g->guest);
}

/* ---- life ---- */

int common_pauses_open(const struct common_pauses_options *options, struct common_pauses **out, struct error *err)
{
    struct common_pauses *c = calloc(1, sizeof *c);
    struct kube_options kube = {
        .log = options->log, .metrics = options->metrics, .cluster = options->cluster, .impatient = true};
    *out = NULL;
    if (!c)
        return error_nomem(err);
    c->o = *options;
    c->texts = TEXTS_COPY({&c->o.name_space, options->name_space}, {&c->o.name, options->name});
    int rc = c->texts ? kube_open(options->loop, options->server, &kube, &c->kube, err) : error_nomem(err);
    if (rc) {
        free(c->texts);
        free(c);
        return rc;
    }
    c->turn = (struct defer){.call = my_turn, .data = c};
    deadline_init(options->loop, &c->next, rang, c);
    *out = c;
    return 0;
}

void common_pauses_start(struct common_pauses *c)
{
    common_move_own(c);
    common_hook(c);
    common_look(c, false);
}

static void all_closed(void *data)
{
    struct common_pauses *c = data;
    void (*closed)(void *) = c->closed;
    void *closed_data = c->closed_data;
    error_keep(&c->trouble, NULL);
    paused_free(&c->known);
    free(c->texts);
    free(c);
    if (closed)
        closed(closed_data);
}

static void next_closed(struct deadline *next)
{
    struct common_pauses *c = next->data;
    kube_close(c->kube, all_closed, c);
}

void common_pauses_close(struct common_pauses *c, void (*closed)(void *data), void *data)
{
    struct common_guest *g;
    struct error err;
    if (!c)
        return;
    DL_FOREACH(c->guests, g)
    {
        lead_part(g->lead, &g->guest);
    }
    c->closing = true;
    c->closed = closed;
    c->closed_data = data;
    defer_cancel(&c->turn);
    store_keep_in(c->o.store, NULL, NULL);
    error_set(&err, ERR_CANCELLED, "the daemon is being stopped");
    common_ops_done(c, COMMON_ALL, &err);
    deadline_close(&c->next, next_closed);
}
