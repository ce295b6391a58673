/* SPDX-License-Identifier: Apache-2.0 */
/* Huawei's IAM, which gives tokens to users. */
#ifndef SIM_AUTH_IAM_H
#define SIM_AUTH_IAM_H
#include "sim/server/exchange.h"

bool iam(struct exchange *x); /* true: answered. False: the path is not one of the IAM */
#endif
