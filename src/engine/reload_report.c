/* SPDX-License-Identifier: Apache-2.0 */
/* Compares two sets of policies by their names and texts. */
#include "engine/reload_report.h"

#include <stdio.h>

#include "policy/load.h"
#include "policy/policy_text.h"

#define NAMES_MAX 50 /* of a list in the log; of more only the number is told */

struct list {
    struct buf text;
    size_t count;
};

static void add(struct list *list, const char *name)
{
    if (list->count++ < NAMES_MAX)
        buf_printf(&list->text, "%s%s", list->count > 1 ? "," : "", name);
}

/* NULL: it is empty. */
static const char *end(struct list *list)
{
    if (list->count > NAMES_MAX)
        buf_printf(&list->text, " and %zu more", list->count - NAMES_MAX);
    return list->count && !list->text.failed ? list->text.ptr : NULL;
}

static const struct policy *find(const struct policy_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->entries[i].policy->name, name) == 0)
            return set->entries[i].policy;
    }
    return NULL;
}

void reload_report(const struct log *log, const struct policy_set *was, const struct policy_set *is)
{
    struct list added = {0}, changed = {0}, gone = {0};
    size_t same = 0;
    char unchanged[24];
    for (size_t i = 0; i < is->count; i++) {
        const struct policy *p = is->entries[i].policy, *before = find(was, p->name);
        if (!before)
            add(&added, p->name);
        else if (policy_text_differs(before->text, p->text))
            add(&changed, p->name);
        else
            same++;
    }
    for (size_t i = 0; i < was->count; i++) {
        if (!find(is, was->entries[i].policy->name))
            add(&gone, was->entries[i].policy->name);
    }
    snprintf(unchanged, sizeof unchanged, "%zu", same);
    bool news = added.count || changed.count || gone.count;
    const char *a = end(&added), *c = end(&changed), *g = end(&gone);
    log_event(log, LOG_INFO, news ? "the policies are loaded again" : "the policies are loaded again: none has changed",
              LOG_FIELDS({"added", a}, {"changed", c}, {"gone", g}, LOG_JSON_FIELD("unchanged", unchanged)));
    buf_free(&added.text);
    buf_free(&changed.text);
    buf_free(&gone.text);
}
