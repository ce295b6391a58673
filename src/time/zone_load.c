/* SPDX-License-Identifier: Apache-2.0 */
/* From a zone's name to its file, and to the zone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "time/zone_data.h"

enum { FILE_MOST = 1 << 20, NAME_MOST = 100, PATH_MOST = 4096 };

/* Components of letters, digits and "+-._" that do not begin with a point, between single slashes: no way out of the
 * directory, nothing that could forge a line in a message. */
static bool name_ok(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > NAME_MOST || name[len - 1] == '/')
        return false;
    for (const char *p = name; *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
        if (!letter && !strchr("+-._/", *p))
            return false;
        if ((p == name || p[-1] == '/') && (*p == '/' || *p == '.'))
            return false;
    }
    return true;
}

/* Files beside the zones that are zones to read and none to mean: what the machine is set to, a rule for other zones,
 * and "not set yet". */
static bool is_no_zone(const char *name)
{
    static const char *const names[] = {"localtime", "posixrules", "Factory"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static int load_utc(const char *name, struct zone **zone, struct error *err)
{
    *zone = zone_create(name, 0, 1);
    if (!*zone)
        return error_nomem(err);
    memcpy((*zone)->types[0].abbreviation, "UTC", 4);
    return 0;
}

static int load_file(const char *name, const char *directory, const char *path, struct zone **zone, struct error *err)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return zone_unknown(name, directory, err);
        return error_set(err, ERR_IO, "time zone \"%s\": %s: %s", name, path, strerror(errno));
    }
    if (S_ISDIR(info.st_mode))
        return zone_unknown(name, directory, err);
    if (!S_ISREG(info.st_mode)) /* reading a pipe could block for ever */
        return error_set(err, ERR_SYNTAX, "time zone \"%s\": %s is not a regular file", name, path);
    struct buf bytes;
    buf_init(&bytes, FILE_MOST);
    int rc = buf_read_file(&bytes, path, FILE_MOST, err);
    if (!rc)
        rc = zone_parse(name, path, bytes.ptr ? bytes.ptr : "", bytes.len, zone, err);
    buf_free(&bytes);
    if (rc && rc != ERR_NOMEM && err)
        error_prefix(err, "time zone \"%s\"", name);
    return rc;
}

const char *zone_directory(const char *directory)
{
    if (!directory)
        directory = getenv("TZDIR");
    return directory && *directory ? directory : "/usr/share/zoneinfo";
}

static bool is_utc(const char *name)
{
    return strcmp(name, "UTC") == 0 || strcmp(name, "Etc/UTC") == 0;
}

bool zone_known(const char *name, const char *directory)
{
    char path[PATH_MOST];
    struct stat info;
    if (is_utc(name))
        return true;
    int n = name_ok(name) ? snprintf(path, sizeof path, "%s/%s", zone_directory(directory), name) : -1;
    return n > 0 && (size_t)n < sizeof path && stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

int zone_name_check(const char *name, struct zone **zone, struct error *err)
{
    *zone = NULL;
    if (is_utc(name))
        return load_utc(name, zone, err);
    if (!name_ok(name))
        return error_set(err, ERR_INVALID,
                         "time zone \"%.100s\" is not a name of the IANA database; write it like \"Europe/Berlin\" or "
                         "\"UTC\"",
                         name);
    if (is_no_zone(name))
        return error_set(err, ERR_INVALID,
                         "time zone \"%s\" names no place: what it is differs from machine to machine; write it like "
                         "\"Europe/Berlin\" or \"UTC\"",
                         name);
    return 0;
}

int zone_load(const char *name, const char *directory, struct zone **zone, struct error *err)
{
    char path[PATH_MOST];
    int rc = zone_name_check(name, zone, err);
    if (rc || *zone)
        return rc;
    directory = zone_directory(directory);
    int n = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return error_set(err, ERR_INVALID, "time zone \"%s\": the path of the zone directory is too long: %.200s...",
                         name, directory);
    return load_file(name, directory, path, zone, err);
}
