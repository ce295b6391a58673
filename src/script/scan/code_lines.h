/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines of a Lua file have code, by what Lua's own compiler makes of it. */
#ifndef MPIJOBD_SCRIPT_SCAN_CODE_LINES_H
#define MPIJOBD_SCRIPT_SCAN_CODE_LINES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

struct code_lines {
    bool *has;    /* by line, from 1 */
    size_t count; /* entries of has */
};

/* Blocks. The end of a function, where it returns by itself, is no line of its own. Errors of buf_read_file;
 * ERR_SYNTAX; ERR_NOMEM. */
int code_lines_read(const char *path, struct code_lines *lines, struct error *err);
void code_lines_free(struct code_lines *lines);

#endif
