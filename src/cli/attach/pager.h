/* SPDX-License-Identifier: Apache-2.0 */
/* A text that may be longer than the terminal. */
#ifndef MPIJOBD_CLI_ATTACH_PAGER_H
#define MPIJOBD_CLI_ATTACH_PAGER_H

#include "base/str.h"

/* Shows it through $PAGER (else less) where it has more lines than the terminal, else as it is. The text shows control
 * characters already. Waits until the person has seen it. */
void pager_show(struct str text);

#endif
