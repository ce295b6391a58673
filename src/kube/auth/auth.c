/* SPDX-License-Identifier: Apache-2.0 */
/* The headers that prove who we are, and the source they come from, from its making to its end. */
#include "kube/auth/auth.h"

#include <stdlib.h>

#include "kube/auth/parts.h"

#define PAUSE_MS 5000

/* ---- headers ---- */

bool auth_set_value(struct kube_auth *a, const char *scheme, struct str credentials)
{
    struct buf value = {.secret = true};
    buf_puts(&value, scheme);
    buf_add_str(&value, credentials);
    if (value.failed) {
        buf_free(&value);
        return false;
    }
    if (a->value.ptr && str_eq(buf_str(&a->value), buf_str(&value))) {
        buf_free(&value);
        return true;
    }
    buf_free(&a->value);
    a->value = value;
    a->own[0] = (struct http_header){a->header, a->value.ptr, true};
    a->generation++;
    return true;
}

void auth_forget_value(struct kube_auth *a)
{
    if (!a->value.len)
        return;
    buf_free(&a->value);
    a->own[0] = (struct http_header){0};
    a->generation++;
}

static int build_headers(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    size_t groups = 0, n = 0;
    while (config->as_groups && config->as_groups[groups])
        groups++;
    a->headers = calloc(groups + 3 + AUTH_OWN_HEADERS, sizeof *a->headers);
    a->groups = calloc(groups + 1, sizeof *a->groups);
    if (!a->headers || !a->groups)
        return error_nomem(err);
    a->headers[n++] = (struct http_header){"Accept", "application/json", false};
    const struct {
        const char *name, *value;
    } as[] = {{"Impersonate-User", config->as_user}, {"Impersonate-Uid", config->as_uid}};
    for (size_t i = 0; i < 2; i++) {
        if (!as[i].value)
            continue;
        if (!(a->copies[i] = str_dup(str_of(as[i].value))))
            return error_nomem(err);
        a->headers[n++] = (struct http_header){as[i].name, a->copies[i], false};
    }
    for (size_t i = 0; i < groups; i++) {
        if (!(a->groups[i] = str_dup(str_of(config->as_groups[i]))))
            return error_nomem(err);
        a->headers[n++] = (struct http_header){"Impersonate-Group", a->groups[i], false};
    }
    a->own = &a->headers[n];
    return 0;
}

int kube_auth_headers(struct kube_auth *a, const struct kube_auth_subject *subject, const struct http_header **headers,
                      struct error *err)
{
    *headers = a->headers;
    return a->signs ? auth_sign(a, subject, err) : 0;
}

unsigned kube_auth_generation(const struct kube_auth *a)
{
    return a->generation;
}

/* ---- its life ---- */

static void auth_free(struct kube_auth *a)
{
    for (size_t i = 0; i < sizeof a->copies / sizeof *a->copies; i++)
        free(a->copies[i]);
    for (size_t i = 0; a->groups && a->groups[i]; i++)
        free(a->groups[i]);
    free(a->groups);
    free(a->headers);
    free(a->certificate);
    credential_free(&a->keys);
    buf_free(&a->value);
    error_keep(&a->failure, NULL);
    error_keep(&a->refusal, NULL);
    free(a);
}

/* A file that cannot be read is an error at once, unless a fixed token stands in for it. */
static int open_files(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    struct credential first;
    struct error why;
    if (!(a->source = file_source_new(a->loop, config, a->options.reread_ms)))
        return error_nomem(err);
    int rc = file_source_read(a->source, &first, &why);
    if (!rc)
        rc = auth_take(a, &first, &why);
    if (rc && rc != ERR_NOMEM && a->value.len) {
        a->have = true;
        return 0;
    }
    if (rc && err)
        *err = why;
    return rc;
}

static int open_source(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    int rc = 0;
    a->signs = config->access_key_file != NULL;
    if (config->token_file || config->access_key_file)
        rc = open_files(a, config, err);
    else if (config->iam)
        rc = iam_source_new(a->loop, config, a->options.user_agent, a->options.log, &a->source, err);
    else if (config->exec)
        rc = exec_source_new(a->loop, config, a->options.timeout_ms, &a->source, err);
    if (!rc && a->source) {
        a->source->fetched = auth_was_fetched;
        a->source->data = a;
    }
    return rc;
}

static void nothing(void *data)
{
    (void)data;
}

int kube_auth_new(uv_loop_t *loop, const struct kube_config *config, const struct kube_auth_options *options,
                  struct kube_auth **auth, struct error *err)
{
    struct kube_auth *a = calloc(1, sizeof *a);
    if (!a)
        return error_nomem(err);
    a->loop = loop;
    a->options = *options;
    if (!a->options.pause_ms)
        a->options.pause_ms = PAUSE_MS;
    a->fetched_at = uv_now(loop);
    a->value.secret = true;
    a->files = config->certificate_file || config->key_file;
    a->header = config->iam ? "X-Auth-Token" : "Authorization";
    a->scheme = config->iam ? "" : "Bearer ";
    a->keys = CREDENTIAL_INIT;
    int rc = build_headers(a, config, err);
    if (!rc && (config->username || config->password.len))
        rc = auth_set_basic(a, config, err);
    if (!rc)
        rc = auth_set_token(a, config, err);
    if (!rc)
        rc = open_source(a, config, err);
    if (rc) {
        if (a->source)
            a->source->close(a->source, nothing, NULL); /* has not begun anything: gone at once */
        auth_free(a);
        return rc;
    }
    *auth = a;
    return 0;
}

static void source_is_closed(void *data)
{
    struct kube_auth *a = data;
    void (*closed)(void *) = a->closed;
    void *closed_data = a->closed_data;
    auth_free(a);
    closed(closed_data);
}

void kube_auth_close(struct kube_auth *a, void (*closed)(void *data), void *data)
{
    a->closing = true;
    a->waiting = NULL;
    a->closed = closed;
    a->closed_data = data;
    if (a->source)
        a->source->close(a->source, source_is_closed, a);
    else
        source_is_closed(a);
}
