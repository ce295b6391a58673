/* SPDX-License-Identifier: Apache-2.0 */
/* Before new policies are put in force: how many of the jobs that are watched now each of them would match, beside
 * those that the policy of its name matches. Nothing is written, and nothing asked of a server unless a `where` does.
 * It goes on in slices between the other turns of the loop; `where` runs in its sandbox within the policy's budget.
 * What is not counted when rehearsal_late is called is told as not known. */
#ifndef MPIJOBD_REHEARSAL_REHEARSAL_H
#define MPIJOBD_REHEARSAL_REHEARSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "jobs/watches.h"
#include "loop/defer.h"
#include "policy/load.h"
#include "run/runs.h"
#include "site/site.h"
#include "trigger/triggers.h"

#define REHEARSAL_MOST_MS 10000 /* how long the owner should wait before rehearsal_late */

/* A cluster whose triggers have started. What it points to outlives the rehearsal. */
struct rehearsal_place {
    const struct site *site;
    struct watches *watches;
    struct runs *runs;
    const struct triggers *triggers;
};

struct rehearsal_options {                /* all that it points to outlives the rehearsal */
    const struct rehearsal_place *places; /* copied */
    size_t place_count;
    const struct policy_set *was; /* in force; NULL: nothing is */
    struct defer_queue *soon;
    const struct clock *clock;
    const struct log *log;
    void (*done)(void *data); /* once, later */
    void *data;
};

struct rehearsal;
/* next stays until done. 0 or ERR_NOMEM, and then done is not called. */
int rehearsal_start(const struct rehearsal_options *options, const struct policy_set *next, struct rehearsal **out,
                    struct error *err);
/* In these three NULL is ignored. */
void rehearsal_cancel(struct rehearsal *rehearsal); /* done comes soon */
void rehearsal_late(struct rehearsal *rehearsal);   /* it has taken too long: done comes soon */
void rehearsal_free(struct rehearsal *rehearsal);   /* when it is done */

/* ---- what it has found ---- */

/* A policy that is new or changed, on one cluster where it is in force. Texts are valid as long as the rehearsal. */
struct rehearsed {
    const char *policy, *cluster;
    bool is_new, several; /* several: there are several clusters */
    int64_t was, would;   /* jobs that match now, by the policy in force and by the new one; -1: not counted */
    const char *unknown;  /* why the new one's are not; NULL: they are */
    int64_t handled;      /* jobs that the policy in force has handled; -1: it has no `on`, or that is not known */
    bool again;           /* these count as new with the new text */
    int64_t failed;       /* jobs for which the new `where` has failed */
    const char *error;    /* the first of its errors; NULL: none */
};
void rehearsal_each(const struct rehearsal *rehearsal, void (*visit)(void *data, const struct rehearsed *told),
                    void *data);
/* "1 policy changed; free-gpus would now match 41 instead of 12"; nothing where no policy is new or changed. NULL is
 * allowed in both. */
void rehearsal_sentence(const struct rehearsal *rehearsal, struct buf *out);
double rehearsal_seconds(const struct rehearsal *rehearsal); /* that it took */
void rehearsal_log(const struct rehearsal *rehearsal);

#endif
