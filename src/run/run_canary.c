/* SPDX-License-Identifier: Apache-2.0 */
/* Between a run and the canary of its policy. */
#include "run/run_canary.h"

#include <inttypes.h>
#include <stdio.h>

#include "cluster/cluster.h"
#include "run/runs.h"
#include "store/state.h"

struct canary_state *run_canary_of(const struct site *site, const struct policy *policy)
{
    char key[STATE_KEY_MAX];
    if (!policy->canary || !site->canaries || site->dry_run || policy->dry_run)
        return NULL;
    return canaries_find(site->canaries, state_key(policy->name, cluster_name(site->cluster), key), policy->text);
}

/* A run that tells what the next one would do: what that changes is its step, and nothing is kept. */
static int64_t would_allow(struct run *run, int64_t n)
{
    const struct site *site = run->site;
    const struct policy *p = run->policy;
    char key[STATE_KEY_MAX];
    const struct canary_state *state = NULL;
    if (p->canary && site->canaries && site->once && !p->dry_run && !run_looks(run))
        state = canaries_find(site->canaries, state_key(p->name, cluster_name(site->cluster), key), p->text);
    if (!state || canary_led_in(state, p->canary))
        return n;
    int64_t most = canary_would_allow(state, p->canary, n, clock_now(site->clock), &run->step_next, &run->step_until);
    run->step_later = n - most;
    return most;
}

int64_t run_canary_allow(struct run *run, int64_t n)
{
    if (run->dry_run)
        return n ? would_allow(run, n) : 0;
    const struct canary *canary = run->policy->canary;
    struct canary_state *state = run_looks(run) ? NULL : run_canary_of(run->site, run->policy);
    int64_t until, now = clock_now(run->site->clock);
    if (!state || n == 0)
        return n;
    int64_t most = canary_allow(run->site->canaries, state, canary, n, now, &until);
    if (canary_led_in(state, canary))
        return most;
    if (most) {
        snprintf(run->note, sizeof run->note, "canary step %u of %u: %" PRId64 " of %" PRId64 " jobs", state->step + 1,
                 canary->count, most, n);
        canary_begin(run->site->canaries, state, canary, now);
        run->step = true;
    } else {
        canary_text(state, canary, now, run->note);
    }
    if (most < n)
        run->limited_until = most ? state->until : until;
    return most;
}

void run_canary_end(struct run *run)
{
    struct canary_state *state = run->step ? run_canary_of(run->site, run->policy) : NULL;
    int64_t bad = run->failed - run->excused;
    int code = run->error ? run->error->code : 0;
    bool away = code == ERR_UNREACHABLE || code == ERR_IO || code == ERR_NOMEM;
    if (!state)
        return;
    if (bad > 0 || (run->outcome == RUN_FAILED && !away)) {
        snprintf(run->broke, sizeof run->broke, "%.160s, and %" PRId64 " of them failed", run->note, bad);
        canary_again(run->site->canaries, state);
    } else if (!run->changed) { /* nothing to judge by */
        canary_again(run->site->canaries, state);
    }
}

void run_canary_await(const struct site *site, const struct policy *policy)
{
    struct canary_state *state = run_canary_of(site, policy);
    if (state && state->acted)
        state->awaited++;
}

struct store *run_canary_keeps(const struct site *site, const struct policy *policy)
{
    const struct canary_state *state = run_canary_of(site, policy);
    return state && state->acted ? site->canaries->store : NULL;
}

void run_canary_await_again(const struct site *site, const struct policy *policy)
{
    struct canary_state *state = run_canary_of(site, policy);
    int64_t now = clock_now(site->clock);
    if (!state || !state->acted)
        return;
    state->awaited++;
    state->until = state->until < now ? now : state->until; /* it has as long to come as if there had been no end */
}

bool run_canary_effect(const struct site *site, const struct policy *policy, bool seen)
{
    struct canary_state *state = run_canary_of(site, policy);
    if (!state || !state->acted)
        return false;
    state->awaited -= state->awaited > 0;
    if (!seen)
        canary_again(site->canaries, state);
    return !seen;
}
