/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what fails, and pauses. */
#include "pause/breaker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "cluster/cluster.h"
#include "events/events.h"
#include "pause/breaker_shards.h"
#include "run/bounds.h"
#include "site/counters.h"
#include "store/journal.h"

#define READ_MAX 1000 /* runs of the journal that are looked at, the newest first */

struct breaker_policy {
    char name[64];
    unsigned failing, unseen; /* in a row */
    bool known;               /* what the journal tells is counted */
    char why[PAUSED_WHY];     /* it has tripped; "": not */
    struct blamed job;        /* at which it has failed last */
    struct site *site;        /* where that is; outlives the breaker */
    struct breaker_policy *next;
};

/* NULL: out of memory, and then it is not counted. */
static struct breaker_policy *of(struct breaker *b, const char *name)
{
    struct breaker_policy *p;
    LL_FOREACH(b->policies, p)
    {
        if (strcmp(p->name, name) == 0)
            return p;
    }
    p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    snprintf(p->name, sizeof p->name, "%s", name);
    LL_PREPEND(b->policies, p);
    return p;
}

/* ---- tripping ---- */

/* Whose job it is sees it by kubectl describe. */
static void write_event(const struct breaker_policy *p)
{
    char text[PAUSED_WHY + 160];
    struct mpijob_view job = blamed_view(&p->job);
    if (!*p->job.uid || !p->site)
        return;
    snprintf(text, sizeof text, "policy %s is paused, and leaves all jobs alone until a person resumes it: %s", p->name,
             p->why);
    events_add(p->site->events,
               &(struct event){.job = &job, .reason = "PolicyPaused", .warning = true, .text = str_of(text)});
}

static void pause_one(const struct breaker_call *to, const struct breaker_policy *p)
{
    struct paused_mark mark = {.at = clock_now(to->clock)};
    struct error err;
    if (paused_find(to->paused, p->name))
        return;
    snprintf(mark.policy, sizeof mark.policy, "%s", p->name);
    snprintf(mark.who, sizeof mark.who, "%s", PAUSED_BY_BREAKER);
    snprintf(mark.why, sizeof mark.why, "%s", p->why);
    if (to->pause(to->data, &mark, &err)) {
        log_event(to->log, LOG_ERROR, "a policy that keeps failing could not be paused",
                  LOG_FIELDS({"policy", p->name}, {"reason", err.message}));
        return;
    }
    counters_tripped(to->counters, p->name);
    write_event(p);
}

static void turn(struct defer *d)
{
    struct breaker *b = d->data;
    struct breaker_policy *p;
    LL_FOREACH(b->policies, p)
    {
        if (*p->why && !b->stopped)
            pause_one(&b->call, p);
        *p->why = '\0';
    }
}

/* Events of a policy that wants none are not written. */
static void blame(struct breaker_policy *p, const struct blamed *job, struct site *site, bool quiet)
{
    p->job = job && !quiet ? *job : (struct blamed){0};
    p->site = site;
}

static void trip(struct breaker *b, struct breaker_policy *p, const char *why)
{
    snprintf(p->why, sizeof p->why, "%.*s", (int)strcspn(why, "\n"), why); /* without a traceback */
    defer_call(b->call.soon, &b->turn);
}

/* ---- counting ---- */

/* A person's session is no policy, and in a command nothing can be paused. */
static bool concerns(const struct breaker *b, const struct run *run)
{
    return b->call.paused && (run->policy->breaker || *run->broke) && !run->dry_run && !run_looks(run);
}

/* The cluster, the disk or the memory is to blame; or what we may do there, which no policy can mend, and which is
 * given back for all of them: a token that has ended must not leave all policies paused. */
static bool excused(const struct run *run)
{
    int code = run->error ? run->error->code : 0, status = run->error ? run->error->status : 0;
    return status == 401 || status == 403 || code == ERR_UNREACHABLE || code == ERR_IO || code == ERR_NOMEM ||
           kube_trouble(cluster_kube(run->site->cluster));
}

