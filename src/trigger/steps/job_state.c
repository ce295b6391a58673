/* SPDX-License-Identifier: Apache-2.0 */
/* The two tables of job_state.h, and how a step goes through them. */
#include "trigger/steps/job_state.h"

#include "policy/definition/definition.h"

/* ---- one kind of event ---- */

/* A cell: the next state, and whether the job's row is written. */
enum {
    NONE = HANDLING_NONE,
    PENDING = HANDLING_PENDING,
    DONE = HANDLING_DONE,
    PASSED = HANDLING_PASSED,
    STATE = 3,
    ROW = 4
};

/* clang-format off */
static const uint8_t found_table[JOB_FOUNDS][HANDLING_STATES] = {
    /*                         none        pending     done        passed */
    [FOUND_NOT]            = { NONE,       NONE | ROW, NONE | ROW, NONE | ROW   },
    [FOUND_LATER]          = { NONE,       NONE | ROW, NONE | ROW, NONE | ROW   },
    [FOUND_LATER_SAME]     = { NONE,       NONE | ROW, DONE,       PASSED       },
    [FOUND_WANTED]         = { PENDING,    PENDING,    DONE,       PASSED       },
    [FOUND_UNWANTED]       = { DONE | ROW, DONE | ROW, DONE,       PASSED       },
    [FOUND_EARLIER]        = { DONE | ROW, PENDING,    DONE,       PASSED       },
    [FOUND_AGAIN]          = { PENDING,    PENDING,    PENDING,    PENDING      },
    [FOUND_AGAIN_UNWANTED] = { DONE | ROW, DONE | ROW, DONE | ROW, PASSED | ROW },
    [FOUND_SAME]           = { DONE,       PENDING,    DONE,       PASSED       },
    [FOUND_ROW]            = { DONE,       PENDING,    DONE,       PASSED       },
};
/* clang-format on */

static unsigned shift_of(unsigned kind)
{
    return 2 * (unsigned)__builtin_ctz(kind);
}

enum handling job_handling(const struct job_state *job, unsigned kind)
{
    return (enum handling)(job->handling >> shift_of(kind) & 3);
}

static void set_handling(struct job_state *job, unsigned kind, enum handling handling)
{
    unsigned shift = shift_of(kind);
    job->handling = (uint8_t)((job->handling & ~(3U << shift)) | (unsigned)handling << shift);
}

bool job_find(struct job_state *job, unsigned kind, enum job_found found)
{
    uint8_t cell = found_table[found][job_handling(job, kind)];
    set_handling(job, kind, (enum handling)(cell & STATE));
    return cell & ROW;
}

unsigned job_kinds(const struct job_state *job, enum handling handling)
{
    unsigned kinds = 0;
    for (unsigned kind = 1; kind < 1U << ON_EVENTS; kind <<= 1)
        kinds |= job_handling(job, kind) == handling ? kind : 0;
    return kinds;
}

unsigned job_kinds_of_row(const struct job_state *job)
{
    return job_kinds(job, HANDLING_DONE) | (job_on_run(job) ? job_kinds(job, HANDLING_PENDING) : 0);
}

/* ---- a job ---- */

/* What becomes of each kind of event with a step of the job. */
enum change {
    KEEP,
    HAND_IN,  /* what is pending is handled */
    LET_PASS, /* what is pending counts as handled */
    DECLINE,  /* of what is pending, what matches may yet be wanted; the rest is handled */
    UNPASS,   /* what only counted as handled is as if it had not come */
    FORGET,
    CHANGES
};

static const uint8_t change_table[CHANGES][HANDLING_STATES] = {
    [KEEP] = {HANDLING_NONE, HANDLING_PENDING, HANDLING_DONE, HANDLING_PASSED},
    [HAND_IN] = {HANDLING_NONE, HANDLING_DONE, HANDLING_DONE, HANDLING_PASSED},
    [LET_PASS] = {HANDLING_NONE, HANDLING_PASSED, HANDLING_DONE, HANDLING_PASSED},
    [DECLINE] = {HANDLING_NONE, HANDLING_DONE, HANDLING_DONE, HANDLING_PASSED}, /* but for ON_MATCH */
    [UNPASS] = {HANDLING_NONE, HANDLING_PENDING, HANDLING_DONE, HANDLING_NONE},
    [FORGET] = {HANDLING_NONE, HANDLING_NONE, HANDLING_NONE, HANDLING_NONE},
};

/* What else becomes of a job with a step, by bit. */
enum {
    TRIED = 1,     /* it counts as one more try */
    AFRESH = 2,    /* no try counts any more */
    WET = 4,       /* its last run was not dry */
    DRY = 8,       /* it was */
    WITH_ROW = 16, /* its intent may have written a row */
    UNMATCH = 32,  /* that time of matching is over, and no row may outlive it */
    CLEAR = 64,    /* its flags go */
};

