/* SPDX-License-Identifier: Apache-2.0 */
/* What a run would exceed, and what it has used. */
#include "run/bounds.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "limit/hour_kept.h"
#include "run/runs.h"
#include "store/journal.h"

#define BROKEN_LEAST 10 /* writes that a run fails at, before their share counts */

/* The ceiling that the run counts for; NULL: none. It is over policies: a person's session does not. */
static struct hour *ceiling(const struct run *run)
{
    bool by_hand = strcmp(run->policy->name, STORE_BY_HAND) == 0;
    return by_hand || run_looks(run) ? NULL : run->site->hour;
}

bool run_bounds_count(const struct run *run)
{
    return run->policy->changes_max >= 0 || run->policy->percent_max >= 0 || ceiling(run) ||
           (run->policy->canary && run->site->canaries);
}

/* Is there no more room for n changes? A run that overrides the ceiling counts, too, and is not held up. */
static bool over_ceiling(const struct run *run, int64_t n)
{
    const struct hour *hour = ceiling(run);
    return hour && !run->override && n > 0 && n > hour_left(hour, clock_now(run->site->clock));
}

/* What comes after a full hour: `on` is woken then, a schedule has its next instant, and nobody comes back for a person
 * who asked for one run. */
static const char *then(const struct run *run)
{
    bool person = strcmp(run->trigger, "once") == 0 || strcmp(run->trigger, "manual") == 0;
    if (person && !run->dry_run)
        return "Run it again then, or now with --override";
    if (run->policy->on)
        return person ? "A daemon goes on by itself then" : "It goes on by itself then";
    return person ? "A daemon tries again at the policy's next time" : "It tries again at its next time";
}

/* More than the ceiling leaves. `none`: what that means for the run. */
static int over_hour(const struct run *run, int64_t n, const char *none, int64_t *until, struct error *err)
{
    struct hour *hour = ceiling(run);
    int64_t now = clock_now(run->site->clock);
    int64_t left = hour_left(hour, now), at = hour_fits(hour, n, now);
    char when[32];
    if (at == INT64_MAX) {
        *until = now + 3600 * CLOCK_SECOND;
        error_set(err, ERR_LIMIT,
                  "%" PRId64 " changes are more than all policies together may make in an hour "
                  "(limits.changes_per_hour of the configuration%s is %" PRId64
                  "): %s. Narrow match, or raise the ceiling",
                  n, hour_part_words(hour), hour->most, none);
        if (run->site->shard.of)
            error_append(err, ": from %" PRId64 " on each of the %u shards has room for as many",
                         n * run->site->shard.of, run->site->shard.of);
        return err->code;
    }
    *until = at;
    clock_format(at, false, when);
    return error_set(err, ERR_LIMIT,
                     "%" PRId64 " change%s would be made, and limits.changes_per_hour of the configuration%s leaves "
                     "%" PRId64 " of %" PRId64 " for all policies until %s: %s. %s, or raise the ceiling",
                     n, n == 1 ? "" : "s", hour_part_words(hour), left, hour->most, when, none, then(run));
}

int run_bounds_exceeded(const struct run *run, int64_t n, int64_t scope, int64_t *until, struct error *err)
{
    const struct policy *p = run->policy;
    const char *none = run->dry_run ? "a run would change nothing" : "nothing was changed";
    *until = 0;
    if (p->changes_max >= 0 && n > p->changes_max)
        return error_set(err, ERR_LIMIT,
                         "%" PRId64 " job%s would be changed, and limits.changes allows %" PRId64
                         ": %s. Raise the limit if they are meant, or narrow match",
                         n, n == 1 ? "" : "s", p->changes_max, none);
    if (p->percent_max >= 0 && n > p->percent_floor && (double)n * 100 > p->percent_max * (double)scope)
        return error_set(err, ERR_LIMIT,
                         "%" PRId64 " of %" PRId64
                         " jobs would be changed, and limits.percent allows %g %% (it counts above %" PRId64
                         " jobs): %s. Raise the limit if they are meant, or narrow match",
                         n, scope, p->percent_max, p->percent_floor, none);
    if (over_ceiling(run, n))
        return over_hour(run, n, none, until, err);
    return 0;
}

void run_bounds_set_aside(struct run *run, int64_t n)
{
    if (!ceiling(run) || run->dry_run)
        return;
    hour_set_aside(ceiling(run), n);
    run->aside += n;
}

void run_bounds_end(struct run *run)
{
    if (run->aside)
        hour_set_aside(run->site->hour, -run->aside);
    run->aside = 0;
}

/* Takes one change of the ceiling: of what was set aside for the run, else of the rest. */
static int take_hour(struct run *run, struct error *err)
{
    struct hour *hour = ceiling(run);
    int64_t now = hour ? clock_now(run->site->clock) : 0;
    if (!hour || run->dry_run)
        return 0;
    if (run->aside == 0 && over_ceiling(run, 1)) {
        over_hour(run, 1, "the run ends here", &run->limited_until, err);
        return ERR_LIMIT;
    }
    if (hour_count(hour, now, err))
        return ERR_NOMEM;
    if (run->aside > 0)
        run_bounds_set_aside(run, -1);
    return 0;
}

bool run_bounds_broken(const struct run *run)
{
    return run->policy->breaker && run->refused >= BROKEN_LEAST && run->refused >= run->changed;
}

void run_bounds_broken_text(const struct run *run, char *out, size_t size)
{
    snprintf(out, size, "%" PRId64 " of %" PRId64 " writes of one run have failed", run->refused,
             run->refused + run->changed);
}

int run_bounds_grant(struct run *run, struct error *err)
{
    char broken[96];
    if (run_bounds_broken(run)) {
        run_bounds_broken_text(run, broken, sizeof broken);
        error_set(err, ERR_LIMIT, "%s: the others are left alone", broken);
        run_fail(run, RUN_FAILED, err);
        return ERR_LIMIT;
    }
    bool all = run->grant_max >= 0 && run->granted >= run->grant_max;
    if (all && run->dry_run) {
        /* It goes on, so that all is seen of what it would do. */
        error_set(err, ERR_LIMIT,
                  "it would make more changes than the %" PRId64
                  " that limits.changes allows; its run would end after these. Raise the limit if more are meant",
                  run->grant_max);
        run_fail(run, RUN_LIMITED, err);
    } else if (all) {
        error_set(err, ERR_LIMIT, "the run has made its %" PRId64 " changes; raise limits.changes if more are meant",
                  run->grant_max);
        run_fail(run, RUN_LIMITED, err);
        return ERR_LIMIT;
    }
    int rc = take_hour(run, err);
    if (rc == ERR_LIMIT)
        run_fail(run, RUN_LIMITED, err);
    run->granted += rc == 0;
    return rc;
}

void run_bounds_return(struct run *run, bool again)
{
    run->granted -= again;
    if (!ceiling(run) || run->dry_run)
        return;
    hour_uncount(ceiling(run));
    if (again)
        run_bounds_set_aside(run, 1);
}

/* ---- how fast ---- */

bool run_bounds_pace(struct run *run, struct rate_wait *wait)
{
    int64_t gap = run->policy->gap > run->site->gap ? run->policy->gap : run->site->gap;
    struct runs_pace *pace = gap && !run->dry_run ? runs_pace(run->runs, run->policy->name) : NULL;
    if (!pace)
        return true;
    if (run->script)
        script_allow_time(run->script, gap); /* the timeout is for what the run itself takes */
    return rate_take(&pace->rate, wait, gap);
}
