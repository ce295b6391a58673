/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines of the policies the tests have come to. */
#ifndef MPIJOBD_CLI_TEST_COVERAGE_H
#define MPIJOBD_CLI_TEST_COVERAGE_H

#include <stdio.h>

#include "base/error.h"

struct coverage;
struct script_observer;

struct coverage *coverage_new(void); /* NULL: out of memory */
void coverage_free(struct coverage *coverage);
/* Counts the lines that the scripts which it observes come to. What there is no memory for is not counted. */
const struct script_observer *coverage_observer(struct coverage *coverage);
/* A table of the files, with the lines that were not come to; returns the hundredths of lines that were, over all
 * files; 100 where no line can run. Reads the files again. */
double coverage_report(struct coverage *coverage, FILE *out);

#endif
