/* SPDX-License-Identifier: Apache-2.0 */
/* The version of this program: CMakeLists.txt has the number. */
#ifndef MPIJOBD_BASE_PROGRAM_VERSION_H
#define MPIJOBD_BASE_PROGRAM_VERSION_H

extern const char mpijobd_version[];    /* "0.1.0" */
extern const char mpijobd_user_agent[]; /* "mpijobd/0.1.0": what servers are told */

#endif
