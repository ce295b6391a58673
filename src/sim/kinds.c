#include "sim/kinds.h"

#include <string.h>

const char *const mpijob_version_name[MPIJOB_VERSIONS] = {"v1alpha2", "v1", "v2beta1"};

const struct resource resources[] = {
    {.kind = K_MPIJOB,
     .group = "kubeflow.org",
     .plural = "mpijobs",
     .singular = "mpijob",
     .name = "MPIJob",
     .list = "MPIJobList",
     .short_names = {"mj", "mpij"},
     .namespaced = true,
     .status = true,
     .generation = true},
    {.kind = K_NAMESPACE,
     .group = "",
     .version = "v1",
     .plural = "namespaces",
     .singular = "namespace",
     .name = "Namespace",
     .list = "NamespaceList",
     .short_names = {"ns"},
     .status = true,
     .unconditional = true},
    {.kind = K_POD,
     .group = "",
     .version = "v1",
     .plural = "pods",
     .singular = "pod",
     .name = "Pod",
     .list = "PodList",
     .short_names = {"po"},
     .namespaced = true,
     .status = true,
     .unconditional = true},
    {.kind = K_CONFIGMAP,
     .group = "",
     .version = "v1",
     .plural = "configmaps",
     .singular = "configmap",
     .name = "ConfigMap",
     .list = "ConfigMapList",
     .short_names = {"cm"},
     .namespaced = true,
     .unconditional = true},
    {.kind = K_SECRET,
     .group = "",
     .version = "v1",
     .plural = "secrets",
     .singular = "secret",
     .name = "Secret",
     .list = "SecretList",
     .namespaced = true,
     .unconditional = true},
    {.kind = K_EVENT,
     .group = "",
     .version = "v1",
     .plural = "events",
     .singular = "event",
     .name = "Event",
     .list = "EventList",
     .short_names = {"ev"},
     .namespaced = true,
     .put_creates = true,
     .unconditional = true},
    {.kind = K_EVENT,
     .group = "events.k8s.io",
     .version = "v1",
     .plural = "events",
     .singular = "event",
     .name = "Event",
     .list = "EventList",
     .short_names = {"ev"},
     .namespaced = true,
     .put_creates = true,
     .unconditional = true,
     .alternate = true},
    {.kind = K_LEASE,
     .group = "coordination.k8s.io",
     .version = "v1",
     .plural = "leases",
     .singular = "lease",
     .name = "Lease",
     .list = "LeaseList",
     .namespaced = true,
     .put_creates = true},
    {.kind = K_JOB,
     .group = "batch",
     .version = "v1",
     .plural = "jobs",
     .singular = "job",
     .name = "Job",
     .list = "JobList",
     .namespaced = true,
     .status = true,
     .unconditional = true,
     .generation = true},
    {.kind = K_REVIEW,
     .group = "authorization.k8s.io",
     .version = "v1",
     .plural = "selfsubjectaccessreviews",
     .singular = "selfsubjectaccessreview",
     .name = "SelfSubjectAccessReview"},
    {.kind = K_REVIEW,
     .group = "authentication.k8s.io",
     .version = "v1",
     .plural = "selfsubjectreviews",
     .singular = "selfsubjectreview",
     .name = "SelfSubjectReview"},
};
const size_t resource_count = sizeof resources / sizeof resources[0];

const struct resource *resource_of(enum kind kind)
{
    for (size_t i = 0; i < resource_count; i++)
        if (resources[i].kind == kind)
            return &resources[i];
    return NULL;
}

const struct resource *resource_find(const char *group, const char *version, const char *plural)
{
    for (size_t i = 0; i < resource_count; i++) {
        const struct resource *r = &resources[i];
        if (strcmp(r->group, group) == 0 && strcmp(r->plural, plural) == 0 &&
            (!r->version || strcmp(r->version, version) == 0))
            return r;
    }
    return NULL;
}
