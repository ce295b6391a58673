/* SPDX-License-Identifier: Apache-2.0 */
/* The list of paused policies: a few. */
#include "pause/paused.h"

#include <stdlib.h>
#include <string.h>

const struct paused_mark *paused_find(const struct paused *p, const char *policy)
{
    for (size_t i = 0; p && i < p->count; i++) {
        if (strcmp(p->marks[i].policy, policy) == 0)
            return &p->marks[i];
    }
    return NULL;
}

int paused_add(struct paused *p, const struct paused_mark *mark, struct error *err)
{
    if (paused_find(p, mark->policy))
        return 0;
    struct paused_mark *marks = realloc(p->marks, (p->count + 1) * sizeof *marks);
    if (!marks)
        return error_nomem(err);
    marks[p->count++] = *mark;
    p->marks = marks;
    return 0;
}

void paused_remove(struct paused *p, const char *policy)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->marks[i].policy, policy) != 0)
            continue;
        memmove(&p->marks[i], &p->marks[i + 1], (p->count - i - 1) * sizeof *p->marks);
        p->count--;
        return;
    }
}

void paused_free(struct paused *p)
{
    free(p->marks);
    *p = (struct paused){0};
}
