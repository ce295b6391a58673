/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's part in a leader election, as the configuration says. */
#ifndef MPIJOBD_CLI_RUN_RUN_LEAD_H
#define MPIJOBD_CLI_RUN_RUN_LEAD_H

#include "cli/session/session.h"
#include "kube/kube.h"
#include "lead/lead.h"
#include "lead/lease.h"

/* Does this daemon take part in one? What writes nothing, or ends with its runs, does not: it would keep the others
 * from acting. */
bool run_lead_wanted(const struct session *s);

struct lead_place;
/* Fills what the configuration says of a Lease, or of several; identity is made where it is not given. Errors as of
 * lead_place_find. What the options point to stays with the session, place and identity. */
int run_lead_options(struct session *s, struct lead_place *place, char identity[LEASE_HOLDER_MAX],
                     struct lead_options *options, struct error *err);

struct run_lead {
    struct lead *lead; /* NULL: there is no election */
    struct kube_fence fence;
};

/* Where the configuration asks for one: makes it, and lets nothing be written on the session's clusters but while this
 * daemon leads. It begins with lead_start. 0; ERR_INVALID: it is not known where the Lease is to be; errors as of
 * lead_new. */
int run_lead_open(struct session *s, struct run_lead *lead, struct error *err);
/* Gives the Lease back; waits for that, two seconds at most. */
void run_lead_close(struct session *s, struct run_lead *lead);

#endif
