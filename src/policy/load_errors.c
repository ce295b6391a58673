/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong in policy files, told in the order of the files and of their lines. */
#include "policy/load_errors.h"

#include <stdlib.h>

#include "base/texts.h"

void load_error_add(struct policy_set *set, enum policy_mistake mistake, const char *file, int line, size_t at,
                    const char *message)
{
    if (set->error_count == set->error_cap) {
        size_t cap = set->error_cap * 2;
        struct policy_error *errors = realloc(set->errors, cap * sizeof *errors);
        if (!errors)
            return; /* there are some already: the set is not used */
        set->errors = errors;
        set->error_cap = cap;
    }
    struct policy_error *e = &set->errors[set->error_count++];
    *e = (struct policy_error){.mistake = mistake, .line = line, .at = at, .came = set->error_count};
    e->texts = TEXTS_COPY({&e->file, file}, {&e->message, message});
    if (!e->texts)
        *e = (struct policy_error){.file = "policies", .message = "out of memory"};
}

static int compare_errors(const void *one, const void *other)
{
    const struct policy_error *a = one, *b = other;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    int order = strcmp(a->message, b->message);
    return order ? order : (a->came > b->came) - (a->came < b->came);
}

/* Files as they came, and what is wrong in each as it stands there. */
void load_errors_sort(struct policy_set *set)
{
    for (size_t i = 0; i < set->error_count; i++) {
        struct policy_error *e = &set->errors[i];
        if (i && strcmp(e->file, set->errors[i - 1].file) == 0)
            e->first = set->errors[i - 1].first;
        else
            for (e->first = 0; strcmp(set->errors[e->first].file, e->file) != 0; e->first++)
                ;
    }
    if (set->error_count)
        qsort(set->errors, set->error_count, sizeof *set->errors, compare_errors);
}
