/* SPDX-License-Identifier: Apache-2.0 */
/* CA, certificate and key, read from text or files, checked, and put into a connection. */
#include "http/tls_material.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "http/system_roots.h"

#define PEM_FILE_MAX (4u << 20)

static const char *const part_names[TLS_PARTS] = {"CA certificate", "client certificate", "client key"};

static int copy_part(struct tls_source *source, int part, struct str text, const char *file)
{
    source->part[part].text.secret = true;
    if (text.len) {
        buf_add_str(&source->part[part].text, text);
        return source->part[part].text.failed;
    }
    if (file && *file && !(source->part[part].file = strdup(file)))
        return ERR_NOMEM;
    return 0;
}

int tls_source_copy(struct tls_source *source, const struct http_tls *tls)
{
    *source = (struct tls_source){.system = !tls->insecure && !tls->ca.len && (!tls->ca_file || !*tls->ca_file)};
    if (copy_part(source, TLS_CA, tls->ca, tls->ca_file) ||
        copy_part(source, TLS_CERTIFICATE, tls->certificate, tls->certificate_file) ||
        copy_part(source, TLS_KEY, tls->key, tls->key_file)) {
        tls_source_free(source);
        return ERR_NOMEM;
    }
    return 0;
}

void tls_source_free(struct tls_source *source)
{
    for (int i = 0; i < TLS_PARTS; i++) {
        buf_free(&source->part[i].text);
        free(source->part[i].file);
        source->part[i].file = NULL;
    }
}

bool tls_source_has_files(const struct tls_source *source)
{
    return source->part[TLS_CA].file || source->part[TLS_CERTIFICATE].file || source->part[TLS_KEY].file;
}

void tls_stamps_read(struct tls_stamps *stamps, const struct tls_source *source, bool system)
{
    memset(stamps, 0, sizeof *stamps); /* padding too: stamps are compared by their bytes */
    if (system && source->system)
        stamps->system = system_roots_stamp();
    for (int i = 0; i < TLS_PARTS; i++) {
        struct stat st;
        if (!source->part[i].file || stat(source->part[i].file, &st) != 0)
            continue;
        stamps->part[i].device = st.st_dev;
        stamps->part[i].inode = st.st_ino;
        stamps->part[i].size = st.st_size;
        stamps->part[i].changed = st.st_mtim;
    }
}

static const char *origin(const struct tls_source *source, int part)
{
    return source->part[part].file ? source->part[part].file : "given as text";
}

static int refuse(struct error *err, const struct tls_source *source, int part, const char *what)
{
    ERR_clear_error();
    return error_set(err, ERR_INVALID, "%s %s: %s", part_names[part], origin(source, part), what);
}

/* The PEM text of a part in `file` (read, secret) or as it was given. Empty: the part is not configured. */
static int load(const struct tls_source *source, int part, struct buf *file, BIO **bio, struct error *err)
{
    *bio = NULL;
    const struct buf *text = &source->part[part].text;
    if (source->part[part].file) {
        int rc = buf_read_file(file, source->part[part].file, PEM_FILE_MAX, err);
        if (rc) {
            error_prefix(err, "%s", part_names[part]);
            return rc;
        }
        if (file->len == 0)
            return refuse(err, source, part, "the file is empty");
        text = file;
    }
    if (text->len == 0)
        return 0;
    *bio = BIO_new_mem_buf(text->ptr, (int)text->len);
    return *bio ? 0 : error_nomem(err);
}

