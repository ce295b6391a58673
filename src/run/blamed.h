/* SPDX-License-Identifier: Apache-2.0 */
/* A job at which a policy has failed: so much of it that an Event can be written on it later. */
#ifndef MPIJOBD_RUN_BLAMED_H
#define MPIJOBD_RUN_BLAMED_H

#include "mpijob/view.h"

struct blamed {
    struct mpijob_target target;
    char name_space[256], name[256], uid[64]; /* uid "": there is no such job */
};

void blamed_set(struct blamed *blamed, const struct mpijob_view *job);
/* The texts are those of blamed; what it does not have is empty. */
struct mpijob_view blamed_view(const struct blamed *blamed);

#endif
