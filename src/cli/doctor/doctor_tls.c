/* SPDX-License-Identifier: Apache-2.0 */
/* The way to the server: its name, a connection, its certificate and the client's. */
#include <inttypes.h>
#include <netdb.h>
#include <openssl/asn1.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "cli/doctor/doctor.h"
#include "http/proxy.h"

#define DAY INT64_C(86400)

/* ---- the name ---- */

/* The environment variable that names a proxy for this URL; NULL: none does. */
static const char *proxy_variable(const struct url *url)
{
    static const char *const names[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy",
                                        "ALL_PROXY",   "all_proxy",   NULL};
    const char *proxy = proxy_for(url, NULL);
    for (size_t i = 0; *proxy && names[i]; i++) {
        if (proxy == getenv(names[i]))
            return names[i];
    }
    return NULL;
}

/* False: without an address nothing more can be tried. */
static bool resolve(struct doctor *d, const char *host, const char *port)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char address[NI_MAXHOST];
    int rc = getaddrinfo(host, port, &hints, &found);
    if (rc || !found) {
        doctor_say(d, d->proxy ? DOCTOR_WARNING : DOCTOR_FAILED,
                   d->proxy ? "none needed if the proxy knows the name"
                            : "is the name spelt right, and does this machine's DNS know it (getent hosts)?",
                   "%s cannot be resolved: %s", host, gai_strerror(rc));
        return d->proxy != NULL;
    }
    size_t count = 0;
    for (const struct addrinfo *a = found; a; a = a->ai_next)
        count++;
    if (getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST))
        address[0] = '\0';
    freeaddrinfo(found);
    if (strcmp(address, host) == 0)
        doctor_say(d, DOCTOR_OK, NULL, "%s is an address; there is nothing to look up", host);
    else
        doctor_say(d, DOCTOR_OK, NULL, "%s is %s%s", host, address, count > 1 ? " and others" : "");
    return true;
}

bool doctor_name(struct doctor *d)
{
    const struct kube_config *c = d->s.kube_config;
    struct error err;
    struct url url;
    char host[256];
    if (url_parse(c->server, NULL, &url, &err)) {
        doctor_say(d, DOCTOR_FAILED, "set the cluster's server", "%s", err.message);
        return false;
    }
    bool bracketed = url.host[0] == '[';
    snprintf(host, sizeof host, "%.*s", (int)strcspn(url.host + bracketed, "]"), url.host + bracketed);
    d->proxy = c->proxy_url ? "proxy-url" : proxy_variable(&url);
    if (c->proxy_url)
        doctor_say(d, DOCTOR_OK, NULL, "the proxy looks up %s (proxy-url in the kubeconfig)", host);
    bool found = c->proxy_url || resolve(d, host, url.port);
    url_free(&url);
    return found;
}

/* ---- the connection ---- */

static struct http_tls tls_of(const struct kube_config *c, bool client)
{
    struct http_tls tls = {.ca = buf_str(&c->ca), .ca_file = c->ca_file, .insecure = c->insecure};
    if (client) {
        tls.certificate = buf_str(&c->certificate);
        tls.key = buf_str(&c->key);
        tls.certificate_file = c->certificate_file;
        tls.key_file = c->key_file;
    }
    return tls;
}

static int read_material(const struct kube_config *c, bool client, struct tls_material *material, struct error *err)
{
    struct tls_source source = {0};
    struct http_tls tls = tls_of(c, client);
    int rc = tls_source_copy(&source, &tls);
    if (rc)
        error_nomem(err);
    else
        rc = tls_material_read(material, &source, true, err);
    tls_source_free(&source);
    return rc;
}

