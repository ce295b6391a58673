/* SPDX-License-Identifier: Apache-2.0 */
/* What the files event_*.c share. They drive the tables of job_state.h. event_trigger.c: the trigger's life, the
 * reading of what is handled, its turns; event_text.c: what a new
 * text of the policy changes; event_scan.c: the look at all jobs; event_look.c: from a job as it is to what
 * is found of it; event_kueue.c: what its Workload has to do with that;
 * event_queue.c: the jobs' steps, the queue, room for the jobs; event_time.c: when the trigger acts again;
 * event_rows.c: what is durable; event_siblings.c: the other kinds of the policy; event_wait.c: since when the
 * whole match holds, where it has to hold for some time; event_batch.c: a run's jobs and what became of
 * them; event_early.c: runs that come before the one that acts. */
#ifndef MPIJOBD_TRIGGER_EVENT_PARTS_H
#define MPIJOBD_TRIGGER_EVENT_PARTS_H

#include "cluster/cluster.h"
#include "kube/resource_version.h"
#include "loop/defer.h"
#include "loop/timer.h"
#include "loop/work.h"
#include "run/run.h"
#include "run/runs.h"
#include "store/state.h"
#include "trigger/event_handled.h"
#include "trigger/event_trigger.h"
#include "trigger/steps/due_heap.h"
#include "trigger/steps/job_state.h"

#define SCAN_SLICE 200   /* jobs looked at in one turn: some milliseconds */
#define SCAN_PASSED 8192 /* and jobs that are passed over */
#define RETRY_FIRST_MS 1000

struct event_row;
struct event_batch;

/* Of a job, where the policy waits. */
struct event_wait {
    struct job_wait kept;    /* as its row says */
    struct job_wait telling; /* a run warns of it: as it will be if that works */
    bool tells, told;        /* telling counts; one of the means has worked */
};

/* What the trigger knows of a scope of its cache. None waits for another. */
struct event_scope {
    const char *name_space;                                 /* the cache's; NULL: all */
    enum { SCOPE_WAITS, SCOPE_SCANNED, SCOPE_KNOWN } state; /* for its list; it is being scanned; that is over */
    uint8_t baseline; /* kinds of events that have one: what came before it is not handled */
    uint8_t marked;   /* of these, those whose mark is this scope's own: there are others that still wait */
};

struct event_trigger {
    struct work work;    /* reads what is handled */
    struct triggers *of; /* tells them when a run has ended */
    struct runs *runs;
    struct site *site;
    struct policy_entry entry;
    struct job_cache *held;
    struct event_trigger *next;
    struct watch_subscriber leaving; /* when it is stopped and a run is under way: hears of the run's jobs */
    char key[STATE_KEY_MAX];         /* of its rows and marks */

    struct job_state *jobs;   /* by the cache's slot, as the two that follow */
    int64_t *since_us;        /* NULL unless time counts: the instant from which the job matches, this time */
    struct event_wait *waits; /* NULL unless the policy waits (policy_waits) */
    uint64_t *version;        /* NULL unless on = "changed": the version that was handled or let pass; 0: none */
    uint32_t slots;           /* that there is room for */

    struct due due;     /* jobs by the instant at which time alone makes them match: the wall clock's microseconds */
    struct due recheck; /* jobs that wait for `where`, by the instant at which it is asked again: the same clock */
    struct due ripe;    /* jobs for which `where` has said yes, by the instant of the next thing: the same clock */
    struct alarm alarm; /* for the first of these */
    struct due retry;   /* jobs that are tried again: the loop's milliseconds */

    uint32_t *queue; /* a ring of slots; what is no longer queued is passed over */
    size_t head, queued, room;
    size_t depth;       /* jobs that are queued */
    int64_t first_us;   /* the instant at which the first of them fell due */
    int64_t resumed_us; /* the instant of the runs that have jobs with JOB_IS_RESUMED; 0: none has it */
    struct event_batch *batch;

    struct event_row *rows;     /* hash by uid: read, and not yet found in the cache */
    struct event_scope *scopes; /* of the cache, in its order */
    size_t scope_count;
    uint8_t baseline;           /* kinds of events that have one for all scopes */
    struct event_epoch epoch;   /* as the state has it */
    bool text_settled;          /* the state's text is the policy's */
    uint32_t scan;              /* slots below it have been looked at */
    const struct error *unread; /* why the rows could not be read; NULL: they were */

    struct defer turn;                /* soon: the queue, the scan */
    struct deadline later;            /* for a retry, or the end of a pause */
    struct alarm later_alarm;         /* the same with site->one_clock */
    int64_t hold_until_us;            /* microseconds since 1970: no run before, as a ceiling is full; 0: none is */
    uint64_t pause_until_ms;          /* on the loop's clock; 0: no pause */
    unsigned fails;                   /* runs in a row that failed as a whole */
    bool reading, read;               /* the rows */
    bool scanning, scanned;           /* jobs of some scope, for the first time or after a reload */
    bool scans_news;                  /* and what else decides of them is known now: see event_scan_news */
    bool writing;                     /* it waits for its rows to be written */
    bool went_last;                   /* of the policy's triggers it had the last run */
    bool turning;                     /* `turn` is set */
    bool stopped, listening, closing; /* listening: `leaving` is subscribed */
};

