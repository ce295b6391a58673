/* SPDX-License-Identifier: Apache-2.0 */
/* The names in a zone directory, and which of them may have been meant by an unknown one. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"
#include "time/zone_data.h"

enum { PATH_MOST = 4096, NAMES_MOST = 4096, DEPTH_MOST = 3, INDEX_MOST = 1 << 20, NAME_MOST = 128 };

/* "Europe/Berlin", and not "tzdata.zi" or "posix/Europe/Berlin". */
static bool is_zone_entry(const char *entry, int depth)
{
    static const char *const others[] = {"posix", "right", "localtime", "posixrules", "leapseconds", "Factory", NULL};
    if (strchr(entry, '.')) /* ".", "..", zone.tab, tzdata.zi, leap-seconds.list */
        return false;
    for (size_t i = 0; depth == 0 && others[i]; i++)
        if (strcmp(entry, others[i]) == 0)
            return false;
    return true;
}

static int add_name(struct zone_names *names, const char *name)
{
    if (names->count + 1 >= NAMES_MOST)
        return 0;
    char *copy = str_dup(str_of(name));
    if (!copy)
        return ERR_NOMEM;
    names->list[names->count++] = copy;
    names->list[names->count] = NULL;
    return 0;
}

static int collect(struct zone_names *names, const char *below, int depth)
{
    char path[PATH_MOST], name[PATH_MOST];
    int rc = 0;
    snprintf(path, sizeof path, "%s/%s", names->directory, below);
    DIR *dir = opendir(path);
    if (!dir)
        return 0;
    for (struct dirent *entry; !rc && (entry = readdir(dir));) {
        if (!is_zone_entry(entry->d_name, depth))
            continue;
        int n = snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        struct stat info;
        if (n < 0 || (size_t)n >= sizeof name || fstatat(dirfd(dir), entry->d_name, &info, 0) != 0)
            continue;
        if (!S_ISDIR(info.st_mode))
            rc = add_name(names, name);
        else if (depth + 1 < DEPTH_MOST)
            rc = collect(names, name, depth + 1);
    }
    closedir(dir);
    return rc;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *city(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

/* By the whole name first, then by the city alone: for "Berlin", "US/New_York" and a wrong continent. */
static const char *nearest(const char *name, const struct zone_names *names)
{
    const char *found = str_nearest(name, (const char *const *)names->list);
    for (size_t i = 0; !found && i < names->count; i++)
        if (strcasecmp(city(name), city(names->list[i])) == 0)
            found = names->list[i];
    return found;
}

/* Newer Debians keep old names in a package of their own, while tzdata.zi still says what they stand for:
 * "L America/New_York US/Eastern". */
static int read_links(struct zone_names *names)
{
    char path[PATH_MOST];
    struct buf index;
    struct stat info;
    int n = snprintf(path, sizeof path, "%s/tzdata.zi", names->directory);
    if (n < 0 || (size_t)n >= sizeof path || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return 0;
    buf_init(&index, INDEX_MOST);
    if (buf_read_file(&index, path, INDEX_MOST, NULL) == 0 && index.ptr) {
        for (char *line = index.ptr, *rest = NULL; (line = strtok_r(line, "\n", &rest)); line = NULL) {
            if (strncmp(line, "L ", 2) == 0)
                buf_printf(&names->links, "%s\n", line + 2);
        }
    }
    buf_free(&index);
    return names->links.failed ? ERR_NOMEM : 0;
}

/* Copies what the old name stands for; false: it is not such a name. */
static bool old_name(const char *name, const struct zone_names *names, char target[64])
{
    char link[NAME_MOST];
    int n = snprintf(link, sizeof link, " %s\n", name);
    const char *end = names->links.ptr && n > 0 && (size_t)n < sizeof link ? strstr(names->links.ptr, link) : NULL;
    const char *begin = end;
    while (begin && begin > names->links.ptr && begin[-1] != '\n')
        begin--;
    return end && snprintf(target, 64, "%.*s", (int)(end - begin), begin) < 64;
}

int zone_names_read(struct zone_names *names, const char *directory)
{
    *names = (struct zone_names){.directory = str_dup(str_of(directory)), .list = calloc(NAMES_MOST, sizeof(char *))};
    int rc = names->directory && names->list ? collect(names, "", 0) : ERR_NOMEM;
    if (!rc && names->count)
        rc = add_name(names, "UTC"); /* needs no file */
    if (!rc && names->count)
        rc = read_links(names);
    if (rc)
        zone_names_free(names);
    else
        qsort(names->list, names->count, sizeof *names->list, by_bytes); /* the same answer on every file system */
    return rc;
}

void zone_names_free(struct zone_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
    free(names->directory);
    buf_free(&names->links);
    *names = (struct zone_names){0};
}

int zone_names_unknown(const struct zone_names *names, const char *name, struct error *err)
{
    char target[64];
    if (!names->count)
        return error_set(err, ERR_NOT_FOUND, "time zone \"%s\": no zones in %s; install tzdata, or set TZDIR", name,
                         names->directory);
    if (old_name(name, names, target))
        return error_set(
            err, ERR_NOT_FOUND,
            "time zone \"%s\" is an old name of \"%s\": write that (or install tzdata-legacy); it is not in %s", name,
            target, names->directory);
    const char *meant = nearest(name, names);
    if (meant)
        return error_set(err, ERR_NOT_FOUND, "unknown time zone \"%s\": did you mean \"%s\"?", name, meant);
    return error_set(err, ERR_NOT_FOUND,
                     "unknown time zone \"%s\": %s has no such file; write it like \"Europe/Berlin\" or \"UTC\"", name,
                     names->directory);
}

int zone_unknown(const char *name, const char *directory, struct error *err)
{
    struct zone_names names;
    if (zone_names_read(&names, directory))
        return error_nomem(err);
    int rc = zone_names_unknown(&names, name, err);
    zone_names_free(&names);
    return rc;
}
