/* SPDX-License-Identifier: Apache-2.0 */
/* Making and closing it. */
#include "outside/outside_parts.h"

#include <stdlib.h>

#include "outside/address.h"
#include "outside/outbox.h"
#include "outside/web.h"

#define CONNECTIONS 32
#define BODY_MAX ((size_t)8 * 1024 * 1024)

static const char *forbids(const void *guard, const struct sockaddr *address)
{
    const struct outside *o = guard;
    return allow_address(o->config.allow, address);
}

struct http_client *outside_client(struct outside *o, bool trusted, struct error *err)
{
    struct http_client **client = trusted ? &o->trusted : &o->guarded;
    struct http_config config = {
        .tls = {.ca_file = o->config.ca_file},
        .connections = CONNECTIONS,
        .body_max = BODY_MAX,
        .forbids = trusted ? NULL : forbids,
        .guard = o,
        .log = o->log,
    };
    if (!*client && http_client_new(o->loop, &config, client, err) == 0)
        outside_opened(o);
    return *client;
}

void outside_opened(struct outside *o)
{
    o->open++;
}

void outside_was_closed(void *data)
{
    struct outside *o = data;
    if (--o->open)
        return;
    void (*closed)(void *) = o->closed;
    void *closed_data = o->data;
    shelves_free(o);
    own_metrics_free(o);
    outbox_free(o);
    free(o);
    if (closed)
        closed(closed_data);
}

int outside_new(uv_loop_t *loop, struct defer_queue *soon, const struct clock *clock, const struct log *log,
                struct metrics *metrics, const struct outside_config *config, struct outside **out, struct error *err)
{
    static const char *const labels[] = {"policy", "method", "code", NULL};
    struct outside *o = calloc(1, sizeof *o);
    if (!o)
        return error_nomem(err);
    *o = (struct outside){
        .loop = loop, .soon = soon, .clock = clock, .log = log, .metrics = metrics, .config = *config, .open = 1};
    o->asked =
        metrics_counter(metrics, "http_requests", NULL, "Requests that policies have sent to other servers.", labels);
    if (config->ca_file && !outside_client(o, false, err)) { /* a bad file is said at the start */
        free(o);
        return err ? err->code : ERR_INVALID;
    }
    if (config->ca_file)
        outside_client(o, true, NULL); /* so that no later use of it reads the file on the loop */
    *out = o;
    return 0;
}

const struct outside_config *outside_config_of(const struct outside *o)
{
    return &o->config;
}

void outside_close(struct outside *o, void (*closed)(void *data), void *data)
{
    if (!o)
        return;
    o->closing = true;
    o->closed = closed;
    o->data = data;
    outbox_stop(o);
    web_cancel_all(o);
    if (o->guarded)
        http_client_close(o->guarded, outside_was_closed, o);
    if (o->trusted)
        http_client_close(o->trusted, outside_was_closed, o);
    outside_was_closed(o);
}
