/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: what each part of the daemon holds at most. */
#include "cli/run/run_limits.h"

#include "base/descriptors.h"

#define OWN 64         /* the loop, the journal, the log, files that are being read, plugins' pipes */
#define LISTENING 160  /* connections of the HTTP side, those that are about to be closed included */
#define LEAD 3         /* connections for a Lease, and a watch of it */
#define WATCHES_MIN 16 /* of scripts */

static size_t namespaces(const struct session_cluster *c)
{
    size_t n = 0;
    while (c->namespaces && c->namespaces[n])
        n++;
    return n ? n : 1;
}

/* Without the watches of scripts. */
static size_t needed(const struct session *s)
{
    size_t connections = session_connections(s);
    size_t n = OWN + LISTENING + (s->config.lead.on ? (s->config.lead.shards + 1) * LEAD : 0);
    for (size_t i = 0; i < s->cluster_count; i++) /* a socket of the resolver for each connection that is being made */
        n += 2 * connections + 2 * MPIJOB_KINDS * namespaces(&s->clusters[i]);
    return n;
}

int run_limits(struct session *s, unsigned *watches_max)
{
    size_t own = needed(s), clusters = s->cluster_count ? s->cluster_count : 1;
    struct error err;
    int rc = descriptors_raise(own + clusters * WATCHES_MIN, &s->error);
    size_t all = own + clusters * SITE_WATCHES;
    *watches_max = SITE_WATCHES;
    if (rc || descriptors_raise(all, &err) == 0)
        return rc;
    *watches_max = (unsigned)((descriptors_limit() - own) / clusters);
    log_line(&s->log, LOG_WARN, "scripts may have %u watches open at once on a cluster, not %u: %s", *watches_max,
             SITE_WATCHES, err.message);
    return 0;
}
