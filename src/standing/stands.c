/* SPDX-License-Identifier: Apache-2.0 */
/* The words for how a policy stands, and the sum of several shards. */
#include "standing/stands.h"

#include <stdio.h>

const char *standing_name(enum standing standing)
{
    static const char *const names[] = {"in force", "paused",      "in quarantine",  "stands aside",
                                        "not here", "standing by", "not started yet"};
    return names[standing];
}

static void become(struct stands_sum *all, const struct engine_standing *s)
{
    all->sum = *s;
    if (s->why)
        snprintf(all->why, sizeof all->why, "%s", s->why);
    all->sum.why = s->why ? all->why : NULL;
    all->sum.slo = NULL;
}

void stands_add(struct stands_sum *all, const struct engine_standing *s)
{
    struct engine_standing *sum = &all->sum, before = *sum;
    if (!all->any || (s->standing == STANDS_WAITING && sum->standing == STANDS_IN_FORCE))
        become(all, s);
    if (!all->any) {
        all->any = true;
        return;
    }
    sum->due = s->due < before.due ? s->due : before.due;
    sum->waiting = s->waiting + before.waiting;
    sum->runs = s->runs + before.runs;
    bool earlier = s->running_since && (!before.running_since || s->running_since < before.running_since);
    sum->running_since = earlier ? s->running_since : before.running_since;
}
