/* SPDX-License-Identifier: Apache-2.0 */
/* Each permission's verb, API group and resource, as an API server calls them. */
#include "binding/base/permissions.h"

#include "mpijob/dialect.h"
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
    {"list", "batch", "jobs"},
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
    {"get", "jobset.x-k8s.io", "jobsets"},
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

unsigned permissions_through(const struct mpijob_kind *kind)
{
    static const unsigned through[MPIJOB_CHILDREN] = {
        [CHILD_LAUNCHER] = MAY_CHANGE_LAUNCHER, [CHILD_OF_SET] = MAY_CHANGE_JOB};
    kind = mpijob_kind_info(kind);
    const struct mpijob_child *child = kind->dialect ? kind->dialect->reader->child : NULL;
    return through[kind->child] | (child && child->set ? MAY_GET_JOBSET : 0);
}
