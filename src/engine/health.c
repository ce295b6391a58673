/* SPDX-License-Identifier: Apache-2.0 */
/* What of the daemon works and what does not, in words: its clusters, what it watches there, its policies. */
#include <inttypes.h>

#include "engine/engine_parts.h"
#include "mpijob/kind.h"
#include "outside/outbox.h"
#include "policy/file_changes.h"

struct visit {
    const struct engine *engine;
    const struct engine_cluster *at;
    void (*visit)(void *data, const struct engine_part *part);
    void *data;
    int64_t silence_us; /* of the watch that is told */
    struct buf name, state;
};

static void tell_part(struct visit *v, enum engine_part_kind kind, bool well, bool wrong)
{
    buf_puts(&v->name, "");
    buf_puts(&v->state, "");
    const struct cluster *at = kind == ENGINE_CLUSTER || kind == ENGINE_WATCH ? v->at->site.cluster : NULL;
    const struct engine_part part = {.kind = kind,
                                     .cluster = at ? cluster_name(at) : NULL,
                                     .at = at,
                                     .server = at ? kube_server(cluster_kube(at)) : NULL,
                                     .silence_us = v->silence_us,
                                     .name = v->name.ptr,
                                     .state = v->state.ptr,
                                     .well = well,
                                     .wrong = wrong};
    if (!v->name.failed && !v->state.failed)
        v->visit(v->data, &part);
    buf_reset(&v->name);
    buf_reset(&v->state);
}

static void tell(struct visit *v, enum engine_part_kind kind, bool well)
{
    tell_part(v, kind, well, !well);
}

/* True: the server slows mpijobd down, which is said. */
static bool add_load(struct visit *v)
{
    struct kube_load load;
    kube_load(cluster_kube(v->at->site.cluster), &load);
    if (!load.slow_because)
        return false;
    buf_printf(&v->state,
               "; the server slows mpijobd down, for %" PRIu64 " s now: %s; %u request%s at once (%u at most), %u wait",
               load.slow_ms / 1000, load.slow_because, load.at_once, load.at_once == 1 ? "" : "s", load.at_most,
               load.waiting);
    return true;
}

/* A shard is called as in the log. */
static const char *name_of(const struct engine_cluster *at)
{
    return at->site.shard.of ? at->site.told : cluster_name(at->site.cluster);
}

static void tell_cluster(struct visit *v)
{
    const struct engine_cluster *at = v->at;
    buf_printf(&v->name, "cluster %s", name_of(at));
    bool standby = !at->leads && at->connected;
    int64_t since;
    char when[32];
    const struct error *away = at->connected ? kube_away(cluster_kube(at->site.cluster), &since) : NULL;
    if (away) {
        clock_format(since, false, when);
        buf_printf(&v->state, "does not answer since %s: %s", when, away->message);
    } else if (at->trouble) {
        buf_printf(&v->state, "%s: %s", at->started ? "the policies are not started" : "not connected",
                   at->trouble->message);
    } else {
        buf_puts(&v->state, standby         ? "connected; standing by"
                            : at->triggered ? "connected"
                            : at->started   ? "connected; the policies are being started"
                                            : "not connected yet");
    }
    bool well = (at->triggered || standby) && !at->trouble && !away, slow = add_load(v);
    tell_part(v, ENGINE_CLUSTER, well, !well || slow);
}

/* The policies that are told nothing of the jobs there. */
static void add_blind(struct visit *v, const struct watch_part *part)
{
    const struct policy_set *set = v->engine->set;
    const char *between = "; blind there: ";
    for (size_t i = 0; set && i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        if (!watch_part_concerns(part, p) || !policy_in_force(p, v->at->site.cluster))
            continue;
        buf_printf(&v->state, "%s%s", between, p->name);
        between = ", ";
    }
}

static void tell_watch(void *data, const struct watch_part *part)
{
    struct visit *v = data;
    bool blind = watch_part_blind(part);
    v->silence_us = part->silence_us;
    buf_printf(&v->name, "%s%ss in %s%s on cluster %s", part->kind ? "" : "Kueue's ", watch_part_name(part),
               part->name_space ? "namespace " : "all namespaces", part->name_space ? part->name_space : "",
               name_of(v->at));
    if (part->absent)
        buf_puts(&v->state, "none: the server does not have this kind, and its policies act on their others");
    else if (part->trouble)
        buf_printf(&v->state, "cannot be %s: %s", part->synced ? "watched" : "listed", part->trouble->message);
    else
        buf_puts(&v->state, blind ? "not listed yet" : "watched");
    if (blind)
        add_blind(v, part);
    tell(v, ENGINE_WATCH, !blind);
}

static void add_aside(void *data, const struct policy *policy, const char *cluster, const char *why)
{
    struct visit *v = data;
    buf_printf(&v->state, "; %s is not in force on cluster %s: %s", policy->name, cluster, why);
}

