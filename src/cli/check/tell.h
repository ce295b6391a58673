/* SPDX-License-Identifier: Apache-2.0 */
/* Findings, for people and for programs. */
#ifndef MPIJOBD_CLI_CHECK_TELL_H
#define MPIJOBD_CLI_CHECK_TELL_H

#include <stdio.h>

#include "cli/check/found.h"
#include "json/write.h"

/* A line each: "FILE:LINE: message [code]"; a warning says that it is one. Each is told once. */
void tell_text(struct found *findings, FILE *out);
/* An object each, into the array that is open: code, severity, message, policy, file, line, column. */
void tell_json(const struct found *findings, struct json_writer *w);
/* A whole document of SARIF 2.1.0, with all rules, for the tools that show findings beside the code. */
void tell_sarif(const struct found *findings, struct json_writer *w);

#endif