/* ---- event_trigger.c ---- */
void event_wake(struct event_trigger *t);    /* gives it a turn soon */
void event_release(struct event_trigger *t); /* frees it, if it is stopped and nothing of it is under way */

/* ---- event_siblings.c: nothing of it does anything where the policy is about one kind ---- */
/* For the marks that each kind has by itself: "JobSet"; NULL: the policy is about one. */
const char *event_kind_of_marks(const struct event_trigger *t);
bool event_tells(const struct event_trigger *t); /* what is told of all its kinds, this one tells */
/* May its run begin? False: another one is under way, or goes first; it gets its turn later. */
bool event_siblings_let(struct event_trigger *t);
void event_siblings_wake(struct event_trigger *t);        /* its run has ended */
bool event_siblings_known(const struct event_trigger *t); /* all scopes of all kinds are known, but for its own */
bool event_siblings_miss(const struct event_trigger *t, const char *uid); /* none has found the row's job */
void event_siblings_forget_rows(struct event_trigger *t);

/* ---- event_scan.c ---- */
struct event_scope *event_scope(struct event_trigger *t, uint32_t slot); /* of the job there; NULL: of none */
bool event_scope_begun(struct event_trigger *t, uint32_t slot);          /* what is told of that job counts */
bool event_scopes_known(const struct event_trigger *t);                  /* all of them */
/* Where there is no memory for a job, all are looked at again when there may be. */
bool event_has_room(struct event_trigger *t, uint32_t slot);
bool event_scan_due(const struct event_trigger *t); /* a scope is listed by now that was not scanned yet */
/* Begins with these; again: also with those that were scanned before. */
void event_scan_begin(struct event_trigger *t, bool again);
/* The same of all, as after a reload: what `where` or a failure has left alone is tried once more. */
void event_scan_news(struct event_trigger *t);
void event_scan(struct event_trigger *t); /* a slice of it */

/* ---- event_look.c ---- */
enum event_look {
    EVENT_FIRST,   /* at the start: it may have been handled before */
    EVENT_ADDED,   /* it is new */
    EVENT_CHANGED, /* it has changed, or its Workload */
    EVENT_AGAIN,   /* time has passed, or the policy is another */
};
/* There is room for the slot. fired_us: the instant that has come, MPIJOB_NO_TIME: none has. */
void event_look(struct event_trigger *t, uint32_t slot, const struct mpijob_view *view, enum event_look how,
                int64_t fired_us);
void event_look_cached(struct event_trigger *t, uint32_t slot, enum event_look how, int64_t fired_us);
/* before: the job as it was; NULL: its row, if it has one, is removed at the next start. */
void event_gone(struct event_trigger *t, uint32_t slot, const struct mpijob_view *before);
void event_unpass(struct event_trigger *t, uint32_t slot); /* what was given up is as if it had not come */

/* ---- event_kueue.c ---- */
/* Is the Workload by which Kueue manages the job known to be in none of the states that match.kueue asks for? */
bool event_kueue_rules_out(const struct event_trigger *t, const struct mpijob_view *view);

/* ---- event_queue.c ---- */
int event_room(struct event_trigger *t, uint32_t slot); /* 0, or ERR_NOMEM */
/* job_step, and moves the job in the queue and among those that are tried again. What the step says of the row and of a
 * look is left to the caller. since_us: the instant at which the job fell due, if it is queued; INT64_MAX: now. */
struct job_step event_step(struct event_trigger *t, uint32_t slot, enum job_event event, int64_t since_us);
/* The next job that is queued; it has to be taken (JOB_TAKEN), or put back. False: none is. */
bool event_pop(struct event_trigger *t, uint32_t *slot);
void event_put_back(struct event_trigger *t, uint32_t slot);

/* ---- event_time.c ---- */
/* JOB_TRY_DUE, later from try to try. 0, or ERR_NOMEM. */
int event_retry(struct event_trigger *t, uint32_t slot, unsigned tries);
/* Is `where` to be asked again for the job at some instant? To be called after each step of it. */
void event_recheck(struct event_trigger *t, uint32_t slot);
/* When what is queued may be run, where it has to wait for the policy's window; INT64_MAX: now, or there is nothing. */
int64_t event_opening(const struct event_trigger *t);
void event_arm(struct event_trigger *t);                    /* sets t->alarm and t->later by what comes first */
void event_pause(struct event_trigger *t, uint64_t ms);     /* no turn for so long */
void event_hold(struct event_trigger *t, int64_t until_us); /* no run before; see hold_until_us */
void event_rang(struct alarm *alarm, int64_t now_us);       /* the ring of t->alarm */
void event_later(struct deadline *d);                       /* the ring of t->later */
void event_later_alarm(struct alarm *alarm, int64_t now_us);

/* ---- event_text.c ---- */
/* When the rows are read: is the policy's text another one than the state has? That is told, and written down; where
 * what was handled becomes new, that has to be durable before anything else: false until then, and the trigger gets its
 * turn when it is. */
