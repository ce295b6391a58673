/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a TZif file: no read out of bounds, and what is accepted answers consistently. */
#include <stdint.h>
#include <stdlib.h>

#include "time/zone_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void ask(const struct zone *zone, int64_t instant)
{
    char text[40];
    int64_t change, first, second;
    zone_format(zone, instant, text);
    struct civil local = zone_civil(zone, instant);
    enum zone_local kind = zone_instants(zone, &local, &first, &second);
    /* Near the bound an instant is not its own any more. More than two of the same local time are possible in a hostile
     * file, then the first two are given. */
    if (instant > -ZONE_INSTANT_MOST / 2 && instant < ZONE_INSTANT_MOST / 2) {
        must(kind != ZONE_GAP && first <= instant);
        must(kind == ZONE_TWICE ? first < second : first == second && first == instant);
    }
    if (zone_next_change(zone, instant, &change)) {
        must(change > instant || instant > ZONE_INSTANT_MOST);
        must(zone_at(zone, change - 1).seconds != zone_at(zone, change).seconds);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone *zone;
    struct error err;
    int rc = zone_parse("Fuzz/Zone", "fuzz.tzif", data, size, &zone, &err);
    if (rc) {
        must(err.message[0] != '\0' && rc == err.code);
        return 0;
    }
    static const int64_t instants[] = {0, -1, 1790000000, 4102444800, -62135596800, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++)
        ask(zone, instants[i]);
    for (size_t i = 0; i < zone->change_count && i < 64; i++) {
        int64_t at = zone->changes[i].at;
        ask(zone, at);
        if (at > INT64_MIN)
            ask(zone, at - 1);
    }
    zone_free(zone);
    return 0;
}
