/* SPDX-License-Identifier: Apache-2.0 */
/* Copies a request's texts, and fills in its secrets. */
#include "outside/web_fill.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/base64.h"
#include "http/url.h"

void web_text_show(struct web_text *t, const char *url)
{
    char shown[URL_SHOWN_MAX];
    url_show(url, shown);
    buf_reset(&t->shown);
    buf_puts(&t->shown, shown);
}

static void show_veiled(struct web_text *t)
{
    struct buf plain = BUF_INIT;
    secret_show(&plain, buf_str(&t->url));
    if (!plain.failed && plain.ptr)
        web_text_show(t, plain.ptr);
    buf_free(&plain);
}

int web_text_copy(struct web_text *t, const struct web_call *call, struct error *err)
{
    int failed = 0;
    if (call->header_count > WEB_HEADERS_MAX)
        return error_set(err, ERR_LIMIT, "a request has at most %d headers", WEB_HEADERS_MAX);
    buf_add_str(&t->url, call->url);
    buf_add_str(&t->body, call->body);
    buf_add_str(&t->user, call->user);
    buf_add_str(&t->password, call->password);
    buf_putc(&t->shown, ' ');
    t->basic = call->user.ptr != NULL;
    t->url_veiled = secret_veiled(call->url);
    t->body_veiled = call->body_veiled;
    for (size_t i = 0; i < call->header_count; i++, t->header_count++) {
        buf_add_str(&t->names[i], call->headers[i].name);
        buf_reserve(&t->names[i], 0);
        buf_add_str(&t->values[i], call->headers[i].value);
        failed |= t->names[i].failed | t->values[i].failed;
    }
    buf_reserve(&t->url, 0);
    show_veiled(t);
    failed |= t->url.failed | t->body.failed | t->user.failed | t->password.failed | t->shown.failed;
    return failed ? error_nomem(err) : 0;
}

void web_text_free(struct web_text *t)
{
    for (size_t i = 0; i < t->header_count; i++) {
        buf_free(&t->names[i]);
        buf_free(&t->values[i]);
    }
    buf_free(&t->url);
    buf_free(&t->user);
    buf_free(&t->password);
    buf_free(&t->body);
    buf_free(&t->shown);
}

/* ---- with the secrets ---- */

static int fill_basic(const struct web_text *t, const struct secrets *secrets, struct buf *value, struct error *err)
{
    struct buf pair = {.secret = true};
    int rc = secrets_fill(secrets, buf_str(&t->user), &pair, err);
    buf_putc(&pair, ':');
    if (!rc)
        rc = secrets_fill(secrets, buf_str(&t->password), &pair, err);
    buf_puts(value, "Basic ");
    if (!rc)
        base64_encode(buf_str(&pair), value);
    buf_free(&pair);
    return rc;
}

static void add_header(struct web_full *f, const char *name, bool secret)
{
    size_t i = f->header_count++;
    f->headers[i] =
        (struct http_header){.name = name, .value = f->values[i].ptr ? f->values[i].ptr : "", .secret = true};
    f->secret[i] = secret;
}

int web_fill(const struct web_text *t, const struct secrets *secrets, struct web_full *f, struct error *err)
{
    f->url.secret = f->body.secret = true;
    int rc = secrets_fill(secrets, buf_str(&t->url), &f->url, err);
    if (!rc && t->body_veiled)
        rc = secrets_fill(secrets, buf_str(&t->body), &f->body, err);
    else if (!rc)
        buf_add_str(&f->body, buf_str(&t->body));
    for (size_t i = 0; i < t->header_count && !rc; i++) {
        f->values[i].secret = true;
        rc = secrets_fill(secrets, buf_str(&t->values[i]), &f->values[i], err);
        add_header(f, t->names[i].ptr, secret_veiled(buf_str(&t->values[i])));
    }
    if (!rc && t->basic) {
        struct buf *value = &f->values[f->header_count];
        value->secret = true;
        rc = fill_basic(t, secrets, value, err);
        if (!rc)
            rc = buf_result(value, "the header Authorization", err);
        add_header(f, "Authorization", true);
    }
    return rc ? rc : buf_result(&f->body, "the body", err);
}

void web_full_free(struct web_full *f)
{
    for (size_t i = 0; i < f->header_count; i++)
        buf_free(&f->values[i]);
    buf_free(&f->url);
    buf_free(&f->body);
}

void web_full_move(struct web_full *f, const char *url)
{
    buf_reset(&f->url);
    buf_puts(&f->url, url);
}

static void keep(struct web_full *f, bool (*kept)(const struct web_full *, size_t))
{
    size_t n = 0;
    for (size_t i = 0; f->headers[i].name; i++) {
        struct http_header header = f->headers[i];
        bool secret = f->secret[i];
        if (!kept(f, i))
            continue;
        f->headers[n] = header; /* the values stay where they are, to be freed */
        f->secret[n++] = secret;
    }
    f->headers[n] = (struct http_header){0};
}

static bool of_no_body(const struct web_full *f, size_t i)
{
    return strcasecmp(f->headers[i].name, "Content-Type") != 0;
}

static bool of_no_credentials(const struct web_full *f, size_t i)
{
    static const char *const names[] = {"Authorization", "Cookie", "Proxy-Authorization", NULL};
    bool named = f->secret[i];
    for (size_t n = 0; names[n]; n++)
        named = named || strcasecmp(f->headers[i].name, names[n]) == 0;
    return !named;
}

void web_full_drop_body(struct web_full *f)
{
    buf_free(&f->body);
    keep(f, of_no_body);
}

void web_full_drop_credentials(struct web_full *f)
{
    keep(f, of_no_credentials);
}
