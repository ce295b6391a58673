/* SPDX-License-Identifier: Apache-2.0 */
/* Before a cluster's triggers start, or one run of every policy: what an earlier daemon left unfinished there is looked
 * up. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine_parts.h"
#include "limit/hour_kept.h"
#include "pause/breaker_shards.h"
#include "recovery/recovery.h"

/* What belongs to a cluster that is not configured now, the first cluster closes. One run looks up what another one has
 * left on the same server; it leaves a daemon's to the next daemon, which goes on with it. */
static bool recovers(void *data, const struct recovery_of *of)
{
    const struct engine_cluster *at = data;
    const struct engine *e = at->engine;
    if (e->o.once && (strncmp(of->trigger, "once", 4) != 0 ||
                      (of->server && strcmp(of->server, cluster_server(at->site.cluster)) != 0)))
        return false;
    for (size_t i = 0; i < e->cluster_count; i++) {
        if (strcmp(cluster_name(e->clusters[i].site.cluster), of->cluster) == 0)
            return &e->clusters[i] == at;
    }
    return at == e->clusters;
}

static void recovery_over(void *data, bool cancelled)
{
    struct engine_cluster *at = data;
    at->recovery = NULL;
    if (cancelled && at->leads) /* the lead was lost, and taken again */
        engine_cluster_lead(at);
    engine_cluster_check_left(at);
    engine_check_stopped(at->engine);
}

static void recovered_now(void *data, const struct interrupted_run *runs, size_t count, const struct error *err)
{
    struct engine_cluster *at = data;
    struct error trouble;
    at->recovery = NULL;
    if (at->engine->once_left) { /* of a replay there are no runs to wait for */
        engine_once_recovered(at, err);
        return;
    }
    if (!err && count && !(at->unfinished = calloc(count, sizeof *runs))) {
        error_nomem(&trouble);
        err = &trouble;
    }
    if (err) {
        engine_cluster_try_again(at, err);
        return;
    }
    if (count)
        memcpy(at->unfinished, runs, count * sizeof *runs);
    at->unfinished_count = count;
    at->failures = 0;
    error_keep(&at->trouble, NULL);
    at->started = true;
    engine_cluster_look_later(at, clock_now(at->site.clock));
    engine_cluster_put_in_force(at);
}

/* What other daemons have done in the shard counts here, too: the changes of the last hour, and runs that failed. */
static int read_counts(struct engine_cluster *at, struct error *err)
{
    if (!at->site.shard.of || !at->lead || at->counts_term == at->term)
        return 0;
    int rc = at->site.hour ? hour_kept_read(&at->hour, at->site.state, err) : 0;
    if (!rc)
        rc = breaker_shard_read(&at->engine->breaker, &at->site, err);
    at->counts_term = rc ? at->counts_term : at->term;
    return rc;
}

void engine_cluster_begin(struct engine_cluster *at)
{
    const struct recovery_call call = {.site = &at->site,
                                       .late = &at->late,
                                       .quarantine = at->engine->o.quarantine,
                                       .mine = recovers,
                                       .done = recovered_now,
                                       .over = recovery_over,
                                       .data = at};
    struct error trouble;
    if (!at->site.journal)
        recovered_now(at, NULL, 0, NULL);
    else if (read_counts(at, &trouble) || recovery_start(&call, &at->recovery, &trouble))
        recovered_now(at, NULL, 0, &trouble);
}
