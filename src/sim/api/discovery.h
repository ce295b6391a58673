/* What is served, told to clients: /api, /apis, /openapi/v3. */
#ifndef SIM_API_DISCOVERY_H
#define SIM_API_DISCOVERY_H
#include "sim/server/exchange.h"

void discovery(struct exchange *x); /* and the plain 404 for every other path */
bool openapi(struct exchange *x);   /* false: no such document */
#endif
