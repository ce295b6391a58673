/* SPDX-License-Identifier: Apache-2.0 */
/* Faults, for those who embed the core. */
#ifndef SIM_FAULT_FAULTS_ADD_H
#define SIM_FAULT_FAULTS_ADD_H
#include <stdbool.h>

struct sim;

/* faults_read without a request. */
char *sim_faults_add(struct sim *sim, const char *spec);
const char *sim_faults_help(void);            /* kept until the program ends */
bool sim_refuses_connection(struct sim *sim); /* a fault wants the next connection to be reset */
#endif
