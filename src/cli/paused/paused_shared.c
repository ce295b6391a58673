/* SPDX-License-Identifier: Apache-2.0 */
/* With a leader election, rows of the state that the daemons share; with shards, a ConfigMap of its own. */
#include "cli/paused/paused_shared.h"

#include <stdio.h>
#include <string.h>

#include "cli/session/daemon.h"
#include "cli/session/lead_place.h"
#include "cli/session/shared_note.h"
#include "lead/lead.h"
#include "lead/shards.h"
#include "pause/common/common_pauses.h"
#include "pause/pauses.h"
#include "shared/shared_form.h"
#include "shared/shared_peek.h"
#include "store/kept.h"

#define TIMEOUT_MS 5000 /* of a request: a person waits, and the rest is told without it */

struct looking {
    struct session *s;
    struct kube_config config; /* of a connection of its own */
    struct kube *own, *kube;   /* own NULL: the session has one to that cluster */
    const char *name_space;
    char name[SHARD_LEASE_MAX]; /* of the ConfigMap; it is looked at until the answer has come */
    struct paused found;
    struct error err; /* code 0: none */
};

bool paused_is_shared(const struct session *s)
{
    return s->config.lead.on && !s->config.lead.own_state;
}

static void closed(void *data)
{
    ((struct session *)data)->flag = true;
}

static const struct config_cluster *configured(const struct session *s)
{
    const struct config *c = &s->config;
    for (size_t i = 0; c->lead.cluster && i < c->cluster_count; i++) {
        if (strcmp(c->clusters[i].name, c->lead.cluster) == 0)
            return &c->clusters[i];
    }
    return c->clusters;
}

/* The command may be about another of the clusters, or about none. */
static int open_kube(struct looking *l)
{
    struct session *s = l->s;
    struct lead_place place;
    struct kube_options kube = {.timeout_ms = TIMEOUT_MS, .log = &s->log, .impatient = true};
    if (s->cluster_count && lead_place_find(s, &place, &l->err) == 0) {
        l->kube = cluster_kube(place.at->cluster);
        l->name_space = place.name_space;
        error_clear(&l->err);
        return 0;
    }
    int rc = session_kube_config(s, configured(s), &l->config, &l->err);
    if (!rc)
        rc = lead_place_name_space(s, &l->config, &l->name_space, &l->err);
    if (!rc)
        rc = kube_open(&s->loop, &l->config, &kube, &l->own, &l->err);
    if (!rc)
        error_clear(&l->err);
    l->kube = l->own;
    return rc;
}

static bool add(void *data, const struct store_kept *row)
{
    struct looking *l = data;
    struct paused_mark mark;
    pauses_mark_read(row->key, row->value, &mark);
    return paused_add(&l->found, &mark, &l->err) == 0;
}

static void seen(void *data, const struct error *err)
{
    struct looking *l = data;
    if (err)
        l->err = *err;
    l->s->flag = true;
}

static int ask(struct looking *l)
{
    const struct config_lead *c = &l->s->config.lead;
    const char *lease = c->lease ? c->lease : LEAD_NAME;
    l->s->flag = false;
    if (c->shards) {
        snprintf(l->name, sizeof l->name, "%.253s" COMMON_PAUSES_ENDING, lease);
        return common_pauses_look(l->kube, l->name_space, l->name, &l->found, seen, l, &l->err);
    }
    snprintf(l->name, sizeof l->name, "%.*s" SHARED_ENDING, SHARED_NAME_MAX, lease);
    const struct shared_peek peek = {.kube = l->kube,
                                     .name_space = l->name_space,
                                     .name = l->name,
                                     .space = PAUSES_SPACE,
                                     .timeout_ms = TIMEOUT_MS,
                                     .row = add,
                                     .done = seen,
                                     .data = l};
    return shared_peek_start(&peek, &l->err);
}

int paused_read_shared(struct session *s, struct paused *paused)
{
    struct looking l = {.s = s};
    if (open_kube(&l) == 0 && ask(&l) == 0)
        session_wait(s);
    if (l.own) {
        s->flag = false;
        kube_close(l.own, closed, s);
        session_wait(s);
    }
    s->flag = false;
    kube_config_free(&l.config);
    for (size_t i = 0; s->config.lead.shards && i < paused->count && !l.err.code; i++)
        paused_add(&l.found, &paused->marks[i], &l.err);
    if (l.err.code) {
        s->error = l.err;
        paused_free(&l.found);
        return s->error.code;
    }
    paused_free(paused);
    *paused = l.found;
    return 0;
}

int paused_read(struct session *s, struct paused *paused)
{
    struct error of_file = {0};
    if (daemon_paused(s, paused))
        of_file = s->error;
    if (paused_is_shared(s) && !s->options.state) {
        int rc = paused_read_shared(s, paused);
        if (rc)
            session_tell_shared(s, "what is paused is as it was here",
                                s->config.lead.shards ? "mpijobd status tells it at any of the daemons"
                                                      : "mpijobd status asks the daemon that leads");
        if (rc || !s->config.lead.shards)
            return rc;
    }
    s->error = of_file;
    return of_file.code;
}
