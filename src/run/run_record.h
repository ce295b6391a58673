/* SPDX-License-Identifier: Apache-2.0 */
/* A run's recording (record/record.h), where its site has a recorder. */
#ifndef MPIJOBD_RUN_RUN_RECORD_H
#define MPIJOBD_RUN_RUN_RECORD_H

#include "run/run.h"

/* Its number in the journal is known, and its script is about to start. */
void run_record_begin(struct run *run);
/* A change has ended. key: of its object; again: the run computes it once more, from the object of the result. */
void run_record_change(const struct run *run, enum change_verb verb, const char *key, bool again,
                       const struct change_result *result, const struct error *err);
/* Nothing is under way, and its outcome is known. */
void run_record_end(struct run *run);

#endif
