/* SPDX-License-Identifier: Apache-2.0 */
/* The heart of the daemon: the policies in force, and their runs on one or several clusters. It puts the floors below
 * it together, and owns everything that it makes of them. All functions are for the loop's thread. */
#ifndef MPIJOBD_ENGINE_ENGINE_H
#define MPIJOBD_ENGINE_ENGINE_H

#include "policy/load.h"
#include "rehearsal/reload_report.h"
#include "run/run.h"
#include "time/freeze.h"

struct approval;
struct approvals;
struct approvers;
struct lead;
struct metrics;
struct quarantine;
struct quarantine_mark;
struct outside;
struct paused;
struct store;
struct paused_mark;

/* A cluster, and the namespaces in it; or a shard of its jobs, which has a connection of its own. */
struct engine_place {
    struct cluster *cluster;       /* not owned */
    const char *const *namespaces; /* NULL-terminated, NULL: all. Not owned */
    struct shard shard;            /* zeros: it is the whole cluster */
    const char *told;              /* of a shard: what the log calls it. Not owned */
    struct lead *lead;             /* likewise: its owner acts. NULL: options.lead. Not owned */
    struct state *state;           /* likewise. NULL: options.state. Not owned */
};

/* What a run has left alone, because of options.past. */
struct engine_left {
    size_t handled;     /* jobs that match, and were handled already */
    size_t out;         /* jobs that match, and have had no event that the policy acts on */
    size_t waits;       /* jobs that match, and have not for as long as the policy's holds_for wants */
    bool new_text;      /* the policy has another text than in that state... */
    size_t were;        /* ... with which it has handled so many jobs */
    const char *unread; /* why nothing is left alone: the past cannot be read; NULL: it was. Valid during the call */
};

