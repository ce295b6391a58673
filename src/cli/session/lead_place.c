/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster, the namespace and the name of the Lease, with their defaults. */
#include "cli/session/lead_place.h"

#include <string.h>

#include "lead/lead.h"

static struct session_cluster *cluster_of(struct session *s)
{
    const char *name = s->config.lead.cluster;
    for (size_t i = 0; i < s->cluster_count; i++) {
        if (!name || strcmp(s->clusters[i].config->name, name) == 0)
            return &s->clusters[i];
    }
    return NULL;
}

int lead_place_find(struct session *s, struct lead_place *place, struct error *err)
{
    const struct config_lead *c = &s->config.lead;
    *place = (struct lead_place){.at = cluster_of(s), .name = c->lease ? c->lease : LEAD_NAME};
    if (!place->at)
        return error_set(err, ERR_INVALID, "the Lease of %s is on cluster %s, which this command is not about", c->key,
                         c->cluster);
    return lead_place_name_space(s, &place->at->kube_config, &place->name_space, err);
}

int lead_place_name_space(const struct session *s, const struct kube_config *kube, const char **name_space,
                          struct error *err)
{
    const struct config_lead *c = &s->config.lead;
    *name_space = c->name_space;
    if (!*name_space && strcmp(kube->origin, "in-cluster") == 0)
        *name_space = kube->name_space;
    if (!*name_space)
        return error_set(err, ERR_INVALID,
                         "%s needs the namespace of its Lease, as this is no pod: %s: { namespace: NAME } in %s",
                         c->key, c->key, s->config.file);
    return 0;
}
