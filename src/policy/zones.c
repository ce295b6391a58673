/* SPDX-License-Identifier: Apache-2.0 */
/* Texts between quotation marks that are names of zones. */
#include "policy/zones.h"

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

/* Takes the zone over. Without memory it is read where it is used. */
static void keep(struct policy_zones *zones, struct zone *zone)
{
    struct zone **list =
        zones->count < POLICY_ZONES_MAX ? realloc(zones->list, (zones->count + 1) * sizeof(struct zone *)) : NULL;
    if (!list) {
        zone_free(zone);
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

void policy_zones_read(struct policy_zones *zones, struct str text)
{
    unsigned looks = 0;
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
    policy_zones_free(others);
}

void policy_zones_free(struct policy_zones *zones)
{
    for (unsigned i = 0; i < zones->count; i++)
        zone_free(zones->list[i]);
    free(zones->list);
    *zones = (struct policy_zones){0};
}