static int probe(struct doctor *d, struct error *err)
{
    const struct kube_config *c = d->s.kube_config;
    struct tls_material material;
    bool readable = read_material(c, true, &material, NULL) == 0 || read_material(c, false, &material, NULL) == 0;
    /* With a CA that cannot be read nothing is verified, which a later check says. The rest is worth knowing all the
     * same. */
    int rc = probe_run(&d->probe, c, readable && !c->insecure ? &material : NULL, d->timeout_ms, err);
    if (readable)
        tls_material_free(&material);
    return rc;
}

bool doctor_connection(struct doctor *d)
{
    struct error err;
    const struct probe *p = &d->probe;
    char by[64] = "";
    if (probe(d, &err)) {
        doctor_say(d, DOCTOR_FAILED, "set the cluster's server", "%s", err.message);
        return false;
    }
    if (d->proxy)
        snprintf(by, sizeof by, " (%s is set)", d->proxy);
    if (p->reach == PROBE_NOTHING) {
        doctor_say(
            d, DOCTOR_FAILED,
            d->proxy
                ? "is the proxy right, and does it let us through to the server?"
                : "is the server up, are host and port right, and does a firewall or network policy let us through?",
            "no connection to %s port %s%s: %s", p->host, p->port, by, p->detail);
        return false;
    }
    doctor_say(d, DOCTOR_OK, NULL, "%s port %s answers%s%s%s", p->host, p->port, *p->address ? " at " : "", p->address,
               by);
    return true;
}

/* ---- certificates ---- */

static bool seconds_until(const ASN1_TIME *when, int64_t *seconds)
{
    int days, rest;
    if (!ASN1_TIME_diff(&days, &rest, NULL, when))
        return false;
    *seconds = days * DAY + rest;
    return true;
}

static void date_of(const ASN1_TIME *when, char out[32])
{
    struct tm utc;
    if (!ASN1_TIME_to_tm(when, &utc) || !strftime(out, 32, "%Y-%m-%d %H:%M UTC", &utc))
        snprintf(out, 32, "(unreadable)");
}

/* Within a fifth of its lifetime, and within two weeks. */
static bool is_soon(const X509 *certificate, int64_t left)
{
    int days, rest;
    int64_t soon = 14 * DAY;
    if (ASN1_TIME_diff(&days, &rest, X509_get0_notBefore(certificate), X509_get0_notAfter(certificate)) &&
        (days * DAY + rest) / 5 < soon)
        soon = (days * DAY + rest) / 5;
    return left < soon;
}

/* One line with its dates. False: it is not valid now. */
static bool tell_dates(struct doctor *d, const X509 *certificate, const char *before, const char *cure)
{
    char from[32], to[32];
    int64_t since = 0, left = 0;
    date_of(X509_get0_notBefore(certificate), from);
    date_of(X509_get0_notAfter(certificate), to);
    bool read = seconds_until(X509_get0_notBefore(certificate), &since) &&
                seconds_until(X509_get0_notAfter(certificate), &left);
    if (read && left <= 0)
        doctor_say(d, DOCTOR_FAILED, cure, "%sexpired on %s", before, to);
    else if (read && since > 0)
        doctor_say(d, DOCTOR_FAILED, "is this machine's clock right?", "%snot valid before %s", before, from);
    else if (read && is_soon(certificate, left))
        doctor_say(d, DOCTOR_WARNING, cure, "%sexpires on %s, in %" PRId64 " %s", before, to,
                   left >= 2 * DAY ? left / DAY : left / 3600, left >= 2 * DAY ? "days" : "hours");
    else
        doctor_say(d, DOCTOR_OK, NULL, "%sexpires on %s", before, to);
    return !read || (left > 0 && since <= 0);
}

/* The names that a certificate is for, comma separated. */
static void names_of(const X509 *certificate, struct buf *out)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const char *sign = out->len ? ", " : "";
        const unsigned char *ip = name->type == GEN_IPADD ? ASN1_STRING_get0_data(name->d.iPAddress) : NULL;
        if (name->type == GEN_DNS)
            buf_printf(out, "%s%.*s", sign, ASN1_STRING_length(name->d.dNSName),
                       (const char *)ASN1_STRING_get0_data(name->d.dNSName));
        else if (ip && ASN1_STRING_length(name->d.iPAddress) == 4)
            buf_printf(out, "%s%d.%d.%d.%d", sign, ip[0], ip[1], ip[2], ip[3]);
    }
    GENERAL_NAMES_free(names);
}