static int read_roots(struct tls_material *material, const struct tls_source *source, bool system, BIO *bio,
                      struct error *err)
{
    if (!bio && !(system && source->system))
        return 0;
    material->roots = X509_STORE_new();
    if (!material->roots)
        return error_nomem(err);
    /* An intermediate certificate that is given as the CA is trusted as it is, as Go and curl do. */
    X509_STORE_set_flags(material->roots, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    if (!bio)
        return system_roots_read(material->roots, err);
    int count = 0;
    for (X509 *ca; (ca = PEM_read_bio_X509(bio, NULL, NULL, NULL)); count++) {
        int added = X509_STORE_add_cert(material->roots, ca);
        X509_free(ca);
        if (!added)
            return error_nomem(err);
    }
    unsigned long why = ERR_peek_last_error();
    if (count == 0 || ERR_GET_REASON(why) != PEM_R_NO_START_LINE)
        return refuse(err, source, TLS_CA,
                      count ? "a certificate in it cannot be read" : "there is no PEM certificate in it");
    ERR_clear_error();
    return 0;
}

static int read_certificate(struct tls_material *material, const struct tls_source *source, BIO *bio, struct error *err)
{
    material->certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    if (!material->certificate)
        return refuse(err, source, TLS_CERTIFICATE, "there is no PEM certificate in it");
    material->chain = sk_X509_new_null();
    if (!material->chain)
        return error_nomem(err);
    for (X509 *link; (link = PEM_read_bio_X509(bio, NULL, NULL, NULL));) {
        if (!sk_X509_push(material->chain, link)) {
            X509_free(link);
            return error_nomem(err);
        }
    }
    ERR_clear_error();
    return 0;
}

/* Without this OpenSSL would ask for the password on the terminal. */
static int no_password(char *out, int size, int writing, void *data)
{
    (void)writing;
    if (size > 0)
        out[0] = '\0';
    *(bool *)data = true;
    return -1;
}

static int read_key(struct tls_material *material, const struct tls_source *source, BIO *bio, struct error *err)
{
    bool encrypted = false;
    material->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, &encrypted);
    if (!material->key)
        return refuse(err, source, TLS_KEY,
                      encrypted ? "the key is encrypted; store it without a password, readable by its owner only"
                                : "there is no PEM private key in it");
    if (!X509_check_private_key(material->certificate, material->key)) {
        ERR_clear_error();
        return error_set(err, ERR_INVALID, "client key %s does not belong to client certificate %s",
                         origin(source, TLS_KEY), origin(source, TLS_CERTIFICATE));
    }
    return 0;
}

static int read_all(struct tls_material *material, const struct tls_source *source, bool system, struct buf *files,
                    BIO **bios, struct error *err)
{
    int rc = 0;
    for (int i = 0; i < TLS_PARTS; i++) {
        if ((rc = load(source, i, &files[i], &bios[i], err)))
            return rc;
    }
    if ((bios[TLS_CERTIFICATE] == NULL) != (bios[TLS_KEY] == NULL))
        return error_set(err, ERR_INVALID, "a client %s is given without its %s", bios[TLS_KEY] ? "key" : "certificate",
                         bios[TLS_KEY] ? "certificate" : "key");
    if ((rc = read_roots(material, source, system, bios[TLS_CA], err)))
        return rc;
    if (!bios[TLS_KEY])
        return 0;
    if ((rc = read_certificate(material, source, bios[TLS_CERTIFICATE], err)))
        return rc;
    return read_key(material, source, bios[TLS_KEY], err);
}

int tls_material_read(struct tls_material *material, const struct tls_source *source, bool system, struct error *err)
{
    struct buf files[TLS_PARTS] = {{.secret = true}, {.secret = true}, {.secret = true}};
    BIO *bios[TLS_PARTS] = {0};
    *material = (struct tls_material){0};
    int rc = read_all(material, source, system, files, bios, err);
    for (int i = 0; i < TLS_PARTS; i++) {
        BIO_free(bios[i]);
        buf_free(&files[i]);
    }
    if (rc)
        tls_material_free(material);
    return rc;
}

void tls_material_free(struct tls_material *material)
{
    X509_STORE_free(material->roots);
    X509_free(material->certificate);
    sk_X509_pop_free(material->chain, X509_free);
    EVP_PKEY_free(material->key);
    *material = (struct tls_material){0};
}

bool tls_material_apply(const struct tls_material *material, SSL_CTX *context)
{
    if (material->roots)
        SSL_CTX_set1_cert_store(context, material->roots);
    if (!material->certificate)
        return true;
    return SSL_CTX_use_certificate(context, material->certificate) && SSL_CTX_set1_chain(context, material->chain) &&
           SSL_CTX_use_PrivateKey(context, material->key);
}
