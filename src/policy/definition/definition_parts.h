/* SPDX-License-Identifier: Apache-2.0 */
/* What the files definition*.c share while they read a policy's table. */
#ifndef MPIJOBD_POLICY_DEFINITION_DEFINITION_PARTS_H
#define MPIJOBD_POLICY_DEFINITION_DEFINITION_PARTS_H

#include "policy/definition/definition.h"

struct defining {
    lua_State *L;
    struct policy *p;
    const struct policy_source *source;
    int line, findings, actions;
    unsigned triggers; /* TRIGGER_ bits of the keys that are there, whether their values are good or not */
    bool named;
    const struct mpijob_kind *changes_of; /* of several kinds the one whose changes are being read; else NULL */
    bool kind_bad;                        /* there is no such kind, and that was told */
    unsigned event_keys;                  /* EVENT_KEY_ bits of the keys that were read: they go with `on` only */
    unsigned timing; /* TIMING_ bits of the keys that were read: they go with a schedule or a period only, but window */
};

enum { TRIGGER_SCHEDULE = 1, TRIGGER_EVERY = 2, TRIGGER_ON = 4 };
enum {
    EVENT_KEY_AGAIN = 1,
    EVENT_KEY_RECHECK = 2,
    EVENT_MATCH_BAD = 4,
    EVENT_KEY_HOLD = 8,
    EVENT_KEY_HOLDS_FOR = 16,
    EVENT_KEY_WARN = 32
};
enum { TIMING_ZONE = 1, TIMING_JITTER = 2, TIMING_MISSED = 4, TIMING_OVERLAP = 8, TIMING_WINDOW = 16 };

/* ---- definition_found.c ---- */
/* Reports that something is wrong. key: "limits.cpu", say; NULL: the policy as a whole. */
void definition_found(struct defining *d, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of a label or an annotation (member) among those that key names. */
void definition_found_in(struct defining *d, const char *key, const char *member, const char *message);
void definition_type_error(struct defining *d, const char *key, int index, const char *expected);
/* The string at index; NULL: another type is there, and that was reported. */
const char *definition_string(struct defining *d, const char *key, int index, const char *expected);
/* Sets *us (microseconds) from the duration at index; left as it is where there is no duration, which is reported. */
void definition_duration(struct defining *d, const char *key, int index, int64_t *us);

/* ---- definition_trigger.c ---- */
/* Reads schedule, every, on and the keys that go with them. False: it is another key. */
bool definition_trigger(struct defining *d, const char *key, int index);

/* ---- definition_kind.c ---- */
/* Reads `kind`, before all that depends on it. */
void definition_kind(struct defining *d, int index);
/* What is said of a kind that does not have it. index: of the policy's table. */
void definition_check_kind(struct defining *d, int index);
/* Of a list of kinds: have all of them each field of the `replace` table at index? What not all have is told. */
bool definition_kinds_have(struct defining *d, int index);

/* ---- definition_child.c ---- */
void definition_child(struct defining *d, int index); /* reads the keys, of the policy's table */
/* Has each kind such a child, and is anything changed there? */
void definition_check_child(struct defining *d, int index);

/* ---- definition_shards.c ---- */
/* What cannot be where each daemon has a part of the jobs. */
void definition_check_shards(struct defining *d);

#define PERCENT_FLOOR 10 /* changes that limits.percent does not count, where the policy says nothing */

/* ---- definition_limits.c, definition_on.c, definition_window.c, definition_clusters.c, definition_approval.c ---- */
/* Reads the table at index as the policy's limits. */
void definition_limits(struct defining *d, int index);
void definition_on(struct defining *d, int index);
void definition_recheck(struct defining *d, int index);
void definition_holds_for(struct defining *d, int index);
void definition_check_on(struct defining *d);
void definition_clusters(struct defining *d, int index);
void definition_approval(struct defining *d, int index);
void definition_approval_expires(struct defining *d, int index);
void definition_check_approval(struct defining *d);
void definition_window(struct defining *d, int index);
void definition_canary(struct defining *d, int index); /* definition_canary.c */
void definition_except(struct defining *d, int index);
void definition_hold(struct defining *d, int index);
void definition_hold_default(struct defining *d); /* what hold = {} says */
/* ---- definition_slo.c ---- */
void definition_slo(struct defining *d, int index);
void definition_check_slo(struct defining *d); /* all keys are read */
/* ---- definition_warn.c ---- */
void definition_warn(struct defining *d, int index);
void definition_check_warn(struct defining *d);    /* all keys are read */
void definition_window_settle(struct defining *d); /* the zone is known, and all keys are read */
/* Fills in the defaults, and keeps the limits below the daemon's ceilings. */
void definition_cap(struct script_limits *limits, const struct script_limits *ceiling);

#endif
