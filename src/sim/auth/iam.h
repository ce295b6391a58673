/* Huawei's IAM, which gives tokens. */
#ifndef SIM_AUTH_IAM_H
#define SIM_AUTH_IAM_H
#include "sim/server/exchange.h"

bool iam(struct exchange *x); /* answers; false: the path is not its own */
#endif
