/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the match floor only: a selector's requirements, as they are kept. */
#ifndef MPIJOBD_MPIJOB_MATCH_SELECTOR_PARTS_H
#define MPIJOBD_MPIJOB_MATCH_SELECTOR_PARTS_H

#include "mpijob/match/selector.h"

struct selector_requirement {
    enum selector_operator test;
    char *key;
    char **values;
    size_t count;
    int64_t number; /* SELECT_GREATER, SELECT_LESS */
};

#endif
