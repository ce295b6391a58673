/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that are kept as text and read when a handshake asks for their subject. A system has a hundred and more,
 * a server needs one: reading all takes 30 ms. */
#ifndef MPIJOBD_HTTP_HASHED_ROOTS_H
#define MPIJOBD_HTTP_HASHED_ROOTS_H

#include <openssl/x509.h>

#include "base/buf.h"

struct hashed_roots;

/* The store looks into it for what it does not have; it goes with the store. NULL: out of memory. */
struct hashed_roots *hashed_roots_new(X509_STORE *store);
/* text: PEM certificates whose subject has this hash (X509_NAME_hash); copied. 0 or ERR_NOMEM. */
int hashed_roots_add(struct hashed_roots *roots, unsigned long hash, struct str text);

/* Adds a text's PEM certificates to the store; those that cannot be read are left out. How many there were, or
 * ERR_NOMEM. */
int roots_add(X509_STORE *store, struct str text);

#endif
