/* SPDX-License-Identifier: Apache-2.0 */
/* An access key of Huawei Cloud: each request is signed for itself. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "kube/auth/parts.h"

#define SKEW_S 60 /* what a clock may be off before it is worth a word */

void auth_take_keys(struct kube_auth *a, struct credential *c)
{
    bool same = a->have && str_eq(buf_str(&a->keys.access_key), buf_str(&c->access_key)) &&
                str_eq(buf_str(&a->keys.secret_key), buf_str(&c->secret_key)) &&
                str_eq(buf_str(&a->keys.security_token), buf_str(&c->security_token));
    credential_free(&a->keys);
    a->keys = *c;
    *c = CREDENTIAL_INIT;
    a->generation += !same;
}

/* Signed at each call: the date is part of it. */
int auth_sign(struct kube_auth *a, const struct kube_auth_subject *subject, struct error *err)
{
    struct sign_header headers[4] = {{0}};
    size_t n = 0;
    sign_date(clock_now(NULL), a->date);
    headers[n++] = (struct sign_header){"host", sign_host(subject->url)};
    headers[n++] = (struct sign_header){"x-sdk-date", str_of(a->date)};
    if (a->keys.security_token.len)
        headers[n++] = (struct sign_header){"x-security-token", buf_str(&a->keys.security_token)};
    struct sign_request request = {
        .method = subject->method, .url = subject->url, .body = subject->body, .headers = headers, .date = a->date};
    buf_reset(&a->value);
    int rc = sign_request(&request, buf_str(&a->keys.access_key), buf_str(&a->keys.secret_key), &a->value, err);
    if (rc)
        return rc;
    a->own[0] = (struct http_header){"Authorization", a->value.ptr, true};
    a->own[1] = (struct http_header){"X-Sdk-Date", a->date, false};
    a->own[2] = (struct http_header){0};
    if (a->keys.security_token.len)
        a->own[2] = (struct http_header){"X-Security-Token", a->keys.security_token.ptr, true};
    return 0;
}

void kube_auth_explain(const struct kube_auth *a, int64_t server_time, struct error *err)
{
    int64_t off = clock_seconds(NULL) - server_time, by = off < 0 ? -off : off;
    if (!a->signs || !server_time || by < SKEW_S)
        return;
    error_append(err,
                 "; this machine's clock is %" PRId64 " min %" PRId64
                 " s %s the server's, and a signature is refused when "
                 "they differ by 15 minutes: set the clock",
                 by / 60, by % 60, off < 0 ? "behind" : "ahead of");
}
