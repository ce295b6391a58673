/* SPDX-License-Identifier: Apache-2.0 */
/* A server that can work on so many requests at once, as a fault. */
#ifndef SIM_FAULT_CAPACITY_H
#define SIM_FAULT_CAPACITY_H
#include "sim/fault/faults.h"

/* When the request that comes now will have been answered: milliseconds from now; -1: there is no room for it. Each of
 * the fault's seats serves one request after the other, `ms` (10) each; `queue` (0) more may wait for one. */
int64_t capacity_take(struct fault *f);
#endif
