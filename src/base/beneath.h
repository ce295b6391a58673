/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a file that a policy names, from beneath a folder and from nowhere else. */
#ifndef MPIJOBD_BASE_BENEATH_H
#define MPIJOBD_BASE_BENEATH_H

#include "base/buf.h"

/* Reads folder/name, which blocks: at start-up and on worker threads only. A link may lead to another place in the
 * folder, as those of a ConfigMap do, and no ".." and no link leads out of it. What is no regular file, as a pipe or a
 * device, is not read. max: most bytes. ERR_NOT_FOUND, ERR_IO, ERR_INVALID (it leads out of the folder, or is no
 * regular file), ERR_LIMIT, ERR_NOMEM; messages name the path. */
int beneath_read(struct buf *out, const char *folder, const char *name, size_t max, struct error *err);

#endif
