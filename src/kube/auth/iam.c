/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of Huawei Cloud's IAM: asked for with a password that is read from its file each time. */
#include <stdlib.h>

#include "base/clock.h"
#include "http/http.h"
#include "kube/auth/iam_message.h"
#include "kube/auth/source.h"
#include "loop/work.h"

#define PASSWORD_MAX 4096
#define TIMEOUT_MS 20000
#define MARGIN (1800 * CLOCK_SECOND) /* IAM may be away for so long before a token of 24 hours has ended */
#define ANSWER_MAX ((size_t)4 << 20) /* it lists all services */

struct iam_source {
    struct auth_source source;
    uv_loop_t *loop;
    struct http_client *http;
    struct kube_iam iam;
    char *url;
    struct work work;
    bool busy;                    /* reading the file, or waiting for the answer */
    bool looking;                 /* only to see whether there is another password than the refused one */
    struct buf password, refused; /* secret; password: the worker's while it reads */
    const struct error *why;      /* likewise */
    int rc;
    struct http_request *request;
    void (*closed)(void *data); /* NULL: it goes on */
    void *closed_data;
};

static void iam_free(void *data)
{
    struct iam_source *s = data;
    void (*closed)(void *) = s->closed;
    void *closed_data = s->closed_data;
    buf_free(&s->password);
    buf_free(&s->refused);
    kube_iam_free(&s->iam);
    free(s->url);
    error_keep(&s->why, NULL);
    free(s);
    if (closed)
        closed(closed_data);
}

/* One of the three, or none where there is no other password. */
static void end(struct iam_source *s, struct credential *credential, const struct error *err)
{
    s->busy = false;
    buf_free(&s->password);
    s->source.fetched(s->source.data, credential, err);
}

static void end_failed(struct iam_source *s, struct error *err)
{
    error_prefix(err, "the IAM at %s", s->iam.endpoint);
    end(s, NULL, err);
}

static void keep_refused(struct iam_source *s)
{
    buf_reset(&s->refused);
    buf_add_str(&s->refused, buf_str(&s->password));
    if (s->refused.failed)
        buf_free(&s->refused);
}

static void answered(void *data, const struct http_answer *answer, const struct error *failure)
{
    struct iam_source *s = data;
    struct credential fresh = CREDENTIAL_INIT;
    struct error err;
    bool refused = false;
    s->request = NULL;
    if (s->closed) {
        s->busy = false;
        return;
    }
    buf_free(&s->refused);
    if (failure) {
        err = *failure;
        end_failed(s, &err);
        return;
    }
    int rc = answer->status == 201 || answer->status == 200
                 ? iam_read(http_answer_header(answer, "X-Subject-Token"), answer->body, clock_now(NULL), &fresh, &err)
                 : iam_refusal(&s->iam, answer->status, answer->body, buf_str(&s->password), &refused, &err);
    if (refused)
        keep_refused(s);
    s->source.wait_ms = rc && answer->retry_after_ms > 0 ? (uint64_t)answer->retry_after_ms : 0;
    if (rc)
        end_failed(s, &err);
    else
        end(s, &fresh, NULL);
}

static int ask(struct iam_source *s, struct error *err)
{
    struct buf body = {.secret = true};
    int rc = iam_write(&s->iam, buf_str(&s->password), &body, err);
    struct http_call call = {.method = "POST",
                             .url = s->url,
                             .body = buf_str(&body),
                             .content_type = "application/json;charset=utf8",
                             .timeout_ms = TIMEOUT_MS,
                             .done = answered,
                             .data = s};
    if (!rc)
        rc = http_send(s->http, &call, &s->request, err);
    buf_free(&body);
    return rc;
}

/* All of it but the end of its line: a password may have blanks. */
static int read_password(const char *path, struct buf *out, struct error *err)
{
    buf_reset(out);
    int rc = buf_read_file(out, path, PASSWORD_MAX, err);
    if (rc)
        return rc;
    while (out->len && (out->ptr[out->len - 1] == '\n' || out->ptr[out->len - 1] == '\r'))
        out->ptr[--out->len] = '\0';
    return out->len ? 0 : error_set(err, ERR_INVALID, "the password file %s is empty", path);
}

static void read_in_worker(struct work *work)
{
    struct iam_source *s = (struct iam_source *)((char *)work - offsetof(struct iam_source, work));
    struct error why;
    s->rc = read_password(s->iam.password_file, &s->password, &why);
    error_keep(&s->why, s->rc ? &why : NULL);
}

static void was_read(struct work *work)
{
    struct iam_source *s = (struct iam_source *)((char *)work - offsetof(struct iam_source, work));
    if (s->closed) {
        s->busy = false;
        http_client_close(s->http, iam_free, s);
        return;
    }
    if (!s->rc && s->looking && str_eq(buf_str(&s->password), buf_str(&s->refused))) {
        end(s, NULL, NULL);
        return;
    }
    struct error why;
    if (s->rc)
        end(s, NULL, s->why);
    else if (ask(s, &why))
        end(s, NULL, &why);
}

static int begin(struct iam_source *s, bool looking)
{
    s->busy = true;
    s->looking = looking;
    s->source.wait_ms = 0;
    work_start(s->loop, &s->work, read_in_worker, was_read);
    return 0;
}

static int fetch(struct auth_source *source, struct error *err)
{
    (void)err;
    return begin((struct iam_source *)source, false);
}

static bool look(struct auth_source *source)
{
    struct iam_source *s = (struct iam_source *)source;
    return s->refused.len && begin(s, true) == 0;
}

static void close_source(struct auth_source *source, void (*closed)(void *data), void *data)
{
    struct iam_source *s = (struct iam_source *)source;
    s->closed = closed;
    s->closed_data = data;
    if (s->busy && !s->request)
        uv_cancel((uv_req_t *)&s->work.request); /* was_read goes on */
    else
        http_client_close(s->http, iam_free, s);
}

static int open_http(struct iam_source *s, const struct kube_config *config, const char *user_agent,
                     const struct log *log, struct error *err)
{
    struct http_config http = {
        .tls = {.ca_file = s->iam.ca_file},
        .proxy = config->proxy_url,
        .user_agent = user_agent,
        .connections = 1,
        .body_max = ANSWER_MAX,
        .log = log,
    };
    return http_client_new(s->loop, &http, &s->http, err);
}

int iam_source_new(uv_loop_t *loop, const struct kube_config *config, const char *user_agent, const struct log *log,
                   struct auth_source **source, struct error *err)
{
    struct iam_source *s = calloc(1, sizeof *s);
    struct buf url = BUF_INIT;
    if (!s)
        return error_nomem(err);
    s->loop = loop;
    s->password.secret = s->refused.secret = true;
    s->source = (struct auth_source){.fetch = fetch, .look = look, .close = close_source, .margin = MARGIN};
    buf_printf(&url, "%s/v3/auth/tokens", config->iam->endpoint);
    s->url = buf_take(&url, NULL);
    int rc = s->url && kube_iam_copy(config->iam, &s->iam) ? 0 : error_nomem(err);
    if (!rc)
        rc = open_http(s, config, user_agent, log, err);
    if (rc) {
        iam_free(s);
        return rc;
    }
    *source = &s->source;
    return 0;
}
