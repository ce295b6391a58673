/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP side of `mpijobd run`: metrics, health, and the JSON API. */
#ifndef MPIJOBD_CLI_RUN_RUN_HTTP_H
#define MPIJOBD_CLI_RUN_RUN_HTTP_H

#include "cli/session/session.h"

struct admin;
struct control;
struct web;

struct run_http {        /* begins as zeros */
    struct admin *admin; /* NULL: it does not listen */
    struct web *web;     /* on it; NULL: the same */
};

/* An address that was asked for has to work. Without the default one, which another daemon may have, the daemon runs
 * all the same, and says so. 0, or the exit code. */
int run_http_open(struct session *s, struct run_http *http);
/* The API asks verbs of the control from now on, which may be NULL. */
void run_http_serve(struct session *s, struct run_http *http, struct control *control);
/* Before the control is closed: it asks none any more. */
void run_http_stop(struct run_http *http);
/* After that. What libuv has of it is closed on the loop. */
void run_http_close(struct run_http *http);

#endif
