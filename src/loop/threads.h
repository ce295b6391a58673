/* SPDX-License-Identifier: Apache-2.0 */
/* libuv's worker threads: made sure of, since it ends the process where it can start none. */
#ifndef MPIJOBD_LOOP_THREADS_H
#define MPIJOBD_LOOP_THREADS_H

#include <uv.h>

#include "base/error.h"

/* Starts libuv's worker threads, after a trial that so many more as `others` can be started beside them. Blocks for as
 * long as that takes. ERR_LIMIT: the system does not allow it; ERR_NOMEM. */
int threads_start(uv_loop_t *loop, unsigned others, struct error *err);

#endif
