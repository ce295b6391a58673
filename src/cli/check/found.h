/* SPDX-License-Identifier: Apache-2.0 */
/* What `mpijobd check` has found, with the place and a code that stays the same. */
#ifndef MPIJOBD_CLI_CHECK_FOUND_H
#define MPIJOBD_CLI_CHECK_FOUND_H

#include "policy/load.h"

/* What is looked for. What cannot work is an error, what is probably wrong a warning. */
enum rule {
    RULE_FILE,
    RULE_POLICY,
    RULE_GLOBAL,
    RULE_PLUGIN,
    RULE_ASIDE,
    RULE_SCHEDULE_NEVER,
    RULE_SCHEDULE_RARE,
    RULE_MATCH_NEVER,
    RULE_MATCH_SCOPE,
    RULE_REPLACE_NOTHING,
    RULE_LOOP,
    RULE_DISAGREE,
    RULE_INERT,
    RULE_REFUSED,
    RULE_RIGHTS,
    RULE_DEPRECATED,
    RULES
};
struct rule_info {
    const char *code; /* "match-never" */
    bool error;
    const char *about; /* a sentence */
};
extern const struct rule_info check_rules[RULES];

struct finding {
    enum rule rule;
    const char *file, *policy, *message; /* policy NULL: it is about the file */
    int line, column;                    /* from 1, column in characters; 0: not known */
    bool told;                           /* it was printed already */
    char *texts;                         /* the block that holds them */
    size_t first, came;                  /* for their order: the first one of the same file, and its own number */
};

struct found {
    struct finding *items;
    size_t count, errors, warnings;
    bool failed; /* memory was out: something is missing */
};

/* The place of a key in the file of a policy. */
struct found_place {
    const struct policy_entry *entry;
    const char *key, *member; /* as of definition_place */
};
/* The message begins without the policy's name, which is put in front of it. */
void found_add(struct found *f, enum rule rule, struct found_place at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same of a file. text: its content, for the column (at: bytes from its beginning, 0: not known); may be empty. */
void found_add_file(struct found *f, enum rule rule, const char *file, int line, struct str text, size_t at,
                    const char *message);
/* What the load has found. */
void found_add_mistakes(struct found *f, const struct policy_set *set);
void found_sort(struct found *f); /* files in their order, and what is found in each as it stands there */
void found_free(struct found *f);

#endif
