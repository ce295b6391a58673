/* SPDX-License-Identifier: Apache-2.0 */
/* A server's connection: opened with its credentials and clients, closed when nothing of it is under way. */
#include "kube/kube_parts.h"

#include <stdlib.h>

#define TIMEOUT_MS 30000
#define BACKOFF_FIRST_MS 200
#define BACKOFF_MOST_MS 10000
#define TOKEN_REREAD_MS 60000
#define STREAMS 1024

static void looked(void *data, bool changed)
{
    struct kube *kube = data;
    kube_auth_looked(kube->auth, changed);
}

static bool look(void *data)
{
    struct kube *kube = data;
    return !kube->closing && http_client_look(kube->http);
}

static int open_http(struct kube *kube, const struct kube_config *config, const struct kube_options *options,
                     unsigned connections, struct error *err)
{
    struct http_config http = {
        .tls = {.ca = buf_str(&config->ca),
                .certificate = buf_str(&config->certificate),
                .key = buf_str(&config->key),
                .ca_file = config->ca_file,
                .certificate_file = config->certificate_file,
                .key_file = config->key_file,
                .server_name = config->tls_server_name,
                .insecure = config->insecure},
        .proxy = config->proxy_url,
        .user_agent = options->user_agent,
        .connections = connections,
        .body_max = options->body_max,
        .unsent_ms = options->unsent_ms,
        .looked = looked,
        .data = kube,
        .log = options->log,
        .carrier = options->carrier,
    };
    int rc = http_client_new(kube->loop, &http, &kube->http, err);
    if (!rc)
        kube->alive++;
    return rc;
}

int kube_streams(struct kube *kube, struct http_client **streams, struct error *err)
{
    if (!kube->streams) {
        int rc = http_client_beside(kube->http, STREAMS, &kube->streams, err);
        if (rc)
            return rc;
        kube->alive++;
    }
    *streams = kube->streams;
    return 0;
}

static int identify(void *data, struct str certificate, struct str key, struct error *err)
{
    struct kube *kube = data;
    if (kube->closing)
        return error_set(err, ERR_CANCELLED, "the connection is being closed");
    int rc = http_client_identify(kube->http, certificate, key, err);
    if (!rc && kube->streams)
        rc = http_client_identify(kube->streams, certificate, key, err);
    return rc;
}

static void auth_is_closed(void *data)
{
    struct kube *kube = data;
    void (*closed)(void *) = kube->closed;
    void *closed_data = kube->closed_data;
    free(kube->server);
    free(kube->origin);
    kube_warnings_free(kube);
    kube_seats_close(kube);
    error_keep(&kube->trouble, NULL);
    error_keep(&kube->away.why, NULL);
    free(kube);
    if (closed)
        closed(closed_data);
}

int kube_open(uv_loop_t *loop, const struct kube_config *config, const struct kube_options *options, struct kube **kube,
              struct error *err)
{
    static const struct kube_options defaults = {0};
    struct kube *k = calloc(1, sizeof *k);
    if (!k)
        return error_nomem(err);
    if (!options)
        options = &defaults;
    k->loop = loop;
    k->log = options->log;
    k->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
    k->backoff = (struct backoff){.first_ms = options->backoff_base_ms ? options->backoff_base_ms : BACKOFF_FIRST_MS,
                                  .most_ms = BACKOFF_MOST_MS,
                                  .jitter = BACKOFF_FULL};
    chance_seed(&k->chance, options->seed);
    k->impatient = options->impatient;
    k->cluster = options->cluster ? options->cluster : "default";
    kube_meters(k, options->metrics);
    unsigned connections = kube_seats_open(k, options, options->metrics);
    k->server = str_dup(str_of(config->server));
    k->origin = str_dup(str_of(config->origin));
    int rc = k->server && k->origin ? 0 : error_nomem(err);
    struct kube_auth_options auth = {
        .reread_ms = options->token_reread_ms ? options->token_reread_ms : TOKEN_REREAD_MS,
        .timeout_ms = options->plugin_timeout_ms,
        .pause_ms = options->plugin_pause_ms,
        .user_agent = options->user_agent,
        .log = options->log,
        .identify = identify,
        .look = look,
        .data = k,
    };
    if (!rc)
        rc = kube_auth_new(loop, config, &auth, &k->auth, err);
    if (!rc)
        rc = open_http(k, config, options, connections, err);
    if (rc) {
        if (rc != ERR_NOMEM && config->origin)
            error_prefix(err, "%s", config->origin);
        if (k->auth)
            kube_auth_close(k->auth, auth_is_closed, k);
        else
            auth_is_closed(k);
        return rc;
    }
    defer_queue_open(loop, &k->soon);
    kube_seats_begin(k);
    *kube = k;
    return 0;
}

static void timer_is_closed(struct deadline *timer)
{
    struct kube *kube = timer->data;
    kube_auth_close(kube->auth, auth_is_closed, kube);
}

static void soon_is_closed(void *data)
{
    struct kube *kube = data;
    deadline_close(&kube->seats_timer, timer_is_closed);
}

static void close_if_idle(struct kube *kube)
{
    if (!kube->closing || kube->alive || kube->soon_closing)
        return;
    kube->soon_closing = true;
    defer_queue_close(&kube->soon, soon_is_closed, kube);
}

void kube_released(struct kube *kube)
{
    kube->alive--;
    close_if_idle(kube);
}

static void http_is_closed(void *data)
{
    kube_released(data);
}

void kube_close(struct kube *kube, void (*closed)(void *data), void *data)
{
    kube->closing = true;
    kube->closed = closed;
    kube->closed_data = data;
    kube_requests_cancel(kube);
    kube_lists_cancel(kube);
    kube_watches_cancel(kube);
    http_client_close(kube->http, http_is_closed, kube);
    if (kube->streams)
        http_client_close(kube->streams, http_is_closed, kube);
}

void kube_set_fence(struct kube *kube, const struct kube_fence *fence)
{
    kube->fence = fence;
}

bool kube_busy(const struct kube *kube)
{
    return kube->requests != NULL;
}

const struct error *kube_trouble(const struct kube *kube)
{
    return kube->trouble;
}

const char *kube_server(const struct kube *kube)
{
    return kube->server;
}
