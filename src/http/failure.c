/* SPDX-License-Identifier: Apache-2.0 */
/* Why there is no answer, in words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http/client.h"
#include "http/proxy.h"

#define WHERE "%s %s: "
#define WHERE_OF(request) (request)->method, (request)->shown_url

static const char *detail(const struct http_request *request, CURLcode result)
{
    return request->detail[0] && !request->veiled ? request->detail : curl_easy_strerror(result);
}

void failure_cancelled(const struct http_request *request, struct error *err)
{
    error_set(err, ERR_CANCELLED, WHERE "cancelled", WHERE_OF(request));
}

int failure_cut_short(const struct http_request *request, int64_t length, struct error *err)
{
    if (length >= 0)
        error_set(err, ERR_PROTOCOL, WHERE "the answer's body was cut short: %" PRIu64 " of %" PRId64 " bytes came",
                  WHERE_OF(request), request->received, length);
    else
        error_set(err, ERR_PROTOCOL, WHERE "the answer's body was cut short after %" PRIu64 " bytes", WHERE_OF(request),
                  request->received);
    error_set_retryable(err, true);
    return ERR_PROTOCOL;
}

void failure_timeout(const struct http_request *request, struct error *err)
{
    if (uv_now(request->client->loop) < request->ends)
        error_set(err, ERR_TIMEOUT, WHERE "not a byte came for %" PRIu64 " ms", WHERE_OF(request), request->silence_ms);
    else if (request->waits)
        error_set(err, ERR_TIMEOUT, WHERE "the system's CA certificates were not read within %" PRIu64 " ms",
                  WHERE_OF(request), request->timeout_ms);
    else if (!request->sends)
        error_set(err, ERR_TIMEOUT, WHERE "no free connection within %" PRIu64 " ms", WHERE_OF(request),
                  request->timeout_ms);
    else
        error_set(err, ERR_TIMEOUT, WHERE "no %s within %" PRIu64 " ms", WHERE_OF(request),
                  request->head.complete ? "complete answer" : "answer", request->timeout_ms);
}

/* One of our callbacks stopped libcurl. */
static void describe_ours(const struct http_request *request, struct error *err)
{
    switch (request->failure) {
    case ERR_NOMEM:
        error_nomem(err);
        error_prefix(err, "%s %s", WHERE_OF(request));
        return;
    case ERR_CANCELLED:
        failure_cancelled(request, err);
        return;
    case ERR_INVALID:
        error_set(err, ERR_UNREACHABLE, WHERE "it is not known whom to trust: %s", WHERE_OF(request),
                  request->client->distrust ? request->client->distrust->message : "");
        error_set_retryable(err, false); /* a person has to mend the file; the next request looks again */
        return;
    case ERR_LIMIT:
        if (request->head.complete)
            error_set(err, ERR_LIMIT, WHERE "the answer is larger than the limit of %zu bytes", WHERE_OF(request),
                      request->answer.max);
        else
            error_set(err, ERR_LIMIT, WHERE "the answer's headers are larger than the limit of %u bytes",
                      WHERE_OF(request), ANSWER_HEADERS_MAX);
        return;
    default:
        error_set(err, ERR_UNREACHABLE,
                  WHERE "the connection was lost before an answer came; the server may have done it",
                  WHERE_OF(request));
    }
}

/* Whom libcurl connects to: "HOST port PORT" or "the proxy URL", without its password. */
static const char *peer(const struct http_request *request, char text[URL_SHOWN_MAX + 32])
{
    const struct http_client *client = request->client;
    const char *proxy = proxy_for(&request->url, client->proxy);
    char shown[URL_SHOWN_MAX];
    if (request->veiled)
        return "the server";
    if (*proxy) {
        snprintf(text, URL_SHOWN_MAX, "%s%s", strstr(proxy, "://") ? "" : "http://", proxy);
        url_show(text, shown);
        secret_wipe(text, URL_SHOWN_MAX); /* it had the password */
        snprintf(text, URL_SHOWN_MAX + 32, "the proxy %s", shown);
    } else {
        snprintf(text, URL_SHOWN_MAX + 32, "%.400s port %s", request->url.host, request->url.port);
    }
    return text;
}

