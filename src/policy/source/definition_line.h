/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a key in a policy file. Lua knows the line of a call, but not that of a key in the call's table, which is
 * what the reader of an error wants. */
#ifndef MPIJOBD_POLICY_SOURCE_DEFINITION_LINE_H
#define MPIJOBD_POLICY_SOURCE_DEFINITION_LINE_H

#include <stddef.h>

struct definition_place {
    int line;  /* from 1 */
    size_t at; /* bytes from the text's beginning: of two on one line the smaller one is the first */
};

/* The place at which the key's last part is assigned, at or after line `from` and before the next policy: each part
 * ("match.finished_for" has two) is looked for behind the one before it; one that is not found is passed over. member:
 * a part more, with dots of its own, as a label; NULL: none. */
struct definition_place definition_place(const char *text, size_t len, int from, const char *key, const char *member);

/* The line (from 1) at which `key` is assigned, at or after line `from` and before the next policy. `from`
 * where it is not found, or where key is NULL. */
int definition_line(const char *text, size_t len, int from, const char *key);

#endif
