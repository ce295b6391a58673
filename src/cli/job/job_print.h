/* SPDX-License-Identifier: Apache-2.0 */
/* What became of one job that was stopped or resumed by hand, for people and for programs. */
#ifndef MPIJOBD_CLI_JOB_JOB_PRINT_H
#define MPIJOBD_CLI_JOB_JOB_PRINT_H

#include "halt/halt.h"
#include "json/write.h"

/* key: "train/bert". err: as halt_done gets it; with an error the result may be NULL. */
void job_print_json(struct json_writer *w, const char *key, const struct halt_result *result, const struct error *err);
void job_print_text(const char *key, bool resumes, const struct halt_result *result, const struct error *err);

#endif
