/* SPDX-License-Identifier: Apache-2.0 */
/* SIGTERM, SIGINT and SIGHUP as callbacks on the loop. SIGPIPE is ignored while they are open: when a reader of the
 * daemon's output goes away, that write fails and the daemon goes on. They do not keep the loop alive: a program with
 * nothing left to do ends. */
#ifndef MPIJOBD_LOOP_SIGNALS_H
#define MPIJOBD_LOOP_SIGNALS_H

#include <signal.h>
#include <uv.h>

#include "base/error.h"

#define SIGNALS_COUNT 3

struct signals {
    uv_signal_t handles[SIGNALS_COUNT];
    size_t open;                          /* handles that libuv still holds */
    void (*stop)(void *data, int signum); /* SIGTERM or SIGINT; each time, so that a second one can mean "at once" */
    void (*reload)(void *data);           /* SIGHUP */
    void (*closed)(void *data);
    void *data;
    struct sigaction sigpipe; /* as it was */
};

/* The memory is the owner's and stays until `closed`. 0, or ERR_IO: then nothing is open, `closed` is not called, and
 * the memory has to stay until the loop has gone through its next turn. Either callback may be NULL: its signals then
 * do what they did before. */
int signals_open(uv_loop_t *loop, struct signals *signals, void (*stop)(void *data, int signum),
                 void (*reload)(void *data), void *data, struct error *err);
/* closed (may be NULL) is called on the loop, with the data of signals_open, when libuv is done with the memory. The
 * signals do again what they did before. Allowed within the callbacks. */
void signals_close(struct signals *signals, void (*closed)(void *data));

#endif
