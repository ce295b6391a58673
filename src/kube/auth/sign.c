/* SPDX-License-Identifier: Apache-2.0 */
/* Huawei Cloud's signature of a request (SDK-HMAC-SHA256). */
#include "kube/auth/sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

#define ALGORITHM "SDK-HMAC-SHA256"
#define HASH 32

static void add_hex(struct buf *out, const unsigned char *bytes, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        buf_putc(out, hex[bytes[i] >> 4]);
        buf_putc(out, hex[bytes[i] & 15]);
    }
}

static bool add_hash(struct buf *out, struct str text)
{
    unsigned char hash[HASH];
    if (!EVP_Digest(text.len ? text.ptr : "", text.len, hash, NULL, EVP_sha256(), NULL))
        return false;
    add_hex(out, hash, sizeof hash);
    return true;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoded and encoded again by the signature's own rule. */
static void add_encoded(struct buf *out, struct str text, bool lower)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '%' && i + 2 < text.len && digit(text.ptr[i + 1]) >= 0 && digit(text.ptr[i + 2]) >= 0) {
            c = (unsigned char)(digit(text.ptr[i + 1]) << 4 | digit(text.ptr[i + 2]));
            i += 2;
        }
        if (lower && c >= 'A' && c <= 'Z')
            c = (unsigned char)(c + 32);
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_' || c == '.' || c == '~';
        if (plain)
            buf_putc(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

static struct str authority(const char *url)
{
    const char *at = strstr(url, "://");
    at = at ? at + 3 : url;
    return str_n(at, strcspn(at, "/?#"));
}

struct str sign_host(const char *url)
{
    struct str host = authority(url);
    if (str_ends(host, ":443") && str_starts(str_of(url), "https:"))
        host.len -= 4;
    else if (str_ends(host, ":80") && str_starts(str_of(url), "http:"))
        host.len -= 3;
    return host;
}

/* Each segment encoded, a slash at the end whether the request has one or not. */
static void add_path(struct buf *out, const char *url)
{
    struct str host = authority(url);
    const char *at = host.ptr + host.len;
    size_t n = strcspn(at, "?#");
    for (size_t from = 0; from < n;) {
        size_t to = from;
        while (to < n && at[to] != '/')
            to++;
        add_encoded(out, str_n(at + from, to - from), false);
        if (to < n)
            buf_putc(out, '/');
        from = to + 1;
    }
    if (n == 0 || at[n - 1] != '/')
        buf_putc(out, '/');
}

struct pair {
    struct buf name, value;
};

static int compare(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = str_compare(buf_str(&x->name), buf_str(&y->name));
    return order ? order : str_compare(buf_str(&x->value), buf_str(&y->value));
}

static bool add_query(struct buf *out, const char *url, bool lower)
{
    const char *mark = strchr(url, '?');
    const char *at = mark ? mark + 1 : "";
    size_t count = 0, max = 1;
    for (const char *p = at; *p; p++)
        max += *p == '&';
    struct pair *pairs = calloc(max, sizeof *pairs);
    bool ok = pairs != NULL;
    while (ok && *at && *at != '#') {
        struct str item = str_n(at, strcspn(at, "&#"));
        size_t name = 0;
        while (name < item.len && item.ptr[name] != '=')
            name++;
        struct pair *p = &pairs[count++];
        add_encoded(&p->name, str_n(item.ptr, name), lower);
        if (name < item.len)
            add_encoded(&p->value, str_n(item.ptr + name + 1, item.len - name - 1), false);
        ok = !p->name.failed && !p->value.failed;
        at += item.len + (at[item.len] == '&');
    }
    if (ok && count)
        qsort(pairs, count, sizeof *pairs, compare);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_putc(out, '&');
        buf_add_str(out, buf_str(&pairs[i].name));
        buf_putc(out, '=');
        buf_add_str(out, buf_str(&pairs[i].value));
        buf_free(&pairs[i].name);
        buf_free(&pairs[i].value);
    }
    free(pairs);
    return ok;
}

static void add_names(struct buf *out, const struct sign_header *headers)
{
    for (size_t i = 0; headers[i].name; i++) {
        buf_puts(out, i ? ";" : "");
        buf_puts(out, headers[i].name);
    }
}

static bool canonical(const struct sign_request *r, struct buf *out)
{
    buf_puts(out, r->method);
    buf_putc(out, '\n');
    add_path(out, r->url);
    buf_putc(out, '\n');
    bool ok = add_query(out, r->url, r->lower_case_query);
    buf_putc(out, '\n');
    for (size_t i = 0; r->headers[i].name; i++) {
        buf_puts(out, r->headers[i].name);
        buf_putc(out, ':');
        buf_add_str(out, str_trim(r->headers[i].value));
        buf_putc(out, '\n');
    }
    buf_putc(out, '\n');
    add_names(out, r->headers);
    buf_putc(out, '\n');
    return add_hash(out, r->body) && ok && !out->failed;
}

void sign_date(int64_t us, char out[SIGN_DATE_SIZE])
{
    char text[32];
    size_t n = 0;
    clock_format(us, false, text); /* 2006-01-02T15:04:05Z */
    for (const char *p = text; *p && n + 1 < SIGN_DATE_SIZE; p++) {
        if (*p != '-' && *p != ':')
            out[n++] = *p;
    }
    out[n] = '\0';
}

int sign_request(const struct sign_request *r, struct str access_key, struct str secret_key, struct buf *out,
                 struct error *err)
{
    struct buf request = {.secret = true}, text = BUF_INIT;
    unsigned char mac[HASH];
    bool ok = canonical(r, &request);
    buf_printf(&text, ALGORITHM "\n%s\n", r->date);
    ok = ok && add_hash(&text, buf_str(&request)) && !text.failed &&
         HMAC(EVP_sha256(), secret_key.ptr, (int)secret_key.len, (const unsigned char *)text.ptr, text.len, mac, NULL);
    if (ok) {
        buf_puts(out, ALGORITHM " Access=");
        buf_add_str(out, access_key);
        buf_puts(out, ", SignedHeaders=");
        add_names(out, r->headers);
        buf_puts(out, ", Signature=");
        add_hex(out, mac, sizeof mac);
    }
    buf_free(&request);
    buf_free(&text);
    return ok && !out->failed ? 0 : error_nomem(err);
}
