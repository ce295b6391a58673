/* SPDX-License-Identifier: Apache-2.0 */
/* A test's world: made when the test first speaks of it, started when it first waits, and moved by its clock. */
#include "cli/test/world_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/debug/debug.h"
#include "kube/kube.h"

#define QUIET_TURNS 4       /* of the loop, in which nothing was under way */
#define QUIET_TURNS_BUSY 16 /* the same, while the engine says that it is not idle */
#define SOON_MS 15000
#define STEPS_MAX 1000000 /* without the clock moving: something sets itself for the past again and again */

/* ---- is anything under way? ---- */

static bool computing(const struct world *w)
{
    const struct policy_set *set = engine_policies(w->engine);
    for (size_t i = 0; set && i < set->file_count; i++) {
        if (set->files[i]->script && script_computing(set->files[i]->script))
            return true;
    }
    return false;
}

static void look_at_timer(uv_handle_t *handle, void *soon)
{
    if (handle->type == UV_TIMER && uv_is_active(handle) && uv_timer_get_due_in((uv_timer_t *)handle) < SOON_MS)
        *(bool *)soon = true;
}

/* Pauses before the daemon tries again are on the loop's time, and short. */
static bool rings_soon(const struct world *w)
{
    bool soon = false;
    uv_walk(w->o.loop, look_at_timer, &soon);
    return soon;
}

/* Nothing but the clock can bring about what comes next. A run may wait for that, too (sleep), and then the engine is
 * not idle. */
static bool still(const struct world *w)
{
    return w->state == WORLD_STARTED && !w->o.soon->items && !store_busy(w->store) && !w->o.loop->active_reqs.count &&
           !kube_busy(cluster_kube(w->cluster)) && !computing(w) &&
           (engine_idle(w->engine) || (engine_look(w->engine).connected && !rings_soon(w)));
}

static void stay_awake(uv_idle_t *idle)
{
    (void)idle;
}

static void rest(struct world *w)
{
    uv_check_stop(&w->turn);
    uv_idle_stop(&w->awake);
}

static void finish(struct world *w, const struct error *err)
{
    world_done done = w->done;
    w->done = NULL;
    rest(w);
    if (done)
        done(w->data, err);
}

static void move_clock(struct world *w, int64_t to)
{
    if (to > w->o.clock->manual_us) {
        w->steps = 0;
        w->o.clock->manual_us = to;
    }
    sim_clock_set(w->sim, w->o.clock->manual_us);
    engine_clock_moved(w->engine);
}

/* Everything due is done: on to the next instant at which something is, or the end. */
static void step(struct world *w)
{
    int64_t next = engine_next(w->engine), life = sim_due(w->sim), now = w->o.clock->manual_us;
    struct error err;
    next = life < next ? life : next;
    if (next > now && now >= w->until) {
        finish(w, NULL);
        return;
    }
    if (++w->steps > STEPS_MAX) {
        error_set(&err, ERR_LIMIT, "something falls due again and again without the clock moving");
        finish(w, &err);
        return;
    }
    move_clock(w, next > now && next > w->until ? w->until : next);
}

static void turn(uv_check_t *check)
{
    struct world *w = check->data;
    if (w->state == WORLD_NEW)
        world_start(w);
    if (w->state == WORLD_BROKEN) {
        finish(w, w->problem);
        return;
    }
    if (w->state == WORLD_LOADED && engine_policies(w->engine)) {
        engine_start(w->engine);
        w->state = WORLD_STARTED;
    }
    w->quiet = still(w) ? w->quiet + 1 : 0;
    if (w->quiet)
        uv_idle_start(&w->awake, stay_awake);
    else
        uv_idle_stop(&w->awake);
    if (w->quiet < (engine_idle(w->engine) ? QUIET_TURNS : QUIET_TURNS_BUSY))
        return;
    w->quiet = 0;
    step(w);
}

void world_load(struct world *w, const char *const *policies, const struct plugin_place *plugins, size_t count)
{
    w->policies = policies;
    w->plugins = plugins;
    w->plugin_count = count;
}

