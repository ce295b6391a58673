/* SPDX-License-Identifier: Apache-2.0 */
/* A policy as its author wrote it: read from a Lua table and checked. Everything that is wrong is reported at once,
 * with file and line. */
#ifndef MPIJOBD_POLICY_DEFINITION_DEFINITION_H
#define MPIJOBD_POLICY_DEFINITION_DEFINITION_H

#include <lua.h>

#include "limit/canary.h"
#include "mpijob/match/match.h"
#include "policy/kinds/policy_kinds.h"
#include "script/script.h"
#include "time/cron.h"
#include "time/freeze.h"

enum policy_missed { MISSED_SKIP, MISSED_ONCE, MISSED_ALL };
enum policy_overlap { OVERLAP_SKIP, OVERLAP_QUEUE, OVERLAP_ALLOW };
enum policy_approval { APPROVAL_NEVER, APPROVAL_OVER_LIMITS, APPROVAL_ALWAYS };
enum policy_action { ACTION_TABLE, ACTION_FUNCTION, ACTION_RUN };

/* The events of `on`, as bits. */
enum { ON_MATCH = 1, ON_ADDED = 2, ON_FINISHED = 4, ON_CHANGED = 8 };
#define ON_EVENTS 4
/* "match", say; of several bits the first one counts. */
const char *policy_on_name(unsigned event);

/* A condition of a plugin in `match`, which is asked by `where`: "calendar", "\"open\"", "business-calendar". That of
 * match.kueue, where no plugin has it, is of "mpijobd". */
struct policy_asked {
    char *name, *wanted, *plugin;
};

struct policy_slo {
    int64_t freed_within; /* microseconds from when a job matches; 0: nothing is promised */
    double objective;     /* percent of the jobs */
};

/* Before it acts on a job, its owner is told. */
#define POLICY_WARNINGS_MOST 8
struct policy_warn {
    int64_t at[POLICY_WARNINGS_MOST]; /* microseconds before it acts, the longest first */
    unsigned count;                   /* 0: it does not warn */
    bool annotation, event;
    int sinks; /* list of functions, a reference into Lua's registry; LUA_NOREF: none */
    unsigned sink_count;
};
#define POLICY_WARNED_ANNOTATION "warned.mpijobd.io/" /* and the policy's name */

struct policy {
    char name[64];
    char *about;      /* NULL: none */
    const char *file; /* path of its file, whose text outlives the policy */
    int line;
    bool has_schedule;
    char *schedule; /* as written; NULL: none */
    struct cron cron;
    struct zone *zone;             /* never NULL */
    int64_t every;                 /* microseconds; 0: none */
    unsigned on;                   /* ON_ bits; 0: it has a schedule or a period */
    int64_t jitter;                /* microseconds */
    int64_t wait_effect;           /* microseconds; 0: changes do not wait for their effects */
    struct windows window;         /* when its runs may begin, if window_text says so: see opening.h */
    struct days days_off;          /* of it */
    char *window_text;             /* "mon-fri 09:00-18:00 except holidays"; NULL: at any time */
    char *except_text;             /* "holidays"; NULL: no day is off */
    const struct freezes *freezes; /* when no run of any policy may begin; not owned. NULL: never */
    enum policy_missed missed;
    enum policy_overlap overlap;
    struct mpijob_match *match;
    int where; /* reference into Lua's registry; LUA_NOREF: none */
    struct policy_asked *asked;
    size_t asked_count;
    unsigned kueue_states; /* that match.kueue asks for, a bit for each enum kueue_state; 0: none */
    bool own_where;        /* and the author's own function is asked after these */
    enum policy_action action;
    int function; /* of ACTION_FUNCTION and ACTION_RUN: reference into Lua's registry */
    struct script_limits limits;
    int64_t changes_max;   /* in one run; -1: no limit */
    double percent_max;    /* of the jobs in scope; negative: no limit */
    int64_t percent_floor; /* up to so many changes percent_max does not count */
    int64_t gap;           /* microseconds between two writes at least (limits.per_second); 0: none */
    enum policy_approval approval;
    int64_t approval_expires; /* microseconds: how long a run waits for it */
    unsigned approval_quorum; /* different persons that it asks for, from 1 to 8; 0: as the configuration says */
    unsigned concurrency;     /* changes under way at once */
    bool dry_run, destructive;
    const char *through_child; /* the key that asks for it, static; NULL: none does */
    bool per_shard;            /* its function may run in each shard, where daemons share the jobs */
    struct canary *canary;     /* how it is led in; NULL: at once. Owned */
    bool breaker;              /* it is paused when it keeps failing */
    bool quiet;                /* events = false: no Events on the jobs that it changes */
    bool again;                /* what it has handled counts as new when its text is another */
    int64_t recheck;   /* microseconds: jobs for which `where` said no are asked again so long after; 0: never */
    int64_t holds_for; /* microseconds that the whole match must have held before it acts; 0: it acts at once */
    struct policy_slo slo;
    struct policy_warn warn;
    struct policy_kinds kinds; /* what it is about; with its changes, of ACTION_TABLE */
    uint64_t text; /* tells one text of it from another: see policy/policy_text.h; set when its file is loaded */
    char *moving;  /* with `on`: what `where` asks that changes while the job does not: "time.now at policies/p.lua:5";
                        NULL: nothing that is seen. Set with `text` */
    int table;     /* reference of its definition into Lua's registry, until its file is loaded */
    char **clusters; /* names, NULL-terminated, never an empty list; NULL: all clusters */
};

