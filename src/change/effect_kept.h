/* SPDX-License-Identifier: Apache-2.0 */
/* Effects that are still looked for, as rows of the state: so that a daemon that starts again goes on looking. */
#ifndef MPIJOBD_CHANGE_EFFECT_KEPT_H
#define MPIJOBD_CHANGE_EFFECT_KEPT_H

#include <stdbool.h>

#include "mpijob/effect/effect_sign.h"
#include "mpijob/version.h"

struct store;

struct effect_kept {
    int64_t row; /* of its change in the journal */
    int64_t run; /* 0: not known */
    struct mpijob_target target;
    enum mpijob_sign sign;
    char policy[64], cluster[256], name_space[256], name[256], uid[64];
};

void effect_keep(struct store *store, const struct effect_kept *effect);
void effect_forget(struct store *store, int64_t row);
/* Those of one cluster. A row that makes no sense any more is left out. Blocks. Errors as of store_read_kept. */
int effects_read(struct store *store, const char *cluster, void (*each)(void *data, const struct effect_kept *effect),
                 void *data, struct error *err);

#endif
