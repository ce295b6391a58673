/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin is told, and reading what it prints. */
#include "kube/auth/exec_credential.h"

#include "base/clock.h"
#include "kube/auth/text.h"
#include "json/write.h"

static void write_member(struct json_writer *w, const char *key, const char *value)
{
    if (!value)
        return;
    json_write_key(w, key);
    json_write_string(w, value);
}

static void write_cluster(struct json_writer *w, const struct kube_config *c, size_t *ca_at)
{
    struct json extra;
    json_write_key(w, "cluster");
    json_write_object(w);
    write_member(w, "server", c->server);
    write_member(w, "tls-server-name", c->tls_server_name);
    if (c->insecure) {
        json_write_key(w, "insecure-skip-tls-verify");
        json_write_bool(w, true);
    }
    if (c->ca.len || c->ca_file) {
        write_member(w, "certificate-authority-data", "");
        *ca_at = w->out->len ? w->out->len - 1 : 0; /* between the quotes */
    }
    write_member(w, "proxy-url", c->proxy_url);
    if (c->exec->cluster_extra && !json_parse(str_of(c->exec->cluster_extra), "config", &extra, NULL)) {
        json_write_key(w, "config");
        json_write_raw(w, extra);
    }
    json_write_end(w);
}

int exec_info(const struct kube_config *config, struct buf *out, size_t *ca_at, struct error *err)
{
    struct json_writer w;
    *ca_at = 0;
    json_writer_init(&w, out);
    json_write_object(&w);
    write_member(&w, "kind", "ExecCredential");
    write_member(&w, "apiVersion", config->exec->api_version);
    json_write_key(&w, "spec");
    json_write_object(&w);
    if (config->exec->cluster_info)
        write_cluster(&w, config, ca_at);
    json_write_key(&w, "interactive");
    json_write_bool(&w, false);
    json_write_end(&w);
    json_write_end(&w);
    return buf_result(out, "KUBERNETES_EXEC_INFO", err);
}

/* ---- the output ---- */

static int wrong(struct error *err, const char *says)
{
    return error_set(err, ERR_INVALID, "what it printed %s", says);
}

static int read_text(struct json status, const char *key, struct buf *out, struct error *err)
{
    struct json value = json_get(status, key);
    if (!json_exists(value) || json_type(value) == JSON_NULL)
        return 0;
    if (json_type(value) != JSON_STRING)
        return error_set(err, ERR_INVALID, "in what it printed status.%s is %s, not a text", key,
                         json_type_name(json_type(value)));
    json_decode(value, out);
    return out->failed ? error_nomem(err) : 0;
}

static int check_head(struct json root, const char *api_version, struct error *err)
{
    struct json version = json_get(root, "apiVersion");
    if (!json_string_is(json_get(root, "kind"), str_of("ExecCredential")))
        return wrong(err, "is no ExecCredential (kind)");
    if (json_string_is(version, str_of(api_version)))
        return 0;
    static const char *const known[] = {"client.authentication.k8s.io/v1alpha1", "client.authentication.k8s.io/v1beta1",
                                        "client.authentication.k8s.io/v1"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (json_string_is(version, str_of(known[i])))
            return error_set(
                err, ERR_INVALID,
                "what it printed has the apiVersion %s, but the kubeconfig asks for %s; make both the same", known[i],
                api_version);
    }
    return error_set(err, ERR_INVALID, "what it printed has another apiVersion than the kubeconfig asks for (%s)",
                     api_version);
}

static int read_expiry(struct json status, int64_t now, struct credential *out, struct error *err)
{
    struct buf text = BUF_INIT;
    int rc = read_text(status, "expirationTimestamp", &text, err);
    char at[32], is[32];
    if (!rc && text.len && !clock_parse(text.ptr, &out->expires))
        rc = wrong(err, "has an expirationTimestamp that is no time as in 2026-11-23T20:15:00Z");
    buf_free(&text);
    if (!rc && out->expires && out->expires <= now) {
        clock_format(out->expires, false, at);
        clock_format(now, false, is);
        rc = error_set(
            err, ERR_INVALID,
            "the credentials that it printed expired at %s, and it is %s here; is this machine's clock right?", at, is);
    }
    return rc;
}

static bool is_pem(const struct buf *text)
{
    return !text->len || memmem(text->ptr, text->len, "-----BEGIN ", 11);
}

static int check(struct credential *c, struct error *err)
{
    if (!c->certificate.len != !c->key.len)
        return wrong(err, c->key.len ? "has a clientKeyData without a clientCertificateData"
                                     : "has a clientCertificateData without a clientKeyData");
    if (!c->token.len && !c->key.len)
        return wrong(err, "has neither a token nor a client certificate in its status");
    if (!is_pem(&c->certificate) || !is_pem(&c->key))
        return wrong(err, "has a client certificate or key that is no PEM (\"-----BEGIN ...\")");
    return c->token.len ? token_check(buf_str(&c->token), "the token that it printed", err) : 0;
}

int exec_credential_read(struct str text, const char *api_version, int64_t now, struct credential *out,
                         struct error *err)
{
    struct json root, status;
    text = str_trim(text);
    *out = CREDENTIAL_INIT;
    if (!text.len)
        return error_set(err, ERR_INVALID, "it printed nothing");
    int rc = json_parse(text, "", &root, NULL);
    if (rc == ERR_NOMEM)
        return error_nomem(err);
    if (rc || json_type(root) != JSON_OBJECT)
        return wrong(err, "is no JSON object");
    rc = check_head(root, api_version, err);
    status = json_get(root, "status");
    if (!rc && json_type(status) != JSON_OBJECT)
        rc = wrong(err, "has no status");
    if (!rc)
        rc = read_text(status, "token", &out->token, err);
    if (!rc)
        rc = read_text(status, "clientCertificateData", &out->certificate, err);
    if (!rc)
        rc = read_text(status, "clientKeyData", &out->key, err);
    if (!rc)
        rc = check(out, err);
    if (!rc)
        rc = read_expiry(status, now, out, err);
    if (rc)
        credential_free(out);
    return rc;
}
