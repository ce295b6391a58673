/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a key in a policy file. Lua knows the line of a call, but not that of a key in the call's table, which is
 * what the reader of an error wants. */
#ifndef MPIJOBD_POLICY_DEFINITION_LINE_H
#define MPIJOBD_POLICY_DEFINITION_LINE_H

#include <stddef.h>

/* The line (from 1) at which `key` is assigned, at or after line `from` and before the next policy. Of a key such as
 * "match.finished_for" the last part counts. `from` where it is not found, or where key is NULL. */
int definition_line(const char *text, size_t len, int from, const char *key);

#endif
