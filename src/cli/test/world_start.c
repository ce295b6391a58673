/* SPDX-License-Identifier: Apache-2.0 */
/* What a world is made of when it starts: a cluster, a journal in memory, what is outside, the daemon's own engine. */
#include <stdlib.h>

#include "binding/modules.h"
#include "cli/debug/debug.h"
#include "cli/test/coverage.h"
#include "cli/test/recorded_plugins.h"
#include "cli/test/spec_plugins.h"
#include "cli/test/world_parts.h"
#include "policy/load.h"
#include "script/observe.h"
#include "store/recorded.h"

#define RECORD_MOST (INT64_C(1) << 31)

static void broken(struct world *w)
{
    w->state = WORLD_BROKEN;
}

static void loaded(void *data, const struct policy_set *set)
{
    struct world *w = data;
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < set->error_count; i++) {
        const struct policy_error *e = &set->errors[i];
        buf_printf(&text, e->line ? "%s%s:%d: %s" : "%s%s: %.0d%s", i ? "\n" : "", e->file, e->line, e->message);
    }
    w->state = set->error_count ? WORLD_BROKEN : WORLD_LOADED;
    if (set->error_count)
        error_set(w->problem, ERR_INVALID, "%s", text.ptr ? text.ptr : "out of memory");
    buf_free(&text);
}

/* Opens a policy's state as the daemon does; its log, which is the world's, leads to the world. */
static int open_watched(lua_State *L)
{
    const struct policy_file *file = script_host(L);
    const struct world *w = (const struct world *)((const char *)file->env->log - offsetof(struct world, log));
    if (w->o.onlookers.coverage)
        script_observe(script_of(L), coverage_observer(w->o.onlookers.coverage));
    int n = binding_open(L);
    debugger_observe(w->o.onlookers.debugger, L);
    return n;
}

static int open_cluster(struct world *w)
{
    const struct world_options *o = &w->o;
    const char *name_space = o->name_space ? o->name_space : "default";
    w->config = (struct kube_config){.insecure = true};
    w->config.origin = str_dup(str_of("the test's cluster"));
    w->config.server = str_dup(str_of("http://test.cluster"));
    w->config.name_space = str_dup(str_of(name_space));
    w->config.context = str_dup(str_of("test"));
    w->config.proxy_url = str_dup(str_of(""));
    struct kube_options kube = {
        .log = &w->log, .carrier = &w->wire.carrier, .seed = 1, .backoff_base_ms = 1, .connections = 64};
    struct cluster_options cluster = {
        .name = w->o.cluster, .config = &w->config, .kube = &kube, .gpus = w->o.gpus, .writes = true, .log = &w->log};
    const char *controller = w->o.training_operator ? "training-operator" : "mpi-operator";
    mpijob_controller_parse(str_of(w->o.controller ? w->o.controller : controller), &cluster.controller);
    if (!w->config.origin || !w->config.server || !w->config.name_space || !w->config.context || !w->config.proxy_url)
        return error_nomem(w->problem);
    return cluster_new(w->o.loop, &cluster, &w->cluster, w->problem);
}

void world_start(struct world *w)
{
    w->state = WORLD_LOADING;
    if (open_cluster(w) || store_open(w->o.loop, ":memory:", &w->log, &w->store, w->problem)) {
        broken(w);
        return;
    }
    struct outside_config outside = {
        .stand_in = &w->o.stand_in->seam, .servers = &w->o.stand_in->prometheus, .server_count = 1};
    if (outside_new(w->o.loop, w->o.soon, w->o.clock, &w->log, NULL, &outside, &w->outside, w->problem)) {
        broken(w);
        return;
    }
    outbox_start(w->outside);
    w->canaries = (struct canaries){.store = w->store}; /* in memory, so there is nothing to read */
    if (w->o.replays)
        journal_number_runs(store_journal(w->store), w->o.replays - 1);
    struct engine_place place = {.cluster = w->cluster};
    struct engine_options e = {
        .loop = w->o.loop,
        .soon = w->o.soon,
        .clock = w->o.clock,
        .log = &w->log,
        .places = &place,
        .place_count = 1,
        .journal = store_journal(w->store),
        .state = store_state(w->store),
        .store = w->store,
        .look_every = -1,
        .one_clock = true,
        .canaries = &w->canaries,
        .events = !w->o.replays,
        .once = w->o.replays != 0,
        .dry_run = w->o.dry_run,
        .record = w->o.replays ? RECORD_MOST : 0,
        .again = w->o.replays ? &w->o.again : NULL,
        .outside = w->outside,
        .open = open_watched,
        .plugins = w->plugins,
        .plugin_count = w->plugin_count,
        .plugin_cure = w->o.replays ? RECORDED_PLUGIN_CURE : SPEC_PLUGIN_CURE,
        .observe = records_change,
        .ended = records_run,
        .data = &w->records,
    };
    if (engine_new(&e, &w->engine, w->problem) || engine_load(w->engine, w->policies, loaded, w, w->problem))
        broken(w);
}
