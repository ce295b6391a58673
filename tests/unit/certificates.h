/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for tests, made with OpenSSL when the test starts: nothing expires, nothing is kept in the tree. */
#ifndef MPIJOBD_TESTS_CERTIFICATES_H
#define MPIJOBD_TESTS_CERTIFICATES_H

#include <openssl/ssl.h>
#include <stdbool.h>

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
    char key_pem[4096], certificate_pem[4096];
};

/* issuer NULL: an authority that signs itself. san: "IP:127.0.0.1,DNS:api.test", NULL: none. */
void identity_make(struct identity *identity, const struct identity *issuer, const char *name, const char *san);
void identity_free(struct identity *identity);

/* A server's context. clients: the authority whose certificate a client must show, NULL: none is asked for. */
SSL_CTX *server_context(const struct identity *server, const struct identity *clients);

#endif
