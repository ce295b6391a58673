/* What has to survive a kill -9: the journal (the intent before a write, its outcome after), runs, the last
 * scheduled instant of each policy, and what policies with `on` have handled. SQLite in WAL mode with synchronous=FULL
 * on a thread of its own; the operations waiting are committed together, and those that nobody waits for with the next
 * one that somebody does, or within STORE_SOON_MS. Callbacks come on the loop, never before the call has returned, in
 * the order of the calls, exactly once each; they may be NULL. Strings are copied. All times are microseconds since
 * 1970.
 *
 * A failed operation changed nothing, and its callback says why; without a callback it is logged as an error. One that
 * finds no memory is answered in its turn too, from a reserve; only where 64 such answers are outstanding already does
 * the callback come at once.
 *
 * The store keeps the loop alive while a callback is outstanding, and no longer.
 *
 * Opening and the store_read_* functions block: at start-up and in short-lived commands only. */
#ifndef MPIJOBD_STORE_STORE_H
#define MPIJOBD_STORE_STORE_H

#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"

#define STORE_RESOURCE_DEFAULT "mpijobs.kubeflow.org"
#define STORE_CLUSTER_DEFAULT "default" /* the one cluster without a name */
#define STORE_SOON_MS 100

struct store;

/* Makes the file (mode 0600) and its folder if missing, brings an older schema up to date, refuses a newer one, a file
 * that is no database of ours, a damaged one, and a second daemon on the same file (a lock on PATH.lock), each with the
 * path and the cure. ":memory:" keeps nothing. log may be NULL, and must outlive the store. */
int store_open(uv_loop_t *loop, const char *path, const struct log *log, struct store **store, struct error *err);
/* Finishes what was handed over, then closes; closed (may be NULL) is called last, on the loop. What is handed over
 * afterwards is answered ERR_CANCELLED, and nothing can be read any more. A prune is cut short. NULL is allowed. */
void store_close(struct store *store, void (*closed)(void *data), void *data);

typedef void (*store_done)(void *data, int64_t id, const struct error *err); /* id: of the row, where one was made */

/* ---- runs ---- */
struct store_run {
    int64_t id;
    const char *policy, *cluster; /* cluster: its name in the configuration; NULL: "default" */
    const char *trigger;          /* "schedule", "every", "match", "manual", "once" */
    int64_t scheduled_at;         /* microseconds; the due instant, for a schedule */
    int64_t started_at, ended_at; /* ended_at 0: not ended (running, or interrupted) */
    const char *outcome;          /* "done", "failed", "limited", "cancelled", "interrupted", NULL while running */
    const char *message;          /* why, NULL: nothing to say */
    int64_t changed, unchanged, failed;
    bool dry_run;
};
/* Begins a run; in the same transaction the policy's mark is set to scheduled_at where that is later (trigger schedule
 * or every). The row's id is given to done; run->id and how it ended are not looked at. */
void store_run_begin(struct store *store, const struct store_run *run, store_done done, void *data);
/* The same without a wait: the row's id at once, and the row in one transaction with the run's first intent (or soon).
 * For runs that promise nothing by having begun. */
int64_t store_run_begin_soon(struct store *store, const struct store_run *run, store_done done, void *data);
/* By id: how it ended, and the counts. outcome is required. changed < 0: nobody knows any more (the daemon died);
 * changed and failed are then counted from the run's changes. ERR_NOT_FOUND: no such run. */
void store_run_end(struct store *store, const struct store_run *run, store_done done, void *data);
void store_run_end_soon(struct store *store, const struct store_run *run, store_done done, void *data);

