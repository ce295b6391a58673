/* SPDX-License-Identifier: Apache-2.0 */
/* How a new or changed policy is led in: in steps, each of which changes so many jobs, and is watched before the next.
 * A policy's state outlives the daemon; it begins again with each new text. */
#ifndef MPIJOBD_LIMIT_CANARY_H
#define MPIJOBD_LIMIT_CANARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct store;

#define CANARY_STEPS 10
#define CANARY_KEY 160

/* What a policy says: { 1, "10%", "100%", pause = "10m" }. */
struct canary {
    struct canary_step {
        int64_t jobs;   /* so many; 0: percent of those that would be changed */
        double percent; /* above 0, to 100 */
    } steps[CANARY_STEPS];
    unsigned count;
    int64_t pause; /* microseconds: how long a step is watched */
};

struct canary_state {
    char key[CANARY_KEY]; /* the policy, and its cluster: state_key */
    uint64_t text;
    unsigned step;    /* from 0; as many as there are: it is led in */
    bool acted;       /* the step has changed something, and is watched */
    int64_t until;    /* microseconds since 1970: so long */
    unsigned awaited; /* effects of the step that were not seen yet */
    struct canary_state *next;
};

struct canaries {
    struct store *store; /* where they are kept; not owned */
    struct canary_state *list;
};

/* Reads what is kept; blocks. Errors as of store_read_kept. Then canaries_close. */
int canaries_open(struct canaries *canaries, struct store *store, struct error *err);
void canaries_close(struct canaries *canaries);

/* The state of the policy with that text, which may be a new one. NULL: out of memory. */
struct canary_state *canaries_find(struct canaries *canaries, const char *key, uint64_t text);
/* Of n jobs that would be changed now, how many may be? All, where it is led in. A step that was watched for long
 * enough is over with this. *until (microseconds since 1970): with 0, when to ask again. */
int64_t canary_allow(struct canaries *canaries, struct canary_state *state, const struct canary *canary, int64_t n,
                     int64_t now, int64_t *until);
/* The same of a step that is only looked at: nothing is kept or changed. *step: from 0. */
int64_t canary_would_allow(const struct canary_state *state, const struct canary *canary, int64_t n, int64_t now,
                           unsigned *step, int64_t *until);
/* The step is about to change jobs: from now on it is watched. Durable before whatever the store is given next. */
void canary_begin(struct canaries *canaries, struct canary_state *state, const struct canary *canary, int64_t now);
/* The step has to be made once more: it has failed, or has changed nothing. */
void canary_again(struct canaries *canaries, struct canary_state *state);

bool canary_led_in(const struct canary_state *state, const struct canary *canary);
/* "canary step 2 of 3 is watched until 2026-03-01T12:10:00Z". Returns out. */
#define CANARY_TEXT 160
const char *canary_text(const struct canary_state *state, const struct canary *canary, int64_t now,
                        char out[CANARY_TEXT]);

#endif
