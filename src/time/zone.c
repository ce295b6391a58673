/* SPDX-License-Identifier: Apache-2.0 */
/* What may be asked of a loaded zone: offsets, changes, local times. */
#include "time/zone.h"

#include <stdio.h>
#include <stdlib.h>

#include "time/zone_data.h"

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

static int64_t bounded(int64_t instant)
{
    if (instant > ZONE_INSTANT_MOST)
        return ZONE_INSTANT_MOST;
    return instant < -ZONE_INSTANT_MOST ? -ZONE_INSTANT_MOST : instant;
}

/* How many changes lie at or before the instant. */
static size_t changes_until(const struct zone *zone, int64_t instant)
{
    size_t low = 0, high = zone->change_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->changes[middle].at <= instant)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct zone_offset *offset_at(const struct zone *zone, int64_t instant)
{
    size_t n = changes_until(zone, instant);
    if (n == zone->change_count && zone->has_rule)
        return posix_rule_at(&zone->rule, instant);
    return &zone->types[n ? zone->changes[n - 1].type : 0];
}

struct zone_offset zone_at(const struct zone *zone, int64_t instant)
{
    return *offset_at(zone, bounded(instant));
}

bool zone_next_change(const struct zone *zone, int64_t instant, int64_t *change)
{
    instant = bounded(instant);
    for (size_t i = changes_until(zone, instant); i < zone->change_count; i++) {
        int64_t at = zone->changes[i].at;
        if (at > ZONE_INSTANT_MOST) /* no real zone has such a change, a hostile file may */
            return false;
        if (offset_at(zone, at - 1)->seconds != offset_at(zone, at)->seconds) {
            *change = at;
            return true;
        }
        instant = at;
    }
    return zone->has_rule && instant < ZONE_INSTANT_MOST && posix_rule_next(&zone->rule, instant, change);
}

struct civil zone_civil(const struct zone *zone, int64_t instant)
{
    instant = bounded(instant);
    return civil_from_seconds(instant + offset_at(zone, instant)->seconds);
}

/* Between two changes local time runs evenly, so each such stretch holds the local time once or not at all. Only
 * stretches within the largest offset of it can hold it. Where none does, the local time was jumped over by the change
 * before which it was still to come and after which it is past. */
enum zone_local zone_instants(const struct zone *zone, const struct civil *local, int64_t *first, int64_t *second)
{
    int64_t wanted = civil_to_seconds(local);
    int64_t from = bounded(wanted - ZONE_OFFSET_MOST - 1), until = bounded(wanted + ZONE_OFFSET_MOST + 1);
    int64_t found[2], gap = wanted;
    size_t count = 0;
    for (bool more = true, gap_seen = false; more && count < 2;) {
        int64_t offset = offset_at(zone, from)->seconds;
        int64_t change;
        more = zone_next_change(zone, from, &change) && change <= until;
        int64_t instant = wanted - offset;
        if (instant >= from && (!more || instant < change))
            found[count++] = instant;
        if (more) {
            if (!gap_seen && change + offset <= wanted && wanted < change + offset_at(zone, change)->seconds) {
                gap = change;
                gap_seen = true;
            }
            from = change;
        }
    }
    *first = count ? found[0] : gap;
    *second = count == 2 ? found[1] : *first;
    return count == 0 ? ZONE_GAP : count == 1 ? ZONE_ONCE : ZONE_TWICE;
}

void zone_format(const struct zone *zone, int64_t instant, char out[40])
{
    instant = bounded(instant);
    struct civil c = zone_civil(zone, instant);
    int32_t offset = offset_at(zone, instant)->seconds;
    int32_t size = offset < 0 ? -offset : offset;
    int n = snprintf(out, 40, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", c.year, c.month, c.day, c.hour, c.minute,
                     c.second, offset < 0 ? '-' : '+', size / 3600, size / 60 % 60);
    if (size % 60 && n > 0 && n < 37)
        snprintf(out + n, 40 - (size_t)n, ":%02d", size % 60);
}
