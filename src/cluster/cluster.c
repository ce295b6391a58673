/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster's life, when it looks at its server again, and what it answers. */
#include "cluster/cluster.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/backoff.h"
#include "base/texts.h"
#include "cluster/cluster_parts.h"
#include "kube/kinds/kinds.h"
#include "mpijob/dialect.h"

#define LOST_TRIES 4        /* looks after a 404: discovery may lag behind what is served */
#define LOST_QUIET_MS 10000 /* after looks that found nothing */
#define MISSING_PAUSE_MS 15000

#define SLOW_MS 500

static const struct backoff lost_pause = {.first_ms = 400, .most_ms = 1600};   /* between LOST_TRIES looks */
static const struct backoff absent_pause = {.first_ms = 250, .most_ms = 1000}; /* between ABSENT_LOOKS looks */

/* ---- life ---- */

static void free_cluster(struct cluster *c)
{
    cluster_added_forget(c);
    error_keep(&c->look.why, NULL);
    free(c->texts);
    free(c);
}

static void look_again(struct deadline *again);

static int unknown_version(const char *text, struct error *err)
{
    char known[MPIJOB_VERSIONS_TEXT];
    mpijob_kind_versions(KIND_MPIJOB, ", ", known);
    return error_set(err, ERR_INVALID, "unknown MPIJob version \"%s\": it is one of %s, auto", text, known);
}

int cluster_new(uv_loop_t *loop, const struct cluster_options *options, struct cluster **cluster, struct error *err)
{
    struct cluster *c = calloc(1, sizeof *c);
    if (!c)
        return error_nomem(err);
    c->loop = loop;
    c->log = options->log;
    c->configured =
        options->controller != CONTROLLER_UNKNOWN ? options->controller : mpijob_controller_at(options->config->server);
    c->named_by_server = options->controller == CONTROLLER_UNKNOWN;
    c->gpus = options->gpus;
    c->namespaces = options->namespaces;
    c->writes = options->writes;
    c->stored = -1;
    bool chosen = options->api_version && strcmp(options->api_version, "auto") != 0;
    const char *name = options->name ? options->name : CLUSTER_DEFAULT;
    bool only = strcmp(name, CLUSTER_DEFAULT) == 0;
    c->texts = TEXTS_COPY({&c->name, name}, {&c->told, options->told || only ? options->told : name},
                          {&c->name_space, options->config->name_space},
                          {&c->api_version, chosen ? options->api_version : NULL});
    enum mpijob_version version = mpijob_kind_version(KIND_MPIJOB);
    int rc = 0;
    if (!c->texts)
        rc = error_nomem(err);
    else if (chosen &&
             !(mpijob_version_parse(str_of(c->api_version), &version) && mpijob_kind_has(KIND_MPIJOB, version)))
        rc = unknown_version(c->api_version, err);
    else
        rc = kube_open(loop, options->config, options->kube, &c->kube, err);
    if (rc) {
        free_cluster(c);
        return rc;
    }
    for (int i = 0; i < MPIJOB_KINDS; i++) { /* as far as it is known before the server has answered */
        const struct mpijob_kind *kind = mpijob_kind_at((size_t)i);
        enum mpijob_version likely = kind == KIND_MPIJOB ? version : mpijob_kind_version(kind);
        c->kinds[i].target = (struct mpijob_target){
            .kind = kind, .controller = cluster_controller(c, kind, likely, CONTROLLER_UNKNOWN), .gpus = c->gpus};
        cluster_use(&c->kinds[i], likely);
        c->kinds[i].served = false;
    }
    cluster_add_built_in(c);
    deadline_init(loop, &c->again, look_again, c);
    deadline_init(loop, &c->slow, cluster_say_slow, c);
    deadline_init(loop, &c->ask, cluster_ask, c);
    c->away = (struct kube_away){.changed = cluster_away_changed, .data = c};
    kube_on_away(c->kube, &c->away);
    *cluster = c;
    return 0;
}

static void timers_are_closed(struct deadline *ask)
{
    struct cluster *c = ask->data;
    void (*closed)(void *) = c->closed;
    void *closed_data = c->closed_data;
    free_cluster(c);
    if (closed)
        closed(closed_data);
}

static void slow_is_closed(struct deadline *slow)
{
    struct cluster *c = slow->data;
    deadline_close(&c->ask, timers_are_closed);
}

static void again_is_closed(struct deadline *again)
{
    struct cluster *c = again->data;
    deadline_close(&c->slow, slow_is_closed);
}

