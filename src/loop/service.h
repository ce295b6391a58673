/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager is told, by the protocol of sd_notify(3): datagrams to the socket that it names in
 * NOTIFY_SOCKET. Without that nothing is told. Nothing blocks: what the manager does not take at once is lost,
 * and the next message says how things are then. */
#ifndef MPIJOBD_LOOP_SERVICE_H
#define MPIJOBD_LOOP_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct service {
    int socket;           /* -1: there is no manager */
    uint64_t watchdog_ms; /* the manager kills the daemon when it hears nothing for so long; 0: it does not */
    uv_timer_t feed;      /* of the loop: a loop that hangs feeds no watchdog */
    bool feeding;
};

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no program that the daemon starts
 * speaks for it. Before there are threads. A socket that cannot be reached is passed over. */
void service_take(struct service *service);
/* From now on the loop feeds the watchdog, if the manager has one. Does not keep the loop alive. */
void service_start(uv_loop_t *loop, struct service *service);
/* status: a line for people, as `systemctl status` shows it. */
void service_ready(struct service *service, const char *status);
void service_reloading(struct service *service, const char *status); /* until service_ready */
void service_stopping(struct service *service, const char *status);
/* The loop has to turn once more before the memory goes. */
void service_close(struct service *service);

#endif
