/* SPDX-License-Identifier: Apache-2.0 */
/* Texts and a number for each: anchors and what they name, keys that a map has. A hash table with open addressing, so
 * that a file with a hundred thousand of them is read in no time. */
#include <stdlib.h>

#include "yaml/parts.h"

static size_t hash_of(struct str text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

/* Where the text is, or would be. */
static struct name *slot_of(const struct names *n, struct str text)
{
    size_t i = hash_of(text) & (n->room - 1);
    while (n->slots[i].number && !str_eq(n->slots[i].text, text))
        i = (i + 1) & (n->room - 1);
    return &n->slots[i];
}

static int grow(struct names *n)
{
    struct names more = {.room = n->room ? n->room * 2 : 16, .count = n->count};
    more.slots = calloc(more.room, sizeof *more.slots);
    if (!more.slots)
        return ERR_NOMEM;
    for (size_t i = 0; i < n->room; i++) {
        if (n->slots[i].number)
            *slot_of(&more, n->slots[i].text) = n->slots[i];
    }
    free(n->slots);
    *n = more;
    return 0;
}

uint32_t names_find(const struct names *n, struct str text)
{
    return n->room ? slot_of(n, text)->number : 0;
}

int names_add(struct names *n, struct str text, uint32_t number)
{
    if (n->count >= n->room / 4 * 3 && grow(n))
        return ERR_NOMEM;
    *slot_of(n, text) = (struct name){text, number};
    n->count++;
    return 0;
}

void names_free(struct names *n)
{
    free(n->slots);
    *n = (struct names){0};
}
