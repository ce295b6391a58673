/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the store share: a folder of their own, a loop, and waiting for answers. */
#ifndef MPIJOBD_TESTS_STORE_HELP_H
#define MPIJOBD_TESTS_STORE_HELP_H

#include "store/journal.h"
#include "store/state.h"
#include "store/store.h"

struct place {
    char folder[64];
    char path[128]; /* folder/state.db; not there yet */
    uv_loop_t loop;
};

int place_setup(void **state); /* cmocka's; *state: a struct place */
int place_teardown(void **state);
/* folder/name; valid until the next call. */
const char *place_file(struct place *p, const char *name);

struct store *open_store(struct place *p); /* must succeed */
void close_store(struct place *p, struct store *store);

/* An answer, and the wait for it. */
struct answer {
    int calls;
    int64_t id;
    struct error err; /* code 0: none */
};
void on_answer(void *data, int64_t id, const struct error *err);
void await_answer(struct place *p, struct answer *answer);

struct store_intent an_intent(int64_t run, const char *name);
struct store_run a_run(const char *policy, const char *trigger, int64_t scheduled_at);
/* These wait, and must succeed; the new id. */
int64_t add_run(struct place *p, struct store *store, const struct store_run *run);
int64_t add_change(struct place *p, struct store *store, const struct store_intent *intent);
void end_change(struct place *p, struct store *store, int64_t id, const char *outcome, int64_t at);
void end_run(struct place *p, struct store *store, int64_t id, const char *outcome, int64_t at);

int64_t count_changes(struct store *store, const struct store_filter *filter);
int64_t count_runs(struct store *store, const struct store_filter *filter, bool unfinished_only);

#endif
