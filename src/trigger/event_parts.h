/* What the event_*.c share. event_trigger.c: life, reading, the scan, whose turn it is; event_queue.c: the queue, and
 * room for the jobs; event_time.c: when it acts again; event_look.c: from a job's state to what is to do; event_rows.c:
 * what is durable; event_batch.c: a run's jobs and what became of them. */
#ifndef MPIJOBD_TRIGGER_EVENT_PARTS_H
#define MPIJOBD_TRIGGER_EVENT_PARTS_H

#include "cluster/cluster.h"
#include "kube/resource_version.h"
#include "loop/timer.h"
#include "loop/work.h"
#include "run/run.h"
#include "run/runs.h"
#include "store/state.h"
#include "trigger/due_heap.h"
#include "trigger/event_trigger.h"

#define SCAN_SLICE 200 /* jobs looked at in one turn: some milliseconds */
#define RETRY_FIRST_MS 1000

enum event_state {
    ON_IDLE,     /* nothing is to be done */
    ON_QUEUED,   /* to be handled */
    ON_RUNNING,  /* a run has it */
    ON_DECLINED, /* `where` said no: asked again when the job changes */
    ON_WAITING,  /* it failed, and is tried again later */
};

enum {
    ON_SEEN = 1,  /* looked at since the start */
    ON_ROW = 2,   /* it has a row in the store */
    ON_DRY = 4,   /* `passing` comes from a dry run */
    ON_AGAIN = 8, /* it changed while a run had it */
    ON_LEFT = 16, /* ... and did not match for a while: if it does now, it has come to match again */
};

/* A job as the policy sees it, by its slot. Events by bit (ON_MATCH...). */
struct event_job {
    uint8_t state, flags;
    uint8_t done;    /* the event has been: it matches, was added, is finished */
    uint8_t pending; /* of these: still to be handled */
    uint8_t given;   /* of these: the run's that has it */
    uint8_t passing; /* done in memory only: it failed for good, or was dry. Looked at anew after a reload or start */
    uint8_t tries;
};

struct event_row;
struct event_batch;

struct event_trigger {
    struct work work; /* reading what is handled */
    struct runs *runs;
    struct site *site;
    struct policy_entry entry;
    struct job_cache *held;
    struct event_trigger *next;
    char key[STATE_KEY_MAX];

    struct event_job *jobs;
    int64_t *since;    /* where time counts: the instant from which the job matches, this time. Else NULL */
    uint64_t *version; /* on = "changed": the version that was handled, or let pass. Else NULL */
    uint32_t slots;

    struct due due;     /* on the wall clock */
    struct alarm alarm; /* for the first of them */
    struct due retry;   /* on the loop's clock, milliseconds */

    uint32_t *queue; /* a ring; what is no longer queued is passed over */
    size_t head, queued, room;
    size_t depth;  /* jobs that are queued */
    int64_t first; /* the instant at which the first of them fell due */
    struct event_batch *batch;

    struct event_row *rows; /* hash by uid: read, and not yet found in the cache */
    uint8_t baseline;       /* events that have one: what was before it is not handled */
    uint32_t scan;          /* slots below are looked at */
    int rc;                 /* of the reading */
    struct error error;

    struct deadline turn;  /* at the loop's next turn: the queue, the scan */
    struct deadline later; /* a retry, or the end of a pause */
    uint64_t pause_until;  /* on the loop's clock; 0: none */
    unsigned fails;        /* runs in a row that failed as a whole */
    int handles;
    bool reading, read, scanning, scanned, writing, stopped, closing, turning;
};

/* ---- event_trigger.c ---- */
void event_wake(struct event_trigger *t);    /* its turn, soon */
void event_release(struct event_trigger *t); /* freed, if it is stopped and over */

/* ---- event_queue.c ---- */
int event_room(struct event_trigger *t, uint32_t slot); /* 0, or ERR_NOMEM */
void event_enqueue(struct event_trigger *t, uint32_t slot, int64_t since);
bool event_dequeue(struct event_trigger *t, uint32_t *slot);

/* ---- event_time.c ---- */
void event_retry(struct event_trigger *t, uint32_t slot, unsigned tries); /* later and later */
void event_arm(struct event_trigger *t);                                  /* the alarm, the timer */
void event_pause(struct event_trigger *t, uint64_t ms);                   /* no turn until then */
void event_rang(struct alarm *alarm, int64_t now);                        /* the alarm's ring */
void event_later(struct deadline *d);                                     /* the timer's */

/* ---- event_look.c ---- */
enum event_look {
    LOOK_FIRST,   /* at the start: it may have been handled before */
    LOOK_ADDED,   /* it is new */
    LOOK_CHANGED, /* it has changed */
    LOOK_AGAIN,   /* time has passed, or the policy is another */
};
/* False: it was not that. */
bool event_forget_event(struct event_job *j, unsigned event);
/* fired: the instant that has come, MPIJOB_NO_TIME: none. The slot has room. */
void event_look(struct event_trigger *t, uint32_t slot, const struct mpijob_view *view, enum event_look how,
                int64_t fired);
void event_look_cached(struct event_trigger *t, uint32_t slot, enum event_look how, int64_t fired);
void event_gone(struct event_trigger *t, uint32_t slot, const struct mpijob_view *before); /* before: may be NULL */
void event_unpass(struct event_trigger *t, uint32_t slot); /* what was given up is to be looked at anew */

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
