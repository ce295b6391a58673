/* SPDX-License-Identifier: Apache-2.0 */
/* The server's answer in words: its own Status, or what a proxy or a page for people says instead. */
#include "kube/status/status.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kube/status/status_cure.h"

#define QUOTE_MAX 300  /* of the server's own words, where they are no Status */
#define CAUSES_READ 64 /* of a Status; a server may send any number, and its message names the first in any case */
#define CAUSES_TOLD 16
#define TOO_LARGE "RequestEntityTooLarge"

/* Appends text on one line: runs of white space and control characters become one blank; cut at a character's end. */
static void one_line(struct buf *out, struct str text, size_t max)
{
    size_t start = out->len;
    text = str_trim(text);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (out->len - start >= max && (c & 0xC0) != 0x80) {
            buf_puts(out, "...");
            return;
        }
        if (c > ' ' && c != 0x7f)
            buf_putc(out, (char)c);
        else if (out->len > start && out->ptr[out->len - 1] != ' ')
            buf_putc(out, ' ');
    }
}

/* The inside of <title>, or nothing. */
static struct str html_title(struct str body)
{
    struct str none = {0};
    for (size_t i = 0; i + 7 < body.len; i++) {
        if (strncasecmp(body.ptr + i, "<title>", 7) != 0)
            continue;
        const char *start = body.ptr + i + 7;
        const char *end = memchr(start, '<', (size_t)(body.ptr + body.len - start));
        return end ? str_n(start, (size_t)(end - start)) : none;
    }
    return none;
}

static bool is_html(struct str body)
{
    body = str_trim(body);
    return body.len && body.ptr[0] == '<';
}

/* What came, for a message: "an empty answer", "HTML (Sign in)", "the text ...". */
static void describe(struct buf *out, struct str body)
{
    struct str text = str_trim(body);
    if (!text.len) {
        buf_puts(out, "an empty body");
    } else if (is_html(text)) {
        struct str title = str_trim(html_title(text));
        buf_puts(out, "an HTML page");
        if (title.len) {
            buf_puts(out, " titled \"");
            one_line(out, title, QUOTE_MAX);
            buf_putc(out, '"');
        }
    } else {
        buf_puts(out, "the text \"");
        one_line(out, text, QUOTE_MAX);
        buf_putc(out, '"');
    }
}

int kube_status_body(const struct kube_reply *reply, struct json *root, struct error *err)
{
    struct error why;
    struct str text = str_trim(reply->body);
    bool object = text.len && text.ptr[0] == '{';
    char name[64];
    snprintf(name, sizeof name, "the body, %zu bytes long,", reply->body.len);
    int rc = object ? json_parse(reply->body, name, root, &why) : ERR_PROTOCOL;
    if (!rc)
        return 0;
    if (rc == ERR_NOMEM)
        return error_nomem(err);
    struct buf what = BUF_INIT;
    if (object)
        buf_printf(&what, "a body that is no JSON or was cut short: %s", why.message);
    else
        describe(&what, reply->body);
    if (what.failed)
        rc = error_nomem(err);
    else
        rc = error_set_status(
            err, ERR_PROTOCOL, reply->status, "%s %s: %d with %s%s", reply->method, reply->url, reply->status, what.ptr,
            object ? ""
                   : " where a JSON object was expected; is this a Kubernetes API server, or a proxy or "
                     "login page before it?");
    buf_free(&what);
    return rc;
}

static const char *reason_of(int status)
{
    switch (status) {
    case 400:
        return "BadRequest";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "NotFound";
    case 405:
        return "MethodNotAllowed";
    case 406:
        return "NotAcceptable";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 413:
        return TOO_LARGE;
    case 415:
        return "UnsupportedMediaType";
    case 422:
        return "Invalid";
    case 429:
        return "TooManyRequests";
    case 500:
        return "InternalError";
    case 502:
        return "BadGateway";
    case 503:
        return "ServiceUnavailable";
    case 504:
        return "Timeout";
    default:
        return "HTTP";
    }
}

static int code_of(int status)
{
    return status == 404 ? ERR_NOT_FOUND : status == 409 ? ERR_CONFLICT : status < 400 ? ERR_PROTOCOL : ERR_HTTP;
}

/* Whether the message says it already. */
static bool is_told(const struct buf *out, const struct buf *field, const struct buf *message)
{
    return !field->len || !out->ptr ||
           (strstr(out->ptr, field->ptr) && (!message->len || strstr(out->ptr, message->ptr)));
}