void world_advance(struct world *w, int64_t until, world_done done, void *data)
{
    w->until = until;
    w->done = done;
    w->data = data;
    w->quiet = 0;
    w->steps = 0;
    uv_check_start(&w->turn, turn);
    uv_idle_start(&w->awake, stay_awake);
}

void world_forget(struct world *w)
{
    w->done = NULL;
    rest(w);
}

/* ---- what it is made of ---- */

struct sim *world_sim(struct world *w)
{
    return w->sim;
}

struct wire *world_wire(struct world *w)
{
    return &w->wire;
}

const struct cluster *world_cluster(const struct world *w)
{
    return w->cluster;
}

struct journal *world_journal(const struct world *w)
{
    return store_journal(w->store);
}

struct engine *world_engine(const struct world *w)
{
    return w->engine;
}

size_t world_records(const struct world *w)
{
    return w->records.count;
}

struct str world_record(const struct world *w, size_t index)
{
    return str_of(w->records.items[index]);
}

int world_new(const struct world_options *options, struct world **out, struct error *err)
{
    struct world *w = calloc(1, sizeof *w);
    struct error *problem = calloc(1, sizeof *problem);
    if (!w || !problem) {
        free(w);
        free(problem);
        return error_nomem(err);
    }
    struct sim_options o = {
        .serve_v1alpha2 = options->v1alpha2,
        .serve_v1 = options->v1,
        .serve_v2beta1 = options->v2beta1,
        .siblings = options->siblings,
        .kinds = options->kinds,
        .controller = options->training_operator ? SIM_TRAINING_OPERATOR : SIM_MPI_OPERATOR,
        .jobs = (size_t)options->jobs,
        .seed = (uint64_t)options->seed,
        .life = true,
        .start_us = options->clock->manual_us,
        .wake = wire_wake,
    };
    w->o = *options;
    w->problem = problem;
    records_init(&w->records, options->clock);
    log_init(&w->log, -1, options->clock);
    w->log.sink = records_log;
    w->log.data = &w->records;
    w->log.hear = options->onlookers.debugger ? debugger_heard : NULL;
    w->log.heard = options->onlookers.debugger;
    w->sim = sim_new(&o);
    sim_tick(w->sim, 1);
    wire_open(&w->wire, w->sim, options->soon);
    w->o.stand_in->records = &w->records;
    uv_check_init(options->loop, &w->turn);
    uv_idle_init(options->loop, &w->awake);
    w->turn.data = w->awake.data = w;
    *out = w;
    return 0;
}

/* ---- the end ---- */

static void gone(uv_handle_t *handle)
{
    struct world *w = handle->data;
    if (++w->handles_closed < 2)
        return;
    void (*closed)(void *) = w->closed;
    void *data = w->closed_data;
    records_free(&w->records);
    kube_config_free(&w->config);
    free(w->problem);
    free(w);
    closed(data);
}

static void store_closed(void *data)
{
    struct world *w = data;
    wire_close(&w->wire);
    sim_free(w->sim);
    uv_close((uv_handle_t *)&w->turn, gone);
    uv_close((uv_handle_t *)&w->awake, gone);
}

static void cluster_closed(void *data)
{
    struct world *w = data;
    canaries_close(&w->canaries);
    canaries_close(&w->canaries);
    store_close(w->store, store_closed, w);
}

static void outside_closed(void *data)
{
    struct world *w = data;
    if (w->cluster)
        cluster_close(w->cluster, cluster_closed, w);
    else
        cluster_closed(w);
}

static void engine_stopped(void *data)
{
    struct world *w = data;
    if (w->outside)
        outside_close(w->outside, outside_closed, w);
    else
        outside_closed(w);
}

void world_close(struct world *w, void (*closed)(void *data), void *data)
{
    world_forget(w);
    w->closed = closed;
    w->closed_data = data;
    if (w->engine)
        engine_stop(w->engine, 0, engine_stopped, w);
    else
        engine_stopped(w);
}
