/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the journal that were given to people, who may say more of them: rows of changes by hand, and runs of
 * theirs. */
#ifndef MPIJOBD_CONTROL_VERBS_GIVEN_OUT_H
#define MPIJOBD_CONTROL_VERBS_GIVEN_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct given {
    int64_t number;
    uid_t uid;
    bool ended;  /* of a row: only its effect may still be told */
    bool counts; /* of a run: the ceiling of an hour counts its changes */
};

struct given_out { /* {0}: none */
    struct given *items;
    size_t count, cap;
};

/* Of more than 10,000 the oldest is forgotten. 0 or ERR_NOMEM. */
int given_out_add(struct given_out *out, int64_t number, uid_t uid);
/* One of that user, or, for root, of any; NULL: that user has no such number. Valid until the next call. */
struct given *given_out_find(const struct given_out *out, int64_t number, uid_t uid, bool ended);
void given_out_remove(struct given_out *out, struct given *given);
void given_out_free(struct given_out *out);

#endif
