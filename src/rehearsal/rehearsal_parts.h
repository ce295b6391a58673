/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by rehearsal*.c only: rehearsal.c has its life, rehearsal_where.c what is asked of `where`, rehearsal_told.c
 * the words. */
#ifndef MPIJOBD_REHEARSAL_REHEARSAL_PARTS_H
#define MPIJOBD_REHEARSAL_REHEARSAL_PARTS_H

#include "jobs/listing.h"
#include "rehearsal/rehearsal.h"
#include "run/run.h"

#define REHEARSAL_SLICE 200     /* jobs that are looked at in one turn of the loop */
#define REHEARSAL_SLICE_US 2000 /* and so long at most */

/* One text of a policy on one cluster: how many jobs it matches. */
struct rehearsal_side {
    const struct policy_entry *entry; /* NULL: there is no such text */
    struct guard_who who;
    int64_t count;
    bool counted;
    int64_t failed;      /* jobs for which `where` has failed */
    char *error;         /* the first of its errors; NULL: there was none */
    const char *unknown; /* why it is not counted; NULL: it is, or will be */
    char *reason;        /* the same, where it is not static */
};

/* A policy that is new or changed, on a cluster where it is in force. */
struct rehearsal_item {
    const struct rehearsal_place *at;
    struct rehearsal_side was, would;
    int64_t handled; /* jobs that the policy in force has handled; -1: not known */
};

struct rehearsal {
    struct rehearsal_options o;
    struct rehearsal_place *places; /* o.places, owned */
    struct defer turn;
    struct rehearsal_item *items;
    size_t count;
    size_t changed, added; /* policies */
    int64_t began, took;   /* microseconds of clock_monotonic */
    int64_t looked_at;     /* jobs, each time that one was looked at */
    bool cancelled, late;
    size_t cluster; /* whose caches are gone through: declarative conditions, all policies at once */
    int kind;
    struct job_cache *held; /* NULL: none is gone through */
    uint32_t slot;
    struct buf bytes;
    size_t side;                  /* then those with `where`, one after the other; two sides an item */
    size_t kind_at;               /* of its policy's kinds: the one whose jobs are gone through */
    struct job_cache *where_held; /* whose jobs `iter` gives */
    struct run *run;
    struct runs runs; /* which only look */
    struct run_feed feed;
    struct listing listing; /* the next jobs of `iter` */
    struct cache_iter iter;
    bool iterating;
    unsigned looked; /* jobs of the run under way */
    size_t handled;  /* then what was handled, item by item */
};

static inline struct rehearsal_side *rehearsal_side_at(struct rehearsal *r, size_t i)
{
    return i % 2 ? &r->items[i / 2].would : &r->items[i / 2].was;
}

/* ---- rehearsal_where.c ---- */
/* Goes on with the sides that have a `where`. True: that is over. False: it gets its turn. */
bool rehearsal_where(struct rehearsal *r);
void rehearsal_where_end(struct rehearsal *r);

#endif
