/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates, made with OpenSSL. */
#include "certificates.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool good)
{
    if (!good) {
        fprintf(stderr, "cannot make a certificate\n");
        abort();
    }
}

static void extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension && X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

static void to_pem(char *out, size_t size, BIO *bio)
{
    int n = BIO_read(bio, out, (int)size - 1);
    must(n > 0);
    out[n] = '\0';
    BIO_free(bio);
}

void identity_make(struct identity *identity, const struct identity *issuer, const char *name, const char *san)
{
    static long serial = 1;
    memset(identity, 0, sizeof *identity);
    identity->key = EVP_EC_gen("P-256");
    X509 *certificate = identity->certificate = X509_new();
    must(identity->key && certificate);
    X509 *signer = issuer ? issuer->certificate : certificate;
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, identity->key);
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(signer));
    if (!issuer)
        extend(certificate, signer, NID_basic_constraints, "critical,CA:TRUE");
    if (san)
        extend(certificate, signer, NID_subject_alt_name, san);
    must(X509_sign(certificate, issuer ? issuer->key : identity->key, EVP_sha256()) > 0);

    BIO *bio = BIO_new(BIO_s_mem());
    must(PEM_write_bio_X509(bio, certificate));
    to_pem(identity->certificate_pem, sizeof identity->certificate_pem, bio);
    bio = BIO_new(BIO_s_mem());
    must(PEM_write_bio_PrivateKey(bio, identity->key, NULL, NULL, 0, NULL, NULL));
    to_pem(identity->key_pem, sizeof identity->key_pem, bio);
}

void identity_free(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

SSL_CTX *server_context(const struct identity *server, const struct identity *clients)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    must(context && SSL_CTX_use_certificate(context, server->certificate) &&
         SSL_CTX_use_PrivateKey(context, server->key));
    if (clients) {
        must(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), clients->certificate));
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return context;
}
