/* SPDX-License-Identifier: Apache-2.0 */
/* The state that must outlive a replica: the last instant of each schedule that was begun (marks), and what policies
 * with `on` have handled of which job. An interface with two forms: SQLite in the file of the journal
 * (store_state), and ConfigMaps in the cluster, where several replicas share it (shared/shared_form.h).
 *
 * The journal is not a part of it: it is each replica's own. But some rows of the two belong together, so a form is
 * made with the journal that its replica writes, and state_run_begin, state_intent and state_outcome write both. See
 * `struct state_ops` for what a form owes.
 *
 * All instants are microseconds since 1970. How the functions with `done` answer, and with which errors, is in
 * store/done.h; the order of the calls is kept for one state. They are for the loop's thread. */
#ifndef MPIJOBD_STORE_STATE_H
#define MPIJOBD_STORE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/done.h"

struct store_run; /* store/journal.h */
struct store_intent;
struct store_outcome;
struct store_observation;
struct store_kept; /* store/kept.h */

/* What a policy has handled of a job; the value is the policy's floor's own. */
struct store_handled {
    const char *key;     /* the policy, as state_key gives it */
    const char *uid;     /* the job's */
    const char *value;   /* NULL: the row is removed, if there is one */
    const char *version; /* a resourceVersion; NULL: "" */
    int64_t at;
};

struct state {
    const struct state_ops *ops;
    int64_t epoch; /* from 1: see state_epoch; 0: opened for reading only */
};

/* The epoch says who writes: a number that is higher each time a daemon opens the state for writing. Each intent
 * carries it, so that what a former writer has left behind is told from what the present one does. */
static inline int64_t state_epoch(const struct state *state)
{
    return state->epoch;
}

/* What a policy's rows on a cluster are kept under: "NAME", or "NAME@CLUSTER" on a cluster that is not the default one
 * (NULL: the default one). Returns out. */
#define STATE_KEY_MAX 160
const char *state_key(const char *policy, const char *cluster, char out[STATE_KEY_MAX]);

/* ---- marks ---- */
/* *found false: there is no mark. Blocks, and may be called on a worker thread; the state must not be closed meanwhile.
 * ERR_IO, ERR_NOMEM; ERR_CANCELLED: the store is closing. */
int state_read_mark(struct state *state, const char *key, int64_t *scheduled_at, bool *found, struct error *err);
/* Also to an earlier instant. */
void state_set_mark(struct state *state, const char *key, int64_t scheduled_at, store_done done, void *data);
void state_remove_mark(struct state *state, const char *key, store_done done, void *data);

/* ---- handled ---- */
/* The rows of one key, in no order. row returns false to stop; strings are valid during the call. Blocks and fails as
 * state_read_mark. */
int state_read_handled(struct state *state, const char *key, bool (*row)(void *data, const struct store_handled *row),
                       void *data, struct error *err);
void state_set_handled(struct state *state, const struct store_handled *row, store_done done, void *data); /* soon */
/* Which jobs the open runs of a policy for that instant have changed, as far as this replica's journal does not say it
 * because another has begun them. key: as state_key gives it; uids in no order. Blocks and fails as state_read_mark. */
int state_read_changed(struct state *state, const char *key, int64_t scheduled_at,
                       bool (*uid)(void *data, const char *uid), void *data, struct error *err);
/* Is a run that has no end in the journal still to be finished? False: another replica has seen to it since. On any
 * thread. */
bool state_run_is_open(struct state *state, int64_t run);
struct state_begun { /* a change, by what its intent says */
    int64_t run, epoch;
    int64_t intended_at; /* microseconds since 1970 */
    const char *uid;     /* of its object; "": it has none yet */
};
/* Is a change that has no outcome in the journal still to be looked into? False: another replica has seen to it since,
 * and if it was made, that one's journal has it as made. For the loop's thread. */
bool state_change_is_open(struct state *state, const struct state_begun *change);

/* ---- texts ---- */
/* As store_keep, of what belongs to this state and moves with it; `soon` as store/done.h has it. */
void state_keep(struct state *state, const struct store_kept *row, bool soon, store_done done, void *data);
/* As store_read_kept, of those. */
int state_read_kept(struct state *state, const char *space, bool (*row)(void *data, const struct store_kept *row),
                    void *data, struct error *err);

