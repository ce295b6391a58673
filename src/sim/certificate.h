/* Certificates: the one for --tls, self-signed and made at the start, and the one that a client shows. */
#ifndef SIM_CERTIFICATE_H
#define SIM_CERTIFICATE_H
#include "base/error.h"

#include <microhttpd.h>
#include <stdbool.h>

struct certificate {
    char *pem, *key; /* free both */
};

int certificate_make(struct certificate *c, bool expired, bool wrong_name, struct error *err);

/* The common name in the client's certificate, as far as TLS tells; "": the client showed no certificate. False: it
 * showed one that is not good. */
bool certificate_of_client(struct MHD_Connection *mhd, char name[128]);
#endif
