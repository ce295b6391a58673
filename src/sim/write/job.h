/* SPDX-License-Identifier: Apache-2.0 */
/* What Kubernetes checks and fills in of a Job of batch/v1. */
#ifndef SIM_WRITE_JOB_H
#define SIM_WRITE_JOB_H
#include "sim/server/exchange.h"

int job_prepare(struct exchange *x, json_object *doc, json_object *old); /* old: NULL at creation. -1: answered */
/* Takes out of a pod template what may change while its Job is suspended and has not begun. template: may be NULL. */
void job_bare_template(json_object *template);
#endif