static void tell_policies(struct visit *v)
{
    const struct engine *e = v->engine;
    buf_puts(&v->name, "policies");
    buf_printf(&v->state, "%zu loaded", e->set ? e->set->count : 0);
    if (e->set)
        policy_set_stand(e->set, add_aside, v);
    if (e->load_error)
        buf_printf(&v->state, "; those in force stay, because the last reload failed: %s", e->load_error->message);
    const struct error *unseen = file_changes_trouble(e->files);
    if (unseen)
        buf_printf(&v->state, "; not all changes of their files are seen: %s", unseen->message);
    tell_part(v, ENGINE_POLICIES, true, e->load_error || unseen);
}

/* A ceiling that is reached: from when on there is room. */
static bool tell_full(struct visit *v, const struct hour *hour, const char *before)
{
    int64_t now = clock_now(v->engine->o.clock);
    char when[32];
    if (hour_left(hour, now))
        return false;
    clock_format(hour_fits(hour, 1, now), false, when);
    buf_printf(&v->state, "%s until %s", before, when);
    return true;
}

static bool tell_full_shards(struct visit *v)
{
    const struct engine *e = v->engine;
    char before[64];
    bool full = false;
    for (size_t i = 0; i < e->cluster_count; i++) {
        const struct engine_cluster *at = &e->clusters[i];
        snprintf(before, sizeof before, "%s in shard %u", full ? "," : ": nothing is written", at->site.shard.index);
        if (at->leads)
            full = tell_full(v, &at->hour, before) || full;
    }
    return full;
}

static void tell_changes(struct visit *v)
{
    const struct engine *e = v->engine;
    struct engine_hour sum = engine_hour(e);
    if (!sum.most)
        return;
    buf_puts(&v->name, "changes in the last hour");
    buf_printf(&v->state, "%" PRId64 " of %" PRId64 " (limits.changes_per_hour", sum.used, sum.most);
    if (e->o.shards)
        buf_printf(&v->state, " is %" PRId64 " for all shards", e->o.changes_per_hour);
    buf_putc(&v->state, ')');
    bool full = e->o.shards ? tell_full_shards(v) : tell_full(v, &e->hour, ": nothing is written");
    tell_part(v, ENGINE_CHANGES, true, full);
}

const char *engine_frozen(const struct engine *e, char out[FREEZE_TEXT])
{
    int64_t now = clock_seconds(e->o.clock);
    return freezes_at(e->o.freezes, now) ? freezes_text(e->o.freezes, now, out) : NULL;
}

static void tell_freeze(struct visit *v)
{
    char text[FREEZE_TEXT];
    if (!engine_frozen(v->engine, text))
        return;
    buf_puts(&v->name, "freeze");
    buf_puts(&v->state, text);
    tell_part(v, ENGINE_FREEZE, true, true);
}

static void tell_sink(void *data, const char *sink, int64_t since, const char *why, size_t waiting)
{
    struct visit *v = data;
    char when[32];
    clock_format(since, false, when);
    buf_printf(&v->name, "notifications by %s", sink);
    buf_printf(&v->state, "not delivered since %s: %s; %zu wait%s", when, why, waiting, waiting == 1 ? "s" : "");
    tell_part(v, ENGINE_NOTIFY, true, true);
}

/* A standby is well, as long as it could take the lead. A leader is not that cannot act: nobody else does either. */
static void tell_leader(struct visit *v)
{
    const struct lead *lead = v->engine->o.lead;
    struct lead_standing s = lead_look(lead);
    bool well = !s.leads || !s.hindrance;
    buf_puts(&v->name, "leader election");
    lead_text(lead, &v->state);
    tell_part(v, ENGINE_LEADER, well, !well || s.trouble);
}

/* A shard of another daemon's, and nothing is wrong with it. */
static bool is_others(const struct engine_cluster *at)
{
    return at->site.shard.of && !at->leads && at->connected && !at->trouble;
}

static void tell_shards(struct visit *v)
{
    buf_puts(&v->name, "shards");
    bool acts, good = shards_text(v->engine->o.shards, &acts, &v->state);
    tell_part(v, ENGINE_SHARDS, acts, !good);
}

void engine_each_part(const struct engine *e, void (*visit)(void *data, const struct engine_part *part), void *data)
{
    struct visit v = {.engine = e, .visit = visit, .data = data, .name = BUF_INIT, .state = BUF_INIT};
    if (e->o.lead)
        tell_leader(&v);
    if (e->o.shards)
        tell_shards(&v);
    for (size_t i = 0; i < e->cluster_count; i++) {
        v.at = &e->clusters[i];
        if (is_others(v.at))
            continue;
        tell_cluster(&v);
        watches_each(&v.at->watches, tell_watch, &v);
    }
    tell_policies(&v);
    tell_freeze(&v);
    tell_changes(&v);
    outbox_each_trouble(e->o.outside, tell_sink, &v);
    buf_free(&v.name);
    buf_free(&v.state);
}
