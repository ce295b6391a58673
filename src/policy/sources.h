/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a policy file has required, as far as this floor alone is concerned; see policy/load.h. */
#ifndef MPIJOBD_POLICY_SOURCES_H
#define MPIJOBD_POLICY_SOURCES_H

struct policy_file;
void policy_file_free_sources(struct policy_file *file);

#endif