/* The causes' fields, where the message does not name them already. */
static void add_causes(struct buf *out, struct json status)
{
    struct buf field = BUF_INIT, message = BUF_INIT;
    size_t read = 0, told = 0, more = 0;
    for (struct json_iter it = json_iter(json_at(status, "/details/causes")); json_next(&it); read++) {
        if (read >= CAUSES_READ || told >= CAUSES_TOLD) {
            more++;
            continue;
        }
        buf_reset(&field);
        buf_reset(&message);
        json_decode(json_get(it.value, "field"), &field);
        json_decode(json_get(it.value, "message"), &message);
        if (is_told(out, &field, &message))
            continue;
        told++;
        buf_puts(out, "; ");
        one_line(out, buf_str(&field), QUOTE_MAX);
        if (message.len) {
            buf_puts(out, ": ");
            one_line(out, buf_str(&message), QUOTE_MAX);
        }
    }
    if (more)
        buf_printf(out, "; and %zu more causes", more);
    buf_free(&field);
    buf_free(&message);
}

/* The server's own sentence into out, its word into reason. False: the body is no Status that says anything. */
static bool read_status(struct str body, struct buf *out, char *reason, size_t size)
{
    struct json status;
    struct buf text = BUF_INIT;
    char word[ERROR_REASON_MAX];
    if (json_parse(body, "status", &status, NULL) || !json_string_is(json_get(status, "kind"), str_of("Status")))
        return false;
    if (json_string_at(status, "/reason", word, sizeof word) != ERR_NOT_FOUND)
        snprintf(reason, size, "%s", word);
    if (json_decode(json_get(status, "message"), &text))
        one_line(out, buf_str(&text), 3000);
    if (out->len)
        add_causes(out, status);
    buf_free(&text);
    return out->len != 0;
}

/* A Status about a missing object says which; about a path that is not served it does not. */
static bool names_object(struct str body)
{
    struct json status;
    return json_parse(body, "status", &status, NULL) == 0 && json_exists(json_at(status, "/details/name"));
}

/* The words of a Status belong to the object it names; everything else needs the URL to be of use. */
static void bare_words(const struct kube_reply *reply, struct buf *out)
{
    buf_printf(out, "%s %s: %d %s", reply->method, reply->url, reply->status, reason_of(reply->status));
    if (str_trim(reply->body).len) {
        buf_puts(out, " with ");
        describe(out, reply->body);
    }
}

static void add_cure(const struct kube_reply *reply, bool said, struct buf *out)
{
    const char *credentials = reply->credentials ? reply->credentials : "the configuration";
    if (reply->status == 401)
        buf_printf(out,
                   "; the server does not know our credentials (%s): the token or certificate may have expired or "
                   "belong to another cluster",
                   credentials);
    else if (reply->status == 404 && !said)
        buf_puts(out, ": the server does not know this path; is the group or version spelt right, and its definition "
                      "(CRD) installed?");
    else if (reply->status >= 300 && reply->status < 400)
        buf_printf(out, ", a redirect to %s, which is not followed; set the cluster's server to the API server itself",
                   reply->location ? reply->location : "nowhere");
    else if (reply->status >= 400 && out->ptr)
        kube_status_cure_refusal(reply, out->ptr, said, credentials, out);
}

int kube_status_error(const struct kube_reply *reply, struct error *err)
{
    struct buf text = BUF_INIT;
    char reason[ERROR_REASON_MAX];
    snprintf(reason, sizeof reason, "%s", reply->status < 400 ? error_reason(ERR_PROTOCOL) : reason_of(reply->status));
    bool said = read_status(reply->body, &text, reason, sizeof reason);
    if (!said)
        bare_words(reply, &text);
    else if (reply->status == 401)
        buf_printf(&text, " (%s %s)", reply->method, reply->url);
    add_cure(reply, said, &text);
    if (text.ptr && reply->status == 500 &&
        (strstr(text.ptr, "request is too large") || strstr(text.ptr, "message larger than max"))) {
        snprintf(reason, sizeof reason, TOO_LARGE);
        buf_puts(&text, "; an object may have some 1.5 MiB (etcd's limit)");
    }
    int rc = text.failed ? error_nomem(err) : error_set(err, code_of(reply->status), "%s", text.ptr);
    buf_free(&text);
    if (err && rc != ERR_NOMEM) {
        err->status = reply->status;
        err->no_path = reply->status == 404 && !(said && names_object(reply->body));
        err->retryable = reply->status == 429 || (reply->status >= 500 && reply->status != 501);
        snprintf(err->reason, sizeof err->reason, "%s", reason);
        err->retryable = err->retryable && !kube_status_hopeless(err);
    }
    return rc;
}

bool kube_status_hopeless(const struct error *err)
{
    return strcmp(err->reason, TOO_LARGE) == 0;
}
