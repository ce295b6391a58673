/* What the event_*.c share. They drive the tables of job_state.h. event_trigger.c: life, reading, the scan, whose turn
 * it is; event_look.c: from a job as it is to what is found of it; event_queue.c: a job's steps, the queue, room for
 * the jobs; event_time.c: when it acts again; event_rows.c: what is durable; event_batch.c: a run's jobs and what
 * became of them. */
#ifndef MPIJOBD_TRIGGER_EVENT_PARTS_H
#define MPIJOBD_TRIGGER_EVENT_PARTS_H

#include "cluster/cluster.h"
#include "kube/version.h"
#include "loop/timer.h"
#include "loop/work.h"
#include "run/run.h"
#include "run/runs.h"
#include "store/state.h"
#include "trigger/due_heap.h"
#include "trigger/event_trigger.h"
#include "trigger/job_state.h"

#define SCAN_SLICE 200 /* jobs looked at in one turn: some milliseconds */
#define RETRY_FIRST_MS 1000

struct event_row;
struct event_batch;

struct event_trigger {
    struct work work; /* reading what is handled */
    struct triggers *of;
    struct runs *runs;
    struct site *site;
    struct policy_entry entry;
    struct job_cache *held;
    struct event_trigger *next;
    struct watch_subscriber leaving; /* stopped, with a run under way: what becomes of the run's jobs */
    char key[STATE_KEY_MAX];

    struct job_state *jobs; /* by the cache's slot, as the two that follow */
    int64_t *since_us;      /* where time counts: the instant from which the job matches, this time. Else NULL */
    uint64_t *version;      /* on = "changed": the version that was handled, or let pass; 0: none. Else NULL */
    uint32_t slots;         /* that there is room for */

    struct due due;     /* jobs by the instant at which time alone makes them match: the wall clock's microseconds */
    struct alarm alarm; /* for the first of them */
    struct due retry;   /* jobs that are tried again: the loop's milliseconds */

    uint32_t *queue; /* a ring of slots; what is no longer queued is passed over */
    size_t head, queued, room;
    size_t depth;     /* jobs that are queued */
    int64_t first_us; /* the instant at which the first of them fell due */
    struct event_batch *batch;

    struct event_row *rows; /* hash by uid: read, and not yet found in the cache */
    uint8_t baseline;       /* kinds of events that have one: what was before it is not handled */
    uint32_t scan;          /* slots below are looked at */
    int rc;                 /* of the reading */
    struct error error;

    struct deadline turn;    /* at the loop's next turn: the queue, the scan */
    struct deadline later;   /* a retry, or the end of a pause */
    uint64_t pause_until_ms; /* on the loop's clock; 0: no pause */
    unsigned fails;          /* runs in a row that failed as a whole */
    int handles;
    bool reading, read, scanning, scanned, writing, stopped, listening, closing, turning;
};

/* ---- event_trigger.c ---- */
void event_wake(struct event_trigger *t);    /* its turn, soon */
void event_release(struct event_trigger *t); /* freed, if it is stopped and over */

/* ---- event_look.c ---- */
enum event_look {
    EVENT_FIRST,   /* at the start: it may have been handled before */
    EVENT_ADDED,   /* it is new */
    EVENT_CHANGED, /* it has changed */
    EVENT_AGAIN,   /* time has passed, or the policy is another */
};
/* fired_us: the instant that has come, MPIJOB_NO_TIME: none has. There is room for the slot. */
void event_look(struct event_trigger *t, uint32_t slot, const struct mpijob_view *view, enum event_look how,
                int64_t fired_us);
void event_look_cached(struct event_trigger *t, uint32_t slot, enum event_look how, int64_t fired_us);
void event_gone(struct event_trigger *t, uint32_t slot, const struct mpijob_view *before); /* before: may be NULL */
void event_unpass(struct event_trigger *t, uint32_t slot); /* what was given up is looked at again */

/* ---- event_queue.c ---- */
int event_room(struct event_trigger *t, uint32_t slot); /* 0, or ERR_NOMEM */
/* The job's next state, and its place in the queue and among those that are tried again. since_us: the instant at which
 * it fell due, if it is queued; INT64_MAX: now. */
struct job_step event_step(struct event_trigger *t, uint32_t slot, enum job_event event, int64_t since_us);
bool event_pop(struct event_trigger *t, uint32_t *slot); /* the next job that is queued; it is taken, or put back */
void event_put_back(struct event_trigger *t, uint32_t slot);

/* ---- event_time.c ---- */
int event_retry(struct event_trigger *t, uint32_t slot, unsigned tries); /* later and later; ERR_NOMEM */
void event_arm(struct event_trigger *t);                                 /* the alarm, the timer */
void event_pause(struct event_trigger *t, uint64_t ms);                  /* no turn until then */
void event_rang(struct alarm *alarm, int64_t now_us);                    /* the alarm's ring */
void event_later(struct deadline *d);                                    /* the timer's */

/* ---- event_rows.c ---- */
void event_rows_read(struct event_trigger *t); /* on another thread */
void event_rows_free(struct event_trigger *t);
void event_rows_adopt(struct event_trigger *t, uint32_t slot, const struct mpijob_view *view);
void event_rows_forget_gone(struct event_trigger *t);
void event_rows_begin_baseline(struct event_trigger *t); /* from now on events of these kinds are missed if they are */
void event_row_value(const struct event_trigger *t, uint32_t slot, struct buf *out); /* empty: it needs no row */
void event_row_write(struct event_trigger *t, uint32_t slot, struct str uid);
void event_row_remove(struct event_trigger *t, struct str uid);

/* ---- event_batch.c ---- */
void event_batch_start(struct event_trigger *t);

#endif
