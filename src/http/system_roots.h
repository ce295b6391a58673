/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of the authorities that this machine trusts: what SSL_CERT_FILE and SSL_CERT_DIR name, or the places
 * that OpenSSL was built with. OpenSSL opens these by itself, at a handshake, whatever they are: a pipe would hold the
 * loop for ever. Here they are read beforehand by base/file.h, on a worker. */
#ifndef MPIJOBD_HTTP_SYSTEM_ROOTS_H
#define MPIJOBD_HTTP_SYSTEM_ROOTS_H

#include <openssl/x509.h>
#include <stdint.h>

#include "base/error.h"

/* Adds them to the store; blocks. Of a folder, as OpenSSL does, the files that are named by a hash ("1a2b3c4d.0");
 * those that cannot be read are left out. ERR_NOT_FOUND: there is no certificate; ERR_IO, ERR_TIMEOUT, ERR_LIMIT: the
 * file that SSL_CERT_FILE names is no regular one, or too large; ERR_NOMEM. Messages name the variable and the cure. */
int system_roots_read(X509_STORE *store, struct error *err);

/* Another number than before where one of the places has changed; blocks. */
uint64_t system_roots_stamp(void);

#endif
