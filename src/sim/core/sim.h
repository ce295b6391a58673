/* SPDX-License-Identifier: Apache-2.0 */
/* The core of mpijob-sim: a Kubernetes API server for MPIJobs that turns a request into a response.
 * It has no sockets and no clock of its own: the caller tells it the time and carries its answers, so that it can be
 * embedded. All calls come from one thread. What it says of watches is in read/watch.h, of faults in fault/faults.h. */
#ifndef SIM_CORE_SIM_H
#define SIM_CORE_SIM_H
#include "sim/server/message.h"
#include "sim/server/sim_options.h"

struct sim;

char *sim_options_problem(const struct sim_options *options); /* NULL, or what is wrong (to be freed) */
struct sim *sim_new(const struct sim_options *options);       /* never NULL */
void sim_free(struct sim *sim);                               /* all watches have to be closed before */

/* Tells the time (monotonic milliseconds) and does what is due. Returns the time at which to call again; after
 * sim_handle it may be earlier. */
int64_t sim_tick(struct sim *sim, int64_t mono_ms);

/* ---- for those who drive its clock themselves (sim_options.speed 0) ---- */

/* Moves the simulated time, microseconds since 1970, and does what falls due by then. It does not go back, but for the
 * first call before anything was made. */
void sim_clock_set(struct sim *sim, int64_t now_us);
/* When something happens next by itself: INT64_MAX: nothing. */
int64_t sim_due(const struct sim *sim);
/* Does what a controller does at once after what was written. */
void sim_react(struct sim *sim);

/* ---- for those who fill it ---- */

struct life_plan;
/* Stores an object (JSON, of a version that is served) as it is, its status, uid and creationTimestamp included, which
 * no client may write; what is missing of these is made. Its namespace is made. plan: what becomes of a job, see
 * sim/life/life.h. NULL, or what is wrong, to be freed. */
char *sim_place(struct sim *sim, const char *json, size_t len, const struct life_plan *plan);

/* Fills resp, which is to be freed; req is not used after that. */
void sim_handle(struct sim *sim, const struct sim_request *req, struct sim_response *resp);
void sim_response_free(struct sim_response *resp);
#endif
