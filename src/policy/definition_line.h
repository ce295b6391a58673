/* Lua knows the line of a call, not of a key in its table; a reader of an error wants the key's. */
#ifndef MPIJOBD_POLICY_DEFINITION_LINE_H
#define MPIJOBD_POLICY_DEFINITION_LINE_H

#include <stddef.h>

/* The line (from 1) at which `key` ("match.finished_for": its last part) is assigned after line `from` and before the
 * next policy; `from` where it is not found or key is NULL. */
int definition_line(const char *text, size_t len, int from, const char *key);

#endif
