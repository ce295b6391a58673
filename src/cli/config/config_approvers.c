/* SPDX-License-Identifier: Apache-2.0 */
/* The key `approvers`: who may approve, and how many of them it takes. */
#include <stdio.h>
#include <string.h>

#include "cli/config/config_parts.h"

/* As of approval/approvers.h, which stands above: */
#define QUORUM_MAX 8
#define BY_TOKEN "token:write"

/* Root and the number 0 are one and the same, so only names are looked at here. */
static int check_names(struct config_reading *r, char *const *names, const char *key, size_t *count)
{
    char at[64];
    for (*count = 0; names && names[*count]; ++*count) {
        const char *name = names[*count];
        snprintf(at, sizeof at, "%s/%zu", key, *count);
        bool token = strcmp(name, BY_TOKEN) == 0 && names == r->config->approver_users;
        if (!token && (!*name || strlen(name) > 32 || strpbrk(name, " \t\n\r,:")))
            return config_wrong(r, at, "is \"%.40s\"; it takes the name of a user or group, or its number", name);
        for (size_t i = 0; i < *count; i++) {
            if (strcmp(names[i], name) == 0)
                return config_wrong(r, at, "names \"%s\" twice", name);
        }
    }
    return 0;
}

int config_check_approvers(struct config_reading *r)
{
    const struct config *c = r->config;
    size_t users, groups;
    int rc = check_names(r, c->approver_users, "/approvers/users", &users);
    if (!rc)
        rc = check_names(r, c->approver_groups, "/approvers/groups", &groups);
    if (rc)
        return rc;
    if (!users && !groups && (c->approver_users || c->approver_groups || c->approver_quorum || c->not_the_trigger))
        return config_wrong(r, "/approvers", "names nobody; it needs users or groups");
    if (c->approver_quorum > QUORUM_MAX)
        return config_wrong(r, "/approvers/quorum", "is %u; it takes at most 8 persons", c->approver_quorum);
    if (!groups && c->approver_quorum > users)
        return config_wrong(r, "/approvers/quorum", "is %u, and there are only %zu users; no run could be approved",
                            c->approver_quorum, users);
    return 0;
}
