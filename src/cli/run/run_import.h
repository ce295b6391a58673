/* SPDX-License-Identifier: Apache-2.0 */
/* The state of this daemon's own file becomes that which the replicas share, once: where the configuration says so
 * (leader_election.import) and there is no shared one yet. What is handed over is durable in the cluster before
 * anything acts on it; a daemon that dies amid it begins it again. */
#ifndef MPIJOBD_CLI_RUN_RUN_IMPORT_H
#define MPIJOBD_CLI_RUN_RUN_IMPORT_H

#include "cli/session/session.h"
#include "loop/work.h"
#include "store/state.h"

struct import_row;

struct run_import {
    struct work work; /* reads the file */
    struct session *session;
    struct state *state; /* the shared one */
    void (*done)(void *data, const struct error *err);
    void *data;
    /* Its own: */
    struct defer turn;
    struct import_row *rows;
    size_t count, cap, at;
    size_t marks, handled, kept; /* of those */
    size_t outstanding;          /* rows that are not durable yet */
    struct error error;          /* the first; code 0: none */
    bool active, ended;
};

/* Is it to be made now that the shared state was taken over, with so many rows? Where it could be, and the
 * configuration does not say so, the log says that. Blocks for a moment. */
bool run_import_wanted(struct session *s, size_t rows);
/* done comes once, later: err NULL: it is durable. ERR_IO: the file; errors of the shared state, as it was lost. The
 * memory stays until then. */
void run_import_start(struct run_import *import);
/* Nothing more is handed over; done comes with ERR_CANCELLED. Where none is under way, nothing happens. */
void run_import_cancel(struct run_import *import);

#endif
