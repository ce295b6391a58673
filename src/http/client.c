/* SPDX-License-Identifier: Apache-2.0 */
/* A client's life: making it, what it puts off to the loop's next turn, and closing it. */
#include "http/client.h"

#include <stdlib.h>

#include "base/program_version.h"
#include "http/curl_memory.h"

void client_hold(struct http_client *client)
{
    client->held++;
}

static void destroy(struct http_client *client)
{
    void (*closed)(void *data) = client->closed;
    void *data = client->data;
    if (client->proxy)
        secret_wipe(client->proxy, strlen(client->proxy)); /* it may have a password */
    free(client->proxy);
    free(client->user_agent);
    free(client->server_name);
    error_keep(&client->distrust, NULL);
    free(client);
    memory_cleanup_curl();
    if (closed)
        closed(data);
}

void client_release(struct http_client *client)
{
    if (--client->held == 0)
        destroy(client);
}

static void release(void *data)
{
    client_release(data);
}

static void on_timer_closed(struct deadline *timer)
{
    client_release(timer->data);
}

static void on_turn_closed(uv_handle_t *handle)
{
    client_release(handle->data);
}

/* The last request has ended: connections, sockets and timers go. */
static void shut_down(struct http_client *client)
{
    client->shut = true;
    client_hold(client);
    glue_detach(client);
    deadline_close(&client->timer, on_timer_closed);
    uv_close((uv_handle_t *)&client->turn, on_turn_closed);
    tls_await_end(client->tls, &client->roots);
    tls_close(client->tls, release, client);
    client_release(client);
}

static bool has_added(const struct http_client *client)
{
    const struct http_request *request;
    TAILQ_FOREACH(request, &client->requests, in_requests)
    {
        if (request->added)
            return true;
    }
    return false;
}

static void on_turn(uv_idle_t *turn)
{
    struct http_client *client = turn->data;
    uv_idle_stop(turn);
    if (client->due) {
        client->due = false;
        glue_act(client, CURL_SOCKET_TIMEOUT, 0);
    }
    for (size_t n = client->work_count; n && client->work_count; n--) { /* what `done` asks for now waits a turn */
        struct http_request *request = TAILQ_FIRST(&client->work);
        TAILQ_REMOVE(&client->work, request, in_work);
        client->work_count--;
        request->queued = false;
        request_work(request);
    }
    if (client->broken && !has_added(client))
        glue_renew(client);
    if (client->closing && TAILQ_EMPTY(&client->requests))
        shut_down(client);
}

void client_wake(struct http_client *client)
{
    if (!client->shut)
        uv_idle_start(&client->turn, on_turn);
}

void client_queue(struct http_client *client, struct http_request *request)
{
    if (request->queued || request->ended)
        return;
    request->queued = true;
    TAILQ_INSERT_TAIL(&client->work, request, in_work);
    client->work_count++;
    client_wake(client);
}

/* The system's CAs were read, or cannot be. */
static void roots_are_known(void *data, const struct error *err)
{
    struct http_client *client = data;
    struct http_request *request;
    error_keep(&client->distrust, err);
    TAILQ_FOREACH(request, &client->requests, in_requests)
    {
        if (!request->waits)
            continue;
        request->waits = false;
        if (err && !request->failure)
            request->failure = ERR_INVALID;
        client_queue(client, request);
    }
}

static int copy_text(char **out, const char *text)
{
    if (text && !(*out = str_dup(str_of(text))))
        return ERR_NOMEM;
    return 0;
}

