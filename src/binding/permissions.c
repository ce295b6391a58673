/* Each permission's verb, API group and resource, as an API server calls them. */
#include "binding/permissions.h"

/* Of the kind's own plural, which permission_of fills in. */
#define JOBS MPIJOB_GROUP, NULL
static const struct permission permissions[PERMISSIONS] = {
    {"get", JOBS},         {"list", JOBS},           {"update", JOBS},
    {"patch", JOBS},       {"create", JOBS},         {"delete", JOBS},
    {"watch", JOBS},       {"get", "batch", "jobs"}, {"patch", "batch", "jobs"},
    {"get", "", "pods"},   {"list", "", "pods"},     {"watch", "", "pods"},
    {"patch", "", "pods"},
};

struct permission permission_of(enum mpijob_kind kind, unsigned bit)
{
    struct permission p = permissions[bit];
    if (!p.resource)
        p.resource = mpijob_kind_info(kind)->plural;
    return p;
}
