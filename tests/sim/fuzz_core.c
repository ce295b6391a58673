/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target for the simulator's core: the input is a script of requests on a fresh server.
 * A request is four lines (method, target, content type, accept) and a body up to a line "----". */
#include "sim/core/sim.h"
#include "sim/read/watch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUESTS_MAX = 12 };

static char *take_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (end) {
        *end = 0;
        *at = end + 1;
    } else {
        *at = line + strlen(line);
    }
    return line;
}

static char *take_body(char **at)
{
    char *body = *at, *end = strstr(body, "\n----\n");
    if (end) {
        *end = 0;
        *at = end + 6;
    } else {
        *at = body + strlen(body);
    }
    return body;
}

static void ask(struct sim *sim, char **at)
{
    char *method = take_line(at), *target = take_line(at), *type = take_line(at), *accept = take_line(at),
         *body = take_body(at);
    struct sim_request req = {.method = method,
                              .target = target,
                              .content_type = *type ? type : NULL,
                              .accept = *accept ? accept : NULL,
                              .body = body,
                              .body_len = strlen(body)};
    struct sim_response resp;
    struct buf events = BUF_INIT;
    sim_handle(sim, &req, &resp);
    if (resp.watch)
        sim_watch_read(resp.watch, &events, 4096);
    buf_free(&events);
    sim_response_free(&resp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim_options options = {.serve_v1alpha2 = true,
                                  .serve_v1 = true,
                                  .serve_v2beta1 = true,
                                  .seed = 1,
                                  .jobs = 2,
                                  .life = true,
                                  .kinds = true,
                                  .workloads = true,
                                  .kueue = true,
                                  .start_us = INT64_C(1763900000000000)};
    char *script = sim_strndup((const char *)data, size), *at = script;
    struct sim *sim = sim_new(&options);
    sim_tick(sim, 1);
    for (int i = 0; i < REQUESTS_MAX && *at; i++) {
        ask(sim, &at);
        sim_tick(sim, 2 + i);
    }
    sim_free(sim);
    free(script);
    return 0;
}
