/* SPDX-License-Identifier: Apache-2.0 */
/* What approvers are told: what to look at, and what to say. */
#include "cli/run/run_approvals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/session/notify_people.h"

int run_approvers_open(struct session *s, struct approvers **approvers)
{
    const struct approvers_named named = {.users = s->config.approver_users,
                                          .groups = s->config.approver_groups,
                                          .quorum = s->config.approver_quorum,
                                          .not_the_trigger = s->config.not_the_trigger};
    return approvers_open(&named, &s->log, approvers, &s->error);
}

void run_waits_tell(struct session *s, const struct approval *a, bool soon)
{
    char until[32], counts[96], text[512], subject[128];
    struct plan_counts n = plan_count(a->plan);
    clock_format(a->expires, false, until);
    snprintf(subject, sizeof subject, "mpijobd: run %" PRId64 " of policy %s %s", a->run, a->policy,
             soon ? "expires soon" : "waits for approval");
    int len = snprintf(text, sizeof text, "mpijobd: run %" PRId64 " of policy %s (cluster %s) ", a->run, a->policy,
                       a->cluster);
    if (soon)
        snprintf(text + len, sizeof text - (size_t)len,
                 "still waits for approval, and its plan expires at %s: %zu of %u approvals. `mpijobd approve %" PRId64
                 "` makes it, `mpijobd extend %" PRId64 " 12h` gives it more time.",
                 until, a->given_count, a->quorum, a->run, a->run);
    else
        snprintf(text + len, sizeof text - (size_t)len,
                 "waits for approval until %s: %s. `mpijobd approve %" PRId64
                 " --dry-run` shows its plan, `mpijobd approve %" PRId64 "` makes it.",
                 until, plan_counts_text(&n, counts), a->run, a->run);
    people_tell(s, &(struct people_news){s->config.approver_notify, a->policy, subject, text, a->cluster, a->run});
}