struct engine_options {
    uv_loop_t *loop;
    struct defer_queue *soon; /* of the loop; outlives the engine */
    struct clock *clock;      /* outlives the engine */
    const struct log *log;
    const struct engine_place *places; /* copied; without places, policies are only loaded (check, next) */
    size_t place_count;
    const char *const *cluster_names; /* that policies may name, NULL-terminated; outlive the engine. NULL: any */
    struct metrics *metrics;          /* NULL: nothing is counted. Not owned */
    const struct policy_known *known; /* without places: what loading checks policies against; needed until then */
    size_t known_count;
    struct journal *journal; /* NULL: there is no journal, and no state either. Not owned */
    struct state *state;     /* NULL where the journal is. Not owned */
    bool state_later;    /* it is not read yet: then paused and canaries are empty, and no run waits (approvals_read) */
    struct store *store; /* where runs wait for approval; NULL: none can. Not owned */
    const struct approvers *approvers; /* who may approve them; outlive the engine. NULL: approval/approvals.h */
    struct outside *outside;           /* what scripts reach beyond the cluster; outlives the engine. NULL: nothing */
    int64_t silence;      /* microseconds: a watch is dead after so long without a byte; 0: SITE_SILENCE_US */
    unsigned watches_max; /* of all scripts together, on each cluster; 0: SITE_WATCHES */
    int64_t record;       /* bytes that recordings of runs may take in it; 0: runs are not recorded */
    const struct record_again *again; /* of a run that is done again. NULL: none is */
    int64_t keep;                     /* microseconds: how long the journal keeps its rows; 0: for ever */
    int64_t keep_bytes;               /* of the journal's file, before its oldest rows leave; 0: no bound */
    bool tell_head;                   /* the head of the journal's chain goes into the log, now and then */
    int64_t look_every; /* microseconds: looks at what the clusters serve; 0: 10 minutes, negative: never */
    const struct plugin_place *plugins; /* where policies find plugins; outlives the engine. Not owned */
    size_t plugin_count;
    const char *plugin_lock; /* policy/load.h; outlives the engine */
    const char *plugin_cure; /* likewise */
    bool events;             /* Events are written on the jobs that are changed */
    const char *config;      /* the same, and the next one too */
    struct str config_text;
    void (*config_tell)(struct str was, struct str is, struct buf *out); /* policy/load.h */
    bool watch_files; /* the policies are loaded again when their files have changed */
    bool one_clock;   /* pauses before policies try again are on `clock`, too: in a test */
    bool trials;      /* the states stay in which plugins were tried */
    bool check;       /* unknown globals in policies are errors, not warnings */
    bool dry_run;     /* all runs are dry runs */
    bool once;        /* no triggers: engine_once starts the runs */
    bool override;    /* engine_once: in spite of windows, freezes and changes_per_hour */
    unsigned
        sharded; /* daemons share the jobs, in so many parts: policies that cannot be so are errors; 0: they do not */
    struct script_limits ceilings; /* no policy gets more; 0: no bound */
    const struct freezes *freezes; /* when nothing is changed; outlive the engine. NULL: never */
    int64_t changes_per_hour;      /* of all policies together, on all clusters; 0: no ceiling */
    int64_t gap;                   /* microseconds between two writes of a policy at least; 0: as it says itself */
    struct journal *counted;     /* where the changes of the last hour are; NULL: `journal`. Only read, and not owned */
    const struct shards *shards; /* whose places are shards; NULL: they are clusters. Outlives the engine */
    struct lead *lead; /* the engine acts while that leads, and stands by else; outlives the engine. NULL: it acts */
    struct quarantine *quarantine; /* read again with the policies; NULL: none. Not owned */
    struct canaries *canaries;     /* how new policies are led in; NULL: they act at once. Not owned */
    struct paused *paused;         /* policies that are paused at the start; then the engine's to change. Not owned.
                                      NULL: none is, and none can be */
    int (*open)(lua_State *L);     /* registers the Lua modules in a new state; from the floor above */
    /* Called for each change of a run when the change has ended; may be NULL. job: the key of its object. */
    void (*observe)(void *data, const struct run *run, const char *job, const struct change_result *result,
                    const struct error *err);
    /* Called for each change of a dry run that comes to its gate, for a plan (plan/plan.h); may be NULL. */
    void (*planned)(void *data, const struct run *run, const char *job, const struct change *change);
    struct state *past; /* engine_once: jobs that a daemon with this state has handled already are left alone; NULL:
                           none are. Only read. Not owned */
    /* Called for each run of engine_once of a policy with `on`, where past is set, before its `ended`'s end. */
    void (*left)(void *data, const struct run *run, const struct engine_left *left);
    /* Called when a run waits for approval, and again when its plan expires soon; may be NULL. */
    void (*waits)(void *data, const struct approval *approval, bool soon);
    /* Called when the breaker has paused a policy; may be NULL. Keeping that is the caller's. */
    void (*tripped)(void *data, const struct paused_mark *mark);
    /* Called when a run has ended; may be NULL. */
    void (*ended)(void *data, const struct run *run);
    void *data;
};

struct engine;
/* 0 or ERR_NOMEM. It is freed by engine_stop. */
int engine_new(const struct engine_options *options, struct engine **engine, struct error *err);

/* Loads policy files and folders. loaded is called once, with the set and what was found wrong in it; the set is valid
 * during the call. The engine puts it in force if nothing is wrong. 0 or ERR_NOMEM, and then loaded is not called. */
int engine_load(struct engine *engine, const char *const *paths,
                void (*loaded)(void *data, const struct policy_set *set), void *data, struct error *err);
/* From now on the engine does not use options.known, which only loading needs. */
void engine_forget_known(struct engine *engine);
/* Loads the same paths again (SIGHUP). If anything is wrong in them, the policies in force stay as they are. */
void engine_reload(struct engine *engine);

/* The same for a person who waits for it. told is called once, and may be called within the call where nothing can be
 * loaded: with what was loaded (valid during the call; with errors it is not in force), or NULL: it was given up. */
struct reload_wait {
    void (*told)(struct reload_wait *wait, const struct policy_set *set, const struct reload_changes *changes);
    void *data;
    /* The engine's own: */
    bool begun; /* the load under way is the one that it waits for */
    struct reload_wait *prev, *next;
};
void engine_reload_and_tell(struct engine *engine, struct reload_wait *wait); /* wait stays until told */

/* For each cluster on its own: connects, again and again until the server answers; then looks up what an earlier daemon
 * left unfinished there; then starts the triggers. With options.lead the last two wait until this daemon leads; until
 * then the watches of the policies run, so that no list is needed when it does. */
