/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a policy, from its trigger to its end. Its coroutine may end before its changes do; the run ends after
 * both. */
#ifndef MPIJOBD_RUN_RUN_H
#define MPIJOBD_RUN_RUN_H

#include "base/trace.h"
#include "change/change.h"
#include "guard/who.h"
#include "jobs/listing.h"
#include "policy/definition/definition.h"

struct blamed;
struct made_name;
struct policy_file;
struct runs;
struct run_change;
struct proposal;
struct run_pods;
struct run_workloads;
struct run_jobs;
struct sweep;
struct run;

typedef void (*run_done)(void *data, struct run *run);

/* What became of a job that a run was given. */
enum job_end {
    JOB_DONE,      /* changed, or would be in a dry run */
    JOB_UNCHANGED, /* it has the values already */
    JOB_LEFT,      /* the policy's function left it alone */
    JOB_DECLINED,  /* `where` said no */
    JOB_WARNED,    /* its owner was told, or not (run_feed.warned), and no change was begun for it */
    JOB_FAILED,    /* with err NULL it is not to be tried again */
};
/* What `where` says of a job in a run that only looks (run_feed.where). Texts are valid during the call. */
struct run_where {
    bool asked;        /* one of its functions; else all were told, and nothing below is set */
    bool wanted;       /* what it said */
    const char *place; /* where the function stands: "policies/free.lua:8" */
    const char *error; /* it has raised this instead; else NULL */
    const char *name;  /* the condition of a plugin that it is; NULL: the policy's own `where` */
    const char *value; /* what the policy wants of that condition: "\"open\"" */
};

/* What a warning says, beside the change itself. */
struct run_warning {
    unsigned number, of; /* the first of two */
    int64_t acts_at;     /* microseconds since 1970 */
    char when[40];       /* the same as text, in the policy's zone */
};

/* For a policy with `on`: the jobs that a run is given, and where it is said, until run_done, what becomes of each.
 * key: the job's; seen: the resourceVersion that was read; result and err may be NULL. A job for which `settled` is
 * never called shares the run's outcome. */
struct run_feed {
    struct listing *jobs; /* the run takes it over, and frees it after run_done */
    void (*settled)(void *data, const char *key, enum job_end end, struct str seen, const struct change_result *result,
                    const struct error *err);
    /* Appends the value of the `handled` row to write with the intent of the job's change. False: no row is written;
     * where the buffer has failed, the change is not made. */
    bool (*mark)(void *data, const char *key, struct buf *value);
    const char *key; /* of that row: as state_key makes it */
    /* For a run that only looks what the policy makes of a job, and whose site writes nothing; NULL: an ordinary run.
     * Of each job the conditions of plugins and `where` are asked, each is told here, and then that these were all;
     * whatever they say, the change is then worked out, and settled. Of a policy with a run function they alone are
     * asked. No limits count. */
    void (*where)(void *data, const struct run_where *where);
    /* For a run that only counts for which jobs `where` says yes, and likewise writes nothing: what it says of each.
     * error: what it has raised instead; NULL: nothing. NULL: another run. */
    void (*counted)(void *data, bool wanted, const char *error);
    /* For a run that does not make the changes, but warns of them by the policy's means (policy->warn): what to say.
     * Where one of these is a change of the job's annotations, it is settled as any change is; else the job is settled
     * with JOB_WARNED. Where there is nothing to change, it is settled as ever. False: not of this job. NULL: another
     * run. */
    bool (*warning)(void *data, const char *key, struct run_warning *out);
    /* The job has changed while its change was made: may the run change it as it is now? NULL: if it still matches. */
    bool (*again)(void *data, const struct mpijob_view *fresh);
    /* A means other than the annotation has worked; before the job is settled. */
    void (*warned)(void *data, const char *key);
    void *data;
};

/* For an owner to whom the run's counts are enough: it is told of no job, and none is marked as handled. */
struct run_feed run_feed_untold(struct listing *jobs);

/* The owner of a run may run scripts in it by itself, one after the other (`mpijobd attach`): with script_start on the
 * file's script, and the run as their data. begun: from now on it may, until run_host_end. */
struct run_host {
    void (*begun)(void *data, struct run *run);
};

