/* SPDX-License-Identifier: Apache-2.0 */
/* Printing what became of one replacement of `mpijobd replace`. */
#ifndef MPIJOBD_CLI_REPLACE_PRINT_H
#define MPIJOBD_CLI_REPLACE_PRINT_H

#include "change/change.h"
#include "json/write.h"

/* key: "namespace/name". err NULL: it went well. */
void replace_print_json(struct json_writer *w, const char *key, const struct change_result *result,
                        const struct error *err);
/* Of an object that did not get so far as to be compared. */
void replace_print_failed(struct json_writer *w, const char *key, const struct error *err);
/* On standard output; an error on standard error. */
void replace_print_text(const char *command, bool colour, bool dry_run, const char *key,
                        const struct change_result *result, const struct error *err);

#endif
