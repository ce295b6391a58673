/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are kept by key, each in a space of its own: what policies keep, and what is still to be delivered. All
 * instants are microseconds since 1970. How the functions with `done` answer is in store/done.h. For the loop's thread,
 * but where it is said. */
#ifndef MPIJOBD_STORE_KEPT_H
#define MPIJOBD_STORE_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/done.h"

struct store;

struct store_kept {
    const char *space, *key;
    const char *value;  /* NULL: the row is removed, if there is one */
    int64_t expires_at; /* 0: never. Rows that have expired are the reader's to remove */
};

void store_keep(struct store *store, const struct store_kept *row, store_done done, void *data);
/* The rows of one space, by key. row returns false to stop; strings are valid during the call. Blocks, and may be
 * called on a worker thread; the store must not be closed meanwhile. ERR_IO, ERR_NOMEM; ERR_CANCELLED: the store is
 * closing. */
int store_read_kept(struct store *store, const char *space, bool (*row)(void *data, const struct store_kept *row),
                    void *data, struct error *err);

/* Another form in which texts are kept: store_keep and store_read_kept of the spaces that it has are its own. */
struct kept_form {
    bool (*has)(void *data, const char *space); /* on any thread */
    void (*keep)(void *data, const struct store_kept *row, store_done done, void *done_data);
    int (*read)(void *data, const char *space, bool (*row)(void *data, const struct store_kept *row), void *row_data,
                struct error *err); /* as store_read_kept, on any thread */
};
/* form NULL: all are kept in the store's file again. Otherwise it outlives that. */
void store_keep_in(struct store *store, const struct kept_form *form, void *data);

#endif
