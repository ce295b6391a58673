/* SPDX-License-Identifier: Apache-2.0 */
/* The steps are reckoned as a run does it, and nothing is kept of that. */
#include "cli/plan/plan_steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "cluster/cluster.h"
#include "store/state.h"

struct plan_step {
    char line[320];
    struct plan_step *next;
};

int plan_steps_open(struct plan_steps *steps, struct store *reader, struct error *err)
{
    return reader ? canaries_open(&steps->canaries, reader, err) : 0;
}

static void write_line(struct plan_step *out, const struct run *run, const struct canary_state *state)
{
    const struct canary *canary = run->policy->canary;
    unsigned step;
    int64_t until;
    char when[32];
    int64_t most = canary_would_allow(state, canary, run->changed, clock_now(run->site->clock), &step, &until);
    int n = snprintf(out->line, sizeof out->line, "policy \"%s\" is being led in: ", run->policy->name);
    clock_format(until, false, when);
    if (most)
        snprintf(out->line + n, sizeof out->line - (size_t)n,
                 "step %u of %u, its next run, changes %" PRId64 " of these %" PRId64 " jobs", step + 1, canary->count,
                 most, run->changed);
    else
        snprintf(out->line + n, sizeof out->line - (size_t)n,
                 "step %u of %u is watched, and none of these %" PRId64 " jobs is changed before %s", step + 1,
                 canary->count, run->changed, when);
}

void plan_steps_ended(struct plan_steps *steps, const struct run *run)
{
    const struct policy *p = run->policy;
    char key[STATE_KEY_MAX];
    if (!p->canary || p->dry_run || !run->changed)
        return;
    const struct canary_state *state =
        canaries_find(&steps->canaries, state_key(p->name, cluster_name(run->site->cluster), key), p->text);
    struct plan_step *s = state && !canary_led_in(state, p->canary) ? calloc(1, sizeof *s) : NULL;
    if (!s)
        return;
    write_line(s, run, state);
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
