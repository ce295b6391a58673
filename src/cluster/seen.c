/* SPDX-License-Identifier: Apache-2.0 */
/* A table by uid, and in each entry the number of the list that had it last. */
#include "cluster/seen.h"

#include <stdio.h>
#include <stdlib.h>

void seen_relist(struct seen_set *set)
{
    set->round++;
}

void *seen_add(struct seen_set *set, const char *uid, size_t size, bool *is_new)
{
    struct seen *seen = NULL;
    HASH_FIND_STR(set->first, uid, seen);
    *is_new = !seen;
    if (!seen) {
        seen = calloc(1, size);
        if (!seen)
            return NULL;
        snprintf(seen->uid, sizeof seen->uid, "%s", uid);
        HASH_ADD_STR(set->first, uid, seen);
        if (!seen->hh.tbl) {
            free(seen);
            return NULL;
        }
    }
    seen->round = set->round;
    return seen;
}

static void drop(struct seen_set *set, struct seen *seen)
{
    HASH_DEL(set->first, seen);
    free(seen);
}

bool seen_remove(struct seen_set *set, const char *uid)
{
    struct seen *seen = NULL;
    HASH_FIND_STR(set->first, uid, seen);
    if (seen)
        drop(set, seen);
    return seen != NULL;
}

size_t seen_synced(struct seen_set *set)
{
    size_t gone = 0;
    struct seen *seen, *next;
    HASH_ITER(hh, set->first, seen, next)
    {
        if (seen->round == set->round)
            continue;
        drop(set, seen);
        gone++;
    }
    return gone;
}

void seen_free(struct seen_set *set)
{
    struct seen *seen, *next;
    HASH_ITER(hh, set->first, seen, next)
    {
        drop(set, seen);
    }
}
