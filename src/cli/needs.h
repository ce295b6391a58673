/* What policies have to be allowed to do, and where: the least. For `rbac`, which writes it down as roles, and
 * `doctor`, which asks the server whether it is so. */
#ifndef MPIJOBD_CLI_NEEDS_H
#define MPIJOBD_CLI_NEEDS_H

#include "policy/load.h"

/* Verbs on mpijobs.kubeflow.org. */
enum { NEEDS_GET = 1 << 0, NEEDS_LIST = 1 << 1, NEEDS_UPDATE = 1 << 2 };
#define NEEDS_VERBS 3
extern const char *const needs_verbs[NEEDS_VERBS]; /* by bit */

struct needs {
    struct needs_place {
        char *name_space; /* NULL: all of them; that place comes first. A named one tells only what is not needed in all
                             anyway */
        unsigned verbs;
    } * places;
    size_t count; /* 0: nothing is needed */
};

/* cluster: only the policies that are for it; NULL: all. scope: the namespaces the daemon is kept to there, NULL: all.
 * Out of memory is the only error. */
int needs_of_policies(struct needs *needs, const struct policy_set *set, const char *cluster, const char *const *scope,
                      struct error *err);
/* Without policies: what any of them may need. */
int needs_of_daemon(struct needs *needs, const char *const *scope, struct error *err);
void needs_free(struct needs *needs);

/* The verbs of the mpijob functions that a file's source names, comments and strings left out. A use that this cannot
 * follow (`local m = mpijob`, _G, _ENV, load) counts as all of them. */
unsigned needs_of_source(struct str source);

#endif
