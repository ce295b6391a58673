/* What the server is to be: the options of whoever makes one. */
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
    const char *store_as;           /* the version that objects are stored in; NULL: the oldest that is served */
    enum sim_controller controller; /* whose rules the v1 jobs follow, and which schema v1 alone has */
    enum sim_profile profile;
    const char *token;      /* full rights; NULL: everybody has them */
    const char *view_token; /* a user without any rights */
    const char *basic;      /* "user:password", with full rights, as all that follow */
    const char *access_key; /* "access:secret" or "access:secret:security token" */
    const char *iam;        /* "domain:user:project:password" */
    int64_t iam_life_s;     /* of its tokens; 0: a day */
    bool client_ca;         /* client certificates are asked for */
    size_t jobs;
    bool alike; /* one template for all of them */
    uint64_t seed;
    bool life;        /* jobs move on and a controller acts on them */
    double speed;     /* simulated seconds in a real one; 0: the clock is stepped by /_sim/clock */
    int64_t start_us; /* the simulated time at the start, microseconds since 1970 */
    void (*wake)(void *owner, struct sim_watch *w); /* there may be something to read; called from within sim_handle
                                                       and sim_tick, must not call back into the core */
    void *owner;
};
#endif
