/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: the command, and the undo that it makes. */
#ifndef MPIJOBD_CLI_UNDO_UNDOING_H
#define MPIJOBD_CLI_UNDO_UNDOING_H

#include "cli/session/session.h"
#include "cli/terminal/progress.h"
#include "limit/hour.h"
#include "limit/rate.h"
#include "undo/undo.h"
#include "json/write.h"

struct undoing {
    struct session s;
    struct site site;
    struct undo undo;
    struct progress progress;
    char job[520];
    struct hour hour; /* the ceiling over all policies, and what it has had; most 0: none */
    struct undo_limits {
        bool told;           /* by a daemon */
        int64_t changes_max; /* that the policy of the run allows; -1: any number */
        double percent_max;  /* of its jobs; negative: any share */
        int64_t percent_floor, jobs;
        double per_second; /* writes; 0: as fast as it goes */
        int64_t concurrency;
        int64_t hour_most, hour_left; /* the ceiling, as the daemon has it; -1: none */
    } limits;
    struct alarms *alarms; /* of the rate; NULL: writes take no turns */
    struct rate rate;
    struct control_asker *asker; /* of the daemon that gives the turns; NULL: the rate does */
    const char *over;            /* the one that is exceeded; NULL: none is */
    bool colour;
    struct buf json;
    struct json_writer w;
};

/* ---- undo_bounds.c ---- */

/* What a daemon says of the limits, in its answer to the verb `undo`. */
void undo_take_limits(struct undoing *u, struct json answer);
/* Writes take turns, where the policy or the configuration has limits.per_second. Then undo_end_pace. 0, or the exit
 * code after the error was printed. */
int undo_set_pace(struct undoing *u);
void undo_end_pace(struct undoing *u);
/* When all are looked at: would more be changed than the policy of the run may change, or than the ceiling leaves? 0;
 * EXIT_LIMITED after that was printed, unless a person overrides it. */
int undo_bounded(struct undoing *u);

/* ---- undo_turns.c ---- */

/* The turns are the daemon's, which has told the limits: one rate for all that writes for the policy. Where it cannot
 * be asked, or not any more, writes go by the rate of the command. */
void undo_turns_begin(struct undoing *u);
void undo_turns_end(struct undoing *u);

/* ---- undo_propose.c ---- */

/* Where a daemon has the state, it says whether this undo has to wait for approval; then its plan waits there. *waits:
 * it does, which was printed, and the exit code is returned. 0, or the exit code after the error was printed. */
int undo_propose(struct undoing *u, bool *waits);

/* ---- undo_print.c ---- */

/* What cannot be put back, before anything is changed. */
void undo_print_beforehand(const struct undoing *u);
/* One object (undo.told). */
void undo_print_one(struct undoing *u, const struct undo_object *o, const struct change_result *result,
                    const struct error *err);
void undo_print_unknown(const struct undoing *u); /* how many changes are left alone, if there are such */
void undo_print_end(struct undoing *u);

#endif
