/* SPDX-License-Identifier: Apache-2.0 */
/* A shard's part of the ceiling of an hour is kept in the shard's state, and so moves with it: how many changes were
 * counted in each minute, of which 61 are kept. It is written with the intent of a change at the latest, so that who
 * takes the shard knows of it. What is read again counts as of the last instant of its minute that was counted: so
 * there is never room for more than there is. */
#ifndef MPIJOBD_LIMIT_HOUR_KEPT_H
#define MPIJOBD_LIMIT_HOUR_KEPT_H

#include "limit/hour.h"

#define HOUR_LENGTH (3600 * CLOCK_SECOND) /* microseconds */

struct shard;
struct state;

/* The shard's part of the ceiling: the parts of all shards together are `most`. */
int64_t hour_part(const struct shard *shard, int64_t most);
/* As hour_open, with that part. */
void hour_open_part(struct hour *hour, const struct shard *shard, int64_t most);
/* Forgets what was counted, and counts what the state has of it; what is set aside stays. From now on it is kept there.
 * Blocks. Errors as of state_read_kept, or ERR_NOMEM. */
int hour_kept_read(struct hour *hour, struct state *state, struct error *err);
/* For hour.c: so many more were counted at that instant. Nothing where it is not kept. */
void hour_kept_add(struct hour *hour, int64_t at, int by);
/* " (the part of this shard, of 100 for all)" where it is a shard's, else "": behind the name of the ceiling. The
 * hour's. */
const char *hour_part_words(const struct hour *hour);

#endif