void engine_start(struct engine *engine);
/* May this daemon act, if only for a part of the jobs? 0; ERR_REFUSED: others do, which are named. */
int engine_leads(const struct engine *engine, struct error *err);
/* May what is paused be changed and told here? Where daemons share the jobs each of them may; else as engine_leads. */
int engine_pauses_here(const struct engine *engine, struct error *err);
/* Where daemons share the jobs: within how many microseconds all of them know what one has paused; else 0. */
int64_t engine_pauses_within(const struct engine *engine);
/* Where daemons share the jobs: appends who else acts for a part of them. */
void engine_others(const struct engine *engine, struct buf *others);

/* Starts one run of every policy on each of its clusters, which have to be connected. done is called once, later, when
 * all have ended. */
void engine_once(struct engine *engine, void (*done)(void *data), void *data);

/* Is there a policy of that name? 0; ERR_NOT_FOUND (names the nearest). */
int engine_has(const struct engine *engine, const char *policy, struct error *err);
/* Starts a run of one policy now, on each of its clusters that are connected and where it is in force, whatever its
 * triggers say. 0; ERR_NOT_FOUND: no such policy (names the nearest); ERR_REFUSED, ERR_UNREACHABLE: it is in
 * quarantine or paused, stands aside on all of them, or none is connected, so that nothing runs; ERR_NOMEM. */
int engine_trigger(struct engine *engine, const char *policy, struct error *err);

/* Why a policy acts on a job, or does not (why/gather.h). */
struct why;
struct why_request;
struct engine_why {
    const char *policy;
    const char *cluster;                   /* NULL: the only one */
    const char *name_space, *name;         /* of the job, which is read; name_space NULL: the cluster's default one */
    const struct mpijob_kind *const *kind; /* that the asker takes the job for; NULL: the policy's */
    struct str object;                     /* or its bytes */
    uint64_t patience_ms;                  /* see why_call */
    struct state *state;                   /* to be read; NULL: the engine's own */
    struct journal *journal;               /* likewise */
    const char *unread;                    /* why they could not be read; NULL: they could */
    bool daemon, reviews;                  /* see why_call */
    void (*done)(void *data, struct why *why, const struct error *err);
    void *data;
};
/* 0; ERR_NOT_FOUND: no such policy or cluster (names the nearest); ERR_INVALID: there are several clusters, and none is
 * named, or the policy is about another kind; ERR_UNREACHABLE: it is not connected; ERR_NOMEM. Then done is not called.
 * request may be NULL. */
int engine_why(struct engine *engine, const struct engine_why *call, struct why_request **request, struct error *err);

/* The shard of a run of a policy, or of one that waits for approval; -1: the jobs are not shared. And may it be decided
 * here? 0; ERR_REFUSED: others act for its jobs, who are named. */
int engine_run_shard(const struct engine *engine, int64_t run);
int engine_run_here(const struct engine *engine, int64_t run, struct error *err);

/* Runs that wait for approval (approval/approvals.h); NULL: no run can wait. */
struct approvals *engine_approvals(const struct engine *engine);

/* What holds for an undo of a run: on a cluster, of a policy. */
struct engine_undo_terms {
    struct runs *runs; /* of the cluster; NULL: there is no such cluster, or it is not connected: err says so */
    bool elsewhere;    /* not here, and the ceiling of an hour does not count it then */
    const char *asks;  /* why it has to wait for approval; static. NULL: it has not */
    bool over_limits;  /* it has to where it exceeds limits.changes or limits.percent of the policy */
    const struct policy_entry *entry; /* held by its set alone; NULL: the policy is not known, or not in force */
    unsigned quorum;                  /* that the policy asks for; 0: none */
    int64_t expires;                  /* microseconds: how long it waits */
};
/* run: its number, by which it is a shard's where daemons share the jobs; 0: it was by hand.
 * policy: of the run, or "by hand"; NULL: it is not known. Where it is not known or not in force, what it would ask for
 * is not known either: the undo waits where any policy in force has approval (as many as the strictest asks for), or
 * where a file is in quarantine. */
