/* SPDX-License-Identifier: Apache-2.0 */
/* "TrainJob,JobSet", word by word. */
#include "cli/session/kind_list.h"

#include <stdio.h>
#include <string.h>

bool kind_list_has(const struct kind_list *list, const struct mpijob_kind *kind)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->of[i] == kind)
            return true;
    }
    return false;
}

static int add(struct kind_list *list, struct str name, struct error *err)
{
    char text[80];
    const struct mpijob_kind *kind;
    if (!mpijob_kind_find(name, &kind)) {
        snprintf(text, sizeof text, "%.*s", (int)(name.len < sizeof text ? name.len : sizeof text - 1), name.ptr);
        return mpijob_kind_unknown(text, err);
    }
    if (!kind_list_has(list, kind))
        list->of[list->count++] = kind;
    return 0;
}

int kind_list_parse(const char *text, struct kind_list *list, struct error *err)
{
    list->count = 0;
    for (size_t i = 0; strcmp(text, "all") == 0 && i < MPIJOB_KINDS_BUILT_IN; i++)
        list->of[list->count++] = mpijob_kind_at(i);
    while (!list->count || (*text && strcmp(text, "all") != 0)) {
        size_t n = strcspn(text, ",");
        int rc = add(list, str_n(text, n), err);
        if (rc)
            return rc;
        text += n + (text[n] == ',');
    }
    return 0;
}
