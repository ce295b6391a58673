/* SPDX-License-Identifier: Apache-2.0 */
/* HTTPS. A connection gets the certificate that is in force when it comes, and keeps it to its end: so another pair in
 * the files breaks none. A pair that cannot be used leaves the one in force where it is. */
#include <gnutls/abstract.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_parts.h"
#include "admin/tls_pair.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/texts.h"
#include "loop/reread.h"

#define EVERY_MS 3600000
/* What this host holds for good, and nothing older than TLS 1.2. */
#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define DAY INT64_C(86400)
#define SOON (14 * DAY)
#define SETTLE_MS 500 /* between the two files, where one is written after the other */

struct admin_tls {
    struct admin *a;
    struct tls_pair *now;           /* in force; its `earlier` are those that connections still use */
    struct tls_pair *next;          /* as it was read */
    struct error read_error, error; /* of a reading; of the last one: code 0: its pair is in force */
    struct reread *reread;          /* NULL: the files are not watched */
    int64_t told;                   /* when it was told that the end is near; seconds since 1970 */
    struct metric *until, *unusable;
    bool closing;
};

/* ---- the pair in force ---- */

static const char *time_of(int64_t seconds, char out[32])
{
    clock_format(seconds * CLOCK_SECOND, false, out);
    return out;
}

static bool is_valid(const struct tls_pair *p)
{
    int64_t now = clock_seconds(NULL);
    return p->since <= now && now < p->until;
}

static int read_pair(const struct admin *a, struct tls_pair **pair, struct error *err)
{
    struct tls_files files = {a->o.certificate_file, a->o.key_file};
    return tls_pair_read(&files, pair, err);
}

/* One that is not valid now does not take the place of one that is. */
static int judge(const struct admin_tls *t, struct error *err)
{
    char since[32], until[32];
    if (is_valid(t->next) || !is_valid(t->now))
        return 0;
    return error_set(err, ERR_INVALID, "the certificate in %s is valid from %s to %s, which is not now",
                     t->a->o.certificate_file, time_of(t->next->since, since), time_of(t->next->until, until));
}

static bool same(const struct tls_pair *a, const struct tls_pair *b)
{
    return a->own.size == b->own.size && memcmp(a->own.data, b->own.data, a->own.size) == 0;
}

/* Those before it that no connection uses any more. */
static void free_unused(struct admin_tls *t)
{
    for (struct tls_pair **at = &t->now->earlier; *at;) {
        struct tls_pair *p = *at;
        if (p->users) {
            at = &p->earlier;
        } else {
            *at = p->earlier;
            tls_pair_free(p);
        }
    }
}

/* ---- what is told ---- */

static void say(const struct admin_tls *t, enum log_level level, const char *event, const struct log_field *fields)
{
    if (t->a->o.log && !t->closing)
        log_event(t->a->o.log, level, event, fields);
}

/* Once a day. */
static void tell_the_end(struct admin_tls *t)
{
    char until[32];
    int64_t now = clock_seconds(NULL), left = t->now->until - now;
    if (left > SOON || (t->told && now - t->told < DAY))
        return;
    t->told = now;
    say(t, LOG_WARN,
        left > 0 ? "the certificate for HTTPS ends soon; put another one into its files"
                 : "the certificate for HTTPS has ended, and clients refuse it; put another one into its files",
        LOG_FIELDS({"until", time_of(t->now->until, until)}, {"file", t->a->o.certificate_file}));
}

static void tell(struct admin_tls *t)
{
    metric_set(t->until, (double)t->now->until, NULL);
    metric_set(t->unusable, t->error.code ? 1 : 0, NULL);
    tell_the_end(t);
}

/* False: it is not well. */
static bool describe(const struct admin_tls *t, struct buf *out)
{
    char until[32];
    buf_printf(out, "its certificate is valid until %s%s%s", time_of(t->now->until, until),
               t->error.code ? "; its files cannot be used: " : "", t->error.code ? t->error.message : "");
    return is_valid(t->now) && !t->error.code;
}

void admin_tls_part(const struct admin *a, struct buf *out)
{
    struct buf words = BUF_INIT;
    if (!a->tls)
        return;
    bool well = describe(a->tls, &words);
    buf_printf(out, "[%c] HTTPS: %s\n", well ? '+' : '-', or_empty(words.ptr));
    buf_free(&words);
}

bool admin_request_certificate(const struct admin_request *r, struct buf *out, bool *well)
{
    if (r->a->tls)
        *well = describe(r->a->tls, out);
    return r->a->tls != NULL;
}

