/* SPDX-License-Identifier: Apache-2.0 */
/* A server's TLS material: looked at on a worker thread when its files may have changed, and shared by clients. */
#include "http/tls.h"

#include <stdlib.h>
#include <string.h>

struct tls {
    struct tls_source source;
    struct tls_material material;
    struct tls_material identity; /* its certificate and key, where there are some, stand for the material's */
    struct tls_stamps stamps;
    const struct log *log;
    uv_loop_t *loop;
    unsigned owners;
    uint64_t looked; /* the loop's time of the last look */
    /* While `looking`, the worker owns these; it reads source and stamps, which are not written meanwhile. */
    bool looking;
    uv_work_t work;
    bool changed;
    int result;
    struct tls_material fresh;
    struct tls_stamps fresh_stamps;
    const struct error *err; /* NULL: none */

    uint64_t changed_at;
    void (*listener)(void *data, bool changed);
    void *listener_data;

    TAILQ_HEAD(, tls_wait) waits; /* for the system's CAs */

    bool again; /* another look was asked for while one was under way */
    bool closing;
    void (*closed)(void *data);
    void *data;
};

int tls_new(uv_loop_t *loop, const struct http_tls *config, const struct log *log, struct tls **out, struct error *err)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return error_nomem(err);
    tls->loop = loop;
    tls->log = log;
    tls->owners = 1;
    TAILQ_INIT(&tls->waits);
    tls->looked = uv_now(loop);
    int rc = tls_source_copy(&tls->source, config);
    if (rc)
        error_nomem(err);
    if (rc == 0) {
        /* Before the content: a change in between is seen next time. */
        tls_stamps_read(&tls->stamps, &tls->source, false);
        rc = tls_material_read(&tls->material, &tls->source, false, err);
    }
    if (rc) {
        tls_source_free(&tls->source);
        free(tls);
        return rc;
    }
    *out = tls;
    return 0;
}

int tls_none(uv_loop_t *loop, struct tls **out, struct error *err)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return error_nomem(err);
    tls->loop = loop;
    tls->owners = 1;
    TAILQ_INIT(&tls->waits);
    *out = tls;
    return 0;
}

int tls_identify(struct tls *tls, struct str certificate, struct str key, struct error *err)
{
    struct tls_source source;
    struct tls_material material = {0};
    int rc = tls_source_copy(&source, &(struct http_tls){.certificate = certificate, .key = key});
    if (rc)
        return error_nomem(err);
    rc = tls_material_read(&material, &source, false, err);
    tls_source_free(&source);
    if (rc)
        return rc;
    tls_material_free(&tls->identity);
    tls->identity = material;
    tls->changed_at = uv_now(tls->loop);
    return 0;
}

uint64_t tls_changed_at(const struct tls *tls)
{
    return tls->changed_at;
}

void tls_listen(struct tls *tls, void (*looked)(void *data, bool changed), void *data)
{
    tls->listener = looked;
    tls->listener_data = data;
}

bool tls_apply(const struct tls *tls, SSL_CTX *context)
{
    struct tls_material both = tls->material;
    if (tls->identity.certificate) {
        both.certificate = tls->identity.certificate;
        both.chain = tls->identity.chain;
        both.key = tls->identity.key;
    }
    return tls_material_apply(&both, context);
}

bool tls_has_files(const struct tls *tls)
{
    return tls_source_has_files(&tls->source);
}

bool tls_ready(const struct tls *tls)
{
    return !tls->source.system || tls->material.roots;
}

static void look(uv_work_t *work)
{
    struct tls *tls = work->data;
    tls_stamps_read(&tls->fresh_stamps, &tls->source, true);
    tls->changed = !tls_ready(tls) || memcmp(&tls->fresh_stamps, &tls->stamps, sizeof tls->stamps) != 0;
    if (tls->changed) {
        struct error err;
        tls->result = tls_material_read(&tls->fresh, &tls->source, true, &err);
        error_keep(&tls->err, tls->result ? &err : NULL);
    }
    OPENSSL_thread_stop(); /* the worker is libuv's and outlives OpenSSL's own cleaning up */
}

static void destroy(struct tls *tls)
{
    void (*closed)(void *data) = tls->closed;
    void *data = tls->data;
    tls_material_free(&tls->material);
    tls_material_free(&tls->identity);
    tls_source_free(&tls->source);
    error_keep(&tls->err, NULL);
    free(tls);
    closed(data);
}

static void take_over(struct tls *tls)
{
    bool first = !tls_ready(tls);
    tls->stamps = tls->fresh_stamps; /* also of what could not be read: it is tried again when it changes again */
    tls->changed = tls->result == 0 && !first;
    if (tls->result && first)
        return; /* who waits is told */
    if (tls->result) {
        log_line(tls->log, LOG_WARN, "TLS files have changed and cannot be used; going on with the old ones: %s",
                 tls->err->message);
        return;
    }
    tls_material_free(&tls->material);
    tls->material = tls->fresh;
    tls->fresh = (struct tls_material){0};
    if (first)
        return;
    tls->changed_at = uv_now(tls->loop);
    log_line(tls->log, LOG_INFO, "TLS files have changed and were read again");
}

static void end_waits(struct tls *tls)
{
    const struct error *err = tls_ready(tls) ? NULL : tls->err;
    for (struct tls_wait *wait; (wait = TAILQ_FIRST(&tls->waits));) {
        tls_await_end(tls, wait);
        wait->over(wait->data, err);
    }
}

static void on_looked(uv_work_t *work, int status)
{
    struct tls *tls = work->data;
    tls->looking = false;
    tls->looked = uv_now(tls->loop);
    if (status == 0 && tls->changed)
        take_over(tls);
    if (tls->closing) {
        destroy(tls);
        return;
    }
    end_waits(tls);
    bool again = tls->again, changed = status == 0 && tls->changed;
    tls->again = false;
    if (again)
        tls_look(tls, true);
    if (tls->listener && (changed || !again)) /* if one was asked for meanwhile, the listener hears of that one */
        tls->listener(tls->listener_data, changed);
}

static void begin_look(struct tls *tls)
{
    tls->looking = true;
    tls->work.data = tls;
    uv_queue_work(tls->loop, &tls->work, look, on_looked);
}

void tls_look(struct tls *tls, bool now)
{
    bool any = tls_has_files(tls) || (tls->source.system && tls_ready(tls));
    if (tls->closing || !any || (!now && uv_now(tls->loop) - tls->looked < TLS_LOOK_MS))
        return;
    if (tls->looking)
        tls->again |= now;
    else
        begin_look(tls);
}

void tls_await(struct tls *tls, struct tls_wait *wait)
{
    if (wait->waiting)
        return;
    wait->waiting = true;
    TAILQ_INSERT_TAIL(&tls->waits, wait, link);
    if (!tls->looking)
        begin_look(tls);
}

void tls_await_end(struct tls *tls, struct tls_wait *wait)
{
    if (wait->waiting)
        TAILQ_REMOVE(&tls->waits, wait, link);
    wait->waiting = false;
}

struct tls *tls_share(struct tls *tls)
{
    tls->owners++;
    return tls;
}

void tls_close(struct tls *tls, void (*closed)(void *data), void *data)
{
    if (--tls->owners) {
        closed(data);
        return;
    }
    tls->closing = true;
    tls->closed = closed;
    tls->data = data;
    if (!tls->looking)
        destroy(tls);
}
