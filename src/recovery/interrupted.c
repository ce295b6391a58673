/* SPDX-License-Identifier: Apache-2.0 */
/* Closes the runs without an end, and tells which of them are to be finished. */
#include "recovery/interrupted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "guard/quarantine.h"
#include "site/site.h"
#include "store/journal.h"
#include "store/state.h"

#define WHY_NO_END 512

bool interrupted_add(struct interrupted *runs, const struct store_run *run, struct state *state)
{
    struct interrupted_run *items = grown(runs->items, runs->count, &runs->cap, sizeof *items, 16);
    if (!items)
        return false;
    runs->items = items;
    struct interrupted_run *i = &items[runs->count++];
    *i = (struct interrupted_run){
        .id = run->id, .scheduled_at = run->scheduled_at, .started_at = run->started_at, .dry_run = run->dry_run};
    snprintf(i->policy, sizeof i->policy, "%s", run->policy);
    bool open = state_run_is_open(state, run->id);
    i->scheduled = open && (strcmp(run->trigger, "schedule") == 0 || strcmp(run->trigger, "every") == 0);
    i->by_event = open && marks_by_event(run->trigger);
    return true;
}

/* Why a run of that policy, which began at `since` (microseconds since 1970), has no end. */
static const char *why_no_end(const struct quarantine *quarantine, const char *policy, int64_t since,
                              char out[WHY_NO_END])
{
    char deed[64];
    const struct quarantine_mark *mark = quarantine_since(quarantine, policy, since);
    if (!mark)
        return "the daemon ended before the run did";
    quarantine_deed(mark, deed);
    snprintf(out, WHY_NO_END, "the policy %s, at %.300s:%d: the daemon was ended, and the policy is in quarantine",
             deed, mark->file, mark->line);
    return out;
}

void interrupted_close(const struct interrupted *runs, const struct site *site, const struct quarantine *quarantine)
{
    char text[WHY_NO_END];
    for (size_t i = 0; i < runs->count; i++) {
        struct store_run run = {
            .id = runs->items[i].id,
            .outcome = "interrupted",
            .message = why_no_end(quarantine, runs->items[i].policy, runs->items[i].started_at, text),
            .ended_at = clock_now(site->clock),
            .changed = -1,
        };
        state_run_end(site->state, &run, false, NULL, NULL);
    }
}

void interrupted_choose(struct interrupted *runs)
{
    size_t kept = 0;
    for (size_t i = 0; i < runs->count; i++) {
        bool goes_on = runs->items[i].scheduled || runs->items[i].by_event;
        bool seen = !goes_on || runs->items[i].dry_run;
        for (size_t j = 0; j < kept && !seen; j++)
            seen = strcmp(runs->items[j].policy, runs->items[i].policy) == 0;
        if (!seen)
            runs->items[kept++] = runs->items[i];
    }
    runs->count = kept;
}

void interrupted_free(struct interrupted *runs)
{
    free(runs->items);
}