/* ---- other pairs ---- */

/* On another thread. */
static void read_again(void *data)
{
    struct admin_tls *t = data;
    error_clear(&t->read_error);
    read_pair(t->a, &t->next, &t->read_error);
}

static void take(struct admin_tls *t)
{
    char until[32];
    t->next->earlier = t->now;
    t->now = t->next;
    t->next = NULL;
    t->told = 0;
    say(t, LOG_INFO, "another certificate for HTTPS is in force",
        LOG_FIELDS({"until", time_of(t->now->until, until)}, {"file", t->a->o.certificate_file}));
    free_unused(t);
}

static void was_read(void *data)
{
    struct admin_tls *t = data;
    if (!t->read_error.code && !same(t->now, t->next) && !judge(t, &t->read_error))
        take(t);
    tls_pair_free(t->next);
    t->next = NULL;
    t->error = t->read_error;
    if (t->error.code)
        say(t, LOG_ERROR, "the certificate for HTTPS stays as it was: its files cannot be used",
            LOG_FIELDS({"reason", t->error.message}));
    tell(t);
}

/* ---- connections ---- */

struct tls_pair *admin_tls_give(struct admin *a, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (!a->tls || !info || !info->tls_session)
        return NULL;
    gnutls_credentials_set(info->tls_session, GNUTLS_CRD_CERTIFICATE, a->tls->now->credentials);
    a->tls->now->users++;
    return a->tls->now;
}

void admin_tls_release(struct tls_pair *p)
{
    if (p) /* its memory goes with the next pair: libmicrohttpd has the session still */
        p->users--;
}

/* libmicrohttpd asks for a way to get a certificate; each session has had one from us. */
static int none(gnutls_session_t session, const struct gnutls_cert_retr_st *asked, gnutls_pcert_st **chain,
                unsigned *count, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_count, gnutls_privkey_t *key,
                unsigned *flags)
{
    (void)session, (void)asked, (void)chain, (void)count, (void)ocsp, (void)ocsp_count, (void)key, (void)flags;
    return -1;
}

void admin_tls_options(const struct admin *a, struct MHD_OptionItem out[ADMIN_TLS_OPTIONS])
{
    size_t n = 0;
    if (a->tls) {
        gnutls_certificate_retrieve_function3 *callback = none;
        out[n] = (struct MHD_OptionItem){.option = MHD_OPTION_HTTPS_CERT_CALLBACK2};
        memcpy(&out[n++].ptr_value, &callback, sizeof callback);
        out[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES};
    }
    out[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

/* ---- life ---- */

int admin_tls_open(struct admin *a, struct error *err)
{
    if (!a->o.certificate_file)
        return 0;
    struct admin_tls *t = calloc(1, sizeof *t);
    if (!t)
        return error_nomem(err);
    t->a = a;
    a->tls = t;
    t->until = metrics_gauge(a->o.metrics, "https_certificate_end_timestamp_seconds", "seconds",
                             "When the certificate of the HTTP side ends, in seconds since 1970.", NULL);
    t->unusable =
        metrics_gauge(a->o.metrics, "https_certificate_files_unusable", NULL,
                      "1: its files hold what cannot be used, and the certificate before stays in force.", NULL);
    return read_pair(a, &t->now, err);
}

void admin_tls_watch(struct admin *a)
{
    struct admin_tls *t = a->tls;
    struct error err;
    if (!t)
        return;
    struct reread_files files = {{a->o.certificate_file, a->o.key_file}, SETTLE_MS, EVERY_MS, read_again, was_read, t};
    tell(t);
    if (!reread_open(a->loop, &files, &t->reread, &err))
        a->handles++;
    else
        say(t, LOG_WARN, "the files of the certificate for HTTPS are not watched; another one needs a restart",
            LOG_FIELDS({"reason", err.message}));
}

static void tls_free(struct admin_tls *t)
{
    while (t->now) {
        struct tls_pair *p = t->now;
        t->now = p->earlier;
        tls_pair_free(p);
    }
    free(t);
}

static void watch_closed(void *data)
{
    struct admin_tls *t = data;
    struct admin *a = t->a;
    tls_free(t);
    admin_handle_closed(a);
}

void admin_tls_close(struct admin *a)
{
    struct admin_tls *t = a->tls;
    a->tls = NULL;
    if (!t)
        return;
    t->closing = true;
    if (t->reread)
        reread_close(t->reread, watch_closed, t);
    else
        tls_free(t);
}
