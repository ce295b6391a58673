/* SPDX-License-Identifier: Apache-2.0 */
/* The runs on one cluster, and what they share: the caches of jobs that they read, the detection of loops of policies,
 * and the journal of the effects of their changes. */
#ifndef MPIJOBD_RUN_RUNS_H
#define MPIJOBD_RUN_RUNS_H

#include "change/change.h"
#include "change/effect_journal.h"
#include "change/loops.h"
#include "jobs/watches.h"
#include "limit/rate.h"
#include "limit/speed.h"
#include "site/site.h"

/* The writes of one policy, spaced. */
struct runs_pace {
    char policy[64];
    struct rate rate;
    struct runs_pace *next;
};

struct effect_kept;
struct effects_again;
struct event_known;
struct plan;
struct policy_entry;
struct run;
struct store;

/* A run that waits for approval. */
struct runs_waiting {
    int64_t run, since, expires; /* microseconds since 1970 */
    size_t given;                /* approvals, of `quorum` that it takes */
    unsigned quorum;
};

/* Where the plans of runs wait for approval (approval/approvals.h). */
struct runs_approval {
    /* Takes the plan over and writes it down; then kept is called, once, perhaps from within. */
    void (*propose)(void *data, const struct run *run, struct plan *plan,
                    void (*kept)(void *kept_data, const struct error *err), void *kept_data);
    /* Is the object in a plan of that policy, on that cluster? *found (NULL is allowed): which one. */
    bool (*waits)(void *data, const char *policy, const char *cluster, const char *uid, struct runs_waiting *found);
    void *data;
};

/* What else works on the runs' site and has to end with them. The struct is its owner's. */
struct runs_guest {
    void (*stop)(struct runs_guest *guest); /* ends it soon; the site counts it as open until then */
    struct runs_guest *prev, *next;
};

struct runs {
    struct site *site;
    struct site look; /* the same place, for runs that only look: see runs_look */
    struct watches *watches;
    struct loops loops;
    struct effects_again *again;    /* effects of a daemon before (runs_effects.c); NULL: none */
    struct effect_journal *effects; /* made with the first change whose effect can be seen; NULL before */
    struct run *list;               /* those under way */
    struct runs_guest *guests;      /* list */
    struct runs_pace *paces;        /* list: of the policies with a rate that have written something */
    /* Called for each change of a run when the change has ended; may be NULL. job: the key of its object. */
    void (*observe)(void *data, const struct run *run, const char *job, const struct change_result *result,
                    const struct error *err);
    /* Called for each change of a dry run that comes to its gate, for a plan; may be NULL. job: as above. */
    void (*planned)(void *data, const struct run *run, const char *job, const struct change *change);
    /* Called when the effect of a change was seen, or was given up on, after the change; may be NULL. */
    void (*effect)(void *data, const struct effect_kept *effect, bool seen);
    /* Asked before a run begins that nobody hosts: 0, or ERR_CANCELLED, and then run_start fails with that. NULL: each
     * may begin. */
    int (*may_begin)(void *data, struct error *err);
    const struct runs_approval *approval; /* for policies that ask for it; NULL: no plan can wait */
    /* Called when a run has ended, and is not on the list any more; may be NULL. */
    void (*ended)(void *data, const struct run *run);
    void *data;
    /* What the trigger of a policy with `on` knows of a job (trigger/event_known.h); NULL: there are no triggers. */
    bool (*known)(void *triggers, const char *policy, const struct mpijob_view *job, struct event_known *known);
    void *triggers;
};

/* site and watches outlive it. */
void runs_init(struct runs *runs, struct site *site, struct watches *watches);
/* Is a run of this policy under way? Runs that began before a reload count as well; a run that only waits for its end
 * to be written down does not. */
bool runs_busy(const struct runs *runs, const char *policy);
/* Nothing is under way. The run of a person's session counts only while it changes something: it lasts as long as that
 * person wants. */
bool runs_idle(const struct runs *runs);
/* The site for runs that only look (run_feed.where): nothing is written, counted or logged there. It is the runs' own,
 * as a script may keep what it has opened on it. */
struct site *runs_look(struct runs *runs);
void runs_invite(struct runs *runs, struct runs_guest *guest);
void runs_part(struct runs *runs, struct runs_guest *guest);
/* run_stop and run_abandon, for all of them; with the first, the guests are stopped. */
void runs_stop(struct runs *runs, const char *why, bool leave_open);
void runs_abandon(struct runs *runs);
/* The pace of this policy's writes, on this cluster, over all its runs. NULL: out of memory. */
struct runs_pace *runs_pace(struct runs *runs, const char *policy);
/* How fast the policy may write on this cluster; of one that has gone (NULL) the configuration's limit is left. */
struct limit_speed runs_speed(const struct runs *runs, const struct policy_entry *entry);
/* Effects that a daemon before was looking for are looked for again, once policies are in force. `await` gets the
 * policy of each. runs_read_effects blocks, and belongs before the loop. Errors as of effects_read. */
int runs_read_effects(struct runs *runs, struct store *store, struct error *err);
void runs_drop_again(struct runs *runs); /* what was read and is not looked for yet */
void runs_await_effects(struct runs *runs, void (*await)(void *data, const char *policy));
/* Stops watching for effects. */
void runs_forget_effects(struct runs *runs);
/* Frees what the runs share. No run may be under way any more. */
void runs_close(struct runs *runs);

#endif
