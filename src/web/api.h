/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON API over HTTP. A path is asked as a verb of the control; so what is gathered, and what may be done, is there
 * once. For the loop's thread. */
#ifndef MPIJOBD_WEB_API_H
#define MPIJOBD_WEB_API_H

#include <uv.h>

#include "base/error.h"

struct admin;
struct control;
struct engine;
struct store;
struct web;

/* Adds its paths to the admin. Until web_serve they answer 503. ERR_NOMEM. */
int web_open(uv_loop_t *loop, struct admin *admin, struct web **web, struct error *err);

struct web_serving {         /* all of it outlives web_stop */
    struct control *control; /* its verbs are asked */
    struct engine *engine;
    struct store *store; /* of what is written there, events tell; NULL, as the engine: nothing is told */
};
void web_serve(struct web *web, const struct web_serving *serving);
/* Before these are closed: no verb is asked any more. NULL is allowed. */
void web_stop(struct web *web);
/* After admin_close has returned; its memory goes on the loop. NULL is allowed. */
void web_close(struct web *web);

#endif
