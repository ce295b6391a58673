/* SPDX-License-Identifier: Apache-2.0 */
/* Tells clients what is served: /api, /apis, /openapi/v3. */
#ifndef SIM_API_DISCOVERY_H
#define SIM_API_DISCOVERY_H
#include "sim/server/exchange.h"

void discovery(struct exchange *x); /* fills the response; for other paths with the plain 404 */
bool openapi(struct exchange *x);   /* true: answered. False: there is no such document */
#endif
