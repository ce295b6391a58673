/* SPDX-License-Identifier: Apache-2.0 */
/* The pages that every daemon has: metrics, whether it lives, whether it is ready. */
#include "admin/admin_parts.h"

static void show_metrics(void *data, struct admin_request *r)
{
    const struct admin *a = data;
    struct buf body = BUF_INIT;
    metrics_write(a->o.metrics, &body);
    admin_answer(r, MHD_HTTP_OK, METRICS_CONTENT_TYPE, &body);
}

static void show_alive(void *data, struct admin_request *r)
{
    (void)data;
    admin_say(r, MHD_HTTP_OK, "ok\n");
}

static void show_ready(void *data, struct admin_request *r)
{
    const struct admin *a = data;
    struct buf body = BUF_INIT;
    if (a->o.missing)
        a->o.missing(a->o.data, &body);
    bool ready = !body.len && !body.failed;
    if (a->o.parts && admin_request_argument(r, "verbose")) {
        a->o.parts(a->o.data, &body);
        admin_tls_part(a, &body);
        buf_puts(&body, ready ? "ready\n" : "not ready\n");
    } else if (ready) {
        buf_puts(&body, "ok\n");
    }
    admin_answer(r, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, ADMIN_TEXT, &body);
}

const struct admin_route admin_pages[] = {
    {"GET", "/metrics", ADMIN_READER, show_metrics},
    {"GET", "/livez", ADMIN_ANYONE, show_alive}, /* probes have no token */
    {"GET", "/readyz", ADMIN_READER, show_ready},
    {NULL, NULL, ADMIN_ANYONE, NULL},
};
