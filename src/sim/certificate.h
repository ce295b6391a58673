/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: the one for --tls, made at the start and signed by itself, and the one that a client shows. */
#ifndef SIM_CERTIFICATE_H
#define SIM_CERTIFICATE_H
#include "base/error.h"

#include <microhttpd.h>
#include <stdbool.h>

struct certificate {
    char *pem, *key; /* PEM. Free both */
};

/* expired, wrong_name: make a bad one. 0 or ERR_IO. */
int certificate_make(struct certificate *c, bool expired, bool wrong_name, struct error *err);

/* Gives the common name in the certificate of the client; "": it showed no certificate. False: it showed one that is
 * not good. */
bool certificate_of_client(struct MHD_Connection *mhd, char name[128]);
#endif
