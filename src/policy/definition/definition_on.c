/* SPDX-License-Identifier: Apache-2.0 */
/* Reads `on`: the events at which a policy acts, and checks what goes with them. */
#include "policy/definition/definition_parts.h"

#include <lauxlib.h>
#include <stdio.h>

#include "policy/values/lua_json.h"

static const char *const words[] = {"match", "added", "finished", "changed", NULL};
#define ON_ONE "\"match\", \"added\", \"finished\" or \"changed\", or a list of these"

const char *policy_on_name(unsigned event)
{
    for (int i = 0; words[i]; i++) {
        if (event & (1U << i))
            return words[i];
    }
    return "";
}

static void add(struct defining *d, int index)
{
    char is[96];
    const char *text = lua_type(d->L, index) == LUA_TSTRING ? lua_tostring(d->L, index) : NULL;
    for (int i = 0; text && words[i]; i++) {
        if (strcmp(text, words[i]) == 0) {
            d->p->on |= 1U << i;
            return;
        }
    }
    const char *near = text ? str_nearest(text, words) : NULL;
    definition_found(d, "on", "is %s; it has to be " ON_ONE "%s%s%s", lua_describe(d->L, index, is, sizeof is),
                     near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

void definition_on(struct defining *d, int index)
{
    d->triggers |= TRIGGER_ON;
    if (lua_type(d->L, index) != LUA_TTABLE) {
        add(d, index);
        return;
    }
    size_t n = lua_rawlen(d->L, index);
    if (n == 0)
        definition_found(d, "on", "is an empty list; name " ON_ONE);
    for (size_t i = 1; i <= n && i <= 16; i++) {
        lua_rawgeti(d->L, index, (lua_Integer)i);
        add(d, lua_gettop(d->L));
        lua_pop(d->L, 1);
    }
}

void definition_recheck(struct defining *d, int index)
{
    int before = d->findings;
    d->event_keys |= EVENT_KEY_RECHECK;
    definition_duration(d, "recheck", index, &d->p->recheck);
    if (d->findings == before && d->p->recheck < CLOCK_SECOND)
        definition_found(d, "recheck", "has to be at least 1s");
}

void definition_holds_for(struct defining *d, int index)
{
    int before = d->findings;
    d->event_keys |= EVENT_KEY_HOLDS_FOR;
    definition_duration(d, "holds_for", index, &d->p->holds_for);
    if (d->findings == before && d->p->holds_for < CLOCK_SECOND)
        definition_found(d, "holds_for", "has to be at least 1s");
}

/* It has to be known since when a job matches, so jobs have to be looked at all the time; and what a job has come to
 * must be something that lasts. */
static void check_holds_for(struct defining *d)
{
    unsigned other = d->p->on & ~(unsigned)ON_MATCH;
    if (!(d->event_keys & EVENT_KEY_HOLDS_FOR) || !d->triggers)
        return;
    if (!(d->triggers & TRIGGER_ON))
        definition_found(d, "holds_for",
                         "goes with on = \"match\": between the runs of a schedule or period nobody sees whether a job "
                         "goes on matching. Write on = \"match\", and a window where it may act at some hours only, as "
                         "in window = \"22:00-23:00\"");
    else if (other)
        definition_found(
            d, "holds_for",
            "goes with on = \"match\" alone: that a job is %s is a moment, and does not last; leave it out, "
            "or wait for \"match\" alone",
            policy_on_name(other));
}

/* Those that go with events only; recheck only where there is something to ask again, and a job that waits for it. */
static void check_event_keys(struct defining *d)
{
    bool on = d->triggers & TRIGGER_ON;
    if ((d->event_keys & EVENT_KEY_AGAIN) && d->triggers && !on)
        definition_found(d, "again",
                         "goes with on, not with schedule or every: each of their runs looks at all jobs that match; "
                         "leave it out");
    if ((d->event_keys & EVENT_KEY_HOLD) && (d->p->on & ~(unsigned)ON_MATCH))
        definition_found(d, "hold",
                         "goes with on = \"match\", schedule and every: a job that is held when it is %s would be let "
                         "pass for good; leave it out, or wait for \"match\" alone",
                         policy_on_name(d->p->on & ~(unsigned)ON_MATCH));
    if (!(d->event_keys & EVENT_KEY_RECHECK) || !d->triggers)
        return;
    if (!on)
        definition_found(d, "recheck",
                         "goes with on, not with schedule or every: each of their runs asks `where` of all jobs that "
                         "match; leave it out");
    else if (d->p->on && !(d->p->on & ON_MATCH))
        definition_found(d, "recheck",
                         "goes with on = \"match\": a job that is %s is asked about once, at that moment, and does not "
                         "wait; add \"match\" to on, or leave it out",
                         policy_on_name(d->p->on));
    else if (d->p->where == LUA_NOREF && !(d->event_keys & EVENT_MATCH_BAD))
        definition_found(d, "recheck",
                         "needs match.where, which it asks again: all other conditions of match are looked at by "
                         "themselves when the job changes and at the instant at which time makes them hold; leave it "
                         "out");
}

/* Reports durations that cannot have passed at the only events that the policy waits for. */
static void check_spans(struct defining *d)
{
    static const struct {
        enum mpijob_span span;
        const char *key;
        unsigned never; /* on these alone */
    } spans[] = {{SPAN_OLDER_THAN, "match.older_than", ON_ADDED},
                 {SPAN_PENDING_FOR, "match.pending_for", ON_ADDED | ON_FINISHED},
                 {SPAN_RUNNING_FOR, "match.running_for", ON_ADDED | ON_FINISHED},
                 {SPAN_FINISHED_FOR, "match.finished_for", ON_ADDED | ON_FINISHED}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        if (mpijob_match_has_span(d->p->match, spans[i].span) && !(d->p->on & ~spans[i].never))
            definition_found(
                d, spans[i].key,
                "cannot have passed when a job is %s; with on = \"match\" the policy acts at the very instant "
                "at which it has",
                policy_on_name(d->p->on));
    }
}

void definition_check_on(struct defining *d)
{
    static const char *const keys[] = {"timezone", "jitter", "missed", "overlap"};
    check_event_keys(d);
    check_holds_for(d);
    if (d->triggers != TRIGGER_ON)
        return; /* else it is told what is wrong with the triggers */
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (d->timing & (1U << i) && !(i == 0 && (d->timing & TIMING_WINDOW || d->event_keys & EVENT_KEY_WARN)))
            definition_found(d, keys[i],
                             "goes with schedule or every, not with on: an event of a job is handled once, when it "
                             "happens; also an event that happened while the daemon was down");
    }
    if (d->p->on)
        check_spans(d);
}