struct step_cell {
    uint8_t next;   /* enum job_place + 1; 0: it does not happen there, and does nothing */
    uint8_t change; /* enum change */
    uint8_t row;    /* enum job_row */
    uint8_t look;   /* enum job_look */
    uint8_t more;   /* TRIED... */
};

#define TO(place) (PLACE_##place + 1)

/* clang-format off */
static const struct step_cell step_table[JOB_EVENTS][JOB_PLACES] = {
    [JOB_LOOKED_AT] = {
        [PLACE_IDLE]     = { TO(QUEUED) }, /* if something is pending; see job_step */
        [PLACE_QUEUED]   = { TO(QUEUED) },
        [PLACE_DECLINED] = { TO(DECLINED) },
        [PLACE_WAITING]  = { TO(WAITING) },
    },
    [JOB_NEWS] = {
        [PLACE_IDLE]     = { TO(QUEUED) },
        [PLACE_QUEUED]   = { TO(QUEUED) },
        [PLACE_DECLINED] = { TO(QUEUED) },
        [PLACE_WAITING]  = { TO(WAITING) },
    },
    [JOB_NOT_QUEUED] = {
        [PLACE_QUEUED]   = { TO(IDLE) },
    },
    [JOB_TAKEN] = {
        [PLACE_QUEUED]   = { TO(RUNNING) },
    },
    [JOB_NOT_STARTED] = {
        [PLACE_RUNNING]  = { TO(QUEUED) },
        [PLACE_CHANGED]  = { TO(QUEUED) },
        [PLACE_LEFT]     = { TO(QUEUED) },
    },
    [JOB_SEEN_MATCHING] = {
        [PLACE_RUNNING]  = { TO(CHANGED) },
        [PLACE_CHANGED]  = { TO(CHANGED) },
        [PLACE_LEFT]     = { TO(LEFT) },
    },
    [JOB_SEEN_LEAVING] = {
        [PLACE_RUNNING]  = { TO(LEFT) },
        [PLACE_CHANGED]  = { TO(LEFT) },
        [PLACE_LEFT]     = { TO(LEFT) },
    },
    [JOB_SETTLED_DONE] = {
        [PLACE_RUNNING]  = { TO(IDLE), HAND_IN, ROW_STAYS, LOOK_AS_BEFORE, WET | WITH_ROW },
        [PLACE_CHANGED]  = { TO(IDLE), HAND_IN, ROW_STAYS, LOOK_AS_CHANGED, WET | WITH_ROW },
        [PLACE_LEFT]     = { TO(IDLE), HAND_IN, ROW_WRITTEN, LOOK_AS_CHANGED, WET | WITH_ROW | UNMATCH },
    },
    [JOB_SETTLED_HANDLED] = {
        [PLACE_RUNNING]  = { TO(IDLE), HAND_IN, ROW_WRITTEN, LOOK_AS_BEFORE, WET },
        [PLACE_CHANGED]  = { TO(IDLE), HAND_IN, ROW_WRITTEN, LOOK_AS_CHANGED, WET },
        [PLACE_LEFT]     = { TO(IDLE), HAND_IN, ROW_WRITTEN, LOOK_AS_CHANGED, WET | UNMATCH },
    },
    [JOB_SETTLED_DRY] = {
        [PLACE_RUNNING]  = { TO(IDLE), LET_PASS, ROW_STAYS, LOOK_AS_BEFORE, DRY },
        [PLACE_CHANGED]  = { TO(IDLE), LET_PASS, ROW_STAYS, LOOK_AS_CHANGED, DRY },
        [PLACE_LEFT]     = { TO(IDLE), LET_PASS, ROW_WRITTEN, LOOK_AS_CHANGED, DRY | UNMATCH },
    },
    [JOB_SETTLED_DECLINED] = {
        [PLACE_RUNNING]  = { TO(DECLINED), DECLINE, ROW_WRITTEN, LOOK_AS_BEFORE },
        [PLACE_CHANGED]  = { TO(DECLINED), DECLINE, ROW_WRITTEN, LOOK_AS_CHANGED },
        [PLACE_LEFT]     = { TO(DECLINED), DECLINE, ROW_WRITTEN, LOOK_AS_CHANGED },
    },
    [JOB_SETTLED_FAILED] = {
        [PLACE_RUNNING]  = { TO(IDLE), LET_PASS, ROW_WRITTEN, LOOK_AS_BEFORE, WET | WITH_ROW },
        [PLACE_CHANGED]  = { TO(IDLE), LET_PASS, ROW_WRITTEN, LOOK_AS_CHANGED, WET | WITH_ROW },
        [PLACE_LEFT]     = { TO(IDLE), LET_PASS, ROW_WRITTEN, LOOK_AS_CHANGED, WET | WITH_ROW | UNMATCH },
    },
    [JOB_SETTLED_RETRY] = {
        [PLACE_RUNNING]  = { TO(WAITING), KEEP, ROW_WRITTEN, LOOK_AS_BEFORE, TRIED | WITH_ROW },
        [PLACE_CHANGED]  = { TO(WAITING), KEEP, ROW_WRITTEN, LOOK_AS_CHANGED, TRIED | WITH_ROW },
        [PLACE_LEFT]     = { TO(WAITING), KEEP, ROW_WRITTEN, LOOK_AS_CHANGED, TRIED | WITH_ROW },
    },
    [JOB_SETTLED_BROKE] = {
        [PLACE_RUNNING]  = { TO(IDLE), LET_PASS, ROW_STAYS, LOOK_AS_BEFORE, WET },
        [PLACE_CHANGED]  = { TO(IDLE), LET_PASS, ROW_STAYS, LOOK_AS_CHANGED, WET },
        [PLACE_LEFT]     = { TO(IDLE), LET_PASS, ROW_WRITTEN, LOOK_AS_CHANGED, WET | UNMATCH },
    },
    [JOB_TAKEN_BACK] = {
        [PLACE_RUNNING]  = { TO(IDLE), KEEP, ROW_STAYS, LOOK_AS_BEFORE },
        [PLACE_CHANGED]  = { TO(IDLE), KEEP, ROW_STAYS, LOOK_AS_CHANGED },
        [PLACE_LEFT]     = { TO(IDLE), KEEP, ROW_STAYS, LOOK_AS_CHANGED },
    },
    [JOB_TRY_DUE] = {
        [PLACE_WAITING]  = { TO(QUEUED) },
    },
    [JOB_RELOADED] = { /* what a run has is settled by the run */
        [PLACE_IDLE]     = { TO(IDLE), UNPASS, .more = WET },
        [PLACE_QUEUED]   = { TO(QUEUED), UNPASS, .more = WET },
        [PLACE_DECLINED] = { TO(IDLE), UNPASS, .more = WET | AFRESH },
        [PLACE_WAITING]  = { TO(IDLE), UNPASS, .more = WET | AFRESH },
    },
    [JOB_GONE] = {
        [PLACE_IDLE]     = { TO(IDLE), FORGET, ROW_REMOVED, .more = CLEAR },
        [PLACE_QUEUED]   = { TO(IDLE), FORGET, ROW_REMOVED, .more = CLEAR },
        [PLACE_RUNNING]  = { TO(IDLE), FORGET, ROW_REMOVED, .more = CLEAR },
        [PLACE_CHANGED]  = { TO(IDLE), FORGET, ROW_REMOVED, .more = CLEAR },
        [PLACE_LEFT]     = { TO(IDLE), FORGET, ROW_REMOVED, .more = CLEAR },
        [PLACE_DECLINED] = { TO(IDLE), FORGET, ROW_REMOVED, .more = CLEAR },
        [PLACE_WAITING]  = { TO(IDLE), FORGET, ROW_REMOVED, .more = CLEAR },
    },
};
/* clang-format on */

