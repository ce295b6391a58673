/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon as a whole. */
#include "web/api_parts.h"

static void post_reload(void *data, struct admin_request *r)
{
    static const struct ask_form form = {.verb = "reload", .acts = true};
    ask_verb(data, r, &form);
}

const struct admin_route daemon_routes[] = {
    {"POST", "/api/v1/reload", ADMIN_WRITER, post_reload},
    {NULL, NULL, ADMIN_ANYONE, NULL},
};
