/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of the whole file, as it was at one instant, made beside a daemon that goes on writing. */
#ifndef MPIJOBD_STORE_COPY_H
#define MPIJOBD_STORE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct store_copying {
    const char *from, *to;
    bool overwrite; /* a file that is there already is replaced */
    /* Told after each megabyte, in bytes; false: it is given up. May be NULL. */
    bool (*step)(void *data, int64_t done, int64_t total);
    void *data;
};

/* Copies the file, of this schema or an older one, into another, which is for its owner alone (mode 0600), one file
 * without a -wal, and on the disk when this returns. It is made as TO.partial-XXXXXX first and gets its name when it is
 * whole and was looked through. Blocks; it holds up no daemon, whose -wal grows meanwhile.
 *
 * ERR_CONFLICT: there is a file already, and overwrite is false. ERR_INVALID: TO is the state itself or a part of it,
 * in use by a daemon, or no regular file; or as of store_open_reader. ERR_CANCELLED: step said so. ERR_NOT_FOUND,
 * ERR_IO, ERR_NOMEM. Nothing is left of a copy that failed. */
int store_copy(const struct store_copying *copying, struct error *err);

#endif
