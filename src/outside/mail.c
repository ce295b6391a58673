/* SPDX-License-Identifier: Apache-2.0 */
/* A mail as text, and its sending. */
#include "outside/mail.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/base64.h"
#include "http/tls_material.h"
#include "outside/address.h"
#include "outside/mail_address.h"

#define LINE 76 /* of base64 */

/* ---- its text ---- */

static bool plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < ' ' || (unsigned char)text.ptr[i] > '~')
            return false;
    }
    return true;
}

/* Other letters than ASCII's as RFC 2047 says; in pieces, between characters. */
static void add_subject(struct buf *out, struct str text)
{
    if (plain(text)) {
        buf_add_str(out, text);
        return;
    }
    for (size_t at = 0; at < text.len;) {
        size_t n = text.len - at < 42 ? text.len - at : 42;
        while (n > 1 && at + n < text.len && ((unsigned char)text.ptr[at + n] & 0xC0) == 0x80)
            n--;
        buf_puts(out, at ? "\r\n =?utf-8?B?" : "=?utf-8?B?");
        base64_encode(str_n(text.ptr + at, n), out);
        buf_puts(out, "?=");
        at += n;
    }
}

/* As people have written them, names of other letters than ASCII's coded as a subject is. A line for each. */
static void add_addresses(struct buf *out, const char *list)
{
    struct str name, address;
    for (bool first = true; mail_address_next(&list, &name, &address); first = false) {
        buf_puts(out, first ? "" : ",\r\n ");
        if (!name.len) {
            buf_add_str(out, address);
            continue;
        }
        if (plain(name)) {
            buf_add_str(out, name);
        } else {
            struct buf bare = BUF_INIT;
            mail_name_bare(name, &bare);
            add_subject(out, buf_str(&bare));
            out->failed = out->failed ? out->failed : bare.failed;
            buf_free(&bare);
        }
        buf_printf(out, " <%.*s>", (int)address.len, address.ptr);
    }
}

static void add_text(struct buf *out, struct str text)
{
    struct buf coded = BUF_INIT;
    base64_encode(text, &coded);
    for (size_t at = 0; at < coded.len; at += LINE) {
        buf_add(out, coded.ptr + at, coded.len - at < LINE ? coded.len - at : LINE);
        buf_puts(out, "\r\n");
    }
    out->failed = out->failed ? out->failed : coded.failed;
    buf_free(&coded);
}

static void write_mail(const struct mail *m, const char *from, const char *to, struct buf *out)
{
    const struct notice *n = m->notice;
    char date[64];
    time_t seconds = (time_t)m->date;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    buf_printf(out, "Date: %s\r\nFrom: ", date);
    add_addresses(out, from);
    buf_puts(out, "\r\nTo: ");
    add_addresses(out, to);
    buf_printf(out, "\r\nMessage-ID: <%s@mpijobd>\r\nSubject: ", m->id);
    if (n->parts[PART_SUBJECT].len)
        add_subject(out, buf_str(&n->parts[PART_SUBJECT]));
    else
        buf_printf(out, "mpijobd: %s", n->parts[PART_POLICY].len ? n->parts[PART_POLICY].ptr : "");
    buf_puts(out,
             "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
             "Content-Transfer-Encoding: base64\r\n\r\n");
    add_text(out, buf_str(&n->parts[PART_TEXT]));
}

/* ---- sending ---- */

struct sending {
    struct mail *mail;
    struct buf parts[PART_PASSWORD + 1]; /* with the secrets in them */
    struct buf text;
    size_t given; /* bytes of it */
    struct curl_slist *to;
    const char *refused;   /* why an address was not connected to; NULL: none was */
    struct error distrust; /* code 0: it is known whom to trust */
    CURL *easy;
};

static size_t give(char *to, size_t size, size_t count, void *data)
{
    struct sending *s = data;
    size_t room = size * count, left = s->text.len - s->given;
    size_t n = left < room ? left : room;
    memcpy(to, s->text.ptr + s->given, n);
    s->given += n;
    return n;
}

static int on_progress(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct sending *s = data;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&s->mail->stop) ? 1 : 0;
}

static curl_socket_t on_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct sending *s = data;
    (void)purpose;
    const char *why = s->mail->trusted ? NULL : allow_address(s->mail->config->allow, &address->addr);
    if (!why)
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    s->refused = why;
    return CURL_SOCKET_BAD;
}

/* Called where the server speaks TLS. libcurl would open the CAs itself, whatever they are. */
static CURLcode on_tls(CURL *easy, void *context, void *data)
{
    struct sending *s = data;
    struct tls_source source;
    struct tls_material material;
    (void)easy;
    int rc = tls_source_copy(&source, &(struct http_tls){.ca_file = s->mail->config->ca_file});
    if (rc)
        return CURLE_OUT_OF_MEMORY;
    rc = tls_material_read(&material, &source, true, &s->distrust);
    tls_source_free(&source);
    if (rc)
        return CURLE_SSL_CACERT_BADFILE;
    bool good = tls_material_apply(&material, context); /* it has a share of its own in the store */
    tls_material_free(&material);
    return good ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

static bool set_tls(struct sending *s, CURL *easy)
{
    bool failed = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) || curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) ||
                  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls) ||
                  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, s);
#if LIBCURL_VERSION_NUM >= 0x075700
    failed = failed || curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L); /* else libcurl keeps our store */
#endif
    return failed || curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

