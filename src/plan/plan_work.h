/* SPDX-License-Identifier: Apache-2.0 */
/* The changes of a plan, looked at and made, some at a time: first all are looked at, then the caller says which are to
 * be made. Nothing is made that the plan does not say: an object of another resourceVersion is left alone, and bytes
 * that come to another difference than the plan's are not sent. */
#ifndef MPIJOBD_PLAN_PLAN_WORK_H
#define MPIJOBD_PLAN_PLAN_WORK_H

#include "limit/rate.h"
#include "plan/plan.h"

enum plan_state {
    PLAN_FITS,   /* the object is as it was looked at */
    PLAN_DONE,   /* it has the values already */
    PLAN_MOVED,  /* it was changed since, or has gone */
    PLAN_FAILED, /* it could not be looked at */
};

struct plan_work;
struct plan_item {
    const struct plan_change *change;
    /* After the look: */
    enum plan_state state;                     /* of the whole; PLAN_FITS: something is to be made */
    enum plan_state object_state, child_state; /* of a write that there is not: PLAN_DONE */
    struct buf moved;                          /* with PLAN_MOVED: what has, in words; with PLAN_FAILED: why */
    bool made, changed, failed;                /* after the making */
    bool stranded; /* likewise: it was to be made last, and what comes before it was not made: PLAN_MOVED by now */
    /* Its own: */
    struct plan_work *work;
    struct kube_request *request;
    bool at_child;
    char job_uid[64];      /* of a Workload: its job's; "" */
    struct rate_wait pace; /* its write waits for its turn */
    const struct plan_write *write;
};

struct plan_work {
    const struct site *site; /* these are set by the caller, and outlive it */
    const struct plan *plan;
    int64_t run;          /* in the journal; 0: none */
    bool dry_run;         /* the server is asked, and changes nothing */
    unsigned concurrency; /* changes at once; 0: as many as without a limit */
    struct rate *rate;    /* each write takes its turn there; outlives it. NULL: it leaves at once */
    int64_t gap;          /* microseconds between two writes at least, where there is a rate */
    bool (*wanted)(void *data, const struct plan_item *item); /* is it to be made? NULL: all that fit */
    /* Starts one write in place of change_start, with its errors; NULL: change_start does. */
    int (*start)(void *data, struct change_call *call, struct error *err);
    /* What became of one that was to be made: of its object, and then of its child. */
    void (*told)(void *data, struct plan_item *item, const struct change_result *result, const struct error *err);
    void (*over)(void *data); /* all were looked at, or made */
    void *data;
    /* Its own: */
    struct plan_item *items; /* as many as the plan has changes */
    size_t at;
    unsigned active;
    bool making, cancelled;
    bool last; /* those that are made last have their turn */
};

/* 0 or ERR_NOMEM. The struct stays in place until plan_work_free. */
int plan_work_begin(struct plan_work *work, struct error *err);
/* Each ends with `over`, which may be called from within. */
void plan_work_look(struct plan_work *work);
void plan_work_make(struct plan_work *work);
/* No further change is looked at or made; what is under way is finished, and `over` comes after it, or from within. */
void plan_work_cancel(struct plan_work *work);
/* Not before `over`. */
void plan_work_free(struct plan_work *work);

/* ---- within this floor ---- */

void plan_look(struct plan_item *item); /* then plan_work_next */
void plan_make(struct plan_item *item); /* likewise */
/* It waits for its turn, and is not to have it: likewise. */
void plan_make_not(struct plan_item *item);
void plan_work_next(struct plan_item *item);
struct kube_resource plan_resource(const struct plan_write *write);

#endif
