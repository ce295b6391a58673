/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi interface and libuv's loop. What is easily done wrong here, and how it is done:
 *
 * - libuv reports a socket's error as a negative status without events, and has stopped the poll then. libcurl is told
 *   CURL_CSELECT_ERR, and the poll starts again if libcurl still wants the socket.
 * - finished transfers are looked for after every action, of a socket or a timer; libcurl's own example forgets the
 *   last transfer that times out.
 * - 0 ms means the loop's next turn, after the sockets had theirs: neither 1 ms later, nor from within libuv's timers,
 *   where a flood on one connection would keep all others from being looked at.
 * - libcurl takes a failing socket callback for the end of the whole multi handle: without memory for a poll only the
 *   request is given up. */
#include <stdlib.h>

#include "http/client.h"

struct polled {
    uv_poll_t poll;
    struct http_client *client;
    curl_socket_t fd;
    int events;
    bool removed;
};

static void drain(struct http_client *client)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &left));) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result; /* the message goes with the handle */
        struct http_request *request = transfer_request(message->easy_handle);
        if (request)
            request_finished(request, result);
    }
}

/* libcurl ran out of memory in its own books: it does not say which transfer it has lost sight of, and adding to those
 * books once more would crash it (7.88 divides by a table's size that it has set to 0). What is under way fails now,
 * and the multi handle is exchanged in the next turn. */
static void break_off(struct http_client *client)
{
    struct http_request *request;
    client->broken = true;
    client->due = false;
    TAILQ_FOREACH(request, &client->requests, in_requests)
    {
        if (!request->added)
            continue;
        if (!request->failure)
            request->failure = ERR_NOMEM;
        client_queue(client, request);
    }
    client_wake(client);
}

void glue_act(struct http_client *client, curl_socket_t fd, int events)
{
    if (client->broken)
        return;
    int running;
    client->inside++;
    CURLMcode rc = curl_multi_socket_action(client->multi, fd, events, &running);
    client->inside--;
    if (rc != CURLM_OK)
        break_off(client); /* before the messages: what `done` sends must not go to this handle any more */
    drain(client);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct polled *polled = poll->data;
    int mask = 0;
    if (status < 0)
        mask |= CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        mask |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        mask |= CURL_CSELECT_OUT;
    glue_act(polled->client, polled->fd, mask); /* polled is closed in a later turn at the earliest */
    if (status < 0 && !polled->removed)
        uv_poll_start(&polled->poll, polled->events, on_poll);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct polled *polled = handle->data;
    struct http_client *client = polled->client;
    free(polled);
    client_release(client);
}

static struct polled *polled_new(struct http_client *client, curl_socket_t fd)
{
    struct polled *polled = calloc(1, sizeof *polled);
    if (!polled)
        return NULL;
    polled->client = client;
    polled->fd = fd;
    if (uv_poll_init_socket(client->loop, &polled->poll, fd) != 0) {
        free(polled);
        return NULL;
    }
    polled->poll.data = polled;
    client_hold(client);
    return polled;
}

static void stop_polling(struct http_client *client, struct polled *polled)
{
    polled->removed = true;
    curl_multi_assign(client->multi, polled->fd, NULL);
    uv_close((uv_handle_t *)&polled->poll,
             on_poll_closed); /* before libcurl closes the descriptor, as libuv wants it */
}

static void give_up(struct http_client *client, CURL *easy)
{
    struct http_request *request = transfer_request(easy);
    if (!request)
        return;
    request->failure = ERR_NOMEM;
    client_queue(client, request);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
    struct http_client *client = data;
    struct polled *polled = socket_data;
    if (what == CURL_POLL_REMOVE) {
        if (polled)
            stop_polling(client, polled);
        return 0;
    }
    if (!polled) {
        polled = polled_new(client, fd);
        if (!polled) {
            give_up(client, easy);
            return 0;
        }
        curl_multi_assign(client->multi, fd, polled);
    }
    polled->events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    uv_poll_start(&polled->poll, polled->events, on_poll);
    return 0;
}

static void on_timer(struct deadline *timer)
{
    glue_act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long ms, void *data)
{
    (void)multi;
    struct http_client *client = data;
    client->due = ms == 0;
    if (ms > 0) {
        deadline_set(&client->timer, (uint64_t)ms);
        return 0;
    }
    deadline_stop(&client->timer);
    if (client->due)
        client_wake(client);
    return 0;
}

static int make_multi(struct http_client *client)
{
    client->multi = curl_multi_init();
    if (!client->multi)
        return ERR_NOMEM;
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, client->connections);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, client->connections);
    return 0;
}

int glue_attach(struct http_client *client)
{
    if (!client->carrier && make_multi(client))
        return ERR_NOMEM;
    deadline_init(client->loop, &client->timer, on_timer, client);
    return 0;
}

void glue_detach(struct http_client *client)
{
    client->inside++;
    curl_multi_cleanup(client->multi); /* calls back for the sockets that it closes */
    client->inside--;
    client->multi = NULL;
}

void glue_renew(struct http_client *client)
{
    if (client->multi)
        glue_detach(client);
    deadline_stop(&client->timer);
    client->due = false;
    client->broken = make_multi(client) != 0; /* else again with the next request */
}
