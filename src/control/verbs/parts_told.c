/* SPDX-License-Identifier: Apache-2.0 */
/* A part of the daemon as JSON. Of a cluster which server it is, and of what version and whose its MPIJobs are; of a
 * watch how long ago the server was heard. */
#include "cluster/cluster.h"
#include "control/verbs/parts.h"
#include "engine/engine.h"

static void write_cluster(struct json_writer *w, const struct engine_part *part)
{
    const struct cluster *cluster = part->at;
    bool known = cluster_ready(cluster) && cluster_knows(cluster, KIND_MPIJOB);
    struct mpijob_target target = cluster_target(cluster, KIND_MPIJOB);
    write_text(w, "server", part->server);
    write_text(w, "version", known ? mpijob_version_name(target.version) : NULL);
    write_text(w, "versions", known ? cluster_versions(cluster, KIND_MPIJOB) : NULL);
    write_text(w, "controller", known ? mpijob_controller_name(target.controller) : NULL);
}

void part_write(void *writer, const struct engine_part *part)
{
    static const char *const kinds[] = {
        [ENGINE_LEADER] = "leader", [ENGINE_NOTIFY] = "notify",     [ENGINE_CLUSTER] = "cluster",
        [ENGINE_WATCH] = "watch",   [ENGINE_POLICIES] = "policies", [ENGINE_CHANGES] = "changes",
        [ENGINE_FREEZE] = "freeze", [ENGINE_SHARDS] = "shards"};
    struct json_writer *w = writer;
    json_write_object(w);
    write_text(w, "kind", kinds[part->kind]);
    write_text(w, "cluster", part->cluster);
    write_text(w, "name", part->name);
    write_text(w, "state", part->state);
    json_write_key(w, "well");
    json_write_bool(w, !part->wrong);
    if (part->kind == ENGINE_CLUSTER)
        write_cluster(w, part);
    if (part->kind == ENGINE_WATCH)
        write_number(w, "silent_seconds", part->silence_us < 0 ? -1 : part->silence_us / CLOCK_SECOND);
    json_write_end(w);
}
