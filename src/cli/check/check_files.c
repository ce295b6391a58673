/* SPDX-License-Identifier: Apache-2.0 */
/* Lists the folders of a check; a folder is named by a path in it, which need not exist. */
#include "cli/check/check_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/config/config.h"

#define DEPTH 6 /* folders within folders */
#define MOST 1000

struct list {
    char **items; /* NULL-terminated */
    size_t count;
    bool failed;
};

static void add(struct list *l, const char *path)
{
    char **items = l->failed || l->count == MOST ? NULL : realloc(l->items, (l->count + 2) * sizeof *items);
    if (!items) {
        l->failed = l->count < MOST;
        return;
    }
    l->items = items;
    items[l->count] = str_dup(str_of(path));
    items[l->count + 1] = NULL;
    l->failed = !items[l->count];
    l->count += !l->failed;
}

static bool is_folder(const char *path)
{
    struct stat is;
    return stat(path, &is) == 0 && S_ISDIR(is.st_mode);
}

/* The folder and those in it, but for hidden ones. */
static void add_folder(struct list *l, const char *path, int depth)
{
    char inner[4096];
    DIR *folder = depth ? opendir(path) : NULL;
    if (!folder)
        return;
    snprintf(inner, sizeof inner, "%s/-", path);
    add(l, inner);
    for (const struct dirent *e; (e = readdir(folder));) {
        int n = snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
        if (*e->d_name != '.' && n > 0 && (size_t)n < sizeof inner && is_folder(inner))
            add_folder(l, inner, depth - 1);
    }
    closedir(folder);
}

static void add_file(struct list *l, const char *path)
{
    char lib[4096];
    const char *slash = strrchr(path, '/');
    if (is_folder(path)) {
        add_folder(l, path, DEPTH);
        return;
    }
    add(l, path);
    snprintf(lib, sizeof lib, "%.*slib", slash ? (int)(slash - path) + 1 : 0, path); /* what it may require */
    add_folder(l, lib, DEPTH - 1);
}

int check_files(const struct options *o, char ***files, struct error *err)
{
    struct list l = {0};
    struct config config;
    bool configured = config_load(o->config, &config, NULL) == 0;
    for (int i = 0; i < o->argument_count; i++)
        add_file(&l, o->arguments[i]);
    for (char **path = configured && !o->argument_count ? config.policies : NULL; path && *path; path++)
        add_file(&l, *path);
    for (size_t i = 0; configured && i < config.plugin_count; i++)
        add_file(&l, config.plugins[i].path);
    if (configured)
        config_free(&config);
    if (o->config)
        add(&l, o->config);
    if (o->role)
        add(&l, o->role);
    if (l.failed) {
        check_files_free(l.items);
        return error_nomem(err);
    }
    *files = l.items;
    return 0;
}

void check_files_free(char **files)
{
    for (char **path = files; path && *path; path++)
        free(*path);
    free(files);
}
