/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager hears of the daemon: when its policies are in force, and what came of a reload by SIGHUP. */
#ifndef MPIJOBD_CLI_RUN_RUN_SERVICE_H
#define MPIJOBD_CLI_RUN_RUN_SERVICE_H

#include "cli/session/session.h"
#include "engine/engine.h"
#include "loop/service.h"

struct run_service {
    struct service service;
    struct session *s;
    struct reload_wait reload;
    bool reloading;
};

void run_service_ready(struct run_service *service);
/* Loads the policies again, and tells when that begins and ends. There has to be an engine. */
void run_service_reload(struct run_service *service);
void run_service_stopping(struct run_service *service);

#endif
