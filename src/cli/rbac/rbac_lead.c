/* SPDX-License-Identifier: Apache-2.0 */
/* The role that a leader election takes, or the shards of the jobs, in the namespace of the Leases. */
#include <stdio.h>

#include "cli/rbac/rbac_parts.h"
#include "lead/lead.h"
#include "lead/lease.h"
#include "lead/shards.h"

#define LEADER_ROLE "mpijobd-leader"

static const char *lease_namespace(const struct rbac *r)
{
    const char *given = r->s.config.lead.name_space;
    return given ? given : r->account_namespace; /* the pod's own */
}

/* The state that the daemons share: all but one of its ConfigMaps have names that only the daemons know. */
static void state_rule(const struct rbac *r, struct json_writer *w)
{
    static const char *const verbs[] = {"get", "list", "create", "update", "delete", NULL};
    if (r->s.config.lead.own_state)
        return;
    json_write_object(w);
    rbac_list_of(w, "apiGroups", "");
    rbac_list_of(w, "resources", "configmaps");
    json_write_key(w, "verbs");
    json_write_array(w);
    for (const char *const *verb = verbs; *verb; verb++)
        json_write_string(w, *verb);
    json_write_end(w);
    json_write_end(w);
}

/* The Lease of an election; or the roll and the Leases of all shards. */
static void lease_names(const struct rbac *r, struct json_writer *w)
{
    const struct config_lead *lead = &r->s.config.lead;
    const char *name = lead->lease ? lead->lease : LEAD_NAME;
    char shard[SHARD_LEASE_MAX];
    json_write_key(w, "resourceNames");
    json_write_array(w);
    json_write_string(w, name);
    for (unsigned i = 0; i < lead->shards; i++)
        json_write_string(w, shards_lease(name, i, shard));
    json_write_end(w);
}

/* A name cannot be said of what is created. */
static void lease_role(const struct rbac *r, struct json_writer *w)
{
    rbac_begin(w, "Role", LEADER_ROLE, lease_namespace(r));
    json_write_key(w, "rules");
    json_write_array(w);
    for (int named = 0; named < 2; named++) {
        json_write_object(w);
        rbac_list_of(w, "apiGroups", lease_resource.group);
        rbac_list_of(w, "resources", lease_resource.plural);
        if (named)
            lease_names(r, w);
        json_write_key(w, "verbs");
        json_write_array(w);
        for (const char *const *verb = named ? (const char *const[]){"get", "update", "watch", NULL}
                                             : (const char *const[]){"create", NULL};
             *verb; verb++)
            json_write_string(w, *verb);
        json_write_end(w);
        json_write_end(w);
    }
    state_rule(r, w);
    json_write_end(w);
    json_write_end(w);
}

int rbac_print_lead(struct rbac *r)
{
    struct buf json = BUF_INIT;
    struct json_writer w;
    if (!r->s.config.lead.on)
        return 0;
    puts("---");
    json_writer_init(&w, &json);
    lease_role(r, &w);
    int rc = rbac_print_yaml(&json, "", &r->s.error);
    if (rc)
        return rc;
    puts("---");
    json_writer_init(&w, &json);
    rbac_binding(r, &w, LEADER_ROLE, lease_namespace(r));
    return rbac_print_yaml(&json, "", &r->s.error);
}

void rbac_write_lead(const struct rbac *r, struct json_writer *w)
{
    if (!r->s.config.lead.on)
        return;
    lease_role(r, w);
    rbac_binding(r, w, LEADER_ROLE, lease_namespace(r));
}
