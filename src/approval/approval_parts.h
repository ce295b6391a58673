/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this floor share. */
#ifndef MPIJOBD_APPROVAL_APPROVAL_PARTS_H
#define MPIJOBD_APPROVAL_APPROVAL_PARTS_H

#include <string.h>

#include "approval/approvals.h"
#include "approval/approvers.h"
#include "base/trace.h"
#include "plan/plan_work.h"
#include "store/done.h"
#include "store/journal.h"

struct waiting {
    struct approvals *of;
    int64_t run;
    struct state *state; /* where it is kept, and its run */
    void *texts;
    const char *policy, *cluster;
    int64_t since, expires, unchanged, failed;
    int64_t undoes;   /* the run that it takes back, by hand; 0: it is a policy's */
    char origin[256]; /* the policy whose changes that run had made (undo.origin); "": it is not known */
    struct approver_given given[APPROVERS_QUORUM_MAX];
    size_t given_count;
    unsigned quorum;                 /* that its policy asks for; 0: none */
    char asked_by[APPROVER_NAME];    /* the person who triggered it; "": nobody did */
    int64_t asked_uid;               /* -1: nobody did */
    char approved_by[APPROVER_NAME]; /* who gave the last approval that it takes; "": it waits */
    int64_t approved_uid;
    struct plan plan;
    struct trace trace; /* of the run that waits; the run that makes its plan goes on with it */
    const char **uids;  /* of its objects, in order */
    size_t uid_count;
    struct alarm alarm;
    size_t bytes;           /* of its row, as it was written or read last */
    bool warned, under_way; /* under_way: something is being written or made */
    bool gives;             /* what is being written is one more approval */
    bool gone;              /* another daemon sees to it: it goes when what is under way has ended */
    int64_t expired;        /* when it would have expired, if what is being written cannot be */
    struct approval_call call;
    struct approval_place place;                       /* where it is made */
    void (*kept)(void *data, const struct error *err); /* of the run that proposes */
    void *kept_data;
    struct waiting *prev, *next;
};

struct gone_run {
    int64_t run, unchanged, failed;
};

/* Runs whose rows in the journal say that they wait, and that are another daemon's now (gone.c). */
struct gone_runs {
    struct gone_run *runs; /* owned */
    size_t count, cap;
};

/* Its cluster, among the LOG_FIELDS of a line; people are told of one that has a name. */
#define WAITING_LOG_CLUSTER(w)                                                                                         \
    {"cluster", waiting_is_named(w) ? (w)->cluster : NULL},                                                            \
        LOG_QUIET_FIELD("cluster", waiting_is_named(w) ? NULL : (w)->cluster)
static inline bool waiting_is_named(const struct waiting *w)
{
    return strcmp(w->cluster, STORE_CLUSTER_DEFAULT) != 0;
}

struct approvals {
    struct approvals_options o;
    struct runs_approval hook;
    struct metric *count, *soon;
    struct waiting *list;
    size_t count_all, bytes; /* of the list */
    struct gone_runs gone;
};

/* ---- approvals.c ---- */

/* Takes over *plan. NULL: out of memory, and *plan is freed. */
struct waiting *waiting_new(struct approvals *a, int64_t run, struct state *state, const char *policy,
                            const char *cluster, struct plan *plan);
void waiting_free(struct waiting *w);
/* NULL: no such run waits, and err says so. */
struct waiting *waiting_find(const struct approvals *a, int64_t run, struct error *err);
void waiting_watch(struct waiting *w); /* sets its alarm */
/* People are told of it (options.tell). */
void waiting_announce(const struct waiting *w, bool soon);
/* It is over: its run's row gets that outcome, and its plan goes. w is freed. When that is durable, who waits for it
 * (w->call) hears of it; result: NULL for a plan that was not made. */
void waiting_end(struct waiting *w, const char *outcome, const char *message, const struct approval_result *result);

/* ---- decide.c ---- */

/* Takes the run for a decision, of which call->done hears. NULL: err says why not. */
struct waiting *waiting_decide(struct approvals *a, const struct approval_call *call, struct error *err);
/* The decision of w->call is a run of its own, which is over at once. */
void waiting_write_decision(const struct waiting *w, const char *trigger, const char *message);

/* "alice, bob": who has approved it. Returns out. */
const char *waiting_approvers(const struct waiting *w, char *out, size_t size);
/* What was decided is carried out, or cannot be: who waits for it hears of it, once. */
void waiting_tell(struct waiting *w, const struct approval_result *result, const struct error *err);

/* ---- approval_rows.c ---- */

int waiting_read(struct approvals *a, struct state *state, struct error *err); /* blocks; errors as of approvals_open */
/* ERR_LIMIT: it is new, and there is no room for it beside those that wait (done is called from within then). */
void waiting_write(struct waiting *w, store_done done, void *data);
void waiting_weigh(struct waiting *w, size_t bytes); /* its row has so many now */
void waiting_erase(const struct waiting *w, store_done done, void *data);

/* ---- gone.c: what other daemons see to, where several share what waits; else nothing ---- */

/* At the start, of an earlier daemon with this journal; blocks. Errors as of journal_read_runs. */
int gone_read(struct approvals *a, struct error *err);
void gone_add(struct approvals *a, const struct waiting *w); /* its row says so from now on */
void gone_is_back(struct approvals *a, const struct waiting *w);
/* Others read with the state what was decided. */
void gone_tell(const struct waiting *w, const char *outcome, const char *message);
/* Of runs that were decided elsewhere, by a state that was just taken over, the journal says how. Blocks; errors as of
 * state_read_kept. */
int gone_decided(struct approvals *a, struct state *state, struct error *err);

/* ---- reckoned.c ---- */

/* What became of the changes of a plan: adds it up in *result, and logs those that were left out; run: in whose name.
 * The first that was left; NULL: none was. */
const struct plan_item *approval_reckon(const struct plan_work *work, int64_t run, struct approval_result *result);

/* ---- execution.c ---- */

/* Its plan is made at w->place, and w->call hears of it. 0 or ERR_NOMEM. */
int waiting_execute(struct waiting *w, struct error *err);

#endif
