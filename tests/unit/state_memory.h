/* SPDX-License-Identifier: Apache-2.0 */
/* A form of the state for tests: tables in memory that several replicas share, each with a journal of its own. It
 * answers in a later turn of the loop, one call after the other. Strings that it is given must outlive the answer. */
#ifndef MPIJOBD_TESTS_STATE_MEMORY_H
#define MPIJOBD_TESTS_STATE_MEMORY_H

#include <uv.h>

#include "store/journal.h"
#include "store/state.h"

#define MEMORY_ROWS 16

struct memory_tables { /* zeroed to begin with */
    int64_t epoch;     /* the last that was given */
    struct {
        char key[STATE_KEY_MAX]; /* "": free */
        int64_t scheduled_at;
    } marks[MEMORY_ROWS];
    struct {
        char key[STATE_KEY_MAX], uid[64], value[64], version[64]; /* key "": free */
    } handled[MEMORY_ROWS];
};

/* The next epoch is taken. All of the tables, the journal and the loop outlive it. */
struct state *memory_state_open(uv_loop_t *loop, struct memory_tables *tables, struct journal *journal);
void memory_state_close(struct state *state); /* nothing may be outstanding; freed on the loop */

#endif
