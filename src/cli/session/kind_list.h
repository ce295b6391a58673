/* SPDX-License-Identifier: Apache-2.0 */
/* Several kinds of job, as a command line names them. */
#ifndef MPIJOBD_CLI_SESSION_KIND_LIST_H
#define MPIJOBD_CLI_SESSION_KIND_LIST_H

#include "mpijob/kind.h"

struct kind_list {
    const struct mpijob_kind *of[MPIJOB_KINDS_BUILT_IN]; /* each once, in the order of the text */
    size_t count;
};

/* "trainjobs,JobSet", each as mpijob_kind_find takes it; "all". 0; ERR_INVALID: one of them is unknown. */
int kind_list_parse(const char *text, struct kind_list *list, struct error *err);
bool kind_list_has(const struct kind_list *list, const struct mpijob_kind *kind);

#endif
