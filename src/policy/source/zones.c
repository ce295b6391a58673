/* SPDX-License-Identifier: Apache-2.0 */
/* Texts between quotation marks that are names of zones. */
#include "policy/source/zones.h"

#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 101
#define LOOKS_MAX 256 /* at names of which there may be a file */

struct zone *policy_zones_find(const struct policy_zones *zones, const char *name)
{
    for (unsigned i = 0; i < zones->count; i++) {
        if (strcmp(zone_name(zones->list[i]), name) == 0)
            return zones->list[i];
    }
    return NULL;
}

/* "Europe/Berlin", "CET", "Etc/GMT+3": a capital letter first, and nothing but what such names are made of. */
static bool may_be_zone(struct str text)
{
    if (text.len < 2 || text.len >= NAME_SIZE || text.ptr[0] < 'A' || text.ptr[0] > 'Z')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i], small = (char)(c | 0x20);
        if (!(small >= 'a' && small <= 'z') && !(c >= '0' && c <= '9') && !strchr("+-_/", c))
            return false;
    }
    return true;
}

bool policy_zones_know(const struct policy_zones *zones, const char *name)
{
    return policy_zones_find(zones, name) || (zones->atlas ? atlas_knows(zones->atlas, name) : zone_known(name, NULL));
}

int policy_zones_get(const struct policy_zones *zones, const char *name, struct zone **zone, struct error *err)
{
    struct zone *known = policy_zones_find(zones, name);
    if (known)
        *zone = zone_share(known);
    else
        return zones->atlas ? atlas_zone(zones->atlas, name, zone, err) : zone_load(name, NULL, zone, err);
    return 0;
}

static void need_atlas(struct policy_zones *zones)
{
    if (!zones->atlas)
        zones->atlas = atlas_read(NULL);
}

/* Takes the zone over. */
static void keep(struct policy_zones *zones, struct zone *zone)
{
    struct zone **list =
        zones->count < POLICY_ZONES_MAX ? realloc(zones->list, (zones->count + 1) * sizeof(struct zone *)) : NULL;
    if (!list) {
        zone_free(zone);
        need_atlas(zones);
        return;
    }
    zones->list = list;
    list[zones->count++] = zone;
}

static void add(struct policy_zones *zones, struct str text, unsigned *looks)
{
    char name[NAME_SIZE];
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    if (policy_zones_find(zones, name) || ++*looks > LOOKS_MAX || !zone_known(name, NULL))
        return;
    struct zone *zone;
    if (zone_load(name, NULL, &zone, NULL) == 0) /* what is wrong with it is told where it is used */
        keep(zones, zone);
}

/* ---- does the text put names together? ---- */

static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct str skip_blanks(struct str text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t' || text.ptr[0] == '\r' || text.ptr[0] == '\n'))
        text = str_n(text.ptr + 1, text.len - 1);
    return text;
}

/* What stands behind "timezone": `= "Europe/Berlin"` and no `..` after it. */
static bool is_written_out(struct str rest)
{
    rest = skip_blanks(rest);
    if (!rest.len || rest.ptr[0] != '=')
        return false;
    rest = skip_blanks(str_n(rest.ptr + 1, rest.len - 1));
    if (!rest.len || (rest.ptr[0] != '"' && rest.ptr[0] != '\''))
        return false;
    const char *end = memchr(rest.ptr + 1, rest.ptr[0], rest.len - 1);
    if (!end)
        return false;
    rest = skip_blanks(str_n(end + 1, rest.len - (size_t)(end + 1 - rest.ptr)));
    return !rest.len || rest.ptr[0] != '.';
}

/* A line that is a comment uses nothing. */
static bool is_comment(struct str text, size_t at)
{
    size_t begin = at;
    while (begin && text.ptr[begin - 1] != '\n')
        begin--;
    struct str line = skip_blanks(str_n(text.ptr + begin, at - begin));
    return line.len >= 2 && line.ptr[0] == '-' && line.ptr[1] == '-';
}

static bool puts_names_together(struct str text)
{
    size_t at = 0;
    for (const char *found; (found = memmem(text.ptr + at, text.len - at, "time", 4)); at += 4) {
        at = (size_t)(found - text.ptr);
        if ((at && in_name(text.ptr[at - 1])) || is_comment(text, at))
            continue;
        struct str rest = str_n(found + 4, text.len - at - 4);
        if (str_starts(rest, "zone"))
            rest = str_n(rest.ptr + 4, rest.len - 4);
        bool word = !rest.len || !in_name(rest.ptr[0]);
        if (word && (rest.ptr == found + 4 || !is_written_out(rest)))
            return true;
    }
    return false;
}

void policy_zones_read(struct policy_zones *zones, struct str text)
{
    unsigned looks = 0;
    if (text.len && puts_names_together(text))
        need_atlas(zones);
    for (size_t at = 0; at < text.len && zones->count < POLICY_ZONES_MAX; at++) {
        char mark = text.ptr[at];
        if (mark != '"' && mark != '\'')
            continue;
        size_t room = text.len - at - 1, most = room < NAME_SIZE ? room : NAME_SIZE;
        const char *end = most ? memchr(text.ptr + at + 1, mark, most) : NULL;
        struct str name = str_n(text.ptr + at + 1, end ? (size_t)(end - text.ptr) - at - 1 : 0);
        if (may_be_zone(name))
            add(zones, name, &looks);
    }
    if (zones->count == POLICY_ZONES_MAX || looks > LOOKS_MAX)
        need_atlas(zones);
}

void policy_zones_take(struct policy_zones *zones, struct policy_zones *others)
{
    for (unsigned i = 0; i < others->count; i++) {
        if (policy_zones_find(zones, zone_name(others->list[i])))
            zone_free(others->list[i]);
        else
            keep(zones, others->list[i]);
    }
    others->count = 0;
    if (!zones->atlas) {
        zones->atlas = others->atlas;
        others->atlas = NULL;
    }
    policy_zones_free(others);
}

void policy_zones_free(struct policy_zones *zones)
{
    for (unsigned i = 0; i < zones->count; i++)
        zone_free(zones->list[i]);
    free(zones->list);
    atlas_free(zones->atlas);
    *zones = (struct policy_zones){0};
}
