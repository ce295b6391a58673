/* SPDX-License-Identifier: Apache-2.0 */
/* What may have been meant by an unknown zone: the names in a zone directory, and the one that is nearest. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"
#include "time/zone_data.h"

enum { PATH_MOST = 4096, NAMES_MOST = 4096, DEPTH_MOST = 3, INDEX_MOST = 1 << 20 };

struct names {
    const char *directory;
    char **list; /* NULL-terminated once collected */
    size_t count;
    bool nomem;
};

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

static void add_name(struct names *names, const char *name)
{
    if (names->count + 1 >= NAMES_MOST)
        return;
    char *copy = str_dup(str_of(name));
    if (!copy) {
        names->nomem = true;
        return;
    }
    names->list[names->count++] = copy;
    names->list[names->count] = NULL;
}

static void collect(struct names *names, const char *below, int depth)
{
    char path[PATH_MOST], name[PATH_MOST];
    snprintf(path, sizeof path, "%s/%s", names->directory, below);
    DIR *dir = opendir(path);
    if (!dir)
        return;
    for (struct dirent *entry; !names->nomem && (entry = readdir(dir));) {
        if (!is_zone_entry(entry->d_name, depth))
            continue;
        int n = snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        struct stat info;
        if (n < 0 || (size_t)n >= sizeof name || fstatat(dirfd(dir), entry->d_name, &info, 0) != 0)
            continue;
        if (S_ISREG(info.st_mode))
            add_name(names, name);
        else if (S_ISDIR(info.st_mode) && depth + 1 < DEPTH_MOST)
            collect(names, name, depth + 1);
    }
    closedir(dir);
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
static const char *nearest(const char *name, const struct names *names)
{
    const char *found = str_nearest(name, (const char *const *)names->list);
    for (size_t i = 0; !found && i < names->count; i++)
        if (strcasecmp(city(name), city(names->list[i])) == 0)
            found = names->list[i];
    return found;
}

/* Newer Debians keep old names in a package of their own, while tzdata.zi still says what they stand for:
 * "L America/New_York US/Eastern". Copies what the name stands for; false: it is not such a name. */
static bool old_name(const char *name, const char *directory, char target[64])
{
    char path[PATH_MOST];
    struct buf index;
    bool found = false;
    int n = snprintf(path, sizeof path, "%s/tzdata.zi", directory);
    struct stat info;
    if (n < 0 || (size_t)n >= sizeof path || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    buf_init(&index, INDEX_MOST);
    if (buf_read_file(&index, path, INDEX_MOST, NULL) == 0 && index.ptr) {
        for (char *line = index.ptr, *rest = NULL; !found && (line = strtok_r(line, "\n", &rest)); line = NULL) {
            char link[64];
            found = sscanf(line, "L %63s %63s", target, link) == 2 && strcmp(link, name) == 0;
        }
    }
    buf_free(&index);
    return found;
}

int zone_unknown(const char *name, const char *directory, struct error *err)
{
    struct names names = {.directory = directory, .list = calloc(NAMES_MOST, sizeof(char *))};
    char target[64];
    int rc = ERR_NOMEM;
    bool any = false;
    if (names.list) {
        collect(&names, "", 0);
        any = names.count > 0;
        add_name(&names, "UTC"); /* needs no file */
    }
    if (!names.list || names.nomem) {
        error_nomem(err);
    } else if (!any) {
        rc = error_set(err, ERR_NOT_FOUND, "time zone \"%s\": no zones in %s; install tzdata, or set TZDIR", name,
                       directory);
    } else if (old_name(name, directory, target)) {
        rc = error_set(
            err, ERR_NOT_FOUND,
            "time zone \"%s\" is an old name of \"%s\": write that (or install tzdata-legacy); it is not in %s", name,
            target, directory);
    } else {
        qsort(names.list, names.count, sizeof *names.list, by_bytes); /* the same answer on every file system */
        const char *meant = nearest(name, &names);
        if (meant)
            rc = error_set(err, ERR_NOT_FOUND, "unknown time zone \"%s\": did you mean \"%s\"?", name, meant);
        else
            rc = error_set(err, ERR_NOT_FOUND,
                           "unknown time zone \"%s\": %s has no such file; write it like \"Europe/Berlin\" or \"UTC\"",
                           name, directory);
    }
    for (size_t i = 0; i < names.count; i++)
        free(names.list[i]);
    free(names.list);
    return rc;
}
