/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a policy's limits let changes be written. What takes back the changes of a policy is held to it, too. */
#ifndef MPIJOBD_LIMIT_SPEED_H
#define MPIJOBD_LIMIT_SPEED_H

#include <stdint.h>

struct limit_speed {
    int64_t gap;          /* microseconds between two writes at least; 0: none */
    unsigned concurrency; /* changes at once; 0: no limit of its own */
};

#endif
