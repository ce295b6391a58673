/* A policy as its author wrote it: read from the Lua table, checked, every finding told at once with file and line. */
#ifndef MPIJOBD_POLICY_DEFINITION_H
#define MPIJOBD_POLICY_DEFINITION_H

#include <lua.h>

#include "mpijob/change/job_changes.h"
#include "mpijob/match/match.h"
#include "script/script.h"
#include "time/cron.h"

enum policy_missed { MISSED_SKIP, MISSED_ONCE, MISSED_ALL };
enum policy_overlap { OVERLAP_SKIP, OVERLAP_QUEUE, OVERLAP_ALLOW };
enum policy_action { ACTION_TABLE, ACTION_FUNCTION, ACTION_RUN };

/* `on`, by bit. */
enum { ON_MATCH = 1, ON_ADDED = 2, ON_FINISHED = 4, ON_CHANGED = 8 };
#define ON_EVENTS 4
/* "match"; of several the first. */
const char *policy_on_name(unsigned event);

struct policy {
    char name[64];
    char *about;      /* NULL: none */
    const char *file; /* of its file, which outlives it */
    int line;
    bool has_schedule;
    char *schedule; /* as written */
    struct cron cron;
    struct zone *zone; /* never NULL */
    int64_t every;     /* microseconds; 0: none */
    unsigned on;       /* 0: a schedule or period */
    int64_t jitter;
    int64_t wait_effect; /* microseconds; 0: replacements do not wait */
    enum policy_missed missed;
    enum policy_overlap overlap;
    struct mpijob_match *match;
    int where; /* registry reference, LUA_NOREF: none */
    enum policy_action action;
    int function;                  /* replace or run: registry reference */
    struct mpijob_changes changes; /* of ACTION_TABLE; checked here already */
    struct script_limits limits;
    int64_t changes_max; /* -1: no limit */
    double percent_max;  /* of the jobs in scope; negative: no limit */
    unsigned concurrency;
    bool dry_run, destructive, through_launcher;
    enum mpijob_kind kind;
    char **clusters; /* names, NULL-terminated; NULL: all. Never an empty list */
};

/* A finding about a policy file; told one by one. */
typedef void (*policy_finding)(void *data, const char *file, int line, const char *message);

struct policy_source {
    const char *file, *text; /* the file's path and content, to find a key's line */
    size_t len;
    const char *timezone;          /* default zone: "UTC" */
    const char *const *clusters;   /* configured names, NULL-terminated; NULL: not known */
    struct script_limits ceilings; /* of the daemon; 0: none */
    struct policy **
        held; /* the one being read, NULL when it is complete: freed by the caller if a memory error ends the reading */
    policy_finding report;
    void *data;
};

/* Reads the table at index of L, defined at `line`. NULL where something was found wrong (reported) or out of memory.
 * May raise only memory errors. */
struct policy *policy_read(lua_State *L, int index, int line, const struct policy_source *source);
bool policy_on_cluster(const struct policy *policy, const char *cluster);
void policy_free(struct policy *policy); /* the references die with their lua_State */

#endif
