/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that wait for approval, each with its plan. Proposing, deciding and executing are runs of their own in the
 * journal: the one that waits (outcome "waiting", then "approved", "rejected" or "expired"), each decision (trigger
 * "approve", "reject" or "extend", with who it was; of a quorum each approval) and the making (trigger "approved"). A
 * plan is durable before its run ends, and a decision before it is carried out; a daemon that dies amid the making goes
 * on with it at its next start. For the loop's thread. All instants are microseconds since 1970. */
#ifndef MPIJOBD_APPROVAL_APPROVALS_H
#define MPIJOBD_APPROVAL_APPROVALS_H

#include "approval/approvers.h"
#include "limit/speed.h"
#include "loop/timer.h"
#include "plan/plan.h"
#include "run/runs.h"

struct metrics;
struct policy_file;
struct store;

/* Where an approved plan is made. */
struct approval_place {
    struct runs *runs; /* of its cluster */
    struct policy_file *file;
    const struct policy *policy; /* NULL: the plan is no policy's; nor is there a file */
    struct limit_speed speed;    /* of the policy, or of that whose changes are taken back */
};

struct approval;

struct approvals_options { /* all of it outlives the approvals */
    struct journal *journal;
    struct state *state; /* where what waits is read from at the start */
    bool later;          /* other daemons share what waits, and it is not read yet: approvals_read does it */
    struct alarms *alarms;
    const struct clock *clock;
    const struct log *log;
    struct metrics *metrics;           /* NULL: nothing is counted */
    const struct approvers *approvers; /* NULL: whoever may use the control socket */
    /* run: that waits. policy STORE_BY_HAND: the plan is no policy's; origin: then the one whose changes it takes back;
     * "": it is not known.
     * 0; ERR_NOT_FOUND: the policy or the cluster has gone; ERR_REFUSED: the policy may not run, or another daemon acts
     * for the run's jobs; ERR_UNREACHABLE. */
    int (*place)(void *data, int64_t run, const char *policy, const char *origin, const char *cluster,
                 struct approval_place *place, struct error *err);
    /* A run waits from now on, or (soon) expires before long: people are told of that. NULL: they are not. */
    void (*tell)(void *data, const struct approval *approval, bool soon);
    void *data;
};

#define APPROVALS_SPACE "approval" /* of the rows that are kept (store/kept.h), whose keys are the runs */

/* What all runs that wait may take, as their plans are held whole: the memory is about a fifth more than their texts,
 * and a start of the daemon reads them. A run whose plan does not fit beside the others ends as limited. */
#define APPROVALS_BYTES_MAX ((size_t)32 * 1024 * 1024)
#define APPROVALS_RUNS_MAX 2000

struct approvals;
/* Reads what waits; blocks. 0; errors as of store_read_kept, or ERR_NOMEM. A plan that cannot be read is logged, and
 * left where it is. */
int approvals_open(const struct approvals_options *options, struct approvals **approvals, struct error *err);
/* Reads what waits in a state, besides what is known already; errors as above. And forgets what waits in a shard (of 0:
 * in all), as another daemon sees to it now; what is being made is finished first. The journal says of each run whether
 * it waits here ("waiting") or with another ("moved"). NULL is allowed. */
int approvals_read(struct approvals *approvals, struct state *state, struct error *err);
void approvals_forget(struct approvals *approvals, const struct shard *shard);
/* Nothing of it is under way any more. NULL is allowed. */
void approvals_close(struct approvals *approvals);
/* No plan expires any more: the daemon is being stopped. NULL is allowed. */
void approvals_stop(struct approvals *approvals);

/* For the runs of a cluster: what they propose waits here. NULL for NULL. */
const struct runs_approval *approvals_hook(const struct approvals *approvals);

struct approval { /* one that waits. The texts are valid until the next turn of the loop */
    int64_t run;
    const char *policy, *cluster;
    int64_t since, expires;
    const char *asked_by;    /* the person who triggered it; "": nobody did */
    const char *approved_by; /* its plan is being made; "": it waits */
    const struct approver_given *given;
    size_t given_count;
    unsigned quorum; /* approvals that it takes */
    int64_t undoes;  /* the run that it takes back, which a person wants; 0: it is a run of a policy */
    const struct plan *plan;
};
void approvals_each(const struct approvals *approvals, void (*visit)(void *data, const struct approval *approval),
                    void *data);
/* False: no such run waits, and err says so (ERR_NOT_FOUND). In this and the next two NULL is allowed: none waits. */
bool approvals_find(const struct approvals *approvals, int64_t run, struct approval *found, struct error *err);

/* ---- what a person wants, and may not do alone ---- */

struct approval_proposal { /* copied; its texts stay until done */
    struct site *site;     /* where it would be made; stays until done, too */
    int64_t undoes;        /* the run that is to be taken back */
    const char *origin;    /* whose changes that run made (undo.origin); NULL: it is not known */
    struct plan *plan;     /* taken over, whatever becomes of it */
    struct approver who;
    unsigned quorum;           /* that the policy of that run asks for; 0: none */
    int64_t expires;           /* microseconds: how long it waits */
    int64_t unchanged, failed; /* of its run, before it waits */
    /* Once, perhaps from within, when it is durable: the run that waits, and until when. */
    void (*done)(void *data, int64_t run, int64_t expires, const struct error *err);
    void *data;
};
/* A run by hand begins (trigger "undo"), and waits. Errors come by done: ERR_LIMIT: there is no room; ERR_IO: it could
 * not be written; ERR_NOMEM. */
void approvals_propose(struct approvals *approvals, const struct approval_proposal *proposal);

/* What came of it. run: of the making; 0: approvals are missing. left: changes that have moved since, and are named in
 * the log and in its row. */
struct approval_result {
    int64_t run, changed, already, left, failed;
    size_t given;
    unsigned quorum;
    int64_t expires; /* of a run that was extended; else 0 */
};
struct approval_call {
    int64_t run; /* that waits */
    struct approver who;
    const char *reason; /* of a rejection; NULL: none is given */
    bool overrides;     /* of an approval: the configuration has a freeze, and its run says that it was overridden */
    /* Once, later. result: NULL with an error, and for a rejection. */
    void (*done)(void *data, const struct approval_result *result, const struct error *err);
    void *data;
};
/* 0; ERR_NOT_FOUND: no such run waits; ERR_CONFLICT: it is decided already; ERR_NOMEM; for an approval also errors of
 * options.place and of approvers_check. Then done is not called. */
int approvals_approve(struct approvals *approvals, const struct approval_call *call, struct error *err);
int approvals_reject(struct approvals *approvals, const struct approval_call *call, struct error *err);
#define APPROVAL_EXTENDS_MOST (INT64_C(30) * 86400 * CLOCK_SECOND)
/* Its plan expires so much later (microseconds), but no later than APPROVAL_EXTENDS_MOST from now. call->done gets a
 * result with `expires`. ERR_INVALID: no such time; else as approvals_reject. */
int approvals_extend(struct approvals *approvals, const struct approval_call *call, int64_t by, struct error *err);
/* As of options. */
const struct approvers *approvals_approvers(const struct approvals *approvals);
/* The policies of a cluster, or of a shard of it, are in force: goes on with what was approved before the last end of
 * the daemon. NULL is allowed. */
void approvals_resume(struct approvals *approvals, const struct shard *shard, const char *cluster);

#endif
