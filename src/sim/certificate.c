/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: OpenSSL makes the one for --tls; GnuTLS has the one that a client shows. */
#include "sim/certificate.h"

#include "sim/doc/mem.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static bool add_extension(X509 *x, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool good = e && X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    return good;
}

static bool fill(X509 *x, EVP_PKEY *key, bool expired, bool wrong_name)
{
    const long day = 86400;
    X509_NAME *name = X509_get_subject_name(x);
    return X509_set_version(x, 2) && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) &&
           X509_gmtime_adj(X509_getm_notBefore(x), expired ? -30 * day : -day) &&
           X509_gmtime_adj(X509_getm_notAfter(x), expired ? -day : 365 * day) && X509_set_pubkey(x, key) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"mpijob-sim", -1, -1, 0) &&
           X509_set_issuer_name(x, name) && add_extension(x, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(x, NID_subject_alt_name,
                         wrong_name ? "DNS:elsewhere.example" : "DNS:localhost,IP:127.0.0.1,IP:::1") &&
           X509_sign(x, key, EVP_sha256());
}

static char *text_of(BIO *bio)
{
    char *data;
    long n = BIO_get_mem_data(bio, &data);
    return sim_strndup(data, (size_t)n);
}

int certificate_make(struct certificate *c, bool expired, bool wrong_name, struct error *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    BIO *pem = BIO_new(BIO_s_mem()), *pem_key = BIO_new(BIO_s_mem());
    bool good = key && x && pem && pem_key && fill(x, key, expired, wrong_name) && PEM_write_bio_X509(pem, x) &&
                PEM_write_bio_PrivateKey(pem_key, key, NULL, NULL, 0, NULL, NULL);
    if (good)
        *c = (struct certificate){text_of(pem), text_of(pem_key)};
    else
        error_set(err, ERR_IO, "--tls: OpenSSL could not make a certificate");
    BIO_free(pem);
    BIO_free(pem_key);
    X509_free(x);
    EVP_PKEY_free(key);
    return good ? 0 : ERR_IO;
}

/* ---- of the client: libmicrohttpd does not look at it */

static bool read_name(gnutls_session_t session, char name[128])
{
    unsigned count = 0;
    size_t size = 128;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_crt_t certificate;
    if (!chain || !count || gnutls_x509_crt_init(&certificate))
        return false;
    bool good = !gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) &&
                !gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size);
    gnutls_x509_crt_deinit(certificate);
    return good;
}

bool certificate_of_client(struct MHD_Connection *mhd, char name[128])
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info ? info->tls_session : NULL;
    unsigned status = 0, count = 0;
    name[0] = 0;
    if (!session || !gnutls_certificate_get_peers(session, &count) || !count)
        return true;
    if (gnutls_certificate_verify_peers2(session, &status) || status)
        return false;
    return read_name(session, name);
}
