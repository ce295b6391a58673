/* SPDX-License-Identifier: Apache-2.0 */
/* The state that several replicas share, in ConfigMaps of one namespace: the second form of `struct state`
 * (store/state.h), and of the texts of store/kept.h.
 *
 * One replica has it at a time. All rows are in its memory, read once when it takes the state over (shared_take). What
 * changes is gathered and written to one ConfigMap, the head, by PUT with its resourceVersion; whoever takes the state
 * over writes the head first. So a replica that was stopped and wakes up finds its first write refused, and writes
 * nothing any more: the head is the fence. README.md says how the ConfigMaps are laid out.
 *
 * Each replica keeps its journal (store/journal.h) on its own disk. For the loop's thread, but where it is said. */
#ifndef MPIJOBD_SHARED_SHARED_FORM_H
#define MPIJOBD_SHARED_SHARED_FORM_H

#include <uv.h>

#include "base/log.h"
#include "base/metrics.h"
#include "store/state.h"

struct defer_queue;
struct kube;
struct shared;
struct store;

#define SHARED_NAME "mpijobd-state" /* of the head, where nothing else is asked for */
#define SHARED_ENDING "-state"      /* where it is named after something else */
#define SHARED_NAME_MAX 200         /* names of the other ConfigMaps are longer */
#define SHARED_OWN_SPACE "replica"  /* of kept texts (store/kept.h): what a replica keeps for itself, in its store */

struct shared_options { /* all of it outlives the state, but the texts, which are copied */
    uv_loop_t *loop;
    struct defer_queue *soon;
    struct kube *kube;
    const char *name_space; /* of the ConfigMaps */
    const char *name;       /* of the head; NULL: SHARED_NAME */
    const char *holder;     /* who this is, for people: the name of the host or the pod */
    struct store *store;    /* its journal, and what this replica keeps for itself */
    const struct clock *clock;
    const struct log *log;
    struct metrics *metrics; /* NULL: nothing is counted */
    bool rows_alone;         /* the texts of the store stay in its file: they are this replica's own */
    /* Another replica has taken the state over, or nobody may write it any more: everything that is written from now
     * on is refused with this error. Called once for each time that it was taken. May be NULL. */
    void (*lost)(void *data, const struct error *err);
    void *data;
};

/* Sends nothing. From now on the texts of the store (kept.h) are kept by the shared state too, those that are to be
 * shared, unless only rows are (rows_alone). Reads the store, which blocks: errors as of store_read_kept; ERR_INVALID:
 * the name is too long. */
int shared_open(const struct shared_options *options, struct shared **shared, struct error *err);
/* What was handed over before is still written, then everything is freed, and closed (may be NULL) is called. The store
 * is still open then. NULL is allowed. */
void shared_close(struct shared *shared, void (*closed)(void *data), void *data);

/* Takes the state over: writes the head with the next epoch, reads everything, and writes into the journal what a
 * former replica has left unfinished, so that the recovery finds it there. Before that, reading fails with a retryable
 * ERR_IO. done comes once, later. Errors: those of kube.h; ERR_INVALID: a ConfigMap is missing, was edited, or is of
 * a newer mpijobd; ERR_CONFLICT: another replica has taken it at the same time. After an error it may be tried again.
 * epoch: that one is taken, or the next where it is not higher than the last. */
void shared_take(struct shared *shared, int64_t epoch, void (*done)(void *data, const struct error *err), void *data);
/* Nothing is written any more: what was not written yet is answered with ERR_CANCELLED. The rows are forgotten. */
void shared_leave(struct shared *shared);
/* It was taken over, and nobody else has taken it since, as far as is known. */
bool shared_is_here(const struct shared *shared);

/* Valid until shared_close. */
struct state *shared_state(struct shared *shared);

struct shared_size {
    size_t rows, bytes; /* bytes: of their texts, not compressed */
    size_t objects;     /* ConfigMaps */
};
struct shared_size shared_size(const struct shared *shared);

#endif
