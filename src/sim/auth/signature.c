/* SPDX-License-Identifier: Apache-2.0 */
/* Huawei's signature of a request: the canonical form of the request, and the claim of the Authorization header. */
#include "sim/auth/signature.h"

#include "base/clock.h"
#include "sim/auth/credentials.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_S = 15 * 60, SIGNED_MAX = 32, QUERY_MAX = 64 };

static const char scheme[] = "SDK-HMAC-SHA256 ";

/* ---- text */

static void hex_hash(const void *bytes, size_t n, struct buf *out)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256(bytes, n, hash);
    for (size_t i = 0; i < sizeof hash; i++)
        buf_printf(out, "%02x", hash[i]);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* From the form of a URL to the plain bytes. */
static void plain(const char *from, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (from[i] == '%' && i + 2 < n && hex_digit(from[i + 1]) >= 0 && hex_digit(from[i + 2]) >= 0) {
            buf_putc(out, (char)(hex_digit(from[i + 1]) * 16 + hex_digit(from[i + 2])));
            i += 2;
        } else {
            buf_putc(out, from[i]);
        }
    }
}

static void encoded(const char *from, size_t n, struct buf *out)
{
    struct buf bytes = BUF_INIT;
    plain(from, n, &bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        if (isalnum(c) || strchr("-_.~", c))
            buf_putc(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
    buf_free(&bytes);
}

static void write_path(const char *target, struct buf *out)
{
    size_t n = strcspn(target, "?");
    for (size_t at = 0; at < n;) {
        size_t segment = strcspn(target + at, "/?");
        encoded(target + at, segment, out);
        at += segment;
        if (at < n) {
            buf_putc(out, '/');
            at++;
        }
    }
    if (!out->len || out->ptr[out->len - 1] != '/')
        buf_putc(out, '/');
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "name\x01value" sorts by name, then by value. */
static void write_query(const char *target, struct buf *out)
{
    const char *at = strchr(target, '?');
    char *item[QUERY_MAX];
    size_t count = 0;
    for (at = at ? at + 1 : ""; *at && count < QUERY_MAX; at += *at == '&') {
        size_t n = strcspn(at, "&"), name = strcspn(at, "=&");
        struct buf pair = BUF_INIT;
        encoded(at, name, &pair);
        buf_putc(&pair, '\x01');
        if (name < n)
            encoded(at + name + 1, n - name - 1, &pair);
        item[count++] = sim_strdup(pair.ptr);
        buf_free(&pair);
        at += n;
    }
    qsort(item, count, sizeof *item, by_text);
    for (size_t i = 0; i < count; i++) {
        *strchr(item[i], '\x01') = '=';
        buf_printf(out, "%s%s", i ? "&" : "", item[i]);
        free(item[i]);
    }
}

/* ---- the check */

struct claim {
    char *text; /* of the Authorization header; the others point into it */
    char *access, *headers, *signature;
};

static void read_claim(const char *authorization, struct claim *c)
{
    char *save = NULL;
    *c = (struct claim){.text = sim_strdup(authorization + sizeof scheme - 1)};
    for (char *p = strtok_r(c->text, ", ", &save); p; p = strtok_r(NULL, ", ", &save)) {
        char **to = strncmp(p, "Access=", 7) == 0           ? &c->access
                    : strncmp(p, "SignedHeaders=", 14) == 0 ? &c->headers
                    : strncmp(p, "Signature=", 10) == 0     ? &c->signature
                                                            : NULL;
        if (to)
            *to = strchr(p, '=') + 1;
    }
}

/* The signed headers in the order of names. False: one of them is missing. */
static bool write_headers(const struct exchange *x, const char *names, struct buf *out)
{
    char *copy = sim_strdup(names), *save = NULL;
    bool good = true;
    for (char *name = strtok_r(copy, ";", &save); name && good; name = strtok_r(NULL, ";", &save)) {
        const char *value = request_header(x->req, name);
        good = value != NULL;
        struct str trimmed = str_trim(str_of(value));
        buf_printf(out, "%s:%.*s\n", name, (int)trimmed.len, trimmed.ptr ? trimmed.ptr : "");
    }
    free(copy);
    return good;
}

static bool signs(const char *names, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = names; (at = strstr(at, name)); at += n)
        if ((at == names || at[-1] == ';') && (at[n] == 0 || at[n] == ';'))
            return true;
    return false;
}

static const char *date_problem(const struct exchange *x, const char *date)
{
    char iso[32];
    int64_t at;
    if (!date || strlen(date) != 16)
        return "no X-Sdk-Date";
    snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", date, date + 4, date + 6, date + 9, date + 11,
             date + 13);
    if (!clock_parse(iso, &at))
        return "bad X-Sdk-Date";
    int64_t off = (at - x->sim->now_us) / 1000000;
    return off > WINDOW_S || off < -WINDOW_S ? "the signature has expired" : NULL;
}

static bool matches(const struct exchange *x, const struct claim *c, const char *secret, const char *date)
{
    struct buf request = BUF_INIT, hash = BUF_INIT, text = BUF_INIT, wanted = BUF_INIT;
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct buf path = BUF_INIT, query = BUF_INIT, headers = BUF_INIT;
    write_path(x->req->target, &path);
    write_query(x->req->target, &query);
    bool good = write_headers(x, c->headers, &headers);
    buf_printf(&request, "%s\n%s\n%s\n%s\n%s\n", x->req->method, path.ptr, query.ptr ? query.ptr : "",
               headers.ptr ? headers.ptr : "", c->headers);
    hex_hash(x->req->body_len ? x->req->body : "", x->req->body_len, &request);
    hex_hash(request.ptr, request.len, &hash);
    buf_printf(&text, "SDK-HMAC-SHA256\n%s\n%s", date, hash.ptr);
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text.ptr, text.len, mac, &n);
    for (unsigned i = 0; i < n; i++)
        buf_printf(&wanted, "%02x", mac[i]);
    good = good && strlen(c->signature) == wanted.len && CRYPTO_memcmp(c->signature, wanted.ptr, wanted.len) == 0;
    struct buf *const all[] = {&request, &hash, &text, &wanted, &path, &query, &headers};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_free(all[i]);
    return good;
}

static const char *claim_problem(const struct exchange *x, const struct claim *c)
{
    const char *date = request_header(x->req, "X-Sdk-Date"), *token = request_header(x->req, "X-Security-Token");
    if (!c->access || !c->headers || !c->signature || !signs(c->headers, "x-sdk-date"))
        return "the signature is not complete";
    const struct access_key *key = credentials_key(x->sim->credentials, c->access);
    if (!key)
        return "the access key does not exist";
    if (key->security_token && (!token || strcmp(token, key->security_token) != 0))
        return "the security token is missing or wrong";
    if (!key->security_token && token)
        return "a lasting access key has no security token";
    const char *problem = date_problem(x, date);
    if (problem)
        return problem;
    return matches(x, c, key->secret, date) ? NULL : "verify aksk signature fail";
}

const char *signature_problem(const struct exchange *x, const char *authorization)
{
    struct claim c;
    if (strncmp(authorization, scheme, sizeof scheme - 1) != 0)
        return "the scheme is unknown";
    read_claim(authorization, &c);
    const char *problem = claim_problem(x, &c);
    free(c.text);
    return problem;
}
