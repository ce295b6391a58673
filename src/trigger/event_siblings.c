/* SPDX-License-Identifier: Apache-2.0 */
/* The triggers of one policy that is about several kinds: one for each. One run of theirs is under way at most, they
 * take turns, and what the state says of the policy is theirs together. */
#include <string.h>

#include "trigger/event_parts.h"
#include "trigger/triggers.h"

/* The next one from `from` on that is not t itself; NULL: no other. */
static struct event_trigger *sibling(const struct event_trigger *t, struct event_trigger *from)
{
    while (from && (from == t || strcmp(from->entry.policy->name, t->entry.policy->name) != 0))
        from = from->next;
    return from;
}

static struct event_trigger *first(const struct event_trigger *t)
{
    return sibling(t, t->of->events);
}

static struct event_trigger *next(const struct event_trigger *t, const struct event_trigger *s)
{
    return sibling(t, s->next);
}

const char *event_kind_of_marks(const struct event_trigger *t)
{
    return event_baseline_of(t->entry.policy, t->held->kind);
}

bool event_tells(const struct event_trigger *t)
{
    for (const struct event_trigger *s = t->of->events; s && s != t; s = s->next) {
        if (strcmp(s->entry.policy->name, t->entry.policy->name) == 0)
            return false;
    }
    return true;
}

static bool wants_turn(const struct event_trigger *s)
{
    return s->scanned && s->depth && !s->batch && !s->pause_until_ms && event_may_begin(s);
}

bool event_siblings_let(struct event_trigger *t)
{
    bool gives_way = false;
    for (struct event_trigger *s = first(t); s; s = next(t, s)) {
        if (s->batch) /* its end wakes this one */
            return false;
        if (t->went_last && wants_turn(s)) {
            event_wake(s);
            gives_way = true;
        }
    }
    t->went_last = !gives_way;
    if (gives_way)
        event_wake(t); /* behind the other's turn */
    return !gives_way;
}

void event_siblings_wake(struct event_trigger *t)
{
    for (struct event_trigger *s = first(t); s; s = next(t, s))
        event_wake(s);
}

bool event_siblings_known(const struct event_trigger *t)
{
    size_t count = 1;
    for (struct event_trigger *s = first(t); s; s = next(t, s)) {
        count++;
        if (!s->read || !event_scopes_known(s))
            return false;
    }
    return count == t->entry.policy->kinds.count;
}

bool event_siblings_miss(const struct event_trigger *t, const char *uid)
{
    for (struct event_trigger *s = first(t); s; s = next(t, s)) {
        if (!event_rows_have(s, uid)) /* it has such a job, or had it since */
            return false;
    }
    return true;
}

void event_siblings_forget_rows(struct event_trigger *t)
{
    for (struct event_trigger *s = first(t); s; s = next(t, s))
        event_rows_free(s);
}
