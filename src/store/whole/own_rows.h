/* SPDX-License-Identifier: Apache-2.0 */
/* The state as it stands in the store's own file, whatever other form is in use now (store_keep_in): for who hands it
 * over to another form. */
#ifndef MPIJOBD_STORE_WHOLE_OWN_ROWS_H
#define MPIJOBD_STORE_WHOLE_OWN_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct store;

enum own_kind { OWN_MARK, OWN_HANDLED, OWN_KEPT };
struct own_row {
    enum own_kind kind;
    const char *key, *second; /* of a mark its key; of what is handled also the uid; of a kept text space and key */
    const char *value, *version;
    int64_t at; /* of a mark its instant; when it was handled; when it expires, 0: never */
};
/* All rows but the kept texts that stay in this file beside the other form. row returns false to stop; strings are
 * valid during the call. Blocks, and may be called on a worker thread; the store must not be closed meanwhile. ERR_IO,
 * ERR_NOMEM; ERR_CANCELLED: the store is closing. */
int store_read_own(struct store *store, bool (*row)(void *data, const struct own_row *row), void *data,
                   struct error *err);

#endif
