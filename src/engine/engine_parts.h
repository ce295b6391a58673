/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's insides, shared by the files of this folder only. */
#ifndef MPIJOBD_ENGINE_ENGINE_PARTS_H
#define MPIJOBD_ENGINE_ENGINE_PARTS_H

#include "change/late.h"
#include "cluster/cluster.h"
#include "engine/engine.h"
#include "engine/shard_moves.h"
#include "lead/shards.h"
#include "limit/hour.h"
#include "loop/defer.h"
#include "loop/timer.h"
#include "pause/breaker.h"
#include "pause/paused.h"
#include "policy/in_force.h"
#include "run/runs.h"
#include "store/chain/chain.h"
#include "trigger/marks.h"
#include "trigger/triggers.h"

struct approvals;
struct meters;
struct recovery;
struct slo;

/* What the engine has for each of its clusters: the life of the connection, what an earlier daemon left unfinished
 * there, and the runs and triggers of its policies. No cluster waits for another. */
struct engine_cluster {
    struct engine *engine;
    struct site site;
    struct watches watches;
    struct runs runs;
    struct triggers triggers;
    struct slo *slo;              /* NULL: nothing is followed yet, or memory was out */
    int64_t slo_from;             /* see slo_follow */
    struct cluster_change change; /* hears when the server changes */
    struct recovery *recovery;
    struct late_writes late; /* that may still come */
    struct hour hour;        /* of a shard: its part of the ceiling, where there is one */
    struct deadline retry;
    struct alarm look;                  /* looks at what is served, every ENGINE_LOOK_EVERY once it has started */
    const struct error *trouble;        /* why the last try to connect or to start failed; NULL: it did not */
    unsigned failures;                  /* in a row; 0: the last try was fine, or none was made */
    struct interrupted_run *unfinished; /* runs of an earlier daemon, until the triggers have taken them over */
    size_t unfinished_count;
    bool connected;          /* the last try to connect was well */
    bool started;            /* it is connected, this daemon leads, and what was unfinished is looked up */
    bool connecting;         /* cluster_connect is under way */
    bool triggered;          /* its triggers were started */
    bool hooked;             /* `change` is in the cluster's list */
    bool reading_marks;      /* the state is being asked for the marks of the set's policies */
    struct lead *lead;       /* whose holder acts there; NULL: there is no election */
    struct lead_guest guest; /* of that */
    bool moved;              /* the shard has come, and its policies do not run yet */
    bool leads;              /* this daemon does, or there is no election */
    bool syncing;            /* the state is being waited for, to leave */
    bool leaving;            /* it does no more, and what it has begun ends now (lead_guest.leave) */
    unsigned term;           /* how often it has begun to */
    unsigned counts_term;    /* that, when `hour` and the breaker's counts were read from the shard's state */
    unsigned reading_term;   /* that, when the marks began to be read */
};

struct engine {
    struct engine_options o;
    struct policy_env env;
    struct mpijob_kinds kinds; /* that plugins have added: those of the policies */
    struct engine_cluster *clusters;
    size_t cluster_count;
    struct run_recorder *recorder; /* NULL: runs are not recorded */
    struct counters *counters;
    struct meters *meters; /* NULL: nothing is counted */
    struct alarms *alarms;
    struct approvals *approvals; /* NULL: no run can wait */
    struct alarm prune;          /* rings when old rows of the journal have to be removed */
    struct alarm head;           /* rings when the head of the journal is to be told */
    char head_told[CHAIN_HEAD_SIZE];
    struct breaker breaker;
    struct shard_moves moves;
    struct hour hour;       /* the ceiling of all policies' changes, where there is one; of shards each has its own */
    struct policy_set *set; /* in force; NULL until loaded */
    struct policy_load *loading;    /* under way */
    struct policy_set *next;        /* loaded, and being rehearsed; else NULL */
    struct rehearsal *rehearsal;    /* of that set; NULL: none is under way */
    struct deadline patience;       /* for it */
    struct file_changes *files;     /* what the policies are read from, while it is watched; NULL: it is not */
    int64_t load_us, load_good_us;  /* when policies were last loaded, and without an error; 0: never */
    const struct error *load_error; /* of the last load; NULL: it was good */
    struct defer turn;              /* what must not happen within the caller's call */
    struct defer ended;             /* a run has ended while the engine is stopping: was it the last one? */
    struct deadline grace;
    int once_left; /* runs, and before them what is looked up of an earlier one */
    bool once_begun;
    void (*once_done)(void *data);
    void *once_data;
    bool reading; /* the quarantine, before a load */
    bool stopping, reload_again, closed;
    void (*stopped)(void *data);
    void *stopped_data;
    void (*loaded)(void *data, const struct policy_set *set);
    void *loaded_data;
    struct ask *asks;            /* runs that people wait for (ask.h) */
    struct reload_wait *reloads; /* people who wait for a load */
    int handles;                 /* handles of the loop that are not closed yet */
    char **paths;                /* NULL-terminated, owned, one block */
};

