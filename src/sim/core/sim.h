/* mpijob-sim's core: a Kubernetes API server for MPIJobs that turns a request into a response.
 * It has no sockets and no clock of its own: the caller tells it the time and carries its answers, so that it can be
 * embedded. One thread. See README.md. */
#ifndef SIM_CORE_SIM_H
#define SIM_CORE_SIM_H
#include "sim/server/message.h"
#include "sim/server/sim_options.h"

struct sim;

struct sim *sim_new(const struct sim_options *options);
char *sim_options_problem(const struct sim_options *options); /* NULL: none. To be freed */
void sim_free(struct sim *sim);

/* Tells the time (monotonic milliseconds) and does what is due. Returns when to call again at the latest. */
int64_t sim_tick(struct sim *sim, int64_t mono_ms);

void sim_handle(struct sim *sim, const struct sim_request *req, struct sim_response *resp);
void sim_response_free(struct sim_response *resp);
#endif
