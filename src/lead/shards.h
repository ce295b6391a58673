/* SPDX-License-Identifier: Apache-2.0 */
/* The shards by which several daemons share the jobs (shard/README.md): a Lease a shard, NAME-0 and on, and the roll,
 * NAME itself. Takes what is this daemon's share, gives back what is more, and hears of every change. What has to be
 * ready before something is done for a shard joins the lead of the shard, and nothing else is to be done with that. */
#ifndef MPIJOBD_LEAD_SHARDS_H
#define MPIJOBD_LEAD_SHARDS_H

#include "lead/lead.h"
#include "shard/shard.h"

struct shards;

/* The name of a shard's Lease, where the roll's is `name`. Returns out. */
#define SHARD_LEASE_MAX 288
const char *shards_lease(const char *name, unsigned shard, char out[SHARD_LEASE_MAX]);

/* count: from 1 to SHARDS_MOST. options: of all the Leases; `name` is that of the roll, and `shared` is not looked at.
 * Blocks, and errors, as lead_new. */
int shards_new(const struct lead_options *options, unsigned count, struct shards **shards, struct error *err);
void shards_start(struct shards *shards);
/* Gives all of them back, as lead_close; closed is called when they are gone. */
void shards_close(struct shards *shards, void (*closed)(void *data), void *data);

unsigned shards_count(const struct shards *shards);
int64_t shards_retry(const struct shards *shards); /* microseconds between two looks, options.retry */
unsigned shards_owned(const struct shards *shards);
struct lead *shards_lead(const struct shards *shards, unsigned shard); /* the shards' own */
/* Who owns it; "": nobody does. Valid until the next turn. */
const char *shards_owner(const struct shards *shards, unsigned shard);

/* Says that this daemon owns none, and who does; or that it owns some, and why it does not act for them yet. Returns
 * ERR_REFUSED. */
int shards_refuse(const struct shards *shards, struct error *err);
/* Says why nothing is done here for the jobs of a shard: who owns it. whose: "this job's". Returns ERR_REFUSED. */
int shards_refuse_one(const struct shards *shards, unsigned shard, const char *whose, struct error *err);
/* Appends how they stand, as a sentence. False: something is wrong, which it says. *acts false: this daemon owns a
 * shard and cannot act for it, so that nobody does. */
bool shards_text(const struct shards *shards, bool *acts, struct buf *out);
/* Appends who owns the other shards: "node-b (shards 1, 3), node-c (shard 4)". Nothing where no other daemon does. */
void shards_others(const struct shards *shards, struct buf *out);

#endif