/* Nothing but the answer: what was handed over to this state before is durable then, or has failed. */
void state_sync(struct state *state, store_done done, void *data);

/* ---- with the journal ---- */
/* As journal_run_begin; for a run by a schedule (trigger "schedule" or "every") the policy's mark is set to the run's
 * scheduled_at where that is later. */
void state_run_begin(struct state *state, const struct store_run *run, store_done done, void *data);
/* As journal_run_end, or journal_run_end_soon: of any run of a policy, however it was begun. */
void state_run_end(struct state *state, const struct store_run *run, bool soon, store_done done, void *data);
/* As journal_intent, with this state's epoch in place of the intent's, and the row of what is handled with the change.
 * handled may be NULL: nothing is. */
void state_intent(struct state *state, const struct store_intent *intent, const struct store_handled *handled,
                  store_done done, void *data);
/* As journal_outcome, and the row of what is handled now that the outcome is known. handled may be NULL: as it was. */
void state_outcome(struct state *state, const struct store_outcome *outcome, const struct store_handled *handled,
                   store_done done, void *data);

/* As journal_observed. */
void state_observed(struct state *state, const struct store_observation *observation, store_done done, void *data);

/* What a form is made of: one function for each of those above; none is NULL, but in the form for changes that people
 * make by hand, which has intent, outcome and observed alone (cli/session/hand.h).
 *
 * run_begin, intent and outcome owe a promise: after a death at any moment, a job is handled neither twice nor never.
 * What the dead daemon left without an outcome in its journal is looked into at its next start, and the state is set
 * right then. So the journal's row has to be open for as long as the state may be wrong. The SQLite form writes both
 * in one transaction. A form that cannot writes the journal's row first in run_begin and intent (journal_run_begin,
 * journal_intent), and its own row when that is durable; in outcome it writes its own row first, and journal_outcome
 * when that is durable. It calls done when both are, so that nothing is sent before. Where its own row fails in
 * intent, it closes the journal's with the outcome "not-done" and answers with the error; where it fails in outcome,
 * the journal's stays open.
 *
 * Where another replica takes over, the journal of the dead one cannot be asked. A shared form therefore has to keep in
 * the row itself, from intent to outcome, that the change is only intended, and by which epoch. */
struct state_ops {
    int (*read_mark)(struct state *state, const char *key, int64_t *scheduled_at, bool *found, struct error *err);
    int (*read_handled)(struct state *state, const char *key, bool (*row)(void *, const struct store_handled *),
                        void *data, struct error *err);
    int (*read_changed)(struct state *state, const char *key, int64_t scheduled_at,
                        bool (*uid)(void *data, const char *uid), void *data, struct error *err);
    bool (*run_is_open)(struct state *state, int64_t run);
    bool (*change_is_open)(struct state *state, const struct state_begun *change);
    void (*set_mark)(struct state *state, const char *key, int64_t scheduled_at, store_done done, void *data);
    void (*remove_mark)(struct state *state, const char *key, store_done done, void *data);
    void (*set_handled)(struct state *state, const struct store_handled *row, store_done done, void *data);
    void (*keep)(struct state *state, const struct store_kept *row, bool soon, store_done done, void *data);
    int (*read_kept)(struct state *state, const char *space, bool (*row)(void *, const struct store_kept *), void *data,
                     struct error *err);
    void (*sync)(struct state *state, store_done done, void *data);
    /* mark: the key whose mark follows the run; NULL: none */
    void (*run_begin)(struct state *state, const struct store_run *run, const char *mark, store_done done, void *data);
    void (*run_end)(struct state *state, const struct store_run *run, bool soon, store_done done, void *data);
    void (*intent)(struct state *state, const struct store_intent *intent, const struct store_handled *handled,
                   store_done done, void *data);
    void (*outcome)(struct state *state, const struct store_outcome *outcome, const struct store_handled *handled,
                    store_done done, void *data);
    void (*observed)(struct state *state, const struct store_observation *observation, store_done done, void *data);
};

#endif
