/* SPDX-License-Identifier: Apache-2.0 */
/* What Huawei Cloud CCI refuses, and a Kubernetes API server takes. */
#ifndef SIM_SERVER_CCI_H
#define SIM_SERVER_CCI_H
#include "sim/server/exchange.h"

/* 0: go on; with another profile always. -1: answered with the refusal. */
int cci_check_request(struct exchange *x);
int cci_check_change(struct exchange *x, json_object *old, json_object *doc);
#endif
