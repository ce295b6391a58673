/* SPDX-License-Identifier: Apache-2.0 */
/* A TZif file's bytes to a zone (RFC 8536, RFC 9636). Every count is checked against the file's length before anything
 * is read. A file that breaks the rules is an error with the file's name. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "time/zone_data.h"

enum { HEADER = 44 };

struct counts {
    uint64_t isut, isstd, leap, time, type, chars;
};

struct reader {
    const unsigned char *at;
    size_t left;
    const char *path;
    struct error *err;
};

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Two's complement without a conversion whose result the compiler may choose. */
static int32_t be32_signed(const unsigned char *p)
{
    uint32_t u = be32(p);
    return u <= INT32_MAX ? (int32_t)u : -(int32_t)(UINT32_MAX - u) - 1;
}

static int64_t be64_signed(const unsigned char *p)
{
    uint64_t u = (uint64_t)be32(p) << 32 | be32(p + 4);
    return u <= INT64_MAX ? (int64_t)u : -(int64_t)(UINT64_MAX - u) - 1;
}

static int broken(const struct reader *r, const char *why)
{
    return error_set(r->err, ERR_SYNTAX, "%s: broken time zone file: %s; install tzdata again", r->path, why);
}

static int read_header(struct reader *r, struct counts *n, char *version)
{
    if (r->left < 4 || memcmp(r->at, "TZif", 4) != 0)
        return error_set(r->err, ERR_SYNTAX, "%s: not a time zone file (it does not begin with TZif)", r->path);
    if (r->left < HEADER)
        return broken(r, "it ends within its header");
    const unsigned char *p = r->at + 20;
    *version = (char)r->at[4];
    *n = (struct counts){be32(p), be32(p + 4), be32(p + 8), be32(p + 12), be32(p + 16), be32(p + 20)};
    r->at += HEADER;
    r->left -= HEADER;
    return 0;
}

/* The data block's length in bytes. time_size: 4 in the first block, 8 in the second. Counts have 32 bits, so this
 * cannot overflow. */
static uint64_t block_size(const struct counts *n, uint64_t time_size)
{
    return n->time * (time_size + 1) + n->type * 6 + n->chars + n->leap * (time_size + 4) + n->isstd + n->isut;
}

static int check_counts(const struct reader *r, const struct counts *n)
{
    if (n->type == 0 || n->type > 256)
        return broken(r, "it must have 1 to 256 local time types");
    if (n->chars == 0)
        return broken(r, "it has no abbreviations");
    if ((n->isut && n->isut != n->type) || (n->isstd && n->isstd != n->type))
        return broken(r, "its counts contradict each other");
    if (n->leap)
        return error_set(r->err, ERR_INVALID,
                         "%s: this zone counts leap seconds, which no Kubernetes clock does; use the name without "
                         "\"right/\"",
                         r->path);
    return 0;
}

static int read_changes(const struct reader *r, const struct counts *n, struct zone *zone)
{
    const unsigned char *times = r->at, *types = r->at + n->time * 8;
    for (size_t i = 0; i < n->time; i++) {
        struct zone_change *change = &zone->changes[i];
        change->at = be64_signed(times + i * 8);
        change->type = types[i];
        if (change->type >= n->type)
            return broken(r, "a change leads to a local time type that it does not have");
        if (i && change->at <= zone->changes[i - 1].at)
            return broken(r, "its changes are not in order");
    }
    return 0;
}

static int read_types(const struct reader *r, const struct counts *n, struct zone *zone)
{
    const unsigned char *types = r->at + n->time * 9;
    const char *names = (const char *)types + n->type * 6;
    for (size_t i = 0; i < n->type; i++) {
        struct zone_offset *type = &zone->types[i];
        const unsigned char *p = types + i * 6;
        type->seconds = be32_signed(p);
        if (type->seconds > ZONE_OFFSET_MOST || type->seconds < -ZONE_OFFSET_MOST)
            return broken(r, "an offset from UTC is more than 26 hours");
        if (p[4] > 1)
            return broken(r, "a daylight saving flag is neither 0 nor 1");
        type->dst = p[4] == 1;
        if (p[5] >= n->chars)
            return broken(r, "an abbreviation lies outside its table");
        size_t room = n->chars - p[5];
        size_t len = strnlen(names + p[5], room);
        if (len == room)
            return broken(r, "an abbreviation does not end");
        if (len >= sizeof type->abbreviation)
            len = sizeof type->abbreviation - 1;
        memcpy(type->abbreviation, names + p[5], len);
    }
    return 0;
}

/* "\n" TZ "\n"; an empty TZ: the last change holds for ever. */
static int read_footer(const struct reader *r, struct zone *zone)
{
    const char *text = (const char *)r->at;
    if (r->left < 2 || text[0] != '\n')
        return broken(r, "it ends before its footer");
    const char *end = memchr(text + 1, '\n', r->left - 1);
    if (!end)
        return broken(r, "its footer does not end");
    size_t len = (size_t)(end - text - 1);
    if (len == 0)
        return 0;
    zone->has_rule = true;
    if (!posix_rule_parse(text + 1, len, &zone->rule))
        return broken(r, "its footer is not a POSIX TZ rule");
    return 0;
}

int zone_parse(const char *name, const char *path, const void *bytes, size_t len, struct zone **zone, struct error *err)
{
    struct reader r = {bytes, len, path, err};
    struct counts n = {0};
    char version;
    int rc = read_header(&r, &n, &version);
    if (rc)
        return rc;
    if (version < '2')
        return error_set(err, ERR_SYNTAX,
                         "%s: a time zone file of version 1, whose 32 bits end in 2038; install a current tzdata",
                         path);
    if (block_size(&n, 4) > r.left)
        return broken(&r, "it is cut short");
    r.at += block_size(&n, 4);
    r.left -= block_size(&n, 4);
    rc = read_header(&r, &n, &version);
    if (!rc)
        rc = check_counts(&r, &n);
    if (rc)
        return rc;
    if (block_size(&n, 8) > r.left)
        return broken(&r, "it is cut short");
    struct zone *z = zone_create(name, n.time, n.type);
    if (!z)
        return error_nomem(err);
    rc = read_changes(&r, &n, z);
    if (!rc)
        rc = read_types(&r, &n, z);
    r.at += block_size(&n, 8);
    r.left -= block_size(&n, 8);
    if (!rc)
        rc = read_footer(&r, z);
    if (rc) {
        zone_free(z);
        return rc;
    }
    *zone = z;
    return 0;
}

struct zone *zone_create(const char *name, size_t changes, size_t types)
{
    struct zone *zone = calloc(1, sizeof *zone);
    if (!zone)
        return NULL;
    zone->name = str_dup(str_of(name));
    zone->owners = 1;
    zone->changes = calloc(changes ? changes : 1, sizeof *zone->changes);
    zone->types = calloc(types, sizeof *zone->types);
    zone->change_count = changes;
    zone->type_count = types;
    if (!zone->name || !zone->changes || !zone->types) {
        zone_free(zone);
        return NULL;
    }
    return zone;
}

struct zone *zone_share(struct zone *zone)
{
    zone->owners++;
    return zone;
}

void zone_free(struct zone *zone)
{
    if (!zone || --zone->owners)
        return;
    free(zone->name);
    free(zone->changes);
    free(zone->types);
    free(zone);
}
