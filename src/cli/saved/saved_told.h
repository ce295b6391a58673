/* SPDX-License-Identifier: Apache-2.0 */
/* What was given back, in the forms that report --saved has. */
#ifndef MPIJOBD_CLI_SAVED_SAVED_TOLD_H
#define MPIJOBD_CLI_SAVED_SAVED_TOLD_H

#include <stdio.h>

#include "cli/session/options.h"
#include "saved/saved.h"

struct saved_told {
    const struct saved *saved;
    const struct saved_options *options;
    const char *currency; /* NULL: there are no prices */
    size_t journals;      /* that were summed */
};
/* output: OUTPUT_TABLE, OUTPUT_MARKDOWN, OUTPUT_CSV or OUTPUT_JSON. 0 or ERR_NOMEM. */
int saved_tell(const struct saved_told *told, enum output output, FILE *to, struct error *err);

#endif