/* "0 9 * * mon-fri (Europe/Berlin)", "on match, added", "every 10m". Returns out. */
#define POLICY_TRIGGER_TEXT 160
const char *policy_trigger_text(const struct policy *policy, char out[POLICY_TRIGGER_TEXT]);

/* Is called for each thing that is wrong in a policy file. at: see definition_line.h. */
typedef void (*policy_finding)(void *data, const char *file, int line, size_t at, const char *message);

struct cluster;
struct mpijob_kinds;
struct plugin;
struct policy_zones;

struct policy_source {
    const char *file, *text; /* the file's path, and its content, in which a key's line is found */
    size_t len;
    const char *const *clusters;      /* the configured names, NULL-terminated; NULL: unknown */
    const struct policy_zones *zones; /* that were read beforehand */
    struct mpijob_kinds *kinds;       /* where kinds of plugins are added; NULL: the policy cannot be about these */
    struct cluster *const *connected; /* where it will run: they are told of its kinds */
    size_t connected_count;
    struct plugin *const *required; /* plugins that the file has required so far */
    size_t required_count;
    unsigned shards;               /* see policy/load.h */
    struct script_limits ceilings; /* no policy gets more; 0: no bound */
    const struct freezes *freezes; /* of all policies; outlive these. NULL: none */
    /* The policy while it is being read, then NULL: the caller frees it where a Lua memory error ends the reading. */
    struct policy **held;
    policy_finding report;
    void *data;
};

/* Reads the table at index, which is defined at `line`. The caller owns the policy. NULL: something was wrong, and was
 * reported; out of memory is reported too. Raises no Lua error but a memory error. */
struct policy *policy_read(lua_State *L, int index, int line, const struct policy_source *source);
/* Does `match` ask a function: `where`, or a condition of a plugin? */
bool policy_asks_where(const struct policy *policy);
/* Does it act on a job only some time after the job has come to match? */
static inline bool policy_waits(const struct policy *policy)
{
    return policy->holds_for || policy->warn.count;
}
/* What a run by hand would pass over then: "warns before it acts". */
static inline const char *policy_waits_text(const struct policy *policy)
{
    return policy->warn.count ? "warns before it acts" : "acts on what has matched for some time (holds_for)";
}
/* Does the policy run on the cluster of this name? */
bool policy_on_cluster(const struct policy *policy, const char *cluster);
void policy_free(struct policy *policy); /* its references go with their lua_State; NULL is ignored */

#endif
