/* SPDX-License-Identifier: Apache-2.0 */
/* MPIJobs as users have them, decided by the seed. */
#ifndef SIM_LIFE_GENERATE_H
#define SIM_LIFE_GENERATE_H
#include "sim/server/server.h"

void generate_jobs(struct sim *sim);       /* those of the start */
void generate_submission(struct sim *sim); /* one that is submitted now */
#endif
