/* SPDX-License-Identifier: Apache-2.0 */
/* A list in the order of giving; what is asked for is mostly at its end. */
#include "control/verbs/given_out.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grown.h"

#define MOST 10000

int given_out_add(struct given_out *out, int64_t number, uid_t uid)
{
    if (out->count == MOST)
        memmove(out->items, out->items + 1, --out->count * sizeof *out->items);
    struct given *items = grown(out->items, out->count, &out->cap, sizeof *items, 16);
    if (!items)
        return ERR_NOMEM;
    out->items = items;
    out->items[out->count++] = (struct given){.number = number, .uid = uid};
    return 0;
}

struct given *given_out_find(const struct given_out *out, int64_t number, uid_t uid, bool ended)
{
    for (size_t i = out->count; i > 0; i--) {
        struct given *g = &out->items[i - 1];
        if (g->number == number && g->ended == ended && (g->uid == uid || uid == 0))
            return g;
    }
    return NULL;
}

void given_out_remove(struct given_out *out, struct given *given)
{
    size_t behind = (size_t)(out->items + out->count - (given + 1));
    memmove(given, given + 1, behind * sizeof *given);
    out->count--;
}

void given_out_free(struct given_out *out)
{
    free(out->items);
    *out = (struct given_out){0};
}
