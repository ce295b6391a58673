/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers why a policy acts on a job, or does not: the job is read, its conditions are told, the server and the state
 * are asked what holds the policy back, and a run that only looks (run_feed.where) tells what its functions make of the
 * job, and what its change would do. Nothing is written or counted, and nothing logged but what
 * these functions log themselves. */
#ifndef MPIJOBD_WHY_GATHER_H
#define MPIJOBD_WHY_GATHER_H

#include "run/runs.h"
#include "why/why.h"

struct journal;
struct paused_mark;
struct state;

/* Exactly one of why, which becomes the receiver's (why_free, and free the struct), and err: ERR_NOT_FOUND: no such
 * job; ERR_CANCELLED; ERR_NOMEM; those of kube.h. */
typedef void (*why_done)(void *data, struct why *why, const struct error *err);

struct why_call {
    struct runs *runs;                /* of the cluster; outlives the call */
    const struct policy_entry *entry; /* its set is held meanwhile */
    const char *name_space, *name;    /* the job, by name; copied */
    const struct mpijob_kind *kind;   /* of its name: one of the policy's kinds; NULL: the one that has it */
    struct str object;                /* or its bytes, which are copied; empty: it is read */
    struct state *state;              /* what was handled; NULL: not known. Both stay open until done */
    struct journal *journal;          /* earlier runs and changes; NULL: not known */
    const char *unread;               /* why these are not known; NULL: not worth a word. Copied */
    const struct paused_mark *paused; /* NULL: it is not known who has paused the policy. Copied */
    const char *standby;              /* why the daemon leaves it to another one to act; NULL: it does not. Copied */
    /* Where daemons share the jobs: the runs of the shard that the job is in, which are asked from then on. elsewhere
     * is set where another daemon acts for it: it takes the place of `standby`, and nothing is known of its state.
     * NULL: `runs` is for all jobs. */
    struct runs *(*runs_of)(void *data, const struct mpijob_view *job, struct error *elsewhere);
    void *runs_data;
    bool daemon;          /* the answer is a running daemon's */
    bool reviews;         /* the server is asked what is allowed, too */
    uint64_t patience_ms; /* for the policy's functions, at most; 0: 30,000 */
    why_done done;        /* called once, never from within why_start */
    void *data;
};

struct why_request;
/* 0 or ERR_NOMEM, and then done is not called. Where the runs are stopped, done comes with ERR_CANCELLED. */
int why_start(const struct why_call *call, struct why_request **request, struct error *err);
void why_cancel(struct why_request *request); /* done comes soon, with ERR_CANCELLED */

#endif
