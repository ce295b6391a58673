/* What Huawei Cloud CCI refuses and a Kubernetes API server does not. */
#ifndef SIM_SERVER_CCI_H
#define SIM_SERVER_CCI_H
#include "sim/server/exchange.h"

/* 0: go on. -1: answered. Always 0 with another profile. */
int cci_check_request(struct exchange *x);
int cci_check_change(struct exchange *x, json_object *old, json_object *doc);
#endif
