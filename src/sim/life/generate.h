/* MPIJobs as people have them, from a seed. */
#ifndef SIM_LIFE_GENERATE_H
#define SIM_LIFE_GENERATE_H
#include "sim/server/server.h"

void generate_jobs(struct sim *sim);
void generate_submission(struct sim *sim); /* one that was made just now */
#endif
