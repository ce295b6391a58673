/* SPDX-License-Identifier: Apache-2.0 */
/* One request as libcurl's options, and libcurl's callbacks for it. */
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/answer.h"
#include "http/client.h"
#include "http/proxy.h"

/* A peer that went away without a word is noticed after 30 + 3 * 10 s, also on an idle stream. */
#define PROBE_AFTER_S 30
#define PROBE_EVERY_S 10
#define PROBES 3
/* libcurl reads up to a hundred of these in one go. Who streams works on each; the loop must not wait long for it. */
#define STREAM_BUFFER 4096L
#define BULK_BUFFER 16384L

struct http_request *transfer_request(CURL *easy)
{
    char *request = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
    return (struct http_request *)(void *)request;
}

int transfer_status(const struct http_request *request)
{
    long status = request->status;
    if (request->easy)
        curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static size_t stop(struct http_request *request, int failure)
{
    if (!request->failure)
        request->failure = failure;
    return CURL_WRITEFUNC_ERROR;
}

static void heard(struct http_request *request)
{
    request->heard = uv_now(request->client->loop);
}

static size_t on_header(char *line, size_t size, size_t n, void *data)
{
    struct http_request *request = data;
    (void)size; /* 1 */
    heard(request);
    int rc = answer_headers_line(&request->head, line, n);
    if (!rc && request->on_begin && !request->cancelled && n <= 2 && transfer_status(request) == 200)
        request->on_begin(request->data); /* the empty line that ends them */
    return rc ? stop(request, rc) : n;
}

static int collect(struct http_request *request, const char *bytes, size_t n)
{
    int64_t length = request->received == 0 ? content_length_read(&request->head) : -1;
    if (length > 0 && request->answer.max && (uint64_t)length > request->answer.max)
        return ERR_LIMIT; /* no use in waiting for it */
    buf_add(&request->answer, bytes, n);
    return request->answer.failed;
}

size_t transfer_take(struct http_request *request, const char *bytes, size_t n)
{
    heard(request);
    if (request->cancelled)
        return stop(request, ERR_CANCELLED);
    if (request->on_data && transfer_status(request) == 200) {
        if (!request->on_data(request->data, bytes, n))
            return stop(request, ERR_CANCELLED);
    } else {
        int rc = collect(request, bytes, n);
        if (rc)
            return stop(request, rc);
    }
    request->received += n;
    return n;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *data)
{
    (void)size; /* 1 */
    return transfer_take(data, bytes, n);
}

/* A connection is there and the request is about to go out on it. libcurl comes here again when a connection that was
 * kept alive is lost without an answer: it then sends the same request again, even a PUT that the server has already
 * carried out. Only what changes nothing may go twice. */
static int on_connected(void *data, char *ip, char *local_ip, int port, int local_port)
{
    struct http_request *request = data;
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    if (request->may_leave && !request->may_leave(request->data)) {
        request->failure = ERR_CANCELLED;
        return CURL_PREREQFUNC_ABORT;
    }
    bool harmless = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (request->sends++ && !harmless) {
        request->failure = ERR_UNREACHABLE;
        return CURL_PREREQFUNC_ABORT;
    }
    return CURL_PREREQFUNC_OK;
}

static int on_open(void *data, curl_socket_t fd, curlsocktype purpose)
{
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKOPT_OK;
    fcntl(fd, F_SETFD, FD_CLOEXEC); /* programs that we start have no business with it */
    /* Best effort: they make a dead peer known sooner, no more. */
    const int on = 1, after = PROBE_AFTER_S, every = PROBE_EVERY_S, probes = PROBES;
    const unsigned unsent = (unsigned)((const struct http_request *)data)->client->unsent_ms;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &after, sizeof after);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unsent, sizeof unsent);
    return CURL_SOCKOPT_OK;
}

/* Called after the name was looked up: what is asked about is what is connected to. */
static curl_socket_t on_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_request *request = data;
    const struct http_client *client = request->client;
    const char *why = purpose == CURLSOCKTYPE_IPCXN ? client->forbids(client->guard, &address->addr) : NULL;
    if (!why)
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    request->refusal = why;
    getnameinfo(&address->addr, address->addrlen, request->refused, sizeof request->refused, NULL, 0, NI_NUMERICHOST);
    return CURL_SOCKET_BAD;
}

