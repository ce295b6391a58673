/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the keys that say when a policy runs. */
#include <stdio.h>

#include "policy/definition/definition_parts.h"
#include "policy/source/zones.h"
#include "policy/values/lua_json.h"

#define SCHEDULE_MAX 1024 /* bytes */

static void read_schedule(struct defining *d, int index)
{
    struct error err;
    const char *text = definition_string(d, "schedule", index, "a cron expression such as \"0 9 * * mon-fri\"");
    d->triggers |= TRIGGER_SCHEDULE;
    if (!text)
        return;
    if (strlen(text) > SCHEDULE_MAX) {
        definition_found(d, "schedule", "has more than %d bytes", SCHEDULE_MAX);
        return;
    }
    if (cron_parse(text, &d->p->cron, &err)) {
        definition_found(d, "schedule", "%s", err.message);
        return;
    }
    d->p->has_schedule = true;
    d->p->schedule = str_dup(str_trim(str_of(text)));
    if (!d->p->schedule)
        definition_found(d, "schedule", "cannot be kept: out of memory");
}

static void read_every(struct defining *d, int index)
{
    d->triggers |= TRIGGER_EVERY;
    int before = d->findings;
    definition_duration(d, "every", index, &d->p->every);
    if (d->findings == before && d->p->every < CLOCK_SECOND)
        definition_found(d, "every", "has to be at least 1s");
}

static void read_zone(struct defining *d, int index)
{
    struct error err;
    const char *name = definition_string(d, "timezone", index, "an IANA name such as \"Europe/Berlin\"");
    d->timing |= TIMING_ZONE;
    if (name && policy_zones_get(d->source->zones, name, &d->p->zone, &err))
        definition_found(d, "timezone", "%s", err.message);
}

/* Reads one of three words; returns its index. */
static int read_choice(struct defining *d, const char *key, int index, const char *const *words)
{
    const char *text = lua_type(d->L, index) == LUA_TSTRING ? lua_tostring(d->L, index) : NULL;
    for (int i = 0; text && words[i]; i++) {
        if (strcmp(text, words[i]) == 0)
            return i;
    }
    char is[96];
    const char *near = text ? str_nearest(text, words) : NULL;
    definition_found(d, key, "is %s; it has to be \"%s\", \"%s\" or \"%s\"%s%s%s",
                     lua_describe(d->L, index, is, sizeof is), words[0], words[1], words[2],
                     near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
    return 0;
}

static const char *const missed_words[] = {"skip", "once", "all", NULL};
static const char *const overlap_words[] = {"skip", "queue", "allow", NULL};

bool definition_trigger(struct defining *d, const char *key, int index)
{
    if (strcmp(key, "schedule") == 0) {
        read_schedule(d, index);
    } else if (strcmp(key, "every") == 0) {
        read_every(d, index);
    } else if (strcmp(key, "on") == 0) {
        definition_on(d, index);
    } else if (strcmp(key, "timezone") == 0) {
        read_zone(d, index);
    } else if (strcmp(key, "window") == 0) {
        definition_window(d, index);
    } else if (strcmp(key, "except") == 0) {
        definition_except(d, index);
    } else if (strcmp(key, "jitter") == 0) {
        definition_duration(d, key, index, &d->p->jitter);
        d->timing |= TIMING_JITTER;
    } else if (strcmp(key, "missed") == 0) {
        d->p->missed = (enum policy_missed)read_choice(d, key, index, missed_words);
        d->timing |= TIMING_MISSED;
    } else if (strcmp(key, "overlap") == 0) {
        d->p->overlap = (enum policy_overlap)read_choice(d, key, index, overlap_words);
        d->timing |= TIMING_OVERLAP;
    } else {
        return false;
    }
    return true;
}
