/* SPDX-License-Identifier: Apache-2.0 */
/* One request by libcurl, outside the loop: what it shows of the way to the server. */
#include "cli/doctor/doctor_probe.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <strings.h>

#include "base/clock.h"
#include "http/answer.h"
#include "http/proxy.h"
#include "http/url.h"

struct probing {
    struct probe *probe;
    const struct tls_material *material;
    CURL *easy;
    struct curl_slist connect_to;
    bool tls_begun; /* then there is a connection, maybe through a proxy */
    char connect_to_text[300], detail[CURL_ERROR_SIZE];
};

static int index_of_probe(void)
{
    static int index = -1; /* a slot in OpenSSL's registry, kept for the program's life */
    if (index < 0)
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return index;
}

/* Keeps the server's certificate, whether OpenSSL accepts it or not. */
static int on_verify(int good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct probe *p = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), index_of_probe());
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    if (!p->certificate && leaf && X509_up_ref(leaf))
        p->certificate = leaf;
    return good;
}

static CURLcode on_tls(CURL *easy, void *context, void *data)
{
    struct probing *p = data;
    (void)easy;
    p->tls_begun = true;
    if (!SSL_CTX_set_ex_data(context, index_of_probe(), p->probe))
        return CURLE_OUT_OF_MEMORY;
    SSL_CTX_set_verify(context, p->material ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, on_verify);
    return !p->material || tls_material_apply(p->material, context) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

static size_t on_header(char *line, size_t size, size_t n, void *data)
{
    struct probing *p = data;
    char value[64];
    (void)size; /* 1 */
    if (n > 5 && strncasecmp(line, "Date:", 5) == 0) {
        struct str date = str_trim(str_n(line + 5, n - 5));
        snprintf(value, sizeof value, "%.*s", (int)(date.len < 60 ? date.len : 60), date.ptr);
        p->probe->date = http_date_read(value);
        p->probe->received = clock_now(NULL);
    }
    return n;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *data)
{
    (void)bytes, (void)size, (void)data;
    return n;
}

#define SET(option, value) (failed |= curl_easy_setopt(p->easy, option, value) != CURLE_OK)

static bool set_tls(struct probing *p, const struct kube_config *config)
{
    bool failed = false;
    struct probe *probe = p->probe;
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_CAINFO, NULL);
    SET(CURLOPT_SSL_CTX_FUNCTION, on_tls);
    SET(CURLOPT_SSL_CTX_DATA, p);
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_CA_CACHE_TIMEOUT, 0L); /* as in http: else libcurl keeps our store */
#endif
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, p->material ? 1L : 0L);
    SET(CURLOPT_SSL_VERIFYHOST, p->material ? 2L : 0L);
    if (config->tls_server_name && *config->tls_server_name) {
        snprintf(p->connect_to_text, sizeof p->connect_to_text, "::%s:%s", probe->host, probe->port);
        p->connect_to.data = p->connect_to_text;
        SET(CURLOPT_CONNECT_TO, &p->connect_to);
    }
    return failed;
}

static bool prepare(struct probing *p, const struct kube_config *config, const struct url *url, uint64_t timeout_ms)
{
    bool failed = false;
    SET(CURLOPT_URL, url->text);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* a name that is still being looked up does not delay the end */
    SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
    SET(CURLOPT_USERAGENT, "mpijobd-doctor");
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_ERRORBUFFER, p->detail);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, p);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_PROXY, proxy_for(url, config->proxy_url)); /* as the daemon */
    SET(CURLOPT_NOPROXY, "");
    return failed || (url->tls && set_tls(p, config));
}

static bool is_tls_failure(CURLcode code)
{
    return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CERTPROBLEM ||
           code == CURLE_SSL_CIPHER || code == CURLE_SSL_INVALIDCERTSTATUS || code == CURLE_SSL_ISSUER_ERROR;
}

/* How far it came, from what libcurl measured. */
static void look(struct probing *p, CURLcode code)
{
    struct probe *probe = p->probe;
    curl_off_t connected = 0, agreed = 0;
    char *address = NULL;
    long status = 0;
    curl_easy_getinfo(p->easy, CURLINFO_CONNECT_TIME_T, &connected);
    curl_easy_getinfo(p->easy, CURLINFO_APPCONNECT_TIME_T, &agreed);
    curl_easy_getinfo(p->easy, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
    probe->status = (int)status;
    probe->timeout = code == CURLE_OPERATION_TIMEDOUT;
    if (is_tls_failure(code))
        probe->reach = PROBE_CONNECTED;
    else if (status)
        probe->reach = PROBE_ANSWERED; /* whether the body is complete does not matter here */
    else if (probe->tls ? agreed : connected)
        probe->reach = PROBE_TRUSTED;
    else
        probe->reach = p->tls_begun ? PROBE_CONNECTED : PROBE_NOTHING;
    if (probe->reach > PROBE_NOTHING && address)
        snprintf(probe->address, sizeof probe->address, "%s", address);
    if (code)
        snprintf(probe->detail, sizeof probe->detail, "%s", p->detail[0] ? p->detail : curl_easy_strerror(code));
}

int probe_run(struct probe *probe, const struct kube_config *config, const struct tls_material *material,
              uint64_t timeout_ms, struct error *err)
{
    struct probing p = {.probe = probe, .material = material};
    struct buf text = BUF_INIT;
    struct url url;
    *probe = (struct probe){0};
    buf_printf(&text, "%s/version", config->server);
    const char *name = config->tls_server_name;
    int rc = buf_result(&text, "the server's URL", err);
    if (!rc)
        rc = url_parse(text.ptr, name && *name ? name : NULL, &url, err);
    buf_free(&text);
    if (rc)
        return rc;
    probe->tls = url.tls;
    snprintf(probe->host, sizeof probe->host, "%s", url.host);
    snprintf(probe->port, sizeof probe->port, "%s", url.port);
    p.easy = curl_easy_init();
    if (!p.easy || prepare(&p, config, &url, timeout_ms))
        rc = error_nomem(err);
    else
        look(&p, curl_easy_perform(p.easy));
    curl_easy_cleanup(p.easy);
    url_free(&url);
    return rc;
}

void probe_free(struct probe *probe)
{
    X509_free(probe->certificate);
    *probe = (struct probe){0};
}
