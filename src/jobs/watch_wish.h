/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the jobs floor only: what the policies in force need of a watch: its namespaces, and the labels by which all
 * of them select. */
#ifndef MPIJOBD_JOBS_WATCH_WISH_H
#define MPIJOBD_JOBS_WATCH_WISH_H

#include "jobs/watches.h"

struct watch_wish {
    bool any;                /* there are such policies */
    bool everywhere;         /* all namespaces */
    bool by_labels;          /* all of them select by `selector` */
    const char **namespaces; /* NULL-terminated, each once; the texts are those of the policies or of the site */
    size_t count;
    struct buf selector;
};

/* Of the jobs of a kind; NULL: of Kueue's Workloads, which is never by labels. 0 or ERR_NOMEM; the wish is to be freed
 * either way. */
int watch_wish_make(struct watch_wish *wish, const struct watches *watches, const struct policy_set *set,
                    const struct mpijob_kind *kind);
bool watch_wish_names(const struct watch_wish *wish, const char *name_space);
void watch_wish_free(struct watch_wish *wish);

#endif
