/* SPDX-License-Identifier: Apache-2.0 */
/* The Kubernetes API: every path except /_sim. */
#ifndef SIM_API_API_H
#define SIM_API_API_H
#include "sim/server/exchange.h"

void api_serve(struct exchange *x); /* fills the response */
#endif
