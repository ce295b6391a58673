/* Huawei's signature of a request (SDK-HMAC-SHA256), checked. */
#ifndef SIM_AUTH_SIGNATURE_H
#define SIM_AUTH_SIGNATURE_H
#include "sim/server/exchange.h"

/* NULL: it is right, and fresh. Else what is wrong. */
const char *signature_problem(const struct exchange *x, const char *authorization);
#endif
