/* SPDX-License-Identifier: Apache-2.0 */
/* A request's insides, shared by the files of this folder only: gather.c (its life), review.c (what the server allows),
 * past.c (what the state and the journal have), look.c (what the policy's functions make of the job), held.c (what
 * holds it back). */
#ifndef MPIJOBD_WHY_GATHER_PARTS_H
#define MPIJOBD_WHY_GATHER_PARTS_H

#include "jobs/job_find.h"
#include "jobs/listing.h"
#include "loop/defer.h"
#include "loop/timer.h"
#include "loop/work.h"
#include "pause/paused.h"
#include "run/run.h"
#include "trigger/event_handled.h"
#include "trigger/event_known.h"
#include "why/gather.h"
#include "why/why_parts.h"

struct why_request {
    struct work work; /* past.c; first member */
    struct why_call call;
    struct policy_entry entry;
    struct runs_guest guest; /* of the next */
    struct runs *home;       /* the runs of the call, which may be others than those that act on the job */
    struct defer turn;
    struct deadline patience;
    char name_space[256], name[256];
    char *unread, *standby;
    struct paused_mark paused; /* "" as who: not known */
    struct why *why;
    struct error err; /* code 0: none */
    bool cancelled;

    bool last; /* the job is as it was last seen: the server does not answer */
    char *object;
    size_t len;
    struct mpijob_view view; /* of it */
    struct kube_request *request;
    struct job_find find; /* reads it */

    unsigned review; /* the next one */

    struct event_handled handled;
    bool handled_known;
    struct error past_error;

    struct { /* look.c */
        struct runs runs;
        struct listing listing;
        struct run_feed feed;
        struct run *run;  /* under way; NULL: none */
        bool given, told; /* the job was given; where's answer was told */
        bool late;        /* it took too long */
    } look;
};

/* Each ends in a call of the next step, later or from within. */
void why_read(struct why_request *r);
void why_review(struct why_request *r);
void why_past(struct why_request *r);
void why_look(struct why_request *r);
void why_finish(struct why_request *r);

/* ---- look.c ---- */
void why_look_stop(struct why_request *r);
void why_look_late(struct deadline *patience); /* its ring */

/* ---- held.c: what holds the policy back, as far as that is known before the functions are asked ---- */
void why_held(struct why_request *r);

#endif
