/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate and its key, from two files in PEM, as connections of HTTPS take them. */
#ifndef MPIJOBD_ADMIN_TLS_PAIR_H
#define MPIJOBD_ADMIN_TLS_PAIR_H

#include <gnutls/gnutls.h>

#include "base/error.h"

struct tls_files {
    const char *certificate; /* the server's own first, then those between it and its authority */
    const char *key;         /* without a password */
};

struct tls_pair {
    gnutls_certificate_credentials_t credentials;
    int64_t since, until;     /* in which it is valid; seconds since 1970 */
    gnutls_datum_t own;       /* the server's own certificate, as bytes */
    size_t users;             /* of https.c */
    struct tls_pair *earlier; /* of https.c */
};

/* Reads both, and sees whether they belong together; blocks. The key's bytes are wiped. Whether it is valid now is the
 * caller's to judge. ERR_INVALID: a file holds something else, or they do not belong together; errors of
 * buf_read_file; ERR_NOMEM. Messages name the file and the cure, and never what is in the key. */
int tls_pair_read(const struct tls_files *files, struct tls_pair **pair, struct error *err);
void tls_pair_free(struct tls_pair *pair); /* NULL is ignored */

#endif
