/* A piece of blocking work on one of libuv's worker threads, and its end on the loop. Embedded in its owner, who stays
 * until `done`, which is called exactly once. It cannot be called back: whoever gives up waits for its end. */
#ifndef MPIJOBD_LOOP_WORK_H
#define MPIJOBD_LOOP_WORK_H

#include <uv.h>

struct work {
    uv_work_t request;
    void (*run)(struct work *);  /* on another thread: touches nothing that the loop may touch meanwhile */
    void (*done)(struct work *); /* on the loop */
};

void work_start(uv_loop_t *loop, struct work *work, void (*run)(struct work *), void (*done)(struct work *));

#endif
