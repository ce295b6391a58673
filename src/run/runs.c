/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to all runs of a cluster at once. */
#include "run/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "run/run.h"

void runs_init(struct runs *runs, struct site *site, struct watches *watches)
{
    *runs = (struct runs){.site = site, .watches = watches};
}

bool runs_busy(const struct runs *runs, const char *policy)
{
    const struct run *run;
    DL_FOREACH(runs->list, run)
    {
        if (!run->handed_back && strcmp(run->policy->name, policy) == 0)
            return true;
    }
    return false;
}

bool runs_idle(const struct runs *runs)
{
    const struct run *run;
    DL_FOREACH(runs->list, run)
    {
        if (!run->host || run->changes)
            return false;
    }
    return true;
}

struct site *runs_look(struct runs *runs)
{
    struct site look = *runs->site;
    look.log = NULL;
    look.journal = NULL;
    look.state = NULL;
    look.recorder = NULL;
    look.counters = NULL;
    look.events = NULL;
    look.dry_run = look.once = true;
    look.open = runs->look.open;
    look.links = runs->look.links;
    runs->look = look;
    return &runs->look;
}

void runs_invite(struct runs *runs, struct runs_guest *guest)
{
    DL_APPEND(runs->guests, guest);
}

void runs_part(struct runs *runs, struct runs_guest *guest)
{
    DL_DELETE(runs->guests, guest);
}

void runs_stop(struct runs *runs, const char *why, bool leave_open)
{
    struct run *run, *next;
    struct runs_guest *guest, *after;
    DL_FOREACH_SAFE(runs->guests, guest, after)
    {
        guest->stop(guest);
    }
    DL_FOREACH_SAFE(runs->list, run, next)
    {
        run_stop(run, why, leave_open);
    }
}

void runs_abandon(struct runs *runs)
{
    struct run *run, *next;
    DL_FOREACH_SAFE(runs->list, run, next)
    {
        run_abandon(run);
    }
}

struct runs_pace *runs_pace(struct runs *runs, const char *policy)
{
    struct runs_pace *pace;
    LL_FOREACH(runs->paces, pace)
    {
        if (strcmp(pace->policy, policy) == 0)
            return pace;
    }
    pace = calloc(1, sizeof *pace);
    if (!pace)
        return NULL;
    snprintf(pace->policy, sizeof pace->policy, "%s", policy);
    rate_init(&pace->rate, runs->site->alarms, runs->site->clock);
    LL_PREPEND(runs->paces, pace);
    return pace;
}

struct limit_speed runs_speed(const struct runs *runs, const struct policy_entry *entry)
{
    int64_t gap = entry ? entry->policy->gap : 0;
    return (struct limit_speed){gap > runs->site->gap ? gap : runs->site->gap, entry ? entry->policy->concurrency : 0};
}

void runs_forget_effects(struct runs *runs)
{
    effect_journal_free(runs->effects);
    runs->effects = NULL;
}

void runs_close(struct runs *runs)
{
    loops_forget(&runs->loops);
    while (runs->paces) {
        struct runs_pace *pace = runs->paces;
        LL_DELETE(runs->paces, pace);
        free(pace);
    }
    runs_drop_again(runs);
    runs_forget_effects(runs); /* a run that ended later may have made it again */
}
