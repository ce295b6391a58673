/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the mpijob floor only: a text as far as a message shows it, for "%.*s". Never ends within a character. */
#ifndef MPIJOBD_MPIJOB_SHOWN_H
#define MPIJOBD_MPIJOB_SHOWN_H

#include "base/str.h"

static inline int shown(struct str text, int most)
{
    if (text.len <= (size_t)most)
        return (int)text.len;
    while (most > 0 && ((unsigned char)text.ptr[most] & 0xC0) == 0x80)
        most--;
    return most;
}

#endif
