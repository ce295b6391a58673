/* SPDX-License-Identifier: Apache-2.0 */
/* The check of Huawei's signature of a request (SDK-HMAC-SHA256). */
#ifndef SIM_AUTH_SIGNATURE_H
#define SIM_AUTH_SIGNATURE_H
#include "sim/server/exchange.h"

/* NULL: the signature is right and not too old. Otherwise what is wrong: a constant. */
const char *signature_problem(const struct exchange *x, const char *authorization);
#endif
