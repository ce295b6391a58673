/* SPDX-License-Identifier: Apache-2.0 */
/* Answers questions about zones and schedules, a line each, for check_time.py to compare with Python's answers.
 *
 *     zone DIRECTORY NAME                     (no answer; what follows is about this zone)
 *     at INSTANT                              offset
 *     change INSTANT                          the next change, or -
 *     local YEAR MONTH DAY HOUR MIN SEC       once|gap|twice first second
 *     runs FROM TO SCHEDULE                   the instants due in (FROM, TO] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "time/cron.h"
#include "time/zone.h"

static _Noreturn void stop(const char *line, const struct error *err)
{
    fprintf(stderr, "probe_time: %s: %s\n", line, err->message);
    exit(1);
}

static void answer_local(const struct zone *zone, const char *line, struct error *err)
{
    static const char *const words[] = {[ZONE_ONCE] = "once", [ZONE_GAP] = "gap", [ZONE_TWICE] = "twice"};
    struct civil c;
    int64_t first, second;
    if (sscanf(line, "local %d %d %d %d %d %d", &c.year, &c.month, &c.day, &c.hour, &c.minute, &c.second) != 6)
        stop(line, err);
    enum zone_local kind = zone_instants(zone, &c, &first, &second);
    printf("%s %" PRId64 " %" PRId64 "\n", words[kind], first, second);
}

static void answer_runs(const struct zone *zone, const char *line, struct error *err)
{
    int64_t from, to;
    int at = 0;
    struct cron cron;
    if (sscanf(line, "runs %" SCNd64 " %" SCNd64 " %n", &from, &to, &at) != 2 || cron_parse(line + at, &cron, err))
        stop(line, err);
    while (cron_next(&cron, zone, from, &from, err) == 0 && from <= to)
        printf("%" PRId64 " ", from);
    putchar('\n');
}

int main(void)
{
    static char line[512], directory[400], name[100];
    static struct error err = {.message = "not understood"};
    struct zone *zone = NULL;
    int64_t instant, change;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "zone %399s %99s", directory, name) == 2) {
            zone_free(zone);
            if (zone_load(name, directory, &zone, &err))
                stop(line, &err);
        } else if (!zone) {
            stop(line, &err);
        } else if (sscanf(line, "at %" SCNd64, &instant) == 1) {
            printf("%d\n", (int)zone_at(zone, instant).seconds);
        } else if (sscanf(line, "change %" SCNd64, &instant) == 1) {
            if (zone_next_change(zone, instant, &change))
                printf("%" PRId64 "\n", change);
            else
                puts("-");
        } else if (strncmp(line, "local ", 6) == 0) {
            answer_local(zone, line, &err);
        } else if (strncmp(line, "runs ", 5) == 0) {
            answer_runs(zone, line, &err);
        } else {
            stop(line, &err);
        }
    }
    zone_free(zone);
    return 0;
}
