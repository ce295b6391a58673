/* SPDX-License-Identifier: Apache-2.0 */
/* How the journal and the state answer.
 *
 * A function that writes copies the strings it is given and returns at once. It answers through `done`, on the loop:
 * never before the function has returned, exactly once, in the order of the calls. done may be NULL: a failure is then
 * logged as an error.
 *
 * id: of the row that was made or changed, otherwise 0. err: NULL when the row is durable; otherwise nothing was
 * changed, and its code is one of
 *     ERR_IO         the disk or the file failed; retryable where that may pass (a full disk, a file held by another)
 *     ERR_NOMEM      out of memory. Such an answer comes in its turn too, from a reserve; only when 64 of them are
 *                    outstanding already does the next one come before its function returns
 *     ERR_CANCELLED  the store was closed before the call
 * and what the function itself names.
 *
 * "Soon": the row is written in one transaction with the next that is not soon, or after STORE_SOON_MS. */
#ifndef MPIJOBD_STORE_DONE_H
#define MPIJOBD_STORE_DONE_H

#include <stdint.h>

#include "base/error.h"

#define STORE_SOON_MS 100

typedef void (*store_done)(void *data, int64_t id, const struct error *err);

#endif
