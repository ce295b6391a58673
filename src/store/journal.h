/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: what a daemon does, written down so that a kill -9 loses none of it. A run when it begins and when it
 * ends; a change before it is sent (its intent), when it is answered (its outcome), and when its effect was looked for
 * (an observation). It is always local: of several replicas, each has its own (store/store.h opens it). What must
 * outlive a replica is in store/state.h, whose functions write the journal's rows together with it.
 *
 * All instants are microseconds since 1970. How the functions with `done` answer, and with which errors, is in
 * store/done.h. They are for the loop's thread. */
#ifndef MPIJOBD_STORE_JOURNAL_H
#define MPIJOBD_STORE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "store/done.h"

#define STORE_RESOURCE_DEFAULT "mpijobs.kubeflow.org"
#define STORE_CLUSTER_DEFAULT "default" /* the one cluster without a name */
/* Behind what says that there is no such run. */
#define STORE_OTHER_JOURNALS "; where several daemons act, each has a journal of its own: ask the one that made the run"
#define STORE_BY_HAND "by hand" /* in place of a policy, none of which can have this name */
/* In the message of a run that makes an approved undo, behind "takes back run 42": the policy whose changes run 42 had
 * made, or STORE_BY_HAND, then ")". */
#define STORE_TAKES_BACK_OF " (of "
/* The trigger of a run by hand: "undo", "apply", "stop" or "resume", and "undo-override" and so on where a freeze is
 * overridden. Of any other name: undo's. Static. */
const char *store_hand_trigger(const char *name, bool overridden);

struct journal; /* see store_journal */

/* ---- runs ---- */
struct store_run {
    int64_t id;                   /* from 1 */
    const char *policy, *cluster; /* cluster: its name in the configuration; NULL: STORE_CLUSTER_DEFAULT */
    const char *trigger;          /* "schedule", "every", "match", "manual", "once" */
    int64_t scheduled_at;         /* the due instant, for a schedule */
    int64_t started_at, ended_at; /* ended_at 0: not ended (running, or interrupted) */
    const char *outcome;          /* "done", "failed", "limited", "cancelled", "interrupted"; NULL while running */
    const char *message;          /* why; NULL: nothing to say */
    int64_t changed, unchanged, failed;
    bool dry_run;
    const char *who; /* the person who asked for it; NULL: nobody did */
    int64_t who_uid; /* with who: the user's number */
    /* Of one that is to be begun: it gets the next number that leaves `part` when it is divided by `parts`; 0: the
     * next of all */
    unsigned parts, part;
    const char *file, *file_sha256; /* the policy's file, and the sum of its text as sha256sum prints it; NULL: none */
    const char *traceparent;        /* its step of the trace (base/trace.h); NULL: unknown */
};
/* It is a person's decision on a run that waits for approval, and no run of the policy itself. */
bool journal_run_decides(const struct store_run *run);
/* Begins a run; its number is given to done. run->id and how it ended are not looked at. A run that a schedule is due
 * for begins with state_run_begin, which moves the mark too. */
void journal_run_begin(struct journal *journal, const struct store_run *run, store_done done, void *data);
/* The same, soon, and the number is returned at once. For runs that promise nothing by having begun. */
int64_t journal_run_begin_soon(struct journal *journal, const struct store_run *run, store_done done, void *data);
/* A run that another replica has begun, with the number that it has there; how it ended is looked at, and may be left
 * out. Nothing happens where the journal has a run of that number. */
void journal_run_adopt(struct journal *journal, const struct store_run *run, store_done done, void *data);
/* Runs get higher numbers than that from now on. */
void journal_runs_from(struct journal *journal, int64_t last);
int64_t journal_next_run(struct journal *journal, const struct store_run *run); /* its number, given to it alone */
int64_t journal_last_run(const struct journal *journal); /* the highest number that a run was given */
/* By id: how it ended, and the counts. changed < 0: unknown, as the daemon died in the run; changed and failed are then
 * counted from the run's changes. ERR_INVALID: no outcome is given. ERR_NOT_FOUND: there is no such run. */
void journal_run_end(struct journal *journal, const struct store_run *run, store_done done, void *data);
void journal_run_end_soon(struct journal *journal, const struct store_run *run, store_done done, void *data);

