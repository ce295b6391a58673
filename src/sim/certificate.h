/* A self-signed certificate for --tls, made at the start. */
#ifndef SIM_CERTIFICATE_H
#define SIM_CERTIFICATE_H
#include "base/error.h"

#include <stdbool.h>

struct certificate {
    char *pem, *key; /* free both */
};

int certificate_make(struct certificate *c, bool expired, bool wrong_name, struct error *err);
#endif