struct run_call {
    struct policy_file *file;
    const struct policy *policy;
    const char *trigger;  /* "schedule", "every", "once", "match"...: static */
    int64_t scheduled_at; /* microseconds since 1970: the instant that it is for */
    int64_t resumes; /* id in the journal of the interrupted run that this one finishes, whose jobs it leaves alone;
                        0: none */
    bool goes_on;    /* an interrupted run of that instant may have begun with its jobs; with resumes too */
    const char *asked_by; /* the person who asked for it; NULL: nobody did. asked_uid: the user's number */
    int64_t asked_uid;
    const char *traceparent; /* of what asked for it (base/trace.h): the run goes on with that trace; NULL: with one of
                                its own */
    const struct run_feed *feed;     /* NULL: the run lists its jobs itself. Stays in place until done */
    const struct listing_left *left; /* jobs that the run leaves alone where it lists them itself; NULL: none. Stays */
    const struct run_host *host;     /* of a policy with a run function, which is not called; NULL: it is. Stays */
    int64_t approved; /* id of the run whose plan this one makes: it asks nobody, and no limit of its policy counts; 0:
                         none. With a host */
    bool dry_run;     /* the run tries, whatever its policy and the daemon say */
    bool reads_only;  /* calls that write raise an error */
    bool override;    /* a person said so: the ceiling of an hour does not hold it up */
    run_done done;    /* called once, when nothing of the run is under way any more */
    void *data;
};

enum run_outcome { RUN_RUNNING, RUN_DONE, RUN_FAILED, RUN_LIMITED, RUN_CANCELLED, RUN_WAITING /* for approval */ };

struct run {
    struct runs *runs; /* of the cluster on which it runs */
    struct site *site; /* of that cluster */
    struct policy_file *file;
    const struct policy *policy;
    const char *trigger;
    int64_t id;                       /* in the journal; 0: not there */
    int64_t scheduled_at, started_at; /* microseconds since 1970 */
    int64_t began, ended;             /* microseconds of clock_monotonic */
    int64_t cpu;                      /* microseconds: computing time of its script, once that has ended */
    char asked_by[64];                /* the person who asked for it; "": nobody did */
    int64_t asked_uid;
    struct trace trace; /* its writes are steps of it */
    bool dry_run, stopping, reads_only, override;
    bool goes_on; /* as of run_call: what it creates may be there already */
    enum run_outcome outcome;
    const struct error *error;          /* with FAILED, LIMITED, CANCELLED, WAITING (error_keep); else NULL */
    int64_t changed, unchanged, failed; /* jobs and other objects */
    int64_t excused;       /* of those that failed: for the server's, the network's or the disk's reasons */
    int64_t refused;       /* of those that failed: writes that the server would not do */
    int64_t warned;        /* jobs whose owner was told, by another means than the annotation, which is a change */
    int64_t granted;       /* writes that it was allowed */
    int64_t grant_max;     /* writes that it may be allowed; -1: any number */
    int64_t aside;         /* changes that are set aside for it under the ceiling of an hour */
    int64_t limited_until; /* microseconds since 1970: with RUN_LIMITED, when it might do the same; 0: never */
    struct guard_who who;  /* to blame for what is done for it outside of its script */
    struct script_run *script;
    const struct run_feed *feed;         /* NULL: it lists its jobs itself */
    const struct listing_left *left;     /* and leaves these alone; NULL: none */
    const struct run_host *host;         /* its owner runs the scripts; NULL: it does so itself */
    struct recording *recording;         /* of what it sees; NULL: it is not recorded */
    struct sweep *sweep;                 /* NULL: its policy has a run function */
    struct run_jobs *jobs;               /* of run.jobs; NULL: the run function has not asked for it yet */
    struct run_change *changes;          /* list of those under way */
    struct run_pods *pods[MPIJOB_KINDS]; /* NULL: not counted yet */
    struct run_workloads *workloads;     /* NULL: not listed yet */
    unsigned active;                     /* changes under way */
    struct proposal *proposal;           /* changes that are to wait for approval (propose.h); NULL: none */
    int64_t approved;                    /* as of run_call */
    unsigned events_emitted;             /* Kubernetes Events that its script has had written */
    struct run *prev, *next;             /* in runs->list */
    run_done done;
    void *data;
    bool script_ended; /* its coroutine has ended, or was never started */
    bool closing;      /* nothing is under way; its end is being written down */
    bool handed_back;  /* done was called before its end was written down */
    bool leave_open;   /* its row stays without an end, so that the next start finishes the run */
    bool traced;       /* a traceback was logged */
    bool step;         /* it is a step of a canary */
    /* Of a dry run that tells the next step of a canary: which it is, from 0; how many jobs wait for later ones, 0: it
     * is no such run; and where it changes nothing, when it may (microseconds since 1970; 0: it changes something). */
    unsigned step_next;
    int64_t step_later, step_until;
    char note[200];               /* what is to be said of it where it is well; "": nothing */
    struct made_name *made_names; /* a table of what it has created (made_names.h); NULL: nothing */
    uint64_t made_for_job;        /* the sum of the uid of the job that the loop over run.jobs is at; 0: none */
    uint64_t made_for;            /* the same of the object that its other loops were given last */
    struct blamed *blamed;        /* the last of its jobs that has failed; NULL: none has */
    char broke[240];              /* why its policy is to be paused at once; "": it is not */
    bool over_limit;              /* and its policy asks for approval then */
    bool keeping;                 /* what it proposes is being written down */
    bool only_warns;              /* as run_warns, which its feed does not tell any more at the end */
    bool reading;                 /* the sweep reads in the journal what an interrupted run has changed */
};

