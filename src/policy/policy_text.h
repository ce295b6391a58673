/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy's text is, so that one text is told from another: its definition with all that its functions use, and
 * the texts of its file and of what that requires. A policy counts as changed where both are others: another policy of
 * the file, a comment or a line's place change the one alone, a value that is another at each load (the time, say) the
 * other alone. */
#ifndef MPIJOBD_POLICY_POLICY_TEXT_H
#define MPIJOBD_POLICY_POLICY_TEXT_H

#include <stdbool.h>
#include <stdint.h>

struct policy_file;

/* The file is loaded, and what it has required is known: sets `text` of each of its policies, and `moving`. */
void policy_texts(struct policy_file *file);

static inline bool policy_text_differs(uint64_t text, uint64_t other)
{
    return text >> 32 != other >> 32 && (uint32_t)text != (uint32_t)other;
}

#endif
