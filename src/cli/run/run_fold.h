/* SPDX-License-Identifier: Apache-2.0 */
/* The log of `mpijobd run`: lines that repeat are counted (base/log_fold.h), and the counts told in time; metrics of
 * lines that were not written. */
#ifndef MPIJOBD_CLI_RUN_RUN_FOLD_H
#define MPIJOBD_CLI_RUN_RUN_FOLD_H

#include "base/log_fold.h"
#include "cli/session/session.h"
#include "loop/timer.h"

struct run_fold {
    struct session *s; /* NULL: it is not open */
    struct alarms *alarms;
    struct alarm alarm;
    uv_async_t waits; /* wakes the loop, for lines of any thread */
    struct metric *lost, *folded;
    uint64_t lost_told, folded_told[LOG_ERROR + 1];
};

/* From now on, as --log-fold or the configuration says. 0, or the exit code. */
int run_fold_open(struct session *s, struct run_fold *fold);
/* When s->metrics is there. ERR_NOMEM. */
int run_fold_count(struct run_fold *fold, struct error *err);
/* Lets go of the loop, which has to turn once more: counts are told at the end from then on. */
void run_fold_close(struct run_fold *fold);
/* Tells all counts; when nothing else logs any more. */
void run_fold_end(struct session *s);

#endif
