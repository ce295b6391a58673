/* SPDX-License-Identifier: Apache-2.0 */
/* What the test forbids: as a role that lacks a verb, on a resource, in a namespace. */
#ifndef MPIJOBD_CLI_TEST_WIRE_RULES_H
#define MPIJOBD_CLI_TEST_WIRE_RULES_H

#include "sim/server/message.h"

struct wire_rule;

/* See wire_forbid. */
int wire_rules_add(struct wire_rule **rules, const char *verb, const char *resource, const char *name_space);
/* True: the request is refused, and response is filled. */
bool wire_rules_refuse(const struct wire_rule *rules, const char *method, const char *target,
                       struct sim_response *response);
void wire_rules_free(struct wire_rule *rules);

#endif
