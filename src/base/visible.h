/* SPDX-License-Identifier: Apache-2.0 */
/* Text that a terminal shows and does not obey, whoever wrote it: names, messages and values come from servers and
 * scripts. */
#ifndef MPIJOBD_BASE_VISIBLE_H
#define MPIJOBD_BASE_VISIBLE_H

#include <stdint.h>

#include "base/buf.h"

/* The character that the text begins with, which has at least one byte: sets *c and returns its bytes. What is no UTF-8
 * is one byte of U+FFFD. */
size_t visible_next(struct str text, uint32_t *c);
/* Control characters (those of ASCII, and U+0080 to U+009F, of which U+009B is an escape sequence of its own), and what
 * breaks a line or turns its direction (U+2028, U+202E). */
bool visible_is_control(uint32_t c);
/* Is one of these in the text? */
bool visible_has_control(struct str text);

/* Appends the text; control characters as \u009b, but for \n and \t, and U+FFFD for what is no UTF-8. */
void visible_add(struct buf *out, struct str text);

#endif
