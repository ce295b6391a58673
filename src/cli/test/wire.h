/* SPDX-License-Identifier: Apache-2.0 */
/* The wire between the daemon's HTTP client and the simulator's core, both in this program: no socket, no thread. A
 * request is answered in the turn of the loop in which it goes out, and a watch as soon as there is something to tell.
 * What the simulator says of waiting (Retry-After, delays) is left out: nobody waits in a test. */
#ifndef MPIJOBD_CLI_TEST_WIRE_H
#define MPIJOBD_CLI_TEST_WIRE_H

#include "http/carrier.h"
#include "loop/defer.h"
#include "sim/core/sim.h"

struct wire_rule;

struct wire {
    struct http_carrier carrier; /* for the HTTP clients */
    struct sim *sim;
    struct defer_queue *soon;
    struct wire_stream *streams; /* open watches */
    struct wire_rule *rules;     /* what is forbidden */
    struct defer turn;           /* has something to tell */
    /* Called after each request that was answered; may be NULL. */
    void (*answered)(void *data, const char *method, const char *target, int status);
    /* Answers a request in the simulator's place, by http_carried_...; false: it does not. May be NULL. */
    bool (*instead)(void *data, struct http_request *request);
    void *data;
};

/* The simulator is the caller's, made with wire_wake as its `wake`, and lives until wire_close. */
void wire_open(struct wire *w, struct sim *sim, struct defer_queue *soon);
void wire_close(struct wire *w); /* no HTTP client uses it any more */
void wire_wake(void *owner, struct sim_watch *watch);

/* From now on requests that fit are answered 403, as a role does that lacks the verb. Verbs are RBAC's (get, list,
 * watch, create, update, patch, delete); NULL: any. resource: the plural ("mpijobs", "pods"); name_space: NULL: any. 0
 * or ERR_NOMEM. */
int wire_forbid(struct wire *w, const char *verb, const char *resource, const char *name_space);
void wire_allow(struct wire *w); /* forgets all of these */

#endif
