/* SPDX-License-Identifier: Apache-2.0 */
/* Places at which a test has the program killed, to see that nothing is lost there. They are in the builds that have
 * tests and in no other: what is shipped has not a byte of them. */
#ifndef MPIJOBD_BASE_FAILPOINT_H
#define MPIJOBD_BASE_FAILPOINT_H

#ifdef MPIJOBD_FAILPOINTS
/* SIGKILL to the own process when the environment's MPIJOBD_FAILPOINT is "NAME:N" and this is the Nth time (from 1)
 * that NAME is come to. On any thread. */
void failpoint(const char *name);
#define FAILPOINT(name) failpoint(name)
#else
#define FAILPOINT(name) ((void)0)
#endif

#endif