struct engine_undo_terms engine_undo_terms(struct engine *engine, int64_t run, const char *policy, const char *cluster,
                                           struct error *err);
/* The ceiling of an hour, where there is one, counts a change that a command makes of that object; of a shard's only
 * where this daemon owns it. */
void engine_count_change(struct engine *engine, const char *name_space, const char *uid);

/* ---- pauses ---- */
/* The policy takes no further runs; those under way go on to their end. What its schedule misses is made up for as its
 * `missed` says, when it is resumed. Keeping it is the caller's (pause/pauses.h). 0 or ERR_NOMEM. */
int engine_pause(struct engine *engine, const struct paused_mark *mark, struct error *err);
void engine_resume(struct engine *engine, const char *policy, const char *who);
/* options.paused was read again: it is in force now. */
void engine_renew_pauses(struct engine *engine);
/* NULL: it is not. Valid until the next change. */
const struct paused_mark *engine_paused(const struct engine *engine, const char *policy);
/* Those too that no file has now. NULL: none. Valid until the next change. */
const struct paused *engine_all_paused(const struct engine *engine);
/* Calls visit for each policy of the set that is paused. */
void engine_each_paused(const struct engine *engine, void (*visit)(void *data, const struct paused_mark *mark),
                        void *data);

/* No new run begins; those under way finish what they have sent, or are abandoned after grace_ms. Then everything is
 * closed and freed, and stopped is called. */
void engine_stop(struct engine *engine, uint64_t grace_ms, void (*stopped)(void *data), void *data);

/* The clock of a test was moved. */
void engine_clock_moved(struct engine *engine);
/* When something falls due next by the clock: microseconds since 1970; INT64_MAX: nothing does. */
int64_t engine_next(const struct engine *engine);
/* No run, load or recovery is under way. A cluster that cannot be reached does not count, once that is known. */
bool engine_idle(const struct engine *engine);

/* ---- what it is doing ---- */

/* The policies in force; NULL until they are loaded. Valid until the next turn of the loop, or while it is held
 * (policy_set_hold). */
const struct policy_set *engine_policies(const struct engine *engine);

struct engine_snapshot {
    bool stopping, loading;
    size_t clusters, connected;   /* connected: policies can run on them */
    size_t runs;                  /* those under way */
    int64_t hour_most, hour_left; /* changes_per_hour, and what is left of it now; most 0: there is no ceiling */
};
struct engine_snapshot engine_look(const struct engine *engine);

/* "frozen until 2027-01-04T06:00:00+01:00: the end of the year", where a freeze is on now; else NULL. Returns out. */
const char *engine_frozen(const struct engine *engine, char out[FREEZE_TEXT]);

/* A part of the daemon, and how it is. The texts are valid during the call. */
enum engine_part_kind {
    ENGINE_LEADER,
    ENGINE_SHARDS,
    ENGINE_CLUSTER,
    ENGINE_WATCH,
    ENGINE_POLICIES,
    ENGINE_CHANGES,
    ENGINE_FREEZE,
    ENGINE_NOTIFY
};
struct engine_part {
    enum engine_part_kind kind;
    const char *cluster; /* of ENGINE_CLUSTER and ENGINE_WATCH; else NULL, as the next two are */
    const struct cluster *at;
    const char *server; /* its URL */
    int64_t silence_us; /* of ENGINE_WATCH: since the server was last heard for it; -1: never */
    const char *name;   /* "MPIJobs in namespace train on cluster default" */
    const char *state;  /* "watched", "cannot be listed: ..." */
    bool well;          /* false: some policy cannot do what it is for */
    bool wrong;         /* something is wrong with it all the same */
};
/* Who leads, where there is an election; clusters, what is watched on each, the policies, and their changes of the last
 * hour where there is a ceiling; where notifications do not arrive. */
void engine_each_part(const struct engine *engine, void (*visit)(void *data, const struct engine_part *part),
                      void *data);
/* Calls visit for each policy in quarantine, and for each file that is (policy NULL). */
void engine_each_quarantined(const struct engine *engine,
                             void (*visit)(void *data, const char *policy, const struct quarantine_mark *mark),
                             void *data);

#endif
