#include "kube/auth/auth.h"

#include <stdlib.h>
#include <utlist.h>

#include "kube/auth/token_file.h"
#include "kube/base64.h"

struct kube_auth {
    uv_loop_t *loop;
    const struct log *log;
    struct http_header *headers; /* Accept, impersonation, Authorization last */
    struct http_header *authorization;
    struct buf value; /* "Bearer ..." or "Basic ..."; secret */
    unsigned generation;

    char *token_file; /* NULL: nothing ever changes */
    uint64_t reread_ms, read_at;
    uv_work_t work;
    bool reading;
    struct buf fresh; /* the worker's while reading */
    struct error why; /* likewise */
    int rc;
    struct kube_auth_wait *waiting;

    void (*closed)(void *data);
    void *closed_data;
    bool closing;
    char *copies[3]; /* what the headers point to */
    char **groups;
};

static bool set_value(struct kube_auth *a, const char *scheme, struct str credentials)
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
    a->authorization->value = a->value.ptr;
    a->authorization->name = "Authorization";
    a->generation++;
    return true;
}

static int set_basic(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    struct buf plain = {.secret = true}, encoded = {.secret = true};
    buf_printf(&plain, "%s:", config->username ? config->username : "");
    buf_add_str(&plain, buf_str(&config->password));
    base64_encode(buf_str(&plain), &encoded);
    bool ok = !plain.failed && !encoded.failed && set_value(a, "Basic ", buf_str(&encoded));
    buf_free(&plain);
    buf_free(&encoded);
    return ok ? 0 : error_nomem(err);
}

/* The file's token wins over a fixed one, which stands in for it while the file cannot be read. */
static int set_token(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    struct str fixed = str_trim(buf_str(&config->token));
    if (fixed.len) {
        int rc = token_check(fixed, config->origin, err);
        if (rc)
            return rc;
        if (!set_value(a, "Bearer ", fixed))
            return error_nomem(err);
    }
    if (!config->token_file)
        return 0;
    if (!(a->token_file = str_dup(str_of(config->token_file))))
        return error_nomem(err);
    int rc = token_file_read(a->token_file, &a->fresh, err);
    if (!rc && !set_value(a, "Bearer ", buf_str(&a->fresh)))
        rc = error_nomem(err);
    buf_free(&a->fresh);
    return rc && rc != ERR_NOMEM && fixed.len ? 0 : rc;
}

static int build_headers(struct kube_auth *a, const struct kube_config *config, struct error *err)
{
    size_t groups = 0, n = 0;
    while (config->as_groups && config->as_groups[groups])
        groups++;
    a->headers = calloc(groups + 5, sizeof *a->headers);
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
    a->authorization = &a->headers[n];
    a->authorization->secret = true;
    return 0;
}

static void auth_free(struct kube_auth *a)
{
    for (size_t i = 0; i < sizeof a->copies / sizeof *a->copies; i++)
        free(a->copies[i]);
    for (size_t i = 0; a->groups && a->groups[i]; i++)
        free(a->groups[i]);
    free(a->groups);
    free(a->headers);
    free(a->token_file);
    buf_free(&a->value);
    buf_free(&a->fresh);
    free(a);
}

int kube_auth_new(uv_loop_t *loop, const struct kube_config *config, uint64_t reread_ms, const struct log *log,
                  struct kube_auth **auth, struct error *err)
{
    struct kube_auth *a = calloc(1, sizeof *a);
    if (!a)
        return error_nomem(err);
    a->loop = loop;
    a->log = log;
    a->reread_ms = reread_ms;
    a->read_at = uv_now(loop);
    a->value.secret = a->fresh.secret = true;
    int rc = build_headers(a, config, err);
    if (!rc && (config->username || config->password.len))
        rc = set_basic(a, config, err);
    if (!rc)
        rc = set_token(a, config, err);
    if (rc) {
        auth_free(a);
        return rc;
    }
    *auth = a;
    return 0;
}

static void read_in_worker(uv_work_t *work)
{
    struct kube_auth *a = work->data;
    a->rc = token_file_read(a->token_file, &a->fresh, &a->why);
}

static void was_read(uv_work_t *work, int status)
{
    struct kube_auth *a = work->data;
    a->reading = false;
    if (a->closing) {
        void (*closed)(void *) = a->closed;
        void *data = a->closed_data;
        auth_free(a);
        closed(data);
        return;
    }
    if (!status && !a->rc && !set_value(a, "Bearer ", buf_str(&a->fresh)))
        a->rc = error_nomem(&a->why);
    if (!status && a->rc)
        log_event(a->log, LOG_WARN, "the token could not be read again; the old one stays in use",
                  LOG_FIELDS({"reason", a->why.message}));
    buf_free(&a->fresh);
    a->read_at = uv_now(a->loop);
    for (struct kube_auth_wait *wait; (wait = a->waiting);) {
        DL_DELETE(a->waiting, wait);
        wait->done(wait, wait->generation != a->generation);
    }
}

static bool read_again(struct kube_auth *a)
{
    if (a->reading)
        return true;
    a->work.data = a;
    a->reading = uv_queue_work(a->loop, &a->work, read_in_worker, was_read) == 0;
    return a->reading;
}

const struct http_header *kube_auth_headers(struct kube_auth *a)
{
    if (a->token_file && !a->closing && uv_now(a->loop) - a->read_at >= a->reread_ms)
        read_again(a);
    return a->headers;
}

unsigned kube_auth_generation(const struct kube_auth *a)
{
    return a->generation;
}

bool kube_auth_renew(struct kube_auth *a, struct kube_auth_wait *wait)
{
    if (!a->token_file || a->closing || !read_again(a))
        return false;
    DL_APPEND(a->waiting, wait);
    return true;
}

void kube_auth_forget(struct kube_auth *a, struct kube_auth_wait *wait)
{
    DL_DELETE(a->waiting, wait);
}

void kube_auth_close(struct kube_auth *a, void (*closed)(void *data), void *data)
{
    a->closing = true;
    if (!a->reading) {
        auth_free(a);
        closed(data);
        return;
    }
    a->waiting = NULL;
    a->closed = closed;
    a->closed_data = data;
    uv_cancel((uv_req_t *)&a->work);
}
