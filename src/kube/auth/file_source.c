/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials in files that something else rotates, such as the kubelet's token for a pod's service account: read on a
 * worker thread. */
#include <stdlib.h>

#include "kube/auth/source.h"
#include "kube/auth/text.h"
#include "loop/work.h"

#define TOKEN_MAX (256u << 10) /* bytes of a file */

struct file_source {
    struct auth_source source;
    uv_loop_t *loop;
    char *token, *access_key, *secret_key, *security_token; /* paths; NULL: not of this kind */
    struct work work;
    bool reading;
    struct credential fresh; /* the worker's while reading */
    const struct error *why; /* likewise */
    int rc;
    void (*closed)(void *data); /* NULL: it goes on */
    void *closed_data;
};

static void file_source_free(struct file_source *f)
{
    credential_free(&f->fresh);
    free(f->token);
    free(f->access_key);
    free(f->secret_key);
    free(f->security_token);
    error_keep(&f->why, NULL);
    free(f);
}

/* The file's token (what_it_is: "the token file") into out, which is secret, without the white space around it. */
static int read_token(const char *path, const char *what_it_is, struct buf *out, struct error *err)
{
    struct buf text = {.secret = true}, what = BUF_INIT;
    out->secret = true;
    buf_printf(&what, "%s %s", what_it_is, path);
    int rc = what.failed ? error_nomem(err) : buf_read_file(&text, path, TOKEN_MAX, err);
    struct str token = str_trim(buf_str(&text));
    if (!rc)
        rc = token_check(token, what.ptr, err);
    if (!rc) {
        buf_reset(out);
        buf_add_str(out, token);
        rc = out->failed ? error_nomem(err) : 0;
    }
    buf_free(&text);
    buf_free(&what);
    return rc;
}

int file_source_read(const struct auth_source *source, struct credential *c, struct error *err)
{
    const struct file_source *f = (const struct file_source *)source;
    const struct {
        const char *path, *what;
        struct buf *out;
    } files[] = {{f->token, "the token file", &c->token},
                 {f->access_key, "the access key's file", &c->access_key},
                 {f->secret_key, "the secret key's file", &c->secret_key},
                 {f->security_token, "the security token's file", &c->security_token}};
    int rc = 0;
    *c = CREDENTIAL_INIT;
    for (size_t i = 0; !rc && i < sizeof files / sizeof *files; i++)
        rc = files[i].path ? read_token(files[i].path, files[i].what, files[i].out, err) : 0;
    if (rc)
        credential_free(c);
    return rc;
}

static void read_in_worker(struct work *work)
{
    struct file_source *f = (struct file_source *)((char *)work - offsetof(struct file_source, work));
    struct error why;
    f->rc = file_source_read(&f->source, &f->fresh, &why);
    error_keep(&f->why, f->rc ? &why : NULL);
}

static void was_read(struct work *work)
{
    struct file_source *f = (struct file_source *)((char *)work - offsetof(struct file_source, work));
    struct credential fresh = f->fresh;
    f->fresh = CREDENTIAL_INIT;
    f->reading = false;
    if (f->closed) {
        void (*closed)(void *) = f->closed;
        void *data = f->closed_data;
        credential_free(&fresh);
        file_source_free(f);
        closed(data);
        return;
    }
    f->source.fetched(f->source.data, f->rc ? NULL : &fresh, f->why);
}

static int fetch(struct auth_source *source, struct error *err)
{
    struct file_source *f = (struct file_source *)source;
    (void)err;
    f->reading = true;
    work_start(f->loop, &f->work, read_in_worker, was_read);
    return 0;
}

static void close_source(struct auth_source *source, void (*closed)(void *data), void *data)
{
    struct file_source *f = (struct file_source *)source;
    if (f->reading) {
        f->closed = closed;
        f->closed_data = data;
        uv_cancel((uv_req_t *)&f->work.request);
    } else {
        file_source_free(f);
        closed(data);
    }
}

static bool copy(char **out, const char *path)
{
    return !path || (*out = str_dup(str_of(path))) != NULL;
}

struct auth_source *file_source_new(uv_loop_t *loop, const struct kube_config *config, uint64_t reread_ms)
{
    struct file_source *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->loop = loop;
    f->fresh = CREDENTIAL_INIT;
    f->source = (struct auth_source){.fetch = fetch, .close = close_source, .reread_ms = reread_ms, .cheap = true};
    if (copy(&f->token, config->token_file) && copy(&f->access_key, config->access_key_file) &&
        copy(&f->secret_key, config->secret_key_file) && copy(&f->security_token, config->security_token_file))
        return &f->source;
    file_source_free(f);
    return NULL;
}