/* ---- changes ---- */
/* What is about to be sent. */
struct store_intent {
    int64_t run;                         /* 0: none */
    int64_t epoch;                       /* who writes it: see store/state.h. 0: unknown */
    const char *policy, *cluster;        /* policy: of a person's change STORE_BY_HAND; cluster as in store_run */
    const char *who;                     /* the person who makes it; NULL: a policy does */
    int64_t who_uid;                     /* with who: the user's number, as the kernel says */
    const char *server, *version;        /* "https://...", "v2beta1" */
    const char *resource;                /* "jobs.batch", "pods"; NULL: STORE_RESOURCE_DEFAULT */
    const char *name_space, *name, *uid; /* the object */
    const char *resource_version;        /* before the change */
    const char *verb;                    /* "replace", "patch", "create", "delete" */
    const char *diff;                    /* JSON as mpijob_diff_json writes */
    const char *effect, *why;            /* the verdict */
    int64_t intended_at;
    const char *traceparent; /* of the request, which the server's audit log has as trace_audit_id; NULL: unknown */
    const char
        *frees; /* JSON (change/frees.h): the GPUs that it has given back, where it does; NULL: none, or unknown */
};
/* What became of it. */
struct store_outcome {
    int64_t id;          /* of the change */
    const char *outcome; /* "done", "failed", "lost", "done-unseen" (found applied after a restart), "not-done" (found
                            not applied) */
    int status;          /* HTTP, 0: no answer */
    const char *message; /* NULL: nothing to say */
    /* NULL: as before. resource_version_after: where the answer was lost, that of the object as it was read then */
    const char *effect, *why, *resource_version_after;
    const char *name, *uid; /* of an object that was created, as the server gave them; NULL: as in the intent */
    int64_t ended_at;
};
/* Whether its effect came. */
struct store_observation {
    int64_t id;           /* of the change */
    const char *observed; /* "seen", "not-seen" */
    int64_t observed_at;  /* when the effect was there, or was given up on */
};
/* Once done was called without an error, the change may be sent. An intent on behalf of a state is written with
 * state_intent, which gives it its epoch; this is what a form of the state builds on. */
void journal_intent(struct journal *journal, const struct store_intent *intent, store_done done, void *data);
/* A later outcome replaces an earlier one. ERR_INVALID: no outcome is given. ERR_NOT_FOUND: there is no such change.
 * As journal_intent: callers write it with state_outcome. */
void journal_outcome(struct journal *journal, const struct store_outcome *outcome, store_done done, void *data);
/* Soon. ERR_NOT_FOUND: there is no such change. */
void journal_observed(struct journal *journal, const struct store_observation *observation, store_done done,
                      void *data);

/* ---- reading ---- */
/* A change as it is read: its intent, and what is known of the rest. */
struct store_change {
    int64_t id; /* from 1 */
    int64_t run, epoch;
    const char *policy, *cluster, *server, *version, *resource, *name_space, *name, *uid, *resource_version, *verb,
        *diff, *effect, *why, *who;
    int64_t who_uid;
    int64_t intended_at;
    const char *outcome; /* NULL: in flight */
    int64_t ended_at;    /* 0: in flight */
    int status;
    const char *message, *resource_version_after;
    const char *observed; /* NULL: its effect was not looked for */
    int64_t observed_at;
    const char *traceparent, *frees;          /* as in store_intent */
    const char *trigger, *file, *file_sha256; /* of its run, where the filter asks for them; NULL: unknown */
};
/* Has an apply made it, where the filter asks for what its run says? A person did, then, in the name of the policy. */
static inline bool store_of_apply(const struct store_change *change)
{
    return change->trigger && strncmp(change->trigger, "apply", 5) == 0;
}
struct store_filter {
    int64_t run;                                      /* 0: any */
    const char *policy, *cluster, *name_space, *name; /* NULL: any */
    int64_t since;                                    /* changes intended, or runs begun, at or after it; 0: any */
    bool in_flight;                                   /* only changes without an outcome, or runs with such a change */
    bool oldest_first;
    bool with_run;       /* changes with what their runs say of them */
    const char *outcome; /* NULL: any */
    int64_t before;      /* rows with smaller numbers; 0: any */
    int64_t limit;       /* 0: all */
};
/* Each row is given to `row`, which returns false to stop; strings are valid during the call. Newest first unless the
 * filter says otherwise; filter may be NULL: all. Read is what is committed: at least everything that was answered.
 *
 * These block: at the start, in short-lived commands, or on a worker thread (loop/work.h), and the store must not be
 * closed meanwhile. ERR_IO, ERR_NOMEM; ERR_CANCELLED: the store is closing. */
int journal_read_changes(struct journal *journal, const struct store_filter *filter,
                         bool (*row)(void *data, const struct store_change *change), void *data, struct error *err);
/* name_space, name and in_flight look at the run's changes. unfinished_only: runs without an outcome. Errors
 * as of journal_read_changes. */
int journal_read_runs(struct journal *journal, const struct store_filter *filter, bool unfinished_only,
                      bool (*row)(void *data, const struct store_run *run), void *data, struct error *err);

/* ---- retention ---- */
/* Removes the changes that have an outcome and are older than before_us, and the ended runs older than that without a
 * change left; then the oldest of those that have ended, until the file uses at most bytes_max bytes (0: no bound; it
 * does not shrink, what is free in it is used again). Never what is in flight. done gets the number of removed rows
 * for an id. It works in small steps and lets everything else pass it: its answer is the only one that is not in the
 * order of the calls. */
void journal_prune(struct journal *journal, int64_t before_us, int64_t bytes_max, store_done done, void *data);

#endif
