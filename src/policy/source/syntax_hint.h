/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be written in the place of what Lua could not read: for those who come from YAML, JSON, C or Python. */
#ifndef MPIJOBD_POLICY_SOURCE_SYNTAX_HINT_H
#define MPIJOBD_POLICY_SOURCE_SYNTAX_HINT_H

#include "base/buf.h"

/* Appends "; " and a sentence to out, or nothing. text: the file; line: where Lua's message is about, from 1; message:
 * as Lua says it, "<name> expected near '\"a\"'". */
void syntax_hint(struct str text, int line, const char *message, struct buf *out);

#endif