static void describe_connect(const struct http_request *request, CURLcode result, struct error *err)
{
    long number = 0;
    char text[URL_SHOWN_MAX + 32];
    curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &number);
    error_set(err, ERR_UNREACHABLE, WHERE "cannot connect to %s: %s", WHERE_OF(request), peer(request, text),
              number ? strerror((int)number) : detail(request, result));
}

/* The proxy's own answer to CONNECT; 0: there was none, or a tunnel. */
static long refused_tunnel(const struct http_request *request)
{
    long status = 0;
    curl_easy_getinfo(request->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status >= 200 && status < 300 ? 0 : status;
}

static void describe_tunnel(const struct http_request *request, long status, struct error *err)
{
    char text[URL_SHOWN_MAX + 32];
    error_set(err, ERR_UNREACHABLE, WHERE "%s does not lead to %s port %s: it answered %ld%s", WHERE_OF(request),
              peer(request, text), request->veiled ? "its host" : request->url.host, request->url.port, status,
              status == 407 ? "; does it want a name and a password (http://NAME:PASSWORD@HOST:PORT), or others?" : "");
    error_set_retryable(err, status >= 500);
}

static void describe_lost(const struct http_request *request, CURLcode result, struct error *err)
{
    if (request->head.complete && request->received)
        failure_cut_short(request, -1, err);
    else
        error_set(err, ERR_UNREACHABLE, WHERE "the connection was lost before an answer came: %s", WHERE_OF(request),
                  detail(request, result));
}

static void describe_tls(const struct http_request *request, CURLcode result, struct error *err)
{
    error_set(err, ERR_UNREACHABLE, WHERE "TLS refused: %s%s", WHERE_OF(request), detail(request, result),
              result == CURLE_PEER_FAILED_VERIFICATION
                  ? "; check the CA (certificate-authority) and the server's name (tls-server-name)"
                  : "");
    /* The same material fails the same way; files may be renewed meanwhile. */
    error_set_retryable(err, tls_has_files(request->client->tls) ||
                                 (result == CURLE_SSL_CONNECT_ERROR && strstr(request->detail, "SYSCALL")));
}

void failure_describe(const struct http_request *request, CURLcode result, struct error *err)
{
    if (request->failure) {
        describe_ours(request, err);
        return;
    }
    if (request->refusal && result == CURLE_COULDNT_CONNECT) {
        error_set(err, ERR_REFUSED, WHERE "%s is %s", WHERE_OF(request),
                  request->veiled ? "the server's address" : request->refused, request->refusal);
        return;
    }
    if (result != CURLE_OUT_OF_MEMORY && refused_tunnel(request)) {
        describe_tunnel(request, refused_tunnel(request), err);
        return;
    }
    char text[URL_SHOWN_MAX + 32];
    switch (result) {
    case CURLE_OUT_OF_MEMORY:
        error_nomem(err);
        error_prefix(err, "%s %s", WHERE_OF(request));
        return;
    case CURLE_COULDNT_RESOLVE_PROXY:
        error_set(err, ERR_UNREACHABLE, WHERE "the name of %s does not resolve", WHERE_OF(request),
                  peer(request, text));
        return;
    case CURLE_COULDNT_RESOLVE_HOST:
        error_set(err, ERR_UNREACHABLE, WHERE "the name does not resolve: %s", WHERE_OF(request),
                  detail(request, result));
        return;
    case CURLE_COULDNT_CONNECT:
        describe_connect(request, result, err);
        return;
    case CURLE_OPERATION_TIMEDOUT: /* the only timeout that is libcurl's to watch */
        error_set(err, ERR_UNREACHABLE, WHERE "no connection to %s within %" PRIu64 " ms", WHERE_OF(request),
                  peer(request, text), request->client->connect_timeout_ms);
        return;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
        describe_tls(request, result, err);
        return;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        describe_lost(request, result, err);
        return;
    case CURLE_PROXY:
        error_set(err, ERR_UNREACHABLE, WHERE "the proxy refused: %s", WHERE_OF(request), detail(request, result));
        return;
    default: /* an answer that is no HTTP */
        error_set(err, ERR_PROTOCOL, WHERE "%s", WHERE_OF(request), detail(request, result));
    }
}
