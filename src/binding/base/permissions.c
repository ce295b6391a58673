/* SPDX-License-Identifier: Apache-2.0 */
/* Each permission's verb, API group and resource, as an API server calls them. */
#include "binding/base/permissions.h"

#include "mpijob/kueue.h"

/* The kind's own group and plural, which permission_of fills in. */
#define JOBS NULL, NULL
static const struct permission permissions[PERMISSIONS] = {
    {"get", JOBS},
    {"list", JOBS},
    {"update", JOBS},
    {"patch", JOBS},
    {"create", JOBS},
    {"delete", JOBS},
    {"watch", JOBS},
    {"get", "batch", "jobs"},
    {"patch", "batch", "jobs"},
    {"get", "", "pods"},
    {"list", "", "pods"},
    {"watch", "", "pods"},
    {"patch", "", "pods"},
    {"create", "", "events"},
    {"patch", "", "events"},
    {"get", KUEUE_GROUP, KUEUE_WORKLOADS},
    {"list", KUEUE_GROUP, KUEUE_WORKLOADS},
    {"watch", KUEUE_GROUP, KUEUE_WORKLOADS},
    {"patch", KUEUE_GROUP, KUEUE_WORKLOADS},
};

struct permission permission_of(const struct mpijob_kind *kind, unsigned bit)
{
    struct permission p = permissions[bit];
    if (!p.resource) {
        p.group = mpijob_kind_info(kind)->group;
        p.resource = mpijob_kind_info(kind)->plural;
    }
    return p;
}
