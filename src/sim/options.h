/* SPDX-License-Identifier: Apache-2.0 */
/* The options of mpijob-sim. The texts are those of argv. */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H
#include "base/error.h"
#include "sim/core/sim.h"

struct options {
    struct sim_options sim;
    char address[64];
    int port;
    const char *kubeconfig;
    const char *client_ca; /* the name of a file */
    bool version_given;
    const char *faults;
    bool tls, tls_expired, tls_wrong_name, yes_really;
    int64_t latency_ms;
};

/* 0: go on. 1: help was printed. -1: err says what is wrong (ERR_INVALID, ERR_REFUSED). */
int options_read(struct options *o, int argc, char **argv, struct error *err);
#endif