/* ---- engine.c ---- */
/* If the engine is stopping and nothing is under way any more: closes everything. */
void engine_check_stopped(struct engine *engine);

/* The ceiling of an hour; of shards the parts of those that this daemon owns together. most 0: no ceiling. */
struct engine_hour {
    int64_t most, used, left;
};
struct engine_hour engine_hour(const struct engine *engine);

/* ---- engine_lead.c ---- */
/* A runs.may_begin: alarms of who was stopped ring before it is known that the lead is lost. ERR_CANCELLED: it is. */
int engine_cluster_may_begin(void *at, struct error *err);
/* A standby's watches are those of a leader. */
void engine_cluster_keep_warm(struct engine_cluster *at);
/* This daemon does not lead there any more; why NULL: not yet. Its runs are cancelled, its triggers stopped; the
 * watches go on, but those of a shard. */
void engine_cluster_stand_by(struct engine_cluster *at, const char *why);
void engine_lead_join(struct engine *engine); /* nothing where there is no election */
void engine_lead_part(struct engine *engine);
/* Where it is to leave a shard: tells the lead when nothing is under way there any more. */
void engine_cluster_check_left(struct engine_cluster *at);

/* ---- retention.c ---- */
/* Removes old rows now, and once a day. */
void retention_start(struct engine *engine);
void retention_rang(struct alarm *alarm, int64_t now);

/* ---- head_told.c ---- */
/* Tells the head of the journal's chain now, and every 15 minutes; nothing where it is not asked for (tell_head). */
void head_start(struct engine *engine);
void head_rang(struct alarm *alarm, int64_t now);
void head_tell(struct engine *engine); /* unless it was told already */

/* ---- approving.c ---- */
/* Reads what waits; blocks. Errors as of approvals_open. */
int engine_approvals_open(struct engine *engine, struct error *err);

/* ---- engine_pause.c ---- */
/* Says of each policy of a set whether it is paused. */
void engine_mark_paused(struct engine *engine, struct policy_set *set);

/* ---- engine_once.c ---- */
/* The policy of that name in force; NULL: no such policy, and err names the nearest. */
const struct policy_entry *engine_policy(const struct engine *engine, const char *name, struct error *err);
/* A policy that a person wants to run. *found: the entry, also where it may not run; NULL: no policy has that name.
 * ERR_NOT_FOUND (names the nearest); ERR_REFUSED: it is in quarantine, or paused; ERR_CANCELLED: the engine is being
 * stopped. */
int engine_find(const struct engine *engine, const char *name, const struct policy_entry **found, struct error *err);
void engine_once_over(struct defer *d);
void engine_once_recovered(struct engine_cluster *at, const struct error *err); /* what an earlier one has left there */

/* ---- engine_why.c ---- */
/* name NULL: the only one. Of several shards, the first that this daemon owns. NULL: no cluster has that name, or none
 * is named and there are several. */
struct engine_cluster *engine_cluster_named(struct engine *engine, const char *name, struct error *err);

/* ---- engine_begin.c ---- */
/* What is unfinished is looked up, and then the triggers start. */
void engine_cluster_begin(struct engine_cluster *at);

/* ---- engine_cluster.c ---- */
/* It could not be connected or started: tells why, and does so again after a while. */
void engine_cluster_try_again(struct engine_cluster *at, const struct error *err);
#define ENGINE_LOOK_EVERY (600 * CLOCK_SECOND) /* microseconds */
/* What place points to outlives it. */
void engine_cluster_init(struct engine_cluster *at, struct engine *engine, const struct engine_place *place);
/* Connects, again and again until the server answers; looks up what is unfinished; then starts the triggers. */
void engine_cluster_start(struct engine_cluster *at);
/* This daemon leads: what is unfinished is looked up, if the cluster is connected; then its triggers start. */
void engine_cluster_lead(struct engine_cluster *at);
/* Has it looked again at what is served, in a while. now: microseconds since 1970. */
void engine_cluster_look_later(struct engine_cluster *at, int64_t now);
/* The engine has a new set: its triggers take over from those before. Before the cluster has
 * started only the watches follow the set. */
void engine_cluster_put_in_force(struct engine_cluster *at);
/* Is the policy in force there? Where it stands aside, that is logged. */
bool engine_cluster_has(const struct engine_cluster *at, const struct policy *policy);
/* Stops its triggers, and cancels what it waits for; its Events are written for so long at most. That is over when
 * engine_cluster_busy says false. */
void engine_cluster_stop(struct engine_cluster *at, uint64_t events_ms);
bool engine_cluster_busy(const struct engine_cluster *at);
/* Nothing is under way, and the first try to connect is over. */
bool engine_cluster_idle(const struct engine_cluster *at);
/* Frees what it has; closed is called when its handle is closed. */
void engine_cluster_close(struct engine_cluster *at, void (*closed)(struct deadline *));

#endif
