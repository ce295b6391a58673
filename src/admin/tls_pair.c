/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate and its key are read, and seen to belong together. */
#include "admin/tls_pair.h"

#include <gnutls/x509.h>
#include <stdlib.h>

#include "base/buf.h"

#define PEM_MAX (256 * 1024)

static gnutls_datum_t datum_of(const struct buf *b)
{
    return (gnutls_datum_t){(unsigned char *)b->ptr, (unsigned)b->len};
}

/* What the server's own certificate says. */
static int read_certificate(const char *file, const struct buf *pem, struct tls_pair *p, struct error *err)
{
    gnutls_x509_crt_t *chain = NULL;
    unsigned count = 0;
    gnutls_datum_t text = datum_of(pem);
    int rc = gnutls_x509_crt_list_import2(&chain, &count, &text, GNUTLS_X509_FMT_PEM, 0);
    if (rc < 0)
        return error_set(err, ERR_INVALID, "%s holds no certificate in PEM: %s", file, gnutls_strerror(rc));
    p->since = gnutls_x509_crt_get_activation_time(chain[0]);
    p->until = gnutls_x509_crt_get_expiration_time(chain[0]);
    rc = gnutls_x509_crt_export2(chain[0], GNUTLS_X509_FMT_DER, &p->own);
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    return rc < 0 ? error_nomem(err) : 0;
}

static int add_key(const struct tls_files *files, const struct buf *certificate, const struct buf *key,
                   struct tls_pair *p, struct error *err)
{
    gnutls_datum_t chain = datum_of(certificate), secret = datum_of(key);
    if (gnutls_certificate_allocate_credentials(&p->credentials) < 0)
        return error_nomem(err);
    int rc = gnutls_certificate_set_x509_key_mem(p->credentials, &chain, &secret, GNUTLS_X509_FMT_PEM);
    if (rc == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        return error_set(err, ERR_INVALID, "%s is not the key of the certificate in %s; both have to be of one pair",
                         files->key, files->certificate);
    if (rc == GNUTLS_E_DECRYPTION_FAILED)
        return error_set(err, ERR_INVALID,
                         "%s has a password, which nobody can type here; `openssl pkey -in %s` writes it without",
                         files->key, files->key);
    return rc < 0 ? error_set(err, ERR_INVALID, "%s holds no private key in PEM that can be used: %s", files->key,
                              gnutls_strerror(rc))
                  : 0;
}

int tls_pair_read(const struct tls_files *files, struct tls_pair **out, struct error *err)
{
    struct buf certificate = BUF_INIT, key = {.secret = true};
    struct tls_pair *p = calloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return error_nomem(err);
    int rc = buf_read_file(&certificate, files->certificate, PEM_MAX, err);
    if (!rc)
        rc = buf_read_file(&key, files->key, PEM_MAX, err);
    if (!rc)
        rc = read_certificate(files->certificate, &certificate, p, err);
    if (!rc)
        rc = add_key(files, &certificate, &key, p, err);
    buf_free(&certificate);
    buf_free(&key);
    if (rc)
        tls_pair_free(p);
    else
        *out = p;
    return rc;
}

void tls_pair_free(struct tls_pair *p)
{
    if (!p)
        return;
    if (p->credentials)
        gnutls_certificate_free_credentials(p->credentials);
    gnutls_free(p->own.data);
    free(p);
}
