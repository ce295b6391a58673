/* SPDX-License-Identifier: Apache-2.0 */
/* An array that takes one item more. */
#include "base/grown.h"

#include <stdint.h>
#include <stdlib.h>

void *grown(void *list, size_t count, size_t *room, size_t one, size_t first)
{
    if (list && count < *room)
        return list;
    if (*room > SIZE_MAX / 2 / one)
        return NULL;
    size_t more = *room ? *room * 2 : first;
    void *longer = realloc(list, more * one);
    if (longer)
        *room = more;
    return longer;
}