static CURLcode on_tls(CURL *easy, void *context, void *data)
{
    const struct http_client *client = data;
    (void)easy;
    return tls_apply(client->tls, context) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

/* Options that fail only for want of memory are noted in one place. */
#define SET(option, value) (failed |= curl_easy_setopt(easy, option, value) != CURLE_OK)

static bool set_method(CURL *easy, const struct http_request *request)
{
    bool failed = false;
    bool posts = strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ||
                 strcmp(request->method, "PATCH") == 0;
    if (request->body_len || posts) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        SET(CURLOPT_POSTFIELDS, request->body_len ? request->body : ""); /* not copied: the request keeps it */
    } else if (strcmp(request->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
    }
    SET(CURLOPT_CUSTOMREQUEST, request->method);
    return failed;
}

static bool set_proxy(CURL *easy, struct http_request *request)
{
    bool failed = false;
    const struct http_client *client = request->client;
    const char *proxy = proxy_for(&request->url, client->proxy);
    SET(CURLOPT_PROXY, proxy);
    if (client->forbids && !*proxy) {
        SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
        SET(CURLOPT_OPENSOCKETDATA, request);
    }
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    return failed;
}

static bool set_tls(CURL *easy, struct http_request *request)
{
    bool failed = false;
    struct http_client *client = request->client;
    /* Ours alone (on_tls): libcurl would parse Debian's whole store for each connection. */
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_CAINFO, NULL);
    SET(CURLOPT_PROXY_CAPATH, NULL);
    SET(CURLOPT_PROXY_CAINFO, NULL);
    SET(CURLOPT_SSL_CTX_FUNCTION, on_tls);
    SET(CURLOPT_SSL_CTX_DATA, client);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Without a file of its own libcurl 7.87 and later take the store that on_tls set for the one to keep for a day. */
    SET(CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L); /* a resumed session would pass by a CA or an identity that was rotated */
    SET(CURLOPT_SSL_VERIFYPEER, client->insecure ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, client->insecure ? 0L : 2L);
    if (request->connect_to.data)
        SET(CURLOPT_CONNECT_TO, &request->connect_to);
    return failed;
}

static bool set_callbacks(CURL *easy, struct http_request *request)
{
    bool failed = false;
    SET(CURLOPT_PRIVATE, request);
    SET(CURLOPT_ERRORBUFFER, request->detail);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, request);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, request);
    SET(CURLOPT_PREREQFUNCTION, on_connected);
    SET(CURLOPT_PREREQDATA, request);
    SET(CURLOPT_SOCKOPTFUNCTION, on_open);
    SET(CURLOPT_SOCKOPTDATA, request);
    return failed;
}

/* Connections from before the last change of certificate were made with the former one. libcurl counts their age in
 * whole seconds, so for the first two seconds after the change every request gets a connection of its own. */
static bool set_age(CURL *easy, const struct http_client *client)
{
    bool failed = false;
    uint64_t changed = tls_changed_at(client->tls), seconds = (uv_now(client->loop) - changed) / 1000;
    if (changed < client->sent_at)
        return false;
    if (seconds < 2)
        SET(CURLOPT_FRESH_CONNECT, 1L);
    else
        SET(CURLOPT_MAXLIFETIME_CONN, (long)(seconds - 1));
    return failed;
}

int transfer_prepare(struct http_request *request)
{
    struct http_client *client = request->client;
    CURL *easy = request->easy;
    bool failed = set_callbacks(easy, request);
    if (!client->sent)
        client->sent_at = uv_now(client->loop) + 1; /* a change of this very moment came before it */
    client->sent = true;
    failed |= set_method(easy, request);
    failed |= set_proxy(easy, request);
    failed |= set_tls(easy, request);
    if (request->on_data)
        SET(CURLOPT_BUFFERSIZE, request->bulk ? BULK_BUFFER : STREAM_BUFFER);
    SET(CURLOPT_URL, request->url.text);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_HTTPHEADER, request->headers.first); /* not copied: the request keeps it */
    SET(CURLOPT_USERAGENT, client->user_agent);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* a name that is being looked up must not hold the loop when its request ends */
    SET(CURLOPT_MAXAGE_CONN, (long)CLIENT_IDLE_MOST_S);
    failed |= set_age(easy, client);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)client->connect_timeout_ms);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* HTTP/2 gained nothing, see the README */
    return failed ? ERR_NOMEM : 0;
}
