/* SPDX-License-Identifier: Apache-2.0 */
/* Goes from edge to edge. The edges of a week's windows are looked for day by day, from some days before (a zone may
 * leave out or repeat a whole one), and where the zone's offset changes. */
#include "time/windows.h"

#define DAY_MINUTES 1440
#define DAYS_LOOKED 9 /* a window comes back within a week */

bool windows_open(const struct windows *w, int64_t instant)
{
    if (w->span)
        return instant >= w->from && instant < w->until;
    bool open = w->count == 0;
    if (w->off && w->off->count) {
        struct civil day = zone_civil(w->zone, instant);
        if (days_have(w->off, &day))
            return false;
    }
    for (size_t i = 0; i < w->count && !open; i++)
        open = window_open(&w->list[i], w->zone, instant);
    return open;
}

/* ---- edges ---- */

/* The one that is nearest to an instant: the first after it, or the last at or before it. */
struct nearest {
    int64_t of, found;
    bool after, any;
};

static void offer(struct nearest *n, int64_t edge)
{
    if (n->after ? edge <= n->of : edge > n->of)
        return;
    if (!n->any || (n->after ? edge < n->found : edge > n->found))
        n->found = edge;
    n->any = true;
}

static void offer_time(struct nearest *n, const struct zone *zone, const struct civil *day, int minutes)
{
    struct civil local = {.year = day->year, .month = day->month, .day = day->day, .minute = minutes};
    int64_t first, second;
    zone_instants(zone, &local, &first, &second);
    offer(n, first);
    offer(n, second);
}

static bool is_off(const struct windows *w, const struct civil *day, int later)
{
    struct civil c = {.year = day->year, .month = day->month, .day = day->day + later};
    c = civil_from_seconds(civil_to_seconds(&c));
    return w->off && w->off->count && days_have(w->off, &c);
}

/* Those of the windows that begin on that day, and its beginning where days are off. Within a day that is off nothing
 * opens or closes: a policy's author can have two years of these, with many windows in each. */
static void offer_day(struct nearest *n, const struct windows *w, const struct civil *day)
{
    bool off = is_off(w, day, 0), next_off = is_off(w, day, 1);
    if (w->off && w->off->count)
        offer_time(n, w->zone, day, 0);
    for (size_t i = 0; i < w->count && !(off && next_off); i++) {
        const struct window *one = &w->list[i];
        if (!(one->days >> civil_weekday(day->year, day->month, day->day) & 1))
            continue;
        if (!off)
            offer_time(n, w->zone, day, one->begin);
        if (one->end > DAY_MINUTES ? !next_off : !off)
            offer_time(n, w->zone, day, one->end);
    }
}

static void offer_days(struct nearest *n, const struct windows *w)
{
    struct civil here = zone_civil(w->zone, n->of);
    int more = 3; /* days, beyond the one on which the first was found */
    for (int i = -3; i <= DAYS_LOOKED && more > 0; i++) {
        struct civil noon = {.year = here.year, .month = here.month, .day = here.day + (n->after ? i : -i), .hour = 12};
        noon = civil_from_seconds(civil_to_seconds(&noon));
        offer_day(n, w, &noon);
        more -= n->any;
    }
}

/* Where the clocks are changed between the instant and what was found. */
static void offer_changes(struct nearest *n, const struct zone *zone)
{
    int64_t week = INT64_C(86400) * DAYS_LOOKED, change = n->after ? n->of : n->any ? n->found : n->of - week;
    int64_t until = !n->after ? n->of : n->any ? n->found : n->of + week;
    while (zone_next_change(zone, change, &change) && change <= until)
        offer(n, change);
}

static void offer_all(struct nearest *n, const struct windows *w)
{
    struct nearest own = {.of = n->of, .after = n->after};
    if (w->span) {
        offer(n, w->from);
        offer(n, w->until);
    } else if (w->count || (w->off && w->off->count)) {
        offer_days(&own, w);
        offer_changes(&own, w->zone);
        if (own.any)
            offer(n, own.found);
    }
}

/* One that forbids at that instant; NULL: none does. */
static const struct windows *forbids(const struct timetable *t, int64_t instant)
{
    for (size_t i = 0; i < t->deny_count; i++) {
        if (windows_open(&t->deny[i], instant))
            return &t->deny[i];
    }
    return NULL;
}

/* The edge of the timetable that is nearest to `of`. While one forbids, the edges of the others change nothing, and are
 * passed over: under a freeze of years they would be ten thousands. False: it has no further one. */
static bool edge(const struct timetable *t, int64_t of, bool after, int64_t *at)
{
    struct nearest n = {.of = of, .after = after};
    const struct windows *deny = forbids(t, of);
    if (deny) {
        offer_all(&n, deny);
        *at = n.found;
        return n.any;
    }
    if (t->allow)
        offer_all(&n, t->allow);
    for (size_t i = 0; i < t->deny_count; i++)
        offer_all(&n, &t->deny[i]);
    *at = n.found;
    return n.any;
}

/* ---- timetables ---- */

bool timetable_open(const struct timetable *t, int64_t instant)
{
    return (!t->allow || windows_open(t->allow, instant)) && !forbids(t, instant);
}

bool timetable_next(const struct timetable *t, int64_t from, bool open, int64_t within, int64_t *at)
{
    int64_t now = from;
    while (timetable_open(t, now) != open) {
        if (!edge(t, now, true, &now) || now - from > within)
            return false;
    }
    *at = now;
    return true;
}

int64_t timetable_closed_since(const struct timetable *t, int64_t instant)
{
    int64_t since = instant;
    while (edge(t, since, false, &since) && instant - since <= WINDOWS_AHEAD) {
        if (timetable_open(t, since - 1))
            return since;
        since--;
    }
    return instant - WINDOWS_AHEAD;
}