static void kube_is_closed(void *data)
{
    struct cluster *c = data;
    deadline_close(&c->again, again_is_closed);
}

void cluster_close(struct cluster *c, void (*closed)(void *data), void *data)
{
    c->closing = true;
    c->closed = closed;
    c->closed_data = data;
    deadline_stop(&c->again);
    deadline_stop(&c->slow);
    deadline_stop(&c->ask);
    cluster_look_cancel(c);
    kube_kinds_free(c->all_kinds);
    c->all_kinds = NULL;
    kube_close(c->kube, kube_is_closed, c);
}

/* ---- looks ---- */

static bool in_use(const struct cluster *c, const struct cluster_wait *w)
{
    return c->kinds[mpijob_kind_index(w->kind)].served &&
           c->kinds[mpijob_kind_index(w->kind)].target.version == w->version;
}

/* A wait that began before this round, and whose version is not in use any more; all: any that began before. */
static struct cluster_wait *to_answer(struct cluster *c, unsigned round, bool all)
{
    struct cluster_wait *w;
    DL_FOREACH(c->waits, w)
    {
        bool fixed = mpijob_kind_described(w->kind) && !mpijob_kind_added(w->kind); /* no look finds its versions */
        if (w->round < round && (all || fixed || !in_use(c, w)))
            return w;
    }
    return NULL;
}

/* Each answer may cancel other waits, and begin new ones. */
static void answer_waits(struct cluster *c, bool all)
{
    unsigned round = ++c->round;
    struct cluster_wait *w;
    while ((w = to_answer(c, round, all))) {
        DL_DELETE(c->waits, w);
        w->waiting = false;
        w->found(w, c->kinds[mpijob_kind_index(w->kind)].served &&
                        c->kinds[mpijob_kind_index(w->kind)].target.version != w->version);
    }
}

static void tell_changed(struct cluster *c)
{
    struct cluster_change *change, *next;
    DL_FOREACH_SAFE(c->changes, change, next)
    {
        change->changed(change);
    }
}

/* Was a kind served before that is not served now? Its definition may be about to be created again, or a proxy answered
 * in the server's place. No request may ask for the kind soon, so the cluster looks for it by itself. */
static bool something_went(const struct cluster *c)
{
    for (int i = 0; i < MPIJOB_KINDS; i++) {
        if (c->kinds[i].went)
            return true;
    }
    return false;
}

/* After a look: answers those who wait, or looks again. Discovery may show a version for some moments after its path
 * has gone. */
static void look_for_waits(struct cluster *c, bool failed)
{
    answer_waits(c, false);
    if (c->closing)
        return;
    if (failed)
        c->absent = 0;
    if (c->absent) {
        deadline_set(&c->again, backoff_ms(&absent_pause, c->absent, NULL));
        return;
    }
    if (!c->waits) {
        if (something_went(c))
            deadline_set(&c->again, MISSING_PAUSE_MS);
        return;
    }
    if (failed || ++c->tries >= LOST_TRIES) {
        c->quiet_until = uv_now(c->loop) + LOST_QUIET_MS;
        answer_waits(c, true);
        return;
    }
    deadline_set(&c->again, backoff_ms(&lost_pause, c->tries, NULL));
}

static void look_again(struct deadline *again)
{
    struct cluster *c = again->data;
    answer_waits(c, false);
    if (uv_now(c->loop) < c->quiet_until && !c->absent)
        answer_waits(c, true);
    if (!c->closing && (c->waits || c->absent || something_went(c)))
        cluster_look_start(c);
}

void cluster_look_over(struct cluster *c, const struct error *err)
{
    cluster_connected done = c->done;
    if (done)
        deadline_stop(&c->slow);
    bool changed = !err && (cluster_put_in_force(c) || (c->look.added_changed && c->ready));
    c->done = NULL;
    if (!err)
        c->ready = true;
    else if (done)
        c->ready = false;
    else if (err->code != ERR_CANCELLED)
        log_event(c->log, LOG_DEBUG, "looking again at what the server serves has failed",
                  LOG_FIELDS({"server", kube_server(c->kube)}, {"reason", err->message}));
    if (done)
        done(c->data, err);
    if (changed)
        tell_changed(c);
    look_for_waits(c, err != NULL);
}

void cluster_connect(struct cluster *c, cluster_connected done, void *data)
{
    c->done = done;
    c->data = data;
    if (!c->ready)
        deadline_set(&c->slow, SLOW_MS);
    cluster_look_start(c);
}

