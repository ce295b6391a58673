/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that a carrier answers instead of libcurl. */
#include "http/carrier.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http/client.h"

static void fail(struct http_request *request, int code)
{
    if (!request->failure)
        request->failure = code;
    client_queue(request->client, request);
}

void carried_begin(struct http_request *request)
{
    const struct http_carrier *carrier = request->client->carrier;
    if (request->may_leave && !request->may_leave(request->data)) {
        fail(request, ERR_CANCELLED);
        return;
    }
    request->carried = true;
    request->sends++;
    carrier->begin(carrier->data, request);
}

void carried_end(struct http_request *request)
{
    const struct http_carrier *carrier = request->client->carrier;
    if (!request->carried)
        return;
    request->carried = false;
    carrier->end(carrier->data, request);
}

const char *http_carried_method(const struct http_request *request)
{
    return request->method;
}

/* Behind "http://HOST:PORT". */
const char *http_carried_target(const struct http_request *request)
{
    const char *host = strstr(request->url.text, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;
    return path ? path : "/";
}

const char *http_carried_sent(const struct http_request *request, const char *name)
{
    size_t n = strlen(name);
    for (const struct curl_slist *line = request->headers.first; line; line = line->next) {
        if (strncasecmp(line->data, name, n) == 0 && line->data[n] == ':')
            return line->data + n + 1 + strspn(line->data + n + 1, " ");
    }
    return NULL;
}

struct str http_carried_sent_body(const struct http_request *request)
{
    return str_n(request->body, request->body_len);
}

int http_carried_head(struct http_request *request, const char *name, const char *value)
{
    char line[2048];
    int n = snprintf(line, sizeof line, "%s: %s\r\n", name, value);
    int rc = n < (int)sizeof line ? answer_headers_line(&request->head, line, (size_t)n) : ERR_LIMIT;
    if (rc)
        fail(request, rc);
    return rc;
}

void http_carried_status(struct http_request *request, int status)
{
    request->status = status;
    request->heard = uv_now(request->client->loop);
    if (answer_headers_line(&request->head, "\r\n", 2))
        fail(request, ERR_NOMEM);
}

bool http_carried_body(struct http_request *request, const char *bytes, size_t n)
{
    if (transfer_take(request, bytes, n) == n)
        return true;
    client_queue(request->client, request);
    return false;
}

void http_carried_over(struct http_request *request, int code)
{
    request->carried = false;
    if (code && !request->failure)
        request->failure = code;
    if (request->failure)
        client_queue(request->client, request);
    else
        request_finished(request, CURLE_OK);
}
