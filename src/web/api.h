/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON API over HTTP. A path is asked as a verb of the control; so what is gathered, and what may be done, is there
 * once. For the loop's thread. */
#ifndef MPIJOBD_WEB_API_H
#define MPIJOBD_WEB_API_H

#include "base/error.h"

struct admin;
struct control;
struct web;

/* Adds its paths to the admin. Until web_serve they answer 503. ERR_NOMEM. */
int web_open(struct admin *admin, struct web **web, struct error *err);
/* From now on verbs of the control are asked. */
void web_serve(struct web *web, struct control *control);
/* Before the control is closed: no verb is asked any more. NULL is allowed. */
void web_stop(struct web *web);
/* After admin_close has returned. NULL is allowed. */
void web_close(struct web *web);

#endif
