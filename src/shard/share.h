/* SPDX-License-Identifier: Apache-2.0 */
/* Which shards a daemon takes and gives back, from what it sees of the Leases (README.md). Times are
 * microseconds. */
#ifndef MPIJOBD_SHARD_SHARE_H
#define MPIJOBD_SHARD_SHARE_H

#include "shard/shard.h"

struct share_seen {
    const char *holder; /* who owns it now; "": nobody does */
    int64_t free_for;   /* for how long nobody has owned it; only where nobody does */
};

struct share {
    const char *me;
    unsigned count; /* of shards */
    const struct share_seen *shards;
    const char *asker; /* who holds the roll; "": nobody does */
    int64_t lease;     /* for how long a Lease binds */
    int64_t retry;     /* between two looks at a Lease */
};

struct share_sum {
    unsigned mine;    /* shards that this daemon owns */
    unsigned free;    /* those that nobody owns */
    unsigned daemons; /* that are seen: owners, the asker, this one */
    unsigned most;    /* shards that one of so many may have */
    unsigned largest; /* shards of the one that has most */
};
struct share_sum share_sum(const struct share *share);

/* Is this daemon short of shards, so that it should hold the roll? */
bool share_is_short(const struct share *share);
/* The shard to give back to the asker; -1: none. */
int share_gift(const struct share *share);
/* How long to wait before a shard that nobody owns is taken; 0: it is taken now. taking: of others that are just being
 * taken by this daemon. */
int64_t share_wait(const struct share *share, unsigned shard, unsigned taking);

#endif
