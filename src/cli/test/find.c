/* SPDX-License-Identifier: Apache-2.0 */
/* From paths to spec files. */
#include "cli/test/find.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/grown.h"
#include "base/str.h"
#include "base/texts.h"

#define DEPTH_MAX 16

struct found {
    char **items;
    size_t count, cap;
};

static int add(struct found *f, const char *path)
{
    char **items = grown(f->items, f->count + 1, &f->cap, sizeof *items, 32);
    if (!items)
        return ERR_NOMEM;
    f->items = items;
    f->items[f->count] = str_dup(str_of(path));
    return f->items[f->count] ? (f->count++, 0) : ERR_NOMEM;
}

static bool is_spec(const char *name)
{
    static const char *const ends[] = {"_spec.lua", "_spec.yaml", "_spec.yml", "_spec.json"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (str_ends(str_of(name), ends[i]))
            return true;
    }
    return false;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int add_folder(struct found *f, const char *folder, int depth, struct error *err)
{
    struct dirent **list = NULL;
    int n = scandir(folder, &list, visible, alphasort), rc = 0;
    if (n < 0)
        return error_set(err, ERR_IO, "%s: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        char path[4096];
        struct stat st;
        bool current = strcmp(folder, ".") == 0;
        size_t len = strlen(folder);
        snprintf(path, sizeof path, "%s%s%s", current ? "" : folder, current || folder[len - 1] == '/' ? "" : "/",
                 list[i]->d_name);
        free(list[i]);
        if (rc || lstat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            rc = add_folder(f, path, depth + 1, err);
        else if (is_spec(path) && add(f, path))
            rc = error_nomem(err);
    }
    free(list);
    return rc;
}

/* NAME.lua: NAME_spec.lua, NAME_spec.yaml and their like, as many as there are. */
static int add_beside(struct found *f, const char *path, struct error *err)
{
    static const char *const ends[] = {"lua", "yaml", "yml", "json"};
    char spec[4096];
    struct stat st;
    size_t n = strlen(path), before = f->count;
    if (!str_ends(str_of(path), ".lua"))
        return error_set(err, ERR_NOT_FOUND, "%s is neither a spec, nor a policy, nor a folder", path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(spec, sizeof spec, "%.*s_spec.%s", (int)(n - 4), path, ends[i]);
        if (stat(spec, &st) == 0 && add(f, spec))
            return error_nomem(err);
    }
    if (f->count > before)
        return 0;
    return error_set(err, ERR_NOT_FOUND, "%s has no spec beside it: write %.*s_spec.lua", path, (int)(n - 4), path);
}

static int add_path(struct found *f, const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return error_set(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return add_folder(f, path, 0, err);
    if (is_spec(path))
        return add(f, path) ? error_nomem(err) : 0;
    return add_beside(f, path, err);
}

int find_specs(char **paths, char ***files, struct error *err)
{
    static char here[] = ".";
    char *current[] = {here, NULL};
    struct found f = {0};
    int rc = 0;
    for (char **path = paths[0] ? paths : current; *path && !rc; path++)
        rc = add_path(&f, *path, err);
    if (!rc && !f.count)
        rc = error_set(err, ERR_NOT_FOUND, "there is no spec%s%s; a spec is a file NAME_spec.lua beside the policy",
                       paths[0] ? " in " : " in this folder", paths[0] ? paths[0] : "");
    *files = rc ? NULL : texts_copy_list((const char *const *)f.items, f.count);
    if (!rc && !*files)
        rc = error_nomem(err);
    for (size_t i = 0; i < f.count; i++)
        free(f.items[i]);
    free(f.items);
    return rc;
}