/* Else it went to its end, and not one of its changes was made: with some jobs that is no better than to fail. */
static bool went_well(int64_t changed, int64_t unchanged, int64_t failed)
{
    return changed || unchanged || !failed;
}

void breaker_run_ended(struct breaker *b, const struct run *run)
{
    char why[ERROR_MESSAGE_MAX + 96], where[32] = "";
    struct breaker_policy *p = concerns(b, run) ? of(b, run->policy->name) : NULL;
    if (!p)
        return;
    blame(p, run->blamed, run->site, run->policy->quiet);
    if (*run->broke) {
        trip(b, p, run->broke);
    } else if (run_bounds_broken(run)) {
        run_bounds_broken_text(run, why, sizeof why);
        trip(b, p, why);
    } else if (run->outcome == RUN_DONE && went_well(run->changed, run->unchanged, run->failed)) {
        p->failing = 0;
        breaker_shard_ended(b, run->site, p->name, false);
    } else if (run->outcome == RUN_DONE ? run->failed - run->excused >= BREAKER_JOBS
                                        : run->outcome == RUN_FAILED && !excused(run)) {
        unsigned in_shard = breaker_shard_ended(b, run->site, p->name, true);
        if (++p->failing < BREAKER_RUNS && in_shard < BREAKER_RUNS)
            return;
        if (p->failing < BREAKER_RUNS)
            snprintf(where, sizeof where, " in shard %u", run->site->shard.index);
        snprintf(why, sizeof why, "%u runs in a row%s have failed, the last one with: %s",
                 *where ? in_shard : p->failing, where, run->error ? run->error->message : "every change has failed");
        trip(b, p, why);
    }
}

void breaker_effect(struct breaker *b, const char *policy, const struct blamed *job, struct site *site, bool seen,
                    bool step)
{
    char why[PAUSED_WHY];
    const struct policy *in_force = b->call.paused ? b->call.policy(b->call.data, policy) : NULL;
    struct breaker_policy *p = in_force && (in_force->breaker || step) ? of(b, policy) : NULL;
    if (!p)
        return;
    p->unseen = seen ? 0 : p->unseen + 1;
    if (!seen)
        blame(p, job, site, in_force->quiet);
    if (step)
        snprintf(why, sizeof why, "a step of the canary has failed: its effect on %.100s/%.100s did not come",
                 job->name_space, job->name);
    else if (p->unseen >= BREAKER_EFFECTS)
        snprintf(why, sizeof why, "the effects of %u changes in a row did not come, the last one on %.100s/%.100s",
                 p->unseen, job->name_space, job->name);
    if (step || p->unseen >= BREAKER_EFFECTS)
        trip(b, p, why);
}

/* ---- the beginning ---- */

/* The newest come first, so a policy is known as soon as one of its runs was no failure. */
static bool count_row(void *data, const struct store_run *run)
{
    struct breaker *b = data;
    struct breaker_policy *p = run->outcome && !run->dry_run && !journal_run_decides(run) ? of(b, run->policy) : NULL;
    bool ended = p && (strcmp(run->outcome, "done") == 0 || strcmp(run->outcome, "partial") == 0);
    bool well = ended && went_well(run->changed, run->unchanged, run->failed);
    if (p && !p->known && !well && (ended ? run->failed >= BREAKER_JOBS : strcmp(run->outcome, "failed") == 0))
        p->failing++;
    if (well)
        p->known = true;
    return true;
}

int breaker_open(struct breaker *b, const struct breaker_call *call, struct error *err)
{
    struct store_filter newest = {.limit = READ_MAX};
    *b = (struct breaker){.call = *call, .turn = {.call = turn, .data = b}};
    if (!call->paused || !call->journal)
        return 0;
    return journal_read_runs(call->journal, &newest, false, count_row, b, err);
}

void breaker_stop(struct breaker *b)
{
    b->stopped = true;
}

void breaker_close(struct breaker *b)
{
    defer_cancel(&b->turn);
    breaker_shards_close(b);
    while (b->policies) {
        struct breaker_policy *p = b->policies;
        LL_DELETE(b->policies, p);
        free(p);
    }
}