/* "done", "partial" (to its end, but not with every job), "failed"...; NULL: it has not ended. */
const char *run_outcome_name(const struct run *run);

/* A line of the log about the run (run_log.c): fields get its policy and cluster before them, and its number behind
 * them, once it has one. fields as of log_event (base/log.h), at most 64 entries. */
void run_event(const struct run *run, enum log_level level, const char *message, const struct log_field *fields);
void run_log_start(const struct run *run);
void run_log_end(const struct run *run);

/* 0 or ERR_NOMEM, and then done is not called. The run frees itself after done. */
int run_start(struct runs *runs, const struct run_call *call, struct run **run, struct error *err);

/* The run takes no further jobs; what is under way is finished. leave_open: see struct run. */
void run_stop(struct run *run, const char *why, bool leave_open);
/* As run_stop, and gives up what is under way. */
void run_abandon(struct run *run);

/* For the owner of a run with a host: one of its scripts has ended, and has used so much computing time
 * (microseconds). */
void run_host_used(struct run *run, int64_t cpu);
/* And no further one comes. The run ends, and is not to be used any more by its owner. Not before `begun`. */
void run_host_end(struct run *run);

/* Ends the run if nothing of it is under way any more. */
void run_check_end(struct run *run);
/* Sets the run's outcome and its reason; only the first call counts. err is copied; NULL with RUN_DONE. */
void run_fail(struct run *run, enum run_outcome outcome, const struct error *err);

/* Says what became of a job that the run was given; does nothing where the run lists its jobs itself. The parameters
 * are those of run_feed.settled; seen may be empty. */
void run_settle(const struct run *run, const char *key, enum job_end end, struct str seen,
                const struct change_result *result, const struct error *err);
/* A job has failed, but not by a change (the policy's function raised an error, say): counts, logs and settles it. */
void run_job_failed(struct run *run, const char *key, struct str seen, const char *message);

/* The jobs that the run is given, or that it lists itself; ready and data: as of a listing_call. NULL: ERR_NOMEM. */
struct listing *run_listing(const struct run *run, void (*ready)(void *data), void *data, struct error *err);

/* Is it a part of a rehearsal (run_feed.counted)? */
static inline bool run_counts(const struct run *run)
{
    return run->feed && run->feed->counted;
}

/* Does the run only warn? */
static inline bool run_warns(const struct run *run)
{
    return run->feed && run->feed->warning;
}

/* Does it come before the run that acts, and only ask or warn? It is not recorded: done again, it would act. */
static inline bool run_is_early(const struct run *run)
{
    return run_warns(run) || run_counts(run);
}

/* Of an object that it was given. */
static inline struct mpijob_target run_target_of(const struct run *run, struct json object)
{
    return cluster_target_of(run->site->cluster, policy_kinds_of(&run->policy->kinds, object), object);
}

/* For whom its requests are: what a person waits for goes first. */
static inline struct seat_for run_seat(const struct run *run)
{
    return (struct seat_for){run->policy->name, *run->asked_by ? SEAT_PERSON : SEAT_ORDINARY};
}

/* Does the run only look (run_feed.where, run_feed.counted)? */
static inline bool run_looks(const struct run *run)
{
    return run->feed && (run->feed->where || run->feed->counted);
}

#endif
