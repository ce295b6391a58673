/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of blocking work on one of libuv's worker threads, and its end on the loop. Embedded in its owner, whose
 * memory stays until `done`, which is called exactly once. Work cannot be cancelled: an owner that gives it up waits
 * for its end. */
#ifndef MPIJOBD_LOOP_WORK_H
#define MPIJOBD_LOOP_WORK_H

#include <uv.h>

struct work {
    uv_work_t request;
    void (*run)(struct work *);  /* on another thread: may use nothing that the loop may use meanwhile */
    void (*done)(struct work *); /* on the loop */
};

/* Cannot fail; libuv aborts where the system lets it start no thread at all. */
void work_start(uv_loop_t *loop, struct work *work, void (*run)(struct work *), void (*done)(struct work *));

#endif
