/* SPDX-License-Identifier: Apache-2.0 */
/* What the server serves: one row for each resource, and in what each of them differs. */
#ifndef SIM_STORE_KINDS_H
#define SIM_STORE_KINDS_H
#include <stdbool.h>
#include <stddef.h>

enum kind {
    K_MPIJOB,
    K_NAMESPACE,
    K_POD,
    K_CONFIGMAP,
    K_SECRET,
    K_EVENT,
    K_LEASE,
    K_JOB,
    K_TFJOB,
    K_PYTORCHJOB,
    K_MXJOB,
    K_TRAINJOB,
    K_JOBSET,
    K_WORKLOAD,
    KINDS,
    K_REVIEW = -1
};
enum { V1ALPHA2, V1, V2BETA1, MPIJOB_VERSIONS };

struct resource {
    enum kind kind;              /* the shelf that it is stored in; K_REVIEW is answered, not stored */
    const char *group, *version; /* version: NULL for MPIJobs, which have several */
    const char *plural, *singular, *name, *list;
    const char *short_names[3];
    bool namespaced;
    bool status;        /* it has the subresource /status */
    bool put_creates;   /* a PUT of an object that does not exist makes it */
    bool unconditional; /* a PUT without a resourceVersion is taken */
    bool generation;    /* metadata.generation counts the changes of its spec */
    bool alternate;     /* another group shows the objects of an earlier row: events */
    bool custom;        /* from a definition: MPIJobs, and the siblings */
    bool sibling;       /* served with --siblings only */
    bool other;         /* served with --kinds only: TrainJobs and JobSets */
    bool workload;      /* served with --workloads only, which --kueue brings */
    /* The schema of its definition, as a text; NULL: it has none, or one for each version, or the siblings' one. */
    const char *const *schema;
};

/* Is it written as objects of definitions are: members in their order, apiVersion and kind in items of lists? */
static inline bool resource_is_custom(const struct resource *resource)
{
    return resource->custom || resource->other || resource->workload;
}

extern const struct resource resources[];
extern const size_t resource_count;
extern const char *const version_name[MPIJOB_VERSIONS];

const struct resource *resource_of(enum kind kind); /* the first row of that kind */
const struct resource *resource_find(const char *group, const char *version, const char *plural);
#endif
