/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that a person or the breaker (pause/breaker.h) has paused: they take no runs until a person resumes them.
 * By name, so that it holds over changes of their files. */
#ifndef MPIJOBD_PAUSE_PAUSED_H
#define MPIJOBD_PAUSE_PAUSED_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PAUSED_BY_BREAKER "the breaker" /* in place of a user, none of whom has a name with a blank */
#define PAUSED_WHY 400

struct paused_mark {
    char policy[64];
    char who[64];         /* the user's name */
    int64_t uid;          /* and number */
    int64_t at;           /* microseconds since 1970 */
    char why[PAUSED_WHY]; /* what the breaker has seen; "": nothing to say */
};

struct paused { /* begins as zeros */
    struct paused_mark *marks;
    size_t count;
};

/* NULL: it is not paused, or p is NULL. Valid until the next change. */
const struct paused_mark *paused_find(const struct paused *p, const char *policy);
/* A policy that is paused already keeps its mark. 0 or ERR_NOMEM. */
int paused_add(struct paused *p, const struct paused_mark *mark, struct error *err);
void paused_remove(struct paused *p, const char *policy);
void paused_free(struct paused *p);

#endif
