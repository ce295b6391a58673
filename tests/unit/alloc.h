/* SPDX-License-Identifier: Apache-2.0 */
/* Makes one allocation of the code under test fail: the Nth from now. Works by the linker's --wrap (mpijobd_unit_test
 * with ALLOC), so the code itself has no hook for it.
 *
 *     for (long n = 1;; n++) { alloc_fail_at(n); rc = operation(); if (!alloc_failed()) break; assert rc == ERR_NOMEM }
 */
#ifndef MPIJOBD_TESTS_ALLOC_H
#define MPIJOBD_TESTS_ALLOC_H

#include <stdbool.h>

void alloc_fail_at(long n); /* 1: the next allocation; 0: none */
bool alloc_failed(void);    /* the one that was to fail has been reached */

#endif
