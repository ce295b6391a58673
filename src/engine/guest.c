/* SPDX-License-Identifier: Apache-2.0 */
/* From a cluster's name to where a person's script works. */
#include "engine/guest.h"

#include "engine/engine_parts.h"

int engine_guest(struct engine *e, const char *cluster, struct engine_guest *guest, struct error *err)
{
    struct engine_cluster *at = engine_cluster_named(e, cluster, err);
    if (!at)
        return err->code;
    if (e->stopping)
        return error_set(err, ERR_CANCELLED, "the daemon is being stopped");
    if (!at->started && (at->leads || !at->connected)) /* on a standby it may look */
        return error_set(err, ERR_UNREACHABLE, "cluster %s is not connected%s%s; mpijobd status tells more",
                         cluster_name(at->site.cluster), at->trouble ? ": " : " yet",
                         at->trouble ? at->trouble->message : "");
    *guest = (struct engine_guest){.runs = &at->runs, .env = &e->env, .set = e->set};
    return 0;
}