static int copy_config(struct http_client *client, const struct http_config *config)
{
    client->connections = config->connections ? (long)config->connections : CLIENT_CONNECTIONS;
    client->connect_timeout_ms = config->connect_timeout_ms ? config->connect_timeout_ms : CLIENT_CONNECT_TIMEOUT_MS;
    client->unsent_ms = config->unsent_ms ? config->unsent_ms : CLIENT_UNSENT_MS;
    client->body_max = config->body_max ? config->body_max : CLIENT_BODY_MAX;
    client->insecure = config->tls.insecure;
    client->log = config->log;
    client->carrier = config->carrier;
    client->forbids = config->forbids;
    client->guard = config->guard;
    const char *name = config->tls.server_name;
    if (copy_text(&client->proxy, config->proxy) || copy_text(&client->server_name, name && *name ? name : NULL))
        return ERR_NOMEM;
    return copy_text(&client->user_agent, config->user_agent ? config->user_agent : mpijobd_user_agent);
}

/* The TLS material is this client's own from here on. */
static int attach(struct http_client *client, struct tls *tls, struct error *err)
{
    client->tls = tls;
    if (!glue_attach(client))
        return 0;
    client_hold(client);
    tls_close(client->tls, release, client);
    return error_nomem(err);
}

static int set_up(struct http_client *client, const struct http_config *config, struct error *err)
{
    struct tls *tls;
    if (copy_config(client, config))
        return error_nomem(err);
    int rc = config->carrier ? tls_none(client->loop, &tls, err)
                             : tls_new(client->loop, &config->tls, config->log, &tls, err);
    if (rc)
        return rc;
    tls_listen(tls, config->looked, config->data);
    return attach(client, tls, err);
}

static int set_up_beside(struct http_client *client, const struct http_client *first, struct error *err)
{
    struct http_config config = {
        .tls = {.server_name = first->server_name, .insecure = first->insecure},
        .proxy = first->proxy,
        .user_agent = first->user_agent,
        .connections = (unsigned)client->connections,
        .connect_timeout_ms = first->connect_timeout_ms,
        .unsent_ms = first->unsent_ms,
        .body_max = first->body_max,
        .log = first->log,
        .carrier = first->carrier,
        .forbids = first->forbids,
        .guard = first->guard,
    };
    if (copy_config(client, &config))
        return error_nomem(err);
    return attach(client, tls_share(first->tls), err);
}

static struct http_client *create(uv_loop_t *loop, struct error *err)
{
    if (memory_init_curl()) {
        error_nomem(err);
        return NULL;
    }
    struct http_client *client = calloc(1, sizeof *client);
    if (!client) {
        memory_cleanup_curl();
        error_nomem(err);
        return NULL;
    }
    client->loop = loop;
    client_hold(client);
    TAILQ_INIT(&client->requests);
    TAILQ_INIT(&client->work);
    client->roots = (struct tls_wait){.over = roots_are_known, .data = client};
    return client;
}

static int finish(struct http_client *client, int rc, struct http_client **out)
{
    if (rc) {
        client_release(client);
        return rc;
    }
    uv_idle_init(client->loop, &client->turn);
    client->turn.data = client;
    client->held = 3; /* timer, turn, tls */
    *out = client;
    return 0;
}

int http_client_new(uv_loop_t *loop, const struct http_config *config, struct http_client **out, struct error *err)
{
    struct http_client *client = create(loop, err);
    return client ? finish(client, set_up(client, config, err), out) : ERR_NOMEM;
}

int http_client_beside(struct http_client *first, unsigned connections, struct http_client **out, struct error *err)
{
    struct http_client *client = create(first->loop, err);
    if (!client)
        return ERR_NOMEM;
    client->connections = (long)connections;
    return finish(client, set_up_beside(client, first, err), out);
}

int http_client_identify(struct http_client *client, struct str certificate, struct str key, struct error *err)
{
    return tls_identify(client->tls, certificate, key, err);
}

bool http_client_look(struct http_client *client)
{
    if (client->closing || !tls_has_files(client->tls))
        return false;
    tls_look(client->tls, true);
    return true;
}

void http_client_close(struct http_client *client, void (*closed)(void *data), void *data)
{
    client->closing = true;
    client->closed = closed;
    client->data = data;
    struct http_request *request;
    TAILQ_FOREACH(request, &client->requests, in_requests)
    http_cancel(request);
    client_wake(client);
}
