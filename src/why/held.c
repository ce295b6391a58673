/* SPDX-License-Identifier: Apache-2.0 */
/* What holds the policy back from this job. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cluster/cluster.h"
#include "guard/quarantine.h"
#include "policy/definition/opening.h"
#include "policy/in_force.h"
#include "run/run_canary.h"
#include "run/runs.h"
#include "why/gather_parts.h"

static void by_lead(struct why_request *r)
{
    if (r->standby)
        why_hold(r->why, "standby", WHY_NEVER, "%s", r->standby);
}

static void by_place(struct why_request *r)
{
    const struct site *site = r->call.runs->site;
    const struct policy *p = r->entry.policy;
    struct error err;
    enum policy_stand stand = policy_stand(p, site->cluster, &err);
    if (stand == POLICY_ELSEWHERE)
        why_hold(r->why, "elsewhere", WHY_NEVER, "the policy is not for cluster %s: see its `clusters`",
                 cluster_name(site->cluster));
    if (stand == POLICY_ASIDE)
        why_hold(r->why, "aside", WHY_NEVER, "the policy stands aside on cluster %s: %s", cluster_name(site->cluster),
                 err.message);
    bool in_scope = !site->namespaces || !site->namespaces[0];
    for (size_t i = 0; !in_scope && site->namespaces[i]; i++)
        in_scope = str_is(r->view.name_space, site->namespaces[i]);
    if (!in_scope)
        why_hold(r->why, "scope", WHY_NEVER, "namespace %.*s is not among the `namespaces` that mpijobd works in",
                 (int)r->view.name_space.len, r->view.name_space.ptr);
}

static void by_quarantine(struct why_request *r)
{
    const struct policy *p = r->entry.policy;
    const struct quarantine_mark *m = r->entry.quarantined ? policy_quarantine_mark(r->entry.file, p->name) : NULL;
    char deed[64], at[40];
    if (!r->entry.quarantined)
        return;
    if (m)
        why_hold(
            r->why, "quarantine", WHY_NEVER,
            "the policy is in quarantine: it %s at %s; when it is mended, or by `mpijobd resume %s`, it runs again",
            quarantine_deed(m, deed), why_instant(r->why, m->at, at), p->name);
    else
        why_hold(r->why, "quarantine", WHY_NEVER, "the policy is in quarantine; see mpijobd resume");
}

static void by_pause(struct why_request *r)
{
    const char *policy = r->entry.policy->name;
    char at[40];
    if (!r->entry.paused)
        return;
    if (*r->paused.who)
        why_hold(r->why, "paused", WHY_NEVER,
                 "the policy is paused, by %s since %s%s%s; `mpijobd resume %s` lets it run", r->paused.who,
                 why_instant(r->why, r->paused.at, at), *r->paused.why ? ": " : "", r->paused.why, policy);
    else
        why_hold(r->why, "paused", WHY_NEVER, "the policy is paused; `mpijobd resume %s` lets it run", policy);
}

static void by_window(struct why_request *r)
{
    const struct policy *p = r->entry.policy;
    char text[POLICY_CLOSED_TEXT];
    int64_t now = r->why->now;
    if (policy_open(p, now))
        return;
    int64_t opening = policy_opening(p, now);
    why_hold(r->why, policy_frozen(p, now) ? "freeze" : "window", opening == INT64_MAX ? WHY_NEVER : opening,
             "the policy is %s", policy_closed_text(p, now, text));
}

static void by_canary(struct why_request *r)
{
    const struct policy *p = r->entry.policy;
    const struct canary_state *state = run_canary_of(r->call.runs->site, p);
    char text[CANARY_TEXT];
    if (state && state->acted && r->why->now < state->until && !canary_led_in(state, p->canary))
        why_hold(r->why, "canary", state->until, "the policy is being led in: %s",
                 canary_text(state, p->canary, r->why->now, text));
}

/* Of a running daemon: it is in the plan of a run that waits. */
static void by_approval(struct why_request *r)
{
    const struct runs *runs = r->call.runs;
    const char *policy = r->entry.policy->name;
    struct runs_waiting w;
    char uid[64], since[40], until[40];
    snprintf(uid, sizeof uid, "%.*s", (int)r->view.uid.len, r->view.uid.ptr);
    if (!runs->approval ||
        !runs->approval->waits(runs->approval->data, policy, cluster_name(runs->site->cluster), uid, &w))
        return;
    why_hold(
        r->why, "approval", WHY_NEVER,
        "run %" PRId64 " waits for approval of its change (%zu of %u) since %s, until %s; `mpijobd approve %" PRId64
        " --dry-run` shows its plan",
        w.run, w.given, w.quorum, why_instant(r->why, w.since, since), why_instant(r->why, w.expires, until), w.run);
}

static void by_dry_run(struct why_request *r)
{
    if (r->entry.policy->dry_run)
        why_hold(r->why, "dry-run", WHY_NEVER, "the policy has dry_run = true: it only tells what it would do");
    else if (r->call.daemon && r->call.runs->site->dry_run)
        why_hold(r->why, "dry-run", WHY_NEVER, "the daemon runs with --dry-run: it only tells what it would do");
}

