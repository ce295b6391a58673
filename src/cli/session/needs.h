/* What policies have to be allowed to do, and where: the least. For `rbac`, which writes it down as roles, and
 * `doctor`, which asks the server whether it is so. */
#ifndef MPIJOBD_CLI_SESSION_NEEDS_H
#define MPIJOBD_CLI_SESSION_NEEDS_H

#include "policy/load.h"

/* A verb on a resource; of one resource they stand together. */
enum {
    NEEDS_GET = 1 << 0, /* these on a kind of job, mpijobs.kubeflow.org and its like */
    NEEDS_LIST = 1 << 1,
    NEEDS_UPDATE = 1 << 2,
    NEEDS_PATCH = 1 << 3,
    NEEDS_CREATE = 1 << 4,
    NEEDS_DELETE = 1 << 5,
    NEEDS_WATCH = 1 << 6,
    NEEDS_JOB_GET = 1 << 7, /* the launcher of v1alpha2 and v2beta1 */
    NEEDS_JOB_PATCH = 1 << 8,
    NEEDS_POD_GET = 1 << 9, /* the launcher of v1, and the workers */
    NEEDS_POD_LIST = 1 << 10,
    NEEDS_POD_WATCH = 1 << 11,
    NEEDS_POD_PATCH = 1 << 12,
};
#define NEEDS_VERBS 13
struct needs_permission {
    const char *verb, *group, *resource;
};
struct needs_permission needs_permission_of(enum mpijob_kind kind, unsigned bit); /* bit: its number */

struct needs {
    struct needs_place {
        char *name_space; /* NULL: all of them; that place comes first. A named one tells only what is not needed in all
                             anyway */
        enum mpijob_kind kind;
        unsigned verbs;
    } * places;
    size_t count; /* 0: nothing is needed */
    bool others;  /* a policy uses the kube module: what it is about is not known here */
};

/* cluster: only the policies that are for it; NULL: all. scope: the namespaces the daemon is kept to there, NULL: all.
 * Out of memory is the only error. */
int needs_of_policies(struct needs *needs, const struct policy_set *set, const char *cluster, const char *const *scope,
                      struct error *err);
/* Without policies: what any of them may need. */
int needs_of_daemon(struct needs *needs, const char *const *scope, struct error *err);
void needs_free(struct needs *needs);

/* The verbs of the functions of a kind's module that a file's source names, comments and strings left out. A use that
 * this cannot follow (`local m = mpijob`; _G, _ENV and load for MPIJobs) counts as get, list and replace. others (may
 * be NULL): set where the kube module is named. */
unsigned needs_of_source(struct str source, enum mpijob_kind kind, bool *others);

#endif
