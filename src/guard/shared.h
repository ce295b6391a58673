/* SPDX-License-Identifier: Apache-2.0 */
/* The page of memory that the parent (guard/parent.h) and the daemon share. It outlives a daemon that crashes. Who has
 * no parent has such a page for itself. Written from signal handlers too: plain memory, no pointers. */
#ifndef MPIJOBD_GUARD_SHARED_H
#define MPIJOBD_GUARD_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define GUARD_MARKS_MAX 16384

struct guard_shared {
    _Atomic int64_t grace_ms;    /* what is in flight at a SIGTERM has so long; -1: the daemon has not said yet */
    _Atomic bool json;           /* standard error takes lines of JSON */
    _Atomic bool blamed;         /* the daemon has ended itself, and it is written down whose policy was the reason */
    _Atomic uint32_t length;     /* of marks */
    char marks[GUARD_MARKS_MAX]; /* what was written down (guard/mark.h), for a state that has no file */
};

#endif
