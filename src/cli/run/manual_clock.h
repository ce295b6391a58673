/* SPDX-License-Identifier: Apache-2.0 */
/* --clock manual: for tests of the real program. Time stands still, and moves when standard input says so:
 *     advance 2h
 *     set 2026-03-29T00:59:00Z
 * Each is answered on standard output by "clock 2026-..." when everything that fell due has been done, and
 * is in the log. */
#ifndef MPIJOBD_CLI_RUN_MANUAL_CLOCK_H
#define MPIJOBD_CLI_RUN_MANUAL_CLOCK_H

#include "cli/session/session.h"
#include "engine/engine.h"
#include "loop/timer.h"

struct manual_clock {
    uv_pipe_t input;
    uv_idle_t idle; /* turns the loop while an answer is due, to see when the engine is idle */
    struct clock *clock;
    struct engine *engine;
    struct alarms *log; /* of the log's counts */
    char bytes[4096], line[256];
    size_t len;
    bool answer_due;
    unsigned tries;           /* to see what the log said out, before the answer */
    void (*gone)(void *data); /* the end of standard input */
    void *data;
};

/* log: alarms that are moved, too, before those of the engine. */
void manual_clock_start(struct manual_clock *m, struct session *s, struct alarms *log, void (*gone)(void *data),
                        void *data);
void manual_clock_stop(struct manual_clock *m);

#endif
