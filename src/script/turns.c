/* SPDX-License-Identifier: Apache-2.0 */
/* Whose slice is next. Every script with queued runs has an idle handle, so that the loop turns; libuv calls the
 * handles in the same order in each turn, and a turn has full slices for the first few only. So a handle does not stand
 * for its own script: it serves the next one in a list, and whoever had a full slice goes to the list's end. */
#include <utlist.h>

#include "script/parts.h"

#define LATE_MS 10 /* a turn of the loop that took so long already leaves only ... */
#define LATE_SLICE_US 200

struct turns {
    struct script *first;
    unsigned turn; /* the loop's, about: whoever was served in it waits for the next one */
};

static _Thread_local struct turns turns;

static int64_t turn_us(const struct script *s)
{
    uint64_t late = uv_hrtime() / 1000000;
    late = late > uv_now(s->loop) ? late - uv_now(s->loop) : 0;
    return late < LATE_MS ? SCRIPT_SLICE_US : LATE_SLICE_US; /* many busy scripts share a turn */
}

static void serve(struct script *s)
{
    int64_t us = turn_us(s);
    bool full = us == SCRIPT_SLICE_US;
    s->busy++;
    s->served = turns.turn;
    if (full) {
        DL_DELETE2(turns.first, s, tprev, tnext);
        DL_APPEND2(turns.first, s, tprev, tnext);
    }
    int64_t used = script_slice(s, us);
    s->sated = full && used >= us / 2;
    if (!s->closed && !s->queue)
        turns_leave(s);
    s->busy--;
    script_settle(s);
}

static struct script *next_of(const uv_loop_t *loop)
{
    struct script *s;
    DL_FOREACH2(turns.first, s, tnext)
    {
        if (s->loop == loop && s->served != turns.turn && s->queue)
            return s;
    }
    return NULL;
}

static void on_idle(uv_idle_t *idle)
{
    struct script *own = idle->data;
    if (own->came == turns.turn) /* for the second time: it is another turn */
        turns.turn++;
    own->came = turns.turn;
    if (!own->queue)
        turns_leave(own); /* its runs were cancelled */
    struct script *next = next_of(idle->loop);
    if (next)
        serve(next);
}

/* In front, so that a script that has waited goes on soon; behind the others where it has just had a full slice. */
void turns_join(struct script *s)
{
    if (s->in_turns)
        return;
    s->in_turns = true;
    if (s->sated)
        DL_APPEND2(turns.first, s, tprev, tnext);
    else
        DL_PREPEND2(turns.first, s, tprev, tnext);
    uv_idle_start(&s->idle, on_idle);
}

void turns_leave(struct script *s)
{
    if (!s->in_turns)
        return;
    s->in_turns = false;
    DL_DELETE2(turns.first, s, tprev, tnext);
    uv_idle_stop(&s->idle);
}
