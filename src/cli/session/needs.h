/* SPDX-License-Identifier: Apache-2.0 */
/* The least that policies have to be allowed to do, and where. `rbac` writes it as roles, `doctor` asks the server
 * whether it is allowed. */
#ifndef MPIJOBD_CLI_SESSION_NEEDS_H
#define MPIJOBD_CLI_SESSION_NEEDS_H

#include "binding/base/permissions.h"
#include "policy/load.h"

struct needs {
    struct needs_place {
        char *name_space; /* NULL: all of them; that place comes first. A named one has only what is not needed
                             everywhere anyway */
        const struct mpijob_kind *kind;
        unsigned verbs; /* MAY_..., but for MAY_OTHERS */
    } * places;
    size_t count;        /* 0: nothing is needed */
    struct needs_other { /* what plugins say that they need of other kinds, in places that are among the ones above */
        char *name_space, *group, *resource;
        unsigned verbs; /* bits, see needs_verb */
    } * plugins;
    size_t plugin_count;
    bool others; /* a policy uses the kube module, whose objects are not known here */
};

/* events: the configuration has Events written on jobs. cluster: only the policies that are for it; NULL: all. scope:
 * the namespaces the daemon is kept to there, NULL: all. Out of memory is the only error. */
int needs_of_policies(struct needs *needs, const struct policy_set *set, bool events, const char *cluster,
                      const char *const *scope, struct error *err);
/* Without policies: what any of them may need. Out of memory is the only error. */
int needs_of_daemon(struct needs *needs, bool events, const char *const *scope, struct error *err);
/* Tells of each permission that a plugin's files use and its `needs` do not name, as a sentence. Returns how many. */
size_t needs_undeclared(const struct policy_set *set, void (*tell)(void *data, const char *file, const char *message),
                        void *data);
/* "get"; NULL: there is no such bit. */
const char *needs_verb(unsigned bit);
/* Are they about the same namespace, or both about all? */
bool needs_same_place(const struct needs_place *a, const struct needs_place *b);
void needs_free(struct needs *needs);

#endif