void cluster_connect_cancel(struct cluster *c)
{
    if (c->done)
        cluster_look_cancel(c);
}

void cluster_look(struct cluster *c)
{
    if (c->ready && !c->closing)
        cluster_look_start(c);
}

bool cluster_looking(const struct cluster *c)
{
    return c->look.active || c->waits || c->absent;
}

void cluster_lost(struct cluster *c, const struct mpijob_kind *kind, enum mpijob_version version,
                  struct cluster_wait *w)
{
    w->kind = kind;
    w->version = version;
    w->round = c->round;
    w->waiting = true;
    bool first = !c->waits;
    DL_APPEND(c->waits, w);
    if (!first)
        return;
    /* The answer comes later in any case: at the end of a look, or by this timer where no look would help. */
    c->tries = 0;
    deadline_set(&c->again, 0);
}

void cluster_wait_cancel(struct cluster *c, struct cluster_wait *w)
{
    if (!w->waiting)
        return;
    w->waiting = false;
    DL_DELETE(c->waits, w);
}

void cluster_on_change(struct cluster *c, struct cluster_change *change)
{
    DL_APPEND(c->changes, change);
}

void cluster_off_change(struct cluster *c, struct cluster_change *change)
{
    DL_DELETE(c->changes, change);
}

/* ---- what is known ---- */

bool cluster_ready(const struct cluster *c)
{
    return c->ready;
}

struct kube *cluster_kube(const struct cluster *c)
{
    return c->kube;
}

struct kube_kinds *cluster_kinds(struct cluster *c)
{
    if (!c->all_kinds)
        c->all_kinds = kube_kinds_new(c->kube);
    return c->all_kinds;
}

bool cluster_knows(const struct cluster *c, const struct mpijob_kind *kind)
{
    return c->kinds[mpijob_kind_index(kind)].served || (!c->ready && kind == KIND_MPIJOB && c->api_version);
}

int cluster_serves(struct cluster *c, const struct mpijob_kind *kind, struct error *err)
{
    const struct cluster_kind *k = &c->kinds[mpijob_kind_index(kind)];
    const struct mpijob_kind *info = mpijob_kind_info(kind);
    if (k->served)
        return 0;
    if (uv_now(c->loop) >= c->missing_until) { /* it may be installed at any time */
        c->missing_until = uv_now(c->loop) + LOST_QUIET_MS;
        cluster_look(c);
    }
    if (*k->versions && kind == KIND_MPIJOB && c->api_version)
        return error_set(err, ERR_NOT_FOUND, "%s does not serve MPIJobs of version %s; it serves %s",
                         kube_server(c->kube), c->api_version, k->versions);
    if (*k->versions) {
        char known[MPIJOB_VERSIONS_TEXT];
        mpijob_kind_versions(kind, " and ", known);
        return error_set(err, ERR_NOT_FOUND, "%s serves %ss only as %s; mpijobd knows %s", kube_server(c->kube),
                         info->name, k->versions, known);
    }
    return cluster_tell_unserved(c, kind, err);
}

bool cluster_lacks(struct cluster *c, const struct mpijob_kind *kind, bool lacks)
{
    bool *known = &c->lacks[mpijob_kind_index(kind)], before = *known;
    *known = lacks;
    return lacks && !before;
}

const struct kube_resource *cluster_resource(const struct cluster *c, const struct mpijob_kind *kind)
{
    return &c->kinds[mpijob_kind_index(kind)].resource;
}

struct mpijob_target cluster_target(const struct cluster *c, const struct mpijob_kind *kind)
{
    return c->kinds[mpijob_kind_index(kind)].target;
}

const char *cluster_controller_by(const struct cluster *c)
{
    static const char *const names[] = {NULL, "definition", "status", "pods"};
    struct mpijob_target target = c->kinds[0].target;
    if (target.controller == CONTROLLER_UNKNOWN)
        return NULL;
    if (c->configured != CONTROLLER_UNKNOWN)
        return c->named_by_server ? "server" : "configured";
    return mpijob_controller_of(KIND_MPIJOB, target.version) != CONTROLLER_UNKNOWN ? "version" : names[c->by];
}

const char *cluster_name(const struct cluster *c)
{
    return c->name;
}

const char *cluster_namespace(const struct cluster *c)
{
    return c->name_space;
}

const char *cluster_server(const struct cluster *c)
{
    return kube_server(c->kube);
}

const char *cluster_versions(const struct cluster *c, const struct mpijob_kind *kind)
{
    return c->kinds[mpijob_kind_index(kind)].versions;
}
