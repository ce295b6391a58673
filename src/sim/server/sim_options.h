/* SPDX-License-Identifier: Apache-2.0 */
/* What the server is to be. The texts have to live as long as the server. */
#ifndef SIM_SERVER_SIM_OPTIONS_H
#define SIM_SERVER_SIM_OPTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_watch;

enum sim_profile { SIM_KUBERNETES, SIM_CCI };
enum sim_controller { SIM_MPI_OPERATOR, SIM_TRAINING_OPERATOR };

struct sim_options {
    bool serve_v1alpha2, serve_v1, serve_v2beta1;
    bool siblings;                  /* TFJobs, PyTorchJobs and MXJobs are served too */
    bool kinds;                     /* so are TrainJobs and JobSets */
    bool workloads;                 /* so are Workloads */
    bool kueue;                     /* Kueue manages jobs; goes with `life`, `kinds` and `workloads` */
    const char *store_as;           /* the version that objects are stored in; NULL: the oldest that is served */
    enum sim_controller controller; /* who acts on jobs of v1; decides the schema of v1 too where v1 is served alone */
    enum sim_profile profile;
    const char *token;      /* may do everything; NULL: so may every request */
    const char *view_token; /* a user who may do nothing */
    const char *basic;      /* "user:password"; may do everything, as all that follow */
    const char *access_key; /* "access:secret" or "access:secret:security token" */
    const char *iam;        /* "domain:user:project:password" */
    int64_t iam_life_s;     /* how long tokens of the IAM are good; 0: a day */
    bool client_ca;         /* client certificates are asked for */
    size_t jobs;            /* MPIJobs that are made at the start */
    bool alike;             /* one template for all of them */
    uint64_t seed;
    bool life;        /* jobs run and end, and a controller acts on them */
    double speed;     /* simulated seconds in a real one; 0: only /_sim/clock moves the clock */
    int64_t start_us; /* the simulated time at the start, microseconds since 1970 */
    /* A watch may have something to read. owner: that of the watch. Called from within sim_handle and sim_tick; must
     * not call the core. May be NULL. */
    void (*wake)(void *owner, struct sim_watch *w);
};
#endif
