/* SPDX-License-Identifier: Apache-2.0 */
/* What plugins and an IAM may say, NO_PROXY lists, and URLs that are signed. The first byte chooses; what is read has
 * to be whole and of the right kind, and no message may hold the text that was read (here: the secret in it). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/proxy.h"
#include "kube/auth/exec_credential.h"
#include "kube/auth/iam_message.h"
#include "kube/auth/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "fuzz-canary"

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void plugin(struct str text)
{
    struct credential c;
    struct error err = {0};
    int64_t now = INT64_C(1767225600) * CLOCK_SECOND;
    if (exec_credential_read(text, "client.authentication.k8s.io/v1", now, &c, &err)) {
        must(err.message[0] && !strstr(err.message, SECRET));
        return;
    }
    must(c.token.len || c.key.len);
    must(!c.certificate.len == !c.key.len);
    must(!c.expires || c.expires > now);
    for (size_t i = 0; i < c.token.len; i++)
        must((unsigned char)c.token.ptr[i] > ' ' && (unsigned char)c.token.ptr[i] < 0x7f);
    credential_free(&c);
}

static void iam(struct str text)
{
    static char domain[] = "d", user[] = "u", password_file[] = "/p", project[] = "p", endpoint[] = "https://i";
    const struct kube_iam who = {
        .endpoint = endpoint, .domain = domain, .user = user, .password_file = password_file, .project = project};
    struct credential c;
    struct error err = {0};
    bool refused;
    int64_t now = INT64_C(1767225600) * CLOCK_SECOND;
    if (!iam_read("token", text, now, &c, &err)) {
        must(c.expires > now && c.expires <= now + 24 * 3600 * CLOCK_SECOND);
        credential_free(&c);
    }
    must(iam_refusal(&who, 401, text, str_of(SECRET), &refused, &err) != 0);
    must(refused && !strstr(err.message, SECRET));
}

static void proxies(const char *text)
{
    struct url url;
    if (url_parse("https://[fd00::1]:6443", NULL, &url, NULL) == 0) {
        proxy_excepts(text, &url);
        url_free(&url);
    }
    if (url_parse("https://10.1.2.3", NULL, &url, NULL) == 0) {
        proxy_excepts(text, &url);
        url_free(&url);
    }
    if (url_parse("https://api.example.com", NULL, &url, NULL) == 0) {
        must(proxy_excepts(text, &url) || strcmp(text, "example.com") != 0);
        url_free(&url);
    }
}

static void signatures(const char *url, struct str body)
{
    const struct sign_header headers[] = {{"x-sdk-date", str_of("20060102T150405Z")}, {0}};
    struct sign_request request = {
        .method = "GET", .url = url, .body = body, .headers = headers, .date = "20060102T150405Z"};
    struct buf one = BUF_INIT, two = BUF_INIT;
    must(sign_request(&request, str_of("A"), str_of(SECRET), &one, NULL) == 0);
    must(sign_request(&request, str_of("A"), str_of(SECRET), &two, NULL) == 0);
    must(strcmp(one.ptr, two.ptr) == 0 && !strstr(one.ptr, SECRET));
    buf_free(&one);
    buf_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    char *text = malloc(size);
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    struct str all = str_n(text, size - 1);
    switch (data[0] % 4) {
    case 0:
        plugin(all);
        break;
    case 1:
        iam(all);
        break;
    case 2:
        proxies(text);
        break;
    default:
        signatures(text, all);
    }
    free(text);
    return 0;
}
