/* A policy's table of changes is read once and used for many jobs at a time. */
#include <stdlib.h>

#include "mpijob/change/change_item.h"

static bool copy_item(const struct mpijob_change *from, struct mpijob_change *to)
{
    *to = *from;
    to->key = from->key ? str_dup(str_of(from->key)) : NULL;
    to->value = from->value ? str_dup(str_n(from->value, from->value_len)) : NULL;
    return (!from->key || to->key) && (!from->value || to->value);
}

int mpijob_changes_copy(const struct mpijob_changes *changes, struct mpijob_changes *copy, struct error *err)
{
    *copy = (struct mpijob_changes){.exactly = {changes->exactly[0], changes->exactly[1]}};
    if (!changes->count)
        return 0;
    copy->items = calloc(changes->count, sizeof *copy->items);
    bool good = copy->items != NULL;
    for (size_t i = 0; good && i < changes->count; i++) {
        good = copy_item(&changes->items[i], &copy->items[i]);
        copy->count = copy->cap = i + 1;
    }
    if (good)
        return 0;
    mpijob_changes_free(copy);
    return error_nomem(err);
}
