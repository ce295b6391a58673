/* Reading a definition: shared by the definition*.c only. */
#ifndef MPIJOBD_POLICY_DEFINITION_PARTS_H
#define MPIJOBD_POLICY_DEFINITION_PARTS_H

#include "policy/definition.h"

struct defining {
    lua_State *L;
    struct policy *p;
    const struct policy_source *source;
    int line, findings, triggers, actions;
    bool named;
    unsigned timing; /* keys that only a schedule or period has, by bit: timezone, jitter, missed, overlap */
};

enum { TIMING_ZONE = 1, TIMING_JITTER = 2, TIMING_MISSED = 4, TIMING_OVERLAP = 8 };

/* ---- definition_found.c ---- */
/* key: "limits.cpu"; NULL: the policy as a whole. */
void definition_found(struct defining *d, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void definition_type_error(struct defining *d, const char *key, int index, const char *expected);
/* NULL: it is none, which is told. */
const char *definition_string(struct defining *d, const char *key, int index, const char *expected);
void definition_duration(struct defining *d, const char *key, int index, int64_t *us);

/* ---- definition_trigger.c ---- */
/* schedule, every, on, and what goes with them. False: the key is none of these. */
bool definition_trigger(struct defining *d, const char *key, int index);

/* ---- definition_limits.c, definition_on.c ---- */
/* The table at index as the policy's limits. */
void definition_limits(struct defining *d, int index);
void definition_on(struct defining *d, int index);
void definition_check_on(struct defining *d);
/* Defaults where nothing was said, and never more than the daemon allows. */
void definition_cap(struct script_limits *limits, const struct script_limits *ceiling);

#endif
