/* SPDX-License-Identifier: Apache-2.0 */
/* Where the daemon listens, with which tokens, and what is told there. */
#include "cli/run/run_http.h"

#include <string.h>

#include "admin/admin.h"
#include "cli/run/run_health.h"
#include "web/api.h"

static void missing(void *data, struct buf *out)
{
    run_health_missing(data, out);
}

static void parts(void *data, struct buf *out)
{
    run_health_parts(data, out);
}

int run_http_open(struct session *s, struct run_http *http)
{
    const struct config *c = &s->config;
    const char *asked = s->options.listen ? s->options.listen : c->listen;
    struct admin_options o = {
        .listen = asked ? asked : ADMIN_LISTEN_DEFAULT,
        .read_token_file = c->tokens_read ? c->tokens_read : c->listen_token_file,
        .write_token_file = c->tokens_write,
        .certificate_file = c->tls_certificate,
        .key_file = c->tls_key,
        .log = &s->log,
        .metrics = s->metrics,
        .missing = missing,
        .parts = parts,
        .data = s,
    };
    if (s->options.once || strcmp(o.listen, "none") == 0)
        return 0;
    if (c->tokens_read && c->listen_token_file) {
        error_set(&s->error, ERR_INVALID, "%s: listen_token_file is the older name of tokens.read; keep one of them",
                  c->file);
        return session_fail(s, &s->error);
    }
    int rc = admin_open(&s->loop, &o, &http->admin, &s->error);
    if (!rc && web_open(&s->loop, http->admin, &http->web, &s->error))
        return session_fail(s, &s->error);
    if (!rc)
        log_event(&s->log, LOG_INFO, "metrics and health are served", LOG_FIELDS({"url", admin_url(http->admin)}));
    else if (asked || o.certificate_file) /* what is asked for is not left out */
        return session_fail(s, &s->error);
    else
        log_event(&s->log, LOG_WARN, "metrics and health are not served", LOG_FIELDS({"reason", s->error.message}));
    return 0;
}

void run_http_serve(struct session *s, struct run_http *http, struct control *control)
{
    if (http->web && control)
        web_serve(http->web, &(struct web_serving){control, s->engine, s->store});
}

void run_http_stop(struct run_http *http)
{
    web_stop(http->web);
}

void run_http_close(struct run_http *http)
{
    if (http->admin)
        admin_close(http->admin, NULL, NULL);
    web_close(http->web);
    *http = (struct run_http){0};
}
