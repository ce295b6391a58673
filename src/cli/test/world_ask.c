/* SPDX-License-Identifier: Apache-2.0 */
/* A request of the spec's own to the world's cluster. */
#include <string.h>

#include "cli/test/world.h"

void world_ask(struct world *w, const char *method, const char *target, struct str body, struct sim_response *response)
{
    struct sim_request req = {
        .method = method,
        .target = target,
        .accept = "application/json",
        .content_type = strcmp(method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json",
        .user_agent = "test",
        .body = body.len ? body.ptr : "",
        .body_len = body.len,
    };
    sim_handle(world_sim(w), &req, response);
    sim_react(world_sim(w));
}
