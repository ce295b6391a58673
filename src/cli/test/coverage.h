/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines of the policies the tests have come to. */
#ifndef MPIJOBD_CLI_TEST_COVERAGE_H
#define MPIJOBD_CLI_TEST_COVERAGE_H

#include <stdio.h>

#include "base/error.h"

struct coverage;

struct coverage *coverage_new(void); /* NULL: out of memory */
void coverage_free(struct coverage *coverage);
/* A line was come to; as script_watch_lines calls it. What there is no memory for is not counted. */
void coverage_line(void *coverage, const char *source, int line);
/* A table of the files, with the lines that were not come to; returns the hundredths of lines that were, over all
 * files; 100 where no line can run. Reads the files again. */
double coverage_report(struct coverage *coverage, FILE *out);

#endif
