/* SPDX-License-Identifier: Apache-2.0 */
/* What has been written, as soon as it is durable: for who shows what the daemon does. */
#ifndef MPIJOBD_STORE_WRITTEN_H
#define MPIJOBD_STORE_WRITTEN_H

#include "store/journal.h"
#include "store/kept.h"

struct store;

/* One of the pointers is set. All is valid during the call. */
struct store_written {
    int64_t id;                            /* of the run or change */
    const struct store_run *begun, *ended; /* a run, as it was handed over; its `id` is not looked at */
    const struct store_intent *intent;     /* a change */
    const struct store_outcome *outcome;   /* of a change */
    const struct store_observation *seen;  /* of a change */
    const struct store_kept *kept;         /* a row of a space; its value NULL: it was removed */
};
/* written is called on the loop, in the order of the operations, before their `done`. NULL: nothing is told any
 * more. */
void store_watch(struct store *store, void (*written)(void *data, const struct store_written *what), void *data);
/* A row is durable that another form keeps (struct kept_form). */
void store_tell_kept(const struct store *store, const struct store_kept *row);

#endif