static const char *kinds(unsigned bits, char out[80])
{
    size_t n = 0;
    *out = '\0';
    for (unsigned kind = 1; kind < 1U << ON_EVENTS; kind <<= 1) {
        if (bits & kind)
            n += (size_t)snprintf(out + n, 80 - n, "%s%s", n ? ", " : "", policy_on_name(kind));
    }
    return out;
}

/* Handled means: there is no event of the job that the policy has not dealt with. */
static void by_handled(struct why_request *r)
{
    const struct policy *p = r->entry.policy;
    struct event_kinds k = event_handled_kinds(&r->handled, p, &r->view, r->why->now);
    char text[80], at[40];
    if (!r->handled_known || !k.come || (k.come & ~k.done & ~k.before))
        return;
    if (k.done)
        why_hold(r->why, "handled", WHY_NEVER, "it was handled already (on %s), at %s; %s%s", kinds(k.done, text),
                 why_instant(r->why, r->handled.at, at),
                 p->on & ON_MATCH ? "it is handled again when it comes to match again, after a time when it did not"
                 : k.done & ON_CHANGED ? "it is handled again when it changes"
                                       : "that is done once for a job",
                 p->again ? ", and with another text of the policy (again)" : "");
    else
        why_hold(r->why, "before", WHY_NEVER,
                 "it was so before the policy was first started here (on %s), and only what comes later is for it",
                 kinds(k.before, text));
}

/* Of a running daemon: what it is not told of. */
static void by_watch(void *data, const struct watch_part *part)
{
    struct why_request *r = data;
    bool there = !part->name_space || str_is(r->view.name_space, part->name_space);
    if (!there || !watch_part_blind(part) || !watch_part_concerns(part, r->entry.policy))
        return;
    const char *where = part->name_space ? part->name_space : "all namespaces";
    const char *what = part->kind ? "the jobs" : "Kueue's Workloads";
    if (part->trouble)
        why_hold(r->why, "blind", WHY_NEVER, "%s of %s cannot be %s: %s", what, where,
                 part->synced ? "watched" : "listed", part->trouble->message);
    else
        why_hold(r->why, "blind", WHY_NEVER, "%s of %s are not listed yet", what, where);
}

#define PASSED_UNTIL "it is tried again when the policies are loaded again, or when it comes to match again"

/* Of a running daemon: what became of the job's last run. */
static void by_last_try(struct why_request *r)
{
    const struct runs *runs = r->call.runs;
    const struct why_past *last = &r->why->last_change;
    struct event_known k;
    char at[40];
    if (!runs->known || !runs->known(runs->triggers, r->entry.policy->name, &r->view, &k) || !k.seen)
        return;
    r->why->asked_again = k.recheck;
    r->why->standing = k.running ? "a run has it now" : k.queued ? "it waits for a run" : NULL;
    if (k.retry != INT64_MAX)
        why_hold(r->why, "failed", k.retry, "%s; the next try is at about %s",
                 k.tries > 1 ? why_printf(r->why, "%u runs in a row failed at it", k.tries) : "a run failed at it",
                 why_instant(r->why, k.retry, at));
    if (k.passed && last->outcome && strcmp(last->outcome, "failed") == 0)
        why_hold(r->why, "passed", WHY_NEVER, "a run failed at it for good: %s; " PASSED_UNTIL,
                 last->message ? last->message : "see mpijobd journal");
    else if (k.passed)
        why_hold(r->why, "passed", WHY_NEVER, "its last run was dry or failed for good; " PASSED_UNTIL);
}

static void by_loop(struct why_request *r)
{
    int64_t until;
    const char *loop = loops_why(&r->call.runs->loops, r->view.uid, r->entry.policy->name, r->why->now, &until);
    if (loop)
        why_hold(r->why, "loop", until == INT64_MAX ? WHY_NEVER : until, "%s", loop);
}

static void by_limits(struct why_request *r)
{
    const struct why *why = r->why;
    if (r->entry.policy->changes_max == 0)
        why_hold(r->why, "limit", WHY_NEVER, "limits.changes is 0: no job is changed");
    else if (why->last_run.outcome && strcmp(why->last_run.outcome, "limited") == 0)
        why_hold(r->why, "limit", WHY_NEVER, "the policy's last run was stopped by a limit: %s",
                 why->last_run.message ? why->last_run.message : "see mpijobd runs");
}

void why_held(struct why_request *r)
{
    by_lead(r);
    by_place(r);
    by_quarantine(r);
    by_pause(r);
    by_window(r);
    by_canary(r);
    by_dry_run(r);
    by_approval(r);
    if (r->call.daemon && r->entry.policy->on)
        watches_each(r->call.runs->watches, by_watch, r);
    if (r->entry.policy->on)
        by_handled(r);
    by_loop(r);
    by_limits(r);
    if (r->entry.policy->on)
        by_last_try(r);
}