/* The host and the port of smtp://HOST:PORT; refuses other URLs, and hosts that policies may not ask. */
static int check_server(const struct sending *s, struct error *err)
{
    const char *text = s->parts[PART_SERVER].ptr;
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL, *port = NULL;
    int rc = 0;
    if (!url)
        return error_nomem(err);
    if (curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) || curl_url_get(url, CURLUPART_HOST, &host, 0) ||
        (strcmp(scheme, "smtp") != 0 && strcmp(scheme, "smtps") != 0))
        rc = error_set(err, ERR_INVALID, "email: server has to be smtp://HOST:PORT or smtps://HOST:PORT");
    if (!rc && curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
        rc = error_nomem(err);
    if (!rc && !s->mail->trusted && !allow_host(s->mail->config->allow, host, port))
        rc = error_set(err, ERR_REFUSED,
                       "email: policies may not ask this server; if they should, add it to http.allow in mpijobd.yaml");
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    return rc;
}

/* "<ops@example.com>" for each of the addresses. */
static int add_receivers(struct sending *s, const char *list)
{
    struct str name, one;
    while (mail_address_next(&list, &name, &one)) {
        char address[320];
        snprintf(address, sizeof address, "<%.*s>", (int)one.len, one.ptr);
        struct curl_slist *more = curl_slist_append(s->to, address);
        if (!more)
            return ERR_NOMEM;
        s->to = more;
    }
    return 0;
}

static const char *sender(const char *from, char out[320])
{
    struct str name, address;
    mail_address_next(&from, &name, &address);
    snprintf(out, 320, "<%.*s>", (int)address.len, address.ptr);
    return out;
}

/* Those that a secret holds could not be looked at before, and are not told. */
static int check_addresses(const struct sending *s, enum notice_part part, struct error *err)
{
    if (mail_addresses_check(s->parts[part].ptr, part == PART_FROM, notice_part_name(part), NULL) == 0)
        return 0;
    return error_set(err, ERR_INVALID, "email: %s has what is no address", notice_part_name(part));
}

static int prepare(struct sending *s, struct error *err)
{
    const struct notice *n = s->mail->notice;
    for (int i = 0; i <= PART_PASSWORD; i++) {
        s->parts[i].secret = true;
        int rc = secrets_fill(&s->mail->config->secrets, buf_str(&n->parts[i]), &s->parts[i], err);
        if (rc)
            return rc;
        if (s->parts[i].ptr && strpbrk(s->parts[i].ptr, "\r\n"))
            return error_set(err, ERR_INVALID, "email: %s holds a line's end", notice_part_name((enum notice_part)i));
    }
    int rc = check_server(s, err);
    for (enum notice_part part = PART_FROM; part <= PART_TO && !rc; part++)
        rc = check_addresses(s, part, err);
    if (rc)
        return rc;
    write_mail(s->mail, s->parts[PART_FROM].ptr, s->parts[PART_TO].ptr, &s->text);
    if (s->text.failed || add_receivers(s, s->parts[PART_TO].ptr))
        return error_nomem(err);
    return 0;
}

static int transfer(struct sending *s, struct error *err)
{
    char from[320], domain[] = "mpijobd";
    long code = 0;
    CURL *easy = s->easy = curl_easy_init();
    if (!easy)
        return error_nomem(err);
    struct buf *user = &s->parts[PART_USER], *password = &s->parts[PART_PASSWORD];
    struct buf url = BUF_INIT;
    buf_printf(&url, "%s/%s", s->parts[PART_SERVER].ptr, domain); /* the name that HELO says */
    curl_easy_setopt(easy, CURLOPT_URL, url.ptr);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, sender(s->parts[PART_FROM].ptr, from));
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, s->to);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(easy, CURLOPT_READDATA, s);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, s);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, s);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)MAIL_TIMEOUT_S);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 15L);
    curl_easy_setopt(easy, CURLOPT_USE_SSL, password->len ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY);
    if (user->len) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, user->ptr);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, password->len ? password->ptr : "");
    }
    CURLcode rc = url.failed || set_tls(s, easy) ? CURLE_OUT_OF_MEMORY : curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    buf_free(&url);
    if (rc == CURLE_OK)
        return 0;
    if (s->distrust.code) /* tried again: the file may be mended meanwhile */
        return error_set(err, ERR_UNREACHABLE, "email: it is not known whom to trust: %s", s->distrust.message);
    if (s->refused)
        return error_set(err, ERR_REFUSED, "email: the server's address is %s", s->refused);
    int kind = code >= 500 && code < 600 && rc != CURLE_LOGIN_DENIED ? ERR_INVALID : ERR_UNREACHABLE;
    if (code >= 400)
        return error_set(err, kind, "email: the server answered %ld: %s", code, curl_easy_strerror(rc));
    return error_set(err, ERR_UNREACHABLE, "email: %s", curl_easy_strerror(rc));
}

int mail_send(struct mail *mail, struct error *err)
{
    struct sending *s = calloc(1, sizeof *s);
    if (!s)
        return error_nomem(err);
    s->mail = mail;
    int rc = prepare(s, err);
    if (!rc)
        rc = transfer(s, err);
    curl_easy_cleanup(s->easy);
    OPENSSL_thread_stop(); /* what it keeps for this thread, which is libuv's and is never ended in order */
    curl_slist_free_all(s->to);
    for (int i = 0; i <= PART_PASSWORD; i++)
        buf_free(&s->parts[i]);
    buf_free(&s->text);
    free(s);
    return rc;
}