bool event_text_settle(struct event_trigger *t);
/* The policy was loaded again, had that text, and what it has handled stays: tells how much that is, and writes the
 * new text down. */
void event_text_reloaded(struct event_trigger *t, uint64_t was);

/* ---- event_rows.c ---- */
size_t event_rows_handled(const struct event_trigger *t); /* of t->rows: jobs that the policy has handled */
/* Fills t->rows and the baselines, or t->unread. Called on another thread, while nothing else uses these. */
void event_rows_read(struct event_trigger *t);
void event_rows_free(struct event_trigger *t);
bool event_rows_have(const struct event_trigger *t, const char *uid); /* a row that was read, and not found yet */
/* A job that is seen for the first time begins with what its row says, if it has one. */
void event_rows_adopt(struct event_trigger *t, uint32_t slot, const struct mpijob_view *view);
/* From which instant on handled jobs matched was by another text: by a new one it may be another one, and they have not
 * come to match again for that. */
void event_rows_forget_instants(struct event_trigger *t);
/* When all scopes are known, of all its kinds: rows of jobs that are in no cache are removed. */
void event_rows_forget_gone(struct event_trigger *t);
/* All jobs of the scopes that are known are looked at: what comes there from now on is handled, also when it comes
 * while the daemon is down. */
void event_rows_begin_baseline(struct event_trigger *t);
void event_row_value(const struct event_trigger *t, uint32_t slot, struct buf *out); /* empty: it needs no row */
void event_row_write(struct event_trigger *t, uint32_t slot, struct str uid);        /* or removes it */
void event_row_remove(struct event_trigger *t, struct str uid);

/* ---- event_wait.c ---- */
/* Only where the policy waits are these more than nothing. What is found of the match, by what has to come before the
 * policy acts: *found and *due_us, the instant at which time alone makes it match, may become others. True: the job's
 * row is to be written. To be called before job_find. */
bool event_wait_look(struct event_trigger *t, uint32_t slot, const struct mpijob_view *view, int64_t at_us,
                     int64_t fired_us, enum job_found *found, int64_t *due_us);
/* What a run may do now with a job that is queued. */
enum event_stage {
    STAGE_ACTS,
    STAGE_ASKS,  /* only ask `where`, so that it is known since when it says yes */
    STAGE_WARNS, /* only warn */
    STAGE_LATER, /* nothing: it is to be looked at again */
};
enum event_stage event_wait_stage(const struct event_trigger *t, uint32_t slot);
/* A run of what is queued may begin: where the policy waits, each job's stage says what. */
bool event_may_begin(const struct event_trigger *t);
void event_wait_holds(struct event_trigger *t, uint32_t slot); /* `where` has said yes */
void event_wait_ends(struct event_trigger *t, uint32_t slot);  /* the match does not hold any more */
void event_wait_forget_all(struct event_trigger *t);           /* by another text of the policy */
void event_wait_step(struct event_trigger *t, uint32_t slot);  /* to be called after each step of a job */
/* A run is about to warn of the job, as it looks. */
void event_wait_tell(struct event_trigger *t, uint32_t slot, uint64_t look);
/* It has, or has not. True: one of the means has worked, so the warning counts. */
bool event_wait_told(struct event_trigger *t, uint32_t slot, bool told);
void event_wait_value(const struct event_trigger *t, uint32_t slot, struct buf *out); /* for its row */

/* ---- event_early.c ---- */
void event_early(struct event_batch *b); /* sets what its run is told by, by its stage */
/* A job of a run that warns: it was told, or could not be. */
void event_warned(struct event_batch *b, const char *key, uint32_t slot, enum job_end end, const struct error *err);

/* ---- event_batch.c ---- */
struct event_batch {
    struct listing listing;
    struct event_trigger *t;
    struct job_cache *held;
    struct run_feed feed;
    uint32_t *slots;
    int holders;            /* the run and its listing: whichever ends last frees it */
    size_t count, at;       /* of slots; those before `at` were given to the run, or were found to be no jobs for it */
    unsigned kind;          /* of event; the run is about one */
    enum event_stage stage; /* of the jobs: what the run does with them */
    bool resumes;           /* they have JOB_IS_RESUMED */
    struct run *run;        /* of it */
    char key[520];          /* of the job that was given last */
    bool moved;             /* the run has settled one of the jobs at least, and not only to try again */
    bool unreachable;       /* the server cannot be reached, so it is no use to go on */
    bool cut;               /* the trigger was stopped before the run was given all */
    int64_t as_of_us;
    struct buf bytes;          /* of the job that was given last */
    const struct error *error; /* why the listing ended; NULL: it is not over, or has given all */
};

/* False: it is no longer the job that the run was given. */
bool event_batch_find(const struct event_trigger *t, const char *key, uint32_t *slot);
/* What became of a job. version: the one that is handled by it; empty: the one in the cache. result may be NULL. */
void event_settle(struct event_trigger *t, uint32_t slot, enum job_event event, struct str version,
                  const struct change_result *result);
void event_batch_start(struct event_trigger *t); /* a run of what is queued; what fails is logged, and tried again */

#endif
