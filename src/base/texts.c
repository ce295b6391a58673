/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of several texts in one block. */
#include "base/texts.h"

#include <stdlib.h>
#include <string.h>

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

void *texts_copy(const struct text_copy *texts, size_t count)
{
    size_t size = 1; /* malloc(0) may be NULL */
    for (size_t i = 0; i < count; i++)
        size += size_of(texts[i].from);
    char *block = malloc(size), *at = block;
    for (size_t i = 0; block && i < count; i++) {
        size_t n = size_of(texts[i].from);
        *texts[i].to = n ? memcpy(at, texts[i].from, n) : NULL;
        at += n;
    }
    return block;
}

size_t texts_count(const char *const *list)
{
    size_t count = 0;
    while (list[count])
        count++;
    return count;
}

char **texts_copy_list(const char *const *list, size_t count)
{
    size_t size = (count + 1) * sizeof(char *);
    for (size_t i = 0; i < count; i++)
        size += size_of(list[i]);
    char **copy = malloc(size);
    if (!copy)
        return NULL;
    char *at = (char *)(copy + count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t n = size_of(list[i]);
        copy[i] = memcpy(at, list[i], n);
        at += n;
    }
    copy[count] = NULL;
    return copy;
}
