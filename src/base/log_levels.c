/* SPDX-License-Identifier: Apache-2.0 */
/* Levels by part: read from a text, and found for a source. */
#include "base/log_levels.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

const char *const log_parts[] = {"admin",   "approval", "binding", "cache",     "change",   "cli",       "cluster",
                                 "control", "engine",   "events",  "http",      "jobs",     "kube",      "lead",
                                 "outside", "pause",    "policy",  "record",    "recovery", "rehearsal", "run",
                                 "shared",  "store",    "trigger", "workloads", NULL};
#define PARTS (sizeof log_parts / sizeof *log_parts - 1)
_Static_assert(PARTS <= LOG_PARTS_MAX, "struct log_levels has room for all");

/* The place of a part; PARTS: there is no such one. */
static size_t part_at(const char *name, size_t len)
{
    size_t i = 0;
    while (i < PARTS && (strlen(log_parts[i]) != len || strncmp(log_parts[i], name, len) != 0))
        i++;
    return i;
}

static int unknown_part(const char *name, size_t len, struct error *err)
{
    char text[48], all[512] = "";
    size_t n = 0;
    snprintf(text, sizeof text, "%.*s", (int)(len < 40 ? len : 40), name);
    const char *near = str_nearest(text, log_parts);
    for (size_t i = 0; i < PARTS; i++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i ? " " : "", log_parts[i]);
    return error_set(err, ERR_INVALID, "the log has no part \"%s\"%s%s%s; there are %s", text,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "", all);
}

/* One of the text's words. out: what is to be set; place PARTS: all. */
static int read_word(const char *word, size_t len, size_t *place, signed char *value, struct error *err)
{
    const char *sign = memchr(word, '=', len);
    char name[16];
    enum log_level level;
    size_t level_len = sign ? len - (size_t)(sign + 1 - word) : len;
    snprintf(name, sizeof name, "%.*s", (int)(level_len < 12 ? level_len : 12), sign ? sign + 1 : word);
    *place = sign ? part_at(word, (size_t)(sign - word)) : PARTS;
    if (sign && *place == PARTS)
        return unknown_part(word, (size_t)(sign - word), err);
    if (strcmp(name, "default") == 0)
        *value = 0;
    else if (log_level_parse(name, &level))
        *value = (signed char)(level + 1);
    else
        return error_set(err, ERR_INVALID, "\"%s\" is no level of the log: it is debug, info, warn, error or default",
                         name);
    return 0;
}

int log_levels_set(struct log_levels *levels, const char *text, struct error *err)
{
    for (int round = 0; round < 2; round++) { /* nothing is set where one of them is wrong */
        for (const char *at = text; *at;) {
            size_t n = strcspn(at, ", "), place;
            signed char value;
            int rc = n ? read_word(at, n, &place, &value, err) : 0;
            if (rc)
                return rc;
            if (n && round)
                atomic_store(place == PARTS ? &levels->all : &levels->part[place], value);
            at += n + (at[n] != '\0');
        }
    }
    return 0;
}

enum log_level log_level_at(const struct log *log, const char *file)
{
    const struct log_levels *levels = log->levels;
    if (!levels)
        return log->level;
    const char *part = NULL;
    for (const char *at = file; (at = strstr(at, "src/")); at += 4)
        part = at + 4;
    size_t i = part ? part_at(part, strcspn(part, "/")) : PARTS;
    signed char own = i < PARTS ? atomic_load_explicit(&levels->part[i], memory_order_relaxed) : (signed char)0;
    if (!own)
        own = atomic_load_explicit(&levels->all, memory_order_relaxed);
    return own ? (enum log_level)(own - 1) : log->level;
}
