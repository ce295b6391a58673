/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan says beside the changes: jobs that a daemon's state has as handled already, and policies that stand
 * aside. */
#ifndef MPIJOBD_CLI_PLAN_PLAN_PAST_H
#define MPIJOBD_CLI_PLAN_PLAN_PAST_H

#include <stdio.h>

#include "cli/session/session.h"
#include "store/store.h"

struct plan_note;
struct plan_past {           /* zeroed at the beginning */
    struct store *reader;    /* of the state; NULL: no daemon has left one, or it is not known */
    struct plan_note *notes; /* list, of the policies with `on` whose past is known */
    size_t count, cap;
    bool full; /* out of memory */
};

/* Opens the state that --state or the configuration names, or the default one where it is there, for reading only,
 * beside a running daemon. 0; or the exit code, where --state names one that cannot be read. Of others that is said on
 * standard error. */
int plan_past_open(struct plan_past *past, struct session *s);
/* For engine_options.left. */
void plan_past_add(struct plan_past *past, const struct run *run, const struct engine_left *left);

/* By policies as their files have them, and by cluster. */
void plan_past_sort(struct plan_past *past, const struct policy_set *set);
/* A line for each policy that leaves jobs alone, or has another text. */
void plan_past_write(const struct plan_past *past, FILE *out);
/* The same, and the policies that stand aside, as members of a list. first: nothing stands in the list yet. */
void plan_past_write_json(const struct plan_past *past, const struct session *s, bool first, FILE *out);
/* The state is closed with the session. */
void plan_past_free(struct plan_past *past, struct session *s);

#endif
