/* SPDX-License-Identifier: Apache-2.0 */
/* Finds out who sends a request. */
#ifndef SIM_AUTH_AUTHENTICATE_H
#define SIM_AUTH_AUTHENTICATE_H
#include "sim/server/exchange.h"

int authenticate(struct exchange *x); /* sets x->user and x->who; -1: answered with a 401 */
#endif
