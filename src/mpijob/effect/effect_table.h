/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the mpijob floor only: what the experiments found, as rows, and what a row is looked up by. now:
 * microseconds since 1970. */
#ifndef MPIJOBD_MPIJOB_EFFECT_EFFECT_TABLE_H
#define MPIJOBD_MPIJOB_EFFECT_EFFECT_TABLE_H

#include "mpijob/dialect.h"
#include "mpijob/effect/effect.h"

const char *release_name(int bit); /* of enum mpijob_release, by the bit's number: "mpi-operator v0.2.3" */

/* The job's state, as far as it decides what a change does. */
enum job_state {
    STATE_UNSEEN = 1 << 0,      /* no condition yet: no controller has acted on it, so the launcher is not there */
    STATE_NO_LAUNCHER = 1 << 1, /* pending, and the launcher waits for the workers (launcherCreationPolicy) */
    STATE_PENDING = 1 << 2,     /* pending otherwise: the launcher may be there or not */
    STATE_RUNNING = 1 << 3,     /* restarting too */
    STATE_SUSPENDED = 1 << 4,
    STATE_SUCCEEDED = 1 << 5,
    STATE_FAILED = 1 << 6,  /* an evicted job too once its completionTime is set */
    STATE_EVICTED = 1 << 7, /* Failed with reason MPIJobEvicted, no completionTime */
};
#define STATE_FINISHED (STATE_SUCCEEDED | STATE_FAILED)
#define STATE_BEFORE (STATE_UNSEEN | STATE_NO_LAUNCHER | STATE_PENDING)
#define STATE_ANY 0xff

/* What a change means. Which of them apply depends on the field. */
enum change_meaning {
    MEANS_SAME = 1 << 0,    /* absent to the default, or back */
    MEANS_NONE = 1 << 1,    /* cleanPodPolicy to None or absent */
    MEANS_RUNNING = 1 << 2, /* cleanPodPolicy None or absent to Running */
    MEANS_ALL = 1 << 3,     /* cleanPodPolicy None or absent to All */
    MEANS_ALL_TO_RUNNING = 1 << 4,
    MEANS_RUNNING_TO_ALL = 1 << 5,
    MEANS_HEALED = 1 << 6,   /* a value that was not one of the three, corrected */
    MEANS_ELAPSED = 1 << 7,  /* a deadline or TTL that has passed already */
    MEANS_AHEAD = 1 << 8,    /* one to come, where none was in force, or a later one */
    MEANS_REMOVED = 1 << 9,  /* no value any more */
    MEANS_UNDATED = 1 << 10, /* a deadline or TTL of a job without the time that it counts from */
    MEANS_ZERO = 1 << 11,    /* backoffLimit 0 */
    MEANS_OTHER = 1 << 12,
    MEANS_SUSPEND = 1 << 13,
    MEANS_SUSPEND_RUNNING = 1 << 14, /* with cleanPodPolicy Running, and no worker has ended */
    MEANS_RESUME = 1 << 15,
    MEANS_RESUME_RUNNING = 1 << 16,
    MEANS_AWAY = 1 << 17,          /* managedBy to another manager */
    MEANS_QUEUE = 1 << 18,         /* schedulingPolicy.queue */
    MEANS_BAD = 1 << 19,           /* a value that the checks refuse; only a whole object can carry it here */
    MEANS_LATER = 1 << 20,         /* one to come, later than the one in force */
    MEANS_SUSPEND_ENDED = 1 << 21, /* with cleanPodPolicy Running, and a worker has ended */
    MEANS_SUSPEND_OPEN = 1 << 22,  /* with cleanPodPolicy Running, and the status does not tell of its workers */
};
#define MEANS_ANY 0x7fffff
#define MEANS_DUE (MEANS_AHEAD | MEANS_LATER)
#define MEANS_SUSPENDS (MEANS_SUSPEND | MEANS_SUSPEND_RUNNING | MEANS_SUSPEND_ENDED | MEANS_SUSPEND_OPEN)

/* What a row says, beyond the verdicts of effect.h. */
#define EFFECT_DROPPED (-1)  /* the definition has no such field: the answer shows it, and it is an error of its own */
#define EFFECT_REJECTED (-2) /* the API server, or a webhook before it, refuses the change */
#define EFFECT_IN_STEPS (-3) /* the same; but it takes it in two writes, of which the first removes the value */

struct effect_row {
    unsigned releases; /* enum mpijob_release */
    unsigned states;
    enum mpijob_field_id field;
    unsigned meanings;
    int effect; /* enum mpijob_effect or EFFECT_DROPPED */
    const char
        *why; /* {launcher} the launcher's name, {from} {to} values, {at} the instant that a deadline or TTL falls on */
};
struct effect_rows {
    const struct effect_row *items;
    size_t count;
};
extern const struct effect_rows effect_of_job;      /* changes of the MPIJob */
extern const struct effect_rows effect_of_launcher; /* changes of its launcher Job or Pod */

/* One field's change, ready to be looked up. */
struct effect_query {
    const struct effect_rows *rows;
    enum mpijob_field_id field;
    unsigned state, meaning; /* one bit each */
    struct json from, to;    /* in force before and after; absent where unset */
    int64_t at;              /* MEANS_ELAPSED, MEANS_AHEAD: microseconds */
};

unsigned effect_state(const struct mpijob_view *view);
/* What the value in force becomes, of a deadline or TTL that counts from start, or of a backoffLimit; sets meaning and
 * at. */
void effect_query_span(struct effect_query *query, int64_t start, int64_t now);
void effect_query_backoff(struct effect_query *query);
/* What the controllers that come into question agree on about a change of the launcher. */
void effect_judge_launcher(const struct mpijob_view *view, const struct effect_query *query, struct mpijob_verdict *v);
/* mpijob_judge, without the fields that are skipped (NULL: none): all of them skipped is UNCHANGED, without a word. */
void effect_judge_but(const bool skipped[FIELD_COUNT], const struct mpijob_view *before, const struct mpijob_diff *diff,
                      int64_t now, struct mpijob_verdict *verdict);
/* Both verdicts as one: the weightier first. A sentence without an effect of its own is empty. */
void effect_join(struct mpijob_verdict *verdict, const struct mpijob_verdict *other);
/* False: the diff changes nothing of that field that counts. */
bool effect_query(const struct mpijob_view *view, const struct mpijob_diff *diff, enum mpijob_field_id field,
                  int64_t now, struct effect_query *query);
/* When the deadline in force falls; MPIJOB_NO_TIME without one. object: the job, value: activeDeadlineSeconds. */
int64_t effect_deadline(const struct mpijob_view *view, struct json value);

#endif
