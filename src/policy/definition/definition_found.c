/* SPDX-License-Identifier: Apache-2.0 */
/* Reports what is wrong with a definition, with its key and line; and reads values of the plain types. */
#include <stdio.h>

#include "policy/definition/definition_parts.h"
#include "policy/source/definition_line.h"
#include "policy/values/lua_json.h"
#include "time/duration.h"

#define FINDINGS_MAX 100 /* of one policy; more mistakes than these are counted and not told */

/* Joins key and message: `timezone is a number; ...` where the message begins with a verb, else `timezone: unknown time
 * zone ...`. Where the message begins with the key, the key stands only once: `schedule "61 * * * *": ...`. */
static void join_key(char *text, size_t size, const char *key, const char *message)
{
    static const char *const verbs[] = {"is ",     "has ",     "have ",  "holds ", "goes ",
                                        "stands ", "changes ", "needs ", NULL};
    if (!key || !*key) {
        snprintf(text, size, "%s", message);
        return;
    }
    const char *last = strrchr(key, '.');
    last = last ? last + 1 : key;
    size_t len = strlen(last);
    bool verb = false, repeated = strncmp(message, last, len) == 0 && message[len] == ' ';
    for (int i = 0; verbs[i]; i++)
        verb = verb || strncmp(message, verbs[i], strlen(verbs[i])) == 0;
    if (strncmp(message, "match: ", 7) == 0)
        message += 7;
    snprintf(text, size, "%s%s%s", key, verb || repeated ? " " : ": ", repeated ? message + len + 1 : message);
}

void definition_found_in(struct defining *d, const char *key, const char *member, const char *message)
{
    char text[2048];
    if (d->findings++ >= FINDINGS_MAX)
        return;
    int n = snprintf(text, sizeof text, "policy%s%s%s: ", d->p->name[0] ? " \"" : "", d->p->name,
                     d->p->name[0] ? "\"" : "");
    join_key(text + n, sizeof text - (size_t)n, key, message);
    struct definition_place place = definition_place(d->source->text, d->source->len, d->line, key, member);
    d->source->report(d->source->data, d->source->file, place.line, place.at, text);
}

void definition_found(struct defining *d, const char *key, const char *format, ...)
{
    char message[1536];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    definition_found_in(d, key, NULL, message);
}

void definition_type_error(struct defining *d, const char *key, int index, const char *expected)
{
    char is[96];
    definition_found(d, key, "is %s; it has to be %s", lua_describe(d->L, index, is, sizeof is), expected);
}

const char *definition_string(struct defining *d, const char *key, int index, const char *expected)
{
    if (lua_type(d->L, index) == LUA_TSTRING)
        return lua_tostring(d->L, index);
    definition_type_error(d, key, index, expected);
    return NULL;
}

void definition_duration(struct defining *d, const char *key, int index, int64_t *us)
{
    struct error err;
    int64_t seconds;
    if (lua_whole(d->L, index, &seconds) && seconds > 0 && seconds < INT64_C(3155760000))
        *us = seconds * CLOCK_SECOND;
    else if (definition_string(d, key, index, "a duration such as \"10m\" or \"1h30m\"") &&
             duration_parse(lua_tostring(d->L, index), us, &err))
        definition_found(d, key, "%s", err.message);
}
