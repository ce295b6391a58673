/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the effect floor only: what changes of objects of other kinds do, a row a finding. The rows of TrainJobs,
 * JobSets, Jobs and of Kueue's kinds are from experiments (tests/fixtures/effects-kinds.tsv). */
#ifndef MPIJOBD_MPIJOB_EFFECT_OBJECT_ROWS_H
#define MPIJOBD_MPIJOB_EFFECT_OBJECT_ROWS_H

#include "mpijob/effect/effect_table.h"

/* Whose the object is, as far as that decides: the first that holds. A bit each. */
enum object_under {
    UNDER_JOBSET = 1 << 0,
    UNDER_TRAINJOB = 1 << 1,
    UNDER_KUEUE = 1 << 2, /* it has no such owner, and is managed by Kueue */
    UNDER_NOBODY = 1 << 3,
};
#define UNDER_ANY 0xfu

/* A change that is being judged. */
struct changing {
    struct json before, after; /* the objects; after is absent where it is deleted */
    struct json set;           /* of a Job: its JobSet, where that was read */
    int64_t now;               /* microseconds */
    unsigned state;            /* one of enum job_state; pending and running are not told apart but for Workloads */
    unsigned under;            /* one of enum object_under */
    int64_t at;                /* set by a test: the instant that a deadline or TTL falls on, or MPIJOB_NO_TIME */
    const char *placed_of;     /* what test_placement has looked at, and what it found */
    bool placed;
};

/* from, to: the values at the row's place, which differ; absent where unset. */
typedef bool (*change_test)(struct changing *c, struct json from, struct json to);

struct object_row {
    const char *group, *plural; /* "batch", "jobs"; NULL: any other kind that has a template of pods */
    const char *pointer;        /* the place, or what holds it; "": its deletion */
    unsigned states, under;     /* enum job_state, enum object_under */
    change_test test;           /* NULL: any change */
    int effect;                 /* enum mpijob_effect, or one of the EFFECT_... of effect_table.h */
    const char *why;            /* {at}: the instant */
    bool perhaps;               /* it may end what runs; of EFFECT_DESTRUCTIVE that is said already */
};
extern const struct object_row object_rows[]; /* the first that fits counts; ends at a NULL pointer */

/* Those that were tried: what has no row is covered by no experiment, and labels are only stored. */
bool object_was_tried(const char *group, const char *plural);

/* ---- object_tests.c ---- */

bool test_added(struct changing *c, struct json from, struct json to);
bool test_removed(struct changing *c, struct json from, struct json to);
bool test_changed(struct changing *c, struct json from, struct json to); /* from one value to another */
bool test_set(struct changing *c, struct json from, struct json to);     /* to a value */
bool test_true(struct changing *c, struct json from, struct json to);
bool test_false(struct changing *c, struct json from, struct json to); /* from true */
bool test_off(struct changing *c, struct json from, struct json to);   /* to false, of what is true by default */
bool test_less(struct changing *c, struct json from, struct json to);  /* of a number; absent counts as 1 */
bool test_more(struct changing *c, struct json from, struct json to);
/* A limit of failures below those that there were. */
bool test_below_failures(struct changing *c, struct json from, struct json to);
/* No whole number that an int32 holds, or below 0; below 1. */
bool test_no_number(struct changing *c, struct json from, struct json to);
bool test_no_positive(struct changing *c, struct json from, struct json to);
/* A deadline of a Job or Pod that has passed, or is to come; a TTL. Set c->at. */
bool test_deadline_passed(struct changing *c, struct json from, struct json to);
bool test_deadline_ahead(struct changing *c, struct json from, struct json to);
bool test_ttl_passed(struct changing *c, struct json from, struct json to);
bool test_ttl_ahead(struct changing *c, struct json from, struct json to);
/* A deadline of a Job of a JobSet that was read: the set begins again by it, has ended by it already, waits for its
 * resume, will end by it. Set c->at. */
bool test_set_begins_again(struct changing *c, struct json from, struct json to);
bool test_set_ends_now(struct changing *c, struct json from, struct json to);
bool test_set_ends(struct changing *c, struct json from, struct json to);
bool test_train_ends_now(struct changing *c, struct json from, struct json to); /* the same of a TrainJob's set */
bool test_train_ends(struct changing *c, struct json from, struct json to);
/* A TrainJob gets a deadline where it had none. */
bool test_train_deadline(struct changing *c, struct json from, struct json to);
bool test_drain(struct changing *c, struct json from, struct json to); /* stopPolicy */
bool test_hold(struct changing *c, struct json from, struct json to);
/* Of templates of pods: nothing but where and under which labels the pods will run. */
bool test_placement(struct changing *c, struct json from, struct json to);
/* The change leaves the object unsuspended, as it was. */
bool test_goes_on(struct changing *c, struct json from, struct json to);
bool test_with_parallelism(struct changing *c, struct json from, struct json to); /* completions of an Indexed Job */
bool test_time_ran_out(struct changing *c, struct json from, struct json to);     /* of a Workload, set active */

#endif
