/* SPDX-License-Identifier: Apache-2.0 */
/* The mistakes that a load has found. */
#ifndef MPIJOBD_POLICY_LOAD_ERRORS_H
#define MPIJOBD_POLICY_LOAD_ERRORS_H

#include "policy/load.h"

/* Copies the texts. The set has room for some errors from the start, so that there is one in any case. at: see
 * policy_error. */
void load_error_add(struct policy_set *set, enum policy_mistake mistake, const char *file, int line, size_t at,
                    const char *message);
/* Files in the order in which they came, and what is wrong in each as it stands there: the same every time. */
void load_errors_sort(struct policy_set *set);

#endif
