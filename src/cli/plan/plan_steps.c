/* SPDX-License-Identifier: Apache-2.0 */
/* The steps are reckoned by the dry runs (run/run_canary.h); nothing is kept of that. */
#include "cli/plan/plan_steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

struct plan_step {
    char line[320];
    struct plan_step *next;
};

int plan_steps_open(struct plan_steps *steps, struct store *reader, struct error *err)
{
    return reader ? canaries_open(&steps->canaries, reader, err) : 0;
}

static void write_line(struct plan_step *out, const struct run *run)
{
    const struct canary *canary = run->policy->canary;
    char when[32];
    int n = snprintf(out->line, sizeof out->line, "policy \"%s\" is being led in: step %u of %u", run->policy->name,
                     run->step_next + 1, canary->count);
    clock_format(run->step_until, false, when);
    if (run->step_until)
        snprintf(out->line + n, sizeof out->line - (size_t)n,
                 " is watched, and nothing is changed before %s; %" PRId64 " job%s wait%s for later steps", when,
                 run->step_later, run->step_later == 1 ? "" : "s", run->step_later == 1 ? "s" : "");
    else
        snprintf(out->line + n, sizeof out->line - (size_t)n,
                 ", its next run, is what is shown; %" PRId64 " job%s wait%s for later steps", run->step_later,
                 run->step_later == 1 ? "" : "s", run->step_later == 1 ? "s" : "");
}

void plan_steps_ended(struct plan_steps *steps, const struct run *run)
{
    struct plan_step *s = run->step_later ? calloc(1, sizeof *s) : NULL;
    if (!s)
        return;
    write_line(s, run);
    LL_APPEND(steps->list, s);
}

void plan_steps_tell(const struct plan_steps *steps)
{
    const struct plan_step *s;
    LL_FOREACH(steps->list, s)
    {
        fprintf(stderr, "mpijobd plan: %s\n", s->line);
    }
}

void plan_steps_free(struct plan_steps *steps)
{
    struct plan_step *s, *next;
    LL_FOREACH_SAFE(steps->list, s, next)
    {
        free(s);
    }
    canaries_close(&steps->canaries);
}
