/* SPDX-License-Identifier: Apache-2.0 */
/* Lua that is part of the program: the files of lua/mpijobd/prompt, and the annotations in lua/types, which CMake links
 * in (mpijobd_embed_modules). */
#ifndef MPIJOBD_PROMPT_EMBEDDED_PROMPT_H
#define MPIJOBD_PROMPT_EMBEDDED_PROMPT_H

#include <stddef.h>

struct embedded_module {
    const char *name; /* "help"; of annotations "types.mpijob" */
    const char *bytes;
    size_t len;
};
extern const struct embedded_module embedded_prompt[]; /* ends in a NULL name */

#endif
