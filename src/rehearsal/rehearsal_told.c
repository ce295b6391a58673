/* SPDX-License-Identifier: Apache-2.0 */
/* A rehearsal in words. */
#include <inttypes.h>
#include <stdio.h>

#include "rehearsal/rehearsal_parts.h"

#define ITEMS_MAX 10 /* that the sentence names: first those that match another number */

void rehearsal_each(const struct rehearsal *r, void (*visit)(void *data, const struct rehearsed *told), void *data)
{
    for (size_t i = 0; r && i < r->count; i++) {
        const struct rehearsal_item *item = &r->items[i];
        const struct rehearsal_side *was = &item->was, *would = &item->would;
        struct rehearsed told = {
            .policy = would->entry->policy->name,
            .cluster = cluster_name(item->at->site->cluster),
            .is_new = !was->entry,
            .was = was->counted ? was->count : -1,
            .would = would->counted ? would->count : -1,
            .unknown = would->unknown   ? would->unknown
                       : would->counted ? NULL
                                        : "there was no time for it",
            .handled = item->handled,
            .again = would->entry->policy->again,
            .failed = would->failed,
            .error = would->error,
            .several = item->at->site->told != NULL,
        };
        visit(data, &told);
    }
}

double rehearsal_seconds(const struct rehearsal *r)
{
    return r ? (double)r->took / 1e6 : 0;
}

/* ---- the sentence ---- */

struct saying {
    struct buf *out;
    bool other; /* those that match another number, or fail; else the others */
    size_t said, left;
};

static bool is_other(const struct rehearsed *t)
{
    return t->unknown || t->failed || t->was != t->would;
}

static void say(void *data, const struct rehearsed *t)
{
    struct saying *s = data;
    if (is_other(t) != s->other)
        return;
    if (s->said == ITEMS_MAX) {
        s->left++;
        return;
    }
    s->said++;
    buf_printf(s->out, "; %s%s%s ", t->policy, t->several ? " on cluster " : "", t->several ? t->cluster : "");
    if (t->unknown)
        buf_printf(s->out, "is not counted: %s", t->unknown);
    else if (t->was < 0)
        buf_printf(s->out, "%s match %" PRId64, t->is_new ? "would" : "would now", t->would);
    else if (t->was != t->would)
        buf_printf(s->out, "would now match %" PRId64 " instead of %" PRId64, t->would, t->was);
    else
        buf_printf(s->out, "would match %" PRId64 " as before", t->would);
    if (t->failed)
        buf_printf(s->out, ", and its where fails for %" PRId64 " (%s)", t->failed, t->error ? t->error : "");
    if (t->handled > 0)
        buf_printf(s->out, "; it has handled %" PRId64 ", which %s", t->handled,
                   t->again ? "count as new" : "stay as they are");
}

void rehearsal_sentence(const struct rehearsal *r, struct buf *out)
{
    struct saying s = {.out = out, .other = true};
    if (!r || !(r->changed + r->added))
        return;
    if (r->changed)
        buf_printf(out, "%zu polic%s changed", r->changed, r->changed == 1 ? "y" : "ies");
    if (r->added)
        buf_printf(out, "%s%zu %s%s", r->changed ? ", " : "", r->added,
                   r->changed      ? ""
                   : r->added == 1 ? "policy "
                                   : "policies ",
                   r->added == 1 ? "is new" : "are new");
    rehearsal_each(r, say, &s);
    s.other = false;
    rehearsal_each(r, say, &s);
    if (s.left)
        buf_printf(out, "; and %zu more", s.left);
}

void rehearsal_log(const struct rehearsal *r)
{
    struct buf sentence = BUF_INIT;
    char seconds[32], jobs[24];
    rehearsal_sentence(r, &sentence);
    snprintf(seconds, sizeof seconds, "%.3f", rehearsal_seconds(r));
    snprintf(jobs, sizeof jobs, "%" PRId64, r->looked_at);
    if (sentence.len && !sentence.failed)
        log_event(r->o.log, LOG_INFO, sentence.ptr,
                  LOG_FIELDS(LOG_JSON_FIELD("looked_at", jobs), LOG_JSON_FIELD("seconds", seconds)));
    buf_free(&sentence);
}
