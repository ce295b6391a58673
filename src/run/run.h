/* One run of a policy: from its trigger to its end. Its coroutine may end before its changes do; the run ends
 * after both. */
#ifndef MPIJOBD_RUN_RUN_H
#define MPIJOBD_RUN_RUN_H

#include "change/change.h"
#include "jobs/listing.h"
#include "policy/definition.h"

struct policy_file;
struct runs;
struct run_change;
struct run_pods;
struct run_jobs;
struct sweep;
struct run;

typedef void (*run_done)(void *data, struct run *run);

/* What became of a job that a run was given. */
enum job_end {
    JOB_DONE,      /* changed, or would be in a dry run */
    JOB_UNCHANGED, /* it is so already */
    JOB_LEFT,      /* the policy's function left it alone */
    JOB_DECLINED,  /* `where` said no */
    JOB_FAILED,    /* err NULL: for good */
};
/* Whoever gives a run its jobs, for a policy with `on`, and is told of each until run_done. key: the job's; seen: the
 * version that was looked at. result and err may be NULL. A job for which `settled` is never called shares the run's
 * outcome. */
struct run_feed {
    struct listing *jobs; /* becomes the run's, with which it is freed after run_done */
    void (*settled)(void *data, const char *key, enum job_end end, struct str seen, const struct change_result *result,
                    const struct error *err);
    bool (*mark)(void *data, const char *key, struct buf *value); /* what is written down with the job's intent */
    const char *key;                                              /* and for whom: as of store_mark_key */
    void *data;
};

struct run_call {
    struct policy_file *file;
    const struct policy *policy;
    const char *trigger;  /* "schedule", "every", "once", "match"...: static */
    int64_t scheduled_at; /* microseconds; the nominal instant */
    int64_t resumes; /* journal id of the interrupted run that this one finishes: its jobs are left alone; 0: none */
    const struct run_feed *feed; /* NULL: the run lists its jobs itself. Stays until done */
    run_done done;               /* called once, when nothing of the run is under way any more */
    void *data;
};

enum run_outcome { RUN_RUNNING, RUN_DONE, RUN_FAILED, RUN_LIMITED, RUN_CANCELLED };

struct run {
    struct runs *runs; /* of the cluster that it is about */
    struct site *site; /* theirs */
    struct policy_file *file;
    const struct policy *policy;
    const char *trigger;
    int64_t id, scheduled_at, started_at;
    int64_t began, ended, cpu; /* clock_monotonic; cpu: of its script, when that has ended. microseconds */
    bool dry_run, stopping;
    enum run_outcome outcome;
    const struct error *error; /* with FAILED, LIMITED, CANCELLED (error_keep); else NULL */
    int64_t changed, unchanged, failed, granted;
    int64_t grant_max; /* writes at most; -1: no limit */
    struct script_run *script;
    const struct run_feed *feed;         /* NULL: it lists its jobs */
    struct sweep *sweep;                 /* NULL for run functions */
    struct run_jobs *jobs;               /* of run functions, once asked for */
    struct run_change *changes;          /* under way */
    struct run_pods *pods[MPIJOB_KINDS]; /* NULL: not asked for */
    unsigned active;
    struct run *prev, *next; /* of runs->list */
    run_done done;
    void *data;
    bool begun, script_ended, closing, handed_back, leave_open, traced;
    bool reading; /* the sweep asks the journal what an interrupted run has changed */
};

int run_start(struct runs *runs, const struct run_call *call, struct run **run, struct error *err);

/* No further jobs; what is under way is finished. leave_open: its row stays without an end, so that the next start
 * finishes it. */
void run_stop(struct run *run, const char *why, bool leave_open);
/* As run_stop, and gives up what is under way too. */
void run_abandon(struct run *run);

/* Ends the run if nothing of it is under way any more. */
void run_check_end(struct run *run);
/* The run's outcome and its reason; the first one counts. err may be NULL with RUN_DONE. */
void run_fail(struct run *run, enum run_outcome outcome, const struct error *err);

/* What became of a job that the run was given; nothing happens where it lists its jobs itself. key: the job's; seen:
 * the version that was looked at, may be empty. result and err may be NULL. */
void run_settle(const struct run *run, const char *key, enum job_end end, struct str seen,
                const struct change_result *result, const struct error *err);
/* A job's own failure that is no change's (its function raised an error): counted, logged and settled. */
void run_job_failed(struct run *run, const char *key, struct str seen, const char *message);

#endif
