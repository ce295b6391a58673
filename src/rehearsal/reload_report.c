/* SPDX-License-Identifier: Apache-2.0 */
/* Compares two sets of policies by their names and texts. */
#include "rehearsal/reload_report.h"

#include <stdio.h>
#include <stdlib.h>

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

/* NULL: it is empty, or memory was out. */
static char *end(struct list *list)
{
    if (list->count > NAMES_MAX)
        buf_printf(&list->text, " and %zu more", list->count - NAMES_MAX);
    char *text = list->count ? buf_take(&list->text, NULL) : NULL;
    buf_free(&list->text);
    return text;
}

static const struct policy *find(const struct policy_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->entries[i].policy->name, name) == 0)
            return set->entries[i].policy;
    }
    return NULL;
}

void reload_compare(const struct policy_set *was, const struct policy_set *is, struct reload_changes *changes)
{
    struct list added = {0}, changed = {0}, gone = {0};
    for (size_t i = 0; i < is->count; i++) {
        const struct policy *p = is->entries[i].policy, *before = find(was, p->name);
        if (!before)
            add(&added, p->name);
        else if (policy_text_differs(before->text, p->text))
            add(&changed, p->name);
        else
            changes->unchanged++;
    }
    for (size_t i = 0; i < was->count; i++) {
        if (!find(is, was->entries[i].policy->name))
            add(&gone, was->entries[i].policy->name);
    }
    changes->added = end(&added);
    changes->changed = end(&changed);
    changes->gone = end(&gone);
}

void reload_report(const struct log *log, const struct reload_changes *c)
{
    char unchanged[24];
    snprintf(unchanged, sizeof unchanged, "%zu", c->unchanged);
    bool news = c->added || c->changed || c->gone;
    log_event(log, LOG_INFO, news ? "the policies are loaded again" : "the policies are loaded again: none has changed",
              LOG_FIELDS({"added", c->added}, {"changed", c->changed}, {"gone", c->gone},
                         LOG_JSON_FIELD("unchanged", unchanged)));
}

void reload_changes_free(struct reload_changes *c)
{
    free(c->added);
    free(c->changed);
    free(c->gone);
    *c = (struct reload_changes){0};
}
