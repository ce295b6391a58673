/* Reading a definition: shared by definition.c and definition_limits.c only. */
#ifndef MPIJOBD_POLICY_DEFINITION_PARTS_H
#define MPIJOBD_POLICY_DEFINITION_PARTS_H

#include "policy/definition.h"

struct defining {
    lua_State *L;
    struct policy *p;
    const struct policy_source *source;
    int line, findings, triggers, actions;
    bool named, zoned;
};

/* key: "limits.cpu"; NULL: the policy as a whole. */
void definition_found(struct defining *d, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void definition_type_error(struct defining *d, const char *key, int index, const char *expected);
void definition_duration(struct defining *d, const char *key, int index, int64_t *us);

/* The table at index as the policy's limits. */
void definition_limits(struct defining *d, int index);
/* Defaults where nothing was said, and never more than the daemon allows. */
void definition_cap(struct script_limits *limits, const struct script_limits *ceiling);

#endif
