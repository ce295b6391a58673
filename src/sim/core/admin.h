/* SPDX-License-Identifier: Apache-2.0 */
/* The paths below /_sim/, for the tests that drive the simulator. */
#ifndef SIM_CORE_ADMIN_H
#define SIM_CORE_ADMIN_H
#include "sim/server/exchange.h"

void admin(struct exchange *x); /* fills the response */
#endif
