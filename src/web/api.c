/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the API. */
#include <stdlib.h>

#include "web/api_parts.h"

int web_open(struct admin *admin, struct web **out, struct error *err)
{
    struct web *w = calloc(1, sizeof *w);
    if (!w)
        return error_nomem(err);
    int rc = admin_add(admin, policy_routes, w, err);
    if (!rc)
        rc = admin_add(admin, approval_routes, w, err);
    if (!rc)
        rc = admin_add(admin, daemon_routes, w, err);
    *out = w;
    return rc;
}

void web_serve(struct web *web, struct control *control)
{
    web->control = control;
}

void web_stop(struct web *web)
{
    if (!web)
        return;
    web->control = NULL;
    web->stopped = true;
}

void web_close(struct web *web)
{
    free(web);
}
