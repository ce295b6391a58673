/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a schedule. The first byte chooses the footer of the zone it runs in, the next four the instant. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/tzif_build.h"
#include "time/cron.h"
#include "time/zone_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const rules[] = {
    "UTC0",
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
    "<-03>3<-02>,M10.3.0/0,M2.3.0/0",
    "AAA12BBB-12,J100/0,J200/0",
};
enum { RULES = sizeof rules / sizeof *rules, LACKS_A_DAY = 4 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool matches(const struct cron *cron, const struct civil *c)
{
    bool day = cron->days >> c->day & 1, weekday = cron->weekdays >> civil_weekday(c->year, c->month, c->day) & 1;
    bool date = cron->days_restricted && cron->weekdays_restricted ? day || weekday : day && weekday;
    return date && (cron->months >> c->month & 1) && (cron->hours >> c->hour & 1) && (cron->minutes >> c->minute & 1) &&
           (cron->seconds >> c->second & 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct zone *zones[RULES];
    struct cron cron;
    struct error err;
    char text[256];
    if (size < 5 || size - 5 >= sizeof text)
        return 0;
    size_t n = data[0] % RULES;
    if (!zones[n]) {
        struct tzif t = tzif_of_rule(rules[n]);
        must(zone_parse("Fuzz/Zone", "fuzz.tzif", t.bytes, t.len, &zones[n], &err) == 0);
    }
    memcpy(text, data + 5, size - 5);
    text[size - 5] = '\0';
    int rc = cron_parse(text, &cron, &err);
    if (rc) {
        must((rc == ERR_SYNTAX || rc == ERR_INVALID) && strncmp(err.message, "schedule \"", 10) == 0);
        return 0;
    }
    must(cron.seconds && cron.minutes && cron.hours && cron.months && cron.days && cron.weekdays);
    int64_t at = (int64_t)data[1] << 24 | data[2] << 16 | data[3] << 8 | data[4], next;
    for (int i = 0; i < 20; i++, at = next) {
        rc = cron_next(&cron, zones[n], at, &next, &err);
        if (rc && n == LACKS_A_DAY && cron.every_hour && cron.days_restricted)
            return 0; /* 10 April, which its clocks jump over, never comes */
        must(rc == 0 && next > at);
        struct civil local = zone_civil(zones[n], next);
        /* What does not match stands at the end of a gap. */
        if (!matches(&cron, &local))
            must(!cron.every_hour && zone_at(zones[n], next).seconds > zone_at(zones[n], next - 1).seconds);
    }
    return 0;
}
