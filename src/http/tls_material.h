/* SPDX-License-Identifier: Apache-2.0 */
/* Whom we trust and who we are: the certificates and the key, read from text or files. Reading blocks: at start, or on
 * a worker. */
#ifndef MPIJOBD_HTTP_TLS_MATERIAL_H
#define MPIJOBD_HTTP_TLS_MATERIAL_H

#include <openssl/ssl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "http/http.h"

enum { TLS_CA, TLS_CERTIFICATE, TLS_KEY, TLS_PARTS };

struct tls_source {
    struct {
        struct buf text; /* wins; wiped */
        char *file;      /* or NULL */
    } part[TLS_PARTS];
    bool system; /* no CA is given: the system's (http/system_roots.h) */
};

int tls_source_copy(struct tls_source *source, const struct http_tls *tls); /* 0 or ERR_NOMEM */
void tls_source_free(struct tls_source *source);
bool tls_source_has_files(const struct tls_source *source);

/* What tells that a file is another one than it was. */
struct tls_stamps {
    struct {
        dev_t device;
        ino_t inode;
        off_t size;
        struct timespec changed;
    } part[TLS_PARTS];
    uint64_t system;
};
void tls_stamps_read(struct tls_stamps *stamps, const struct tls_source *source, bool system);

struct tls_material {
    X509_STORE *roots; /* NULL: no CA is trusted, or the system's were not read */
    X509 *certificate; /* NULL: none; then there is no key either */
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
};

/* ERR_INVALID (no PEM, a key that does not fit), or what buf_read_file returns; messages name the file. system: also
 * the system's CAs, where the source wants them; errors as of system_roots_read. */
int tls_material_read(struct tls_material *material, const struct tls_source *source, bool system, struct error *err);
void tls_material_free(struct tls_material *material); /* OpenSSL wipes the key */
bool tls_material_apply(const struct tls_material *material, SSL_CTX *context);

#endif