static void tell_untrusted(struct doctor *d)
{
    static const char cure[] =
        "set certificate-authority of the cluster to the CA that signed the server's certificate";
    const struct probe *p = &d->probe;
    struct buf names = BUF_INIT;
    int64_t left;
    if (p->certificate && seconds_until(X509_get0_notAfter(p->certificate), &left) && left <= 0) {
        tell_dates(d, p->certificate, "", "renew the API server's certificate");
        return;
    }
    if (p->certificate)
        names_of(p->certificate, &names);
    if (strstr(p->detail, "subject name") || strstr(p->detail, "hostname") || strstr(p->detail, "host name")) {
        doctor_say(d, DOCTOR_FAILED,
                   "name the server as its certificate does, or set tls-server-name in the kubeconfig",
                   "%s; the certificate is for %s", p->detail, names.len ? names.ptr : "no name");
    } else if (!p->certificate) {
        doctor_say(d, DOCTOR_FAILED, "does the server speak TLS at this port, or should its URL begin with http://?",
                   "no agreement on TLS: %s%s", p->timeout ? "" : p->detail, p->timeout ? "no answer in time" : "");
    } else {
        doctor_say(d, DOCTOR_FAILED, cure, "%s", p->detail);
    }
    buf_free(&names);
}

bool doctor_server_certificate(struct doctor *d)
{
    const struct kube_config *c = d->s.kube_config;
    const struct probe *p = &d->probe;
    struct tls_material material;
    struct error err;
    if (!p->tls) {
        bool local = strncmp(p->address, "127.", 4) == 0 || strcmp(p->address, "::1") == 0;
        doctor_say(d, local ? DOCTOR_OK : DOCTOR_WARNING, local ? NULL : "use https://",
                   "none: the server is plain HTTP%s",
                   local ? ", on this machine" : ", and credentials can be read on the way");
        return true;
    }
    if (read_material(c, false, &material, &err)) {
        doctor_say(d, DOCTOR_FAILED, "correct certificate-authority of the cluster", "cannot be verified: %s",
                   err.message);
        return false;
    }
    tls_material_free(&material);
    if (p->reach < PROBE_TRUSTED) {
        tell_untrusted(d);
        return false;
    }
    if (c->insecure) {
        doctor_say(d, DOCTOR_WARNING, "set certificate-authority instead of insecure-skip-tls-verify",
                   "not verified: whoever is in between can read the credentials");
        return true;
    }
    return !p->certificate || tell_dates(d, p->certificate, "verified, ", "renew the API server's certificate");
}

bool doctor_client_certificate(struct doctor *d)
{
    const struct kube_config *c = d->s.kube_config;
    struct tls_material material, roots;
    struct error err;
    if (!c->certificate.len && !c->certificate_file && !c->key.len && !c->key_file) {
        doctor_say(d, DOCTOR_OK, NULL, "none is used");
        return true;
    }
    int rc = read_material(c, true, &material, &err);
    if (rc && read_material(c, false, &roots, NULL)) {
        doctor_say(d, DOCTOR_SKIPPED, NULL, "because of server-certificate");
        return false;
    }
    if (rc) {
        tls_material_free(&roots);
        doctor_say(d, DOCTOR_FAILED, "correct client-certificate and client-key of the user", "%s", err.message);
        return false;
    }
    if (material.certificate)
        tell_dates(d, material.certificate, "",
                   "renew it: kubeadm certs renew, or a new kubeconfig from the cluster's administrator");
    tls_material_free(&material);
    return true; /* whether the server accepts it, a later check shows */
}
