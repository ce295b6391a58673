/* SPDX-License-Identifier: Apache-2.0 */
/* The version, in the one file that is compiled again when it changes. */
#include "base/program_version.h"

const char mpijobd_version[] = MPIJOBD_VERSION;
const char mpijobd_user_agent[] = "mpijobd/" MPIJOBD_VERSION;