bool job_on_run(const struct job_state *job)
{
    return job->place == PLACE_RUNNING || job->place == PLACE_CHANGED || job->place == PLACE_LEFT;
}

static void change_kinds(struct job_state *job, enum change change)
{
    for (unsigned kind = 1; change != KEEP && kind < 1U << ON_EVENTS; kind <<= 1) {
        enum handling was = job_handling(job, kind);
        bool stays = change == DECLINE && kind == ON_MATCH;
        set_handling(job, kind, stays ? was : (enum handling)change_table[change][was]);
    }
}

static void change_more(struct job_state *job, unsigned more)
{
    if (more & CLEAR)
        job->flags = 0;
    if (more & (WET | DRY))
        job->flags = (uint8_t)((job->flags & ~JOB_WAS_DRY) | (more & DRY ? JOB_WAS_DRY : 0));
    if (more & WITH_ROW)
        job->flags |= JOB_HAS_ROW;
    if (more & UNMATCH)
        set_handling(job, ON_MATCH, HANDLING_NONE);
    if (more & AFRESH)
        job->tries = 0;
    if ((more & TRIED) && job->tries < JOB_TRIES_MOST)
        job->tries++;
}

struct job_step job_step(struct job_state *job, enum job_event event)
{
    struct step_cell cell = step_table[event][job->place];
    struct job_step step = {(enum job_row)cell.row, (enum job_look)cell.look};
    if (!cell.next)
        return step;
    if (step.row == ROW_REMOVED && !(job->flags & JOB_HAS_ROW))
        step.row = ROW_STAYS;
    job->place = (uint8_t)(cell.next - 1);
    change_kinds(job, (enum change)cell.change);
    change_more(job, cell.more);
    if (!job_kinds(job, HANDLING_PENDING)) { /* from every place */
        job->place = PLACE_IDLE;
        job->tries = 0;
    }
    return step;
}
