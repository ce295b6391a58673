/* Reads of one object, and the versions that reads may ask for. */
#ifndef SIM_READ_GET_H
#define SIM_READ_GET_H
#include "sim/server/exchange.h"

int version_read(struct exchange *x, const char *text, uint64_t *version); /* -1: answered with a 400 */
int fail_future_version(struct exchange *x, uint64_t version);
void verb_get(struct exchange *x);
#endif
