/* SPDX-License-Identifier: Apache-2.0 */
/* Whose slice is next. Every script with queued runs has an idle handle, so that the loop turns; libuv calls the
 * handles in the same order in each turn, and a turn has full slices for the first few only. So a handle does not stand
 * for its own script: it serves the next one in a list, and whoever had a full slice goes to the list's end. */
#include <utlist.h>

#include "script/parts.h"

#define FULL_MS 5  /* a turn of the loop that took so long already has no full slices any more */
#define LATE_MS 12 /* ... and so long: none at all, unless the turn before had none either */
#define SHORT_US 200

struct turns {
    struct script *first;
    unsigned turn;   /* the loop's: whoever was served in it waits for the next one */
    unsigned served; /* the last one in which anybody was served */
    bool over;       /* the turn: the next call of a handle belongs to another one */
    uint64_t began;  /* when the loop's turn began, by uv_hrtime; 0: no script was in the list then */
};

static _Thread_local struct turns turns;

/* How long the script may compute in this turn; 0: it waits for the next one. Nothing interrupts a script that is in a
 * long call of C, so many of those in one turn add up: a turn that is late has room for those only that kept to their
 * slices so far, and for one of the others if nobody was served in two turns. */
static int64_t turn_us(const struct script *s)
{
    uint64_t began = turns.began ? turns.began : uv_now(s->loop) * 1000000; /* uv_now is later: it is behind the poll */
    uint64_t now = uv_hrtime(), took = now > began ? (now - began) / 1000000 : 0;
    if (took < FULL_MS)
        return SCRIPT_SLICE_US;
    return (took < LATE_MS && s->prompt) || turns.turn - turns.served > 1 ? SHORT_US : 0;
}

static void serve(struct script *s, int64_t us)
{
    bool full = us == SCRIPT_SLICE_US;
    s->busy++;
    s->served = turns.served = turns.turn;
    if (full) {
        DL_DELETE2(turns.first, s, tprev, tnext);
        DL_APPEND2(turns.first, s, tprev, tnext);
    }
    int64_t used = script_slice(s, us);
    s->sated = full && used >= us / 2;
    s->prompt = used <= 2 * us;
    if (!s->closed && !s->queue)
        turns_leave(s);
    s->busy--;
    script_settle(s);
}

static void serve_next(const uv_loop_t *loop)
{
    struct script *s;
    DL_FOREACH2(turns.first, s, tnext)
    {
        int64_t us = s->loop == loop && s->served != turns.turn && s->queue ? turn_us(s) : 0;
        if (us) {
            serve(s, us);
            return;
        }
    }
}

static void on_idle(uv_idle_t *idle)
{
    struct script *own = idle->data;
    turns.turn += turns.over;
    turns.over = false;
    if (!own->queue)
        turns_leave(own); /* its runs were cancelled */
    serve_next(idle->loop);
}

/* Behind all idle handles, before the poll, which does not wait: it is counted with what comes behind it. */
static void on_prepare(uv_prepare_t *prepare)
{
    (void)prepare;
    turns.over = true;
    turns.began = uv_hrtime();
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
    uv_prepare_start(&s->prepare, on_prepare);
}

void turns_leave(struct script *s)
{
    if (!s->in_turns)
        return;
    s->in_turns = false;
    DL_DELETE2(turns.first, s, tprev, tnext);
    uv_idle_stop(&s->idle);
    uv_prepare_stop(&s->prepare);
    if (!turns.first) {
        turns.over = true;
        turns.began = 0;
    }
}
