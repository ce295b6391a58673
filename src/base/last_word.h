/* SPDX-License-Identifier: Apache-2.0 */
/* What is said where a library gives up by abort, as libuv does in the start of its loop. */
#ifndef MPIJOBD_BASE_LAST_WORD_H
#define MPIJOBD_BASE_LAST_WORD_H

/* From here on abort says why that mostly is, and the process ends with exit code 1. Holds until another handler takes
 * its place, as the daemon's does (guard/crash.h). */
void last_word_on_abort(void);

#endif
