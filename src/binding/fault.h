/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of what holds when a policy hangs or crashes the daemon (guard): the functions fault.hang and
 * fault.crash, which do just that. Only builds with tests have them (BUILD_TESTING), and only where the environment has
 * MPIJOBD_TEST_FAULTS=1. */
#ifndef MPIJOBD_BINDING_FAULT_H
#define MPIJOBD_BINDING_FAULT_H

#include <lua.h>

void fault_open(lua_State *L);

#endif
