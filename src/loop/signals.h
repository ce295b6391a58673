/* SIGTERM, SIGINT and SIGHUP as callbacks on the loop. SIGPIPE is ignored while they are open: a reader of our output
 * that goes away is an error of that write, not the end of the daemon. They do not keep the loop alive: a program with
 * nothing left to do ends. */
#ifndef MPIJOBD_LOOP_SIGNALS_H
#define MPIJOBD_LOOP_SIGNALS_H

#include <signal.h>
#include <uv.h>

#include "base/error.h"

#define SIGNALS_COUNT 3

struct signals {
    uv_signal_t handles[SIGNALS_COUNT];
    size_t open; /* handles that libuv still holds */
    void (*stop)(void *data,
                 int signum);   /* SIGTERM or SIGINT: called each time, so that a second one can mean "at once" */
    void (*reload)(void *data); /* SIGHUP */
    void (*closed)(void *data);
    void *data;
    struct sigaction sigpipe; /* as it was */
};

/* The memory is the owner's and stays until `closed`. 0 or an error (then nothing is open and `closed` is not called).
 * Either callback may be NULL: that signal keeps what it did before. */
int signals_open(uv_loop_t *loop, struct signals *signals, void (*stop)(void *data, int signum),
                 void (*reload)(void *data), void *data, struct error *err);
/* closed (may be NULL) is called on the loop when libuv is done with it. Signals do again what they did before. May be
 * called from within the callbacks. */
void signals_close(struct signals *signals, void (*closed)(void *data));

#endif