/* ---- changes ---- */
struct store_change {
    int64_t id, run;              /* run 0: none (mpijobd replace) */
    const char *policy, *cluster; /* policy "": the command line; cluster NULL: "default" */
    const char *server, *version, *name_space, *name, *uid, *resource_version; /* before */
    const char *resource;     /* "jobs.batch", "pods"; NULL: STORE_RESOURCE_DEFAULT */
    const char *verb;         /* "replace", "patch", "create", "delete" */
    const char *diff;         /* JSON as mpijob_diff_json writes */
    const char *effect, *why; /* the verdict */
    int64_t intended_at, ended_at;
    const char *outcome; /* NULL: in flight; "done", "failed", "lost", "done-unseen" (found applied after a restart),
                            "not-done" (found not applied) */
    int status;          /* HTTP */
    const char *message, *resource_version_after;
    const char *observed; /* what became of its effect: NULL: nobody looked; "seen", "not-seen" */
    int64_t observed_at;  /* when the effect was there, or was given up on */
    /* In the same transaction: the row of `handled` with this key and the change's uid. NULL: it is left alone. With an
     * intent its version is resource_version, with an outcome resource_version_after. */
    const char *handled_key, *handled_value; /* value NULL: the row is removed */
};
/* done is called when the row is durable: only then may the write be sent. */
void store_intent(struct store *store, const struct store_change *change, store_done done, void *data);
/* By id: outcome (required), status, message, ended_at; effect, why and resource_version_after where they are not NULL.
 * A later outcome replaces an earlier one. ERR_NOT_FOUND: no such change. */
void store_outcome(struct store *store, const struct store_change *change, store_done done, void *data);

/* ---- handled ---- */
/* What a policy with `on` has handled of a job; the value is the policy floor's own. */
struct store_handled {
    const char *key;     /* as of store_mark_key */
    const char *uid;     /* the job's */
    const char *value;   /* NULL: the row is removed, if there is one */
    const char *version; /* a resourceVersion; NULL: "" */
    int64_t at;
};
/* Soon, like store_run_begin_soon. */
void store_set_handled(struct store *store, const struct store_handled *row, store_done done, void *data);
/* Nothing but the answer: whatever was handed over before it is done with. */
void store_sync(struct store *store, store_done done, void *data);
/* By id: observed and observed_at; within STORE_SOON_MS. ERR_NOT_FOUND: no such change. */
void store_observed(struct store *store, const struct store_change *change, store_done done, void *data);

/* ---- reading ---- */
/* Each row is given to `row`, which returns false to stop; strings are valid during the call. Newest first unless
 * oldest_first. Seen is what is committed: at least everything whose callback was called. May be called on a
 * worker thread (loop/work.h), so that the loop does not wait for the disk; the store must not be closed meanwhile. */
struct store_filter {
    int64_t run;                                      /* 0: any */
    const char *policy, *cluster, *name_space, *name; /* NULL: any */
    bool in_flight;                                   /* only those without an outcome */
    bool oldest_first;
    int64_t limit; /* 0: all */
};
/* filter may be NULL: all. Runs are filtered by name_space, name and in_flight through their changes. unfinished_only:
 * those without an outcome. */
int store_read_changes(struct store *store, const struct store_filter *filter,
                       bool (*row)(void *data, const struct store_change *), void *data, struct error *err);
int store_read_runs(struct store *store, const struct store_filter *filter, bool unfinished_only,
                    bool (*row)(void *data, const struct store_run *), void *data, struct error *err);
/* What a policy's mark on a cluster is kept under: "NAME", or "NAME@CLUSTER" on one that is not the default. Returns
 * out. */
#define STORE_MARK_KEY_MAX 160
const char *store_mark_key(const char *policy, const char *cluster, char out[STORE_MARK_KEY_MAX]);
/* The last scheduled instant that was begun; false in *found where there is none. */
int store_read_mark(struct store *store, const char *key, int64_t *scheduled_at, bool *found, struct error *err);
/* Sets the mark as told, also to an earlier instant. */
void store_set_mark(struct store *store, const char *key, int64_t scheduled_at, store_done done, void *data);
void store_remove_mark(struct store *store, const char *key, store_done done, void *data);
/* The rows of one key. As for the others: false stops, strings are valid during the call. */
int store_read_handled(struct store *store, const char *key, bool (*row)(void *data, const struct store_handled *row),
                       void *data, struct error *err);

/* ---- retention ---- */
/* Removes the changes that have an outcome and are older than that, and the ended runs older than that of which no
 * change is left; never what is in flight. done gets the number of removed rows for an id. It works in small steps and
 * lets everything else pass it: the one callback that is not in the order of the calls. */
void store_prune(struct store *store, int64_t before_us, store_done done, void *data);

/* ---- beside a daemon ---- */
/* Opens an existing file for reading only, beside a running daemon; for `mpijobd journal`. Close with store_close (loop
 * may be NULL then). */
int store_open_reader(const char *path, struct store **store, struct error *err);

#endif
